"""Formulas as templates: a primitive and its local derivatives in words a page can put names and numbers in.

An operand stands in a template as an ideograph that no formula contains otherwise, the k-th from
U+4E00, and the result as U+9FFF; `page/words/formulas.js` replaces them. The formulas are those of
`autograd.formulas`, so a page says what `explain` says.

>>> from autograd.primitives import table
>>> made = template(table["pow"], [None, 2.0])      # x², and 2·x
>>> made["formula"][0].replace(operand(0).name, "x"), made["local"][0][0].replace(operand(0).name, "x")
('x²', '2·x')
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from autograd.formulas.derivatives import local_derivative
from autograd.formulas.latex import latex
from autograd.formulas.mathml import mathml
from autograd.formulas.notation import text
from autograd.formulas.terms import Call, Derivative, Dots, Formula, Name, Sum, Term
from autograd.formulas.tidying import tidy
from autograd.primitives import Primitive

__all__ = ["notations", "operand", "template"]

FIRST, RESULT = 0x4E00, 0x9FFF
MANY = 7
"""An n-ary formula of more operands is shortened, and its constants stay slots."""


def operand(index: int) -> Name:
    """What stands for an operand in a template."""
    return Name(chr(FIRST + index % (RESULT - FIRST)))


def template(op: Primitive, constants: Sequence[float | None]) -> dict[str, Any]:
    """The formula of a primitive, and ∂y/∂operand for each operand, each as text, MathML and LaTeX.

    Args:
        op: a row of the table.
        constants: for each operand its number, or None where it is a node.

    Returns:
        ``formula`` and ``local``; in the latter None where no gradient flows.
    """
    slots = [operand(i) for i in range(len(constants))]
    operands: list[Term] = [slot if c is None else c for slot, c in zip(slots, constants, strict=True)]
    result = Name(chr(RESULT))
    if not op.nary:
        local = [local_derivative(op, result, operands, i) for i in range(len(operands))]
        return {"formula": notations(_applied(op, operands)), "local": [notations(d) for d in local]}
    of_all = op.derivatives(result, *slots)  # type: ignore[operator]
    if len(operands) <= MANY:
        formula = _applied(op, operands)
    else:
        ends = [slots[0], slots[len(slots) // 2], slots[-1]] if op.name == "dot" else [slots[0], slots[-1]]
        formula = _shortened(op, ends)
    # The derivatives of logsumexp hold a sum over all operands each: written out, a page would grow with their square.
    return {"formula": notations(formula), "local": [notations(tidy(_brief(d))) for d in of_all]}


def _applied(op: Primitive, operands: Sequence[Term]) -> Term:
    try:
        return op(*operands)  # type: ignore[no-any-return]
    except Exception:  # whatever a row of someone's own does when it is fed names
        return Call(op.name, tuple(operands))


def _shortened(op: Primitive, ends: list[Name]) -> Term:
    """Σ w x + b with the first product and the bias, any other with its first operand and its last."""
    if op.name == "dot":
        return Sum((ends[0] * ends[1], Dots(), ends[2]))
    if op.name == "total":
        return Sum((ends[0], Dots(), ends[1]))
    return Call(op.name, (ends[0], Dots(), ends[1]))


def _brief(term: Any) -> Any:
    """The same with every sum of many terms as its first and its last, and dots between."""
    if isinstance(term, Sum) and len(term.terms) > MANY:
        return Sum((_brief(term.terms[0]), Dots(), _brief(term.terms[-1])))
    if isinstance(term, tuple):
        return tuple(map(_brief, term))
    if isinstance(term, Formula):
        return type(term)(*(_brief(getattr(term, field.name)) for field in fields(term)))  # type: ignore[arg-type]
    return term


def notations(term: Term | None) -> list[str] | None:
    """A formula as text, MathML and LaTeX; None where there is none."""
    if term is None or isinstance(term, Derivative):
        return None
    return [notation(term) for notation in (text, mathml, latex)]
