"""Copies and pickles of graphs and networks compute, and differentiate, as the originals do."""

import copy
import gc
import io
import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import nn
from autograd import Value, dot, maximum, sigmoid, sin, topological_order
from autograd.value import NOT_YET

COPIES = [
    copy.deepcopy,
    *(lambda x, p=p: pickle.loads(pickle.dumps(x, p)) for p in range(2, pickle.HIGHEST_PROTOCOL + 1)),
]
NAMES = ["deepcopy", *(f"pickle {p}" for p in range(2, pickle.HIGHEST_PROTOCOL + 1))]
copies = pytest.mark.parametrize("duplicate", COPIES, ids=NAMES)


@copies
def test_of_a_graph_have_the_same_gradients_and_leave_the_original_alone(duplicate: Callable[[Any], Any]) -> None:
    x, w = Value(0.5, label="x"), Value(-1.5, label="w")
    y = sin(x * w) + maximum(x, w) / dot([x, w], [w, 2.0], x)
    x2, w2, y2 = duplicate((x, w, y))
    assert (x2.label, w2.label, y2.data) == ("x", "w", y.data)
    assert x2 is not x
    assert [n.op for n in topological_order(y2)] == [n.op for n in topological_order(y)]
    y2.backward()
    assert x.grad == w.grad == 0.0
    y.backward()
    assert (x2.grad, w2.grad) == (x.grad, w.grad)


@copies
def test_go_on_being_computed_with(duplicate: Callable[[Any], Any]) -> None:
    x = Value(2.0)
    y = x * x
    x2, y2 = duplicate((x, y))
    z = y2 * x2 + y2  # x³ + x²
    z.backward()
    assert x2.grad == 3 * 2**2 + 2 * 2


@copies
def test_of_gradients_that_are_values_can_be_differentiated(duplicate: Callable[[Any], Any]) -> None:
    """The copy of a node brings its gradient along, which was made after it: the order must survive."""
    x = Value(2.0)
    square = x * x
    y = square * square
    y.backward(create_graph=True)
    x2, square2 = duplicate((x, square, y))[:2]
    gradient = square2.grad  # ∂y/∂(x²) = 2x², and its derivative 4x
    assert gradient.data == 8.0
    gradient.zero_grad()
    gradient.backward()
    assert x2.grad == 8.0


@copies
def test_of_a_node_made_by_hand(duplicate: Callable[[Any], Any]) -> None:
    a, b = Value(1.0), Value(2.0)
    node = duplicate(Value(3.0, _children=(a, b), _op="my op"))
    assert node._op == "my op"
    assert sorted(v.data for v in node._prev) == [1.0, 2.0]


@copies
@pytest.mark.parametrize("activation", ["relu", "tanh", "leaky_relu", sigmoid])
def test_of_a_network_predict_the_same_and_train_apart(duplicate: Callable[[Any], Any], activation: Any) -> None:
    model = nn.MLP(2, [3, 1], activation=activation, seed=0)
    twin = duplicate(model)
    assert twin.state_dict() == model.state_dict()
    y = twin([0.3, -0.4])
    assert y.data == model([0.3, -0.4]).data
    y.backward()
    assert any(p.grad for p in twin.parameters())
    assert not any(p.grad for p in model.parameters())


def test_of_an_optimiser_with_its_network_step_that_network() -> None:
    model = nn.MLP(2, [1], seed=0)
    optimiser = nn.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model2, optimiser2 = copy.deepcopy((model, optimiser))
    assert all(a is b for a, b in zip(optimiser2.parameters, model2.parameters(), strict=True))


