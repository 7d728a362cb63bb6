"""The typeface of formulas: STIX Two Math, of which a page loads what the formulas of this site need.

A browser sets MathML well only with a font for mathematics: without one Chromium leaves subscripts on the line, and
w₅ reads as w5. Most systems have none, so the site brings one along (SIL Open Font License 1.1), out of the wheel of
ziamath; where a good one is installed, nothing is loaded.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from html import unescape
from importlib.resources import files
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

logging.getLogger("fontTools").setLevel(logging.WARNING)

_FACES = ("MATHEMATICAL ITALIC ", "MATHEMATICAL BOLD ", "PLANCK CONSTANT")
"""In which browsers show letters: the x of a formula is 𝑥."""


def characters(pages: Path) -> set[str]:
    """What formulas in a folder of pages are made of."""
    used: set[str] = set(" 0123456789")
    for path in pages.rglob("*.html"):
        for formula in re.findall(r"<math\b.*?</math>", path.read_text("utf-8"), re.DOTALL):
            used |= set(unescape(re.sub(r"<[^>]*>", "", formula)))
    letters = {c for c in used if c.isalpha() or c in "∂∇"}
    for c in map(chr, [0x210E, *range(0x1D400, 0x1D800)]):
        if unicodedata.name(c, "").startswith(_FACES) and unicodedata.normalize("NFKC", c) in letters:
            used.add(c)
    return {c for c in used if c.isprintable()}


def write(used: set[str], path: Path) -> None:
    """A font of these characters, with all that stretches them."""
    source = files("ziamath.fonts").joinpath("STIXTwoMath-Regular.ttf")
    with source.open("rb") as opened:
        font = TTFont(opened, recalcTimestamp=False)
        options = subset.Options(drop_tables=["DSIG"], layout_features=["ssty", "dtls"], name_IDs=["*"], hinting=False)
        cut = subset.Subsetter(options)
        cut.populate(text="".join(sorted(used)))
        cut.subset(font)
        font.flavor = "woff"
        font.save(path)


def _finish(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        out = Path(app.outdir)
        write(characters(out), out / "_static" / "formulas.woff")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", _finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
