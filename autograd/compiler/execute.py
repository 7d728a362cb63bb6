"""Instructions on buffers: a program for one batch size, as a list of NumPy calls.

Every buffer is allocated once. A row of a store, and so a scalar of the graph, takes 8 bytes per sample
forwards and at most 8 backwards; results in between (exp(−|x|) of a sigmoid, a gathered operand) take a
buffer that later ones use again. The arrays that change with every call, the inputs and the gradient, are not
copied either: the calls that read or write them are pointed at the new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from autograd.compiler.contract import contract
from autograd.compiler.instructions import (
    Adjoint,
    Array,
    Broadcast,
    Compare,
    Contract,
    Contribute,
    ContributeTaken,
    Effect,
    Elementwise,
    Function,
    Gather,
    Instruction,
    Literal,
    Mask,
    Not,
    Number,
    ReduceMax,
    ReduceSum,
    Reshape,
    Rows,
    Save,
    Scale,
    Scatter,
    Take,
    View,
    Where,
    base,
)
from autograd.compiler.lower import ArrayProgram
from autograd.compiler.passes import PER_MULTIPLIED, Arguments, Programs
from autograd.compiler.stores import CONSTANT, INPUT, PARAMETER, SAMPLE, SHARED, aligned

if TYPE_CHECKING:
    from autograd.compiler.derivation import Derivation, Plain

__all__ = ["NumPyEngine", "Plan", "derivation_of_arrays"]

Floats = NDArray[np.float64]
Step = tuple[Callable[..., Any], list[Any]]

_LONG = 1000  # groups, above which they are not printed
_PER_CALL, _PER_GROUP, _PER_REDUCTION, _PER_OPERAND = 3e-6, 1.8e-6, 7.5e-6, 1e-9
"""Seconds, measured: forwards and backwards, a group is some four NumPy calls, one with a reduction some fifteen."""


class NumPyEngine:
    """The array program, as NumPy calls on buffers."""

    name: ClassVar[str] = "numpy"

    def __init__(self, programs: Programs) -> None:
        self.programs = programs
        groups = programs.reductions * _PER_REDUCTION + programs.elementwise * _PER_GROUP
        self._calls: float = _PER_CALL + groups
        others = programs.operands - programs.multiplied
        self._sample: float = others * _PER_OPERAND + programs.multiplied * PER_MULTIPLIED

    @staticmethod
    def refuses(programs: Programs) -> str | None:
        """Why it cannot run a program; None if it can."""
        return None

    def cost(self, batch: int) -> float:
        """About how many seconds value and gradient of so many samples take."""
        return self._calls + batch * self._sample

    def bind(self, vector: Floats, batch: int) -> Plan:
        """What runs so many samples."""
        return Plan(self.programs.arrays, vector, batch)

    def derivation(self, arguments: Arguments, notation: Plain) -> Derivation | None:
        """What runs, in symbols; None where that is longer than anybody reads."""
        return derivation_of_arrays(self.programs, arguments, notation)


def derivation_of_arrays(programs: Programs, arguments: Arguments, notation: Plain) -> Derivation | None:
    """The array program in symbols; None where that is longer than anybody reads."""
    from autograd.compiler.derivation import derive  # only who prints a program needs it

    if programs.reductions + programs.elementwise > _LONG:
        return None
    return derive(programs.arrays, programs.scalars.root, arguments, programs.scalars.result, notation)


class Plan:
    """The array program bound to buffers.

    Args:
        lowered: the program.
        vector: the data of the parameters.
        batch: the number of samples.
    """

    binders: ClassVar[dict[type[Instruction], Callable[[Any, Any], None]]]
    """What turns each kind of instruction into calls."""

    def __init__(self, lowered: ArrayProgram, vector: Floats, batch: int) -> None:
        self.vectorised, self.batch, self.root = lowered.vectorised, batch, lowered.vectorised.scalars.root
        sizes, widths = self.vectorised.sizes, self.vectorised.scalars.widths
        self.gradient = np.zeros(len(vector))
        self.inputs = [np.empty((batch, width)) for width in widths]
        self.stores: dict[int, Floats] = {
            PARAMETER: vector.reshape(-1, 1),
            SHARED: aligned((sizes[SHARED], 1)),
            SAMPLE: aligned((sizes[SAMPLE], batch)),
            **{INPUT + k: array.T for k, array in enumerate(self.inputs)},
        }
        self.adjoints: dict[int, Floats] = {PARAMETER: self.gradient.reshape(-1, 1)}
        if lowered.forward < len(lowered.instructions):
            self.adjoints |= {store: aligned(self.stores[store].shape) for store in (SHARED, SAMPLE)}
        for store, fixed in self.vectorised.fixed.items():
            for row, number in fixed:
                self.stores[store][row] = number
        self.where: dict[Array, Any] = {}
        self.steps: list[Step] = []
        self._nodes: Sequence[int] = ()
        self._gathered: list[tuple[int, NDArray[np.int64], NDArray[np.int64]]] = []
        self._lowered = lowered
        self._free: dict[tuple[int, bool], list[NDArray[Any]]] = {}
        kept = [*self.inputs, *(self.stores[store] for store in (SHARED, SAMPLE)), *self.adjoints.values()]
        self.nbytes = sum(array.nbytes for array in kept)
        self._bind_all()
        self._find_patches()

    # ── running ───────────────────────────────────────────────────────────────────────────────

    @np.errstate(all="ignore")
    def value_and_grad(self, inputs: list[Floats]) -> tuple[float, Floats]:
        """The mean of the root over a batch, and its gradient."""
        assert self.root is not None
        gradient = np.empty(len(self.gradient))
        self.run(inputs, gradient)
        row = self._row(self.root, inputs)
        return float(row[0] if len(row) == 1 else np.add.reduce(row) / len(row)), gradient

    def values(self, inputs: list[Floats]) -> Callable[[int], Any]:
        """Compute all values of a batch; gives a function from a node to its array."""
        self.run(inputs, None)
        return lambda node: self._row(node, inputs)

    def gather(self, nodes: Sequence[int], inputs: list[Floats]) -> Floats:
        """Compute; gives the values of nodes, an array (nodes, samples). Asked for the same list again, it is quick."""
        self.run(inputs, None)
        if nodes is not self._nodes:
            found: dict[int, tuple[list[int], list[int]]] = {}
            for place, node in enumerate(nodes):
                store, row = self.vectorised.location(node)
                pairs = found.setdefault(store, ([], []))
                pairs[0].append(place)
                pairs[1].append(node if store == CONSTANT else row)
            self._gathered = [(store, np.array(places), np.array(rows)) for store, (places, rows) in found.items()]
            self._nodes = nodes
        if len(self._gathered) == 1 and self._gathered[0][0] == SAMPLE:  # all of them, in their order
            return self.stores[SAMPLE].take(self._gathered[0][2], 0)
        values = np.empty((len(nodes), self.batch))
        for store, at, rows in self._gathered:
            if store == CONSTANT:
                values[at] = self.vectorised.number[rows][:, None]
            elif store >= INPUT:
                values[at] = inputs[store - INPUT].reshape(self.batch, -1)[:, rows].T
            else:
                values[at] = self.stores[store][rows]
        return values

    def _row(self, node: int, inputs: list[Floats]) -> Floats:
        store, row = self.vectorised.location(node)
        if store == CONSTANT:
            return np.full(1, self.vectorised.number[node])
        if store >= INPUT:
            return inputs[store - INPUT].reshape(self.batch, -1)[:, row]
        values: Floats = self.stores[store][row]
        return values

    def run(self, inputs: Sequence[Floats], gradient: Floats | None) -> None:
        """Compute; with a gradient array, also fill that.

        Args:
            inputs: a C-contiguous float64 array (batch, width) for each argument.
            gradient: an array like the vector of parameters, or None.
        """
        for args, position, number, shape, strides, offset in self._patches:
            array = inputs[number] if number >= 0 else gradient
            if array is not None:
                args[position] = np.ndarray(shape, np.float64, array, offset, strides)
        for function, args in self._forward:
            function(*args)
        if gradient is not None:
            for function, args in self._backward:
                function(*args)

    def _find_patches(self) -> None:
        """Which arguments of which calls look at an input, or at the gradient."""
        self._patches: list[tuple[list[Any], int, int, Any, Any, int]] = []
        bases = [(k, array) for k, array in enumerate(self.inputs)] + [(-1, self.gradient)]
        bounds = [(k, array.ctypes.data, array.ctypes.data + array.nbytes) for k, array in bases]
        for _, args in self.steps:
            for position, x in enumerate(args):
                if isinstance(x, np.ndarray) and x.dtype == np.float64 and x.size:
                    address = x.ctypes.data
                    for k, start, end in bounds:
                        if start <= address < end:
                            self._patches.append((args, position, k, x.shape, x.strides, address - start))

    # ── binding ───────────────────────────────────────────────────────────────────────────────

    def _bind_all(self) -> None:
        instructions = self._lowered.instructions
        last: dict[Array, int] = {}
        for i, instruction in enumerate(instructions):
            for x in instruction.arrays():
                last[base(x)] = i
        ending: dict[int, list[Array]] = {}
        for x, i in last.items():
            ending.setdefault(i, []).append(x)
        for i, instruction in enumerate(instructions):
            if i == self._lowered.forward:
                self._begin_backward()
            self.binders[type(instruction)](self, instruction)
            for x in ending.get(i, ()):
                self._release(x)
        if len(instructions) == self._lowered.forward:
            self._begin_backward()
        self._backward = self.steps
        self.steps = self._forward + self._backward

    def _begin_backward(self) -> None:
        self._forward, self.steps = self.steps, []
        self._clear()

    def _do(self, function: Callable[..., Any], *args: Any) -> None:
        self.steps.append((function, list(args)))

    def _view(self, store: Floats, start: int, strides: tuple[int, ...], shape: tuple[int, ...]) -> Floats:
        row, column = store.strides
        return as_strided(store[start:], (*shape, store.shape[1]), (*[row * s for s in strides], column))

    def _shape(self, x: Array) -> tuple[int, ...]:
        return (*x.lanes, self.batch if x.batched else 1)

    def _value(self, x: Any) -> Any:
        if isinstance(x, Array):
            return self.where[x]
        return np.array(x.of_batch(self.batch) if isinstance(x, Scale) else x)  # NumPy is quicker with its own

    def _target(self, x: Array) -> NDArray[Any]:
        """Where the result of an instruction goes."""
        wanted = self._lowered.destinations.get(x)
        if wanted is not None:
            place = self._place(wanted)
            if place.shape == self._shape(x):
                out = place
            else:
                out = place.reshape(self._shape(x))
                assert np.shares_memory(out, place)
        else:
            out = self._buffer(self._shape(x), x.condition)
        self.where[x] = out
        return out

    def _place(self, x: Effect) -> Floats:
        """The rows that a `Save` or `Contribute` writes to."""
        if isinstance(x, Save):
            return self._rows(self.stores[x.store], x.start, x.lanes)
        assert isinstance(x, Contribute)
        return self._view(self.adjoints[x.store], x.start, x.strides, x.lanes)

    def _rows(self, store: Floats, start: int, shape: tuple[int, ...]) -> Floats:
        return store[start : start + int(np.prod(shape))].reshape(*shape, store.shape[1])

    def _buffer(self, shape: tuple[int, ...], condition: bool) -> NDArray[Any]:
        size = int(np.prod(shape))
        free = self._free.get((size, condition))
        if free:
            return free.pop().reshape(shape)
        buffer: NDArray[Any] = np.zeros(shape, bool) if condition else aligned(shape)
        self.nbytes += buffer.nbytes
        return buffer

    def _release(self, x: Array) -> None:
        """Let later instructions use the buffer of a result that is not needed any more."""
        if isinstance(x, View) or x in self._lowered.destinations or x not in self.where:
            return
        buffer = self.where[x]
        self._free.setdefault((buffer.size, x.condition), []).append(buffer.reshape(-1))

    # One method an instruction -------------------------------------------------------------------

    def _bind_ufunc(self, x: Elementwise | Compare) -> None:
        args = [self._value(a) for a in x.args]
        self._do(_WITH_OUT.get(x.function) or getattr(np, x.function), *args, self._target(x))

    def _bind_not(self, x: Not) -> None:
        self._do(np.logical_not, self._value(x.x), self._target(x))

    def _bind_number(self, x: Number) -> None:
        self._do(np.copyto, self._target(x), self._value(x.x))

    def _bind_mask(self, x: Mask) -> None:
        self._do(np.multiply, self._value(x.x), self._value(x.where), self._target(x))

    def _bind_rows(self, x: Rows) -> None:
        self.where[x] = self._view(self.stores[x.store], x.start, x.strides, x.lanes)

    def _bind_literal(self, x: Literal) -> None:
        self.where[x] = x.values[..., None]

    def _bind_gather(self, x: Gather) -> None:
        self._do(np.ndarray.take, self.stores[x.store], x.rows, 0, self._target(x), "clip")

    def _bind_where(self, x: Where) -> None:
        condition, a, b = map(self._value, (x.where, x.a, x.b))
        out = self._target(x)
        self._do(np.copyto, out, b)
        self._do(np.copyto, out, a, "same_kind", condition)

    def _bind_function(self, x: Function) -> None:
        args = [self._value(a) for a in x.args]
        function, out = x.function, self._target(x)
        self._do(lambda *all_args: np.copyto(all_args[-1], function(*all_args[:-1])), *args, out)

    def _bind_reshape(self, x: Reshape) -> None:
        self.where[x] = self._reshaped(self.where[x.x], self._shape(x))

    def _reshaped(self, array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        """The array in another shape; where it cannot be seen so as it lies, it is copied at every call."""
        seen = array.reshape(shape)
        if array.size and not np.shares_memory(seen, array):
            whole = np.zeros(array.shape, array.dtype)
            self._do(np.copyto, whole, array)
            seen = whole.reshape(shape)
        return seen

    def _bind_broadcast(self, x: Broadcast) -> None:
        value = self._value(x.x)
        self._do(np.copyto, self._target(x), value)

    def _bind_sum(self, x: ReduceSum) -> None:
        self._reduce(np.add, x)

    def _bind_peak(self, x: ReduceMax) -> None:
        self._reduce(np.maximum, x)

    def _reduce(self, ufunc: np.ufunc, x: ReduceSum | ReduceMax) -> None:
        a, out = self._value(x.x), self._target(x)
        axes = tuple(i for i, (here, there) in enumerate(zip(a.shape, out.shape, strict=True)) if here != there)
        long = [i for i, length in enumerate(a.shape) if length > 1]
        if ufunc is np.add and len(long) == 2 and axes == (long[1],) and out.flags.c_contiguous:
            matrix = a.reshape(a.shape[long[0]], a.shape[long[1]])  # Σ over rows is a product with ones, and quicker so
            if np.shares_memory(matrix, a):
                self._do(np.dot, matrix, np.ones(a.shape[long[1]]), out.reshape(-1))
                return
        if axes:
            self._do(ufunc.reduce, a, axes if len(axes) > 1 else axes[0], None, out, True)
        else:
            self._do(np.copyto, out, a)

    def _bind_contract(self, x: Contract) -> None:
        contract(self._value(x.a), self._value(x.b), self._target(x), self._do)

    def _bind_take(self, x: Take) -> None:
        constant = x.items.store == CONSTANT
        source = x.items.values[..., None] if constant else self.stores[x.items.store]  # type: ignore[index]
        self._do(np.ndarray.take, source, self._chosen_rows(x), None, self._target(x), "clip")

    def _chosen_rows(self, x: Take | ContributeTaken) -> NDArray[np.int64]:
        """Where in the flat store of the items each lane of each sample looks; computed at every call."""
        items, index, inner = x.items, x.index, x.inner
        shape = (*x.lanes, self.batch)
        places = np.zeros(shape, np.int64)
        wanted = (
            self._view(self.stores[index.store], int(index.rows.flat[0]), index.strides, index.rows.shape)
            if (index.strides is not None)
            else None
        )
        if wanted is None:
            wanted = self._buffer((*index.rows.shape, self.batch), condition=False)
            self._do(np.ndarray.take, self.stores[index.store], index.rows, 0, wanted, "clip")
        self._do(np.copyto, places, wanted, "unsafe")
        if items.store == CONSTANT:
            table = np.arange(items.values.size).reshape(items.values.shape)  # type: ignore[union-attr]
            width = 1
        else:
            table, width = items.rows, self.stores[items.store].shape[1]
        lanes = len(x.lanes)
        table = np.broadcast_to(table, (*table.shape[:lanes], *inner)).reshape(*table.shape[:lanes], -1)
        length = table.shape[-1]
        flat = np.ascontiguousarray(table).reshape(-1)
        first = (np.arange(flat.size // length) * length).reshape(*table.shape[:lanes], 1)
        self._do(np.add, places, first, places)
        self._do(np.ndarray.take, flat * width, places, None, rows := np.zeros(shape, np.int64), "clip")
        if width > 1:
            self._do(np.add, rows, np.arange(self.batch), rows)
        return rows

    def _bind_give(self, x: ContributeTaken) -> None:
        adjoint = self.adjoints[x.items.store].reshape(-1)
        self._do(np.add.at, adjoint, self._chosen_rows(x), self._value(x.x))

    def _bind_save(self, x: Save) -> None:
        if self._lowered.destinations.get(base(x.x)) is not x:
            self._do(np.copyto, self._place(x), self._value(x.x))

    def _bind_adjoint(self, x: Adjoint) -> None:
        self.where[x] = self._rows(self.adjoints[x.store], x.start, x.lanes)

    def _bind_contribute(self, x: Contribute) -> None:
        if isinstance(x.x, Array) and self._lowered.destinations.get(base(x.x)) is x:
            return
        out, value = self._place(x), self._value(x.x)
        if x.assign:
            self._do(np.copyto, out, value)
        else:
            self._do(np.add, out, value, out)

    def _bind_scatter(self, x: Scatter) -> None:
        rows, assign = x.rows, x.assign
        value, adjoint = self._value(x.x), self.adjoints[x.store]
        flat = rows.reshape(-1)
        value = self._reshaped(value, (flat.size, adjoint.shape[1]))
        order = np.argsort(flat, kind="stable")
        unique, starts = np.unique(flat[order], return_index=True)
        if (order != np.arange(len(order))).any():
            ordered = np.zeros_like(value)
            self._do(np.ndarray.take, value, order, 0, ordered, "clip")
            value = ordered
        if len(unique) < len(flat):
            summed = np.zeros((len(unique), adjoint.shape[1]))
            self._do(np.add.reduceat, value, starts, 0, None, summed)
            value = summed
        if unique[-1] - unique[0] + 1 == len(unique):
            out = adjoint[unique[0] : unique[-1] + 1]
            self._do(np.copyto, out, value) if assign else self._do(np.add, out, value, out)
        elif assign:
            self._do(np.ndarray.__setitem__, adjoint, unique, value)
        else:
            before = np.zeros_like(value)
            self._do(np.ndarray.take, adjoint, unique, 0, before, "clip")
            self._do(np.add, before, value, before)
            self._do(np.ndarray.__setitem__, adjoint, unique, before)

    def _clear(self) -> None:
        """The adjoints that the backward pass starts from zero."""
        for store, rows in self._lowered.cleared.items():
            if not len(rows):
                continue
            adjoint = self.adjoints[store]
            cuts = np.flatnonzero(np.diff(rows) != 1) + 1
            runs = np.split(rows, cuts) if len(cuts) < 8 else []
            for run in runs:
                self._do(np.copyto, adjoint[run[0] : run[-1] + 1], 0.0)
            if not runs:
                self._do(np.ndarray.__setitem__, adjoint, rows, 0.0)


def maximum(a: Any, b: Any, out: Any) -> None:
    np.maximum(a, b, out=out)  # NumPy wants the name here


def minimum(a: Any, b: Any, out: Any) -> None:
    np.minimum(a, b, out=out)


_WITH_OUT = {"maximum": maximum, "minimum": minimum}

Plan.binders = {
    Adjoint: Plan._bind_adjoint,
    Broadcast: Plan._bind_broadcast,
    Compare: Plan._bind_ufunc,
    Contract: Plan._bind_contract,
    Contribute: Plan._bind_contribute,
    Elementwise: Plan._bind_ufunc,
    Function: Plan._bind_function,
    Gather: Plan._bind_gather,
    ContributeTaken: Plan._bind_give,
    Literal: Plan._bind_literal,
    Mask: Plan._bind_mask,
    Not: Plan._bind_not,
    Number: Plan._bind_number,
    ReduceMax: Plan._bind_peak,
    Reshape: Plan._bind_reshape,
    Rows: Plan._bind_rows,
    Save: Plan._bind_save,
    Scatter: Plan._bind_scatter,
    ReduceSum: Plan._bind_sum,
    Take: Plan._bind_take,
    Where: Plan._bind_where,
}
