"""The array program as a derivation: what ``print(program)`` shows, and its LaTeX.

For the network of the sources it is the vectorised form that seed 002 (§5, equations 18 to 26) and seed 004
(BP1 to BP4) derive by hand::

    z¹ = W¹ x + b¹                 eq. 18
    a¹ = σ(z¹)                     eq. 19
    δ² = (a² − y) ⊙ σ′(z²)         BP1
    δ¹ = (W²)ᵀ δ² ⊙ σ′(z¹)         BP2
    ∂E/∂b¹ = δ¹                    BP3
    ∂E/∂W¹ = δ¹ xᵀ                 BP4

There is no calculus here. The instructions that run are read one after another, for one sample, in symbols: a
`Save` is a line of the forward pass, what is contributed to an adjoint a line of the backward pass. Where an array is a
row of the table, `ArrayProgram.readings` says so, and its name is written instead of how it is computed. A `dot` whose
weights are a matrix of parameters is a layer and gets a number; other results are v₁, v₂, …
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.instructions import (
    Adjoint,
    Array,
    Broadcast,
    Comparison,
    Contract,
    Contribute,
    Elementwise,
    Function,
    Gather,
    Give,
    Instruction,
    Literal,
    Mask,
    Not,
    Number,
    Peak,
    Reshape,
    Rows,
    Save,
    Scale,
    Scatter,
    Take,
    Where,
    place,
)
from autograd.compiler.instructions import Sum as SumOver
from autograd.compiler.lower import ArrayProgram
from autograd.compiler.normalise import Scalars
from autograd.compiler.stores import CONSTANT, INPUT, PARAMETER, Operand
from autograd.compiler.terms import (
    ARITHMETIC,
    LETTERS,
    Bracket,
    Call,
    Compare,
    Index,
    NoVectors,
    Num,
    Plain,
    Power,
    Quotient,
    Reduce,
    Ref,
    Term,
    as_number,
    indexed,
    occurring,
    plus,
    replaced,
    times,
    vectors,
)
from autograd.compiler.terms import Not as Negation
from autograd.compiler.trace import CONDITIONS, DETACH
from autograd.compiler.vectorise import Group
from autograd.primitives import table

__all__ = ["Derivation", "Line", "derive", "derive_node_by_node"]

_DOT, _TOTAL, _LOGSUMEXP, _POS = (table[name] for name in ("dot", "total", "logsumexp", "pos"))
_PLAIN = frozenset({"add", "sub", "mul", "div", "neg", "pos", "pow", "where", "dot", "total"})
"""Rows that are written as what they compute."""
_SIGNS = {"less": "<", "less_equal": "≤", "greater": ">", "greater_equal": "≥", "equal": "=", "not_equal": "≠"}
_NAMES = {op.called["numpy"]: op.name for op in table.values() if "numpy" in op.called}
_SHORT, _LONG = (
    18,
    60,
)  # characters up to which a result is written where it is used; above which an adjoint gets a name

Numbers = NDArray[np.int64]


class Line(NamedTuple):
    """One line: its part ("forward" or "backward"), left side, whether it adds to that or defines it, right side."""

    part: str
    left: str
    adds: bool
    right: str


class Derivation(NamedTuple):
    """What a program is, in symbols.

    Attributes:
        parameters: (name, shape) of the blocks of the vector, in order.
        tables: constants and tables of rows that the lines refer to, by name.
        lines: the program.
        result: what a program that is not differentiated returns.
    """

    parameters: list[tuple[str, tuple[int, ...]]]
    tables: dict[str, NDArray[Any]]
    lines: list[Line]
    result: str


def derive(
    lowered: ArrayProgram,
    root: int | None,
    arguments: Sequence[tuple[str, tuple[int, ...]]],
    result: Any = None,
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
    reader = _Reader(lowered, root, arguments, notation or Plain())
    reader.returned = list(_nodes(result)) if root is None else [root]
    return reader.read(result)


def derive_node_by_node(
    scalars: Scalars,
    order: Sequence[int],
    root: int | None,
    arguments: Sequence[tuple[str, tuple[int, ...]]],
    result: Any = None,
    notation: Plain | None = None,
) -> Derivation:
    """The scalar program, read in symbols: a line for each operation, and for each term of an adjoint.

    Args:
        scalars: the program.
        order: the nodes of the parameters, in the order of the vector θ.
        root, arguments, result, notation: as of `derive`.
    """
    n = notation or Plain()
    lines: list[Line] = []
    size = len(scalars.parameters)
    shape: tuple[int, ...] = (size,) if size > 1 else ()
    names: dict[int, Term] = {node: Num(number) for node, number in scalars.constants.items()}
    adjoint: dict[int, Ref] = {}
    for number, node in enumerate(order):
        at = (Index(number),) if shape else ()
        names[node], adjoint[node] = Ref("θ", shape, at), Ref("∂E/∂θ", shape, at)
    for node, (argument, row) in scalars.inputs.items():
        name, extent = arguments[argument]
        names[node] = Ref(name, extent, Index(row).split(extent, {}) if extent else ())
    made = [node for node, op in enumerate(scalars.op) if op is not None]
    for number, node in enumerate(made, 1):
        op, operands = scalars.op[node], [names[x] for x in scalars.operands[node]]
        assert op is not None
        name = "E" if node == root else "v" + _lowered(number)
        names[node], adjoint[node] = Ref(name, (), ()), Ref(f"∂E/∂{name}", (), ())
        lines.append(Line("forward", n.name(name), False, indexed(as_number(op(*operands)), n)))
    reached: set[int] = set()

    def contribute(node: int, term: Term) -> None:
        lines.append(Line("backward", indexed(adjoint[node], n), node in reached, indexed(term, n)))
        reached.add(node)

    if root is not None and root not in made:
        lines.append(Line("forward", "E", False, indexed(names[root], n)))
        if root in adjoint:
            contribute(root, Num(1.0))
    for node in reversed(made):
        if root is None or not scalars.active[node] or (node != root and node not in reached):
            continue
        op, xs = scalars.op[node], scalars.operands[node]
        assert op is not None
        operands = [names[x] for x in xs]
        delta: Term = Num(1.0) if node == root else adjoint[node]
        if (
            len(xs) == 1
            and not op.nary
            and op.name not in ARITHMETIC
            and (op.formula is not None or op.textbook is not None)
        ):
            local: Any = [Call(op.name, (operands[0],), True)]
        else:
            local = op.local_derivatives(names[node], operands, [scalars.active[x] for x in xs])
        for x, derivative in zip(xs, local, strict=True):
            if derivative is not None and scalars.active[x]:
                contribute(x, times(delta, as_number(derivative)))
    if root is not None:
        for node in scalars.parameters:
            if node not in reached:
                contribute(node, Num(0.0))

    def returned(part: Any) -> str:
        if isinstance(part, (list, tuple)):
            return n.parentheses(", ".join(map(returned, part)))
        return indexed(Num(part) if isinstance(part, float) else names[part.node], n)

    blocks = [("θ", shape)] if size else []
    return Derivation(blocks, {}, lines, returned(result) if root is None else "")


class _Owner(NamedTuple):
    """What a row of a store belongs to: a block of parameters, an input or a group; its shape and first row."""

    name: str
    shape: tuple[int, ...]
    start: int
    size: int
    group: Group | None = None  # which has its name when it is written


class _Reader:
    def __init__(
        self, lowered: ArrayProgram, root: int | None, arguments: Sequence[tuple[str, tuple[int, ...]]], notation: Plain
    ) -> None:
        self.lowered, self.vectorised, self.root, self.n = lowered, lowered.vectorised, root, notation
        self.arguments = arguments
        self.letters = [letter for letter in LETTERS if letter not in {name for name, _ in arguments}]
        self.lines: list[Line] = []
        self.part = "forward"
        self.tables: dict[str, NDArray[Any]] = {}
        self.ranges: dict[str, int] = {}
        self.counts: dict[str, int] = {}
        self.saved: dict[Array, Group] = {}  # the result of a group → the group
        self.named: dict[Array, tuple[str, tuple[int, ...], Group]] = {}  # adjoints that have lines of their own
        self.names: dict[Group, str] = {}
        self.layer: dict[Group, int] = {}
        self.activation: dict[Group, int] = {}
        self.written: set[Group] = set()  # groups that are written where they are used
        self.arrays: dict[Group, Array] = {}
        self.known: dict[tuple[int, bytes], str] = {}
        self.scope: list[str] = []  # the letters that stand for something where a formula is being read
        self.fixed = {(store, row): number for store, rows in self.vectorised.fixed.items() for row, number in rows}
        self.made = sorted(((group.store, group.start), group) for group in self.vectorised.groups if group.size)
        self.starts = [start for start, _ in self.made]
        self.blocks: list[_Owner] = []
        self.returned: list[int] = []

    # ── the whole ─────────────────────────────────────────────────────────────────────────────

    def read(self, result: Any) -> Derivation:
        self._name_layers()
        self._name_parameters()
        self._count_reads()
        instructions = self.lowered.instructions
        for number, instruction in enumerate(instructions):
            if number == self.lowered.forward:
                self._begin_backward()
            self._line(instruction)
        if len(instructions) == self.lowered.forward:
            self._begin_backward()
        self._merge()
        blocks = [(block.name, block.shape) for block in self.blocks]
        returned = self._returned(result) if self.root is None else ""
        return Derivation(blocks, self.tables, self.lines, returned)

    def _begin_backward(self) -> None:
        if self.root is None:
            return
        store, row = self.vectorised.location(self.root)
        if store == CONSTANT:
            self._write("E", (), Num(float(self.vectorised.number[self.root])), {})
        else:
            owner = self._owner(store, row)
            if owner is None or owner.group is None or self.names.get(owner.group) != "E":
                self._write("E", (), self._element(store, Index(row)), {})
        self.part = "backward"
        for store, rows in self.lowered.cleared.items():
            self._clear(store, rows)

    def _returned(self, result: Any) -> str:
        if isinstance(result, (list, tuple)):
            return self.n.parentheses(", ".join(self._returned(part) for part in result))
        if isinstance(result, float):
            return indexed(Num(result), self.n)
        node = result.node
        store, row = self.vectorised.location(node)
        term = Num(float(self.vectorised.number[node])) if store == CONSTANT else self._element(store, Index(row))
        return indexed(term, self.n)

    # ── names ─────────────────────────────────────────────────────────────────────────────────

    def _name_layers(self) -> None:
        producers = {(group.store, group.start): group for group in self.vectorised.groups}
        for group in self.vectorised.groups:
            if _is_layer(group):
                self.layer[group] = len(self.layer) + 1
                self.names[group] = "z" + _raised(self.layer[group])
        activated: set[Group] = set()
        for group in self.vectorised.groups:
            if len(group.operands) != 1 or group.op.nary or group.op in (_POS, DETACH):
                continue
            operand = group.operands[0]
            producer = producers.get((operand.store, int(operand.rows.flat[0]))) if operand.rows.size else None
            if producer not in self.layer or producer in activated or operand.rows.size != group.size:
                continue
            if producer.size == group.size and (operand.rows.ravel() == producer.start + np.arange(group.size)).all():
                activated.add(producer)
                self.activation[group] = self.layer[producer]
                self.names[group] = "a" + _raised(self.layer[producer])
        if self.root is not None:
            at_root = producers.get(self.vectorised.location(self.root))
            if at_root is not None and at_root.size == 1 and at_root not in self.names:
                self.names[at_root] = "E"

    def _name_parameters(self) -> None:
        found: list[_Owner] = []
        for group, number in self.layer.items():
            w, _, b = group.operands
            rows, columns = prod(w.rows.shape[: len(group.shape)]), prod(w.rows.shape[len(group.shape) :])
            shape = (rows, columns) if group.inner else (rows,)
            found.append(_Owner("W" + _raised(number), shape, int(w.rows.flat[0]), w.rows.size))
            if b.store == PARAMETER and (b.rows.ravel() == b.rows.flat[0] + np.arange(b.rows.size)).all():
                found.append(_Owner("b" + _raised(number), (b.rows.size,), int(b.rows.flat[0]), b.rows.size))
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
            name = "θ" if size == total else "θ" + _lowered(number)
            self.blocks.append(_Owner(name, (size,) if size > 1 else (), start, size))
        self.blocks.sort(key=lambda block: block.start)
        self.vector = _Owner("θ", (total,) if total > 1 else (), 0, total)

    def _count_reads(self) -> None:
        """How often the values of a group are read, and whether in a way that needs a name for them."""
        self.reads: dict[Group, int] = {}
        self.uses: dict[Array, int] = {}
        self.must: set[Group] = set(self.names)

        def need(store: int, rows: Any) -> None:
            groups = [owner.group for owner in self._owners(store, rows) if owner and owner.group]
            self.must.update(group for group in groups if not _is_copy(group))

        for x in self.lowered.instructions:
            for array in x.arrays():
                self.uses[array] = self.uses.get(array, 0) + 1
            if isinstance(x, Rows):
                store, rows = place(x)
                owners = self._owners(store, rows)
                for owner in owners:
                    if owner and owner.group:
                        self.reads[owner.group] = self.reads.get(owner.group, 0) + 1
                if len(owners) > 1:
                    need(store, rows)
            elif isinstance(x, (Gather, Contribute, Scatter)) or (
                isinstance(x, (Take, Give)) and x.items.store != CONSTANT
            ):
                need(*place(x))
            if isinstance(x, (Take, Give)):
                need(x.index.store, x.index.rows)
        for node in self.returned:
            if self.vectorised.store[node] != CONSTANT:
                store, row = self.vectorised.location(node)
                need(store, np.array([row]))

    def _group(self, store: int, row: int) -> Group | None:
        number = bisect_right(self.starts, (store, row)) - 1
        if number < 0 or self.starts[number][0] != store:
            return None
        group = self.made[number][1]
        return group if row < group.start + group.size else None

    def _owner(self, store: int, row: int) -> _Owner | None:
        """What a row belongs to; None if it holds a constant."""
        if store == PARAMETER:
            return next(block for block in self.blocks if block.start <= row < block.start + block.size)
        if store >= INPUT:
            name, shape = self.arguments[store - INPUT]
            return _Owner(name, shape, 0, prod(shape))
        group = self._group(store, row)
        if group is None:
            return None
        return _Owner("", self._shape(group), group.start, group.size, group)

    def _owners(self, store: int, rows: Any) -> list[_Owner | None]:
        found: list[_Owner | None] = []
        rows = np.unique(rows)
        at = 0
        while at < len(rows):
            owner = self._owner(store, int(rows[at]))
            found.append(owner)
            at = int(np.searchsorted(rows, owner.start + owner.size)) if owner is not None else at + 1
        return found

    def _name(self, group: Group) -> str:
        if group not in self.names:
            self.names[group] = self._next("v")
        return self.names[group]

    def _called(self, owner: _Owner) -> str:
        return owner.name if owner.group is None else self._name(owner.group)

    def _next(self, letter: str) -> str:
        self.counts[letter] = self.counts.get(letter, 0) + 1
        return letter + _lowered(self.counts[letter])

    def _shape(self, group: Group) -> tuple[int, ...]:
        shape = tuple(n for n in group.shape if n > 1)
        return shape or ((1,) if group in self.layer or group in self.activation else ())

    def _adjoint_name(self, group: Group) -> str:
        return "δ" + _raised(self.layer[group]) if group in self.layer else self._slope(self._name(group))

    def _slope(self, name: str) -> str:
        return f"∂E/∂{name}"

    # ── lines ─────────────────────────────────────────────────────────────────────────────────

    def _line(self, x: Instruction) -> None:
        if isinstance(x, Save):
            self._save(x)
        elif isinstance(x, (Contribute, Scatter)):
            self._contribute(x)
        elif isinstance(x, Give):
            self._give(x)
        elif isinstance(x, Array) and x in self.lowered.adjoints and not isinstance(x, Adjoint):
            self._adjoint(x)

    def _axes(self, lanes: Sequence[int]) -> tuple[list[Index], dict[str, int]]:
        """An index for each axis, and the letters among them with their ranges."""
        self.ranges, self.scope = {}, []
        found = [Index(0, ((self._letter(length), 1),)) if length > 1 else Index() for length in lanes]
        return found, dict(self.ranges)

    def _letter(self, length: int) -> str:
        """A letter for an axis: it means nothing else where it stands, and has the same range elsewhere in the line."""
        letter = next(x for x in self.letters if x not in self.scope and self.ranges.get(x, length) == length)
        self.ranges[letter] = length
        self.scope.append(letter)
        return letter

    def _save(self, x: Save) -> None:
        group = self._group(x.store, x.start)
        assert group is not None
        self.arrays[group] = x.x
        index, axes = self._axes(x.lanes)
        term = self._term(x.x, index)
        if group not in self.must:
            text, _ = self._text(term, axes)
            short = group.op.name in ("add", "sub", "neg", "mul") and len(text) <= _SHORT
            short = short or (group.op in CONDITIONS and len(text) <= 2 * _SHORT)
            once = self.reads.get(group, 0) <= 1 and len(text) <= _LONG and not axes
            if group.op in (_POS, DETACH) or short or once:
                self.written.add(group)
                return
        self._write(self._name(group), self._shape(group), term, axes)
        self.saved[x.x] = group

    def _write(self, name: str, shape: tuple[int, ...], term: Term, axes: dict[str, int]) -> None:
        text, vector = self._text(term, axes)
        if vector:
            self._append(self.n.name(name), False, text)
        else:
            at = tuple(Index(0, ((letter, 1),)) for letter in axes)
            self._indexed(Ref(name, shape, at), False, term)

    def _indexed(self, left: Ref, adds: bool, term: Term) -> None:
        used = occurring(left) | occurring(term)
        ranges = {letter: length for letter, length in self.ranges.items() if letter in used}
        self._append(indexed(left, self.n), adds, indexed(term, self.n) + self.n.ranges(ranges))

    def _append(self, left: str, adds: bool, right: str) -> None:
        self.lines.append(Line(self.part, left, adds, right))

    def _text(self, term: Term, axes: dict[str, int]) -> tuple[str, bool]:
        """A formula, without indices if that says the same."""
        try:
            return vectors(term, list(axes), self.ranges, self.n), True
        except NoVectors:
            return indexed(term, self.n), False

    def _adjoint(self, x: Array) -> None:
        groups = self.lowered.adjoints[x]
        group = next((g for g in groups if g in self.layer), groups[0])
        index, axes = self._axes(group.shape)
        term = self._term(x, index)
        text, _ = self._text(term, axes)
        if group not in self.layer and len(text) <= _LONG and not (self.uses.get(x, 0) > 1 and len(text) > _SHORT):
            return
        name = self._next("t") if group in self.written else self._adjoint_name(group)
        self._write(name, self._shape(group), term, axes)
        self.named[x] = (name, self._shape(group), group)

    def _contribute(self, x: Contribute | Scatter) -> None:
        assign = x.assign
        store, rows = place(x)
        owners = self._owners(store, rows)
        if store == PARAMETER and len(owners) > 1:
            if isinstance(x, Contribute) and x.strides == (1,):
                self._contribute_to_blocks(x)
                return
            owners = [self.vector]
        if assign and len(np.unique(rows)) < rows.size:
            self._clear(store, np.unique(rows))
            assign = False
        index, axes = self._axes(x.lanes)
        term = self._term(x.x, index)
        if len(owners) == 1 and owners[0] is not None:
            owner = owners[0]
            left = self._place(owner, self._target(owner), self._flat(x, index))
            self._add_to(left, not assign, term, axes)
            return
        # rows of several things: the terms get a name, and each of those its part of them
        name, shape = self._next("t"), tuple(n for n in x.lanes if n > 1)
        self._write(name, shape, term, axes)
        self._hand_out(store, rows.reshape(-1), name, shape, not assign)

    def _contribute_to_blocks(self, x: Contribute) -> None:
        """What goes to several blocks of parameters at once: a line for each."""
        for start, stop in _runs(place(x)[1], lambda row: self._owner(PARAMETER, row)):
            owner = self._owner(PARAMETER, x.start + start)
            assert owner is not None
            whole = owner.start == x.start + start and owner.size == stop - start
            shape = owner.shape if whole else (stop - start,) * (stop - start > 1)
            index, axes = self._axes(shape)
            at = _row_by_row(shape, index)
            term = self._term(x.x, [at + Index(start)])
            left = self._place(owner, self._target(owner), at + Index(x.start + start))
            self._add_to(left, not x.assign, term, axes)

    def _add_to(self, left: Ref, adds: bool, term: Term, axes: dict[str, int]) -> None:
        """A line for a part of an adjoint."""
        letters, original = list(axes), term
        if len(letters) == 2 and left.at == tuple(Index(0, ((letter, 1),)) for letter in letters[::-1]):
            letters.reverse()  # the rows first
        try:
            row = left
            if len(left.shape) == 2 and left.shape[0] == 1 and len(letters) == 1:  # the one row of a matrix: δ xᵀ
                letter = self._letter(1)
                letters = [letter, *letters]
                one = (Index(0, ((letter, 1),)),)
                row = Ref(left.name, left.shape, (*one, *left.at[1:]))
                term = replaced(term, lambda x: _in_row(x, one))
            written = vectors(row, letters, self.ranges, self.n)
            exists = adds or left.name.endswith("]") or left.name in {self._slope(block.name) for block in self.blocks}
            right = vectors(term, letters, self.ranges, self.n, number=exists or written.endswith("]"))
        except NoVectors:
            self._indexed(left, adds, original)
        else:
            self._append(written, adds, right)

    def _hand_out(self, store: int, rows: Numbers, name: str, shape: tuple[int, ...], adds: bool) -> None:
        """Lines that give each thing its part of what has a name of its own."""
        for start, stop in _runs(rows, lambda row: self._owner(store, row)):
            owner = self._owner(store, int(rows[start]))
            if owner is not None and (owner.group is None or owner.group.active):  # else nothing reads it
                left = self._slice(self._target(owner), owner.shape, int(rows[start]) - owner.start, stop - start)
                self._append(left, adds, self._slice(name, shape, start, stop - start))

    def _target(self, owner: _Owner) -> str:
        return self._adjoint_name(owner.group) if owner.group is not None else self._slope(owner.name)

    def _place(self, owner: _Owner, name: str, at: Index) -> Ref:
        if not owner.shape:
            return Ref(name, (), ())
        return Ref(name, owner.shape, (at + Index(-owner.start)).split(owner.shape, self.ranges))

    def _flat(self, x: Instruction, index: Sequence[Index]) -> Index:
        """The row that an instruction looks at, as an index."""
        if isinstance(x, (Rows, Contribute)):
            at = Index(x.start)
            for i, stride in zip(index, x.strides, strict=True):
                at += i * stride
            return at
        assert isinstance(x, (Gather, Scatter))
        return self._tabled(x.rows, index)

    def _tabled(self, rows: NDArray[Any], index: Sequence[Index]) -> Index:
        """Rows without a pattern, as an entry of a table."""
        if rows.size == 1:
            return Index(int(rows.flat[0]))
        return Index(0, ((self._entry("p", rows, index), 1),))

    def _entry(self, letter: str, values: NDArray[Any], index: Sequence[Index]) -> Ref:
        flat = values.reshape(-1)
        key = (ord(letter), flat.tobytes())
        if key not in self.known:
            self.known[key] = self._next(letter)
            self.tables[self.known[key]] = flat
        at = _row_by_row(values.shape, index)
        return Ref(self.known[key], (flat.size,), (at,))

    def _give(self, x: Give) -> None:
        store = x.items.store
        owners = self._owners(store, x.items.rows)
        if store == PARAMETER and len(owners) > 1:
            owners = [self.vector]
        if len(owners) == 1 and owners[0] is not None:
            owner = owners[0]
            index, _ = self._axes(x.lanes)
            left = self._place(owner, self._target(owner), self._chosen(x, index))
            self._indexed(left, True, self._term(x.x, index))
            return
        # items of several things: what was given is collected first
        rows = np.unique(x.items.rows)
        name, shape = self._next("t"), (len(rows),)
        entry, _ = self._axes(shape)
        self._indexed(Ref(name, shape, tuple(entry)), False, Num(0.0))
        index, _ = self._axes(x.lanes)
        left = Ref(name, shape, (self._chosen(x, index, np.searchsorted(rows, x.items.rows)),))
        self._indexed(left, True, self._term(x.x, index))
        self._hand_out(store, rows, name, shape, True)

    def _clear(self, store: int, rows: Numbers) -> None:
        zero = self.n.number(0.0)
        if store == PARAMETER and len(rows) == self.vector.size and len(rows):
            self._append(self.n.name(self._slope("θ")), False, zero)
            return
        for start, stop in _runs(rows, lambda row: self._owner(store, row)):
            owner = self._owner(store, int(rows[start]))
            if owner is None or (owner.group is not None and not owner.group.active):
                continue
            name, first = self._target(owner), int(rows[start]) - owner.start
            whole = not owner.shape or (owner.group is None and stop - start == owner.size)
            left = self.n.name(name) if whole else self.n.part(self.n.name(name), f"{first}:{first + stop - start}")
            self._append(left, False, zero)

    def _slice(self, name: str, shape: tuple[int, ...], start: int, length: int) -> str:
        written = self.n.name(name)
        if not shape or (length == prod(shape) and len(shape) == 1):
            return written
        return self.n.part(written, str(start) if length == 1 else f"{start}:{start + length}")

    def _merge(self) -> None:
        """Make one line of what is contributed to the same parameters: nothing reads a gradient before the end."""
        lefts = {line.left for line in self.lines}
        if len(self.blocks) > 1 and self.n.name(self._slope("θ")) in lefts:
            return
        for block in self.blocks:
            slope = self.n.name(self._slope(block.name))
            part = self.n.part(slope, "0").split("0")[0]
            lines = [line for line in self.lines if line.left == slope]
            if len(lines) < 2 or not all(line.adds for line in lines[1:]) or any(x.startswith(part) for x in lefts):
                continue
            written, *more = [x.right for x in lines if x.right != self.n.number(0.0)] or [lines[0].right]
            for right in more:
                negative = right.startswith(self.n.minus)
                written += f" {self.n.minus} {right[len(self.n.minus) :]}" if negative else f" + {right}"
            self.lines = [line for line in self.lines if line.left != slope or line is lines[-1]]
            at = next(i for i, line in enumerate(self.lines) if line is lines[-1])
            self.lines[at] = lines[0]._replace(right=written)

    # ── arrays as terms ───────────────────────────────────────────────────────────────────────

    def _term(self, x: Any, index: Sequence[Index]) -> Term:
        """An element of an array, at an index for each axis of the result, of which the array may be a part."""
        if isinstance(x, Scale):
            return Num(x.factor)
        if not isinstance(x, Array):
            return Num(float(x))
        index = [i if n > 1 else Index() for n, i in zip(x.lanes, index[len(index) - len(x.lanes) :], strict=True)]
        if x in self.named:
            name, shape, group = self.named[x]
            return Ref(name, shape, self._inside(group.shape, shape, index))
        if x in self.saved:
            group = self.saved[x]
            return Ref(self._name(group), self._shape(group), self._inside(group.shape, self._shape(group), index))
        read = self.lowered.readings.get(x)
        if read is None or x.condition:
            return self._structure(x, index)
        if read.op is _LOGSUMEXP and read.derivative is None:
            return self._reduced("logsumexp", x.lanes, list(read.operands), index)
        simple = len(read.operands) == 1 and (read.op.formula is not None or read.op.textbook is not None)
        if read.op.name not in _PLAIN and not read.op.nary and (read.derivative is None or simple):
            args = tuple([self._term(operand, index) for operand in read.operands])
            return Call(read.op.name, args, read.derivative is not None)
        return self._structure(x, index)

    def _inside(self, full: Sequence[int], shape: tuple[int, ...], index: Sequence[Index]) -> tuple[Index, ...]:
        """The indices of the axes that are longer than 1."""
        long = tuple([i for n, i in zip(full, index, strict=True) if n > 1])
        return long or tuple([Index()] * len(shape))

    def _structure(self, x: Array, index: list[Index]) -> Term:
        """What an instruction computes."""
        if isinstance(x, Elementwise):
            return self._elementwise(x, [self._term(a, index) for a in x.args])
        if isinstance(x, Function):
            return Call(x.name, tuple([self._term(a, index) for a in x.args]))
        if isinstance(x, Number):
            return self._as_number(x.x, index)
        if isinstance(x, Mask):
            return times(self._term(x.x, index), self._as_number(x.where, index))
        if isinstance(x, Where):
            condition = self._condition(x.where, index)
            a, b = self._term(x.a, index), self._term(x.b, index)
            return Call("where", (condition, a, b))
        if isinstance(x, (Comparison, Not)):
            return Bracket(self._condition(x, index))
        if isinstance(x, Broadcast):
            return self._term(x.x, index)
        if isinstance(x, Reshape):
            return self._term(x.x, self._reshaped(x, index))
        if isinstance(x, (SumOver, Contract, Peak)):
            return self._sum(x, index)
        if isinstance(x, Literal):
            if x.values.size == 1 or (x.values == x.values.flat[0]).all():
                return Num(float(x.values.flat[0]))
            return self._entry("c", x.values, index)
        if isinstance(x, Take):
            return self._take(x, index)
        if isinstance(x, Adjoint):
            group = self._group(x.store, x.start)
            assert group is not None
            shape = self._shape(group)
            return Ref(self._adjoint_name(group), shape, self._inside(group.shape, shape, index))
        assert isinstance(x, (Rows, Gather))
        return self._read(x, index)

    def _reshaped(self, x: Reshape, index: list[Index]) -> list[Index]:
        """The indices of the elements in the lanes that they come from."""
        mine, theirs = [n for n in x.lanes if n > 1], [n for n in x.x.lanes if n > 1]
        long = [i for n, i in zip(x.lanes, index, strict=True) if n > 1]
        if mine != theirs:  # not only axes of length 1 differ
            flat = _row_by_row(mine, long)
            long = list(flat.split(theirs, self.ranges))
        each = iter(long)
        return [next(each) if n > 1 else Index() for n in x.x.lanes]

    def _elementwise(self, x: Elementwise, args: list[Term]) -> Term:
        name = x.function
        if name == "add":
            return plus(args[0], args[1])
        if name == "subtract":
            return plus(args[0], times(Num(-1.0), args[1]))
        if name == "multiply":
            return _product(*args)
        if name == "negative":
            return times(Num(-1.0), args[0])
        if name == "square":
            return Power(args[0], Num(2.0))
        if name == "power":
            return Power(args[0], args[1])
        if name == "divide":
            return Quotient(*args)
        if name == "reciprocal":
            return Quotient(Num(1.0), args[0])
        if name == "absolute":
            return Call("abs", (args[0],))
        if name == "copysign":
            return times(Num(-1.0), Call("abs", (args[0],)))
        return Call(_NAMES.get(name, name), tuple(args))

    def _as_number(self, x: Array, index: Sequence[Index]) -> Term:
        read = self.lowered.readings.get(x)
        if read is not None and read.derivative is not None and len(read.operands) == 1 and read.op.formula is not None:
            return Call(read.op.name, (self._term(read.operands[0], index),), True)
        return Bracket(self._condition(x, index))

    def _condition(self, x: Array, index: Sequence[Index]) -> Term:
        if isinstance(x, Not):
            return Negation(self._condition(x.x, index))
        if isinstance(x, Comparison):
            a, b = (self._term(arg, index) for arg in x.args)
            if x.function == "not_equal" and b == Num(0.0) and isinstance(a, Bracket):
                return a.condition
            return Compare(_SIGNS[x.function], a, b)
        return Compare("≠", self._term(x, list(index)), Num(0.0))

    def _sum(self, x: SumOver | Contract | Peak, index: list[Index]) -> Term:
        if isinstance(x, Contract):
            return self._reduced("Σ", x.lanes, [x.a, x.b], index)
        return self._reduced("maximum" if isinstance(x, Peak) else "Σ", x.lanes, [x.x], index)

    def _reduced(self, name: str, lanes: Sequence[int], factors: list[Any], index: list[Index]) -> Term:
        """The sum (or another reduction) of a product over the axes that the result does not have."""
        index = list(index)
        summed: list[str] = []
        present = np.broadcast_shapes(*(a.lanes for a in factors))
        for axis, (here, there) in enumerate(zip(present, lanes, strict=True)):
            if here > 1 and there == 1:
                letter = self._letter(here)
                summed.append(letter)
                index[axis] = Index(0, ((letter, 1),))
        terms = [self._term(a, index) for a in factors]
        for letter in summed:
            self.scope.remove(letter)
        body = terms[0] if len(terms) == 1 else _product(*terms)
        return Reduce(name, tuple(summed), body) if summed else body

    # ── what is read ──────────────────────────────────────────────────────────────────────────

    def _read(self, x: Rows | Gather, index: list[Index]) -> Term:
        store, rows = place(x)
        owners = self._owners(store, rows)
        if len(owners) == 1:
            if owners[0] is None:
                return Num(self.fixed[store, int(rows.flat[0])])
            return self._element(store, self._flat(x, index), owners[0])
        if store == PARAMETER:
            at = self._flat(x, index)
            return self._element(store, at, self._block(at))
        name = self._joined(store, rows)
        at = _row_by_row(rows.shape, index)
        return Ref(name, (rows.size,), (at,))

    def _block(self, at: Index) -> _Owner:
        """The block of parameters that an index runs in, or else the whole vector."""
        least = most = at.constant
        for atom, factor in at.parts:
            if not isinstance(atom, str):
                return self.vector
            reach = factor * (self.ranges[atom] - 1)
            least, most = least + min(reach, 0), most + max(reach, 0)
        low, high = self._owner(PARAMETER, least), self._owner(PARAMETER, most)
        return low if low is not None and low == high else self.vector

    def _element(self, store: int, at: Index, owner: _Owner | None = None) -> Term:
        if owner is None:
            owner = self._owner(store, at.constant)
            if owner is None:
                return Num(self.fixed[store, at.constant])
        at = at + Index(-owner.start)
        if owner.group is not None and owner.group in self.written:
            inner = at.split(owner.group.shape, self.ranges)
            return self._term(self.arrays[owner.group], list(inner))
        return self._place(owner, self._called(owner), at + Index(owner.start))

    def _joined(self, store: int, rows: Numbers) -> str:
        """A name for rows of several things, one after another."""
        flat = rows.reshape(-1)
        key = (store, flat.tobytes())
        if key not in self.known:
            parts = []
            places = [self._source(store, int(row)) for row in flat]
            start = 0
            for i in range(1, len(places) + 1):
                owner = self._owner(*places[start])
                together = i < len(places) and places[i] == (places[i - 1][0], places[i - 1][1] + 1)
                if together and owner is not None and places[i][1] < owner.start + owner.size:
                    continue
                if owner is None:
                    parts.append(indexed(Num(self.fixed[places[start]]), self.n))
                else:
                    first = places[start][1] - owner.start
                    parts.append(self._slice(self._called(owner), owner.shape, first, i - start))
                start = i
            name = self.known[key] = self._next("u")
            self._append(self.n.name(name), False, self.n.parentheses(", ".join(parts)))
        return self.known[key]

    def _source(self, store: int, row: int) -> tuple[int, int]:
        """Where a row comes from, if it is the copy of an input."""
        group = self._group(store, row) if store not in (PARAMETER,) and store < INPUT else None
        if group is None or not _is_copy(group):
            return store, row
        operand = group.operands[0]
        rows = np.broadcast_to(operand.rows, group.shape).reshape(-1)
        return self._source(operand.store, int(rows[row - group.start]))

    def _take(self, x: Take, index: list[Index]) -> Term:
        if x.items.store == CONSTANT:
            assert x.items.values is not None
            values = np.broadcast_to(x.items.values, (*x.items.values.shape[: len(x.lanes)], *x.inner))
            positions = np.arange(values.size).reshape(values.shape)
            entry = self._entry("c", np.ascontiguousarray(values), [Index()] * values.ndim)
            return Ref(entry.name, entry.shape, (self._chosen(x, index, positions),))
        owners = self._owners(x.items.store, x.items.rows)
        if x.items.store == PARAMETER and len(owners) > 1:
            owners = [self.vector]
        if len(owners) == 1 and owners[0] is not None:
            return self._element(x.items.store, self._chosen(x, index), owners[0])
        rows = np.unique(x.items.rows)
        name = self._joined(x.items.store, rows)
        return Ref(name, (len(rows),), (self._chosen(x, index, np.searchsorted(rows, x.items.rows)),))

    def _chosen(self, x: Take | Give, index: Sequence[Index], rows: NDArray[Any] | None = None) -> Index:
        """The row that was chosen, as an index in which an input occurs."""
        rows = x.items.rows if rows is None else rows
        lanes = len(x.lanes)
        rows = np.broadcast_to(rows, (*rows.shape[:lanes], *x.inner)).reshape(*rows.shape[:lanes], -1)
        choice = self._choice(x.index, list(index))
        own = [i if n > 1 else Index() for n, i in zip(rows.shape[:lanes], index, strict=True)]
        at = Index(int(rows.flat[0]))
        expected = np.full(rows.shape, int(rows.flat[0]))
        for axis, (length, i) in enumerate(zip(rows.shape, [*own, choice], strict=True)):
            step = int(np.take(rows, 1, axis).flat[0] - rows.flat[0]) if length > 1 else 0
            expected = expected + step * np.arange(length).reshape([-1 if a == axis else 1 for a in range(rows.ndim)])
            at += i * step
        if (rows == expected).all():
            return at
        entry = self._entry("p", np.ascontiguousarray(rows), [Index()] * rows.ndim)
        flat = _row_by_row(rows.shape, [*own, choice])
        return Index(0, ((Ref(entry.name, entry.shape, (flat,)), 1),))

    def _choice(self, operand: Operand, index: list[Index]) -> Index:
        rows = operand.rows
        own = [i if n > 1 else Index() for n, i in zip(rows.shape, index, strict=True)]
        if operand.strides is not None:
            at = Index(int(rows.flat[0]))
            for i, stride in zip(own, operand.strides, strict=True):
                at += i * stride
        else:
            at = self._tabled(rows, own)
        owners = self._owners(operand.store, rows)
        if len(owners) == 1 and owners[0] is not None:
            term = self._element(operand.store, at, owners[0])
        else:
            flat = _row_by_row(rows.shape, own)
            term = Ref(self._joined(operand.store, rows), (rows.size,), (flat,))
        if isinstance(term, Num):
            return Index(int(term.value))
        return Index(0, ((term, 1),))


def _row_by_row(lengths: Sequence[int], index: Sequence[Index]) -> Index:
    """The indices of all axes as one that counts row by row; an axis of length 1 counts nothing."""
    at = Index()
    for length, i in zip(lengths, index, strict=True):
        at = at * length + (i if length > 1 else Index())
    return at


def _is_copy(group: Group) -> bool:
    """Whether a group only copies what no gradient flows to."""
    return group.op is _POS and not group.active


def _product(a: Term, b: Term) -> Term:
    """a · b; a square where they are the same."""
    return Power(a, Num(2.0)) if a == b and not isinstance(a, Num) else times(a, b)


def _in_row(x: Ref, row: tuple[Index, ...]) -> Ref:
    """With a letter that stands for the only row."""
    if x.shape == (1,):
        return Ref(x.name, x.shape, row)
    if len(x.shape) == 2 and x.shape[0] == 1 and x.at[0] == Index():
        return Ref(x.name, x.shape, (*row, x.at[1]))
    return x


def _runs(rows: Numbers, owner: Any) -> list[tuple[int, int]]:
    """Where rows go up one by one within one owner: (start, stop) in the list of rows."""
    found: list[tuple[int, int]] = []
    start = 0
    for i in range(1, len(rows) + 1):
        if i == len(rows) or rows[i] != rows[i - 1] + 1 or _start(owner, rows[i]) != _start(owner, rows[i - 1]):
            found.append((start, i))
            start = i
    return found


def _start(owner: Any, row: int) -> int:
    found = owner(int(row))
    return -1 if found is None else found.start


def _nodes(result: Any) -> list[int]:
    """The nodes in nested lists; numbers are none."""
    if isinstance(result, (list, tuple)):
        return [node for part in result for node in _nodes(part)]
    return [] if isinstance(result, float) else [result.node]


def _is_layer(group: Group) -> bool:
    """Whether a group is a matrix of parameters times vectors: each axis of its lanes goes through the rows of the
    matrix or through the vectors, not through both."""
    if group.op is not _DOT or group.operands[0].store != PARAMETER:
        return False
    w, x, _ = group.operands
    if w.strides is None or not w.apart or x.store in (CONSTANT, PARAMETER):
        return False
    if (w.rows.ravel() != w.rows.flat[0] + np.arange(w.rows.size)).any():
        return False
    return all(w.shape[axis] == 1 or x.shape[axis] == 1 for axis in range(len(group.shape)))


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def _raised(number: int) -> str:
    return str(number).translate(_RAISED)


def _lowered(number: int) -> str:
    return str(number).translate(_LOWERED)
