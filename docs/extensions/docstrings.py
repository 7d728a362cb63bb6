"""Docstrings as they are written here, read as reStructuredText: `Value`s are several, |x| is a number, * a star."""

from __future__ import annotations

import re

from sphinx.application import Sphinx
from sphinx.domains.python._object import PyObject

_SPANS = re.compile(r"(``[^`]+``|`[^`]+`)")
_PLURAL = re.compile(r"(?<!`)(`[^`\s][^`]*`)(?=\w)")
_STAR = re.compile(r"(?<![\\*\w])\*(?=[\w)])(?![^*]*\w\*(?!\w))")


def _escaped(line: str) -> str:
    line = _PLURAL.sub(r"\1\\ ", line)
    parts = _SPANS.split(line)
    parts[::2] = [_STAR.sub(r"\\*", part).replace("|", r"\|") for part in parts[::2]]
    return "".join(parts)


def in_rst(lines: list[str]) -> list[str]:
    """The lines, of which those of examples and of literal blocks stay as they are."""
    done: list[str] = []
    example, literal = False, -1  # within an example; how far the line before a literal block is indented
    for line in lines:
        depth = len(line) - len(line.lstrip()) if line.strip() else 1000
        example = line.lstrip().startswith(">>> ") or (example and depth < 1000)
        literal = literal if depth > literal >= 0 else -1
        done.append(line if example or literal >= 0 else _escaped(line))
        if literal < 0 and not example and line.rstrip().endswith("::"):
            literal = depth
    return done


def whole(lines: list[str]) -> list[str]:
    """The docstring of an attribute, which napoleon has cut at its first colon, as if a type stood before that.

    >>> whole(["of the batch.", "", ":type: What it is"])
    ['What it is: of the batch.']
    """
    found = next((i for i, line in enumerate(lines) if line.startswith(":type: ")), None)
    if found is None:
        return lines
    kept = [line for i, line in enumerate(lines) if i != found]
    while kept and not kept[-1]:
        kept.pop()
    return [f"{lines[found].removeprefix(':type: ')}: {kept[0]}", *kept[1:]]


def _read(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    if what in ("attribute", "data", "property"):
        lines[:] = whole(lines)
    lines[:] = in_rst(lines)


def setup(app: Sphinx) -> dict[str, bool]:
    for field in PyObject.doc_field_types:  # napoleon's Attributes
        if field.name == "variable":
            field.label = "Attributes"
    app.connect("autodoc-process-docstring", _read, priority=800)  # after napoleon
    return {"parallel_read_safe": True, "parallel_write_safe": True}
