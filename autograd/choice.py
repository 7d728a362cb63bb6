"""`take`: choose from a list by an index, also by one that a compiled program is given later."""

from __future__ import annotations

from operator import index as as_index

from autograd.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

__all__ = ["take"]


def take(items: Sequence[Any], index: Any) -> Any:
    """``items[index]``: a row of an embedding, the log-probability of the right class.

    Args:
        items: `Value`s or numbers, or lists of those of equal length (and so on).
        index: an integer from 0 to len(items) − 1. In a function that is being compiled it may be
            an integer of the example, so that one program serves every index; in ``items[index]``
            it may not. A condition chooses the item 0 or 1.

    Returns:
        The item. The gradient flows to it alone.

    Raises:
        IndexError: for an index out of that range; there are no negative ones (a compiled program
            raises it when it is called).
        TypeError: for an index that is no integer, or items that are no list.
        ValueError: for no items, or rows of unequal length to choose from by an integer input.

    >>> from autograd import Value, take
    >>> table = [[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]]
    >>> [x.data for x in take(table, 1)]
    [3.0, 4.0]
    """
    if not hasattr(items, "__getitem__") or not hasattr(items, "__len__") or isinstance(items, (str, bytes, dict)):
        raise TypeError(f"take chooses from a list, not from {items!r} of type {type(items).__name__}")
    if isinstance(index, Value):
        choose = getattr(index, "_choose_from", None)  # an input of a function that is being compiled has it
        if choose is None:
            raise TypeError(f"the index of take is an integer, not {index!r}")
        return _by_input(list(items), choose)
    try:
        i = as_index(index)
    except TypeError:
        raise TypeError(f"the index of take is an integer, not {index!r} of type {type(index).__name__}") from None
    if not 0 <= i < len(items):
        raise IndexError(f"take chooses from {len(items)} items, 0 to {len(items) - 1}, and the index is {i}")
    return items[i]


def _by_input(items: list[Any], choose: Callable[[list[Any]], Any]) -> Any:
    if not items:
        raise ValueError("take was given no items to choose from")
    if not isinstance(items[0], (list, tuple)) and not (hasattr(items[0], "__len__") and hasattr(items[0], "dtype")):
        return choose(items)
    lengths = {len(row) for row in items}
    if len(lengths) != 1:
        raise ValueError(f"the rows that take chooses from have unequal lengths: {sorted(lengths)}")
    return [_by_input(list(column), choose) for column in zip(*items, strict=True)]
