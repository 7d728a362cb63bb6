"""Seed 004: the four equations of backpropagation, for networks of any depth, width, activation and cost.

Hypothesis draws the networks. What the seed concludes from the equations, when learning is slow and when it is not, is
measured at the end.
"""

# ruff: noqa: E741  l is the layer, as in the seed

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from derivations.by_hand import ACTIVATIONS, agree, deltas, difference, forward
from derivations.networks import Network, data, gradients
from hypothesis import given, settings
from hypothesis import strategies as st

import nn
from autograd import Value, exp, sigmoid, total

# Costs of the outputs a and the targets y: the engine's, and C and ∂C/∂a by hand. The two of the seeds, and one more
COSTS: dict[str, tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]] = {
    "½ Σ (y − a)²": (nn.half_squared_error, lambda a, y: np.sum((y - a) ** 2) / 2, lambda a, y: a - y),
    "Σ (y − a)²": (nn.squared_error, lambda a, y: np.sum((y - a) ** 2), lambda a, y: 2 * (a - y)),
    "Σ cosh(a − y)": (
        lambda a, y: total([(exp(p - t) + exp(t - p)) / 2 for p, t in zip(a, y, strict=True)]),
        lambda a, y: np.sum(np.cosh(a - y)),
        lambda a, y: np.sinh(a - y),
    ),
}


class Drawn:
    """A network with a sample and a cost, forward and backward, and the same by hand from the numbers alone."""

    def __init__(self, sizes: list[int], activation: str, cost: str, seed: int) -> None:
        rng = random.Random(seed)
        self.f, self.f_prime = ACTIVATIONS[activation]
        self.cost_of, self.cost_by_hand, gradient_of = COSTS[cost]
        self.net = Network(sizes, activation, seed)
        self.x, self.y = [rng.gauss(0, 1) for _ in range(sizes[0])], [rng.random() for _ in range(sizes[-1])]
        for layer in self.net.W:  # keep sums near 1 whatever the width, as in a network that learns
            for row in layer:
                for w in row:
                    w.data /= len(row) ** 0.5
        self.W, self.b = [data(w) for w in self.net.W], [data(b) for b in self.net.b]
        self.cost: Value = self.cost_of(self.net(self.x), self.y)
        self.cost.backward()
        self.z, self.a = forward(self.W, self.b, self.x, self.f)
        self.nabla = gradient_of(self.a[-1], np.array(self.y))
        self.delta = deltas(self.W, self.z, self.nabla, self.f_prime)

    @property
    def layers(self) -> range:
        return range(len(self.W))

    def __repr__(self) -> str:
        sizes = [len(a) for a in self.a]
        return f"Drawn({sizes}, {self.net.activation!r})"


networks = st.builds(
    Drawn,
    sizes=st.lists(st.integers(1, 6), min_size=2, max_size=7),  # one to six layers
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    cost=st.sampled_from(sorted(COSTS)),
    seed=st.integers(0, 10_000),
)
on_any_network = settings(max_examples=60)


# ── the forward pass ──────────────────────────────────────────────────────────────────────────


@pytest.mark.formula("004", "23")
@on_any_network
@given(networks)
def test_equation_23_the_activation_of_one_neuron(net: Drawn) -> None:
    """a_j^l = σ(Σ_k w_jk^l a_k^(l−1) + b_j^l)  (23)"""
    for l in net.layers:
        before = net.a[l]
        for j, a in enumerate(net.net.a[l + 1]):
            z = sum(net.W[l][j][k] * before[k] for k in range(len(before))) + net.b[l][j]
            assert abs(a.data - float(net.f(np.array(z)))) <= 1e-12 * max(1.0, abs(z))  # as σ(z) for z near 0 cancels


@pytest.mark.formula("004", "25")
@on_any_network
@given(networks)
def test_equation_25_the_activations_of_a_layer(net: Drawn) -> None:
    """a^l = σ(W^l a^(l−1) + b^l)  (25), from the inputs to the outputs"""
    for l in net.layers:
        agree(data(net.net.a[l + 1]), net.a[l + 1])


# ── the two assumptions on the cost ───────────────────────────────────────────────────────────


@pytest.mark.formula("004", "average")
@settings(max_examples=20)
@given(st.integers(1, 6), st.sampled_from(sorted(COSTS)), st.integers(0, 1000))
def test_the_first_assumption_makes_the_gradient_an_average(n: int, cost: str, seed: int) -> None:
    """C = 1/n Σ_x C_x, so ∂C/∂w = 1/n Σ_x ∂C_x/∂w"""
    rng = random.Random(seed)
    cost_of, _, gradient_of = COSTS[cost]
    net = Network([3, 4, 2], "tanh", seed)
    samples = [([rng.gauss(0, 1) for _ in range(3)], [rng.random() for _ in range(2)]) for _ in range(n)]
    (total([cost_of(net(x), y) for x, y in samples]) / n).backward()
    f, f_prime = ACTIVATIONS["tanh"]
    W, b = [data(w) for w in net.W], [data(v) for v in net.b]
    of_each = []
    for x, y in samples:
        z, a = forward(W, b, x, f)
        of_each.append((a, deltas(W, z, gradient_of(a[-1], np.array(y)), f_prime)))
    for l in range(2):
        agree(gradients(net.b[l]), np.mean([delta[l] for _, delta in of_each], axis=0))
        agree(gradients(net.W[l]), np.mean([np.outer(delta[l], a[l]) for a, delta in of_each], axis=0))


