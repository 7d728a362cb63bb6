"""Fair timing: contestants take turns, each in a process of its own, and each pays for its own garbage.

With this module one can

* run a function in a fresh interpreter and have its result: `in_fresh_process`;
* check that contestants do the same work, then time them side by side: `race`;
* print the rows of a table with bars and goals: `table`.

A contestant is a function at the top of a module that prepares the work, does it once, and returns
``(step, answer)``: `step` is called many times over, `answer` is a flat list of numbers that all
contestants must agree on (the loss and the gradients, say). Time is taken over the whole run of
steps, not a step at a time, so that a collection of garbage is paid for by who made the garbage.
The contestants take turns for a number of rounds, so that a busy moment of the machine meets all of
them; the medians over the rounds are what is reported.
"""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

__all__ = ["Contestant", "MissingPackageError", "Row", "in_fresh_process", "machine", "race", "seconds", "table"]

ROOT = Path(__file__).resolve().parents[1]


class Contestant(NamedTuple):
    """One way to do a piece of work."""

    name: str
    prepare: Callable[..., tuple[Callable[[], Any], Iterable[float]]]
    """A module-level function that returns (step, answer)."""
    args: tuple[Any, ...] = ()
    """What `prepare` is called with: numbers, strings, and lists of them."""


class Row(NamedTuple):
    """A line of a table: what was measured, and what was asked of it."""

    work: str
    measured: str
    """The time or size measured, with its unit."""
    beside: str
    """What it is compared with, likewise."""
    ratio: float
    bar: float | None = None
    goal: float | None = None
    at_most: bool = False
    """Whether the ratio is to stay below its bar rather than above."""
    unit: str = "x"

    @property
    def verdict(self) -> str:
        """How the ratio stands to its goal and its bar."""
        if self.bar is None:
            return ""
        sign = -1 if self.at_most else 1
        if self.goal is not None and sign * self.ratio >= sign * self.goal:
            return "goal"
        return "ok" if sign * self.ratio >= sign * self.bar else "MISSED"


class MissingPackageError(ImportError):
    """A contestant whose package is not installed."""


def in_fresh_process(function: Callable[..., Any], *args: Any, environment: dict[str, str] | None = None) -> Any:
    """The result of a module-level function, called in a new interpreter; all of it passes as JSON.

    Args:
        environment: variables that it has beside those of this process.

    Raises:
        MissingPackageError: if a module that it imports is not installed.
        RuntimeError: if it fails otherwise; its traceback is on stderr.
    """
    call = json.dumps([_module_of(function), function.__qualname__, args])
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.timing"],
        cwd=ROOT,
        input=call,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    if done.returncode:
        raise RuntimeError(f"{function.__qualname__}{args} ended with exit code {done.returncode}")
    reply = json.loads(done.stdout.splitlines()[-1])
    if "missing" in reply:
        raise MissingPackageError(reply["missing"])
    return reply["result"]


def _module_of(function: Callable[..., Any]) -> str:
    """The name a fresh interpreter imports the function's module by, also when it is being run with -m."""
    if function.__module__ != "__main__":
        return function.__module__
    spec = sys.modules["__main__"].__spec__
    if spec is None:
        raise RuntimeError("run the benchmark as a module: python -m benchmarks.NAME")
    return spec.name


