"""Small programs, one for each way in which operands are laid out, gradients are added up and lanes are summed.

Each is a few lines with an answer by hand, or by the eager engine, of sums of products of quarters: exact, or to the
roundings of a function of them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Value


@pytest.mark.parametrize("engine", ["numpy", "nodes"])
def test_minus_zero_is_another_constant_than_zero(engine: str) -> None:
    program = autograd.compile(lambda x: [x / 0.0, x / -0.0, x / -0.0], example=(1.0,), engine=engine)
    with np.errstate(all="ignore"):
        assert program([1.0, -2.0]).tolist() == [[math.inf, -math.inf, -math.inf], [-math.inf, math.inf, math.inf]]
