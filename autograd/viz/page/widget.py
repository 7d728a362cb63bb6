"""The page in a notebook, alive both ways: `Widget`, an anywidget.

With what `explore` gives in a notebook one can

* change a number on the page, and have it in Python: ``w5.data``, and what follows from it, ``loss.data``, ``w5.grad``;
* change numbers in Python, by hand or in a training loop, and see the page follow: at the end of each cell, and
  within one by ``widget.update()``;
* ask which node is chosen on the page, ``widget.selection``, or choose one; ``widget.observe(f, "selection")`` tells.

The page itself is that of `Page`, in a frame; `notebook.mjs` puts it there. What is said between it and Python, and
what is understood, is that of `AlivePage`.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any, NoReturn
from uuid import uuid4
from weakref import WeakSet

import traitlets
from anywidget import AnyWidget

from autograd.value import Value
from autograd.viz.page.alive import AlivePage
from autograd.viz.page.explore import Page
from autograd.viz.page.listing import listing
from autograd.viz.picture.notebook import shell

__all__ = ["Widget"]

PAUSE, PAUSE_OF_FRAMES, BYTES_A_SECOND = 0.04, 0.005, 300_000
"""So often `update` speaks to the page at most: nobody sees more, and Jupyter drops what is more than 1 MB/s."""


class Widget(AlivePage, AnyWidget):  # type: ignore[misc]
    """A page that is alive both ways; everything a `Page` is, and an anywidget.

    A number that is changed on the page is given to the leaf in Python, and both passes are run there, too, so that
    data and gradients of the whole graph are those that are shown. Numbers that are not finite, and those for which
    Python raises, are refused: the page says so. What is only looked at, as a film that was given along, changes
    nothing.

    A number that is changed in Python is shown on the page, which computes the graph anew from it; in Python the nodes
    are then what they were when they were computed, as ever, until something is changed on the page.

    Attributes:
        selection: the node that is chosen on the page, or None. It can be set, and observed.
    """

    _esm = (Path(__file__).parent / "notebook.mjs").read_text(encoding="utf-8")
    _frame_of_page = traitlets.Dict().tag(sync=True)
    _name = traitlets.Unicode().tag(sync=True)
    _state = traitlets.Dict().tag(sync=True)
    selection = traitlets.Any(None, allow_none=True)

    def __init__(self, tape: dict[str, Any], value: Value) -> None:
        AlivePage.__init__(self, tape, value)
        self._place = {node: v for v, node in enumerate(self._order)}
        self._heard = ""  # the last that the page said
        self._spoken = -math.inf  # when the page was last spoken to
        self._label = ""  # of a frame that is still to be kept
        self._wanted = self._closed = False
        AnyWidget.__init__(self)
        self.on_msg(self._hear)
        _open.add(self)
        _listen_to_cells()

    # ── from Python to the page ───────────────────────────────────────────────────────────────────

    def update(self, label: str = "") -> None:
        """Show the numbers that the leaves have now, in a loop as often as can be seen.

        The end of a cell does so, too; only marimo does not say when a cell ends.

        Args:
            label: if given, what is shown is kept as a frame of the page's film under this name, as ``f"step {k}"``.
        """
        self._label = str(label) or self._label
        pause = max(PAUSE_OF_FRAMES if label else PAUSE, 8 * len(self._leaves) / BYTES_A_SECOND)
        if time.monotonic() - self._spoken >= pause or not _hooked:
            self._speak()

    def _speak(self, *, word: str = "", always: bool = False) -> None:
        """Tell the page how everything is, if it is another way than the page knows."""
        state = self._now()
        if always or self._label or any(self._state.get(key) != value for key, value in state.items()):
            self._state = state | {"seen": self._heard, "word": word, "frame": self._label}
            self._spoken, self._label = time.monotonic(), ""

    def _now(self) -> dict[str, Any]:
        return {
            "leaves": self._numbers(),
            "selected": -1 if self.selection is None else self._place[self.selection],
        }

    # What a front end asks for first is made when it asks: a page that is only saved needs none of it.

    @traitlets.default("_frame_of_page")  # type: ignore[untyped-decorator]
    def _first_frame(self) -> dict[str, str]:
        return self._framed()

    @traitlets.default("_name")  # type: ignore[untyped-decorator]
    def _first_name(self) -> str:
        return uuid4().hex

    @traitlets.default("_state")  # type: ignore[untyped-decorator]
    def _first_state(self) -> dict[str, Any]:
        return self._now() | {"seen": "", "word": "", "frame": ""}

    @traitlets.validate("selection")  # type: ignore[untyped-decorator]
    def _is_a_node(self, proposal: dict[str, Any]) -> Value | None:
        node: Value | None = proposal["value"]
        if node is not None and not (isinstance(node, Value) and node in self._place):
            raise ValueError(f"a selection is a node of the graph that is shown, or None, and {node!r} is not one")
        return node

    @traitlets.observe("selection")  # type: ignore[untyped-decorator]
    def _selected(self, _: object) -> None:
        self._speak()

    # ── from the page to Python ───────────────────────────────────────────────────────────────────

    def _hear(self, _: object, content: object, buffers: object) -> None:
        """What the page says; what is no word of it is passed over."""
        if self._closed or (said := self._understood(content)) is None:
            return
        self._heard, numbers, selected = said
        word = self._give(numbers)
        with self.hold_trait_notifications():
            self.selection = None if selected < 0 else self._order[selected]
        self._speak(word=word, always=True)
        _update_all()

    # ── in the notebook ───────────────────────────────────────────────────────────────────────────

    def open(self) -> None:
        """Open the channel to the page when it is first shown: a page that is only saved needs none."""
        if self._wanted and not self._closed and self.comm is None:
            self._speak()
            super().open()

    @property
    def model_id(self) -> str:
        """By which front ends know it."""
        self._wanted = True
        self.open()
        return super().model_id  # type: ignore[no-any-return]

    def close(self) -> None:
        """Take the page out of the notebook; Python no longer hears it. The page can still be saved."""
        self._closed = True
        super().close()
        self.__dict__.pop("_repr_mimebundle_", None)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None, **_: object) -> dict[str, Any]:
        return self._alive() | Page._repr_mimebundle_(self)

    def _ipython_display_(self) -> None:
        """The widget, with a picture for readers without one; and a page that waits for where no kernel is left."""
        if self._closed or shell() is None:
            raise NotImplementedError  # IPython's word for "ask for the bundle"
        from IPython.display import display

        display(self._alive() | {"text/html": self._still(), "text/plain": listing(self.tape)}, raw=True)
        display({"text/html": self._frame(self._name, waiting=True), "text/plain": ""}, raw=True)

    def _alive(self) -> dict[str, Any]:
        """What front ends that know widgets show it by."""
        if self._closed:
            return {}
        bundle, *_ = AnyWidget._repr_mimebundle_(self)
        return {kind: shown for kind, shown in bundle.items() if kind != "text/plain"}

    def __repr__(self) -> str:
        return Page.__repr__(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a widget belongs to its notebook and is neither copied nor pickled: explore(value) makes one")

    def __copy__(self) -> NoReturn:
        self.__reduce__()

    def __deepcopy__(self, memo: object) -> NoReturn:
        self.__reduce__()


_open: WeakSet[Widget] = WeakSet()
"""The widgets that there are."""

_hooked: list[object] = []
"""The shells whose cells are followed."""


def _update_all(*_: object) -> None:
    for widget in list(_open):
        if widget.comm is not None:
            widget._speak()


def _listen_to_cells() -> None:
    """Let the end of each cell update every widget."""
    here = shell()
    if here is not None and here not in _hooked:
        here.events.register("post_run_cell", _update_all)
        _hooked.append(here)
