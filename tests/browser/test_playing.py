"""Training in the page: on one sample or on many, there and back, and shared by a link."""

from __future__ import annotations

import base64
import io
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from test_use import box, digits_network, text_of, type_into, worked_example

import nn
from autograd import Value, total
from autograd.viz.page.explore import explore

Show = Callable[..., Any]


def ring() -> tuple[list[list[float]], list[float]]:
    """Points of the plane: +1 near the middle, −1 around."""
    generator = random.Random(1)
    X, Y = [], []
    for k in range(40):
        radius = (0.2 if k % 2 else 0.8) + 0.2 * generator.random()
        angle = 2 * math.pi * generator.random()
        X.append([radius * math.cos(angle), radius * math.sin(angle)])
        Y.append(1.0 if k % 2 else -1.0)
    return X, Y


def network() -> nn.MLP:
    return nn.MLP(2, [6, 1], activation="tanh", output="tanh", seed=3)


@pytest.fixture
def sampled(tmp_path: Path) -> Path:
    return explore(nn.squared_error, data=ring(), f=network()).save(tmp_path / "ring.html")


def wait_until(page: Any, what: str, seconds: float = 20) -> None:
    for _ in range(int(10 * seconds)):  # the page's policy forbids what wait_for_function does
        if page.evaluate(what):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never: {what}")


def test_a_step_on_samples_is_pythons_step_on_the_mean_loss(sampled: Path, show: Show) -> None:
    page, model = show(None, path=sampled), network()
    X, Y = ring()
    optimiser = nn.SGD(model.parameters(), lr=0.5)
    type_into(page, "#rate", "0.5")
    for _ in range(5):
        losses = [nn.squared_error(model(x), y) for x, y in zip(X, Y, strict=True)]
        mean = total(losses) / len(losses)
        optimiser.zero_grad()
        mean.backward()
        optimiser.step()
        page.click("#descend")
    values = dict(zip(page.evaluate("explorer.names"), page.evaluate("Array.from(explorer.engine.value)"), strict=True))
    for layer, part in enumerate(model.layers, 1):
        for k, neuron in enumerate(part.neurons, 1):
            for i, w in enumerate(neuron.w, 1):
                assert values[f"W{'⁰¹²³'[layer]}{chr(0x2080 + k)}{chr(0x2080 + i)}"] == pytest.approx(w.data, rel=1e-9)
    now = sum(nn.squared_error(model(x), y).data for x, y in zip(X, Y, strict=True)) / len(X)
    assert page.evaluate("explorer.state.frames.at(-1).loss") == pytest.approx(now, rel=1e-9)


def test_run_counts_steps_draws_the_curve_and_learns_and_undo_takes_it_all_back(sampled: Path, show: Show) -> None:
    page = show(None, path=sampled)
    before = page.evaluate("Array.from(explorer.engine.value)")
    first = page.evaluate("explorer.state.frames[0].loss")
    picture = page.evaluate("document.getElementById('plane').toDataURL()")
    page.select_option("#speed", "100")
    page.click("#run")
    assert page.locator("#run").inner_text() == "Pause"
    wait_until(page, "explorer.state.steps > 200")
    page.click("#run")
    steps = page.evaluate("explorer.state.steps")
    assert page.locator("#steps").inner_text() == f"step {steps}"
    page.wait_for_timeout(200)
    assert page.evaluate("explorer.state.steps") == steps
    assert page.evaluate("explorer.state.frames.at(-1).loss") < 0.5 * first
    assert page.evaluate("document.getElementById('plane').toDataURL()") != picture  # the boundary has moved
    axes = page.locator("#film .axis").all_text_contents()
    assert "step 0" in axes[1]
    assert f"step {steps}" in axes[1]
    page.click("#undo")
    assert page.evaluate("Array.from(explorer.engine.value)") == before
    assert page.locator("#steps").inner_text() == ""


def test_undo_goes_back_change_by_change(show: Show) -> None:
    page = show(worked_example())
    assert page.locator("#undo").is_disabled()
    box(page, "w5").click()
    type_into(page, "#panel input.number", "0.75")
    box(page, "w6").click()
    type_into(page, "#panel input.number", "0.5")
    page.click("#descend")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("u")
    assert text_of(page, "w6", "value") == "0.5"
    page.keyboard.press("u")
    assert text_of(page, "w6", "value") == "0.45"
    assert text_of(page, "w5", "value") == "0.75"
    page.keyboard.press("u")
    assert text_of(page, "w5", "value") == "0.4"  # all that was typed into one field is one change
    assert page.locator("#undo").is_disabled()


