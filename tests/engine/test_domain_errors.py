"""Outside of a primitive's domain: Python's errors, saying which primitive, which operand and which label."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Value, acos, asin, dot, exp, log, log1p, logsumexp, sqrt, total, where
from autograd.primitives import table


def value(x: float) -> Value:
    return Value(x, label="q")


LOG = r"log\(q = -1\.0\): it is defined for x > 0"
SQRT = r"sqrt\(q = -1\.0\): it is defined for x ≥ 0"
POW = r"pow\(q = -8\.0, (np\.float64\()?0\.333\d+\)?\): it is defined for a ≥ 0, or a whole b"
DIV = r"div\(1(\.0)?, q = 0\.0\): (float )?division by zero"
EXP = r"exp\(q = 1000\.0\): math range error"

# fmt: off
SPELLINGS = [
    (ValueError, LOG, lambda: value(-1).log()),
    (ValueError, LOG, lambda: log(value(-1))),
    (ValueError, LOG, lambda: np.log(value(-1))),
    (ValueError, LOG, lambda: np.log(np.array([value(-1)]))),
    (ValueError, LOG, lambda: log(np.array([value(-1)]))),
    (ValueError, SQRT, lambda: value(-1).sqrt()),
    (ValueError, SQRT, lambda: sqrt(value(-1))),
    (ValueError, SQRT, lambda: np.sqrt(np.array([value(-1)]))),
    (ValueError, POW, lambda: value(-8) ** (1 / 3)),
    (ValueError, POW, lambda: value(-8).pow(1 / 3)),
    (ValueError, POW, lambda: table["pow"](value(-8), 1 / 3)),
    (ValueError, POW, lambda: np.power(np.array([value(-8)]), 1 / 3)),
    (ValueError, POW, lambda: value(-8) ** np.float64(1 / 3)),
    (ValueError, r"pow\(-8, q = 0\.333\d+\)", lambda: (-8) ** value(1 / 3)),
    (ZeroDivisionError, DIV, lambda: 1 / value(0)),
    (ZeroDivisionError, DIV, lambda: Value(1) / value(0)),
    (ZeroDivisionError, DIV, lambda: Value(1).div(value(0))),
    (ZeroDivisionError, DIV, lambda: table["div"](1, value(0))),
    (ZeroDivisionError, DIV, lambda: np.divide(1, value(0))),
    (ZeroDivisionError, r"div\(q = 3\.0, 0\): (float )?division by zero", lambda: value(3) / 0),
    (ZeroDivisionError, r"pow\(q = 0\.0, -1\): ", lambda: value(0) ** -1),
    (OverflowError, EXP, lambda: value(1000).exp()),
    (OverflowError, EXP, lambda: exp(value(1000))),
    (OverflowError, EXP, lambda: np.exp(np.array([value(1000)]))),
    (OverflowError, r"pow\(q = 1e\+200, 2\): Numerical result out of range", lambda: value(1e200) ** 2),
    (ValueError, r"asin\(q = 2\.0\): it is defined for −1 ≤ x ≤ 1", lambda: asin(value(2))),
    (ValueError, r"acos\(q = 2\.0\)", lambda: value(2).acos()),
    (ValueError, r"acos\(q = 2\.0\)", lambda: np.arccos(np.array([value(2)]))),
    (ValueError, r"log1p\(q = -1\.0\): it is defined for x > −1", lambda: log1p(value(-1))),
]
# fmt: on


@pytest.mark.parametrize(("error", "words", "compute"), SPELLINGS)
def test_whichever_way_it_is_spelled(error: type[Exception], words: str, compute: Callable[[], Any]) -> None:
    with pytest.raises(error, match=f"^{words}"):
        compute()


@pytest.mark.parametrize(
    ("error", "words", "compute"),
    [
        (ValueError, "log(-1): it is defined for x > 0", lambda: log(-1)),
        (ValueError, "sqrt(-1.0): it is defined for x ≥ 0", lambda: sqrt(np.float64(-1))),
        (ValueError, "pow(-8, 0.5): it is defined for a ≥ 0, or a whole b", lambda: table["pow"](-8, 0.5)),
        (ZeroDivisionError, "div(1, 0): division by zero", lambda: table["div"](1, 0)),
        (OverflowError, "exp(1000): math range error", lambda: exp(1000)),
        (ValueError, "acos(2): it is defined for −1 ≤ x ≤ 1", lambda: acos(2)),
    ],
)
def test_of_plain_numbers_the_same(error: type[Exception], words: str, compute: Callable[[], Any]) -> None:
    with pytest.raises(error, match=re.escape(words)):
        compute()


def test_an_operand_computed_from_others_shows_its_number_and_a_node_its_label() -> None:
    x = Value(2.0, label="x")
    y = x - 3
    with pytest.raises(ValueError, match=r"^log\(-1\.0\)"):
        y.log()
    y.label = "y"
    with pytest.raises(ValueError, match=r"^log\(y = -1\.0\)"):
        y.log()


def test_a_primitive_of_ones_own_says_so_too_as_function_and_as_method() -> None:
    root = autograd.primitive("fourth_root", lambda x: x**0.25, lambda y, x: y / (4 * x), domain="x ≥ 0")
    try:
        for compute in (lambda: root(value(-1)), lambda: value(-1).fourth_root(), lambda: root(-1.0)):
            with pytest.raises(ValueError, match=r"^fourth_root\((q = )?-1\.0\): it is defined for x ≥ 0"):
                compute()
    finally:
        table["fourth_root"].remove()


@pytest.mark.parametrize("numpy_number", [np.float64, np.float32])
def test_also_where_data_were_set_to_numbers_of_numpy(numpy_number: type) -> None:
    """NumPy's own arithmetic would warn and go on with NaN or infinity."""
    x = value(1)
    x.data = numpy_number(-8)
    with pytest.raises(ValueError, match=r"pow\(q = "):
        x ** (1 / 3)
    x.data = numpy_number(0)
    with pytest.raises(ZeroDivisionError, match=r"div\(1, q = "):
        1 / x


