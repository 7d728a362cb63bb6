"""Break every line that decides a result, once each, and see that a test notices: ``make mutants``.

    make mutants                                       one mutant a line of every module of `MODULES`
    make mutants ARGS="--seed 3"                       others: another of each line
    make mutants ARGS="--every nn/optim.py"            all of them
    make mutants ARGS="autograd/graph.py nn/optim.py"  of these modules
    make mutants ARGS="--sample 200 --seed 3"          so many of them, drawn
    make mutants ARGS="--last"                         those that survived the last run
    make mutants ARGS="--tests tests/nn nn/optim.py"   with these tests alone (others may notice more)
    make mutants ARGS="--list autograd/graph.py"       say which there are

First the tests run once, to learn which of them execute which line. Then each mutant
(`mutate.py`) is tried with the tests that execute its line, in a copy of the repository under ``runs/mutants/``:
nothing else is written. A test that fails, hangs or crashes has killed it. At first only the code of functions is
replaced, in a process that has collected all the tests; where that is not all of it, as it runs at import, what
survives is imported afresh and tried again. What is known to survive is tried less long.

A mutant may survive if it is not another function: a shortcut left out, a bound at which both sides agree. It must
then stand in ``explained.toml`` with the reason. The exit code is 1 if a survivor does not, or if what stands there
is killed or is no more.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mutate import Mutant, mutants
from worker import Server, attempt, collect, forked, prepare, trace

ROOT = Path(__file__).resolve().parents[2]
RUNS = ROOT / "runs" / "mutants"
EXPLAINED = Path(__file__).with_name("explained.toml")

MODULES = (
    *("autograd/compiler/*.py", "autograd/compiler/derivation/*.py"),
    *("autograd/functional.py", "autograd/copies.py", "autograd/chance.py", "autograd/choice.py"),
    *(
        "autograd/readings.py",
        "autograd/real.py",
        "autograd/recording.py",
        "autograd/value.py",
        "autograd/operators.py",
    ),
    "autograd/collector.py",
    *("autograd/nary.py", "autograd/graph.py", "autograd/primitives.py", "autograd/intervals.py"),
    *("nn/losses.py", "nn/initialise.py", "nn/optim.py", "nn/layers.py"),
)

COMPILED = ("autograd/compiler/interpreter.py",)
"""What Numba compiles, which takes longer than a mutant may: these are broken only if they are named."""

LAST = "autograd/compiler/derivation/"
"""What only prints comes last."""

TESTS = ("tests", "autograd", "nn", "README.md")
NO_TESTS = ("tests/browser", "tests/mutants", "tests/test_notebooks.py", "tests/test_setup.py")
"""They do not run the modules above in their own process."""

NOT_COPIED = ("[.]*", "runs", "build", "dist", "site", "*.egg-info", "__pycache__", "notebooks")

FIRST = 8
"""So many tests, of `FILES` files at most, are tried before all the others if the project must be imported afresh."""

FILES = 3

PATIENCE = 20.0
"""Seconds of tests that are tried on one mutant, the likeliest and the fastest first; and a third of that of tests of
the same files that do not execute its line, but use what was made there (a fixture, a table)."""

AGAIN = 10
"""What then survives without a reason is tried once more, with so many times the patience."""

CHEAP = 0.02
"""Tests of so many seconds are all tried on the lines that they execute, whatever the patience."""


class Tests:
    """Which tests execute which lines, and how long they take."""

    def __init__(self, traces: dict[str, dict[str, Any]], patience: float) -> None:
        self.patience = patience
        self.killed_before: dict[str, str] = {}  # by the text of a key, what killed the mutant in an earlier run
        self.seconds: dict[str, float] = {}
        self.begin: dict[str, float] = {}
        self.by_line: dict[tuple[str, int], list[str]] = defaultdict(list)
        self.by_module: dict[str, list[str]] = defaultdict(list)
        self.by_file: dict[str, list[str]] = {}
        for file, traced in traces.items():
            self.by_file[file] = list(traced["tests"])
            for test, (seconds, lines_of) in traced["tests"].items():
                self.seconds[test], self.begin[test] = seconds, seconds + traced["begin"]
                for module, lines in lines_of.items():
                    self.by_module[module].append(test)
                    for line in lines:
                        self.by_line[module, line].append(test)

    def of(self, mutant: Mutant, killers: Counter[str]) -> tuple[list[str], list[str]]:
        """The tests to try, the likeliest first: those that execute the line, and those that might depend on it."""
        direct = self._on(mutant.module, *mutant.lines) or self._on(mutant.module, *mutant.statement)
        if not (mutant.called and direct):  # what runs at import is executed by whichever test comes first
            direct |= set(self.by_module[mutant.module])
        others = {other for test in direct for other in self.by_file[test.partition("::")[0]]} - direct
        cost = self.seconds if mutant.called else self.begin
        fast, rare = self._of_each_file(sorted(direct, key=cost.__getitem__)), self._rarest(direct, mutant)
        mixed = dict.fromkeys(test for both in zip(fast, rare, strict=True) for test in both)
        before = self.killed_before.get(str(mutant.key))
        order = self.within(sorted(mixed, key=lambda test: -min(killers[test], 3)), self.patience)
        if before is not None and before in mixed:  # however slow it is
            order = [before, *(test for test in order if test != before)]
        tried = set(order)
        order += [test for test in fast if self.seconds[test] <= CHEAP and test not in tried]
        rest = sorted(others, key=self.begin.__getitem__)
        return order, self.within(rest, self.patience / 3)

    def stages(self, order: list[str], rest: list[str], patience: float) -> list[list[str]]:
        """The same for a project that is imported afresh: what has to be collected counts, too."""
        order = self.within(order, patience)
        first: list[str] = []
        files: set[str] = set()
        for test in order:
            file = test.partition("::")[0]
            if len(first) < FIRST and (file in files or len(files) < FILES):
                first.append(test)
                files.add(file)
        return [stage for stage in (first, [test for test in order if test not in first], rest) if stage]

    def _of_each_file(self, tests: list[str]) -> list[str]:
        """The first of each file, the second of each file …: tests of one file often notice the same."""
        nth: Counter[str] = Counter()
        turn: dict[str, int] = {}
        for test in tests:
            file = test.partition("::")[0]
            nth[file] += 1
            turn[test] = nth[file]
        return sorted(tests, key=turn.__getitem__)

    def _rarest(self, tests: set[str], mutant: Mutant) -> list[str]:
        """First those that execute a line close by that few do: a branch, if the mutant decides on it."""
        fewest: dict[str, int] = {}
        for line in range(mutant.lines[0] - 4, mutant.lines[1] + 12):
            there = self.by_line.get((mutant.module, line), ())
            for test in there:
                fewest[test] = min(fewest.get(test, len(there)), len(there))
        return sorted(tests, key=lambda test: (fewest.get(test, len(fewest)), self.begin[test]))

    def within(self, tests: list[str], seconds: float) -> list[str]:
        """As many of the tests as fit into this time, in their order: one too slow is passed over; at least one."""
        chosen: list[str] = []
        for test in tests:
            if self.seconds[test] <= seconds:
                chosen.append(test)
                seconds -= self.seconds[test]
        return chosen or tests[:1]

    def _on(self, module: str, first: int, last: int) -> set[str]:
        return {test for line in range(first, last + 1) for test in self.by_line.get((module, line), ())}


# ── what each process that tries mutants knows ──────────────────────────────────────────────────

place: Path
known: Tests
expected: frozenset[tuple[str, str, str, str]] = frozenset()
server: Server | None = None
killers: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)


def begin(places: Any, tests: Tests | None, reasons: Iterable[tuple[str, str, str, str]]) -> None:
    global place, known, server, expected
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    place = places.get()
    if tests is not None:
        expected = frozenset(reasons)
        known, server = tests, Server(place, list(tests.by_file))


def traced(task: tuple[str, Sequence[str]]) -> tuple[str, dict[str, Any]]:
    file, modules = task
    return file, forked(place, trace, file, modules)


def tried(mutant: Mutant) -> tuple[Mutant, str | None, float]:
    """The mutant, what killed it (None if it survived) and how long that took."""
    global server
    begun = time.perf_counter()
    target = place / mutant.module
    original, times = target.read_text(), target.stat()
    # What Python has compiled is set aside: it would be taken for the mutant's (only seconds and sizes are compared).
    caches = list(target.parent.glob(f"__pycache__/{target.stem}.*.pyc"))
    compiled = [(file, file.rename(file.with_suffix(".aside"))) for file in caches]
    target.write_text(mutant.source(original))
    mine = killers[mutant.module, mutant.where]
    order, rest = known.of(mutant, mine)
    if mutant.key in expected:
        order = known.within(order, known.patience / 4)
    try:
        killer, done = None, False
        if mutant.called and server is not None:
            seen: list[bool] = []
            code = mutant.source(original)
            killer = confirmed(order, lambda tests: replaced(mutant.module, original, code, tests, seen))
            done = all(seen) or mutant.key in expected
        if not killer and not done:
            for stage in known.stages(order, rest, known.patience / 3 if mutant.called else known.patience):
                killer = killer or confirmed(stage, afresh)
    finally:
        target.write_text(original)
        os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))
        for file, aside in compiled:
            aside.rename(file)
    if killer:
        mine[killer] += 1
    if server is not None and not server.alive:
        server = Server(place, list(known.by_file))
    return mutant, killer, time.perf_counter() - begun


def confirmed(tests: list[str], attempted: Callable[[list[str]], str | None]) -> str | None:
    """What kills a mutant: a test that fails alone, too, and not only after what others have left behind."""
    while tests:
        killer = attempted(tests)
        if killer not in tests or killer == tests[0] or attempted([killer]):
            return killer
        tests = tests[tests.index(killer) + 1 :]
    return None


def afresh(tests: list[str]) -> str | None:
    """What kills the mutant that lies there, imported afresh."""
    return killed_by(forked(place, attempt, limits(tests), seconds=deadline(tests)))


def replaced(module: str, original: str, mutant: str, tests: list[str], seen: list[bool]) -> str | None:
    """What kills the mutant if only the code of functions is replaced; `seen` gets whether that is all of it."""
    outcome = server.attempt(module, original, mutant, limits(tests), deadline(tests)) if server is not None else None
    seen.append(outcome is not None and bool(outcome.get("replaced")))
    return killed_by(outcome) if outcome is not None else None


def limits(tests: list[str]) -> dict[str, float]:
    return {test: 3 + 6 * known.seconds[test] for test in tests}


def deadline(tests: list[str]) -> float:
    return 30 + 5 * sum(known.seconds[test] for test in tests)


def fails(test: str) -> str | None:
    """The test, if it fails as it was run on the mutants, but without any."""
    source = (place / "autograd/value.py").read_text()
    return test if replaced("autograd/value.py", source, source, [test], []) else None


def killed_by(outcome: dict[str, Any]) -> str | None:
    return None if outcome["exit"] in (0, 5) else outcome["killer"] or "it cannot be imported"


# ── the whole ─────────────────────────────────────────────────────────────────────────────────


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description="Break every rule once; a test must notice.")
    parser.add_argument("modules", nargs="*", help="files to break, relative to the repository")
    parser.add_argument("-j", type=int, default=os.cpu_count() or 1, metavar="N", help="processes (one a core)")
    parser.add_argument("--sample", type=int, metavar="N", help="try N mutants, drawn at random")
    parser.add_argument("--every", action="store_true", help="try all the mutants of a line, not one")
    parser.add_argument("--seed", type=int, default=0, help="which mutant of a line, and which sample")
    parser.add_argument("--patience", type=float, default=PATIENCE, metavar="S", help="seconds of tests for one mutant")
    parser.add_argument("--tests", nargs="+", default=TESTS, metavar="PATH", help="the tests to try; all, if not said")
    parser.add_argument("--where", nargs="+", metavar="NAME", help="only in functions and rows with this in their name")
    parser.add_argument("--last", action="store_true", help="only those that survived the last run")
    parser.add_argument("--list", action="store_true", help="print the mutants and try none")
    given = parser.parse_args()

    modules = files(given.modules) if given.modules else all_files()
    if not modules:
        parser.error(f"there is no module {', '.join(given.modules)}")
    wanted = [m for module in modules for m in mutants(module, (ROOT / module).read_text())]
    every = {m.key for m in wanted}
    if not (given.every or given.last):
        wanted = one_a_line(wanted, given.seed)
    if given.where:
        wanted = [m for m in wanted if any(name in m.where for name in given.where)]
    if given.last:
        last = {tuple(key) for key in json.loads((RUNS / "survivors.json").read_text())}
        wanted = [m for m in wanted if m.key in last]
    if given.sample is not None and given.sample < len(wanted):
        wanted = random.Random(given.seed).sample(wanted, given.sample)
    if given.list:
        for m in wanted:
            print(f"{m.module}:{m.lines[0]} {m.where}: {m.change}")
        return 0

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    begun = time.monotonic()
    reasons = read_reasons()
    prepare()
    places = [RUNS / f"copy-{i}" for i in range(max(1, min(given.j, len(wanted))))]
    for copied in places:
        shutil.rmtree(copied, ignore_errors=True)
        shutil.copytree(ROOT, copied, ignore=shutil.ignore_patterns(*NOT_COPIED))
    tests = learned(places, given.tests, given.patience)
    if tests is None:
        return 2

    remembered = RUNS / "killers.json"
    if remembered.exists():
        tests.killed_before = json.loads(remembered.read_text())
    survivors: list[Mutant] = []
    killed: list[Mutant] = []
    found: dict[str, str] = {}
    false: list[str] = []
    with (RUNS / "results.txt").open("w") as results, suppress(KeyboardInterrupt):
        for tests.patience in (given.patience, AGAIN * given.patience):
            survivors = [m for m in survivors if m.key in reasons]
            of = len(survivors) + len(killed) + len(wanted)
            with workers(places, tests, reasons) as pool:
                for mutant, killer, seconds in pool.imap_unordered(tried, wanted):
                    (survivors if killer is None else killed).append(mutant)
                    if killer:
                        found[str(mutant.key)] = killer
                    at = f"{mutant.module}:{mutant.lines[0]} {mutant.where}: "
                    print(f"{at}{mutant.change}\n    {killer or 'SURVIVED'}, {seconds:.1f} s", file=results, flush=True)
                    if killer is None and mutant.key not in reasons and tests.patience > given.patience:
                        say(f"{at}{mutant.line}\n    survived: {mutant.change}\n")
                    done = len(survivors) + len(killed)
                    progress(done, of, len(survivors), time.monotonic() - begun)
                killing = sorted(set(found.values()) & tests.seconds.keys())
                false += [test for test in pool.map(fails, killing, 1) if test]
            wanted = [m for m in survivors if m.key not in reasons]
            if not wanted:
                break
            if tests.patience == given.patience:
                say(f"{len(wanted)} survived without a reason, and are tried with {AGAIN} times the patience")
    for copied in places:
        for made in (copied, copied.with_suffix(".temporary")):
            shutil.rmtree(made, ignore_errors=True)
    remembered.write_text(json.dumps(tests.killed_before | found))
    (RUNS / "survivors.json").write_text(json.dumps([m.key for m in survivors]))
    (RUNS / "survivors.toml").write_text(entries([m for m in survivors if m.key not in reasons]))
    for test in false:
        print(f"{test} fails without any mutant, too: what it killed is not known to be killed")
    return report(modules, survivors, killed, reasons, every, time.monotonic() - begun) or int(bool(false))


def files(patterns: Iterable[str]) -> list[str]:
    found = dict.fromkeys(str(p.relative_to(ROOT)) for m in patterns for p in sorted(ROOT.glob(m)))
    return sorted(found, key=lambda file: file.startswith(LAST))


def all_files() -> list[str]:
    return [file for file in files(MODULES) if file not in COMPILED]


def one_a_line(of: Iterable[Mutant], seed: int) -> list[Mutant]:
    """One mutant of each line, the same at every run with this seed, wherever the line stands."""
    lines: dict[tuple[str, int], list[Mutant]] = defaultdict(list)
    for m in of:
        lines[m.module, m.lines[0]].append(m)
    return [min(them, key=lambda m: hashlib.sha256(repr((seed, m.key)).encode()).digest()) for them in lines.values()]


def workers(places: Iterable[Path], tests: Tests | None, reasons: Iterable[tuple[str, str, str, str]] = ()) -> Any:
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    for copied in places:
        queue.put(copied)
    return context.Pool(len(list(places)), begin, (queue, tests, frozenset(reasons)))


def learned(places: Sequence[Path], tops: Sequence[str], patience: float) -> Tests | None:
    """The lines that each test executes, from a run of them all (kept until a file changes); None if that fails."""
    modules = all_files()
    digest = hashlib.sha256(sys.version.encode())
    for file in sorted(f for top in ("tests", "autograd", "nn") for f in (places[0] / top).rglob("*")):
        if file.suffix in (".py", ".json") and file.parent.name != "mutants" and not file.name.startswith("test_"):
            digest.update(str(file.relative_to(places[0])).encode() + file.read_bytes())
    kept = RUNS / f"lines-{digest.hexdigest()[:16]}.json"
    known: dict[str, dict[str, Any]] = json.loads(kept.read_text()) if kept.exists() else {}
    ignored = [f"--ignore={path}" for path in NO_TESTS]
    found = forked(places[0], collect, [*ignored, *(t for t in tops if (places[0] / t).exists())])
    if found["exit"] != 0:
        say(f"the tests cannot be collected: see {places[0].parent.relative_to(ROOT)}/copy-0.log\n")
        return None
    of = {file: hashlib.sha256((places[0] / file).read_bytes()).hexdigest() for file in found["files"]}
    traces = {file: known[file] for file in of if file in known and known[file]["of"] == of[file]}
    new = [(file, modules) for file in of if file not in traces]
    with workers(places, None) as pool:
        for done, (file, outcome) in enumerate(pool.imap_unordered(traced, new), 1):
            if outcome["exit"] not in (0, 1, 5):
                say(f"{file} hangs or crashes without any mutant, and is left out\n")
                continue
            for test in outcome["failed"]:
                say(f"{test} fails (or takes too long) without any mutant, and is left out\n")
                outcome["tests"].pop(test, None)
            traces[file] = {**outcome, "of": of[file]}
            progress(done, len(new), None, 0)
    for old in RUNS.glob("lines-*.json"):
        if old != kept:
            old.unlink()
    kept.write_text(json.dumps(known | traces))
    return Tests(traces, patience)


def read_reasons() -> dict[tuple[str, str, str, str], str]:
    """Why each mutant that may survive does, by its key."""
    entries = tomllib.loads(EXPLAINED.read_text()).get("survivor", [])
    return {
        (entry["module"], entry["where"], entry["line"], change): entry["reason"]
        for entry in entries
        for change in entry["changes"]
    }


def entries(survivors: Iterable[Mutant]) -> str:
    """What `explained.toml` would say of them, but for the reasons."""
    changes: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for *place, change in sorted({m.key for m in survivors}):
        changes[place[0], place[1], place[2]].append(change)
    return "\n".join(
        f"[[survivor]]\nmodule = {quoted(module)}\nwhere = {quoted(where)}\nline = {quoted(line)}\n"
        f'changes = [{"".join(f"{chr(10)}  {quoted(change)}," for change in them)}\n]\nreason = ""\n'
        for (module, where, line), them in changes.items()
    )


def quoted(text: str) -> str:
    return f"'{text}'" if "'" not in text else json.dumps(text, ensure_ascii=False)


def report(
    modules: Sequence[str],
    survivors: Sequence[Mutant],
    killed: Sequence[Mutant],
    reasons: dict[tuple[str, str, str, str], str],
    every: set[tuple[str, str, str, str]],
    seconds: float,
) -> int:
    """Print the table and what is wrong; the exit code."""
    alive, dead = {m.key for m in survivors}, {m.key for m in killed}
    say("")
    print(f"{'module':<34}{'mutants':>9}{'killed':>9}{'survived':>10}{'explained':>11}")
    for module in (*modules, "all"):
        here = [m for m in survivors if module in (m.module, "all")]
        gone = sum(module in (m.module, "all") for m in killed)
        why = sum(m.key in reasons for m in here)
        print(f"{module:<34}{len(here) + gone:>9}{gone:>9}{len(here):>10}{why:>11}")
    where = RUNS.relative_to(ROOT)
    print(f"in {seconds / 60:.0f} min; what killed each is in {where}/results.txt")
    unexplained = [m for m in survivors if m.key not in reasons]
    vanished = [key for key in reasons if key[0] in modules and key not in every]
    mistaken = [key for key in reasons if key in dead - alive]
    for title, keys in (
        ("Survivors without a reason:", [m.key for m in unexplained]),
        (f"{EXPLAINED.name} explains what is killed:", mistaken),
        (f"{EXPLAINED.name} explains what is no more:", vanished),
    ):
        if keys:
            print(f"\n{title}")
            for module, function, line, change in keys:
                print(f"  {module} {function}: {line}\n      {change}")
    if unexplained:
        print(f"\n{where}/survivors.toml has these as entries of {EXPLAINED.name}, but for the reasons.")
    return 1 if unexplained or vanished or mistaken else 0


def say(text: str) -> None:
    """Print a line over that of the progress."""
    print(f"\r\x1b[K{text}" if sys.stdout.isatty() else text, end="" if sys.stdout.isatty() else "\n", flush=True)


def progress(done: int, of: int, survived: int | None, seconds: float) -> None:
    left = f", {survived} survived, {seconds / done * (of - done) / 60:.0f} min left" if survived is not None else ""
    text = f"{done} of {of} {'files of tests traced' if survived is None else 'mutants tried'}{left}"
    if sys.stdout.isatty():
        print(f"\r\x1b[K{text}", end="", flush=True)
    elif done % 100 == 0 or done == of:
        print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
