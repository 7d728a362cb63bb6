"""A training in a process of its own: ``python trains.py '{"devices": 8}'`` writes its weights to the file `out`.

What can be said: `devices` of this process, `mesh` (0 for none: the engine alone), `epochs`, `batch`, `dropout`,
`memmap`, `checkpoint` and `existing`; `process` of `processes` at the address `at`. After which epoch this process is
killed (`die`), fails (`fail`), or has a callback that ends it (`end`); `luck`: which epoch is the best depends on the
process that measures it, and with it `patience`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any

SETTINGS: dict[str, Any] = {
    "devices": 1, "mesh": 1, "engine": "jax", "epochs": 5, "batch": 9, "dropout": False, "memmap": "",
    "checkpoint": "", "existing": "resume", "out": "", "process": 0, "processes": 1, "at": "", "die": 0,
    "fail": 0, "end": 0, "luck": False, "patience": None,
}  # fmt: skip
SAMPLES = 173  # 20 mini-batches of 9, the last of 2: none of them can be cut into 8 equal shares


def train(of: dict[str, Any]) -> list[float]:
    import jax
    import numpy as np

    import nn

    if of["processes"] > 1:
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        jax.distributed.initialize(
            of["at"], of["processes"], of["process"], heartbeat_timeout_seconds=10, shutdown_timeout_seconds=10
        )
    choose = np.random.default_rng(0)
    X, Y = choose.random((SAMPLES, 6)), np.eye(4)[choose.integers(0, 4, SAMPLES)]
    if of["memmap"]:
        np.save(of["memmap"], X)
        X = np.load(of["memmap"], mmap_mode="r")
    layers: list[Any] = [nn.Layer(6, 5, activation="tanh", seed=1), nn.Layer(5, 4, activation="sigmoid", seed=3)]
    if of["dropout"]:
        layers.insert(1, nn.Dropout(0.5, seed=2))

    class Network(nn.Module):
        def __init__(self) -> None:
            self.layers = layers

        def __call__(self, x: Any) -> Any:
            for layer in self.layers:
                x = layer(x)
            return x

    model = Network()

    def after(training: Any) -> bool:
        number = training.history[-1].number
        print("epoch", number, flush=True)
        if number == of["die"]:
            os.kill(os.getpid(), signal.SIGKILL)
        if number == of["fail"]:
            raise OSError("a disk is full")
        return bool(number == of["end"])

    measured = iter(range(100))
    nn.fit(
        model, X, Y, loss=nn.half_squared_error, optimiser=partial(nn.Adam, lr=0.05), epochs=of["epochs"],
        batch_size=of["batch"], validation=(X[:20], Y[:20]), engine=of["engine"],
        metrics={"luck": lambda outputs, y: next(measured) * (1 - 2 * of["process"])} if of["luck"] else None,
        score=lambda epoch: epoch.metrics.get("luck", epoch.number), patience=of["patience"],
        mesh=jax.make_mesh((len(jax.devices()),), ("batch",)) if of["mesh"] else None, callbacks=[after],
        checkpoint=nn.Checkpoint(of["checkpoint"], existing=of["existing"]) if of["checkpoint"] else None,
        progress=False,
    )  # fmt: skip
    return [p.data for p in model.parameters()]


if __name__ == "__main__":
    given = {**SETTINGS, **json.loads(sys.argv[1])}
    os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={given['devices']}"
    os.environ["JAX_PLATFORMS"] = "cpu"
    weights = train(given)
    Path(given["out"]).write_text(json.dumps(weights))
