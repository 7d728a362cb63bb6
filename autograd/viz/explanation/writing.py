"""An explanation on paper: for a terminal, a notebook, GitHub and a page.

With this module one can write what `layout.py` laid out for a terminal, `as_text`; for a notebook, `as_latex`; for
GitHub, `as_markdown`; for a page, `as_mathml`.
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Callable

from autograd.formulas.latex import latex
from autograd.formulas.mathml import mathml
from autograd.formulas.notation import Notation, text
from autograd.formulas.spelling import words_in_latex
from autograd.formulas.terms import Sum, Term
from autograd.graph import topological_order
from autograd.structure.names import Names
from autograd.value import Value
from autograd.viz.explanation.chain import ChainRule
from autograd.viz.explanation.layout import Equation, Reasons, Sentence, paragraphs

__all__ = ["as_latex", "as_markdown", "as_mathml", "as_text", "formula_of"]

WIDTH = 110
"""A sum that is wider in a terminal gets a line for each term."""
LATEX_WIDTH = 64
"""Wider reasons, as text, stand on two lines in a notebook: the node's formula, and the rules."""


def _line(equation: Equation, write: Notation, sign: Callable[[str], str]) -> str:
    return write(equation.left) + "".join(f"{sign(relation)}{write(side)}" for relation, side in equation.sides)


def _spaced(relation: str) -> str:
    return f" {relation} "


def formula_of(value: Value) -> str:
    """What a node is, for a terminal: y = sin(x² + 1). Nothing stands for itself that could be written out."""
    names = Names(value, None, topological_order(value))
    return f"{text(names.formula(value))} = {text(names.definition(value))}"


def as_text(explanation: ChainRule, with_reasons: bool = True) -> str:
    """For a terminal: plain lines, the signs of one equation below each other."""
    lines: list[str] = []
    for paragraph in paragraphs(explanation, with_reasons):
        match paragraph:
            case Equation(left, sides):
                start = text(left)
                lines.append("")
                for relation, side in sides:
                    lines.append(f"{start} {relation} {_wrapped(side, len(start) + 3)}")
                    start = " " * len(start)
            case Reasons(rows, more):
                for row in rows:
                    lines.append("  " + _line(row.factor, text, _spaced))
                    rules = "by " + ", ".join(_line(rule, text, _spaced) for rule in row.rules)
                    reasons = [rules + "".join(f", as {text(c)}" for c in row.since)]
                    if row.node:
                        reasons.insert(0, _line(row.node, text, _spaced))
                    if sum(map(len, reasons)) < WIDTH - 10:
                        reasons = [", ".join(reasons)]
                    lines += [f"      {reason}" for reason in reasons]
                if more:
                    lines.append(f"  … and {more} more factors")
            case Sentence(words):
                line = "".join(w if isinstance(w, str) else text(w).replace(" ", _TOGETHER) for w in words)
                lines += ["", *(part.replace(_TOGETHER, " ") for part in textwrap.wrap(line, WIDTH))]
    return "\n".join(lines).strip("\n")


def _wrapped(side: Term, indent: int) -> str:
    """A side on one line, or, if that is too long and it is a sum, a line for each term."""
    line = text(side)
    if len(line) + indent <= WIDTH or not isinstance(side, Sum):
        return line
    first, *others = side.terms
    return f"\n{' ' * indent}".join([text(first), *(f"+ {text(Sum((0, t)))[4:]}" for t in others)])


_TOGETHER = "\N{NO-BREAK SPACE}"  # lines are not broken inside a formula

_LATEX_SIGN = {"=": " &= ", "≈": r" &\approx "}


def _aligned(equation: Equation) -> str:
    lines = rf" \\{chr(10)}".join(_LATEX_SIGN[relation] + latex(side) for relation, side in equation.sides)
    return f"\\begin{{aligned}}\n{latex(equation.left)}{lines}\n\\end{{aligned}}"


def _latex_sign(relation: str) -> str:
    return {"=": " = ", "≈": r" \approx "}[relation]


