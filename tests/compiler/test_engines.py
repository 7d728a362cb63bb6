"""Which engine runs a program: by what it costs, for each size of batch; and what is kept from call to call."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from judge import relative, runnable
from written import PROGRAMS

import autograd
import nn
from autograd import Value, dot, tanh
from autograd.compiler import native, nodes
from autograd.compiler import program as programs
from autograd.compiler.engines import ENGINES

ROUNDING = 1e-12
"""Sums are taken in another order, and some terms cancel."""


def recurrent(steps: int, width: int) -> autograd.compiler.program.Program:
    choose = np.random.default_rng(0)
    W, v = choose.normal(0, 0.3, (width, width + 1)).tolist(), choose.normal(0, 0.3, width).tolist()
    of = [[Value(w) for w in row] for row in W], [Value(0.0) for _ in range(width)], [Value(w) for w in v]

    def loss(x: Any, y: Any) -> Any:
        h: Any = [0.0] * width
        for t in range(steps):
            h = [tanh(dot(row, [*h, x[t]], b)) for row, b in zip(of[0], of[1], strict=True)]
        return (dot(of[2], h) - y) ** 2

    return autograd.compile(loss, example=([0.0] * steps, 0.0))


def test_one_step_more_does_not_change_the_engine() -> None:
    """By a count of nodes a network of 148 steps ran node by node, 40 times slower than one of 147."""
    for batch in (1, 32):
        assert len({recurrent(steps, 8)._engine(batch).name for steps in range(145, 151)}) == 1


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_that_runs_node_by_node_is_not_lowered(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor laid out: that would take several times as long as all the rest."""
    written = PROGRAMS[name]
    program = autograd.compile(written.make()[0], example=written.example)
    assert "arrays" not in vars(program._programs)
    if program._engine(1).name == "nodes":
        program(*written.batch(1, seed=0))
        assert "arrays" not in vars(program._programs)
    assert program._programs.arrays.vectorised.parameters == program._programs.parameters


@pytest.mark.parametrize("engine", ENGINES)
def test_more_samples_and_more_operations_cost_more(engine: str) -> None:
    def cost(steps: int, batch: int) -> float:
        f, example = (lambda x: steps_of(x, steps)), (1.0,)
        return autograd.compile(f, example=example, engine=engine)._engine(batch).cost(batch)

    w = Value(0.5)

    def steps_of(x: Any, steps: int) -> Any:
        for _ in range(steps):
            x = tanh(x * w)
        return x

    for few, many in ((1, 2), (8, 9), (100, 101), (1000, 10_000)):
        assert 0 < cost(5, few) < cost(5, many) < cost(50, many)


def test_samples_that_run_one_by_one_cost_the_same_each() -> None:
    w = Value(0.5)
    engine = autograd.compile(lambda x: tanh(x * w) * x, example=1.0, engine="nodes")._engine(1)
    costs = np.array([engine.cost(batch) for batch in range(1, nodes._FEW + 2)])
    *few, beyond = np.diff(costs)
    assert few == pytest.approx([few[0]] * (nodes._FEW - 1), rel=1e-9)  # seconds, of a few products
    assert beyond > 2 * few[0]  # from there on arrays are made of them


@pytest.mark.parametrize("name", ["recurrent_network", "kalman_filter", "black_scholes", "sorting_network"])
def test_an_engine_chosen_for_a_batch_gives_what_it_gives_by_name(name: str) -> None:
    """And all have the parameters in one order, so that a batch of another size goes on with the same vector."""
    written = PROGRAMS[name]
    f, _ = written.make()
    auto = autograd.compile(f, example=written.example)
    named = {engine: autograd.compile(f, example=written.example, engine=engine) for engine in runnable()}
    for program in named.values():
        assert [p is q for p, q in zip(program.parameters, auto.parameters, strict=True)] == [True] * len(auto.vector)
    for size in (1, 2, 17):
        batch = written.batch(size, seed=size)
        value, gradient = auto.value_and_grad(*batch)
        chosen = named.pop(auto._engine(size).name)
        assert (value, gradient.tolist()) == (
            (there := chosen.value_and_grad(*batch))[0],
            there[1].tolist(),
        )
        for other in named.values():
            there = other.value_and_grad(*batch)
            assert value == pytest.approx(there[0], rel=ROUNDING)
            assert relative(gradient, there[1], np.abs(there[1]).max()) < ROUNDING
        named[chosen._wanted] = chosen


def test_training_on_batches_of_changing_size_is_training_on_one_engine() -> None:
    def trained(engine: str) -> list[float]:
        model = nn.MLP(2, [3, 1], activation="tanh", seed=1)
        program = autograd.compile(lambda x, y: (model(x) - y) ** 2, example=([0.0, 0.0], 0.0), engine=engine)
        optimiser = nn.Adam(program, lr=0.05)
        choose = np.random.default_rng(0)
        for size in [1, 20, 3, 9, 8, 1, 40] * 5:
            X = choose.normal(size=(size, 2))
            optimiser.step(program.value_and_grad(X, X[:, 0] * X[:, 1])[1])
        return program.vector.tolist()  # type: ignore[no-any-return]

    expected = trained("numpy")
    assert trained("auto") == pytest.approx(expected, rel=1e-9)  # Adam divides small gradients by small ones
    assert trained("nodes") == pytest.approx(expected, rel=1e-9)


def small() -> Any:
    model = nn.MLP(3, [8, 2], activation="tanh", seed=0)
    return autograd.compile(lambda x, y: nn.mse_loss(model(x), y), example=([0.0] * 3, [0.0] * 2), engine="numpy")


