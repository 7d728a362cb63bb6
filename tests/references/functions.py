"""Functions of several numbers, written once for the engine and for PyTorch (`m` is where exp, sin, … come from)."""

from __future__ import annotations

from typing import Any


def rosenbrock(m: Any, x: Any) -> Any:
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def neuron(m: Any, x: Any) -> Any:
    return m.sigmoid(x[0] * x[1] + x[2]) * m.tanh(x[3] / x[0])


def waves(m: Any, x: Any) -> Any:
    """More results than arguments."""
    return [m.sin(x[0] * x[1]), m.exp(-x[0]) + m.cos(x[1]), x[0] / x[1], m.sqrt(x[0] ** 2 + x[1] ** 2), x[1] * 3]


def mixture(m: Any, x: Any) -> Any:
    """More arguments than results."""
    total = m.exp(x[0]) + m.exp(x[1]) + m.exp(x[2])
    return [m.log(total), m.erf(x[3]) * total]


SCALAR = {"rosenbrock": (rosenbrock, [-1.2, 1.0]), "neuron": (neuron, [0.7, -1.3, 0.4, 2.1])}
VECTOR = {"waves": (waves, [0.8, 1.7]), "mixture": (mixture, [0.1, -0.9, 1.4, 0.3])}
DIRECTION = [0.3, -1.1, 0.7, 2.0]
