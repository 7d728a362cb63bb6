"""What would be published: release notes from the changelog, archives that are the same in every build, who to cite."""

from __future__ import annotations

import gzip
import io
import re
import runpy
import tarfile
import tomllib
from pathlib import Path

import pytest

import autograd

ROOT = Path(__file__).parents[1]
RELEASE = runpy.run_path(str(ROOT / ".ci" / "release.py"))
CHANGELOG = """# Changelog

## Unreleased (will be 1.1.0)

### Added

* New.

## 1.0.10

* Tenth.

## 1.0.1 (2026-01-02)

* Old.
"""


@pytest.mark.parametrize(
    ("version", "said"),
    [("1.1.0.dev3", "### Added\n\n* New."), ("1.0.10", "* Tenth."), ("1.0.1", "* Old.")],
)
def test_release_notes_are_what_the_changelog_says_of_that_version(version: str, said: str) -> None:
    assert RELEASE["notes"](CHANGELOG, version) == f"# scalar-autograd {version}\n\n{said}\n"


@pytest.mark.parametrize("version", ["1.1.0", "1.0.2", "2.0.0.dev0", "1.0.1.dev0x"])
def test_a_version_that_the_changelog_does_not_name_is_not_released(version: str) -> None:
    """1.1.0 itself neither, as long as its heading says that it is not released."""
    with pytest.raises(LookupError, match=re.escape(version)):
        RELEASE["notes"](CHANGELOG, version)


def test_the_changelog_has_notes_for_the_version_that_this_is() -> None:
    assert len(RELEASE["notes"]((ROOT / "CHANGELOG.md").read_text("utf-8"), autograd.__version__)) > 200


def archive(path: Path, *, order: list[str], mtime: int, owner: str, umask: int) -> Path:
    """An sdist as some machine would make it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name in order:
            member = tarfile.TarInfo(name)
            member.mtime, member.uname, member.uid = mtime, owner, mtime % 1000
            content = f"this is {name}".encode()
            member.mode = (0o777 if name.endswith("run") else 0o666) & ~umask
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    with path.open("wb") as file, gzip.GzipFile(path.name, "wb", fileobj=file, mtime=mtime) as zipped:
        zipped.write(packed.getvalue())
    return path


def test_an_sdist_is_the_same_bytes_whoever_builds_it_and_when(tmp_path: Path) -> None:
    one = archive(tmp_path / "one.tar.gz", order=["p/a.py", "p/b/run"], mtime=1_700_000_000, owner="me", umask=0o022)
    two = archive(tmp_path / "two.tar.gz", order=["p/b/run", "p/a.py"], mtime=1_800_000_123, owner="you", umask=0o077)
    assert one.read_bytes() != two.read_bytes()
    for path in (one, two):
        RELEASE["same_for_ever"](path, 1_600_000_000)
    assert one.read_bytes() == two.read_bytes()
    with tarfile.open(one) as tar:
        assert [(m.name, m.mtime, m.mode) for m in tar] == [
            ("p/a.py", 1_600_000_000, 0o644),
            ("p/b/run", 1_600_000_000, 0o755),
        ]
        assert tar.extractfile("p/a.py").read() == b"this is p/a.py"


def test_the_citation_names_the_version_and_the_licence_of_the_project() -> None:
    citation = dict(re.findall(r"^(\w+): *\"?([^\"\n]+)\"?$", (ROOT / "CITATION.cff").read_text("utf-8"), re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert citation["version"] == autograd.__version__
    assert citation["title"] == project["name"]
    assert citation["license"] == project["license"]
    assert project["description"] in citation["abstract"]


def test_the_workflow_runs_what_every_machine_runs_and_publishes_tags_alone() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    jobs = dict(re.findall(r"^  (\w+):\n((?:    .*\n|\n)+)", workflow.partition("\njobs:\n")[2] + "\n", re.MULTILINE))
    assert "run: bash .ci/run" in jobs["check"]
    assert "run: make site" in jobs["site"]
    assert "run: make release" in jobs["build"]
    for name, job in jobs.items():
        publishes = "pypi" in job or "gh release" in job
        assert publishes == (name == "publish")
        assert not publishes or "if: github.ref_type == 'tag'" in job
    minors = set(re.findall(r'"3\.(\d+)"', jobs["check"]))
    assert {"11", "12", "13", "14"} <= minors
