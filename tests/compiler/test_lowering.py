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
import nn
from autograd import Value, dot, exp, logsumexp, relu, sin, take, tanh, total, where
from autograd.compiler.contract import contract
from autograd.compiler.engines import ENGINES
from autograd.compiler.instructions import Adjoint, Broadcast, Contribute, Gather, Literal, ProgramError, Save
from autograd.compiler.lower import ArrayProgram
from autograd.compiler.stores import PARAMETER
from autograd.compiler.vectorise import _collapsed, _pattern, _strides
from autograd.primitives import Takes, _nary, table


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
    assert calls((5, 64), (5, 64), (5, 1)) == ["multiply", "reduce"]  # vectors one by one, however long
    assert calls((4, 3), (1, 3), (1, 3)) == ["reduce", "multiply"]


# ── programs ──────────────────────────────────────────────────────────────────────────────────

P = [Value(0.25 * (k % 7) - 0.625, label=f"p{k}") for k in range(24)]
W = [P[4 * i : 4 * i + 4] for i in range(6)]


def times(x: Any, ps: Any = P) -> list[Any]:
    return [v * p for v, p in zip(x, ps, strict=False)]


def hidden(x: Any) -> list[Any]:
    return [tanh(v) for v in times(x)]


LANES = {
    "a group used in full, once": lambda x: total(hidden(x)),
    "a group used in full, twice": lambda x: (lambda a: total([exp(v) for v in a]) + total([v * v for v in a]))(
        hidden(x)
    ),
    "a group used in full, three times": lambda x: (
        lambda a: total([exp(v) for v in a]) + total([v * v for v in a]) + dot(a, P[4:8])
    )(hidden(x)),
    "a part of a group": lambda x: total([exp(v * p) for v, p in zip(x, P, strict=False)][1:3]),
    "every other lane": lambda x: total([exp(v) for v in hidden(x)[::2]]),
    "a part and the whole": lambda x: (lambda a: total([exp(v) for v in a[1:]]) + total([v * v for v in a]))(
        hidden(x)
    ),
    "overlapping parts": lambda x: (lambda a: total([exp(v) for v in a[1:]]) + dot(a[:3], [tanh(v) for v in a[:3]]))(
        hidden(x)
    ),
    "backwards": lambda x: (lambda a: dot(a, [exp(v) for v in a[::-1]]))(
        hidden(x)
    ),
    "lanes without a pattern, some twice": lambda x: (
        lambda a: total([exp(a[k]) * (k + 0.5) for k in (3, 0, 0, 2, 3)]))(
        hidden(x)
    ),
    "parameters without a pattern, some twice": lambda x: total(
        [exp(P[k] * x[k % 4]) for k in (9, 2, 2, 17, 11, 9, 3)]
    ),
    "parameters without a pattern, in two ways": lambda x: (
        total([exp(P[k] * x[k % 4]) for k in (9, 2, 2, 17, 11)]) + total([tanh(P[k] + x[0]) for k in (17, 1, 9)])
    ),
    "neighbours without an order": lambda x: total([exp(P[k] * x[k % 4]) for k in (2, 0, 1, 3, 0)]),
    "one lane used by all": lambda x: (lambda a: total([exp(v * a[0]) for v in a]))([tanh(v * P[0]) for v in x]),
    "a lane of each": lambda x: (lambda a, b: a[0] ** 2 + 5 * b[2] + a[3] * b[2])(
        [tanh(v * P[0]) for v in x], [exp(v * P[1]) for v in x]
    ),
    "a matrix times a vector": lambda x: total([tanh(dot(row, x, p)) for row, p in zip(W, P, strict=False)]),
    "a matrix, and its transpose": lambda x: (
        lambda h: total([tanh(dot([row[j] for row in W], h)) for j in range(4)])
    )([tanh(dot(row, x)) for row in W]),
    "a bias for all": lambda x: total([tanh(dot(row, x, P[23])) for row in W]),
    "a bias that is computed": lambda x: total([tanh(dot(row, x, exp(v))) for row, v in zip(W, x, strict=False)]),
    "a square": lambda x: dot(W[0], W[0]) * x[0] + dot(x, x) * P[5] + (P[7] * x[1]) * (P[7] * x[1]),
    "a product with itself": lambda x: (lambda a: dot(a, a) + total([v * v for v in a]))([tanh(v * P[3]) for v in x]),
    "sums of unequal length": lambda x: total([tanh(dot(W[i][: i + 1], x[: i + 1])) for i in range(4)]),
    "totals of unequal length": lambda x: total(
        [tanh(total([exp(P[k]) * x[k] for k in range(i + 1)])) for i in range(4)]
    ),
    "logsumexp of unequal lengths": lambda x: total(
        [logsumexp(times(x[: i + 1])) for i in range(4)]
    ),
    "a logsumexp for each row": lambda x: total(
        [logsumexp(times(x, row)) * v for row, v in zip(W, x, strict=False)]
    ),
    "a logsumexp of parameters": lambda x: logsumexp(P[:6]) * x[0] + logsumexp([v * P[2] for v in x]),
    "conditions as factors": lambda x: total(
        [relu(v * p) * (v > 0) + where(p > 0, v, p) for v, p in zip(x, P, strict=False)]
    ),
    "a number as a condition": lambda x: total([where(P[k] * 2.0, v * P[k + 4], P[k + 8]) for k, v in enumerate(x)]),
    "a number as a condition and as a number": lambda x: total(
        [where(p, p * v, v) for p, v in zip(P, x, strict=False)]
    ),
    "one addend several times": lambda x: total(
        [tanh(total([p, p, p]) * v) + logsumexp([p * v, p * v, p * v]) for p, v in zip(P, x[:2], strict=False)]
    ),
    "a sum that is a term of another, and used besides": lambda x: (
        lambda s: (tanh(x[2]) + s) * s + (s + 1.5) * (P[7] - s)
    )(x[0] * P[2] + x[1] + P[9]),
    "products of a sample and of parameters, in either order, beside some of parameters alone": lambda x: (
        dot([tanh(x[0]), P[3], P[2], exp(P[5])], [exp(P[1]), P[4], x[1], tanh(x[2])], P[6])
    ),
    "numbers here and there in a sum": lambda x: (
        total([1.5, 2.0 + P[2] * x[0], 0.25 + P[4] * x[1]]) * (0.5 + (4.0 + (x[2] + (P[5] + 8.0))))
    ),
    "a number and a sample in one list": lambda x: total(
        [exp(v * 0.5) for v in [x[0] * P[0], P[1] * P[2], 0.25, P[3], x[1]]]
    ),
    "weight decay": lambda x: total([tanh(dot(row, x)) for row in W]) + 0.125 * sum(p * p for row in W for p in row),
    "parameters alone": lambda x: total([exp(p) for p in P[:5]]) + P[2] * P[3],
    "parameters alone, used by samples": lambda x: (lambda s: total([s * v for v in x]) + s)(exp(P[1] + P[2] * P[3])),
    "a parameter": lambda x: P[4],
    "a sum of what has a gradient and what has none, of parameters alone, and of a sample": lambda x: (
        logsumexp([tanh((P[0] * 2.0).detach()), tanh(P[1]), x[0] * P[2]])
    ),
    "a parameter, and one without a gradient": lambda x: P[4] + P[5].detach() * x[0],
    "an input, and no gradient": lambda x: x[2] + 0.0 * P[0].detach(),
    "nothing stored": lambda x: total(x) * 2.0,
    "detached": lambda x: (lambda a: a.detach() * a * x[0])(exp(P[6])),
    "powers": lambda x: total([(p * p + 0.5) ** k * v for p, v, k in zip(P, x, (2, 0.5, -1, 1.7), strict=False)]),
    "a power of parameters": lambda x: total([exp(p) ** v for p, v in zip(P, x, strict=False)]),
    "lanes of three axes": lambda x: total(
        [tanh(P[i] * P[6 + j] * x[k]) for i in range(2) for j in range(3) for k in range(4)]
    ),
    "a matrix read column by column": lambda x: total(
        [exp(W[i][j] * x[j]) * (0.5 + 0.25 * (i + 6 * j)) for j in range(4) for i in range(6)]
    ),
}  # fmt: skip


