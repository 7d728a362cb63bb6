"""Compiled programs beside peers, on graphs of every shape (``python -m benchmarks.native``).

Value and gradient in float64. Everything is written once, in plain arithmetic and a few functions (`works`), and given
to the compiler and to CasADi alike; beside NumPy, PyTorch and JAX it is by hand in arrays (`by_hand`). Before anything
is timed, all numbers are compared; then contestants take turns in one process, and the best counts. What is timed of
ours is the call that a user writes, ``program.value_and_grad(X, Y)``, on the engine that "auto" takes. The rows named
auto say how long that takes in times of the quickest engine.

All rows are for one thread but those that say two, where each contestant has a process of its own: threads of two
libraries wait for each other's. ``--only NAME`` is for one row, ``--quick`` for a glance at small
sizes. Peers come with ``pip install '.[bench,bench-torch]'``; one that is not installed is named as skipped.
"""

from __future__ import annotations

import gc
import math
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from benchmarks import by_hand, peers, works
from benchmarks.peers import Peer, Rows, Run
from benchmarks.timing import Row, in_fresh_process, seconds
from benchmarks.works import FUNCTIONS, Work

Bar = tuple[float, float]
"""How many times as fast as a peer it has to be, and is to become."""

QUICKER: Bar = (1.0, 3.0)
RECURRENT: dict[int, Bar] = {1: (5.0, 20.0), 32: (1.0, 5.0), 256: (0.5, 1.0)}
WIDE: dict[int, Bar] = {32: (1.0, 2.0), 256: (1.0, 2.0)}


class Line(NamedTuple):
    """Work to be compared: its name in `works`, its sizes, and its bars by peer and batch."""

    work: str
    sizes: tuple[Any, ...] = ()
    small: tuple[Any, ...] = ()
    """The sizes of ``--quick``."""
    bars: dict[str, dict[int, Bar]] = {}  # noqa: RUF012


LINES = {
    "random graph of 20 000": Line("random_graph", (20_000,), (500,), {"CasADi": {1: (1.0, 1 / 0.6)}}),
    "Kalman filter, 200 steps": Line("kalman_filter", (200,), (10,), {"CasADi": {1: QUICKER}, "JAX": {1: QUICKER}}),
    "HMM, 50 steps of 8 states": Line("hidden_markov", (50, 8), (5, 3), {"CasADi": {1: QUICKER}, "JAX": {1: QUICKER}}),
    "Cholesky 16": Line("cholesky", (16,), (4,), {"CasADi": {1: QUICKER}, "JAX": {1: QUICKER}}),
    "LU 16": Line("elimination", (16,), (4,), {"CasADi": {1: QUICKER}, "JAX": {1: QUICKER}}),
    "sorting network 32": Line("sorting_network", (32,), (8,), {"CasADi": {1: QUICKER}, "JAX": {1: QUICKER}}),
    "784-16-16-10": Line(
        "network",
        ((784, 16, 16, 10),),
        ((20, 4, 3),),
        {"NumPy": {1: (1 / 0.6, 1 / 0.35), 10: (1.0, 1.25), 32: (1.0, 1.25), 256: (1.0, 1.25)}},
    ),
    "784-16-16-10, two threads": Line(
        "network", ((784, 16, 16, 10),), ((20, 4, 3),), {"PyTorch": {256: (3.0, 4.0), 4096: (1.5, 2.0)}}
    ),
    "RNN, 200 steps of width 8": Line("recurrent", (200, 8), (5, 3), {"PyTorch": RECURRENT}),
    "LSTM, 50 steps of width 8": Line("lstm", (50, 8), (3, 2), {"PyTorch": RECURRENT}),
    "neural ODE, 50 steps of RK4": Line("neural_ode", (50,), (2,), {"PyTorch": RECURRENT}),
    "convolution 28² × 4, pooled": Line("convolution", (28, 4), (8, 2), {"PyTorch": WIDE}),
    "attention 16 × 16": Line("attention", (16, 16), (3, 4), {"PyTorch": WIDE}),
    "heat 16² × 20": Line("heat", (16, 20), (4, 2), {"PyTorch": WIDE}),
}
BUILT = {"compile, wide": ("network", "784-16-16-10"), "compile, narrow": ("random_graph", "random graph of 20 000")}
OF_TWO = ("784-16-16-10, two threads",)


# ── contestants ───────────────────────────────────────────────────────────────────────────────


