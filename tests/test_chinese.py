"""The Chinese texts of notebooks and exercises: none missing, none out of date, nothing lost, and Chinese throughout.

Whether they are well said only a reader can tell. What a program can tell is whether what is the same in both languages
is there: headings, tables, formulas, code, links and numbers.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "docs"), str(ROOT / "notebooks")]

import chinese  # noqa: E402  # docs/chinese.py, found by the path
import exercises  # noqa: E402  # notebooks/exercises.py

NOTEBOOKS = sorted(chinese.NOTEBOOKS.glob("*.ipynb"))
NUMBERS = [int(path.name[:2]) for path in NOTEBOOKS]

FENCED = re.compile(r"^```.*?^```|^    .*?$", re.MULTILINE | re.DOTALL)
FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$]+\$", re.DOTALL)
CODE = re.compile(r"`[^`]+`")
TARGET = re.compile(r"(?<=\])\([^)]+\)")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
WORDS = re.compile(r"\\(?:text|mathrm|tag)\{[^{}]*\}")
"""In formulas: "that is", "source 002 eq. 25". They are translated."""
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def own_cells(number: int) -> list[Any]:
    (path,) = chinese.NOTEBOOKS.glob(f"{number:02}_*.ipynb")
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return [cell for cell in cells if exercises.MARK not in cell["metadata"]]


def cells(number: int) -> dict[str, str]:
    """What there is to translate for a notebook, the exercises included, whether they have been appended or not."""
    every = own_cells(number) + exercises.cells(number)
    return {name: text for cell in every for name, text in chinese.originals(cell)}


PAIRS = [
    pytest.param(text, chinese.texts(number)[name].chinese, id=f"{number:02}-{name}")
    for number in NUMBERS
    for name, text in cells(number).items()
    if name in chinese.texts(number)
]


def parts(text: str) -> dict[str, Counter[str]]:
    """What of a text is the same in every language, each with how often it is there."""
    found: dict[str, Counter[str]] = {}
    for name, pattern in (("code", FENCED), ("code in a line", CODE), ("a formula", FORMULA), ("a link", TARGET)):
        found[name] = Counter(re.sub(r"\s|\\[ ,;]", "", WORDS.sub("", x)) for x in pattern.findall(text))
        text = pattern.sub(" ", text)
    found["a number"] = Counter(NUMBER.findall(text))
    return found


def lost(original: str, translation: str) -> list[str]:
    """What a translation does not have of the original. Of numbers it may have more ("eleven" is 11 in Chinese)."""
    faults = []
    there, here = parts(original), parts(translation)
    for kind, wanted in there.items():
        faults += [f"{kind} is missing: {x}" for x in wanted if x not in here[kind]]
        if kind != "a number":
            faults += [f"{kind} is new: {x}" for x in here[kind] if x not in wanted]
    for kind, pattern in (("headings", r"^#+ "), ("rows of tables", r"^\|"), ("items", r"^(?:\*|\d+\.) ")):
        was, now = (re.findall(pattern, x, re.MULTILINE) for x in (original, translation))
        if was != now:
            faults.append(f"{kind}: {now}, not {was}")
    return faults


def prose(text: str) -> str:
    """A text without what is not language."""
    for pattern in (FENCED, CODE, FORMULA, TARGET, re.compile(r"<!--.*?-->")):
        text = pattern.sub("X", text)
    return text


@pytest.mark.parametrize("number", NUMBERS)
def test_every_text_of_a_notebook_and_its_exercises_has_its_translation(number: int) -> None:
    every = own_cells(number) + exercises.cells(number)
    assert list(chinese.untranslated(every, chinese.texts(number))) == []


@pytest.mark.parametrize("number", NUMBERS)
def test_no_translation_is_left_over(number: int) -> None:
    assert set(chinese.texts(number)) <= set(cells(number))


@pytest.mark.parametrize(("original", "translation"), PAIRS)
def test_formulas_code_links_and_numbers_are_the_originals(original: str, translation: str) -> None:
    assert lost(original, translation) == []


@pytest.mark.parametrize(("original", "translation"), PAIRS)
def test_a_translation_is_chinese(original: str, translation: str) -> None:
    words = prose(original)
    if re.search(r"[A-Za-z]{3}", words):
        assert CHINESE.search(translation)
    for name in re.findall(r"\*[^*]+\*", original):  # titles of books stay as they are
        translation = translation.replace(" ".join(name.split()), "")
    assert re.findall(r"(?:[A-Za-z']{2,} ){4,}", prose(translation)) == []


@pytest.mark.parametrize(("original", "translation"), PAIRS)
def test_chinese_is_set_with_chinese_punctuation(original: str, translation: str) -> None:
    text = prose(translation)
    assert re.findall(r".?[\u4e00-\u9fff][,.;:?!(].?", text) == []
    assert re.findall(r"[，。；：？！、] ", text) == []


def test_what_a_translation_lost_is_found() -> None:
    original = "## Three\n\nThe slope $f'(x)$ is `grad(f)`, see [2](02_neuron.ipynb): 0.25."
    whole = "## 三\n\n斜率 $f'(x)$ 就是 `grad(f)`，见 [2](02_neuron.ipynb)：0.25。"
    assert lost(original, whole) == []
    for part, other in (("$f'(x)$", "$f(x)$"), ("grad", "gard"), ("02_", "03_"), ("0.25", "0.52"), ("##", "###")):
        assert lost(original, whole.replace(part, other)) != []


def cell(source: str, kind: str = "markdown", **metadata: str) -> dict[str, Any]:
    return {"cell_type": kind, "id": "cell-02", "metadata": metadata, "source": source}


def test_a_text_that_changed_is_out_of_date_and_shown_in_english() -> None:
    texts = {"cell-02": chinese.Text(chinese.digest("Two halves."), "两半。")}
    for now, shown, faults in (("Two halves.", "两半。", 0), ("Two\nhalves.", "两半。", 0), ("Two!", "Two!", 1)):
        book = chinese.translated({"metadata": {}, "cells": [cell(now)]}, texts)
        assert book["cells"][0]["source"] == shown
        assert len(list(chinese.untranslated([cell(now)], texts))) == faults
    assert len(list(chinese.untranslated([cell("Two halves.")], {}))) == 1


def test_what_a_picture_shows_is_translated_too() -> None:
    texts = {"alt-cell-02": chinese.Text(chinese.digest("A curve"), "一条曲线")}
    book = chinese.translated({"metadata": {}, "cells": [cell("draw(y)", "code", alt="A curve")]}, texts)
    assert book["cells"][0]["metadata"]["alt"] == "一条曲线"
    assert book["cells"][0]["source"] == "draw(y)"


def test_an_exercise_is_found_by_its_number() -> None:
    texts = {"1.1": chinese.Text(chinese.digest("### 1.1 Predict"), "### 1.1 预测")}
    book = chinese.translated({"metadata": {}, "cells": [cell("### 1.1 Predict", course="1.1")]}, texts)
    assert book["cells"][0]["source"] == "### 1.1 预测"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_joining_leaves_code_and_outputs_and_the_notebook_itself_alone(path: Path) -> None:
    before = json.loads(path.read_text("utf-8"))
    book = json.loads(path.read_text("utf-8"))
    joined = chinese.translated(book, chinese.texts(int(path.name[:2])))
    assert book == before
    assert len(joined["cells"]) == len(book["cells"])
    for one, other in zip(book["cells"], joined["cells"], strict=True):
        for said in (one, other):
            said["metadata"].pop("alt", None)
            if said["cell_type"] == "markdown":
                del said["source"]
        assert one == other


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_joined_notebook_opens_with_title_and_summary(path: Path) -> None:
    joined = chinese.translated(json.loads(path.read_text("utf-8")), chinese.texts(int(path.name[:2])))
    title, summary, text = "".join(joined["cells"][0]["source"]).split("\n\n")[:3]
    assert re.fullmatch(r"# \d · .*[\u4e00-\u9fff].*", title)
    assert summary.startswith("> **摘要**")
    assert CHINESE.search(text)
    assert "To see it alive" not in "".join(joined["cells"][0]["source"])


def test_the_written_notebooks_are_chinese_whole_and_their_links_lead_somewhere(tmp_path: Path) -> None:
    folder = tmp_path / "some" / "where"
    chinese.main(["--write", str(folder)])
    written = sorted(folder.glob("*.ipynb"))
    assert [path.name for path in written] == [path.name for path in NOTEBOOKS]
    for path, original in zip(written, NOTEBOOKS, strict=True):
        book = nbformat.read(path, as_version=4)
        nbformat.validate(book)
        code = [cell.source for cell in nbformat.read(original, as_version=4).cells if cell.cell_type == "code"]
        assert [cell.source for cell in book.cells if cell.cell_type == "code"] == code
        text = "\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")
        assert text.count("Trust Notebook") == 1
        for link in re.findall(r"\]\((?!https:)([^)#]+)", text):
            assert (folder / link).exists(), link


def test_writing_again_leaves_a_learners_answers_alone(tmp_path: Path) -> None:
    chinese.main(["--write", str(tmp_path)])
    first, *_, last = sorted(tmp_path.glob("*.ipynb"))
    first.write_text("solved")
    last.unlink()
    chinese.main(["--write", str(tmp_path)])
    assert first.read_text() == "solved"
    assert last.exists()
