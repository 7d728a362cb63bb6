"""Neurons on their own."""

import math

import nn


def test_a_lone_neuron_is_a_layer_of_one_to_its_initialiser() -> None:
    # Glorot and Bengio 2010, eq. 16, with nout = 1: uniform(−r, r), r² = 6/(nin + 1), filled to within 1 %
    neuron = nn.Neuron(1000, init="xavier", seed=0)
    assert 0.99 < max(abs(w.data) for w in neuron.w) / math.sqrt(6 / 1001) <= 1
