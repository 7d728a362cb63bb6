"""The playground, as a learner uses it: type, run, drag, stop, share, reload; and what a stranger's link cannot do.

It is built by `make playground` into ``docs/playground/dist``, or stands where ``AUTOGRAD_PLAYGROUND`` says.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import math
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

import nn.weights
from autograd import Value, dot, explain, sigmoid
from nn.data import bundled_digits

ROOT = Path(__file__).parents[2]
BUILT = Path(os.environ.get("AUTOGRAD_PLAYGROUND", ROOT / "docs" / "playground" / "dist"))
EXAMPLES = ROOT / "docs" / "playground" / "examples"
AXE = ROOT / "tests" / "page" / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

playwright = pytest.importorskip("playwright.sync_api")

Play = Callable[..., Any]


class Server(http.server.ThreadingHTTPServer):
    """The built files on this machine, and what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), functools.partial(Answer, directory=str(BUILT)))
        self.address = f"http://127.0.0.1:{self.server_port}/"


class Answer(http.server.SimpleHTTPRequestHandler):
    server: Server

    def send_head(self) -> Any:
        self.server.asked.append(self.path)
        return super().send_head()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server(without: Callable[[str], NoReturn]) -> Iterator[Server]:
    if not (BUILT / "index.html").exists():
        reason = f"the playground is not built: there is no {BUILT}/index.html (make playground)"
        print(reason)
        without(reason) if "AUTOGRAD_PLAYGROUND" in os.environ else pytest.skip(reason)
    made = Server()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def play(browser: Any, server: Server) -> Iterator[Play]:
    """Open the playground, and wait for its first answer. In the end no request has left it, and nobody complained."""
    contexts, complaints, strange = [], [], []

    def play(code: str = "#example=neuron", *, wait: bool = True, heard: bool = True, **context: Any) -> Any:
        made = browser.new_context(**{"viewport": {"width": 1300, "height": 820}} | context)
        contexts.append(made)
        page = made.new_page()
        local = (server.address, "data:", "blob:")
        made.on("request", lambda r: None if r.url.startswith(local) else strange.append(r.url))
        if heard:
            made.on("console", lambda m: complaints.append(m.text))
            page.on("pageerror", lambda e: complaints.append(str(e)))
        page.goto(f"{server.address}{code}")
        if wait:
            answered(page)
        return page

    yield play
    for made in contexts:
        made.close()
    assert strange == []
    assert complaints == []


def answered(page: Any, seconds: float = 60) -> None:
    """Wait until what is shown is the answer to what is in the editor."""
    page.wait_for_selector("body[data-answered=now]", state="attached", timeout=1000 * seconds)


def until(page: Any, what: Callable[[], bool], seconds: float = 30) -> None:
    for _ in range(int(20 * seconds)):
        if what():
            return
        page.wait_for_timeout(50)
    raise AssertionError("never")


def write_only(page: Any, code: str) -> None:
    """Put code into the editor in the place of what is there, as by pasting."""
    page.click(".cm-content")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(code)


def write(page: Any, code: str) -> None:
    """The same, and run it, and wait for the answer."""
    write_only(page, code)
    page.keyboard.press("Control+Enter")
    answered(page)


def code_of(page: Any) -> str:
    return "\n".join(page.locator(".cm-line").all_inner_texts()).replace("\n\n", "\n")


def live(page: Any, name: str = "explorer") -> Any:
    """The frame of the live page, when the page is in it."""
    for _ in range(400):
        frame = next((f for f in page.frames if f.url.endswith("live.html")), None)
        with contextlib.suppress(playwright.Error):  # it may be on its way to the page
            if frame is not None and frame.evaluate(f"typeof {name} === 'object'"):
                return frame
        page.wait_for_timeout(50)
    raise AssertionError("the live page never came")


def neuron(w1: float = 0.4) -> tuple[Value, Value]:
    """The neuron of the example, here: the loss, and its first weight."""
    w = [Value(w1, label="w1"), Value(0.45, label="w2")]
    ŷ = sigmoid(z := dot(w, [0.5933, 0.5969], Value(0.6, label="b")))
    E = (ŷ - 0.01) ** 2 / 2
    z.label, ŷ.label, E.label = "z", "ŷ", "E"
    E.backward()
    return E, w[0]


