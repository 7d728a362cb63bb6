"""The much-read 2-2-2 example: what it prints, and which order of updates gives which digits.

The tutorial that source 000 leads to derives every gradient at one point, and prints eight new weights that say so. The
error and the outputs at its end are those of another procedure: w5 … w8 first, and then w1 … w4 with gradients that
have the new w5 … w8 in them. docs/sources.md tells the story; here are both, by the engine and by hand, to all digits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from derivations.by_hand import agree
from derivations.networks import data

import nn
from autograd import Value, dot, sigmoid

START = (0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55)
PRINTED = (0.149780716, 0.19956143, 0.24975114, 0.29950229, 0.35891648, 0.408666186, 0.511301270, 0.561370121)
"""The eight new weights of the tutorial."""


def forward(w: Sequence[Value]) -> tuple[list[Value], list[Value], list[Value], Value]:
    h = [sigmoid(dot(w[0:2], [0.05, 0.10], 0.35)), sigmoid(dot(w[2:4], [0.05, 0.10], 0.35))]
    z = [dot(w[4:6], h, 0.60), dot(w[6:8], h, 0.60)]
    o = [sigmoid(z_k) for z_k in z]
    return h, z, o, nn.half_squared_error(o, [0.01, 0.99])


def learn(steps: int, hasty: bool) -> tuple[list[Value], list[float], float]:
    """The weights, the outputs and the error after so many steps, by the engine."""
    w = [Value(x) for x in START]
    before, after = nn.SGD(w[:4], lr=0.5), nn.SGD(w[4:], lr=0.5)
    for _ in range(steps):
        h, z, _, error = forward(w)
        for parameter in w:
            parameter.grad = 0.0
        error.backward()
        after.step()
        if hasty:
            before.zero_grad()
            for k, row in enumerate((w[4:6], w[6:8])):
                dot(row, h).backward(gradient=z[k].grad)  # the same δ, through weights that have moved on
        before.step()
    _, _, o, error = forward(w)
    return w, data(o), error.data


def learn_by_hand(steps: int, hasty: bool) -> tuple[list[float], list[float], float]:
    """The same in plain Python."""

    def f(x: float) -> float:
        return 1 / (1 + math.exp(-x))

    def look(w: Sequence[float]) -> tuple[float, float, float, float]:
        h1, h2 = f(w[0] * 0.05 + w[1] * 0.10 + 0.35), f(w[2] * 0.05 + w[3] * 0.10 + 0.35)
        return h1, h2, f(w[4] * h1 + w[5] * h2 + 0.60), f(w[6] * h1 + w[7] * h2 + 0.60)

    w = list(START)
    for _ in range(steps):
        h1, h2, o1, o2 = look(w)
        d1, d2 = (o1 - 0.01) * o1 * (1 - o1), (o2 - 0.99) * o2 * (1 - o2)
        new = [w[4] - 0.5 * d1 * h1, w[5] - 0.5 * d1 * h2, w[6] - 0.5 * d2 * h1, w[7] - 0.5 * d2 * h2]
        w5, w6, w7, w8 = new if hasty else w[4:]
        g1, g2 = (d1 * w5 + d2 * w7) * h1 * (1 - h1), (d1 * w6 + d2 * w8) * h2 * (1 - h2)
        w = [w[0] - 0.5 * g1 * 0.05, w[1] - 0.5 * g1 * 0.10, w[2] - 0.5 * g2 * 0.05, w[3] - 0.5 * g2 * 0.10, *new]
    *_, o1, o2 = look(w)
    return w, [o1, o2], ((o1 - 0.01) ** 2 + (o2 - 0.99) ** 2) / 2


@pytest.mark.parametrize(
    ("hasty", "first", "outputs", "last"),
    [
        (False, "0.291027774", ("0.015913620", "0.984064274"), "0.000035102"),
        (True, "0.291027924", ("0.015912196", "0.984065734"), "0.000035085"),  # as they are printed
    ],
    ids=["all at once", "the outputs' weights first"],
)
def test_each_order_of_updates_has_its_own_digits(hasty: bool, first: str, outputs: tuple[str, str], last: str) -> None:
    assert f"{learn(1, hasty)[2]:.9f}" == first
    w, o, error = learn(10_000, hasty)
    assert tuple(f"{x:.9f}" for x in o) == outputs
    assert f"{error:.9f}" == last
    by_hand, o_by_hand, error_by_hand = learn_by_hand(10_000, hasty)
    # A step rounds each weight by 1e-16, and descent does not make earlier errors grow: at most 1e-12 in all.
    agree(data(w), by_hand)
    agree(o, o_by_hand)
    # t − o has come down to 0.006, so the rounding of o is 300 times that of E.
    agree(error, error_by_hand, 1e-11)


def test_the_weights_that_are_printed_are_those_of_the_gradient() -> None:
    at_once, hasty = (data(learn(1, order)[0]) for order in (False, True))
    half_a_digit = 5.5e-9  # two are printed with eight digits, and then one of the ninth is rounded
    assert max(abs(at_once - PRINTED)) < half_a_digit
    assert abs(hasty - PRINTED)[:4].min() > 1000 * half_a_digit
    assert f"{forward([Value(x) for x in PRINTED])[3].data:.9f}" == "0.291027774"


def test_the_last_error_that_some_copies_print_is_of_neither() -> None:
    assert not [order for order in (False, True) if f"{learn_by_hand(10_000, order)[2]:.10f}" == "0.0000351085"]
