"""A module finds its parameters, and its state goes out and in whole or not at all."""

import collections
import copy
import json
import pickle
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Value, maximum, minimum, no_grad


class Custom(nn.Module):
    def __init__(self) -> None:
        self.scale = Value(2.0)
        self.grid = [[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]]
        self.first = nn.Layer(2, 2, seed=0)
        self.rest = (nn.Neuron(2, seed=1), nn.Neuron(2, seed=2))
        self.name = "not a parameter"
        self.tied = self.scale  # the same parameter by another name


def test_parameters_are_found_in_attributes_lists_and_modules_each_once() -> None:
    names = [name for name, _ in Custom().named_parameters()]
    assert names == [
        *("scale", "grid[0][0]", "grid[0][1]", "grid[1][0]", "grid[1][1]"),
        *("first.weight[0][0]", "first.weight[0][1]", "first.bias[0]"),
        *("first.weight[1][0]", "first.weight[1][1]", "first.bias[1]"),
        *("rest.0.w[0]", "rest.0.w[1]", "rest.0.b", "rest.1.w[0]", "rest.1.w[1]", "rest.1.b"),
    ]


class Kept(nn.Module):
    """Parameters in every container, and outputs that it keeps."""

    def __init__(self) -> None:
        self.embedding = {"cat": [Value(1.0), Value(2.0)], "dog": [Value(3.0), Value(4.0)]}
        self.blocks = {"in": nn.Neuron(1, seed=0), "out": [nn.Neuron(1, seed=1), [nn.Dropout(0.5)]]}
        self.grid = np.array([[Value(5.0), Value(6.0)]], dtype=object)
        self.numbers = {1: 2.0, "a": {3, 4}}
        self.scale: dict[str, Any] = {"of": {"all": Value(7.0)}}
        self.last = [Value(8.0) * 2]
        self.outputs = {"last": Value(8.0) + 1}


def test_parameters_are_found_in_dictionaries_and_arrays_and_outputs_are_none() -> None:
    model = Kept()
    assert [name for name, _ in model.named_parameters()] == [
        *("embedding.cat[0]", "embedding.cat[1]", "embedding.dog[0]", "embedding.dog[1]"),
        *("blocks.in.w[0]", "blocks.in.b", "blocks.out.0.w[0]", "blocks.out.0.b"),
        *("grid[0][0]", "grid[0][1]", "scale.of.all"),
    ]
    state = model.state_dict()
    assert state["embedding.dog"] == [3.0, 4.0]
    assert state["grid"] == [[5.0, 6.0]]
    assert state["scale.of.all"] == 7.0
    other = Kept()
    state["embedding.cat"][1] = -2.0
    other.load_state_dict(state)
    assert other.embedding["cat"][1].data == -2.0
    assert other.state_dict() == state


class Odd(nn.Module):
    """Shared parameters, lists with other things in them, dictionaries in lists, outputs without a graph."""

    def __init__(self) -> None:
        a, b, c = Value(1.0), Value(2.0), Value(3.0)
        self.symmetric = [[a, b], [b, c]]
        self.again = [b, Value(4.0)]
        self.some = [None, Value(5.0), 2.0, Value(6.0)]
        self.rows = [{"y": Value(7.0)}, {"y": [Value(8.0), Value(9.0)]}]
        self.ragged = [[Value(10.0)], [Value(11.0), Value(12.0)]]
        self.inner = nn.Layer(1, 1, seed=0)
        with no_grad():
            self.output = [Value(13.0) * 2]
        self.state = (a * 2).detach()


def test_every_state_that_a_module_gives_it_takes() -> None:
    model = Odd()
    state = model.state_dict()
    assert state == {
        "symmetric": [[1.0, 2.0], [2.0, 3.0]],
        "again": [2.0, 4.0],
        "some[1]": 5.0,
        "some[3]": 6.0,
        "rows[0].y": 7.0,
        "rows[1].y": [8.0, 9.0],
        "ragged[0][0]": 10.0,
        "ragged[1][0]": 11.0,
        "ragged[1][1]": 12.0,
        "inner.weight": state["inner.weight"],
        "inner.bias": [0.0],
    }
    other = Odd()
    for p in other.parameters():
        p.data = -1.0
    other.load_state_dict(state)
    assert other.state_dict() == state
    assert len(other.parameters()) == 14
    state["again"][0] = 99.0
    with pytest.raises(ValueError, match=r"again\[0\] is 99.0, and 2.0 in another place of the same parameter"):
        other.load_state_dict(state)


