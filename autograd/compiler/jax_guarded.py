"""A product that hands on no adjoint where there is none: a primitive of JAX's own kind.

Its value is t · d, and it is linear in t; handed back, an adjoint of 0 gives 0 also where d is infinite or NaN. JAX has
none like it, as 0 · ∞ is NaN there. It is needed where a `take` did not choose what cannot be differentiated.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

__all__ = ["guarded"]

_guarded = Primitive("guarded_product")


def guarded(t: Any, d: Any) -> Any:
    """t · d, which gives t no adjoint where its own is 0.

    >>> slope = jax.linear_transpose(lambda t: guarded(t, jnp.array([jnp.inf, 2.0])), jnp.zeros(2))
    >>> slope(jnp.array([0.0, 3.0]))[0].tolist()
    [0.0, 6.0]
    """
    shape = jnp.broadcast_shapes(jnp.shape(t), jnp.shape(d))
    d = jnp.broadcast_to(jnp.asarray(d, t.dtype), shape)
    return _guarded.bind(jnp.broadcast_to(t, shape), d)


def _product(t: Any, d: Any) -> Any:
    return t * d


def _tangent(primals: Any, tangents: Any) -> Any:
    (t, d), (t_dot, d_dot) = primals, tangents
    terms = []
    if type(t_dot) is not ad.Zero:
        terms.append(_guarded.bind(t_dot, d))
    if type(d_dot) is not ad.Zero:
        terms.append(_guarded.bind(d_dot, t))
    y = _guarded.bind(t, d)
    return y, sum(terms[1:], terms[0]) if terms else ad.Zero.from_primal_value(y)


def _transpose(adjoint: Any, t: Any, d: Any) -> Any:
    if type(adjoint) is ad.Zero:
        return [ad.Zero(t.aval), None]
    return [jnp.where(adjoint != 0, adjoint * d, 0), None]


def _batch(operands: Any, axes: Any) -> Any:
    size = next(x.shape[axis] for x, axis in zip(operands, axes, strict=True) if axis is not None)
    whole = [
        jnp.broadcast_to(x, (size, *x.shape)) if axis is None else jnp.moveaxis(x, axis, 0)
        for x, axis in zip(operands, axes, strict=True)
    ]
    return _guarded.bind(*whole), 0


_guarded.def_impl(_product)
_guarded.def_abstract_eval(lambda t, d: jax.core.ShapedArray(t.shape, t.dtype))
mlir.register_lowering(_guarded, mlir.lower_fun(_product, multiple_results=False))
batching.primitive_batchers[_guarded] = _batch
ad.primitive_jvps[_guarded] = _tangent
ad.primitive_transposes[_guarded] = _transpose
