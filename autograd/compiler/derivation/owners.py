"""What the rows of a program belong to, and what that is called: `Owners`.

A `dot` whose weights are a matrix of parameters is a layer and gets a number: z¹, a¹, W¹, b¹, and δ¹ for its adjoint.
Other results are v₁, v₂, …, other parameters θ, and what is differentiated is E.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.derivation.indices import Index
from autograd.compiler.derivation.terms import Element, Slice
from autograd.compiler.stores import CONSTANT, INPUT, PARAMETER
from autograd.compiler.trace import DETACH
from autograd.compiler.vectorise import Group, Vectorised
from autograd.formulas.spelling import lowered, raised
from autograd.formulas.terms import Call, Formula, Name, Term
from autograd.primitives import table

__all__ = ["Owner", "Owners", "detached", "is_copy", "section"]

_DOT, _POS = table["dot"], table["pos"]


class Owner(NamedTuple):
    """What a row of a store belongs to: a block of parameters, an input or a group; its shape and first row."""

    name: str
    shape: tuple[int, ...]
    start: int
    size: int
    group: Group | None = None  # which has its name when it is written

    def place(self, name: str, at: Index, ranges: dict[str, int]) -> Element:
        """The element at a row of the store, of what is called `name` and has this shape."""
        return Element(name, self.shape, (at + Index(-self.start)).split(self.shape, ranges) if self.shape else ())


class Owners:
    """The owners of all rows, and the names of all groups.

    Attributes:
        blocks: the parameters, in order; `vector` is all of them together.
        layer: the numbers of the groups that are layers; `activation` those of what follows them.
        fixed: the numbers in rows that belong to nothing.
    """

    def __init__(
        self, vectorised: Vectorised, root: int | None, arguments: Sequence[tuple[str, tuple[int, ...]]]
    ) -> None:
        self.vectorised, self.arguments = vectorised, arguments
        self.fixed = {(store, row): number for store, rows in vectorised.fixed.items() for row, number in rows}
        self.layer: dict[Group, int] = {}
        self.activation: dict[Group, int] = {}
        self.blocks: list[Owner] = []
        self._of_group: dict[Group, str] = {}
        self._counts: dict[str, int] = {}
        self._made = sorted(((group.store, group.start), group) for group in vectorised.groups if group.size)
        self._starts = [start for start, _ in self._made]
        self._name_layers(root)
        self._name_parameters()

    # ── naming ────────────────────────────────────────────────────────────────────────────────

    def _name_layers(self, root: int | None) -> None:
        producers = {(group.store, group.start): group for group in self.vectorised.groups}
        for group in self.vectorised.groups:
            if _is_layer(group):
                self.layer[group] = len(self.layer) + 1
                self._of_group[group] = "z" + raised(self.layer[group])
        activated: set[Group] = set()
        for group in self.vectorised.groups:
            if len(group.operands) != 1 or group.op.nary or group.op in (_POS, DETACH):
                continue
            operand = group.operands[0]
            producer = producers.get((operand.store, int(operand.rows.flat[0]))) if operand.rows.size else None
            if producer not in self.layer or producer in activated:
                continue
            if producer.size == group.size and _one_by_one(operand.rows, producer.start):
                activated.add(producer)
                self.activation[group] = self.layer[producer]
                self._of_group[group] = "a" + raised(self.layer[producer])
        if root is not None:
            at_root = producers.get(self.vectorised.location(root))
            if at_root is not None and at_root.size == 1 and at_root not in self._of_group:
                self._of_group[at_root] = "E"

    def _name_parameters(self) -> None:
        found: list[Owner] = []
        for group, number in self.layer.items():
            w, _, b = group.operands
            rows, columns = prod(w.rows.shape[: len(group.shape)]), prod(w.rows.shape[len(group.shape) :])
            shape = (rows, columns) if group.inner else (rows,)
            found.append(Owner("W" + raised(number), shape, int(w.rows.flat[0]), w.rows.size))
            if b.store == PARAMETER and _one_by_one(b.rows, int(b.rows.flat[0])):
                found.append(Owner("b" + raised(number), (b.rows.size,), int(b.rows.flat[0]), b.rows.size))
        total = len(self.vectorised.parameters)
        at = 0
        gaps: list[tuple[int, int]] = []
        for block in sorted(found, key=lambda block: block.start):
            if block.start < at:
                continue  # it shares rows with the one before
            gaps.append((at, block.start))
            self.blocks.append(block)
            at = block.start + block.size
        gaps = [(start, stop) for start, stop in [*gaps, (at, total)] if stop > start]
        for number, (start, stop) in enumerate(gaps, 1):
            size = stop - start
            name = "θ" if size == total else "θ" + lowered(number)
            self.blocks.append(Owner(name, (size,) if size > 1 else (), start, size))
        self.blocks.sort(key=lambda block: block.start)
        self.vector = Owner("θ", (total,) if total > 1 else (), 0, total)

    def next(self, letter: str) -> str:
        """A new name: v₁, v₂, …."""
        self._counts[letter] = self._counts.get(letter, 0) + 1
        return letter + lowered(self._counts[letter])

    # ── names ─────────────────────────────────────────────────────────────────────────────────

    @property
    def named(self) -> Iterable[Group]:
        """The groups that have a name."""
        return self._of_group

    def name(self, group: Group) -> str:
        """What a group is called; it gets a name when one first asks."""
        if group not in self._of_group:
            self._of_group[group] = self.next("v")
        return self._of_group[group]

    def called(self, owner: Owner) -> str:
        return owner.name if owner.group is None else self.name(owner.group)

    def slope(self, name: str) -> str:
        return f"∂E/∂{name}"

    def adjoint(self, group: Group) -> str:
        """What the adjoint of a group is called."""
        return "δ" + raised(self.layer[group]) if group in self.layer else self.slope(self.name(group))

    def adjoint_of(self, owner: Owner) -> str:
        return self.adjoint(owner.group) if owner.group is not None else self.slope(owner.name)

    def shape(self, group: Group) -> tuple[int, ...]:
        """The axes; of a layer with one neuron, 1."""
        return group.shape or ((1,) if group in self.layer or group in self.activation else ())

    # ── owners ────────────────────────────────────────────────────────────────────────────────

    def group(self, store: int, row: int) -> Group | None:
        """The group that has a row; None if it holds a constant."""
        number = bisect_right(self._starts, (store, row)) - 1
        if number < 0 or self._starts[number][0] != store:
            return None
        group = self._made[number][1]
        return group if row < group.start + group.size else None

    def owner(self, store: int, row: int) -> Owner | None:
        """What a row belongs to; None if it holds a constant."""
        if store == PARAMETER:
            return next(block for block in self.blocks if block.start <= row < block.start + block.size)
        if store >= INPUT:
            name, shape = self.arguments[store - INPUT]
            return Owner(name, shape, 0, prod(shape))
        group = self.group(store, row)
        return None if group is None else Owner("", self.shape(group), group.start, group.size, group)

    def owners_of(self, store: int, rows: Any) -> list[Owner | None]:
        """What these rows belong to, each owner once, and None for each constant."""
        found: list[Owner | None] = []
        rows = np.unique(rows)
        at = 0
        while at < len(rows):
            owner = self.owner(store, int(rows[at]))
            found.append(owner)
            at = int(np.searchsorted(rows, owner.start + owner.size)) if owner is not None else at + 1
        return found

    def runs(self, store: int, rows: Any) -> list[tuple[int, int, Owner | None]]:
        """Where rows go up one by one within one owner: start and stop in the list of rows, and the owner."""
        found: list[tuple[int, int, Owner | None]] = []
        start = 0
        for i in range(1, len(rows) + 1):
            owner = self.owner(store, int(rows[start]))
            if i == len(rows) or rows[i] != rows[i - 1] + 1 or not _has(owner, self.owner(store, int(rows[i]))):
                found.append((start, i, owner))
                start = i
        return found

    def source(self, store: int, row: int) -> tuple[int, int]:
        """Where a row comes from, if it is the copy of an input."""
        group = self.group(store, row)
        if group is None or not is_copy(group):
            return store, row
        operand = group.operands[0]
        rows = np.broadcast_to(operand.rows, group.shape).reshape(-1)
        return self.source(operand.store, int(rows[row - group.start]))


def section(name: str, shape: tuple[int, ...], start: int, length: int) -> Formula:
    """A part of what has a name: some of its elements, counted row by row, or all of it."""
    if not shape or (length == prod(shape) and len(shape) == 1):
        return Name(name)
    return Element(name, shape, (Index(start),)) if length == 1 else Slice(name, start, 1, length)


def detached(group: Group, term: Term) -> Term:
    """What a group is, marked where it stops the gradient: else what is printed would be no derivative of it."""
    already = isinstance(term, Call) and term.primitive == "detach"
    return Call("detach", (term,)) if group.op is DETACH and not already else term


def is_copy(group: Group) -> bool:
    """Whether a group only copies what no gradient flows to."""
    return group.op is _POS and not group.active


def _has(owner: Owner | None, other: Owner | None) -> bool:
    return (-1 if owner is None else owner.start) == (-1 if other is None else other.start)


def _one_by_one(rows: Any, start: int) -> bool:
    """Whether rows are start, start + 1, …."""
    return bool((rows.ravel() == start + np.arange(rows.size)).all())


def _is_layer(group: Group) -> bool:
    """Whether a group is a matrix of parameters times vectors: each axis of its lanes goes through the rows of the
    matrix or through the vectors, not through both."""
    if group.op is not _DOT or group.operands[0].store != PARAMETER:
        return False
    w, x, _ = group.operands
    if w.strides is None or not w.apart or x.store in (CONSTANT, PARAMETER):
        return False
    if not _one_by_one(w.rows, int(w.rows.flat[0])):
        return False
    return all(w.shape[axis] == 1 or x.shape[axis] == 1 for axis in range(len(group.shape)))
