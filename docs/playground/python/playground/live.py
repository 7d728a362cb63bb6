"""The live page in the playground: that of `explore`, and alive both ways, as in a notebook."""

from __future__ import annotations

import json
import math
import time
from contextlib import suppress
from typing import Any

from autograd import Value
from autograd.viz.page.alive import AlivePage
from autograd.viz.page.rerun import rerun

__all__ = ["LivePage"]

PAUSE = 0.04
"""Seconds between two words of `update` at least: nobody sees more."""


def say(kind: str, of: Any) -> None:
    """How the page around is spoken to; the session puts its own way in this place."""


behind: dict[LivePage, str] = {}
"""Pages whose last `update` has not been shown, as it came too soon, and its label."""


def catch_up() -> None:
    """Show what a loop has come to in the end."""
    for page, label in list(behind.items()):
        page._speak(frame=label)


class LivePage(AlivePage):
    """What `explore` gives in the playground; everything that a `Page` is."""

    def __init__(self, tape: dict[str, Any], value: Value) -> None:
        super().__init__(tape, value)
        self.root = value
        self._spoken, self._shown = -math.inf, False

    def show(self) -> None:
        """Put the page into its frame: the numbers and the formulas, of which the page around makes a document."""
        self._shown = True
        data = json.dumps(self._data(), ensure_ascii=False, separators=(",", ":"))
        say("live", {"title": self.tape["title"], "data": data, "code": ",\n".join(self.tape["code"])})

    def update(self, label: str = "") -> None:
        """Show the numbers that the leaves have now; in a loop as often as can be seen.

        Args:
            label: if given, what is shown is kept as a frame of the page's film under this name.
        """
        if not self._shown:
            self.show()
        if time.monotonic() - self._spoken >= PAUSE:
            self._speak(frame=str(label))
        else:
            behind[self] = str(label)

    def _speak(self, *, seen: str = "", word: str = "", frame: str = "", selected: int = -1) -> None:
        say("state", {"leaves": self._numbers(), "selected": selected, "seen": seen, "word": word, "frame": frame})
        self._spoken = time.monotonic()
        behind.pop(self, None)

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
        seen, numbers, selected = understood
        word = self._give(numbers)
        self._speak(seen=seen, word=word, selected=selected)
        return bool(numbers) and not word
