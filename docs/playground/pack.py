"""What the playground's Python imports, as dist/packed.zip: the project, Python's graphviz, and the playground's own.

Beside it the live page without a graph, dist/shell.html, which page/shell.js fills: the page's program is the
project's, and Python in the browser gives the numbers and formulas alone.

The trained network comes along as JSON, because `nn.weights` reads its files with NumPy, which is not in the browser.
The same sources give the same bytes.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import nn.weights
from autograd.viz.page.bundle import bundle
from autograd.viz.page.explore import _compact, _filled, _modules, _template

HERE = Path(__file__).parent
PARTS = ("autograd", "nn", "graphviz")
ENDINGS = {".py", ".js", ".mjs", ".css", ".html", ".md", ".json", ".svg"}
DATE = (1980, 1, 1, 0, 0, 0)
SCRIPT = '<script nonce="{{nonce}}">{{script}}'


def files() -> Iterator[tuple[str, bytes]]:
    """What goes into the archive, by its path there."""
    for part in PARTS:
        spec = find_spec(part)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"the playground takes {part} along: pip install -e '.[draw,compile]'", name=part)
        yield from under(Path(spec.origin).parent)
    yield from under(HERE / "python" / "playground")
    yield "playground/digits.json", json.dumps(digits()).encode()


def under(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(folder.rglob("*")):
        if file.suffix in ENDINGS and file.is_file():
            yield file.relative_to(folder.parent).as_posix(), file.read_bytes()


def digits() -> dict[str, object]:
    """The network that `python -m nn digits` has trained: its sizes, and its numbers."""
    model = nn.weights.load(HERE / "digits.safetensors")
    sizes = [len(model.layers[0].neurons[0].w), *(len(layer.neurons) for layer in model.layers)]
    return {"sizes": sizes, "activation": "sigmoid", "output": "sigmoid", "state": model.state_dict()}


def shell() -> str:
    """The page of `explore` with {{title}}, {{data}}, {{code}} and {{nonce}} still to be filled in.

    A nonce names its script, as a hash would need what browsers have in secure places only.
    """
    page = _template("page.html")
    for was, becomes in (("'sha256-{{digest}}'", "'nonce-{{nonce}}'"), ("<script>{{script}}", SCRIPT)):
        if page.count(was) != 1:
            raise ValueError(f"page.html has no {was} any more")
        page = page.replace(was, becomes)
    script = bundle(_modules(["CODE"]), "page.js")
    if script.count("CODE") != 1 or "{{" in script:
        raise ValueError("the page's script cannot be told from what is filled in")
    parts = {
        "nonce": "{{nonce}}",
        "title": "{{title}}",
        "style": _compact(_template("page.css")),
        "drawing": "",
        "table": "",
        "data": "{{data}}",
        "script": script.replace("CODE", "{{code}}"),
    }
    return _filled(page, parts)


def main() -> None:
    (HERE / "dist").mkdir(exist_ok=True)
    (HERE / "dist" / "shell.html").write_text(shell(), encoding="utf-8")
    with zipfile.ZipFile(HERE / "dist" / "packed.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files():
            archive.writestr(zipfile.ZipInfo(name, DATE), content, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
