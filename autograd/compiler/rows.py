"""What NumPy would be called for, written as rows of numbers that the loop of `interpreter.py` goes through.

A `RowsPlan` binds the array program to buffers as the NumPy engine does, but for a few instructions that are one row
here and several calls there. Every step, a function and its arguments, is then looked up in `_FORMS`, which says how it
is written as a row; it stays a call if it has no row, or NumPy would be quicker: at large matrix products (BLAS), and
at exponentials and the like of many numbers, of which it computes eight at once.

Importing this module imports Numba.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import chain, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd.compiler.interpreter as op
from autograd.compiler.compiled import loop
from autograd.compiler.contract import contract
from autograd.compiler.execute import Plan, maximum, minimum
from autograd.compiler.instructions import (
    Array,
    Contract,
    Contribute,
    ContributeTaken,
    Elementwise,
    Function,
    Not,
    Scatter,
    Take,
    View,
    Where,
)
from autograd.compiler.lower import ArrayProgram
from autograd.compiler.stores import CONSTANT, address_of
from autograd.special import erf, erfc

__all__ = ["RowsPlan"]

Floats = NDArray[np.float64]
Step = tuple[Callable[..., Any], list[Any]]

_MANY = {op.EXP: 1024, op.TANH: 1024}
_MANY_OTHERS = 128
"""How many numbers have to be there for NumPy's exponentials and the like to be quicker."""
_LARGE, _LARGE_SHARED = 2**13, 2**17  # multiplications, above which BLAS is quicker
_WIDE = 8  # numbers side by side, that are several at once for the processor
_OFTEN = 4  # times that a number is read, from which on it pays to copy it
_WRITTEN_OUT = 64  # rows that one step may become, one for each index along the axes that a row has not


