"""Training on many devices and in several processes: the same weights, whoever computes them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import nn
from nn.parallel import DataParallel

TRAINS = Path(__file__).with_name("trains.py")
ROOT = TRAINS.parents[2]
HEARTBEAT = 10  # seconds, as trains.py asks for

SUMS = 1e-10
"""Sums over a batch are taken in another order, some 1e-16 each, and a hundred steps of Adam may multiply that."""


def start(folder: Path, name: str, **settings: Any) -> subprocess.Popen[str]:
    out = folder / f"{name}.json"
    out.unlink(missing_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(TRAINS), json.dumps({**settings, "out": str(out)})]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    said, errors = process.communicate(timeout=300)
    return process.returncode, said, errors


def weights(folder: Path, name: str, **settings: Any) -> np.ndarray:
    """What a training ends with."""
    status, _, errors = ended(start(folder, name, **settings))
    assert status == 0, errors
    return np.array(json.loads((folder / f"{name}.json").read_text()))


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def together(folder: Path, only: tuple[int, str, int] = (0, "die", 0), **settings: Any) -> list[tuple[int, str, str]]:
    """Two processes of two devices each, and how they end; `only` one of them has another setting."""
    (who, name, what), at = only, f"127.0.0.1:{free_port()}"
    both = [
        start(folder, f"of{p}", devices=2, processes=2, process=p, at=at, **{name: what * (p == who)}, **settings)
        for p in (0, 1)
    ]
    return [ended(process) for process in both]


def of_both(folder: Path, **settings: Any) -> np.ndarray:
    for status, _, errors in together(folder, **settings):
        assert status == 0, errors
    one, other = (json.loads((folder / f"of{p}.json").read_text()) for p in (0, 1))
    assert one == other  # every process steps the same numbers
    return np.array(one)


def off(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(found - expected).max())


def test_a_hundred_steps_on_1_2_and_8_devices_give_the_same_weights(tmp_path: Path) -> None:
    """Mini-batches of 9 and of 2 samples: none can be cut into 8 equal shares."""
    expected = weights(tmp_path, "numpy", engine="numpy", mesh=0)
    assert off(weights(tmp_path, "engine", mesh=0), expected) < SUMS
    for devices in (1, 2, 8):
        assert off(weights(tmp_path, str(devices), devices=devices), expected) < SUMS


def test_random_numbers_do_not_depend_on_the_number_of_devices(tmp_path: Path) -> None:
    one = weights(tmp_path, "one", mesh=0, dropout=True, epochs=2)
    assert off(weights(tmp_path, "eight", devices=8, dropout=True, epochs=2), one) < SUMS


def test_a_training_goes_on_bit_for_bit_on_as_many_devices_and_to_rounding_on_others(tmp_path: Path) -> None:
    whole = weights(tmp_path, "whole", devices=8)
    kept = tmp_path / "kept.safetensors"
    weights(tmp_path, "begun", devices=8, epochs=2, checkpoint=str(kept))
    begun = kept.read_bytes()
    assert weights(tmp_path, "same", devices=8, checkpoint=str(kept)).tolist() == whole.tolist()
    for devices in (1, 2):
        kept.write_bytes(begun)
        assert off(weights(tmp_path, "other", devices=devices, checkpoint=str(kept)), whole) < SUMS


def test_two_processes_give_what_one_gives(tmp_path: Path) -> None:
    """Each reads its own rows of an array on disk."""
    alone = weights(tmp_path, "alone", devices=4)
    assert off(of_both(tmp_path, memmap=str(tmp_path / "X.npy")), alone) < SUMS


@pytest.mark.parametrize("who", [0, 1])
def test_one_process_killed_stops_the_other_in_time_and_nothing_is_lost_but_the_steps_since(
    tmp_path: Path, who: int
) -> None:
    """The first is the one that writes, and that all the others report to."""
    expected = of_both(tmp_path)
    kept = str(tmp_path / "kept.safetensors")
    begun = time.monotonic()
    found = together(tmp_path, (who, "die", 3), checkpoint=kept)
    (status, said, errors), (killed, _, _) = found[1 - who], found[who]
    assert killed == -signal.SIGKILL
    assert status != 0
    assert time.monotonic() - begun < 60 + 3 * HEARTBEAT  # of which most is for starting
    assert "epoch 3" in said
    assert "epoch 5" not in said
    assert re.search("another (one has stopped|task died)|Connection closed by peer|coordination service", errors)
    assert of_both(tmp_path, checkpoint=kept).tolist() == expected.tolist()


@pytest.mark.parametrize("who", [0, 1])
def test_one_process_that_fails_stops_the_other_in_time(tmp_path: Path, who: int) -> None:
    """It is alive, so that its heart beats: it waits for the other, which waits for its gradient."""
    begun = time.monotonic()
    found = together(tmp_path, (who, "fail", 2))
    assert all(status != 0 for status, _, _ in found)
    assert "a disk is full" in found[who][2]
    assert time.monotonic() - begun < 60 + 3 * HEARTBEAT


def test_a_callback_that_ends_it_in_one_process_ends_it_in_all(tmp_path: Path) -> None:
    expected = of_both(tmp_path, epochs=2)
    for status, said, errors in together(tmp_path, (1, "end", 2)):
        assert status == 0, errors
        assert "epoch 3" not in said
    for p in (0, 1):
        assert json.loads((tmp_path / f"of{p}.json").read_text()) == expected.tolist()


def test_what_the_first_process_measures_decides_for_all(tmp_path: Path) -> None:
    """Each epoch is better than the one before as the first measures it, and worse as the second does."""
    expected = of_both(tmp_path)
    assert of_both(tmp_path, luck=True, patience=2).tolist() == expected.tolist()


def test_processes_that_begin_differently_are_refused(tmp_path: Path) -> None:
    at = f"127.0.0.1:{free_port()}"
    settings = {"devices": 1, "processes": 2, "at": at}
    both = [start(tmp_path, f"of{p}", process=p, batch=9 + p, **settings) for p in (0, 1)]
    for status, _, errors in map(ended, both):
        assert status != 0
        assert "processes [1] do not begin as process 0 does" in errors


# ── in this process ───────────────────────────────────────────────────────────────────────────


def engine(mesh: Any = None) -> DataParallel:
    model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    mesh = mesh or jax.make_mesh((1,), ("batch",), devices=jax.devices()[:1])
    return DataParallel(model, nn.half_squared_error, nn.Adam, (np.zeros(2), np.zeros(1)), mesh)


@pytest.mark.parametrize("size", [1, 3, 8, 9, 17])
def test_each_process_reads_its_own_share_and_every_sample_is_read_once(size: int) -> None:
    rows, read = np.random.default_rng(0).permutation(100)[:size], []
    for mine in ([0, 1], [2, 3, 4], [5, 7], [6]):
        part = engine()
        part._devices, part._mine = 8, mine
        share = part.share(rows)
        assert len(share) == len(mine) * -(-size // 8)
        read.append(share[part._of_mine(np.arange(8 * part._each) < size)])
    assert sorted(np.concatenate(read).tolist()) == sorted(rows.tolist())


def test_what_fills_a_share_up_counts_for_nothing() -> None:
    """Three samples as if they were cut for eight devices, beside the mean of the three by NumPy."""
    part, X, Y = engine(), np.random.default_rng(0).normal(size=(3, 2)), np.ones((3, 1))
    expected = nn.engines.Compiled(part.model, nn.half_squared_error, nn.Adam, (X[0], Y[0]), "numpy")
    rows = part.share(np.arange(3))
    part._each, rows = 8, np.append(rows, [0] * 5)
    assert part.step(X[rows], Y[rows]) == pytest.approx(expected.step(X, Y), rel=1e-14)
    assert np.allclose(part.program.vector, expected.program.vector, rtol=1e-14)


def test_what_is_on_disk_is_not_read_before_it_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "X.npy", np.zeros((6, 2)))
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert np.shares_memory(nn.training._samples("samples", X, np.zeros((6, 1)))[0], X)


@pytest.mark.parametrize("kind", jax.sharding.AxisType)
def test_a_mesh_is_a_number_of_devices_whatever_kind_of_axes_it_has(kind: Any) -> None:
    part = engine(jax.make_mesh((1,), ("batch",), axis_types=(kind,), devices=jax.devices()[:1]))
    X, Y = np.ones((3, 2)), np.ones((3, 1))
    expected = nn.engines.Compiled(part.model, nn.half_squared_error, nn.Adam, (X[0], Y[0]), "numpy").step(X, Y)
    assert part.step(X[part.share(np.arange(3))], Y) == pytest.approx(expected, rel=1e-14)


def test_numbers_that_a_program_refuses_are_refused() -> None:
    part = engine()
    part.share(np.arange(1))
    with pytest.raises(ValueError, match=r"integers above 2\*\*53"):
        part.step(np.array([[2**60, 1]]), np.ones((1, 1)))


def test_what_is_no_mesh_or_for_another_engine_is_refused() -> None:
    model, X, y = nn.MLP(2, [1], seed=0), np.zeros((3, 2)), np.zeros((3, 1))
    mesh = jax.make_mesh((1,), ("batch",), devices=jax.devices()[:1])
    with pytest.raises(ValueError, match="a mesh is for engine 'jax', not 'auto'"):
        nn.fit(model, X, y, loss=nn.mse_loss, mesh=mesh)
    with pytest.raises(TypeError, match=r"mesh is a jax.sharding.Mesh, such as .*, not 8"):
        nn.fit(model, X, y, loss=nn.mse_loss, engine="jax", mesh=8)
    part = engine()
    part.share(np.arange(2))
    with pytest.raises(ValueError, match="a step takes 2 samples, as share said, not 3"):
        part.step(X, y)


ALL_REDUCE = """
import jax, nn, numpy as np
from nn.parallel import DataParallel
model = nn.MLP(6, [5, 4], activation="tanh", seed=0)
mesh = jax.make_mesh((4, 2), ("a", "b"))
part = DataParallel(model, nn.half_squared_error, nn.Adam, (np.zeros(6), np.zeros(4)), mesh)
seen = part._mean_and_grad
part.__dict__["_mean_and_grad"] = lambda *x: (print(seen.lower(*x).compile().as_text()), seen(*x))[1]
part.share(np.arange(16))
part.step(np.ones((16, 6)), np.ones((16, 4)))
"""


def test_devices_exchange_the_gradient_and_nothing_else() -> None:
    environment = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=8", "PYTHONPATH": str(ROOT)}
    said = subprocess.run(
        [sys.executable, "-c", ALL_REDUCE], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert " all-reduce(" in said
    assert not re.search("all-gather|all-to-all|collective-permute", said)
