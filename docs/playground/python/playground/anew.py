"""Each run is a program of its own: what code has put into modules and classes is taken out before the next."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from types import ModuleType
from typing import Any

__all__ = ["Modules"]

OURS = frozenset({"autograd", "nn", "playground"})
"""Packages that are kept with all their modules and classes."""
OTHERS = frozenset({"builtins", "math", "random", "time"})
"""Further modules that one is tempted to change."""


class Modules:
    """The modules as they are, and as they were.

    >>> import math
    >>> modules = Modules()
    >>> math.pi, math.tau2 = 3, 6
    >>> modules.restore()
    >>> math.pi, hasattr(math, "tau2")
    (3.141592653589793, False)
    """

    def __init__(self) -> None:
        self._was: dict[int, tuple[Any, dict[str, Any], tuple[str, ...], tuple[int, ...]]] = {}
        self._limit = sys.getrecursionlimit()
        self.keep()

    def keep(self) -> None:
        """Remember the modules that are new."""
        for name, module in list(sys.modules.items()):
            if isinstance(module, ModuleType) and (name.partition(".")[0] in OURS or name in OTHERS):
                if id(module) in self._was:
                    continue
                for owner in _with_classes(module):
                    was = dict(vars(owner))
                    self._was[id(owner)] = (owner, was, tuple(was), tuple(map(id, was.values())))

    def restore(self) -> None:
        """Make all as it was, and remember what has come since."""
        for owner, was, names, values in self._was.values():
            now = vars(owner)
            if tuple(map(id, now.values())) != values or tuple(now) != names:
                _restore(owner, dict(now), was)
        sys.setrecursionlimit(self._limit)
        self.keep()


def _with_classes(module: ModuleType) -> Iterator[Any]:
    yield module
    if module.__name__ not in OTHERS:
        yield from (it for it in vars(module).values() if type(it) is type and it.__module__ == module.__name__)


def _restore(owner: Any, now: dict[str, Any], was: dict[str, Any]) -> None:
    for name in now.keys() - was.keys():
        part = now[name]
        if isinstance(part, ModuleType) and sys.modules.get(f"{owner.__name__}.{name}") is part:
            continue  # which was imported
        with suppress(AttributeError, TypeError):
            delattr(owner, name)
    for name, thing in was.items():
        if name not in now or now[name] is not thing:
            with suppress(AttributeError, TypeError):
                setattr(owner, name, thing)
