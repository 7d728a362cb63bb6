"""%, //, divmod, and the functions that NumPy has beside Python's: floats, `Value`s, arrays of both, and compiled."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import autograd
from autograd import Value, arctan2, cbrt, enclose, exp2, grad, hypot, log2, log10, logaddexp
from autograd.compiler.engines import ENGINES
from autograd.primitives import table

NUMBERS = [5.5, -5.5, 2.0, -2.0, 0.3, -0.1, 0.0, -0.0, 1e300, -1e-300, 5e-324, math.inf, -math.inf, math.nan]
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "%": lambda a, b: a % b,
    "//": lambda a, b: a // b,
    "divmod[0]": lambda a, b: divmod(a, b)[0],
    "divmod[1]": lambda a, b: divmod(a, b)[1],
}


def outcome(f: Callable[[], Any]) -> str:
    """The number, the sign of a zero included, or the kind of error."""
    try:
        y = f()
    except ArithmeticError as error:
        return type(error).__name__
    return repr(y.data if isinstance(y, Value) else float(y))


@pytest.mark.parametrize("name", OPERATORS)
def test_remainders_and_whole_quotients_are_pythons_to_the_last_bit(name: str) -> None:
    f = OPERATORS[name]
    for a, b in itertools.product(NUMBERS, repeat=2):
        expected = outcome(lambda a=a, b=b: f(a, b))  # type: ignore[misc]
        for x, y in ((Value(a), Value(b)), (Value(a), b), (a, Value(b))):
            assert outcome(lambda x=x, y=y: f(x, y)) == expected, (a, b)  # type: ignore[misc]


def test_an_integer_is_a_number_of_them_as_well_and_anything_else_is_refused() -> None:
    v = Value(7.5)
    assert [(v % 2).data, (v // 2).data, (20 % v).data, (20 // v).data] == [1.5, 3.0, 5.0, 2.0]
    assert [x.data for x in divmod(v, 2)] + [x.data for x in divmod(20, v)] == [3.0, 1.5, 2.0, 5.0]
    for f in OPERATORS.values():
        for a, b in ((v, "2"), ([1], v)):
            with pytest.raises(TypeError):
                f(a, b)


def test_a_division_by_zero_says_of_what() -> None:
    with pytest.raises(ZeroDivisionError, match=r"mod\(x = 2\.0, 0\)"):
        Value(2.0, label="x") % 0
    with pytest.raises(ZeroDivisionError, match=r"floordiv\(x = 2\.0, 0\)"):
        Value(2.0, label="x") // 0


@pytest.mark.parametrize(("a", "b"), [(7.3, 2.0), (-7.3, 2.0), (7.3, -2.0), (0.3, 40.0), (-1e3, 0.7)])
def test_between_steps_the_derivatives_are_those_of_a_minus_b_times_a_constant(a: float, b: float) -> None:
    """Beside central differences of Python's own, exact but for their roundings: the functions are linear there."""
    h = 1e-6
    for name in ("%", "//"):
        f = OPERATORS[name]
        slopes = [(f(a + h, b) - f(a - h, b)) / (2 * h), (f(a, b + h) - f(a, b - h)) / (2 * h)]
        assert grad(f, (0, 1))(a, b) == pytest.approx(slopes, rel=1e-6, abs=1e-6)
    assert grad(grad(OPERATORS["%"]))(a, b) == grad(grad(OPERATORS["%"], 1), 1)(a, b) == 0


def test_at_a_step_they_are_the_same() -> None:
    """Where a / b is whole, a % b jumps and has no derivative; as in PyTorch and JAX it is that from above."""
    assert grad(OPERATORS["%"], (0, 1))(6.0, 2.0) == (1.0, -3.0)
    assert grad(OPERATORS["//"], (0, 1))(6.0, 2.0) == (0.0, 0.0)


