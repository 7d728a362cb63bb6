"""Seed 003: a neuron's two halves, the chain rule, and errors that travel backwards with the sign O_t − O_r.

The network that is drawn: f1 and f2 take the inputs (w1 … w4), f3 and f4 take f1 and f2 (w5: f1 to f3, w6: f1 to f4,
w7: f2 to f3, w8: f2 to f4), f5 and f6 take f3 and f4 (w9 … w12). The seed's δ of an output is O_t − O_r, the negative
of the gradient of ½(O_t − O_r)², and so are all the errors it passes back.
"""

from __future__ import annotations

import math
import random

import pytest
from derivations.by_hand import agree, difference
from derivations.networks import data, gradients

import nn
from autograd import Value, dot, grad, jvp, sigmoid, sin

SEEDS = range(5)


def f(x: float) -> float:
    return 1 / (1 + math.exp(-x))


# ── two: a neuron taken apart ─────────────────────────────────────────────────────────────────


class Halves:
    """A neuron of n inputs as an `nn.Neuron` without a bias: the node that accumulates and the node that activates."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        n = rng.randint(1, 8)
        self.neuron = nn.Neuron(n, activation="sigmoid", seed=seed)
        self.x = [Value(rng.gauss(0, 1)) for _ in range(n)]
        self.O = self.neuron(self.x)
        (self.g,) = self.O.parents
        self.numbers = list(zip(data(self.neuron.w), data(self.x), strict=True))


@pytest.fixture(params=SEEDS)
def halves(request: pytest.FixtureRequest) -> Halves:
    return Halves(request.param)


@pytest.mark.formula("003", "g")
def test_the_half_that_accumulates(halves: Halves) -> None:
    """y = g(x, w) = Σ_j w_j x_j"""
    agree(halves.g.data, math.fsum(w * x for w, x in halves.numbers))
    halves.g.backward()
    assert gradients(halves.neuron.w).tolist() == [x for _, x in halves.numbers]
    assert gradients(halves.x).tolist() == [w for w, _ in halves.numbers]


@pytest.mark.formula("003", "f")
def test_the_half_that_activates(halves: Halves) -> None:
    """f(x) = 1/(1 + e^(−x))"""
    agree(halves.O.data, f(math.fsum(w * x for w, x in halves.numbers)))
    assert halves.O.parents == (halves.g,)


@pytest.mark.formula("003", "O")
def test_both_halves_in_one(halves: Halves) -> None:
    """O = 1/(1 + e^(−Σ_j w_j x_j))"""
    agree(halves.O.data, 1 / (1 + math.exp(-math.fsum(w * x for w, x in halves.numbers))))


# ── three: the mathematics ────────────────────────────────────────────────────────────────────


@pytest.mark.formula("003", "partial")
def test_a_partial_derivative_is_that_of_the_function_of_one_variable() -> None:
    """∂z/∂x of z = f(x, y) at (x₀, y₀) is the derivative of z = f(x, y₀) at x₀, and for y likewise"""

    def z(x: object, y: object) -> object:
        return sin(x * y) + x * x * y

    x0, y0 = 0.7, -1.2
    x, y = Value(x0), Value(y0)
    z(x, y).backward()
    assert x.grad == grad(lambda v: z(v, y0))(x0)
    assert y.grad == grad(lambda v: z(x0, v))(y0)
    agree(x.grad, math.cos(x0 * y0) * y0 + 2 * x0 * y0)
    agree(y.grad, math.cos(x0 * y0) * x0 + x0 * x0)
    # the rate of change along the axis of x, computed forwards
    agree(jvp(z, (x0, y0), (1.0, 0.0))[1], x.grad)


@pytest.mark.formula("003", "chain")
@pytest.mark.parametrize("x", [-0.8, 0.3, 1.9])
def test_the_chain_rule(x: float) -> None:
    """(f(g(x)))′ = f′(g(x)) g′(x), in the other form ∂y/∂x = ∂y/∂z · ∂z/∂x"""
    for outer, outer_prime, inner, inner_by_hand, inner_prime in [
        (Value.exp, math.exp, Value.sin, math.sin, math.cos),
        (Value.sin, math.cos, lambda v: v * v * v, lambda v: v**3, lambda v: 3 * v * v),
        (Value.tanh, lambda v: 1 / math.cosh(v) ** 2, Value.exp, math.exp, math.exp),
    ]:
        v = Value(x)
        z = inner(v)
        outer(z).backward()
        agree(v.grad, outer_prime(inner_by_hand(x)) * inner_prime(x))
        agree(z.grad, outer_prime(inner_by_hand(x)))


@pytest.mark.formula("003", "sin")
@pytest.mark.parametrize("x", [-2.0, -0.3, 0.0, 0.5, 1.7])
def test_the_example_of_the_chain_rule(x: float) -> None:
    """y = sin(x² + 1): g(x) = x² + 1, f(x) = sin(x), y′ = [sin(x² + 1)]′ · 2x = 2 cos(x² + 1) x"""
    v = Value(x)
    y = sin(v**2 + 1)
    y.backward()
    agree(y.data, math.sin(x * x + 1))
    agree(v.grad, 2 * math.cos(x * x + 1) * x)
    assert abs(v.grad - difference(lambda t: math.sin(t * t + 1), x)) < 1e-11  # of |y| ≤ 1, a quotient of step 1e-3


# ── the network f1 … f6 ───────────────────────────────────────────────────────────────────────


class Drawn:
    """f1 … f6, the loss ½ Σ (O_t − O_r)², and the engine's gradients with the seed's sign.

    With ``deep=False`` f3 and f4 are the outputs, as where the seed takes δ₃ = O_3t − O_3r; with ``deep=True``
    they are followed by f5 and f6, and δ₃ has itself come back from there.
    """

    def __init__(self, seed: int, deep: bool) -> None:
        rng = random.Random(seed)
        self.w = [Value(rng.gauss(0, 1), label=f"w{i}") for i in range(1, 13)]
        self.x = [rng.gauss(0, 1), rng.gauss(0, 1)]
        w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12 = self.w
        self.e: dict[int, Value] = {}
        self.O: dict[int, Value] = {}

        def neuron(i: int, weights: list[Value], inputs: list[object]) -> Value:
            self.e[i] = dot(weights, inputs)
            self.O[i] = sigmoid(self.e[i])
            return self.O[i]

        first = [neuron(1, [w1, w2], self.x), neuron(2, [w3, w4], self.x)]
        outputs = [neuron(3, [w5, w7], first), neuron(4, [w6, w8], first)]
        if deep:
            outputs = [neuron(5, [w9, w11], outputs), neuron(6, [w10, w12], outputs)]
        self.out: dict[int, float] = {}  # O_1 … by hand
        w = [0.0, *data(self.w)]
        for i, (j, k), before in [
            (1, (1, 2), self.x), (2, (3, 4), self.x), (3, (5, 7), (1, 2)), (4, (6, 8), (1, 2)),
            *([(5, (9, 11), (3, 4)), (6, (10, 12), (3, 4))] if deep else []),
        ]:  # fmt: skip
            one, two = before if i < 3 else (self.out[n] for n in before)
            self.out[i] = f(w[j] * one + w[k] * two)
        self.targets = [rng.random(), rng.random()]
        self.loss = nn.half_squared_error(outputs, self.targets)
        self.loss.backward()
        self.outputs = outputs

    def error(self, node: Value) -> float:
        """The seed's error of a node: expected minus actual, the negative of the gradient."""
        return -node.grad


