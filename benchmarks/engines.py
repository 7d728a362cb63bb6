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

BATCHES = (1, 4, 8, 32, 256)
ROUNDS = 5


def recurrent(steps: int, width: int) -> Any:
    from autograd import Value, dot, tanh

    choose = random.Random(0)
    W = [[Value(choose.gauss(0, 0.3)) for _ in range(width + 1)] for _ in range(width)]
    b = [Value(0.0) for _ in range(width)]
    v = [Value(choose.gauss(0, 0.3)) for _ in range(width)]

    def loss(x: Any, y: Any) -> Any:
        h: list[Any] = [0.0] * width
        for t in range(steps):
            h = [tanh(dot(row, [*h, x[t]], bias)) for row, bias in zip(W, b, strict=True)]
        return (dot(v, h) - y) ** 2

    return loss, ([0.0] * steps, 0.0)


def random_graph(size: int) -> Any:
    import autograd
    from autograd import Value

    choose = random.Random(1)
    parameters = [Value(choose.uniform(0.5, 1.5)) for _ in range(20)]
    steps = [(choose.randrange(5), choose.random(), choose.random()) for _ in range(size)]

    kinds: list[Callable[[Any, Any], Any]] = [
        lambda a, b: a + b,
        lambda a, b: a * b / 2,
        lambda a, b: a - b,
        lambda a, b: autograd.sin(a),
        lambda a, b: autograd.tanh(b),
    ]

    def loss(x: Any) -> Any:
        values = [*parameters, *x]
        for kind, first, second in steps:
            near = min(60, len(values))
            values.append(kinds[kind](values[-1 - int(first * near)], values[-1 - int(second * near)]))
        return autograd.total(values[-10:])

    return loss, ([0.0] * 5,)


def network(*sizes: int) -> Any:
    import nn

    model = nn.MLP(sizes[0], list(sizes[1:]), activation="tanh", seed=0)

    def loss(x: Any, y: Any) -> Any:
        z = model(x)
        return nn.half_squared_error(z if isinstance(z, list) else [z], y)

    return loss, ([0.0] * sizes[0], [0.0] * sizes[-1])


PROGRAMS: dict[str, Callable[[], Any]] = {
    "2-3-1": lambda: network(2, 3, 1),
    "64-16-10": lambda: network(64, 16, 10),
    "recurrent, 50 steps of width 8": lambda: recurrent(50, 8),
    "recurrent, 200 steps of width 8": lambda: recurrent(200, 8),
    "recurrent, 200 steps of width 2": lambda: recurrent(200, 2),
    "recurrent, 400 steps of width 1": lambda: recurrent(400, 1),
    "random graph of 20": lambda: random_graph(20),
    "random graph of 200": lambda: random_graph(200),
    "random graph of 5 000": lambda: random_graph(5000),
}


def runnable() -> list[str]:
    """The engines that run all of these programs here."""
    return ["numpy", "nodes", "native"] if find_spec("numba") else ["numpy", "nodes"]


def main() -> int:
    import numpy as np

    import autograd

    heads = "".join(f"{name:>14}" for name in (*runnable(), "chosen", "of the best"))
    print(f"{'program':<34}{'batch':>6}{heads}")
    worst = 1.0
    for name, make in PROGRAMS.items():
        f, example = make()
        program = autograd.compile(f, example=example)
        for size in BATCHES:
            rng = np.random.default_rng(0)
            inputs = [np.ascontiguousarray(rng.normal(size=(size, *np.shape(part)))) for part in example]
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
