"""Derivatives inside a function that is compiled: they are traced like everything else."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from judge import ENGINES

import autograd
from autograd import Value, cos, exp, grad, hessian, hvp, jacobian, jvp


def lagrangian(q, v):
    """Of two pendulums, one hanging from the other, all masses and lengths 1."""
    kinetic = v[0] ** 2 + v[1] ** 2 / 2 + v[0] * v[1] * cos(q[0] - q[1])
    return kinetic + 2 * 9.81 * cos(q[0]) + 9.81 * cos(q[1])


def everything(q, v):
    momentum = grad(lagrangian, argnums=1)
    return (
        grad(lagrangian)(q, v),
        hessian(lagrangian, argnums=1)(q, v),
        jacobian(momentum, argnums=0)(q, v),
        jvp(momentum, (q, v), (v, q))[1],
        hvp(lambda q: lagrangian(q, v), (q,), (v,)),
    )


def flat(tree) -> list[float]:
    return [x for branch in tree for x in flat(branch)] if isinstance(tree, (list, tuple)) else [tree]


def test_compiled_derivatives_of_any_order_are_those_of_the_eager_engine() -> None:
    program = autograd.compile(everything, example=([0.0, 0.0], [0.0, 0.0]))
    starts = [([1.0, 2.0], [0.1, -0.2]), ([-0.5, 0.3], [2.0, 1.5])]
    results = program([q for q, _ in starts], [v for _, v in starts])
    for sample, (q, v) in enumerate(starts):
        compiled = flat([result[sample].tolist() for result in results])
        assert compiled == pytest.approx(flat(everything(q, v)), rel=1e-13)


def test_a_loss_with_a_derivative_in_it_is_trained_through() -> None:
    """A network that fits a slope: ∂loss/∂w goes through ∂y/∂x."""
    w = Value(0.7)

    def loss(x):
        return (grad(lambda x: exp(w * x))(x) - 1) ** 2

    program = autograd.compile(loss, example=(0.0,))
    value, gradient = program.value_and_grad([0.4])
    slope = 0.7 * math.exp(0.7 * 0.4)
    assert value == pytest.approx((slope - 1) ** 2, rel=1e-14)
    assert gradient[0] == pytest.approx(2 * (slope - 1) * (1 + 0.7 * 0.4) * math.exp(0.28), rel=1e-14)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_compiled_hessian_is_the_one_by_hand(engine: str) -> None:
    """E = w² x³ + exp(w x): ∂²E/∂x², ∂²E/∂w∂x … in a program whose parameter is another."""
    v = Value(1.5)

    def entries(w: Any, x: Any) -> Any:
        return hessian(lambda a, b: v * a**2 * b**3 + exp(a * b), argnums=(0, 1))(w, x)

    w, x = 0.5, -1.25
    e = math.exp(w * x)
    expected = [
        [1.5 * 2 * x**3 + x * x * e, 1.5 * 6 * w * x**2 + (1 + w * x) * e],
        [1.5 * 6 * w * x**2 + (1 + w * x) * e, 1.5 * w**2 * 6 * x + w * w * e],
    ]
    program = autograd.compile(entries, example=(1.0, 1.0), engine=engine)
    found = program(np.array([w]), np.array([x]))
    assert np.array(found).reshape(2, 2) == pytest.approx(np.array(expected), rel=1e-13)
    both = autograd.compile(lambda w, x: sum(map(sum, entries(w, x))), example=(1.0, 1.0), engine=engine)
    slope = 2 * x**3 + 2 * 6 * w * x**2 + w**2 * 6 * x  # by v
    assert both.value_and_grad([w], [x])[1] == pytest.approx([slope], rel=1e-13)