@pytest.fixture(params=[(seed, deep) for seed in SEEDS for deep in (False, True)], ids=str)
def net(request: pytest.FixtureRequest) -> Drawn:
    return Drawn(*request.param)


@pytest.mark.formula("003", "delta o")
def test_the_error_of_an_output_is_the_negative_gradient_of_half_its_square(net: Drawn) -> None:
    """δ_o = O_t − O_r = −∂/∂O_r ½(O_t − O_r)²"""
    last = (5, 6) if 5 in net.out else (3, 4)
    for i, output, target in zip(last, net.outputs, net.targets, strict=True):
        agree(net.error(output), target - net.out[i])


@pytest.mark.formula("003", "h")
@pytest.mark.parametrize("x", [-3.0, -0.2, 0.0, 1.4, 3.0])
def test_the_derivative_of_the_activation_by_its_output(x: float) -> None:
    """f′(x) = f(x)(1 − f(x)), or h(x) = x(1 − x) at x = O_r"""
    v = Value(x)
    O_r = sigmoid(v)
    O_r.backward()
    agree(v.grad, f(x) * (1 - f(x)))
    agree(O_r.data, f(x))


@pytest.mark.formula("003", "delta x")
def test_the_error_passes_through_the_activation(net: Drawn) -> None:
    """δ_x = δ_o · h(O_r) = δ_o · O_r (1 − O_r)"""
    for i, O_r in net.out.items():
        agree(net.error(net.e[i]), delta_o(net, i) * (O_r * (1 - O_r)))


