"""From scalars to arrays: which nodes become one array operation, and how its operands are stored.

The idea in three steps:

1. Nodes at the same level with the same primitive do not depend on each other: they are the *lanes* of a
   `Group`, computed at once. The inputs of a `dot` or `total` are a second direction, *inner*.
2. The values of a group are neighbouring rows of a store, lane after lane; a row is as wide as the batch.
   So the operands of the next group are as a rule rows start + i·stride + j·stride′ …, and that is an
   array that NumPy can look at where it lies (`Operand.strides`). A stride of 0 is a broadcast; a `dot` with
   strides (n, ·, 1) and (0, 1) is a matrix times a vector.
3. Where there is no such pattern the rows are gathered.

Parameters are laid out as they are first needed, so the weights of a layer are one block, row by row,
and its biases the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.normalise import Scalars
from autograd.compiler.stores import CONSTANT, INPUT, PARAMETER, SAMPLE, SHARED, Operand, RowNumbers, store_name
from autograd.compiler.trace import TAKE
from autograd.primitives import Primitive, table
from autograd.readings import one_by_one

__all__ = ["Group", "Grouped", "Vectorised", "group_alike", "vectorise"]

_DOT, _POS = table["dot"], table["pos"]
_SMALL = 1024  # lanes × operands: below this, sums of unequal length are cheaper padded and together than apart
_GATHERED = 48  # lanes × longest / lengths: above this, to gather what is padded of every sample costs more than calls


class Group:
    """Lanes of one primitive, computed by one array operation.

    Attributes:
        op: the primitive.
        store, start, size: the rows that its values are stored in.
        shape: the axes its lanes are seen as; their product is `size`.
        inner: the axes of a `dot`, `total`, `logsumexp` or `take` beyond `shape`; () for other primitives.
        operands: of an n-ary primitive the whole sequences: (w, x, b) of `dot`, (xs,) of `total` and
            `logsumexp`, (items, index) of `take`.
        active: whether a gradient flows through it.
        optional: whether one comes only in samples in which a `take` chooses it; in others its adjoint is 0.
    """

    def __init__(self, op: Primitive, store: int, start: int, size: int, active: bool) -> None:
        self.op, self.store, self.start, self.size, self.active = op, store, start, size, active
        self.shape: tuple[int, ...]  # what is not known yet is filled in with the operands, see `_fit`
        self.inner: tuple[int, ...]
        self.operands: list[Operand]
        self.length = 1  # of the inner sequence
        self.optional = False

    def __str__(self) -> str:
        axes = zip("ijklmn", (*self.shape, *self.inner), strict=False)
        lanes = ", ".join(f"{axis} < {length}" for axis, length in axes)
        rows = f"{store_name(self.store)}[{self.start}:{self.start + self.size}]"
        return f"{rows:<14} = {self.op.name}({', '.join(map(str, self.operands))}){' for ' * bool(lanes)}{lanes}"

    @property
    def batched(self) -> bool:
        return self.store >= SAMPLE


class Vectorised:
    """A scalar graph as groups, in the order they are computed.

    Attributes:
        groups: the array operations.
        parameters: nodes of the parameters, in the order of the flat vector.
        sizes: how many rows SHARED and SAMPLE have.
        fixed: rows that hold a constant, by store: [(row, number)].
    """

    def __init__(self, scalars: Scalars, parameters: list[int]) -> None:
        n = len(scalars)
        self.scalars = scalars
        self.groups: list[Group] = []
        self.parameters = parameters
        self.sizes = {SHARED: 0, SAMPLE: 0}
        self.fixed: dict[int, list[tuple[int, float]]] = {SHARED: [], SAMPLE: []}
        self.store = np.full(n, -1, np.int32)
        self.row = np.full(n, -1, np.int64)
        self.number = np.zeros(n)
        self.active = np.array(scalars.active, bool)
        for node, number in scalars.constants.items():
            self.store[node] = CONSTANT
            self.number[node] = number
        for node, (argument, place) in scalars.inputs.items():
            self.store[node] = INPUT + argument
            self.row[node] = place
        if parameters:
            self.store[parameters] = PARAMETER
            self.row[parameters] = np.arange(len(parameters))
        self._copy_rows = {store: np.full(n, -1, np.int64) for store in (SHARED, SAMPLE)}

    def __str__(self) -> str:
        return "\n".join(map(str, self.groups))

    def location(self, node: int) -> tuple[int, int]:
        """The store and row of a node."""
        return int(self.store[node]), int(self.row[node])

    # ── groups ────────────────────────────────────────────────────────────────────────────────

    def add(self, op: Primitive, nodes: Sequence[int]) -> None:
        """Make the group of these nodes, which have the same primitive, level and kind of store."""
        s = self.scalars
        batched = bool(s.batched[nodes[0]])
        lanes = [s.operands[node] for node in nodes]
        if op.nary:
            columns = self._sequences(op, lanes)
            if op is not TAKE and len(lanes) > 1:
                self._put_in_order(columns)
        else:
            together = np.array(lanes, np.int64)
            columns = [together[:, k] for k in range(together.shape[1])]
        operands = [self._operand(ids, batched) for ids in columns]
        ids = np.array(nodes, np.int64)
        group = self._place(op, ids, SAMPLE if batched else SHARED)
        group.operands, group.optional = operands, bool(s.optional[nodes[0]])
        group.length = columns[0].shape[1] if op.nary else 1
        _fit(group)

    def _sequences(self, op: Primitive, lanes: list[tuple[int, ...]]) -> list[RowNumbers]:
        """The operands of n-ary lanes as arrays: sequences (lanes × inner, padded), then the single ones."""
        takes = op.takes
        assert takes is not None
        split = [takes.split(operands) for operands in lanes]
        sequences = [[part.elements for part in parts[: takes.sequences]] for parts in split]
        if len(lanes) == 1 and op is not TAKE:
            sequences = [self._in_order(sequences[0])]
        n = max(len(lane[0]) for lane in sequences)
        if any(len(lane[0]) < n for lane in sequences):
            assert takes.padding is not None
            padding = self._constant(takes.padding)
            sequences = [[(*part, *[padding] * (n - len(part))) for part in lane] for lane in sequences]
        singles = [parts[takes.sequences :] for parts in split]
        return [
            *[np.array(column, np.int64).reshape(len(lanes), n) for column in zip(*sequences, strict=True)],
            *[np.array(column, np.int64) for column in zip(*singles, strict=True)],
        ]

    def _in_order(self, sequences: list[Any]) -> list[Any]:
        """The operands of a sum in the order they are stored, so that they can be looked at where they lie."""
        operands = [x for sequence in sequences for x in sequence]
        place = list(zip(self.store.tolist(), self.row.tolist(), strict=True)) if len(operands) > 512 else None
        at = place.__getitem__ if place else self.location
        together = sorted(zip(*sequences, strict=True), key=lambda one: tuple(map(at, one)))
        return list(zip(*together, strict=True))

    def _put_in_order(self, columns: list[RowNumbers]) -> None:
        """The same for many lanes: another order, one for all, where samples would be gathered as it is written."""
        sequences = [k for k, ids in enumerate(columns) if ids.ndim == 2]
        for k in sequences:
            ids = columns[k]
            store = self.store[ids]
            if store.flat[0] < SAMPLE or (store != store.flat[0]).any():
                continue
            rows = self.row[ids]
            order = np.argsort(rows[0], kind="stable")
            if _pattern(rows.reshape(-1)) is None and _pattern(rows[:, order].reshape(-1)) is not None:
                for each in sequences:
                    columns[each] = np.ascontiguousarray(columns[each][:, order])
                return

    def _constant(self, number: float) -> int:
        node = self.scalars.constant(number)
        if node == len(self.store):  # it is new
            self.store = np.append(self.store, np.int32(CONSTANT))
            self.row = np.append(self.row, -1)
            self.number = np.append(self.number, number)
            self.active = np.append(self.active, False)
            self._copy_rows = {store: np.append(rows, -1) for store, rows in self._copy_rows.items()}
        return node

    def _place(self, op: Primitive, ids: RowNumbers, store: int) -> Group:
        start = self.sizes[store]
        self.sizes[store] += len(ids)
        group = Group(op, store, start, len(ids), bool(self.active[ids].any()))
        if op is not _POS:
            self.store[ids] = store
            self.row[ids] = np.arange(start, start + len(ids))
        self.groups.append(group)
        return group

    # ── operands ──────────────────────────────────────────────────────────────────────────────

    def _operand(self, ids: RowNumbers, batched: bool) -> Operand:
        stores = np.unique(self.store[ids])
        if len(stores) == 1:
            store = int(stores[0])
            if store == CONSTANT:
                return Operand(CONSTANT, values=self.number[ids])
            found = Operand(store, self.row[ids])
        else:
            found = self._together(ids, stores.tolist(), SAMPLE if batched and stores[-1] >= SAMPLE else SHARED)
        found.active = bool(self.active[ids].any())
        return found

    def _together(self, ids: RowNumbers, stores: list[int], store: int) -> Operand:
        """An operand from several stores: what is elsewhere is first copied into one of them."""
        rows = np.where(self.store[ids] == store, self.row[ids], -1)
        copies = self._copy_rows[store]
        for other in stores:
            if other == store:
                continue
            here = self.store[ids] == other
            nodes = ids[here]
            first_met = list(dict.fromkeys(nodes[copies[nodes] < 0].tolist()))
            if first_met:
                new = np.array(first_met, np.int64)
                if other == CONSTANT:
                    start = self.sizes[store]
                    self.sizes[store] += len(new)
                    self.fixed[store].extend(
                        zip(range(start, start + len(new)), self.number[new].tolist(), strict=True)
                    )
                else:
                    copy = self._place(_POS, new, store)
                    start = copy.start
                    copied = Operand(other, self.row[new])
                    copied.active = copy.active
                    copy.operands = [copied]
                    _fit(copy)
                copies[new] = np.arange(start, start + len(new))
            rows[here] = copies[nodes]
        return Operand(store, rows)


Groups = list[tuple[Primitive, list[int]]]


class Grouped(NamedTuple):
    """A scalar program whose nodes are sorted into groups, in the order they are to be computed."""

    scalars: Scalars
    groups: Groups
    parameters: list[int]
    """In the order of the flat vector."""

    def __str__(self) -> str:
        return "\n".join(f"{op.name}: {', '.join(map(str, nodes))}" for op, nodes in self.groups)


def group_alike(scalars: Scalars) -> Grouped:
    """Which nodes are computed at once, and in which order the parameters then stand."""
    groups = _grouped(scalars)
    return Grouped(scalars, groups, scalars.order or _in_order(scalars, groups))


def vectorise(program: Grouped) -> Vectorised:
    """Lay out the values of the groups of a program, and see how each group finds its operands."""
    found = Vectorised(program.scalars, program.parameters)
    for op, nodes in program.groups:
        found.add(op, nodes)
    return found


def _in_order(s: Scalars, groups: Groups) -> list[int]:
    """The parameters in the order of the flat vector: as the groups first need them.

    Matrices come first, so that a weight decay does not tear them apart; so the weights of a layer are one block, row
    by row, and its biases the next.
    """
    met: dict[int, None] = {}
    for nodes in chain(_of_matrices(s, groups), _of_groups(s, groups), [s.parameters]):
        if len(met) == len(s.parameters):
            break
        met.update((node, None) for node in nodes if node in s.parameters)
    return list(met)


def _of_matrices(s: Scalars, groups: Groups) -> Iterator[Iterable[int]]:
    for op, nodes in groups:
        if op is _DOT and s.batched[nodes[0]]:
            yield from (s.operands[node][: len(s.operands[node]) // 2] for node in nodes)
            yield [s.operands[node][-1] for node in nodes]


def _of_groups(s: Scalars, groups: Groups) -> Iterator[Iterable[int]]:
    for op, nodes in groups:
        lanes = [s.operands[node] for node in nodes]
        if op.takes is not None:
            for column in zip(*map(op.takes.split, lanes), strict=True):
                yield one_by_one(column)
        else:
            yield from zip(*lanes, strict=True)


def _grouped(s: Scalars) -> Groups:
    """Nodes of the same level, primitive, kind of store and length, in the order they are to be computed."""
    alike: dict[tuple[Any, ...], list[int]] = {}
    # what made a node: lanes that find operands of one kind do so side by side, where there is a pattern
    kinds = [
        op.name if op is not None else batched or (node in s.constants and "constant")
        for node, (op, batched) in enumerate(zip(s.op, s.batched, strict=True))
    ]
    each = zip(s.op, s.operands, s.level, s.batched, s.active, s.optional, strict=True)
    for node, (op, operands, level, batched, active, optional) in enumerate(each):
        if op is not None:
            shown = operands[:: len(operands) // 2] if op is _DOT else operands[:1] if op.nary else operands
            of = tuple([kinds[x] for x in shown])
            alike.setdefault((level, op, batched, len(operands), of, active and 1 + optional), []).append(node)
    families: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for key in alike:
        families.setdefault((*key[:3], *key[4:]), []).append(key)
    found: list[tuple[int, int, Primitive, list[int]]] = []
    for keys in families.values():
        op = s.op[alike[keys[0]][0]]
        assert op is not None
        small = [key for key in keys if len(alike[key]) * key[3] < _SMALL]
        classes = [alike[key] for key in keys]
        if op.takes is not None and op.takes.padding is not None and _together(alike, small):
            classes = [[node for key in small for node in alike[key]]]
            classes += [alike[key] for key in keys if key not in small]
        for nodes in classes:
            nodes.sort(key=s.rank.__getitem__)
            found.append((s.level[nodes[0]], s.rank[nodes[0]], op, nodes))
    found.sort(key=itemgetter(0, 1))
    return [(op, nodes) for _, _, op, nodes in found]


def _together(alike: dict[tuple[Any, ...], list[int]], lengths: list[tuple[Any, ...]]) -> bool:
    """Whether sums of these lengths are one group, padded."""
    if len(lengths) <= 2:
        return False
    (_, _, batched, *_), longest = lengths[0], max(key[3] for key in lengths)
    return not batched or sum(len(alike[key]) for key in lengths) * longest <= _GATHERED * len(lengths)


# ── patterns ──────────────────────────────────────────────────────────────────────────────────


def _pattern(rows: RowNumbers) -> list[tuple[int, int]] | None:
    """Axes (length, stride) such that the rows are start + Σ index · stride, outermost first; None if there are none.

    >>> _pattern(np.array([3, 4, 5, 3, 4, 5]))
    [(2, 0), (3, 1)]
    """
    axes: list[tuple[int, int]] = []
    while len(rows) > 1:
        steps = np.diff(rows)
        stride = int(steps[0])
        breaks = np.flatnonzero(steps != stride)
        length = int(breaks[0]) + 1 if len(breaks) else len(rows)
        if len(rows) % length:
            return None
        block = rows.reshape(-1, length)
        if len(block) > 1 and (block[:, 1:] - block[:, :1] != steps[: length - 1].cumsum()).any():
            return None
        axes.insert(0, (length, stride))
        rows = block[:, 0]
    return axes


def _sizes(axes: list[tuple[int, int]]) -> set[int]:
    """How many places each axis of a pattern is made of: where the axes must be cut."""
    sizes, size = set(), 1
    for length, _ in reversed(axes):
        size *= length
        sizes.add(size)
    return sizes


def _fit(group: Group) -> None:
    """Find axes for the lanes (and the inner sequence) in which as many operands as possible are patterns."""
    n, m = group.size, group.length
    cuts = {m, n * m} - {1}
    for operand in group.operands:
        if operand.store == CONSTANT:
            continue
        flat = operand.rows.reshape(-1)
        pattern = _pattern(flat)
        if pattern is not None:
            wanted = cuts | {size * (n * m // len(flat)) for size in _sizes(pattern)}
            steps = sorted(wanted)
            if all(b % a == 0 for a, b in pairwise(steps)):
                cuts = wanted
    steps = [1, *sorted(cuts)]
    axes = [b // a for a, b in pairwise(steps)][::-1]  # outermost first
    inner_axes = sum(size <= m for size in cuts)
    group.inner = tuple(axes[len(axes) - inner_axes :])
    group.shape = tuple(axes[: len(axes) - inner_axes])
    for operand in group.operands:
        if operand.store == CONSTANT:
            assert operand.values is not None
            shape = group.shape if operand.values.ndim == 1 else (*group.shape, *group.inner)
            operand.values = _collapsed(operand.values.reshape(shape))
            continue
        shape = group.shape if operand.rows.ndim == 1 else (*group.shape, *group.inner)
        operand.rows = rows = _collapsed(operand.rows.reshape(shape))
        operand.strides = _strides(rows)
        operand.apart = len(np.unique(rows)) == rows.size


def _strides(rows: RowNumbers) -> tuple[int, ...] | None:
    """How far a step along each axis goes, if it is the same from everywhere."""
    strides = []
    expected = rows[(slice(0, 1),) * rows.ndim]
    for axis, length in enumerate(rows.shape):
        stride = int(np.take(rows, 1, axis).flat[0] - rows.flat[0]) if length > 1 else 0
        strides.append(stride)
        expected = expected + stride * np.arange(length).reshape([-1 if a == axis else 1 for a in range(rows.ndim)])
    return tuple(strides) if (rows == expected).all() else None


def _collapsed(array: NDArray[Any]) -> NDArray[Any]:
    """The array with axes of length 1 where nothing changes along them."""
    for axis in range(array.ndim):
        first = np.take(array, [0], axis)
        if array.shape[axis] > 1 and (array.view(np.int64) == first.view(np.int64)).all():  # −0 is not 0, NaN is NaN
            array = first
    return array
