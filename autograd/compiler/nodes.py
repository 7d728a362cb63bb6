"""A scalar graph run node by node: for narrow and deep graphs, in which there are no arrays to find.

Where a group would have few lanes, an array call costs more than the arithmetic in it. Such a graph is
kept as a flat list of operations and of edges, and one loop runs over each. Nothing is generated
and nothing compiled to Python code: what an edge multiplies with is read off the table once, before the
first call. A local derivative that is a number or one of the operands (all of + − × and `dot`) is then
one look-up; any other is the row's function.

For a few samples the loop runs on floats, sample after sample; for more it runs on arrays, a sample
an element. The arrays follow IEEE where Python's floats raise, so they also take over where floats fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.passes import Arguments, Programs
from autograd.compiler.trace import TAKE
from autograd.primitives import Primitive, table

if TYPE_CHECKING:
    from autograd.compiler.derivation import Derivation, Plain

__all__ = ["NodesEngine"]

Floats = NDArray[np.float64]
_LONG = 1000  # operations, above which they are not printed
_FEW = 8  # samples, up to which floats one by one are quicker than arrays
_NO_OPERAND, _SEQUENCE = -1, -2
_POW = table["pow"]

_PER_CALL, _PER_SAMPLE, _PER_NODE, _PER_OPERAND = 5e-6, 5e-6, 0.12e-6, 0.11e-6
_PER_NODE_OF_ARRAYS, _PER_OPERAND_AND_SAMPLE = 35e-6, 3e-9
"""Seconds, measured with CPython 3.11 on graphs of 20 to 6 000 nodes; with another the ratios are much the same."""


Operation = tuple[Callable[..., Any], Any, int]
Edge = tuple[int, Any, Any, int, Any]


class NodesEngine:
    """The scalar program as two lists, made when they are first needed.

    Attributes:
        operations: (function, operand, operand) of each node that is no leaf, in order.
        edges: (node, operand, a, b, rule), what each node hands to each operand, the last node first: its
            adjoint times the value of a, or times what the rule gives of the node, a and b.
    """

    name: ClassVar[str] = "nodes"

    def __init__(self, programs: Programs) -> None:
        self.programs, self.scalars = programs, programs.scalars

    @staticmethod
    def refuses(programs: Programs) -> str | None:
        """Why it cannot run a graph; None if it can."""
        return "it chooses by an input (take)" if TAKE in programs.scalars.op else None

    def cost(self, batch: int) -> float:
        """About how many seconds value and gradient of so many samples take."""
        nodes, operands = self.programs.operations, self.programs.operands
        if batch > _FEW:
            return _PER_CALL + nodes * _PER_NODE_OF_ARRAYS + batch * operands * _PER_OPERAND_AND_SAMPLE
        return _PER_CALL + batch * (_PER_SAMPLE + nodes * _PER_NODE + operands * _PER_OPERAND)

    def bind(self, vector: Floats, batch: int) -> _Run:
        """What runs so many samples."""
        return _Run(self, vector, batch)

    def derivation(self, arguments: Arguments, notation: Plain) -> Derivation | None:
        """What runs, in symbols; None where that is longer than anybody reads."""
        from autograd.compiler.derivation import derive_node_by_node

        if self.programs.operations > _LONG:
            return None
        order, root, result = self.programs.parameters, self.scalars.root, self.scalars.result
        return derive_node_by_node(self.scalars, order, root, arguments, result, notation)

    # ── the lists ─────────────────────────────────────────────────────────────────────────────

    @cached_property
    def nodes(self) -> list[int]:
        """The nodes that are computed."""
        return [node for node, op in enumerate(self.scalars.op) if op is not None]

    @cached_property
    def leaves(self) -> list[int]:
        """The nodes without operands, and the derivatives of + and −, which are values like them."""
        for number in (1.0, -1.0):
            self.scalars.constant(number)
        return [node for node, op in enumerate(self.scalars.op) if op is None]

    @cached_property
    def place(self) -> dict[int, int]:
        """Where in the list of values each node is: leaves first."""
        return {node: i for i, node in enumerate(self.leaves + self.nodes)}

    @cached_property
    def operations(self) -> list[Operation]:
        return self._operations(lambda op: _real(op.on_floats) if op is _POW else op.on_floats)

    @cached_property
    def edges(self) -> list[Edge]:
        return self._edges("derivatives_on_floats")

    @cached_property
    def operations_on_arrays(self) -> list[Operation]:
        """The same for whole batches."""
        return self._operations(lambda op: op)

    @cached_property
    def edges_on_arrays(self) -> list[Edge]:
        return self._edges("derivatives")

    def _operations(self, function: Callable[[Primitive], Any]) -> list[Operation]:
        place, scalars = self.place, self.scalars
        functions: dict[Primitive, Any] = {}
        found: list[Operation] = []
        for node in self.nodes:
            op = scalars.op[node]
            assert op is not None
            if op not in functions:
                functions[op] = function(op)
            operands = [place[x] for x in scalars.operands[node]]
            if op.nary or len(operands) > 2:
                found.append((functions[op], itemgetter(*operands, 0), _SEQUENCE))  # 0: for a tuple, also of one
            else:
                found.append((functions[op], operands[0], operands[1] if len(operands) == 2 else _NO_OPERAND))
        return found

    def _edges(self, rules: str) -> list[Edge]:
        if self.scalars.root is None:
            return []
        place, scalars = self.place, self.scalars
        units = {number: place[scalars.constant(number)] for number in (1.0, -1.0)}
        known: dict[tuple[Primitive, int], Any] = {}
        found: list[Edge] = []
        for node in reversed(self.nodes):
            if not scalars.active[node]:
                continue
            op, operands = scalars.op[node], scalars.operands[node]
            assert op is not None
            key = (op, len(operands))
            if key not in known:
                known[key] = _shortcuts(op, len(operands), getattr(op, rules))
            here, there = place[node], [place[x] for x in operands]
            if known[key] is None:
                found.append((here, there, there, _SEQUENCE, getattr(op, rules)))
                continue
            for x, at, factor in zip(operands, there, known[key], strict=True):
                if not scalars.active[x] or factor is None:
                    continue
                if isinstance(factor, _Operand):
                    found.append((here, at, there[factor.number] if factor.number >= 0 else here, _NO_OPERAND, None))
                elif not callable(factor):
                    found.append((here, at, units[factor], _NO_OPERAND, None))
                elif len(there) <= 2:
                    found.append((here, at, there[0], there[1] if len(there) == 2 else _NO_OPERAND, factor))
                else:
                    found.append((here, at, there, _SEQUENCE, factor))
        return found


class _Run:
    """The lists on one vector, for one size of batch."""

    nbytes = 0  # all it computes is garbage after the call

    def __init__(self, engine: NodesEngine, vector: Floats, batch: int) -> None:
        self.engine, self.vector, self.batch = engine, vector, batch
        scalars, place = engine.scalars, engine.place
        self.start: list[Any] = [scalars.constants.get(node, 0.0) for node in engine.leaves]
        self.places = [place[node] for node in engine.programs.parameters]
        self.inputs = [(place[node], argument, row) for node, (argument, row) in scalars.inputs.items()]
        self.root = -1 if scalars.root is None else place[scalars.root]

    @np.errstate(all="ignore")
    def value_and_grad(self, inputs: list[Floats]) -> tuple[float, Floats]:
        """The mean of the root over a batch, and its gradient."""
        if self.batch <= _FEW:
            try:
                return self._sample_by_sample(inputs)
            except (ArithmeticError, ValueError):
                pass  # where Python's floats raise, arrays follow IEEE
        v = self._on_arrays(inputs)
        g = self._backward(v, np.full(self.batch, 1 / self.batch).view(_Numbers), self.engine.edges_on_arrays)
        return float(np.mean(v[self.root])), np.array([np.sum(g[i]) for i in self.places], float)

    def _sample_by_sample(self, inputs: list[Floats]) -> tuple[float, Floats]:
        mean, gradient = 0.0, np.zeros(len(self.vector))
        for v in self._samples(inputs):
            g = self._backward(v, 1 / self.batch, self.engine.edges)
            mean += v[self.root] / self.batch
            gradient += [g[i] for i in self.places]
        return mean, gradient

    def values(self, inputs: list[Floats]) -> Callable[[int], Any]:
        """Compute all values of a batch; gives a function from a node to its array."""
        place = self.engine.place
        if self.batch <= _FEW:
            try:
                samples = list(self._samples(inputs))
                return lambda node: np.array([v[place[node]] for v in samples], float)
            except (ArithmeticError, ValueError):
                pass  # where Python's floats raise, arrays follow IEEE
        v = self._on_arrays(inputs)
        return lambda node: v[place[node]]

    def _samples(self, inputs: list[Floats]) -> Iterator[list[Any]]:
        """All values of each sample, as floats."""
        numbers = self.vector.tolist()
        for sample in range(self.batch):
            yield self._forward(self._leaves(numbers, inputs, sample), self.engine.operations)

    def _on_arrays(self, inputs: list[Floats]) -> list[Any]:
        v = self._leaves([self.vector[i : i + 1] for i in range(len(self.vector))], inputs, slice(None))
        return self._forward([np.atleast_1d(x).view(_Numbers) for x in v], self.engine.operations_on_arrays)

    def _leaves(self, parameters: list[Any], inputs: list[Floats], samples: Any) -> list[Any]:
        v = self.start[:]
        for i, x in zip(self.places, parameters, strict=True):
            v[i] = x
        flat = [array.reshape(len(array), -1) for array in inputs]
        for i, k, row in self.inputs:
            x = flat[k][samples, row]
            v[i] = x if isinstance(samples, slice) else float(x)
        return v

    def _forward(self, v: list[Any], operations: list[Any]) -> list[Any]:
        append = v.append
        for function, a, b in operations:
            if b >= 0:
                append(function(v[a], v[b]))
            elif b == _NO_OPERAND:
                append(function(v[a]))
            else:
                append(function(*a(v)[:-1]))
        return v

    def _backward(self, v: list[Any], seed: Any, edges: list[Edge]) -> list[Any]:
        g: list[Any] = [0.0] * len(v)
        g[self.root] = seed
        for node, operand, a, b, rule in edges:  # not +=: the first term may be narrower than the batch
            if rule is None:
                g[operand] = g[operand] + g[node] * v[a]
            elif b >= 0:
                g[operand] = g[operand] + g[node] * rule(v[node], v[a], v[b])
            elif b == _NO_OPERAND:
                g[operand] = g[operand] + g[node] * rule(v[node], v[a])
            elif operand is not a:
                g[operand] = g[operand] + g[node] * rule(v[node], *[v[x] for x in a])
            else:
                delta = g[node]
                for x, derivative in zip(operand, rule(v[node], *[v[x] for x in a]), strict=True):
                    g[x] = g[x] + delta * derivative
        return g


class _Numbers(np.ndarray[Any, np.dtype[np.float64]]):
    """An array whose comparisons give 1 and 0, as numbers: NumPy's truths would be added with OR.

    >>> x = np.array([-1.0, 1.0]).view(_Numbers)
    >>> ((x > 0) + (x < 2)).tolist()
    [1.0, 2.0]
    """

    def __lt__(self, other: Any) -> Any:
        return np.less(self, other).astype(float)

    def __le__(self, other: Any) -> Any:
        return np.less_equal(self, other).astype(float)

    def __gt__(self, other: Any) -> Any:
        return np.greater(self, other).astype(float)

    def __ge__(self, other: Any) -> Any:
        return np.greater_equal(self, other).astype(float)

    def __eq__(self, other: Any) -> Any:
        return np.equal(self, other).astype(float)

    def __ne__(self, other: Any) -> Any:
        return np.not_equal(self, other).astype(float)


def _real(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, refusing a complex result (a power of a negative number)."""

    def of_reals(*numbers: float) -> float:
        y = function(*numbers)
        if isinstance(y, complex):
            raise ValueError("the result is not real")
        return y  # type: ignore[no-any-return]

    return of_reals


class _Operand:
    """Stands for an operand, to see whether a local derivative is one of them; −1 is the result."""

    def __init__(self, number: int) -> None:
        self.number = number


def _shortcuts(op: Primitive, operands: int, rules: Any) -> list[Any] | None:
    """For each operand None (no gradient), an `_Operand` or a number that the derivative is, or its rule.

    None altogether for an n-ary row whose derivatives have to be computed.
    """
    y, *given = (_Operand(i) for i in range(-1, operands))
    if op.nary:
        try:
            return list(op.derivatives(y, *given))  # type: ignore[operator]
        except TypeError:  # it computes with them
            return None
    found: list[Any] = []
    for rule, fast in zip(op.derivatives, rules, strict=True):  # type: ignore[arg-type]
        try:
            factor = None if rule is None else rule(y, *given)
        except TypeError:  # likewise
            factor = fast
        found.append(factor if factor is None or isinstance(factor, _Operand) or factor in (1, -1) else fast)
    return found
