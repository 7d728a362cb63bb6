"""Faults on purpose: calls that fail, a disk that forgets, a timer that interrupts.

With this module one can

* say how often something is tried: `rounds`, from AUTOGRAD_TORTURE;
* let the n-th call of a function of `os` fail: `Calls`;
* know what a power cut would leave: `Disk`, which has only what was synced;
* raise KeyboardInterrupt at some random moment, `interrupted_at_random`, or at each in turn, `interrupted_at`.
"""

from __future__ import annotations

import dis
import os
import random
import signal
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

__all__ = ["Calls", "Disk", "interrupted_at", "interrupted_at_random", "rounds"]


def rounds(few: int) -> int:
    """How often to try: AUTOGRAD_TORTURE, or `few`."""
    return int(os.environ.get("AUTOGRAD_TORTURE") or few)


FUNCTIONS = ("open", "close", "fsync", "replace", "unlink", "stat", "fstat", "chmod", "mkdir", "listdir", "urandom")


class Calls:
    """Stands for the module `os`: each call of a function for files is told to `before` and `after`.

    Each is given these calls, the name of the function and its arguments.

    Attributes:
        made: the names of the functions called so far.
        done: whether the last of them has been done.
    """

    def __init__(self, before: Callable[..., None] | None = None, after: Callable[..., None] | None = None) -> None:
        self.made: list[str] = []
        self.done = False
        self._before, self._after = before, after
        for name in FUNCTIONS:
            setattr(self, name, self.told(name, getattr(os, name)))
        self.supports_fd = {self.chmod} if os.chmod in os.supports_fd else set()  # type: ignore[attr-defined]

    def told(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.made.append(name)
            self.done = False
            if self._before:
                self._before(self, name, args)
            result = function(*args, **kwargs)
            self.done = True
            if self._after:
                self._after(self, name, args)
            return result

        return call

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


class Disk:
    """What has reached the disk of the files in a folder, as far as a program may rely on it: what was synced.

    A name has reached it when its folder was synced, what a file holds when the file was. Of everything since, a power
    cut may leave any part: the old name or the new one, and of what was written all, some or nothing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names = self._names()
        self.content = {inode: self._read(name) for name, inode in self.names.items()}
        self._kept = [os.open(folder / name, os.O_RDONLY) for name in self.names]  # no number of a file is used again

    def close(self) -> None:
        for descriptor in self._kept:
            os.close(descriptor)

    def _names(self) -> dict[str, int]:
        return {entry.name: entry.inode() for entry in os.scandir(self.folder)}

    def _read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def synced(self, descriptor: int) -> None:
        """`os.fsync` was called."""
        inode = os.fstat(descriptor).st_ino
        if inode == self.folder.stat().st_ino:
            self.names = self._names()
        else:
            self._kept.append(os.dup(descriptor))
            self.content[inode] = os.pread(descriptor, os.fstat(descriptor).st_size, 0)

    def after_a_cut(self, name: str) -> set[bytes | None]:
        """All that there may be under a name if the power is cut now; None for no file."""
        now = self._names()
        found: set[bytes | None] = set()
        for inode in {self.names.get(name), now.get(name)}:
            if inode is None:
                found.add(None)
                continue
            on_disk = self.content.get(inode)
            written = self._read(name) if inode == now.get(name) else on_disk
            if written == on_disk and on_disk is not None:
                found.add(on_disk)
            else:
                written = written or b""
                found |= {on_disk or b"", b"", written[: len(written) // 2], written}
        return found


def interrupted_at_random(job: Callable[[], Any], within: float, generator: random.Random) -> KeyboardInterrupt | None:
    """Do a job, and raise KeyboardInterrupt, as Ctrl-C does, at a random moment of the next `within` seconds.

    Returns:
        The interrupt, with its traceback, as a notebook keeps it; None if the job was done before.
    """
    if sys.gettrace() is not None:
        pytest.skip("what traces the tests could be interrupted, too, and for good")
    running = True

    def interrupt(number: int, frame: FrameType | None) -> None:
        if running and frame is not None and "coverage" in frame.f_code.co_filename:  # it may hold a lock
            signal.setitimer(signal.ITIMER_REAL, 1e-4)
        elif running:
            raise KeyboardInterrupt

    before, alarm = signal.signal(signal.SIGALRM, interrupt), signal.getitimer(signal.ITIMER_REAL)
    moment, caught = max(1e-6, generator.random() * within), None
    try:
        signal.setitimer(signal.ITIMER_REAL, moment)
        job()
        running = False
    except KeyboardInterrupt as error:
        running, caught = False, error
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
    signal.setitimer(signal.ITIMER_REAL, *alarm)  # somebody else's
    return caught


def interrupted_at(n: int, job: Callable[[], Any], files: tuple[str, ...], anywhere: bool = False) -> Any:
    """Do a job, and raise KeyboardInterrupt at the n-th moment at which code of some files can be interrupted.

    That is where Python looks for signals: as a function begins, after a call, and before a loop begins its next
    round; `anywhere`: before any instruction.

    Returns:
        The interrupt; None where the job has fewer such moments.
    """
    count = 0
    moments = {} if anywhere else {file: _moments(file) for file in files}

    def look(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal count
        if frame.f_code.co_filename not in files or count < 0:
            return None
        frame.f_trace_opcodes = True
        code = frame.f_code
        if event == "opcode" and (
            anywhere or frame.f_lasti in moments[code.co_filename][code.co_qualname, code.co_firstlineno]
        ):
            count += 1
            if count == n:
                count = -1
                raise KeyboardInterrupt
        return look

    before = sys.gettrace()
    caught = None
    sys._getframe().f_trace_opcodes = True  # Python 3.12 looks at whoever switches tracing on
    sys.settrace(look)
    try:
        job()
    except KeyboardInterrupt as error:
        caught = error
    finally:
        sys.settrace(before)
    return caught


@cache
def _moments(file: str) -> dict[tuple[str, int], frozenset[int]]:
    """The instructions before which Python looks for signals, of each function of a file, by its name and line.

    What follows a call is only taken for that where the same handler would catch what the call raises: a tracer comes
    one instruction too late.
    """
    found = {}
    codes = [compile(Path(file).read_text(encoding="utf-8"), file, "exec")]
    for code in codes:
        codes += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        handled = dis._parse_exception_table(code)  # type: ignore[attr-defined]
        offsets, looked = set(), None
        for instruction in dis.get_instructions(code):
            at = instruction.offset
            handlers = [next((e.target for e in handled if e.start <= x < e.end), None) for x in (looked or 0, at)]
            if instruction.opname.startswith("JUMP_BACKWARD") or (looked is not None and handlers[0] == handlers[1]):
                offsets.add(at)
            looked = at if instruction.opname.startswith(("CALL", "RESUME")) else None
        found[code.co_qualname, code.co_firstlineno] = frozenset(offsets)
    return found
