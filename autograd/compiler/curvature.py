"""The Hessian of a program, by way of the few nodes that what is differentiated by enters.

A weight is multiplied by something and added up, z = Σ w a + b, and goes nowhere else. To move w by dw is then to move
z by a · dw: all second derivatives by the weights are those by the few z, times such factors. Let a number p enter the
node u by the factor c, and q enter v by d (a bias by 1; what is used in any other way enters a node of its own,
itself, by 1). With the adjoints δ, and ∂/∂v for what moving a node does to another number,

    ∂²E/∂p∂q = c d ∂δᵤ/∂v + d δᵤ ∂c/∂v + c δᵥ ∂d/∂u.

A network of 64-16-10 has 1 210 weights and 26 such nodes. What moving them does to the adjoints (`bends`, ∂δᵤ/∂v) and
to the factors (`slopes`, δᵤ ∂c/∂v) is one program, which computes values and adjoints once and reads them for all
directions. What is left are products of its results, summed over the samples (`Products`); of a few parameters the
program gives the entries themselves (`Entries`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.normalise import Scalars
from autograd.compiler.trace import order_of
from autograd.functional import grad, jvp
from autograd.graph import adjoints, tangents
from autograd.primitives import table
from autograd.value import Value

__all__ = ["Curvature", "Entries", "Place", "Products", "entered", "is_symmetric"]

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

_DOT, _TOTAL, _ADD, _MUL = (table[name] for name in ("dot", "total", "add", "mul"))
_AT_ONCE = 2**17  # numbers in what is multiplied at once, so that they stay near the processor
_OF_PIECE = 2**20  # numbers that the program may give for a piece of a batch
_FEWEST = 32  # samples in a piece


class Place(NamedTuple):
    """Where a number that is differentiated by enters: the node that it moves, and that of its factor; None for 1."""

    node: int
    factor: int | None


class Layer(NamedTuple):
    """Nodes that are entered with the same factors."""

    begin: int
    """Which of all nodes is the first of them; the others follow."""
    factors: Rows
    """Which factors, (factors,)."""
    rows: Rows
    """What enters with them, rows of the Hessian (nodes, factors)."""


class Derivatives(NamedTuple):
    """What moving nodes changes: `Value`s in a trace, or numbers; what is not there is 0."""

    factors: list[Any]
    bends: dict[tuple[int, int], Any]
    """By (u, v), in their order: how the adjoint of node u changes when node v is moved."""
    slopes: dict[tuple[int, int], Any]
    """By (row, v), node by node: how the factor of a row changes then, times the adjoint of the node it enters."""


# ── what is read off the graph ────────────────────────────────────────────────────────────────


def read(scalars: Scalars, node: int) -> tuple[int, ...]:
    """The operands that a derivative of the node may depend on.

    Where no gradient flows to an operand, somebody's own rules for the others may have it in them all the same.
    """
    op = scalars.op[node]
    own = op is not None and op.own and not op.nary and any(op.derivatives)  # type: ignore[arg-type]
    return scalars.operands[node] if own else scalars.differentiated(node)


def is_symmetric(scalars: Scalars) -> bool:
    """Whether rows and columns of its Hessian are the same: somebody's own rules may be of no one function of two."""
    return not any(op is not None and op.own and not op.nary and len(op.derivatives) > 1 for op in scalars.op)  # type: ignore[arg-type]


def alive(scalars: Scalars, leaves: Sequence[int]) -> list[bool]:
    """For each node whether the gradient by these leaves depends on it, between them and the root."""
    above, found = [False] * len(scalars), [False] * len(scalars)
    if scalars.root is not None:
        above[scalars.root] = True
    for node in range(len(scalars) - 1, -1, -1):
        if above[node]:
            for x in read(scalars, node):
                above[x] = True
    for leaf in leaves:
        found[leaf] = above[leaf]
    for node in range(len(scalars)):
        if above[node] and not found[node]:
            found[node] = any(found[x] for x in read(scalars, node))
    return found


