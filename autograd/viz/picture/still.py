"""A picture for those who may not see the real thing: `still`, an image in HTML without a script.

A notebook that is not trusted shows HTML without its scripts, styles and frames. So a page for a notebook carries a
still picture, and a style that hides it: whoever keeps the style runs the page, and whoever drops it shows the picture.
"""

from __future__ import annotations

import base64
import hashlib
import html

__all__ = ["DPI", "size", "still"]

DPI = 2 * 72
"""Dots per inch of a PNG: two a pixel of the drawing, sharp on screens of today."""


def size(png: bytes) -> int:
    """How wide the PNG of a drawing is to be shown, in pixels: as wide as its SVG."""
    return round(int.from_bytes(png[16:20]) * 72 / DPI)


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
    name = f"still-{hashlib.sha256(png).hexdigest()[:8]}"
    return (
        f'<style>.{name}{{display:none}}</style><div class="{name}"><p>This is a picture of the page, which shows '
        "itself once the notebook is trusted: <em>Trust Notebook</em> in the command palette.</p>"
        f'<img alt="{html.escape(words)}" width="{size(png)}" style="max-width:100%;height:auto" '
        f'src="data:image/png;base64,{base64.b64encode(png).decode()}"></div>'
    )
