"""The scalar program written as rows: for graphs in which there are few or no arrays to find.

Where a group has a lane or two, finding groups costs more than it gives. So each node is written down by itself: the
instructions of its primitive's row of the table are read once for each primitive (by `Code`, as the array program is),
and repeated for each node with other addresses. A number is one double for each sample of the batch, or one for all.

The backward pass goes from the last node to the first, and adds δ · ∂y/∂operand to what each operand has been given.

Importing this module imports Numba.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import autograd.compiler.interpreter as op
import autograd.compiler.tape_writer as to
from autograd.compiler.arrays import Code, read_table
from autograd.compiler.compiled import loop, writer
from autograd.compiler.instructions import (
    Array,
    Compare,
    Elementwise,
    Function,
    Instruction,
    Literal,
    Mask,
    Not,
    Number,
    Where,
)
from autograd.compiler.normalise import Scalars, returned_nodes
from autograd.compiler.stores import address_of, aligned
from autograd.compiler.trace import DETACH
from autograd.primitives import Primitive, table

__all__ = ["TapePlan"]

Floats = NDArray[np.float64]

_ADD, _SUB, _MUL, _DOT, _TOTAL, _POW = (table[name] for name in ("add", "sub", "mul", "dot", "total", "pow"))
_CHEAP = frozenset(table[name] for name in ("add", "sub", "mul", "neg", "pos"))  # whose rows are all of one kind


class _Merged(NamedTuple):
    """An addition or subtraction of a product."""

    name: str
    nary: bool = True


_LESS_DOT, _DOT_LESS = _Merged("c - a b"), _Merged("a b - c")
_WITHOUT_TEMPLATE: dict[Any, int] = {
    _DOT: to.DOTS, _TOTAL: to.TOTALS, DETACH: to.DETACHED, _LESS_DOT: to.LESS_DOTS, _DOT_LESS: to.DOTS_LESS,
}  # fmt: skip
_OPCODE = {name: opcode for opcode, name in enumerate(op.ELEMENTWISE)}


_MOST = 1 << 29  # doubles of an arena: places have 30 bits
_WIDEST = 62  # operands of a primitive: the derivatives that are wanted are bits of a number

Place = int
"""Where a number is: twice how many doubles from the beginning of the arena; odd, if each sample has one of its own."""


class NotOnTapeError(Exception):
    """What cannot be written so: a primitive that has no rows of its own, by name; more numbers than can be counted."""


class TapePlan:
    """The scalar program on one vector, for one size of batch.

    All its numbers lie in one arena: the gradient, a copy of the vector, the inputs, and then whatever is computed.

    Args:
        scalars: the program.
        parameters: the nodes of the vector.
        vector: the data of the parameters.
        batch: the number of samples.

    Raises:
        NotOnTapeError: for what cannot be written so.
    """

    def __init__(self, scalars: Scalars, parameters: Sequence[int], vector: Floats, batch: int) -> None:
        self.scalars, self.batch, self.root, self._run = scalars, batch, scalars.root, loop()
        self._vector = vector
        tape = _Tape(scalars, parameters, batch)
        self._arena = aligned((tape.size,))
        for offset, number in tape.numbers:
            self._arena[offset] = number
        n, at = len(vector), 2 * len(vector)
        self._gradient, self._parameters, self._inputs = self._arena[:n], self._arena[n:at], []
        for width in scalars.widths:
            self._inputs.append(self._arena[at : at + width * batch].reshape(width, batch))
            at += width * batch
        self._base = address_of(self._arena)
        self._code = tape.addressed(self._base)
        start = address_of(self._code)
        self._start, self._middle, self._end = start, start + 8 * tape.forward, start + self._code.nbytes
        self._places = tape.places
        self._nodes: Sequence[int] = ()
        self._gathered: NDArray[np.int64] = np.empty((0, 0), np.int64)
        self._of_root = None if self.root is None else self._row(self.root)
        self.nbytes = self._arena.nbytes + self._code.nbytes + self._places.nbytes

    def value_and_grad(self, inputs: list[Floats]) -> tuple[float, Floats]:
        """The mean of the root over a batch, and its gradient."""
        assert self._of_root is not None
        self._take(inputs)
        self._run(self._start, self._end, self._base)
        row = self._of_root
        return float(row[0]) if len(row) == 1 else _mean(row), self._gradient.copy()

    def values(self, inputs: list[Floats]) -> Callable[[int], Any]:
        """Compute all values of a batch; gives a function from a node to its array."""
        self._take(inputs)
        self._run(self._start, self._middle, self._base)
        return self._row

    def gather(self, nodes: Sequence[int], inputs: list[Floats]) -> Floats:
        """Compute; gives the values of nodes, an array (nodes, samples). Asked for the same list again, it is quick."""
        self.values(inputs)
        if nodes is not self._nodes:
            places = self._places[np.array(nodes, int)]
            assert (places >= 0).all()
            self._gathered = (places >> 1)[:, None] + (places & 1)[:, None] * np.arange(self.batch)
            self._nodes = nodes
        found: Floats = self._arena[self._gathered]
        return found

    def _take(self, inputs: list[Floats]) -> None:
        self._parameters[:] = self._vector
        for here, given in zip(self._inputs, inputs, strict=True):
            here[:] = given.reshape(self.batch, -1).T

    def _row(self, node: int) -> Floats:
        assert self._places[node] >= 0
        offset, batched = divmod(self._places[node], 2)
        return self._arena[offset : offset + (self.batch if batched else 1)]


@np.errstate(all="ignore")
def _mean(row: Floats) -> float:
    return float(np.add.reduce(row) / len(row))


# ── what a primitive is made of ───────────────────────────────────────────────────────────────


class _Step(NamedTuple):
    """An operation: the opcode, and its operands, each the number of a place."""

    opcode: int
    operands: Sequence[int]
    alone: Sequence[int]
    """The opcode of its scalar row, and the places of out, a, b, c; −1 is that of the result."""

    @property
    def results(self) -> int:
        return op.RESULTS[self.opcode]

    @property
    def words(self) -> list[int]:
        operands = [*self.operands, *[self.operands[0]] * (3 - len(self.operands))]
        return [self.opcode, len(self.operands), *operands, self.alone[0], *self.alone[2:]]


class _Template(NamedTuple):
    """A primitive and its derivatives as steps.

    Places are counted: first the operands, then the numbers, then the results of the steps, forward ones first.
    """

    numbers: list[float]
    forward: list[_Step]
    result: int
    """The place of y."""
    backward: list[_Step]
    factors: list[int | None]
    """∂y/∂operand, its place; None where it is not wanted or no gradient flows."""

    @property
    def results(self) -> int:
        return sum(step.results for step in [*self.forward, *self.backward])

    def written(self, numbers: list[Place]) -> list[int]:
        """As `tape_writer` reads it, with the places of the numbers."""
        results = sum(step.results for step in self.forward)
        header = [len(self.factors), len(numbers), results, len(self.forward), len(self.backward), self.result]
        factors = [-1 if factor is None else factor for factor in self.factors]
        return [
            *header,
            *factors,
            *numbers,
            *chain.from_iterable(step.words for step in [*self.forward, *self.backward]),
        ]


class _Made(NamedTuple):
    """An operation of a primitive, or of its derivatives, before it has a place."""

    forward: bool
    opcode: int
    operands: Sequence[Any]
    """Arrays and numbers."""
    results: Sequence[Any]


def _template(row: Primitive, known: Sequence[float | None], wanted: Sequence[bool], one: bool) -> _Template:
    """Read a row of the table.

    Args:
        known: the operands that are known, else None.
        wanted: the operands whose derivatives are needed.
        one: whether there is one sample only, so that several steps may be one row.
    """
    try:
        code, xs, y, forward, factors = _read(row, known, wanted)
    except (ArithmeticError, ValueError):  # Python refuses it (log(−2)), so it is left to run time, where it is IEEE's
        code, xs, y, forward, factors = _read(row, [None] * len(known), wanted)
    used, given = _used(code.instructions, [y, *factors]), {x for x in xs if isinstance(x, Array)}
    made: list[_Made] = []
    seen: set[Any] = set()
    for at, x in enumerate(code.instructions):
        if x in used and x not in given and x not in seen:
            both = _sine_and_cosine(x, used)
            opcode, operands = (op.SIN_AND_COS, both[0].args) if both else _step(row, x)
            made.append(_Made(at < forward, opcode, operands, both or (x,)))
            seen.update(both)
    if one:
        made = _fewer(made, {y, *factors})
    results = {result: k for k, result in enumerate(chain.from_iterable(x.results for x in made))}
    rows = [op.scalar_row(x.opcode, None, x.operands) for x in made]

    everything = [y, *factors, *[x for each, alone in zip(made, rows, strict=True) for x in (*each.operands, *alone)]]
    numbers = {repr(x): x for x in everything if type(x) is float}  # by their text, as 0 and −0 are two
    order = list(numbers)

    def place(x: Any) -> int:
        if x is None:  # the result that a row is for
            return -1
        if type(x) is float:
            return len(xs) + order.index(repr(x))
        return xs.index(x) if x in given else len(xs) + len(order) + results[x]

    def steps(forward: bool) -> list[_Step]:
        return [
            _Step(x.opcode, [*map(place, x.operands)], [alone[0], *map(place, alone[1:])])
            for x, alone in zip(made, rows, strict=True)
            if x.forward is forward
        ]

    return _Template(
        [*numbers.values()], steps(True), place(y), steps(False), [None if x is None else place(x) for x in factors]
    )


def _read(
    row: Primitive, known: Sequence[float | None], wanted: Sequence[bool]
) -> tuple[Code, list[Any], Any, int, list[Any]]:
    """The instructions of a row, its operands, y, how many instructions that takes, and the derivatives."""
    code = Code()
    xs = [code.do(Literal, (), False, np.ones(())) if x is None else x for x in known]
    y = code.number(read_table(row, row, xs))
    forward = len(code.instructions)
    rules: Any = row.derivatives
    factors = [
        code.number(read_table(row, rule, [y, *xs])) if rule and want else None
        for rule, want in zip(rules, wanted, strict=True)
    ]
    return code, xs, y, forward, factors


def _fewer(made: list[_Made], needed: set[Any]) -> list[_Made]:
    """The same with one operation in the place of several, wherever there is one and nothing else needs the rest."""
    fewer: list[_Made] = []
    while made:
        for opcode, several, given, letters in op.SEVERAL:
            some, others = made[: len(several)], made[len(several) :]
            found = _operands_of(several, some)
            if found is None:
                continue
            results = [x.results[0] for x in some]
            elsewhere = needed.union(*(x.operands for x in others))
            if not elsewhere.intersection(x for k, x in enumerate(results) if k not in given):
                fewer.append(_Made(some[0].forward, opcode, [found[x] for x in letters], [results[k] for k in given]))
                made = others
                break
        else:
            fewer.append(made[0])
            made = made[1:]
    return fewer


def _operands_of(several: Sequence[tuple[int, tuple[Any, ...]]], some: Sequence[_Made]) -> dict[Any, Any] | None:
    """What the letters stand for, if these are the operations; else None."""
    known: dict[Any, Any] = {}
    for k, ((opcode, operands), x) in enumerate(zip(several, some, strict=False)):
        if opcode != x.opcode or x.forward is not some[0].forward:
            return None
        for wanted, there in zip(operands, x.operands, strict=True):
            if type(wanted) is float:
                fits = type(there) is float and repr(there) == repr(wanted)
            else:
                fits = known.setdefault(wanted, there) is there
            if not fits:
                return None
        known[k] = x.results[0]
    return known if len(some) == len(several) else None


def _sine_and_cosine(x: Instruction, used: set[Any]) -> tuple[Any, ...]:
    """The two of the same number, if both are needed: together they take hardly longer than one."""
    if not isinstance(x, Elementwise) or x.function not in ("sin", "cos"):
        return ()
    both = {y.function: y for y in used if isinstance(y, Elementwise) and y.args == x.args}
    return (both["sin"], both["cos"]) if {"sin", "cos"} <= both.keys() else ()


def _used(instructions: list[Instruction], results: list[Any]) -> set[Any]:
    used = {x for x in results if isinstance(x, Array)}
    for x in reversed(instructions):
        if x in used:
            used.update(x.arrays())
    return used


def _step(row: Primitive, x: Any) -> tuple[int, tuple[Any, ...]]:
    """The opcode and the operands of an instruction."""
    if isinstance(x, (Elementwise, Compare)) and x.function in _OPCODE:
        return _OPCODE[x.function], x.args
    if isinstance(x, Function) and x.name in _OPCODE:
        return _OPCODE[x.name], x.args
    if isinstance(x, Where):
        return op.SELECT, (x.a, x.b, x.where)
    if isinstance(x, Mask):
        return op.MULTIPLY, (x.x, x.where)
    if isinstance(x, Not):
        return op.SUBTRACT, (1.0, x.x)
    if isinstance(x, Number):
        return op.COPY, (x.x,)
    raise NotOnTapeError(row.name)


# ── the rows ──────────────────────────────────────────────────────────────────────────────────


class _Tape:
    """The rows of a scalar program, with addresses that are counted from where its arena will begin.

    Here it becomes arrays of integers, of which `tape_writer` writes the rows.

    Attributes:
        size: how many doubles the arena has.
        numbers: (offset, number) of the constants in it.
        places: where the value of each node is; −1 for a product that is nowhere by itself.
        forward: how many words the forward pass has.
    """

    def __init__(self, scalars: Scalars, parameters: Sequence[int], batch: int) -> None:
        self.numbers: list[tuple[int, float]] = []
        self._constants: dict[str, Place] = {}
        n, many = len(parameters), len(scalars)
        begins = [2 * n + batch * sum(scalars.widths[:k]) for k in range(len(scalars.widths) + 1)]
        self.size = begins[-1]
        nodes = _Nodes(scalars, batch == 1)
        known = np.zeros((many + 1, len(to.FIELDS)), np.int64)
        known[:, to.OPERANDS], known[:many, to.BATCHED] = nodes.operands_of, scalars.batched
        known[:many, to.ACTIVE] = nodes.active
        places, deltas, given = known[:many, to.PLACE], known[:many, to.DELTA], known[:many, to.GIVEN]
        deltas[:] = -1
        for k, node in enumerate(parameters):
            places[node], deltas[node], given[node] = 2 * (n + k), 2 * k, 1
        for node, (argument, row) in scalars.inputs.items():
            places[node] = 2 * (begins[argument] + batch * row) + (batch > 1)
        for node, number in scalars.constants.items():
            places[node] = self._number(number)
        templates: list[int] = []
        kinds = []
        # halves of a row, of what is written of a sum, and of what is written for each of its operands
        row, of_sum, of_operand = (42, 26, 64) if batch > 1 else (6, 4, 12)
        room = 2 * 42  # to clear the gradient, and δ of the root
        for node, count in zip(nodes.examples, nodes.counts, strict=True):
            primitive: Any = nodes.op[node]
            kinds.append(_WITHOUT_TEMPLATE.get(primitive, len(templates)))
            if kinds[-1] >= 0:
                values = [scalars.constants.get(x) if primitive is _POW else None for x in scalars.operands[node]]
                wanted = [scalars.active[node] and scalars.active[x] for x in scalars.operands[node]]
                template = _template(primitive, values, wanted, batch == 1)
                templates += template.written([self._number(x) for x in template.numbers])
                room += count * row * (template.results + len(wanted))
        room += of_sum * many + of_operand * nodes.summed
        state = np.zeros(len(to.STATE), np.int64)
        state[to.CONSTANTS :] = [self._number(x) for x in (1.0, -1.0, -0.0, 0.0, 1 / batch)]
        state[to.RUN_OF], state[to.SIZE], state[to.BATCH] = -1, self.size, batch
        code = np.empty(room, np.uint32)
        root, starts = -1 if scalars.root is None else scalars.root, np.array(kinds, np.int64)
        writer()(
            root, nodes.order, nodes.runs, starts[nodes.kinds], nodes.operands, np.array(templates, np.int64),
            starts[starts >= 0], known, state, code,
        )  # fmt: skip
        self.forward, self.size = int(state[to.BACKWARD_AT]) // 2, int(state[to.SIZE])
        if self.size > _MOST:
            raise NotOnTapeError(f"{self.size} numbers")
        self.places = known[:many, to.PLACE].astype(np.int32)
        self.places[nodes.merged] = -1
        self._code = code[: state[to.USED]].view(np.int64)  # there was room for more

    def addressed(self, arena: int) -> NDArray[np.int64]:
        """The rows, with this beginning of the arena."""
        code = self._code.copy()
        code[code >= to.ARENA] += arena - to.ARENA
        return code

    def _number(self, number: float) -> Place:
        key = repr(number)
        if key not in self._constants:
            self.numbers.append((self.size, number))
            self._constants[key] = 2 * self.size
            self.size += 1
        return self._constants[key]


class _Nodes:
    """The nodes of a scalar program as arrays, and the order they are computed in: in runs, each of one kind.

    A kind is a primitive, which of its derivatives are wanted, and of a power what is known of base and exponent. Runs
    go level by level; what is cheap is one run, but for its kinds.

    Args:
        scalars: the program.
        one: whether there is one sample only, so that a · b + c is cheapest as one operation.

    Attributes:
        op: the primitive of each node.
        operands, operands_of: of all nodes, one after the other; and for each node where they begin, and the end.
        active: whether a gradient flows through a node.
        merged: products that are part of a sum, and not computed by themselves.
        order: the nodes that are computed.
        runs: where in the order each begins, and the end of the last.
        kinds: that of each run.
        examples, counts: a node of each kind, and how many there are.
        summed: how many operands sums have.
    """

    def __init__(self, scalars: Scalars, one: bool) -> None:
        many = len(scalars)
        counts = np.fromiter(map(len, scalars.operands), np.int64, many)
        self.operands = np.fromiter(chain.from_iterable(scalars.operands), np.int64, counts.sum())
        self.operands_of = _begins(counts)
        self.active = np.array(scalars.active, bool)
        self.op: list[Any] = scalars.op
        self.merged = np.empty(0, np.int64)
        if one:
            self._add_products_where_they_arise(list(returned_nodes(scalars.result)))
        computed = np.flatnonzero(np.diff(self.operands_of))
        of: list[Any] = self.op
        rows: dict[Primitive, int] = {}
        row = np.array([rows.setdefault(of[node], len(rows)) for node in computed.tolist()], int)
        for primitive in rows:
            if primitive.nary and primitive not in _WITHOUT_TEMPLATE:
                raise NotOnTapeError(primitive.name)

        # what tells kinds apart: the primitive, a bit for each derivative that is wanted, what is known of a power
        counts = np.diff(self.operands_of)
        place = np.minimum(np.arange(len(self.operands)) - np.repeat(self.operands_of[:-1], counts), _WIDEST)
        bits = np.add.reduceat(self.active[self.operands] << place, self.operands_of[computed]) if len(row) else row
        sums = np.array([primitive in _WITHOUT_TEMPLATE for primitive in rows], bool)[row]
        if (counts[computed][~sums] > _WIDEST).any():
            raise NotOnTapeError(f"a primitive of more than {_WIDEST} operands")
        bits[sums | ~self.active[computed]] = 0
        known, texts = np.zeros(len(row), int), {"": 0}  # as text 0 and −0 are two, and NaN is one
        for k in np.flatnonzero(row == rows.get(_POW, -1)).tolist():
            text = str([scalars.constants.get(x) for x in scalars.operands[computed[k]]])
            known[k] = texts.setdefault(text, len(texts))
        different, bits = np.unique(bits, return_inverse=True)
        kind = (row * len(different) + bits) * len(texts) + known
        _, first, kind, self.counts = np.unique(kind, return_index=True, return_inverse=True, return_counts=True)
        self.examples = computed[first].tolist()

        # level by level; there by name, but what is cheap first
        named = [("" if of[node] in _CHEAP else of[node].name, k) for k, node in enumerate(self.examples)]
        rank = np.empty(len(named), int)
        rank[[k for _, k in sorted(named)]] = np.arange(len(named))
        key = np.array(scalars.level, int)[computed] * len(named) + rank[kind]
        order = np.argsort(key, kind="stable")
        self.order, key = computed[order], key[order]
        begins = np.flatnonzero(np.diff(key, prepend=-1))
        self.runs, self.kinds = np.append(begins, len(key)), kind[order[begins]]
        self.summed = int(counts[computed[sums]].sum())

    def _add_products_where_they_arise(self, returned: list[int]) -> None:
        """Let c + a · b, c − a · b and a · b − c be one node each, where nothing else needs that product."""
        numbers = {_ADD: 1, _SUB: 2, _MUL: 3}
        kind = np.array([numbers.get(row, 0) for row in self.op], np.int8)
        uses = np.bincount(self.operands, minlength=len(kind))
        uses[returned] += 1
        free = (kind == numbers[_MUL]) & (uses == 1)
        sums = np.flatnonzero((kind == numbers[_ADD]) | (kind == numbers[_SUB]))
        left, right = self.operands[self.operands_of[sums]], self.operands[self.operands_of[sums] + 1]
        found = free[left] | free[right]
        sums, left, right = sums[found], left[found], right[found]
        first = free[left]
        self.merged, other = np.where(first, (left, right), (right, left))
        begins = self.operands_of[self.merged]
        operands = self.operands[begins], self.operands[begins + 1], other
        counts = np.diff(self.operands_of)
        stays = np.ones(len(counts), bool)
        stays[sums] = stays[self.merged] = False
        others = self.operands[np.repeat(stays, counts)]
        counts[sums], counts[self.merged] = 3, 0
        self.operands_of = _begins(counts)
        self.operands = np.empty(self.operands_of[-1], np.int64)
        self.operands[np.repeat(stays, counts)] = others
        for k, of_each in enumerate(operands):
            self.operands[self.operands_of[sums] + k] = of_each
        self.op = list(self.op)
        for node, product_first in zip(sums.tolist(), first.tolist(), strict=True):
            self.op[node] = _DOT if self.op[node] is _ADD else _DOT_LESS if product_first else _LESS_DOT


def _begins(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each begins of which there are so many, one after the other; and the end."""
    return np.concatenate([[0], np.cumsum(counts)])
