"""Neurons, layers and networks compute what their formula says, and say what they do not take."""

import math
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Value, dot, sigmoid, tanh
from autograd.primitives import table


def test_a_neuron_is_two_nodes_accumulate_and_activate() -> None:
    """Seed 003: g(x, w) = Σ w x, then f(g)."""
    neuron = nn.Neuron(3, activation="sigmoid", seed=0)
    x = [Value(0.5), Value(-1.0), Value(2.0)]
    a = neuron(x)
    assert a.op.name == "sigmoid"
    (z,) = a.parents
    assert z.op.name == "dot"
    assert z.parents == (*neuron.w, *x, neuron.b)


def test_a_linear_neuron_is_one_node() -> None:
    assert nn.Neuron(2, activation="linear", seed=0)([1.0, 2.0]).op.name == "dot"
    assert nn.Neuron(2, nonlin=False, seed=0)([1.0, 2.0]).op.name == "dot"


@pytest.mark.parametrize(
    "kind", [list, tuple, np.array, lambda x: list(map(Value, x)), lambda x: np.array(x, np.float32)]
)
def test_inputs_are_numbers_or_values_in_lists_tuples_or_arrays(kind: Any) -> None:
    neuron = nn.Neuron(2, activation="tanh", seed=0)
    w1, w2, b = neuron.parameters()
    expected = math.tanh(b.data + w1.data * 0.5 + w2.data * -2.0)
    assert neuron(kind([0.5, -2.0])).data == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("activation", [n for n, p in table.items() if not p.nary and len(p.derivatives) == 1])
def test_any_primitive_of_one_operand_is_an_activation(activation: str) -> None:
    if activation in ("log", "log2", "log10", "sqrt", "cbrt", "asin", "acos", "log1p"):
        init = nn.Initialiser(lambda *_: 0.25, lambda _: 0.25)  # into their domain
    else:
        init = None
    neuron = nn.Neuron(1, activation=activation, init=init, seed=1)
    z = neuron.w[0].data * 0.5 + neuron.b.data
    assert neuron([0.5]).data == table[activation](z)


@pytest.mark.parametrize("activation", [tanh, table["tanh"], lambda z: z.tanh(), "tanh"])
def test_an_activation_is_a_name_or_a_function(activation: Any) -> None:
    model = nn.MLP(2, [3, 1], activation=activation, output=activation, seed=0)
    expected = nn.MLP(2, [3, 1], activation="tanh", output="tanh", seed=0)
    assert model([0.1, 0.2]).data == expected([0.1, 0.2]).data


def test_a_primitive_with_defaults_is_an_activation_with_them() -> None:
    model = nn.MLP(1, [1], output="leaky_relu", init=nn.Initialiser(lambda *_: 1.0, lambda _: 0.0))
    assert model([-2.0]).data == -0.02


@pytest.mark.parametrize("activation", ["sigmoids", "dot", "maximum", "where"])
def test_what_is_no_activation_is_an_error_that_lists_some(activation: str) -> None:
    with pytest.raises(ValueError, match=r"an activation is a function, 'linear' or one of .*sigmoid.*, not"):
        nn.MLP(2, [2, 1], activation=activation)


def test_a_network_is_layer_after_layer() -> None:
    """a^l = f(W^l a^(l−1) + b^l), seed 004 eq. 25, in NumPy."""
    model = nn.MLP(3, [4, 5, 2], activation="tanh", output="sigmoid", init="gaussian", seed=3)
    state = {name: np.array(tensor) for name, tensor in model.state_dict().items()}
    a = np.array([0.3, -0.6, 0.9])
    for i, f in enumerate([np.tanh, np.tanh, lambda z: 1 / (1 + np.exp(-z))]):
        a = f(state[f"layers.{i}.weight"] @ a + state[f"layers.{i}.bias"])
    # three layers of at most six additions, each half an ulp
    assert [y.data for y in model([0.3, -0.6, 0.9])] == pytest.approx(a, rel=1e-14)


def test_one_output_is_that_value_alone_and_more_are_a_list() -> None:
    assert type(nn.MLP(2, [3, 1], seed=0)([1.0, 2.0])) is Value
    assert [type(y) for y in nn.MLP(2, [3, 2], seed=0)([1.0, 2.0])] == [Value, Value]


