"""The directive ``live``: Python code whose last line is a page of `explore`, and the page, alive, in our colours.

The code is shown unless ``:quiet:`` is given. The page is a file of its own in ``_static/live/``. With
``:drag: w1 -2 2`` a slider stands above it that moves the leaf w1, and is moved by the page; what they say to each
other is what a page and the kernel of a notebook say.
"""

from __future__ import annotations

import ast
import html
import json
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

from autograd.viz.page import explore as pages

_SCRIPT = (Path(pages.__file__).with_name("notebook.mjs")).read_text("utf-8")
"""It tells a page whether it is light or dark around it."""

_DRAG = """
const values = VALUES, at = AT,
  frame = document.querySelector('iframe[data-page="NAME"]'),
  slider = document.getElementById("drag-NAME"),
  show = () => {
    slider.value = values[at];
    slider.nextElementSibling.value = values[at].toFixed(2).replace("-", "−");
  };
let line = null, seen = "", selected = -1;
function tell() {
  const bytes = new Uint8Array(Float64Array.from(values).buffer);
  const leaves = btoa(String.fromCharCode(...bytes));
  line.port.postMessage({ state: { leaves, selected, seen, word: "", frame: "" } });
}
function hear(said) {
  for (const [v, x] of said.leaves) values[PLACES.indexOf(v)] = x;
  [seen, selected] = [said.n, said.selected];
  show();
  tell();
}
function begin() {
  line?.cut();
  line = wire(frame, hear);
  tell();
}
slider.addEventListener("input", () => {
  values[at] = Number(slider.value);
  show();
  tell();
});
frame.addEventListener("load", begin);
begin();
"""


class Live(SphinxDirective):
    has_content = True
    required_arguments = 1
    option_spec: ClassVar = {"quiet": directives.flag, "drag": directives.unchanged, "height": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        name, code = self.arguments[0], "\n".join(self.content)
        *body, last = ast.parse(code).body
        if not isinstance(last, ast.Expr):
            raise self.error("the last line of a live page is an expression, the page")
        scope: dict[str, object] = {}
        exec(compile(ast.Module(body, []), name, "exec"), scope)
        page = eval(compile(ast.Expression(last.value), name, "eval"), scope)
        place = Path(self.env.app.outdir) / "_static" / "live"
        place.mkdir(parents=True, exist_ok=True)
        page.save(place / f"{name}.html")
        here = self.env.app.builder.get_target_uri(self.env.docname)
        source = relative_uri(here, f"_static/live/{name}.html")
        above, script = self._slider(name, page.tape) if "drag" in self.options else ("", f'revive("{name}");')
        frame = (
            f'{above}<iframe class="live" src="{html.escape(source)}" title="{html.escape(page._sentence())}" '
            f'data-page="{name}" sandbox="allow-scripts allow-downloads allow-modals" '
            f'style="--height: {self.options.get("height", "640px")}"></iframe>'
            f'<script type="module">\n{_SCRIPT}\n{script}\n</script>'
        )
        shown: list[nodes.Node] = (
            [] if "quiet" in self.options else [nodes.literal_block(code, code, language="python")]
        )
        return [*shown, nodes.raw("", frame, format="html")]

    def _slider(self, name: str, tape: dict[str, Any]) -> tuple[str, str]:
        """The slider, and the script that joins it to the page."""
        label, least, most = self.options["drag"].split()
        places = [v for v, op in enumerate(tape["op"]) if op < 0]
        at = [tape["name"][v] for v in places].index(label)
        values = [tape["data"][v] for v in places]
        slider = (
            f'<div class="drag"><label for="drag-{name}"><code>{html.escape(label)}</code></label>'
            f'<input type="range" id="drag-{name}" min="{least}" max="{most}" step="0.01" value="{values[at]}">'
            f'<output for="drag-{name}">{values[at]:.2f}</output></div>'
        )
        words = {"NAME": name, "VALUES": json.dumps(values), "AT": str(at), "PLACES": json.dumps(places)}
        script = _DRAG
        for word, meaning in words.items():
            script = script.replace(word, meaning)
        return slider, script


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("live", Live)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
