"""A trace beside other threads and tasks: those that trace too, those that compute, and those that it begins itself."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import Any

import numpy as np
import pytest
from judge import in_a_thread

import autograd
from autograd import Value, dot, no_grad, where

W = Value(2.0, label="w")


def test_two_threads_compile_different_functions_while_a_third_computes() -> None:
    """Each waits for the others in the middle of its function, so that all are inside at once."""
    barrier = threading.Barrier(3, timeout=30)
    results: dict[str, Any] = {}

    def compiling(name: str, sign: float) -> None:
        w = Value(2.0)

        def f(x: Any) -> Any:
            barrier.wait()
            y = where(w > 1, w * w, w) * x
            made = Value(sign)
            barrier.wait()
            y = y * made + where(x == 1, w.detach(), 0.0)
            barrier.wait()
            return y

        program = autograd.compile(f, example=(1.0,))
        results[name] = program.value_and_grad([1.0]), len(program.parameters)

    def computing() -> None:
        x = Value(3.0)
        found = []
        for _ in range(3):
            barrier.wait()
            x.grad = 0.0
            y = dot([x], [x], x) * Value(2.0) + x.exp() * 0
            with no_grad():
                leaf = dot([x], [x], x)
            y.backward()
            found.append(
                (type(y), y.data, x.grad, leaf.op, x > 1, x == 3, bool(x), x.detach().data, x.item(), f"{x:.0f}")
            )
        results["computing"] = found

    threads = [
        threading.Thread(target=compiling, args=("plus", 1.0)),
        threading.Thread(target=compiling, args=("minus", -1.0)),
        threading.Thread(target=computing),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results["computing"] == [(Value, 24.0, 14.0, None, True, True, True, 3.0, 3.0, "3")] * 3
    (value, gradient), parameters = results["plus"]
    assert (value, gradient.tolist(), parameters) == (6.0, [4.0], 1)  # w² + w̄, 2w
    (value, gradient), parameters = results["minus"]
    assert (value, gradient.tolist(), parameters) == (-2.0, [-4.0], 1)


def test_a_task_begun_inside_a_trace_computes_once_the_trace_is_over() -> None:
    async def later() -> Any:
        with no_grad():  # recording is being watched, so contexts are asked
            pass
        return (W * W).data, (W > 1) is True

    async def main() -> Any:
        tasks = []

        def f(x: Any) -> Any:
            tasks.append(asyncio.get_running_loop().create_task(later()))
            return x * W

        autograd.compile(f, example=(1.0,))
        with no_grad():
            return await tasks[0]

    assert in_a_thread(lambda: asyncio.run(main())) == (4.0, True)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: (x + 1) * 2 - 3 / x + x**2 + 2**x - (1 - x) - x / 3 + 2 * x + (1 + x) + (-x) + abs(x) + (+x),
        lambda x: x.exp() + x.relu() + x.maximum(3) + x.neg() + x.pos() + x.abs(),
        lambda x: np.sin(x) + np.arcsin(x / 4) + np.arccos(x / 4) + np.arctan(x),
        *[eval(f"lambda x: where(x {c} 1.5, x, 2 * x)", {"where": where}) for c in ("<", "<=", ">", ">=", "==", "!=")],
    ],
)
def test_what_another_thread_computes_with_a_placeholder_is_recorded(f: Any) -> None:
    program = autograd.compile(lambda x: in_a_thread(lambda: f(x)) * W, example=(1.0,))
    numbers = [1.0, 1.5, 2.0]
    # a few operations, each rounded once
    assert program(numbers) == pytest.approx([f(Value(x)).data * W.data for x in numbers], rel=1e-14)


def test_another_task_is_not_traced() -> None:
    outside = contextvars.copy_context()
    seen = []
    autograd.compile(lambda x: seen.append(outside.run(lambda: (W * W).data)) or x * W, example=(1.0,))
    assert seen == [4.0]