def eager(f: Any, batch: np.ndarray) -> tuple[float, dict[Value, float]]:
    for p in P:
        p.grad = 0.0
    mean = 0.0
    for sample in batch.tolist():
        y = f([Value(v) for v in sample])
        mean += y.data / len(batch)
        y.backward(1 / len(batch))
    return mean, {p: p.grad for p in P}


@pytest.mark.parametrize("engine", ["numpy", "nodes"])
@pytest.mark.parametrize("claim", LANES)
def test_a_gradient_reaches_every_lane_that_was_used_once_for_each_use(claim: str, engine: str) -> None:
    """To 1e-13 of what is about 1: sums of at most some hundred terms in another order."""
    f = LANES[claim]
    program = autograd.compile(f, example=([1.0] * 4,), engine=engine)
    for size in (3, 1, 12, 3):
        batch = np.random.default_rng(size).integers(-6, 7, (size, 4)) / 4.0
        expected, slopes = eager(f, batch)
        if program.parameters:
            value, gradient = program.value_and_grad(batch)
        else:
            (value, _), gradient = program.value_and_grad(batch, wrt="inputs"), np.empty(0)
        assert value == pytest.approx(expected, rel=1e-13, abs=1e-13)
        assert gradient == pytest.approx([slopes[p] for p in program.parameters], rel=1e-13, abs=1e-13)
        assert program(batch).mean() == pytest.approx(expected, rel=1e-13, abs=1e-13)


