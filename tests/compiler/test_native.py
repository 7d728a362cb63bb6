"""The native engine: both ways of writing rows on every program, the loop itself, and how it is kept on disk.

All other batteries of the compiler run on this engine, too, wherever they run on every engine.
"""

from __future__ import annotations

import copy
import gc
import math
import os
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from battery import Case, battery
from judge import relative

import autograd
from autograd import Value, erf, gelu, sin, where

pytest.importorskip("numba", reason="Numba is not installed (the extra fast), so there is no native engine")

from autograd.compiler import compiled
from autograd.compiler import interpreter as op
from autograd.compiler import tape_writer as to
from autograd.compiler.compiled import writer
from autograd.compiler.rows import RowsPlan, sum_of_products
from autograd.compiler.tape import NotOnTapeError, TapePlan, _Tape

CASES = list(battery(330))
PARTS = 6


def arrays(case: Case) -> list[np.ndarray]:
    """The samples of a case, as a program hands them to an engine."""
    return [np.array([sample[k] for sample in case.samples], float) for k in range(len(case.samples[0]))]


def plans(program: Any, size: int) -> Iterator[Any]:
    programs = program._programs
    yield RowsPlan(programs.arrays, program.vector, size)
    with suppress(NotOnTapeError):
        yield TapePlan(programs.scalars, programs.parameters, program.vector, size)


@pytest.mark.parametrize("part", range(PARTS))
def test_both_ways_of_writing_rows_give_what_numpy_gives(part: int) -> None:
    """Sums are taken in another order, and functions are those of another library: some 1e-15 of what is summed."""
    for case in CASES[part::PARTS]:
        program = autograd.compile(case.f, example=case.samples[0], engine="numpy")
        inputs = arrays(case)
        for size in {1, len(case.samples)} if inputs else {1}:
            batch = [x[:size].copy() for x in inputs]
            for plan in plans(program, size):
                if not case.loss:
                    plan.values(batch)
                    continue
                value, gradient = program._mean_gradient(*program._inputs(tuple(batch)))
                for _ in range(2):
                    mine, slope = plan.value_and_grad(batch)
                    assert relative(mine, value, max(1.0, abs(value))) < 1e-12, case.claim
                    assert relative(slope, gradient, np.abs(gradient).max(initial=1.0)) < 1e-11, case.claim
                    if isinstance(plan, TapePlan):  # nothing is left from call to call, but the constants
                        tape = _Tape(plan.scalars, program._programs.parameters, size)
                        plan._arena[:] = np.nan
                        for offset, number in tape.numbers:
                            plan._arena[offset] = number


