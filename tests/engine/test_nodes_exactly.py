"""A node is the same whichever way it was made: by the short way of an operator, by a method, or from its row."""

from __future__ import annotations

import copy
import operator
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from autograd import Value, dot, grad, logsumexp, no_grad, total
from autograd.primitives import table
from autograd.value import NOT_YET

A, B = 2.0, 4.0
OPERATORS = {"add": "__add__", "sub": "__sub__", "mul": "__mul__", "div": "__truediv__", "pow": "__pow__"}
WAYS: dict[str, tuple[Callable[[Any, Any], Value], str, Callable[[Any, Any], tuple[Any, ...]]]] = {}
for _name, _dunder in OPERATORS.items():
    _do = getattr(operator, _dunder)
    WAYS |= {
        f"a {_name} b": (_do, _name, lambda a, b: (a, b)),
        f"a {_name} a": (lambda a, b, do=_do: do(a, a), _name, lambda a, b: (a, a)),
        f"a {_name} 3": (lambda a, b, do=_do: do(a, 3), _name, lambda a, b: (a, 3.0)),
        f"3 {_name} a": (lambda a, b, do=_do: do(3, a), _name, lambda a, b: (3.0, a)),
        f"{_name}(a, b)": (lambda a, b, op=table[_name]: op(a, b), _name, lambda a, b: (a, b)),
    }
WAYS |= {
    "exp(a)": (lambda a, b: table["exp"](a), "exp", lambda a, b: (a,)),
    "a.exp()": (lambda a, b: a.exp(), "exp", lambda a, b: (a,)),
    "-a": (lambda a, b: -a, "neg", lambda a, b: (a,)),
    "dot of Values": (lambda a, b: dot([a, b], [b, b], a), "dot", lambda a, b: (a, b, b, b, a)),
    "dot with numbers": (lambda a, b: dot([a, b], [1.0, 2.0], a), "dot", lambda a, b: (a, b, 1.0, 2.0, a)),
    "dot without a bias": (lambda a, b: dot([a, b], [1.0, 2.0]), "dot", lambda a, b: (a, b, 1.0, 2.0, 0.0)),
    "total": (lambda a, b: total([a, 1, b]), "total", lambda a, b: (a, 1.0, b)),
    "logsumexp": (lambda a, b: logsumexp([a, b]), "logsumexp", lambda a, b: (a, b)),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_node_has_its_row_its_operands_and_no_gradient_or_label_yet(way: str) -> None:
    make, name, expected = WAYS[way]
    a, b = Value(A, label="a"), Value(B, label="b")
    before = Value(0.0)
    y = make(a, b)
    assert (type(y), y.op, y.label) == (Value, table[name], "")
    assert y.grad is NOT_YET
    assert y.operands == expected(a, b)
    assert [type(x) for x in y.operands] == [type(x) for x in expected(a, b)]
    assert before._n < y._n < Value(0.0)._n
    assert y.data == table[name](*(x.data if isinstance(x, Value) else x for x in y.operands))
    with no_grad():
        unrecorded = make(a, b)
    assert (unrecorded.data, unrecorded.op, unrecorded.operands) == (y.data, None, ())


@pytest.mark.parametrize("way", WAYS)
def test_its_gradients_are_the_sums_over_its_operands_of_what_the_row_says(way: str) -> None:
    make, name, _ = WAYS[way]
    a, b = Value(A), Value(B)
    y = make(a, b)
    numbers = [x.data if isinstance(x, Value) else x for x in y.operands]
    rules = list(table[name].local_derivatives(y.data, numbers, [True] * len(numbers)))
    y.backward(3.0)
    for leaf in (a, b):
        uses = [3.0 * rule for x, rule in zip(y.operands, rules, strict=True) if x is leaf]
        assert leaf.grad == pytest.approx(sum(uses), rel=4e-16)  # a product, and a sum of at most three
    assert y.grad == 3.0


def _inner(v: Value) -> Value:
    return v * 1.0


@pytest.mark.parametrize("way", WAYS)
def test_an_operand_that_is_a_node_is_walked_through_once_however_often_it_occurs(way: str) -> None:
    make = WAYS[way][0]
    direct, inner = (Value(A), Value(B)), (Value(A), Value(B))
    make(*direct).backward()
    make(*map(_inner, inner)).backward()  # · 1 changes no digit
    assert [v.grad for v in inner] == [v.grad for v in direct]


def test_with_a_graph_too_leaves_accumulate_and_other_nodes_do_not() -> None:
    x = Value(3.0)
    y = x * x
    z = y * 2.0
    for times in (1, 2):
        z.backward(create_graph=True)
        assert (x.grad.data, y.grad.data) == (12.0 * times, 2.0)  # ∂(2x²)/∂x = 4x, ∂(2y)/∂y = 2


def test_a_first_gradient_with_a_graph_is_not_a_sum_with_zero() -> None:
    x, y = Value(2.0), Value(3.0)
    (x * y).backward(create_graph=True)
    assert x.grad.op is table["mul"]  # δ · y, and not 0 + δ · y


def test_a_gradient_that_is_zero_keeps_its_graph_when_another_is_added() -> None:
    x = Value(0.0)
    for _ in range(2):
        (x * x).backward(create_graph=True)
    gradient, x.grad = x.grad, 0.0
    gradient.backward()
    assert (gradient.data, x.grad) == (0.0, 4.0)  # 2x + 2x, and its derivative


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda y: pickle.loads(pickle.dumps(y))])
def test_a_node_without_a_derivative_can_be_copied_and_still_has_none(copied: Callable[[Value], Value]) -> None:
    y = copied(table["sqrt"](Value(0.0)))
    assert (y.data, y.op, [x.data for x in y.operands]) == (0.0, table["sqrt"], [0.0])
    with pytest.raises(ZeroDivisionError, match="the gradient of sqrt"):
        y.backward()


@pytest.mark.parametrize("side", [0, 1])
def test_a_factor_changed_beside_a_factor_of_zero_is_noticed(side: int) -> None:
    factors = [Value(0.0), Value(0.0)]
    y = factors[0] * factors[1]
    factors[side].data = 5.0  # 0 · 5 is 0 as well, but the other derivative was 0 and is 5
    with pytest.raises(RuntimeError, match="data changed after the forward pass"):
        y.backward(create_graph=True)


def test_of_values_a_derivative_that_does_not_exist_is_the_same_error_as_of_numbers() -> None:
    for x in (0.0, Value(0.0)):
        with pytest.raises(ZeroDivisionError):
            grad(table["sqrt"])(x)
