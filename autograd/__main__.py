"""The command line: the value, the gradients and the derivation of an expression.

    python -m autograd "sin(x**2 + 1)" x=0.5
    python -m autograd "sigmoid(w*x + b)" w=2 x=1.5 b=-1 --explain
    python -m autograd "sin(x**2 + 1)" x=0.5 --latex --draw graph.svg --explore page.html

Anything it cannot do is one line on stderr and exit code 2, before anything has been printed. Where nobody reads on
(``| head``) it ends with exit code 141, and says nothing.
"""

from __future__ import annotations

import argparse
import sys
import unicodedata
from collections.abc import Sequence
from typing import NoReturn

from autograd.expression import Expression, ExpressionError
from autograd.primitives import table
from autograd.terminal import show
from autograd.value import Value

__all__ = ["main"]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        line = " ".join("".join(c if c.isprintable() else "�" for c in message).split())
        self.exit(2, f"{self.prog}: {line if len(line) <= 300 else line[:299] + '…'}\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line asks; see the module's docstring.

    >>> main(["sin(x**2 + 1)", "x=0.5"])
    y = sin(x² + 1)
    <BLANKLINE>
    y     = 0.9489846193555862
    ∂y/∂x = 0.3153223623952687
    <BLANKLINE>
    ∂y/∂x = ∂y/∂(x² + 1) · ∂(x² + 1)/∂x
          = cos(x² + 1) · 2x
          = 0.3153 × 1
          = 0.3153
    """
    parser = _Parser(
        prog="python -m autograd",
        description="The value, the gradients and the derivation of an expression.",
        epilog='example: python -m autograd "sin(x**2 + 1)" x=0.5 --explain',
        allow_abbrev=False,
    )
    parser.add_argument("expression", help="arithmetic with + - * / **, functions such as sin, and names")
    parser.add_argument("values", nargs="*", metavar="name=value", help="a number for each name")
    parser.add_argument("--explain", action="store_true", help="the derivation with the reason for each factor")
    parser.add_argument("--latex", action="store_true", help="the derivation in LaTeX")
    parser.add_argument("--draw", metavar="FILE", help="draw the graph, as .svg, .png or .pdf")
    parser.add_argument("--explore", metavar="FILE", help="write a page to explore the graph with, as .html")
    options = parser.parse_intermixed_args(_guarded(sys.argv[1:] if arguments is None else arguments))
    try:
        printed = _answer(options)
    except (ExpressionError, ArithmeticError, ValueError, TypeError, OSError, ImportError, RuntimeError) as error:
        parser.error(str(error))
    show(printed, parser)


def _guarded(arguments: Sequence[str]) -> list[str]:
    """-x**2 is an expression and no option: with a space before it, argparse sees that, too."""
    return [f" {a}" if a.startswith("-") and not a.startswith("--") and a != "-h" else a for a in arguments]


def _answer(options: argparse.Namespace) -> str:
    expression = Expression(options.expression)
    variables = _variables(options.values)
    value = expression(**variables)
    if not isinstance(value, Value):
        if options.draw or options.explore:
            raise ExpressionError("there is nothing to draw: the expression has no variables")
        return repr(value)
    if value.op is None:
        value = table["pos"](value)  # a lone x: something to be the derivative of
    value.label = next(
        name for name in ("y", "f", "g", *(f"y{i}" for i in range(len(variables)))) if name not in variables
    )
    value.backward()
    printed = _derivation(value, list(variables.values()), options)
    if options.draw:
        from autograd import draw

        draw(value).render(outfile=options.draw, cleanup=True)
    if options.explore:
        from autograd import explore

        explore(value).save(options.explore)
    return printed


def _variables(given: Sequence[str]) -> dict[str, Value]:
    variables: dict[str, Value] = {}
    for pair in given:
        name, equals, number = (part.strip() for part in pair.partition("="))
        name = unicodedata.normalize("NFKC", name)
        if not equals or not name.isidentifier():
            raise ExpressionError(f"expected name=value, such as x=0.5, not {pair.strip()!r}")
        if name in variables:
            raise ExpressionError(f"{name} is given twice")
        try:
            variables[name] = Value(float(number), label=name)
        except ValueError:
            raise ExpressionError(f"the value of {name} is a number, not {number!r}") from None
    return variables


def _derivation(value: Value, variables: Sequence[Value], options: argparse.Namespace) -> str:
    from autograd.formulas.notation import text
    from autograd.viz.explanation.explain import explain
    from autograd.viz.explanation.writing import as_latex, as_text, formula_of

    explanations = [explain(value, wrt=x) for x in variables]
    if options.latex:
        return "\n\n".join(as_latex(e, with_reasons=options.explain) for e in explanations)
    names = explanations[0].names
    left = [text(names.formula(value)), *(f"∂{text(names.formula(value))}/∂{x.label}" for x in variables)]
    right = [value.data, *(x.grad for x in variables)]
    width = max(map(len, left))
    numbers = "\n".join(f"{name:{width}} = {number!r}" for name, number in zip(left, right, strict=True))
    return "\n\n".join([formula_of(value), numbers, *(as_text(e, with_reasons=options.explain) for e in explanations)])


if __name__ == "__main__":
    main()
