"""Build the site: ``make site``, or python docs/build.py [--out site].

Sphinx is run on a copy of this folder in ``build/docs``, to which is added what stands elsewhere: the notebooks as they
were committed, the changelog, and the compiler's own README. Where ``docs/playground/dist`` has been built, it is
copied into the site.
"""

from __future__ import annotations

import argparse
import json
import posixpath
import re
import runpy
import shutil
import sys
from pathlib import Path

from sphinx.cmd.build import main as sphinx

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
CHINESE = runpy.run_path(str(HERE / "chinese.py"), run_name="chinese")
LINES = runpy.run_path(str(HERE / "lines.py"), run_name="lines")
LANGUAGES = runpy.run_path(str(HERE / "languages.py"), run_name="languages")
PLAYGROUND = HERE / "playground" / "dist"

OURS = ("build.py", "chinese.py", "languages.py", "lines.py")
"""What of this folder Sphinx has no use for."""

PLACES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "autograd/compiler/README.md": "design/compiler.md",
}
"""Files of the repository that stand elsewhere on the site; those of docs/ and the notebooks stand where they stand."""

OPTIONAL = ("playground", "sources", "how-far-it-goes")
"""Pages of the front page's list that a build may lack."""


def placed(text: str, file: str, page: str) -> str:
    """A text of Markdown, with links that led from a file of the repository leading from a page of the site.

    What is not on the site is a name in code.
    """

    def link(found: re.Match[str]) -> str:
        said, (target, sign, anchor) = found[1], found[2].partition("#")
        if not target or ":" in target:
            return found[0]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(file), target))
        if target.endswith(".ipynb") or target.startswith("docs/"):
            place = target.removeprefix("docs/")
        elif target in PLACES:
            place = PLACES[target]
        else:
            return f"`{said.strip('`')}`"
        return f"[{said}]({posixpath.relpath(place, posixpath.dirname(page) or '.')}{sign}{anchor})"

    parts = re.split(r"(^ *(```+|~~~+).*?^ *\2 *$)", text, flags=re.MULTILINE | re.DOTALL)
    prose = [re.sub(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)", link, part) for part in parts[::3]]
    return "".join(x for pair in zip(prose, [*parts[1::3], ""], strict=True) for x in pair)


def notebook(source: str, name: str) -> str:
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
        if alt := cell["metadata"].get("alt"):
            cell["metadata"]["mystnb"] = {"image": {"alt": alt}}
        tags = cell["metadata"].setdefault("tags", [])
        if cell["metadata"].get("jupyter", {}).get("source_hidden") and "hide-input" not in tags:
            tags.append("hide-input")
        if cell["cell_type"] == "markdown":
            cell["source"] = placed("".join(cell["source"]), name, name)
    return json.dumps(book, ensure_ascii=False)


def cards(readme: str) -> str:
    """The table of notebooks in the README, as cards."""
    rows = re.findall(
        r"^\| \[(\d+) ([^\]]+)\]\(notebooks/([^)]+)\) \| (.+?) \| !\[\]\(notebooks/pictures/(.+?)\)", readme, re.M
    )
    made = []
    for number, title, book, about, picture in rows:
        said = f"[{number} · {title}]({book})\n\n{about[0].upper()}{about[1:]}.\n\n![](../static/{picture})"
        made.append(f"::::{{container}}\n{said}\n::::")
    return "\n".join([":::::{container} doors", *made, ":::::"])


def figures(readme: str) -> str:
    """What the README says is measured, to where it comes to the tests."""
    return re.search(r"^## What is measured\n\n(.*?)\n`make test` prints", readme, re.M | re.S)[1]


def gather(sources: Path) -> None:
    """What Sphinx reads, in one folder."""
    shutil.rmtree(sources, ignore_errors=True)
    shutil.copytree(HERE, sources, ignore=shutil.ignore_patterns("playground", "__pycache__", *OURS))
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        name = f"notebooks/{path.name}"
        (sources / name).write_text(notebook(path.read_text("utf-8"), name), "utf-8")
    for name, book in CHINESE["pages"](ROOT / "notebooks"):
        (sources / "zh" / name).write_text(notebook(book, f"zh/{name}"), "utf-8")
    for picture in (ROOT / "notebooks" / "pictures").glob("*"):
        (sources / "static" / picture.name).write_bytes(picture.read_bytes())
    pages = {f"docs/{page.relative_to(HERE)}": str(page.relative_to(HERE)) for page in HERE.glob("**/*.md")}
    pages = {file: page for file, page in pages.items() if not file.startswith("docs/playground/")}
    for file, page in (pages | {file: page for file, page in PLACES.items() if file != "README.md"}).items():
        text = placed((ROOT / file).read_text("utf-8"), file, page)
        if ">>> " in text:  # a doctest's marks, in a text that is no page of the site
            text = re.sub(r"\n+```(?=\n)", "\n```", text.replace("<BLANKLINE>", ""))
        (sources / page).write_text(text, "utf-8")
    index, readme = sources / "notebooks" / "index.md", (ROOT / "README.md").read_text("utf-8")
    index.write_text(index.read_text("utf-8").replace("<!-- cards -->", cards(readme)), "utf-8")
    measured = sources / "measured.md"
    measured.write_text(measured.read_text("utf-8").replace("<!-- figures -->", figures(readme)), "utf-8")
    if not PLAYGROUND.is_dir():
        (sources / "playground.md").unlink(missing_ok=True)
        print("docs/playground/dist is not there (make playground): the site is built without the playground")
    front = sources / "index.md"
    text = front.read_text("utf-8")
    if not PLAYGROUND.is_dir():
        text = re.sub(r"::::\{container\}\n\[Playground\].*?::::\n", "", text, count=1, flags=re.DOTALL)
    there = [line for line in text.splitlines() if line not in OPTIONAL or (sources / f"{line}.md").exists()]
    front.write_text("\n".join(there), "utf-8")


def parameters(found: re.Match[str]) -> str:
    """The lines of a long signature, which Sphinx writes as a list of definitions of nothing."""
    return found[1].replace("<dd>", '<span class="sig-line">').replace("</dd>", "</span>")


def finish(out: Path) -> None:
    """What Sphinx leaves to say: lines, languages, the sidebar's headings, where in the reference code leads."""
    names = {path.relative_to(out).as_posix() for path in out.rglob("*.html")}
    for name in sorted(names):
        path = out / name
        said = path.read_text("utf-8")
        text = LINES["together"](LANGUAGES["page"](said, name, names))
        text = text.replace('<p class="caption" role="heading">', '<p class="caption" role="heading" aria-level="2">')
        text = text.replace('<summary aria-label="Toggle hidden content">', "<summary>")  # which says what it shows
        text = re.sub(r"<dl>\n((?:<dd>.*</dd>\n)+)</dl>\n", parameters, text)
        if "_modules" in path.parts:

            def there(link: re.Match[str], path: Path = path) -> str:
                """The same link, to the place that is called so in full: #autograd.Page to #autograd.….Page."""
                target, name = (path.parent / link[1]).resolve(), link[2]
                ids = re.findall(r'id="([\w.]+)"', target.read_text("utf-8")) if target.is_file() else [name]
                full = [x for x in ids if re.fullmatch(rf"autograd\.(?:\w+\.)+{re.escape(name[9:])}", x)]
                return link[0] if name in ids or not full else f'href="{link[1]}#{full[0]}"'

            text = re.sub(r'href="([^"#:]+)#(autograd\.[\w.]+)"', there, text)
        if text != said:
            path.write_text(text, "utf-8")


def main(arguments: list[str]) -> int:
    """Sphinx's exit code: 0 if nothing was wrong, warnings included."""
    parser = argparse.ArgumentParser(description="Build the site.")
    parser.add_argument("--out", type=Path, default=ROOT / "site", help="the folder to write (site)")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "docs", help="for what Sphinx reads (build/docs)")
    settings = parser.parse_args(arguments)
    out, sources = settings.out.resolve(), settings.work.resolve()
    gather(sources)
    html, doctrees = (sources.with_name(f"{sources.name}-{what}") for what in ("html", "doctrees"))
    shutil.rmtree(html, ignore_errors=True)  # MyST-NB leaves a folder of pictures beside it
    failed: int = sphinx(["-q", "-E", "-W", "--keep-going", "-d", str(doctrees), str(sources), str(html)])
    if failed:
        print(f"what could be built is in {html}; {out} is as it was")
        return failed
    finish(html)
    shutil.rmtree(html / "_sources", ignore_errors=True)
    (html / ".buildinfo").unlink(missing_ok=True)
    if PLAYGROUND.is_dir():
        shutil.copytree(PLAYGROUND, html / "playground", dirs_exist_ok=True)
    shutil.rmtree(out, ignore_errors=True)
    shutil.move(html, out)
    print(f"the site is in {out}: open {out / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
