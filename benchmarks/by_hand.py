"""What `works` has in scalars, by hand in arrays: for NumPy, PyTorch and JAX, as one writes it who uses them every day.

A loss takes the parameters as arrays, in the shapes of the work, and a batch: it is the mean over the samples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.works import STEP, observations, seen

__all__ = ["JAX", "TORCH", "network_by_numpy"]


def network_by_numpy(sizes: Sequence[int], vector: Any, X: Any, Y: Any) -> Callable[[], Any]:
    """½ Σ (ŷ − y)² of a tanh network, and its gradient, the mean over a batch."""
    layers, at = [], 0
    for n, m in pairwise(sizes):
        layers.append((vector[at : at + n * m].reshape(m, n), vector[at + n * m : at + n * m + m]))
        at += n * m + m

    def run() -> tuple[float, Any]:
        a = [X]
        for number, (W, b) in enumerate(layers):
            z = a[-1] @ W.T + b
            a.append(z if number == len(layers) - 1 else np.tanh(z))
        off = a[-1] - Y
        delta, slopes = off / len(X), []
        for number in range(len(layers) - 1, -1, -1):
            slopes[:0] = [delta.T @ a[number], delta.sum(0)]
            if number:
                delta = (delta @ layers[number][0]) * (1 - a[number] ** 2)
        return 0.5 * (off * off).sum() / len(X), np.concatenate([slope.ravel() for slope in slopes])

    return run


# ── PyTorch ───────────────────────────────────────────────────────────────────────────────────


def _network(tensors: Any, X: Any, Y: Any) -> Any:
    import torch
    from torch.nn.functional import linear

    a = X
    for W, b in zip(tensors[:-2:2], tensors[1:-2:2], strict=True):
        a = torch.tanh(linear(a, W, b))
    return ((linear(a, *tensors[-2:]) - Y) ** 2).sum() / (2 * len(X))


def _recurrent(tensors: Any, X: Any, Y: Any) -> Any:
    import torch

    W, u, b, v = tensors
    h = torch.zeros(len(X), len(u), dtype=X.dtype)
    fed = X[:, :, None] * u + b  # of all steps at once
    for t in range(X.shape[1]):
        h = torch.tanh(torch.addmm(fed[:, t], h, W.T))
    return ((h @ v - Y) ** 2).mean()


def _lstm(tensors: Any, X: Any, Y: Any) -> Any:
    import torch

    (weights,) = tensors
    width = weights.shape[1] - 2
    W = weights[:, :width].T
    h = c = torch.zeros(len(X), width, dtype=X.dtype)
    fed = X[:, :, None] * weights[:, -2] + weights[:, -1]
    for t in range(X.shape[1]):
        gates = torch.addmm(fed[:, t], h, W)
        i, f, o = torch.sigmoid(gates[:, : 3 * width]).chunk(3, dim=1)
        c = f * c + i * torch.tanh(gates[:, 3 * width :])
        h = o * torch.tanh(c)
    return ((h.sum(1) - Y) ** 2).mean()


def _neural_ode(steps: int) -> Callable[..., Any]:
    def loss(tensors: Any, X: Any, Y: Any) -> Any:
        import torch
        from torch.nn.functional import linear

        W, b, V, c = tensors

        def slope(y: Any) -> Any:
            return linear(torch.tanh(linear(y, W, b)), V, c)

        y = X
        for _ in range(steps):
            k1 = slope(y)
            k2 = slope(y + STEP / 2 * k1)
            k3 = slope(y + STEP / 2 * k2)
            k4 = slope(y + STEP * k3)
            y = y + STEP / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        return ((y - Y) ** 2).sum() / len(X)

    return loss


def _convolution(tensors: Any, X: Any, Y: Any) -> Any:
    from torch.nn.functional import conv2d, linear, max_pool2d

    kernels, biases, W, b = tensors
    features = max_pool2d(conv2d(X[:, None], kernels[:, None], biases).relu(), 2)
    return ((linear(features.flatten(1), W, b) - Y) ** 2).sum() / (2 * len(X))


def _attention(tensors: Any, X: Any, Y: Any) -> Any:
    import torch

    Q, K, V = (X @ W.T for W in tensors)
    weights = torch.softmax(Q @ K.transpose(1, 2) / math.sqrt(X.shape[2]), dim=2)
    return ((weights @ V - Y) ** 2).sum() / (2 * len(X))


def _heat(steps: int) -> Callable[..., Any]:
    def loss(tensors: Any, X: Any, Y: Any) -> Any:
        from torch.nn.functional import pad

        (k,) = tensors
        u = X
        for _ in range(steps):
            v = pad(u, (1, 1, 1, 1))
            u = u + k * (v[:, :-2, 1:-1] + v[:, 2:, 1:-1] + v[:, 1:-1, :-2] + v[:, 1:-1, 2:] - 4 * u)
        return ((u - Y) ** 2).sum() / (2 * len(X))

    return loss


TORCH: dict[str, Callable[..., Callable[..., Any]]] = {
    "network": lambda *_: _network,
    "recurrent": lambda *_: _recurrent,
    "lstm": lambda *_: _lstm,
    "neural_ode": lambda steps=50, *_: _neural_ode(steps),
    "convolution": lambda *_: _convolution,
    "attention": lambda *_: _attention,
    "heat": lambda side=16, steps=20: _heat(steps),
}
"""By the name of the work, a function of the arguments of the work that gives the loss."""


# ── JAX ───────────────────────────────────────────────────────────────────────────────────────


def _kalman_filter(steps: int) -> Callable[..., Any]:
    observed = np.array(observations(steps))

    def loss(arrays: Any) -> Any:
        from jax import lax
        from jax import numpy as jnp

        fade, level, slope, noise = arrays[0]

        def step(state: Any, y: Any) -> Any:
            x, v, a, b, c = state
            x, v = x + v, v * fade
            a, b, c = a + 2 * b + c + level * level, (b + c) * fade, c * fade * fade + slope * slope
            total = a + noise * noise
            off = y - x
            x, v = x + a / total * off, v + b / total * off
            kept = x, v, a - a * a / total, b - a * b / total, c - b * b / total
            return kept, jnp.log(total) + off * off / total

        return lax.scan(step, (0.0, 0.0, 1.0, 0.0, 1.0), observed)[1].sum()

    return loss


def _hidden_markov(steps: int) -> Callable[..., Any]:
    shown = np.array(seen(steps))

    def loss(arrays: Any) -> Any:
        from jax import lax, nn
        from jax import numpy as jnp

        moves, shows = nn.softmax(arrays[0], axis=1), nn.softmax(arrays[1], axis=1)

        def step(believed: Any, symbol: Any) -> Any:
            likely = believed @ moves * shows[:, symbol]
            whole = likely.sum()
            return likely / whole, -jnp.log(whole)

        states = len(moves)
        return lax.scan(step, jnp.full(states, 1 / states), shown)[1].sum()

    return loss


def _cholesky(arrays: Any) -> Any:
    from jax import numpy as jnp

    (rate, noise), xs = arrays
    covariance = jnp.exp(-((xs[:, None] - xs) ** 2) * rate) + noise * jnp.eye(len(xs))
    return jnp.log(jnp.diagonal(jnp.linalg.cholesky(covariance))).sum()


def _elimination(arrays: Any) -> Any:
    from jax import numpy as jnp

    return jnp.linalg.slogdet(arrays[0] + 4 * jnp.eye(len(arrays[0])))[1]


def _sorting_network(arrays: Any) -> Any:
    from jax import numpy as jnp

    x = jnp.sort(arrays[0])
    return x[0] + x @ (0.1 * np.arange(len(x)))


JAX: dict[str, Callable[..., Callable[..., Any]]] = {
    "kalman_filter": lambda steps=200: _kalman_filter(steps),
    "hidden_markov": lambda steps=50, *_: _hidden_markov(steps),
    "cholesky": lambda *_: _cholesky,
    "elimination": lambda *_: _elimination,
    "sorting_network": lambda *_: _sorting_network,
}
"""Likewise."""
