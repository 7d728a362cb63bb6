"""Code written for micrograd runs after changing its imports, and gives what micrograd gives.

The reference numbers are micrograd's own (`references/make_micrograd.py`, whose functions run here again).
"""

import json
import math
import random
from pathlib import Path
from typing import Any

import pytest
from references import make_micrograd

import nn
from autograd import Value

MICROGRAD = json.loads(Path(make_micrograd.__file__).with_name("micrograd.json").read_text())


def test_the_example_of_its_readme() -> None:
    assert make_micrograd.readme(Value) == pytest.approx(MICROGRAD["readme"], rel=1e-14)  # the order of sums differs


@pytest.mark.parametrize("case", range(len(make_micrograd.INITIAL)))
def test_a_new_network_draws_the_same_weights_from_the_global_generator(case: int) -> None:
    assert make_micrograd.initial(nn.MLP, *make_micrograd.INITIAL[case]) == MICROGRAD["initial"][case]


def test_a_network_with_a_seed_leaves_the_global_generator_alone() -> None:
    random.seed(0)
    before = random.getstate()
    nn.MLP(3, [2, 1], seed=5)
    assert random.getstate() == before


def test_its_demo_trains_in_the_same_way() -> None:
    found = make_micrograd.demo(Value, nn.MLP, make_micrograd.STEPS)
    expected = MICROGRAD["demo"]
    assert found["repr"] == expected["repr"]
    assert found["accuracy"] == expected["accuracy"]
    # sums of products may round differently in the last bit, and ten steps with a rate near 1 make that grow
    assert found["loss"] == pytest.approx(expected["loss"], rel=1e-9)
    assert found["parameters"] == pytest.approx(expected["parameters"], rel=1e-9)


def test_neuron_and_layer_have_its_signatures() -> None:
    random.seed(3)
    linear = nn.Neuron(2, nonlin=False)
    assert repr(linear) == "LinearNeuron(2)"
    assert repr(nn.Neuron(2)) == "ReLUNeuron(2)"
    assert linear([1.0, 2.0]).data == linear.w[0].data + 2 * linear.w[1].data
    layer = nn.Layer(2, 3, nonlin=False)
    assert [type(y) for y in layer([1.0, 2.0])] == [Value] * 3
    assert type(nn.Layer(2, 1)([1.0, 2.0])) is Value
    assert len(layer.parameters()) == 9


# ── the lecture ("The spelled-out intro to neural networks and backpropagation") ──────────────


def test_the_neuron_of_the_lecture() -> None:
    x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
    w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
    b = Value(6.8813735870195432, label="b")
    x1w1 = x1 * w1
    x1w1.label = "x1*w1"
    x2w2 = x2 * w2
    n = x1w1 + x2w2 + b
    e = (2 * n).exp()
    for o in (n.tanh(), (e - 1) / (e + 1)):
        for leaf in (x1, x2, w1, w2):
            leaf.grad = 0.0
        o.backward()
        # as printed in the lecture: tanh(n) = 1/√2, so 1 − tanh² = 1/2 (b is given to 16 digits; n cancels one of them)
        assert o.data == pytest.approx(math.sqrt(0.5), rel=1e-14)
        assert [x1.grad, w1.grad, x2.grad, w2.grad] == pytest.approx([-1.5, 1.0, 0.5, 0.0], rel=1e-14)


def trace(root: Value) -> tuple[set[Any], set[Any]]:
    """The lecture's, unchanged."""
    nodes, edges = set(), set()

    def build(v: Any) -> None:
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)

    build(root)
    return nodes, edges


def draw_dot(root: Value) -> Any:
    """The lecture's, unchanged."""
    from graphviz import Digraph

    dot = Digraph(format="svg", graph_attr={"rankdir": "LR"})  # LR = left to right

    nodes, edges = trace(root)
    for n in nodes:
        uid = str(id(n))
        # for any value in the graph, create a rectangular ('record') node for it
        dot.node(name=uid, label="{ %s | data %.4f | grad %.4f }" % (n.label, n.data, n.grad), shape="record")  # noqa: UP031
        if n._op:
            # if this value is a result of some operation, create an op node for it
            dot.node(name=uid + n._op, label=n._op)
            # and connect this node to it
            dot.edge(uid + n._op, uid)

    for n1, n2 in edges:
        # connect n1 to the op node of n2
        dot.edge(str(id(n1)), str(id(n2)) + n2._op)

    return dot


def test_the_lectures_drawing_finds_what_it_looks_for() -> None:
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    c = a * b
    c.label = "c"
    d = (c + 10.0).tanh()
    d.backward()
    nodes, edges = trace(d)
    assert len(nodes) == 5, "the 10 is no node"
    assert {(x.label, y.label) for x, y in edges if y is c} == {("a", "c"), ("b", "c")}
    source = draw_dot(d).source
    assert "{ a | data 2.0000 | grad " in source
    assert "{ c | data -6.0000 | grad " in source
    for op in ("*", "+", "tanh"):
        assert f"label={op}]" in source or f'label="{op}"]' in source


@pytest.mark.parametrize(
    ("compute", "op"),
    [
        (lambda x: x, ""),
        (lambda x: x + 1, "+"),
        (lambda x: x * 2, "*"),
        (lambda x: x**2, "**2"),
        (lambda x: x**-1, "**-1"),
        (lambda x: x**0.5, "**0.5"),
        (lambda x: x.relu(), "ReLU"),
        (lambda x: x.tanh(), "tanh"),
        (lambda x: x.exp(), "exp"),
    ],
)
def test_the_string_of_an_operation_is_its(compute: Any, op: str) -> None:
    assert compute(Value(2.0))._op == op


def test_prev_is_a_set_of_the_operands_that_are_nodes() -> None:
    x, y = Value(1.0), Value(2.0)
    assert (x * y)._prev == {x, y}
    assert (x * x)._prev == {x}
    assert (x + 1)._prev == {x}
    assert x._prev == set()


def test_a_node_made_by_hand_can_be_looked_at_and_says_that_it_has_no_derivatives() -> None:
    a, b = Value(1.0, label="a"), Value(2.0, label="b")
    node = Value(3, (a, b), "+")
    assert (node.data, node._prev, node._op, node.parents) == (3.0, {a, b}, "+", (a, b))
    assert Value(3, _children=(a,), label="c").label == "c"
    loss = a * node
    with pytest.raises(RuntimeError, match=r"made by hand, .*without local derivatives"):
        loss.backward()
    assert a.grad == b.grad == node.grad == 0.0
    (node.detach() * a).backward()  # its number can be used
    assert a.grad == node.data


def test_the_scalar_loop_that_sums_from_zero() -> None:
    x = [Value(1.0), Value(2.0)]
    s = sum(x)
    s = sum((xi * xi for xi in x), s)
    s.backward()
    assert s.data == 8.0
    assert [v.grad for v in x] == [3.0, 5.0]


def test_a_leaf_keeps_the_name_of_an_operation_that_it_is_given() -> None:
    leaf = Value(3, _op="Operation")
    assert (leaf._op, leaf.op, leaf.parents) == ("Operation", None, ())
    y = leaf * leaf
    y.backward()
    assert leaf.grad == 6.0
    assert Value(3)._op == Value(3).detach()._op == ""
