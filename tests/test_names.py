"""A node is called by one name wherever it is shown: in a picture, an explanation, a page and its list."""

from __future__ import annotations

import random

import pytest

import nn
from autograd import Value, explain, sin, tanh, topological_order, total
from autograd.formulas.terms import Name
from autograd.structure.names import names_of, places_of
from autograd.viz.page.tape import tape
from autograd.viz.picture.boxes import Node
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


@pytest.mark.parametrize("nouts", [[2, 2], [12, 1]])
def test_with_its_model_a_node_is_called_alike_in_picture_page_and_explanation(nouts: list[int]) -> None:
    model = nn.MLP(2, nouts, activation="tanh", seed=0)
    root = nn.squared_error(model([0.5, -1.0]), [0.0] * nouts[-1])
    order = topological_order(root)
    names = names_of(order, places_of(order, model))
    assert len(set(names.values())) == len(order)
    assert tape(root, model=model)["name"] == [names[node] for node in order]
    titles = [box.title for box in picture(root, model=model, max_nodes=1000).boxes if isinstance(box, Node)]
    assert [title for title in titles if title[0] in "Wb"] == [names[p] for p in order if p in model.parameters()]
    for wrt in model.parameters():
        named = explain(root, wrt=wrt, model=model).names.nodes
        assert all(name.name == names[node] for name, node in named.items())
    weight = model.layers[0].neurons[1].w[0]
    assert names[weight] == ("W¹₂₁" if nouts[0] == 2 else "W¹₂,₁"), "counted from one; row, then column"


def test_a_mapping_names_its_parameters_in_an_explanation() -> None:
    v, x = Value(2.0), Value(3.0, label="x")
    assert str(explain(v * x, wrt=v, model={"speed": v})).startswith("∂y/∂speed = x")
    with pytest.raises(TypeError, match="model is an object with parameters"):
        explain(v * x, wrt=v, model=3)


GRAPHS = [make(seed) for make in (of_random_operations, of_a_network) for seed in range(10)]


@pytest.mark.parametrize("root", GRAPHS)
def test_a_node_has_one_name_wherever_it_is_shown(root: Value) -> None:
    order = topological_order(root)
    names = names_of(order)
    assert len(set(names.values())) == len(order)
    assert tape(root)["name"] == [names[node] for node in order]
    for box in picture(root, max_nodes=1000).boxes:
        if not isinstance(box, Node):  # plain numbers, which have no names
            continue
        node = order[box.index]
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
