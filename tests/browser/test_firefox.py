"""Firefox passes the page's tests as well: Firefox itself, driven over WebDriver BiDi by Puppeteer (firefox/checks.js).

What is right is worked out here, by the eager engine or by hand, and goes to the checks as a file.
"""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from test_looks import CONTRAST, OUTSIDE, SMALLEST
from test_playing import network, ring
from test_sizes import IN_SIGHT, mesh
from test_use import partial_sums, worked_example

import nn
from autograd import Value, topological_order
from autograd.viz.page.explore import explore
from autograd.viz.page.samples import sampled

HERE = Path(__file__).parent / "firefox"
CHECKS = re.findall(r'^check\("([^"]+)"', (HERE / "checks.js").read_text("utf-8"), re.MULTILINE)


def digits() -> Value:
    """The seeds' network with one hidden layer, at one sample."""
    model = nn.MLP(64, [16, 10], activation="sigmoid", output="sigmoid", seed=0)
    E = nn.half_squared_error(model([k % 17 / 16 for k in range(64)]), [0.0] * 9 + [1.0])
    E.label = "E"
    return E


def problems() -> Value:
    x = Value(-2.0, label="x")
    return x.relu() + (x * 10).sigmoid()


def passes(root: Value) -> dict[str, Any]:
    """Values and gradients in topological order, and what stands beside the page's title."""
    root.backward()
    order = topological_order(root)
    return {
        "values": [node.data for node in order],
        "gradients": [node.grad for node in order],
        "loss": f"{root.label} = {root.data:.6g}",
    }


def error(w5: float) -> float:
    """E of the worked example over w5, by hand."""

    def s(z: float) -> float:
        return 1 / (1 + math.exp(-z))

    a1, a2 = s(0.15 * 0.05 + 0.2 * 0.1 + 0.35), s(0.25 * 0.05 + 0.3 * 0.1 + 0.35)
    y1, y2 = s(w5 * a1 + 0.45 * a2 + 0.6), s(0.5 * a1 + 0.55 * a2 + 0.6)
    return ((y1 - 0.01) ** 2 + (y2 - 0.99) ** 2) / 2


def write(folder: Path) -> None:
    """The pages, and what is expected of them."""
    roots = {"worked": worked_example(), "digits": digits(), "mesh": mesh(), "problems": problems()}
    roots["mesh"].label = "L"
    for name, root in roots.items():
        explore(root).save(folder / f"{name}.html")
    explore(nn.squared_error, data=ring(), f=network()).save(folder / "playground.html")
    first = sampled(nn.squared_error, ring(), network()).root  # of samples the page shows the first
    pages = {name: passes(root) for name, root in (roots | {"playground": first}).items()}
    for name, sought in {"worked": "w5", "digits": "W²₃,₁", "mesh": "v1500", "playground": "W¹₂₁"}.items():
        pages[name]["sought"] = sought
    worked = roots["worked"]
    order = topological_order(worked)
    pages["worked"] |= {"partial": partial_sums(worked), "forward": sum(node.op is not None for node in order)}
    leaves = sorted((node for node in order if node.op is None), key=lambda leaf: -abs(leaf.grad))
    expected = {
        "inSight": IN_SIGHT,
        "contrast": CONTRAST,
        "smallest": SMALLEST,
        "outside": OUTSIDE,
        "pages": pages,
        "matters": [leaf.label for leaf in leaves],
        "whatIf": [0.2 * 0.08216704056423077, error(0.6) - error(0.4)],
    }
    (folder / "expected.json").write_text(json.dumps(expected), encoding="utf-8")


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory, without: Callable[[str], NoReturn]) -> dict[str, str]:
    """What each check has to say; "" if it holds."""
    firefox = shutil.which("firefox-esr") or shutil.which("firefox")
    node = shutil.which("node")
    if firefox is None:
        without("no Firefox on the PATH: neither firefox-esr nor firefox")
    if node is None or not (HERE / "node_modules" / "puppeteer-core").exists():
        without("Puppeteer is not installed: npm ci --prefix tests/browser/firefox")
    folder = tmp_path_factory.mktemp("firefox")
    write(folder)
    done = subprocess.run(
        [node, HERE / "checks.js", folder, firefox], capture_output=True, text=True, encoding="utf-8", timeout=400
    )
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    return {report["name"]: report["wrong"] for report in said}


@pytest.mark.parametrize("name", CHECKS)
def test_in_firefox(name: str, reports: dict[str, str]) -> None:
    assert reports[name] == ""