CHOICES = {
    "of parameters": lambda x, k: take(P[:5], k) * x,
    "of parameters without a pattern": lambda x, k: take([P[9], P[2], P[2], P[0], P[7]], k) * x,
    "of a table's rows": lambda x, k: total([tanh(take(list(column), k) * x) for column in zip(*W, strict=True)]),
    "of numbers": lambda x, k: take([0.5, -0.25, 2.0, 1.0, 0.75], k) * x * P[0],
    "of what is computed from parameters": lambda x, k: take([exp(p) for p in P[:5]], k) * x + exp(P[0]),
    "of what is computed from the sample": lambda x, k: take([tanh(p * x) for p in P[:5]], k) + tanh(P[1] * x),
    "of all of these": lambda x, k: take([tanh(P[0] * x), exp(P[1]), P[2], 0.5, x], k) * P[3],
    "of overlapping lists of two lengths": lambda x, k: take(P[:5], k) * x + take(P[2:9], k),
    "of two such lists of what is computed": lambda x, k: (
        lambda a: take(a[:5], k) * x + take(a[2:9], k) + exp(a[3])
    )([tanh(p * x) for p in P]),
    "twice, and in full": lambda x, k: take(P[:5], k) * take(P[2:7], k) * x + dot(P[:7], P[:7]),
}  # fmt: skip


@pytest.mark.parametrize("claim", CHOICES)
def test_a_choice_gives_its_gradient_to_the_item_that_was_chosen(claim: str) -> None:
    f = CHOICES[claim]
    program = autograd.compile(f, example=(1.0, 0), engine="numpy")
    for size in (5, 1, 13, 5):
        rng = np.random.default_rng(size)
        batch, index = rng.integers(-6, 7, size) / 4.0, rng.integers(0, 5, size)
        value, gradient = program.value_and_grad(batch, index)
        expected, slopes = eager(lambda x, f=f: f(x[0], int(x[1].data)), np.stack([batch, index], axis=1))
        assert value == pytest.approx(expected, rel=1e-13, abs=1e-13)
        assert gradient == pytest.approx([slopes[p] for p in program.parameters], rel=1e-13, abs=1e-13)


