"""What is worth knowing about a gradient: where it is lost, grows, hangs on a convention, or is no number.

`noteworthy` looks at the factors of a derivation and answers with `Note`s, the most serious first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from autograd.value import Value
from autograd.viz.explain import Fork, Link, Note
from autograd.viz.figures import figure
from autograd.viz.formula import Comparison, Derivative, Formula
from autograd.viz.names import Names
from autograd.viz.text import Figure

__all__ = ["noteworthy"]

NEARLY_ZERO = 1e-3
VANISHING, EXPLODING = 1e-6, 1e4
CANCELLED = 1e-6
EACH = 3
"""At most so many notes of one kind; a further one counts the rest."""

_SATURATES = frozenset({"sigmoid", "tanh", "erf", "erfc", "softplus", "silu", "gelu", "elu", "atan"})

Words = tuple[str | Formula, ...]


def noteworthy(
    value: Value,
    wrt: Value,
    order: Sequence[Value],
    gradient: float,
    chain: Sequence[Link | Fork],
    blocked: Sequence[tuple[Value, Value]],
    names: Names,
) -> list[Note]:
    """The notes on one gradient.

    Args:
        value, wrt, gradient: ∂value/∂wrt and what it is.
        order: the whole graph in topological order.
        chain: the factors, empty if no gradient gets to `wrt`.
        blocked: pairs (use, of) where the use depends on the operand and no gradient flows.
        names: for the sentences.
    """
    if not chain:
        return _no_gradient(value, wrt, order, blocked, names)
    links = [link for factor in chain for link in _every_link(factor)]
    notes: list[Note] = []
    if not math.isfinite(gradient):
        notes += _not_finite(order, links, names)
    notes += _few([_lost(link, names) for link in links if abs(link.value) < NEARLY_ZERO])
    notes += _few([_tie(link, names) for link in links if link.ties])
    notes += [_cancelled(fork, names) for fork in chain if isinstance(fork, Fork) and _cancels(fork)]
    notes += _size(gradient, chain, links, names)
    notes += _few([_blocked(use, of, names) for use, of in blocked])
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
    y, x = names.formula(value), names.formula(wrt)
    if wrt in order:
        return [
            Note(
                "none",
                (_f(y), " depends on ", _f(x), ", but no gradient flows from one to the other, so it is 0."),
                wrt,
            ),
            *_few([_blocked(use, of, names) for use, of in blocked]),
        ]
    if value.op is None:
        why: Words = (_f(y), " is a leaf: it remembers no computation (a number, detached, or made under no_grad).")
    else:
        why = (
            _f(y),
            " does not depend on ",
            _f(x),
            ": it was not computed from it, so nothing changes and the gradient is 0.",
        )
    notes = [Note("none", why, wrt)]
    if wrt.label and any(node.label == wrt.label for node in order):
        notes.append(
            Note(
                "none",
                (f"There is another node labelled {wrt.label!r} in the graph; wrt= goes by identity, not by label.",),
            )
        )
    return notes


def _blocked(use: Value, of: Value, names: Names) -> Note:
    why = " (a condition chooses, and has no slope)." if use.op is not None and use.op.name == "where" else "."
    return Note("blocked", ("No gradient flows from ", _f(names.formula(use)), " to ", _f(names.formula(of)), why), use)


# ── single factors ────────────────────────────────────────────────────────────────────────────────


def _lost(link: Link, names: Names) -> Note:
    of = names.formula(link.of)
    here: Words = (_derivative(link, names), " = ", Figure(figure(link.value, 4)))
    if link.value == 0 and link.decided:
        since: list[str | Formula] = []
        for condition, holds in link.decided:
            since += [" and " if since else ", since ", _as_it_is(condition, holds)]
        name = link.rules[-1].primitive if link.rules else "it"
        words: Words = (*here, *since, f": {name} is flat here, and passes nothing on.")
        if name == "relu":
            words = (
                *here,
                *since,
                " (",
                _f(of),
                " = ",
                Figure(figure(link.of.data, 4)),
                "): the ReLU is dead here, and passes nothing on.",
            )
        return Note("zero", words, link.of)
    verdict = " is 0, and" if link.value == 0 else " is nearly 0, and little of"
    primitive = link.rules[0].primitive if link.rules else ""
    if primitive in _SATURATES and len(link.rules) == 1:
        at: Words = (": ", f"{_called(primitive)} is saturated at ", _f(of), " = ", Figure(figure(link.of.data, 4)))
        end = ", and nothing gets through." if link.value == 0 else ", and little of the gradient gets through."
        return Note("zero", (*here, *at, end), link.of)
    gone = " the gradient ends there." if link.value == 0 else " the gradient gets through."
    return Note("zero", (_derivative(link, names), " = ", Figure(figure(link.value, 4)), verdict, gone), link.of)


def _tie(link: Link, names: Names) -> Note:
    tie = link.ties[0]
    words: Words = (
        "A tie: ",
        tie.left,
        " = ",
        tie.right,
        ", where ",
        _derivative(link, names),
        " jumps or changes its formula; the rule takes ",
        link.derivative if isinstance(link.derivative, Formula) else Figure(figure(link.value, 4)),
        " there.",
    )  # type: ignore[assignment]
    return Note(
        "tie", tuple(w if isinstance(w, str | Formula) else Figure(figure(float(w), 4)) for w in words), link.use
    )


def _called(primitive: str) -> str:
    return {"sigmoid": "σ"}.get(primitive, primitive)


def _as_it_is(condition: Comparison, holds: bool) -> Comparison:
    """The condition, or its opposite if that is what holds."""
    opposite = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
    return condition if holds else Comparison(condition.left, opposite[condition.sign], condition.right)


# ── sums and products ─────────────────────────────────────────────────────────────────────────────


def _ways(fork: Fork) -> list[float]:
    if fork.paths:
        return [path.value for path in fork.paths]
    last = fork.steps[-1]
    return [delta * link.value for link, delta in last.terms]


def _cancels(fork: Fork) -> bool:
    size = sum(abs(v) for v in _ways(fork))
    return math.isfinite(size) and abs(fork.value) < CANCELLED * size


def _cancelled(fork: Fork, names: Names) -> Note:
    left = (
        "to 0"
        if fork.value == 0
        else f"almost: of {figure(sum(map(abs, _ways(fork))), 4)} only {figure(abs(fork.value), 4)} is left"
    )
    derivative = Derivative(names.formula(fork.use), names.formula(fork.of))
    return Note("cancellation", ("The ways that add up to ", derivative, f" cancel {left}."), fork.of)


def _size(gradient: float, chain: Sequence[Link | Fork], links: Sequence[Link], names: Names) -> list[Note]:
    if not math.isfinite(gradient) or len(chain) < 2:
        return []
    largest = max(chain, key=lambda factor: abs(factor.value))
    n = len(chain)
    if abs(gradient) >= EXPLODING:
        mean = abs(gradient) ** (1 / n)
        words: Words = (
            f"An exploding product: {n} factors of {figure(mean, 2)} in the geometric mean, the largest ",
            _derivative(largest, names),
            " = ",
            Figure(figure(largest.value, 4)),
            ".",
        )
        return [Note("exploding", words, largest.use)]
    if 0 < abs(gradient) < VANISHING and n > 3 and all(abs(link.value) >= NEARLY_ZERO for link in links):
        mean = abs(gradient) ** (1 / n)
        return [
            Note(
                "vanishing",
                (f"A vanishing product: none of {n} factors is tiny, but their geometric mean is {figure(mean, 2)}.",),
            )
        ]
    return []


def _not_finite(order: Sequence[Value], links: Sequence[Link], names: Names) -> list[Note]:
    for node in order:
        if not math.isfinite(node.data) and all(math.isfinite(x.data) for x in node.parents):
            where = "It starts at the leaf " if node.op is None else "It starts at "
            return [
                Note(
                    "not finite",
                    (
                        "The gradient is not finite. ",
                        where,
                        _f(names.formula(node)),
                        " = ",
                        Figure(figure(node.data, 4)),
                        ".",
                    ),
                    node,
                )
            ]
    for link in links:
        if not math.isfinite(link.value):
            return [
                Note(
                    "not finite",
                    (
                        "The gradient is not finite. It starts with ",
                        _derivative(link, names),
                        " = ",
                        Figure(figure(link.value, 4)),
                        ".",
                    ),
                    link.use,
                )
            ]
    return [
        Note(
            "not finite",
            ("The gradient is not finite, although each factor is: their product is too large for a float.",),
        )
    ]


def _derivative(factor: Link | Fork, names: Names) -> Derivative:
    return Derivative(names.formula(factor.use), names.formula(factor.of), isinstance(factor, Link) and factor.direct)


def _f(term: Formula | float) -> Formula:
    return term if isinstance(term, Formula) else Figure(figure(term, 6))
