"""Inputs and targets that are plain numbers are part of the picture: drawn, and changed as any leaf is.

What follows from a change is compared with Python's graph of the changed numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_looks import OUTSIDE
from test_use import saved, type_into

import nn
from autograd import Value, topological_order

Show = Callable[..., Any]


def network(x: list[float], y: list[float], loss: Callable[..., Any] = nn.half_squared_error) -> Value:
    E = loss(nn.MLP(len(x), [3, len(y)], activation="tanh", seed=1)(x), y)
    E.label = "E"
    return E  # type: ignore[no-any-return]


def shown(page: Any, root: Value) -> None:
    """The page has Python's values and gradients."""
    root.backward()
    order = topological_order(root)
    assert page.evaluate("Array.from(explorer.engine.value)") == pytest.approx([v.data for v in order], rel=1e-12)
    assert page.evaluate("Array.from(explorer.grad)") == pytest.approx([v.grad for v in order], rel=1e-9, abs=1e-15)


def field(name: str) -> str:
    return f"[aria-label='Value of {name}']"


LOSSES = [nn.squared_error, nn.half_squared_error, nn.mse_loss, nn.l1_loss, nn.cross_entropy]


@pytest.mark.parametrize("loss", LOSSES)
def test_an_input_or_a_target_that_is_typed_changes_all_that_follows(loss: Callable[..., Any], show: Show) -> None:
    page = show(network([0.5, -0.25], [1.0, 0.0], loss))
    assert page.locator(".node.given .title").all_text_contents() == ["2 inputs", "2 targets"]
    assert page.locator(".node.given text.value").all_text_contents() == ["0.5", "−0.25", "1", "0"]
    type_into(page, field("x2"), "0.75")
    type_into(page, field("y1"), "0.3")  # of cross-entropy, probabilities need not add up to 1
    assert page.locator(".node.given text.value").all_text_contents() == ["0.5", "0.75", "0.3", "0"]
    shown(page, network([0.5, 0.75], [0.3, 0.0], loss))
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("u")
    shown(page, network([0.5, 0.75], [1.0, 0.0], loss))
    page.keyboard.press("u")
    shown(page, network([0.5, -0.25], [1.0, 0.0], loss))
    assert page.locator("#undo").is_disabled()


def test_a_click_on_their_box_leads_to_their_fields(show: Show) -> None:
    page = show(network([0.5, -0.25], [1.0, 0.0]))
    page.locator(".node.given", has_text="targets").click()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Value of y1"
    page.locator(".node.given", has_text="inputs").press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Value of x1"


def test_the_explanation_follows_a_target(show: Show) -> None:
    page = show(network([0.5, -0.25], [1.0, 0.0], nn.squared_error))
    type_into(page, field("y1"), "-0.3")
    page.evaluate("explorer.select(explorer.names.indexOf('W¹₁₂'))")
    assert "✓ agree" in page.locator("#panel").inner_text()
    assert page.locator(".node .caption", has_text="− −0.3").count() == 1
    product = 1.0
    for factor in page.evaluate("explorer.why(explorer.names.indexOf('b²₁'))"):
        product *= factor["value"]
    assert product == pytest.approx(page.evaluate("explorer.grad[explorer.names.indexOf('b²₁')]"), rel=1e-12)


def test_they_are_in_the_address_in_the_saved_page_and_in_the_python_that_is_copied(show: Show, tmp_path: Path) -> None:
    page = show(network([0.5, -0.25], [1.0, 0.0]))
    type_into(page, field("y2"), "0.8")
    page.click("#descend")
    page.wait_for_timeout(500)
    other = page.context.new_page()
    other.goto(page.evaluate("location.href"))
    for what in ("Array.from(explorer.engine.value)", "Array.from(explorer.grad)"):
        assert other.evaluate(what) == page.evaluate(what)
    copy = tmp_path / "copy.html"
    copy.write_bytes(saved(page, "#save-page").read_bytes())
    again = show(None, path=copy)
    assert again.evaluate("Array.from(explorer.engine.value)") == page.evaluate("Array.from(explorer.engine.value)")
    printed: list[Any] = []
    exec(page.evaluate("explorer.pythonOf(0)"), {"print": lambda *numbers: printed.append(numbers)})  # our own text
    assert printed[0][1] == pytest.approx(page.evaluate("explorer.grad[0]"), rel=1e-9)
    page.click("#reset")
    shown(page, network([0.5, -0.25], [1.0, 0.0]))


def test_a_row_of_pixels_is_a_tile_whose_pixels_are_fields(show: Show) -> None:
    pixels = [k % 17 / 16 for k in range(64)]
    page = show(network(pixels, [0.0] * 9 + [1.0]))
    tile = page.locator(".node.given", has_text="64 inputs")
    squares = tile.locator(".cell")
    assert squares.count() == 64
    places = [squares.nth(k).bounding_box() for k in (0, 7, 8, 63)]
    assert places[0]["y"] == places[1]["y"] < places[2]["y"] < places[3]["y"]
    assert places[0]["x"] == places[2]["x"] < places[1]["x"] == places[3]["x"]  # eight in a row
    assert float(squares.nth(16).get_attribute("fill-opacity")) == 1  # the largest is the darkest
    tile.click()
    assert page.locator("#filter").input_value() == "64 inputs"
    type_into(page, field("x17"), "0")
    assert float(squares.nth(16).get_attribute("fill-opacity")) == 0
    shown(page, network([*pixels[:16], 0.0, *pixels[17:]], [0.0] * 9 + [1.0]))


def test_no_text_leaves_their_boxes_whatever_the_numbers(show: Show) -> None:
    page = show(network([0.5, -0.25], [1.0, 0.0]))
    for x in ("-1.2345e-8", "-123456789.123", "nan", "-0.00012345", "-inf"):
        for name in ("x2", "y1"):
            type_into(page, field(name), x)
        assert page.evaluate(OUTSIDE) == []


def test_the_samples_of_a_batch_are_not_drawn(show: Show) -> None:
    model = nn.MLP(2, [3, 1], seed=0)
    points = [[a / 4, b / 4] for a in range(3) for b in range(3)]
    page = show(nn.mse_loss([model(p) for p in points], [a * b for a, b in points]))
    assert page.locator(".node.given").count() == 0


@pytest.mark.parametrize("address", ["#given=99:1", "#given=0:x;;1", "#given=-1:2;toString:3"])
def test_an_address_of_no_number_changes_none(address: str, show: Show, tmp_path: Path) -> None:
    root = network([0.5, -0.25], [1.0, 0.0])
    page = show(root)
    page.goto(page.evaluate("location.href.split('#')[0]") + address)
    page.reload()
    shown(page, root)
