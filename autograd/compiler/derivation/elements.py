"""The arrays of a program as formulas of their elements: `Elements`.

Where an array is a row of the table, `ArrayProgram.readings` says so, and its name is written instead of how it is
computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.derivation.indices import Index, letter, row_by_row
from autograd.compiler.derivation.notations import LETTERS
from autograd.compiler.derivation.owners import Owner, Owners, detached, section
from autograd.compiler.derivation.terms import (
    COMPARISONS,
    Element,
    Indicator,
    Negation,
    Reduction,
    Tuple,
    over,
    plus,
    times,
)
from autograd.compiler.instructions import (
    Adjoint,
    Array,
    Broadcast,
    Compare,
    Contract,
    Contribute,
    ContributeTaken,
    Elementwise,
    Gather,
    Instruction,
    Literal,
    Mask,
    Not,
    Number,
    ReduceMax,
    ReduceSum,
    Reshape,
    Rows,
    Scale,
    Scatter,
    Take,
    Where,
    place,
)
from autograd.compiler.lower import ArrayProgram
from autograd.compiler.stores import CONSTANT, PARAMETER, Operand
from autograd.compiler.vectorise import Group
from autograd.formulas.terms import Call, Comparison, Formula, Power, Term
from autograd.primitives import table

__all__ = ["Elements"]

_LOGSUMEXP = table["logsumexp"]
_WRITTEN_OUT = frozenset({"add", "sub", "mul", "div", "neg", "pos", "pow", "where", "dot", "total"})
"""Rows that are written as what they compute."""
_FUNCTIONS = {op.called["numpy"]: op.name for op in table.values() if "numpy" in op.called}
"""What NumPy calls otherwise than the table."""


class Elements:
    """Reads arrays as formulas; what has a line of its own is written by its name.

    Attributes:
        tables: constants and tables of rows that the formulas refer to, by name.
        ranges: how long the axis of each letter is, in the line that is being read.
        saved: the results that have a line, and the groups whose they are.
        adjoints: the adjoints that have a line, with their names, shapes and groups.
        inlined: the groups without one, and the arrays that are written where they are used.
    """

    def __init__(self, lowered: ArrayProgram, owners: Owners, define: Callable[[str, Formula], None]) -> None:
        self.lowered, self.owners, self.define = lowered, owners, define
        self.tables: dict[str, NDArray[Any]] = {}
        self.ranges: dict[str, int] = {}
        self.saved: dict[Array, Group] = {}
        self.adjoints: dict[Array, tuple[str, tuple[int, ...], Group]] = {}
        self.inlined: dict[Group, Array] = {}
        self._letters = [x for x in LETTERS if x not in {name for name, _ in owners.arguments}]
        self._scope: list[str] = []  # the letters that stand for something where a formula is being read
        self._known: dict[tuple[int, bytes], str] = {}

    # ── axes ──────────────────────────────────────────────────────────────────────────────────

    def axes(self, lanes: Sequence[int]) -> tuple[list[Index], dict[str, int]]:
        """For a new line an index for each axis, and the letters among them with their ranges."""
        self.ranges, self._scope = {}, []
        found = [letter(self.axis(length)) if length > 1 else Index() for length in lanes]
        return found, dict(self.ranges)

    def axis(self, length: int) -> str:
        """A letter for an axis: it means nothing else where it stands, and has the same range elsewhere in the line."""
        found = next(x for x in self._letters if x not in self._scope and self.ranges.get(x, length) == length)
        self.ranges[found] = length
        self._scope.append(found)
        return found

    def _inside(self, full: Sequence[int], shape: tuple[int, ...], index: Sequence[Index]) -> tuple[Index, ...]:
        """The indices of the axes that are longer than 1."""
        long = tuple([i for n, i in zip(full, index, strict=True) if n > 1])
        return long or tuple([Index()] * len(shape))

    # ── what is computed ──────────────────────────────────────────────────────────────────────

    def term(self, x: Any, index: Sequence[Index]) -> Term:
        """An element of an array, at an index for each axis of the result, of which the array may be a part."""
        if isinstance(x, Scale):
            return x.factor
        if not isinstance(x, Array):
            return float(x)
        index = [i if n > 1 else Index() for n, i in zip(x.lanes, index[len(index) - len(x.lanes) :], strict=True)]
        if x in self.adjoints:
            name, shape, group = self.adjoints[x]
            return Element(name, shape, self._inside(group.shape, shape, index))
        if x in self.saved:
            group, shape = self.saved[x], self.owners.shape(self.saved[x])
            return Element(self.owners.name(group), shape, self._inside(group.shape, shape, index))
        read = self.lowered.readings.get(x)
        if read is None or x.condition:
            return self._structure(x, index)
        if read.op is _LOGSUMEXP and read.derivative is None:
            return self._reduced("logsumexp", x.lanes, list(read.operands), index)
        simple = len(read.operands) == 1 and (read.op.formula is not None or read.op.textbook is not None)
        if read.op.name not in _WRITTEN_OUT and not read.op.nary and (read.derivative is None or simple):
            args = tuple([self.term(operand, index) for operand in read.operands])
            return Call(read.op.name, args, read.derivative is not None)
        return self._structure(x, index)

    def _structure(self, x: Array, index: list[Index]) -> Term:
        """What an instruction computes."""
        match x:
            case Elementwise():
                return self._elementwise(x, [self.term(a, index) for a in x.args])
            case Number():
                return self._as_number(x.x, index)
            case Mask():
                return times(self.term(x.x, index), self._as_number(x.where, index))
            case Where():
                condition = self._condition(x.where, index)
                return Call("where", (condition, self.term(x.a, index), self.term(x.b, index)))
            case Compare() | Not():
                return Indicator(self._condition(x, index))
            case Broadcast():
                return self.term(x.x, index)
            case Reshape():
                return self.term(x.x, self._reshaped(x, index))
            case Contract():
                return self._reduced("Σ", x.lanes, [x.a, x.b], index)
            case ReduceSum() | ReduceMax():
                return self._reduced("maximum" if isinstance(x, ReduceMax) else "Σ", x.lanes, [x.x], index)
            case Literal():
                if (x.values == x.values.flat[0]).all():
                    return float(x.values.flat[0])
                return self._entry("c", x.values, index)
            case Take():
                return self._take(x, index)
            case Adjoint():
                group = self.owners.group(x.store, x.start)
                assert group is not None
                shape = self.owners.shape(group)
                return Element(self.owners.adjoint(group), shape, self._inside(group.shape, shape, index))
        assert isinstance(x, (Rows, Gather))
        return self._read(x, index)

    def _reshaped(self, x: Reshape, index: list[Index]) -> list[Index]:
        """The indices of the elements in the lanes that they come from."""
        mine, theirs = [n for n in x.lanes if n > 1], [n for n in x.x.lanes if n > 1]
        long = [i for n, i in zip(x.lanes, index, strict=True) if n > 1]
        if mine != theirs:  # not only axes of length 1 differ
            flat = row_by_row(mine, long)
            long = list(flat.split(theirs, self.ranges))
        each = iter(long)
        return [next(each) if n > 1 else Index() for n in x.x.lanes]

    def _elementwise(self, x: Elementwise, args: list[Term]) -> Term:
        match x.function:
            case "add":
                return plus(args[0], args[1])
            case "subtract":
                return plus(args[0], times(-1.0, args[1]))
            case "multiply":
                return _product(*args)
            case "negative":
                return times(-1.0, args[0])
            case "square":
                return Power(args[0], 2.0)
            case "power":
                return Power(args[0], args[1])
            case "divide":
                return over(*args)
            case "reciprocal":
                return over(1.0, args[0])
            case "absolute":
                return Call("abs", (args[0],))
            case "copysign":
                return times(-1.0, Call("abs", (args[0],)))
        return Call(_FUNCTIONS.get(x.function, x.function), tuple(args))

    def _as_number(self, x: Array, index: Sequence[Index]) -> Term:
        read = self.lowered.readings.get(x)
        if read is not None and read.derivative is not None and len(read.operands) == 1 and read.op.formula is not None:
            return Call(read.op.name, (self.term(read.operands[0], index),), True)
        return Indicator(self._condition(x, index))

    def _condition(self, x: Array, index: Sequence[Index]) -> Term:
        if isinstance(x, Not):
            return Negation(self._condition(x.x, index))
        assert isinstance(x, Compare)
        a, b = (self.term(arg, index) for arg in x.args)
        if x.function == "not_equal" and b == 0.0 and isinstance(a, Indicator):
            return a.condition
        return Comparison(a, COMPARISONS[x.function], b)

    def _reduced(self, name: str, lanes: Sequence[int], factors: list[Any], index: list[Index]) -> Term:
        """The sum (or another reduction) of a product over the axes that the result does not have."""
        index = list(index)
        summed: list[str] = []
        present = np.broadcast_shapes(*(a.lanes for a in factors))
        for axis, (here, there) in enumerate(zip(present, lanes, strict=True)):
            if here > 1 and there == 1:
                summed.append(self.axis(here))
                index[axis] = letter(summed[-1])
        terms = [self.term(a, index) for a in factors]
        for axis_letter in summed:
            self._scope.remove(axis_letter)
        body = terms[0] if len(terms) == 1 else _product(*terms)
        return Reduction(name, tuple(summed), body) if summed else body

    # ── what is read ──────────────────────────────────────────────────────────────────────────

    def row(self, x: Instruction, index: Sequence[Index]) -> Index:
        """The row that an instruction looks at, as an index."""
        if isinstance(x, (Rows, Contribute)):
            at = Index(x.start)
            for i, stride in zip(index, x.strides, strict=True):
                at += i * stride
            return at
        assert isinstance(x, (Gather, Scatter))
        return self._tabled(x.rows, index)

    def _read(self, x: Rows | Gather, index: list[Index]) -> Term:
        store, rows = place(x)
        owners = self.owners.owners_of(store, rows)
        if len(owners) == 1:
            assert owners[0] is not None  # rows of constants alone are a `Literal`
            return self.element(store, self.row(x, index), owners[0])
        if store == PARAMETER:
            at = self.row(x, index)
            return self.element(store, at, self._block(at))
        name = self._joined(store, rows)
        return Element(name, (rows.size,), (row_by_row(rows.shape, index),))

    def _block(self, at: Index) -> Owner:
        """The block of parameters that an index runs in, or else the whole vector."""
        least = most = at.constant
        for atom, factor in at.parts:
            if not isinstance(atom, str):
                return self.owners.vector
            reach = factor * (self.ranges[atom] - 1)
            least, most = least + min(reach, 0), most + max(reach, 0)
        low, high = self.owners.owner(PARAMETER, least), self.owners.owner(PARAMETER, most)
        return low if low is not None and low == high else self.owners.vector

    def element(self, store: int, at: Index, owner: Owner) -> Term:
        """What is at a row of what has this owner."""
        if owner.group is not None and owner.group in self.inlined:
            inner = (at + Index(-owner.start)).split(owner.group.shape, self.ranges)
            return detached(owner.group, self.term(self.inlined[owner.group], list(inner)))
        return owner.place(self.owners.called(owner), at, self.ranges)

    def _joined(self, store: int, rows: NDArray[Any]) -> str:
        """A name for rows of several things, one after another."""
        flat = rows.reshape(-1)
        key = (store, flat.tobytes())
        if key not in self._known:
            items: list[Term] = []
            places = [self.owners.source(store, int(row)) for row in flat]
            start = 0
            for i in range(1, len(places) + 1):
                owner = self.owners.owner(*places[start])
                together = i < len(places) and places[i] == (places[i - 1][0], places[i - 1][1] + 1)
                if together and owner is not None and places[i][1] < owner.start + owner.size:
                    continue
                if owner is None:
                    items.append(self.owners.fixed[places[start]])
                else:
                    first = places[start][1] - owner.start
                    items.append(section(self.owners.called(owner), owner.shape, first, i - start))
                start = i
            self._known[key] = self.owners.next("u")
            self.define(self._known[key], Tuple(tuple(items)))
        return self._known[key]

    def _tabled(self, rows: NDArray[Any], index: Sequence[Index]) -> Index:
        """Rows without a pattern, as an entry of a table."""
        return Index(0, ((self._entry("p", rows, index), 1),))

    def _entry(self, kind: str, values: NDArray[Any], index: Sequence[Index]) -> Element:
        """An entry of a table: of constants, c, or of rows, p."""
        flat = values.reshape(-1)
        key = (ord(kind), flat.tobytes())
        if key not in self._known:
            self._known[key] = self.owners.next(kind)
            self.tables[self._known[key]] = flat
        return Element(self._known[key], (flat.size,), (row_by_row(values.shape, index),))

    # ── what an index chooses ─────────────────────────────────────────────────────────────────

    def _take(self, x: Take, index: list[Index]) -> Term:
        if x.items.store == CONSTANT:
            assert x.items.values is not None
            values = np.broadcast_to(x.items.values, (*x.items.values.shape[: len(x.lanes)], *x.inner))
            positions = np.arange(values.size).reshape(values.shape)
            entry = self._entry("c", np.ascontiguousarray(values), [Index()] * values.ndim)
            return Element(entry.name, entry.shape, (self.chosen(x, index, positions),))
        owners = self.owners.owners_of(x.items.store, x.items.rows)
        if x.items.store == PARAMETER and len(owners) > 1:
            owners = [self.owners.vector]
        if len(owners) == 1 and owners[0] is not None:
            return self.element(x.items.store, self.chosen(x, index), owners[0])
        rows = np.unique(x.items.rows)
        name = self._joined(x.items.store, rows)
        return Element(name, (len(rows),), (self.chosen(x, index, np.searchsorted(rows, x.items.rows)),))

    def chosen(self, x: Take | ContributeTaken, index: Sequence[Index], rows: NDArray[Any] | None = None) -> Index:
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
        flat = row_by_row(rows.shape, [*own, choice])
        return Index(0, ((Element(entry.name, entry.shape, (flat,)), 1),))

    def _choice(self, operand: Operand, index: list[Index]) -> Index:
        rows = operand.rows
        own = [i if n > 1 else Index() for n, i in zip(rows.shape, index, strict=True)]
        if operand.strides is not None:
            at = Index(int(rows.flat[0]))
            for i, stride in zip(own, operand.strides, strict=True):
                at += i * stride
        else:
            at = self._tabled(rows, own)
        owners = self.owners.owners_of(operand.store, rows)
        if len(owners) == 1 and owners[0] is not None:
            term = self.element(operand.store, at, owners[0])
        else:
            flat = row_by_row(rows.shape, own)
            term = Element(self._joined(operand.store, rows), (rows.size,), (flat,))
        return Index(0, ((term, 1),)) if isinstance(term, Formula) else Index(int(term))


def _product(a: Term, b: Term) -> Term:
    """a · b; a square where they are the same."""
    return Power(a, 2.0) if a == b and isinstance(a, Formula) else times(a, b)
