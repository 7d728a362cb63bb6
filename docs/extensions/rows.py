"""The directive ``rows``: every function of the table, documented by its row, as `help` shows it."""

from __future__ import annotations

import re
from typing import ClassVar

from docstrings import in_rst
from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.ext.napoleon import Config, GoogleDocstring
from sphinx.util.docutils import SphinxDirective

import autograd
from autograd.formulas.derivatives import letters_of
from autograd.formulas.documented import call, documentation
from autograd.primitives import table


class Rows(SphinxDirective):
    """All primitives that are functions of `autograd`, in the order of the table; with ``:operators:`` all others."""

    option_spec: ClassVar = {"operators": directives.flag}

    def run(self) -> list[nodes.Node]:
        lines: list[str] = []
        for name, op in table.items():
            operator = not hasattr(autograd, name)
            if not op.nary and operator == ("operators" in self.options):
                lines += ["", f".. describe:: {call(op)}" if operator else f".. py:function:: autograd.{call(op)}", ""]
                if operator:
                    names = letters_of(op)
                    lines += [f"   The method ``{names[0]}.{name}({', '.join(names[1:])})``.", ""]
                said = documentation(op).partition("\n")[2].partition("\nArgs:")[0]
                said = said.replace("\nTies: none, no derivative of it makes a jump.", "")
                said = re.sub(r"^    (?=y = )", "::\n\n    ", said, count=1, flags=re.MULTILINE)
                if op.symbol != op.name and not operator:
                    said = f"Drawn as {op.symbol}.\n{said}"
                read = GoogleDocstring(said, Config(napoleon_use_rtype=False)).lines()
                lines += [f"   {line}" for line in in_rst(read)]
        return self.parse_content_to_nodes(lines)

    def parse_content_to_nodes(self, lines: list[str]) -> list[nodes.Node]:
        place = nodes.Element()
        self.state.nested_parse(StringList(lines, source="the table"), self.content_offset, place)
        return place.children


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("rows", Rows)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
