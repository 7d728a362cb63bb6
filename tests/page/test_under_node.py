"""The page's engine, numbers and layout, tested by Node.js against what Python knows; without it, they skip.

What is right is worked out here, as far as possible without the engine: hand derivations, mpmath's 50 digits, and for
graphs of any primitives the eager engine. It goes to the tests (`*.test.js`) as a file.
"""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import mpmath
import pytest
from derivations.test_seed_000 import BIASES, ETA, WEIGHTS, Example, example_by_hand
from page.cases import NUMBERS, operands_for, passes, random_graph

import nn
from autograd import Value, sin, topological_order, where
from autograd.primitives import table
from autograd.viz.page.explore import _modules
from autograd.viz.page.javascript import source
from autograd.viz.page.tape import tape

HERE = Path(__file__).parent


def written(x: Any) -> Any:
    """Numbers as JSON can have them; JavaScript's Number reads them back."""
    if isinstance(x, float) and not math.isfinite(x):
        return "NaN" if math.isnan(x) else f"{'-' if x < 0 else ''}Infinity"
    if isinstance(x, dict):
        return {key: written(y) for key, y in x.items()}
    return [written(y) for y in x] if isinstance(x, list | tuple) else x


def powers() -> list[Any]:
    """a, b, and a ** b by C99, where it is a number or infinite."""
    found = []
    for a in [*NUMBERS, math.inf, -math.inf]:
        for b in [*NUMBERS, math.inf, -math.inf, 3.0, 0.25]:
            try:
                found.append([a, b, math.pow(a, b)])
            except (ValueError, OverflowError):
                continue  # Python has no number here
    return found


def errors() -> list[Any]:
    """x, erf x and erfc x, to 50 digits before they are rounded."""
    generator = random.Random(1)
    xs = [0.0, 2.0, -2.0, 1.9999999, 26.0, 5e-324, *(generator.uniform(-27, 27) for _ in range(1500))]
    xs += [generator.uniform(-3, 3) for _ in range(1500)]
    with mpmath.workdps(50):
        return [[x, float(mpmath.erf(x)), float(mpmath.erfc(x))] for x in xs]


def primitives() -> list[Any]:
    """Each primitive at some hundred points: operands, value, and local derivatives or None where there are none."""
    rows = []
    for name, op in list(table.items()):
        generator = random.Random(name)
        tries = [operands_for(op, generator) for _ in range(400)]
        cases: dict[int, list[Any]] = {}
        for given in [*tries, *([x] * len(tries[0]) for x in NUMBERS)]:  # the last are ties
            try:
                y = float(op(*given))
            except (ArithmeticError, ValueError):
                continue  # Python has no number here
            try:
                local = [None if d is None else float(d) for d in op.local_derivatives(y, given, [True] * len(given))]
            except (ArithmeticError, ValueError):
                local = None
            cases.setdefault(len(given), []).append([given, y, local])
        rows += [
            {"name": name, "arity": arity, "source": source(op, arity), "cases": mine} for arity, mine in cases.items()
        ]
    return rows


def worked_example() -> dict[str, Any]:
    """The 2-2-2 network, by hand: before, after one step of its weights, and after ten thousand."""
    example, w = Example(), WEIGHTS
    made = tape(example.error(), parameters=example.w)
    after = []
    for step in range(10_001):
        error, slopes = example_by_hand(w)
        if step in (0, 1, 10_000):
            after.append({"steps": step, "error": error, "weights": list(w), "slopes": slopes})
        w = tuple(x - ETA * slope for x, slope in zip(w, slopes, strict=True))
    return {"tape": made, "rate": ETA, "biases": BIASES, "after": after}


def graphs() -> list[Any]:
    """Graphs of any primitives, each with some changes of its leaves and what the eager engine makes of them."""
    generator, made = random.Random(0), []
    while len(made) < 60:
        root = random_graph(generator, 24)
        order = topological_order(root)
        leaves = [i for i, node in enumerate(order) if node.op is None]
        numbers, changes = {i: order[i].data for i in leaves}, []
        for _ in range(5):
            try:
                values, gradients = passes(order, numbers)
            except (ArithmeticError, ValueError):
                pass  # Python has no number, or no derivative, there
            else:
                changes.append({"leaves": list(numbers.items()), "values": values, "gradients": gradients})
            numbers[generator.choice(leaves)] = generator.choice([0.0, 0.5, math.nan, generator.uniform(-1.5, 1.5)])
        if changes:
            made.append({"tape": tape(root), "changes": changes})
    return made


def smooth() -> list[Any]:
    """Graphs without kinks, on which finite differences can be relied upon, some large enough to branch often."""
    x = Value(0.5, label="x")
    model = nn.MLP(3, [4, 4, 2], activation="tanh", seed=3)
    y = sin(x**2 + 1) * x.exp() / (1 + x * x)
    return [tape(y), tape(nn.squared_error(model([0.3, -0.7, 0.2]), [0.5, -0.1]))]


def pages() -> dict[str, Any]:
    """Graphs as a page gets them: one to read, two with groups, of a model and as found, and one with repeats."""
    model = nn.MLP(2, [16, 16, 1], seed=1)
    x, y, c = Value(2.0, label="x"), Value(-0.5, label="y"), Value(1.0, label="c")
    root = where(c, x * x * y + x, y) + x * x
    return {
        "example": tape(Example().error()),
        "modules": tape(nn.squared_error(model([0.3, -0.2]), 1.0), model=model),
        "layers": tape(nn.squared_error(nn.MLP(64, [3, 2], seed=1)([k % 17 / 16 for k in range(64)]), [0.0, 1.0])),
        "repeats": tape(root, title="f"),
    }


@pytest.fixture(scope="session")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with facts.json, and for each of the pages a folder with its modules."""
    folder = tmp_path_factory.mktemp("facts")
    made: dict[str, Any] = {
        "powers": powers(),
        "errors": errors(),
        "primitives": primitives(),
        "example": worked_example(),
        "graphs": graphs(),
        "smooth": smooth(),
        "pages": pages(),
    }
    (folder / "facts.json").write_text(json.dumps(written(made)))
    (folder / "package.json").write_text('{"type": "module"}')
    for name, page in made["pages"].items():
        for path, text in _modules(page["code"]).items():
            (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / name / path).write_text(text, encoding="utf-8")
    return folder


def node_runs_modules() -> bool:
    """From 20.19 on, Node.js sees by itself that a .js file is an ES module."""
    if not shutil.which("node"):
        return False
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, version.strip().lstrip("v").split(".")[:2])) >= (20, 19)


@pytest.mark.skipif(not node_runs_modules(), reason="there is no Node.js of at least 20.19")
@pytest.mark.parametrize("file", sorted(HERE.glob("*.test.js")), ids=lambda file: file.name)
def test_under_node(file: Path, facts: Path) -> None:
    command = ["node", "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", "--test", str(file)]
    done = subprocess.run(command, env=os.environ | {"FACTS": str(facts)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
