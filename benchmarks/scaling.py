"""How far it goes: a cost model of data-parallel training, fitted to what is measured here, and its predictions.

    python -m benchmarks.scaling                                   # ten minutes on a quiet machine: prints the table
    python -m benchmarks.scaling --write docs/how-far-it-goes.md   # and puts it into the page, between its two marks
    python -m benchmarks.scaling --quick                           # smaller networks, a minute or two

Measured are training steps (value, gradient, all-reduce, SGD) of three networks at some batches, on 1, 2 and 8 devices
that the processor is cut into, and in two processes joined by gloo; each setting in processes of its own. The model is
a sum of few terms (`TERMS`), each a number that is known of a setting times a coefficient that is not; the coefficients
are those, of at least 0, whose ratios to what was measured are nearest to 1. What is held out is run, and not shown to
the fit. Of many steps the time is counted that a quarter of them was quicker than, as others may use the machine, too.

Every line of the table has a name of its own (M3, C1 …), which the page's text cites instead of repeating its numbers.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

LONGEST, STEPS = 2.0, 200  # seconds of steps, and how many at most
BEGIN, END = "<!-- python -m benchmarks.scaling --write: begin -->", "<!-- end -->"
Row = tuple[float, ...]


@dataclass(frozen=True)
class Setting:
    """A network, and what it is trained on."""

    sizes: tuple[int, ...]
    batch: int
    devices: int = 1
    """Of each process."""
    processes: int = 1

    @property
    def network(self) -> str:
        return "-".join(map(str, self.sizes))

    @property
    def parameters(self) -> int:
        return sum((a + 1) * b for a, b in zip(self.sizes, self.sizes[1:], strict=False))

    @property
    def computed(self) -> int:
        """The samples that are computed: of a mini-batch, filled up so that it can be cut into equal shares."""
        everywhere = self.devices * self.processes
        return -(-self.batch // everywhere) * everywhere

    @property
    def flops(self) -> float:
        """Of a step: each weight is multiplied and added once forwards and twice backwards, for each sample.

        Backwards those of the first layer only once, as nobody asks for the gradient by the inputs.
        """
        weights = [a * b for a, b in zip(self.sizes, self.sizes[1:], strict=False)]
        return 2.0 * (3 * sum(weights) - weights[0]) * self.computed

    @property
    def read(self) -> float:
        """Bytes that each process reads: inputs and targets in float64."""
        return 8.0 * (self.sizes[0] + self.sizes[-1]) * self.computed / self.processes

    def __str__(self) -> str:
        devices = f"{self.devices} device{'s' * (self.devices > 1)}"
        return f"{self.network:<18} batch {self.batch:>6}  {devices:<9}" + f"  x {self.processes} processes" * (
            self.processes > 1
        )


# ── the model ─────────────────────────────────────────────────────────────────────────────────

TERMS = {
    "a call, s": lambda s: 1.0,
    "each further device of a process, s": lambda s: s.devices - 1.0,
    "compute, s/flop": lambda s: s.flops,
    "the vector, s/byte": lambda s: 8.0 * s.parameters,
    "of that beyond a cache's size, s/byte more": lambda s: beyond(8.0 * s.parameters),
    "the vector for each further device, s/byte": lambda s: 8.0 * s.parameters * (s.devices - 1),
    "joining processes, s": lambda s: 2.0 * math.ceil(math.log2(s.processes)),
    "all-reduce between processes, s/byte": lambda s: ring(8.0 * s.parameters, s.processes),
}
"""What a step costs, without reading its samples: the number that each coefficient is multiplied by."""
HOST = {
    "of the vector NumPy's step, s/byte": lambda s: 8.0 * s.parameters,
    "of that beyond a cache's size, s/byte more of it": lambda s: beyond(8.0 * s.parameters),
}
READING = {"reading a mini-batch, s": lambda s: 1.0, "reading, s/byte": lambda s: s.read}
TRACING = {"building and tracing, s": lambda s: 1.0, "building and tracing, s/parameter": lambda s: float(s.parameters)}
XLA = {"XLA's compiling, s": lambda s: 1.0}
MEMORY = {"memory of a process, bytes": lambda s: 1.0, "memory, bytes/parameter": lambda s: float(s.parameters)}


CACHE = 2**20
"""Bytes of a vector, about, that stay near a core while a step goes through it and its copies several times."""


def beyond(size: float) -> float:
    return max(size - CACHE, 0.0)


def ring(size: float, processes: int) -> float:
    """The bytes that each sends in an all-reduce of so many: 2 (N − 1)/N of them, the least there can be."""
    return 2.0 * (processes - 1) / processes * size


def terms(kind: dict[str, Any], setting: Setting) -> Row:
    return tuple(of(setting) for of in kind.values())


def fit(rows: Sequence[Row], measured: Sequence[float]) -> list[float]:
    """The coefficients of at least 0 for which Σ log²(Σ coefficient · row / measured) is smallest.

    So twice is as wrong as half; what is far off counts less than its square.

    >>> [round(c, 6) for c in fit([(1.0, 1.0), (1.0, 2.0), (1.0, 5.0)], [5.0, 7.0, 13.0])]
    [3.0, 2.0]
    """
    import numpy as np
    from scipy.optimize import least_squares, nnls

    relative = np.array(rows) / np.array(measured)[:, None]
    scale = np.abs(relative).max(axis=0)
    known = scale > 0  # a term that nothing measured has, such as that of processes, is 0
    shares = relative[:, known] / scale[known]
    begin = np.log(np.maximum(nnls(shares, np.ones(len(shares)))[0], _LEAST))
    tight = {"xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15}
    found = np.exp(least_squares(lambda x: np.log(shares @ np.exp(x)), begin, loss="soft_l1", **tight).x)
    found[found < _LEAST] = 0.0
    coefficients = np.zeros(len(scale))
    coefficients[known] = found / scale[known]
    return coefficients.tolist()  # type: ignore[no-any-return]


_LEAST = 1e-4  # of the time of any setting, below which a term is none


def predicted(coefficients: Sequence[float], row: Row) -> float:
    return sum(c * x for c, x in zip(coefficients, row, strict=True))


# ── what is measured ──────────────────────────────────────────────────────────────────────────


@dataclass
class Measured:
    """Of one setting: seconds, and bytes."""

    setting: Setting
    trace: float
    compiling: float
    read: float
    step: float
    host: float
    """Of a step, what the optimiser takes."""
    memory: float


def measure(sizes: list[int], batches: list[int], process: int, processes: int, at: str) -> dict[str, Any]:
    """In this process, on all the devices that there are."""
    import jax
    import numpy as np

    import nn
    from nn.parallel import DataParallel

    if processes > 1:
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        jax.distributed.initialize(at, processes, process, heartbeat_timeout_seconds=60, shutdown_timeout_seconds=60)
    mesh = jax.make_mesh((len(jax.devices()),), ("batch",))
    begun = time.perf_counter()
    model = nn.MLP(sizes[0], sizes[1:], activation="tanh", seed=0)
    example = np.zeros(sizes[0]), np.zeros(sizes[-1])
    engine = DataParallel(model, nn.half_squared_error, lambda ws: nn.SGD(ws, lr=0.01), example, mesh)
    traced = time.perf_counter() - begun
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    choose, found = np.random.default_rng(0), []
    for batch in batches:
        X, Y = choose.random((batch, sizes[0])), choose.random((batch, sizes[-1]))
        order = choose.permutation(batch)
        begun, reads, steps, hosts = time.perf_counter(), [], [], []
        engine.step(X[engine.share(order)], Y[engine.share(order)])
        first, go_on = time.perf_counter() - begun, True
        while go_on:
            begun = time.perf_counter()
            mine = engine.share(order)
            x, y = X[mine], Y[mine]
            reads.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            engine.step(x, y)
            steps.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            engine.optimiser.step(np.zeros_like(engine.program.vector))
            hosts.append(time.perf_counter() - begun)
            enough = len(steps) >= 3 and (sum(steps) > LONGEST or len(steps) >= STEPS)
            go_on = not engine.of_all([enough])[0][0]  # all of them as often as the first
        step = quartile(steps)
        found.append([batch, max(first - step, 0.0), quartile(reads), step, quartile(hosts)])
    return {"trace": traced, "memory": memory, "batches": found}


def quartile(times: Sequence[float]) -> float:
    return sorted(times)[len(times) // 4]


def run(sizes: Sequence[int], batches: Sequence[int], devices: int, processes: int) -> list[Measured]:
    """The same in fresh processes; what the first of them found."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        at = f"127.0.0.1:{free.getsockname()[1]}"
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={devices}"
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags}
    commands = [
        [
            sys.executable,
            "-m",
            "benchmarks.scaling",
            "--one",
            json.dumps([*map(list, (sizes, batches)), p, processes, at]),
        ]
        for p in range(processes)
    ]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    all_of_them = [subprocess.Popen(command, env=environment, **pipes) for command in commands]
    said = [process.communicate() for process in all_of_them]
    for process, (_, errors) in zip(all_of_them, said, strict=True):
        if process.returncode:
            raise RuntimeError(f"measuring {sizes} on {devices} devices x {processes} failed: {errors[-500:]}")
    found = json.loads(said[0][0].splitlines()[-1])
    return [
        Measured(Setting(tuple(sizes), batch, devices, processes), found["trace"], *times, found["memory"])
        for batch, *times in found["batches"]
    ]


