"""The engine's side: an `nn.MLP` whose every z and a can be looked at after a forward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import nn
from autograd import Value


class Network:
    """A network with one activation throughout, weights and biases normal(0, 1) as in the book behind seed 004.

    After a forward pass ``z[l - 1]`` and ``a[l]`` are the nodes of layer l; after a backward pass their gradients
    are ∂/∂z^l = δ^l and ∂/∂a^l.
    """

    def __init__(self, sizes: Sequence[int], activation: str | Callable[[Any], Any] = "sigmoid", seed: int = 0) -> None:
        self.activation = activation
        self.model = nn.MLP(
            sizes[0], sizes[1:], activation=self._activate, output=self._activate, init="gaussian", seed=seed
        )
        self.W = [[neuron.w for neuron in layer.neurons] for layer in self.model.layers]
        self.b = [[neuron.b for neuron in layer.neurons] for layer in self.model.layers]

    def _activate(self, z: Value) -> Value:
        if not isinstance(self.activation, str):
            a = self.activation(z)
        else:
            a = +z if self.activation == "linear" else getattr(z, self.activation)()
        self._nodes.append((z, a))
        return a

    def __call__(self, x: Sequence[Any]) -> list[Value]:
        """The outputs a^L, always as a list."""
        self._nodes: list[tuple[Value, Value]] = []
        self.model(x)
        self.z: list[list[Value]] = []
        self.a: list[list[Any]] = [list(x)]
        nodes = iter(self._nodes)
        for layer in self.model.layers:
            z, a = zip(*(next(nodes) for _ in layer.neurons), strict=True)
            self.z.append(list(z))
            self.a.append(list(a))
        return self.a[-1]

    def zero_grad(self) -> None:
        self.model.zero_grad()


def data(nodes: Any) -> Any:
    """The numbers of a node, or of nested lists of them, as arrays."""
    if isinstance(nodes, Value):
        return nodes.data
    return np.array([data(node) for node in nodes]) if isinstance(nodes, (list, tuple)) else nodes


def gradients(nodes: Any) -> Any:
    """The gradients of a node, or of nested lists of them, as arrays."""
    if isinstance(nodes, Value):
        return nodes.grad
    return np.array([gradients(node) for node in nodes])
