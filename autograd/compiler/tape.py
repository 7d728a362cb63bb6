"""The scalar program written as rows: for graphs in which there are few or no arrays to find.

Where a group has a lane or two, finding groups costs more than it gives. So each node is written down by itself: the
instructions of its primitive's row of the table are read once for each primitive (by `Code`, as the array program is),
and repeated for each node with other addresses. A number is one double for each sample of the batch, or one for all.

The backward pass goes from the last node to the first, and adds δ · ∂y/∂operand to what each operand has been given.

Importing this module imports Numba.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


_VALUES, _ADJOINTS = 1 << 60, 1 << 61  # where addresses begin until there are buffers; nothing else is so great

Place = tuple[int, int]
"""The address of a number, and how far it is from a sample's to the next: 1, or 0 if it is the same for all."""


class NotOnTapeError(Exception):
    """A primitive that has no rows of its own, by name."""


class TapePlan:
    """The scalar program on one vector, for one size of batch.

    Args:
        scalars: the program.
        parameters: the nodes of the vector.
        vector: the data of the parameters.
        batch: the number of samples.

    Raises:
        NotOnTapeError: for a primitive that cannot be written so.
    """

    def __init__(self, scalars: Scalars, parameters: Sequence[int], vector: Floats, batch: int) -> None:
        self.scalars, self.batch, self.root, self._run = scalars, batch, scalars.root, loop()
        self._vector, self._inputs = vector, [aligned((width, batch)) for width in scalars.widths]
        tape = _Tape(scalars, parameters, vector, self._inputs, batch)
        self._values, self._adjoints = aligned((tape.values,)), aligned((tape.adjoints,))
        self._gradient = self._adjoints[: len(vector)]
        for offset, number in tape.numbers:
            self._values[offset] = number
        self._code = tape.addressed(address_of(self._values), address_of(self._adjoints))
        start = address_of(self._code)
        self._start, self._middle, self._end = start, start + 8 * tape.forward, start + self._code.nbytes
        self._places = tape.places
        self._of_root = None if self.root is None else self._row(self.root)
        self.nbytes = sum(x.nbytes for x in (self._values, self._adjoints, self._code, *self._inputs))

    def value_and_grad(self, inputs: list[Floats]) -> tuple[float, Floats]:
        """The mean of the root over a batch, and its gradient."""
        assert self._of_root is not None
        self._take(inputs)
        self._run(self._start, self._end)
        row = self._of_root
        return float(row[0] if len(row) == 1 else np.add.reduce(row) / len(row)), self._gradient.copy()

    def values(self, inputs: list[Floats]) -> Callable[[int], Any]:
        """Compute all values of a batch; gives a function from a node to its array."""
        self._take(inputs)
        self._run(self._start, self._middle)
        return self._row

    def _take(self, inputs: list[Floats]) -> None:
        for here, given in zip(self._inputs, inputs, strict=True):
            np.copyto(here, given.reshape(self.batch, -1).T)

    def _row(self, node: int) -> Floats:
        place, stride = self._places[node]
        if place < _VALUES:  # a parameter or an input
            argument, number = self.scalars.inputs.get(node, (-1, 0))
            if argument >= 0:
                given: Floats = self._inputs[argument][number]
                return given
            offset = (place - address_of(self._vector)) >> 3
            return self._vector[offset : offset + 1]
        offset = (place - _VALUES) >> 3
        return self._values[offset : offset + (self.batch if stride else 1)]


# ── what a primitive is made of ───────────────────────────────────────────────────────────────


class _Step(NamedTuple):
    """An operation: the opcode, and its operands, each the number of a place or a float."""

    opcode: int
    operands: tuple[Any, ...]


class _Template(NamedTuple):
    """A primitive and its derivatives as steps.

    Places are counted: first the operands, then the results of the steps, forward ones first.
    """

    forward: list[_Step]
    result: Any
    """The place of y, or a float."""
    backward: list[_Step]
    factors: list[Any]
    """∂y/∂operand, the place or a float; None where it is not wanted or no gradient flows."""


