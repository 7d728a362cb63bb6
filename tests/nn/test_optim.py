"""The optimisers go where PyTorch's go, on `Value`s and on a flat vector, by one rule.

The reference numbers are PyTorch's own (`references/make_optim.py`).
"""

import copy
import json
import math
import pickle
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np
import pytest
from references import make_optim

import autograd
import nn
from autograd import Value, sin
from nn import optim

RUNS = json.loads(Path(make_optim.__file__).with_name("optim.json").read_text())["runs"]
# 100 steps of a few roundings (1.1e-16) each on numbers around 1, towards a minimum that contracts them: 1e-12 has room
TOLERANCE = {"rel": 1e-12, "abs": 1e-12}

runs = pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run['optimiser']} {run['settings']}")


@runs
def test_100_steps_of_values_are_pytorchs(run: dict[str, Any]) -> None:
    parameters = [Value(w) for w in make_optim.START]
    optimiser = getattr(nn, run["optimiser"])(parameters, **run["settings"])
    for step in range(1, make_optim.STEPS + 1):
        optimiser.zero_grad()
        a, b, c = parameters
        f = a * a / 2 + (b - 1) ** 2 + sin(a * b) / 4 + 2 * (c + a / 4) ** 2
        f.backward()
        optimiser.step()
        if str(step) in run["after"]:
            assert [p.data for p in parameters] == pytest.approx(run["after"][str(step)], **TOLERANCE)
    assert all(type(p.data) is float for p in parameters)


@runs
def test_100_steps_of_a_flat_vector_by_the_same_rule_are_pytorchs(run: dict[str, Any]) -> None:
    program = SimpleNamespace(vector=np.array(make_optim.START))
    vector = program.vector
    optimiser = getattr(nn, run["optimiser"])(program, **run["settings"])
    for step in range(1, make_optim.STEPS + 1):
        a, b, c = vector
        u, v = math.cos(a * b) / 4, 4 * (c + a / 4)
        optimiser.step(np.array([a + u * b + v / 4, 2 * (b - 1) + u * a, v]))  # ∇f by hand
        if str(step) in run["after"]:
            assert vector.tolist() == pytest.approx(run["after"][str(step)], **TOLERANCE)
    assert program.vector is vector, "stepped in place"


def test_the_reference_covers_every_optimiser() -> None:
    assert {run["optimiser"] for run in RUNS} == set(optim.__all__) - {"Optimiser"}


def test_the_rate_may_change_between_steps() -> None:
    w = Value(1.0)
    optimiser = nn.SGD([w], lr=0.5)
    w.grad = 1.0
    optimiser.step()
    optimiser.lr = np.float64(0.25)  # from a schedule in NumPy, say
    optimiser.step()
    assert w.data == 0.25
    assert type(w.data) is float


def test_the_gradient_handed_to_a_vector_is_left_alone() -> None:
    for make in (nn.SGD, nn.Adam, nn.AdamW):
        program = SimpleNamespace(vector=np.array([1.0, 2.0]))
        optimiser = make(program, lr=0.1, weight_decay=0.1, **({"momentum": 0.9} if make is nn.SGD else {}))
        gradient = np.array([0.5, -0.5])
        for _ in range(3):
            optimiser.step(gradient)
        assert gradient.tolist() == [0.5, -0.5]


def test_a_gradient_buffer_that_is_used_again_does_not_reach_into_the_momentum() -> None:
    kept, reused = (SimpleNamespace(vector=np.array([1.0])) for _ in range(2))
    one, other = nn.SGD(kept, lr=0.1, momentum=0.9), nn.SGD(reused, lr=0.1, momentum=0.9)
    buffer = np.zeros(1)
    for g in (1.0, -2.0, 0.5):
        one.step(np.array([g]))
        buffer[:] = g
        other.step(buffer)
    assert kept.vector == reused.vector


