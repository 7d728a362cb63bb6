"""Run some tests in a copy of the repository, in a process of their own that the caller forks and may kill.

The caller has imported pytest and the large libraries, but nothing of the project: a fork then starts in a
hundredth of the time that a new interpreter needs, and still imports the (broken) project afresh. A `Server` goes
further: it has imported the project and collected its tests, and a fork of it only replaces the code of functions.
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
from types import CodeType, FrameType, FunctionType
from typing import Any, NoReturn, TextIO

import pytest

MEMORY = 6 << 30
"""Bytes of address space: a loop that appends without end then fails instead of taking the machine along."""

LONG = 20.0
"""Seconds of computing after which a test, traced, is given up: it would not be tried on a mutant."""

IDLE = 180.0
"""Seconds by the clock after which any test is given up: it waits for something that does not come."""

FILE = 1200.0
"""Seconds by the clock after which the tracing of a file of tests is given up, whatever it does."""

_OPTIONS = [
    *("-x", "-q", "--no-header", "--no-summary", "--tb=line", "-p", "no:cacheprovider", "--import-mode=prepend"),
    "--assert=plain",  # modules with doctests would have other code than is written
]


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
        AUTOGRAD_PRINTED_PARTS="150",  # a few in each test: those that are likeliest to notice come first
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


def options(place: Path) -> list[str]:
    return [*_OPTIONS, f"--basetemp={place.with_suffix('.temporary')}"]


def collect(place: Path, paths: Sequence[str]) -> dict[str, Any]:
    """{"files": the files with tests among the paths}."""

    class Files:
        def pytest_collection_finish(self, session: pytest.Session) -> None:
            outcome["files"] = list(dict.fromkeys(item.nodeid.partition("::")[0] for item in session.items))

    outcome: dict[str, Any] = {"files": []}
    outcome["exit"] = int(pytest.main([*options(place), "--collect-only", *paths], plugins=[Files()]))
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
            begun = sum(os.times()[:4])  # of this process and those it waits for: others may be busy
            limit(LONG)
            yield
            limit(0)
            outcome["tests"][item.nodeid] = [round(sum(os.times()[:4]) - begun + 0.001, 4), {}]
            measured.switch_context("")

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                outcome["failed"].append(report.nodeid)

    measured.start()
    outcome["exit"] = int(pytest.main([*(o for o in options(place) if o != "-x"), file], plugins=[Watch()]))
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

    for kind, clock, most in (
        (signal.SIGPROF, signal.ITIMER_PROF, seconds),
        (signal.SIGALRM, signal.ITIMER_REAL, IDLE if seconds else 0),
    ):
        signal.signal(kind, too_long)
        signal.setitimer(clock, most)


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

    write_no_bytecode()
    files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
    outcome["exit"] = int(pytest.main([*options(place), *files], plugins=[Chosen()]))
    return outcome


def write_no_bytecode() -> None:
    """Nor the interpreters that a test starts: it would be a mutant's."""
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


class Server:
    """A process in `place` that has collected the tests of these files; each attempt is a fork of it.

    What it cannot do is to break what runs at import: a mutant that survives here must be tried with `attempt`, too.
    """

    def __init__(self, place: Path, files: Sequence[str]) -> None:
        (here, its_answers), (its_tasks, there) = os.pipe(), os.pipe()
        self.process = os.fork()
        if not self.process:
            os.close(here)
            os.close(there)
            isolated(place, lambda: serve(place, files, os.fdopen(its_tasks), os.fdopen(its_answers, "w")))
        os.close(its_answers)
        os.close(its_tasks)
        self.answers, self.tasks = os.fdopen(here), os.fdopen(there, "w")
        self.alive = bool(self.answers.readline())  # it has imported what is here now

    def attempt(self, module: str, original: str, mutant: str, tests: dict[str, float], seconds: float) -> Any:
        """What kills the mutant of the module, as `attempt` says it; None if the server has died.

        It also says by "replaced" whether it runs wherever the original would: no function of that module with other
        code was called while modules were imported, or could not be replaced.
        """
        try:
            print(json.dumps([module, original, mutant, tests, seconds]), file=self.tasks, flush=True)
            return json.loads(self.answers.readline())
        except (OSError, ValueError):
            self.alive = False
            return None


