"""Seed 002, equations 1 to 26: the standard network, its gradients by scalars, and by vectors.

The network: x_d into hidden sums α_s = Σ_d V_sd x_d + c_s, h = f(α), into output sums β_k = Σ_s W_ks h_s + b_k,
ŷ = f(β), with f the sigmoid and E = ½ Σ (ŷ − y)². The first half takes every factor of the chain rule apart.
"""

# ruff: noqa: E741  l is the layer, as in the seed

from __future__ import annotations

import math
import random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from derivations.by_hand import ACTIVATIONS, agree, deltas, difference, forward, sigmoid_prime
from derivations.by_hand import sigmoid as f
from derivations.networks import Network, data, gradients

import nn
from autograd import Value, sigmoid, total

SEEDS = range(5)


class Standard:
    """The network with one hidden layer and one sample: nodes, a backward pass from E, and the same by hand.

    What is called as in the seed is a node of the engine; ``hand`` has the numbers, computed from the weights and the
    inputs in NumPy, under the same names.
    """

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.D, self.S, self.K = rng.randint(1, 5), rng.randint(1, 5), rng.randint(1, 4)
        self.net = Network([self.D, self.S, self.K], seed=seed)
        self.x = [Value(rng.gauss(0, 1)) for _ in range(self.D)]
        self.y = np.array([rng.random() for _ in range(self.K)])
        self.net(self.x)
        (self.V, self.W), (self.c, self.b) = self.net.W, self.net.b
        (self.alpha, self.beta), (_, self.h, self.y_hat) = self.net.z, self.net.a
        self.E = nn.half_squared_error(self.y_hat, self.y)
        self.E.backward()
        V, W, c, b, x = (data(v) for v in (self.V, self.W, self.c, self.b, self.x))
        alpha = V @ x + c
        beta = W @ f(alpha) + b
        self.hand = SimpleNamespace(V=V, W=W, c=c, b=b, x=x, alpha=alpha, beta=beta, h=f(alpha), y_hat=f(beta))

    def factor(self, of: Value, by: Any) -> Any:
        """∂of/∂by alone: a backward pass from `of`, whose interior gradients are those of this pass."""
        self.E.zero_grad()
        of.backward()
        return gradients(by)


@pytest.fixture(params=SEEDS)
def net(request: pytest.FixtureRequest) -> Standard:
    return Standard(request.param)


# ── 1. the standard network ───────────────────────────────────────────────────────────────────


@pytest.mark.formula("002", "1")
@pytest.mark.parametrize("x", [-700.0, -3.0, -1e-9, 0.0, 0.4, 20.0])
def test_equation_1_the_sigmoid(x: float) -> None:
    """f(x) = 1/(1 + e^(−x))  (1)"""
    agree(sigmoid(Value(x)).data, 1 / (1 + math.exp(-x)))


@pytest.mark.formula("002", "2")
@pytest.mark.parametrize("x", [-3.0, -0.5, 0.0, 0.4, 3.0])
def test_equation_2_its_derivative(x: float) -> None:
    """f′(x) = f(x) · (1 − f(x))  (2)"""
    v = Value(x)
    sigmoid(v).backward()
    y = 1 / (1 + math.exp(-x))
    agree(v.grad, y * (1 - y))  # 1 − y cancels one digit at x = 3
    agree(v.grad, math.exp(-x) / (1 + math.exp(-x)) ** 2)


# ── 2.1 the loss ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.formula("002", "3")
def test_equation_3_the_loss(net: Standard) -> None:
    """ℓ(ŷ, y) = Σ_k (ŷ^(k) − y^(k))²  (3), and so ∂ℓ/∂ŷ_k = 2(ŷ_k − y_k)"""
    y_hat = [Value(v.data) for v in net.y_hat]
    loss = nn.squared_error(y_hat, net.y)
    loss.backward()
    agree(loss.data, sum((v.data - y) ** 2 for v, y in zip(y_hat, net.y, strict=True)))
    agree(gradients(y_hat), 2 * (data(y_hat) - net.y))


