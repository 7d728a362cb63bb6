"""Runs what is in the editor, and answers what the page asks about its last value: picture, derivation, live page.

The page speaks JSON; `Session.call` is all that it calls. Nothing here guards anything: the code that runs may do what
it likes with this module. What it must not reach is kept from it by the frame around the worker.
"""

from __future__ import annotations

import ast
import gc
import io
import json
import linecache
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

import playground
from autograd import Value, draw, explain, topological_order
from autograd.graph import adjoints
from autograd.primitives import table
from autograd.structure.names import names_of
from autograd.viz.explanation.explain import Explanation
from autograd.viz.page import explore as page_module
from autograd.viz.picture import render
from autograd.viz.picture.drawing import Drawing
from playground import live
from playground.anew import Modules

__all__ = ["Session"]

NAME = "your code"
"""What the editor's text is called in tracebacks."""
MOST = 3000
"""Nodes of a larger graph are not listed to be chosen from."""
LETTERS = 20_000
"""Of what is printed at a time, the page is told no more, the end of it."""
HINTS = (
    (EOFError, "reading a line", "nobody can be asked here: write the answer into the code"),
    (RuntimeError, "start new thread", "Python in a browser has no threads"),
    (RuntimeError, "stack switch", "nothing can be awaited here"),
)
"""Errors that are the browser's: their kind, a part of their message, and what is the matter."""
SPAN, TOLD = 0.1, 20
"""In so many seconds the page is told so often at most."""


class Printed(io.TextIOBase):
    """What is printed, told at once; in pieces where that would be more often than can be read."""

    def __init__(self, say: Callable[[str, Any], None]) -> None:
        self._say, self._waiting = say, ""
        self._since, self._told = 0.0, 0

    def write(self, text: str) -> int:
        self._waiting = (self._waiting + text)[-LETTERS:]
        if time.monotonic() - self._since > SPAN:
            self._since, self._told = time.monotonic(), 0
        if self._told < TOLD:
            self.flush()
        return len(text)

    def flush(self) -> None:
        if self._waiting:
            self._say("printed", self._waiting)
            self._waiting, self._told = "", self._told + 1


class Session:
    """One worker's Python."""

    version = sys.version.partition(" ")[0]

    def __init__(self, outside: Any = None) -> None:
        if outside is None:
            import outside  # type: ignore[import-not-found,no-redef]  # the worker's
        self._outside = outside
        self._value: Value | None = None
        self._order: list[Value] = []
        self._page: live.LivePage | None = None
        self._drawing: Drawing | None = None
        self._explanation: Explanation | None = None
        self._rows = frozenset(table)
        live.say = self._say
        page_module._kind_of_page = lambda: live.LivePage
        render.layout = self._laid_out
        self._printed = Printed(self._say)
        self._modules = Modules()

    def call(self, name: str, arguments: str) -> str:
        """The answer of a method, both as JSON."""
        return json.dumps(getattr(self, name)(**json.loads(arguments)), ensure_ascii=False)

    def _say(self, kind: str, of: Any) -> None:
        self._outside.say(kind, of if isinstance(of, str) else json.dumps(of))

    def _laid_out(self, source: str, format: str, engine: str) -> bytes:
        error, made = self._outside.lay_out(source, format, engine)
        if error:
            raise render.GraphvizError(f"Graphviz made no {format} of the graph: {error}")
        return made.encode()

    # ── the editor ────────────────────────────────────────────────────────────────────────────────

    def run(self, code: str, pixels: list[float]) -> dict[str, Any]:
        """Run the code anew, as a program of its own, and say what its last line is."""
        for name in set(table) - self._rows:
            table[name].remove()
        self._modules.restore()
        live.behind.clear()
        playground.pixels[:] = pixels
        sys.stdout = sys.stderr = self._printed
        linecache.cache[NAME] = (len(code), None, code.splitlines(keepends=True), NAME)
        begun = time.perf_counter()
        space: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__}
        last, wrong = None, None
        try:
            last = self._executed(code, space)
        except BaseException as error:  # SystemExit and KeyboardInterrupt as well
            if not (isinstance(error, SystemExit) and error.code in (None, 0)):
                wrong = _fault(error)
        seconds = time.perf_counter() - begun
        live.catch_up()
        try:
            if wrong is None:
                self._take(last, space, code)
            shown = self._shown() if wrong is None else None
        except Exception as error:
            wrong, shown = _fault(error), None
        self._printed.flush()
        gc.collect(0)
        return {"wrong": wrong, "shown": shown, "seconds": seconds}

    def _executed(self, code: str, space: dict[str, Any]) -> Any:
        tree = ast.parse(code, NAME)
        if not tree.body or not isinstance(tree.body[-1], ast.Expr):
            exec(compile(tree, NAME, "exec"), space)
            return None
        final = ast.Expression(tree.body.pop().value)
        exec(compile(tree, NAME, "exec"), space)
        return eval(compile(final, NAME, "eval"), space)

    def _take(self, last: Any, space: dict[str, Any], code: str) -> None:
        """What is to be shown: the last line; where that is no value, the one that was named last.

        After an error what was shown before stays, and can still be asked about.
        """
        self._value = self._page = self._drawing = self._explanation = None
        if isinstance(last, Value):
            self._value = last
        elif isinstance(last, live.LivePage):
            self._value, self._page = last.root, last
            last.follow()
        elif isinstance(last, Explanation):
            self._value, self._explanation = last.value, last
        elif isinstance(last, Drawing):
            self._drawing = last
        else:
            if last is not None:
                print(repr(last))
            found = (_value_in(space.get(name)) for name in _assigned(code))
            self._value = next((value for value in found if value is not None), None)
        self._order = topological_order(self._value) if self._value is not None else []

    def _shown(self) -> dict[str, Any] | None:
        if self._drawing is not None:
            return {"title": "the drawing", "nodes": [], "chosen": -1, "live": False}
        if self._value is None:
            return None
        names = names_of(self._order) if len(self._order) <= MOST else {}
        leaves = [i for i, node in enumerate(self._order) if node.op is None and node is not self._value]
        title = names.get(self._value, "") or self._value.label or "y"
        chosen = self._order.index(self._explanation.wrt) if self._explanation else self._first(leaves)
        return {
            "title": f"{title} = {self._value.data:.6g}",
            "name": title,
            "nodes": [[i, names[self._order[i]]] for i in leaves if self._order[i] in names],
            "count": len(self._order),
            "chosen": chosen,
            "live": self._page is not None,
        }

    def _first(self, leaves: list[int]) -> int:
        """The first leaf that a gradient gets to."""
        try:
            gradient = adjoints(self._order, {node: node.data for node in self._order})
        except (ArithmeticError, ValueError, RuntimeError):
            gradient = {}
        return next((i for i in leaves if gradient.get(self._order[i])), leaves[0] if leaves else -1)

    # ── what the page asks ────────────────────────────────────────────────────────────────────────

    def picture(self, theme: str, width: int) -> dict[str, str]:
        """The drawing as SVG, and in words."""
        try:
            drawing = self._drawing
            if drawing is None:
                if self._value is None:
                    return {}
                drawing = draw(self._value, theme=theme, width=width, legend=False)
            return {"svg": drawing.svg, "words": drawing.words}
        except Exception as error:
            return {"wrong": _line(error)}

    def why(self, node: int) -> dict[str, str]:
        """The derivation of the gradient of a node, as text."""
        if self._value is None or not 0 <= node < len(self._order):
            return {}
        try:
            made = explain(self._value, wrt=self._order[node])
            return {"text": str(made), "name": names_of(self._order)[self._order[node]]}
        except Exception as error:
            return {"wrong": _line(error)}

    def show_page(self) -> dict[str, str]:
        """Put the live page into its frame."""
        try:
            if self._page is None and self._value is not None:
                self._page = page_module.explore(self._value)
            if self._page is not None:
                self._page.show()
                self._page.tell()
            return {}
        except Exception as error:
            return {"wrong": _line(error)}

    def heard(self, said: Any) -> dict[str, Any]:
        """What the live page says; whether numbers have changed, and how the value is called then."""
        changed = self._page is not None and self._page.hear(said)
        return {"changed": changed, "shown": self._shown() if changed else None}


