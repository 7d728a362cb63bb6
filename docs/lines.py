"""Where a line of the site may not end: between a formula and the punctuation beside it.

To a browser a formula is like a picture, beside which a line may end: a comma would begin the next one.
"""

from __future__ import annotations

import re

_BESIDE = re.compile(
    r"(?P<before>[(\[（“《]*)(?P<formula><math\b(?:(?!</math>).)*</math>)(?P<after>[)\],.;:!?，。、；：！？）”》]*)",
    re.DOTALL,
)


def together(text: str) -> str:
    """A page, in which formulas and the punctuation beside them stand in one line.

    >>> together("若 <math>x</math>，则")
    '若 <span class="together"><math>x</math>，</span>则'
    >>> together("<math>x</math> 是")
    '<math>x</math> 是'
    """
    return _BESIDE.sub(_span, text)


def _span(found: re.Match[str]) -> str:
    beside = found["before"] or found["after"]
    return f'<span class="together">{found[0]}</span>' if beside else found[0]
