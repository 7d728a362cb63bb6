"""The pictures of a training run: what they show is what they were given, in both themes, and legibly."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from nn import figures
from nn.figures import THEMES
from nn.history import Epoch, History

RANDOM = np.random.default_rng(2)
LABELS = np.repeat(np.arange(10), 6)
OUTPUTS = 0.5 * np.eye(10)[(LABELS + (RANDOM.random(60) < 0.2)) % 10] + 0.3 * RANDOM.random((60, 10))
IMAGES = RANDOM.random((60, 64))
EPOCHS = [
    Epoch(0, None, 1.1, {"accuracy": 0.1}),
    Epoch(1, 0.5, 0.4, {"accuracy": 0.9}),
    Epoch(2, 0.2, 0.3, {"accuracy": 0.8}),
]
HISTORY = History(EPOCHS, EPOCHS[1])


def make(name: str, theme: str) -> Figure:
    if name == "curves":
        return figures.history(HISTORY, "accuracy", "digits", "E", theme)
    if name == "brighten":
        return figures.brighten(IMAGES[0], (8, 8), RANDOM.random(16), RANDOM.normal(size=16), 0.2, 2, theme)
    if name == "confusion":
        return figures.confusion_matrix(LABELS, OUTPUTS.argmax(1), 10, theme)
    if name == "first_layer":
        return figures.first_layer(RANDOM.normal(size=(16, 64)), (8, 8), theme)
    return figures.misclassified(IMAGES, LABELS, OUTPUTS, (8, 8), theme)


ALL = pytest.mark.parametrize("name", ["curves", "confusion", "first_layer", "misclassified", "brighten"])
BOTH = pytest.mark.parametrize("theme", THEMES)


def luminance(colour: str) -> float:
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """Contrast ratio, WCAG 2.1."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@ALL
@BOTH
def test_a_picture_is_written_whole_on_its_own_ground(tmp_path: Path, name: str, theme: str) -> None:
    figures.save(make(name, theme), tmp_path / "picture.png")
    with Image.open(tmp_path / "picture.png") as picture:
        assert min(picture.size) >= 350
        surface = tuple(round(255 * c) for c in to_rgb(THEMES[theme].surface))
        corners = [(0, 0), (picture.width - 1, 0), (0, picture.height - 1), (picture.width - 1, picture.height - 1)]
        assert [picture.convert("RGB").getpixel(corner) for corner in corners] == [surface] * 4
        assert len(picture.convert("RGB").getcolors(1 << 24)) > 20  # not an empty page
    assert [path.name for path in tmp_path.iterdir()] == ["picture.png"]


def shown(figure: Figure) -> list[Text]:
    """The texts that can be seen: of axes that are switched off, only those written into them."""
    found = [*figure.texts]
    for axes in figure.axes:
        found += [*axes.texts, axes.title, axes._left_title]
        if axes.axison:
            for axis in (axes.xaxis, axes.yaxis):
                low, high = sorted(axis.get_view_interval())
                found += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
                found += [axis.label]
        if legend := axes.get_legend():
            found += legend.get_texts()
    return [text for text in found if text.get_visible() and text.get_text().strip(" ·")]


@ALL
def test_no_text_leaves_the_page_or_lies_on_another(name: str) -> None:
    figure = make(name, "light")
    figure.draw_without_rendering()
    page, texts = figure.bbox, shown(figure)
    boxes = [text.get_window_extent() for text in texts]
    assert len(boxes) > 10
    for box in boxes:
        assert page.x0 <= box.x0 < box.x1 <= page.x1
        assert page.y0 <= box.y0 < box.y1 <= page.y1
    for (a, one), (b, other) in combinations(zip(boxes, texts, strict=True), 2):
        assert not a.overlaps(b), f"{one.get_text()!r} lies on {other.get_text()!r}"


@ALL
def test_no_text_is_smaller_than_nine_points(name: str) -> None:
    assert min(text.get_fontsize() for text in shown(make(name, "light"))) >= 9


@pytest.mark.parametrize("name", ["curves", "first_layer", "misclassified", "brighten"])
@BOTH
def test_text_stands_out_from_the_ground(name: str, theme: str) -> None:
    for text in shown(make(name, theme)):
        assert contrast(text.get_color(), THEMES[theme].surface) >= 4.5  # WCAG 2.1, level AA


@BOTH
def test_the_counts_stand_out_from_their_cells(theme: str) -> None:
    labels, read = np.array([0] * 40 + [1] * 40), np.array([0] * 39 + [1] + [1] * 20 + [0] * 20)
    figure = figures.confusion_matrix(labels, read, 2, theme)
    (axes,) = figure.axes
    image = axes.images[0].get_array()
    counts = [text for text in axes.texts if text.get_text().isdigit()]
    assert [text.get_text() for text in counts] == ["39", "1", "20", "20"]
    for text in counts:
        j, i = map(int, text.get_position())
        assert contrast(text.get_color(), image[i, j]) >= 4.5