def test_indices_may_come_from_anywhere_of_the_inputs() -> None:
    """Without a pattern in where they stand they are gathered, every one of them with its number."""
    places = (1, 0, 4, 2, 7)
    program = autograd.compile(
        lambda k: total([take(list(column), k[j]) * (j + 1.0) for j, column in zip(places, WIDE, strict=True)]),
        example=([0] * 8,),
        engine="numpy",
    )
    for size in (1, 4, 9):
        index = np.random.default_rng(size).integers(0, 5, (size, 8))
        value, gradient = program.value_and_grad(index)
        slopes = {p: 0.0 for column in WIDE for p in column}
        expected = 0.0
        for row in index:
            for j, column in zip(places, WIDE, strict=True):
                expected += column[row[j]].data * (j + 1.0) / size
                slopes[column[row[j]]] += (j + 1.0) / size
        assert value == pytest.approx(expected, rel=1e-14)  # a sum of a few numbers around 1
        assert gradient == pytest.approx([slopes[p] for p in program.parameters], rel=1e-14)


WIDE = [[Value(0.5 * i - 0.25 * j) for i in range(5)] for j in range(5)]


def test_a_logsumexp_of_infinities_is_their_limit() -> None:
    program = autograd.compile(lambda x: logsumexp([x[0], x[1] + P[0] * 0.0]), example=([0.0, 0.0],), engine="numpy")
    inf = math.inf
    X = [[inf, 0.0], [-inf, -inf], [-inf, 2.0], [inf, inf], [inf, -inf], [1000.0, 0.0]]
    assert program(X).tolist() == [inf, -inf, 2.0, inf, inf, 1000.0]


def lowered(f: Any) -> Any:
    return autograd.compile(f, example=([1.0] * 4,), engine="numpy")._programs.arrays  # type: ignore[attr-defined]


def network() -> Any:
    model = nn.MLP(4, [3, 2], activation="tanh", seed=0)
    return lambda x: total([v * v for v in model(x)])


def test_a_program_without_a_gradient_of_a_parameter_is_refused() -> None:
    made = lowered(network())
    last = [x for x in made.instructions if isinstance(x, Contribute) and x.store == PARAMETER][-1]
    made.instructions.remove(last)
    made.destinations = {array: effect for array, effect in made.destinations.items() if effect is not last}
    with pytest.raises(ProgramError, match="nothing sets the gradient of parameters"):
        made.verify()


def test_results_are_computed_where_they_are_wanted() -> None:
    """Nothing of a layer is copied: z, tanh z, ∂E/∂W and ∂E/∂b are written to their rows."""
    made = lowered(network())
    wanted = [x for x in made.instructions if isinstance(x, (Save, Contribute))]
    copied = [x for x in wanted if x not in made.destinations.values()]
    assert len(wanted) >= 4
    assert copied == []
    assert not any(isinstance(x, (Broadcast, Adjoint)) for x in made.instructions)


def test_every_program_is_verified_before_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise ProgramError("seen")

    monkeypatch.setattr("autograd.compiler.lower.verify", refuse)
    with pytest.raises(ProgramError, match="seen"):
        lowered(network())


# ── layout ────────────────────────────────────────────────────────────────────────────────────


def spread(start: int, axes: Any) -> np.ndarray:
    """start + Σ index · stride, axis by axis."""
    rows = np.array(start)
    for length, stride in axes:
        rows = rows[..., None] + stride * np.arange(length)
    return rows


