"""A program as a pure JAX function: NumPy's numbers, JAX's transformations, the table's derivatives."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiler.battery import battery

import autograd
import nn
from autograd import Value, dot, exp, maximum, relu, sigmoid, sin, sqrt, take, tanh, total, where
from autograd.compiler import jax_function
from autograd.compiler.jax_function import OPTIONS, strided

PARTS = 8
CASES = list(battery(700))

ROUNDING = 1e-12
"""Of the greatest component: sums of some hundred terms are taken in another order, 1e-16 each."""


@pytest.fixture(autouse=True)
def in_doubles() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def referee(program: Any, rules: bool) -> Any:
    """Mean and gradient over a batch, by JAX's chain rule; without rules also by its derivatives of the formulas."""
    shapes = [*program._shapes, *[(program._noise,)] * bool(program._noise)]
    f = jax_function.to_jax(program._programs, shapes, rules)
    return jax.jit(jax.value_and_grad(lambda v, *x: f(v, *x).mean()), compiler_options=OPTIONS)


def off(found: Any, expected: Any) -> float:
    """The greater error of value and gradient, relative to 1 or the greatest component."""
    (value, gradient), (there, slope) = found, expected
    error = abs(value - there) / max(1.0, abs(there))
    return max(float(error), float(np.abs(gradient - slope).max(initial=0) / np.abs(slope).max(initial=1.0)))


def arrays(case: Any) -> list[np.ndarray]:
    return [np.array(column) for column in zip(*case.samples, strict=True)]


# ── the numbers ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("part", range(PARTS))
def test_values_and_gradients_are_those_of_numpy_on_the_whole_battery(part: int) -> None:
    for case in CASES[part::PARTS]:
        numpy, onjax = (autograd.compile(case.f, example=case.samples[0], engine=e) for e in ("numpy", "jax"))
        batch = arrays(case)
        if case.loss and numpy.parameters:
            assert off(onjax.value_and_grad(*batch), numpy.value_and_grad(*batch)) < ROUNDING, case.claim
        for found, expected in zip(jax.tree.leaves(onjax(*batch)), jax.tree.leaves(numpy(*batch)), strict=True):
            assert np.allclose(found, expected, rtol=ROUNDING, atol=ROUNDING), case.claim


@pytest.mark.parametrize("part", range(PARTS))
def test_jax_differentiating_the_formulas_by_itself_finds_our_gradients(part: int) -> None:
    """Neither our backward pass nor one of our derivatives: two independent ways to every number.

    At kinks each has a convention of its own; so parameters are moved off those (a bias of 0, say, after units that are
    dead), and the one case is left out that is made of ties. `TIES` below are all about those.
    """
    choose = np.random.default_rng(0)
    for case in CASES[part::PARTS]:
        if not case.loss or case.claim == "ties":
            continue
        program = autograd.compile(case.f, example=case.samples[0], engine="numpy")
        program.vector += choose.normal(0, 0.01, len(program.vector))
        if program.parameters and not program._noise:
            batch = arrays(case)
            found = referee(program, rules=False)(program.vector, *batch)
            assert off(found, program.value_and_grad(*batch)) < ROUNDING, case.claim


TIES: dict[str, tuple[Any, list[float]]] = {
    "sigmoid at 0": (lambda a, x: sigmoid(a * x), [0.25]),
    "|x| at 0": (lambda a, x: abs(a * x), [0.0]),
    "relu at 0": (lambda a, x: relu(a * x), [0.0]),
    "softplus at 0": (lambda a, x: (a * x).softplus(), [0.5]),
    "elu at 0": (lambda a, x: (a * x).elu(), [1.0]),
    "gelu at 0": (lambda a, x: (a * x).gelu(), [0.5]),
    "tanh at 0": (lambda a, x: tanh(a * x), [1.0]),
    "a tie of maxima": (lambda a, x: maximum(a * x, 2 * a * x), [1.5]),
    "√x at 0": (lambda a, x: sqrt(a * x), [math.inf]),
    "x⁰ at 0": (lambda a, x: (a * x) ** 0, [0.0]),
    "x¹ at 0": (lambda a, x: (a * x) ** 1, [1.0]),
    "x² at 0": (lambda a, x: (a * x) ** 2, [0.0]),
    "x^y at 0": (lambda a, x: (a * x) ** (a + 1), [1.0]),
    "1/x at 0": (lambda a, x: 1 / (a * x), [-math.inf]),
    "detached": (lambda a, x: a * x + (a * x).detach() * a, [1.0]),
    "a choice at its border": (lambda a, x: where(a * x >= 0, 3 * a * x, exp(a * x)), [3.0]),
}


