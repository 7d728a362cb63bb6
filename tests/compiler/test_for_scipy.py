"""SciPy's solvers on compiled programs: they end where they should, and are given what they ask for."""

from __future__ import annotations

import random

import numpy as np
import pytest
from scipy.optimize import check_grad, least_squares, minimize, root
from scipy.sparse import issparse

import autograd
from autograd import Value, exp, where
from autograd.chance import uniform
from autograd.compiler.engines import ENGINES

TRUE = np.array([2.0, -1.5, 0.5])


def curve(engine: str, residuals: bool):
    """y = a exp(b x) + c, with the order of the parameters fixed."""
    a, b, c = ws = [Value(1.0), Value(-1.0), Value(0.0)]
    miss = lambda x, y: a * exp(b * x) + c - y  # noqa: E731
    f = (lambda x, y: [miss(x, y)]) if residuals else (lambda x, y: miss(x, y) ** 2)
    return autograd.compile(f, example=(0.0, 0.0), engine=engine, parameters=ws)


X = np.linspace(0, 3, 40)
Y = TRUE[0] * np.exp(TRUE[1] * X) + TRUE[2]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_minimize_with_gradient_hessian_and_products(engine: str, reduction: str) -> None:
    program = curve(engine, residuals=False)
    fun, x0 = program.for_scipy(X, Y, reduction=reduction)
    # finite differences with steps of 1.5e-8
    assert check_grad(lambda v: fun(v)[0], lambda v: fun(v)[1], x0) < 1e-5 * (40 if reduction == "sum" else 1)
    for method, more in (("BFGS", {}), ("trust-exact", {"hess": fun.hess}), ("Newton-CG", {"hessp": fun.hessp})):
        found = minimize(fun, x0, jac=True, method=method, **more)
        assert found.x == pytest.approx(TRUE, abs=1e-3)
    assert program.vector.tolist() == [1.0, -1.0, 0.0]  # it is SciPy's business, until it is taken over
    program.vector = found.x
    assert program.value_and_grad(X, Y)[0] < 1e-6


@pytest.mark.parametrize("engine", ENGINES)
def test_least_squares_with_a_sparse_jacobian_and_a_dense_one(engine: str) -> None:
    program = curve(engine, residuals=True)
    fun, x0 = program.for_scipy(X, Y)
    assert fun(x0).shape == (40,)
    assert issparse(fun.jac(x0))
    assert np.allclose(fun.dense(x0), np.column_stack([np.exp(-X), X * np.exp(-X), np.ones(40)]), rtol=1e-14)
    for jac, method in ((fun.jac, "trf"), (fun.dense, "lm")):
        found = least_squares(fun, x0, jac=jac, method=method, xtol=1e-14, ftol=1e-14, gtol=1e-14)
        assert found.x == pytest.approx(TRUE, rel=1e-9)  # the residuals are 0 there


def test_root_of_as_many_equations_as_parameters() -> None:
    """x² + y² = 4 and x y = 1."""
    x, y = Value(2.0), Value(0.3)
    program = autograd.compile(lambda: [x**2 + y**2 - 4, x * y - 1], example=(), parameters=[x, y])
    fun, x0 = program.for_scipy()
    found = root(fun, x0, jac=fun.dense, tol=1e-12)
    assert found.success
    assert found.x == pytest.approx([np.sqrt(2 + np.sqrt(3)), np.sqrt(2 - np.sqrt(3))], rel=1e-10)


def test_results_of_any_structure_are_one_vector() -> None:
    w = Value(2.0)
    program = autograd.compile(lambda x: ([w * x, w**2], w * x * x), example=0.0)
    fun, x0 = program.for_scipy([1.0, 3.0])
    assert fun(x0).tolist() == [2.0, 4.0, 2.0, 6.0, 4.0, 18.0]
    assert fun.jac(x0).toarray().tolist() == [[1], [4], [1], [3], [4], [9]]


def test_what_no_solver_could_use_is_refused_at_once() -> None:
    program = curve("numpy", residuals=False)
    with pytest.raises(ValueError, match="as a solver minimises one number, not 'none'"):
        program.for_scipy(X, Y, reduction="none")
    with pytest.raises(TypeError, match="takes 2 arrays"):
        program.for_scipy(X)
    with pytest.raises(TypeError, match="has no parameters"):
        autograd.compile(lambda x: x * x, example=0.0).for_scipy(X)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_batch_that_is_changed_later_changes_no_function_of_before(engine: str) -> None:
    x, y = X.copy(), Y.copy()
    fun, x0 = curve(engine, residuals=True).for_scipy(x, y)
    of_cost, _ = curve(engine, residuals=False).for_scipy(x, y)
    before, slopes, (cost, gradient) = fun(x0), fun.dense(x0), of_cost(x0)
    x[:], y[:] = 9.0, -9.0
    assert np.array_equal(fun(x0), before)
    assert np.array_equal(fun.dense(x0), slopes)
    assert of_cost(x0)[0] == cost
    assert np.array_equal(of_cost(x0)[1], gradient)


@pytest.mark.parametrize("engine", ENGINES)
def test_random_numbers_are_drawn_once_for_a_solver(engine: str) -> None:
    """The residual is w x where a number that is drawn is below ½, and else 0: its slope is the residual over w."""
    generator, w = random.Random(0), Value(2.0)
    kept = autograd.compile(
        lambda x: [where(uniform(generator) < 0.5, w * x, 0.0)], example=0.0, engine=engine, parameters=[w]
    )
    fun, x0 = kept.for_scipy(np.ones(64))
    residuals = fun(x0)
    assert set(residuals) == {0.0, 2.0}
    assert np.array_equal(fun(x0), residuals)
    assert np.array_equal(fun.dense(x0)[:, 0], residuals / 2)
    assert not np.array_equal(kept(np.ones(64))[:, 0], kept(np.ones(64))[:, 0]), "the program draws on"
