"""The directive ``live``: Python code whose last line is a page of `explore`, and the page, alive, in the colours of the site.

The code is shown unless ``:quiet:`` is given. The page is a file of its own in ``_static/live/``.
"""

from __future__ import annotations

import ast
import html
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

from autograd.viz.page import explore as pages

_SCRIPT = (Path(pages.__file__).with_name("notebook.mjs")).read_text("utf-8")
"""It tells a page whether it is light or dark around it."""


class Live(SphinxDirective):
    has_content = True
    required_arguments = 1
    option_spec: ClassVar = {"quiet": directives.flag, "at": directives.unchanged, "height": directives.unchanged}

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
        source = relative_uri(here, f"_static/live/{name}.html") + self.options.get("at", "")
        frame = (
            f'<iframe class="live" src="{html.escape(source)}" title="{html.escape(page._sentence())}" '
            f'data-page="{name}" sandbox="allow-scripts allow-downloads allow-modals" '
            f'style="--height: {self.options.get("height", "640px")}"></iframe>'
            f'<script type="module">\n{_SCRIPT}\nrevive("{name}");\n</script>'
        )
        shown: list[nodes.Node] = [] if "quiet" in self.options else [nodes.literal_block(code, code, language="python")]
        return [*shown, nodes.raw("", frame, format="html")]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("live", Live)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
