"""Exercises of notebook 5, descent."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any

from autograd.course.kinds import Check, function, numbers
from autograd.functional import grad, hessian
from autograd.primitives import table

__all__ = ["CHECKS"]

absolute = table["abs"]

Vector = list[float]


def _of_three_losses() -> Vector:
    losses = (lambda ŷ: (ŷ - 5.0) ** 2, lambda ŷ: (ŷ - 5.0) ** 2 / 2, lambda ŷ: absolute(ŷ - 5.0))
    return [grad(loss)(3.0) for loss in losses]


def _rates() -> Vector:
    """Both axes are principal ones, so the curvatures are on the diagonal."""
    (one, _), (_, other) = hessian(lambda p: p[0] ** 2 / 2 + 4.5 * p[1] ** 2)([1.0, 1.0])
    return [2 / max(one, other), 2 / (one + other)]


def descent(slope: Callable[[Vector], Vector], w: Vector, a: float, steps: int, keep: float, take: float) -> Vector:
    """Descent by a velocity v := keep · v + take · ∇J."""
    v = [0.0] * len(w)
    for _ in range(steps):
        v = [keep * v_i + take * slope_i for v_i, slope_i in zip(v, slope(w), strict=True)]
        w = [w_i - a * v_i for w_i, v_i in zip(w, v, strict=True)]
    return w


def _late(slope: Callable[[Vector], Vector], w: Vector, a: float, steps: int) -> Vector:
    """The step before the velocity."""
    v = [0.0] * len(w)
    for _ in range(steps):
        before = w
        w = [w_i - a * v_i for w_i, v_i in zip(w, v, strict=True)]
        v = [0.9 * v_i + slope_i for v_i, slope_i in zip(v, slope(before), strict=True)]
    return w


_banana: Any = grad(lambda w: (1 - w[0]) ** 2 + 3 * (w[1] - w[0] ** 2) ** 2)
_valley: Any = grad(lambda w: w[0] ** 2 / 2 + 4.5 * w[1] ** 2 + w[2] * (w[2] - w[0]))


def _of_a_batch(samples: list[tuple[float, float]], w: float, b: float) -> Any:
    def J(w: Any, b: Any) -> Any:  # noqa: N802
        return sum((w * x + b - y) ** 2 for x, y in samples) / 2 / len(samples)

    return grad(J, argnums=(0, 1))(w, b)


CHECKS: dict[str, Check] = {
    "5.1": numbers(
        _of_three_losses, names=[f"derivative of the {which} loss" for which in ("first", "second", "third")]
    ),
    "5.2": numbers(
        _rates,
        names=["limit", "best rate"],
        mistakes=[
            (lambda: [2, 0.2], "The limit comes from the steepest direction, across the valley."),
            (lambda: [4 / 9, 0.4], "The curvature is the second derivative: of ½ w² it is not ½."),
        ],
    ),
    "5.3": function(
        lambda slope, w, a, steps: descent(slope, w, a, steps, 0.9, 1.0),
        [
            {"slope": _valley, "w": [1.3, -0.7, 0.4], "a": 0.07, "steps": 1},
            {"slope": _valley, "w": [1.3, -0.7, 0.4], "a": 0.07, "steps": 3},
            {"slope": _banana, "w": [-0.6, 0.45], "a": 0.013, "steps": 12},
        ],
        what="w",
        mistakes=[
            (
                lambda slope, w, a, steps: descent(slope, w, a, steps, 0.0, 1.0),
                "After more than one step w is where descent without momentum would have it: where does v remember?",
            ),
            (
                lambda slope, w, a, steps: descent(slope, w, a, steps, 0.9, 0.1),
                "The velocity collects gradients in full; yours averages them, and goes a tenth of the way.",
            ),
            (_late, "The velocity takes up the gradient first, and then w moves by it; yours lags by one step."),
        ],
    ),
    "5.4": numbers(
        lambda: 4 * (0.6 / 0.15) ** 2,
        mistakes=[
            (lambda: 16, "Four times the work buys half the scatter, not a fourth of it."),
            (lambda: 4 * sqrt(0.6 / 0.15), "The scatter falls like 1/√m; you have taken the root on the other side."),
        ],
    ),
    "5.5": function(
        _of_a_batch,
        [
            {"samples": [(0.7, 1.9)], "w": -1.2, "b": 0.35},
            {"samples": [(0.7, 1.9), (-0.4, 0.2), (1.6, 2.75)], "w": 0.8, "b": -0.45},
            {"samples": [(1.1, -0.3), (0.9, 0.6), (-1.7, 1.2), (0.2, 0.45), (2.1, -1.6)], "w": 0.55, "b": 1.3},
        ],
        names={"[0]": "∂J/∂w", "[1]": "∂J/∂b"},
        factors=lambda samples, w, b: {"m": len(samples), "m²": len(samples) ** 2},
    ),
}
