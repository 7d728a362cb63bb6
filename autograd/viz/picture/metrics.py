"""How wide a text is, known without a font: a box made for its text on one machine holds it on any other.

Pictures are set in DejaVu Sans or Verdana, which are as wide as each other and the widest of the usual fonts, and
DejaVu Sans Mono, Menlo or Consolas. Where a reader has none of them, the text is told how long it is (`textLength`).

>>> width("w1", 12), width("w1", 12, bold=True), width("+0.08217", 11, mono=True)
(17.52, 19.56, 53.24)
"""

from __future__ import annotations

import unicodedata

__all__ = ["MONO", "SANS", "width"]

SANS = "DejaVu Sans,Verdana,Segoe UI,sans-serif"
MONO = "DejaVu Sans Mono,Menlo,Consolas,monospace"

_MONO = 60.5
"""Every letter of the fonts of one width, in hundredths of the size."""
_OTHER = 100
"""A letter that is not in the tables."""


def width(words: str, size: float, *, mono: bool = False, bold: bool = False) -> float:
    """How wide words are in a size, in the same unit."""
    table = _BOLD if bold else _REGULAR
    total = 0.0
    for c in unicodedata.normalize("NFD", words):  # ŷ is as wide as y
        if not unicodedata.combining(c):
            known = c in table
            total += _MONO if mono and known else table[c] if known else _OTHER
    return round(total * size / 100, 2)


def _by_letter(letters: dict[int, str]) -> dict[str, int]:
    return {letter: wide for wide, all_of_them in letters.items() for letter in all_of_them}


# From the tables of DejaVu Sans 2.37, rounded up to hundredths of the size.
# fmt: off
_REGULAR = _by_letter({
    23: '′', 25: '⁽⁾', 28: "'ijl", 30: 'IJ', 32: ' ,.·', 34: '/:;\\|ι', 36: 'f', 37: '-', 40: '()[]t',
    41: '!²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉', 42: 'r', 46: '"', 50: '*_`‖–', 52: '∂', 53: 'sz⁻', 54: '?', 55: 'cεζ', 56: 'LνξΓ',
    58: 'Fkυχ', 59: 'κς', 60: 'vxyγλ', 61: 'Pπτ', 62: 'TYaeoδθο', 64: '$0123456789ESbdghnpqu{}Σ√βημρσΞ',
    66: 'Kαφψ', 67: '∇', 69: 'ABVXZΔΛ', 70: 'CR', 74: 'U', 75: 'N', 76: 'HΠ', 77: 'Ω', 78: '&DG', 79: 'OQΘΦΨ',
    82: 'w', 84: '#+<=>^~−×÷→±∞≤≥≈≠ω⊙', 87: 'M', 88: '∈', 96: '%', 97: '½', 98: 'm', 99: 'W', 100: '@…—',
})
_BOLD = _by_letter({
    27: '′', 29: '⁽⁾', 31: "'", 35: ' ijl', 37: '/\\|', 38: ',.IJ·', 39: 'ι', 40: ':;', 42: '-',
    44: 'f²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉', 46: '!()[]', 48: 't', 50: '_`r‖–', 53: '"*⁻', 55: '∂', 56: 'ε', 59: '?z',
    60: 'csζξς', 64: 'LλτΓΞ', 65: 'xχ', 66: 'vy', 67: 'k√', 68: 'aeυ', 69: 'EFToΣαγδθνο', 70: '$0123456789∇',
    72: 'bdghnpqu{}βηκρ', 73: 'SYZ', 74: 'CPμ', 77: 'B', 78: 'AKRVXσΔΛ', 79: 'φ', 80: 'πψ', 82: 'U', 83: 'G',
    84: '#+<=>DHN^~−×÷→±∞≤≥≈≠Π⊙', 85: 'Ψ', 86: 'OQΘΦΩ', 87: 'ω', 88: '&', 90: '∈', 93: 'w', 100: '@M…—', 101: '%',
    104: '½', 105: 'm', 111: 'W',
})
# fmt: on