def race(
    contestants: Sequence[Contestant],
    rounds: int = 5,
    turn: float = 1.0,
    rel_tol: float = 1e-9,
    abs_tol: float = 0.0,
) -> dict[str, float]:
    """The median time of a step in seconds, by the contestant's name.

    Args:
        contestants: at least one; those whose package is missing are left out, with a line about it.
        rounds: how many turns each gets.
        turn: how many seconds a turn takes, at least; a step that takes longer is done three times.
        rel_tol, abs_tol: how far the answers may differ. The default leaves room for sums in another
            order and other formulas for the same derivative, and for nothing else.

    Raises:
        AssertionError: if the contestants do not do the same work.
    """
    present: list[Contestant] = []
    agreed: tuple[str, list[float]] | None = None
    for contestant in contestants:
        try:
            answer = in_fresh_process(_answer, *_described(contestant))
        except MissingPackageError as missing:
            print(f"  skipped: {contestant.name} ({missing})", flush=True)
            continue
        agreed = agreed or (contestant.name, answer)
        _check_same(agreed, (contestant.name, answer), rel_tol, abs_tol)
        present.append(contestant)
    times: dict[str, list[float]] = {contestant.name: [] for contestant in present}
    for _ in range(rounds):
        for contestant in present:
            times[contestant.name].append(in_fresh_process(_time, turn, *_described(contestant)))
    return {name: median(taken) for name, taken in times.items()}


def _described(contestant: Contestant) -> tuple[str, str, tuple[Any, ...]]:
    return _module_of(contestant.prepare), contestant.prepare.__qualname__, contestant.args


def _answer(module: str, prepare: str, args: list[Any]) -> list[float]:
    _, answer = getattr(import_module(module), prepare)(*args)
    return [float(x) for x in answer]


def _time(turn: float, module: str, prepare: str, args: list[Any]) -> float:
    step, _ = getattr(import_module(module), prepare)(*args)
    start = time.perf_counter()
    step()
    once = time.perf_counter() - start
    steps = max(3, math.ceil(turn / once))
    start = time.perf_counter()
    for _ in range(steps):
        step()
    return (time.perf_counter() - start) / steps


def _check_same(one: tuple[str, list[float]], other: tuple[str, list[float]], rel_tol: float, abs_tol: float) -> None:
    if len(one[1]) != len(other[1]):
        raise AssertionError(f"{one[0]} answers {len(one[1])} numbers, {other[0]} {len(other[1])}")
    for i, (a, b) in enumerate(zip(one[1], other[1], strict=True)):
        if not (math.isfinite(a) and math.isclose(a, b, rel_tol=rel_tol, abs_tol=abs_tol)):
            raise AssertionError(f"number {i} of the answer is {a!r} by {one[0]} and {b!r} by {other[0]}")


def table(title: str, rows: Sequence[Row], beside: str) -> None:
    """Print the rows under a title; `beside` is the head of the column of what is compared with."""
    head = ("work", "measured", beside, "ratio", "bar", "goal", "")
    body = [
        (
            row.work,
            row.measured,
            row.beside,
            f"{row.ratio:.3g}{row.unit}",
            _bound(row, row.bar),
            _bound(row, row.goal),
            row.verdict,
        )
        for row in rows
    ]
    widths = [max(len(line[i]) for line in [head, *body]) for i in range(len(head))]
    print(f"\n{title}\n")
    for line in [head, tuple("-" * width for width in widths), *body]:
        cells = [
            cell.ljust(w) if i in (0, 6) else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(line, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())
    print(flush=True)


def _bound(row: Row, bound: float | None) -> str:
    return "" if bound is None else f"{'<=' if row.at_most else '>='} {bound:g}{row.unit}"


def seconds(t: float) -> str:
    """A time with a fitting unit.

    >>> seconds(0.0031), seconds(2.5e-7), seconds(12.0)
    ('3.1 ms', '250 ns', '12 s')
    """
    for size, unit in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if t >= size:
            return f"{t / size:.3g} {unit}"
    return f"{t / 1e-9:.3g} ns"


def machine() -> str:
    """The interpreter, the processor, and how busy the machine is, in one line."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{python}, {platform.system()}, {model}, {os.cpu_count()} cores{load}"


def _main() -> None:
    module, name, args = json.load(sys.stdin)
    printed, sys.stdout = sys.stdout, sys.stderr  # what the function prints is no part of its result
    try:
        reply = {"result": getattr(import_module(module), name)(*args)}
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("autograd", "nn", "benchmarks"):
            raise
        reply = {"missing": f"no module {error.name}"}
    printed.write(json.dumps(reply) + "\n")


if __name__ == "__main__":
    _main()
