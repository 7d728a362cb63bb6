"""The LaTeX of any label is valid and says that label, by KaTeX and by MathJax: what is in it never is a command."""

from __future__ import annotations

import itertools
import random
import string

import pytest
from typeset import REFEREES, read, typeset

from autograd import Value, explain, explore, sin
from autograd.formulas.latex import latex
from autograd.formulas.spelling import clean, words_in_latex
from autograd.formulas.terms import Derivative, Name

SPECIAL = "\\^~<>{}$&#_%'`\"|@()[]-;:!?*+=/.,"
COMMANDS = [r"\input{/etc/passwd}", r"\href{javascript:alert(1)}{x}", r"\def\x{", "}{", "$$", r"\)", r"\end{aligned}"]
NAMES = ["w_a__b", "w_1_2_3", "w_a_", "w__", "w_é_", "h¹", "w⁽²⁾", "ŷ1", "ϛ", "Ͱ"]
MARKED = ["{\u0302", "\\\u0302", "é\u0303", "a\u0334"]
LABELS = [
    *SPECIAL,
    *(f"1{a}{b}c" for a, b in itertools.product("\\^~<>{_-'`", repeat=2)),
    *COMMANDS,
    *NAMES,
    *MARKED,
]
DRAWN_AS = str.maketrans({"\\": "∖", "^": "∧", "~": "∼", "'": "’", "`": "‘", '"': "”", "-": "−", "*": "∗"})
"""What stands for a character that the typesetters draw as another one that looks like it."""


def of_all_scripts(count: int) -> list[str]:
    """Labels of up to six characters, each any that can be printed."""
    rng = random.Random(0)
    printable = [c for c in map(chr, range(0x20, 0x30000)) if c.isprintable() and not "\ud800" <= c <= "\udfff"]
    often = SPECIAL + string.ascii_letters + "".join(map(chr, range(0x300, 0x370))) + "ℌ∑≠⟦∯⨆‼"
    return [
        "".join(rng.choice(often if rng.random() < 0.5 else printable) for _ in range(rng.randint(1, 6)))
        for _ in range(count)
    ]


def faults_of(texts: dict[tuple[str, object], str], found: list[str]) -> list[str]:
    """What a referee refused, with the label it came from."""
    said = zip(texts.items(), found, strict=True)
    return [f"{which}: {text}: {mathml}" for (which, text), mathml in said if mathml.startswith("refused: ")]


@pytest.mark.parametrize("referee", REFEREES)
def test_the_latex_of_a_label_is_valid_wherever_it_stands(referee: str) -> None:
    texts: dict[tuple[str, object], str] = {}
    for label in [*LABELS, *of_all_scripts(2000)]:
        name = Name(clean(label))
        texts |= {(label, k): latex(f) for k, f in enumerate((name**2, Derivative(name, Name("x"))))}
    refused, *found = typeset(referee, [r"\frac{1}", *texts.values()])
    assert refused.startswith("refused: ")  # so a fault would be seen
    assert not faults_of(texts, found)


@pytest.mark.parametrize("referee", REFEREES)
def test_the_latex_of_words_says_these_words(referee: str) -> None:
    words = [*SPECIAL, *(f"1{a}{b}c" for a, b in itertools.product(SPECIAL, repeat=2)), "Straße", "日本語", "∑ ≠ α"]
    for text, mathml in zip(words, typeset(referee, [words_in_latex(w) for w in words]), strict=True):
        assert read(mathml).translate(DRAWN_AS) == text.translate(DRAWN_AS)


@pytest.mark.parametrize("referee", REFEREES)
def test_the_latex_of_derivations_with_hostile_labels_is_valid(referee: str) -> None:
    texts: dict[tuple[str, object], str] = {}
    for label in LABELS:
        x = Value(0.5, label=label)
        y = sin(x**2 + x)
        y.label = label + "'"
        y.backward()
        for k, block in enumerate(
            explain(y, wrt=x).to_latex().strip().removeprefix("$$").removesuffix("$$").split("$$\n\n$$")
        ):
            texts[label, k] = block
        texts[label, "page"] = "".join(f"{{{name}^{{2}}}}" for name in explore(y).tape["latex"].values())
    assert not faults_of(texts, typeset(referee, list(texts.values())))
