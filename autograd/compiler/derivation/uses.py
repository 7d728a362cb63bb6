"""How often what a program computes is read, and whether that needs a name for it: `Uses`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd.compiler.derivation.owners import Owners, is_copy
from autograd.compiler.instructions import (
    Array,
    Contribute,
    ContributeTaken,
    Gather,
    Instruction,
    Rows,
    Scatter,
    Take,
    place,
)
from autograd.compiler.stores import CONSTANT
from autograd.compiler.vectorise import Group

__all__ = ["Uses"]


class Uses:
    """Counted once, before the first line is written.

    Attributes:
        reads: how many instructions read the rows of a group.
        operands: how many instructions have an array as operand.
        named: the groups that need a name: they have one, or are read together with others, or in a pattern.
    """

    def __init__(self, instructions: Iterable[Instruction], owners: Owners, returned: Iterable[int]) -> None:
        self.owners = owners
        self.reads: dict[Group, int] = {}
        self.operands: dict[Array, int] = {}
        self.named: set[Group] = set(owners.named)
        for x in instructions:
            for array in x.arrays():
                self.operands[array] = self.operands.get(array, 0) + 1
            if isinstance(x, Rows):
                store, rows = place(x)
                found = owners.owners_of(store, rows)
                for owner in found:
                    if owner and owner.group:
                        self.reads[owner.group] = self.reads.get(owner.group, 0) + 1
                if len(found) > 1:
                    self._need(store, rows)
            elif isinstance(x, (Gather, Contribute, Scatter)) or (
                isinstance(x, (Take, ContributeTaken)) and x.items.store != CONSTANT
            ):
                self._need(*place(x))
        for node in returned:
            if owners.vectorised.store[node] != CONSTANT:
                store, row = owners.vectorised.location(node)
                self._need(store, np.array([row]))

    def _need(self, store: int, rows: Any) -> None:
        for owner in self.owners.owners_of(store, rows):
            group = owner.group if owner else None
            if group is not None and is_copy(group):  # what it copies is read in its place
                copied = group.operands[0]
                if copied.store != CONSTANT:
                    self._need(copied.store, copied.rows)
            elif group is not None:
                self.named.add(group)
