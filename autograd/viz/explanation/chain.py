"""One gradient by the chain rule, as data: its factors from the root to a node, and what there is to know about them.

With this module one can

* hold a factor and the rows it comes from: `Link` and `Rule`;
* hold a sum over several ways: `Fork`, of `Path`s where they are few, else of the `Step`s of a recursion;
* hold the whole, with what is worth knowing about it: `ChainRule` and `Note`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from autograd.formulas.terms import Comparison, Derivative, Formula, Term
from autograd.structure.names import Names
from autograd.value import Value

__all__ = ["ChainRule", "Fork", "Link", "Note", "Path", "Rule", "Step", "links_of"]


@dataclass(frozen=True)
class Rule:
    """A row of the table at work: ∂(a·b)/∂a = b."""

    primitive: str
    left: Derivative
    right: Term


@dataclass(frozen=True)
class Link:
    """One factor: how a node (`use`) answers to one it is computed from (`of`), all else fixed.

    Attributes:
        derivative: ∂use/∂of as a formula, on the piece that holds here.
        value: the same as a number.
        rules: the rows it comes from, in order; several where the operand occurs more than once, or
            where nodes without a name of their own were passed.
        decided: the comparisons that chose the piece (relu: z ≤ 0), as they stand.
        ties: those of them whose two sides are equal.
        direct: whether there are other ways from `use` to `of`, so that this is not all of ∂use/∂of.
        shut: the primitives whose piece is 0 wherever one is on it.
    """

    use: Value
    of: Value
    derivative: Term
    value: float
    rules: tuple[Rule, ...]
    decided: tuple[tuple[Comparison, bool], ...] = ()
    ties: tuple[Comparison, ...] = ()
    direct: bool = False
    shut: tuple[str, ...] = ()


@dataclass(frozen=True)
class Path:
    """One way from the root to the node: its factors, and their product."""

    links: tuple[Link, ...]
    value: float


@dataclass(frozen=True)
class Step:
    """One step of the recursion: δ = Σ δ_use · ∂use/∂node over the uses of a node.

    `delta` is ∂(the fork's root)/∂node; `terms` are the links from its uses, with the δ of each use.
    """

    node: Value
    delta: float
    terms: tuple[tuple[Link, float], ...]


@dataclass(frozen=True)
class Fork:
    """A factor that several ways make up: they part at `use` and meet again at `of`.

    Attributes:
        value: ∂use/∂of, the sum over all ways.
        count: how many ways there are (a float: there may be more than 10³⁰⁰).
        paths: all of them, if they are few; else empty.
        steps: the recursion, from the nodes next to `use` down to `of`; empty if there are few paths.
        largest: the path with the greatest product.
    """

    use: Value
    of: Value
    value: float
    count: float
    paths: tuple[Path, ...]
    steps: tuple[Step, ...]
    largest: Path


@dataclass(frozen=True)
class Note:
    """Something worth knowing about a gradient, as a sentence of words and formulas.

    `kind` is one of "none" (no gradient, and why), "blocked", "zero", "vanishing", "exploding", "tie",
    "cancellation", "not finite".
    """

    kind: str
    words: tuple[str | Formula, ...]
    node: Value | None = None


@dataclass(frozen=True)
class ChainRule:
    """One gradient, factor by factor.

    Attributes:
        value, wrt: ∂value/∂wrt is explained.
        gradient: what `value.backward()` adds to ``wrt.grad``.
        chain: the factors whose product the gradient is, from the root to `wrt`; empty if no gradient
            gets there, or if the two are one node.
        notes: what is worth knowing.
        names: how the nodes are called.
    """

    value: Value
    wrt: Value
    gradient: float
    chain: tuple[Link | Fork, ...]
    notes: tuple[Note, ...]
    names: Names = field(repr=False)

    @property
    def links(self) -> list[Link]:
        """Every link that is shown, those of the sums included, each once, from the root down."""
        found: dict[tuple[Value, Value], Link] = {}
        for factor in self.chain:
            for link in links_of(factor):
                found.setdefault((link.use, link.of), link)
        return list(found.values())


def links_of(factor: Link | Fork) -> list[Link]:
    """The links that a factor is made of, as far as they are shown."""
    if isinstance(factor, Link):
        return [factor]
    return [link for path in factor.paths or (factor.largest,) for link in path.links]