@BOTH
def test_blue_and_orange_stay_apart_without_red_or_green_sight(theme: str) -> None:
    """Seen with the matrices of Machado, Oliveira and Fernandes 2009 for full dichromacy, on linear RGB."""
    protan = np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]])
    deutan = np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]])
    linear = [np.array(to_rgb(colour)) ** 2.2 for colour in (THEMES[theme].blue, THEMES[theme].orange)]
    for seen_by in (protan, deutan):
        blue, orange = (np.clip(seen_by @ colour, 0, 1) ** (1 / 2.2) for colour in linear)
        assert blue[2] - orange[2] > 0.5  # of 1: one is plainly bluer
        assert orange[0] - blue[0] > 0.05  # and the other yellower


def test_the_confusion_matrix_counts_rows_by_the_true_digit() -> None:
    (axes,) = figures.confusion_matrix(np.array([2, 2, 2, 0]), np.array([2, 2, 1, 0]), 3).axes
    counts = {text.get_position(): text.get_text() for text in axes.texts if text.get_text().isdigit()}
    assert counts == {(2, 2): "2", (1, 2): "1", (0, 0): "1"}  # (column, row): a 2 that was read as 1
    assert axes.get_title("left") == "3 of 4 held-out digits read right (75.0 %)"
    assert [t.get_text() for t in axes.texts if "of" in t.get_text()] == ["100 % of 1", "none of 0", "67 % of 3"]


def test_the_mistakes_are_all_there_the_surest_first() -> None:
    outputs = np.array([[0.9, 0.1], [0.6, 0.1], [0.2, 0.8], [0.7, 0.3]])
    figure = figures.misclassified(IMAGES[:4], np.array([0, 1, 1, 1]), outputs, (8, 8))
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == ["1 read as 0", "1 read as 0"]
    assert [axes.texts[0].get_text() for axes in figure.axes[:2]] == ["ŷ₀ = 0.70\nŷ₁ = 0.30", "ŷ₀ = 0.60\nŷ₁ = 0.10"]
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), IMAGES[3].reshape(8, 8))


def test_no_mistake_and_too_many_are_said() -> None:
    labels = np.zeros(60, int)
    perfect = figures.misclassified(IMAGES, labels, np.tile([1.0, 0.0], (60, 1)), (8, 8))
    assert perfect.get_suptitle() == "0 of 60 held-out digits read wrong"
    hopeless = figures.misclassified(IMAGES, labels, np.tile([0.0, 1.0], (60, 1)), (8, 8))
    assert hopeless.get_suptitle() == "60 of 60 held-out digits read wrong; the 40 surest mistakes"
    assert sum(bool(axes.images) for axes in hopeless.axes) == 40


def test_weights_share_one_scale_with_zero_in_the_middle() -> None:
    weights = RANDOM.normal(size=(5, 64))
    figure = figures.first_layer(weights, (8, 8))
    images = [axes.images[0] for axes in figure.axes if axes.images]
    assert {image.get_clim() for image in images} == {(-np.abs(weights).max(), np.abs(weights).max())}
    np.testing.assert_array_equal([image.get_array().ravel() for image in images], weights)


def test_the_curves_are_the_numbers_given() -> None:
    loss, accuracy = figures.history(HISTORY, "accuracy", "digits").axes
    chosen_by, learning = loss.lines
    assert learning.get_xydata()[1:].tolist() == [[1, 0.5], [2, 0.2]]
    assert chosen_by.get_xydata().tolist() == [[0, 1.1], [1, 0.4], [2, 0.3]]
    assert accuracy.lines[0].get_ydata() == pytest.approx([10, 90, 80])
    assert "90.0 % after epoch 1\nlast: 80.0 % after epoch 2" in accuracy.texts[0].get_text()


def test_the_three_ways_share_one_scale_and_are_the_products_given() -> None:
    a, w = RANDOM.random(16), RANDOM.normal(size=16)
    _, bias, weights, before = figures.brighten(IMAGES[0], (8, 8), a, w, 0.2, 2).axes
    assert bias.get_xlim() == weights.get_xlim() == before.get_xlim()
    for axes, values in ((bias, [0.2]), (weights, 0.2 * a), (before, 0.2 * w)):
        assert [bar.get_width() for bar in axes.patches] == pytest.approx(values)


def test_drawing_leaves_matplotlibs_global_state_alone() -> None:
    program = """
import sys, matplotlib as mpl
before = mpl.rcParams.copy()
from nn import figures
from nn.history import Epoch, History
figures.history(History([Epoch(0, None, 1.0), Epoch(1, 0.5, 0.6)]))
figures.misclassified(__import__("numpy").ones((1, 4)), [0], __import__("numpy").eye(2)[1:], (2, 2))
assert "matplotlib.pyplot" not in sys.modules
assert mpl.rcParams.copy() == before
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[1])
