"""The exercises can be solved, are not solved as they are, nothing wrong passes, and no hint gives the answer away."""

from __future__ import annotations

import math
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wrong_answers import WRONG

from autograd.course import Verdict, check, exercise, exercises, kinds
from autograd.course.answers import as_number
from autograd.course.checks import notebook1
from autograd.course.wrong import NOT_YET

ROOT = Path(__file__).parents[2]
ALL = exercises()
NOTEBOOKS = sorted({e.notebook for e in ALL})

each_exercise = pytest.mark.parametrize("e", ALL, ids=[e.number for e in ALL])
each_wrong_answer = pytest.mark.parametrize(
    ("number", "answer"),
    [pytest.param(number, x, id=f"{number}-{i}") for number, given in WRONG.items() for i, x in enumerate(given)],
)


def right_answers(notebook: int) -> dict[str, Any]:
    """What the solutions hand in."""
    given: dict[str, Any] = {}

    def keep(number: str, answer: Any) -> Verdict:
        given[number] = answer
        return check(number, answer)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("autograd.course.check", keep)
        runpy.run_path(str(ROOT / "notebooks" / "solutions" / f"{notebook:02}.py"))  # and asserts that each is right
    return given


def started(e: Any) -> Verdict:
    """What is said to the code that an exercise starts from."""
    names: dict[str, Any] = {}
    exec(f"from autograd.course import check\n{e.start.replace('check(', 'verdict = check(')}", names)
    return names["verdict"]


def numbers_in(x: Any) -> list[float]:
    if isinstance(x, dict):
        return [number for part in x.values() for number in numbers_in(part)]
    if isinstance(x, list | tuple):
        return [number for part in x for number in numbers_in(part)]
    return [float(x)] if isinstance(x, int | float) else []


def three_digits(x: float) -> str:
    return f"{x:.2e}"


NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