def entered(scalars: Scalars, leaves: Sequence[int], flows: Sequence[bool]) -> list[Place | None]:
    """The place of each leaf; None where no gradient reaches it.

    Args:
        flows: for each node whether a gradient flows through it to one of the leaves.

    >>> import autograd
    >>> from autograd.compiler.normalise import normalise
    >>> from autograd.compiler.trace import trace
    >>> w, b, a = [autograd.Value(1.0, label=name) for name in "wba"]
    >>> scalars = normalise(trace(lambda x: autograd.exp(a) * autograd.dot([w], [x], b), 1.0))
    >>> print(scalars)
    0  input 0[0]    batch
    1  w                    gradient
    2  b                    gradient
    3  a                    gradient
    4  exp(3)               gradient
    5  dot(1, 0, 2)  batch  gradient
    6  mul(4, 5)     batch  gradient
    result: 6
    >>> entered(scalars, [1, 2, 3], scalars.active)
    [Place(node=5, factor=0), Place(node=5, factor=None), Place(node=3, factor=None)]
    """
    uses: dict[int, list[int]] = {node: [] for node, there in enumerate(flows) if there}
    for node in uses:
        for x in read(scalars, node):
            if x in uses:
                uses[x].append(node)
    no_factors = set(leaves)  # they would not stay as they are while others move

    def place(leaf: int) -> Place:
        found = Place(leaf, None)
        while len(uses[found.node]) == 1:
            further = _times_a_factor(scalars, uses[found.node][0], found.node)
            if further is None or further.factor in no_factors:
                break
            if found.node == leaf:
                found = further
            elif further.factor is None:  # a product that is added to something, and goes nowhere else
                found = Place(further.node, found.factor)
            else:
                break
        return found

    return [place(leaf) if leaf in uses else None for leaf in leaves]


def _times_a_factor(scalars: Scalars, node: int, operand: int) -> Place | None:
    """How an operand, that the node has once, enters it; None if it is no sum of products."""
    op, operands = scalars.op[node], scalars.operands[node]
    position = operands.index(operand)
    if op is _TOTAL or op is _ADD:
        return Place(node, None)
    if op is _MUL:
        return Place(node, operands[1 - position])
    if op is _DOT:
        n = len(operands) // 2
        return Place(node, None if position == 2 * n else operands[(position + n) % (2 * n)])
    return None


def followed(scalars: Scalars, nodes: Sequence[int], flows: Sequence[bool]) -> tuple[list[int], int]:
    """By which of some nodes each node is moved, a bit for each; and how many products it takes to follow them all."""
    bit = {node: 1 << number for number, node in enumerate(nodes)}
    moved = [0] * len(scalars)
    terms = 0
    for node in range(len(scalars)):
        if not flows[node]:
            continue
        for x in read(scalars, node):
            terms += moved[x].bit_count()
            moved[node] |= moved[x]
        moved[node] |= bit.get(node, 0)
    return moved, terms


# ── what is computed for each sample ──────────────────────────────────────────────────────────


