"""The palettes: text can be read, and a larger gradient stands out more."""

from __future__ import annotations

import itertools

import pytest

from autograd.viz.picture.palette import PALETTES, Scale, ink_on, line_of

STEPS = [f"{sign}{k}" for sign in "mp" for k in range(1, 6)]


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", PALETTES)
def test_all_text_can_be_read(theme: str) -> None:
    p = PALETTES[theme]
    for step in [*STEPS, "zero", "none", "nan"]:
        assert contrast(p[step], p[ink_on(step)]) >= 4.5, step  # WCAG 2.2, AA
    for ground, ink in itertools.product(
        ("paper", "operation", "input", "parameter", "root", "block", "frame", "inner-frame"), ("ink", "muted")
    ):
        assert contrast(p[ground], p[ink]) >= 4.5, (ground, ink)


@pytest.mark.parametrize("theme", PALETTES)
def test_a_larger_gradient_stands_out_more_from_the_paper(theme: str) -> None:
    p = PALETTES[theme]
    for sign in "mp":
        against = [contrast(p[f"{sign}{k}"], p["paper"]) for k in range(1, 6)]
        assert against == sorted(against)
        assert contrast(p[line_of(f"{sign}1")], p["paper"]) > 1.5, "the faintest line can still be seen"


def test_each_role_of_the_light_palette_has_a_colour_of_its_own() -> None:
    assert len(set(PALETTES["light"].values())) == len(PALETTES["light"])
    assert PALETTES["light"].keys() == PALETTES["dark"].keys()


@pytest.mark.parametrize(
    ("gradient", "step"),
    [(1.0, "p5"), (0.11, "p5"), (0.1, "p4"), (-0.1, "m4"), (1e-300, "p1"), (0.0, "zero"), (None, "none"),
     (float("nan"), "nan"), (float("-inf"), "nan")],
)  # fmt: skip
def test_a_step_is_a_power_of_ten(gradient: float | None, step: str) -> None:
    assert Scale(1.0).step(gradient) == step
