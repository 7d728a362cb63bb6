"""Saving a file under every fault of the calls it is made of, every power cut, and many writers at once.

The number of rounds is AUTOGRAD_TORTURE; where every call is tried, it is of contents.
"""

from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from faults import Calls, Disk, interrupted_at_random, rounds

from autograd import files
from autograd.files import replacing, write

pytestmark = pytest.mark.skipif(os.name != "posix", reason="faults are those of POSIX")

OLD, NEW = b"old" * 1000, b"new" * 5000


def save(path: Path, calls: Calls, content: bytes = NEW) -> None:
    """In two pieces, each of which may fail, too."""
    with replacing(path) as temporary, temporary.open("wb") as stream:
        for piece in (content[: len(content) // 2], content[len(content) // 2 :]):
            calls.told("write", stream.write)(piece)
            stream.flush()


def contents(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


FAULTS = [
    OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
    OSError(errno.EIO, os.strerror(errno.EIO)),
    MemoryError(),
    KeyboardInterrupt(),
]


@pytest.mark.parametrize("there", [True, False], ids=["an old file", "a new one"])
@pytest.mark.parametrize("done", [False, True], ids=["instead of the call", "after it"])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.args[-1] if fault.args else type(fault).__name__)
def test_whichever_call_fails_the_file_is_the_old_one_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException, done: bool, there: bool
) -> None:
    """Every call of the save, one after the other, until it ends without one that fails."""
    path = tmp_path / "in" / "a" / "note"
    for n in range(1, 1000):
        if there:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(OLD)
        failed: list[str] = []

        def strike(calls: Calls, name: str, args: Any, n: int = n, failed: list[str] = failed) -> None:
            if len(calls.made) == n:
                failed.append(name)
                raise type(fault)(*fault.args)

        calls = Calls(after=strike) if done else Calls(before=strike)
        open_before = descriptors()
        with monkeypatch.context() as patched:
            patched.setattr(files, "os", calls)
            raised = None
            try:
                save(path, calls)
            except BaseException as error:
                raised = error
        if len(calls.made) < n:
            assert raised is None
            break
        if not failed:  # it failed by itself, as it does where there is no old file
            failed.append("none")
        found = contents(path)
        which = f"call {n}, {failed[0]}"
        if raised is None:  # what only tidies up may fail, and so may what asks whether there is something
            assert found == NEW, which
        else:
            assert type(raised) is type(fault), which
            assert found in ((OLD if there else None), NEW), which
            if "replace" not in calls.made:
                assert found == (OLD if there else None), which
            if isinstance(raised, OSError):
                assert raised.errno == fault.errno, which  # type: ignore[attr-defined]
                assert str(path) in str(raised), which
        if failed[0] not in ("unlink", "open", "close"):  # a descriptor that nobody was given cannot be closed
            assert descriptors() == open_before, which
        left = [name for name in os.listdir(path.parent) if name != "note"] if path.parent.exists() else []
        assert not left or failed[0] == "unlink", which
        for name in left:
            (path.parent / name).unlink()
        if not there and path.parent.exists():
            path.unlink(missing_ok=True)
            path.parent.rmdir()
            path.parent.parent.rmdir()
    else:
        pytest.fail("no end of calls")
    assert n > 8


def test_after_a_power_cut_at_any_moment_the_file_is_the_old_one_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = random.Random(0)
    path = tmp_path / "note"
    path.write_bytes(OLD)
    before = OLD
    for _ in range(rounds(10)):
        content = generator.randbytes(generator.randrange(1, 10_000))
        disk = Disk(tmp_path)

        def cut(calls: Calls, name: str, args: Any, either: Any = (before, content), disk: Disk = disk) -> None:
            if name == "fsync" and calls.done:
                disk.synced(args[0])
            assert disk.after_a_cut("note") <= set(either), f"a cut at {name}"

        calls = Calls(cut, cut)
        with monkeypatch.context() as patched:
            patched.setattr(files, "os", calls)
            save(path, calls, content)
        assert disk.after_a_cut("note") == {content}, "and once it is saved it stays"
        disk.close()
        before = content
        assert len(calls.made) > 10


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a file that was open is closed late
def test_a_save_that_is_interrupted_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    generator = random.Random(0)
    path = tmp_path / "note"
    path.write_bytes(OLD)
    before, kept = OLD, []
    for i in range(rounds(200)):
        content = bytes([i % 256]) * 1000
        kept.append(interrupted_at_random(lambda content=content: write(path, content), 0.003, generator))  # type: ignore[misc]
        found = path.read_bytes()
        assert found in (before, content)
        assert found == content or kept[-1] is not None
        before, kept = found, kept[-5:]  # with their tracebacks


WRITER = """
import sys
from autograd.files import write
path, letter, times = sys.argv[1], sys.argv[2].encode(), int(sys.argv[3])
for i in range(times):
    write(path, letter * (50_000 + i))
"""


def test_two_processes_and_two_threads_that_save_one_path_never_tear_it(tmp_path: Path) -> None:
    path, times = tmp_path / "note", rounds(50)
    path.write_bytes(b"x" * 50_000)
    processes = [subprocess.Popen([sys.executable, "-c", WRITER, path, letter, str(times)]) for letter in "pq"]
    errors: list[BaseException] = []

    def save_often(letter: bytes) -> None:
        try:
            for i in range(times):
                write(path, letter * (50_000 + i))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=save_often, args=(letter,)) for letter in (b"a", b"b")]
    for thread in threads:
        thread.start()
    looks = 0
    while any(thread.is_alive() for thread in threads) or any(process.poll() is None for process in processes):
        found = path.read_bytes()
        looks += 1
        assert len(found) >= 50_000
        assert found == found[:1] * len(found)
    for thread in threads:
        thread.join()
    assert [process.wait() for process in processes] == [0, 0]
    assert not errors
    assert looks > 10
    assert os.listdir(tmp_path) == ["note"]
