"""The four equations of backpropagation, derived by hand, to hold against the engine.

Source 004 (and source 002 eq. 18–26), with the layers l = 1 … L, a^0 = x, z^l = W^l a^(l−1) + b^l and
a^l = f(z^l):

    δ^L        = ∇ₐE ⊙ f'(z^L)                     (BP1)
    δ^l        = (W^(l+1))ᵀ δ^(l+1) ⊙ f'(z^l)      (BP2)
    ∂E/∂b^l    = δ^l                               (BP3)
    ∂E/∂W^l    = δ^l (a^(l−1))ᵀ                    (BP4)

The derivatives here are on purpose written apart from the engine's table: a second opinion that read
the same row would not be one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import nn

__all__ = ["ACTIVATIONS", "LOSSES", "backpropagate", "largest_difference"]

Array = NDArray[np.float64]


def _sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def _softmax(z: Array) -> Array:
    e = np.exp(z - z.max())
    return np.asarray(e / e.sum())


# fmt: off
ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    #           f(z)                         f'(z)
    "sigmoid": (_sigmoid,                    lambda z: _sigmoid(z) * (1 - _sigmoid(z))),   # source 002 eq. 2
    "tanh":    (np.tanh,                     lambda z: 1 - np.tanh(z) ** 2),
    "relu":    (lambda z: np.maximum(z, 0),  lambda z: (z > 0).astype(float)),
    "linear":  (lambda z: z,                 np.ones_like),
}

LOSSES: dict[str, Callable[[Array, Array], Array]] = {
    #                      ∇ₐE(ŷ, y)
    "half_squared_error":  lambda y_hat, y: y_hat - y,                                     # source 004, below BP1a
    "squared_error":       lambda y_hat, y: 2 * (y_hat - y),
    "mse_loss":            lambda y_hat, y: 2 * (y_hat - y) / len(y),
    "cross_entropy":       lambda y_hat, y: _softmax(y_hat) - y,
}
# fmt: on


def backpropagate(
    weights: Sequence[Array],
    biases: Sequence[Array],
    x: Array,
    y: Array,
    activations: Sequence[str],
    loss: str = "half_squared_error",
) -> tuple[list[Array], list[Array]]:
    """∂E/∂W^l and ∂E/∂b^l of every layer l for one sample.

    Args:
        weights, biases: of each layer, [out, in] and [out].
        x, y: the inputs and the target of the sample.
        activations: of each layer, names from `ACTIVATIONS`.
        loss: a name from `LOSSES`.

    >>> W, b = [np.array([[0.0, 0.0]])], [np.array([0.0])]
    >>> backpropagate(W, b, np.array([1.0, 2.0]), np.array([1.0]), ["sigmoid"])     # (½ − 1) · ¼ · x
    ([array([[-0.125, -0.25 ]])], [array([-0.125])])
    """
    zs: list[Array] = []
    a = [x]  # a^0, a^1, …
    for W, b, name in zip(weights, biases, activations, strict=True):
        zs.append(W @ a[-1] + b)
        a.append(ACTIVATIONS[name][0](zs[-1]))
    slopes = [ACTIVATIONS[name][1](z) for name, z in zip(activations, zs, strict=True)]
    delta = [LOSSES[loss](a[-1], y) * slopes[-1]]  # BP1
    for W, slope in zip(reversed(weights), reversed(slopes[:-1]), strict=False):
        delta.insert(0, W.T @ delta[0] * slope)  # BP2
    return [np.outer(d, a_in) for d, a_in in zip(delta, a, strict=False)], delta  # BP4, BP3


def largest_difference(
    model: nn.MLP, x: Sequence[float], y: Sequence[float], loss: str = "half_squared_error"
) -> tuple[float, float]:
    """How far the engine's gradients for one sample are from those of the four equations.

    Args:
        model: a network whose activations are among `ACTIVATIONS`; its gradients are zero afterwards.
        x, y: the inputs and the target of the sample.
        loss: a name from `LOSSES`, which is also that of the function in `nn`.

    Returns:
        The largest |difference| over all weights and biases, and the largest |∂E/∂w| to compare it with.

    Raises:
        ValueError: for an activation or a loss that the equations here do not know.
    """
    activations = [layer.neurons[0].activation for layer in model.layers]
    unknown = [name for name in activations if name not in ACTIVATIONS] + [loss] * (loss not in LOSSES)
    if unknown:
        raise ValueError(f"by hand there are {', '.join([*ACTIVATIONS, *LOSSES])}, not {unknown[0]!r}")
    state: dict[str, Any] = {name: np.array(tensor) for name, tensor in model.state_dict().items()}
    layers = range(len(model.layers))
    by_weight, by_bias = backpropagate(
        [state[f"layers.{i}.weight"] for i in layers],
        [state[f"layers.{i}.bias"] for i in layers],
        np.array(x, float),
        np.array(y, float),
        activations,
        loss,
    )
    model.zero_grad()
    getattr(nn, loss)(model(x), y).backward()
    engine = np.array([w.grad for w in model.parameters()])
    # a layer lists its parameters neuron by neuron: the weights of one, then its bias
    by_hand = np.concatenate([np.column_stack((W, b)).ravel() for W, b in zip(by_weight, by_bias, strict=True)])
    model.zero_grad()
    return float(np.abs(engine - by_hand).max()), float(np.abs(by_hand).max())
