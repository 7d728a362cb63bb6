"""Seed 000: neurons, C₀ = Σ (a − y)², the chain rule from layer to layer, and the worked 2-2-2 example."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import numpy as np
import pytest
from derivations.by_hand import agree, deltas, difference, forward
from derivations.by_hand import sigmoid as sigma
from derivations.by_hand import sigmoid_prime as sigma_prime
from derivations.networks import Network, data, gradients

import nn
from autograd import Value, dot, sigmoid, total


class Sample:
    """A network of sigmoids with two hidden layers, as the seed draws it, and one sample, forward and backward."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.net = Network([rng.randint(2, 6), *(rng.randint(2, 5) for _ in range(2)), rng.randint(1, 4)], seed=seed)
        self.x = [rng.random() for _ in range(len(self.net.W[0][0]))]
        self.y = [rng.random() for _ in range(len(self.net.W[-1]))]
        self.W, self.b = [data(w) for w in self.net.W], [data(b) for b in self.net.b]
        self.z, self.a = forward(self.W, self.b, self.x, sigma)
        self.loss = nn.squared_error(self.net(self.x), self.y)
        self.loss.backward()


@pytest.fixture(params=range(5))
def sample(request: pytest.FixtureRequest) -> Sample:
    return Sample(request.param)


@pytest.mark.formula("000", "sum")
def test_weighted_sum_with_a_bias() -> None:
    """sum = Σ_j W_ij x_j + b_i"""
    rng = random.Random(0)
    for n in range(1, 20):
        w, x, b = [rng.gauss(0, 1) for _ in range(n)], [rng.random() for _ in range(n)], rng.gauss(0, 1)
        node = dot([Value(v) for v in w], x, Value(b))
        terms = [p * q for p, q in zip(w, x, strict=True)]
        # fsum is exact; n additions round by at most half an ulp of the sum of absolute values each
        assert abs(node.data - math.fsum([*terms, b])) <= n * 2**-53 * (math.fsum(map(abs, terms)) + abs(b)) * 2


@pytest.mark.formula("000", "S")
def test_sigmoid_is_the_squashing_function_described() -> None:
    """S(x) = 1/(1 + e^(−x)): strictly increasing, symmetric about (0, ½), almost constant outside of [−6, 6]"""
    xs = [k / 8 for k in range(-240, 241)]
    values = [sigmoid(Value(x)).data for x in xs]
    agree(values, [1 / (1 + math.exp(-x)) for x in xs], 1e-15)
    assert all(a < b for a, b in pairwise(values))
    assert sigmoid(Value(0.0)).data == 0.5
    agree([a + b for a, b in zip(values, values[::-1], strict=True)], [1.0] * len(xs), 1e-15)
    assert sigmoid(Value(-6.0)).data < 0.0025
    assert sigmoid(Value(6.0)).data > 0.9975


@pytest.mark.formula("000", "a")
def test_activation_of_a_neuron(sample: Sample) -> None:
    """a_i = sigmoid(Σ_j w_j^(i−1) a_j^(l−1) + b_i)"""
    for layer in range(3):
        for i, node in enumerate(sample.net.a[layer + 1]):
            weighted = sum(w * a for w, a in zip(sample.W[layer][i], sample.a[layer], strict=True))
            agree(node.data, 1 / (1 + math.exp(-(weighted + sample.b[layer][i]))))


@pytest.mark.formula("000", "C0")
def test_loss_of_one_sample(sample: Sample) -> None:
    """C₀ = Σ_j (a_j^L − y_j)²"""
    agree(sample.loss.data, sum((a - y) ** 2 for a, y in zip(sample.a[-1], sample.y, strict=True)))


@pytest.mark.formula("000", "C0(w,b)")
def test_loss_is_a_function_of_every_weight_and_bias(sample: Sample) -> None:
    """C₀ = Σ_j (σ(Σ_k w_jk^L a_k^(L−1) + b_j^L) − y_j)², a^(L−1) written out in turn

    As a function of one of them, all others held, its difference quotient is the engine's gradient.
    """

    def loss() -> float:
        _, a = forward(sample.W, sample.b, sample.x, sigma)
        return float(np.sum((a[-1] - sample.y) ** 2))

    for arrays, nodes in ((sample.W, sample.net.W), (sample.b, sample.net.b)):
        for array, layer in zip(arrays, nodes, strict=True):
            first = (0,) * array.ndim
            kept = array[first]

            def of_one(v: float, array: np.ndarray = array, first: tuple[int, ...] = first) -> float:
                array[first] = v
                return loss()

            slope = difference(of_one, kept)
            array[first] = kept
            # of C₀ ≈ 1 a difference of step 1e-3 gives 13 digits
            assert abs(slope - gradients(layer)[first]) < 1e-11