@pytest.mark.parametrize("claim", TIES)
def test_at_ties_kinks_and_ends_a_derivative_is_what_the_table_says(claim: str) -> None:
    """Of f(a x) by a, for a = 1 and x = 1 at a x = 0: a is 0 there, so that the slope is that of f at 0."""
    f, expected = TIES[claim]
    a = Value(0.0)
    found = [autograd.compile(lambda x: f(a, x), example=1.0, engine=e).value_and_grad([1.0]) for e in ("numpy", "jax")]
    assert found[0][1].tolist() == found[1][1].tolist() == expected
    assert found[0][0] == found[1][0]


def test_what_a_take_did_not_choose_has_no_gradient_also_where_that_would_be_infinite() -> None:
    a, b = Value(0.0), Value(0.0)
    f = lambda k: take([sqrt(a), 1 / b, 3 * a], k)  # noqa: E731
    numpy, onjax = (autograd.compile(f, example=0, engine=e) for e in ("numpy", "jax"))
    for k in ([2], [2, 2], [0], [0, 2]):
        expected, found = numpy.value_and_grad(k)[1], onjax.value_and_grad(k)[1]
        assert expected.tolist() == found.tolist()
        assert np.isinf(found).any() == (0 in k)
    one = jax.jit(jax.grad(onjax.to_jax()))
    assert one(onjax.vector, 2).tolist() == [3.0, 0.0] or one(onjax.vector, 2).tolist() == [0.0, 3.0]


@pytest.mark.parametrize("number", [0.0, -0.0, math.inf, -math.inf, math.nan, 1e300, -1e300])
@pytest.mark.parametrize("name", [n for n, op in autograd.table.items() if not op.nary and len(op.derivatives) == 1])
def test_every_function_follows_ieee_as_numpy_does_at_its_ends(name: str, number: float) -> None:
    w = Value(1.0)
    f = lambda x: autograd.table[name](w * x)  # noqa: E731
    numpy, onjax = (autograd.compile(f, example=1.0, engine=e) for e in ("numpy", "jax"))
    (value, slope), (there, expected) = onjax.value_and_grad([number]), numpy.value_and_grad([number])
    assert value == pytest.approx(there, rel=1e-14, nan_ok=True)
    if name == "relu" and number == -math.inf:
        expected = np.zeros(1)  # XLA makes a choice of a product with a condition: 0, where NumPy has 0 · ∞ = NaN
    assert slope == pytest.approx(expected, rel=1e-13, nan_ok=True)


# ── JAX's transformations ─────────────────────────────────────────────────────────────────────


def network() -> tuple[Any, Any, np.ndarray, np.ndarray]:
    model = nn.MLP(3, [5, 2], activation="tanh", seed=0)
    program = autograd.compile(lambda x, y: nn.mse_loss(model(x), y), example=([0.0] * 3, [0.0] * 2), engine="numpy")
    choose = np.random.default_rng(0)
    return model, program, choose.normal(size=(7, 3)), choose.normal(size=(7, 2))


def test_it_gives_the_value_of_a_sample_or_of_every_sample() -> None:
    _, program, X, Y = network()
    f, expected = program.to_jax(), program(X, Y)
    assert f(program.vector, X[0], Y[0]).shape == ()
    ways = [f(program.vector, X, Y), jax.jit(f)(program.vector, X, Y), jax.vmap(f, (None, 0, 0))(program.vector, X, Y)]
    ways.append(np.array([f(program.vector, x, y) for x, y in zip(X, Y, strict=True)]))
    for way in ways:
        assert np.allclose(way, expected, rtol=1e-14)


