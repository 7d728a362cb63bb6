"""`python -m nn predict`: images of any kind come to the network as digits it knows, and faults are named."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import nn
from nn import weights
from nn.__main__ import main
from nn.predict import FORMATS, picture

# an 8×8 "4": light ink on a dark ground, touching top and bottom as scikit-learn's digits do
FOUR = np.array(
    [
        [0, 0, 0, 0, 0, 4, 9, 0],
        [0, 0, 0, 0, 3, 15, 5, 0],
        [0, 0, 0, 2, 13, 8, 0, 0],
        [0, 0, 2, 13, 8, 3, 8, 0],
        [0, 1, 12, 9, 2, 14, 9, 0],
        [0, 9, 16, 13, 15, 16, 3, 0],
        [0, 3, 9, 9, 14, 12, 0, 0],
        [0, 0, 0, 0, 15, 5, 0, 0],
    ],
)
GREY = (FOUR * 255 / 16).round().astype(np.uint8)


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    weights.save(tmp_path / "w.safetensors", nn.MLP(64, [10], output="sigmoid", seed=0))
    return tmp_path / "w.safetensors"


def file(folder: Path, image: Image.Image, name: str = "image.png") -> Path:
    image.save(folder / name)
    return folder / name


def test_an_image_of_the_right_size_is_taken_as_it_is(tmp_path: Path) -> None:
    taken = picture(file(tmp_path, Image.fromarray(GREY)), 8)
    assert taken.pixels == (GREY.ravel() / 255).tolist()
    assert taken.done == []


def rgb(grey: np.ndarray) -> Image.Image:
    return Image.fromarray(np.stack([grey] * 3, axis=-1))


def transparent(grey: np.ndarray, ink: int) -> Image.Image:
    return Image.fromarray(np.stack([np.full_like(grey, ink)] * 3 + [grey], axis=-1))


@pytest.mark.parametrize(
    ("image", "inverted"),
    [
        (Image.fromarray(255 - GREY), True),
        (rgb(GREY), False),
        (rgb(255 - GREY), True),
        (rgb(GREY).quantize(256), False),
        (Image.fromarray(GREY.astype(np.uint16) * 257), False),
        (transparent(GREY, ink=255), False),  # white ink: to be seen on black only
        (transparent(GREY, ink=0), True),  # black ink: on white
    ],
    ids=["dark on light", "colours", "colours, dark on light", "palette", "16 bits", "white, transparent", "black"],
)
def test_every_mode_and_ground_comes_out_as_light_ink_on_a_dark_ground(
    tmp_path: Path, image: Image.Image, inverted: bool
) -> None:
    taken = picture(file(tmp_path, image), 8)
    assert np.array(taken.pixels) * 255 == pytest.approx(GREY.ravel(), abs=1.01)  # the nearest of 256 greys
    assert taken.done == ["inverted to light ink on a dark ground"] * inverted


def test_a_black_and_white_image_has_only_ground_and_ink(tmp_path: Path) -> None:
    taken = picture(file(tmp_path, Image.fromarray(GREY > 100)), 8)
    assert taken.pixels == (GREY > 100).ravel().astype(float).tolist()


@pytest.mark.parametrize("scale", [3, 10])
@pytest.mark.parametrize(("left", "top"), [(0, 0), (40, 3), (5, 90)])
def test_wherever_and_however_large_a_digit_is_drawn_it_fills_the_square(
    tmp_path: Path, scale: int, left: int, top: int
) -> None:
    large = np.zeros((8 * scale + 100, 8 * scale + 60), np.uint8)
    large[top : top + 8 * scale, left : left + 8 * scale] = np.kron(GREY, np.ones((scale, scale), np.uint8))
    taken = picture(file(tmp_path, Image.fromarray(large)), 8)
    # the ink is columns 1 to 6 of 8, so that cutting and centring puts it where it was
    assert np.array(taken.pixels) * 255 == pytest.approx(GREY.ravel(), abs=1.01)
    assert taken.done == [f"cut to the ink and scaled from {large.shape[1]}×{large.shape[0]} to 8×8"]


def test_a_large_square_keeps_the_edge_that_mnist_has(tmp_path: Path) -> None:
    image = Image.fromarray(np.kron(GREY, np.ones((9, 9), np.uint8)))
    ink = np.array(picture(file(tmp_path, image), 28).pixels).reshape(28, 28) > 0.05
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    assert (rows[0], rows[-1]) == (4, 23)  # 20 rows of ink and 4 on either side, as its authors describe
    assert columns[0] + columns[-1] == pytest.approx(27, abs=1)


def test_a_line_for_each_image_says_the_class_and_how_sure(
    tmp_path: Path, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = file(tmp_path, Image.fromarray(255 - GREY))
    assert main(["predict", "--weights", str(trained), str(image), str(image)]) == 0
    outputs = [y.data for y in weights.load(trained)((GREY.ravel() / 255).tolist())]
    order = np.argsort(outputs)[::-1]
    line = (
        f"{image}: {order[0]}  ({outputs[order[0]]:.3f}, then {order[1]} with {outputs[order[1]]:.3f})"
        "; inverted to light ink on a dark ground\n"
    )
    assert capsys.readouterr() == (2 * line, "")


def test_outputs_that_are_no_sigmoids_are_made_probabilities(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = nn.MLP(64, [10], output="linear", seed=1)
    weights.save(tmp_path / "w.safetensors", model)
    image = file(tmp_path, Image.fromarray(GREY))
    assert main(["predict", "--weights", str(tmp_path / "w.safetensors"), str(image)]) == 0
    logits = [y.data for y in model((GREY.ravel() / 255).tolist())]
    share = math.exp(max(logits)) / sum(map(math.exp, logits))
    assert f"({share:.3f}, then" in capsys.readouterr().out


def test_a_bad_image_is_named_in_one_line_and_the_others_are_still_read(
    tmp_path: Path, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = file(tmp_path, Image.fromarray(GREY), "good.png")
    cut = file(tmp_path, Image.fromarray(GREY), "cut.png")
    cut.write_bytes(cut.read_bytes()[:-40])
    blank = file(tmp_path, Image.new("L", (30, 30), 255), "blank.png")
    clear = file(tmp_path, Image.new("RGBA", (30, 30)), "clear.png")
    text = tmp_path / "text.png"
    text.write_text("no image")
    absent = tmp_path / "absent.png"
    bad = [cut, blank, clear, text, absent, tmp_path]
    assert main(["predict", "--weights", str(trained), *map(str, [*bad, good])]) == 2
    out, err = capsys.readouterr()
    assert out.startswith(f"{good}: ")
    says = ["damaged image", "blank", "blank", "no image of the kinds that are read: PNG, JPEG", "no file", "no file"]
    for line, path, fault in zip(err.splitlines(), bad, says, strict=True):
        assert line.startswith(f"error: {path} is ")
        assert fault in line


def test_an_image_too_large_to_be_honest_is_refused(
    tmp_path: Path, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wide = file(tmp_path, Image.new("1", (10_001, 1)), "wide.png")
    huge = file(tmp_path, Image.new("1", (5001, 4000)), "huge.png")
    bomb = file(tmp_path, Image.new("1", (20_000, 20_000)), "bomb.png")  # Pillow itself refuses this one
    assert main(["predict", "--weights", str(trained), str(wide), str(huge), str(bomb)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 3)
    assert "wide.png is too large, 10001×1: at most 20 million pixels and 10000 on a side are read" in err
    assert "huge.png is too large, 5001×4000: at most 20 million" in err
    assert "bomb.png is a damaged image, or too large: " in err


@pytest.mark.parametrize("form", FORMATS)
def test_every_kind_that_is_named_is_read(tmp_path: Path, form: str) -> None:
    settings = {"JPEG": {"quality": 100}, "WEBP": {"lossless": True}}.get(form, {})
    Image.fromarray(GREY).save(tmp_path / "image", form, **settings)
    assert np.array(picture(tmp_path / "image", 8).pixels) * 255 == pytest.approx(GREY.ravel(), abs=3)  # JPEG's loss


@pytest.mark.parametrize("form", ["PPM", "ICO", "TGA", "PCX", "EPS", "PDF", "JPEG2000", "SGI"])
def test_no_other_kind_is_read(tmp_path: Path, form: str) -> None:
    """Pillow knows fifty, some of which start other programs, as EPS does; a name that says otherwise is no help."""
    Image.fromarray(GREY).save(tmp_path / "image.png", form)
    with pytest.raises(
        ValueError, match=r"image\.png is no image of the kinds that are read: PNG, JPEG, GIF, BMP, TIFF"
    ):
        picture(tmp_path / "image.png", 8)


@pytest.mark.parametrize(
    "values",
    [
        (GREY / 255).astype(np.float32),
        GREY.astype(np.float32),
        (GREY * 257.0).astype(np.float32),
        GREY.astype(np.int32),
        GREY.astype(np.int32) * 257,
        1 - (GREY / 255).astype(np.float32),
    ],
    ids=["floats to 1", "floats to 255", "floats to 65535", "numbers to 255", "numbers to 65535", "dark on light"],
)
def test_a_tiff_of_floats_or_large_numbers_is_read_as_the_digit_it_shows(tmp_path: Path, values: np.ndarray) -> None:
    taken = picture(file(tmp_path, Image.fromarray(values), "image.tiff"), 8)
    assert np.array(taken.pixels) * 255 == pytest.approx(GREY.ravel(), abs=1.01)  # the nearest of 256 greys


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (math.nan, "has pixels that are not finite numbers"),
        (math.inf, "has pixels that are not finite numbers"),
        (-1.0, r"has pixels from -1 to 255, and what is black and white there is unknown"),
        (1e9, r"has pixels from 0 to 1e\+09, and what is black and white there is unknown"),
    ],
)
def test_a_tiff_whose_scale_cannot_be_known_is_refused(tmp_path: Path, number: float, says: str) -> None:
    values = GREY.astype(np.float32)
    values[0, 0] = number
    with pytest.raises(ValueError, match=rf"image\.tiff {says}"):
        picture(file(tmp_path, Image.fromarray(values), "image.tiff"), 8)


def test_a_progressive_jpeg_has_its_scans_counted(tmp_path: Path) -> None:
    path = tmp_path / "image.jpg"
    Image.fromarray(GREY).save(path, progressive=True)
    whole = path.read_bytes()
    picture(path, 8)
    start, end = whole.rindex(b"\xff\xda"), whole.rindex(b"\xff\xd9")
    path.write_bytes(whole[:start] + whole[start:end] * 200 + whole[end:])
    with pytest.raises(ValueError, match="JPEG of more than 100 scans"):
        picture(path, 8)


def test_weights_that_do_not_fit_are_refused(tmp_path: Path, trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = str(file(tmp_path, Image.fromarray(GREY)))
    weights.save(tmp_path / "odd.safetensors", nn.MLP(63, [10], seed=0))
    (tmp_path / "text").write_text("no weights")
    for name, fault in (
        ("odd.safetensors", "63 inputs, which is no square"),
        ("text", "is no safetensors file"),
        ("absent", "is no file"),
    ):
        assert main(["predict", "--weights", str(tmp_path / name), image]) == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert f"{name} " in err
        assert fault in err


def test_weights_without_a_checksum_are_used_and_said_to_be_unchecked(
    tmp_path: Path, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = str(file(tmp_path, Image.fromarray(GREY)))
    assert main(["predict", "--weights", str(trained), image]) == 0
    checked = capsys.readouterr()
    with safe_open(trained, "np") as given:
        about = given.metadata()
    del about["sha256"]
    save_file(load_file(trained), trained, about)
    assert main(["predict", "--weights", str(trained), image]) == 0
    said = f"note: {trained} has no checksum: whether its weights are as they were written cannot be told\n"
    assert capsys.readouterr() == (checked.out, said)


def test_without_weights_those_that_digits_wrote_are_read(
    tmp_path: Path, trained: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    image = str(file(tmp_path, Image.fromarray(GREY)))
    monkeypatch.chdir(tmp_path)
    assert main(["predict", image]) == 2
    assert "there is no runs/digits/weights.safetensors: train with `python -m nn digits`" in capsys.readouterr().err
    (tmp_path / "runs" / "digits").mkdir(parents=True)
    shutil.copy(trained, tmp_path / "runs" / "digits" / "weights.safetensors")
    assert main(["predict", image]) == main(["predict", "--weights", str(trained), image]) == 0
    default, given = capsys.readouterr().out.splitlines()
    assert default == given


def test_without_an_image_the_usage_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["predict"], ["predict", "--weights", "w"], [], ["nonsense"]):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        assert end.value.code == 2
        assert "usage: python -m nn" in capsys.readouterr().err
