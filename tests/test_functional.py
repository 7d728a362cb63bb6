"""grad, value_and_grad, jacobian, hessian, hvp and jvp: right, pure, of nested structures, and nesting to any order."""

from __future__ import annotations

import json
import math
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from references.functions import DIRECTION, SCALAR, VECTOR

import autograd
from autograd import (
    Value,
    cos,
    dot,
    exp,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    log,
    no_grad,
    sigmoid,
    sin,
    sqrt,
    tanh,
    topological_order,
    total,
    value_and_grad,
)
from autograd.functional import jacfwd, jacrev

TORCH = json.loads((Path(__file__).parent / "references" / "functional.json").read_text())


def near(expected: Any) -> Any:
    """Equal to some roundings (u = 1.1e-16) of the terms, of which the greatest are a few hundred."""
    return pytest.approx(expected, rel=1e-12, abs=1e-13)


def flat(tree: Any) -> list[float]:
    return [leaf for branch in tree for leaf in flat(branch)] if isinstance(tree, list) else [tree]


# ── the numbers are PyTorch's ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", SCALAR)
def test_a_function_with_one_result_agrees_with_pytorch_to_third_order(name: str) -> None:
    written, at = SCALAR[name]
    v = DIRECTION[: len(at)]
    torch = TORCH[name]

    def f(x: Any) -> Any:
        return written(autograd, x)

    assert value_and_grad(f)(at) == (near(torch["value"]), near(torch["gradient"]))
    assert flat(hessian(f)(at)) == near(flat(torch["hessian"]))
    assert hvp(f, (at,), (v,)) == near(torch["hvp"])
    assert jvp(f, (at,), (v,)) == (near(torch["value"]), near(torch["jvp"]))
    assert flat(jacobian(hessian(f))(at)) == near(flat(torch["third"]))


@pytest.mark.parametrize("name", VECTOR)
@pytest.mark.parametrize("mode", [jacobian, jacrev, jacfwd])
def test_a_function_with_several_results_agrees_with_pytorch(name: str, mode: Callable[..., Any]) -> None:
    written, at = VECTOR[name]
    torch = TORCH[name]

    def f(x: Any) -> Any:
        return written(autograd, x)

    assert flat(mode(f)(at)) == near(flat(torch["jacobian"]))
    value, tangent = jvp(f, (at,), (DIRECTION[: len(at)],))
    assert (value, tangent) == (near(torch["value"]), near(torch["jvp"]))
    assert flat(hessian(f)(at)) == near(flat(torch["hessian"]))


def test_the_jacobian_walks_the_way_that_is_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    from autograd import functional

    walks: list[str] = []
    for mode in ("forward", "reverse"):
        walk = getattr(functional._Call, mode)
        monkeypatch.setattr(functional._Call, mode, lambda *a, walk=walk, mode=mode: (walks.append(mode), walk(*a))[1])
    jacobian(lambda x: [x, x, x])(1.0)
    assert walks == ["forward"]
    walks.clear()
    jacobian(lambda x: [x[0] * x[1], x[2]])([1.0, 2.0, 3.0])
    assert walks == ["reverse", "reverse"]


# ── nesting ──────────────────────────────────────────────────────────────────────────────────────────


def test_it_nests_to_any_order() -> None:
    derivative: Callable[..., Any] = sin
    for expected in (cos, lambda x: -sin(x), lambda x: -cos(x), sin, cos, lambda x: -sin(x)):
        derivative = grad(derivative)
        assert derivative(0.7) == near(expected(0.7))


def test_one_derivative_inside_another_does_not_take_its_variable_for_its_own() -> None:
    # Siskind and Pearlmutter, "Perturbation Confusion and Referential Transparency" (2005): d/dx x · d/dy (x + y)
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x + y)(x))(1.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x * y)(2.0))(3.0) == 6.0  # d/dx x²
    assert grad(lambda x: x * jvp(lambda y: x + y, (1.0,), (1.0,))[1])(1.0) == 1.0
    assert jvp(lambda x: x * jvp(lambda y: x * y, (1.0,), (1.0,))[1], (3.0,), (1.0,)) == (9.0, 6.0)
    assert jvp(lambda x: x * grad(lambda y: x * y)(1.0), (3.0,), (1.0,)) == (9.0, 6.0)
    assert grad(lambda x: x * grad(lambda x: x * x)(x) + grad(lambda y: x)(x))(3.0) == 12.0


