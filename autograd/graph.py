"""Walks over a computation graph: forwards for values and tangents, backwards for adjoints.

With this module one can

* list a graph in the order it was computed: `topological_order`;
* compute it again in any reading, with other numbers, symbols or arrays at the leaves: `evaluate`;
* differentiate it in any reading, in reverse (`adjoints`) or forwards (`tangents`).

There is no calculus here: the local derivatives are read from the table of primitives. The walks
are loops, never recursion, so a chain of ten million nodes is fine. The first-order backward pass on
floats, the one that has to be fast, is `Value.backward`.
"""

from __future__ import annotations

from _operator import attrgetter  # the part of operator that is written in C: half a millisecond less to import

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, TypeVar

    Node = TypeVar("Node", bound=Any)  # a `Value`, or whatever has its op, operands and data

__all__ = ["adjoints", "evaluate", "tangents", "topological_order"]

_creation = attrgetter("_n")


def topological_order(root: Node) -> list[Node]:
    """Every node that `root` was computed from, parents before children, the root last.

    A node is made after its operands, so the order of creation is a topological order: it is the
    forward pass, step by step.

    >>> from autograd import Value, topological_order
    >>> x = Value(2.0, label="x")
    >>> [node.op.name if node.op else node.label for node in topological_order(x * x + x)]
    ['x', 'mul', 'add']

    Raises:
        TypeError: for anything but a `Value`.
    """
    if not hasattr(root, "parents"):
        raise TypeError(f"topological_order takes a Value, not {root!r} of type {type(root).__name__}")
    seen = {root}
    found = [root]
    for node in found:
        for parent in node.parents:
            if parent not in seen:
                seen.add(parent)
                found.append(parent)
    found.sort(key=_creation)
    return found


def evaluate(order: Iterable[Node], primal: dict[Node, Any]) -> dict[Node, Any]:
    """Compute the nodes of a topological order again, in the reading of the primals given.

    Args:
        order: nodes, parents before children.
        primal: what stands at some nodes, the leaves as a rule; it is completed in place. A leaf
            that is not in it stands for its own data.

    Returns:
        `primal`, with an entry for every node.

    >>> import sympy
    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> y = (x * x).exp()
    >>> evaluate(topological_order(y), {x: sympy.Symbol("x")})[y]
    exp(x**2)
    """
    for node in order:
        if node not in primal:
            primal[node] = node.op(*[primal.get(x, x) for x in node.operands]) if node.op else node.data
    return primal


def adjoints(order: list[Node], primal: dict[Node, Any], seed: Any = 1) -> dict[Node, Any]:
    """∂root/∂node for every node of a topological order that a gradient reaches, in any reading.

    The reverse mode: a node's adjoint is the sum over its uses, δ_v = Σ δ_use · ∂use/∂v
    (source 000, ∂C₀/∂a^(L−1); source 002 eq. 10; source 004 BP2).

    Args:
        order: nodes, parents before children, the root last.
        primal: the value of each node in the reading wanted; a node that is missing stands for
            itself, so ``{}`` gives adjoints that are `Value`s and can be differentiated again.
        seed: the adjoint of the root.

    >>> from autograd import Value
    >>> x = Value(3.0)
    >>> y = x * x * x
    >>> adjoints(topological_order(y), {})[x].data      # 3x²
    27.0
    """
    adjoint = {order[-1]: seed}
    for node in reversed(order):
        if node.op is None or node not in adjoint:
            continue
        operands = node.operands
        nodes = [hasattr(x, "operands") for x in operands]
        local = node.op.local_derivatives(primal.get(node, node), [primal.get(x, x) for x in operands], nodes)
        for operand, derivative in zip(operands, local, strict=True):
            if derivative is not None:
                term = _product(adjoint[node], derivative)
                adjoint[operand] = adjoint[operand] + term if operand in adjoint else term
    return adjoint


def tangents(order: Iterable[Node], primal: dict[Node, Any], tangent: dict[Node, Any]) -> dict[Node, Any]:
    """The directional derivative of every node of a topological order, in any reading.

    The forward mode: ẏ = Σ ∂y/∂operand · operand˙, beside the forward pass. A node that no tangent
    reaches has no entry (its derivative is zero).

    Args:
        order: nodes, parents before children.
        primal: as in `adjoints`.
        tangent: the direction, at some leaves; it is completed in place.

    >>> from autograd import Value
    >>> x = Value(3.0)
    >>> y = x * x * x
    >>> tangents(topological_order(y), {}, {x: 1})[y].data
    27.0
    """
    for node in order:
        operands = node.operands
        moving = [x in tangent for x in operands]
        if node.op is None or node in tangent or not any(moving):
            continue
        local = node.op.local_derivatives(primal.get(node, node), [primal.get(x, x) for x in operands], moving)
        terms = [_product(tangent[x], d) for x, d in zip(operands, local, strict=True) if d is not None]
        if terms:
            total = terms[0]
            for term in terms[1:]:
                total = total + term
            tangent[node] = total
    return tangent


def _product(factor: Any, derivative: Any) -> Any:
    """factor · derivative, without a node for a multiplication by one."""
    if type(derivative) is int and derivative == 1:
        return factor
    if type(factor) is int and factor == 1:
        return derivative
    return factor * derivative
