"""A trace: what is asked of a placeholder is refused with its line, and nothing that may change is frozen."""

from __future__ import annotations

import _thread
import contextlib
import copy
import functools
import linecache
import math
import os
import pickle
import random
import re
import statistics
import subprocess
import sys
import threading
from collections import namedtuple
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Value, cos, dot, exp, grad, log, maximum, no_grad, sigmoid, take, total, where
from autograd.chance import uniform
from autograd.compiler.trace import CONDITIONS, DETACH, Traced, trace
from autograd.recording import current_tracer, paused

W = Value(2.0, label="w")
cached = functools.lru_cache(lambda x: W)


def looked_up(x: Any) -> Any:
    return {0: W, 1: W}[x]


def matched(x: Any) -> Any:
    match x:
        case 1:
            return W
        case _:
            return -W


def iterated(x: Any) -> Any:
    return [W for _ in range(x)]


def assigned(x: Any) -> Any:
    y = x * W
    y.data = 3.0
    return y


def graded(x: Any) -> Any:
    y = x * W
    y.grad = 0.0
    return y


QUESTIONS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "if x > 0": (lambda x: W if x > 0 else -W, "where"),
    "if x == 1": (lambda x: W if x == 1 else -W, "where"),
    "if 1 == x": (lambda x: W if 1 == x else -W, "where"),  # noqa: SIM300
    "if x != 1": (lambda x: W if x != 1 else -W, "where"),
    "1.0 if x == k": (lambda x: total([W * (1.0 if x == k else 0.0) for k in range(3)]), "where"),
    "x == w": (lambda x: W if x == W else -W, "where"),
    "w == x": (lambda x: W if x == W else -W, "where"),
    "x == y": (lambda x: W if x * W == x + W else -W, "where"),
    "w > 1": (lambda x: W if W > 1 else x, "where"),
    "w == 2": (lambda x: W if W == 2 else x, "where"),
    "w != 2": (lambda x: W if W != 2 else x, "where"),
    "if w": (lambda x: x * W if W else x, "where"),
    "not x": (lambda x: W if not x else -W, "where"),
    "x and w": (lambda x: x and W, "where"),
    "not (x < 1)": (lambda x: W * (not x < 1), "where"),
    "0 < x < 1": (lambda x: W if 0 < x < 1 else -W, "where"),
    "x in tuple": (lambda x: W if x in (0, 1) else -W, "where"),
    "x in list": (lambda x: W if x in [0, 1] else -W, "where"),
    "x in set": (lambda x: W if x in {0, 1} else -W, "where"),
    "x in dict": (lambda x: W if x in {0: 1} else -W, "where"),
    "list.index": (lambda x: [0, 1].index(x) * W, "where"),
    "list.count": (lambda x: [0, 1].count(x) * W, "where"),
    "key": (looked_up, "where"),
    "dict.get": (lambda x: {0: W}.get(x, -W), "where"),
    "set": (lambda x: W * len({x, 1.0}), "where"),
    "dict.fromkeys": (lambda x: W * len(dict.fromkeys([x])), "where"),
    "hash": (lambda x: W * hash(x), "where"),
    "lru_cache": (cached, "where"),
    "match": (matched, "where"),
    "max": (lambda x: max(x, W), "maximum"),
    "sorted": (lambda x: sorted([x, W])[0] * W, "where"),
    "all": (lambda x: W if all([x, x]) else -W, "where"),
    "filter": (lambda x: W * len(list(filter(None, [x]))), "where"),
    "bool": (lambda x: W * bool(x), "where"),
    "float": (lambda x: W * float(x), "autograd.exp"),
    "int": (lambda x: W * int(x), "take"),
    "complex": (lambda x: W * complex(x).real, "cmath"),
    "index": (lambda x: [W, W][x], "take"),
    "range": (iterated, "take"),
    "list * x": (lambda x: ([W] * x)[0], "take"),
    "round": (lambda x: W * round(x), "as an input"),
    "math.floor": (lambda x: W * math.floor(x), "as an input"),
    "math.ceil": (lambda x: W * math.ceil(x), "as an input"),
    "math.trunc": (lambda x: W * math.trunc(x), "as an input"),
    "math.exp": (lambda x: W * math.exp(x), "autograd.exp"),
    "math.isnan": (lambda x: -W if math.isnan(x) else W, "autograd.exp"),
    "&": (lambda x: where((x > 0) & (x < 1), W, 0), "where"),
    "|": (lambda x: where((x > 0) | (x < 1), W, 0), "where"),
    "~": (lambda x: where(~(x > 0), W, 0), "where"),
    "data": (lambda x: W * x.data, r"detach"),
    "data of a computed one": (lambda x: x * (W * W).data, r"detach"),
    "data assigned": (assigned, "another number"),
    "item": (lambda x: W * x.item(), "Value itself"),
    "item of a parameter": (lambda x: x * W * W.item(), "Value itself"),
    "grad": (lambda x: W * x.grad, "Return the loss"),
    "grad assigned": (graded, "none to be reset"),
    "backward": (lambda x: (x * W).backward() or W, "Return the loss"),
    "zero_grad": (lambda x: (x * W).zero_grad() or W, "no"),
    "str": (lambda x: W * float(str(x)), "returns"),
    "format": (lambda x: W * float(format(x, ".2f")), "returns"),
    "f-string": (lambda x: W * float(f"{x:.2f}"), "returns"),
    "f-string without format": (lambda x: W * float(f"{x}"), "returns"),
    "%s": (lambda x: W * float("%s" % x), "returns"),  # noqa: UP031
    "%f": (lambda x: W * float("%f" % x), "autograd.exp"),  # noqa: UP031
    "print": (lambda x: print(x) or W, "returns"),
    "Value(x)": (lambda x: Value(x) * W, "Use x itself"),
    "Value(x * w)": (lambda x: Value(x * W), "Use x itself"),
    "Value(w)": (lambda x: x * Value(W), "Use x itself"),
    "made by hand": (lambda x: W * Value(1.0, _children=(x,), _op="+"), "Compute it"),
    "copy": (lambda x: copy.copy(x) * W, "itself"),
    "deepcopy": (lambda x: copy.deepcopy([x])[0] * W, "itself"),
    "copy of a parameter": (lambda x: copy.copy(W) * x, "itself"),
    "deepcopy of a parameter": (lambda x: copy.deepcopy(W) * x, "itself"),
    "pickle": (lambda x: W * len(pickle.dumps(x)), "itself"),
    "pickle of a parameter": (lambda x: x * len(pickle.dumps(W)), "itself"),
    "np.float64": (lambda x: W * np.float64(x), "autograd.exp"),
    "np.array": (lambda x: W * np.array([x], float)[0], "autograd.exp"),
    "np.where": (lambda x: W * np.where(np.array([x, x]) > 0, 1.0, 0.0)[0], "where"),
    "np ==": (lambda x: W * float((np.array([x, x]) == 1)[0]), "where"),
    "statistics": (lambda x: W * statistics.median([x, x * 2, x * 3]), "where"),
}


