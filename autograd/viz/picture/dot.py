"""A picture (`boxes.py`) as a graph in the DOT language, which Graphviz lays out: `compose`.

A length in it is a pixel of the drawing. What stands on a line is a node of its own, between the two halves of the
line, so that Graphviz keeps it clear of boxes and of its like, and draws it over every line.
"""

from __future__ import annotations

import itertools
from typing import Any

from autograd.formulas.numbers import brief
from autograd.viz.picture.alignment import columns, common, lead
from autograd.viz.picture.arrangement import BESIDE, MARGIN, Arrangement, arrange
from autograd.viz.picture.boxes import Arrow, Block, Node, Numbers, Picture
from autograd.viz.picture.labels import SMALLEST, Cell, Label, contents
from autograd.viz.picture.legend import legend as legend_of
from autograd.viz.picture.metrics import MONO, SANS
from autograd.viz.picture.palette import PALETTES, STEPS, Scale, line_of

__all__ = ["WIDTH", "compose"]

WIDTH = 1008
"""How wide a drawing may be, in pixels, unless told otherwise: a column of a notebook."""
DENSE = 4
"""Of more lines a box, as between two layers of neurons, straight ones are easier to follow."""
MOST_DERIVATIVES = 60
"""On how many arrows local derivatives are written unless one asks for them."""

_STEPS = (*(f"{sign}{k}" for sign in "mp" for k in range(1, STEPS + 1)), "zero", "none", "nan")
_INCH = 72


def compose(
    graph: Any,
    picture: Picture,
    *,
    theme: str = "light",
    local_derivatives: bool | None = None,
    legend: bool = True,
    digits: int = 0,
    width: int = WIDTH,
) -> Arrangement:
    """Add what a picture shows to a `graphviz.Digraph`.

    Args:
        graph: the graph, empty.
        picture: what to show.
        theme: "light" or "dark".
        local_derivatives: whether arrows carry them; if None, those of a small picture or a lit path do, if they fit.
        legend: whether what the colours and signs mean is explained below.
        digits: how many characters to keep room for in each number, for numbers that change.
        width: how wide it may be before it turns from left to right to top-down.

    Returns:
        The way it took.
    """
    composer = _Composer(picture, theme, local_derivatives, digits, width)
    composer.compose(graph, legend)
    return composer.arrangement


