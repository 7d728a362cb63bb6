"""What computes gradients for `nn.fit`: the graph of `Value`s, or the program that is found in it.

`Eager` walks the graph of scalars, sample by sample; `Compiled` runs the matrix program that `autograd.compile`
finds in the graph of one sample, on a whole mini-batch at once. Both are all that training needs to know of one:
an `Engine`.

>>> import numpy as np
>>> import nn
>>> x, y = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0.0, 1.0, 1.0, 0.0])
>>> model = nn.MLP(2, [4, 1], activation="tanh", seed=1)
>>> engine = Compiled(model, nn.half_squared_error, lambda parameters: nn.SGD(parameters, lr=0.2), (x[0], y[0]))
>>> for _ in range(500):
...     loss = engine.step(x, y)
>>> loss < 0.001                               # it has learned exclusive or
True
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

import autograd
from nn.module import Module
from nn.optim import Optimiser

if TYPE_CHECKING:
    from autograd.compiler.program import Program

__all__ = ["Compiled", "Eager", "Engine", "engine_for", "shortened"]

Array = NDArray[Any]
Loss = Callable[[Any, Any], Any]


class Engine(Protocol):
    """What computes gradients for training."""

    optimiser: Optimiser

    @property
    def writes(self) -> bool:
        """Whether this process writes what is kept; of several it is the first."""

    def begin_together(self, where: str) -> None:
        """That all processes begin with the same parameters, and where this text says."""

    def of_all(self, numbers: Sequence[float]) -> Array:
        """What each process gives here, a row a process."""

    def share(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Of the rows of a mini-batch those that `step` wants from this process."""

    def step(self, x: Array, y: Array, clip: float | None = None) -> float:
        """Step the parameters once, against the mean gradient of a mini-batch; its mean loss before that.

        ∇W ≈ 1/m Σ ∇W_x (source 002 eq. 17), for the m rows of x and y.

        Args:
            x, y: inputs and targets, a row a sample.
            clip: the greatest length √Σg² of the gradient; a longer one is scaled to that length.
        """

    def outputs(self, x: Array) -> Array:
        """The outputs ŷ of the network for each row of x, in use (`Module.eval`)."""

    def mean_loss(self, x: Array, y: Array) -> float:
        """The mean of the loss over the rows of x and y, in use."""

    def write_back(self) -> None:
        """Put the parameters into the `Value`s of the network, if they live elsewhere while training."""

    def read_back(self) -> None:
        """Take them from there."""

    def generators(self) -> list[Any]:
        """The generators of random numbers that the steps draw from, besides the model's own."""

    def slots(self) -> list[Any]:
        """The state of the optimiser: each part None, a number, or an array in the order of the model's parameters."""

    def set_slots(self, slots: list[Any]) -> None:
        """Go on from what `slots` gave, also that of another engine."""


