"""Pages for everybody: axe-core finds nothing, groups are spoken with their numbers, and a finger is enough."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_looks import neuron, small_network
from test_questions import wrong
from test_sizes import IN_SIGHT, chain, mesh
from test_use import digits_network, worked_example

from autograd import Value

Show = Callable[..., Any]

AXE = Path(__file__).parents[1] / "page" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = [worked_example, neuron, small_network, digits_network, mesh, chain, wrong]

STATES = {
    "opened": "() => {}",
    "a node chosen": "() => explorer.select(explorer.engine.n >> 1)",
    "what matters": "() => document.querySelector('[data-ask=matters]').click()",
    "where it vanishes": "() => document.querySelector('[data-ask=vanish]').click()",
    "in the walk": "() => { explorer.select(-1); explorer.go(3); }",
    "a training": "() => { for (let k = 0; k < 3; k++) explorer.descend(); }",
    "practice": "() => { document.getElementById('practise').click(); }",
    "the keys": "() => document.getElementById('help').click()",
}


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci --prefix tests/page")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("make", PAGES)
def test_axe_finds_nothing(make: Callable[[], Value], scheme: str, show: Show) -> None:
    page = show(make(), context={"color_scheme": scheme, "bypass_csp": True})
    page.add_script_tag(path=AXE)
    assert len(page.evaluate("axe.run()")["passes"]) > 20  # it looks
    for name, action in STATES.items():
        page.evaluate(action)
        found = page.evaluate(
            "axe.run({ resultTypes: ['violations'], rules: { 'label-content-name-mismatch': { enabled: true } } })"
        )["violations"]
        assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found] == [], name


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci --prefix tests/page")
def test_axe_finds_nothing_on_a_phone_and_without_javascript(show: Show) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "bypass_csp": True}
    page = show(worked_example(), context=phone)
    page.add_script_tag(path=AXE)
    found = page.evaluate(
        "axe.run({ resultTypes: ['violations'], rules: { 'label-content-name-mismatch': { enabled: true } } })"
    )["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found] == []


def test_a_group_is_spoken_with_its_value_its_gradient_and_its_state(show: Show) -> None:
    page = show(digits_network())
    spoken = page.locator("#graph").aria_snapshot()
    assert "layer 2, 16 parts, 272 parameters, value of size" in spoken
    assert "gradient of size" in spoken
    assert "Enter opens it" in spoken
    page.keyboard.press("Home")
    assert "value not computed yet, gradient not computed yet" in page.locator("#graph").aria_snapshot()
    page = show(wrong())
    assert page.locator("#heading").text_content() == "The graph of y"


PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def touch(page: Any, kind: str, *points: tuple[float, float]) -> None:
    """One event of fingers, as the browser gets it from a screen."""
    if not hasattr(page, "fingers"):
        page.fingers = page.context.new_cdp_session(page)
    found = [{"x": x, "y": y, "id": k} for k, (x, y) in enumerate(points)]
    page.fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": found})


def camera(page: Any) -> dict[str, float]:
    found = page.evaluate("document.getElementById('world').getAttribute('transform')")
    x, y, scale = (float(part) for part in found.replace("translate(", "").replace(") scale(", " ")[:-1].split())
    return {"x": x, "y": y, "scale": scale}


@pytest.mark.parametrize("make", [worked_example, digits_network, mesh])
def test_on_a_phone_links_lead_downwards_and_nothing_is_wider_than_the_screen(
    make: Callable[[], Value], show: Show
) -> None:
    page = show(make(), context=PHONE)
    places = page.evaluate(
        "explorer.state.view.links.map((l) => [explorer.state.view.boxes[l.from].y, explorer.state.view.boxes[l.to].y])"
    )
    assert places
    assert all(above < below for above, below in places)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.click("#fit")
    assert all(page.evaluate(IN_SIGHT, ".node"))


def test_every_target_on_a_phone_is_44_px(show: Show) -> None:
    page = show(worked_example(), context=PHONE)
    for action in STATES.values():
        page.evaluate(action)
        small = page.evaluate(
            """() => [...document.querySelectorAll('button, summary, input, select, .node')].filter((e) => {
                if (!e.checkVisibility() || e.matches('.formula *, p *, .why *, .product *')) return false;
                const r = e.getBoundingClientRect();
                return r.width && (r.height < 43.5 || r.width < 43.5);
            }).map((e) => [e.id, e.textContent.trim().slice(0, 20), e.getBoundingClientRect().height])"""
        )
        assert small == []
        if page.locator("dialog[open]").count():
            page.keyboard.press("Escape")


def test_two_fingers_zoom_at_the_point_between_them(show: Show) -> None:
    page = show(worked_example(), context=PHONE)
    stage = page.locator("#graph").bounding_box()
    x, y = stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2
    before = camera(page)
    touch(page, "touchStart", (x - 40, y), (x + 40, y))
    for step in range(1, 11):
        touch(page, "touchMove", (x - 40 - 6 * step, y), (x + 40 + 6 * step, y))
    touch(page, "touchEnd")
    after = camera(page)
    assert after["scale"] == pytest.approx(2.5 * before["scale"], rel=0.05)
    for axis, at in (("x", x - stage["x"]), ("y", y - stage["y"])):
        assert (at - after[axis]) / after["scale"] == pytest.approx((at - before[axis]) / before["scale"], abs=8)


def test_a_swipe_moves_a_drawing_that_does_not_fit_and_scrolls_the_page_where_it_does(show: Show) -> None:
    page = show(worked_example(), context=PHONE)
    page.click("#fit")
    assert page.evaluate("getComputedStyle(document.getElementById('graph')).touchAction") == "pan-y"
    for _ in range(5):
        page.keyboard.press("+")
    assert page.evaluate("getComputedStyle(document.getElementById('graph')).touchAction") == "none"
    stage = page.locator("#graph").bounding_box()
    x, y = stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2
    before = camera(page)
    touch(page, "touchStart", (x, y))
    for step in range(1, 11):
        touch(page, "touchMove", (x - 3 * step, y - 10 * step))
    touch(page, "touchEnd")
    after = camera(page)
    assert after["x"] == pytest.approx(before["x"] - 30, abs=5)
    assert after["y"] == pytest.approx(before["y"] - 100, abs=12)
    assert page.evaluate("explorer.state.selected") == -1  # a swipe chooses nothing
    assert page.evaluate("explorer.engine.value.join()") == page.evaluate("explorer.engine.recorded.join()")


def test_a_tap_on_a_box_explains_it(show: Show) -> None:
    page = show(worked_example(), context=PHONE)
    place = page.locator(".node.root .body").bounding_box()
    page.touchscreen.tap(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    assert page.evaluate("explorer.names[explorer.state.selected]") == "E"
