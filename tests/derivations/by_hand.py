"""The seeds' formulas in NumPy and plain Python: what the engine is compared with. No engine is used here.

Layers are counted as in the seeds, l = 1 … L: ``W[l - 1]``, ``b[l - 1]`` and ``z[l - 1]`` are W^l, b^l and z^l, and
``a[l]`` is a^l, so that ``a[0]`` are the inputs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

TOLERANCE = 1e-12
"""Of the largest entry. An entry is a sum over paths of products of some dozen factors; each operation rounds by
1.1e-16, so 1e-14 is what to expect, and a sum may cancel two digits of its terms."""

Array = np.ndarray
Function = Callable[[Array], Array]


def agree(found: Any, expected: Any, tolerance: float = TOLERANCE) -> bool:
    """Whether two numbers, or two arrays of the same shape, are equal up to `tolerance` times the largest expected."""
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    assert found.shape == expected.shape, f"{found.shape} is compared with {expected.shape}"
    error, size = np.max(np.abs(found - expected)), np.max(np.abs(expected))
    assert error <= tolerance * size, f"{found} and {expected} differ by {error / size if size else error:.1e}"
    return True


def difference(f: Callable[[float], float], x: float, h: float = 1e-3) -> float:
    """f′(x) from six values of f, Δy/Δx of a polynomial through them; the error is h⁶ f⁽⁷⁾/140 and 1e-16 f/h."""
    return sum(c * (f(x + k * h) - f(x - k * h)) for k, c in ((1, 45), (2, -9), (3, 1))) / (60 * h)


# ── activations and their derivatives ─────────────────────────────────────────────────────────


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-np.asarray(z, float)))


def sigmoid_prime(z: Array) -> Array:
    """σ(1 − σ), where 1 − σ(z) is σ(−z): the subtraction would cancel for large z."""
    return sigmoid(z) * sigmoid(-np.asarray(z, float))


def _normal(z: Array) -> Array:
    """Φ(z), the distribution function of the normal distribution."""
    return np.vectorize(lambda x: 0.5 * math.erfc(-x / math.sqrt(2)), otypes=[float])(z)


# fmt: off
ACTIVATIONS: dict[str, tuple[Function, Function]] = {
    "linear":     (lambda z: z,                                      lambda z: np.ones_like(z)),
    "sigmoid":    (sigmoid,                                          sigmoid_prime),
    "tanh":       (np.tanh,                                          lambda z: 1 / np.cosh(z) ** 2),
    "relu":       (lambda z: np.where(z > 0, z, 0.0),                lambda z: np.where(z > 0, 1.0, 0.0)),
    "leaky_relu": (lambda z: np.where(z > 0, z, 0.01 * z),           lambda z: np.where(z > 0, 1.0, 0.01)),
    "elu":        (lambda z: np.where(z > 0, z, np.exp(z) - 1),      lambda z: np.where(z > 0, 1.0, np.exp(z))),
    "softplus":   (lambda z: np.log1p(np.exp(z)),                    sigmoid),
    "silu":       (lambda z: z * sigmoid(z),                         lambda z: sigmoid(z) + z * sigmoid_prime(z)),
    "gelu":       (lambda z: z * _normal(z),
                   lambda z: _normal(z) + z * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)),
    "sin":        (np.sin,                                           np.cos),
    "atan":       (np.arctan,                                        lambda z: 1 / (1 + z * z)),
}
# fmt: on


# ── a network of any depth ────────────────────────────────────────────────────────────────────


def forward(W: Sequence[Array], b: Sequence[Array], x: Any, f: Function) -> tuple[list[Array], list[Array]]:
    """z^l = W^l a^(l−1) + b^l and a^l = f(z^l), seed 002 eq. 18 and 19, seed 004 eq. 25."""
    z: list[Array] = []
    a = [np.asarray(x, float)]
    for W_l, b_l in zip(W, b, strict=True):
        z.append(W_l @ a[-1] + b_l)
        a.append(f(z[-1]))
    return z, a


def deltas(W: Sequence[Array], z: Sequence[Array], output_gradient: Array, f_prime: Function) -> list[Array]:
    """δ^L = ∇_a C ⊙ f′(z^L) and δ^l = ((W^(l+1))ᵀ δ^(l+1)) ⊙ f′(z^l), seed 004 BP1a and BP2."""
    delta = [output_gradient * f_prime(z[-1])]
    for W_next, z_l in zip(W[:0:-1], z[-2::-1], strict=True):
        delta.insert(0, (W_next.T @ delta[0]) * f_prime(z_l))
    return delta