@pytest.mark.parametrize(("f", "says"), QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize("example", [1.0, 1], ids=["float", "int"])
def test_every_question_is_refused_with_its_line_and_what_to_write_instead(f: Any, says: str, example: Any) -> None:
    with pytest.raises(TypeError) as refused:
        autograd.compile(f, example=(example,))
    message = str(refused.value)
    assert "is not known while a function is compiled" in message
    assert says in message.splitlines()[-1]
    if hasattr(f, "__code__"):
        first = f.__code__.co_firstlineno
        length = max(line or 0 for *_, line in f.__code__.co_lines()) - first
        lines = [f'at "{__file__}", line {first + i}: ' for i in range(length + 1)]
        assert any(line in message for line in lines), message
    assert current_tracer() is None


def test_the_line_is_that_of_the_person_not_of_a_library() -> None:
    with pytest.raises(TypeError, match=r"line \d+: .*statistics.median\(\[x"):
        autograd.compile(QUESTIONS["statistics"][0], example=(1.0,))
    assert linecache.getline(__file__, 1)


LIBRARIES: dict[str, tuple[Callable[..., Any], tuple[Any, ...], str]] = {
    "statistics": (statistics.median, ([1.0, 2.0, 3.0],), statistics.__file__),
    "NumPy": (np.nansum, (np.ones(3),), os.path.dirname(np.__file__)),
}


@pytest.mark.parametrize("name", LIBRARIES)
def test_the_line_is_that_of_a_library_where_its_own_function_is_compiled(name: str) -> None:
    f, example, file = LIBRARIES[name]
    with pytest.raises(TypeError, match=rf'is not known .*\n  at "{re.escape(file)}'):
        autograd.compile(f, example=example)


def bare_thread(ask: Callable[[], Any]) -> Any:
    """The answer, from a thread whose first call it is."""
    done, found = threading.Event(), []
    hook = sys.unraisablehook

    def hear(of: Any) -> None:
        found.append(of.exc_value)
        done.set()

    sys.unraisablehook = hear
    try:
        _thread.start_new_thread(ask, ())
        assert done.wait(30)
    finally:
        sys.unraisablehook = hook
    raise found.pop()


def pool(ask: Callable[[], Any]) -> Any:
    with ThreadPoolExecutor(1) as workers:
        return workers.submit(ask).result()


def test_a_question_that_no_line_of_a_person_asks_is_refused_too() -> None:
    for elsewhere in (pool, bare_thread):
        with pytest.raises(TypeError, match="the truth of a Value or of a comparison is not known"):
            autograd.compile(lambda x, elsewhere=elsewhere: W if elsewhere(x.__bool__) else x, example=(1.0,))


@pytest.mark.parametrize(
    ("f", "what"),
    [
        (lambda x, i: take([W, W], i + 1), "an index that is computed"),
        (lambda x, i: setattr(W, "grad", x), "a gradient that is set"),
        (lambda x, i: take([W, W], uniform(random.Random(0))), "an index that is computed"),
    ],
)
def test_a_refusal_says_first_what_is_refused(f: Any, what: str) -> None:
    with pytest.raises(TypeError, match=rf"^{what} is not known while a function is compiled"):
        autograd.compile(f, example=(1.0, 0))


@pytest.mark.parametrize(
    "f",
    [
        *(lambda x: maximum(x, "a"), lambda x: maximum(x, None), lambda x: x + "a", lambda x: 1j * x),
        *(lambda x: x + Fraction(1, 3), lambda x: Decimal("0.5") * x, lambda x: x < Fraction(1, 3)),
        *(lambda x: Fraction(1, 3) >= x, lambda x: x > Decimal("0.5"), lambda x: dot([x], ["a"])),
    ],
)
def test_an_operand_that_is_no_number_is_refused_as_by_a_value(f: Any) -> None:
    with pytest.raises(TypeError) as eager:
        f(Value(1.0))
    with pytest.raises(TypeError) as refused:
        autograd.compile(lambda x: f(x) * W, example=(1.0,))
    assert str(refused.value).replace("Traced", "Value") == str(eager.value)


def test_what_is_chosen_from_are_numbers() -> None:
    with pytest.raises(TypeError, match="'a'"):
        autograd.compile(lambda i: take([W, "a"], i), example=(0,))
    program = autograd.compile(lambda i: take([np.float64(3.0), np.float32(5.0)], i) * W, example=(0,))
    assert program([0, 1, 0]).tolist() == [6.0, 10.0, 6.0]


@pytest.mark.parametrize("library", [autograd, np, linecache])
def test_a_folder_whose_name_only_begins_like_that_of_a_library_is_the_person_s(library: Any) -> None:
    beside = f"{os.path.dirname(library.__file__)}_and_more{os.sep}mine.py"
    made: dict[str, Any] = {}
    exec(compile("def f(x):\n    return 1.0 if x > 0 else x", beside, "exec"), made)
    with pytest.raises(TypeError) as error:
        autograd.compile(lambda x: made["f"](x), example=(1.0,))
    assert f'at "{beside}", line 2' in str(error.value)


def test_what_a_number_does_not_have_either_is_refused_as_for_a_number() -> None:
    for f in (len, iter, lambda x: x[0], lambda x: x.real):
        with pytest.raises((TypeError, AttributeError)):
            autograd.compile(lambda x, f=f: f(x) * W, example=(1.0,))


def test_a_placeholder_equals_nothing_that_is_no_number() -> None:
    """As a float does not: the answer is the same for every input."""
    program = autograd.compile(lambda x: -W if x is None or x == "a" or x == [1] else W * x, example=(1.0,))
    assert program([3.0]).tolist() == [6.0]


def test_debuggers_may_look() -> None:
    seen = []
    autograd.compile(lambda x: seen.append(repr([x, x * W])) or x * W, example=(1.0,))
    assert seen == ["[Traced(x), Traced(mul)]"]
    autograd.compile(lambda x: seen.append([x.label, (x * W).label]) or x * W, example=(1.0,))
    assert seen[1] == ["x", ""]


# ── equality ──────────────────────────────────────────────────────────────────────────────────


def loss_by_where(x: Any, y: Any) -> Any:
    p = sigmoid(W * x)
    return where(y == 1, -log(p), -log(1 - p))


def agrees(f: Callable[..., Any], example: tuple[Any, ...], batches: list[np.ndarray], parameters: list[Value]) -> None:
    """The mean and gradient of a program are those of the eager engine, sample by sample."""
    program = autograd.compile(f, example=example)
    n = len(batches[0])
    for p in parameters:
        p.grad = 0.0
    mean = total([f(*(b[i].tolist() for b in batches)) for i in range(n)]) / n
    mean.backward()
    value, gradient = program.value_and_grad(*batches)
    assert value == pytest.approx(mean.data, rel=1e-13)  # rounding of a few dozen operations
    ours = {id(p): g for p, g in zip(program.parameters, gradient, strict=True)}
    assert [ours.get(id(p), 0.0) for p in parameters] == pytest.approx([p.grad for p in parameters], rel=1e-13)


@pytest.mark.parametrize(
    "condition",
    [
        lambda y: y == 1,
        lambda y: 1 == y,  # noqa: SIM300
        lambda y: y != 0,
        lambda y: y == np.float64(1),
        lambda y: y == True,  # noqa: E712
        lambda y: y * W == 2,
    ],
)
def test_a_cross_entropy_by_equality_is_that_of_every_sample(condition: Any) -> None:
    def loss(x: Any, y: Any) -> Any:
        p = sigmoid(W * x)
        return where(condition(y), -log(p), -log(1 - p))

    x = np.array([0.5, -1.0, 2.0, 0.1, 0.3])
    agrees(loss, (0.0, 0), [x, np.array([0, 1, 1, 0, 1])], [W])
    agrees(loss, (0.0, 0.0), [x, np.array([0.0, 1, 1, 0, 1])], [W])


def test_a_one_hot_vector_by_equality() -> None:
    w = [Value(0.3), Value(-0.2), Value(0.5)]

    def loss(x: Any, y: Any) -> Any:
        scores = [exp(v * x) for v in w]
        return -log(total([where(y == k, s, 0.0) for k, s in enumerate(scores)]) / total(scores))

    agrees(loss, (0.0, 0), [np.array([0.5, -1.0, 2.0]), np.array([0, 2, 1])], w)


def test_take_chooses_by_a_condition() -> None:
    rows = [[W, Value(1.0)], [W * 3, Value(5.0)]]
    agrees(lambda x, y: dot(take(rows, y == 2), [x, x]), (0.0, 0.0), [np.array([1.0, 2.0]), np.array([2.0, 3.0])], [W])
    with pytest.raises(IndexError, match="chooses from 1 items, and the index is a condition"):
        autograd.compile(lambda y: take([W], y == 2), example=(0.0,))


def test_equality_of_a_parameter_is_a_condition_too() -> None:
    w = Value(2.0)
    program = autograd.compile(lambda x: where(w == 2, w * x, -x), example=(0.0,))
    assert program([3.0]).tolist() == [6.0]
    program.vector[0] = 4.0
    assert program([3.0]).tolist() == [-3.0]


@pytest.mark.parametrize("of", [lambda x: x, lambda x: x * W], ids=["input", "computed"])
def test_a_condition_under_no_grad_or_detached_is_still_a_condition(of: Any) -> None:
    def f(x: Any) -> Any:
        with no_grad():
            below, same = of(x) < 2, of(x) == 2
        return take([W, W * 3], below) + take([x, W * 5], same.detach() if isinstance(same, Value) else same)

    assert {node.op for node in trace(f, (1.0,)).order} & CONDITIONS == {op for op in CONDITIONS if op.symbol in "<="}
    agrees(f, (0.0,), [np.array([0.0, 1.0, 2.0])], [W])


def test_conditions_that_are_added_are_counted() -> None:
    """As Python counts True + True, and not as an `or`."""
    agrees(lambda x: W * ((x == 1) + (x * W == 2) + (x != 2)) + (x == 1) * x, (0.0,), [np.array([0.0, 1.0, 2.0])], [W])


def test_nan_is_not_equal_to_itself_in_a_program_either() -> None:
    program = autograd.compile(lambda x: where(x / x != x / x, W, 0.0), example=(0.0,))
    assert program([0.0, 1.0]).tolist() == [2.0, 0.0]


def test_parameters_among_themselves_are_compared_by_identity() -> None:
    """Lists of parameters rely on it, also while a function is traced."""
    v = Value(2.0)
    program = autograd.compile(
        lambda x: x * [W, v].index(v) * v if v != W and v in [W, v] and v == v else x, example=(0,)
    )
    assert program([3.0]).tolist() == [6.0]
    assert len({W, v}) == 2


def test_all_six_comparisons_are_conditions_without_a_gradient() -> None:
    found = set()
    for compare in ("<", "<=", ">", ">=", "==", "!="):
        f = eval(f"lambda x: where(x {compare} 1, W, -W)", {"where": where, "W": W})
        found |= {node.op for node in trace(f, (1.0,)).order} & CONDITIONS
        agrees(f, (0.0,), [np.array([0.0, 1.0, 2.0])], [W])
    assert found == CONDITIONS
    assert len(CONDITIONS) == 6
    for op in CONDITIONS:  # they are called as in NumPy
        assert [op(a, b) for a, b in ((1.0, 2.0), (1.0, 1.0), (2.0, 1.0))] == getattr(np, op.name)(
            [1, 1, 2], [2, 1, 1]
        ).tolist()
    assert all(pickle.loads(pickle.dumps(op)) is op is copy.deepcopy(op) for op in (*CONDITIONS, DETACH))


# ── stop-gradients ────────────────────────────────────────────────────────────────────────────


def test_detach_follows_the_parameter() -> None:
    s = Value(3.0)
    program = autograd.compile(lambda x: s.detach() * s * x, example=(1.0,))
    value, gradient = program.value_and_grad([1.0])
    assert (value, gradient.tolist()) == (9.0, [3.0])
    program.vector[0] = 5.0
    value, gradient = program.value_and_grad([1.0])
    assert (value, gradient.tolist()) == (25.0, [5.0])  # s̄ s x and its derivative s̄ x


STOPS: dict[str, Callable[..., Any]] = {
    "of a leaf": lambda w, x: w[0].detach() * w[1] * x,
    "of what is computed": lambda w, x: (w[0] * w[1]).detach() * w[0] * x,
    "of an input": lambda w, x: (w[0] * x).detach() * w[1],
    "twice": lambda w, x: (w[0] * w[1]).detach().detach() * w[0] * x,
    "of a dot": lambda w, x: dot(w, [x, x]).detach() * dot(w, [x, w[0]]),
}


def norm_without_gradient(w: list[Value], x: Any) -> Any:
    with no_grad():
        norm = total([v * v for v in w]).sqrt()
    return dot(w, [x, x]) / norm


def dot_without_gradient(w: list[Value], x: Any) -> Any:
    with no_grad():
        z = dot(w, [1.0, 2.0], w[0])
    return z * w[1] * x


def where_without_gradient(w: list[Value], x: Any) -> Any:
    with no_grad():
        positive = w[0] > 0
        scale = where(positive, w[0], 1.0)
    return where(positive, scale * w[1] * x, w[0])


STOPS |= {"norm": norm_without_gradient, "dot": dot_without_gradient, "where": where_without_gradient}


@pytest.mark.parametrize("f", STOPS.values(), ids=STOPS)
def test_a_stop_gradient_stays_live(f: Any) -> None:
    """At the numbers of the trace, and at others: the eager engine computes anew each time."""
    w = [Value(1.5), Value(-2.0)]
    program = autograd.compile(lambda x: f(w, x), example=(1.0,))
    for numbers in ([1.5, -2.0], [0.5, 3.0], [-1.0, 0.25]):
        for p, number in zip(w, numbers, strict=True):
            p.data, p.grad = number, 0.0
        program.vector[:] = [p.data for p in program.parameters]
        expected = f(w, 0.7)
        expected.backward()
        value, gradient = program.value_and_grad([0.7])
        assert value == pytest.approx(expected.data, rel=1e-14)
        assert gradient.tolist() == pytest.approx([p.grad for p in program.parameters], rel=1e-14)


# ── leaves made inside, and everything else that is traced ────────────────────────────────────


def test_leaves_made_inside_are_recorded_and_constants() -> None:
    found = trace(lambda x: Value(3.0) * x * W + Value(1.0), (1.0,))
    assert sorted(v.data for v in found.made) == [1.0, 3.0]
    program = autograd.compile(lambda x: Value(3.0) * x * W + (Value(1.0) + 1).exp(), example=(1.0,))
    assert program.parameters == [W]
    assert program([2.0]).tolist() == [12.0 + math.exp(2.0)]


def test_what_is_computed_from_parameters_alone_follows_them() -> None:
    a, b = Value(0.5), Value(2.0)
    methods: list[Callable[[], Any]] = [
        *(lambda: a + b, lambda: a - b, lambda: a * b, lambda: a / b, lambda: b**a, lambda: 1 - a, lambda: 2 / b),
        *(lambda: a.exp(), lambda: exp(a), lambda: -a, lambda: abs(a), lambda: maximum(a, b), lambda: a.tanh()),
        *(lambda: dot([a], [b], a), lambda: dot([a], [3.0], b), lambda: total([a, b]), lambda: 3**a, lambda: +a),
    ]
    for f in methods:
        a.data, b.data = 0.5, 2.0
        program = autograd.compile(lambda x, f=f: f() * x, example=(1.0,))
        assert all(type(node) is not Value or node.op is None for node in trace(lambda x, f=f: f() * x, (1.0,)).order)
        a.data, b.data = 0.75, 1.25
        program.vector[:] = [p.data for p in program.parameters]
        assert program([1.0])[0] == pytest.approx(f().data, rel=1e-15)


def test_a_derivative_of_parameters_alone_inside_a_compiled_function_is_live() -> None:
    v = Value(2.0)
    program = autograd.compile(lambda x: grad(lambda z: v * z * z)(1.0) * v * x, example=(1.0,))  # 2v · v · x
    value, gradient = program.value_and_grad([1.0])
    assert (value, gradient.tolist()) == (8.0, [8.0])
    program.vector[0] = 3.0
    value, gradient = program.value_and_grad([1.0])
    assert (value, gradient.tolist()) == (18.0, [12.0])
    program = autograd.compile(lambda x: grad(lambda z: z**3)(2.0) * x * v, example=(1.0,))
    assert program([1.0]).tolist() == [24.0]


def test_a_model_unpickled_between_two_compiles(tmp_path: Any) -> None:
    """Another process, which has made more nodes than this one, made the model."""
    file = tmp_path / "model.pickle"
    many = (
        "import pickle, nn; from autograd import Value; junk = [Value(0.0) for _ in range(100_000)]\n"
        f"pickle.dump(nn.MLP(2, [2, 1], seed=0), open({str(file)!r}, 'wb'))"
    )
    few = (
        "import pickle, autograd, nn\n"
        "first = nn.MLP(2, [2, 1], seed=1)\n"
        "autograd.compile(lambda x: first(x) * 2.0, example=([0.0, 0.0],))\n"
        f"model = pickle.load(open({str(file)!r}, 'rb'))\n"
        "for m in (model, first, model):\n"
        "    p = autograd.compile(lambda x: m(x) * autograd.Value(2.0), example=([0.0, 0.0],))\n"
        "    assert len(p.parameters) == 9, len(p.parameters)\n"
        "    assert abs(p([[0.5, 1.0]])[0] - 2 * m([0.5, 1.0]).data) < 1e-15"
    )
    for program in (many, few):
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)


