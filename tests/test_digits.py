"""`python -m nn digits`: it learns, shows honestly what came of it, and can be stopped at any moment."""

from __future__ import annotations

import contextlib
import csv
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import termios
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import accuracy_score

import nn
from nn import by_hand, weights
from nn.__main__ import main
from nn.data import bundled_digits
from nn.digits import CHECKPOINT, FILES, InputError, Settings

ROOT = Path(__file__).parents[1]


def digits(out: Path, *options: object) -> list[str]:
    return ["digits", "--out", str(out), *map(str, options)]


def history(out: Path) -> list[dict[str, float]]:
    with (out / "history.csv").open() as file:
        return [{key: float(number or "nan") for key, number in row.items()} for row in csv.DictReader(file)]


def accuracy(path: Path, seed: int = 0, part: str = "choose") -> float:
    """Of stored weights on the digits to choose or to judge by, with NumPy and scikit-learn instead of the engine."""
    digits = bundled_digits(seed)
    a, labels = getattr(digits, f"x_{part}").astype(float), getattr(digits, f"y_{part}")
    state = weights.load(path).state_dict()
    for i in range(3):
        a = 1 / (1 + np.exp(-(a @ np.array(state[f"layers.{i}.weight"]).T + np.array(state[f"layers.{i}.bias"]))))
    return float(accuracy_score(labels, a.argmax(1)))


def assert_whole(out: Path) -> None:
    """Every file in the folder is one of the job's, and can be read to its end."""
    for path in shown(out):
        assert path.name in (CHECKPOINT, *FILES)
        if path.suffix == ".png":
            with Image.open(path) as image:
                image.load()
        elif path.suffix == ".svg":
            ET.parse(path)
        elif path.suffix == ".csv":
            assert history(out)
        elif path.name == CHECKPOINT:
            assert nn.Checkpoint(path).read().last
        else:
            weights.load(path)


def shown(out: Path) -> list[Path]:
    """What is in a folder, but for hidden files: the lock is one."""
    return [path for path in out.iterdir() if not path.name.startswith(".")]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_network_of_the_seeds_reads_at_least_95_percent(
    tmp_path: Path, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(digits(tmp_path, "--seed", seed, "--engine", "compiled")) == 0
    said, epochs = capsys.readouterr().out, history(tmp_path)
    assert len(epochs) == 31
    assert sorted(path.name for path in shown(tmp_path)) == sorted([CHECKPOINT, *FILES])
    assert_whole(tmp_path)
    assert all(str(tmp_path / name) in said for name in (CHECKPOINT, *FILES))
    best = max(epochs[1:], key=lambda epoch: (epoch["accuracy"], -epoch["validation"]))
    assert accuracy(tmp_path / "weights.safetensors", seed) == best["accuracy"]
    assert f"Chosen: epoch {best['epoch']:.0f}, the best by 180 digits that nothing was learned from." in said
    judged = accuracy(tmp_path / "weights.safetensors", seed, "judge")
    assert judged >= 0.95
    assert f"Judged by 360 others, once: it reads {round(360 * judged)} right ({100 * judged:.2f} %)." in said


def test_no_digit_is_in_two_parts_and_each_part_has_its_share_of_every_class() -> None:
    digits = bundled_digits(3)
    parts = [digits.x_learn, digits.x_choose, digits.x_judge]
    rows = [{row.tobytes() for row in part} for part in parts]
    assert [len(part) for part in parts] == [1257, 180, 360]
    assert sum(map(len, rows)) == len(set().union(*rows)) == 1797
    for labels in (digits.y_learn, digits.y_choose, digits.y_judge):
        assert np.bincount(labels) == pytest.approx(
            len(labels) / 1797 * np.array([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]), abs=1.5
        )


def test_both_engines_learn_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "nn.digits._Job._draw", lambda *_: None
    )  # the pictures take longest, and are not of interest here
    for engine in ("eager", "compiled"):
        assert main(digits(tmp_path / engine, "--engine", engine, "--epochs", 2)) == 0
    eager, compiled = (weights.load(tmp_path / engine / "weights.safetensors") for engine in ("eager", "compiled"))
    for w, v in zip(eager.parameters(), compiled.parameters(), strict=True):
        assert v.data == pytest.approx(w.data, rel=1e-9)  # after 288 steps of rounding in another order
    assert [e["accuracy"] for e in history(tmp_path / "eager")] == [
        e["accuracy"] for e in history(tmp_path / "compiled")
    ]