UFUNCS = {"hypot": (np.hypot, 2), "arctan2": (np.arctan2, 2), "mod": (np.remainder, 2),
          "floordiv": (np.floor_divide, 2),
          "log2": (np.log2, 1), "log10": (np.log10, 1), "exp2": (np.exp2, 1), "cbrt": (np.cbrt, 1)}  # fmt: skip


@pytest.mark.parametrize("name", UFUNCS)
def test_numpys_ufuncs_take_values_and_arrays_of_them(name: str) -> None:
    ufunc, arity = UFUNCS[name]
    numbers = [[1.75, 0.4], [2.5, 3.0]][:arity]
    values = [np.array([Value(x) for x in row]) for row in numbers]
    for found in (ufunc(*values), table[name](*values), [ufunc(*row) for row in zip(*values, strict=True)]):
        assert [x.op.name for x in found] == [name] * 2
        # the C library's and NumPy's differ in the last digit
        assert [x.data for x in found] == pytest.approx(ufunc(*numbers).tolist(), rel=1e-15)


TRUE: dict[str, tuple[Callable[..., Any], list[Callable[..., Any]]]] = {
    "hypot": (mpmath.hypot, [lambda a, b: a / mpmath.hypot(a, b), lambda a, b: b / mpmath.hypot(a, b)]),
    "arctan2": (mpmath.atan2, [lambda a, b: b / (a * a + b * b), lambda a, b: -a / (a * a + b * b)]),
    "logaddexp": (
        lambda a, b: mpmath.log(mpmath.exp(a) + mpmath.exp(b)),
        [lambda a, b: 1 / (1 + mpmath.exp(b - a)), lambda a, b: 1 / (1 + mpmath.exp(a - b))],
    ),
    "log2": (lambda x: mpmath.log(x, 2), [lambda x: 1 / (x * mpmath.log(2))]),
    "log10": (mpmath.log10, [lambda x: 1 / (x * mpmath.log(10))]),
    "exp2": (lambda x: mpmath.power(2, x), [lambda x: mpmath.power(2, x) * mpmath.log(2)]),
    "cbrt": (lambda x: mpmath.sign(x) * abs(x) ** (mpmath.mpf(1) / 3), [lambda x: abs(x) ** (-mpmath.mpf(2) / 3) / 3]),
    "mod": (lambda a, b: a - b * mpmath.floor(a / b), [lambda a, b: 1, lambda a, b: -mpmath.floor(a / b)]),
    "floordiv": (lambda a, b: mpmath.floor(a / b), [lambda a, b: 0, lambda a, b: 0]),
}
"""By hand: the function, and its derivative by each operand."""


@pytest.mark.parametrize("samples", [1, 17])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", TRUE)
def test_value_and_gradient_are_the_true_ones_on_every_engine(name: str, engine: str, samples: int) -> None:
    """To a few roundings of each term; both operands by parameters, and of mixed signs where that is allowed."""
    f, slopes = TRUE[name]
    rng = np.random.default_rng(len(name))
    low = 0.1 if name in ("log2", "log10") else -4.0
    X = rng.uniform(low, 4, (samples, len(slopes)))
    ws = [Value(x) for x in (1.25, 0.75)[: len(slopes)]]
    program = autograd.compile(
        lambda x: table[name](*[w * each for w, each in zip(ws, x, strict=True)]), example=(X[0],), engine=engine
    )
    value, gradient = program.value_and_grad(X)
    with mpmath.workdps(40):
        at = [[mpmath.mpf(w.data) * mpmath.mpf(x) for w, x in zip(ws, row, strict=True)] for row in X.tolist()]
        terms = [
            [s(*row) * mpmath.mpf(x[i]) for row, x in zip(at, X.tolist(), strict=True)] for i, s in enumerate(slopes)
        ]
        expected = float(mpmath.fsum(f(*row) for row in at) / samples)
        derivative = [float(mpmath.fsum(column) / samples) for column in terms]
        sizes = [float(mpmath.fsum(map(abs, column)) / samples) for column in terms]
    assert value == pytest.approx(expected, rel=1e-13, abs=1e-13)
    order = [ws.index(p) for p in program.parameters]
    for i, found in zip(order, gradient.tolist(), strict=True):
        assert found == pytest.approx(derivative[i], rel=1e-13, abs=1e-13 * sizes[i] + 1e-300)


