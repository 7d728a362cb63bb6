"""Random compiled programs of three kinds agree with the eager engine, on every engine, at batches 1 and 17.

Pieces, contractions and choices (`piecewise.py`, `contractions.py`, `choices.py`). ``AUTOGRAD_PROGRAMS`` says how
many of each kind (200 if it is not set; ``make fuzz`` runs 4 000), ``AUTOGRAD_SEED`` which. Every tenth program is
also compiled in two threads at once, interrupted in the middle of a call, and run over dirty buffers. Of those
that disagree the shortest is printed, as code and with its seed: ``piecewise(seed)`` is that program again.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from choices import choices
from contractions import contractions
from judge import (
    ENGINES,
    Disagreement,
    Refused,
    compiled,
    dirty,
    disagreement,
    eager,
    interrupted,
    outputs_of,
    relative,
)
from piecewise import Drawn, piecewise

from autograd import Value, topological_order

PROGRAMS = int(os.environ.get("AUTOGRAD_PROGRAMS", "200"))
SEED = int(os.environ.get("AUTOGRAD_SEED", "0"))
PARTS = 4  # separate tests of a kind, so that workers can share them
SIZES = (1, 17)
MOST_NODES = 3000  # a larger one says nothing that smaller ones do not
MOST_FAILURES = 25  # of a part, then it stops
WAIT = 0.2  # seconds: should compiling be serial, the second thread does not wait for the first for ever

TOLERANCE = 1e-12
"""Of the greatest component. Most sums are of quarters, and exact; tanh and the mean over 17 samples are not."""

LEAST = 0.25
"""Where the greatest component is less than a quarter, what is summed is not: tanh(0.5) − tanh(0.5) may be 1e-17."""

KINDS = {"piecewise": piecewise, "contractions": contractions, "choices": choices}
SHOWN = {"piecewise": "piecewise programs", "contractions": "contractions", "choices": "programs with take"}


def off(worst: float, what: str) -> float:
    if not worst <= TOLERANCE:
        raise Disagreement(f"{what}: relative error {worst:.1e}")
    return worst


def check(drawn: Drawn, engine: str, thoroughly: bool) -> float:
    """The worst relative error of a program on an engine; an error where it is more than rounding."""
    f, parameters = drawn.make()
    program = compiled(f, drawn.example, engine)
    worst = 0.0
    for size in SIZES:
        batch = drawn.batch(size)
        said = eager(f, parameters, *batch)
        worst = max(worst, off(disagreement(program, parameters, said, *batch, least=LEAST), f"{engine}, batch {size}"))
        found = outputs_of(program, *batch)[:, 0]
        worst = max(
            worst,
            off(relative(found, said.losses, np.abs(said.losses).max(initial=LEAST)), f"{engine}, outputs of {size}"),
        )
    if thoroughly:
        first = program.value_and_grad(*batch)
        for name, trouble in (
            ("dirty buffers", lambda: dirty(program, *batch)),
            ("an interruption", lambda: interrupt(program, batch, drawn.seed % 97)),
        ):
            trouble()
            again = program.value_and_grad(*batch)
            if again[0] != first[0] or not np.array_equal(again[1], first[1]):
                raise Disagreement(f"{engine}: after {name} the same call gives something else")
    return move(program, f, parameters, drawn, engine, worst)


def interrupt(program: Any, batch: tuple[Any, ...], after: int) -> None:
    with interrupted(after):
        program.value_and_grad(*batch)


def move(program: Any, f: Any, parameters: list[Value], drawn: Drawn, engine: str, worst: float) -> float:
    """The same with other parameters: nothing of them may be frozen."""
    program.vector[:] = -program.vector[::-1].copy()
    for p, x in zip(program.parameters, program.vector.tolist(), strict=True):
        p.data = x
    batch = drawn.batch(3)
    said = eager(f, parameters, *batch)
    return max(worst, off(disagreement(program, parameters, said, *batch, least=LEAST), f"{engine}, other parameters"))


def check_in_two_threads(drawn: Drawn) -> None:
    """Two threads, each inside the function that it compiles while the other calls its own."""
    inside, done = ([threading.Event(), threading.Event()] for _ in range(2))
    found: list[Any] = [None, None]

    def run(me: int) -> None:
        f, parameters = drawn.make()

        def meeting(*inputs: Any) -> Any:
            inside[me].set()
            inside[1 - me].wait(WAIT)
            result = f(*inputs)
            done[me].set()
            done[1 - me].wait(WAIT)
            return result

        try:
            program = compiled(meeting, drawn.example)
            move(program, f, parameters, drawn, "compiled in two threads at once", 0.0)
        except Exception as error:
            found[me] = error

    threads = [threading.Thread(target=run, args=(me,)) for me in (0, 1)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for error in found:
        if error is not None:
            raise error
    if (Value(1.0) > 0) is not True:
        raise Disagreement("after two compiles at once a comparison is no answer any more")


def trivial(drawn: Drawn) -> bool:
    """A program that is not worth running, as it is a number on the example, or very large."""
    f, _ = drawn.make()
    result = f(*drawn.example)
    return not isinstance(result, Value) or len(topological_order(result)) > MOST_NODES


class Tally:
    def __init__(self) -> None:
        self.agreed, self.worst = 0, 0.0
        self.refused: Counter[str] = Counter()
        self.failures: list[tuple[Drawn, str]] = []

    def run(self, draw: Callable[[int], Drawn], seeds: range) -> None:
        for seed in seeds:
            drawn = draw(seed)
            if trivial(drawn):
                continue
            try:
                for engine in ENGINES:
                    try:
                        self.worst = max(self.worst, check(drawn, engine, thoroughly=seed % 10 == 0))
                    except Refused as reason:
                        self.refused[f"{engine}: {reason}"] += 1
                if seed % 10 == 0:
                    check_in_two_threads(drawn)
                self.agreed += 1
            except Exception as error:
                self.failures.append((drawn, f"{type(error).__name__}: {error}"))
                if len(self.failures) == MOST_FAILURES:
                    break

    def message(self, kind: str, seeds: range) -> str:
        shortest, said = min(self.failures, key=lambda failure: len(failure[0].source))
        kinds = Counter(error.partition(":")[0] for _, error in self.failures)
        return (
            f"{len(self.failures)} of the {kind} programs {seeds.start} to {seeds.stop - 1} "
            f"fail ({dict(kinds)}), {self.agreed} agree; the shortest, {kind}({shortest.seed}):\n\n{shortest}\n\n{said}"
        )


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", KINDS)
def test_random_programs_agree_with_the_eager_engine(
    kind: str, part: int, record_property: Callable[[str, object], None]
) -> None:
    each = -(-PROGRAMS // PARTS)
    seeds = range((SEED * PARTS + part) * each, (SEED * PARTS + part + 1) * each)
    tally = Tally()
    tally.run(KINDS[kind], seeds)
    print(f"{kind}: {tally.agreed} agree, worst {tally.worst:.1e}, refused {dict(tally.refused)}")
    record_property("programs", [SHOWN[kind], tally.agreed, tally.worst])
    if tally.failures:
        pytest.fail(tally.message(kind, seeds), pytrace=False)
    assert tally.agreed > 0.75 * each, "most programs must be worth running"


@pytest.mark.parametrize("kind", KINDS)
def test_the_programs_of_a_seed_are_always_the_same(kind: str) -> None:
    assert [str(KINDS[kind](seed)) for seed in range(20)] == [str(KINDS[kind](seed)) for seed in range(20)]
