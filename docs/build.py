"""Build the site: ``make site``, or python docs/build.py [--out site].

Sphinx is run on a copy of this folder in ``build/docs``, to which is added what stands elsewhere: the notebooks as they
were committed, the changelog, and the compiler's own README. Where ``docs/playground/dist`` has been built, it is copied
into the site.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from sphinx.cmd.build import main as sphinx

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SOURCES = ROOT / "build" / "docs"
PLAYGROUND = HERE / "playground" / "dist"

PLACES = {
    "../README.md": "index.md",
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "../notebooks/": "notebooks/",
}
"""Where on the site is what texts of the repository lead to."""


OPTIONAL = ("playground", "sources", "how-far-it-goes")
"""Pages of the front page's list that a build may lack."""


def placed(text: str, places: Mapping[str, str]) -> str:
    """A text of Markdown with its links leading to the pages of the site; what is not on it is a name in code."""

    def link(found: re.Match[str]) -> str:
        said, target = found[1], found[2]
        for start, place in places.items():
            if target.startswith(start):
                return f"[{said}]({place}{target[len(start):]})"
        return found[0] if "://" in target or target.startswith("#") else f"`{said}`"

    return re.sub(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)", link, text)


def notebook(source: str) -> str:
    """A notebook for the site: alive without being trusted, and without the progress bars that a kernel would move."""
    book = json.loads(source)
    book["metadata"].pop("widgets", None)
    first = book["cells"][0]
    text = "".join(first["source"])
    first["source"] = re.sub(r"> \*\*To see it alive\*\*.*?\n\n", "", text, flags=re.DOTALL)
    for cell in book["cells"]:
        if "outputs" in cell:
            cell["outputs"] = [
                output
                for output in cell["outputs"]
                if "application/vnd.jupyter.widget-view+json" not in output.get("data", {})
            ]
            for output in cell["outputs"]:
                if "text/latex" in output.get("data", {}):  # several formulas, which are a text with formulas
                    output["data"]["text/markdown"] = output["data"].pop("text/latex")
        if cell["metadata"].get("jupyter", {}).get("source_hidden"):
            cell["metadata"].setdefault("tags", []).append("hide-input")
    return json.dumps(book, ensure_ascii=False)


def gather() -> None:
    """What Sphinx reads, in one folder."""
    shutil.rmtree(SOURCES, ignore_errors=True)
    shutil.copytree(HERE, SOURCES, ignore=shutil.ignore_patterns("playground", "__pycache__", "build.py"))
    books = SOURCES / "notebooks"
    books.mkdir(exist_ok=True)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        (books / path.name).write_text(notebook(path.read_text("utf-8")), "utf-8")
    for picture in (ROOT / "notebooks" / "pictures").glob("*"):
        (SOURCES / "static" / picture.name).write_bytes(picture.read_bytes())
    (SOURCES / "changelog.md").write_text((ROOT / "CHANGELOG.md").read_text("utf-8"), "utf-8")
    contributing = placed((ROOT / "CONTRIBUTING.md").read_text("utf-8"), {"CHANGELOG.md": "changelog.md"})
    (SOURCES / "contributing.md").write_text(
        contributing.replace("[its README](autograd/compiler/README.md)", "[pass by pass](design/compiler.md)"), "utf-8"
    )
    compiler = (ROOT / "autograd" / "compiler" / "README.md").read_text("utf-8")
    (SOURCES / "design" / "compiler.md").write_text(
        re.sub(r"\n+```(?=\n)", "\n```", placed(compiler, {}).replace("<BLANKLINE>", "")), "utf-8"
    )
    for page in SOURCES.glob("*.md"):
        page.write_text(page.read_text("utf-8").replace("](../notebooks/", "](notebooks/"), "utf-8")
    if not PLAYGROUND.is_dir():
        (SOURCES / "playground.md").unlink(missing_ok=True)
        print("docs/playground/dist is not there (make playground): the site is built without the playground")
    front = SOURCES / "index.md"
    there = [
        line
        for line in front.read_text("utf-8").splitlines()
        if line not in OPTIONAL or (SOURCES / f"{line}.md").exists()
    ]
    front.write_text("\n".join(there), "utf-8")


def main(arguments: list[str]) -> int:
    """Sphinx's exit code: 0 if nothing was wrong, warnings included."""
    parser = argparse.ArgumentParser(description="Build the site.")
    parser.add_argument("--out", type=Path, default=ROOT / "site", help="the folder to write (site)")
    out = parser.parse_args(arguments).out.resolve()
    gather()
    shutil.rmtree(out, ignore_errors=True)
    failed = sphinx(["-q", "-W", "--keep-going", "-d", str(SOURCES.with_name("doctrees")), str(SOURCES), str(out)])
    if PLAYGROUND.is_dir():
        shutil.copytree(PLAYGROUND, out / "playground", dirs_exist_ok=True)
    for left in (".buildinfo", ".doctrees"):
        (out / left).unlink(missing_ok=True)
    if not failed:
        print(f"the site is in {out}: open {out / 'index.html'}")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