@dataclass
class Model:
    """The coefficients of all that is modelled."""

    step: list[float]
    host: list[float]
    read: list[float]
    trace: list[float]
    xla: list[float]
    memory: list[float]

    @classmethod
    def of(cls, found: Sequence[Measured]) -> Model:
        first = {}  # one trace a process, not one a batch; XLA's time with it
        for m in found:
            first.setdefault((m.setting.sizes, m.setting.devices, m.setting.processes), m)
        once, settings = list(first.values()), [m.setting for m in found]
        of_once = [m.setting for m in once]
        return cls(
            fit([terms(TERMS, s) for s in settings], [m.step for m in found]),
            fit([terms(HOST, s) for s in settings], [m.host for m in found]),
            fit([terms(READING, s) for s in settings], [m.read for m in found]),
            fit([terms(TRACING, s) for s in of_once], [m.trace for m in once]),
            fit([terms(XLA, s) for s in settings], [max(m.compiling, 1e-3) for m in found]),
            fit([terms(MEMORY, s) for s in of_once], [m.memory for m in once]),
        )

    def seconds(self, setting: Setting) -> float:
        """Of a training step here, its reading included."""
        return predicted(self.step, terms(TERMS, setting)) + predicted(self.read, terms(READING, setting))


# ── elsewhere ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Elsewhere:
    """What is assumed of other machines: bytes and floating-point operations a second, seconds."""

    hosts: int
    gpus: int
    flops: float = 9.7e12
    """Of a GPU in float64, by the sheet of an A100."""
    reached: float = 0.4
    """The share of that which products of these sizes get."""
    bus: float = 25e9
    """Between a host and all its GPUs together: PCIe 4.0 of 16 lanes."""
    link: float = 300e9
    """Between the GPUs of a host, each way: NVLink 3."""
    network: float = 25e9
    """Between hosts: 200 Gbit/s each."""
    latency: float = 10e-6
    """Of a message between hosts."""
    launch: float = 300e-6
    """Of a step: what XLA and JAX need to start it on the GPUs of a host, and to hear that it is done."""


