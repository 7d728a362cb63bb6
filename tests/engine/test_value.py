"""A `Value` is a real number with an identity of its own."""

import math
import operator
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any
from unittest.mock import ANY

import mpmath
import numpy as np
import pytest
import sympy

import autograd
from autograd import Value, dot, where
from autograd.value import NOT_YET


@pytest.mark.parametrize(
    "number", [3, 3.0, True, np.float64(3), np.float32(3), np.int64(3), np.uint8(3), np.bool_(True), math.inf]
)
def test_is_made_of_any_real_number_and_keeps_it_as_a_float(number: object) -> None:
    x = Value(number)
    assert type(x.data) is float
    assert x.data == number


@pytest.mark.parametrize("thing", ["3", None, 1j, Value(1), [1.0], np.array([1.0]), np.complex128(1)], ids=repr)
def test_is_made_of_nothing_else(thing: object) -> None:
    with pytest.raises(TypeError, match=r"expected a real number, not .* of type"):
        Value(thing)


def test_of_a_value_says_what_to_do_instead() -> None:
    with pytest.raises(TypeError, match=r"expected a real number, not Value.*: use it itself, or its data$"):
        Value(Value(1.0))


def test_a_leaf_has_no_operation_and_no_parents() -> None:
    x = Value(2.0, label="x")
    assert (x.data, x.grad, x.label, x.op, x.operands, x.parents) == (2.0, 0.0, "x", None, (), ())


def test_a_node_knows_its_operation_and_its_operands_in_order() -> None:
    x, y = Value(2.0), Value(3.0)
    assert (x - y).op.name == "sub"
    assert (x - y).operands == (x, y)
    assert (5 - x).operands == (5.0, x)
    assert (5 - x).parents == (x,)
    assert (x * x).parents == (x, x), "an operand that is used twice is listed twice"


def test_the_gradient_before_the_first_backward_pass_is_zero_and_known_not_to_be_computed() -> None:
    y = Value(2.0) * 3
    assert y.grad == 0.0
    assert y.grad is NOT_YET
    y.backward(gradient=0.0)
    assert y.grad == 0.0
    assert y.grad is not NOT_YET


def test_equality_and_hash_are_identity_so_that_nodes_can_live_in_sets() -> None:
    a, b = Value(1.0), Value(1.0)
    assert a == a
    assert a != b
    assert not a == b  # noqa: SIM201  both operators are meant
    assert not a != a  # noqa: SIM202
    assert len({a, b, a}) == 2
    assert {a: "a", b: "b"}[a] == "a"
    assert [b, a].index(a) == 1


NUMBERS = [0.0, -0.0, 1.0, -1.5, 0.1, 1e300, 5e-324, math.inf, -math.inf, math.nan, 2.0**53]
OTHERS = [
    *NUMBERS,
    *(0, 1, True, False, 2**53 + 1, 10**400, -(10**400)),
    *(
        np.float64(0.1),
        np.float32(0.1),
        np.float32(-1.5),
        np.int64(1),
        np.uint8(0),
        np.uint64(2**53 + 1),
        np.bool_(True),
    ),
]


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # NumPy's before 2, of a comparison with NaN
@pytest.mark.parametrize("other", OTHERS, ids=repr)
@pytest.mark.parametrize("compare", [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge])
def test_comparisons_with_a_number_are_those_of_pythons_floats(compare: Callable[..., Any], other: Any) -> None:
    """On either side: exact for integers of any size, and NaN equals nothing."""
    plain = other.item() if isinstance(other, np.generic) else other
    for data in NUMBERS:
        assert compare(Value(data), other) is compare(data, plain)
        assert bool(compare(other, Value(data))) is compare(plain, data)


def test_a_guard_against_zero_guards() -> None:
    def slope(x: Value) -> Value:
        return x / x if x != 0 else Value(1.0)

    assert slope(Value(0.0)).data == 1.0
    assert slope(Value(2.0)).op is not None
    assert Value(3.0) in (1, 2, 3)
    match Value(1.0):
        case 1:
            found = "one"
        case _:
            found = "other"
    assert found == "one"


@pytest.mark.parametrize(
    "other", ["1.0", None, [1.0], object(), 1 + 1j, Fraction(1, 3), Decimal("0.1")], ids=lambda x: type(x).__name__
)
def test_nothing_else_equals_a_value(other: object) -> None:
    x = Value(1.0)
    assert not x == other  # noqa: SIM201
    assert x != other
    assert not other == x  # noqa: SIM201
    assert other != x