def test_an_inner_derivative_of_plain_numbers_still_depends_on_the_outer_variable() -> None:
    assert grad(lambda x: grad(lambda y: x * y)(5.0))(2.0) == 1.0
    assert grad(lambda x: grad(lambda y: x * x)(5.0) + x)(2.0) == 1.0  # that of a constant is zero, whatever x
    assert type(grad(lambda x: x * grad(lambda y: y * y)(5.0))(2.0)) is float


@pytest.mark.parametrize("outer", [jacrev, jacfwd])
@pytest.mark.parametrize("inner", [jacrev, jacfwd])
def test_the_modes_mix(outer: Callable[..., Any], inner: Callable[..., Any]) -> None:
    def f(x: Any) -> Any:
        return sin(x[0] * x[1]) / exp(x[1])

    assert flat(outer(inner(f))([0.3, 0.9])) == near(flat(hessian(f)([0.3, 0.9])))


def test_hvp_is_the_hessian_times_the_direction() -> None:
    def f(x: Any, p: Any) -> Any:
        return tanh(x[0] * p["a"] + x[1]) * log(p["a"])

    x, p, dx, dp = [0.4, -0.3], {"a": 1.9}, [0.7, -2.0], {"a": 0.6}
    of_flat = hessian(lambda z: f(z[:2], {"a": z[2]}))([*x, p["a"]])
    expected = [sum(h * d for h, d in zip(row, [*dx, dp["a"]], strict=True)) for row in of_flat]
    assert hvp(f, (x, p), (dx, dp)) == ([near(expected[0]), near(expected[1])], {"a": near(expected[2])})


# ── structures and arguments ─────────────────────────────────────────────────────────────────────────

Point = namedtuple("Point", "x y")


def test_gradients_come_in_the_structure_of_the_argument() -> None:
    def f(p: Any) -> Any:
        return p["w"][0][1] * p["at"].x + p["at"].y ** 2 + p["b"]

    gradient = grad(f)({"w": [(1.0, 2.0)], "at": Point(3.0, 4.0), "b": True, "unused": []})
    assert gradient == {"w": [(0.0, 3.0)], "at": Point(2.0, 8.0), "b": 1.0, "unused": []}
    assert type(gradient["at"]) is Point


def test_jacobians_come_in_the_structure_of_the_result_and_in_it_of_the_arguments() -> None:
    def f(x: Any, y: Any) -> Any:
        return {"product": x[0] * y, "rest": (x[1], 7.0)}

    assert jacobian(f, argnums=(0, 1))([2.0, 3.0], 5.0) == {
        "product": ([5.0, 0.0], 2.0),
        "rest": (([0.0, 1.0], 0.0), ([0.0, 0.0], 0.0)),
    }


def test_argnums_choose_and_other_arguments_are_passed_on() -> None:
    def f(x: Any, n: Any, y: Any, *, scale: Any) -> Any:
        assert type(n) is int
        return scale * x**n * y

    assert grad(f, argnums=2)(2.0, 3, 5.0, scale=10.0) == 80.0
    assert grad(f, argnums=-1)(2.0, 3, 5.0, scale=10.0) == 80.0
    assert grad(f, argnums=(2, 0))(2.0, 3, 5.0, scale=10.0) == (80.0, 600.0)
    assert grad(f, argnums=[0])(2.0, 3, 5.0, scale=10.0) == (600.0,)


def test_an_int_is_a_real_number() -> None:
    assert grad(lambda x: x**2)(3) == 6.0
    assert jvp(lambda x: x * x, (3,), (1,)) == (9.0, 6.0)


def test_a_result_that_does_not_depend_on_the_argument_has_derivative_zero() -> None:
    assert value_and_grad(lambda x: 3)(1.0) == (3.0, 0.0)
    assert grad(lambda x: Value(3.0))(1.0) == 0.0
    assert jvp(lambda x: [3, x], (1.0,), (2.0,)) == ([3.0, 1.0], [0.0, 2.0])
    assert hessian(lambda x: x)(1.0) == 0.0
    assert grad(lambda x: x)(1.0) == 1.0


@pytest.mark.parametrize("mode", [jacrev, jacfwd, autograd.jacobian])
def test_a_result_that_does_not_depend_on_the_argument_has_derivative_zero_also_where_it_has_none(mode: Any) -> None:
    """√x at 0 has no derivative, and none is asked for."""
    assert mode(lambda x: [2 * x, Value(0.0).sqrt()])(1.0) == [2.0, 0.0]  # type: ignore[attr-defined]


def test_a_derivative_that_is_not_asked_for_need_not_exist() -> None:
    assert grad(lambda x: x + sqrt(Value(0.0)))(1.0) == 1.0