def test_gradients_that_are_values_step_too() -> None:
    w = Value(3.0)
    (w * w).backward(create_graph=True)
    nn.SGD([w], lr=0.5).step()
    assert type(w.data) is float
    assert w.data == 0.0


def test_zero_grad_sets_every_gradient_to_zero() -> None:
    parameters = [Value(1.0), Value(2.0)]
    for p in parameters:
        p.grad = 5.0
    nn.Adam(parameters).zero_grad()
    assert [p.grad for p in parameters] == [0.0, 0.0]


def test_a_parameter_without_a_gradient_stays_where_it_is() -> None:
    w = Value(2.0)
    for optimiser in (nn.SGD([w], lr=0.1, momentum=0.9), nn.Adam([w]), nn.SGD([w], lr=0.0)):
        optimiser.step()
    assert w.data == 2.0


# ── by hand, five steps on ½ c (w − t)² ───────────────────────────────────────────────────────

CURVATURE, BEST, FIRST = Fraction(3, 2), Fraction(-1, 2), Fraction(2)
ETA, MU, LAMBDA = Fraction(1, 8), Fraction(7, 8), Fraction(1, 4)
STEPS = 5
# five steps of some ten roundings (1.1e-16 each) on numbers below 3
BY_HAND = {"rel": 0, "abs": 1e-14}


def slope(w: Any) -> Any:
    return CURVATURE * (w - BEST)


def walk(make: Any, **settings: Any) -> list[float]:
    """Where an optimiser goes from FIRST, the same on a `Value` and on a vector."""
    settings = {key: float(x) if isinstance(x, Fraction) else x for key, x in settings.items()}
    w, program = Value(float(FIRST)), SimpleNamespace(vector=np.array([float(FIRST)] * 2))
    one, other = make([w], **settings), make(program, **settings)
    visited = []
    for _ in range(STEPS):
        one.zero_grad()
        (float(CURVATURE) / 2 * (w - float(BEST)) ** 2).backward()
        one.step()
        other.step(float(CURVATURE) * (program.vector - float(BEST)))
        assert program.vector.tolist() == pytest.approx([w.data] * 2, **BY_HAND)
        visited.append(w.data)
    return visited


def test_descent_shrinks_the_error_by_the_same_factor_each_step() -> None:
    """w_t − t = (1 − η c)^t (w₀ − t)"""
    expected = [BEST + (1 - ETA * CURVATURE) ** t * (FIRST - BEST) for t in range(1, STEPS + 1)]
    assert walk(nn.SGD, lr=ETA) == pytest.approx(list(map(float, expected)), **BY_HAND)


def test_weight_decay_of_sgd_is_descent_on_the_sum_with_half_lambda_w_squared() -> None:
    """Its best is c t/(c + λ), and the factor 1 − η (c + λ)"""
    best, factor = CURVATURE * BEST / (CURVATURE + LAMBDA), 1 - ETA * (CURVATURE + LAMBDA)
    expected = [best + factor**t * (FIRST - best) for t in range(1, STEPS + 1)]
    assert walk(nn.SGD, lr=ETA, weight_decay=LAMBDA) == pytest.approx(list(map(float, expected)), **BY_HAND)


def test_momentum_is_polyaks_heavy_ball() -> None:
    """w_(t+1) = w_t − η g_t + μ (w_t − w_(t−1)), Polyak 1964"""
    w = [FIRST, FIRST]
    for _ in range(STEPS):
        w.append(w[-1] - ETA * slope(w[-1]) + MU * (w[-1] - w[-2]))
    assert walk(nn.SGD, lr=ETA, momentum=MU) == pytest.approx(list(map(float, w[2:])), **BY_HAND)


