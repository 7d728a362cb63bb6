"""Write primitives.json: every primitive by PyTorch, its gradient and second derivatives, at the points of points.py.

    python tests/references/make_primitives.py

The tests read the numbers and do not need PyTorch.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from points import points


def functions() -> dict[str, Callable[..., Any]]:
    """PyTorch's function for each primitive."""
    import torch
    from torch.nn import functional

    def dot(*operands: Any) -> Any:
        n = len(operands) // 2
        return sum((w * x for w, x in zip(operands[:n], operands[n:-1], strict=True)), operands[-1])

    named = (
        "exp expm1 log log1p log2 log10 exp2 sqrt hypot sin cos tan asin acos atan arctan2 sinh cosh tanh erf erfc abs "
        "sigmoid relu maximum minimum logaddexp"
    )
    return {
        **{name: getattr(torch, name) for name in named.split()},
        "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "pow": torch.pow,
        "mod": torch.remainder, "floordiv": lambda a, b: torch.div(a, b, rounding_mode="floor"),
        "cbrt": lambda x: torch.copysign(x.abs() ** (1 / 3), x),
        "neg": torch.neg, "pos": torch.positive,
        "where": lambda c, a, b: torch.where(c != 0, a, b),
        "leaky_relu": lambda x, slope: functional.leaky_relu(x, slope.item()),
        "elu": lambda x, alpha: functional.elu(x, alpha.item()),
        "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),  # functional.softplus is x above 20
        "silu": functional.silu, "gelu": functional.gelu,
        "dot": dot,
        "total": lambda *xs: torch.stack(xs).sum(),
        "logsumexp": lambda *xs: torch.logsumexp(torch.stack(xs), 0),
    }  # fmt: skip


def case(function: Callable[..., Any], at: tuple[float, ...]) -> dict[str, Any]:
    """Value, gradient and Hessian; None where PyTorch has no derivative."""
    import torch

    operands = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in at]

    def gradient(y: Any) -> list[Any]:
        if not y.requires_grad:
            return [None] * len(at)
        return list(torch.autograd.grad(y, operands, create_graph=True, allow_unused=True))

    y = function(*operands)
    first = gradient(y)
    second = [[None] * len(at) if g is None else gradient(g) for g in first]
    return {
        "at": list(at),
        "value": y.item(),
        "gradient": [None if g is None else g.item() for g in first],
        "hessian": [[None if h is None else h.item() for h in row] for row in second],
    }


def main() -> None:
    import torch

    cases = {name: [case(f, at) for at in points(name)] for name, f in sorted(functions().items())}
    path = Path(__file__).with_name("primitives.json")
    text = json.dumps({"torch": torch.__version__, "cases": cases}, indent=None).replace('{"at"', '\n{"at"')
    path.with_suffix(".new").write_text(text + "\n")
    os.replace(path.with_suffix(".new"), path)


if __name__ == "__main__":
    main()