def test_a_layer_of_one_neuron_in_the_middle_feeds_the_next() -> None:
    model = nn.MLP(2, [1, 1, 2], activation="tanh", seed=0)
    y = model([0.5, 0.25])
    assert len(y) == 2
    y[0].backward()
    assert all(w.grad for w in model.layers[0].neurons[0].w)


def test_a_network_of_one_input_takes_a_lone_value() -> None:
    model = nn.MLP(1, [3, 1], seed=0)
    assert model(Value(0.5)).data == model([0.5]).data


def test_gradients_flow_to_the_inputs() -> None:
    x = [Value(0.5), Value(-0.5)]
    nn.MLP(2, [3, 1], activation="sigmoid", seed=0)(x).backward()
    assert all(v.grad for v in x)


def test_neurons_share_weights_that_are_shared() -> None:
    first, second = nn.Neuron(1, seed=0), nn.Neuron(1, seed=1)
    second.w = first.w
    y = dot([first([2.0])], [1.0]) + second([3.0])
    y.backward()
    assert first.w[0].grad == 5.0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: nn.Neuron(0), "the number of inputs is a whole number of at least 1, not 0"),
        (lambda: nn.Neuron(2, nout=0), "the number of neurons is a whole number of at least 1, not 0"),
        (lambda: nn.Layer(2, 0), "the number of neurons is a whole number of at least 1, not 0"),
        (lambda: nn.MLP(2, []), "an MLP needs at least one layer, and nouts is empty"),
        (lambda: nn.MLP(2, [3, -1]), "the number of neurons is a whole number of at least 1, not -1"),
        (lambda: nn.Neuron(3, seed=0)([1.0, 2.0]), "a neuron of 3 inputs was given 2"),
        (lambda: nn.MLP(2, [2, 1], seed=0)([1.0, 2.0, 3.0]), "a neuron of 2 inputs was given 3"),
        (lambda: nn.Dropout(1.0), r"the probability to drop is a number of at least 0 and less than 1, not 1\.0"),
    ],
)
def test_sizes_that_do_not_fit_are_an_error(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_a_network_prints_and_shows_itself_as_one_line_a_layer() -> None:
    model = nn.MLP(3, [4, 2], activation="tanh", output="sigmoid", seed=0)
    lines = str(model).splitlines()
    assert lines[0] == "MLP(3 → 4 → 2), 26 parameters"
    assert [line.split(", ")[1:] for line in lines[1:]] == [["tanh)", "16 parameters"], ["sigmoid)", "10 parameters"]]
    pretty = pytest.importorskip("IPython.lib.pretty", reason="IPython is not installed").pretty
    assert pretty(model) == str(model)
    assert pretty([model]).count("\n") >= 2, "in a list as well"


def test_a_module_of_ones_own_prints_its_modules_and_says_what_else_it_has() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            self.first, self.scale = nn.Layer(2, 3, seed=0), Value(1.0)

    assert str(Net()).splitlines() == [
        "Net, 10 parameters",
        "  first: Layer(2 → 3, relu), 9 parameters",
        "  and 1 of its own",
    ]


def test_the_names_that_repr_shows_are_micrograds() -> None:
    assert repr(nn.MLP(2, [2, 1])) == "MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)]]"
    assert repr(nn.Neuron(1, activation="sigmoid")) == "SigmoidNeuron(1)"
    assert repr(nn.Neuron(1, activation=sigmoid)) == "SigmoidNeuron(1)"


# ── dropout ───────────────────────────────────────────────────────────────────────────────────


def test_dropout_drops_the_fraction_it_says_and_keeps_the_mean() -> None:
    n, p = 10_000, 0.3
    y = nn.Dropout(p, seed=0)([1.0] * n)
    assert set(y) == {0.0, 1 / (1 - p)}
    # five standard deviations of a binomial count
    assert abs(y.count(0.0) / n - p) < 5 * math.sqrt(p * (1 - p) / n)


def test_dropout_passes_gradients_where_it_passes_values() -> None:
    x = [Value(1.0) for _ in range(20)]
    for v, y in zip(x, nn.Dropout(0.5, seed=1)(x), strict=True):
        y.backward()
        assert v.grad == y.data


def test_dropout_after_eval_passes_everything_until_train() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            self.inner = [nn.Dropout(0.9, seed=0)]

    model = Model()
    x = [1.0] * 50
    assert model.eval().inner[0](x) == x
    assert model.train().inner[0](x) != x
