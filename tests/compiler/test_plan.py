"""Instructions bound to buffers: what is computed anew at every call, and what memory that takes."""

from __future__ import annotations

import copy
import pickle
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Value, sigmoid, take, tanh
from autograd.compiler.arrays import Code
from autograd.compiler.execute import Plan
from autograd.compiler.instructions import Array, Elementwise, ReduceMax, ReduceSum, Reshape, Rows, Save
from autograd.compiler.lower import ArrayProgram
from autograd.compiler.stores import PARAMETER, SAMPLE, SHARED, aligned


def plan_of(code: Code, vector: np.ndarray, rows: int) -> Plan:
    """The plan of a forward pass by hand, that saves so many rows."""
    scalars = SimpleNamespace(widths=[], root=None)
    groups: Any = SimpleNamespace(sizes={SHARED: rows, SAMPLE: 0}, fixed={}, scalars=scalars)
    program = ArrayProgram(groups, code)
    program.forward = len(code.instructions)
    return Plan(program, vector, 1)


LAYOUTS = [(4, 1), (1, 3), (0, 1), (1, 0), (2, 1), (-1, 4)]  # the strides of 3 × 4 rows: in order, across, repeated …


def at(strides: tuple[int, int], vector: np.ndarray) -> np.ndarray:
    return vector[2 + np.arange(3)[:, None] * strides[0] + np.arange(4) * strides[1]]


@pytest.mark.parametrize("strides", LAYOUTS)
def test_rows_in_another_shape_are_those_of_each_call(strides: tuple[int, int]) -> None:
    code, vector = Code(), np.arange(20.0)
    x = code.do(Rows, (3, 4), False, PARAMETER, 2, strides)
    code.do(Save, (12,), False, code.do(Reshape, (12,), False, x), SHARED, 0)
    plan = plan_of(code, vector, 12)
    for _ in range(2):
        plan.run([], None)
        assert np.array_equal(plan.stores[SHARED][:, 0], at(strides, vector).ravel())
        vector[:] = vector[::-1] ** 2


@pytest.mark.parametrize("strides", LAYOUTS)
@pytest.mark.parametrize(("kind", "of"), [(ReduceSum, np.sum), (ReduceMax, np.max)])
@pytest.mark.parametrize("lanes", [(1, 1), (3, 1), (1, 4), (3, 4)])
def test_a_sum_or_the_greatest_over_any_axes(strides: Any, kind: type[Array], of: Any, lanes: tuple[int, int]) -> None:
    code, vector = Code(), np.random.default_rng(0).normal(size=20)
    x = code.do(Rows, (3, 4), False, PARAMETER, 2, strides)
    code.do(Save, lanes, False, code.do(kind, lanes, False, x), SHARED, 0)
    plan = plan_of(code, vector, lanes[0] * lanes[1])
    axes = tuple(i for i, n in enumerate(lanes) if n == 1)
    for _ in range(2):
        plan.run([], None)
        # twelve numbers around 1, added in another order
        assert plan.stores[SHARED][:, 0] == pytest.approx(of(at(strides, vector), axis=axes).ravel(), rel=1e-13)
        vector *= -1


def buffers(plan: Plan) -> int:
    """How many numbers are kept beside the stores and the adjoints."""
    own = [*plan.stores.values(), *plan.adjoints.values(), plan.gradient, *plan.inputs]
    found = {}
    for _, args in plan.steps:
        for x in args:
            if isinstance(x, np.ndarray) and x.size > 1 and not any(np.may_share_memory(x, y) for y in own):
                while isinstance(x.base, np.ndarray):
                    x = x.base
                found[id(x)] = x.size if x.dtype != np.uint8 else x.size // 8 - 8  # of numbers, but for the cache line
    return sum(found.values())


@pytest.mark.parametrize("f", [sigmoid, tanh, lambda x: (x**2 + 1) ** 2.5])
def test_results_in_between_use_the_buffers_of_those_that_are_not_needed_any_more(f: Any) -> None:
    w = Value(0.5)

    def repeated(times: int) -> int:
        def g(x: Any) -> Any:
            for _ in range(times):
                x = f(x * w)
            return [x]  # a list has no backward pass, which needs more

        program = autograd.compile(g, example=(1.0,), engine="numpy")
        program(np.ones(8))
        return buffers(program._executables[8])

    forward = repeated(4)
    assert forward
    assert repeated(40) <= 2 * forward