def test_a_pattern_is_axes_that_give_the_rows_again() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        axes = [(int(rng.integers(2, 5)), int(rng.integers(-3, 8))) for _ in range(rng.integers(1, 4))]
        rows = spread(int(rng.integers(50, 60)), axes)
        found = _pattern(rows.ravel())
        if found is not None:  # a pattern of a wider view may hide behind equal steps
            assert spread(int(rows.flat[0]), found).ravel().tolist() == rows.ravel().tolist()
        assert _strides(rows) == tuple(stride for _, stride in axes)
        other = rows.copy()
        other.flat[rng.integers(other.size)] += 1
        again = _pattern(other.ravel())
        assert again is None or spread(int(other.flat[0]), again).ravel().tolist() == other.ravel().tolist()
        assert (
            _strides(other) is None
            or spread(int(other.flat[0]), zip(other.shape, _strides(other) or (), strict=True)).tolist()
            == other.tolist()
        )
    assert _pattern(np.arange(12)) == [(12, 1)]
    assert _pattern(np.array([0, 1, 2, 5, 6, 7])) == [(2, 5), (3, 1)]
    assert _pattern(np.array([4, 4, 4])) == [(3, 0)]
    assert _pattern(np.array([7])) == []
    assert _pattern(np.array([0, 1, 0, 1, 3, 4, 3, 4])) == [(2, 3), (2, 0), (2, 1)]
    assert _pattern(np.array([0, 1, 2, 5, 6])) is None
    assert _pattern(np.array([0, 1, 5, 7])) is None
    assert _pattern(np.array([0, 1, 3, 4, 7, 8])) is None


def test_an_axis_along_which_nothing_changes_has_length_1() -> None:
    nan = math.nan
    for array, shape in (
        ([[1.0, 1.0], [2.0, 2.0]], (2, 1)),
        ([[1.0, 2.0], [1.0, 2.0]], (1, 2)),
        ([[nan, nan], [nan, nan]], (1, 1)),
        ([[0.0, -0.0], [0.0, -0.0]], (1, 2)),
        ([[1.0, 2.0], [3.0, 4.0]], (2, 2)),
        ([[3, 3], [3, 3]], (1, 1)),
    ):
        found = _collapsed(np.array(array))
        assert found.shape == shape
        np.testing.assert_array_equal(np.broadcast_to(found, (2, 2)), array)


def count(f: Any, kind: Any) -> int:
    return sum(isinstance(x, kind) for x in lowered(f).instructions)


MIXED = [P[k] for k in (5, 2, 17, 3, 11, 0)]


def test_what_is_summed_is_read_where_it_lies() -> None:
    """In whatever order it is written: nothing is gathered, and sums of unequal length are one group, padded."""
    assert count(lambda x: tanh(total(MIXED)) + total([tanh(p) for p in MIXED][::-1]) ** 2, Gather) == 0
    assert count(lambda x: dot(MIXED[:4], x[::-1]), Gather) == 0
    assert count(lambda x: logsumexp([tanh(x[k] * P[k]) for k in range(4)][::-1]), Gather) == 0
    assert count(lambda x: total([tanh(dot(row, x)) for row in W]), (Gather, Literal)) == 0
    many = [Value(0.001 * k) for k in range(600)]
    assert count(lambda x: tanh(total(many)) + total([tanh(p) for p in many][::-1]) ** 2, Gather) == 0
    groups = lowered(LANES["sums of unequal length"]).vectorised.groups
    assert [(g.shape, g.inner) for g in groups if g.op.name == "dot"] == [((4,), (4,))]


def test_many_sums_of_few_lengths_are_read_where_they_lie_length_by_length() -> None:
    """As in a mixture of Gaussians; padded, every sample would have 7 × 3 × 3 numbers gathered for them."""
    triangles = [[[Value(0.1 * k + i - j) for j in range(i + 1)] for i in range(3)] for k in range(7)]
    centres = [[Value(0.2 * k - j) for j in range(3)] for k in range(7)]

    def mixture(x: Any) -> Any:
        away = [[a - b for a, b in zip(x[:3], centre, strict=True)] for centre in centres]
        return total([tanh(dot(row, away[k][: len(row)])) for k in range(7) for row in triangles[k]])

    program = lowered(mixture)
    assert [(g.shape, g.inner) for g in program.vectorised.groups if g.op.name == "dot"] == [
        ((7,), ()),
        ((7,), (2,)),
        ((7,), (3,)),
    ]
    assert not any(isinstance(x, Gather) for x in program.instructions)