def test_dampening_weighs_each_gradient_but_the_first() -> None:
    """v_t = μ^(t−1) g_1 + (1 − d) Σ_(i=2..t) μ^(t−i) g_i, PyTorch's"""
    d, w, g = Fraction(3, 8), [FIRST], []
    for t in range(1, STEPS + 1):
        g.append(slope(w[-1]))
        v = MU ** (t - 1) * g[0] + (1 - d) * sum(MU ** (t - i) * g[i - 1] for i in range(2, t + 1))
        w.append(w[-1] - ETA * v)
    assert walk(nn.SGD, lr=ETA, momentum=MU, dampening=d) == pytest.approx(list(map(float, w[1:])), **BY_HAND)


@pytest.mark.parametrize("decay", [Fraction(0), LAMBDA])
def test_nesterov_looks_ahead(decay: Fraction) -> None:
    """v' = μ v − η ∇f(θ + μ v), θ' = θ + v' (Sutskever et al. 2013, eq. 3 and 4): PyTorch keeps θ + μ v instead of θ"""
    theta, v, expected = FIRST, Fraction(0), []
    for _ in range(STEPS):
        ahead = theta + MU * v
        v = MU * v - ETA * (slope(ahead) + decay * ahead)
        theta += v
        expected.append(float(theta + MU * v))
    found = walk(nn.SGD, lr=ETA, momentum=MU, nesterov=True, weight_decay=decay)
    assert found == pytest.approx(expected, **BY_HAND)


def adam_by_hand(
    lr: float, betas: tuple[float, float], eps: float, coupled: float = 0, apart: float = 0
) -> list[float]:
    """Kingma and Ba 2015: the moments written out (their eq. 1), and the step in the other order of the end of §2,

    α_t = α √(1 − β₂ᵗ)/(1 − β₁ᵗ), w := w − α_t m/(√v + ε √(1 − β₂ᵗ)); weight decay in the gradient, or apart from it
    (Loshchilov and Hutter 2019, algorithm 2, lines 6 and 12).
    """
    with mpmath.workdps(50):
        lr, (b1, b2), eps, coupled, apart = (
            mpmath.mpf(lr),
            map(mpmath.mpf, betas),
            *map(mpmath.mpf, (eps, coupled, apart)),
        )
        w, g, visited = mpmath.mpf(2), [], []
        for t in range(1, STEPS + 1):
            g.append(mpmath.mpf("1.5") * (w + mpmath.mpf("0.5")) + coupled * w)
            m = (1 - b1) * sum(b1 ** (t - i) * g[i - 1] for i in range(1, t + 1))
            v = (1 - b2) * sum(b2 ** (t - i) * g[i - 1] ** 2 for i in range(1, t + 1))
            root = mpmath.sqrt(1 - b2**t)
            w = w - lr * root / (1 - b1**t) * m / (mpmath.sqrt(v) + eps * root) - lr * apart * w
            visited.append(float(w))
        return visited


ADAM = [(0.125, (0.9, 0.999), 1e-8), (0.5, (0.75, 0.5), 0.25), (0.25, (0.0, 0.0), 1e-3), (2.0, (0.5, 0.875), 2.0)]


@pytest.mark.parametrize(("lr", "betas", "eps"), ADAM)
@pytest.mark.parametrize("decay", [0.0, 0.25])
def test_adam_is_algorithm_1(lr: float, betas: tuple[float, float], eps: float, decay: float) -> None:
    """m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ), w := w − α m̂/(√v̂ + ε), where g has λ w added to it"""
    found = walk(nn.Adam, lr=lr, betas=betas, eps=eps, weight_decay=decay)
    assert found == pytest.approx(adam_by_hand(lr, betas, eps, coupled=decay), **BY_HAND)


@pytest.mark.parametrize(("lr", "betas", "eps"), ADAM)
@pytest.mark.parametrize("decay", [0.0, 0.25])
def test_adamw_decays_apart_from_the_gradient(lr: float, betas: tuple[float, float], eps: float, decay: float) -> None:
    """w := w − α (m̂/(√v̂ + ε) + λ w)"""
    found = walk(nn.AdamW, lr=lr, betas=betas, eps=eps, weight_decay=decay)
    assert found == pytest.approx(adam_by_hand(lr, betas, eps, apart=decay), **BY_HAND)