def busy() -> float:
    """How many times longer everything takes because of others who are at work on the machine; 1 or more."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def test_the_first_answer_comes_within_ten_seconds_with_a_cold_cache(play: Play) -> None:
    """A new context has nothing in its cache. Measured alone: under four seconds on two cores."""
    begun = time.monotonic()
    page = play()
    took = time.monotonic() - begun
    print(f"first answer after {took:.1f} s")
    assert took < 10 * busy()
    assert page.locator("#title").inner_text() == "E = 0.274814"


def test_the_answer_is_pythons(play: Play) -> None:
    page = play()
    E, w1 = neuron()
    assert page.locator("#output").inner_text().strip() == f"∂E/∂w1 = {w1.grad}"
    assert page.locator("#reason").inner_text().strip() == str(explain(E, wrt=w1))
    labels = page.eval_on_selector_all("#picture [data-node]", "all => all.map(box => box.ariaLabel)")
    assert "leaf w1, value 0.4, gradient +0.08217" in labels


def test_what_is_typed_is_answered_at_once(play: Play) -> None:
    """By real keys. From a key to the picture and the derivation: 100 ms; other work on the machine only adds to it."""
    page = play()
    page.evaluate(
        """() => {
            window.times = [];
            let begun = 0;
            document.addEventListener("keydown", () => { begun = performance.now(); }, true);
            new MutationObserver(() => {
                if (document.body.dataset.answered === "now") window.times.push(performance.now() - begun);
            }).observe(document.body, { attributes: true, attributeFilter: ["data-answered"] });
        }"""
    )
    page.get_by_text("0.4", exact=True).first.click()
    page.keyboard.press("End")
    for _ in range(len(', label="w1"), Value(0.45, label="w2")]')):
        page.keyboard.press("ArrowLeft")
    for digit in "12345678":
        page.keyboard.type(digit)
        answered(page)
        page.wait_for_timeout(50)
    E, w1 = neuron(0.412345678)
    assert page.locator("#title").inner_text() == f"E = {E.data:.6g}"
    assert page.locator("#reason").inner_text().strip() == str(explain(E, wrt=w1))
    times = page.evaluate("times")
    print(f"from a key to its answer: {min(times):.0f} to {max(times):.0f} ms, median {statistics.median(times):.0f}")
    assert len(times) == 8
    assert min(times) < 100 * busy()


def test_a_box_of_the_picture_is_asked_for_by_pointer_and_by_keys(play: Play) -> None:
    page = play()
    page.locator("#picture [data-node]", has_text="w2").first.click()
    until(page, lambda: page.locator("#reason").inner_text().startswith("∂E/∂w2"))
    assert page.locator("#wrt option:checked").inner_text() == "w2"
    box = page.locator("#picture [data-node]", has_text="ŷ").first
    box.focus()
    page.keyboard.press("Enter")
    until(page, lambda: "∂E/∂ŷ" in page.locator("#reason").inner_text().splitlines()[0])
    page.select_option("#wrt", label="b")
    until(page, lambda: page.locator("#reason").inner_text().startswith("∂E/∂b"))


def test_a_number_dragged_on_the_live_page_is_python_s_too(play: Play) -> None:
    page = play()
    page.click("#tab-live")
    frame = live(page)
    place = frame.locator(".node.parameter", has_text="w1").bounding_box()
    page.mouse.move(place["x"] + 20, place["y"] + 10)
    page.mouse.down()
    page.mouse.move(place["x"] + 80, place["y"] + 10, steps=6)
    page.mouse.up()
    now = float(frame.evaluate("explorer.engine.value[explorer.names.indexOf('w1')]"))
    assert now > 0.45
    E, w1 = neuron(now)
    assert frame.evaluate("explorer.engine.value.at(-1)") == pytest.approx(E.data, rel=1e-12)
    until(page, lambda: page.locator("#title").text_content() == f"E = {E.data:.6g}")
    page.click("#tab-picture")
    until(page, lambda: page.locator("#reason").inner_text().strip() == str(explain(E, wrt=w1)))


def test_an_endless_loop_can_be_stopped_and_python_is_there_again(play: Play) -> None:
    page = play()
    page.click(".cm-content")
    page.keyboard.press("Control+End")
    page.keyboard.type("while True: pass")
    until(page, lambda: page.locator("#run").inner_text() == "Stop")
    assert page.locator("#status").inner_text() == "Running …"
    until(page, lambda: page.locator("#output").inner_text().strip() == f"∂E/∂w1 = {neuron()[1].grad}")
    page.click("#run")
    assert "Stopped" in page.locator("#status").inner_text()
    until(page, lambda: "has started anew" in page.locator("#status").inner_text(), 60)
    page.keyboard.press("Tab")
    page.click(".cm-content")
    for _ in range(len("while True: pass")):
        page.keyboard.press("Backspace")
    page.keyboard.type("E * 2")
    assert "Ctrl + Enter" in page.locator("#status").inner_text()  # what was endless is not run at each key
    page.keyboard.press("Control+Enter")
    answered(page)
    assert page.locator("#title").inner_text() == f"y = {2 * neuron()[0].data:.6g}"


def test_endless_printing_can_be_stopped_too(play: Play) -> None:
    page = play("#example=descent")
    write_only(page, 'while True: print("on and on")')
    until(page, lambda: page.locator("#run").inner_text() == "Stop")
    page.wait_for_timeout(500)
    assert len(page.locator("#output").inner_text()) <= 20_001
    page.click("#run")
    until(page, lambda: "has started anew" in page.locator("#status").inner_text(), 60)


WRONG = [
    ("from autograd import Value\nx = Value(-1.0, label='x')\ny = x * 2\ny.log()\n", 4, "ValueError"),
    ("def f(x):\n    return g(x)\n\ndef g(x):\n    return 1 / x\n\nf(0)\n", 5, "ZeroDivisionError"),
    ("x = 1\ny = (x\n", 2, "SyntaxError"),
    ("x = 1\n  y = 2\n", 2, "IndentationError"),
    ("import nn\nnn.fit\n", 2, "numpy"),
    ("raise SystemExit(3)\n", 1, "SystemExit"),
    ("def f(): f()\nf()\n", 1, "RecursionError"),
]


def test_an_error_stands_at_its_line(play: Play) -> None:
    page = play()
    for code, line, says in WRONG:
        write(page, code)
        until(page, lambda says=says: says in page.locator("#wrong").inner_text())
        assert page.locator("#wrong").inner_text().startswith(f"Line {line}"), code
        marker = page.locator(".cm-gutter-lint .cm-gutterElement", has=page.locator(".cm-lint-marker-error"))
        number = page.locator(".cm-lineNumbers .cm-gutterElement", has_text=str(line)).first
        assert marker.bounding_box()["y"] == pytest.approx(number.bounding_box()["y"], abs=2)
        assert page.locator("#title").inner_text() == "E = 0.274814"  # of the last run without an error
        page.click("#wrong button")
        assert page.evaluate("document.activeElement.classList.contains('cm-content')")
    write(page, "1 + 1")
    assert not page.locator("#wrong").is_visible()
    assert page.locator("#output").inner_text().strip() == "2"


def test_when_python_itself_breaks_that_is_said_and_it_can_be_started_anew(play: Play) -> None:
    page = play(heard=False)
    write_only(page, "import os\nos.abort()")
    until(page, lambda: "Python has ended" in page.locator("#wrong").inner_text())
    write_only(page, "2 + 2")
    page.keyboard.press("Control+Enter")
    answered(page)
    assert page.locator("#output").inner_text().strip() == "4"


def test_the_code_is_in_the_address_a_link_shares_it_and_a_reload_keeps_it(play: Play) -> None:
    page = play()
    write(page, "from autograd import Value\nα = Value(3.0, label='α')\nα * α\n")
    page.click("#share")
    until(page, lambda: "link" in page.locator("#status").inner_text())
    address = page.evaluate("location.href")
    assert "#code=" in address
    page.reload()
    answered(page)
    assert page.locator("#title").inner_text() == "y = 9"
    other = play(address.partition("/#")[2].join(["#", ""]))
    assert code_of(other) == code_of(page)
    assert other.locator("#title").inner_text() == "y = 9"


def test_a_damaged_link_opens_the_first_example(play: Play, server: Server) -> None:
    page = play("#example=second")
    for hash in ("#code=AAAA", "#code=%%%", "#code=", "#example=nothing", "#example=__proto__", "#x"):
        page.goto(f"{server.address}#example=second")
        until(page, lambda: page.locator("#title").inner_text().startswith("slope"))
        page.goto(f"{server.address}{hash}")
        until(page, lambda: page.locator("#title").inner_text() == "E = 0.274814")
        until(page, lambda: "could not be read" in page.locator("#status").inner_text())


def test_every_example_runs_and_is_drawn(play: Play) -> None:
    page = play()
    for name in sorted({file.stem for file in EXAMPLES.glob("*.py")} - {"xor"}):  # that is watched below
        page.select_option("#examples", name)
        answered(page)
        assert page.locator("#wrong").is_hidden(), name
        assert page.evaluate("location.hash") == f"#example={name}"
        assert page.locator("#picture svg").is_visible()
        assert page.locator("#reason").inner_text().startswith("∂")


def test_exclusive_or_is_learned_while_one_watches(play: Play) -> None:
    page = play("#example=xor", wait=False)
    frame = live(page)
    until(page, lambda: frame.evaluate("explorer.state.frames.length") > 5)
    assert page.locator("#run").inner_text() == "Stop"  # it is still learning
    first = frame.evaluate("document.getElementById('plane').toDataURL()")
    answered(page)
    until(page, lambda: frame.evaluate("document.getElementById('plane').toDataURL()") != first)
    outputs = [float(line.split("=")[1]) for line in page.locator("#output").inner_text().strip().splitlines()[-4:]]
    assert outputs == pytest.approx([0, 1, 1, 0], abs=0.1)
    weights = frame.evaluate("Array.from(explorer.engine.value)")
    loss = frame.evaluate("explorer.state.frames.at(-1).loss")
    assert len(weights) > 20
    assert loss < 0.01


def strokes_of_a_three(place: dict[str, float]) -> list[tuple[float, float]]:
    """Two bows, one above the other, a little shaky, as a hand draws them."""
    upper = [(0.45 + 0.22 * math.cos(t / 10), 0.3 + 0.19 * math.sin(t / 10)) for t in range(-28, 15, 2)]
    lower = [(0.46 + 0.25 * math.cos(t / 10), 0.68 + 0.2 * math.sin(t / 10)) for t in range(-14, 27, 2)]
    return [
        (place["x"] + place["width"] * (x + 0.008 * math.sin(7 * y)), place["y"] + place["height"] * y)
        for x, y in upper + lower
    ]


def test_the_pad_reads_a_three_drawn_by_mouse_and_knows_every_gradient(play: Play) -> None:
    page = play("#example=digits")
    page.locator("#put button", has_text="7").click()
    until(page, lambda: "It reads a 7." in page.locator("#output").inner_text())
    page.click("#clear")
    points = strokes_of_a_three(page.locator("#canvas").bounding_box())
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point)
    page.mouse.up()
    until(page, lambda: "It reads a 3." in page.locator("#output").inner_text())
    model = nn.weights.load(ROOT / "docs" / "playground" / "digits.safetensors")
    options = page.locator("#wrt option").all_inner_texts()
    assert len(options) == len(model.parameters()) == 1482
    page.select_option("#wrt", label="W²₁,₃" if "W²₁,₃" in options else options[1100])
    until(
        page,
        lambda: (
            page.locator("#reason").inner_text().startswith(f"∂E/∂({page.locator('#wrt option:checked').inner_text()}")
        ),
    )


def test_all_ten_digits_are_read(play: Play) -> None:
    page = play("#example=digits")
    for digit in range(10):
        page.locator("#put button").nth(digit).click()
        until(page, lambda digit=digit: f"It reads a {digit}." in page.locator("#output").inner_text())


def test_the_network_on_the_pad_is_that_of_make_digits() -> None:
    """97.5 % of the digits that its training has not seen are read right, as `make digits` says of its first seed."""
    model = nn.weights.load(ROOT / "docs" / "playground" / "digits.safetensors")
    assert repr(model) == repr(nn.MLP(64, [16, 16, 10], activation="sigmoid", output="sigmoid", seed=0))
    digits = bundled_digits(seed=0)
    read = [max(range(10), key=[ŷ.data for ŷ in model(x)].__getitem__) for x in digits.x_judge.tolist()]
    assert sum(k == y for k, y in zip(read, digits.y_judge.tolist(), strict=True)) == 351


REACH = """
import js
from pyodide.code import run_js
from pyodide.ffi import run_sync

