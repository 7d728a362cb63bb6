"""What the derivatives of a program are, by differences at 80 digits, and how far floats can be trusted with them.

The reference owes nothing to the table's derivatives: it is the formulas alone, in mpmath, and
central differences with a step of 1e-20. With 80 digits the first are right to some 40 and the second
to some 36 places after the point.

When is a problem well conditioned? Floats round every number and every intermediate result. So the
program is run again with every leaf, constant and result multiplied by its own 1 + r δ, r drawn
from ±[½, 1], four times. If a quantity Q moves by up to κ δ |Q|, roundings of u = 1.1e-16 are expected to
move it by about κ u. Where κ u ≤ 1e-13 the engine has to be right to 1e-12; the factor of ten is for the
roundings inside a primitive and for disturbances that happened to cancel. Kinks are left out when a
program is drawn; close to one κ is immense, since the disturbance takes the program to the other side.

That is the strict rule: it asks about the problem, not about the way to it. A derivative is computed as
a sum over paths, of which the terms may cancel where the problem does not suffer: the derivative of
softplus(v)/v, σ(v)/v − softplus(v)/v², is the difference of two numbers near 1/v for large v. So one that is
further off is excused only if its own graph, disturbed in the same way, shows that these operations
cannot do better in floats (`stable`). How many are excused is counted, and bounded by the tests.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from typing import Any

import mpmath
from programs import Program

from autograd import Value, topological_order
from autograd.graph import evaluate

DIGITS = 80
STEP = mpmath.mpf(10) ** -20
DISTURBANCE = mpmath.mpf(10) ** -10
TRIALS = 4
ROUNDING = 2.0**-53
WELL_CONDITIONED = 1e-13
MOST_FACTORS = 200  # leaves, and for each step its operands and its result
ZERO = 1e-18  # less than this is zero, as far as the differences can tell


def quantities(program: Program, direction: Sequence[float], times: Sequence[Any] | None = None) -> list[Any]:
    """f, ∂f/∂x_j for every leaf, the derivative along the direction, and (∇²f · direction)_j for every leaf."""
    leaves = [mpmath.mpf(x) for x in program.leaves]
    n = len(leaves)

    def f(along: int, axis: int, steps: int) -> Any:
        moved = [x + along * STEP * d for x, d in zip(leaves, direction, strict=True)]
        if steps:
            moved[axis] += steps * STEP
        y = program.run(moved, times)
        if isinstance(y, mpmath.mpc):
            raise ValueError("not real")
        return y

    gradient = [(f(0, j, 1) - f(0, j, -1)) / (2 * STEP) for j in range(n)]
    slope = (f(1, 0, 0) - f(-1, 0, 0)) / (2 * STEP)
    corners = [(f(1, j, 1) - f(1, j, -1) - f(-1, j, 1) + f(-1, j, -1)) / (4 * STEP**2) for j in range(n)]
    return [f(0, 0, 0), *gradient, slope, *corners]


def judge(program: Program, direction: Sequence[float]) -> list[tuple[Any, bool]]:
    """For each of the quantities its value, and whether it is well conditioned."""
    with mpmath.workdps(DIGITS):
        exact = quantities(program, direction)
        spread = [mpmath.mpf(0)] * len(exact)
        for trial in range(TRIALS):
            others = quantities(program, direction, factors(trial, MOST_FACTORS))
            spread = [max(s, abs(other - q)) for s, other, q in zip(spread, others, exact, strict=True)]
        return [(q, _well_conditioned(q, s)) for q, s in zip(exact, spread, strict=True)]


def stable(root: Value, exact: Any) -> bool:
    """Whether floats can compute a node whose exact value is known by the operations of its graph."""
    order = topological_order(root)
    with mpmath.workdps(DIGITS):
        spread = mpmath.mpf(0)
        for trial in range(TRIALS):
            primal: dict[Value, Any] = {}
            for node, factor in zip(order, factors(trial, len(order)), strict=True):
                evaluate([node], primal)
                primal[node] *= factor
            spread = max(spread, abs(primal[root] - exact))
        return _well_conditioned(exact, spread)


@cache
def factors(trial: int, count: int) -> list[Any]:
    """1 + r δ for random r; those of trials 0 and 1 are opposite, so that both sides of a kink nearby are tried."""
    rng = random.Random(max(trial, 1))
    sign = -1 if trial == 0 else 1
    return [1 + sign * rng.choice((-1, 1)) * rng.uniform(0.5, 1) * DISTURBANCE for _ in range(count)]


def _well_conditioned(exact: Any, spread: Any) -> bool:
    if abs(exact) < ZERO:
        return bool(spread < ZERO)
    return bool(spread * ROUNDING / DISTURBANCE <= WELL_CONDITIONED * abs(exact))
