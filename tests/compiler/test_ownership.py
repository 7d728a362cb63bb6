"""Whose the numbers are: the vector, the parameters' data, copies of a program, threads."""

from __future__ import annotations

import copy
import pickle
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from at_once import at_once
from judge import ENGINES

import autograd
import nn
from autograd import Value, where
from autograd.choice import take


def network() -> tuple[nn.MLP, Any]:
    model = nn.MLP(3, [4, 2], activation="tanh", seed=0)
    return model, autograd.compile(lambda x, y: nn.half_squared_error(model(x), y), example=([0.0] * 3, [0.0] * 2))


X, Y = np.random.default_rng(0).normal(size=(5, 3)), np.random.default_rng(1).normal(size=(5, 2))


def test_an_assigned_vector_is_the_one_that_is_used_at_batch_sizes_that_have_run_before() -> None:
    _, program = network()
    _, other = network()
    before = program.value_and_grad(X, Y)[0]
    held = program.vector
    program.vector = np.arange(len(held)) / 10
    assert program.vector is held  # an optimiser that holds it steps the same numbers
    other.vector[:] = np.arange(len(held)) / 10
    value, gradient = program.value_and_grad(X, Y)
    assert value == other.value_and_grad(X, Y)[0] != before
    assert np.array_equal(gradient, other.value_and_grad(X, Y)[1])


@pytest.mark.parametrize("given", [[1.0], np.zeros((2, 2)), "abc", None, np.zeros(26, complex)])
def test_a_vector_of_another_shape_is_refused_and_nothing_changes(given: Any) -> None:
    _, program = network()
    before = program.vector.copy()
    with pytest.raises(ValueError, match="the vector has 26 real numbers"):
        program.vector = given
    assert np.array_equal(program.vector, before)


def test_a_vector_with_a_mask_is_refused_and_nothing_changes() -> None:
    _, program = network()
    before = program.vector.copy()
    with pytest.raises(TypeError, match="the vector takes an array without a mask"):
        program.vector = np.ma.masked_array(before + 1, before > 0)
    assert np.array_equal(program.vector, before)


def test_writing_back_before_any_gradient_leaves_gradients_alone() -> None:
    model, program = network()
    for p in model.parameters():
        p.grad = 7.0
    program.vector[:] += 1
    program.write_back()
    assert [p.data for p in program.parameters] == program.vector.tolist()
    assert {p.grad for p in model.parameters()} == {7.0}
    _, gradient = program.value_and_grad(X, Y)
    program.write_back()
    assert [p.grad for p in program.parameters] == gradient.tolist()


def test_two_programs_over_the_same_parameters_hand_numbers_over_by_writing_and_reading_back() -> None:
    model, program = network()
    outputs = autograd.compile(model, example=([0.0] * 3,))
    program.vector[:] *= 2
    program.write_back()
    outputs.read_back()
    eager = [[y.data for y in model(x)] for x in X.tolist()]
    assert outputs(X) == pytest.approx(np.array(eager), rel=1e-14)