def _template(row: Primitive, numbers: tuple[float | None, ...], wanted: tuple[bool, ...]) -> _Template:
    """Read a row of the table.

    Args:
        numbers: the operands that are known, else None.
        wanted: the operands whose derivatives are needed.
    """
    code = Code()
    xs = [code.do(Literal, (), False, np.ones(())) if x is None else x for x in numbers]
    y = code.number(read_table(row, row, xs))
    forward = len(code.instructions)
    rules: Any = row.derivatives
    factors = [
        code.number(read_table(row, rule, [y, *xs])) if rule and want else None
        for rule, want in zip(rules, wanted, strict=True)
    ]
    places: dict[Any, int] = {x: k for k, x in enumerate(xs) if isinstance(x, Array)}

    def place(x: Any) -> Any:
        return places[x] if isinstance(x, Array) else x

    steps: tuple[list[_Step], list[_Step]] = ([], [])
    used = _used(code.instructions, [y, *factors])
    results = len(xs)
    for number, x in enumerate(code.instructions):
        if x not in used or x in places:
            continue
        both = _sine_and_cosine(x, used)
        opcode, operands = (op.SIN_AND_COS, both[0].args) if both else _step(row, x)
        steps[number >= forward].append(_Step(opcode, tuple(map(place, operands))))
        for result in both or (x,):
            places[result] = results
            results += 1
    return _Template(steps[0], place(y), steps[1], [None if x is None else place(x) for x in factors])


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
    """The rows of a scalar program, with addresses that are counted from where its buffers will begin.

    Attributes:
        values, adjoints: how many doubles those are.
        numbers: (offset, number) of the constants among the values.
        places: where the value of each node is.
        forward: how many words the forward pass has.
    """

    def __init__(
        self, scalars: Scalars, parameters: Sequence[int], vector: Floats, inputs: list[Floats], batch: int
    ) -> None:
        self.scalars, self.batch = scalars, batch
        self.values, self.adjoints = 0, len(vector)
        self.numbers: list[tuple[int, float]] = []
        self.places: list[Place] = [(0, 0)] * len(scalars)
        self._words: list[int] = []
        self._constants: dict[str, Place] = {}
        self._known: dict[Any, _Template] = {}
        self._inside: dict[int, tuple[_Template, list[Place]]] = {}
        self._scratch: list[list[int]] = []
        self._deltas: dict[int, Place] = {}
        self._given: set[int] = set(parameters)
        for i, node in enumerate(parameters):
            self.places[node] = address_of(vector) + 8 * i, 0
            self._deltas[node] = _ADJOINTS + 8 * i, 0
        for node, (argument, row) in scalars.inputs.items():
            self.places[node] = address_of(inputs[argument]) + 8 * batch * row, 1
        for node, number in scalars.constants.items():
            self.places[node] = self._number(number)
        runs = _runs(scalars)
        for primitive, nodes in runs:
            self._compute(primitive, nodes)
        self.forward = len(self._words)
        if scalars.root is not None:
            self._differentiate(scalars.root, len(parameters), runs)

    def addressed(self, values: int, adjoints: int) -> NDArray[np.int64]:
        """The rows, with these beginnings of the buffers."""
        code = np.array(self._words, np.int64)
        code[code >= _ADJOINTS] += adjoints - _ADJOINTS
        code[code >= _VALUES] += values - _VALUES
        return code

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
        wanted = tuple([scalars.active[node] and scalars.active[x] for x in operands])
        numbers = tuple([scalars.constants.get(x) if row is _POW else None for x in operands])
        kind = row, str(numbers), wanted  # as text 0 and −0 are two, and NaN is one
        if kind not in self._known:
            self._known[kind] = _template(row, numbers, wanted)
        return kind

    def _compute_alike(self, template: _Template, nodes: list[int]) -> None:
        inside = [[self.places[x] for x in self.scalars.operands[node]] for node in nodes]
        for step in template.forward:
            for places in inside:
                places += self._results(step, places)
        for node, places in zip(nodes, inside, strict=True):
            self.places[node] = self._at(template.result, places)
            if self.scalars.active[node]:
                self._inside[node] = template, places

    def _sum(self, row: Primitive, out: Place, xs: list[Place]) -> None:
        """Σ a · b + bias."""
        one = self._number(1.0)
        if row is _DOT:
            n = len(xs) // 2
            pairs, bias = list(zip(xs[:n], xs[n:-1], strict=True)), xs[-1]
        else:
            pairs, bias = [(x, one) for x in xs[1:]], xs[0]
        tile = self.batch if out[1] else 1
        self._row(op.DOT, 7 + 4 * len(pairs), *out[:1], *bias, len(pairs), tile)
        self._words += [word for pair in pairs for place in pair for word in place]

    def _results(self, step: _Step, places: list[Place], temporary: int = 0) -> list[Place]:
        """Write an operation; gives the places of its results, new ones or a temporary."""
        operands = [self._at(x, places) for x in step.operands]
        batched = any(stride for _, stride in operands)
        out = (temporary, int(batched)) if temporary else self._new(batched)
        if step.opcode != op.SIN_AND_COS:
            self._operation(step.opcode, out, *operands)
            return [out]
        cosine = self._new(batched)
        if self.batch == 1 or not batched:
            self._operation(op.SIN_AND_COS, out, *operands, cosine)
        else:
            self._operation(op.SIN, out, *operands)
            self._operation(op.COS, cosine, *operands)
        return [out, cosine]

    def _operation(self, opcode: int, out: Place, *operands: Place) -> None:
        if self.batch == 1 or not out[1]:
            row = op.scalar_row(opcode, out, operands)
            self._row(row[0], *[(self._number(x) if type(x) is float else x)[0] for x in row[1:]])
        else:
            words = [word for address, stride in (out, *operands) for word in (address, 0, 0, stride)]
            self._row(op.VECTOR, opcode, 1, 1, self.batch, *words, *[0] * (16 - len(words)))

    def _at(self, x: Any, places: list[Place]) -> Place:
        return self._number(x) if type(x) is float else places[x]

    def _number(self, number: float) -> Place:
        key = repr(number)
        if key not in self._constants:
            self._constants[key] = self._new(False)
            self.numbers.append((self.values - 1, number))
        return self._constants[key]

    def _new(self, batched: bool) -> Place:
        place = _VALUES + 8 * self.values, int(batched)
        self.values += self.batch if batched else 1
        return place

    def _row(self, *words: int) -> None:
        self._words += words

    # ── backward ──────────────────────────────────────────────────────────────────────────────

    def _differentiate(self, root: int, parameters: int, runs: list[tuple[Primitive, list[int]]]) -> None:
        scalars, zero, one = self.scalars, self._number(0.0), self._number(1.0)
        if parameters:
            self._row(op.VECTOR, op.COPY, 1, 1, parameters, _ADJOINTS, 0, 0, 1, zero[0], *[0] * 11)
        if scalars.active[root]:
            delta = self._delta(root)
            self._operation(op.COPY, delta, self._number(1 / self.batch) if delta[1] else one)
            self._given.add(root)
        for row, nodes in reversed(runs):
            given = [node for node in nodes if node in self._given]
            if row is DETACH:
                continue
            if row.nary:
                for node in given:
                    self._hand_on_sum(node, row, zero, one)
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
        inside = [self._inside[node][1][:] for node in nodes]
        for number, step in enumerate(template.backward):
            for places, temporary in zip(inside, self._temporaries(number), strict=False):
                places += self._results(step, places, temporary)
        for number, factor in enumerate(template.factors):
            if factor is not None:
                known = type(factor) is float and abs(factor) == 1
                for node, places in zip(nodes, inside, strict=True):
                    x, delta = self.scalars.operands[node][number], self._deltas[node]
                    self._contribute(x, delta, None if known else self._at(factor, places), factor == -1.0)

    def _temporaries(self, number: int) -> list[int]:
        """Addresses that the derivatives of every node use, one for each of those that are written together."""
        if number == len(self._scratch):
            self._scratch.append([self._new(True)[0] for _ in range(_TOGETHER)])
        return self._scratch[number]

    def _contribute(self, node: int, delta: Place, factor: Place | None, minus: bool) -> None:
        target, first = self._delta(node), node not in self._given
        self._given.add(node)
        if delta[1] > target[1]:  # from each sample to what is one for all
            if first:
                self._operation(op.COPY, target, self._number(0.0))
            self._spread(delta, [(target, factor or self._number(-1.0 if minus else 1.0))])
        elif factor is not None:
            self._operation(op.MULTIPLY if first else op.MULTIPLY_ADD, target, delta, factor)
        elif minus:
            self._operation(op.NEGATIVE, target, delta) if first else self._operation(
                op.SUBTRACT, target, target, delta
            )
        else:
            self._operation(op.COPY if first else op.ADD_TO, target, delta)

    def _hand_on_sum(self, node: int, row: Primitive, zero: Place, one: Place) -> None:
        operands, active = self.scalars.operands[node], self.scalars.active
        factors: list[Any] = [one] * len(operands)
        if row is _DOT:
            n = len(operands) // 2
            factors = [*[self.places[x] for x in (*operands[n:-1], *operands[:n])], one]
        found = [(x, factor) for x, factor in zip(operands, factors, strict=True) if active[x]]
        for x in dict.fromkeys(x for x, _ in found if x not in self._given):
            self._operation(op.COPY, self._delta(x), zero)
            self._given.add(x)
        self._spread(self._deltas[node], [(self._delta(x), factor) for x, factor in found])

    def _spread(self, delta: Place, pairs: list[tuple[Place, Place]]) -> None:
        """Add δ · factor to each target."""
        self._row(op.SPREAD, 6 + 4 * len(pairs), *delta, len(pairs), self.batch if delta[1] else 1)
        self._words += [word for pair in pairs for place in pair for word in place]

    def _delta(self, node: int) -> Place:
        if node not in self._deltas:
            batched = self.scalars.batched[node]
            self._deltas[node] = _ADJOINTS + 8 * self.adjoints, int(batched)
            self.adjoints += self.batch if batched else 1
        return self._deltas[node]
