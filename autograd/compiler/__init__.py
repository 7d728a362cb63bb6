"""From scalars to matrices: `compile` finds the vectors and matrices in scalar code, and runs it on mini-batches.

With this package one can

* train scalar code at the speed of NumPy: ``program = autograd.compile(loss, example=(x, y))``;
* see its vectorised form derived: ``print(program)``;
* choose by an input, for an embedding or the right class: `autograd.take`.

The floors, from scalar code to array calls, one module each:

==============  ============================================================================
`trace`         the function, called once with placeholders, leaves its scalar graph
`normalise`     the scalar program: sums are single nodes, nothing is computed twice
`vectorise`     nodes alike are one group, and its lanes; operands become views of what is stored
`stores`        where the numbers of a program are
`instructions`  the array program: typed instructions, and the check of a program of them
`arrays`        the table of primitives, read as array instructions
`rewrites`      cheaper instructions for the same numbers
`lower`         every group's instructions, forward and backward
`passes`        all of these in one tuple
`contract`      Σ a · b over axes: the matrix products
`execute`       an engine: the instructions bound to buffers for one batch size
`nodes`         an engine: one by one instead, for a few samples of graphs with nothing to find
`interpreter`   the one function that Numba compiles: it goes through rows of numbers, each an operation
`compiled`      that function, kept on disk
`rows`, `tape`  the array program and the scalar program, written as such rows
`native`        an engine: the one or the other
`jax_function`  the forward pass as a pure JAX function; `jax_guarded` is a product it needs
`jax_engine`    an engine: that function, on whatever devices JAX has
`engines`       the seam: what an engine has to offer, and which one runs
`trees`         arguments that are dictionaries
`results`       the numbers that the function returned, and the arrays that a call gives
`curvature`     Hessians: the few nodes that parameters enter, moved all at once
`derived`       other derivatives: programs that are made of the scalar program, differentiated in a trace
`derivatives`   the methods of `Program` for those
`solvers`       what SciPy's solvers are given
`derivation`    the instructions read in symbols: what `print` shows
`program`       `Program`, which holds all that together
==============  ============================================================================

``compiler/README.md`` shows what each pass makes of a network of 2-2-1, step by step.

Importing this package does not import NumPy; the first `compile` does.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from autograd.compiler.program import Program

__all__ = ["compile"]

NUMPY = (2, 3, 1)
"""The first release in which nothing is known that makes programs wrong."""


def compile(f: Callable[..., Any], *, example: Any, engine: str = "auto", parameters: Any = None) -> Program:
    """Compile a scalar function to array instructions that run on whole mini-batches.

    The function is called once, with placeholders instead of numbers. The leaf `Value`s that it
    uses are the parameters; a leaf that it makes itself is a constant. What is recognised:

    * `dot`s, or sums of products however written, that share weights or inputs: matrix products;
    * the same primitive on many values: one array operation; broadcasts and reductions;
    * what depends on parameters alone (weight decay): computed once, not for each sample.

    What is not: a loop of maxima stays one operation a step, sequences of unequal length are gathered and padded
    or, where they are many, one operation a length, and a narrow graph without any pattern gains nothing: a few
    samples of it are run node by node.

    While it is traced, the function has no numbers: not of the inputs, and not of what it computes from inputs
    or parameters. What would need one is refused, with its line: ``if x > 0``, ``x == 1`` anywhere but in
    `where` and `take`, ``x in (0, 1)``, ``match x``, x as a key or in a set, ``float(x)``, ``int(x)``,
    ``round(x)``, ``x.data``, ``str(x)``, ``Value(x)``, `math`'s functions, copies. Stop-gradients (``detach``,
    `no_grad`) stop gradients, and follow the parameters. The numbers of `nn.Dropout` and
    `autograd.chance.uniform` are drawn anew for each call and sample; a draw from the generators of `random` or
    ``np.random`` is refused.

    What cannot be noticed, and is in the program as it was while tracing: ``isinstance(x, float)`` and
    ``type(x)`` (x is a `Value`), ``x is y``, ``repr(x)``; ``w.data``, ``w.grad`` and the text of a `Value` from
    outside, and data that the function assigns; what other threads compute for the function; numbers drawn from
    generators of one's own, the time; whatever else the function reads that changes later, such as
    ``model.training``. A refusal that the function catches is raised when it ends.

    Args:
        f: a function of numbers and nested lists (or arrays) of numbers, that returns one `Value`,
            a loss, or (nested) lists of `Value`s. It has to do the same for every input.
        example: the arguments of one sample, as a tuple (anything else is the only argument). Only
            shape and type matter. Integers may be indices of `autograd.take`. An argument is a number, a
            (nested) list or tuple, also a named one, an array, or what can become one; or a dictionary of such, or
            a list of dictionaries, and a call then takes the same with an array at each entry.
        engine: what runs it: "native" (one compiled loop; needs Numba, the extra ``fast``), "numpy", "nodes" (node by
            node), or "auto" for whichever is expected to be quickest for a size of batch. ``print(program)`` says
            which, and what would be quicker. "jax" runs it on JAX's devices, and is never chosen by "auto" (the extra
            ``jax``). The native loop is compiled when it first runs on a machine, which takes
            some 20 s, and is kept on disk.
        parameters: `Value`s in (nested) lists, tuples, dictionaries or arrays: the vector and the gradient are then in
            their order, as `autograd.ravel` has it, those that nothing depends on included. Without it they are in the
            order that suits the program.

    Returns:
        A `Program`. Its arithmetic follows IEEE throughout, as NumPy's does: 1/0 is inf, log(-1) is NaN.

    Raises:
        TypeError: for a function that returns no `Value`, that asks for a number it does not have (see
            above), or that uses a primitive whose formula cannot be read for arrays; for an example that is
            not made of real numbers, such as a masked array; for `parameters` that are not made of `Value`s.
        ValueError: for an example of lists of unequal lengths, an unknown engine, or one that refuses the program;
            for `parameters` with a `Value` twice, or without one that the function depends on.
        ImportError: without NumPy, and with one that is known to compute wrong numbers.

    A program is for one thread at a time, as its buffers are used again by the next call.

    Memory: 16 bytes for each scalar of the graph and each sample of a batch, forwards and backwards, plus
    buffers for results in between, for each size of batch; those that ran last are kept, as far as 256 MB reach.

    >>> from autograd import compile
    >>> import nn
    >>> model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    >>> def loss(x, y):
    ...     return (model(x) - y) ** 2
    >>> program = compile(loss, example=([0.0, 0.0], 0.0))
    >>> print(program)                      # doctest: +ELLIPSIS
    13 parameters: W¹ (3 × 2), b¹ (3), W² (1 × 3), b² (1)
    inputs x (2), y
    <BLANKLINE>
    forward
            z¹ = W¹ x + b¹
            a¹ = tanh(z¹)
            z² = W² a¹ + b²
             E = (z² − y)²
    <BLANKLINE>
    backward
            δ² = 2 (z² − y)
        ∂E/∂W² = δ² (a¹)ᵀ
        ∂E/∂b² = δ²
            δ¹ = (W²)ᵀ δ² ⊙ tanh′(z¹)
        ∂E/∂W¹ = δ¹ xᵀ
        ∂E/∂b¹ = δ¹
    <BLANKLINE>
    Over a batch: the mean of E, and of every ∂E/∂…
    Run by ...
    >>> X, Y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0, 0.0]
    >>> optimiser = nn.SGD(program, lr=0.2)
    >>> for _ in range(1000):
    ...     value, gradient = program.value_and_grad(X, Y)
    ...     optimiser.step(gradient)
    >>> value < 1e-3
    True
    >>> program.write_back()
    >>> abs(model([1.0, 0.0]).data - 1) < 0.1
    True
    """
    _require_numpy()
    from autograd.compiler.program import Program

    return Program(f, example, engine, parameters)


def _require_numpy() -> None:
    """Refuse a NumPy whose arrays are known to be wrong, whoever installed it."""
    try:
        from numpy import __version__ as found
    except ModuleNotFoundError:
        raise ModuleNotFoundError("compile needs NumPy: pip install 'scalar-autograd[compile]'", name="numpy") from None
    if tuple(int(part) for part in re.findall(r"\d+", found)[:3]) < NUMPY:
        wanted = ".".join(map(str, NUMPY))
        raise ImportError(
            f"compile needs NumPy {wanted} or newer, and {found} is here: up to 2.1 the greatest along a reversed axis "
            "can be a wrong one, and 2.3.0 leaves transposed results of matmul unwritten. "
            "pip install 'scalar-autograd[compile]'",
            name="numpy",
        )
