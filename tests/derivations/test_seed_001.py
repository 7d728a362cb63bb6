"""Seed 001: matrices, the chain rule, partial derivatives and gradients, δ layer by layer, and both update rules."""

# ruff: noqa: E741  l is the layer, as in the seed
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
from autograd import Value, dot, exp, grad

A, B = [[1, 2], [3, 4]], [[-1, -2], [-3, -4]]


def nodes(matrix: list[list[float]]) -> np.ndarray:
    return np.array([[Value(x) for x in row] for row in matrix])


# ── matrices ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.formula("001", "AB")
def test_the_product_of_two_matrices() -> None:
    """AB = [[1·(−1) + 2·(−3), 1·(−2) + 2·(−4)], [3·(−1) + 4·(−3), 3·(−2) + 4·(−4)]] = [[−7, −10], [−15, −22]]"""
    a, b = nodes(A), nodes(B)
    expected = [[-7, -10], [-15, -22]]
    assert data((a @ b).tolist()).tolist() == expected
    product = [[dot(row, column) for column in b.T] for row in a]  # the same with one node an entry
    assert data(product).tolist() == expected
    sum(product[0] + product[1]).backward()
    assert gradients(a.tolist()).tolist() == [[-3, -7]] * 2, "∂Σ(AB)/∂A_ik = Σ_j B_kj"


@pytest.mark.formula("001", "A*B")
def test_the_product_element_by_element() -> None:
    """A ⊙ B = [[1·(−1), 2·(−2)], [3·(−3), 4·(−4)]] = [[−1, −4], [−9, −16]]"""
    a, b = nodes(A), nodes(B)
    product = a * b
    assert data(product.tolist()).tolist() == [[-1, -4], [-9, -16]]
    np.sum(product).backward()
    assert gradients(a.tolist()).tolist() == B


# ── derivatives ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.formula("001", "chain")
@pytest.mark.parametrize("x", [-1.3, 0.2, 0.9])
def test_the_chain_rule(x: float) -> None:
    """∂f(g(x))/∂x = ∂f(g(x))/∂g(x) · ∂g(x)/∂x: e^(sin x) cos x, e^x/cosh²(e^x), −3 cos²x sin x"""
    g, dg = math.sin(x), math.cos(x)
    cases = [(exp, Value.sin, math.exp(g), dg)]
    g, dg = math.exp(x), math.exp(x)
    cases += [(Value.tanh, exp, 1 / math.cosh(g) ** 2, dg)]
    g, dg = math.cos(x), -math.sin(x)
    cases += [(lambda v: v * v * v, Value.cos, 3 * g * g, dg)]
    for f, inner, df_dg, dg_dx in cases:
        v = Value(x)
        node = inner(v)
        f(node).backward()
        agree(node.grad, df_dg)
        agree(v.grad, df_dg * dg_dx)
        alone = Value(x)
        inner(alone).backward()
        agree(alone.grad, dg_dx)


@pytest.mark.formula("001", "exp")
@pytest.mark.parametrize("x", [-3.0, 0.0, 0.7, 12.0])
def test_the_example_of_the_chain_rule(x: float) -> None:
    """∂e^(−x)/∂x = ∂e^(−x)/∂(−x) · ∂(−x)/∂x = e^(−x) · (−1) = −e^(−x)"""
    v = Value(x)
    minus = -v
    exp(minus).backward()
    agree(v.grad, -math.exp(-x))
    agree(minus.grad, math.exp(-x))


@pytest.mark.formula("001", "limit")
def test_the_derivative_is_the_limit_of_difference_quotients() -> None:
    """f′(x) = lim Δy/Δx for Δx → 0: the quotient approaches it, and its error is halved with Δx"""

    def f(x: float) -> float:
        return math.sin(x) * math.exp(x)

    x = 0.4
    derivative = grad(lambda v: v.sin() * exp(v))(x)
    agree(derivative, (math.cos(x) + math.sin(x)) * math.exp(x))
    errors = [abs((f(x + dx) - f(x)) / dx - derivative) for dx in (2.0**-k for k in range(6, 16))]
    for larger, smaller in pairwise(errors):
        # the error is Δx f″/2 + O(Δx²), and rounding adds 1e-16/Δx ≤ 4e-12
        assert smaller / larger == pytest.approx(0.5, rel=0.02)


@pytest.mark.formula("001", "partial")
def test_a_partial_derivative_holds_the_other_variable_constant() -> None:
    """f′_x(x, y) = ∂f/∂x: of sin(x) y + x y² it is cos(x) y + y², and f′_y is sin(x) + 2 x y"""
    x, y = Value(0.6), Value(-1.1)
    (x.sin() * y + x * y * y).backward()
    agree(x.grad, difference(lambda v: math.sin(v) * -1.1 + v * 1.21, 0.6), 1e-11)  # a quotient of step 1e-3: 13 digits
    agree(y.grad, difference(lambda v: math.sin(0.6) * v + 0.6 * v * v, -1.1), 1e-11)
    agree((x.grad, y.grad), (math.cos(0.6) * -1.1 + 1.21, math.sin(0.6) - 2 * 0.6 * 1.1))
    alone = Value(0.6)
    (alone.sin() * -1.1 + alone * -1.1 * -1.1).backward()  # y a number
    agree(alone.grad, x.grad)


