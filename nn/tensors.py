"""Named arrays in one file, in the safetensors format: the same arrays give the same bytes, and damage is noticed.

With this module one can

* write arrays and texts with a checksum over all of them: `write`, or `packed` for the bytes alone;
* read what is in such a file, from anyone, and know that it is what was written: `read`.

The format is eight bytes, the length of the header; the header, which is JSON; and the numbers, little-endian, each
array where the header says. Nothing in it can be executed. Everything the header claims is compared with the size of
the file before anything of that size is made. The checksum stands among the texts as "sha256": that of the JSON of all
other texts and of every array's type and shape, with sorted keys and no spaces, and then of the arrays' bytes,
sorted by name. Files of others have none; the texts and arrays are read, and `Stored.checked` is False.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd.files import write as write_whole

__all__ = ["LONGEST_HEADER", "Stored", "packed", "read", "write"]

LONGEST_HEADER = 4_000_000
"""The most bytes of a header that is read; one for 10 000 arrays has a tenth of that."""

_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
_NAMES = {np.dtype(code): name for name, code in _TYPES.items()}
_CHECKSUM, _TEXTS = "sha256", "__metadata__"


class Stored(NamedTuple):
    """What is in a file."""

    tensors: dict[str, NDArray[Any]]
    metadata: dict[str, str]
    checked: bool
    """Whether there was a checksum, which then was right."""


def packed(tensors: Mapping[str, ArrayLike], metadata: Mapping[str, str]) -> bytes:
    """The bytes of a file of these arrays and texts, with their checksum; the order they are given in plays no part.

    Raises:
        TypeError: for an array of something else than numbers of up to 64 bits or truths, or a text that is none.

    >>> from nn.tensors import packed
    >>> packed({"b": [1.0], "a": [2.0]}, {}) == packed({"a": [2.0], "b": [1.0]}, {})
    True
    """
    arrays = {name: np.asarray(tensor) for name, tensor in sorted(tensors.items())}
    for name, array in arrays.items():
        if array.dtype.newbyteorder("<") not in _NAMES:
            raise TypeError(f"{name} is an array of {array.dtype}, and only {', '.join(_TYPES)} can be stored")
    for key, text in metadata.items():
        if not isinstance(key, str) or not isinstance(text, str):
            raise TypeError(f"metadata are texts, not {key!r}: {text!r}")
    kinds = {name: _NAMES[array.dtype.newbyteorder("<")] for name, array in arrays.items()}
    contents = {name: array.astype(_TYPES[kinds[name]]).tobytes() for name, array in arrays.items()}
    shapes = {name: list(array.shape) for name, array in arrays.items()}
    texts = {key: text for key, text in sorted(metadata.items()) if key != _CHECKSUM}
    texts[_CHECKSUM] = _checksum(texts, kinds, shapes, contents)
    header: dict[str, Any] = {_TEXTS: texts}
    # Wide numbers first, as the format asks for: then each begins where its type may.
    order = sorted(arrays, key=lambda name: (-arrays[name].itemsize, name))
    begin = 0
    for name in order:
        end = begin + len(contents[name])
        header[name] = {"dtype": kinds[name], "shape": shapes[name], "data_offsets": [begin, end]}
        begin = end
    written = _json(header)
    written += b" " * (-len(written) % 8)  # so that the numbers begin at a multiple of 8
    return len(written).to_bytes(8, "little") + written + b"".join(contents[name] for name in order)


def write(path: str | os.PathLike[str], tensors: Mapping[str, ArrayLike], metadata: Mapping[str, str]) -> None:
    """Write `packed` arrays and texts; a file there is replaced at once, when the new one is whole.

    Raises:
        TypeError: as `packed`.
        OSError: if the file cannot be written.
    """
    write_whole(path, packed(tensors, metadata))


def read(path: str | os.PathLike[str]) -> Stored:
    """The arrays and texts in a safetensors file. The arrays cannot be written to.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: for a file that is not one, a damaged one, or one of arrays that NumPy has no type for; the message
            is one line, with the path.

    >>> from nn.tensors import read, write
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(f"{folder}/a.safetensors", {"w": [[1.0, 2.0]]}, {"note": "two numbers"})
    ...     stored = read(f"{folder}/a.safetensors")
    >>> stored.tensors["w"].tolist(), stored.metadata["note"], stored.checked
    ([[1.0, 2.0]], 'two numbers', True)
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path} is no file")
    try:
        with open(path, "rb") as file:
            header, data = _parts(file, os.fstat(file.fileno()).st_size)
        texts = _texts(header.pop(_TEXTS, {}))
        places = {name: _place(name, about, len(data)) for name, about in header.items()}
        _check_cover(places, len(data))
        tensors = {
            name: np.frombuffer(data, _TYPES[kind], math.prod(shape), begin).reshape(shape)
            for name, (kind, shape, begin, _) in places.items()
        }
        expected = texts.pop(_CHECKSUM, None)
        if expected is not None:
            kinds = {name: kind for name, (kind, *_) in places.items()}
            shapes = {name: shape for name, (_, shape, *_) in places.items()}
            contents = {name: data[begin:end] for name, (_, _, begin, end) in places.items()}
            if _checksum(texts, kinds, shapes, contents) != expected:
                changed = "after a change made on purpose, leave its entry sha256 out"
                raise ValueError(f"its checksum is not that of what it holds ({changed})")
    except (ValueError, RecursionError) as error:
        reason = "its header is nested too deeply" if isinstance(error, RecursionError) else _line(str(error))
        raise ValueError(f"{path} is no safetensors file, or a damaged one: {reason}") from None
    return Stored(tensors, texts, expected is not None)


