"""`backward(create_graph=True)`: gradients that can be differentiated again."""

import math

import pytest

from autograd import Value, dot, exp, grad, gradcheck, log, logsumexp, primitive, sigmoid, sin, tanh, total
from autograd.check import GradcheckError
from autograd.graph import topological_order
from autograd.primitives import table


def derivatives(y: Value, x: Value, order: int) -> list[float]:
    """y, y′, y″ … by repeated backward passes."""
    found = [y.data]
    for _ in range(order):
        x.grad = 0.0
        y.backward(create_graph=True)
        y = x.grad if isinstance(x.grad, Value) else Value(x.grad)  # 0.0 where y no longer depends on x
        found.append(y.data)
    return found


# fmt: off
CASES = [  # f, and f, f′, f″, f‴ by hand
    (lambda x: x**4,          lambda x: (x**4, 4 * x**3, 12 * x**2, 24 * x)),
    (sin,                     lambda x: (math.sin(x), math.cos(x), -math.sin(x), -math.cos(x))),
    (lambda x: exp(2 * x),    lambda x: tuple(2**k * math.exp(2 * x) for k in range(4))),
    (log,                     lambda x: (math.log(x), 1 / x, -1 / x**2, 2 / x**3)),
    (lambda x: 1 / x,         lambda x: (1 / x, -1 / x**2, 2 / x**3, -6 / x**4)),
    (lambda x: 2**x,          lambda x: tuple(math.log(2) ** k * 2**x for k in range(4))),
    (lambda x: x * sin(x),    lambda x: (x * math.sin(x), math.sin(x) + x * math.cos(x),
                                         2 * math.cos(x) - x * math.sin(x), -3 * math.sin(x) - x * math.cos(x))),
    (lambda x: dot([x, 2.0], [x, x], x),  lambda x: (x * x + 3 * x, 2 * x + 3, 2, 0)),
    (lambda x: total([x**3, x, 1]),       lambda x: (x**3 + x + 1, 3 * x**2 + 1, 6 * x, 6)),
]
# fmt: on


@pytest.mark.parametrize("x", [0.7, 1.3, 2.0])
@pytest.mark.parametrize(("f", "by_hand"), CASES)
def test_to_third_order(f: object, by_hand: object, x: float) -> None:
    node = Value(x)
    # a dozen roundings a derivative, and 1e-13 is 450 ulp
    assert derivatives(f(node), node, 3) == pytest.approx(by_hand(x), rel=1e-13, abs=1e-13)


def test_sigmoid_satisfies_its_differential_equation_to_third_order() -> None:
    """σ′ = σ(1 − σ), σ″ = σ′(1 − 2σ), σ‴ = σ″(1 − 2σ) − 2σ′²."""
    x = Value(0.3)
    s, first, second, third = derivatives(sigmoid(x), x, 3)
    assert first == pytest.approx(s * (1 - s), rel=1e-14)
    assert second == pytest.approx(first * (1 - 2 * s), rel=1e-13)
    assert third == pytest.approx(second * (1 - 2 * s) - 2 * first**2, rel=1e-13)


def test_logsumexp_has_the_hessian_of_the_softmax() -> None:
    xs = [Value(v) for v in (0.1, -1.2, 0.8)]
    y = logsumexp(xs)
    y.backward(create_graph=True)
    p = [x.grad for x in xs]
    for i, p_i in enumerate(p):
        for x in xs:
            x.grad = 0.0
        p_i.backward()
        expected = [p_i.data * ((i == j) - p[j].data) for j in range(3)]
        assert [x.grad for x in xs] == pytest.approx(expected, rel=1e-14, abs=1e-16)


def test_gradients_are_values_that_know_where_they_come_from() -> None:
    x = Value(3.0)
    y = x * x
    y.backward(create_graph=True)
    assert isinstance(x.grad, Value)
    assert x in topological_order(x.grad)


