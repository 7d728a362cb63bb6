"""Operands of several kinds: every primitive takes numbers, `Value`s and arrays together, in any order, or says no."""

from __future__ import annotations

import itertools
import math
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd import Value, grad, maximum, where
from autograd.primitives import Primitive, table

# fmt: off
KINDS: dict[str, Callable[[float], Any]] = {
    "float":          float,
    "NumPy's scalar": np.float64,
    "NumPy's single": np.float32,
    "Value":          Value,
    "array":          lambda x: np.array([x, x + 0.25]),
    "single array":   lambda x: np.array([x, x + 0.25], dtype=np.float32),
    "array of ints":  lambda x: np.array([1, 2]),
    "0-d array":      np.array,
    "object array":   lambda x: np.array([Value(x), Value(x + 0.25)]),
    "array of rows":  lambda x: np.array([[x], [x + 0.5], [x + 0.75]]),
}
# fmt: on
NUMBERS = (0.5, 0.75, 1.25)
SEVERAL = [op for op in table.values() if op.nary or len(op.derivatives) > 1]  # type: ignore[arg-type]


def number(x: Any) -> float:
    return x.data if isinstance(x, Value) else float(x)


@pytest.mark.parametrize("op", SEVERAL, ids=lambda op: op.name)
def test_any_mixture_of_numbers_values_and_arrays_is_taken_element_by_element(op: Primitive) -> None:
    count = 3 if op.nary else len(op.derivatives)  # type: ignore[arg-type]
    for kinds in itertools.product(KINDS, repeat=count):
        operands = [KINDS[kind](x) for kind, x in zip(kinds, NUMBERS, strict=False)]
        result = op(*operands)
        shape = np.broadcast_shapes(*map(np.shape, operands))
        with_values = "Value" in kinds or "object array" in kinds
        assert np.shape(result) == shape, kinds
        if with_values and shape:
            assert result.dtype == object, kinds
            assert {type(x) for x in result.flat} == {Value}, kinds
        elif with_values:
            assert type(result) is Value, kinds
        else:
            assert not shape or result.dtype == np.float64, kinds
        expected = [
            op(*map(number, elements))
            for elements in zip(*(x.flat for x in np.broadcast_arrays(*operands)), strict=True)
        ]
        # Doubles throughout; NumPy's exp and logarithm may differ from the C library's by a few units
        assert [number(x) for x in np.ravel(result)] == pytest.approx(expected, rel=1e-14), kinds


def test_maximum_of_an_array_and_a_value_is_one_thing_in_either_order() -> None:
    v = Value(2.0)
    for result in (maximum(np.array([1.0, 3.0]), v), maximum(v, np.array([1.0, 3.0]))):
        assert [type(y) for y in result] == [Value, Value]
        assert [y.data for y in result] == [2.0, 3.0]
        result[0].backward()
    assert v.grad == 2.0
    both = where(np.array([True, False]), v, np.array([1.0, 7.0]))
    assert [y.data for y in both] == [2.0, 7.0]


def test_sums_of_more_arrays_than_numpys_ufuncs_take_operands() -> None:
    v = Value(1.0)
    result = table["total"](v, *[np.array([1.0, 2.0])] * 99)
    assert [y.data for y in result] == [100.0, 199.0]


FOREIGN = {
    "text": "a",
    "list": [1.0],
    "None": None,
    "complex": 1j,
    "NumPy's complex": np.complex128(1j),
    "array of text": np.array(["a"]),
    "array of complex numbers": np.array([1j]),
}


@pytest.mark.parametrize("foreign", FOREIGN)
@pytest.mark.parametrize("kind", ["float", "NumPy's scalar", "Value", "array", "object array"])
def test_what_is_no_number_is_refused_in_either_order(foreign: str, kind: str) -> None:
    other = KINDS[kind](0.5)
    for operands in ((FOREIGN[foreign], other), (other, FOREIGN[foreign])):
        with pytest.raises(TypeError, match=r"expected a (real number|Value or a number).* not |it cannot take .*, "):
            maximum(*operands)


def test_numbers_of_two_libraries_do_not_go_together_and_the_message_names_both() -> None:
    sympy = pytest.importorskip("sympy")
    x = sympy.Symbol("x")
    for operands in ((x, Value(1.0)), (Value(1.0), x)):
        with pytest.raises(TypeError, match=r"maximum takes .* it cannot take (Symbol, Value|Value, Symbol)"):
            maximum(*operands)
    assert [float(y.subs(x, 1)) for y in (maximum(x, np.float64(2.0)), maximum(np.float64(2.0), x))] == [2.0, 2.0]
    assert [float(y.subs(x, 2)) for y in table["mul"](np.array([1.0, 3.0]), x)] == [2.0, 6.0]


# ── a row reads its module as it is when it runs, in every reading ───────────────────────────────────


@pytest.fixture
def module() -> Any:
    """A module of someone's own, with a constant, a function and a primitive that reads both."""
    source = """
from autograd import exp, primitive
rate = 2.0
def twice(x):
    return 2 * exp(x)
scaled = primitive("scaled", lambda x: rate * exp(x) + later(x), lambda y, x: rate * exp(x) + twice(x))
def later(x):
    return twice(x)
"""
    found = types.ModuleType("of_someone")
    exec(source, found.__dict__)
    yield found
    table["scaled"].remove()


def readings_of(op: Primitive, x: float) -> list[tuple[float, float]]:
    """The value and the derivative at x as floats, `Value`s (by function and method), arrays and mpmath's numbers."""
    mpmath = pytest.importorskip("mpmath")
    found = [(op(x), grad(op)(x))]
    for call in (op, lambda v: v.scaled()):
        v = Value(x)
        y = call(v)
        y.backward()
        found.append((y.data, v.grad))
        v.grad = 0.0
        y = call(v)
        y.backward(create_graph=True)
        found.append((y.data, v.grad.data))
    (rule,) = op.derivatives  # type: ignore[misc]
    for kind in (lambda x: np.array([x]), mpmath.mpf):
        y = op(kind(x))
        found.append((float(np.ravel(y)[0]), float(np.ravel(rule(y, kind(x)))[0])))  # type: ignore[misc]
    return found


def test_a_constant_function_or_primitive_of_a_module_is_the_one_it_holds_now_in_every_reading(module: Any) -> None:
    e = math.exp(0.5)

    def expect(value: float, slope: float) -> None:
        assert readings_of(module.scaled, 0.5) == [pytest.approx((value, slope), rel=1e-15)] * 7

    expect(4 * e, 4 * e)
    for name in sorted(("exp", "later", "rate", "twice")):  # each of them alone
        before = getattr(module, name)
        setattr(module, name, 3.0 if name == "rate" else table["cosh"])
        found = {
            "exp": (4 * math.cosh(0.5), 4 * math.cosh(0.5)),
            "later": (2 * e + math.cosh(0.5), 4 * e),
            "rate": (5 * e, 5 * e),
            "twice": (2 * e + math.cosh(0.5), 2 * e + math.cosh(0.5)),
        }
        expect(*found[name])
        setattr(module, name, before)
    module.rate = 5.0
    expect(7 * e, 7 * e)
    module.twice = lambda x: 3 * module.exp(x)
    expect(8 * e, 8 * e)
    module.exp = table["sin"]
    expect(8 * math.sin(0.5), 8 * math.sin(0.5))
    module.rate, module.exp = 2.0, table["exp"]
    expect(5 * e, 5 * e)
    del module.rate
    with pytest.raises(NameError, match="rate"):
        module.scaled(0.5)
