"""The page's end of the conversation with Python, in Chromium: a notebook and its kernel are feigned around it.

`answer` is Python's side in ten lines of JavaScript; the real one is tested in `test_widget.py` and, with both ends
together, in `test_jupyterlab.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import autograd.viz.page
import nn
from autograd import Value, explore

Show = Callable[..., Any]

NOTEBOOK = (Path(autograd.viz.page.__file__).parent / "notebook.mjs").read_text("utf-8")

HOST = """<!doctype html><html {html}><meta charset="utf-8"><title>notebook</title><body {body}>
<div id="one"></div><div id="two"></div>
<script type="module">
{notebook}
window.python = {{ leaves: {leaves}, selected: -1, heard: [], answering: true, refusing: false }};
const listeners = new Set();
const coded = (x) => btoa(String.fromCharCode(...new Uint8Array(Float64Array.from(x).buffer)));
const values = {{ _frame_of_page: {frame}, _name: "a" }};
const tell = (seen = "", word = "", frame = "") => {{
  values._state = {{ leaves: coded(python.leaves), selected: python.selected, seen, word, frame }};
  for (const listener of listeners) listener();
}};
function answer() {{
  for (const said of python.heard.filter((s) => !s.answered)) {{
    if (!python.refusing) for (const [v, x] of said.leaves) python.leaves[v] = x;
    python.selected = said.selected;
    said.answered = true;
    tell(said.n, python.refusing ? "Python keeps its numbers" : "");
  }}
}}
Object.assign(python, {{ tell, answer }});
const model = (window.model = {{
  get: (name) => values[name],
  on: (name, f) => listeners.add(f),
  off: (name, f) => listeners.delete(f),
  send: (said) => {{ python.heard.push(said); if (python.answering) setTimeout(answer); }},
}});
tell();
window.render = (id) => render({{ model, el: document.getElementById(id) }});
window.leave = window.render("one");
</script>"""


def product() -> Value:
    x, w = Value(2.0, label="x"), Value(3.0, label="w")
    y = x * w
    y.label = "y"
    return y


@pytest.fixture
def host(show: Show, tmp_path: Path) -> Callable[..., Any]:
    def host(value: Value | None = None, html: str = "", body: str = "", **settings: Any) -> Any:
        made = explore(product() if value is None else value, **settings)
        leaves = [x for x, op in zip(made.tape["data"], made.tape["op"], strict=True) if op < 0]
        frame = json.dumps(made._framed()).replace("<", "\\u003c")
        path = tmp_path / "notebook.html"
        path.write_text(HOST.format(html=html, body=body, notebook=NOTEBOOK, leaves=leaves, frame=frame), "utf-8")
        page = show(None, path=path)
        page.frame_locator("#one iframe").locator("#loss").wait_for()
        page.wait_for_timeout(100)
        return page

    return host


def inside(page: Any, which: str = "one") -> Any:
    return page.frame_locator(f"#{which} iframe")


def type_into(page: Any, label: str, text: str) -> None:
    inside(page).get_by_label(label).click()
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def loss(page: Any, text: str, which: str = "one") -> None:
    inside(page, which).locator("#loss", has_text=text).wait_for()


def heard(page: Any) -> list[Any]:
    return [said["leaves"] for said in page.evaluate("python.heard")]


def test_an_opened_page_says_nothing_until_something_changes(host: Any) -> None:
    page = host()
    assert heard(page) == []
    inside(page).locator("#on").click()
    inside(page).locator("#fit").click()
    page.wait_for_timeout(200)
    assert heard(page) == []


def test_while_python_is_busy_changes_wait_and_are_said_as_one(host: Any) -> None:
    page = host()
    page.evaluate("python.answering = false")
    type_into(page, "Value of x", "1.25")
    type_into(page, "Value of w", "4")
    loss(page, "y = 5")
    assert heard(page) == [[[0, 1]]], "the first key, and no more until it is answered"
    page.evaluate("python.answering = true; python.answer()")
    page.wait_for_function("() => python.heard.length === 2")
    assert heard(page)[1] == [[0, 1.25], [1, 4]]
    assert page.evaluate("python.leaves") == [1.25, 4]
    loss(page, "y = 5")


def test_what_python_says_meanwhile_moves_only_what_the_page_did_not(host: Any) -> None:
    page = host()
    page.evaluate("python.answering = false")
    type_into(page, "Value of x", "5")
    loss(page, "y = 15")
    page.evaluate("python.leaves = [2, 10]; python.tell()")  # a training loop goes on with the x that it knows
    loss(page, "y = 50")
    page.evaluate("python.answering = true; python.answer()")
    page.wait_for_timeout(100)
    loss(page, "y = 50")
    assert page.evaluate("python.leaves") == [5, 10]


def test_what_python_refuses_is_as_it_was_and_the_page_says_so(host: Any) -> None:
    page = host()
    page.evaluate("python.refusing = true")
    type_into(page, "Value of x", "7")
    inside(page).locator("#caption", has_text="Python keeps its numbers").wait_for()
    loss(page, "y = 6")
    field = inside(page).get_by_label("Value of x")
    assert (field.input_value(), field.get_attribute("aria-invalid")) == ("7", "true"), "what is typed stays"
    page.keyboard.press("Tab")
    page.evaluate("python.refusing = false")
    type_into(page, "Value of x", "8")
    loss(page, "y = 24")
    assert field.get_attribute("aria-invalid") == "false"


def test_a_field_that_was_typed_into_shows_what_python_says_later(host: Any) -> None:
    page = host()
    type_into(page, "Value of x", "7")
    loss(page, "y = 21")
    page.locator("body").click(position={"x": 2, "y": 2})
    page.evaluate("document.activeElement.blur(); python.leaves = [9, 3]; python.tell()")
    loss(page, "y = 27")
    assert inside(page).get_by_label("Value of x").input_value() == "9"


def test_undo_and_descent_on_the_page_are_told(host: Any) -> None:
    page = host()
    inside(page).locator("#descend").click()  # x − 0.1 · w and w − 0.1 · x
    page.wait_for_function("() => python.heard.length === 1")
    assert page.evaluate("python.leaves") == pytest.approx([1.7, 2.8])
    inside(page).locator("#undo").click()
    page.wait_for_function("() => python.leaves[0] === 2 && python.leaves[1] === 3")
    page.evaluate("python.leaves = [4, 5]; python.tell()")
    loss(page, "y = 20")
    inside(page).locator("#undo").click()  # what Python did, too
    page.wait_for_function("() => python.leaves[0] === 2 && python.leaves[1] === 3")


def test_a_film_that_is_only_watched_changes_nothing_in_python(host: Any) -> None:
    y = product()
    x = y.parents[0]
    page = host(y, history=[(f"epoch {k}", {x: float(k)}) for k in range(3)])
    loss(page, "y = 6")
    inside(page).locator("#back").click()
    loss(page, "y = 3")
    page.wait_for_timeout(200)
    assert heard(page) == []
    type_into(page, "Value of w", "5")  # what is changed by hand takes the frame along
    page.wait_for_function("() => python.leaves[1] === 5")
    assert page.evaluate("python.leaves") == [1, 5]


def test_a_frame_of_a_training_in_python_is_a_frame_of_the_film(host: Any) -> None:
    page = host()
    for k in (1, 2, 3):
        page.evaluate(f"python.leaves = [2 - {k} / 2, 3]; python.tell('', '', 'epoch {k}')")
    inside(page).locator("#film", has_text="epoch 3").wait_for()
    assert inside(page).locator("#film polyline").get_attribute("points").count(" ") == 3
    assert heard(page) == []


def test_two_views_of_a_widget_show_the_same_and_a_new_one_what_is_now(host: Any) -> None:
    page = host()
    type_into(page, "Value of x", "4")
    loss(page, "y = 12")
    page.evaluate("void render('two')")
    loss(page, "y = 12", "two")
    inside(page).locator(".node", has_text="w").first.click()
    inside(page, "two").locator("#panel h2", has_text="w").wait_for()
    type_into(page, "Value of w", "1")
    loss(page, "y = 4", "two")


def test_a_view_that_is_taken_away_says_and_hears_no_more(host: Any) -> None:
    page = host()
    page.evaluate("leave(); python.leaves = [9, 9]; python.tell()")
    inside(page).locator("#on").click()
    page.wait_for_timeout(100)
    loss(page, "y = 6")


@pytest.mark.parametrize("data", ["'autograd'", "{ state: { leaves: '' } }", "null", "7"])
def test_a_page_listens_to_no_stranger(data: str, host: Any, show: Show, tmp_path: Path) -> None:
    """What comes without a port, from the page itself or from another frame is nobody's word."""
    page = host()
    page.evaluate(f"document.querySelector('iframe').contentWindow.postMessage({data}, '*')")
    page.frames[1].evaluate(f"window.postMessage({data}, '*', [new MessageChannel().port1])")
    type_into(page, "Value of x", "5")
    page.wait_for_function("() => python.leaves[0] === 5")


