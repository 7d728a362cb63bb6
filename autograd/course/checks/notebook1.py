"""Exercises of notebook 1, a value and its gradient."""

from __future__ import annotations

from typing import Any

from autograd.course.kinds import Check, formula, function, numbers
from autograd.functional import grad
from autograd.graph import topological_order
from autograd.primitives import table
from autograd.value import Value

__all__ = ["CHECKS"]

exp, sin = table["exp"], table["sin"]

Tape = list[tuple[str, list[tuple[str, float]]]]


def _expression(a: Any, b: Any) -> Any:
    return (a * b + 2) * b


def tape(root: Value) -> Tape:
    """The labels of a graph in topological order, each with its parents and local derivatives."""
    found: Tape = []
    for node in topological_order(root):
        at = [x.data if isinstance(x, Value) else x for x in node.operands]
        rules: Any = node.op.derivatives if node.op else ()
        pairs = zip(node.operands, rules, strict=True)
        slopes = [(x.label, rule(node.data, *at)) for x, rule in pairs if isinstance(x, Value)]
        found.append((node.label, slopes))
    return found


def labelled(**nodes: Value) -> Value:
    """The last of the nodes, all with their names."""
    for name, node in nodes.items():
        node.label = name
    return node


def twice_used() -> Value:
    """The notebook's e = (a + b)(b + 1)."""
    a, b = Value(2.0), Value(1.0)
    c, d = a + b, b + 1
    return labelled(a=a, b=b, c=c, d=d, e=c * d)


def short_cut() -> Value:
    """x reaches y at once and by longer ways, and so does u."""
    x, z = Value(0.7), Value(-1.3)
    u = sin(x)
    v = u * z
    w = v * v
    s = u + w
    t = s * x
    return labelled(x=x, z=z, u=u, v=v, w=w, s=s, t=t, y=t * u)


def _over_ways(parents: dict[str, list[tuple[str, float]]], root: str) -> dict[str, float]:
    """∂root/∂name by the definition: multiplied along each way, added over the ways."""

    def ways(node: str, name: str) -> float:
        return 1.0 if node == name else sum(d * ways(parent, name) for parent, d in parents[node])

    order: list[str] = []

    def visit(name: str) -> None:
        if name not in order:
            for parent, _ in parents[name]:
                visit(parent)
            order.append(name)

    visit(root)
    return {name: ways(root, name) for name in reversed(order)}  # so that the first that differs is near the bug


def _shuffled(tape: Tape) -> dict[str, list[tuple[str, float]]]:
    return dict(sorted(tape, key=lambda pair: (ord(pair[0]) * 7) % 11))


_TAPES = [tape(twice_used()), tape(short_cut())]

CHECKS: dict[str, Check] = {
    "1.1": numbers(
        lambda: grad(_expression, argnums=(0, 1))(3.0, -2.0),
        names=["∂e/∂a", "∂e/∂b"],
        mistakes=[
            (lambda: [4, -4], "∂e/∂b: b goes into e directly, and you have followed that way. There is another one."),
            (lambda: [4, -6], "∂e/∂b: b goes into e through c, and you have followed that way. There is another one."),
        ],
    ),
    "1.2": formula(
        grad(lambda x: exp(-(x**2))),
        [{"x": x} for x in (0.7, -1.3, 2.1)],
        mistakes=[
            (lambda x: exp(-(x**2)), "An exponential is its own derivative, but it is not of x: what of its inside?"),
            (
                lambda x: 2 * x * exp(-(x**2)),
                "Three functions, one within the other: what is the derivative of a sign?",
            ),
        ],
    ),
    "1.3": formula(
        grad(grad(lambda x: x * sin(x))),
        [{"x": x} for x in (0.7, -1.3, 2.1)],
        mistakes=[
            (grad(lambda x: x * sin(x)), "This is y′. Differentiate it once more."),
            (lambda x: -x * sin(x), "The product has two factors that depend on x, both times."),
        ],
    ),
    "1.4": function(
        lambda tape: _over_ways(dict(tape), tape[-1][0]),
        [{"tape": tape} for tape in _TAPES],
        what="gradient",
    ),
    "1.5": function(
        _over_ways,
        [{"parents": _shuffled(tape), "root": tape[-1][0]} for tape in _TAPES],
        what="gradient",
    ),
}
