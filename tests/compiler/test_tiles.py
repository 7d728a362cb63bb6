"""Batches in tiles, one after the other and on several threads."""

from __future__ import annotations

import os
import sys
import threading
import warnings
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from battery import battery
from hypothesis import given
from hypothesis import strategies as st
from judge import relative

import autograd
import nn
from autograd import Value, sin, tanh, total

pytest.importorskip("numba", reason="Numba is not installed (the extra fast), so there is no native engine")

from autograd.compiler import native
from autograd.compiler.rows import RowsPlan
from autograd.compiler.tape import TapePlan
from autograd.compiler.tiles import Tiles, in_tiles


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Any number of threads, and as many wherever there are samples enough."""

    def use(many: int) -> None:
        monkeypatch.setattr(native, "_processors", lambda: many)
        monkeypatch.setattr(native, "_PER_THREAD", -1.0)

    return use


@given(st.integers(1, 10**6), st.integers(1, 5000), st.integers(1, 70))
def test_every_sample_is_in_one_tile_and_they_are_in_order(batch: int, most: int, threads: int) -> None:
    if batch // most > 10**4:
        return
    shares = in_tiles(batch, most, threads)
    tiles = [tile for share in shares for tile in share]
    assert tiles[0][0] == 0
    assert all(begin + size == after for (begin, size), (after, _) in pairwise(tiles))
    assert sum(tiles[-1]) == batch
    assert all(1 <= size <= most for _, size in tiles)
    assert len(shares) <= threads
    assert len({size for _, size in tiles}) <= 2  # so that a thread has two plans at most


@pytest.mark.parametrize("way", ["rows", "tape"])
@pytest.mark.parametrize(("most", "many"), [(64, 1), (64, 2), (1000, 3), (7, 4)])
def test_a_batch_in_tiles_is_the_batch(way: str, most: int, many: int) -> None:
    w = [Value(0.3), Value(-0.7)]
    program = autograd.compile(lambda x: tanh(w[0] * x) * w[1] + w[0] ** 2, example=1.0, engine="numpy")
    X = np.random.default_rng(0).normal(size=(150, 1))
    programs = program._programs

    def bind(samples: int) -> Any:
        if way == "tape":
            return TapePlan(programs.scalars, programs.parameters, program.vector, samples)
        return RowsPlan(programs.arrays, program.vector, samples, many > 1)

    tiles = Tiles(bind, 2, in_tiles(150, most, many))
    value, gradient = program.value_and_grad(X[:, 0])
    mine, slope = tiles.value_and_grad([X])
    assert (mine, slope.tolist()) == (pytest.approx(value, rel=1e-14), pytest.approx(gradient.tolist(), rel=1e-13))
    assert np.allclose(tiles.values([X])(programs.scalars.root), program(X[:, 0]), rtol=1e-15)


def test_a_large_batch_of_a_large_program_runs_in_tiles(monkeypatch: pytest.MonkeyPatch, threads: Any) -> None:
    """The last of them shorter than the others."""
    monkeypatch.setattr(native, "_CACHED", 2**16)
    threads(1)
    model = nn.MLP(20, [30, 5], activation="tanh", seed=0)
    X, Y = np.random.default_rng(0).normal(size=(1001, 20)), np.ones((1001, 5))
    made = [
        autograd.compile(lambda x, y: nn.mse_loss(model(x), y), example=([0.0] * 20, [0.0] * 5), engine=engine)
        for engine in ("native", "numpy")
    ]
    (value, gradient), (expected, slope) = (program.value_and_grad(X, Y) for program in made)
    tiles = made[0]._executables[1001]
    assert isinstance(tiles, Tiles)
    assert [sorted(runs) for runs in tiles._runs] == [[248, 251]]
    assert value == pytest.approx(expected, rel=1e-13)
    assert relative(gradient, slope, np.abs(slope).max()) < 1e-12
    before = tiles.nbytes
    assert np.allclose(made[0](X, Y), made[1](X, Y), rtol=1e-12, atol=1e-13)
    assert tiles.nbytes == before, "values alone are computed in the same tiles"
    assert all(run.batch < 1000 for runs in tiles._runs for run in runs.values())


def test_large_products_are_not_cut_and_cost_all_engines_the_same(threads: Any) -> None:
    """BLAS cuts them by itself; others that run them, in tiles, took a third longer than NumPy and were chosen."""
    threads(2)
    wide, narrow = nn.MLP(784, [16, 10], seed=0), nn.MLP(16, [16, 10], seed=0)
    X, Y = np.random.default_rng(0).normal(size=(1001, 784)), np.zeros(1001, int)

    def of(model: Any, inputs: int) -> Any:
        return autograd.compile(lambda x, k: nn.cross_entropy(model(x), k), example=([0.0] * inputs, 0), engine="auto")

    program = of(wide, 784)
    programs = program._programs
    assert programs.largest == 784 * 16
    assert programs.multiplied == 16 * (2 * 784 + 1)  # a weight and an input each, and the bias
    assert of(narrow, 16)._programs.multiplied == 0
    (numpy,) = (engine for engine in program._engines if engine.name == "numpy")
    (fast,) = (engine for engine in program._engines if engine.name == "native")
    assert 0.5 < numpy.cost(4096) / fast.cost(4096) < 2
    assert isinstance(fast.bind(program.vector, 1001), RowsPlan)
    value, gradient = program.value_and_grad(X, Y)
    expected, slope = numpy.bind(program.vector, 1001).value_and_grad([X, Y[:, None].astype(float)])
    assert value == pytest.approx(expected, rel=1e-13)
    assert relative(gradient, slope, np.abs(slope).max()) < 1e-12


def test_sums_that_share_no_number_are_no_product() -> None:
    """So that nobody takes them for the work of BLAS, which would have nothing to do more than once."""
    w = [Value(0.001 * k) for k in range(4000)]

    def loss(x: Any) -> Any:
        return total([tanh(total([w[j] * x[j] for j in range(k, k + 100)])) for k in range(0, 4000, 100)])

    programs = autograd.compile(loss, example=([0.0] * 4000,))._programs
    assert programs.largest == 40 * 100
    assert programs.multiplied == 0


@pytest.mark.parametrize("many", [1, 2])
def test_what_is_gathered_of_a_batch_in_tiles_is_each_samples_own(
    monkeypatch: pytest.MonkeyPatch, threads: Any, many: int
) -> None:
    """Results of samples, of parameters alone and of an input as it is, by rows and by a tape; and a Jacobian."""
    monkeypatch.setattr(native, "_CACHED", 2**12)
    monkeypatch.setattr(native, "_FEWEST", 16)
    monkeypatch.setattr(native, "_FEWEST_OF_ROWS", 16)
    monkeypatch.setattr(native, "_MOST_OF_ROWS", 16)
    threads(many)
    w = [Value(0.1 * k - 0.4) for k in range(9)]

    def f(x: Any) -> Any:
        return [total([w[3 * i + j] * sin(x[j]) for j in range(3)]) for i in range(3)], w[0] * w[1], x[1]

    X = np.random.default_rng(0).normal(size=(50, 3))
    program = autograd.compile(f, example=([0.0] * 3,), engine="native")
    for on_tape in (True, False):
        program._executables.clear()
        monkeypatch.setattr(type(program._engines[0]), "_as_tape", lambda self, batch, on_tape=on_tape: on_tape)
        values, product, second = program(X)
        assert isinstance(program._executables[50], Tiles)
        W = np.array([p.data for p in w]).reshape(3, 3)
        assert np.allclose(values, np.sin(X) @ W.T, rtol=1e-14, atol=1e-15)  # sums in another order
        assert (product == w[0].data * w[1].data).all()
        assert (second == X[:, 1]).all()
        rows = autograd.compile(lambda x: f(x)[0], example=([0.0] * 3,), engine="native").jacobian(X)[0]
        assert np.allclose(rows, W * np.cos(X)[:, None], rtol=1e-14)


def test_a_tile_stays_in_the_cache_with_all_that_is_gathered_for_it() -> None:
    """Triangular sums: what is gathered for them is several times as much as the values are."""
    n, k = 12, 20
    w = [[Value(0.01 * (i + j)) for j in range(i + 1)] for i in range(n)]
    shift = [Value(0.1 * j) for j in range(k)]

    def loss(x: Any) -> Any:
        return total(
            [
                total([total([a * (b - s) for a, b in zip(row, x[: len(row)], strict=True)]) ** 2 for row in w])
                for s in shift
            ]
        )

    program = autograd.compile(loss, example=([0.0] * n,), engine="native")
    X = np.random.default_rng(0).normal(size=(5000, n))
    value, gradient = program.value_and_grad(X)
    tiles = program._executables[5000]
    assert isinstance(tiles, Tiles)
    runs = [run for runs in tiles._runs for run in runs.values()]
    assert all(run.nbytes <= 1.1 * native._CACHED or run.batch <= native._FEWEST_OF_ROWS for run in runs)
    expected, slope = autograd.compile(loss, example=([0.0] * n,), engine="numpy").value_and_grad(X)
    assert value == pytest.approx(expected, rel=1e-13)
    assert relative(gradient, slope, np.abs(slope).max()) < 1e-12


@pytest.mark.parametrize("part", range(4))
def test_threads_compute_what_numpy_computes_on_the_whole_battery(part: int, threads: Any) -> None:
    """Tiles of five samples or six, on three threads: sums are taken in another order, so to some 1e-15 of them."""
    threads(3)
    checked = 0
    for case in list(battery(330))[part::4]:
        if not case.loss or not case.samples[0]:
            continue
        programs = [autograd.compile(case.f, example=case.samples[0], engine=e) for e in ("native", "numpy")]
        if not programs[0].parameters:
            continue
        batch = [
            np.resize(np.array([sample[k] for sample in case.samples]), (17, *np.shape(case.samples[0][k])))
            for k in range(len(case.samples[0]))
        ]
        if programs[0]._noise:
            continue
        (value, gradient), (expected, slope) = (program.value_and_grad(*batch) for program in programs)
        assert relative(value, expected, max(1.0, abs(expected))) < 1e-12, case.claim
        assert relative(gradient, slope, np.abs(slope).max(initial=1.0)) < 1e-11, case.claim
        checked += isinstance(programs[0]._executables[17], Tiles)
    assert checked > 20


def of_many() -> tuple[Any, np.ndarray]:
    w = [Value(0.1 * k) for k in range(1, 30)]
    program = autograd.compile(lambda x: sum(sin(x * a) * a for a in w) ** 2, example=1.0, engine="native")
    return program, np.random.default_rng(0).normal(size=333)


def test_as_many_threads_give_the_same_numbers_at_every_run(threads: Any) -> None:
    threads(2)
    found = set()
    for _ in range(5):
        program, X = of_many()
        for _ in range(20):
            value, gradient = program.value_and_grad(X)
            found.add((value, gradient.tobytes()))
    assert isinstance(program._executables[333], Tiles)
    assert len(found) == 1


def test_other_threads_print_no_warnings_of_numpy(threads: Any) -> None:
    threads(2)
    w = Value(-1.0)
    program = autograd.compile(lambda x: autograd.log(w * x) / 0.0, example=1.0, engine="native")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(program.value_and_grad(np.ones(5000))[0])
    assert isinstance(program._executables[5000], Tiles)


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
@pytest.mark.parametrize("where", [0, 1])
def test_after_an_interrupt_or_error_in_any_thread_the_numbers_are_right(where: int, error: type) -> None:
    """The other thread may still be writing: what it writes into is not used again."""
    program, X = of_many()
    programs, fails, goes_on = program._programs, threading.Event(), threading.Event()

    class Plan(TapePlan):
        def value_and_grad(self, inputs: Any) -> Any:
            found = super().value_and_grad(inputs)
            if fails.is_set():
                if (threading.current_thread() is threading.main_thread()) == (where == 0):
                    raise error
                goes_on.wait(0.3)
            return found

    tiles = Tiles(
        lambda samples: Plan(programs.scalars, programs.parameters, program.vector, samples), 29, in_tiles(333, 999, 2)
    )
    inputs = [X[:, None]]
    expected, slope = tiles.value_and_grad(inputs)
    before = [run for runs in tiles._runs for run in runs.values()]
    fails.set()
    with pytest.raises(error):
        tiles.value_and_grad(inputs)
    fails.clear()
    value, gradient = tiles.value_and_grad(inputs)
    goes_on.set()
    assert value == expected
    assert np.array_equal(gradient, slope)
    assert not {id(run) for runs in tiles._runs for run in runs.values()} & set(map(id, before))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not allow threads after a fork")
def test_a_fork_has_threads_of_its_own(threads: Any) -> None:
    threads(2)
    program, X = of_many()
    expected = program.value_and_grad(X)[0]
    assert isinstance(program._executables[333], Tiles)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork where there are threads
        child = os.fork()
    if not child:
        os._exit(7 if program.value_and_grad(X)[0] == expected else 8)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
