"""The notebooks in Chinese: their cells as they were executed, joined with the translated texts of `notebooks/zh`.

`notebooks/zh/03.md` has the texts of notebook 3, and `autograd/course/exercises/zh/03.md` those of its exercises. Each
begins with a line that says which English text it translates, by the cell's id (an exercise's number) and the first
digits of that text's hash::

    <!-- cell-02 5f1e0c2a97b3 -->

    ## 网络 …

What a picture shows (``alt`` in the metadata of the cell that draws it) is a text as well, ``alt-cell-07`` by name.

`translated` joins; a cell without a translation, or with one of an older text, stays English. Which these are is said
by ``python docs/chinese.py``, and a test wants there to be none. Who has translated a text anew takes the hash out of
its line (``<!-- cell-02 -->``) and runs ``python docs/chinese.py --stamp``, which writes the new one, and also the
new ids of cells that were renumbered. ``--write FOLDER`` writes the joined notebooks there, to be opened and executed
(``make notebooks-zh``).
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
TEXTS = (NOTEBOOKS / "zh", ROOT / "autograd" / "course" / "exercises" / "zh")
"""Where the translations are: of the notebooks, and of their exercises."""

_LINE = re.compile(r"^<!-- ([\w.-]+?)(?: ([0-9a-f]{12}))? -->\n", re.MULTILINE)
_SUMMARY = re.compile(r"^> \*\*(?:中文)?摘要\*\*.*\n\n", re.MULTILINE)
_TRUST = re.compile(r"^> \*\*To see it alive\*\*.*\n(?:>.*\n)*\n", re.MULTILINE)


TRUST = (
    "> **想看到会动的页面**，请信任这个笔记本：在 JupyterLab 的命令面板（Ctrl + Shift + C）中选 *Trust Notebook*，"
    "或在终端里运行 `jupyter trust`。在那之前，图和页面都只是静止的图片。\n\n"
)
"""What `_TRUST` says, for JupyterLab alone."""


class Text(NamedTuple):
    """A translation, and the hash of what it translates."""

    hash: str
    chinese: str


def english(cell: Any) -> str:
    """What is to be translated of a cell: all but the summary, which is Chinese, and what concerns JupyterLab alone.

    >>> english({"source": ["# 1 · A value\\n", "\\n", "> **中文摘要**　一个…\\n", "\\n", "Everything …"]})
    '# 1 · A value\\n\\nEverything …'
    """
    return _TRUST.sub("", _SUMMARY.sub("", _source(cell))).strip()


def digest(text: str) -> str:
    """The first digits of a text's hash; how its lines are broken does not matter.

    >>> digest("one line") == digest("one\\nline") != digest("another")
    True
    """
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:12]


def originals(cell: Any) -> Iterator[tuple[str, str]]:
    """What there is to translate in a cell, and its name: the id, the number of an exercise, or alt- and the id."""
    if cell["cell_type"] == "markdown":
        yield str(cell["metadata"].get("course", cell["id"])), english(cell)
    elif "alt" in cell["metadata"]:
        yield f"alt-{cell['id']}", cell["metadata"]["alt"]


def read(text: str) -> dict[str, Text]:
    """The translations of one file.

    >>> read("<!-- cell-02 0123456789ab -->\\n\\n## 网络\\n")
    {'cell-02': Text(hash='0123456789ab', chinese='## 网络')}

    Raises:
        ValueError: if one of them is there twice.
    """
    _, *parts = _LINE.split(text)
    found: dict[str, Text] = {}
    for name, given, chinese in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        if name in found:
            raise ValueError(f"there are two translations of {name}")
        found[name] = Text(given or "", chinese.strip())
    return found


def texts(number: int, folders: tuple[Path, ...] = TEXTS) -> dict[str, Text]:
    """All translations for a notebook: those of its own cells and those of its exercises."""
    paths = [folder / f"{number:02}.md" for folder in folders]
    return {name: text for path in paths if path.exists() for name, text in read(path.read_text("utf-8")).items()}


def translated(notebook: Any, texts: dict[str, Text]) -> Any:
    """A copy of a notebook with its Markdown, and what its pictures show, in Chinese; all else is as it was.

    The summary stays where it is, below the title, and need not say that it is in Chinese. What has no translation of
    just this text stays English.
    """
    book = copy.deepcopy(notebook)
    for cell in book["cells"]:
        for name, text in originals(cell):
            if name not in texts or texts[name].hash != digest(text):
                continue
            chinese = texts[name].chinese
            if cell["cell_type"] == "markdown":
                summary = _SUMMARY.search(_source(cell))
                title, gap, rest = chinese.partition("\n\n")
                said = summary[0].replace("中文摘要", "摘要") if summary else ""
                cell["source"] = title + gap + said + rest
            else:
                cell["metadata"]["alt"] = chinese
    return book


def untranslated(cells: Any, texts: dict[str, Text]) -> Iterator[str]:
    """Of which texts of some cells there is no translation, or one of an older text."""
    for name, text in (pair for cell in cells for pair in originals(cell)):
        if name not in texts:
            yield f"{name} is not translated"
        elif texts[name].hash != digest(text):
            yield f"{name} translates an older text ({texts[name].hash or 'no hash'}, not {digest(text)})"


def pages(sources: Path) -> Iterator[tuple[str, str]]:
    """Each notebook of a folder in Chinese: the name of its file, and the file."""
    for path in sorted(sources.glob("*.ipynb")):
        book = translated(json.loads(path.read_text("utf-8")), texts(int(path.name[:2])))
        yield path.name, json.dumps(book, ensure_ascii=False)


def write(folder: Path) -> None:
    """The notebooks in Chinese, as files to be opened in JupyterLab; links lead to where they led.

    What is there already stays as it is: it may have somebody's answers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    docs = Path(os.path.relpath(ROOT / "docs", folder)).as_posix()
    for name, text in pages(NOTEBOOKS):
        if (folder / name).exists():
            continue
        book = json.loads(text)
        for cell in book["cells"]:
            if cell["cell_type"] == "markdown":
                cell["source"] = _source(cell).replace("](../docs/", f"]({docs}/")
        first = book["cells"][0]
        if summary := _SUMMARY.search(first["source"]):
            first["source"] = first["source"].replace(summary[0], summary[0] + TRUST)
        (folder / name).write_text(json.dumps(book, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _source(cell: Any) -> str:
    return "".join(cell["source"])  # a list of lines in the file, a string for nbformat


def _cells(number: int) -> list[Any]:
    """The cells of a notebook and those of its exercises, whether these have been appended to it or not."""
    sys.path.insert(0, str(NOTEBOOKS))
    import exercises

    own: list[Any] = []
    for path in NOTEBOOKS.glob(f"{number:02}_*.ipynb"):
        own = [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if "course" not in cell["metadata"]]
    return own + exercises.cells(number)


def stamped(text: str, known: dict[str, str]) -> str:
    """The translations of a file, with the hashes of `known` in the lines that have none, and cells by their new ids.

    >>> stamped("<!-- cell-02 -->\\n\\n网络\\n", {"cell-02": "0123456789ab"})
    '<!-- cell-02 0123456789ab -->\\n\\n网络\\n'
    >>> stamped("<!-- cell-02 0123456789ab -->\\n\\n网络\\n", {"cell-03": "0123456789ab"})
    '<!-- cell-03 0123456789ab -->\\n\\n网络\\n'
    """
    names = {given: name for name, given in known.items()}

    def line(found: re.Match[str]) -> str:
        name, given = found[1], found[2] or known.get(found[1], "")
        if known.get(name) != given:
            name = names.get(given, name)
        return f"<!-- {name} {given} -->\n" if given else found[0]

    return _LINE.sub(line, text)


def main(arguments: list[str] | None = None) -> None:
    """Say what is not translated, after stamping or writing, where that is asked for."""
    parser = argparse.ArgumentParser(description="The notebooks in Chinese: what is missing or out of date.")
    parser.add_argument("--stamp", action="store_true", help="write the hashes of texts that have been translated anew")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write there what Chinese notebooks are missing")
    given = parser.parse_args(arguments)
    if given.stamp:
        for folder in TEXTS:
            for path in sorted(folder.glob("[0-9][0-9].md")):
                known = {name: digest(text) for cell in _cells(int(path.stem)) for name, text in originals(cell)}
                path.write_text(stamped(path.read_text("utf-8"), known), "utf-8")
    if given.write:
        write(given.write.resolve())
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        number = int(path.name[:2])
        for fault in untranslated(_cells(number), texts(number)):
            print(f"{path.name}: {fault}")


if __name__ == "__main__":
    main()
