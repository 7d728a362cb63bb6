"""Derivatives of functions of arrays: arrays in, arrays out, with the numbers of nested lists and the shapes of JAX."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import pytest

import autograd
from autograd import Value, grad, gradcheck, hessian, hvp, jacfwd, jacobian, jacrev, jvp, value_and_grad
from autograd.check import GradcheckError

X = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5]])
V = np.array([[1.0, 0.0, -2.0], [0.5, 0.25, 3.0]])


def scalar(x: Any) -> Any:
    """Of a matrix, or a list of rows: one number, by each element in its own way."""
    terms = [autograd.sin(x[i][j] * (1 + i)) * x[1 - i][2 - j] ** 2 for i in range(2) for j in range(3)]
    return autograd.total(terms)


def vector(x: Any) -> list[Any]:
    return [x[0][0] * x[1][2], autograd.tanh(x[0][1]) + x[1][1] ** 3]


def test_a_gradient_by_an_array_is_an_array_of_its_shape() -> None:
    value, gradient = value_and_grad(scalar)(X)
    assert type(value) is float
    assert type(gradient) is np.ndarray
    assert gradient.dtype == float
    assert gradient.tolist() == grad(scalar)(X.tolist())
    assert value == scalar(X.tolist())


@pytest.mark.parametrize("derivative", [jacobian, jacrev, jacfwd], ids=["jacobian", "jacrev", "jacfwd"])
def test_a_jacobian_has_the_axes_of_the_result_and_then_those_of_the_argument(derivative: Any) -> None:
    by_lists = np.array(derivative(vector)(X.tolist()))
    of_array = derivative(lambda x: np.array(vector(x)))(X)
    assert of_array.shape == (2, 2, 3)
    assert of_array.tolist() == by_lists.tolist()
    of_list = derivative(vector)(X)
    assert [part.tolist() for part in of_list] == by_lists.tolist()
    by_list = derivative(lambda x: np.array(vector(x)))(X.tolist())
    assert by_list[1][2].shape == (2,)
    assert np.array(by_list).transpose(2, 0, 1).tolist() == by_lists.tolist()


def test_a_jacobian_in_dictionaries_and_tuples_has_arrays_at_its_leaves() -> None:
    class Pair(NamedTuple):
        w: Any
        b: Any

    def f(p: Pair, x: Any) -> dict[str, Any]:
        return {"z": p.w @ x + p.b, "n": p.b[0] * 2}

    found = jacobian(f)(Pair(X, np.array([1.0, 2.0])), np.array([1.0, 2.0, 3.0]))
    assert found["z"].w.shape == (2, 2, 3)
    assert found["z"].w[0].tolist() == [[1, 2, 3], [0, 0, 0]]  # ∂(W x + b)₀/∂W₀ = x
    assert found["z"].b.tolist() == [[1, 0], [0, 1]]
    assert found["n"].w.tolist() == np.zeros((2, 3)).tolist()
    assert found["n"].b.tolist() == [2, 0]


def test_second_derivatives_are_arrays() -> None:
    """f = Σ x³ y: ∂²f/∂x² = 6 x y on the diagonal."""
    x, y = np.array([1.0, 2.0]), np.array([3.0, 5.0])

    def f(x: Any, y: Any) -> Any:
        return (x**3 * y).sum()

    assert hessian(f)(x, y).tolist() == [[18, 0], [0, 60]]
    assert hvp(f, (x, y), (np.ones(2), np.zeros(2)))[0].tolist() == [18, 60]
    value, tangent = jvp(lambda x: x * x, (x,), (np.array([1.0, 10.0]),))
    assert (value.tolist(), tangent.tolist()) == ([1, 4], [2, 40])


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "uint8"])
def test_a_real_array_of_whatever_type_has_a_gradient_of_floats(dtype: str) -> None:
    x = np.array([[1, 2], [3, 4]], dtype=dtype)
    assert grad(lambda x: (x * x).sum())(x).tolist() == [[2, 4], [6, 8]]
    assert grad(lambda x: (x * x).sum())(x.T).tolist() == [[2, 6], [4, 8]]
    assert grad(lambda x: x[()] ** 2)(np.array(3, dtype)).shape == ()
    assert grad(lambda x: (x * x).sum())(x[:, :0]).shape == (2, 0)


def test_where_a_value_goes_in_values_come_out() -> None:
    w = Value(2.0)
    x = np.array([1.0, 3.0])
    slope = grad(lambda x: (x * x).sum() * w)(x)
    assert slope.dtype == object
    assert [s.data for s in slope] == [4, 12]
    slope.sum().backward()
    assert w.grad == 8
    nodes = np.array([Value(1.0), Value(3.0)])
    total = grad(lambda x: (x**3).sum())(nodes).sum()
    total.backward()
    assert [node.grad for node in nodes] == [6, 18]


def test_a_derivative_of_arrays_can_be_compiled() -> None:
    program = autograd.compile(grad(scalar), example=(X,))
    batch = np.stack([X, V, X - V])
    assert program(batch) == pytest.approx(np.array([grad(scalar)(x) for x in batch]), rel=1e-14, abs=1e-14)


def test_gradcheck_takes_arrays_and_names_their_elements() -> None:
    assert gradcheck(scalar, X)
    assert gradcheck(lambda x, y: x @ y, X, V.T)
    with pytest.raises(GradcheckError, match=r"inputs\[0\]\[1, 2\]"):
        gradcheck(lambda x: abs(x[1][2] + 0.5) + x[0][0], X)


def test_numpys_variance_has_a_gradient() -> None:
    """∂ var/∂xᵢ = 2 (xᵢ − x̄) / n, and ∂ std = ∂ var / 2 std; to a few roundings."""
    x = np.array([0.5, 0.7, 1.9, -2.0])
    expected = 2 * (x - x.mean()) / 4
    assert grad(np.var)(x) == pytest.approx(expected, rel=1e-14)
    assert grad(np.std)(x) == pytest.approx(expected / 2 / x.std(), rel=1e-14)


@pytest.mark.parametrize("function", [float, complex, math.sin, math.hypot, np.float64], ids=lambda f: f.__name__)
def test_a_function_of_floats_says_what_to_use_for_a_value(function: Any) -> None:
    with pytest.raises(TypeError, match=r"Value\(data=2.0.*use autograd.exp and the like.*x.data for the number"):
        function(Value(2.0))


def test_scipy_minimises_by_the_gradient() -> None:
    optimize = pytest.importorskip("scipy.optimize")

    def rosenbrock(x: Any) -> Any:
        return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()

    found = optimize.minimize(value_and_grad(rosenbrock), np.zeros(4), jac=True)
    assert found.x == pytest.approx(np.ones(4), abs=1e-4)  # the tolerance of BFGS


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: grad(np.sin)(np.ones(2)), r"an array of object of shape \(2,\). Try jacobian"),
        (lambda: grad(lambda x: x[0])(np.array(["a", "b"])), "argument 0"),
        (lambda: grad(lambda x: x[0])(np.array([1j])), "argument 0"),
        (lambda: grad(lambda x: x[0])(np.ma.masked_array([1.0], [True])), "lose its mask"),
        (lambda: jvp(lambda x: x, (np.ones(2),), (np.ones(3),)), r"one structure.*shape \(2,\).*shape \(3,\)"),
        (lambda: jvp(lambda x: x, (np.ones(2),), ([1.0, 2.0],)), "one structure"),
        (lambda: jvp(lambda x: x, (1.0,), (np.ones(1),)), "must be a number"),
        (lambda: jacobian(lambda x: np.array(["a"]))(np.ones(1)), "to give numbers or Values"),
    ],
)
def test_arrays_that_cannot_be_differentiated_are_a_type_error_that_says_why(call: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        call()
