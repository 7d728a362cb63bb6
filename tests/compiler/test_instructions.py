"""`verify` refuses each kind of broken array program, and what the compiler makes is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Value, relu, total, where
from autograd.compiler.arrays import Code
from autograd.compiler.instructions import (
    Adjoint,
    Array,
    Compare,
    Contribute,
    ContributeTaken,
    Elementwise,
    Function,
    Gather,
    Literal,
    Mask,
    Not,
    ProgramError,
    ReduceSum,
    Reshape,
    Rows,
    Save,
    Scatter,
    Take,
    Where,
    place,
    verify,
)
from autograd.compiler.stores import INPUT, PARAMETER, SAMPLE, SHARED, Operand

ONES = np.ones(3)


def rows(**known: int) -> dict[int, Any]:
    """For each store, three rows, of which the first few are known."""
    stores = {"shared": SHARED, "sample": SAMPLE, "parameter": PARAMETER}
    return {store: np.arange(3) < known.get(name, 0) for name, store in stores.items()}


def check(code: Code, written: Any = None, cleared: Any = None, destinations: Any = None, gradient: Any = None) -> None:
    verify(code.instructions, written or rows(), cleared or rows(), destinations or {}, gradient)


def literal(code: Code, size: int = 3) -> Array:
    return code.do(Literal, (size,), False, np.ones(size))


def test_a_program_that_keeps_the_rules_passes() -> None:
    code = Code()
    x = literal(code)
    y = code.do(Elementwise, (3,), False, "add", (x, 1.0))
    code.do(Save, (3,), False, y, SHARED, 0)
    code.do(Rows, (3,), False, SHARED, 0, (1,))
    code.do(Contribute, (3,), False, y, SHARED, 0, (1,), True)
    code.do(Contribute, (3,), False, y, SHARED, 0, (1,), False)
    code.do(Adjoint, (3,), False, SHARED, 0)
    code.do(Contribute, (3,), False, y, PARAMETER, 0, (1,), True)
    check(code, gradient=PARAMETER)


@pytest.mark.parametrize("kind", [Elementwise, Function])
def test_a_condition_is_no_number(kind: Any) -> None:
    code = Code()
    x = literal(code)
    c = code.do(Compare, (3,), False, "greater", (x, 0.0))
    code.do(kind, (3,), False, *{Elementwise: ("add",), Function: ("of two", np.add)}[kind], (c, x))
    with pytest.raises(ProgramError, match="its args has to be a number"):
        check(code)


@pytest.mark.parametrize("kind", [Not, Where, Mask])
def test_a_number_is_no_condition(kind: Any) -> None:
    code = Code()
    x = literal(code)
    args = {Not: (x,), Where: (x, x, x), Mask: (x, x)}[kind]
    code.do(kind, (3,), False, *args)
    with pytest.raises(ProgramError, match="has to be a condition"):
        check(code)


@pytest.mark.parametrize("effect", [Save, Contribute, Scatter])
def test_no_condition_is_stored_or_added_up(effect: Any) -> None:
    code = Code()
    c = code.do(Compare, (3,), False, "greater", (literal(code), 0.0))
    more = {Save: (SHARED, 0), Contribute: (SHARED, 0, (1,), True), Scatter: (SHARED, np.arange(3), True)}[effect]
    code.do(effect, (3,), False, c, *more)
    with pytest.raises(ProgramError, match="its x has to be a number"):
        check(code)


def test_nothing_is_used_before_it_is_bound_or_bound_twice() -> None:
    other, code = Code(), Code()
    x = literal(other)
    code.do(Elementwise, (3,), False, "exp", (x,))
    with pytest.raises(ProgramError, match="used before it is bound"):
        check(code)
    code = Code()
    code.instructions.append(literal(code))
    with pytest.raises(ProgramError, match="bound twice"):
        check(code)


def test_an_operand_is_an_array_or_a_float() -> None:
    code = Code()
    code.do(Elementwise, (3,), False, "add", (literal(code), True))
    with pytest.raises(ProgramError, match="its args has to be a number, not True"):
        check(code)


def test_a_row_is_written_before_it_is_read_and_once() -> None:
    code = Code()
    code.do(Rows, (3,), False, SHARED, 0, (1,))
    with pytest.raises(ProgramError, match="reads rows that nothing has been written to"):
        check(code, written=rows(shared=2))
    check(code, written=rows(shared=3))
    code = Code()
    code.do(Save, (3,), False, literal(code), SHARED, 0)
    with pytest.raises(ProgramError, match="writes rows that have been written to"):
        check(code, written=rows(shared=1))


def test_the_first_contribution_assigns_or_the_row_was_cleared() -> None:
    code = Code()
    code.do(Contribute, (3,), False, literal(code), SHARED, 0, (1,), False)
    with pytest.raises(ProgramError, match="adds to adjoints that start from nothing"):
        check(code, cleared=rows(shared=2))
    check(code, cleared=rows(shared=3))
    code = Code()
    code.do(Contribute, (3,), False, literal(code), SHARED, 0, (1,), True)
    with pytest.raises(ProgramError, match="assigns adjoints that have been contributed to"):
        check(code, cleared=rows(shared=1))
    code = Code()
    items = Operand(SHARED, np.arange(3))
    code.do(ContributeTaken, (), False, code.do(Literal, (), False, np.ones(())), items, items, (3,))
    with pytest.raises(ProgramError, match="adds to adjoints that start from nothing"):
        check(code)


def test_an_adjoint_is_contributed_to_before_it_is_read() -> None:
    code = Code()
    code.do(Adjoint, (3,), False, SHARED, 0)
    for known in (0, 2):
        with pytest.raises(ProgramError, match="reads adjoints that nothing has been contributed to"):
            check(code, cleared=rows(shared=known))


def test_a_row_is_contributed_to_once_at_a_time() -> None:
    code = Code()
    code.do(Contribute, (3,), False, literal(code), SHARED, 0, (0,), True)
    with pytest.raises(ProgramError, match="contributes to one row twice at once"):
        check(code)


def test_every_parameter_gets_a_gradient() -> None:
    code = Code()
    code.do(Contribute, (2,), False, literal(code, 2), PARAMETER, 0, (1,), True)
    with pytest.raises(ProgramError, match=r"nothing sets the gradient of parameters \[2\]"):
        check(code, gradient=PARAMETER)


@pytest.mark.parametrize(
    ("kind", "lanes", "args"),
    [
        (Elementwise, (4,), lambda x: ("exp", (x,))),
        (ReduceSum, (2,), lambda x: (x,)),
        (Save, (2,), lambda x: (x, SHARED, 0)),
        (Contribute, (2,), lambda x: (x, SHARED, 0, (1,), True)),
    ],
)
def test_lanes_have_to_fit(kind: Any, lanes: tuple[int, ...], args: Any) -> None:
    code = Code()
    code.do(kind, lanes, False, *args(literal(code)))
    with pytest.raises(ProgramError, match="lanes"):
        check(code)


def test_a_batch_does_not_appear_or_vanish() -> None:
    code = Code()
    code.do(Elementwise, (3,), True, "exp", (literal(code),))
    with pytest.raises(ProgramError, match="batch"):
        check(code)
    code = Code()
    code.do(Save, (3,), False, code.do(Rows, (3,), True, SAMPLE, 0, (1,)), SHARED, 0)
    with pytest.raises(ProgramError, match="what it writes has other lanes"):
        check(code, written=rows(sample=3))


def test_another_shape_has_the_same_elements() -> None:
    code = Code()
    x = literal(code)
    code.do(Reshape, (3, 1), False, x)
    check(code)
    code.do(Reshape, (4,), False, x)
    with pytest.raises(ProgramError, match="it has other elements"):
        check(code)


def test_only_what_looks_at_a_store_has_a_place_there() -> None:
    with pytest.raises(TypeError, match="Literal has no place in a store"):
        place(literal(Code()))


def test_a_result_is_not_written_where_something_is_still_needed() -> None:
    code = Code()
    y = code.do(Elementwise, (3,), False, "exp", (literal(code),))
    first = code.do(Contribute, (3,), False, y, SHARED, 0, (1,), False)
    with pytest.raises(ProgramError, match="a result is written where it has to be added"):
        check(code, cleared=rows(shared=3), destinations={y: first})
    code = Code()
    y = code.do(Elementwise, (3,), False, "exp", (literal(code),))
    code.do(Contribute, (3,), False, literal(code), SHARED, 0, (1,), True)
    last = code.do(Contribute, (3,), False, y, SHARED, 0, (1,), True)
    with pytest.raises(ProgramError):
        check(code, destinations={y: last})
    code = Code()
    y = code.do(Elementwise, (3,), False, "exp", (literal(code),))
    code.do(Rows, (2,), False, SHARED, 0, (1,))
    saved = code.do(Save, (3,), False, y, SHARED, 0)
    with pytest.raises(ProgramError):
        check(code, written=rows(shared=2), destinations={y: saved})
    code = Code()
    y = code.do(Elementwise, (3,), False, "exp", (literal(code),))
    scattered = code.do(Scatter, (3,), False, y, SHARED, np.arange(3), True)
    with pytest.raises(ProgramError, match="a result cannot be written there"):
        check(code, destinations={y: scattered})


@pytest.mark.parametrize("kind", [Rows, Gather, Take, Save])
def test_nobody_else_works_on_rows_between_a_result_that_is_written_there_and_its_save(kind: Any) -> None:
    """So a result may be written there early: what is read was written before, and a row is written once."""
    code = Code()
    y = code.do(Elementwise, (3,), False, "exp", (literal(code),))
    items = Operand(SHARED, np.array([2]))
    args = {Rows: (SHARED, 2, (1,)), Gather: (SHARED, items.rows), Take: (items, items, (1,))}
    code.do(kind, (1,), False, *args.get(kind, (literal(code, 1), SHARED, 2)))
    wanted = code.do(Save, (3,), False, y, SHARED, 0)
    for known in (np.arange(3) == 2, np.arange(3) < 0):
        with pytest.raises(ProgramError):
            check(code, written={SHARED: known}, destinations={y: wanted})


@pytest.mark.parametrize("kind", [Adjoint, Contribute, Scatter, ContributeTaken])
def test_nobody_else_works_on_adjoints_between_a_result_that_is_written_there_and_its_contribution(kind: Any) -> None:
    """So a result may be written there early: what is read was contributed before, and who assigns is the first."""
    code = Code()
    y, one = code.do(Elementwise, (3,), False, "exp", (literal(code),)), literal(code, 1)
    items = Operand(SHARED, np.array([2]))
    args = {
        Adjoint: (SHARED, 2),
        Contribute: (one, SHARED, 2, (1,), True),
        Scatter: (one, SHARED, items.rows, True),
        ContributeTaken: (one, items, items, (1,)),
    }
    other = code.do(kind, (1,), False, *args[kind])
    wanted = code.do(Contribute, (3,), False, y, SHARED, 0, (1,), True)
    assert other.adjoints
    assert kind is ContributeTaken or " of ∂/∂shared" in str(other)
    for known in (np.arange(3) == 2, np.arange(3) < 0):
        with pytest.raises(ProgramError):
            check(code, cleared={SHARED: known}, destinations={y: wanted})


@pytest.mark.parametrize("shape", [(3,), (1, 3)])
def test_what_lies_in_adjoints_is_not_used_after_something_was_added_to_them(shape: tuple[int, ...]) -> None:
    """Neither an adjoint that was read, nor a result that was written there, in whatever shape."""
    for destined in (False, True):
        code = Code()
        if destined:
            y = code.do(Elementwise, (3,), False, "exp", (literal(code),))
            wanted = code.do(Contribute, (3,), False, y, SHARED, 0, (1,), True)
        else:
            code.do(Contribute, (3,), False, literal(code), SHARED, 0, (1,), True)
            y = code.do(Adjoint, (3,), False, SHARED, 0)
        seen = code.do(Reshape, shape, False, y) if shape != (3,) else y
        code.do(Elementwise, shape, False, "negative", (seen,))
        destinations = {y: wanted} if destined else {}
        check(code, destinations=destinations)
        code.do(Contribute, (1,), False, literal(code, 1), SHARED, 2, (1,), False)
        check(code, destinations=destinations)
        code.do(Elementwise, shape, False, "negative", (seen,))
        with pytest.raises(ProgramError, match="lies in adjoints that have changed since"):
            check(code, destinations=destinations)


def mixed_conditions() -> tuple[Any, tuple[Any, ...]]:
    h, u = [Value(0.3 * (j - 1)) for j in range(5)], [Value(0.7) for _ in range(3)]
    m = [[Value(0.1 * (i - j) + 0.05) for j in range(5)] for i in range(3)]

    def f(x: Any) -> Any:
        chosen = [where(h[j] > 0, where(m[i][j] > 0, u[i], m[i][j]), x) for i in range(3) for j in range(5)]
        return sum(chosen) + relu(total(h)) + ((h[0] > x) + (h[1] > x)) * u[0]

    return f, (1.0,)


def network() -> tuple[Any, tuple[Any, ...]]:
    model = nn.MLP(5, [4, 3], activation="relu", seed=0)
    return lambda x, y: nn.cross_entropy(model(x), y), ([0.0] * 5, 1)


@pytest.mark.parametrize("make", [mixed_conditions, network])
def test_what_the_compiler_makes_is_verified_and_prints_its_types(make: Any) -> None:
    f, example = make()
    lowered = autograd.compile(f, example=example, engine="numpy")._programs.arrays
    lowered.verify()
    shown = str(lowered)
    assert len(shown.splitlines()) == len(lowered.instructions)
    for word in ("× batch", "Save(", "Contribute("):
        assert word in shown
    first = next(x for x in lowered.instructions if isinstance(x, Save))
    lowered.instructions.remove(first)
    with pytest.raises(ProgramError):
        lowered.verify()


def test_an_instruction_says_what_it_does_and_its_type() -> None:
    code = Code()
    x = literal(code)
    y = code.do(Elementwise, (2, 3), True, "add", (x, 1.0))
    c = code.do(Compare, (), False, "greater", (y, 0.0))
    many = code.do(Gather, (9,), False, SHARED, np.arange(9))
    few = code.do(Gather, (8,), False, SHARED, np.arange(8))
    assert [str(i) for i in (x, y, c, many, few)] == [
        "Literal([1.0, 1.0, 1.0]) : 3",
        "Elementwise(add, (<Literal 3>, 1.0)) : 2×3 × batch",
        "Compare(greater, (<Elementwise 2×3 × batch>, 0.0)) : 1 conditions",
        "Gather(array of 9) of shared : 9",
        "Gather([0, 1, 2, 3, 4, 5, 6, 7]) of shared : 8",
    ]
    assert [y.written({x: 0, y: 1}), c.written({x: 0, y: 1})] == [
        "Elementwise(add, (%0, 1.0))",
        "Compare(greater, (%1, 0.0))",
    ]
    to = code.do(Contribute, (3,), False, x, INPUT + 2, 0, (1,), True)
    assert to.written({x: 0}) == "Contribute(%0, 0, (1), True) of ∂/∂input 2"
    assert repr(y).startswith("Elementwise(lanes=(2, 3), batched=True, function='add'")


def test_operands_that_fit_no_lanes_together_are_refused_even_for_a_result_without_elements() -> None:
    code = Code()
    code.do(Elementwise, (0,), False, "add", (literal(code, 2), literal(code, 3)))
    with pytest.raises(ProgramError, match="its lanes are not those of its operands"):
        check(code)


def test_what_is_chosen_from_was_written_before() -> None:
    code = Code()
    items, index = Operand(SHARED, np.arange(3)), Operand(PARAMETER, np.zeros(1, int))
    code.do(Take, (), False, items, index, (3,))
    with pytest.raises(ProgramError, match="reads rows that nothing has been written to"):
        check(code, written=rows(shared=2))
    check(code, written=rows(shared=3))