tried = {}
def attempt(name, f):
    try:
        tried[name] = str(f())
    except BaseException as error:
        tried[name] = "refused"

attempt("origin", lambda: js.self.origin)
for name in ("document", "window", "parent", "localStorage", "cookieStore"):
    attempt(name, lambda: "there" if hasattr(js, name) else "refused")
attempt("indexedDB", lambda: js.indexedDB.open("x") and "there")
attempt("caches", lambda: js.caches.keys() and "asked")
attempt("eval", lambda: run_js("1 + 1"))
def request(address):
    made = js.XMLHttpRequest.new()
    made.open("GET", address, False)
    made.send()
    return made.status
attempt("XMLHttpRequest", lambda: request(ADDRESS))
attempt("fetch", lambda: js.fetch(ADDRESS) and "asked")
attempt("the fetch below", lambda: js.WorkerGlobalScope.prototype.fetch.call(js.self, ADDRESS) and "asked")
attempt("WebSocket", lambda: js.WebSocket.new(ADDRESS.replace("http", "ws")) and "asked")
attempt("EventSource", lambda: js.EventSource.new(ADDRESS) and "asked")
attempt("importScripts", lambda: js.importScripts(ADDRESS) if js.importScripts else 1 / 0)
attempt("worker", lambda: js.Worker.new(ADDRESS) and "asked")
import urllib.request
attempt("urllib", lambda: urllib.request.urlopen(ADDRESS).status)
print(*(f"{name}: {said}" for name, said in tried.items()), sep="\\n")
"""


def test_code_reaches_nothing_outside_of_its_worker(play: Play, server: Server) -> None:
    """No network, not even the server it came from; no page, and nothing that this origin keeps."""
    page = play(heard=False)
    server.asked.clear()
    write(page, f'ADDRESS = "{server.address}secret"\n{REACH}')
    page.wait_for_timeout(1000)
    text = page.locator("#output").inner_text()  # which may begin with complaints of what was refused
    said = dict(line.split(": ", 1) for line in text[text.index("origin: ") :].strip().splitlines())
    assert said.pop("origin") == "null"
    asked = {name for name, word in said.items() if word == "asked"}
    assert asked <= {
        "fetch",
        "the fetch below",
        "WebSocket",
        "EventSource",
        "worker",
        "caches",
    }  # these say no later, by an event
    assert {name: word for name, word in said.items() if name not in asked | {"eval"}} == {
        name: "refused" for name in said if name not in asked | {"eval"}
    }
    assert [path for path in server.asked if "secret" in path] == []


ESCAPE = """
from autograd import Value, explore
from playground import live