class RowsPlan(Plan):
    """The array program bound to buffers, its calls written as rows wherever that is quicker.

    It binds as the NumPy engine does, with conditions that are 1 and 0, and with steps of its own where those would
    take several calls. Then each step becomes a row, or stays a call.

    Args:
        shared: whether other threads run such plans at the same time: calls would wait for each other's at Python's
            lock, which rows do not need.
    """

    def __init__(self, lowered: ArrayProgram, vector: Floats, batch: int, shared: bool = False) -> None:
        self._run, self._shared = loop(), shared
        self._numbers: dict[str, Floats] = {}
        lowered, self._products = _with_products_at_their_sums(lowered)
        super().__init__(lowered, vector, batch)

    # ── running ───────────────────────────────────────────────────────────────────────────────

    def run(self, inputs: Sequence[Floats], gradient: Floats | None) -> None:
        """Compute; with a gradient array, also fill that."""
        for number, array in enumerate([*inputs, gradient]):
            if array is not None and array is not self._seen[number]:
                self._look_at(number, array)
        for function, args in self._forward:
            function(*args)
        if gradient is not None:
            for function, args in self._backward:
                function(*args)

    def _look_at(self, number: int, array: Floats) -> None:
        """Let rows and calls look at this input, or gradient, and no more at the one before."""
        places, offsets, calls = self._looking[number]
        if not len(places) and not calls:
            return
        self._seen[number] = None  # whatever interrupts this
        address = address_of(array)
        self._code[places] = offsets + address
        for args, position, shape, strides, offset in calls:
            args[position] = np.ndarray(shape, np.float64, array, offset, strides)
        self._seen[number] = array

    def _find_patches(self) -> None:
        """Write the rows, and remember which words and which arguments look at an input, or at the gradient."""
        written = _Rows([*self.inputs, self.gradient], self._shared)
        written.turn(self.inputs, self._forward + self._backward)
        self._forward[:0] = [(np.copyto, [turned, self.inputs[k].T]) for k, turned in written.turned.items()]
        self._forward, self._backward = written.write(self._forward), written.write(self._backward)
        self._code, self._kept = np.array(written.code, np.int64), written.kept
        self._forward, self._backward = self._with_addresses(self._forward), self._with_addresses(self._backward)
        self._looking = [
            (np.array([at for at, _ in words], np.int64), np.array([offset for _, offset in words], np.int64), calls)
            for words, calls in zip(written.looking, written.calls, strict=True)
        ]
        self._seen: list[Floats | None] = [None] * len(self._looking)
        self.steps = self._forward + self._backward
        self.nbytes += self._code.nbytes

    def _with_addresses(self, steps: list[Step]) -> list[Step]:
        start = address_of(self._code)
        return [
            (self._run, [*(start + 8 * at for at in args), 0]) if function is rows else (function, args)
            for function, args in steps
        ]

    # ── binding: what differs from NumPy ──────────────────────────────────────────────────────

    def _buffer(self, shape: tuple[int, ...], condition: bool) -> NDArray[Any]:
        return super()._buffer(shape, False)

    def _release(self, x: Array) -> None:
        if not isinstance(x, View) and x not in self._lowered.destinations and x in self.where:
            self._free.setdefault((self.where[x].size, False), []).append(self.where[x].reshape(-1))

    def _value(self, x: Any) -> Any:
        if isinstance(x, Array):
            return self.where[x]
        key = repr(x)
        if key not in self._numbers:
            self._numbers[key] = super()._value(x)
        return self._numbers[key]

    def _bind_product(self, x: Elementwise) -> None:
        if x not in self._products:
            self._bind_ufunc(x)

    def _bind_not(self, x: Not) -> None:
        self._do(np.subtract, self._value(1.0), self._value(x.x), self._target(x))

    def _bind_where(self, x: Where) -> None:
        condition, a, b = map(self._value, (x.where, x.a, x.b))
        self._do(select, a, b, condition, self._target(x))

    def _bind_function(self, x: Function) -> None:
        if x.function in _FORMS:
            self._do(x.function, *map(self._value, x.args), self._target(x))
        else:
            super()._bind_function(x)

    def _bind_contribute(self, x: Contribute) -> None:
        if x.x in self._products:
            self._do(multiply_add, *map(self._value, x.x.args), self._place(x))
        else:
            super()._bind_contribute(x)

    def _bind_contract(self, x: Contract) -> None:
        a, b, out = self._value(x.a), self._value(x.b), self._target(x)
        if _is_sum_of_products(a, b, out):
            self._do(sum_of_products, a, b, out)
        else:
            contract(a, b, out, self._do, beside=True)

    def _bind_scatter(self, x: Scatter) -> None:
        adjoint, rows = self.adjoints[x.store], np.ascontiguousarray(x.rows.reshape(-1))
        value = self._reshaped(self._value(x.x), (rows.size, adjoint.shape[1]))
        self._do(scatter, adjoint, rows, value, x.assign)

    def _bind_take(self, x: Take) -> None:
        constant = x.items.store == CONSTANT
        source = x.items.values[..., None] if constant else self.stores[x.items.store]  # type: ignore[index]
        self._do(take, source, *self._choice(x), self._target(x))

    def _bind_give(self, x: ContributeTaken) -> None:
        self._do(give, self.adjoints[x.items.store], *self._choice(x), self._value(x.x))

    def _choice(self, x: Take | ContributeTaken) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
        """The indices (lanes, batch), the places of all items in the flat store, and where each lane's begin."""
        items, index, lanes = x.items, x.index, len(x.lanes)
        if index.strides is not None:
            wanted = self._view(self.stores[index.store], int(index.rows.flat[0]), index.strides, index.rows.shape)
        else:
            wanted = self._buffer((*index.rows.shape, self.batch), condition=False)
            self._do(np.ndarray.take, self.stores[index.store], index.rows, 0, wanted, "clip")
        if items.store == CONSTANT:
            table, width = np.arange(items.values.size).reshape(items.values.shape), 1  # type: ignore[union-attr]
        else:
            table, width = items.rows, self.stores[items.store].shape[1]
        table = np.broadcast_to(table, (*table.shape[:lanes], *x.inner)).reshape(*table.shape[:lanes], -1)
        length = table.shape[-1]
        begin = (np.arange(table.size // length) * length).reshape(table.shape[:lanes])
        whole = np.ascontiguousarray(np.broadcast_to(begin, x.lanes), np.int64).reshape(-1)
        places = np.ascontiguousarray(table * width, np.int64).reshape(-1, length)
        return np.broadcast_to(wanted, (*x.lanes, self.batch)), places, whole


RowsPlan.binders = {
    **Plan.binders,
    Contract: RowsPlan._bind_contract,
    Contribute: RowsPlan._bind_contribute,
    ContributeTaken: RowsPlan._bind_give,
    Elementwise: RowsPlan._bind_product,
    Function: RowsPlan._bind_function,
    Not: RowsPlan._bind_not,
    Scatter: RowsPlan._bind_scatter,
    Take: RowsPlan._bind_take,
    Where: RowsPlan._bind_where,
}


def _with_products_at_their_sums(lowered: ArrayProgram) -> tuple[ArrayProgram, set[Any]]:
    """Products that are only added to an adjoint, each moved to just before that: the two are then one row."""
    uses: dict[Any, int] = {}
    for instruction in lowered.instructions:
        for x in instruction.arrays():
            uses[x] = uses.get(x, 0) + 1
    fused = {
        x.x
        for x in lowered.instructions
        if isinstance(x, Contribute)
        and not x.assign
        and isinstance(x.x, Elementwise)
        and x.x.function == "multiply"
        and uses[x.x] == 1
    }
    moved = copy.copy(lowered)
    moved.instructions = []
    for instruction in lowered.instructions:
        if isinstance(instruction, Contribute) and instruction.x in fused:
            moved.instructions.append(instruction.x)
        if instruction not in fused:
            moved.instructions.append(instruction)
    if fused:
        moved.verify()
    return moved, fused


# ── steps of its own, as NumPy would do them ──────────────────────────────────────────────────


def select(a: Any, b: Any, condition: Any, out: Floats) -> None:
    """a where the condition is not 0, b elsewhere."""
    np.copyto(out, np.where(condition != 0, a, b))


def multiply_add(a: Any, b: Any, out: Floats) -> None:
    """out += a · b."""
    np.add(out, a * b, out)


def sum_of_products(a: Any, b: Any, out: Floats) -> None:
    """Σ a · b over the axes that the result has not."""
    axes = list(range(out.ndim))
    kept = [axis for axis in axes if out.shape[axis] > 1]
    np.einsum(a, axes, b, axes, kept, out=out.reshape([out.shape[axis] for axis in kept]))


def scatter(adjoint: Floats, rows: NDArray[np.int64], x: Floats, assign: bool) -> None:
    """Add each row of x to the row of the adjoint that has its number; where they are the first, these begin at 0."""
    if assign:
        adjoint[rows] = 0.0
    np.add.at(adjoint, rows, x)


def take(source: Floats, indices: Floats, places: NDArray[np.int64], begin: NDArray[np.int64], out: Floats) -> None:
    """source[places[index]] for each lane and sample."""
    np.copyto(out, source.reshape(-1)[_chosen(source, indices, places, begin)].reshape(out.shape))


def give(adjoint: Floats, indices: Floats, places: NDArray[np.int64], begin: NDArray[np.int64], x: Floats) -> None:
    """Add x to what `take` chose."""
    np.add.at(adjoint.reshape(-1), _chosen(adjoint, indices, places, begin), x.reshape(begin.size, -1))


def _chosen(source: Floats, indices: Floats, places: NDArray[np.int64], begin: NDArray[np.int64]) -> Any:
    index = np.clip(indices.reshape(begin.size, -1), 0, places.shape[1] - 1).astype(np.int64)
    samples = np.arange(index.shape[1]) * (source.shape[-1] > 1)
    return places.reshape(-1)[begin[:, None] + index] + samples


# ── from steps to rows ────────────────────────────────────────────────────────────────────────


class _Rows:
    """Steps written as rows.

    Args:
        moving: the arrays that are others at every call.
        shared: whether calls are to be rows, where rows are slower, too.

    Attributes:
        code: the words of all rows.
        looking: for each moving array, which words are addresses in it, and how far from its beginning.
        calls: for each, which arguments of calls that stay look at it.
        kept: the buffers that rows look at.
        turned: inputs that are read so often that it pays to have the samples of each number side by side.
    """

    def __init__(self, moving: list[Floats], shared: bool) -> None:
        self.shared, self.largest_product = shared, _LARGE_SHARED if shared else _LARGE
        self.code: list[int] = []
        self.looking: list[list[tuple[int, int]]] = [[] for _ in moving]
        self.calls: list[list[Any]] = [[] for _ in moving]
        self.kept: dict[int, Any] = {}
        self.turned: dict[int, Floats] = {}
        self._bounds = [(address_of(x), address_of(x) + x.nbytes) for x in moving]

    def turn(self, inputs: list[Floats], steps: list[Step]) -> None:
        """Find the inputs of which products that will be rows read a number over and over."""
        reads = [0] * len(self._bounds)
        for function, args in steps:
            is_row = function in (np.matmul, np.dot) and _multiplications(*args) <= self.largest_product
            if (is_row or function is sum_of_products) and not _lie_well(function, args):
                a, b, out = args
                for x in (a, b):
                    found = self._moving(x)
                    if found and found[0] < len(inputs):
                        whole = math.prod(np.broadcast_shapes(a.shape, b.shape)) if not is_row else 0
                        reads[found[0]] += whole or out.size * (a.shape[-1] if a.ndim else 1)
        for k, x in enumerate(inputs):
            if min(x.shape) > 1 and reads[k] > _OFTEN * x.size:
                self.turned[k] = np.empty(x.shape[::-1])

    def _moving_at(self, address: int) -> tuple[int, int] | None:
        """Which of the moving arrays is at an address, and how far from its beginning that is."""
        for k, (start, end) in enumerate(self._bounds):
            if start <= address < end:
                return k, address - start
        return None

    def _moving(self, x: Any) -> tuple[int, int] | None:
        """The same of where an array begins, that is a view of it."""
        is_view = isinstance(x, np.ndarray) and x.dtype == np.float64 and x.size
        return self._moving_at(address_of(x)) if is_view else None

    def _with_turned(self, args: list[Any]) -> list[Any]:
        """The arguments, with views of what is turned in the place of those of inputs."""
        return [self._view_of_turned(x) if isinstance(x, np.ndarray) else x for x in args] if self.turned else args

    def _view_of_turned(self, x: Floats) -> Floats:
        found = self._moving(x)
        if not found or found[0] not in self.turned:
            return x
        turned = self.turned[found[0]]
        width, batch = turned.shape
        sample, number = divmod(found[1] >> 3, width)
        strides = [s // width if s % (8 * width) == 0 else s * batch for s in x.strides]
        return np.ndarray(x.shape, np.float64, turned, 8 * (number * batch + sample), strides)

    def write(self, steps: list[Step]) -> list[Step]:
        """The same steps: those that are rows now, one after the other, are one step `rows`."""
        done: list[Step] = []
        for function, args in steps:
            begin = len(self.code)
            write, opcode = _FORMS.get(function, (_as_a_call, 0))
            if not write(
                self, opcode, args if function is np.copyto or _lie_well(function, args) else self._with_turned(args)
            ):
                self._remember(args)
                done.append((function, args))
            elif done and done[-1][0] is rows:
                done[-1][1][1] = len(self.code)
            else:
                done.append((rows, [begin, len(self.code)]))
        return done

    def _remember(self, args: list[Any]) -> None:
        for position, x in enumerate(args):
            if found := self._moving(x):
                self.calls[found[0]].append((args, position, x.shape, x.strides, found[1]))

    def add(self, *given: Any) -> None:
        """A row: numbers, and arrays, of which it has the addresses; or an array and how many doubles to go on."""
        for x in given:
            if type(x) is int:
                self.code.append(x)
            else:
                x, further = x if type(x) is tuple else (x, 0)
                address = address_of(x) + 8 * further
                if found := self._moving_at(address):
                    self.looking[found[0]].append((len(self.code), found[1]))
                else:
                    while getattr(x, "base", None) is not None:
                        x = x.base
                    self.kept[id(x)] = x
                self.code.append(address)


def rows(start: int, end: int) -> None:
    """Stands for what executes the rows between two places in the code."""
    raise NotImplementedError


@cache
def _number_of(written: str) -> Floats:
    return np.array(float(written))


def _number(x: float) -> Floats:
    """An array of this number; −0 and 0 are two."""
    return _number_of(repr(x))


def _as_a_call(to: _Rows, opcode: int, args: list[Any]) -> bool:
    """For what has no row."""
    return False


def _elementwise(to: _Rows, opcode: int, args: list[Any]) -> bool:
    *operands, out = args
    if opcode == op.ADD and operands[0] is out:  # out += x: a loop of its own, that need not fear for its operands
        opcode, operands = op.ADD_TO, operands[1:]
    arrays = [out, *operands]
    for x in arrays:
        if x.dtype != np.float64:
            return False
    if out.size == 1:
        to.add(*[_number(x) if type(x) is float else x for x in op.scalar_row(opcode, out, operands)])
        return True
    if not to.shared and opcode in _SLOW and out.size > _MANY.get(opcode, _MANY_OTHERS):
        return False
    axes = _axes(out.shape, [(x.shape, x.strides) for x in arrays])
    axes.sort(key=_innermost)
    outer, inner = axes[:-3], axes[-3:]
    if math.prod(axis[0] for axis in outer) > _WRITTEN_OUT:
        return False
    lengths, *strides = zip(*([(1, *[0] * len(arrays))] * (3 - len(inner)) + inner), strict=True)
    for offsets in _places(outer, len(arrays)):
        words = [word for x, at, s in zip(arrays, offsets, strides, strict=True) for word in ((x, at), *s)]
        to.add(op.VECTOR, opcode, *lengths, *words, *[0] * (op.VECTOR_WORDS - 5 - 4 * len(arrays)))
    return True


def _places(axes: Sequence[tuple[int, ...]], arrays: int) -> Iterator[list[int]]:
    """For each index along some axes, how far into each of the arrays it is."""
    for index in product(*[range(axis[0]) for axis in axes]):
        yield [sum(i * axis[k] for i, axis in zip(index, axes, strict=True)) for k in range(1, arrays + 1)]


def _innermost(axis: tuple[int, ...]) -> tuple[bool, int]:
    """The last axis is gone through in the innermost loop: one whose numbers lie side by side, if it is not short."""
    return axis[0] >= 4 and axis[1] == 1, axis[0]


def _axes(shape: tuple[int, ...], arrays: list[tuple[Any, Any]]) -> list[tuple[int, ...]]:
    """(length, stride in each of the arrays) of the axes of a shape, as few as they can be seen as.

    Args:
        arrays: (shape, strides) of each; they broadcast to the shape.
    """
    found: list[tuple[int, ...]] = []
    for axis, length in enumerate(shape):
        if length == 1:
            continue
        now = [length]
        for lengths, strides in arrays:
            k = axis + len(lengths) - len(shape)
            now.append(strides[k] >> 3 if k >= 0 and lengths[k] > 1 else 0)
        if found and all(a == b * length for a, b in zip(found[-1][1:], now[1:], strict=True)):
            now[0] *= found.pop()[0]
        found.append(tuple(now))
    return found


def _copy(to: _Rows, opcode: int, args: list[Any]) -> bool:
    out, x, *more = args
    if more:
        return False
    return _elementwise(to, opcode, [x if isinstance(x, np.ndarray) else np.array(x), out])


def _reduction(to: _Rows, opcode: int, args: list[Any]) -> bool:
    x, axes, _, out, *keepdims = args
    if not keepdims:
        out = np.expand_dims(out, axes)
    found = _axes(x.shape, [(y.shape, y.strides) for y in (out, x)])
    outer = sorted((axis for axis in found if axis[1]), key=lambda axis: axis[0])[: max(0, len(found) - 3)]
    inner = [axis for axis in found if axis not in outer]
    if len(inner) > 3 or math.prod(axis[0] for axis in outer) > _WRITTEN_OUT:
        return False
    lengths, so, sx = zip(*([(1, 0, 0)] * (3 - len(inner)) + inner), strict=True)
    for here, there in _places(outer, 2):
        to.add(opcode, *lengths, (out, here), *so, (x, there), *sx)
    return True


def _lie_well(function: Any, args: list[Any]) -> bool:
    """Whether it is a product whose rows, or whose columns, lie one after the other in a factor and in the result."""
    if function is sum_of_products:
        kinds = _kinds(*args)
        return any(
            axis[0] >= _WIDE and axis[1] == axis[which] == 1
            for kind, which in (("m", 2), ("n", 3))
            for axis in kinds[kind]
        )
    if function not in (np.matmul, np.dot):
        return False
    a, b, out = args
    rows = b.ndim > 1 and out.ndim > 1 and b.strides[-1] == out.strides[-1] == 8
    columns = a.ndim > 1 and out.ndim > 1 and a.strides[-2] == out.strides[-2] == 8
    return bool(rows or columns)


def _multiplications(a: Floats, b: Floats, out: Floats) -> int:
    """Of one product of a stack."""
    return math.prod(a.shape[-2:]) * (b.shape[-1] if b.ndim > 1 else 1)


def _product(to: _Rows, opcode: int, args: list[Any]) -> bool:
    """`np.dot` and `np.matmul` of matrices and vectors, and `np.matmul` of stacks of matrices."""
    a, b, out = args
    if a.ndim == 1:
        a, out = a[None], out[..., None, :] if b.ndim > 1 else out[..., None]
    if b.ndim == 1:
        b, out = b[:, None], out[..., None]
    (m, k), n = a.shape[-2:], b.shape[-1]
    if _multiplications(*args) > to.largest_product:
        return False
    stacks = _axes(out.shape[:-2], [(x.shape[:-2], x.strides[:-2]) for x in (out, a, b)])
    outer, inner = stacks[:-2], stacks[-2:]
    if math.prod(stack[0] for stack in outer) > _WRITTEN_OUT:
        return False
    lengths, so, sa, sb = zip(*([(1, 0, 0, 0)] * (2 - len(inner)) + inner), strict=True)
    (om, on), (am, ak), (bk, bn) = ([s >> 3 for s in x.strides[-2:]] for x in (out, a, b))
    if not (on == bn == 1 < n) and om == am == 1 < m:  # of the transposed product rows lie one after the other
        a, b, sa, sb, m, n, om, on, am, ak, bk, bn = b, a, sb, sa, n, m, on, om, bn, bk, ak, am
        outer = [(length, o, y, x) for length, o, x, y in outer]
    for here, of_a, of_b in _places(outer, 3):
        first, second, third = (out, here), (a, of_a), (b, of_b)
        to.add(opcode, *lengths, m, n, k, first, *so, om, on, second, *sa, am, ak, third, *sb, bk, bn, 0)
    return True


Axis = tuple[int, int, int, int]
"""The length of an axis of a product, and its strides in the result and in both factors."""


def _kinds(a: Floats, b: Floats, out: Floats) -> dict[str, list[Axis]]:
    """The axes of Σ a · b, seen as few: m that the first factor has, n the second, "each" both, and k summed over."""
    kinds: dict[str, list[Axis]] = {"m": [], "n": [], "k": [], "each": []}
    for axis in range(out.ndim):
        so, sa, sb = (x.strides[axis] >> 3 if x.shape[axis] > 1 else 0 for x in (out, a, b))
        length = max(a.shape[axis], b.shape[axis])
        if length > 1:
            kinds["k" if not so else "m" if not sb else "n" if not sa else "each"].append((length, so, sa, sb))
    for kind, axes in kinds.items():
        found: list[Axis] = []
        for length, so, sa, sb in sorted(axes, key=lambda axis: axis[1:], reverse=True):
            if found and found[-1][1:] == (so * length, sa * length, sb * length):
                length *= found.pop()[0]
            found.append((length, so, sa, sb))
        kinds[kind] = found
    return kinds


def _is_sum_of_products(a: Floats, b: Floats, out: Floats) -> bool:
    """Whether several matrix products are to be added up that are too small, or too thin, for BLAS to be quicker."""
    kinds = _kinds(a, b, out)
    if len(kinds["k"]) < 2 or not (kinds["m"] or kinds["n"] or kinds["each"]):
        return False
    lengths = [_longest(kinds[kind])[0] for kind in "mnk"]
    return math.prod(lengths) <= _LARGE or min(lengths) < _WIDE


def _longest(axes: list[Axis], *side_by_side: int) -> Axis:
    """Take the longest of some axes out, of those whose numbers lie side by side if there are any."""
    found = max(axes, key=lambda axis: (all(axis[k] == 1 for k in side_by_side), axis[0]), default=(1, 0, 0, 0))
    if axes:
        axes.remove(found)
    return found


def _sum_of_products(to: _Rows, opcode: int, args: list[Any]) -> bool:
    """Matrix products along the longest axis of each kind; in loops over the others they are added up."""
    a, b, out = args
    kinds = _kinds(a, b, out)
    m, n, k = _longest(kinds["m"], 1, 2), _longest(kinds["n"], 1, 3), _longest(kinds["k"], 2, 3)
    loops = sorted(chain(*kinds.values()), key=lambda axis: (axis[1:] == (1, 1, 1), axis[0]))
    if not (n[1] == n[3] == 1 < n[0]) and m[1] == m[2] == 1 < m[0]:  # of the transposed product rows lie side by side
        a, b = b, a
        m, n, k, *loops = [(length, so, sb, sa) for length, so, sa, sb in (n, m, k, *loops)]
    outer, inner = loops[:-2], loops[-2:]
    if math.prod(loop[0] for loop in outer) > _WRITTEN_OUT:
        return False
    lengths, so, sa, sb = zip(*([(1, 0, 0, 0)] * (2 - len(inner)) + inner), strict=True)
    seen: set[int] = set()
    for here, of_a, of_b in _places(outer, 3):
        first, second, third = (out, here), (a, of_a), (b, of_b)
        strides = first, *so, m[1], n[1], second, *sa, m[2], k[2], third, *sb, k[3], n[3]
        to.add(opcode, *lengths, m[0], n[0], k[0], *strides, int(here in seen))
        seen.add(here)
    return True


def _gather(to: _Rows, opcode: int, args: list[Any]) -> bool:
    source, rows, axis, out, _ = args
    if axis != 0 or source.dtype != np.float64 or not (out.flags.c_contiguous and rows.flags.c_contiguous):
        return False
    row, column = (s >> 3 for s in source.strides)
    to.add(opcode, out, source, rows, rows.size, source.shape[1], source.shape[1], row, column)
    return True


def _scatter(to: _Rows, opcode: int, args: list[Any]) -> bool:
    adjoint, rows, x, assign = args
    if not x.flags.c_contiguous:
        return False
    to.add(opcode, adjoint, x, rows, rows.size, adjoint.shape[1], adjoint.strides[0] >> 3, int(assign))
    return True


def _clear(to: _Rows, opcode: int, args: list[Any]) -> bool:
    adjoint, rows, x = args
    if isinstance(x, np.ndarray) or x != 0.0:
        return False
    to.add(opcode, adjoint, rows, rows, rows.size, adjoint.shape[1], adjoint.strides[0] >> 3, 2)
    return True


def _take(to: _Rows, opcode: int, args: list[Any]) -> bool:
    source, indices, places, begin, x = args
    if not (source.flags.c_contiguous and x.flags.c_contiguous):
        return False
    lanes = np.zeros(indices.shape[:-1], np.int64)
    for axis, (length, stride) in enumerate(zip(lanes.shape, indices.strides, strict=False)):
        lanes += (np.arange(length) * (stride >> 3)).reshape([-1 if a == axis else 1 for a in range(lanes.ndim)])
    sizes = begin.size, indices.shape[-1], indices.strides[-1] >> 3, places.shape[1], int(source.shape[-1] > 1)
    to.add(opcode, x, source, indices, lanes, places, begin, *sizes)
    return True


_UFUNCS = {getattr(np, name): opcode for opcode, name in enumerate(op.ELEMENTWISE) if hasattr(np, name)}
_FORMS: dict[Any, tuple[Callable[[_Rows, int, list[Any]], bool], int]] = {
    **{function: (_elementwise, opcode) for function, opcode in _UFUNCS.items() if isinstance(function, np.ufunc)},
    maximum: (_elementwise, op.MAXIMUM),
    minimum: (_elementwise, op.MINIMUM),
    erf: (_elementwise, op.ERF),
    erfc: (_elementwise, op.ERFC),
    select: (_elementwise, op.SELECT),
    sum_of_products: (_sum_of_products, op.PRODUCT),
    multiply_add: (_elementwise, op.MULTIPLY_ADD),
    np.copyto: (_copy, op.COPY),
    np.add.reduce: (_reduction, op.SUM),
    np.maximum.reduce: (_reduction, op.PEAK),
    np.dot: (_product, op.PRODUCT),
    np.matmul: (_product, op.PRODUCT),
    np.ndarray.take: (_gather, op.GATHER),
    np.ndarray.__setitem__: (_clear, op.SCATTER),
    scatter: (_scatter, op.SCATTER),
    take: (_take, op.TAKE),
    give: (_take, op.GIVE),
}
"""How a step is written as a row, and the opcode."""

_SLOW = frozenset(range(op.EXP, op.TANH + 1)) | {op.LOG2, op.LOG10, op.POWER}
"""What takes so long that NumPy is quicker, as it computes several at once."""
