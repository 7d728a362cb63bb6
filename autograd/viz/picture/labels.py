"""What is written in a box: the HTML-like label that Graphviz sets, and what each of its texts is.

A `Value` is one box: what it is called and how it was computed, its data, and its gradient on a ground
coloured by sign and size. Every text comes from a label or a number, and is escaped. Each has a cell that is as wide
as the text (`metrics.py`), so that a box looks alike whatever fonts its maker and its reader have.

>>> from autograd import Value
>>> from autograd.viz.picture.composer import picture
>>> texts(picture(Value(2.0, label="x") * 3).boxes[0])
['label', 'value', 'sign', 'gradient']
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

from autograd.formulas.numbers import brief
from autograd.viz.picture.boxes import Block, Node, Numbers
from autograd.viz.picture.metrics import MONO, width
from autograd.viz.picture.palette import PALETTES, Scale, ink_on

__all__ = ["MOST_CELLS", "SMALLEST", "Cell", "Label", "contents", "texts"]

SMALLEST = 10
"""The smallest size of a text, in pixels of a picture that is shown as large as it is."""
BLOCK = 112
"""The least width of a block, so that neurons below each other are alike."""
STRIP = 16
"""How many gradients stand in a row of a block."""
FEW = 6
"""How many of many inputs are written."""
TILE = (4, 64)
"""The least side of a square of inputs that is shown as a picture, in numbers, and how large it is, in pixels."""
_INKS = ("paper", "frame-line", "line", "muted", "ink")
MOST_CELLS = 64
"""A block with more outputs than that shows their norm alone."""


class Cell(str):
    """The cells of a part of a row, `<TD>…</TD>`, and how wide they are together."""

    width: int

    def __new__(cls, markup: str, width: int) -> Cell:
        made = super().__new__(cls, markup)
        made.width = width
        return made


class Label:
    """An HTML-like label in the making; it remembers what each text is for."""

    def __init__(self, colours: dict[str, str]) -> None:
        self.colours, self.roles = colours, list[str]()

    def text(
        self, role: str, words: str, colour: str = "ink", size: float = 12, mono: bool = False, room: int = 0
    ) -> Cell:
        """Words in a cell of their width, or with room for so many letters."""
        bold = role == "label"
        wide = math.ceil(width(words.ljust(room), size, mono=mono, bold=bold))
        if not words:
            return self.gap(wide)
        self.roles.append(role)
        marked = html.escape(words).replace("\\", "\\\\")  # Graphviz has escapes of its own, \\N and \\G
        if bold:
            marked = f"<B>{marked}</B>"
        face = f' FACE="{MONO}"' if mono else ""
        font = f'<FONT{face} POINT-SIZE="{size:g}" COLOR="{self.colours[colour]}">{marked}</FONT>'
        return Cell(f'<TD FIXEDSIZE="TRUE" WIDTH="{wide}" HEIGHT="{_height(size)}" ALIGN="LEFT">{font}</TD>', wide)

    def gap(self, wide: int, height: int = 4) -> Cell:
        """Room between texts."""
        return Cell(f'<TD FIXEDSIZE="TRUE" WIDTH="{wide}" HEIGHT="{height}"></TD>' if wide > 0 else "", max(0, wide))

    def row(self, *cells: Cell) -> Cell:
        """Cells beside each other."""
        return Cell("".join(cells), sum(cell.width for cell in cells))

    def apart(self, left: Cell, right: Cell, wide: int) -> Cell:
        """A row of this width with one part at its left and one at its right end."""
        return self.row(left, self.gap(wide - left.width - right.width), right)

    def chip(self, step: str, *cells: Cell, wide: int = 0) -> Cell:
        """Texts on a rounded ground of the colour of a gradient, the last at its right end."""
        padding = self.gap(4)
        *first, last = cells
        wide = max(wide, sum(cell.width for cell in cells) + 2 * padding.width)
        inside = self.row(padding, self.apart(self.row(*first), last, wide - 2 * padding.width), padding)
        table = self.table(inside, attributes=f' STYLE="ROUNDED" BGCOLOR="{self.colours[step]}"')
        return Cell(f"<TD>{table}</TD>", wide)

    def table(self, *rows: Cell, attributes: str = "", spacing: int = 0) -> str:
        frame = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="{spacing}" CELLPADDING="0"{attributes}>'
        return frame + "".join(f"<TR>{row}</TR>" for row in rows) + "</TABLE>"

    def stack(self, *rows: Cell) -> Cell:
        """Rows below each other, all as wide as the widest."""
        wide = max(row.width for row in rows)
        filled = (self.row(row, self.gap(wide - row.width)) for row in rows)
        cells = (Cell(f"<TD>{self.table(row)}</TD>", wide) for row in filled)
        return Cell(self.table(*cells), wide)


def contents(box: Node | Block | Numbers, colours: dict[str, str], scale: Scale, digits: int = 0) -> Cell:
    """The label of a box, and how wide it is.

    Args:
        box: the box.
        colours: from the palette.
        scale: of the gradients.
        digits: how many characters to keep room for in each number.
    """
    return _contents(Label(colours), box, scale, digits)


def texts(box: Node | Block | Numbers) -> list[str]:
    """What each text of a box is, in order: "label", "formula", "value", "sign" (∂), "gradient", …."""
    label = Label(PALETTES["light"])
    _contents(label, box, Scale(1), 0)
    return label.roles


def _contents(label: Label, box: Node | Block | Numbers, scale: Scale, digits: int) -> Cell:
    if isinstance(box, Numbers):
        return _numbers(label, box)
    return _node(label, box, scale, digits) if isinstance(box, Node) else _block(label, box, scale, digits)


def _height(size: float) -> int:
    return math.ceil(size * 1.3)


def _node(label: Label, node: Node, scale: Scale, digits: int) -> Cell:
    if not node.formula:
        return _leaf(label, node, scale, digits)
    title = label.text("label", node.title)
    equals = label.text("formula", f"= {node.formula}" if node.title else node.formula, "muted")
    first = label.row(title, label.gap(5 if node.title else 0), equals, _mark(label, [(node.mark, 1)]))
    value, gradient = _value(label, node.data, digits), _gradient(label, node.gradient, scale, digits)
    wide = max(first.width, value.width + 10 + gradient.width)
    return _rows(label, first, label.apart(value, gradient, wide))


def _leaf(label: Label, node: Node, scale: Scale, digits: int) -> Cell:
    """A leaf has no formula: its value stands beside its name, which makes it narrow."""
    title, value = label.text("label", node.title), _value(label, node.data, digits)
    least = title.width + value.width + 10 * bool(node.title)
    gradient = _gradient(label, node.gradient, scale, digits, wide=least)
    marks = [_mark(label, [(node.mark, 1)])] * bool(node.mark)
    return _rows(label, label.apart(title, value, gradient.width), gradient, *marks)


def _mark(label: Label, marks: Sequence[tuple[str, int]]) -> Cell:
    """What is wrong: dead, saturated, or where NaN or ∞ is born."""
    said = [(mark if mark.islower() else f"{mark} is born here", n) for mark, n in marks if mark]
    words = " · ".join(f"{_count(n)} {mark}" if n > 1 else mark for mark, n in said)
    return label.row(label.gap(9), label.text("mark", words, "nan", 11)) if words else label.gap(0)


def _rows(label: Label, first: Cell, *others: Cell) -> Cell:
    return label.stack(first, label.gap(8, 2), *others)


def _value(label: Label, data: float, digits: int) -> Cell:
    return label.text("value", brief(data), size=11, mono=True, room=digits)


def _gradient(label: Label, gradient: float | None, scale: Scale, digits: int, wide: int = 0) -> Cell:
    step = scale.step(gradient)
    ink = ink_on(step)
    sign = label.row(label.text("sign", "∂", ink, 11, mono=True), label.gap(6))
    number = label.text("gradient", brief(gradient, sign=True), ink, 11, mono=True, room=digits)
    return label.chip(step, sign, number, wide=wide)


def _numbers(label: Label, box: Numbers) -> Cell:
    """A few as they are, a square of many as the picture that it is, and of 0 and 1 which of them is 1."""
    title = label.text("label", box.title)
    if FEW < len(box.data) <= TILE[1] // 6 and {0.0, 1.0}.issuperset(box.data):
        return label.stack(title, label.gap(8, 2), _tile(label, box.data, len(box.data)))
    side = math.isqrt(len(box.data))
    if side * side == len(box.data) and side >= TILE[0]:
        return label.stack(title, label.gap(8, 2), _tile(label, box.data, side))
    few = [brief(x) for x in box.data[:FEW]] + ["…"] * (len(box.data) > FEW)
    numbers = (label.text(f"value-{k}", number, size=11, mono=True) for k, number in enumerate(few))
    return label.stack(title, label.gap(8, 2), *numbers)


def _tile(label: Label, data: Sequence[float], side: int) -> Cell:
    """Numbers as a picture: the larger, the darker."""
    least, greatest = min(data), max(data)
    span = greatest - least if math.isfinite(greatest - least) and greatest > least else math.inf
    pixel = max(2, TILE[1] // side)

    def colour(x: float) -> str:
        share = (x - least) / span
        return label.colours[_INKS[min(len(_INKS) - 1, int(share * len(_INKS)))] if share == share else "nan"]

    cell = '<TD BGCOLOR="{}" WIDTH="{}" HEIGHT="{}" FIXEDSIZE="TRUE"></TD>'.format
    rows = [
        Cell("".join(cell(colour(x), pixel, pixel) for x in data[at : at + side]), side * pixel)
        for at in range(0, len(data), side)
    ]
    return Cell(f"<TD>{label.table(*rows)}</TD>", side * pixel)


def _block(label: Label, block: Block, scale: Scale, digits: int) -> Cell:
    title = label.text("label", block.title)
    alone = len(block.outputs) == 1 and bool(block.contents)
    contents = _operations(block) if block.kind == "module" or len(block.contents) > 1 else ""
    rows: list[Cell] = []
    norms: list[tuple[Cell, Cell]] = []  # which stand at both ends of a row
    if alone:
        said = label.text("contents", contents, "muted", 11)
        rows.append(label.row(title, label.gap(9 if contents else 0), said, _mark(label, block.marks)))
        norms.append((_value(label, block.data[0], digits), _gradient(label, block.gradients[0], scale, digits)))
    else:
        rows.append(label.row(title, label.gap(9 if block.size else 0), label.text("size", block.size)))
        if contents:
            rows.append(label.text("contents", contents, "muted", 11))
        if block.marks:
            rows.append(_mark(label, block.marks))
        if len(block.outputs) <= MOST_CELLS:
            rows.append(_strip(label, block, scale))
        what = f"{_count(len(block.outputs))} outputs" if block.contents else ""
        norms.append(_norm(label, what, "outputs", block.output_norm, digits))
    if block.parameters and block.contents:
        what = f"{_count(block.parameters)} {'w, b' if alone else 'parameters'}"
        norms.append(_norm(label, what, "parameters", block.parameter_norm, digits))
    wide = max(BLOCK, *(row.width for row in rows), *(left.width + 10 + right.width for left, right in norms))
    return label.stack(*rows, *(label.apart(left, right, wide) for left, right in norms))


def _count(n: int) -> str:
    return f"{n:,}".replace(",", " ")


def _operations(block: Block) -> str:
    shown = ", ".join(f"{_count(n)} {name}" if n > 1 else name for name, n in block.contents[:3])
    return shown + (", …" if len(block.contents) > 3 else "")


def _norm(label: Label, what: str, role: str, norm: float | None, digits: int) -> tuple[Cell, Cell]:
    """The norm of several gradients, which has no sign, and so no colour."""
    left = label.text(f"{role}-count", what, "muted", 11)
    sign = label.text(f"{role}-sign", "‖∂‖", "muted", 11, mono=True)
    right = label.text(f"{role}-norm", brief(norm), size=11, mono=True, room=digits)
    return left, label.row(sign, label.gap(6), right)


def _strip(label: Label, block: Block, scale: Scale) -> Cell:
    """A cell for each output, coloured by its gradient: dead ones and large ones are seen at once."""
    steps = [scale.step(g) for g in block.gradients]
    rows = [_cells(label, steps[at : at + STRIP]) for at in range(0, len(steps), STRIP)]
    return Cell(f"<TD>{label.table(*rows, spacing=1)}</TD>", 1 + max(row.width for row in rows))


def _cells(label: Label, steps: Sequence[str]) -> Cell:
    cells = (f'<TD BGCOLOR="{label.colours[step]}" WIDTH="9" HEIGHT="11" FIXEDSIZE="TRUE"></TD>' for step in steps)
    return Cell("".join(cells), 10 * len(steps))
