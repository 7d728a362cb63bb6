"""Rewrites: cheaper instructions for what arithmetic on arrays asks for, in one list.

Each has a name that says pattern and result, the operation that it is tried on, and whether it is exact: whether the
cheaper instructions give the same float, for every operand. (The sign of a zero, and whose payload a NaN has, are not
looked at.) The others round differently, in the last digit or two. The first that fits is taken; none knows a
derivative. A test evaluates each.

>>> [rewrite.name for rewrite in REWRITES if not rewrite.exact][:3]
['(x · c) · c′ → x · (c c′)', '(1 / x) · y → y / x', 'x^(−n) → 1 / xⁿ, for n = ½, 1, 1½, 2, 2½, 3, 4']
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from autograd.compiler.instructions import Array, Compare, Elementwise, Mask, Not, Scalar, Scale
from autograd.readings import NUMBERS

__all__ = ["REWRITES", "Rewrite", "added", "is_scalar", "product", "rewritten", "same", "scaled"]


class Rewrite(NamedTuple):
    """A rule: `apply` gives the result for some operands, or None where the pattern does not fit."""

    operation: str
    name: str
    exact: bool
    apply: Callable[..., Any]


REWRITES: list[Rewrite] = []
"""All rules. Those of one operation are tried in the order in which they stand here."""

_of: dict[str, list[Rewrite]] = {}


def rewrite(operation: str, name: str, exact: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def entered(apply: Callable[..., Any]) -> Callable[..., Any]:
        rule = Rewrite(operation, name, exact, apply)
        REWRITES.append(rule)
        _of.setdefault(operation, []).append(rule)
        return apply

    return entered


def rewritten(code: Any, operation: str, *operands: Any) -> Any:
    """What the first rule that fits makes of an operation; None if there is none."""
    for rule in _of[operation]:
        result = rule.apply(code, *operands)
        if result is not None:
            return result
    return None


# ── a + b and a − b, of numbers ───────────────────────────────────────────────────────────────


@rewrite("add", "x + 0 → x")
def _(code: Any, a: Any, b: Any) -> Any:
    return b if _is(a, 0) else a if _is(b, 0) else None


@rewrite("add", "x + x → 2 x")
def _(code: Any, a: Any, b: Any) -> Any:
    return code.multiply(2.0, a) if a is b else None


@rewrite("add", "x + (−y) → x − y")
def _(code: Any, a: Any, b: Any) -> Any:
    for x, y in ((a, b), (b, a)):
        if _called(y, "negative"):
            return code.elementwise("subtract", x, y.args[0])
    return None


@rewrite("subtract", "x − 0 → x")
def _(code: Any, a: Any, b: Any) -> Any:
    return a if _is(b, 0) else None


@rewrite("subtract", "0 − x → −x")
def _(code: Any, a: Any, b: Any) -> Any:
    return code.negative(b) if _is(a, 0) else None


# ── −x ────────────────────────────────────────────────────────────────────────────────────────


@rewrite("negative", "−|x| → copysign(x, −1)")
def _(code: Any, x: Any) -> Any:
    return code.elementwise("copysign", x.args[0], -1.0) if _called(x, "absolute") else None


@rewrite("negative", "−x → x · (−1)")  # from where −(x · c), −(−x) … go on
def _(code: Any, x: Any) -> Any:
    return code.multiply(x, -1.0)


# ── a · b: of an array, that may be a condition, and an array or a scalar ─────────────────────


@rewrite("multiply", "x · 1 → x")
def _(code: Any, a: Array, b: Any) -> Any:
    return code.number(a) if _is(b, 1) else None


@rewrite("multiply", "(x · c) · c′ → x · (c c′)", exact=False)
def _(code: Any, a: Array, b: Any) -> Any:
    if is_scalar(b) and scaled(a):
        return code.multiply(a.args[0], product(a.args[1], b))  # type: ignore[attr-defined]
    return None


@rewrite("multiply", "(−x) · c → x · (−c)")
def _(code: Any, a: Array, b: Any) -> Any:
    if is_scalar(b) and _called(a, "negative"):
        return code.multiply(a.args[0], product(b, -1.0))  # type: ignore[attr-defined]
    return None


@rewrite("multiply", "x · (−1) → −x")
def _(code: Any, a: Array, b: Any) -> Any:
    return code.elementwise("negative", a) if _is(b, -1) else None


@rewrite("multiply", "c · c → c, for a condition")
def _(code: Any, a: Array, b: Any) -> Any:
    return code.number(a) if a is b and a.condition else None


@rewrite("multiply", "x · x → x²")
def _(code: Any, a: Array, b: Any) -> Any:
    return code.elementwise("square", a) if a is b else None


@rewrite("multiply", "x · c → mask(x, c), for a condition c")
def _(code: Any, a: Array, b: Any) -> Any:
    for x, y in ((a, b), (b, a)):
        if isinstance(x, Array) and isinstance(y, Array) and y.condition:
            return code.of(Mask, (x, y), code.number(x), y)
    return None


@rewrite("multiply", "(1 / x) · y → y / x", exact=False)
def _(code: Any, a: Array, b: Any) -> Any:
    for x, y in ((a, b), (b, a)):
        if _called(x, "reciprocal") and isinstance(y, Array):
            return code.elementwise("divide", y, x.args[0])  # type: ignore[union-attr]
    return None


# ── a / b ─────────────────────────────────────────────────────────────────────────────────────


@rewrite("divide", "x / 1 → x")
def _(code: Any, a: Any, b: Any) -> Any:
    return code.number(a) if _is(b, 1) else None


@rewrite("divide", "1 / x → reciprocal(x)")
def _(code: Any, a: Any, b: Any) -> Any:
    return code.elementwise("reciprocal", b) if _is(a, 1) else None


# ── xⁿ: NumPy's power takes ten times as long as a product or a root ──────────────────────────


@rewrite("power", "x⁰ → 1")
def _(code: Any, x: Any, n: Any) -> Any:
    return 1.0 if _is(n, 0) else None


@rewrite("power", "x^(−n) → 1 / xⁿ, for n = ½, 1, 1½, 2, 2½, 3, 4", exact=False)
def _(code: Any, x: Any, n: Any) -> Any:
    return code.divide(1.0, code.power(x, -n)) if is_scalar(n) and n < 0 and (-n in _PRODUCTS or n == -0.5) else None


@rewrite("power", "√x for x^½")  # but for −∞, of which the power is ∞ and the root NaN
def _(code: Any, x: Any, n: Any) -> Any:
    return code.elementwise("sqrt", x) if _is(n, 0.5) else None


@rewrite("power", "x, x √x, x², x² √x, x² x, x² x² for xⁿ, for n = 1, 1½, 2, 2½, 3, 4", exact=False)
def _(code: Any, x: Any, n: Any) -> Any:
    if not is_scalar(n) or n not in _PRODUCTS:
        return None
    whole = math.floor(n)
    squared = code.elementwise("square", x) if whole > 1 else x
    result = squared if whole <= 2 else code.multiply(squared, x if whole == 3 else squared)
    return result if whole == n else code.multiply(result, code.elementwise("sqrt", x))


_PRODUCTS = (1, 1.5, 2, 2.5, 3, 4)


# ── where(c, a, b), of a condition that is an array ───────────────────────────────────────────


@rewrite("where", "where(c, 1, 0) → c")
def _(code: Any, c: Array, a: Any, b: Any) -> Any:
    return c if _is(a, 1) and _is(b, 0) else None


@rewrite("where", "where(c, 0, 1) → not c")
def _(code: Any, c: Array, a: Any, b: Any) -> Any:
    return code.emit(Not, c.lanes, c.batched, c) if _is(a, 0) and _is(b, 1) else None


@rewrite("where", "where(x ≥ 0, −x, x) → copysign(x, −1)")  # −|x|, as the derivatives of the table write it
def _(code: Any, c: Array, a: Any, b: Any) -> Any:
    x = _at_least_0(c)
    if b is x and _called(a, "negative") and a.args[0] is x:
        return code.elementwise("copysign", x, -1.0)
    return None


@rewrite("where", "where(x ≥ 0, 1, exp(−|x|)) → exp(min(x, 0))")
def _(code: Any, c: Array, a: Any, b: Any) -> Any:
    x = _at_least_0(c)
    if _is(a, 1) and _called(b, "exp") and _called(b.args[0], "copysign") and b.args[0].args[0] is x:
        return code.elementwise("exp", code.elementwise("minimum", x, 0.0))
    return None


@rewrite("where", "where(c, a, a) → a")
def _(code: Any, c: Array, a: Any, b: Any) -> Any:
    return code.number(a) if a is b or (is_scalar(a) and is_scalar(b) and same(a, b)) else None


def _at_least_0(c: Array) -> Any:
    """The x of the condition x ≥ 0."""
    ours = isinstance(c, Compare) and c.function == "greater_equal" and _is(c.args[1], 0)
    return c.args[0] if ours else None  # type: ignore[attr-defined]


# ── scalars: numbers that are known before the program runs, but perhaps for the size of the batch ──────────


def is_scalar(x: Any) -> bool:
    """Whether x is a number that is known before the program runs, but perhaps for the size of the batch."""
    return type(x) in NUMBERS or type(x) is Scale


def product(a: Any, b: Any) -> Scalar:
    """The product of two scalars."""
    x, y = _scale(a), _scale(b)
    return _scalar(x.factor * y.factor, x.power + y.power)


def added(a: Any, b: Any) -> Scalar:
    """The sum of two scalars."""
    x, y = _scale(a), _scale(b)
    assert x.power == y.power, "adjoints of one value have one scale"
    return _scalar(x.factor + y.factor, x.power)


def same(a: Any, b: Any) -> bool:
    """Whether two scalars are one: 0.0 and −0.0 are not, though they are equal; NaN is."""
    return repr(_scale(a)) == repr(_scale(b))


def scaled(x: Any) -> bool:
    """Whether an array is another one times a scalar."""
    return _called(x, "multiply") and is_scalar(x.args[1])


def _scale(x: Any) -> Scale:
    return x if type(x) is Scale else Scale(float(x), 0)


def _scalar(factor: float, power: int) -> Scalar:
    return Scale(factor, power) if power else factor


def _is(x: Any, number: float) -> bool:
    return type(x) in NUMBERS and x == number


def _called(x: Any, function: str) -> bool:
    return isinstance(x, Elementwise) and x.function == function
