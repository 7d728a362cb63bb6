"""`nn.Classifier` beside scikit-learn's `MLPClassifier` (``python -m benchmarks.estimators``).

The same data (scikit-learn's digits), network (64-32-10, relu), optimiser (Adam) and stopping rule, three seeds each;
each training in a fresh process, in turns. What is told is the time of `fit`, and what is read right of the fifth of
the digits that nothing was learned from.
"""

from __future__ import annotations

import time
from statistics import median
from typing import Any

from benchmarks.timing import MissingPackageError, Row, in_fresh_process, machine, seconds, table

SEEDS = (0, 1, 2)
EPOCHS = 100


def trained(which: str, seed: int) -> list[float]:
    """[seconds of `fit`, the share of digits read right] of an estimator."""
    import os
    import warnings

    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    warnings.simplefilter("ignore")  # that 100 epochs are not the end
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier

    import nn

    X, y = load_digits(return_X_y=True)
    learn, judge, answers, right = train_test_split(X / 16, y, test_size=0.2, random_state=0, stratify=y)
    estimator: Any = (
        nn.Classifier((32,), lr=1e-3, epochs=EPOCHS, batch_size=200, random_state=seed)
        if which == "nn.Classifier"
        else MLPClassifier((32,), learning_rate_init=1e-3, max_iter=EPOCHS, alpha=0.0, random_state=seed)
    )
    begun = time.perf_counter()
    estimator.fit(learn, answers)
    return [time.perf_counter() - begun, float(estimator.score(judge, right))]


def main() -> int:
    print(machine())
    rows: list[Row] = []
    for seed in SEEDS:
        found: dict[str, list[list[float]]] = {"nn.Classifier": [], "MLPClassifier": []}
        try:
            for _ in range(3):
                for which, runs in found.items():
                    runs.append(in_fresh_process(trained, which, seed))
        except MissingPackageError as missing:
            print(f"skipped ({missing})")
            return 0
        mine, theirs = (median(taken for taken, _ in runs) for runs in found.values())
        right = [f"{runs[0][1]:.1%}" for runs in found.values()]
        rows.append(
            Row(
                f"64-32-10, {EPOCHS} epochs, seed {seed}",
                f"{seconds(mine)}, {right[0]}",
                f"{seconds(theirs)}, {right[1]}",
                theirs / mine,
                bar=0.9,
                goal=1.0,
            )
        )
    table("nn.Classifier.fit: its time, and what it reads right", rows, "MLPClassifier")
    return int(any(row.verdict == "MISSED" for row in rows))


if __name__ == "__main__":
    raise SystemExit(main())