def compiled(work: Work) -> tuple[Any, list[int]]:
    """A program, and which parameters are in its vector."""
    import autograd

    of = SimpleNamespace(**{name: getattr(autograd, name) for name in FUNCTIONS})
    p = [autograd.Value(x) for x in work.parameters]
    program = autograd.compile(lambda *sample: work.loss(of, p, *sample), example=work.inputs)
    place = {parameter: i for i, parameter in enumerate(p)}
    return program, [place[parameter] for parameter in program.parameters]


def batch_of(example: Sequence[Any], size: int) -> list[Any]:
    return [np.random.default_rng(0).normal(size=(size, *np.shape(x))) for x in example]


def casadi(work: Work, sample: Sequence[Any] = ()) -> Run:
    """Value and gradient by CasADi's SX, one sample."""
    import casadi as ca

    class Expression:
        """With the methods that a graph of `benchmarks.graphs` asks for."""

        def __init__(self, sx: Any) -> None:
            self.sx = sx

    def method(f: Callable[..., Any]) -> Any:
        return lambda *xs: Expression(f(*[x.sx if isinstance(x, Expression) else x for x in xs]))

    for name, f in {
        "add": lambda a, b: a + b, "radd": lambda a, b: b + a, "sub": lambda a, b: a - b, "rsub": lambda a, b: b - a,
        "mul": lambda a, b: a * b, "rmul": lambda a, b: b * a, "neg": lambda a: -a,
        "truediv": lambda a, b: a / b, "rtruediv": lambda a, b: b / a,
    }.items():  # fmt: skip
        setattr(Expression, f"__{name}__", method(f))
    named = {name: getattr(ca, name) for name in ("log", "exp", "sqrt", "sin", "cos", "tanh")}
    named |= {"minimum": ca.fmin, "maximum": ca.fmax, "relu": lambda x: ca.fmax(x, 0)}
    named |= {"sigmoid": lambda x: 1 / (1 + ca.exp(-x))}
    for name in ("sin", "tanh"):
        setattr(Expression, name, method(named[name]))
    of = SimpleNamespace(**{name: method(f) for name, f in named.items()})
    symbols = ca.SX.sym("p", len(work.parameters))
    y = work.loss(of, [Expression(x) for x in symbols.elements()], *sample).sx
    function = ca.Function("f", [symbols], [y, ca.gradient(y, symbols)])
    buffer, evaluate = function.buffer()
    x, value, gradient = np.array(work.parameters), np.zeros(1), np.zeros(len(work.parameters))
    buffer.set_arg(0, memoryview(x))
    buffer.set_res(0, memoryview(value))
    buffer.set_res(1, memoryview(gradient))

    def step() -> Any:
        evaluate()
        return value[0], gradient

    step.kept = function, buffer, x  # type: ignore[attr-defined]
    return Run(step)


def peer(name: str, line: Line, work: Work, sizes: tuple[Any, ...], batch: Sequence[Any]) -> Run:
    """Who does the same work: value and gradient, in the order of the work's parameters."""
    if name == "CasADi":
        return casadi(work)
    if name == "NumPy":
        return Run(by_hand.network_by_numpy(sizes[0], np.array(work.parameters), *batch))
    parameters = peers.split(work.parameters, work.shapes)
    if name == "JAX":
        return peers.by_jax(by_hand.JAX[line.work](*sizes), parameters, batch)
    return peers.by_torch(by_hand.TORCH[line.work](*sizes), parameters, batch)


# ── rows ──────────────────────────────────────────────────────────────────────────────────────


class Ready(NamedTuple):
    """A line of the table, compiled."""

    program: Any
    batches: dict[int, list[Any]]
    peers: dict[int, dict[str, Peer]]


def ready(name: str, quick: bool) -> Ready:
    line = LINES[name]
    sizes = line.small if quick else line.sizes
    work: Work = getattr(works, line.work)(*sizes)
    program, order = compiled(work)

    def in_order(run: Run) -> Run:
        def read(result: Any) -> Any:
            value, gradient = run.read(result)
            return value, gradient[order]

        return Run(run.step, read)

    batches = sorted({size for bars in line.bars.values() for size in bars})
    given = {size: batch_of(work.inputs, size) for size in (batches[:1] if quick else batches)}

    def by(other: str, size: int) -> Peer:
        return Peer(lambda: in_order(peer(other, line, work, sizes, given[size])), *line.bars[other][size])

    return Ready(program, given, {size: {other: by(other, size) for other in line.bars} for size in given})