def _line(error: BaseException) -> str:
    return "".join(traceback.format_exception_only(error)).strip()


def _hint(error: BaseException) -> str:
    """Why that fails in a browser, where it would not elsewhere; else ""."""
    if isinstance(error, ModuleNotFoundError):
        package = (error.name or "").partition(".")[0]
        found = package in sys.stdlib_module_names or package in sys.modules
        return "" if found else " (there are autograd, nn and Python's own library here)"
    return next((f" ({hint})" for kind, words, hint in HINTS if isinstance(error, kind) and words in str(error)), "")


def _fault(error: BaseException) -> dict[str, Any]:
    """An error, and where in the editor it is: the line of its last frame there."""
    where: dict[str, Any] = {"line": None, "message": _line(error) + _hint(error), "trace": ""}
    if isinstance(error, SyntaxError) and error.filename == NAME:
        message = f"{type(error).__name__}: {error.msg}"
        return where | {"line": error.lineno, "column": error.offset, "message": message}
    found = traceback.TracebackException.from_exception(error)
    ours = [frame for frame in found.stack if frame.filename == NAME]
    if ours:
        where["line"] = ours[-1].lineno
        where["calls"] = [frame.lineno for frame in ours]
    return where


def _assigned(code: str) -> list[str]:
    """The names that the code gives at its top level, or says alone on a line, the last first."""
    names: list[str] = []

    def look(statements: list[ast.stmt]) -> None:
        for statement in statements:
            match statement:
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    continue
                case ast.Assign(targets=targets):
                    names.extend(node.id for t in targets for node in ast.walk(t) if isinstance(node, ast.Name))
                case ast.AugAssign(target=ast.Name(id=name)) | ast.AnnAssign(target=ast.Name(id=name)):
                    names.append(name)
                case ast.Expr(value=ast.Name(id=name)):
                    names.append(name)
            for part in ("body", "orelse", "finalbody"):
                look(getattr(statement, part, []))

    look(ast.parse(code).body)
    return names[::-1]


def _value_in(thing: Any) -> Value | None:
    if isinstance(thing, live.LivePage):
        return thing.root
    return thing if isinstance(thing, Value) else None