@pytest.mark.parametrize("through", [copy.deepcopy, copy.copy, lambda m: pickle.loads(pickle.dumps(m))])
def test_outputs_without_a_graph_are_no_parameters_of_a_copy_either(through: Any) -> None:
    names = [name for name, _ in Odd().named_parameters()]
    assert [name for name, _ in through(Odd()).named_parameters()] == names
    assert not any(name.startswith(("output", "state")) for name in names)


def test_the_mode_reaches_modules_at_any_depth() -> None:
    model = Kept()
    assert sum(isinstance(module, nn.Dropout) for module in model.modules()) == 1
    assert not any(module.training for module in model.eval().modules())
    assert all(module.training for module in model.train().modules())


def test_parameters_where_they_cannot_be_named_are_refused() -> None:
    for key in (1, "a.b", "a[0]", "a]", ""):
        model = nn.Module()
        model.table = {key: Value(1.0)}  # type: ignore[attr-defined]
        with pytest.raises(ValueError, match="the keys of a dictionary with parameters are names"):
            model.parameters()
    for kind, some in (
        ("set", {Value(1.0)}),
        ("frozenset", frozenset([nn.Neuron(1)])),
        ("dict_values", {"a": Value(1.0)}.values()),
    ):
        model = nn.Module()
        model.some = some  # type: ignore[attr-defined]
        with pytest.raises(TypeError, match=f"some is a {kind}, which has no places"):
            model.parameters()


@pytest.mark.parametrize("kind", [list, tuple, collections.deque, collections.UserList])
def test_parameters_are_found_in_every_sequence(kind: Any) -> None:
    model = nn.Module()
    model.layers = kind([nn.Layer(2, 1, seed=0), Value(3.0), "text", [1, 2]])  # type: ignore[attr-defined]
    names = ["layers.0.weight[0][0]", "layers.0.weight[0][1]", "layers.0.bias[0]", "layers[1]"]
    assert [name for name, _ in model.named_parameters()] == names
    assert len(list(model.modules())) == 3


class PReLU(nn.Module):
    def __init__(self) -> None:
        self.a = Value(0.25)

    def __call__(self, x: Any) -> Any:
        return maximum(x, 0.0) + self.a * minimum(x, 0.0)


def test_an_activation_with_parameters_is_trained_with_the_network() -> None:
    activation = PReLU()
    model = nn.MLP(2, [3, 1], activation=activation, output=activation, seed=0)
    assert [name for name, p in model.named_parameters() if p is activation.a] == ["layers.0.activation.a"]
    assert len(model.parameters()) == 14
    state = model.state_dict()
    assert state["layers.0.activation.a"] == state["layers.1.activation.a"] == 0.25
    model.zero_grad()
    (model([-1.0, -2.0]) ** 2).backward()
    assert activation.a.grad != 0
    nn.SGD(model.parameters(), lr=0.1).step()
    assert activation.a.data != 0.25
    model.zero_grad()
    assert activation.a.grad == 0
    other = nn.MLP(2, [3, 1], activation=PReLU(), output=PReLU(), seed=1)
    other.load_state_dict(model.state_dict())
    assert other.state_dict() == model.state_dict()
    assert activation in list(model.modules())
    neuron = nn.Neuron(1, activation=PReLU(), seed=0)
    assert len(neuron.parameters()) == 3


def test_parameters_are_listed_as_they_are_named() -> None:
    model = Custom()
    assert model.parameters() == [p for _, p in model.named_parameters()]
    assert nn.Module().parameters() == []


