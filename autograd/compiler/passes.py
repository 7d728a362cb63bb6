"""The passes: from a traced function to the two programs that engines run.

===================  =====================================  =======================================================
pass                 from → to                              what it does
===================  =====================================  =======================================================
`normalise`          the trace → the scalar program         sums become single nodes, nothing is computed twice
`vectorise`          the scalar program → its groups        nodes alike become lanes, with places in stores
`lower`              the groups → the array program         the table's formulas and derivatives, as instructions
`remove_unused`      the array program → the same           what nobody looks at is left out
`place_results`      the array program → the same           results are written where they are wanted
===================  =====================================  =======================================================

The scalar program (`Scalars`) and the array program (`ArrayProgram`) can be printed, and verify themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from autograd.compiler.arrays import check_readable
from autograd.compiler.lower import ArrayProgram, lower, place_results, remove_unused
from autograd.compiler.normalise import Scalars, normalise
from autograd.compiler.trace import DETACH, TAKE, Trace
from autograd.compiler.vectorise import grouped, in_order, vectorise

__all__ = ["PASSES", "Programs"]

PASSES: tuple[Callable[[Any], Any], ...] = (normalise, vectorise, lower, remove_unused, place_results)


class Programs:
    """What has been made of a function: its scalar program at once, the array program when an engine asks for it.

    Attributes:
        scalars: the scalar program.
        parameters: its parameters, in the order of the flat vector.
        reductions, elementwise: how many groups its array program has, of primitives of any number of operands and of
            others.

    Raises:
        TypeError: for a primitive that cannot be read for arrays.
    """

    def __init__(self, scalars: Scalars) -> None:
        for op, arity in {(op, len(xs)) for op, xs in zip(scalars.op, scalars.operands, strict=True) if op is not None}:
            if op not in (DETACH, TAKE):
                check_readable(op, arity)
        self.scalars = scalars
        groups = grouped(scalars)
        self.parameters = in_order(scalars, groups)
        self.reductions = sum(op.nary for op, _ in groups)
        self.elementwise = len(groups) - self.reductions

    @classmethod
    def of(cls, trace: Trace) -> Programs:
        """From a trace."""
        return cls(PASSES[0](trace))

    @cached_property
    def limits(self) -> dict[tuple[int, int], int]:
        """For each integer input (argument, place) how many items are chosen from."""
        found: dict[tuple[int, int], int] = {}
        for op, operands in zip(self.scalars.op, self.scalars.operands, strict=True):
            if op is TAKE:
                place = self.scalars.inputs[operands[-1]]
                found[place] = min(len(operands) - 1, found.get(place, len(operands)))
        return found

    @cached_property
    def arrays(self) -> ArrayProgram:
        """The array program, verified."""
        program: Any = self.scalars
        for step in PASSES[1:]:
            program = step(program)
        program.verify()
        return program  # type: ignore[no-any-return]
