"""Whatever is handed in, `check` answers in a sentence, and raises only for a number that no exercise has."""

from __future__ import annotations

import bdb
import pprint
import re
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy

from autograd import Value
from autograd.course import check, exercise, exercises
from autograd.course.hints import relation
from autograd.course.running import steps_counted
from autograd.course.wrong import NOT_YET, Wrong, shown

ALL = [e.number for e in exercises()]


class Hostile:
    """Fails at whatever it is asked."""

    def _fail(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("no")

    __repr__ = __str__ = __float__ = __len__ = __iter__ = __getitem__ = __call__ = __eq__ = _fail  # type: ignore
    tolist = _fail
    __hash__ = None  # type: ignore[assignment]
    shape = property(_fail)


class HostileDict(dict[str, float]):
    __getitem__ = __iter__ = keys = items = Hostile._fail  # type: ignore[assignment]


class HostileList(list[float]):
    __len__ = __iter__ = __getitem__ = __eq__ = Hostile._fail  # type: ignore[assignment]


class HostileText(str):
    strip = encode = __format__ = Hostile._fail  # type: ignore[assignment]


class HostileNumber(float):
    __repr__ = __format__ = __float__ = __eq__ = __lt__ = Hostile._fail  # type: ignore[assignment]


def cyclic() -> list[Any]:
    found: list[Any] = [1.0]
    found.append(found)
    return found


ODD: list[Any] = [
    None, ..., True, "", "a string", b"bytes", "1/0", "x +", "__import__('os')", "[1, 2]", "lambda x: x", 1j, 10**400,
    float("nan"), float("inf"), [], {}, set(), (), [[[[]]]], [None] * 3, ["a"] * 4, [float("nan")] * 6, {"V": 1},
    object(), object, Hostile(), Hostile, [Hostile()] * 2, cyclic(), range(10**9), iter([1, 2]), np.zeros((2, 0)),
    np.array(["a"]), np.array([1j, 2]), np.array(None), np.ma.masked, Value(1.0), [Value(float("nan"))],
    sympy.Symbol("t"), sympy.zoo, print, len, sys.exit, lambda: 1, lambda *_: None,
    lambda *_: ..., lambda *_: float("nan"),
    HostileDict(a=1.0), HostileList([4, -10]), HostileText("-2*x"), HostileNumber(4.0), [HostileNumber(4.0)] * 2,
    lambda *_: HostileDict(a=1.0), lambda *_: HostileList([1.0] * 3), lambda *_: [HostileNumber(1.0)] * 3,
    lambda *_: Hostile(), lambda *_: (x for x in [1]), lambda *_: cyclic(), lambda *_: 10**400, "9**9**9", "x" * 10_000,
]  # fmt: skip


@pytest.mark.parametrize("number", ALL)
def test_an_odd_answer_gets_a_sentence_and_no_traceback(number: str) -> None:
    for answer in ODD:
        verdict = check(number, answer)
        assert not verdict
        assert verdict.hint.endswith((".", "?", ".)"))
        assert len(verdict.hint) < 1000
        assert repr(verdict) == f"not yet: {verdict.hint}"


def raising(p: Any, g: Any) -> Any:
    return g[len(p)]


def changing(p: Any, g: Any) -> Any:
    p.append(0.0)
    return p


def endless(p: Any, g: Any) -> Any:
    while True:
        try:
            p = p[:]
        except Exception:
            continue


def in_one_line(p: Any, g: Any) -> Any:
    return [0 for _ in iter(int, 1)]


def with_nothing_in_it(p: Any, g: Any) -> Any:
    while True: pass  # noqa: E701  # fmt: skip


def caught_again_and_again(p: Any, g: Any) -> Any:
    while True:
        try:
            while True: p = p[:]  # noqa: E701  # fmt: skip
        except Exception:
            pass


async def asynchronous(p: Any, g: Any) -> Any:
    return p


def for_ever() -> Iterator[int]:
    while True:
        yield 1


def deep(p: Any, g: Any) -> Any:
    return deep(p, g)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (..., NOT_YET),
        (3, "A function is expected, and 3 was given, of type int."),
        (asynchronous, "Your function is async: a plain def is meant."),
        (lambda p: p, "raises TypeError: <lambda>() takes 1 positional argument but 2 were given"),
        (raising, "raises IndexError: list index out of range (line "),
        (lambda p, g: sys.exit(), "raises SystemExit (line "),
        (deep, "raises RecursionError: maximum recursion depth exceeded"),
        (changing, "Your function changes what it is given: p is not what it was."),
        (endless, "does not come to an end"),
        (in_one_line, "does not come to an end"),
        (with_nothing_in_it, "does not come to an end"),
        (caught_again_and_again, "does not come to an end"),
        (lambda p, g: sum(for_ever()), "does not come to an end"),
        (lambda p, g: None, "gives nothing (None): has it a return?"),
        (lambda p, g: 1.0, "∂C/∂z is a list, and 1 was given."),
        (lambda p, g: map(float, p), "(list(…) makes one of it)."),
        (lambda p, g: [1.0], "∂C/∂z has 3 entries, and 1 was given."),
        (lambda p, g: ["a"] * 3, "∂C/∂z[0] is a number, and the formula 'a' has names in it."),
        (lambda p, g: [float("nan")] * 3, "0/0, ∞ − ∞ or the like"),
    ],
)  # fmt: skip
def test_a_function_that_fails_is_told_how(answer: Any, said: str) -> None:
    assert said in check("4.3", answer).hint


