"""The table read for arrays that are not there yet: applying a primitive emits array instructions.

Feeding `Symbol`s of the arrays of a program that is being written to a row of the table writes down the instructions of
its formula or of a local derivative. What has been computed before is not computed again, so that σ′ finds the
exp(−|x|) and the 1 + exp(−|x|) that σ has left behind. `Code.readings` remembers which array is which row of the
table, so that the derivation can say σ′(z) where the program says how.

Some instructions are replaced by cheaper ones (`rewrites.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from autograd.compiler.instructions import (
    Array,
    Compare,
    Contract,
    Elementwise,
    Function,
    Instruction,
    Literal,
    Number,
    ReduceMax,
    ReduceSum,
    Reshape,
    Scalar,
    Scale,
    Where,
)
from autograd.compiler.rewrites import added, is_scalar, product, rewritten, scaled
from autograd.primitives import Primitive, table
from autograd.readings import NUMBERS, Reading, reading, readings

__all__ = ["Code", "Read", "Space", "Symbol", "check_readable", "read_table"]

Kind = TypeVar("Kind", bound=Instruction)
_MOD, _FLOORDIV = table["mod"], table["floordiv"]


class Read(NamedTuple):
    """What an array is in the words of the table: a primitive of these operands, or its derivative by one of them."""

    op: Primitive
    operands: tuple[Any, ...]
    derivative: int | None = None


class Space(NamedTuple):
    """Where the row of an n-ary primitive is read: each sequence of its operands is one array."""

    shape: tuple[int, ...]
    """The axes of the lanes."""
    inner: tuple[int, ...]
    """The axes of a sequence, which come after those."""
    batched: bool

    @property
    def whole(self) -> tuple[int, ...]:
        """The axes of a whole sequence."""
        return (*self.shape, *self.inner)

    @property
    def lanes(self) -> tuple[int, ...]:
        """The axes of what is one for each sequence."""
        return (*self.shape, *[1] * len(self.inner))


class Code:
    """A list of instructions, in the order they are to be executed.

    Attributes:
        instructions: the list.
        readings: what arrays are in the words of the table, as far as that is known.
        space: where the row of an n-ary primitive is read, while it is.
    """

    def __init__(self) -> None:
        self.instructions: list[Instruction] = []
        self.readings: dict[Array, Read] = {}
        self.space: Space | None = None
        self._known: dict[tuple[Any, ...], Any] = {}

    # ── emitting ──────────────────────────────────────────────────────────────────────────────

    def emit(self, kind: type[Kind], lanes: tuple[int, ...], batched: bool, *args: Any) -> Kind:
        """The instruction, an old one if there is one that is the same."""
        key = (kind, lanes, batched, *map(_key, args))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self.do(kind, lanes, batched, *args)
        return found

    def do(self, kind: type[Kind], lanes: tuple[int, ...], batched: bool, *args: Any) -> Kind:
        """An instruction with an effect, or with arguments that are not worth comparing: always a new one."""
        made = kind(self, lanes, batched, *args)
        self.instructions.append(made)
        return made

    def of(self, kind: type[Kind], args: Sequence[Any], *more: Any) -> Kind:
        """The instruction on the lanes that all these operands have together."""
        arrays = [x for x in args if isinstance(x, Array)]
        lanes = np.broadcast_shapes(*(x.lanes for x in arrays))
        return self.emit(kind, lanes, any(x.batched for x in arrays), *more)

    def elementwise(self, function: str, *args: Any) -> Array:
        """A NumPy function of numbers."""
        numbers = tuple([self.number(x) for x in args])
        return self.of(Elementwise, numbers, function, numbers)

    def compare(self, function: str, *args: Any) -> Array:
        """A condition on numbers."""
        numbers = tuple([self.number(x) for x in args])
        return self.of(Compare, numbers, function, numbers)

    def function(self, name: str, function: Any, args: Sequence[Any]) -> Array:
        """A function that takes and gives arrays."""
        numbers = tuple([self.number(x) for x in args])
        return self.of(Function, numbers, name, function, numbers)

    def number(self, x: Any) -> Any:
        """x as a number: 1 or 0 for a condition, a float for a Python number."""
        if isinstance(x, Array):
            return self.emit(Number, x.lanes, x.batched, x) if x.condition else x
        return float(x) if type(x) in NUMBERS else x

    def condition(self, x: Any) -> Array:
        """x as a condition: a number is true if it is not 0."""
        return x if x.condition else self.compare("not_equal", x, 0.0)

    # ── arithmetic ────────────────────────────────────────────────────────────────────────────

    def add(self, a: Any, b: Any) -> Any:
        """a + b."""
        if is_scalar(a) and is_scalar(b):
            return added(a, b)
        return self._arithmetic("add", self.number(a), self.number(b))

    def subtract(self, a: Any, b: Any) -> Any:
        """a − b."""
        return self._arithmetic("subtract", self.number(a), self.number(b))

    def negative(self, x: Any) -> Any:
        """−x."""
        return rewritten(self, "negative", x)

    def multiply(self, a: Any, b: Any) -> Any:
        """a · b."""
        if is_scalar(a):
            a, b = b, a
        return product(a, b) if is_scalar(a) else self._arithmetic("multiply", a, b)

    def divide(self, a: Any, b: Any) -> Any:
        """a / b."""
        return self._arithmetic("divide", a, b)

    def power(self, x: Any, exponent: Any) -> Any:
        """x to a power."""
        x = self.number(x)
        return self.elementwise("power", x, exponent) if is_scalar(x) else self._arithmetic("power", x, exponent)

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        """a where the condition is true, b elsewhere."""
        if not isinstance(condition, Array):
            return a if condition else b
        condition = self.condition(condition)
        result = rewritten(self, "where", condition, a, b)
        if result is not None:
            return result
        a, b = self.number(a), self.number(b)
        return self.of(Where, (condition, a, b), condition, a, b)

    def _arithmetic(self, function: str, a: Any, b: Any) -> Any:
        result = rewritten(self, function, a, b)
        return self.elementwise(function, a, b) if result is None else result

    # ── sums ──────────────────────────────────────────────────────────────────────────────────

    def reshape(self, x: Any, lanes: tuple[int, ...]) -> Any:
        """The same elements in other lanes."""
        if not isinstance(x, Array) or x.lanes == lanes:
            return x
        x = self.number(x)
        return self.emit(Reshape, lanes, x.batched, x)

    def peak(self, x: Array, lanes: tuple[int, ...]) -> Array:
        """The greatest x over the axes that `lanes` does not have."""
        x = self.number(x)
        return self.emit(ReduceMax, lanes, x.batched, x)

    def product_sum(
        self, a: Any, b: Any, space: tuple[int, ...], batched: bool, target: tuple[int, ...], target_batched: bool
    ) -> Any:
        """Σ a · b over the axes of the space (and the batch) that the target does not have.

        The result may itself be narrower than the target, where it does not change.
        """
        if is_scalar(b):
            a, b = b, a
        arrays = [x for x in (a, b) if isinstance(x, Array)]
        present = np.broadcast_shapes(*(x.lanes for x in arrays), (1,) * len(space))
        times: Scalar = 1.0
        for length, here, there in zip(space, present, target, strict=True):
            if here == 1 and there == 1:
                times = product(times, length)
        present_batched = any(x.batched for x in arrays)
        if batched and not present_batched and not target_batched:
            times = product(times, Scale(1.0, 1))
        if is_scalar(a):
            a = product(a, times)
            return self.multiply(a, self.sum(b, target, target_batched)) if isinstance(b, Array) else product(a, b)
        result = tuple(min(here, there) for here, there in zip(present, target, strict=True))
        result_batched = present_batched and target_batched
        if result == present and result_batched == present_batched:
            return self.multiply(self.multiply(a, b), times)
        a, b = self.number(a), self.number(b)
        # σ · δ with a scalar factor: the factor goes to the smaller result
        for x, other in ((a, b), (b, a)):
            if scaled(x) and int(np.prod(result)) < int(np.prod(x.lanes)):
                rest = self.product_sum(x.args[0], other, space, batched, target, target_batched)
                return self.multiply(rest, x.args[1])
        return self.multiply(self.emit(Contract, result, result_batched, a, b), times)

    def sum(self, x: Any, target: tuple[int, ...], batched: bool) -> Any:
        """Σ x over the axes (and the batch) that the target does not have."""
        x = self.number(x)
        result = tuple(min(here, there) for here, there in zip(x.lanes, target, strict=True))
        result_batched = x.batched and batched
        if result == x.lanes and result_batched == x.batched:
            return x
        if scaled(x):
            return self.multiply(self.sum(x.args[0], target, batched), x.args[1])
        return self.emit(ReduceSum, result, result_batched, x)


def _key(x: Any) -> Any:
    """What tells an argument from another: 0.0 and −0.0 are two numbers, though they are equal."""
    return x if isinstance(x, Array) else tuple(map(_key, x)) if type(x) is tuple else repr(x)


class Symbol:
    """What a formula of the table is fed: an array that is not there yet. Arithmetic on it emits instructions.

    It is no instruction itself, so that ``x == 0`` can be a condition on the numbers; and what would be answered
    once for all of them (a truth, a text, a look into a dictionary) is refused.

    Args:
        array: the array, or a scalar that is a whole sequence of operands of an n-ary row.
        code: the program it is part of.
        whole: whether it is a whole sequence, along the inner axes of `Code.space`.
    """

    __slots__ = ("array", "code", "whole")

    def __init__(self, array: Any, code: Code, whole: bool = False) -> None:
        self.array, self.code, self.whole = array, code, whole

    def __add__(self, other: Any) -> Any:
        return self._made(self.code.add(self.array, instruction(other)), other)

    def __radd__(self, other: Any) -> Any:
        return self._made(self.code.add(instruction(other), self.array), other)

    def __sub__(self, other: Any) -> Any:
        return self._made(self.code.subtract(self.array, instruction(other)), other)

    def __rsub__(self, other: Any) -> Any:
        return self._made(self.code.subtract(instruction(other), self.array), other)

    def __mul__(self, other: Any) -> Any:
        if self.whole and isinstance(other, Symbol) and other.whole:
            return _Products(self, other)
        return self._made(self.code.multiply(self.array, instruction(other)), other)

    def __rmul__(self, other: Any) -> Any:
        return self._made(self.code.multiply(instruction(other), self.array), other)

    def __truediv__(self, other: Any) -> Any:
        return self._made(self.code.divide(self.array, instruction(other)), other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._made(self.code.divide(instruction(other), self.array), other)

    def _made(self, result: Any, other: Any) -> Any:
        whole = self.whole or (isinstance(other, Symbol) and other.whole)
        return Symbol(result, self.code, whole) if whole else symbol(result)

    def summed(self) -> Any:
        """Σ of a whole sequence."""
        return symbol(_total(self.code, [self]))

    def greatest(self, maximum: Primitive) -> Any:
        """The greatest of a whole sequence."""
        space = self.code.space
        assert space is not None
        one = [1] * len(space.inner)
        return symbol(self.code.peak(self.array, (*self.array.lanes[: len(space.shape)], *one)))

    def __pow__(self, other: Any) -> Any:
        return symbol(self.array.code.power(self.array, instruction(other)))

    def __rpow__(self, other: Any) -> Any:
        return symbol(self.array.code.power(instruction(other), self.array))

    def __mod__(self, other: Any) -> Any:
        return _MOD(self, other)

    def __rmod__(self, other: Any) -> Any:
        return _MOD(other, self)

    def __floordiv__(self, other: Any) -> Any:
        return _FLOORDIV(self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _FLOORDIV(other, self)

    def __neg__(self) -> Any:
        return symbol(self.array.code.negative(self.array))

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return symbol(self.array.code.elementwise("absolute", self.array))

    def _compared(self, function: str, other: Any) -> Any:
        other = instruction(other)
        if not isinstance(other, Array) and not is_scalar(other):
            raise TypeError(f"an array is compared with numbers, not with {other!r}")
        return symbol(self.array.code.compare(function, self.array, other))

    def __lt__(self, other: Any) -> Any:
        return self._compared("less", other)

    def __le__(self, other: Any) -> Any:
        return self._compared("less_equal", other)

    def __gt__(self, other: Any) -> Any:
        return self._compared("greater", other)

    def __ge__(self, other: Any) -> Any:
        return self._compared("greater_equal", other)

    def __eq__(self, other: object) -> Any:
        return self._compared("equal", other)

    def __ne__(self, other: object) -> Any:
        return self._compared("not_equal", other)

    def __bool__(self) -> bool:
        raise TypeError("an array has no truth: a formula chooses with where, not with if")

    def __hash__(self) -> int:
        raise TypeError("an array is no key, and in no set: a formula chooses with where")

    def __str__(self) -> str:
        raise TypeError("an array has no text: a formula chooses with where")

    def __format__(self, spec: str) -> str:
        return str(self)


class _Products(Symbol):
    """The products of two whole sequences: what they are for is their sum."""

    __slots__ = ("factors",)

    def __init__(self, a: Symbol, b: Symbol) -> None:
        self.code, self.whole, self.factors = a.code, True, (a.array, b.array)

    @property
    def array(self) -> Any:
        """The products one by one."""
        return self.code.multiply(*self.factors)


def _total(code: Code, operands: Sequence[Any]) -> Any:
    """Σ of whole sequences, each of which is one array, and of single operands."""
    space = code.space
    assert space is not None
    result: Any = None
    for x in sorted(operands, key=lambda x: not (isinstance(x, Symbol) and x.whole)):  # W x + b, as it is written
        if isinstance(x, Symbol) and x.whole:
            a, b = x.factors if isinstance(x, _Products) else (x.array, 1.0)
            term = code.product_sum(a, b, space.whole, space.batched, space.lanes, space.batched)
        else:
            term = instruction(x)
        result = term if result is None else code.add(result, term)
    return result


def symbol(x: Any) -> Any:
    """What a formula is fed for x."""
    return Symbol(x, x.code) if isinstance(x, Array) else x


def instruction(x: Any) -> Any:
    """What a formula's result, or a number in it, is in the program."""
    if isinstance(x, (tuple, list)):
        return tuple([instruction(part) for part in x])
    return x.array if isinstance(x, Symbol) else x