class Evil(live.LivePage):
    html = '''<!doctype html><meta charset="utf-8"><img src="ADDRESSsecret-img">
    <link rel="stylesheet" href="ADDRESSsecret-css">
    <iframe src="ADDRESSsecret-frame"></iframe><form action="ADDRESSsecret-form" method="get"></form>
    <script>
    window.found = {};
    const attempt = (name, f) => { try { found[name] = String(f()); } catch (error) { found[name] = "refused"; } };
    attempt("origin", () => self.origin);
    attempt("parent", () => parent.document.title);
    attempt("storage", () => localStorage.length);
    attempt("cookie", () => document.cookie);
    attempt("open", () => window.open("ADDRESSsecret-open") ?? (() => { throw 0; })());
    attempt("top", () => { top.location = "ADDRESSsecret-top"; return "gone"; });
    attempt("form", () => { document.forms[0].submit(); return "sent"; });
    fetch("ADDRESSsecret-fetch").catch(() => {});
    navigator.sendBeacon?.("ADDRESSsecret-beacon");
    new Image().src = "ADDRESSsecret-image";
    import("ADDRESSsecret-module").catch(() => {});
    try { new Worker("ADDRESSsecret-worker"); } catch {}
    setTimeout(() => { location.href = "OUTSIDEsecret-location"; }, 600);
    </script>'''

