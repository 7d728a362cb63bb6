"""Which way a drawing runs, so that it is no wider than its column: `arrange`.

A drawing runs from left to right, as formulas are read, if it has the room; else it turns and runs from top to bottom,
as the page does on a narrow screen. How wide it will be is reckoned from the widths of its boxes, before anything is
laid out.

>>> from autograd import Value
>>> from autograd.viz.picture.composer import picture
>>> y = Value(0.5, label="x")
>>> for _ in range(9):
...     y = y.sin()
>>> shown = picture(y)
>>> widths = {box.id: 80 for box in shown.boxes}
>>> arrange(shown, widths, {}, 1600).direction, arrange(shown, widths, {}, 1000).direction
('LR', 'TB')
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from autograd.viz.picture.alignment import around, behind, common
from autograd.viz.picture.boxes import Picture
from autograd.viz.picture.labels import SMALLEST

__all__ = ["BESIDE", "Arrangement", "arrange"]

BESIDE = 12
"""The least distance of boxes beside each other."""
BETWEEN = 26
"""The least distance from one column to the next; a line has to be seen."""
MARGIN = 8
"""Of a frame."""
READABLE = 9
"""The size of the smallest text that can be read, in pixels."""
AROUND = 26
"""What the paper takes at both sides."""
MOST_BETWEEN = 48
"""The distance that is enough, however many lines there are."""


@dataclass(frozen=True)
class Arrangement:
    """How a drawing is laid out.

    Attributes:
        direction: "LR" or "TB".
        between: the distance from one column or row to the next, in pixels; with labels on the lines, to the labels.
        wide: how wide the drawing will be, about.
        widest: how wide it may be; its texts can still be read where it is shrunk to its column.
        sure: whether it cannot be much wider than that: lines that pass others take more room than one can reckon.
    """

    direction: str
    between: float
    wide: float
    widest: float
    sure: bool

    @property
    def fits(self) -> bool:
        """Whether it can be read in its column."""
        return self.wide <= self.widest


def arrange(picture: Picture, widths: Mapping[str, int], pills: Mapping[str, int], width: int) -> Arrangement:
    """The way that fits, from left to right if both do; if neither does, the narrower.

    Args:
        picture: what is shown.
        widths: of the boxes, by their ids.
        pills: the widths of the labels on arrows, by the arrows' ids.
        width: of the column.
    """
    rank = _ranks(picture)
    density = len(picture.arrows) / len(picture.boxes)  # many lines need more room
    wish = 32 + min(130, 13 * density)
    columns, gaps = AROUND + _columns(picture, widths, rank), max(1, *rank.values())
    if pills:
        between = 14.0
        across = columns + gaps * (max(pills.values()) + 2 * between)
    else:
        between = max(min(wish, (width - columns) / gaps), min(BETWEEN * (1 + density / 4), MOST_BETWEEN))
        across = columns + gaps * between
    widest = width * SMALLEST / READABLE
    short = all(rank[arrow.target] - rank[arrow.source] == 1 for arrow in picture.arrows)
    if across <= widest:
        return Arrangement("LR", between, across, widest, short or 2 * across <= widest)
    down = AROUND + _widest_row(picture, widths, pills, rank)
    if down <= widest or down < across:
        between = between if pills else min(wish, MOST_BETWEEN)
        return Arrangement("TB", between, down, widest, short or 2 * down <= widest)
    return Arrangement("LR", between, across, widest, True)


def _ranks(picture: Picture) -> dict[str, int]:
    """How many arrows it is from the first box, at most; a box without operands stands right before its first use."""
    place = {box.id: i for i, box in enumerate(picture.boxes)}
    arrows = [(place[arrow.source], place[arrow.target]) for arrow in picture.arrows]
    arrows = [(source, target) for source, target in arrows if source < target]
    led = [(place[x], place[box]) for operands, boxes in behind(picture).items() for box in boxes for x in operands]
    after = sorted({*arrows, *led}, key=lambda pair: pair[1])
    rank, before = [0] * len(place), [-1] * len(place)
    while rank != before:  # once for each layer, where a weight comes before what it is led by
        before = list(rank)
        for source, target in after:
            rank[target] = min(len(place), max(rank[target], rank[source] + 1))
    fed = {target for _, target in arrows}
    users: dict[int, int] = {}
    for source, target in arrows:
        users[source] = min(users.get(source, len(place)), rank[target])
    return {name: rank[i] if i in fed else max(rank[i], users.get(i, 0) - 1) for name, i in place.items()}


def _columns(picture: Picture, widths: Mapping[str, int], rank: Mapping[str, int]) -> float:
    """The columns beside each other, and the frames that begin or end between them."""
    widest, deepest = defaultdict[int, int](int), defaultdict[int, int](int)
    for box in picture.boxes:
        r = rank[box.id]
        widest[r] = max(widest[r], widths[box.id])
        deepest[r] = max(deepest[r], len(around(picture, box.frame)))
    ends = [0, *(deepest[r] for r in range(len(widest))), 0]
    return sum(widest.values()) + MARGIN * sum(abs(a - b) for a, b in itertools.pairwise(ends))


def _widest_row(
    picture: Picture, widths: Mapping[str, int], pills: Mapping[str, int], rank: Mapping[str, int]
) -> float:
    """The widest row of boxes and frames, or of labels between two rows, with the lines that pass by.

    A frame keeps what does not belong to it outside, and is as wide everywhere as it is at its widest.
    """
    rows: dict[int, dict[int, float]] = {k: defaultdict(float) for k in range(-1, len(picture.frames))}
    frame_of = {box.id: box.frame for box in picture.boxes}
    for box in picture.boxes:  # boxes stand in even rows, labels in odd ones
        rows[box.frame][2 * rank[box.id]] += widths[box.id] + BESIDE
    for arrow in picture.arrows:
        both = rows[common(picture, frame_of[arrow.source], frame_of[arrow.target])]
        last = 2 * rank[arrow.target] - 1
        for r in range(2 * rank[arrow.source] + 1, last):
            both[r] += BESIDE
        both[last] += pills.get(arrow.id, 0) + BESIDE
    for k in reversed(range(len(picture.frames))):  # a frame comes after the one around it
        inside = rows[k]
        wide = max(inside.values(), default=0.0) - BESIDE + 2 * MARGIN
        for r in range(min(inside, default=0), max(inside, default=-1) + 1):
            rows[picture.frames[k].parent][r] += wide + BESIDE
    return max(rows[-1].values()) - BESIDE
