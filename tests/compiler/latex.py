r"""The LaTeX of a program, translated back into the language of `print`, token by token.

What is expected is a line of LaTeX for a line of text, with the same structure: ``\left(``, ``\odot``,
``W^{1}\,x`` for a juxtaposition, ``\frac{\partial E}{\partial W^{1}}``. The tables are all there is to adjust.
"""

from __future__ import annotations

import re

SIGNS = {
    "odot": "⊙", "cdot": " ", "times": "×", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠",
    "lt": "<", "gt": ">", "neg": "¬", "lnot": "¬", "sum": "Σ", "partial": "∂", "infty": "inf", "prime": "′",
    "lvert": "|", "rvert": "|", "vert": "|", "lbrack": "[", "rbrack": "]", "ldots": "…", "dots": "…", "colon": ":",
    "bmod": " % ", "top": "ᵀ", "lfloor": "(", "rfloor": ")", "quad": " ", "qquad": "   ",
}  # fmt: skip
GREEK = dict(zip(
    ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
     "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "varepsilon", "varphi"],
    "αβγδεζηθικλμνξπρστυφχψωεφ", strict=True,
))  # fmt: skip
DROPPED = {"left", "right", "big", "bigl", "bigr", "Big", "limits", "nolimits", "displaystyle", "!"}
WRAPPERS = {"mathrm", "operatorname", "text", "mathit", "mathsf", "mathtt", "mathbf", "boldsymbol", "mathop", "mathrel"}
SPACED = "⊙×≤≥≠<>|"  # signs after which a space stays one
SPACES = {",", ";", ":", " ", "quad", "qquad"}
FRACTIONS = {("1", "2"): "½", ("1", "4"): "¼", ("3", "4"): "¾"}
UP = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
DOWN = str.maketrans("0123456789ijklmnprstu", "₀₁₂₃₄₅₆₇₈₉ᵢⱼₖₗₘₙₚᵣₛₜᵤ")

_TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|\d+(?:\.\d+)?(?:e[+-]?\d+)?|.", re.DOTALL)
_SCIENTIFIC = re.compile(r"(\d+(?:\.\d+)?)\s*\\(?:cdot|times)\s*10\^\{(-?\d+)\}")


class _Reader:
    def __init__(self, latex: str) -> None:
        self.tokens, self.at = _TOKEN.findall(_SCIENTIFIC.sub(r"\1e\2", latex)), 0
        self.floor = 0  # within ⌊ ⌋ a fraction is a division of integers

    def until(self, end: str) -> str:
        """All up to a closing brace, or to the end."""
        said = ""
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token == end:
                self.at += 1
                return said
            said = self.one(said)
        if end:
            raise ValueError(f"a brace is not closed: {''.join(self.tokens)}")
        return said

    def argument(self) -> str:
        """A group in braces, or the next token."""
        while self.tokens[self.at] == " ":
            self.at += 1
        return self.one("")

    def one(self, said: str) -> str:
        """What has been said, with the next token added to it."""
        token = self.tokens[self.at]
        self.at += 1
        if token == "{":
            return said + self.until("}")
        if token == "^":
            return said + _raised(self.argument())
        if token == "_":
            return said + re.sub("[, ]", "", self.argument()).translate(DOWN)
        if token == "&":
            return said
        if token == "~":
            return said + " "
        if token == "/" and self.floor:
            return said + "//"
        if token[0] != "\\":
            return said + {"-": "−", "'": "′", "*": "⊙"}.get(token, token)
        return self.command(said, token[1:])

    def command(self, said: str, name: str) -> str:
        spaced = False
        if name.isalpha():  # as in TeX, a space ends the name of a command, and no more
            while self.at < len(self.tokens) and self.tokens[self.at] == " ":
                self.at, spaced = self.at + 1, True
        if name in WRAPPERS:
            return said + self.argument()
        if name in DROPPED:
            return said.rstrip(" ") if name == "right" else said
        if name in ("frac", "tfrac", "dfrac"):
            above, below = self.argument(), self.argument()
            if above.startswith("∂"):
                return said + above.replace(" ", "") + "/" + below.replace("∂ ", "∂")
            half = FRACTIONS.get((above, below))
            return said + (half or f"(({above}) {'//' if self.floor else '/'} ({below}))")
        self.floor += {"lfloor": 1, "rfloor": -1}.get(name, 0)
        if name in SPACES:
            return said + SIGNS.get(name, " ")
        word = SIGNS.get(name) or GREEK.get(name) or name  # \tanh, \_, \%
        if name == "rvert":
            said = said.rstrip(" ")
        if word[-1].isalnum() and word != "Σ" and self.at < len(self.tokens) and self.tokens[self.at][-1].isalnum():
            word += " "  # \theta x is a product; \theta^2 and \theta[1] are not, and \theta\,x says so itself
            if self.tokens[self.at].startswith("\\") and self.tokens[self.at][1:] in DROPPED | set(SIGNS):
                word = word[:-1]
        return said + word + " " * (spaced and word in SPACED and name != "lvert")


def _raised(exponent: str) -> str:
    if exponent in ("ᵀ", "T"):
        return "ᵀ"
    if set(exponent) <= {"′"}:
        return exponent
    if re.fullmatch("−?[0-9]+", exponent):
        return exponent.replace("−", "-").translate(UP)
    inside = exponent[1:-1] if re.fullmatch(r"\([^()]*\)", exponent) else exponent
    return f"^({inside})"


def line(latex: str) -> str:
    r"""A row of LaTeX as a line of text.

    >>> line(r"\delta^{1} &= \left(W^{2}\right)^{\top}\,\delta^{2} \odot \sigma'\left(z^{1}\right)")
    'δ¹ = (W²)ᵀ δ² ⊙ σ′(z¹)'
    """
    said = re.sub(" +", " ", _Reader(latex).until("")).strip()
    said = (
        re.sub(r" ?\+ ?= ?", " += ", said)
        if "+=" in said.replace("+ =", "+=")
        else re.sub(" ?= ?", " = ", said, count=1)
    )
    return re.sub(r",? for (?=[a-z] <)", "   for ", said)


def rows(latex: str) -> list[str]:
    r"""The rows of what ``_repr_latex_`` gives, without ``$$`` and ``aligned``; none of the empty ones."""
    inside = latex.strip().strip("$").strip().replace("$$\n$$", r"\\")  # a long program is several blocks
    inside = re.sub(r"\\(begin|end)\{[a-z*]+\}(\{[a-z]*\})?", "", inside)
    return [row.strip() for row in re.split(r"\\\\(?:\[[^\]]*\])?", inside) if row.strip()]


def translated(latex: str, text: str) -> str:
    """The program as the LaTeX states it, in the language of the text; header and constants are the text's own."""
    kept, tables, section = [], set(), ""
    for said in text.splitlines():
        if said in ("constants", "forward", "backward"):
            section = said
        if section in ("", "constants"):
            kept.append(said)
            if " = " in said:
                tables.add(said.split(" = ")[0].strip())
    lines = [line(row) for row in rows(latex)]
    body = ["    " + said for said in lines if " = " in said or " += " in said if said.split(" = ")[0] not in tables]
    results = [said for said in lines if said.startswith("result: ")]
    return "\n".join([*kept, "", "forward", *(b for b in body if b.strip() not in results), "", *results]) + "\n"
