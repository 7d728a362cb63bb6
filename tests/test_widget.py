"""The page in a notebook, Python's side: a front end is feigned, and what Python makes of its words is looked at.

How the page itself takes part is tested in `browser/`, in Chromium and in JupyterLab.
"""

from __future__ import annotations

import base64
import copy
import gc
import math
import pickle
import random
import struct
import subprocess
import sys
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

import nn
from autograd import Value, dot, explore, log, sigmoid, sin, sqrt, topological_order, total
from autograd.viz.page.rerun import rerun

pytest.importorskip("anywidget", reason="anywidget is not installed")
comm = pytest.importorskip("comm.base_comm")

from autograd.viz.page import widget as module  # noqa: E402
from autograd.viz.page.explore import Page  # noqa: E402
from autograd.viz.page.widget import Widget  # noqa: E402


class Wire(comm.BaseComm):  # type: ignore[misc, name-defined]
    """A channel to a front end that only listens; what Python sent is kept."""

    def publish_msg(self, msg_type: str, data: Any = None, **_: Any) -> None:
        self.sent = [*getattr(self, "sent", []), data or {}]

    def say(self, content: object) -> None:
        """What the page says, as Jupyter hands it over."""
        self.handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})


class Shell:
    """As much of IPython's shell as a widget looks at."""

    def __init__(self) -> None:
        self.events, self.after = self, []

    def register(self, event: str, function: Any) -> None:
        assert event == "post_run_cell"
        self.after.append(function)

    def trigger(self, event: str) -> None:
        """What comm does around each message."""

    def run_cell(self, run: Any = lambda: None) -> None:
        run()
        for function in self.after:
            function(None)


