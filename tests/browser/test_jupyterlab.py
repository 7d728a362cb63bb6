"""JupyterLab with a kernel, driven as a person drives it: the page in a notebook is alive both ways."""

from __future__ import annotations

import io
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image, ImageStat

from conftest import _without

nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")

PAGE = """
from autograd import Value, dot, draw, explore, sigmoid
w5, w6, b = Value(0.4, label="w5"), Value(0.45, label="w6"), Value(0.6, label="b")
ŷ = sigmoid(dot([w5, w6], [0.5933, 0.5969], b))
E = (ŷ - 0.01) ** 2 / 2
ŷ.label, E.label = "ŷ", "E"
page = explore(E)
page
"""


class Lab(NamedTuple):
    address: str
    files: Path


@pytest.fixture(scope="module")
def lab(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab of its own on this machine alone: its settings, its files and its kernels are those of no user."""
    for needed in ("jupyterlab", "anywidget", "ipykernel"):
        if find_spec(needed) is None:
            _without(f"{needed} is not installed")
    home = tmp_path_factory.mktemp("lab")
    own = {
        name: str(home / name.lower())
        for name in (
            *("HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"),
            *("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"),
        )
    }
    settings = Path(own["JUPYTERLAB_SETTINGS_DIR"], "@jupyterlab/apputils-extension")
    for folder in (home / "files", Path(own["HOME"]), settings):
        folder.mkdir(parents=True)
    asks_nothing = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(asks_nothing), encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"),
        *("--ServerApp.port_retries=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={home / 'files'}"),
        *("--LabApp.expose_app_in_browser=True", "--LabApp.extension_manager=readonly"),
    ]
    address = f"http://127.0.0.1:{port}"
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(command, env=os.environ | own, stdout=log, stderr=log)
        try:
            wait_for(lambda: server.poll() is not None or answers(f"{address}/api"), 60)
            if server.poll() is not None:
                pytest.fail(f"JupyterLab did not start:\n{(home / 'log').read_text('utf-8')}", pytrace=False)
            yield Lab(address, home / "files")
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address, timeout=5).close()
    except OSError:
        return False
    return True


def wait_for(what: Callable[[], Any], seconds: float = 20) -> None:
    """Look until it is so; what is never so fails with what it was last."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, what()
        time.sleep(0.1)


class Notebook:
    """A notebook that is open in JupyterLab."""

    def __init__(self, page: Any) -> None:
        self.page = page

    @property
    def frame(self) -> Any:
        """The page, in the frame of the widget."""
        return self.page.frame_locator(".jp-OutputArea-output div[data-autograd] iframe")

    def outputs(self, k: int) -> Any:
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(k).locator(".jp-OutputArea-output")

    def begin(self, k: int) -> None:
        """Run a cell, as Ctrl + Enter does."""
        self.page.locator(".jp-Notebook .jp-CodeCell").nth(k).locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")

    def run(self, k: int) -> str:
        """Run a cell and wait for its end; what it prints."""
        prompt = self.page.locator(".jp-Notebook .jp-CodeCell").nth(k).locator(".jp-InputPrompt")
        before = prompt.text_content()
        self.begin(k)
        wait_for(lambda: prompt.text_content() != before and re.search(r"\d", prompt.text_content()), 40)
        return "\n".join(self.outputs(k).all_inner_texts()).strip()

    def run_until(self, k: int, said: str) -> None:
        """Run a cell until it prints this: what the page says is on its way for a moment."""
        wait_for(lambda: self.run(k) == said or print(self.outputs(k).all_inner_texts()))

    def type_into(self, label: str, text: str) -> None:
        """Type a number into a field of the page, over what is there, key by key."""
        self.frame.get_by_label(label).click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def theme(self, name: str) -> None:
        self.page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', { theme })", name)
        self.page.wait_for_function(
            "light => document.body.dataset.jpThemeLight === light", arg=str(name == "JupyterLab Light").lower()
        )


@pytest.fixture
def notebook(lab: Lab, browser: Any) -> Iterator[Callable[..., Notebook]]:
    """Open a new notebook of these cells. When the test ends, nothing was asked of any other machine."""
    contexts, strangers = [], []

    def listen(request: Any) -> None:
        if not request.url.startswith((lab.address, "data:", "blob:", "about:")):
            strangers.append(request.url)

    def notebook(*cells: str, theme: str = "", made: Any = None, file: Path | None = None, **settings: Any) -> Notebook:
        made = made or nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in cells])
        made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        if file is None:
            file = lab.files / f"notebook{len(list(lab.files.glob('*.ipynb')))}.ipynb"
            nbformat.write(made, file)
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 1000}} | settings)
        contexts.append(context)
        page = context.new_page()
        page.on("request", listen)
        page.goto(f"{lab.address}/lab/tree/{file.name}?reset")
        page.locator(".jp-Notebook .jp-CodeCell").nth(max(0, len(made.cells) - 1)).wait_for(timeout=60_000)
        page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=60_000,
        )
        opened = Notebook(page)
        if theme:
            opened.theme(theme)
        return opened

    yield notebook
    for context in contexts:
        context.close()
    assert strangers == []


