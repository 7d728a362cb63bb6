"""Bundle adjustment: residuals of many observations, and their sparse Jacobian, beside JAX.

A camera is 11 numbers (rotation, centre, focal length, principal point, two of radial distortion), a point 3, and an
observation has a weight: the 15 numbers that its two residuals depend on. Data are made: 49 cameras around a cloud.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from benchmarks import peers
from benchmarks.peers import Peer, Rows, Run

__all__ = ["rows"]

CAMERA, POINT = 11, 3


class Scene(NamedTuple):
    """Cameras and points, and which of them are in which observation."""

    cameras: Any
    points: Any
    weights: Any
    camera: Any
    """Of each observation its camera; likewise its point, and where it was seen."""
    point: Any
    seen: Any


def scene(cameras: int = 49, points: int = 7776, observations: int = 31_843) -> Scene:
    choose = np.random.default_rng(0)
    lenses = np.tile([800.0, 5.0, -3.0, 1e-2, -1e-3], (cameras, 1)) * choose.uniform(0.9, 1.1, (cameras, 5))
    eyes = np.hstack([choose.normal(scale=0.2, size=(cameras, 3)), choose.normal(size=(cameras, 3)) - [0, 0, 10]])
    camera = np.sort(choose.integers(cameras, size=observations))
    point = choose.integers(points, size=observations)
    seen = choose.normal(scale=200, size=(observations, 2))
    weights = choose.uniform(0.5, 1.5, observations)
    return Scene(np.hstack([eyes, lenses]), choose.normal(size=(points, 3)), weights, camera, point, seen)


def residuals(of: Any, at: Sequence[Any], seen: Sequence[Any]) -> list[Any]:
    """The weighted distance in the picture: the rotation by Rodrigues' formula, then two radial terms."""
    turn, centre, (focal, u, v), (first, second) = at[:3], at[3:6], at[6:9], at[9:11]
    angle = of.sqrt(turn[0] * turn[0] + turn[1] * turn[1] + turn[2] * turn[2])
    cosine, sine = of.cos(angle), of.sin(angle)
    a, b, c = (x / angle for x in turn)
    x, y, z = (p - q for p, q in zip(at[11:14], centre, strict=True))
    along = (a * x + b * y + c * z) * (1 - cosine)
    p = x * cosine + (b * z - c * y) * sine + a * along
    q = y * cosine + (c * x - a * z) * sine + b * along
    depth = z * cosine + (a * y - b * x) * sine + c * along
    p, q = p / depth, q / depth
    squared = p * p + q * q
    scale = 1 + first * squared + second * squared * squared
    return [at[14] * (focal * p * scale + u - seen[0]), at[14] * (focal * q * scale + v - seen[1])]


def _sparse(s: Scene) -> Any:
    """A function from blocks (observations, 2, 15) to the CSR matrix: cameras, then points, then weights."""
    from scipy.sparse import csr_array

    number, after = len(s.camera), CAMERA * len(s.cameras)
    columns = np.hstack(
        [
            CAMERA * s.camera[:, None] + np.arange(CAMERA),
            after + POINT * s.point[:, None] + np.arange(POINT),
            after + POINT * len(s.points) + np.arange(number)[:, None],
        ]
    )
    indices = np.repeat(columns, 2, axis=0).ravel()
    starts = np.arange(2 * number + 1) * columns.shape[1]
    shape = 2 * number, after + POINT * len(s.points) + number
    return lambda blocks: csr_array((np.asarray(blocks).ravel(), indices, starts), shape=shape)


def ours(s: Scene) -> tuple[Run, str]:
    import autograd

    program = autograd.compile(
        lambda at, seen: residuals(autograd, at, seen), example=([0.0] * (CAMERA + POINT + 1), [0.0] * 2)
    )
    sparse = _sparse(s)

    def step() -> Any:
        at = np.hstack([s.cameras[s.camera], s.points[s.point], s.weights[:, None]])
        return program(at, s.seen), sparse(program.jacobian(at, s.seen, wrt="at"))

    return Run(step, _read), program._engine(len(s.camera)).name


def jax(s: Scene) -> Run:
    sparse = _sparse(s)

    def make(jax: Any) -> Any:
        def one(at: Any, seen: Any) -> Any:
            found = jax.numpy.stack(residuals(jax.numpy, at, seen))
            return found, found

        def whole(cameras: Any, points: Any, weights: Any, seen: Any) -> Any:
            at = jax.numpy.hstack([cameras[s.camera], points[s.point], weights[:, None]])
            return jax.vmap(jax.jacfwd(one, has_aux=True))(at, seen)

        return whole

    run = peers.jitted(make, [s.cameras, s.points, s.weights, s.seen])

    def step() -> Any:
        blocks, found = run()
        return found, sparse(blocks)

    return Run(step, _read)


def _read(result: Any) -> Any:
    return result[0], result[1].data


def rows(quick: bool) -> Rows:
    s = scene(3, 20, 50) if quick else scene()
    run, engine = ours(s)
    return peers.compare(
        f"bundle adjustment, {len(s.camera)} observations", run, {"JAX": Peer(lambda: jax(s), 1.0)}, engine
    )