@pytest.mark.formula("004", "C(a)")
@on_any_network
@given(networks)
def test_the_second_assumption_lets_the_outputs_alone_decide(net: Drawn) -> None:
    """C = C(a^L): it and ∂C/∂a^L are those of the outputs and y by hand; as plain leaves they have the same

    ½ Σ (y − a)² and a − y, Σ (y − a)² and 2 (a − y), Σ cosh(a − y) and sinh(a − y).
    """
    leaves = [Value(a) for a in net.a[-1]]
    alone = net.cost_of(leaves, net.y)
    alone.backward()
    C = net.cost_by_hand(net.a[-1], np.array(net.y))
    for cost, outputs in ((net.cost, net.net.a[-1]), (alone, leaves)):
        # a − y cancels where the output is right, so beside 1
        assert abs(cost.data - C) <= 1e-12 * max(1, C)
        assert np.abs(gradients(outputs) - net.nabla).max() <= 1e-12 * max(1, np.abs(net.nabla).max())


# ── the four equations ────────────────────────────────────────────────────────────────────────


@pytest.mark.formula("004", "29")
@settings(max_examples=25)
@given(networks.filter(lambda net: net.net.activation not in ("relu", "leaky_relu", "elu")))
def test_equation_29_the_error_is_the_sensitivity_to_the_weighted_input(net: Drawn) -> None:
    """δ_j^l = ∂C/∂z_j^l  (29): the demon of the book adds Δz to z_j^l, and C changes by δ_j^l Δz

    (Without the activations that have a kink: a difference quotient must not straddle one.)
    """
    for l in net.layers:
        for j, node in enumerate(net.net.z[l]):

            def cost(v: float, l: int = l, j: int = j) -> float:
                z = net.z[l].copy()
                z[j] = v
                _, a = forward(net.W[l + 1 :], net.b[l + 1 :], net.f(z), net.f)
                return float(net.cost_by_hand(a[-1], np.array(net.y)))

            # a quotient of step 1e-3: 1e-16 · C/h, and h⁶ f⁽⁷⁾/140 with seventh derivatives up to 1e6 here
            assert abs(node.grad - difference(cost, net.z[l][j])) <= 1e-9 * max(1.0, net.cost.data)


@pytest.mark.formula("004", "BP1")
@on_any_network
@given(networks)
def test_equation_bp1_the_error_of_each_output(net: Drawn) -> None:
    """δ_j^L = ∂C/∂a_j^L · σ′(z_j^L)  (BP1)"""
    expected = [net.nabla[j] * float(net.f_prime(np.array(net.z[-1][j]))) for j in range(len(net.y))]
    agree(gradients(net.net.z[-1]), expected)


@pytest.mark.formula("004", "BP1a")
@on_any_network
@given(networks)
def test_equation_bp1a_the_error_of_the_output_layer(net: Drawn) -> None:
    """δ^L = ∇_a C ⊙ σ′(z^L)  (BP1a)"""
    agree(gradients(net.net.a[-1]), net.nabla)
    agree(gradients(net.net.z[-1]), net.nabla * net.f_prime(net.z[-1]))


@pytest.mark.formula("004", "quadratic")
@pytest.mark.parametrize("seed", range(5))
def test_the_quadratic_cost_of_the_example(seed: int) -> None:
    """C = ½ Σ_j (y_j − a_j^L)²: ∂C/∂a_j^L = a_j^L − y_j, and δ^L = (a^L − y) ⊙ σ′(z^L)"""
    net = Drawn([4, 5, 3], "sigmoid", "½ Σ (y − a)²", seed)
    agree(net.cost.data, 0.5 * np.sum((np.array(net.y) - net.a[-1]) ** 2))
    agree(gradients(net.net.a[-1]), net.a[-1] - net.y)
    agree(gradients(net.net.z[-1]), (net.a[-1] - net.y) * net.f_prime(net.z[-1]))


@pytest.mark.formula("004", "BP2")
@on_any_network
@given(networks)
def test_equation_bp2_the_error_of_a_layer_from_that_of_the_next(net: Drawn) -> None:
    """δ^l = ((W^(l+1))ᵀ δ^(l+1)) ⊙ σ′(z^l)  (BP2), from the outputs to the first layer"""
    for l in net.layers:
        agree(gradients(net.net.z[l]), net.delta[l])


