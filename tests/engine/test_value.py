"""A `Value` is a real number with an identity of its own."""

import math

import numpy as np
import pytest

from autograd import Value
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
    assert a != 1.0
    assert len({a, b, a}) == 2
    assert {a: "a", b: "b"}[a] == "a"


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
