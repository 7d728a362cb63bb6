"""Pictures of a training run: curves, confusion matrix, first-layer weights, mistakes.

Each function makes a Matplotlib `Figure` out of arrays, in a light or a dark theme, and touches no
global state of Matplotlib's; `save` writes one whole or not at all. Every picture brings its own
background, so that either theme can be read on any page. Sign and class never hang on colour alone,
and the colours (blue and orange) stay apart for all common kinds of colour blindness.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator
from numpy.typing import NDArray

from autograd.files import replacing

__all__ = ["THEMES", "Theme", "brighten", "confusion_matrix", "first_layer", "history", "misclassified", "save"]

Array = NDArray[Any]


class Theme(NamedTuple):
    """Colours of a picture."""

    surface: str
    ink: str
    muted: str
    grid: str
    blue: str
    orange: str


THEMES = {
    "light": Theme("#ffffff", "#1f2328", "#59636e", "#d8dde3", "#0065a8", "#c04c00"),
    "dark": Theme("#0d1117", "#e6edf3", "#9aa4af", "#2b323b", "#4ea8e6", "#f0883e"),
}

_MOST_MISTAKES = 40


def history(history: Any, metric: str = "", of: str = "samples", formula: str = "loss", theme: str = "light") -> Figure:
    """The losses over the epochs, and what else was measured beside them.

    Args:
        history: of a training, an `nn.history.History`.
        metric: which of its metrics to show on the right; all of them, if not said.
        of: what the samples are called, such as "digits".
        formula: of the loss, for the axis.
        theme: one of `THEMES`.
    """
    colours = THEMES[theme]
    names = [metric] if metric else history.metrics
    figure, axes = _figure(10 if names else 5.6, 4.4, colours, 1, 2 if names else 1)
    left, *right = np.ravel(axes)
    numbers = history.column("number")
    lines = [
        ("validation", f"{of} chosen by", colours.orange, "-", "o"),
        ("learning", f"{of} learned from", colours.blue, (0, (4, 1.5)), ""),
    ]
    drawn = []
    for name, label, colour, style, marker in lines:
        values = np.array(history.column(name))
        if np.isfinite(values).any():
            left.plot(numbers, values, color=colour, lw=2, ls=style, marker=marker, ms=3.5, label=label)
            drawn.append(values[np.isfinite(values)])
    if drawn and min(values.min() for values in drawn) > 0:
        left.set_yscale("log")
        left.yaxis.set_major_locator(mpl.ticker.LogLocator(10, (1, 2, 5)))
        left.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
        left.yaxis.set_minor_locator(NullLocator())
        formula += ", mean of a sample (log scale)" if of == "samples" else f", mean of one of the {of} (log scale)"
    if drawn:
        left.legend(facecolor=colours.surface, edgecolor=colours.surface, framealpha=1, labelcolor=colours.ink)
    _titles(left, "Loss", formula, colours)
    for part in right:
        _draw_metrics(part, history, names, of, colours)
    for part in np.ravel(axes):
        part.set_xlabel(f"epoch (once through all {of} learned from)", color=colours.muted)
        part.set_xlim(min(numbers, default=0) - 0.02 * len(numbers), 1.03 * max(1, *numbers) if numbers else 1)
        part.xaxis.set_major_locator(MaxNLocator(8, steps=(1, 2, 5, 10), integer=True))
        part.grid(axis="y", color=colours.grid, lw=0.8)
    return figure


def _draw_metrics(axes: Any, history: Any, names: Sequence[str], of: str, colours: Theme) -> None:
    numbers = history.column("number")
    styles = [(colours.orange, "-"), (colours.blue, (0, (4, 1.5))), (colours.muted, (0, (1, 1)))]
    share = all(name == "accuracy" for name in names)
    for i, name in enumerate(names):
        values = np.array(history.column(name)) * (100 if share else 1)
        colour, style = styles[i % len(styles)]
        axes.plot(numbers, values, color=colour, ls=style, lw=2, marker="o", ms=3.5, label=name)
        if history.best is not None:
            best, last = history.epochs.index(history.best), len(values) - 1
            axes.plot([numbers[best]], [values[best]], marker="o", ms=11, mfc="none", mec=colours.ink, mew=1.5)
            if share:
                note = (
                    f"chosen, ringed: {values[best]:.1f} % after epoch {numbers[best]}\n"
                    f"last: {values[last]:.1f} % after epoch {numbers[last]}"
                )
                axes.text(
                    numbers[-1], 10, note, ha="right", va="center", linespacing=1.5, fontsize=9.5, color=colours.ink
                )
    if share:
        axes.set_ylim(0, 104)
        _titles(axes, f"{of.capitalize()} read right", f"share of the {of} chosen by (%)", colours)
    else:
        axes.legend(facecolor=colours.surface, edgecolor=colours.surface, framealpha=1, labelcolor=colours.ink)
        _titles(axes, "Measured", "", colours)


def confusion_matrix(labels: Array, predicted: Array, classes: int, theme: str = "light") -> Figure:
    """Which digit was read as which: a row a true digit, a column what it was read as.

    The diagonal, what is right, is blue; mistakes are orange. The depth of colour is the share of
    the row, and the numbers are counts.
    """
    from sklearn.metrics import confusion_matrix

    colours = THEMES[theme]
    counts = confusion_matrix(labels, predicted, labels=range(classes))
    of_row = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    right = np.eye(classes, dtype=bool)
    image = _fade(colours.blue, colours)(0.95 * of_row)
    # one mistake in a row of forty must be seen: the square root lifts small shares
    image[~right] = _fade(colours.orange, colours)(0.25 * (of_row > 0) + 0.65 * np.sqrt(of_row))[~right]
    figure, axes = _figure(7.4, 7.0, colours)
    axes.imshow(image)
    for (i, j), count in np.ndenumerate(counts):
        if count:
            on_light = _luminance(image[i, j]) > 0.18  # from there on, black contrasts more than white
            axes.text(
                j, i, f"{count}", ha="center", va="center", color="#000000" if on_light else "#ffffff", fontsize=11
            )
        else:
            axes.text(j, i, "·", ha="center", va="center", color=colours.muted)
    totals = counts.sum(1)
    axes.text(classes - 0.35, -0.75, "read right", color=colours.muted, fontsize=9)
    for i, (n, total) in enumerate(zip(counts.diagonal(), totals, strict=True)):
        share = f"{100 * n / total:.0f} %" if total else "none"
        axes.text(classes - 0.35, i, f"{share} of {total}", va="center", color=colours.muted, fontsize=9)
    axes.set_xticks(range(classes), map(str, range(classes)))
    axes.set_yticks(range(classes), map(str, range(classes)))
    axes.set_xticks(np.arange(classes + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(classes + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=colours.surface, lw=2)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("read as", color=colours.muted)
    n, total = int(counts.trace()), int(counts.sum())
    _titles(axes, f"{n} of {total} held-out digits read right ({100 * n / total:.1f} %)", "the digit it is", colours)
    return figure


def first_layer(weights: Array, shape: tuple[int, int], theme: str = "light") -> Figure:
    """The weights of each neuron of the first layer, as an image over the pixels they belong to.

    Args:
        weights: [neurons, pixels].
        shape: height and width of the images.
        theme: one of `THEMES`.
    """
    colours = THEMES[theme]
    images = np.asarray(weights, float).reshape(-1, *shape)
    limit = float(np.abs(images).max()) or 1.0
    columns = min(8, len(images))
    rows = -(-len(images) // columns)
    width = max(1.25 * columns, 6)
    figure, grid = _figure(width, 1.42 * rows + 1.25, colours, rows, columns)
    diverging = LinearSegmentedColormap.from_list("signs", [colours.blue, colours.surface, colours.orange])
    shown: Any = None
    for i, axes in enumerate(np.ravel(grid)):
        axes.set_axis_off()
        if i < len(images):
            shown = axes.imshow(images[i], cmap=diverging, vmin=-limit, vmax=limit)
            _frame(axes, shape, colours)
            axes.set_title(f"neuron {i + 1}", fontsize=9, color=colours.muted, pad=4)
    bar = figure.colorbar(shown, ax=grid, orientation="horizontal", shrink=0.6, aspect=45, pad=0.04)
    bar.ax.tick_params(colors=colours.muted, labelsize=9)
    bar.outline.set_edgecolor(colours.grid)
    bar.set_label("weight: − ink here keeps the neuron quiet · + ink here excites it", color=colours.muted, fontsize=9)
    _heading(figure, "What the first layer looks for", colours)
    return figure


def brighten(
    image: Array,
    shape: tuple[int, int],
    activations: Array,
    weights: Array,
    slope: float,
    digit: int,
    theme: str = "light",
) -> Figure:
    """The three ways to make an output neuron brighter (source 000): its bias, its weights, what it looks at.

    Args:
        image: the pixels of a digit, in [0, 1].
        shape: height and width of the image.
        activations: a of the layer before, for this image.
        weights: w of the neuron.
        slope: σ′(z) of the neuron: ∂ŷ/∂b.
        digit: which neuron it is.
        theme: one of `THEMES`.
    """
    colours = THEMES[theme]
    y = f"ŷ{_subscript(digit)}"
    ways = [
        (f"by its bias: ∂{y}/∂b = σ′(z)", np.array([slope])),
        (f"by its weights: ∂{y}/∂wⱼ = σ′(z) aⱼ", slope * activations),
    ]
    ways.append((f"by the layer before: ∂{y}/∂aⱼ = σ′(z) wⱼ", slope * weights))
    figure = Figure((10.5, 4.3), facecolor=colours.surface, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)  # type: ignore[union-attr, call-arg]
    panels = figure.subplots(1, 4, width_ratios=(1.1, 0.8, 1.4, 1.4))
    picture, *rest = panels
    picture.set_axis_off()
    picture.imshow(np.reshape(image, shape), cmap=_fade(colours.ink, colours), vmin=0, vmax=1)
    _frame(picture, shape, colours)
    everything = np.concatenate([values for _, values in ways])
    everything = everything[np.isfinite(everything)]
    reach = 1.05 * min(everything.min(initial=0), -1e-12), 1.05 * max(everything.max(initial=0), 1e-12)
    places = np.arange(1, len(weights) + 1)
    for axes, (title, values) in zip(rest, ways, strict=True):
        axes.set_facecolor(colours.surface)
        axes.tick_params(colors=colours.muted)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.spines[:].set_color(colours.grid)
        alone = len(values) == 1
        at = [places.mean()] if alone else places
        axes.barh(at, values, color=np.where(values < 0, colours.blue, colours.orange), height=0.7)
        axes.axvline(0, color=colours.muted, lw=0.8)
        axes.set_yticks([] if alone else places, [] if alone else [f"{j}" for j in places])
        axes.set_ylim(places[-1] + 0.8, 0.2)
        axes.set_xlim(*reach)  # one scale: what a step of the same size gains is compared
        axes.xaxis.set_major_locator(MaxNLocator(2 if alone else 4))
        axes.set_title(title.replace(": ", ":\n"), loc="left", fontsize=10, color=colours.ink)
    rest[1].set_ylabel("neuron j of the layer before", color=colours.muted)
    _heading(figure, f"Three ways to brighten the {digit}: what a small step of each changes", colours)
    return figure


def misclassified(images: Array, labels: Array, outputs: Array, shape: tuple[int, int], theme: str = "light") -> Figure:
    """The digits that were read wrong, the surest mistakes first.

    Args:
        images: a row of pixels in [0, 1] a digit.
        labels: the digits they are.
        outputs: ŷ, a row a digit.
        shape: height and width of the images.
        theme: one of `THEMES`.
    """
    colours = THEMES[theme]
    predicted = outputs.argmax(1)
    wrong = np.flatnonzero(predicted != labels)
    wrong = wrong[np.argsort(-outputs[wrong, predicted[wrong]], kind="stable")]
    shown = wrong[:_MOST_MISTAKES]
    columns = min(8, max(5, len(shown)))
    rows = max(1, -(-len(shown) // columns))
    figure, grid = _figure(1.45 * columns, 1.95 * rows + 0.5, colours, rows, columns)
    ink = _fade(colours.ink, colours)
    for axes in np.ravel(grid):
        axes.set_axis_off()
    for axes, k in zip(np.ravel(grid), shown, strict=False):
        guess = predicted[k]
        axes.imshow(images[k].reshape(shape), cmap=ink, vmin=0, vmax=1)
        _frame(axes, shape, colours)
        axes.set_title(f"{labels[k]} read as {guess}", fontsize=11, color=colours.ink, pad=5)
        below = (
            f"ŷ{_subscript(guess)} = {outputs[k, guess]:.2f}\nŷ{_subscript(labels[k])} = {outputs[k, labels[k]]:.2f}"
        )
        axes.text(0.5, -0.07, below, transform=axes.transAxes, ha="center", va="top", fontsize=9, color=colours.muted)
    heading = f"{len(wrong)} of {len(labels)} held-out digits read wrong"
    if not len(wrong):
        np.ravel(grid)[len(np.ravel(grid)) // 2].text(0.5, 0.5, "not one", ha="center", color=colours.muted)
    elif len(shown) < len(wrong):
        heading += f"; the {len(shown)} surest mistakes"
    elif len(wrong) > 1:
        heading += ", the surest mistake first"
    _heading(figure, heading, colours)
    return figure


def save(figure: Figure, path: str | Path) -> None:
    """Write a picture, whole or not at all, in the format of the path's ending (.png, .svg, .pdf)."""
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=160, facecolor=figure.get_facecolor())


