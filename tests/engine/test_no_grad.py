"""Within `no_grad` nothing is recorded, for the thread or task that asked for it and nobody else."""

import asyncio
import threading

import pytest
from judge import in_a_thread

from autograd import Value, dot, exp, maximum, no_grad, total
from autograd.primitives import table


def test_results_are_leaves_whatever_computes_them() -> None:
    x, y = Value(2.0), Value(3.0)
    with no_grad():
        results = [x + y, x - y, x * y, x / y, x**y, -x, abs(x), 1 + x, 2 / x, 2**x, x.exp(), exp(x), maximum(x, y)]
        results += [dot([x], [y], x), dot([x], [1.0], y), total([x, y])]
        results += [
            op(x) for op in table.values() if not op.nary and len(op.derivatives) == 1 and op.name not in OUTSIDE
        ]
    assert all(type(z) is Value and z.op is None and z.parents == () for z in results)
    assert [z.data for z in results[:3]] == [5.0, -1.0, 6.0]


OUTSIDE = {"asin", "acos"}  # 2 is not in their domain


def test_recording_resumes_afterwards() -> None:
    x = Value(2.0)
    with no_grad():
        y = x * x
    z = y * x
    z.backward()
    assert x.grad == 4.0, "y is a constant"


def test_nests_and_the_same_object_can_be_entered_again() -> None:
    x = Value(2.0)
    context = no_grad()
    with context:
        with context, no_grad():
            assert (x * x).op is None
        assert (x * x).op is None
    assert (x * x).op is not None


def test_an_exception_ends_it() -> None:
    x = Value(2.0)
    with pytest.raises(ZeroDivisionError), no_grad():
        x / 0
    assert (x * x).op is not None


def test_decorates_a_function() -> None:
    @no_grad()
    def square(x: Value, *, times: float = 1.0) -> Value:
        """x²."""
        return x * x * times

    x = Value(3.0)
    assert square(x, times=2.0).op is None
    assert square(x).data == 9.0
    assert (square.__name__, square.__doc__) == ("square", "x².")
    assert (x * x).op is not None


def test_another_thread_goes_on_recording() -> None:
    x = Value(2.0)
    inside, done = threading.Event(), threading.Event()
    seen: dict[str, object] = {}

    def without() -> None:
        with no_grad():
            seen["without"] = (x * x).op
            inside.set()
            done.wait(10)
            seen["still without"] = (x * x).op

    thread = threading.Thread(target=without)
    thread.start()
    assert inside.wait(10)
    y = (x * x).sin() + dot([x], [x], x)
    done.set()
    thread.join()
    y.backward()
    assert seen == {"without": None, "still without": None}
    assert y.op is not None
    assert x.grad != 0.0


def test_a_thread_started_inside_records() -> None:
    x, seen = Value(2.0), []
    with no_grad():
        thread = threading.Thread(target=lambda: seen.append((x * x).op))
        thread.start()
        thread.join()
    assert seen == [table["mul"]]


def test_another_async_task_goes_on_recording() -> None:
    x = Value(2.0)

    async def without(inside: asyncio.Event, done: asyncio.Event) -> object:
        with no_grad():
            inside.set()
            await done.wait()
            return (x * x).op

    async def main() -> tuple[object, object]:
        inside, done = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(without(inside, done))
        await inside.wait()
        mine = (x * x).op
        done.set()
        return mine, await task

    assert in_a_thread(lambda: asyncio.run(main())) == (table["mul"], None)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_task_that_outlives_the_block_it_was_begun_in_records_all_or_nothing(elsewhere: bool) -> None:
    """Whatever holds there, a power and a `dot` are recorded if a product is, which has a shortcut of its own."""
    x = Value(2.0)

    async def later(left: asyncio.Event) -> set[bool]:
        await left.wait()
        return {(y.op is None) for y in (x * x, x**2, exp(x), x.exp(), dot([x], [x], x), total([x, x]))}

    async def main() -> set[bool]:
        left = asyncio.Event()
        with no_grad():
            task = asyncio.create_task(later(left))
        left.set()
        if elsewhere:
            with no_grad():
                return await task
        return await task

    assert len(in_a_thread(lambda: asyncio.run(main()))) == 1


def test_errors_inside_still_say_what_and_where() -> None:
    with no_grad(), pytest.raises(ValueError, match=r"log\(q = -1\.0\)"):
        Value(-1.0, label="q").log()


def test_no_derivative_is_computed_inside() -> None:
    with no_grad():
        assert Value(0.0).sqrt().data == 0.0


def test_another_thread_goes_on_recording_dots() -> None:
    """`dot` writes its node itself, and so has to ask for itself whose `no_grad` it is."""
    w, b = [Value(2.0), Value(3.0)], Value(1.0)
    inside, done = threading.Event(), threading.Event()
    seen = []

    def without() -> None:
        with no_grad():
            seen.append(dot(w, [1.0, 2.0], b).op)
            inside.set()
            done.wait(10)
            seen.append(dot(w, w, b).op)

    thread = threading.Thread(target=without)
    thread.start()
    assert inside.wait(10)
    plain, of_values = dot(w, [1.0, 2.0], b), dot(w, w, b)
    done.set()
    thread.join()
    assert seen == [None, None]
    plain.backward()
    of_values.backward()
    assert [v.grad for v in (*w, b)] == [1 + 2 * 2, 2 + 2 * 3, 2]
