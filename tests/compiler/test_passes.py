"""Every pass leaves a program that keeps its rules; `verify` of the scalar program finds each rule broken."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from written import PROGRAMS

import autograd
from autograd import Value, tanh
from autograd.compiler.instructions import ProgramError
from autograd.compiler.lower import ArrayProgram
from autograd.compiler.normalise import Returned, Scalars
from autograd.compiler.passes import PASSES, Programs
from autograd.compiler.trace import trace
from autograd.primitives import table


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_pass_leaves_a_program_that_keeps_its_rules(name: str) -> None:
    written = PROGRAMS[name]
    f, _ = written.make()
    program: Any = trace(f, written.example)
    for step in PASSES:
        program = step(program)
        if isinstance(program, (Scalars, ArrayProgram)):
            program.verify()
        else:
            program.scalars.verify()  # to which it may have added constants
        assert str(program)


def scalars() -> Scalars:
    """v = tanh(w x) + 2 (w is 3, x is 4) for an input and a parameter."""
    w = Value(0.5)
    made = Programs.of(trace(lambda x: tanh(w * x) + 2.0, 1.0)).scalars
    made.verify()
    return made


def find(s: Scalars, name: str) -> int:
    return next(node for node, op in enumerate(s.op) if op is not None and op.name == name)


def no_longer_a_leaf(s: Scalars) -> None:
    del s.parameters[next(iter(s.parameters))]


def two_kinds_of_leaf(s: Scalars) -> None:
    s.constants[next(iter(s.inputs))] = 1.0


def an_operation_that_is_a_leaf_as_well(s: Scalars) -> None:
    s.constants[find(s, "tanh")] = 1.0


def an_operand_from_later_on(s: Scalars) -> None:
    node = find(s, "mul")
    s.operands[node] = (s.operands[node][0], node)


def a_negative_operand(s: Scalars) -> None:
    node = find(s, "mul")
    s.operands[node] = (s.operands[node][0], -1)


def an_operand_too_many(s: Scalars) -> None:
    node = find(s, "tanh")
    s.operands[node] *= 2


def a_sum_of_nothing(s: Scalars) -> None:
    node = find(s, "add")
    s.op[node], s.operands[node] = table["total"], ()


def another_level(s: Scalars) -> None:
    s.level[find(s, "tanh")] += 1


def no_batch(s: Scalars) -> None:
    s.batched[find(s, "tanh")] = False


def a_parameter_with_a_batch(s: Scalars) -> None:
    s.batched[next(iter(s.parameters))] = True


def no_gradient(s: Scalars) -> None:
    s.active[find(s, "tanh")] = False


def an_input_with_a_gradient(s: Scalars) -> None:
    s.active[next(iter(s.inputs))] = True


def the_same_twice(s: Scalars) -> None:
    node = find(s, "tanh")
    for of in (s.op, s.operands, s.level, s.batched, s.active, s.rank):
        of.append(of[node])  # type: ignore[attr-defined]


def a_result_that_is_not_there(s: Scalars) -> None:
    s.result = [1.0, (Returned(len(s)),)]


RULES: dict[Callable[[Scalars], None], str] = {
    no_longer_a_leaf: "not one kind of leaf",
    two_kinds_of_leaf: "not one kind of leaf",
    an_operation_that_is_a_leaf_as_well: "not one kind of leaf",
    an_operand_from_later_on: "used before it is bound",
    a_negative_operand: "used before it is bound",
    an_operand_too_many: "another number of operands",
    a_sum_of_nothing: "another number of operands",
    another_level: "level",
    no_batch: "batch",
    a_parameter_with_a_batch: "batch",
    no_gradient: "gradient",
    an_input_with_a_gradient: "gradient",
    the_same_twice: "once more",
    a_result_that_is_not_there: "the result has a node",
}


@pytest.mark.parametrize("broken", RULES, ids=lambda broken: broken.__name__)
def test_a_scalar_program_that_breaks_a_rule_is_found(broken: Callable[[Scalars], None]) -> None:
    program = scalars()
    broken(program)
    with pytest.raises(ProgramError, match=RULES[broken]):
        program.verify()


def test_a_scalar_program_is_printed_with_all_its_kinds_of_nodes() -> None:
    w = Value(2.0, label="w")

    def f(x: Any, k: Any) -> Any:
        return autograd.take([w * x[0], x[1]], k), (w, [math.inf])

    assert str(Programs.of(trace(f, ([0.5, 1.5], 1))).scalars) == "\n".join(
        [
            "0  input 0[0]          batch",
            "1  input 0[1]          batch",
            "2  input 1[0] integer  batch",
            "3  w                          gradient",
            "4  mul(3, 0)           batch  gradient",
            "5  take(4, 1, 2)       batch  gradient",
            "result: (5, (3, [inf]))",
        ]
    )
