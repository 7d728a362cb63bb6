"""A step is taken in full or not at all, whenever it is interrupted; numbers and state agree."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from faults import interrupted_at

import autograd
import nn
from autograd import Value, value
from nn import optim

FILES = (optim.__file__, value.__file__)
MADE: dict[str, Callable[[Any], nn.Optimiser]] = {
    "SGD": lambda parameters: nn.SGD(parameters, lr=0.5),
    "momentum": lambda parameters: nn.SGD(parameters, lr=0.5, momentum=0.9, nesterov=True),
    "Adam": lambda parameters: nn.Adam(parameters),
    "AdamW": lambda parameters: nn.AdamW(parameters),
}


class OfValues:
    """A few `Value`s with gradients, and their optimiser after one step."""

    def __init__(self, make: Callable[[Any], nn.Optimiser]) -> None:
        self.parameters = [Value(float(i)) for i in range(5)]
        self.optimiser = make(self.parameters)
        self.step()

    def step(self) -> None:
        for i, parameter in enumerate(self.parameters):
            parameter.grad = i - 2.0
        self.optimiser.step()

    def numbers(self) -> Any:
        return [p.data for p in self.parameters], copy.deepcopy(self.optimiser.state)


class OfAProgram:
    """The same of a compiled program."""

    def __init__(self, make: Callable[[Any], nn.Optimiser]) -> None:
        self.parameters = [Value(float(i)) for i in range(5)]
        self.program = autograd.compile(lambda x: autograd.total([p * x for p in self.parameters]), example=(1.0,))
        self.optimiser = make(self.program)
        self.step()

    def step(self) -> None:
        self.optimiser.step(self.program.vector * 0 + [-2.0, -1.0, 0.0, 1.0, 2.0])

    def numbers(self) -> Any:
        state = [x.tolist() if hasattr(x, "tolist") else x for x in self.optimiser.state[0]]
        return self.program.vector.tolist(), state


@pytest.mark.parametrize("kind", [OfValues, OfAProgram])
@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_an_interrupt_at_any_moment_leaves_numbers_and_state_of_one_step_or_of_the_other(
    kind: Callable[..., Any], make: Callable[[Any], nn.Optimiser]
) -> None:
    reference = kind(make)
    before = reference.numbers()
    reference.step()
    after = reference.numbers()
    assert before != after
    seen = []
    for n in range(1, 10_000):
        trial = kind(make)
        caught = interrupted_at(n, trial.step, FILES)
        now = trial.numbers()
        assert now in (before, after), f"at moment {n}"
        seen.append(now == after)
        if caught is None:
            break
        if now == before:  # and it can be taken again
            trial.step()
        assert trial.numbers() == after
    else:
        pytest.fail("no end of moments")
    assert seen[-1]
    assert not seen[0]


@pytest.mark.parametrize("kind", [OfValues, OfAProgram])
def test_a_rule_that_fails_half_way_steps_nothing(kind: Callable[..., Any]) -> None:
    calls = 0

    class Failing(nn.Adam):
        def rule(self, w: Any, g: Any, *state: Any) -> tuple[Any, ...]:
            nonlocal calls
            calls += 1
            if calls in (8, 2 if kind is OfAProgram else 8):
                raise OverflowError("too far")
            return super().rule(w, g, *state)

    trial = kind(Failing)
    before = trial.numbers()
    with pytest.raises(OverflowError, match="too far"):
        trial.step()
    assert trial.numbers() == before


def test_a_result_of_the_wrong_shape_steps_neither_vector_nor_state() -> None:
    class Wrong(nn.SGD):
        def rule(self, w: Any, g: Any, *state: Any) -> tuple[Any, ...]:
            return w[:2], "new"

    w = [Value(1.0), Value(2.0), Value(3.0)]
    program = autograd.compile(lambda x: autograd.dot(w, [x, x, x]), example=(1.0,))
    optimiser = Wrong(program, lr=0.1)
    with pytest.raises(ValueError, match="broadcast"):
        optimiser.step(program.vector)
    assert program.vector.tolist() == [1.0, 2.0, 3.0]
    assert optimiser.state == [(None,)]