def test_samples_are_picked_by_buttons_and_on_the_plane(sampled: Path, show: Show) -> None:
    page = show(None, path=sampled)
    X, Y = ring()
    page.click("#sample-after")
    assert page.locator("#sample-number").inner_text() == "2 of 40"
    values = dict(zip(page.evaluate("explorer.names"), page.evaluate("Array.from(explorer.engine.value)"), strict=True))
    assert [values["x1"], values["x2"], values["y"]] == [*X[1], Y[1]]
    page.click("#sample-before")
    page.click("#sample-before")
    assert page.locator("#sample-number").inner_text() == "40 of 40"
    low = [min(x[k] for x in X) for k in range(2)]
    span = [max(x[k] for x in X) - low[k] for k in range(2)]
    at = [(X[7][k] - low[k] + 0.12 * span[k]) / (1.24 * span[k]) for k in range(2)]
    place = page.locator("#plane").bounding_box()
    page.mouse.click(place["x"] + at[0] * place["width"], place["y"] + (1 - at[1]) * place["height"])
    assert page.locator("#sample-number").inner_text() == "8 of 40"


def test_the_plane_shows_the_output_of_the_network(sampled: Path, show: Show) -> None:
    """Its colours at some places far from the boundary, against Python's sign."""
    page, model = show(None, path=sampled), network()
    X, _ = ring()
    low = [min(x[k] for x in X) for k in range(2)]
    span = [max(x[k] for x in X) - low[k] for k in range(2)]
    url = page.evaluate("document.getElementById('plane').toDataURL()")
    picture = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB")
    compared = 0
    for i in range(1, 8):
        for j in range(1, 8):
            at = [low[k] - 0.12 * span[k] + 1.24 * span[k] * t for k, t in ((0, i / 8), (1, j / 8))]
            out = model(at).data
            if abs(out) < 0.25 or min(math.dist(at, x) for x in X) < 0.12:
                continue  # near the boundary, or under a point
            r, _, b = picture.getpixel((int(i / 8 * picture.width), int((1 - j / 8) * picture.height)))
            assert (r > b) == (out > 0), (at, out)
            compared += 1
    assert compared > 10


def test_samples_with_many_inputs_are_a_tile_and_can_be_trained_on(show: Show, tmp_path: Path) -> None:
    model = nn.MLP(16, [4, 2], activation="tanh", seed=1)
    X = [[(k * j) % 5 / 5 for k in range(16)] for j in range(6)]
    path = explore(nn.mse_loss, data=(X, [[1.0, 0.0], [0.0, 1.0]] * 3), f=model).save(tmp_path / "tile.html")
    page = show(None, path=path)
    assert page.locator("#plane").is_visible()
    assert "4 by 4 squares" in page.locator("#plane").get_attribute("aria-label")
    first = page.evaluate("explorer.state.frames[0].loss")
    page.click("#descend")
    assert page.evaluate("explorer.state.frames.at(-1).loss") < first


def test_a_link_brings_the_state_back(sampled: Path, show: Show) -> None:
    page = show(None, path=sampled)
    page.click("#descend")
    page.evaluate("explorer.showSample(5)")
    page.evaluate("explorer.select(explorer.names.indexOf('W¹₂₁'))")
    type_into(page, "#panel input.number", "0.125")
    page.wait_for_timeout(500)
    address = page.evaluate("location.href")
    assert "#" in address
    other = page.context.new_page()
    other.goto(address)
    for what in (
        "Array.from(explorer.engine.value)",
        "explorer.state.selected",
        "explorer.state.sample",
        "explorer.state.steps",
        "document.getElementById('loss').textContent",
        "explorer.state.view.group",
    ):
        assert other.evaluate(what) == page.evaluate(what), what


@pytest.mark.parametrize(
    "address",
    ["#node=99999", "#leaves=0:x;;7", "#view=99,99,99", "#step=-4&view=a,b", "#%E0%A4%A", "#=&&=", "#sample=1e99"],
)
def test_a_broken_link_opens_the_page_all_the_same(address: str, show: Show, tmp_path: Path) -> None:
    path = explore(worked_example()).save(tmp_path / "page.html")
    page = show(None, path=path)
    page.goto(f"{path.as_uri()}{address}")
    page.reload()
    assert page.locator("#loss").text_content() == "E = 0.298371"
    assert page.locator(".node:not(.given)").count() == 24