def touched(code: np.ndarray, base: int) -> Iterator[tuple[int, int, str]]:
    """The first and the last address of every operand of every row, and which row that is."""
    w, at, halves = code.tolist(), 0, code.view(np.int32).tolist()

    def reach(address: int, *axes: tuple[int, int]) -> tuple[int, int]:
        steps = [8 * (length - 1) * stride for length, stride in axes]
        return address + sum(min(0, s) for s in steps), address + sum(max(0, s) for s in steps)

    while at < len(w):
        kind, r = w[at], w[at:]
        found: list[tuple[int, int]]
        if kind >= op.LINE:
            many, is_line = kind >> 32, kind & 0xFFFFFFFF == op.LINE
            length = 2 + many if is_line else 1 + 2 * many
            places = halves[2 * (at + 1) : 2 * (at + length)]
            assert not any(place & 1 for place in places)
            found = [reach(base + 4 * place) for place in places]
        elif kind < op.VECTOR:
            length, found = op.SCALAR_WORDS, [reach(address) for address in r[1:5]]
        elif kind == op.VECTOR:
            length, n = op.VECTOR_WORDS, r[2:5]
            found = [reach(r[k], *zip(n, r[k + 1 : k + 4], strict=True)) for k in (5, 9, 13, 17) if r[k]]
        elif kind in (op.SUM, op.PEAK):
            length = op.REDUCE_WORDS
            found = [reach(r[k], *zip(r[1:4], r[k + 1 : k + 4], strict=True)) for k in (4, 8)]
        elif kind == op.PRODUCT:
            length, (l1, l2, m, n, k) = op.PRODUCT_WORDS, r[1:6]
            sides = ((6, m, n), (11, m, k), (16, k, n))
            found = [reach(r[i], (l1, r[i + 1]), (l2, r[i + 2]), (a, r[i + 3]), (b, r[i + 4])) for i, a, b in sides]
        elif kind in (op.DOT, op.SPREAD):
            length, (first, n) = r[1], (7, r[6]) if kind == op.DOT else (6, r[5])
            found = [reach(r[k], (n, r[k + 1])) for k in range(first, length, 2)]
            found += [reach(r[2], (n, 1)), reach(r[3], (n, r[4]))] if kind == op.DOT else [reach(r[2], (n, r[3]))]
        else:  # through row numbers, which `verify` looks at
            length = {op.GATHER: op.GATHER_WORDS, op.SCATTER: op.SCATTER_WORDS}.get(kind, op.TAKE_WORDS)
            found = [reach(address) for address in r[1:4]]
        yield from ((low, high, f"row of kind {kind} at {at}") for low, high in found)
        at += length


@pytest.mark.parametrize("part", range(PARTS))
def test_no_row_reaches_beyond_the_buffers(part: int) -> None:
    for case in CASES[part::PARTS]:
        program = autograd.compile(case.f, example=case.samples[0], engine="numpy")
        for size in (1, 5):
            for plan in plans(program, size):
                if isinstance(plan, RowsPlan):
                    plan.run(batch := [x[:size].copy() for x in plan.inputs], gradient := np.empty(len(plan.gradient)))
                    buffers = [*plan._kept.values(), *batch, gradient, program.vector]
                else:
                    buffers = [plan._arena]
                bounds = sorted((x.__array_interface__["data"][0], x.nbytes) for x in buffers)
                starts = np.array([start for start, _ in bounds])
                for low, high, row in touched(plan._code, getattr(plan, "_base", 0)):
                    start, size_of = bounds[int(np.searchsorted(starts, low, side="right")) - 1]
                    assert start <= low <= high + 8 <= start + size_of, f"{case.claim}: {row}"


def test_threads_in_native_code_at_once_get_right_numbers_or_an_error() -> None:
    """The loop runs without the interpreter's lock, so the other thread is there at the same time."""
    w = [Value(0.01 * k) for k in range(40)]
    program = autograd.compile(lambda x: sum(sin(a * x) * b for a, b in pairwise(w)), example=1.0, engine="native")
    batch = np.linspace(0, 1, 512)
    expected, slope = program.value_and_grad(batch)
    outcomes: list[str] = []

    def run(mine: Any) -> None:
        for _ in range(300):
            try:
                value, gradient = mine.value_and_grad(batch)
                outcomes.append("right" if value == expected and np.array_equal(gradient, slope) else "wrong")
            except RuntimeError as error:
                outcomes.append("refused" if "another thread is running this program" in str(error) else str(error))

    own = copy.copy(program)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, [program, program, program, own]))
    assert set(outcomes) <= {"right", "refused"}
    assert outcomes.count("right") >= 300


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_goes_on_with_the_same_loop() -> None:
    w = Value(2.0)
    program = autograd.compile(lambda x: w * x, example=1.0, engine="native")
    assert program.value_and_grad([3.0])[0] == 6.0
    child = os.fork()
    if not child:
        os._exit(int(program.value_and_grad([5.0])[0]))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 10


# ── the loop ──────────────────────────────────────────────────────────────────────────────────

