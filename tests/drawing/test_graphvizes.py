"""Whichever program draws, the drawing says the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
from drawing.graphvizes import AT_HAND, HOSTILE, example, use

import nn
from autograd import Value, draw


def content(svg: str) -> list[tuple[str, dict[str, str], str]]:
    """What an SVG says, apart from the places and sizes that a layout decides."""
    layout = {"d", "points", "x", "y", "width", "height", "viewBox", "transform"}
    return [
        (e.tag, {key: value for key, value in e.attrib.items() if key not in layout}, (e.text or "").strip("\n"))
        for e in ElementTree.fromstring(svg).iter()
    ]


def drawings() -> Iterator[Any]:
    x, y = example()
    yield from (draw(y, theme=theme) for theme in ("light", "dark", "auto"))
    yield draw(y, wrt=x)
    yield draw(x * 2, legend=False)
    model = nn.MLP(3, [4, 2], activation="tanh", seed=1)
    loss = nn.half_squared_error(model([0.1, -0.2, 0.3]), [1.0, 0.0])
    loss.backward()
    yield from (draw(loss, model=model, depth=depth, theme="auto") for depth in range(4))
    yield draw(loss, model=model, wrt=model.parameters()[0], digits=12)
    for label in HOSTILE:
        yield draw(Value(1.0, label=label) * 2)


def test_both_programs_make_the_same_svg_but_for_the_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    if len(AT_HAND) < 2:
        pytest.skip(f"drawn by {AT_HAND} alone: the tests want pygraphviz and a `dot` on the PATH (install Graphviz)")
    made = {}
    for program in AT_HAND:
        with monkeypatch.context() as patch:
            use(program, patch)
            made[program] = [content(drawing.svg) for drawing in drawings()]
    for bundled, dot in zip(*made.values(), strict=True):
        assert bundled == dot
