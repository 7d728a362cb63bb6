"""Names in formulas: their letters, subscripts and superscripts, and how they are escaped.

With this module one can

* take a name apart, `split`: w5, w_ij, W[0][1], w2.1.3 and w⁽²⁾ have a subscript or something above;
* raise and lower digits: `raised`, `lowered`, `level`;
* make a label fit for one line, `clean`, and for LaTeX, `escaped_for_latex`.

>>> split("w5"), split("w_ij"), split("W[0][1]"), split("w⁽²⁾"), split("v₁"), split("w2.1.3")
(('w', '5', ''), ('w', 'ij', ''), ('W', '0,1', ''), ('w', '', '(2)'), ('v', '1', ''), ('w', '2.1.3', ''))
>>> raised(12), lowered(3), level("x₁₂")
('¹²', '₃', 'x12')
"""

from __future__ import annotations

import re
import unicodedata

from autograd.primitives import table

__all__ = [
    "ACCENTS",
    "accented",
    "clean",
    "escaped_for_latex",
    "function_name",
    "greek",
    "level",
    "lowered",
    "raised",
    "split",
]

_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_LEVEL = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉⁽⁾", "01234567890123456789()")
_NAME = re.compile(
    r"(?P<base>[^\W\d_⁰-⁹¹²³₀-₉]+)_?(?P<subscript>[^\W⁰-⁹¹²³]*|(?:\[\w+\])+|\d+(?:\.\d+)+)(?P<above>[⁰-⁹¹²³]*|⁽[⁰-⁹¹²³]+⁾)"
)

ACCENTS = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde", "\u0307": "dot"}
"""Marks above a letter, and what LaTeX calls them."""


def raised(digits: object) -> str:
    """An integer as a superscript."""
    return str(digits).translate(_RAISED)


def lowered(digits: object) -> str:
    """An integer as a subscript."""
    return str(digits).translate(_LOWERED)


def level(name: str) -> str:
    """The same with all its digits on the line."""
    return name.translate(_LEVEL)


def split(name: str) -> tuple[str, str, str]:
    """The letters of a name, its subscript, and what stands above it: w5, w_ij, W[0][1], w⁽²⁾."""
    found = _NAME.fullmatch(unicodedata.normalize("NFC", name))
    if not found:
        return name, "", ""
    subscript = level(found["subscript"].strip("[]").replace("][", ","))
    return found["base"], subscript, level(found["above"])


def accented(letters: str) -> tuple[str, str] | None:
    """The letter and the mark above it, of ŷ; None for anything else."""
    plain = unicodedata.normalize("NFD", letters)
    return (plain[0], plain[1]) if len(plain) == 2 and plain[1] in ACCENTS else None


def greek(letter: str) -> str:
    """What LaTeX calls a Greek letter, with its backslash; "" for anything else."""
    if len(letter) != 1 or letter in "οΑΒΕΖΗΙΚΜΝΟΡΤΧς":  # which LaTeX has no command for
        return ""
    words = unicodedata.name(letter, "").split()
    if words[:1] != ["GREEK"] or words[-2:-1] != ["LETTER"]:
        return ""
    word = words[-1].lower().replace("lamda", "lambda")
    return "\\" + (word.capitalize() if words[1] == "CAPITAL" else word)


def function_name(primitive: str) -> str:
    """What the function of a primitive is called on paper."""
    symbol = table[primitive].symbol if primitive in table else primitive
    return symbol if symbol.isidentifier() else primitive


def clean(label: str, longest: int = 24) -> str:
    """A label fit for one line: no line breaks or control characters, and not too long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in label).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def escaped_for_latex(words: str) -> str:
    r"""Words for the inside of \text{…}.

    >>> escaped_for_latex("50% of {a_b}")
    '50\\% of \\{a\\_b\\}'
    """
    return "".join(_LATEX_ESCAPES.get(c, c) for c in words)


_LATEX_ESCAPES = {c: "\\" + c for c in "{}$&#_%"} | {
    "\\": r"{\backslash}",
    "^": r"{\wedge}",
    "~": r"{\sim}",
    "<": r"{\lt}",
    ">": r"{\gt}",
}