# ── floats or Values, and no trace left ──────────────────────────────────────────────────────────────


def test_numbers_give_floats_and_values_give_values_that_differentiate_further() -> None:
    assert type(grad(lambda x: x**3)(2.0)) is float
    assert [type(y) for y in value_and_grad(lambda x: x**3)(2)] == [float, float]
    x = Value(2.0)
    y, slope = value_and_grad(lambda x: x**3)(x)
    assert isinstance(slope, Value)
    slope.backward()
    assert (y.data, slope.data, x.grad) == (8.0, 12.0, 12.0)
    assert all(isinstance(z, Value) for z in (grad(lambda x: 3.0)(x), *jvp(lambda x: x, (1.0,), (Value(1.0),))))


def test_it_is_also_given_values_in_arguments_it_does_not_differentiate() -> None:
    w = Value(3.0)
    slope = grad(lambda x, w: w * x * x)(2.0, w)
    slope.backward()
    assert (slope.data, w.grad) == (12.0, 4.0)


def test_nothing_is_written_to_a_captured_value() -> None:
    w = Value(3.0, label="w")
    b = Value(1.0)
    z = w * b
    z.backward()
    before = [(v.data, v.grad, v.label, v.op) for v in (w, b, z)]
    made: list[Value] = []

    def f(x: Any) -> Any:
        made.append(total([dot([w], [x], b), z, x]))
        return made[-1]

    assert grad(f)(2.0).data == 4.0
    assert jvp(f, (2.0,), (1.0,))[1].data == 4.0
    assert [x.data for x in value_and_grad(f)(2.0)] == [12.0, 4.0]
    assert jacobian(f)(2.0).data == 4.0
    assert hessian(f)(2.0).data == 0.0
    assert grad(f)(Value(2.0)).data == 4.0
    with no_grad():
        assert grad(f)(2.0) == 4.0
    assert [(v.data, v.grad, v.label, v.op) for v in (w, b, z)] == before
    assert all(node.grad == 0 for y in made for node in topological_order(y) if node not in (w, b, z))


# ── no gradient is lost in silence: what a function uses from outside ────────────────────────────────

v, x0 = 2.0, 1.3  # f(x) = v² sin(v x), its derivatives in x, and theirs in v, by hand
SIN, COS = math.sin(v * x0), math.cos(v * x0)
F = (v**2 * SIN, 2 * v * SIN + v**2 * x0 * COS)
F1 = (v**3 * COS, 3 * v**2 * COS - v**3 * x0 * SIN)
F2 = (-(v**4) * SIN, -4 * v**3 * SIN - v**4 * x0 * COS)
F3 = (-(v**5) * COS, -5 * v**4 * COS + v**5 * x0 * SIN)

# fmt: off
ON_A_CLOSURE: dict[str, tuple[Callable[[Any], Any], tuple[float, float]]] = {  # of f, and what it and ∂/∂v of it are
    "grad":             (lambda f: grad(f)(x0), F1),
    "value of both":    (lambda f: value_and_grad(f)(x0)[0], F),
    "gradient of both": (lambda f: value_and_grad(f)(x0)[1], F1),
    "jacobian":         (lambda f: jacobian(lambda x: [f(x), x])(x0)[0], F1),
    "jacrev":           (lambda f: jacrev(lambda x: {"a": (f(x[0]), x[0])})([x0])["a"][0][0], F1),
    "jacfwd":           (lambda f: jacfwd(lambda x: {"a": (f(x["b"]), 0.0)})({"b": x0})["a"][0]["b"], F1),
    "hessian":          (lambda f: hessian(f)(x0), F2),
    "hvp":              (lambda f: hvp(lambda x: f(x[0]), ([x0],), ([1.0],))[0], F2),
    "value of jvp":     (lambda f: jvp(f, (x0,), (1.0,))[0], F),
    "tangent of jvp":   (lambda f: jvp(lambda x: [f(x)], (x0,), (1.0,))[1][0], F1),
    "grad of grad":     (lambda f: grad(grad(f))(x0), F2),
    "grad three times": (lambda f: grad(grad(grad(f)))(x0), F3),
    "jvp of jvp":       (lambda f: jvp(lambda x: jvp(f, (x,), (1.0,))[1], (x0,), (1.0,))[1], F2),
    "grad of jvp":      (lambda f: grad(lambda x: jvp(f, (x,), (1.0,))[1])(x0), F2),
    "two arguments":    (lambda f: grad(lambda y, x: f(x) + y, argnums=(1, 0))(0.0, x0)[0], F1),
    "inside another":   (lambda f: grad(lambda y: y * grad(f)(x0))(5.0), F1),
    "two variables":    (lambda f: grad(lambda y: grad(lambda x: f(x) * y)(x0))(5.0), F1),
    "an enclosing one": (lambda f: grad(lambda y: grad(lambda z: f(y) * z)(0.0))(x0), F1),
    "not of its input": (lambda f: value_and_grad(lambda y: f(x0))(1.0)[0], F),
}
# fmt: on


