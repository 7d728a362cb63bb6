"""Exercises of notebook 9, derivatives of every shape."""

from __future__ import annotations

from typing import Any

from autograd.course.answers import leaves
from autograd.course.kinds import Check, function, numbers
from autograd.course.wrong import Wrong
from autograd.functional import grad, hessian, jacobian
from autograd.nary import dot
from autograd.primitives import table

__all__ = ["CHECKS"]

erf, exp, log, sqrt = (table[f] for f in ("erf", "exp", "log", "sqrt"))

Vector = list[float]
Matrix = list[list[float]]

COLUMNS = 6


def _ring() -> list[list[int]]:
    """Of each row of the Jacobian, the columns that it has entries in."""
    q = [0.3 * i**2 for i in range(COLUMNS)]
    rows = jacobian(lambda q: [(q[(i + 1) % COLUMNS] - q[i]) ** 2 for i in range(COLUMNS)])(q)
    return [[j for j, entry in enumerate(row) if entry] for row in rows]


def _groups(answer: Any) -> None:
    given = [number for _, number, _ in leaves(answer, [0.0] * COLUMNS)]
    if not all(g >= 0 and g == int(g) for g in given):
        raise Wrong("Groups have numbers: 0, 1 and so on.")
    for i, row in enumerate(_ring()):
        for j in row:
            for k in row:
                if j < k and given[j] == given[k]:
                    raise Wrong(f"q{j} and q{k} are in one group, and r{i} depends on both: their entries are added.")
    if len(set(given)) > 2:  # a ring of an even number of points; fewer than 2 never pass the loop above
        raise Wrong("No two entries would be added, but there is a way with fewer groups.")


def _gauss_newton(J: Matrix, r: Vector) -> Vector:
    """The step to the bottom of ½ ‖r + J s‖², which is a parabola: one step of Newton by the engine."""

    def squares(s: Any) -> Any:
        return sum(dot(row, s, r_i) ** 2 for row, r_i in zip(J, r, strict=True)) / 2

    (a, b), (_, d) = hessian(squares)([0.0, 0.0])
    g, h = grad(squares)([0.0, 0.0])
    return [(b * h - d * g) / (a * d - b * b), (b * g - a * h) / (a * d - b * b)]


def _downhill(J: Matrix, r: Vector) -> Vector:
    return [-sum(row[i] * r_k for row, r_k in zip(J, r, strict=True)) for i in (0, 1)]


def price(S: Any, σ: Any, T: Any, r: Any, K: Any) -> Any:
    d1 = (log(S / K) + (r + σ**2 / 2) * T) / (σ * sqrt(T))
    d2 = d1 - σ * sqrt(T)
    N1, N2 = ((1 + erf(d / sqrt(2.0))) / 2 for d in (d1, d2))
    return S * N1 - K * exp(-r * T) * N2


def _greeks(S: float, σ: float, T: float, r: float, K: float) -> dict[str, float]:
    at = (S, σ, T, r, K)
    delta = grad(price)
    return {"delta": delta(*at), "gamma": grad(delta)(*at), "vanna": grad(delta, argnums=1)(*at)}


CHECKS: dict[str, Check] = {
    "9.1": numbers(
        lambda: jacobian(lambda p: [p[0] * p[1], p[0] + p[1] ** 2, p[0] ** 2])([2.0, 3.0]),
        what="the Jacobian",
    ),
    "9.2": numbers(
        lambda: [3, 1000, 1],
        names=["number of passes backwards", "number of passes forwards", "number of passes for Jv"],
        rtol=0.0,
        mistakes=[
            (
                lambda: [1000, 3, 1],
                "A backward pass begins at one output and reaches all inputs. Which of them gives a row?",
            ),
        ],
    ),
    "9.3": _groups,
    "9.4": function(
        _gauss_newton,
        [
            {"J": [[1.2, 0.4], [-0.3, 0.9], [0.7, 1.6]], "r": [0.8, -1.1, 0.45]},
            {"J": [[0.5, -1.3], [2.1, 0.6]], "r": [1.4, 0.35]},
        ],
        what="s",
        mistakes=[
            (_downhill, "That is −Jᵀr, a step of descent. JᵀJ says how far one may go in each direction."),
            (lambda J, r: [-s for s in _gauss_newton(J, r)], "So r would grow: mind the sign on the right."),
        ],
    ),
    "9.5": function(
        _greeks,
        [
            {"S": 100.0, "σ": 0.22, "T": 0.75, "r": 0.03, "K": 95.0},
            {"S": 48.0, "σ": 0.35, "T": 1.5, "r": 0.01, "K": 60.0},
        ],
        what="the result",
        names={"['delta']": "delta", "['gamma']": "gamma", "['vanna']": "vanna"},
        factors=lambda S, σ, T, r, K: {"100": 100.0, "S": S, "√T": T**0.5},
    ),
}
