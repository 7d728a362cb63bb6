"""`fit`: epochs of mini-batches, for any module and any loss, that can be stopped and resumed.

>>> import nn
>>> X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0, 0.0]
>>> model = nn.MLP(2, [4, 1], activation="tanh", seed=1)
>>> optimiser = lambda parameters: nn.Adam(parameters, lr=0.05)
>>> history = nn.fit(model, X, y, loss=nn.half_squared_error, optimiser=optimiser, epochs=300, batch_size=4)
>>> history[-1].learning < 0.001                   # it has learned exclusive or
True
"""

from __future__ import annotations

import hashlib
import math
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nn.attributes import attributes_of, generators_in, restore, set_attributes, state_of
from nn.checkpoint import DAMAGED, Checkpoint, State, broken, sizes
from nn.engines import Loss, engine_for
from nn.given import setting, shown, whole
from nn.history import Epoch, History
from nn.module import Module
from nn.optim import Adam, Optimiser
from nn.parallel import DataParallel
from nn.schedules import Schedule

__all__ = ["Training", "fit"]

Array = NDArray[Any]
Samples = tuple[Array, Array]
ENDED = "a callback ended it"
_BLOCK = 4096  # samples
ENGINES = ("auto", "eager", "numpy", "nodes", "native")


def fit(
    model: Module,
    X: Any,
    y: Any,
    *,
    loss: Loss,
    optimiser: Callable[[Any], Optimiser] = Adam,
    epochs: int = 10,
    batch_size: int = 32,
    validation: tuple[Any, Any] | None = None,
    metrics: Mapping[str, Callable[[Array, Array], float]] | None = None,
    score: Callable[[Epoch], Any] | None = None,
    patience: int | None = None,
    schedule: Schedule | None = None,
    clip: float | None = None,
    callbacks: Sequence[Callable[[Training], Any]] = (),
    checkpoint: Checkpoint | str | Path | None = None,
    engine: str = "auto",
    mesh: Any = None,
    seed: int = 0,
    progress: bool | None = None,
) -> History:
    """Let a model learn from samples, in mini-batches drawn anew each epoch (stochastic gradient descent, source 002).

    Args:
        model: a module that is called with one row of X, as (nested) lists of numbers, and gives its outputs.
        X, y: inputs and targets, a row a sample: arrays of any shape, lists, or what can become an array. Integers
            stay integers, so that they may be classes (`nn.cross_entropy`) or indices (`autograd.take`).
        loss: a function of the outputs for a sample and its target, such as `nn.half_squared_error`.
        optimiser: makes one from the parameters: ``nn.Adam``, or ``functools.partial(nn.SGD, lr=3.0)``.
        epochs: how often each sample is learned from, in all: what a checkpoint holds counts.
        batch_size: samples a step; the last of an epoch may have fewer.
        validation: inputs and targets to choose the best epoch by, never learned from. The model then ends with the
            weights of its best epoch, else with the last.
        metrics: what else is measured on them, by name: functions of the outputs (samples × outputs) and y.
        score: what makes an epoch better than another, the greater the better; −validation loss if not said.
        patience: end after so many epochs in a row that were no better.
        schedule: the learning rate as a function of the epochs done, see `nn.schedules`.
        clip: the greatest length √Σg² of a step's gradient; a longer one is scaled to that length.
        callbacks: called after each epoch with the `Training`; one that returns True ends it.
        checkpoint: where to keep all that is needed to go on, see `Checkpoint`.
        engine: "auto" compiles the model, see `autograd.compile` ("numpy", "nodes" and "native" are its engines);
            "eager" walks the graph of each sample, for models that cannot be compiled: those that ask for numbers;
            "jax" runs the program on JAX.
        mesh: a `jax.sharding.Mesh` of devices that share each mini-batch, with engine "jax", see `nn.parallel`.
        seed: of the order of the samples.
        progress: whether to show a bar; if not said, on a terminal, and in a notebook that has widgets.

    Returns:
        A `History`, which plots itself.

    Raises:
        ValueError: for no samples, unequal numbers of inputs and targets, settings out of their ranges, or a
            checkpoint of another training.
        FileExistsError: for a checkpoint that is there already, unless it says what to do with it.
        TypeError: for what is no module, no function, no number; and as `autograd.compile` does.

    Where the loss is no finite number any more, the training ends, and `History.stopped` says so. When it is
    interrupted, the model has the parameters of the last step; with a checkpoint that was not yet written, those of the
    beginning. A parameter on which the loss does not depend stays as
    it is where the model is compiled; eagerly, weight decay moves it.
    """
    if not isinstance(model, Module):
        raise TypeError(f"the model is a module (nn.Module), not {shown(model)}")
    learned = _samples("samples", X, y)
    held_out = None if validation is None else _samples("validation samples", *_pair(validation), like=learned)
    whole("epochs", epochs)
    whole("batch_size", batch_size)
    whole("seed", seed, 0)
    if patience is not None:
        whole("patience", patience)
        if held_out is None:
            raise ValueError("patience needs validation samples, as what is learned from says nothing of others")
    if clip is not None:
        setting("clip", clip, 0, positive=True)
    if engine not in (*ENGINES, "jax"):
        raise ValueError(f"engine is one of {', '.join(ENGINES)}, jax, not {engine!r}")
    if mesh is not None and engine != "jax":
        raise ValueError(f"a mesh is for engine 'jax', not {engine!r}")
    kept = Checkpoint(checkpoint) if isinstance(checkpoint, (str, Path)) else checkpoint

    training = Training(model, learned, held_out, loss, optimiser, engine, batch_size, seed, mesh)
    training.metrics, training.schedule, training.clip = dict(metrics or {}), schedule, clip
    training.score = score or _lowest_loss
    beginning = _begin(training, kept)
    training.engine.begin_together(training.where())
    if not len(training.history):
        training.begin()
    try:
        with _bar(progress, epochs, training) as bar:
            while not training.is_over(epochs, patience):
                for _ in training.epoch():
                    bar.update()
                    if kept is not None and kept.is_late():
                        _keep(kept, training)
                ended = any([callback(training) is True for callback in callbacks])  # noqa: C419  all of them are called
                if training.engine.of_all([ended]).any():
                    training.history.stopped = ENDED
                bar.set_postfix_str(repr(training.history).partition(": ")[2], refresh=False)
                if kept is not None and (training.is_over(epochs, patience) or kept.is_due(training.number - 1)):
                    _keep(kept, training)
    finally:
        training.engine.write_back()
        if kept is not None and beginning is not None and not kept.written:  # so that who begins anew begins there
            training.go_on_from(beginning)
            training.engine.write_back()
        model.zero_grad()
    training.leave_the_best()
    return training.history


