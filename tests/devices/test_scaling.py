"""The cost model of `benchmarks.scaling`: what it counts, counted otherwise; its fit, of data that were made."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import autograd
import nn
from benchmarks import scaling
from benchmarks.scaling import TERMS, Setting, fit, predicted, put_into, ring, terms

ROOT = Path(scaling.__file__).parents[1]
PAGE = ROOT / "docs" / "how-far-it-goes.md"
MADE = [1e-3, 2e-4, 1e-11, 3e-9, 1e-8, 5e-10, 4e-4, 2e-9]  # a coefficient a term, as a machine might have them
SETTINGS = [
    Setting(sizes, batch, devices, processes)
    for sizes in ((784, 16, 16, 10), (784, 128, 128, 10), (784, 1024, 1024, 10))
    for batch in (32, 256, 4096)
    for devices, processes in ((1, 1), (2, 1), (8, 1), (1, 2), (1, 8))
]


def test_the_fit_finds_the_coefficients_that_data_were_made_of() -> None:
    """Without noise, to where the sum of the squares of the logarithms is rounding: the root of 1e-16."""
    rows = [terms(TERMS, s) for s in SETTINGS]
    found = fit(rows, [predicted(MADE, row) for row in rows])
    assert np.allclose(found, MADE, rtol=1e-6)


def test_with_noise_its_predictions_are_as_good_as_the_data() -> None:
    """5 % of noise, 45 settings, 8 coefficients: predictions are off by some 5 % · √(8/45); five times are allowed."""
    choose = np.random.default_rng(0)
    rows = [terms(TERMS, s) for s in SETTINGS]
    measured = [predicted(MADE, row) * choose.normal(1, 0.05) for row in rows]
    found = fit(rows, measured)
    for s in (Setting((784, 1024, 1024, 10), 512, 4), Setting((784, 16, 16, 10), 1024, 2, 4)):
        row = terms(TERMS, s)
        assert predicted(found, row) == pytest.approx(predicted(MADE, row), rel=0.1)


def test_no_coefficient_is_below_0_whatever_is_measured() -> None:
    choose = np.random.default_rng(0)
    rows = [terms(TERMS, s) for s in SETTINGS]
    assert min(fit(rows, choose.uniform(1, 2, len(rows)).tolist())) >= 0


def test_the_flops_of_a_step_are_those_that_xla_counts() -> None:
    """XLA counts additions and functions as well: a few for each neuron, beside hundreds of products."""
    sizes, batch = (100, 80, 60, 40), 64
    model = nn.MLP(sizes[0], list(sizes[1:]), activation="tanh", seed=0)
    X, Y = np.zeros((batch, sizes[0])), np.zeros((batch, sizes[-1]))
    program = autograd.compile(lambda x, y: nn.half_squared_error(model(x), y), example=(X[0], Y[0]), engine="numpy")
    f = program.to_jax()
    step = jax.jit(jax.value_and_grad(lambda v: f(v, X, Y).mean()))
    analysis: Any = step.lower(program.vector).compile().cost_analysis()
    setting = Setting(sizes, batch)
    assert setting.parameters == len(program.vector)
    assert analysis["flops"] == pytest.approx(setting.flops, rel=0.05)


@pytest.mark.parametrize("processes", [1, 2, 3, 8])
def test_a_ring_sends_what_the_model_says(processes: int) -> None:
    """Played through: each hands a piece to the next, N − 1 times to add and N − 1 times to spread the sums."""
    pieces = np.random.default_rng(0).normal(size=(processes, processes, 5))  # of each process
    held, sent = pieces.copy(), 0
    for kind in ("add", "spread"):
        for turn in range(processes - 1):
            before = held.copy()
            for p in range(processes):
                piece = (p - turn + (kind == "spread")) % processes
                held[(p + 1) % processes, piece] = before[p, piece] + (kind == "add") * held[(p + 1) % processes, piece]
                sent += before[p, piece].nbytes
    assert np.allclose(held, pieces.sum(axis=0), rtol=1e-13)
    assert sent / processes == pytest.approx(ring(pieces[0].nbytes, processes))


def test_it_runs_and_puts_its_table_between_the_marks_of_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{scaling.BEGIN}\nold\n{scaling.END}\nafter\n", "utf-8")
    command = [sys.executable, "-m", "benchmarks.scaling", "--tiny", "--write", str(page)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    text = page.read_text("utf-8")
    assert text.startswith(f"before\n{scaling.BEGIN}\n```text\n")
    assert text.endswith(f"```\n{scaling.END}\nafter\n")
    assert said.strip() in text
    assert "old" not in text
    assert {"M1", "M6", "H1", "C17", "P3", "S4"} <= _named(text)
    with pytest.raises(ValueError, match="the page has no <!-- python"):
        put_into("a page without marks", [])


def _named(text: str) -> set[str]:
    """The names of the lines of a table."""
    return set(re.findall(r"^([MEHCPS]\d+) ", text, re.MULTILINE))


def test_the_page_cites_lines_that_are_there_and_repeats_no_number_of_them() -> None:
    before, _, rest = PAGE.read_text("utf-8").partition(scaling.BEGIN)
    inside, _, after = rest.partition(scaling.END)
    cited = set(re.findall(r"\b([MEHCPS]\d+)\b", before + after))
    assert cited
    assert cited <= _named(inside)
    names = list(scaling.TERMS | scaling.HOST | scaling.READING | scaling.TRACING | scaling.XLA | scaling.MEMORY)
    assert [name for name in names if name not in inside] == []
    measured = {
        number for line in inside.splitlines() if line[:1] in "MHCPS" for number in re.findall(r"\d+\.\d+", line)
    }
    assert not measured & set(re.findall(r"\d+\.\d+", before + after))
