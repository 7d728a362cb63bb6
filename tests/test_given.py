"""Which plain numbers of a graph are its inputs and its targets, found without asking whoever made it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import nn
from autograd import Value, dot, topological_order
from autograd.structure.given import given


def found(root: Value) -> list[tuple[str, tuple[float, ...]]]:
    return [(numbers.kind, numbers.data) for numbers in given(topological_order(root))]


@pytest.mark.parametrize("loss", [nn.squared_error, nn.half_squared_error, nn.mse_loss, nn.l1_loss, nn.cross_entropy])
def test_inputs_and_targets_of_a_loss_are_found_where_they_stand(loss: Callable[..., Any]) -> None:
    model = nn.MLP(3, [4, 2], activation="tanh", seed=0)
    root = loss(model([0.1, 0.2, 0.3]), [0.25, 0.75])
    assert found(root) == [("inputs", (0.1, 0.2, 0.3)), ("targets", (0.25, 0.75))]
    for numbers in given(topological_order(root)):
        for x, seats in zip(numbers.data, numbers.seats, strict=True):
            assert [node.operands[place] for node, place in seats] == [x] * len(seats)
        for node, place in numbers.total:
            assert node.operands[place] == sum(numbers.data)


def test_a_difference_written_by_hand_is_a_target_either_way_round() -> None:
    ŷ = dot([Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)])
    for error in ((ŷ - 0.5) ** 2 / 2, (0.5 - ŷ) ** 2, abs(ŷ - 0.5), (lambda e: e * e)(ŷ - 0.5)):
        assert found(error) == [("targets", (0.5,))]


def test_other_constants_of_a_formula_are_none() -> None:
    x = Value(2.0)
    d = x - 1
    for y in (x * 3 + 1, (x - 1) * 2, (x - 1) ** 3, 2**x, (x - 1).tanh(), d**2 * d, dot([x], [x], 5.0)):
        assert found(y) == []


def test_values_are_nodes_and_no_plain_numbers() -> None:
    x, w, y = Value(1.0), Value(2.0), Value(3.0)
    assert found((dot([w], [x]) - y) ** 2) == []
