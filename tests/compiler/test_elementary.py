"""The native engine's own eˣ and tanh x, against mpmath."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

pytest.importorskip("numba", reason="Numba is not installed (the extra fast), so there is no native engine")

from autograd.compiler import interpreter as op
from autograd.compiler.compiled import loop
from autograd.compiler.stores import address_of

CODES = {"exp": op.EXP, "tanh": op.TANH}
INTERVALS = {
    "exp": [(-1, 1), (-1e-3, 1e-3), (-20, 20), (-708, 709.78), (-745.2, -700), (0.34, 0.35)],
    "tanh": [(-1, 1), (-1e-3, 1e-3), (-1e-9, 1e-9), (-0.4, 0.4), (-20, 20), (0.17, 0.175)],
}
LAST_DIGITS = {"exp": 1.0, "tanh": 3.0}


def computed(name: str, x: np.ndarray, step: int = 1, in_place: bool = False) -> np.ndarray:
    """The function of every number, by one row of the loop."""
    source = np.zeros(len(x) * step)
    source[::step] = x
    out = source if in_place else np.zeros(len(x) * step)
    words = [op.VECTOR, CODES[name], 1, 1, len(x), address_of(out), 0, 0, step, address_of(source), 0, 0, step]
    code = np.array([*words, *[0] * (op.VECTOR_WORDS - len(words))], np.int64)
    loop()(address_of(code), address_of(code) + code.nbytes, 0)
    return out[::step].copy()


def alone(name: str, x: float) -> float:
    """The function of a number, by a row of the scalar form."""
    numbers = np.array([0.0, x])
    at = address_of(numbers)
    code = np.array([CODES[name], at, at + 8, at, at], np.int64)
    loop()(address_of(code), address_of(code) + code.nbytes, 0)
    return float(numbers[0])


def off(x: float, found: float, exactly: Callable[[Any], Any]) -> float:
    """How many units of the last digit of the true value."""
    with mpmath.workprec(120):
        true = exactly(mpmath.mpf(x))
        return float(abs(mpmath.mpf(found) - true) / mpmath.mpf(math.ulp(float(true))))


@pytest.mark.parametrize(("name", "interval"), [(name, x) for name in CODES for x in INTERVALS[name]])
def test_right_to_the_last_digits(name: str, interval: tuple[float, float]) -> None:
    x = np.random.default_rng(0).uniform(*interval, 3000)
    worst = max(off(a, b, getattr(mpmath, name)) for a, b in zip(x.tolist(), computed(name, x).tolist(), strict=True))
    assert worst <= LAST_DIGITS[name]


@pytest.mark.parametrize("name", CODES)
def test_at_the_ends_of_the_doubles_as_numpy(name: str) -> None:
    ends = [0.0, 5e-324, 1e-310, 2.3e-308, 1e-17, 709.782712893384, 709.79, 745.13, 745.14, 1e308, np.inf, np.nan]
    x = np.array([*ends, *[-y for y in ends]])
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x)
    found = computed(name, x)
    assert np.allclose(found, expected, rtol=4e-16, atol=5e-324, equal_nan=True)
    assert (np.signbit(found) == np.signbit(expected))[~np.isnan(x)].all()


@pytest.mark.parametrize("name", CODES)
def test_one_number_many_numbers_and_in_place_are_the_same_to_the_last_bit(name: str) -> None:
    x = np.random.default_rng(1).normal(size=101) * 5
    many = computed(name, x)
    for step in (1, 3):
        for in_place in (False, True):
            assert np.array_equal(computed(name, x, step, in_place), many)
    assert [alone(name, v) for v in x.tolist()] == many.tolist()


@pytest.mark.parametrize("name", CODES)
def test_it_never_falls(name: str) -> None:
    """Neighbours of the joins of the pieces, where n changes, included."""
    joins = [(k + 0.5) * math.log(2) / (1 if name == "exp" else 2) for k in range(-30, 30)]
    x = np.unique([np.nextafter(y, d) for y in joins for d in (-9, 9)] + joins + list(np.linspace(-20, 20, 5000)))
    assert (np.diff(computed(name, x)) >= 0).all()
