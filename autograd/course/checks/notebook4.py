"""Exercises of notebook 4, four equations."""

from __future__ import annotations

from typing import Any

from autograd.course.kinds import Check, function, numbers
from autograd.functional import grad
from autograd.nary import dot
from autograd.primitives import table

__all__ = ["CHECKS"]

sigmoid, log, exp = table["sigmoid"], table["log"], table["exp"]

Vector = list[float]
Matrix = list[list[float]]


def _of_the_weights() -> Matrix:
    δ, a = [2.0, -1.0], [0.5, 0.0, 3.0]
    found: Matrix = grad(lambda W: dot(δ, [dot(row, a) for row in W]))([[0.0] * 3] * 2)
    return found


def _one_layer_back() -> Vector:
    δ, W = [1.0, -1.0, 2.0], [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    found: Vector = grad(lambda z: dot(δ, [dot(row, [sigmoid(z_j) for z_j in z]) for row in W]))([0.0, 0.0])
    return found


def softmax(z: Any) -> Any:
    e = [exp(z_k) for z_k in z]
    return [e_k / sum(e) for e_k in e]


def _softmax_backward(p: Vector, g: Vector) -> Vector:
    found: Vector = grad(lambda z: dot(g, softmax(z)))([log(p_k) for p_k in p])
    return found


def _diagonal(p: Vector, g: Vector) -> Vector:
    return [g_j * p_j * (1 - p_j) for p_j, g_j in zip(p, g, strict=True)]


def _layer_backward(W: Matrix, b: Vector, a_in: Vector, g: Vector) -> Any:
    def linear(W: Any, b: Any, a_in: Any) -> Any:
        return dot(g, [sigmoid(dot(row, a_in, b_j)) for row, b_j in zip(W, b, strict=True)])

    return grad(linear, argnums=(0, 1, 2))(W, b, a_in)


def _errors(W_last: Matrix, z_before: Vector, z_last: Vector, a_before: Vector, a_last: Vector, y: Vector) -> Any:
    def cost(z: Any) -> Any:
        return sum((sigmoid(z_j) - y_j) ** 2 for z_j, y_j in zip(z, y, strict=True)) / 2

    bias = [z - dot(row, a_before) for z, row in zip(z_last, W_last, strict=True)]

    def of_before(z: Any) -> Any:
        a = [sigmoid(z_j) for z_j in z]
        return cost([dot(row, a, b) for row, b in zip(W_last, bias, strict=True)])

    return grad(cost)(z_last), grad(of_before)(z_before)


def _a_network(z_before: Vector, W: Matrix, b: Vector, y: Vector) -> dict[str, Any]:
    a_before = [float(sigmoid(z)) for z in z_before]
    z_last = [float(dot(row, a_before, b_j)) for row, b_j in zip(W, b, strict=True)]
    a_last = [float(sigmoid(z)) for z in z_last]
    return {"W_last": W, "z_before": z_before, "z_last": z_last, "a_before": a_before, "a_last": a_last, "y": y}


CHECKS: dict[str, Check] = {
    "4.1": numbers(_of_the_weights, what="∂C/∂W"),
    "4.2": numbers(
        _one_layer_back,
        what="δ",
        mistakes=[(lambda: [8, 10], "Back through the weights is half of BP2. What of the slope at z = 0?")],
    ),
    "4.3": function(
        _softmax_backward,
        [
            {"p": [0.2, 0.7, 0.1], "g": [1.3, -0.4, 0.6]},
            {"p": [0.05, 0.3, 0.25, 0.4], "g": [0.0, -3.2, 0.9, 1.7]},
        ],
        what="∂C/∂z",
        mistakes=[
            (
                _diagonal,
                "That is the way from z_j to its own p_j. But z_j is in the denominator of all the others, too.",
            ),
        ],
    ),
    "4.4": function(
        _layer_backward,
        [
            {"W": [[0.7, -0.3]], "b": [0.2], "a_in": [0.6, 0.9], "g": [1.4]},
            {
                "W": [[0.5, -1.2, 0.3], [0.8, 0.4, -0.9]],
                "b": [0.15, -0.35],
                "a_in": [0.9, 0.2, 0.65],
                "g": [-0.7, 1.1],
            },
        ],
        names={"[0]": "∂C/∂W", "[1]": "∂C/∂b", "[2]": "∂C/∂a_in"},
    ),
    "4.5": function(
        _errors,
        [
            _a_network([0.4, -1.1, 0.7], [[0.5, -0.8, 1.3], [0.9, 0.35, -0.6]], [0.25, -0.15], [0.1, 0.95]),
            _a_network([1.7, -0.3], [[1.4, 0.6], [-0.45, 1.1], [0.2, -1.6]], [0.8, -0.7, 0.3], [0.9, 0.2, 0.6]),
        ],
        names={"[0]": "δ_last", "[1]": "δ_before"},
    ),
}
