"""Makes losses.json: PyTorch's losses and their gradients, extreme logits and ties included.

Run with PyTorch installed (made with 2.13): ``python tests/references/make_losses.py``. The tests compute the same
with this project's losses and compare.
"""

from __future__ import annotations

import json
from pathlib import Path

PAIRS = [([0.75], [1.0]), ([0.2, -1.5, 3.0, 0.0], [1.0, 0.0, 3.0, -2.0]), ([1e-9, 1e9], [0.0, 1e9])]
PROBABILITIES = [
    ([0.9], [1.0]),
    ([0.9, 0.2, 0.5], [1.0, 0.0, 0.3]),
    ([1e-10, 1 - 1e-10, 1e-8], [1.0, 0.0, 0.5]),
]
LOGITS = [
    ([0.3], [1.0]),
    ([-1.0, 2.0, 0.0], [0.0, 1.0, 0.25]),
    ([1000.0, -1000.0, 1000.0, -1000.0], [0.0, 1.0, 1.0, 0.0]),
    ([1e308, -40.0, 37.0], [1.0, 1.0, 0.0]),
]
CLASSES = [
    ([2.0, 1.0, 0.0], 0),
    ([0.3], 0),
    ([1000.0, -1000.0, 0.0], 1),
    ([1e308, -1e308, 1e308], 2),
    ([-745.0, -746.0, -800.0], 2),
    ([2.0, 1.0, 0.0], [0.7, 0.2, 0.1]),
    ([500.0, -500.0], [0.5, 0.5]),
]
MARGINS = [([0.5], [1.0]), ([0.5, -2.0, 3.0, 1.0], [1.0, -1.0, -1.0, 1.0])]
"""The last one is on the kink, 1 − yŷ = 0."""


def main() -> None:
    import torch
    from torch.nn import functional

    def squared_error(z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return functional.mse_loss(z, y, reduction="sum")

    def cross_entropy(z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(z[None], y[None])

    def hinge_loss(z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return torch.relu(1 - y * z).mean()

    losses = {
        "squared_error": (squared_error, PAIRS),
        "half_squared_error": (lambda z, y: squared_error(z, y) / 2, PAIRS),
        "mse_loss": (functional.mse_loss, PAIRS),
        "l1_loss": (functional.l1_loss, PAIRS),
        "binary_cross_entropy": (functional.binary_cross_entropy, PROBABILITIES),
        "binary_cross_entropy_with_logits": (functional.binary_cross_entropy_with_logits, LOGITS),
        "cross_entropy": (cross_entropy, CLASSES),
        "hinge_loss": (hinge_loss, MARGINS),
    }
    cases = []
    for name, (loss, inputs) in losses.items():
        for prediction, target in inputs:
            z = torch.tensor(prediction, dtype=torch.float64, requires_grad=True)
            y = torch.tensor(target) if isinstance(target, int) else torch.tensor(target, dtype=torch.float64)
            value = loss(z, y)
            value.backward()
            case = {"loss": name, "prediction": prediction, "target": target}
            cases.append({**case, "value": value.item(), "gradient": z.grad.tolist()})
    found = {"torch": torch.__version__, "cases": cases}
    Path(__file__).with_name("losses.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
