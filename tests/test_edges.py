"""Every primitive at plain points and at edges, to second order and in both modes, beside PyTorch.

The numbers are PyTorch's, made by ``references/make_primitives.py``. Where the engine differs from them, mpmath
decides: it may differ only where it is right (PyTorch's expm1′ at −30 has three correct digits).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath
import pytest

from autograd import Value, elu, grad, hessian, leaky_relu, logsumexp, maximum, minimum, relu, sigmoid, softplus, tanh
from autograd.functional import jacfwd, jacrev
from autograd.primitives import Primitive, table

CASES = json.loads((Path(__file__).parent / "references" / "primitives.json").read_text())["cases"]
UNDEFINED = (ArithmeticError, ValueError)

# Two libraries, each a few roundings from the truth (u = 1.1e-16), and one more derivative for the second order.
VALUE, GRADIENT, HESSIAN = 2e-15, 1e-14, 1e-12
# A second derivative near its zero (tanh″ at 1e-8) is the difference of terms about 1: right to their roundings.
ROUNDINGS_OF_ONE = 1e-15
# gelu(−30) is −30 erfc(21.2) / 2, and a rounding of 21.2 moves its erfc by 2 · 21.2² roundings.
ROUNDED_ARGUMENT = {("gelu", (-30.0,)): 2e-13}
# Below this, numbers have fewer than 53 bits.
DENORMAL = 1e-300

DIFFERENT = {
    ("pow", (0.0, -math.inf)): "0^−∞ has no derivative; PyTorch says −∞, the engine NaN",
    ("pow", (-0.0, -math.inf)): "0^−∞ has no derivative; PyTorch says −∞, the engine NaN",
    ("pow", (math.inf, 0.0)): "the engine's 0 · ∞ is NaN, as IEEE has it",
    ("pow", (math.inf, -0.0)): "the engine's 0 · ∞ is NaN, as IEEE has it",
    **{
        ("arctan2", (a, b)): "an angle has no derivative at the origin; PyTorch says 0, the engine raises"
        for a in (0.0, -0.0)
        for b in (0.0, -0.0)
    },
}
"""Points where the derivatives differ from PyTorch's and none is right."""


SECOND = {
    **{("elu", (x, a)): "a kink: elu′ jumps" for x in (0.0, -0.0) for a in (1.0, 1.5)},
    **{
        ("pow", (a, b)): "∂/∂b (b aᵇ⁻¹) at b = 0: PyTorch says 0, the engine and JAX a, and it is 1/a"
        for a in (0.7, 2.0, 1.0, 0.0, -0.0, 1e-308, 1e308)
        for b in (0.0, -0.0)
    },
    ("atan", (1e308,)): "2x is infinite, times 0",
    ("atan", (-1e308,)): "2x is infinite, times 0",
}
"""The same for second derivatives."""


def points(name: str) -> list[dict[str, Any]]:
    return [c for c in CASES[name] if (name, tuple(c["at"])) not in DIFFERENT]


def close(ours: float, reference: float, rel: float, absolute: float = 0.0) -> bool:
    if ours == reference or (math.isnan(ours) and math.isnan(reference)):
        return True
    return math.isfinite(reference) and abs(ours - reference) <= rel * abs(reference) + absolute + DENORMAL


def exact(op: Primitive, at: list[float], *axes: int) -> float:
    """The derivative with respect to these operands (none: the value) by central differences with 700 digits."""
    with mpmath.workdps(700):  # 1e308 and its neighbours, and the differences of differences

        def difference(x: list[Any], axes: tuple[int, ...]) -> Any:
            if not axes:
                return op(*x)
            axis, *rest = axes
            scale = abs(x[axis]) or min([1, *(abs(other) for other in x if other)])  # the angle of (0, 1e-308)
            h = scale * mpmath.mpf(10) ** -60
            up, down = ([*x[:axis], x[axis] + s * h, *x[axis + 1 :]] for s in (1, -1))
            return (difference(up, tuple(rest)) - difference(down, tuple(rest))) / (2 * h)

        return float(difference([mpmath.mpf(x) for x in at], axes))


def agrees(ours: float, torchs: float, rel: float, absolute: float, op: Primitive, at: list[float], *axes: int) -> bool:
    """Equal to PyTorch's; or else right where PyTorch's is not, or where it has no answer."""
    rel = ROUNDED_ARGUMENT.get((op.name, tuple(at)), rel)
    if close(ours, torchs, rel, absolute):
        return True
    if not all(map(math.isfinite, at)):
        return False
    try:
        return close(ours, exact(op, at, *axes), rel, absolute)
    except (TypeError, *UNDEFINED):  # complex on one side: a boundary of the domain
        return False


@pytest.mark.parametrize("name", list(CASES))
def test_the_value_is_pytorchs_or_the_operand_is_outside_the_domain(name: str) -> None:
    op = table[name]
    for case in CASES[name]:
        at, expected = case["at"], case["value"]
        try:
            y = op(*at)
        except UNDEFINED:
            assert not math.isfinite(expected), f"{name}{at} raises, and PyTorch gives {expected}"
        else:
            assert agrees(y, expected, VALUE, 0.0, op, at), f"{name}{at} = {y}, PyTorch {expected}"


