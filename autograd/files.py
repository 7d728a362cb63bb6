"""Writing a file so that it is there whole or not at all, also after a power cut.

With this module one can

* write by a path: ``with replacing(path) as temporary: …``;
* write bytes: ``write(path, content)``.

What was there is replaced in one step, by a file that has reached the disk: its content is synced before, and the
folder afterwards. Whatever happens in between (an exception, Ctrl-C, ``kill -9``, a power cut), under `path` there is
the old file or the new one, whole.
"""

from __future__ import annotations

import errno
import os
import platform
import re
import stat
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["replacing", "write"]

_TEMPORARY = re.compile(r"\.autograd-([0-9a-f]{8})-(\d+)-[0-9a-f]{16}-")
_DAY = 86400.0
_NOT_HERE = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EPERM)
"""What opening or syncing a folder gives where the system or the file system cannot do it."""


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary file beside `path`, which becomes `path` if the block ends without an exception.

    Until then, and if it does end in one (Ctrl-C included), whatever was at `path` stays as it was. The folder is made
    if need be. The temporary has the ending of `path`, by which writers choose a format, and is empty; it may be
    written to, or be replaced, by its name.

    A file that was there keeps its mode; a new one gets that of any new file. Of a symbolic link the file that it
    leads to is replaced, as editors do. Threads and processes may save one path at a time: the last one is there.
    What writers that were killed have left in the folder is removed.

    Raises:
        OSError: naming `path`: where it cannot be written, is a folder or a device, or if the block has written
            nothing. After that the file is the old one; or the new one, if only the folder could not be synced.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, replacing(f"{folder}/note.txt") as temporary:
    ...     _ = temporary.write_text("whole")
    """
    temporary, theirs = None, False
    try:
        target = Path(os.path.realpath(path))
        mode = _mode_of(target)
        _make_folder(target.parent)
        _sweep(target.parent)
        name = f".autograd-{_machine()}-{os.getpid()}-{os.urandom(8).hex()}-{target.name[-40:]}"
        temporary = target.with_name(name)
        # Nobody but us, through no link of somebody else's; and the umask is the system's to apply.
        how = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        os.close(os.open(temporary, how, 0o666 if mode is None else 0o600))
        theirs = True
        yield temporary
        theirs = False
        _finish(temporary, mode)
        os.replace(temporary, target)
        _sync_folder(target.parent)
    except OSError as error:
        if error.errno is not None and not (theirs and error.filename not in (None, temporary, str(temporary))):
            raise OSError(error.errno, error.strerror, os.fspath(path)) from error
        raise
    finally:
        if temporary is not None:
            with suppress(OSError):  # it is no more, as a rule; else the next writer sweeps it
                os.unlink(temporary)


def write(path: str | os.PathLike[str], content: bytes) -> None:
    """Write `content`, at least one byte, to `path`, `replacing` what was there.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(f"{folder}/note.txt", b"whole")
    """
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def _mode_of(target: Path) -> int | None:
    """The mode of the file that is to be replaced; None if there is none."""
    try:
        found = os.stat(target).st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(found):
        raise IsADirectoryError(errno.EISDIR, "is a folder")
    if not stat.S_ISREG(found):
        raise OSError(errno.EINVAL, "is no file that could be replaced, but a device, a pipe or a socket")
    return stat.S_IMODE(found)


def _make_folder(folder: Path) -> None:
    """Make a folder, and those above it, so that they are there after a power cut."""
    missing = []
    while not os.path.isdir(folder):
        missing.append(folder)
        if folder == folder.parent:
            break
        folder = folder.parent
    for made in reversed(missing):
        with suppress(FileExistsError):
            os.mkdir(made)
        _sync_folder(made.parent)


def _finish(temporary: Path, mode: int | None) -> None:
    """What was written, by whatever way, has reached the disk, with the mode it is to have."""
    opened = os.open(temporary, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    try:
        if os.fstat(opened).st_size == 0:
            raise OSError(errno.EINVAL, "nothing was written")
        if mode is not None:
            os.chmod(opened if os.chmod in os.supports_fd else temporary, mode)
        os.fsync(opened)
    finally:
        os.close(opened)


def _sync_folder(folder: Path) -> None:
    """The names in a folder have reached the disk, where that can be had (not on Windows)."""
    try:
        opened = os.open(folder, os.O_RDONLY)
    except OSError as error:
        if error.errno in _NOT_HERE:
            return
        raise
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise
    finally:
        os.close(opened)


def _sweep(folder: Path) -> None:
    """Remove the temporaries of writers that are no more, as a kill leaves them."""
    with suppress(OSError):
        for name in os.listdir(folder):
            if found := _TEMPORARY.match(name):
                with suppress(OSError):  # somebody else may sweep, too
                    if _is_stale(folder / name, found[1], int(found[2])):
                        os.unlink(folder / name)


def _is_stale(temporary: Path, machine: str, process: int) -> bool:
    """Whether the writer of a temporary is gone: here its process; elsewhere nothing has happened for a day."""
    if machine == _machine() and os.name == "posix":  # on Windows, os.kill kills
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):
            return False
        return False
    found = os.lstat(temporary)
    return time.time() - max(found.st_mtime, found.st_ctime) > _DAY


def _machine() -> str:
    """Whose numbers of processes these are: of this computer, and of this container."""
    try:
        space = str(os.stat("/proc/self/ns/pid").st_ino)
    except OSError:
        space = ""
    return f"{zlib.crc32(f'{platform.node()} {space}'.encode()):08x}"
