"""`enclose`: what provably contains a value and its derivatives, and what is refused instead of being guessed."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import pytest

import autograd
from autograd import Value, enclose, erf, erfc, gelu, maximum, no_grad, primitive, where
from autograd.intervals import Interval
from autograd.primitives import table


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    before = set(table)
    yield
    for name in set(table) - before:
        table[name].remove()


def ends(x: Interval) -> tuple[float, float]:
    return x.low, x.high


# ── what it contains ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("function", "true"), [
    (erf, lambda x: 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-x * x)),
    (erfc, lambda x: -2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-x * x)),
    (gelu, lambda x: mpmath.ncdf(x) + x * mpmath.npdf(x)),
])  # fmt: skip
@pytest.mark.parametrize("at", [0.3, -1.7, 2.0])
def test_the_derivative_contained_is_the_true_one_and_not_that_of_a_rounded_constant(
    function: Any, true: Any, at: float
) -> None:
    """√π and √2 stand in the rows as floats, which are off by 1e-16."""
    x = Value(at)
    slope = enclose(function(x), wrt=x).derivative
    with mpmath.workdps(60):
        assert true(mpmath.mpf(at)) in slope
    assert slope.high - slope.low < 1e-15


@pytest.mark.parametrize(("name", "true"), [
    ("erf", lambda x: 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-x * x)),
    ("erfc", lambda x: -2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-x * x)),
    ("gelu", lambda x: mpmath.ncdf(x) + x * mpmath.npdf(x)),
])  # fmt: skip
def test_the_root_that_a_rule_means_is_enclosed_and_not_only_the_float_in_its_place(name: str, true: Any) -> None:
    """Before anything is rounded to floats, which would hide the 1e-17 between the two."""
    x = Interval(0.3)
    (slope,) = table[name].local_derivatives(table[name](x), [x], [True])
    low, high = slope._ends
    with mpmath.workdps(60):
        assert low <= true(mpmath.mpf(0.3)) <= high
    assert high - low < 1e-16


@pytest.mark.parametrize("name", [
    *("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"),
    *("erf", "erfc"),
])  # fmt: skip
def test_at_a_point_every_function_has_its_true_value_in_an_interval_of_50_digits(name: str) -> None:
    rng = random.Random(name)
    for _ in range(200):
        x = rng.uniform(0, 1) * rng.choice([1, 1e-3])
        y = table[name](Interval(x))
        with mpmath.workdps(100):
            true = getattr(mpmath, name)(mpmath.mpf(x))
            assert true in y, x
            low, high = y._ends
            assert high - low < abs(true) * mpmath.mpf(10) ** -48


@pytest.mark.parametrize("name", ["exp", "log", "sin", "cos", "tan", "atan", "tanh", "erf", "expm1"])
def test_the_true_value_is_in_the_middle_of_its_interval_as_mpmath_computes_far_more_than_it_is_trusted_with(
    name: str,
) -> None:
    """It is given 32 bits more, of which a few may be wrong: 2⁻²⁶ of the width leaves it six of them."""
    for x in (0.1, 0.5, 0.9):
        low, high = table[name](Interval(x))._ends
        with mpmath.workdps(100):
            true = getattr(mpmath, name)(mpmath.mpf(x))
            assert abs(mpmath.mpf(low) + mpmath.mpf(high) - 2 * true) < (high - low) * mpmath.mpf(2) ** -26


@pytest.mark.parametrize(("name", "at", "exactly"), [
    *(("exp", 0, 1), ("cosh", 0, 1), ("erfc", 0, 1), ("cos", 0, 1)),
    *(("sin", 0, 0), ("tan", 0, 0), ("sinh", 0, 0), ("tanh", 0, 0), ("expm1", 0, 0), ("log1p", 0, 0), ("acos", 1, 0)),
])  # fmt: skip
def test_what_is_a_whole_number_is_that_number_alone(name: str, at: int, exactly: int) -> None:
    assert ends(table[name](Interval(at))) == (exactly, exactly)


@pytest.mark.parametrize(("name", "box", "low", "high"), [
    ("exp", (-1e6, 0), 0, 1),
    ("expm1", (-1000, 0), -1, 0),
    ("tanh", (-100, 100), -1, 1),
    ("erf", (-100, 100), -1, 1),
    ("erfc", (-100, 100), 0, 2),
    ("sin", (1, 5), -1, None),
    ("cos", (-1, 1), None, 1),
    ("cosh", (-1, 0.5), 1, None),
    ("cosh", (-0.5, 1), 1, None),
    ("acos", (0, 1), 0, None),
])  # fmt: skip
def test_no_interval_goes_beyond_the_values_of_its_function(name: str, box: Any, low: Any, high: Any) -> None:
    y = table[name](Interval(*box))
    assert low is None or y.low == low
    assert high is None or y.high == high


@pytest.mark.parametrize(("a", "b", "low", "high"), [
    ((0.5, 2), -2, 0.25, 4),
    ((-2, -1), -3, -1, -0.125),
    ((0.25, 4), (0.5, 1), 0.25, 4),
    ((0.25, 0.5), (-1, 0.5), 0.5, 4),
    ((0, 4), (0.5, 1), 0, 4),
    ((0, 0.25), (0.5, 1), 0, 0.5),
    ((0, 2), (0, 1), 0, 2),
    (0, (0, 1), 0, 1),  # 0⁰ is 1
    (0, (0.5, 1), 0, 0),
])  # fmt: skip
def test_a_power_has_its_least_and_its_greatest_value_at_the_ends(a: Any, b: Any, low: float, high: float) -> None:
    """By hand: aᵇ is monotone in a and in b. The room is what floats that are rounded outwards take."""
    base, exponent = (Interval(*x) if isinstance(x, tuple) else Interval(x) for x in (a, b))
    y = base**exponent
    assert y.low <= low <= y.low + 1e-15
    assert y.high - 1e-15 <= high <= y.high


def test_zero_to_a_power_that_may_be_negative_is_refused() -> None:
    for exponent in (Interval(-0.5, 1), Interval(-1, -0.5), -0.5):
        with pytest.raises(ZeroDivisionError, match=r"which contains 0, is raised to .* which may be negative"):
            Interval(0, 4) ** exponent


def test_a_whole_power_that_the_digits_have_room_for_is_exact() -> None:
    """13 bits to the 13th are the 169 bits of 50 digits."""
    assert ends(Interval(8191) ** 13 - 8191**13) == (0, 0)


def test_where_mpmaths_own_interval_of_exp_ends_too_low_ours_does_not() -> None:
    """At 50 digits; the point was found by drawing: about one end in five thousand is like this."""
    x = 10.000000087102125
    with mpmath.workdps(100):
        assert mpmath.exp(mpmath.mpf(x)) in autograd.exp(Interval(x))
    theirs = type(mpmath.iv)()
    theirs.dps = 50
    high = mpmath.mp.make_mpf(theirs.exp(theirs.mpf(x))._mpi_[1])
    with mpmath.workdps(100):
        if high >= mpmath.exp(mpmath.mpf(x)):
            pytest.skip("this mpmath rounds exp outwards")


@pytest.mark.parametrize(("function", "expected"), [
    (lambda x: x.relu(), (0.0, 1.0)),
    (abs, (-1.0, 1.0)),
    (lambda x: maximum(x, 0.0), (0.0, 1.0)),
    (lambda x: maximum(0.0, x), (0.0, 1.0)),
    (lambda x: table["leaky_relu"](x, 0.25), (0.25, 1.0)),
    (lambda x: table["elu"](x, 0.5), (0.5, 1.0)),
    (lambda x: -x.relu(), (-1.0, 0.0)),
    (lambda x: x.sigmoid(), (0.25, 0.25)),
    (lambda x: x.tanh(), (1.0, 1.0)),
])  # fmt: skip
@pytest.mark.parametrize("box", [None, (-1e-9, 1e-9)])
def test_at_a_kink_the_derivative_is_the_hull_of_both_sides_and_at_a_mere_join_one_number(
    function: Callable[[Value], Value], expected: tuple[float, float], box: Any
) -> None:
    x = Value(0.0)
    y = function(x)
    y.backward()
    slope = enclose(y, wrt=x, within={x: box} if box else None).derivative
    room = 1e-8 if box else 1e-15
    assert slope.low <= expected[0] <= slope.low + room
    assert slope.high - room <= expected[1] <= slope.high
    assert x.grad in slope  # what the row gives there


def test_an_undecided_condition_gives_the_hull_of_both_sides() -> None:
    x = Value(0.0)
    y = where(x, 3.0, 5.0)  # a number is true if it is not 0
    assert ends(enclose(y).value) == (5.0, 5.0)
    assert ends(enclose(y, within={x: (-1, 1)}).value) == (3.0, 5.0)
    assert ends(enclose(y, within={x: (1, 2)}).value) == (3.0, 3.0)


@pytest.mark.parametrize("a", [-2.0, 0.0, 3.0])
def test_a_power_with_the_exponent_0_is_1_and_does_not_move(a: float) -> None:
    x = Value(a)
    assert tuple(map(ends, enclose(x**0, wrt=x))) == ((1.0, 1.0), (0.0, 0.0))


def test_whole_numbers_are_exact() -> None:
    x, y = Value(3.0), Value(-2.0)
    found = enclose(x * y + x**2 - y / 4, wrt=[x, y])
    assert ends(found.value) == (3.5, 3.5)
    assert [ends(d) for d in found.derivative] == [(4.0, 4.0), (2.75, 2.75)]


def test_a_box_has_the_extremes_of_a_wave_in_it() -> None:
    x = Value(0.0)
    value, slope = enclose(x.sin(), wrt=x, within={x: (1.0, 5.0)})
    assert ends(value) == (-1.0, 1.0)
    assert slope.low == -1.0
    assert slope.high == pytest.approx(math.cos(1.0))


def test_the_box_of_a_square_is_tighter_than_that_of_a_product() -> None:
    x = Value(1.0)
    assert ends(enclose(x**2, within={x: (-1, 2)}).value) == (0.0, 4.0)
    assert ends(enclose(x * x, within={x: (-1, 2)}).value) == (-2.0, 4.0)


def test_fewer_digits_give_wider_intervals_that_contain_the_narrow_ones() -> None:
    x = Value(0.1)
    y = (x.exp() - 1) / x  # cancels: floats lose a digit
    y.backward()
    narrow, wide = enclose(y, wrt=x), enclose(y, wrt=x, digits=15)
    for inner, outer in zip(narrow, wide, strict=True):
        assert outer.low < inner.low <= inner.high < outer.high
    assert y.data in wide.value
    assert x.grad in wide.derivative


@pytest.mark.parametrize("digits", [1, 15, 50, 200])
def test_the_intervals_are_as_narrow_as_the_digits_and_true(digits: int) -> None:
    """exp(x)·exp(−x) is 1 whatever x is, and each factor is off by a unit in the last digit or two."""
    x = Value(0.7)
    found = enclose(x.exp() * (-x).exp() - 1, digits=digits).value
    assert found.low < 0 < found.high < 10.0 ** (1 - digits)


@pytest.mark.parametrize("digits", [1, 15, 200])
def test_the_digits_of_one_enclosure_are_not_those_of_what_comes_after(digits: int) -> None:
    x = Interval(0.7)
    before = [y._ends for y in (x / 3, autograd.exp(x), autograd.sin(x))]
    for _ in range(2):
        enclose(Value(0.7).exp(), digits=digits)
    assert [y._ends for y in (x / 3, autograd.exp(x), autograd.sin(x))] == before


def test_cancellation_is_shown_for_what_it_is() -> None:
    """1 − cos x at 1e-9 is 5e-19, and floats say 0."""
    x = Value(1e-9)
    y = 1 - x.cos()
    assert y.data == 0.0
    assert enclose(y).value.low == pytest.approx(5e-19, rel=1e-12)


# ── wrt ───────────────────────────────────────────────────────────────────────────────────────────


def test_wrt_may_be_any_node_or_none_or_one_that_nothing_depends_on() -> None:
    x, other = Value(2.0), Value(7.0)
    inner = x * 3
    y = inner**2
    assert enclose(y).derivative is None
    found = enclose(y, wrt=[x, inner, y, other]).derivative
    assert [ends(d) for d in found] == [(36.0, 36.0), (12.0, 12.0), (1.0, 1.0), (0.0, 0.0)]


def test_a_derivative_that_is_not_asked_for_need_not_exist() -> None:
    x, at_zero = Value(2.0), Value(0.0)
    y = x * 3 + at_zero.sqrt()
    assert ends(enclose(y, wrt=x).derivative) == (3.0, 3.0)
    with pytest.raises(ZeroDivisionError, match="cannot enclose the derivative of sqrt"):
        enclose(y, wrt=at_zero)


def test_nothing_is_changed() -> None:
    x = Value(2.0)
    y = x.exp() * x
    y.backward()
    before = x.grad, y.grad, mpmath.mp.prec, mpmath.iv.prec
    with no_grad():
        enclose(y, wrt=x, digits=80)
    assert (x.grad, y.grad, mpmath.mp.prec, mpmath.iv.prec) == before


# ── what is refused ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("function", "error", "says"), [
    (lambda x: x.log(), ValueError, r"cannot enclose y = log: log\(.*\): it is defined for x > 0"),
    (lambda x: (x + 1.5).log1p() * 0 + (x - 2).log1p(), ValueError, "log1p"),
    (lambda x: (x + 1).sqrt() * 0 + x.sqrt(), ValueError, r"it is defined for x ≥ 0"),
    (lambda x: (x * 2).asin(), ValueError, "it is defined for −1 ≤ x ≤ 1"),
    (lambda x: 1 / x, ZeroDivisionError, "contains 0"),
    (lambda x: x**-2, ZeroDivisionError, "negative power"),
    (lambda x: x**0.5, ValueError, "a ≥ 0, or a whole b"),
    (lambda x: (x + 1.5).tan(), ValueError, "pole"),
])  # fmt: skip
def test_a_box_that_leaves_the_domain_is_refused_by_the_error_of_the_engine(
    function: Callable[[Value], Value], error: type[Exception], says: str
) -> None:
    x = Value(0.25)
    try:
        y = function(x)
    except ValueError:  # outside there already
        x.data = 1.5
        y = function(x)
    y.label = "y"
    with pytest.raises(error, match=says):
        enclose(y, wrt=x, within={x: (-1.0, 1.0)})


@pytest.mark.parametrize(("name", "inside", "outside"), [
    ("log", (1e-300, 1), [(0, 1), (-0.5, 1)]),
    ("log1p", (-0.99, 1), [(-1, 1), (-1.5, 1)]),
    ("sqrt", (0, 1), [(-0.5, 1), (-1e-300, 1)]),
    ("asin", (-1, 1), [(-1.5, 1), (-1, 1.5)]),
    ("acos", (-1, 1), [(-1.5, 1), (-1, 1.5)]),
])  # fmt: skip
def test_a_function_takes_what_is_inside_of_its_domain_and_refuses_what_crosses_either_end(
    name: str, inside: Any, outside: list[Any]
) -> None:
    assert table[name](Interval(*inside)).low < table[name](Interval(*inside)).high
    for box in outside:
        with pytest.raises(ValueError, match="it is defined for"):
            table[name](Interval(*box))


@pytest.mark.parametrize("data", [math.inf, -math.inf, math.nan])
def test_a_leaf_that_is_not_finite_is_refused(data: float) -> None:
    x = Value(data)
    with pytest.raises(ValueError, match="enclosed by two finite numbers"):
        enclose(x + 1)


def test_what_is_no_value_no_leaf_or_no_interval_is_refused() -> None:
    x = Value(1.0)
    y = x * 2
    with pytest.raises(TypeError, match=r"enclose takes Values, and was given 3\.0 of type float"):
        enclose(3.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="enclose takes Values"):
        enclose(y, wrt=[x, 1.0])  # type: ignore[list-item]
    for stranger in (y, Value(1.0)):
        with pytest.raises(ValueError, match="within names leaves of the graph"):
            enclose(y, within={stranger: (0, 1)})
    for box in ((2.0, 1.0), (0.0, math.inf), (1.0, 2.0, 3.0)):
        with pytest.raises(ValueError, match=r"lower one|two finite numbers"):
            enclose(y, within={x: box})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="digits is a positive whole number"):
        enclose(y, digits=0)


def test_a_primitive_that_has_no_intervals_is_refused_by_name() -> None:
    gamma = primitive("gamma", None, lambda y, x: y)
    x = Value(2.5)
    with pytest.raises(TypeError, match="gamma cannot be enclosed: there are no intervals for it"):
        enclose(gamma(x))
    by_hand = Value(3.0, _children=(x,), _op="mystery")
    with pytest.raises(RuntimeError, match="mystery: it was made by hand"):
        enclose(by_hand)


def test_a_primitive_of_ones_own_is_enclosed_by_its_row() -> None:
    bump = primitive("bump", lambda x: autograd.exp(-x * x), lambda y, x: -2 * x * y)
    x = Value(0.7)
    value, slope = enclose(bump(x), wrt=x)
    with mpmath.workdps(60):
        at = mpmath.mpf(0.7)
        assert mpmath.exp(-at * at) in value
        assert -2 * at * mpmath.exp(-at * at) in slope


@pytest.mark.parametrize("use", ["autograd.enclose(autograd.Value(1.0))", "autograd.intervals.Interval(1.0)"])
def test_without_mpmath_the_error_says_what_to_install(use: str) -> None:
    root = str(Path(autograd.__file__).parents[1])
    program = f"import sys; sys.path.insert(0, {root!r}); import autograd; autograd.enclose; {use}"
    ran = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False)
    assert "ModuleNotFoundError: intervals need mpmath: pip install mpmath" in ran.stderr


@pytest.mark.parametrize("use", [lambda: enclose(Value(1.0)), lambda: Interval(1.0)])
def test_mpmath_is_asked_for_before_anything_else(use: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("mpmath", "_iv", "_mp"):
        monkeypatch.setattr(autograd.intervals, name, None)
    with pytest.raises(ModuleNotFoundError, match="intervals need mpmath: pip install mpmath"):
        use()


# ── intervals by hand ─────────────────────────────────────────────────────────────────────────────


def test_numbers_go_on_either_side_of_an_operator() -> None:
    x = Interval(1, 2)
    found = [2 + x, x + 2, 2 - x, x - 2, 3 * x, x * 3, 2 / x, x / 2, 3**x, x**2, -x, +x, abs(-x)]
    expected = [
        (3, 4),
        (3, 4),
        (0, 1),
        (-1, 0),
        (3, 6),
        (3, 6),
        (1, 2),
        (0.5, 1),
        (3, 9),
        (1, 4),
        (-2, -1),
        (1, 2),
        (1, 2),
    ]
    for y, (low, high) in zip(found, expected, strict=True):
        assert y.low <= low <= y.low + 1e-15
        assert y.high - 1e-15 <= high <= y.high


def test_comparisons_are_true_false_or_undecided() -> None:
    x = Interval(1, 2)
    assert [x < 3, x > 3, x <= 2, x >= 1, x < 1, x > 2, x == 5, x != 5] == [
        *(True, False, True, True, False, False, False, True),
    ]
    assert [Interval(2) == 2, Interval(2) == Interval(2), Interval(2) != 2] == [True, True, False]
    for undecided in (x < 2, x > 1, x <= 1, x == 1, x != 1, x == x, x == Interval(1, 2)):
        assert ends(undecided) == (0.0, 1.0)
        with pytest.raises(ValueError, match="not decided; choose with where"):
            bool(undecided)


@pytest.mark.parametrize("given", [(2.0, 1.0), (math.nan,), (0.0, math.nan), (math.nan, 0.0)])
def test_ends_that_are_no_interval_are_refused(given: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"ends? of an interval"):
        Interval(*given)


@pytest.mark.parametrize("number", [1e-320, 5e-324, 1.7976931348623157e308, 0.1, -0.1])
def test_ends_are_rounded_outwards_to_floats(number: float) -> None:
    third = Interval(number) / 3
    assert third.low < third.high
    assert math.nextafter(third.low, math.inf) == third.high
    with mpmath.workdps(60):
        assert third.low <= mpmath.mpf(number) / 3 <= third.high


@pytest.mark.parametrize("third", [Fraction(1, 3), mpmath.mpf(1) / 3])
def test_a_box_may_end_at_a_fraction(third: Any) -> None:
    """1/3 ends nowhere in binary, so x − ⅓ has 0 in it, and is not 0 alone for Python's fraction."""
    x = Value(0.5)
    found = enclose(x * 3, within={x: (third, Fraction(2, 3))}).value
    assert Fraction(found.low) <= 1 < 2 <= Fraction(found.high)
    assert found.high - found.low < 1 + 1e-12  # rounded outwards twice, at 50 digits and to floats


