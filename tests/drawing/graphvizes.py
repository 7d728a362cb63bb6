"""The two programs that draw, the Graphviz inside pygraphviz and the system's `dot`, and what they have to draw."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec

import pytest

from autograd import Value, sin

AT_HAND = [*(["bundled"] if find_spec("pygraphviz") else []), *(["dot"] if shutil.which("dot") else [])]

HOSTILE = [
    "<script>alert(1)</script>",
    "</text><script>alert(1)</script>",
    '"quotes" \'and\' "more"',
    "line\nbreak\ttab\r",
    "{record | <port> field}",
    "\\N \\G \\n \\",
    "<b>bold</b>",
    "<<TABLE><TR><TD>x</TD></TR></TABLE>>",
    "&amp; &lt; &#60; &",
    "ŷ α 变量 ∂",
    "\x00\x07\x1b \ud800 \uffff",
    "right \u202e left",
    "long " * 200,
    "->",
    "  ",
]


def example() -> tuple[Value, Value]:
    x = Value(0.5, label="x")
    y = sin(x**2 + 1)
    y.label = "y"
    y.backward()
    return x, y


def use(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have drawings made by one of the two; by the bundled one, where no `dot` is to be found."""
    if program == "bundled":
        places = os.environ.get("PATH", "").split(os.pathsep)
        monkeypatch.setenv("PATH", os.pathsep.join(p for p in places if not shutil.which("dot", path=p)))
