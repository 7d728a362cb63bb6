"""The main job: the network of the seeds learns handwritten digits, and shows what it has learned.

`run` holds one digit's gradients against the four equations, trains, and leaves in a folder

=======================  ========================================================================
``weights.safetensors``  the best network so far, written anew after each epoch that is better
``history.csv``          loss and accuracy of each epoch, written anew after each
``curves.png``           the same as curves
``confusion.png``        which digit was read as which
``first_layer.png``      the weights of the first layer as images
``misclassified.png``    the held-out digits that were read wrong
``neuron.svg``           the computation graph of one output neuron with its gradients
=======================  ========================================================================

Each file is there whole or not at all, so that stopping at any moment costs only what was not
finished. The pictures are of the network in ``weights.safetensors``.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import nn
from autograd.files import replacing
from nn.extras import require

if TYPE_CHECKING:
    from nn.data import Digits
    from nn.training import Engine

__all__ = ["CHOICES", "FILES", "InputError", "Settings", "run"]

FILES = (
    "weights.safetensors",
    "history.csv",
    "curves.png",
    "confusion.png",
    "first_layer.png",
    "misclassified.png",
    "neuron.svg",
)
"""What a run writes, in this order."""

FORMULAS = {
    "half_squared_error": "½ Σ (ŷ − y)²",
    "squared_error": "Σ (ŷ − y)²",
    "mse_loss": "mean (ŷ − y)²",
    "cross_entropy": "−Σ y log softmax(ŷ)",
}
"""The losses to choose from."""

_GRAPHVIZ = () if shutil.which("dot") else ("pygraphviz",)  # its wheels bring Graphviz along

CHOICES: dict[str, tuple[str, ...]] = {
    "engine": ("eager", "compiled"),
    "activation": ("sigmoid", "tanh", "relu", "linear"),
    "output": ("sigmoid", "tanh", "relu", "linear"),
    "loss": tuple(FORMULAS),
    "init": tuple(nn.INITIALISERS),
    "theme": ("light", "dark"),
}
"""The settings that are one of a few words. Activations and losses are those that `nn.by_hand` knows."""


class InputError(ValueError):
    """Settings or files that this job cannot work with."""


@dataclass(frozen=True)
class Settings:
    """What the job can be told; the defaults are the seeds' network on scikit-learn's digits.

    Raises:
        InputError: for a setting out of its range.
    """

    data: Path | None = None
    out: Path = Path("runs/digits")
    engine: str = "compiled"
    hidden: tuple[int, ...] = (16, 16)
    activation: str = "sigmoid"
    output: str = "sigmoid"
    loss: str = "half_squared_error"
    batch_size: int = 10
    lr: float = 3.0
    epochs: int = 30
    init: str = "uniform"  # on seeds 10–29 it ends at 97.0 % on average (he 96.9, xavier 96.7, gaussian 95.7)
    seed: int = 0
    limit: int | None = None
    theme: str = "light"

    def __post_init__(self) -> None:
        for name, words in CHOICES.items():
            if getattr(self, name) not in words:
                raise InputError(f"{name} is one of {', '.join(words)}, not {getattr(self, name)!r}")
        for name, numbers in {
            "hidden": self.hidden,
            "batch_size": (self.batch_size,),
            "epochs": (self.epochs,),
            "limit": (1 if self.limit is None else self.limit,),
        }.items():
            if any(number < 1 for number in numbers):
                raise InputError(f"{name} is at least 1, not {min(numbers)}")
        if not 0 <= self.lr < float("inf"):
            raise InputError(f"lr is a finite number of at least 0, not {self.lr}")
        if not 0 <= self.seed < 2**32:
            raise InputError(f"seed is a whole number from 0 to 2³² − 1, not {self.seed}")


class Epoch(NamedTuple):
    """What is measured after an epoch; number 0 is the untrained network."""

    number: int
    learning: float
    """The mean loss of the digits learned from, while learning."""
    held_out: float
    """The mean loss of the held-out digits, afterwards."""
    right: int
    """How many of the held-out digits were read right."""


@dataclass
class _Progress:
    """What has come of a run so far."""

    held_out: int = 0
    history: list[Epoch] = field(default_factory=list)
    best: Epoch | None = None
    written: list[Path] = field(default_factory=list)

    def wrote(self, path: Path) -> None:
        if path not in self.written:
            self.written.append(path)


def run(settings: Settings) -> None:
    """Do the whole job, printing how it goes; on a terminal with a progress bar on the error output.

    Raises:
        InputError: for data that cannot be used, before anything is written.
        MissingLibraryError: for libraries that are not installed, likewise.
        OSError: if a file cannot be written.
        ArithmeticError: if the engine's gradients are not those of the four equations.
        KeyboardInterrupt: on Ctrl-C, after printing what is whole on disk.
    """
    progress = _Progress()
    try:
        _run(settings, progress)
    except KeyboardInterrupt:
        print(f"\nInterrupted. {_left(settings, progress)}")
        raise


def _run(settings: Settings, progress: _Progress) -> None:
    began = perf_counter()
    require("numpy", "sklearn", "tqdm", "matplotlib", "safetensors", "graphviz", *_GRAPHVIZ)
    digits = _load(settings)
    model = nn.MLP(
        digits.x_train.shape[1],
        [*settings.hidden, digits.classes],
        activation=settings.activation,
        output=settings.output,
        init=settings.init,
        seed=settings.seed,
    )
    try:
        settings.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{settings.out} is no folder and cannot become one: {error.strerror}") from error
    progress.held_out = len(digits.x_test)
    print(_introduction(settings, model, digits))
    _check_gradients(settings, model, digits)
    outputs = _train(settings, model, digits, progress)
    _draw(settings, model, digits, outputs, progress)
    print(f"\n{_result(progress)}\nDone in {_duration(perf_counter() - began)}. Written:\n{_listing(progress)}")


def _load(settings: Settings) -> Digits:
    from nn import data

    try:
        digits = data.mnist(settings.data) if settings.data else data.bundled_digits(settings.seed)
    except (OSError, ValueError) as error:
        raise InputError(str(error)) from error
    return digits._replace(x_train=digits.x_train[: settings.limit], y_train=digits.y_train[: settings.limit])


def _check_gradients(settings: Settings, model: nn.MLP, digits: Digits) -> None:
    """Hold the engine's gradients for the first digit against the four equations, and print how they compare."""
    from nn import by_hand, data

    x, y = digits.x_train[0].tolist(), data.one_hot(digits.y_train[:1], digits.classes)[0].tolist()
    difference, largest = by_hand.largest_difference(model, x, y, settings.loss)
    print(
        f"Gradient check on one digit: {len(model.parameters())} gradients by the engine and by the four equations "
        f"BP1–BP4;\nlargest difference {difference:.1e}, largest gradient {largest:.1e}."
    )
    if not difference <= 1e-9 * max(1, largest):  # rounding makes 1e-16 or so
        raise ArithmeticError("the engine's gradients are not those of the four equations")