def test_it_says_how_the_engine_and_the_four_equations_compare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(digits(tmp_path, "--epochs", 1, "--limit", 20)) == 0
    said = capsys.readouterr().out
    assert "1482 gradients by the engine and by the four equations BP1–BP4" in said
    assert float(re.findall(r"largest difference (\S+),", said)[0]) < 1e-15  # gradients are below 1
    # and with a wrong derivative by hand it refuses to train
    monkeypatch.setitem(by_hand.ACTIVATIONS, "sigmoid", (by_hand.ACTIVATIONS["sigmoid"][0], np.ones_like))
    assert main(digits(tmp_path / "wrong", "--epochs", 1)) == 1
    out, err = capsys.readouterr()
    assert "largest difference" in out
    assert err == "error: the engine's gradients are not those of the four equations\n"
    assert shown(tmp_path / "wrong") == []


def test_the_same_seed_gives_the_same_weights_and_another_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nn.digits._Job._draw", lambda *_: None)
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        assert main(digits(tmp_path / name, "--seed", seed, "--epochs", 1, "--limit", 50)) == 0
    a, b, c = (weights.load(tmp_path / name / "weights.safetensors").state_dict() for name in "abc")
    assert a == b
    assert a != c


def test_every_option_takes_effect(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = (
        "--hidden 7 --activation tanh --output linear --loss cross_entropy --init he --batch-size 3 --lr 0.05 "
        "--epochs 2 --limit 31 --theme dark --seed 5 --engine eager"
    )
    assert main(digits(tmp_path, *options.split())) == 0
    said = capsys.readouterr().out
    assert "31 digits of 8×8 pixels to learn from, 180 to choose the best epoch by, 360 to judge it by." in said
    assert "Network 64-7-10: tanh, linear at the output, 535 parameters drawn by 'he', seed 5" in said
    assert "E = −Σ y log softmax(ŷ), mini-batches of 3, learning rate 0.05, 2 epochs, eager engine" in said
    assert repr(weights.load(tmp_path / "weights.safetensors")).count("TanhNeuron(64)") == 7
    with Image.open(tmp_path / "curves.png") as curves:
        assert max(curves.convert("RGB").getpixel((0, 0))) < 40


def test_mnist_is_learned_from_its_idx_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("nn.digits._Job._draw", lambda *_: None)
    from test_idx import IMAGES, LABELS, idx

    for part, n in (("train", 60), ("t10k", 20)):
        labels = np.arange(n, dtype=np.uint8) % 10
        images = np.zeros((n, 28, 28), np.uint8)
        for image, label in zip(images, labels, strict=True):  # a bar at the height of the digit
            image[2 + 2 * label : 4 + 2 * label, 4:24] = 255
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(idx(IMAGES, images.shape, images.tobytes()))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(idx(LABELS, (n,), labels.tobytes()))
    out = tmp_path / "out"
    assert main(digits(out, "--data", tmp_path, "--epochs", 15, "--batch-size", 3, "--engine", "eager")) == 0
    said = capsys.readouterr().out
    assert "50 digits of 28×28 pixels to learn from, 10 to choose the best epoch by, 20 to judge it by." in said
    assert "Network 784-16-16-10" in said
    assert re.search(r"At [\d.]+ ms a digit, this will take about [\d.]+ s", said)
    assert history(out)[-1]["accuracy"] > 0.85
    Image.fromarray(images[3]).save(tmp_path / "three.png")
    assert main(["predict", "--weights", str(out / "weights.safetensors"), str(tmp_path / "three.png")]) == 0
    assert "three.png: 3  (" in capsys.readouterr().out


# ── stopped, and resumed ──────────────────────────────────────────────────────────────────────


@contextmanager
def running(out: Path, *options: object, **more: Any) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "nn", *digits(out, *options)]
    streams: dict[str, Any] = {"stdout": -1, "stderr": -1, "text": True, "cwd": ROOT, "start_new_session": True}
    with subprocess.Popen(command, **streams | more) as process:
        try:
            yield process
        finally:
            process.kill()