def test_the_walk_tells_no_answer_before_it_is_computed(show: Show) -> None:
    page = show(worked_example())
    box(page, "a1").click()
    page.keyboard.press("Escape")
    page.evaluate("explorer.go(0)")
    page.evaluate("explorer.select(explorer.names.indexOf('a1'))")
    for number in ("0.5933", "0.03635", "0.036350"):
        assert number not in page.locator("#panel").inner_text()
    value, gradient = "0.5933", "0.03635"
    told = {value: False, gradient: False}
    for step in range(1, 44):
        page.evaluate("step => explorer.go(step)", step)
        text = page.locator("#panel").inner_text()
        known = page.evaluate("explorer.stage(explorer.names.indexOf('a1')) === 'final'")
        told[value] |= value in text
        if not known:
            assert gradient not in text, step
    assert told[value]
    page.keyboard.press("End")
    assert gradient in page.locator("#panel").inner_text()
    page.evaluate("explorer.go(5)")
    page.evaluate("explorer.select(-1)")
    page.click("[data-ask=matters]")
    assert {m.evaluate("m => m.style.getPropertyValue('--share')") for m in page.locator(".meter").all()} == {"0"}


def test_the_walk_goes_by_product_by_node_or_by_layer(show: Show) -> None:
    page = show(digits_network())
    assert page.locator("#unit").input_value() == "layer"  # of a large network: seconds, not minutes
    page.click("#home")
    last = page.evaluate("Number(document.getElementById('time').max)")
    for level in ("layers", "neurons"):
        page.locator("#levels button", has_text=level).click()
        page.click("#home")
        met = [0]
        while met[-1] < last:
            page.click("#on")
            met.append(page.evaluate("explorer.state.step"))
            assert met[-1] > met[-2]
            assert len(met) < 16  # at one a second it plays in a quarter of a minute
        while met[-1] > 0:
            page.click("#back")
            met.append(page.evaluate("explorer.state.step"))
            assert met[-1] < met[-2]
    page = show(worked_example())
    assert page.locator("#unit").input_value() == "product"
    page.select_option("#unit", "node")
    page.click("#home")
    count = 0
    while page.evaluate("explorer.state.step") < 44:
        page.click("#on")
        count += 1
    assert count <= 12 + 1 + 12  # each operation once forward and once backward, and ∂E/∂E = 1


def test_it_plays_at_the_chosen_speed(show: Show) -> None:
    steps = {}
    for pace in ("1", "10"):
        page = show(worked_example())
        page.select_option("#pace", pace)
        page.click("#play")
        page.wait_for_timeout(1600)
        page.click("#play")
        steps[pace] = page.evaluate("explorer.state.step")
    assert 1 <= steps["1"] <= 3  # every 0.7 s
    assert steps["10"] > 3 * steps["1"]


def test_practice_gives_a_hint_before_the_answer_and_does_not_count_what_was_shown(show: Show) -> None:
    page = show(worked_example())
    page.keyboard.press("q")
    box(page, "w5").click()
    form = page.locator(".question")
    assert form.get_by_role("button", name="Show").is_disabled()
    form.get_by_role("button", name="Hint").click()
    assert "∂E/∂" in page.locator(".verdict").inner_text()
    assert "0.08217" not in page.locator("#panel").inner_text()
    form.get_by_role("button", name="Show").click()
    assert text_of(page, "w5", "gradient") == "+0.08217"
    page.evaluate("explorer.select(explorer.names.indexOf('w6'))")
    type_into(page, ".question input", "0.08267")
    page.keyboard.press("Enter")
    page.evaluate("explorer.select(-1)")
    assert "1 of 23 gradients found, 1 shown" in page.locator("#caption").inner_text()


def test_a_loss_that_is_no_longer_a_number_stops_the_run(show: Show) -> None:
    x = Value(3.0, label="x")
    y = x * x * x * x
    y.label = "y"
    page = show(y)
    type_into(page, "#rate", "9")
    page.click("#run")
    wait_until(page, "document.getElementById('run').textContent === 'Run'")
    assert "smaller η" in page.locator("#caption").inner_text()
    page.click("#undo")
    assert text_of(page, "x", "value") == "3"