def test_a_kept_placeholder_is_refused_by_the_next_trace() -> None:
    kept: list[Any] = []
    autograd.compile(lambda x: kept.append(x) or x * W, example=(1.0,))
    with pytest.raises(ValueError, match="belongs to another trace"):
        autograd.compile(lambda x: kept[0] * x, example=(1.0,))
    with pytest.raises(TypeError, match="not known"):
        bool(kept[0])


def test_the_nodes_of_a_trace_that_is_over_may_be_kept_in_sets() -> None:
    found = trace(lambda x: (x * 2 + 1) * x.exp(), (1.0,))
    assert found.order[0] is found.arguments[0].placeholders[0]
    assert len(set(found.order)) == len(found.order) == len(dict.fromkeys(found.order))


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_whether_is_recorded_is_after_a_trace_as_it_was_before(inside: bool, fails: bool) -> None:
    with no_grad() if inside else contextlib.nullcontext():
        with pytest.raises(ZeroDivisionError) if fails else contextlib.nullcontext():
            autograd.compile(lambda x: x * W * (1 / (not fails)), example=(1.0,))
        assert ((W * W).op is None) == inside
    assert (W * W).op is not None


def test_after_an_error_everything_computes_again() -> None:
    with pytest.raises(ZeroDivisionError):
        autograd.compile(lambda x: x * W * (1 / 0), example=(1.0,))
    assert not paused
    assert (W * W).data == 4.0
    assert (W > 1) is True


