"""The kinds of answers, each a maker of checks: `numbers`, `formula`, `function`.

A check is a function of the answer that raises `Wrong` with a hint, or returns. The right answer is computed only when
it is called, from a function that the engine differentiates.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import permutations
from typing import Any

from autograd.course.answers import as_formula, is_matrix, leaves, part_of
from autograd.course.hints import THREE_DIGITS, close, relation
from autograd.course.running import called
from autograd.course.wrong import Wrong, shown

__all__ = ["Check", "Mistakes", "compared", "formula", "function", "numbers"]

Check = Callable[[Any], None]
Mistakes = Sequence[tuple[Callable[..., Any], str]]
"""What gives a famous wrong answer, and what is said to it."""

ROUNDING = 1e-6
"""Relative: other orders of additions differ by 1e-15, and what is wrong in these cases by 1 % and more."""


def compared(
    given: Any,
    expected: Any,
    *,
    what: str = "the answer",
    names: Mapping[str, str] | None = None,
    at: str = "",
    after: str = "",
    rtol: float = ROUNDING,
    factors: Mapping[str, float] | None = None,
    wanted: str = "",
) -> None:
    """Raise `Wrong` at the first number that is not the expected one.

    Args:
        names: what to call an entry, where it has a better name; see `leaves`.
        at: the end of "Your formula is 3 …", such as " at x = 0.5".
        after: a last sentence.
        wanted: see `relation`.
    """
    if not _agree(given, expected, rtol):
        _not_transposed(given, expected, what, names, after)
        _in_order(given, expected, names, rtol)
    for name, number, right in leaves(given, expected, what, names):
        if not close(number, right, rtol, 1e-12):
            hint = f"Your {name.removeprefix('the ')} is {number:.6g}{at}. {relation(number, right, factors, wanted)}"
            raise Wrong(f"{hint} {after}".rstrip())


def _in_order(given: Any, expected: Any, names: Mapping[str, str] | None, rtol: float) -> None:
    """Raise `Wrong` where all parts that have names are right, but stand in another order."""
    named = isinstance(expected, Sequence) and list(names or {}) == [f"[{i}]" for i in range(len(expected))]
    if named and any(_agree(given, order, rtol) for order in permutations(expected)):
        raise Wrong(f"The parts are right, but their order is to be {', '.join((names or {}).values())}.")


def _not_transposed(given: Any, expected: Any, what: str, names: Mapping[str, str] | None, after: str) -> None:
    """Raise `Wrong` where a matrix has the right numbers, and rows for columns."""
    for name, part, right in _matrices(given, expected, what, names):
        columns = [list(column) for column in zip(*right, strict=True)]
        if not _agree(part, right, THREE_DIGITS) and _agree(part, columns, THREE_DIGITS):
            raise Wrong(f"Your {name.removeprefix('the ')} is transposed: its rows are your columns. {after}".rstrip())


def _matrices(
    given: Any, expected: Any, what: str, names: Mapping[str, str] | None = None
) -> Iterator[tuple[str, Any, Any]]:
    """The matrices that are expected, each with what it is called and what was given for it."""
    if isinstance(expected, Mapping):
        for key, part in expected.items():
            if isinstance(given, Mapping) and key in given:
                yield from _matrices(given[key], part, part_of(what, key, names))
    elif is_matrix(expected):
        yield what, given, expected
    elif isinstance(expected, Sequence) and isinstance(given, list | tuple) and len(given) == len(expected):
        for i, part in enumerate(expected):
            yield from _matrices(given[i], part, part_of(what, i, names))


def numbers(
    right: Callable[[], Any],
    *,
    what: str = "the answer",
    names: Sequence[str] = (),
    factors: Mapping[str, float] | None = None,
    mistakes: Mistakes = (),
    rtol: float = THREE_DIGITS,
) -> Check:
    """A number, or lists of numbers, to three digits.

    Args:
        right: computes them.
        names: of the entries, if it is a list.
    """

    def check(answer: Any) -> None:
        expected = right()
        for mistaken, hint in mistakes:
            if _agree(answer, mistaken(), rtol):
                raise Wrong(hint)
        called_here = {f"[{i}]": name for i, name in enumerate(names)}
        wanted = "three digits are wanted" if rtol else "it is to be counted exactly"
        compared(answer, expected, what=what, names=called_here, rtol=rtol, factors=factors, wanted=wanted)

    return check


def formula(
    right: Callable[..., float],
    points: Sequence[Mapping[str, float]],
    *,
    factors: Mapping[str, float] | None = None,
    mistakes: Mistakes = (),
) -> Check:
    """A formula in the letters of the points, as text or as a function; compared at all of them."""

    def check(answer: Any) -> None:
        read = as_formula(answer, list(points[0]))
        given = [read(**at) for at in points]
        for mistaken, hint in mistakes:
            if _agree(given, [mistaken(*at.values()) for at in points], ROUNDING):
                raise Wrong(hint)
        for at, number in zip(points, given, strict=True):
            where = " at " + ", ".join(f"{name} = {x:g}" for name, x in at.items())
            compared(number, right(*at.values()), what="the formula", at=where, factors=factors)

    return check


def function(
    right: Callable[..., Any],
    cases: Sequence[Mapping[str, Any]],
    *,
    what: str = "the result",
    names: Mapping[str, str] | None = None,
    factors: Callable[..., Mapping[str, float]] | None = None,
    mistakes: Mistakes = (),
    rtol: float = ROUNDING,
) -> Check:
    """A function, compared with another on some cases; both get the operands in this order.

    Args:
        right: what it has to give.
        cases: the operands by name; what is handed in may call them otherwise.
        what: what it computes, for the hint.
        factors: of a case, as in `relation`.
        mistakes: functions that are wrong in a way that has a hint of its own.
    """

    def check(answer: Any) -> None:
        for case in cases:
            operands = dict(case)
            given = called(answer, operands)
            expected = right(*copy.deepcopy(operands).values())
            if not _agree(given, expected, rtol):
                for mistaken, hint in mistakes:
                    wrong = mistaken(*copy.deepcopy(operands).values())
                    if not _agree(wrong, expected, rtol) and _agree(given, wrong, rtol):
                        raise Wrong(hint)
            seen = ", ".join(f"{name} = {shown(x)}" for name, x in operands.items() if not callable(x))
            after = f"(That was with {seen}.)"
            ratios = factors(*operands.values()) if factors else None
            compared(given, expected, what=what, names=names, after=after, rtol=rtol, factors=ratios)

    return check


def _agree(given: Any, expected: Any, rtol: float) -> bool:
    try:
        return all(close(a, b, rtol, 1e-12) for _, a, b in leaves(given, expected))
    except Wrong:
        return False
