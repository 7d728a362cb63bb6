"""Training on many devices: each takes its share of a mini-batch, and all of them step the same parameters.

`DataParallel` is the engine of ``nn.fit(…, engine="jax", mesh=…)``. A mesh is JAX's own, one axis or more of devices,
here or on many hosts; it is JAX that places arrays, adds the gradients up (XLA's all-reduce) and joins hosts:

    import jax, nn
    mesh = jax.make_mesh((len(jax.devices()),), ("batch",))
    nn.fit(model, X, y, loss=nn.mse_loss, engine="jax", mesh=mesh)

The parameters are on every device, each mini-batch is cut into equal shares. One that cannot be cut so is filled up
with copies of one of its samples, which count for nothing: neither in the loss, nor in its gradient, nor in the mean.
The optimiser steps one vector in each process, by the same gradient, so it is `nn.optim`'s, and a checkpoint is `nn`'s.

With several hosts every process runs the same program and first calls ``jax.distributed.initialize(…)``. All draw the
same order of the samples, and each reads only those that its own devices get: of an array on disk (`numpy.memmap`) no
others are read, but for the checksum of a checkpoint. The first process writes the checkpoint, and all of them read it.

That is `nn.Checkpoint`, as everywhere: what has to be kept is one vector, a few more of its length and the states of
some generators, which one process has whole. orbax-checkpoint is made for parameters that are spread over hosts; here
it would bring 14 more packages, and a folder instead of one file that is there whole or not at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.given import real
from nn.engines import Compiled, Loss, shortened
from nn.optim import Optimiser

__all__ = ["DataParallel"]

Array = NDArray[Any]


class DataParallel(Compiled):
    """The engine that runs each mini-batch on all the devices of a mesh.

    Args:
        model, loss, optimiser, example: as for `Compiled`.
        mesh: a `jax.sharding.Mesh`; the batch is cut along all of its axes.

    Raises:
        TypeError: for what is no mesh; and as `Compiled`.
        ValueError: without JAX, or for a mesh without a device of this process.

    Where another process is lost, JAX ends this one: at once where the two are computing together, with a
    ConnectionError from `step`, else as soon as its heartbeat has been missed for as long as
    ``jax.distributed.initialize(…, heartbeat_timeout_seconds=100)`` says. One that ends by an error or an interrupt
    of its own waits for the others first, and they for it, as long as ``shutdown_timeout_seconds=300`` says there;
    then all of them are ended. What decides how a training goes on is the same in all: what the first has measured,
    and whether a callback has ended it in any.
    """

    def __init__(
        self, model: Any, loss: Loss, optimiser: Callable[[Any], Optimiser], example: tuple[Any, Any], mesh: Any
    ) -> None:
        super().__init__(model, loss, optimiser, example, "jax")
        import jax
        from jax.sharding import NamedSharding, PartitionSpec

        if not isinstance(mesh, jax.sharding.Mesh):
            raise TypeError(f"mesh is a jax.sharding.Mesh, such as jax.make_mesh((8,), ('batch',)), not {mesh!r}")
        mesh = jax.sharding.Mesh(mesh.devices, mesh.axis_names)  # XLA shards what is computed, whatever kind it was of
        devices = mesh.devices.ravel().tolist()
        self._devices = len(devices)
        self._mine = [k for k, device in enumerate(devices) if device.process_index == jax.process_index()]
        if not self._mine:
            raise ValueError(f"none of the {len(devices)} devices of the mesh is one of process {jax.process_index()}")
        self._cut = NamedSharding(mesh, PartitionSpec(tuple(mesh.axis_names)))
        self._everywhere = NamedSharding(mesh, PartitionSpec())
        self._whole, self._each = 0, 0  # samples of the mini-batch that goes on, and of a device's share

    # ── who does what ─────────────────────────────────────────────────────────────────────────

    def share(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Of the rows of a mini-batch those that this process has to read, filled up where there are too few."""
        self._whole, self._each = len(rows), -(-len(rows) // self._devices)
        filled = np.append(rows, np.full(self._devices * self._each - len(rows), rows[0]))
        return self._of_mine(filled)

    def _of_mine(self, filled: Array) -> Array:
        return np.concatenate([filled[k * self._each : (k + 1) * self._each] for k in self._mine])

    @property
    def writes(self) -> bool:
        import jax

        return bool(jax.process_index() == 0)

    def begin_together(self, where: str) -> None:
        """That all processes begin with the same.

        Raises:
            ValueError: if not.
        """
        import jax

        if jax.process_count() == 1:
            return
        of_all = _of_all(hashlib.sha256(self.program.vector.tobytes() + where.encode()).digest())
        others = np.flatnonzero((of_all != of_all[0]).any(axis=1)).tolist()
        if others:
            raise ValueError(
                f"processes {others} do not begin as process 0 does: all need the same model, samples, settings and "
                "checkpoint (a file that all of them see)"
            )

    def of_all(self, numbers: Sequence[float]) -> Array:
        import jax

        mine = np.array(numbers, np.float64)
        if jax.process_count() == 1:
            return mine[None]
        return np.ascontiguousarray(_of_all(mine.tobytes())).view(np.float64)

    # ── a step ────────────────────────────────────────────────────────────────────────────────

    def step(self, x: Array, y: Array, clip: float | None = None) -> float:
        """Step the parameters once, by what `share` has let this process read of a mini-batch."""
        import jax

        if len(x) != len(self._mine) * self._each:
            raise ValueError(f"a step takes {len(self._mine) * self._each} samples, as share said, not {len(x)}")
        mine = [real(a, f"argument {number} of a batch") for number, a in enumerate((x, y))]
        self.program._check_limits(mine)
        whole, each = self._whole, self._each
        counts = np.arange(self._devices * each) < whole  # what fills the last share up does not
        if self.program._noise:  # every process draws all of it, so that it depends on no number of devices
            noise = self.program.generator.random((whole, self.program._noise))
            mine.append(self._of_mine(np.concatenate([noise, np.repeat(noise[:1], len(counts) - whole, axis=0)])))
        with jax.enable_x64(True):
            vector = self._placed(
                self.program.vector, self._everywhere, lambda index: self.program.vector[index].copy()
            )
            arrays = [self._shared_out(a) for a in (self._of_mine(counts), *mine)]
            mean, gradient = self._computed(vector, 1.0 / whole, arrays)
        if clip is not None:
            gradient *= shortened(float(np.linalg.norm(gradient)), clip)
        self.optimiser.step(gradient)
        return mean

    def _computed(self, vector: Any, share: float, arrays: list[Any]) -> tuple[float, Array]:
        import jax

        try:
            value, slope = self._mean_and_grad(vector, share, *arrays)
            return float(value), np.array(slope)
        except jax.errors.JaxRuntimeError as error:
            if jax.process_count() == 1:
                raise
            raise ConnectionError(
                f"process {jax.process_index()} of {jax.process_count()} cannot go on, as another one has stopped or "
                "is out of reach. Start all of them again: with a checkpoint they go on from where it was last "
                f"written. JAX says: {error}"
            ) from error

    def _shared_out(self, mine: Array) -> Any:
        """An array over all the devices, of which this process has its own rows."""
        each = self._each

        def of_device(index: tuple[slice, ...]) -> Array:
            begin = each * self._mine.index((index[0].start or 0) // each)
            return mine[begin : begin + each]

        return self._placed(np.empty((self._devices * each, *mine.shape[1:]), bool), self._cut, of_device)

    @staticmethod
    def _placed(like: Array, sharding: Any, of_device: Callable[[Any], Array]) -> Any:
        import jax

        return jax.make_array_from_callback(like.shape, sharding, of_device)

    @cached_property
    def _mean_and_grad(self) -> Callable[..., Any]:
        import jax
        import jax.numpy as jnp

        from autograd.compiler.jax_function import OPTIONS, Sample

        programs = self.program._programs
        sample, root = Sample(programs), programs.scalars.root
        assert root is not None  # a loss is one Value

        def mean(vector: Any, share: Any, counts: Any, *inputs: Any) -> Any:
            each = jax.vmap(lambda *x: sample.of_nodes([root], vector, *x)[0])(*inputs)
            return share * jnp.where(counts, each, 0).sum()

        compiled: Callable[..., Any] = jax.jit(
            jax.value_and_grad(mean), out_shardings=self._everywhere, compiler_options=OPTIONS
        )
        return compiled


def _of_all(mine: bytes) -> Array:
    """The bytes of each process, a row a process; bytes, as JAX might round numbers."""
    from jax.experimental import multihost_utils

    return np.asarray(multihost_utils.process_allgather(np.frombuffer(mine, np.uint8)))