class _Alone:
    """One process, that does everything."""

    @property
    def writes(self) -> bool:
        return True

    def begin_together(self, where: str) -> None:
        """There is nobody else."""

    def of_all(self, numbers: Sequence[float]) -> Array:
        return np.array([numbers], np.float64)

    def share(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        return rows


class Eager(_Alone):
    """The engine that walks the graph of `Value`s: one forward and one backward pass a sample.

    Args:
        model: the network, a module that is called with one row of x.
        loss: a function of its outputs and a target, such as `nn.half_squared_error`.
        optimiser: makes one from the parameters.
    """

    def __init__(self, model: Any, loss: Loss, optimiser: Callable[[Any], Optimiser]) -> None:
        self.model: Any = model
        self.loss, self.optimiser = loss, optimiser(model.parameters())
        self._modules = list(model.modules())  # once: a search through all the weights

    @autograd.collector_paused()
    def step(self, x: Array, y: Array, clip: float | None = None) -> float:
        total, share = 0.0, 1 / len(x)
        self.optimiser.zero_grad()
        # A backward pass a sample, adding up at the leaves, is faster than one over the graph of them all.
        with _mode(self._modules, training=True):
            for inputs, target in zip(x.tolist(), y.tolist(), strict=True):
                error = self.loss(self.model(inputs), target)
                error.backward(share)
                total += error.data
        if clip is not None:
            gradient = [parameter.grad for parameter in self.optimiser.parameters]
            scale = shortened(math.hypot(*gradient), clip)
            for parameter, g in zip(self.optimiser.parameters, gradient, strict=True):
                parameter.grad = scale * g
        self.optimiser.step()
        self.optimiser.zero_grad()
        return total * share

    def outputs(self, x: Array) -> Array:
        with _mode(self._modules, training=False), autograd.no_grad():
            return np.array([_flat(self.model(row)) for row in x.tolist()])

    def mean_loss(self, x: Array, y: Array) -> float:
        with _mode(self._modules, training=False), autograd.no_grad():
            errors = [self.loss(self.model(row), target) for row, target in zip(x.tolist(), y.tolist(), strict=True)]
        return float(np.mean([getattr(error, "data", error) for error in errors]))

    def write_back(self) -> None:
        """Nothing to do: the parameters are the network's own."""

    def read_back(self) -> None:
        """Nothing to do."""

    def generators(self) -> list[Any]:
        return []

    def slots(self) -> list[Any]:
        return [_slot(list(column)) for column in zip(*self.optimiser.state, strict=True)]

    def set_slots(self, slots: list[Any]) -> None:
        n = len(self.optimiser.parameters)
        columns = [slot.tolist() if isinstance(slot, np.ndarray) else [slot] * n for slot in slots]
        self.optimiser.state = list(zip(*columns, strict=True)) if columns else [()] * n


class Compiled(_Alone):
    """The engine that runs the matrix program which `autograd.compile` finds in the graph of one sample.

    Args:
        model, loss, optimiser: as for `Eager`.
        example: a row of x and one of y, of which only shape and type count.
        engine: of `autograd.compile`.

    Raises:
        TypeError, ValueError: as `autograd.compile`, for a model or a loss that cannot be compiled.
        ValueError: also for a loss with parameters that are not the model's.
    """

    def __init__(
        self,
        model: Any,
        loss: Loss,
        optimiser: Callable[[Any], Optimiser],
        example: tuple[Any, Any],
        engine: str = "auto",
    ) -> None:
        x, y = example
        self.model, self.loss, self._example, self._engine = model, loss, example, engine
        self._modules = list(model.modules())
        with _mode(self._modules, training=True):
            self.program: Program = autograd.compile(lambda x, y: loss(model(x), y), example=(x, y), engine=engine)
        self.optimiser = optimiser(self.program)
        place = {parameter: i for i, parameter in enumerate(model.parameters())}
        foreign = [parameter for parameter in self.program.parameters if parameter not in place]
        if foreign:
            raise ValueError(
                f"the loss depends on {len(foreign)} parameters that are not the model's, such as {foreign[0]!r}"
            )
        self._places = np.array([place[parameter] for parameter in self.program.parameters], np.intp)
        self._size = len(place)
        self._in_use: dict[str, tuple[Any, list[int]]] = {}

    def step(self, x: Array, y: Array, clip: float | None = None) -> float:
        mean, gradient = self.program.value_and_grad(x, y)
        if clip is not None:
            gradient *= shortened(float(np.linalg.norm(gradient)), clip)
        self.optimiser.step(gradient)
        return float(mean)

    def outputs(self, x: Array) -> Array:
        return np.asarray(self._program("outputs", self.model, self._example[:1])(x)).reshape(len(x), -1)

    def mean_loss(self, x: Array, y: Array) -> float:
        program = self._program("loss", lambda x, y: self.loss(self.model(x), y), self._example)
        return float(np.mean(program(x, y)))

    def _program(self, name: str, f: Callable[..., Any], example: tuple[Any, ...]) -> Any:
        """A program of the network in use, made when first asked for, with the numbers of now.

        It lists the same parameters, in the order that suits its own matrices.
        """
        if name not in self._in_use:
            with _mode(self._modules, training=False):
                made = autograd.compile(f, example=example, engine=self._engine)
            place = {parameter: i for i, parameter in enumerate(self.program.parameters)}
            self._in_use[name] = made, [place[parameter] for parameter in made.parameters]
        program, order = self._in_use[name]
        program.vector[:] = self.program.vector[order]
        return program

    def write_back(self) -> None:
        self.program.write_back()

    def read_back(self) -> None:
        self.program.read_back()

    def generators(self) -> list[Any]:
        return [self.program.generator]

    def slots(self) -> list[Any]:
        def ordered(slot: Any) -> Any:
            if not isinstance(slot, np.ndarray):
                return slot
            of_model = np.zeros(self._size)
            of_model[self._places] = slot
            return of_model

        return [ordered(slot) for slot in self.optimiser.state[0]]

    def set_slots(self, slots: list[Any]) -> None:
        self.optimiser.state[0] = tuple(slot[self._places] if isinstance(slot, np.ndarray) else slot for slot in slots)


def engine_for(
    name: str, model: Any, loss: Loss, optimiser: Callable[[Any], Optimiser], example: tuple[Any, Any]
) -> Engine:
    """The engine of that name: "eager", or one of `autograd.compile`."""
    if name == "eager":
        return Eager(model, loss, optimiser)
    return Compiled(model, loss, optimiser, example, name)


@contextmanager
def _mode(modules: list[Module], *, training: bool) -> Iterator[None]:
    """Let a model's modules be trained, or be in use, and afterwards as each of them was."""
    before = [module.training for module in modules]
    try:
        for module in modules:
            module.training = training
        yield
    finally:
        for module, was in zip(modules, before, strict=True):
            module.training = was


def shortened(length: float, clip: float) -> float:
    """The factor by which a gradient of this length is multiplied; NaN for one that has none."""
    return 1.0 if length <= clip else clip / length


def _slot(column: list[Any]) -> Any:
    """One part of the state of all the parameters: what is the same of all, or else an array."""
    first = column[0]
    if first is None or isinstance(first, int):
        return first
    return np.array(column, np.float64)


def _flat(outputs: Any) -> list[float]:
    if isinstance(outputs, (list, tuple)):
        return [number for output in outputs for number in _flat(output)]
    return [getattr(outputs, "data", outputs)]