# ── a value without a derivative ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    ("compute", "words"),
    [
        (lambda q: q.sqrt(), r"the gradient of sqrt\(q = 0\.0\): (float )?division by zero"),
        (lambda q: q**0.5, r"the gradient of pow\(q = 0\.0, 0\.5\): .*negative power"),
        (lambda q: (q + 1).asin(), r"the gradient of asin\(1\.0\): (float )?division by zero"),
    ],
)
def test_a_derivative_that_does_not_exist_raises_when_it_is_needed(
    compute: Any, words: str, create_graph: bool
) -> None:
    q, other = value(0), Value(2.0)
    y = compute(q)
    root = other * y + other
    before = Value(3.0)
    root = root + before
    with pytest.raises(ZeroDivisionError, match=words):
        root.backward(create_graph=create_graph)
    assert [node.grad for node in (q, y, other, before, root)] == [0.0] * 5, "no gradient has changed"


def test_the_node_without_a_derivative_is_named_by_its_label() -> None:
    q = value(0)
    y = q.sqrt()
    y.label = "distance"
    with pytest.raises(ZeroDivisionError, match=r"the gradient of distance = sqrt\(q = 0\.0\)"):
        (y * 2).backward()


def test_gradients_of_earlier_passes_survive_a_pass_that_raises() -> None:
    x = Value(4.0)
    good, bad = x * x, (x - 4).sqrt() + x * x
    good.backward()
    interior = good.grad
    with pytest.raises(ZeroDivisionError):
        bad.backward()
    assert x.grad == 8.0
    assert good.grad == interior


# ── operands ──────────────────────────────────────────────────────────────────────────────────


def test_a_wrong_number_of_operands_is_a_type_error() -> None:
    with pytest.raises(TypeError, match=r"maximum takes 2 operands, and was given 1"):
        table["maximum"](Value(1.0))
    with pytest.raises(TypeError, match=r"leaky_relu takes 1 to 2 operands, and was given 3"):
        table["leaky_relu"](1.0, 2.0, 3.0)
    with pytest.raises(TypeError, match=r"exp takes 1 operand, and was given 0"):
        exp()


@pytest.mark.parametrize("thing", ["1", None, 1j, [1.0], object()], ids=lambda thing: type(thing).__name__)
def test_an_operand_that_is_no_number_is_a_type_error(thing: object) -> None:
    with pytest.raises(TypeError):
        exp(thing)
    with pytest.raises(TypeError):
        total([Value(1.0), thing])
    for ws, xs, bias in [
        ([Value(1.0)], [thing], Value(0.0)),
        ([thing], [Value(1.0)], Value(0.0)),
        ([Value(1.0), thing], [1.0, 1.0], Value(0.0)),
        ([Value(1.0)], [1.0], thing),
    ]:
        with pytest.raises(TypeError):
            dot(ws, xs, bias)


def test_sequences_of_unequal_length_and_empty_ones() -> None:
    with pytest.raises(ValueError, match=r"dot takes two sequences of equal length, and was given 2 and 1"):
        dot([Value(1.0), Value(2.0)], [1.0])
    with pytest.raises(ValueError, match="logsumexp takes at least one operand, and was given none"):
        logsumexp([])


def test_where_says_what_it_takes() -> None:
    with pytest.raises(TypeError, match=r"where takes 3 operands, and was given 2"):
        where(True, Value(1.0))