@pytest.mark.parametrize("taken", ON_A_CLOSURE)
def test_a_derivative_of_a_function_that_uses_a_value_from_outside_carries_that_values_gradient(taken: str) -> None:
    compute, (expected, slope) = ON_A_CLOSURE[taken]
    outside = Value(v)

    def f(x: Any) -> Any:
        return outside * outside * sin(outside * x)

    derivative = compute(f)
    assert (derivative.data, outside.grad) == (near(expected), 0.0)
    (derivative * 3 + outside).backward()
    assert outside.grad == near(3 * slope + 1)
    with no_grad():
        plain = compute(f)
    assert (type(plain), plain) == (float, near(expected))


def test_a_part_of_a_loss_that_is_a_derivative_is_not_missing_from_its_gradient() -> None:
    """f = 2vx · v at v = 2, x = 1: ∂f/∂v = 4vx = 8, of which 4 through the factor v alone."""
    outside = Value(2.0)
    loss = grad(lambda z: outside * z * z)(1.0) * outside
    loss.backward()
    assert (loss.data, outside.grad) == (8.0, 8.0)


def test_a_result_that_does_not_depend_on_the_argument_keeps_what_it_depends_on() -> None:
    outside = Value(3.0)
    y, slope = value_and_grad(lambda x: outside * outside)(1.0)
    assert (y.data, slope.data) == (9.0, 0.0)
    y.backward()
    assert outside.grad == 6.0
    assert [type(z) for z in value_and_grad(lambda x: x * Value(3.0))(1.0)] == [float, float]  # made inside: a constant


class Physics:
    """The loss of a network u that is to solve u″ + u = 0 with u(0) = 0, u′(0) = 1: its own derivatives are in it."""

    points = (-1.0, 0.0, 0.7, 1.9)

    def __init__(self) -> None:
        import nn

        self.u = nn.MLP(1, [5, 4, 1], activation="tanh", seed=3)
        self.parameters = list(self.u.parameters())

    def residual(self, x: Any) -> Any:
        return grad(grad(lambda z: self.u([z])))(x) + self.u([x])

    def boundary(self) -> Any:
        y, slope = value_and_grad(lambda z: self.u([z]))(0.0)
        return y**2 + (slope - 1) ** 2

    def loss(self) -> Any:
        return total([self.residual(x) ** 2 for x in self.points]) / len(self.points) + self.boundary()


def test_a_physics_informed_loss_has_one_gradient_eagerly_by_differences_and_compiled() -> None:
    physics = Physics()
    loss = physics.loss()
    loss.backward()
    eager = [p.grad for p in physics.parameters]
    assert all(g != 0 for g in eager[:5])

    def at(p: Value, number: float) -> float:
        before, p.data = p.data, number
        with no_grad():
            found = physics.loss()
        p.data = before
        return float(getattr(found, "data", found))

    h = 1e-5  # the error of a central difference is h² f‴ / 6, and a rounding of f divided by h: some 1e-10 each
    differences = [(at(p, p.data + h) - at(p, p.data - h)) / (2 * h) for p in physics.parameters]
    assert eager == pytest.approx(differences, rel=1e-6, abs=1e-8)

    program = autograd.compile(lambda x: physics.residual(x) ** 2 + physics.boundary(), example=(0.0,))
    mean, gradient = program.value_and_grad(list(physics.points))
    assert mean == pytest.approx(loss.data, rel=1e-12)
    compiled = dict(zip(program.parameters, gradient.tolist(), strict=True))
    # The same sums in another order, of terms that cancel to a hundredth or so
    assert [compiled[p] for p in physics.parameters] == pytest.approx(eager, rel=1e-11, abs=1e-13)


def test_derivatives_are_taken_inside_no_grad_and_no_grad_inside_is_respected() -> None:
    with no_grad():
        assert grad(grad(lambda x: x**3))(2.0) == 12.0
        slope = grad(lambda x: x**3)(Value(2.0))
        assert (slope.data, slope.op) == (12.0, None)
        assert (Value(1.0) + 1).op is None
    assert grad(lambda x: x * no_grad()(lambda: x * x)())(3.0) == 9.0
    assert (Value(1.0) + 1).op is not None


