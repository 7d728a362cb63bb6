"""The site, as `make site` builds it: every link leads somewhere, nothing comes from elsewhere, a folder is enough.

It is looked at where ``AUTOGRAD_SITE`` says it has been built, or built here, which takes some 10 s; without Sphinx
and its theme (the extra site) these tests skip.
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import re
import runpy
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pytest

import autograd
import autograd.course
import nn

ROOT = Path(__file__).parents[2]
AXE = ROOT / "tests" / "page" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if given := os.environ.get("AUTOGRAD_SITE"):
        return Path(given)
    if missing := [name for name in ("sphinx", "myst_nb", "furo") if find_spec(name) is None]:
        pytest.skip(f"no site: AUTOGRAD_SITE is not set, and {', '.join(missing)} not installed (the extra site)")
    out = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "build.py"), "--out", str(out), "--work", str(out) + "-work"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return out


class Read(HTMLParser):
    """What a page leads to, what it loads, and what can be led to in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.places: set[str] = set()
        self.headings = 0
        self.unnamed: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.places |= {given[name] for name in ("id", "name") if name in given}
        self.headings += tag == "h1"
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag in ("script", "img", "iframe", "source") and "src" in given:
            self.loads.append(given["src"])
        elif tag == "link" and given.get("rel") in ("stylesheet", "icon", "shortcut icon", "preload"):
            self.loads.append(given["href"])
        if tag == "img" and not given.get("alt", "") and given.get("role") != "presentation":
            self.unnamed.append(given.get("src", "")[:80])


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[Path, Read]:
    """Every page but those of the playground and of `explore`, which have tests of their own."""
    found = (path for path in site.rglob("*.html") if not {"playground", "live"} & set(path.parts))
    return {path.resolve(): Read(path.read_text("utf-8")) for path in found}


# ── what can be read without a browser ────────────────────────────────────────────────────────────


def test_every_link_within_the_site_leads_somewhere(site: Path, pages: dict[Path, Read]) -> None:
    assert len(pages) > 30
    broken = []
    for path, page in pages.items():
        for link in page.links + page.loads:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            if not target.is_file() or (anchor and target in pages and anchor not in pages[target].places):
                broken.append(f"{path.relative_to(site.resolve())}: {link}")
    assert broken == []


def test_no_page_loads_anything_from_elsewhere_or_from_the_root_of_a_server(pages: dict[Path, Read]) -> None:
    """Links may lead away; what is loaded may not, and is found from wherever the site stands."""
    away = [(path.name, x) for path, page in pages.items() for x in page.loads if re.match(r"(?:https?:)?//|/", x)]
    assert away == []


def test_style_sheets_load_nothing_from_elsewhere(site: Path) -> None:
    for sheet in site.rglob("*.css"):
        assert not re.findall(r"url\([\"']?(?:https?:)?//|@import", sheet.read_text("utf-8")), sheet


def test_every_page_has_one_heading_and_says_what_its_pictures_show(site: Path, pages: dict[Path, Read]) -> None:
    ours = (
        path for path in pages if "_modules" not in path.parts and path.name not in ("search.html", "genindex.html")
    )
    written = {path: pages[path] for path in ours}
    assert [path.name for path, page in written.items() if page.headings != 1] == []
    # those of notebooks are pictures of outputs, and their text stands beside them
    unnamed = {path.name: page.unnamed for path, page in written.items() if "notebooks" not in path.parts}
    assert {name: images for name, images in unnamed.items() if images} == {}


def test_every_public_name_is_in_the_reference(site: Path) -> None:
    inventory = (site / "objects.inv").read_bytes().split(b"\n", 4)[4]
    known = {line.split(" ", 1)[0] for line in zlib.decompress(inventory).decode().splitlines()}
    public = {f"{package.__name__}.{name}" for package in (autograd, nn, autograd.course) for name in package.__all__}
    assert public - known == set()


