"""Write functional.json: gradients, Jacobians, Hessians and products of functions.py, by PyTorch.

python tests/references/make_functional.py
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from functions import DIRECTION, SCALAR, VECTOR


def main() -> None:
    import torch
    from torch.autograd import functional

    def tensor(x: list[float]) -> Any:
        return torch.tensor(x, dtype=torch.float64)

    found: dict[str, Any] = {"torch": torch.__version__}
    for name, (f, at) in SCALAR.items():
        x, v = tensor(at), tensor(DIRECTION[: len(at)])
        of_x = lambda x, f=f: f(torch, x)  # noqa: E731
        gradient = torch.func.grad(of_x)
        third = torch.func.jacfwd(torch.func.hessian(of_x))
        found[name] = {
            "value": of_x(x).item(),
            "gradient": gradient(x).tolist(),
            "hessian": functional.hessian(of_x, x).tolist(),
            "hvp": functional.hvp(of_x, x, v)[1].tolist(),
            "jvp": functional.jvp(of_x, x, v)[1].item(),
            "third": third(x).tolist(),
        }
    for name, (f, at) in VECTOR.items():
        x, v = tensor(at), tensor(DIRECTION[: len(at)])
        of_x = lambda x, f=f: torch.stack(f(torch, x))  # noqa: E731
        found[name] = {
            "value": of_x(x).tolist(),
            "jacobian": functional.jacobian(of_x, x).tolist(),
            "jvp": functional.jvp(of_x, x, v)[1].tolist(),
            "hessian": torch.func.hessian(of_x)(x).tolist(),
        }
    path = Path(__file__).with_name("functional.json")
    path.with_suffix(".new").write_text(json.dumps(found, indent=1) + "\n")
    os.replace(path.with_suffix(".new"), path)


if __name__ == "__main__":
    main()
