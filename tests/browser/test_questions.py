"""What one asks of a gradient, one click each; answers are compared with `explain` and with arithmetic done here."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from test_looks import neuron
from test_use import box, digits_network, worked_example

import nn
from autograd import Value, explain, relu, sin, topological_order

Show = Callable[..., Any]


def labelled_network() -> Value:
    """2-3-1, every node labelled, so that nothing is passed over."""
    model = nn.MLP(2, [3, 1], activation="tanh", seed=4)
    loss = nn.squared_error(model([Value(0.5, label="x1"), Value(-0.3, label="x2")]), 1.0)
    for k, node in enumerate(topological_order(loss)):
        node.label = node.label or f"n{k}"
    return loss  # type: ignore[no-any-return]


def expression() -> Value:
    """Nodes without a name that scale and add, and a square of a sum."""
    x, y = Value(0.5, label="x"), Value(1.5, label="y")
    u = sin(3 * x + y)
    u.label = "u"
    f = (u * y + 2) ** 2 / 4 - y
    f.label = "f"
    return f


def numbers(text: str) -> list[float]:
    return [float(x.replace("−", "-")) for x in re.findall(r"−?\d+(?:\.\d+)?(?:e−?\d+)?", text)]


@pytest.mark.parametrize("make", [worked_example, neuron, labelled_network, expression])
def test_the_product_of_formulas_is_explains(make: Callable[[], Value], show: Show) -> None:
    root = make()
    page, order = show(root), topological_order(root)
    compared = 0
    for v, node in enumerate(order[:-1]):
        if node.op is not None and not node.label:
            continue  # the page names what an explanation writes out
        factors = page.evaluate("v => explorer.why(v)", v)
        said = str(explain(root, wrt=node)).split("\n\n")[0].splitlines()
        assert math.prod(f["value"] for f in factors) == pytest.approx(
            page.evaluate("v => explorer.grad[v]", v), rel=1e-12
        )
        if any(f["count"] > 1 for f in factors) and len(factors) == 1:
            continue  # one sum over ways, which has a form of its own
        symbols = said[0].partition(" = ")[2]
        shown = " · ".join(f["symbol"] for f in factors)
        if len(factors) > 1:
            assert len(symbols.split(" · ")) == len(factors), (node.label, said)
            assert symbols == shown or "v" in shown, (node.label, said)  # where a node without a name stays
            told = numbers(next(line for line in said if " × " in line))
            assert told == pytest.approx([f["value"] for f in factors], rel=2e-3)  # as rounded as is printed
        formulas = [line.strip(" =≈") for line in said[1:]]
        for f in factors:
            if f["count"] == 1 and len(factors) > 1 and not re.search(r"v\d", f["symbol"] + f["formula"]):
                plain = f["formula"].replace("·", "")
                assert any(plain in line.replace("·", "") for line in [*formulas, symbols]), (f, said)
        compared += 1
    assert compared >= 1


def test_the_panel_shows_the_product_in_symbols_formulas_and_numbers_and_the_reasons(show: Show) -> None:
    page = show(worked_example())
    box(page, "w5").click()
    why = page.locator("[data-part=why]")
    lines = [line.inner_text().replace("\n", "") for line in why.locator(".formula").all()]
    assert len(lines) == 4
    assert numbers(lines[2]) == [0.7414, 0.1868, 0.5933]
    assert numbers(lines[3]) == [0.08217]
    reasons = why.locator(".reasons li")
    assert reasons.count() == 3
    assert [numbers(b)[0] for b in reasons.locator("b").all_text_contents()] == [0.7414, 0.1868, 0.5933]
    page.evaluate("explorer.change(explorer.names.indexOf('w5'), 0.5)")  # the numbers are alive
    assert numbers(why.locator(".formula").nth(2).inner_text())[0] == pytest.approx(
        page.evaluate("explorer.grad[explorer.names.indexOf('ŷ1')]"), abs=1e-4
    )


def test_the_whole_way_to_the_root_is_lit_and_the_rest_is_dimmed(show: Show) -> None:
    page = show(worked_example())
    box(page, "w5").click()
    dimmed = page.evaluate("explorer.names.filter((_, v) => document.querySelector(`#n${v}.aside`))")
    lit = set(page.evaluate("explorer.names")) - set(dimmed)
    assert lit == {"w5", "z3", "ŷ1", "v1", "v3", "E"}
    assert page.locator(".edge.near").count() == 5
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    assert page.locator(".aside").count() == 0


def test_what_matters_most_is_one_click_sorted_with_bars_and_filtered_by_name_or_layer(show: Show) -> None:
    page = show(worked_example())
    page.click("[data-ask=matters]")
    root = worked_example()
    root.backward()
    leaves = [node for node in topological_order(root) if node.op is None]

    def listed() -> list[str]:
        return list(page.locator(".leaves .link").all_text_contents())

    assert listed() == [leaf.label for leaf in sorted(leaves, key=lambda leaf: -abs(leaf.grad))]
    shares = [float(m.evaluate("m => m.style.getPropertyValue('--share')")) for m in page.locator(".meter").all()]
    largest = max(abs(leaf.grad) for leaf in leaves)
    expected = sorted((abs(leaf.grad) / largest for leaf in leaves), reverse=True)
    assert shares == pytest.approx(expected, abs=1e-3)
    page.click("[data-sort=influence]")
    assert listed() == [leaf.label for leaf in sorted(leaves, key=lambda leaf: -abs(leaf.grad * leaf.data))]
    page.click("#filter")
    page.keyboard.type("layer 2")
    assert set(listed()) == {"w5", "w6", "w7", "w8", "b2"}
    page.keyboard.press("Control+a")
    page.keyboard.type("w")
    assert set(listed()) == {f"w{k}" for k in range(1, 9)}
    assert page.locator("#filter").input_value() == "w"


@pytest.mark.parametrize("by", ["0.1", "-0.25", "1e-3"])
def test_what_if_a_number_moves_is_answered_by_the_tangent_and_by_the_truth(by: str, show: Show) -> None:
    page = show(worked_example())
    box(page, "w5").click()
    page.click("[aria-label='How far w5 moves']")
    page.keyboard.press("Control+a")
    page.keyboard.type(by)
    predicted, truth = (numbers(t)[0] for t in page.locator(".whatif dd").all_text_contents()[:2])

    def error(w5: float) -> float:
        s = lambda z: 1 / (1 + math.exp(-z))  # noqa: E731
        a1, a2 = s(0.15 * 0.05 + 0.2 * 0.1 + 0.35), s(0.25 * 0.05 + 0.3 * 0.1 + 0.35)
        y1, y2 = s(w5 * a1 + 0.45 * a2 + 0.6), s(0.5 * a1 + 0.55 * a2 + 0.6)
        return ((y1 - 0.01) ** 2 + (y2 - 0.99) ** 2) / 2

    assert predicted == pytest.approx(0.08216704056423077 * float(by), rel=1e-3)  # four digits are shown
    assert truth == pytest.approx(error(0.4 + float(by)) - error(0.4), rel=1e-3)
    points = page.locator(".curve polyline.truth").get_attribute("points").split()
    assert len(points) == 49
    assert page.locator(".curve polyline.tangent").count() == 1
    assert page.evaluate("explorer.engine.value[explorer.names.indexOf('w5')]") == 0.4  # only in thought


def test_the_tangent_touches_the_curve_where_the_number_is(show: Show) -> None:
    page = show(expression())
    page.evaluate("explorer.select(0)")
    curve, tangent = (
        [
            tuple(map(float, p.split(",")))
            for p in page.locator(f".curve polyline.{kind}").get_attribute("points").split()
        ]
        for kind in ("truth", "tangent")
    )
    (x, y), before, after = curve[24], curve[23], curve[25]
    (x0, y0), (x1, y1) = tangent
    assert y0 + (y1 - y0) * (x - x0) / (x1 - x0) == pytest.approx(y, abs=0.2)  # tenths of a pixel are written
    slope = (after[1] - before[1]) / (after[0] - before[0])
    assert (y1 - y0) / (x1 - x0) == pytest.approx(slope, abs=0.05)


def test_where_it_vanishes_is_one_click(show: Show) -> None:
    x = Value(0.5, label="x")
    for _ in range(30):
        x = (x * 0.5).sigmoid()
    page = show(x)
    page.click("[data-ask=vanish]")
    bars = page.locator(".depthbar")
    assert bars.count() >= 20
    tops = [float(bars.nth(k).locator("rect").last.get_attribute("y")) for k in range(bars.count())]
    assert tops == sorted(tops, reverse=True)  # the nearer to the root, the larger
    gradient = page.evaluate("explorer.grad[1]")
    assert numbers(bars.first.locator("title").text_content().partition(":")[2])[0] == pytest.approx(gradient, rel=1e-3)
    bars.first.click()
    assert page.evaluate("explorer.state.selected") >= 0


def wrong() -> Value:
    """A dead unit, a saturated one, and a NaN that is born at a logarithm once n is below 0."""
    x, n = Value(-2.0, label="x"), Value(0.5, label="n")
    y = relu(x) + (x * 10).sigmoid() + n.log()
    y.label = "y"
    return y


def test_problems_are_counted_and_one_click_leads_to_each_and_search_finds_them(show: Show) -> None:
    page = show(wrong())
    assert page.locator("#problems").inner_text() == "Problems (2)"
    met = []
    for _ in range(2):
        page.click("#problems")
        met.append(page.locator("#panel .warn").inner_text().split(":")[0])
    assert met == ["Dead", "Saturated"]
    page.evaluate("explorer.change(explorer.names.indexOf('n'), -1)")
    page.evaluate("explorer.select(-1)")
    page.keyboard.press("!")
    assert "NaN is born here" in page.locator("#panel").inner_text()
    for words, op in [("dead", "relu"), ("nan", "log"), ("saturated", "sigmoid")]:
        page.click("#search")
        page.keyboard.press("Control+a")
        page.keyboard.type(words)
        page.keyboard.press("Enter")
        assert page.evaluate("explorer.tape.ops[explorer.tape.op[explorer.state.selected]].name") == op
    page = show(worked_example())
    assert not page.locator("#problems").is_visible()


def test_the_five_questions_take_one_click_each_in_a_large_network(show: Show) -> None:
    page = show(digits_network())
    page.evaluate("explorer.select(explorer.names.indexOf('W²₃,₁'))")
    assert "Why" in page.locator("[data-part=why] h3").first.inner_text()
    assert page.locator(".whatif dd").count() == 3
    page.click("[data-ask=matters]")
    assert page.locator(".leaves li").count() == 90
    page.click("[data-ask=vanish]")
    assert page.locator(".depthbar").count() >= 4
    assert "Problems" in page.locator("#problems").text_content()


@pytest.mark.parametrize("size", [(1280, 800), (1000, 700), (800, 600), (390, 844)])
@pytest.mark.parametrize("media", ["screen", "print"])
def test_what_the_panel_says_does_not_overlap(size: tuple[int, int], media: str, show: Show) -> None:
    page = show(worked_example(), context={"viewport": {"width": size[0], "height": size[1]}})
    page.emulate_media(media=media)
    for select, parts in [("w1", "#panel > section"), (None, ".leaves li > *")]:
        page.evaluate("name => explorer.select(name ? explorer.names.indexOf(name) : -1)", select)
        overlaps = page.evaluate(
            """(what) => { const all = [...document.querySelectorAll(what)].filter((e) => e.checkVisibility())
                .map((e) => [e.getBoundingClientRect(), e.className, e.scrollHeight - e.clientHeight]);
            const cut = all.filter(([, , more]) => more > 2 && what.includes('section')).map(([, name]) => name);
            return [...cut, ...all.flatMap(([a, name], i) => all.slice(0, i).filter(([b]) => a.left < b.right - 1 &&
                b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
                .map(([, other]) => [name, other]))];
            }""",
            parts,
        )
        assert overlaps == []
