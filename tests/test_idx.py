"""IDX files: what is read is what was written, and every damage is named with the file it is in."""

from __future__ import annotations

import gzip
import itertools
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from nn.data import bundled_digits, mnist, one_hot, read_idx

IMAGES, LABELS = 0x0803, 0x0801


def idx(magic: int, shape: tuple[int, ...], data: bytes) -> bytes:
    """An IDX file, packed field by field as the format is described on LeCun's page."""
    return struct.pack(">I", magic) + b"".join(struct.pack(">I", n) for n in shape) + data


def mnist_files(n_train: int = 5, n_test: int = 3, rows: int = 4, columns: int = 6) -> dict[str, bytes]:
    files = {}
    for part, n in (("train", n_train), ("t10k", n_test)):
        pixels = bytes((7 * i) % 256 for i in range(n * rows * columns))
        files[f"{part}-images-idx3-ubyte"] = idx(IMAGES, (n, rows, columns), pixels)
        files[f"{part}-labels-idx1-ubyte"] = idx(LABELS, (n,), bytes(i % 10 for i in range(n)))
    return files


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def test_pixels_and_labels_are_those_of_the_files(tmp_path: Path) -> None:
    digits = mnist(write(tmp_path, mnist_files()))
    assert digits.shape == (4, 6)
    labels = [*digits.y_learn.tolist(), *digits.y_choose.tolist()]
    assert sorted(labels) == [0, 1, 2, 3, 4]
    assert digits.y_judge.tolist() == [0, 1, 2]
    assert digits.x_learn.shape == (4, 24)
    pixels = np.concatenate([digits.x_learn, digits.x_choose])[np.argsort(labels)]
    for i, pixel in enumerate(pixels.ravel()):
        assert pixel == np.float32((7 * i) % 256) / np.float32(255)


@pytest.mark.parametrize("dot", ["-", "."])
@pytest.mark.parametrize("compressed", [False, True])
def test_every_customary_name_is_found(tmp_path: Path, dot: str, compressed: bool) -> None:
    files = {
        name.replace("-idx", f"{dot}idx") + ".gz" * compressed: gzip.compress(content) if compressed else content
        for name, content in mnist_files().items()
    }
    assert mnist(write(tmp_path, files)).x_judge.shape == (3, 24)


def test_compression_is_told_by_the_content_not_the_name(tmp_path: Path) -> None:
    (tmp_path / "unpacked.gz").write_bytes(idx(LABELS, (2,), b"\x01\x02"))
    (tmp_path / "packed").write_bytes(gzip.compress(idx(LABELS, (2,), b"\x01\x02")))
    assert read_idx(tmp_path / "unpacked.gz", 1).tolist() == read_idx(tmp_path / "packed", 1).tolist() == [1, 2]


def test_pixels_are_not_copied_out_of_the_file_image(tmp_path: Path) -> None:
    (tmp_path / "images").write_bytes(idx(IMAGES, (2, 3, 4), bytes(24)))
    assert not read_idx(tmp_path / "images", 3).flags.owndata


def test_no_more_is_unpacked_than_the_header_promises(tmp_path: Path) -> None:
    """A packed file of 100 kB may hold 100 MB behind what it promises."""
    (tmp_path / "images.gz").write_bytes(gzip.compress(idx(IMAGES, (2, 3, 4), bytes(100_000_000)), 1))
    tracemalloc.start()
    with pytest.raises(ValueError, match="too long: 2×3×4 = 24 bytes of data expected, more found"):
        read_idx(tmp_path / "images.gz", 3)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("name", list(mnist_files()))
def test_an_absent_file_is_named(tmp_path: Path, name: str) -> None:
    files = mnist_files()
    del files[name]
    with pytest.raises(FileNotFoundError, match=f"{name} is not there"):
        mnist(write(tmp_path, files))


def test_an_absent_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere is no folder"):
        mnist(tmp_path / "nowhere")


