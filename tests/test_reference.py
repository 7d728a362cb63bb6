"""The reference shows docstrings: whoever copies an example into a fresh Python sees what the page shows."""

from __future__ import annotations

import builtins
import doctest
import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXTS = [
    *(ROOT / "docs").glob("*.md"),
    *(ROOT / "docs").glob("[gd]*/*.md"),
    ROOT / "autograd" / "compiler" / "README.md",
]
PAGES = sorted((ROOT / "docs" / "api").glob("*.rst"))
ENTRY = re.compile(r"^\.\. auto(?:function|class|exception|module):: (\S+)", re.MULTILINE)
OPTIONAL = {"to_jax": "jax"}
"""Examples that need what is not installed for the tests."""


def documented(name: str) -> Any:
    """What a page calls by this name."""
    first, *rest = name.split(".")
    thing = importlib.import_module(first)
    for part in rest:
        if not hasattr(thing, part):
            importlib.import_module(f"{thing.__name__}.{part}")
        thing = getattr(thing, part)
    return thing


NAMES = [name for page in PAGES for name in ENTRY.findall(page.read_text("utf-8"))]


def examples() -> list[doctest.DocTest]:
    """One a docstring of the reference that has an example, with nothing defined."""
    found: dict[str, doctest.DocTest] = {}
    for name in NAMES:
        for test in doctest.DocTestFinder().find(documented(name), name, globs={}):
            if test.examples:
                found[test.name] = test
    return list(found.values())


EXAMPLES = examples()


def test_there_are_as_many_examples_as_one_thinks() -> None:
    assert len(NAMES) > 50
    assert len(EXAMPLES) > 50


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda test: test.name)
def test_an_example_of_the_reference_runs_in_a_fresh_python(example: doctest.DocTest) -> None:
    needed = OPTIONAL.get(example.name.rpartition(".")[2])
    if needed:
        pytest.importorskip(needed)
    said: list[str] = []
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    globs = {"__name__": "__main__", "__builtins__": builtins}
    fresh = doctest.DocTest(example.examples, globs, example.name, example.filename, example.lineno, None)
    failed = doctest.DocTestRunner(optionflags=flags).run(fresh, out=said.append).failed
    assert not failed, "".join(said)


def arguments(thing: Any) -> set[str]:
    """Those that the docstring speaks of."""
    section = (inspect.getdoc(thing) or "").partition("Args:\n")[2].partition("\n\n")[0]
    named = re.findall(r"^    ([\w*, ]+):", section, re.MULTILINE)
    return {name.strip(" *") for names in named for name in names.split(",")}


@pytest.mark.parametrize("name", [name for name in NAMES if arguments(documented(name))])
def test_no_argument_is_passed_over(name: str) -> None:
    assert set(inspect.signature(documented(name)).parameters) <= arguments(documented(name))


@pytest.mark.parametrize("page", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_shows_all_that_is_printed(page: Path) -> None:
    """A "..." hides what a reader looks for. One is left: the engine's line differs, which the text below it says."""
    text = page.read_text("utf-8")
    for found in re.finditer(r"^```python\n(.*?)^```\n(?=(.{0,80}))", text, re.MULTILINE | re.DOTALL):
        block, after = found.groups()
        for cut in re.findall(r"^(?!>>> |\.\.\. ).*\.\.\.$", block, re.MULTILINE):
            raised = cut == "    ..." and "Traceback (most recent call last):\n    ...\n" in block
            assert raised or (cut == "Run by ..." and "The last line, cut short here" in after), cut
