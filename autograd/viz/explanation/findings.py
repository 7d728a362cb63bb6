"""What is worth knowing about a gradient: where it is lost, grows, hangs on a convention, or is no number.

`findings` looks at the factors of a derivation and answers with `Note`s, the most serious first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from autograd.formulas.numbers import rounded
from autograd.formulas.rounding import DIGITS
from autograd.formulas.spelling import clean
from autograd.formulas.terms import Comparison, Derivative, Formula, Rounded
from autograd.primitives import NEARLY_FLAT, table
from autograd.structure.names import Names
from autograd.value import Value
from autograd.viz.explanation.chain import Fork, Link, Note
from autograd.viz.explanation.ways import Ways

__all__ = ["findings"]

VANISHING, EXPLODING = 1e-6, 1e4
CANCELLED = 1e-6
EACH = 3
"""At most so many notes of one kind; a further one counts the rest."""

Words = tuple[str | Formula, ...]


def findings(
    value: Value,
    wrt: Value,
    order: Sequence[Value],
    gradient: float,
    chain: Sequence[Link | Fork],
    ways: Ways,
    names: Names,
) -> list[Note]:
    """The notes on one gradient.

    Args:
        value, wrt, gradient: ∂value/∂wrt and what it is.
        order: the whole graph in topological order.
        chain: the factors, empty if no gradient gets to `wrt`.
        ways: which knows where a gradient is blocked, and where it stops being finite.
        names: for the sentences.
    """
    if not chain:
        return _no_gradient(value, wrt, order, ways.blocked, names)
    links = [link for factor in chain for link in _every_link(factor)]
    notes: list[Note] = []
    if not math.isfinite(gradient):
        notes.append(_not_finite(gradient, ways.origin(), links, names))
    notes += _few([_lost(link, names) for link in links if abs(link.value) < NEARLY_FLAT and not link.ties])
    notes += _few([_tie(link, names) for link in links if link.ties])
    notes += [note for fork in chain if isinstance(fork, Fork) for note in _cancelled(fork, names)]
    notes += _size(gradient, chain, links, names)
    notes += _few([_blocked(use, of, names) for use, of in ways.blocked])
    return notes


def _every_link(factor: Link | Fork) -> list[Link]:
    if isinstance(factor, Link):
        return [factor]
    terms: Iterable[Link] = (link for step in factor.steps for link, _ in step.terms)
    return list(dict.fromkeys(terms if factor.steps else (link for path in factor.paths for link in path.links)))


def _few(notes: list[Note]) -> list[Note]:
    if len(notes) <= EACH + 1:
        return notes
    return [*notes[:EACH], Note(notes[0].kind, (f"and {len(notes) - EACH} more places like these.",))]


# ── no gradient ───────────────────────────────────────────────────────────────────────────────────


def _no_gradient(
    value: Value, wrt: Value, order: Sequence[Value], blocked: Sequence[tuple[Value, Value]], names: Names
) -> list[Note]:
    y, x = _term(value, names), _term(wrt, names)
    if any(node is wrt for node in order):
        why: Words = (y, " depends on ", x, ", but no gradient flows from one to the other: it is 0.")
        return [Note("none", why, wrt), *_few([_blocked(use, of, names) for use, of in blocked])]
    why = (y, " was not computed from ", x, ", so no change of it changes anything: the gradient is 0.")
    if value.op is None:
        why = (y, " is a leaf and remembers no computation: it is a number, detached, or made under no_grad.")
    notes = [Note("none", why, wrt)]
    if wrt.label and any(node.label == wrt.label for node in order):
        twin = f"Another node of the graph is labelled {clean(wrt.label)!r}; wrt goes by identity, not by label."
        notes.append(Note("none", (twin,)))
    return notes


def _blocked(use: Value, of: Value, names: Names) -> Note:
    why = ": a condition chooses, and has no slope." if use.op is not None and use.op.name == "where" else "."
    return Note("blocked", ("No gradient flows from ", _term(use, names), " to ", _term(of, names), why), use)


# ── single factors ────────────────────────────────────────────────────────────────────────────────


def _lost(link: Link, names: Names) -> Note:
    """A factor that is 0 or nearly, and why: the piece of the rule that holds, or saturation."""
    used = [rule.primitive for rule in link.rules]
    primitive = next((name for name in (*link.shut, *used) if name in link.shut or _saturates(name)), used[-1])
    nothing = "and nothing gets through." if link.value == 0 else "and little of the gradient gets through."
    at: Words = (", ",)
    if primitive == used[-1]:  # the last rule is the one applied to link.of itself
        at = (" at ", Comparison(names.formula(link.of), "=", _figure(link.of.data)), ", ")
    if link.shut:
        verdict = "the ReLU is dead" if primitive == "relu" else f"{_called(primitive)} is flat"
        words: Words = (_is(link, names), f": {verdict}", *at, nothing)
    elif _saturates(primitive):
        words = (_is(link, names), f": {_called(primitive)} is saturated", *at, nothing)
    else:
        words = (_is(link, names), ", ", nothing)
    return Note("zero", words, link.of)


def _saturates(primitive: str) -> bool:
    return primitive in table and table[primitive].flat == "saturated"


def _tie(link: Link, names: Names) -> Note:
    tie = link.ties[0]
    value = link.derivative if isinstance(link.derivative, Formula) else _figure(link.value)
    equal = Comparison(tie.left, "=", tie.right)
    words: Words = (
        "A tie, ",
        equal,
        ": ",
        _derivative(link, names),
        " changes its rule there, and is taken to be ",
        value,
        ".",
    )
    return Note("tie", words, link.use)


# ── sums and products ─────────────────────────────────────────────────────────────────────────────


def _cancelled(fork: Fork, names: Names) -> list[Note]:
    if fork.paths:
        ways = [path.value for path in fork.paths]
    else:
        ways = [delta * link.value for link, delta in fork.steps[-1].terms]
    size = sum(map(abs, ways))
    if not math.isfinite(size) or abs(fork.value) >= CANCELLED * size:
        return []
    left = "" if fork.value == 0 else f" almost: of {rounded(size, 4)} only {rounded(abs(fork.value), 4)} is left"
    return [Note("cancellation", ("The ways that add up to ", _derivative(fork, names), f" cancel{left}."), fork.of)]


def _size(gradient: float, chain: Sequence[Link | Fork], links: Sequence[Link], names: Names) -> list[Note]:
    """A product that grows large, or vanishes although no single factor is tiny."""
    count = len(chain)
    if not gradient or not math.isfinite(gradient):
        return []
    mean = rounded(abs(gradient) ** (1 / count), 2)
    if abs(gradient) >= EXPLODING:
        largest = max(chain, key=lambda factor: abs(factor.value))
        of = f"{count} factors of {mean} in the geometric mean, " if count > 1 else ""
        return [
            Note("exploding", (f"An exploding gradient: {of}the largest is ", _is(largest, names), "."), largest.use)
        ]
    if abs(gradient) < VANISHING and count > 3 and all(abs(link.value) >= NEARLY_FLAT for link in links):
        return [Note("vanishing", (f"A vanishing gradient: {count} factors of {mean} in the geometric mean.",))]
    return []


def _not_finite(gradient: float, origin: Value | None, links: Sequence[Link], names: Names) -> Note:
    """Where the first infinity or NaN came up: in the forward pass, in a local derivative, or in their product."""
    start = "The gradient is not finite. It starts with "
    if origin is not None:
        formula = names.formula(origin)
        if isinstance(formula, Formula):
            if origin.op is not None and names.may_be_passed(origin):  # v1 says nothing by itself: v1 = a·b
                definition = names.definition(origin)
                formula = Comparison(formula, "=", definition) if definition != formula else formula
            return Note("not finite", (start, Comparison(formula, "=", _figure(origin.data)), "."), origin)
        return Note("not finite", (start + "a number that is ", _figure(origin.data), "."), origin)
    for link in links:
        if not math.isfinite(link.value):
            return Note("not finite", (start, _is(link, names), "."), link.use)
    what = "they add up to no number." if math.isnan(gradient) else "their product is too large for a float."
    return Note("not finite", (f"The gradient is not finite: each factor is, but {what}",))


# ── words ─────────────────────────────────────────────────────────────────────────────────────────


def _derivative(factor: Link | Fork, names: Names) -> Derivative:
    return Derivative(names.formula(factor.use), names.formula(factor.of), isinstance(factor, Link) and factor.direct)


def _is(factor: Link | Fork, names: Names) -> Comparison:
    """∂a/∂z = 0.00012"""
    return Comparison(_derivative(factor, names), "=", _figure(factor.value))


def _figure(x: float) -> Rounded:
    return Rounded(rounded(x, DIGITS))


def _term(node: Value, names: Names) -> Formula:
    term = names.formula(node)
    return term if isinstance(term, Formula) else _figure(term)


def _called(primitive: str) -> str:
    return "σ" if primitive == "sigmoid" else primitive