@pytest.mark.parametrize("engine", ENGINES)
def test_sums_written_in_another_order_than_stored_are_read_where_they_lie(engine: str) -> None:
    """The diagonal first, then what stands left of it: one order for all lanes, and factors keep to their terms."""
    triangles = [[[Value(0.1 * k + i - j) for j in range(i + 1)] for i in range(3)] for k in range(7)]
    centres = [[Value(0.2 * k - j) for j in range(3)] for k in range(7)]

    def mixture(x: Any) -> Any:
        away = [[a - b for a, b in zip(x[:3], centre, strict=True)] for centre in centres]
        rows = [(row, away[k]) for k in range(7) for row in triangles[k]]
        return total([tanh(dot([row[-1], *row[:-1]], [off[len(row) - 1], *off[: len(row) - 1]])) for row, off in rows])

    gathered = [x for x in lowered(mixture).instructions if isinstance(x, Gather)]
    assert not any(x.batched for x in gathered)
    p = [v for k in range(7) for row in (*triangles[k], centres[k]) for v in row]
    program = autograd.compile(mixture, example=([0.0] * 4,), parameters=p, engine=engine)
    X = np.random.default_rng(0).normal(size=(5, 4))
    value, gradient = program.value_and_grad(X)
    expected = [mixture(x.tolist()) for x in X]
    sum(expected).backward()
    assert value == pytest.approx(sum(y.data for y in expected) / 5, rel=1e-13)
    assert gradient == pytest.approx([v.grad / 5 for v in p], rel=1e-12, abs=1e-13)


def test_what_a_sum_is_padded_with_has_no_gradient() -> None:
    groups = lowered(
        lambda x: total([tanh(dot(W[i][: i + 1], x[: i + 1], P[8 + i])) for i in range(4)])
    ).vectorised.groups
    (padded,) = [g for g in groups if g.op.name == "dot"]
    assert [operand.active for operand in padded.operands] == [True, False, True]


def test_every_other_pair_of_lanes_is_read_where_it_lies() -> None:
    def f(x: Any) -> Any:
        h = [tanh(v * P[0]) for v in x]
        return tanh(dot(h, h)) * h[0] - exp(total([exp(h[i]) for i in (0, 1, 4, 5, 8, 9, 12, 13)]))

    program = autograd.compile(f, example=([0.0] * 16,), engine="numpy")._programs.arrays
    pairs = [g for g in program.vectorised.groups if g.op.name == "exp" and g.size == 8]
    assert [(g.shape, g.operands[0].strides) for g in pairs] == [((4, 2), (4, 1))]
    assert not any(isinstance(x, Gather) for x in program.instructions)


@pytest.mark.parametrize("claim", LANES)
def test_every_row_of_a_store_is_one_that_something_stands_in(claim: str) -> None:
    made = lowered(LANES[claim]).vectorised
    for store, size in made.sizes.items():
        of_groups = [range(g.start, g.start + g.size) for g in made.groups if g.store == store]
        rows = sorted([*itertools.chain(*of_groups), *(row for row, _ in made.fixed[store])])
        assert rows == list(range(size))


