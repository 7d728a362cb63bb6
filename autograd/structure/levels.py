"""The layers and neurons of a network, found in its graph.

A neuron is a `dot` node whose weights are leaves, with those weights, its bias and the activation that
follows; a layer is the neurons that share their inputs (source 004 eq. 23 and 25). So a network needs no labels
and no reference to its modules, and one written without `nn` has levels too.

>>> import nn
>>> from autograd import topological_order
>>> model = nn.MLP(2, [3, 1], seed=0)
>>> order = topological_order(nn.squared_error(model([0.5, 1.0]), 1.0))
>>> found = levels(order)
>>> [(region.name, region.kind, region.parent) for region in found.regions][:3]
[('layer 1', 'layer', -1), ('neuron 1.1', 'neuron', 0), ('neuron 1.2', 'neuron', 0)]
>>> found.region[order[0]]
1
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograd.formulas.spelling import lowered, raised
from autograd.value import Value

__all__ = ["Levels", "Region", "levels"]

MANY_LEAVES = 24
"""A neuron with more parameters, or a network with more inputs, keeps them in a region of their own."""


@dataclass(frozen=True)
class Region:
    """A named part of a graph: a layer, a neuron, its weights, the inputs, the loss.

    Attributes:
        name: what it is called.
        kind: "layer", "neuron", "weights", "inputs" or "loss".
        parent: the index of the region it lies in, or −1.
    """

    name: str
    kind: str
    parent: int


@dataclass(frozen=True)
class Levels:
    """What was found.

    Attributes:
        regions: each after the one it lies in.
        region: the innermost region of each node that is in one, by index.
        name: what nodes of neurons are called where they have no label, as on paper, layer above and place below: z²₁
            and a²₁ for the two nodes of the first neuron of layer 2, W²₁₃ for its third weight, b²₁ for its bias.
    """

    regions: list[Region]
    region: dict[Value, int]
    name: dict[Value, str]


def levels(order: Sequence[Value]) -> Levels:
    """The layers and neurons in a topological order; nothing if there are fewer than two neurons."""
    users: dict[Value, list[Value]] = {}
    for node in order:
        for parent in dict.fromkeys(node.parents):
            users.setdefault(parent, []).append(node)
    neurons: dict[
        tuple[Value, ...], list[Value]
    ] = {}  # by their weights; several nodes where there are several samples
    for node in order:
        if ws := _weights(node):
            neurons.setdefault(ws, []).append(node)
    found = Levels([], {}, {})
    if len(neurons) < 2:
        return found
    for number, layer in enumerate(_layers(neurons), 1):
        around = _add(found, Region(f"layer {number}", "layer", -1), ())
        for place, ws in enumerate(layer, 1):
            nodes = [member for dot in neurons[ws] for member in (dot, *_activation(dot, users))]
            _name(found, (number, place), ws, neurons[ws], users, apart=max(len(ws), len(layer)) > 9)
            at = _add(found, Region(f"neuron {number}.{place}", "neuron", around), nodes)
            inside = _add(found, Region("weights", "weights", at), ()) if len(ws) > MANY_LEAVES else at
            _add_leaves(found, inside, ws, users, neurons[ws])
            biases = [b for dot in neurons[ws] if isinstance(b := dot.operands[-1], Value) and b.op is None]
            _add_leaves(found, at, biases, users, neurons[ws])
        shared = [b for ws in layer for dot in neurons[ws] if isinstance(b := dot.operands[-1], Value) and b.op is None]
        _add_leaves(found, around, shared, users, [dot for ws in layer for dot in neurons[ws]])
    inputs = [leaf for leaf in order if leaf.op is None and leaf not in found.region and _feeds(leaf, users, found)]
    if len(inputs) > MANY_LEAVES:
        _add(found, Region("inputs", "inputs", -1), inputs)
    after = _after(order, found)
    if len(after) > 4:
        _add(found, Region("loss", "loss", -1), after)
    return found


def _weights(node: Value) -> tuple[Value, ...]:
    """The weights of a neuron's node; () if it is none."""
    if node.op is None or node.op.name != "dot":
        return ()
    ws = node.operands[: len(node.operands) // 2]
    return ws if ws and all(isinstance(w, Value) and w.op is None for w in ws) else ()


def _layers(neurons: dict[tuple[Value, ...], list[Value]]) -> list[list[tuple[Value, ...]]]:
    """The neurons that share their inputs, in the order of computation."""
    layers: dict[tuple[object, ...], list[tuple[Value, ...]]] = {}
    for ws, nodes in neurons.items():
        inputs = nodes[0].operands[len(ws) : -1]
        layers.setdefault((len(ws), *(x if isinstance(x, Value) else float(x) for x in inputs)), []).append(ws)
    return list(layers.values())


def _activation(dot: Value, users: dict[Value, list[Value]]) -> list[Value]:
    """The function of one operand that is applied to this node, if that is its only use."""
    after = users.get(dot, [])
    op = after[0].op if len(after) == 1 else None
    if op is None or op.nary or after[0].parents != (dot,) or op.name in ("neg", "pos"):
        return []
    return after if len(op.derivatives) - len(op.defaults) == 1 else []  # type: ignore[arg-type]


def _name(
    found: Levels,
    at: tuple[int, int],
    ws: Sequence[Value],
    nodes: Sequence[Value],
    users: dict[Value, list[Value]],
    apart: bool,
) -> None:
    """Name the nodes of a neuron; `apart` says that places of two digits are kept apart by a comma."""
    layer, place = raised(at[0]), lowered(at[1])
    for k, w in enumerate(ws, 1):
        found.name.setdefault(w, f"W{layer}{place}{',' * apart}{lowered(k)}")
    bias = nodes[0].operands[-1]
    if isinstance(bias, Value) and bias.op is None:
        found.name.setdefault(bias, f"b{layer}{place}")
    if len(nodes) == 1:  # of several samples, the names would be alike
        found.name[nodes[0]] = f"z{layer}{place}"
        for activation in _activation(nodes[0], users):
            found.name[activation] = f"a{layer}{place}"


def _add(found: Levels, region: Region, nodes: Sequence[Value]) -> int:
    found.regions.append(region)
    for node in nodes:
        found.region[node] = len(found.regions) - 1
    return len(found.regions) - 1


def _add_leaves(
    found: Levels, at: int, leaves: Sequence[Value], users: dict[Value, list[Value]], nodes: Sequence[Value]
) -> None:
    """Put into a region the leaves that serve nothing outside it."""
    inside = set(nodes)
    for leaf in leaves:
        if leaf not in found.region and inside.issuperset(users[leaf]):
            found.region[leaf] = at


def _feeds(leaf: Value, users: dict[Value, list[Value]], found: Levels) -> bool:
    return all(user in found.region for user in users.get(leaf, ()))


def _after(order: Sequence[Value], found: Levels) -> list[Value]:
    """What is computed from the last layers and feeds no other: the loss, with the targets."""
    feeding: set[Value] = set()
    for node in reversed(order):
        if node in found.region or node in feeding:
            feeding.update(node.parents)
    return [node for node in order if node not in found.region and node not in feeding]
