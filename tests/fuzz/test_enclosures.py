"""Random graphs over every primitive: exact value and derivatives lie in the enclosure, and the engine's floats by it.

The enclosure reads the table's derivatives, so the referee does not: it is the formulas alone, by differences at 80
digits (`referee.py`). ``AUTOGRAD_GRAPHS`` and ``AUTOGRAD_SEED`` as in `test_random_graphs.py`.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import hypothesis
import mpmath
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import Program, programs
from referee import DIGITS, judge, quantities

from autograd import Value, enclose, primitives
from autograd.intervals import _FUNCTIONS, Interval
from autograd.primitives import table

GRAPHS = int(os.environ.get("AUTOGRAD_GRAPHS", "2000")) // 5
SEED = int(os.environ.get("AUTOGRAD_SEED", "0"))
PARTS = 4
DIFFERENCES = 1e-30  # what a central difference of step 1e-20 at 80 digits is off by, with room for a third derivative
ENGINE = 1e-12  # what the engine is held to where a graph is well-conditioned: referee.py
NAMES = tuple(op.name for op in table.values() if op.formula or op.name in _FUNCTIONS)
"""The primitives that intervals are known for; `enclose` refuses the others by name."""
REFUSED = (ArithmeticError, ValueError)


def run(check: Callable[..., None], graphs: int, seed: int, *strategies: Any) -> None:
    @hypothesis.seed(seed)
    @settings(
        max_examples=graphs, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False
    )
    @given(st.tuples(*strategies))
    def holds(drawn: tuple[Any, ...]) -> None:
        check(*drawn)

    holds()


@contextmanager
def true_roots() -> Iterator[None]:
    """√2, √π, √2π to all digits in the formulas, which have them as floats: the enclosure is of the true functions."""
    with pytest.MonkeyPatch.context() as patch, mpmath.workdps(DIGITS):
        for name, square in (("ROOT_2", 2), ("ROOT_PI", mpmath.pi), ("ROOT_TAU", 2 * mpmath.pi)):
            patch.setattr(primitives, name, mpmath.sqrt(square))
        yield


def outside(interval: Interval, exact: Any, relative: float) -> bool:
    """Whether a number is not in the interval, nor as near to it as the number is known."""
    room = relative * max(1, abs(exact))
    return not (mpmath.mpf(interval.low) - room <= exact <= mpmath.mpf(interval.high) + room)


def graph(program: Program) -> tuple[list[Value], Value]:
    leaves = [Value(x, label=f"x{i}") for i, x in enumerate(program.leaves)]
    return leaves, program.run(leaves)


def contained(program: Program, seen: Counter[str]) -> None:
    """That a graph's exact value and gradient are in their intervals, and the engine's floats by them."""
    leaves, y = graph(program)
    try:
        with true_roots():
            judged = judge(program, [1.0] * len(leaves))[: len(leaves) + 1]
    except (*REFUSED, TypeError):
        hypothesis.reject()
    try:
        y.backward()
        value, slopes = enclose(y, wrt=leaves)
    except REFUSED:
        seen["refused"] += 1
        return
    computed = [y.data, *(x.grad for x in leaves)]
    for interval, (exact, well), ours in zip([value, *slopes], judged, computed, strict=True):
        with mpmath.workdps(DIGITS):
            assert not outside(interval, exact, DIFFERENCES), f"{exact} is not in {interval} of\n{program!r}"
        seen["narrow"] += interval.high - interval.low <= 1e-14 * max(abs(ours), 1e-3)
        seen["enclosed"] += 1
        if well:  # else it is the float that is far from the truth
            assert not outside(interval, ours, ENGINE), f"the engine's {ours} is not by {interval} of\n{program!r}"


@pytest.mark.parametrize("part", range(PARTS))
def test_the_exact_value_and_gradient_of_random_graphs_are_enclosed(part: int) -> None:
    seen: Counter[str] = Counter()
    run(lambda program: contained(program, seen), -(-GRAPHS // PARTS), SEED * PARTS + part, programs(NAMES))
    print(seen)
    assert seen["refused"] < 0.05 * seen.total()
    assert seen["narrow"] > 0.9 * seen["enclosed"], "as wide as anything, it would say nothing"


@pytest.mark.parametrize("part", range(PARTS))
def test_every_point_of_a_box_has_its_value_and_gradient_in_the_enclosure_of_the_box(part: int) -> None:
    """Also where a box goes over kinks: points are drawn inside, and a corner is tried.

    There is no `where` in these graphs: its condition was decided by the forward pass.
    """
    seen: Counter[str] = Counter()

    def check(program: Program, size: float, seed: int) -> None:
        leaves, y = graph(program)
        boxes = {x: (x.data - size, x.data + size) for x in leaves}
        try:
            value, slopes = enclose(y, wrt=leaves, within=boxes)
        except REFUSED:
            seen["refused"] += 1
            return
        rng = random.Random(seed)
        for at in points([boxes[x] for x in leaves], rng):
            moved = Program(tuple(at), program.steps)
            try:
                with true_roots():
                    exact = quantities(moved, [1.0] * len(at))[: len(at) + 1]
            except (*REFUSED, TypeError) as error:
                pytest.fail(f"enclosed, but nowhere at {at}: {error}\n{program!r}")
            seen["enclosed"] += 1
            with mpmath.workdps(DIGITS):
                for interval, number in zip([value, *slopes], exact, strict=True):
                    assert not outside(interval, number, DIFFERENCES), (
                        f"{number} at {at} is not in {interval} of\n{program!r}\n{boxes}"
                    )

    names = tuple(name for name in NAMES if name != "where")
    sizes, seeds = st.sampled_from([1e-9, 1e-3, 0.03, 0.3]), st.integers(0, 2**32)
    run(check, -(-GRAPHS // PARTS), SEED * PARTS + part, programs(names, most_steps=6), sizes, seeds)
    print(seen)
    assert seen["enclosed"] > seen["refused"] / 2


def points(boxes: Sequence[tuple[float, float]], rng: random.Random) -> list[list[float]]:
    inside = [[rng.uniform(*box) for box in boxes] for _ in range(2)]
    return [*inside, [rng.choice(box) for box in boxes]]


def test_at_15_digits_the_float_of_the_engine_lies_in_the_interval_of_the_same_operations() -> None:
    """+ − × ÷ √ are rounded to the nearest float, so between both directions; and exp, sin, … of glibc nearly so."""
    beside = seen = 0

    def check(program: Program) -> None:
        nonlocal beside, seen
        _, y = graph(program)
        try:
            value = enclose(y, digits=15).value
        except REFUSED:
            return
        seen += 1
        beside += y.data not in value

    exact = tuple(name for name in ("add", "sub", "mul", "div", "neg", "sqrt", "abs", "relu", "maximum", "minimum"))
    run(check, 300, SEED, programs(names=exact))
    assert seen > 200
    assert beside == 0
    run(check, 300, SEED, programs(NAMES))
    assert beside < 0.05 * seen


def test_a_wrong_rule_is_found_outside_of_its_own_enclosure(monkeypatch: pytest.MonkeyPatch) -> None:
    sin = table["sin"]
    monkeypatch.setattr(sin, "derivatives", (lambda y, x: table["cos"](x) * (1 + 1e-11),))
    with pytest.raises(AssertionError, match="is not in Interval"):
        run(lambda program: contained(program, Counter()), 100, 0, programs(("sin", "add", "mul")))
