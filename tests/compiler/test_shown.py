"""What a program shows is the derivation of the vectorised form in the seeds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Value, cos, dot, exp, logsumexp, relu, sin, tanh, total, where
from autograd.choice import take
from autograd.compiler.program import _entries

NETWORK = """\
13002 parameters: W¹ (16 × 784), b¹ (16), W² (16 × 16), b² (16), W³ (10 × 16), b³ (10)
inputs x (784), y (10)

forward
        z¹ = W¹ x + b¹
        a¹ = σ(z¹)
        z² = W² a¹ + b²
        a² = σ(z²)
        z³ = W³ a² + b³
        a³ = σ(z³)
         E = ½ Σ (a³ − y)²

backward
        δ³ = (a³ − y) ⊙ σ′(z³)
    ∂E/∂W³ = δ³ (a²)ᵀ
    ∂E/∂b³ = δ³
        δ² = (W³)ᵀ δ³ ⊙ σ′(z²)
    ∂E/∂W² = δ² (a¹)ᵀ
    ∂E/∂b² = δ²
        δ¹ = (W²)ᵀ δ² ⊙ σ′(z¹)
    ∂E/∂W¹ = δ¹ xᵀ
    ∂E/∂b¹ = δ¹

Over a batch: the mean of E, and of every ∂E/∂…"""


@pytest.fixture(scope="module")
def program() -> autograd.compiler.Program:
    model = nn.MLP(784, [16, 16, 10], activation="sigmoid", output="sigmoid", seed=0)
    return autograd.compile(lambda x, y: nn.half_squared_error(model(x), y), example=([0.0] * 784, [0.0] * 10))


def test_the_network_of_the_seeds_is_their_derivation(program: autograd.compiler.Program) -> None:
    assert str(program).rpartition("\nRun by ")[0] == NETWORK


def test_its_latex_says_the_same(program: autograd.compiler.Program) -> None:
    latex = program._repr_latex_()
    assert r"z^{1} &= W^{1}\,x + b^{1}" in latex
    assert r"\delta^{3} &= \left(a^{3} - y\right) \odot \sigma'\left(z^{3}\right)" in latex  # BP1
    assert r"\delta^{2} &= \left(W^{3}\right)^{\top}\,\delta^{3} \odot \sigma'\left(z^{2}\right)" in latex  # BP2
    assert r"\frac{\partial E}{\partial b^{1}} &= \delta^{1}" in latex  # BP3
    assert r"\frac{\partial E}{\partial W^{1}} &= \delta^{1}\,x^{\top}" in latex  # BP4


def test_a_matrix_is_a_block_of_the_vector_row_by_row(program: autograd.compiler.Program) -> None:
    model = nn.MLP(3, [2, 1], seed=0)
    parameters = autograd.compile(lambda x: model(x), example=([0.0] * 3,)).parameters
    first, second = model.layers
    expected = [w for n in first.neurons for w in n.w] + [n.b for n in first.neurons]
    assert parameters == expected + second.neurons[0].w + [second.neurons[0].b]


def test_weight_decay_does_not_disturb_the_layout_or_the_names() -> None:
    model = nn.MLP(3, [2, 1], seed=0)
    plain = autograd.compile(lambda x: model(x) ** 2, example=([0.0] * 3,))
    decayed = autograd.compile(
        lambda x: 0.1 * sum(p * p for p in model.parameters()) + model(x) ** 2, example=([0.0] * 3,)
    )
    assert decayed.parameters == plain.parameters
    shown = str(decayed)
    for line in ("11 parameters θ: W¹ (2 × 3)", "+ 0.1 Σ θ²", "∂E/∂W¹ = δ¹ xᵀ + 0.2 W¹", "∂E/∂W² = δ² (a¹)ᵀ + 0.2 W²"):
        assert line in shown


def test_a_long_result_that_is_used_twice_has_a_name_and_is_written_once() -> None:
    w = [Value(float(i)) for i in range(4)]

    def f(x):
        s = exp(x[0] * w[0]) * sin(x[1] + w[1]) / (1 + cos(x[2] * w[2]) ** 2) + tanh(x[0] * x[1] * w[3])
        return s * s + exp(s)

    forward = str(autograd.compile(f, example=([0.0] * 3,), engine="numpy")).partition("backward")[0]
    assert [forward.count(part) for part in ("tanh(", "sin(", "cos(", "E = exp(v₂) + v₂²")] == [1, 1, 1, 1]


S, T = Value(0.5), Value(1.5)
U, W = [Value(1.25), Value(0.5), Value(-0.75)], [Value(0.25), Value(-0.5), Value(0.75)]
PENALISED = nn.MLP(2, [2, 1], activation="tanh", seed=0)
CHAIN = nn.MLP(1, [1, 1], activation="tanh", seed=0)
# What is written, an example, the engine, and all lines but for the first two and the last two.
WRITTEN: dict[str, tuple[Any, Any, str, list[str]]] = {
    "an array for its derivative": (
        lambda x: abs(S * x) * x, (1.0,), "numpy", ["E = |θ x| x", "∂E/∂θ = x abs′(θ x) x"],
    ),
    "a derivative by its name": (
        lambda x: relu(S * x) * x, (1.0,), "numpy", ["E = relu(θ x) x", "∂E/∂θ = x relu′(θ x) x"],
    ),
    "the same, node by node": (
        lambda x: tanh(-(S * x)), (1.0,), "nodes",
        ["v₁ = θ x", "v₂ = −v₁", "E = tanh(v₂)", "∂E/∂v₂ = tanh′(v₂)", "∂E/∂v₁ = −∂E/∂v₂", "∂E/∂θ = ∂E/∂v₁ x"],
    ),
    "exp for its derivative": (lambda: exp(S), (), "nodes", ["E = exp(θ)", "∂E/∂θ = E"]),
    "operands of any number": (
        lambda x: logsumexp([S * x, x]), (1.0,), "nodes",
        ["v₁ = θ x", "E = logsumexp((v₁, x))",
         "∂E/∂v₁ = exp(v₁ − E) / (exp(v₁ − E) + exp(x − E))", "∂E/∂θ = ∂E/∂v₁ x"],
    ),
    "a list: nothing is differentiated": (
        lambda x: [tanh(S * x), 3.0, S], (1.0,), "nodes", ["v₁ = θ x", "v₂ = tanh(v₁)"],
    ),
    "a condition as a number": (
        lambda x: [where(v > 0, 1.0, 0.0) * S for v in x], ([0.0] * 3,), "numpy", ["v₁ = [x > 0]", "v₂ = θ v₁"],
    ),
    "bars inside of bars": (
        lambda x: abs(abs(S * x) - 1), (1.0,), "numpy", ["E = abs(|θ x| − 1)", "∂E/∂θ = abs′(|θ x| − 1) abs′(θ x) x"],
    ),
    "quotients": (
        lambda x: S / (1 + x * T), (1.0,), "numpy",
        ["E = θ[1] / (θ[0] x + 1)", "∂E/∂θ[1] = 1 / (θ[0] x + 1)", "∂E/∂θ[0] = −(E / (θ[0] x + 1)) x"],
    ),
    "by 0": (
        lambda x: total([w * x / 0.0 for w in W]), (1.0,), "numpy", ["v₁ = θ x / 0", "E = Σ v₁", "∂E/∂θ = (1 / 0) x"],
    ),
    "a choice of the only one": (lambda y: take([S], y) ** 2, (0,), "numpy", ["E = θ²", "∂E/∂θ = 2 θ"]),
    "a choice of all": (lambda x, y: take(W, y) * x, (1.0, 0), "numpy", ["E = θ[y] x", "∂E/∂θ = 0", "∂E/∂θ[y] += x"]),
    "a choice of those without a layer": (
        lambda y: tanh(dot([S, T], take([U[:2], W[:2]], y))), (0,), "numpy",
        ["v₁[i] = θ₁[2i + y]   for i < 2", "z¹ = W¹ v₁", "a¹ = tanh(z¹)", "E = a¹",
         "∂E/∂θ₁ = 0", "δ¹ = tanh′(z¹)", "∂E/∂W¹ = δ¹ (v₁)ᵀ", "∂E/∂θ₁[2i + y] += δ¹[0] W¹[0, i]   for i < 2"],
    ),
    "letters that are free again": (
        lambda x: dot(W[:2], x) ** 2 + logsumexp(W[:2]), ([0.0] * 2,), "numpy",
        ["z¹ = W¹ x", "E = z¹[0]² + logsumexpᵢ(W¹[0, i])   for i < 2", "δ¹ = 2 z¹",
         "∂E/∂W¹[0, i] = exp(W¹[0, i] − logsumexpⱼ(W¹[0, j])) / (Σⱼ exp(W¹[0, j] − logsumexpₖ(W¹[0, k])))"
         "   for i < 2, j < 2, k < 2",
         "∂E/∂W¹ += δ¹ xᵀ"],
    ),
    "layers of one neuron": (
        lambda x: CHAIN([x[0]]), ([0.0],), "numpy",
        ["z¹ = W¹ ⊙ x + b¹", "a¹ = tanh(z¹)", "z² = W² ⊙ a¹ + b²", "E = z²", "∂E/∂W² = a¹", "∂E/∂b² = 1",
         "δ¹ = W² ⊙ tanh′(z¹)", "∂E/∂W¹ = δ¹ ⊙ x", "∂E/∂b¹ = δ¹"],
    ),
    "numbers for each": (
        lambda x: relu(total([a - b for a, b in zip(W, U, strict=True)])) * x, (1.0,), "numpy",
        ["E = relu(Σ (θ[0:3] − θ[3:6])) x", "t₁[i] = x relu′(Σⱼ (θ[j] − θ[j + 3]))   for i < 3, j < 3",
         "∂E/∂θ[0:3] = t₁[0]", "∂E/∂θ[3:6] = −t₁[0]"],
    ),
    "a long comparison": (
        lambda pressure, humidity: total(
            [where(w * p > u + h, w, u) for w, u, p, h in zip(W, U, pressure, humidity, strict=True)]
        ), ([0.0] * 3, [0.0] * 3), "numpy",
        ["v₁ = [θ[0:3] ⊙ pressure > θ[3:6] + humidity]",
         "v₂ = where(v₁ ≠ 0, θ[0:3], θ[3:6])",
         "E = Σ v₂",
         "∂E/∂θ[0:3] = [v₁ ≠ 0]",
         "∂E/∂θ[3:6] = [¬(v₁ ≠ 0)]"],
    ),
    "a result that is used by a number and by an array": (
        lambda x: exp(v := tanh(S * x)) + total([sin(v * w) for w in W]), (1.0,), "numpy",
        ["v₁ = tanh(θ[0] x)",
         "v₂ = exp(v₁)",
         "v₃ = sin(θ[1:4] v₁)",
         "u₁ = (v₂, v₃)",
         "E = Σ u₁",
         "t₁[i] = 1   for i < 4",
         "∂E/∂v₂ = t₁[0]",
         "∂E/∂v₃ = t₁[1:4]",
         "t₂ = ∂E/∂v₃ ⊙ cos(θ[1:4] v₁)",
         "∂E/∂θ[1:4] = t₂ v₁",
         "∂E/∂θ[0] = (Σ t₂ ⊙ θ[1:4] + ∂E/∂v₂ v₂) tanh′(θ[0] x) x"],
    ),
    "a list of one": (lambda x: [S * x], (1.0,), "numpy", ["v₁ = θ x"]),
    "a list of a constant and another": (lambda x: [Value(2.0) * 3, S * x], (1.0,), "numpy", ["v₁ = θ x"]),
    "a list of lists": (lambda x: [[a * b for a in W] for b in x], ([0.0] * 2,), "numpy", ["v₁ = x θᵀ"]),
    "one number for each": (
        lambda x: total([w - v for w, v in zip(W, x, strict=True)]), ([0.0] * 3,), "numpy",
        ["E = Σ (θ − x)", "∂E/∂θ = 1"],
    ),
    "a number and arrays in a product": (
        lambda x, y: total([tanh(w * v) ** 2 for w, v in zip(W, x, strict=True)]) * y, ([0.0] * 3, 1.0), "numpy",
        ["v₁ = tanh(θ ⊙ x)",
         "v₂ = v₁²",
         "E = y Σ v₂",
         "∂E/∂θ = 2 y v₁ ⊙ tanh′(θ ⊙ x) ⊙ x"],
    ),
    "a weight times a sum": (
        lambda x: total([where(v > 0, 1.0, 0.0) for v in x]) * S + total([w * w for w in W]), ([0.0] * 3,), "numpy",
        ["v₁ = [x > 0]",
         "z¹ = W¹ Σ v₁ + Σ θ₁²",
         "E = z¹",
         "∂E/∂W¹ = Σ v₁",
         "∂E/∂θ₁ = 2 θ₁"],
    ),
    "no gradient": (
        lambda x: total([dot(W, x) ** 2, dot(U, x) ** 2]).detach() + S.detach() * x[0], ([0.0] * 3,), "numpy",
        ["z¹ = W¹ x",
         "v₁ = (z¹)²",
         "E = detach(Σ v₁) + detach(θ₁) x[0]",
         "∂E/∂θ = 0"],
    ),
    "what gets something from what stands together": (lambda x, y: (S * x + y) + (y + S), (1.0, 2.0), "numpy",
        ["v₁ = θ x",
         "v₂ = θ",
         "u₁ = (v₂, v₁, y, y)",
         "E = Σ u₁",
         "∂E/∂v₁ = 0",
         "∂E/∂v₂ = 0",
         "t₁[i] = 1   for i < 4",
         "∂E/∂v₂ += t₁[0]",
         "∂E/∂v₁ += t₁[1]",
         "∂E/∂θ = ∂E/∂v₂ + ∂E/∂v₁ x"]),
    "a choice by a number": (lambda x, y: where(x < y, S, T) * x, (1.0, 2.0), "nodes",
        ["v₁ = [x < y]",
         "v₂ = where(v₁ ≠ 0, θ[0], θ[1])",
         "E = v₂ x",
         "∂E/∂v₂ = x",
         "∂E/∂θ[0] = ∂E/∂v₂ [v₁ ≠ 0]",
         "∂E/∂θ[1] = ∂E/∂v₂ where(v₁ ≠ 0, 0, 1)"]),
    "a quotient of a sum": (
        lambda x: total([sin(S * total([cos(a) for a in x]) / u) for u in U]), ([0.0] * 3,), "numpy",
        ["v₁ = cos(x)",
         "v₂ = (θ[0] Σ v₁) / θ[1:4]",
         "v₃ = sin(v₂)",
         "E = Σ v₃",
         "∂E/∂θ[1:4] = −cos(v₂) ⊙ (v₂ / θ[1:4])",
         "∂E/∂θ[0] = (Σ cos(v₂) ⊙ (1 / θ[1:4])) Σ v₁"],
    ),
    "a square of all": (
        lambda x: PENALISED(x) ** 2 + 0.5 * total([p * p for p in PENALISED.parameters()]), ([0.0] * 2,), "numpy",
        ["z¹ = W¹ x + b¹",
         "a¹ = tanh(z¹)",
         "z² = W² a¹ + b²",
         "E = (z²)² + ½ Σ θ²",
         "δ² = 2 z²",
         "δ¹ = (W²)ᵀ δ² ⊙ tanh′(z¹)",
         "∂E/∂W² = δ² (a¹)ᵀ + W²",
         "∂E/∂b² = δ² + b²",
         "∂E/∂W¹ = W¹ + δ¹ xᵀ",
         "∂E/∂b¹ = b¹ + δ¹"],
    ),
    "a power of 0, which is 1": (lambda x: [(S * x) ** 0.0], (1.0,), "nodes", []),
    "what is a little too long to be written twice": (
        lambda pressure_before: total([sin(v := w * p) * cos(v) for w, p in zip(W, pressure_before, strict=True)]),
        ([0.0] * 3,), "numpy",
        ["v₁ = θ ⊙ pressure_before",
         "v₂ = sin(v₁)",
         "v₃ = cos(v₁)",
         "E = Σ v₂ ⊙ v₃",
         "∂E/∂θ = (−v₂ ⊙ v₂ + v₃²) ⊙ pressure_before"],
    ),
    "a matrix, an element of it, and the matrix again": (
        lambda x: total([dot(r, [tanh(dot(q, x)) * U[1] for q in (W[:2], U[:2])]) ** 2 for r in (W[:2], U[:2])]),
        ([0.0] * 2,), "numpy",
        ["z¹ = W¹ x",
         "a¹ = tanh(z¹)",
         "z² = W¹ a¹ W¹[1, 1]",
         "v₁ = (z²)²",
         "E = Σ v₁",
         "δ² = 2 z²",
         "∂E/∂W¹ = (δ² W¹[1, 1]) (a¹)ᵀ",
         "∂E/∂W¹[1, 1] += Σ (W¹)ᵀ δ² ⊙ a¹",
         "δ¹ = (W¹)ᵀ δ² W¹[1, 1] ⊙ tanh′(z¹)",
         "∂E/∂W¹ += δ¹ xᵀ"],
    ),
    "a long adjoint": (
        lambda pressure_before, humidity_before: sin(tanh(S * pressure_before * humidity_before)),
        (1.0, 2.0), "numpy",
        ["E = sin(tanh(θ pressure_before humidity_before))",
         "t₁ = cos(tanh(θ pressure_before humidity_before)) tanh′(θ pressure_before humidity_before)",
         "∂E/∂θ = t₁ humidity_before pressure_before"],
    ),
    "a matrix and its transpose": (
        lambda x: total([tanh(dot(c, [dot(W[:2], x), dot(U[:2], x)])) for c in zip(W[:2], U[:2], strict=True)]),
        ([0.0] * 2,), "numpy",
        ["z¹ = W¹ x",
         "v₁ = (W¹)ᵀ z¹",
         "v₂ = tanh(v₁)",
         "E = Σ v₂",
         "δ¹ = W¹ tanh′(v₁)",
         "∂E/∂W¹ = z¹ (tanh′(v₁))ᵀ + δ¹ xᵀ"],
    ),
    "stopped twice": (
        lambda x: S.detach().detach() * S * x, (1.0,), "numpy", ["E = θ detach(θ) x", "∂E/∂θ = x detach(θ)"],
    ),
    "sums in a product": (
        lambda x: S * total([sin(a) for a in x]) * total([cos(a) for a in x]), ([0.0] * 3,), "numpy",
        ["v₁ = sin(x)", "v₂ = cos(x)", "E = θ (Σ v₁) Σ v₂", "∂E/∂θ = (Σ v₂) Σ v₁"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("claim", WRITTEN)
def test_what_is_written_is_as_short_and_clear_as_it_can_be(claim: str) -> None:
    f, example, engine, lines = WRITTEN[claim]
    text = str(autograd.compile(f, example=example, engine=engine)).splitlines()[2:-2]
    assert [line.strip() for line in text if line.strip() not in ("", "forward", "backward")] == lines
    assert ("backward" in text) == any(line.startswith("∂") for line in lines)


def test_latex_says_what_a_quotient_and_a_remainder_divide() -> None:
    quotient = autograd.compile(lambda x: S / (1 + x * T), example=(1.0,), engine="numpy")._repr_latex_()
    assert r"&= -\left(E / \left(\theta\left[0\right]\,x + 1\right)\right)\,x" in quotient
    rows = autograd.compile(
        lambda x, y: total([tanh(a * b) for a in (dot(U, x), dot(W, x)) for b in y]), example=([0.0] * 3, [0.0] * 2)
    )
    assert r"y\left[((i) \bmod  2)\right]" in rows._repr_latex_()


def test_a_division_of_each_of_several_by_0_is_one_by_infinity() -> None:
    program = autograd.compile(lambda x: total([w * x / 0.0 for w in U[:2]]), example=(1.0,), engine="numpy")
    with np.errstate(divide="ignore"):
        value, gradient = program.value_and_grad([2.0])
    assert (value, gradient.tolist()) == (np.inf, [np.inf, np.inf])


def test_what_lies_together_is_written_together() -> None:
    w = [Value(float(i)) for i in range(6)]

    def f(x, y):
        return sum(tanh(a * b) for a, b in zip([*x, *y, 1.0], w, strict=True))

    shown = str(autograd.compile(f, example=([0.0] * 3, [0.0] * 2)))
    assert "u₁ = (x, y)\n" in shown
    assert "u₂ = (v₂, v₁)\n" in shown


def test_results_without_a_name_are_numbered_below_the_line() -> None:
    w = Value(1.0)
    shown = str(autograd.compile(lambda x: sin(x * w) * exp(x), example=(1.0,), engine="nodes"))
    for line in ("v₁ = θ x\n", "v₂ = sin(v₁)\n", "v₃ = exp(x)\n", "E = v₂ v₃\n"):
        assert line in shown


@pytest.mark.parametrize(
    ("f", "arguments", "inputs"),
    [
        (lambda a, b: a * b, 2, "a, b"),
        (lambda *xs: xs[0] * xs[1], 2, "x0, x1"),
        (lambda *xs: xs[0] * 2, 1, "x0"),
        (lambda a, *xs: a * xs[0], 2, "x0, x1"),
        (lambda a, *xs: a * 2, 1, "a"),
        (lambda a, b=2.0, *, c=3.0, **more: a * b * c, 1, "a"),
        (lambda a, b=2.0, *, c=3.0, **more: a * b * c, 2, "a, b"),
    ],
)
def test_inputs_are_called_as_the_function_calls_its_arguments(f: Any, arguments: int, inputs: str) -> None:
    program = autograd.compile(f, example=(1.0,) * arguments)
    assert repr(program) == f"<compiled program: no parameters, inputs {inputs}>"


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([], ""),
        ([5], "5"),
        ([5, 6], "5, 6"),
        ([5, 6, 7], "5:8"),
        ([0, 1, 2, 3], "0:4"),
        ([4, 4], "4, 4"),
        ([4, 4, 4], "3 × 4"),
        ([9, 0, 1, 2, 2, 2, 2, 7, 8, 7], "9, 0:3, 3 × 2, 7, 8, 7"),
        ([3, 2, 1, 0], "3, 2, 1, 0"),
        ([2 * i for i in range(40)], ", ".join(str(2 * i) for i in range(40))),
        ([2 * i for i in range(41)], ", ".join(str(2 * i) for i in range(40)) + ", …"),
        ([*range(100), 7], "0:100, 7"),
        ([1.0, 2.0, 3.0], "1, 2, 3"),
        ([-0.5, -0.5, -0.5, 1.0, 1.0], "3 × −0.5, 1, 1"),
    ],
)
def test_the_entries_of_a_table_are_counted_where_they_repeat_or_go_up_by_one(rows: list[Any], says: str) -> None:
    assert _entries(np.array(rows, None if rows else float)) == says


def test_logsumexp_is_written_by_its_name() -> None:
    w = [Value(float(i)) for i in range(3)]
    shown = str(autograd.compile(lambda x: logsumexp([a * b for a, b in zip(x, w, strict=True)]), example=([0.0] * 3,)))
    assert "E = logsumexp(" in shown
    assert "log(" not in shown


def test_a_logsumexp_of_each_row_is_written_by_its_name() -> None:
    w = [[Value(0.5 * i - j) for j in range(3)] for i in range(2)]
    program = autograd.compile(
        lambda x: total([tanh(logsumexp([a * b for a, b in zip(row, x, strict=True)])) for row in w]),
        example=([0.0] * 3,),
        engine="numpy",
    )
    assert "= logsumexpⱼ(θ[3i + j] x[j])   for i < 2, j < 3" in str(program)
