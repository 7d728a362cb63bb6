"""A compiled program gives the value and the gradient that the eager engine gives, on whatever graph."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest
from fuzz.programs import programs
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import autograd
import nn
from autograd import Value
from autograd.compiler.engines import ENGINES
from autograd.primitives import table

TOLERANCE = 1e-12
"""Of the greatest component: sums are taken in another order, so a component that is a difference of
great terms carries their rounding, about 1e-16 each and a few hundred of them."""

Program = Any


def eager(f: Any, parameters: list[Value], *batch: Any) -> tuple[float, np.ndarray]:
    """The mean over a batch and its gradient, sample by sample."""
    for parameter in parameters:
        parameter.grad = 0.0
    mean = 0.0
    for sample in zip(*[np.asarray(x).tolist() for x in batch], strict=True):
        loss = f(*sample)
        loss.backward(1 / len(batch[0]))
        mean += loss.data / len(batch[0])
    return mean, np.array([p.grad for p in parameters])


def strays(f: Any, parameters: list[Value], *batch: Any) -> tuple[float, np.ndarray]:
    """How far value and gradient can at worst be from the true ones by the roundings of floats.

    The widths of the intervals in which `enclose` proves the true ones to lie, with 15 digits: where a sum cancels, a
    derivative is great or a comparison is a near tie, they are wide.
    """
    value, gradient = 0.0, np.zeros(len(parameters))
    samples = list(zip(*[np.asarray(x).tolist() for x in batch], strict=True))
    for sample in samples:
        proved = autograd.enclose(f(*sample), wrt=parameters, digits=15)
        value += (proved.value.high - proved.value.low) / len(samples)
        gradient += [(slope.high - slope.low) / len(samples) for slope in proved.derivative]
    return value, gradient


def assert_agrees(f: Any, example: tuple[Any, ...], *batch: Any, engine: str = "auto") -> Program:
    """That value and gradient agree to 1e-12, or both are within what roundings can do to them.

    Four times that: each of the two may stray to a side, and NumPy's functions are within two last digits, not one.
    """
    program = autograd.compile(f, example=example, engine=engine)
    if not program.parameters:  # it has no gradient by them
        value, _ = program.value_and_grad(*batch, wrt="inputs")
        assert value == pytest.approx(eager(f, [], *batch)[0], rel=TOLERANCE, nan_ok=True)
        return program
    value, gradient = program.value_and_grad(*batch)
    expected, slope = eager(f, program.parameters, *batch)
    off, off_slope = abs(value - expected), np.abs(gradient - slope)
    allowed, allowed_slope = TOLERANCE * abs(expected), TOLERANCE * np.abs(slope).max(initial=1e-300)
    if not (off <= allowed and (off_slope <= allowed_slope).all()):
        by_rounding, by_rounding_slope = strays(f, program.parameters, *batch)
        assert off <= allowed + 4 * by_rounding
        assert (off_slope <= allowed_slope + 4 * by_rounding_slope).all()
    assert np.array_equal(program.value_and_grad(*batch)[1], gradient)  # the buffers are clean the second time
    return program


@settings(max_examples=1200, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), st.booleans())
def test_random_programs_over_every_primitive(drawn: Any, first: bool) -> None:
    inputs, parameters = drawn.leaves[first::2], [Value(x) for x in drawn.leaves[not first :: 2]]
    if not inputs:
        return

    def f(x: Any) -> Any:
        mixed: list[Any] = [None] * len(drawn.leaves)
        mixed[first::2] = [v if isinstance(v, Value) else Value(v) for v in x]
        mixed[not first :: 2] = parameters
        return drawn.run(mixed)

    try:
        f(inputs).backward()
    except (ArithmeticError, ValueError):  # no derivative there (√x at 0): the compiled program follows IEEE instead
        return
    assert_agrees(f, (list(inputs),), [inputs, inputs])


UNARY = [n for n, op in table.items() if not op.nary and len(op.derivatives) - len(op.defaults) == 1]


def tame(name: str, x: Any) -> Any:
    """An argument in the domain of a function, whatever x is."""
    if name in ("log", "log2", "log10", "sqrt", "cbrt", "log1p"):
        return x * x + 0.5
    if name in ("asin", "acos"):
        return autograd.tanh(x) * 0.9
    return autograd.tanh(x) if name in ("exp", "expm1", "exp2", "sinh", "cosh", "tan") else x


def random_function(choose: random.Random, inputs: int, parameters: list[Value], steps: int) -> Any:
    """A function whose results stay between -2 and 2, so that it is well conditioned however deep it is."""
    recipe: list[Any] = []
    n = inputs + len(parameters)
    for _ in range(steps):
        near = choose.choice([4, 16, 1000])
        picks = [choose.randrange(max(0, n - near), n) for _ in range(11)]
        recipe.append((choose.choice(STEPS), choose.choice(UNARY), choose.randrange(1, 6), picks))
        n += 1

    def f(x: Any) -> Any:
        values = [*(v if isinstance(v, Value) else Value(v) for v in x), *parameters]
        for step, name, length, picks in recipe:
            values.append(2 * autograd.tanh(step([values[i] for i in picks], name, length)))
        return sum(values[-4:]) + 0.5 * values[-1]

    return f


STEPS = [
    lambda v, name, n: table[name](tame(name, v[0])),
    lambda v, name, n: table[name](tame(name, v[0])),
    lambda v, name, n: v[0] + v[1],
    lambda v, name, n: v[0] - v[1],
    lambda v, name, n: v[0] * v[1],
    lambda v, name, n: v[0] / (v[1] * v[1] + 0.5),
    lambda v, name, n: autograd.maximum(v[0], v[1]),
    lambda v, name, n: autograd.minimum(v[0], v[1]),
    lambda v, name, n: autograd.where(v[0] > 0.1, v[1], v[2]),
    lambda v, name, n: autograd.where(v[0] <= v[1], v[1], v[2]),
    lambda v, name, n: (v[0] ** 2 + 0.5) ** [2, 3, -1, 0.5, 1, 0, 1.7, -1.5, 4][len(name) % 9],
    lambda v, name, n: (autograd.tanh(v[0]) + 1.5) ** autograd.tanh(v[1]),
    lambda v, name, n: 2.5 - v[0],
    lambda v, name, n: -3 * v[0],
    lambda v, name, n: autograd.leaky_relu(v[0], v[1]),
    lambda v, name, n: autograd.elu(v[0], v[1]),
    lambda v, name, n: autograd.dot(v[:n], v[n : 2 * n], v[10]),
    lambda v, name, n: autograd.total(v[:n]),
    lambda v, name, n: autograd.logsumexp(v[:n]),
    lambda v, name, n: sum(a * b for a, b in zip(v[:n], v[5 : 5 + n], strict=True)),
    lambda v, name, n: sum(v[:n]) + v[10],
]


@settings(max_examples=800, deadline=None, suppress_health_check=list(HealthCheck))
@example(seed=19713, inputs=2, parameters=4, steps=31, batch=2)  # its derivatives may stray by their own size
@example(seed=1158, inputs=3, parameters=2, steps=14, batch=1)  # a δ lay where more was added before its last use
@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 5), st.integers(1, 50), st.sampled_from([1, 2, 5]))
def test_random_deep_functions_that_share_results(
    seed: int, inputs: int, parameters: int, steps: int, batch: int
) -> None:
    choose = random.Random(seed)
    f = random_function(choose, inputs, [Value(choose.uniform(-2, 2)) for _ in range(parameters)], steps)
    X = np.array([[choose.uniform(-2, 2) for _ in range(inputs)] for _ in range(batch)])
    assert_agrees(f, (X[0].tolist(),), X)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@example(seed=10499595, steps=8, batch=20)  # an adjoint that is one number was given one a sample
@given(st.integers(0, 2**32), st.integers(1, 50), st.sampled_from([1, 2, 20]))
def test_node_by_node_gives_the_same(seed: int, steps: int, batch: int) -> None:
    """A tape, which narrow and deep graphs get, on floats (few samples) and on arrays (many)."""
    choose = random.Random(seed)
    f = random_function(choose, 2, [Value(choose.uniform(-2, 2)) for _ in range(3)], steps)
    X = np.array([[choose.uniform(-2, 2) for _ in range(2)] for _ in range(batch)])
    program = assert_agrees(f, (X[0].tolist(),), X, engine="nodes")
    outputs = program(X)
    assert outputs.mean() == pytest.approx(program.value_and_grad(X)[0], rel=1e-12)


def test_a_narrow_and_deep_graph_is_run_node_by_node_and_follows_ieee(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(ENGINES, "native")
    w = Value(0.5)

    def f(x: Any) -> Any:
        for _ in range(1000):
            x = (x * w).sin() + w
        return x / (w - 0.5)

    program = autograd.compile(f, example=(1.0,))
    assert "Run by nodes up to" in str(program)
    assert program.value_and_grad([1.0])[0] == math.inf  # where the eager engine raises
    program.vector[:] = 0.75
    w.data = 0.75
    value, gradient = program.value_and_grad([1.0, 2.0])
    expected, slope = eager(f, [w], [1.0, 2.0])
    assert (value, gradient) == (pytest.approx(expected, rel=1e-12), pytest.approx(slope, rel=1e-12))


LOSSES = {
    "half_squared_error": nn.half_squared_error,
    "mse_loss": nn.mse_loss,
    "l1_loss": nn.l1_loss,
    "cross_entropy": nn.cross_entropy,
    "binary_cross_entropy_with_logits": nn.binary_cross_entropy_with_logits,
    "binary_cross_entropy": lambda z, y: nn.binary_cross_entropy([v.sigmoid() for v in z], y),
    "hinge_loss": nn.hinge_loss,
}


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 9),
    st.lists(st.integers(2, 9), min_size=1, max_size=4),
    st.sampled_from(["relu", "tanh", "sigmoid", "gelu", "softplus", "elu", "linear"]),
    st.sampled_from(sorted(LOSSES)),
    st.sampled_from([1, 2, 3, 7]),
    st.integers(0, 2**32),
)
def test_networks_of_any_shape(nin: int, nouts: list[int], activation: str, loss: str, batch: int, seed: int) -> None:
    model = nn.MLP(nin, nouts, activation=activation, seed=seed)
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(batch, nin)), rng.choice([-1.0, 1.0], size=(batch, nouts[-1]))
    if "entropy" in loss:
        Y = (Y + 1) / 2

    def f(x: Any, y: Any) -> Any:
        return LOSSES[loss](model(x), y) + 0.01 * sum(p * p for p in model.parameters())

    program = assert_agrees(f, (X[0], Y[0]), X, Y)
    assert set(program.parameters) == set(model.parameters())


def test_code_in_the_style_of_micrograd_compiles_to_the_same_program_as_nn() -> None:
    model = nn.MLP(5, [4, 3], activation="tanh", seed=0)

    def by_hand(x: Any) -> Any:
        for layer in model.layers:
            x = [sum(wi * xi for wi, xi in zip(n.w, x, strict=True)) + n.b for n in layer.neurons]
            if layer is not model.layers[-1]:
                x = [z.tanh() for z in x]
        return sum(z * z for z in x)

    written = autograd.compile(by_hand, example=([0.0] * 5,))
    built = autograd.compile(lambda x: sum(z * z for z in model(x)), example=([0.0] * 5,))
    assert str(written) == str(built)
    X = np.random.default_rng(0).normal(size=(3, 5))
    assert np.array_equal(written.value_and_grad(X)[1], built.value_and_grad(X)[1])


def test_a_batch_is_the_mean_of_its_samples() -> None:
    model = nn.MLP(6, [5, 4], activation="sigmoid", seed=1)
    program = autograd.compile(lambda x, y: nn.half_squared_error(model(x), y), example=([0.0] * 6, [0.0] * 4))
    rng = np.random.default_rng(2)
    X, Y = rng.normal(size=(9, 6)), rng.normal(size=(9, 4))
    value, gradient = program.value_and_grad(X, Y)
    singles = [program.value_and_grad(X[i : i + 1], Y[i : i + 1]) for i in range(9)]
    assert value == pytest.approx(np.mean([v for v, _ in singles]), rel=1e-14)
    assert gradient == pytest.approx(np.mean([g for _, g in singles], axis=0), rel=1e-12, abs=1e-16)


def test_outputs_are_those_of_the_function() -> None:
    model = nn.MLP(3, [4, 2], seed=0)
    X = np.random.default_rng(0).normal(size=(5, 3))
    outputs = autograd.compile(lambda x: model(x), example=(X[0],))(X)
    assert outputs == pytest.approx(np.array([[y.data for y in model(x)] for x in X.tolist()]), rel=1e-14)
    pair = autograd.compile(lambda x: (model(x), model(x)[0] * 2), example=(X[0],))(X)
    assert pair[0].shape == (5, 2)
    assert np.array_equal(pair[1], 2 * pair[0][:, 0])


def test_terms_that_lie_across_the_rows_they_are_owed_to() -> None:
    """∂E/∂(x as a matrix) is a transposed matrix of parameters, which cannot be seen as one vector where it lies."""
    W = [[Value(1.0 + 3 * i + j) for j in range(3)] for i in range(4)]

    def f(x: Any) -> Any:
        z = [[autograd.tanh(x[i] + 0.1 * j) for i in range(4)] for j in range(3)]  # three rows of four
        decay = sum(sum(w * w for w in row) for row in W)
        return sum(z[j][i] * W[i][j] for i in range(4) for j in range(3)) + 0.1 * decay

    X = np.random.default_rng(0).normal(size=(3, 4))
    program = assert_agrees(f, (X[0],), X)
    for factor in (2.0, -0.5):  # the second call must not see what the first one copied
        program.vector *= factor
        for p, x in zip(program.parameters, program.vector.tolist(), strict=True):
            p.data = x
        value, gradient = program.value_and_grad(factor * X)
        expected, slope = eager(f, program.parameters, factor * X)
        assert (value, gradient) == (pytest.approx(expected, rel=1e-12), pytest.approx(slope, rel=1e-12))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@example(seed=411, steps=10)  # without parameters
@given(seed=st.integers(0, 2**32), steps=st.integers(1, 40))
def test_a_program_keeps_nothing_of_an_earlier_call(seed: int, steps: int) -> None:
    choose = random.Random(seed)
    parameters = [Value(choose.uniform(-2, 2)) for _ in range(4)]
    f = random_function(choose, 3, parameters, steps)
    X = np.array([[choose.uniform(-2, 2) for _ in range(3)] for _ in range(4)])
    program = autograd.compile(f, example=(X[0].tolist(),))
    by = "parameters" if program.parameters else "inputs"  # what is drawn may use no parameter
    program.value_and_grad(X, wrt=by)
    program.vector[:] = program.vector[::-1].copy() * 0.9
    again = program.value_and_grad(-X, wrt=by)
    program.write_back()
    fresh = autograd.compile(f, example=(X[0].tolist(),)).value_and_grad(-X, wrt=by)
    assert again[0] == fresh[0]
    assert np.array_equal(again[1], fresh[1])