@pytest.mark.parametrize("answer", [raising, endless, deep, lambda p, g: None, lambda p, g: [0.0] * 3])
def test_a_hint_begins_with_what_is_wrong_and_ends_with_where(answer: Any) -> None:
    """So that it is read first, where a line is wider than the page."""
    assert re.fullmatch(r"Your .*[.?] \(That was with p = \[.*\]\.\)", check("4.3", answer).hint)


def test_what_a_library_does_for_an_answer_is_not_counted() -> None:
    """An answer may import SymPy, which is twenty million steps; here it is a fifth of a million of pprint's."""
    with steps_counted(1000):
        pprint.pformat(list(range(10_000)))


def test_an_endless_function_is_stopped_and_nothing_is_left_behind() -> None:
    before = sys.gettrace()
    check("4.3", endless)
    assert sys.gettrace() is before


def test_where_a_debugger_traces_it_keeps_its_place() -> None:
    pdb = bdb.Bdb()
    pdb.reset()
    debugger = pdb.trace_dispatch
    before = sys.gettrace()
    sys.settrace(debugger)
    try:
        with steps_counted(3):
            inside = sys.gettrace()
        after = sys.gettrace()
    finally:
        sys.settrace(before)
    assert inside == after == debugger


def test_where_coverage_is_measured_an_endless_function_is_stopped_and_coverage_gets_its_place_back() -> None:
    def measure(*_: Any) -> Any:
        return measure

    before = sys.gettrace()
    sys.settrace(measure)
    try:
        verdict = check("4.3", endless)
        after = sys.gettrace()
    finally:
        sys.settrace(before)
    assert "does not come to an end" in verdict.hint
    assert after is measure


def test_ctrl_c_is_the_learners() -> None:
    def interrupted(p: Any, g: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("4.3", interrupted)


@pytest.mark.parametrize(
    "answer",
    [
        [4, -10], (4.0, -10.0), ["4", "-20/2"], ["4*math.sin(math.pi/2)", "-np.sqrt(100)"],
        np.array([4, -10]), np.array([4.01, -9.98], np.float32),
        [Value(4.0), Value(-10.0)], [Fraction(4), Fraction(-10)], [sympy.Integer(4), sympy.Rational(-20, 2)],
        [np.int64(4), np.float32(-10)], np.array([Value(4.0), Value(-10.0)]),
    ],
)  # fmt: skip
def test_numbers_of_every_make_are_read(answer: Any) -> None:
    assert check("1.1", answer)


def test_a_formula_may_be_text_a_function_or_sympys() -> None:
    x = sympy.Symbol("x")
    for answer in ("-2*x*exp(-x**2)", lambda x: -2 * x * np.exp(-(x**2)), sympy.diff(sympy.exp(-(x**2)), x)):
        assert check("1.2", answer)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("-2xexp(-x**2)", "a product has a sign: write 2*xexp"),
        ("-2*t*exp(-t**2)", "There is t in the formula; its letters are x."),
        ("log(x)", "At x = -1.3 the formula cannot be computed: log"),
        (["x"], "A formula in quotes is expected, or a function, and ['x'] was given, of type list."),
        (0, "Your formula is 0 at x = 0.7. It should not be 0."),
    ],
)
def test_a_formula_that_cannot_be_read_or_computed_says_why(answer: Any, said: str) -> None:
    assert said in check("1.2", answer).hint


