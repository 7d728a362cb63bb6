"""The ledger: what the suite has established, counted from the tests that passed and printed at the end.

A test says what it establishes with a mark, or records a number:

* ``@pytest.mark.formula("002", "7", "11")``: it checks equations 7 and 11 of seed 002. Every formula
  that has to be checked stands, one row each, in ``derivations/formulas.py``:
  ``FORMULAS = {("002", "7"): "∇W_ks = (ŷ − y) ŷ (1 − ŷ) h", …}``. A mark for one that does not is an error.
  The fixture ``marked_formulas`` is the set of all keys that some collected test is marked with, so a
  test can ask that none is missing.
* ``@pytest.mark.proves("tanh")``: it proves a local derivative of this primitive.
* ``record_property("graphs", [count, worst_error])`` (pytest's own fixture): so many random graphs
  agreed with the referee, the worst with this relative error.
* ``record_property("programs", [kind, count, worst_error])``: the same of compiled programs of a kind.

A formula counts as covered, and a primitive as proved, if a test marked with it ran and none failed
or was skipped. The counts travel with the test reports, so they also add up under ``pytest -n``. With ``-v``
every formula is printed with its tests.

Hypothesis draws the same examples at every run, so that what was green stays green on another machine.
"""

from __future__ import annotations

import signal
from collections import defaultdict
from collections.abc import Iterator
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import hypothesis
import pytest
from derivations.formulas import FORMULAS

from autograd.primitives import table

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a job in the background: Ctrl-C is tested, too
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # as under nohup
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# A machine may stand still at any moment: no example fails, and no test, because it took long.
_AT_ANY_SPEED: Any = {"database": None, "deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("same", derandomize=True, **_AT_ANY_SPEED)
hypothesis.settings.register_profile("new", **_AT_ANY_SPEED)
hypothesis.settings.load_profile("same")  # `--hypothesis-profile=new` looks for others, as `make fuzz` does


_NO_NUMBA = "Numba is not installed (the extra fast), so there is no native engine"
_PRIMITIVES = tuple(table)  # as they are before a test registers its own
NO_PARAMETERS = SimpleNamespace(params={})
_MARKED = pytest.StashKey[set[tuple[str, str]]]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "formula(seed, *numbers): the test checks these formulas of the seed")
    config.addinivalue_line("markers", "proves(primitive): the test proves a local derivative of the primitive")
    config.stash[_MARKED] = set()


def pytest_itemcollected(item: pytest.Item) -> None:
    for mark in item.iter_markers("formula"):
        seed, *numbers = mark.args
        for number in numbers:
            if (seed, number) not in FORMULAS:
                raise pytest.UsageError(f"{item.nodeid} checks formula {number} of seed {seed}, not in formulas.py")
            item.config.stash[_MARKED].add((seed, number))
            item.user_properties.append(("formula", [seed, number]))
    for mark in item.iter_markers("proves"):
        item.user_properties.append(("proves", mark.args[0]))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if find_spec("numba") is None:
        for item in items:
            if any(type(x) is str and x == "native" for x in getattr(item, "callspec", NO_PARAMETERS).params.values()):
                item.add_marker(pytest.mark.skip(reason=_NO_NUMBA))


@pytest.fixture(scope="session")
def marked_formulas(request: pytest.FixtureRequest) -> set[tuple[str, str]]:
    return request.config.stash[_MARKED]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    established: dict[str, dict[object, list[tuple[str, bool]]]] = defaultdict(lambda: defaultdict(list))
    graphs: list[tuple[int, float]] = []
    programs: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for report in _reports(terminalreporter):
        for kind, what in report.user_properties:
            if kind == "graphs" and report.passed:
                graphs.append(what)
            elif kind == "programs":
                programs[what[0]].append(what[1:])
            elif kind in ("formula", "proves"):
                key = tuple(what) if isinstance(what, list) else what
                established[kind][key].append((report.nodeid, report.passed))
    if not (established or graphs or programs):
        return
    write = terminalreporter.write_line
    terminalreporter.section("what is established")
    if "proves" in established:
        write(_line("primitives proved", established["proves"], _PRIMITIVES))
    if "formula" in established:
        write(_line("formulas of the seeds covered", established["formula"], FORMULAS))
        if config.get_verbosity() > 0:
            for (seed, number), says in FORMULAS.items():
                tests = established["formula"].get((seed, number), [])
                shown = ", ".join(name.partition("::")[2] + ("" if ok else " (FAILED)") for name, ok in tests)
                write(f"  {seed} ({number}) {says}: {shown or '—'}")
    if graphs:
        count, worst = sum(n for n, _ in graphs), max(error for _, error in graphs)
        write(f"random graphs that agree with mpmath: {count}, worst relative error {worst:.1e}")
    for kind, found in programs.items():
        count, worst = sum(n for n, _ in found), max(error for _, error in found)
        write(f"random {kind} compiled that agree with the eager engine: {count}, worst relative error {worst:.1e}")


def _reports(terminalreporter: pytest.TerminalReporter) -> Iterator[pytest.TestReport]:
    """The report of each test: that of its call, or of whatever kept it from being called."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport) and (report.when == "call" or not report.passed):
                yield report


def _line(what: str, results: dict[object, list[tuple[str, bool]]], wanted: object) -> str:
    names = list(wanted)  # type: ignore[call-overload]
    missing = [key for key in names if not results.get(key) or not all(ok for _, ok in results[key])]
    shown = ", ".join(key if isinstance(key, str) else f"{key[0]} ({key[1]})" for key in missing[:10])
    shown += ", …" * (len(missing) > 10)
    return f"{what}: {len(names) - len(missing)} of {len(names)}" + (f"; not: {shown}" if missing else "")
