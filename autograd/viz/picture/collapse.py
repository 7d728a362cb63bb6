"""What is shown of a graph: each node itself, or a block that stands for several.

A graph that fits is shown whole. Else its modules are closed, the innermost first, until what is left
fits; and what belongs to no module, or has none, is rolled up: nodes of one operation at one height of the
graph become one block, and if that is still too much, whole stretches of the graph do. So every graph can
be shown, in a time proportional to its size.

>>> from autograd import Value, total
>>> root = total([Value(k).sin() for k in range(1000)])
>>> shown_as = collapse(AnnotatedGraph(root, None), max_nodes=100).shown_as
>>> len(shown_as), sorted(map(str, set(shown_as)))
(2001, ['2000', "Alike(height=0, what='leaf')", "Alike(height=1, what='sin')"])
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from autograd.structure.annotated import AnnotatedGraph
from autograd.structure.levels import Region

__all__ = ["Alike", "Closed", "Collapsed", "collapse"]

LINES = 4
"""How many times as many lines as boxes: two layers of 20 neurons can be told apart, larger ones are closed."""
MANY = 8
"""More nodes than that outside of all modules are rolled up where modules are closed."""
COLUMNS = 14
"""With more heights than that, stretches of the graph are rolled up."""
STRETCHES = 8
"""How many then."""


class Closed(NamedTuple):
    """A block for everything in a region, which is given by its index."""

    region: int


class Alike(NamedTuple):
    """A block for nodes at one height (or in one stretch) of one operation, or for leaves."""

    height: int
    what: str


@dataclass(frozen=True)
class Collapsed:
    """What stands for each node of a graph.

    Attributes:
        shown_as: for each place in the order that place, if the node is shown itself, or its block.
        regions: the layers or modules, and what is around all layers.
        region: the innermost region of each node; −1 for none.
        asked: whether it is as deep as one asked for.
    """

    shown_as: Sequence[int | Closed | Alike]
    regions: Sequence[Region]
    region: Sequence[int]
    asked: bool


def collapse(graph: AnnotatedGraph, *, max_nodes: int, depth: int | None = None, keep: Sequence[int] = ()) -> Collapsed:
    """What to show with at most so many boxes.

    Args:
        graph: the graph.
        max_nodes: the most boxes.
        depth: how many levels of regions to open at most.
        keep: places of nodes to be shown themselves in any case; the root is.
    """
    regions, region = _regions(graph)
    level_of = _levels(regions)
    tall = 1 + max(level_of, default=-1)
    wanted = tall if depth is None else min(depth, tall)
    shown = {*keep, len(graph.order) - 1}
    outside = {i for i, at in enumerate(region) if at < 0} - shown
    rolling = _Rolling(graph, max_nodes)
    for level in range(wanted, -1, -1):
        closed = _closed(regions, level_of, level)
        shown_as: list[int | Closed | Alike] = [
            i if at < 0 or i in shown else closed[at] or i for i, at in enumerate(region)
        ]
        if level < tall and len(outside) > MANY:
            shown_as = rolling.rolled(shown_as, outside)
        if _fits(graph, shown_as, max_nodes, level == depth):
            return Collapsed(shown_as, regions, region, level == depth)
    rest = {i for i, block in enumerate(shown_as) if isinstance(block, int)} - shown
    return Collapsed(rolling.rolled(shown_as, rest), regions, region, False)


def _regions(graph: AnnotatedGraph) -> tuple[list[Region], list[int]]:
    """The regions, and each node's innermost one (−1: none); several layers make a network."""
    regions = list(graph.levels.regions)
    loss = {i for i, region in enumerate(regions) if region.kind == "loss"}  # rolled up rather than closed
    found = [graph.levels.region.get(node, -1) for node in graph.order]
    layers = [i for i, region in enumerate(regions) if region.kind == "layer" and region.parent < 0]
    if len(layers) > 1:
        for i in layers:
            regions[i] = Region(regions[i].name, "layer", len(regions))
        regions.append(Region("network", "network", -1))
    return regions, [-1 if at in loss else at for at in found]


def _levels(regions: Sequence[Region]) -> list[int]:
    """How many levels have to be open for each region to be seen: 0 for a model, 1 for its layers, 2 for neurons."""

    def level(region: Region) -> int:
        if region.parent < 0:
            return {"layer": 1, "inputs": 2}.get(region.kind, 0)
        return 1 + level(regions[region.parent])

    return [level(region) for region in regions]


def _closed(regions: Sequence[Region], level_of: Sequence[int], level: int) -> list[Closed | None]:
    """For each region the outermost one around it that is closed at this level; None if all are open."""
    found: list[Closed | None] = []
    for i in range(len(regions)):
        at, outermost = i, None
        while at >= 0:
            if level_of[at] >= level:
                outermost = Closed(at)
            at = regions[at].parent
        found.append(outermost)
    return found


def _fits(graph: AnnotatedGraph, shown_as: Sequence[object], max_nodes: int, asked: bool) -> bool:
    """Whether there are not too many boxes, and, unless one asked for them, not too many lines."""
    if len(set(shown_as)) > max_nodes:
        return False
    lines = set()
    for edge in graph.edges:
        lines.add((shown_as[edge.source], shown_as[edge.target]))
        if len(lines) > LINES * max_nodes:
            return asked
    return True


class _Rolling:
    """Rolls nodes up by their height, the longest way from a leaf; a leaf is just below its first use."""

    def __init__(self, graph: AnnotatedGraph, max_nodes: int) -> None:
        self.graph, self.max_nodes = graph, max_nodes
        self.height: list[int] = []

    def rolled(self, shown_as: Sequence[int | Closed | Alike], members: set[int]) -> list[int | Closed | Alike]:
        """What stands for each node when these members are rolled up; one that is alone is shown itself."""
        if not self.height:
            self._measure()
        heights = max(self.height) + 1
        finely = self._by_stretches(shown_as, members, heights)
        if heights <= COLUMNS and len(set(finely)) <= self.max_nodes:
            return finely
        return self._by_stretches(shown_as, members, max(1, min(heights - 1, self.max_nodes // 4, STRETCHES)))

    def _by_stretches(
        self, shown_as: Sequence[int | Closed | Alike], members: set[int], stretches: int
    ) -> list[int | Closed | Alike]:
        heights = max(self.height) + 1
        rows = list(shown_as)
        for i in members:
            node = self.graph.order[i]
            what = "parameter" if node in self.graph.parameters else "leaf"
            if node.op is not None:
                what = node.op.name if stretches == heights else "operations"
            rows[i] = Alike(self.height[i] * stretches // heights, what)
        alone = Counter(rows)
        return [i if alone[row] == 1 and i in members else row for i, row in enumerate(rows)]

    def _measure(self) -> None:
        height = self.height = [0] * len(self.graph.order)
        for edge in self.graph.edges:
            if height[edge.source] >= height[edge.target]:
                height[edge.target] = height[edge.source] + 1
        for edge in reversed(self.graph.edges):  # by falling target: the first use is the last to be met
            if self.graph.order[edge.source].op is None:
                first = height[edge.target] - 1
                height[edge.source] = min(height[edge.source] or first, first)
