"""Run some tests in a copy of the repository, in a process of their own that the caller forks and may kill.

The caller has imported pytest and the large libraries, but nothing of the project: a fork then starts in a
hundredth of the time that a new interpreter needs, and still imports the (broken) project afresh.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

MEMORY = 6 << 30
"""Bytes of address space: a loop that appends without end then fails instead of taking the machine along."""

LONG = 20.0
"""Seconds after which a test, traced, is given up: it would not be tried on a mutant."""

_OPTIONS = ["-x", "-q", "--no-header", "--no-summary", "--tb=line", "-p", "no:cacheprovider", "--import-mode=prepend"]


def prepare() -> None:
    """Import once what every test would import, and settle what must be settled before that."""
    os.environ.update(
        PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
        OPENBLAS_NUM_THREADS="1",
        OMP_NUM_THREADS="1",
        COVERAGE_CORE="ctrace",  # the one that knows which test runs
        AUTOGRAD_GRAPHS="200",  # random graphs: a broken rule shows in the first few
        AUTOGRAD_PROGRAMS="20",
        AUTOGRAD_PRINTED="0",  # the named ones alone
    )
    for library in (
        "numpy",
        "sympy",
        "mpmath",
        "hypothesis",
        "coverage",
        "doctest",
        "unittest.mock",
        "_pytest.doctest",
    ):
        with suppress(ImportError):
            importlib.import_module(library)
    with suppress(ImportError):
        import hypothesis

        # The same examples every time.
        hypothesis.settings.register_profile("mutants", derandomize=True, database=None, deadline=None)
        hypothesis.settings.load_profile("mutants")
    gc.collect()
    gc.freeze()  # a collection in a fork would copy every page


def collect(place: Path, paths: Sequence[str]) -> dict[str, Any]:
    """{"files": the files with tests among the paths}."""

    class Files:
        def pytest_collection_finish(self, session: pytest.Session) -> None:
            outcome["files"] = list(dict.fromkeys(item.nodeid.partition("::")[0] for item in session.items))

    outcome: dict[str, Any] = {"files": []}
    outcome["exit"] = int(pytest.main([*_OPTIONS, "--collect-only", *paths], plugins=[Files()]))
    return outcome


def trace(place: Path, file: str, modules: Sequence[str]) -> dict[str, Any]:
    """Run a file of tests: what it executes, and when.

    Returns:
        {"tests": {id: [seconds, {module: [lines]}]}, "failed": [ids], "begin": the seconds before the first test}.
    """
    import coverage

    measured = coverage.Coverage(data_file=None, include=[str(place / m) for m in modules], config_file=False)
    outcome: dict[str, Any] = {"tests": {}, "failed": []}
    start = time.process_time()

    class Watch:
        def pytest_collection_finish(self) -> None:
            outcome["begin"] = time.process_time() - start

        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
            measured.switch_context(item.nodeid)
            begun = time.perf_counter()
            limit(LONG)
            yield
            limit(0)
            outcome["tests"][item.nodeid] = [round(time.perf_counter() - begun, 4), {}]
            measured.switch_context("")

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                outcome["failed"].append(report.nodeid)

    measured.start()
    options = [option for option in _OPTIONS if option != "-x"]
    outcome["exit"] = int(pytest.main([*options, file], plugins=[Watch()]))
    measured.stop()
    data = measured.get_data()
    for module in modules:
        for line, tests in data.contexts_by_lineno(str(place / module)).items():
            for test in tests:
                if test:  # else an import
                    outcome["tests"][test][1].setdefault(module, []).append(line)
    return outcome


def limit(seconds: float) -> None:
    """Let the test that runs fail after so many seconds of this process alone (others may be busy); 0: let it be."""

    def too_long(_: int, frame: FrameType | None) -> None:
        if frame is not None and "coverage" in frame.f_code.co_filename:  # it may hold a lock: a little later
            signal.setitimer(signal.ITIMER_PROF, 0.01)
        else:
            pytest.fail("it takes too long", pytrace=False)

    signal.signal(signal.SIGPROF, too_long)
    signal.setitimer(signal.ITIMER_PROF, seconds)


def attempt(place: Path, tests: dict[str, float]) -> dict[str, Any]:
    """Run these tests (id: how long it may take), in their order, up to the first that fails: {"exit", "killer"}."""
    outcome: dict[str, Any] = {"killer": ""}

    class Chosen:
        @pytest.hookimpl(trylast=True)
        def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
            found = {item.nodeid: item for item in items}
            items[:] = [found[test] for test in tests if test in found]

        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
            limit(tests[item.nodeid])
            yield
            limit(0)

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                outcome["killer"] = report.nodeid

    sys.dont_write_bytecode = True
    files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
    outcome["exit"] = int(pytest.main([*_OPTIONS, *files], plugins=[Chosen()]))
    return outcome


def forked(place: Path, run: Callable[..., dict[str, Any]], *arguments: Any, seconds: float = 3600) -> dict[str, Any]:
    """What run(place, *arguments) gives, computed in a fork that works in `place`; {"exit": -1} if it dies or hangs."""
    answer, log = place.with_suffix(".json"), place.with_suffix(".log")
    answer.unlink(missing_ok=True)
    child = os.fork()
    if not child:
        status = 1
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.setpgid(0, 0)
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(output, 1)
            os.dup2(output, 2)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            os.chdir(place)
            os.environ["PYTHONPATH"] = str(place)
            sys.path[:] = [str(place), *(p for p in sys.path if Path(p).resolve() != Path(__file__).resolve().parent)]
            answer.write_text(json.dumps(run(place, *arguments)))
            status = 0
        finally:
            os._exit(status)
    with suppress(OSError):
        os.setpgid(child, child)  # whoever comes first
    try:
        deadline = time.monotonic() + seconds
        while not os.waitpid(child, os.WNOHANG)[0] and time.monotonic() < deadline:
            time.sleep(0.005)
    finally:
        with suppress(OSError):
            os.killpg(child, signal.SIGKILL)
        with suppress(OSError):
            os.waitpid(child, 0)
    try:
        return json.loads(answer.read_text())  # type: ignore[no-any-return]
    except (OSError, ValueError):
        return {"exit": -1, "killer": "it hangs or crashes"}
