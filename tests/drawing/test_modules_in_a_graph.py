"""Which nodes belong to which module: of `nn`, of micrograd's style, and of one's own."""

from __future__ import annotations

import random
from typing import Any

import pytest

import nn
from autograd import Value, topological_order, total
from autograd.structure.levels import levels
from autograd.structure.modules import modules


class Neuron:
    """micrograd's, one node an operation."""

    def __init__(self, nin: int) -> None:
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(0.0)

    def __call__(self, x: list[Any]) -> Value:
        return sum((w * v for w, v in zip(self.w, x, strict=True)), self.b).tanh()

    def parameters(self) -> list[Value]:
        return [*self.w, self.b]


class Layer:
    def __init__(self, nin: int, nout: int) -> None:
        self.neurons = [Neuron(nin) for _ in range(nout)]

    def __call__(self, x: list[Any]) -> list[Value]:
        return [neuron(x) for neuron in self.neurons]

    def parameters(self) -> list[Value]:
        return [p for neuron in self.neurons for p in neuron.parameters()]


class Net:
    def __init__(self) -> None:
        self.layers = {"hidden": Layer(2, 3), "out": Layer(3, 1)}

    def __call__(self, x: list[Any]) -> Value:
        return self.layers["out"](self.layers["hidden"](x))[0]

    def parameters(self) -> list[Value]:
        return [p for layer in self.layers.values() for p in layer.parameters()]


def members(model: Any, root: Value) -> dict[str, int]:
    """How many nodes each group holds directly."""
    order = topological_order(root)
    found = modules(model, order)
    count = {group.name: 0 for group in found.regions}
    for at in found.region.values():
        count[found.regions[at].name] += 1
    return count


def test_a_neuron_of_nn_holds_its_parameters_its_dot_and_its_activation() -> None:
    model = nn.MLP(2, [3, 1], activation="tanh", output="sigmoid", seed=0)
    loss = nn.half_squared_error(model([Value(0.5), Value(1.0)]), 1.0)
    count = members(model, loss)
    assert {name: n for name, n in count.items() if n} == {
        **{f"neuron 1.{i}": 2 + 1 + 2 for i in (1, 2, 3)},
        "neuron 2.1": 3 + 1 + 2,
    }
    assert len(topological_order(loss)) - sum(count.values()) == 2 + 3, "two inputs, and the loss: sub, dot, mul"


def test_a_neuron_in_micrograds_style_holds_its_products_sums_and_activation() -> None:
    model = Net()
    root = (model([Value(0.5), Value(1.0)]) - 1.0) ** 2
    count = members(model, root)
    assert [count[f"layers.hidden.neurons.{i}"] for i in range(3)] == [3 + 2 + 2 + 1] * 3
    assert count["layers.out.neurons.0"] == 4 + 3 + 3 + 1
    assert count["Net"] == count["layers.hidden"] == 0


def test_an_activation_of_several_nodes_between_layers_stays_in_its_neuron() -> None:
    model = nn.MLP(2, [2, 1], activation=lambda z: z * z.sigmoid() + 0.1 * z, seed=0)
    count = members(model, model([1.0, 2.0]))
    assert count["neuron 1.1"] == 3 + 1 + 4  # sigmoid, two products, a sum


def test_what_comes_after_the_activation_of_the_last_layer_is_not_the_models() -> None:
    model = nn.MLP(2, [1], output="sigmoid", seed=0)
    p = model([1.0, 2.0])
    loss = -p.log()
    found = modules(model, topological_order(loss))
    assert p in found.region
    assert loss not in found.region
    assert loss.parents[0] not in found.region


def test_a_penalty_on_all_weights_is_the_whole_models() -> None:
    model = nn.MLP(2, [2, 1], seed=0)
    loss = model([1.0, 2.0]) + total(model.parameters())
    order = topological_order(loss)
    found = modules(model, order)
    penalty = next(node for node in order if node.op is not None and node.op.name == "total")
    assert found.regions[found.region[penalty]].name == "MLP"


def test_parameters_of_neurons_are_called_as_without_the_model() -> None:
    model = nn.MLP(2, [12, 1], seed=0)
    order = topological_order(model([1.0, 2.0]))
    first, last = model.layers
    name = modules(model, order).name
    assert [name[w] for w in first.neurons[11].parameters()] == ["W¹₁₂,₁", "W¹₁₂,₂", "b¹₁₂"]
    assert [name[w] for w in last.parameters()][::11] == ["W²₁,₁", "W²₁,₁₂"]
    assert all(name[p] == levels(order).name[p] for p in model.parameters())


def test_several_samples_share_the_modules() -> None:
    model = Net()
    one, two = members(model, model([1.0, 2.0])), members(model, total([model([1.0, 2.0]), model([3.0, 4.0])]))
    parameters = {"layers.hidden.neurons.0": 3, "layers.out.neurons.0": 4}
    for name, n in parameters.items():
        assert two[name] - n == 2 * (one[name] - n)


def test_a_module_that_refers_to_its_parent_or_itself_is_met_once() -> None:
    model: Any = Net()
    model.me = model
    model.layers["hidden"].parent = model
    assert len(modules(model, topological_order(model([1.0, 2.0]))).regions) == 1 + 2 + 4


def test_parameters_are_called_by_what_tells_them_apart_and_a_mapping_names_them() -> None:
    model = Net()
    order = topological_order(model([1.0, 2.0]))
    name = modules(model, order).name
    assert name[model.layers["out"].neurons[0].w[1]] == "out.neurons.0.w[1]"
    assert name[model.layers["hidden"].neurons[1].w[1]] == "neurons.1.w[1]", "no other layer has a second neuron"
    assert len(set(name.values())) == len(model.parameters())
    w = Value(1.0)
    assert modules({"w": w}, topological_order(w * 2)).name == {w: "w"}


def test_something_without_parameters_is_refused() -> None:
    with pytest.raises(TypeError, match="an object with parameters"):
        modules(3, [])
