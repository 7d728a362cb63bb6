"""A scalar graph run node by node: for narrow and deep graphs, in which there are no arrays to find.

Where a group would have few lanes, an array call costs more than the arithmetic in it. Such a graph is
kept as a flat list of operations and of edges, and one loop runs over each. Nothing is generated
and nothing compiled to Python code: what an edge multiplies with is read off the table once, when the
tape is made. A local derivative that is a number or one of the operands (all of + − × and `dot`) is then
one look-up; any other is the row's function.

For a few samples the loop runs on floats, sample after sample; for more it runs on arrays, a sample
an element. The arrays follow IEEE where Python's floats raise, so they also take over where floats fail.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.normalise import Scalars
from autograd.compiler.roll import Groups
from autograd.compiler.trace import TAKE
from autograd.primitives import Primitive, table

if TYPE_CHECKING:
    from autograd.compiler.derivation import Derivation, Plain

__all__ = ["Tape"]

Floats = NDArray[np.float64]
_FEW = 8  # samples, up to which floats one by one are quicker than arrays
_LONG = 1000  # operations, above which they are not printed
_NO_OPERAND, _SEQUENCE = -1, -2
_POW = table["pow"]


Operation = tuple[Callable[..., Any], Any, int]
Edge = tuple[int, Any, Any, int, Any]


class Tape:
    """A scalar graph as two lists.

    Attributes:
        operations: (function, operand, operand) of each node that is no leaf, in order.
        edges: (node, operand, a, b, rule), what each node owes each operand, the last node first: its
            adjoint times the value of a, or times what the rule gives of the node, a and b.
    """

    name: ClassVar[str] = "nodes"

    def __init__(self, scalars: Scalars, root: int | None, groups: Groups) -> None:
        self.scalars = scalars
        self.limits: dict[tuple[int, int], int] = {}
        units = {number: scalars.constant(number) for number in (1.0, -1.0)}  # derivatives of + and −, so values, too
        leaves = [node for node, op in enumerate(scalars.op) if op is None]
        self.nodes = [node for node, op in enumerate(scalars.op) if op is not None]
        self.place = {node: i for i, node in enumerate(leaves + self.nodes)}
        self.parameters = list(scalars.parameters)
        self.places = [self.place[node] for node in self.parameters]
        self.inputs = [(self.place[node], k, row) for node, (k, row) in scalars.inputs.items()]
        self.start: list[Any] = [scalars.constants.get(node, 0.0) for node in leaves]
        self._root, self.root = root, None if root is None else self.place[root]
        self.units = {number: self.place[node] for number, node in units.items()}
        self.operations = self._operations(lambda op: _real(op.on_floats) if op is _POW else op.on_floats)
        self.edges = self._edges("derivatives_on_floats")
        self._on_arrays: tuple[Any, Any] | None = None

    @staticmethod
    def refuses(scalars: Scalars) -> str | None:
        """Why a tape cannot run a graph; None if it can."""
        return "it chooses by an input (take)" if TAKE in scalars.op else None

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
        if self.root is None:
            return []
        place, scalars = self.place, self.scalars
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
                    found.append((here, at, self.units[factor], _NO_OPERAND, None))
                elif len(there) <= 2:
                    found.append((here, at, there[0], there[1] if len(there) == 2 else _NO_OPERAND, factor))
                else:
                    found.append((here, at, there, _SEQUENCE, factor))
        return found

    # ── running ───────────────────────────────────────────────────────────────────────────────

    def value_and_grad(self, vector: Floats, inputs: list[Floats], size: int) -> tuple[float, Floats]:
        """The mean of the root over a batch, and its gradient."""
        assert self.root is not None
        if size <= _FEW:
            try:
                return self._sample_by_sample(vector, inputs, size)
            except (ArithmeticError, ValueError):
                pass  # where Python's floats raise, arrays follow IEEE
        v = self._values(vector, inputs)
        assert self._on_arrays is not None
        g = self._backward(v, np.full(size, 1 / size).view(_Numbers), self._on_arrays[1])
        return float(np.mean(v[self.root])), np.array([np.sum(g[i]) for i in self.places], float)

    def _sample_by_sample(self, vector: Floats, inputs: list[Floats], size: int) -> tuple[float, Floats]:
        assert self.root is not None
        mean, gradient = 0.0, np.zeros(len(vector))
        for sample in range(size):
            v = self._forward(self._start(vector.tolist(), inputs, sample), self.operations)
            g = self._backward(v, 1 / size, self.edges)
            mean += v[self.root] / size
            gradient += [g[i] for i in self.places]
        return mean, gradient

    def values(self, vector: Floats, inputs: list[Floats], size: int) -> Callable[[int], Any]:
        """Compute all values of a batch; gives a function from a node to its array."""
        v = self._values(vector, inputs)
        return lambda node: v[self.place[node]]

    def derivation(self, arguments: Any, result: Any, notation: Plain) -> Derivation | None:
        """What runs, in symbols; None where it is longer than anybody reads."""
        from autograd.compiler.derivation import derive_node_by_node

        if len(self.operations) > _LONG:
            return None
        return derive_node_by_node(self.scalars, self._root, arguments, result, notation)

    def described(self) -> str:
        """What runs, in one line."""
        return f"{len(self.operations)} operations run one by one"

    def _values(self, vector: Floats, inputs: list[Floats]) -> list[Any]:
        if self._on_arrays is None:
            self._on_arrays = self._operations(lambda op: op), self._edges("derivatives")
        v = self._start([vector[i : i + 1] for i in range(len(vector))], inputs, slice(None))
        return self._forward([np.atleast_1d(x).view(_Numbers) for x in v], self._on_arrays[0])

    def _start(self, parameters: list[Any], inputs: list[Floats], samples: Any) -> list[Any]:
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
        g[self.root] = seed  # type: ignore[index]
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
