"""A page whose graph Python has, too: what the two say to each other, whatever carries it.

`actions/kernel.js` is the page's end of the conversation. What comes from there is numbers, indices of leaves and of a
node; nothing else is understood.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Mapping
from typing import Any

from autograd.graph import topological_order
from autograd.value import Value
from autograd.viz.page.explore import Page
from autograd.viz.page.rerun import rerun

__all__ = ["AlivePage"]


class AlivePage(Page):
    """A page, and the graph that it shows."""

    def __init__(self, tape: dict[str, Any], value: Value) -> None:
        Page.__init__(self, tape, value)
        self._order = topological_order(value)
        self._leaves = [node for node in self._order if node.op is None]

    def _numbers(self) -> str:
        """The numbers that the leaves have now, as the page reads them."""
        return base64.b64encode(struct.pack(f"<{len(self._leaves)}d", *[leaf.data for leaf in self._leaves])).decode()

    def _give(self, numbers: Mapping[Value, float]) -> str:
        """Give leaves these numbers, and run both passes; why Python keeps its own, if it does."""
        try:
            if numbers:
                if not all(map(math.isfinite, numbers.values())):
                    raise ValueError("NaN and ∞ stay on the page alone")
                rerun(self._order, numbers)
        except (ArithmeticError, ValueError, RuntimeError) as error:
            return f"Python keeps its numbers: {error}"
        return ""

    def _understood(self, content: object) -> tuple[str, dict[Value, float], int] | None:
        """Which of the page's words it is, the numbers of leaves, and the place of the node that is chosen, or −1.

        None if it is none of its words.
        """
        if not isinstance(content, Mapping) or set(content) != {"n", "leaves", "selected"}:
            return None
        n, leaves, selected = content["n"], content["leaves"], content["selected"]
        if not isinstance(n, str) or not isinstance(leaves, list) or not self._is_place(selected, -1):
            return None
        numbers = {}
        for pair in leaves:
            if not isinstance(pair, list) or len(pair) != 2 or not self._is_place(pair[0]):
                return None
            leaf, x = self._order[pair[0]], pair[1]
            if leaf.op is not None or not (x is None or type(x) in (int, float)):
                return None
            try:
                numbers[leaf] = math.nan if x is None else float(x)  # JSON writes NaN and infinities as null
            except OverflowError:
                return None
        return n, numbers, selected

    def _is_place(self, given: object, least: int = 0) -> bool:
        return type(given) is int and least <= given < len(self._order)
