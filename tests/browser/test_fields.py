"""What is typed into any field stays there, key by key, and Tab leaves every control: as a person meets them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_use import worked_example

import autograd.viz.page

Show = Callable[..., Any]

FIELDS = "input:not([type=range], [type=checkbox])"


def visible(page: Any, what: str) -> list[Any]:
    return [place for place in page.locator(what).all() if place.is_visible()]


def states() -> dict[str, Callable[[Any], None]]:
    """What to do so that the page shows all its fields, some at a time."""

    def chosen(page: Any) -> None:
        page.evaluate("explorer.select(explorer.names.indexOf('w5'))")

    def asked(page: Any) -> None:
        page.click("#practise")
        page.evaluate("explorer.select(explorer.names.indexOf('w5'))")

    return {"opened": lambda page: None, "a leaf chosen": chosen, "practice": asked}


@pytest.mark.parametrize("state", states())
def test_every_field_takes_what_is_typed_and_tab_leaves_it(state: str, show: Show) -> None:
    page = show(worked_example())
    states()[state](page)
    count = len(visible(page, FIELDS))
    assert count
    for k in range(count):
        field = visible(page, FIELDS)[k]
        name = field.get_attribute("aria-label") or field.get_attribute("id")
        typed = "w5" if field.get_attribute("type") == "search" else "0.25"
        field.click()
        page.keyboard.press("Control+a")
        page.keyboard.type(typed)
        assert field.input_value() == typed, name
        assert field.get_attribute("aria-invalid") in (None, "false"), name
        page.keyboard.press("Backspace")
        assert field.input_value() == typed[:-1], name
        if field.get_attribute("type") == "search":  # it filters what is listed
            page.keyboard.press("Control+a")
            page.keyboard.press("Delete")
        page.keyboard.press("Tab")
        assert not field.evaluate("f => f === document.activeElement"), name


def test_the_learning_rate_that_is_typed_is_the_one_of_the_step(show: Show) -> None:
    page = show(worked_example())
    page.click("#rate")
    page.keyboard.press("Control+a")
    page.keyboard.type("0,5")  # a comma is understood
    page.keyboard.press("Enter")
    w5 = page.evaluate("explorer.engine.value[explorer.names.indexOf('w5')]")
    assert w5 == pytest.approx(0.4 - 0.5 * 0.08216704056423077, rel=1e-12)
    page.keyboard.type("x")
    page.keyboard.press("Enter")
    assert page.locator("#rate").get_attribute("aria-invalid") == "true"


def test_tab_goes_through_the_whole_page_and_around(show: Show) -> None:
    page = show(worked_example())
    met = []
    for _ in range(200):
        page.keyboard.press("Tab")
        met.append(page.evaluate("document.activeElement.outerHTML.slice(0, 120)"))
        if len(met) > 3 and met[-1] == met[0]:
            break
    assert met[-1] == met[0], "Tab never came back to where it began"
    assert any('id="rate"' in control for control in met)
    assert any('data-leaf="0"' in control for control in met)


def test_no_handler_is_an_attribute_whose_answer_would_mean_something() -> None:
    """`x.onkeydown = (event) => event.key === "Enter" && …` answers false for other keys, and they are swallowed."""
    modules = Path(autograd.viz.page.__file__).parent.rglob("*.js")
    found = [
        (file.name, line) for file in modules for line in re.findall(r".*\.on[a-z]+ = .*", file.read_text("utf-8"))
    ]
    assert [(name, line.strip()) for name, line in found if "image.onload" not in line] == []


@pytest.mark.parametrize("typed", ["1/3", "abc", "", "-", "1e", "2 3", "0,1,2"])
def test_what_is_no_number_changes_nothing_and_the_field_shows_what_is_in_force(typed: str, show: Show) -> None:
    """Also where it begins as one: of 1/3 the 1 is not left behind."""
    page = show(worked_example())
    begun = page.evaluate("Array.from(explorer.engine.value)")
    field = page.locator("[aria-label='Value of w5']").first
    field.click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.type(typed)
    assert field.get_attribute("aria-invalid") == "true"
    assert page.evaluate("Array.from(explorer.engine.value)") == begun
    page.keyboard.press("Tab")
    assert (field.input_value(), field.get_attribute("aria-invalid")) == ("0.4", "false")
    assert page.evaluate("Array.from(explorer.engine.value)") == begun


@pytest.mark.parametrize("typed", ["abc", "inf", "1e999", "NaN", ""])
def test_a_learning_rate_is_a_number_or_no_step_is_made_and_the_page_says_so(typed: str, show: Show) -> None:
    page = show(worked_example())
    begun = page.evaluate("Array.from(explorer.engine.value)")
    page.click("#rate")
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.type(typed)
    for button in ("#descend", "#run"):
        page.click(button)
        assert page.locator("#rate").get_attribute("aria-invalid") == "true"
        assert page.locator("#caption").inner_text() == "η is a number, such as 0.1"
    assert page.evaluate("Array.from(explorer.engine.value)") == begun
    page.click("#reset")
    rate = page.locator("#rate")
    assert (rate.input_value(), rate.get_attribute("aria-invalid")) == ("0.1", "false")


@pytest.mark.parametrize("rate", ["abc", "inf", "NaN", "1e999", "%00"])
def test_a_link_cannot_bring_a_learning_rate_that_is_none(rate: str, show: Show) -> None:
    page = show(worked_example())
    page.evaluate("rate => { window.location.hash = `rate=${rate}`; }", rate)
    page.wait_for_timeout(50)
    assert page.locator("#rate").input_value() == "0.1"
