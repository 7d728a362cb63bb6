"""A number is printed in one way: by the page as by the pictures."""

from __future__ import annotations

import math
import random
import re
from pathlib import Path
from typing import Any

import pytest

import autograd
from autograd import Value, sin
from autograd.formulas.numbers import brief

NUMERALS = Path(autograd.__file__).parent / "viz" / "page" / "base" / "numerals.js"


def test_page_and_pictures_print_numbers_alike(browser: Any) -> None:
    choose = random.Random(0)
    edges = [0.0, 1.0, -1.0, 1e-3, 9.999e-4, 99999.0, 1e5, 1e300, 5e-324, 0.25, 1234.0, math.inf, -math.inf, math.nan]
    numbers = edges + [choose.choice([-1, 1]) * 10 ** choose.uniform(-9, 9) for _ in range(2000)]
    page = browser.new_page()
    source = NUMERALS.read_text(encoding="utf-8").replace("export ", "")
    write = f"(numbers) => {{ {source}; return numbers.map(Number).map((x) => [short(x), signed(x)]); }}"
    written = page.evaluate(write, [repr(x).replace("inf", "Infinity").replace("nan", "NaN") for x in numbers])
    page.close()
    assert written == [[brief(x), brief(x, sign=True)] for x in numbers]


READ = """(root) => {
  const read = (node) => node.nodeType === 3 ? node.textContent
    : node.localName === "msup" ? `${read(node.children[0])}**(${read(node.children[1])})`
    : [...node.childNodes].map(read).join("");
  return read(root).replaceAll("·", "*").replaceAll("\u2212", "-").replaceAll("\u2061", "");
}"""


@pytest.mark.parametrize("x", [8.911e-4, -8.911e-4, 1e-5, 8.911e-12, -2e-300, 2.3e7, -4.5e200, 0.25, -3.0])
def test_a_number_in_a_formula_of_the_page_is_that_number(x: float, show: Any) -> None:
    """What stands in the explanation of k is read as arithmetic: ∂y/∂k = x, with its sign and that of its exponent."""
    k, given = Value(3.0, label="k"), Value(x, label="x")
    y = given * k
    y.label = "y"
    page = show(y)
    page.evaluate("explorer.select(explorer.names.indexOf('k'))")
    said = [
        read.partition("=")[2:] and read for read in page.locator("#panel math").evaluate_all(f"all => all.map({READ})")
    ]
    numbers = [part for read in said for part in read.split("=") if re.fullmatch(r"[-+*().\d]+", part)]
    written = [part for part in numbers if "10" in part or part.strip("-+.()").replace(".", "").isdigit()]
    assert any(math.isclose(value(part), x, rel_tol=1e-3) for part in written), said
    assert all(math.isclose(abs(value(part)), abs(x), rel_tol=1e-3) for part in written if "10**" in part), said


def value(arithmetic: str) -> float:
    """a, −a, or a · 10^b."""
    mantissa, _, exponent = arithmetic.partition("*10**")
    return float(mantissa.strip("()")) * 10.0 ** int(exponent.strip("()") or 0)


def test_parentheses_are_not_doubled(show: Any) -> None:
    page = show(sin(Value(-1.067e-9, label="x")))
    page.evaluate("explorer.select(1)")
    assert not [read for read in page.locator("#panel math").evaluate_all(f"all => all.map({READ})") if "((" in read]
