"""Gradients by inputs and of each sample, Jacobians, products with them and Hessians of compiled programs.

They are compared with the eager engine's derivatives of the very function, sample by sample, and those by parameters
with central differences of what a call gives. No formula is shared: the program differentiates its own normal form.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Value, exp, grad, hessian, jacobian, no_grad, sigmoid, sin, take, tanh, where
from autograd.compiler import derivatives, derived
from autograd.compiler.derived import colours
from autograd.compiler.engines import ENGINES

ROUNDINGS = 1e-12
"""Sums are taken in another order."""

net = nn.MLP(3, [4, 2], activation="tanh", seed=0)
table = [[Value(x) for x in row] for row in np.random.default_rng(3).normal(size=(4, 3)).tolist()]
slope = Value(0.7)


def mlp(x: Any, y: Any) -> Any:
    return nn.half_squared_error(net(x), y)


def stopped(x: Any) -> Any:
    return x.detach() if isinstance(x, Value) else x


def pieces(x: Any, y: Any) -> Any:
    """Conditions, a stop-gradient, and what depends on parameters alone."""
    kept = where(x[0] > x[1], slope * x[2], exp(-x[1])) + stopped(sigmoid(y[0])) * x[0]
    return kept**2 + slope**2 * y[1] ** 3


def straight(x: Any, y: Any) -> Any:
    """Its second derivatives are 0, and nothing depends on y[1]."""
    return slope * x[0] + 2 * x[1] - y[0]


FUNCTIONS = {"mlp": mlp, "pieces": pieces, "straight": straight}
EXAMPLE: Any = ([0.0] * 3, [0.0] * 2)
ALL = [(name, engine, samples) for name in FUNCTIONS for engine in ENGINES for samples in (1, 17)]


def batch(samples: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(samples)
    return rng.normal(size=(samples, 3)), rng.normal(size=(samples, 2))


def eagerly(derivative: Callable[..., Any], *arrays: np.ndarray) -> np.ndarray:
    """Of each sample."""
    with no_grad():
        found = [derivative(*sample) for sample in zip(*arrays, strict=True)]
    return np.array([y.data if isinstance(y, Value) else y for y in found])


def by_parameters(program: Any, value: Callable[[], Any], h: float = 1e-5) -> np.ndarray:
    """Central differences, along a last axis."""
    start, columns = program.vector.copy(), []
    for i in range(len(start)):
        up_and_down = []
        for step in (h, -h):
            program.vector[i] = start[i] + step
            up_and_down.append(value())
        program.vector[:] = start
        columns.append((up_and_down[0] - up_and_down[1]) / (2 * h))
    return np.stack(columns, axis=-1)


@pytest.mark.parametrize(("name", "engine", "samples"), ALL)
def test_gradients_of_each_sample_by_inputs_and_parameters(name: str, engine: str, samples: int) -> None:
    f = FUNCTIONS[name]
    program = autograd.compile(f, example=EXAMPLE, engine=engine)
    X, Y = batch(samples)
    values, (by_x, by_y) = program.value_and_grad(X, Y, wrt="inputs", reduction="none")
    assert np.allclose(values, eagerly(f, X, Y), rtol=ROUNDINGS)
    assert np.allclose(by_x, eagerly(grad(f), X, Y), rtol=ROUNDINGS, atol=ROUNDINGS)
    assert np.allclose(by_y, eagerly(grad(f, 1), X, Y), rtol=ROUNDINGS, atol=ROUNDINGS)
    values, of_each = program.value_and_grad(X, Y, reduction="none")
    # Differences are wrong by h² times a third derivative, and 1e-16 / h
    assert np.allclose(of_each, by_parameters(program, lambda: program(X, Y)), rtol=1e-7, atol=1e-8)
    mean, gradient = program.value_and_grad(X, Y)
    assert np.allclose(values.mean(), mean, rtol=ROUNDINGS)
    assert np.allclose(of_each.mean(axis=0), gradient, rtol=ROUNDINGS, atol=ROUNDINGS)


@pytest.mark.parametrize("engine", ENGINES)
def test_sums_are_means_times_samples_and_the_mean_of_inputs_is_shared_among_them(engine: str) -> None:
    program = autograd.compile(mlp, example=EXAMPLE, engine=engine)
    X, Y = batch(17)
    mean, gradient = program.value_and_grad(X, Y)
    _, of_x = program.value_and_grad(X, Y, wrt="x", reduction="none")
    total, (by_parameters, by_x) = program.value_and_grad(X, Y, wrt=("parameters", "x"), reduction="sum")
    assert total == pytest.approx(17 * mean, rel=1e-15)
    assert np.allclose(by_parameters, 17 * gradient, rtol=1e-15)
    assert np.array_equal(by_x, of_x)  # each by its own input
    assert np.array_equal(program.value_and_grad(X, Y, reduction="sum")[1], by_parameters)
    again, (by_x, by_parameters) = program.value_and_grad(X, Y, wrt=("x", "parameters"))
    assert again == mean
    assert np.array_equal(by_parameters, gradient)
    assert np.allclose(by_x, of_x / 17, rtol=1e-15)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_not_asked_for_is_as_before_to_the_last_bit(engine: str) -> None:
    program, other = (autograd.compile(mlp, example=EXAMPLE, engine=engine) for _ in range(2))
    X, Y = batch(17)
    program.value_and_grad(X, Y, wrt="inputs")
    program.hessian(X, Y)
    (value, gradient), (expected, slopes) = program.value_and_grad(X, Y), other.value_and_grad(X, Y)
    assert value == expected
    assert np.array_equal(gradient, slopes)


def several(x: Any) -> Any:
    return [[tanh(a * w) for a, w in zip(x, row, strict=True)] for row in table] + [[sin(x[0]), x[1] * slope, 1.0]]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("samples", [1, 17])
def test_jacobians_by_inputs_and_by_parameters_dense_and_sparse(engine: str, samples: int) -> None:
    program = autograd.compile(several, example=([0.0] * 3,), engine=engine)
    (X, _), n = batch(samples), len(program.parameters)
    dense = program.jacobian(X, wrt="x")
    assert dense.shape == (samples, 5, 3, 3)
    assert np.allclose(dense, eagerly(jacobian(several), X), rtol=ROUNDINGS, atol=ROUNDINGS)
    (same,) = program.jacobian(X)
    assert np.array_equal(same, dense)
    block = program.jacobian(X, sparse=True)
    assert block.shape == (15 * samples, 3 * samples)
    for i in range(samples):
        assert np.array_equal(block.toarray()[15 * i : 15 * i + 15, 3 * i : 3 * i + 3], dense[i].reshape(15, 3))
    assert block.nnz == 14 * samples  # one for each tanh, sin and product
    by_parameters_ = program.jacobian(X, wrt="parameters")
    assert by_parameters_.shape == (samples, 5, 3, n)
    assert np.allclose(by_parameters_, by_parameters(program, lambda: program(X)), rtol=1e-7, atol=1e-8)
    sparse = program.jacobian(X, wrt="parameters", sparse=True)
    assert np.array_equal(sparse.toarray(), by_parameters_.reshape(15 * samples, n))
    assert sparse.nnz == 13 * samples


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("samples", [1, 17])
def test_products_with_the_jacobian_are_those_with_its_matrix(engine: str, samples: int) -> None:
    program = autograd.compile(several, example=([0.0] * 3,), engine=engine)
    (X, _), rng = batch(samples), np.random.default_rng(5)
    J, P = program.jacobian(X, wrt="x"), program.jacobian(X, wrt="parameters")
    t, v, u = rng.normal(size=X.shape), rng.normal(size=P.shape[-1]), rng.normal(size=J.shape[:-1])
    values, along = program.jvp((X,), (t,))
    assert np.allclose(values, program(X), rtol=ROUNDINGS)
    assert np.allclose(along, np.einsum("sijk,sk->sij", J, t), rtol=ROUNDINGS, atol=ROUNDINGS)
    assert np.allclose(program.jvp((X,), v, wrt="parameters")[1], P @ v, rtol=ROUNDINGS, atol=ROUNDINGS)
    values, (back,) = program.vjp((X,), u)
    assert np.allclose(values, program(X), rtol=ROUNDINGS)
    assert np.allclose(back, np.einsum("sijk,sij->sk", J, u), rtol=ROUNDINGS, atol=ROUNDINGS)
    by_parameters_ = program.vjp((X,), u, wrt="parameters")[1]
    assert np.allclose(by_parameters_, np.einsum("sijk,sij->k", P, u), rtol=ROUNDINGS, atol=ROUNDINGS)


@pytest.mark.parametrize(
    ("of_samples", "terms", "entered"),
    [(0, -1, 10**9), (2**20, -1, 10**9), (0, -1, 2), (0, 2**13, 2)],
    ids=["direction by direction", "as lanes", "nodes as lanes", "in one program"],
)
@pytest.mark.parametrize(("name", "engine", "samples"), ALL)
def test_hessians_and_products_with_them(
    name: str,
    engine: str,
    samples: int,
    of_samples: int,
    terms: int,
    entered: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(derivatives, "_OF_SAMPLES", of_samples)
    monkeypatch.setattr(derived, "_TERMS", terms)
    monkeypatch.setattr(derived, "_ENTERED", entered)
    f = FUNCTIONS[name]
    program = autograd.compile(f, example=EXAMPLE, engine=engine)
    (X, Y), rng = batch(samples), np.random.default_rng(5)
    H = program.hessian(X, Y)
    expected = by_parameters(program, lambda: program.value_and_grad(X, Y)[1])
    assert np.allclose(H, expected, rtol=1e-7, atol=1e-8)
    v = rng.normal(size=len(H))
    assert np.allclose(program.hvp((X, Y), v), H @ v, rtol=ROUNDINGS, atol=ROUNDINGS)
    assert np.allclose(program.hessian(X, Y, reduction="none").sum(axis=0), samples * H, rtol=ROUNDINGS, atol=ROUNDINGS)
    of_each = program.hessian(X, Y, wrt="x", reduction="none")
    assert np.allclose(of_each, eagerly(hessian(f), X, Y), rtol=ROUNDINGS, atol=ROUNDINGS)
    by_x = program.hvp((X, Y), X, wrt="x", reduction="none")
    assert np.allclose(by_x, np.einsum("sij,sj->si", of_each, X), rtol=ROUNDINGS, atol=ROUNDINGS)


@pytest.mark.parametrize("engine", [name for name in ENGINES if name != "nodes"])
def test_what_a_take_chooses_gets_the_gradient_and_an_index_none(engine: str) -> None:
    def f(i: Any, x: Any) -> Any:
        row = take(table, i)
        return sum(tanh(w * a) for w, a in zip(row, x, strict=True))

    program = autograd.compile(f, example=(0, [0.0] * 3), engine=engine)
    which, (X, _) = np.array([0, 3, 1, 3, 2]), batch(5)
    _, (by_index, by_x) = program.value_and_grad(which, X, wrt="inputs", reduction="none")
    assert not by_index.any()
    with no_grad():
        rows = [grad(lambda x, i=i: f(int(i), x))(x) for i, x in zip(which, X, strict=True)]  # type: ignore[misc]
    assert np.allclose(by_x, rows, rtol=ROUNDINGS)
    of_each = program.value_and_grad(which, X, reduction="none")[1]
    assert np.allclose(of_each, by_parameters(program, lambda: program(which, X)), rtol=1e-7, atol=1e-8)
    assert (np.count_nonzero(of_each, axis=1) == 3).all()
    assert program.sparsity("parameters").nnz == 12  # which row is chosen is not known before


def test_dropout_draws_the_same_for_values_and_all_their_derivatives() -> None:
    drop = nn.Dropout(0.5, seed=1)
    program = autograd.compile(lambda x: sum(drop(list(x))) * slope, example=([0.0] * 3,))
    X, _ = batch(17)
    values, by_x = program.value_and_grad(X, wrt="x", reduction="none")
    assert np.allclose(values, (by_x * X).sum(axis=1), rtol=ROUNDINGS)  # it is linear, with another mask a sample
    assert len(np.unique(by_x)) == 2
    total, (of_parameters, by_x) = program.value_and_grad(X, wrt=("parameters", "x"), reduction="sum")
    assert total == pytest.approx((by_x * X).sum(), rel=ROUNDINGS)
    assert of_parameters[0] * slope.data == pytest.approx(total, rel=ROUNDINGS)


def test_derivatives_follow_the_vector_and_copies_have_their_own() -> None:
    program = autograd.compile(mlp, example=EXAMPLE)
    X, Y = batch(5)
    before = program.value_and_grad(X, Y, reduction="none")[1]
    for other in (copy.copy(program), copy.deepcopy(program), pickle.loads(pickle.dumps(program))):
        other.vector = other.vector * 2
        assert not np.allclose(other.value_and_grad(X, Y, reduction="none")[1], before)
        assert np.array_equal(program.value_and_grad(X, Y, reduction="none")[1], before)
        program.vector[:] *= 2
        assert np.array_equal(program.hessian(X, Y), other.hessian(X, Y))
        program.vector[:] /= 2


# ── sparsity ──────────────────────────────────────────────────────────────────────────────────


def chain(x: Any) -> Any:
    return [sin(x[i]) * x[i + 1] - x[max(i - 1, 0)] ** 2 for i in range(len(x) - 1)]


def test_the_pattern_of_a_chain_is_its_diagonals_and_few_lanes_are_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derived, "_FEW", 0)
    n = 200
    program = autograd.compile(chain, example=([0.0] * n,))
    pattern = program.sparsity()
    assert pattern.shape == (n - 1, n)
    rows, columns = pattern.nonzero()
    assert set((columns - rows).tolist()) == {-1, 0, 1}
    assert colours(rows, columns, n).max() == 2  # three diagonals
    X = np.random.default_rng(0).normal(size=(2, n))
    dense = np.stack([program.jacobian(X[i : i + 1], wrt="x")[0] for i in range(2)])
    assert np.allclose(dense, eagerly(jacobian(chain), X), rtol=ROUNDINGS, atol=ROUNDINGS)
    lanes = [size for made, _ in program._derived._made.values() for size in made._executables]
    assert lanes == [3]


@pytest.mark.parametrize("few", [0, 4])
def test_a_row_that_is_full_is_walked_back(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrow-shaped: one result of all inputs would need a lane for each of them forwards."""
    monkeypatch.setattr(derived, "_FEW", few)
    n = 50
    program = autograd.compile(lambda x: [sum(a * a for a in x), sin(x[0])], example=([0.0] * n,))
    X = np.random.default_rng(0).normal(size=(3, n))
    J = program.jacobian(X, wrt="x")
    assert np.allclose(J[:, 0], 2 * X, rtol=ROUNDINGS)
    assert np.allclose(J[:, 1, 0], np.cos(X[:, 0]), rtol=ROUNDINGS)
    ((kind, *_), (made, _)), *others = program._derived._made.items()
    assert (kind, others) == ("entries" if few else "cotangent", [])
    assert few == 0 or len(made._programs.scalars) < 5 * n, "two walks back, not one for each input"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("wrt", ["x", "parameters", ("x", "parameters")])