x = Value(1.0, label="x")
y = x * 2
made = explore(y)
made.__class__ = Evil
made
"""


def test_a_page_from_a_stranger_reaches_nothing_outside_of_its_frame(play: Play, server: Server) -> None:
    """The frame's own origin is none, its policy knows no address, and the page around lets it go nowhere else."""
    page = play(heard=False)
    server.asked.clear()
    outside = server.address.replace("127.0.0.1", "localhost")  # another origin
    write(page, ESCAPE.replace("ADDRESS", server.address).replace("OUTSIDE", outside))
    found = live(page, "found").evaluate("found")
    assert found.pop("origin") == "null"
    assert found.pop("form") in ("sent", "refused")  # it goes nowhere
    assert found == dict.fromkeys(found, "refused")
    page.wait_for_timeout(1200)
    assert [path for path in server.asked if "secret" in path] == []
    assert page.evaluate("location.href").startswith(server.address)


DRAWING = """
import playground.session
from autograd import Value

svg = '''<svg xmlns="http://www.w3.org/2000/svg" onload="window.stolen=1" width="100" height="100" style="position:fixed">
<script>window.stolen=1</script><style>* { display: none }</style><foreignObject><p>hello</p></foreignObject>
<a href="javascript:window.stolen=1"><text id="n0" onclick="window.stolen=1">x</text></a><image href="/secret"/>
<use href="/secret#a"/><g id="n1"><path d="M0 0L9 9" fill="url(/secret)"/></g></svg>'''
playground.session.Session.picture = lambda self, **_: {"words": "", "svg": svg}
Value(1.0)
"""  # noqa: E501


