"""Neurons on their own."""

import math

import nn


def test_a_lone_neuron_is_a_layer_of_one_to_its_initialiser() -> None:
    # Glorot and Bengio 2010, eq. 16, with nin = nout = 1: uniform(−r, r), r² = 6/2; 2 000 draws fill it to within 1 %
    weights = [nn.Neuron(1, init="xavier", seed=seed).w[0].data for seed in range(2000)]
    assert 0.99 < max(map(abs, weights)) / math.sqrt(3) <= 1