@pytest.mark.formula("000", "dC0/dw")
def test_gradient_of_a_weight_is_the_product_of_three_sensitivities(sample: Sample) -> None:
    """∂C₀/∂w_jk^L = ∂z_j/∂w_jk · ∂a_j/∂z_j · ∂C₀/∂a_j = a_k^(L−1) · σ′(z_j^L) · 2(a_j^L − y_j)"""
    dz_dw, da_dz, dC_da = sample.a[-2], sigma_prime(sample.z[-1]), 2 * (sample.a[-1] - sample.y)
    for j in range(len(sample.y)):
        agree(gradients(sample.net.W[-1][j]), dz_dw * da_dz[j] * dC_da[j])


@pytest.mark.formula("000", "dC0/db")
def test_gradient_of_a_bias(sample: Sample) -> None:
    """∂C₀/∂b_j^L = σ′(z_j^L) · 2(a_j^L − y_j)"""
    agree(gradients(sample.net.b[-1]), sigma_prime(sample.z[-1]) * 2 * (sample.a[-1] - sample.y))


@pytest.mark.formula("000", "dC0/da")
def test_gradient_of_a_neuron_before_is_the_sum_over_the_next_layer(sample: Sample) -> None:
    """∂C₀/∂a_k^(L−1) = Σ_j w_jk^L σ′(z_j^L) 2(a_j^L − y_j)"""
    expected = [
        sum(
            sample.W[-1][j, k] * sigma_prime(sample.z[-1][j]) * 2 * (sample.a[-1][j] - sample.y[j])
            for j in range(len(sample.y))
        )
        for k in range(len(sample.a[-2]))
    ]
    agree(gradients(sample.net.a[-2]), expected)


@pytest.mark.formula("000", "L-1")
def test_the_same_holds_in_the_layers_before(sample: Sample) -> None:
    """∂C₀/∂w_jk^l = a_k^(l−1) σ′(z_j^l) ∂C₀/∂a_j^l, ∂C₀/∂b_j^l = σ′(z_j^l) ∂C₀/∂a_j^l,

    where ∂C₀/∂a_j^l is a difference quotient of C₀ computed on from a^l.
    """
    for layer in range(3):
        dC_da = []
        for j, a_j in enumerate(sample.a[layer + 1]):

            def on_from(v: float, layer: int = layer, j: int = j) -> float:
                a = sample.a[layer + 1].copy()
                a[j] = v
                _, after = forward(sample.W[layer + 1 :], sample.b[layer + 1 :], a, sigma)
                return float(np.sum((after[-1] - sample.y) ** 2))

            dC_da.append(difference(on_from, a_j))
        for j in range(len(dC_da)):
            common = sigma_prime(sample.z[layer][j]) * dC_da[j]
            # of C₀ ≈ 1 a difference of step 1e-3 gives 13 digits, and inputs and activations are below 1
            assert np.abs(gradients(sample.net.W[layer][j]) - sample.a[layer] * common).max() < 1e-11
            assert abs(gradients(sample.net.b[layer][j]) - common) < 1e-11


@pytest.mark.formula("000", "expanded")
def test_gradient_of_every_weight_written_out(sample: Sample) -> None:
    """∂C₀/∂w_jk^l = a_k^(l−1) σ′(z_j^l) ∂C₀/∂a_j^l,

    where ∂C₀/∂a_j^l = Σ_i w_ij^(l+1) σ′(z_i^(l+1)) ∂C₀/∂a_i^(l+1), and 2(a_j^L − y_j) in the last layer.
    """
    delta = deltas(sample.W, sample.z, 2 * (sample.a[-1] - sample.y), sigma_prime)
    for layer in range(3):
        agree(gradients(sample.net.W[layer]), np.outer(delta[layer], sample.a[layer]))


@pytest.mark.formula("000", "mean")
@pytest.mark.parametrize("seed", range(3))
def test_gradient_over_all_samples_is_the_mean_of_those_of_each(seed: int) -> None:
    """∂C/∂w = 1/n Σ_k ∂C_k/∂w"""
    rng = random.Random(seed)
    net = Network([3, 4, 2], seed=seed)
    samples = [([rng.random() for _ in range(3)], [rng.random() for _ in range(2)]) for _ in range(7)]
    (total([nn.squared_error(net(x), y) for x, y in samples]) / len(samples)).backward()
    W, b = [data(w) for w in net.W], [data(v) for v in net.b]
    of_each = []
    for x, y in samples:
        z, a = forward(W, b, x, sigma)
        delta = deltas(W, z, 2 * (a[-1] - y), sigma_prime)
        of_each.append([np.outer(d, before) for d, before in zip(delta, a, strict=False)])
    for layer in range(2):
        agree(gradients(net.W[layer]), np.mean([one[layer] for one in of_each], axis=0))


