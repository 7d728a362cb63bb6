"""Trained networks on disk, as safetensors: safe to load from anyone, and PyTorch's names and shapes.

With this module one can

* write a network, whole or not at all: `save`;
* get it back, sizes and activations included: `load`;
* take it to PyTorch: `safetensors.torch.load_file` gives the ``state_dict`` of a module with
  ``layers = ModuleList([Linear(64, 16), …])``, ``layers.0.weight`` being [out, in].

A file has a checksum (`nn.tensors`), so that what is loaded is what was saved. One from elsewhere without it is loaded
with an `UncheckedWarning`.
"""

from __future__ import annotations

import itertools
import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["MOST", "UncheckedWarning", "load", "save"]

FORMAT = "scalar-autograd MLP"
MOST = 1_000_000
"""How many parameters are loaded unless told otherwise. That is 200 MB of `Value`s, made in some seconds."""


class UncheckedWarning(UserWarning):
    """A file has no checksum, so nobody can tell whether it is as it was written."""


def save(path: str | Path, model: nn.MLP, **about: str) -> None:
    """Write the weights and biases of a network, as float64, and what is needed to build it again.

    The same network and texts give the same bytes.

    Args:
        path: where to; a file there is replaced at once, when the new one is whole.
        model: its activations must have names that `nn.MLP` knows.
        about: more entries for the metadata, texts.

    Raises:
        ValueError: for activations that cannot be told by name, or more than two different ones.
        OSError: if the file cannot be written.
    """
    import numpy as np

    from nn.tensors import write

    *hidden, output = [layer.neurons[0].activation for layer in model.layers]
    activation = hidden[0] if hidden else "linear"
    sizes = [len(model.layers[0].neurons[0].w), *(len(layer.neurons) for layer in model.layers)]
    again = nn.MLP(sizes[0], sizes[1:], activation=activation, output=output, seed=0)
    if repr(again) != repr(model):
        raise ValueError(f"only what nn.MLP(nin, nouts, activation=…, output=…) makes can be saved, not {model!r}")
    description = {"format": FORMAT, "sizes": json.dumps(sizes), "activation": activation, "output": output}
    tensors = {name: np.array(tensor, np.float64) for name, tensor in model.state_dict().items()}
    write(path, tensors, about | description)


def load(path: str | Path, *, most: int = MOST) -> nn.MLP:
    """The network in a file that `save` wrote, or another program in any precision of floats.

    Args:
        path: the file.
        most: how many parameters it may have; each becomes a `Value`, which takes much more memory than a number.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: for a file that is no safetensors file, is damaged, holds a weight that is not finite,
            describes no network or another one than its tensors make, or has too many parameters, saying which.

    Warns:
        UncheckedWarning: if the file has no checksum.
    """
    from nn.tensors import read

    tensors, about, checked = read(path)
    if about.get("format") != FORMAT:
        raise ValueError(f"{path} is a safetensors file, but says of no {FORMAT}, so how to build one is unknown")
    try:
        nin, *nouts = _sizes(about)
        _check(tensors, [nin, *nouts], most)  # before anything of those sizes is made
        model = nn.MLP(nin, nouts, activation=about["activation"], output=about["output"], seed=0)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        fault = f"it has no {error}" if isinstance(error, KeyError) else error
        raise ValueError(f"{path} describes no network: {fault}") from error
    _fill(model, tensors)
    if not checked:
        said = f"{path} has no checksum: whether its weights are as they were written cannot be told"
        warnings.warn(said, UncheckedWarning, stacklevel=2)
    return model


def _sizes(about: Mapping[str, str]) -> list[int]:
    """The number of inputs, and of the neurons of each layer."""
    try:
        sizes = json.loads(about["sizes"])
    except (ValueError, RecursionError):
        sizes = None
    if not isinstance(sizes, list) or len(sizes) < 2 or not all(type(n) is int and n > 0 for n in sizes):
        text = about["sizes"] if len(about["sizes"]) <= 80 else about["sizes"][:79] + "…"
        raise ValueError(f"sizes are two whole numbers or more, as in [64, 10], not {text!r}")
    return sizes


def _check(tensors: Mapping[str, NDArray[Any]], sizes: list[int], most: int) -> None:
    """Whether these are finite weights of a network of these sizes."""
    import numpy as np

    shapes: dict[str, list[int]] = {}
    for i, (n, nout) in enumerate(itertools.pairwise(sizes)):
        shapes |= {f"layers.{i}.weight": [nout, n], f"layers.{i}.bias": [nout]}
    here = {name: list(tensor.shape) for name, tensor in tensors.items()}
    if here != shapes:
        raise ValueError(f"its sizes are {sizes}, but its tensors {here}")
    if (count := sum(tensor.size for tensor in tensors.values())) > most:
        raise ValueError(f"it has {count} parameters, and at most {most} are loaded: load(…, most={count})")
    for name, tensor in tensors.items():
        if tensor.dtype.kind != "f":
            raise ValueError(f"{name} is an array of {tensor.dtype}, and weights are floats")
        finite = np.isfinite(tensor)
        if not finite.all():
            at = tuple(map(int, np.unravel_index(np.argmin(finite), tensor.shape)))
            raise ValueError(f"weights are finite numbers, and {name}{list(at)} is {tensor[at]}")


def _fill(model: nn.MLP, tensors: Mapping[str, NDArray[Any]]) -> None:
    """Set the data neuron by neuron: at a million parameters, `load_state_dict` takes half a minute."""
    for i, layer in enumerate(model.layers):
        for neuron, row, b in zip(
            layer.neurons, tensors[f"layers.{i}.weight"], tensors[f"layers.{i}.bias"].tolist(), strict=True
        ):
            for w, number in zip(neuron.w, row.tolist(), strict=True):
                w.data = number
            neuron.b.data = b
