"""A long job on a terminal: signals that stop it in order, and output that cannot stop it.

With this module one can

* let Ctrl-C, SIGTERM and SIGHUP stop a job in order: `signals`, which raise `Stopped`;
* go on when whoever reads the output has gone, or cannot show a character: `steady_output`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

__all__ = ["Stopped", "signals", "status_of", "steady_output"]


AGAIN = 1.0
"""Seconds after which a block that was to stop, and has not, is told again."""


class Stopped(KeyboardInterrupt):
    """A signal asked the job to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def status_of(stopped: KeyboardInterrupt) -> int:
    """The exit status that a shell expects: 128 and the number of the signal.

    >>> status_of(KeyboardInterrupt()), status_of(Stopped(signal.SIGTERM))
    (130, 143)
    """
    return 128 + (stopped.number if isinstance(stopped, Stopped) else signal.SIGINT)


@contextmanager
def signals() -> Iterator[None]:
    """Within the block SIGINT (Ctrl-C), SIGTERM and SIGHUP raise `Stopped`.

    Who ignores them (nohup), or has a handler of their own, keeps it.

    Whatever error the block ends with after such a signal, it is `Stopped` by the signal: a library that is
    interrupted in the middle of an import or with a lock in its hand may turn that into an error of its own. Where it
    is lost, as in what is run when an object goes, it is raised again a second later. Python delivers signals to the
    main thread alone; elsewhere nothing is changed.
    """
    asked: list[int] = []
    before: dict[int, Any] = {}

    def stop(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        if hasattr(signal, "setitimer"):  # not on Windows
            before.setdefault(signal.SIGALRM, signal.signal(signal.SIGALRM, again))
            signal.setitimer(signal.ITIMER_REAL, AGAIN)
        raise Stopped(number)

    def again(number: int, frame: FrameType | None) -> None:
        stop(asked[-1], frame)

    try:
        with suppress(ValueError):  # not the main thread
            for name in ("SIGINT", "SIGTERM", "SIGHUP"):
                number = getattr(signal, name, None)
                if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                    before[number] = signal.signal(number, stop)
        yield
    except Exception as error:
        if asked:
            raise Stopped(asked[-1]) from error
        raise
    finally:
        if asked and hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def steady_output() -> Iterator[None]:
    """Within the block what is printed is shown line by line, and never fails.

    When a pipe is closed (``| head``) or a terminal is gone, what is printed from then on goes nowhere, and the job
    goes on. A character that the encoding has not (``LC_ALL=C``) is written as its number.
    """
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Steady(sys.stdout), _Steady(sys.stderr)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(AttributeError):
                stream.flush()
        sys.stdout, sys.stderr = before


class _Steady:
    """A text stream that goes on as `os.devnull` once it cannot be written to."""

    def __init__(self, stream: Any) -> None:
        if stream is None:  # closed before Python began (>&-)
            stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  as long as the job
        self._stream = stream
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")

    def write(self, text: str) -> int:
        try:
            self._stream.write(text)
        except OSError:
            self._give_up()
        return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            self._give_up()

    def _give_up(self) -> None:
        """Let the file itself lead nowhere, so that what is buffered does not fail again when Python ends."""
        with suppress(OSError, AttributeError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
