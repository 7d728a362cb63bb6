"""The legend under a drawing: what outlines, signs, lines and colours mean, and what was left out."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from autograd.formulas.numbers import with_minus
from autograd.viz.picture.boxes import Block, Node, Picture
from autograd.viz.picture.labels import MOST_CELLS, Label
from autograd.viz.picture.palette import STEPS, Scale, ink_on

__all__ = ["legend"]

WIDTH = 470
"""Of the legend, in points: all its rows are as wide, for Graphviz would stretch narrower ones."""


def legend(picture: Picture, colours: dict[str, str], scale: Scale, derivatives: bool) -> str:
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
    rows.append(_lines(label, "key", " · ".join(words)))
    if picture.backward:
        rows.append(_scale(label, scale))
    rows += [_lines(label, "note", note) for note in picture.notes]
    return "<" + label.table(*(f'<TD ALIGN="LEFT">{row}</TD>' for row in rows)) + ">"


def _lines(label: Label, role: str, words: str) -> str:
    lines = textwrap.wrap(words, 96)
    return "".join(label.text(role, line, "muted", 10) + '<BR ALIGN="LEFT"/>' for line in lines)


def _kinds(label: Label, kinds: Sequence[str], parameters: bool) -> str:
    """The outlines of the kinds of nodes."""
    cells = ""
    for kind in kinds:
        style = ' STYLE="ROUNDED"' if kind in ("operation", "root") else ""
        line = f' BORDER="{2 if kind == "root" else 1}" COLOR="{label.colours[f"{kind}-line"]}"'
        name = label.text("key", "leaf" if kind == "input" and not parameters else kind, size=10)
        cells += (
            f'<TD><TABLE CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" BGCOLOR="{label.colours[kind]}"{line}{style}>'
            f'<TR><TD FIXEDSIZE="TRUE" WIDTH="64" HEIGHT="18">{name}</TD></TR></TABLE></TD>'
        )
    cells += f'<TD FIXEDSIZE="TRUE" HEIGHT="18" WIDTH="{WIDTH - 74 * len(kinds)}"></TD>'
    return label.table(cells, spacing=2)


def _scale(label: Label, scale: Scale) -> str:
    """The colours of gradients: each up to the power of ten that is written on it."""
    steps = [f"m{k}" for k in range(STEPS, 0, -1)] + ["zero"] + [f"p{k}" for k in range(1, STEPS + 1)]
    cells = ""
    for step in steps:
        bound = "0" if step == "zero" else ("−" if step[0] == "m" else "+") + _power(scale.top - STEPS + int(step[1]))
        text = label.text("key", bound, ink_on(step), 8, mono=True)
        cells += f'<TD BGCOLOR="{label.colours[step]}" WIDTH="36" HEIGHT="15" FIXEDSIZE="TRUE">{text}</TD>'
    words = label.text("key", "gradient up to", "muted", 10)
    first = f'<TD ALIGN="LEFT" WIDTH="{WIDTH - 36 * len(steps)}" HEIGHT="15" FIXEDSIZE="TRUE">{words}</TD>'
    return label.table(first + cells, padding=0)


def _power(k: int) -> str:
    return f"{10.0**k:g}" if -3 <= k <= 3 else with_minus(f"1e{k}")
