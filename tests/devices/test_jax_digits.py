"""`python -m nn digits --engine jax`: the same network as compiled, on as many devices as are said."""

from __future__ import annotations

import os
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


@pytest.mark.parametrize(
    ("options", "platforms", "said"),
    [
        (["--devices", "2"], "nonsense", "JAX finds no devices: Unable to initialize backend 'nonsense'"),
        ([], "nonsense", "JAX finds no devices: Unable to initialize backend 'nonsense'"),
        (["--devices", "100000"], "cpu", "devices is at most 1024, not 100000"),
    ],
)
def test_devices_that_are_not_there_are_refused_in_one_line_before_anything_is_written(
    tmp_path: Path, options: list[str], platforms: str, said: str
) -> None:
    command = [sys.executable, "-m", "nn", "digits", "--out", str(tmp_path / "out"), "--engine", "jax", *options]
    environment = {**os.environ, "JAX_PLATFORMS": platforms}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {said}")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
