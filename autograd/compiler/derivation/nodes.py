"""The scalar program read in symbols: a line for each operation, and for each term of an adjoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd.compiler.derivation.indices import Index
from autograd.compiler.derivation.lines import Derivation, Line
from autograd.compiler.derivation.notations import Plain
from autograd.compiler.derivation.terms import COMPARISONS, Constant, Element, Tuple, as_number, as_printed, times
from autograd.compiler.normalise import Scalars
from autograd.formulas.spelling import lowered
from autograd.formulas.terms import Call, Term
from autograd.primitives import Primitive

__all__ = ["derive_node_by_node"]

_WRITTEN_OUT = frozenset({"add", "sub", "mul", "div", "neg", "pos", "pow", "detach", *COMPARISONS})
"""Rows that are written as what they compute."""


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
    names: dict[int, Term] = {node: Constant(number) for node, number in scalars.constants.items()}
    adjoint: dict[int, Element] = {}
    for number, node in enumerate(order):
        at = (Index(number),) if shape else ()
        names[node], adjoint[node] = Element("θ", shape, at), Element("∂E/∂θ", shape, at)
    for node, (argument, row) in scalars.inputs.items():
        name, extent = arguments[argument]
        names[node] = Element(name, extent, Index(row).split(extent, {}) if extent else ())
    made = [node for node, op in enumerate(scalars.op) if op is not None]
    for number, node in enumerate(made, 1):
        op, operands = scalars.op[node], [names[x] for x in scalars.operands[node]]
        assert op is not None
        name = "E" if node == root else "v" + lowered(number)
        names[node], adjoint[node] = Element(name, (), ()), Element(f"∂E/∂{name}", (), ())
        lines.append(Line("forward", n.name(name), False, n(as_number(as_printed(_applied(op, operands))))))
    reached: set[int] = set()

    def contribute(node: int, term: Term) -> None:
        lines.append(Line("backward", n(adjoint[node]), node in reached, n(term)))
        reached.add(node)

    if root is not None and root not in made:
        lines.append(Line("forward", "E", False, n(as_printed(names[root]))))
        if root in adjoint:
            contribute(root, 1.0)
    for node in reversed(made):
        if root is None or not scalars.active[node] or (node != root and node not in reached):
            continue
        op, xs = scalars.op[node], scalars.operands[node]
        assert op is not None
        operands = [names[x] for x in xs]
        delta: Term = 1.0 if node == root else adjoint[node]
        if (
            len(xs) == 1
            and not op.nary
            and op.name not in _WRITTEN_OUT
            and (op.formula is not None or op.textbook is not None)
        ):
            local: Any = [Call(op.name, (as_printed(operands[0]),), True)]
        else:
            local = op.local_derivatives(names[node], operands, [bool(scalars.active[x]) for x in xs])
        for x, derivative in zip(xs, local, strict=True):
            if derivative is not None and scalars.active[x]:
                contribute(x, times(delta, as_number(as_printed(derivative))))
    if root is not None:
        for node in scalars.parameters:
            if node not in reached:
                contribute(node, 0.0)

    def returned(part: Any) -> str:
        if isinstance(part, (list, tuple)):
            return n.parentheses(", ".join(map(returned, part)))
        return n(part if isinstance(part, float) else as_printed(names[part.node]))

    blocks = [("θ", shape)] if size else []
    return Derivation(blocks, {}, lines, returned(result) if root is None else "")


def _applied(op: Primitive, operands: Sequence[Term]) -> Term:
    """A row of the table read with these operands; one of any number of them that is no sum by its name."""
    if op.nary and op.name not in ("dot", "total"):
        return Call(op.name, (Tuple(tuple(operands)),) if len(operands) > 1 else tuple(operands))
    if op.name == "dot" and operands[-1] == Constant(0.0):
        operands = [*operands[:-1], 0.0]  # there is no bias
    return op(*operands)  # type: ignore[no-any-return]
