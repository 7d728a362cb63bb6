"""What is shown of a graph: each node itself, or a block that stands for several.

A graph that fits is shown whole. Else its modules are closed, the innermost first, until what is left
fits; and what belongs to no module, or has none, is rolled up: nodes of one operation at one height of the
graph become one block, and if that is still too much, whole stretches of the graph do. So every graph can
be shown, in a time proportional to its size.

>>> from autograd import Value, total
>>> root = total([Value(k).sin() for k in range(1000)])
>>> stands = collapse(Survey(root, None), max_nodes=100).stands
>>> len(stands), sorted(map(str, set(stands)))
(2001, ['2000', "Alike(height=0, what='leaf')", "Alike(height=1, what='sin')"])
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from autograd.structure.levels import Group
from autograd.structure.survey import Survey

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
    """A block for everything in a group, which is given by its index."""

    group: int


class Alike(NamedTuple):
    """A block for nodes at one height (or in one stretch) of one operation, or for leaves."""

    height: int
    what: str


@dataclass(frozen=True)
class Collapsed:
    """What stands for each node of a graph.

    Attributes:
        stands: for each place in the order that place, if the node is shown itself, or its block.
        groups: the layers or modules, and what is around all layers.
        group: the innermost group of each node; −1 for none.
        asked: whether it is as deep as one asked for.
    """

    stands: Sequence[int | Closed | Alike]
    groups: Sequence[Group]
    group: Sequence[int]
    asked: bool


def collapse(survey: Survey, *, max_nodes: int, depth: int | None = None, keep: Sequence[int] = ()) -> Collapsed:
    """What to show with at most so many boxes.

    Args:
        survey: the graph.
        max_nodes: the most boxes.
        depth: how many levels of groups to open at most.
        keep: places of nodes to be shown themselves in any case; the root is.
    """
    groups, group = _groups(survey)
    level_of = _levels(groups)
    tall = 1 + max(level_of, default=-1)
    wanted = tall if depth is None else min(depth, tall)
    shown = {*keep, len(survey.order) - 1}
    outside = {i for i, at in enumerate(group) if at < 0} - shown
    rolling = _Rolling(survey, max_nodes)
    for level in range(wanted, -1, -1):
        closed = _closed(groups, level_of, level)
        stands: list[int | Closed | Alike] = [
            i if at < 0 or i in shown else closed[at] or i for i, at in enumerate(group)
        ]
        if level < tall and len(outside) > MANY:
            stands = rolling.rolled(stands, outside)
        if _fits(survey, stands, max_nodes, level == depth):
            return Collapsed(stands, groups, group, level == depth)
    rest = {i for i, stand in enumerate(stands) if isinstance(stand, int)} - shown
    return Collapsed(rolling.rolled(stands, rest), groups, group, False)


def _groups(survey: Survey) -> tuple[list[Group], list[int]]:
    """The groups, and each node's innermost one (−1: none); several layers make a network."""
    groups = list(survey.levels.groups)
    loss = {i for i, group in enumerate(groups) if group.kind == "loss"}  # rolled up rather than closed
    found = [survey.levels.group.get(node, -1) for node in survey.order]
    layers = [i for i, group in enumerate(groups) if group.kind == "layer" and group.parent < 0]
    if len(layers) > 1:
        for i in layers:
            groups[i] = Group(groups[i].name, "layer", len(groups))
        groups.append(Group("network", "network", -1))
    return groups, [-1 if at in loss else at for at in found]


def _levels(groups: Sequence[Group]) -> list[int]:
    """How many levels have to be open for each group to be seen: 0 for a model, 1 for its layers, 2 for neurons."""

    def level(group: Group) -> int:
        if group.parent < 0:
            return {"layer": 1, "inputs": 2}.get(group.kind, 0)
        return 1 + level(groups[group.parent])

    return [level(group) for group in groups]


def _closed(groups: Sequence[Group], level_of: Sequence[int], level: int) -> list[Closed | None]:
    """For each group the outermost one around it that is closed at this level; None if all are open."""
    found: list[Closed | None] = []
    for i in range(len(groups)):
        at, outermost = i, None
        while at >= 0:
            if level_of[at] >= level:
                outermost = Closed(at)
            at = groups[at].parent
        found.append(outermost)
    return found


def _fits(survey: Survey, stands: Sequence[object], max_nodes: int, asked: bool) -> bool:
    """Whether there are not too many boxes, and, unless one asked for them, not too many lines."""
    if len(set(stands)) > max_nodes:
        return False
    lines = set()
    for edge in survey.edges:
        lines.add((stands[edge.source], stands[edge.target]))
        if len(lines) > LINES * max_nodes:
            return asked
    return True


class _Rolling:
    """Rolls nodes up by their height, the longest way from a leaf; a leaf is just below its first use."""

    def __init__(self, survey: Survey, max_nodes: int) -> None:
        self.survey, self.max_nodes = survey, max_nodes
        self.height: list[int] = []

    def rolled(self, stands: Sequence[int | Closed | Alike], members: set[int]) -> list[int | Closed | Alike]:
        """What stands for each node when these members are rolled up; one that is alone is shown itself."""
        if not self.height:
            self._measure()
        heights = max(self.height) + 1
        finely = self._by_stretches(stands, members, heights)
        if heights <= COLUMNS and len(set(finely)) <= self.max_nodes:
            return finely
        return self._by_stretches(stands, members, max(1, min(heights - 1, self.max_nodes // 4, STRETCHES)))

    def _by_stretches(
        self, stands: Sequence[int | Closed | Alike], members: set[int], stretches: int
    ) -> list[int | Closed | Alike]:
        heights = max(self.height) + 1
        rows = list(stands)
        for i in members:
            node = self.survey.order[i]
            what = "parameter" if node in self.survey.parameters else "leaf"
            if node.op is not None:
                what = node.op.name if stretches == heights else "operations"
            rows[i] = Alike(self.height[i] * stretches // heights, what)
        alone = Counter(rows)
        return [i if alone[row] == 1 and i in members else row for i, row in enumerate(rows)]

    def _measure(self) -> None:
        height = self.height = [0] * len(self.survey.order)
        for edge in self.survey.edges:
            if height[edge.source] >= height[edge.target]:
                height[edge.target] = height[edge.source] + 1
        for edge in reversed(self.survey.edges):  # by falling target: the first use is the last to be met
            if self.survey.order[edge.source].op is None:
                first = height[edge.target] - 1
                height[edge.source] = min(height[edge.source] or first, first)