def stopped(process: subprocess.Popen[str], by: signal.Signals) -> str:
    os.killpg(process.pid, by)  # as a terminal does: to Graphviz, too, if it is running
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (128 + by, ""), out  # no traceback
    return out


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda by: by.name)
@pytest.mark.parametrize("line", ["scikit-learn's digits", "Gradient check", "epoch  ", "    0  ", "    3  "])
def test_a_signal_leaves_what_was_finished_and_says_so(tmp_path: Path, line: str, by: signal.Signals) -> None:
    with running(tmp_path, "--epochs", 500) as process:
        assert process.stdout
        lines = iter(process.stdout)
        assert any(text.startswith(line) for text in lines)
        said = stopped(process, by)
    assert "Interrupted. " in said
    assert_whole(tmp_path)
    files = [path for path in shown(tmp_path) if str(path) in said]
    assert sorted(files) == sorted(shown(tmp_path))  # all that is there is told
    if "nothing was written" in said:
        assert files == []
        assert line != "    3  "
    else:
        assert {path.name for path in files} == {CHECKPOINT, "weights.safetensors", "history.csv"}
        best = max(epoch["accuracy"] for epoch in history(tmp_path)[1:])
        assert accuracy(tmp_path / "weights.safetensors") == best


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda by: by.name)
@pytest.mark.parametrize("error", [ImportError, RuntimeError, OSError, ValueError], ids=lambda error: error.__name__)
def test_an_error_that_a_library_makes_of_a_signal_is_the_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], by: signal.Signals, error: type
) -> None:
    """As Cython's modules do when they are interrupted while they import NumPy, and locks that were not yet taken."""

    def interrupted(*_: object, **__: object) -> None:
        try:
            signal.raise_signal(by)
        except KeyboardInterrupt:
            raise error("numpy._core.multiarray failed to import") from None

    before = signal.getsignal(by)
    monkeypatch.setattr("nn.digits.nn.fit", interrupted)
    assert main(digits(tmp_path)) == 128 + by
    out, err = capfd.readouterr()
    assert "Interrupted. Nothing was finished yet, so nothing was written." in out
    assert err == ""
    assert signal.getsignal(by) == before


def test_ctrl_c_among_the_pictures_leaves_those_that_were_finished(tmp_path: Path) -> None:
    with running(tmp_path, "--epochs", 1) as process:
        while not (tmp_path / "curves.png").exists():
            assert process.poll() is None
        said = stopped(process, signal.SIGINT)
    assert "What was finished is whole on disk: 1 epochs; the best is epoch 1." in said
    assert_whole(tmp_path)
    names = {path.name for path in shown(tmp_path)}
    assert {CHECKPOINT, "weights.safetensors", "history.csv", "curves.png"} <= names < {CHECKPOINT, *FILES}


@pytest.mark.parametrize("moment", [0.02, 0.05, 0.1, 0.2, 0.3, 0.5])
def test_ctrl_c_during_imports_is_no_traceback(tmp_path: Path, moment: float) -> None:
    """Soon after the start Python itself, or an extension that is being imported, may be what it meets."""
    with running(tmp_path, "--epochs", 500) as process:
        time.sleep(moment)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    if process.returncode == 1:  # CPython was not there yet
        assert "init_import_site" in err or "Could not import runpy" in err
    else:
        assert process.returncode in (130, -signal.SIGINT)  # which a shell shows as 130, too
        assert err == "" or process.returncode != 130
    assert_whole(tmp_path)


