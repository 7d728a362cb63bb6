"""Hessians by way of the few nodes that parameters enter, and as entries of one program.

They are compared with the eager engine's `hessian` of the very function, sample by sample, for functions whose
parameters enter in every way there is; each way of computing them is taken in turn. What they cost is counted in
operations of the program that is run, not in seconds.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Value, dot, exp, hessian, log, maximum, sigmoid, sin, take, tanh, total, where
from autograd.compiler import curvature, derivatives, derived
from autograd.compiler.curvature import Products, entered
from autograd.compiler.engines import ENGINES

ROUNDINGS = 1e-12
"""Sums are taken in another order."""

WAYS = {"entries": (10**9, 10**9), "products": (-1, 10**9), "lanes": (-1, -1)}
"""How many entries the program may give one by one, and how long it may be for all directions."""


def network(p: Any, x: Any) -> Any:
    """2-3-2: factors are the same for the neurons of a layer, and those of the second depend on the first."""
    a = [tanh(dot(p[3 * i : 3 * i + 2], x, p[3 * i + 2])) for i in range(3)]
    z = [dot(p[9 + 4 * i : 12 + 4 * i], a, p[12 + 4 * i]) for i in range(2)]
    return (z[0] - x[0]) ** 2 + exp(z[1] / 4)


def twice(p: Any, x: Any) -> Any:
    """A parameter that enters two sums, one that is a factor of another, and one that nothing depends on."""
    z = p[0] * x[0] + p[1] * x[1] + p[2]
    return sin(z) * p[3] + p[0] * p[4] + z * p[1] + p[5] * p[5] * x[0]


def other_ways(p: Any, x: Any) -> Any:
    """Quotients, powers, functions, differences; sums of one parameter alone; a factor that is a constant."""
    return p[0] / (1 + x[0] ** 2) + x[1] / (2 + p[1] ** 2) + sigmoid(p[2] - x[0]) * 3 * p[3] + total(p[4:7]) ** 3 * x[0]


def chosen(p: Any, x: Any) -> Any:
    """Conditions on parameters, a stop-gradient, and a kink."""
    z = where(p[0] > 0, p[0] * x[0], p[1] * x[1]) + stopped(p[2]) * p[3]
    return maximum(z, 0.1) * z + p[4] * p[2] * tanh(z)


def stopped(x: Any) -> Any:
    return x.detach() if isinstance(x, Value) else x


def chain(p: Any, x: Any) -> Any:
    """Factors that depend on nodes which depend on nodes: one enters after the other."""
    z = x[0]
    for i in range(6):
        z = tanh(p[2 * i] * z + p[2 * i + 1])
    return log(1 + z * z) * x[1]


FUNCTIONS: dict[str, tuple[Callable[[Any, Any], Any], int]] = {
    "network": (network, 17),
    "twice": (twice, 7),
    "other ways": (other_ways, 7),
    "chosen": (chosen, 5),
    "chain": (chain, 12),
}


def parameters(number: int) -> list[Value]:
    return [Value(x) for x in np.random.default_rng(1).normal(size=number).tolist()]


def batch(samples: int, width: int = 2) -> np.ndarray:
    return np.random.default_rng(samples).normal(size=(samples, width))


def eagerly(f: Callable[[Any, Any], Any], p: list[Value], X: np.ndarray, argument: int = 0) -> np.ndarray:
    """Of each sample."""
    return np.array([hessian(f, argument)([w.data for w in p], x) for x in X.tolist()])


def by(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    small, terms = WAYS[way]
    monkeypatch.setattr(derived, "_SMALL", small)
    monkeypatch.setattr(derived, "_TERMS", terms)
    monkeypatch.setattr(derived, "_ENTERED", 1)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("samples", [1, 17])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_however_parameters_enter_hessians_are_those_of_the_eager_engine(
    name: str, samples: int, engine: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    by(way, monkeypatch)
    f, number = FUNCTIONS[name]
    p, X = parameters(number), batch(samples)
    program = autograd.compile(lambda x: f(p, x), example=([0.0] * 2,), engine=engine, parameters=p)
    expected = eagerly(f, p, X)
    of_each = program.hessian(X, reduction="none")
    assert np.allclose(of_each, expected, rtol=ROUNDINGS, atol=ROUNDINGS)
    assert np.allclose(program.hessian(X), expected.mean(axis=0), rtol=ROUNDINGS, atol=ROUNDINGS)
    assert np.allclose(program.hessian(X, reduction="sum"), expected.sum(axis=0), rtol=ROUNDINGS, atol=ROUNDINGS)
    by_inputs = eagerly(f, p, X, 1)
    assert np.allclose(program.hessian(X, wrt="x", reduction="none"), by_inputs, rtol=ROUNDINGS, atol=ROUNDINGS)
    assert np.allclose(program.hessian(X, wrt="x"), by_inputs / samples, rtol=ROUNDINGS, atol=ROUNDINGS)
    assert {kind for kind, _ in program._derived._made} == {"moved" if way == "lanes" else "hessian"}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("engine", ENGINES)
def test_parameters_in_any_order_and_those_that_nothing_depends_on(
    engine: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the rows of a layer are no blocks of the matrix."""
    by(way, monkeypatch)
    f, number = FUNCTIONS["network"]
    p, X = parameters(number), batch(5)
    expected = eagerly(f, p, X)
    order = random.Random(0).sample(range(number), number)
    mixed = [p[i] for i in order]
    program = autograd.compile(
        lambda x: f(p, x), example=([0.0] * 2,), engine=engine, parameters=[*mixed[:5], Value(1.0), *mixed[5:]]
    )
    H = program.hessian(X, reduction="none")
    assert not H[:, 5].any()
    assert not H[:, :, 5].any()
    there = [*range(5), *range(6, number + 1)]
    rows = np.array(order)
    assert np.allclose(H[:, there][:, :, there], expected[:, rows][:, :, rows], rtol=ROUNDINGS, atol=ROUNDINGS)
    assert np.allclose(program.hessian(X), H.mean(axis=0), rtol=ROUNDINGS, atol=ROUNDINGS)


