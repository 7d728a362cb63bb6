"""The graph of a loss is that of its formula, sides and all: a drawing shows ŷ − y."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Value, topological_order


@pytest.mark.parametrize("loss", [nn.squared_error, nn.half_squared_error, nn.mse_loss, nn.l1_loss])
def test_an_error_is_the_prediction_minus_the_target(loss: Any) -> None:
    prediction, target = [Value(2.0), Value(3.0)], [Value(5.0), Value(7.0)]
    errors = [node for node in topological_order(loss(prediction, target)) if node.op and node.op.name == "sub"]
    assert [e.operands for e in errors] == list(zip(prediction, target, strict=True))
    assert [e.data for e in errors] == [-3.0, -4.0]


def test_a_probability_above_1_is_refused_with_its_complement() -> None:
    with pytest.raises(ValueError, match=r"log\(-1\.5\)"):  # 1 − 2.5
        nn.binary_cross_entropy(2.5, 0.0)


def test_the_target_of_cross_entropy_may_be_an_array() -> None:
    logits = [0.5, -1.0, 2.0]
    shares = [0.25, 0.25, 0.5]
    assert nn.cross_entropy(logits, np.array(shares)) == nn.cross_entropy(logits, shares)
    assert nn.cross_entropy(np.array(logits), np.array(2)) == nn.cross_entropy(logits, 2)
    with pytest.raises(TypeError, match=r"the target of cross_entropy is .* not array\(1\.5\)"):
        nn.cross_entropy(logits, np.array(1.5))


def test_targets_may_be_inputs_of_a_compiled_program() -> None:
    w = [Value(0.5), Value(-1.0), Value(2.0)]
    program = autograd.compile(lambda k: nn.cross_entropy(w, k), example=(0,))
    expected = [nn.cross_entropy(w, k).data for k in range(3)]
    assert program(np.arange(3)).tolist() == pytest.approx(
        expected, rel=1e-15
    )  # log Σ exp is added up in another order
    program = autograd.compile(lambda t: nn.hinge_loss(w[0], t), example=(1.0,))
    assert program(np.array([1.0, -1.0])).tolist() == [0.5, 1.5]  # max(0, 1 − y ŷ)