def test_the_buffers_of_many_sizes_of_batch_are_kept() -> None:
    program = small()
    for _ in range(2):
        for size in range(1, 31):
            program.value_and_grad(np.ones((size, 3)), np.ones((size, 2)))
            if size == 1:
                first = program._executables[1]
    assert program._executables[1] is first
    assert list(program._executables) == list(range(1, 31))


def test_of_many_sizes_those_that_ran_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    program = small()
    monkeypatch.setattr(programs, "_MOST", 6)
    for size in [*range(1, 8), 2, 9]:
        program.value_and_grad(np.ones((size, 3)), np.ones((size, 2)))
    assert list(program._executables) == [4, 5, 6, 7, 2, 9]


def test_buffers_of_old_sizes_are_freed_where_all_would_take_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    program = small()
    program.value_and_grad(np.ones((100, 3)), np.ones((100, 2)))
    each = program._executables[100].nbytes
    assert each >= 100 * 8 * (2 * 8 + 5)  # the hidden units forwards and backwards, and the inputs
    monkeypatch.setattr(programs, "_KEPT", 10 * each)
    for size in range(101, 131):
        program.value_and_grad(np.ones((size, 3)), np.ones((size, 2)))
        assert sum(run.nbytes for run in program._executables.values()) <= 10 * each
    assert 7 <= len(program._executables) <= 10
    monkeypatch.setattr(programs, "_KEPT", 1)
    for size in range(201, 211):
        program.value_and_grad(np.ones((size, 3)), np.ones((size, 2)))
    assert len(program._executables) == programs._FEWEST


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_longer_than_anybody_reads_is_counted_and_not_printed(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = Value(2.0)
    program = autograd.compile(lambda x: tanh(tanh(x * w)), example=(1.0,), engine=engine)
    monkeypatch.setattr(f"autograd.compiler.{'nodes' if engine == 'nodes' else 'execute'}._LONG", 3)
    assert "∂E/∂" in str(program)
    monkeypatch.setattr(f"autograd.compiler.{'nodes' if engine == 'nodes' else 'execute'}._LONG", 2)
    assert "3 operations, more than are written out here" in str(program)
    assert program.tables == {}


def test_nodes_computes_a_few_samples_with_floats_gradients_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrays of few numbers take 10 µs an operation, floats a fraction of one. Where floats raise, arrays it is."""
    arrays, called = nodes._Run._on_arrays, []
    monkeypatch.setattr(nodes._Run, "_on_arrays", lambda run, inputs: called.append(run.batch) or arrays(run, inputs))
    w = Value(2.0)
    program = autograd.compile(lambda x: [tanh(w * x), x > 1.0, 1 / x, w], example=1.0, engine="nodes")
    for batch in (1, nodes._FEW, nodes._FEW + 1):
        X = np.linspace(0.5, 2.0, batch)
        expected = np.stack([np.tanh(2 * X), X > 1, 1 / X, np.full(batch, 2.0)], axis=1)
        assert np.allclose(program(X), expected, rtol=1e-15)  # a rounding of tanh
    assert called == [nodes._FEW + 1]
    assert program([0.0])[0].tolist() == [0.0, 0.0, np.inf, 2.0]
    assert called == [nodes._FEW + 1, 1]


def test_print_says_what_would_be_quicker_and_how_to_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "find_spec", lambda name: None)
    monkeypatch.setattr(native, "_without_numba", native._without_numba.__wrapped__)
    w = Value(2.0)
    program = autograd.compile(lambda x: [w * x], example=1.0)
    needs = "native: it would be quicker, but needs Numba (pip install 'scalar-autograd[fast]')"
    assert str(program).endswith(f"; not by {needs}.")
    with pytest.raises(ValueError, match=r"the engine 'native' cannot run this program: .* needs Numba"):
        autograd.compile(lambda x: [w * x], example=1.0, engine="native")


def test_a_numba_that_does_not_fit_the_numpy_there_is_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "find_spec", lambda name: name)
    monkeypatch.setitem(sys.modules, "numba", None)  # importing it is an ImportError
    monkeypatch.setattr(native, "_without_numba", native._without_numba.__wrapped__)
    w = Value(2.0)
    program = autograd.compile(lambda x: w * x, example=1.0)
    assert "not by native: it would be quicker, but Numba cannot be imported: " in str(program)
    assert program.value_and_grad([3.0])[0] == 6.0


def test_a_numba_that_compiles_nothing_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    numba = pytest.importorskip("numba", reason="Numba is not installed (the extra fast)")
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)  # as NUMBA_DISABLE_JIT=1
    monkeypatch.setattr(native, "_without_numba", native._without_numba.__wrapped__)
    w = Value(2.0)
    program = autograd.compile(lambda x: w * x, example=1.0)
    assert "not by native: it would be quicker, but NUMBA_DISABLE_JIT is set" in str(program)
    assert program.value_and_grad([3.0])[0] == 6.0


def test_print_says_which_engine_runs_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(ENGINES, "native")
    w = Value(2.0)
    assert str(autograd.compile(lambda x: w * x, example=1.0, engine="nodes")).endswith("Run by nodes, as asked.")
    program = autograd.compile(lambda x, k: autograd.take([w * x, x], k), example=(1.0, 0))
    chosen = str(program).splitlines()[-1]
    assert chosen.startswith("Run by numpy, which is expected to be quickest; not by ")
    assert "nodes: it chooses by an input (take)" in chosen
    for steps in (1, 10):
        text = str(recurrent(steps, 1))
        few = int(text.split("by numpy from ")[1].split()[0]) - 1
        samples = f"up to {few} samples" if few > 1 else "for one sample"
        assert text.endswith(
            f"Run by nodes {samples}, by numpy from {few + 1} on: each where it is expected to be quickest."
        )
        assert recurrent(steps, 1)._engine(few).name == "nodes"
        assert recurrent(steps, 1)._engine(few + 1).name == "numpy"