def test_lengths_and_angles_neither_overflow_nor_underflow() -> None:
    for scale in (1e-300, 1e300):
        assert hypot(3 * scale, 4 * scale) == pytest.approx(5 * scale, rel=1e-15)
        assert grad(hypot, (0, 1))(3 * scale, 4 * scale) == pytest.approx((0.6, 0.8), rel=1e-15)
        assert grad(arctan2, (0, 1))(3 * scale, 4 * scale) == pytest.approx((0.16 / scale, -0.12 / scale), rel=1e-14)


@pytest.mark.parametrize("f", [hypot, arctan2])
def test_at_the_origin_a_length_and_an_angle_have_no_derivative(f: Any) -> None:
    a = Value(0.0)
    y = f(a, 0.0)
    assert y.data == 0
    with pytest.raises(ZeroDivisionError, match=f"so {f.name} has no derivative there"):
        y.backward()


def test_logaddexp_at_its_ends() -> None:
    inf, nan = math.inf, math.nan
    for a, b in itertools.product((0.0, 1e308, -1e308, inf, -inf, nan), repeat=2):
        with np.errstate(all="ignore"):
            assert repr(logaddexp(a, b)) == repr(float(np.logaddexp(a, b)))
    assert grad(logaddexp, (0, 1))(1e308, -1e308) == (1.0, 0.0)
    assert grad(logaddexp, (0, 1))(3.0, 3.0) == (0.5, 0.5)


def test_domains_and_what_is_exact() -> None:
    assert [log2(2.0**-1074), log10(1e22), exp2(-1074.0)] == [-1074.0, 22.0, 5e-324]
    assert cbrt(-27.0) == pytest.approx(-3, rel=2.3e-16)  # the C library's last digit
    for f in (log2, log10):
        for x in (0.0, -1.0):
            with pytest.raises(ValueError, match="defined for x > 0"):
                f(x)
    with pytest.raises(OverflowError, match="exp2"):
        exp2(1024.0)
    with pytest.raises(ZeroDivisionError, match="cbrt has no derivative there"):
        cbrt(Value(0.0)).backward()


@pytest.mark.parametrize("name", TRUE)
def test_enclosures_contain_value_and_derivatives(name: str) -> None:
    f, slopes = TRUE[name]
    rng = np.random.default_rng(7)
    for _ in range(20):
        xs = [Value(x) for x in rng.uniform(0.2, 5, len(slopes))]
        value, derivatives = enclose(table[name](*xs), wrt=xs)
        with mpmath.workdps(60):
            at = [mpmath.mpf(x.data) for x in xs]
            assert f(*at) in value
            for slope, found in zip(slopes, derivatives, strict=True):
                assert slope(*at) in found
                assert found.high - found.low <= 1e-15 * abs(float(slope(*at))) + 1e-300


def test_an_enclosure_of_a_box_with_a_step_or_a_jump_in_it_is_refused() -> None:
    x, y = Value(-1.0), Value(0.1)
    for z in (arctan2(y, x), (x + y) % 1.5, (x + y) // 1.5):
        with pytest.raises(ValueError, match="may contain"):
            enclose(z, within={x: (-3.0, 1.0), y: (-1.0, 1.0)})
    assert enclose(arctan2(x, y), within={x: (-3.0, -1.0)}).value.high < -1.4


def test_they_are_written_and_read_back() -> None:
    from autograd.expression import Expression

    assert Expression("7.5 % x + 7.5 // x - hypot(3, 4 * x)")(x=2.0) == 7.5 % 2 + 7.5 // 2 - math.hypot(3, 8)
