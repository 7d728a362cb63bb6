"""Power cuts on a real file system: an ext4 on a loop device, copied at any moment while it is written to.

The copy has what the file system has handed to its disk until then, and nothing of what it still keeps in memory: a
disk that the power was cut of. It is mounted, which replays the journal, and looked at. The number of cuts follows
AUTOGRAD_TORTURE. Mounting needs root; without, these tests skip, and `test_saving` has a model of such a disk.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from faults import rounds

import nn

SIZE = 24 << 20


class Mounted:
    """A small ext4 in a file, mounted."""

    def __init__(self, image: Path, at: Path) -> None:
        self.image, self.at = image, at

    def after_a_cut(self, process: subprocess.Popen[bytes]) -> Path:
        """A copy of the disk as it is now; `process`, which writes to it, stands still meanwhile."""
        process.send_signal(signal.SIGSTOP)
        copied = self.image.with_suffix(".cut")
        for _ in range(100):
            shutil.copyfile(self.image, copied)
            if subprocess.run(["cmp", "-s", self.image, copied]).returncode == 0:  # all of one moment
                break
        else:
            pytest.fail("the disk does not stand still")
        process.send_signal(signal.SIGCONT)
        return copied


@contextmanager
def mounted(image: Path) -> Iterator[Path]:
    at = Path(f"{image}.mounted")
    at.mkdir()
    done = subprocess.run(["mount", "-o", "loop", image, at], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        yield at
    finally:
        for _ in range(50):
            if subprocess.run(["umount", at], capture_output=True).returncode == 0:
                break
            time.sleep(0.1)
        with suppress(OSError):
            at.rmdir()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Mounted]:
    if not (hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("mkfs.ext4") and shutil.which("mount")):
        pytest.skip("an ext4 of its own needs root, mkfs.ext4 and mount")
    image = tmp_path / "disk"
    with image.open("wb") as empty:
        empty.truncate(SIZE)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-b", "1024", image], check=True, capture_output=True)
    with mounted(image) as at:
        yield Mounted(image, at)


SAVES = """
import os, sys
from pathlib import Path
{write}
for i in range(1, 100_000):
    write(Path(sys.argv[1]) / "note", (b"%08d" % i) * 1000)
    os.write(1, b"%08d" % i)      # it is saved: whoever reads this relies on it
"""
OURS = "from autograd.files import write"
UNSYNCED = """
def write(path, content):
    temporary = path.with_suffix(".new")
    temporary.write_bytes(content)
    os.replace(temporary, path)
"""


def cut_while_saving(disk: Mounted, write: str, cuts: int) -> list[str]:
    """What is wrong after each cut: a file that is torn, or older than what was said to be saved."""
    generator, wrong = random.Random(0), []
    command = [sys.executable, "-c", SAVES.format(write=write), disk.at]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            os.set_blocking(process.stdout.fileno(), False)
            said = b""
            while not said:
                time.sleep(0.01)
                said = process.stdout.read() or b""
            for _ in range(cuts):
                time.sleep(generator.random() * 0.05)
                said = process.stdout.read() or said
                with mounted(disk.after_a_cut(process)) as at:
                    found = (at / "note").read_bytes() if (at / "note").exists() else b""
                if len(found) != 8000 or found != found[:8] * 1000 or not found[:8].isdigit():  # or zeros
                    wrong.append("torn")
                elif int(found[:8]) < int(said[-8:]):
                    wrong.append("old")
        finally:
            process.kill()
    return wrong


def test_after_a_power_cut_what_was_saved_last_is_there_and_whole(disk: Mounted) -> None:
    assert cut_while_saving(disk, OURS, max(5, rounds(5) // 10)) == []


def test_without_syncing_a_power_cut_loses_what_was_saved(disk: Mounted) -> None:
    """So the cuts are ones."""
    assert cut_while_saving(disk, UNSYNCED, 5) != []


JOB = f"""
import sys
sys.path[:0] = [{str(Path(__file__).parents[1] / "nn")!r}, {str(Path(__file__).parents[1])!r}]
import nn, test_checkpoint
kept = nn.Checkpoint(sys.argv[1], seconds=0, existing="resume")
test_checkpoint.learn(test_checkpoint.Net(), kept, epochs=60)
"""


def test_a_training_goes_on_after_a_power_cut_bit_for_bit(disk: Mounted, tmp_path: Path) -> None:
    """From each copy of the disk it is trained to its end, which is that of a training without cuts."""
    generator, path = random.Random(1), disk.at / "kept"
    subprocess.run([sys.executable, "-c", JOB, tmp_path / "whole"], check=True)
    whole, found = nn.Checkpoint(tmp_path / "whole").read(), []
    cuts = max(2, rounds(2) // 50)
    for _ in range(10 * cuts):
        path.unlink(missing_ok=True)
        with subprocess.Popen([sys.executable, "-c", JOB, path]) as process:
            try:
                while not path.exists():
                    assert process.poll() is None
                    time.sleep(0.002)
                time.sleep(generator.random() * 0.3)
                cut = disk.after_a_cut(process)
            finally:
                process.kill()
        with mounted(cut) as at:
            if (at / "kept").exists():  # the power may go before the first save has come to its end
                found.append(nn.Checkpoint(at / "kept").read())
            subprocess.run([sys.executable, "-c", JOB, at / "kept"], check=True)
            state = nn.Checkpoint(at / "kept").read()
        assert state.history.epochs == whole.history.epochs
        for name in whole.last:
            assert np.array_equal(state.last[name], whole.last[name])
            assert np.array_equal(state.best[name], whole.best[name])  # type: ignore[index]
        if len(found) == cuts:
            break
    assert len(found) == cuts
