"""The scalar program written as rows: for graphs in which there are few or no arrays to find.

Where a group has a lane or two, finding groups costs more than it gives. So each node is written down by itself: the
instructions of its primitive's row of the table are read once for each primitive (by `Code`, as the array program is),
and repeated for each node with other addresses. A number is one double for each sample of the batch, or one for all.

The backward pass goes from the last node to the first, and adds δ · ∂y/∂operand to what each operand has been given.

Importing this module imports Numba.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import autograd.compiler.interpreter as op
from autograd.compiler.arrays import Code, read_table
from autograd.compiler.compiled import loop
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
from autograd.compiler.normalise import Scalars
from autograd.compiler.stores import address_of, aligned
from autograd.compiler.trace import DETACH
from autograd.primitives import Primitive, table

__all__ = ["TapePlan"]

Floats = NDArray[np.float64]

_DOT, _TOTAL, _POW = table["dot"], table["total"], table["pow"]
_CHEAP = frozenset(table[name] for name in ("add", "sub", "mul", "neg", "pos"))  # whose rows are all of one kind
_TOGETHER = 8  # nodes whose derivatives are computed step by step in turn, so that none waits for another
_OPCODE = {name: opcode for opcode, name in enumerate(op.ELEMENTWISE)}


_ARENA = 1 << 62  # where addresses begin until there is an arena; nothing else is so great
_MOST = 1 << 29  # doubles of an arena: places have 30 bits

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
        self.nbytes = self._arena.nbytes + self._code.nbytes

    def value_and_grad(self, inputs: list[Floats]) -> tuple[float, Floats]:
        """The mean of the root over a batch, and its gradient."""
        assert self._of_root is not None
        self._take(inputs)
        self._run(self._start, self._end, self._base)
        row = self._of_root
        return float(row[0] if len(row) == 1 else np.add.reduce(row) / len(row)), self._gradient.copy()

    def values(self, inputs: list[Floats]) -> Callable[[int], Any]:
        """Compute all values of a batch; gives a function from a node to its array."""
        self._take(inputs)
        self._run(self._start, self._middle, self._base)
        return self._row

    def gather(self, nodes: Sequence[int], inputs: list[Floats]) -> Floats:
        """Compute; gives the values of nodes, an array (nodes, samples). Asked for the same list again, it is quick."""
        self.values(inputs)
        if nodes is not self._nodes:
            places = np.array([self._places[node] for node in nodes], np.int64)
            self._gathered = (places >> 1)[:, None] + (places & 1)[:, None] * np.arange(self.batch)
            self._nodes = nodes
        found: Floats = self._arena[self._gathered]
        return found

    def _take(self, inputs: list[Floats]) -> None:
        np.copyto(self._parameters, self._vector)
        for here, given in zip(self._inputs, inputs, strict=True):
            np.copyto(here, given.reshape(self.batch, -1).T)

    def _row(self, node: int) -> Floats:
        offset, batched = divmod(self._places[node], 2)
        return self._arena[offset : offset + (self.batch if batched else 1)]


# ── what a primitive is made of ───────────────────────────────────────────────────────────────


class _Step:
    """An operation: the opcode, and its operands, each the number of a place.

    Attributes:
        alone: the opcode of its scalar row, and what picks the places of out, a, b, c; out is the last one.
    """

    __slots__ = ("alone", "opcode", "operands")

    def __init__(self, opcode: int, operands: Sequence[int], alone: Sequence[int]) -> None:
        self.opcode, self.operands = opcode, operands
        self.alone = alone[0], itemgetter(*alone[1:])


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


def _template(row: Primitive, known: Sequence[float | None], wanted: Sequence[bool]) -> _Template:
    """Read a row of the table.

    Args:
        known: the operands that are known, else None.
        wanted: the operands whose derivatives are needed.
    """
    code = Code()
    xs = [code.do(Literal, (), False, np.ones(())) if x is None else x for x in known]
    y = code.number(read_table(row, row, xs))
    forward = len(code.instructions)
    rules: Any = row.derivatives
    factors = [
        code.number(read_table(row, rule, [y, *xs])) if rule and want else None
        for rule, want in zip(rules, wanted, strict=True)
    ]
    used, given = _used(code.instructions, [y, *factors]), {x for x in xs if isinstance(x, Array)}
    steps: list[tuple[bool, int, Any, list[Any]]] = []
    results: dict[Any, int] = {}  # how many there were before
    for at, x in enumerate(code.instructions):
        if x in used and x not in given and x not in results:
            both = _sine_and_cosine(x, used)
            opcode, operands = (op.SIN_AND_COS, both[0].args) if both else _step(row, x)
            steps.append((at < forward, opcode, operands, op.scalar_row(opcode, None, operands)))
            for result in both or (x,):
                results[result] = len(results)

    everything = [y, *factors, *[x for _, _, operands, alone in steps for x in (*operands, *alone)]]
    numbers = {repr(x): x for x in everything if type(x) is float}  # by their text, as 0 and −0 are two
    order = list(numbers)

    def place(x: Any) -> int:
        if x is None:  # the result that a row is for
            return -1
        if type(x) is float:
            return len(xs) + order.index(repr(x))
        return xs.index(x) if x in given else len(xs) + len(order) + results[x]

    def made(forward: bool) -> list[_Step]:
        return [
            _Step(opcode, [*map(place, operands)], [alone[0], *map(place, alone[1:])])
            for first, opcode, operands, alone in steps
            if first is forward
        ]

    return _Template(
        [*numbers.values()], made(True), place(y), made(False), [None if x is None else place(x) for x in factors]
    )


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


def _runs(scalars: Scalars) -> list[tuple[Primitive, list[int]]]:
    """The nodes in an order in which they can be computed: level by level, those of one primitive together."""
    found: dict[tuple[int, str], list[int]] = {}
    names = {row: "" if row in _CHEAP else row.name for row in set(scalars.op) if row is not None}
    for node, row in enumerate(scalars.op):
        if row is not None:
            found.setdefault((scalars.level[node], names[row]), []).append(node)
    runs = []
    for key in sorted(found):
        alike: dict[Primitive, list[int]] = {}
        for node in found[key]:
            alike.setdefault(scalars.op[node], []).append(node)  # type: ignore[arg-type]
        runs += list(alike.items())
    return runs


# ── the rows ──────────────────────────────────────────────────────────────────────────────────


class _Tape:
    """The rows of a scalar program, with addresses that are counted from where its arena will begin.

    Attributes:
        size: how many doubles the arena has.
        numbers: (offset, number) of the constants in it.
        places: where the value of each node is.
        forward: how many words the forward pass has.
    """

    def __init__(self, scalars: Scalars, parameters: Sequence[int], batch: int) -> None:
        self.scalars, self.batch = scalars, batch
        self.numbers: list[tuple[int, float]] = []
        self.places: list[Place] = [0] * len(scalars)
        self._halves = array("I")  # two to a word
        self._kind_of_run, self._head = -1, 0
        self._constants: dict[str, Place] = {}
        self._known: dict[Any, _Template] = {}
        self._inside: dict[int, tuple[_Template, list[Place]]] = {}
        self._scratch: list[list[Place]] = []
        self._deltas: dict[int, Place] = {}
        self._given: set[int] = set(parameters)
        n, own = len(parameters), int(batch > 1)
        for i, node in enumerate(parameters):
            self.places[node], self._deltas[node] = 2 * (n + i), 2 * i
        begins = [2 * n + batch * sum(scalars.widths[:k]) for k in range(len(scalars.widths) + 1)]
        self.size = begins[-1]
        for node, (argument, row) in scalars.inputs.items():
            self.places[node] = 2 * (begins[argument] + batch * row) + own
        for node, number in scalars.constants.items():
            self.places[node] = self._number(number)
        self._one, self._minus_one, self._nothing = self._number(1.0), self._number(-1.0), self._number(-0.0)
        runs = _runs(scalars)
        for primitive, nodes in runs:
            self._compute(primitive, nodes)
        self._end_run()
        self.forward = len(self._halves) // 2
        if scalars.root is not None:
            self._differentiate(scalars.root, n, runs)
            self._end_run()
        if self.size > _MOST:
            raise NotOnTapeError(f"{self.size} numbers")

    def addressed(self, arena: int) -> NDArray[np.int64]:
        """The rows, with this beginning of the arena."""
        code = np.array(self._halves, np.uint32).view(np.int64)
        code[code >= _ARENA] += arena - _ARENA
        return code

    # ── what is written ───────────────────────────────────────────────────────────────────────

    def _begin_run(self, opcode: int, rows: int) -> Callable[[tuple[Place, ...]], None]:
        """Scalar rows of an operation follow, so many; gives what writes one: the places of out, a, b, c."""
        halves = self._halves
        if opcode == self._kind_of_run:
            halves[self._head] += rows
        else:
            self._kind_of_run, self._head = opcode, len(halves) + 1
            halves.extend((op.RUN + opcode, rows))
        return halves.extend

    def _end_run(self) -> None:
        self._kind_of_run = -1

    def _words(self, *words: int) -> None:
        self._end_run()
        for word in words:
            self._halves.extend((word & 0xFFFFFFFF, word >> 32))

    def _new(self, batched: Any = False) -> Place:
        if batched and self.batch > 1:
            place = 2 * self.size + 1
            self.size += self.batch
        else:
            place = 2 * self.size
            self.size += 1
        return place

    def _number(self, number: float) -> Place:
        key = repr(number)
        if key not in self._constants:
            self.numbers.append((self.size, number))
            self._constants[key] = self._new()
        return self._constants[key]

    def _operation(self, opcode: int, out: Place, *operands: Place) -> None:
        if out & 1:
            words = [word for place in (out, *operands) for word in (_address(place), 0, 0, place & 1)]
            self._words(op.VECTOR, opcode, 1, 1, self.batch, *words, *[0] * (16 - len(words)))
        else:
            kind, _, *others = op.scalar_row(opcode, out, operands)
            self._begin_run(kind, 1)((out, *[self._number(x) if type(x) is float else x for x in others]))

    def _steps(self, step: _Step, inside: list[list[Place]], temporaries: Sequence[Place] = ()) -> None:
        """Write an operation for each of several nodes, and add its result to their places."""
        opcode, pick = step.alone
        if step.opcode == op.SIN_AND_COS or (self.batch > 1 and any(x & 1 for places in inside for x in places)):
            for i, places in enumerate(inside):
                places += self._results(step, places, temporaries[i] if temporaries else None)
            return
        write = self._begin_run(opcode, len(inside))
        for i, places in enumerate(inside):
            if temporaries:
                places.append(temporaries[i] & ~1)
            else:
                places.append(2 * self.size)
                self.size += 1
            write(pick(places))

    def _results(self, step: _Step, places: list[Place], temporary: Place | None) -> list[Place]:
        """The same for one node; gives the places of its results."""
        operands = [places[x] for x in step.operands]
        own = any(x & 1 for x in operands)
        out = self._new(own) if temporary is None else temporary & ~1 | own
        if step.opcode != op.SIN_AND_COS:
            self._operation(step.opcode, out, *operands)
            return [out]
        cosine = self._new(own)
        if own:
            self._operation(op.SIN, out, *operands)
            self._operation(op.COS, cosine, *operands)
        else:
            self._operation(op.SIN_AND_COS, out, *operands, cosine)
        return [out, cosine]

    # ── forward ───────────────────────────────────────────────────────────────────────────────

    def _compute(self, row: Primitive, nodes: list[int]) -> None:
        """Nodes of one primitive, which do not depend on each other."""
        if row is DETACH:
            for node in nodes:
                self.places[node] = self.places[self.scalars.operands[node][0]]
        elif row is _DOT or row is _TOTAL:
            for node in nodes:
                self.places[node] = self._new(self.scalars.batched[node])
                self._sum(row, self.places[node], [self.places[x] for x in self.scalars.operands[node]])
        elif row.nary:
            raise NotOnTapeError(row.name)
        else:
            alike: dict[Any, list[int]] = {}
            for node in nodes:
                alike.setdefault(self._kind(row, node), []).append(node)
            for kind, some in alike.items():
                self._compute_alike(self._known[kind], some)

    def _kind(self, row: Primitive, node: int) -> Any:
        """What tells the template of a node from others; it is then in `_known`."""
        scalars, operands = self.scalars, self.scalars.operands[node]
        active = scalars.active
        wanted = tuple([active[node] and active[x] for x in operands])
        known = [scalars.constants.get(x) if row is _POW else None for x in operands]
        kind = row, wanted, str(known) if row is _POW else ""  # as text 0 and −0 are two, and NaN is one
        if kind not in self._known:
            self._known[kind] = _template(row, known, wanted)
        return kind

    def _compute_alike(self, template: _Template, nodes: list[int]) -> None:
        places, operands = self.places, self.scalars.operands
        numbers = [self._number(x) for x in template.numbers]
        inside = [[*[places[x] for x in operands[node]], *numbers] for node in nodes]
        for step in template.forward:
            self._steps(step, inside)
        result, active = template.result, self.scalars.active
        for node, here in zip(nodes, inside, strict=True):
            places[node] = here[result]
            if active[node]:
                self._inside[node] = template, here

    def _sum(self, row: Primitive, out: Place, xs: list[Place]) -> None:
        """Σ a · b + bias."""
        if row is _DOT:
            n = len(xs) // 2
            pairs, bias = list(zip(xs[:n], xs[n:-1], strict=True)), xs[-1]
        else:
            pairs, bias = [(x, self._one) for x in xs[1:]], xs[0]
        if out & 1:
            words = [word for pair in pairs for x in pair for word in (_address(x), x & 1)]
            self._words(op.DOT, 7 + len(words), _address(out), _address(bias), bias & 1, len(pairs), self.batch, *words)
        else:
            self._end_run()
            self._halves.extend((op.LINE, len(pairs), out, bias, *[x for pair in pairs for x in pair]))

    # ── backward ──────────────────────────────────────────────────────────────────────────────

    def _differentiate(self, root: int, parameters: int, runs: list[tuple[Primitive, list[int]]]) -> None:
        scalars = self.scalars
        if parameters:
            zero = _address(self._number(0.0))
            self._words(op.VECTOR, op.COPY, 1, 1, parameters, _ARENA, 0, 0, 1, zero, *[0] * 11)
        if scalars.active[root]:
            delta = self._delta(root)
            self._operation(op.COPY, delta, self._number(1 / self.batch) if delta & 1 else self._one)
            self._given.add(root)
        for row, nodes in reversed(runs):
            given = [node for node in nodes if node in self._given]
            if row is DETACH:
                continue
            if row.nary:
                for node in given:
                    self._hand_on_sum(node, row)
            else:
                alike: dict[int, list[int]] = {}
                for node in given:
                    alike.setdefault(id(self._inside[node][0]), []).append(node)
                for some in alike.values():
                    for i in range(0, len(some), _TOGETHER):
                        self._hand_on(some[i : i + _TOGETHER])

    def _hand_on(self, nodes: list[int]) -> None:
        """To each operand δ · ∂y/∂operand, of nodes that are made of the same steps."""
        template = self._inside[nodes[0]][0]
        inside = [self._inside[node][1] for node in nodes]
        if template.backward:
            inside = [places[:] for places in inside]
            for number, step in enumerate(template.backward):
                self._steps(step, inside, self._temporaries(number))
        for number, factor in enumerate(template.factors):
            if factor is not None:
                for node, places in zip(nodes, inside, strict=True):
                    self._contribute(self.scalars.operands[node][number], self._deltas[node], places[factor])

    def _temporaries(self, number: int) -> list[Place]:
        """Places that the derivatives of every node use, one for each of those that are written together."""
        if number == len(self._scratch):
            self._scratch.append([self._new(True) for _ in range(_TOGETHER)])
        return self._scratch[number]

    def _contribute(self, node: int, delta: Place, factor: Place) -> None:
        target, first = self._delta(node), node not in self._given
        if first:
            self._given.add(node)
        if not delta & 1:  # then the operand is no sample's either
            self._begin_run(op.PRODUCT_PLUS, 1)((target, delta, factor, self._nothing if first else target))
        elif not target & 1:  # from each sample to what is one for all
            if first:
                self._operation(op.COPY, target, self._number(0.0))
            self._spread(delta, [(target, factor)])
        elif factor == self._one:
            self._operation(op.COPY if first else op.ADD_TO, target, delta)
        elif factor == self._minus_one:
            if first:
                self._operation(op.NEGATIVE, target, delta)
            else:
                self._operation(op.SUBTRACT, target, target, delta)
        else:
            self._operation(op.MULTIPLY if first else op.MULTIPLY_ADD, target, delta, factor)

    def _hand_on_sum(self, node: int, row: Primitive) -> None:
        operands, active = self.scalars.operands[node], self.scalars.active
        factors = [self._one] * len(operands)
        if row is _DOT:
            n = len(operands) // 2
            factors = [*[self.places[x] for x in (*operands[n:-1], *operands[:n])], self._one]
        found = [(x, factor) for x, factor in zip(operands, factors, strict=True) if active[x]]
        delta = self._deltas[node]
        if not delta & 1:
            for x, factor in found:
                self._contribute(x, delta, factor)
            return
        for x in dict.fromkeys(x for x, _ in found if x not in self._given):
            self._operation(op.COPY, self._delta(x), self._number(0.0))
            self._given.add(x)
        self._spread(delta, [(self._delta(x), factor) for x, factor in found])

    def _spread(self, delta: Place, pairs: list[tuple[Place, Place]]) -> None:
        """Add δ · factor of every sample to each target."""
        words = [word for pair in pairs for x in pair for word in (_address(x), x & 1)]
        self._words(op.SPREAD, 6 + len(words), _address(delta), 1, len(pairs), self.batch, *words)

    def _delta(self, node: int) -> Place:
        if node not in self._deltas:
            self._deltas[node] = self._new(self.scalars.batched[node])
        return self._deltas[node]


def _address(place: Place) -> int:
    return _ARENA + 8 * (place >> 1)
