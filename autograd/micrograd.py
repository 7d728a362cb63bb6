"""micrograd's names: code written for it, and its drawings, find what they look for in a `Value`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from autograd.primitives import Primitive

__all__ = ["Micrograd"]

_NAMES = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "neg": "-", "relu": "ReLU"}


class Micrograd:
    """What a `Value` of micrograd has beside the names of this package.

    >>> from autograd import Value
    >>> y = Value(2.0) * Value(3.0)
    >>> y._op, sorted(x.data for x in y._prev)
    ('*', [2.0, 3.0])
    """

    __slots__ = ()

    op: Primitive | None
    operands: Any
    parents: Any
    _db: Any

    @property
    def _prev(self) -> set[Any]:
        return set(self.parents)

    @property
    def _op(self) -> str:
        if self.op is None:
            return self._db if type(self._db) is str else ""
        if self.op.name == "pow" and type(self.operands[1]) is float:
            return f"**{self.operands[1]:g}"
        return _NAMES.get(self.op.name, self.op.name)
