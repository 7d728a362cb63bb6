"""Primitives of one's own: whatever a formula may be written with, a program computes as the eager engine does."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Value
from autograd.compiler.engines import ENGINES

ROUNDINGS = 1e-13
"""NumPy's powers differ in their last digits from Python's."""

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}
SIDES: dict[str, Callable[[Any, Any], tuple[Any, Any]]] = {
    "both": lambda a, b: (a, b),
    "a number on the left": lambda a, b: (2.5, b),
    "a number on the right": lambda a, b: (a, 1.5),
}
X = np.array([[0.3, 1.7], [2.6, 0.4], [1.1, 1.1], [3.0, 2.0]])


@contextmanager
def registered(formula: Callable[..., Any], *derivatives: Any) -> Iterator[Any]:
    made = autograd.primitive("mine", formula, *derivatives)
    try:
        yield made
    finally:
        made.remove()


def check(f: Callable[[Any], Any], engine: str) -> None:
    """Values, gradients and Hessians by the inputs."""
    program = autograd.compile(f, example=([0.0, 0.0],), engine=engine)
    values, gradients = program.value_and_grad(X, wrt="x", reduction="none")
    hessians = program.hessian(X, wrt="x", reduction="none")
    for x, value, gradient, hessian in zip(X.tolist(), values, gradients, hessians, strict=True):
        y, slope = autograd.value_and_grad(f)(x)
        assert value == pytest.approx(y, rel=ROUNDINGS)
        assert gradient == pytest.approx(slope, rel=ROUNDINGS, abs=ROUNDINGS)
        expected = np.array(autograd.hessian(f)(x))
        assert hessian == pytest.approx(expected, rel=ROUNDINGS, abs=ROUNDINGS)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("name", OPERATORS)
def test_a_formula_may_have_every_operator_of_python(name: str, sides: str, engine: str) -> None:
    of, which = OPERATORS[name], SIDES[sides]

    def formula(a: Any, b: Any) -> Any:
        return of(*which(a, b))

    with registered(formula, lambda y, a, b: of(*which(a, b)) + a, lambda y, a, b: of(*which(a, b)) + a * b) as mine:
        check(lambda x: mine(x[0], x[1]) ** 2, engine)
        check(lambda x: mine(x[0], 0.7) + mine(x[1], x[0]), engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_rounding_whose_gradient_goes_straight_through_compiles(engine: str) -> None:
    """By hand: the mean of (⌊w x + ½⌋)² has the gradient 2 ⌊w x + ½⌋ x, as if nothing were rounded."""
    w = Value(1.3)
    with registered(lambda x: (x + 0.5) // 1.0, lambda y, x: 1.0) as rounded:
        program = autograd.compile(lambda x: rounded(w * x) ** 2, example=0.0, engine=engine)
        value, gradient = program.value_and_grad([1.0, 2.0])
    assert value == (1.0**2 + 3.0**2) / 2
    assert gradient.tolist() == [(2 * 1.0 * 1.0 + 2 * 3.0 * 2.0) / 2]
