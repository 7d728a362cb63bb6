"""What a drawing shows of a graph, as data: `picture`.

The drawing is made from this data (`boxes.py`) and from nothing else, so what is drawn is tested as data. A
graph too large for one page is shown by its modules, or rolled up (`collapse.py`); there is always a
picture, and it says what it left out.

>>> from autograd import Value
>>> x = Value(0.5, label="x")
>>> y = (x ** 2 + 1).sin()
>>> y.backward()
>>> for box in picture(y).boxes:
...     print(box.sentence)
leaf x, value 0.5, gradient +0.3153
x², pow, value 0.25, gradient +0.3153
x² + 1, add, value 1.25, gradient +0.3153
y, sin of x² + 1, value 0.949, gradient +1
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from autograd.formulas.notation import text
from autograd.formulas.numbers import brief
from autograd.formulas.spelling import clean
from autograd.formulas.terms import Formula, Name, Power
from autograd.structure.annotated import AnnotatedGraph, Edge
from autograd.structure.given import Given, given
from autograd.structure.names import Names, applied, squared
from autograd.value import Value
from autograd.viz.picture.boxes import Arrow, Block, Frame, Node, Numbers, Picture
from autograd.viz.picture.collapse import Alike, Closed, Collapsed, collapse

__all__ = ["MAX_NODES", "picture"]

MAX_NODES = 100
"""How many boxes a drawing has at most, unless told otherwise: what one can read on a page."""
MOST_GIVEN = 4
"""More lists of plain numbers than that (samples of a batch) are not drawn."""
LONGEST_FORMULA = 7
"""A node of more operands is not written out."""
FEWEST_NODES = 10
MOST_NODES = 1000
"""How many one can ask for: Graphviz takes seconds for more."""


def picture(
    value: Value,
    *,
    depth: int | None = None,
    wrt: Value | None = None,
    model: Any = None,
    max_nodes: int | None = None,
    fits: Callable[[Picture], bool] = lambda shown: True,
) -> Picture:
    """What a drawing of the graph of `value` shows; see `draw` for the arguments.

    If neither `depth` nor `max_nodes` is given, as many boxes are shown as `fits` says can be read.

    Raises:
        TypeError: for a `value` or `wrt` that is no `Value`, a `model` that has no parameters.
        ValueError: for a `wrt` that is not in the graph, a negative `depth`, a `max_nodes` out of range.
    """
    if not isinstance(value, Value):
        raise TypeError(f"draw takes the Value at the end of a graph, not {value!r}")
    if wrt is not None and not isinstance(wrt, Value):
        raise TypeError(f"wrt is a Value of the graph, not {wrt!r}")
    if depth is not None and (not isinstance(depth, int) or depth < 0):
        raise ValueError(f"depth is how many levels of modules to open, 0 or more, not {depth!r}")
    most = MAX_NODES if max_nodes is None else max_nodes
    if not isinstance(most, int) or not FEWEST_NODES <= most <= MOST_NODES:
        raise ValueError(f"max_nodes is from {FEWEST_NODES} to {MOST_NODES}, not {max_nodes!r}")
    graph = AnnotatedGraph(value, model)
    if wrt is not None and wrt not in graph.index:
        raise ValueError(f"{wrt!r} is not in the graph of {value!r}, so no path leads from it")
    keep = [graph.index[wrt]] if wrt is not None else []
    while True:
        shown = _Composer(graph, collapse(graph, max_nodes=most, depth=depth, keep=keep), wrt, most).picture()
        if max_nodes is not None or depth is not None or most < 4 or fits(shown):
            return shown
        most = min(most, len(shown.boxes)) - 1


class _Composer:
    """Makes boxes, arrows and frames of what stands for each node."""

    def __init__(self, graph: AnnotatedGraph, collapsed: Collapsed, wrt: Value | None, max_nodes: int) -> None:
        self.graph = graph
        self.shown_as, self.regions, self.region = collapsed.shown_as, collapsed.regions, collapsed.region
        self.members: dict[Closed | Alike, list[int]] = {}
        for i, shown in enumerate(self.shown_as):
            if not isinstance(shown, int):
                self.members.setdefault(shown, []).append(i)
        ids = {shown: f"b{k}" for k, shown in enumerate(self.members)}
        self.ids = [f"n{shown}" if isinstance(shown, int) else ids[shown] for shown in self.shown_as]
        self.outputs: dict[Closed | Alike, list[int]] = {shown: [] for shown in self.members}
        for i in sorted({e.source for e in graph.edges if self.ids[e.source] != self.ids[e.target]}):
            shown = self.shown_as[i]
            if not isinstance(shown, int):
                self.outputs[shown].append(i)
        self.wrt, self.most = wrt, max_nodes
        self.names = Names(graph.order[-1], wrt, graph.order, graph.places)
        self.output_name = self._output_names()
        self.frames: list[Frame] = []
        self.frame_of: dict[int, int] = {}
        self.notes = self._note(max_nodes, collapsed.asked)
        self.lit = self._lit(wrt)

    def picture(self) -> Picture:
        lists = self._given()
        boxes: list[Node | Block | Numbers] = [
            Numbers(f"x{k}", self._count_of(numbers), -1, not self.wrt, self._said_of(numbers), list(numbers.data))
            for k, numbers in enumerate(lists)
        ]
        for i, shown in enumerate(self.shown_as):
            if isinstance(shown, int):
                boxes.append(self._node(i))
            elif self.members[shown][0] == i:
                boxes.append(self._block(shown))
        return Picture(
            root=text(self.names.formula(self.graph.order[-1])),
            boxes=boxes,
            arrows=[*self._arrows_from(lists), *self._arrows()],
            frames=self.frames,
            nodes=len(self.graph.order),
            notes=self.notes,
            backward=self.graph.backward,
            parameters=bool(self.graph.parameters),
        )

    def _note(self, max_nodes: int, asked: bool) -> list[str]:
        """What was collapsed, and how to see more."""
        if not self.members:
            return []
        how = "max_nodes= and depth= show" if self.regions else "max_nodes= shows"
        limit = f"limit {max_nodes}" if max_nodes >= MAX_NODES else "as many as fit"
        why = "" if asked else f" ({limit}); {how} more or less"
        return [f"{_grouped(len(self.shown_as))} nodes in {len(set(self.ids))} boxes{why}"]

    def _lit(self, wrt: Value | None) -> list[bool]:
        """Which nodes lie on a path from `wrt` to the root; a note tells how many paths there are."""
        if wrt is None:
            return [True] * len(self.shown_as)
        paths = [0] * len(self.shown_as)
        paths[self.graph.index[wrt]] = 1
        for edge in self.graph.edges:
            paths[edge.target] += paths[edge.source]
        ways = paths[-1]
        how_many = f"{_grouped(ways)} path{'s' * (ways > 1)}" if ways < 10**6 else f"about {ways:.0e} paths"
        root, leaf = text(self.names.formula(self.graph.order[-1])), text(self._formula(wrt))
        gradient = self.graph.gradient[self.graph.index[wrt]]
        self.notes.append(f"∂{root}/∂{leaf} = {brief(gradient, sign=True)}, along {how_many}")
        return [bool(p) for p in paths]

    # inputs and targets that are plain numbers

    def _given(self) -> list[Given]:
        """Those to draw: inputs, and targets that no box shows in its formula; none if there are too many."""
        shown = [
            numbers
            for numbers in given(self.graph.order)
            if numbers.kind == "inputs" or not any(map(self._in_formula, numbers.users))
        ]
        return shown if len(shown) <= MOST_GIVEN and len(set(self.ids)) + len(shown) <= self.most else []

    def _in_formula(self, node: Value) -> bool:
        """Whether the numbers that a node takes stand in its box: ŷ − 0.01 needs no box beside it that says 0.01."""
        return isinstance(self.shown_as[self.graph.index[node]], int) and len(node.operands) <= LONGEST_FORMULA

    def _arrows_from(self, shown: Sequence[Given]) -> list[Arrow]:
        arrows = []
        for k, numbers in enumerate(shown):
            users = dict.fromkeys(self.ids[self.graph.index[node]] for node in numbers.users)
            for j, target in enumerate(users):
                count = len(numbers.data)
                arrows.append(Arrow(f"x{k}_{j}", f"x{k}", target, count, None, None, False, False, not self.wrt))
        return arrows

    def _count_of(self, numbers: Given) -> str:
        count = len(numbers.data)
        return f"1 {numbers.kind[:-1]}" if count == 1 else f"{_grouped(count)} {numbers.kind}"

    def _said_of(self, numbers: Given) -> str:
        shown = ", ".join(map(brief, numbers.data[:8])) + (", …" if len(numbers.data) > 8 else "")
        return f"{self._count_of(numbers)}, plain numbers: {shown}"

    # nodes

    def _formula(self, x: Value | float) -> Any:
        """What stands for an operand: its label, its name in its layer or module, a short expression."""
        if (
            isinstance(x, Value)
            and not x.label
            and x not in self.graph.places
            and self.graph.index[x] in self.output_name
        ):
            return Name(self.output_name[self.graph.index[x]])
        return self.names.formula(x)

    def _title(self, at: int) -> str:
        """What a region is called within the frame it stands in."""
        region = self.regions[at]
        around = self.regions[region.parent].name + "." if region.parent >= 0 else ""
        return clean(region.name.removeprefix(around), 40)

    def _node(self, i: int) -> Node:
        graph, node = self.graph, self.graph.order[i]
        gradient, flows = graph.gradient[i], i in graph.reached
        kind = "parameter" if node in graph.parameters else "input"
        if node.op is not None:
            kind = "root" if node is graph.order[-1] else "operation"
        title = text(self._formula(node))
        formula = self._definition(node)
        own_name = formula == title or any(
            isinstance(x, Value) and text(self._formula(x)) == title for x in node.operands
        )
        if not node.label and (own_name or (node.op is None and node not in graph.places)):
            title = ""  # a leaf without a name is its number; a short expression, also the x of x¹, is its own name
        whole = clean(node.label, 200)
        what = whole if len(whole) > len(clean(node.label)) else title
        if node.op is None:
            said = f"{kind if graph.parameters else 'leaf'} {what}".strip()
        elif what:
            operands = [text(self._formula(x)) for x in node.operands]
            of = ", ".join(operands) if len(operands) < 6 else f"{len(operands)} operands"
            said = f"{what}, {node.op.name} of {of}"
        else:
            said = f"{formula}, {node.op.name}"
        sentence = f"{said}, value {brief(node.data)}, gradient {self._told(i)}"
        mark = graph.mark[i]
        sentence += f", {_told_of(mark)}" if mark else ""
        return Node(
            f"n{i}", title, self._frame(i), self.lit[i], sentence, i, kind, formula, node.data, gradient, flows, mark
        )

    def _told(self, i: int) -> str:
        """A gradient in words."""
        if i not in self.graph.reached:
            return "none, for no gradient flows here"
        gradient = self.graph.gradient[i]
        return brief(gradient, sign=True) if gradient is not None else "not computed yet"

    def _definition(self, node: Value, longest: int = 34) -> str:
        """How a node is computed, short enough for a box."""
        op, operands = node.op, node.operands
        if op is None:
            return ""
        if len(operands) <= LONGEST_FORMULA:
            terms = [self._formula(x) for x in operands]
            if any(isinstance(x, Formula) for x in terms):
                term = applied(node, terms)
                written = text(term)
                if term in terms and len(terms) == 2:  # a formula drops − 0 and / 1, and the operation with it
                    a, b = terms
                    written = text(Power(a, b)) if op.name == "pow" else f"{text(a)} {op.symbol} {text(b)}"
                if len(written) <= longest:
                    return written
        if squares := squared(node):
            return f"Σ of {squares} squares"
        if op.name == "dot":
            bias = isinstance(operands[-1], Value) or operands[-1] != 0
            return f"Σ of {len(operands) // 2} products" + (" + b" if bias else "")
        if op.nary:
            return f"{op.symbol} of {len(operands)}"
        return f"… {op.symbol} …" if op.name in ("add", "sub", "mul", "div") else f"{op.name}(…)"

    def _output_names(self) -> dict[int, str]:
        """What formulas call the outputs of a module that is drawn as a block."""
        return {
            i: self.regions[shown.region].name + (f"[{k}]" if len(outputs) > 1 else "")
            for shown, outputs in self.outputs.items()
            if isinstance(shown, Closed) and self.regions[shown.region].kind != "inputs"
            for k, i in enumerate(outputs)
        }

    # blocks

    def _block(self, shown: Closed | Alike) -> Block:
        order, members = self.graph.order, self.members[shown]
        operations = Counter(op.name for i in members if (op := order[i].op))
        parameters = [i for i in members if order[i] in self.graph.parameters]
        outputs = self.outputs[shown] if operations else members
        region = shown.region if isinstance(shown, Closed) else -1
        kind = "module" if region >= 0 and self.regions[region].kind != "inputs" else "operations"
        if not operations:
            kind = "parameters" if parameters else "inputs"
        block = Block(
            id=self.ids[members[0]],
            title="",
            frame=self._frame_around(self.regions[region].parent if region >= 0 else -1),
            lit=any(self.lit[i] for i in members),
            sentence="",
            members=members,
            kind=kind,
            size=self._size(members, outputs) if kind == "module" else "",
            contents=operations.most_common(),
            parameters=len(parameters),
            parameter_norm=self._norm(parameters),
            outputs=outputs,
            data=[order[i].data for i in outputs],
            gradients=[self.graph.gradient[i] for i in outputs],
            output_norm=self._norm(outputs),
            marks=Counter(mark for i in members if (mark := self.graph.mark[i])).most_common(),
        )
        if region >= 0:
            block.title = self._title(region)
        elif len(outputs) == 1 and isinstance(name := self._formula(order[outputs[0]]), Formula):
            block.title = text(name)
        else:  # also where a large graph has no name for its output but the number that it is
            block.title = f"{_grouped(len(members))} {next(iter(operations)) if len(operations) == 1 else kind}"
        block.sentence = self._block_sentence(block)
        return block

    def _block_sentence(self, block: Block) -> str:
        said = [f"{block.title}: {_grouped(len(block.members))} nodes", block.size.replace("→", "to")]
        if block.parameters:
            count, norm = _grouped(block.parameters), brief(block.parameter_norm)
            said.append(f"{count} parameters, norm of their gradient {norm}")
        if len(block.outputs) == 1:
            said.append(f"value {brief(block.data[0])}, gradient {self._told(block.outputs[0])}")
        else:
            whose = "its outputs" if block.contents else "them"
            said.append(f"norm of the gradient of {whose} {brief(block.output_norm)}")
        said += [f"{count} × {_told_of(mark)}" if count > 1 else _told_of(mark) for mark, count in block.marks]
        return ", ".join(filter(None, said))

    def _size(self, members: Sequence[int], outputs: Sequence[int]) -> str:
        """64 → 16: the inputs of the first neuron, and the neurons that give the outputs."""
        dots = [node for i in members if (node := self.graph.order[i]).op and node.op.name == "dot"]
        if not dots:
            return ""
        samples = max(1, sum(dot.operands[0] is dots[0].operands[0] for dot in dots))
        size = f"{len(dots[0].operands) // 2} → {max(1, len(outputs) // samples)}"
        return size + (f" · {samples} samples" if samples > 1 else "")

    def _norm(self, members: Sequence[int]) -> float | None:
        known = [g for i in members if (g := self.graph.gradient[i]) is not None]
        return math.hypot(*known) if known else None

    # frames

    def _frame(self, i: int) -> int:
        """The frame a node stands in: outside of what is closed, where it is shown all the same."""
        at = inside = self.region[i]
        while at >= 0:
            if Closed(at) in self.members:
                inside = self.regions[at].parent
            at = self.regions[at].parent
        return self._frame_around(inside)

    def _frame_around(self, at: int) -> int:
        """The index of the frame for a region, made when it is first needed."""
        if at < 0:
            return -1
        if at not in self.frame_of:
            parent = self._frame_around(self.regions[at].parent)
            self.frames.append(Frame(self._title(at), self.regions[at].kind, parent))
            self.frame_of[at] = len(self.frames) - 1
        return self.frame_of[at]

    # arrows

    def _arrows(self) -> list[Arrow]:
        ids, lit, reached = self.ids, self.lit, self.graph.reached
        bundles: dict[tuple[str, str], list[Edge]] = {}
        arrows = []
        for edge in self.graph.edges:
            source, target = ids[edge.source], ids[edge.target]
            if source[0] == target[0] == "n":
                flows = edge.derivative is not None and edge.target in reached
                on_path = lit[edge.source] and lit[edge.target]
                name = f"e{edge.target}_{edge.place}"
                arrows.append(Arrow(name, source, target, 1, edge.derivative, edge.gradient, False, flows, on_path))
            elif source != target:
                bundles.setdefault((source, target), []).append(edge)
        for k, ((source, target), edges) in enumerate(bundles.items()):
            known = [g for edge in edges if (g := edge.gradient) is not None]
            mixed = any(g < 0 for g in known) and any(g > 0 for g in known)
            norm = math.hypot(*known) if known else None
            if norm is not None and not mixed and any(g < 0 for g in known):
                norm = -norm
            flows = any(e.derivative is not None and e.target in reached for e in edges)
            on_path = any(lit[e.source] and lit[e.target] for e in edges)
            arrows.append(Arrow(f"l{k}", source, target, len(edges), None, norm, mixed, flows, on_path))
        return arrows


def _told_of(mark: str) -> str:
    return mark if mark.isalpha() and mark.islower() else f"{'infinity' if mark == '∞' else mark} arises here"


def _grouped(n: int) -> str:
    return f"{n:,}".replace(",", " ")