def test_gradients_and_hessians_are_those_of_autograd() -> None:
    weights = [[Value(0.1 * (j + 4 * k) - 0.9) for j in range(4)] for k in range(5)]

    def f(rows: list[list[Any]], inputs: list[Any]) -> Any:
        return total([tanh(dot(row[:3], inputs, row[3])) ** 2 for row in rows])

    program = autograd.compile(lambda x: f(weights, x), example=([0.0] * 3,), engine="numpy")
    order = {p: k for k, p in enumerate(program.parameters)}
    places = [[order[w] for w in row] for row in weights]

    def of_vector(vector: list[Any]) -> Any:
        return f([[vector[k] for k in row] for row in places], x)

    x, vector, onjax = [0.3, -0.5, 0.7], program.vector.tolist(), program.to_jax()
    at = program.vector, np.array(x)
    assert np.allclose(jax.grad(onjax)(*at), autograd.grad(of_vector)(vector), rtol=1e-12)
    of_inputs = autograd.grad(lambda inputs: f(weights, inputs))(x)
    assert np.allclose(jax.grad(onjax, argnums=1)(*at), [getattr(g, "data", g) for g in of_inputs], rtol=1e-12)
    hessian = autograd.hessian(of_vector)(vector)
    for way in (jax.hessian(onjax), jax.jacrev(jax.grad(onjax)), jax.jacfwd(jax.jacfwd(onjax))):
        assert np.allclose(way(*at), hessian, rtol=1e-11, atol=1e-12)  # sums of a hundred terms, twice


def test_results_are_nested_as_a_program_s_are() -> None:
    w = [Value(2.0), Value(-3.0)]

    def f(x: Any, y: Any) -> Any:
        return [x[0] * w[0], y, Value(7.0)], [[w[1] * x[k], x[k]] for k in (1, 0)], [[y], [x[0], w[0]]]

    program = autograd.compile(f, example=([1.0, 2.0], 3.0), engine="numpy")
    X, Y = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([7.0, 8.0, 9.0])
    expected = program(X, Y)
    found = jax.jit(program.to_jax())(program.vector, X, Y)
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert a.shape == b.shape
        assert (np.asarray(a) == b).all()


def test_without_inputs_it_is_a_function_of_the_vector() -> None:
    w = Value(3.0)
    program = autograd.compile(lambda: w * w, example=(), engine="jax")
    assert program.value_and_grad() == (9.0, [6.0])
    assert float(jax.grad(program.to_jax())(program.vector)[0]) == 6.0


def test_random_numbers_are_its_last_argument() -> None:
    drop, w = nn.Dropout(0.5, seed=0), [Value(1.0) for _ in range(4)]
    program = autograd.compile(lambda x: total(drop([a * b for a, b in zip(w, x, strict=True)])), example=([1.0] * 4,))
    u = np.random.default_rng(1).random((3, 4))
    X = np.arange(1.0, 13.0).reshape(3, 4)
    found = program.to_jax()(program.vector, X, u)
    kept = [np.where(mask, 2 * X, 0).sum(1) for mask in (u < 0.5, u >= 0.5, u > 0.5)]
    assert any(np.array_equal(found, k) for k in kept)


def test_its_precision_is_that_of_the_vector() -> None:
    _, program, X, Y = network()
    f = program.to_jax()
    assert f(program.vector, X, Y).dtype == jnp.float64
    assert f(program.vector.astype(np.float32), X, Y).dtype == jnp.float32
    with jax.enable_x64(False):
        short = f(program.vector, X, Y)
        assert short.dtype == jnp.float32
    assert np.allclose(short, program(X, Y), rtol=1e-5)  # seven digits, and sums


def test_an_engine_computes_in_doubles_whatever_jax_is_set_to() -> None:
    _, program, X, Y = network()
    onjax = autograd.compile(lambda w: sin(w) * Value(1.0), example=1.0, engine="jax")
    with jax.enable_x64(False):
        assert onjax([0.1])[0] == pytest.approx(math.sin(0.1), rel=1e-15)
        assert jnp.ones(1).dtype == jnp.float32
    assert program(X, Y).dtype == np.float64