def _json(x: Any) -> bytes:
    return json.dumps(x, separators=(",", ":")).encode()


def _checksum(
    texts: Mapping[str, str], kinds: Mapping[str, str], shapes: Mapping[str, list[int]], contents: Mapping[str, Any]
) -> str:
    names = sorted(kinds)
    tensors = {name: [kinds[name], shapes[name]] for name in names}
    found = hashlib.sha256(_json({"metadata": dict(sorted(texts.items())), "tensors": tensors}))
    for name in names:
        found.update(contents[name])
    return found.hexdigest()


def _parts(file: Any, size: int) -> tuple[dict[str, Any], memoryview]:
    """The header and the numbers of a file of so many bytes."""
    start = file.read(8)
    if len(start) < 8:
        raise ValueError(f"it has {size} bytes, and a header alone has more")
    length = int.from_bytes(start, "little")
    if length > size - 8:
        raise ValueError(f"its header would have {length} bytes, and the file has {size}")
    if length > LONGEST_HEADER:
        raise ValueError(f"its header has {length} bytes, and at most {LONGEST_HEADER} are read")
    text = file.read(length).decode()
    if text[:1] != "{":
        raise ValueError("its header does not begin with {")
    header = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    return header, memoryview(file.read(size - 8 - length))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        first = iter(found)  # keys stand in the order in which they first occur
        twice = next(key for key, _ in pairs if key != next(first, None))
        raise ValueError(f"{_quoted(twice)} stands twice in its header")
    return found


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} stands in its header")


def _texts(metadata: Any) -> dict[str, str]:
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise ValueError("its metadata are not texts")
    return metadata


def _place(name: str, about: Any, size: int) -> tuple[str, list[int], int, int]:
    """Type, shape, and first and last byte of an array, where so many bytes are there."""
    if not isinstance(about, dict) or set(about) != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"the header says of {_quoted(name)} something else than dtype, shape and data_offsets")
    kind, shape, offsets = about["dtype"], about["shape"], about["data_offsets"]
    if not isinstance(kind, str) or kind not in _TYPES:
        raise ValueError(f"{_quoted(name)} is of type {_quoted(kind)}, and only {', '.join(_TYPES)} are known")
    if not _are_sizes(shape) or len(shape) > 32 or any(n > size for n in shape):
        raise ValueError(f"the shape of {_quoted(name)} is none that fits in the file")
    if not _are_sizes(offsets) or len(offsets) != 2 or not offsets[0] <= offsets[1] <= size:
        raise ValueError(f"{_quoted(name)} lies outside the file")
    begin, end = offsets
    if end - begin != math.prod(shape) * np.dtype(_TYPES[kind]).itemsize:
        raise ValueError(f"{_quoted(name)} has {end - begin} bytes, which is not what its type and shape need")
    return kind, shape, begin, end


def _are_sizes(x: Any) -> bool:
    return isinstance(x, list) and all(type(n) is int and n >= 0 for n in x)


def _check_cover(places: Mapping[str, tuple[str, list[int], int, int]], size: int) -> None:
    """Every byte belongs to one array."""
    at = 0
    for name, (_, _, begin, end) in sorted(places.items(), key=lambda place: place[1][2:]):
        if begin != at:
            raise ValueError(f"{_quoted(name)} begins at byte {begin} of the numbers, where {at} is next")
        at = end
    if at != size:
        raise ValueError(f"it has {size} bytes of numbers, and the header speaks of {at}")


def _quoted(x: Any) -> str:
    return _line(repr(x), 40)


def _line(text: str, longest: int = 200) -> str:
    line = " ".join("".join(c if c.isprintable() else "�" for c in text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
