"""The optimisers go where PyTorch's go, on `Value`s and on a flat vector, by one rule.

The reference numbers are PyTorch's own (`references/make_optim.py`).
"""

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from references import make_optim

import nn
from autograd import Value, sin

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
    assert {run["optimiser"] for run in RUNS} == {"SGD", "Adam", "AdamW"}


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


# ── what they do not take ─────────────────────────────────────────────────────────────────────

W = Value(1.0)
FROM_0, FROM_0_TO_1 = "is a finite number of at least 0, not", "is a number of at least 0 and at most 1, not"


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: nn.SGD([], lr=0.1), ValueError, "needs at least one parameter, and was given none"),
        (lambda: nn.SGD([W, W], lr=0.1), ValueError, r"a parameter occurs twice, .*: Value\(data=1\.0"),
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
        (lambda: nn.Adam([W], eps=-1e-8), ValueError, rf"eps {FROM_0} -1e-08"),
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
