"""The walks make no node that is not needed, and keep their order whoever made the nodes."""

import pickle

from autograd import Value, topological_order
from autograd.graph import adjoints


def test_an_adjoint_of_a_product_is_the_other_factor_itself() -> None:
    x, y = Value(2.0), Value(3.0)
    adjoint = adjoints(topological_order(x * y), {})
    assert adjoint[x] is y, "∂(xy)/∂x = y, and not 1 · y"
    assert adjoint[y] is x


def test_what_is_made_of_a_node_from_a_process_that_is_ahead_comes_after_it() -> None:
    x = Value(2.0)
    y = x * x
    y._n += 1000  # as if that process had made a thousand nodes more
    copied = pickle.loads(pickle.dumps(y))
    z = copied * 3.0
    assert [node.data for node in topological_order(z)] == [2.0, 4.0, 12.0]
    z.backward()
    assert copied.parents[0].grad == 12.0  # ∂(3x²)/∂x = 6x
