"""Inputs that are plain numbers are drawn: a few as they are, a square of many as the picture that it is."""

from __future__ import annotations

from collections import Counter
from typing import Any
from xml.etree import ElementTree

import pytest
from drawing.test_picture import digits

import nn
from autograd import Value, dot, draw
from autograd.viz.picture.boxes import Block, Numbers, Picture
from autograd.viz.picture.composer import picture
from autograd.viz.picture.palette import PALETTES

SVG = "{http://www.w3.org/2000/svg}"


def numbers(shown: Picture) -> list[Numbers]:
    return [box for box in shown.boxes if isinstance(box, Numbers)]


def network(*samples: list[float]) -> tuple[nn.MLP, Value]:
    model = nn.MLP(len(samples[0]), [2, 1], seed=0)
    loss = nn.mse_loss([model(x) for x in samples], [1.0] * len(samples))
    loss.backward()
    return model, loss


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_they_lead_to_all_that_computes_with_them_and_no_gradient_comes_back(depth: int) -> None:
    model, loss = network([0.5, -1.0])
    shown = picture(loss, model=model, depth=depth)
    (inputs,) = numbers(shown)
    assert inputs.data == [0.5, -1.0]
    assert inputs.sentence == "2 inputs, plain numbers: 0.5, −1"
    arrows = [arrow for arrow in shown.arrows if arrow.source == inputs.id]
    assert len(arrows) == {0: 1, 1: 1, 2: 2, 3: 2}[depth], "to the network, its first layer, each of its neurons"
    assert not any(arrow.flows or arrow.gradient for arrow in arrows)


def test_inputs_that_are_values_are_nodes_and_nothing_else() -> None:
    model = nn.MLP(2, [2, 1], seed=0)
    assert not numbers(picture(model([Value(0.5), Value(1.0)])))
    w, x = Value(1.0), Value(2.0)
    assert not numbers(picture(dot([w, w], [x, 3.0], 1.0))), "where some are nodes, the formula says the others"


def test_each_sample_is_drawn_and_many_are_not() -> None:
    model, loss = network([0.5, -1.0], [2.0, 3.0])
    assert [box.data for box in numbers(picture(loss, model=model))] == [[0.5, -1.0], [2.0, 3.0]]
    model, loss = network(*([float(k), 1.0] for k in range(20)))
    assert not numbers(picture(loss, model=model))


def test_there_are_never_more_boxes_than_asked_for_because_of_them() -> None:
    model, loss = network([0.5, -1.0])
    everything = len(picture(loss, model=model, max_nodes=1000).boxes)
    assert len(picture(loss, model=model, max_nodes=everything - 1).boxes) <= everything - 1


def cells(svg: ElementTree.Element, box: str) -> list[str]:
    """The colours of the small squares in a box, row by row."""
    (group,) = (g for g in svg.iter(f"{SVG}g") if g.get("id") == box)
    return [p.get("fill", "") for p in group.findall(f"{SVG}polygon") if p.get("fill") != "none"]


def test_pixels_are_a_tile_on_which_ink_is_dark() -> None:
    image = [1.0 if row == column else 0.0 for row in range(8) for column in range(8)]
    model = nn.MLP(64, [4, 2], seed=0)
    loss = nn.half_squared_error(model(image), [1.0, 0.0])
    drawing = draw(loss, model=model)
    (tile,) = numbers(drawing.picture)
    colours = Counter(cells(ElementTree.fromstring(drawing.svg), tile.id)[-64:])
    light = PALETTES["light"]
    assert colours == {light["paper"]: 56, light["ink"]: 8}
    assert all("prefers-color-scheme" in text for text in [drawing.svg]), "and light where the paper is dark"


@pytest.mark.parametrize("image", [[0.0] * 64, [float("nan")] * 64, [1e308, -1e308] * 32, [float("inf")] + [0.0] * 63])
def test_any_numbers_make_a_tile(image: list[float]) -> None:
    model: Any = nn.Layer(64, 2, seed=0)
    assert draw(model(image)[0] + 1.0, max_nodes=100).svg


def test_the_layers_of_the_digit_network_stand_behind_its_image() -> None:
    model, loss = digits()
    shown = picture(loss, model=model, depth=1)
    first = next(box for box in shown.boxes if isinstance(box, Block))
    assert [(a.source, a.target) for a in shown.arrows if a.source == "x0"] == [("x0", first.id)]


def targets(loss: Value, **settings: Any) -> list[Numbers]:
    return [box for box in numbers(picture(loss, **settings)) if "target" in box.title]


def test_targets_stand_in_the_box_that_uses_them_or_in_one_of_their_own() -> None:
    model, loss = digits()
    (own,) = targets(loss, model=model, depth=1)
    assert own.title == "10 targets"
    assert own.sentence.startswith("10 targets, plain numbers: ")
    assert sorted(own.data) == [0.0] * 9 + [1.0]
    arrows = [arrow for arrow in picture(loss, model=model, depth=1).arrows if arrow.source == own.id]
    assert [(arrow.count, arrow.flows) for arrow in arrows] == [(10, False)]
    small = nn.squared_error(nn.MLP(2, [2], seed=0)([0.5, -1.0]), [0.25, 0.75])
    assert targets(small) == []
    said = " ".join(box.sentence for box in picture(small).boxes)
    assert "− 0.25" in said
    assert "− 0.75" in said


def test_a_one_hot_target_is_a_row_of_squares_of_which_one_is_dark() -> None:
    model, loss = digits()
    drawing = draw(loss, model=model)
    (row,) = (box for box in numbers(drawing.picture) if "targets" in box.title)
    light = PALETTES["light"]
    expected = [light["ink"] if x else light["paper"] for x in row.data]
    assert cells(ElementTree.fromstring(drawing.svg), row.id)[-10:] == expected


def test_the_probabilities_of_a_cross_entropy_are_targets() -> None:
    model = nn.MLP(2, [12], seed=0)
    (own,) = targets(nn.cross_entropy(model([0.5, -1.0]), [0.0] * 11 + [1.0]))
    assert own.data == [0.0] * 11 + [1.0]