def test_an_exception_in_the_function_leaves_no_trace() -> None:
    with no_grad():
        with pytest.raises(ZeroDivisionError):
            grad(lambda x: grad(lambda y: y / (y - y))(x))(1.0)
        assert (Value(1.0) + 1).op is None
    x = Value(2.0)
    with pytest.raises(ZeroDivisionError):
        grad(lambda y: x * y / (y - y))(1.0)
    assert type(grad(lambda y: y * y)(5.0)) is float


# ── errors ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("compute", "words"),
    [
        (lambda: grad(lambda x: [x, x])(1.0), r"result is one real number, and <lambda> gave a list of 2\. Try jac"),
        (lambda: grad(lambda x: "a")(1.0), "expected <lambda> to give numbers or Values, and it gave 'a' of type str"),
        (lambda: grad(sigmoid, 1)(1.0), r"with respect to argnums=1 needs at least 2 positional .*given 1"),
        (lambda: grad(sigmoid, -2)(1.0), "needs at least 2 positional arguments"),
        (lambda: grad(sigmoid, 0.5)(1.0), "argnums is an int or a sequence of ints, not 0.5"),
        (lambda: grad(sigmoid, ("x",))(1.0), "argnums is an int or a sequence of ints, not"),
        (lambda: grad(lambda p: p)({"w": [1.0, "a"]}), "argument 0 of <lambda>: expected a real number, not 'a'"),
        (lambda: grad(lambda x: x)(1j), "expected a real number, not 1j of type complex"),
        (lambda: jacobian(lambda x: [x, "a"])(1.0), "to give numbers or Values, and it gave 'a' of type str"),
        (lambda: jvp(sin, 1.0, 1.0), "the primals of jvp are a tuple or list, .* not 1.0 of type float"),
        (lambda: jvp(sin, (1.0,), 1.0), "the tangents of jvp are a tuple or list"),
        (lambda: jvp(sin, (1.0,), (1.0, 2.0)), "primals is a tuple of 1 and its tangent a tuple of 2"),
        (lambda: jvp(sin, ([1.0],), ({"a": 1.0},)), r"primals\[0\] is a list of 1 and its tangent a dict of 1"),
        (lambda: jvp(sin, ({"b": 1.0},), ({"a": 1.0},)), r"primals\[0\] is a dict of 1 and its tangent a dict of 1"),
        (lambda: jvp(sin, (1.0,), ("a",)), r"the tangent of primals\[0\] must be a number or a Value"),
    ],
)  # fmt: skip
def test_what_cannot_be_differentiated_is_a_type_error_that_says_why(compute: Callable[[], Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        compute()


def test_where_there_is_no_derivative_the_error_names_the_node() -> None:
    with pytest.raises(ZeroDivisionError, match=r"the gradient of sqrt\(0\.0\)"):
        grad(sqrt)(0.0)
    with pytest.raises(ValueError, match="log"):
        grad(log)(-1.0)


def test_data_that_change_during_the_call_are_noticed_where_derivatives_are_computed_anew() -> None:
    def f(x: Value) -> Value:
        y = x * x
        z = sin(y)
        y.data = 0.0
        return z

    assert grad(f)(2.0) == near(math.cos(4.0) * 4)  # as recorded in the forward pass
    with pytest.raises(RuntimeError, match="data changed after the forward pass"):
        grad(grad(f))(2.0)


def test_the_function_returned_is_named_after_what_it_is() -> None:
    assert grad(grad(sigmoid)).__name__ == "grad(grad(sigmoid))"
    assert "hessian" in (hessian(sigmoid).__doc__ or "")


def test_a_long_chain_needs_no_recursion() -> None:
    def f(x: Any) -> Any:
        for _ in range(20_000):
            x = x + 1.0
        return x * x

    assert grad(f)(0.0) == 40_000.0
    assert jvp(f, (0.0,), (1.0,))[1] == 40_000.0


@pytest.mark.parametrize("argnums", [(0, 0), (0, -2), (1, 0, 1), [-1, 1]])
@pytest.mark.parametrize("derivative", [grad, value_and_grad, jacobian, jacfwd, jacrev, hessian])
def test_an_argument_named_twice_is_refused(derivative: Any, argnums: Any) -> None:
    """Only one of its two nodes would be the one the function sees, and the other gradient 0."""
    with pytest.raises(ValueError, match=r"argnums=.* names an argument of .* twice"):
        derivative(lambda x, y: x * y, argnums)(2.0, 3.0)
