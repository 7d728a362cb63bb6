"""Optimal control of a cart with a pole on it: the cost of 200 controls and its gradient, beside JAX's scan.

The state (place and angle, and their speeds) goes through steps of Runge and Kutta, one for each control.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import Any

import numpy as np

from benchmarks import peers
from benchmarks.peers import Peer, Rows, Run

__all__ = ["controls", "program", "rows"]

CART, POLE, LENGTH, GRAVITY, STEP = 1.0, 0.1, 0.5, 9.81, 0.02
BEGIN = (0.0, pi, 0.0, 0.0)


def controls(steps: int) -> Any:
    return np.random.default_rng(0).normal(size=steps)


def slopes(of: Any, state: Sequence[Any], force: Any) -> list[Any]:
    """The equations of motion; the angle is 0 where the pole stands upright."""
    _, angle, speed, turning = state
    sine, cosine = of.sin(angle), of.cos(angle)
    pushed = (force + POLE * LENGTH * turning * turning * sine) / (CART + POLE)
    bent = (GRAVITY * sine - cosine * pushed) / (LENGTH * (4 / 3 - POLE * cosine * cosine / (CART + POLE)))
    return [speed, turning, pushed - POLE * LENGTH * bent * cosine / (CART + POLE), bent]


def moved(of: Any, state: Sequence[Any], force: Any) -> list[Any]:
    def on(k: Sequence[Any], h: float) -> list[Any]:
        return [x + h * v for x, v in zip(state, k, strict=True)]

    k1 = slopes(of, state, force)
    k2 = slopes(of, on(k1, STEP / 2), force)
    k3 = slopes(of, on(k2, STEP / 2), force)
    k4 = slopes(of, on(k3, STEP), force)
    return on([a + 2 * b + 2 * c + d for a, b, c, d in zip(k1, k2, k3, k4, strict=True)], STEP / 6)


def at_the_end(state: Sequence[Any]) -> Any:
    place, angle, speed, turning = state
    return 10 * (place * place + angle * angle) + speed * speed + turning * turning


def cost(forces: Sequence[Any]) -> Any:
    import autograd

    state, spent = list(BEGIN), []
    for force in forces:
        state = moved(autograd, state, force)
        spent.append(force * force)
    return at_the_end(state) + STEP * autograd.total(spent)


def program(steps: int = 200) -> Any:
    """The controls are its parameters."""
    import autograd

    forces = [autograd.Value(x) for x in controls(steps)]
    return autograd.compile(lambda: cost(forces), example=(), parameters=forces)


def inside(steps: int) -> Any:
    """The same, differentiated inside of what is compiled; the controls are its input."""
    import autograd

    return autograd.compile(autograd.value_and_grad(cost), example=([0.0] * steps,))


def jax(steps: int) -> Run:
    def make(jax: Any) -> Any:
        def whole(forces: Any) -> Any:
            def step(state: Any, force: Any) -> Any:
                return tuple(moved(jax.numpy, state, force)), force * force

            state, spent = jax.lax.scan(step, BEGIN, forces)
            return at_the_end(state) + STEP * spent.sum()

        return jax.value_and_grad(whole)

    return Run(peers.jitted(make, [controls(steps)]))


def rows(quick: bool) -> Rows:
    steps = 3 if quick else 200
    by = {"JAX": Peer(lambda: jax(steps), 1.0)}
    compiled, of_inputs, forces = program(steps), inside(steps), controls(steps)[None]
    name = f"cart-pole, {steps} controls"
    found = peers.compare(name, Run(compiled.value_and_grad), by, compiled._engine(1).name)
    nested = Run(lambda: of_inputs(forces), lambda result: tuple(np.asarray(x)[0] for x in result))
    return found + peers.compare(f"{name}, value_and_grad inside", nested, by, of_inputs._engine(1).name)