@pytest.mark.parametrize("made", [copy.copy, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
def test_copies_compute_the_same_and_go_their_own_way(made: Any) -> None:
    _, program = network()
    program.vector[:] *= 1.5
    value, gradient = program.value_and_grad(X, Y)
    other = made(program)
    assert other.value_and_grad(X, Y)[0] == value
    assert np.array_equal(other.value_and_grad(X, Y)[1], gradient)
    other.vector[:] = 0
    assert program.value_and_grad(X, Y)[0] == value
    assert str(other) == str(program)
    same = [p is q for p, q in zip(program.parameters, other.parameters, strict=True)]
    assert all(same) if made is copy.copy else not any(same)


@pytest.mark.parametrize("made", [copy.copy, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
def test_a_copy_has_the_last_gradient_and_shares_nothing_that_changes(made: Any) -> None:
    _, program = network()
    for p in program.parameters:
        p.grad = 7.0
    before = made(program)  # there is none yet
    before.write_back()
    assert {p.grad for p in before.parameters} == {7.0}
    _, gradient = program.value_and_grad(X, Y)
    other = made(program)
    expected = gradient.tolist()
    gradient[:] = 0
    other.write_back()
    assert [p.grad for p in other.parameters] == expected
    ours, theirs = vars(program._programs.scalars), vars(other._programs.scalars)
    for name in ("op", "operands", "level", "batched", "active", "optional", "rank", "constants", "parameters"):
        assert theirs[name] is not ours[name]
        assert list(theirs[name]) == list(ours[name])


def test_another_thread_may_call_a_program_once_a_call_is_over() -> None:
    _, program = network()
    several = autograd.compile(lambda x: [x[0] * x[1], x[2]], example=([0.0] * 3,))
    outputs: list[Any] = []
    for run in (lambda: program.value_and_grad(X, Y)[0], lambda: float(several(X).sum())):
        here = run()
        thread = threading.Thread(target=lambda run=run: outputs.append(run()))  # type: ignore[misc]
        thread.start()
        thread.join()
        assert outputs.pop() == here


def test_a_deep_copy_of_a_model_with_its_program_keeps_them_together() -> None:
    model, program = network()
    model2, program2 = copy.deepcopy((model, program))
    assert set(program2.parameters) == set(model2.parameters())


@pytest.mark.parametrize("engine", ENGINES)
def test_programs_with_conditions_pickle_on_every_engine(engine: str) -> None:
    w = [Value(0.5, label="w"), Value(-1.0)]
    program = autograd.compile(
        lambda x, y: where(y == 1, w[0] * x, w[1]) + (x > w[1]) * w[0].detach(), example=(1.0, 1.0), engine=engine
    )
    other = pickle.loads(pickle.dumps(program))
    batch = np.array([0.5, -2.0, 3.0]), np.array([1.0, 0.0, 1.0])
    assert other.value_and_grad(*batch)[0] == program.value_and_grad(*batch)[0]
    assert np.array_equal(other.value_and_grad(*batch)[1], program.value_and_grad(*batch)[1])
    assert other.parameters[0].label == "w"


def test_a_program_with_take_and_a_primitive_of_ones_own_pickles() -> None:
    autograd.primitive("cubed", lambda x: x * x * x, lambda y, x: 3 * x * x)
    try:
        w = [Value(0.5), Value(-1.0), Value(2.0)]
        program = autograd.compile(lambda i: autograd.primitives.table["cubed"](take(w, i)), example=(1,))
        other = pickle.loads(pickle.dumps(program))
        assert np.array_equal(other.value_and_grad([0, 2])[1], program.value_and_grad([0, 2])[1])
        with pytest.raises(IndexError, match="0 to 2"):
            other.value_and_grad([3])
    finally:
        del autograd.primitives.table["cubed"]


def test_a_second_thread_gets_an_error_and_no_numbers_and_a_copy_works() -> None:
    _, program = network()
    expected = program.value_and_grad(X, Y)[0]
    wrong: list[Any] = []
    refused: list[str] = []
    own: list[Any] = []

    def run(mine: Any) -> None:
        for _ in range(300):
            try:
                if mine.value_and_grad(X, Y)[0] != expected:
                    wrong.append(mine)
            except RuntimeError as error:
                refused.append(str(error))
        own.append(mine)

    threads = [threading.Thread(target=run, args=(p,)) for p in (program, program, copy.copy(program))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert all("another thread is running this program" in said for said in refused)


CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "value_and_grad": lambda program, x: program.value_and_grad(x, Y),
    "__call__": lambda program, x: program(x, Y),
    "value_and_grad by inputs": lambda program, x: program.value_and_grad(x, Y, wrt="inputs"),
    "value_and_grad of each": lambda program, x: program.value_and_grad(x, Y, reduction="none"),
    "jvp": lambda program, x: program.jvp((x, Y), x, wrt="x"),
    "vjp": lambda program, x: program.vjp((x, Y), x[:, 0]),
    "jacobian": lambda program, x: program.jacobian(x, Y, wrt="parameters"),
    "hvp": lambda program, x: program.hvp((X, Y), np.arange(26) * x[0, 0]),
    "hessian": lambda program, x: program.hessian(x, Y),
    "hessian by x": lambda program, x: program.hessian(x, Y, wrt="x"),
}


PLAIN = ("value_and_grad", "__call__")  # they look at what they are given before they begin


@pytest.mark.parametrize("elsewhere", [True, False], ids=["in another thread", "in a signal handler"])
@pytest.mark.parametrize(
    ("outer", "within"),
    [(name, "_executable") for name in CALLS] + [(name, "_inputs") for name in CALLS if name not in PLAIN],
)
def test_what_is_called_while_a_call_runs_is_right_or_refused_and_disturbs_nothing(
    outer: str, within: str, elsewhere: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, program = network()
    expected = {name: call(program, 2 * X) for name, call in CALLS.items()}
    undisturbed = CALLS[outer](program, X)
    refused: dict[str, str] = {}

    def all_of_them() -> None:
        for name, call in CALLS.items():
            try:
                same(call(program, 2 * X), expected[name])
            except RuntimeError as error:
                refused[name] = str(error)

    def disturbed(self: Any, given: Any) -> Any:
        monkeypatch.undo()
        if elsewhere:
            thread = threading.Thread(target=all_of_them)
            thread.start()
            thread.join()
        else:
            all_of_them()
        return getattr(self, within)(given)

    monkeypatch.setattr(type(program), within, disturbed)  # which the call comes by
    same(CALLS[outer](program, X), undisturbed)
    assert outer in refused
    assert all(("another thread" if elsewhere else "a signal handler") in said for said in refused.values())
    assert program._running.free
    assert program._deriving.free


def same(found: Any, expected: Any) -> None:
    """To the bit, as the same instructions run on the same numbers."""
    if isinstance(expected, tuple):
        for one, other in zip(found, expected, strict=True):
            same(one, other)
    else:
        assert np.array_equal(found, expected)


@pytest.mark.parametrize("interrupted", [True, False], ids=["after an interrupted call", "after none"])
def test_four_threads_of_which_each_wants_the_hessian_times_its_own_direction_get_it_or_an_error(
    interrupted: bool,
) -> None:
    _, program = network()
    directions = np.random.default_rng(2).normal(size=(4, 26))
    expected = [program.hvp((X, Y), direction) for direction in directions]
    counted = Counter[str]()
    if interrupted:
        entered(program._deriving)
    begun = time.monotonic()

    def goes_on() -> bool:
        """For half a second, and on a busy machine, where all may refuse each other for long, until one got through."""
        taken = time.monotonic() - begun
        return taken < 0.5 or (not counted["right"] and taken < 30)

    def run(number: int) -> None:
        while goes_on():
            try:
                right = np.array_equal(program.hvp((X, Y), directions[number]), expected[number])
            except RuntimeError:
                continue
            counted["right" if right else "wrong"] += 1

    at_once(run, 4, 1e-6)
    assert counted["right"]
    assert not counted["wrong"]


def entered(guard: Any) -> None:
    """As a call that is interrupted before its block begins."""
    guard.__enter__()


@pytest.mark.parametrize("elsewhere", [True, False], ids=["in another thread", "in this one"])
def test_a_call_that_was_interrupted_before_its_block_began_is_over(elsewhere: bool) -> None:
    _, program = network()
    for guard in (program._running, program._deriving):
        if elsewhere:
            thread = threading.Thread(target=entered, args=(guard,))
            thread.start()
            thread.join()
        else:
            entered(guard)
        assert not guard.free
    for call in CALLS.values():
        call(program, X)


def test_a_call_that_fails_leaves_the_program_free() -> None:
    _, program = network()
    with pytest.raises(ValueError, match="empty"):
        program.value_and_grad(np.zeros((0, 3)), np.zeros((0, 2)))
    program.value_and_grad(X, Y)


@pytest.mark.parametrize("engine", ENGINES)
def test_constants_that_overflow_or_divide_by_zero_follow_ieee(engine: str) -> None:
    w = Value(2.0)
    big, zero = Value(1e300), Value(0.0)
    program = autograd.compile(
        lambda x: [
            x / (0 * x),
            w / Value(0.0),
            autograd.exp(Value(1e4)) * w,
            autograd.log(Value(0.0)) + w,
            x * 1e300 * 1e300,
        ],
        example=(1.0,),
        engine=engine,
    )
    with np.errstate(all="ignore"):
        assert np.array_equal(program([1.0])[0], [np.inf, np.inf, np.inf, -np.inf, np.inf])
    program = autograd.compile(lambda x: big * big * x + w / zero, example=(1.0,), engine=engine)
    value, gradient = program.value_and_grad([1.0])
    assert value == np.inf
    assert np.inf in gradient


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("batch", [1, 3, 8, 9, 17])
def test_a_power_of_a_negative_number_is_nan_at_every_batch_size(engine: str, batch: int) -> None:
    w = Value(-8.0)
    for f in (lambda x: (w * x) ** (1 / 3) + w ** Value(0.5), lambda x: (w * x) ** (1 / 3)):
        program = autograd.compile(f, example=(1.0,), engine=engine)
        value, gradient = program.value_and_grad(np.ones(batch))
        assert np.isnan(value)
        assert np.isnan(gradient).all()
        assert gradient.dtype == np.float64


def test_more_arguments_than_a_byte_counts() -> None:
    w = Value(2.0)
    program = autograd.compile(lambda *xs: sum((k + 1) * x * w for k, x in enumerate(xs)), example=(1.0,) * 300)
    value, gradient = program.value_and_grad(*np.ones((300, 2)))
    assert (value, gradient.tolist()) == (2 * 300 * 301 / 2, [300 * 301 / 2])


def test_an_unknown_engine_or_one_that_refuses_says_so() -> None:
    w = [Value(1.0), Value(2.0)]
    with pytest.raises(ValueError, match=r"engine is one of 'auto', 'numpy', 'nodes'.*, not 'fast'"):
        autograd.compile(lambda x: w[0] * x, example=(1.0,), engine="fast")
    with pytest.raises(
        ValueError, match=r"the engine 'nodes' cannot run this program: it chooses by an input \(take\)"
    ):
        autograd.compile(lambda i: take(w, i), example=(1,), engine="nodes")


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_made_of_constants_alone_is_an_operand_like_any_other(engine: str) -> None:
    """Each primitive of constants beside the ones of an input, where it is not folded: it overflows, or is ±∞."""
    w = Value(0.5)
    program = autograd.compile(
        lambda x: [
            autograd.exp(Value(1e4)) + w * x,
            autograd.exp(Value(1e4)) * autograd.log(Value(0.0)) + w,
            autograd.total([autograd.exp(Value(1e4)), Value(1.0)]) - w,
            autograd.where(w * x > 0, w, autograd.exp(Value(1e4))),
        ],
        example=(1.0,),
        engine=engine,
    )
    with np.errstate(all="ignore"):
        assert np.array_equal(program([1.0, 2.0]), [[np.inf, -np.inf, np.inf, 0.5]] * 2)
