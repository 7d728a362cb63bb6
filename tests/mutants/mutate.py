"""Every way in which a line of code is broken once: a comparison's bound, a sign, a term, an index, an effect …

With this module one can

* list the mutants of a module: `mutants`;
* get the source of one: `Mutant.source`.

Only what decides a result is broken. Texts are not: docstrings, annotations, messages of errors, `__repr__`,
and the functions whose results only stand in messages (`TEXTS`).

>>> for m in mutants("m.py", "def f(a, b):\\n    return 2 * a - b if a < b else min(a, b)"):
...     print(m.where, m.change, sep=": ")
f: a < b → True
f: a < b → False
f: a < b → a <= b
f: 2 * a - b → 2 * a + b
f: 2 * a → 2 / a
f: 2 → 3
f: min(a, b) → max(a, b)
f: min(a, b) → min(b, a)
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

TEXTS = {"explained", "_described", "_name", "_named", "__repr__", "__str__", "__dir__"}
"""Functions of which only messages and names are made."""

_NOT_CODE = {"__all__", "__slots__", "__name__", "__qualname__", "__doc__", "__match_args__", "TYPE_CHECKING"}

# fmt: off
_OPERATORS: dict[type, type] = {
    ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.BitXor: ast.BitOr,
}
_BOUNDS: dict[type, type] = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
_OPPOSITES: dict[type, type] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}
# fmt: on
_NAMES = {"min": "max", "minimum": "maximum", "any": "all", "add": "sub", "logical_and": "logical_or"}
_NAMES |= {other: name for name, other in _NAMES.items()}
_UNWRAPPED = {"abs", "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "sigmoid", "relu", "reversed", "sorted"}
_NOT_SWAPPED = {"isinstance", "issubclass", "hasattr", "getattr", "setattr", "range"}
_KEPT_KEYWORDS = {"strict", "symbol", "domain", "repr"}  # they check, or they are text


@dataclass(frozen=True)
class Mutant:
    """One change of one piece of source.

    Attributes:
        module: the file, relative to the repository.
        where: the function, or the name that is assigned to at the top of the module (a row of the table).
        line: the line of source on which the piece begins, stripped.
        change: before → after; the second time on such a line of the same function with "(2)" behind it.
        start, end, text: the bytes of the source that are replaced, and by what.
        lines: the numbers of the first and the last line of the piece.
        statement: the same of the statement it is part of.
        called: whether it runs when a function is called, and not when the module is imported.
    """

    module: str
    where: str
    line: str
    change: str
    start: int
    end: int
    text: str
    lines: tuple[int, int]
    statement: tuple[int, int]
    called: bool

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it is recognised by, whatever is added or removed above it."""
        return self.module, self.where, self.line, self.change

    def source(self, original: str) -> str:
        """The module with this change."""
        code = original.encode()
        return (code[: self.start] + self.text.encode() + code[self.end :]).decode()


def mutants(module: str, source: str) -> list[Mutant]:
    """The mutants of a module, in the order of the source; each is another program than the original."""
    found = {(m.start, m.end, m.text): m for m in _Walk(module, source).of(ast.parse(source))}
    times: Counter[tuple[str, str, str, str]] = Counter()
    for place, m in found.items():
        times[m.key] += 1
        if times[m.key] > 1:
            found[place] = replace(m, change=f"{m.change} ({times[m.key]})")
    return list(found.values())


class _Walk:
    def __init__(self, module: str, source: str) -> None:
        self.module, self.code = module, source.encode()
        self.rows = source.splitlines()
        self.starts = [0]
        for row in self.code.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(row))
        self.where: tuple[str, ...] = ()
        self.statement = (0, 0)
        self.called = False

    def of(self, node: ast.AST) -> Iterator[Mutant]:
        """The mutants of a node and of what is in it."""
        if isinstance(node, (ast.JoinedStr, ast.Raise, ast.Assert, ast.Import, ast.ImportFrom, ast.match_case)):
            if isinstance(node, ast.match_case):
                yield from self._inside(node.guard, *node.body)
            return
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            yield from self._definition(node)
            return
        if isinstance(node, ast.stmt):
            if _is_text(node):
                return
            before, self.statement = self.statement, (node.lineno, node.end_lineno or node.lineno)
            named, name = self.where, _assigned(node)
            if not named and name:
                self.where = (name,)
            yield from self._statement(node)
            yield from self._inside(*_parts(node))
            self.statement, self.where = before, named
            return
        if isinstance(node, ast.IfExp):
            yield from self._condition(node.test)
        if isinstance(node, ast.expr):
            for other in _others(node):
                yield self._mutant(node, other)
        yield from self._inside(*_parts(node))

    def _inside(self, *nodes: ast.AST | None) -> Iterator[Mutant]:
        for node in nodes:
            if node is not None:
                yield from self.of(node)

    def _definition(self, node: Any) -> Iterator[Mutant]:
        name = getattr(node, "name", "")
        if name in TEXTS or name.startswith("_repr_"):
            return
        if isinstance(node, ast.ClassDef):
            before, self.where = self.where, (*self.where, name)
            yield from self._inside(*node.body)
            self.where = before
            return
        where, called, statement = self.where, self.called, self.statement
        if name:
            self.where = (*where, name)
            self.statement = (node.lineno, node.end_lineno)
        yield from self._inside(*node.args.defaults, *node.args.kw_defaults)
        self.called = True
        yield from self._inside(*(node.body if isinstance(node.body, list) else [node.body]))
        self.where, self.called, self.statement = where, called, statement

    def _statement(self, node: ast.stmt) -> Iterator[Mutant]:
        match node:
            case ast.If() | ast.While():
                yield from self._condition(node.test)
            case ast.AugAssign():
                target, value = ast.unparse(node.target), ast.unparse(node.value)
                for kind, other in ((ast.Add, "-"), (ast.Sub, "+"), (ast.Mult, "/"), (ast.Div, "*")):
                    if isinstance(node.op, kind):
                        yield self._mutant(node, f"{target} {other}= {value}")
                yield self._mutant(node, f"{target} = {value}")
                yield self._mutant(node, "pass")
            case ast.Expr(value=ast.Call()) | ast.Continue() | ast.Break() | ast.Return(value=None) | ast.Delete():
                yield self._mutant(node, "pass")
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
                yield self._mutant(node, "pass")
            case ast.AnnAssign(target=ast.Attribute(), value=ast.expr()):
                yield self._mutant(node, "pass")
            case ast.Return(value=ast.Tuple(elts=[a, b])):
                yield self._mutant(node, f"return {ast.unparse(b)}, {ast.unparse(a)}")
            case ast.For():
                yield self._mutant(node.iter, f"list({ast.unparse(node.iter)})[1:]")

    def _condition(self, test: ast.expr) -> Iterator[Mutant]:
        if not isinstance(test, ast.Constant):
            for truth in _truths(test):
                yield self._mutant(test, truth)

    def _mutant(self, node: Any, other: str | ast.expr) -> Mutant:
        if isinstance(other, ast.expr):
            other = ast.unparse(ast.fix_missing_locations(other))
        before, is_expression = ast.unparse(node), isinstance(node, ast.expr)
        start = self.starts[node.lineno - 1] + node.col_offset
        end = self.starts[node.end_lineno - 1] + node.end_col_offset
        return Mutant(
            self.module,
            ".".join(self.where),
            self.rows[node.lineno - 1].strip(),
            f"{before} → {other or '(nothing)'}",
            start,
            end,
            f"({other})" if is_expression else other,
            (node.lineno, node.end_lineno),
            self.statement,
            self.called,
        )


