"""`contract` is Σ a · b over the axes that the result has not, whatever has which axes and however they lie."""

from __future__ import annotations

import random

import numpy as np
import pytest

from autograd.compiler.contract import contract

KINDS = {  # which of a, b and the result an axis is long in
    "row": (True, False, True),
    "column": (False, True, True),
    "summed": (True, True, False),
    "batch": (True, True, True),
    "summed in a alone": (True, False, False),
    "summed in b alone": (False, True, False),
    "of length one": (False, False, False),
}


def laid_out(choose: random.Random, values: np.ndarray) -> np.ndarray:
    """The same numbers, with the axes in another order in memory, and sometimes with gaps."""
    order = choose.sample(range(values.ndim), values.ndim)
    inner = np.ascontiguousarray(values.transpose(order))
    if choose.random() < 0.3:
        wide = np.full((*inner.shape[:-1], 2 * inner.shape[-1]), np.nan)
        wide[..., ::2] = inner
        inner = wide[..., ::2]
    return inner.transpose(np.argsort(order))


def check(choose: random.Random, kinds: list[str], lengths: list[int]) -> None:
    rng = np.random.default_rng(choose.randrange(2**32))
    a, b, out = (
        rng.normal(size=[n if KINDS[kind][which] else 1 for kind, n in zip(kinds, lengths, strict=True)])
        for which in range(3)
    )
    steps = []
    a, b = laid_out(choose, a), laid_out(choose, b)
    out = laid_out(choose, out) if choose.random() < 0.5 else out
    contract(a, b, out, lambda *call: steps.append(call), beside=choose.random() < 0.5)
    axes = tuple(i for i, kind in enumerate(kinds) if not KINDS[kind][2])
    expected = (a * b).sum(axes, keepdims=True)
    for _ in range(2):  # what the first run has left behind changes nothing
        for function, *args in steps:
            function(*args)
        # sums of up to a thousand products of numbers around 1, in another order
        assert np.allclose(out, expected, rtol=1e-12, atol=1e-12), (kinds, lengths, a.strides, b.strides)


@pytest.mark.parametrize("axes", range(1, 5))
@pytest.mark.parametrize("longest", [3, 9])
def test_it_is_the_sum_of_the_products(axes: int, longest: int) -> None:
    choose = random.Random(f"{axes} {longest}")
    for _ in range(150):
        kinds = choose.choices(list(KINDS), [4, 4, 4, 4, 1, 1, 1], k=axes)
        check(choose, kinds, [choose.randint(2, longest) for _ in kinds])


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (0, 2, 1)])
@pytest.mark.parametrize("long", ["row", "column"])
def test_matrices_times_vectors_side_by_side(long: str, order: tuple[int, ...]) -> None:
    """One axis that both and the result have, so that there is a product for each, of a matrix and a vector."""
    kinds = [("batch", long, "summed")[i] for i in order]
    for seed in range(10):
        check(random.Random(seed), kinds, [9, 8, 7])


def test_products_that_lie_beside_each_other_are_summed_without_an_array_of_them() -> None:
    """For each sample Σ of squares, as in a Gaussian: as a stack of products, where that is quick, and in one call."""
    a, out = np.random.default_rng(0).normal(size=(5, 7, 30)), np.zeros((5, 1, 30))
    for beside, calls in ((False, [np.multiply, np.add.reduce]), (True, [np.matmul])):
        steps = []
        contract(a, a, out, lambda *call: steps.append(call), beside=beside)  # noqa: B023
        assert [function for function, *_ in steps] == calls
        for function, *args in steps:
            function(*args)
        assert np.allclose(out, (a * a).sum(1, keepdims=True), rtol=1e-14)