def test_the_memory_that_a_plan_says_it_takes_is_that_of_its_stores_adjoints_and_buffers() -> None:
    w = Value(0.5)
    program = autograd.compile(lambda x: [tanh(sigmoid(x * w) ** 2.5) * x], example=(1.0,), engine="numpy")
    for size in (2, 9):
        plan: Any = program._engine(size).bind(program.vector, size)
        stores = sum(plan.stores[store].size for store in (SHARED, SAMPLE))
        adjoints = sum(array.size for array in plan.adjoints.values())
        assert buffers(plan) > size
        assert plan.nbytes == 8 * (size + stores + adjoints + buffers(plan))


def test_an_operand_that_is_used_again_later_keeps_its_buffer() -> None:
    code, vector = Code(), np.arange(1.0, 4.0)
    x = code.do(Rows, (3,), False, PARAMETER, 0, (1,))
    first = code.do(Elementwise, (3,), False, "exp", (x,))
    second = code.do(Elementwise, (3,), False, "negative", (first,))
    third = code.do(Elementwise, (3,), False, "sin", (second,))
    code.do(Save, (3,), False, code.do(Elementwise, (3,), False, "add", (third, first)), SHARED, 0)
    plan = plan_of(code, vector, 3)
    plan.run([], None)
    assert plan.stores[SHARED][:, 0] == pytest.approx(np.exp(vector) - np.sin(np.exp(vector)), rel=1e-15)


def test_the_gradient_of_items_to_choose_from_starts_from_nothing_at_every_call() -> None:
    a, b = Value(2.0), Value(3.0)
    program = autograd.compile(lambda i: take([a * b, a * 5.0, b**2], i) * a, example=(0,), engine="numpy")
    expected = {0: [2 * 6.0, 4.0], 1: [20.0, 0.0], 2: [9.0, 12.0]}  # of a²b, 5a² and ab²
    for i in (0, 1, 2, 2, 1, 0, 0):
        _, gradient = program.value_and_grad([i])
        assert dict(zip(program.parameters, gradient.tolist(), strict=True)) == dict(
            zip((a, b), expected[i], strict=True)
        )


@pytest.mark.parametrize("engine", ["numpy", "nodes"])
def test_a_result_may_be_an_input_as_it_is(engine: str) -> None:
    w = Value(2.0)
    program = autograd.compile(lambda x, y: [x[1], x[0] * w, y, x[0]], example=([1.0, 1.0], 1.0), engine=engine)
    for X in (np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0, 6.0], [7.0, 8.0]])):
        expected = np.stack([X[:, 1], 2 * X[:, 0], -X[:, 0], X[:, 0]], axis=1)
        assert program(X, -X[:, 0]).tolist() == expected.tolist()


@pytest.mark.parametrize("engine", ["numpy", "nodes"])
def test_a_result_may_be_a_constant(engine: str) -> None:
    w = Value(2.0)
    program = autograd.compile(lambda x: (Value(3.0), [x * w, Value(0.5)]), example=(1.0,), engine=engine)
    first, rest = program([1.0, 4.0])
    assert (first.tolist(), rest.tolist()) == ([3.0, 3.0], [[2.0, 0.5], [8.0, 0.5]])
    alone = autograd.compile(lambda x: Value(3.0), example=(1.0,), engine=engine)
    assert alone([1.0, 2.0]).tolist() == [3.0, 3.0]
    value, gradient = alone.value_and_grad([1.0, 2.0], wrt="x")
    assert (value, gradient.tolist()) == (3.0, [0.0, 0.0])


@pytest.mark.parametrize("shape", [(), (0,), (7,), (3, 0), (16, 784)])
def test_buffers_begin_at_a_cache_line(shape: tuple[int, ...]) -> None:
    """A product of 16 × 784 and 784 × 32 takes 23 µs so, and 25 to 39 otherwise."""
    for _ in range(20):
        buffer = aligned(shape)
        assert (buffer.shape, buffer.dtype, buffer.any()) == (shape, np.float64, False)
        assert not buffer.size or buffer.ctypes.data % 64 == 0
        assert buffer.flags.c_contiguous
        assert buffer.flags.writeable
    program = autograd.compile(nn.MLP(3, [2], seed=0), example=([0.0] * 3,), engine="numpy")
    for one in (program, copy.copy(program), copy.deepcopy(program), pickle.loads(pickle.dumps(program))):
        assert one.vector.ctypes.data % 64 == 0
