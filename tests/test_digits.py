"""`python -m nn digits`: it learns, shows honestly what came of it, and can be stopped at any moment."""

from __future__ import annotations

import csv
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import accuracy_score

from nn import by_hand, weights
from nn.__main__ import main
from nn.data import bundled_digits
from nn.digits import FILES, InputError, Settings

ROOT = Path(__file__).parents[1]


def digits(out: Path, *options: object) -> list[str]:
    return ["digits", "--out", str(out), *map(str, options)]


def history(out: Path) -> list[dict[str, float]]:
    with (out / "history.csv").open() as file:
        return [{key: float(number) for key, number in row.items()} for row in csv.DictReader(file)]


def accuracy(path: Path, seed: int = 0) -> float:
    """Of stored weights on the held-out digits, with NumPy and scikit-learn instead of the engine."""
    a, labels = bundled_digits(seed).x_test.astype(float), bundled_digits(seed).y_test
    state = weights.load(path).state_dict()
    for i in range(3):
        a = 1 / (1 + np.exp(-(a @ np.array(state[f"layers.{i}.weight"]).T + np.array(state[f"layers.{i}.bias"]))))
    return float(accuracy_score(labels, a.argmax(1)))


def assert_whole(out: Path) -> None:
    """Every file in the folder is one of the job's, and can be read to its end."""
    for path in out.iterdir():
        assert path.name in FILES
        if path.suffix == ".png":
            with Image.open(path) as image:
                image.load()
        elif path.suffix == ".svg":
            ET.parse(path)
        elif path.suffix == ".csv":
            assert history(out)
        else:
            weights.load(path)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_network_of_the_seeds_reads_at_least_95_percent(
    tmp_path: Path, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(digits(tmp_path, "--seed", seed, "--engine", "compiled")) == 0
    said, epochs = capsys.readouterr().out, history(tmp_path)
    assert len(epochs) == 31
    assert epochs[-1]["held_out_accuracy"] >= 0.95
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    assert_whole(tmp_path)
    assert all(str(tmp_path / name) in said for name in FILES)
    best = max(epoch["held_out_accuracy"] for epoch in epochs)
    assert accuracy(tmp_path / "weights.safetensors", seed) == best
    assert f"{100 * epochs[-1]['held_out_accuracy']:.2f} %) right" in said


def test_both_engines_learn_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nn.digits._draw", lambda *_: None)  # the pictures take longest, and are not of interest here
    for engine in ("eager", "compiled"):
        assert main(digits(tmp_path / engine, "--engine", engine, "--epochs", 2)) == 0
    eager, compiled = (weights.load(tmp_path / engine / "weights.safetensors") for engine in ("eager", "compiled"))
    for w, v in zip(eager.parameters(), compiled.parameters(), strict=True):
        assert v.data == pytest.approx(w.data, rel=1e-9)  # after 288 steps of rounding in another order
    assert [e["held_out_accuracy"] for e in history(tmp_path / "eager")] == [
        e["held_out_accuracy"] for e in history(tmp_path / "compiled")
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
    assert list((tmp_path / "wrong").iterdir()) == []


def test_the_same_seed_gives_the_same_weights_and_another_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nn.digits._draw", lambda *_: None)
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
    assert "31 digits of 8×8 pixels to learn from, 360 held out" in said
    assert "Network 64-7-10: tanh, linear at the output, 535 parameters drawn by 'he', seed 5" in said
    assert "E = −Σ y log softmax(ŷ), mini-batches of 3, learning rate 0.05, 2 epochs, eager engine" in said
    assert repr(weights.load(tmp_path / "weights.safetensors")).count("TanhNeuron(64)") == 7
    with Image.open(tmp_path / "curves.png") as curves:
        assert max(curves.convert("RGB").getpixel((0, 0))) < 40


def test_mnist_is_learned_from_its_idx_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("nn.digits._draw", lambda *_: None)
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
    assert "60 digits of 28×28 pixels to learn from, 20 held out" in said
    assert "Network 784-16-16-10" in said
    assert re.search(r"At [\d.]+ ms a digit, this will take about [\d.]+ s", said)
    assert history(out)[-1]["held_out_accuracy"] > 0.9
    Image.fromarray(images[3]).save(tmp_path / "three.png")
    assert main(["predict", "--weights", str(out / "weights.safetensors"), str(tmp_path / "three.png")]) == 0
    assert "three.png: 3  (" in capsys.readouterr().out


# ── Ctrl-C ────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def running(out: Path, *options: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "nn", *digits(out, *options)]
    with subprocess.Popen(command, stdout=-1, stderr=-1, text=True, cwd=ROOT, start_new_session=True) as process:
        try:
            yield process
        finally:
            process.kill()


def interrupted(process: subprocess.Popen[str]) -> str:
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to Graphviz, too, if it is running
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == ""  # no traceback
    return out


@pytest.mark.parametrize("line", ["scikit-learn's digits", "Gradient check", "epoch  ", "    0  ", "    3  "])
def test_ctrl_c_leaves_the_best_weights_so_far_and_says_so(tmp_path: Path, line: str) -> None:
    with running(tmp_path, "--epochs", 500) as process:
        assert process.stdout
        lines = iter(process.stdout)
        assert any(text.startswith(line) for text in lines)
        said = interrupted(process)
    assert "Interrupted. " in said
    assert_whole(tmp_path)
    files = [path for path in tmp_path.iterdir() if str(path) in said]
    assert sorted(files) == sorted(tmp_path.iterdir())  # all that is there is told
    if "nothing was written" in said:
        assert files == []
        assert line in ("scikit-learn's digits", "Gradient check", "epoch  ")
    else:
        assert {path.name for path in files} == {"weights.safetensors", "history.csv"}
        best = max(epoch["held_out_accuracy"] for epoch in history(tmp_path))
        assert accuracy(tmp_path / "weights.safetensors") == best
        assert f"({100 * best:.2f} %) right" in said


def test_ctrl_c_among_the_pictures_leaves_those_that_were_finished(tmp_path: Path) -> None:
    with running(tmp_path, "--epochs", 1) as process:
        while not (tmp_path / "curves.png").exists():
            assert process.poll() is None
        said = interrupted(process)
    assert "What was finished is whole on disk; the weights are the best so far, after epoch 1" in said
    assert_whole(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert {"weights.safetensors", "history.csv", "curves.png"} <= names < set(FILES)


@pytest.mark.parametrize("part", ["by_hand.largest_difference", "figures.first_layer", "weights.save"])
def test_ctrl_c_inside_of_any_part_is_the_same(
    tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(f"nn.{part}", stop)
    assert main(digits(tmp_path, "--epochs", 1, "--limit", 20)) == 130
    out, err = capsys.readouterr()
    assert "Interrupted. " in out
    assert err == ""
    assert ("nothing was written" in out) == (part != "figures.first_layer")
    assert_whole(tmp_path)


def test_files_of_an_earlier_run_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "curves.png").write_text("of an earlier run")

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nn.figures.curves", stop)
    assert main(digits(tmp_path, "--epochs", 1, "--limit", 20)) == 130
    assert "From an earlier run: curves.png" in capsys.readouterr().out
    assert (tmp_path / "curves.png").read_text() == "of an earlier run"


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
    assert "The best was epoch 0" in out  # whatever the network of NaNs may read right
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)


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
    for default in ("runs/digits", "16 16", "sigmoid", "half_squared_error", "uniform", "10", "3.0", "30", "compiled"):
        assert f"(default: {default})" in told


def test_importing_nn_loads_the_standard_library_only() -> None:
    program = (
        "import sys; import nn, nn.digits, nn.extras; "
        "print([m for m in ('numpy', 'sklearn', 'tqdm', 'matplotlib', 'safetensors', 'PIL') if m in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, capture_output=True, text=True)
    assert loaded.stdout == "[]\n"
