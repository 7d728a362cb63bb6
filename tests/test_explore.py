"""What a page is made from, and the file it makes; how it behaves in a browser is tested in `browser/`."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import json
import math
import os
import random
import re
from pathlib import Path
from typing import Any

import pytest

import nn
from autograd import Value, dot, primitive, sin, topological_order, total
from autograd.formulas.spelling import lowered, raised
from autograd.primitives import table
from autograd.structure.levels import levels
from autograd.viz.page.explore import Page, explore
from autograd.viz.page.javascript import JavaScript, source
from autograd.viz.page.tape import tape
from autograd.viz.picture.render import GraphvizNotFoundError


def net() -> tuple[nn.MLP, Value]:
    model = nn.MLP(2, [16, 16, 1], seed=1)
    return model, nn.squared_error(model([0.3, -0.2]), 1.0)


def recomputed(made: dict[str, Any]) -> list[float]:
    """The values of a tape by its own indices and the table: what a reader of the format would do."""
    values: list[float] = []
    for v, op in enumerate(made["op"]):
        places = made["operand"][made["start"][v] : made["start"][v + 1]]
        given = [values[x] if x >= 0 else made["constant"][-1 - x] for x in places]
        values.append(table[made["ops"][op]["name"]](*given) if op >= 0 else made["data"][v])
    return values


def test_a_tape_holds_the_whole_computation() -> None:
    x, y = Value(0.5, label="x"), Value(-2.0, label="y")
    for root in (sin(x**2 + 1) / y, dot([x, y], [y, 3.0], 2.0), total([x, x, y]) * 0.5, net()[1], Value(4.0)):
        made = tape(root)
        assert recomputed(made) == pytest.approx([node.data for node in topological_order(root)], rel=1e-15)


def test_a_tape_shows_gradients_without_touching_them() -> None:
    x = Value(3.0, label="x")
    y = x * x
    x.grad = 17.0
    assert tape(y)["gradient"] == [6.0, 1.0]
    assert x.grad == 17.0


def test_a_page_is_computed_from_the_data_the_leaves_have_now() -> None:
    x = Value(3.0)
    y = x * x
    x.data = 5.0
    assert tape(y)["data"] == [5.0, 25.0]


def test_numbers_that_json_lacks_travel_as_text() -> None:
    y = Value(math.inf) * 0.0 + Value(-math.inf)
    assert tape(y)["data"] == ["Infinity", "NaN", "-Infinity", "NaN"]
    assert "NaN" in explore(y).html


def test_where_python_raises_the_page_is_made_with_what_was_recorded() -> None:
    x = Value(4.0, label="x")
    y = x.sqrt().log()
    x.data = -1.0
    made = tape(y)
    assert made["data"] == [-1.0, 2.0, math.log(2)]
    assert made["gradient"] is not None
    assert tape(Value(0.0).sqrt())["gradient"] == [None, None]  # 1 / (2·0)


def test_a_primitive_of_ones_own_is_written_as_javascript() -> None:
    swish = primitive("swish2", lambda x: x * table["sigmoid"](2 * x), lambda y, x: y + 1)
    try:
        assert "Math.exp" in source(swish, 1)
        assert explore(swish(Value(1.0))).tape["ops"][0]["name"] == "swish2"
    finally:
        table["swish2"].remove()


@pytest.mark.parametrize(
    ("formula", "why"), [(lambda x: x if x > 0 else 0 * x, "where"), (lambda x: math.atan(x) + x, "real number")]
)
def test_a_formula_that_javascript_cannot_follow_is_named(formula: Any, why: str) -> None:
    op = primitive("stubborn", formula, lambda y, x: 1)
    try:
        with pytest.raises(TypeError, match=f"'stubborn' cannot be read as JavaScript: .*{why}"):
            explore(op(Value(1.0)))
    finally:
        table["stubborn"].remove()


def test_long_formulas_stay_linear_in_javascript() -> None:
    x = JavaScript("x")
    for _ in range(60):  # 2⁶⁰ times its length, if it were not named on the way
        x = x * x + x
    assert len(repr(x)) < 20_000
    assert len(source(table["logsumexp"], 400)) < 2.2 * len(source(table["logsumexp"], 200))


def test_a_page_grows_with_its_graph_and_not_with_the_square() -> None:
    """Every derivative of logsumexp is divided by a sum over all operands: of 900 it once took 211 MB."""

    def size(n: int) -> int:
        return len(json.dumps(tape(table["logsumexp"](*[Value(1.0, label=f"x{i}") for i in range(n)]))))

    assert size(400) < 2.2 * size(200)


def test_a_node_made_by_hand_keeps_its_value() -> None:
    a, b = Value(1.0), Value(2.0)
    made = tape(Value(7.0, _children=(a, b), _op="<mystery>"))
    assert made["data"] == [1.0, 2.0, 7.0]
    assert made["ops"] == [{"name": "<mystery>", "symbol": "<mystery>", "flat": "", "code": -1}]


def test_bad_input_is_a_clear_error() -> None:
    x, stranger = Value(1.0, label="x"), Value(2.0, label="stranger")
    y = x * 2
    with pytest.raises(TypeError, match=r"a Value, and was given 3\.0"):
        explore(3.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"parameters are leaves of the graph that is shown, and .*stranger"):
        explore(y, parameters=[stranger])
    with pytest.raises(ValueError, match=r"'step 3' are leaves .*stranger"):
        explore(y, history=[("step 3", {stranger: 1.0})])
    with pytest.raises(TypeError):
        explore(y, history=[("step 3", {x: "one"})])  # type: ignore[dict-item]


def test_samples_are_leaves_that_no_step_changes_and_rows_of_numbers() -> None:
    model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    page = explore(nn.squared_error, data=([[0.5, 1.0], [0.0, -1.0]], [1.0, -1.0]), f=model)
    made = page.tape
    names, samples = made["name"], made["samples"]
    assert [names[v] for v in (*samples["inputs"], *samples["targets"])] == ["x1", "x2", "y"]
    assert samples["rows"] == [[0.5, 1.0, 1.0], [0.0, -1.0, -1.0]]
    assert made["data"][samples["outputs"][0]] == model([0.5, 1.0]).data
    assert made["title"] == "E"
    assert sum(made["parameter"]) == len(model.parameters())
    assert not any(made["parameter"][v] for v in (*samples["inputs"], *samples["targets"]))


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"data": ([[1.0]], [1.0])}, TypeError, "data= and f= go together"),
        ({"f": lambda x: x}, TypeError, "data= and f= go together"),
        ({"data": ([], []), "f": lambda x: x}, ValueError, "1 to 2000 samples, and was given 0"),
        ({"data": ([1.0, 2.0], [1.0]), "f": lambda x: x}, ValueError, "2 inputs and 1 targets"),
        ({"data": ([[1.0], [1.0, 2.0]], [1.0, 2.0]), "f": sum}, ValueError, "the same number of inputs"),
        ({"data": 3.0, "f": lambda x: x}, TypeError, "a pair of inputs and targets"),
        ({"data": ([1.0], [1.0]), "f": 3.0}, TypeError, "f= is a function"),
        ({"data": ([1.0], [1.0]), "f": lambda x: 3.0}, TypeError, "the loss of a sample is a Value"),
    ],
)
def test_wrong_samples_are_a_clear_error(given: Any, error: type[Exception], words: str) -> None:
    def loss(output: Any, target: Any) -> Any:
        return output if isinstance(output, float) else (output - target) ** 2

    with pytest.raises(error, match=words):
        explore(loss, **given)
    with pytest.raises(TypeError, match="value is a function"):
        explore(Value(1.0), data=([1.0], [1.0]), f=lambda x: x)


def test_a_page_refers_to_nothing_outside_itself() -> None:
    page = explore(net()[1]).html
    assert not re.search(r"""<[^>]+\s(src|href)\s*=(?!'data:)|@import|url\(|https?://(?!www\.w3\.org/)""", page)


def test_the_policy_of_a_page_lets_nothing_in_and_nothing_out() -> None:
    """What default-src does not cover is said as well: where links start from, and where forms go."""
    page = explore(net()[1]).html
    (content,) = re.findall(r"""<meta http-equiv="Content-Security-Policy" content="([^"]*)">""", page)
    policy = {name: sources for name, *sources in map(str.split, content.split(";"))}
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    assert script
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert policy == {
        "default-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],
        "script-src": [f"'sha256-{digest}'"],
        "img-src": ["data:", "blob:"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    assert page.index("Content-Security-Policy") < page.index("<title")  # before anything it is to hold for


def test_a_2_16_16_1_network_takes_less_than_300_kb_and_the_program_less_than_200() -> None:
    size = len(explore(net()[1]).html.encode())
    assert size < 300_000
    assert len(explore(Value(1.0) * 2).html.encode()) < 200_000


class Counter(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.title = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "title":
            self.title += data


@pytest.mark.parametrize("label", ["</script><b>", "{{data}} {{script}}", "<!--", "\\u003c", '"', "${x}", "\u2028"])
def test_a_label_cannot_change_the_document(label: str) -> None:
    plain, hostile = Counter(), Counter()
    for parser, name in ((plain, "x"), (hostile, label)):
        y = Value(2.0, label=name) * 3
        y.label = name
        parser.feed(explore(y).html)
    assert hostile.tags == plain.tags
    data = re.search(r'id="data">(.*?)</script>', explore(y).html, re.DOTALL)
    assert data is not None
    assert json.loads(data[1])["name"][1].removesuffix("⁽²⁾")[:1] == label[:1] or not label[:1].isprintable()


def test_saving_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "page.html"
    page = explore(Value(2.0, label="x") * 3)
    assert page.save(str(path)) == path
    before = path.read_text(encoding="utf-8")
    assert before.startswith("<!doctype html>")

    def fail(*_: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space"):
        explore(Value(5.0) * 3).save(path)
    assert path.read_text(encoding="utf-8") == before
    assert os.listdir(tmp_path) == ["page.html"]


def test_without_graphviz_a_page_is_made_without_the_still_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: Any, **__: Any) -> Any:
        raise GraphvizNotFoundError("there is neither the dot program nor pygraphviz")

    monkeypatch.setattr("autograd.viz.page.explore.draw", missing)
    assert "<figure></figure>" in explore(Value(2.0) * 3).html


def test_the_still_drawing_has_the_gradients_and_leaves_the_graph_alone() -> None:
    x = Value(2.0, label="x")
    y = x * x
    page = explore(y).html
    assert x.grad == y.grad == 0.0
    drawn = re.search(r"<figure>(.*?)</figure>", page, re.DOTALL)
    assert drawn is not None
    assert not drawn[1] or "gradient +4" in drawn[1]


def test_a_notebook_gets_a_sentence_a_frame_and_plain_text() -> None:
    y = Value(3.0, label="<x>") * 2
    y.label = "y"
    bundle = explore(y)._repr_mimebundle_()
    assert bundle["text/html"].startswith("<p>The graph of y = 6: 2 nodes, 1 of them leaves")
    assert "<iframe srcdoc=" in bundle["text/html"]
    assert "<x>" not in bundle["text/html"]
    assert [line.split() for line in bundle["text/plain"].splitlines()] == [
        ["forward", "value"],
        ["<x>", "=", "leaf", "3"],
        ["y", "=", "mul(<x>,", "2)", "6"],
        ["backward", "gradient"],
        ["y", "1"],
        ["<x>", "2"],
    ]


def test_ipython_shows_a_page_as_html_and_as_text() -> None:
    formatters = pytest.importorskip("IPython.core.formatters", reason="IPython is not installed")
    data, _ = formatters.DisplayFormatter().format(explore(Value(3.0) * 2))
    assert set(data) >= {"text/html", "text/plain"}
    assert data["text/plain"].startswith("forward")


def test_levels_are_the_networks_own_layers_and_neurons() -> None:
    model, loss = net()
    order = topological_order(loss)
    found = levels(order)
    sizes = [sum(g.parent == i for g in found.regions) for i, g in enumerate(found.regions) if g.kind == "layer"]
    assert sizes == [16, 16, 1]
    for number, layer in enumerate(model.layers, 1):
        for place, neuron in enumerate(layer.neurons, 1):
            homes = {found.regions[found.region[p]].name for p in neuron.parameters()}
            assert homes == {f"neuron {number}.{place}"}
            assert found.name[neuron.w[0]] == f"W{raised(number)}{lowered(place)},₁"


def test_samples_of_a_batch_share_their_neurons() -> None:
    model = nn.MLP(2, [3, 1], seed=0)
    loss = total([nn.squared_error(model([x, 1.0]), x) for x in (0.1, 0.2, 0.3)])
    found = levels(topological_order(loss))
    assert [g.name[-3:] for g in found.regions if g.kind == "neuron"] == ["1.1", "1.2", "1.3", "2.1"]
    inside = [node for node, g in found.region.items() if found.regions[g].name == "neuron 1.2"]
    assert sum(node.op is not None for node in inside) == 6  # z and a of three samples


def test_a_graph_without_neurons_has_no_levels() -> None:
    x = Value(1.0)
    assert levels(topological_order(x * x + 1)).regions == []


def test_the_page_of_26_000_nodes_is_written_in_seconds() -> None:
    generator = random.Random(0)
    x = Value(0.5)
    for _ in range(26_000):
        x = x * generator.uniform(0.9, 1.1) + 0.01
    page = explore(x)
    assert isinstance(page, Page)
    assert len(page.html) < 1_000_000 + 100 * 52_000


@pytest.mark.parametrize("name", ["a\udc80b", "\ud800", "line\nbreak\x00", "long " * 400, "</title><script>"])
def test_whatever_a_title_or_a_snapshot_is_called_the_page_can_be_saved(name: str, tmp_path: Path) -> None:
    x = Value(2.0, label="x")
    explore(x * x, title=name, history=[(name, {x: 1.0})]).save(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text("utf-8")
    assert text.count("<script") == explore(x * x).html.count("<script")
    assert len(text) < 210_000


def test_an_index_of_a_class_is_a_probability_for_each() -> None:
    model = nn.MLP(2, [3], seed=0)
    X, Y = [[0.5, 1.0], [-0.5, 2.0], [0.1, 0.2]], [2, 0, 1]
    made = explore(nn.cross_entropy, data=(X, Y), f=model).tape
    assert [row[2:] for row in made["samples"]["rows"]] == [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    assert made["data"][-1] == pytest.approx(nn.cross_entropy(model(X[0]), 2).data, rel=1e-12)
    one = nn.MLP(2, [1], seed=0)  # of one output it is a number as any other
    assert [row[2:] for row in explore(nn.squared_error, data=(X, Y), f=one).tape["samples"]["rows"]] == [[2], [0], [1]]
    with pytest.raises((TypeError, ValueError)):
        explore(nn.cross_entropy, data=(X, [0, 1, 3]), f=model)  # there is no fourth class
