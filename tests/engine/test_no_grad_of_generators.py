"""`no_grad` as a decorator of what stops and goes on: it holds while that runs, and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from autograd import Value, no_grad


def recorded() -> bool:
    return (Value(2.0) * 3).op is not None


def in_a_thread(function: Callable[[], Awaitable[Any]]) -> Any:
    """A loop of its own, as other tests may have left one in this thread."""
    import threading

    result: list[Any] = []

    def run() -> None:
        try:
            result.append(asyncio.run(function()))  # type: ignore[arg-type]
        except BaseException as error:
            result.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(result[0], BaseException):
        raise result[0]
    return result[0]


@no_grad()
def steps() -> Iterator[Any]:
    """Of a generator."""
    seen = [recorded()]
    try:
        while True:
            try:
                given = yield seen[-1]
                seen.append(recorded())
                if given == "end":
                    return seen
            except KeyError:
                seen.append(recorded())
    finally:
        ENDED.append(recorded())


ENDED: list[bool] = []


def test_each_step_of_a_generator_is_not_recorded_and_what_lies_between_is() -> None:
    assert steps.__name__ == "steps"
    assert steps.__doc__ == "Of a generator."
    running = steps()
    assert next(running) is False
    assert recorded()
    assert running.send(1) is False
    assert recorded()
    assert running.throw(KeyError()) is False
    assert recorded()
    with pytest.raises(StopIteration) as stop:
        running.send("end")
    assert stop.value.value == [False, False, False, False]
    assert recorded()


def test_a_generator_that_is_closed_or_abandoned_leaves_recording_on() -> None:
    ENDED.clear()
    running = steps()
    next(running)
    running.close()
    abandoned = steps()
    next(abandoned)
    del abandoned
    assert ENDED == [False, False]
    assert recorded()


def test_two_generators_that_take_turns() -> None:
    first, second = steps(), steps()
    assert [next(first), next(second), next(first)] == [False, False, False]
    second.close()
    assert next(first) is False
    assert recorded()


def test_a_coroutine_is_not_recorded_also_after_it_has_waited_and_others_are() -> None:
    async def other(seen: list[bool]) -> None:
        for _ in range(3):
            seen.append(recorded())
            await asyncio.sleep(0)

    @no_grad()
    async def quiet(x: float) -> list[Any]:
        before = recorded()
        await asyncio.sleep(0)
        return [before, recorded(), x]

    async def both() -> Any:
        seen: list[bool] = []
        results = await asyncio.gather(quiet(1.0), other(seen), quiet(2.0))
        return results, seen, recorded(), await quiet(3.0), recorded()

    results, seen, after, awaited, at_the_end = in_a_thread(both)
    assert results == [[False, False, 1.0], None, [False, False, 2.0]]
    assert seen == [True] * 3
    assert after
    assert awaited == [False, False, 3.0]
    assert at_the_end


def test_an_asynchronous_generator_is_not_recorded_between_its_yields() -> None:
    ended: list[bool] = []

    @no_grad()
    async def numbers() -> AsyncIterator[Any]:
        try:
            for i in range(3):
                await asyncio.sleep(0)
                try:
                    yield i, recorded()
                except KeyError:
                    yield "caught", recorded()
        finally:
            ended.append(recorded())

    async def read() -> Any:
        found = [(item, recorded()) async for item in numbers()]
        running = numbers()
        await running.__anext__()
        caught = await running.athrow(KeyError())  # type: ignore[attr-defined]
        await running.aclose()  # type: ignore[attr-defined]
        return found, caught, recorded()

    found, caught, at_the_end = in_a_thread(read)
    assert found == [((i, False), True) for i in range(3)]
    assert caught == ("caught", False)
    assert ended == [False, False]
    assert at_the_end


def test_an_error_inside_leaves_recording_on() -> None:
    @no_grad()
    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("inside")

    @no_grad()
    async def failing_later() -> None:
        await asyncio.sleep(0)
        raise ValueError("inside")

    running = failing()
    next(running)
    with pytest.raises(ValueError, match="inside"):
        next(running)
    with pytest.raises(ValueError, match="inside"):
        in_a_thread(failing_later)
    assert recorded()


def test_a_loss_that_was_not_recorded_says_so_instead_of_giving_no_gradients() -> None:
    w = Value(2.0)
    with no_grad():
        loss = w * w
    for lost in (loss, (w * w).detach()):
        with pytest.raises(RuntimeError, match="was not recorded, under no_grad or by detach"):
            lost.backward()
        with pytest.raises(RuntimeError, match="was not recorded"):
            lost.backward(create_graph=True)
    assert w.grad == 0.0
    x = loss * w  # used in a graph it is a number like any other
    x.backward()
    assert (w.grad, loss.grad) == (4.0, 2.0)
