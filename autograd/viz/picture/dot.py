"""A picture (`boxes.py`) as a graph in the DOT language, which Graphviz lays out: `compose`."""

from __future__ import annotations

import itertools
from typing import Any

from autograd.formulas.numbers import brief
from autograd.viz.picture.alignment import columns, lead
from autograd.viz.picture.boxes import Arrow, Block, Node, Picture
from autograd.viz.picture.labels import MONO, SANS, Label, contents
from autograd.viz.picture.legend import legend as legend_of
from autograd.viz.picture.palette import PALETTES, STEPS, Scale, line_of

__all__ = ["compose"]

DENSE = 4
"""Of more lines a box, as between two layers of neurons, straight ones are easier to follow."""
MOST_DERIVATIVES = 60
"""On how many arrows local derivatives are written unless one asks for them."""

_STEPS = (*(f"{sign}{k}" for sign in "mp" for k in range(1, STEPS + 1)), "zero", "none", "nan")


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
        local_derivatives: whether arrows carry them; if None, those of a small picture or a lit path do.
        legend: whether what the colours and signs mean is explained below.
        digits: how many characters to keep room for in each number, for numbers that change.
    """
    colours = PALETTES[theme]
    scale = Scale(picture.greatest)
    if local_derivatives is None:
        local_derivatives = sum(arrow.lit for arrow in picture.arrows) <= MOST_DERIVATIVES
    density = len(picture.arrows) / len(picture.boxes)  # many lines need more room between the columns
    graph.graph_attr.update(
        rankdir="LR", newrank="true", remincross="false", splines="line" if density > DENSE else "true",
        ranksep=f"{0.45 + min(1.8, 0.18 * density):.2f}", nodesep="0.16",
        bgcolor=colours["paper"], fontname=SANS, fontsize="12",
        pad="0.15", id="drawing",
        nslimit="10",  # rounds a box for placing them: pictures one can read take fewer, x + x + … + x without end
    )  # fmt: skip
    graph.node_attr.update(fontname=SANS, fontsize="12", margin="0.07,0.03", height="0.1", width="0.1")
    graph.edge_attr.update(fontname=MONO, fontsize="9", arrowsize="0.55", penwidth="1")
    _frames(graph, picture, colours, scale, digits)
    for arrow in picture.arrows:
        _arrow(graph, arrow, colours, scale, local_derivatives, density > DENSE)
    if legend:
        graph.graph_attr.update(
            labelloc="b", labeljust="l", label=legend_of(picture, colours, scale, local_derivatives)
        )


def _frames(graph: Any, picture: Picture, colours: dict[str, str], scale: Scale, digits: int) -> None:
    """The boxes, each in its frame, and frames in frames."""

    below_each_other = columns(picture)

    def fill(here: Any, parent: int, depth: int) -> None:
        inside = [box for box in picture.boxes if box.frame == parent]
        for box in inside if parent < 0 else reversed(inside):  # in a cluster Graphviz sets the first at the bottom
            _box(here, box, colours, scale, digits)
        for column in below_each_other.get(parent, ()):
            with here.subgraph(graph_attr={"rank": "same"}) as same:
                for one, next_one in itertools.pairwise(column if parent < 0 else reversed(column)):
                    same.edge(one, next_one, style="invis")
        for k, frame in reversed(list(enumerate(picture.frames))):
            if frame.parent == parent:
                with here.subgraph(name=f"cluster_{k}") as inner:
                    label = Label(colours).text("frame", frame.title, "muted", 11)
                    inner.attr(
                        label=f"<{label}>", id=f"f{k}", labeljust="l", labelloc="t", margin="8",
                        style="rounded,filled", fillcolor=colours["inner-frame" if depth % 2 else "frame"],
                        color=colours["frame-line"], **{"class": frame.kind},
                    )  # fmt: skip
                    fill(inner, k, depth + 1)

    fill(graph, -1, 0)
    lead(graph, picture)


def _box(graph: Any, box: Node | Block, colours: dict[str, str], scale: Scale, digits: int) -> None:
    label = contents(box, colours if box.lit else _grey(colours), scale, digits)
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


def _arrow(graph: Any, arrow: Arrow, colours: dict[str, str], scale: Scale, derivatives: bool, straight: bool) -> None:
    step = scale.step(arrow.gradient)
    colour = "faint" if not arrow.lit else "muted" if arrow.mixed else line_of(step)
    attributes = {
        "id": arrow.id,
        "class": _classes(step, arrow.lit, "" if arrow.flows else "dotted"),
        "color": colours[colour],
        "penwidth": f"{scale.width(arrow.gradient):.2f}",
    }
    if not arrow.flows:
        attributes |= {"style": "dotted", "penwidth": "1.2"}
    if derivatives and arrow.lit and arrow.derivative is not None:
        label = Label(colours)
        times = label.text("derivative", f"×{brief(arrow.derivative)}", "muted", 9, mono=True)
        attributes["label"] = f"<{label.table(f'<TD>{times}</TD>', padding=3)}>"
    if straight:
        attributes |= {"tailport": "e", "headport": "w", "arrowhead": "none"}
    graph.edge(arrow.source, arrow.target, **attributes)


def _classes(*names: str | bool) -> str:
    return " ".join(name for name in ("" if n is True else "off" if n is False else n for n in names) if name)


def _grey(colours: dict[str, str]) -> dict[str, str]:
    """The colours of what is not on the path: text is muted, and nothing else stands out."""
    muted = dict.fromkeys(("ink", "on-strong", "on-weak"), colours["muted"])
    return colours | muted | dict.fromkeys(_STEPS, colours["paper"])