def test_signatures_are_those_of_our_own_code(site: Path) -> None:
    """None of them could not be read, which Sphinx shows by a tilde, and no text is that of a helper of Python's."""
    for path in (site / "api").glob("*.html"):
        text = path.read_text("utf-8")
        signatures = re.findall(r'<dt class="sig.*?</dt>', text, re.DOTALL)
        assert not [x for x in signatures if "~" in re.sub(r"<[^>]+>", "", x)], path
        assert "attrgetter" not in text, path


def test_the_front_page_with_all_that_it_loads_is_at_most_a_megabyte(site: Path, pages: dict[Path, Read]) -> None:
    """The issue's bar. Uncompressed: what a server may compress counts in full."""
    front = site.resolve() / "index.html"
    files = {(site / urlsplit(x).path).resolve() for x in pages[front].loads if not x.startswith("data:")}
    assert any("live" in file.parts for file in files), "the page that one drags a number on"
    assert front.stat().st_size + sum(file.stat().st_size for file in files) <= 1_000_000


def test_no_text_of_the_site_speaks_of_a_machine(site: Path) -> None:
    for path in [*site.rglob("*.html"), site / "searchindex.js"]:
        assert not re.findall(
            r"(?<![\w.:/])/(?:home|root|tmp|work|Users)/\w",
            re.sub(r"[A-Za-z0-9+/=]{200,}", "", path.read_text("utf-8")),
        ), path


class Spoken(HTMLParser):
    """What a page says, each piece in the language that it is said to be in; code and formulas speak none."""

    SILENT = ("script", "style", "title", "math", "pre", "code", "iframe")
    EMPTY = ("meta", "link", "img", "input", "br", "hr", "use", "path", "line", "circle")
    NAMES = re.compile(
        r"A Step by Step Backpropagation Example|Neural networks and deep learning|Step down|Adam|Furo|English"
    )

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[tuple[str, str, bool]] = []
        self.said: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        _, language, silent = self.open[-1] if self.open else ("", "", False)
        language = given.get("lang", language)
        silent = silent or tag in self.SILENT or bool({"output", "stream"} & set(given.get("class", "").split()))
        if (
            language.startswith("zh") and tag != "link" and (not silent or tag == "iframe")
        ):  # within an attribute nothing can be marked
            self.said += [
                (language, given[name]) for name in ("alt", "title", "aria-label", "placeholder") if name in given
            ]
        if tag not in self.EMPTY:
            self.open.append((tag, language, silent))

    def handle_endtag(self, tag: str) -> None:
        if tag in [name for name, _, _ in self.open]:
            while self.open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self.open and data.strip() and not self.open[-1][2]:
            self.said.append((self.open[-1][1], " ".join(data.split())))


def test_every_page_says_in_which_language_it_speaks(site: Path, pages: dict[Path, Read]) -> None:
    """Chinese is marked as Chinese, and what counts as Chinese is Chinese: no word of the theme has been left over."""
    for path in pages:
        for language, said in Spoken(path.read_text("utf-8")).said:
            chinese = re.search(r"[\u4e00-\u9fff]", said)
            if language.startswith("zh"):
                rest = Spoken.NAMES.sub("", said)
                assert chinese or not re.search(r"[a-z]{3,} [a-z]{3,}|^[A-Z][a-z]{3,}$", rest), (path, said)
            else:
                assert not chinese, (path, said)


# ── in a browser ──────────────────────────────────────────────────────────────────────────────────


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def served(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site under a path of a server, as on a forge."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "some").mkdir()
    (folder / "some" / "path").symlink_to(site.resolve(), target_is_directory=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/some/path"
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["from a server", "from a folder"])
def go(request: pytest.FixtureRequest, browser: Any, site: Path) -> Iterator[Callable[..., Any]]:
    """Open a page of the site. When the test ends, nothing was asked of elsewhere, and nothing complained."""
    folder = request.param == "from a folder"
    start = site.resolve().as_uri() if folder else request.getfixturevalue("served")
    contexts, complaints = [], []

    def asked(url: str) -> None:
        if not url.startswith((start, "data:", "blob:", "about:")):
            complaints.append(url)

    def go(name: str, **settings: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | settings)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda r: asked(r.url))
        page.on("response", lambda r: complaints.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: complaints.append(str(e)))
        page.goto(f"{start}/{name}")
        return page

    yield go
    for context in contexts:
        context.close()
    assert complaints == []


