"""`explain`: why a gradient is what it is, as the chain of factors from the root to a node.

With this module one can

* ask for the derivation of one gradient, `explain`, and print it, show it in a notebook, or put it on a
  page (`Explanation`);
* work with what it says: the factors and their rules (`Link`), the sums over several ways
  (`Fork`, `Path`, `Step`), and what is worth knowing (`Note`), all of them in `chain.py`.

The factors are found in `ways.py`, what is worth knowing about them in `findings.py`; `layout.py` makes equations and
sentences of both, and `writing.py` writes these down.
"""

from __future__ import annotations

from typing import Any

from autograd.graph import adjoints, topological_order
from autograd.structure.names import Names, places_of
from autograd.value import Value, _interior, check_unchanged
from autograd.viz.explanation.chain import ChainRule
from autograd.viz.explanation.findings import findings
from autograd.viz.explanation.ways import Ways
from autograd.viz.explanation.writing import as_latex, as_markdown, as_mathml, as_text

__all__ = ["Explanation", "explain"]


class Explanation(ChainRule):
    """The derivation of one gradient. A terminal shows its text; in a notebook it shows itself."""

    def __str__(self) -> str:
        return as_text(self)

    def __repr__(self) -> str:
        return str(self)

    def to_latex(self) -> str:
        """The equations in LaTeX (amsmath), and the notes as text."""
        return as_latex(self)

    def to_markdown(self) -> str:
        """The derivation in Markdown with LaTeX between dollars, as GitHub and notebooks show it."""
        return as_markdown(self)

    def to_mathml(self) -> str:
        """The derivation as a piece of HTML whose formulas are MathML: it needs no script and no network."""
        return as_mathml(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What a notebook shows that sets no LaTeX."""
        printer.text(str(self))

    def _repr_latex_(self) -> str:
        return self.to_latex()


def explain(value: Value, *, wrt: Value, model: Any = None) -> Explanation:
    """Why ∂value/∂wrt is what it is: the chain rule with formulas, numbers and reasons.

    No gradient is changed, and none needs to have been computed.

    Args:
        value: the root, a loss for instance.
        wrt: a leaf or any other node.
        model: an object with `parameters`, or a mapping of names to parameters, to call nodes as `draw` does.

    Returns:
        An `Explanation`. If no gradient gets from one to the other, it says why.

    Raises:
        TypeError: if either is not a `Value`, or is one without a number, as `compile` passes to a function; for a
            `model` without parameters.
        RuntimeError: if the data of a node have changed since the forward pass.
        ZeroDivisionError, ValueError, OverflowError: where a local derivative does not exist, as `backward` does.

    >>> from autograd import Value, explain
    >>> x = Value(0.5, label="x")
    >>> u = x**2 + 1
    >>> u.label = "u"
    >>> y = u.sin()
    >>> y.label = "y"
    >>> print(explain(y, wrt=x))
    ∂y/∂x = ∂y/∂u · ∂u/∂x
          = cos(u) · 2x
          = 0.3153 × 1
          = 0.3153
    <BLANKLINE>
    because
      ∂y/∂u = cos(u) = 0.3153
          y = sin(u) = 0.9490, by ∂sin(x)/∂x = cos(x)
      ∂u/∂x = 2x = 1
          u = x² + 1 = 1.25, by ∂(a + b)/∂a = 1, ∂(a^b)/∂a = b·a^(b − 1)
    <BLANKLINE>
    at x = 0.5
    """
    for name, node in (("a value", value), ("wrt=", wrt)):
        if not isinstance(node, Value):
            raise TypeError(f"explain takes {name} that is a Value, not {node!r} of type {type(node).__name__}")
    order = topological_order(value)
    numbers = {node: node.data for node in (*order, wrt)}  # a placeholder has none, while a function is compiled
    check_unchanged(_interior(value))  # which raises where a local derivative does not exist
    gradient = {node: float(delta) for node, delta in adjoints(order, numbers, 1.0).items()}
    names = Names(value, wrt, order, places_of(order, model))
    if wrt is value:
        return Explanation(value, wrt, 1.0, (), (), names)
    ways = Ways(value, wrt, order, gradient, names)
    chain = ways.chain()
    notes = findings(value, wrt, order, gradient.get(wrt, 0.0), chain, ways, names)
    return Explanation(value, wrt, gradient.get(wrt, 0.0) if chain else 0.0, chain, tuple(notes), names)
