"""KaTeX and MathJax as referees of LaTeX: each reads texts as display mathematics and gives their MathML.

Both come from npm, ``npm install --prefix runs katex@0.16 mathjax@3``, or their folders are given as KATEX and MATHJAX.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["REFEREES", "read", "typeset"]

_READ = 'const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));'
_TELL = """const tell = (set) => console.log(JSON.stringify(texts.map(text => {
  try { return set(text); } catch (error) { return "refused: " + error.message; }
})));"""

REFEREES = {
    "katex": _READ
    + _TELL
    + """
const options = {throwOnError: true, displayMode: true, strict: "ignore", output: "mathml"};
tell(text => require(process.argv[1]).renderToString(text, options));""",
    # What stands for an unknown command or an error, in red, is no mathematics.
    "mathjax": _READ
    + _TELL
    + """
require(process.argv[1]).init({
  loader: {load: ["input/tex"]},
  tex: {packages: {"[-]": ["noundefined", "autoload", "require"]}, formatError: (_, error) => { throw error; }},
}).then(MathJax => tell(text => MathJax.tex2mml(text, {display: true})));""",
}


def typeset(referee: str, texts: list[str]) -> list[str]:
    """The MathML of each text, or "refused: …", by one process of node; the test skips where it cannot be asked."""
    places = [os.environ.get(referee.upper()), Path(__file__).parents[1] / "runs" / "node_modules" / referee]
    place = next((Path(p).resolve() for p in places if p and Path(p).is_dir()), None)
    node = shutil.which("node")
    if node is None or place is None:
        pytest.skip(f"no node or no {referee} here: npm install --prefix runs katex@0.16 mathjax@3")
    command = [node, "-e", REFEREES[referee], str(place)]
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))


def read(mathml: str) -> str:
    """What a reader sees of MathML, character by character; marks of the layout, which nobody sees, are left out."""
    seen = re.sub(r"<annotation.*?</annotation>", "", mathml, flags=re.DOTALL)
    # MathJax indents its elements; the spaces of texts stand in mtext.
    parts = re.findall(r">([^<]*)</m(?:text|i|n|o|space)>", seen)
    return re.sub("[\u200b\u2061-\u2064]", "", html.unescape("".join(parts))).replace("\u00a0", " ")