def as_latex(explanation: ChainRule, with_reasons: bool = True) -> str:
    """Display equations between double dollars, which is what a notebook sets; sentences are \\text."""
    found: list[str] = []
    for paragraph in paragraphs(explanation, with_reasons):
        match paragraph:
            case Equation():
                found.append(_aligned(paragraph))
            case Reasons(rows, more):
                lines = []
                for row in rows:
                    factor = latex(row.factor.left) + "".join(
                        (" &= " if not i else " = ") + latex(side) for i, (_, side) in enumerate(row.factor.sides)
                    )
                    since = "".join(rf"\text{{ since }} {latex(c)}" for c in row.since)
                    reasons = [r for r in (row.node, *row.rules) if r]
                    because = [_line(r, latex, _latex_sign) for r in reasons]
                    if row.node and row.rules and sum(len(_line(r, text, _spaced)) for r in reasons) > LATEX_WIDTH:
                        because[:2] = [because[0] + " \\\\\n & && \\text{by } " + because[1]]
                    listed = r" \text{, } ".join(because)
                    lines.append(rf"{factor} && \text{{as }} {listed}{since}")
                if more:
                    lines.append(rf"\dots & && \text{{{more} more factors}}")
                found.append("\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}")
            case Sentence(words):
                found.append("".join(words_in_latex(w) if isinstance(w, str) else latex(w) for w in words))
    return "\n\n".join(f"$$\n{part}\n$$" for part in found)


def as_markdown(explanation: ChainRule, with_reasons: bool = True) -> str:
    """Markdown with LaTeX between dollars."""
    found: list[str] = []
    for paragraph in paragraphs(explanation, with_reasons):
        match paragraph:
            case Equation():
                found.append(f"$$\n{_aligned(paragraph)}\n$$")
            case Reasons(rows, more):
                lines = []
                for row in rows:
                    reasons = [f"${_line(r, latex, _latex_sign)}$" for r in (row.node, *row.rules) if r]
                    since = "".join(f", since ${latex(c)}$" for c in row.since)
                    lines.append(f"- ${_line(row.factor, latex, _latex_sign)}$, as {', '.join(reasons)}{since}")
                if more:
                    lines.append(f"- … and {more} more factors")
                found.append("\n".join(lines))
            case Sentence(words):
                found.append("".join(w if isinstance(w, str) else f"${latex(w)}$" for w in words))
    return "\n\n".join(found) + "\n"


def _math(inside: str, display: str = "inline") -> str:
    return f'<math display="{display}"><mstyle displaystyle="true">{inside}</mstyle></math>'


def _cell(inside: str, side: str) -> str:
    return f'<mtd style="text-align: {side}">{inside}</mtd>'


def _mathml_sign(relation: str) -> str:
    return f"<mo>{relation}</mo>"


def as_mathml(explanation: ChainRule, with_reasons: bool = True) -> str:
    """A ``<section class="derivation">`` of paragraphs, a list, and MathML."""
    found: list[str] = []
    for paragraph in paragraphs(explanation, with_reasons):
        match paragraph:
            case Equation(left, sides):
                rows = ""
                start = mathml(left)
                for relation, side in sides:
                    cells = (
                        _cell(start, "right"),
                        _cell(_mathml_sign(relation), "center"),
                        _cell(mathml(side), "left"),
                    )
                    rows += f"<mtr>{''.join(cells)}</mtr>"
                    start = ""
                table = f'<mtable displaystyle="true">{rows}</mtable>'
                found.append(_math(table, "block"))
            case Reasons(rows_, more):
                items = []
                for row in rows_:
                    reasons = ", ".join(_math(_line(r, mathml, _mathml_sign)) for r in (row.node, *row.rules) if r)
                    since = "".join(f", since {_math(mathml(c))}" for c in row.since)
                    factor = _math(_line(row.factor, mathml, _mathml_sign))
                    items.append(f'<li style="margin: 0.4em 0">{factor}, as {reasons}{since}</li>')
                if more:
                    items.append(f"<li>… and {more} more factors</li>")
                found.append(f"<ul>{''.join(items)}</ul>")
            case Sentence(words):
                inside = "".join(html.escape(w) if isinstance(w, str) else _math(mathml(w)) for w in words)
                found.append(f"<p>{inside}</p>")
    return '<section class="derivation">\n' + "\n".join(found) + "\n</section>"