@pytest.mark.parametrize("name", ["few columns", "few rows", "straight", "constant"])
def test_few_directions_are_one_program_and_give_what_lanes_give(
    name: str, wrt: Any, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entries that no input has a part in, and that are plain numbers, are there too."""
    w = [Value(0.3), Value(-0.8), Value(1.1)]
    functions: dict[str, Callable[[Any], Any]] = {
        "few columns": lambda x: [[sin(x[0] * (k + 1)) * w[0], w[1] * x[1] ** 2] for k in range(7)],
        "few rows": lambda x: [autograd.total([w[i] * exp(x[j]) for i in range(3) for j in range(3)]), w[2] * x[1]],
        "straight": lambda x: [x[i] - x[2] + w[i] for i in range(2)],
        "constant": lambda x: [3.0, w[0] * x[0], x[1].detach() * w[1]],
    }
    program = autograd.compile(functions[name], example=([0.0] * 3,), engine=engine)
    X = batch(5)[0]
    found = program.jacobian(X, wrt=wrt)
    kinds = {kind for kind, *_ in program._derived._made}
    monkeypatch.setattr(derived, "_FEW", 0)
    expected = program.jacobian(X, wrt=wrt)
    assert kinds <= {"entries"}
    for mine, other in zip(*[x if isinstance(x, tuple) else (x,) for x in (found, expected)], strict=True):
        assert np.allclose(mine, other, rtol=ROUNDINGS, atol=1e-15)


@pytest.mark.parametrize("seed", range(20))
def test_columns_of_one_colour_share_no_row(seed: int) -> None:
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 30, 2)
    matrix = rng.random((height, width)) < rng.choice([0.05, 0.3, 0.9])
    rows, columns = np.nonzero(matrix)
    colour = colours(rows, columns, width)
    for shade in range(colour.max() + 1):
        assert (matrix[:, colour == shade].sum(axis=1) <= 1).all()
    degrees = [np.count_nonzero(matrix[matrix[:, j]].any(axis=0)) for j in range(width)]
    assert colour.max() < max([1, *degrees])  # greedy colouring: no more than the most neighbours, and itself


def test_the_hessian_of_a_sum_takes_no_memory_for_each_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the gradient of one direction at a time, whatever the number of samples; with masks that are drawn, too.

    That is where it is not computed by one program, which has pieces of bounded size.
    """
    monkeypatch.setattr(derived, "_TERMS", -1)
    monkeypatch.setattr(derived, "_ENTERED", 10**9)
    model = nn.MLP(6, [12, 3], activation="tanh", seed=0)
    dropout = nn.Dropout(0.3, seed=1)
    program = autograd.compile(
        lambda x, y: nn.mse_loss(dropout(model(x)), y), example=([0.0] * 6, [0.0] * 3), engine="numpy"
    )
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(300, 6)), rng.normal(size=(300, 3))
    state = program.generator.bit_generator.state
    H = program.hessian(X, Y, reduction="sum")
    assert not program._derived._made, "nothing ran as lanes"
    program.generator.bit_generator.state = state
    assert np.allclose(H, program.hessian(X, Y, reduction="none").sum(axis=0), rtol=ROUNDINGS, atol=1e-11)
    assert np.allclose(H, H.T, atol=1e-11)