@pytest.mark.parametrize(
    ("number", "answer", "said"),
    [
        ("1.2", "…", NOT_YET),
        ("1.2", "...", NOT_YET),
        ("5.4", "...", NOT_YET),
        ("1.2", "-2*x*exp(-x^2)", "write (…)**2"),
        ("1.2", "-2·x·exp(-x²)", "² is not read: write x**2."),
        ("1.2", "-2*x*e**(-x**2)", "There is e in the formula: an exponential is written exp(…);"),
        ("1.2", "y' = -2*x*exp(-x**2)", "leave out the = and what stands before it."),
        ("1.2", "y = -2*x*exp(-x**2)", "leave out the = and what stands before it."),
        ("1.2", r"-2x\,e^{-x^2}", "LaTeX is not read"),
        ("1.2", "$-2x$", "LaTeX is not read"),
        ("1.2", "-2*x*Exp(-x**2)", "Exp is not a function here, but exp is."),
        ("1.2", "-2*x*expp(-x**2)", "expp is not a function here, but exp is."),
        ("1.2", "banana(x)", "there are exp, log, sqrt, sin, cos, tanh, sigmoid and the like."),
        ("1.2", "'x'", "'x' is not a real number."),
        ("1.2", "[x]", "List is not allowed here."),
        ("2.2", "σ(z)(1-σ(z))", "σ is called sigmoid here."),
        ("2.2", "sigma(z)*(1 - sigma(z))", "sigma is called sigmoid here."),
        ("2.2", "O'*(1 - 2*O)", "a derivative, such as f′, has no sign here: write what it is."),
        ("2.2", "f′(e)", "a derivative, such as f′, has no sign here: write what it is."),
        ("2.2", "O(1 - O)", "O is not a function here: for a product write O*(…)."),
        ("3.2", "2*(yhat[k] - y[k])*h[s]", "its letters have no indices."),
        ("7.2", "-y*ln(yhat)", "ln is called log here."),
    ],
)
def test_a_formula_in_another_notation_is_told_what_to_write(number: str, answer: str, said: str) -> None:
    hint = check(number, answer).hint
    assert said in hint
    assert len(hint) < 160  # not a list of all functions


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        ("1.2", "-2*x*math.exp(-x**2)"),
        ("1.2", "-2*x*np.exp(-x**2)"),
        ("3.2", "2*(ŷ - y)*(1 - ŷ**2)*h"),
        ("3.2", "2＊（ŷ－y）＊（1－ŷ＊＊2）＊h"),  # a Chinese keyboard's
        ("5.4", "６４．０"),
        ("５．４", 64),
        (" 5.4 ", 64),
        ("3.2", "2*(y\u0302 - y)*(1 - y\u0302**2)*h"),  # a y and a circumflex
    ],
)
def test_what_is_python_in_the_notebooks_is_python_in_a_formula(number: str, answer: str) -> None:
    assert check(number, answer)


@pytest.mark.parametrize(
    ("number", "answer", "said"),
    [
        ("1.1", [4, None], "∂e/∂b is a number, and None was given"),
        ("4.4", lambda W, b, a_in, g: (1.0, b, a_in), "∂C/∂W is a list, and 1 was given."),
        ("2.3", lambda w, x, b, t: (b, w), "∂E/∂w is a list, and 0.3 was given."),
        ("5.1", [None, -2, -1], "Derivative of the first loss is a number, and None was given"),
        ("1.4", lambda tape: {name: None for name, _ in tape}, "gradient['e'] is a number"),
        ("1.1", [10**400, -10], "∂e/∂a is larger than any float."),
        ("4.1", [1, 0, 6, -0.5, 0, -3], "∂C/∂W has 2 rows, and 6 were given."),
        ("8.1", [[4, 2]], "The Hessian has 2 rows, and 1 was given."),
        ("7.3", [[0, 0], [0, 0], [3, 1], [4.5]], "The rise of b is a number, and [4.5] was given"),
    ],
)
def test_a_part_of_another_shape_is_called_by_its_name(number: str, answer: Any, said: str) -> None:
    assert said in check(number, answer).hint


@pytest.mark.parametrize("number", ["0.1", "10.1", "1.99", "1", "", "one"])
def test_a_number_that_no_exercise_has_is_an_error_that_says_which_there_are(number: str) -> None:
    for asked in (lambda: check(number, 1), lambda: exercise(number)):
        with pytest.raises(ValueError, match=r"there is no exercise '.*'; there are 1.1 to 1.5, .*, 9.1 to 9.5"):
            asked()


def test_a_number_is_a_string() -> None:
    with pytest.raises(TypeError, match=r'a string such as "2.3", not 2.3'):
        check(2.3, 1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="notebook 77 has no exercises"):
        exercises(77)


@pytest.mark.parametrize("expected", [3.7, -0.02, 1e9])
def test_a_hint_says_how_a_number_is_off(expected: float) -> None:
    said = {
        -1.0: "right size and the wrong sign",
        2.0: "too large by a factor 2.",
        -0.5: "too small by a factor 2, and has the wrong sign.",
        3.0: "too large by a factor m.",
        1 / 3: "too small by a factor m.",
        -5.0: "wrong sign, and is too large in size",
        0.0: "It should not be 0.",
        float("inf"): "beyond all bounds" if expected else "",
    }
    for ratio, hint in said.items():
        assert hint in relation(ratio * expected, expected, {"m": 3.0})
    assert "too small" in relation(0.9 * expected, expected)
    assert relation(1.0, 0.0) == "That is not right."


def test_what_is_shown_of_an_answer_is_short() -> None:
    assert shown([1 / 3] * 50) == f"[{', '.join(['0.333333'] * 8)}, ...]"
    assert len(shown("x" * 1000)) < 100
    assert "Hostile" in shown(Hostile())
    assert str(Wrong("hint")) == "hint"
