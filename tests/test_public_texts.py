"""What outsiders read cites "source 002 eq. 7", as docs/sources.md explains it; a seed is where chance starts from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
INSIDE = re.compile(r"\b[Ss]eeds? 00\d|\b[Tt]he \*?seeds\b|\b[Tt]he seed(?:'s|,| [a-z]+s)\b|(?<!随机)种子")
"""What the tests call the five texts. (Of the seed of a generator one says what it is of: "the seed of the split".)"""


def public_texts() -> Iterator[Path]:
    yield from (ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", "pyproject.toml"))
    for folder in ("autograd", "nn", "docs", "notebooks", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".md", ".ipynb", ".html", ".js", ".mjs", ".css", ".toml", ".json"}:
                yield path


def test_no_public_text_calls_a_source_a_seed() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()[:100]}"
        for path in public_texts()
        if "node_modules" not in path.parts
        for line in path.read_text(encoding="utf-8").splitlines()
        if INSIDE.search(line)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("(seed 002 eq. 7)", True),
        ("Seeds 000 and 002", True),
        ("the seeds' network", True),
        ("the seed says so", True),
        ("种子 002", True),
        ("the same seed gives the same bytes, also for seeds 0, 1 and 2", False),
        ("seed: of the order of the samples", False),
        ("随机种子", False),
    ],
)
def test_the_rule_knows_the_texts_from_the_seeds_of_generators(text: str, inside: bool) -> None:
    assert bool(INSIDE.search(text)) is inside


def test_every_erratum_lets_the_engine_decide() -> None:
    """An entry of docs/sources.md, which begins with bold words, has an example before the next one begins."""
    errata = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8").partition("## Errata")[2]
    entries = re.split(r"^(?=\*\*)", errata, flags=re.MULTILINE)[1:]
    assert len(entries) >= 25
    assert not [entry.splitlines()[0] for entry in entries if ">>> " not in entry]