@pytest.mark.formula("003", "delta x")
def test_the_error_before_the_activation_is_to_first_order_that_of_its_input() -> None:
    """δ_x ≈ X_t − X_r times f′², where f(X_t) = O_t: points A and B of the curve, close to each other

    (δ_x is δ_o times the rate of change f′, and δ_o = f′ (X_t − X_r) + O((X_t − X_r)²).)
    """
    X_r = 0.8
    for distance in (1e-2, 1e-3, 1e-4):
        X_t = X_r + distance
        x = Value(X_r)
        nn.half_squared_error(sigmoid(x), f(X_t)).backward()
        rate = f(X_r) * (1 - f(X_r))
        # what the first order leaves is ½ f″/f′ of the distance, below 0.5 here
        assert abs(-x.grad / (rate * rate * distance) - 1) < 0.5 * distance


@pytest.mark.formula("003", "e3")
def test_what_f3_accumulates_and_gives(net: Drawn) -> None:
    """e₃(O, w) = f₁(e) w₅ + f₂(e) w₇ = O₁ w₅ + O₂ w₇, and O₃ = f₃(e₃(O, w))"""
    e3 = net.out[1] * net.w[4].data + net.out[2] * net.w[6].data
    agree(net.e[3].data, e3)
    agree(net.O[3].data, f(e3))


def e3_alone(net: Drawn) -> tuple[Value, Value, Value, Value, Value]:
    """e₃ with O₁, O₂, w₅ and w₇ as leaves."""
    O1, O2, w5, w7 = (Value(v.data) for v in (net.O[1], net.O[2], net.w[4], net.w[6]))
    return dot([w5, w7], [O1, O2]), O1, O2, w5, w7


@pytest.mark.formula("003", "h1")
def test_with_one_input_held_constant_the_other_product_remains(net: Drawn) -> None:
    """with w₇ O₂ constant e₃ is h₁ = O₁ w₅ + constant, and h₂ = O₂ w₇ likewise: their derivatives are those of e₃"""
    e3, O1, O2, w5, w7 = e3_alone(net)
    e3.backward()
    for i, O_i, w in ((1, O1, w5), (2, O2, w7)):
        a, b = Value(O_i.data), Value(w.data)
        h = a * b
        h.backward()
        assert (a.grad, b.grad) == (O_i.grad, w.grad) == (w.data, O_i.data)
        agree(O_i.data, net.out[i])
    agree(e3.data, net.out[1] * w5.data + net.out[2] * w7.data)


@pytest.mark.formula("003", "dh1/dO")
def test_the_partial_derivative_by_the_output_of_the_neuron_before(net: Drawn) -> None:
    """∂h₁(O, w)/∂O with w = w₅ constant is w₅"""
    e3, O1, O2, w5, w7 = e3_alone(net)
    e3.backward()
    assert (O1.grad, O2.grad) == (w5.data, w7.data)


@pytest.mark.formula("003", "dh1/dw")
def test_the_partial_derivative_by_the_weight(net: Drawn) -> None:
    """∂h₁(O, w)/∂w with O = O₁ constant is O₁"""
    e3, O1, O2, w5, w7 = e3_alone(net)
    e3.backward()
    assert (w5.grad, w7.grad) == (O1.data, O2.data)


@pytest.mark.formula("003", "O'")
def test_backwards_through_a_neuron_is_the_product_of_its_halves(halves: Halves) -> None:
    """O′ = (f(g(x, w)))′ = f′(g(x, w)) g′(x, w), where g′ is w by x and x by w"""
    halves.O.backward()
    O_r = f(math.fsum(w * x for w, x in halves.numbers))
    rate = O_r * (1 - O_r)
    agree(gradients(halves.x), [rate * w for w, _ in halves.numbers])
    agree(gradients(halves.neuron.w), [rate * x for _, x in halves.numbers])
    assert halves.g.grad == pytest.approx(rate, rel=1e-14)


def delta_o(net: Drawn, i: int) -> float:
    """δ of f_i by hand: O_t − O_r of an output, and of the others what has come back from the two after it."""
    if i in ((5, 6) if 5 in net.out else (3, 4)):
        return net.targets[(i - 1) % 2] - net.out[i]
    w = [0.0, *data(net.w)]
    after = {1: ((3, 5), (4, 6)), 2: ((3, 7), (4, 8)), 3: ((5, 9), (6, 10)), 4: ((5, 11), (6, 12))}[i]
    return sum(w[weight] * delta_x(net, j) for j, weight in after)


