"""Nothing is answered for good: not in the rows of a primitive, not behind an except, not in another thread."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from judge import ENGINES, runnable

import autograd
from autograd import Value, cos, no_grad, sin, take, total, where
from autograd.primitives import Primitive, table

A, B = Value(2.0), Value(3.0)


@pytest.fixture
def primitive() -> Iterator[Callable[..., Primitive]]:
    before = set(table)
    yield autograd.primitive
    for name in set(table) - before:
        del table[name]


ROWS: dict[str, tuple[Any, Any]] = {
    "a value at one point": (lambda x: where(x == 0, 1.0, 2.0), lambda y, x: 0),
    "a guard against 0/0": (
        lambda x: where(x == 0, 1.0, sin(x) / where(x == 0, 1.0, x)),
        lambda y, x: where(x == 0, 0.0, (cos(x) - y) / where(x == 0, 1.0, x)),
    ),
    "a guard against NaN": (lambda x: where(x != x, 0.0, x), lambda y, x: where(x != x, 0, 1)),
    "a comparison as a number": (lambda x: (x != 1) + (x == 0) * 2, lambda y, x: (x == 0) + (x == 1)),
    "a total of two": (lambda x: total([x, x]), lambda y, x: 2),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("row", ROWS)
def test_equality_in_a_row_of_the_table_is_a_condition_on_each_sample(primitive: Any, row: str, engine: str) -> None:
    op = primitive("of_ones_own", *ROWS[row])
    w = Value(1.0)
    program = autograd.compile(lambda x: op(w * x) * x, example=1.0, engine=engine)
    for X in ([0.0, 1.0, -2.0], [0.0, 1.0, 2.0, 0.5] * 5):
        mean, slope = 0.0, 0.0
        for x in X:
            w.grad = 0.0
            loss = op(w * x) * x
            loss.backward()
            mean, slope = mean + loss.data / len(X), slope + w.grad / len(X)
        value, gradient = program.value_and_grad(X)
        assert value == pytest.approx(mean, rel=1e-14)
        assert gradient[0] == pytest.approx(slope, rel=1e-14)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "formula",
    [
        lambda x: {0.0: 1.0}.get(x, 2.0) * x,
        lambda x: x if x in (0.0, 1.0) else 2 * x,
        lambda x: x * len(str(x)),
        lambda x: x * len(f"{x}"),
        lambda x: where((x > 0) & (x < 1), x, 0.0),
        lambda x: max(x, 0.0),
        lambda x: x if x > 0 else -x,
    ],
)
def test_a_formula_that_asks_what_arrays_cannot_answer_is_refused_on_every_engine(
    primitive: Any, formula: Any, engine: str
) -> None:
    op = primitive("asking", formula, lambda y, x: 1)
    with pytest.raises(TypeError, match="the primitive asking cannot be compiled"):
        autograd.compile(lambda x: op(x) * A, example=1.0, engine=engine)


def caught(x: Any) -> Any:
    try:
        sign = -1.0 if x < 0 else 1.0
    except TypeError:
        sign = 1.0
    return sign * x * A


def suppressed(x: Any) -> Any:
    with contextlib.suppress(TypeError):
        return float(x) * A
    return x * A


def looked_up(x: Any) -> Any:
    try:
        return {0.0: 1.0}[x] * A
    except (KeyError, TypeError):
        return 2.0 * A


def asked_by_a_function_of_ours(x: Any) -> Any:
    try:
        return take([A, B], x * 1)
    except TypeError:
        return A * x


def test_of_several_refusals_that_the_function_catches_the_first_is_raised() -> None:
    def f(x: Any) -> Any:
        for question in (bool, float, hash):
            with contextlib.suppress(TypeError):
                question(x)
        return x * A

    with pytest.raises(TypeError, match=r"^the truth of a Value"):
        autograd.compile(f, example=1.0)


@pytest.mark.parametrize("f", [caught, suppressed, looked_up, asked_by_a_function_of_ours])
def test_a_refusal_that_the_function_catches_is_raised_all_the_same(f: Any) -> None:
    with pytest.raises(TypeError, match="is not known while a function is compiled"):
        autograd.compile(f, example=1.0)


@pytest.mark.parametrize("job", [lambda: A.detach(), lambda: Value(10.0), lambda: A * B.detach()])
def test_leaves_that_another_thread_makes_meanwhile_are_refused(job: Any) -> None:
    def f(x: Any) -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(job).result() * A * x

    def first_of_all(x: Any) -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(job).result()

    for g in (f, first_of_all):
        with pytest.raises(TypeError, match="came into being while the function was compiled"):
            autograd.compile(g, example=1.0)


def test_two_values_of_parameters_are_not_compared_by_their_numbers_where_python_compares_identity() -> None:
    for f in (
        lambda x: where(A * x == B * x, A, B),
        lambda x: where(A * x != A * 1, A, B),
        lambda x: where(A * 2 == B * 2, A, B) * x,
    ):
        with pytest.raises(TypeError, match="asks whether they are the same Value"):
            autograd.compile(f, example=1.0)
    one = Value(1.0)
    for f in (
        lambda x: where((A == 2) == one, A, B) * x,
        lambda x: where((A == 2) != (one == 3), A, B) * x,
        lambda x: where((A * x == 2) == (one == 1), A, B) * x,  # what is true or false is compared as that
    ):
        program = autograd.compile(f, example=1.0)
        assert program([1.0]).tolist() == [f(1.0).data]
    program = autograd.compile(lambda x, y: where(x == y, A, B) * where(A * x == y, 1.0, 2.0), example=(1.0, 1.0))
    assert program([1.0, 2.0], [1.0, 1.0]).tolist() == [4.0, 6.0]


@pytest.mark.parametrize("half", [Fraction(1, 2), Decimal("0.5"), mpmath.mpf(0.5), 0.5 + 0j])
@pytest.mark.parametrize("third", [Fraction(1, 3), Decimal("0.3"), 0.5 + 1j, Decimal("NaN")])
def test_a_number_of_any_library_is_compared_as_the_eager_engine_compares_it(half: Any, third: Any) -> None:
    """No float equals ⅓, so there the answer is one for every input."""

    def f(x: Any, y: Any) -> Any:
        equal = where(x == half, A, 0) + where(half == y, B, 0) + where(half == A, 100, 0)
        return equal + where(x == third, 1000, 0) + where(third != y, x * 4, 0)

    program = autograd.compile(f, example=(1.0, 1.0))
    x, y = [0.5, 0.5, 2.0, 0.3], [0.5, 1.0, 0.5, 0.3]
    eager = [float(f(Value(a), Value(b)).data) for a, b in zip(x, y, strict=True)]
    assert program(x, y).tolist() == eager


def test_what_is_compiled_under_no_grad_has_gradients() -> None:
    with no_grad():
        program = autograd.compile(lambda x: A * x, example=1.0)
    assert program.value_and_grad([2.0])[1].tolist() == [2.0]


def test_two_primitives_that_had_one_name_stay_two(primitive: Any) -> None:
    first = primitive("twice_used", lambda x: x * x, lambda y, x: 2 * x)
    del table["twice_used"]
    second = primitive("twice_used", lambda x: x * x * x, lambda y, x: 3 * x * x)
    for engine in runnable():
        program = autograd.compile(lambda x: first(x * A) + second(x * A), example=1.0, engine=engine)
        assert program.value_and_grad([1.0])[0] == 4 + 8


def test_integers_that_float64_has_not_are_refused() -> None:
    program = autograd.compile(lambda i, j: (i - j) * A, example=(1, 1))
    with pytest.raises(ValueError, match=r"integers above 2\*\*53"):
        program([2**60 + 1], [2**60])
    assert program(np.array([2**53]), np.array([2**53 - 1])).tolist() == [2.0]
