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
from collections.abc import Sequence
from typing import Any

from autograd.formulas.notation import text
from autograd.formulas.numbers import brief
from autograd.formulas.spelling import clean
from autograd.formulas.terms import Formula, Name, Power
from autograd.structure.names import Names
from autograd.structure.survey import Edge, Survey
from autograd.value import Value
from autograd.viz.picture.boxes import Block, Frame, Link, Node, Picture
from autograd.viz.picture.collapse import Alike, Closed, Collapsed, collapse

__all__ = ["MAX_NODES", "picture"]

MAX_NODES = 100
"""How many boxes a drawing has at most, unless told otherwise: what one can read on a page."""
MOST_NODES = 1000
"""How many one can ask for: Graphviz takes seconds for more."""


def picture(
    value: Value,
    *,
    depth: int | None = None,
    wrt: Value | None = None,
    model: Any = None,
    max_nodes: int = MAX_NODES,
) -> Picture:
    """What a drawing of the graph of `value` shows; see `draw` for the arguments.

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
    if not isinstance(max_nodes, int) or not 10 <= max_nodes <= MOST_NODES:
        raise ValueError(f"max_nodes is from 10 to {MOST_NODES}, not {max_nodes!r}")
    survey = Survey(value, model)
    if wrt is not None and wrt not in survey.index:
        raise ValueError(f"{wrt!r} is not in the graph of {value!r}, so no path leads from it")
    keep = [survey.index[wrt]] if wrt is not None else []
    collapsed = collapse(survey, max_nodes=max_nodes, depth=depth, keep=keep)
    return _Composer(survey, collapsed, wrt, max_nodes).picture()


class _Composer:
    """Makes boxes, links and frames of what stands for each node."""

    def __init__(self, survey: Survey, collapsed: Collapsed, wrt: Value | None, max_nodes: int) -> None:
        self.survey = survey
        self.stands, self.groups, self.group = collapsed.stands, collapsed.groups, collapsed.group
        self.members: dict[Closed | Alike, list[int]] = {}
        for i, stand in enumerate(self.stands):
            if not isinstance(stand, int):
                self.members.setdefault(stand, []).append(i)
        ids = {stand: f"b{k}" for k, stand in enumerate(self.members)}
        self.ids = [f"n{stand}" if isinstance(stand, int) else ids[stand] for stand in self.stands]
        self.outputs: dict[Closed | Alike, list[int]] = {stand: [] for stand in self.members}
        for i in sorted({e.source for e in survey.edges if self.ids[e.source] != self.ids[e.target]}):
            stand = self.stands[i]
            if not isinstance(stand, int):
                self.outputs[stand].append(i)
        self.names = Names(survey.order[-1], wrt, survey.order, survey.places)
        self.output_name = self._output_names()
        self.frames: list[Frame] = []
        self.frame_of: dict[int, int] = {}
        self.notes = self._note(max_nodes, collapsed.asked)
        self.lit = self._lit(wrt)

    def picture(self) -> Picture:
        boxes: list[Node | Block] = []
        for i, stand in enumerate(self.stands):
            if isinstance(stand, int):
                boxes.append(self._node(i))
            elif self.members[stand][0] == i:
                boxes.append(self._block(stand))
        return Picture(
            root=text(self.names.formula(self.survey.order[-1])),
            boxes=boxes,
            links=self._links(),
            frames=self.frames,
            nodes=len(self.survey.order),
            notes=self.notes,
            backward=self.survey.backward,
            parameters=bool(self.survey.parameters),
        )

    def _note(self, max_nodes: int, asked: bool) -> list[str]:
        """What was collapsed, and how to see more."""
        if not self.members:
            return []
        how = "max_nodes= and depth= show" if self.groups else "max_nodes= shows"
        why = "" if asked else f" (limit {max_nodes}); {how} more or less"
        return [f"{_grouped(len(self.stands))} nodes in {len(set(self.ids))} boxes{why}"]

    def _lit(self, wrt: Value | None) -> list[bool]:
        """Which nodes lie on a path from `wrt` to the root; a note tells how many paths there are."""
        if wrt is None:
            return [True] * len(self.stands)
        paths = [0] * len(self.stands)
        paths[self.survey.index[wrt]] = 1
        for edge in self.survey.edges:
            paths[edge.target] += paths[edge.source]
        ways = paths[-1]
        how_many = f"{_grouped(ways)} path{'s' * (ways > 1)}" if ways < 10**6 else f"about {ways:.0e} paths"
        root, leaf = text(self.names.formula(self.survey.order[-1])), text(self._formula(wrt))
        gradient = self.survey.gradient[self.survey.index[wrt]]
        self.notes.append(f"∂{root}/∂{leaf} = {brief(gradient, sign=True)}, along {how_many}")
        return [bool(p) for p in paths]

    # nodes

    def _formula(self, x: Value | float) -> Any:
        """What stands for an operand: its label, its name in its layer or module, a short expression."""
        if isinstance(x, Value) and not x.label:
            if x in self.survey.places:
                return Name(self._local_name(x))
            if (i := self.survey.index[x]) in self.output_name:
                return Name(self.output_name[i])
        return self.names.formula(x)

    def _title(self, at: int) -> str:
        """What a group is called within the frame it stands in."""
        group = self.groups[at]
        around = self.groups[group.parent].name + "." if group.parent >= 0 else ""
        return clean(group.name.removeprefix(around), 40)

    def _local_name(self, x: Value) -> str:
        """The name without the part that its frame tells already."""
        name = self.survey.places[x]
        at = self.group[self.survey.index[x]] if x in self.survey.index else -1
        while at >= 0:
            prefix = self.groups[at].name + "."
            if name.startswith(prefix):
                return name[len(prefix) :]
            at = self.groups[at].parent
        return name

    def _node(self, i: int) -> Node:
        survey, node = self.survey, self.survey.order[i]
        gradient, flows = survey.gradient[i], i in survey.reached
        kind = "parameter" if node in survey.parameters else "input"
        if node.op is not None:
            kind = "root" if node is survey.order[-1] else "operation"
        title = text(self._formula(node))
        formula = self._definition(node)
        own_name = formula == title or any(
            isinstance(x, Value) and text(self._formula(x)) == title for x in node.operands
        )
        if not node.label and (own_name or (node.op is None and node not in survey.places)):
            title = ""  # a leaf without a name is its number; a short expression, also the x of x¹, is its own name
        whole = clean(node.label, 200)
        what = whole if len(whole) > len(clean(node.label)) else title
        if node.op is None:
            said = f"{kind if survey.parameters else 'leaf'} {what}".strip()
        elif what:
            operands = [text(self._formula(x)) for x in node.operands]
            of = ", ".join(operands) if len(operands) < 6 else f"{len(operands)} operands"
            said = f"{what}, {node.op.name} of {of}"
        else:
            said = f"{formula}, {node.op.name}"
        sentence = f"{said}, value {brief(node.data)}, gradient {self._told(i)}"
        return Node(f"n{i}", title, self._frame(i), self.lit[i], sentence, i, kind, formula, node.data, gradient, flows)

    def _told(self, i: int) -> str:
        """A gradient in words."""
        if i not in self.survey.reached:
            return "none, for no gradient flows here"
        gradient = self.survey.gradient[i]
        return brief(gradient, sign=True) if gradient is not None else "not computed yet"

    def _definition(self, node: Value, longest: int = 34) -> str:
        """How a node is computed, short enough for a box."""
        op, operands = node.op, node.operands
        if op is None:
            return ""
        if len(operands) <= 7:
            terms = [self._formula(x) for x in operands]
            if any(isinstance(x, Formula) for x in terms):
                term = op(*terms)
                written = text(term)
                if term in terms and len(terms) == 2:  # a formula drops − 0 and / 1, and the operation with it
                    a, b = terms
                    written = text(Power(a, b)) if op.name == "pow" else f"{text(a)} {op.symbol} {text(b)}"
                if len(written) <= longest:
                    return written
        if op.name == "dot":
            bias = isinstance(operands[-1], Value) or operands[-1] != 0
            return f"Σ of {len(operands) // 2} products" + (" + b" if bias else "")
        if op.nary:
            return f"{op.symbol} of {len(operands)}"
        return f"… {op.symbol} …" if op.name in ("add", "sub", "mul", "div") else f"{op.name}(…)"

    def _output_names(self) -> dict[int, str]:
        """What formulas call the outputs of a module that is drawn as a block."""
        return {
            i: self.groups[stand.group].name + (f"[{k}]" if len(outputs) > 1 else "")
            for stand, outputs in self.outputs.items()
            if isinstance(stand, Closed) and self.groups[stand.group].kind != "inputs"
            for k, i in enumerate(outputs)
        }

    # blocks

    def _block(self, stand: Closed | Alike) -> Block:
        order, members = self.survey.order, self.members[stand]
        operations = Counter(op.name for i in members if (op := order[i].op))
        parameters = [i for i in members if order[i] in self.survey.parameters]
        outputs = self.outputs[stand] if operations else members
        group = stand.group if isinstance(stand, Closed) else -1
        kind = "module" if group >= 0 and self.groups[group].kind != "inputs" else "operations"
        if not operations:
            kind = "parameters" if parameters else "inputs"
        block = Block(
            id=self.ids[members[0]],
            title="",
            frame=self._frame_around(self.groups[group].parent if group >= 0 else -1),
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
            gradients=[self.survey.gradient[i] for i in outputs],
            output_norm=self._norm(outputs),
        )
        if group >= 0:
            block.title = self._title(group)
        elif len(outputs) == 1:
            block.title = text(self._formula(order[outputs[0]]))
        else:
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
        return ", ".join(filter(None, said))

    def _size(self, members: Sequence[int], outputs: Sequence[int]) -> str:
        """64 → 16: the inputs of the first neuron, and the neurons that give the outputs."""
        dots = [node for i in members if (node := self.survey.order[i]).op and node.op.name == "dot"]
        if not dots:
            return ""
        samples = max(1, sum(dot.operands[0] is dots[0].operands[0] for dot in dots))
        size = f"{len(dots[0].operands) // 2} → {max(1, len(outputs) // samples)}"
        return size + (f" · {samples} samples" if samples > 1 else "")

    def _norm(self, members: Sequence[int]) -> float | None:
        known = [g for i in members if (g := self.survey.gradient[i]) is not None]
        return math.hypot(*known) if known else None

    # frames

    def _frame(self, i: int) -> int:
        """The frame a node stands in: outside of what is closed, where it is shown all the same."""
        at = inside = self.group[i]
        while at >= 0:
            if Closed(at) in self.members:
                inside = self.groups[at].parent
            at = self.groups[at].parent
        return self._frame_around(inside)

    def _frame_around(self, at: int) -> int:
        """The index of the frame for a group, made when it is first needed."""
        if at < 0:
            return -1
        if at not in self.frame_of:
            parent = self._frame_around(self.groups[at].parent)
            self.frames.append(Frame(self._title(at), self.groups[at].kind, parent))
            self.frame_of[at] = len(self.frames) - 1
        return self.frame_of[at]

    # links

    def _links(self) -> list[Link]:
        ids, lit, reached = self.ids, self.lit, self.survey.reached
        bundles: dict[tuple[str, str], list[Edge]] = {}
        links = []
        for edge in self.survey.edges:
            source, target = ids[edge.source], ids[edge.target]
            if source[0] == target[0] == "n":
                flows = edge.derivative is not None and edge.target in reached
                on_path = lit[edge.source] and lit[edge.target]
                name = f"e{edge.target}_{edge.place}"
                links.append(Link(name, source, target, 1, edge.derivative, edge.gradient, False, flows, on_path))
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
            links.append(Link(f"l{k}", source, target, len(edges), None, norm, mixed, flows, on_path))
        return links


def _grouped(n: int) -> str:
    return f"{n:,}".replace(",", " ")
