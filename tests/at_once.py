"""Threads that take turns far more often than usual, so that a race is met in a test and not by a user."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

__all__ = ["at_once"]


def at_once(run: Callable[[int], None], many: int, interval: float) -> None:
    """Run it in so many threads, each given its number; every so many seconds another one goes on."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(interval)
    try:
        threads = [threading.Thread(target=run, args=(number,)) for number in range(many)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