def elsewhere(model: Model, there: Elsewhere, sizes: tuple[int, ...], each: int) -> dict[str, float]:
    """The seconds of a step, term by term, for so many samples on each GPU."""
    s = Setting(sizes, each * there.gpus * there.hosts, there.gpus, there.hosts)
    vector = 8.0 * s.parameters
    rounds = 2 * math.ceil(math.log2(there.hosts)) if there.hosts > 1 else 0
    return {
        "reading": predicted(model.read, terms(READING, s)) + s.read / there.bus,
        "compute": s.flops / (there.hosts * there.gpus * there.flops * there.reached),
        "all-reduce": ring(vector, there.gpus) / there.link
        + ring(vector, there.hosts) / there.network
        + rounds * there.latency,
        "vector": predicted(model.host, terms(HOST, s)) + (there.gpus + 1) * vector / there.bus,
        "launch": there.launch,
    }


# ── the table ─────────────────────────────────────────────────────────────────────────────────


def amount(seconds: float) -> str:
    """
    >>> amount(12.3), amount(0.0123), amount(1.23e-05), amount(7200)
    ('12.3 s', '12.3 ms', '12.3 µs', '2 h')
    """
    for size, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms")):
        if seconds >= size * (2 if size > 1 else 1):
            return f"{seconds / size:.3g} {unit}"
    return f"{1e6 * seconds:.3g} µs" if seconds >= 1e-8 else "0"


