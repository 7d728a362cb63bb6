"""Whether a page can be read: size of text, contrast, both colour schemes, print."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from test_use import digits_network, fan, worked_example

import nn
from autograd import Value, total

Show = Callable[..., Any]


def neuron() -> Value:
    """The neuron of seed 003: accumulate, activate, compare."""
    leaves = {
        name: Value(x, label=name) for name, x in [("w1", -3.0), ("w2", 1.0), ("x1", 2.0), ("x2", 0.5), ("b", 6.0)]
    }
    z = leaves["w1"] * leaves["x1"] + leaves["w2"] * leaves["x2"] + leaves["b"]
    z.label = "z"
    O = z.sigmoid()  # noqa: E741  the seed's name for the output
    O.label = "O"
    E = (1.0 - O) ** 2 / 2
    E.label = "E"
    return E


def small_network() -> Value:
    return nn.squared_error(nn.MLP(2, [16, 16, 1], seed=1)([0.3, -0.2]), 1.0)  # type: ignore[no-any-return]


EXAMPLES = [worked_example, neuron, digits_network, small_network, fan]

SMALLEST = """() => Math.min(...[...document.querySelectorAll('body *')].filter((e) =>
    [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) && e.checkVisibility() && e.getClientRects().length
).map((e) => {
    const size = parseFloat(getComputedStyle(e).fontSize), matrix = e.getScreenCTM?.();
    return size * (matrix ? Math.hypot(matrix.a, matrix.b) : 1);
}))"""


OUTSIDE = """() => [...document.querySelectorAll('.node')].flatMap((node) => {
    const body = node.querySelector('.body').getBoundingClientRect();
    return [...node.querySelectorAll('text:not(.more)')].filter((t) => { const r = t.getBoundingClientRect();
        return r.width && (r.left < body.left || r.right > body.right + 0.5); }).map((t) => t.textContent); })"""


@pytest.mark.parametrize("make", EXAMPLES)
def test_the_smallest_text_is_9_px_at_1200_by_700(make: Callable[[], Value], show: Show) -> None:
    page = show(make())
    assert page.evaluate(SMALLEST) >= 9
    page.evaluate("explorer.select(explorer.engine.leaves.at(-1))")
    assert page.evaluate(SMALLEST) >= 9  # subscripts in formulas are the smallest
    page.click("[data-ask=vanish]")
    assert page.evaluate(SMALLEST) >= 9


@pytest.mark.parametrize("make", [worked_example, neuron, digits_network, fan])
def test_the_whole_drawing_is_in_sight_at_1200_by_700(make: Callable[[], Value], show: Show) -> None:
    page = show(make())
    stage = page.locator("#stage").bounding_box()
    for place in (page.locator(".node").nth(k).bounding_box() for k in range(page.locator(".node").count())):
        assert stage["x"] <= place["x"]
        assert place["x"] + place["width"] <= stage["x"] + stage["width"]
        assert stage["y"] <= place["y"]
        assert place["y"] + place["height"] <= stage["y"] + stage["height"]


@pytest.mark.parametrize("make", EXAMPLES)
def test_no_text_is_wider_than_its_box_whatever_the_numbers(make: Callable[[], Value], show: Show) -> None:
    page = show(make())
    for x in ("-1.2345e-8", "-123456789.123", "NaN", "-0.00012345", "Infinity"):
        page.evaluate("x => explorer.change(explorer.engine.leaves[0], Number(x))", x)
        wide = page.evaluate(OUTSIDE)
        assert wide == []


def test_boxes_do_not_overlap(show: Show) -> None:
    page = show(worked_example())
    for step in (worked_example, digits_network):
        page = show(step())
        places = [page.locator(".node .body").nth(k).bounding_box() for k in range(page.locator(".node .body").count())]
        for i, a in enumerate(places):
            for b in places[:i]:
                apart = (
                    a["x"] + a["width"] <= b["x"] or b["x"] + b["width"] <= a["x"]
                    or a["y"] + a["height"] <= b["y"] or b["y"] + b["height"] <= a["y"]
                )  # fmt: skip
                assert apart


OFF_ITS_LINE = """() => {
    const lines = [...document.querySelectorAll('path.edge')].map((path) => {
        const n = path.getTotalLength();
        return Array.from({ length: Math.ceil(n) + 1 }, (_, k) => path.getPointAtLength(Math.min(n, k)));
    });
    return [...document.querySelectorAll('.mark')].flatMap((mark) => {
        const { e: x, f: y } = mark.transform.baseVal[0].matrix;
        const off = Math.min(...lines.flat().map((p) => Math.hypot(p.x - x, p.y - y)));
        return off > 1 ? [`${mark.textContent} is ${off.toFixed(1)} off`] : [];
    });
}"""


@pytest.mark.parametrize("make", [worked_example, neuron, fan])
@pytest.mark.parametrize("width", [360, 560, 736, 900, 1200, 1700])
def test_every_number_stands_on_its_line_where_rows_wrap_too(make: Callable[[], Value], width: int, show: Show) -> None:
    page = show(make())
    page.set_viewport_size({"width": width, "height": 900})
    page.reload()
    if not page.locator(".mark").count():  # of so many links only those of the chosen node have theirs
        page.get_by_text("∂ on edges").click()
    assert page.locator(".mark").count()
    assert page.evaluate(OFF_ITS_LINE) == []


CONTRAST = """() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data]; };
    const light = ([r, g, b]) => { const f = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
    const behind = (e) => {
        const node = e.closest('.node');
        if (node) return rgba(getComputedStyle(node.querySelector('.body')).fill);
        for (let p = e; p; p = p.parentElement) {
            const c = rgba(getComputedStyle(p).backgroundColor);
            if (c[3] > 200) return c;
        }
        return rgba(getComputedStyle(document.documentElement).backgroundColor);
    };
    const worded = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    const seen = (e) => e.checkVisibility() && e.getClientRects().length && e.tagName !== 'OPTION';
    return [...document.querySelectorAll('body *')].filter((e) => worded(e) && seen(e)).map((e) => {
        const style = getComputedStyle(e), color = rgba(e.namespaceURI.includes('svg') ? style.fill : style.color);
        const [a, b] = [light(color), light(behind(e))].sort((x, y) => y - x);
        return [(a + 0.05) / (b + 0.05), e.className.baseVal ?? e.className, e.textContent.slice(0, 20)];
    }).filter(([ratio]) => ratio < 4.5);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_a_contrast_of_at_least_4_5(scheme: str, show: Show) -> None:
    page = show(worked_example(), context={"color_scheme": scheme})
    assert page.evaluate(CONTRAST) == []
    page.evaluate("explorer.select(explorer.names.indexOf('a1'))")
    assert page.evaluate(CONTRAST) == []
    for step in (0, 5, 12 + 1 + 9):  # nothing computed; a lit node; a lit edge
        page.evaluate("step => explorer.go(step)", step)
        assert page.evaluate(CONTRAST) == []
    page.evaluate("explorer.change(0, NaN)")
    page.keyboard.press("End")
    assert page.evaluate(CONTRAST) == []


def test_the_scheme_follows_the_system_and_the_button(show: Show) -> None:
    def background(page: Any) -> str:
        return str(page.evaluate("getComputedStyle(document.getElementById('stage')).backgroundColor"))

    page = show(fan(), context={"color_scheme": "dark"})
    dark = background(page)
    page.click("#theme")
    light = background(page)
    assert dark != light
    assert background(show(fan())) == light


def test_the_gradients_sign_is_never_said_by_colour_alone(show: Show) -> None:
    page = show(worked_example())
    signs = page.evaluate(
        "[...document.querySelectorAll('text.gradient')].map((t) => [t.getAttribute('class'), t.textContent])"
    )
    for kind, text in signs:
        assert ("positive" in kind, "negative" in kind) == (text.startswith("+"), text.startswith("−"))


def test_on_paper_the_controls_are_gone_and_the_drawing_is_there(show: Show) -> None:
    page = show(worked_example(), context={"color_scheme": "dark"})
    page.emulate_media(media="print")
    assert not page.locator("#find").is_visible()
    assert not page.locator("#play").is_visible()
    assert page.locator("#graph").is_visible()
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.node.parameter .body')).fill") == "rgb(241, 238, 251)"
    )


