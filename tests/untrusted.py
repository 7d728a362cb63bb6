"""A notebook as its reader sees it who has not trusted it: `shown`, what JupyterLab makes of an output.

JupyterLab 4 (rendermime's `preferredMimeType`, and `sanitizer.ts` of apputils) takes the first kind of its ranking that
is safe, HTML (rank 50), LaTeX (70), bitmaps (90), plain text (120), but neither SVG (80) nor JavaScript; and of HTML it
keeps the elements and attributes that do nothing. `data:` addresses of images are kept.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

SAFE = ("text/html", "text/markdown", "text/latex", "image/png", "image/jpeg", "image/gif", "text/plain")
"""By rank."""
DROPPED_WHOLE = {"script", "style", "textarea", "option"}
"""Elements that go with their contents; of the others that are not kept, the contents stay."""


class Sanitised(HTMLParser):
    """What is left of HTML: its images and its words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.images: list[str] = []
        self.words: list[str] = []
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in DROPPED_WHOLE:
            self._inside.append(tag)
        elif not self._inside and tag == "img":
            self.images.append(dict(attributes).get("src") or "")

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.words.append(data)


def shown(data: Mapping[str, Any]) -> tuple[str, Any]:
    """The kind that is shown of an output, and its content."""
    kind = next(kind for kind in SAFE if kind in data)
    content = data[kind]
    return kind, "".join(content) if isinstance(content, list) else content


def pictures(data: Mapping[str, Any]) -> int:
    """How many pictures a reader sees of an output."""
    kind, content = shown(data)
    if kind == "text/html":
        return sum(_is_picture(src.partition("base64,")[2]) for src in Sanitised(content).images)
    return int(kind == "image/png" and _is_picture(content))


def _is_picture(content: str) -> bool:
    """A PNG with something in it: a mere dot has fewer bytes."""
    png = base64.b64decode(content)
    return png.startswith(b"\x89PNG") and len(png) > 1000