@pytest.mark.parametrize("third", [Fraction(1, 3), Fraction(2, 3), Fraction(-1, 3)])
def test_an_end_at_a_fraction_lies_beyond_it(third: Fraction) -> None:
    around = Interval(third)
    assert (Interval(-1, third) - around).high > 0
    assert (Interval(third, 1) - around).low < 0


def test_only_a_float_stands_for_a_root() -> None:
    """The float √2 of a row may mean √2 itself; a fraction, or mpmath's number, is what it says."""
    root = math.sqrt(2)
    assert (Interval(0) + root).low < root
    for exactly in (Fraction(root), mpmath.mpf(root)):
        assert ends(Interval(0) + exactly) == (root, root)
    with pytest.raises(TypeError, match="the ends of an interval are real numbers"):
        Interval(0) * [1.0]


@pytest.mark.parametrize("end", ["a", "1", b"1", 1j, None, [1.0], object()])
def test_an_end_that_is_no_real_number_is_refused(end: Any) -> None:
    x = Value(0.5)
    with pytest.raises(TypeError, match=r"the ends of an interval are real numbers, and .* is of type"):
        Interval(end)
    with pytest.raises(TypeError, match=r"the ends of an interval are real numbers, and .* is of type"):
        enclose(x * 3, within={x: (0, end)})
    assert x.data == 0.5
