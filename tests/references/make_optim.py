"""Makes optim.json: where PyTorch's optimisers go on a function of three parameters, in 100 steps.

Run with PyTorch installed (made with 2.13): ``python tests/references/make_optim.py``. The tests minimise the same
function with this project's optimisers and compare.
"""

from __future__ import annotations

import json
from pathlib import Path

START = [1.0, -2.0, 0.5]
STEPS = 100
KEPT = [1, 2, 3, 10, 50, 100]
"""The steps after which the parameters are kept: the first ones start up the moments."""

SETTINGS: list[tuple[str, dict[str, object]]] = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.5}),
    ("SGD", {"lr": 0.05, "momentum": 0.8, "nesterov": True}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.02, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("Adam", {}),
    ("Adam", {"lr": 0.1}),
    ("Adam", {"lr": 0.05, "betas": [0.8, 0.95], "eps": 1e-4}),
    ("Adam", {"lr": 0.05, "weight_decay": 0.1}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.05}),
    ("AdamW", {"lr": 0.01, "weight_decay": 0.5, "betas": [0.8, 0.99], "eps": 1e-3}),
]


def main() -> None:
    import torch

    runs = []
    for name, settings in SETTINGS:
        w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
        keywords = {key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()}
        optimiser = getattr(torch.optim, name)([w], **keywords)
        after = {}
        for step in range(1, STEPS + 1):
            optimiser.zero_grad()
            a, b, c = w
            f = a * a / 2 + (b - 1) ** 2 + torch.sin(a * b) / 4 + 2 * (c + a / 4) ** 2
            f.backward()
            optimiser.step()
            if step in KEPT:
                after[str(step)] = w.detach().tolist()
        runs.append({"optimiser": name, "settings": settings, "after": after})
    found = {"torch": torch.__version__, "runs": runs}
    Path(__file__).with_name("optim.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