@pytest.mark.formula("000", "sign")
def test_a_small_step_against_the_gradient_makes_the_error_smaller(sample: Sample) -> None:
    """where ∂C₀/∂w > 0 make w smaller, where it is negative make it larger: C₀ falls by η (∂C₀/∂w)² + O(η²)"""
    eta = 1e-6
    parameters = sample.net.model.parameters()
    squares = math.fsum(p.grad**2 for p in parameters)
    for p in parameters:
        p.data -= eta * p.grad
    _, after = forward([data(w) for w in sample.net.W], [data(b) for b in sample.net.b], sample.x, sigma)
    fallen = float(np.sum((sample.a[-1] - sample.y) ** 2) - np.sum((after[-1] - sample.y) ** 2))
    # what O(η²) leaves is η times second derivatives (below 10 here); the subtraction loses 1e-16 of C₀ against 1e-6
    assert abs(fallen / eta - squares) <= 10 * eta * squares + 1e-16 / eta * 4
    assert fallen > 0


# ── the worked example that the seed points to ────────────────────────────────────────────────

INPUTS, TARGETS, ETA = (0.05, 0.10), (0.01, 0.99), 0.5
WEIGHTS = (0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55)  # w1 … w8
BIASES = (0.35, 0.60)


class Example:
    """The 2-2-2 network as nodes: w1 … w4 into the hidden neurons, w5 … w8 into the outputs, a bias for each layer."""

    def __init__(self) -> None:
        self.w = [Value(w, label=f"w{i}") for i, w in enumerate(WEIGHTS, 1)]
        self.optimiser = nn.SGD(self.w, lr=ETA)  # only the weights are updated

    def error(self) -> Value:
        w1, w2, w3, w4, w5, w6, w7, w8 = self.w
        b1, b2 = BIASES
        h = [sigmoid(dot(w, INPUTS, b1)) for w in ((w1, w2), (w3, w4))]
        o = [sigmoid(dot(w, h, b2)) for w in ((w5, w6), (w7, w8))]
        return nn.half_squared_error(o, TARGETS)

    def step(self) -> None:
        self.optimiser.zero_grad()
        self.error().backward()
        self.optimiser.step()


def example_by_hand(w: tuple[float, ...]) -> tuple[float, list[float]]:
    """E and ∂E/∂w1 … ∂E/∂w8, written out in plain Python."""
    w1, w2, w3, w4, w5, w6, w7, w8 = w
    (i1, i2), (t1, t2), (b1, b2) = INPUTS, TARGETS, BIASES
    h1 = 1 / (1 + math.exp(-(w1 * i1 + w2 * i2 + b1)))
    h2 = 1 / (1 + math.exp(-(w3 * i1 + w4 * i2 + b1)))
    o1 = 1 / (1 + math.exp(-(w5 * h1 + w6 * h2 + b2)))
    o2 = 1 / (1 + math.exp(-(w7 * h1 + w8 * h2 + b2)))
    d1, d2 = (o1 - t1) * o1 * (1 - o1), (o2 - t2) * o2 * (1 - o2)
    g1, g2 = (d1 * w5 + d2 * w7) * h1 * (1 - h1), (d1 * w6 + d2 * w8) * h2 * (1 - h2)
    error = ((t1 - o1) ** 2 + (t2 - o2) ** 2) / 2
    return error, [g1 * i1, g1 * i2, g2 * i1, g2 * i2, d1 * h1, d1 * h2, d2 * h1, d2 * h2]


@pytest.mark.formula("000", "example")
def test_the_worked_example_forward_and_backward() -> None:
    """E = ½ Σ (t − o)² = 0.29837…, ∂E/∂w5 = 0.08216…, ∂E/∂w1 = 0.00043…, and all eight by hand"""
    example = Example()
    error = example.error()
    error.backward()
    agree(error.data, 0.2983711087600027)
    agree(example.w[4].grad, 0.08216704056423077)
    agree(example.w[0].grad, 0.0004385677344743465)
    by_hand, slopes = example_by_hand(WEIGHTS)
    agree(error.data, by_hand)
    agree(gradients(example.w), slopes)


@pytest.mark.formula("000", "one step")
def test_the_worked_example_after_one_step() -> None:
    """w5⁺ = w5 − η ∂E/∂w5 = 0.35891…, and E = 0.29102… with all eight weights stepped"""
    example = Example()
    example.step()
    agree(example.w[4].data, 0.35891647971788465)
    agree(example.error().data, 0.29102777369359933)
    _, slopes = example_by_hand(WEIGHTS)
    agree(data(example.w), [w - ETA * slope for w, slope in zip(WEIGHTS, slopes, strict=True)])


@pytest.mark.formula("000", "10 000")
def test_the_worked_example_after_ten_thousand_steps() -> None:
    """E = 3.510187782978859e-05, and the weights of ten thousand steps by hand"""
    example = Example()
    w = WEIGHTS
    for _ in range(10_000):
        example.step()
        w = tuple(v - ETA * slope for v, slope in zip(w, example_by_hand(w)[1], strict=True))
    # A step rounds each weight by 1e-16, and descent does not make earlier errors grow: at most 1e-12 in all. t − o has
    # come down to 0.006, so the rounding of o is 300 times that of E.
    agree(data(example.w), w)
    agree(example.error().data, 3.510187782978859e-05, 1e-11)
    agree(example.error().data, example_by_hand(w)[0], 1e-11)
