"""Graphs of every size are seen: what is at work, the whole in small, and what a stub stands for."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

import pytest
from test_use import digits_network, saved, worked_example

import nn
from autograd import Value, total
from autograd.viz.page.explore import explore

Show = Callable[..., Any]


def mesh(steps: int = 1100) -> Value:
    """Some three nodes a step and no modules: each step uses two of the steps before it."""
    x = [Value(0.01 * k) for k in range(30)]
    for k in range(steps):
        x.append((x[-7] * x[-3 - k % 5] + 0.1).tanh())
    return x[-1]


def chain(length: int = 200) -> Value:
    x = Value(0.5, label="x")
    for k in range(length):
        x = x.sin() if k % 2 else x * 1.01
    return x


def fan_in(count: int = 3000) -> Value:
    """A sum of so many products: one node with many operands."""
    w = [Value(k / count) for k in range(count)]
    return total([a * 1.5 for a in w])  # type: ignore[no-any-return]


def batch() -> Value:
    """One loss over 20 samples."""
    model = nn.MLP(2, [8, 8, 1], activation="tanh", seed=1)
    points = [[a / 4, b / 4] for a in range(5) for b in range(4)]
    return nn.mse_loss([model(p) for p in points], [a * b for a, b in points])  # type: ignore[no-any-return]


LARGE = [mesh, chain, fan_in, batch, digits_network]

IN_SIGHT = """(which) => { const stage = document.getElementById('graph').getBoundingClientRect();
    return [...document.querySelectorAll(which)].map((node) => { const r = node.getBoundingClientRect();
        return r.left >= stage.left - 1 && r.right <= stage.right + 1 && r.top >= stage.top - 1
            && r.bottom <= stage.bottom + 1; }); }"""


@pytest.mark.parametrize("size", [(1280, 800), (800, 600), (390, 844)])
@pytest.mark.parametrize("make", [*LARGE, worked_example])
def test_no_graph_opens_on_an_empty_stage_and_fit_shows_all_of_it(
    make: Callable[[], Value], size: tuple[int, int], show: Show
) -> None:
    page = show(make(), context={"viewport": {"width": size[0], "height": size[1]}})
    seen = page.evaluate(IN_SIGHT, ".node")
    assert sum(seen) >= min(3, len(seen)), "the stage is all but empty"
    assert len(seen) <= 420
    if not all(seen):
        assert page.locator("#overview").is_visible(), "no overview, and not all is in sight"
    page.click("#fit")
    assert all(page.evaluate(IN_SIGHT, ".node"))
    for button in page.locator("#levels button").all():
        button.click()
        page.keyboard.press("f")
        assert all(page.evaluate(IN_SIGHT, ".node")), button.inner_text()


@pytest.mark.parametrize("make", LARGE)
def test_what_the_walk_has_done_is_always_in_sight(make: Callable[[], Value], show: Show) -> None:
    page = show(make())
    last = page.evaluate("Number(document.getElementById('time').max)")
    for step in [*range(1, 8), *range(8, last, max(1, last // 40)), last - 2, last - 1]:
        page.evaluate("step => explorer.go(step)", step)
        assert any(page.evaluate(IN_SIGHT, ".node.lit")), step
    page.evaluate("explorer.select(explorer.engine.n >> 1)")  # from inside a part, too
    for step in range(1, last, max(1, last // 40)):
        page.evaluate("step => explorer.go(step)", step)
        assert any(page.evaluate(IN_SIGHT, ".node.lit")), step


@pytest.mark.parametrize("make", LARGE)
def test_a_node_that_is_chosen_is_in_sight_with_its_own_box(make: Callable[[], Value], show: Show) -> None:
    page = show(make())
    n = page.evaluate("explorer.engine.n")
    for v in range(0, n, n // 11):
        page.evaluate("v => explorer.select(v)", v)
        assert page.evaluate(IN_SIGHT, ".node.selected") == [True]
        assert page.locator(".node.selected").get_attribute("id") == f"n{v}"


def test_many_nodes_are_rolled_up_into_parts_that_feed_only_later_ones(show: Show) -> None:
    page = show(mesh())
    assert page.evaluate("explorer.engine.n") > 3000
    assert page.locator("#levels button[aria-pressed=true]").inner_text() == "parts"
    boxes = page.evaluate("explorer.state.view.boxes.map((box) => [box.rank, box.nodes.length])")
    assert sum(count for _, count in boxes) == page.evaluate("explorer.engine.n")
    links = page.evaluate("explorer.state.view.links.map((l) => [l.from, l.to])")
    assert all(boxes[a][0] < boxes[b][0] for a, b in links)
    page.locator(".node.group").first.press("Enter")
    page.locator(".node.group").first.press("Enter")
    assert page.locator(".node:not(.group)").count() >= 10  # operations, after two steps


def test_a_part_ends_where_few_numbers_are_needed(show: Show) -> None:
    """Fourteen blocks of 25 nodes that hand on one number each: parts meet between blocks."""
    x = Value(0.1, label="x")
    for _ in range(14):
        x = total([(x * (k / 9)).tanh() for k in range(1, 13)])
    page = show(x)
    ends = page.evaluate("explorer.state.view.boxes.filter((b) => b.group >= 0).map((b) => b.nodes.at(-1))")
    assert len(ends) == 14
    assert all(v % 25 == 0 for v in ends)


@pytest.mark.parametrize("how", ["click", "arrow"])
def test_a_stub_shows_what_it_stands_for(how: str, show: Show) -> None:
    page = show(mesh())
    page.locator("#levels button", has_text="around").click()
    assert "around y" in page.locator("#around").inner_text()
    stub = page.locator(".more[data-side=before]").first
    box_id = stub.evaluate("stub => stub.closest('.node').id")
    wanted = page.evaluate("id => explorer.parentsOf(Number(id.slice(1)))", box_id)
    before = page.locator(".node").count()
    if how == "click":
        stub.click()
    else:
        page.evaluate("id => document.getElementById(id).focus()", box_id)
        page.keyboard.press("ArrowLeft")
        if page.locator(".node").count() == before:  # there was one parent to go to first
            page.evaluate("id => explorer.unfold(id)", box_id)
    assert page.locator(".node").count() > before
    for v in wanted:
        assert page.locator(f"#n{v}").count() == 1


def test_a_long_chain_is_folded_into_rows_that_can_be_read(show: Show) -> None:
    page = show(chain(36))
    assert page.locator(".node").count() == 37
    places = [page.locator(".node .body").nth(k).bounding_box() for k in range(37)]
    assert len({round(place["y"]) for place in places}) >= 3
    assert all(page.evaluate(IN_SIGHT, ".node"))
    for i, a in enumerate(places):
        for b in places[:i]:
            assert a["x"] + a["width"] <= b["x"] + 0.5 or b["x"] + b["width"] <= a["x"] + 0.5 or a["y"] != b["y"]


def test_a_tall_drawing_is_not_folded(show: Show) -> None:
    page = show(digits_network())
    page.evaluate("explorer.select(explorer.names.indexOf('W²₃,₁'))")  # a neuron with its sixteen weights
    boxes = page.evaluate("explorer.state.view.boxes.map((box) => [box.rank, box.x])")
    links = page.evaluate("explorer.state.view.links.map((l) => [l.from, l.to])")
    assert all(boxes[a][1] < boxes[b][1] for a, b in links)


def test_a_click_in_the_overview_brings_that_place_into_sight(show: Show) -> None:
    page = show(chain(200))
    page.locator("#levels button", has_text="operations").click()
    assert page.evaluate(IN_SIGHT, "#n0") == [False]
    small = page.locator("#overview").bounding_box()
    page.mouse.click(small["x"] + 8, small["y"] + 8)
    assert page.evaluate(IN_SIGHT, "#n0") == [True]


def test_a_hundred_thousand_nodes_open_in_seconds(show: Show, tmp_path: Any) -> None:
    model = nn.MLP(300, [200, 150, 40, 10], activation="tanh", seed=0)
    loss = nn.squared_error(model([k % 17 / 17 for k in range(300)]), [0.0] * 10)
    begun = time.perf_counter()
    path = explore(loss).save(tmp_path / "large.html")
    made = time.perf_counter() - begun
    begun = time.perf_counter()
    page = show(None, path=path)
    assert page.locator(".node:not(.given)").count() == 5
    opened = time.perf_counter() - begun
    assert page.evaluate("explorer.engine.n") > 95_000
    assert made < 40  # 4 s on an idle machine
    assert opened < 15  # 1 s there
    assert path.stat().st_size < 12e6  # some 95 bytes a node
    for _ in range(3):  # a layer, a part of its neurons, a neuron
        page.locator(".node.group:not(.ghost)").first.press("Enter")
        assert 1 <= page.locator(".node").count() <= 420


def test_an_edit_of_three_thousand_nodes_takes_less_than_a_frame(show: Show) -> None:
    page = show(mesh())
    for view in ("explorer.openView({ group: -1 })", "explorer.select(1500)"):
        page.evaluate(view)
        times = page.evaluate(
            """() => { const times = []; for (let k = 0; k < 60; k++) { const start = performance.now();
            explorer.change(explorer.engine.leaves[0], Math.sin(k)); document.body.offsetWidth;
            times.push(performance.now() - start); } return times.sort((a, b) => a - b); }"""
        )
        # 3 ms, and 6 ms with a node explained, when idle; the fastest tenth, so that a busy machine does not decide
        assert times[6] < 16


def test_on_paper_the_whole_drawing_and_the_leaves_values_are_there(show: Show) -> None:
    for make in (worked_example, chain):
        page = show(make())
        page.keyboard.press("+")
        page.keyboard.press("+")
        page.keyboard.press("+")
        page.emulate_media(media="print")
        page.wait_for_timeout(50)
        assert all(page.evaluate(IN_SIGHT, ".node"))
        values = page.locator(".leaves input.number")
        assert all(values.nth(k).is_visible() for k in range(values.count()))
        page.emulate_media(media="screen")
        page.wait_for_timeout(50)
        assert not all(page.evaluate(IN_SIGHT, ".node"))  # as it was left


OVERLAPS = """() => {
    const rects = (what) => [...document.querySelectorAll(what)].map((e) => e.getBoundingClientRect())
        .filter((r) => r.width > 0);
    const pills = rects('.pill'), boxes = rects('.node .body');
    const meet = (a, b) => a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 0.5
        && b.top < a.bottom - 0.5;
    return [pills.length, pills.flatMap((a, i) => [...pills.slice(0, i), ...boxes].filter((b) => meet(a, b))).length];
}"""


@pytest.mark.parametrize("size", [(1280, 800), (800, 600), (390, 844)])
@pytest.mark.parametrize("make", [worked_example, chain, batch, mesh])
def test_numbers_on_edges_stand_on_pills_that_cover_nothing(
    make: Callable[[], Value], size: tuple[int, int], show: Show
) -> None:
    page = show(make(), context={"viewport": {"width": size[0], "height": size[1]}})
    if page.locator("#locals").get_attribute("aria-pressed") == "false":
        page.keyboard.press("l")
    pills, overlaps = page.evaluate(OVERLAPS)
    assert overlaps == 0
    if make is worked_example:
        assert pills >= 8
    opaque = page.evaluate(
        "[...document.querySelectorAll('.pill')].every((p) => { const s = getComputedStyle(p);"
        "return /^rgb\\(/.test(s.fill) && s.opacity === '1' && s.fillOpacity === '1'; })"
    )
    assert opaque


def test_the_saved_picture_has_its_numbers_where_the_page_has_them(show: Show) -> None:
    """The PNG beside a screenshot: text that loses its anchor would move over the titles."""
    from PIL import Image, ImageChops

    page = show(worked_example())
    page.keyboard.press("l")
    picture = Image.open(io.BytesIO(saved(page, "#save-png").read_bytes())).convert("RGB")
    alone = page.context.new_page()
    alone.set_content(page.evaluate("explorer.drawingAsSVG().text"))
    anchors = alone.evaluate(
        """[...document.querySelectorAll('svg rect[rx="9"]')].filter((r) => +r.getAttribute('width'))
        .map((pill) => { const a = pill.getBoundingClientRect(),
            b = pill.parentNode.querySelector('text').getBoundingClientRect();
            return [Math.abs((a.left + a.right - b.left - b.right) / 2), b.width - a.width]; })"""
    )
    assert len(anchors) >= 8
    for off, wider in anchors:
        assert off < 1
        assert wider < 0
    assert picture.width > 1000
    assert ImageChops.invert(picture).getbbox()
