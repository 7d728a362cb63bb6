"""The texts of the exercises, `exercises/01.md` …: one file a notebook, a heading of the second level an exercise.

What stands above the first of them introduces them. The last block of Python of each is the code to start from, and
ends with the call of `check`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["Exercise", "exercise", "exercises", "introduction"]

FOLDER = Path(__file__).parent / "exercises"

_HEADING = re.compile(r"^## (\d+\.\d+) (.+)$", re.MULTILINE)
_LAST_BLOCK = re.compile(r"^```python\n((?:(?!^```).*\n)*)```\s*\Z", re.MULTILINE)


@dataclass(frozen=True)
class Exercise:
    """A text to read and code to start from.

    Attributes:
        number: "2.3", the third of notebook 2.
        title: in a few words.
        text: what is asked, in Markdown with LaTeX.
        start: code that runs as it is, and whose answer is not right.
    """

    number: str
    title: str
    text: str
    start: str

    @property
    def notebook(self) -> int:
        """Which notebook it belongs to."""
        return int(self.number.partition(".")[0])

    def __str__(self) -> str:
        return f"{self.number} {self.title}\n\n{self.text}\n\n{self.start}"

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        return f"### {self.number} {self.title}\n\n{self.text}\n\n```python\n{self.start}\n```"


def exercises(notebook: int | None = None) -> list[Exercise]:
    """All exercises in their order, or those of one notebook.

    >>> from autograd.course import exercises
    >>> [e.number for e in exercises(1)]
    ['1.1', '1.2', '1.3', '1.4', '1.5']

    Raises:
        ValueError: for a notebook without exercises.
    """
    if notebook is None:
        return [e for path in sorted(FOLDER.glob("*.md")) for e in _read(path)[1]]
    return list(_read(_path(notebook))[1])


def introduction(notebook: int) -> str:
    """What is said before the first exercise of a notebook, in Markdown."""
    return _read(_path(notebook))[0]


def exercise(number: str) -> Exercise:
    """The exercise of a number.

    >>> from autograd.course import exercise
    >>> print(exercise("1.2").title)
    The chain rule, as a formula

    Raises:
        TypeError: if the number is not a string (2.10 is not 2.1).
        ValueError: if there is none.
    """
    if not isinstance(number, str):
        raise TypeError(f'the number of an exercise is a string such as "2.3", not {number!r}')
    found = {e.number: e for e in exercises()}
    asked, number = number, unicodedata.normalize("NFKC", number).strip()  # ２．３ of a Chinese keyboard is 2.3
    if number not in found:
        last = {e.notebook: e.number for e in found.values()}
        ends = ", ".join(f"{n}.1 to {end}" for n, end in last.items())
        raise ValueError(f"there is no exercise {asked!r}; there are {ends}")
    return found[number]


def _path(notebook: int) -> Path:
    path = FOLDER / f"{notebook:02}.md"
    if not path.exists():
        raise ValueError(f"notebook {notebook!r} has no exercises")
    return path


@cache
def _read(path: Path) -> tuple[str, tuple[Exercise, ...]]:
    before, *parts = _HEADING.split(path.read_text(encoding="utf-8"))
    found = []
    for number, title, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        block = _LAST_BLOCK.search(body)
        if block is None:
            raise ValueError(f"exercise {number} does not end with a block of Python")
        found.append(Exercise(number, title, body[: block.start()].strip(), block[1].strip()))
    return before.partition("\n")[2].strip(), tuple(found)
