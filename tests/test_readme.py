"""The README is read by people and run by the tests: nothing in it is for the tests alone, and all of it is run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_no_mark_of_doctest_is_shown() -> None:
    assert "doctest:" not in README
    assert "BLANKLINE" not in README
    assert "\n\n```\n" not in README, "an empty line at the end of a block"


@pytest.mark.parametrize(
    ("shown", "wrong"),
    [
        ("0.08217080445727949", "0.08217080445727948"),
        ("\n\nbackward\n", "\nbackward\n"),  # an empty line of an output
        ("mean of E, and of every ∂E/∂…", "sum of E"),  # after empty lines
        ("       = 0.08217\n...", "       = 0.08217"),  # what follows is said to be left out
    ],
)
def test_an_example_that_shows_something_else_fails(shown: str, wrong: str, tmp_path: Path) -> None:
    assert README.count(shown) == 1
    shutil.copy(ROOT / "conftest.py", tmp_path)
    (tmp_path / "README.md").write_text(README.replace(shown, wrong), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "README.md"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, encoding="utf-8", env={"PYTHONPATH": str(ROOT)}, check=False
    )
    assert done.returncode == 1, done.stdout
    assert "Expected" in done.stdout
