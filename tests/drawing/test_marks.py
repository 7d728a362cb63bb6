"""A drawing marks the units that pass no gradient, or next to none, and where a number that is none arises."""

from __future__ import annotations

import math
from typing import Any
from xml.etree import ElementTree

import pytest

import nn
from autograd import Value, draw
from autograd.viz.picture.boxes import Block, Node
from autograd.viz.picture.composer import picture

SVG = "{http://www.w3.org/2000/svg}"


def marks(root: Value, **settings: Any) -> dict[str, str]:
    """What is said of nodes, by their formulas or titles."""
    boxes = [box for box in picture(root, **settings).boxes if isinstance(box, Node)]
    return {box.formula or box.title: box.mark for box in boxes if box.mark}


@pytest.mark.parametrize(
    ("make", "formula", "mark"),
    [
        (lambda x: (x - 3).relu() * 2, "relu(x − 3)", "dead"),
        (lambda x: (x * 20).tanh() * 2, "tanh(x·20)", "saturated"),
        (lambda x: (x * -9).sigmoid() * 2, "σ(x·(−9))", "saturated"),
        (lambda x: x * 1e200 * 1e200 * 0.5, "x·1e200·1e200", "∞"),
        (lambda x: (x * 1e200 * 1e200) * 0.0 + 1, "v2·0", "NaN"),
    ],
)
def test_what_is_wrong_is_marked_where_it_begins_and_nowhere_else(make: Any, formula: str, mark: str) -> None:
    x = Value(1.0, label="x")
    found = marks(make(x))
    assert found[formula] == mark
    assert list(found.values()).count(mark) == 1


def test_a_healthy_network_has_no_mark() -> None:
    model = nn.MLP(2, [3, 1], activation="tanh", init="xavier", seed=0)
    assert not marks(nn.mse_loss(model([0.5, -0.5]), 1.0), max_nodes=1000)


def test_an_input_that_is_nan_is_where_it_arises() -> None:
    assert marks(Value(float("nan"), label="x") * 2 + 1) == {"x": "NaN"}


def test_dead_units_are_counted_where_their_layer_is_one_box() -> None:
    model = nn.MLP(3, [8, 6, 1], seed=1)
    loss = nn.mse_loss(model([0.5, -1.0, 3.0]), 1.0)
    loss.backward()
    dead = []  # a ReLU's output is 0 exactly where nothing passes
    x: Any = [0.5, -1.0, 3.0]
    for layer in model.layers[:2]:
        x = [unit.data for unit in layer(x)]
        dead.append(x.count(0.0))
    blocks = [box for box in picture(loss, model=model, depth=1).boxes if isinstance(box, Block)]
    assert [box.marks for box in blocks][:2] == [[("dead", n)] for n in dead]
    words = [box.sentence for box in blocks]
    assert f"{dead[0]} × dead" in words[0]


def test_marks_are_in_words_and_in_the_outline_and_the_legend_says_what_they_mean() -> None:
    x = Value(1.0, label="x")
    y = (x - 3).relu() * 2
    y.backward()
    drawing = draw(y)
    svg = ElementTree.fromstring(drawing.svg)
    (dead,) = (g for g in svg.iter(f"{SVG}g") if "numb" in (g.get("class") or "").split())
    assert "dead" in [text.text for text in dead.iter(f"{SVG}text")]
    assert any(shape.get("stroke-dasharray") for shape in dead.iter() if shape.tag != f"{SVG}text")
    assert "dead: passes no gradient" in "".join(svg.itertext())
    assert "dead" in drawing.words


@pytest.mark.parametrize("data", [math.inf, -math.inf, math.nan, 0.0, 1e308])
@pytest.mark.parametrize("label", ["x", ""])
@pytest.mark.parametrize("settings", [{}, {"legend": False}, {"theme": "dark"}])
def test_a_leaf_of_any_number_is_drawn(data: float, label: str, settings: dict[str, Any]) -> None:
    """Whatever mark it carries."""
    x = Value(data, label=label)
    for root in (x, x + 1, x * 10):
        drawing = draw(root, **settings)
        assert drawing.svg.count("<svg") == 1
        assert drawing.pipe("png").startswith(b"\x89PNG")
