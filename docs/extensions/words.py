"""What the search takes for a word: Chinese has no spaces, English two spellings, and Python signs.

Sphinx takes a run of Chinese for one word, so that 梯度 is found only where it stands alone. Here each character is a
word, and each pair of neighbours; who looks for four characters is given the pages that have all three pairs. Other
spellings are found under ours. The same is done to what stands on the pages (here) and to what is asked for (`_ASKED`).
"""

from __future__ import annotations

import json
import re
from itertools import pairwise

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

_CHINESE = "\u3400-\u4dbf\u4e00-\u9fff"
_SPELLINGS = {
    r"(?<=[a-z]{3})iz(?=(?:e[drs]?|ers|ing|ations?)$)": "is",
    r"(?:(?<=^col)|(?<=havi)|(?<=ighb))or(?=s?$|ed$|ing$)": "our",
    r"^licens": "licenc",
    r"^center": "centre",
    r"^gray": "grey",
}
"""How American English spells what stands here, as regular expressions that Python and JavaScript read alike."""

_SYNONYMS = {
    "xor": "exclusive",
    "minibatch": "mini batch",
    "minibatches": "mini batches",
    "backprop": "backpropagation",
    "sigmoidal": "sigmoid",
    "truediv": "div",
}
_SIGNS = {
    "+": "add",
    "-": "sub",
    "−": "sub",
    "*": "mul",
    "×": "mul",
    "/": "div",
    "÷": "div",
    "//": "floordiv",
    "%": "mod",
    "**": "pow",
    "^": "pow",
    "@": "matrix",
    "==": "comparisons",
    "!=": "comparisons",
    "<": "comparisons",
    ">": "comparisons",
    "<=": "comparisons",
    ">=": "comparisons",
    "∂": "derivative",
    "∇": "gradient",
    "∑": "total",
    "√": "sqrt",
    "⊙": "elementwise",
}

_ASKED = """
const SIGNS = %(signs)s, SYNONYMS = %(synonyms)s, SPELLINGS = %(spellings)s;
function splitQuery(query) {
  const asked = query.trim().toLowerCase();
  if (SIGNS[asked]) return [SIGNS[asked]];
  return query
    .split(/[^\\p{Letter}\\p{Number}_\\p{Emoji_Presentation}]+/gu)
    .flatMap((word) => word.match(/[%(chinese)s]+|[^%(chinese)s]+/gu) ?? [])
    .flatMap((word) => {
      if (/[%(chinese)s]/u.test(word)) {
        const characters = [...word];
        return characters.length < 2 ? characters : characters.slice(1).map((c, i) => characters[i] + c);
      }
      const special = /^__[a-z]+__$/.test(word) ? word.replaceAll("_", "") : word;
      let said = SYNONYMS[special.toLowerCase()] ?? special;
      for (const [from, to] of SPELLINGS) said = said.replace(from, to);
      return said.split(" ");
    });
}
"""


def words(text: str) -> list[str]:
    """The words of a text, as they are kept and looked for."""
    found: list[str] = []
    for word in re.findall(rf"[{_CHINESE}]+|(?:(?![{_CHINESE}])\w)+", text):
        if re.match(f"[{_CHINESE}]", word):
            found += [*word, *(a + b for a, b in pairwise(word))]
        else:
            for pattern, ours in _SPELLINGS.items():
                word = re.sub(pattern, ours, word)
            found.append(word)
    return found


class Words(SearchEnglish):
    lang = "en-zh"
    language_name = "English"  # whose stemmer is in the page
    js_splitter_code = _ASKED % {
        "signs": json.dumps(_SIGNS),
        "synonyms": json.dumps(_SYNONYMS),
        "spellings": "[" + ", ".join(f"[/{pattern}/, {json.dumps(to)}]" for pattern, to in _SPELLINGS.items()) + "]",
        "chinese": _CHINESE,
    }

    def split(self, input: str) -> list[str]:
        return words(input)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_search_language(Words)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
