"""Exercises of notebook 6, digits."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from autograd.course.kinds import Check, function, numbers
from autograd.functional import grad
from autograd.nary import dot, logsumexp
from autograd.primitives import table

__all__ = ["CHECKS"]

sigmoid, log, exp = table["sigmoid"], table["log"], table["exp"]

Vector = list[float]


def _parameters(sizes: list[int]) -> int:
    return sum((nin + 1) * nout for nin, nout in pairwise(sizes))


def _error_at_the_sum(ŷ: float, y: float) -> float:
    found: float = grad(lambda z: (sigmoid(z) - y) ** 2 / 2)(log(ŷ / (1 - ŷ)))
    return found


def _strongest() -> float:
    """Where the derivative of the pull is 0, by Newton's method."""
    slope = grad(lambda ŷ: (1 - ŷ) * ŷ * (1 - ŷ))
    ŷ = 0.4
    for _ in range(20):
        ŷ -= slope(ŷ) / grad(slope)(ŷ)
    return ŷ


def _cross_entropy_backward(z: Vector, d: int) -> Vector:
    found: Vector = grad(lambda z: logsumexp(z) - z[d])(z)
    return found


def _probabilities(z: Vector, d: int) -> Vector:
    return [exp(z_k - logsumexp(z)) for z_k in z]


def _brighten(w: Vector, b: float, a: Vector) -> Any:
    return grad(lambda w, b, a: sigmoid(dot(w, a, b)), argnums=(0, 1, 2))(w, b, a)


CHECKS: dict[str, Check] = {
    "6.1": numbers(
        lambda: _parameters([784, 30, 10]),
        rtol=0.0,
        mistakes=[(lambda: 784 * 30 + 30 * 10, "These are the weights. Each neuron has one parameter more.")],
    ),
    "6.2": numbers(
        lambda: [_error_at_the_sum(ŷ, y) for ŷ, y in ((0.2, 1), (0.2, 0), (0.02, 1))],
        names=[f"δ of the {which} output" for which in ("first", "second", "third")],
        mistakes=[
            (lambda: [-0.8, 0.2, -0.98], "These are the distances to the goal. How willingly does each output move?"),
            (lambda: [0.8 * 0.16, -0.2 * 0.16, 0.98 * 0.0196], "Is it ŷ − y or y − ŷ that E has for its derivative?"),
        ],
    ),
    "6.3": numbers(
        _strongest,
        mistakes=[
            (lambda: 0.5, "There the slope of the sigmoid is largest. But the distance to the goal is a factor, too.")
        ],
    ),
    "6.4": function(
        _cross_entropy_backward,
        [
            {"z": [0.3, -1.2, 0.9], "d": 1},
            {"z": [1.7, 0.2, -0.6, 2.4, -1.5], "d": 3},
        ],
        what="∂C/∂z",
        mistakes=[(_probabilities, "That is the gradient of ln Σ e^z. The loss has a second term.")],
    ),
    "6.5": function(
        _brighten,
        [
            {"w": [0.9, -0.4, 1.3], "b": -0.7, "a": [0.2, 0.85, 0.45]},
            {"w": [-1.6, 0.3], "b": 0.25, "a": [0.75, 0.1]},
        ],
        names={"[0]": "∂ŷ/∂w", "[1]": "∂ŷ/∂b", "[2]": "∂ŷ/∂a"},
        mistakes=[
            (lambda w, b, a: (a, 1.0, w), "So the sum answers. ŷ follows the sum, but more slowly: how much?"),
        ],
    ),
}