from_a_server = pytest.mark.parametrize("go", ["from a server"], indirect=True)
"""Of what a folder has no part in."""


def loss(page: Any, name: str = "neuron") -> str:
    frame = page.frame_locator(f'iframe[data-page="{name}"]')
    return frame.locator("#loss").inner_text()


def test_a_number_is_dragged_on_the_front_page_and_all_follows(go: Callable[..., Any]) -> None:
    page = go("index.html")
    frame = page.frame_locator('iframe[data-page="neuron"]')
    frame.locator("#loss").wait_for()
    assert loss(page) == "E = 0.274814"  # ½ (0.7514 − 0.01)², the worked example's
    slider = page.locator("#drag-neuron")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * (0.4 + 3) / 6, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 1, middle, steps=6)
    page.mouse.up()
    page.wait_for_function("document.querySelector('#drag-neuron').value === '-3'")
    z = -3 * 0.5933 + 0.45 * 0.5969 + 0.6  # by hand, at w1 = −3, the left end
    by_hand = (1 / (1 + 2.718281828459045**-z) - 0.01) ** 2 / 2
    frame.get_by_text(f"E = {by_hand:.6g}").first.wait_for()


def test_what_is_changed_on_the_page_moves_the_slider_above_it(go: Callable[..., Any]) -> None:
    page = go("index.html")
    field = page.frame_locator('iframe[data-page="neuron"]').locator("#panel input[type=text]").first
    field.fill("1.5")
    field.press("Enter")
    page.wait_for_function("document.querySelector('#drag-neuron').value === '1.5'")


def test_no_column_of_a_chinese_table_is_one_character_wide(go: Callable[..., Any]) -> None:
    """Chinese can be broken after every character, and a browser gives all room to the columns that cannot."""
    page = go("zh/09_shapes.html", viewport={"width": 390, "height": 844})
    rows = page.locator("article td").evaluate_all(
        "cells => cells.map(c => [c.innerText, c.clientWidth / parseFloat(getComputedStyle(c).fontSize)])"
    )
    assert [said for said, wide in rows if len(said) > 4 and wide < 5] == []
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, "the page can be scrolled sideways"


CUT_OFF = """() => {
  const scrolls = (x) =>
    x && (/auto|scroll/.test(getComputedStyle(x).overflowX) || scrolls(x.parentElement.closest("article *")));
  return [...document.querySelectorAll("article math")]
    .filter((x) => x.getBoundingClientRect().right > document.documentElement.clientWidth && !scrolls(x))
    .map((x) => x.textContent.replace(/\\s+/g, " "));
}"""


@pytest.mark.parametrize("name", ["zh/02_neuron", "zh/03_by_hand", "notebooks/03_by_hand", "zh/05_descent"])
def test_no_formula_is_cut_off_on_a_phone(go: Callable[..., Any], name: str) -> None:
    """One that is wider than the page stands where it can be scrolled."""
    assert go(f"{name}.html", viewport={"width": 360, "height": 800}).evaluate(CUT_OFF) == []


@pytest.mark.parametrize("width", [390, 1280])
def test_a_verdict_is_read_without_scrolling(go: Callable[..., Any], width: int) -> None:
    page = go("zh/01_value.html", viewport={"width": width, "height": 844})
    verdicts = page.locator(".output.text_plain pre", has_text="not yet")
    assert verdicts.count() == 5
    assert verdicts.evaluate_all("all => all.filter(x => x.scrollWidth > x.clientWidth).length") == 0


def test_the_search_finds_a_name_and_leads_to_it(go: Callable[..., Any]) -> None:
    page = go("index.html")
    box = page.locator("input.sidebar-search").first
    box.fill("collector_paused")
    box.press("Enter")
    found = page.locator("#search-results li a", has_text="collector_paused").first
    found.wait_for()
    found.click()
    page.wait_for_url("**/api/value.html*")
    assert "collector_paused" in page.url