@pytest.fixture
def expected(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The right number in the place of each that a check has found to be wrong."""
    seen: list[float] = []
    relation = kinds.relation

    def listening(given: float, right: float, *rest: Any) -> str:
        seen.append(right)
        return relation(given, right, *rest)

    monkeypatch.setattr(kinds, "relation", listening)
    return seen


def told(hint: str, right: list[float], shown: str) -> set[str]:
    """The right numbers that a hint contains, to three digits; but for 0, 1, how many, and what was there already."""
    known = {three_digits(float(x)) for x in (*NUMBER.findall(shown), 0, 1, len(right))}
    return {three_digits(float(x)) for x in NUMBER.findall(hint)} & {three_digits(x) for x in right} - known


def test_every_notebook_has_at_least_five_exercises_numbered_without_a_gap() -> None:
    assert list(range(1, 10)) == NOTEBOOKS
    for notebook in NOTEBOOKS:
        found = [e.number for e in exercises(notebook)]
        assert len(found) >= 5
        assert found == [f"{notebook}.{k}" for k in range(1, len(found) + 1)]


def test_six_famous_bugs_are_there_to_be_found() -> None:
    assert len([e for e in ALL if e.title.startswith("Find the bug")]) == 6


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_the_solutions_of_every_exercise_are_right(notebook: int) -> None:
    assert list(right_answers(notebook)) == [e.number for e in exercises(notebook)]


@each_exercise
def test_the_code_to_start_from_runs_hands_in_and_is_not_right(e: Any, expected: list[float]) -> None:
    assert e.start.splitlines()[-1].startswith(f'check("{e.number}", ')
    verdict = started(e)
    assert not verdict
    if e.title.startswith("Find the bug"):
        assert verdict.hint != NOT_YET
        assert not told(verdict.hint, expected, e.text)
    else:
        assert verdict.hint == NOT_YET


@each_exercise
def test_two_wrong_answers_to_every_exercise_are_known(e: Any) -> None:
    assert len(WRONG[e.number]) >= 2


@each_wrong_answer
def test_a_wrong_answer_is_refused_and_its_hint_does_not_tell_the_right_one(
    number: str, answer: Any, expected: list[float]
) -> None:
    verdict = check(number, answer)
    assert not verdict
    assert verdict.hint
    assert "Traceback" not in verdict.hint
    own = f"{exercise(number).text} {answer if isinstance(answer, str) else numbers_in(answer)}"
    assert not told(verdict.hint, expected, own), verdict.hint
    solution = right_answers(exercise(number).notebook)[number]
    if not callable(solution):
        right = [solution] if isinstance(solution, str) else numbers_in(solution)
        text = [x for x in right if isinstance(x, str)]
        assert not any(x in verdict.hint for x in text)
        assert not told(verdict.hint, [x for x in right if not isinstance(x, str)], own), verdict.hint


def turned(x: Any) -> Any:
    """The same with every matrix transposed."""
    x = x.tolist() if isinstance(x, np.ndarray) else x
    if isinstance(x, dict):
        return {key: turned(part) for key, part in x.items()}
    if not isinstance(x, list | tuple):
        return x
    if all(isinstance(row, list | tuple) and numbers_in(row) == list(row) for row in x) and len(set(map(len, x))) == 1:
        return [list(column) for column in zip(*x, strict=True)]
    return type(x)(turned(part) for part in x)


@pytest.mark.parametrize("number", ["3.4", "3.5", "4.1", "4.4", "9.1"])  # all whose matrices are not symmetric
def test_a_transposed_matrix_is_called_one(number: str) -> None:
    solution = right_answers(exercise(number).notebook)[number]
    verdict = check(number, (lambda *given: turned(solution(*given))) if callable(solution) else turned(solution))
    assert not verdict
    assert "is transposed: its rows are your columns." in verdict.hint


@pytest.mark.parametrize("number", ["1.1", "2.3", "3.1", "3.3", "3.5", "4.4", "4.5", "5.2", "6.2", "6.5", "7.1"])
def test_the_right_parts_in_another_order_are_told_which_it_is(number: str) -> None:
    solution = right_answers(exercise(number).notebook)[number]
    verdict = check(number, (lambda *given: solution(*given)[::-1]) if callable(solution) else solution[::-1])
    assert not verdict
    assert "The parts are right, but their order is to be " in verdict.hint


def test_what_is_to_be_done_with_grad_alone_is_not_right_otherwise() -> None:
    for answer in WRONG["8.4"][2:4]:
        assert "with grad alone" in check("8.4", answer).hint


@pytest.mark.parametrize("number", ["1.1", "2.1", "3.1", "3.3", "5.1", "5.2", "5.4", "6.1", "6.2", "6.3", "7.1", "8.2"])
def test_a_right_number_with_too_few_digits_is_told_so_and_not_that_it_is_wrong(number: str) -> None:
    solution = right_answers(exercise(number).notebook)[number]
    alone = not isinstance(solution, list)
    right = [as_number(x) for x in ([solution] if alone else solution)]
    for i, x in enumerate(right):
        for digits in (1, 2):
            short = float(f"{x:.{digits - 1}e}")
            verdict = check(number, short if alone else [*right[:i], short, *right[i + 1 :]])
            assert verdict or "It is rounded too far: " in verdict.hint
            cut_or_rounded = abs(short - x) < 10.0 ** (math.floor(math.log10(abs(x))) - 2)
            assert bool(verdict) == cut_or_rounded  # two digits are three where the third is 0


def test_a_number_that_a_hint_tells_would_be_noticed() -> None:
    assert told("It is 3.1416 here.", [math.pi], "")
    assert not told("It is 3.1416 here.", [math.pi], "3.14")
    assert not told("It is -3.1416 here: the sign is wrong.", [math.pi], "")


def test_the_course_needs_the_standard_library_only_and_is_not_loaded_with_the_engine() -> None:
    program = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import autograd
assert not [name for name in sys.modules if "course" in name]
from autograd.course import check
print([check(number, 1.0).right for number in {[e.number for e in ALL]!r}].count(False))
"""
    bare = [sys.executable, "-I", "-S", "-c", program]  # without site-packages
    assert subprocess.run(bare, capture_output=True, text=True, check=True).stdout == f"{len(ALL)}\n"


def test_the_tapes_have_the_gradients_of_the_engine() -> None:
    """What 1.4 and 1.5 compare with is a sum over ways; backward is another computation."""
    for make in (notebook1.twice_used, notebook1.short_cut):
        root = make()
        root.backward()
        tape = dict(notebook1.tape(root))
        gradients = notebook1._over_ways(tape, root.label)
        nodes = {node.label: node for node in notebook1.topological_order(root)}
        assert gradients == pytest.approx({name: node.grad for name, node in nodes.items()}, rel=1e-12)  # sums of a few


def test_solutions_are_refused_where_a_wrong_answer_is_expected() -> None:
    """So that no check passes everything: the answer to one exercise is not that to the next."""
    for notebook in NOTEBOOKS:
        given = list(right_answers(notebook).items())
        for (number, _), (_, other) in zip(given, given[1:] + given[:1], strict=True):
            assert not check(number, other)
