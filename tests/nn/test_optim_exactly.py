"""What an optimiser says of a parameter that it was given twice, and settings that say nothing together."""

import pytest

import nn
from autograd import Value


def test_the_parameter_that_occurs_twice_is_the_one_that_is_named() -> None:
    a, b = Value(1.0, label="a"), Value(2.0, label="b")
    with pytest.raises(ValueError, match=r"twice.*label='b'"):
        nn.SGD([a, b, b], lr=0.1)


def test_dampening_without_momentum_damps_nothing() -> None:
    w = Value(0.0)
    optimiser = nn.SGD([w], lr=1.0, dampening=0.5)
    for _ in range(3):
        w.grad = 1.0
        optimiser.step()
    assert w.data == -3.0  # PyTorch's: without momentum there is no v, w := w − lr · g