class _Arrays(Reading):
    """The table read as array instructions."""

    def apply(self, op: Primitive, operands: Sequence[Any]) -> Any:
        code: Code = next(x.code for x in operands if isinstance(x, Symbol))
        if op.name == "total" and code.space is not None:
            return symbol(_total(code, operands))
        given = [instruction(x) for x in operands]
        result = self._apply(code, op, given)
        if isinstance(result, Array) and not any(result is x for x in given):
            code.readings[result] = Read(op, tuple(given))  # the outermost: relu(x), not maximum(x, 0)
        return (
            Symbol(result, code, True) if any(isinstance(x, Symbol) and x.whole for x in operands) else symbol(result)
        )

    def _apply(self, code: Code, op: Primitive, operands: Sequence[Any]) -> Any:
        if op.name == "where":
            return code.where(*operands)
        if op.name in ("equal", "not_equal"):
            return code.compare(op.name, *operands)
        if op.formula is None and isinstance(getattr(np, name := op.called.get("numpy", op.name), None), np.ufunc):
            return code.elementwise(name, *operands)
        if op.formula is not None:
            return instruction(op.formula(*map(symbol, operands)))
        function = reading(np.empty(0)).function(op)  # type: ignore[attr-defined]
        if function is None:
            raise TypeError(f"the primitive {op.name} has no formula, and NumPy has no function of that name")
        return code.function(op.name, function, operands)


readings[Symbol] = _Arrays()


def check_readable(op: Primitive, arity: int) -> None:
    """That formula and derivatives of a primitive can be read for arrays.

    Raises:
        TypeError: saying why not.
    """
    if op.nary:
        return
    code = Code()
    xs = [code.do(Literal, (), False, np.ones(())) for _ in range(arity)]
    y = read_table(op, op, xs)
    for rule in op.derivatives:  # type: ignore[union-attr]
        if rule is not None:
            read_table(op, rule, [y if isinstance(y, Array) else xs[0], *xs])


def read_table(op: Primitive, row: Any, operands: Sequence[Any]) -> Any:
    """A formula or a derivative of a primitive, read for arrays (or for `Symbol`s of them).

    Raises:
        TypeError: if it asks for something that arrays have not.
    """
    try:
        return instruction(row(*map(symbol, operands)))
    except (TypeError, AttributeError) as error:
        raise TypeError(
            f"the primitive {op.name} cannot be compiled: its formula and derivatives have to be arithmetic and "
            f"functions of autograd (autograd.exp, not math.exp; where, not if). Read for arrays: {error}"
        ) from error