# ── chance ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("draw", "whose"),
    [
        (random.random, r"Python's global generator \(random\)"),
        (lambda: random.gauss(0, 1), r"Python's global generator \(random\)"),
        (lambda: random.shuffle([1, 2, 3]) or 1.0, r"Python's global generator \(random\)"),
        (lambda: np.random.rand(), r"NumPy's \(np.random\)"),
        (lambda: np.random.normal(), r"NumPy's \(np.random\)"),
    ],
)
def test_a_draw_from_a_global_generator_is_refused(draw: Any, whose: str) -> None:
    with pytest.raises(TypeError, match=rf"(?s){whose} was drawn from.*same in every call.*autograd.chance.uniform"):
        autograd.compile(lambda x: x * W * draw(), example=(1.0,))


def dropped(seed: int | None = 0, p: float = 0.5, n: int = 8) -> tuple[nn.Dropout, list[Value], Any]:
    drop = nn.Dropout(p, seed=seed)
    w = [Value(1.0 + i) for i in range(n)]
    return drop, w, autograd.compile(lambda x: drop([v * x for v in w]), example=(1.0,))


@pytest.mark.parametrize("seed", [0, None, 7])
def test_each_sample_of_each_call_has_a_mask_of_its_own(seed: int | None) -> None:
    _, w, program = dropped(seed)
    first, second = program(np.ones(64)), program(np.ones(64))
    numbers = np.array([v.data for v in w])
    for found in (first, second):
        assert np.isin(found / numbers, [0.0, 2.0]).all()
        assert len({tuple(row) for row in found.tolist()}) > 32  # of 256 masks, 64 are drawn
    assert (first != second).any()


