"""The engine beside micrograd: the table that ``make bench`` prints (``python -m benchmarks.engine``).

Both engines do the same work (the loss and all gradients are compared before anything is timed), in
processes of their own that take turns (`timing`). A step is the forward and the backward pass of one
sample. "One node an operation" is micrograd's very expression, the sum of wi·xi from the bias on, and
inputs that are `Value`s, so that both build the same graph; on plain numbers micrograd makes a node of
each number it meets, and this engine none. "Built with nn.MLP" is what a person writes with either
package, so that ours uses its `dot` nodes.

Micrograd's backward pass recurses: the random graph runs in a thread with a stack that is deep
enough, and sin and tanh are added to it. A chain of a million nodes is out of its reach.
"""

from __future__ import annotations

import gc
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from statistics import median
from typing import Any

from benchmarks import graphs
from benchmarks.timing import ROOT, Contestant, Row, in_fresh_process, machine, race, seconds, table

Prepared = tuple[Callable[[], Any], list[float]]

SMALL, DIGITS = [2, 16, 16, 1], [784, 16, 16, 10]
OPERATIONS = 20_000


def engine(name: str) -> type:
    """The class of scalars: "autograd" or "micrograd"."""
    if name == "micrograd":
        return graphs.complete_micrograd()
    from autograd import Value

    return Value


# ── what is timed: each returns (step, answer) ────────────────────────────────────────────────


def one_node_an_operation(name: str, sizes: list[int], wrapped: bool = True) -> Prepared:
    """A ReLU network in micrograd's expression; `wrapped`: with inputs that are `Value`s."""
    scalar = engine(name)
    x = graphs.sample(sizes[0])
    weights = [[([scalar(w) for w in ws], scalar(b)) for ws, b in layer] for layer in graphs.network_weights(sizes)]
    parameters = [p for layer in weights for ws, b in layer for p in (*ws, b)]

    def step() -> Any:
        y = graphs.network_output(weights, [scalar(xi) for xi in x] if wrapped else x)
        y.backward()
        return y

    return step, [step().data, *(p.grad for p in parameters)]


def built_with_mlp(package: str, sizes: list[int]) -> Prepared:
    """The MLP of a package ("nn" or "micrograd.nn") on plain numbers; both draw the same weights."""
    random.seed(0)
    model = import_module(package).MLP(sizes[0], sizes[1:])
    x = graphs.sample(sizes[0])

    def step() -> Any:
        y = model(x)
        if isinstance(y, list):
            y = sum(y)
        y.backward()
        return y

    return step, [step().data, *(p.grad for p in model.parameters())]


def random_graph(name: str, operations: int) -> Prepared:
    """A random graph of + − × sin tanh."""
    scalar = engine(name)
    plan = graphs.random_plan(operations)
    leaves = [scalar(x) for x in graphs.sample(10)]

    def step() -> Any:
        y = graphs.random_dag(leaves, plan)
        y.backward()
        return y

    if name == "micrograd":
        return (lambda: graphs.with_a_deep_stack(step)), [
            graphs.with_a_deep_stack(step).data,
            *(x.grad for x in leaves),
        ]
    return step, [step().data, *(x.grad for x in leaves)]


# ── what is measured once ─────────────────────────────────────────────────────────────────────


def bytes_a_node(name: str) -> float:
    """What Python has allocated for a node of the random graph, after the backward pass."""
    import tracemalloc

    scalar, plan = engine(name), graphs.random_plan(OPERATIONS)
    leaves = [scalar(x) for x in graphs.sample(10)]
    tracemalloc.start()
    y = graphs.random_dag(leaves, plan)
    graphs.with_a_deep_stack(y.backward)
    gc.collect()
    return tracemalloc.get_traced_memory()[0] / (OPERATIONS + len(leaves) - 1)


def chain(nodes: int, collecting: bool = True) -> tuple[float, float, float, float]:
    """Seconds a node to compute, to go back through and to release a chain of x + x + …; and the peak of memory.

    `collecting`: with Python's collector of cyclic garbage, as usual. The memory is what the process
    grew by, in bytes a node.
    """
    from autograd import Value

    def peak() -> int:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

    if not collecting:
        gc.disable()
    before = peak()
    x = Value(1.0)
    start = time.perf_counter()
    y = x
    for _ in range(nodes):
        y = y + x
    forward = time.perf_counter()
    y.backward()
    backward = time.perf_counter()
    del y
    released = time.perf_counter()
    if x.grad != nodes + 1:
        raise AssertionError(f"the gradient of a chain of {nodes} is {x.grad}, and should be {nodes + 1}")
    times = (forward - start, backward - forward, released - backward)
    return *(t / nodes for t in times), (peak() - before) / nodes  # type: ignore[return-value]


def start_up(statement: str) -> float:
    """Seconds that a fresh interpreter takes for a statement."""
    command = f"import sys; sys.path.insert(0, {str(ROOT)!r}); {statement}"
    start = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-c", command], check=True)
    return time.perf_counter() - start


