"""The engine that "auto" takes beside each engine by name (``python -m benchmarks.engines``).

For programs of every shape and for batches from 1 to 256: value and gradient, each engine in turn, in one process,
the best of several rounds. The last column is the time of the engine that is chosen in times of the quickest.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from benchmarks import works
from benchmarks.native import batch_of, compiled
from benchmarks.works import Work

BATCHES = (1, 4, 8, 32, 256)
ROUNDS = 5


def random_graph(size: int) -> Work:
    """One that has inputs; with those of `works`, batches are all alike."""
    choose = random.Random(1)
    steps = [(choose.randrange(5), choose.random(), choose.random()) for _ in range(size)]

    def loss(of: Any, p: Any, x: Any) -> Any:
        kinds: list[Callable[[Any, Any], Any]] = [
            lambda a, b: a + b,
            lambda a, b: a * b / 2,
            lambda a, b: a - b,
            lambda a, b: of.sin(a),
            lambda a, b: of.tanh(b),
        ]
        values = [*p, *x]
        for kind, first, second in steps:
            near = min(60, len(values))
            values.append(kinds[kind](values[-1 - int(first * near)], values[-1 - int(second * near)]))
        return sum(values[-10:])

    return Work(loss, [choose.uniform(0.5, 1.5) for _ in range(20)], ([0.0] * 5,))


PROGRAMS: dict[str, Work] = {
    "2-3-1": works.network((2, 3, 1)),
    "64-16-10": works.network((64, 16, 10)),
    "recurrent, 50 steps of width 8": works.recurrent(50, 8),
    "recurrent, 200 steps of width 8": works.recurrent(200, 8),
    "recurrent, 200 steps of width 2": works.recurrent(200, 2),
    "recurrent, 400 steps of width 1": works.recurrent(400, 1),
    "random graph of 20": random_graph(20),
    "random graph of 200": random_graph(200),
    "random graph of 5 000": random_graph(5000),
}


def runnable() -> list[str]:
    """The engines that run all of these programs here."""
    return ["numpy", "nodes", "native"] if find_spec("numba") else ["numpy", "nodes"]


def main() -> int:
    heads = "".join(f"{name:>14}" for name in (*runnable(), "chosen", "of the best"))
    print(f"{'program':<34}{'batch':>6}{heads}")
    worst = 1.0
    for name, work in PROGRAMS.items():
        program, _ = compiled(work)
        for size in BATCHES:
            inputs = batch_of(work.inputs, size)
            runs = {engine.name: engine.bind(program.vector, size) for engine in program._engines}
            best = dict.fromkeys(runs, math.inf)
            for _ in range(ROUNDS):
                for engine, run in runs.items():
                    begun = time.perf_counter()
                    run.value_and_grad(inputs)
                    best[engine] = min(best[engine], time.perf_counter() - begun)
            chosen = program._engine(size).name
            ratio = best[chosen] / min(best.values())
            worst = max(worst, ratio)
            times = "".join(f"{best[engine] * 1e6:>11.0f} µs" for engine in runnable())
            print(f"{name:<34}{size:>6}{times}{chosen:>14}{ratio:>13.2f}x", flush=True)
    print(f"the worst choice takes {worst:.2f} times as long as the best would")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