class Curvature:
    """Second derivatives by some leaves of a scalar program.

    Args:
        scalars: that program; it has a root.
        leaves: the leaf of each row of the Hessian.

    Attributes:
        width: how many rows it has.
        layers: the nodes that the leaves enter, those with the same factors together.
        nodes: all of them, layer by layer.
        factors: the node of each factor; None for 1.
        terms: how many products it takes to move them.
    """

    def __init__(self, scalars: Scalars, leaves: Sequence[int]) -> None:
        self.width = len(leaves)
        self._flows = alive(scalars, leaves)
        self._places = entered(scalars, leaves, self._flows)
        inside: dict[int, list[int]] = {}
        for row, place in enumerate(self._places):
            if place is not None:
                inside.setdefault(place.node, []).append(row)
        alike: dict[tuple[int | None, ...], list[int]] = {}
        for node, rows in inside.items():
            alike.setdefault(tuple([self._places[row].factor for row in rows]), []).append(node)  # type: ignore[union-attr]
        self.nodes = [node for nodes in alike.values() for node in nodes]
        self.factors = list(dict.fromkeys(factor for factors in alike for factor in factors))
        number = {factor: i for i, factor in enumerate(self.factors)}
        self.layers: list[Layer] = []
        begin = 0
        for factors, nodes in alike.items():
            which = np.array([number[factor] for factor in factors], np.int64)
            self.layers.append(Layer(begin, which, np.array([inside[node] for node in nodes], np.int64)))
            begin += len(nodes)
        self._moved, self.terms = followed(scalars, self.nodes, self._flows)
        self._root = scalars.root

    def derivatives(self, values: Sequence[Any]) -> Derivatives:
        """In a trace: how the adjoints and the factors change when each of the nodes is moved.

        Args:
            values: what each node of the scalar program is there.
        """
        order = [values[node] for node, flows in enumerate(self._flows) if flows]
        adjoint: dict[Any, Any] = adjoints(order, {}) if order else {}
        of_nodes = [adjoint.get(values[node], 0.0) for node in self.nodes]
        factors = [1.0 if factor is None else values[factor] for factor in self.factors]
        whole = order_of([x for x in (*of_nodes, *factors) if isinstance(x, Value)])
        bends: dict[tuple[int, int], Any] = {}
        of_factors: dict[tuple[int, int], Any] = {}
        for v, node in enumerate(self.nodes):
            moved = tangents(whole, {}, {values[node]: 1})
            for u, delta in enumerate(of_nodes):
                if isinstance(delta, Value) and delta in moved:
                    bends[u, v] = moved[delta]
            for number, factor in enumerate(factors):
                if isinstance(factor, Value) and factor in moved:
                    of_factors[number, v] = moved[factor]
        slopes = {
            (row, v): of_nodes[u] * of_factors[factor, v]
            for row, v, u, factor in self.slopes()
            if (factor, v) in of_factors
        }
        return Derivatives(factors, dict(sorted(bends.items())), slopes)

    def slopes(self) -> list[tuple[int, int, int, int]]:
        """(row, v, u, factor) for each slope that can be other than 0, node v by node."""
        moving: list[tuple[int, int, int, int]] = []  # and by what
        for layer in self.layers:
            for factor, rows in zip(layer.factors.tolist(), layer.rows.T.tolist(), strict=True):
                node = self.factors[factor]
                if node is not None and self._moved[node]:
                    moving += [(row, self._moved[node], layer.begin + i, factor) for i, row in enumerate(rows)]
        return [(row, v, u, factor) for v in range(len(self.nodes)) for row, by, u, factor in moving if by >> v & 1]

    def along(self, again: Callable[[Mapping[int, Any]], list[Any]], direction: Sequence[Any]) -> list[Any]:
        """In a trace: adjoints of the nodes and factors, and their derivatives along a direction in which all move.

        Args:
            again: gives the value of each node of the scalar program, when some are moved by so much.
        """

        def at(moved: Sequence[Any]) -> list[Any]:
            def moved_by(numbers: Sequence[Any]) -> list[Any]:
                return again(dict(zip(self.nodes, numbers, strict=True)))

            values = moved_by(moved)
            factors = [1.0 if factor is None else values[factor] for factor in self.factors]
            return [*grad(lambda numbers: moved_by(numbers)[self._root])(moved), *factors]  # type: ignore[index]

        values, slopes = jvp(at, ([0.0] * len(self.nodes),), (list(direction),))
        return [*values, *slopes]


# ── the matrix ────────────────────────────────────────────────────────────────────────────────


