"""What one seed learns is the same to 1e-13, whichever engine, kernel of BLAS or Python computes it.

The network of the digits, 64-16-16-10, and twenty mini-batches of ten: the weights are below 1.3, so each
step rounds by some 1e-16, and sums are taken in different orders.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the digits are scikit-learn's")

ROOT = Path(__file__).parents[2]

LEARN = """
import json, sys
import numpy as np
import nn
from nn import data

digits = data.bundled_digits(0)
model = nn.MLP(64, [16, 16, 10], activation="sigmoid", output="sigmoid", seed=0)
nn.fit(
    model, digits.x_learn[:200], data.one_hot(digits.y_learn[:200], 10), loss=nn.half_squared_error,
    optimiser=lambda weights: nn.SGD(weights, lr=3.0), epochs=1, batch_size=10, engine=sys.argv[1], seed=0,
)
print(json.dumps([w.data for w in model.parameters()]))
"""

KNOWN = {
    20: -0.407319897105847,
    500: -0.9538931478813547,
    1063: 0.36350724329395817,
    1100: 0.7495108231682612,
    1300: -0.5881722229225803,
    -1: -0.49235395322214504,
}
"""Some of the weights, as CPython 3.11 on x86-64 has learned them node by node."""


def learned(engine: str, **environment: str) -> np.ndarray:
    command = [sys.executable, "-c", LEARN, engine]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return np.array(json.loads(subprocess.run(command, env=environment, check=True, stdout=-1, text=True).stdout))


@pytest.mark.parametrize("engine", ["eager", "numpy", "nodes", "auto"])
def test_an_engine_on_whatever_python_learns_the_same(engine: str) -> None:
    weights = learned(engine)
    assert weights[[*KNOWN]] == pytest.approx([*KNOWN.values()], rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("kernel", ["Prescott", "Nehalem", "Sandybridge", "Haswell"])
def test_a_kernel_of_blas_learns_the_same(kernel: str) -> None:
    """Where NumPy has another BLAS than OpenBLAS, or another processor, this says nothing and passes."""
    assert learned("numpy", OPENBLAS_CORETYPE=kernel) == pytest.approx(learned("numpy"), rel=1e-13, abs=1e-13)