@pytest.mark.formula("002", "4")
def test_equation_4_the_squared_error_of_a_sample(net: Standard) -> None:
    """E_i = ½ Σ_k (ŷ_i^(k) − y_i^(k))²  (4), and so ∂E/∂ŷ_k = ŷ_k − y_k"""
    agree(net.E.data, 0.5 * sum((v - y) ** 2 for v, y in zip(net.hand.y_hat, net.y, strict=True)))
    agree(gradients(net.y_hat), net.hand.y_hat - net.y)


# ── 2.2 the gradients of the weights ──────────────────────────────────────────────────────────


def error_by_hand(net: Standard, V: np.ndarray, W: np.ndarray, c: np.ndarray, b: np.ndarray) -> float:
    """E of the network with these weights, in NumPy alone."""
    return float(np.sum((f(W @ f(V @ data(net.x) + c) + b) - net.y) ** 2) / 2)


def quotients(net: Standard, name: str) -> np.ndarray:
    """The difference quotients of E by hand, with respect to each entry of one of V, W, c, b."""
    arrays = {key: data(getattr(net, key)) for key in "VWcb"}
    kept = arrays[name].copy()
    result = np.empty_like(kept)
    for index in np.ndindex(kept.shape):

        def of_one(v: float, index: tuple[int, ...] = index) -> float:
            arrays[name] = kept.copy()
            arrays[name][index] = v
            return error_by_hand(net, **arrays)

        result[index] = difference(of_one, kept[index])
    return result


@pytest.mark.formula("002", "5")
def test_equation_5_the_gradient_of_an_output_weight(net: Standard) -> None:
    """∇W_ks = ∂E/∂W_ks  (5)"""
    assert np.max(np.abs(gradients(net.W) - quotients(net, "W"))) < 1e-11  # of E < 2, a quotient of step 1e-3


@pytest.mark.formula("002", "6")
def test_equation_6_is_a_product_of_three_factors(net: Standard) -> None:
    """∇W_ks = ∂E/∂ŷ_k · ∂ŷ_k/∂β_k · ∂β_k/∂W_ks  (6), where the factors are ŷ_k − y_k, f′(β_k) and h_s

    Each factor is also taken from a backward pass of its own.
    """
    nabla_W, hand = gradients(net.W), net.hand
    dE_dy, dy_db, db_dW = hand.y_hat - net.y, sigmoid_prime(hand.beta), hand.h
    agree(gradients(net.y_hat), dE_dy)
    for k in range(net.K):
        agree(nabla_W[k], dE_dy[k] * dy_db[k] * db_dW)
        agree(net.factor(net.y_hat[k], net.beta[k]), dy_db[k])
        agree(net.factor(net.beta[k], net.W[k]), db_dW)


@pytest.mark.formula("002", "7")
def test_equation_7_written_out(net: Standard) -> None:
    """∇W_ks = (ŷ_k − y_k) · ŷ_k (1 − ŷ_k) · h_s  (7)"""
    y_hat, h = net.hand.y_hat, net.hand.h
    expected = [[(y_hat[k] - net.y[k]) * y_hat[k] * (1 - y_hat[k]) * h[s] for s in range(net.S)] for k in range(net.K)]
    agree(gradients(net.W), expected)


@pytest.mark.formula("002", "8")
def test_equation_8_the_gradient_of_a_hidden_weight(net: Standard) -> None:
    """∇V_sd = ∂E/∂V_sd  (8)"""
    assert np.max(np.abs(gradients(net.V) - quotients(net, "V"))) < 1e-11  # of E < 2, a quotient of step 1e-3


