"""Every operator, with a `Value` or a number on either side, and its shortcut equal to its row of the table."""

import math
import operator
import random
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import Value, dot, logsumexp, maximum, minimum, relu, total
from autograd.primitives import Takes, _derivatives_of_each, table
from autograd.readings import FLOATS

OPERATORS = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": operator.pow,
}
SCALARS = [float, int, np.float64, np.float32, np.float16, np.int64, np.uint8, np.longdouble]

# By hand, at a = 3, b = 2
BY_HAND = {
    "add": (5, 1, 1),
    "sub": (1, 1, -1),
    "mul": (6, 2, 3),
    "div": (1.5, 1 / 2, -3 / 2**2),
    "pow": (9, 2 * 3, 9 * math.log(3)),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_of_two_values(name: str) -> None:
    a, b = Value(3.0), Value(2.0)
    y = OPERATORS[name](a, b)
    y.backward()
    assert (y.data, a.grad, b.grad) == BY_HAND[name]


@pytest.mark.parametrize("scalar", SCALARS)
@pytest.mark.parametrize("name", OPERATORS)
def test_of_a_value_and_a_number(name: str, scalar: Callable[[int], Any]) -> None:
    a = Value(3.0)
    y = OPERATORS[name](a, scalar(2))
    y.backward()
    assert type(y) is Value
    assert (y.data, a.grad) == BY_HAND[name][:2]
    assert y.parents == (a,)


@pytest.mark.parametrize("scalar", SCALARS)
@pytest.mark.parametrize("name", OPERATORS)
def test_of_a_number_and_a_value(name: str, scalar: Callable[[int], Any]) -> None:
    b = Value(2.0)
    y = OPERATORS[name](scalar(3), b)
    y.backward()
    assert type(y) is Value
    assert (y.data, b.grad) == BY_HAND[name][::2]
    assert y.parents == (b,)


@pytest.mark.parametrize("name", OPERATORS)
def test_in_place_makes_a_new_node(name: str) -> None:
    in_place = {"div": operator.itruediv}.get(name) or getattr(operator, f"i{name}")
    a = b = Value(3.0)
    b = in_place(b, 2)
    assert b is not a
    assert b.data == BY_HAND[name][0]
    assert a.data == 3.0


def test_signs_and_absolute_value() -> None:
    for x, y, derivative in [(Value(-2.0), 2.0, -1.0), (Value(3.0), 3.0, 1.0)]:
        (z := abs(x)).backward()
        assert (z.data, x.grad) == (y, derivative)
    x = Value(2.0)
    (-x).backward()
    assert ((-x).data, x.grad) == (-2.0, -1.0)
    (+x).backward()
    assert ((+x).data, x.grad) == (2.0, 0.0)


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize(
    "other", ["2", None, 2j, np.complex128(1), object()], ids=["str", "None", "complex", "np", "object"]
)
def test_of_something_that_is_no_real_number_is_a_type_error(name: str, other: object) -> None:
    for operands in [(Value(3.0), other), (other, Value(3.0))]:
        with pytest.raises(TypeError, match=r"unsupported operand|can only concatenate|can't multiply"):  # Python's own
            OPERATORS[name](*operands)


def test_arrays_of_values_compute_element_by_element() -> None:
    x = np.array([Value(1.0), Value(2.0)])
    y = 2 * x**2 + np.array([10.0, 20.0])
    assert [v.data for v in y] == [12.0, 28.0]
    np.sum(y).backward()
    assert [v.grad for v in x] == [4.0, 8.0]
    z = Value(3.0) * np.array([1.0, 2.0])
    assert [v.data for v in z] == [3.0, 6.0]
    w = np.array([[1.0, 2.0], [3.0, 4.0]]) @ x
    assert [v.data for v in w] == [5.0, 11.0]


def test_functions_of_numpy_on_arrays_of_values_are_the_primitives() -> None:
    x = Value(0.5)
    for function, name in [(np.sin, "sin"), (np.exp, "exp"), (np.arctan, "atan"), (np.absolute, "abs")]:
        (y,) = function(np.array([x]))
        assert y.op is table[name]
        assert y.parents == (x,)


@pytest.mark.parametrize("scalar", [2, 2.0, np.float64(2), np.float32(2), np.int64(2)], ids=lambda x: type(x).__name__)
def test_a_function_of_a_number_is_a_number_and_of_a_value_a_value(scalar: Any) -> None:
    for name in ("exp", "sin", "relu", "sigmoid", "sqrt", "abs"):
        assert type(table[name](scalar)) is float
        assert type(table[name](Value(scalar))) is Value
    assert type(table["maximum"](scalar, 1)) is float
    assert type(table["maximum"](1, Value(scalar))) is Value


def test_every_primitive_of_a_first_operand_is_also_a_method() -> None:
    x = Value(0.25)
    for name, op in table.items():
        if op.nary or name == "where":  # the first operand is one of a list, or a condition
            assert not hasattr(x, name)
            continue
        others = [0.5] * (len(op.derivatives) - 1)
        method, function = getattr(x, name)(*others), op(x, *others)
        assert method.op is function.op is op
        assert method.data == function.data


def test_what_python_has_a_sign_for_is_no_function_of_the_package() -> None:
    for name in ("add", "sub", "mul", "div", "pow", "neg", "pos", "abs"):
        assert name in table
        assert not hasattr(autograd, name)


def test_of_two_zeros_maximum_and_minimum_are_the_second_so_that_relu_has_no_sign_at_minus_zero() -> None:
    for function in (maximum, minimum):
        for first, second in ((0.0, -0.0), (-0.0, 0.0)):
            for y in (function(first, second), function(Value(first), second).data):
                assert math.copysign(1.0, y) == math.copysign(1.0, second)
    for y in (relu(-0.0), relu(Value(-0.0)).data, Value(-0.0).relu().data):  # type: ignore[attr-defined]
        assert math.copysign(1.0, y) == 1.0


# ── the shortcuts: value and local derivatives are those of the row, or both do not exist ─────


def outcome(compute: Callable[..., Any], *args: Any) -> Any:
    """A number, or the type of the error instead of one."""
    try:
        y = compute(*args)
    except (ArithmeticError, ValueError) as error:
        return type(error)
    return ValueError if isinstance(y, complex) else y


def same(a: Any, b: Any) -> bool:
    return a == b or (a != a and b != b)


@settings(max_examples=300)
@given(st.sampled_from(sorted(OPERATORS)), st.floats(), st.floats())
def test_an_operator_is_its_row_of_the_table(name: str, a: float, b: float) -> None:
    row = table[name]
    x, z = Value(a), Value(b)
    y = outcome(OPERATORS[name], x, z)
    expected = outcome(row.formula, a, b)
    if not isinstance(y, Value):
        assert y is expected
        return
    assert same(y.data, expected)
    local = [outcome(derivative, y.data, a, b) for derivative in row.derivatives]
    error = outcome(y.backward)
    if error is not None:
        assert error in local
        assert x.grad == z.grad == 0.0
    else:
        assert same(x.grad, local[0])
        assert same(z.grad, local[1])


FACTORS = st.floats(-1e150, 1e150)


@given(st.lists(st.tuples(FACTORS, FACTORS), min_size=1, max_size=8), FACTORS, st.booleans(), st.booleans())
def test_dot_is_its_row_of_the_table(pairs: list[tuple[float, float]], bias: float, values: bool, node: bool) -> None:
    ws, xs = zip(*pairs, strict=True)
    n = len(ws)
    w_nodes = [Value(w) for w in ws]
    x_nodes = [Value(x) for x in xs] if values else list(xs)
    b = Value(bias) if node else bias
    y = dot(w_nodes, x_nodes, b)
    # From Python 3.12 on, sum() of floats keeps the rounding errors; n additions lose at most n ulp of the terms
    scale = abs(bias) + sum(abs(w * x) for w, x in pairs)
    assert abs(y.data - table["dot"].formula(*ws, *xs, bias)) <= n * 2**-52 * scale
    local = table["dot"].derivatives(y.data, *ws, *xs, bias)
    y.backward()
    assert [w.grad for w in w_nodes] == list(local[:n])
    if values:
        assert [x.grad for x in x_nodes] == list(local[n:-1])
    if node:
        assert b.grad == local[-1]
    assert y.operands == (*w_nodes, *x_nodes, b)


def test_what_the_reading_of_floats_has_itself_is_what_computes_there() -> None:
    """From Python 3.12 on its sum rounds less than one term after the other, as the row has it."""
    for name, function in FLOATS.functions.items():
        assert table[name].on_floats is function


def test_a_derivative_that_is_one_number_for_a_whole_list_is_that_of_each_in_it() -> None:
    of_each = _derivatives_of_each(lambda y, w, x, b: (2, x, 1), Takes(2, 1))
    assert of_each(0, 10, 20, 30, 40, 50) == (2, 2, 30, 40, 1)


def test_a_sum_of_floats_is_the_number_that_a_node_has() -> None:
    """Bit by bit, also where another order of the terms, or Python's own way to add floats, rounds elsewhere."""
    choose = random.Random(0)
    for _ in range(50):
        w, x = ([choose.uniform(-1, 1) * 10 ** choose.randint(-8, 8) for _ in range(9)] for _ in range(2))
        b = choose.uniform(-1, 1)
        assert dot(w, x, b) == dot(list(map(Value, w)), x, Value(b)).data == dot(list(map(Value, w)), x, b).data


def test_dot_takes_values_and_numbers_in_any_mixture() -> None:
    a, b = Value(2.0), Value(3.0)
    for ws, xs in [([a, 4.0], [5, b]), ([a, b], [5, 4.0]), ([a, 4.0], [np.float64(5), b]), ((5, b), (a, 4.0))]:
        y = dot(ws, xs)
        assert y.data == 22.0
        a.grad = b.grad = 0.0
        y.backward()
        assert (a.grad, b.grad) == (5.0, 4.0)
    assert type(dot([1, 2], [3, 4], 5)) is float
    assert dot([1, 2], [3, 4], 5) == 16.0
    assert dot([], []) == 0.0


def test_dot_of_a_list_with_itself_adds_both_gradients() -> None:
    x = [Value(3.0), Value(-2.0)]
    y = dot(x, x)
    y.backward()
    assert y.data == 13.0
    assert [v.grad for v in x] == [6.0, -4.0]


def test_total_is_one_node() -> None:
    x, y = Value(1.0), Value(2.0)
    z = total([x, y, 3, x])
    z.backward()
    assert (z.data, x.grad, y.grad, len(z.operands)) == (7.0, 2.0, 1.0, 4)
    for xs in [(x, 0.5), (0.5, x), (x, y), (x,)]:
        x.grad = y.grad = 0.0
        total(xs).backward()
        assert x.grad == 1.0
        assert y.grad == (1.0 if y in xs else 0.0)
    assert total([]) == 0.0
    assert total(v for v in [1, 2]) == 3.0


@pytest.mark.parametrize(
    "given", ["abc", b"ab", 5, 2.5, None, {1.0: 2.0}, {1.0}, frozenset([1.0]), Value(2.0)], ids=repr
)
@pytest.mark.parametrize(
    "function",
    [
        *(total, logsumexp, lambda x: dot(x, [1.0]), lambda x: dot([Value(1.0)], x)),
        lambda x: dot([Value(1.0)], x, Value(0.0)),  # a neuron's, which is the quickest
    ],
)
def test_a_sum_of_what_is_no_list_of_numbers_says_what_it_was_given(function: Any, given: object) -> None:
    expected = re.escape(f"takes Values or numbers in a list, not {given!r} of type {type(given).__name__}")
    with pytest.raises(TypeError, match=rf"(dot|total|logsumexp) {expected}"):
        function(given)


@pytest.mark.parametrize("function", [total, logsumexp, lambda x: dot(x, x), lambda x: dot([Value(1.0)] * 2, x)])
def test_a_sum_of_what_is_no_number_says_what_it_was_given(function: Any) -> None:
    for items in ([1.0, "a"], ["a", 1.0], [Value(1.0), "a"]):
        with pytest.raises(TypeError, match="not 'a'"):
            function(items)


def test_errors_of_an_iterator_are_its_own() -> None:
    def numbers() -> Any:
        yield 1.0
        raise TypeError("of the iterator")

    for function in (total, lambda x: dot(x, [1.0])):
        with pytest.raises(TypeError, match="of the iterator"):
            function(numbers())
