"""Files that were damaged at random: each is refused in one line, or read as what it holds, and costs little.

A few rounds of each, and with ``AUTOGRAD_TORTURE=1000`` or more a thousand.
"""

from __future__ import annotations

import gzip
import io
import itertools
import json
import math
import random
import re
import struct
import subprocess
import sys
import time
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from faults import rounds
from PIL import Image

import nn
from nn import weights
from nn.data import read_idx
from nn.predict import FORMATS, picture

ROOT = Path(__file__).resolve().parents[2]
LONG = rounds(few=0) >= 1000
ROUNDS = 1000 if LONG else 200
SECONDS = 5  # for a file of some kB; measured: 0.1
LONGEST = 400  # of a message, without the path


def mutated(rng: random.Random, whole: bytes, texts: tuple[bytes, ...] = ()) -> bytes:
    """A file with one to four damages: bits, bytes, runs, what was cut off, put in, doubled or moved, other numbers."""
    found = bytearray(whole)
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        at = rng.randrange(len(found) + 1) if rng.random() < 0.5 else rng.randrange(min(len(found), 64) + 1)
        length = rng.choice([1, 2, 4, 8, 40])
        match rng.randrange(9):
            case 0 if at < len(found):
                found[at] ^= 1 << rng.randrange(8)
            case 1:
                found[at : at + length] = rng.randbytes(len(found[at : at + length]))
            case 2:
                del found[at:]
            case 3:
                del found[at : at + length]
            case 4:
                found[at:at] = rng.randbytes(length)
            case 5:
                found[at:at] = found[at : at + 10 * length]
            case 6:
                edge = rng.choice([0, 1, 0x7F, 0x80, 0xFF])
                found[at : at + length] = bytes([edge]) * len(found[at : at + length])
            case 7:
                number = rng.choice([0, 1, 1 << 15, (1 << 31) - 1, (1 << 32) - 1, len(whole), rng.getrandbits(32)])
                found[at : at + 4] = struct.pack(rng.choice("<>") + "I", number)
            case 8 if numbers := [*re.finditer(rb"\d+", found[:1000])]:
                one = rng.choice(numbers)
                found[one.start() : one.end()] = rng.choice([b"0", b"1", b"-1", b"1e9", b"9" * 30, b"null", *texts])
    return bytes(found)


def outcome(read: Callable[[], object]) -> object:
    """What was read, or the message of a ValueError; anything else that is raised, or that takes long, is a fault."""
    start = time.perf_counter()
    try:
        found = read()
    except ValueError as error:
        found = str(error)
        assert "\n" not in found
        assert len(found) < LONGEST + 100
    assert time.perf_counter() - start < SECONDS
    return found


def test_damaged_weights_are_refused_or_are_the_same(tmp_path: Path) -> None:
    rng = random.Random(1)
    path = tmp_path / "w.safetensors"
    model = nn.MLP(3, [4, 2], activation="tanh", init="gaussian", seed=1)
    weights.save(path, model, note="a test")
    whole, read, unchecked = path.read_bytes(), 0, 0
    for _ in range(ROUNDS):
        damaged = mutated(rng, whole, (b"[[", b'"', b"{}"))
        if rng.random() < 0.3:  # with a header of the right length, so that the damage inside is what is found
            length = damaged.find(b"}}") + 2
            damaged = struct.pack("<Q", max(0, length - 8)) + damaged[8:]
        path.write_bytes(damaged)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            found = outcome(lambda: weights.load(path))
        if isinstance(found, nn.MLP):
            read += 1
            unchecked += bool(said)
            if not said:
                assert (found.state_dict(), repr(found)) == (model.state_dict(), repr(model))
    assert read < ROUNDS / 5  # nearly all were damages


@pytest.mark.parametrize("packed", [False, True])
def test_damaged_idx_files_are_refused_or_hold_what_is_read(tmp_path: Path, packed: bool) -> None:
    rng = random.Random(2)
    plain = struct.pack(">4I", 0x0803, 5, 4, 6) + bytes(range(120))
    whole = gzip.compress(plain) if packed else plain
    path = tmp_path / "images"
    for _ in range(ROUNDS):
        damaged = mutated(rng, whole)
        path.write_bytes(damaged)
        found = outcome(lambda: read_idx(path, 3))
        if isinstance(found, np.ndarray):
            content = gzip.decompress(damaged) if damaged[:2] == b"\x1f\x8b" else damaged
            assert struct.pack(">4I", 0x0803, *found.shape) + found.tobytes() == content


