"""`python -m nn digits --engine jax`: the same network as compiled, on as many devices as are said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nn.weights
from nn.digits import InputError, Settings

ROOT = Path(nn.__file__).parents[1]


def digits(folder: Path, *options: str) -> np.ndarray:
    command = [sys.executable, "-m", "nn", "digits", "--out", str(folder), "--limit", "100", "--epochs", "2", *options]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return np.array([p.data for p in nn.weights.load(folder / "weights.safetensors").parameters()])


def test_it_learns_the_same_on_any_devices(tmp_path: Path) -> None:
    """After 20 steps: sums of 10 samples in another order, at a rate of 3."""
    compiled = digits(tmp_path / "compiled")
    for options in ([], ["--devices", "4"]):
        found = digits(tmp_path / f"jax{len(options)}", "--engine", "jax", *options)
        assert np.abs(found - compiled).max() < 1e-10


def test_devices_are_for_jax_and_at_least_one() -> None:
    with pytest.raises(InputError, match="devices are for --engine jax, not compiled"):
        Settings(devices=2)
    with pytest.raises(InputError, match="devices is at least 1, not 0"):
        Settings(engine="jax", devices=0)
