"""A picture for those who may not see the real thing: `still`, an image in HTML without a script.

A notebook that is not trusted shows HTML without its scripts, styles and frames. So a page for a notebook carries a
still picture, and a style that hides it: whoever keeps the style runs the page, and whoever drops it shows the picture.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io

__all__ = ["DPI", "size", "small", "still"]

DPI = 2 * 72
"""Dots per inch of a PNG: two a pixel of the drawing, sharp on screens of today."""

COLOURS = 128
"""Of a small PNG: those of the palette, and what lies between them at the rims of letters."""


def size(png: bytes) -> int:
    """How wide the PNG of a drawing is to be shown, in pixels: as wide as its SVG."""
    return round(int.from_bytes(png[16:20]) * 72 / DPI)


def small(png: bytes) -> bytes:
    """The same with as many colours as a drawing needs, a third as large, where there is Pillow; else as it is."""
    try:
        from PIL import Image
    except ModuleNotFoundError:
        return png
    made = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(made, "PNG", optimize=True)
    return min(made.getvalue(), png, key=len)


def still(png: bytes, words: str) -> str:
    """An image that is shown only where the page that comes with it is not.

    Args:
        png: the image; "" is made of none.
        words: what it shows, for those who cannot see it.

    >>> from autograd import Value, draw
    >>> made = still(draw(Value(2.0, label="x") * 3).pipe("png"), "The graph of y = 6")
    >>> made.startswith("<style>.still-"), 'alt="The graph of y = 6"' in made
    (True, True)
    """
    if not png:
        return ""
    png = small(png)
    name = f"still-{hashlib.sha256(png).hexdigest()[:8]}"
    return (
        f'<style>.{name}{{display:none}}</style><div class="{name}"><p>This is a picture of the page, which shows '
        "itself once the notebook is trusted: <em>Trust Notebook</em> in the command palette.</p>"
        f'<img alt="{html.escape(words)}" width="{size(png)}" style="max-width:100%;height:auto" '
        f'src="data:image/png;base64,{base64.b64encode(png).decode()}"></div>'
    )
