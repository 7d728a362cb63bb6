"""A graph looked at once: its local derivatives, its gradients, and its layers or modules.

>>> from autograd import Value
>>> x = Value(3.0, label="x")
>>> y = x * x
>>> y.backward()
>>> graph = AnnotatedGraph(y, None)
>>> [(edge.source, edge.target, edge.derivative, edge.gradient) for edge in graph.edges], graph.gradient
([(0, 1, 3.0, 3.0), (0, 1, 3.0, 3.0)], [6.0, 1.0])
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from autograd.graph import topological_order
from autograd.primitives import NEARLY_FLAT
from autograd.structure.levels import levels
from autograd.structure.modules import modules
from autograd.structure.names import places_of
from autograd.value import NOT_YET, Value

__all__ = ["AnnotatedGraph", "Edge"]


@dataclass(slots=True)
class Edge:
    """One operand of one node.

    Attributes:
        source, target: the places of the operand and of the node that uses it in `AnnotatedGraph.order`.
        place: which operand it is.
        derivative: ∂target/∂source; None if no gradient flows, NaN if it does not exist.
        gradient: what flows back, ∂root/∂target · ∂target/∂source; None if it is not known.
    """

    source: int
    target: int
    place: int
    derivative: float | None
    gradient: float | None = None


class AnnotatedGraph:
    """Everything about the graph of `root` that does not depend on what is shown of it.

    Attributes:
        order: the nodes in topological order; `index` is the place of each.
        levels: its layers and neurons, or the modules of `model`.
        places: what nodes are called by their places in those.
        parameters: the leaves that are trained.
        edges: by the place of the node they lead to.
        reached: the places of the nodes that a gradient reaches, whether it has been computed or not.
        backward: whether there has been a backward pass from the root.
        gradient: ∂root/∂node by place; None if it is not known.
        mark: by place what is wrong with a node, if anything: "NaN" or "∞" that arises there, or "dead" or "saturated",
            for a unit that passes no gradient, or next to none.
    """

    def __init__(self, root: Value, model: Any) -> None:
        self.order = topological_order(root)
        self.index = {node: i for i, node in enumerate(self.order)}
        self.levels = levels(self.order) if model is None else modules(model, self.order)
        self.places = places_of(self.order, model)
        self.parameters = self._parameters()
        self.edges = [edge for i, node in enumerate(self.order) for edge in self._edges(i, node)]
        self.reached = {len(self.order) - 1}
        for edge in reversed(self.edges):
            if edge.derivative is not None and edge.target in self.reached:
                self.reached.add(edge.source)
        self.backward = root.grad is not NOT_YET and not (root.op is None and root.grad == 0)
        self.gradient = [
            _gradient(node) if self.backward and i in self.reached else None for i, node in enumerate(self.order)
        ]
        for edge in self.edges:
            delta = self.gradient[edge.target]
            if delta is not None and edge.derivative is not None:
                edge.gradient = delta * edge.derivative

        self.mark = self._marks()

    def _marks(self) -> list[str]:
        mark = [_born(node) for node in self.order]
        into: dict[int, list[Edge]] = {}
        for edge in self.edges:
            if edge.derivative is not None:
                into.setdefault(edge.target, []).append(edge)
        for i, edges in into.items():
            op = self.order[i].op
            if not mark[i] and len(edges) == 1 and op is not None and op.flat:
                slope = abs(edges[0].derivative or 0.0)
                mark[i] = "dead" if slope == 0 else op.flat if slope < NEARLY_FLAT else ""
        return mark

    def _edges(self, i: int, node: Value) -> Iterator[Edge]:
        """The edges into a node, with the local derivatives the table gives at its operands' data."""
        if node.op is None:
            return
        operands = node.operands
        wanted = [isinstance(x, Value) for x in operands]
        numbers = [x.data if want else x for x, want in zip(operands, wanted, strict=True)]
        try:
            local = list(node.op.local_derivatives(node.data, numbers, wanted))
        except (ArithmeticError, ValueError):  # √x at 0 has none
            local = [math.nan if want else None for want in wanted]
        for place, want in enumerate(wanted):
            if want:
                derivative = local[place]
                yield Edge(self.index[operands[place]], i, place, None if derivative is None else float(derivative))

    def _parameters(self) -> set[Value]:
        """The leaves that a model names, or that belong to a neuron."""
        regions, region = self.levels.regions, self.levels.region
        return {
            node
            for node in self.order
            if node.op is None
            and (node in self.levels.name or (node in region and regions[region[node]].kind not in ("inputs", "loss")))
        }


def _born(node: Value) -> str:
    """Which number that is none arises at a node: NaN of none that is NaN, or ∞ of none that is not finite."""
    if math.isnan(node.data):
        return "" if any(math.isnan(x.data) for x in node.parents) else "NaN"
    return "∞" if math.isinf(node.data) and all(math.isfinite(x.data) for x in node.parents) else ""


def _gradient(node: Value) -> float | None:
    return None if node.grad is NOT_YET else float(getattr(node.grad, "data", node.grad))