@pytest.mark.parametrize("doubles", [True, False])
def test_an_index_chooses_if_it_is_one_of_the_integers_that_there_are_and_else_is_nan(doubles: bool) -> None:
    """As an index a number is cut to 32 bits, which would make a 0 of 2³², of ½ and of NaN."""
    rows = [Value(k + 5.0) for k in range(3)]
    program = autograd.compile(lambda k: take(rows, k), example=0)
    given: list[Any] = [
        np.array([0, 2, 3, -1]), np.array([0.0, 2.0, -0.0]), np.array([0.5, 1.9, -0.5, 2.1]), np.array([True, False]),
        np.array([np.nan, np.inf, -np.inf]), np.array([2**31, 2**32, 2**32 + 1, -(2**32)]), np.uint8([0, 255]),
        np.array([2.0**31, 2.0**32, 2.0**53, 1e30]), np.int8([1, -1]), np.uint64([1, 2**64 - 1]),
    ]  # fmt: skip
    with jax.enable_x64(doubles):
        f = program.to_jax()
        for k in given:
            expected = [rows[int(one)].data if one in (0, 1, 2) else math.nan for one in k]
            assert np.array_equal(f(program.vector, k), expected, equal_nan=True)
            if doubles or k.dtype.itemsize < 8:  # else jax.jit has let it wrap before it calls anything
                assert np.array_equal(jax.jit(f)(program.vector, k), expected, equal_nan=True)


@pytest.mark.parametrize("doubles", [True, False])
def test_integers_that_float32_has_to_round_do_not_wrap(doubles: bool) -> None:
    w = Value(1.0)
    program = autograd.compile(lambda x: w * x, example=0.0)
    with jax.enable_x64(doubles):
        for number in (2**31, 2**40, -(2**31) - 1, 2**53):
            assert float(program.to_jax()(program.vector, np.array(number))) == pytest.approx(number, rel=1e-7)


NUMBERS, PAIRS = np.array([1.0, 2.0, -1.0]), np.array([[1.0, 2.0], [3.0, 4.0], [5.0, -6.0]])
TREES: dict[str, tuple[Any, Any, Any]] = {  # a function, the example of its argument, a batch of three
    "a dictionary": (lambda p: p["a"] * p["b"][0] + p["b"][1], {"a": 1.0, "b": [1.0, 2.0]}, {"a": NUMBERS, "b": PAIRS}),
    "another order": (lambda p: p["a"] - p["b"][0], {"b": [1.0, 2.0], "a": 1.0}, {"a": NUMBERS, "b": PAIRS}),
    "dictionaries in dictionaries": (lambda p: p["a"]["b"] * 2, {"a": {"b": 1.0}}, {"a": {"b": NUMBERS}}),
    "a list of dictionaries": (lambda p: p[0]["a"] - p[1]["a"], [{"a": 1.0}] * 2, [{"a": NUMBERS}, {"a": 3 * NUMBERS}]),
    "nested lists": (lambda p: p[0][1] * p[1][0], [[1.0, 2.0], [3.0, 4.0]], np.arange(12.0).reshape(3, 2, 2)),
}


@pytest.mark.parametrize("claim", TREES)
def test_arguments_are_in_the_form_of_the_example(claim: str) -> None:
    """A batch beside a call of the program; its first sample; and the gradient by an argument, in its form."""
    of_form, example, batch = TREES[claim]
    w = Value(1.5)
    program = autograd.compile(lambda tree, y: w * of_form(tree) ** 2 - y, example=(example, 0.0), engine="numpy")
    f, expected = program.to_jax(), program(batch, NUMBERS)
    assert np.allclose(jax.jit(f)(program.vector, batch, NUMBERS), expected, rtol=1e-15)
    first = jax.tree.map(lambda array: array[0], batch)
    assert float(f(program.vector, first, 1.0)) == pytest.approx(expected[0], rel=1e-15)
    found = jax.grad(lambda tree: f(program.vector, tree, NUMBERS).sum())(batch)
    slope = program.value_and_grad(batch, NUMBERS, wrt="tree", reduction="sum")[1]
    assert jax.tree.structure(found) == jax.tree.structure(slope)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(slope), strict=True):
        assert np.allclose(a, b, rtol=1e-14)