OF_LIBRARIES = {
    "fraction": Fraction,
    "decimal": Decimal,
    "complex": complex,
    "NumPy's complex": np.complex64,
    "mpmath": mpmath.mpf,
    "mpmath's complex": mpmath.mpc,
    "SymPy": lambda x: sympy.Integer(x) if x == int(x) else sympy.Rational(x),
}


@pytest.mark.parametrize("kind", OF_LIBRARIES)
@pytest.mark.parametrize("data", [0.0, 1.0, -1.5, 0.25])
def test_a_number_of_any_library_equals_a_value_where_it_equals_the_float(kind: str, data: float) -> None:
    """On either side, so that a guard such as x == Fraction(0) guards; the hash stays that of the node.

    To SymPy 1.0 is not the integer 1 (from version 1.13 on), so it is not to a Value either.
    """
    x = Value(data)
    for number in (0, 1, -1.5, 0.25):
        other = OF_LIBRARIES[kind](number)
        equal = bool(data == other)
        assert equal is (data == number) or kind == "SymPy"
        assert (x == other) is equal
        assert (x != other) is (not equal)
        assert bool(other == x) is equal  # before NumPy 2 a truth of NumPy's
        assert bool(other != x) is (not equal)
        assert {other: "found"}.get(x) is None


def test_one_tenth_is_no_float() -> None:
    """0.1 is a binary number near it, and equality is exact, as with Python's floats."""
    assert Value(0.1) != Fraction(1, 10)
    assert Value(0.1) == Fraction(0.1)
    assert Value(0.1) != Decimal("0.1")
    assert Value(math.nan) != Decimal("NaN")
    assert Value(math.inf) == Decimal("Infinity")


def test_in_a_compiled_function_a_fraction_is_the_number_it_is() -> None:
    w = Value(0.5)
    for half, third in ((Fraction(1, 2), Fraction(1, 3)), (Decimal("0.5"), Decimal("0.3"))):
        program = autograd.compile(lambda x, half=half: where(w == half, x, 2 * x), example=(1.0,))
        assert np.ravel(program(np.array([3.0]))).tolist() == [3.0]
        program = autograd.compile(lambda x, third=third: where(w == third, w * x, 2 * x), example=(1.0,))
        assert np.ravel(program(np.array([3.0]))).tolist() == [6.0]


def test_whoever_equals_everything_equals_a_value() -> None:
    assert Value(1.0) == ANY  # the other operand is asked, as Python does it


def test_what_is_no_number_is_asked_about_the_value_itself_and_not_about_its_float() -> None:
    class Kind:
        def __init__(self, kind: type) -> None:
            self.kind = kind

        def __eq__(self, other: object) -> bool:
            return type(other) is self.kind

        __hash__ = None  # type: ignore[assignment]

    for x in (Value(1.0), Value(1.0) * 2):
        assert x == Kind(Value)
        assert x != Kind(float)


def test_a_number_does_not_find_a_value_in_a_dictionary() -> None:
    """Equal is not the same hash, here: `value == 2` and the hash of `value` is that of the node."""
    x = Value(2.0)
    assert x == 2.0
    assert {x: "x"}.get(2.0) is None
    assert {2.0: "x"}.get(x) is None


def test_an_array_is_compared_element_by_element() -> None:
    x, y = Value(1.0), Value(2.0)
    assert (np.array([x, y]) == np.array([1.0, 1.0])).tolist() == [True, False]
    assert (np.array([x, y]) == y).tolist() == [False, True]
    assert (np.array([1.0, 2.0]) != y).tolist() == [True, False]


@pytest.mark.parametrize("number", [3, True, np.float64(0.1), np.float32(0.1), np.int64(3), np.uint8(200)], ids=repr)
def test_data_that_is_set_is_stored_as_a_float_and_computes_as_one(number: Any) -> None:
    """200 + 100 of unsigned bytes is 44, and a single makes all that follows a single."""
    x, y = Value(1.0), Value(1.0)
    x.data = y.data = number
    assert type(x.data) is float
    assert x.data == number
    expected = Value(number)
    for f in (lambda a: a + a, lambda a: a * a, lambda a: a / a, lambda a: a.exp(), lambda a: dot([a, a], [a, a], a)):
        assert type(f(x).data) is float
        assert f(x).data == f(expected).data
    x.data += number
    assert x.data == 2 * float(number)