def _engine(settings: Settings, model: nn.MLP) -> Engine:
    from nn import training

    loss, optimiser = getattr(nn, settings.loss), partial(nn.SGD, lr=settings.lr)
    if settings.engine == "compiled":
        return training.Compiled(
            model, loss, optimiser, len(model.layers[0].neurons[0].w), len(model.layers[-1].neurons)
        )
    return training.Eager(model, loss, optimiser)


def _train(settings: Settings, model: nn.MLP, digits: Digits, progress: _Progress) -> Any:
    """Train, leave the best weights in the file and in the model, and return their outputs for the held-out digits."""
    from tqdm import tqdm

    from nn import data, training, weights

    engine, loss = _engine(settings, model), getattr(nn, settings.loss)
    y_train, y_test = (data.one_hot(y, digits.classes) for y in (digits.y_train, digits.y_test))
    weight_path, history_path = settings.out / "weights.safetensors", settings.out / "history.csv"
    kept: Any = None

    def measure(learning: float) -> None:
        nonlocal kept
        outputs = engine.outputs(digits.x_test)
        right = int((outputs.argmax(1) == digits.y_test).sum())
        epoch = Epoch(len(progress.history), learning, training.mean_loss(loss, outputs, y_test), right)
        best = progress.best
        better = best is None or (learning == learning and (right, -epoch.held_out) > (best.right, -best.held_out))
        if better:
            engine.write_back()
            weights.save(weight_path, model, epoch=str(epoch.number), held_out=f"{right} of {len(outputs)} right")
            progress.best, kept = epoch, (model.state_dict(), outputs)
            progress.wrote(weight_path)
        progress.history.append(epoch)
        _write_history(history_path, progress)
        progress.wrote(history_path)
        bar.write(_row(epoch, len(outputs)) + "   best so far" * better)

    steps = settings.epochs * -(-len(digits.x_train) // settings.batch_size)
    print(_estimate(settings, model, digits) if settings.engine == "eager" else "")
    with tqdm(total=steps, unit=" mini-batches", leave=False, dynamic_ncols=True, disable=None) as bar:
        bar.write("epoch    E, learning    E, held out   held-out digits read right")
        measure(float("nan"))
        losses = training.train(
            engine,
            digits.x_train,
            y_train,
            batch_size=settings.batch_size,
            epochs=settings.epochs,
            seed=settings.seed,
            after_step=lambda _: bar.update(),
        )
        for learning in losses:
            measure(learning)
            if learning != learning:
                bar.write("The loss is no number any more, so training ends here. A smaller --lr may help.")
                break
    best_state, best_outputs = kept
    model.load_state_dict(best_state)
    return best_outputs


def _write_history(path: Path, progress: _Progress) -> None:
    rows = ["epoch,learning_loss,held_out_loss,held_out_accuracy"]
    rows += [f"{e.number},{e.learning},{e.held_out},{e.right / progress.held_out}" for e in progress.history]
    with replacing(path) as temporary:
        temporary.write_text("\n".join(rows) + "\n")


def _draw(settings: Settings, model: nn.MLP, digits: Digits, outputs: Any, progress: _Progress) -> None:
    """Write the pictures of the network that the outputs are from, one after the other."""
    import numpy as np

    from nn import figures

    def write(name: str, figure: Callable[..., Any], *arguments: Any) -> None:
        path = settings.out / name
        figures.save(figure(*arguments, theme=settings.theme), path)
        progress.wrote(path)

    history, labels = progress.history, digits.y_test
    learning, held_out = [e.learning for e in history[1:]], [e.held_out for e in history]
    accuracy, formula = [e.right / progress.held_out for e in history], f"E = {FORMULAS[settings.loss]}"
    write("curves.png", figures.curves, learning, held_out, accuracy, formula)
    write("confusion.png", figures.confusion_matrix, labels, outputs.argmax(1), digits.classes)
    write("first_layer.png", figures.first_layer, np.array(model.state_dict()["layers.0.weight"]), digits.shape)
    write("misclassified.png", figures.misclassified, digits.x_test, labels, outputs, digits.shape)
    path = settings.out / "neuron.svg"
    _draw_neuron(settings, model, digits, outputs, path)
    progress.wrote(path)


def _draw_neuron(settings: Settings, model: nn.MLP, digits: Digits, outputs: Any, path: Path) -> None:
    """The graph of the loss of one digit as one output neuron sees it: what comes in and the other outputs are numbers.

    It is the digit that was read worst, and the neuron that should have fired.
    """
    import autograd

    worst = int(outputs[range(len(outputs)), digits.y_test].argmin())
    digit = int(digits.y_test[worst])
    a: Any = digits.x_test[worst].tolist()
    for layer in model.layers[:-1]:
        a = layer(a)
    incoming = [getattr(x, "data", x) for x in (a if isinstance(a, list) else [a])]
    neuron = model.layers[-1].neurons[digit]
    y_hat = neuron(incoming)
    error = getattr(nn, settings.loss)(
        [*outputs[worst, :digit].tolist(), y_hat, *outputs[worst, digit + 1 :].tolist()],
        [float(k == digit) for k in range(digits.classes)],
    )
    names = {f"w{i}": w for i, w in enumerate(neuron.w, 1)} | {"b": neuron.b}
    y_hat.label, error.label = f"ŷ{digit}", "E"
    if y_hat.op is not None and y_hat.op.name != "dot":
        y_hat.parents[0].label = f"z{digit}"
    error.backward()
    autograd.draw(error, model=names, theme=settings.theme).save(path)


# ── what is printed ───────────────────────────────────────────────────────────────────────────


def _introduction(settings: Settings, model: nn.MLP, digits: Digits) -> str:
    sizes = "-".join(map(str, [digits.x_train.shape[1], *settings.hidden, digits.classes]))
    return (
        f"{digits.source}: {len(digits.x_train)} digits of {'×'.join(map(str, digits.shape))} pixels to learn from, "
        f"{len(digits.x_test)} held out.\n"
        f"Network {sizes}: {settings.activation}, {settings.output} at the output, "
        f"{len(model.parameters())} parameters drawn by {settings.init!r}, seed {settings.seed}.\n"
        f"E = {FORMULAS[settings.loss]}, mini-batches of {settings.batch_size}, learning rate {settings.lr:g}, "
        f"{settings.epochs} epochs, {settings.engine} engine."
    )


def _estimate(settings: Settings, model: nn.MLP, digits: Digits) -> str:
    """How long the eager engine will take, from a few passes made now; no parameter moves."""
    loss, target = getattr(nn, settings.loss), [0.0] * digits.classes
    forward, both = [], []
    for x in digits.x_train[:5].tolist():
        began = perf_counter()
        error = loss(model(x), target)
        forward.append(perf_counter() - began)
        error.backward()
        both.append(perf_counter() - began)
    model.zero_grad()
    a_pass, a_step = sorted(forward)[len(forward) // 2], sorted(both)[len(both) // 2]
    seconds = settings.epochs * (a_step * len(digits.x_train) + a_pass * len(digits.x_test))
    advice = " Shorter: --engine compiled, or fewer --epochs, or --limit." if seconds > 300 else ""
    return f"At {1000 * a_step:.2g} ms a digit, this will take about {_duration(seconds)}.{advice}\n"


def _row(epoch: Epoch, held_out: int) -> str:
    learning = f"{epoch.learning:.4f}" if epoch.number else "–"
    share = 100 * epoch.right / held_out
    return f"{epoch.number:5}   {learning:>12}   {epoch.held_out:11.4f}   {epoch.right:5} of {held_out}  {share:6.2f} %"


def _right(epoch: Epoch, progress: _Progress) -> str:
    return f"{epoch.right} of {progress.held_out} held-out digits ({100 * epoch.right / progress.held_out:.2f} %)"


def _result(progress: _Progress) -> str:
    last, best = progress.history[-1], progress.best
    assert best is not None
    end = f"At the end the network reads {_right(last, progress)} right."
    if best is last:
        return end
    return (
        f"{end}\nThe best was epoch {best.number} with {_right(best, progress)}; its weights are kept and drawn "
        "(chosen by these same digits, so that number flatters a little)."
    )


def _left(settings: Settings, progress: _Progress) -> str:
    """What an interruption leaves behind."""
    if progress.best is None:
        return "Nothing was finished yet, so nothing was written."
    older = [name for name in FILES if (settings.out / name).exists() and settings.out / name not in progress.written]
    stage = f"after epoch {progress.best.number}" if progress.best.number else "still the untrained network"
    return (
        f"What was finished is whole on disk; the weights are the best so far, {stage}, which reads "
        f"{_right(progress.best, progress)} right.\nWritten:\n{_listing(progress)}"
        + (f"\nFrom an earlier run: {', '.join(older)}" if older else "")
    )


def _listing(progress: _Progress) -> str:
    return "\n".join(f"  {path}" for path in progress.written)


def _duration(seconds: float) -> str:
    """
    >>> _duration(4.2), _duration(95), _duration(9000)
    ('4.2 s', '1 min 35 s', '2 h 30 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
