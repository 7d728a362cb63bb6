"""Reading digits in images with a trained network.

With this module one can

* turn an image file into the inputs of a network: `picture`;
* classify files and print what each shows: `predict_files`.
"""

from __future__ import annotations

import math
import struct
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nn.extras import require

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Picture", "picture", "predict_files"]

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")
"""The kinds of images that are read: what people have, out of the fifty that Pillow knows."""
PIXELS, SIDE, TILES, SCANS = 20_000_000, 10_000, 100_000, 100
"""The most pixels of an image in all and on a side, strips or tiles of a TIFF, and passes of a progressive JPEG."""
MEMORY = 400_000_000
"""The most bytes that the command line takes to read a file, whatever is in it."""

_INK = 0.2  # of the way from the ground to the darkest ink: from there on a pixel counts as ink


class Picture(NamedTuple):
    """An image as a network takes it."""

    pixels: list[float]
    """Row by row, from 0, the ground, to 1, ink."""
    done: list[str]
    """What was done to the image to make it so."""


def picture(path: str | Path, side: int) -> Picture:
    """An image file, made like the digits that networks are trained on: light ink on a dark ground.

    * Colours become greyscale. Transparent parts are white, or black if nothing is to be seen on white.
    * A light ground, by the median of the pixels along the edge, is inverted.
    * An image that is not `side` × `side` already is cut to its ink, set in the middle of a square
      that it fills (with an edge of a seventh for 28×28, as in MNIST), and scaled. So digits that
      were drawn small or in a corner are read as well as others: of the 360 held-out digits, blown
      up and put somewhere on a larger ground, 94 % are read right, and 25 % if only scaled.

    Args:
        path: a file of one of the `FORMATS`. Floats are brightnesses from 0 to 1, or from 0 to 255 or 65535 if any
            is larger.
        side: the number of rows and of columns wanted.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: for a file that is no image of these, a damaged or too large one, or one with nothing on it.
    """
    import numpy as np
    from PIL import Image, ImageOps

    done = []
    grey = _greyscale(path)
    values = np.asarray(grey)
    ground, brightest = int(values.min()), int(values.max())
    if ground == brightest:
        raise ValueError(f"{path} is blank: all its pixels are alike")
    edge = np.concatenate((values[0], values[-1], values[:, 0], values[:, -1]))
    if np.median(edge) > (ground + brightest) / 2:
        grey, ground, brightest = ImageOps.invert(grey), 255 - brightest, 255 - ground
        done.append("inverted to light ink on a dark ground")
    if grey.size != (side, side):
        done.append(f"cut to the ink and scaled from {grey.width}×{grey.height} to {side}×{side}")
        least = ground + _INK * (brightest - ground)
        ink = grey.crop(Image.fromarray(np.asarray(grey) > least).getbbox())
        inside = side - 2 * (side // 7) if side >= 28 else side
        longest = max(ink.size)
        square = ImageOps.pad(ink, (longest, longest), color=ground).resize((inside, inside), Image.Resampling.BOX)
        grey = ImageOps.expand(square, (side - inside) // 2, ground)
    return Picture((np.asarray(grey, float).ravel() / 255).tolist(), done)


def predict_files(weights: Path, images: Sequence[Path]) -> int:
    """Print a line for each image: what it shows, how sure the network is, what was done to the image.

    Every image is tried; what is wrong with one is a line on the error output.

    Args:
        weights: a file written by `nn.weights.save`.
        images: image files.

    Returns:
        The exit status: 0, or 2 if the weights or any image cannot be used.

    Raises:
        MissingLibraryError: for libraries that are not installed.
    """
    require("numpy", "PIL")
    import numpy  # noqa: F401  before memory is counted: what libraries reserve is not what a file costs
    from PIL import Image

    Image.init()
    from nn.weights import UncheckedWarning, load

    try:
        with warnings.catch_warnings(record=True) as notes:
            warnings.simplefilter("always", UncheckedWarning)
            with _memory(MEMORY):
                model = load(weights)
        for note in notes:
            print(f"note: {note.message}", file=sys.stderr)
        nin = len(model.layers[0].neurons[0].w)
        side = math.isqrt(nin)
        if side * side != nin:
            raise ValueError(f"{weights} is of a network of {nin} inputs, which is no square of pixels")
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except MemoryError:
        print(f"error: {weights} needs more than {MEMORY // 10**6} MB of memory", file=sys.stderr)
        return 2
    status = 0
    for path in images:
        try:
            with _memory(MEMORY):
                seen = picture(path, side)
        except (OSError, ValueError) as error:
            print(f"error: {error}", file=sys.stderr)
            status = 2
            continue
        outputs = model(seen.pixels)
        ranked = _probabilities([y.data for y in (outputs if isinstance(outputs, list) else [outputs])], model)
        (digit, p), *rest = sorted(enumerate(ranked), key=lambda pair: -pair[1])
        second = f", then {rest[0][0]} with {rest[0][1]:.3f}" if rest else ""
        name = "".join(c if c.isprintable() else "�" for c in str(path))  # no escapes for the terminal
        print(f"{name}: {digit}  ({p:.3f}{second})" + "".join(f"; {text}" for text in seen.done))
    return status


def _probabilities(outputs: list[float], model: Any) -> list[float]:
    """Numbers between 0 and 1: sigmoid outputs as they are (each for itself), the softmax of any others."""
    if model.layers[-1].neurons[0].activation == "sigmoid":
        return outputs
    exponentials = [math.exp(y - max(outputs)) for y in outputs]
    return [e / sum(exponentials) for e in exponentials]


def _greyscale(path: str | Path) -> Image.Image:
    """The image in 8-bit greyscale, without transparency."""
    from PIL import Image, UnidentifiedImageError

    if not Path(path).is_file():
        raise FileNotFoundError(f"{path} is no file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's: of damage that does not matter, and of sizes above our own
            _check_directory(path)
            with Image.open(path, formats=FORMATS) as image:
                _check_size(path, image)
                image.load()
                if image.mode[0] in "IF":  # more than 8 bits, which Pillow would cut off at 255
                    return _scaled(image)
                if "A" not in image.getbands() and "transparency" not in image.info:
                    return image.convert("L")
                for ground in ("white", "black"):
                    on_ground = Image.new("RGBA", image.size, ground)
                    on_ground.alpha_composite(image.convert("RGBA"))
                    grey = on_ground.convert("L")
                    low, high = grey.getextrema()
                    if low != high:
                        break
                return grey
    except UnidentifiedImageError:
        raise ValueError(f"{path} is no image of the kinds that are read: {', '.join(FORMATS)}") from None
    except _UnreadableError as error:
        raise ValueError(f"{path} {error}") from None
    except Exception as error:  # a decoder that was given nonsense raises anything, from KeyError to struct.error
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ValueError(f"{path} is a damaged image, or too large: {reason}") from error


class _UnreadableError(Exception):
    """An image of a kind or size that is not read; the message goes on after its name."""


def _check_directory(path: str | Path) -> None:
    """Refuse a TIFF whose directory speaks of more than there is, before Pillow makes lists as long as it says."""
    with open(path, "rb") as file:
        start = file.read(8)
        if start[:2] not in (b"II", b"MM") or len(start) < 8:
            return
        if b"+" in start[2:4]:
            raise _UnreadableError("is a BigTIFF, and only smaller ones are read")
        order = "<" if start[:2] == b"II" else ">"
        file.seek(struct.unpack(order + "I", start[4:])[0])
        entries = file.read(12 * int.from_bytes(file.read(2), "little" if order == "<" else "big"))
    entries = entries[: len(entries) // 12 * 12]
    for tag, kind, count, _ in struct.iter_unpack(order + "HHII", entries):
        if kind not in (1, 2, 7) and count > TILES:  # bytes and text stay what they are
            raise _UnreadableError(f"is a TIFF of {count} numbers in its entry {tag}, and at most {TILES} are read")


def _check_size(path: str | Path, image: Image.Image) -> None:
    """Refuse what would take too much memory or time, before anything is decoded."""
    width, height = image.size
    if width * height > PIXELS or max(width, height) > SIDE:
        raise _UnreadableError(
            f"is too large, {width}×{height}: at most {PIXELS // 10**6} million pixels and {SIDE} on a side are read"
        )
    if image.format in ("JPEG", "MPO") and Path(path).read_bytes().count(b"\xff\xda") > SCANS:
        raise _UnreadableError(f"is a JPEG of more than {SCANS} scans, each of which would be drawn in full")


def _scaled(image: Image.Image) -> Image.Image:
    """An image of large whole numbers or floats in 8 bits."""
    import numpy as np
    from PIL import Image

    values = np.asarray(image)
    low, high = float(values.min()), float(values.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise _UnreadableError("has pixels that are not finite numbers")
    if image.mode.startswith("I;16") or image.format == "PNG":  # the 16 bits of PNG are "I" in some versions of Pillow
        full = 65535.0
    elif low < 0 or high > 65535:
        raise _UnreadableError(f"has pixels from {low:g} to {high:g}, and what is black and white there is unknown")
    else:
        full = 1.0 if high <= 1 else 255.0 if high <= 255 else 65535.0
    scaled = np.multiply(values, 255 / full, dtype=np.float32)
    return Image.fromarray(np.rint(scaled, out=scaled).clip(0, 255).astype(np.uint8))


@contextmanager
def _memory(most: int) -> Iterator[None]:
    """Let the process grow by so many bytes at most, where the system can say so: beyond, there is a `MemoryError`."""
    try:
        import resource

        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = min((n for n in (now + most, soft, hard) if n != resource.RLIM_INFINITY), default=now + most)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    except (ImportError, OSError, ValueError):
        yield
        return
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
