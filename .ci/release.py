"""Build what would be published, twice, and check it: python .ci/release.py [--notes-only]; ``make release``.

In ``dist/`` are then the wheel, the sdist and the release notes. Both are reproducible: a second build, from another
folder, gives the same bytes. Nothing is uploaded.
"""

from __future__ import annotations

import argparse
import filecmp
import gzip
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"


def version() -> str:
    found = re.search(r'^__version__ = "(.+)"', (ROOT / "autograd/__init__.py").read_text("utf-8"), re.M)
    assert found
    return found[1]


def notes(changelog: str, version: str) -> str:
    """What the changelog says of a version; of one in development, what has not been released yet.

    Raises:
        LookupError: if it says nothing.
    """
    final = re.sub(r"\.dev\d+$", "", version)
    heading = re.escape(final if final == version else f"Unreleased (will be {final})")
    found = re.search(rf"^## {heading}(?: [^\n]*)?\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if found is None or not found[1].strip():
        raise LookupError(f"CHANGELOG.md says nothing of {version}")
    return f"# scalar-autograd {version}\n\n{found[1].strip()}\n"


def same_for_ever(sdist: Path, epoch: int) -> None:
    """Write an sdist again without what differs between two builds: times, owners, order, and the modes of an umask."""
    with tarfile.open(sdist) as archive:
        members = sorted(archive.getmembers(), key=lambda member: member.name)
        contents = [(member, archive.extractfile(member) if member.isfile() else None) for member in members]
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as again:
            for member, content in contents:
                plain = tarfile.TarInfo(member.name)
                plain.type, plain.size, plain.mtime = member.type, member.size, epoch
                plain.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
                again.addfile(plain, content)
    with sdist.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=epoch) as zipped:
        zipped.write(packed.getvalue())


def built(out: Path, epoch: int) -> None:
    """Wheel and sdist of what git knows, in the folder `out`."""
    with tempfile.TemporaryDirectory() as folder:
        known = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
        for name in filter(None, known.decode().split("\0")):
            if (ROOT / name).is_file():
                (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, Path(folder) / name)
        command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), folder]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    for sdist in out.glob("*.tar.gz"):
        same_for_ever(sdist, epoch)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Build what would be published, twice, and check it.")
    parser.add_argument("--notes-only", action="store_true", help="write the release notes alone")
    settings = parser.parse_args(arguments)
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    (DIST / "NOTES.md").write_text(notes((ROOT / "CHANGELOG.md").read_text("utf-8"), version()), "utf-8")
    if settings.notes_only:
        return 0
    last = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, check=True, capture_output=True, text=True)
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", last.stdout))
    built(DIST, epoch)
    names = sorted(path.name for path in DIST.iterdir() if path.name != "NOTES.md")
    with tempfile.TemporaryDirectory() as second:
        built(Path(second), epoch)
        _, differ, missing = filecmp.cmpfiles(DIST, second, names, shallow=False)
    if differ or missing or len(names) != 2:
        sys.exit(f"two builds are not the same: {differ or missing or names}")
    files = [str(DIST / name) for name in names]
    wheels = [file for file in files if file.endswith(".whl")]
    for check in (["-m", "twine", "check", "--strict", *files], ["-m", "check_wheel_contents", *wheels]):
        if subprocess.run([sys.executable, *check], cwd=ROOT, check=False).returncode:
            return 1
    print(f"dist/ has {' and '.join(names)}, the same bytes in two builds, and the release notes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