def test_as_many_are_dropped_as_are_said_to_be() -> None:
    n, p = 20_000, 0.3
    _, w, program = dropped(3, p, 2)
    found = program(np.ones(n))
    kept = (found != 0).mean(axis=0)
    assert kept == pytest.approx([1 - p] * 2, abs=5 * math.sqrt(p * (1 - p) / n))  # five standard deviations
    assert found.mean(axis=0) == pytest.approx([v.data for v in w], rel=5 * math.sqrt(p / (1 - p) / n))


def test_the_gradient_is_that_of_the_mask_of_the_value() -> None:
    """The loss is linear in w, so it is w · ∂loss/∂w whatever the mask: and there is only one mask a call."""
    drop = nn.Dropout(0.5, seed=1)
    w = [Value(1.0 + i) for i in range(8)]
    program = autograd.compile(lambda x: total(drop([v * x for v in w])), example=(1.0,))
    values = set()
    for size in (1, 1, 2, 17):
        value, gradient = program.value_and_grad(np.ones(size))
        assert value == pytest.approx(gradient @ program.vector, rel=1e-14)
        assert np.isin(np.round(gradient * size / 2, 12), np.arange(size + 1)).all()
        values.add(value)
    assert len(values) > 2


def test_what_is_drawn_depends_on_every_generator() -> None:
    def drawn(*seeds: int) -> list[float]:
        one, other = map(random.Random, seeds)
        program = autograd.compile(lambda x: W * x * uniform(one) * uniform(other), example=1.0)
        return program([1.0, 1.0, 1.0]).tolist()  # type: ignore[no-any-return]

    assert drawn(0, 0) == drawn(0, 0)
    assert len({tuple(drawn(*seeds)) for seeds in ((0, 0), (0, 1), (1, 0), (1, 1))}) == 4