def test_leaves_accumulate_and_a_leaf_as_the_root_counts_itself() -> None:
    x = Value(3.0)
    y = x * x
    y.backward()
    y.backward(create_graph=True)
    assert x.grad.data == 12.0
    y.backward(create_graph=True)
    assert x.grad.data == 18.0
    z = Value(1.0)
    z.backward(create_graph=True)
    assert z.grad.data == 1.0


def test_the_gradient_handed_in_may_be_a_value_and_is_differentiated_too() -> None:
    x, seed = Value(3.0), Value(2.0)
    (x * x).backward(gradient=seed, create_graph=True)
    first, x.grad, seed.grad = x.grad, 0.0, 0.0
    first.backward()
    assert first.data == 12.0
    assert (x.grad, seed.grad) == (4.0, 6.0)


def test_mixed_second_derivatives_are_equal() -> None:
    x, y = Value(0.4), Value(-0.9)
    z = sin(x * y) * exp(x)
    z.backward(create_graph=True)
    zx, zy = x.grad, y.grad
    x.grad = y.grad = 0.0
    zx.backward()
    zxy = y.grad
    x.grad = y.grad = 0.0
    zy.backward()
    assert zxy == pytest.approx(x.grad, rel=1e-14)


# ── data that changed since the forward pass ──────────────────────────────────────────────────


@pytest.mark.parametrize("compute", [lambda x: x * x * x, lambda x: (2 * x).sin(), lambda x: x + 1, lambda x: x**2])
def test_data_changed_after_the_forward_pass_raise_and_change_no_gradient(compute: object) -> None:
    x = Value(2.0, label="x")
    y = compute(x)
    x.data = 5.0
    with pytest.raises(RuntimeError, match="data changed after the forward pass"):
        y.backward(create_graph=True)
    assert x.grad == 0.0
    assert y.grad == 0.0


def test_data_changed_to_where_there_is_no_result_raise_too() -> None:
    x = Value(2.0, label="x")
    for compute in (Value.log, Value.sqrt, lambda x: 1 / x, lambda x: x**-1.5):
        x.data = 2.0
        y = compute(x)
        x.data = 0.0 if compute is not Value.sqrt else -1.0
        with pytest.raises(RuntimeError, match="data changed after the forward pass"):
            y.backward(create_graph=True)
        assert x.grad == y.grad == 0.0


def test_data_changed_so_that_the_result_stays_raise_too() -> None:
    """0·x is 0 whatever x is, but ∂(wx)/∂w = x is not; cos is even, its derivative odd."""
    x, w = Value(2.0), Value(0.0)
    y = w * x
    z = dot([w, 1.0], [x, 1.0])
    x.data = 3.0
    for root in (y, z):
        with pytest.raises(RuntimeError, match="data changed after the forward pass"):
            root.backward(create_graph=True)
    angle = Value(1.0)
    even = angle.cos()
    angle.data = -1.0
    with pytest.raises(RuntimeError, match="data changed after the forward pass"):
        even.backward(create_graph=True)
    assert x.grad == w.grad == angle.grad == 0.0


def test_data_of_a_node_in_between_changed_raise_too() -> None:
    x = Value(2.0)
    square = x * x
    y = square.sin()
    square.data = 1.0
    with pytest.raises(RuntimeError, match="data changed after the forward pass"):
        y.backward(create_graph=True)


def test_nan_counts_as_unchanged() -> None:
    x = Value(math.nan)
    (x * x).backward(create_graph=True)
    assert math.isnan(x.grad.data)


def test_gradcheck_of_a_higher_derivative_finds_a_rule_that_goes_through_abs_and_passes_the_tables() -> None:
    through_abs = primitive("through_abs", tanh, lambda y, x: 4 * (e := exp(-2 * abs(x))) / (1 + e) ** 2)
    try:
        assert gradcheck(through_abs, 0.0)
        with pytest.raises(GradcheckError, match="does not see all"):
            gradcheck(grad(grad(through_abs)), 0.0)
    finally:
        table["through_abs"].remove()
    assert gradcheck(grad(grad(tanh)), 0.0)
    assert gradcheck(grad(grad(grad(sigmoid))), 0.0)
