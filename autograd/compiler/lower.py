"""From groups to instructions: the forward pass, and the backward pass that the table gives for it.

The backward pass is the chain rule on arrays. Each operand of a group is owed

    δ_operand = Σ δ · ∂y/∂operand,    summed over whatever the operand was broadcast over,

and that one sum (`_Lowering.product_sum`) is all of backpropagation's matrix products: for z = W a + b the
table says ∂z/∂W = a, ∂z/∂a = W and ∂z/∂b = 1, and the sums are δ aᵀ, Wᵀ δ and, over the batch, Σ δ.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.compiler.arrays import VIEWS, Array, Code, Scale, _add, _is_scalar, _multiply, _scalars, base
from autograd.compiler.roll import CONSTANT, INPUT, PARAMETER, SAMPLE, SHARED, Group, Operand, Roll, Rows
from autograd.compiler.trace import TAKE
from autograd.primitives import Primitive, table

__all__ = ["Lowered", "lower"]

_DOT, _TOTAL, _LOGSUMEXP = (table[name] for name in ("dot", "total", "logsumexp"))


class Lowered:
    """A program for any batch size.

    Attributes:
        code: the instructions, the forward pass first.
        forward: how many of them are the forward pass.
        unset: parameters that no gradient reaches: rows of the gradient that are zero.
        cleared: rows of other adjoints that have to start from zero, by store.
    """

    def __init__(self, code: Code) -> None:
        self.code = code
        self.forward = 0
        self.cleared: dict[int, Rows] = {}
        self.destination: dict[Array, Array] = {}


def lower(roll: Roll, root: int | None) -> Lowered:
    """The instructions of all groups and, if there is a root to differentiate, of the backward pass."""
    lowering = _Lowering(roll)
    for group in roll.groups:
        lowering.compute(group)
    forward = len(lowering.code.instructions)
    if root is not None:
        lowering.differentiate(root)
    lowering.remove_unused(forward)
    lowering.choose_destinations()
    return lowering.lowered


class _Lowering:
    def __init__(self, roll: Roll) -> None:
        self.roll = roll
        self.code = Code()
        self.lowered = Lowered(self.code)
        self.result: dict[Group, Array] = {}
        self.operands: dict[Operand, Any] = {}
        self.pending: dict[Group, list[Any]] = {group: [] for group in roll.groups}
        self.made_by = {(group.store, group.start): group for group in roll.groups}
        sizes = {PARAMETER: len(roll.parameters), **roll.sizes}
        self.touched = {store: np.zeros(size, bool) for store, size in sizes.items()}
        self.to_clear = {store: np.zeros(size, bool) for store, size in sizes.items()}

    # ── forward ───────────────────────────────────────────────────────────────────────────────

    def compute(self, group: Group) -> None:
        op = group.op
        operands = [self.read(operand) for operand in group.operands] if op is not TAKE else []
        if op is _DOT:
            w, x, bias = operands
            y = self.product_sum(w, x, (*group.shape, *group.inner), group.batched, self._lanes(group), group.batched)
            y = _add(self._drop(y, group), bias)
        elif op is _TOTAL:
            (x,) = operands
            y = self.product_sum(x, 1.0, (*group.shape, *group.inner), group.batched, self._lanes(group), group.batched)
            y = self._drop(y, group)
        elif op is _LOGSUMEXP:
            (x,) = operands
            y = self._log_sum_exp(x, group)
        elif op is TAKE:
            y = self.code.do("take", (*group.operands, group.inner), group.shape, group.batched)
        else:
            y = self._read_table(op, op, operands)
        if _is_scalar(y) or y.shape != group.shape or y.batched != group.batched or base(y).op in VIEWS:
            y = self.code.do("broadcast", (y,), group.shape, group.batched)
        self.result[group] = y
        self.code.do("save", (y, group.store, group.start), group.shape, group.batched)

    def read(self, operand: Operand) -> Any:
        """An operand as an array, or as a number."""
        if operand not in self.operands:
            if operand.store == CONSTANT:
                values = operand.values
                assert values is not None
                number = values.size == 1
                array: Any = float(values.flat[0]) if number else self.code.do("literal", (values,), values.shape)
            else:
                shape = operand.rows.shape
                if operand.strides is not None:
                    where = (operand.store, int(operand.rows.flat[0]), operand.strides)
                    array = self.code.emit("rows", where, shape, operand.batched)
                else:
                    array = self.code.do("gather", (operand.store, operand.rows), shape, operand.batched)
            self.operands[operand] = array
        return self.operands[operand]

    def _read_table(self, op: Primitive, row: Any, operands: Sequence[Any]) -> Any:
        """A formula or a derivative of a primitive, read for arrays."""
        if not any(isinstance(x, Array) for x in operands):
            operands = [self.code.do("literal", (np.full((), x),), ()) if i == 0 else x for i, x in enumerate(operands)]
        try:
            return row(*operands)
        except (TypeError, AttributeError) as error:
            raise TypeError(
                f"the primitive {op.name} cannot be compiled: its formula and derivatives have to be arithmetic and "
                f"functions of autograd (autograd.exp, not math.exp; where, not if). Read for arrays: {error}"
            ) from error

    def _lanes(self, group: Group) -> tuple[int, ...]:
        return (*group.shape, *[1] * len(group.inner))

    def _drop(self, y: Any, group: Group) -> Any:
        """Without the inner axes, which have length 1 now."""
        if not isinstance(y, Array) or not group.inner:
            return y
        return self.code.emit("reshape", (y,), y.shape[: len(group.shape)], y.batched)

    def _raise(self, y: Any, group: Group) -> Any:
        """With the inner axes again, of length 1."""
        if not isinstance(y, Array) or not group.inner:
            return y
        return self.code.emit("reshape", (y,), (*y.shape, *[1] * len(group.inner)), y.batched)

    def _log_sum_exp(self, x: Any, group: Group) -> Any:
        if _is_scalar(x):
            x = self.code.do("literal", (np.full((*group.shape, *group.inner), x),), (*group.shape, *group.inner))
        lanes = (*x.shape[: len(group.shape)], *[1] * len(group.inner))
        peak = self.code.emit("peak", (x,), lanes, x.batched)
        shift = table["where"](abs(peak) < np.inf, peak, 0.0)
        space = (*lanes[: len(group.shape)], *group.inner)
        summed = self.product_sum(table["exp"](x - shift), 1.0, space, x.batched, lanes, x.batched)
        return self._drop(shift + table["log"](summed), group)

    # ── backward ──────────────────────────────────────────────────────────────────────────────

    def differentiate(self, root: int) -> None:
        store, row = self.roll.location(root)
        if store in self.touched:
            at = Operand(store, np.array([row]))
            at.strides = (0,)
            self.accumulate(at, Scale(1.0, -1) if store == SAMPLE else 1.0)
        for group in reversed(self.roll.groups):
            if group.active:
                adjoint = self.adjoint(group)
                if adjoint is not None:
                    self.propagate(group, adjoint)
        untouched = ~self.touched[PARAMETER]
        self.to_clear[PARAMETER] |= untouched
        self.lowered.cleared = {store: np.flatnonzero(rows) for store, rows in self.to_clear.items()}

    def adjoint(self, group: Group) -> Any:
        """δ of a group, the sum over its uses; None if it has none."""
        rows = slice(group.start, group.start + group.size)
        touched = self.touched[group.store][rows]
        pending = self.pending.pop(group)
        if not touched.any():
            total = None
            for term in pending:
                total = term if total is None else _add(total, term)
            return total
        whole = Operand(group.store, np.arange(group.start, group.start + group.size).reshape(group.shape))
        whole.strides = tuple(int(s) // 8 for s in np.empty(group.shape).strides)
        for term in pending:
            self._accumulate_rows(whole, term)
        self.to_clear[group.store][rows] |= ~touched if not pending else False
        return self.code.do("adjoint", (group.store, group.start), group.shape, group.batched)

    def propagate(self, group: Group, adjoint: Any) -> None:
        """δ_operand += Σ δ · ∂y/∂operand for every operand that a gradient flows to."""
        op = group.op
        wanted = [operand.active and operand.store in self.touched for operand in group.operands]
        if op is TAKE:
            self._propagate_choice(group, adjoint)
            return
        lanes, y = [self.read(operand) for operand in group.operands], self.result[group]
        if op.nary:
            adjoint, y = self._raise(adjoint, group), self._raise(y, group)
        rules: Any = op.derivatives
        space: tuple[int, ...]
        if op.nary:  # the row is read for one w and one x: whole sequences of them are two arrays
            space, batched = (*group.shape, *group.inner), group.batched
            self.code.total = lambda x: self.product_sum(x, 1.0, space, batched, self._lanes(group), batched)
            local = self._read_table(op, rules, [y, *lanes])
        else:
            local = [
                self._read_table(op, rule, [y, *lanes]) if rule and want else None
                for rule, want in zip(rules, wanted, strict=True)
            ]
        for number, (operand, derivative, want) in enumerate(zip(group.operands, local, wanted, strict=True)):
            if not want or derivative is None:
                continue
            space, target = (*group.shape, *group.inner), operand.shape
            if op is _DOT and number == 2:  # the bias has no inner axes
                target = (*target, *[1] * len(group.inner))
                space = self._lanes(group)
            term = self.product_sum(adjoint, derivative, space, group.batched, target, operand.batched)
            if isinstance(term, Array) and len(target) != len(operand.shape):
                term = self.code.emit("reshape", (term,), term.shape[: len(operand.shape)], term.batched)
            self.accumulate(operand, term)

    def _propagate_choice(self, group: Group, adjoint: Any) -> None:
        items, index = group.operands
        if items.store in self.touched and items.active:
            rows = np.unique(items.rows)
            self.to_clear[items.store][rows] |= ~self.touched[items.store][rows]
            self.touched[items.store][rows] = True
            self.code.do(
                "give",
                (self._whole(adjoint, group.shape, group.batched), items, index, group.inner),
                group.shape,
                group.batched,
            )

    def _whole(self, x: Any, shape: tuple[int, ...], batched: bool) -> Array:
        if isinstance(x, Array) and x.shape == shape and x.batched == batched and not x.condition:
            return x
        return self.code.do("broadcast", (x,), shape, batched)

    def product_sum(
        self, a: Any, b: Any, space: tuple[int, ...], batched: bool, target: tuple[int, ...], target_batched: bool
    ) -> Any:
        """Σ a · b over the axes of the space (and the batch) that the target does not have.

        The result may itself be narrower than the target, where it does not change.
        """
        if _is_scalar(b):
            a, b = b, a
        shapes = [x.shape for x in (a, b) if isinstance(x, Array)]
        present = np.broadcast_shapes(*shapes, (1,) * len(space))
        times = 1.0
        for length, here, there in zip(space, present, target, strict=True):
            if here == 1 and there == 1:
                times *= length
        present_batched = any(x.batched for x in (a, b) if isinstance(x, Array))
        if batched and not present_batched and not target_batched:
            times = Scale(times, 1)  # type: ignore[assignment]
        if _is_scalar(a):
            a = _scalars(a, times)
            return _multiply(a, self.total(b, target, target_batched)) if isinstance(b, Array) else _scalars(a, b)
        result = tuple(min(here, there) for here, there in zip(present, target, strict=True))
        result_batched = present_batched and target_batched
        if result == present and result_batched == present_batched:
            return _multiply(_multiply(a, b), times)
        # σ · δ with a scalar factor: the factor goes to the smaller result
        for x, other in ((a, b), (b, a)):
            if x.op == "multiply" and _is_scalar(x.args[1]) and int(np.prod(result)) < int(np.prod(x.shape)):
                return _multiply(self.product_sum(x.args[0], other, space, batched, target, target_batched), x.args[1])
        return _multiply(self.code.emit("contract", (a, b), result, result_batched), times)

    def total(self, x: Array, target: tuple[int, ...], batched: bool) -> Any:
        """Σ x over the axes (and the batch) that the target does not have."""
        result = tuple(min(here, there) for here, there in zip(x.shape, target, strict=True))
        result_batched = x.batched and batched
        if result == x.shape and result_batched == x.batched:
            return x
        if x.op == "multiply" and _is_scalar(x.args[1]) and not x.args[0].condition:
            return _multiply(self.total(x.args[0], target, batched), x.args[1])
        return self.code.emit("sum", (x,), result, result_batched)

    def accumulate(self, operand: Operand, term: Any) -> None:
        """Add a term to what an operand is owed."""
        group = self.made_by.get((operand.store, int(operand.rows.flat[0]))) if operand.store != PARAMETER else None
        if group is not None and operand.rows.size == group.size and operand.apart:
            flat = operand.rows.ravel()
            if (flat == np.arange(group.start, group.start + group.size)).all():
                if isinstance(term, Array) and operand.rows.shape != group.shape:
                    term = self._whole(term, operand.rows.shape, term.batched)
                    term = self.code.emit("reshape", (term,), group.shape, term.batched)
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
            place = (operand.store, int(rows.flat[0]), operand.strides)
            self.code.do("owe", (term, *place, assign), rows.shape, batched)
        else:
            self.code.do(
                "scatter", (self._whole(term, rows.shape, batched), operand.store, rows, assign), rows.shape, batched
            )

    # ── what is left out ──────────────────────────────────────────────────────────────────────

    def remove_unused(self, forward: int) -> None:
        """Keep only instructions that have an effect, or whose result is used."""
        used: set[Array] = set()
        kept: list[Array] = []
        for number, instruction in reversed(list(enumerate(self.code.instructions))):
            if instruction in used or instruction.op in ("save", "owe", "scatter", "give"):
                used.update(x for x in instruction.args if isinstance(x, Array))
                kept.append(instruction)
                self.lowered.forward += number < forward
        self.code.instructions[:] = kept[::-1]

    # ── destinations ──────────────────────────────────────────────────────────────────────────

    def choose_destinations(self) -> None:
        """Let instructions write to where their result is wanted, which saves a copy.

        A result may live in the rows of its group for good. It may live in the rows of an adjoint if
        nothing is added to those later, which is so if nothing else uses it.
        """
        uses: dict[Array, int] = {}
        for instruction in self.code.instructions:
            for x in instruction.args:
                if isinstance(x, Array):
                    uses[x] = uses.get(x, 0) + 1
        for instruction in self.code.instructions:
            if instruction.op not in ("save", "owe"):
                continue
            x = instruction.args[0]
            if not isinstance(x, Array) or x.condition or x in self.lowered.destination:
                continue
            made = base(x)
            if made.op in VIEWS or made.condition or made in self.lowered.destination:
                continue
            if x.shape != instruction.shape or x.batched != instruction.batched:
                continue
            if instruction.op == "save" or (
                instruction.args[4] and uses[x] == 1 and uses[made] == 1 and _fits(instruction, made)
            ):
                self.lowered.destination[made] = instruction


def _fits(owe: Array, made: Array) -> bool:
    """Whether the rows of an adjoint can be seen in the shape of the array that should be written there."""
    strides = owe.args[3]
    return made.shape == owe.shape or strides == tuple(int(s) // 8 for s in np.empty(owe.shape).strides)


_ = (INPUT, SHARED)
