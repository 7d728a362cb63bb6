"""`gradcheck` passes what is right, and says what is wrong with what is not."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from typing import Any

import mpmath
import pytest

import autograd
from autograd import (
    Value,
    elu,
    exp,
    grad,
    gradcheck,
    hvp,
    jacobian,
    jvp,
    leaky_relu,
    log,
    maximum,
    minimum,
    no_grad,
    primitive,
    relu,
    sigmoid,
    sin,
    sqrt,
)
from autograd.check import GradcheckError
from autograd.primitives import Primitive, table


@pytest.fixture(params=["mpmath", "floats"])
def reference(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "floats":
        monkeypatch.setitem(sys.modules, "mpmath", None)
    return str(request.param)


@pytest.fixture
def wrong_square() -> Iterator[Primitive]:
    yield primitive("wrong_square", lambda x: x * x, lambda y, x: 2.001 * x)
    table["wrong_square"].remove()


def test_it_passes_nested_inputs_and_outputs(reference: str) -> None:
    def f(p: dict[str, list[float]], t: float) -> dict[str, object]:
        return {"a": [sigmoid(p["w"][0] * t), p["w"][1] / t], "b": sin(t), "constant": 3}

    assert gradcheck(f, {"w": [0.3, -2.0]}, 1.7) is True
    assert gradcheck(f, {"w": [Value(0.3), Value(-2.0)]}, Value(1.7)) is True


def test_a_wrong_derivative_is_found_and_both_sides_are_shown(wrong_square: Primitive, reference: str) -> None:
    with pytest.raises(GradcheckError) as caught:
        gradcheck(lambda x: [x["a"], wrong_square(x["b"]) + x["a"]], {"a": 1.0, "b": 3.0}, rtol=1e-6)
    message = str(caught.value)
    assert "the derivative of the output[1] with respect to inputs[0]['b']" in message
    assert "numerical:  6.0" in message or "numerical:  5.99999" in message
    assert "analytical: 6.003" in message
    assert ("mpmath at 50 digits" if reference == "mpmath" else "central difference of floats") in message


def test_the_worst_entry_is_the_one_that_is_named(wrong_square: Primitive) -> None:
    with pytest.raises(GradcheckError, match=r"inputs\[1\]"):
        gradcheck(lambda x, y: wrong_square(x) + wrong_square(wrong_square(y)), 1.0, 1.0)


def test_tolerances_decide(wrong_square: Primitive) -> None:
    assert gradcheck(wrong_square, 3.0, rtol=1e-3)
    assert gradcheck(wrong_square, 3.0, atol=4e-3)
    with pytest.raises(GradcheckError):
        gradcheck(wrong_square, 3.0, rtol=1e-4)


def test_with_mpmath_an_error_far_below_float_differences_is_found() -> None:
    op = primitive("nearly", lambda x: exp(x), lambda y, x: y * (1 + 1e-8))
    try:
        with pytest.raises(GradcheckError):
            gradcheck(op, 1.0)
    finally:
        table["nearly"].remove()


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * Value(x.data),
        lambda x: x * x.detach(),
        lambda x: x + math.sin(x.data),
        no_grad()(lambda x: x * x),
    ],
    ids=["data", "detach", "math", "no_grad"],
)
def test_a_gradient_that_is_lost_is_found(f: object, reference: str) -> None:
    with pytest.raises(GradcheckError, match=r"does not see all of .*: nearby, at inputs\[0\] = "):
        gradcheck(f, 3.0)  # type: ignore[arg-type]


def test_a_kink_fails_and_beside_it_passes() -> None:
    with pytest.raises(GradcheckError, match=r"numerical:  0\.5"):
        gradcheck(relu, 0.0)
    assert gradcheck(relu, 1e-3)


def test_the_edge_of_a_domain_is_reported() -> None:
    with pytest.raises(GradcheckError, match="not defined all around the point"):
        gradcheck(sqrt, 1e-20)
    assert gradcheck(sqrt, 1e-20, eps=1e-30)
    with pytest.raises(GradcheckError, match=r"the step, 1e-15, leaves its domain \(no real number there\); a smaller"):
        gradcheck(log, 1e-300)


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="eps must be positive, atol and rtol not negative, and they are 0, "):
        gradcheck(log, 2.0, eps=0)


def test_no_gradient_changes() -> None:
    x, w = Value(2.0), Value(3.0)
    (x * w).backward()
    assert gradcheck(lambda x: x * w, x)
    assert (x.grad, w.grad) == (3.0, 2.0)


@pytest.mark.parametrize(
    "op", [op for op in table.values() if not op.nary and op.name != "where"], ids=lambda op: op.name
)
def test_every_primitive_passes(op: Primitive) -> None:
    operands = (0.7, 1.3, 0.4)[: len(op.derivatives)]  # type: ignore[arg-type]
    assert gradcheck(op, *operands)


KINKS = {
    "abs": (abs, (0.0,)),
    "maximum": (maximum, (2.0, 2.0)),
    "minimum": (minimum, (-1.0, -1.0)),
    "relu": (relu, (0.0,)),
    "leaky_relu": (lambda x: leaky_relu(x, 0.25), (0.0,)),
    "elu": (lambda x: elu(x, 2.0), (0.0,)),
    "within": (lambda x: sin(abs(x - 3.0)) + x, (3.0,)),
    "second output": (lambda x: [x * x, abs(x) * 1e-3], (0.0,)),
}


@pytest.mark.parametrize("kink", KINKS)
def test_at_a_kink_there_is_no_derivative_to_agree_on(kink: str, reference: str) -> None:
    """|x| has the slopes −1 and 1 at 0; their mean is what the rule of the tie and the central difference both say."""
    f, point = KINKS[kink]
    with pytest.raises(GradcheckError, match=r"has a kink with respect to inputs\[|numerical"):
        gradcheck(f, *point)
    assert gradcheck(f, *[x + 0.1 * (i + 1) for i, x in enumerate(point)])


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: x * abs(x), 0.0),
        (lambda x: maximum(x, x), 2.0),
        (lambda x: maximum(x, 0) ** 2, 0.0),
        (lambda x: abs(x) - abs(-x) + x, 0.0),
        (lambda x: exp(30 * x), 1.0),
        (lambda x: sin(1e3 * x), 0.5),
    ],
)
def test_what_has_a_derivative_is_no_kink_however_much_it_bends(f: Callable[..., object], x: float) -> None:
    assert gradcheck(f, x)


LOST: dict[str, tuple[Callable[..., Value], tuple[object, ...]]] = {
    "a ratio": (lambda x: (x[0] / x[1]).detach() * x[0], ([1.0, 2.0],)),
    "an angle": (lambda x, y: x * math.atan2(y.data, x.data), (1.0, 2.0)),
    "a difference": (lambda x: x[0] * (x[0] - x[1]).detach(), ([1.0, 1.0],)),
    "a difference of three": (lambda x: x[0] * (x[0] - 2 * x[1] + x[2]).detach(), ([1.0, 1.0, 1.0],)),
    "a unit vector": (lambda x: x[0] * (x[1] / sqrt(x[0] * x[0] + x[1] * x[1])).detach(), ([3.0, 4.0],)),
    "a ratio of data": (lambda x: x[0] * (x[1].data / x[2].data), ([3.0, 4.0, 5.0],)),
}


@pytest.mark.parametrize("lost", LOST)
def test_a_lost_part_that_stays_where_all_inputs_are_scaled_alike_is_seen(reference: str, lost: str) -> None:
    f, at = LOST[lost]
    with pytest.raises(GradcheckError, match="does not see all of"):
        gradcheck(f, *at)


def test_a_node_made_by_hand_has_no_derivative_in_any_mode() -> None:
    """It has none, which is not 0."""

    def f(x: Value) -> Value:
        return Value(x.data * 2, (x,), "id") * x

    for check in (
        lambda: jvp(f, (1.0,), (1.0,)),
        lambda: jacobian(f)(1.0),
        lambda: jacobian(lambda x: [f(x), x, x * x])(1.0),
        lambda: hvp(f, (1.0,), (1.0,)),
        lambda: grad(f)(1.0),
        lambda: gradcheck(f, 1.0),
    ):
        with pytest.raises(RuntimeError, match="made by hand"):
            check()


@pytest.mark.parametrize("at", [1.0, 2.0, 3.0])
@pytest.mark.parametrize(
    "f",
    [
        lambda x: autograd.logsumexp([x, x, 2.0, -1.5]),
        lambda x: autograd.logsumexp([x * x, 4.0, 0.1]),
        lambda x: autograd.sigmoid(autograd.maximum(x - 5, 0.3)) * x,
        lambda x: autograd.exp(autograd.where(x > 2.5, 0.1, x)) + x,
        lambda x: autograd.dot([x, 0.1], [0.3, 0.7], 1 / 3),
    ],
)
def test_a_constant_that_is_chosen_is_computed_with_all_digits(f: Any, at: float) -> None:
    """max(x, 2) was the float 2 on one side of a tie, and what came of it had 16 digits: 1e-17 over a step of 1e-20."""
    assert gradcheck(f, at)
    with mpmath.workdps(50):
        x = mpmath.mpf(at)
        assert isinstance(f(x), mpmath.mpf)