@pytest.mark.parametrize(
    "part", ["by_hand.largest_difference", "figures.first_layer", "weights.save", "data.bundled_digits"]
)
def test_ctrl_c_inside_of_any_part_is_the_same(
    tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    once = []

    def stop(*_: object, **__: object) -> None:
        if not once:
            once.append(True)
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(f"nn.{part}", stop)
    assert main(digits(tmp_path, "--epochs", 1, "--limit", 20)) == 130
    out, err = capsys.readouterr()
    assert "Interrupted. " in out
    assert err == ""
    assert ("nothing was written" in out) == (part in ("by_hand.largest_difference", "data.bundled_digits"))
    monkeypatch.undo()
    assert main(digits(tmp_path, "--epochs", 1, "--limit", 20, "--resume")) == 0
    assert_whole(tmp_path)
    assert len(shown(tmp_path)) == 1 + len(FILES)


def without_pictures(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in shown(out) if path.suffix in (".safetensors", ".csv")}


@pytest.mark.parametrize("engine", ["compiled", "eager"])
def test_killed_at_any_moment_it_resumes_to_the_same_bytes(tmp_path: Path, engine: str) -> None:
    """kill -9 (AUTOGRAD_TORTURE says how often), each time a little later in the training; then to the end."""
    size = ["--limit", 60] if engine == "eager" else []
    options = ["--epochs", 12, "--engine", engine, *size]
    generator = np.random.default_rng(1)
    for _ in range(max(3, int(os.environ.get("AUTOGRAD_TORTURE", "0")) // 50)):
        with running(tmp_path / "killed", *options, "--resume", stdout=subprocess.DEVNULL) as process:
            before = (tmp_path / "killed" / CHECKPOINT).exists() and (
                tmp_path / "killed" / CHECKPOINT
            ).stat().st_mtime_ns
            while process.poll() is None:
                path = tmp_path / "killed" / CHECKPOINT
                if path.exists() and path.stat().st_mtime_ns != before:
                    break
                time.sleep(0.002)
            time.sleep(generator.exponential(0.05))
            process.kill()
            process.wait()
        assert_whole(tmp_path / "killed")
        if (tmp_path / "killed" / FILES[0]).exists() and (tmp_path / "killed" / FILES[1]).exists():
            assert accuracy(tmp_path / "killed" / FILES[0]) == max(
                e["accuracy"] for e in history(tmp_path / "killed")[1:]
            )
    assert main(digits(tmp_path / "killed", *options, "--resume")) == 0
    assert main(digits(tmp_path / "whole", *options)) == 0
    killed, whole = without_pictures(tmp_path / "killed"), without_pictures(tmp_path / "whole")
    assert killed == whole


def test_the_same_seed_gives_the_same_bytes_of_every_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert main(digits(tmp_path / name, "--epochs", 2, "--limit", 100)) == 0
    for path in shown(tmp_path / "a"):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_a_folder_with_results_is_refused_resumed_or_overwritten_as_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--epochs", 2, "--limit", 100)
    assert main(digits(tmp_path, *options)) == 0
    first = {path.name: path.read_bytes() for path in shown(tmp_path)}
    capsys.readouterr()
    assert main(digits(tmp_path, *options)) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "has results of an earlier run: go on from them with --resume, replace them with --overwrite" in err
    assert {path.name: path.read_bytes() for path in shown(tmp_path)} == first
    assert main(digits(tmp_path, *options, "--resume")) == 0  # all is done; what is there is written again
    assert {path.name: path.read_bytes() for path in shown(tmp_path)} == first
    assert main(digits(tmp_path, *options, "--seed", 1, "--resume")) == 2
    assert "is of another training: model was" not in (said := capsys.readouterr().err)
    assert "seed was 0 and is 1" in said
    assert {path.name: path.read_bytes() for path in shown(tmp_path)} == first
    assert main(digits(tmp_path, *options, "--seed", 1, "--overwrite")) == 0
    assert {path.name: path.read_bytes() for path in shown(tmp_path)} != first


def test_what_an_earlier_run_left_stays_until_there_is_an_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(digits(tmp_path, "--epochs", 2, "--limit", 100)) == 0
    first = {path.name: path.read_bytes() for path in shown(tmp_path)}

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("nn.Checkpoint.save", stop)
        assert main(digits(tmp_path, "--epochs", 2, "--limit", 50, "--overwrite")) == 130
    assert {path.name: path.read_bytes() for path in shown(tmp_path)} == first
    assert "nothing was written" in capsys.readouterr().out
    with monkeypatch.context() as patch:
        patch.setattr("nn.digits._Job._write_network", stop)
        assert main(digits(tmp_path, "--epochs", 2, "--limit", 50, "--overwrite")) == 130
    assert [path.name for path in shown(tmp_path)] == [CHECKPOINT]  # nothing of two runs side by side


def test_results_that_are_replaced_keep_their_modes_and_links(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(digits(out, "--epochs", 1)) == 0
    elsewhere = tmp_path / "elsewhere.safetensors"
    (out / "weights.safetensors").replace(elsewhere)
    (out / "weights.safetensors").symlink_to(elsewhere)
    for path in shown(out):
        path.chmod(0o600)
    old = elsewhere.read_bytes()
    for more in (["--resume", "--epochs", 2], ["--overwrite", "--epochs", 1, "--seed", 1]):
        assert main(digits(out, *more)) == 0
        assert (out / "weights.safetensors").readlink() == elsewhere
        assert elsewhere.read_bytes() != old
        assert {path.stat().st_mode & 0o777 for path in shown(out)} == {0o600}
        old = elsewhere.read_bytes()


def test_results_without_a_checkpoint_are_not_gone_on_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(digits(tmp_path, "--epochs", 1)) == 0
    (tmp_path / CHECKPOINT).unlink()
    before = {path: path.read_bytes() for path in shown(tmp_path)}
    capsys.readouterr()
    assert main(digits(tmp_path, "--resume", "--epochs", 2)) == 2
    assert "has results, and no checkpoint.safetensors to go on from" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in shown(tmp_path)} == before


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (["--activation", "tanh"], "activation was 'sigmoid' and is 'tanh'"),
        (["--output", "tanh"], "activation was 'sigmoid' and is 'tanh'"),
        (["--lr", 1], "optimiser.lr was 3.0 and is 1.0"),
        (["--init", "he"], "init was 'uniform' and is 'he'"),
        (["--batch-size", 11], "batch_size was 10 and is 11"),
    ],
)
def test_results_of_other_settings_are_not_gone_on_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], other: list[Any], words: str
) -> None:
    assert main(digits(tmp_path, "--epochs", 1)) == 0
    before = {path: path.read_bytes() for path in shown(tmp_path)}
    assert main(digits(tmp_path, "--resume", "--epochs", 2, *other)) == 2
    assert words in capsys.readouterr().err
    assert {path: path.read_bytes() for path in shown(tmp_path)} == before


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "2>/dev/full"])
def test_a_closed_output_does_not_end_the_training(tmp_path: Path, closed: str) -> None:
    command = shlex.join([sys.executable, "-m", "nn", *digits(tmp_path, "--epochs", 1)])
    assert subprocess.run(f"{command} {closed}", shell=True, cwd=ROOT, stdout=subprocess.DEVNULL).returncode == 0
    assert {path.name for path in shown(tmp_path)} == {CHECKPOINT, *FILES}


