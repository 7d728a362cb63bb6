"""What a drawing shows, as data: boxes, the links between them and the frames around them.

With this module one can

* decide what is shown of a graph, and get it as plain data: `picture`;
* write a number, or a gradient that may be missing, as the drawing does: `number`.

The picture is made from this data and from nothing else (`dot.py`), so what is drawn is tested here,
without a drawing. A graph too large for one page is shown by its modules, or rolled up into blocks of alike
nodes; there is always a picture, and it says what it left out.

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
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from autograd.graph import topological_order
from autograd.value import NOT_YET, Value
from autograd.viz.formula import Formula, Name, Power
from autograd.viz.levels import Group, Levels, levels
from autograd.viz.modules import modules
from autograd.viz.names import Names
from autograd.viz.text import clean, shorter, text

__all__ = ["MAX_NODES", "Block", "Box", "Frame", "Link", "Node", "Picture", "number", "picture"]

MAX_NODES = 100
"""How many boxes a drawing has at most, unless told otherwise: what one can read on a page."""
LINES = 4
"""How many times as many lines: two layers of 20 neurons can be told apart, larger ones are drawn as blocks."""
MANY = 8
"""More nodes than that outside of all modules are rolled up where modules are."""
COLUMNS = 14
"""More columns of rolled up nodes than that are taken together."""
MOST_NODES = 1000
"""How many one can ask for: Graphviz takes seconds for more."""


@dataclass(slots=True)
class Box:
    """Anything that is drawn as a box.

    Attributes:
        id: "n" and the node's place in `topological_order`, or "b" and a number for a block.
        title: the label or name.
        frame: the index of the frame it stands in, or −1.
        lit: whether it lies on a path from the node that `wrt` names; True without one.
        sentence: everything about it, in words.
    """

    id: str
    title: str
    frame: int
    lit: bool
    sentence: str


@dataclass(slots=True)
class Node(Box):
    """One `Value`.

    Attributes:
        index: its place in `topological_order`.
        kind: "input", "parameter", "operation" or "root".
        formula: how it is computed, "" on a leaf.
        data: its value.
        gradient: ∂root/∂node; None if it is not known.
        flows: False if no gradient reaches it, whatever is computed.
    """

    index: int
    kind: str
    formula: str
    data: float
    gradient: float | None
    flows: bool


@dataclass(slots=True)
class Block(Box):
    """Several nodes in one box.

    Attributes:
        members: their places in `topological_order`.
        kind: "module", "inputs", "parameters" or "operations".
        size: "64 → 16" for layers; else "".
        contents: the operations in it, with how often they occur, commonest first.
        parameters: how many of the members are parameters.
        parameter_norm: ‖∂root/∂parameters‖₂; None if it is not known, or there are none.
        outputs: the places of the members that the rest of the graph uses; of leaves, all.
        data: the values of the outputs.
        gradients: their gradients.
        output_norm: ‖∂root/∂outputs‖₂; None if it is not known.
    """

    members: list[int]
    kind: str
    size: str
    contents: list[tuple[str, int]]
    parameters: int
    parameter_norm: float | None
    outputs: list[int]
    data: list[float]
    gradients: list[float | None]
    output_norm: float | None


@dataclass(slots=True)
class Link:
    """A line from an operand (or the block it is in) to what uses it.

    Attributes:
        id: "e", the index of the node that uses it, "_" and the operand's place; for several "l" and a number.
        source, target: the boxes' ids.
        count: how many operands it stands for.
        derivative: the local derivative, ∂target/∂source; None if none flows, or of several. NaN
            where it does not exist.
        gradient: what flows back along it, ∂root/∂target · ∂target/∂source; the norm, with its
            sign if they all have one sign, of several. None if it is not known.
        mixed: whether several gradients of both signs flow.
        flows: False if no gradient flows.
        lit: whether a path from the node that `wrt` names leads along it.
    """

    id: str
    source: str
    target: str
    count: int
    derivative: float | None
    gradient: float | None
    mixed: bool
    flows: bool
    lit: bool


@dataclass(slots=True)
class Frame:
    """A module that is open: a frame around boxes. `parent` is the frame around it, or −1."""

    title: str
    kind: str
    parent: int


@dataclass(slots=True)
class Picture:
    """All that a drawing shows.

    Attributes:
        root: what the root is called; gradients are ∂root/∂….
        boxes, links, frames: what is drawn.
        nodes: how many nodes the graph has.
        notes: what is to be said under the drawing: what was left out, what is highlighted.
        backward: whether the gradients of the root have been computed.
        parameters: whether parameters are known from other leaves.
    """

    root: str
    boxes: list[Node | Block]
    links: list[Link]
    frames: list[Frame]
    nodes: int
    notes: list[str]
    backward: bool
    parameters: bool

    @property
    def greatest(self) -> float:
        """The greatest gradient shown, finite; 0 if there is none."""
        shown = [g for link in self.links if (g := link.gradient) is not None]
        for box in self.boxes:
            shown += [g for g in (box.gradients if isinstance(box, Block) else [box.gradient]) if g is not None]
        return max((abs(g) for g in shown if math.isfinite(g)), default=0.0)


def number(x: float | None, sign: bool = False) -> str:
    """A number to four digits, as drawings show it; "—" for one that is not known.

    >>> number(0.5), number(-1.25e-7), number(0.25, sign=True), number(None)
    ('0.5', '−1.25e−7', '+0.25', '—')
    """
    if x is None:
        return "—"
    if sign and x == 0:
        return "0"
    return shorter(format(float(x), "+.4g" if sign else ".4g")).replace("-", "−")


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
    survey = _Survey(value, model)
    if wrt is not None and wrt not in survey.index:
        raise ValueError(f"{wrt!r} is not in the graph of {value!r}, so no path leads from it")
    return _Composer(survey, wrt, *_shown(survey, wrt, depth, max_nodes)).picture()


# ── the graph, looked at once ─────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Edge:
    source: int
    target: int
    place: int
    derivative: float | None
    gradient: float | None


class _Survey:
    """Everything about the graph that does not depend on what is shown of it."""

    def __init__(self, root: Value, model: Any) -> None:
        self.order = order = topological_order(root)
        self.root = len(order) - 1
        self.index = {node: i for i, node in enumerate(order)}
        self.levels = levels(order) if model is None else modules(model, order)
        self.parameters = _parameters(self.levels, order)
        known = root.grad is not NOT_YET and not (root.op is None and root.grad == 0)
        self.edges = [edge for i, node in enumerate(order) if node.op for edge in self._edges(i, node, known)]
        reached = {self.root}
        for edge in reversed(self.edges):
            if edge.target in reached and edge.derivative is not None:
                reached.add(edge.source)
        self.reached = reached
        self.gradient = [_gradient(node) if known and i in reached else None for i, node in enumerate(order)]
        for edge in self.edges:
            if (delta := self.gradient[edge.target]) is not None and edge.derivative is not None:
                edge.gradient = delta * edge.derivative
        self.known = known

    def _edges(self, i: int, node: Value, known: bool) -> Iterable[_Edge]:
        """The edges into a node, with the local derivatives the table gives at its operands' data."""
        assert node.op is not None
        operands = node.operands
        numbers = [x.data if isinstance(x, Value) else x for x in operands]
        wanted = [isinstance(x, Value) for x in operands]
        try:
            local = list(node.op.local_derivatives(node.data, numbers, wanted))
        except (ArithmeticError, ValueError):  # √x at 0 has none
            local = [math.nan if want else None for want in wanted]
        for place, (x, derivative) in enumerate(zip(operands, local, strict=True)):
            if isinstance(x, Value):
                yield _Edge(self.index[x], i, place, None if derivative is None else float(derivative), None)