def test_the_search_finds_words_of_the_guide(go: Callable[..., Any]) -> None:
    page = go("search.html?q=checkpoint")
    page.locator("#search-results li a", has_text="Train").first.wait_for()


ON_ALL_NINE = ("梯度", "权重", "反向传播")
ON_ONE = {"期权": "09_shapes", "拓扑顺序": "01_value", "饱和": "07_saturation"}


def found_by(page: Any, query: str) -> list[str]:
    """The pages that the search finds for what is typed."""
    box = page.locator("input.sidebar-search").first
    box.click()
    page.keyboard.insert_text(query)  # as an input method does
    page.keyboard.press("Enter")
    page.locator(".search-summary", has_text=re.compile("finished|did not match")).wait_for()
    links = page.locator("#search-results li a").evaluate_all("links => links.map(a => a.getAttribute('href'))")
    return [urlsplit(link).path for link in links]


@pytest.mark.parametrize("query", [*ON_ALL_NINE, *ON_ONE, "梯度 学习率"])
def test_the_search_finds_chinese_wherever_it_stands_in_a_sentence(
    go: Callable[..., Any], site: Path, query: str
) -> None:
    found = found_by(go("zh/index.html"), query)
    for path in (site / "zh").glob("0*.html"):
        text = re.sub(r"<[^>]+>", "", path.read_text("utf-8").partition("<article")[2].partition("</article>")[0])
        if all(term in text for term in query.split()):
            assert any(place.endswith(f"zh/{path.name}") for place in found), path.name
    if query in ON_ONE:
        assert any(place.endswith(f"zh/{ON_ONE[query]}.html") for place in found)


def test_the_search_finds_no_page_that_has_the_characters_but_not_the_word(go: Callable[..., Any]) -> None:
    assert found_by(go("zh/index.html"), "度梯播传") == []


@pytest.mark.parametrize(
    ("here", "there", "language"),
    [
        ("zh/03_by_hand", "notebooks/03_by_hand", "en"),
        ("notebooks/03_by_hand", "zh/03_by_hand", "zh-CN"),
        ("index", "zh/index", "zh-CN"),
    ],
)
def test_a_page_leads_to_itself_in_the_other_language(
    go: Callable[..., Any], here: str, there: str, language: str
) -> None:
    page = go(f"{here}.html")
    page.locator("article .twin a").click()
    page.wait_for_url(f"**/{there}.html")
    assert page.locator("html").get_attribute("lang") == language


BEGINNINGS = """() => {
  const found = [];
  for (const block of document.querySelectorAll("article p, article li, article td")) {
    const left = block.getBoundingClientRect().left + parseFloat(getComputedStyle(block).paddingLeft);
    const texts = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode;
      if (text.parentElement.closest("math, pre, code, svg") || !/^[,.;:!?，。、；：！？）]/.test(text.data)) continue;
      const range = document.createRange();
      range.setStart(text, 0);
      range.setEnd(text, 1);
      const box = range.getBoundingClientRect();
      if (box.width && box.left < left + 4) found.push(block.textContent.slice(0, 60));
    }
  }
  return found;
}"""


@pytest.mark.parametrize("name", ["zh/01_value", "zh/02_neuron", "zh/09_shapes", "notebooks/02_neuron", "sources"])
def test_no_line_begins_with_the_comma_of_a_formula(go: Callable[..., Any], name: str) -> None:
    """Tried on columns of many widths, each of which breaks the lines elsewhere."""
    page = go(f"{name}.html")
    for width in range(340, 1000, 20):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(BEGINNINGS) == [], width


def found(page: Any) -> list[str]:
    """The titles of what the search has found, when it is done."""
    page.wait_for_function("document.querySelector('.search-summary')?.innerText")
    page.wait_for_timeout(300)
    return page.locator("ul.search > li > a").all_inner_texts()


