"""What a call gives: the numbers that the function returned, in its structure, wherever they are stored."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
from autograd import Value, exp, sin, tanh
from autograd.compiler.engines import ENGINES
from autograd.compiler.results import Layout, columns, returned


def everything(x, y):
    """Of samples, of parameters alone, parameters, inputs and constants, some of them twice."""
    a = sin(x[0] * w[0])
    return [a, w[0], x[1], tanh(w[0] * w[1]), y, 2.0, a, Value(3.0)], (exp(y), [w[1], [x[0]]]), []


w = [Value(0.5), Value(-1.25)]


def flat(tree):
    return [x for part in tree for x in flat(part)] if isinstance(tree, (list, tuple)) else [tree]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("samples", [1, 17, 600])
def test_every_number_is_that_of_the_eager_engine_in_its_place(engine: str, samples: int) -> None:
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(samples, 2)), rng.normal(size=samples)
    program = autograd.compile(everything, example=([0.0, 0.0], 0.0), engine=engine)
    first, (second, (third, fourth)), none = program(X, Y)
    assert (first.shape, second.shape, third.shape, fourth.shape, none.shape) == (
        *((samples, 8), (samples,), (samples,), (samples, 1)),
        (samples, 0),
    )
    for i in (0, samples - 1):
        eager = [x.data if isinstance(x, Value) else x for x in flat(everything(X[i].tolist(), Y[i].item()))]
        # the libraries' functions differ in the last digit
        assert [*first[i], second[i], third[i], *fourth[i]] == pytest.approx(eager, rel=1e-15)
    first[:] = second[:] = third[:] = 0  # they are the caller's
    assert program(X, Y)[1][0].all()
    assert np.array_equal(program(X[::-1], Y[::-1])[0][::-1], program(X, Y)[0])


def test_an_engine_that_gives_numbers_one_by_one_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from autograd.compiler.execute import Plan

    program = autograd.compile(everything, example=([0.0, 0.0], 0.0), engine="numpy")
    X, Y = np.ones((3, 2)), np.ones(3)
    before = program(X, Y)
    monkeypatch.delattr(Plan, "gather")
    assert np.array_equal(program(X, Y)[0], before[0])


def test_a_thousand_numbers_are_looked_at_together() -> None:
    """Not one by one in Python: the engine is asked for all of them at once."""
    program = autograd.compile(lambda x: [sin(x * k) for k in range(1000)], example=0.0, engine="numpy")
    program([1.0])
    asked: list[int] = []
    plan = program._executables[1]
    gather = plan.gather  # type: ignore[attr-defined]
    plan.gather = lambda nodes, inputs: asked.append(len(nodes)) or gather(nodes, inputs)  # type: ignore[attr-defined]
    assert np.allclose(program([1.0, 2.0][:1]), np.sin(np.arange(1000)), atol=1e-15)
    assert asked == [1000]


def test_a_structure_is_made_and_taken_apart() -> None:
    tree = [[1, 2], [3, 4]], (5, [6, [7]])
    numbers = np.arange(14.0).reshape(2, 7)
    made = Layout(tree)(numbers)
    assert [x.shape for x in (made[0], made[1][0])] == [(2, 2, 2), (2,)]
    assert np.array_equal(columns(tree, made, 2), numbers)
    assert list(returned(tree)) == [1, 2, 3, 4, 5, 6, 7]
    with pytest.raises(ValueError, match=r"a cotangent has shape \(2, 2, 2\), as what a call gives, not \(2, 2\)"):
        columns(tree, (np.ones((2, 2)), made[1]), 2)
    with pytest.raises(ValueError, match="the cotangents are 2, as what a call gives, not 1"):
        columns(tree, made[:1], 2)