@pytest.mark.formula("002", "9")
def test_equation_9_is_a_product_of_three_factors(net: Standard) -> None:
    """∇V_sd = ∂E/∂h_s · ∂h_s/∂α_s · ∂α_s/∂V_sd  (9): the factors are Σ_k (ŷ_k − y_k) f′(β_k) W_ks, f′(α_s) and x_d

    Each factor is also taken from a backward pass of its own.
    """
    nabla_V, hand = gradients(net.V), net.hand
    dE_dh, dh_da, da_dV = ((hand.y_hat - net.y) * sigmoid_prime(hand.beta)) @ hand.W, sigmoid_prime(hand.alpha), hand.x
    agree(gradients(net.h), dE_dh)
    for s in range(net.S):
        agree(nabla_V[s], dE_dh[s] * dh_da[s] * da_dV)
        agree(net.factor(net.h[s], net.alpha[s]), dh_da[s])
        agree(net.factor(net.alpha[s], net.V[s]), da_dV)


@pytest.mark.formula("002", "10")
def test_equation_10_the_error_comes_from_all_outputs(net: Standard) -> None:
    """∇V_sd = [Σ_k ∂E/∂β_k · ∂β_k/∂h_s] · h_s (1 − h_s) · x_d  (10), with ∂β_k/∂h_s = W_ks"""
    nabla_V, h, x = gradients(net.V), net.hand.h, net.hand.x
    dE_db, db_dh = (net.hand.y_hat - net.y) * sigmoid_prime(net.hand.beta), net.hand.W
    agree(gradients(net.beta), dE_db)
    for k, beta in enumerate(net.beta):
        agree(net.factor(beta, net.h), db_dh[k])
    expected = [
        [sum(dE_db[k] * db_dh[k, s] for k in range(net.K)) * h[s] * (1 - h[s]) * x[d] for d in range(net.D)]
        for s in range(net.S)
    ]
    agree(nabla_V, expected)


@pytest.mark.formula("002", "11")
def test_equation_11_written_out(net: Standard) -> None:
    """∇V_sd = [Σ_k ŷ_k (1 − ŷ_k)(ŷ_k − y_k) W_ks] · h_s (1 − h_s) · x_d  (11; the seed's W_hk is W_ks of (7))"""
    y_hat, h, x, W = net.hand.y_hat, net.hand.h, net.hand.x, net.hand.W
    expected = [
        [
            sum(y_hat[k] * (1 - y_hat[k]) * (y_hat[k] - net.y[k]) * W[k, s] for k in range(net.K))
            * (h[s] * (1 - h[s]))
            * x[d]
            for d in range(net.D)
        ]
        for s in range(net.S)
    ]
    agree(gradients(net.V), expected)


# ── 2.3 the gradients of the biases ───────────────────────────────────────────────────────────


@pytest.mark.formula("002", "12")
def test_equation_12_the_gradient_of_an_output_bias(net: Standard) -> None:
    """∇b_k = ∂E/∂b_k = ∂E/∂ŷ_k · ∂ŷ_k/∂b_k  (12)"""
    nabla_b, dE_dy, dy_db = gradients(net.b), net.hand.y_hat - net.y, sigmoid_prime(net.hand.beta)
    assert np.max(np.abs(nabla_b - quotients(net, "b"))) < 1e-11  # of E < 2, a quotient of step 1e-3
    for k in range(net.K):
        agree(nabla_b[k], dE_dy[k] * dy_db[k])
        agree(net.factor(net.y_hat[k], net.b[k]), dy_db[k])


@pytest.mark.formula("002", "13")
def test_equation_13_written_out(net: Standard) -> None:
    """∇b_k = (ŷ_k − y_k) · ŷ_k (1 − ŷ_k)  (13)"""
    y_hat = net.hand.y_hat
    agree(gradients(net.b), [(y_hat[k] - net.y[k]) * (y_hat[k] * (1 - y_hat[k])) for k in range(net.K)])