@from_a_server
@pytest.mark.parametrize(
    ("query", "expected", "pages"),
    [
        ("梯度", "1 · 一个值，一个式子，它的梯度", 9),  # a word of two characters, within sentences
        ("反向传播", "4 · 四个公式", 9),
        ("学习率", "5 · 下降", 3),
        ("optimizer", "nn.Optimiser", 5),
        ("**", "autograd.Value.pow", 2),
        ("__pow__", "autograd.Value.pow", 2),
        ("XOR", "Train", 2),
        ("minibatch", "5 · Descent", 5),
        ("license", "Backpropagation you can check", 1),
        ("tanh", "autograd.tanh", 5),
    ],
)
def test_the_search_knows_words_in_two_languages_two_spellings_and_signs(
    go: Callable[..., Any], query: str, expected: str, pages: int
) -> None:
    titles = found(go(f"search.html?q={quote(query)}"))
    assert expected in titles[:3]
    assert len(titles) >= pages


@from_a_server
@pytest.mark.parametrize(
    ("query", "expected"),
    [("sigmod", "sigmoid"), ("softmax gradeint", "softmax gradient"), ("bakcward", "backward"), ("xqzvw", None)],
)
def test_a_misspelt_word_is_answered_by_what_may_be_meant(
    go: Callable[..., Any], query: str, expected: str | None
) -> None:
    page = go(f"search.html?q={quote(query)}")
    assert found(page) == []
    if expected is None:
        assert page.locator(".meant").count() == 0
    else:
        assert page.locator(".meant").inner_text() == f"Did you mean {expected}?"
        page.locator(".meant a").click()
        assert found(page)


@from_a_server
def test_pages_of_the_other_language_come_last(go: Callable[..., Any]) -> None:
    titles = found(go("search.html?q=momentum"))
    chinese = [bool(re.search("[\u4e00-\u9fff]", title)) for title in titles]
    assert any(chinese)
    assert chinese == sorted(chinese)


@from_a_server
def test_the_search_page_has_a_field_on_a_phone_too(go: Callable[..., Any]) -> None:
    page = go("search.html", viewport={"width": 390, "height": 844})
    page.wait_for_function("document.activeElement.name === 'q'")
    page.keyboard.type("gradcheck")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=gradcheck*")
    assert "autograd.gradcheck" in found(page)


@from_a_server
def test_by_keys_alone_the_menu_of_a_narrow_page_is_opened_and_closed(go: Callable[..., Any]) -> None:
    page = go("guide/train.html", viewport={"width": 390, "height": 844}, reduced_motion="reduce")

    def at() -> tuple[str, bool]:
        """What has the focus, and whether it can be seen."""
        return tuple(
            page.evaluate("""() => {
            const e = document.activeElement, r = e.getBoundingClientRect();
            const label = e.getAttribute("aria-label") || e.innerText;
            return [label.trim(), r.right > 0 && r.left < innerWidth && getComputedStyle(e).visibility === "visible"];
        }""")
        )

    for name in ("Menu", "Contents of this page"):
        for _ in range(30):
            page.keyboard.press("Tab")
            focused, seen = at()
            assert seen, f"{focused} has the focus and is off the screen"
            if focused == name:
                break
        label = page.locator(f'[role="button"][aria-label="{name}"]').first
        assert label.get_attribute("aria-expanded") == "false"
        page.keyboard.press("Enter")
        assert label.get_attribute("aria-expanded") == "true"
        page.wait_for_timeout(100)
        assert at()[0] != name
        assert at()[1]
        page.keyboard.press("Escape")
        assert at()[0] == name
        assert label.get_attribute("aria-expanded") == "false"


@from_a_server
def test_what_scrolls_sideways_is_reached_by_keys(go: Callable[..., Any]) -> None:
    page = go("guide/train.html", viewport={"width": 390, "height": 844})
    left = page.evaluate("""[...document.querySelectorAll("article pre, .table-wrapper, .formula")].filter(
        e => e.scrollWidth > e.clientWidth && e.tabIndex < 0).length""")
    assert left == 0
    assert page.locator("article pre[tabindex='0']").count() > 1


