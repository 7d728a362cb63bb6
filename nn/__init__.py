"""Neurons, layers and multi-layer perceptrons out of scalar `Value`s, and what trains them.

>>> import nn
>>> model = nn.MLP(2, [4, 1], activation="tanh", seed=1)
>>> optimiser = nn.SGD(model.parameters(), lr=0.1)
>>> for _ in range(200):
...     loss = nn.mse_loss([model([a, b]) for a in (0, 1) for b in (0, 1)], [0, 1, 1, 0])
...     model.zero_grad()
...     loss.backward()
...     optimiser.step()
>>> loss.data < 0.01                           # it has learned exclusive or
True

One module, one idea: `module` finds parameters, `layers` holds neurons, `initialise` draws weights,
`losses` measures errors, `optim` steps, `given` looks at what it is all given.
``python -m nn`` trains on handwritten digits.
"""

from __future__ import annotations

from autograd import __version__ as __version__
from nn.initialise import INITIALISERS, Initialiser
from nn.layers import MLP, Dropout, Layer, Neuron
from nn.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    half_squared_error,
    hinge_loss,
    l1_loss,
    mse_loss,
    squared_error,
)
from nn.module import Module
from nn.optim import SGD, Adam, AdamW, Optimiser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ON_FIRST_USE = {"Checkpoint": "checkpoint", "Classifier": "estimators", "Regressor": "estimators", "fit": "training"}
"""They need NumPy (and scikit-learn), which the rest does without."""

_MODULES = ("by_hand", "checkpoint", "data", "figures", "history", "schedules", "tensors", "training", "weights")
"""Modules that are there as ``nn.schedules`` without being imported by name."""

__all__ = [
    "INITIALISERS",
    "MLP",
    "SGD",
    "Adam",
    "AdamW",
    "Checkpoint",
    "Classifier",
    "Dropout",
    "Initialiser",
    "Layer",
    "Module",
    "Neuron",
    "Optimiser",
    "Regressor",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "fit",
    "half_squared_error",
    "hinge_loss",
    "l1_loss",
    "mse_loss",
    "squared_error",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _MODULES:
        return import_module(f"nn.{name}")
    if name not in _ON_FIRST_USE:
        raise AttributeError(f"module 'nn' has no attribute {name!r}", name=name)
    try:
        found = globals()[name] = getattr(import_module(f"nn.{_ON_FIRST_USE[name]}"), name)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"nn.{name} needs {error.name}: pip install 'scalar-autograd[digits]'", name=error.name
        ) from error
    return found
