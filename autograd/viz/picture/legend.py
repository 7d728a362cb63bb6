"""The legend under a drawing: what outlines, signs, lines and colours mean, and what was left out."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from autograd.formulas.numbers import with_minus
from autograd.viz.picture.boxes import Block, Node, Picture
from autograd.viz.picture.labels import MOST_CELLS, SMALLEST, Cell, Label
from autograd.viz.picture.palette import STEPS, Scale, ink_on

__all__ = ["legend"]

LONGEST = 96
"""Of a line of words, in letters."""
CELL = 40
"""How wide a colour is."""
_MARKS = {"dead": "passes no gradient", "saturated": "passes next to none"}


def legend(picture: Picture, colours: dict[str, str], scale: Scale, derivatives: bool) -> Cell:
    """The legend of a picture as an HTML-like label; `derivatives` says whether its lines carry them."""
    label = Label(colours)
    nodes = {box.kind for box in picture.boxes if isinstance(box, Node)}
    blocks = [box for box in picture.boxes if isinstance(box, Block)]
    kinds = [kind for kind in ("input", "parameter", "operation", "root") if kind in nodes]
    rows = [_kinds(label, kinds, picture.parameters)] if len(kinds) > 1 else []
    root = picture.root
    words = [f"∂: ∂{root}/∂node" if picture.backward else f"∂ —: no backward pass from {root} yet"]
    if derivatives and any(arrow.derivative is not None for arrow in picture.arrows):
        words.append("× on a line: local derivative")
    if any(len(block.outputs) > 1 and len(block.outputs) <= MOST_CELLS for block in blocks):
        words.append("a small square: the gradient of an output")
    if any(not arrow.flows for arrow in picture.arrows):
        words.append("dotted: no gradient flows")
    marks = {box.mark for box in picture.boxes if isinstance(box, Node)}
    marks.update(mark for block in blocks for mark, _ in block.marks)
    words += [f"{mark}: {said}" for mark, said in _MARKS.items() if mark in marks]
    rows += _lines(label, "key", " · ".join(words))
    if picture.backward:
        rows.append(_scale(label, scale))
    for note in picture.notes:
        rows += _lines(label, "note", note)
    return label.stack(*(row for line in rows for row in (line, label.gap(8, 4))))


def _lines(label: Label, role: str, words: str) -> list[Cell]:
    lines = [line.strip(" ·") for line in textwrap.wrap(words, LONGEST)]
    return [label.text(role, line, "muted", SMALLEST) for line in lines]


def _kinds(label: Label, kinds: Sequence[str], parameters: bool) -> Cell:
    """The outlines of the kinds of nodes."""
    row = Cell("", 0)
    for kind in kinds:
        style = ' STYLE="ROUNDED"' if kind in ("operation", "root") else ""
        line = f' BORDER="{2 if kind == "root" else 1}" COLOR="{label.colours[f"{kind}-line"]}"'
        name = label.text("key", "leaf" if kind == "input" and not parameters else kind, size=SMALLEST)
        inside = label.row(label.gap(6, 18), name, label.gap(6, 18))
        table = (
            f'<TABLE CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" BGCOLOR="{label.colours[kind]}"{line}{style}>'
            f"<TR>{inside}</TR></TABLE>"
        )
        row = label.row(row, Cell(f"<TD>{table}</TD>", inside.width + 4), label.gap(5))
    return row


def _scale(label: Label, scale: Scale) -> Cell:
    """The colours of gradients: each up to the power of ten that is written on it."""
    steps = [f"m{k}" for k in range(STEPS, 0, -1)] + ["zero"] + [f"p{k}" for k in range(1, STEPS + 1)]
    row = label.row(label.text("key", "gradient up to", "muted", SMALLEST), label.gap(6))
    for step in steps:
        bound = "0" if step == "zero" else ("−" if step[0] == "m" else "+") + _power(scale.top - STEPS + int(step[1]))
        text = label.text("key", bound, ink_on(step), SMALLEST, mono=True)
        left = label.gap((CELL - text.width) // 2, 16)
        inside = label.row(left, text, label.gap(CELL - text.width - left.width, 16))
        ground = label.table(inside, attributes=f' BGCOLOR="{label.colours[step]}"')
        row = label.row(row, Cell(f"<TD>{ground}</TD>", CELL))
    return row


def _power(k: int) -> str:
    return f"{10.0**k:g}" if -3 <= k <= 3 else with_minus(f"1e{k}")
