"""Ctrl-C at random moments, by a timer: recording is on afterwards, and what has to be done in full is.

The number of interrupts aimed at is AUTOGRAD_TORTURE. The last ones are kept with their tracebacks, as notebooks do.
"""

from __future__ import annotations

import copy
import gc
import os
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from faults import interrupted_at, interrupted_at_random, rounds

import autograd
import nn
from autograd import Value, collector, copies, no_grad, recording, topological_order, value
from autograd.compiler import program
from autograd.value import _running

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="there is no such timer"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),  # as a generator is closed
]


def recorded() -> bool:
    return (Value(2.0) * 3).op is not None


class Interrupted:
    """Jobs that are interrupted somewhere, and how many of them were.

    Attributes:
        times: how many were, so far.
    """

    def __init__(self, job: Callable[[], Any]) -> None:
        job()  # what it does the first time only
        took = []
        for _ in range(5):
            start = time.perf_counter()
            job()
            took.append(time.perf_counter() - start)
        self._within = 1.2 * sorted(took)[2]
        self._job, self._kept, self.times = job, [None] * 5, 0
        self._generator = random.Random(0)

    def again(self) -> bool:
        caught = interrupted_at_random(self._job, self._within, self._generator)
        self._kept[self.times % 5] = caught  # type: ignore[call-overload]
        self.times += caught is not None
        self._within *= 0.9 if caught is None else 1.03  # so that most come in time on a machine that is busy, too
        return caught is not None


def held() -> Iterator[bool]:
    with no_grad():
        for _ in range(3):
            yield recorded()


@no_grad()
def decorated(x: Value) -> Value:
    return x * x


@no_grad()
def decorated_generator(x: Value) -> Iterator[Value]:
    yield x * x
    yield x + x


shared = no_grad()


def blocks() -> None:
    x = Value(2.0)
    for _ in range(10):
        with no_grad():
            x * x
            with shared, shared:
                x.sin()
        for _ in held():
            pass
        decorated(x)
        for _ in decorated_generator(x):
            pass
        with no_grad():
            autograd.grad(lambda x: x * x)(2.0)


def test_recording_is_on_after_interrupts_of_no_grad() -> None:
    trial = Interrupted(blocks)
    for _ in range(2 * rounds(500)):
        trial.again()
        assert recorded()
        assert recording.current_tracer() is None
        assert not recording.not_recording.get()
        if trial.times >= rounds(500):
            break
    assert trial.times > rounds(500) / 2
    del trial
    gc.collect()
    kept = len(recording.paused)  # pytest keeps the traceback of what was raised while a generator was closed
    for _ in range(100):
        blocks()
    assert len(recording.paused) == kept <= rounds(500) / 10, "what is left costs one look"


def test_a_backward_pass_is_done_in_full_or_not_at_all() -> None:
    generator = random.Random(1)
    model = nn.MLP(8, [8, 8, 1], activation="tanh", seed=0)
    x = [generator.uniform(-1, 1) for _ in range(8)]
    root: Any = model(x) * 2.0 + autograd.dot(model.parameters(), model.parameters())
    nodes = topological_order(root)
    root.backward()
    before = [node.grad for node in nodes]
    root.backward()
    after = [node.grad for node in nodes]

    def put_back() -> None:
        for node, gradient in zip(nodes, before, strict=True):
            node.grad = gradient

    trial = Interrupted(root.backward)
    ways = {True: 0, False: 0}
    for _ in range(2 * rounds(500)):
        put_back()
        caught = trial.again()
        now = [node.grad for node in nodes]
        assert now in (before, after)
        assert caught or now == after
        assert not _running
        ways[now == after] += caught
        if trial.times >= rounds(500):
            break
    assert trial.times > rounds(500) / 4
    assert all(ways.values()), "some came before the sums, and some while they were made"


