"""How long an edit of a number takes in the page (``python -m benchmarks.page``).

A leaf gets another value, and everything that follows from it follows: values, gradients, the drawing, and the panel
with the node that is explained, up to the layout of the page. Needs Playwright and a Chromium.

    python -m benchmarks.page --beside ../other-checkout

opens the pages that another checkout writes as well and edits both in turns, so that a busy moment meets both. What is
told is the median; an edit is to be done within a frame of 16 ms, and within 8 ms on a quiet machine.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.timing import ROOT, MissingPackageError, machine

EDITS, ROUNDS = 50, 6

PAGES = {
    "35 boxes, 2-16-16-1": "nn.squared_error(nn.MLP(2, [16, 16, 1], seed=1)([0.3, -0.2]), 1.0)",
    "a network of 64-16-16-10": "nn.half_squared_error(nn.MLP(64, [16, 16, 10], seed=0)([0.5] * 64), [0.0] * 10)",
    "a graph of 3 300 nodes": "mesh()",
}
"""The graphs, as Python."""

WRITE = """
import sys, nn
from autograd import Value
from autograd.viz.page.explore import explore
def mesh():
    x = [Value(0.01 * k) for k in range(30)]
    for k in range(1100):
        x.append((x[-7] * x[-3 - k % 5] + 0.1).tanh())
    return x[-1]
explore(eval(sys.argv[1])).save(sys.argv[2])
"""

STATES = {
    "as it opens": "explorer.select(-1)",
    "a node in the middle explained": "explorer.select(explorer.engine.n >> 1)",
    "the leaf that is edited explained": "explorer.select(explorer.engine.leaves[0])",
}

EDIT = """(n) => { const times = []; for (let k = 0; k < n; k++) { const begun = performance.now();
    explorer.change(explorer.engine.leaves[0], Math.sin(k)); document.body.offsetWidth;
    times.push(performance.now() - begun); } return times; }"""


def written(checkout: Path, graph: str, page: Path) -> Path:
    """The page that a checkout writes of a graph."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    subprocess.run([sys.executable, "-c", WRITE, graph, page], check=True, env=environment, cwd=page.parent)
    return page


def edits(pages: list[Any], state: str) -> list[float]:
    """Milliseconds of an edit of each page, which take turns."""
    times: list[list[float]] = [[] for _ in pages]
    for page in pages:
        page.evaluate(state)
        page.evaluate(EDIT, 20)  # until the browser has compiled it
    for _ in range(ROUNDS):
        for page, own in zip(pages, times, strict=True):
            own += page.evaluate(EDIT, EDITS)
    return [median(own) for own in times]


def main() -> None:
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        raise MissingPackageError("the page is opened with Playwright: pip install '.[browser]'") from None
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        raise MissingPackageError("no Chromium is on the PATH")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--beside", type=Path, help="another checkout to compare with")
    beside = parser.parse_args().beside
    checkouts = [ROOT, *([beside.resolve()] if beside else [])]
    print(machine())
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, graph in PAGES.items():
            pages = []
            for k, checkout in enumerate(checkouts):
                page = browser.new_page(viewport={"width": 1280, "height": 800})
                page.goto(written(checkout, graph, Path(folder, f"{k}.html")).as_uri())
                pages.append(page)
            for state, program in STATES.items():
                own, *other = edits(pages, program)
                compared = f"  beside {other[0]:5.1f} ms: {other[0] / own:.2f}x as quick" if other else ""
                print(f"{name:26} {state:35} {own:5.1f} ms{compared}", flush=True)
            for page in pages:
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
