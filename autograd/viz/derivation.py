"""An `Explanation` set on paper: one list of blocks, and four ways to write it.

With this module one can

* lay an explanation out, `blocks`: equations, reasons and sentences, made of formulas;
* write it for a terminal, `as_text`; for a notebook, `as_latex`; for GitHub, `as_markdown`; for a page,
  `as_mathml`.

Every = between numbers holds to the last printed digit of the result (`figures.py`); where it cannot
hold it is ≈.
"""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from autograd.value import Value
from autograd.viz import figures
from autograd.viz.explain import Explanation, Fork, Link, Step
from autograd.viz.figures import figure
from autograd.viz.formula import OPPOSITE, Chain, Comparison, Derivative, Dots, Figure, Formula, Name, Sum, Term, parts
from autograd.viz.text import Notation, escaped_for_latex, latex, mathml, text

__all__ = ["Equation", "Reason", "Reasons", "Sentence", "as_latex", "as_markdown", "as_mathml", "as_text", "blocks"]

MOST_FACTORS = 10
"""A longer product shows both ends, and its middle as one factor."""
MOST_TERMS = 6
"""A longer sum shows its largest terms, and the rest as one."""
MOST_STEPS = 8
"""A longer recursion shows its first and last steps."""
MOST_FORKS = 3
SHORT = 20
MOST_REASONS = 14
WIDTH = 110
"""A sum that is wider in a terminal gets a line for each term."""
LATEX_WIDTH = 64
"""Wider reasons, as text, stand on two lines in a notebook: the node's formula, and the rules."""


@dataclass(frozen=True)
class Equation:
    """left = side = side …, one below the other; each side with its sign, = or ≈."""

    left: Term
    sides: tuple[tuple[str, Term], ...]


@dataclass(frozen=True)
class Reason:
    """One factor with what it follows from: the node's formula (unless it stands above already), the rules of the
    table, and the piece that holds."""

    factor: Equation
    node: Equation | None
    rules: tuple[Equation, ...]
    since: tuple[Comparison, ...]


@dataclass(frozen=True)
class Reasons:
    rows: tuple[Reason, ...]
    more: int = 0


@dataclass(frozen=True)
class Sentence:
    """Words and formulas on one line."""

    words: tuple[str | Formula, ...]


Block = Equation | Reasons | Sentence


# ── laying out ────────────────────────────────────────────────────────────────────────────────────


def blocks(explanation: Explanation, with_reasons: bool = True) -> list[Block]:
    """The derivation, block by block, in reading order; without the reasons, the equations and notes alone."""
    e = explanation
    names = e.names
    whole = Derivative(names.formula(e.value), names.formula(e.wrt))
    if not e.chain:
        found: list[Block] = [Equation(whole, (("=", Figure(figure(e.gradient, figures.DIGITS))),))]
    else:
        factors = _shortened(e.chain)
        found = []
        if len(factors) == 1 and isinstance(factors[0], Fork):
            found += _fork(factors[0], e, whole)
        else:
            found.append(_product(whole, factors, e))
            forks = [factor for factor in factors if isinstance(factor, Fork)]
            for fork in forks[:MOST_FORKS]:
                found += _fork(fork, e, Derivative(names.formula(fork.use), names.formula(fork.of)))
            if len(forks) > MOST_FORKS:
                found.append(Sentence((f"… and {len(forks) - MOST_FORKS} more sums like these.",)))
        if with_reasons:
            found += _reasons(e)
            found += _given(e, found)
    for note in e.notes:
        found.append(Sentence(("Note: ", *note.words) if e.chain else note.words))
    return found


@dataclass(frozen=True)
class _Middle:
    """Several factors of a long product as one."""

    use: Value
    of: Value
    value: float
    count: int


_Factor = Link | Fork | _Middle


def _shortened(chain: Sequence[Link | Fork]) -> list[_Factor]:
    if len(chain) <= MOST_FACTORS:
        return list(chain)
    end = MOST_FACTORS // 2
    middle = chain[end:-end]
    together = _Middle(middle[0].use, middle[-1].of, math.prod(f.value for f in middle), len(middle))
    return [*chain[:end], together, *chain[-end:]]


