"""The backward pass: what it adds to which gradient, on graphs of every shape."""

import math
import random

import pytest

from autograd import Value, exp, maximum, minimum, relu, sin, tanh, topological_order, total, where


def test_leaves_accumulate_over_calls_and_other_nodes_do_not() -> None:
    x = Value(3.0)
    square = x * x
    y = square * 2
    y.backward()
    assert (x.grad, square.grad, y.grad) == (12.0, 2.0, 1.0)
    y.backward()  # micrograd gives 36 here, because its interior gradients survive
    assert (x.grad, square.grad, y.grad) == (24.0, 2.0, 1.0)


def test_two_roots_that_share_nodes_add_up_at_the_leaves() -> None:
    x = Value(2.0)
    shared = x * x
    first, second = shared + x, shared * 3
    first.backward()
    second.backward()
    assert x.grad == (2 * 2 + 1) + 3 * 2 * 2
    assert shared.grad == 3.0, "that of the last call alone"


def test_a_node_used_many_times_receives_the_sum_over_its_uses() -> None:
    x = Value(1.5)
    y = x * x + x * x + x  # 2x² + x
    y.backward()
    assert x.grad == 4 * 1.5 + 1


def test_backward_on_a_leaf_adds_one_to_its_own_gradient() -> None:
    x = Value(5.0)
    x.backward()
    x.backward(gradient=3)
    assert x.grad == 4.0


def test_gradient_is_that_of_a_loss_of_which_the_root_is_a_part() -> None:
    x = Value(2.0)
    (x * x).backward(gradient=-0.5)
    assert x.grad == -2.0


@pytest.mark.parametrize("gradient", ["1", None, 1j, Value(1.0)], ids=repr)
def test_a_gradient_that_is_no_number_is_a_type_error_and_changes_nothing(gradient: object) -> None:
    x = Value(2.0)
    y = x * x
    y.backward()
    with pytest.raises(TypeError, match="expected a real number"):
        y.backward(gradient=gradient)
    assert (x.grad, y.grad) == (4.0, 1.0)


def test_zero_grad_forgets_the_gradients_of_the_whole_graph() -> None:
    x, other = Value(2.0), Value(1.0)
    y = (x * 3).sin()
    y.backward()
    other.grad = 7.0
    y.zero_grad()
    assert all(node.grad == 0.0 for node in topological_order(y))
    assert other.grad == 7.0


def test_numbers_receive_no_gradient_and_where_none_to_its_condition() -> None:
    x, condition = Value(2.0), Value(1.0)
    where(condition, x * 3, x * 5).backward()
    assert x.grad == 3.0
    assert condition.grad == 0.0


def test_a_condition_computed_from_values_stops_the_gradient() -> None:
    x = Value(0.0)
    where(x.sqrt(), 1.0, x * 4).backward()  # √x has no derivative at 0, and none is needed
    assert x.grad == 4.0


# ── mutation ──────────────────────────────────────────────────────────────────────────────────


def test_changing_data_after_the_forward_pass_changes_no_gradient_of_it() -> None:
    x, w = Value(3.0), Value(5.0)
    nodes = [square := x * x, y := square * w]
    x.data, w.data, square.data = 100.0, 200.0, 300.0
    y.backward()
    assert x.grad == 2 * 3 * 5, "micrograd would use the numbers of now"
    assert w.grad == 9.0
    assert nodes[1].data == 45.0


# ── shapes of graphs ──────────────────────────────────────────────────────────────────────────


def test_a_chain_of_a_million_nodes_forward_backward_and_released() -> None:
    x = Value(1.0)
    y = x
    for _ in range(500_000):
        y = y + 1.0
        y = -y
    y.backward()
    assert y.data == 1.0
    assert x.grad == 1.0
    assert len(topological_order(y)) == 1_000_001
    del y  # a million deallocations, one inside the other, must not overflow the stack


def test_a_chain_of_one_operand_functions() -> None:
    x = Value(0.5)
    y, derivative, z = x, 1.0, 0.5
    for _ in range(1000):
        y = y.sin()
        derivative, z = derivative * math.cos(z), math.sin(z)
    y.backward()
    assert y.data == z
    # 1000 products, the other way round: half an ulp (1.1e-16) each
    assert math.isclose(x.grad, derivative, rel_tol=1000 * 1.2e-16)


