"""A training in a process of its own: ``python trains.py '{"devices": 8}'`` writes its weights to the file `out`.

What can be said: `devices` of this process, `mesh` (0 for none: the engine alone), `epochs`, `batch`, `dropout`,
`memmap`, `checkpoint` and `existing`; `process` of `processes` at the address `at`; `die`: be killed after that epoch.
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
}  # fmt: skip
SAMPLES = 173  # 20 mini-batches of 9, the last of 2: none of them can be cut into 8 equal shares


def train(of: dict[str, Any]) -> list[float]:
    import jax
    import numpy as np

    import nn

    if of["processes"] > 1:
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        jax.distributed.initialize(of["at"], of["processes"], of["process"], heartbeat_timeout_seconds=10)
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

    def after(training: Any) -> None:
        print("epoch", training.history[-1].number, flush=True)
        if training.history[-1].number == of["die"]:
            os.kill(os.getpid(), signal.SIGKILL)

    nn.fit(
        model, X, Y, loss=nn.half_squared_error, optimiser=partial(nn.Adam, lr=0.05), epochs=of["epochs"],
        batch_size=of["batch"], validation=(X[:20], Y[:20]), score=lambda epoch: epoch.number, engine=of["engine"],
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