def test_equal_seeds_give_equal_programs_and_going_on_gives_others() -> None:
    drop, _, a = dropped(5)
    _, _, b = dropped(5)
    x = np.ones(16)
    assert (a(x) == b(x)).all()
    assert (a(x) == b(x)).all(), "call by call"
    again = autograd.compile(lambda x: drop([x * W] * 8), example=(1.0,))
    _, _, c = dropped(5)
    assert ((again(x) != 0) != (c(x) != 0)).any(), "the generator has gone on"


def test_dropout_that_is_not_training_leaves_no_chance_in_the_program() -> None:
    drop = nn.Dropout(0.5, seed=0).eval()
    assert trace(lambda x: drop([x * W])[0], (1.0,)).noise == []
    program = autograd.compile(lambda x: drop([x * W]), example=(1.0,))
    assert program([3.0]).tolist() == [[6.0]]


def test_a_network_with_dropout_is_trained_through() -> None:
    drop = nn.Dropout(0.25, seed=0)
    net, head = nn.MLP(2, [8, 8], activation="tanh", output="tanh", seed=0), nn.Neuron(8, activation="linear", seed=1)
    program = autograd.compile(lambda x, y: (head(drop(net(x))) - y) ** 2, example=([0.0, 0.0], 0.0))
    X = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]] * 8)
    Y = X[:, 0] * 0.5 - X[:, 1]
    start = np.mean([program.value_and_grad(X, Y)[0] for _ in range(20)])
    optimiser = nn.SGD(program, lr=0.05)
    for _ in range(300):
        optimiser.step(program.value_and_grad(X, Y)[1])
    assert np.mean([program.value_and_grad(X, Y)[0] for _ in range(20)]) < start / 3


