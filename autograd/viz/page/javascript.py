"""The table read as JavaScript: each primitive, written out as two functions a page can run.

With this module one can

* get a primitive as JavaScript source: `source`;
* feed any formula of the table a piece of JavaScript and get a piece of JavaScript back: `JavaScript`.

Nothing is derived here: an operand that is text goes through the formula and through the local
derivatives of `primitives.py`, and what comes out is their text. What JavaScript's `Math` lacks (erf,
erfc, Python's power) is in `page/model/numeric.js`. Arithmetic there is IEEE's throughout, as in compiled
programs: where Python raises, a page shows NaN or an infinity, and the node where it was born.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from autograd.readings import Functions, readings

if TYPE_CHECKING:
    from collections.abc import Callable

    from autograd.primitives import Primitive

__all__ = ["JavaScript", "source"]

_LONGEST = 72
"""Longer expressions get a name: text that occurs twice doubles, and doubling text explodes."""


class JavaScript:
    """A piece of JavaScript that stands for a number.

    >>> x = JavaScript("x")
    >>> (1 - x * x) / 2
    <JavaScript ((1 - (x * x)) / 2)>

    Args:
        text: an expression without side effects.
        block: the statements that have to come before it; operations add to it.
    """

    __slots__ = ("block", "text")

    def __init__(self, text: str, block: list[str] | None = None) -> None:
        self.text = text
        self.block: list[str] = [] if block is None else block

    def __repr__(self) -> str:
        return f"<JavaScript {' '.join([*self.block, self.text])}>"

    def __bool__(self) -> bool:
        raise TypeError("a formula must choose with where(condition, a, b), not with if, and, or, min or max")

    def __add__(self, other: Any) -> JavaScript:
        return JavaScript(*_written("({} + {})", self, other))

    def __radd__(self, other: Any) -> JavaScript:  # other + self
        return JavaScript(*_written("({} + {})", other, self))

    def __sub__(self, other: Any) -> JavaScript:
        return JavaScript(*_written("({} - {})", self, other))

    def __rsub__(self, other: Any) -> JavaScript:  # other - self
        return JavaScript(*_written("({} - {})", other, self))

    def __mul__(self, other: Any) -> JavaScript:
        return JavaScript(*_written("({} * {})", self, other))

    def __rmul__(self, other: Any) -> JavaScript:  # other * self
        return JavaScript(*_written("({} * {})", other, self))

    def __truediv__(self, other: Any) -> JavaScript:
        return JavaScript(*_written("({} / {})", self, other))

    def __rtruediv__(self, other: Any) -> JavaScript:  # other / self
        return JavaScript(*_written("({} / {})", other, self))

    def __pow__(self, other: Any) -> JavaScript:
        return JavaScript(*_written("power({}, {})", self, other))

    def __rpow__(self, other: Any) -> JavaScript:  # other ** self
        return JavaScript(*_written("power({}, {})", other, self))

    def __neg__(self) -> JavaScript:
        return JavaScript(*_written("(-{})", self))

    def __pos__(self) -> JavaScript:
        return self

    def __abs__(self) -> JavaScript:
        return JavaScript(*_written("Math.abs({})", self))

    def __lt__(self, other: Any) -> Condition:
        return Condition(*_written("({} < {})", self, other))

    def __le__(self, other: Any) -> Condition:
        return Condition(*_written("({} <= {})", self, other))

    def __gt__(self, other: Any) -> Condition:
        return Condition(*_written("({} > {})", self, other))

    def __ge__(self, other: Any) -> Condition:
        return Condition(*_written("({} >= {})", self, other))


class Condition(JavaScript):
    """A piece of JavaScript that is true or false."""

    __slots__ = ()


def _written(template: str, *operands: Any) -> tuple[str, list[str]]:
    """The template with the operands in it, named if it has grown long, and the block it belongs to."""
    block: list[str] = next(x.block for x in operands if isinstance(x, JavaScript))
    text = template.format(*map(_text, operands))
    if len(text) > _LONGEST:
        block.append(f"const t{len(block)} = {text};")
        text = f"t{len(block) - 1}"
    return text, block


def _text(x: Any) -> str:
    """An operand as JavaScript: a piece of code as it is, a number as a literal."""
    if isinstance(x, JavaScript):
        return x.text
    x = float(x)
    if math.isnan(x):
        return "NaN"
    literal = "Infinity" if math.isinf(x) else repr(abs(x)).removesuffix(".0")
    return f"(-{literal})" if math.copysign(1, x) < 0 else literal


def _call(name: str) -> Callable[..., Any]:
    def call(*operands: Any) -> Any:
        return JavaScript(*_written(f"{name}({', '.join('{}' for _ in operands)})", *operands))

    return call


def _where(condition: Any, a: Any, b: Any) -> Any:
    if not isinstance(condition, Condition):  # Python holds NaN for true, JavaScript does not
        return JavaScript(*_written("(({} !== 0) ? {} : {})", condition, a, b))
    return JavaScript(*_written("({} ? {} : {})", condition, a, b))


_MATH = frozenset({
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "cos", "cosh", "exp", "expm1",
    "floor", "fround", "hypot", "log", "log10", "log1p", "log2", "max", "min", "pow", "round", "sign", "sin",
    "sinh", "sqrt", "tan", "tanh", "trunc",
})  # fmt: skip
"""What JavaScript's Math has."""


class _Reading(Functions):
    """The table read as JavaScript: elementary functions are those of Math, or of the page."""

    def function(self, op: Primitive) -> Callable[..., Any] | None:
        if op.name == "where":
            return _where
        if op.formula is None and ("javascript" in op.called or op.name in _MATH):
            return _call(op.called.get("javascript", f"Math.{op.name}"))
        return op.formula


readings[JavaScript] = _Reading({})


def source(op: Primitive, arity: int) -> str:
    """A primitive of so many operands as JavaScript: a pair of functions, `[value, derivatives]`.

    ``value(x)`` takes the array of operands; ``derivatives(y, x)`` gives ∂y/∂operand for each, and
    ``null`` where no gradient flows.

    Raises:
        TypeError: for a primitive whose formula cannot be read as JavaScript, saying why.

    >>> from autograd.primitives import table
    >>> print(source(table["mul"], 2))
    [([a, b]) => (a * b),
     (y, [a, b]) => [b, a]]
    >>> print(source(table["dot"], 3))
    [x => (x[2] + (x[0] * x[1])),
     (y, x) => [x[1], x[0], 1]]
    """
    if op.nary:
        given, names = "x", [f"x[{i}]" for i in range(arity)]
    else:
        names = [chr(ord("a") + i) for i in range(arity)]
        given = f"([{', '.join(names)}])"

    def code(function: Callable[..., Any], *arguments: str) -> str:
        block: list[str] = []
        results = function(*(JavaScript(name, block) for name in arguments))
        written = [("null" if r is None else _text(r)) for r in (results if isinstance(results, tuple) else [results])]
        result = f"[{', '.join(written)}]" if isinstance(results, tuple) else written[0]
        return f"{{ {' '.join(block)} return {result}; }}" if block else result

    def derivatives(y: JavaScript, *operands: JavaScript) -> tuple[Any, ...]:
        return tuple(op.local_derivatives(y, operands, [True] * arity))

    try:
        value = code(op, *names)
        local = code(derivatives, "y", *names)
    except Exception as error:  # whatever a user's formula does with an operand that is text
        raise TypeError(f"primitive {op.name!r} cannot be read as JavaScript: {error}") from error
    return f"[{given} => {value},\n (y, {given.strip('()')}) => {local}]"
