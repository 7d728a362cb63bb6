"""The search finds Chinese: a sentence in Chinese has no spaces, so its words are all pairs of neighbouring characters.

What is looked for is taken apart in the same way, and a page is found where all of the pairs are: 反向传播 is 反向,
向传 and 传播. That needs no dictionary, neither here nor in the browser. All else stays the search's for English.
"""

from __future__ import annotations

import re
from itertools import pairwise

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff"  # the same to Python and to JavaScript
_RUNS = re.compile(f"[{_HAN}]+|[^{_HAN}]+")


def words(term: str) -> list[str]:
    """The words of a term without spaces: 用sigmoid函数 is 用, sigmoid and 函数."""
    found: list[str] = []
    for run in _RUNS.findall(term):
        chinese = re.match(f"[{_HAN}]", run) and len(run) > 1
        found += ["".join(pair) for pair in pairwise(run)] if chinese else [run]
    return found


class Search(SearchEnglish):
    js_splitter_code = f"""
function splitQuery(query) {{
  const terms = query.split(/[^\\p{{Letter}}\\p{{Number}}_\\p{{Emoji_Presentation}}]+/gu);
  const runs = terms.flatMap((term) => term.match(/[{_HAN}]+|[^{_HAN}]+/g) ?? []);
  return runs.flatMap((run) =>
    /^[{_HAN}]{{2}}/.test(run) ? [...run.slice(1)].map((_, i) => run.slice(i, i + 2)) : [run],
  );
}}
"""

    def split(self, input: str) -> list[str]:
        return [word for term in super().split(input) for word in words(term)]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_search_language(Search)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
