"""Neurons, networks and dropout: what holds where nothing is said."""

import math
import random

import pytest

import autograd
import nn
from autograd import Value
from autograd.primitives import table


def test_a_lone_neuron_is_a_layer_of_one_to_its_initialiser() -> None:
    # Glorot and Bengio 2010, eq. 16, with nin = nout = 1: uniform(−r, r), r² = 6/2; 2 000 draws fill it to within 1 %
    weights = [nn.Neuron(1, init="xavier", seed=seed).w[0].data for seed in range(2000)]
    assert 0.99 < max(map(abs, weights)) / math.sqrt(3) <= 1


def test_a_neuron_is_a_relu_unless_nonlin_is_false() -> None:
    assert nn.Neuron(1, seed=0)([0.5]).op is table["relu"]
    assert nn.Neuron(1, nonlin=True, seed=0)([0.5]).op is table["relu"]
    assert nn.Neuron(1, nonlin=False, seed=0)([0.5]).op is table["dot"]


def test_nonlin_can_be_read_as_in_micrograd() -> None:
    assert [nn.Neuron(1).nonlin, nn.Neuron(1, nonlin=False).nonlin] == [True, False]
    # micrograd's MLP: nonlin=i != len(nouts) - 1
    assert [[n.nonlin for n in layer.neurons] for layer in nn.MLP(2, [2, 1, 1]).layers] == [[True] * 2, [True], [False]]


def test_dropout_drops_half_if_nothing_is_said() -> None:
    assert nn.Dropout().p == 0.5  # PyTorch's default


def test_dropout_with_probability_0_drops_nothing() -> None:
    assert nn.Dropout(0, seed=0)([1.0] * 100) == [1.0] * 100


def test_the_activations_that_are_offered_are_those_that_are_taken() -> None:
    with pytest.raises(ValueError, match="an activation is") as refused:
        nn.Neuron(1, activation="no such")
    offered = str(refused.value).partition("one of ")[2].partition(", not")[0].split(", ")
    taken = set()
    for name in table:
        try:
            nn.Neuron(1, activation=name)
        except ValueError:
            continue
        taken.add(name)
    assert set(offered) == taken


def test_a_seed_that_is_an_input_of_a_compiled_function_is_refused_as_a_seed() -> None:
    def f(x: Value) -> Value:
        return nn.Dropout(seed=x)([x])[0]  # type: ignore[arg-type]

    with pytest.raises(TypeError, match="seed is a whole number"):
        autograd.compile(f, example=(1,))


def test_a_draw_of_exactly_p_is_kept() -> None:
    class Drawn(random.Random):
        def random(self) -> float:
            return 0.25

    # A draw is one of 0, 2⁻⁵³, 2·2⁻⁵³ … below 1, so that the draws below p are the fraction p of them, and p is not one
    assert nn.Dropout(0.25, seed=Drawn())([3.0]) == [4.0]
    assert nn.Dropout(0.26, seed=Drawn())([3.0]) == [0.0]
