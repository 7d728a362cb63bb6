"""Nodes of any number of operands: `dot`, `total`, `logsumexp`, which take their operands in lists."""

from __future__ import annotations

from _operator import mul  # the part of operator that is written in C: half a millisecond less to import

from autograd.primitives import table
from autograd.recording import current_tracer, not_recording, paused
from autograd.value import Value, node, unrecorded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

__all__ = ["dot", "logsumexp", "total"]

_dot = table["dot"]
_UNORDERED = (str, bytes, dict, set, frozenset)


def _check_sequences(function: str, *given: Any) -> None:
    for xs in given:
        if isinstance(xs, _UNORDERED) or not hasattr(type(xs), "__iter__"):
            raise TypeError(f"{function} takes Values or numbers in a list, not {xs!r} of type {type(xs).__name__}")


def dot(ws: Iterable[Any], xs: Iterable[Any], bias: Any = 0.0) -> Any:
    """Σ w x + b as one node: the half of a neuron that accumulates (source 003, g(x, w) = Σ w x).

    Args:
        ws, xs: two sequences of equal length, of `Value`s or numbers.
        bias: a `Value` or a number.

    Returns:
        A `Value`, or a number if all the operands are numbers.

    Raises:
        ValueError: for sequences of unequal length.
        TypeError: for what is no sequence, and operands that are neither `Value`s nor numbers.

    >>> from autograd import Value, dot
    >>> w, b = [Value(2.0), Value(-1.0)], Value(0.5)
    >>> z = dot(w, [3.0, 4.0], b)
    >>> z.backward()
    >>> z.data, [v.grad for v in w], b.grad
    (2.5, [3.0, 4.0], 1.0)
    """
    try:
        w, x = tuple(ws), tuple(xs)
    except TypeError:
        _check_sequences("dot", ws, xs)
        raise
    if len(w) != len(x):
        _check_sequences("dot", ws, xs)
        raise ValueError(f"dot takes two sequences of equal length, and was given {len(w)} and {len(x)}")
    # The hot path supposes that all of ws and the bias are Values, and xs all Values or all numbers.
    # Whatever else they are, the sum then fails or is no float.
    if type(ws) is not list or type(xs) is not list:
        _check_sequences("dot", ws, xs)
    if w and type(w[0]) is Value and type(bias) is Value and not (paused and current_tracer() is not None):
        of_values = type(x[0]) is Value
        try:
            w_data = [v._data for v in w]
            x_data = [v._data for v in x] if of_values else x
            data = sum(map(mul, w_data, x_data), bias._data)
        except (AttributeError, TypeError):
            data = 0
        if type(data) is float:
            if paused and not_recording.get():
                return unrecorded(data)
            operands = (*w, *x, bias)
            if of_values:
                return node(_dot, data, None, operands, operands, (*x_data, *w_data, 1.0))
            return node(_dot, data, None, operands, (*w, bias), (*x_data, 1.0))
    return _dot(*w, *x, bias)


def total(xs: Iterable[Any]) -> Any:
    """Σ x as one node; 0.0 of nothing.

    Raises:
        TypeError: for what is no sequence of `Value`s and numbers.

    >>> from autograd import Value, total
    >>> x, y = Value(1.0), Value(2.0)
    >>> total([x, y, 3]).data
    6.0
    """
    _check_sequences("total", xs)
    xs = tuple(xs)
    if not xs:
        return 0.0
    return table["total"](*xs)


def logsumexp(xs: Iterable[Any]) -> Any:
    """log Σ exp(x) as one node, for x of any size; its gradient is the softmax of xs.

    Raises:
        ValueError: for no operand.
        TypeError: for what is no sequence of `Value`s and numbers.

    >>> from autograd import logsumexp
    >>> logsumexp([1000.0, 1000.0])
    1000.6931471805599
    """
    _check_sequences("logsumexp", xs)
    xs = tuple(xs)
    if not xs:
        raise ValueError("logsumexp takes at least one operand, and was given none")
    return table["logsumexp"](*xs)
