"""What is measured while a network learns: an `Epoch` a row, in a `History` that plots itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd.files import write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Epoch", "History"]


@dataclass(frozen=True)
class Epoch:
    """What is measured after an epoch; number 0 is the untrained network.

    Attributes:
        number: how many epochs it has learned.
        learning: the mean loss of the samples learned from, while learning, each with the parameters of its
            turn; None of number 0.
        validation: the mean loss of the samples it chooses by, afterwards; None without such.
        metrics: whatever else is measured on those, by name.
        lr: the learning rate η of the last step; None of number 0.
    """

    number: int
    learning: float | None = None
    validation: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    lr: float | None = None


@dataclass
class History(Sequence[Epoch]):
    """The epochs of a training in their order.

    Attributes:
        epochs: all of them.
        best: the one whose weights are kept; None before there is any.
        stopped: why the training ended, in words; "" as long as it has not.

    >>> from nn.history import Epoch, History
    >>> history = History([Epoch(0, validation=0.7), Epoch(1, 0.6, 0.5, {"accuracy": 0.8}, 0.1)])
    >>> print(history.csv())
    epoch,learning,validation,lr,accuracy
    0,,0.7,,
    1,0.6,0.5,0.1,0.8
    <BLANKLINE>
    """

    epochs: list[Epoch] = field(default_factory=list)
    best: Epoch | None = None
    stopped: str = ""

    def __getitem__(self, at: Any) -> Any:
        return self.epochs[at]

    def __len__(self) -> int:
        return len(self.epochs)

    def __iter__(self) -> Iterator[Epoch]:
        return iter(self.epochs)

    @property
    def metrics(self) -> list[str]:
        """The names of what else was measured."""
        return list(dict.fromkeys(name for epoch in self.epochs for name in epoch.metrics))

    def column(self, name: str) -> list[float]:
        """One quantity over the epochs; NaN where it was not measured."""
        values = [epoch.metrics.get(name) if name in self.metrics else getattr(epoch, name) for epoch in self.epochs]
        return [float("nan") if value is None else value for value in values]

    def csv(self) -> str:
        """A line an epoch, with a header; what was not measured is empty."""
        names = ["learning", "validation", "lr", *self.metrics]
        lines = [",".join(["epoch", *names])]
        for epoch in self.epochs:
            row = [epoch.learning, epoch.validation, epoch.lr, *(epoch.metrics.get(name) for name in self.metrics)]
            lines.append(",".join([str(epoch.number), *("" if x is None else repr(float(x)) for x in row)]))
        return "\n".join(lines) + "\n"

    def save(self, path: str | Path) -> None:
        """Write `csv` to a file, whole or not at all."""
        write(path, self.csv().encode())

    def plot(self, *, theme: str = "light") -> Figure:
        """The losses over the epochs, and what else was measured beside them, as a Matplotlib figure.

        Raises:
            ModuleNotFoundError: without Matplotlib.
        """
        from nn import figures

        return figures.history(self, theme=theme)

    def _repr_png_(self) -> bytes | None:
        import io

        try:
            figure = self.plot()
        except ModuleNotFoundError:
            return None
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        return buffer.getvalue()

    def __repr__(self) -> str:
        if not self.epochs:
            return "History of no epoch"
        last = self.epochs[-1]
        parts = [f"learning loss {last.learning:.4g}"] if last.learning is not None else []
        parts += [f"validation loss {last.validation:.4g}"] if last.validation is not None else []
        parts += [f"{name} {value:.4g}" for name, value in last.metrics.items()]
        best = f"; best epoch {self.best.number}" if self.best is not None and self.best is not last else ""
        return f"History of {last.number} epochs: {', '.join(parts)}{best}"