def test_uniform_is_a_float_eagerly_and_may_be_computed_with_when_compiled() -> None:
    assert uniform(random.Random(4)) == random.Random(4).random()
    generator = random.Random(0)
    program = autograd.compile(lambda x: cos(uniform(generator)) * W + uniform(generator) * 0, example=(1.0,))
    found = program(np.zeros(1000)) / 2
    assert len(set(found.tolist())) == 1000
    assert found.mean() == pytest.approx(math.sin(1.0), abs=0.03)  # ∫cos over [0, 1]; its deviation is 0.14/√1000
    with pytest.raises(TypeError, match=r"uniform draws from a generator such as random.Random\(0\), not from 3"):
        uniform(3)


# ── examples ──────────────────────────────────────────────────────────────────────────────────

Point = namedtuple("Point", "x y")


class Tensor:
    """What another library's array looks like from here."""

    def __init__(self, data: Any, needs_grad: bool = False) -> None:
        self._array, self.needs_grad = np.asarray(data), needs_grad

    dtype = property(lambda self: self._array.dtype)
    shape = property(lambda self: self._array.shape)
    ndim = property(lambda self: self._array.ndim)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._array!r})"

    def detach(self) -> Tensor:
        return Tensor(self._array)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if self.needs_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad.")
        return self._array