DAMAGES = {
    "empty": (lambda content: b"", "is truncated: 0 bytes"),
    "cut in the header": (lambda content: content[:7], "is truncated: 7 bytes, and the header alone has 16"),
    "a byte short": (lambda content: content[:-1], "is truncated: 5×4×6 = 120 bytes of data expected, 119 found"),
    "a byte long": (lambda content: content + b"\0", "is too long: 5×4×6 = 120 bytes of data expected, 121 found"),
    "labels instead": (
        lambda content: idx(LABELS, (16,), bytes(16)),
        "should hold images .* magic number 2051, but starts with 2049, which says labels",
    ),
    "something else": (lambda content: b"\x89PNG" + content, "should hold images .* 2051, but starts with 2303741511"),
    "sizes beyond any memory": (lambda content: idx(IMAGES, (2**32 - 1,) * 3, b""), "is truncated: .* 0 found"),
    "sizes of nothing": (lambda content: idx(IMAGES, (0, 2**32 - 1, 2**32 - 1), b""), "is empty"),
    "packed, a byte short": (
        lambda content: gzip.compress(content[:-1]),
        "is truncated: 5×4×6 = 120 bytes of data expected, 119 found",
    ),
    "packed, a byte long": (
        lambda content: gzip.compress(content + b"\0"),
        "is too long: 5×4×6 = 120 bytes of data expected, more found",
    ),
    "packed, empty": (lambda content: gzip.compress(b""), "is truncated: 0 bytes"),
    "packed sizes beyond any memory": (
        lambda content: gzip.compress(idx(IMAGES, (2**32 - 1,) * 3, b"")),
        "would be .* bytes of data, from .* packed: unpack it first",
    ),
    "packed sizes that the file cannot hold": (
        lambda content: gzip.compress(idx(IMAGES, (100_000, 28, 28), b"")),
        "would be 100000×28×28 = 78400000 bytes of data, from .* packed: unpack it first",
    ),
    "something after the .gz": (lambda content: gzip.compress(content) + b"more", "is a damaged or truncated .gz file"),
    "cut .gz": (lambda content: gzip.compress(content)[:-9], "is a damaged or truncated .gz file"),
    "broken .gz": (lambda content: gzip.compress(content)[:12] + b"\xff" * 20, "is a damaged or truncated .gz file"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named_with_its_damage(tmp_path: Path, damage: str) -> None:
    files, name = mnist_files(), "train-images-idx3-ubyte"
    inflict, says = DAMAGES[damage]
    files[name] = inflict(files[name])
    with pytest.raises(ValueError, match=f"{name} {says}"):
        mnist(write(tmp_path, files))


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    files = mnist_files() | {"train-labels-idx1-ubyte": idx(LABELS, (4,), bytes(4))}
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte has 5 images, and .*train-labels.* 4 labels"):
        mnist(write(tmp_path, files))
    files = mnist_files() | {"t10k-images-idx3-ubyte": idx(IMAGES, (3, 2, 2), bytes(12))}
    with pytest.raises(ValueError, match="the train images are 4×6 pixels, the t10k images 2×2"):
        mnist(write(tmp_path, files))


def test_a_label_that_is_no_digit_and_a_set_of_nothing_are_refused(tmp_path: Path) -> None:
    files = mnist_files() | {"t10k-labels-idx1-ubyte": idx(LABELS, (3,), b"\x00\x0a\x01")}
    with pytest.raises(ValueError, match="t10k-labels-idx1-ubyte has the label 10, and digits are 0 to 9"):
        mnist(write(tmp_path, files))
    files = mnist_files(n_train=0)
    with pytest.raises(ValueError, match="train-images-idx3-ubyte is empty"):
        mnist(write(tmp_path, files))


@pytest.mark.parametrize("seed", [0, 1])
def test_the_bundled_digits_are_split_with_equal_shares(seed: int) -> None:
    from sklearn.datasets import load_digits

    digits = bundled_digits(seed)
    parts = [digits.y_learn, digits.y_choose, digits.y_judge]
    assert [len(part) for part in parts] == [1257, 180, 360]
    for one, other in itertools.combinations(parts, 2):
        shares = np.bincount(one) / len(one) - np.bincount(other) / len(other)
        assert np.abs(shares).max() < 1 / len(one) + 1 / len(other)  # whole digits cannot be split more evenly
    every = np.concatenate((digits.x_learn, digits.x_choose, digits.x_judge)) * 16
    assert sorted(map(tuple, every.tolist())) == sorted(map(tuple, load_digits().data.tolist()))  # each once
    assert (bundled_digits(seed).x_learn == digits.x_learn).all()
    assert (bundled_digits(seed + 2).x_learn != digits.x_learn).any()


def test_a_target_is_one_in_its_class_and_nowhere_else() -> None:
    assert one_hot(np.array([3, 0]), 4).tolist() == [[0, 0, 0, 1], [1, 0, 0, 0]]
