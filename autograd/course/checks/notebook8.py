"""Exercises of notebook 8, curvature, physics and a GPT."""

from __future__ import annotations

from types import CodeType
from typing import Any

from autograd.course.kinds import Check, formula, function, numbers
from autograd.course.wrong import Wrong
from autograd.functional import grad, hessian, hvp
from autograd.nary import dot
from autograd.primitives import table

__all__ = ["CHECKS"]

sin, exp = table["sin"], table["exp"]

Vector = list[float]


def _newton() -> float:
    slope = grad(lambda w: w**4 - 2 * w)
    step: float = slope(1.0) / grad(slope)(1.0)
    return 1.0 - step


def _acceleration(q: float, m: float, k: float, c: float) -> float:
    """By the equation of Euler and Lagrange, at a velocity that does not matter."""
    v = 0.3

    def L(q: Any, v: Any) -> Any:  # noqa: N802
        return m * v**2 / 2 - k * q**2 / 2 - c * q**4 / 4

    momentum = grad(L, argnums=1)
    found: float = (grad(L)(q, v) - grad(momentum)(q, v) * v) / grad(momentum, argnums=1)(q, v)
    return found


def banana(p: Any) -> Any:
    return (1 - p[0]) ** 2 + 3 * (p[1] - p[0] ** 2) ** 2


def wave(p: Any) -> Any:
    return sin(p[0] * p[1]) * exp(p[2]) + p[2] ** 2 * p[0]


def rms_norm(x: Any) -> Any:
    scale = (sum(x_i * x_i for x_i in x) / len(x) + 1e-5) ** -0.5
    return [x_i * scale for x_i in x]


def _rms_norm_backward(x: Vector, g: Vector) -> Vector:
    found: Vector = grad(lambda x: dot(g, rms_norm(x)))(x)
    return found


def _through_itself(x: Vector, g: Vector) -> Vector:
    scale = (sum(x_i * x_i for x_i in x) / len(x) + 1e-5) ** -0.5
    return [scale * g_i for g_i in g]


def _diagonal(f: Any, x: Vector, v: Vector) -> Vector:
    return [row[i] * v[i] for i, row in enumerate(hessian(f)(x))]


_product = function(
    lambda f, x, v: hvp(f, (x,), (v,)),
    [
        {"f": banana, "x": [-0.6, 0.45], "v": [1.3, -0.7]},
        {"f": wave, "x": [0.9, -1.2, 0.35], "v": [0.4, 1.1, -0.8]},
    ],
    what="Hv",
    mistakes=[
        (
            _diagonal,
            "That is the diagonal of H alone. The gradient with respect to one number depends on the others, too.",
        ),
        (lambda f, x, v: grad(f)(x), "That is the gradient of f. How does it change along v?"),
    ],
)


def _by_grad_alone(answer: Any) -> None:
    _product(answer)
    if used := _names_in(getattr(answer, "__code__", None)) & {"hessian", "hvp", "jacobian", "jvp"}:
        raise Wrong(f"That is Hv. But it is {min(used)} that has computed it: do without, with grad alone.")


def _names_in(code: CodeType | None) -> set[str]:
    """The names that a function uses, and the functions within it."""
    if code is None:
        return set()
    return set(code.co_names).union(*(_names_in(part) for part in code.co_consts if isinstance(part, CodeType)))


CHECKS: dict[str, Check] = {
    "8.1": numbers(
        lambda: hessian(lambda p: p[0] ** 2 * p[1] + p[1] ** 3)([1.0, 2.0]),
        what="the Hessian",
        mistakes=[(lambda: [[4, 0], [0, 12]], "The diagonal is right. But x changes how f answers to y.")],
    ),
    "8.2": numbers(
        _newton,
        mistakes=[
            (lambda: 1 / 6, "By so much it goes; where does it arrive?"),
            (lambda: -1 / 6, "That is the step; where does it arrive?"),
            (lambda: 1 + 1 / 6, "The slope at 1 is positive, so down is the other way."),
            (lambda: -1, "That is a step of descent with the rate 1. Newton divides by the curvature."),
        ],
    ),
    "8.3": formula(
        _acceleration,
        [{"q": 0.4, "m": 2.0, "k": 1.5, "c": 0.7}, {"q": -1.1, "m": 0.5, "k": 3.0, "c": 1.3}],
        mistakes=[
            (lambda q, m, k, c: -(k * q + c * q**3), "That is the force, ∂L/∂q. What does a heavier mass do with it?"),
        ],
    ),
    "8.4": _by_grad_alone,
    "8.5": function(
        _rms_norm_backward,
        [
            {"x": [0.6, -1.4, 0.9], "g": [1.2, 0.35, -0.7]},
            {"x": [0.02, 0.01, -0.04, 0.03], "g": [0.5, -1.3, 0.8, 0.1]},
        ],
        what="∂C/∂x",
        mistakes=[(_through_itself, "That is the direct way, through y_j. x_j is in s as well, and s is in every y.")],
    ),
}
