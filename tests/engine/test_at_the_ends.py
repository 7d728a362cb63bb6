"""Where a formula that is right on paper loses its digits, or meets an infinity."""

import math

import mpmath
import numpy as np
import pytest

import autograd
from autograd import Value, acos, asin, logsumexp
from autograd.primitives import table

INF, NAN = math.inf, math.nan


@pytest.mark.parametrize("distance", [2.0**-53, 2.0**-52, 1e-15, 1e-12, 1e-8, 1e-4, 0.1])
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_the_derivatives_of_asin_and_acos_keep_their_digits_near_the_ends(distance: float, side: float) -> None:
    """1/√(1 − x²) with the x that is there; 1 − x·x has lost half of its digits at a distance of 1e-8."""
    x = side * (1 - distance)
    with mpmath.workdps(50):
        expected = float(1 / mpmath.sqrt(1 - mpmath.mpf(x) ** 2))
    for f, sign in ((asin, 1), (acos, -1)):
        v = Value(x)
        f(v).backward()
        assert v.grad == pytest.approx(sign * expected, rel=4 * 2**-53)  # a product, a root, a quotient, 1 ± x


@pytest.mark.parametrize(
    ("xs", "expected"),
    [
        ([INF, 1.0], INF),
        ([1.0, INF], INF),
        ([INF, INF], INF),
        ([INF, -INF], INF),
        ([INF], INF),
        ([-INF, 1.0], 1.0),
        ([1.0, -INF], 1.0),
        ([-INF, 0.0, 0.0], math.log(2)),
        ([-745.0, -INF], -745.0),
        ([800.0, INF], INF),
        ([INF, -1.7e308, 1.7e308], INF),
        ([NAN, 1.0], NAN),
        ([1.0, NAN], NAN),
        ([NAN, 1.7e308], NAN),
        ([800.0, NAN, INF], NAN),
        ([INF, NAN], NAN),
    ],
)
def test_logsumexp_at_infinity_is_the_limit(xs: list[float], expected: float) -> None:
    for found in (logsumexp(xs), logsumexp([Value(x) for x in xs]).data):
        assert found == expected or (math.isnan(found) and math.isnan(expected))


def test_what_is_minus_infinity_has_no_part_in_logsumexp() -> None:
    """exp(−∞) = 0: a class that is masked out gets nothing, and the others share what there is."""
    xs = [Value(-INF), Value(0.5), Value(0.5)]
    logsumexp(xs).backward()
    assert [x.grad for x in xs] == [0.0, 0.5, 0.5]


@pytest.mark.parametrize("xs", [[-INF], [-INF, -INF]])
def test_the_logarithm_of_nothing_at_all_is_minus_infinity_and_has_no_gradient(xs: list[float]) -> None:
    """The limit, as in NumPy, PyTorch and JAX, eager and compiled; its softmax is 0/0, so NaN, as in JAX."""
    operands = [Value(x) for x in xs]
    found = logsumexp(operands)
    found.backward()
    assert found.data == logsumexp(xs) == -INF
    assert all(math.isnan(x.grad) for x in operands)
    assert table["logsumexp"](*[np.array([x, 1.0]) for x in xs])[0] == -INF
    program = autograd.compile(lambda *x: logsumexp(x), example=(0.0,) * len(xs))
    with np.errstate(all="ignore"):
        assert np.ravel(program(*[np.array([x]) for x in xs])).tolist() == [-INF]