def seven(side: int) -> np.ndarray:
    image = np.zeros((8, 8), np.uint8)
    image[1, 1:7] = 255
    for i in range(2, 8):
        image[i, 8 - i : 10 - i] = 200
    return np.kron(image, np.ones((side // 8, side // 8), np.uint8))


def images() -> dict[str, bytes]:
    """The same image in every kind, and TIFFs and PNGs of several sorts."""
    found = {}
    grey = Image.fromarray(seven(32))
    for form in FORMATS:
        for mode in ("L", "RGBA", "P", "1"):
            out = io.BytesIO()
            try:
                grey.convert(mode).save(out, form)
            except (OSError, ValueError):
                continue  # this kind has no such mode
            found[f"{form} {mode}"] = out.getvalue()
    for compression in ("raw", "tiff_lzw", "tiff_deflate", "packbits", "jpeg", "group4"):
        out = io.BytesIO()
        grey.convert("1" if compression == "group4" else "L").save(out, "TIFF", compression=compression)
        found[f"TIFF {compression}"] = out.getvalue()
    for name, settings in {"JPEG progressive": {"progressive": True}, "JPEG exif": {"exif": Image.Exif()}}.items():
        out = io.BytesIO()
        grey.save(out, "JPEG", **settings)
        found[name] = out.getvalue()
    out = io.BytesIO()
    Image.fromarray(seven(32).astype(np.float32)).save(out, "TIFF")
    return found | {"TIFF float": out.getvalue()}


def test_damaged_images_are_refused_or_read_as_finite_pixels(tmp_path: Path) -> None:
    rng = random.Random(3)
    kinds = images()
    path = tmp_path / "image"
    for _ in range(ROUNDS * 2):
        path.write_bytes(mutated(rng, kinds[rng.choice(list(kinds))]))
        found = outcome(lambda: picture(path, 8))
        if not isinstance(found, str):
            assert len(found.pixels) == 64
            assert all(0 <= p <= 1 for p in found.pixels)


# ── files of 16 MB that are made to cost much ─────────────────────────────────────────────────────

SIZE = 16_000_000
MOST = 500  # MB, of everything: the interpreter with NumPy and Pillow has 60


def png(width: int, height: int, rows: bytes, bits: int = 8, colour: int = 6, *more: tuple[bytes, bytes]) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = chunk(b"IHDR", struct.pack(">2I5B", width, height, bits, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunk(*m) for m in more) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def zeros(count: int) -> bytes:
    return zlib.compress(bytes(count), 1)


def tiff(entries: dict[int, tuple[int, int, int]], size: int) -> bytes:
    """A TIFF of one directory; what does not fit in an entry lies at an offset that it gives."""
    listed = b"".join(struct.pack("<HHII", tag, *entry) for tag, entry in sorted(entries.items()))
    head = b"II*\0" + struct.pack("<IH", 8, len(entries)) + listed + bytes(4)
    return head + bytes(size - len(head))


GREY_TIFF = {256: (4, 1, 2000), 257: (4, 1, 2000), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1), 277: (3, 1, 1)}


def text(header: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header


def stored(sizes: list[int], kind: str, width: int) -> bytes:
    """Weights of a network of these sizes, each 0."""
    header: dict[str, object] = {
        "__metadata__": {"format": weights.FORMAT, "sizes": json.dumps(sizes), "activation": "relu", "output": "relu"}
    }
    begin = 0
    for i, (n, nout) in enumerate(itertools.pairwise(sizes)):
        for name, shape in ((f"layers.{i}.weight", [nout, n]), (f"layers.{i}.bias", [nout])):
            end = begin + width * math.prod(shape)
            header[name] = {"dtype": kind, "shape": shape, "data_offsets": [begin, end]}
            begin = end
    return text(json.dumps(header).encode()) + bytes(begin)


def idx(*shape: int) -> bytes:
    """A packed IDX file of nothing but zeros."""
    packer = zlib.compressobj(1, wbits=31)
    parts = [packer.compress(struct.pack(">4I", 0x0803, *shape))]
    parts += [packer.compress(bytes(math.prod(shape[1:]) * 1000)) for _ in range(shape[0] // 1000)]
    return b"".join([*parts, packer.flush()])


def costly() -> dict[str, tuple[str, Callable[[], bytes]]]:
    exif = b"II*\0" + struct.pack("<IH", 8, 5000)
    exif += b"".join(struct.pack("<HHII", 40_000 + i, 4, 16_000, 70) for i in range(5000))
    app1 = b"\xff\xe1" + struct.pack(">H", 65_533) + b"Exif\0\0" + exif[:65_525].ljust(65_525, b"\0")
    many = {**GREY_TIFF, 273: (4, 3_900_000, 400), 278: (4, 1, 1), 279: (4, 3_900_000, 400)}
    strips = {**GREY_TIFF, 273: (4, 100_000, 400), 278: (4, 1, 1), 279: (4, 100_000, 400)}
    alike = {**GREY_TIFF, 273: (4, 1, 8), 279: (4, 1, 8)} | {50_000 + i: (4, 3_900_000, 4000) for i in range(300)}
    tiles = {**GREY_TIFF, 322: (4, 1, 60_000), 323: (4, 1, 60_000), 324: (4, 1, 200), 325: (4, 1, 15_000_000)}
    tiles[259] = (3, 1, 8)
    return {
        "weights: nested lists": ("w", lambda: text(b'{"a":' + b"[" * SIZE)),
        "weights: a header of empty tables": ("w", lambda: text(b'{"a":[' + b"{}," * (SIZE // 3) + b"{}]}")),
        "weights: the same, as long as is read": ("w", lambda: text(b'{"a":[' + b"{}," * 1_333_000 + b"{}]}")),
        "weights: tables of one": ("w", lambda: text(b'{"a":[' + b'{"":{}},' * 499_000 + b"{}]}")),
        "weights: names": ("w", lambda: text(b"{" + b",".join(b'"%d":0' % i for i in range(360_000)) + b"}")),
        "weights: single precision": ("w", lambda: stored([2000, 2000], "F32", 4)),
        "weights: half precision": ("w", lambda: stored([2800, 2800], "F16", 2)),
        "weights: as many as are loaded": ("w", lambda: stored([990, 1000], "F64", 8)),
        "weights: many layers": ("w", lambda: stored([1] * 16_000, "F64", 8)),
        "images: as large as is read, with transparency": ("i", lambda: png(4400, 4500, zeros(4500 * 17_601))),
        "images: larger": ("i", lambda: png(60_000, 60_000, zlib.compress(bytes(SIZE)))),
        "images: 16 bits": ("i", lambda: png(4400, 4500, zeros(4500 * 8801), 16, 0)),
        "images: a text that expands": (
            "i",
            lambda: png(8, 8, b"", 8, 6, (b"iCCP", b"a\0\0" + zeros(300_000_000))),
        ),
        "images: TIFF with strips beyond its end": ("i", lambda: tiff(many, SIZE)),
        "images: TIFF with as many strips as are read": ("i", lambda: tiff(strips, SIZE)),
        "images: TIFF with one place for many entries": ("i", lambda: tiff(alike, SIZE)),
        "images: TIFF with huge tiles": ("i", lambda: tiff(tiles, SIZE)),
        "images: JPEG with one place for many entries": ("i", lambda: b"\xff\xd8" + app1 * 240 + b"\xff\xd9"),
        "idx: much more than it says": ("x", lambda: idx(4_000_000, 28, 28)),
        "idx: as much as is read": ("x", lambda: idx(80_000, 28, 28)),
    }


SHORT = {"weights: nested lists", "weights: half precision", "images: TIFF with strips beyond its end"}
COMMANDS = {
    "w": "from nn.__main__ import main; code = main(['predict', '--weights', {path!r}, 'absent.png'])",
    "i": "from nn.__main__ import main; code = main(['predict', '--weights', {weights!r}, {path!r}])",
    "x": (
        "from nn.data import read_idx\n"
        "try: code = 0 * len(read_idx({path!r}, 3))\n"
        "except ValueError as error: print(error, file=sys.stderr); code = 2"
    ),
}


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the peak is measured, and bounded, on Linux")
@pytest.mark.parametrize("kind", costly())
def test_no_file_of_16_mb_costs_500_mb(tmp_path: Path, kind: str) -> None:
    if not LONG and kind not in SHORT:
        pytest.skip("a long one: AUTOGRAD_TORTURE=1000")
    what, make = costly()[kind]
    path, usual = tmp_path / "file", tmp_path / "w.safetensors"
    path.write_bytes(make())
    assert path.stat().st_size < 1.1 * SIZE
    weights.save(usual, nn.MLP(64, [10], seed=0))
    code = (
        f"import re, sys\n{COMMANDS[what].format(path=str(path), weights=str(usual))}\n"
        "status = open('/proc/self/status').read()\n"
        "print('peak', int(re.findall(r'VmHWM:\\s*(\\d+)', status)[0]) // 1024)\n"
        "sys.exit(code)"
    )
    start = time.perf_counter()
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=60)
    seconds = time.perf_counter() - start
    assert done.returncode in (0, 2), done.stderr
    assert done.stderr.count("\n") <= 2, done.stderr  # what is wrong with it, and the absent image
    assert "Traceback" not in done.stderr
    peak = int(re.findall(r"peak (\d+)", done.stdout)[0])
    print(f"{kind}: {peak} MB, {seconds:.1f} s; {done.stderr.strip()[-150:]}")
    assert peak < MOST
    assert seconds < 30  # measured: 8 at most
