"""`Checkpoint`: all that a training needs to go on, in one file that is there whole or not at all.

>>> import tempfile, nn
>>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 5.0, 7.0]
>>> def learn(model, path, epochs, existing="refuse"):
...     kept = nn.Checkpoint(path, existing=existing)
...     return nn.fit(model, X, y, loss=nn.mse_loss, epochs=epochs, batch_size=2, checkpoint=kept)
>>> with tempfile.TemporaryDirectory() as folder:
...     whole, parts = nn.MLP(1, [1], seed=0), nn.MLP(1, [1], seed=0)
...     _ = learn(whole, f"{folder}/whole.safetensors", 5)
...     _ = learn(parts, f"{folder}/parts.safetensors", 2)
...     _ = learn(parts, f"{folder}/parts.safetensors", 5, existing="resume")
>>> whole.state_dict() == parts.state_dict()       # bit for bit
True
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nn.given import setting, whole
from nn.history import Epoch, History
from nn.module import Module
from nn.tensors import read, write

__all__ = ["Checkpoint", "State"]

FORMAT = "scalar-autograd checkpoint"
DAMAGED = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError)
Array = NDArray[Any]


@dataclass
class State:
    """Where a training is: what is in a checkpoint.

    Attributes:
        history: what has been measured.
        last: the parameters, as `Module.state_dict` names them.
        best: those of the best epoch; None before there is one.
        slots: the state of the optimiser, see `nn.engines.Engine.slots`.
        attributes: what has changed of the attributes of modules and optimiser, see `nn.attributes`.
        generators: the states of the generators of random numbers; None of one that was not drawn from.
        order: in the middle of an epoch the order of its samples, else None.
        at: how many of them have been learned from.
        total: the sum of their losses.
    """

    history: History
    last: dict[str, Any]
    best: dict[str, Any] | None
    slots: list[Any]
    attributes: dict[str, Any]
    generators: list[Any]
    order: Array | None = None
    at: int = 0
    total: float = 0.0


class Checkpoint:
    """Where `nn.fit` keeps all that it needs to go on: weights, optimiser, history, the order of the samples, chance.

    What is resumed goes on bit for bit as if it had not been stopped, whenever that was; also by ``kill -9``: the
    file is replaced by a whole one, or not at all. It is safe to read from anyone (safetensors). Of two trainings that
    write to one file, the second stops at its first write, and the first goes on.

    Args:
        path: the file.
        epochs: write it after every so many epochs, and at the end.
        seconds: write it also in the middle of an epoch, when the last time is so many seconds ago.
        existing: what to do with a file that is there: "refuse", "resume", or "overwrite" it, once there is an epoch
            to write. With "resume", a file that is not there is no error: the training begins.

    Raises:
        ValueError, TypeError: for settings out of their ranges.
    """

    def __init__(
        self, path: str | Path, *, epochs: int = 1, seconds: float | None = None, existing: str = "refuse"
    ) -> None:
        self.path, self.epochs, self.seconds, self.existing = Path(path), whole("epochs", epochs), seconds, existing
        if seconds is not None:
            setting("seconds", seconds, 0)
        if existing not in ("refuse", "resume", "overwrite"):
            raise ValueError(f"existing is 'refuse', 'resume' or 'overwrite', not {existing!r}")
        self.written = False
        """Whether there is something to go on from, of the training that goes on."""
        self._settings: dict[str, Any] = {}
        self._saved = time.monotonic()
        self._known: tuple[int, ...] | None = None
        """The file that may be replaced, see `_which`."""

    def begin(self, settings: Mapping[str, Any]) -> State | None:
        """Where to go on, None for a training that begins; called by `nn.fit`.

        Args:
            settings: what must not have changed between two parts of a training.

        Raises:
            FileExistsError: for a file that is there and should be refused.
            ValueError: for one that is no checkpoint, a damaged one, or of other settings, saying which.
        """
        self._settings, self._saved, self.written = dict(settings), time.monotonic(), False
        self._known = _which(self.path)
        if self.existing == "overwrite" or not self.path.exists():
            return None
        if self.existing == "refuse":
            raise FileExistsError(
                f"{self.path} is there: nn.Checkpoint(…, existing='resume') goes on from it, 'overwrite' begins anew"
            )
        state, before = _read(self.path)
        changed = list(_differences(before, self._settings))
        if changed:
            others = f"; and {len(changed) - 3} more" if len(changed) > 4 else ""
            raise ValueError(f"{self.path} is of another training: {'; '.join(changed[: 3 if others else 4])}{others}")
        for which, tensors in (("last", state.last), ("best", state.best)):
            if tensors is not None and sizes(tensors) != self._settings["model"]:
                raise ValueError(f"{self.path} is no whole {FORMAT}: its {which} weights are {sizes(tensors)}")
        self._settings["attributes"], self.written = before["attributes"], True
        return state

    def is_due(self, epoch: int) -> bool:
        """Whether it is to be written after this epoch."""
        return epoch % self.epochs == 0 or self.is_late()

    def is_late(self) -> bool:
        """Whether it is to be written now, in the middle of an epoch."""
        return self.seconds is not None and time.monotonic() - self._saved >= self.seconds

    def save(self, state: State) -> None:
        """Write it, in the place of what was there.

        Raises:
            FileExistsError: where somebody else has written to it since this training wrote it, or began.
            OSError: if that is not possible; what was there is there still.
        """
        if _which(self.path) not in (self._known, None):
            raise FileExistsError(f"{self.path} is another training's: it has been written since this one wrote it")
        now, begun = state.attributes, self._settings.get("attributes", {})
        lasting = {name: value for name, value in begun.items() if name in now and now[name] == value}
        self._settings["attributes"] = lasting  # what has changed once is a state, and no setting
        changed = {name: value for name, value in now.items() if name not in lasting}
        try:
            _write(self.path, replace(state, attributes=changed), self._settings)
        finally:
            self._known = _which(self.path)
        self._saved, self.written = time.monotonic(), True

    def leave_to_another(self) -> None:
        """It is another process of this training that writes it now."""
        self._saved, self.written = time.monotonic(), True

    def read(self) -> State:
        """What it holds.

        Raises:
            FileNotFoundError: if there is none.
            ValueError: for a file that is no checkpoint, or a damaged one.
        """
        return _read(self.path)[0]

    def load_into(self, model: Module, which: str = "best") -> None:
        """Give a model the parameters that it holds: the best, or the last.

        Raises:
            ValueError: also for parameters that do not fit the model, which stays as it is.
        """
        if which not in ("best", "last"):
            raise ValueError(f"which is 'best' or 'last', not {which!r}")
        state = self.read()
        tensors = state.last if which == "last" or state.best is None else state.best
        for name, tensor in tensors.items():
            if not np.isfinite(tensor).all():
                raise ValueError(f"{self.path}: {name} has numbers that are not finite")
        model.load_state_dict(tensors)


def _which(path: Path) -> tuple[int, ...] | None:
    """What tells a file from every other one that was or will be there; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def sizes(tensors: Mapping[str, Any]) -> list[str]:
    """The names and sizes of tensors, for people and to be compared."""
    return sorted(f"{name} {np.shape(tensor)}" for name, tensor in tensors.items())


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """What of the settings was something else before. Attributes that are new are none of that training."""
    for name, value in now.items():
        if name == "attributes":
            for place, then in before[name].items():
                if value.get(place) != then:
                    yield f"{place} was {_shown(then)} and is {_shown(value.get(place))}"
        elif before.get(name) != value:
            yield f"{name} was {before.get(name)!r} and is {value!r}"


