"""The graph of a loss is that of its formula, sides and all: a drawing shows ŷ − y."""

from __future__ import annotations

from typing import Any

import pytest

import nn
from autograd import Value, topological_order


@pytest.mark.parametrize("loss", [nn.squared_error, nn.half_squared_error, nn.mse_loss, nn.l1_loss])
def test_an_error_is_the_prediction_minus_the_target(loss: Any) -> None:
    prediction, target = [Value(2.0), Value(3.0)], [Value(5.0), Value(7.0)]
    errors = [node for node in topological_order(loss(prediction, target)) if node.op and node.op.name == "sub"]
    assert [e.operands for e in errors] == list(zip(prediction, target, strict=True))
    assert [e.data for e in errors] == [-3.0, -4.0]
