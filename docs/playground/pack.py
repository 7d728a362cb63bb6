"""What the playground's Python imports, as dist/packed.zip: the project, Python's graphviz, and the playground's own.

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

HERE = Path(__file__).parent
PARTS = ("autograd", "nn", "graphviz")
ENDINGS = {".py", ".js", ".mjs", ".css", ".html", ".md", ".json", ".svg"}
DATE = (1980, 1, 1, 0, 0, 0)


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


def main() -> None:
    (HERE / "dist").mkdir(exist_ok=True)
    with zipfile.ZipFile(HERE / "dist" / "packed.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files():
            archive.writestr(zipfile.ZipInfo(name, DATE), content, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