def _shown(written: Any) -> str:
    return repr(next(iter(written.values()), written) if isinstance(written, dict) else written)


def _write(path: Path, state: State, settings: Mapping[str, Any]) -> None:
    tensors = {f"last.{name}": tensor for name, tensor in state.last.items()}
    tensors |= {f"best.{name}": tensor for name, tensor in (state.best or {}).items()}
    tensors |= {f"optimiser.{i}": slot for i, slot in enumerate(state.slots) if isinstance(slot, np.ndarray)}
    arrays = {name: np.array(tensor, np.float64) for name, tensor in tensors.items()}
    if state.order is not None:
        arrays["order"] = state.order.astype(np.int64)
    history = state.history
    about = {
        "settings": settings,
        "epochs": [asdict(epoch) for epoch in history],
        "best": history.best and history.best.number,
        "stopped": history.stopped,
        "slots": [None if isinstance(slot, np.ndarray) else [slot] for slot in state.slots],
        "attributes": state.attributes,
        "generators": state.generators,
        "at": state.at,
        "total": state.total,
    }
    arrays["training"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    write(path, arrays, {"format": FORMAT})


def _read(path: Path) -> tuple[State, dict[str, Any]]:
    arrays, metadata, checked = read(path)
    if metadata.get("format") != FORMAT:
        raise ValueError(f"{path} is a safetensors file, but no {FORMAT}")
    try:
        if not checked:
            raise ValueError("it has no checksum")
        about = json.loads(arrays.pop("training").tobytes())
        epochs = _epochs(about["epochs"])
        best = next((epoch for epoch in epochs if epoch.number == about["best"]), None)
        slots = [arrays[f"optimiser.{i}"] if slot is None else slot[0] for i, slot in enumerate(about["slots"])]
        if type(about["stopped"]) is not str or type(about["at"]) is not int:
            raise ValueError("it does not say where it stopped")
        state = State(
            History(epochs, best, about["stopped"]),
            _under("last.", arrays),
            _under("best.", arrays) or None,
            slots,
            about["attributes"],
            about["generators"],
            arrays.get("order"),
            about["at"],
            float(about["total"]),
        )
        if not all(np.isfinite(tensor).all() for tensor in (state.best or {}).values()):
            raise ValueError("the best weights are no finite numbers")
        return state, dict(about["settings"], attributes=dict(about["settings"]["attributes"]))
    except DAMAGED as error:
        raise broken(path, error) from error


def broken(path: Path, error: Exception) -> ValueError:
    """The error of a file with a right checksum, and something in it that no training wrote."""
    return ValueError(f"{path} is no whole {FORMAT}: {type(error).__name__}: {error}")


def _epochs(given: Any) -> list[Epoch]:
    epochs = [Epoch(**epoch) for epoch in given]
    for i, epoch in enumerate(epochs):
        numbers = [epoch.learning, epoch.validation, epoch.lr, *epoch.metrics.values()]
        if type(epoch.number) is not int or epoch.number != epochs[0].number + i or epochs[0].number not in (0, 1):
            raise ValueError(f"the number of epoch {i} is {epoch.number!r}")
        if not all(number is None or type(number) in (int, float) for number in numbers):
            raise ValueError(f"what was measured in epoch {i} are no numbers")
    return epochs


def _under(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
