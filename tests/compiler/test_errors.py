"""What cannot be compiled, or does not fit, is a typed error that says what to do, and leaves everything as it was."""

from __future__ import annotations

import contextlib
import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from judge import ENGINES

import autograd
import nn
from autograd import Value
from autograd.choice import take
from autograd.primitives import table

W = Value(2.0, label="w")


@pytest.fixture
def program() -> autograd.compiler.Program:
    model = nn.MLP(3, [2], seed=0)
    return autograd.compile(lambda x, y: nn.half_squared_error(model(x), y), example=([0.0] * 3, [0.0] * 2))


def branch(x):
    if x * W > 0:  # this line
        return x
    return -x


@pytest.mark.parametrize(
    ("f", "says"),
    [
        (branch, r'(?s)truth of a Value.*test_errors.py", line \d+: if x \* W > 0:  # this line.*where\(condition'),
        (lambda x: max(x, W), "maximum"),
        (lambda x: x if W > 0 else -x, "where"),  # a parameter changes, too
        (lambda x: x * W if W else x, "where"),
        (lambda x: W * x.data, r"\.data"),
        (lambda x: W * x.item(), r"\.item"),
        (lambda x: W * math.exp(x), "not those of math"),
        (lambda x: [W, W][x], r"autograd.take"),
    ],
)
def test_asking_for_a_number_that_is_not_known_yet_points_at_the_line(f, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        autograd.compile(f, example=(1.0,))


@pytest.mark.parametrize("result", [3.0, None, "loss", [], {"loss": W}])
def test_a_function_must_return_values(result) -> None:
    with pytest.raises(TypeError, match="must return a Value or lists of Values, and it returned"):
        autograd.compile(lambda x: result, example=(1.0,))


def test_an_example_is_numbers_in_lists_of_equal_length() -> None:
    with pytest.raises(ValueError, match="equal length"):
        autograd.compile(lambda x: x[0][0] * W, example=([[1.0], [1.0, 2.0]],))
    with pytest.raises(TypeError, match=r"x\[1\] is 'a' of type str"):
        autograd.compile(lambda x: x[0] * W, example=([1.0, "a"],))
    with pytest.raises(TypeError, match="takes a function, not 3"):
        autograd.compile(3, example=(1.0,))


@pytest.mark.parametrize(
    ("batch", "error", "says"),
    [
        ((np.ones((4, 3)),), TypeError, "takes 2 arrays, as its example did, and was given 1"),
        (
            (np.ones((4, 5)), np.ones((4, 2))),
            ValueError,
            r"argument 0 of a batch has shape \(samples, 3\).*not \(4, 5\)",
        ),
        ((np.ones(3), np.ones(2)), ValueError, r"not \(3,\)"),
        ((3.0, np.ones((4, 2))), ValueError, r"not \(\)"),
        ((np.ones((4, 3)), np.ones((5, 2))), ValueError, r"different numbers of samples: \[4, 5\]"),
        ((np.ones((0, 3)), np.ones((0, 2))), ValueError, "the batch is empty"),
        ((np.full((4, 3), "a"), np.ones((4, 2))), TypeError, "array of real numbers"),
        ((np.ones((4, 3), complex), np.ones((4, 2))), TypeError, "array of real numbers"),
        (([[1.0], [1.0, 2.0]], np.ones((2, 2))), ValueError, "not an array"),
        ((np.ma.masked_equal(np.ones((4, 3)), 1), np.ones((4, 2))), TypeError, "masked array"),
    ],
)
def test_a_batch_that_does_not_fit(program, batch, error: type[Exception], says: str) -> None:
    vector = program.vector.copy()
    with pytest.raises(error, match=says):
        program.value_and_grad(*batch)
    if len(batch) == 2:
        with pytest.raises(error, match=says):
            program(*batch)
    assert np.array_equal(program.vector, vector)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_nan_and_infinity_in_an_input_travel_as_in_ieee_arithmetic(engine: str, number: float) -> None:
    w, unused = Value(2.0), 0.0
    program = autograd.compile(lambda x, y: autograd.relu(w * x) + unused * y, example=(1.0, 1.0), engine=engine)
    for other in (1.0, number):  # whether it reaches the loss or not
        value, gradient = program.value_and_grad([number, 1.0], [other, 1.0])
        assert np.array_equal([value], [number if other == 1 else math.nan], equal_nan=True)
        assert np.array_equal(gradient, [number], equal_nan=True)
        assert np.array_equal(program([number], [1.0]), [number], equal_nan=True)


def test_lists_have_no_gradient() -> None:
    program = autograd.compile(lambda x: [x * W, W], example=(1.0,))
    with pytest.raises(TypeError, match="returned lists"):
        program.value_and_grad([1.0])


def test_a_primitive_without_an_array_reading_is_named() -> None:
    autograd.primitive("cubed_by_math", lambda x: math.pow(x, 3), lambda y, x: 3 * x * x)
    try:
        with pytest.raises(TypeError, match=r"cubed_by_math cannot be compiled.*not math\.exp"):
            autograd.compile(lambda x: (x * W).cubed_by_math(), example=(1.0,))
    finally:
        del table["cubed_by_math"]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("place", [0, 1])
def test_a_derivative_without_an_array_reading_is_refused_on_every_engine(place: int, engine: str) -> None:
    rules = [lambda y, a, b: b, lambda y, a, b: a]
    rules[place] = lambda y, a, b: math.exp(a)
    autograd.primitive("product_by_math", lambda a, b: a * b, *rules)
    try:
        with pytest.raises(TypeError, match="product_by_math cannot be compiled"):
            autograd.compile(lambda x: [(x * W).product_by_math(W)], example=(1.0,), engine=engine)
    finally:
        del table["product_by_math"]


def test_a_primitive_without_a_formula_that_numpy_does_not_know_is_refused() -> None:
    gamma = autograd.primitive("gamma", None, lambda y, x: 1.0)  # Python's math has it
    try:
        with pytest.raises(TypeError, match="gamma has no formula, and NumPy has no function of that name"):
            autograd.compile(lambda x: gamma(x * W), example=(1.0,))
    finally:
        gamma.remove()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_row_may_use_a_sum_of_its_operands(engine: str) -> None:
    mean = autograd.primitive(
        "mean_of_two", lambda a, b: autograd.total([a, b]) / 2, lambda y, a, b: 0.5, lambda y, a, b: 0.5
    )
    try:
        program = autograd.compile(lambda x: mean(x, W) * W, example=(1.0,), engine=engine)
        w = W.data
        value, gradient = program.value_and_grad([1.0, 3.0])
        assert (value, gradient.tolist()) == ((2 + w) / 2 * w, [(2 + w) / 2 + w / 2])
    finally:
        del table["mean_of_two"]


def test_an_index_out_of_range_is_an_index_error_everywhere() -> None:
    items = [W, Value(3.0)]
    program = autograd.compile(lambda i: take(items, i) * 1.0, example=(0,))
    for index in (2, -1):
        with pytest.raises(IndexError, match="2 items, 0 to 1"):
            take(items, index)
        with pytest.raises(IndexError, match="2 items, 0 to 1"):
            program.value_and_grad([0, index])
    with pytest.raises(TypeError, match="integers"):
        program.value_and_grad([0.5])
    with pytest.raises(TypeError, match="integer"):
        take(items, 0.5)
    with pytest.raises(TypeError, match="integer of the example"):
        autograd.compile(lambda x: take(items, x), example=(1.0,))


@pytest.mark.parametrize("wrong", [-1, 3, 7])
def test_the_index_that_is_out_of_range_is_named(wrong: int) -> None:
    program = autograd.compile(lambda i: take([W, Value(3.0), W], i) * 1.0, example=(0,))
    with pytest.raises(IndexError, match=rf"3 items, 0 to 2, and an index is {wrong}$"):
        program([0, 2, wrong, 1, 0])


def test_each_of_several_indices_has_its_own_range_and_is_named() -> None:
    items = [W, Value(3.0), W, W]
    program = autograd.compile(
        lambda i, x, j: take(items, i[2]) * take(items[:2], i[0]) * x[0] + take(items[:3], j),
        example=([0, 0, 0], [1.0], 0),
    )
    X = np.array([[0.5], [7.0]])
    right = np.array([[1, 9, 3], [0, -9, 2]])  # i[1] chooses nothing
    program.value_and_grad(right, X, [2, 0])
    for place, index, limit in ((0, 2, 2), (0, -1, 2), (2, 4, 4), (2, -2, 4)):
        wrong = right.copy()
        wrong[1, place] = index
        with pytest.raises(IndexError, match=rf"{limit} items, 0 to {limit - 1}, and an index is {index}$"):
            program.value_and_grad(wrong, X, [2, 0])
    with pytest.raises(IndexError, match=r"3 items, 0 to 2, and an index is 3$"):
        program.value_and_grad(right, X, [2, 3])
    for nothing in (0.5, np.nan, np.inf):
        with pytest.raises(TypeError, match="integers at place 2"):
            program.value_and_grad(np.where(right == 2, nothing, right), X, [2, 0])


def test_a_number_is_no_batch_of_numbers() -> None:
    program = autograd.compile(lambda x: x * W, example=(1.0,))
    for given in (3.0, np.float64(3.0), np.array(3.0), 3):
        with pytest.raises(ValueError, match=r"argument 0 of a batch has shape \(samples,\) .*, not \(\)"):
            program(given)


def test_where_python_raises_a_program_follows_ieee() -> None:
    program = autograd.compile(lambda x: W / x, example=(1.0,))
    value, gradient = program.value_and_grad([0.0])
    assert value == math.inf
    assert gradient[0] == math.inf


def test_after_an_error_everything_is_as_it_was() -> None:
    import gc

    with pytest.raises(TypeError):
        autograd.compile(branch, example=(1.0,))
    assert gc.isenabled()
    assert (W > 0) is True  # comparisons are answers again


def test_compiling_leaves_the_garbage_collector_as_it_was() -> None:
    import gc

    for f in (lambda x: x * W, branch):
        for on in (True, False):
            (gc.enable if on else gc.disable)()
            try:
                with contextlib.suppress(TypeError):
                    autograd.compile(f, example=(1.0,))
                assert gc.isenabled() is on
            finally:
                gc.enable()


@pytest.mark.parametrize("version", ["1.26.4", "2.1.3", "2.3.0", "2.3.0rc1", "2.2"])
def test_a_numpy_that_computes_wrong_numbers_is_refused_whoever_installed_it(version: str, monkeypatch) -> None:
    monkeypatch.setattr(np, "__version__", version)
    with pytest.raises(ImportError, match=rf"compile needs NumPy 2\.3\.1 or newer, and {re.escape(version)} is here"):
        autograd.compile(lambda x: x * W, example=(1.0,))


@pytest.mark.parametrize("version", ["2.3.1", "2.4.0.dev0+git20260101", "2.10.0", "3.0.0rc1", "2.4"])
def test_a_newer_numpy_is_taken(version: str, monkeypatch) -> None:
    monkeypatch.setattr(np, "__version__", version)
    assert autograd.compile(lambda x: x * W, example=(1.0,))([3.0]) == [6.0]


def test_without_numpy_compile_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(ModuleNotFoundError, match=r"compile needs NumPy: pip install 'scalar-autograd\[compile\]'"):
        autograd.compile(lambda x: x * W, example=(1.0,))


def test_the_numpy_that_is_refused_is_the_one_that_the_project_excludes() -> None:
    """Wherever pyproject.toml names NumPy, it gives this bound."""
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8")
    assert set(re.findall(r'"numpy>=([\d.]+)"', text)) == {".".join(map(str, autograd.compiler.NUMPY))}
