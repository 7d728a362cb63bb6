"""The compiler."""

from __future__ import annotations

from typing import Any


def compile(f: Any, *, example: Any) -> Any:
    from autograd.compiler.program import compile

    return compile(f, example=example)
