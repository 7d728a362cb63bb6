"""The exercises as cells of a notebook, on the command line, and as text."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograd.course import exercise, exercises
from autograd.course.__main__ import main
from autograd.course.texts import introduction

ROOT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(ROOT / "notebooks" / "exercises.py"), run_name="exercises")


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    new = nbformat.v4
    path = tmp_path / "02_neuron.ipynb"
    own = [new.new_markdown_cell("# 2 · A neuron", id="a"), new.new_code_cell("1 + 1", id="b")]
    nbformat.write(new.new_notebook(cells=own), path)
    return path


def test_a_notebook_gets_a_heading_and_two_cells_an_exercise(notebook: Path) -> None:
    assert SCRIPT["append"](notebook)
    nbformat.validate(json.loads(notebook.read_text()))
    cells = nbformat.read(notebook, as_version=4).cells
    assert [cell.source for cell in cells[:2]] == ["# 2 · A neuron", "1 + 1"]
    assert cells[2].source.startswith("## Exercises\n\n")
    assert cells[3].source == "from autograd.course import check"
    for e, text, code in zip(exercises(2), cells[4::2], cells[5::2], strict=True):
        assert text.source == f"### {e.number} {e.title}\n\n{e.text}"
        assert code.source == e.start
        assert text.metadata == code.metadata == {"course": e.number}


def test_a_second_time_nothing_changes_and_outputs_stay(notebook: Path) -> None:
    SCRIPT["append"](notebook)
    executed = nbformat.read(notebook, as_version=4)
    executed.cells[5].outputs = [nbformat.v4.new_output("stream", text="not yet")]
    nbformat.write(executed, notebook)
    before = notebook.read_bytes()
    assert not SCRIPT["append"](notebook)
    assert notebook.read_bytes() == before


@pytest.mark.parametrize("move", ["changed", "missing", "in front"])
def test_cells_that_are_not_as_they_should_be_are_replaced(notebook: Path, move: str) -> None:
    SCRIPT["append"](notebook)
    expected = notebook.read_bytes()
    odd = nbformat.read(notebook, as_version=4)
    if move == "changed":
        odd.cells[5].source = "of an older version"
    elif move == "missing":
        del odd.cells[4:6]
    else:
        odd.cells.append(odd.cells.pop(0))
    nbformat.write(odd, notebook)
    assert SCRIPT["append"](notebook)
    again = nbformat.read(notebook, as_version=4)
    if move == "in front":  # own cells that stand among them come before
        again.cells[:2] = again.cells[1::-1]
        nbformat.write(again, notebook)
    assert notebook.read_bytes() == expected


def test_every_exercise_has_a_text_and_an_introduction() -> None:
    for e in exercises():
        assert e.title
        assert len(e.text) > 60
        assert introduction(e.notebook)
        assert e.text.count("$") % 2 == 0
        assert str(e) == f"{e.number} {e.title}\n\n{e.text}\n\n{e.start}"
        assert e._repr_markdown_().startswith(f"### {e.number}")


def test_the_cells_are_clean_for_the_linter(tmp_path: Path) -> None:
    pytest.importorskip("ruff")
    for n in sorted({e.notebook for e in exercises()}):
        own: Any = nbformat.v4.new_notebook(cells=SCRIPT["cells"](n))
        nbformat.write(own, tmp_path / f"{n:02}_cells.ipynb")
    command = [sys.executable, "-m", "ruff", "check", "--config", str(ROOT / "pyproject.toml"), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    command = [
        sys.executable,
        "-m",
        "ruff",
        "format",
        "--diff",
        "--config",
        str(ROOT / "pyproject.toml"),
        str(tmp_path),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_command_line_lists_them_and_shows_one(capsys: pytest.CaptureFixture[str]) -> None:
    main([])
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == [e.number for e in exercises()]
    main(["4.3"])
    shown, e = capsys.readouterr().out, exercise("4.3")
    assert shown.startswith(f"4.3 {e.title}\n\n{e.text}\n\n")
    exec(shown[shown.index("from autograd.course import check") :], {})  # what is to be run can be run as it is
    assert shown.endswith(f"{e.start}\n")
    with pytest.raises(SystemExit):
        main(["4.33"])
    assert "there is no exercise '4.33'" in capsys.readouterr().err


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_the_committed_notebooks_end_with_the_exercises_as_they_are(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())
    assert not SCRIPT["append"](copy), "python notebooks/exercises.py, and execute the notebook"