def test_what_is_not_given_is_as_in_the_papers_and_pytorch() -> None:
    """Adam: α = 0.001, β = (0.9, 0.999), ε = 1e-8, no decay; AdamW: λ = 0.01; SGD: no momentum, dampening or decay"""
    assert walk(nn.Adam) == pytest.approx(adam_by_hand(0.001, (0.9, 0.999), 1e-8), **BY_HAND)
    assert walk(nn.AdamW) == pytest.approx(adam_by_hand(0.001, (0.9, 0.999), 1e-8, apart=0.01), **BY_HAND)
    for settings in ({"momentum": 0.0}, {"dampening": 0.0}, {"nesterov": False}, {"weight_decay": 0.0}):
        assert walk(nn.SGD, lr=ETA) == walk(nn.SGD, lr=ETA, **settings)
    assert walk(nn.SGD, lr=ETA, momentum=MU) == walk(nn.SGD, lr=ETA, momentum=MU, dampening=0.0, nesterov=False)


@pytest.mark.parametrize("make", [nn.Adam, nn.AdamW])
def test_the_default_eps_keeps_a_step_by_a_tiny_gradient_small(make: Any) -> None:
    """|Δw| = α g/(g + ε): half of α where g = ε = 1e-8"""
    w = Value(0.0)
    optimiser = make([w], lr=1.0)
    w.grad = 1e-8
    optimiser.step()
    assert w.data == pytest.approx(-0.5, rel=1e-14)


def test_every_parameter_has_a_state_of_its_own() -> None:
    """Of the many that one optimiser steps each goes where it would alone."""
    for make, settings in ((nn.SGD, {"lr": 0.1, "momentum": 0.9}), (nn.Adam, {"lr": 0.1}), (nn.AdamW, {"lr": 0.1})):
        together, alone = [Value(1.0), Value(-2.0), Value(0.5)], [Value(1.0), Value(-2.0), Value(0.5)]
        optimisers = [make(together, **settings), *(make([w], **settings) for w in alone)]
        for step in range(4):
            for i, (w, v) in enumerate(zip(together, alone, strict=True)):
                w.grad = v.grad = math.cos(step * (i + 1)) * 10.0**i
            for optimiser in optimisers:
                optimiser.step()
        assert [w.data for w in together] == [v.data for v in alone]


# ── what they do not take ─────────────────────────────────────────────────────────────────────

