"""What the normal form leaves out: choices that are none, powers of 1 and 0, and what nothing uses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Value, exp, grad, sigmoid, sin, tanh, where
from autograd.compiler.engines import ENGINES
from autograd.compiler.normalise import normalise
from autograd.compiler.trace import trace


def nodes(f: Any, *example: Any) -> list[str]:
    scalars = normalise(trace(f, example))
    scalars.verify()
    return [op.name for op in scalars.op if op is not None]


SECOND = {"square": lambda x: x**2, "cube": lambda x: x**3, "sigmoid": sigmoid, "tanh": tanh}


def test_the_second_derivative_of_a_square_is_2() -> None:
    assert nodes(grad(grad(SECOND["square"])), 1.0) == []
    assert nodes(grad(grad(SECOND["cube"])), 1.0) == ["mul"] * nodes(grad(grad(SECOND["cube"])), 1.0).count("mul")


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_no_exponent_is_chosen_in_that_of_a_saturating_function(name: str) -> None:
    """The rule of a power asks whether its exponent is 0, which is known."""
    found = nodes(grad(grad(SECOND[name])), 1.0)
    assert "abs" not in found
    assert found.count("where") <= 3  # the sides of |x|, and its two slopes


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", SECOND)
def test_they_are_still_those_of_the_eager_engine(name: str, engine: str) -> None:
    second = grad(grad(SECOND[name]))
    X = [0.0, -0.0, 0.3, -1.7, 30.0, -30.0]
    program = autograd.compile(second, example=1.0, engine=engine)
    # to the roundings of a difference of terms about 1
    assert program(X) == pytest.approx([second(x) for x in X], rel=1e-14, abs=1e-16)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_left_out_would_have_given_the_same_number_for_every_operand(engine: str) -> None:
    w = Value(2.0)

    def f(x: Any) -> Any:
        return [where(x > 0, x, x), x**1, x**0, where(w > 0, w, w) * x, where(Value(1.0), x, w), where(0.0, w, x)]

    program = autograd.compile(f, example=1.0, engine=engine)
    for x in (0.0, -0.0, 2.5, -2.5, math.inf, -math.inf, math.nan):
        assert np.array_equal(program([x])[0], [x, x, 1.0, 2 * x, x, x], equal_nan=True)
        assert math.copysign(1, program([x])[0, 1]) == math.copysign(1, x)


def test_what_nothing_uses_is_not_computed_and_parameters_stay() -> None:
    w, unused = Value(2.0), Value(3.0)

    def f(x: Any) -> Any:
        exp(x * unused)
        return where(exp(unused * x) > 1, w * x, w * x) + sin(x)

    assert "exp" not in nodes(f, 1.0)
    program = autograd.compile(f, example=1.0)
    assert set(program.parameters) == {w, unused}
    assert program.value_and_grad([0.5])[1][0] == 0.5
