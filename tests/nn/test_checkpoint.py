"""`nn.Checkpoint`: what was stopped, at any moment and by whatever means, goes on bit for bit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

import nn
from nn.checkpoint import State
from nn.tensors import packed, read
from nn.training import Training

RANDOM = np.random.default_rng(5)
X, Y = RANDOM.random((23, 6)), np.eye(4)[RANDOM.integers(0, 4, 23)]
HELD_OUT = RANDOM.random((9, 6)), np.eye(4)[RANDOM.integers(0, 4, 9)]
ENGINES = ("auto", "eager", "nodes")
KIND = {"format": "scalar-autograd checkpoint"}


class Net(nn.Module):
    """With chance in it: dropout draws from a generator of its own, and the order of the samples from another."""

    def __init__(self, seed: int = 0) -> None:
        self.first, self.drop = nn.Layer(6, 5, activation="tanh", seed=seed), nn.Dropout(0.3, seed=seed)
        self.last = nn.Layer(5, 4, activation="sigmoid", seed=seed + 1)

    def __call__(self, x: Any) -> Any:
        return self.last(self.drop(self.first(x)))


class Stop(Exception):  # noqa: N818  it is no error
    pass


class StopsAfter(nn.Checkpoint):
    """A checkpoint that is written after every step, and stops the training after so many."""

    def __init__(self, path: Path, steps: int | None, **settings: Any) -> None:
        super().__init__(path, **settings)
        self.left = steps

    def is_late(self) -> bool:
        return True

    def save(self, state: State) -> None:
        super().save(state)
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Stop


def learn(model: nn.Module, kept: Any, engine: str = "auto", **more: Any) -> nn.history.History:  # type: ignore[name-defined]
    settings: dict[str, Any] = {
        "loss": nn.half_squared_error,
        "optimiser": partial(nn.Adam, lr=0.05),
        "epochs": 6,
        "batch_size": 5,
        "validation": HELD_OUT,
        "schedule": nn_schedule,
    }
    return nn.fit(model, X, Y, checkpoint=kept, engine=engine, seed=3, **settings | more)


def nn_schedule(t: float) -> float:
    return 0.05 / (1 + t)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("optimiser", [partial(nn.Adam, lr=0.05), partial(nn.SGD, lr=0.5, momentum=0.9), nn.AdamW])
def test_stopped_after_any_step_it_goes_on_bit_for_bit(tmp_path: Path, engine: str, optimiser: Any) -> None:
    """30 steps, stopped after every fourth, each part by a model, an engine and an optimiser made anew."""
    whole, path = Net(), tmp_path / "parts.safetensors"
    history = learn(whole, tmp_path / "whole.safetensors", engine, optimiser=optimiser)
    stops = 0
    while True:
        try:
            parts = Net(seed=7 if path.exists() else 0)  # other weights: all that counts is in the file
            again = learn(parts, StopsAfter(path, 4, existing="resume"), engine, optimiser=optimiser)
            break
        except Stop:
            stops += 1
    assert stops >= 6
    assert again.epochs == history.epochs
    assert again.best == history.best
    assert parts.state_dict() == whole.state_dict()
    one, other = (nn.Checkpoint(tmp_path / f"{name}.safetensors").read() for name in ("whole", "parts"))
    assert {name: tensor.tolist() for name, tensor in one.last.items()} == {
        name: tensor.tolist() for name, tensor in other.last.items()
    }
    assert one.generators == other.generators


def test_the_same_training_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        learn(Net(), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_what_one_engine_began_another_cannot_take_for_its_own(tmp_path: Path) -> None:
    learn(Net(), tmp_path / "a", epochs=2)
    for more, words in [
        ({"engine": "eager"}, "engine was 'auto' and is 'eager'"),
        ({"batch_size": 4}, "batch_size was 5 and is 4"),
        ({"loss": nn.mse_loss}, "loss was 'half_squared_error' and is 'mse_loss'"),
        ({"optimiser": partial(nn.SGD, lr=1)}, "optimiser was 'Adam'"),
        ({"validation": None}, "samples was"),
    ]:
        model = Net()
        before = model.state_dict()
        with pytest.raises(ValueError, match=f"is of another training: .*{words}"):
            learn(model, nn.Checkpoint(tmp_path / "a", existing="resume"), **more)
        assert model.state_dict() == before


def test_more_epochs_may_be_asked_for_later(tmp_path: Path) -> None:
    whole, parts = Net(), Net()
    learn(whole, None, epochs=6)
    for epochs in (2, 2, 6, 6):  # asked for what is done already, nothing is done
        history = learn(parts, nn.Checkpoint(tmp_path / "a", existing="resume"), epochs=epochs)
        assert history[-1].number == epochs
    assert parts.state_dict() == whole.state_dict()


def test_what_is_there_is_refused_unless_it_is_said_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a"
    learn(Net(), path, epochs=1)
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match=r"a is there: .*existing='resume'.* goes on from it, 'overwrite' begins"):
        learn(Net(), path, epochs=1)
    assert path.read_bytes() == before


def test_nothing_is_replaced_before_there_is_an_epoch(tmp_path: Path) -> None:
    path = tmp_path / "a"
    learn(Net(), path, epochs=2)
    before = path.read_bytes()

    def stop(training: Training) -> None:
        assert len(training.history) == 2  # the untrained network and the first epoch
        raise Stop

    with pytest.raises(Stop):
        learn(Net(), nn.Checkpoint(path, existing="overwrite"), callbacks=[stop])
    assert path.read_bytes() == before
    learn(Net(seed=1), nn.Checkpoint(path, existing="overwrite"), epochs=1)
    assert nn.Checkpoint(path).read().history[-1].number == 1


def test_it_is_written_as_often_as_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[int, int]] = []
    save_it = nn.Checkpoint.save

    def note(self: nn.Checkpoint, state: State) -> None:
        written.append((state.history[-1].number, state.at if state.order is not None else 0))
        save_it(self, state)

    monkeypatch.setattr(nn.Checkpoint, "save", note)
    learn(Net(), nn.Checkpoint(tmp_path / "a", epochs=4))
    assert written == [(4, 0), (6, 0)]
    written.clear()
    learn(Net(), nn.Checkpoint(tmp_path / "b", seconds=0), epochs=1)
    assert written == [(0, 5), (0, 10), (0, 15), (0, 20), (0, 23), (1, 0)]


def test_a_model_can_be_given_the_best_or_the_last(tmp_path: Path) -> None:
    model, last = Net(), []

    def keep(training: Training) -> None:
        training.engine.write_back()
        last[:] = [training.model.state_dict()]

    learn(model, tmp_path / "a", callbacks=[keep], optimiser=partial(nn.SGD, lr=15.0), schedule=None)
    best, other = Net(seed=1), Net(seed=1)
    nn.Checkpoint(tmp_path / "a").load_into(best)
    nn.Checkpoint(tmp_path / "a").load_into(other, "last")
    assert best.state_dict() == model.state_dict()
    assert other.state_dict() == last[0] != model.state_dict()
    with pytest.raises(ValueError, match="which is 'best' or 'last', not 'first'"):
        nn.Checkpoint(tmp_path / "a").load_into(best, "first")


@pytest.mark.parametrize("existing", ["refuse", "resume", "overwrite"])
def test_of_two_trainings_into_one_file_the_second_stops_and_the_first_goes_on(tmp_path: Path, existing: str) -> None:
    """They begin at once, both before there is a file (or with one that both may replace)."""
    path, first, second, alone = tmp_path / "a", Net(), Net(seed=1), Net()
    if existing != "refuse":
        learn(Net(), nn.Checkpoint(path, epochs=1), epochs=1)
    refused: list[str] = []

    def a_second_begins(training: Training) -> None:
        if not refused:
            other = nn.Checkpoint(path, existing=existing)

            def the_first_writes(_: Training) -> None:
                the_first.save(training.state())

            with pytest.raises(FileExistsError, match="is another training's") as caught:
                learn(second, other, callbacks=[the_first_writes])
            refused.append(str(caught.value))

    the_first = nn.Checkpoint(path, existing=existing)
    learn(first, the_first, callbacks=[a_second_begins])
    learn(alone, None)
    assert refused
    assert first.state_dict() == alone.state_dict()
    assert {name: tensor.tolist() for name, tensor in the_first.read().best.items()} == alone.state_dict()  # type: ignore[union-attr]


def test_a_checkpoint_that_is_taken_away_meanwhile_is_written_again(tmp_path: Path) -> None:
    def take(training: Training) -> None:
        (tmp_path / "a").unlink(missing_ok=True)

    learn(Net(), nn.Checkpoint(tmp_path / "a"), callbacks=[take])
    assert nn.Checkpoint(tmp_path / "a").read().last


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no safetensors file, or a damaged one"),
        (b"\x00" * 64, "is no safetensors file, or a damaged one"),
        (save({"a": np.zeros(2)}), "is a safetensors file, but no scalar-autograd checkpoint"),
        (save({"a": np.zeros(2)}, KIND), "is no whole scalar-autograd checkpoint: ValueError: it has no checksum"),
        (packed({}, KIND), "is no whole scalar-autograd checkpoint: KeyError: 'training'"),
        (packed({"training": np.frombuffer(b"{", np.uint8)}, KIND), "is no whole scalar-autograd checkpoint"),
        (packed({"training": np.frombuffer(b"[]", np.uint8)}, KIND), "is no whole scalar-autograd checkpoint"),
        (packed({"training": np.frombuffer(b"[" * 99999, np.uint8)}, KIND), "is no whole scalar-autograd checkpoint"),
    ],
)
def test_what_is_no_checkpoint_is_refused_and_stays(tmp_path: Path, content: bytes, words: str) -> None:
    path, model = tmp_path / "a", Net()
    path.write_bytes(content)
    before = model.state_dict()
    with pytest.raises(ValueError, match=words):
        learn(model, nn.Checkpoint(path, existing="resume"))
    assert path.read_bytes() == content
    assert model.state_dict() == before


def test_one_changed_byte_is_noticed(tmp_path: Path) -> None:
    path, generator = tmp_path / "a", np.random.default_rng(0)
    learn(Net(), path, epochs=1)
    whole = path.read_bytes()
    for at in generator.integers(0, len(whole), 200):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << int(generator.integers(8))
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"a (is|describes) no|is a safetensors file, but no"):
            nn.Checkpoint(path).read()


def test_settings_are_checked() -> None:
    for settings, words in [
        ({"epochs": 0}, "epochs is a whole number of at least 1"),
        ({"seconds": -1}, "seconds is a finite number of at least 0"),
        ({"existing": "replace"}, "existing is 'refuse', 'resume' or 'overwrite', not 'replace'"),
    ]:
        with pytest.raises(ValueError, match=words):
            nn.Checkpoint("a", **settings)  # type: ignore[arg-type]


def test_all_is_in_the_file_and_nothing_is_pickled(tmp_path: Path) -> None:
    learn(Net(), tmp_path / "a", epochs=2)
    stored = read(tmp_path / "a")
    names, about = sorted(stored.tensors), json.loads(stored.tensors["training"].tobytes())
    assert stored.checked
    tensors = ("first.bias", "first.weight", "last.bias", "last.weight")
    assert names == sorted(
        [f"{p}.{t}" for p in ("best", "last") for t in tensors] + ["optimiser.0", "optimiser.1", "training"]
    )
    assert [epoch["number"] for epoch in about["epochs"]] == [0, 1, 2]


JOB = textwrap.dedent(
    """
    import sys
    sys.path[:0] = [{tests!r}]
    import nn, test_checkpoint
    kept = nn.Checkpoint(sys.argv[1], seconds=0, existing="resume")
    test_checkpoint.learn(test_checkpoint.Net(), kept, sys.argv[2], epochs=60)
    """
).format(tests=str(Path(__file__).parent))


@pytest.mark.parametrize("engine", ["auto", "eager"])
def test_killed_at_any_moment_it_goes_on_bit_for_bit(tmp_path: Path, engine: str) -> None:
    """kill -9 of the process, so many times (AUTOGRAD_TORTURE: more), then to the end; the file is whole every time."""
    path, generator = tmp_path / "killed", np.random.default_rng(0)
    command = [sys.executable, "-c", JOB, str(path), engine]
    for _ in range(max(3, int(os.environ.get("AUTOGRAD_TORTURE", "0")) // 50)):
        with subprocess.Popen(command) as process:
            deadline = time.monotonic() + 60
            before = path.stat().st_mtime_ns if path.exists() else 0
            while process.poll() is None and (not path.exists() or path.stat().st_mtime_ns == before):
                assert time.monotonic() < deadline
                time.sleep(0.001)
            time.sleep(generator.exponential(0.03))
            process.kill()  # or it is done, after so many
        assert nn.Checkpoint(path).read().last
    assert subprocess.run(command, check=True).returncode == 0
    whole = Net()
    history = learn(whole, None, engine, epochs=60)
    state = nn.Checkpoint(path).read()
    assert state.history.epochs == history.epochs
    assert {name: tensor.tolist() for name, tensor in state.best.items()} == whole.state_dict()  # type: ignore[union-attr]