def test_a_signal_that_gets_lost_comes_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one does that comes while an object is finalised: Python prints that it ignored it, and goes on."""

    def lost(*_: object, **__: object) -> None:
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        time.sleep(60)

    monkeypatch.setattr("nn.console.AGAIN", 0.05)
    monkeypatch.setattr("nn.digits.nn.fit", lost)
    assert main(digits(tmp_path)) == 143


def test_two_jobs_in_one_folder_are_one_too_many(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running(tmp_path, "--epochs", 500) as process:
        assert process.stdout
        assert any(line.startswith("    2  ") for line in process.stdout)  # the first is in the checkpoint
        assert main(digits(tmp_path, "--resume")) == 2
        out, err = capsys.readouterr()
        assert (out, err) == (
            "",
            f"error: another job is working in {tmp_path}: wait for it, or choose another --out\n",
        )
        assert process.poll() is None
    assert main(digits(tmp_path, "--epochs", 500, "--limit", 20, "--resume")) == 2  # it is gone, and so is its lock
    assert "is of another training" in capsys.readouterr().err


# ── whoever reads the output ──────────────────────────────────────────────────────────────────


def test_head_does_not_end_the_training(tmp_path: Path) -> None:
    read, write = os.pipe()
    with running(tmp_path, "--epochs", 3, "--limit", 100, stdout=write) as process:
        os.close(write)
        os.read(read, 10)
        os.close(read)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert {path.name for path in shown(tmp_path)} == {CHECKPOINT, *FILES}


def test_a_lost_terminal_does_not_end_the_training(tmp_path: Path) -> None:
    """As under nohup: the signal is ignored, and every write is an error from then on."""
    controller, terminal = pty.openpty()
    ignoring = ["sh", "-c", 'trap "" HUP; exec "$0" "$@"']
    command = [*ignoring, sys.executable, "-m", "nn", *digits(tmp_path, "--epochs", 3, "--limit", 100)]
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, cwd=ROOT) as process:
        os.close(terminal)
        os.close(controller)
        assert process.wait(timeout=60) == 0
    assert {path.name for path in shown(tmp_path)} == {CHECKPOINT, *FILES}


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
def test_an_output_without_the_letters_is_written_to_all_the_same(tmp_path: Path, encoding: str) -> None:
    environment = os.environ | {"PYTHONIOENCODING": encoding, "LC_ALL": "C"}
    with running(tmp_path, "--epochs", 1, "--limit", 20, text=False, env=environment) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
    assert rb"\u03a3" in out  # Σ


@pytest.mark.parametrize("environment", [{"MPLBACKEND": "nonsense"}, {"MPLBACKEND": "module://no_such_module"}])
def test_a_wrong_backend_of_matplotlib_is_found_before_training_or_does_not_matter(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    with running(tmp_path / "out", "--epochs", 1, "--limit", 20, env=os.environ | environment) as process:
        out, err = process.communicate(timeout=60)
    if process.returncode:
        assert process.returncode == 2
        assert re.fullmatch("error: Matplotlib cannot be used: .*\n", err)
        assert out == ""
        assert not (tmp_path / "out").exists()
    else:
        assert {path.name for path in shown(tmp_path / "out")} == {CHECKPOINT, *FILES}


# ── what is shown, and what is refused ────────────────────────────────────────────────────────


def test_without_a_terminal_there_are_only_lines(tmp_path: Path) -> None:
    with running(tmp_path, "--epochs", 2, "--limit", 20) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "\r" not in out
    assert [line.split()[0] for line in out.splitlines() if line.endswith(" %") or " % " in line][:3] == ["0", "1", "2"]


def test_a_terminal_sees_a_progress_bar(tmp_path: Path) -> None:
    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 100))
    command = [sys.executable, "-m", "nn", *digits(tmp_path, "--epochs", 2, "--limit", 200)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=terminal, cwd=ROOT) as process:
        os.close(terminal)
        shown = b""
        try:
            while chunk := os.read(controller, 4096):
                shown += chunk
        except OSError:  # how Linux says that the other side has closed
            pass
    os.close(controller)
    assert process.returncode == 0
    assert "/40 [" in shown.decode()  # of two epochs of twenty mini-batches


def test_a_loss_that_is_no_number_ends_the_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = "--activation relu --output linear --lr 1e200 --epochs 9 --limit 50"
    assert main(digits(tmp_path, *options.split())) == 0
    out = capsys.readouterr().out
    assert "The loss is no number any more" in out
    assert "Chosen: epoch 0" in out  # whatever the network of NaNs may read right
    assert sorted(path.name for path in shown(tmp_path)) == sorted([CHECKPOINT, *FILES])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--epochs", "0"], "epochs is at least 1, not 0"),
        (["--batch-size", "0"], "batch_size is at least 1, not 0"),
        (["--hidden", "16", "0"], "hidden is at least 1, not 0"),
        (["--limit", "0"], "limit is at least 1, not 0"),
        (["--lr", "-1"], "lr is a finite number of at least 0, not -1.0"),
        (["--lr", "nan"], "lr is a finite number of at least 0, not nan"),
        (["--seed", "-1"], "seed is a whole number from 0"),
        (["--data", "nowhere"], "nowhere is no folder"),
        (["--out", str(Path(__file__) / "out")], "is no folder and cannot become one"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    tmp_path: Path, options: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(digits(tmp_path / "out", *options)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(f"error: .*{re.escape(says)}.*\n", err)
    assert not (tmp_path / "out").exists()


def test_settings_from_python_are_checked_too() -> None:
    with pytest.raises(InputError, match=r"init is one of uniform, xavier, he, gaussian, not 'zero'"):
        Settings(init="zero")


def test_a_missing_library_is_named_with_the_command_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("nn.extras.find_spec", lambda name: None if name in ("tqdm", "matplotlib") else True)
    assert main(digits(tmp_path / "out")) == 1
    said = "error: tqdm, matplotlib are not installed: pip install 'scalar-autograd[digits]'\n"
    assert capsys.readouterr() == ("", said)
    assert not (tmp_path / "out").exists()


def test_help_says_every_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["digits", "--help"])
    assert end.value.code == 0
    told = " ".join(capsys.readouterr().out.split())
    for default in ("runs/digits", "16 16", "sigmoid", "half_squared_error", "10", "3.0", "30", "compiled"):
        assert f"(default: {default})" in told


def test_importing_nn_loads_the_standard_library_only() -> None:
    program = (
        "import sys; import nn, nn.digits, nn.extras; "
        "print([m for m in ('numpy', 'sklearn', 'tqdm', 'matplotlib', 'safetensors', 'PIL') if m in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, capture_output=True, text=True)
    assert loaded.stdout == "[]\n"