@pytest.mark.formula("004", "BP3")
@on_any_network
@given(networks)
def test_equation_bp3_the_gradient_of_a_bias(net: Drawn) -> None:
    """∂C/∂b_j^l = δ_j^l  (BP3)"""
    for l in net.layers:
        agree(gradients(net.net.b[l]), net.delta[l])


@pytest.mark.formula("004", "BP4")
@on_any_network
@given(networks)
def test_equation_bp4_the_gradient_of_a_weight(net: Drawn) -> None:
    """∂C/∂w_jk^l = a_k^(l−1) δ_j^l  (BP4)"""
    for l in net.layers:
        expected = [[a_k * delta_j for a_k in net.a[l]] for delta_j in net.delta[l]]
        agree(gradients(net.net.W[l]), expected)


@pytest.mark.formula("004", "32")
@on_any_network
@given(networks)
def test_equation_32_in_and_out(net: Drawn) -> None:
    """∂C/∂w = a_in δ_out  (32), by hand; and to the last bit with the activation and the error of the engine's nodes"""
    for l in net.layers:
        for j, (z, row) in enumerate(zip(net.net.z[l], net.net.W[l], strict=True)):
            # an entry beside the largest of the layer, as elsewhere
            assert (
                np.abs(gradients(row) - net.a[l] * net.delta[l][j]).max()
                <= 1e-12 * np.abs(np.outer(net.delta[l], net.a[l])).max()
            )
            for a, w in zip(net.net.a[l], row, strict=True):
                a_in = a.data if isinstance(a, Value) else a
                assert w.grad == a_in * z.grad


# ── what follows for learning ─────────────────────────────────────────────────────────────────


def speeds(net: Network, x: list[float], y: list[float]) -> list[float]:
    """How fast each layer learns: |∂C/∂b^l| = |δ^l|, as chapter 5 of the seed's book measures it

    (Each δ^l is also computed by hand.)
    """
    net.zero_grad()
    nn.half_squared_error(net(x), y).backward()
    if net.activation == "sigmoid":
        f, f_prime = ACTIVATIONS["sigmoid"]
        W = [data(w) for w in net.W]
        z, a = forward(W, [data(b) for b in net.b], x, f)
        for l, delta in enumerate(deltas(W, z, a[-1] - y, f_prime)):
            agree(gradients(net.b[l]), delta)
            agree(gradients(net.W[l]), np.outer(delta, a[l]))
    return [float(np.linalg.norm(gradients(b))) for b in net.b]


SIZES = [4, 5, 5, 5, 3]


def deep(activation: Any = "sigmoid", seed: int = 0) -> tuple[Network, list[float], list[float]]:
    """Four layers with weights of a size for which no layer is saturated, and a sample."""
    rng = random.Random(seed)
    net = Network(SIZES, activation, seed)
    for w in net.model.parameters():
        w.data *= 0.5
    return net, [rng.gauss(0, 1) for _ in range(4)], [0.0, 1.0, 0.0]


def saturate(net: Network, layer: int, z: float = 20.0) -> None:
    """Shift the biases of a layer so that its sums lie at ±z, where σ′ is 2e-9."""
    for j, b in enumerate(net.b[layer - 1]):
        b.data = z if j % 2 else -z
    for row in net.W[layer - 1]:
        for w in row:
            w.data *= 0.01


@pytest.mark.formula("004", "a_in")
@pytest.mark.parametrize("a_in", [1e-3, 1e-6, 1e-9, 0.0])
def test_a_weight_learns_in_proportion_to_its_input(a_in: float) -> None:
    """∂C/∂w = a_in δ_out: with a_in ≈ 0 the weight hardly learns, whatever the error; the bias beside it still does"""
    net, x, y = deep()
    x[1] = a_in
    speeds(net, x, y)
    for j, row in enumerate(net.W[0]):
        delta = net.b[0][j].grad
        assert row[1].grad == a_in * delta
        assert abs(row[0].grad) > 1e-3 * abs(delta), "its neighbour, with an input that is not small, learns"
        assert abs(delta) > 1e-5


@pytest.mark.formula("004", "a_in")
def test_a_neuron_that_gives_almost_nothing_stops_the_weights_behind_it() -> None:
    """a_in ≈ 0 in a hidden layer: a neuron with z = −20 gives σ(z) = 2e-9, and the weights that take it stand still"""
    net, x, y = deep()
    before = speeds(net, x, y)
    unsaturated = [abs(row[2].grad) for row in net.W[2]]
    net.b[1][2].data = -20.0
    for w in net.W[1][2]:
        w.data *= 0.01
    after = speeds(net, x, y)
    assert net.a[2][2].data < 3e-9
    for row, was in zip(net.W[2], unsaturated, strict=True):
        assert abs(row[2].grad) < 1e-6 * was
    assert after[2] > 0.1 * before[2], "the layer itself still has errors to learn from"


