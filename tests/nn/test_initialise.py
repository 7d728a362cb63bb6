"""How weights are drawn: each scheme has the mean and the spread its source says."""

import math
import random
import statistics
from collections.abc import Callable
from typing import Any

import pytest

import nn
from nn import INITIALISERS, Initialiser

NIN, NOUT = 40, 50


def layer(init: Any, seed: int = 0) -> nn.Layer:
    return nn.Layer(NIN, NOUT, init=init, seed=seed)


def normal(variance: float) -> Callable[[float], float]:
    return lambda x: (1 + math.erf(x / math.sqrt(2 * variance))) / 2


def uniform(bound: float) -> Callable[[float], float]:
    return lambda x: min(1.0, max(0.0, (x / bound + 1) / 2))


# fmt: off
DISTRIBUTIONS: dict[str, tuple[Callable[..., Any], Callable[..., float]]] = {
    # the distribution function and the variance of a weight, of nin and nout
    "uniform":  (lambda nin, nout: uniform(1),                           lambda nin, nout: 1 / 3),
    "xavier":   (lambda nin, nout: uniform(math.sqrt(6 / (nin + nout))), lambda nin, nout: 2 / (nin + nout)),
    "he":       (lambda nin, nout: normal(2 / nin),                      lambda nin, nout: 2 / nin),
    "gaussian": (lambda nin, nout: normal(1),                            lambda nin, nout: 1.0),
}
# fmt: on
COUNT = 100_000


def distance(drawn: list[float], distribution: Callable[[float], float]) -> float:
    """Kolmogorov and Smirnov's: how far apart the distribution of what was drawn and the one it should have are."""
    expected = [distribution(x) for x in sorted(drawn)]
    return max(max(p - i / len(drawn), (i + 1) / len(drawn) - p) for i, p in enumerate(expected))


@pytest.mark.parametrize(("nin", "nout"), [(1, 1), (40, 50), (3, 700)])
@pytest.mark.parametrize("init", INITIALISERS)
def test_weights_have_the_distribution_of_their_source(init: str, nin: int, nout: int) -> None:
    """uniform(−1, 1); uniform(±√(6/(nin + nout))); normal(0, 2/nin); normal(0, 1)"""
    generator = random.Random(7)
    drawn = [INITIALISERS[init].weight(generator, nin, nout) for _ in range(COUNT)]
    distribution, variance = (f(nin, nout) for f in DISTRIBUTIONS[init])
    # Dvoretzky, Kiefer, Wolfowitz: the distance exceeds √(log(2/α)/2n) with probability α; here α = 1e-9
    assert distance(drawn, distribution) < math.sqrt(math.log(2e9) / (2 * COUNT))
    # six standard errors: of a mean σ/√n; of a variance at most σ²√(2/n), the normal distribution's
    assert abs(statistics.fmean(drawn)) < 6 * math.sqrt(variance / COUNT)
    assert abs(statistics.fmean(x * x for x in drawn) / variance - 1) < 6 * math.sqrt(2 / COUNT)


@pytest.mark.parametrize(("init", "bound"), [("uniform", 1.0), ("xavier", math.sqrt(6 / (NIN + NOUT)))])
def test_uniform_draws_fill_their_interval_and_stay_in_it(init: str, bound: float) -> None:
    drawn = [w.data for neuron in layer(init).neurons for w in neuron.w]
    assert bound * 0.99 < max(map(abs, drawn)) <= bound


def test_the_books_gaussian_draws_biases_as_it_draws_weights() -> None:
    generator = random.Random(7)
    drawn = [INITIALISERS["gaussian"].bias(generator) for _ in range(COUNT)]
    assert distance(drawn, normal(1)) < math.sqrt(math.log(2e9) / (2 * COUNT))
    assert abs(statistics.fmean(drawn)) < 6 / math.sqrt(COUNT)
    assert abs(statistics.fmean(x * x for x in drawn) - 1) < 6 * math.sqrt(2 / COUNT)


@pytest.mark.parametrize("init", INITIALISERS)
def test_each_weight_is_a_draw_of_its_own_for_the_size_of_its_layer(init: str) -> None:
    weights = [w.data for neuron in layer(init).neurons for w in neuron.w]
    assert len(set(weights)) == len(weights) == NIN * NOUT
    generator, again = random.Random(0), []
    for _ in range(NOUT):
        again += [INITIALISERS[init].weight(generator, NIN, NOUT) for _ in range(NIN)]
        INITIALISERS[init].bias(generator)
    assert weights == again, "neuron by neuron, its weights and then its bias, as micrograd draws them"


def test_every_layer_draws_for_its_own_numbers_of_inputs_and_neurons() -> None:
    sizes = Initialiser(lambda random, nin, nout: nin + nout / 100, lambda random: 0.0)
    state = nn.MLP(2, [3, 4, 1], init=sizes).state_dict()
    assert [state[f"layers.{i}.weight"][0][0] for i in range(3)] == [2.03, 3.04, 4.01]
    assert nn.Neuron(2, init=sizes).w[0].data == 2.01, "a neuron alone is a layer of one"


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