@from_a_server
def test_on_paper_there_are_no_links_to_skip_and_pictures_are_for_white_paper(go: Callable[..., Any]) -> None:
    page = go("notebooks/01_value.html", color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator(".skip-to-content").evaluate("e => getComputedStyle(e).display") == "none"
    assert page.locator("body").evaluate("e => getComputedStyle(e).colorScheme") == "light"


@from_a_server
def test_nothing_moves_for_who_wants_no_motion(go: Callable[..., Any]) -> None:
    page = go("guide/train.html", reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


@from_a_server
@pytest.mark.parametrize("name", ["sources", "measured", "compared", "guide/compile", "guide/train"])
def test_a_table_can_be_read_on_a_phone(go: Callable[..., Any], name: str) -> None:
    """Nothing of it is beside the screen, and no row of a few words is as high as half a screen."""
    page = go(f"{name}.html", viewport={"width": 390, "height": 844})
    rows = page.evaluate("""[...document.querySelectorAll("article table tr")].map(row => {
        const box = row.getBoundingClientRect();
        return [row.innerText.length, box.height, box.right - innerWidth];
    })""")
    assert rows
    assert max(beside for *_, beside in rows) <= 0
    assert max(height - length for length, height, _ in rows) < 200


@pytest.mark.parametrize("name", ["understand", "compile", "train"])
def test_a_page_of_the_guide_is_there_and_fits_a_phone(go: Callable[..., Any], name: str) -> None:
    page = go(f"guide/{name}.html", viewport={"width": 375, "height": 700})
    assert page.locator("h1").inner_text().startswith(name.capitalize())
    assert page.locator(".highlight").count() > 3
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, "the page can be scrolled sideways"


def test_the_page_of_value_documents_it(go: Callable[..., Any]) -> None:
    page = go("api/value.html")
    entry = page.locator('dt[id="autograd.Value"]')
    assert "Value" in entry.inner_text()
    assert page.locator('dt[id="autograd.Value.backward"]').count() == 1
    entry.get_by_text("[source]").first.click()
    page.wait_for_url("**/_modules/autograd/value.html*")
    assert "class Value" in page.locator("body").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_within_is_as_light_or_dark_as_the_site_also_when_that_is_changed(
    go: Callable[..., Any], scheme: str
) -> None:
    page = go("index.html", color_scheme=scheme)
    frame = page.frame_locator('iframe[data-page="neuron"]')
    frame.locator("#loss").wait_for()

    def around() -> str:
        colour = page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
        return "dark" if sum(map(int, re.findall(r"\d+", colour)[:3])) < 200 else "light"

    def inside() -> str:
        return {"Dark": "light", "Light": "dark"}[frame.locator("#theme").inner_text()]  # what its button would make it

    assert around() == inside() == scheme
    schemes = set()
    for _ in range(3):  # Furo's button goes round: as the system, light, dark
        page.locator(".theme-toggle:visible").first.click()
        page.wait_for_timeout(150)
        assert around() == inside()
        schemes.add(around())
    assert schemes == {"light", "dark"}


def test_a_notebook_shows_its_pictures_its_formulas_and_its_page_alive(go: Callable[..., Any]) -> None:
    page = go("notebooks/01_value.html")
    assert page.locator("math").count() > 10
    broken = page.evaluate("[...document.images].filter(x => x.complete && !x.naturalWidth).length")
    assert broken == 0
    frame = page.locator("iframe").first
    frame.scroll_into_view_if_needed()
    page.frame_locator("iframe").first.locator("#loss").wait_for()


def test_formulas_are_set_and_none_is_shown_as_latex(pages: dict[Path, Read], site: Path) -> None:
    for path in pages:
        if "_modules" not in path.parts:
            text = path.read_text("utf-8")
            text = re.sub(r"<(script|style|pre|iframe|code)\b.*?</\1>|<iframe[^>]*>", "", text, flags=re.DOTALL)
            assert not re.findall(r"\\(?:frac|sigma|partial|begin)\b.{0,40}", text), path.name


def test_no_sentence_is_taken_for_a_type(site: Path) -> None:
    """As what stands before a colon in the docstring of a constant once was."""
    for path in (site / "api").glob("*.html"):
        text = re.sub(r"<[^>]+>", " ", path.read_text("utf-8"))
        for said in re.findall(r"\bType\s*:\s*(\S[^\n]*)", text):
            assert len(said.split()) < 6, (path.name, said)


def test_nothing_but_a_sign_has_its_index_below_it(pages: dict[Path, Read]) -> None:
    r"""As the k of \hat y_k once had: ŷ over k is another formula."""
    for path in pages:
        for base in re.findall(r"<munder(?:over)?[^>]*>\s*(<m\w+[^>]*>[^<]*)", path.read_text("utf-8")):
            assert base.startswith("<mo"), (path.name, base)


@from_a_server
def test_formulas_are_set_with_a_typeface_that_lowers_an_index(go: Callable[..., Any], site: Path) -> None:
    """Without one Chromium leaves it on the line: w₅ is w5."""
    fonts = pytest.importorskip("fontTools.ttLib")
    font = fonts.TTFont(site / "_static" / "formulas.woff")
    assert "MATH" in font
    assert set(map(ord, "0123456789=+−∂∑()ŷ𝑤𝑥𝛿𝜎")) - set(font.getBestCmap()) == {
        ord("ŷ")
    }  # which is a y with an accent
    assert (site / "_static" / "formulas.woff").stat().st_size < 200_000
    page = go("notebooks/02_neuron.html")
    page.wait_for_function("document.fonts.check('16px Formulas', 'w')")
    lowered = page.evaluate("""[...document.querySelectorAll("math msub")].map(e => {
        const [base, index] = [...e.children].map(x => x.getBoundingClientRect());
        return index.bottom - base.bottom;
    })""")
    assert len(lowered) > 20
    assert min(lowered) > 2  # pixels; a third of the height of an x


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci --prefix tests/page")
@pytest.mark.parametrize(
    "name",
    [
        "index",
        "guide/understand",
        "api/value",
        "design/compiler",
        "compared",
        "zh/index",
        "zh/01_value",
        "zh/09_shapes",
    ],
)
def test_axe_finds_nothing_to_complain_about(go: Callable[..., Any], name: str) -> None:
    page = go(f"{name}.html")
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, { iframes: false, preload: false, resultTypes: ['violations'] })")[
        "violations"
    ]
    serious = [(v["id"], v["nodes"][0]["html"][:120]) for v in found if v["impact"] in ("serious", "critical")]
    assert serious == [], json.dumps(serious, indent=1)


