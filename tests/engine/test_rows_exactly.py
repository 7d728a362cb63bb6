"""The table: what a row is called, what `primitive` takes, and what a formula gives at its ends."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograd import Value, exp, grad
from autograd.primitives import primitive, table


@pytest.fixture(autouse=True)
def the_table_as_it_was() -> Iterator[None]:
    names = set(table)
    yield
    for name in set(table) - names:
        table[name].remove()


def test_every_row_is_found_under_its_own_name() -> None:
    assert {name: row.name for name, row in table.items()} == {name: name for name in table}
    assert all(row.name.isidentifier() for row in table.values())


@pytest.mark.parametrize("name", ["", "1st", "a b", "x+y"])
def test_a_name_that_is_no_python_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="must be a Python name"):
        primitive(name, lambda x: x, lambda y, x: 1)
    assert name not in table


def test_a_formula_may_take_its_operands_by_a_star() -> None:
    def product(*xs: Any) -> Any:
        return xs[0] * xs[1]

    op = primitive("starred_product", product, lambda *y_and_xs: y_and_xs[2], lambda *y_and_xs: y_and_xs[1])
    assert grad(op, argnums=(0, 1))(3.0, 5.0) == (5.0, 3.0)  # ∂(ab)/∂a = b


def test_log_sum_exp_of_nothing_but_minus_infinity_is_minus_infinity() -> None:
    nothing = np.array([-np.inf, -np.inf])
    with np.errstate(divide="ignore"):
        assert np.array_equal(table["logsumexp"](nothing, nothing), nothing)  # log Σ exp(−∞) = log 0


def test_a_name_that_is_taken_is_refused_and_the_row_stays() -> None:
    row = table["tanh"]
    with pytest.raises(ValueError, match="there is a primitive called 'tanh' already"):
        primitive("tanh", lambda x: x, lambda y, x: 1)
    assert table["tanh"] is row


@pytest.mark.parametrize(
    ("formula", "derivatives", "says"),
    [
        (lambda x: x, (), "needs a local derivative"),
        (5, (lambda y, x: 1,), "and 5 is not"),
        (lambda x: x, ("y",), "and 'y' is not"),
        (lambda a, b: a, (lambda y, x: 1,), "its formula takes the operands: 1 arguments, not 2"),
        (lambda x: x, (lambda x: 1,), r"its derivatives take \(y, \*operands\): 2 arguments, not 1"),
    ],
)
def test_what_does_not_fit_together_is_refused(formula: Any, derivatives: Any, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        primitive("unfit", formula, *derivatives)
    assert "unfit" not in table


def test_a_formula_may_be_a_function_of_c() -> None:
    op = primitive("times", operator.mul, lambda y, a, b: b, lambda y, a, b: a)
    assert grad(op, argnums=(0, 1))(3.0, 5.0) == (5.0, 3.0)  # ∂(ab)/∂a = b


def test_a_row_without_a_domain_does_not_speak_of_one() -> None:
    with pytest.raises(ValueError, match="sin") as caught:
        table["sin"](math.inf)
    assert "defined for" not in str(caught.value)


def test_the_last_operands_have_the_defaults_and_those_before_them_what_was_given() -> None:
    line = primitive(
        "line_through",
        lambda x, slope, offset: slope * x + offset,
        lambda y, x, slope, offset: slope,
        lambda y, x, slope, offset: x,
        lambda y, x, slope, offset: 1,
        defaults=(2.0, 3.0),
    )
    assert [line(10.0), line(10.0, 5.0), line(10.0, 5.0, 7.0)] == [23.0, 53.0, 57.0]
    assert line(Value(10.0), 5.0).data == 53.0
    for operands in ((), (1.0, 2.0, 3.0, 4.0)):
        with pytest.raises(TypeError, match=f"line_through takes 1 to 3 operands, and was given {len(operands)}"):
            line(*operands)


def test_a_formula_may_have_constants_of_its_own() -> None:
    def grown(x: Any, *, rate: float = 3.0) -> Any:
        return exp(rate * x)

    def slope(y: Any, x: Any, *, rate: float = 3.0) -> Any:
        return rate * exp(rate * x)

    op = primitive("grown", grown, slope)
    assert (op(0.5), grad(op)(0.5)) == (math.exp(1.5), 3 * math.exp(1.5))


def test_a_row_is_drawn_by_its_name_if_it_has_no_symbol() -> None:
    assert (table["exp"].symbol, table["add"].symbol) == ("exp", "+")


@pytest.mark.parametrize(
    ("name", "operands", "expected"),
    [("pow", (None, 3.0, 4.0), 108.0), ("tanh", (0.5, None), 0.75), ("sigmoid", (0.25, None), 0.1875)],
)
def test_a_rule_in_a_stabler_form_has_that_of_the_books_beside_it(name: str, operands: Any, expected: float) -> None:
    """b aᵇ⁻¹, 1 − y², y (1 − y), of (y, *operands)."""
    textbook = table[name].textbook
    assert textbook is not None
    assert textbook(*operands) == expected


@pytest.mark.parametrize("a", [0.25, 4.0])
def test_the_mixed_second_derivative_of_a_power_is_right_at_exponent_0(a: float) -> None:
    """∂²(aᵇ)/∂a∂b = aᵇ⁻¹ (1 + b log a), which is 1/a at b = 0; a power of two, so exactly."""
    power = table["pow"]
    assert grad(grad(power, 0), 1)(a, 0.0) == 1 / a
    assert grad(grad(power, 1), 0)(a, 0.0) == 1 / a


@pytest.mark.parametrize("a", [-math.inf, math.inf, -2.0, 0.0, 2.0])
def test_the_power_0_does_not_move(a: float) -> None:
    x = Value(a)
    y = x**0
    y.backward()
    assert (y.data, x.grad) == (1.0, 0.0)  # a⁰ = 1 for every a


def test_a_negative_power_of_0_and_its_slope_are_infinite_in_ieee_arithmetic() -> None:
    a, b = np.array([0.0]), np.array([-1.0])
    with np.errstate(divide="ignore"):
        y = table["pow"](a, b)
        slope = table["pow"].derivatives[0](y, a, b)  # type: ignore[index]
    assert (y.tolist(), slope.tolist()) == ([math.inf], [-math.inf])  # 1/a and −1/a² as a falls to 0


def test_the_slope_of_leaky_relu_and_the_depth_of_elu_are_pytorchs_if_not_given() -> None:
    assert table["leaky_relu"](-1.0) == -0.01
    assert table["elu"](-1.0) == math.expm1(-1.0)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_log_sum_exp_overflows_nowhere(place: int) -> None:
    xs = [0.0, 0.0, 0.0]
    xs[place] = 1000.0
    assert table["logsumexp"](*xs) == 1000.0  # exp(−1000) is 0