def test_the_parameters_stand_as_they_are_first_needed_and_matrices_before_all_others() -> None:
    def order(f: Any) -> list[Value]:
        program = autograd.compile(f, example=([0.0] * 4,), engine="numpy")
        return list(program.parameters)

    one_by_one = order(lambda x: exp(P[3] * x[0]) + exp(P[1] * x[1]) * sin(P[2] * x[2]))
    assert [P.index(p) for p in one_by_one] == [3, 1, 2]
    used_backwards = order(lambda x: (lambda a, b: tanh(tanh(b)) * exp(a))(dot(W[0], x), dot(W[1], x)))
    assert [P.index(p) for p in used_backwards] == [*range(8)]  # as they are written
    layer = order(lambda x: tanh(P[20] * x[1]) + total([tanh(dot(W[i], x, P[21 + i])) for i in (1, 0)]))
    assert [P.index(p) for p in layer] == [*range(4, 8), *range(4), 22, 21, 20]


def test_the_two_terms_of_a_square_are_added_before_they_are_handed_on() -> None:
    assert count(lambda x: dot(P[:4], P[:4]) * x[0], Contribute) == 1


def test_what_is_gathered_for_the_value_is_there_for_the_derivative() -> None:
    assert count(LANES["parameters without a pattern, some twice"], Gather) == 2  # the parameters and the inputs
    assert count(lambda x: total([tanh(2.0 * v * P[0]) for v in x]), (Gather, Literal)) == 0


@pytest.mark.parametrize("before", [True, False])
def test_what_was_not_chosen_has_no_gradient_where_it_has_none_beside_what_is_always_used(before: bool) -> None:
    """√x has no derivative at 0, and 0 · ∞ is no number."""
    zero, four, nine = Value(0.0), Value(4.0), Value(9.0)

    def f(x: Any, k: Any) -> Any:
        made = [nine.sqrt(), zero.sqrt(), four.sqrt()] if before else [zero.sqrt(), four.sqrt(), nine.sqrt()]  # type: ignore[attr-defined]
        always, *items = made if before else [made[2], *made[:2]]
        return take(items, k) * x + always

    program = autograd.compile(f, example=(1.0, 0), engine="numpy")
    _, gradient = program.value_and_grad(np.array([3.0, 5.0]), np.array([1, 1]))
    expected = {zero: 0.0, four: 4.0 * 0.5 / 2.0, nine: 0.5 / 3.0}  # the mean of x is 4
    assert gradient == pytest.approx([expected[p] for p in program.parameters], rel=1e-15)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_python_refuses_of_a_constant_is_left_to_ieee(engine: str) -> None:
    """∂(−2)ʸ/∂y = (−2)ʸ log(−2): math.log raises, and the program says NaN."""
    program = autograd.compile(lambda x: (-2.0) ** (P[1] * x), example=(1.0,), engine=engine)
    program.vector[:] = 1.0
    with np.errstate(all="ignore"):
        value, gradient = program.value_and_grad([2.0])
    assert value == 4.0
    assert np.isnan(gradient).all()


