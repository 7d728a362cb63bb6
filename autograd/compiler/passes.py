"""The passes: from a traced function to the two programs that engines run.

===================  =====================================  =======================================================
pass                 from → to                              what it does
===================  =====================================  =======================================================
`normalise`          the trace → the scalar program         sums become single nodes, nothing is computed twice
`group_alike`        the scalar program → its groups        nodes that are alike are sorted together
`vectorise`          the groups → the same, laid out        a group's nodes become lanes, with places in stores
`lower`              the groups → the array program         the table's formulas and derivatives, as instructions
`remove_unused`      the array program → the same           what nobody looks at is left out
`place_results`      the array program → the same           results are written where they are wanted
===================  =====================================  =======================================================

The scalar program (`Scalars`) and the array program (`ArrayProgram`) can be printed, and verify themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from autograd.compiler.arrays import check_readable
from autograd.compiler.lower import ArrayProgram, lower, place_results, remove_unused
from autograd.compiler.normalise import Scalars, normalise
from autograd.compiler.trace import DETACH, TAKE, Trace
from autograd.compiler.vectorise import Grouped, group_alike, vectorise
from autograd.value import Value

__all__ = ["PASSES", "PER_MULTIPLIED", "Arguments", "Programs"]

Arguments = Sequence[tuple[str, tuple[int, ...]]]
"""The name and the shape of each argument of a function, as they are printed."""

PASSES: tuple[Callable[[Any], Any], ...] = (normalise, group_alike, vectorise, lower, remove_unused, place_results)

_NARROW = 3  # lanes of a group, below which finding arrays takes far longer than it gains
_ROWS_OF_ONE = 64  # lanes of a group that may be the rows of one product; more of them may be many products
_LARGE = 2**11  # multiplications of a product, above which it is they that take the time, whatever calls it
PER_MULTIPLIED = 0.07e-9  # seconds, measured: what BLAS takes for an operand of a large product, whoever calls it


class Programs:
    """What has been made of a function: its scalar program at once, the array program when an engine asks for it.

    Attributes:
        scalars: the scalar program.
        parameters: the nodes of the parameters, in the order of the flat vector.
        counts: how many nodes there are of each primitive; of leaves, by None.
        reductions, elementwise, alone: how many groups its array program has, of primitives of any number of operands,
            of others, and of those that have one node.
        narrow: whether most groups have a node or two.
        operations, operands: how many the scalar program has.
        largest: of its products of a matrix and a vector, the number of multiplications of the largest, about.
        multiplied: how many of the operands are those of products that are large.

    Raises:
        TypeError: for a primitive that cannot be read for arrays.
    """

    def __init__(self, scalars: Scalars) -> None:
        for op, arity in {(op, len(xs)) for op, xs in zip(scalars.op, scalars.operands, strict=True) if op is not None}:
            if op not in (DETACH, TAKE):
                check_readable(op, arity)
        self.scalars = scalars
        groups, self.parameters = self.grouped.groups, self.grouped.parameters
        self.counts = Counter(scalars.op)
        self.reductions = sum(op.nary for op, _ in groups)
        self.elementwise = len(groups) - self.reductions
        self.alone = sum(len(nodes) == 1 for op, nodes in groups if not op.nary)
        self.operations: int = len(scalars) - self.counts[None]
        self.operands: int = sum(map(len, scalars.operands))
        self.narrow: bool = self.operations < _NARROW * len(groups)
        self.largest, self.multiplied = self._products()
        if self.narrow:  # they take more memory than all the rest, and may never be needed
            del self.grouped

    @classmethod
    def of(cls, trace: Trace, parameters: list[Value] | None = None) -> Programs:
        """From a trace; with the parameters in this order."""
        scalars: Scalars = PASSES[0](trace)
        if parameters is not None:
            scalars.put_in_order(parameters)
        return cls(scalars)

    @cached_property
    def grouped(self) -> Grouped:
        """The scalar program, its nodes sorted into groups."""
        found: Grouped = PASSES[1](self.scalars)
        return found

    def again(
        self,
        inputs: Sequence[Sequence[Any]],
        parameters: Sequence[Any],
        moved: Mapping[int, Any] | None = None,
        constant: Callable[[float], Any] = float,
    ) -> list[Any]:
        """The value of each node, computed from these numbers, in whatever reading they are for.

        Args:
            moved: what is added to some nodes.
            constant: what a constant is there.
        """
        s = self.scalars
        values: list[Any] = [None] * len(s)
        for node, number in s.constants.items():
            values[node] = constant(number)
        for node, (argument, row) in s.inputs.items():
            values[node] = inputs[argument][row]
        for node, parameter in zip(self.parameters, parameters, strict=True):
            values[node] = parameter
        by = moved or {}
        for node, op in enumerate(s.op):
            if op is not None:
                values[node] = op(*[values[x] for x in s.operands[node]])
            if node in by:
                values[node] = values[node] + by[node]
        return values

    def _products(self) -> tuple[int, int]:
        """`largest` and `multiplied`."""
        largest = multiplied = 0
        for op, nodes in self.grouped.groups:
            if not op.nary:
                continue
            operands = self.scalars.operands[nodes[0]]
            multiplications = min(len(nodes), _ROWS_OF_ONE) * (len(operands) // 2)
            largest = max(largest, multiplications)
            if multiplications >= _LARGE and len(nodes) > 1:
                shared = set(operands).intersection(self.scalars.operands[nodes[1]])
                if len(shared) >= len(operands) // 2:  # the vector, or a row of the matrix
                    multiplied += len(nodes) * len(operands)
        return largest, multiplied

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
        program: Any = self.grouped
        for step in PASSES[2:]:
            program = step(program)
        program.verify()
        return program  # type: ignore[no-any-return]
