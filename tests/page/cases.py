"""What the page's numbers are compared on, under node and in a browser: operands, and graphs of any primitives."""

from __future__ import annotations

import math
import random
from typing import Any

import autograd
from autograd import Value
from autograd.graph import evaluate
from autograd.primitives import Primitive, table

NUMBERS = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -3.0, 1e-9, 7.25, -26.5, 30.0, 1e5, -700.0, 1e-300, math.nan]
"""Ties, signs, small and large numbers, where functions saturate and where erf changes its formula."""


def operands_for(op: Primitive, generator: random.Random) -> list[float]:
    arity = generator.choice([3, 5, 9]) if op.name == "dot" else 4 if op.nary else len(op.derivatives)
    return [generator.choice([generator.choice(NUMBERS), generator.uniform(-3, 3)]) for _ in range(arity)]


def random_graph(generator: random.Random, size: int) -> Value:
    """Any primitives on any nodes met so far, repeats, ties and constants included."""
    small = [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0]
    nodes: list[Any] = [Value(generator.choice([*small, generator.uniform(-2, 2)])) for _ in range(4)]
    if generator.random() < 0.15:
        nodes.append(Value(math.nan))
    rows = list(table.values())

    def operand() -> Any:
        return generator.choice(nodes[-8:]) if generator.random() < 0.85 else generator.choice(small)

    while len(nodes) < size:
        op = generator.choice(rows)
        arity = len(operands_for(op, generator)) if op.nary else len(op.derivatives)  # type: ignore[arg-type]
        given = [operand() for _ in range(arity)]
        try:
            made = op(*given)
        except (ArithmeticError, ValueError):
            continue
        if isinstance(made, Value) and not abs(made.data) > 1e3:
            nodes.append(made)
    return autograd.total(nodes[-3:])


def passes(order: list[Value], numbers: dict[int, float]) -> tuple[list[float], list[float | None]]:
    """Values and gradients of the graph with other numbers at its leaves, by the eager engine."""
    leaves = {node: Value(numbers[i]) for i, node in enumerate(order) if node.op is None}
    primal = evaluate(order, dict(leaves))
    root = primal[order[-1]]
    root.backward()
    reached = {order[-1]}
    for node in reversed(order):
        if node in reached and node.op:
            rules = [True] * len(node.operands) if node.op.nary else node.op.derivatives
            reached |= {x for x, rule in zip(node.operands, rules, strict=True) if isinstance(x, Value) and rule}
    return [primal[n].data for n in order], [float(primal[n].grad) if n in reached else None for n in order]