def test_a_drawing_from_a_stranger_brings_nothing_but_shapes(play: Play) -> None:
    page = play(heard=False)
    write(page, DRAWING)
    shown = page.locator("#picture svg")
    names = shown.evaluate("e => [...e.querySelectorAll('*')].flatMap(x => [x.localName, ...x.getAttributeNames()])")
    assert {"script", "style", "foreignObject", "a", "image", "use", "href", "onclick", "fill"}.isdisjoint(names)
    assert "g" in names
    assert page.evaluate("window.stolen") is None
    assert shown.get_attribute("style") is None
    assert shown.get_attribute("onload") is None


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci --prefix tests/page")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True])
def test_axe_finds_nothing(scheme: str, phone: bool, play: Play) -> None:
    page = play("#example=digits", color_scheme=scheme, **(PHONE if phone else {}))

    def look() -> None:
        found = page.evaluate("axe.run({ resultTypes: ['violations'], exclude: [['#live']] })")
        assert [(v["id"], [n["html"][:120] for n in v["nodes"]][:3]) for v in found["violations"]] == []
        assert len(found["passes"]) > 15  # it looks

    page.evaluate(AXE.read_text("utf-8"))
    look()
    write(page, "1 / 0")
    until(page, lambda: page.locator("#wrong").is_visible())
    look()


def test_all_is_reached_by_keys(play: Play) -> None:
    page = play()
    page.locator("#tab-picture").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-live"
    assert page.locator("#view-live").is_visible()
    page.keyboard.press("ArrowLeft")
    assert page.locator("#view-picture").is_visible()
    page.click(".cm-content")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.classList.contains('cm-content')")


@pytest.mark.parametrize("example", ["neuron", "digits"])
def test_a_phone_shows_it_all_without_scrolling_sideways(example: str, play: Play) -> None:
    page = play(f"#example={example}", **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    drawn = page.locator("#picture svg").bounding_box()
    assert drawn["x"] >= 0
    assert drawn["x"] + drawn["width"] <= 390
    page.click("#tab-live")
    live(page)
    assert page.locator("#live").bounding_box()["height"] > 600


def test_opened_as_a_file_it_says_what_to_do(browser: Any, server: Server) -> None:
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto((BUILT / "index.html").as_uri())
    page.wait_for_timeout(4500)
    assert "python -m http.server" in page.locator("#note").inner_text()
    assert page.locator("#note").is_visible()
    context.close()