def skewed(op: Any) -> dict[str, Callable[[Any, Any], Any]]:
    return {
        "of two": lambda p, x: op(sin(p[0]) * x[0], p[1] * x[1] + p[2]),
        "one that enters elsewhere, too": lambda p, x: op(p[0] * x[0], p[1]) ** 3 * p[1] + p[2] * p[0],
        "one that enters nowhere else": lambda p, x: op(p[0] * x[0], tanh(p[1])) ** 2 + p[2] ** 2,
        "one after the other": lambda p, x: op(op(p[0], p[1] * x[1]), p[2] * x[0]) ** 2 + p[1] * x[0],
        "of a network": lambda p, x: op(tanh(dot(p[:2], x, p[2])), dot(p[1:], x)) ** 2,
    }


@pytest.mark.parametrize("way", [*WAYS, "directions", "directions of the sum"])
@pytest.mark.parametrize("gradient", ["reaches both", "stops at the second"])
@pytest.mark.parametrize("name", skewed(None))
def test_rows_are_what_is_differentiated_first_as_in_the_eager_engine(
    name: str, gradient: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which is seen where somebody's rules are no derivatives of one function."""
    if way in WAYS:
        by(way, monkeypatch)
    else:
        monkeypatch.setattr(derived, "_SMALL", -1)
        monkeypatch.setattr(derived, "_ENTERED", 10**9)
        monkeypatch.setattr(derivatives, "_OF_SAMPLES", 0 if way == "directions of the sum" else 10**9)
    second = (lambda y, a, b: a) if gradient == "reaches both" else None
    skew = autograd.primitive("skew", lambda a, b: a * b, lambda y, a, b: b * b, second)
    try:
        f, p, X = skewed(skew)[name], parameters(3), batch(4)
        expected = eagerly(f, p, X)
        program = autograd.compile(lambda x: f(p, x), example=([0.0] * 2,), parameters=p)
        assert not np.allclose(expected, expected.transpose(0, 2, 1), rtol=1e-3)
        assert np.allclose(program.hessian(X, reduction="none"), expected, rtol=ROUNDINGS, atol=ROUNDINGS)
        assert np.allclose(program.hessian(X), expected.mean(axis=0), rtol=ROUNDINGS, atol=ROUNDINGS)
        by_inputs = eagerly(f, p, X, 1)
        assert np.allclose(program.hessian(X, wrt="x", reduction="none"), by_inputs, rtol=ROUNDINGS, atol=ROUNDINGS)
        direction = np.array([1.0, -2.0, 0.5])
        products = expected @ direction
        for reduction, wanted in {"none": products, "mean": products.mean(axis=0), "sum": products.sum(axis=0)}.items():
            found = program.hvp((X,), direction, reduction=reduction)
            assert np.allclose(found, wanted, rtol=ROUNDINGS, atol=ROUNDINGS)
    finally:
        skew.remove()


@pytest.mark.parametrize("way", WAYS)
def test_a_function_without_second_derivatives_has_a_hessian_of_zeros(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    by(way, monkeypatch)
    p = parameters(3)
    for f in (
        lambda x: p[0] * x[0] + p[1] * 2 + p[2],
        lambda x: p[0] + 0 * x[0],
        lambda x: p[0].detach() * x[0],
        lambda x: x[0] ** 0,  # a number
        lambda x: p[0] ** 0 + x[1] // 1.0,
    ):
        program = autograd.compile(f, example=([0.0] * 2,), parameters=p)
        assert not program.hessian(batch(4)).any()
        assert program.hessian(batch(4), wrt="x").shape == (4, 2, 2)
        assert not program.hessian(batch(4), wrt="x").any()


@pytest.mark.parametrize("way", WAYS)
def test_entries_that_do_not_depend_on_anything_are_there(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """E = (w x + b)² / 2 has ∂²E/∂b² = 1, a number, which counts once for each sample."""
    by(way, monkeypatch)
    w, b = parameters(2)
    program = autograd.compile(lambda x: (w * x + b) ** 2 / 2 + 3 * b * b, example=0.0, parameters=[w, b])
    X = batch(9, 1)[:, 0]
    expected = np.array([[(X * X).sum(), X.sum()], [X.sum(), 7 * 9]])
    assert np.allclose(program.hessian(X, reduction="sum"), expected, rtol=ROUNDINGS)
    assert np.allclose(program.hessian(X), expected / 9, rtol=ROUNDINGS)
    assert np.allclose(program.hessian(X, reduction="none")[:, 1, 1], 7, rtol=ROUNDINGS)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_large_batch_runs_in_pieces_that_bound_the_memory(
    reduction: str, engine: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    by(way, monkeypatch)
    p = parameters(17)

    def compiled() -> Any:
        return autograd.compile(lambda x: network(p, x), example=([0.0] * 2,), engine=engine, parameters=p)

    X = batch(101)
    whole = compiled().hessian(X, reduction=reduction)
    monkeypatch.setattr(curvature, "_FEWEST", 4)
    monkeypatch.setattr(curvature, "_OF_PIECE", 2**10)
    monkeypatch.setattr(curvature, "_AT_ONCE", 2**8)
    program = compiled()
    pieces = program.hessian(X, reduction=reduction)
    assert np.allclose(pieces, whole, rtol=ROUNDINGS, atol=ROUNDINGS)
    ((made, _),) = program._derived._made.values()
    matrix = program._derived._matrices[derived.PARAMETERS]
    lanes = len(matrix.curvature.nodes) if way == "lanes" else 1
    assert list(made._executables) == [lanes * matrix.piece, lanes * (101 % matrix.piece)], "pieces, and what is left"
    assert matrix.piece * len(made._nodes) * lanes <= max(2**10, 4 * len(made._nodes) * lanes)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.filterwarnings("error")
def test_infinite_numbers_and_nan_stay_in_their_sample_without_a_warning(
    engine: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A neuron that is saturated by an infinite input has the slope 0, and 0 · ∞ is NaN."""
    by(way, monkeypatch)
    p = parameters(17)
    program = autograd.compile(lambda x, y: network(p, x) * y, example=([0.0] * 2, 0.0), engine=engine, parameters=p)
    X, Y = batch(5), batch(5, 1)[:, 0]
    expected = program.hessian(X, Y, reduction="none")
    X[1, 0], Y[1], Y[3] = np.inf, -np.inf, np.nan
    H = program.hessian(X, Y, reduction="none")
    assert np.allclose(H[[0, 2, 4]], expected[[0, 2, 4]], rtol=ROUNDINGS, atol=ROUNDINGS)
    assert not np.isfinite(H[[1, 3]]).all(axis=(1, 2)).any()
    assert np.isnan(program.hessian(X, Y)).any()


def test_a_take_and_dropout_have_hessians(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which row is chosen differs from sample to sample; the masks are those of the call."""
    by("products", monkeypatch)
    table = [[Value(x) for x in row] for row in np.random.default_rng(3).normal(size=(4, 2)).tolist()]
    drop = nn.Dropout(0.5, seed=1)

    def f(i: Any, x: Any) -> Any:
        return tanh(total([w * a for w, a in zip(take(table, i), drop(list(x)), strict=True)])) ** 2

    p = [w for row in table for w in row]
    program = autograd.compile(f, example=(0, [0.0] * 2), parameters=p)
    which, X = np.arange(17) % 4, batch(17)
    state = program.generator.bit_generator.state
    H = program.hessian(which, X, reduction="none")
    program.generator.bit_generator.state = state
    kept = 2 * (program.generator.random((17, 2)) >= 0.5)
    for i, h, a in zip(which, H, kept * X, strict=True):
        expected = np.zeros((4, 2, 4, 2))
        expected[i, :, i] = hessian(lambda w, a=a: tanh(w[0] * a[0] + w[1] * a[1]) ** 2)([w.data for w in table[i]])
        assert np.allclose(h, expected.reshape(8, 8), rtol=ROUNDINGS, atol=ROUNDINGS)


# ── what it costs ─────────────────────────────────────────────────────────────────────────────


def of_network(sizes: list[int], samples: int) -> tuple[Any, Any]:
    """A compiled network, and the program that its Hessian was computed by."""
    net = nn.MLP(sizes[0], sizes[1:], activation="tanh", seed=0)
    program = autograd.compile(
        lambda x, y: nn.half_squared_error(net(x), y), example=([0.0] * sizes[0], [0.0] * sizes[-1])
    )
    program.hessian(batch(samples, sizes[0]), batch(samples, sizes[-1]))
    ((made, _),) = program._derived._made.values()
    return program, made


def test_a_hessian_moves_the_neurons_and_not_the_weights() -> None:
    """One program, that goes through each sample once; wider inputs add no direction and no operation."""
    program, made = of_network([64, 16, 10], 32)
    matrix = program._derived._matrices[derived.PARAMETERS]
    assert isinstance(matrix, Products)
    assert len(matrix.curvature.nodes) == 26
    assert len(program.parameters) == 1210
    assert list(made._executables) == [32]
    directions = 26 * sum(op is not None for op in program._programs.scalars.op)
    assert made._programs.operations < 2 * directions
    _, narrow = of_network([32, 16, 10], 1)
    assert made._programs.operations == narrow._programs.operations


def test_parameters_of_sums_and_of_products_enter_with_their_factors() -> None:
    """Four parameters, three nodes: w x + b, of which the product is added to nothing else, v y, and c + x."""
    p = parameters(4)
    scalars = autograd.compile(
        lambda x, y: sin(p[0] * x + p[1]) * exp(p[2] * y) + tanh(p[3] + x), example=(0.0, 0.0), parameters=p
    )._programs.scalars
    places = entered(scalars, list(scalars.parameters), scalars.active)
    names = {place.node: scalars.op[place.node].name for place in places}
    assert list(names.values()) == ["add", "mul", "add"]
    assert places[0].node == places[1].node
    assert [scalars.inputs.get(place.factor) for place in places] == [(0, 0), None, (1, 0), None]


def test_what_does_not_depend_on_the_direction_is_computed_once() -> None:
    """σ″ of a neuron is one number for all directions, so there are as many exponentials as neurons."""
    _, made = of_network([8, 6, 5], 1)
    names = [op.name for op in made._programs.scalars.op if op is not None]
    assert names.count("tanh") == 6
    assert names.count("exp") == 6


def test_where_there_is_too_much_to_write_down_the_neurons_are_lanes_and_not_the_weights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 39 weights and biases, and 7 neurons. The program is no longer than that of a product with the Hessian."""
    monkeypatch.setattr(derived, "_TERMS", 10)
    monkeypatch.setattr(derived, "_SMALL", 0)
    program, made = of_network([5, 4, 3], 2)
    assert len(program.parameters) == 39
    assert list(made._executables) == [2 * 7]
    program.hvp((batch(2, 5), batch(2, 3)), np.ones((2, 39)), reduction="none")
    (product,) = [one for (kind, _), (one, _) in program._derived._made.items() if kind == "curvature"]
    assert made._programs.operations < product._programs.operations


def test_where_there_are_as_many_nodes_as_parameters_these_are_the_lanes() -> None:
    p = parameters(40)  # each enters twice
    program = autograd.compile(lambda x: total([sin(w * x) * w for w in p]) ** 2, example=0.0, parameters=p)
    program.hessian(batch(3, 1)[:, 0])
    assert program._derived._matrices == {derived.PARAMETERS: None}
    ((made, _),) = program._derived._made.values()
    assert list(made._executables) == [3 * 40]
