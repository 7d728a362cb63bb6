"""The array program read in symbols, line by line: `derive`.

The instructions that run are read one after another, for one sample: a `Save` is a line of the forward pass, what is
contributed to an adjoint a line of the backward pass. There is no calculus here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.derivation.elements import Elements
from autograd.compiler.derivation.indices import Index, letter, row_by_row
from autograd.compiler.derivation.lines import Derivation, Line
from autograd.compiler.derivation.notations import Plain
from autograd.compiler.derivation.owners import Owners, detached, section
from autograd.compiler.derivation.terms import Element, Slice, occurring, replaced
from autograd.compiler.derivation.uses import Uses
from autograd.compiler.derivation.vectors import NoVectorsError, vectors
from autograd.compiler.instructions import (
    Adjoint,
    Array,
    Contribute,
    ContributeTaken,
    Instruction,
    Save,
    Scatter,
    place,
)
from autograd.compiler.lower import ArrayProgram
from autograd.compiler.normalise import returned_nodes
from autograd.compiler.stores import CONSTANT, PARAMETER
from autograd.compiler.trace import CONDITIONS, DETACH
from autograd.formulas.terms import Formula, Name, Term
from autograd.primitives import table

__all__ = ["derive"]

_POS = table["pos"]
_IN_A_TERMINAL = Plain()
_SHORT = 18
"""Characters up to which a result is written where it is used."""
_LONG = 60
"""Characters above which an adjoint gets a name."""


def derive(
    lowered: ArrayProgram,
    root: int | None,
    arguments: Sequence[tuple[str, tuple[int, ...]]],
    result: Any,
    notation: Plain | None = None,
) -> Derivation:
    """The program, read in symbols.

    Args:
        lowered: the program.
        root: the node that is differentiated, if there is one.
        arguments: the names and shapes of the arguments of the function.
        result: the nodes that the function returns, in nested lists.
        notation: `Plain`, or `LaTeX`.
    """
    return _Reader(lowered, root, arguments, result, notation or Plain()).read()


class _Reader:
    def __init__(
        self,
        lowered: ArrayProgram,
        root: int | None,
        arguments: Sequence[tuple[str, tuple[int, ...]]],
        result: Any,
        notation: Plain,
    ) -> None:
        self.lowered, self.vectorised, self.root, self.result, self.n = (
            lowered,
            lowered.vectorised,
            root,
            result,
            notation,
        )
        self.owners = Owners(lowered.vectorised, root, arguments)
        self.uses = Uses(lowered.instructions, self.owners, list(returned_nodes(result)))
        self.elements = Elements(lowered, self.owners, self._define)
        self.lines: list[Line] = []
        self.part = "forward"

    # ── the whole ─────────────────────────────────────────────────────────────────────────────

    def read(self) -> Derivation:
        instructions = self.lowered.instructions
        for number, instruction in enumerate(instructions):
            if number == self.lowered.forward:
                self._begin_backward()
            self._line(instruction)
        if len(instructions) == self.lowered.forward:
            self._begin_backward()
        self._merge()
        blocks = [(block.name, block.shape) for block in self.owners.blocks]
        returned = self._returned(self.result) if self.root is None else ""
        return Derivation(blocks, self.elements.tables, self.lines, returned)

    def _begin_backward(self) -> None:
        if self.root is None:
            return
        store, row = self.vectorised.location(self.root)
        owner = self.owners.owner(store, row) if store != CONSTANT else None
        if owner is None or owner.group is None or self.owners.name(owner.group) != "E":
            self._write("E", (), self._at(self.root), {})
        self.part = "backward"
        for store, rows in self.lowered.cleared.items():
            self._clear(store, rows)

    def _at(self, node: int) -> Term:
        """What a node of the scalar program is."""
        store, row = self.vectorised.location(node)
        if store == CONSTANT:
            return float(self.vectorised.number[node])
        owner = self.owners.owner(store, row)
        assert owner is not None
        return self.elements.element(store, Index(row), owner)

    def _returned(self, result: Any) -> str:
        if isinstance(result, (list, tuple)):
            return self.n.parentheses(", ".join(self._returned(part) for part in result))
        return self.n(result if isinstance(result, float) else self._at(result.node))

    # ── lines ─────────────────────────────────────────────────────────────────────────────────

    def _append(self, left: Term, adds: bool, right: str) -> None:
        self.lines.append(Line(self.part, self.n(left), adds, right))

    def _define(self, name: str, term: Formula) -> None:
        self._append(Name(name), False, self.n(term))

    def _write(self, name: str, shape: tuple[int, ...], term: Term, axes: dict[str, int]) -> None:
        whole = self._whole(term, axes)
        if whole is not None:
            self._append(Name(name), False, self.n(whole))
        else:
            self._indexed(Element(name, shape, tuple(map(letter, axes))), False, term)

    def _indexed(self, left: Element, adds: bool, term: Term) -> None:
        used = occurring(left) | occurring(term)
        ranges = {axis: length for axis, length in self.elements.ranges.items() if axis in used}
        self._append(left, adds, self.n(term) + self.n.ranges(ranges))

    def _whole(self, term: Term, axes: dict[str, int]) -> Term | None:
        """A formula without indices, if that says the same."""
        try:
            return vectors(term, list(axes), self.elements.ranges)
        except NoVectorsError:
            return None

    def _length(self, term: Term, axes: dict[str, int]) -> int:
        """How many characters a formula takes in a terminal: which lines there are is the same in every notation."""
        whole = self._whole(term, axes)
        return len(_IN_A_TERMINAL(term if whole is None else whole))

    # ── instructions ──────────────────────────────────────────────────────────────────────────

    def _line(self, x: Instruction) -> None:
        if isinstance(x, Save):
            self._save(x)
        elif isinstance(x, (Contribute, Scatter)):
            self._contribute(x)
        elif isinstance(x, ContributeTaken):
            self._give(x)
        elif isinstance(x, Array) and x in self.lowered.adjoints and not isinstance(x, Adjoint):
            self._adjoint(x)

    def _save(self, x: Save) -> None:
        group = self.owners.group(x.store, x.start)
        assert group is not None
        index, axes = self.elements.axes(x.lanes)
        term = detached(group, self.elements.term(x.x, index))
        if group not in self.uses.named:
            length = self._length(term, axes)
            short = group.op.name in ("add", "sub", "neg", "mul") and length <= _SHORT
            short = short or (group.op in CONDITIONS and length <= 2 * _SHORT)
            once = self.uses.reads.get(group, 0) <= 1 and length <= _LONG and not axes
            if group.op in (_POS, DETACH) or short or once:
                self.elements.inlined[group] = x.x
                return
        self._write(self.owners.name(group), self.owners.shape(group), term, axes)
        self.elements.saved[x.x] = group

    def _adjoint(self, x: Array) -> None:
        groups = self.lowered.adjoints[x]
        group = next((g for g in groups if g in self.owners.layer), groups[0])
        index, axes = self.elements.axes(group.shape)
        term = self.elements.term(x, index)
        length = self._length(term, axes)
        several = self.uses.operands.get(x, 0) > 1 and length > _SHORT
        if group not in self.owners.layer and length <= _LONG and not several:
            return
        name = self.owners.next("t") if group in self.elements.inlined else self.owners.adjoint(group)
        self._write(name, self.owners.shape(group), term, axes)
        self.elements.adjoints[x] = (name, self.owners.shape(group), group)

    def _contribute(self, x: Contribute | Scatter) -> None:
        assign = x.assign
        store, rows = place(x)
        owners = self.owners.owners_of(store, rows)
        if store == PARAMETER and len(owners) > 1:
            if isinstance(x, Contribute) and x.strides == (1,):
                self._contribute_to_blocks(x)
                return
            owners = [self.owners.vector]
        if assign and len(np.unique(rows)) < rows.size:
            self._clear(store, np.unique(rows))
            assign = False
        index, axes = self.elements.axes(x.lanes)
        term = self.elements.term(x.x, index)
        if len(owners) == 1 and owners[0] is not None:
            owner = owners[0]
            at = self.elements.row(x, index)
            left = owner.place(self.owners.adjoint_of(owner), at, self.elements.ranges)
            self._add_to(left, not assign, term, axes)
            return
        # rows of several things: the terms get a name, and each of those its part of them
        name, shape = self.owners.next("t"), tuple(n for n in x.lanes if n > 1)
        self._write(name, shape, term, axes)
        self._hand_out(store, rows.reshape(-1), name, shape, not assign)

    def _contribute_to_blocks(self, x: Contribute) -> None:
        """What goes to several blocks of parameters at once: a line for each."""
        for start, stop, owner in self.owners.runs(PARAMETER, place(x)[1]):
            assert owner is not None
            whole = owner.start == x.start + start and owner.size == stop - start
            shape = owner.shape if whole else (stop - start,)
            index, axes = self.elements.axes(shape)
            at = row_by_row(shape, index)
            term = self.elements.term(x.x, [at + Index(start)])
            left = owner.place(self.owners.adjoint_of(owner), at + Index(x.start + start), self.elements.ranges)
            self._add_to(left, not x.assign, term, axes)

    def _add_to(self, left: Element, adds: bool, term: Term, axes: dict[str, int]) -> None:
        """A line for a part of an adjoint."""
        letters, original = list(axes), term
        if len(letters) == 2 and left.at == tuple(map(letter, letters[::-1])):
            letters.reverse()  # the rows first
        try:
            row = left
            if len(left.shape) == 2 and left.shape[0] == 1 and len(letters) == 1:  # the one row of a matrix: δ xᵀ
                axis = self.elements.axis(1)
                letters = [axis, *letters]
                row = Element(left.name, left.shape, (letter(axis), *left.at[1:]))
                term = replaced(term, lambda x: _in_row(x, letter(axis)))
            whole = vectors(row, letters, self.elements.ranges)
            part = not isinstance(whole, Name)
            exists = adds or part or left.name in {self.owners.slope(block.name) for block in self.owners.blocks}
            right = self.n(vectors(term, letters, self.elements.ranges, number=exists))
        except NoVectorsError:
            self._indexed(left, adds, original)
        else:
            self._append(whole, adds, right)

    def _hand_out(self, store: int, rows: NDArray[Any], name: str, shape: tuple[int, ...], adds: bool) -> None:
        """Lines that give each thing its part of what has a name of its own."""
        for start, stop, owner in self.owners.runs(store, rows):
            if owner is not None and (owner.group is None or owner.group.active):  # else nothing reads it
                first = int(rows[start]) - owner.start
                left = section(self.owners.adjoint_of(owner), owner.shape, first, stop - start)
                self._append(left, adds, self.n(section(name, shape, start, stop - start)))

    def _give(self, x: ContributeTaken) -> None:
        store = x.items.store
        owners = self.owners.owners_of(store, x.items.rows)
        if store == PARAMETER and len(owners) > 1:
            owners = [self.owners.vector]
        if len(owners) == 1:
            owner = owners[0]
            assert owner is not None
            index, _ = self.elements.axes(x.lanes)
            at = self.elements.chosen(x, index)
            left = owner.place(self.owners.adjoint_of(owner), at, self.elements.ranges)
            self._indexed(left, True, self.elements.term(x.x, index))
            return
        # items of several things: what was given is collected first
        rows = np.unique(x.items.rows)
        name, shape = self.owners.next("t"), (len(rows),)
        entry, _ = self.elements.axes(shape)
        self._indexed(Element(name, shape, tuple(entry)), False, 0.0)
        index, _ = self.elements.axes(x.lanes)
        left = Element(name, shape, (self.elements.chosen(x, index, np.searchsorted(rows, x.items.rows)),))
        self._indexed(left, True, self.elements.term(x.x, index))
        self._hand_out(store, rows, name, shape, True)

    def _clear(self, store: int, rows: NDArray[Any]) -> None:
        if store == PARAMETER and len(rows) == self.owners.vector.size and len(rows):
            self._define_zero(Name(self.owners.slope("θ")))
            return
        for start, stop, owner in self.owners.runs(store, rows):
            if owner is None or (owner.group is not None and not owner.group.active):
                continue
            name, first = self.owners.adjoint_of(owner), int(rows[start]) - owner.start
            whole = not owner.shape or (owner.group is None and stop - start == owner.size)
            self._define_zero(Name(name) if whole else Slice(name, first, 1, stop - start))

    def _define_zero(self, left: Formula) -> None:
        self._append(left, False, self.n(0.0))

    # ── at the end ────────────────────────────────────────────────────────────────────────────

    def _merge(self) -> None:
        """Make one line of what is contributed to the same parameters: nothing reads a gradient before the end."""
        if len(self.owners.blocks) > 1:
            whole = self.n.name(self.owners.slope("θ"))
            begins = self.n.part(whole, "0").split("0")[0]
            # After what begins each block:
            of_whole = [line for line in self.lines if line.left.startswith(begins)]
            if not all(line.adds for line in of_whole):
                return
            self.lines = [line for line in self.lines if line not in of_whole] + of_whole
        lefts = {line.left for line in self.lines}
        for block in self.owners.blocks:
            slope = self.n.name(self.owners.slope(block.name))
            part = self.n.part(slope, "0").split("0")[0]
            lines = [line for line in self.lines if line.left == slope]
            if len(lines) < 2 or not all(line.adds for line in lines[1:]) or any(x.startswith(part) for x in lefts):
                continue
            written, *more = [x.right for x in lines if x.right != self.n(0.0)] or [lines[0].right]
            for right in more:
                negative = right.startswith(self.n.minus)
                written += f" {self.n.minus} {right[len(self.n.minus) :]}" if negative else f" + {right}"
            self.lines = [line for line in self.lines if line.left != slope or line is lines[-1]]
            at = next(i for i, line in enumerate(self.lines) if line is lines[-1])
            self.lines[at] = lines[0]._replace(right=written)


def _in_row(x: Element, row: Index) -> Element:
    """With a letter that stands for the only row."""
    if x.shape == (1,):
        return Element(x.name, x.shape, (row,))
    if len(x.shape) == 2 and x.shape[0] == 1 and x.at[0] == Index():
        return Element(x.name, x.shape, (row, x.at[1]))
    return x