def test_a_number_of_the_page_is_the_number_in_python_both_ways(notebook: Callable[..., Notebook]) -> None:
    opened = notebook(
        PAGE,
        "print(f'{w5.data} {E.data:.6g} {w5.grad:+.4g}')",
        "print(f'{w6.data:.6g} {E.data:.6g}')",
        "w5.data = -1.5",
        "for k in range(1, 31):\n    E_k = (sigmoid(dot([w5, w6], [0.5933, 0.5969], b)) - 0.01) ** 2 / 2\n"
        "    w5.grad = 0; E_k.backward(); w5.data -= 5 * w5.grad; page.update(f'step {k}')",
        "import time; w5.data = 2.25; page.update(); time.sleep(4); print('done')",
    )
    opened.run(0)
    frame = opened.frame
    loss = frame.locator("#loss")
    gradient = frame.locator('li:has([aria-label="Value of w5"]) output')
    # typed on the page
    opened.type_into("Value of w5", "0.75")
    opened.run_until(1, f"0.75 {0.3027288332:.6g} +0.07709")
    assert (loss.text_content(), gradient.text_content()) == ("E = 0.302729", "+0.07709")
    # slid on the page
    frame.get_by_label("Slider for w6").focus()
    for _ in range(5):
        opened.page.keyboard.press("ArrowRight")
    slid = frame.get_by_label("Value of w6").input_value()
    assert float(slid) > 0.45
    opened.run_until(2, f"{slid} {loss.text_content().removeprefix('E = ')}")
    # changed in Python
    opened.run(3)
    wait_for(lambda: frame.get_by_label("Value of w5").input_value() == "-1.5")
    # trained in Python, each step a frame of the film
    before = float(loss.text_content().removeprefix("E = "))
    opened.run(4)
    wait_for(lambda: frame.locator("#film").is_visible())
    assert float(loss.text_content().removeprefix("E = ")) < before
    wait_for(lambda: "step 30" in frame.locator("#film .axis").last.text_content())
    # and while a cell is still running
    opened.begin(5)
    wait_for(lambda: frame.get_by_label("Value of w5").input_value() == "2.25")
    assert "done" not in "".join(opened.outputs(5).all_inner_texts())


def test_the_node_that_is_chosen_is_the_selection_both_ways(notebook: Callable[..., Notebook]) -> None:
    opened = notebook(
        PAGE,
        "seen = []\npage.observe(lambda change: seen.append(change.new and change.new.label), 'selection')",
        "print(page.selection and page.selection.label, seen)",
        "page.selection = b",
        "page.selection = None",
    )
    opened.run(0)
    opened.run(1)
    frame = opened.frame
    frame.locator(".node", has_text="ŷ").first.click()
    opened.run_until(2, "ŷ ['ŷ']")
    opened.run(3)
    wait_for(lambda: frame.locator("#panel h2").all_text_contents()[:1] == ["bparameter"])
    assert frame.get_by_label("Value of b").is_visible()
    opened.run(4)
    wait_for(lambda: frame.locator("#panel h2").count() == 0)
    # numbers that only the page can follow are refused there
    opened.type_into("Value of w5", "nan")
    wait_for(lambda: "Python keeps its numbers" in frame.locator("#caption").text_content())
    opened.run_until(2, "None ['ŷ', 'b', None]")