# ── how it is built ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> Any:
    pytest.importorskip("sphinx", reason="Sphinx is not installed (the extra site)")
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "extensions"))
    return runpy.run_path(str(ROOT / "docs" / "build.py"))


@pytest.mark.parametrize(
    ("said", "file", "page", "expected"),
    [
        ("[two](02_neuron.ipynb)", "notebooks/01_value.ipynb", "notebooks/01_value.ipynb", "[two](02_neuron.ipynb)"),
        (
            "[S](../docs/sources.md#errata)",
            "notebooks/01_value.ipynb",
            "notebooks/01.ipynb",
            "[S](../sources.md#errata)",
        ),
        ("[1](../notebooks/01_value.ipynb)", "docs/sources.md", "sources.md", "[1](notebooks/01_value.ipynb)"),
        ("[log](CHANGELOG.md)", "CONTRIBUTING.md", "contributing.md", "[log](changelog.md)"),
        ("([trace.py](trace.py))", "autograd/compiler/README.md", "design/compiler.md", "(`trace.py`)"),
        ("[up](../README.md)", "docs/measured.md", "measured.md", "[up](index.md)"),
        ("[far](https://a.b/README.md)", "docs/a.md", "a.md", "[far](https://a.b/README.md)"),
        ("![p](../static/a.svg) [q](#here)", "docs/guide/a.md", "guide/a.md", "![p](../static/a.svg) [q](#here)"),
        ("\n```python\nf[0](../x.py)\n```\n", "docs/a.md", "a.md", "\n```python\nf[0](../x.py)\n```\n"),
    ],
)
def test_links_of_the_repository_lead_to_pages_of_the_site(
    build: Any, said: str, file: str, page: str, expected: str
) -> None:
    assert build["placed"](f"a {said} z", file, page) == f"a {expected} z"