def compared(name: str, quick: bool) -> Rows:
    """A line of the table, one row for each peer and batch, and those of auto."""
    program, batches, by_peers = ready(name, quick)
    rows: Rows = []
    for size, batch in batches.items():
        title = f"{name}, batch {size}" if batch else name
        chosen = auto(title, program, batch, size)
        ours = Run(lambda batch=batch: program.value_and_grad(*batch))
        time = partial(apart, name, quick, size) if name in OF_TWO else peers.turns
        rows += peers.compare(title, ours, by_peers[size], program._engine(size).name, time=time)
        rows.append(chosen)
    return rows


def apart(name: str, quick: bool, size: int, contestants: Iterable[str]) -> dict[str, float]:
    """The best time of each, in turns, each in a process of its own."""
    best = dict.fromkeys(contestants, math.inf)
    for _ in range(3):
        for who in best:
            environment = peers.threads(2)
            best[who] = min(best[who], in_fresh_process(alone, name, quick, size, who, environment=environment))
    return best


def alone(name: str, quick: bool, size: int, who: str) -> float:
    program, batches, by_peers = ready(name, quick)
    step = by_peers[size][who].make().step if who else lambda: program.value_and_grad(*batches[size])
    return peers.turns({who: step})[who]


def auto(title: str, program: Any, batch: list[Any], size: int) -> Row:
    """The engine that is chosen beside all engines, without what a call checks before one runs."""
    runs = {engine.name: engine.bind(program.vector, size) for engine in program._engines}
    steps = {name: (lambda run=run: run.value_and_grad(batch)) for name, run in runs.items()}
    chosen = program._engine(size).name
    wanted = steps[chosen]()
    for name, step in steps.items():
        peers.agree(f"{title}, {name}", wanted, step())
    best = peers.turns(steps)
    beside = ", ".join(f"{name} {seconds(taken)}" for name, taken in sorted(best.items(), key=lambda item: item[1]))
    ratio = best[chosen] / min(best.values())
    return Row(f"  {title}: auto", f"{seconds(best[chosen])} {chosen}", beside, ratio, 1.25, at_most=True)


def built(name: str, quick: bool) -> Rows:
    """From the Python function to the first gradient: µs for each scalar operation as it is written."""
    of, shown = BUILT[name]
    line = LINES[shown]
    work: Work = getattr(works, of)(*(line.small if quick else line.sizes))
    number = works.counted(work)
    batch = batch_of(work.inputs, 1)
    compiled(works.random_graph(10))[0].value_and_grad()  # imports, and the native loop

    def ours() -> Any:
        program, order = compiled(work)
        return *program.value_and_grad(*batch), order

    def theirs() -> Any:
        run = casadi(work, [x[0].tolist() for x in batch])
        return run.read(run.step())

    value, gradient, order = ours()
    messages: Rows = []
    steps = {"ours": ours}
    try:
        numbers = theirs()
        peers.agree(name, (value, gradient), (numbers[0], numbers[1][order]))
        steps["CasADi"] = theirs
    except ModuleNotFoundError:
        messages.append(f"{name}: skipped CasADi (no module casadi)")
    best = peers.turns(steps, rounds=3)
    each = {who: taken / number * 1e6 for who, taken in best.items()}
    beside = f"CasADi's build {each['CasADi']:.3g} µs" if "CasADi" in each else ""
    shown = f"{name}: {shown}, an operation"
    return [Row(shown, f"{each['ours']:.3g} µs", beside, each["ours"], 10.0, 5.0, True, " µs"), *messages]


def memory(quick: bool) -> Rows:
    """What a program holds of an operation: its rows and numbers; and in all, with what Python keeps of the graph."""
    size = 500 if quick else 1_000_000
    compiled(works.random_graph(10))[0].value_and_grad()  # imports, and the native loop
    work = works.random_graph(size)
    tracemalloc.start()
    program, _ = compiled(work)
    program.value_and_grad()
    gc.collect()
    whole = tracemalloc.get_traced_memory()[0] / program._programs.operations
    tracemalloc.stop()
    each = program._executable(1).nbytes / program._programs.operations
    title = f"memory, random graph of {size:_}, an operation".replace("_", " ")
    beside = f"{whole:.0f} B with what is kept of the graph"
    return [Row(title, f"{each:.1f} B", beside, each, 100.0, 60.0, True, " B")]


ROWS: dict[str, Callable[[bool], Rows]] = {
    **{name: (lambda quick, name=name: compared(name, quick)) for name in LINES},
    **{name: (lambda quick, name=name: built(name, quick)) for name in BUILT},
    "memory": memory,
}


if __name__ == "__main__":
    raise SystemExit(peers.main("benchmarks.native", __doc__, list(ROWS), OF_TWO))