@pytest.mark.formula("002", "14")
def test_equation_14_the_gradient_of_a_hidden_bias(net: Standard) -> None:
    """∇c_s = ∂E/∂c_s = ∂E/∂h_s · ∂h_s/∂c_s  (14)"""
    nabla_c, dh_dc = gradients(net.c), sigmoid_prime(net.hand.alpha)
    dE_dh = ((net.hand.y_hat - net.y) * sigmoid_prime(net.hand.beta)) @ net.hand.W
    assert np.max(np.abs(nabla_c - quotients(net, "c"))) < 1e-11  # of E < 2, a quotient of step 1e-3
    for s in range(net.S):
        agree(nabla_c[s], dE_dh[s] * dh_dc[s])
        agree(net.factor(net.h[s], net.c[s]), dh_dc[s])


@pytest.mark.formula("002", "15")
def test_equation_15_the_error_comes_from_all_outputs(net: Standard) -> None:
    """∇c_s = [Σ_k ∂E/∂β_k · ∂β_k/∂h_s] · h_s (1 − h_s)  (15)"""
    nabla_c, h, db_dh = gradients(net.c), net.hand.h, net.hand.W
    dE_db = (net.hand.y_hat - net.y) * sigmoid_prime(net.hand.beta)
    agree(nabla_c, [sum(dE_db[k] * db_dh[k, s] for k in range(net.K)) * h[s] * (1 - h[s]) for s in range(net.S)])


@pytest.mark.formula("002", "16")
def test_equation_16_written_out(net: Standard) -> None:
    """∇c_s = [Σ_k ŷ_k (1 − ŷ_k)(ŷ_k − y_k) W_ks] · h_s (1 − h_s)  (16; the seed's W_hk is W_ks of (7))"""
    y_hat, h, W = net.hand.y_hat, net.hand.h, net.hand.W
    expected = [
        sum(y_hat[k] * (1 - y_hat[k]) * (y_hat[k] - net.y[k]) * W[k, s] for k in range(net.K)) * (h[s] * (1 - h[s]))
        for s in range(net.S)
    ]
    agree(gradients(net.c), expected)


# ── 3. and 4. gradient descent, and SGD ───────────────────────────────────────────────────────


