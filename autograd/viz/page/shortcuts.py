"""What `explain` passes over, for the page: ∂E/∂ŷ = ŷ − y where nodes without a name lie between the two.

The page knows the local derivatives of neighbours. An explanation says more in less: it multiplies out nodes that
have no name and merely scale or add (`Ways`). Those formulas are found once, here; their numbers are the page's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autograd.formulas.terms import Formula, Name, Term, parts, with_parts
from autograd.graph import adjoints
from autograd.structure.names import Names
from autograd.value import Value
from autograd.viz.explanation.ways import Ways
from autograd.viz.page.templates import notations, operand

__all__ = ["shortcuts"]

LARGEST, MOST_LEAVES, MOST = 1600, 24, 60
"""Larger graphs have none; they are sought from so many leaves, and there are so many at most."""


def shortcuts(order: Sequence[Value], primal: Mapping[Value, float], places: Mapping[Value, str]) -> list[Any]:
    """The formulas of a graph that lead over nodes without a name.

    Returns:
        For each the user and the node, by index, then ∂user/∂node and the user's own formula as templates (see
        `templates`) with the nodes that their slots stand for.

    >>> from autograd import topological_order
    >>> ŷ = Value(0.75, label="ŷ")
    >>> E = (ŷ - 0.01) ** 2 / 2
    >>> order = topological_order(E)
    >>> [found] = shortcuts(order, {node: node.data for node in order}, {})
    >>> order[found["use"]] is E, order[found["of"]] is ŷ, found["local"][0].replace(operand(0).name, "ŷ")
    (True, True, 'ŷ − 0.01')
    """
    root, index = order[-1], {node: i for i, node in enumerate(order)}
    named = {node for node in order if node.op is None or node.label or node in places}
    waiting = {node for node in order if node not in named and node is not root}
    if not waiting or len(order) > LARGEST:
        return []
    try:
        gradient = adjoints(list(order), dict(primal))
    except (ArithmeticError, ValueError, RuntimeError):
        return []
    found: dict[tuple[int, int], Any] = {}
    for leaf in _sources(order, waiting, {node: float(gradient[node]) for node in gradient}):
        names = Names(root, leaf, order, places)
        try:
            ways = Ways(root, leaf, list(order), {n: float(d) for n, d in gradient.items()}, names)
        except (ArithmeticError, ValueError, TypeError, RuntimeError):
            continue  # a local derivative does not exist here
        for (use, of), link in ways.made.items():
            key = index[use], index[of]
            passed = use in ways.down and of in ways.down[use] and not ways.down[use][of]
            if passed and key not in found and len(found) < MOST and not link.decided:
                local, definition = (
                    _slotted(link.derivative, names, index),
                    _slotted(names.definition(use), names, index),
                )
                if local and definition:
                    found[key] = {"use": key[0], "of": key[1], "local": local[0], "of_local": local[1]}
                    found[key] |= {"formula": definition[0], "of_formula": definition[1]}
    return list(found.values())


def _sources(order: Sequence[Value], waiting: set[Value], gradient: Mapping[Value, float]) -> list[Value]:
    """Few leaves from which all that is to be passed over is met, on every way down from it."""
    above: dict[Value, set[tuple[Value, Value]]] = {node: set() for node in order}
    for node in reversed(order):
        for x in node.parents:
            above[x] |= above[node]
            if node in waiting:
                above[x].add((node, x))
    leaves = [node for node in order if node.op is None and node in gradient]
    left = set[tuple[Value, Value]]().union(*(above[leaf] for leaf in leaves))
    found: list[Value] = []
    while left and len(found) < MOST_LEAVES:
        best = max(leaves, key=lambda leaf: len(above[leaf] & left))
        left -= above[best]
        found.append(best)
    return found


def _slotted(term: Term, names: Names, index: Mapping[Value, int]) -> tuple[list[str] | None, list[int]] | None:
    """A formula with slots for its names, and the nodes they stand for; None if a name is no node's."""
    nodes: list[int] = []

    def slot(x: Term) -> Term:
        if isinstance(x, Name):
            at = index[names.nodes[x]]
            if at not in nodes:
                nodes.append(at)
            return operand(nodes.index(at))
        return with_parts(x, [slot(part) for part in parts(x)]) if isinstance(x, Formula) else x

    try:
        return notations(slot(term)), nodes
    except KeyError:
        return None