def serve(place: Path, files: Sequence[str], tasks: TextIO, answers: TextIO) -> dict[str, Any]:
    class Loop:
        def pytest_runtestloop(self, session: pytest.Session) -> bool:
            gc.collect()
            live = [f for f in gc.get_objects() if isinstance(f, FunctionType)]
            mine = [f for f in live if f.__code__.co_filename.startswith(f"{place}{os.sep}")]
            items = {item.nodeid: item for item in session.items}
            gc.freeze()
            write_no_bytecode()
            print(len(items), file=answers, flush=True)
            sys.setprofile(None)
            imported = {None, *map(identity, codes_called)}
            for line in tasks:
                module, original, mutant, tests, seconds = json.loads(line)
                chosen = [items[test] for test in tests if test in items]

                def run(_: Path, file: str, before: str, after: str, them: Any, limits: Any) -> dict[str, Any]:
                    changed = replace_code(mine, file, before, after)
                    return {**first_failing(session, them, limits), "replaced": not changed & imported}

                aside, file = place.with_name(f"{place.name}-warm"), str(place / module)
                outcome = forked(aside, run, file, original, mutant, chosen, tests, seconds=seconds)
                print(json.dumps(outcome), file=answers, flush=True)
            return True

    called: set[int] = set()
    codes_called: list[CodeType] = []

    def watch(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and id(code) not in called and code.co_filename.startswith(str(place)):
            called.add(id(code))
            codes_called.append(code)

    sys.setprofile(watch)
    return {"exit": int(pytest.main([*options(place), *files], plugins=[Loop()]))}


def replace_code(functions: Sequence[FunctionType], file: str, original: str, mutant: str) -> set[Any]:
    """Give the functions that were made by `file` the code that `mutant` has where `original` has theirs.

    Returns:
        The code that has changed; None among it if some could not be replaced.
    """
    try:
        before, after = codes(compile(original, file, "exec")), codes(compile(mutant, file, "exec"))
    except SyntaxError:
        return {None}
    other: dict[Any, CodeType] = {}
    changed: set[Any] = set()
    for name in before.keys() | after.keys():
        old, new = before.get(name, []), after.get(name, [])
        if len(old) == len(new):
            other.update((identity(a), b) for a, b in zip(old, new, strict=True))
            changed.update(identity(a) for a, b in zip(old, new, strict=True) if not same(a, b))
        else:
            changed.update(map(identity, old) if old else [None])
    live = set()
    for function in functions:
        code = other.get(identity(function.__code__)) if function.__code__.co_filename == file else None
        if code is not None:
            live.add(identity(function.__code__))
            try:
                function.__code__ = code
            except ValueError:  # it has another closure
                changed.add(None)
    if any(found and "<locals>" not in found[1] for found in changed - live):  # it runs as other code than is written
        changed.add(None)
    return changed


def identity(code: CodeType) -> Any:
    """What is the same of code that has run and of code that has not (3.11 compares what was cached, too)."""
    return code.co_filename, code.co_qualname, code.co_firstlineno, code.co_linetable, code.co_code


def same(a: CodeType, b: CodeType) -> bool:
    """Whether two functions do the same, but for what is said of their lines, and for functions inside them."""

    def parts(code: CodeType) -> Any:
        inner = [x for x in code.co_consts if not isinstance(x, CodeType)]
        return code.co_code, repr(inner), code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars

    return bool(parts(a) == parts(b))


def codes(of: CodeType) -> dict[str, list[CodeType]]:
    """The code of the functions in it, those of the same name in their order."""
    found: dict[str, list[CodeType]] = {}
    for inner in of.co_consts:
        if isinstance(inner, CodeType):
            found.setdefault(inner.co_qualname, []).append(inner)
            for name, them in codes(inner).items():
                found.setdefault(name, []).extend(them)
    return found


def first_failing(session: pytest.Session, items: Sequence[pytest.Item], limits: dict[str, float]) -> dict[str, Any]:
    """Run these tests up to the first that fails."""
    killers: list[str] = []

    class Report:
        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                killers.append(report.nodeid)

    session.config.pluginmanager.register(Report())
    for item, following in zip(items, [*items[1:], None], strict=True):
        limit(limits[item.nodeid])
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        limit(0)
        if killers:
            break
    return {"exit": int(bool(killers)), "killer": killers[0] if killers else ""}


def isolated(place: Path, run: Callable[[], dict[str, Any]]) -> NoReturn:
    """In a fork: do it in `place`, write down what it gives, and end."""
    answer, log, status = place.with_suffix(".json"), place.with_suffix(".log"), 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.setpgid(0, 0)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if place.is_dir():
            os.chdir(place)
            os.environ["PYTHONPATH"] = str(place)
            sys.path[:] = [str(place), *(p for p in sys.path if Path(p).resolve() != Path(__file__).resolve().parent)]
        answer.write_text(json.dumps(run()))
        status = 0
    finally:
        os._exit(status)


def forked(place: Path, run: Callable[..., dict[str, Any]], *arguments: Any, seconds: float = FILE) -> dict[str, Any]:
    """What run(place, *arguments) gives, computed in a fork that works in `place`; {"exit": -1} if it dies or hangs."""
    place.with_suffix(".json").unlink(missing_ok=True)
    child = os.fork()
    if not child:
        isolated(place, lambda: run(place, *arguments))
    with suppress(OSError):
        os.setpgid(child, child)  # whoever comes first
    try:
        deadline = time.monotonic() + seconds
        while not os.waitpid(child, os.WNOHANG)[0] and time.monotonic() < deadline:
            time.sleep(0.003)
    finally:
        with suppress(OSError):
            os.killpg(child, signal.SIGKILL)
        with suppress(OSError):
            os.waitpid(child, 0)
    try:
        return json.loads(place.with_suffix(".json").read_text())  # type: ignore[no-any-return]
    except (OSError, ValueError):
        return {"exit": -1, "killer": "it hangs or crashes"}
