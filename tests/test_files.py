"""A file is there whole or not at all: what becomes of modes, links, folders, leftovers and errors."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults import Calls, Disk

from autograd import files
from autograd.files import replacing, write

posix = pytest.mark.skipif(os.name != "posix", reason="modes, links and processes are those of POSIX")


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# ── what is there afterwards ──────────────────────────────────────────────────────────────────


def test_the_temporary_is_a_file_of_its_own_beside_the_path_with_its_ending(tmp_path: Path) -> None:
    path = tmp_path / "a.b" / "graph.tar.gz"
    with replacing(path) as first, replacing(path) as second:
        assert first != second
        for temporary in (first, second):
            assert temporary.parent == path.parent
            assert temporary.name.endswith("-graph.tar.gz")
            assert temporary.read_bytes() == b""
            temporary.write_text("whole")
    assert os.listdir(path.parent) == ["graph.tar.gz"]


def test_a_name_as_long_as_names_may_be(tmp_path: Path) -> None:
    path = tmp_path / ("ŷ" * 125 + ".json")  # 255 bytes
    write(path, b"{}")
    assert path.read_bytes() == b"{}"


@posix
def test_a_new_file_has_the_mode_of_any_new_file(tmp_path: Path, umask: None) -> None:
    write(tmp_path / "new", b"x")
    (tmp_path / "other").write_bytes(b"x")
    assert mode(tmp_path / "new") == mode(tmp_path / "other") == 0o640


@posix
@pytest.mark.parametrize("given", [0o600, 0o644, 0o666, 0o440, 0o755], ids=oct)
def test_a_file_that_is_replaced_keeps_its_mode_and_is_never_more_open(tmp_path: Path, given: int) -> None:
    path = tmp_path / "old"
    path.write_bytes(b"old")
    path.chmod(given)
    with replacing(path) as temporary:
        assert mode(temporary) == 0o600
        temporary.write_bytes(b"new")
    assert (path.read_bytes(), mode(path)) == (b"new", given)


@posix
def test_the_mode_is_kept_also_if_the_writer_puts_a_file_of_its_own_there(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_bytes(b"old")
    path.chmod(0o604)
    with replacing(path) as temporary:
        (tmp_path / "its").write_bytes(b"new")
        os.replace(tmp_path / "its", temporary)
    assert (path.read_bytes(), mode(path)) == (b"new", 0o604)


@posix
@pytest.mark.parametrize("there", [True, False], ids=["old", "dangling"])
def test_of_a_link_the_file_that_it_leads_to_is_replaced(tmp_path: Path, there: bool) -> None:
    target = tmp_path / "elsewhere" / "best"
    target.parent.mkdir()
    if there:
        target.write_bytes(b"old")
    link = tmp_path / "link"
    link.symlink_to(Path("elsewhere") / "best")
    write(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert sorted(os.listdir(tmp_path)) == ["elsewhere", "link"]


@posix
def test_a_link_that_somebody_plants_at_the_temporary_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim, path = tmp_path / "victim", tmp_path / "path"
    victim.write_bytes(b"precious")
    monkeypatch.setattr(files.os, "urandom", lambda n: b"\0" * n)  # so that the name can be foreseen
    with replacing(path) as temporary:
        name = temporary.name
        temporary.write_bytes(b"new")
    path.unlink()
    (tmp_path / name).symlink_to(victim)
    with pytest.raises(FileExistsError, match="path'"):
        write(path, b"new")
    assert victim.read_bytes() == b"precious"
    (tmp_path / name).unlink(missing_ok=True)  # and if it is planted later, while the file is written
    with pytest.raises(OSError, match="path'"), replacing(path) as temporary:  # noqa: PT012
        temporary.unlink()
        temporary.symlink_to(victim)
    assert victim.read_bytes() == b"precious"
    assert not path.exists()


# ── what is refused ───────────────────────────────────────────────────────────────────────────


def test_errors_are_those_of_the_system_and_name_the_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    cases: list[tuple[Path, type[OSError]]] = [
        (tmp_path / "folder", IsADirectoryError),
        (tmp_path / "file" / "below", NotADirectoryError),
        (tmp_path / ("x" * 300), OSError),
    ]
    for path, kind in cases:
        with pytest.raises(kind) as caught, replacing(path):
            pytest.fail("there is nothing to be written")
        assert caught.value.filename == str(path)
        assert caught.value.errno
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


@posix
def test_a_device_or_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match=r"is no file that could be replaced.*pipe'"):
        write(pipe, b"x")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    with pytest.raises(OSError, match=r"is no file that could be replaced.*/dev/null'"):
        write("/dev/null", b"x")


def test_a_block_that_writes_nothing_destroys_nothing(tmp_path: Path) -> None:
    path = tmp_path / "note"
    path.write_bytes(b"old")
    for leave in (lambda temporary: None, lambda temporary: temporary.unlink()):
        with pytest.raises(OSError, match="note'"), replacing(path) as temporary:
            leave(temporary)
    with pytest.raises(OSError, match=r"nothing was written.*note'"):
        write(path, b"")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["note"]


def test_an_error_of_the_block_stays_its_own_but_names_the_path_for_the_temporary(tmp_path: Path) -> None:
    path = tmp_path / "note"
    with pytest.raises(FileNotFoundError, match="its own input"), replacing(path):
        raise FileNotFoundError(errno.ENOENT, "No such file", "its own input")
    with pytest.raises(OSError, match=r"No space left on device: .*/note'"), replacing(path):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(IsADirectoryError, match="/note'"), replacing(path) as temporary:
        raise IsADirectoryError(errno.EISDIR, "Is a directory", temporary)
    with pytest.raises(OSError, match=r"^just words$"), replacing(path):
        raise OSError("just words")
    assert os.listdir(tmp_path) == []


# ── power cuts ────────────────────────────────────────────────────────────────────────────────


@posix
def test_the_content_is_synced_before_and_the_folders_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []

    def after(calls: Calls, name: str, args: tuple[object, ...]) -> None:
        if name == "fsync":
            synced.append(os.path.basename(os.readlink(f"/proc/self/fd/{args[0]}")))
        elif name == "replace":
            synced.append("replaced")

    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("what a descriptor is of, is read from /proc")
    monkeypatch.setattr(files, "os", Calls(after=after))
    write(tmp_path / "made" / "too" / "note", b"x")
    assert synced[:2] == [tmp_path.name, "made"]  # the folders that were made, each in the one above
    assert synced[2].endswith("-note")
    assert synced[3:] == ["replaced", "too"]


@posix
def test_a_sync_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "note"
    path.write_bytes(b"old")

    def fail(calls: Calls, name: str, args: tuple[object, ...]) -> None:
        if name == "fsync":
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(files, "os", Calls(before=fail))
    with pytest.raises(OSError, match=r"Input/output error.*note'"):
        write(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["note"]


@posix
@pytest.mark.parametrize("code", [errno.EINVAL, errno.EIO], ids=["cannot", "failed"])
def test_a_folder_that_cannot_be_synced_is_nobodys_fault_but_a_failing_one_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    path = tmp_path / "note"

    def fail(calls: Calls, name: str, args: tuple[object, ...]) -> None:
        if name == "fsync" and stat.S_ISDIR(os.fstat(args[0]).st_mode):  # type: ignore[call-overload]
            raise OSError(code, os.strerror(code))

    monkeypatch.setattr(files, "os", Calls(before=fail))
    if code == errno.EINVAL:
        write(path, b"new")
    else:
        with pytest.raises(OSError, match="note'"):
            write(path, b"new")
    assert path.read_bytes() == b"new"


@posix
def test_the_model_of_a_disk_sees_a_writer_that_does_not_sync(tmp_path: Path) -> None:
    """What this package did before: a new file of 0 bytes in place of the old one is then possible."""
    path = tmp_path / "note"
    path.write_bytes(b"old")
    disk = Disk(tmp_path)
    (tmp_path / "temporary").write_bytes(b"new")
    assert disk.after_a_cut("note") == {b"old"}
    os.replace(tmp_path / "temporary", path)
    assert disk.after_a_cut("note") == {b"old", b"", b"n", b"new"}
    disk.close()


# ── leftovers ─────────────────────────────────────────────────────────────────────────────────

KILLED = """
import os, sys
from autograd.files import replacing
with replacing(sys.argv[1]) as temporary:
    temporary.write_bytes(b"half")
    os.kill(os.getpid(), 9)
