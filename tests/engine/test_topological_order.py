"""`topological_order`: every node once, parents before children, the root last."""

import copy
import random

import pytest

from autograd import Value, dot, topological_order, total, where


def check(root: Value) -> list[Value]:
    order = topological_order(root)
    position = {node: i for i, node in enumerate(order)}
    assert len(position) == len(order), "every node once"
    assert order[-1] is root
    for node in order:
        assert all(position[parent] < position[node] for parent in node.parents)
    reached, stack = {root}, [root]
    while stack:
        for parent in stack.pop().parents:
            if parent not in reached:
                reached.add(parent)
                stack.append(parent)
    assert reached == set(order), "all that the root was computed from, and nothing else"
    return order


def test_of_a_leaf_is_the_leaf() -> None:
    x = Value(1.0)
    assert check(x) == [x]


def test_is_the_forward_pass_step_by_step() -> None:
    a, b = Value(1.0), Value(2.0)
    c = a * b
    d = c + a
    e = d * c
    assert check(e) == [a, b, c, d, e]


def test_leaves_out_what_the_root_does_not_need_and_plain_numbers() -> None:
    x = Value(1.0)
    needed, unneeded = x * 2, x * 3
    order = check(needed + 1)
    assert unneeded not in order
    assert len(order) == 3


def test_includes_operands_that_no_gradient_reaches() -> None:
    condition, a, b = Value(1.0), Value(2.0), Value(3.0)
    assert set(check(where(condition, a, b))) >= {condition, a, b}


def test_of_random_graphs_and_of_their_copies() -> None:
    rng = random.Random(0)
    for _ in range(20):
        nodes = [Value(rng.random()) for _ in range(3)]
        for _ in range(60):
            a, b, c = rng.choices(nodes, k=3)
            nodes.append([a + b, a * b, dot([a, b], [b, c], a), total([a, c])][rng.randrange(4)])
        root = total(nodes[-5:])
        order = check(root)
        copied = check(copy.deepcopy(root))
        assert [node.op for node in copied] == [node.op for node in order]


@pytest.mark.parametrize("root", [5, 2.5, "x", None, [Value(1.0)]], ids=repr)
def test_of_anything_else_is_a_type_error(root: object) -> None:
    with pytest.raises(TypeError, match=r"topological_order takes a Value, not .* of type"):
        topological_order(root)