W, V = Value(1.0), Value(3.0)
FROM_0, FROM_0_TO_1 = "is a finite number of at least 0, not", "is a number of at least 0 and at most 1, not"


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: nn.SGD([], lr=0.1), ValueError, "needs at least one parameter, and was given none"),
        (lambda: nn.SGD([W, W], lr=0.1), ValueError, r"a parameter occurs twice, .*: Value\(data=1\.0"),
        (lambda: nn.SGD([W, V, V], lr=0.1), ValueError, r"a parameter occurs twice, .*: Value\(data=3\.0"),
        (lambda: nn.SGD([W, 2.0], lr=0.1), TypeError, r"parameter 1 is no Value but 2\.0"),
        (lambda: nn.SGD([W], lr=-0.1), ValueError, rf"lr {FROM_0} -0\.1"),
        (lambda: nn.SGD([W], lr=math.inf), ValueError, rf"lr {FROM_0} inf"),
        (
            lambda: nn.Adam([W], betas=(-0.1, 0.9)),
            ValueError,
            r"β₁ .* at least 0 and less than 1, not -0\.1",
        ),
        (lambda: nn.Adam([W], betas=(0.9,)), ValueError, r"betas are two numbers, β₁ and β₂, not \(0\.9,\)"),
        (lambda: nn.SGD([W], lr=math.nan), ValueError, rf"lr {FROM_0} nan"),
        (
            lambda: nn.SGD([W], lr=0.1, momentum=1.5),
            ValueError,
            rf"momentum {FROM_0_TO_1} 1\.5",
        ),
        (
            lambda: nn.SGD([W], lr=0.1, dampening=-1),
            ValueError,
            rf"dampening {FROM_0_TO_1} -1",
        ),
        (
            lambda: nn.SGD([W], lr=0.1, weight_decay=-1),
            ValueError,
            rf"weight_decay {FROM_0} -1",
        ),
        (
            lambda: nn.SGD([W], lr=0.1, nesterov=True),
            ValueError,
            r"nesterov needs momentum > 0 and dampening 0, not 0\.0",
        ),
        (
            lambda: nn.SGD([W], lr=0.1, nesterov=True, momentum=0.9, dampening=0.1),
            ValueError,
            r"nesterov needs momentum > 0 and dampening 0, not 0\.9 and 0\.1",
        ),
        (
            lambda: nn.Adam([W], betas=(0.9, 1.0)),
            ValueError,
            r"β₂ is a number of at least 0 and less than 1, not 1\.0",
        ),
        (lambda: nn.Adam([W], eps=-1e-8), ValueError, "eps is a finite number above 0, not -1e-08"),
        (lambda: nn.AdamW([W], weight_decay=-1), ValueError, rf"weight_decay {FROM_0} -1"),
    ],
)
def test_settings_out_of_range_say_what_is_valid(make: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make()


def test_a_gradient_is_for_a_vector_and_only_for_a_vector() -> None:
    with pytest.raises(TypeError, match="takes the gradient of a compiled program, and none for Values"):
        nn.SGD([W], lr=0.1).step([1.0])
    with pytest.raises(TypeError, match="takes the gradient of a compiled program, and none for Values"):
        nn.SGD(SimpleNamespace(vector=np.ones(1)), lr=0.1).step()


COPIES = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda both: pickle.loads(pickle.dumps(both)),
}


@pytest.mark.parametrize("through", COPIES)
@pytest.mark.parametrize("first", ["program", "optimiser"])
@pytest.mark.parametrize(
    "make", [lambda p: nn.SGD(p, lr=0.1, momentum=0.9), lambda p: nn.Adam(p), lambda p: nn.AdamW(p)]
)
def test_a_copied_program_and_its_optimiser_go_on_training_together(through: str, first: str, make: Any) -> None:
    w = [Value(0.1), Value(0.2)]
    program = autograd.compile(lambda x: autograd.dot(w, x) ** 2, example=([0.0, 0.0],))
    optimiser = make(program)
    batch = [[1.0, 2.0], [0.5, -1.0]]
    optimiser.step(program.value_and_grad(batch)[1])
    both = (program, optimiser) if first == "program" else (optimiser, program)
    copied = dict(zip(("program", "optimiser"), COPIES[through](both)[:: 1 if first == "program" else -1], strict=True))
    before = program.vector.copy()
    for _ in range(3):
        copied["optimiser"].step(copied["program"].value_and_grad(batch)[1])
    assert program.vector.tolist() == before.tolist()
    for _ in range(3):
        optimiser.step(program.value_and_grad(batch)[1])
    assert program.vector.tolist() == copied["program"].vector.tolist() != before.tolist()


def test_a_parameter_that_is_computed_is_refused() -> None:
    w = Value(2.0)
    with pytest.raises(ValueError, match="parameter 1 is computed"):
        nn.SGD([w, w * 2], lr=0.1)


def test_a_masked_gradient_is_refused() -> None:
    program = autograd.compile(lambda x: Value(0.0) + _PARAMETER * x, example=1.0)
    optimiser = nn.SGD(program, lr=0.1, momentum=0.5)
    with pytest.raises(TypeError, match="without a mask"):
        optimiser.step(np.ma.masked_array([1.0], [True]))
    assert program.vector.tolist() == [1.0]


_PARAMETER = Value(1.0)
