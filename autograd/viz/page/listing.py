"""The passes as a list: what a page says where it cannot run, in HTML and as plain text.

With this module one can

* list the forward and the backward pass of a tape, one node a line: `listing`;
* get the same as an HTML table: `table`.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from autograd.formulas.numbers import brief

__all__ = ["listing", "table"]


def _rows(made: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Each node's name, operation with its operands, value and gradient."""
    names = made["name"]
    rows = []
    for i, op in enumerate(made["op"]):
        operands = made["operand"][made["start"][i] : made["start"][i + 1]]
        given = [names[x] if x >= 0 else brief(made["constant"][-1 - x]) for x in operands[:8]]
        given += ["…"] if len(operands) > 8 else []
        what = f"{made['ops'][op]['name']}({', '.join(given)})" if op >= 0 else "leaf"
        rows.append((names[i], what, brief(made["data"][i]), brief(made["gradient"][i])))
    return rows


def table(made: Mapping[str, Any], most: int = 2000) -> str:
    """The passes as an HTML table, for readers without JavaScript."""
    rows = _rows(made)
    body = "\n".join(
        f'<tr><th scope="row">{html.escape(name)}</th>' + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
        + "</tr>"
        for name, *cells in rows[:most]
    )  # fmt: skip
    more = f"<caption>The first {most} of {len(rows)} nodes.</caption>" if len(rows) > most else ""
    return (
        f'<table class="listing">{more}<thead><tr><th scope="col">node</th><th scope="col">computed as</th>'
        f'<th scope="col">value</th><th scope="col">gradient</th></tr></thead><tbody>{body}</tbody></table>'
    )


def listing(made: Mapping[str, Any], most: int = 100) -> str:
    """The forward pass and the backward pass as plain text, one node a line.

    >>> from autograd import Value
    >>> from autograd.viz.page.tape import tape
    >>> x = Value(3.0, label="x")
    >>> print(listing(tape(x * x + 1)))
    forward                        value
      x = leaf                         3
      v1 = mul(x, x)                   9
      y = add(v1, 1)                  10
    backward                    gradient
      y                                1
      v1                               1
      x                                6
    """
    rows = _rows(made)
    shown = rows if len(rows) <= most else [*rows[: most // 2], ("…", "", "", ""), *rows[-most // 2 :]]
    forward = [(f"  {name} = {what}" if what else "  …", value) for name, what, value, _ in shown]
    backward = [(f"  {name}", gradient) for name, _, _, gradient in reversed(shown)]
    lines = [("forward", "value"), *forward, ("backward", "gradient"), *backward]
    width = max(28, *(len(left) for left, _ in lines))
    return "\n".join(f"{left:<{width}}{right:>8}" for left, right in lines)