def test_a_notebooks_frame_works_without_the_rights_of_its_page(show: Show, tmp_path: Any) -> None:
    from autograd.viz.page.explore import explore

    host = tmp_path / "notebook.html"
    host.write_text(f"<!doctype html>{explore(fan())._repr_mimebundle_()['text/html']}", encoding="utf-8")
    page = show(None, path=host)
    frame = page.frame_locator("iframe")
    assert frame.locator("#loss").text_content() == "y = 10"
    frame.locator("#pin").click()
    assert frame.locator("#pin").text_content() == "Unpin"
    with page.expect_download():
        frame.locator("#take summary").click()
        frame.locator("#save-svg").click()


@pytest.mark.parametrize("kind", ["deuteranopia", "protanopia", "tritanopia"])
def test_both_signs_stay_apart_for_every_colour_vision(kind: str, show: Show) -> None:
    page = show(worked_example())
    page.context.new_cdp_session(page).send("Emulation.setEmulatedVisionDeficiency", {"type": kind})

    def colour(sign: str) -> tuple[int, ...]:
        image = Image.open(io.BytesIO(page.locator(f".bar.{sign}").first.screenshot())).convert("RGB")
        found = image.getcolors(1 << 20)
        assert found is not None
        return min((rgb for _, rgb in found), key=sum)  # the bar, not the paper around it

    assert math.dist(colour("positive"), colour("negative")) > 40  # of 441 from black to white


def test_a_slider_moves_smoothly(show: Show) -> None:
    """shared/seeing.md measured a full update of 45 ms for 35 boxes and 82 ms for 405: three times that at most.

    The median, so that a busy machine does not decide.
    """
    for make, boxes, limit in [(small_network, 35, 135), (wide, 300, 250)]:
        page = show(make())
        page.evaluate("explorer.openView({ group: -1, depth: 1 })")
        assert page.locator(".node").count() >= boxes
        page.evaluate("explorer.select(-1)")
        times = page.evaluate(
            """() => { const times = []; for (let k = 0; k < 200; k++) { const start = performance.now();
            explorer.change(explorer.engine.leaves[0], Math.sin(k)); document.body.offsetWidth;
            times.push(performance.now() - start); } return times.sort((a, b) => a - b); }"""
        )
        assert times[100] < limit


def wide() -> Value:
    """A graph of some 300 nodes without neurons."""
    x = [Value(k / 100) for k in range(100)]
    return total([(a * 1.5).tanh() for a in x])  # type: ignore[no-any-return]


@pytest.mark.parametrize("make", [worked_example, lambda: Value(8.911e-4, label="x") * Value(3.0, label="k")])
def test_at_no_width_is_anything_of_the_panel_beside_the_window(make: Callable[[], Value], show: Show) -> None:
    page = show(make())
    page.evaluate("explorer.select(0)")
    for width in range(340, 1500, 40):
        page.set_viewport_size({"width": width, "height": 700})
        page.wait_for_timeout(30)
        room, taken = page.evaluate(
            "(({ clientWidth, scrollWidth }) => [clientWidth, scrollWidth])($panel)".replace(
                "$panel", "document.getElementById('panel')"
            )
        )
        assert taken <= room, width
