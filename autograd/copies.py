"""Copies of a graph: `copy.copy`, `copy.deepcopy` and `pickle`, for graphs of any depth.

Python copies an object by copying what it refers to, which for a chain of a thousand nodes is a recursion
of a thousand calls. Here nodes are copied in topological order instead, so that the operands of each
are there already: a chain of a million nodes is fine.

* `deep` copies what a root was computed from, into the memo of `copy.deepcopy`.
* `reduced` tells `pickle` what a node is. A leaf is its number; any other node is "number i of that `Graph`",
  and the `Graph` is the flat list of what the first such node was computed from.

What is shared stays shared: two roots over one leaf become two roots over one leaf. Copies get numbers
of creation of their own, in the order of their originals.

>>> import pickle
>>> x = Value(3.0)
>>> a, b = pickle.loads(pickle.dumps([x * x, x + 1]))
>>> a.parents[0] is b.parents[0]
True
"""

from __future__ import annotations

from _operator import (  # the part of operator that is written in C: half a millisecond less to import
    attrgetter,
    getitem,
)
from _thread import _local as local  # what threading.local is, without importing threading
from _weakref import ref  # what weakref.ref is, likewise
from types import MemberDescriptorType

from autograd.collector import collector_paused
from autograd.recording import current_tracer
from autograd.value import NOT_YET, Value, new, next_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Graph", "deep", "reduced", "shallow"]

_creation = attrgetter("_n")


def shallow(node: Value) -> Value:
    """`copy.copy`: another node with the same operands."""
    _refuse_in_trace(node)
    return _twin(node, lambda x: x)


@collector_paused()
def deep(root: Value, memo: dict[int, Any]) -> Value:
    """`copy.deepcopy`: copies of all that `root` was computed from, except what the memo has already."""
    _refuse_in_trace(root)
    gradients = []
    for node in _needed(root, memo):
        copied = memo[id(node)] = _twin(node, lambda x: memo[id(x)])
        if isinstance(node._grad, Value):
            gradients.append((copied, node._grad))
    for copied, gradient in gradients:  # it was made after its node, perhaps from it
        copied._grad = memo[id(gradient)]
    return memo[id(root)]  # type: ignore[no-any-return]


def _refuse_in_trace(node: Value) -> None:
    tracer = current_tracer()
    if tracer is not None:
        tracer.copied(node)


def _needed(root: Value, known: Any) -> list[Value]:
    """What root and its gradient were computed from, in order, without the nodes whose id is known."""
    seen = {id(root)}
    found = [root]
    for node in found:
        gradient = node._grad
        for x in node.operands if type(gradient) is float else (*node.operands, gradient):
            if isinstance(x, Value) and id(x) not in seen and id(x) not in known:
                seen.add(id(x))
                found.append(x)
    found.sort(key=_creation)
    return found


def _twin(node: Value, of: Any) -> Value:
    """A node like this one, made from what `of` gives for its operands."""
    y: Value = new(type(node))
    y.data, y._grad, y.label, y.op = node.data, node._grad, node.label, node.op
    y._n = next_number()
    y._a, y._da, y._b, y._db = node._a, node._da, node._b, node._db
    if node._a is not None:
        y._a = of(node._a)
        if isinstance(node._b, Value):
            y._b = of(node._b)
    else:
        y._da = tuple([of(x) if isinstance(x, Value) else x for x in node._da])
        y._b = y._da if node._b is node._da else tuple([of(x) for x in node._b])
    if type(node) is not Value:
        _give(y, _own(node))
    return y


def _own(node: Value) -> dict[str, Any]:
    """What a subclass keeps in a node beside what every `Value` has: in its dictionary, and in slots of its own."""
    kinds = type(node).__mro__[: type(node).__mro__.index(Value)]
    slots = [name for kind in kinds for name, x in vars(kind).items() if isinstance(x, MemberDescriptorType)]
    return {**getattr(node, "__dict__", {}), **{name: getattr(node, name) for name in slots if hasattr(node, name)}}


def _give(node: Value, own: dict[str, Any]) -> None:
    for name, x in own.items():
        object.__setattr__(node, name, x)


# ── pickles ───────────────────────────────────────────────────────────────────────────────────


class _Here(local):
    """By the id of a node, the graph that this thread is pickling it in; the pickler keeps that until it is done."""

    def __init__(self) -> None:
        self.graphs: dict[int, ref[Graph]] = {}


_here = _Here()


