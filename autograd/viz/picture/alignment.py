"""Where things stand: hints for Graphviz, in invisible lines, so that a network looks like one.

With this module one can

* find the boxes that belong below each other, weights or the neurons of a layer: `columns`;
* set a layer's weights behind what they are multiplied with: `behind`, `lead`.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import Any

from autograd.viz.picture.boxes import Block, Picture

__all__ = ["around", "behind", "columns", "common", "lead"]

FEW = 60
"""How many invisible lines there are at most from each operand of a layer to each of its weights."""


def columns(picture: Picture) -> dict[int, list[list[str]]]:
    """For each frame the boxes that should stand below each other, in order.

    They are leaves of the same use and blocks of the same operands: weights, inputs, the neurons of a layer.
    """
    targets, sources = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for arrow in picture.arrows:
        targets[arrow.source].add(arrow.target)
        sources[arrow.target].add(arrow.source)
    by_use: dict[tuple[int, bool, frozenset[str]], list[str]] = {}
    for box in picture.boxes:
        leaf = box.id not in sources
        if leaf or (isinstance(box, Block) and box.frame >= 0):
            neighbours = frozenset((targets if leaf else sources)[box.id])
            by_use.setdefault((box.frame, leaf, neighbours), []).append(box.id)
    found = defaultdict[int, list[list[str]]](list)
    for (frame, _, _), column in by_use.items():
        if len(column) > 1:
            found[frame].append(column)
    return found


def behind(picture: Picture) -> dict[tuple[str, ...], list[str]]:
    """What should stand behind the operands of its layer: the layer's weights, which have no operands themselves."""
    frame_of = {box.id: around(picture, box.frame) for box in picture.boxes}
    targets = {arrow.target for arrow in picture.arrows}
    parameters = {box.id for box in picture.boxes if box.kind in ("parameter", "parameters")}
    enter = defaultdict[int, dict[str, None]](dict)  # for each frame the boxes outside it that arrows come from
    for arrow in picture.arrows:
        if arrow.source not in parameters:
            for frame in frame_of[arrow.target]:
                if frame not in frame_of[arrow.source]:
                    enter[frame][arrow.source] = None
    found: dict[tuple[str, ...], list[str]] = {}
    for box in picture.boxes:
        entered = [frame for frame in frame_of[box.id] if frame in enter]
        if box.id not in targets and entered:
            found.setdefault(tuple(enter[entered[0]]), []).append(box.id)
    return found


def lead(graph: Any, picture: Picture) -> None:
    """Make a layer's weights stand behind its operands; Graphviz would put them beside the layer before.

    Invisible lines hold them apart, through a point between operands and weights where there are many.
    """
    for k, (operands, boxes) in enumerate(behind(picture).items()):
        if len(operands) * len(boxes) <= FEW:  # lines from each to each order the boxes better, but take longer
            for one, other in itertools.product(operands, boxes):
                graph.edge(one, other, style="invis", weight="0")
            continue
        graph.node(f"p{k}", label="", shape="point", style="invis", width="0", height="0")
        for operand in operands:
            graph.edge(operand, f"p{k}", style="invis")
        for box_id in boxes:
            graph.edge(f"p{k}", box_id, style="invis", minlen="0")


def around(picture: Picture, frame: int) -> list[int]:
    """A frame and those around it, from the inside out."""
    found = []
    while frame >= 0:
        found.append(frame)
        frame = picture.frames[frame].parent
    return found


def common(picture: Picture, one: int, other: int) -> int:
    """The innermost frame around two, or −1."""
    both = {*around(picture, one)}
    return next((frame for frame in around(picture, other) if frame in both), -1)
