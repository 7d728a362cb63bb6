"""Indices of what has a name: ``2i + 3``, ``p₁[i]``, ``(5i + j) // 3``, made of the letters of axes.

>>> i = letter("i")
>>> (i * 2 + Index(3)).split((5, 4), {"i": 8})[1].parts[0][0].rest
True
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

__all__ = ["Index", "Split", "letter", "row_by_row"]


@dataclass(frozen=True)
class Split:
    """index // by or index % by: one axis of a row that is counted through several."""

    index: Index
    by: int
    rest: bool

    def letters(self) -> set[str]:
        return self.index.letters()


@dataclass(frozen=True)
class Index:
    """constant + Σ factor · atom; an atom is the letter of an axis, an element of a table or input, or a `Split`."""

    constant: int = 0
    parts: tuple[tuple[Any, int], ...] = ()

    def __add__(self, other: Index) -> Index:
        parts = dict(self.parts)
        for atom, factor in other.parts:
            parts[atom] = parts.get(atom, 0) + factor
        return Index(self.constant + other.constant, tuple((a, f) for a, f in parts.items() if f))

    def __mul__(self, factor: int) -> Index:
        return Index(self.constant * factor, tuple((a, f * factor) for a, f in self.parts) if factor else ())

    def letters(self) -> set[str]:
        """The letters of axes that the index depends on."""
        found: set[str] = set()
        for atom, _ in self.parts:
            found |= {atom} if isinstance(atom, str) else atom.letters()
        return found

    def split(self, shape: Sequence[int], ranges: dict[str, int]) -> tuple[Index, ...]:
        """This place, counted row by row, as one index for each axis of a shape."""
        found: list[Index] = []
        rest = self
        for number, _ in enumerate(shape):
            outer, rest = _divided(rest, prod(shape[number + 1 :]), ranges)
            found.append(outer)
        return tuple(found)


def letter(name: str) -> Index:
    """The index that is the letter of an axis."""
    return Index(0, ((name, 1),))


def row_by_row(lengths: Sequence[int], index: Sequence[Index]) -> Index:
    """The indices of all axes as one that counts row by row; an axis of length 1 counts nothing.

    >>> row_by_row((5, 1, 4), (letter("i"), letter("j"), letter("k")))
    Index(constant=0, parts=(('i', 4), ('k', 1)))
    """
    at = Index()
    for length, i in zip(lengths, index, strict=True):
        at = at * length + (i if length > 1 else Index())
    return at


def _divided(index: Index, by: int, ranges: dict[str, int]) -> tuple[Index, Index]:
    """index // by and index % by, by parts where the parts say so."""
    above = Index(index.constant // by, tuple((a, f // by) for a, f in index.parts if f // by))
    below = Index(index.constant % by, tuple((a, f % by) for a, f in index.parts if f % by))
    most = below.constant
    for atom, factor in below.parts:
        most += factor * (ranges[atom] - 1) if isinstance(atom, str) else by
    if most < by:
        return above, below
    return Index(0, ((Split(index, by, False), 1),)), Index(0, ((Split(index, by, True), 1),))
