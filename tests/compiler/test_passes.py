"""Every pass leaves a program that keeps its rules; `verify` of the scalar program finds each rule broken."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from written import PROGRAMS

import autograd
from autograd import Value, dot, tanh, total
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


V, W = Value(3.0, label="v"), Value(2.0, label="w")

FORMS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "1 x": (lambda x: 1 * tanh(x), "tanh(x)"),
    "w 1": (lambda x: tanh(W * 1) * x, "mul(tanh(w), x)"),
    "an operation on constants": (lambda x: (Value(2.0) * 3 - Value(1.0)) * x, "mul(5.0, x)"),
    "constants in a sum": (lambda x: x + Value(2.0) + 1 + Value(3.0), "add(x, 6.0)"),
    "constants in sums that become one": (lambda x: (x + 1 + Value(2.0)) + (W * x + 3), "total(x, mul(w, x), 6.0)"),
    "a total of one": (lambda x: total([x]), "total(x)"),
    "a sum from 0 of one": (lambda x: sum([x]), "total(x)"),
    "a sum from 0 of a sum": (lambda x: sum([x + W]), "total(x, w)"),
    "a sum of a sum from 0": (lambda x: sum([x]) + W, "total(x, w)"),
    "a dot of one": (lambda x: dot([W], [x]), "dot(w, x, 0.0)"),
    "a product": (lambda x: x * W, "mul(w, x)"),
    "two products": (lambda x: x * W + V * x + 1, "dot(w, v, x, x, 1.0)"),
    "a product and a sum from 0": (lambda x: x * W + sum([x]), "dot(w, x, x)"),
    "more than one sum uses it": (lambda x: (y := x + W) * (y + V), "mul(add(x, w), add(add(x, w), v))"),
    "what pos hands on": (lambda x: table["pos"](table["pos"](x + W)) + V, "total(x, w, v)"),
}
"""What is written, and its normal form, as normalise promises it."""


@pytest.mark.parametrize("written", FORMS)
def test_it_does_not_matter_how_a_sum_is_written(written: str) -> None:
    f, form = FORMS[written]
    s = Programs.of(trace(f, 1.0)).scalars
    s.verify()

    def expression(node: int) -> str:
        op = s.op[node]
        if op is None:
            return "x" if node in s.inputs else s._what(node)
        return f"{op.name}({', '.join(map(expression, s.operands[node]))})"

    assert s.root is not None
    assert expression(s.root) == form


def test_a_sum_is_as_late_as_its_last_term() -> None:
    """By which its lane comes where people expect it: after those that were ready before."""
    found = trace(lambda x: x * W + V * x + tanh(x), 1.0)
    s = Programs.of(found).scalars
    assert s.root is not None
    assert s.rank[s.root] == len(found.order) - 1


def test_a_sum_that_is_returned_and_used_by_one_sum_is_both() -> None:
    def f(x: Any) -> Any:
        sums = [x + W]
        for k in range(5):
            sums.append(sums[-1] + x * k + V)
        return sums

    program = autograd.compile(f, example=1.0)
    x = 0.5
    assert program([x]).tolist() == [[x + 2.0 + sum(x * k + 3.0 for k in range(n)) for n in range(6)]]


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


def a_gradient_that_comes_now_and_then(s: Scalars) -> None:
    s.optional[find(s, "tanh")] = True


def an_input_with_a_gradient(s: Scalars) -> None:
    s.active[next(iter(s.inputs))] = True


def the_same_twice(s: Scalars) -> None:
    node = find(s, "tanh")
    for of in (s.op, s.operands, s.level, s.batched, s.active, s.optional, s.rank):
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
    a_gradient_that_comes_now_and_then: "a gradient comes always",
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
        return autograd.take([w * x[0], x[1]], k)

    def several(x: Any, k: Any) -> Any:
        return f(x, k), (w, [math.inf])

    lists = str(Programs.of(trace(several, ([0.5, 1.5], 1))).scalars)
    assert lists.endswith("\nresult: (5, (3, [inf]))")
    assert "gradient" not in lists  # there is no root that one could flow from
    assert str(Programs.of(trace(f, ([0.5, 1.5], 1))).scalars) == "\n".join(
        [
            "0  input 0[0]          batch",
            "1  input 0[1]          batch",
            "2  input 1[0] integer  batch",
            "3  w                          gradient",
            "4  mul(3, 0)           batch  gradient",
            "5  take(4, 1, 2)       batch  gradient",
            "result: 5",
        ]
    )