@pytest.mark.formula("001", "xy")
def test_the_example_of_partial_derivatives() -> None:
    """f(x, y) = xy, f_x = y, f_y = x"""
    x, y = Value(3.0), Value(-7.0)
    (x * y).backward()
    assert (x.grad, y.grad) == (-7.0, 3.0)


@pytest.mark.formula("001", "direction")
def test_no_direction_is_steeper_than_the_gradient() -> None:
    """the directional derivative of f along u is ∇f · u, the greatest for u = ∇f/|∇f|, and then |∇f|"""
    point = (0.3, -0.8, 1.2)
    x = [Value(v) for v in point]
    (x[0] * x[1].sin() + exp(x[2] * x[0])).backward()
    gradient = gradients(x)

    def along(u: np.ndarray) -> float:
        def f(t: float) -> float:
            a, b, c = np.array(point) + t * u
            return a * math.sin(b) + math.exp(c * a)

        return difference(f, 0.0)

    rng = np.random.default_rng(0)
    directions = rng.normal(size=(200, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    slopes = [along(u) for u in directions]
    assert np.allclose(slopes, directions @ gradient, rtol=0, atol=1e-11)  # a quotient of step 1e-3: 13 digits
    agree(along(gradient / np.linalg.norm(gradient)), np.linalg.norm(gradient), 1e-11)
    assert max(slopes) < np.linalg.norm(gradient)


@pytest.mark.formula("001", "descent")
@pytest.mark.parametrize(("curvature", "rate"), [(2.0, 0.1), (0.5, 1.0), (3.0, 0.5), (4.0, 0.25)])
def test_gradient_descent_on_a_quadratic_converges_at_the_rate_theory_says(curvature: float, rate: float) -> None:
    """w := w − a ∂J(w)/∂w with J = ½ c (w − w*)² makes every error (1 − a c) times the one before"""
    best = 1.5
    w = Value(4.0)
    optimiser = nn.SGD([w], lr=rate)
    for step in range(1, 41):
        optimiser.zero_grad()
        (curvature / 2 * (w - best) ** 2).backward()
        optimiser.step()
        # a step rounds w by 2e-16 · 1.5, and the errors of earlier steps shrink by |1 − a c| ≤ 0.8 each: 2e-15 in all
        assert abs((w.data - best) - (1 - rate * curvature) ** step * (4.0 - best)) < 2e-15


@pytest.mark.formula("001", "descent")
def test_gradient_descent_diverges_beyond_two_over_the_curvature() -> None:
    """w := w − a ∂J/∂w with a > 2/c: |1 − a c| > 1"""
    w = Value(1.0)
    optimiser = nn.SGD([w], lr=1.1)
    for _ in range(10):
        optimiser.zero_grad()
        (w * w).backward()  # c = 2, so a c = 2.2
        optimiser.step()
    agree(w.data, (1 - 2.2) ** 10)


@pytest.mark.formula("001", "nabla A")
def test_the_gradient_with_respect_to_a_matrix_is_the_matrix_of_gradients() -> None:
    """(∇_A f(A))_ij = ∂f(A)/∂A_ij: of u·Av it is u vᵀ, of Σ A_ij² it is 2A, of det A it is det A (A⁻¹)ᵀ"""
    rng = np.random.default_rng(1)
    matrix, u, v = rng.normal(size=(3, 4)), rng.normal(size=3), rng.normal(size=4)
    a = nodes(matrix.tolist())
    (u @ (a @ v)).backward()
    agree(gradients(a.tolist()), np.outer(u, v))
    a = nodes(matrix.tolist())
    np.sum(a * a).backward()
    agree(gradients(a.tolist()), 2 * matrix)
    square = matrix[:, :3]
    a = nodes(square.tolist())
    cross = [a[1][i] * a[2][j] - a[1][j] * a[2][i] for i, j in ((1, 2), (2, 0), (0, 1))]
    dot(list(a[0]), cross).backward()
    agree(gradients(a.tolist()), np.linalg.det(square) * np.linalg.inv(square).T)


# ── the loss |ŷ − y| ──────────────────────────────────────────────────────────────────────────


@pytest.mark.formula("001", "L")
@pytest.mark.parametrize(("prediction", "slope"), [(0.9, 1.0), (0.1, -1.0), (0.4, 0.0)])
def test_the_absolute_error_and_its_gradient_on_both_sides_and_at_the_tie(prediction: float, slope: float) -> None:
    """L(ŷ, y) = |ŷ − y|, ∂L/∂ŷ = 1 above y, −1 below, and 0 at ŷ = y"""
    y_hat = Value(prediction)
    loss = nn.l1_loss(y_hat, 0.4)
    loss.backward()
    assert loss.data == abs(prediction - 0.4)
    assert y_hat.grad == slope


# ── the network that is drawn: two hidden layers, all connected, one output ───────────────────


class Drawn:
    """The network, one sample, the loss |ŷ − y|, and the same by hand."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.net = Network([3, 4, 4, 1], seed=seed)
        self.x, self.y = [rng.gauss(0, 1) for _ in range(3)], rng.choice([0.0, 1.0])
        self.w, self.b = [data(w) for w in self.net.W], [data(b) for b in self.net.b]
        self.z, self.a = forward(self.w, self.b, self.x, sigma)
        self.loss = nn.l1_loss(self.net(self.x), [self.y])
        self.loss.backward()
        self.delta = deltas(self.w, self.z, np.sign(self.a[-1] - self.y), sigma_prime)


@pytest.fixture(params=range(5))
def drawn(request: pytest.FixtureRequest) -> Drawn:
    return Drawn(request.param)


@pytest.mark.formula("001", "neuron")
def test_a_neuron_sums_its_inputs_times_weights_adds_its_bias_and_activates(drawn: Drawn) -> None:
    """a_j^[l] = σ(Σ_i w_ji^[l] a_i^[l−1] + b_j^[l])"""
    for l in range(3):
        for j, a in enumerate(drawn.net.a[l + 1]):
            z = sum(w * v for w, v in zip(drawn.w[l][j], drawn.a[l], strict=True)) + drawn.b[l][j]
            agree(a.data, 1 / (1 + math.exp(-z)))


@pytest.mark.formula("001", "Z")
def test_the_sums_of_a_layer_as_a_product_with_its_matrix(drawn: Drawn) -> None:
    """Z^[l] = w^[l] · A^[l−1] + b^[l]"""
    for l in range(3):
        agree(data(drawn.net.z[l]), drawn.w[l] @ drawn.a[l] + drawn.b[l])


@pytest.mark.formula("001", "delta")
def test_delta_is_the_sensitivity_of_the_loss_to_the_sum_before_the_activation(drawn: Drawn) -> None:
    """δ_j^[l] = ∂L/∂z_j^[l]: add a little to z_j, compute on from there, and look at L"""
    for l in range(3):
        for j, node in enumerate(drawn.net.z[l]):

            def loss(v: float, l: int = l, j: int = j) -> float:
                z = drawn.z[l].copy()
                z[j] = v
                _, a = forward(drawn.w[l + 1 :], drawn.b[l + 1 :], sigma(z), sigma)
                return abs(a[-1][0] - drawn.y)

            assert abs(node.grad - difference(loss, drawn.z[l][j])) < 1e-11  # of L < 1, a quotient of step 1e-3


@pytest.mark.formula("001", "delta L")
def test_delta_of_the_output_layer(drawn: Drawn) -> None:
    """δ^[L] = ∂L/∂a^[L] ⊙ σ′(z^[L]), where ∂L/∂a is the sign of ŷ − y"""
    agree(gradients(drawn.net.z[-1]), np.sign(drawn.a[-1] - drawn.y) * sigma_prime(drawn.z[-1]))


@pytest.mark.formula("001", "delta l")
def test_delta_of_the_hidden_layers(drawn: Drawn) -> None:
    """δ^[l] = (w^[l+1]ᵀ δ^[l+1]) ⊙ σ′(z^[l])"""
    for l in range(2):
        expected = [
            sum(drawn.w[l + 1][i][j] * delta for i, delta in enumerate(drawn.delta[l + 1])) * sigma_prime(drawn.z[l][j])
            for j in range(len(drawn.z[l]))
        ]
        agree(gradients(drawn.net.z[l]), expected)


@pytest.mark.formula("001", "update w")
def test_the_update_of_the_weights(drawn: Drawn) -> None:
    """w^[l] := w^[l] − a δ^[l] A^[l−1]ᵀ"""
    rate = 0.25
    nn.SGD(drawn.net.model.parameters(), lr=rate).step()
    for l in range(3):
        agree(data(drawn.net.W[l]), drawn.w[l] - rate * np.outer(drawn.delta[l], drawn.a[l]))


@pytest.mark.formula("001", "update b")
def test_the_update_of_the_biases(drawn: Drawn) -> None:
    """b^[l] := b^[l] − a δ^[l]"""
    rate = 0.25
    nn.SGD(drawn.net.model.parameters(), lr=rate).step()
    for l in range(3):
        agree(data(drawn.net.b[l]), drawn.b[l] - rate * drawn.delta[l])
