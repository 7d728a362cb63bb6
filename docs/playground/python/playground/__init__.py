"""What the playground has beside `autograd` and `nn`: the pad that digits are drawn on, and a network that reads them.

>>> from playground import drawn, reader
>>> model = reader()
>>> len(drawn()), model
(64, MLP(64, [16, 16, 10], activation='sigmoid', output='sigmoid'))
"""

from __future__ import annotations

import json
from importlib.resources import files

import nn

__all__ = ["drawn", "reader"]

pixels = [0.0] * 64
"""What is on the pad, as the page says before each run."""


def drawn() -> list[float]:
    """The drawing on the pad as 8 × 8 pixels, row by row, from 0, the ground, to 1, ink."""
    return list(pixels)


def reader() -> nn.MLP:
    """The network 64-16-16-10 that ``python -m nn digits`` has trained, with its weights."""
    made = json.loads(files("playground").joinpath("digits.json").read_text())
    inputs, *outputs = made["sizes"]
    model = nn.MLP(inputs, outputs, activation=made["activation"], output=made["output"], seed=0)
    model.load_state_dict(made["state"])
    return model