class Training:
    """A network, samples, and the gradient of one sample's E with respect to W and b by hand (7, 11, 13, 16)."""

    sizes, rate, count = (3, 4, 2), 0.3, 12

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.net = Network(self.sizes, seed=seed)
        self.samples = [
            ([rng.gauss(0, 1) for _ in range(3)], [rng.random() for _ in range(2)]) for _ in range(self.count)
        ]
        self.W, self.b = [data(w) for w in self.net.W], [data(b) for b in self.net.b]

    def by_hand(self, x: list[float], y: list[float]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        z, a = forward(self.W, self.b, x, f)
        delta = deltas(self.W, z, a[-1] - y, lambda z: f(z) * (1 - f(z)))
        return [np.outer(d, before) for d, before in zip(delta, a, strict=False)], delta

    def step_by_hand(self, gradients_of_each: list[tuple[list[np.ndarray], list[np.ndarray]]]) -> None:
        for dW, db in gradients_of_each:
            self.W = [W - self.rate * g for W, g in zip(self.W, dW, strict=True)]
            self.b = [b - self.rate * g for b, g in zip(self.b, db, strict=True)]

    def loss(self, x: list[float], y: list[float]) -> Value:
        return nn.half_squared_error(self.net(x), y)


@pytest.mark.formula("002", "17")
@pytest.mark.parametrize("seed", SEEDS)
def test_equation_17_the_gradient_of_a_mini_batch_is_the_mean(seed: int) -> None:
    """∇W ≈ 1/m Σ_i ∇W_(x_i) over a mini-batch of m samples drawn at random  (17)"""
    training = Training(seed)
    m = 5
    batch = random.Random(seed).sample(training.samples, m)
    (total([training.loss(x, y) for x, y in batch]) / m).backward()
    of_each = [training.by_hand(x, y) for x, y in batch]
    for l in range(2):
        agree(gradients(training.net.W[l]), sum(dW[l] for dW, _ in of_each) / m)
        agree(gradients(training.net.b[l]), sum(db[l] for _, db in of_each) / m)


@pytest.mark.formula("002", "17")
def test_equation_17_estimates_the_gradient_of_all_samples_without_bias() -> None:
    """∇W ≈ 1/m Σ_i ∇W_(x_i): over all batches of m = 2 the estimates have the full gradient as their mean"""
    training = Training(0)
    n = training.count
    full = np.mean([training.by_hand(x, y)[0][0] for x, y in training.samples], axis=0)
    estimates = []
    for i in range(n):
        for j in range(i):
            training.net.zero_grad()
            (total([training.loss(*training.samples[k]) for k in (i, j)]) / 2).backward()
            estimates.append(gradients(training.net.W[0]))
    agree(np.mean(estimates, axis=0), full)
    assert np.std(estimates, axis=0).max() > 0.1 * np.abs(full).max(), "one batch alone is only an estimate"


@pytest.mark.formula("002", "algorithm")
@pytest.mark.parametrize("seed", SEEDS)
def test_gradient_descent_sums_over_all_samples_before_each_step(seed: int) -> None:
    """repeat: ΔW := Σ_i ∇W_i over all samples, then W := W − η ΔW; one step sums all gradients at the same W"""
    training = Training(seed)
    optimiser = nn.SGD(training.net.model.parameters(), lr=training.rate)
    for _ in range(3):
        optimiser.zero_grad()
        for x, y in training.samples:
            training.loss(x, y).backward()  # leaves accumulate: this is the sum
        optimiser.step()
        training.step_by_hand([training.by_hand(x, y) for x, y in training.samples])
    for l in range(2):
        agree(data(training.net.W[l]), training.W[l])
        agree(data(training.net.b[l]), training.b[l])


@pytest.mark.formula("002", "algorithm")
@pytest.mark.parametrize("seed", SEEDS)
def test_stochastic_gradient_descent_steps_after_each_sample(seed: int) -> None:
    """for each sample: W := W − η ∇W_i, so the next gradient is taken at another W; the end is not that of the sum"""
    training, summed = Training(seed), Training(seed)
    optimiser = nn.SGD(training.net.model.parameters(), lr=training.rate)
    for x, y in training.samples:
        optimiser.zero_grad()
        training.loss(x, y).backward()
        optimiser.step()
        training.step_by_hand([training.by_hand(x, y)])
    for l in range(2):
        agree(data(training.net.W[l]), training.W[l])
    summed.step_by_hand([summed.by_hand(x, y) for x, y in summed.samples])
    # the two differ by O(η²), at η = 0.3 far more than by rounding
    assert np.abs(summed.W[0] - training.W[0]).max() > 1e-6


# ── 5. by vectors: any depth, any f ───────────────────────────────────────────────────────────


class Layered:
    """A network of three layers with an activation of its own, J = ½ |ŷ − y|², forward and backward; all also by hand.

    ``net`` has the nodes of the engine; ``z``, ``a`` and ``delta`` are by hand.
    """

    def __init__(self, seed: int) -> None:
        rng = random.Random(100 + seed)
        activation = ("sigmoid", "tanh", "softplus", "sin", "silu")[seed]
        self.f, self.f_prime = ACTIVATIONS[activation]
        self.net = Network([rng.randint(1, 5) for _ in range(4)], activation, seed)
        self.x = [rng.gauss(0, 1) for _ in self.net.W[0][0]]
        self.y = np.array([rng.random() for _ in self.net.W[-1]])
        self.W, self.b = [data(w) for w in self.net.W], [data(b) for b in self.net.b]
        self.J = nn.half_squared_error(self.net(self.x), self.y)
        self.J.backward()
        # by hand, from the weights, x and y on
        self.z, self.a = forward(self.W, self.b, self.x, self.f)
        self.delta = deltas(self.W, self.z, self.a[-1] - self.y, self.f_prime)


@pytest.fixture(params=SEEDS)
def layered(request: pytest.FixtureRequest) -> Layered:
    return Layered(request.param)


@pytest.mark.formula("002", "18")
def test_equation_18_the_sums_of_a_layer(layered: Layered) -> None:
    """z^l = W^l · a^(l−1) + b^l  (18)"""
    for l in range(3):
        agree(data(layered.net.z[l]), layered.W[l] @ layered.a[l] + layered.b[l])


@pytest.mark.formula("002", "19")
def test_equation_19_the_outputs_of_a_layer(layered: Layered) -> None:
    """a^l = f(z^l)  (19)"""
    for l in range(3):
        agree(data(layered.net.a[l + 1]), layered.f(layered.z[l]))


@pytest.mark.formula("002", "20")
def test_equation_20_delta(layered: Layered) -> None:
    """δ^l = ∂J/∂z^l = ∂J/∂a^l ⊗ f′(z^l)  (20)"""
    for l in range(3):
        dJ_da = layered.delta[l + 1] @ layered.W[l + 1] if l < 2 else layered.a[-1] - layered.y
        agree(gradients(layered.net.a[l + 1]), dJ_da)
        agree(gradients(layered.net.z[l]), dJ_da * layered.f_prime(layered.z[l]))


@pytest.mark.formula("002", "21")
def test_equation_21_delta_of_the_last_layer(layered: Layered) -> None:
    """δ^L = ∂J/∂a^L ⊗ f′(z^L) = (ŷ − y) ⊗ f′(z^L)  (21)"""
    agree(gradients(layered.net.z[-1]), (layered.a[-1] - layered.y) * layered.f_prime(layered.z[-1]))


@pytest.mark.formula("002", "22")
def test_equation_22_delta_of_the_layers_before(layered: Layered) -> None:
    """δ^l = ∂J/∂z^(l+1) · ∂z^(l+1)/∂a^l ⊗ f′(z^l) = (δ^(l+1) W^(l+1)) ⊗ f′(z^l)  (22, δ as a row times W)"""
    for l in range(2):
        expected = (layered.delta[l + 1] @ layered.W[l + 1]) * layered.f_prime(layered.z[l])
        agree(gradients(layered.net.z[l]), expected)


@pytest.mark.formula("002", "23")
def test_equation_23_the_gradient_of_one_weight(layered: Layered) -> None:
    """∂J/∂w_ij^l = ∂J/∂z_i^l · ∂z_i^l/∂w_ij^l = δ_i^l · a_j^(l−1)  (23)"""
    found = [gradients(w) for w in layered.net.W]
    for l in range(3):
        for i, z in enumerate(layered.net.z[l]):
            layered.J.zero_grad()
            z.backward()  # ∂z_i/∂w_ij alone
            agree(gradients(layered.net.W[l][i]), layered.a[l])
            agree(found[l][i], [layered.delta[l][i] * a_j for a_j in layered.a[l]])


@pytest.mark.formula("002", "24")
def test_equation_24_the_gradients_of_a_matrix_of_weights(layered: Layered) -> None:
    """∂J/∂W^l = δ^l · (a^(l−1))ᵀ  (24)"""
    for l in range(3):
        agree(gradients(layered.net.W[l]), layered.delta[l][:, None] @ layered.a[l][None, :])


@pytest.mark.formula("002", "25")
def test_equation_25_the_gradient_of_one_bias(layered: Layered) -> None:
    """∂J/∂b_i^l = ∂J/∂z_i^l · ∂z_i^l/∂b_i^l = δ_i^l  (25): ∂z_i/∂b_i is 1"""
    for l in range(3):
        agree(gradients(layered.net.b[l]), layered.delta[l])
        for i in range(len(layered.net.b[l])):
            layered.net.zero_grad()
            layered.net.z[l][i].backward()
            assert layered.net.b[l][i].grad == 1.0
            layered.J.zero_grad()
            layered.J.backward()


@pytest.mark.formula("002", "26")
def test_equation_26_the_gradients_of_a_vector_of_biases(layered: Layered) -> None:
    """∂J/∂b^l = δ^l  (26)"""
    for l in range(3):
        agree(gradients(layered.net.b[l]), layered.delta[l])