@pytest.mark.parametrize("thing", ["3", None, 1j, Value(1), [1.0], np.array([1.0])], ids=repr)
def test_data_that_is_no_number_is_refused_and_the_old_stays(thing: Any) -> None:
    x = Value(2.0)
    with pytest.raises(TypeError, match=r"expected a real number, not .* of type"):
        x.data = thing
    assert x.data == 2.0


@pytest.mark.parametrize("given", [2, True, np.float32(2), np.int64(2)], ids=repr)
def test_a_gradient_is_stored_as_a_float(given: Any) -> None:
    x = Value(1.0)
    x.grad = given
    assert type(x.grad) is float
    assert x.grad == float(given)


def test_a_gradient_that_is_a_value_is_kept_with_its_graph() -> None:
    x, w = Value(1.0), Value(3.0)
    x.grad = w * w
    x.grad.backward()
    assert w.grad == 6.0


def test_a_gradient_of_none_is_zero() -> None:
    """PyTorch's `zero_grad` sets it to None."""
    x, w = Value(3.0), Value(2.0)
    loss = x * x * w
    loss.backward()
    x.grad = w.grad = None
    loss.backward()
    assert (x.grad, w.grad) == (12.0, 9.0)
    x.grad = None
    (x * 5).backward(create_graph=True)
    assert x.grad.data == 5.0


@pytest.mark.parametrize("given", ["1", [1.0], 1j, np.array([1.0])], ids=repr)
def test_a_gradient_that_is_no_number_is_refused_before_it_is_there(given: object) -> None:
    x, w = Value(3.0), Value(2.0)
    (x * w).backward()
    with pytest.raises(TypeError, match=r"a gradient is a real number or a Value \(or None, for 0\), not .* of type"):
        w.grad = given
    assert (x.grad, w.grad) == (2.0, 3.0)
    (x * w).backward()
    assert (x.grad, w.grad) == (4.0, 6.0)


def test_comparisons_go_by_data_with_values_and_numbers_on_either_side() -> None:
    x, y = Value(1.0), Value(2.0)
    assert x < y
    assert x <= y
    assert y > x
    assert y >= x
    assert not x > y
    for two in (2, 2.0, np.float64(2), np.int32(2)):
        assert x < two
        assert two > x
        assert y <= two
        assert two >= y
    assert not Value(math.nan) < 1
    assert not Value(math.nan) >= 1


@pytest.mark.parametrize("other", ["2", None, 2j])
def test_comparison_with_something_that_is_no_real_number_is_a_type_error(other: object) -> None:
    with pytest.raises(TypeError, match="not supported between instances"):
        assert Value(1.0) < other


def test_truth_is_that_of_the_number() -> None:
    assert Value(-0.5)
    assert not Value(0.0)


def test_formats_as_its_number() -> None:
    x = Value(math.pi, label="x")
    assert f"{x:.4f}" == "3.1416"
    assert f"{x:10.2e}" == "  3.14e+00"
    assert repr(x) == f"Value(data={math.pi}, grad=0.0, label='x')"
    assert repr(Value(1)) == "Value(data=1.0, grad=0.0)"


def test_repr_of_a_gradient_that_is_a_value_shows_its_number() -> None:
    x = Value(3.0)
    (x * x).backward(create_graph=True)
    assert repr(x) == "Value(data=3.0, grad=6.0)"


def test_item_is_the_plain_number() -> None:
    assert type(Value(2).item()) is float
    assert Value(2).item() == 2.0


@pytest.mark.parametrize("convert", [float, int, round, math.exp, math.sqrt, complex])
def test_no_conversion_loses_the_gradient_without_a_word(convert: object) -> None:
    with pytest.raises(TypeError):
        convert(Value(2.0))


def test_detach_is_a_leaf_through_which_no_gradient_flows() -> None:
    x = Value(3.0, label="x")
    y = x * x.detach()
    y.backward()
    assert x.grad == 3.0
    assert x.detach().label == "x"
    assert x.detach().op is None


def test_a_misspelt_attribute_is_an_error() -> None:
    with pytest.raises(AttributeError):
        Value(1.0).gradient = 2.0
    with pytest.raises(AttributeError):
        Value(1.0)._backward = lambda: None  # micrograd's hook, which is not supported
