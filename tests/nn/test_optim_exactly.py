"""What an optimiser says of a parameter that it was given twice."""

import pytest

import nn
from autograd import Value


def test_the_parameter_that_occurs_twice_is_the_one_that_is_named() -> None:
    a, b = Value(1.0, label="a"), Value(2.0, label="b")
    with pytest.raises(ValueError, match=r"twice.*label='b'"):
        nn.SGD([a, b, b], lr=0.1)