def test_the_figures_of_the_site_are_those_of_the_readme(build: Any) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    found = build["figures"](readme)
    assert found in readme
    assert len(re.findall(r"^\| .* \| .* \| .* \|$", found, re.M)) > 5
    assert "<!-- figures -->" in (ROOT / "docs" / "measured.md").read_text("utf-8")


def test_a_notebook_for_the_site_has_no_bars_of_a_kernel_and_need_not_be_trusted(build: Any) -> None:
    bar = {"output_type": "display_data", "data": {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "0%"}}
    text = {"output_type": "stream", "name": "stdout", "text": "kept"}
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "# T\n\n> **To see it alive**, trust\n> it.\n\nText."},
        {"cell_type": "code", "metadata": {"jupyter": {"source_hidden": True}}, "source": "1", "outputs": [bar, text]},
    ]
    made = json.loads(build["notebook"](json.dumps({"cells": cells, "metadata": {"widgets": {}}}), "notebooks/a.ipynb"))
    assert made["metadata"] == {}
    assert made["cells"][0]["source"] == "# T\n\nText."
    assert made["cells"][1]["outputs"] == [text]
    assert made["cells"][1]["metadata"]["tags"] == ["hide-input"]


def test_an_attribute_s_docstring_is_not_cut_at_a_colon(build: Any) -> None:
    from docstrings import whole

    assert whole(["of it.", "More.", "", ":type: A part"]) == ["A part: of it.", "More."]
    assert whole(["A number."]) == ["A number."]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Two `Value`s, `dot`s.", r"Two `Value`\ s, `dot`\ s."),
        ("mean |ŷ − y| of *operands", r"mean \|ŷ − y\| of \*operands"),
        ("``a | b`` and ``*x``", "``a | b`` and ``*x``"),
        (">>> `a`s | *b", ">>> `a`s | *b"),
    ],
)
def test_docstrings_are_read_as_they_are_meant(build: Any, said: str, expected: str) -> None:
    from docstrings import in_rst

    assert in_rst([said]) == [expected]


@pytest.mark.parametrize(
    "latex", [r"\big(f(x)\big)'", r"\tfrac14", r"w_1 \dots w_8", r"a \iff b", r"x \tag{7}", "∂C/∂z"]
)
def test_latex_of_the_notebooks_is_set(build: Any, latex: str) -> None:
    """Those that docutils alone does not know."""
    from mathml import mathml

    assert mathml(latex).startswith("<math")


def test_an_assignment_is_one_operator(build: Any) -> None:
    from mathml import mathml

    assert re.findall(r"<mo>(.*?)</mo>", mathml(r"w := w - a\, v")) == [":=", "−"]


@pytest.mark.parametrize("accent", [r"\hat", r"\bar", r"\tilde", r"\vec", r"\dot", r"\overline"])
@pytest.mark.parametrize(
    ("index", "kind"), [("_k", "msub"), ("_{ik}", "msub"), ("_i^{(k)}", "msubsup"), ("^2", "msup")]
)
def test_the_index_of_an_accented_letter_stands_beside_it(build: Any, accent: str, index: str, kind: str) -> None:
    from mathml import mathml

    tags = re.findall(r"<(m\w+)", mathml(rf"{accent}{{y}}{index} = 1"))
    assert tags[1:4] == [kind, "mover", "mi"]
    assert "munderover" not in tags


@pytest.mark.parametrize("latex", [r"\sum_{j=1}^n x_j", r"\sum_j w_j", r"\lim_{h \to 0} y", r"\max_i x_i"])
def test_what_is_summed_over_stands_below_the_sum(build: Any, latex: str) -> None:
    from mathml import mathml

    assert re.match(r"<math[^>]*>\s*<munder", mathml(latex))
