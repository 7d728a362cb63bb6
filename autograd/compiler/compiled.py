"""What Numba compiles, once for each machine, and keeps on disk: the loop of `interpreter.py`, and `tape_writer.py`.

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

__all__ = ["loop", "writer"]

_SOURCES = ("interpreter.py", "elementary.py", "tape_writer.py")  # that are compiled into one another
_PYTHON = f"py{sys.version_info[0]}{sys.version_info[1]}"
_only_once = Lock()


def loop() -> Callable[[int, int, int], None]:
    """`interpreter.go_through`, compiled: it executes the rows from one address to another, with a base."""
    from autograd.compiler.interpreter import go_through

    made: Callable[[int, int, int], None] = _compiled(
        go_through, "void(int64, int64, int64)", "the loop of the native engine", error_model="numpy"
    )
    return made


def writer() -> Callable[..., None]:
    """`tape_writer.write`, compiled."""
    from autograd.compiler.tape_writer import SIGNATURE, write

    made: Callable[..., None] = _compiled(write, SIGNATURE, "what writes the native engine's tapes", boundscheck=True)
    return made


def _compiled(function: Any, signature: str, what: str, **options: Any) -> Any:
    with _only_once:
        return _made(function, signature, what, **options)


@cache
def _made(function: Any, signature: str, what: str, **options: Any) -> Any:
    begun = time.perf_counter()
    try:
        made, compiled = _with_cache(function, signature, what, options)
    except Exception:  # it cannot be written, or is not what Numba expects: whatever it is, there is another way
        _say(f"compiling {what}, for this process alone as its cache cannot be used …")
        made, compiled = _jit(function, False, options), True
        made.compile(signature)
    if compiled:
        _say(f"compiled {what} in {time.perf_counter() - begun:.1f} s")
    return made


def _with_cache(function: Any, signature: str, what: str, options: dict[str, Any]) -> tuple[Any, bool]:
    """The function, and whether it had to be compiled."""
    made = _jit(function, True, options)
    folder, name = Path(made.stats.cache_path), f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
    seal = folder / f"{name}.{_PYTHON}.sha256"
    if not _is_whole(folder, name, seal):
        for file in _files(folder, name):
            file.unlink()
        _say(f"compiling {what} with Numba, which takes some seconds, and keeping it in {folder} …")
    made.compile(signature)
    compiled = not made.stats.cache_hits
    if compiled:
        with suppress(OSError):  # then the next process compiles again
            seal.write_text(_digest(folder, name), "ascii")
    return made, compiled


def _jit(function: Any, cache: bool, options: dict[str, Any]) -> Any:
    from numba import njit

    return njit(nogil=True, cache=cache, **options)(function)


def _files(folder: Path, name: str) -> list[Path]:
    """What Numba keeps of a function for this version of Python."""
    return sorted(folder.glob(f"{name}-*.{_PYTHON}*.nb[ci]"))


def _is_whole(folder: Path, name: str, seal: Path) -> bool:
    try:
        return seal.read_text("ascii") == _digest(folder, name)
    except (OSError, UnicodeError):
        return False


def _digest(folder: Path, name: str) -> str:
    """Of what is kept, and of what it was compiled from, of which Numba looks at one file alone."""
    found = hashlib.sha256()
    for file in [*_files(folder, name), *[Path(__file__).with_name(source) for source in _SOURCES]]:
        found.update(file.name.encode())
        found.update(file.read_bytes())
    return found.hexdigest()


def _say(what: str) -> None:
    print(f"autograd: {what}", file=sys.stderr, flush=True)
