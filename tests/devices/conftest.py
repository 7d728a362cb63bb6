"""Tests on JAX's devices: they skip where JAX (the extra jax) is not installed."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob: list[str] = []
if not find_spec("jax"):
    collect_ignore_glob = ["test_*.py"]
    print("JAX is not installed (the extra jax), so nothing is tested on its devices")