# ── what XLA is given ─────────────────────────────────────────────────────────────────────────


def hlo(f: Any, example: Any, batch: list[np.ndarray], gradient: bool = True) -> tuple[int, int]:
    """The length of the HLO text that XLA makes of a program, and how many instructions that has."""
    program = autograd.compile(f, example=example, engine="numpy")
    of = program.to_jax()
    mean = jax.value_and_grad(lambda v, *x: of(v, *x).mean()) if gradient else of
    lowered = jax.jit(mean, compiler_options=OPTIONS).lower(program.vector, *batch)
    return len(lowered.as_text()), len(program._programs.arrays.instructions)


def mlp(sizes: list[int], activation: str) -> tuple[int, int]:
    model = nn.MLP(sizes[0], sizes[1:], activation=activation, seed=0)
    batch = [np.zeros((3, sizes[0])), np.zeros((3, sizes[-1]))]
    return hlo(lambda x, y: nn.half_squared_error(model(x), y), ([0.0] * sizes[0], [0.0] * sizes[-1]), batch)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "gelu", "softplus"])
def test_a_wider_network_is_no_longer_program(activation: str) -> None:
    """An array stays one: only the digits of its sizes grow."""
    (short, count), (long, same) = mlp([4, 3, 3, 2], activation), mlp([60, 50, 50, 40], activation)
    assert count == same
    assert long < 1.1 * short


def test_the_text_of_the_hlo_is_bounded_by_the_number_of_instructions() -> None:
    """About 1 000 bytes an instruction, constants not counted: those with many are left out here."""
    for case in CASES[::5]:
        if not case.loss or "constants" in case.claim or "long" in case.claim:
            continue
        size, instructions = hlo(case.f, case.samples[0], arrays(case))
        assert size < 2000 + 1000 * instructions, case.claim


def test_a_deep_program_is_compiled_in_time() -> None:
    """XLA fused each of 200 gradients with all that leads to it: 11 MB of HLO, and 30 s."""
    s, q = Value(0.5), Value(0.3)

    def f(x: Any) -> Any:
        for _ in range(100):
            x = sin(x * s) + q
        return x

    program = autograd.compile(f, example=1.0, engine="jax")
    found = program.value_and_grad([1.0, 2.0])
    assert off(found, autograd.compile(f, example=1.0, engine="numpy").value_and_grad([1.0, 2.0])) < ROUNDING
    with jax.enable_x64(True):
        compiled = program._engines[0].mean_and_grad.lower(program.vector, np.ones(2)).compile()
    assert len(compiled.as_text()) < 3_000_000


@pytest.mark.parametrize(
    ("strides", "shape"),
    [
        ((4, 1), (3, 4)), ((1, 3), (3, 4)), ((0, 1), (3, 4)), ((5, 1), (3, 4)), ((-4, 1), (3, 4)), ((4, -1), (3, 4)),
        ((1, 1), (3, 4)), ((2, 1), (3, 4)), ((-1, 2), (3, 4)), ((2,), (5,)), ((-2,), (5,)), ((), ()), ((0,), (4,)),
        ((12, 1, 3), (2, 3, 4)), ((1, 0, 12), (3, 1, 2)), ((30, -7, 2), (2, 3, 3)), ((3, 3), (2, 2)),
    ],
)  # fmt: skip
def test_rows_are_those_that_the_strides_say(strides: tuple[int, ...], shape: tuple[int, ...]) -> None:
    place = sum((s * i for s, i in zip(strides, np.indices(shape), strict=True)), np.zeros(shape, int))
    flat = np.random.default_rng(0).normal(size=place.max() - place.min() + 1)
    found = strided(jnp.asarray(flat), strides, shape, -int(place.min()))
    assert np.array_equal(found, flat[place - place.min()])


# ── primitives of one's own, and what is refused ──────────────────────────────────────────────