class Graph:
    """Nodes that are pickled together, as flat lists.

    Attributes:
        nodes: in topological order: all that a root was computed from, but for plain leaves, which are
            pickled by themselves, and nodes of graphs that the same pickle has already.
        place: the number of each node, by its id.
    """

    def __init__(self, root: Value) -> None:
        graphs = _here.graphs
        self.nodes = [node for node in _needed(root, graphs) if not _is_plain_leaf(node)]
        self.place = {id(node): i for i, node in enumerate(self.nodes)}
        ids = list(self.place)

        def forget(this: ref[Graph]) -> None:
            for i in ids:
                if graphs.get(i) is this:
                    del graphs[i]

        graphs.update(dict.fromkeys(ids, ref(self, forget)))

    @collector_paused()
    def __reduce__(self) -> tuple[Any, ...]:
        outside: list[Value] = []
        at: dict[int, int] = {}  # the number of a node outside is −1, −2, …

        def number(x: Value) -> int:
            i = self.place.get(id(x))
            if i is None:
                i = at.get(id(x))
                if i is None:
                    outside.append(x)
                    i = at[id(x)] = -len(outside)
            return i

        rows: list[tuple[Any, ...]] = []
        gradients: dict[int, int] = {}
        classes: dict[int, Any] = {}
        for i, node in enumerate(self.nodes):
            gradient = node._grad
            if isinstance(gradient, Value):
                gradients[i] = number(gradient)
                gradient = 0.0
            row = (node.op, node.data, None if gradient is NOT_YET else gradient, node.label)
            a, b = node._a, node._b
            if a is not None:
                if isinstance(b, Value):
                    rows.append((*row, node._da, node._db, number(a), number(b)))
                else:
                    rows.append((*row, node._da, node._db, number(a), None, b))
            else:
                operands = tuple([number(x) if isinstance(x, Value) else None for x in node._da])
                numbers = tuple([x for x in node._da if not isinstance(x, Value)])
                flows = None if b is node._da else tuple([number(x) for x in b])
                rows.append((*row, None, node._db, operands, numbers, flows))
            if type(node) is not Value:
                classes[i] = (type(node), _own(node))
        return _graph, (outside, rows, gradients, classes)


@collector_paused()
def _graph(
    outside: list[Value],
    rows: list[tuple[Any, ...]],
    gradients: dict[int, int],
    classes: dict[int, Any],
) -> list[Value]:
    """The nodes of a pickled `Graph`."""
    outside = outside[::-1]
    nodes: list[Value] = []

    def numbered(i: int) -> Value:
        return nodes[i] if i >= 0 else outside[i]

    for i, (op, data, gradient, label, da, db, operands, *rest) in enumerate(rows):
        kind, attributes = classes.get(i, (Value, None))
        y: Value = new(kind)
        y.op, y.data, y._grad, y.label = op, data, NOT_YET if gradient is None else gradient, label
        y._n = next_number()
        y._da, y._db = da, db
        if type(operands) is int:
            y._a = numbered(operands)
            y._b = numbered(rest[0]) if rest[0] is not None else rest[1]
        else:
            y._a = None
            numbers = iter(rest[0])
            y._da = tuple([next(numbers) if x is None else numbered(x) for x in operands])
            y._b = y._da if rest[1] is None else tuple([numbered(x) for x in rest[1]])
        if attributes:
            _give(y, attributes)
        nodes.append(y)
    for i, gradient in gradients.items():
        nodes[i]._grad = numbered(gradient)
    return nodes


def _is_plain_leaf(node: Value) -> bool:
    return node.op is None and not isinstance(node._grad, Value)


def _leaf(data: float, gradient: Any, label: str, db: Any = "", kind: type[Value] = Value) -> Value:
    """A pickled leaf."""
    x: Value = new(kind)
    x.op, x.data, x._grad, x.label = None, data, NOT_YET if gradient is None else gradient, label
    x._n = next_number()
    x._a, x._da, x._b, x._db = None, (), (), db
    return x


def reduced(node: Value) -> tuple[Any, ...]:
    """What `pickle` is to write for a node."""
    _refuse_in_trace(node)
    if _is_plain_leaf(node):
        leaf = (node.data, None if node._grad is NOT_YET else node._grad, node.label)
        if type(node) is not Value:
            return _leaf, (*leaf, node._db, type(node)), (None, own) if (own := _own(node)) else None
        return _leaf, (*leaf, node._db) if node._db != "" else leaf
    here = _here.graphs.get(id(node))
    graph = here() if here is not None else None
    if graph is None:
        graph = Graph(node)
    return getitem, (graph, graph.place[id(node)])


def _reduce_ex(node: Value, protocol: object) -> tuple[Any, ...]:
    return reduced(node)


for _name, _function in {"__copy__": shallow, "__deepcopy__": deep, "__reduce_ex__": _reduce_ex}.items():
    setattr(Value, _name, _function)
