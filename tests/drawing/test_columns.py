"""A drawing is no wider than its column, and what it says can be read there."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
from drawing.test_picture import chain, digits, random_graph

import nn
from autograd import Value, draw, total

pytestmark = pytest.mark.usefixtures("graphviz_at_hand")

SVG = "{http://www.w3.org/2000/svg}"
READABLE = 9  # pixels: smaller print than that of a newspaper is not read on a screen
COLUMNS = [1008, 700]  # of a notebook in JupyterLab; of a page of GitHub's


def network(outputs: list[int]) -> Any:
    model = nn.MLP(2, outputs, activation="tanh", seed=1)
    loss = nn.half_squared_error(model([Value(0.5, label="x1"), Value(-0.5, label="x2")]), [1.0] * outputs[-1])
    loss.backward()
    return loss, model


def graphs() -> Iterator[tuple[str, Any, Any]]:
    for outputs in ([2, 2], [4, 1], [3, 3, 2], [8, 1], [16, 16, 1]):
        yield f"2-{'-'.join(map(str, outputs))}", *network(outputs)
    yield "digits", digits()[1], None
    for seed, size in itertools.product(range(4), (5, 20, 60, 300)):
        yield f"{size} random operations, {seed}", random_graph(seed, size), None
    yield "a chain", chain(40), None
    yield "a long chain", chain(4000), None
    yield "a fan", total([Value(float(k), label=f"x{k}").sin() for k in range(30)]), None


GRAPHS = {name: (root, model) for name, root, model in graphs()}


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("name", GRAPHS)
def test_its_smallest_text_can_be_read_in_its_column(name: str, column: int) -> None:
    root, model = GRAPHS[name]
    svg = ElementTree.fromstring(draw(root, model=model, width=column).svg)
    wide = float(svg.get("width", ""))  # in pixels: a unit would be read as none here
    smallest = min(float(text.get("font-size", "")) for text in svg.iter(f"{SVG}text"))
    assert smallest * min(1, column / wide) >= READABLE


def test_whatever_is_asked_for_it_shrinks_to_its_column() -> None:
    root, model = GRAPHS["2-8-1"]
    svg = ElementTree.fromstring(draw(root, model=model, depth=3).svg)
    assert svg.get("style") == "max-width:100%;height:auto"
    assert [float(x) for x in svg.get("viewBox", "").split()][2] == pytest.approx(float(svg.get("width", "")), abs=1)


def test_the_worked_example_is_shown_whole() -> None:
    root, model = GRAPHS["2-2-2"]
    drawing = draw(root, model=model)
    assert not drawing.picture.notes
    assert re.search(r"rankdir=TB", drawing.source), "it turns"
    assert re.search(r"rankdir=LR", draw(root, model=model, width=3000).source)


def test_a_width_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="width is a number of pixels, 100 or more, not 12"):
        draw(GRAPHS["2-2-2"][0], width=12)


def test_of_two_places_that_say_how_much_is_shown_the_callers_counts() -> None:
    root, model = GRAPHS["2-8-1"]
    assert len(draw(root, model=model).picture.boxes) < 20
    assert len(draw(root, model=model, max_nodes=100).picture.boxes) > 50