# ── the tables ────────────────────────────────────────────────────────────────────────────────


def beside_micrograd(rounds: int, turn: float) -> list[Row]:
    """The speed rows."""

    small, digits = ("-".join(map(str, sizes)) for sizes in (SMALL, DIGITS))
    engines, packages = ("autograd", "micrograd"), ("nn", "micrograd.nn")
    # fmt: off
    work: list[tuple[str, Callable[..., Prepared], tuple[str, str], tuple[Any, ...], float, float]] = [
        (f"{small}, one node an operation",  one_node_an_operation, engines,  (SMALL,),         3,   5),
        (f"{digits}, one node an operation", one_node_an_operation, engines,  (DIGITS,),        9,  14),
        ("… the same on plain numbers",      one_node_an_operation, engines,  (DIGITS, False),  9,  14),
        (f"{small} built with nn.MLP",       built_with_mlp,        packages, (SMALL,),         8,  12),
        (f"{digits} built with nn.MLP",      built_with_mlp,        packages, (DIGITS,),       60, 120),
        (f"random graph of {OPERATIONS:,} operations", random_graph, engines, (OPERATIONS,),    3,   6),
    ]
    # fmt: on
    rows = []
    for what, prepare, names, args, bar, goal in work:
        print(f"  {what} …", flush=True)
        contestants = [Contestant(name, prepare, (name, *args)) for name in names]
        # Gradients that nearly cancel differ by rounding of the terms, which are of size 1 and more.
        times = race(contestants, rounds, turn, abs_tol=1e-9)
        ours, theirs = (times[name] for name in names)
        rows.append(Row(what, seconds(ours), seconds(theirs), theirs / ours, bar, goal))
    return rows


def memory() -> Row:
    """The row of memory a node."""
    print("  memory …", flush=True)
    ours, theirs = in_fresh_process(bytes_a_node, "autograd"), in_fresh_process(bytes_a_node, "micrograd")
    return Row("a node of the random graph", f"{ours:.0f} B", f"{theirs:.0f} B", ours, 300, at_most=True, unit=" B")


def long_chains(short: int = 100_000, long: int = 10_000_000, rounds: int = 3) -> list[Row]:
    """The rows of a chain that is a hundred times longer; each chain once, in a process of its own."""
    print(f"  chains of {short:,} and {long:,} nodes …", flush=True)
    few, many, few_paused, many_paused = [], [], [], []
    for _ in range(rounds):
        few += [in_fresh_process(chain, short) for _ in range(5)]
        many += [in_fresh_process(chain, long)]
    for _ in range(rounds):
        few_paused += [in_fresh_process(chain, short, False) for _ in range(5)]
    many_paused += [in_fresh_process(chain, long, False)]

    def row(what: str, runs: list[Any], beside: list[Any], phases: slice, bar: float | None = None) -> Row:
        a, b = (median(sum(run[phases]) for run in times) for times in (beside, runs))
        return Row(
            f"chain of {long:,} nodes{what}", f"{seconds(b)}/node", f"{seconds(a)}/node", b / a, bar, at_most=True
        )

    bytes_a_node = median(run[3] for run in many)
    return [
        row("", many, few, slice(0, 3), bar=1.5),
        row(": forward", many, few, slice(0, 1)),
        row(": backward", many, few, slice(1, 2)),
        row(": release", many, few, slice(2, 3)),
        row(", under gc.disable()", many_paused, few_paused, slice(0, 3)),
        Row("its memory at the peak", f"{bytes_a_node * long / 1e9:.2f} GB", "", bytes_a_node, unit=" B/node"),
    ]


def imports(times: int = 21) -> list[Row]:
    """The rows of ``import autograd``."""
    print("  import …", flush=True)
    pairs = [(start_up("pass"), start_up("import autograd")) for _ in range(times)]
    bare, loaded = (median(column) for column in zip(*pairs, strict=True))
    own = (loaded - bare) * 1e3
    return [
        Row("start and import autograd", seconds(loaded), seconds(bare), loaded / bare, 2, at_most=True),
        Row("import autograd alone", seconds(loaded - bare), "", own, 50, at_most=True, unit=" ms"),
    ]


def main() -> None:
    """Print the tables."""
    quick = "--quick" in sys.argv[1:]  # to see that it works; the numbers are then no good
    print(machine(), flush=True)
    table("One sample, forward and backward", beside_micrograd(*(1, 0.2) if quick else (5, 2.0)), beside="micrograd")
    table("Memory after the backward pass", [memory()], beside="micrograd")
    chains = long_chains(10_000, 1_000_000, 1) if quick else long_chains()
    table("A long chain: forward, backward, release", chains, beside="short chain")
    table("Start", imports(5 if quick else 21), beside="interpreter")
    print(machine())


if __name__ == "__main__":
    main()
