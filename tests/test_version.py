"""The version is written once, and the wheel, nn and the changelog go by it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import autograd
import nn

ROOT = Path(autograd.__file__).parents[1]


def test_nn_has_the_version_of_the_distribution_it_comes_with() -> None:
    assert nn.__version__ is autograd.__version__


def test_the_version_is_written_in_one_file() -> None:
    literal = re.compile(r'^\s*(__version__|version)\s*=\s*"', re.M)
    files = [ROOT / "pyproject.toml", *(file for name in ("autograd", "nn") for file in (ROOT / name).rglob("*.py"))]
    assert [file.relative_to(ROOT).as_posix() for file in files if literal.search(file.read_text("utf-8"))] == [
        "autograd/__init__.py"
    ]


def test_setuptools_reads_that_version_without_importing_anything() -> None:
    """As a build does, where nothing else is installed; importing one of the packages would end the program."""
    pytest.importorskip("setuptools", reason="a build brings setuptools along, an environment need not have it")
    program = (
        "import sys; sys.meta_path.insert(0, type('No', (), {'find_spec': staticmethod("
        "lambda name, *_: sys.exit(f'{name} is imported') if name.split('.')[0] in ('autograd', 'nn') else None)})); "
        "from setuptools.config.expand import read_attr; print(read_attr('autograd.__version__'))"
    )
    command = [sys.executable, "-I", "-W", "ignore", "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == (autograd.__version__, 0), done.stderr


def test_the_build_requires_a_setuptools_that_knows_where_the_version_stands() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "autograd.__version__"}


def test_the_changelog_begins_with_this_version() -> None:
    """`0.2.0.dev0` is what will be 0.2.0: its section is called Unreleased."""
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    first, *older = re.findall(r"^## (?:\[?)([^\s\]]+)", changelog, re.M)
    unreleased = ".dev" in autograd.__version__
    assert first == ("Unreleased" if unreleased else autograd.__version__)
    assert older == sorted(older, key=lambda release: [int(part) for part in release.split(".")], reverse=True)
    assert autograd.__version__.partition(".dev")[0] not in (older if unreleased else [])
