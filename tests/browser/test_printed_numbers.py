"""A number is printed in one way: by the page as by the pictures."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import autograd
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