def _parameters(found: Levels, order: Sequence[Value]) -> set[Value]:
    """The leaves that are trained: those a model names, or that belong to a neuron."""
    named = {node for node in order if node.op is None and node in found.name}
    grouped = {
        node
        for node in order
        if node.op is None and node in found.group and found.groups[found.group[node]].kind not in ("inputs", "loss")
    }
    return named | grouped


def _gradient(node: Value) -> float | None:
    return None if node.grad is NOT_YET else float(getattr(node.grad, "data", node.grad))


# ── what is shown ─────────────────────────────────────────────────────────────────────────────────


def _shown(
    survey: _Survey, wrt: Value | None, depth: int | None, max_nodes: int
) -> tuple[list[int | str], list[Group], list[str]]:
    """For each node the group that stands for it: its own place if it is shown itself, or the key of a block.

    With it the groups of the graph, and notes on what was collapsed.
    """
    groups, of_node = _groups(survey)
    keep = {survey.root} | ({survey.index[wrt]} if wrt is not None else set())
    tall = 1 + max((_level(g, groups) for g in groups), default=-1)
    wanted = tall if depth is None else min(depth, tall)
    n = len(survey.order)
    for level in range(wanted, -1, -1):
        stands: list[int | str] = [
            i if i in keep or at < 0 or (group := _collapsed(at, groups, level)) is None else f"g{group}"
            for i, at in enumerate(of_node)
        ]
        outside = {i for i, at in enumerate(of_node) if at < 0 and i not in keep}
        if level < tall and len(outside) > MANY:
            stands = _rolled(survey, stands, outside, max_nodes)
        if _fits(survey, stands, max_nodes, level == depth):
            break
    else:
        stands = _rolled(survey, stands, {i for i, x in enumerate(stands) if isinstance(x, int)} - keep, max_nodes)
    shown = len(set(stands))
    notes = []
    if shown < n:
        asked = depth is not None and level == wanted and shown <= max_nodes
        why = (
            "" if asked else f"; max_nodes={max_nodes}" + (" and depth= show" if groups else " shows") + " more or less"
        )
        notes.append(f"{_grouped(n)} nodes in {shown} boxes{why}")
    return stands, groups, notes


