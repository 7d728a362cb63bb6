"""A graph as formulas: the same nodes and the same chain rule, over SymPy's symbols.

With this module one can

* read off what a `Value` is, as an expression in the labels of its leaves: ``symbolic(y)``;
* read off a derivative, by the same backward walk: ``symbolic(y, wrt=x)``.

SymPy is needed for it (``pip install sympy``) and loaded on use.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd.graph import adjoints, evaluate, topological_order
from autograd.primitives import Primitive
from autograd.value import Value

__all__ = ["symbolic"]


def symbolic(value: Value, wrt: Value | Sequence[Value] | None = None) -> Any:
    """The SymPy expression of a node, or of ∂value/∂wrt.

    A leaf with a label is the real symbol of that name, ``sympy.Symbol(label, real=True)``; one without
    is its number, and numbers that are fractions, or fractions of √2, √π, √2π, log 2 or log 10, are written as such, if
    they are it to within two of their last bits.
    What a comparison or an ``if`` decided in the forward pass stays decided; `relu`, `maximum`, `abs`, …
    keep their pieces. Derivatives are those of the table, in the textbook form where a row has one.

    Args:
        value: the node.
        wrt: the node or nodes (leaves or not) to differentiate with respect to.

    Returns:
        A SymPy expression, not simplified; for a sequence of nodes the list of their derivatives.

    Raises:
        TypeError: if `value` or `wrt` is not a `Value`.
        ValueError: if two leaves have one label, or a formula compares with NaN (as `maximum` does).
        RecursionError: for a graph that is nested more deeply than SymPy can walk.
        ModuleNotFoundError: without SymPy.

    >>> from autograd import Value, sigmoid, sin, symbolic
    >>> x = Value(0.5, label="x")
    >>> y = sin(x**2 + 1)                        # source 003, §3.2
    >>> symbolic(y), symbolic(y, wrt=x)
    (sin(x**2 + 1), 2*x*cos(x**2 + 1))

    A neuron: ∂a/∂w = σ(z) (1 − σ(z)) x.

    >>> w = Value(2.0, label="w")
    >>> symbolic(sigmoid(w * x), wrt=w)
    x*(1 - 1/(1 + exp(-w*x)))/(1 + exp(-w*x))
    """
    try:
        import sympy  # noqa: F401
    except ModuleNotFoundError:
        raise ModuleNotFoundError("symbolic needs SymPy: pip install sympy", name="sympy") from None
    nodes = [wrt] if wrt is None or isinstance(wrt, Value) else list(wrt)
    for given in (value, *nodes):
        if not isinstance(given, Value) and given is not None:
            raise TypeError(f"symbolic takes Values, and was given {given!r} of type {type(given).__name__}")

    try:
        return _derived(value, wrt, nodes)
    except RecursionError:
        raise RecursionError(
            f"the expression of {value!r}, of {len(topological_order(value))} nodes, is nested too deeply for SymPy, "
            "which walks it by recursion; sys.setrecursionlimit sets how deep it may be"
        ) from None


def _derived(value: Value, wrt: Value | Sequence[Value] | None, nodes: Sequence[Value | None]) -> Any:
    formula: dict[Any, _Formula] = {node: _Formula(node) for node in topological_order(value)}
    for written in formula.values():
        written.operands = tuple(formula[x] if isinstance(x, Value) else _exact(x) for x in written.operands)
    order: Any = list(formula.values())
    primal: Any = {formula[leaf]: symbol for leaf, symbol in _symbols([x for x in formula if x.op is None]).items()}
    try:
        evaluate(order, primal)
    except TypeError as error:
        if "NaN" not in str(error):
            raise
        asked = next(node for node in formula if formula[node] not in primal)  # the first that was not computed
        assert asked.op is not None
        raise ValueError(
            f"{asked.op.name} of {', '.join(map(repr, asked.operands))} compares with NaN, and SymPy has no "
            "expression for that"
        ) from error
    if wrt is None:
        return _exactly(primal[formula[value]])
    adjoint: Any = adjoints(order, primal)
    derivatives = [_exactly(adjoint.get(formula.get(node), 0)) for node in nodes]
    return derivatives[0] if isinstance(wrt, Value) else derivatives


class _Formula:
    """A node with the derivatives that a textbook gives, for the walks of `graph`."""

    def __init__(self, node: Value) -> None:
        self.data = node.data
        self.op = node.op and _by_the_book(node.op)
        self.operands = node.operands


def _by_the_book(op: Primitive) -> Primitive:
    if op.textbook is None or callable(op.derivatives):
        return op
    return Primitive(op.name, op.symbol, op.formula, (op.textbook, *op.derivatives[1:]), op.defaults)


def _symbols(leaves: list[Value]) -> dict[Value, Any]:
    """The symbol, or the number, that each leaf is."""
    import sympy

    named: dict[str, Value] = {}
    for leaf in leaves:
        if leaf.label and named.setdefault(leaf.label, leaf) is not leaf:
            raise ValueError(
                f"two leaves are labelled {leaf.label!r}: {named[leaf.label]!r} and {leaf!r}; in a formula that would "
                "be one variable. Give each its own label."
            )
    return {leaf: sympy.Symbol(leaf.label, real=True) if leaf.label else _exact(leaf.data) for leaf in leaves}


def _exactly(expression: Any) -> Any:
    """The expression with exact numbers in the place of floats, as far as they are recognised."""
    import sympy

    expression = sympy.sympify(expression)
    return expression.xreplace({number: _exact(number) for number in expression.atoms(sympy.Float)})


def _exact(number: Any) -> Any:
    """A fraction with a denominator up to 1000, times or by √2, √π, √2π, log 2, log 10 (the table's), or the float."""
    import sympy

    x = float(number)
    if x - x != 0 or (x == 0 and number != 0):  # an infinity or NaN; what is none is too large or small for a float
        return sympy.sympify(x) if type(number) is float else number
    roots = (sympy.sqrt(2), sympy.sqrt(sympy.pi), sympy.sqrt(2 * sympy.pi), sympy.log(2), sympy.log(10))
    for root in (sympy.Integer(1), *roots):
        for factor in (root, 1 / root):
            fraction = sympy.Rational(x / float(factor)).limit_denominator(1000)
            if abs(float(fraction * factor) - x) <= 4e-16 * abs(x):  # a rounding of the product, and one of the factor
                return fraction * factor
    return sympy.Float(x)