def _begin(training: Training, kept: Checkpoint | None) -> State | None:
    """Go on from what was kept, if anything was; where something is to be kept, the state before that."""
    if kept is None:
        return None
    state, beginning = kept.begin(training.settings()), training.state()
    if state is None:
        return beginning
    try:
        training.check(state)
        training.go_on_from(state)
    except DAMAGED as error:
        training.go_on_from(beginning)
        training.engine.write_back()
        raise broken(kept.path, error) from error
    return beginning


def _keep(kept: Checkpoint, training: Training) -> None:
    """Write what is needed to go on, in the one process that writes."""
    if training.engine.writes:
        kept.save(training.state())
    else:
        kept.leave_to_another()


class Training:
    """A training as it goes on, one epoch after the other: what callbacks are given.

    Attributes:
        model: the module that learns. Its `Value`s have the parameters of now after `engine.write_back()`.
        engine: what steps it; the settings of its `optimiser` may be changed.
        history: what has been measured.
    """

    metrics: Mapping[str, Callable[[Array, Array], float]]
    schedule: Schedule | None
    clip: float | None
    score: Callable[[Epoch], Any]

    def __init__(
        self,
        model: Module,
        learned: Samples,
        held_out: Samples | None,
        loss: Loss,
        optimiser: Callable[[Any], Optimiser],
        engine: str,
        batch_size: int,
        seed: int,
        mesh: Any = None,
    ) -> None:
        self.model, self.learned, self.held_out, self.loss = model, learned, held_out, loss
        self.batch_size, self.seed, self.asked_for = batch_size, seed, engine
        X, y = learned
        example = X[0], y[0]
        if mesh is None:
            self.engine = engine_for(engine, model, loss, optimiser, example)
        else:
            self.engine = DataParallel(model, loss, optimiser, example, mesh)
        self.history = History()
        self._best: dict[str, Any] | None = None
        self._generator = np.random.default_rng(seed)
        self._generators = [self._generator, *self.engine.generators(), *generators_in(model, self.engine.optimiser)]
        # Those that everybody draws from are kept where something did draw, as a model can that is not compiled.
        self._everybodys: list[Any] = [random, np.random] if engine == "eager" else []
        self._begun = [state_of(generator) for generator in self._everybodys]
        self._order: NDArray[np.intp] | None = None  # of the samples in the epoch that is going on
        self._at, self._total = 0, 0.0

    @property
    def steps(self) -> int:
        """The mini-batches of an epoch."""
        return -(-len(self.learned[0]) // self.batch_size)

    def begin(self) -> None:
        """Measure the untrained network, where there is something to measure it by."""
        if self.held_out is not None:
            self._measure(None)

    def epoch(self) -> Iterator[float]:
        """Learn from each sample once, or from those that are left of this epoch; the loss of each mini-batch."""
        X, y = self.learned
        if self._order is None:
            self._order, self._at, self._total = self._generator.permutation(len(X)), 0, 0.0
        while self._at < len(X):
            rows = self._order[self._at : self._at + self.batch_size]
            if self.schedule is not None:
                self.engine.optimiser.lr = self.schedule(self.number - 1 + self._at / len(X))
            mine = self.engine.share(rows)
            loss = self.engine.step(X[mine], y[mine], self.clip)
            self._at, self._total = self._at + len(rows), self._total + loss * len(rows)
            yield loss
        learning, self._order = self._total / len(X), None
        self._measure(learning)

    @property
    def number(self) -> int:
        """The number of the epoch that is going on, or comes next."""
        return self.history[-1].number + 1 if len(self.history) else 1

    def where(self) -> str:
        """Where it is, for processes to agree on."""
        samples = [array.shape for array in self.learned]
        return f"{samples}, batches of {self.batch_size}, epoch {self.number}, {self._generator.bit_generator.state}"

    def is_over(self, epochs: int, patience: int | None) -> bool:
        """Whether there is nothing left to do, and why: `History.stopped`."""
        history = self.history
        if history.stopped == ENDED:
            return True
        if not len(history) or self._order is not None:
            return False
        last = history[-1]
        if last.learning is not None and not math.isfinite(last.learning):
            history.stopped = "the loss is no finite number"
        elif last.number >= epochs:
            history.stopped = "all epochs are done"
        elif patience is not None and history.best is not None and last.number - history.best.number >= patience:
            history.stopped = f"{patience} epochs were no better than the best"
        return bool(history.stopped)

    def leave_the_best(self) -> None:
        """Let the model have the weights of the best epoch, if there was anything to choose by."""
        if self._best is not None:
            self.model.load_state_dict(self._best)

    def settings(self) -> dict[str, Any]:
        """What has to be the same when a training goes on."""
        digest = hashlib.sha256()
        for array in (*self.learned, *(self.held_out or ())):
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            for k in range(0, len(array), _BLOCK):  # so that what is on disk need not fit into memory
                digest.update(np.ascontiguousarray(array[k : k + _BLOCK]).tobytes())
        return {
            "model": sizes(self.model.state_dict()),
            "attributes": attributes_of(self.model, self.engine.optimiser),
            "loss": getattr(self.loss, "__qualname__", type(self.loss).__qualname__),
            "optimiser": type(self.engine.optimiser).__qualname__,
            "batch_size": self.batch_size,
            "seed": self.seed,
            "engine": self.asked_for,
            "samples": digest.hexdigest(),
            "clip": self.clip,
            "metrics": sorted(self.metrics),
        }

    def state(self) -> State:
        """Where it is now."""
        self.engine.write_back()
        everybodys = map(state_of, self._everybodys)
        drawn = [now if now != begun else None for now, begun in zip(everybodys, self._begun, strict=True)]
        return State(
            self.history,
            self.model.state_dict(),
            self._best,
            self.engine.slots(),
            attributes_of(self.model, self.engine.optimiser),
            [*map(state_of, self._generators), *drawn],
            self._order,
            self._at,
            self._total,
        )

    def check(self, state: State) -> None:
        """That it is one of this training, before anything is changed.

        Raises:
            ValueError: if not.
        """
        n, now = len(self.learned[0]), self.engine.slots()
        if state.order is not None and sorted(state.order.ravel().tolist()) != list(range(n)):
            raise ValueError(f"the order of the samples is none of {n}")
        if not 0 <= state.at <= n or (state.order is None and state.at not in (0, n)):
            raise ValueError(f"it is at sample {state.at} of {n}")
        shape = (len(self.model.parameters()),)
        if len(state.slots) != len(now) or not all(
            slot is None or type(slot) in (int, float) or (isinstance(slot, np.ndarray) and slot.shape == shape)
            for slot in state.slots
        ):
            raise ValueError("the state of the optimiser is one of other parameters")
        if len(state.generators) != len(self._generators) + len(self._everybodys):
            raise ValueError("it has another number of generators of chance")

    def go_on_from(self, state: State) -> None:
        """Be where another training was: the same samples and settings, as `Checkpoint.begin` has checked."""
        self.model.load_state_dict(state.last)
        self.engine.read_back()
        self.engine.set_slots(state.slots)
        set_attributes(self.model, self.engine.optimiser, state.attributes)
        for generator, of_then in zip([*self._generators, *self._everybodys], state.generators, strict=True):
            if of_then is not None:
                restore(generator, of_then)
        self.history, self._best = state.history, state.best
        if self.history.stopped != ENDED:
            self.history.stopped = ""
        self._order, self._at, self._total = state.order, state.at, state.total

    def _measure(self, learning: float | None) -> None:
        validation, measured = None, {}
        if self.held_out is not None:
            X, y = self.held_out
            validation = self.engine.mean_loss(X, y)
            if self.metrics:
                outputs = self.engine.outputs(X)
                measured = {name: float(metric(outputs, y)) for name, metric in self.metrics.items()}
            # What is decided by them, the best epoch and when to end, has to be the same wherever it is measured.
            validation, *numbers = self.engine.of_all([validation, *measured.values()])[0].tolist()
            measured = dict(zip(measured, numbers, strict=True))
        lr = None if learning is None else float(self.engine.optimiser.lr)
        epoch = Epoch(self.number if learning is not None else 0, learning, validation, measured, lr)
        self.history.epochs.append(epoch)
        finite = learning is None or math.isfinite(learning)
        best = self.history.best
        if self.held_out is not None and finite and (best is None or self.score(epoch) > self.score(best)):
            self.engine.write_back()
            self.history.best, self._best = epoch, self.model.state_dict()


def _lowest_loss(epoch: Epoch) -> float:
    assert epoch.validation is not None
    return -epoch.validation


def _pair(validation: Any) -> tuple[Any, Any]:
    if not isinstance(validation, (tuple, list)) or len(validation) != 2:
        raise TypeError(f"validation is a pair of inputs and targets, not {shown(validation)}")
    return validation[0], validation[1]


def _samples(what: str, X: Any, y: Any, like: Samples | None = None) -> Samples:
    arrays = _array(f"the inputs of the {what}", X), _array(f"the targets of the {what}", y)
    if len(arrays[0]) != len(arrays[1]) or not len(arrays[0]):
        raise ValueError(
            f"there are as many inputs as targets, at least one, and of the {what} there are {len(arrays[0])} inputs "
            f"and {len(arrays[1])} targets"
        )
    if like is not None:
        for kind, array, model in zip(("inputs", "targets"), arrays, like, strict=True):
            if array.shape[1:] != model.shape[1:]:
                raise ValueError(
                    f"the {kind} of the {what} are {array.shape[1:]} each, and those learned from {model.shape[1:]}"
                )
    return arrays


def _array(what: str, given: Any) -> Array:
    if isinstance(given, np.ma.MaskedArray):
        raise TypeError(f"{what} are a masked array: fill it first")
    try:
        array = np.asarray(given)
    except ValueError as error:
        raise ValueError(f"{what} are no array: {error}") from None
    if array.dtype.kind not in "fiub" or not array.ndim:
        raise TypeError(f"{what} are an array of real numbers, a row a sample, not {shown(given)}")
    if isinstance(given, np.memmap) and array.dtype == np.float64:
        return array  # what lies on disk is read where it is needed
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _bar(progress: bool | None, epochs: int, training: Training) -> Any:
    """tqdm's progress bar, in a notebook as a widget where those are installed."""
    if find_spec("tqdm") is None:
        if progress:
            raise ModuleNotFoundError("a progress bar needs tqdm: pip install tqdm", name="tqdm")
        return _NoBar()
    widgets = "ipykernel" in sys.modules and find_spec("ipywidgets") is not None
    if widgets:
        from tqdm.notebook import tqdm
    else:
        from tqdm import tqdm
    hidden: bool | None = not progress
    if progress is None:
        hidden = False if widgets else None  # tqdm's word for "unless there is a terminal"
    done = (training.number - 1) * training.steps
    return tqdm(
        total=epochs * training.steps,
        initial=done,
        unit=" mini-batches",
        leave=False,
        dynamic_ncols=True,
        disable=hidden,
    )


class _NoBar:
    def __enter__(self) -> _NoBar:
        return self

    def __exit__(self, *_: object) -> None: ...

    def update(self) -> None: ...

    def set_postfix_str(self, text: str, refresh: bool = True) -> None: ...