def _derivative(factor: _Factor, e: Explanation) -> Derivative:
    direct = isinstance(factor, Link) and factor.direct
    return Derivative(e.names.formula(factor.use), e.names.formula(factor.of), direct)


def _formula(factor: _Factor, e: Explanation) -> Term:
    if not isinstance(factor, Link):
        return _derivative(factor, e)
    return factor.derivative if isinstance(factor.derivative, Formula) else Figure(figure(factor.value, figures.DIGITS))


def _chain(factors: Sequence[Term], are_figures: bool = False) -> Term:
    return factors[0] if len(factors) == 1 else Chain(tuple(factors), are_figures)


def _product(whole: Derivative, factors: Sequence[_Factor], e: Explanation) -> Equation:
    """∂E/∂w = ∂E/∂ŷ · ∂ŷ/∂z · ∂z/∂w, then the formulas, then the figures, then the result."""
    derivatives = _chain([_derivative(f, e) for f in factors])
    formulas = _chain([_formula(f, e) for f in factors])
    digits, relation = figures.factors([f.value for f in factors], e.gradient)
    numbers = _chain([Figure(d) for d in digits], True)
    result = Figure(figure(e.gradient, figures.DIGITS))
    sides: list[tuple[str, Term]] = [("=", derivatives), ("=", formulas), ("=", numbers), (relation, result)]
    if not _any_names(formulas):
        del sides[1]
    return Equation(whole, _distinct(whole, sides))


def _any_names(term: Term) -> bool:
    return next(_names(term), None) is not None


def _distinct(left: Term, sides: Iterable[tuple[str, Term]]) -> tuple[tuple[str, Term], ...]:
    """The sides without those that only repeat the one before."""
    kept: list[tuple[str, Term]] = []
    before: Term = left
    for relation, side in sides:
        if relation == "≈" or text(side) != text(before):
            kept.append((relation, side))
        before = side
    return tuple(kept)


def _fork(fork: Fork, e: Explanation, whole: Derivative) -> list[Block]:
    if fork.paths:
        return [_sum_of_paths(fork, e, whole)]
    names = e.names
    x, y = names.formula(fork.of), names.formula(fork.use)
    *steps, last = fork.steps
    lines: list[Block] = [
        _step(last, fork, e),
        Sentence(
            (
                f"{_how_many(fork.count)} ways lead from ", _term(y), " to ", _term(x), ". They share their steps: "
                "a node v sums over its uses, ", Derivative(y, Name("v")), " = Σ ", Derivative(y, Name("use")), " · ",
                Derivative(Name("use"), Name("v")), ", and the last factor is the local derivative. From ", _term(y),
                " on:",
            )
        ),
    ]  # fmt: skip
    half = len(steps) if len(steps) <= MOST_STEPS else MOST_STEPS // 2
    lines += [_step(step, fork, e) for step in steps[:half]]
    if steps[half:]:
        lines.append(Sentence((f"… likewise through {len(steps) - 2 * half} nodes more, down to",)))
        lines += [_step(step, fork, e) for step in steps[-half:]]
    largest = fork.largest
    share: tuple[str | Formula, ...] = ()
    if len(largest.links) <= MOST_FACTORS:
        ways = _chain([Derivative(names.formula(k.use), names.formula(k.of)) for k in largest.links])
        share = (": ", _term(ways))
    lines.append(
        Sentence(
            (
                "The largest single way carries ",
                Figure(figure(largest.value, 4)),
                " of the ",
                Figure(figure(fork.value, 4)),
                *share,
                ".",
            )
        )
    )
    return lines


def _how_many(count: float) -> str:
    return f"{count:.0f}" if count < 1e6 else "More than 10^300" if count > 1e300 else f"About {figure(count, 2)}"


