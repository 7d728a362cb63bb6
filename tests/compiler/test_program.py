"""A program trains: its vector is live, its gradient is the caller's own, and the Values get both back."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Value

W = Value(2.0)


def network(seed: int = 0) -> tuple[nn.MLP, autograd.compiler.Program]:
    model = nn.MLP(4, [5, 3], activation="sigmoid", output="sigmoid", seed=seed)
    return model, autograd.compile(lambda x, y: nn.half_squared_error(model(x), y), example=([0.0] * 4, [0.0] * 3))


def data(batch: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(batch)
    return rng.normal(size=(batch, 4)), rng.random((batch, 3))


@pytest.mark.parametrize("optimiser", [lambda p: nn.SGD(p, lr=0.5, momentum=0.9), lambda p: nn.Adam(p, lr=0.01)])
def test_a_hundred_steps_follow_the_eager_curve(optimiser) -> None:
    model, program = network()
    twin, _ = network()
    fast, slow = optimiser(program), optimiser(twin.parameters())
    for step in range(100):
        X, Y = data(3 + step % 3)
        value, gradient = program.value_and_grad(X, Y)
        fast.step(gradient)
        slow.zero_grad()
        mean = 0.0
        for x, y in zip(X.tolist(), Y.tolist(), strict=True):
            loss = nn.half_squared_error(twin(x), y)
            loss.backward(1 / len(X))
            mean += loss.data / len(X)
        slow.step()
        assert value == pytest.approx(mean, rel=1e-9)
    program.write_back()
    assert [p.data for p in model.parameters()] == pytest.approx([p.data for p in twin.parameters()], rel=1e-9)


def test_write_back_restores_data_and_gradients() -> None:
    model, program = network()
    X, Y = data(2)
    _, gradient = program.value_and_grad(X, Y)
    program.vector += 1.0
    before = [p.data for p in program.parameters]
    program.write_back()
    assert [p.data for p in program.parameters] == [x + 1.0 for x in before]
    assert [p.grad for p in program.parameters] == gradient.tolist()
    assert {type(p.data) for p in model.parameters()} == {float}


def test_a_gradient_is_not_overwritten_by_the_next() -> None:
    _, program = network()
    _, first = program.value_and_grad(*data(2))
    kept = first.copy()
    program.value_and_grad(*data(3))
    program.value_and_grad(*(2 * x for x in data(2)))
    assert np.array_equal(first, kept)


def test_inputs_of_any_kind_of_array_give_the_same() -> None:
    _, program = network()
    X, Y = data(6)
    value, gradient = program.value_and_grad(X, Y)
    for same in (X.tolist(), np.asfortranarray(X), X.astype(np.longdouble), np.repeat(X, 2, axis=0)[::2]):
        again, again_gradient = program.value_and_grad(same, Y)
        assert again == value
        assert np.array_equal(again_gradient, gradient)
    assert program.value_and_grad(np.round(X).astype(np.int8), Y)[0] == program.value_and_grad(np.round(X), Y)[0]


RESULTS: dict[str, Any] = {
    "numbers of NumPy": lambda x: [x * W, np.float64(3.0), np.float32(0.5), np.int64(2)],
    "pairs in a list": lambda x: [(x, W), (W, x * 2)],
    "rows of unequal length": lambda x: [[x], [x, W]],
    "tables of unequal rows": lambda x: [[[x], [x, W]], [[W], [W, x]]],
    "rows and a number": lambda x: ([x, [W, x]], W),
    "an array": lambda x: (np.array([x, x * W], object), [x]),
}


def of_samples(results: list[Any]) -> Any:
    """What a program has to return for what the function returns of each sample."""
    first = results[0]
    if isinstance(first, (list, tuple)) or getattr(first, "ndim", 0):
        parts = [of_samples([result[i] for result in results]) for i in range(len(first))]
        if isinstance(first, tuple):
            return tuple(parts)
        arrays = all(isinstance(part, np.ndarray) for part in parts)
        return np.stack(parts, 1) if arrays and len({part.shape for part in parts}) == 1 else parts
    return np.array([x.data if isinstance(x, Value) else x for x in results], float)


def same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    return len(a) == len(b) and all(map(same, a, b))


@pytest.mark.parametrize("name", RESULTS)
def test_a_program_returns_lists_of_arrays_where_the_function_returns_lists_of_values(name: str) -> None:
    f = RESULTS[name]
    numbers = [1.5, -2.0, 0.25]
    assert same(autograd.compile(f, example=1.0)(numbers), of_samples([f(Value(x)) for x in numbers]))


@pytest.mark.parametrize("kind", [np.int64, np.uint64])
def test_integers_are_taken_where_a_float_has_them_and_refused_beyond(kind: type) -> None:
    program = autograd.compile(lambda x: Value(1.0) * x, example=(0.0,))
    for number in (1, 2**53, *([-(2**53)] if kind is np.int64 else [])):
        assert program(np.array([number], kind)) == [float(number)]
    for number in (2**53 + 1, *([-(2**53) - 1, -(2**63)] if kind is np.int64 else [2**64 - 1])):
        for batch in ([number], [1, number, 0]):
            with pytest.raises(ValueError, match="integers above"):
                program(np.array(batch, kind))


def test_matrices_in_a_sample_keep_their_shape() -> None:
    w = Value(0.5)
    program = autograd.compile(lambda x: sum(w * v for row in x for v in row[1:]), example=(np.zeros((2, 3)),))
    X = np.arange(12.0).reshape(2, 2, 3)
    assert program.value_and_grad(X) == (
        pytest.approx(0.5 * X[:, :, 1:].sum() / 2),
        pytest.approx([X[:, :, 1:].sum() / 2]),
    )
    with_operators = autograd.compile(lambda x: (x[:, 1:] * w).sum(), example=(np.zeros((2, 3)),))
    assert with_operators.value_and_grad(X)[0] == program.value_and_grad(X)[0]


def test_what_depends_on_parameters_alone_is_computed_once() -> None:
    model, _ = network()
    program = autograd.compile(lambda x: sum(model(x)) + sum(p * p for p in model.parameters()), example=([0.0] * 4,))
    from autograd.compiler.stores import SHARED

    squares = [
        g
        for g in program._programs.arrays.vectorised.groups
        if g.op.name == "dot" and g.inner == (len(program.parameters),)
    ]
    assert [g.store for g in squares] == [SHARED]


def test_numbers_made_inside_the_function_are_constants_and_detached_values_have_no_gradient() -> None:
    w = Value(3.0)

    def f(x):
        with autograd.no_grad():
            scale = x * 2
        return Value(2.0) * w * x + (w * x).detach() + scale

    program = autograd.compile(f, example=(1.0,))
    assert program.parameters == [w]
    value, gradient = program.value_and_grad([2.0])
    assert (value, gradient.tolist()) == (12.0 + 6.0 + 4.0, [4.0])


def test_importing_the_compiler_does_not_import_numpy() -> None:
    code = "import autograd, sys; autograd.compile; from autograd.choice import take; print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
