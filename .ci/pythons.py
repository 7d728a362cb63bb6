"""Run the tests in several environments, and print a line for each: python .ci/pythons.py [--oldest] [pytest's options]

Without ``--oldest``: on every Python from 3.11 to the newest that is found on the PATH or under ``~/.pyenv/versions``,
each with the newest dependencies, in ``.venv-3.x``. With it: on Python 3.11, or the first that is found, with the
oldest dependencies that pyproject.toml allows, in ``.venv-oldest``; what they need themselves is the newest there is.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from shutil import which
from typing import TextIO

ROOT = Path(__file__).parents[1]
FIRST, KNOWN, LATEST = 11, 14, 30
"""Python 3.FIRST is required, up to 3.KNOWN are said to be missing, and up to 3.LATEST are looked for."""

EXTRA = "test"
PYTEST = ["-q", "-n", "auto", "--dist", "worksteal"]
OLD = ["-W", "ignore::DeprecationWarning"]  # an old release warns of what is newer beside it


def lower_bounds(extra: str = EXTRA) -> dict[str, str]:
    """The lowest version of each dependency of an extra, and of the extras of this project that it is made of."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras, found = project["optional-dependencies"], {}

    def collect(name: str) -> None:
        for requirement in extras[name]:
            if own := re.fullmatch(rf"{project['name']}\[(.+)\]", requirement):
                for inner in own[1].split(","):
                    collect(inner.strip())
            else:
                package, version = re.match(r"([\w.-]+)(?:>=|==)([\w.]+)", requirement).groups()
                found[package] = version

    collect(extra)
    return dict(sorted(found.items()))


def interpreter(minor: int) -> str | None:
    """Python 3.minor, if there is one that runs."""
    name = f"python3.{minor}"
    installed = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/{name}"))
    for candidate in [which(name), *map(str, reversed(installed))]:
        if candidate:
            done = subprocess.run([candidate, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True)
            if done.stdout.split() == [b"3", str(minor).encode()]:
                return candidate
    return None


def run(python: str, place: Path, options: list[str], constraints: dict[str, str]) -> str:
    """The tests in an environment of its own; what became of them, in a line."""
    begun, log = time.monotonic(), ROOT / "runs" / f"{place.name.lstrip('.')}.log"
    (ROOT / "runs").mkdir(exist_ok=True)
    pip = [place / "bin" / "python", "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    lowest = ROOT / "runs" / "oldest.txt"
    if constraints:
        lowest.write_text("".join(f"{package}=={version}\n" for package, version in constraints.items()), "utf-8")
        pip += ["--constraint", lowest]
    steps = {
        "no environment could be made": [python, "-m", "venv", place],
        "the dependencies could not be installed": [*pip, "--editable", f".[{EXTRA}]"],
        "": [place / "bin" / "python", "-m", "pytest", *options],
    }
    with log.open("w", encoding="utf-8") as out:
        failing = next((why for why, step in steps.items() if _fails(step, out)), None)
    said = failing or (log.read_text("utf-8").splitlines() or [""])[-1].strip("= ")
    minutes = (time.monotonic() - begun) / 60
    return f"{'FAILED: ' * (failing is not None)}{said} ({minutes:.0f} min, {log.relative_to(ROOT)})"


def _fails(command: list[str | Path], out: TextIO) -> bool:
    return subprocess.run(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT).returncode != 0


def main(options: list[str]) -> int:
    """1 if the tests failed anywhere, or ran nowhere."""
    oldest = "--oldest" in options
    options = [*PYTEST, *(OLD if oldest else []), *(option for option in options if option != "--oldest")]
    found = {minor: python for minor in range(FIRST, LATEST) if (python := interpreter(minor))}
    if oldest:
        found = dict(list(found.items())[:1])
    said = []
    for minor in range(FIRST, max([*found, FIRST if oldest else KNOWN]) + 1):
        if minor in found:
            place = ROOT / (".venv-oldest" if oldest else f".venv-3.{minor}")
            said.append(run(found[minor], place, options, lower_bounds() if oldest else {}))
        elif oldest:
            continue
        else:
            said.append("skipped: neither on the PATH nor under ~/.pyenv/versions")
        print(f"Python 3.{minor}{' with the oldest dependencies' * oldest}: {said[-1]}", flush=True)
    if not found:
        print(f"no Python from 3.{FIRST} on was found")
    return 0 if found and not any("FAILED" in line for line in said) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
