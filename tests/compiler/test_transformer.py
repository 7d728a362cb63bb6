"""A GPT of one layer, in plain scalar code: one program for any tokens, in a few array operations."""

from __future__ import annotations

import random

import numpy as np
import pytest

import autograd
from autograd import Value
from autograd.choice import take
from benchmarks.transformer import loss, parameters

TOKENS = [0, 5, 13, 13, 1, 26, 7, 2]


@pytest.fixture(scope="module")
def weights() -> dict[str, list[list[Value]]]:
    return parameters(random.Random(0), Value)


@pytest.fixture(scope="module")
def program(weights) -> autograd.compiler.Program:
    return autograd.compile(lambda tokens: loss(weights, tokens, take), example=(TOKENS,))


def test_it_agrees_with_the_eager_engine_on_tokens_it_was_not_traced_with(program, weights) -> None:
    batch = np.array([TOKENS, [3, 3, 9, 1, 0, 2, 20, 25]])
    value, gradient = program.value_and_grad(batch)
    for p in program.parameters:
        p.grad = 0.0
    losses = [loss(weights, tokens, take) for tokens in batch.tolist()]
    for one in losses:
        one.backward(0.5)
    expected = np.array([p.grad for p in program.parameters])
    assert value == pytest.approx(sum(one.data for one in losses) / 2, rel=1e-12)
    assert np.abs(gradient - expected).max() <= 1e-12 * np.abs(expected).max()
    assert program.value_and_grad(batch[:1])[0] == pytest.approx(losses[0].data, rel=1e-12)


def test_the_tokens_are_lanes_of_the_same_groups(program) -> None:
    """Seven tokens and four heads do not make more groups than one: 37, of 7 201 nodes."""
    assert len(program._programs.arrays.vectorised.groups) < 45


def test_its_weights_are_found_as_matrices(program) -> None:
    shown = str(program)
    assert (
        sum(line.strip().startswith("z") for line in shown.splitlines()) == 5
    )  # q, k and v as one; wo; fc1; fc2; head


def test_an_embedding_gives_its_gradient_to_the_chosen_row_alone() -> None:
    rows = [[Value(float(3 * i + j)) for j in range(3)] for i in range(4)]
    program = autograd.compile(lambda i, x: sum(r * r for r in take(rows, i)) * x, example=(0, 1.0))
    value, gradient = program.value_and_grad([1, 3, 1], [1.0, 1.0, 2.0])
    table = np.arange(12.0).reshape(4, 3)
    assert value == pytest.approx(((table[1] ** 2).sum() * 3 + (table[3] ** 2).sum()) / 3)
    expected = np.zeros((4, 3))
    expected[1], expected[3] = 2 * table[1] * 3 / 3, 2 * table[3] / 3
    slopes = dict(zip(program.parameters, gradient.tolist(), strict=True))
    assert [[slopes[v] for v in row] for row in rows] == pytest.approx(expected)


def test_choosing_among_computed_values_and_numbers() -> None:
    w = Value(0.5)
    program = autograd.compile(lambda i, x: take([w * x, w + x, 7.0, x], i), example=(0, 1.0))
    assert program([0, 1, 2, 3], [3.0] * 4).tolist() == [1.5, 3.5, 7.0, 3.0]
    assert program.value_and_grad([0, 1, 2, 3], [3.0] * 4)[1].tolist() == [(3 + 1) / 4]


def test_the_same_item_at_several_places() -> None:
    a, b = Value(2.0), Value(3.0)
    program = autograd.compile(lambda i, x: take([a, b, a, b], i) * x, example=(0, 1.0))
    assert program([0, 1, 2, 3], [1.0] * 4).tolist() == [2.0, 3.0, 2.0, 3.0]
    slopes = dict(zip(program.parameters, program.value_and_grad([1, 3, 2, 1], [1.0] * 4)[1].tolist(), strict=True))
    assert slopes == {a: 0.25, b: 0.75}
    same = autograd.compile(lambda i, x: [take([a, a], i) * x, take([b, b], i) * x], example=(0, 1.0))
    assert same([1, 0], [1.0, 1.0]).tolist() == [[2.0, 3.0], [2.0, 3.0]]