def weight(size: float) -> str:
    """
    >>> weight(1500), weight(2.5e9), weight(4e13)
    ('1.5 kB', '2.5 GB', '40 TB')
    """
    for unit, name in ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size / 1e3:.3g} kB"


def table(found: Sequence[Measured], held_out: Sequence[Measured], each: int) -> Iterator[str]:
    """Line by line, each with its name."""
    model = Model.of(found)
    load = f", load {os.getloadavg()[0]:.0f}" if hasattr(os, "getloadavg") else ""
    processor = platform.processor() or platform.machine()
    yield f"{processor}, {os.cpu_count()} cores, Python {platform.python_version()}{load}"
    yield "\nmeasured, and what the fitted model gives for the same    a step, reading included      model    error"
    errors = []
    for k, m in enumerate(found, 1):
        here, there = m.step + m.read, model.seconds(m.setting)
        errors.append(abs(there / here - 1))
        yield f"M{k:<3} {m.setting!s:<62} {amount(here):>9}  {amount(there):>9}  {100 * (there / here - 1):+6.0f} %"
    yield f"E1   half of these errors are below {100 * median(errors):.0f} %, the greatest is {100 * max(errors):.0f} %"
    yield "\nheld out of the fit: predicted, then run"
    for k, m in enumerate(held_out, 1):
        here, there = m.step + m.read, model.seconds(m.setting)
        yield f"H{k:<3} {m.setting!s:<62} {amount(here):>9}  {amount(there):>9}  {100 * (there / here - 1):+6.0f} %"
    yield "\nfitted coefficients"
    names = [*TERMS, *HOST, *READING, *TRACING, *XLA, *MEMORY]
    values = [*model.step, *model.host, *model.read, *model.trace, *model.xla, *model.memory]
    for k, (name, value) in enumerate(zip(names, values, strict=True), 1):
        per_second = f"   {weight(1 / value)}/s" if name.endswith("s/byte") and value else ""
        if name.endswith("s/flop") and value:
            per_second = f"   {1e-9 / value:.3g} Gflop/s"
        yield f"C{k:<3} {name:<52} {value:.3g}{per_second}"
    yield from predictions(model, sorted({m.setting.sizes for m in found}), each)


