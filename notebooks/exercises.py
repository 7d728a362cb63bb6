"""Put the exercises of the course at the end of the notebooks: ``python notebooks/exercises.py [notebook.ipynb …]``.

`cells` gives the cells of a notebook's exercises; `append` puts them into a file. They are known by their metadata, so
that a second time they are replaced and not repeated; a notebook that has them as they are is not written. New cells of
code have no outputs yet: execute the notebook afterwards.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat

from autograd.course.texts import exercises, introduction

MARK = "course"
"""The key of the metadata of these cells; its value is the number of the exercise, or "heading"."""


def cells(notebook: int) -> list[Any]:
    """The cells of a notebook's exercises: a heading, an import, and for each its text and the code to start from."""

    def marked(cell: Any, of: str, name: str) -> Any:
        cell.metadata[MARK] = of
        cell.id = f"exercise-{name}"
        return cell

    new = nbformat.v4
    found = [
        marked(new.new_markdown_cell(f"## Exercises\n\n{introduction(notebook)}"), "heading", "heading"),
        marked(new.new_code_cell("from autograd.course import check"), "heading", "import"),
    ]
    for e in exercises(notebook):
        name = e.number.replace(".", "-")
        found.append(marked(new.new_markdown_cell(f"### {e.number} {e.title}\n\n{e.text}"), e.number, f"{name}-text"))
        found.append(marked(new.new_code_cell(e.start), e.number, name))
    return found


def append(path: Path) -> bool:
    """Put the exercises at the end of a notebook, in the place of those that are there; whether that changed it."""
    notebook = nbformat.read(path, as_version=4)
    wanted = cells(int(path.name[:2]))
    own = [cell for cell in notebook.cells if MARK not in cell.metadata]
    there = notebook.cells[len(own) :]
    if [_content(cell) for cell in there] == [_content(cell) for cell in wanted]:
        return False
    notebook.cells = own + wanted
    nbformat.write(notebook, path)
    return True


def _content(cell: Any) -> tuple[str, str, str | None]:
    return cell.cell_type, cell.source, cell.metadata.get(MARK)


if __name__ == "__main__":
    given = [Path(name) for name in sys.argv[1:]]
    for path in given or sorted(Path(__file__).parent.glob("*.ipynb")):
        print(path.name, "has new exercises: execute it" if append(path) else "has them as they are")
