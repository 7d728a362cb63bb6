"""Names in formulas: their letters, subscripts and superscripts, and how they are escaped.

With this module one can

* take a name apart, `split`: w5, w_ij, W[0][1], W²₁₃ and w⁽²⁾ have a subscript or something above;
* raise and lower digits: `raised`, `lowered`, `level`;
* make a label fit for one line, `clean`, and for LaTeX, `words_in_latex`.

>>> split("w5"), split("w_ij"), split("W[0][1]"), split("w⁽²⁾"), split("W²₁₃"), split("W²₁₂,₃")
(('w', '5', ''), ('w', 'ij', ''), ('W', '0,1', ''), ('w', '', '(2)'), ('W', '13', '2'), ('W', '12,3', '2'))
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
    "function_name",
    "greek",
    "level",
    "lowered",
    "raised",
    "split",
    "words_in_latex",
]

_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_LEVEL = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉⁽⁾", "01234567890123456789()")
_NAME = re.compile(
    r"(?P<base>[^\W\d_⁰-⁹¹²³₀-₉]+)(?P<layer>[⁰-⁹¹²³]+(?=[₀-₉]))?_?(?P<subscript>[₀-₉]+,[₀-₉]+|[^\W⁰-⁹¹²³]*|(?:\[\w+\])+|\d+(?:\.\d+)+)(?P<above>[⁰-⁹¹²³]*|⁽[⁰-⁹¹²³]+⁾)"
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
    """The letters of a name, its subscript, and what stands above it: w5, w_ij, W[0][1], w⁽²⁾, W²₁₃."""
    found = _NAME.fullmatch(unicodedata.normalize("NFC", name))
    if not found:
        return name, "", ""
    subscript = level(found["subscript"].strip("[]").replace("][", ","))
    return found["base"], subscript, level((found["layer"] or "") + found["above"])


def accented(letters: str) -> tuple[str, str] | None:
    """The letter and the mark above it, of ŷ; None for anything else."""
    plain = unicodedata.normalize("NFD", letters)
    return (plain[0], plain[1]) if len(plain) == 2 and plain[1] in ACCENTS else None


def greek(letter: str) -> str:
    """What LaTeX calls a Greek letter, with its backslash; "" for anything else."""
    words = unicodedata.name(letter, "").split() if len(letter) == 1 else []
    if len(words) != 4 or words[0] != "GREEK" or words[2] != "LETTER":
        return ""
    word = words[3].lower().replace("lamda", "lambda")
    if words[1] == "CAPITAL":
        word = word.capitalize()
    return "\\" + word if word in _GREEK else ""


_GREEK = frozenset(
    {
        *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu"),
        *("xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
        *("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"),
    }
)
"""The letters that LaTeX has a command for; the others look like Latin ones."""


def function_name(primitive: str) -> str:
    """What the function of a primitive is called on paper."""
    symbol = table[primitive].symbol if primitive in table else primitive
    return symbol if symbol.isidentifier() else primitive


def clean(label: str, longest: int = 24) -> str:
    """A label fit for one line: no line breaks or control characters, and not too long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in label).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def words_in_latex(words: str) -> str:
    r"""Words in mathematics: \text{…}, with what KaTeX or MathJax does not take there beside it.

    In \text, MathJax shows most commands as they are spelled, and KaTeX refuses the symbols of mathematics; beside it,
    both know all of them.

    >>> print(words_in_latex("50% of {a_b}"))
    {\text{50}\%\text{ of }\{\text{a}\_\text{b}\}}
    >>> print(words_in_latex("as usual"), words_in_latex("≠"))
    \text{as usual} {≠}
    """
    pieces: list[str] = []
    run = ""
    for c in unicodedata.normalize("NFC", words):
        if "\u0300" <= c <= "\u036f" and not (c in _MARKS_IN_TEXT and run[-1:].isascii() and run[-1:].isalpha()):
            c = "\N{DOTTED CIRCLE}"  # KaTeX refuses a mark that it does not know above a letter
        beside = _BESIDE_TEXT.get(c) or (f"{{{c}}}" if _MATHEMATICAL.fullmatch(c) else "")
        if run and (beside or (c == run[-1] and c in "-'`")):  # two hyphens would become a dash
            pieces.append(rf"\text{{{run}}}")
            run = ""
        if beside:
            pieces.append(beside)
        else:
            run += c
    if run or not pieces:
        pieces.append(rf"\text{{{run}}}")
    return pieces[0] if len(pieces) == 1 else f"{{{''.join(pieces)}}}"


_BESIDE_TEXT = {c: "\\" + c for c in "{}$&#_%"} | {
    "\\": r"{\backslash}",
    "^": r"{\wedge}",
    "~": r"{\sim}",
    "<": r"{\lt}",
    ">": r"{\gt}",
}
_MATHEMATICAL = re.compile(r"[‼℀-⅏∀-⋿⌜-⌟⟀-⟯⦀-⧿⨀-⫿]")
"""The blocks that hold what KaTeX takes for commands of mathematics."""
_MARKS_IN_TEXT = "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c"
