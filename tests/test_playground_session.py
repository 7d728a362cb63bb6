"""What the playground's worker does with the code, tested here without a browser: its Python is imported from there."""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from autograd import Value, explain
from autograd.primitives import table
from autograd.viz.page import explore as page_module
from autograd.viz.picture import render

PLAYGROUND = Path(__file__).parents[1] / "docs" / "playground"


class Outside:
    """The worker around: what it is told, and Graphviz."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []

    def say(self, kind: str, of: str) -> None:
        self.heard.append((kind, of))

    def lay_out(self, source: str, format: str, engine: str) -> tuple[str, str]:
        return "", json.dumps([format, engine, len(source)])

    @property
    def printed(self) -> str:
        return "".join(of for kind, of in self.heard if kind == "printed")


@pytest.fixture
def python(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    monkeypatch.syspath_prepend(str(PLAYGROUND / "python"))
    for module, name in ((page_module, "_kind_of_page"), (page_module, "_drawing"), (render, "layout")):
        monkeypatch.setattr(module, name, getattr(module, name))  # so that it is put back
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, getattr(sys, name))
    outside = Outside()
    session = importlib.import_module("playground.session").Session(outside)

    def ask(what: str, **arguments: Any) -> Any:
        return json.loads(session.call(what, json.dumps(arguments)))

    def run(code: str) -> Any:
        return ask("run", code=code, pixels=[0.0] * 64)

    yield SimpleNamespace(ask=ask, run=run, outside=outside)
    session.run("", [])  # which takes primitives of the code's own out of the table
    for name in [name for name in sys.modules if name.partition(".")[0] == "playground"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("x * 2", "y = 4"),
        ("z = x * 2", "y = 4"),
        ("z = x * 2\nz.label = 'z'", "z = 4"),
        ("z = x * 2\nz.label = 'z'\nz.backward()\nprint(z)", "z = 4"),
        ("z = x * 2\nz.label = 'z'\nfor w in [x]:\n    print(w)", "z = 4"),  # and not w, which only runs along
        ("for k in range(3):\n    z = x * k", "y = 4"),
        ("z = x * 2\ndef f(x):\n    x = 1", "y = 4"),
        ("z = Value(4.0, label='z')\n1 + 1", "z = 4"),
        ("import autograd\nz = x * 2\nz.label = 'z'\nautograd.explain(z, wrt=x)", "z = 4"),
        ("import autograd\nz = x * 2\nz.label = 'z'\nautograd.explore(z)", "z = 4"),
    ],
)
def test_what_is_shown_is_the_last_line_or_else_what_was_named_last(code: str, title: str, python: Any) -> None:
    made = python.run(f"from autograd import Value\nx = Value(2.0, label='x')\n{code}\n")
    assert made["wrong"] is None
    assert made["shown"]["title"] == title


def test_without_a_value_nothing_is_shown_and_an_answer_is_printed(python: Any) -> None:
    assert python.run("1 + 1")["shown"] is None
    assert python.outside.printed == "2\n"
    assert python.run("")["shown"] is None


def test_after_an_error_what_was_shown_can_still_be_asked_about(python: Any) -> None:
    python.run("from autograd import Value\nx = Value(2.0, label='x')\ny = x * x\n")
    made = python.run("1 / 0")
    assert made["wrong"]["line"] == 1
    assert made["wrong"]["message"] == "ZeroDivisionError: division by zero"
    x = Value(2.0, label="x")
    y = x * x
    assert python.ask("why", node=0)["text"] == str(explain(y, wrt=x))


def test_the_line_of_an_error_is_the_last_one_of_the_codes_own(python: Any) -> None:
    wrong = python.run("from autograd import Value\ndef f(x):\n    return x.log()\n\n\nf(Value(-1.0))\n")["wrong"]
    assert (wrong["line"], wrong["calls"]) == (3, [6, 3])


def test_each_run_is_a_program_of_its_own(python: Any) -> None:
    code = "import autograd\nbump = autograd.primitive('bump', lambda x: x * x, lambda y, x: 2 * x)\nbump(3.0)\n"
    for _ in range(2):
        assert python.run(code)["wrong"] is None
    assert "bump" in table
    assert python.run("bump")["wrong"]["message"] == "NameError: name 'bump' is not defined"
    assert "bump" not in table


def test_nothing_that_code_does_to_modules_is_left_for_the_next_run(python: Any) -> None:
    """A learner deletes the line, and its effect goes with it; and a link shows others what it shows here."""
    show = "from autograd import Value\nimport math, nn, random\nx = Value(3.0, label='x')\ny = x * x\ny.backward()\n"
    show += "print(y.data, x.grad, math.pi, hex(10), callable(random.random))\n"
    show += "print(nn.MLP.__name__, len(nn.MLP(2, [1]).parameters()))\ny"
    python.run(show)
    right = python.outside.printed
    changes = [
        "import autograd\nautograd.Value.__mul__ = lambda a, b: a + b",
        "import autograd\nautograd.Value = None\nautograd.sigmoid = None\ndel autograd.exp",
        "from autograd import Value\nValue.square = lambda self: self * self",
        "import nn\nnn.MLP = int\nnn.Module.parameters = None",
        "import math, random, time\nmath.pi = 3\nrandom.random = None\ntime.sleep = None",
        "import builtins\nbuiltins.hex = None\nbuiltins.mine = 1",
        "import sys\nsys.setrecursionlimit(150)",
        "import playground.session as s\ns.draw = s.Session.picture = None",
    ]
    limit = sys.getrecursionlimit()
    for change in changes:
        python.run(change)
        python.outside.heard.clear()
        assert python.run(show)["wrong"] is None, change
        assert python.outside.printed == right, change
        assert "NoneType" not in str(python.ask("picture", theme="light", width=600)), change
        assert sys.getrecursionlimit() == limit
    assert "NameError" in python.run("mine")["wrong"]["message"]
    assert "AttributeError" in python.run("from autograd import Value\nValue(1.0).square()")["wrong"]["message"]


def test_modules_that_were_imported_stay(python: Any) -> None:
    for _ in range(2):
        assert python.run("import autograd.intervals\nautograd.intervals.Interval(0.0, 1.0)")["wrong"] is None


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import nosuchthing.inner", "autograd, nn and Python's own library"),
        ("raise EOFError('EOF when reading a line')", "write the answer into the code"),
        ('raise RuntimeError("can\'t start new thread")', "no threads"),
        ("raise RuntimeError('Cannot stack switch because …')", "nothing can be awaited"),
        ("import autograd.nosuchthing", None),
        ("raise EOFError('mine')", None),
    ],
)
def test_what_a_browser_cannot_do_is_said(code: str, says: str | None, python: Any) -> None:
    message = python.run(code)["wrong"]["message"]
    assert message.endswith(")") == (says is not None)
    assert says is None or says in message


@pytest.mark.parametrize("end", ["raise SystemExit", "import sys\nsys.exit(0)"])
def test_code_may_end_itself(end: str, python: Any) -> None:
    made = python.run(f"from autograd import Value\nx = Value(2.0, label='x')\n{end}")
    assert made["wrong"] is None
    assert made["shown"]["title"] == "x = 2"


def test_the_film_of_a_loop_ends_with_its_last_step(python: Any) -> None:
    code = "from autograd import Value, explore\nx = Value(2.0, label='x')\npage = explore(x * x)\n"
    code += "for k in range(100):\n    x.data = float(k)\n    page.update(f'step {k}')\n"
    python.run(code)
    states = [json.loads(of) for kind, of in python.outside.heard if kind == "state"]
    assert states[-1]["frame"] == "step 99"
    assert len(states) < 100


def test_what_is_printed_before_a_loop_that_never_ends_is_told_and_floods_are_bounded(python: Any) -> None:
    python.run("print('a', 1)\ntold = True")
    assert python.outside.printed == "a 1\n"
    python.outside.heard.clear()
    begun = time.monotonic()
    python.run("for k in range(50_000):\n    print(k)\n")
    spans = (time.monotonic() - begun) / 0.1 + 2
    assert len(python.outside.heard) <= 20 * spans
    assert python.outside.printed.endswith("49998\n49999\n")


def test_a_number_from_the_live_page_is_pythons_and_what_is_none_is_passed_over(python: Any) -> None:
    python.run("from autograd import Value, explore\nx = Value(2.0, label='x')\nexplore(x * x)")
    python.ask("show_page")
    assert [kind for kind, _ in python.outside.heard] == ["live", "state"]
    answer = python.ask("heard", said={"n": "1", "leaves": [[0, 3.0]], "selected": -1})
    assert answer["changed"]
    assert answer["shown"]["title"] == "y = 9"
    assert json.loads(python.outside.heard[-1][1])["seen"] == "1"
    for said in (None, 1, {}, {"n": "2", "leaves": [[7, 1.0]], "selected": -1}, {"n": 2, "leaves": [], "selected": 0}):
        assert not python.ask("heard", said=said)["changed"]
    refused = {"n": "3", "leaves": [[0, None]], "selected": -1}  # NaN, as JSON has it
    assert not python.ask("heard", said=refused)["changed"]
    assert "Python keeps its numbers" in json.loads(python.outside.heard[-1][1])["word"]


def test_where_there_are_no_processes_something_else_lays_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "layout", lambda source, format, engine: f"{source} {format} {engine}".encode())
    assert render.render("digraph { a }", "svg") == b"digraph { a } svg dot"


def test_the_examples_are_right() -> None:
    """Each runs as it is, but those that need the page around; micrograd's prints what its comments say."""
    for file in sorted((PLAYGROUND / "examples").glob("*.py")):
        if file.stem in ("digits", "xor"):
            continue
        printed: list[str] = []
        space = {
            "__name__": "__main__",
            "print": lambda *words, printed=printed: printed.append(" ".join(map(str, words))),
        }
        try:
            exec(compile(file.read_text("utf-8"), file.name, "exec"), space)
        finally:
            if "bump" in table:
                table["bump"].remove()
        if file.stem == "micrograd":
            assert printed == ["24.7041", "138.8338", "645.5773"]
        if file.stem == "neuron":
            assert printed == ["∂E/∂w1 = 0.08217080445727949"]
