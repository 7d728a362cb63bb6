"""Lighthouse, Google's auditor of pages, gives the site at least 95 of 100 for accessibility and for best practices.

It is npm's (lighthouse/, installed by `make test-browser`), and drives a Chromium of its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from test_site import served, site  # noqa: F401  fixtures

HERE = Path(__file__).parent / "lighthouse"
PAGES = (
    "index.html",
    "guide/understand.html",
    "api/value.html",
    "sources.html",
    "notebooks/01_value.html",
    "zh/01_value.html",
    "search.html?q=tanh",
    "playground/index.html",
)
LEAST = 95


@pytest.fixture(scope="module")
def audits(
    request: pytest.FixtureRequest, chromium: str, without: Callable[[str], NoReturn]
) -> dict[str, dict[str, Any]]:
    """What Lighthouse says of each page."""
    node = shutil.which("node")
    if node is None or not (HERE / "node_modules" / "lighthouse").exists():
        without("Lighthouse is not installed: npm ci --prefix tests/browser/lighthouse")
    folder, start = request.getfixturevalue("site"), request.getfixturevalue("served")
    there = [page for page in PAGES if (folder / page.partition("?")[0]).is_file()]
    done = subprocess.run(
        [node, HERE / "audit.js", chromium, *(f"{start}/{page}" for page in there)],
        capture_output=True, text=True, encoding="utf-8", timeout=400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    return {audit["page"].removeprefix(f"{start}/"): audit for audit in said}


@pytest.mark.parametrize("page", PAGES)
def test_lighthouse_gives_95_for_accessibility_and_best_practices(audits: dict[str, dict[str, Any]], page: str) -> None:
    if page not in audits:
        pytest.skip(f"the site was built without {page} (make playground)")
    audit = audits[page]
    assert audit["problem"] == ""
    assert set(audit["scores"]) == {"accessibility", "best-practices"}
    assert min(audit["scores"].values()) >= LEAST, json.dumps(audit["wrong"], indent=1, ensure_ascii=False)
