"""Which engine from which size on: NumPy, native and JAX, on one device and on many (``python -m benchmarks.devices``).

A training step (value, gradient, SGD) of a network at every batch, each contestant in a process of its own: how long it
takes from the network of `Value`s to the first step done, and the median of the steps after that. A processor is forced
to be eight devices for JAX (``--xla_force_host_platform_device_count``), which shows what sharing costs, not what eight
devices gain. With ``--gpu`` JAX takes the devices that it finds. ``--small`` is for a glance.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from importlib.util import find_spec
from statistics import median
from typing import Any

NETWORKS = {"784-16-16-10": [784, 16, 16, 10], "784-1024-1024-10": [784, 1024, 1024, 10]}
BATCHES = [32, 256, 4096, 65536]
CONTESTANTS = {"numpy": 0, "native": 0, "jax": 0, "jax, 8 devices": 8}
"""And how many devices of a mesh it has."""
LONGEST, STEPS = 3.0, 50  # seconds of steps, and how many at most


def measure(contestant: str, sizes: list[int], batches: list[int]) -> dict[int, tuple[float, float]]:
    """For each batch the seconds until its first step is done (the first of all with the compiling), and of a step."""
    import numpy as np

    import nn
    from nn.engines import Compiled
    from nn.parallel import DataParallel

    choose, found = np.random.default_rng(0), {}
    model = nn.MLP(sizes[0], sizes[1:], activation="tanh", seed=0)
    example = np.zeros(sizes[0]), np.zeros(sizes[-1])
    begun = time.perf_counter()
    engine: Any
    if CONTESTANTS[contestant]:
        import jax

        mesh = jax.make_mesh((len(jax.devices()),), ("batch",))
        engine = DataParallel(model, nn.half_squared_error, lambda ws: nn.SGD(ws, lr=0.01), example, mesh)
    else:
        engine = Compiled(model, nn.half_squared_error, lambda ws: nn.SGD(ws, lr=0.01), example, contestant)
    for batch in batches:
        X, Y = choose.random((batch, sizes[0])), choose.random((batch, sizes[-1]))

        def step(X: Any = X, Y: Any = Y, batch: int = batch) -> None:
            rows = engine.share(np.arange(batch))
            engine.step(X[rows], Y[rows])

        step()
        first, times = time.perf_counter() - begun, []
        while len(times) < 3 or (sum(times) < LONGEST and len(times) < STEPS):
            at = time.perf_counter()
            step()
            times.append(time.perf_counter() - at)
        found[batch] = first, median(times)
        begun = time.perf_counter()
    return found


def in_a_process(contestant: str, sizes: list[int], batches: list[int], gpu: bool) -> dict[str, list[float]] | str:
    """The same in a fresh process; why not, where that is so."""
    needed = {"native": "numba", "jax": "jax"}.get(contestant.partition(",")[0], "numpy")
    if not find_spec(needed):
        return f"skipped, {needed} is not installed"
    environment = dict(os.environ)
    if not gpu:
        environment["JAX_PLATFORMS"] = "cpu"
        if CONTESTANTS[contestant]:
            environment["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={CONTESTANTS[contestant]}"
    command = [sys.executable, "-m", "benchmarks.devices", "--one", json.dumps([contestant, sizes, batches])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        return f"failed: {(done.stderr.strip().splitlines() or ['killed'])[-1][:80]}"
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def shown(seconds: float) -> str:
    return f"{seconds:8.2f} s " if seconds >= 1 else f"{1000 * seconds:8.2f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--small", action="store_true", help="the smaller network, batches of 32 and 256")
    parser.add_argument("--gpu", action="store_true", help="let JAX take the devices it finds")
    parser.add_argument("--batches", type=int, nargs="+", default=BATCHES)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(*json.loads(options.one))))
        return
    networks = dict(list(NETWORKS.items())[: 1 if options.small else None])
    batches = BATCHES[:2] if options.small else options.batches
    for name, sizes in networks.items():
        print(
            f"\na training step of {name}{'':<18}" + "".join(f"  batch {batch:>6}" for batch in batches) + "  first use"
        )
        quickest: dict[int, tuple[float, str]] = {}
        for contestant in CONTESTANTS:
            found = in_a_process(contestant, sizes, batches, options.gpu)
            if isinstance(found, str):
                print(f"  {contestant:<44}  {found}", flush=True)
                continue
            times = {int(batch): seconds for batch, (_, seconds) in found.items()}
            for batch, seconds in times.items():
                quickest[batch] = min(quickest.get(batch, (seconds, contestant)), (seconds, contestant))
            cells = "".join(f"   {shown(times[batch])}" for batch in batches)
            print(f"  {contestant:<44}{cells}{shown(found[str(batches[0])][0])}", flush=True)
        print("  quickest: " + ", ".join(f"{quickest[batch][1]} at {batch}" for batch in batches if batch in quickest))


if __name__ == "__main__":
    main()