SPECIAL = np.array(
    [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e300, -1e300, 5e-324, np.inf, -np.inf, np.nan, 30.0, 709.0, 710.0]
)
UNARY = op.ELEMENTWISE[: op.ADD]
BINARY = op.ELEMENTWISE[op.ADD : op.ADD_TO]


def rows_of(
    function: Any, operands: list[np.ndarray], shape: tuple[int, ...], out: np.ndarray | None = None
) -> np.ndarray:
    """What the loop makes of a call."""
    from autograd.compiler import rows

    written = rows._Rows([], shared=False)
    out = np.full(shape, 7.0) if out is None else out
    form, opcode = rows._FORMS[function]
    given = [*operands, out] if function is not np.copyto else [out, *operands]
    assert form(written, opcode, given), "it has no row"
    code = np.array(written.code, np.int64)
    start = code.__array_interface__["data"][0]
    rows.loop()(start, start + code.nbytes, 0)
    return out


def numpys(name: str) -> Any:
    from autograd import special
    from autograd.compiler import execute

    own = {"maximum": execute.maximum, "minimum": execute.minimum, "erf": special.erf, "erfc": special.erfc}
    return own.get(name) or getattr(np, name)


@pytest.mark.parametrize("name", [*UNARY[1:], *BINARY])
def test_every_operation_follows_ieee_as_numpy_does(name: str) -> None:
    """At ±0, ±∞, NaN and beside an overflow, one number at a time and many: to the last digits of the library."""
    function = numpys(name)
    columns = [SPECIAL] if name in UNARY else [x.ravel() for x in np.meshgrid(SPECIAL, SPECIAL)]
    if name in BINARY:
        columns = [x[:120] for x in columns], [x[105:] for x in columns]
    for operands in [columns] if name in UNARY else columns:
        with np.errstate(all="ignore"):
            of_numpy = getattr(np, name)(*operands) if hasattr(np, name) else function(*operands)
        found = rows_of(function, list(operands), operands[0].shape)
        alone = [rows_of(function, [np.array([x]) for x in at], (1,))[0] for at in zip(*operands, strict=True)]
        for mine in (found, np.array(alone)):
            assert np.allclose(mine, of_numpy, rtol=4e-16, atol=0, equal_nan=True)  # 2 units in the last place
            if name not in ("maximum", "minimum"):  # of 0 and −0 NumPy gives either, by the processor
                exact = of_numpy == 0
                assert (np.signbit(mine) == np.signbit(of_numpy))[exact].all()


@pytest.mark.parametrize("shape", [(3, 4, 5), (2, 1, 5), (1, 4, 1), (6, 1), (1, 1, 1), (7,), (40, 2)])
@pytest.mark.parametrize("narrow", [(), 0, -1])
def test_operands_broadcast_and_lie_anyhow(shape: tuple[int, ...], narrow: Any) -> None:
    choose = np.random.default_rng(0)
    a = choose.normal(size=shape[::-1]).T
    b = choose.normal(size=shape)[..., ::-1]
    b = b if narrow == () else b.take([0], axis=narrow)
    for f in (np.add, np.subtract, np.multiply, np.divide, np.less, np.copysign):
        assert np.array_equal(rows_of(f, [a, b], shape), f(a, b))
        assert np.array_equal(rows_of(f, [b, a], shape), f(b, a))
    assert np.array_equal(rows_of(np.copyto, [b], shape), np.broadcast_to(b, shape))


