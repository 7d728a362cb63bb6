"""How weights are drawn: each scheme has the mean and the spread its source says."""

import math
import random
import statistics
from typing import Any

import pytest

import nn
from nn import INITIALISERS, Initialiser

NIN, NOUT = 40, 50
COUNT = NIN * NOUT


def layer(init: Any, seed: int = 0) -> nn.Layer:
    return nn.Layer(NIN, NOUT, init=init, seed=seed)


def weights(init: Any) -> list[float]:
    return [w.data for neuron in layer(init).neurons for w in neuron.w]


@pytest.mark.parametrize(
    ("init", "variance"),
    [
        ("uniform", 1 / 3),  # of uniform(−1, 1)
        ("xavier", 2 / (NIN + NOUT)),  # Glorot and Bengio 2010, eq. 12
        ("he", 2 / NIN),  # He et al. 2015, eq. 10
        ("gaussian", 1.0),
    ],
)
def test_mean_and_variance_of_the_weights(init: str, variance: float) -> None:
    drawn = weights(init)
    # five standard errors: of a mean σ/√n, of a variance at most σ²√(2/n)
    assert abs(statistics.fmean(drawn)) < 5 * math.sqrt(variance / COUNT)
    assert abs(statistics.pvariance(drawn) / variance - 1) < 5 * math.sqrt(2 / COUNT)


@pytest.mark.parametrize(("init", "bound"), [("uniform", 1.0), ("xavier", math.sqrt(6 / (NIN + NOUT)))])
def test_uniform_draws_fill_their_interval_and_stay_in_it(init: str, bound: float) -> None:
    drawn = weights(init)
    assert bound * 0.99 < max(map(abs, drawn)) <= bound


@pytest.mark.parametrize("init", INITIALISERS)
def test_biases_are_zero_but_for_the_books_gaussian(init: str) -> None:
    biases = [neuron.b.data for neuron in layer(init).neurons]
    assert any(biases) == (init == "gaussian")


@pytest.mark.parametrize("init", INITIALISERS)
def test_the_same_seed_gives_the_same_network_and_another_seed_another(init: str) -> None:
    one, same, other = (nn.MLP(3, [4, 2], init=init, seed=s).state_dict() for s in (1, 1, 2))
    assert one == same
    assert one != other


def test_a_seed_is_a_generator_of_the_networks_own_that_the_global_one_does_not_touch() -> None:
    random.seed(1)
    one = nn.MLP(3, [4, 2], seed=7).state_dict()
    random.seed(2)
    assert nn.MLP(3, [4, 2], seed=7).state_dict() == one


def test_a_generator_is_drawn_from_on_and_on() -> None:
    generator = random.Random(7)
    one, two = nn.MLP(2, [2], seed=generator), nn.MLP(2, [2], seed=generator)
    assert one.state_dict() != two.state_dict()
    assert one.state_dict() == nn.MLP(2, [2], seed=7).state_dict()


def test_the_layers_of_one_network_differ() -> None:
    model = nn.MLP(3, [3, 3], seed=0)
    assert model.layers[0].state_dict() != model.layers[1].state_dict()


def test_an_initialiser_of_ones_own() -> None:
    constant = Initialiser(lambda random, nin, nout: nin + nout / 100, lambda random: -1.0)
    assert nn.Layer(3, 2, init=constant).state_dict() == {"weight": [[3.02] * 3] * 2, "bias": [-1.0] * 2}


def test_an_unknown_name_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(
        ValueError, match="init is one of uniform, xavier, he, gaussian or an Initialiser, not 'glorot'"
    ):
        nn.Neuron(2, init="glorot")
