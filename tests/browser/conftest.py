"""A headless Chromium for the pages of `explore`, cut off from the network; without one, the tests skip and say so.

With ``AUTOGRAD_BROWSER=required``, as where a browser has been installed for them, they fail instead.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from autograd.viz.page.explore import explore

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip


def _without(reason: str) -> NoReturn:
    if os.environ.get("AUTOGRAD_BROWSER") == "required":
        pytest.fail(f"AUTOGRAD_BROWSER=required, and {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def without() -> Callable[[str], NoReturn]:
    """Skip for a reason; fail, where browsers are required."""
    return _without


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where it is."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        _without(f"no browser on the PATH: none of {', '.join(_NAMES)}")
    return program


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    try:
        from playwright import sync_api as playwright
    except ModuleNotFoundError:
        _without("Playwright is not installed")
    with playwright.sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=chromium, args=_ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Open the page of a value. When the test ends, no page has made a request or complained."""
    contexts, complaints = [], []

    def show(value: Any, *, context: dict[str, Any] | None = None, path: Path | None = None, **settings: Any) -> Any:
        if path is None:
            path = explore(value, **settings).save(tmp_path / f"page{len(contexts)}.html")
        made = browser.new_context(**{"offline": True, "viewport": {"width": 1200, "height": 700}} | (context or {}))
        contexts.append(made)
        page = made.new_page()
        page.on(
            "request", lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else complaints.append(r.url)
        )
        page.on("console", lambda m: complaints.append(m.text))
        page.on("pageerror", lambda e: complaints.append(str(e)))
        page.goto(path.as_uri())
        return page

    yield show
    for made in contexts:
        made.close()
    assert complaints == []