@pytest.mark.parametrize("m", [1, 3, 8])
@pytest.mark.parametrize("n", [1, 5])
@pytest.mark.parametrize("k", [1, 4, 7, 19, 150])
def test_matrix_products_however_the_matrices_lie(m: int, n: int, k: int) -> None:
    choose = np.random.default_rng(0)
    for a in (choose.normal(size=(m, k)), choose.normal(size=(k, m)).T):
        for b in (choose.normal(size=(k, n)), choose.normal(size=(n, k)).T):
            assert np.allclose(rows_of(np.matmul, [a, b], (m, n)), a @ b, rtol=1e-14, atol=1e-14)
    a, b = choose.normal(size=(2, 3, m, k)), choose.normal(size=(3, k, n))
    assert np.allclose(rows_of(np.matmul, [a, b], (2, 3, m, n)), a @ b, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("samples", [4, 5, 33])
@pytest.mark.parametrize("m", [1, 5])
@pytest.mark.parametrize("n", [1, 6])
@pytest.mark.parametrize("k", [1, 3, 4, 11])
def test_products_of_matrices_of_each_sample_that_lie_side_by_side(samples: int, m: int, n: int, k: int) -> None:
    """As buffers are: one number of all samples, then the next. Of a stack, one matrix has its own and one has not."""
    choose = np.random.default_rng(0)
    a = np.moveaxis(choose.normal(size=(2, m, k, samples)), -1, 1)
    b = np.moveaxis(choose.normal(size=(n, k, samples)), -1, 0).swapaxes(-1, -2)
    whole = np.full((2, m, n, samples), 7.0)
    out = np.moveaxis(whole, -1, 1)
    assert out.strides[1] == a.strides[1] == b.strides[0] == 8
    found = rows_of(np.matmul, [a, np.broadcast_to(b, (2, *b.shape))], out.shape, out)
    assert np.allclose(found, a @ b, rtol=1e-14, atol=1e-14)
    of_all = np.broadcast_to(choose.normal(size=(k, n)), (2, samples, k, n))
    assert np.allclose(rows_of(np.matmul, [a, of_all], out.shape, out), a @ of_all, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("seed", range(40))
def test_sums_of_matrix_products_are_what_numpy_gives(seed: int) -> None:
    """Axes of any kind, in any order in memory; written out where there are too many, and added up in any case."""
    choose = np.random.default_rng(seed)
    axes = choose.integers(4, 8)
    kinds = choose.permutation([*"mnkk", *choose.choice(list("mnke"), axes - 4)])
    lengths = choose.integers(2, 5, axes)

    def drawn(without: str) -> np.ndarray:
        """An array that has not the axes of some kinds, which lie in any order; and views with gaps."""
        shape = np.where(np.isin(kinds, list(without)), 1, lengths)
        order = choose.permutation(axes)
        whole = choose.normal(size=[*shape[order][:-1], 2 * shape[order][-1]])
        return whole[..., :: choose.choice([1, 2])][..., : shape[order][-1]].transpose(np.argsort(order))

    a, b, out = drawn("n"), drawn("m"), drawn("k")
    found = rows_of(sum_of_products, [a, b], out.shape, out)
    every = list(range(axes))
    wanted = np.einsum(a, every, b, every, [i for i in every if kinds[i] != "k"])
    assert np.allclose(found.squeeze(), wanted.squeeze(), rtol=1e-13, atol=1e-13)  # sums in another order
    by_numpy = np.full_like(out, 7.0)
    sum_of_products(a, b, by_numpy)
    assert np.allclose(found, by_numpy, rtol=1e-13, atol=1e-13)


def test_a_convolution_has_no_partial_sums_in_memory() -> None:
    """Its products are added up where they go: a row of each, and none that adds."""
    w, side = [[Value(0.1 * (i + j)) for j in range(3)] for i in range(3)], 8

    def loss(x: Any) -> Any:
        inner = range(side - 2)
        return autograd.total(
            [
                autograd.total([w[d][e] * x[i + d][j + e] for d in range(3) for e in range(3)]) ** 3
                for i in inner
                for j in inner
            ]
        )

    program = autograd.compile(loss, example=(np.zeros((side, side)),), engine="native")
    plan = RowsPlan(program._programs.arrays, program.vector, 5)
    rows = {row for _, _, row in touched(plan._code, 0)}
    assert sum(row.startswith(f"row of kind {op.PRODUCT} ") for row in rows) == 2  # forward, and by the weights
    assert sum(row.startswith(f"row of kind {op.SUM} ") for row in rows) == 1  # of the function itself


@pytest.mark.parametrize("n", [63, 64, 65, 200, 1001])
def test_long_sums_do_not_depend_on_where_their_numbers_lie_and_follow_ieee(n: int) -> None:
    """The terms are added in an order that the compiler chose, the same wherever they begin in a line of the cache."""
    rng = np.random.default_rng(n)
    x, y = rng.normal(size=(2, n))

    def both(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
        product = rows_of(np.matmul, [x[None], y[:, None]], (1, 1))
        return float(product[0, 0]), float(rows_of(np.add.reduce, [x, 0, None], ()))

    first = both(x, y)
    assert np.allclose(first, (x @ y, x.sum()), rtol=1e-13, atol=1e-13)
    for shift in range(9):
        wide = np.zeros((2, n + 9))
        wide[:, shift : shift + n] = x, y
        assert both(*wide[:, shift : shift + n]) == first
    for odd, expected in ((np.inf, np.inf), (np.nan, np.nan)):
        x[n // 2] = odd
        assert np.array_equal(both(x, np.ones(n)), [expected] * 2, equal_nan=True)
    x[0] = -np.inf
    assert np.isnan(both(x, np.ones(n))).all()
    assert np.signbit(both(np.full(n, -0.0), y)[1])


def test_the_same_numbers_at_every_run() -> None:
    f, example = (lambda x, y: sum(gelu(sin(x * w) + erf(y)) for w in of) ** 2), (1.0, 1.0)
    of = [Value(0.1 * k) for k in range(1, 30)]
    X, Y = np.random.default_rng(0).normal(size=(2, 333))
    runs = [autograd.compile(f, example=example, engine="native").value_and_grad(X, Y) for _ in range(3)]
    assert len({(value, gradient.tobytes()) for value, gradient in runs}) == 1


def test_a_primitive_of_ones_own_runs_natively_and_compiles_nothing() -> None:
    bump = autograd.primitive(
        "bump_of_rows", lambda x: where(x > 0, autograd.exp(-x * x), 1.0), lambda y, x: where(x > 0, -2 * x * y, 0.0)
    )
    try:
        w = Value(0.5)
        program = autograd.compile(lambda x: bump(x * w), example=1.0, engine="native")
        X = np.array([-1.0, 0.5, 2.0])
        from autograd.compiler.compiled import loop

        before = loop().signatures
        value, gradient = program.value_and_grad(X)
        inside = np.where(X > 0, np.exp(-((X / 2) ** 2)), 1)
        assert value == pytest.approx(inside.mean(), rel=1e-15)
        assert gradient[0] == pytest.approx(np.where(X > 0, -2 * X * 0.5 * X * inside, 0).mean(), rel=1e-14)
        assert loop().signatures == before
    finally:
        bump.remove()


def test_a_function_that_numpy_alone_has_stays_a_call_of_numpy() -> None:
    area = autograd.primitive(
        "area", None, lambda y, x: 1 / autograd.sqrt(x * x + 1), called={"numpy": "arcsinh", "math": "asinh"}
    )
    try:
        w = Value(2.0)
        program = autograd.compile(lambda x: area(x * w), example=1.0, engine="native")
        value, gradient = program.value_and_grad([0.0, 1.5])
        assert value == pytest.approx(math.asinh(3) / 2, rel=1e-15)
        assert gradient[0] == pytest.approx(1.5 / math.sqrt(10) / 2, rel=1e-15)
    finally:
        area.remove()


def test_an_adjoint_that_another_is_handed_on_to_as_it_is_is_no_copy_of_it() -> None:
    """Of the terms of a sum δ is that of the sum: what is left is a row for each exponential, and one for the root."""
    w = [Value(0.1 * k) for k in range(5)]
    program = autograd.compile(lambda: autograd.total([autograd.exp(x) for x in w]), example=(), engine="native")
    plan = TapePlan(program._programs.scalars, program._programs.parameters, program.vector, 1)
    backward = plan._code[(plan._middle - plan._start) // 8 :]
    rows = [row for _, _, row in touched(backward, plan._base)]
    assert sum("row of kind" in row and f"row of kind {op.VECTOR} " not in row for row in rows) == 4 * (1 + 5)
    assert program.value_and_grad()[1].tolist() == pytest.approx(np.exp(program.vector).tolist(), rel=1e-15)


def rows_on_an_arena(rows: list[list[Any]], arena: np.ndarray, as_runs: bool) -> None:
    """Execute scalar rows, [opcode, offset of out, a, b, c], one by one or as runs of one."""
    from autograd.compiler.rows import loop

    base = arena.__array_interface__["data"][0]
    words: list[int] = []
    for opcode, *offsets in rows:
        if as_runs:
            places = np.array([2 * offset for offset in offsets], np.int32).view(np.int64)
            words += [op.RUN + opcode | 1 << 32, *places.tolist()]
        else:
            words += [opcode, *[base + 8 * offset for offset in offsets]]
    code = np.array(words, np.int64)
    start = code.__array_interface__["data"][0]
    loop()(start, start + code.nbytes, base)


@pytest.mark.parametrize("as_runs", [False, True])
@pytest.mark.parametrize("which", range(len(op.SEVERAL)))
def test_one_row_in_the_place_of_several_gives_the_same_to_the_last_bit(which: int, as_runs: bool) -> None:
    opcode, several, given, letters = op.SEVERAL[which]
    constants = [x for _, operands in several for x in operands if type(x) is float] + [1.0, -1.0, -0.0]
    n = len(letters)
    first = n + len(constants)  # letters, numbers, results of the several, results of the one
    choose = np.random.default_rng(0)
    numbers = np.concatenate([SPECIAL, choose.normal(size=300), choose.normal(scale=100, size=300)])
    for at in zip(numbers, *[choose.permutation(numbers) for _ in letters[1:]], strict=True):
        arena = np.array([*at, *constants, *[7.0] * (len(several) + 4)])

        def place(x: Any) -> int:
            return first + x if type(x) is int else n + constants.index(x) if type(x) is float else letters.index(x)

        rows = []
        for k, (each, operands) in enumerate(several):
            kind, *rest = op.scalar_row(each, None, operands)
            rows.append([kind, *[first + k if x is None else place(x) for x in rest]])
        rows_on_an_arena(rows, arena, as_runs)
        mine = [first + len(several) + k for k in range(op.RESULTS[opcode])]
        operands = [*map(place, letters), *mine[1:]]
        rows_on_an_arena([[opcode, mine[0], *operands, *[mine[0]] * (3 - len(operands))]], arena, as_runs)
        assert len(given) == len(mine)
        for one, result in zip(mine, given, strict=True):
            wanted, found = arena[first + result], arena[one]
            assert found == wanted or (found != found and wanted != wanted), (opcode, at)
            assert found != 0 or np.signbit(found) == np.signbit(wanted)


@pytest.mark.parametrize("name", [row.name for row in autograd.primitives.table.values() if not row.nary])
def test_a_sample_alone_is_computed_to_the_last_bit_as_one_of_several(name: str) -> None:
    """Alone it has rows of its own kind: several operations in one, and a · b + c at once."""
    row = autograd.primitives.table[name]
    arity = len(row.derivatives)
    w = [Value(0.75), Value(-1.5), Value(0.0)]

    def loss(*xs: Any) -> Any:
        return row(*[w[k] * x + w[k] for k, x in enumerate(xs)])

    program = autograd.compile(loss, example=(0.5,) * arity, engine="numpy")
    programs = program._programs
    choose = np.random.default_rng(0)
    samples = choose.permutation(np.concatenate([SPECIAL, choose.normal(size=30)]))
    try:
        alone, twice = (TapePlan(programs.scalars, programs.parameters, program.vector, size) for size in (1, 2))
    except NotOnTapeError:
        return
    for k in range(len(samples)):
        sample = [np.array([[samples[(k + 7 * j) % len(samples)]]]) for j in range(arity)]
        value, gradient = alone.value_and_grad(sample)
        as_two, of_two = twice.value_and_grad([np.repeat(x, 2, axis=0) for x in sample])
        assert np.array_equal(value, as_two, equal_nan=True), sample
        small = np.abs(gradient) < 1e-300  # half of it is rounded
        assert np.array_equal(gradient[~small], of_two[~small], equal_nan=True), sample


def test_a_product_that_one_addition_needs_is_part_of_it_and_every_other_is_there() -> None:
    a, b, c = Value(1.25, label="a"), Value(-0.5, label="b"), Value(0.3, label="c")

    def of(f: Any) -> tuple[Any, TapePlan, set[str]]:
        program = autograd.compile(f, example=2.0, engine="native", parameters=[a, b, c])
        programs = program._programs
        tape = _Tape(programs.scalars, programs.parameters, 1)
        plan = TapePlan(programs.scalars, programs.parameters, program.vector, 1)
        assert tape.forward == (plan._middle - plan._start) // 8
        return program, plan, {programs.scalars.op[n].name for n in np.flatnonzero(tape.places < 0)}

    merged = [
        lambda x: sin(a * b * x + c), lambda x: sin(c + a * x), lambda x: sin((a * x) * (b * x) + a * b),
        lambda x: sin(c - a * x), lambda x: sin(a * x - c), lambda x: a * x - b * sin(x * c), lambda x: a * x - a,
        lambda x: (c - a * a) * (a * a * a - c),
    ]  # fmt: skip
    kept = [lambda x: a * x + sin(a * x), lambda x: a * x + a * x, lambda x: (a * x) * (a * x)]
    for f in merged:
        assert of(f)[2] == {"mul"}
    for f in kept:
        assert of(f)[2] == set()
    for f in [*merged, *kept]:
        program = of(f)[0]
        y = f(Value(2.0))
        value, gradient = program.value_and_grad([2.0])
        for p in (a, b, c):
            p.grad = 0.0
        y.backward()
        assert value == pytest.approx(y.data, rel=1e-15)
        assert gradient.tolist() == pytest.approx([p.grad for p in (a, b, c)], rel=1e-14)
    both = autograd.compile(lambda x: (a * x, a * x + c), example=2.0, engine="native")
    assert [x.tolist() for x in both([2.0])] == [[2.5], [2.8]]


def test_a_program_of_a_narrow_graph_takes_some_200_bytes_an_operation() -> None:
    """With all that Python keeps of it; groups of nodes, which took as much again, are made anew if asked for."""
    n = 5000
    w = [Value(0.3 + 0.01 * k) for k in range(10)]

    def loss() -> Any:
        xs: list[Any] = list(w)
        for k in range(n // 2):
            xs.append(sin(xs[-1 - k % 7]) * xs[-1 - k % 5])
        return xs[-1]

    autograd.compile(loss, example=(), engine="native").value_and_grad()  # imports, and the loop
    tracemalloc.start()
    try:
        program = autograd.compile(loss, example=(), engine="native")
        value, gradient = program.value_and_grad()
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    programs = program._programs
    assert programs.narrow
    assert taken < 230 * programs.operations
    assert program._executables[1].nbytes < 100 * programs.operations
    assert "grouped" not in vars(programs)
    expected, slope = RowsPlan(programs.arrays, program.vector, 1).value_and_grad([])
    assert value == pytest.approx(expected, rel=1e-12)
    assert gradient.tolist() == pytest.approx(slope.tolist(), rel=1e-10)


def test_it_is_known_how_many_results_an_operation_has() -> None:
    several = {op.SIN_AND_COS: 2, **{opcode: len(given) for opcode, _, given, _ in op.SEVERAL}}
    assert list(op.RESULTS) == [several.get(k, 1) for k in range(op.VECTOR)]


def test_what_writes_a_tape_never_writes_beyond_its_room() -> None:
    """A count that is wrong is an error then, and no torn memory."""
    nothing, table, state = np.empty(0, np.int64), np.zeros((2, len(to.FIELDS)), np.int64), np.zeros(len(to.STATE), int)
    table[0, [to.ACTIVE, to.GIVEN]] = 1  # a parameter alone, whose adjoint is to be cleared
    given = 0, nothing, np.zeros(1, int), nothing, nothing, nothing, nothing, table, state
    writer()(*given, np.empty(200, np.uint32))
    assert state[to.USED] == 42 + 6
    state[:] = 0
    with pytest.raises(IndexError):
        writer()(*given, np.empty(40, np.uint32))


# ── what is kept on disk ──────────────────────────────────────────────────────────────────────

RUN = """
import autograd
w = autograd.Value(2.0)
print(autograd.compile(lambda x: w * x, example=1.0, engine="native").value_and_grad([3.0])[0])
"""


def in_a_process(cache: Path, **more: str) -> tuple[str, str]:
    """What a new process prints, and what it says beside that."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache), **more}
    root = Path(autograd.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", RUN], cwd=root, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip(), done.stderr


@pytest.mark.parametrize(("function", "what"), [("go_through", "the loop"), ("write", "what writes")])
def test_what_is_compiled_is_compiled_once_says_so_and_survives_a_damaged_cache(
    function: str, what: str, cache: Path
) -> None:
    assert in_a_process(cache) == ("6.0", "")
    (machine_code,) = cache.rglob(f"*.{function}-*.nbc")
    damaged = bytearray(machine_code.read_bytes())
    damaged[len(damaged) // 2] ^= 1  # one bit
    machine_code.write_bytes(damaged)
    shown, said = in_a_process(cache)
    assert shown == "6.0"
    assert f"compiling {what}" in said
    assert f"compiled {what}" in said
    assert said.count("compiled") == 1
    assert in_a_process(cache) == ("6.0", "")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a process has kept what it compiled, and has said so."""
    path = tmp_path_factory.mktemp("cache")
    shown, said = in_a_process(path)
    assert shown == "6.0"
    for what in ("the loop of the native engine", "what writes the native engine's tapes"):
        assert f"compiling {what} with Numba" in said
        assert f"compiled {what} in" in said
    return path


@pytest.mark.parametrize("source", compiled._SOURCES)
def test_what_was_compiled_from_another_source_is_compiled_again(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numba itself looks at the one file that a function stands in, and not at what is compiled into it."""
    for name in compiled._SOURCES:
        shutil.copy(Path(compiled.__file__).with_name(name), tmp_path / name)
    monkeypatch.setattr(compiled, "__file__", str(tmp_path / "compiled.py"))
    before = compiled._digest(tmp_path, "f")
    assert compiled._digest(tmp_path, "f") == before
    with (tmp_path / source).open("a") as file:
        file.write("# changed")
    assert compiled._digest(tmp_path, "f") != before


@pytest.mark.parametrize("failing", [RuntimeError("cannot cache: no locator"), OSError(28, "disk full"), EOFError()])
def test_where_the_cache_cannot_be_used_the_loop_is_compiled_for_the_process(
    failing: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Loop:
        def compile(self, signature: str) -> None:
            self.signature = signature

    def jit(function: Any, cache: bool, options: Any) -> Loop:
        if cache:
            raise failing
        return Loop()

    monkeypatch.setattr(compiled, "_jit", jit)
    made = compiled._made.__wrapped__(op.go_through, "void(int64)", "the loop")
    assert made.signature == "void(int64)"
    assert "for this process alone" in capsys.readouterr().err
