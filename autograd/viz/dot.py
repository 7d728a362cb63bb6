"""A picture (`boxes.py`) as a graph in the DOT language, which Graphviz lays out.

With this module one can

* fill a `graphviz.Digraph` with a picture: `compose`;
* know what each text of a box is, in the order Graphviz writes them: `texts`.

A `Value` is one box: what it is called and how it was computed, its data, and its gradient on a
ground coloured by sign and size. Every text comes from a label or a number, and is escaped.
"""

from __future__ import annotations

import html
import itertools
import textwrap
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from autograd.viz.boxes import Block, Node, Picture, number
from autograd.viz.palette import PALETTES, STEPS, Scale, ink_on, line_of

__all__ = ["MONO", "SANS", "compose", "texts"]

SANS = "Helvetica,Arial,Liberation Sans,sans-serif"
MONO = "DejaVu Sans Mono,Menlo,Consolas,monospace"
"""All as wide as each other or narrower than the first, so that text laid out here fits elsewhere."""

BLOCK = 130
"""The least width of a block, in points, so that neurons below each other are alike."""
STRIP = 16
"""How many gradients stand in a row of a block."""
MOST_CELLS = 64
"""A block with more outputs than that shows their norm alone."""
FEW = 60
"""How many invisible lines there are at most from each operand of a layer to each of its weights."""
DENSE = 4
"""Of more lines a box, as between two layers of neurons, straight ones are easier to follow."""
MOST_DERIVATIVES = 60
"""On how many links local derivatives are written unless one asks for them."""


class _Label:
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


def compose(
    graph: Any,
    picture: Picture,
    *,
    theme: str = "light",
    local_derivatives: bool | None = None,
    legend: bool = True,
    digits: int = 0,
) -> None:
    """Add what a picture shows to a `graphviz.Digraph`.

    Args:
        graph: the graph, empty.
        picture: what to show.
        theme: "light" or "dark".
        local_derivatives: whether links carry them; if None, those of a small picture or a lit path do.
        legend: whether what the colours and signs mean is explained below.
        digits: how many characters to keep room for in each number, for numbers that change.
    """
    colours = PALETTES[theme]
    scale = Scale(picture.greatest)
    if local_derivatives is None:
        local_derivatives = sum(link.lit for link in picture.links) <= MOST_DERIVATIVES
    density = len(picture.links) / len(picture.boxes)  # many lines need more room between the columns
    graph.graph_attr.update(
        rankdir="LR", newrank="true", remincross="false", splines="line" if density > DENSE else "true",
        ranksep=f"{0.45 + min(1.8, 0.18 * density):.2f}", nodesep="0.16",
        bgcolor=colours["paper"], fontname=SANS, fontsize="12",
        pad="0.15", id="drawing",
    )  # fmt: skip
    graph.node_attr.update(fontname=SANS, fontsize="12", margin="0.07,0.03", height="0.1", width="0.1")
    graph.edge_attr.update(fontname=MONO, fontsize="9", arrowsize="0.55", penwidth="1")
    _frames(graph, picture, colours, scale, digits)
    for link in picture.links:
        step = scale.step(link.gradient)
        attributes = {"id": link.id, "class": _classes(step, link.lit, "" if link.flows else "dotted")}
        colour = "faint" if not link.lit else "muted" if link.mixed else line_of(step)
        attributes |= {"color": colours[colour], "penwidth": f"{scale.width(link.gradient):.2f}"}
        if not link.flows:
            attributes |= {"style": "dotted", "penwidth": "1.2"}
        if local_derivatives and link.lit and link.derivative is not None:
            label = _Label(colours)
            times = label.text("derivative", f"×{number(link.derivative)}", "muted", 9, mono=True)
            attributes["label"] = f"<{label.table(f'<TD>{times}</TD>', padding=3)}>"
        if density > DENSE:
            attributes |= {"tailport": "e", "headport": "w", "arrowhead": "none"}
        graph.edge(link.source, link.target, **attributes)
    if legend:
        graph.graph_attr.update(labelloc="b", labeljust="l", label=_legend(picture, colours, scale, local_derivatives))


def texts(box: Node | Block) -> list[str]:
    """What each text of a box is, in order: "label", "formula", "value", "sign" (∂), "gradient", …."""
    return _label(box, PALETTES["light"], Scale(1), 0)[1]


