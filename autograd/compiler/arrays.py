"""The table read for arrays that are not there yet: applying a primitive emits array instructions.

An `Array` stands for a NumPy array of a program that is being written: the lanes of a group, and the
batch as its last axis. Feeding `Array`s to a row of the table writes down the instructions of its formula
or of a local derivative. What has been computed before is not computed again, so that σ′ finds the
exp(−|x|) and the 1 + exp(−|x|) that σ has left behind.

The peephole rules below replace some instructions by cheaper ones with the same result (up to the last
digit). None of them knows a derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.primitives import Primitive
from autograd.readings import NUMBERS, Reading, reading, readings

__all__ = ["VIEWS", "Array", "Code", "Scalar", "Scale", "base"]


class Scale(NamedTuple):
    """The number factor · (batch size)^power, which is known only when the program runs."""

    factor: float
    power: int

    def of_batch(self, size: int) -> float:
        return self.factor * float(size) ** self.power


Scalar = float | Scale

UFUNCS = {
    "exp": "exp", "expm1": "expm1", "log": "log", "log1p": "log1p", "sqrt": "sqrt", "sin": "sin", "cos": "cos",
    "tan": "tan", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh",
    "maximum": "maximum", "minimum": "minimum",
}  # fmt: skip
"""Elementary functions that are one instruction, by their name in the table."""

CONDITIONS = frozenset({"less", "less_equal", "greater", "greater_equal", "logical_not", "equal", "not_equal"})


VIEWS = frozenset({"rows", "adjoint", "literal"})
"""Instructions that compute nothing: their result is what is stored somewhere."""


def base(x: Any) -> Any:
    """The array whose elements an array looks at."""
    while isinstance(x, Array) and x.op == "reshape":
        x = x.args[0]
    return x


class Array:
    """An array of a program that is being written: an instruction and the arrays it is applied to.

    Attributes:
        op: the name of a ufunc, or of an instruction of `execute`.
        args: `Array`s, scalars, or what the instruction says.
        shape: the axes of the lanes.
        batched: whether the last axis is the batch; else it has length 1.
        condition: whether the elements are true or false.
    """

    __slots__ = ("args", "batched", "code", "condition", "op", "shape")

    def __init__(self, code: Code, op: str, args: tuple[Any, ...], shape: tuple[int, ...], batched: bool) -> None:
        self.code, self.op, self.args, self.shape, self.batched = code, op, args, shape, batched
        self.condition = op in CONDITIONS

    def __repr__(self) -> str:
        return f"<{self.op} {self.shape}{'×batch' if self.batched else ''}>"

    def __add__(self, other: Any) -> Any:
        return _add(self, other)

    def __radd__(self, other: Any) -> Any:
        return _add(other, self)

    def __sub__(self, other: Any) -> Any:
        return self if _is(other, 0) else self.code.of("subtract", self, other)

    def __rsub__(self, other: Any) -> Any:
        return -self if _is(other, 0) else self.code.of("subtract", other, self)

    def __mul__(self, other: Any) -> Any:
        return _multiply(self, other)

    def __rmul__(self, other: Any) -> Any:
        return _multiply(other, self)

    def __truediv__(self, other: Any) -> Any:
        return self if _is(other, 1) else self.code.of("divide", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self.code.of("reciprocal", self) if _is(other, 1) else self.code.of("divide", other, self)

    def __pow__(self, other: Any) -> Any:
        return _power(self, other)

    def __rpow__(self, other: Any) -> Any:
        return self.code.of("power", float(other), self)

    def __neg__(self) -> Any:
        if self.op == "absolute":
            return self.code.of("copysign", self.args[0], -1.0)  # −|x| in one instruction
        return _multiply(self, -1.0)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self.code.of("absolute", self)

    def __lt__(self, other: Any) -> Any:
        return self.code.of("less", self, other)

    def __le__(self, other: Any) -> Any:
        return self.code.of("less_equal", self, other)

    def __gt__(self, other: Any) -> Any:
        return self.code.of("greater", self, other)

    def __ge__(self, other: Any) -> Any:
        return self.code.of("greater_equal", self, other)

    def __bool__(self) -> bool:
        raise TypeError("an array has no truth: a formula chooses with where, not with if")


class Code:
    """A list of instructions, in the order they are to be executed."""

    def __init__(self) -> None:
        self.instructions: list[Array] = []
        self._known: dict[tuple[Any, ...], Array] = {}
        self.total: Callable[[Any], Any] | None = None
        """Σ over a whole sequence, while the row of an n-ary primitive is read: its operands are then
        sequences, each one array."""

    def of(self, op: str, *args: Any) -> Array:
        """The elementwise instruction op(*args), an old one if there is one."""
        args = tuple([float(x) if type(x) in NUMBERS else x for x in args])
        if op not in ("where", "logical_not") and not (op == "multiply" and not all(map(_is_condition, args))):
            args = tuple([self.emit("multiply", (x, 1.0), x.shape, x.batched) if _is_condition(x) else x for x in args])
        arrays = [x for x in args if type(x) is Array]
        shape = np.broadcast_shapes(*(x.shape for x in arrays))
        return self.emit(op, args, shape, any(x.batched for x in arrays))

    def emit(self, op: str, args: tuple[Any, ...], shape: tuple[int, ...], batched: bool) -> Array:
        key = (op, shape, batched, *[x if isinstance(x, Array) else repr(x) for x in args])
        array = self._known.get(key)
        if array is None:
            array = self._known[key] = Array(self, op, args, shape, batched)
            self.instructions.append(array)
        return array

    def do(self, op: str, args: tuple[Any, ...], shape: tuple[int, ...] = (), batched: bool = False) -> Array:
        """An instruction with an effect, or with arguments that are not worth comparing: always a new one."""
        self.instructions.append(Array(self, op, args, shape, batched))
        return self.instructions[-1]


class _Arrays(Reading):
    """The table read as array instructions."""

    def apply(self, op: Primitive, operands: Sequence[Any]) -> Any:
        if op.name == "where":
            return _where(*operands)
        if op.name in UFUNCS or op.name in ("equal", "not_equal"):
            code = next(x.code for x in operands if type(x) is Array)
            return code.of(UFUNCS.get(op.name, op.name), *operands)
        if op.name == "total":
            code = operands[0].code
            assert code.total is not None
            (sequence,) = operands
            return code.total(sequence)
        if op.formula is not None:
            return op.formula(*operands)
        function = reading(np.empty(0)).functions.get(op.name)  # type: ignore[attr-defined]
        if function is None:
            raise TypeError(f"the primitive {op.name} has no formula, and NumPy has no function of that name")
        code, shape, batched = operands[0].code, operands[0].shape, operands[0].batched
        return code.emit("function", (_Named(op.name, function), *operands), shape, batched)


class _Named(NamedTuple):
    """A function with a name to know it by."""

    name: str
    function: Callable[..., Any]

    def __repr__(self) -> str:
        return self.name


readings[Array] = _Arrays()


# ── peephole rules ────────────────────────────────────────────────────────────────────────────


def _is_scalar(x: Any) -> bool:
    return type(x) in NUMBERS or type(x) is Scale


def _is_condition(x: Any) -> bool:
    return type(x) is Array and x.condition


def _is(x: Any, number: float) -> bool:
    return type(x) in NUMBERS and x == number


def _scalars(a: Any, b: Any) -> Scalar:
    """The product of two scalars."""
    x, y = (s if type(s) is Scale else Scale(float(s), 0) for s in (a, b))
    power = x.power + y.power
    return Scale(x.factor * y.factor, power) if power else x.factor * y.factor


def _multiply(a: Any, b: Any) -> Any:
    if _is_scalar(a):
        a, b = b, a
    if _is_scalar(a):
        return _scalars(a, b)
    code = a.code
    if _is(b, 1):
        return a
    if _is(b, -1) and not a.condition and not (a.op == "multiply" and _is_scalar(a.args[1])):
        return a.args[0] if a.op == "negative" else code.of("negative", a)
    if _is_scalar(b) and a.op == "multiply" and _is_scalar(a.args[1]):  # (x · c) · c′
        return _multiply(a.args[0], _scalars(a.args[1], b))
    if _is_scalar(b) and a.op == "negative":
        return _multiply(a.args[0], _scalars(b, -1))
    if type(b) is Array:
        if b is a:
            return code.of("square", a)
        for x, y in ((a, b), (b, a)):
            if x.op == "reciprocal":  # y · (1 / x)
                return code.of("divide", y, x.args[0])
    return code.of("multiply", a, b)


def _add(a: Any, b: Any) -> Any:
    if _is(a, 0):
        return b
    if _is(b, 0):
        return a
    if a is b:
        return _multiply(2.0, a)
    if _is_scalar(a) and _is_scalar(b):
        x, y = (s if type(s) is Scale else Scale(float(s), 0) for s in (a, b))
        assert x.power == y.power, "adjoints of one value have one scale"
        return Scale(x.factor + y.factor, x.power) if x.power else x.factor + y.factor
    code = a.code if type(a) is Array else b.code
    for x, y in ((a, b), (b, a)):
        if type(x) is Array and x.op == "negative":
            return code.of("subtract", y, x.args[0])
    return code.of("add", a, b)


def _power(x: Array, exponent: Any) -> Any:
    """x to a constant power by multiplications and a root, where there are few; they are much faster than power."""
    if type(exponent) is Array:
        return x.code.of("power", x, exponent)
    if exponent == 0:
        return 1.0
    if exponent < 0 and -exponent in (0.5, 1, 1.5, 2, 2.5, 3, 4):
        return 1 / _power(x, -exponent)
    if exponent in (1, 1.5, 2, 2.5, 3, 4):
        whole = math.floor(exponent)
        squared = x.code.of("square", x) if whole > 1 else x
        result = squared if whole <= 2 else _multiply(squared, x if whole == 3 else squared)
        return result if whole == exponent else _multiply(result, x.code.of("sqrt", x))
    if exponent == 0.5:
        return x.code.of("sqrt", x)
    return x.code.of("power", x, exponent)


def _where(condition: Any, a: Any, b: Any) -> Any:
    if type(condition) is not Array:
        return a if condition else b
    if not condition.condition:
        condition = condition.code.of("not_equal", condition, 0.0)
    if _is(a, 1) and _is(b, 0):
        return condition
    if _is(a, 0) and _is(b, 1):
        return condition.code.of("logical_not", condition)
    if _is(a, 1) and isinstance(b, Array) and condition.op == "greater_equal" and _is(condition.args[1], 0):
        x = condition.args[0]
        if b.op == "exp" and b.args[0].op == "copysign" and b.args[0].args[0] is x:  # 1 where x ≥ 0, else exp(−|x|)
            return x.code.of("exp", x.code.of("minimum", x, 0.0))
    return condition.code.of("where", condition, a, b)