def test_many_lanes_run_in_pieces_and_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    program = autograd.compile(mlp, example=EXAMPLE)
    X, Y = batch(5)
    monkeypatch.setattr(derived, "_TERMS", -1)
    monkeypatch.setattr(derived, "_ENTERED", 10**9)
    whole = program.hessian(X, Y)
    monkeypatch.setattr(derived, "_LANES", 2**14)
    pieces = program.hessian(X, Y)
    assert np.allclose(pieces, whole, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("wrt", ["parameters", "x", "inputs", ("y", "parameters")])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("chunk", [1, 5, np.int64(5), 17, 100])
def test_a_batch_in_chunks_gives_the_same_and_holds_no_more_than_a_chunk(wrt: Any, reduction: str, chunk: int) -> None:
    program = autograd.compile(mlp, example=EXAMPLE)
    X, Y = batch(17)
    value, slopes = program.value_and_grad(X, Y, wrt=wrt, reduction=reduction, chunk=chunk)
    made = [program, *[one for one, _ in (program._derived._made.values() if program._derived else ())]]
    assert max([size for one in made for size in one._executables]) <= chunk
    expected, whole = program.value_and_grad(X, Y, wrt=wrt, reduction=reduction)
    assert np.allclose(value, expected, rtol=1e-14)
    for mine, other in zip(*[x if isinstance(x, tuple) else (x,) for x in (slopes, whole)], strict=True):
        assert np.allclose(mine, other, rtol=1e-13, atol=1e-15)  # sums in another order


# ── what is refused ───────────────────────────────────────────────────────────────────────────


def test_what_does_not_make_sense_is_refused_and_says_what_would() -> None:
    scalar = autograd.compile(mlp, example=EXAMPLE)
    lists = autograd.compile(lambda x: [[x[0]], [x[1], x[2]]], example=([0.0] * 3,))
    entries = autograd.compile(lambda d: d["a"][0] * d["a"][1] * slope, example={"a": [0.0, 0.0]})
    X, Y = batch(4)
    for error, match, call in [
        (ValueError, "wrt names 'z', and there are", lambda: scalar.value_and_grad(X, Y, wrt="z")),
        (ValueError, "names an argument twice", lambda: scalar.value_and_grad(X, Y, wrt=("x", "x"))),
        (TypeError, 'wrt is "parameters", "inputs"', lambda: scalar.value_and_grad(X, Y, wrt=0)),
        (ValueError, "reduction is one of 'mean', 'sum', 'none', not 'max'",
         lambda: scalar.value_and_grad(X, Y, reduction="max")),
        (ValueError, "chunk is a positive number", lambda: scalar.value_and_grad(X, Y, chunk=0)),
        (ValueError, r"different numbers of samples: \[4, 3\]", lambda: scalar.value_and_grad(X, Y[:3], chunk=3)),
        (ValueError, r"different numbers of samples: \[4, 2\]", lambda: scalar.value_and_grad(X, Y[:2], chunk=2)),
        (ValueError, "reduction is one of", lambda: scalar.hessian(X, Y, reduction="max")),
        (TypeError, "one Value; this one returned lists. Try jacobian", lambda: lists.value_and_grad(X, wrt="x")),
        (TypeError, "one Value; this one returned lists. Try jacobian", lambda: lists.hessian(X, wrt="x")),
        (TypeError, "has no parameters", lambda: lists.jacobian(X, wrt="parameters")),
        (TypeError, "lists of equal lengths; of anything else with sparse=True", lambda: lists.jacobian(X)),
        (TypeError, "two matrices", lambda: scalar.jacobian(X, Y, wrt=("parameters", "x"), sparse=True)),
        (TypeError, "by the parameters or by one argument", lambda: scalar.hessian(X, Y, wrt=("x", "y"))),  # type: ignore[arg-type]
        (TypeError, "that is a number or an array, not by 'd'", lambda: entries.hessian({"a": Y}, wrt="d")),
        (ValueError, r"has shape \(26,\), or \(4, 26\), not", lambda: scalar.hvp((X, Y), [1.0])),
        (TypeError, "the direction is a tuple of 2, not ndarray", lambda: scalar.jvp((X, Y), X)),
        (ValueError, r"a tangent has shape \(4, 3\)", lambda: scalar.jvp((X, Y), Y, wrt="x")),
        (ValueError, r"a cotangent has shape \(4,\)", lambda: scalar.vjp((X, Y), np.ones(3))),
    ]:  # fmt: skip
        with pytest.raises(error, match=match):
            call()
    assert lists.jacobian(X, sparse=True).nnz == 12


NO_NUMBERS = {
    "complex": (np.ones((4, 3)) + 1j, TypeError, "not of complex128"),
    "texts": ([["1"] * 3] * 4, TypeError, "not of <U1"),
    "nothing": ([[None, 1.0, 1.0]] * 4, TypeError, "not of object"),
    "dates": (np.ones((4, 3), "M8[s]"), TypeError, "not of datetime64"),
    "a mask": (np.ma.array(np.ones((4, 3)), mask=np.eye(4, 3)), TypeError, "is a masked array"),
    "unequal lengths": ([[1.0] * 3, [1.0] * 2] * 2, ValueError, "is not an array"),
    "too large integers": (np.full((4, 3), 2**53 + 1), ValueError, r"integers above 2\*\*53"),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("what", NO_NUMBERS)
def test_chunks_and_directions_that_are_no_real_numbers_are_refused_as_inputs_are(what: str) -> None:
    given, error, said = NO_NUMBERS[what]
    scalar = autograd.compile(mlp, example=EXAMPLE)
    lists = autograd.compile(lambda x, y: [x[0] * y[0], x[1], x[2] ** 2], example=EXAMPLE)
    X, Y = batch(4)
    with pytest.raises(error, match="argument 0 of a batch.*" + said):
        lists(given, Y)
    with pytest.raises(error, match="argument 0 of a batch.*" + said):
        scalar.value_and_grad(given, Y, chunk=3)
    with pytest.raises(error, match="a tangent.*" + said):
        lists.jvp((X, Y), given, wrt="x")
    with pytest.raises(error, match="a tangent.*" + said):
        scalar.hvp((X, Y), given, wrt="x")
    with pytest.raises(error, match="a cotangent.*" + said):
        lists.vjp((X, Y), given, wrt="x")


REFUSED_BY_PYTHON: dict[str, tuple[Callable[[Any], Any], list[float]]] = {
    "a power of a negative number": (lambda x: (-2.0) ** x, [4.0, np.nan, np.nan]),
    "a division by 0": (lambda x: x / 0.0, [np.inf, np.inf, 0.0]),
    "a logarithm that nothing is added to": (lambda x: x * autograd.log(Value(-1.0)), [np.nan, np.nan, 0.0]),
    "an overflow": (lambda x: x * autograd.exp(Value(1e4)), [np.inf, np.inf, 0.0]),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", REFUSED_BY_PYTHON)
def test_a_derivative_with_a_constant_that_python_refuses_follows_ieee(name: str, engine: str) -> None:
    """By hand, at x = 2: the value, the first and the second derivative."""
    f, (value, first, second) = REFUSED_BY_PYTHON[name]
    program = autograd.compile(f, example=0.0, engine=engine)
    w = Value(2.0)
    by_w = autograd.compile(lambda x: f(w * x), example=0.0, engine=engine)
    found = [
        (program.value_and_grad([2.0], wrt="x"), (value, first)),
        (program.jacobian([2.0], wrt="x"), first),
        (program.jvp(([2.0],), [10.0], wrt="x"), (value, 10 * first)),
        (program.vjp(([2.0],), [10.0], wrt="x"), (value, 10 * first)),
        (program.hessian([2.0], wrt="x"), second),
        (program.hvp(([2.0],), [1.0], wrt="x"), second),
        (by_w.value_and_grad([1.0]), (value, first)),
        (by_w.hessian([1.0]), second),
        (by_w.hvp(([1.0],), [1.0]), second),
    ]
    for one, expected in found:
        numbers = [np.ravel(x).item() for x in (one if isinstance(one, tuple) else (one,))]
        assert np.array_equal(numbers, np.ravel(expected), equal_nan=True)