"""


@posix
def test_what_a_killed_writer_left_is_swept_and_the_old_file_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "note"
    path.write_bytes(b"old")
    assert subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False).returncode == -9
    left = os.listdir(tmp_path)
    assert len(left) == 2
    assert path.read_bytes() == b"old"
    write(tmp_path / "another", b"x")
    assert sorted(os.listdir(tmp_path)) == ["another", "note"]


@posix
def test_what_a_living_writer_is_at_and_what_only_looks_alike_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = "0123456789abcdef"
    elsewhere = [f".autograd-00000000-{pid}-{random}-note" for pid in (1, 2**30, 2**70)]
    alike = [".autograd-note", f".autograd-{files._machine()}-{2**22}-note", f"autograd-0-1-{random}-note", ".1.note"]
    for name in (*elsewhere, *alike):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (0, 0))  # when it was written may be anything; when it was last touched is now
    huge = tmp_path / f".autograd-{files._machine()}-{2**70}-{random}-note"  # the number of no process
    huge.write_bytes(b"x")
    with replacing(tmp_path / "note") as temporary:
        write(tmp_path / "note", b"second")  # by the same process, meanwhile
        assert temporary.exists()
        temporary.write_bytes(b"first")
    assert sorted(os.listdir(tmp_path)) == sorted([*elsewhere, *alike, "note", huge.name])
    now = time.time()
    monkeypatch.setattr(files.time, "time", lambda: now + 90_000)  # a day later
    write(tmp_path / "note", b"third")
    assert sorted(os.listdir(tmp_path)) == sorted([*alike, "note", huge.name])