@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("columns", [1, 2, 4])
def test_logsumexp_of_each_row_and_its_gradient_are_those_of_numpy(rows: int, columns: int) -> None:
    w = [[Value(0.3 * i - 0.7 * j) for j in range(columns)] for i in range(rows)]

    def each(x: Any) -> list[Any]:
        return [logsumexp([a * b for a, b in zip(row, x, strict=True)]) for row in w]

    example, batch = ([0.0] * columns,), np.random.default_rng(rows).normal(size=(5, columns))
    numbers = np.array([[p.data for p in row] for row in w])
    z = batch[:, None, :] * numbers
    # sums of a few exponentials around 1
    assert np.allclose(
        autograd.compile(each, example=example, engine="numpy")(batch), np.log(np.exp(z).sum(2)), rtol=1e-14
    )
    program = autograd.compile(lambda x: total([y * y for y in each(x)]), example=example, engine="numpy")
    y = np.log(np.exp(z).sum(2))
    expected = (2 * y[..., None] * np.exp(z - y[..., None]) * batch[:, None, :]).mean(0)
    value, gradient = program.value_and_grad(batch)
    assert value == pytest.approx((y**2).sum(1).mean(), rel=1e-13)
    found = dict(zip(program.parameters, gradient.tolist(), strict=True))
    assert [found[p] for row in w for p in row] == pytest.approx(expected.ravel().tolist(), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("engine", ["numpy", "nodes"])
@pytest.mark.parametrize("numbers", [[0.5, 0.5, 0.5], [0.5, 0.25, 0.5]], ids=["one", "several"])
def test_a_row_of_whole_sequences_may_have_constants_for_one_of_them(numbers: list[float], engine: str) -> None:
    """b Σ eˣ, of which only b is no constant: nothing in the row is known to be so when it is read."""
    of_all, of_each = table["total"], table["exp"]
    row = _nary(
        "scaled_sum_of_exponentials",
        "b Σ exp",
        Takes(1, 1),
        lambda x, b: b * of_all(of_each(x)),
        lambda y, x, b: (of_each(x) * b, of_all(of_each(x))),
    )
    try:
        w, v = Value(2.0), Value(0.5)
        program = autograd.compile(lambda x: row(*numbers, w * x) + row(*numbers, v), example=1.0, engine=engine)
        size = sum(map(math.exp, numbers))
        value, gradient = program.value_and_grad([1.0, 3.0])
        assert value == pytest.approx(2 * size * 2.0 + size * 0.5, rel=1e-15)  # a few roundings
        assert dict(zip(program.parameters, gradient, strict=True)) == pytest.approx({w: 2 * size, v: size}, rel=1e-15)
    finally:
        row.remove()


def test_every_program_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Any) -> None:
        raise ProgramError("as if it were broken")

    monkeypatch.setattr(ArrayProgram, "verify", refuse)
    with pytest.raises(ProgramError, match="as if it were broken"):
        autograd.compile(lambda x: x * Value(2.0), example=(1.0,), engine="numpy")([1.0])


def test_results_are_written_to_where_they_are_wanted() -> None:
    """A chain of functions of whole rows needs no copies."""
    w = Value(0.5)
    program = autograd.compile(lambda x: [exp(exp(x * w))], example=(1.0,), engine="numpy")
    program(np.ones(3))
    steps = program._executables[3].steps
    assert not [args for function, args in steps if function is np.copyto]


def test_an_adjoint_that_is_handed_on_twice_is_not_changed_by_what_is_added_to_the_first() -> None:
    w, u = [Value(0.25 * i) for i in range(3)], [Value(-0.5 * i) for i in range(3)]

    def f(x: Any) -> Any:
        sums = [tanh(a + exp(b)) for a, b in zip(w, u, strict=True)]
        return total([*sums, *[sin(a) for a in w]])

    program = autograd.compile(f, example=(1.0,), engine="numpy")
    _, gradient = program.value_and_grad([1.0])
    found = dict(zip(program.parameters, gradient.tolist(), strict=True))
    for a, b in zip(w, u, strict=True):
        slope = 1 - math.tanh(a.data + math.exp(b.data)) ** 2
        assert found[a] == pytest.approx(slope + math.cos(a.data), rel=1e-14)  # a few roundings
        assert found[b] == pytest.approx(slope * math.exp(b.data), rel=1e-14)


def test_lanes_that_only_a_condition_asks_for_have_no_gradient() -> None:
    w = [Value(0.5 * i) for i in range(4)]

    def f(x: Any) -> Any:
        e = [exp(a * x) for a in w]
        return where(e[1] > 1, tanh(e[0]), e[3]) + where(e[2] > 1, sin(e[3]), e[3])

    program = autograd.compile(f, example=(1.0,), engine="numpy")
    for _ in range(2):
        _, gradient = program.value_and_grad([2.0])
        found = dict(zip(program.parameters, gradient.tolist(), strict=True))
        e = [math.exp(2 * a.data) for a in w]
        # a few roundings
        expected = [2 * (1 - math.tanh(e[0]) ** 2) * e[0], 0, 0, 2 * math.cos(e[3]) * e[3]]
        assert [found.get(a, 0.0) for a in w] == pytest.approx(expected, rel=1e-13)