class Broken(Tensor):
    def detach(self) -> Tensor:
        return self


def test_a_namedtuple_stays_one() -> None:
    seen = []
    program = autograd.compile(lambda p: seen.append(p) or p.x * W + p.y, example=([Point(1.0, 2.0)][0], 0)[:1])
    assert type(seen[0]) is Point
    assert program([[3.0, 4.0]]).tolist() == [10.0]
    nested = autograd.compile(lambda ps: ps[1].y * W, example=([Point(1.0, 2.0), Point(3.0, 4.0)],))
    assert nested([[[0, 0], [0, 5.0]]]).tolist() == [10.0]


@pytest.mark.parametrize(
    "number", [np.float64(1), np.float32(1), np.int64(1), np.array(1.0), np.array(1), Tensor(1.0), Value(1.0)], ids=repr
)
def test_arrays_without_axes_and_scalars_are_numbers(number: Any) -> None:
    program = autograd.compile(lambda x: x * W, example=(number,))
    assert program([3.0, 4.0]).tolist() == [6.0, 8.0]
    integer = np.asarray(getattr(number, "data", 0.5) if isinstance(number, Value) else number).dtype.kind == "i"
    if integer:
        assert autograd.compile(lambda i: take([W, W * 3], i), example=(number,))([1]).tolist() == [6.0]


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize("make", [np.array, Tensor, lambda x: Tensor(x, needs_grad=True), list, np.matrix, tuple])
def test_arrays_and_tensors_are_taken_by_their_numbers(make: Any) -> None:
    example = make([[1.0, 2.0], [3.0, 4.0]])
    program = autograd.compile(lambda x: x[1][0] * W if make is not np.matrix else x[1, 0] * W, example=(example,))
    assert program(np.arange(4.0).reshape(1, 2, 2)).tolist() == [4.0]


@pytest.mark.parametrize(
    ("example", "says"),
    [
        (np.ma.masked_array([1.0, 2.0], [True, False]), "x is a masked array, whose mask would be lost"),
        (np.ma.masked, "masked array"),
        ([np.ma.masked_array([1.0], [True])], r"x\[0\] is a masked array"),
        (Broken([1.0], needs_grad=True), "x, of type Broken, cannot be made a NumPy array: Can't call"),
        (np.array(["a"]), "x is an array of <U1"),
        (np.array([1j]), "x is an array of complex128"),
        (np.array(["2020-01-01"], "datetime64[D]"), "x is an array of datetime64"),
        (np.array([1.0, "a"], object), r"x\[1\] is 'a' of type str|x is 'a' of type str"),
        (1j, "x is 1j of type complex"),
        (None, "x is None of type NoneType"),
    ],
    ids=repr,
)
def test_what_is_not_made_of_real_numbers_is_refused_in_a_sentence(example: Any, says: str) -> None:
    with pytest.raises(TypeError, match=rf"an example is made of real numbers, and .*{says}|{says}"):
        autograd.compile(lambda x: x[0] * W, example=(example,))


def test_a_list_of_nothing_is_an_argument_of_no_numbers() -> None:
    program = autograd.compile(lambda x, y: W * y + len(x), example=([], 1.0))
    assert program(np.ones((2, 0)), [1.0, 2.0]).tolist() == [2.0, 4.0]
    with pytest.raises(ValueError, match=r"shape \(samples, 0\) after its example, not \(2, 1\)"):
        program(np.ones((2, 1)), [1.0, 2.0])


def test_a_trace_has_as_many_arguments_as_its_function() -> None:
    n = 300
    found = trace(lambda *xs: dot(xs, [W] * n), (1.0,) * n)
    assert [len(a.placeholders) for a in found.arguments] == [1] * n
    assert len({id(a.placeholders[0]) for a in found.arguments}) == n
    assert sum(isinstance(v, Traced) and v.op is None for v in found.order) == n
