"""Exercises of notebook 3, every gradient by hand."""

from __future__ import annotations

from typing import Any

from autograd.course.kinds import Check, formula, function, numbers
from autograd.functional import grad
from autograd.nary import dot
from autograd.primitives import table

__all__ = ["CHECKS"]

sigmoid, tanh = table["sigmoid"], table["tanh"]
log = table["log"]

Matrix = list[list[float]]


def _two_factors(ŷ: float, y: float, h: float) -> tuple[float, float]:
    """∇W and ∇b at a unit whose output is ŷ."""
    β = log(ŷ / (1 - ŷ))
    of_W, of_b = grad(lambda w, b: (sigmoid(β + w * h + b) - y) ** 2 / 2, argnums=(0, 1))(0.0, 0.0)
    return of_W, of_b


def _tanh_unit(yhat: float, y: float, h: float) -> float:
    β = log((1 + yhat) / (1 - yhat)) / 2
    found: float = grad(lambda w: (tanh(β + w * h) - y) ** 2)(0.0)
    return found


def error(x: list[float], y: list[float], V: Any, c: Any, W: Any, b: Any) -> Any:
    """Equation 4 of a network of sigmoids."""
    h = [sigmoid(dot(row, x, c_s)) for row, c_s in zip(V, c, strict=True)]
    ŷ = [sigmoid(dot(row, h, b_k)) for row, b_k in zip(W, b, strict=True)]
    return sum((ŷ_k - y_k) ** 2 for ŷ_k, y_k in zip(ŷ, y, strict=True)) / 2


def _backward(x: list[float], y: list[float], V: Matrix, c: list[float], W: Matrix, b: list[float]) -> dict[str, Any]:
    found = grad(error, argnums=(4, 5, 2, 3))(x, y, V, c, W, b)
    return dict(
        zip("WbVc", found, strict=True)
    )  # in the order of the backward pass: the first that differs is at fault


def _asleep_inside(x: list[float], y: list[float], V: Matrix, c: list[float], W: Matrix, b: list[float]) -> Any:
    """As if h were its own sum: without h (1 − h)."""
    found = _backward(x, y, V, c, W, b)
    slopes = [grad(sigmoid)(dot(row, x, c_s)) for row, c_s in zip(V, c, strict=True)]
    found["c"] = [g / slope for g, slope in zip(found["c"], slopes, strict=True)]
    found["V"] = [[g / slope for g in row] for row, slope in zip(found["V"], slopes, strict=True)]
    return found


def _step(x: list[float], y: list[float], V: Matrix, W: Matrix, η: float) -> tuple[Matrix, Matrix]:
    """Both matrices by gradients of the same moment."""
    found = _backward(x, y, V, [0.0] * len(V), W, [0.0] * len(W))
    return _moved(V, found["V"], η), _moved(W, found["W"], η)


def _too_early(x: list[float], y: list[float], V: Matrix, W: Matrix, η: float) -> tuple[Matrix, Matrix]:
    """V through the W of after the step, with the δ of before it: ∂E/∂h is linear in W."""
    after = _step(x, y, V, W, η)[1]
    h = [sigmoid(dot(row, x)) for row in V]
    ŷ = [sigmoid(dot(row, h)) for row in W]
    δ = grad(lambda β: sum((sigmoid(z) - y_k) ** 2 for z, y_k in zip(β, y, strict=True)) / 2)(
        [log(a / (1 - a)) for a in ŷ]
    )
    of_V = grad(
        lambda V: sum(δ_k * dot(row, [sigmoid(dot(v, x)) for v in V]) for δ_k, row in zip(δ, after, strict=True))
    )(V)
    return _moved(V, of_V, η), after


def _moved(rows: Matrix, gradients: Matrix, η: float) -> Matrix:
    return [[w - η * g for w, g in zip(*pair, strict=True)] for pair in zip(rows, gradients, strict=True)]


_EXAMPLE = {
    "x": [0.05, 0.10],
    "y": [0.01, 0.99],
    "V": [[0.15, 0.20], [0.25, 0.30]],
    "c": [0.35, 0.35],
    "W": [[0.40, 0.45], [0.50, 0.55]],
    "b": [0.60, 0.60],
}
_OF_OTHER_SIZES = {
    "x": [0.9, -0.4, 1.3],
    "y": [0.2, 0.7],
    "V": [[0.5, -0.6, 0.3], [0.8, 0.7, -0.4], [-0.5, 0.9, 0.65], [0.1, -0.2, 1.4]],
    "c": [0.15, -0.25, 0.35, 0.45],
    "W": [[0.6, -0.8, 1.2, 0.3], [-1.1, 0.75, 0.25, -0.45]],
    "b": [0.3, -0.55],
}
_STEPS: list[dict[str, Any]] = [
    {name: case[name] for name in ("x", "y", "V", "W")} | {"η": η}
    for case, η in ((_OF_OTHER_SIZES, 2.0), (_EXAMPLE, 0.5))
]

CHECKS: dict[str, Check] = {
    "3.1": numbers(
        lambda: _two_factors(0.8, 0.3, 0.5),
        names=["∇W", "∇b"],
        mistakes=[
            (
                lambda: [0.25, 0.5],
                "How wrong the output is, and how strongly the weight was used. How willingly does ŷ move?",
            ),
            (lambda: [0.04, 0.04], "∇b: a bias is a weight whose input is always 1."),
        ],
    ),
    "3.2": formula(
        _tanh_unit,
        [
            {"yhat": 0.3, "y": -0.5, "h": 0.7},
            {"yhat": -0.8, "y": 0.1, "h": -0.4},
            {"yhat": 0.55, "y": 1.0, "h": 1.3},
        ],
        mistakes=[
            (
                lambda yhat, y, h: 2 * (yhat - y) * yhat * (1 - yhat) * h,
                "yhat*(1 - yhat) is the slope of the sigmoid; the outputs are activated by tanh.",
            )
        ],
    ),
    "3.3": numbers(
        lambda: grad(lambda v, c: 0.006 / 0.05 * (0.10 * v + c), argnums=(0, 1))(0.0, 0.0),
        names=["∇V12", "∇c1"],
        mistakes=[
            (
                lambda: [0.003, 0.12],
                "∇V12: the gradient is in proportion to the input. Which of the two inputs is larger?",
            ),
            (lambda: [0.006, 0.12], "∇V12: it has the same error as V11, and another input."),
            (lambda: [0.012, 0.006], "∇c1: a bias is a weight whose input is always 1; V11 has another one."),
        ],
    ),
    "3.4": function(
        _backward,
        [_EXAMPLE, _OF_OTHER_SIZES],
        what="∇",
        mistakes=[
            (
                _asleep_inside,
                "W and b are right. But from h the error goes on through what activates the hidden unit, too.",
            )
        ],
    ),
    "3.5": function(
        _step,
        _STEPS,
        names={"[0]": "new V", "[1]": "new W"},
        mistakes=[
            (
                _too_early,
                "The new W is right. But the error comes back to V through the weights that it went forward "
                "through, and when you compute the step of V these have gone already.",
            )
        ],
    ),
}