def _fits(survey: _Survey, stands: Sequence[int | str], max_nodes: int, asked: bool) -> bool:
    """Whether there are not too many boxes, and, unless one asked for them, not too many lines."""
    if len(set(stands)) > max_nodes:
        return False
    lines = {(stands[e.source], stands[e.target]) for e in survey.edges}
    return asked or len(lines) <= LINES * max_nodes


def _grouped(n: int) -> str:
    return f"{n:,}".replace(",", " ")


def _groups(survey: _Survey) -> tuple[list[Group], list[int]]:
    """The groups, and each node's innermost one (−1: none); a network of several layers is one, too."""
    groups = list(survey.levels.groups)
    layers = [i for i, group in enumerate(groups) if group.kind == "layer" and group.parent < 0]
    of_node = [survey.levels.group.get(node, -1) for node in survey.order]
    if len(layers) > 1:
        for i in layers:
            groups[i] = Group(groups[i].name, "layer", len(groups))
        groups.append(Group("network", "network", -1))
    return groups, of_node


def _level(group: Group, groups: Sequence[Group]) -> int:
    """How many levels have to be open for a group to be seen: 0 for a model, 1 for its layers, …."""
    if group.parent < 0:  # what belongs to no module opens last but one, as neurons do
        return {"layer": 1, "inputs": 2, "loss": 2}.get(group.kind, 0)
    return 1 + _level(groups[group.parent], groups)


def _collapsed(at: int, groups: Sequence[Group], level: int) -> int | None:
    """The outermost group around a node that is not open; None if all are."""
    found = None
    while at >= 0:
        if _level(groups[at], groups) >= level:
            found = at
        at = groups[at].parent
    return found


