"""A hand of 16 bones that is fitted to 100 points: the Jacobian of 300 residuals by 26 angles and shifts, beside JAX.

The first three parameters turn the hand, the next three shift it, and each finger has four: it spreads, and bends at
three joints. A point moves with up to three bones, by its weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks import peers
from benchmarks.peers import Peer, Rows, Run

__all__ = ["program", "rows"]

FINGERS, JOINTS = 5, 3
PARAMETERS = 6 + FINGERS * (1 + JOINTS)


def made(points: int) -> tuple[Any, Any, Any, Any, Any]:
    """Parameters; weights (points, bones); where points are, seen from the joint of each bone; bones; and data."""
    choose = np.random.default_rng(0)
    joints = np.zeros((1 + FINGERS * JOINTS, 3))
    offsets = np.zeros_like(joints)  # of a joint from the one before
    for finger in range(FINGERS):
        for joint in range(JOINTS):
            bone = 1 + finger * JOINTS + joint
            offsets[bone] = [finger - 2.0, 4.0, 0.0] if joint == 0 else [0.0, 2.0 - 0.5 * joint, 0.0]
            joints[bone] = offsets[bone] + (joints[bone - 1] if joint else 0)
    weights = np.zeros((points, len(joints)))
    near = choose.integers(1, len(joints), size=points)
    for bone, share in ((near, 0.6), (np.maximum(near - 1, 0), 0.3), (np.zeros(points, int), 0.1)):
        weights[np.arange(points), bone] += share
    at = joints[near] + choose.normal(scale=0.4, size=(points, 3))
    theta = choose.normal(scale=0.3, size=PARAMETERS)
    return theta, weights, at[:, None] - joints, offsets, at + choose.normal(scale=0.2, size=at.shape)


def _times(A: Any, B: Any) -> Any:
    return [[sum(a * b for a, b in zip(row, column, strict=True)) for column in zip(*B, strict=True)] for row in A]


def _applied(A: Any, x: Sequence[Any]) -> list[Any]:
    return [row[0] * x[0] + row[1] * x[1] + row[2] * x[2] for row in A]


def _turned(of: Any, axis: int, angle: Any) -> list[list[Any]]:
    """A rotation about an axis of coordinates."""
    c, s = of.cos(angle), of.sin(angle)
    return [
        [[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]],
        [[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]],
        [[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]],
    ][axis]


def bones(of: Any, theta: Sequence[Any], offsets: Any) -> list[tuple[Any, Any]]:
    """The rotation and the shift of every bone; of the palm first."""
    found: list[tuple[Any, Any]] = [(np.eye(3).tolist(), [0.0, 0.0, 0.0])]
    for finger in range(FINGERS):
        spread, *bent = theta[6 + finger * (1 + JOINTS) : 6 + (finger + 1) * (1 + JOINTS)]
        turn: Any = _turned(of, 2, spread)
        place: Any = offsets[1 + finger * JOINTS].tolist()
        for joint, angle in enumerate(bent):
            if joint:
                step = _applied(turn, offsets[1 + finger * JOINTS + joint].tolist())
                place = [a + b for a, b in zip(place, step, strict=True)]
            turn = _times(turn, _turned(of, 0, angle))
            found.append((turn, place))
    return found


def program(points: int = 100) -> Any:
    import autograd

    numbers, weights, local, offsets, data = made(points)
    theta = [autograd.Value(x) for x in numbers]

    def residuals() -> list[list[Any]]:
        moving = bones(autograd, theta, offsets)
        whole = _times(
            _times(_turned(autograd, 0, theta[0]), _turned(autograd, 1, theta[1])), _turned(autograd, 2, theta[2])
        )
        found = []
        for share, places, wanted in zip(weights.tolist(), local.tolist(), data.tolist(), strict=True):
            at: list[Any] = [0.0, 0.0, 0.0]
            for w, place, (turn, shift) in zip(share, places, moving, strict=True):
                if w:
                    moved = [a + b for a, b in zip(_applied(turn, place), shift, strict=True)]
                    at = [a + w * b for a, b in zip(at, moved, strict=True)]
            found.append([a + b - c for a, b, c in zip(_applied(whole, at), theta[3:6], wanted, strict=True)])
        return found

    return autograd.compile(residuals, example=(), parameters=theta)


def jax(points: int) -> Run:
    numbers, weights, local, offsets, data = made(points)

    def make(jax: Any) -> Any:
        jnp = jax.numpy

        def array(nested: Any) -> Any:
            return jnp.stack([jnp.stack([jnp.asarray(x, float) for x in row]) for row in nested])

        def residuals(theta: Any) -> Any:
            moving = bones(jnp, list(theta), offsets)
            turns, shifts = jnp.stack([array(turn) for turn, _ in moving]), array([shift for _, shift in moving])
            x, y, z = (array(_turned(jnp, axis, theta[axis])) for axis in range(3))
            at = jnp.einsum("pb,pbi->pi", weights, jnp.einsum("bij,pbj->pbi", turns, local) + shifts)
            found = at @ (x @ y @ z).T + theta[3:6] - data
            return found, found

        return jax.jacfwd(residuals, has_aux=True)

    return Run(peers.jitted(make, [numbers]), lambda result: (result[1], result[0]))


def rows(quick: bool) -> Rows:
    points = 4 if quick else 100
    compiled = program(points)

    def step() -> Any:
        return compiled()[0], compiled.jacobian(wrt="parameters")[0]

    name = f"hand, {3 * points} residuals by {PARAMETERS} parameters"
    return peers.compare(name, Run(step), {"JAX": Peer(lambda: jax(points), 1.0)}, compiled._engine(1).name)
