"""A `no_grad` block that is gone does not count: interrupted at any moment, forgotten, or left by somebody else."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from faults import interrupted_at
from judge import in_a_thread

import autograd
from autograd import Value, grad, no_grad, recording


def recorded() -> bool:
    return (Value(2.0) * 3).op is not None


@pytest.fixture(autouse=True)
def it_is_left() -> Iterator[None]:
    """Whatever a test does: afterwards recording is on, and costs one look again once no traceback is kept."""
    yield
    assert recorded()
    gc.collect()
    assert not recording.paused


def held() -> Iterator[bool]:
    with no_grad():
        yield recorded()
        yield recorded()


# ── generators ────────────────────────────────────────────────────────────────────────────────


def test_a_generator_that_is_forgotten() -> None:
    steps = held()
    assert next(steps) is False
    assert not recorded(), "the block is there, and holds for whoever runs the generator"
    del steps
    assert recorded()


@pytest.mark.parametrize("end", ["close", "throw", "exhaust"])
def test_a_generator_that_is_ended_in_another_thread_or_context(end: str) -> None:
    def finish(steps: Any) -> None:
        if end == "close":
            steps.close()
        elif end == "throw":
            with contextlib.suppress(KeyError):
                steps.throw(KeyError())
        else:
            list(steps)

    for elsewhere in (in_a_thread, contextvars.copy_context().run, contextvars.Context().run):
        steps = held()
        next(steps)
        assert not recorded()
        elsewhere(lambda steps=steps: finish(steps))  # type: ignore[misc]
        assert recorded()


def test_blocks_that_are_left_in_another_order_than_they_were_entered() -> None:
    first, second, third = held(), held(), held()
    assert [next(first), next(second), next(third)] == [False] * 3
    second.close()  # type: ignore[attr-defined]
    assert not recorded()
    first.close()  # type: ignore[attr-defined]
    assert not recorded(), "the third is still there"
    del third
    assert recorded()


def test_a_generator_whose_error_is_kept_with_its_traceback() -> None:
    def failing() -> Iterator[int]:
        with no_grad():
            yield 1
            raise ValueError("inside")

    kept = []
    try:
        for _ in failing():
            pass
    except ValueError as error:
        kept.append(error)
    assert recorded()
    try:
        for _ in held():
            raise ValueError("outside")
    except ValueError as error:
        kept.append(error)
    assert recorded()


def test_an_asynchronous_generator_that_nobody_ever_closes() -> None:
    """As with a loop that is closed before it could: the generator dies, and nothing of it is run."""

    async def numbers() -> AsyncIterator[int]:
        with no_grad():
            yield 1

    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(firstiter=lambda agen: None, finalizer=lambda agen: None)
    try:
        running = numbers()
        with pytest.raises(StopIteration):
            running.__anext__().send(None)  # type: ignore[attr-defined]
        assert not recorded()
        del running
        assert recorded()
    finally:
        sys.set_asyncgen_hooks(*hooks)


def test_an_asynchronous_generator_that_is_left_half_way_and_closed_by_the_loop() -> None:
    """The loop closes it in a task of its own, and so in another context."""

    async def numbers() -> AsyncIterator[int]:
        with no_grad():
            yield 1
            yield 2

    async def main() -> bool:
        async for _ in numbers():
            break
        for _ in range(3):
            await asyncio.sleep(0)
        return recorded()

    assert in_a_thread(lambda: asyncio.run(main()))


def test_a_task_that_is_begun_inside_and_outlives_the_block() -> None:
    seen = []

    async def child(inside: asyncio.Event, after: asyncio.Event) -> None:
        seen.append(recorded())
        inside.set()
        await after.wait()
        seen.append(recorded())

    async def main() -> None:
        inside, after = asyncio.Event(), asyncio.Event()
        with no_grad():
            task = asyncio.create_task(child(inside, after))
            await inside.wait()
        after.set()
        await task

    in_a_thread(lambda: asyncio.run(main()))
    assert seen == [False, True]


def test_a_cancelled_task() -> None:
    async def waiting() -> None:
        with no_grad():
            await asyncio.sleep(60)

    async def main() -> bool:
        task = asyncio.create_task(waiting())
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return recorded()

    assert in_a_thread(lambda: asyncio.run(main()))


# ── entered in other ways ─────────────────────────────────────────────────────────────────────


def test_it_is_entered_and_left_by_hand_and_by_exit_stacks() -> None:
    block = no_grad()
    assert block.__enter__() is block
    assert not recorded()
    with block, block:
        assert not recorded()
    assert not recorded()
    block.__enter__()
    block.__exit__(None, None, None)
    assert not recorded()
    block.__exit__(None, None, None)
    assert recorded()
    with contextlib.ExitStack() as stack:
        stack.enter_context(no_grad())
        stack.enter_context(block)
        assert not recorded()
    assert recorded()
    leave = block.__exit__
    block.__enter__()
    assert not recorded()
    leave(None, None, None)
    assert recorded()
    hasattr(block, "__exit__")
    no_grad().__enter__()  # nobody could ever leave it
    assert recorded()


def test_what_ends_a_block_is_for_that_block_alone() -> None:
    a, b = no_grad(), no_grad()
    leave = a.__exit__
    a.__enter__()
    a.__enter__()
    leave(None, None, None)
    assert not recorded(), "it was entered twice"
    a.__exit__(None, None, None)
    assert recorded()
    leave = a.__exit__
    b.__enter__()
    assert not recorded()
    leave_b = b.__exit__
    leave_b(None, None, None)
    assert recorded()
    del leave


def test_it_is_entered_by_hand_as_the_first_thing_of_a_thread() -> None:
    def job() -> list[bool]:
        block = no_grad()
        block.__enter__()
        seen = [recorded()]
        block.__exit__(None, None, None)
        return [*seen, recorded()]

    assert in_a_thread(job) == [False, True]


def test_blocks_that_are_gone_are_not_kept() -> None:
    setting = recording.not_recording
    left = no_grad()
    leave = left.__exit__
    left.__enter__()
    leave(None, None, None)  # left, though what ended it is still there
    for _ in range(3):
        with no_grad():
            assert setting._innermost.get().outer is None  # type: ignore[union-attr]
    no_grad().__enter__()  # never left, and gone
    with no_grad():
        assert setting._innermost.get().outer is None  # type: ignore[union-attr]
        with no_grad():
            assert setting._innermost.get().outer.outer is None  # type: ignore[union-attr]


def test_derivatives_cost_one_look_where_no_block_is_open() -> None:
    looks = []

    def f(x: Any) -> Any:
        looks.append(bool(recording.paused))
        return x * x

    grad(f)(2.0)
    with no_grad():
        grad(f)(2.0)
    assert looks == [False, True]


def test_a_context_manager_that_is_a_generator_holds_it_for_its_block() -> None:
    @contextlib.contextmanager
    def quiet() -> Iterator[None]:
        with no_grad():
            yield

    with quiet():
        assert not recorded()
    assert recorded()
    with pytest.raises(ValueError, match="inside"), quiet():
        raise ValueError("inside")
    assert recorded()


def test_one_object_that_threads_share() -> None:
    shared, seen = no_grad(), []
    barrier = threading.Barrier(2)

    def job() -> None:
        with shared:
            barrier.wait(30)
            seen.append(recorded())
        seen.append(recorded())

    threads = [threading.Thread(target=job) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [False, False, True, True]


def test_derivatives_inside_are_recorded_and_what_follows_is_not() -> None:
    def failing(x: Any) -> Any:
        raise ValueError("inside")

    with no_grad():
        assert grad(grad(lambda x: x * x * x))(2.0) == 12.0
        with pytest.raises(ValueError, match="inside"):
            grad(failing)(2.0)
        assert not recorded()


# ── interrupts ────────────────────────────────────────────────────────────────────────────────


def blocks() -> None:
    x = Value(2.0)
    with no_grad():
        x * x
        with no_grad():
            x * x


shared = no_grad()


def shared_blocks() -> None:
    with shared, shared:
        recorded()


def generators() -> None:
    for _ in held():
        recorded()


@no_grad()
def decorated() -> bool:
    return recorded()


@no_grad()
def decorated_generator() -> Iterator[bool]:
    yield recorded()


def derivatives() -> None:
    with no_grad():
        grad(lambda x: x * x)(2.0)


def compiles() -> None:
    autograd.compile(lambda x: x * 2.0, example=(1.0,))


@pytest.mark.parametrize(
    "job",
    [blocks, shared_blocks, generators, decorated, lambda: list(decorated_generator()), derivatives, compiles],
    ids=["blocks", "shared", "generators", "decorated", "decorated generator", "derivatives", "compiles"],
)
def test_an_interrupt_at_any_instruction_leaves_recording_on_also_where_the_traceback_is_kept(
    job: Callable[[], Any],
) -> None:
    """Instruction by instruction, which is oftener than signals come; the tracebacks are kept until the end."""
    kept = []
    for n in range(1, 10_000):
        caught = interrupted_at(n, job, (__file__, recording.__file__), anywhere=True)
        assert recorded(), f"after an interrupt at instruction {n}"
        if caught is None:
            break
        kept.append(caught)
    else:
        pytest.fail("no end of instructions")
    assert len(kept) > 30