@pytest.mark.parametrize("mode", [jacrev, jacfwd])
@pytest.mark.parametrize("name", list(CASES))
def test_the_gradient_is_pytorchs_or_does_not_exist(name: str, mode: Callable[..., Any]) -> None:
    op = table[name]
    for case in points(name):
        at = case["at"]
        if any(map(math.isnan, at)) or not math.isfinite(case["value"]):
            continue  # of what is not a number nothing is promised but that the value is NaN
        try:
            gradient = mode(lambda xs: op(*xs))(at)
        except UNDEFINED:
            known = [g for g in case["gradient"] if g is not None]
            assert not all(map(math.isfinite, known)), f"the gradient of {name}{at} raises, and PyTorch's is {known}"
            continue
        for i, (ours, torchs) in enumerate(zip(gradient, case["gradient"], strict=True)):
            if torchs is not None:
                assert agrees(ours, torchs, GRADIENT, 0.0, op, at, i), f"∂{name}{at}/∂{i} = {ours}, PyTorch {torchs}"


@pytest.mark.parametrize("outer", [jacrev, jacfwd])
@pytest.mark.parametrize("name", list(CASES))
def test_second_derivatives_are_pytorchs_or_do_not_exist(name: str, outer: Callable[..., Any]) -> None:
    op = table[name]
    for case in points(name):
        at, torchs = case["at"], case["hessian"]
        if not all(map(math.isfinite, [*at, case["value"]])) or (name, tuple(at)) in SECOND:
            continue
        try:
            second = outer(jacrev(lambda xs: op(*xs)))(at)
        except UNDEFINED:
            known = [h for row in torchs for h in row if h is not None]
            assert not all(map(math.isfinite, known)), f"the Hessian of {name}{at} raises, and PyTorch's is {torchs}"
            continue
        has_rule = [g is not None for g in case["gradient"]]
        for i, j in ((i, j) for i in range(len(at)) for j in range(len(at)) if has_rule[i] and has_rule[j]):
            ours, reference = second[i][j], torchs[i][j] or 0.0  # None: it does not depend on it
            assert math.isnan(reference) or agrees(ours, reference, HESSIAN, ROUNDINGS_OF_ONE, op, at, i, j), (
                f"∂²{name}{at}/∂{i}∂{j} = {ours}, PyTorch {reference}"
            )


def test_every_primitive_has_reference_numbers() -> None:
    assert set(CASES) == set(table)


# ── ties, by PyTorch's conventions (design: Settled questions) ───────────────────────────────────────


@pytest.mark.parametrize(
    ("f", "at", "expected"),
    [
        (maximum, (2.0, 2.0), (0.5, 0.5)),
        (minimum, (2.0, 2.0), (0.5, 0.5)),
        (maximum, (0.0, -0.0), (0.5, 0.5)),
        (relu, (0.0,), (0.0,)),
        (relu, (-0.0,), (0.0,)),
        (abs, (0.0,), (0.0,)),
        (abs, (-0.0,), (0.0,)),
        (leaky_relu, (0.0, 0.01), (0.01, 0.0)),
        (elu, (0.0, 1.0), (1.0, 0.0)),
        (pow, (0.0, 0.0), (0.0, 0.0)),
        (pow, (0.0, 2.0), (0.0, 0.0)),
    ],
)
def test_a_tie_has_pytorchs_subgradient(
    f: Callable[..., Any], at: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    operands = [Value(x) for x in at]
    f(*operands).backward()
    assert tuple(x.grad for x in operands) == expected
    assert grad(f, tuple(range(len(at))))(*at) == expected


# ── stable to 1e308 ──────────────────────────────────────────────────────────────────────────────────

HUGE = [1e3, 1e8, 1e16, 1e100, 1e308]


@pytest.mark.parametrize("x", HUGE)
def test_sigmoid_tanh_and_softplus_neither_overflow_nor_lose_their_limits(x: float) -> None:
    assert [sigmoid(x), sigmoid(-x), tanh(x), tanh(-x), softplus(x), softplus(-x)] == [1.0, 0.0, 1.0, -1.0, x, 0.0]
    slopes = [(f, at, grad(f)(at)) for f in (sigmoid, tanh, softplus) for at in (x, -x)]
    assert [slope for _, _, slope in slopes] == [0.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    assert all(hessian(f)(at) == 0 for f, at, _ in slopes)


@pytest.mark.parametrize("x", [0.0, *HUGE, *(-x for x in HUGE)])
def test_logsumexp_and_its_softmax_neither_overflow_nor_lose_their_sum(x: float) -> None:
    assert logsumexp([x, x]) == pytest.approx(x + math.log(2), rel=1e-15)
    assert grad(logsumexp)([x, x]) == [0.5, 0.5]
    assert grad(logsumexp)([x, -math.inf]) == [1.0, 0.0]
    assert hessian(logsumexp)([x, x]) == [[0.25, -0.25], [-0.25, 0.25]]
