"""Training: epochs of mini-batches, whatever computes the gradients.

An engine is all that training needs to know of one: `Engine.step` learns from a mini-batch,
`Engine.outputs` asks the network. `Eager` walks the graph of scalars, sample by sample; `Compiled`
runs the matrix program found in it, on a whole mini-batch at once.

>>> import numpy as np
>>> import nn
>>> x, y = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([[0.0], [1.0], [1.0], [0.0]])
>>> model = nn.MLP(2, [4, 1], activation="tanh", seed=1)
>>> engine = Eager(model, nn.half_squared_error, lambda parameters: nn.SGD(parameters, lr=0.2))
>>> losses = list(train(engine, x, y, batch_size=2, epochs=200, seed=0))
>>> losses[-1] < 0.001                            # it has learned exclusive or
True
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

import autograd
from nn.layers import MLP
from nn.optim import Optimiser

__all__ = ["Compiled", "Eager", "Engine", "batches", "mean_loss", "train"]

Array = NDArray[Any]
Loss = Callable[[Any, Any], Any]


class Engine(Protocol):
    """What computes gradients for `train`."""

    def step(self, x: Array, y: Array) -> float:
        """Step the parameters once, against the mean gradient of a mini-batch; its mean loss before that.

        ∇W ≈ 1/m Σ ∇W_x (seed 002 eq. 17), for the m rows of x and y.
        """

    def outputs(self, x: Array) -> Array:
        """The outputs ŷ of the network for each row of x."""

    def write_back(self) -> None:
        """Put the parameters into the `Value`s of the network, if they live elsewhere while training."""


class Eager:
    """The engine that walks the graph of `Value`s: one forward and one backward pass a sample.

    Args:
        model: the network.
        loss: a function of its outputs and a target, such as `nn.half_squared_error`.
        optimiser: makes one from the parameters.
    """

    def __init__(self, model: MLP, loss: Loss, optimiser: Callable[[Any], Optimiser]) -> None:
        self.model, self.loss, self.optimiser = model, loss, optimiser(model.parameters())

    def step(self, x: Array, y: Array) -> float:
        total, share = 0.0, 1 / len(x)
        # A backward pass a sample, adding up at the leaves, is faster than one over the graph of them all.
        for inputs, target in zip(x.tolist(), y.tolist(), strict=True):
            error = self.loss(self.model(inputs), target)
            error.backward(share)
            total += error.data
        self.optimiser.step()
        self.optimiser.zero_grad()
        return total * share

    def outputs(self, x: Array) -> Array:
        rows = [self.model(row) for row in x.tolist()]
        return np.array([[value.data for value in (row if isinstance(row, list) else [row])] for row in rows])

    def write_back(self) -> None:
        """Nothing to do: the parameters are the network's own."""


class Compiled:
    """The engine that runs the matrix program which `autograd.compile` finds in the graph of one sample.

    Args:
        model, loss, optimiser: as for `Eager`.
        nin, nout: the numbers of inputs and of targets of a sample.
    """

    def __init__(self, model: MLP, loss: Loss, optimiser: Callable[[Any], Optimiser], nin: int, nout: int) -> None:
        x, y = np.zeros(nin), np.zeros(nout)  # an example, of which only the shape counts
        self.program = autograd.compile(lambda x, y: loss(model(x), y), example=(x, y))
        self.answers = autograd.compile(lambda x: model(x), example=(x,))
        self.optimiser = optimiser(self.program)
        # Both list the same parameters, each in the order that suits its own matrices.
        place = {parameter: i for i, parameter in enumerate(self.program.parameters)}
        self._order = [place[parameter] for parameter in self.answers.parameters]

    def step(self, x: Array, y: Array) -> float:
        mean, gradient = self.program.value_and_grad(x, y)
        self.optimiser.step(gradient)
        return float(mean)

    def outputs(self, x: Array) -> Array:
        self.answers.vector[:] = self.program.vector[self._order]
        return np.asarray(self.answers(x)).reshape(len(x), -1)

    def write_back(self) -> None:
        self.program.write_back()


def batches(n: int, size: int, generator: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    """The numbers 0 … n − 1 in a random order, `size` at a time; the last mini-batch may be smaller."""
    order = generator.permutation(n)
    for start in range(0, n, size):
        yield order[start : start + size]


def train(
    engine: Engine,
    x: Array,
    y: Array,
    *,
    batch_size: int,
    epochs: int,
    seed: int = 0,
    after_step: Callable[[float], object] = lambda loss: None,
) -> Iterator[float]:
    """Learn from all samples, once an epoch, in mini-batches drawn anew each time.

    Args:
        engine: what computes the gradients.
        x, y: inputs and targets, a row a sample.
        batch_size: samples a step.
        epochs: how often each sample is learned from.
        seed: of the order of the samples.
        after_step: called after each mini-batch with its mean loss, for a progress bar.

    Yields:
        The mean loss of each epoch, when it is over: measured while learning, each sample with the
        parameters of its turn. Between two of them the caller may measure, save or stop.

    Raises:
        ValueError: for no samples, unequal numbers of inputs and targets, or a batch size below 1.
    """
    if len(x) != len(y) or not len(x) or batch_size < 1:
        raise ValueError(
            "training takes as many inputs as targets and batches of at least 1, "
            f"and was given {len(x)} inputs, {len(y)} targets, batches of {batch_size}"
        )
    generator = np.random.default_rng(seed)
    for _ in range(epochs):
        total = 0.0
        for rows in batches(len(x), batch_size, generator):
            loss = engine.step(x[rows], y[rows])
            total += loss * len(rows)
            after_step(loss)
        yield total / len(x)


def mean_loss(loss: Loss, outputs: Array, targets: Array) -> float:
    """The mean of the loss of each row of outputs and targets."""
    pairs = zip(outputs.tolist(), targets.tolist(), strict=True)
    return float(np.mean([loss(y_hat, y) for y_hat, y in pairs]))
