"""Derivatives inside a function that is compiled: they are traced like everything else."""

from __future__ import annotations

import math

import pytest

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