def test_names_and_sizes_of_a_network_are_pytorchs() -> None:
    state = nn.MLP(3, [4, 2], seed=0).state_dict()
    sizes = {name: np.shape(tensor) for name, tensor in state.items()}
    assert sizes == {"layers.0.weight": (4, 3), "layers.0.bias": (4,), "layers.1.weight": (2, 4), "layers.1.bias": (2,)}


def test_zero_grad_reaches_every_parameter() -> None:
    model = Custom()
    for p in model.parameters():
        p.grad = 1.0
    model.zero_grad()
    assert not any(p.grad for p in model.parameters())


def test_train_and_eval_reach_every_module() -> None:
    model = Custom()
    assert model.eval() is model
    assert not any(m.training for m in model.modules())
    assert sum(1 for _ in model.modules()) == 6  # itself, the layer and its two neurons, the two others
    model.train()
    assert all(m.training for m in model.modules())


# ── state ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "through", [lambda s: s, lambda s: json.loads(json.dumps(s)), lambda s: {k: np.array(v) for k, v in s.items()}]
)
def test_a_state_goes_out_and_in_again(through: Any) -> None:
    trained, fresh = nn.MLP(3, [4, 1], seed=0), nn.MLP(3, [4, 1], seed=1)
    assert fresh.state_dict() != trained.state_dict()
    fresh.load_state_dict(through(trained.state_dict()))
    assert fresh.state_dict() == trained.state_dict()
    assert fresh([1.0, 2.0, 3.0]).data == trained([1.0, 2.0, 3.0]).data
    assert all(type(p.data) is float for p in fresh.parameters())


def test_a_module_of_ones_own_too() -> None:
    one, other = Custom(), Custom()
    for i, p in enumerate(one.parameters()):
        p.data = float(i)
    other.load_state_dict(one.state_dict())
    assert [p.data for p in other.parameters()] == [float(i) for i in range(17)]


def test_a_state_is_a_copy() -> None:
    model = nn.MLP(1, [1], seed=0)
    state = model.state_dict()
    before = copy.deepcopy(state)
    model.parameters()[0].data = 5.0
    assert state == before


def fault(change: Any) -> tuple[nn.MLP, dict[str, Any]]:
    model = nn.MLP(2, [3, 1], seed=0)
    state = nn.MLP(2, [3, 1], seed=1).state_dict()
    change(state)
    return model, state


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda s: s.pop("layers.1.bias"), ValueError, "does not fit this MLP: layers.1.bias is missing"),
        (lambda s: s.update(extra=[1.0]), ValueError, "extra is unexpected"),
        (
            lambda s: s["layers.0.weight"].pop(),
            ValueError,
            r"layers\.0\.weight has size \[2, 2\] and should have \[3, 2\]",
        ),
        (lambda s: s["layers.0.weight"][1].pop(), ValueError, r"layers\.0\.weight has size \[3, 'ragged'\] and should"),
        (
            lambda s: s.update({"layers.1.bias": 1.0}),
            ValueError,
            r"layers\.1\.bias has size \[\] and should have \[1\]",
        ),
        (lambda s: s["layers.0.bias"].__setitem__(2, "x"), TypeError, "expected a real number, not 'x'"),
        (lambda s: s["layers.1.weight"][0].__setitem__(2, None), TypeError, "expected a real number, not None"),
        (
            lambda s: s.update({"layers.0.bias": np.zeros((3, 1))}),
            ValueError,
            r"has size \[3, 1\] and should have \[3\]",
        ),
    ],
)
def test_a_state_that_does_not_fit_is_an_error_and_changes_nothing(change: Any, error: Any, words: str) -> None:
    model, state = fault(change)
    before = model.state_dict()
    with pytest.raises(error, match=words):
        model.load_state_dict(state)
    assert model.state_dict() == before


def test_all_faults_are_named_at_once() -> None:
    model, state = fault(lambda s: (s.pop("layers.1.bias"), s.update(extra=1.0), s["layers.0.bias"].pop()))
    with pytest.raises(
        ValueError, match=r"layers\.1\.bias is missing; extra is unexpected; layers\.0\.bias has size \[2\]"
    ):
        model.load_state_dict(state)
