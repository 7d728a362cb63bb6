"""Trained networks on disk, as safetensors: safe to load from anyone, and PyTorch's names and shapes.

With this module one can

* write a network, whole or not at all: `save`;
* get it back, sizes and activations included: `load`;
* take it to PyTorch: `safetensors.torch.load_file` gives the ``state_dict`` of a module with
  ``layers = ModuleList([Linear(64, 16), …])``, ``layers.0.weight`` being [out, in].
"""

from __future__ import annotations

import json
from pathlib import Path

import nn
from autograd.files import replacing

__all__ = ["load", "save"]

FORMAT = "scalar-autograd MLP"


def save(path: str | Path, model: nn.MLP, **about: str) -> None:
    """Write the weights and biases of a network, as float64, and what is needed to build it again.

    Args:
        path: where to; a file there is replaced at once, when the new one is whole.
        model: its activations must have names that `nn.MLP` knows.
        about: more entries for the metadata, texts.

    Raises:
        ValueError: for activations that cannot be told by name, or more than two different ones.
        OSError: if the file cannot be written.
    """
    import numpy as np
    from safetensors.numpy import save as serialised

    *hidden, output = [layer.neurons[0].activation for layer in model.layers]
    activation = hidden[0] if hidden else "linear"
    sizes = [len(model.layers[0].neurons[0].w), *(len(layer.neurons) for layer in model.layers)]
    again = nn.MLP(sizes[0], sizes[1:], activation=activation, output=output, seed=0)
    if repr(again) != repr(model):
        raise ValueError(f"only what nn.MLP(nin, nouts, activation=…, output=…) makes can be saved, not {model!r}")
    description = {"format": FORMAT, "sizes": json.dumps(sizes), "activation": activation, "output": output}
    tensors = {name: np.array(tensor, np.float64) for name, tensor in model.state_dict().items()}
    with replacing(path) as temporary:
        temporary.write_bytes(serialised(tensors, about | description))  # save_file would make it unreadable for others


def load(path: str | Path) -> nn.MLP:
    """The network in a file that `save` wrote.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: for a file that is no safetensors file, or describes no network, or another one
            than its tensors make, saying which.
    """
    from safetensors import SafetensorError, safe_open

    if not Path(path).is_file():
        raise FileNotFoundError(f"{path} is no file")
    try:
        with safe_open(path, framework="np") as file:
            about = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  it is no dictionary
    except (SafetensorError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no safetensors file, or a damaged one: {error}") from error
    if about.get("format") != FORMAT:
        raise ValueError(f"{path} is a safetensors file, but says of no {FORMAT}, so how to build one is unknown")
    try:
        nin, *nouts = json.loads(about["sizes"])
        here = {name: list(tensor.shape) for name, tensor in tensors.items()}
        if here != _shapes(nin, nouts):  # before anything of those sizes is made
            raise ValueError(f"its sizes are {[nin, *nouts]}, but its tensors {here}")
        model = nn.MLP(nin, nouts, activation=about["activation"], output=about["output"], seed=0)
        model.load_state_dict(tensors)
    except (KeyError, TypeError, ValueError) as error:
        fault = f"it has no {error}" if isinstance(error, KeyError) else error
        raise ValueError(f"{path} describes no network: {fault}") from error
    return model


def _shapes(nin: int, nouts: list[int]) -> dict[str, list[int]]:
    """The shape of each tensor of a network, weights as [out, in]."""
    shapes: dict[str, list[int]] = {}
    for i, (n, nout) in enumerate(zip([nin, *nouts], nouts, strict=False)):
        shapes |= {f"layers.{i}.weight": [nout, n], f"layers.{i}.bias": [nout]}
    return shapes
