"""Random graphs over every primitive: value, gradient and second derivatives agree with mpmath.

``AUTOGRAD_GRAPHS`` says how many (2 000 if it is not set; ``make fuzz`` runs 100 000), ``AUTOGRAD_SEED``
which. A counter-example is shrunk and printed as code that can be run.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, given, settings
from programs import Program, Result, programs
from referee import ZERO, judge, stable

from autograd import Value, grad, hvp, jvp, total
from autograd.primitives import primitive, table

GRAPHS = int(os.environ.get("AUTOGRAD_GRAPHS", "2000"))
SEED = int(os.environ.get("AUTOGRAD_SEED", "0"))
PARTS = 8  # separate tests, so that workers can share them
TOLERANCE = 1e-12  # referee.py says when floats can be held to it
DIRECTION = (0.8, -0.6, 0.5)  # of the second derivative; no special case

UNDEFINED = (ArithmeticError, ValueError)


def reverse(program: Program, direction: tuple[float, ...]) -> list[float]:
    leaves = [Value(x) for x in program.leaves]
    y = program.run(leaves)
    y.backward()
    return [y.data, *(x.grad for x in leaves)]


def reverse_with_graph(program: Program, direction: tuple[float, ...]) -> list[Any]:
    leaves = [Value(x) for x in program.leaves]
    y = program.run(leaves)
    y.backward(create_graph=True)
    return [y, *(x.grad for x in leaves)]


def forward(program: Program, direction: tuple[float, ...]) -> list[float]:
    return [jvp(program.run, (list(program.leaves),), (list(direction),))[1]]


def forward_with_graph(program: Program, direction: tuple[float, ...]) -> list[Any]:
    return [jvp(program.run, ([Value(x) for x in program.leaves],), (list(direction),))[1]]


WITH_GRAPH = {reverse: reverse_with_graph, forward: forward_with_graph}
"""For the modes on floats, the one that shows by which operations they came about."""


def forward_over_reverse(program: Program, direction: tuple[float, ...]) -> list[Value]:
    return hvp(program.run, ([Value(x) for x in program.leaves],), (list(direction),))  # type: ignore[no-any-return]


def reverse_over_reverse(program: Program, direction: tuple[float, ...]) -> list[Value]:
    def slope(xs: list[Value]) -> Any:
        return total([d * g for d, g in zip(direction, grad(program.run)(xs), strict=True)])

    return grad(slope)([Value(x) for x in program.leaves])  # type: ignore[no-any-return]


def claims(n: int) -> list[tuple[Callable[..., list[float]], slice]]:
    """Each mode, and which of the referee's quantities it computes for n leaves."""
    return [
        (reverse, slice(0, n + 1)),
        (reverse_with_graph, slice(0, n + 1)),
        (forward, slice(n + 1, n + 2)),
        (forward_over_reverse, slice(n + 2, 2 * n + 2)),
        (reverse_over_reverse, slice(n + 2, 2 * n + 2)),
    ]


class Tally:
    """What a run of random graphs has found so far."""

    def __init__(self) -> None:
        self.graphs = 0  # that agreed
        self.worst = 0.0
        self.used: Counter[str] = Counter()  # in how many graphs each primitive was
        self.seen: Counter[str] = Counter()  # what became of each quantity

    def check(self, program: Program) -> None:
        n = len(program.leaves)
        direction = DIRECTION[:n]
        try:
            judged = judge(program, direction)
        except (*UNDEFINED, TypeError):  # complex numbers around the point: no ordering, no float
            hypothesis.reject()
        if not all(well for _, well in judged[: n + 1]):
            self.seen["ill-conditioned graph"] += 1
            hypothesis.reject()
        for mode, which in claims(n):
            try:
                computed = mode(program, direction)
            except UNDEFINED:
                self.seen["undefined"] += 1
                continue
            for i, (ours, (exact, well)) in enumerate(zip(computed, judged[which], strict=True)):
                self.compare(program, mode, i, ours, exact, well)
        self.graphs += 1
        self.used.update({name for name, _ in program.steps})

    def compare(self, program: Program, mode: Any, i: int, ours: Any, exact: Any, well: bool) -> None:
        data = ours.data if isinstance(ours, Value) else ours
        error = float(abs(data - exact) / abs(exact)) if abs(exact) > ZERO else abs(data)
        if not well:
            self.seen["ill-conditioned"] += 1
        elif error <= TOLERANCE:
            self.seen["compared"] += 1
            self.worst = max(self.worst, error)
        elif self.excused(ours if isinstance(ours, Value) else self.with_graph(program, mode, i), exact):
            self.seen["unstable derivative"] += 1
        else:
            pytest.fail(message(program, mode.__name__, i, data, exact, error), pytrace=False)

    def with_graph(self, program: Program, mode: Any, i: int) -> Any:
        return WITH_GRAPH[mode](program, DIRECTION[: len(program.leaves)])[i]

    def excused(self, derivative: Any, exact: Any) -> bool:
        return isinstance(derivative, Value) and not stable(derivative, exact)


def message(program: Program, mode: str, i: int, ours: float, exact: Any, error: float) -> str:
    return f"{mode}, entry {i}: {ours!r}, and it is {float(exact)!r}; relative error {error:.1e} of\n\n{program!r}\n"


def run(tally: Tally, graphs: int, seed: int, **strategy: Any) -> None:
    @hypothesis.seed(seed)
    @settings(
        max_examples=graphs, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False
    )
    @given(programs(**strategy))
    def agrees(program: Program) -> None:
        tally.check(program)

    agrees()


@pytest.mark.parametrize("part", range(PARTS))
def test_random_graphs_agree_with_mpmath(part: int, record_property: Callable[[str, object], None]) -> None:
    tally = Tally()
    run(tally, -(-GRAPHS // PARTS), SEED * PARTS + part)
    record_property("graphs", [tally.graphs, tally.worst])
    print(tally.graphs, tally.worst, tally.seen, tally.used)
    # The rules above that excuse a quantity must stay exceptions, or this would be a test of nothing.
    assert tally.seen["compared"] > 0.95 * tally.seen.total()


def test_the_programs_use_every_primitive_and_share_results() -> None:
    used: Counter[str] = Counter()
    shared = 0

    @hypothesis.seed(SEED)
    @settings(max_examples=600, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(programs())
    def count(program: Program) -> None:
        nonlocal shared
        used.update({name for name, _ in program.steps})
        uses = Counter(x.index for _, operands in program.steps for x in operands if isinstance(x, Result))
        shared += max(uses.values(), default=0) > 1

    count()
    assert set(used) == set(table)
    assert shared > 100


def test_a_wrong_derivative_is_found_shrunk_and_printed_as_code_that_runs(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = primitive("wrong_sin", lambda x: table["sin"](x), lambda y, x: table["cos"](x) * (1 + 1e-11))
    try:
        with pytest.raises(pytest.fail.Exception) as caught:
            run(Tally(), 200, 0, names=("add", "mul", "wrong_sin", "tanh"))
        said = str(caught.value)
        code = said[said.index("from autograd import") :].replace("import *", "import Value")
        assert code.count("\n") <= 5, "it was not shrunk to a leaf or two and one step"
        exec(code, {"wrong_sin": wrong})
        value, gradient = map(float, capsys.readouterr().out.split())
        assert abs(gradient / math.sqrt(1 - value**2) - 1) == pytest.approx(1e-11, rel=1e-2)
    finally:
        table["wrong_sin"].remove()
