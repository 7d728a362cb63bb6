"""DOT in, a picture out: by the `dot` program where there is one, else by the Graphviz inside pygraphviz.

With this module one can

* turn any DOT source into bytes: ``render("digraph { a -> b }", "svg")``.

Graphviz always runs in a process of its own. It is not thread-safe, its messages go to the C library's
stderr, and a layout that takes too long could not be stopped otherwise. pygraphviz's wheels
bundle Graphviz, so that no system package is needed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec

__all__ = ["GraphvizError", "GraphvizNotFoundError", "render"]

SECONDS = 60
"""How long Graphviz may take over one picture."""

layout: Callable[[str, str, str], bytes] | None = None
"""What makes a picture of a source, in a format, by an engine, where there are no processes, as in a browser."""

_PYGRAPHVIZ = """
import sys
from pygraphviz import AGraph
source, (form, engine, *options) = sys.stdin.buffer.read().decode(), sys.argv[1:]
sys.stdout.buffer.write(AGraph(string=source).draw(format=form, prog=engine, args=" ".join(options)))
"""


class GraphvizError(RuntimeError):
    """Graphviz refused a source, or did not finish."""


class GraphvizNotFoundError(GraphvizError):
    """There is neither the `dot` program nor pygraphviz."""


def render(source: str, format: str = "svg", *, engine: str = "dot", dpi: int | None = None) -> bytes:
    """The picture of a graph in the DOT language.

    Args:
        source: the graph.
        format: "svg", "png", "pdf", or another format that the Graphviz at hand writes.
        engine: the layout: "dot" for layers, "neato", ….
        dpi: dots per inch, for formats made of dots; Graphviz's 96 if not given.

    Raises:
        GraphvizNotFoundError: if there is no Graphviz; it says how to install one.
        GraphvizError: for a source or a format that Graphviz refuses, with its message.

    >>> render("digraph { a -> b }", "png")[:4]
    b'\\x89PNG'
    """
    if layout is not None:
        return layout(source, format, engine)
    command = [*_command(format, engine), *([f"-Gdpi={dpi}"] if dpi else [])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(
            command, input=source.encode(), capture_output=True, env=environment, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise GraphvizError(
            f"Graphviz did not finish within {SECONDS} s; ask for less detail (depth=, max_nodes=)"
        ) from None
    said = done.stderr.decode(errors="replace").strip().splitlines()
    errors = [line for line in said if line.startswith("Error")]  # pygraphviz goes on after some
    if done.returncode or errors or not done.stdout:
        reason = (errors or said[-1:] or ["no message"])[0]
        raise GraphvizError(f"Graphviz made no {format} of the graph: {reason}")
    return done.stdout


def _command(format: str, engine: str) -> list[str]:
    if program := shutil.which("dot"):
        return [program, f"-T{format}", f"-K{engine}"]
    if sys.executable and find_spec("pygraphviz"):
        return [sys.executable, "-c", _PYGRAPHVIZ, format, engine]
    raise GraphvizNotFoundError(
        "drawing needs Graphviz: `pip install pygraphviz` (its wheels bring Graphviz along), "
        "or install the `dot` program from graphviz.org"
    )