@pytest.fixture(autouse=True)
def wires(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("comm.create_comm", Wire)
    monkeypatch.setattr(module, "_hooked", [])
    yield
    for widget in list(module._open):
        widget.close()


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
    made = Shell()
    monkeypatch.setattr("IPython.get_ipython", lambda: made)
    return made


def neuron() -> tuple[dict[str, Value], Value]:
    """The worked example of the seeds, as far as its first output."""
    leaves = {"w1": Value(0.4, label="w1"), "w2": Value(0.45, label="w2"), "b": Value(0.6, label="b")}
    ŷ = sigmoid(dot([leaves["w1"], leaves["w2"]], [0.5933, 0.5969], leaves["b"]))
    E = (ŷ - 0.01) ** 2 / 2
    ŷ.label, E.label = "ŷ", "E"
    return leaves, E


def shown(value: Value, **settings: Any) -> Widget:
    """A widget that a front end shows."""
    made = Widget(explore(value, **settings).tape, value)
    assert made.model_id
    return made


def place(widget: Widget, node: Value) -> int:
    return widget._order.index(node)


def last(widget: Widget) -> dict[str, Any]:
    """What the page was told last; its leaves as numbers, in their order."""
    state = next(data["state"]["_state"] for data in reversed(widget.comm.sent) if "_state" in data.get("state", {}))
    raw = base64.b64decode(state["leaves"])
    return state | {"leaves": list(struct.unpack(f"<{len(raw) // 8}d", raw))}


def everything(value: Value) -> list[tuple[Any, ...]]:
    """All that is in the nodes of a graph."""
    return [(node._data, node._grad, node._a, node._da, node._b, node._db) for node in topological_order(value)]


# ── a graph computed again ────────────────────────────────────────────────────────────────────────


def wide(x: list[Value]) -> Value:
    """Every kind of node: one, two and many operands, constants, shared nodes, no gradient at one side."""
    u = total([sin(a) * a for a in x]) + dot(x, x, 0.5)
    return (u**2 + 2.0 / (1 + u * u)).tanh() * sqrt(u * u + 1) - u ** x[0] + sigmoid(3 - u).maximum(x[1])


def test_a_graph_that_is_run_again_is_the_one_that_would_be_built_anew() -> None:
    """To the last bit, and so for what is done with it later: another backward pass, and derivatives of derivatives."""
    generator = random.Random(0)
    for _ in range(20):
        before, after = ([generator.uniform(0.1, 1.5) for _ in range(4)] for _ in range(2))
        x, other = list(map(Value, before)), list(map(Value, after))
        y, anew = wide(x), wide(other)
        y.backward()
        rerun(topological_order(y), dict(zip(x, after, strict=True)))
        anew.backward()
        for node, twin in zip(topological_order(y), topological_order(anew), strict=True):
            assert (node.data, node.grad) == (twin.data, twin.grad)
        for root, leaves in ((y, x), (anew, other)):
            for leaf in leaves:
                leaf.grad = 0.0
            root.backward(create_graph=True)  # which refuses a graph whose records are not of its data
            leaves[0].grad.backward()
        assert [a.grad.data for a in x] == [a.grad.data for a in other]


@pytest.mark.parametrize("bad", [-1.0, 0.0])  # log has no value there; √ has a value at 0, and no derivative
def test_a_run_that_raises_leaves_the_graph_as_it_was(bad: float) -> None:
    x, w = Value(4.0), Value(3.0)
    y = log(sqrt(x) + 1) * w if bad == 0 else log(x) * w
    y.backward()
    before = everything(y)
    with pytest.raises((ValueError, ZeroDivisionError)):
        rerun(topological_order(y), {w: 7.0, x: bad})
    assert everything(y) == before


def test_a_node_made_by_hand_keeps_its_number_and_no_gradient_goes_through_it() -> None:
    x, w = Value(1.0), Value(2.0)
    odd = Value(7.0, _children=(x,), _op="?")
    y = odd * w
    rerun(topological_order(y), {x: 5.0, w: 3.0})
    assert (odd.data, y.data, x.data, x.grad, w.grad) == (7.0, 21.0, 5.0, 0.0, 7.0)


# ── from the page to Python ───────────────────────────────────────────────────────────────────────


def test_a_number_that_is_changed_on_the_page_is_changed_in_python_with_all_that_follows() -> None:
    leaves, E = neuron()
    widget = shown(E)
    widget.comm.say({"n": "a 1", "leaves": [[place(widget, leaves["w1"]), -0.75]], "selected": -1})
    ŷ = 1 / (1 + math.exp(-(-0.75 * 0.5933 + 0.45 * 0.5969 + 0.6)))
    assert leaves["w1"].data == -0.75
    # by hand: ∂E/∂w1 = (ŷ − y) ŷ (1 − ŷ) x1; rounding alone makes a difference
    assert E.data == pytest.approx((ŷ - 0.01) ** 2 / 2, rel=1e-14)
    assert leaves["w1"].grad == pytest.approx((ŷ - 0.01) * ŷ * (1 - ŷ) * 0.5933, rel=1e-14)
    assert last(widget) | {"seen": "a 1", "word": "", "frame": "", "selected": -1} == last(widget)
    assert last(widget)["leaves"] == [-0.75, 0.45, 0.6]


def test_what_python_changed_in_the_meantime_stays() -> None:
    """A page that has not heard of it says only what was changed there."""
    leaves, E = neuron()
    widget = shown(E)
    leaves["b"].data = 0.1
    widget.comm.say({"n": "a 1", "leaves": [[place(widget, leaves["w1"]), 0.5]], "selected": -1})
    assert last(widget)["leaves"] == [0.5, 0.45, 0.1]
    assert E.data == pytest.approx((1 / (1 + math.exp(-(0.5 * 0.5933 + 0.45 * 0.5969 + 0.1))) - 0.01) ** 2 / 2)


GOOD = {"n": "a 1", "leaves": [[0, 0.5]], "selected": 1}
MALFORMED: list[Any] = [
    None, 5, "leaves", [], [[0, 0.5]], {}, {"leaves": [[0, 0.5]]},
    *[{key: value for key, value in GOOD.items() if key != missing} for missing in GOOD],
    GOOD | {"more": 1}, GOOD | {"n": 1}, GOOD | {"n": None}, GOOD | {"n": ["a"]},
    *[GOOD | {"leaves": bad} for bad in (
        None, 3, "0.5", {"0": 0.5}, [0, 0.5], [[0]], [[0, 0.5, 1]], [["0", 0.5]], [[0.0, 0.5]], [[True, 0.5]],
        [[-1, 0.5]], [[-2, 0.5]], [[8, 0.5]], [[10**30, 0.5]], [[3, 0.5]], [[7, 0.5]],  # no node, and no leaves
        [[0, "0.5"]], [[0, "__import__('os')"]], [[0, [0.5]]], [[0, {}]], [[0, True]], [[0, 10**400]],
        [[0, 0.5], [1, "x"]], [[0, 0.5], None],
    )],
    *[GOOD | {"selected": bad} for bad in (None, "1", 1.0, True, -2, 8, [1])],
]  # fmt: skip


@pytest.mark.parametrize("content", MALFORMED, ids=repr)
def test_what_is_no_word_of_the_page_changes_nothing_and_is_not_answered(content: object) -> None:
    leaves, E = neuron()
    E.backward()
    widget = shown(E)
    widget.selection = leaves["b"]
    before, sent = everything(E), len(widget.comm.sent)
    widget.comm.say(content)
    assert everything(E) == before
    assert widget.selection is leaves["b"]
    assert len(widget.comm.sent) == sent
    widget.comm.say(GOOD)
    assert leaves["w1"].data == 0.5


@pytest.mark.parametrize("method", ["update", "nonsense", None])
def test_a_front_end_that_sets_what_is_not_its_own_moves_no_leaf(method: object) -> None:
    leaves, E = neuron()
    widget = shown(E)
    before = everything(E)
    state = {"_state": {"leaves": "AAAA"}, "selection": 3, "_order": []}
    widget.comm.handle_msg({"content": {"data": {"method": method, "state": state}}, "buffers": []})
    assert everything(E) == before
    assert widget.selection is None
    widget.comm.say(GOOD)
    assert (leaves["w1"].data, last(widget)["leaves"]) == (0.5, [0.5, 0.45, 0.6])


@pytest.mark.parametrize("number", [None, math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_refused_with_a_word(number: float | None) -> None:
    leaves, E = neuron()
    E.backward()
    widget = shown(E)
    before = everything(E)
    widget.comm.say({"n": "a 9", "leaves": [[1, 3.0], [0, number]], "selected": 1})
    assert everything(E) == before, "nor is what came with it taken"
    assert last(widget)["leaves"] == [0.4, 0.45, 0.6]
    assert last(widget)["seen"] == "a 9"
    assert last(widget)["word"] == "Python keeps its numbers: NaN and ∞ stay on the page alone"
    assert widget.selection is leaves["w2"]


def test_a_number_for_which_python_raises_is_refused_with_pythons_word() -> None:
    x = Value(4.0, label="x")
    y = log(x)
    widget = shown(y)
    before = everything(y)
    widget.comm.say({"n": "a 1", "leaves": [[0, -1.0]], "selected": -1})
    assert everything(y) == before
    assert last(widget)["leaves"] == [4.0]
    assert last(widget)["word"].startswith("Python keeps its numbers: log(-1.0)")


def test_a_leaf_of_a_graph_of_3000_nodes_is_moved() -> None:
    model = nn.MLP(30, [30, 30, 20, 1], seed=0)
    loss = nn.squared_error(model([0.1] * 30), 1.0)
    weights = model.parameters()
    assert len(topological_order(loss)) > 2500
    widget = shown(loss)
    weight = weights[1234]
    widget.comm.say({"n": "a 1", "leaves": [[place(widget, weight), 0.123]], "selected": place(widget, weight)})
    assert (weight.data, widget.selection) == (0.123, weight)
    anew = nn.squared_error(model([0.1] * 30), 1.0)
    assert loss.data == anew.data
    assert weight.data in last(widget)["leaves"]


# ── from Python to the page ───────────────────────────────────────────────────────────────────────


def test_the_page_is_told_what_changed_at_the_end_of_a_cell_and_nothing_where_nothing_did(shell: Shell) -> None:
    leaves, E = neuron()
    widget = shown(E)
    sent = len(widget.comm.sent)
    shell.run_cell(lambda: leaves["b"].__setattr__("grad", 5.0))
    assert len(widget.comm.sent) == sent
    shell.run_cell(lambda: leaves["b"].__setattr__("data", -2.0))
    assert last(widget)["leaves"] == [0.4, 0.45, -2.0]
    assert len(widget.comm.sent) == sent + 1


def test_a_loop_tells_the_page_as_often_as_can_be_seen_and_the_cell_its_end(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaves, E = neuron()
    widget = shown(E)
    clock = [1e9]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])

    def train() -> None:
        for k in range(1, 1001):
            leaves["b"].data = float(k)
            clock[0] += 0.001
            widget.update(f"step {k}" if k % 100 == 0 else "")

    sent = len(widget.comm.sent)
    shell.run_cell(train)
    told = len(widget.comm.sent) - sent
    assert 25 <= told <= 40, "25 times in a second, and for the frames"
    assert last(widget)["leaves"][2] == 1000.0
    frames = [data["state"]["_state"]["frame"] for data in widget.comm.sent[sent:]]
    assert [frame for frame in frames if frame] == [f"step {k}" for k in range(100, 1001, 100)]


def test_a_loop_over_a_large_graph_stays_below_what_jupyter_lets_through(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jupyter's server drops what is more than 10⁶ bytes a second (iopub_data_rate_limit)."""
    x = [Value(0.0) for _ in range(12_000)]
    widget = shown(total(x))
    clock = [1e9]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    sent = len(widget.comm.sent)
    for k in range(500):  # in five seconds
        x[0].data = float(k)
        clock[0] += 0.01
        widget.update(f"step {k}")
    said = sum(len(data["state"]["_state"]["leaves"]) for data in widget.comm.sent[sent:])
    assert 0 < said < 5e6 / 2


def test_without_cells_every_update_is_said() -> None:
    leaves, E = neuron()
    widget = shown(E)
    for k in range(5):
        leaves["b"].data = float(k)
        widget.update()
        assert last(widget)["leaves"][2] == k


def test_two_widgets_over_one_graph_follow_each_other() -> None:
    leaves, E = neuron()
    one, other = shown(E), shown(E.parents[0], parameters=[leaves["b"]])
    one.comm.say({"n": "a 1", "leaves": [[place(one, leaves["w2"]), 2.0]], "selected": -1})
    assert last(one)["leaves"] == last(other)["leaves"] == [0.4, 2.0, 0.6]
    assert last(other)["seen"] == ""


# ── the node that is chosen ───────────────────────────────────────────────────────────────────────


def test_the_selection_is_the_node_that_is_chosen_on_the_page_and_can_be_observed() -> None:
    leaves, E = neuron()
    widget = shown(E)
    assert widget.selection is None
    seen: list[Any] = []
    widget.observe(lambda change: seen.append((change.old, change.new)), "selection")
    for selected in (place(widget, leaves["w1"]), place(widget, E), place(widget, E), -1):
        widget.comm.say({"n": f"a {len(seen)}", "leaves": [], "selected": selected})
    assert seen == [(None, leaves["w1"]), (leaves["w1"], E), (E, None)]


def test_the_selection_can_be_set_to_a_node_of_the_graph_alone() -> None:
    leaves, E = neuron()
    widget = shown(E)
    widget.selection = leaves["w2"]
    assert last(widget)["selected"] == place(widget, leaves["w2"])
    for stranger in (Value(0.45, label="w2"), 1, "w2", 0.45, [leaves["w1"]]):
        with pytest.raises(ValueError, match=r"a selection is a node of the graph that is shown, or None, and .* is"):
            widget.selection = stranger
        assert widget.selection is leaves["w2"]
    widget.selection = None
    assert last(widget)["selected"] == -1


def test_an_observer_sees_python_as_the_page_says_it_is() -> None:
    leaves, E = neuron()
    widget = shown(E)
    seen: list[float] = []
    widget.observe(lambda change: seen.append(leaves["w1"].data), "selection")
    widget.comm.say({"n": "a 1", "leaves": [[0, 9.0]], "selected": 0})
    assert seen == [9.0]


# ── in the notebook ───────────────────────────────────────────────────────────────────────────────


def test_a_front_end_gets_the_page_in_a_frame_without_rights_and_the_numbers_as_they_are() -> None:
    leaves, E = neuron()
    widget = Widget(explore(E).tape, E)
    leaves["b"].data = 0.25
    assert widget.model_id
    opened = widget.comm.sent[0]["state"]
    assert opened["_frame_of_page"]["srcdoc"] == widget.html
    assert "allow-same-origin" not in opened["_frame_of_page"]["sandbox"]
    assert last(widget)["leaves"] == [0.4, 0.45, 0.25]


def test_what_is_shown_is_the_widget_and_a_picture_and_a_list() -> None:
    widget = shown(neuron()[1])
    bundle = widget._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == widget.model_id
    assert "data:image/png;base64," in bundle["text/html"]
    assert bundle["text/plain"].startswith("forward")


def test_in_a_kernel_it_is_two_outputs_of_which_the_second_waits(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    displayed: list[Any] = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: displayed.append(bundle))
    widget = shown(neuron()[1])
    widget._ipython_display_()
    alive, waiting = displayed
    assert set(alive) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert "<img" in alive["text/html"]
    assert "<iframe" not in alive["text/html"]
    assert f'<div data-page="{widget._name}" data-frame="{{&quot;srcdoc&quot;: ' in waiting["text/html"]
    assert "<iframe" not in waiting["text/html"], "two pages would be run"


def test_a_page_that_is_only_saved_opens_no_channel_and_is_forgotten(tmp_path: Any) -> None:
    _, E = neuron()
    widget = Widget(explore(E).tape, E)
    widget.save(tmp_path / "page.html")
    assert widget.comm is None
    gone = weakref.ref(widget)
    del widget
    gc.collect()
    assert gone() is None


def test_a_closed_widget_hears_and_says_nothing_and_is_still_a_page(shell: Shell, tmp_path: Any) -> None:
    leaves, E = neuron()
    widget = shown(E)
    wire = widget.comm
    widget.close()
    before, sent = everything(E), len(wire.sent)
    wire.say(GOOD)
    assert everything(E) == before
    shell.run_cell(lambda: leaves["b"].__setattr__("data", -2.0))
    widget.update()
    widget.selection = E
    assert len(wire.sent) == sent
    assert widget.save(tmp_path / "page.html").exists()
    assert set(widget._repr_mimebundle_()) == {"text/html", "text/plain"}
    widget.close()


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_widget_is_neither_copied_nor_pickled(copied: Any) -> None:
    with pytest.raises(TypeError, match="belongs to its notebook and is neither copied nor pickled"):
        copied(shown(neuron()[1]))


def test_explore_gives_a_widget_in_a_notebook_and_a_page_elsewhere(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, E = neuron()
    assert isinstance(explore(E), Widget)
    assert repr(explore(E)) == "<page: 8 nodes, value 0.275>"
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    assert type(explore(E)) is Page
    monkeypatch.setattr("IPython.get_ipython", type("TerminalInteractiveShell", (Shell,), {}))
    assert type(explore(E)) is Page
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    monkeypatch.delitem(sys.modules, "autograd.viz.page.widget")
    monkeypatch.setitem(sys.modules, "anywidget", None)
    assert type(explore(E)) is Page


def test_outside_of_a_notebook_no_widget_library_is_loaded() -> None:
    program = (
        "import sys, autograd; autograd.explore(autograd.Value(2.0) * 3).html;"
        "print({'anywidget', 'ipywidgets', 'traitlets', 'IPython'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "set()\n"
