"""One call at a time: what a call keeps in a program no other call may use, of a second thread or within the first."""

from __future__ import annotations

import sys
from sys import _getframe
from threading import get_ident
from types import FrameType
from typing import Any

__all__ = ["OneCall"]

_WITHIN = (
    "this program is running already, and was called again from within (by a signal handler or a finaliser); "
    "let that have its own: copy.copy(program)"
)
_BESIDE = "another thread is running this program; give each thread its own: copy.copy(program)"


class OneCall:
    """Held by a call, as a `with` block, while it uses what the next one uses again.

    Each call says that it is here before it looks for others, so that of two at least one sees the other; and a thread
    writes for itself alone. What it leaves is a frame, and no lock: an interrupt may come between entering and the
    block that would free it, and a frame that is in no thread's stack is over.

    >>> buffers = OneCall()
    >>> with buffers:
    ...     with buffers:
    ...         pass
    Traceback (most recent call last):
        ...
    RuntimeError: this program is running already, and was called again from within (by a signal handler or a \
finaliser); let that have its own: copy.copy(program)
    """

    __slots__ = ("_inside",)

    def __init__(self) -> None:
        self._inside: dict[int, FrameType] = {}  # by their threads

    def __enter__(self) -> None:
        """Begin a call.

        Raises:
            RuntimeError: if another one runs, in this thread or another.
        """
        me, inside = get_ident(), self._inside
        if inside and _runs(me, inside.get(me)):
            raise RuntimeError(_WITHIN)
        inside[me] = _getframe(1)
        if len(inside) > 1:
            for thread, frame in list(inside.items()):
                if thread != me and _runs(thread, frame):  # else it was interrupted, and is gone
                    del inside[me]
                    raise RuntimeError(_BESIDE)

    def __exit__(self, kind: Any, error: Any, where: Any) -> None:
        self._inside.pop(get_ident(), None)

    @property
    def free(self) -> bool:
        """Whether no call is inside."""
        return not self._inside


def _runs(thread: int, frame: FrameType | None) -> bool:
    """Whether a frame is in the stack of a thread."""
    here = None if frame is None else sys._current_frames().get(thread)
    while here is not None and here is not frame:
        here = here.f_back
    return here is not None
