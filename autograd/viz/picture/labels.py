"""What is written in a box: the HTML-like label that Graphviz sets, and what each of its texts is.

A `Value` is one box: what it is called and how it was computed, its data, and its gradient on a ground
coloured by sign and size. Every text comes from a label or a number, and is escaped.

>>> from autograd import Value
>>> from autograd.viz.picture.composer import picture
>>> texts(picture(Value(2.0, label="x") * 3).boxes[0])
['label', 'value', 'sign', 'gradient']
"""

from __future__ import annotations

import html

from autograd.formulas.numbers import brief
from autograd.viz.picture.boxes import Block, Node
from autograd.viz.picture.palette import PALETTES, Scale, ink_on

__all__ = ["MONO", "MOST_CELLS", "SANS", "Label", "contents", "texts"]

SANS = "Helvetica,Arial,Liberation Sans,sans-serif"
MONO = "DejaVu Sans Mono,Menlo,Consolas,monospace"
"""All as wide as each other or narrower than the first, so that text laid out here fits elsewhere."""

BLOCK = 130
"""The least width of a block, in points, so that neurons below each other are alike."""
STRIP = 16
"""How many gradients stand in a row of a block."""
MOST_CELLS = 64
"""A block with more outputs than that shows their norm alone."""


class Label:
    """An HTML-like label in the making; it remembers what each text is for."""

    def __init__(self, colours: dict[str, str]) -> None:
        self.colours, self.roles = colours, list[str]()

    def text(self, role: str, words: str, colour: str = "ink", size: float = 12, mono: bool = False) -> str:
        self.roles.append(role)
        words = html.escape(words).replace("\\", "\\\\")  # Graphviz has escapes of its own, \\N and \\G
        if role in ("label", "root"):
            words = f"<B>{words}</B>"
        face = f' FACE="{MONO}"' if mono else ""
        return f'<FONT{face} POINT-SIZE="{size:g}" COLOR="{self.colours[colour]}">{words}</FONT>'

    def table(self, *rows: str, attributes: str = "", padding: int = 2, spacing: int = 0) -> str:
        frame = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="{spacing}" CELLPADDING="{padding}"{attributes}>'
        return frame + "".join(f"<TR>{row}</TR>" for row in rows) + "</TABLE>"

    def chip(self, step: str, *texts: str) -> str:
        """Texts on a rounded ground of the colour of a gradient."""
        return self.table(f"<TD>{''.join(texts)}</TD>", attributes=f' STYLE="ROUNDED" BGCOLOR="{self.colours[step]}"')


def contents(box: Node | Block, colours: dict[str, str], scale: Scale, digits: int = 0) -> str:
    """The label of a box.

    Args:
        box: the box.
        colours: from the palette.
        scale: of the gradients.
        digits: how many characters to keep room for in each number.
    """
    return _contents(Label(colours), box, scale, digits)


def texts(box: Node | Block) -> list[str]:
    """What each text of a box is, in order: "label", "formula", "value", "sign" (∂), "gradient", …."""
    label = Label(PALETTES["light"])
    _contents(label, box, Scale(1), 0)
    return label.roles


def _contents(label: Label, box: Node | Block, scale: Scale, digits: int) -> str:
    return _node(label, box, scale, digits) if isinstance(box, Node) else _block(label, box, scale, digits)


def _node(label: Label, node: Node, scale: Scale, digits: int) -> str:
    title = label.text("label", node.title) if node.title else ""
    if node.formula:
        title += label.text("formula", f" = {node.formula}" if node.title else node.formula, "muted")
    rows = [f'<TD COLSPAN="2" ALIGN="LEFT">{title}</TD>'] if title else []
    return label.table(*rows, _numbers(label, node.data, node.gradient, scale, digits))


def _numbers(label: Label, data: float, gradient: float | None, scale: Scale, digits: int) -> str:
    """The row of a value and its gradient."""
    value = label.text("value", brief(data).ljust(digits), size=11, mono=True)
    step = scale.step(gradient)
    ink = ink_on(step)
    chip = label.chip(
        step,
        label.text("sign", "∂ ", ink, 11, mono=True),
        label.text("gradient", brief(gradient, sign=True).ljust(digits), ink, 11, mono=True),
    )
    return f'<TD ALIGN="LEFT">{value}</TD><TD ALIGN="RIGHT">{chip}</TD>'


def _block(label: Label, block: Block, scale: Scale, digits: int) -> str:
    wide = '<TD COLSPAN="2" ALIGN="LEFT">{}</TD>'.format
    title = label.text("label", block.title)
    alone = len(block.outputs) == 1 and bool(block.contents)
    contents = _operations(block) if block.kind == "module" or len(block.contents) > 1 else ""
    if alone:
        rows = [wide(title + (label.text("contents", f"  {contents}", "muted", 11) if contents else ""))]
        rows.append(_numbers(label, block.data[0], block.gradients[0], scale, digits))
    else:
        rows = [wide(title + (label.text("size", f"  {block.size}") if block.size else ""))]
        if contents:
            rows.append(wide(label.text("contents", contents, "muted", 11)))
        if len(block.outputs) <= MOST_CELLS:
            rows.append(wide(_strip(label, block, scale)))
        what = f"{_count(len(block.outputs))} outputs" if block.contents else ""
        rows.append(_norm(label, what, "outputs", block.output_norm, digits))
    if block.parameters and block.contents:
        what = f"{_count(block.parameters)} parameters"
        rows.append(_norm(label, what, "parameters", block.parameter_norm, digits))
    return label.table(*rows, attributes=f' WIDTH="{BLOCK}"')


def _count(n: int) -> str:
    return f"{n:,}".replace(",", " ")


def _operations(block: Block) -> str:
    shown = ", ".join(f"{_count(n)} {name}" if n > 1 else name for name, n in block.contents[:3])
    return shown + (", …" if len(block.contents) > 3 else "")


def _norm(label: Label, what: str, role: str, norm: float | None, digits: int) -> str:
    """A row with the norm of several gradients, which has no sign, and so no colour."""
    left = label.text(f"{role}-count", what, "muted", 11) if what else ""
    sign = label.text(f"{role}-sign", "‖∂‖ ", "muted", 11, mono=True)
    right = label.text(f"{role}-norm", brief(norm).ljust(digits), size=11, mono=True)
    return f'<TD ALIGN="LEFT">{left}</TD><TD ALIGN="RIGHT">{sign}{right}</TD>'


def _strip(label: Label, block: Block, scale: Scale) -> str:
    """A cell for each output, coloured by its gradient: dead ones and large ones are seen at once."""
    steps = [scale.step(g) for g in block.gradients]
    rows = [
        "".join(f'<TD BGCOLOR="{label.colours[s]}" WIDTH="9" HEIGHT="11" FIXEDSIZE="TRUE"></TD>' for s in row)
        for row in (steps[at : at + STRIP] for at in range(0, len(steps), STRIP))
    ]
    return label.table(*rows, padding=0, spacing=1)
