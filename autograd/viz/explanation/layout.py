"""An explanation laid out: equations, reasons and sentences, made of formulas: `paragraphs`.

Every = between numbers holds to the last printed digit of the result (`formulas/rounding.py`); where it cannot
hold it is ≈.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from autograd.formulas.notation import text
from autograd.formulas.numbers import rounded
from autograd.formulas.pieces import OPPOSITE, evaluate
from autograd.formulas.rounding import DIGITS, rounded_factors, rounded_terms, sum_of_products_agrees
from autograd.formulas.terms import Chain, Comparison, Derivative, Dots, Formula, Name, Rounded, Sum, Term, parts
from autograd.value import Value
from autograd.viz.explanation.chain import ChainRule, Fork, Link, Step

__all__ = ["Equation", "Paragraph", "Reason", "Reasons", "Sentence", "paragraphs"]

MOST_FACTORS = 10
"""A longer product shows both ends, and its middle as one factor."""
MOST_TERMS = 6
"""A longer sum shows its largest terms, and the rest as one."""
MOST_STEPS = 8
"""A longer recursion shows its first and last steps."""
MOST_FORKS = 3
SHORT = 20
MOST_REASONS = 14


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


Paragraph = Equation | Reasons | Sentence


def paragraphs(explanation: ChainRule, with_reasons: bool = True) -> list[Paragraph]:
    """The derivation, paragraph by paragraph, in reading order; without the reasons, the equations and notes alone."""
    e = explanation
    names = e.names
    whole = Derivative(names.formula(e.value), names.formula(e.wrt))
    if not e.chain:
        found: list[Paragraph] = [Equation(whole, (("=", Rounded(rounded(e.gradient, DIGITS))),))]
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
        else:
            found += _where(e, found)
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


def _derivative(factor: _Factor, e: ChainRule) -> Derivative:
    direct = isinstance(factor, Link) and factor.direct
    return Derivative(e.names.formula(factor.use), e.names.formula(factor.of), direct)


def _formula(factor: _Factor, e: ChainRule) -> Term:
    if not isinstance(factor, Link):
        return _derivative(factor, e)
    return factor.derivative if isinstance(factor.derivative, Formula) else Rounded(rounded(factor.value, DIGITS))


def _chain(factors: Sequence[Term], are_figures: bool = False) -> Term:
    return factors[0] if len(factors) == 1 else Chain(tuple(factors), are_figures)


def _product(whole: Derivative, factors: Sequence[_Factor], e: ChainRule) -> Equation:
    """∂E/∂w = ∂E/∂ŷ · ∂ŷ/∂z · ∂z/∂w, then the formulas, then the figures, then the result."""
    derivatives = _chain([_derivative(f, e) for f in factors])
    formulas = _chain([_formula(f, e) for f in factors])
    digits, relation = rounded_factors([f.value for f in factors], e.gradient)
    numbers = _chain([Rounded(d) for d in digits], True)
    result = Rounded(rounded(e.gradient, DIGITS))
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


def _fork(fork: Fork, e: ChainRule, whole: Derivative) -> list[Paragraph]:
    if fork.paths:
        return [_sum_of_paths(fork, e, whole)]
    names = e.names
    x, y = names.formula(fork.of), names.formula(fork.use)
    *steps, last = fork.steps
    lines: list[Paragraph] = [
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
        ways = _chain([_derivative(k, e) for k in largest.links])
        share = (": ", _term(ways))
    lines.append(
        Sentence(
            (
                "The largest single way carries ",
                Rounded(rounded(largest.value, 4)),
                " of the ",
                Rounded(rounded(fork.value, 4)),
                *share,
                ".",
            )
        )
    )
    return lines


def _how_many(count: float) -> str:
    return f"{count:.0f}" if count < 1e6 else "More than 10^300" if count > 1e300 else f"About {rounded(count, 2)}"


def _sum_of_paths(fork: Fork, e: ChainRule, whole: Derivative) -> Equation:
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
    shown, relation, digits = rounded_terms(values, total)
    sums: list[tuple[list[str], str]] = []
    for more in range(4):  # the rounded terms add up; so must the products of rounded factors
        sums = [rounded_factors(numbers, value, digits + more) for numbers, value in zip(products, values, strict=True)]
        if sum_of_products_agrees([found for found, _ in sums], total):
            break
    first = "≈" if any(holds == "≈" for _, holds in sums) else "="
    worked = Sum(tuple(_chain([Rounded(f) for f in found], True) for found, _ in sums))
    result = Rounded(rounded(total, DIGITS))
    return [("=", worked), (first, Sum(tuple(Rounded(f) for f in shown))), (relation, result)]


def _step(step: Step, fork: Fork, e: ChainRule) -> Equation:
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
        local = _derivative(link, e)
        return Chain((Derivative(y, local.of), local)), [delta, link.value]

    written = [of_term(*term) for term in shown]
    derivatives: list[Term] = [formula for formula, _ in written]
    products = [numbers for _, numbers in written]
    if rest:
        derivatives.append(Dots())
        products.append([math.fsum(rest)])
    left = _chain(derivatives) if len(derivatives) == 1 else Sum(tuple(derivatives))
    if len(products) == 1:
        digits, relation = rounded_factors(products[0], step.delta)
        only = step.terms[0][0]
        formula = [("=", only.derivative)] if only.use is fork.use else []
        worked: list[tuple[str, Term]] = [
            *formula,
            ("=", _chain([Rounded(d) for d in digits], True)),
            (relation, Rounded(rounded(step.delta, DIGITS))),
        ]
    else:
        worked = _worked_out(products, step.delta)
    return Equation(whole, _distinct(whole, [("=", left), *worked]))


def _reasons(e: ChainRule) -> list[Paragraph]:
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


def _reason(link: Link, e: ChainRule, seen: set[Equation]) -> Reason:
    names = e.names
    value = Rounded(rounded(link.value, DIGITS))
    factor = _distinct(Name(""), [("=", _formula(link, e)), ("=", value)])
    definition = names.definition(link.use, link.of)
    sides = _distinct(names.formula(link.use), [("=", definition), ("=", Rounded(rounded(link.use.data, DIGITS)))])
    since = tuple(dict.fromkeys(s for c, holds in link.decided for s in _as_it_is(c, holds, c in link.ties, e)))
    rules = tuple(Equation(rule.left, (("=", rule.right),)) for rule in link.rules)
    node = Equation(names.formula(link.use), sides)
    again = node in seen
    seen.add(node)
    return Reason(Equation(_derivative(link, e), factor), None if again else node, rules, since)


def _as_it_is(condition: Comparison, holds: bool, tied: bool, e: ChainRule) -> list[Comparison]:
    """The condition, or what holds in its place: its opposite, or that a side is NaN, neither less nor more."""
    if not holds:
        sides = (condition.left, condition.right)
        not_numbers = [x for x in sides if isinstance(x, Formula) and math.isnan(evaluate(x, e.names.numbers))]
        if not_numbers:
            return [Comparison(x, "=", Rounded("nan")) for x in not_numbers]
    sign = "=" if tied else condition.sign if holds else OPPOSITE[condition.sign]
    return [Comparison(condition.left, sign, condition.right)]


def _given(e: ChainRule, found: Sequence[Paragraph]) -> list[Paragraph]:
    """What the other names stand for: leaves, and nodes that have no row of their own."""
    rows = [row for paragraph in found if isinstance(paragraph, Reasons) for row in paragraph.rows]
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
    nobody_gave = (x for x in _written(e, found) if x not in defined and e.names.may_be_passed(e.names.nodes[x]))
    used.update(dict.fromkeys(nobody_gave))
    wrt = e.names.formula(e.wrt)
    if isinstance(wrt, Name):
        used.setdefault(wrt)
    if not used:
        return []
    shown = list(used)
    for name in shown:  # grows as we go: what stands for a name may have further names in it
        further = [x for x in _names(_stands_for(name, e).left) if x not in used and x not in defined]
        used.update(dict.fromkeys(further))
        shown += further
    words: list[str | Formula] = ["at "]
    for name in sorted(used, key=lambda name: e.names.place[name])[:MOST_REASONS]:
        words += [", "] if len(words) > 1 else []
        words.append(_stands_for(name, e))
    return [Sentence((*words, ", …") if len(used) > MOST_REASONS else tuple(words))]


def _written(e: ChainRule, found: Sequence[Paragraph]) -> Iterator[Name]:
    """The names of nodes that stand in equations, conditions and notes."""
    terms: list[Term] = [w for note in e.notes for w in note.words if isinstance(w, Formula)]
    for paragraph in found:
        if isinstance(paragraph, Equation):
            terms += (paragraph.left, *(side for _, side in paragraph.sides))
        elif isinstance(paragraph, Reasons):
            terms += (condition for row in paragraph.rows for condition in row.since)
    return (name for term in terms for name in _names(term) if name in e.names.nodes)


def _where(e: ChainRule, found: Sequence[Paragraph]) -> list[Paragraph]:
    """What the names that nobody gave stand for, where no reasons follow that would say it: v1 = sin(x)."""
    names = e.names
    todo = list(_written(e, found))
    said: dict[Name, Comparison] = {}
    for name in todo:  # grows as we go: a definition may have further names in it
        node = names.nodes.get(name)
        if node is None or name in said:
            continue
        if names.may_be_passed(node):
            said[name] = Comparison(name, "=", definition := names.definition(node))
            todo += _names(definition)
        elif node is e.wrt and not node.label and node.op is None:  # a number without a name, that is asked for
            said[name] = Comparison(name, "=", Rounded(rounded(node.data, DIGITS)))
    if not said:
        return []
    words: list[str | Formula] = ["where "]
    for name in sorted(said, key=lambda name: names.place[name])[:MOST_REASONS]:
        words += [", "] if len(words) > 1 else []
        words.append(said[name])
    return [Sentence((*words, ", …") if len(said) > MOST_REASONS else tuple(words))]


def _stands_for(name: Name, e: ChainRule) -> Comparison:
    """x = 0.5, or for a node without a label v1 = tanh(x) = 0.4621 if its formula is short."""
    node = e.names.nodes[name]
    known = Comparison(name, "=", Rounded(rounded(node.data, DIGITS)))
    if node.label or node.op is None:
        return known
    definition = e.names.definition(node)
    if not isinstance(definition, Formula) or len(text(definition)) > SHORT:
        return known
    return Comparison(Comparison(name, "=", definition), "=", known.right)


def _names(term: Term) -> Iterator[Name]:
    if isinstance(term, Name):
        yield term
    for part in parts(term):
        yield from _names(part)


def _term(term: Term) -> Formula:
    return term if isinstance(term, Formula) else Rounded(rounded(term, 6))
