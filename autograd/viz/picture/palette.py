"""Colours: what each part of a drawing is filled and drawn with, light and dark, and gradients by size.

Gradients are blue where negative and orange where positive, a pair that people of every colour vision tell
apart, and the stronger the larger, one step a power of ten. The sign and the number are always written,
too.

>>> scale = Scale(0.62)
>>> scale.step(0.62), scale.step(-0.05), scale.step(1e-9), scale.step(0.0), scale.step(None)
('p5', 'm4', 'p1', 'zero', 'none')
>>> PALETTES["light"][scale.step(0.62)]
'#bc5400'
"""

from __future__ import annotations

import math

__all__ = ["PALETTES", "STEPS", "Scale", "ink_on", "line_of"]

STEPS = 5
"""How many powers of ten the colours tell apart."""

# fmt: off
PALETTES: dict[str, dict[str, str]] = {
    "light": {
        "paper": "#ffffff", "ink": "#1b2026", "muted": "#59636e", "faint": "#c9d0d7", "line": "#8b96a2",
        "operation": "#fdfdfe", "input": "#e7f3ec", "parameter": "#f0ecf8", "root": "#fffdf2", "block": "#f6f8fa",
        "operation-line": "#93a0ad", "input-line": "#3f8765", "parameter-line": "#7a62b3", "root-line": "#1b2027",
        "frame": "#f7f8fb", "frame-line": "#d3dae2", "inner-frame": "#eef1f6",
        "m5": "#0b5394", "m4": "#4c93d3", "m3": "#83b6e2", "m2": "#bcd9f2", "m1": "#e0eefa",
        "p5": "#bc5400", "p4": "#e08a2c", "p3": "#f4b26a", "p2": "#fad6ac", "p1": "#fdeedd",
        "zero": "#e6e9ed", "none": "#f2f4f6", "nan": "#c2308a", "on-strong": "#fefefe", "on-weak": "#1b2028",
    },
    "dark": {
        "paper": "#14171b", "ink": "#e8ebee", "muted": "#a3adb8", "faint": "#3a424b", "line": "#76828f",
        "operation": "#1f242a", "input": "#17312a", "parameter": "#2b2540", "root": "#2c2a1c", "block": "#1d2228",
        "operation-line": "#66717d", "input-line": "#5fb48d", "parameter-line": "#a48fdc", "root-line": "#e8ebef",
        "frame": "#181c21", "frame-line": "#39424c", "inner-frame": "#1c2127",
        "m5": "#9acbf7", "m4": "#2b6aa6", "m3": "#285e93", "m2": "#20476d", "m1": "#1b3147",
        "p5": "#ffb966", "p4": "#995b17", "p3": "#834f1b", "p2": "#5f3d18", "p1": "#3d2d1a",
        "zero": "#343b43", "none": "#272d34", "nan": "#f27bc4", "on-strong": "#101316", "on-weak": "#e8ebf0",
    },
}
"""The colour of each role. Within the light one no two are the same, so that a role can be told by its colour."""
# fmt: on


class Scale:
    """The steps from the greatest gradient of a drawing down, a power of ten each."""

    def __init__(self, greatest: float) -> None:
        self.top = math.ceil(math.log10(greatest) - 1e-9) if greatest > 0 else 0

    def step(self, gradient: float | None) -> str:
        """The role of a gradient: its sign (m, p) and its step from 1 to 5; "zero", "nan" or "none"."""
        if gradient is None:
            return "none"
        if gradient == 0:
            return "zero"
        if not math.isfinite(gradient):
            return "nan"
        below = self.top - math.ceil(math.log10(abs(gradient)) - 1e-9)
        return ("m" if gradient < 0 else "p") + str(min(STEPS, max(1, STEPS - below)))

    def width(self, gradient: float | None) -> float:
        """The width of a line that carries this gradient."""
        step = self.step(gradient)
        return {"none": 1.0, "zero": 0.6, "nan": 2.0}.get(step) or 0.4 + 0.55 * int(step[1])


def line_of(step: str) -> str:
    """The role of the colour of a line: that of the step, but never too faint to be seen."""
    if step in ("none", "zero"):
        return "line"
    return step if step == "nan" else step[0] + str(max(3, int(step[1])))


def ink_on(step: str) -> str:
    """The role of text on the colour of a step."""
    return "on-strong" if step in ("m5", "p5", "nan") else "on-weak"