def test_a_primitive_of_ones_own_runs_with_its_own_derivative() -> None:
    bump = autograd.primitive(
        "bump_of_jax", lambda x: where(x > 0, exp(-x * x), 1.0), lambda y, x: where(x > 0, -2 * x * y, 7.0)
    )
    try:
        w = Value(0.5)
        numpy, onjax = (autograd.compile(lambda x: bump(x * w), example=1.0, engine=e) for e in ("numpy", "jax"))
        X = np.array([-1.0, 0.5, 2.0])
        assert off(onjax.value_and_grad(X), numpy.value_and_grad(X)) < 1e-15
        assert float(jax.grad(onjax.to_jax())(onjax.vector, -1.0)[0]) == -7.0  # its rule, whatever the formula says
    finally:
        bump.remove()


def test_a_function_that_jax_has_under_numpy_s_name_is_called_by_it_and_another_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cbrt, w = autograd.cbrt, Value(2.0)
    value, gradient = autograd.compile(lambda x: cbrt(x * w), example=1.0, engine="jax").value_and_grad([4.0])
    assert (value, gradient[0]) == (pytest.approx(2.0), pytest.approx(4 / 12))
    program = autograd.compile(lambda x: cbrt(x * w), example=1.0, engine="numpy")
    monkeypatch.delattr(jnp, "cbrt")
    with pytest.raises(TypeError, match="JAX has no function called cbrt"):
        program.to_jax()
    with pytest.raises(ValueError, match=r"the engine 'jax' cannot run this program: JAX has no .* cbrt"):
        autograd.compile(lambda x: cbrt(x * w), example=1.0, engine="jax")


def test_what_does_not_fit_is_refused_with_what_was_given_and_expected() -> None:
    _, program, X, Y = network()
    f = program.to_jax()
    with pytest.raises(ValueError, match=r"the vector has shape \(32,\), not \(3,\)"):
        f(np.ones(3), X, Y)
    with pytest.raises(TypeError, match="takes a vector and 2 arrays, and was given 1 arrays"):
        f(program.vector, X)
    with pytest.raises(TypeError, match="argument 0 is an array of real numbers, not of complex128"):
        f(program.vector, X + 1j, Y)
    with pytest.raises(TypeError, match="the vector is an array of real numbers, not of complex128"):
        f(program.vector + 1j, X, Y)
    tree = autograd.compile(lambda p: p["a"] * p["b"], example={"a": 1.0, "b": 2.0}).to_jax()
    for other in ({"a": 1.0}, {"a": 1.0, "c": 2.0}, 1.0, [1.0, 2.0]):
        with pytest.raises(TypeError, match="argument 0 is a dictionary of 'a', 'b', not"):
            tree(np.zeros(0), other)
    for wrong in ((X[:, :2], Y), (X, Y[:3]), (X, Y[0]), (X[None], Y[None])):
        with pytest.raises(ValueError, match=r"the inputs of a sample have the shapes \[\(3,\), \(2,\)\]"):
            f(program.vector, *wrong)


def test_without_jax_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _, program, _, _ = network()
    monkeypatch.setattr(jax_function, "find_spec", lambda name: None)
    monkeypatch.setattr(jax_function, "without_jax", jax_function.without_jax.__wrapped__)
    monkeypatch.setattr("autograd.compiler.jax_engine.without_jax", jax_function.without_jax)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'scalar-autograd\[jax\]'"):
        program.to_jax()
    with pytest.raises(ValueError, match=r"engine 'jax' cannot run .*pip install 'scalar-autograd\[jax\]'"):
        autograd.compile(lambda x: Value(1.0) * x, example=1.0, engine="jax")


def test_auto_never_chooses_it() -> None:
    _, program, _, _ = network()
    assert all(autograd.compile(lambda x: Value(1.0) * x, example=1.0)._engine(n).name != "jax" for n in (1, 10**6))
    assert "jax" not in str(autograd.compile(lambda x: Value(1.0) * x, example=1.0))
    assert str(autograd.compile(lambda x: Value(1.0) * x, example=1.0, engine="jax")).endswith("Run by jax, as asked.")
    assert program is not None
