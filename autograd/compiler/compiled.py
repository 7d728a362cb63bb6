"""The loop of `interpreter.py`, compiled by Numba once for each machine, and kept on disk.

Numba keeps what it has compiled beside the module, or where ``NUMBA_CACHE_DIR`` says. Such a file is machine code, so a
damaged one could do anything: a SHA-256 of the files is kept beside them, and what does not fit it is compiled again.
Where nothing can be written, each process compiles for itself.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

__all__ = ["loop"]

_SIGNATURE = "void(int64, int64, int64)"
_only_once = Lock()


def loop() -> Callable[[int, int, int], None]:
    """`interpreter.go_through`, compiled: it executes the rows from one address to another, with a base."""
    with _only_once:
        return _loop()


@cache
def _loop() -> Callable[[int, int, int], None]:
    begun = time.perf_counter()
    try:
        made, compiled = _with_cache()
    except Exception:  # it cannot be written, or is not what Numba expects: whatever it is, there is another way
        _say("compiling the loop of the native engine, for this process alone as its cache cannot be used …")
        made, compiled = _jit(False), True
        made.compile(_SIGNATURE)
    if compiled:
        _say(f"compiled the loop of the native engine in {time.perf_counter() - begun:.1f} s")
    return made  # type: ignore[no-any-return]


def _with_cache() -> tuple[Any, bool]:
    """The loop, and whether it had to be compiled."""
    made = _jit(True)
    folder = Path(made.stats.cache_path)
    seal = folder / f"interpreter.go_through.py{sys.version_info[0]}{sys.version_info[1]}.sha256"
    if not _is_whole(folder, seal):
        for file in _files(folder):
            file.unlink()
        _say(f"compiling the loop of the native engine with Numba, which takes some 10 s, and keeping it in {folder} …")
    made.compile(_SIGNATURE)
    compiled = not made.stats.cache_hits
    if compiled:
        with suppress(OSError):  # then the next process compiles again
            seal.write_text(_digest(_files(folder)), "ascii")
    return made, compiled


def _jit(cache: bool) -> Any:
    from numba import njit

    from autograd.compiler.interpreter import go_through

    return njit(error_model="numpy", nogil=True, cache=cache)(go_through)


def _files(folder: Path) -> list[Path]:
    """What Numba keeps for this version of Python."""
    return sorted(folder.glob(f"interpreter.go_through-*.py{sys.version_info[0]}{sys.version_info[1]}*.nb[ci]"))


def _is_whole(folder: Path, seal: Path) -> bool:
    try:
        return seal.read_text("ascii") == _digest(_files(folder))
    except (OSError, UnicodeError):
        return False


def _digest(files: list[Path]) -> str:
    found = hashlib.sha256()
    for file in files:
        found.update(file.name.encode())
        found.update(file.read_bytes())
    return found.hexdigest()


def _say(what: str) -> None:
    print(f"autograd: {what}", file=sys.stderr, flush=True)
