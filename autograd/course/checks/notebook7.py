"""Exercises of notebook 7, when learning stalls."""

from __future__ import annotations

import math
from typing import Any

from autograd.course.answers import leaves
from autograd.course.kinds import Check, compared, formula, function, numbers
from autograd.course.wrong import Wrong
from autograd.functional import grad
from autograd.nary import dot
from autograd.primitives import table

__all__ = ["CHECKS"]

sigmoid, log, relu, leaky_relu, softplus = (table[f] for f in ("sigmoid", "log", "relu", "leaky_relu", "softplus"))

Vector = list[float]


def left_of(w: float, layers: int = 5) -> float:
    """δ¹ : ∂C/∂a⁵ of a chain of neurons whose sums are all 0."""

    def last(z: Any) -> Any:
        for _ in range(layers - 1):
            z = w * sigmoid(z) - w / 2  # the bias that makes the next sum 0
        return sigmoid(z)

    found: float = grad(last)(0.0)
    return found


_WEIGHTS, _BIAS = [1.0, -2.0], -0.5
_SAMPLES = [[1.0, 1.0], [0.0, 2.0], [3.0, 1.0]]


def _asleep(answer: Any) -> None:
    slopes = [grad(lambda w, x=x: relu(dot(w, x, _BIAS)))(_WEIGHTS) for x in _SAMPLES]
    rise = -min(dot(_WEIGHTS, x, _BIAS) for x in _SAMPLES)
    given = [number for _, number, _ in leaves(answer, [*slopes, rise], names={"[3]": "the rise of b"})]
    if given[:6] == [x for sample in _SAMPLES for x in sample]:
        raise Wrong("∂a/∂w = x where the neuron is awake. For which samples is it?")
    if given[:6] == [0.0] * 4 + _WEIGHTS:
        raise Wrong("Awake it is for the third sample alone. But what is the derivative of w·x by w?")
    names = {f"[{i}]": f"∂a/∂w ({which} sample)" for i, which in enumerate(("first", "second", "third"))}
    compared(answer, [*slopes, given[6]], names=names)
    if given[6] != rise:
        if given[6] < rise:
            raise Wrong(
                f"With b larger by {given[6]:g}, and a little more, the neuron is still asleep for one of them."
            )
        raise Wrong(f"The neuron is awake for all three before b has risen by {given[6]:g}.")


def _leaky_backward(z: Vector, g: Vector) -> Vector:
    found: Vector = grad(lambda z: dot(g, [leaky_relu(z_j) for z_j in z]))(z)
    return found


def _forward(z: Vector, g: Vector) -> Vector:
    return [leaky_relu(z_j) for z_j in z]


def _by_what_arrives(z: Vector, g: Vector) -> Vector:
    return [g_j if g_j > 0 else 0.01 * g_j for g_j in g]


CHECKS: dict[str, Check] = {
    "7.1": numbers(
        lambda: [left_of(1.0), left_of(2.0), 1 / grad(sigmoid)(0.0)],
        names=["ratio with weights of 1", "ratio with weights of 2", "weight"],
        mistakes=[
            (lambda: [0.25**5, 0.5**5, 4], "With w = 2: five slopes, but are there five weights between z¹ and a⁵?"),
            (
                lambda: [0.25**4, 0.5**4, 4],
                "You count as many slopes as weights. But from a⁵ down to z¹ there is one more.",
            ),
            (
                lambda: [0.25**4, 0.25**4 * 16, 4],
                "You count as many slopes as weights. But from a⁵ down to z¹ there is one more.",
            ),
        ],
    ),
    "7.2": formula(
        lambda yhat, y: grad(lambda a: -(y * log(a) + (1 - y) * log(1 - a)))(yhat),
        [{"yhat": 0.3, "y": 1.0}, {"yhat": 0.85, "y": 0.0}, {"yhat": 0.6, "y": 0.25}],
        mistakes=[
            (
                lambda yhat, y: yhat - y,
                "That is what is left at z, when σ′(z) has cancelled. What was it cancelled against?",
            ),
            (
                lambda yhat, y: -y / yhat + (1 - y) / (yhat - 1),
                "Mind the sign of the second term: 1 − ŷ falls as ŷ rises.",
            ),
        ],
    ),
    "7.3": _asleep,
    "7.4": function(
        _leaky_backward,
        [
            {"z": [0.8, -1.7, 2.3], "g": [1.4, 0.6, -0.9]},
            {"z": [-0.4, 0.05, -3.1, 1.2], "g": [-2.2, -0.35, 0.7, 1.9]},
        ],
        what="∂C/∂z",
        mistakes=[
            (_forward, "That is the forward pass, a. How does a answer to z, and what does that make of g?"),
            (
                lambda z, g: grad(lambda z: sum(leaky_relu(z_j) for z_j in z))(z),
                "That is how a answers to z. C answers to a, too: that is g.",
            ),
            (_by_what_arrives, "Awake is a neuron by its sum z, not by the gradient that arrives."),
        ],
    ),
    "7.5": function(
        lambda z, y: softplus(z) - y * z,
        [
            {"z": z, "y": y}
            for z, y in ((0.7, 1.0), (-1.3, 0.25), (40.0, 0.0), (800.0, 0.0), (-900.0, 1.0), (-760.0, 0.5))
        ],
        what="C",
        mistakes=[(lambda z, y: math.log1p(math.exp(-abs(z))) - y * z, "You have one of the two forms for all z.")],
    ),
}