def _figure(width: float, height: float, colours: Theme, rows: int = 1, columns: int = 1) -> tuple[Figure, Any]:
    figure = Figure((width, height), facecolor=colours.surface, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.12)  # type: ignore[union-attr, call-arg]
    grid = figure.subplots(rows, columns)
    for axes in np.ravel(grid):
        axes.set_facecolor(colours.surface)
        axes.tick_params(colors=colours.muted)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[:].set_color(colours.grid)
    return figure, grid


def _titles(axes: Any, title: str, y_label: str, colours: Theme) -> None:
    axes.set_title(title, loc="left", color=colours.ink, fontsize=13, fontweight="bold", pad=12)
    axes.set_ylabel(y_label, color=colours.muted)


def _heading(figure: Figure, text: str, colours: Theme) -> None:
    figure.suptitle(text, x=0.02, ha="left", color=colours.ink, fontsize=13, fontweight="bold")


def _frame(axes: Any, shape: tuple[int, int], colours: Theme) -> None:
    """A hairline around an image, so that its white parts end somewhere."""
    height, width = shape
    axes.add_patch(mpl.patches.Rectangle((-0.5, -0.5), width, height, fill=False, ec=colours.grid, lw=1, clip_on=False))


def _fade(colour: str, colours: Theme) -> LinearSegmentedColormap:
    return LinearSegmentedColormap.from_list("fade", [colours.surface, colour])


def _luminance(rgba: Array) -> float:
    """Relative luminance, WCAG 2.1."""
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgba[:3])
    return float(0.2126 * r + 0.7152 * g + 0.0722 * b)


def _subscript(digit: int) -> str:
    return str(digit).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
