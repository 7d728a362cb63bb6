"""How a compiled program is judged: on every engine there is, by the eager engine, sample by sample.

With this module one can

* compile for a named engine, and hear of it where that engine refuses: `compiled`, `ENGINES`, `Refused`, `runnable`;
* know what the eager engine says of a batch: `eager`, and of the outputs: `outputs`;
* measure how far a program is from that: `disagreement`;
* leave rubbish in the buffers of a program, or interrupt it half way: `dirty`, `interrupted`.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

import autograd
from autograd import Value
from autograd.compiler import engines

__all__ = [
    "ENGINES", "Disagreement", "Eager", "Refused", "compiled", "dirty", "disagreement", "eager", "flat",
    "in_a_thread", "interrupted",
    "outputs", "outputs_of", "relative", "runnable", "samples",
]  # fmt: skip

_PACKAGE = os.path.dirname(autograd.__file__)

ENGINES = [*engines.ENGINES] if not os.environ.get("AUTOGRAD_ENGINES") else os.environ["AUTOGRAD_ENGINES"].split()
"""Those that are judged: what auto chooses from or, as in ``make test-jax``, those of the names that are said."""


def runnable() -> list[str]:
    """The engines that can run here: the native one needs Numba."""
    return [name for name in ENGINES if name != "native" or find_spec("numba")]


class Refused(Exception):  # noqa: N818  it is an answer, not an error
    """An engine said that it cannot run a program, and why."""


def compiled(f: Callable[..., Any], example: Any, engine: str = "auto") -> Any:
    """A program for an engine.

    Raises:
        Refused: where an engine says that it cannot run this program.
    """
    try:
        return autograd.compile(f, example=example, engine=engine)
    except ValueError as error:
        if "cannot run this program" not in str(error):
            raise
        raise Refused(str(error)) from error


# ── the referee ───────────────────────────────────────────────────────────────────────────────


def in_a_thread(job: Callable[[], Any]) -> Any:
    """The result of a job in a thread of its own, where no event loop runs: Playwright leaves one in ours."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(job).result()


def flat(tree: Any) -> list[Any]:
    """The numbers and `Value`s in nested lists, tuples and arrays."""
    if isinstance(tree, (list, tuple)) or getattr(tree, "ndim", 0):
        return [x for part in tree for x in flat(part)]
    return [tree]


def samples(batch: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """The arguments of each sample, as plain numbers and lists of them."""
    return list(zip(*[np.asarray(x).tolist() for x in batch], strict=True))


class Eager(NamedTuple):
    """What the eager engine says of a batch."""

    losses: np.ndarray
    """(samples,)"""
    gradients: np.ndarray
    """(samples, parameters)"""


def eager(f: Callable[..., Any], parameters: list[Value], *batch: Any) -> Eager:
    losses, gradients = [], []
    for sample in samples(batch):
        for p in parameters:
            p.grad = 0.0
        loss = f(*sample)
        if isinstance(loss, Value):  # else where and take chose nothing but numbers
            loss.backward()
        losses.append(float(getattr(loss, "data", loss)))
        gradients.append([p.grad for p in parameters])
    return Eager(np.array(losses), np.array(gradients).reshape(len(losses), len(parameters)))


def outputs(f: Callable[..., Any], *batch: Any) -> np.ndarray:
    """(samples, numbers): what the function returns, flattened."""
    return np.array([[getattr(y, "data", y) for y in flat(f(*sample))] for sample in samples(batch)], float)


def outputs_of(program: Any, *batch: Any) -> np.ndarray:
    """The same of a program."""
    found: list[np.ndarray] = []

    def collect(tree: Any) -> None:
        if isinstance(tree, (list, tuple)):
            for part in tree:
                collect(part)
        else:
            found.append(np.asarray(tree).reshape(len(batch[0]), -1))

    collect(program(*batch))
    return np.concatenate(found, axis=1)


class Disagreement(AssertionError):  # noqa: N818
    """A program and the eager engine say different things."""


def disagreement(program: Any, parameters: list[Value], said: Eager, *batch: Any, least: float = 0.0) -> float:
    """The error of value and gradient, relative to the greatest component of what is summed.

    A component is a mean over samples whose terms may cancel, and the order of the sum is free; so the scale is
    that of the terms, or `least` if that is more. Parameters that the program does not have must have no gradient.
    """
    value, gradient = program.value_and_grad(*batch)
    place = {p: i for i, p in enumerate(program.parameters)}
    unknown = [i for i, p in enumerate(parameters) if p not in place and said.gradients[:, i].any()]
    if unknown:
        raise Disagreement(f"parameters {unknown} have a gradient, and are none of the program's")
    if not set(place) <= set(parameters):
        raise Disagreement(f"the program has parameters that the function has not: {set(place) - set(parameters)}")
    found = np.array([gradient[place[p]] if p in place else 0.0 for p in parameters])
    off = relative(value, said.losses.mean(), max(least, np.abs(said.losses).mean()))
    scale = np.abs(said.gradients).mean(axis=0).max(initial=least)
    return max(off, relative(found, said.gradients.mean(axis=0), scale))


def relative(found: Any, expected: Any, scale: float) -> float:
    error = float(np.max(np.abs(np.asarray(found) - expected), initial=0.0))
    if error != error:
        return math.inf
    return error / float(scale) if scale else (math.inf if error else 0.0)


# ── what a program may have been through ──────────────────────────────────────────────────────


def dirty(program: Any, *batch: Any) -> None:
    """Leave rubbish in every buffer: by calls that fill them with infinities, and by hand where they have names."""
    before = program.vector.copy()
    with np.errstate(all="ignore"):
        for number in (1e200, -1e200, np.inf):
            program.vector[:] = number
            program.value_and_grad(*batch)
            program.vector[:] = before
            program.value_and_grad(*[x if x.dtype.kind in "iu" else np.full_like(x, number) for x in batch])
    program.vector[:] = before
    for array in _adjoints(program, program.vector):
        array[...] = np.nan


def _adjoints(program: Any, vector: np.ndarray) -> Iterator[np.ndarray]:
    """The arrays that a program keeps in attributes called adjoint-something, whatever it is made of."""
    seen: set[int] = set()
    todo: list[tuple[Any, bool]] = [(program, False)]
    while todo:
        x, within = todo.pop()
        if (id(x), within) in seen or isinstance(x, (Value, type, str)) or callable(x):
            continue
        seen.add((id(x), within))  # type: ignore[arg-type]
        if isinstance(x, np.ndarray):
            if within and x.dtype == np.float64 and x.flags.writeable and not np.shares_memory(x, vector):
                yield x
        elif isinstance(x, dict):
            todo += [(y, within) for y in x.values()]
        elif isinstance(x, (list, tuple)):
            todo += [(y, within) for y in x]
        elif type(x).__module__.startswith("autograd.compiler"):
            named = dict(getattr(x, "__dict__", {}))
            for kind in type(x).__mro__:
                named |= {s: getattr(x, s) for s in getattr(kind, "__slots__", ()) if hasattr(x, s)}
            todo += [(y, within or "adjoint" in name) for name, y in named.items()]


@contextmanager
def interrupted(after: int) -> Iterator[None]:
    """KeyboardInterrupt, swallowed, at the how-manieth line of `autograd` that runs: Ctrl + C may come anywhere."""
    left = after

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(_PACKAGE) or left < 0:
            return None
        if event == "line":
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
        return trace

    outside = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(outside)
