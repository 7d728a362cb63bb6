"""A row's derivatives of any order, by its own rules: forward mode inside forward mode, in any reading.

A `Jet` is a number and its derivative along one direction; where both are jets again, a second derivative
comes out, and so on. A primitive of jets is its value and Σ ∂y/∂operand · operand˙, with the local derivatives as
the row writes them. So the k-th derivative goes through the row's formulas differentiated k − 1 times,
at the point itself: at a join too, where it matters which side a formula takes. There are no graphs and no walks
here, the numbers at the bottom may be arrays of points, mpmath's or SymPy's, and nothing is simplified.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd.primitives import Primitive, table
from autograd.readings import Reading, readings


class Jet:
    """A number and its derivative. Both are jets of one level less; plain numbers and arrays are constants."""

    __array_ufunc__ = None  # an array times a jet is a jet, not an array of jets

    def __init__(self, value: Any, slope: Any) -> None:
        self.value, self.slope = value, slope

    def __add__(self, other: Any) -> Any:
        return _jets.apply(
            table["add"],
            (
                self,
                other,
            ),
        )

    def __radd__(self, other: Any) -> Any:
        return _jets.apply(
            table["add"],
            (
                other,
                self,
            ),
        )

    def __sub__(self, other: Any) -> Any:
        return _jets.apply(
            table["sub"],
            (
                self,
                other,
            ),
        )

    def __rsub__(self, other: Any) -> Any:
        return _jets.apply(
            table["sub"],
            (
                other,
                self,
            ),
        )

    def __mul__(self, other: Any) -> Any:
        return _jets.apply(
            table["mul"],
            (
                self,
                other,
            ),
        )

    def __rmul__(self, other: Any) -> Any:
        return _jets.apply(
            table["mul"],
            (
                other,
                self,
            ),
        )

    def __truediv__(self, other: Any) -> Any:
        return _jets.apply(
            table["div"],
            (
                self,
                other,
            ),
        )

    def __rtruediv__(self, other: Any) -> Any:
        return _jets.apply(
            table["div"],
            (
                other,
                self,
            ),
        )

    def __pow__(self, other: Any) -> Any:
        return _jets.apply(
            table["pow"],
            (
                self,
                other,
            ),
        )

    def __rpow__(self, other: Any) -> Any:
        return _jets.apply(
            table["pow"],
            (
                other,
                self,
            ),
        )

    def __neg__(self) -> Any:
        return _jets.apply(table["neg"], (self,))

    def __pos__(self) -> Any:
        return _jets.apply(table["pos"], (self,))

    def __abs__(self) -> Any:
        return _jets.apply(table["abs"], (self,))

    def __lt__(self, other: Any) -> Any:
        return self.value < _value(other)

    def __le__(self, other: Any) -> Any:
        return self.value <= _value(other)

    def __gt__(self, other: Any) -> Any:
        return self.value > _value(other)

    def __ge__(self, other: Any) -> Any:
        return self.value >= _value(other)


def _value(x: Any) -> Any:
    return x.value if isinstance(x, Jet) else x


class _Jets(Reading):
    precedence = 2  # an array beside a jet is a constant

    def apply(self, op: Primitive, operands: Sequence[Any]) -> Jet:
        values = [_value(x) for x in operands]
        y = op(*values)
        # What no derivative reaches keeps the slope 0 of a constant: a plain 0, that is never multiplied.
        moving = [isinstance(x, Jet) and not (type(x.slope) is int and x.slope == 0) for x in operands]
        slope: Any = 0
        for x, local in zip(operands, op.local_derivatives(y, values, moving), strict=True):
            if local is not None:
                term = x.slope if type(local) is int and local == 1 else local * x.slope
                slope = term if type(slope) is int and slope == 0 else slope + term
        return Jet(y, slope)


readings[Jet] = _jets = _Jets()


def derivatives(op: Primitive, at: Sequence[Any], direction: Sequence[Any], order: int) -> list[Any]:
    """dᵏ/dtᵏ op(at + t · direction) at t = 0, for k = 0 … order; an operand whose direction is None is a constant."""
    operands = list(at)
    for _ in range(order):
        operands = [x if d is None else Jet(x, d) for x, d in zip(operands, direction, strict=True)]
    y = op(*operands)
    found = []
    for k in range(order + 1):
        lowest = y
        for level in range(order):  # the slope k times, then the value; a constant has slope 0
            if isinstance(lowest, Jet):
                lowest = lowest.slope if level < k else lowest.value
            elif level < k:
                lowest = 0
        found.append(lowest)
    return found
