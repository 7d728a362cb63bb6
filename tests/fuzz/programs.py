"""Random programs over every primitive of the table: drawn by Hypothesis, run in any reading, printed as code.

A program has a few leaves and a list of steps, each a primitive applied to earlier results or to
constants, so results are shared. It is built while it is evaluated on floats: a step that would leave
a primitive's domain, be at a kink, or make numbers too great or too small to say anything about, is left out.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

import autograd
from autograd.primitives import table

CONSTANTS = (2.0, 0.5, 3.0, -1.5, 0.1)
MOST = 1e4  # greater results are left out: they only make what follows ill-conditioned
LEAST = 1e-6  # likewise smaller ones, except 0

OPERATORS: dict[str, tuple[Callable[..., Any], str]] = {
    "add": (operator.add, "{} + {}"),
    "sub": (operator.sub, "{} - {}"),
    "mul": (operator.mul, "{} * {}"),
    "div": (operator.truediv, "{} / {}"),
    "pow": (operator.pow, "{} ** {}"),
    "neg": (operator.neg, "-{}"),
    "pos": (operator.pos, "+{}"),
    "abs": (operator.abs, "abs({})"),
}


@dataclass(frozen=True)
class Result:
    """An operand: what the how-manieth leaf or step gave."""

    index: int


@dataclass(frozen=True)
class Program:
    leaves: tuple[float, ...]
    steps: tuple[tuple[str, tuple[Result | float, ...]], ...]

    def run(self, leaves: Sequence[Any], factors: Sequence[Any] | None = None) -> Any:
        """The last result, in the reading of the leaves given; every number and result times the next factor."""
        each = iter(factors or ())

        def disturbed(x: Any) -> Any:
            return x * next(each) if factors else x

        results = [disturbed(x) for x in leaves]
        for name, operands in self.steps:
            # An exponent stays as it is: any other would take a power of a negative number off the real line.
            exact = name == "pow"
            values = [results[x.index] if isinstance(x, Result) else x if exact else disturbed(x) for x in operands]
            results.append(disturbed(apply(name, values)))
        return results[-1]

    def __repr__(self) -> str:
        """The program as runnable code."""
        names = [f"x{i}" for i in range(len(self.leaves))]
        lines = [
            "from autograd import *",
            *(f"{name} = Value({x!r})" for name, x in zip(names, self.leaves, strict=True)),
        ]
        for i, (primitive, operands) in enumerate(self.steps):
            shown = [names[x.index] if isinstance(x, Result) else f"({x!r})" for x in operands]
            names.append(f"v{i}")
            lines.append(f"v{i} = {_source(primitive, shown)}")
        gradients = ", ".join(f"{x}.grad" for x in names[: len(self.leaves)])
        return "\n".join([*lines, f"{names[-1]}.backward()", f"print({names[-1]}.data, {gradients})"])


def apply(name: str, operands: Sequence[Any]) -> Any:
    """The primitive of the operands, by the way a user would call it."""
    if name in OPERATORS:
        return OPERATORS[name][0](*operands)
    if name == "where":
        left, right, *choices = operands
        return autograd.where(left > right, *choices)
    if name == "dot":
        half = len(operands) // 2
        return autograd.dot(operands[:half], operands[half:-1], operands[-1])
    if name in ("total", "logsumexp"):
        return getattr(autograd, name)(operands)
    return table[name](*operands)


def _source(name: str, shown: list[str]) -> str:
    if name in OPERATORS:
        return OPERATORS[name][1].format(*shown)
    if name == "where":
        return f"where({shown[0]} > {shown[1]}, {shown[2]}, {shown[3]})"
    if name == "dot":
        half = len(shown) // 2
        return f"dot([{', '.join(shown[:half])}], [{', '.join(shown[half:-1])}], {shown[-1]})"
    if name in ("total", "logsumexp"):
        return f"{name}([{', '.join(shown)}])"
    return f"{name}({', '.join(shown)})"


def arity(name: str, size: int) -> int:
    """How many operands a step has; `size` decides where the primitive takes any number."""
    if name == "where":
        return 4  # where(a > b, c, d)
    if name == "dot":
        return 2 * (1 + size % 3) + 1
    return 1 + size % 4 if table[name].nary else len(table[name].derivatives)  # type: ignore[arg-type]


def tied(name: str, operands: Sequence[float]) -> bool:
    """Whether the step is at a kink, where there is no derivative to agree on: ties are tested by `test_edges.py`."""
    if name in ("maximum", "minimum", "where"):
        return operands[0] == operands[1]
    if name in ("mod", "floordiv"):
        return operands[1] != 0 and math.fmod(*operands) == 0
    return name in ("abs", "relu", "leaky_relu", "elu") and operands[0] == 0


@st.composite
def programs(draw: st.DrawFn, names: tuple[str, ...] = tuple(table), most_steps: int = 12) -> Program:
    magnitudes = st.floats(0.05, 3.0)
    leaves = tuple(draw(st.lists(magnitudes | magnitudes.map(operator.neg), min_size=1, max_size=3)))
    # A step: which primitive, how many operands, and a code for each: the latest results first, then constants.
    step = st.tuples(st.sampled_from(names), st.binary(min_size=8, max_size=8))
    results, steps = list(leaves), []
    for name, (size, *codes) in draw(st.lists(step, min_size=1, max_size=most_steps)):
        operands: list[Result | float] = []
        for i, c in enumerate(codes[: arity(name, size)]):
            if i == 0 or c < 200 or name == "where":  # of constants alone it would be one
                operands.append(Result(len(results) - 1 - c % len(results)))
            else:
                operands.append(CONSTANTS[(c + i) % len(CONSTANTS)])
        values = [results[x.index] if isinstance(x, Result) else x for x in operands]
        if tied(name, values):
            continue
        try:
            y = apply(name, values)
        except (ArithmeticError, ValueError):
            continue
        if not isinstance(y, complex) and math.isfinite(y) and (y == 0 or LEAST < abs(y) < MOST):
            results.append(y)
            steps.append((name, tuple(operands)))
    return Program(leaves, tuple(steps))
