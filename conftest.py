"""README.md and docs/ are run: what their examples print is what is printed there, read as their readers read it.

Its examples are doctests without doctest's own marks: an output may have empty lines, in which case doctest wants
``<BLANKLINE>``, and a line "..." stands for what was left out. An example ends with its block.
"""

from __future__ import annotations

import doctest
import io
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

_BY_NUMBA = [
    f"autograd/compiler/{module.name}"
    for module in sorted(Path(__file__).parent.glob("autograd/compiler/*.py"))
    if "Importing this module imports Numba" in module.read_text("utf-8")
]
collect_ignore = [] if find_spec("numba") else _BY_NUMBA
"""Modules that cannot be imported without Numba (the extra fast), as they say."""
collect_ignore += [] if find_spec("anywidget") else ["autograd/viz/page/widget.py"]
"""And without anywidget (the extra jupyter)."""
if not find_spec("jax"):
    collect_ignore.append("autograd/compiler/jax_guarded.py")  # nor this without JAX (the extra jax)
collect_ignore += ["docs/build.py", "docs/conf.py", "docs/extensions", "docs/playground"]
"""And what needs Sphinx (the extra site)."""


def as_doctest(markdown: str) -> str:
    """The text, line for line, with the marks that doctest wants."""
    lines = markdown.splitlines()
    inside = False
    for i, line in enumerate(lines):
        if line.startswith("```"):
            inside = not inside and line == "```python"
            lines[i] = ""
        elif inside and not line:
            rest = next(after for after in lines[i + 1 :] if after)
            if not rest.startswith((">>>", "```")):
                lines[i] = "<BLANKLINE>"
    return "\n".join(lines)


DOCS = Path(__file__).parent / "docs"


class ExampleFailedError(Exception):
    """Examples that printed something else."""


class Examples(pytest.Item):
    """All the examples of a page, in one namespace, one after the other."""

    def runtest(self) -> None:
        text = as_doctest(self.path.read_text(encoding="utf-8"))
        test = doctest.DocTestParser().get_doctest(text, {}, self.name, str(self.path), 0)
        said = io.StringIO()
        if doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.write).failed:
            raise ExampleFailedError(said.getvalue())

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return (
            str(excinfo.value)
            if isinstance(excinfo.value, ExampleFailedError)
            else super().repr_failure(excinfo, style)
        )


class Page(pytest.File):
    """A page of Markdown with examples."""

    def collect(self) -> Iterator[Examples]:
        if ">>> " in self.path.read_text(encoding="utf-8"):
            yield Examples.from_parent(self, name=self.path.name)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Page | None:
    page = file_path.name == "README.md" or (file_path.suffix == ".md" and DOCS in file_path.parents)
    return Page.from_parent(parent, path=file_path) if page else None
