"""The drawing itself: SVG with a name for every node, safe whatever the labels are, and files that are whole.

All of it twice: drawn by the Graphviz inside pygraphviz, and by the system's `dot` where there is one.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import graphviz
import pytest
from drawing.graphvizes import HOSTILE, example

import nn
from autograd import Value, draw, topological_order
from autograd.formulas.numbers import brief
from autograd.viz.picture.palette import PALETTES, Scale
from autograd.viz.picture.render import GraphvizError, GraphvizNotFoundError, render

pytestmark = pytest.mark.usefixtures("graphviz_at_hand")

SVG = "{http://www.w3.org/2000/svg}"


def svg_of(drawing: Any) -> ElementTree.Element:
    return ElementTree.fromstring(drawing.svg)


def groups(svg: ElementTree.Element) -> dict[str, ElementTree.Element]:
    return {e.get("id", ""): e for e in svg.iter(f"{SVG}g")}


def text_of(element: ElementTree.Element, role: str) -> list[str]:
    return [t.text or "" for t in element.iter(f"{SVG}text") if role in (t.get("class") or "").split()]


def with_class(drawing: Any, name: str) -> list[ElementTree.Element]:
    return [e for e in svg_of(drawing).iter(f"{SVG}g") if name in (e.get("class") or "").split()]


# ── SVG ───────────────────────────────────────────────────────────────────────────────────────────


def test_each_node_has_its_id_its_kind_and_a_sentence_to_be_spoken() -> None:
    _, y = example()
    drawn = groups(svg_of(draw(y)))
    sentences = [drawn[f"n{i}"].get("aria-label") for i in range(4)]
    assert sentences[0] == "leaf x, value 0.5, gradient +0.3153"
    assert sentences[3] == "y, sin of x² + 1, value 0.949, gradient +1"
    assert [drawn[f"n{i}"].findtext(f"{SVG}title") for i in range(4)] == sentences
    assert [(drawn[f"n{i}"].get("class") or "").split()[1] for i in range(4)] == [
        "input",
        "operation",
        "operation",
        "root",
    ]
    assert drawn["e3_0"].findtext(f"{SVG}title") == "from x² + 1 to y"
    assert "edge" in (drawn["e3_0"].get("class") or "")


def test_each_value_and_gradient_is_a_text_of_its_own_that_can_be_addressed() -> None:
    model = nn.MLP(3, [3, 2], activation="tanh", seed=1)
    loss = nn.half_squared_error(model([0.1, -0.2, 0.3]), [1.0, 0.0])
    loss.backward()
    drawing = draw(loss, model=model, depth=3)
    svg = svg_of(drawing)
    by_id = {e.get("id"): e for e in svg.iter()}
    assert len(by_id) - (None in by_id) == sum("id" in e.attrib for e in svg.iter()), "ids are unique"
    for i, node in enumerate(topological_order(loss)):
        assert by_id[f"n{i}-value"].text == brief(node.data)
        assert by_id[f"n{i}-gradient"].text == brief(node.grad, sign=True)
        chip = PALETTES["light"][Scale(drawing.picture.greatest).step(node.grad)]
        assert by_id[f"n{i}-chip"].get("fill") == chip


def test_before_the_backward_pass_every_gradient_is_a_dash() -> None:
    y = Value(1.0, label="x") * 2
    drawn = groups(svg_of(draw(y)))
    assert [text_of(drawn[f"n{i}"], "gradient") for i in range(2)] == [["—"], ["—"]]


@pytest.mark.parametrize("label", HOSTILE)
def test_any_label_is_shown_as_text_and_nothing_else(label: str) -> None:
    x, plain = Value(1.0, label=label), Value(1.0, label="x")
    model = {"p": Value(2.0, label=f"p {label}")}  # two nodes of one label would be numbered
    svg = svg_of(draw((x * 2).exp() * model["p"], model=model))
    ordinary = svg_of(draw((plain * 2).exp() * Value(2.0, label="p"), model={}))
    assert {e.tag for e in svg.iter()} == {e.tag for e in ordinary.iter()}, "no element that is not always there"
    drawn = groups(svg)
    shown = "".join(text_of(drawn["n0"], "label"))
    printable = " ".join("".join(c if c.isprintable() else " " for c in label).split()) or shown
    assert shown.removesuffix("…").strip() == printable[: len(shown.removesuffix("…"))].strip()
    assert len(shown) <= 24
    assert draw(x * 2).pipe("png")[:4] == b"\x89PNG"


def test_links_are_as_wide_as_their_gradient_is_large() -> None:
    x = Value(1.0)
    small, large = x * 1e-3, x * 1.0
    y = small + large * 10
    y.backward()
    drawn = groups(svg_of(draw(y)))
    order = topological_order(y)

    def width(node: Value) -> float:
        path = drawn[f"e{order.index(node)}_0"].find(f"{SVG}path")
        assert path is not None
        return float(path.get("stroke-width", "1"))

    assert width(small) < width(large)


def test_a_link_without_gradient_is_dotted_and_the_legend_says_what_that_means() -> None:
    from autograd import where

    c = Value(1.0, label="c")
    y = where(c, Value(2.0), 3.0)
    y.backward()
    svg = svg_of(draw(y))
    index = topological_order(y).index(c)
    dotted = [
        e.get("id")
        for e in svg.iter(f"{SVG}g")
        if (path := e.find(f"{SVG}path")) is not None and path.get("stroke-dasharray")
    ]
    source = next(arrow for arrow in draw(y).picture.arrows if arrow.source == f"n{index}")
    assert dotted == [source.id]
    assert "dotted: no gradient flows" in "".join(svg.itertext())


def test_what_is_not_on_the_path_is_grey() -> None:
    x, w = Value(1.0, label="x"), Value(2.0, label="w")
    y = x * w
    y.backward()
    drawn = groups(svg_of(draw(y, wrt=w)))
    assert "off" in (drawn["n0"].get("class") or "").split()
    assert "off" not in (drawn["n1"].get("class") or "").split()
    fills = {e.get("fill") for e in drawn["n0"].iter()}
    assert not fills & {PALETTES["light"][f"{s}{k}"] for s in "mp" for k in range(1, 6)}


def corner(element: ElementTree.Element) -> tuple[float, float]:
    """The leftmost and topmost point of a node."""
    shape = next(e for e in element if e.tag in (f"{SVG}path", f"{SVG}polygon"))
    numbers = [float(x) for x in re.findall(r"-?[0-9.]+", shape.get("d") or shape.get("points") or "")]
    return min(numbers[::2]), min(numbers[1::2])


@pytest.mark.parametrize(("width", "along", "across"), [(5000, 0, 1), (1000, 1, 0)])
def test_a_network_runs_layer_after_layer_from_left_to_right_or_else_from_top_to_bottom(
    width: int, along: int, across: int
) -> None:
    model = nn.MLP(2, [3, 2], activation="tanh", seed=1)
    inputs = [Value(0.5, label="x1"), Value(-0.5, label="x2")]
    loss = nn.half_squared_error(model(inputs), [1.0, 0.0])
    order = topological_order(loss)
    whole = groups(svg_of(draw(loss, model=model, depth=3, width=width)))

    def at(node: Value) -> tuple[float, float]:
        return corner(whole[f"n{order.index(node)}"])

    first, second = model.layers
    activations = [node for node in order if node.op is not None and node.op.name == "tanh"]
    for left, right in [(inputs, first.parameters()), (activations, second.parameters())]:
        assert max(at(x)[along] for x in left) < min(at(w)[along] for w in right)
    for neuron in first.neurons + second.neurons:
        places = [at(w)[across] for w in neuron.w]
        assert places == sorted(places)
    neurons = draw(loss, model=model, depth=2, width=width if along == 0 else 300)
    drawn = groups(svg_of(neurons))
    row = [corner(drawn[box.id])[across] for box in neurons.picture.boxes if box.title.startswith("neuron ")][:3]
    assert row == sorted(row)


def test_modules_are_frames_within_frames_or_blocks() -> None:
    model = nn.MLP(2, [2, 1], seed=0)
    loss = nn.mse_loss(model([1.0, 2.0]), 1.0)
    whole, layers = draw(loss, model=model), draw(loss, model=model, depth=1)
    titles = ["MLP", "layer 1", "neuron 1.1", "neuron 1.2", "layer 2", "neuron 2.1"]
    assert sorted(frame.title for frame in whole.picture.frames) == sorted(titles)
    assert sorted(e.get("aria-label", "") for e in with_class(whole, "cluster")) == sorted(["model MLP", *titles[1:]])
    assert sorted(text_of(e, "label")[0] for e in with_class(layers, "block")) == ["layer 1", "layer 2"]


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_every_colour_is_the_themes(theme: str) -> None:
    model = nn.MLP(2, [4, 1], seed=0)
    loss = nn.mse_loss(model([1.0, 2.0]), 1.0)
    loss.backward()
    svg = svg_of(draw(loss, model=model, depth=2, theme=theme))
    colours = {e.get(a) for e in svg.iter() for a in ("fill", "stroke") if e.get(a)} - {"none"}
    assert colours <= set(PALETTES["dark" if theme == "dark" else "light"].values())
    untouched = [e for e in svg.iter(f"{SVG}text") if not e.get("fill")]
    assert not untouched, "no text is left black by default"


def test_the_theme_auto_has_a_dark_rule_for_every_colour_it_uses() -> None:
    _, y = example()
    svg = svg_of(draw(y, theme="auto"))
    style = svg.findtext(f"{SVG}style") or ""
    assert "prefers-color-scheme: dark" in style
    for element in svg.iter():
        for attribute in ("fill", "stroke"):
            if (element.get(attribute) or "none") != "none":
                (rule,) = [c for c in (element.get("class") or "").split() if c.startswith(f"{attribute}-")]
                assert f".{rule}{{{attribute}:{PALETTES['dark'][rule.partition('-')[2]]}}}" in style


# ── files ─────────────────────────────────────────────────────────────────────────────────────────

BEGINNINGS = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF"}


@pytest.mark.parametrize("form", BEGINNINGS)
def test_save_writes_the_format_that_the_name_ends_in(form: str, tmp_path: Path) -> None:
    _, y = example()
    path = draw(y).save(tmp_path / "deep" / f"graph.{form}")
    assert Path(path).read_bytes().startswith(BEGINNINGS[form])
    assert os.listdir(tmp_path / "deep") == [f"graph.{form}"], "nothing temporary is left"


def test_it_is_a_digraph_and_renders_as_micrograds_users_call_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _, y = example()
    drawing = draw(y)
    assert isinstance(drawing, graphviz.Digraph)
    assert drawing.render("gout") == "gout.svg"
    assert drawing.render("gout", format="png", cleanup=True) == "gout.png"
    assert drawing.render(outfile="other.pdf") == "other.pdf"
    assert sorted(os.listdir()) == ["gout.png", "gout.svg", "other.gv", "other.pdf"], "cleanup took gout away again"
    assert Path("gout.png").read_bytes().startswith(b"\x89PNG")
    assert Path("other.gv").read_text(encoding="utf-8") == drawing.source
    drawing.node("mine", "my own")
    assert "my own" in render(drawing.copy().source).decode()
    assert Path(drawing.save("graph.gv")).read_text(encoding="utf-8") == drawing.source


def test_a_drawing_that_fails_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    _, y = example()
    path = tmp_path / "graph.webm"
    path.write_text("mine")
    with pytest.raises(GraphvizError, match="webm"):
        draw(y).save(path)
    assert path.read_text() == "mine"
    assert os.listdir(tmp_path) == ["graph.webm"]


def test_a_file_is_replaced_only_once_the_new_one_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, y = example()
    path = tmp_path / "graph.svg"
    path.write_text("mine")

    def full(*paths: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="disk full"):
        draw(y).save(path)
    assert path.read_text() == "mine"
    assert os.listdir(tmp_path) == ["graph.svg"]


def test_it_shows_itself_in_a_notebook_and_in_words_where_no_picture_may_be_shown() -> None:
    _, y = example()
    bundle, about = draw(y)._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<svg")
    assert bundle["text/plain"].splitlines()[-1] == "y, sin of x² + 1, value 0.949, gradient +1"
    assert set(draw(y)._repr_mimebundle_(include=["image/png"])[0]) == {"image/png"}
    assert set(draw(y)._repr_mimebundle_(exclude=["image/png"])[0]) == {"image/svg+xml", "text/plain"}
    png = base64.b64decode(bundle["image/png"])
    dots = int.from_bytes(png[16:20])
    svg = ElementTree.fromstring(bundle["image/svg+xml"])
    # to a dot, or half a pixel, at each side
    assert about["image/png"]["width"] == pytest.approx(float(svg.get("width", "0")), abs=1), "as large as the SVG"
    assert dots == pytest.approx(2 * about["image/png"]["width"], abs=2), "and sharp"


# ── Graphviz ──────────────────────────────────────────────────────────────────────────────────────


def lecture(root: Value) -> Any:
    """draw_dot as in micrograd's trace_graph.ipynb."""
    dot = graphviz.Digraph(format="svg", graph_attr={"rankdir": "LR"})
    nodes, edges = set(), set()

    def build(v: Any) -> None:
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)

    build(root)
    for n in nodes:
        dot.node(name=str(id(n)), label="{ data %.4f | grad %.4f }" % (n.data, n.grad), shape="record")  # noqa: UP031
        if n._op:
            dot.node(name=str(id(n)) + n._op, label=n._op)
            dot.edge(str(id(n)) + n._op, str(id(n)))
    for n1, n2 in edges:
        dot.edge(str(id(n1)), str(id(n2)) + n2._op)
    return dot