@pytest.mark.parametrize("compiled", [False, True], ids=["values", "program"])
def test_a_step_is_taken_in_full_or_not_at_all(compiled: bool) -> None:
    model = nn.MLP(4, [4, 1], activation="tanh", seed=0)
    parameters = model.parameters()
    compiled_program: Any = autograd.compile(lambda x: model(x), example=([0.0] * 4,)) if compiled else None
    optimiser = nn.Adam(compiled_program if compiled else parameters, lr=0.1)
    gradient = compiled_program.value_and_grad([[1.0, 2.0, 3.0, 4.0]])[1] if compiled else None
    for i, parameter in enumerate(parameters):
        parameter.grad = float(i)

    def state() -> Any:
        if compiled:
            return compiled_program.vector.copy(), optimiser.state[0]
        return [p.data for p in parameters], list(optimiser.state)

    def step() -> None:
        optimiser.step(gradient)

    trial = Interrupted(step)
    for _ in range(2 * rounds(500)):
        (numbers, kept), before = state(), optimiser.state
        caught = trial.again()
        now, kept_now = state()
        stepped = [bool(a != b) for a, b in zip(numbers, now, strict=True)]
        times = {kept_now[2] - kept[2]} if compiled else {b[2] - a[2] for a, b in zip(kept, kept_now, strict=True)}
        assert times in ({0}, {1})
        assert any(stepped) == (times == {1}), "numbers and state agree"
        assert all(stepped[1:]) or not any(stepped)
        assert caught or times == {1}
        assert before
        if trial.times >= rounds(500):
            break
    assert trial.times > rounds(500) / 4


def test_the_collector_runs_after_an_interrupt_at_any_moment_of_what_stops_it() -> None:
    root = Value(2.0) * 3

    @autograd.collector_paused()
    def build() -> None:
        assert not gc.isenabled()

    for job in (
        build,
        lambda: copy.deepcopy(root),
        lambda: autograd.grad(lambda x: x * x)(2.0),
        lambda: autograd.compile(lambda x: x * 2.0, example=(1.0,)),
    ):
        for n in range(1, 10_000):
            caught = interrupted_at(n, job, (collector.__file__, copies.__file__, program.__file__, __file__))
            assert gc.isenabled(), f"at moment {n}"
            if caught is None:
                break
        assert n > 5


def test_nothing_is_left_of_a_compilation_that_is_interrupted() -> None:
    model = nn.MLP(4, [4, 1], activation="tanh", seed=0)

    def loss(x: Any, y: Any) -> Any:
        return (model(x) - y) ** 2

    def compiles() -> None:
        autograd.compile(loss, example=([0.0] * 4, 0.0))

    trial = Interrupted(compiles)
    for _ in range(2 * rounds(50)):
        trial.again()
        assert recorded()
        assert recording.current_tracer() is None
        assert gc.isenabled()
        if trial.times >= rounds(50):
            break
    assert trial.times > rounds(50) / 2
    compiled = autograd.compile(loss, example=([0.0] * 4, 0.0))
    value, gradient = compiled.value_and_grad([[1.0, 2.0, 3.0, 4.0]], [1.0])
    root = loss([1.0, 2.0, 3.0, 4.0], 1.0)
    for parameter in model.parameters():
        parameter.grad = 0.0
    root.backward()
    # float64, and a few dozen operations in another order
    assert value == pytest.approx(root.data, rel=1e-12)
    assert gradient.tolist() == pytest.approx([p.grad for p in compiled.parameters], rel=1e-10, abs=1e-12)


def test_numbers_are_written_back_or_loaded_all_or_none() -> None:
    model = nn.MLP(4, [4, 1], activation="tanh", seed=0)
    compiled = autograd.compile(lambda x: model(x), example=([0.0] * 4,))
    compiled.value_and_grad([[1.0, 2.0, 3.0, 4.0]])
    state = nn.MLP(4, [4, 1], activation="tanh", seed=1).state_dict()
    for job in (compiled.write_back, lambda: model.load_state_dict(state)):
        for n in range(1, 10_000):
            for parameter in model.parameters():
                parameter.data = parameter.grad = 7.0
            caught = interrupted_at(n, job, (program.__file__, nn.module.__file__, value.__file__))
            changed = {parameter.data != 7.0 for parameter in model.parameters()}
            assert len(changed) == 1, f"at moment {n}"
            if caught is None:
                break
        assert changed == {True}