def darkness(place: Any) -> int:
    """From 0, white, to 255, black: the middle of all pixels."""
    return 255 - ImageStat.Stat(Image.open(io.BytesIO(place.screenshot())).convert("L")).median[0]


def test_the_page_and_drawings_are_dark_where_the_notebook_is_and_the_wheel_is_the_notebooks(
    notebook: Callable[..., Notebook],
) -> None:
    opened = notebook(
        PAGE, "draw(E)", "print('\\n' * 60)", theme="JupyterLab Dark", viewport={"width": 1280, "height": 800}
    )
    opened.run(0)
    opened.run(1)
    stage = opened.frame.locator("#stage")
    drawing = opened.page.locator(".jp-RenderedSVG img")
    wait_for(lambda: darkness(stage) > 200)
    assert darkness(drawing) > 200
    column = opened.page.locator(".jp-RenderedSVG").bounding_box()["width"]
    assert drawing.bounding_box()["width"] <= column
    opened.theme("JupyterLab Light")
    wait_for(lambda: darkness(stage) < 55)
    assert darkness(drawing) < 55
    # the wheel
    opened.run(2)
    opened.page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTo(0, 0)")
    box = stage.bounding_box()
    opened.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
    width = "document.querySelector('.node').getBoundingClientRect().width"
    before = stage.evaluate(f"() => {width}")
    opened.page.mouse.wheel(0, 120)
    wait_for(lambda: stage.bounding_box()["y"] < box["y"] - 50)
    assert stage.evaluate(f"() => {width}") == before
    box = stage.bounding_box()
    opened.page.keyboard.down("Control")
    opened.page.mouse.wheel(0, -120)
    opened.page.keyboard.up("Control")
    wait_for(lambda: stage.evaluate(f"() => {width}") > 1.05 * before)
    assert stage.bounding_box()["y"] == box["y"]


def test_without_its_kernel_the_page_runs_on_and_without_trust_it_is_a_picture(
    notebook: Callable[..., Notebook], lab: Lab
) -> None:
    opened = notebook(PAGE)
    opened.run(0)
    opened.frame.locator("#loss").wait_for()
    opened.page.keyboard.press("Control+s")
    wait_for(lambda: [file for file in lab.files.glob("[a-z]*.ipynb") if "data-frame" in file.read_text("utf-8")])
    (file,) = [file for file in lab.files.glob("[a-z]*.ipynb") if "data-frame" in file.read_text("utf-8")]
    # as its author opens it on another day: what was signed is trusted, and the kernel is a new one
    opened.page.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")
    opened.page.context.close()
    author = notebook(file=file)
    left = author.page.frame_locator("div[data-page] iframe")
    left.locator("#loss").wait_for(timeout=60_000)
    left.get_by_label("Value of w5").click()
    author.page.keyboard.press("Control+a")
    author.page.keyboard.type("0.75")
    wait_for(lambda: left.locator("#loss").text_content() == "E = 0.302729")
    assert not author.page.get_by_text("model not found").is_visible()
    # as somebody else opens it, who has not trusted it
    made = nbformat.read(file, 4)
    made.cells[0].source += "# changed"
    stranger = notebook(made=made)
    wait_for(lambda: stranger.page.locator(".jp-OutputArea-output img").count() == 1)
    assert stranger.page.locator(".jp-OutputArea-output img").bounding_box()["width"] > 300
    assert stranger.page.locator(".jp-OutputArea-output iframe").count() == 0
