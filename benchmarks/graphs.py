"""The graphs that engines are timed on, written once for any class of scalar with + − × relu sin tanh.

With this module one can

* draw the numbers of a ReLU network and of a sample: `network_weights`, `sample`;
* compute it as micrograd does, one node an operation: `network_output`;
* build a narrow, deep, random graph of + − × sin tanh: `random_plan`, `random_dag`;
* give micrograd's `Value` the functions it lacks: `complete_micrograd`;
* walk deep graphs with an engine that recurses: `with_a_deep_stack`.
"""

from __future__ import annotations

import math
import random
import sys
import threading
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

__all__ = [
    "complete_micrograd",
    "network_output",
    "network_weights",
    "random_dag",
    "random_plan",
    "sample",
    "with_a_deep_stack",
]

Weights = list[list[tuple[list[Any], Any]]]
"""A network: layers of neurons of (weights, bias)."""


def sample(size: int) -> list[float]:
    """The inputs of one sample: `size` numbers between −1 and 1, the same on every call."""
    generator = random.Random(1)
    return [generator.uniform(-1, 1) for _ in range(size)]


def network_weights(sizes: Sequence[int], seed: int = 0) -> Weights:
    """The weights and biases of a network with layers of these sizes, drawn small enough for a finite loss."""
    generator = random.Random(seed)

    def neuron(nin: int) -> tuple[list[float], float]:
        reach = math.sqrt(3 / nin)
        return [generator.uniform(-reach, reach) for _ in range(nin)], generator.uniform(-0.1, 0.1)

    return [[neuron(nin) for _ in range(nout)] for nin, nout in pairwise(sizes)]


def network_output(weights: Weights, x: Sequence[Any]) -> Any:
    """The sum of the outputs, in micrograd's very expression: Σ wᵢxᵢ then ReLU but for the last layer."""
    *hidden, last = weights
    for layer in hidden:
        x = [sum((wi * xi for wi, xi in zip(w, x, strict=True)), b).relu() for w, b in layer]
    return sum(sum((wi * xi for wi, xi in zip(w, x, strict=True)), b) for w, b in last)


def random_plan(operations: int, width: int = 10, seed: int = 0) -> list[tuple[int, int, int, bool]]:
    """The operations of `random_dag`: (kind, index of a, index of b, whether b is a leaf), drawn beforehand."""
    generator = random.Random(seed)
    return [
        (generator.randrange(5), i % width, generator.randrange(width), generator.random() < 0.5)
        for i in range(operations)
    ]


def random_dag(leaves: Sequence[Any], plan: Sequence[tuple[int, int, int, bool]]) -> Any:
    """A random graph as narrow as there are leaves, and deep; the root is the sum of its last values.

    An operation renews one value after the other, from itself and from another value or a leaf:
    so each node is used, and the leaves keep the products and the tanhs from shrinking all to zero.
    """
    values = list(leaves)
    for kind, i, j, of_leaf in plan:
        a = values[i]
        if kind == 0:
            y = a + (leaves if of_leaf else values)[j]
        elif kind == 1:
            y = a - (leaves if of_leaf else values)[j]
        elif kind == 2:
            y = a * (leaves if of_leaf else values)[j]
        elif kind == 3:
            y = a.sin()
        else:
            y = a.tanh()
        values[i] = y
    return sum(values[1:], values[0])


def complete_micrograd() -> type:
    """micrograd's `Value` with sin and tanh, written as its own relu is."""
    from micrograd.engine import Value

    def sin(self: Any) -> Any:
        out = Value(math.sin(self.data), (self,), "sin")

        def backward() -> None:
            self.grad += math.cos(self.data) * out.grad

        out._backward = backward
        return out

    def tanh(self: Any) -> Any:
        t = math.tanh(self.data)
        out = Value(t, (self,), "tanh")

        def backward() -> None:
            self.grad += (1 - t**2) * out.grad

        out._backward = backward
        return out

    Value.sin, Value.tanh = sin, tanh
    return Value  # type: ignore[no-any-return]


def with_a_deep_stack(function: Callable[[], Any]) -> Any:
    """What a function returns that recurses as deeply as a graph is long; micrograd's backward pass does."""
    results: list[Any] = []
    sys.setrecursionlimit(10**6)
    threading.stack_size(1 << 30)
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]
