"""A node is called by one name wherever it is shown: in a picture, an explanation, a page and its list."""

from __future__ import annotations

import random

import pytest

import nn
from autograd import Value, explain, sin, tanh, topological_order, total
from autograd.formulas.terms import Name
from autograd.structure.names import names_of
from autograd.viz.page.tape import tape
from autograd.viz.picture.composer import picture


def of_random_operations(seed: int) -> Value:
    choose = random.Random(seed)
    nodes = [Value(choose.uniform(0.5, 1.5), label="x" if k == 2 else "") for k in range(4)]
    for k in range(20):
        f = choose.choice([sin, tanh, Value.exp, lambda a: a * a])
        nodes.append(tanh(f(choose.choice(nodes)) * choose.choice(nodes)))
        nodes[-1].label = choose.choice(["", "", "", "h", f"v{k}"])
    return total(nodes[-3:])


def of_a_network(seed: int) -> Value:
    model = nn.MLP(2, [3, 2], activation="tanh", seed=seed)
    return nn.squared_error(model([0.5, -1.0]), [0.0, 1.0])


GRAPHS = [make(seed) for make in (of_random_operations, of_a_network) for seed in range(10)]


@pytest.mark.parametrize("root", GRAPHS)
def test_a_node_has_one_name_wherever_it_is_shown(root: Value) -> None:
    order = topological_order(root)
    names = names_of(order)
    assert len(set(names.values())) == len(order)
    assert tape(root)["name"] == [names[node] for node in order]
    for box in picture(root, max_nodes=1000).boxes:
        node = order[box.index]  # type: ignore[union-attr]
        # the others are numbers and short expressions, which say themselves what they are
        assert box.title == names[node] or (box.title not in names.values() and not node.label)
    for wrt in order[:: len(order) // 4]:
        named = explain(root, wrt=wrt).names.nodes
        assert all(name.name == names[node] for name, node in named.items() if node is not wrt)
        assert named.get(Name(names[wrt]), wrt) is wrt


def test_a_label_that_looks_like_a_numbered_one_is_no_other_name() -> None:
    a, b, c = Value(1.0, label="w"), Value(2.0, label="w"), Value(3.0, label="w⁽¹⁾")
    order = topological_order(a * b * c)
    assert set(names_of(order).values()) == {"v1", "w⁽¹⁾", "w⁽²⁾", "w⁽³⁾", "y"}
