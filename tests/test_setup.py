"""The Makefile and pyproject.toml fit each other, and say what is wrong when a machine lacks something."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]

make = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make on the PATH")


def run_make(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [shutil.which("make") or "make", "-f", str(ROOT / "Makefile"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment or None)


@make
def test_make_alone_says_what_every_target_does() -> None:
    targets = set(re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.M)[1].split())
    said = {line.split()[0] for line in run_make("-C", str(ROOT)).stdout.splitlines() if not line.startswith("make")}
    assert said == targets


def test_every_extra_that_make_installs_is_declared() -> None:
    installed = set(re.findall(r"\$\(ready\)-(\w+)", MAKEFILE))
    assert installed
    assert installed <= set(EXTRAS)


def test_the_engine_and_the_networks_depend_on_nothing() -> None:
    assert PROJECT["dependencies"] == []


def test_every_dependency_has_a_lower_bound() -> None:
    others = [d for extra in EXTRAS.values() for d in extra if not d.startswith(PROJECT["name"])]
    assert [d for d in others if not re.search(r">=|==", d)] == []


def test_the_oldest_dependencies_are_those_that_the_project_allows() -> None:
    """All that the tests are installed with, through the extras of extras."""
    program = "import json, runpy; print(json.dumps(runpy.run_path('.ci/pythons.py')['lower_bounds']()))"
    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    used = ("digits", "mnist", "draw", "symbolic", "compile", "fast", "test")
    assert set(json.loads(said).items()) == {
        (package, version)
        for extra in used
        for package, _, version in (d.partition(">=") for d in EXTRAS[extra] if not d.startswith(PROJECT["name"]))
    }


@make
def test_without_a_python_that_is_new_enough_make_says_so(tmp_path: Path) -> None:
    done = run_make("digits", "PYTHON=python3", f"VENV={tmp_path}/venv", PATH=str(tmp_path))
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed" in done.stderr
    assert "make PYTHON=" in done.stderr
