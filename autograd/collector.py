"""Python's cyclic garbage collector, paused while a graph is built.

A graph is many objects and no garbage: nodes refer to what they were computed from, and never in a circle. The
collector looks at all of them again and again as they become more, which takes up to half the time. What builds a
whole graph here pauses it, and so may a loop of one's own that builds a large one.
"""

from __future__ import annotations

import gc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Self, TypeVar

    _F = TypeVar("_F", bound=Callable[..., Any])

__all__ = ["collector_paused"]


class collector_paused:  # noqa: N801  it reads as a statement, as no_grad does
    """Within ``with collector_paused():`` Python's cyclic collector does not run; afterwards it is as it was.
    Also a decorator of functions.

    It is the collector of the whole process, so other threads do without it meanwhile. A block inside another changes
    nothing, nor does one where the collector was off before; it goes on when the block is left, also by an exception.
    A function goes on with it even if Ctrl-C comes at the last moment.

    >>> from autograd import Value, collector_paused, tanh
    >>> import gc
    >>> with collector_paused():
    ...     y = sum(tanh(Value(float(i))) for i in range(1000))
    ...     gc.isenabled()
    False
    >>> gc.isenabled()
    True
    """

    __slots__ = ("_was_on",)

    def __init__(self) -> None:
        self._was_on = False

    def __enter__(self) -> Self:
        self._was_on = gc.isenabled()
        gc.disable()
        return self

    def __exit__(self, *error: object) -> None:
        if self._was_on:
            gc.enable()

    def __call__(self, function: _F) -> _F:
        def faster(*args: Any, **kwargs: Any) -> Any:
            was_on = gc.isenabled()  # no block: an interrupt could come as its __exit__ begins
            try:
                gc.disable()
                return function(*args, **kwargs)
            finally:
                if was_on:
                    gc.enable()

        for name in ("__module__", "__name__", "__qualname__", "__doc__"):  # a pickle looks for it by these
            setattr(faster, name, getattr(function, name))
        faster.__wrapped__ = function  # type: ignore[attr-defined]
        return faster  # type: ignore[return-value]