def _frames(graph: Any, picture: Picture, colours: dict[str, str], scale: Scale, digits: int) -> None:
    """The boxes, each in its frame, and frames in frames."""

    columns = _columns(picture)

    def fill(here: Any, parent: int, depth: int) -> None:
        inside = [box for box in picture.boxes if box.frame == parent]
        for box in inside if parent < 0 else reversed(inside):  # in a cluster Graphviz sets the first at the bottom
            _box(here, box, colours, scale, digits)
        for column in columns.get(parent, ()):
            with here.subgraph(graph_attr={"rank": "same"}) as same:
                for one, next_one in itertools.pairwise(column if parent < 0 else reversed(column)):
                    same.edge(one, next_one, style="invis")
        for k, frame in reversed(list(enumerate(picture.frames))):
            if frame.parent == parent:
                with here.subgraph(name=f"cluster_{k}") as inner:
                    label = _Label(colours).text("frame", frame.title, "muted", 11)
                    inner.attr(
                        label=f"<{label}>", id=f"f{k}", labeljust="l", labelloc="t", margin="8",
                        style="rounded,filled", fillcolor=colours["inner-frame" if depth % 2 else "frame"],
                        color=colours["frame-line"], **{"class": frame.kind},
                    )  # fmt: skip
                    fill(inner, k, depth + 1)

    fill(graph, -1, 0)
    _lead(graph, picture)


def _columns(picture: Picture) -> dict[int, list[list[str]]]:
    """For each frame the boxes that should stand below each other, in order.

    They are leaves of the same use and blocks of the same operands: weights, inputs, the neurons of a layer.
    """
    targets, sources = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for link in picture.links:
        targets[link.source].add(link.target)
        sources[link.target].add(link.source)
    columns: dict[tuple[int, bool, frozenset[str]], list[str]] = {}
    for box in picture.boxes:
        leaf = box.id not in sources
        if leaf or (isinstance(box, Block) and box.frame >= 0):
            neighbours = frozenset((targets if leaf else sources)[box.id])
            columns.setdefault((box.frame, leaf, neighbours), []).append(box.id)
    found = defaultdict[int, list[list[str]]](list)
    for (frame, _, _), column in columns.items():
        if len(column) > 1:
            found[frame].append(column)
    return found


def _lead(graph: Any, picture: Picture) -> None:
    """Make a layer's weights stand to the right of its operands.

    They have no operands themselves, so that Graphviz would put them beside the layer before. Invisible lines
    hold them apart, through a point between operands and weights where there are many.
    """
    frame_of = {box.id: _around(picture, box.frame) for box in picture.boxes}
    targets = {link.target for link in picture.links}
    parameters = {box.id for box in picture.boxes if box.kind in ("parameter", "parameters")}
    enter = defaultdict[int, dict[str, None]](dict)  # for each frame the boxes outside it that links come from
    for link in picture.links:
        if link.source not in parameters:
            for frame in frame_of[link.target]:
                if frame not in frame_of[link.source]:
                    enter[frame][link.source] = None
    behind: dict[tuple[str, ...], list[str]] = {}  # what should stand to the right of these operands
    for box in picture.boxes:
        entered = [frame for frame in frame_of[box.id] if frame in enter]
        if box.id not in targets and entered:
            behind.setdefault(tuple(enter[entered[0]]), []).append(box.id)
    for k, (operands, boxes) in enumerate(behind.items()):
        if len(operands) * len(boxes) <= FEW:  # lines from each to each order the boxes better, but take longer
            for one, other in itertools.product(operands, boxes):
                graph.edge(one, other, style="invis", weight="0")
            continue
        graph.node(f"p{k}", label="", shape="point", style="invis", width="0", height="0")
        for operand in operands:
            graph.edge(operand, f"p{k}", style="invis")
        for box_id in boxes:
            graph.edge(f"p{k}", box_id, style="invis", minlen="0")


def _around(picture: Picture, frame: int) -> list[int]:
    """A frame and those around it, from the inside out."""
    around = []
    while frame >= 0:
        around.append(frame)
        frame = picture.frames[frame].parent
    return around


def _classes(*names: str | bool) -> str:
    return " ".join(name for name in ("" if n is True else "off" if n is False else n for n in names) if name)


def _box(graph: Any, box: Node | Block, colours: dict[str, str], scale: Scale, digits: int) -> None:
    label, _ = _label(box, colours if box.lit else _grey(colours), scale, digits)
    kind = box.kind if isinstance(box, Node) else {"inputs": "input", "parameters": "parameter"}.get(box.kind, "block")
    line = f"{'operation' if kind == 'block' else kind}-line"
    attributes = {
        "id": box.id,
        "class": _classes(kind, "block" if isinstance(box, Block) and kind != "block" else "", box.lit),
        "shape": "box",
        "style": "filled" if kind in ("input", "parameter") else "rounded,filled",
        "fillcolor": colours[kind if box.lit else "paper"],
        "color": colours[line if box.lit else "faint"],
    }
    if kind == "root":
        attributes |= {"peripheries": "2", "penwidth": "1.4"}
    graph.node(box.id, label=f"<{label}>", **attributes)


def _grey(colours: dict[str, str]) -> dict[str, str]:
    """The colours of what is not on the path: text is muted, and nothing else stands out."""
    muted = dict.fromkeys(("ink", "on-strong", "on-weak"), colours["muted"])
    return colours | muted | dict.fromkeys(_STEPS, colours["paper"])


_STEPS = (*(f"{sign}{k}" for sign in "mp" for k in range(1, STEPS + 1)), "zero", "none", "nan")