class _Composer:
    """Writes one picture."""

    def __init__(self, picture: Picture, theme: str, derivatives: bool | None, digits: int, width: int) -> None:
        self.picture, self.colours, self.scale = picture, PALETTES[theme], Scale(picture.greatest)
        if optional := derivatives is None:
            derivatives = sum(arrow.lit for arrow in picture.arrows) <= MOST_DERIVATIVES
        self.straight = len(picture.arrows) / len(picture.boxes) > DENSE
        self.labels = {
            box.id: contents(box, self.colours if box.lit else _grey(self.colours), self.scale, digits)
            for box in picture.boxes
        }
        self.pills = {
            arrow.id: self._times(arrow)
            for arrow in picture.arrows
            if derivatives and arrow.lit and arrow.derivative is not None
        }
        widths = {name: label.width + 2 * _MARGIN for name, label in self.labels.items()}
        self.arrangement = self._arrange(widths, width)
        if not self.arrangement.fits and optional:
            self.pills = {}
            self.arrangement = self._arrange(widths, width)

    def _arrange(self, widths: dict[str, int], width: int) -> Arrangement:
        return arrange(self.picture, widths, {name: pill.width + 8 for name, pill in self.pills.items()}, width)

    def compose(self, graph: Any, legend: bool) -> None:
        arrangement = self.arrangement
        graph.graph_attr.update(
            rankdir=arrangement.direction, newrank="true", remincross="false", outputorder="edgesfirst",
            splines="line" if self.straight else "true",
            ranksep=f"{arrangement.between / _INCH:.2f}", nodesep=f"{BESIDE / _INCH:.2f}",
            bgcolor=self.colours["paper"], fontname=SANS, fontsize="12",
            pad="0.15", id="drawing",
            nslimit="10",  # rounds a box for placing them: pictures one can read take fewer, x + x + … without end
        )  # fmt: skip
        graph.node_attr.update(
            fontname=SANS, fontsize="12", margin=f"{_MARGIN / _INCH:.3f},{3 / _INCH:.3f}", height="0.1", width="0.1"
        )
        graph.edge_attr.update(fontname=MONO, fontsize=f"{SMALLEST}", arrowsize="0.55", penwidth="1")
        self._frames(graph)
        for arrow in self.picture.arrows:
            self._arrow(graph, arrow)
        if legend:
            label = legend_of(self.picture, self.colours, self.scale, bool(self.pills))
            graph.graph_attr.update(labelloc="b", labeljust="l", label=f"<{label}>")

    def _frames(self, graph: Any) -> None:
        """The boxes, each in its frame, and frames in frames."""
        picture = self.picture
        below_each_other = columns(picture)
        lies = {box.id: box.frame for box in picture.boxes}
        pills: dict[int, list[Arrow]] = {}
        for arrow in picture.arrows:
            if arrow.id in self.pills:
                pills.setdefault(common(picture, lies[arrow.source], lies[arrow.target]), []).append(arrow)
        turned = self.arrangement.direction == "TB"

        def fill(here: Any, parent: int, depth: int) -> None:
            def in_order(things: Any) -> Any:
                """In a cluster Graphviz sets the first at the bottom, from left to right."""
                return things if parent < 0 or turned else list(reversed(things))

            for box in in_order([box for box in picture.boxes if box.frame == parent]):
                self._box(here, box)
            for arrow in in_order(pills.get(parent, [])):
                self._pill(here, arrow)
            for column in below_each_other.get(parent, ()):
                with here.subgraph(graph_attr={"rank": "same"}) as same:
                    for one, next_one in itertools.pairwise(in_order(column)):
                        same.edge(one, next_one, style="invis")
            inner_frames = [(k, frame) for k, frame in enumerate(picture.frames) if frame.parent == parent]
            for k, frame in inner_frames if turned else reversed(inner_frames):
                with here.subgraph(name=f"cluster_{k}") as inner:
                    label = Label(self.colours)
                    words = label.table(label.text("frame", frame.title, "muted", 11))
                    inner.attr(
                        label=f"<{words}>", id=f"f{k}", labeljust="l", labelloc="t", margin=f"{MARGIN}",
                        style="rounded,filled", fillcolor=self.colours["inner-frame" if depth % 2 else "frame"],
                        color=self.colours["frame-line"], **{"class": frame.kind},
                    )  # fmt: skip
                    fill(inner, k, depth + 1)

        fill(graph, -1, 0)
        lead(graph, picture)

    def _box(self, graph: Any, box: Node | Block | Numbers) -> None:
        colours = self.colours
        kind = (
            box.kind
            if isinstance(box, Node | Numbers)
            else {"inputs": "input", "parameters": "parameter"}.get(box.kind, "block")
        )
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
        if box.lit and isinstance(box, Node) and box.mark:
            attributes["style"] += ",dashed" if box.mark.islower() else ""
            attributes |= {"color": colours["nan"], "penwidth": "1.4"}
            attributes["class"] += f" {'numb' if box.mark.islower() else 'born'}"
        graph.node(box.id, label=f"<{self.labels[box.id]}>", **attributes)

    def _times(self, arrow: Arrow) -> Cell:
        """What stands on a line: the local derivative."""
        label = Label(self.colours)
        times = label.text("derivative", f"×{brief(arrow.derivative)}", "muted", SMALLEST, mono=True)
        return Cell(label.table(times), times.width)

    def _pill(self, graph: Any, arrow: Arrow) -> None:
        graph.node(
            f"{arrow.id}-pill", label=f"<{self.pills[arrow.id]}>", id=f"{arrow.id}-pill", shape="box",
            style="rounded,filled", fillcolor=self.colours["paper"], color=self.colours["faint"], penwidth="0.6",
            margin=f"{4 / _INCH:.3f},0", **{"class": "pill"},
        )  # fmt: skip

    def _arrow(self, graph: Any, arrow: Arrow) -> None:
        step = self.scale.step(arrow.gradient)
        colour = "faint" if not arrow.lit else "muted" if arrow.mixed else line_of(step)
        attributes = {
            "id": arrow.id,
            "class": _classes(step, arrow.lit, "" if arrow.flows else "dotted"),
            "color": self.colours[colour],
            "penwidth": f"{self.scale.width(arrow.gradient):.2f}",
        }
        if not arrow.flows:
            attributes |= {"style": "dotted", "penwidth": "1.2"}
        out, into = ("s", "n") if self.arrangement.direction == "TB" else ("e", "w")
        if arrow.id in self.pills:
            pill = f"{arrow.id}-pill"
            graph.edge(arrow.source, pill, **attributes, arrowhead="none", headport=into, weight="2")
            graph.edge(pill, arrow.target, **attributes | {"id": f"{arrow.id}-on"}, tailport=out, weight="2")
            return
        if self.pills:
            attributes["minlen"] = "2"  # the others have a stop on their way
        if self.straight:
            attributes |= {"tailport": out, "headport": into, "arrowhead": "none"}
        graph.edge(arrow.source, arrow.target, **attributes)


_MARGIN = 6
"""Of a box, at both sides."""


def _classes(*names: str | bool) -> str:
    return " ".join(name for name in ("" if n is True else "off" if n is False else n for n in names) if name)


def _grey(colours: dict[str, str]) -> dict[str, str]:
    """The colours of what is not on the path: text is muted, and nothing else stands out."""
    muted = dict.fromkeys(("ink", "on-strong", "on-weak"), colours["muted"])
    return colours | muted | dict.fromkeys(_STEPS, colours["paper"])