@pytest.mark.formula("004", "output")
def test_a_saturated_output_layer_stops_all_learning() -> None:
    """σ′(z^L) ≈ 0 makes δ^L, and by BP2 every δ^l, as small: each layer learns at most σ′(z^L) times as fast"""
    net, x, y = deep()
    before = speeds(net, x, y)
    saturate(net, 4)
    after = speeds(net, x, y)
    slope = float(np.max(ACTIVATIONS["sigmoid"][1](data(net.z[-1]))))
    assert slope < 3e-9
    assert before[-1] > 0.1
    for was, now in zip(before, after, strict=True):
        assert now < 1e-6 * was
    assert data(net.a[-1])[1] > 1 - 1e-8, "right or wrong: here two of three outputs are right"
    wrong = [1.0, 0.0, 1.0]
    assert speeds(net, x, wrong)[-1] < 1e-8, "and with every output wrong by one it is as slow"


@pytest.mark.formula("004", "hidden")
@pytest.mark.parametrize("layer", [1, 2, 3])
def test_a_saturated_hidden_layer_stops_itself_and_the_layers_before_it_and_not_those_after(layer: int) -> None:
    """δ^l = ((W^(l+1))ᵀ δ^(l+1)) ⊙ σ′(z^l): σ′(z^l) ≈ 0 makes δ^l ≈ 0, and so δ^(l−1), … δ^1, but not δ^(l+1)"""
    net, x, y = deep()
    before = speeds(net, x, y)
    saturate(net, layer)
    after = speeds(net, x, y)
    for l in range(1, 5):
        if l <= layer:
            assert after[l - 1] < 1e-6 * before[l - 1]
        else:
            assert after[l - 1] > 0.1 * before[l - 1]


@pytest.mark.formula("004", "hidden")
@pytest.mark.parametrize("t", [0.0, 2.0, 5.0, 15.0])
def test_each_layer_on_the_way_slows_the_first_one_down_by_another_factor(t: float) -> None:
    """with z = ±t in the layers 2 to 4: δ^1 = σ′(t)³ · (W²)ᵀ (W³)ᵀ (W⁴)ᵀ (a^L − y) ⊙ σ′(z^1), of which σ′ ≤ ¼"""
    net, x, y = deep()
    for l in (1, 2, 3):
        net(x)
        for j, (z, b) in enumerate(zip(net.z[l], net.b[l], strict=True)):
            b.data += (t if j % 2 else -t) - z.data
    speeds(net, x, y)
    W2, W3, W4 = (data(w) for w in net.W[1:])
    sigma_prime = ACTIVATIONS["sigmoid"][1]
    z, a = forward([data(w) for w in net.W], [data(b) for b in net.b], x, ACTIVATIONS["sigmoid"][0])
    passed_on = W2.T @ W3.T @ W4.T @ (a[-1] - y)
    agree(gradients(net.b[0]), float(sigma_prime(np.array(t))) ** 3 * passed_on * sigma_prime(z[0]))


@pytest.mark.formula("004", "positive")
@pytest.mark.parametrize("layer", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["leaky sigmoid", "z + σ(z)"])
def test_with_a_derivative_that_stays_positive_no_layer_stands_still(name: str, layer: int) -> None:
    """σ̃(z) = σ(z) + c z has σ̃′ ≥ c: where σ stops at z = ±20, σ̃ goes on learning, at no less than c times the speed"""
    c = {"leaky sigmoid": 0.1, "z + σ(z)": 1.0}[name]
    net, x, y = deep(lambda z: sigmoid(z) + c * z)
    saturate(net, layer)
    speed = speeds(net, x, y)
    f_prime = lambda z: ACTIVATIONS["sigmoid"][1](z) + c  # noqa: E731
    f = lambda z: ACTIVATIONS["sigmoid"][0](z) + c * z  # noqa: E731
    W, b = [data(w) for w in net.W], [data(v) for v in net.b]
    z, a = forward(W, b, x, f)
    for l, delta in enumerate(deltas(W, z, a[-1] - y, f_prime)):
        agree(gradients(net.b[l]), delta)
        passed_on = W[l + 1].T @ gradients(net.b[l + 1]) if l < 3 else a[-1] - y
        assert np.all(np.abs(gradients(net.b[l])) >= c * np.abs(passed_on) * (1 - 1e-12))
    sigmoid_net, x, y = deep()
    saturate(sigmoid_net, layer)
    stopped = speeds(sigmoid_net, x, y)
    assert speed[0] > 1e4 * stopped[0]
    assert speed[layer - 1] > 1e4 * stopped[layer - 1]
