"""Makes micrograd.json: what the micrograd package itself draws, computes and trains.

Run with micrograd and scikit-learn installed: ``python tests/references/make_micrograd.py``. The tests run the
functions of this file again with this project's modules in micrograd's place, and compare.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any


def readme(Value: Any) -> dict[str, float]:
    """The example of micrograd's README, unchanged."""
    a = Value(-4.0)
    b = Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    return {"g": g.data, "dg/da": a.grad, "dg/db": b.grad}


def initial(MLP: Any, seed: int, nin: int, nouts: list[int]) -> list[float]:
    """The parameters of a new network, after ``random.seed(seed)``."""
    random.seed(seed)
    return [p.data for p in MLP(nin, nouts).parameters()]


def demo(Value: Any, MLP: Any, steps: int) -> dict[str, Any]:
    """The training loop of micrograd's demo.ipynb, on 40 moons for a few steps, noise and scheme as there."""
    import numpy as np
    from sklearn.datasets import make_moons

    np.random.seed(1337)
    random.seed(1337)
    X, y = make_moons(n_samples=40, noise=0.1)
    y = y * 2 - 1  # make y be -1 or 1
    model = MLP(2, [16, 16, 1])  # 2-layer neural network

    def loss(batch_size: int | None = None) -> tuple[Any, float]:
        if batch_size is None:
            Xb, yb = X, y
        else:
            ri = np.random.permutation(X.shape[0])[:batch_size]
            Xb, yb = X[ri], y[ri]
        inputs = [list(map(Value, xrow)) for xrow in Xb]
        # forward the model to get scores
        scores = list(map(model, inputs))
        # svm "max-margin" loss
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(yb, scores)]  # noqa: B905
        data_loss = sum(losses) * (1.0 / len(losses))
        # L2 regularization
        alpha = 1e-4
        reg_loss = alpha * sum((p * p for p in model.parameters()))  # noqa: UP034
        total_loss = data_loss + reg_loss
        # also get accuracy
        accuracy = [(yi > 0) == (scorei.data > 0) for yi, scorei in zip(yb, scores)]  # noqa: B905
        return total_loss, sum(accuracy) / len(accuracy)

    losses, accuracies = [], []
    for k in range(steps):
        total_loss, acc = loss(20 if k % 2 else None)
        model.zero_grad()
        total_loss.backward()
        # update (sgd)
        learning_rate = 1.0 - 0.9 * k / 100
        for p in model.parameters():
            p.data -= learning_rate * p.grad
        losses.append(float(total_loss.data))
        accuracies.append(float(acc))
    return {
        "repr": repr(model),
        "loss": losses,
        "accuracy": accuracies,
        "parameters": [float(p.data) for p in model.parameters()][::16],
    }


INITIAL = [(1337, 3, [4, 4, 1]), (0, 1, [1]), (42, 2, [3, 2])]
STEPS = 10


def main() -> None:
    from micrograd.engine import Value
    from micrograd.nn import MLP

    found = {
        "readme": readme(Value),
        "initial": [initial(MLP, *case) for case in INITIAL],
        "demo": demo(Value, MLP, STEPS),
    }
    Path(__file__).with_name("micrograd.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
