"""The walks make no node that is not needed, and keep their order whoever made the nodes."""

import pickle

from autograd import Value, topological_order
from autograd.graph import adjoints, evaluate, tangents


def test_an_adjoint_of_a_product_is_the_other_factor_itself() -> None:
    x, y = Value(2.0), Value(3.0)
    adjoint = adjoints(topological_order(x * y), {})
    assert adjoint[x] is y, "∂(xy)/∂x = y, and not 1 · y"
    assert adjoint[y] is x


def test_an_adjoint_of_a_sum_is_that_of_the_sum_itself() -> None:
    x, y, seed = Value(2.0), Value(3.0), Value(5.0)
    adjoint = adjoints(topological_order(x + y), {}, seed)
    assert adjoint[x] is adjoint[y] is seed, "δ, and not δ · 1"


def test_what_is_made_of_a_node_from_a_process_that_is_ahead_comes_after_it() -> None:
    x = Value(2.0)
    y = x * x
    y._n += 1000  # as if that process had made a thousand nodes more
    copied = pickle.loads(pickle.dumps(y))
    z = copied * 3.0
    assert [node.data for node in topological_order(z)] == [2.0, 4.0, 12.0]
    z.backward()
    assert copied.parents[0].grad == 12.0  # ∂(3x²)/∂x = 6x


def test_a_leaf_for_which_nothing_is_given_stands_for_its_own_data() -> None:
    x, y = Value(2.0), Value(3.0)
    z = x * y
    assert evaluate(topological_order(z), {x: 5.0}) == {x: 5.0, y: 3.0, z: 15.0}


def test_a_tangent_that_is_given_inside_a_graph_stays() -> None:
    x = Value(3.0)
    square = x * x
    z = square * x
    found = tangents(topological_order(z), {v: v.data for v in (x, square, z)}, {x: 1.0, square: 5.0})
    assert (found[square], found[z]) == (5.0, 5 * 3 + 9 * 1)  # ż = ṡ x + s ẋ