def predictions(model: Model, networks: Sequence[tuple[int, ...]], each: int) -> Iterator[str]:
    assumed = asdict(Elsewhere(1, 1))
    yield "\nassumed elsewhere: " + ", ".join(f"{name} {assumed[name]:g}" for name in list(assumed)[2:])
    yield f"\npredicted, a step of {each} samples on each GPU"
    columns = ("reading", "compute", "all-reduce", "vector", "launch")
    yield f"{'':<41}" + "".join(f"{name:>11}" for name in (*columns, "step")) + "   samples/s  of ideal"
    k = 0
    for sizes in networks:
        alone = 0.0
        for hosts, gpus in ((1, 1), (1, 8), (1000, 8)):
            k += 1
            parts = elsewhere(model, Elsewhere(hosts, gpus), sizes, each)
            step = sum(parts.values())
            alone = alone or step
            name = f"{'-'.join(map(str, sizes))}, {hosts} x {gpus} GPU{'s' * (gpus > 1)}"
            cells = "".join(f"{amount(parts[column]):>11}" for column in columns) + f"{amount(step):>11}"
            each_second = hosts * gpus * each / step
            yield f"P{k:<3} {name:<36}{cells}{each_second:>12.3g}{100 * alone / step:>8.0f} %"
    yield "\npredicted, before the first step and beside the steps, by the number of parameters"
    yield f"{'':<22}{'trace':>10}{'memory':>11}{'checkpoint':>12}{'written in':>12}{'every':>11}"
    for k, parameters in enumerate((10**6, 10**7, 10**8, 10**9), 1):
        seconds = model.trace[0] + model.trace[1] * parameters
        memory = model.memory[0] + model.memory[1] * parameters
        kept = 8.0 * parameters * 4  # last and best weights, and the two moments of Adam
        written = kept / DISK
        yield (
            f"S{k:<3} {parameters:>13,}    {amount(seconds):>10}{weight(memory):>11}{weight(kept):>12}"
            f"{amount(written):>12}{amount(math.sqrt(2 * written * FAILS / 1000)):>11}"
        )
    fails = amount(FAILS / 1000)
    yield f"     disk {weight(DISK)}/s; every: Young's optimum, where one of 1 000 hosts fails in {fails}"


DISK, FAILS = 1e9, 5 * 365.25 * 86400
"""Assumed: bytes a second to the disk that all hosts see; seconds between two failures of one host, five years."""


def put_into(page: str, lines: Sequence[str]) -> str:
    """The page with these lines between its two marks.

    Raises:
        ValueError: for a page without them.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page has no {BEGIN} … {END}")
    return "\n".join([before + BEGIN, "```text", *lines, "```", END]) + after


FULL = {
    "networks": ["784-16-16-10", "784-128-128-10", "784-1024-1024-10"],
    "batches": [32, 256, 2048], "devices": [1, 2, 8], "each": 4096,
    "held_out": [("784-1024-1024-10", 512, 4, 1), ("784-1024-1024-10", 512, 2, 2)],
}  # fmt: skip
QUICK = {
    "networks": ["784-16-16-10", "784-128-128-10"], "batches": [32, 512], "devices": [1, 2, 8], "each": 4096,
    "held_out": [("784-128-128-10", 256, 4, 1)],
}  # fmt: skip
TINY = {
    "networks": ["6-5-4"], "batches": [8, 64], "devices": [1, 2], "each": 16, "held_out": [("6-5-4", 32, 3, 1)],
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument(
        "--quick", dest="plan", action="store_const", const=QUICK, default=FULL, help="smaller networks"
    )
    parser.add_argument("--tiny", dest="plan", action="store_const", const=TINY, help="tiny ones, to see that it runs")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the table between the two marks of a page")
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(measure(*json.loads(options.one))))
        return
    plan: dict[str, Any] = options.plan
    if options.write:
        put_into(options.write.read_text("utf-8"), [])  # that it can be, before minutes of measuring
    found: list[Measured] = []
    for network in plan["networks"]:
        sizes = [int(n) for n in network.split("-")]
        for devices, processes in [*((d, 1) for d in plan["devices"]), (1, 2)]:
            print(f"measuring {network} on {devices} devices x {processes} …", file=sys.stderr, flush=True)
            found += run(sizes, plan["batches"], devices, processes)
    held_out = [run([int(n) for n in name.split("-")], [b], d, p)[0] for name, b, d, p in plan["held_out"]]
    lines = list(table(found, held_out, plan["each"]))
    print("\n".join(lines))
    if options.write:
        options.write.write_text(put_into(options.write.read_text("utf-8"), "\n".join(lines).split("\n")), "utf-8")


if __name__ == "__main__":
    main()
