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
from autograd.compiler.vectorise import Vectorised, vectorise

__all__ = ["PASSES", "Programs"]

PASSES: tuple[Callable[[Any], Any], ...] = (normalise, vectorise, lower, remove_unused, place_results)


class Programs:
    """What has been made of a function: its scalar program at once, the array program when an engine asks for it.

    Raises:
        TypeError: for a primitive that cannot be read for arrays.
    """

    def __init__(self, scalars: Scalars) -> None:
        for op, arity in {(op, len(xs)) for op, xs in zip(scalars.op, scalars.operands, strict=True) if op is not None}:
            if op not in (DETACH, TAKE):
                check_readable(op, arity)
        self.scalars = scalars
        self.groups: Vectorised = PASSES[1](scalars)

    @classmethod
    def of(cls, trace: Trace) -> Programs:
        """From a trace."""
        return cls(PASSES[0](trace))

    @cached_property
    def arrays(self) -> ArrayProgram:
        """The array program, verified."""
        program: Any = self.groups
        for step in PASSES[2:]:
            program = step(program)
        program.verify()
        return program  # type: ignore[no-any-return]
