"""The notebooks as they are committed: whole, run from top to bottom, small, and about no machine in particular.

Nothing is executed here; `make test-notebooks` does that.
"""

from __future__ import annotations

import ast
import base64
import json
import re
import struct
from pathlib import Path
from typing import Any

import nbformat
import pytest
from untrusted import pictures

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))

LARGEST = 3_000_000
"""Bytes: a notebook is read over a network, and its history is kept for ever. Every picture is in it twice."""


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def cells(path: Path) -> list[Any]:
    return nbformat.read(path, as_version=4).cells


@pytest.fixture
def code(cells: list[Any]) -> list[Any]:
    return [cell for cell in cells if cell.cell_type == "code"]


@pytest.fixture
def outputs(code: list[Any]) -> list[Any]:
    return [output for cell in code for output in cell.outputs]


def test_there_are_notebooks_numbered_without_a_gap() -> None:
    assert NOTEBOOKS
    assert [int(path.name[:2]) for path in NOTEBOOKS] == list(range(1, len(NOTEBOOKS) + 1))


def test_it_is_a_valid_notebook(path: Path) -> None:
    nbformat.validate(json.loads(path.read_text()))


def test_it_is_small(path: Path) -> None:
    assert path.stat().st_size <= LARGEST


def test_it_opens_with_its_title_and_a_summary_in_chinese(path: Path, cells: list[Any]) -> None:
    title, summary, *_ = cells[0].source.split("\n\n")
    assert cells[0].cell_type == "markdown"
    assert title.startswith(f"# {int(path.name[:2])} · ")
    assert summary.startswith("> **中文摘要**")
    assert 3 <= summary.count("。") <= 6
    assert len(re.findall(r"[\u4e00-\u9fff]", summary)) > 80


def test_every_cell_was_executed_in_order(code: list[Any]) -> None:
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))


def test_it_has_outputs_without_errors_or_warnings(outputs: list[Any]) -> None:
    assert outputs
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]


def test_it_asserts_what_it_claims(code: list[Any]) -> None:
    assert any(re.search(r"^\s*assert ", cell.source, re.MULTILINE) for cell in code)


def test_it_names_no_folder_of_a_machine(path: Path) -> None:
    shown = re.sub(r"[A-Za-z0-9+/=\\n]{200,}", "", path.read_text())  # pictures in base64 may contain anything
    assert not re.findall(r".{0,40}(?:(?<![\w.:/])/(?:home|root|tmp|work|usr|Users|private)/|[A-Z]:\\\\).{0,40}", shown)


def test_its_first_cell_says_how_to_trust_it(cells: list[Any]) -> None:
    _, _, trust, *_ = cells[0].source.split("\n\n")
    assert trust.startswith("> **To see it alive**")
    assert "*Trust Notebook*" in trust
    assert "jupyter trust" in trust


PICTURE = re.compile(r"\bplt\.show\(\)|^(?:draw|explore)\(|^(?:drawing|picture)$|^show\(", re.MULTILINE)
"""What a cell says to make a picture: Matplotlib's, a drawing, a page, or a picture that has been made before."""


def test_every_picture_is_seen_before_the_notebook_is_trusted(code: list[Any]) -> None:
    for cell in code:
        called = re.sub(r"^def .*?(?=^\S)", "", cell.source, flags=re.MULTILINE | re.DOTALL)
        makes = bool(PICTURE.search(called))  # no cell makes two
        seen = sum(pictures(output["data"]) for output in cell.outputs if "data" in output)
        assert seen == makes, cell.source


def images(cell: Any) -> list[Any]:
    """The outputs of a cell that are images by themselves: a page brings its own, with its words."""
    return [output for output in cell.outputs if "image/png" in output.get("data", {})]


def test_every_image_says_what_is_to_be_seen(code: list[Any]) -> None:
    """In its cell's metadata, as "alt", where nbconvert looks for it."""
    for cell in code:
        if images(cell):
            assert len(cell.metadata.get("alt", "").split()) >= 5, cell.source


COLUMN = 830
"""Pixels, of CSS, as in `notebooks/pictures.py`. An image that is wider would be shrunk, and its letters with it."""


def test_no_image_is_wider_than_its_column(code: list[Any]) -> None:
    for cell in code:
        for output in images(cell):
            (width,) = struct.unpack(">I", base64.b64decode(output.data["image/png"])[16:20])
            width = output.metadata.get("image/png", {}).get("width", width)  # where it is drawn more finely
            assert width <= COLUMN, cell.source


def test_plotting_is_folded_away(code: list[Any]) -> None:
    """For JupyterLab, and by its tag for makers of sites. What is computed and asserted stays in sight."""
    for cell in code:
        plots = "plt.subplots(" in cell.source
        assert bool(cell.metadata.get("jupyter", {}).get("source_hidden")) == (
            "hide-input" in cell.metadata.get("tags", [])
        )
        assert not plots or cell.metadata.get("jupyter", {}).get("source_hidden"), cell.source
        if plots:
            assert not re.search(r"^ *assert ", cell.source, re.MULTILINE), cell.source


def test_what_a_trusting_reader_sees_is_what_the_others_see(outputs: list[Any]) -> None:
    """No output whose kind comes first for the one and is missing for the other."""
    for output in outputs:
        data = output.get("data", {})
        if "image/svg+xml" in data or "<iframe" in data.get("text/html", ""):
            assert pictures(data) == 1
            assert data["text/plain"].strip()


def test_its_links_lead_somewhere(cells: list[Any]) -> None:
    for cell in cells:
        if cell.cell_type == "markdown":
            for link in re.findall(r"\]\((?!https?://|#)([^)\s]+)\)", cell.source):
                path, _, heading = link.partition("#")
                assert (FOLDER / path).exists(), link
                assert not heading or re.search(rf"^#+ {heading}$", (FOLDER / path).read_text(), re.M | re.I), link


def test_the_thumbnails_are_of_cells_with_a_picture() -> None:
    """`CELLS` in notebooks/pictures.py counts cells: a new one before them moves them."""
    tree = ast.parse((FOLDER / "pictures.py").read_text(encoding="utf-8"))
    assigned = next(node for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "CELLS")
    chosen = ast.literal_eval(assigned.value)
    assert sorted(chosen) == [int(path.name[:2]) for path in NOTEBOOKS]
    for path in NOTEBOOKS:
        cell = nbformat.read(path, as_version=4).cells[chosen[int(path.name[:2])]]
        assert any("image/svg+xml" in output.get("data", {}) for output in cell.get("outputs", [])), path.name
