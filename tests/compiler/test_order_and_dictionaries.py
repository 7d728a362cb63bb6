"""The order of the parameters, dictionaries as arguments, and the way between vectors and nested numbers."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Value, dot, grad, no_grad, ravel, tanh
from autograd.compiler.engines import ENGINES

X, Y = np.random.default_rng(0).normal(size=(5, 2)), np.random.default_rng(1).normal(size=5)


def weights() -> dict[str, Any]:
    rng = np.random.default_rng(2)
    return {
        "out": [Value(x) for x in rng.normal(size=3)],
        "unused": Value(9.0, label="unused"),
        "hidden": [{"w": [Value(x) for x in rng.normal(size=2)], "b": Value(0.1 * i)} for i in range(3)],
    }


def loss(p: dict[str, Any], x: Any, y: Any) -> Any:
    return (dot(p["out"], [tanh(dot(unit["w"], x, unit["b"])) for unit in p["hidden"]]) - y) ** 2


# ── order ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("engine", ENGINES)
def test_vector_and_gradient_are_in_the_order_of_the_parameters_given(engine: str) -> None:
    p = weights()
    program = autograd.compile(lambda x, y: loss(p, x, y), example=([0.0, 0.0], 0.0), engine=engine, parameters=p)
    vector, unravel = ravel(p)
    assert np.array_equal(program.vector, vector)
    gradient = unravel(program.value_and_grad(X, Y)[1])
    with no_grad():
        each = [ravel(grad(loss)(unravel(vector), x.tolist(), y))[0] for x, y in zip(X, Y, strict=True)]
    assert np.allclose(ravel(gradient)[0], np.mean(each, axis=0), rtol=1e-13, atol=1e-15)  # sums in another order
    assert gradient["unused"] == 0
    assert [unit.keys() for unit in gradient["hidden"]] == [{"w": 0, "b": 0}.keys()] * 3


@pytest.mark.parametrize("engine", ENGINES)
def test_the_order_changes_nothing_else(engine: str) -> None:
    p = weights()
    mine = list(ravel_values(p))
    f = lambda x, y: loss(p, x, y)  # noqa: E731
    chosen = autograd.compile(f, example=([0.0, 0.0], 0.0), engine=engine)
    for order in (mine, mine[::-1], mine[1::2] + mine[::2]):
        program = autograd.compile(f, example=([0.0, 0.0], 0.0), engine=engine, parameters=order)
        assert program.parameters == order
        places = [order.index(x) for x in chosen.parameters]
        (value, gradient), (expected, slopes) = program.value_and_grad(X, Y), chosen.value_and_grad(X, Y)
        assert value == pytest.approx(expected, rel=1e-14)
        assert np.allclose(gradient[places], slopes, rtol=1e-13, atol=1e-15)
        H = program.hessian(X, Y)
        assert np.allclose(H[np.ix_(places, places)], chosen.hessian(X, Y), rtol=1e-12, atol=1e-14)
        for other in (copy.copy(program), pickle.loads(pickle.dumps(program))):
            assert np.array_equal(other.value_and_grad(X, Y)[1], gradient)


def ravel_values(tree: Any) -> Any:
    if isinstance(tree, Value):
        yield tree
    else:
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from ravel_values(part)


def test_a_networks_own_order_is_kept_and_trained_with() -> None:
    model = nn.MLP(2, [4, 1], activation="tanh", seed=0)
    program = autograd.compile(
        lambda x, y: (model(x) - y) ** 2, example=([0.0, 0.0], 0.0), parameters=model.parameters()
    )
    assert program.parameters == model.parameters()
    before = program.value_and_grad(X, Y)[0]
    optimiser = nn.SGD(program, lr=0.05)
    for _ in range(50):
        optimiser.step(program.value_and_grad(X, Y)[1])
    program.write_back()
    assert np.mean([(model(x).data - y) ** 2 for x, y in zip(X, Y, strict=True)]) < 0.5 * before


def test_parameters_that_do_not_fit_are_refused() -> None:
    a, b = Value(1.0, label="a"), Value(2.0, label="b")
    f = lambda x: a * x + b  # noqa: E731
    for parameters, error, match in [
        ([a], ValueError, r"has not all that the function depends on: there are 1 more, such as Value\(data=2.0"),
        ([a, b, a], ValueError, "twice"),
        ([a, b, 3.0], TypeError, "made of Values that are no results"),
        ([a, b, a * b], TypeError, "made of Values that are no results"),
    ]:
        with pytest.raises(error, match=match):
            autograd.compile(f, example=0.0, parameters=parameters)


def test_a_program_without_parameters_says_so() -> None:
    program = autograd.compile(lambda x: x * x, example=0.0)
    with pytest.raises(TypeError, match=r'has no parameters: .* wrt="inputs" or the name of an argument'):
        program.value_and_grad([1.0])
    assert program.value_and_grad([3.0], wrt="x")[1].tolist() == [6.0]


# ── dictionaries ──────────────────────────────────────────────────────────────────────────────


def batches() -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    p = {
        "out": rng.normal(size=(5, 3)),
        "unused": rng.normal(size=5),
        "hidden": [{"w": rng.normal(size=(5, 2)), "b": rng.normal(size=5)} for _ in range(3)],
    }
    return p, X, Y


@pytest.mark.parametrize("engine", ENGINES)
def test_arguments_may_be_dictionaries_and_so_are_their_gradients(engine: str) -> None:
    example = {"out": [0.0] * 3, "unused": 0.0, "hidden": [{"w": [0.0] * 2, "b": 0.0}] * 3}
    program = autograd.compile(loss, example=(example, [0.0, 0.0], 0.0), engine=engine)
    p, x, y = batches()
    values, (by_p, by_x, by_y) = program.value_and_grad(p, x, y, wrt="inputs", reduction="none")
    assert np.array_equal(values, program(p, x, y))
    assert by_p.keys() == p.keys()
    for i in range(5):
        value, gradients = autograd.value_and_grad(loss, (0, 1, 2))(sample(p, i), x[i].tolist(), y[i].item())
        assert values[i] == pytest.approx(value, rel=1e-13)
        # the same sums in another order
        assert np.allclose(ravel(sample(by_p, i))[0], ravel(gradients[0])[0], rtol=1e-12, atol=1e-14)
        assert np.allclose(by_x[i], gradients[1], rtol=1e-12, atol=1e-14)
        assert np.allclose(by_y[i], gradients[2], rtol=1e-12, atol=1e-14)
    along = program.jvp((p, x, y), p, wrt="p")[1]
    flat = np.stack([ravel(sample(p, i))[0] @ ravel(sample(by_p, i))[0] for i in range(5)])
    assert np.allclose(along, flat, rtol=1e-12, atol=1e-14)
    other = pickle.loads(pickle.dumps(program))
    assert np.array_equal(other(p, x, y), values)
    assert "p_out (3)" in str(program)


def sample(tree: Any, i: int) -> Any:
    if isinstance(tree, dict):
        return {key: sample(part, i) for key, part in tree.items()}
    return [sample(part, i) for part in tree] if isinstance(tree, list) else tree[i].tolist()


def test_a_batch_of_another_form_is_refused() -> None:
    program = autograd.compile(lambda p: p["a"] * p["b"][0], example={"a": 0.0, "b": [0.0, 1.0]})
    good = {"a": [1.0], "b": [[2.0, 3.0]]}
    assert program(good).tolist() == [2.0]
    for given, error, match in [
        ({"a": [1.0]}, TypeError, r"argument 0 of a batch is a dictionary of 'a', 'b', not one of 'a'"),
        ([1.0], TypeError, "argument 0 of a batch is a dictionary of 'a', 'b', not list"),
        ({**good, "c": 1}, TypeError, "not one of 'a', 'b', 'c'"),
        ({"a": [1.0], "b": [[2.0]]}, ValueError, "argument 1 of a batch has shape"),
    ]:
        with pytest.raises(error, match=match):
            program(given)
    with pytest.raises(TypeError, match="an example is made of real numbers"):
        autograd.compile(lambda p: p["a"], example={"a": "1"})


# ── ravel ─────────────────────────────────────────────────────────────────────────────────────


def test_ravel_and_back_gives_the_same_structure() -> None:
    tree = {"a": [1.0, (Value(2.0), {"c": np.array([[3.0, 4.0]])})], "b": 5, "none": []}
    vector, unravel = ravel(tree)
    assert vector.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert vector.dtype == np.float64
    back = unravel(vector)
    assert back["a"][1][0] == 2.0
    assert back["a"][1][1]["c"].shape == (1, 2)
    assert (back["b"], back["none"]) == (5.0, [])
    assert np.array_equal(ravel(back)[0], vector)


def test_a_function_of_a_structure_is_one_of_a_vector() -> None:
    p = {"w": [1.0, 2.0], "b": 3.0}
    vector, unravel = ravel(p)
    assert grad(lambda v: tanh(dot(unravel(v)["w"], [0.5, -0.2], unravel(v)["b"])))(vector) == pytest.approx(
        ravel(grad(lambda p: tanh(dot(p["w"], [0.5, -0.2], p["b"])))(p))[0], rel=1e-15
    )


def test_what_is_no_vector_is_refused() -> None:
    with pytest.raises(TypeError, match="'1' of type str is neither"):
        ravel(["1"])
    _, unravel = ravel([1.0, [2.0]])
    with pytest.raises(ValueError, match="the vector has 2 numbers, not 3"):
        unravel([1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match="what is unravelled is a vector"):
        unravel(1.0)