def delta_x(net: Drawn, i: int) -> float:
    """δ_x of f_i by hand, δ_i O_i (1 − O_i)."""
    return delta_o(net, i) * net.out[i] * (1 - net.out[i])


def from_f3_alone(net: Drawn) -> None:
    """A backward pass that starts at f3 with its error δ₃ and so reaches f1 and f2 through f3 alone."""
    gradient = net.O[3].grad
    net.loss.zero_grad()
    net.O[3].backward(gradient=gradient)


@pytest.mark.formula("003", "delta 1")
def test_what_f3_passes_back_to_f1(net: Drawn) -> None:
    """δ₁ = w₅ δ_x"""
    expected = net.w[4].data * delta_x(net, 3)
    from_f3_alone(net)
    agree(net.error(net.O[1]), expected)


@pytest.mark.formula("003", "delta 2")
def test_what_f3_passes_back_to_f2(net: Drawn) -> None:
    """δ₂ = w₇ δ_x"""
    expected = net.w[6].data * delta_x(net, 3)
    from_f3_alone(net)
    agree(net.error(net.O[2]), expected)


@pytest.mark.formula("003", "sum")
def test_errors_from_two_successors_add_up(net: Drawn) -> None:
    """δ₁ = δ₁ from f₃ + δ₁ from f₄ = w₅ δ_x3 + w₆ δ_x4, and δ₂ = w₇ δ_x3 + w₈ δ_x4"""
    w, from_3, from_4 = data(net.w), delta_x(net, 3), delta_x(net, 4)
    scale = max(abs(from_3), abs(from_4))  # the two may cancel
    assert abs(net.error(net.O[1]) - (w[4] * from_3 + w[5] * from_4)) <= 1e-12 * scale
    assert abs(net.error(net.O[2]) - (w[6] * from_3 + w[7] * from_4)) <= 1e-12 * scale


def change(net: Drawn, weight: int, rate: float) -> float:
    """How much a step of gradient descent on ½ Σ (O_t − O_r)² changes a weight."""
    before = net.w[weight].data
    nn.SGD([net.w[weight]], lr=rate).step()
    return net.w[weight].data - before


@pytest.mark.formula("003", "delta w5")
def test_the_change_of_w5(net: Drawn) -> None:
    """Δw₅ = O₁ η δ_x"""
    agree(-0.5 * net.w[4].grad, net.out[1] * 0.5 * delta_x(net, 3))
    # the difference of two weights near 1 has lost 1e-16 of them, which the change may be small beside
    assert abs(change(net, 4, 0.5) - net.out[1] * 0.5 * delta_x(net, 3)) < 1e-15


@pytest.mark.formula("003", "delta w7")
def test_the_change_of_w7(net: Drawn) -> None:
    """Δw₇ = O₂ η δ_x"""
    agree(-0.5 * net.w[6].grad, net.out[2] * 0.5 * delta_x(net, 3))
    # as for w₅
    assert abs(change(net, 6, 0.5) - net.out[2] * 0.5 * delta_x(net, 3)) < 1e-15


@pytest.mark.formula("003", "w + dw")
def test_adding_the_change_is_the_step_of_gradient_descent(net: Drawn) -> None:
    """w₅ := w₅ + Δw₅, w₇ := w₇ + Δw₇ with errors O_t − O_r is w := w − η ∂/∂w ½ Σ (O_t − O_r)²"""
    eta = 0.5
    added = {i: net.w[i].data + eta * net.out[j] * delta_x(net, 3) for i, j in ((4, 1), (6, 2))}
    nn.SGD([w for w in net.w if w.grad], lr=eta).step()
    for i, expected in added.items():
        agree(net.w[i].data, expected)


@pytest.mark.formula("003", "w + dw")
@pytest.mark.parametrize(("target", "sign"), [(0.9, 1), (0.1, -1)])
def test_an_actual_value_above_the_expected_makes_the_change_negative(target: float, sign: int) -> None:
    """O_r > O_t makes δ and so Δw negative, which is − |Δw|; either way O_r comes nearer to O_t"""
    w, x = Value(0.3), 0.7
    nn.half_squared_error(sigmoid(w * x), target).backward()
    nn.SGD([w], lr=0.5).step()
    assert math.copysign(1, w.data - 0.3) == sign
    O_r = f(0.3 * x)
    agree(w.data - 0.3, 0.5 * (target - O_r) * O_r * (1 - O_r) * x)  # Δw near 0.05, of which w's rounding is 1e-15
    assert abs(f(w.data * x) - target) < abs(O_r - target)