def _rolled(survey: _Survey, stands: Sequence[int | str], members: set[int], max_nodes: int) -> list[int | str]:
    """What stands for each node when these members are rolled up by height in the graph and operation.

    The height of a node is the longest way from a leaf; a leaf is put below its first use. If there are too
    many heights, several are taken together, and all operations in them.
    """
    height = [0] * len(stands)
    first_use: dict[int, int] = {}
    for edge in survey.edges:
        height[edge.target] = max(height[edge.target], height[edge.source] + 1)
    for edge in survey.edges:
        first_use[edge.source] = min(first_use.get(edge.source, height[edge.target]), height[edge.target])

    def rolled(bands: int) -> list[int | str]:
        rows: list[int | str] = []
        for i, (node, stand) in enumerate(zip(survey.order, stands, strict=True)):
            if i not in members:
                rows.append(stand)
                continue
            at = height[i] if node.op else first_use.get(i, 1) - 1
            band = at * bands // (top + 1)
            kind = "parameter" if node in survey.parameters else "leaf"
            if node.op:
                kind = node.op.name if bands > top else "operations"
            rows.append(f"r{band}:{kind}")
        alone = Counter(rows)
        return [i if alone[row] == 1 else row for i, row in enumerate(rows)]

    top = max(height)
    result = rolled(top + 1)
    if top > COLUMNS or len(set(result)) > max_nodes:
        result = rolled(max(1, min(top, max_nodes // 4, 8)))
    return result


# ── the picture ───────────────────────────────────────────────────────────────────────────────────


class _Composer:
    """Makes boxes, links and frames of what stands for each node."""

    def __init__(
        self, survey: _Survey, wrt: Value | None, stands: list[int | str], groups: list[Group], notes: list[str]
    ) -> None:
        self.survey, self.groups, self.notes = survey, groups, notes
        self.stands = stands
        self.blocks: dict[str, list[int]] = {}
        for i, stand in enumerate(stands):
            if isinstance(stand, str):
                self.blocks.setdefault(stand, []).append(i)
        self.ids = {key: f"b{k}" for k, key in enumerate(self.blocks)}
        self.names = Names(survey.order[-1], wrt, survey.order)
        self.frames: list[Frame] = []
        self.frame_of: dict[int, int] = {}
        self.of_node = [survey.levels.group.get(node, -1) for node in survey.order]
        self.collapsed = {int(key[1:]) for key in self.blocks if key[0] == "g"}
        outputs: dict[int, list[int]] = {}
        for i in dict.fromkeys(e.source for e in survey.edges if stands[e.source] != stands[e.target]):
            if (
                isinstance(key := stands[i], str)
                and key[0] == "g"
                and groups[int(key[1:])].kind not in ("inputs", "loss")
            ):
                outputs.setdefault(int(key[1:]), []).append(i)
        self.output = {  # what formulas call the outputs of a module that is drawn as a block
            i: groups[at].name + (f"[{k}]" if len(used) > 1 else "")
            for at, used in outputs.items()
            for k, i in enumerate(sorted(used))
        }
        self.lit = self._lit(wrt)

    def picture(self) -> Picture:
        survey = self.survey
        drawn: set[str] = set()
        boxes: list[Node | Block] = []
        for i, stand in enumerate(self.stands):
            if isinstance(stand, int):
                boxes.append(self._node(i))
            elif stand not in drawn:
                drawn.add(stand)
                boxes.append(self._block(stand))
        return Picture(
            text(self.names.formula(survey.order[-1])),
            boxes,
            self._links(),
            self.frames,
            len(survey.order),
            self.notes,
            survey.known,
            bool(survey.parameters),
        )

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
        self.notes.append(f"∂{root}/∂{leaf} = {number(gradient, sign=True)}, along {how_many}")
        leads = [False] * len(self.stands)
        leads[-1] = True
        for edge in reversed(self.survey.edges):
            leads[edge.source] = leads[edge.source] or leads[edge.target]
        return [bool(p) and ahead for p, ahead in zip(paths, leads, strict=True)]

    # nodes

    def _formula(self, x: Value | float) -> Any:
        """What stands for an operand: its label, its name in its layer or module, a short expression."""
        if isinstance(x, Value) and not x.label:
            if x in self.survey.levels.name:
                return Name(self._local_name(x))
            if (i := self.survey.index[x]) in self.output:
                return Name(self.output[i])
        return self.names.formula(x)

    def _title(self, key: str) -> str:
        """What a block of a group is called within the frame it stands in."""
        group = self.groups[int(key[1:])]
        around = self.groups[group.parent].name + "." if group.parent >= 0 else ""
        return clean(group.name.removeprefix(around), 40)

    def _local_name(self, x: Value) -> str:
        """The name without the part that its frame tells already."""
        name = self.survey.levels.name[x]
        at = self.of_node[self.survey.index[x]] if x in self.survey.index else -1
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
            kind = "root" if i == survey.root else "operation"
        title = clean(node.label) or text(self._formula(node))
        formula = self._definition(node)
        own_name = formula == title or any(
            isinstance(x, Value) and text(self._formula(x)) == title for x in node.operands
        )
        if not node.label and (own_name or (node.op is None and node not in survey.levels.name)):
            title = ""  # a leaf without a name is its number; a short expression, also the x of x¹, is its own name
        what = " ".join(node.label.split()) or title
        if node.op is None:
            said = f"{kind if survey.parameters else 'leaf'} {what}".strip()
        elif what:
            operands = [text(self._formula(x)) for x in node.operands]
            of = ", ".join(operands) if len(operands) < 6 else f"{len(operands)} operands"
            said = f"{what}, {node.op.name} of {of}"
        else:
            said = f"{formula}, {node.op.name}"
        sentence = f"{said}, value {number(node.data)}, gradient {self._told(i)}"
        return Node(f"n{i}", title, self._frame(i), self.lit[i], sentence, i, kind, formula, node.data, gradient, flows)

    def _told(self, i: int) -> str:
        """A gradient in words."""
        if i not in self.survey.reached:
            return "none, for no gradient flows here"
        gradient = self.survey.gradient[i]
        return number(gradient, sign=True) if gradient is not None else "not computed yet"

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
            return f"Σ of {len(operands) // 2} products" + (" + b" if operands[-1] != 0 else "")
        if op.nary:
            return f"{op.symbol} of {len(operands)}"
        return f"… {op.symbol} …" if op.name in ("add", "sub", "mul", "div") else f"{op.name}(…)"

    # blocks

    def _block(self, key: str) -> Block:
        survey, members = self.survey, self.blocks[key]
        order, inside = survey.order, set(members)
        leaves = [i for i in members if order[i].op is None]
        operations = Counter(op.name for i in members if (op := order[i].op))
        own = [i for i in leaves if order[i] in survey.parameters]
        used = {e.source for e in survey.edges if e.source in inside and e.target not in inside}
        outputs = [i for i in members if i in used] if operations else members
        at = int(key[1:]) if key[0] == "g" else -1
        group = self.groups[at] if at >= 0 else None
        kind = "module" if group and group.kind not in ("inputs", "loss") else "operations"
        if not operations:
            kind = "parameters" if own else "inputs"
        if group and kind != "operations":
            title = self._title(key)
        elif len(outputs) == 1:
            title = text(self._formula(order[outputs[0]]))
        elif len(operations) == 1:
            title = f"{_grouped(len(members))} {next(iter(operations))}"
        else:
            title = f"{_grouped(len(members))} {kind}"
        parameter_norm, output_norm = self._norm(own), self._norm(outputs)
        size = self._size(members, outputs) if kind == "module" else ""
        said = [f"{title}: {_grouped(len(members))} nodes", size.replace("→", "to")]
        if own:
            said.append(f"{_grouped(len(own))} parameters, norm of their gradient {number(parameter_norm)}")
        if len(outputs) == 1:
            i = outputs[0]
            said.append(f"value {number(order[i].data)}, gradient {self._told(i)}")
        else:
            said.append(f"norm of the gradient of {'its outputs' if operations else 'them'} {number(output_norm)}")
        return Block(
            self.ids[key],
            title,
            self._frame_around(self.groups[at].parent if at >= 0 else -1),
            any(self.lit[i] for i in members),
            ", ".join(filter(None, said)),
            members,
            kind,
            size,
            operations.most_common(),
            len(own),
            parameter_norm if own else None,
            outputs,
            [order[i].data for i in outputs],
            [survey.gradient[i] for i in outputs],
            output_norm,
        )

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
        """The frame a node stands in: outside of what is collapsed, where it is shown all the same."""
        at = inside = self.of_node[i]
        while at >= 0:
            if at in self.collapsed:
                inside = self.groups[at].parent
            at = self.groups[at].parent
        return self._frame_around(inside)

    def _frame_around(self, at: int) -> int:
        """The index of the frame for a group, made when it is first needed."""
        if at < 0:
            return -1
        if at not in self.frame_of:
            parent = self._frame_around(self.groups[at].parent)
            self.frames.append(Frame(self._title(f"g{at}"), self.groups[at].kind, parent))
            self.frame_of[at] = len(self.frames) - 1
        return self.frame_of[at]

    # links

    def _links(self) -> list[Link]:
        bundles: dict[tuple[str, str], list[_Edge]] = {}
        links = []
        for edge in self.survey.edges:
            source, target = self._id(edge.source), self._id(edge.target)
            if source[0] == target[0] == "n":
                lit = self.lit[edge.source] and self.lit[edge.target]
                flows = edge.derivative is not None and edge.target in self.survey.reached
                name = f"e{edge.target}_{edge.place}"
                links.append(Link(name, source, target, 1, edge.derivative, edge.gradient, False, flows, lit))
            elif source != target:
                bundles.setdefault((source, target), []).append(edge)
        for k, ((source, target), edges) in enumerate(bundles.items()):
            known = [g for edge in edges if (g := edge.gradient) is not None]
            mixed = any(g < 0 for g in known) and any(g > 0 for g in known)
            norm = math.hypot(*known) if known else None
            if norm is not None and not mixed and any(g < 0 for g in known):
                norm = -norm
            flows = any(e.derivative is not None and e.target in self.survey.reached for e in edges)
            lit = any(self.lit[e.source] and self.lit[e.target] for e in edges)
            links.append(Link(f"l{k}", source, target, len(edges), None, norm, mixed, flows, lit))
        return links

    def _id(self, i: int) -> str:
        stand = self.stands[i]
        return f"n{stand}" if isinstance(stand, int) else self.ids[stand]
