"""Small programs, one for each way in which operands are laid out, gradients are added up and lanes are summed.

Each is a few lines with an answer by hand, or by the eager engine, of sums of products of quarters: exact, or to the
roundings of a function of them.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import autograd
from autograd.compiler.contract import contract


@pytest.mark.parametrize("engine", ["numpy", "nodes"])
def test_minus_zero_is_another_constant_than_zero(engine: str) -> None:
    program = autograd.compile(lambda x: [x / 0.0, x / -0.0, x / -0.0], example=(1.0,), engine=engine)
    with np.errstate(all="ignore"):
        assert program([1.0, -2.0]).tolist() == [[math.inf, -math.inf, -math.inf], [-math.inf, math.inf, math.inf]]


KINDS = {"both": (1, 1, 1), "a": (1, 0, 1), "b": (0, 1, 1), "Σ both": (1, 1, 0), "Σ a": (1, 0, 0), "Σ b": (0, 1, 0)}
"""Who has an axis in full: a, b and the result. What the result does not have is summed over."""

CONTRACTIONS = [
    (kinds, lengths)
    for n in (1, 2, 3, 4)
    for kinds in list(itertools.product(KINDS, repeat=n))[:: 11 if n == 4 else 1]
    for lengths in [(3, 2, 4, 5)[:n], (1, 9, 8, 2)[:n]][: 3 - n // 2]
]


def laid_out(order: Any, shape: list[int], rng: np.random.Generator) -> Any:
    """Random numbers that lie in memory in the order of these axes."""
    lying = rng.normal(size=[shape[i] for i in order])
    return lying.transpose(np.argsort(order))


@pytest.mark.parametrize("lying", ["in order", "backwards", "first two swapped"])
def test_a_contraction_is_the_sum_of_products_however_its_factors_lie(lying: str) -> None:
    """Every way in which up to four axes belong to a, b and the result; to 1e-13, as up to 144 terms are summed."""
    rng = np.random.default_rng(0)
    for kinds, lengths in CONTRACTIONS:
        n = len(kinds)
        shapes = [
            [length if KINDS[k][who] else 1 for k, length in zip(kinds, lengths, strict=True)] for who in range(3)
        ]
        order = {
            "in order": [*range(n)],
            "backwards": [*range(n)][::-1],
            "first two swapped": [*range(n)[:2][::-1], *range(2, n)],
        }[lying]
        a, b = laid_out(order, shapes[0], rng), laid_out([*range(n)] if lying == "backwards" else order, shapes[1], rng)
        out = laid_out(order, shapes[2], rng)
        steps: list[Any] = []
        contract(a, b, out, lambda function, *given, steps=steps: steps.append((function, given)))
        for _ in range(2):  # the second time over what the first has left
            for function, given in steps:
                function(*given)
            axes = tuple(i for i in range(n) if out.shape[i] == 1)
            expected = (a * b).sum(axis=axes, keepdims=True)
            np.testing.assert_allclose(out, expected, rtol=1e-13, atol=1e-13, err_msg=f"{kinds}, {lengths}, {lying}")


def test_a_contraction_is_one_product_of_matrices_where_it_can_be() -> None:
    def calls(a: Any, b: Any, out: Any) -> list[str]:
        names: list[str] = []
        contract(np.zeros(a), np.zeros(b), np.zeros(out), lambda function, *_: names.append(function.__name__))
        return names

    assert calls((4, 3, 1), (1, 3, 7), (4, 1, 7)) == ["matmul"]  # W X over a batch
    assert calls((4, 1, 7), (1, 3, 7), (4, 3, 1)) == ["matmul"]  # δ Xᵀ
    assert calls((4, 3, 1), (4, 1, 7), (1, 3, 7)) == ["matmul"]  # Wᵀ δ
    assert calls((4, 3), (1, 3), (4, 1)) == ["matmul"]  # W x
    assert calls((4, 3), (4, 1), (1, 3)) == ["matmul"]
    assert calls((3,), (3,), (1,)) == ["dot"]
    assert calls((3, 4), (3, 4), (1, 1)) == ["dot"]  # two axes seen as one
    assert calls((8, 1), (1, 6), (8, 6)) == ["dot"]  # a column times a row, if that is large
    assert calls((7, 1), (1, 6), (7, 6)) == ["multiply"]
    assert calls((5, 8, 3, 1), (5, 1, 3, 7), (5, 8, 1, 7)) == ["matmul"]  # matrices one by one
    assert calls((5, 2, 3, 1), (5, 1, 3, 2), (5, 2, 1, 2)) == ["multiply", "reduce"]  # too small for that
    assert calls((4, 3), (1, 3), (1, 3)) == ["reduce", "multiply"]
