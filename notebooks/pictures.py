"""Draw the pictures of the README again: ``make pictures``.

Everything is written to `notebooks/pictures/`, light and dark: the drawings as SVG; the page as a moving GIF;
and a thumbnail of a picture in each notebook (light alone) as PNG, for which a Chromium is needed; without one they are
left as they are.
"""

from __future__ import annotations

import base64
import io
import json
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from PIL import Image
from sklearn.datasets import load_digits

import nn
from autograd import Value, dot, draw, explore, sigmoid

PLACE = Path(__file__).with_name("pictures")
COLUMN = 830
"""Pixels, of the README on GitHub."""


def neuron() -> Value:
    """The neuron of source 003, accumulate and activate, with its error: the README's example."""
    w = [Value(0.4, label="w1"), Value(0.45, label="w2")]
    b = Value(0.6, label="b")
    z = dot(w, [0.5933, 0.5969], b)
    ŷ = sigmoid(z)
    error = (ŷ - 0.01) ** 2 / 2
    z.label, ŷ.label, error.label = "z", "ŷ", "E"
    error.backward()
    return error


def example() -> tuple[Value, dict[str, Value]]:
    """The worked 2-2-2 example that source 000 points to; its error E and its leaves by name."""
    numbers = {"x1": 0.05, "x2": 0.10, "b1": 0.35, "b2": 0.60}
    numbers |= {f"w{i}": 0.10 + 0.05 * i for i in range(1, 5)} | {f"w{i}": 0.15 + 0.05 * i for i in range(5, 9)}
    leaf = {name: Value(round(number, 2), label=name) for name, number in numbers.items()}

    def layer(first: int, xs: list[Value], bias: Value, names: tuple[str, str]) -> list[Value]:
        out = []
        for i, name in enumerate(names):
            z = dot([leaf[f"w{first + 2 * i}"], leaf[f"w{first + 2 * i + 1}"]], xs, bias)
            a = sigmoid(z)
            z.label, a.label = f"z{name[-1]}" if name[0] == "h" else f"z{int(name[-1]) + 2}", name
            out.append(a)
        return out

    h = layer(1, [leaf["x1"], leaf["x2"]], leaf["b1"], ("h1", "h2"))
    ŷ = layer(5, h, leaf["b2"], ("ŷ1", "ŷ2"))
    error = nn.half_squared_error(ŷ, [0.01, 0.99])
    error.label = "E"
    error.backward()
    return error, leaf


def digits() -> tuple[Value, nn.MLP]:
    """The digit network of source 000 (64-16-16-10 here), with the loss of one handwritten 2."""
    image = (load_digits().images[2] / 16).ravel().tolist()
    model = nn.MLP(64, [16, 16, 10], activation="sigmoid", output="sigmoid", init="xavier", seed=0)
    error = nn.half_squared_error(model(image), [0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
    error.label = "E"
    error.backward()
    return error, model


SHUTTER = 60
"""Milliseconds until the page has painted."""


def film(browser: Any, page: Path, picture: Path, *, scheme: str) -> None:
    """A moving picture of a page: forward, backward, a number dragged with all gradients following, why one is so."""
    sight = browser.new_page(viewport={"width": 1240, "height": 720}, color_scheme=scheme, reduced_motion="reduce")
    sight.goto(page.as_uri())
    frames: list[Image.Image] = []
    times: list[int] = []

    def take(milliseconds: int) -> None:
        sight.wait_for_timeout(SHUTTER)
        frames.append(Image.open(io.BytesIO(sight.screenshot())).convert("RGB"))
        times.append(milliseconds)

    steps = int(sight.get_attribute("#time", "max") or 0)
    sight.keyboard.press("Home")
    take(900)
    sight.select_option("#unit", "node")
    sight.evaluate("document.activeElement.blur()")
    while int(sight.input_value("#time")) < steps:
        sight.keyboard.press("ArrowRight")
        take(340)
    times[-1] = 1500
    index = sight.evaluate("explorer.names.indexOf('w5')")
    box = sight.locator(f"#n{index}").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 3
    sight.mouse.move(x, y)
    sight.mouse.down()
    for k in [*range(1, 15), *range(13, -12, -1)]:
        sight.mouse.move(x + 18 * k, y)
        take(90)
    sight.mouse.up()
    times[-1] = 1000
    sight.click("#undo")
    sight.locator(f"#n{index}").click()
    sight.mouse.move(5, 300)
    take(4000)
    sight.close()
    colours = Counter[tuple[int, int, int]]()  # a page has few: those that fill most of it stay as they are
    for frame in frames[::4] + frames[-1:]:
        colours.update({colour: count for count, colour in frame.getcolors(1 << 20)})
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour, _ in colours.most_common(160) for part in colour])
    small = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    small[0].save(picture, save_all=True, append_images=small[1:], duration=times, loop=0, optimize=True)


CELLS = {1: 17, 2: 10, 3: 23, 4: 21, 5: 49, 6: 40, 7: 25, 8: 15, 9: 29}
"""In which cell of each notebook the picture for its thumbnail is."""


def thumbnail(browser: Any, number: int) -> Path:
    """A picture of a notebook, small."""
    (path,) = Path(__file__).parent.glob(f"{number:02}_*.ipynb")
    cell = json.loads(path.read_text())["cells"][CELLS[number]]
    svg = next("".join(o["data"]["image/svg+xml"]) for o in cell["outputs"] if "image/svg+xml" in o.get("data", {}))
    data = base64.b64encode(svg.encode()).decode()
    sight = browser.new_page(viewport={"width": 260, "height": 150}, device_scale_factor=2)
    sight.set_content(
        '<body style="margin:0;display:grid;place-items:center;height:150px">'
        f'<img style="max-width:250px;max-height:140px" src="data:image/svg+xml;base64,{data}">'
    )
    sight.wait_for_timeout(300)
    picture = PLACE / f"thumbnail-{number}.png"
    sight.screenshot(path=picture)
    sight.close()
    return picture


def main() -> None:
    PLACE.mkdir(exist_ok=True)
    error, leaf = example()
    network, model = digits()
    for theme, ending in (("light", ""), ("dark", "-dark")):
        for name, drawing in {
            "neuron": draw(neuron(), theme=theme, legend=False, width=COLUMN),
            "example": draw(error, theme=theme, width=COLUMN),
            "path": draw(error, wrt=leaf["w1"], theme=theme, legend=False, width=COLUMN),
            "digits": draw(network, model=model, theme=theme, width=COLUMN),
        }.items():
            print(drawing.save(PLACE / f"{name}{ending}.svg"))
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        print("There is no Chromium here: the other pictures are left as they are.")
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = explore(error).save(Path(folder) / "example.html")
        for scheme in ("light", "dark"):
            moving = PLACE / f"moving-{scheme}.gif"
            film(browser, Path(page), moving, scheme=scheme)
            print(moving)
        for number in CELLS:
            print(thumbnail(browser, number))
        browser.close()


if __name__ == "__main__":
    main()
