"""A graph computed again in place: what Python does when a number was changed on its page.

With this module one can

* give leaves other numbers and have every value and gradient follow: `rerun`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autograd.graph import evaluate
from autograd.value import ByHand, Value, put_in_place

__all__ = ["rerun"]


def rerun(order: Sequence[Value], numbers: Mapping[Value, float]) -> None:
    """Both passes over a graph with these numbers at its leaves; every node is as if it had been computed so.

    The gradients are those of one backward pass, whatever there was before. A node made by hand keeps its number, and
    no gradient goes through it.

    Args:
        order: the nodes in topological order, the root last.
        numbers: of some leaves; the others keep theirs.

    Raises:
        ZeroDivisionError, ValueError, OverflowError: what computing the graph so raises. Then nothing has changed.

    >>> from autograd import topological_order
    >>> x = Value(2.0, label="x")
    >>> y = x * x
    >>> rerun(topological_order(y), {x: 3.0})
    >>> x.data, y.data, x.grad
    (3.0, 9.0, 6.0)
    >>> y.backward()                                # the local derivatives are recorded anew, too
    >>> x.grad
    12.0
    """
    # All is computed on a copy, so that what raises leaves the graph as it was.
    ends = {node: Value(numbers.get(node, node.data)) for node in order if node.op is None or _is_by_hand(node)}
    copies = evaluate(order, dict(ends))
    copies[order[-1]].backward()
    node_of = {copy: node for node, copy in copies.items()}

    def ours(x: Any) -> Any:
        return node_of[x] if isinstance(x, Value) else tuple(map(ours, x)) if isinstance(x, tuple) else x

    places = [
        (node, slot, ours(getattr(copies[node], slot)))
        for node in order
        for slot in (("_data", "_grad") if node in ends else ("_data", "_grad", "_a", "_da", "_b", "_db"))
    ]
    put_in_place(*zip(*places, strict=True))


def _is_by_hand(node: Value) -> bool:
    return isinstance(node.op, ByHand)
