"""Formulas as MathML, which every browser sets by itself: no script, no fonts, nothing to be loaded."""

from __future__ import annotations

import html
import re
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging

_WRITTEN_OTHERWISE = [
    (re.compile(r"\\[bB]ig+[lr]?(?![a-zA-Z])\s*"), ""),  # parentheses grow by themselves
    (re.compile(r"\\dots(?![a-zA-Z])"), r"\\ldots "),
    (re.compile(r"\\iff(?![a-zA-Z])"), r"\\;\\Longleftrightarrow\\;"),
    (re.compile(r"\\([td]?frac)\s*(\d)\s*(\d)"), r"\\\1{\2}{\3}"),
    (re.compile(r"\\([td]?frac)\s*(\d)(?=[a-zA-Z])"), r"\\\1{\2}"),
    (re.compile(r"\\tag\{([^}]*)\}"), r"\\qquad\\text{(\1)}"),
    (re.compile("∂"), r"\\partial "),
    (re.compile(r"\\middle\b"), ""),
]
"""What docutils does not know, in words that it knows."""

_ASSIGNED = re.compile(r"<mo>[:∶]</mo>\s*<mo>=</mo>")  # to docutils a ratio, and an equality
_ACCENTS = set("ˆ^˜~ˉ¯_→˙¨ˇ˘´`˚")

_log = logging.getLogger(__name__)


def mathml(latex: str, *, block: bool = False) -> str:
    """A formula in MathML.

    Raises:
        MathError: if it is not understood.
    """
    for pattern, other in _WRITTEN_OTHERWISE:
        latex = pattern.sub(other, latex)
    return _beside(_ASSIGNED.sub("<mo>:=</mo>", latex2mathml.tex2mathml(latex.strip(), as_block=block)))


def _beside(formula: str) -> str:
    r"""The index of a letter with an accent, which docutils sets below the letter: \hat y_k has it to the right."""
    if "munderover" not in formula:
        return formula
    start, _, rest = formula.partition(">")  # whose name space ElementTree would write its own way
    root = ElementTree.fromstring(f"<math>{rest}")
    for element in list(root.iter("munderover")):
        letter, index, accent = element
        if (accent.text or "").strip() in _ACCENTS and letter.tag != "mo":
            accented = ElementTree.Element("mover", accent="true")
            accented.extend([letter, accent])
            element.tag = "msub"
            element[:] = [accented, index]
    for element in list(root.iter("msup")):
        if element[0].tag == "msub":  # \hat y_i^{(k)}: both stand beside it
            element.tag = "msubsup"
            element[:] = [*element[0], element[1]]
    written = ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)
    return f"{start}>{written.partition('>')[2]}"


def _set(translator: Any, node: nodes.Node, *, block: bool) -> None:
    latex = node.astext()
    try:
        written = mathml(latex, block=block)
    except MathError as error:
        _log.warning("a formula that could not be set (%s): %s", error, latex, location=node)
        written = f"<code>{html.escape(latex)}</code>"
    translator.body.append(f'<div class="formula">{written}</div>\n' if block else written)
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer(
        "mathml",
        (lambda translator, node: _set(translator, node, block=False), None),
        (lambda translator, node: _set(translator, node, block=True), None),
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