def _sum_of_paths(fork: Fork, e: Explanation, whole: Derivative) -> Equation:
    factors = [_shortened(path.links) for path in fork.paths]
    derivatives = Sum(tuple(_chain([_derivative(f, e) for f in path]) for path in factors))
    formulas = Sum(tuple(_chain([_formula(f, e) for f in path]) for path in factors))
    sides: list[tuple[str, Term]] = [("=", derivatives), ("=", formulas)]
    if not _any_names(formulas):
        del sides[1]
    sides += _worked_out([[f.value for f in path] for path in factors], fork.value)
    return Equation(whole, _distinct(whole, sides))


def _worked_out(products: Sequence[Sequence[float]], total: float) -> list[tuple[str, Term]]:
    """Sum of products of figures = sum of figures = result, with digits for each = to hold."""
    values = [math.prod(numbers) for numbers in products]
    shown, relation, digits = figures.terms(values, total)
    sums: list[tuple[list[str], str]] = []
    for more in range(4):  # the rounded terms add up; so must the products of rounded factors
        sums = [figures.factors(numbers, value, digits + more) for numbers, value in zip(products, values, strict=True)]
        if figures.sum_of_products_agrees([found for found, _ in sums], total):
            break
    first = "≈" if any(holds == "≈" for _, holds in sums) else "="
    worked = Sum(tuple(_chain([Figure(f) for f in found], True) for found, _ in sums))
    result = Figure(figure(total, figures.DIGITS))
    return [("=", worked), (first, Sum(tuple(Figure(f) for f in shown))), (relation, result)]


def _step(step: Step, fork: Fork, e: Explanation) -> Equation:
    names = e.names
    y = names.formula(fork.use)
    whole = Derivative(y, names.formula(step.node))
    ranked = sorted(step.terms, key=lambda term: -abs(term[0].value * term[1]))
    kept = ranked if len(ranked) <= MOST_TERMS else ranked[: MOST_TERMS - 2]
    shown = [term for term in step.terms if any(term is k for k in kept)]
    rest = [link.value * delta for link, delta in ranked[len(kept) :]]

    def of_term(link: Link, delta: float) -> tuple[Term, list[float]]:
        if link.use is fork.use:
            return Derivative(y, whole.by, link.direct), [link.value]
        local = Derivative(names.formula(link.use), whole.by)
        return Chain((Derivative(y, local.of), local)), [delta, link.value]

    written = [of_term(*term) for term in shown]
    derivatives: list[Term] = [formula for formula, _ in written]
    products = [numbers for _, numbers in written]
    if rest:
        derivatives.append(Dots())
        products.append([math.fsum(rest)])
    left = _chain(derivatives) if len(derivatives) == 1 else Sum(tuple(derivatives))
    if len(products) == 1:
        digits, relation = figures.factors(products[0], step.delta)
        only = step.terms[0][0]
        formula = [("=", only.derivative)] if only.use is fork.use else []
        worked: list[tuple[str, Term]] = [
            *formula,
            ("=", _chain([Figure(d) for d in digits], True)),
            (relation, Figure(figure(step.delta, figures.DIGITS))),
        ]
    else:
        worked = _worked_out(products, step.delta)
    return Equation(whole, _distinct(whole, [("=", left), *worked]))


def _reasons(e: Explanation) -> list[Block]:
    shown: dict[tuple[Value, Value], Link] = {}
    forks = 0
    for factor in _shortened(e.chain):
        forks += isinstance(factor, Fork)
        if isinstance(factor, Link):
            shown[factor.use, factor.of] = factor
        elif isinstance(factor, Fork) and forks <= MOST_FORKS:
            for link in (link for path in factor.paths or (factor.largest,) for link in path.links[:MOST_FACTORS]):
                shown.setdefault((link.use, link.of), link)
    links = list(shown.values())
    seen: set[Equation] = set()
    rows = tuple(_reason(link, e, seen) for link in links[:MOST_REASONS])
    return [Sentence(("because",)), Reasons(rows, len(links) - len(rows))]