class Entries:
    """The entries themselves, computed by the program: for a few rows.

    Attributes:
        kind: the program that is needed, "hessian", or "moved" where its directions are lanes.
        piece: how many samples it takes at once.
    """

    kind = "hessian"

    def __init__(self, curvature: Curvature) -> None:
        self.curvature = curvature

    def given(self, values: Sequence[Any]) -> list[Any]:
        """In a trace, from what each node is there: the numbers that the program `hessian` returns."""
        curvature = self.curvature
        factors, bends, slopes = curvature.derivatives(values)
        inside = [
            (int(row), layer.begin + i, factors[factor])
            for layer in curvature.layers
            for i, rows in enumerate(layer.rows)
            for row, factor in zip(rows, layer.factors, strict=True)
        ]
        of_nodes = {
            (u, q): _sum(_product(bends.get((u, v)), of_q), slopes.get((q, u)))
            for u in range(len(curvature.nodes))
            for q, v, of_q in inside
        }
        found: dict[int, Any] = {}
        for p, u, of_p in inside:
            for q, v, of_q in inside:
                entry = _sum(_product(of_nodes[u, q], of_p), _product(slopes.get((p, v)), of_q))
                if entry is not None:
                    found[p * curvature.width + q] = entry
        computed = {place: entry for place, entry in found.items() if isinstance(entry, Value)}
        self._places = np.array(list(computed), np.int64)
        self._numbers = {place: entry for place, entry in found.items() if place not in computed}
        self._full = len(computed) == curvature.width**2
        self.piece = max(_FEWEST, _OF_PIECE // max(1, len(computed)))
        return list(computed.values())

    def sum(self, found: Floats, share: float, out: Floats) -> None:
        """Write the matrix of the sum over the samples.

        Args:
            found: what the program returned, (numbers, samples).
            share: what the sum is multiplied by.
        """
        flat, samples = out.reshape(-1), found.shape[1]
        if not self._full:
            flat.fill(0.0)
        whole = found.dot(np.full(samples, share)) if samples > 1 else found[:, 0] * share
        flat[self._places] = whole[: len(self._places)]
        for place, number in self._numbers.items():
            flat[place] = number * samples * share

    def of_each(self, found: Floats, share: float, out: Floats) -> None:
        """Write the matrix of each sample."""
        flat = out.reshape(len(out), -1)
        if not self._full:
            flat.fill(0.0)
        flat[:, self._places] = found[: len(self._places)].T * share
        for place, number in self._numbers.items():
            flat[:, place] = number * share


def _product(x: Any, factor: Any) -> Any:
    """x · factor, where None is 0."""
    return x if x is None or (type(factor) is float and factor == 1.0) else x * factor


def _sum(x: Any, y: Any) -> Any:
    return y if x is None else x if y is None else x + y


class Products:
    """The entries as matrix products of what the program computes.

    Args:
        lanes: whether a program for all directions would be too long, so that they are lanes of a program for one.

    Attributes:
        kind, piece: as in `Entries`.
    """

    def __init__(self, curvature: Curvature, lanes: bool = False) -> None:
        self.curvature, self.kind = curvature, "moved" if lanes else "hessian"
        rows = [layer.rows for layer in curvature.layers]
        whole = np.concatenate([x.reshape(-1) for x in rows])
        as_they_are = len(whole) == curvature.width and all(_blocks(x) for x in rows)
        self._order = None if as_they_are else whole
        self._size = len(whole)
        self._place = np.zeros(curvature.width, np.int64)
        """Where each row is: as they are, if a layer's are a few blocks; else layer by layer."""
        self._place[np.arange(self._size) if as_they_are else whole] = np.arange(self._size)
        self.piece = _FEWEST
        self._layers = [layer._replace(rows=self._place[layer.rows]) for layer in curvature.layers]
        self._blocks = [_blocks(layer.rows) for layer in self._layers]
        if lanes:
            m, slopes = len(curvature.nodes), curvature.slopes()
            pairs = [(u, v) for u in range(m) for v in range(m)]
            self._lay_out(len(curvature.factors), pairs, [(row, v) for row, v, _, _ in slopes])
            self._slopes_of = np.array(slopes, np.int64).reshape(-1, 4).T[1:]
            self.piece = max(_FEWEST, min(self.piece, _OF_PIECE // (2 * m * (m + len(curvature.factors)))))

    def given(self, values: Sequence[Any]) -> list[Any]:
        """As in `Entries`."""
        factors, bends, slopes = self.curvature.derivatives(values)
        self._lay_out(len(factors), list(bends), list(slopes))
        return [*factors, *bends.values(), *slopes.values()]

    def of_lanes(self, along: Floats) -> Floats:
        """What `given` would have given, (numbers, samples).

        Args:
            along: what `Curvature.along` gives for each sample and each node, (samples, nodes, numbers).
        """
        m, f = len(self.curvature.nodes), len(self.curvature.factors)
        v, u, factor = self._slopes_of
        of_nodes, factors = along[:, 0, :m], along[:, 0, m : m + f]
        bends = along[:, :, m + f : m + f + m].transpose(2, 1, 0).reshape(m * m, -1)
        with np.errstate(all="ignore"):
            slopes = of_nodes[:, u] * along[:, v, m + f + m + factor]
        return np.concatenate([factors.T, bends, slopes.T])

    def _lay_out(self, factors: int, bends: list[tuple[int, int]], slopes: list[tuple[int, int]]) -> None:
        """Find where in the matrix numbers belong: so many factors, bends in their order, slopes node by node."""
        m = len(self.curvature.nodes)
        self._ends = np.cumsum([factors, len(bends), len(slopes)])
        self._bends = np.array([u * m + v for u, v in bends], np.int64)
        rows = self._place[np.array([row for row, _ in slopes], np.int64)]
        nodes = np.array([v for _, v in slopes], np.int64)
        self._starts = np.searchsorted(nodes, np.arange(m + 1))
        self._slopes = nodes * self._size + rows  # where in what `_of_nodes` gives
        self.piece = max(_FEWEST, min(_AT_ONCE // self._size, _OF_PIECE // int(self._ends[-1])))
        self._others = []  # of each layer's nodes the slopes, and where in the matrix they belong
        for layer in self._layers:
            some = slice(*self._starts[[layer.begin, layer.begin + len(layer.rows)]])
            columns = layer.rows[nodes[some] - layer.begin]
            self._others.append((some, rows[some, None] * self._size + columns))

    def of_each(self, found: Floats, share: float, out: Floats) -> None:
        """As in `Entries`."""
        for sample, matrix in zip(found.T, out, strict=True):
            self.sum(np.ascontiguousarray(sample[:, None]), share, matrix)

    def sum(self, found: Floats, share: float, out: Floats) -> None:
        """As in `Entries`."""
        with np.errstate(all="ignore"):
            self._multiply(found, share, out)

    def _multiply(self, found: Floats, share: float, out: Floats) -> None:
        n, samples, m = self._size, found.shape[1], len(self.curvature.nodes)
        factors, bends, slopes = np.split(found, self._ends[:-1])
        bends, slopes = bends * share, slopes * share
        if len(self._bends) < m * m:
            bends, some = np.zeros((m * m, samples)), bends
            bends[self._bends] = some
        bends = bends.reshape(m, m, samples)
        of_layers = [factors[layer.factors] for layer in self._layers]
        whole = out if self._order is None else np.empty((n, n))
        most = max(1, _AT_ONCE // (n * samples))
        buffer = np.empty((min(most, m), n, samples))
        for layer, blocks, mine in zip(self._layers, self._blocks, of_layers, strict=True):
            for first in range(0, len(layer.rows), most):
                last = min(first + most, len(layer.rows))
                now = buffer[: last - first]
                self._of_nodes(now, layer.begin + first, bends, of_layers, slopes)
                for begin, a, b in blocks:
                    k = b - a
                    here = whole[begin + first * k : begin + last * k].reshape(last - first, k, n)
                    np.matmul(mine[a:b], now.transpose(0, 2, 1), out=here)
        for (entering, places), mine in zip(self._others, of_layers, strict=True):
            whole.reshape(-1)[places] += slopes[entering] @ mine.T
        if self._order is not None:
            out[:] = 0.0
            out[np.ix_(self._order, self._order)] = whole

    def _of_nodes(self, out: Floats, first: int, bends: Floats, of_layers: list[Floats], slopes: Floats) -> None:
        """What is to be multiplied by the factors of what enters some nodes: (nodes, columns, samples)."""
        many, n, samples = out.shape
        for layer, blocks, theirs in zip(self._layers, self._blocks, of_layers, strict=True):
            m = len(layer.rows)
            bend = bends[first : first + many, layer.begin : layer.begin + m, None]
            for begin, a, b in blocks:
                here = out[:, begin : begin + m * (b - a)].reshape(many, m, b - a, samples)
                np.multiply(bend, theirs[a:b], out=here)
        begin, end = self._starts[[first, first + many]]
        out.reshape(many * n, samples)[self._slopes[begin:end] - first * n] += slopes[begin:end]


def _blocks(rows: Rows) -> list[tuple[int, int, int]]:
    """(first row, begin, end) for ranges of factors whose rows follow each other, node by node; none if they do not.

    >>> _blocks(np.array([[0, 1, 6], [2, 3, 7], [4, 5, 8]]))
    [(0, 0, 2), (6, 2, 3)]
    """
    ends = np.flatnonzero(np.diff(rows[0]) != 1) + 1
    found = []
    for begin, end in pairwise([0, *ends.tolist(), rows.shape[1]]):
        block = rows[:, begin:end]
        if (block.reshape(-1) != block[0, 0] + np.arange(block.size)).any():
            return []
        found.append((int(block[0, 0]), begin, end))
    return found