@pytest.mark.parametrize(
    ("html", "body", "dark"),
    [
        ("", 'data-jp-theme-light="false"', True),
        ("", 'data-jp-theme-light="true"', False),
        ("", 'class="vscode-dark"', True),
        ("", 'class="vscode-high-contrast"', True),
        ("", 'class="vscode-light"', False),
        ('theme="dark"', "", True),  # Colab
        ("", 'class="dark dark-theme"', True),  # marimo
        ("", "", False),  # the system's
    ],
)
def test_the_page_is_as_dark_as_the_notebook(html: str, body: str, dark: bool, host: Any) -> None:
    page = host(html=html, body=body)
    inside(page).locator("#theme", has_text="Light" if dark else "Dark").wait_for()
    page.evaluate(f"document.body.dataset.jpThemeLight = '{str(dark).lower()}'")
    inside(page).locator("#theme", has_text="Dark" if dark else "Light").wait_for()


def test_a_page_without_a_notebook_around_it_is_as_before(show: Show) -> None:
    page = show(product())
    page.evaluate("explorer.change(0, 5)")
    assert page.locator("#loss").text_content() == "y = 15"


def test_a_plain_number_is_changed_on_the_page_alone_which_says_so(host: Any) -> None:
    """Python has no node for it, so nothing there could follow."""
    w, b = Value(3.0, label="w"), Value(1.0, label="b")
    page = host(nn.squared_error([w * 2.0 + b], [5.0]))
    said = inside(page).locator("#caption")
    loss(page, "= 4")
    type_into(page, "Value of y", "6")
    said.filter(has_text="Python keeps its own").wait_for()
    loss(page, "= 1")
    page.wait_for_timeout(100)
    assert page.evaluate("python.heard.filter((said) => said.leaves.length)") == []
    assert page.evaluate("python.leaves") == [3, 1]


def test_where_the_kernel_is_gone_the_page_says_so_and_goes_on(host: Any) -> None:
    """As after a restart: what the widget sends is refused by the notebook."""
    page = host()
    page.evaluate("() => { model.send = () => { throw new Error('Cannot send'); }; }")
    type_into(page, "Value of x", "7")
    loss(page, "y = 21")
    inside(page).locator("#caption", has_text="run it again").wait_for()
    type_into(page, "Value of w", "2")
    loss(page, "y = 14")
