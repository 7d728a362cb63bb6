"""Arrays of any real kind are computed in doubles, and what a primitive would lose of an array is refused."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Value, dot, exp, maximum, sigmoid, total, where
from autograd.primitives import Primitive, table

DTYPES = ["?", "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q", "e", "f", "d"]
PRIMITIVES = list(table.values())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("op", PRIMITIVES, ids=lambda op: op.name)
def test_a_primitive_of_an_array_of_any_kind_is_that_of_its_numbers_as_floats(op: Primitive, dtype: str) -> None:
    """In their own type σ(3) of unsigned bytes is 0, their sums and products wrap, and halves keep three digits."""
    kind = np.dtype(dtype)
    candidates = [(1, 1, 1)] if kind.kind == "b" else [(1, 2, 3), (100, 90, 120), (1, 1, 1)]
    if kind.kind in "if":
        candidates.append((-1, -2, -100))
    tried = 0
    for first in candidates:
        columns = [first] * 3 if op.nary else [first, *[(1, 1, 1)] * (len(op.derivatives) - 1)]  # type: ignore[arg-type]
        try:
            expected = [op(*map(float, row)) for row in zip(*columns, strict=True)]
        except (ArithmeticError, ValueError):
            continue  # outside of its domain, where arrays follow IEEE
        tried += 1
        arrays = [np.array(column, kind) for column in columns]
        for mixture in (arrays, [arrays[0], *(x[0] for x in arrays[1:])], [*(x[0] for x in arrays[:-1]), arrays[-1]]):
            result = op(*mixture)
            assert result.dtype == np.float64
            rows = zip(*np.broadcast_arrays(*mixture), strict=True)
            given = expected if mixture is arrays else [op(*map(float, row)) for row in rows]
            # Both round each step; NumPy's functions and the C library's differ by a unit or two
            assert result.tolist() == pytest.approx(given, rel=1e-14)
    assert tried


@pytest.mark.parametrize("op", [op for op in table.values() if not op.nary], ids=lambda op: op.name)
def test_a_primitive_of_an_array_of_no_numbers_is_one(op: Primitive) -> None:
    y = op(*[np.zeros((0, 3))] * len(op.derivatives))  # type: ignore[arg-type]
    assert (type(y), y.shape, y.dtype) == (np.ndarray, (0, 3), np.float64)


def test_what_numpy_does_not_have_is_made_anew_as_a_function_of_no_numbers_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autograd.readings, "readings", made := {})
    autograd.readings._numpy()
    for name in ("erf", "erfc"):
        assert made[np.ndarray].apply(table[name], [np.zeros((0, 3))]).dtype == np.float64


def test_unsigned_bytes_are_no_arithmetic_of_their_own() -> None:
    assert sigmoid(np.array([3], np.uint8))[0] == pytest.approx(0.9525741268224334, rel=1e-15)
    assert table["total"](np.uint8(200), np.uint8(100), np.array([1], np.uint8)).tolist() == [301.0]
    assert table["neg"](np.array([True, False])).tolist() == [-1.0, 0.0]


MASKED = np.ma.masked_array([1.0, 2.0, 3.0], mask=[False, True, False])


@pytest.mark.parametrize("others", [(2.0, 3.0, 4.0), (Value(2.0), Value(3.0), Value(4.0)), (np.ones(3),) * 3], ids=repr)
@pytest.mark.parametrize("op", PRIMITIVES, ids=lambda op: op.name)
def test_a_primitive_refuses_a_masked_array_whose_mask_it_would_lose(op: Primitive, others: Any) -> None:
    count = 3 if op.nary else len(op.derivatives)  # type: ignore[arg-type]
    for place, masked in itertools.product(range(count), (MASKED, np.ma.masked)):
        operands: list[Any] = list(others[:count])
        operands[place] = masked
        with pytest.raises(TypeError, match=rf"{op.name} of a masked array would lose its mask: fill it first"):
            op(*operands)


def test_masked_numbers_do_not_slip_into_sums() -> None:
    v = Value(2.0)
    for call in (
        lambda: dot(MASKED, [v, v, v]),
        lambda: dot([v, v, v], MASKED, v),
        lambda: total([v, *MASKED]),
        lambda: maximum(MASKED, v),
        lambda: where(MASKED > 1, v, 0),
        lambda: exp(MASKED),
    ):
        with pytest.raises(TypeError, match="fill it first"):
            call()


def test_operators_keep_the_mask() -> None:
    """They are NumPy's: each element that is not masked meets the `Value`, and the others stay masked."""
    v = Value(2.0)
    for result in (MASKED + v, v + MASKED, MASKED * v, v - MASKED):
        assert isinstance(result, np.ma.MaskedArray)
        assert result.mask.tolist() == [False, True, False]


@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_numpys_inverse_functions_find_the_methods_of_values(name: str) -> None:
    inverse = getattr(np, f"arc{name}")
    found = inverse(np.array([Value(0.25), Value(-0.5)]))
    # both are the C library's, or differ from it in the last digit
    assert [x.data for x in found] == pytest.approx(inverse(np.array([0.25, -0.5])).tolist(), rel=1e-15)
    assert [x.op.name for x in found] == [f"a{name}"] * 2
