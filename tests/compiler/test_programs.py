"""Programs as people write them, compiled, are the eager engine's: on every engine, at batches 1, 2, 3 and 17."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from judge import (
    ENGINES,
    Refused,
    compiled,
    dirty,
    disagreement,
    eager,
    flat,
    interrupted,
    outputs,
    outputs_of,
    relative,
)
from written import PROGRAMS

SIZES = (1, 2, 3, 17)

TOLERANCE = 1e-12
"""Of the greatest component: sums of some hundred terms are taken in another order, 1e-16 each."""

CONDITION = {"gaussian_process_by_cholesky": 100.0, "fourier_transform": 10.0}
"""What roundings are multiplied with: the condition of the kernel matrix (noise e⁻¹ beside 5 equal points), and
of a spectrum in which a component may be a difference of greater ones."""


def losses(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function if it is a loss, else a sum of all it returns with weights of their own."""

    def loss(*inputs: Any) -> Any:
        result = f(*inputs)
        if isinstance(result, (list, tuple)):
            return sum((0.5 + 0.25 * i) * y for i, y in enumerate(flat(result)))
        return result

    return loss


class Compiled:
    """A program on an engine, with the function and parameters it was made of."""

    def __init__(self, name: str, engine: str) -> None:
        self.written = PROGRAMS[name]
        self.f, self.parameters = self.written.make()
        self.loss = losses(self.f)
        self.tolerance = TOLERANCE * CONDITION.get(name, 1.0)
        self.program = compiled(self.loss, self.written.example, engine)
        self.several = compiled(self.f, self.written.example, engine)
        self.start = [p.data for p in self.program.parameters]

    def move(self, to: list[float]) -> None:
        for p, x in zip(self.program.parameters, to, strict=True):
            p.data = x
        self.program.vector[:] = to
        data = {p: p.data for p in self.program.parameters}
        self.several.vector[:] = [data[p] for p in self.several.parameters]

    def check(self, size: int, seed: int = 0) -> None:
        """That it is the eager engine's, and the same bytes when it is called again."""
        batch = self.written.batch(size, seed)
        said = eager(self.loss, self.parameters, *batch)
        assert disagreement(self.program, self.parameters, said, *batch) <= self.tolerance
        assert self.run(batch) == self.run(batch)

    def run(self, batch: tuple[np.ndarray, ...]) -> tuple[float, bytes]:
        value, gradient = self.program.value_and_grad(*batch)
        return value, gradient.tobytes()


@cache
def _compiled(name: str, engine: str) -> Compiled | Exception:
    try:
        return Compiled(name, engine)
    except Exception as error:
        return error


@pytest.fixture(params=[f"{name}-{engine}" for name in PROGRAMS for engine in ("auto", *ENGINES)])
def made(request: pytest.FixtureRequest) -> Any:
    found = _compiled(*request.param.split("-"))
    if isinstance(found, Refused):
        pytest.skip(str(found))
    if isinstance(found, Exception):
        raise found
    found.move(found.start)
    yield found
    found.move(found.start)


def test_value_and_gradient_are_those_of_the_eager_engine_at_every_batch_size_in_turn(made: Compiled) -> None:
    first = {}
    for size in (*SIZES, *SIZES):
        made.check(size)
        batch = made.written.batch(size, seed=0)
        assert first.setdefault(size, made.run(batch)) == made.run(batch)


def test_outputs_are_those_of_the_function(made: Compiled) -> None:
    for size in SIZES:
        batch = made.written.batch(size, seed=1)
        expected = outputs(made.f, *batch)
        assert relative(outputs_of(made.several, *batch), expected, np.abs(expected).max()) <= made.tolerance


def test_nothing_of_the_parameters_is_frozen(made: Compiled) -> None:
    made.check(3)
    made.check(2)
    for factor in (-0.75, 0.5):  # the signs change, so conditions and maxima do
        made.move([factor * x for x in reversed(made.start)])
        for size in (2, 3, 17):
            made.check(size, seed=2)
        test_outputs_are_those_of_the_function(made)


def test_buffers_full_of_rubbish_change_nothing(made: Compiled) -> None:
    for size in (1, 17):
        batch = made.written.batch(size, seed=0)
        before = made.run(batch)
        dirty(made.program, *made.written.batch(size, seed=3))
        assert made.run(batch) == before


def test_an_interrupted_call_changes_nothing_of_the_next(made: Compiled) -> None:
    """At a line of the engine's every now and then; each leaves the call before it half done."""
    batch, other = made.written.batch(3, seed=0), made.written.batch(3, seed=4)
    before = made.run(batch)
    for after in (0, 3, 8, 15, 30, 60, 120, 500):
        with interrupted(after):
            made.program.value_and_grad(*other)
        assert made.run(batch) == before


def test_the_derivatives_inside_a_function_are_those_by_hand() -> None:
    (f, parameters), (g, same) = (PROGRAMS[n].make(5) for n in ("physics_informed", "physics_informed_by_hand"))
    batch = PROGRAMS["physics_informed"].batch(5, seed=0)
    found, said = eager(f, parameters, *batch), eager(g, same, *batch)
    assert found.losses == pytest.approx(said.losses, rel=1e-12)
    assert found.gradients == pytest.approx(said.gradients, rel=1e-10, abs=1e-12)
    assert disagreement(compiled(f, PROGRAMS["physics_informed"].example), parameters, said, *batch) <= 1e-11


def test_every_parameter_takes_part() -> None:
    """Else a program would test less than it seems to. Medians and choices leave some to samples that are rare."""
    for name, written in PROGRAMS.items():
        f, parameters = written.make()
        slopes = eager(losses(f), parameters, *written.batch(32, seed=0)).gradients
        least = len(parameters) / (6 if name == "target_network" else 3)  # half of that one is detached
        assert np.count_nonzero(slopes.any(axis=0)) >= least, name
