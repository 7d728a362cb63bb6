"""The live page in the playground: that of `explore`, and alive both ways, as in a notebook.

`actions/kernel.js` of the page is the other end of the conversation.
"""

from __future__ import annotations

import base64
import math
import struct
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from autograd import Value, topological_order
from autograd.viz.page.explore import Page
from autograd.viz.page.rerun import rerun

__all__ = ["LivePage"]

PAUSE = 0.04
"""Seconds between two words of `update` at least: nobody sees more."""


def say(kind: str, of: Any) -> None:
    """How the page around is spoken to; the session puts its own way in this place."""


class LivePage(Page):
    """What `explore` gives in the playground; everything that a `Page` is."""

    def __init__(self, tape: dict[str, Any], value: Value) -> None:
        super().__init__(tape, value)
        self.root = value
        self._order = topological_order(value)
        self._leaves = [node for node in self._order if node.op is None]
        self._spoken, self._shown = -math.inf, False

    def show(self) -> None:
        """Put the page into its frame. What it saves by itself a frame without rights may not: the page around does."""
        self._shown = True
        say("live", self.html.replace("</style>", "#take { display: none }\n</style>", 1))

    def update(self, label: str = "") -> None:
        """Show the numbers that the leaves have now; in a loop as often as can be seen.

        Args:
            label: if given, what is shown is kept as a frame of the page's film under this name.
        """
        if not self._shown:
            self.show()
        if time.monotonic() - self._spoken >= PAUSE:
            self._speak(frame=str(label))

    def _speak(self, *, seen: str = "", word: str = "", frame: str = "", selected: int = -1) -> None:
        numbers = struct.pack(f"<{len(self._leaves)}d", *[leaf.data for leaf in self._leaves])
        leaves = base64.b64encode(numbers).decode()
        say("state", {"leaves": leaves, "selected": selected, "seen": seen, "word": word, "frame": frame})
        self._spoken = time.monotonic()

    def follow(self) -> None:
        """Compute the graph anew from the numbers that its leaves have now, as the page does."""
        with suppress(ArithmeticError, ValueError, RuntimeError):
            rerun(self._order, {})

    def tell(self) -> None:
        """Say how everything is, whenever that was last said."""
        self._speak()

    def hear(self, said: Any) -> bool:
        """What the page says; True if a number has changed. What is no word of it is passed over."""
        understood = self._understood(said)
        if understood is None:
            return False
        numbers, word = understood, ""
        try:
            if not all(map(math.isfinite, numbers.values())):
                raise ValueError("NaN and ∞ stay on the page alone")
            if numbers:
                rerun(self._order, numbers)
        except (ArithmeticError, ValueError, RuntimeError) as error:
            word = f"Python keeps its numbers: {error}"
        self._speak(seen=said["n"], word=word, selected=said["selected"])
        return bool(numbers) and not word

    def _understood(self, said: Any) -> dict[Value, float] | None:
        if not isinstance(said, Mapping) or not isinstance(said.get("n"), str):
            return None
        if not self._is_place(said.get("selected"), -1) or not isinstance(said.get("leaves"), list):
            return None
        numbers = {}
        for pair in said["leaves"]:
            if not (isinstance(pair, list) and len(pair) == 2 and self._is_place(pair[0])):
                return None
            leaf, x = self._order[pair[0]], pair[1]
            if leaf.op is not None or not (x is None or type(x) in (int, float)):
                return None
            numbers[leaf] = math.nan if x is None else float(x)
        return numbers

    def _is_place(self, given: object, least: int = 0) -> bool:
        return type(given) is int and least <= given < len(self._order)
