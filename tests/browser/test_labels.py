"""Whatever a label is, a browser takes it for text: in the page, in the drawing, in the derivation, in a notebook.

Each output is opened in a real browser once for each label. Nothing of it may run, ask for anything, complain, or be
another element than is there with the label "x"; and the page has to work with it.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import autograd
from autograd import Value, draw, explain, explore, sin

RUN = "parent.postMessage('ran', '*'); window.ran = 1; alert(1)"
"""What a label would do, if it could."""

LABELS = [
    # elements, and the ends of those that a label stands in
    f"<script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"</title><script>{RUN}</script>",
    f"</style><script>{RUN}</script>",
    f"</text></g></svg><script>{RUN}</script>",
    f"<svg onload={RUN!r}>",
    f'<img src=x onerror="{RUN}">',
    f'<iframe srcdoc="<script>{RUN}</script>">',
    f'<a href="javascript:{RUN}">x</a>',
    f'<math href="javascript:{RUN}"><mi>x</mi></math>',
    f"</mi></math><script>{RUN}</script>",
    f"<![CDATA[<script>{RUN}</script>]]>",
    f"]]><script>{RUN}</script>",
    f"--><script>{RUN}</script><!--",
    "<!-- x",
    "<base href='https://example.invalid/'>",
    "<meta http-equiv=refresh content='0;url=https://example.invalid/'>",
    "<form action=https://example.invalid/><input name=x autofocus>",
    "<style>*{background:url(https://example.invalid/)}</style>",
    "<link rel=stylesheet href=https://example.invalid/>",
    "<b>bold</b>",
    # attributes
    f'" onmouseover="{RUN}" autofocus onfocus="{RUN}',
    f"' onmouseover='{RUN}' x='",
    "`onclick=1`",
    "\"quotes\" 'and' `more`",
    # references and escapes
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;img src=x&#62; &amp &quot;",
    "\\u003cscript\\u003e \\x3c \\",
    "${alert(1)} {{data}} {{script}}",
    "{digest} %s %(x)s {0}",
    "\\N \\G \\E \\n \\l",
    "url(#x) url('https://example.invalid/')",
    # LaTeX and Markdown
    r"\href{javascript:alert(1)}{x}",
    r"\input{/etc/passwd} $$ \) \end{aligned}",
    "[x](javascript:alert(1)) ![x](https://example.invalid/x.png)",
    "w_1^2 ~ # %",
    # characters
    "line\nbreak\ttab\rreturn",
    "\u2028line\u2029paragraph",
    "right \u202e left \u2066 isolate",
    "nothing \u200b\u200d\ufeff wide \u3000",
    "\x00\x01\x07\x1b\x7f\x85",
    "\ud800 alone",
    "\uffff \ufffe \U000e0041",
    "a\u0300\u0301\u0302\u0303\u0304\u0305" * 5,
    "日本語の重み 变量 ∂ŷ 👩‍👩‍👧",
    "long " * 400,
    "   ",
]


def example(label: str) -> tuple[Value, Value]:
    x = Value(0.5, label=label)
    y = sin(x * x + x)
    y.label = f"{label}'"
    y.backward()
    return y, x


def notebook(of: Any) -> str:
    """What a trusted notebook puts into its page: the richest of the forms that the object offers."""
    bundle = of._repr_mimebundle_()
    bundle = bundle[0] if isinstance(bundle, tuple) else bundle  # beside it, how large the picture is
    return str(bundle.get("text/html") or bundle["image/svg+xml"])


def program(y: Value, x: Value) -> str:
    w = Value(0.5, label=x.label)
    made = autograd.compile(lambda v: sin(w * v) * w, example=1.0)
    return f"<pre>{html.escape(str(made))}</pre><p>{html.escape(made._repr_latex_())}</p>"


OUTPUTS: dict[str, Callable[[Value, Value], str | bytes]] = {
    "page.html": lambda y, x: explore(y, title=x.label, history=[(x.label, {x: 0.25})]).html,
    "drawing.svg": lambda y, x: draw(y).pipe("svg"),
    "drawing of paths.svg": lambda y, x: draw(y, wrt=x).pipe("svg"),
    "drawing of a model.svg": lambda y, x: draw(y, model={x.label: x}).pipe("svg"),
    "drawing in a notebook.html": lambda y, x: notebook(draw(y)),
    "page in a notebook.html": lambda y, x: notebook(explore(y)),
    "derivation.html": lambda y, x: explain(y, wrt=x).to_mathml(),
    "program.html": program,
}
"""For each output what a label comes to."""

WORDS = {f"{name} " for name in ("text", "tspan", "mrow", "mi", "mo", "mn", "mtext", "msub", "msup", "mover")}
"""Elements of which a longer label may take more: words and lines."""

COUNT = """() => {
    const found = {};
    for (const element of document.querySelectorAll("*")) {
        const events = element.getAttributeNames().filter(name => name.startsWith("on")).join(" ");
        const key = `${element.localName} ${events}`;
        found[key] = (found[key] ?? 0) + 1;
    }
    return found;
}"""
"""The elements that are there, with the handlers of events that stand in them."""


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Callable[[str, str | bytes], Any]]:
    """Open a file; nothing may have been run, asked for or complained of."""
    context = browser.new_context(offline=True, viewport={"width": 1200, "height": 700})
    page = context.new_page()
    complaints: list[str] = []
    page.on("dialog", lambda dialog: (complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else complaints.append(r.url))
    page.add_init_script("window.addEventListener('message', event => { if (event.data === 'ran') window.ran = 1; })")

    def opened(name: str, content: str | bytes) -> Any:
        path = tmp_path / name
        if isinstance(content, str):
            charset = "" if content.startswith("<!doctype") else "<!doctype html><meta charset=utf-8>"
            content = (charset + content).encode()
        path.write_bytes(content)
        page.goto(path.as_uri())
        assert page.evaluate("() => window.ran") is None
        assert complaints == []
        return page

    yield opened
    context.close()


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_browser_takes_any_label_for_text(output: str, opened: Callable[[str, str | bytes], Any]) -> None:
    make = OUTPUTS[output]
    page = opened(output, make(*example("x")))
    ordinary = page.evaluate(COUNT)
    assert sum(ordinary.values()) > 3
    for label in LABELS:
        page = opened(output, make(*example(label)))
        found = page.evaluate(COUNT)
        others = {key for key in found.keys() | ordinary.keys() if found.get(key) != ordinary.get(key)} - WORDS
        assert not others, f"{label!r}: { ({key: (ordinary.get(key), found.get(key)) for key in others}) }"


def test_the_page_works_whatever_the_labels_are(opened: Callable[[str, str | bytes], Any]) -> None:
    for label in LABELS:
        y, x = example(label)
        page = opened("page.html", explore(y).html)
        for key in ("Home", "ArrowRight", "ArrowRight", "End"):
            page.keyboard.press(key)
        for v in range(len(explore(y).tape["op"])):
            page.evaluate("v => { explorer.select(v); explorer.wholeDerivation(v); }", v)
        assert page.evaluate("() => window.ran") is None
        shown = page.evaluate("() => explorer.grad[0]")
        assert shown == pytest.approx(x.grad, rel=1e-12), label