def _label(box: Node | Block, colours: dict[str, str], scale: Scale, digits: int) -> tuple[str, list[str]]:
    label = _Label(colours)
    rows = _node(label, box, scale, digits) if isinstance(box, Node) else _block(label, box, scale, digits)
    return rows, label.roles


def _node(label: _Label, node: Node, scale: Scale, digits: int) -> str:
    title = label.text("label", node.title) if node.title else ""
    if node.formula:
        title += label.text("formula", f" = {node.formula}" if node.title else node.formula, "muted")
    rows = [f'<TD COLSPAN="2" ALIGN="LEFT">{title}</TD>'] if title else []
    return label.table(*rows, _numbers(label, node.data, node.gradient, scale, digits))


def _numbers(label: _Label, data: float, gradient: float | None, scale: Scale, digits: int) -> str:
    """The row of a value and its gradient."""
    value = label.text("value", number(data).ljust(digits), size=11, mono=True)
    step = scale.step(gradient)
    ink = ink_on(step)
    chip = label.chip(
        step,
        label.text("sign", "∂ ", ink, 11, mono=True),
        label.text("gradient", number(gradient, sign=True).ljust(digits), ink, 11, mono=True),
    )
    return f'<TD ALIGN="LEFT">{value}</TD><TD ALIGN="RIGHT">{chip}</TD>'


def _block(label: _Label, block: Block, scale: Scale, digits: int) -> str:
    wide = '<TD COLSPAN="2" ALIGN="LEFT">{}</TD>'.format
    title = label.text("label", block.title)
    alone = len(block.outputs) == 1 and bool(block.contents)
    contents = _contents(block) if block.kind == "module" or len(block.contents) > 1 else ""
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


def _contents(block: Block) -> str:
    shown = ", ".join(f"{_count(n)} {name}" if n > 1 else name for name, n in block.contents[:3])
    return shown + (", …" if len(block.contents) > 3 else "")


def _norm(label: _Label, what: str, role: str, norm: float | None, digits: int) -> str:
    """A row with the norm of several gradients, which has no sign, and so no colour."""
    left = label.text(f"{role}-count", what, "muted", 11) if what else ""
    sign = label.text(f"{role}-sign", "‖∂‖ ", "muted", 11, mono=True)
    right = label.text(f"{role}-norm", number(norm).ljust(digits), size=11, mono=True)
    return f'<TD ALIGN="LEFT">{left}</TD><TD ALIGN="RIGHT">{sign}{right}</TD>'


def _strip(label: _Label, block: Block, scale: Scale) -> str:
    """A cell for each output, coloured by its gradient: dead ones and large ones are seen at once."""
    steps = [scale.step(g) for g in block.gradients]
    rows = [
        "".join(f'<TD BGCOLOR="{label.colours[s]}" WIDTH="9" HEIGHT="11" FIXEDSIZE="TRUE"></TD>' for s in row)
        for row in (steps[at : at + STRIP] for at in range(0, len(steps), STRIP))
    ]
    return label.table(*rows, padding=0, spacing=1)


# ── the legend ────────────────────────────────────────────────────────────────────────────────────


def _legend(picture: Picture, colours: dict[str, str], scale: Scale, derivatives: bool) -> str:
    label = _Label(colours)
    nodes = {box.kind for box in picture.boxes if isinstance(box, Node)}
    blocks = [box for box in picture.boxes if isinstance(box, Block)]
    kinds = [kind for kind in ("input", "parameter", "operation", "root") if kind in nodes]
    rows = [_kinds(label, kinds, picture.parameters)] if len(kinds) > 1 else []
    root = picture.root
    words = [f"∂: ∂{root}/∂node" if picture.backward else f"∂ —: no backward pass from {root} yet"]
    if derivatives and any(link.derivative is not None for link in picture.links):
        words.append("× on a line: local derivative")
    if any(len(block.outputs) > 1 and len(block.outputs) <= MOST_CELLS for block in blocks):
        words.append("a small square: the gradient of an output")
    if any(not link.flows for link in picture.links):
        words.append("dotted: no gradient flows")
    rows.append(_lines(label, "key", " · ".join(words)))
    if picture.backward:
        rows.append(_scale(label, scale))
    rows += [_lines(label, "note", note) for note in picture.notes]
    return "<" + label.table(*(f'<TD ALIGN="LEFT">{row}</TD>' for row in rows)) + ">"


WIDTH = 470
"""Of the legend, in points: all its rows are as wide, for Graphviz would stretch narrower ones."""


def _lines(label: _Label, role: str, words: str) -> str:
    lines = textwrap.wrap(words, 96)
    return "".join(label.text(role, line, "muted", 10) + '<BR ALIGN="LEFT"/>' for line in lines)


def _kinds(label: _Label, kinds: Sequence[str], parameters: bool) -> str:
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


def _scale(label: _Label, scale: Scale) -> str:
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
    return f"{10.0**k:g}" if -3 <= k <= 3 else f"1e{k}".replace("-", "−")