def _truths(test: ast.expr) -> list[str]:
    """What a condition may be replaced by; dropping an operand of it (see `_others`) says the rest."""
    if isinstance(test, ast.BoolOp):
        return ["False" if isinstance(test.op, ast.And) else "True"]
    return ["True", "False"]


def _others(node: ast.expr) -> Iterator[ast.expr | str]:
    """What an expression may be replaced by."""
    match node:
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from (left, right)
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            yield ast.BinOp(right, node.op, left)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            yield ast.BinOp(left, _OPERATORS[type(op)](), right)
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            yield operand
        case ast.Compare(ops=ops):
            for i, op in enumerate(ops):
                kind = _BOUNDS.get(type(op)) or _OPPOSITES[type(op)]
                other = copy.deepcopy(node)
                other.ops[i] = kind()
                yield other
        case ast.BoolOp(values=values):
            for i in range(len(values)):
                rest = [*values[:i], *values[i + 1 :]]
                yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
        case ast.Constant(value=bool() as truth):
            yield repr(not truth)
        case ast.Constant(value=int() as n):
            yield from (repr(other) for other in ({0: (1,), 1: (2, 0)}.get(n, (n + 1,))))
        case ast.Constant(value=float() as x):
            yield repr(2 * x if x else 1.0)
        case ast.Subscript(slice=ast.Slice(lower=lower, upper=upper, step=step), ctx=ast.Load()):
            if lower is not None:
                yield ast.Subscript(node.value, ast.Slice(None, upper, step), node.ctx)
            if upper is not None:
                yield ast.Subscript(node.value, ast.Slice(lower, None, step), node.ctx)
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            for i, generator in enumerate(node.generators):
                for j in range(len(generator.ifs)):
                    other = copy.deepcopy(node)
                    del other.generators[i].ifs[j]
                    yield other
        case ast.Call():
            yield from _other_calls(node)


def _other_calls(node: ast.Call) -> Iterator[ast.expr]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    attribute = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if name in _NAMES:
        yield ast.Call(ast.Name(_NAMES[name], ast.Load()), node.args, node.keywords)
    if attribute in _NAMES and isinstance(node.func, ast.Attribute):
        yield ast.Call(ast.Attribute(node.func.value, _NAMES[attribute], ast.Load()), node.args, node.keywords)
    match node.args:
        case [a, b, *rest] if name not in _NOT_SWAPPED and not any(isinstance(x, ast.Starred) for x in (a, b)):
            if ast.dump(a) != ast.dump(b):
                yield ast.Call(node.func, [b, a, *rest], node.keywords)
        case [a] if name in _UNWRAPPED and not node.keywords and not isinstance(a, ast.Starred):
            yield a
    for i, keyword in enumerate(node.keywords):
        if keyword.arg is not None and keyword.arg not in _KEPT_KEYWORDS:
            yield ast.Call(node.func, node.args, [*node.keywords[:i], *node.keywords[i + 1 :]])


def _parts(node: ast.AST) -> list[ast.AST | None]:
    """What to break inside a node: all of it but annotations, targets, and names of functions."""
    match node:
        case ast.AnnAssign():
            return [node.value]
        case ast.Call():
            return [*node.args, *(k.value for k in node.keywords if k.arg not in _KEPT_KEYWORDS)]
        case ast.ExceptHandler():
            return [*node.body]
    return list(ast.iter_child_nodes(node))


def _is_text(node: ast.stmt) -> bool:
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")) | ast.Assign(value=ast.Call(func=ast.Name(id="TypeVar"))):
            return True
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Assign(targets=targets):
            names = {getattr(t, "id", getattr(t, "attr", "")) for target in targets for t in ast.walk(target)}
            return bool(names & _NOT_CODE)
    return False


def _assigned(node: ast.stmt) -> str:
    match node:
        case ast.Assign(targets=[ast.Name(id=name), *_]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return ""