def test_the_lectures_draw_dot_renders() -> None:
    x = Value(1.0)
    y = (x * 2 + 1).relu()
    y.backward()
    svg = ElementTree.fromstring(render(lecture(y).source))
    words = [t.text for t in svg.iter(f"{SVG}text")]
    assert "data 3.0000" in words
    assert "grad 2.0000" in words
    assert "ReLU" in words


def test_the_dot_program_is_used_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "dot"
    program.write_text(f"#!{sys.executable}\nimport sys\nprint(sys.argv[1:], len(sys.stdin.read()))\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert render("digraph {}", "png", dpi=144) == b"['-Tpng', '-Kdot', '-Gdpi=144'] 10\n"


def test_without_graphviz_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _, y = example()
    drawing = draw(y)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("autograd.viz.picture.render.find_spec", lambda name: None)
    with pytest.raises(GraphvizNotFoundError, match="pip install pygraphviz"):
        drawing.save(tmp_path / "graph.svg")
    assert not os.listdir(tmp_path)


def test_without_the_package_graphviz_the_error_says_what_to_install() -> None:
    program = textwrap.dedent("""
        import sys
        sys.modules["graphviz"] = None
        from autograd import *
        try:
            draw(Value(1.0) * 2)
        except ModuleNotFoundError as error:
            print(error)
    """)
    root = Path(__file__).parents[2]
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=root, check=True).stdout
    assert "pip install graphviz pygraphviz" in said


def test_a_source_that_graphviz_refuses_is_an_error_with_its_reason() -> None:
    with pytest.raises(GraphvizError, match="syntax error"):
        render("digraph {")
    with pytest.raises(GraphvizError, match="made no svg"):
        render("digraph { a [label=<<TABLE><TR></TABLE>>] }")


def test_drawings_in_several_threads_do_not_disturb_each_other() -> None:
    _, y = example()
    expected, found = draw(y).svg, []
    threads = [threading.Thread(target=lambda: found.append(draw(y).svg)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


def test_an_unknown_theme_is_refused() -> None:
    with pytest.raises(ValueError, match="'auto', 'light', 'dark', not 'pink'"):
        draw(Value(1.0), theme="pink")


def test_the_program_at_hand_is_the_one_that_draws(graphviz_at_hand: str) -> None:
    """So that no test passes twice by the same one."""
    assert bool(shutil.which("dot")) == (graphviz_at_hand == "dot")
    found = re.search(rb"Generated by graphviz version (\S+)", render("digraph {}"))
    assert found is not None
    if graphviz_at_hand == "dot":
        said = subprocess.run(["dot", "-V"], capture_output=True, text=True, check=True).stderr
        assert f"graphviz version {found[1].decode()}" in said
