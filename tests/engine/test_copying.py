"""Copies and pickles of graphs and networks compute, and differentiate, as the originals do."""

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import nn
from autograd import Value, dot, maximum, sigmoid, sin, topological_order

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