def test_of_another_process_are_older_than_what_is_computed_here(tmp_path: Any) -> None:
    """A process that has made many nodes hands a graph to one that has made few."""
    file = tmp_path / "graph.pickle"
    begin = f"import pickle; from autograd import Value, topological_order; file = {str(file)!r}\n"
    many = "junk = [Value(0.0) for _ in range(1000)]; x = Value(2.0); pickle.dump((x, x * x), open(file, 'wb'))"
    few = "x, y = pickle.load(open(file, 'rb')); z = y * x; z.backward(); print(x.grad, topological_order(z)[2] is z)"
    for program in (many, few):
        run = subprocess.run([sys.executable, "-c", begin + program], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["12.0", "True"]


MILLION = 1_000_000


@pytest.fixture(scope="module")
def long_chain() -> tuple[Value, Value]:
    """y = x + Σ 2⁻²⁰ …: a million nodes in a row, under the recursion limit that everybody has."""
    x = Value(0.5)
    y = x
    for i in range(MILLION):
        y = y + 1.0 if i % 2 else -y
    return x, y


@pytest.mark.parametrize("duplicate", [COPIES[0], COPIES[-1]], ids=[NAMES[0], NAMES[-1]])
def test_of_a_million_nodes_in_a_row(duplicate: Callable[[Any], Any], long_chain: tuple[Value, Value]) -> None:
    assert sys.getrecursionlimit() < MILLION
    x, y = long_chain
    x2, y2 = duplicate((x, y))
    y2.backward()
    assert (y2.data, x2.grad, x.grad) == (y.data, 1.0, 0.0)  # −1 to an even power


@copies
@pytest.mark.parametrize("order", [list, reversed], ids=["forwards", "backwards"])
def test_of_a_list_of_nodes_share_what_the_originals_share(duplicate: Callable[[Any], Any], order: Any) -> None:
    """Every pair of nodes is related in the copy as in the original, whatever comes first; in linear time."""
    w = [Value(float(i)) for i in range(5)]
    nodes = [dot(w, w, w[0]), w[1] * w[2], w[3] + 2, 2 - w[3], maximum(w[3], w[4])]
    for i in range(5000):
        nodes.append(nodes[-1] * 0.5 + nodes[i] if i % 3 else -nodes[-1])
    given = list(order([*w, *nodes]))
    copied = duplicate(given)
    place = {id(v): i for i, v in enumerate(given)}
    place2 = {id(v): i for i, v in enumerate(copied)}
    assert len(place2) == len(given)
    for v, v2 in zip(given, copied, strict=True):
        shape = [place.get(id(x), "between" if isinstance(x, Value) else x) for x in v.operands]
        assert [place2.get(id(x), "between" if isinstance(x, Value) else x) for x in v2.operands] == shape
        assert (v2.op, v2.data) == (v.op, v.data)
    nodes[-1].backward()
    copied[given.index(nodes[-1])].backward()
    assert [v.grad for v in copied] == [v.grad for v in given]


@copies
def test_of_two_losses_share_their_parameters(duplicate: Callable[[Any], Any]) -> None:
    model = nn.MLP(2, [2, 1], seed=0)
    losses = [model([1.0, 2.0]), model([0.5, -1.0])]
    model2, losses2 = duplicate((model, losses))
    mine = {id(p) for p in model2.parameters()}
    for loss in losses2:
        assert sum(id(v) in mine for v in topological_order(loss)) == len(mine)
        loss.backward()
    assert any(p.grad for p in model2.parameters())
    assert not any(p.grad for p in model.parameters())


@copies
def test_keep_gradients_labels_and_that_there_is_no_gradient_yet(duplicate: Callable[[Any], Any]) -> None:
    x, y = Value(3.0, label="x"), Value(2.0, _op="Operation")
    x.grad = -1.5
    fresh, done = x * y, x - y
    done.backward()
    done.label = "done"
    leaf = Value(1.0)
    leaf.grad = fresh.grad
    x2, y2, fresh2, done2, leaf2 = duplicate((x, y, fresh, done, leaf))
    assert leaf2.grad is NOT_YET
    assert (x2.label, x2.grad, y2.grad, y2._op) == ("x", -0.5, -1.0, "Operation")
    assert fresh2.grad is NOT_YET
    assert done2.grad is not NOT_YET
    assert (done2.label, done2.grad) == ("done", 1.0)
    assert y2.grad is not NOT_YET


@copies
@pytest.mark.parametrize("collecting", [True, False])
def test_leave_the_collector_of_garbage_as_it_was(duplicate: Callable[[Any], Any], collecting: bool) -> None:
    x = Value(3.0)
    before = gc.isenabled()
    (gc.enable if collecting else gc.disable)()
    try:
        duplicate(x * x)
        assert gc.isenabled() is collecting
    finally:
        (gc.enable if before else gc.disable)()


@copies
def test_keep_the_nodes_that_have_no_derivative(duplicate: Callable[[Any], Any]) -> None:
    x = Value(0.0)
    with pytest.raises(ZeroDivisionError, match="the gradient of sqrt") as first:
        x.sqrt().backward()
    with pytest.raises(ZeroDivisionError, match="the gradient of sqrt") as second:
        duplicate(x.sqrt()).backward()
    assert str(first.value) == str(second.value)


@copies
def test_of_cycles_through_gradients(duplicate: Callable[[Any], Any]) -> None:
    """The gradient of a leaf may be computed from the leaf, and have a gradient itself."""
    x = Value(2.0)
    y = x * x * x
    y.backward(create_graph=True)
    first = x.grad  # 3x²
    first.backward(create_graph=True)  # its own graph goes through x; adds 6x to x.grad
    x2, first2 = duplicate((x, first))
    assert x2.grad.data == x.grad.data == 12.0 + 12.0
    assert x2 in topological_order(x2.grad)
    third = x2.grad
    x2.grad = None
    third.backward()
    assert x2.grad == 6 * 2.0 + 6  # d/dx (3x² + 6x)
    assert first2.data == 12.0


@copies
def test_are_made_in_the_order_of_their_originals_and_before_what_comes_next(duplicate: Callable[[Any], Any]) -> None:
    a = Value(1.0)
    b = a + 1
    c = b * a
    twin = duplicate(c)
    before = Value(0.0)
    order = topological_order(twin)
    assert [v.data for v in order] == [v.data for v in topological_order(c)]
    assert [v._n for v in order] == sorted({v._n for v in order})
    assert order[-1]._n < before._n < (twin + 1)._n


def test_a_shallow_copy_is_another_node_of_the_same_operands() -> None:
    x = Value(3.0, label="x")
    y = x * x
    twin = copy.copy(y)
    assert twin is not y
    assert twin.parents == y.parents
    (twin + y).backward()
    assert x.grad == 12.0
    assert copy.copy(x).label == "x"


class Weight(Value):
    """A `Value` of somebody who needs to know more about it."""

    def __init__(self, data: float, row: int) -> None:
        super().__init__(data)
        self.row = row


@copies
def test_of_a_subclass_keep_what_it_adds(duplicate: Callable[[Any], Any]) -> None:
    w = Weight(2.0, row=3)
    w2, y2 = duplicate((w, w * w))
    assert (type(w2), w2.row, w2.data) == (Weight, 3, 2.0)
    assert y2.parents == (w2, w2)


def test_nothing_is_left_of_a_pickle_that_is_done_or_failed() -> None:
    from autograd.copies import _here

    x = Value(1.0)
    y = x * x + 1
    pickle.dumps([y, x])
    with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
        pickle.dumps([y, lambda: None])
    assert not _here.graphs


def test_a_pickle_says_the_numbers_of_now() -> None:
    """Also where a pickler still remembers an earlier one."""
    file = io.BytesIO()
    pickler = pickle.Pickler(file)
    w = Value(1.0)
    y = w * 2
    pickler.dump(y)
    w.data, y.data = 5.0, 10.0
    assert pickle.loads(pickle.dumps(y)).data == 10.0


def test_threads_pickle_one_graph_at_once() -> None:
    x = Value(1.0)
    y = x
    for _ in range(3000):
        y = y + x
    with ThreadPoolExecutor(4) as pool:
        twins = list(pool.map(lambda _: pickle.loads(pickle.dumps((x, y))), range(8)))
    for x2, y2 in twins:
        y2.backward()
        assert x2.grad == 3001.0


class Slotted(Value):
    __slots__ = ("__private", "note", "unset")

    def __init__(self, data: float, note: str) -> None:
        super().__init__(data)
        self.note = note
        self.__private = note.upper()

    def private(self) -> str:
        return self.__private


class Both(Slotted):
    """With a dictionary as well."""


@pytest.mark.parametrize("kind", [Slotted, Both])
@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_subclass_with_slots_keeps_what_is_in_them(kind: type[Slotted], again: Any) -> None:
    leaf = kind(2.0, "a weight")
    if kind is Both:
        leaf.more = [1]  # type: ignore[attr-defined]
    node = leaf * 3
    graph = again([node, leaf]) if again is not copy.copy else [node, copy.copy(leaf)]
    for found in (again(leaf), graph[1]):
        assert type(found) is kind
        assert (found.data, found.note, found.private(), hasattr(found, "unset")) == (
            2.0,
            "a weight",
            "A WEIGHT",
            False,
        )
        assert kind is Slotted or found.more == [1]


@pytest.mark.parametrize("kind", [Slotted, Both])
@pytest.mark.parametrize("again", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_node_of_a_subclass_inside_a_graph_keeps_its_class_what_is_in_it_and_the_copied_operands(
    kind: type[Slotted], again: Any
) -> None:
    x = Value(3.0)
    product = x * x
    node = kind(0.0, "a node")
    for slot in ("data", "op", "_a", "_da", "_b", "_db"):  # as if it had been computed
        setattr(node, slot, getattr(product, slot))
    if kind is Both:
        node.more = [1]  # type: ignore[attr-defined]
    y = node + 1
    x2, node2, y2 = again((x, node, y))
    assert (type(node2), node2.note, node2.private(), y2.parents[0]) == (kind, "a node", "A NODE", node2)
    assert kind is Slotted or node2.more == [1]
    y2.backward()
    assert (node2.parents, x2.grad, x.grad) == ((x2, x2), 6.0, 0.0)
    assert [v.data for v in topological_order(y2)] == [3.0, 9.0, 10.0]
