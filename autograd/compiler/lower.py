"""From groups to instructions: the forward pass, and the backward pass that the table gives for it.

The backward pass is the chain rule on arrays. Each operand of a group gets

    δ_operand = Σ δ · ∂y/∂operand,    summed over whatever the operand was broadcast over,

and that one sum (`Code.product_sum`) is all of backpropagation's matrix products: for z = W a + b the
table says ∂z/∂W = a, ∂z/∂a = W and ∂z/∂b = 1, and the sums are δ aᵀ, Wᵀ δ and, over the batch, Σ δ.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.arrays import Code, Read, Space, Symbol, read_table
from autograd.compiler.instructions import (
    Adjoint,
    Array,
    Broadcast,
    Contribute,
    ContributeTaken,
    Effect,
    Gather,
    Instruction,
    Literal,
    Reshape,
    Rows,
    Save,
    Scale,
    Scatter,
    Take,
    View,
    base,
    verify,
)
from autograd.compiler.rewrites import is_scalar
from autograd.compiler.stores import CONSTANT, PARAMETER, SAMPLE, SHARED, Operand, RowNumbers
from autograd.compiler.trace import TAKE
from autograd.compiler.vectorise import Group, Vectorised
from autograd.primitives import Primitive, table

__all__ = ["Alone", "ArrayProgram", "lower", "one_by_one", "place_results", "remove_unused"]

_DIV, _DOT, _TOTAL = table["div"], table["dot"], table["total"]
_CHOICES = frozenset({"where", "maximum", "minimum"})


class ArrayProgram:
    """The array program, for any batch size.

    Attributes:
        vectorised: the groups it was made from.
        instructions: the program, the forward pass first.
        forward: how many of them are the forward pass.
        cleared: rows of adjoints that have to start from zero, by store.
        destinations: results that are written straight to where an effect wants them.
        readings: what arrays are in the words of the table.
        adjoints: the groups that an array is the whole adjoint of.
    """

    def __init__(self, vectorised: Vectorised, code: Code) -> None:
        self.vectorised = vectorised
        self.instructions = code.instructions
        self.forward = 0
        self.cleared: dict[int, RowNumbers] = {}
        self.destinations: dict[Array, Effect] = {}
        self.readings: dict[Array, Read] = code.readings
        self.adjoints: dict[Array, list[Group]] = {}

    def __str__(self) -> str:
        numbers: dict[Instruction, int] = {x: number for number, x in enumerate(self.instructions)}
        written = [x.written(numbers) for x in self.instructions]
        width = max(map(len, written), default=0)
        return "\n".join(
            f"{number:>4}  {text:<{width}}  {x.type_of()}"
            for (number, x), text in zip(enumerate(self.instructions), written, strict=True)
        )

    def verify(self) -> None:
        """That the instructions keep their rules (`instructions.verify`)."""
        sizes = {PARAMETER: len(self.vectorised.parameters), **self.vectorised.sizes}
        written = {store: np.zeros(sizes[store], bool) for store in (SHARED, SAMPLE)}
        for store, fixed in self.vectorised.fixed.items():
            written[store][[row for row, _ in fixed]] = True
        cleared = {store: np.zeros(size, bool) for store, size in sizes.items()}
        for store, rows in self.cleared.items():
            cleared[store][rows] = True
        verify(self.instructions, written, cleared, self.destinations, PARAMETER if self.cleared else None)


def lower(groups: Vectorised) -> ArrayProgram:
    """The instructions of all groups and, if there is a root to differentiate, of the backward pass."""
    lowering = _Lowering(groups)
    for group in groups.groups:
        lowering.compute(group)
    lowering.lowered.forward = len(lowering.code.instructions)
    if groups.scalars.root is not None:
        lowering.differentiate(groups.scalars.root)
    return lowering.lowered


def remove_unused(program: ArrayProgram) -> ArrayProgram:
    """Keep only instructions that have an effect, or whose result is used."""
    used: set[Array] = set()
    kept: list[Instruction] = []
    forward = 0
    for number, instruction in reversed(list(enumerate(program.instructions))):
        if isinstance(instruction, Effect) or instruction in used:
            used.update(instruction.arrays())
            kept.append(instruction)
            forward += number < program.forward
    program.instructions, program.forward = kept[::-1], forward
    return program


def place_results(program: ArrayProgram) -> ArrayProgram:
    """Let instructions write to where their result is wanted, which saves a copy.

    A result may live in the rows of its group for good. It may live in the rows of an adjoint, to which
    more is added later, if nothing else uses it, in whatever shape.
    """
    chosen = program.destinations
    uses: dict[Array, int] = {}
    for instruction in program.instructions:
        if not isinstance(instruction, Reshape):
            for x in instruction.arrays():
                uses[base(x)] = uses.get(base(x), 0) + 1
    for instruction in program.instructions:
        if not isinstance(instruction, (Save, Contribute)):
            continue
        x = instruction.x
        made = base(x)
        if not isinstance(x, Array) or isinstance(made, View) or made.condition or made in chosen:
            continue
        if x.lanes != instruction.lanes or x.batched != instruction.batched:
            continue
        if isinstance(instruction, Save) or (instruction.assign and uses[made] == 1 and _fits(instruction, made)):
            chosen[made] = instruction
    return program


class _Lowering:
    def __init__(self, vectorised: Vectorised) -> None:
        self.vectorised = vectorised
        self.code = Code()
        self.lowered = ArrayProgram(vectorised, self.code)
        self.result: dict[Group, Array] = {}
        self.operands: dict[Operand, Any] = {}
        self.pending: dict[Group, list[Any]] = {group: [] for group in vectorised.groups}
        self.made_by = {(group.store, group.start): group for group in vectorised.groups}
        sizes = {PARAMETER: len(vectorised.parameters), **vectorised.sizes}
        self.touched = {store: np.zeros(size, bool) for store, size in sizes.items()}
        self.to_clear = {store: np.zeros(size, bool) for store, size in sizes.items()}

    # ── forward ───────────────────────────────────────────────────────────────────────────────

    def compute(self, group: Group) -> None:
        op = group.op
        y: Any
        if op is TAKE:
            y = self.code.do(Take, group.shape, group.batched, *group.operands, group.inner)
        elif op.over_sequences is not None:
            y = self._reduce(group, op.over_sequences[0])
        else:
            y = self._read_table(op, op, [self.read(operand) for operand in group.operands], None)
        y = self._whole(y, group.shape, group.batched)
        if isinstance(base(y), View):
            y = self.code.do(Broadcast, group.shape, group.batched, y)
        self.result[group] = y
        self.code.do(Save, group.shape, group.batched, y, group.store, group.start)

    def read(self, operand: Operand) -> Any:
        """An operand as an array, or as a number."""
        if operand not in self.operands:
            array: Any
            if operand.store == CONSTANT:
                assert operand.values is not None
                array = float(operand.values.flat[0]) if operand.values.size == 1 else self._literal(operand.values)
            elif operand.strides is not None:
                first = int(operand.rows.flat[0])
                array = self.code.emit(Rows, operand.rows.shape, operand.batched, operand.store, first, operand.strides)
            else:
                array = self.code.do(Gather, operand.rows.shape, operand.batched, operand.store, operand.rows)
            self.operands[operand] = array
        return self.operands[operand]

    def _literal(self, values: Any) -> Array:
        values = np.asarray(values, float)
        return self.code.do(Literal, values.shape, False, values)

    def _read_table(self, op: Primitive, row: Any, operands: Sequence[Any], derivative: int | None) -> Any:
        """A formula or a derivative of a primitive, read for arrays."""
        given = list(operands)
        if not any(isinstance(x, Array) for x in given):
            given = [self._literal(x) for x in given]
        try:
            result = read_table(op, row, given)
        except (ArithmeticError, ValueError):  # of numbers, which Python refuses: at run time they follow IEEE
            axes = [1] * next(len(x.lanes) for x in given if isinstance(x, Array))
            given = [x if isinstance(x, Array) else self._literal(np.full(axes, x)) for x in given]
            result = read_table(op, row, given)
        if derivative is not None and isinstance(result, Array) and not any(result is x for x in given):
            known = self.code.readings.get(result)
            if known is None or known.op.name in _CHOICES:  # softplus′ is better known as σ
                self.code.readings[result] = Read(op, tuple(operands[1:]), derivative)
        return result

    def _reduce(self, group: Group, formula: Any) -> Any:
        """The formula of an n-ary row."""
        operands = self._sequences(group)
        self.code.space = _space(group)
        y = read_table(group.op, formula, operands)
        self.code.space = None
        xs = [x.array for x in operands if isinstance(x, Symbol)]
        of_its_own = group.op in (_DOT, _TOTAL)  # they are written as sums
        # A sequence that does not change is one operand, which stands for several: they have no name
        if isinstance(y, Array) and not of_its_own and all(x.lanes[len(group.shape) :] == group.inner for x in xs):
            self.code.readings[y] = Read(group.op, tuple(xs))
        return self.code.reshape(y, _drop(y, group))

    def _sequences(self, group: Group) -> list[Any]:
        """The operands of an n-ary group, whole sequences marked as such; single ones with inner axes of length 1."""
        takes = group.op.takes
        assert takes is not None
        read = [self.read(operand) for operand in group.operands]
        if all(map(is_scalar, read[: takes.sequences])):
            read[0] = self._literal(np.full([1] * len(_space(group).whole), read[0]))
        wholes = [Symbol(x, self.code, whole=True) for x in read[: takes.sequences]]
        return [*wholes, *[self._raise(x, group) for x in read[takes.sequences :]]]

    # ── backward ──────────────────────────────────────────────────────────────────────────────

    def differentiate(self, root: int) -> None:
        store, row = self.vectorised.location(root)
        if store in self.touched:
            at = Operand(store, np.array([row]))
            at.strides = (0,)
            self.accumulate(at, Scale(1.0, -1) if store == SAMPLE else 1.0)
        for group in reversed(self.vectorised.groups):
            if group.active:
                adjoint = self.adjoint(group)
                if adjoint is not None:
                    if isinstance(adjoint, Array):
                        self.lowered.adjoints.setdefault(adjoint, []).append(group)
                    self.propagate(group, adjoint)
        self.to_clear[PARAMETER] |= ~self.touched[PARAMETER]
        self.lowered.cleared = {store: np.flatnonzero(rows) for store, rows in self.to_clear.items()}

    def adjoint(self, group: Group) -> Any:
        """δ of a group, the sum over its uses; None if it has none."""
        rows = slice(group.start, group.start + group.size)
        touched = self.touched[group.store][rows]
        pending = self.pending.pop(group)
        if not touched.any():
            total = None
            for term in pending:
                total = term if total is None else self.code.add(total, term)
            return total
        whole = Operand(group.store, np.arange(group.start, group.start + group.size).reshape(group.shape))
        whole.strides = _strides(group.shape)
        for term in pending:
            self._accumulate_rows(whole, term)
        if not pending:
            self.to_clear[group.store][rows] |= ~touched
        return self.code.do(Adjoint, group.shape, group.batched, group.store, group.start)

    def propagate(self, group: Group, adjoint: Any) -> None:
        """δ_operand += Σ δ · ∂y/∂operand for every operand that a gradient flows to."""
        op = group.op
        wanted = [operand.active for operand in group.operands]
        if op is TAKE:
            self._propagate_choice(group, adjoint)
            return
        if op.over_sequences is not None:
            adjoint = self._raise(adjoint, group)
        local = self.local_derivatives(group, wanted)
        terms: list[tuple[Operand, Any]] = []
        for number, (operand, derivative, want) in enumerate(zip(group.operands, local, wanted, strict=True)):
            if not want or derivative is None:
                continue
            space, target = _space(group).whole, operand.shape
            if op.takes is not None and number >= op.takes.sequences:  # a single operand has no inner axes
                target = (*target, *[1] * len(group.inner))
                space = _space(group).lanes
            delta = adjoint
            if isinstance(derivative, Array) and _may_be_infinite(group):
                # Where nothing chose it there is no gradient, and 0 times an infinite derivative would be NaN
                there = self.code.compare("not_equal", adjoint, 0.0)
                delta, derivative = self.code.where(there, self.code.multiply(adjoint, derivative), 0.0), 1.0
            term = self.code.product_sum(delta, derivative, space, group.batched, target, operand.batched)
            if isinstance(term, Array):
                term = self.code.reshape(term, term.lanes[: len(operand.shape)])
            same = next((i for i, (other, _) in enumerate(terms) if _alike(other, operand)), None)
            if same is None:
                terms.append((operand, term))
            else:  # x · x: what both factors get is added before it is handed on
                terms[same] = operand, self.code.add(terms[same][1], term)
        for operand, term in terms:
            self.accumulate(operand, term)

    def local_derivatives(self, group: Group, wanted: Sequence[bool]) -> Sequence[Any]:
        """∂y/∂operand for each operand of a group, as the table says; None where it is not wanted, or there is none."""
        op, y = group.op, self.result[group]
        if op.over_sequences is not None:
            self.code.space = _space(group)
            local: Sequence[Any] = read_table(
                op, op.over_sequences[1], [self._raise(y, group), *self._sequences(group)]
            )
            self.code.space = None
            return local
        rules: Any = op.derivatives
        lanes = [self.read(operand) for operand in group.operands]
        return [
            self._read_table(op, rule, [y, *lanes], number) if rule and want else None
            for number, (rule, want) in enumerate(zip(rules, wanted, strict=True))
        ]

    def _propagate_choice(self, group: Group, adjoint: Any) -> None:
        items, index = group.operands
        rows = np.unique(items.rows)
        self.to_clear[items.store][rows] |= ~self.touched[items.store][rows]
        self.touched[items.store][rows] = True
        whole = self._whole(adjoint, group.shape, group.batched)
        self.code.do(ContributeTaken, group.shape, group.batched, whole, items, index, group.inner)

    def _raise(self, y: Any, group: Group) -> Any:
        """With the inner axes of the group again, of length 1."""
        return self.code.reshape(y, (*y.lanes, *[1] * len(group.inner))) if isinstance(y, Array) else y

    def _whole(self, x: Any, lanes: tuple[int, ...], batched: bool) -> Array:
        """x as numbers in these lanes."""
        x = self.code.number(x)
        if isinstance(x, Array) and x.lanes == lanes and x.batched == batched:
            return x
        return self.code.do(Broadcast, lanes, batched, x)

    def accumulate(self, operand: Operand, term: Any) -> None:
        """Add a term to the adjoint of an operand."""
        term = self.code.number(term)
        group = self.made_by.get((operand.store, int(operand.rows.flat[0]))) if operand.store != PARAMETER else None
        if group is not None and operand.rows.size == group.size and operand.apart:
            flat = operand.rows.ravel()
            if (flat == np.arange(group.start, group.start + group.size)).all():
                if isinstance(term, Array) and operand.rows.shape != group.shape:
                    term = self.code.reshape(self._whole(term, operand.rows.shape, term.batched), group.shape)
                self.pending[group].append(term)
                return
        self._accumulate_rows(operand, term)

    def _accumulate_rows(self, operand: Operand, term: Any) -> None:
        rows, touched = operand.rows, self.touched[operand.store]
        before = touched[rows]
        assign = not before.any()
        if not assign and not before.all():
            self.to_clear[operand.store][rows[~before]] = True
        touched[rows] = True
        batched = operand.store == SAMPLE
        if operand.strides is not None and operand.apart:
            first = int(rows.flat[0])
            self.code.do(Contribute, rows.shape, batched, term, operand.store, first, operand.strides, assign)
        else:
            whole = self._whole(term, rows.shape, batched)
            self.code.do(Scatter, rows.shape, batched, whole, operand.store, rows, assign)


class Alone(NamedTuple):
    """A group by itself: what it reads, and the instructions of its values and of its local derivatives."""

    group: Group
    reads: list[tuple[Operand, Any]]
    """The operands, and what they are in the instructions: a read, or a number."""
    forward: list[Instruction]
    """The instructions of its values."""
    value: Array
    backward: list[Instruction]
    """The instructions of its local derivatives, which use what those of the values have computed."""
    derivatives: Sequence[Any]
    """∂y/∂operand for each operand, an array or a number; None where no gradient flows."""
    guarded: bool
    """Whether a derivative counts only where there is an adjoint: it may be infinite where nothing chose the group."""


def one_by_one(groups: Vectorised) -> Iterator[Alone]:
    """Each group by itself, for whoever has a chain rule of its own; a `take` has its operands, and no instructions."""
    lowering = _Lowering(groups)
    for group in groups.groups:
        lowering.code, lowering.operands = Code(), {}
        operands = [lowering.read(operand) for operand in group.operands]
        lowering.compute(group)
        forward = list(lowering.code.instructions)
        wanted = [operand.store != CONSTANT for operand in group.operands]
        derivatives = [] if group.op is TAKE else lowering.local_derivatives(group, wanted)
        yield Alone(
            group,
            list(zip(group.operands, operands, strict=True)),
            forward,
            lowering.result[group],
            lowering.code.instructions[len(forward) :],
            derivatives,
            _may_be_infinite(group),
        )


def _may_be_infinite(group: Group) -> bool:
    """Whether 0 · ∂y/∂operand may be NaN in samples that did not choose the group."""
    return group.optional and bool(group.op.domain or group.op is _DIV or group.op.own)


def _fits(wanted: Contribute, made: Array) -> bool:
    """Whether the rows of an adjoint can be seen in the shape of the array that should be written there."""
    return made.lanes == wanted.lanes or wanted.strides == _strides(wanted.lanes)


def _strides(lanes: NDArray[Any] | tuple[int, ...]) -> tuple[int, ...]:
    """The strides of rows that lie one after another."""
    return tuple(int(s) // 8 for s in np.empty(lanes).strides)


def _alike(a: Operand, b: Operand) -> bool:
    """Whether two operands are the same rows, lane by lane."""
    return a.store == b.store and a.rows.shape == b.rows.shape and bool((a.rows == b.rows).all())


def _space(group: Group) -> Space:
    return Space(group.shape, group.inner, group.batched)


def _drop(y: Any, group: Group) -> tuple[int, ...]:
    """The lanes of y without the inner axes, which have length 1 now."""
    return y.lanes[: len(group.shape)] if isinstance(y, Array) else ()
