"""What no gradient reaches gets none: 0 times an infinite derivative is NaN, in a program as anywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from judge import ENGINES, eager

import autograd
import nn
from autograd import Value, acos, asin, grad, jvp, no_grad, sqrt, take, total, where

SINGULAR: dict[str, tuple[Callable[[Any], Any], float]] = {
    "√x at 0": (sqrt, 0.0),
    "√(x²) at 0": (lambda x: sqrt(x * x), 0.0),
    "x^½ at 0": (lambda x: x**0.5, 0.0),
    "x^⅓ at 0": (lambda x: x ** (1 / 3), 0.0),
    "asin at 1": (asin, 1.0),
    "acos at −1": (acos, -1.0),
}
"""Functions with a value and no finite derivative."""


def without_recording(f: Callable[[Any], Any], x: Any) -> Any:
    with no_grad():
        return f(x)


CUTS: dict[str, Callable[[Callable[[Any], Any], Value, Any], Any]] = {
    "detach": lambda f, w, x: f(w).detach() * x + 3 * w,
    "detach of more": lambda f, w, x: (f(w) * x).detach() * x + 3 * w,
    "no_grad": lambda f, w, x: without_recording(f, w) * x + 3 * w,
    "a condition": lambda f, w, x: where(f(w) > 0.5, w * x, 2 * w),
    "a condition of a condition": lambda f, w, x: where(where(f(w) > 0.5, x, 0) > 0, w * x, 2 * w),
}


@pytest.mark.parametrize("engine", [*ENGINES, "auto"])
@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("at", SINGULAR)
def test_a_gradient_that_is_cut_off_does_not_meet_an_infinite_derivative(at: str, cut: str, engine: str) -> None:
    f, singular = SINGULAR[at]
    us = [Value(0.25), Value(singular), Value(0.5)]

    def loss(x: Any) -> Any:
        whole = [f(us[0]) * x, CUTS[cut](f, us[1], x), f(us[2]) * x]  # f is one group of which one lane is cut off
        return total(whole)

    program = autograd.compile(loss, example=1.0, engine=engine)
    for batch in ([2.0], [1.0, 0.5, 3.0], [0.5] * 17):
        value, gradient = program.value_and_grad(batch)
        losses, gradients = eager(loss, us, batch)
        assert value == pytest.approx(losses.mean(), rel=1e-14)
        order = [us.index(p) for p in program.parameters]
        assert gradient == pytest.approx(gradients.mean(0)[order], rel=1e-14)


@pytest.mark.parametrize("engine", ["numpy", "auto"])
@pytest.mark.parametrize("at", SINGULAR)
def test_what_take_does_not_choose_gets_no_gradient_however_steep_it_is(at: str, engine: str) -> None:
    f, singular = SINGULAR[at]
    us = [Value(0.25), Value(singular), Value(0.5), Value(singular)]

    def loss(x: Any, k: Any, row: Any) -> Any:
        table = [[f(u) / (u + 2), f(u) * x] for u in us]
        return take([f(u) for u in us], k) * x + take(take(table, k), row)

    program = autograd.compile(loss, example=(1.0, 0, 0), engine=engine)
    batch = [1.0, 2.0, 0.5, 0.25], [0, 2, 0, 2], [0, 1, 1, 0]  # never 1 or 3
    expected, slope = [], []
    for x, k, row in zip(*batch, strict=True):
        for u in us:
            u.grad = 0.0
        y = loss(x, k, row)
        y.backward()
        expected.append(y.data)
        slope.append([u.grad for u in us])
    value, gradient = program.value_and_grad(*batch)
    assert value == pytest.approx(np.mean(expected), rel=1e-14)
    order = [us.index(p) for p in program.parameters]
    assert gradient == pytest.approx(np.mean(slope, axis=0)[order], rel=1e-14)


def test_what_take_chooses_has_the_derivative_that_it_has() -> None:
    w = Value(0.0)
    program = autograd.compile(lambda k: take([w, sqrt(w)], k), example=(0,))
    assert program.value_and_grad([0, 0])[1].tolist() == [1.0]
    assert program.value_and_grad([0, 1])[1].tolist() == [np.inf]


@pytest.mark.parametrize("of", [sqrt, lambda w: -sqrt(w) * 2], ids=["√w", "−2 √w"])
@pytest.mark.parametrize("first", [True, False])
def test_what_is_used_beside_a_take_has_its_gradient_in_every_sample(of: Any, first: bool) -> None:
    """Where take does not choose it the other use alone hands on 0, and 0 · ∞ is NaN; where it does, 1 · ∞ is ∞."""
    w, zero = Value(0.0), Value(0.0)

    def loss(x: Any, k: Any) -> Any:
        y = of(w)
        return take([x, y], k) + zero * y if first else zero * y + take([x, y], k)

    program = autograd.compile(loss, example=(1.0, 0))
    place = program.parameters.index(w)
    assert np.isnan(program.value_and_grad([1.0], [0])[1][place])
    assert np.isinf(program.value_and_grad([1.0], [1])[1][place])


def table_of(us: list[Value], x: Any) -> list[Any]:
    return [x * us[0], x * x * us[1], us[0] * us[1] + x]


DERIVATIVES: dict[str, Callable[[list[Value], Any, Any], Any]] = {
    "grad": lambda us, x, k: grad(lambda z: take(table_of(us, z), k))(x),
    "jvp": lambda us, x, k: jvp(lambda z: take(table_of(us, z), k) ** 2, (x,), (1.0,))[1],
    "jacobian": lambda us, x, k: total(
        row * row for row in autograd.jacobian(lambda z: [take(table_of(us, z), k), z * z])(x)
    ),
    "grad of grad": lambda us, x, k: grad(grad(lambda z: take(table_of(us, z), k) * z))(x),
    "a gradient penalty": lambda us, x, k: total(
        g * g for g in grad(lambda q: nn.cross_entropy([x * q[0], q[1], x * q[0] * q[1]], k))(us)
    ),
    "of rows": lambda us, x, k: grad(lambda z: total(take([table_of(us, z), [z, z * us[1], 1.0]] * 2, k)))(x),
}


@pytest.mark.parametrize("engine", ["numpy", "auto"])
@pytest.mark.parametrize("name", DERIVATIVES)
def test_a_derivative_inside_a_compiled_function_goes_through_take(name: str, engine: str) -> None:
    us = [Value(2.0), Value(3.0)]
    program = autograd.compile(lambda x, k: DERIVATIVES[name](us, x, k), example=(1.0, 0), engine=engine)
    batch = [1.0, 0.5, -2.0, 1.5], [0, 1, 2, 1]
    expected, slope = [], []
    for x, k in zip(*batch, strict=True):
        for u in us:
            u.grad = 0.0
        y = DERIVATIVES[name](us, Value(x), k)
        y.backward()
        expected.append(y.data)
        slope.append([u.grad for u in us])
    assert program(*batch) == pytest.approx(expected, rel=1e-12)
    value, gradient = program.value_and_grad(*batch)
    assert value == pytest.approx(np.mean(expected), rel=1e-12)
    order = [us.index(p) for p in program.parameters]
    assert gradient == pytest.approx(np.mean(slope, axis=0)[order], rel=1e-12)


@pytest.mark.parametrize("change", ["a leaf", "a node"])
def test_a_node_whose_numbers_have_changed_since_it_was_computed_is_refused(change: str) -> None:
    """The program would compute it from its leaves: another number than the eager engine has."""
    a = Value(2.0)
    b = a * 3
    program = autograd.compile(lambda x: b * x, example=1.0)
    assert program.value_and_grad([1.0])[0] == 6
    (a if change == "a leaf" else b).data = 10.0
    with pytest.raises(RuntimeError, match="a compiled program computes it from them"):
        autograd.compile(lambda x: b * x, example=1.0)


def test_a_gradient_set_inside_a_compiled_function_is_refused_and_none_is_left_behind() -> None:
    w = Value(2.0)

    def f(x: Any) -> Any:
        w.grad = x
        return w * x

    with pytest.raises(TypeError, match="a gradient that is set"):
        autograd.compile(f, example=1.0)
    assert w.grad == 0.0
    assert repr(w) == "Value(data=2.0, grad=0.0)"