def _reason(link: Link, e: Explanation, seen: set[Equation]) -> Reason:
    names = e.names
    value = Figure(figure(link.value, figures.DIGITS))
    factor = _distinct(Name(""), [("=", _formula(link, e)), ("=", value)])
    definition = names.definition(link.use, link.of)
    sides = _distinct(
        names.formula(link.use), [("=", definition), ("=", Figure(figure(link.use.data, figures.DIGITS)))]
    )
    since = tuple(dict.fromkeys(_as_it_is(c, holds, c in link.ties) for c, holds in link.decided))
    rules = tuple(Equation(rule.left, (("=", rule.right),)) for rule in link.rules)
    node = Equation(names.formula(link.use), sides)
    again = node in seen
    seen.add(node)
    return Reason(Equation(_derivative(link, e), factor), None if again else node, rules, since)


def _as_it_is(condition: Comparison, holds: bool, tied: bool) -> Comparison:
    """The condition, or what holds in its place."""
    sign = "=" if tied else condition.sign if holds else OPPOSITE[condition.sign]
    return Comparison(condition.left, sign, condition.right)


def _given(e: Explanation, found: Sequence[Block]) -> list[Block]:
    """What the other names stand for: leaves, and nodes that have no row of their own."""
    rows = [row for block in found if isinstance(block, Reasons) for row in block.rows]
    defined = {row.node.left for row in rows if row.node}
    used = dict.fromkeys(
        name
        for row in rows
        for equation in (row.factor, row.node)
        if equation
        for _, side in equation.sides
        for name in _names(side)
        if name in e.names.nodes and name not in defined
    )
    wrt = e.names.formula(e.wrt)
    if isinstance(wrt, Name):
        used.setdefault(wrt)
    if not used:
        return []
    words: list[str | Formula] = ["at "]
    for name in sorted(used, key=lambda name: e.names.place[name])[:MOST_REASONS]:
        words += [", "] if len(words) > 1 else []
        words.append(_stands_for(name, e))
    return [Sentence((*words, ", …") if len(used) > MOST_REASONS else tuple(words))]


def _stands_for(name: Name, e: Explanation) -> Comparison:
    """x = 0.5, or for a node without a label v1 = tanh(x) = 0.4621 if its formula is short."""
    node = e.names.nodes[name]
    known = Comparison(name, "=", Figure(figure(node.data, figures.DIGITS)))
    if node.label or node.op is None or len(text(e.names.definition(node))) > SHORT:
        return known
    return Comparison(Comparison(name, "=", e.names.definition(node)), "=", known.right)


def _names(term: Term) -> Iterator[Name]:
    if isinstance(term, Name):
        yield term
    for part in parts(term):
        yield from _names(part)


def _term(term: Term) -> Formula:
    return term if isinstance(term, Formula) else Figure(figure(term, 6))


# ── writing ───────────────────────────────────────────────────────────────────────────────────────


def _line(equation: Equation, write: Notation, sign: Callable[[str], str]) -> str:
    return write(equation.left) + "".join(f"{sign(relation)}{write(side)}" for relation, side in equation.sides)


def _spaced(relation: str) -> str:
    return f" {relation} "


def as_text(explanation: Explanation, with_reasons: bool = True) -> str:
    """For a terminal: plain lines, the signs of one equation below each other."""
    lines: list[str] = []
    for block in blocks(explanation, with_reasons):
        match block:
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


def as_latex(explanation: Explanation, with_reasons: bool = True) -> str:
    """Display equations between double dollars, which is what a notebook sets; sentences are \\text."""
    found: list[str] = []
    for block in blocks(explanation, with_reasons):
        match block:
            case Equation():
                found.append(_aligned(block))
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
                found.append(
                    "".join(rf"\text{{{escaped_for_latex(w)}}}" if isinstance(w, str) else latex(w) for w in words)
                )
    return "\n\n".join(f"$$\n{block}\n$$" for block in found)


def as_markdown(explanation: Explanation, with_reasons: bool = True) -> str:
    """Markdown with LaTeX between dollars."""
    found: list[str] = []
    for block in blocks(explanation, with_reasons):
        match block:
            case Equation():
                found.append(f"$$\n{_aligned(block)}\n$$")
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


def as_mathml(explanation: Explanation, with_reasons: bool = True) -> str:
    """A ``<section class="derivation">`` of paragraphs, a list, and MathML."""
    found: list[str] = []
    for block in blocks(explanation, with_reasons):
        match block:
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