def test_a_ladder_of_diamonds_with_two_to_the_thousandth_paths() -> None:
    x = Value(1.0)
    y = x
    for _ in range(1000):
        y = y + y
    y.backward()
    assert x.grad == 2.0**1000


def test_diamonds_of_distinct_nodes_visit_each_node_once() -> None:
    x = Value(1.0)
    y = x
    for _ in range(200):
        y = y * 0.25 + y * 0.75  # two paths a rung, 2²⁰⁰ in all, and dy/dx = 1
    y.backward()
    assert x.grad == 1.0


def test_a_skip_across_many_levels_waits_for_all_successors() -> None:
    x = Value(2.0)
    a = x * 3
    y = a
    for _ in range(50):
        y = y + a
    y.backward()
    assert a.grad == 51.0
    assert x.grad == 153.0


def test_a_random_graph_has_the_gradient_of_forward_differences_propagated_by_hand() -> None:
    """The reverse mode against the forward mode, written out with plain floats beside the graph."""
    rng = random.Random(2)
    x = Value(0.7)
    nodes, numbers = [x], [(0.7, 1.0)]  # (primal, tangent)
    for _ in range(2000):
        i, j = rng.randrange(len(nodes)), rng.randrange(max(0, len(nodes) - 8), len(nodes))
        (p, dp), (q, dq) = numbers[i], numbers[j]
        kind = rng.randrange(4)
        if kind == 0:
            nodes.append((nodes[i] + nodes[j]) * 0.5)
            numbers.append(((p + q) * 0.5, (dp + dq) * 0.5))
        elif kind == 1:
            nodes.append(nodes[i] * nodes[j])
            numbers.append((p * q, dp * q + p * dq))
        elif kind == 2:
            nodes.append(sin(nodes[j]))
            numbers.append((math.sin(q), math.cos(q) * dq))
        else:
            nodes.append(tanh(nodes[i]) - nodes[j])
            numbers.append((math.tanh(p) - q, (1 - math.tanh(p) ** 2) * dp - dq))
    # The last twenty hang on almost all the others, over very many paths
    root = total(nodes[-20:])
    root.backward()
    derivatives = [d for _, d in numbers[-20:]]
    # The sums over paths of the two modes round differently: measured 1e-15 of the terms, a thousandfold margin
    assert math.isclose(root.data, math.fsum(p for p, _ in numbers[-20:]), rel_tol=1e-12, abs_tol=1e-12)
    assert abs(x.grad - math.fsum(derivatives)) <= 1e-12 * math.fsum(map(abs, derivatives))


# ── ties and NaN ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("choose", [maximum, minimum])
def test_at_a_tie_maximum_and_minimum_give_one_half_to_each_side(choose: object) -> None:
    a, b = Value(2.0), Value(2.0)
    choose(a, b).backward()
    assert (a.grad, b.grad) == (0.5, 0.5)
    c = Value(2.0)
    choose(c, c).backward()
    assert c.grad == 1.0
    d = Value(2.0)
    choose(d, 2.0).backward()
    assert d.grad == 0.5


def test_away_from_a_tie_all_goes_to_the_one_chosen() -> None:
    a, b = Value(2.0), Value(3.0)
    maximum(a, b).backward()
    assert (a.grad, b.grad) == (0.0, 1.0)
    minimum(a, b).backward()
    assert (a.grad, b.grad) == (1.0, 1.0)


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_at_zero_relu_and_absolute_value_have_the_gradient_zero(zero: float) -> None:
    x = Value(zero)
    (relu(x) + abs(x)).backward()
    assert x.grad == 0.0


def test_nan_travels_in_either_order() -> None:
    nan = Value(math.nan)
    for y in (relu(nan), maximum(nan, 1), maximum(1, nan), minimum(nan, 1), minimum(1, nan), abs(nan), exp(nan)):
        assert math.isnan(y.data)
    x = Value(1.0)
    (x * nan).backward()
    assert math.isnan(x.grad)


def test_infinity_follows_ieee_in_sums_and_products() -> None:
    big = Value(1e308)
    assert (big * 10).data == math.inf
    assert (big + big).data == math.inf
    assert math.isnan((big * 10 - big * 10).data)
