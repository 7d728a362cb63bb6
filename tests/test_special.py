"""erf and erfc of arrays beside mpmath's, and what they are of the numbers that are none."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest

import autograd
from autograd import special

CHOOSE = np.random.default_rng(0)
JOINS = special._JOINS
XS = np.concatenate(
    [
        *(CHOOSE.uniform(-7, 26.5, 1500), CHOOSE.normal(size=1000), 10 ** CHOOSE.uniform(-300, 1.4, 500)),
        *(JOINS, -JOINS, np.nextafter(JOINS, 0), [0.25, 0.5, 26.5]),
    ]
)


@pytest.mark.parametrize(("name", "units"), [("erf", 1.0), ("erfc", 2.5)])
@pytest.mark.parametrize("each", [len(XS), special._FEW])
def test_they_are_right_to_their_last_digit(name: str, units: float, each: int) -> None:
    """Of many numbers and of few. In the tail exp(−x²) makes errors x² times as great: C's erfc is 2.3 units off."""
    f: Any = getattr(special, name)
    found = np.concatenate([f(XS[i : i + each]) for i in range(0, len(XS), each)])
    with mpmath.workdps(40):
        for x, y in zip(XS.tolist(), found.tolist(), strict=True):
            exact = getattr(mpmath, name)(mpmath.mpf(x))
            assert abs(mpmath.mpf(y) - exact) <= units * math.ulp(float(exact)), x


@pytest.mark.parametrize("name", ["erf", "erfc"])
@pytest.mark.parametrize("copies", [1, special._FEW])
def test_special_numbers_and_shapes_are_as_in_the_c_library(name: str, copies: int) -> None:
    xs = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 27.3, 1e300, -1e300, 5e-324])
    expected = np.array([getattr(math, name)(x) for x in xs])
    given = np.tile(xs, (copies, 1))
    found = getattr(special, name)(given)
    assert found.shape == given.shape
    assert np.array_equal(found, np.tile(expected, (copies, 1)), equal_nan=True)
    assert (np.signbit(found[0]) == np.signbit(expected))[~np.isnan(expected)].all()
    assert np.isfinite(given[0, 0])  # they are not written to


def test_no_python_runs_for_each_of_many_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[float] = []
    monkeypatch.setattr(special, "math", None)
    monkeypatch.setattr(special, "_one_by_one", called.append)
    x = np.linspace(-3, 3, 2 * special._FEW)
    assert autograd.gelu(x)[0] == pytest.approx(-3 * math.erfc(3 / math.sqrt(2)) / 2, rel=1e-14)
    assert not called
