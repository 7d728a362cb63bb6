"""The page: a computation graph that stays alive in a browser.

With this module one can

* write a graph as one HTML file that needs no network and no server: ``explore(loss).save("loss.html")``;
* show it in a notebook: ``explore(loss)`` as the last line of a cell; with the extra ``jupyter`` it is a widget,
  alive both ways (`widget.py`);
* train on samples in the page: ``explore(nn.squared_error, data=(X, Y), f=model)``;
* watch a training as a film: ``explore(loss, history=snapshots)``.

In the page the forward and the backward pass are walked step by step, every gradient is explained,
and any input or parameter can be changed: the page recomputes everything with the primitives of
`primitives.py`, written out as JavaScript by `javascript.py`.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from autograd.files import write
from autograd.formulas.numbers import brief as short
from autograd.graph import evaluate, topological_order
from autograd.value import Value
from autograd.viz.page.bundle import bundle
from autograd.viz.page.listing import listing, table
from autograd.viz.page.samples import sampled
from autograd.viz.page.tape import tape
from autograd.viz.picture.composer import MAX_NODES
from autograd.viz.picture.draw import draw
from autograd.viz.picture.notebook import shell
from autograd.viz.picture.render import GraphvizError
from autograd.viz.picture.still import still

__all__ = ["Page", "explore"]

_TEMPLATES = Path(__file__).parent


def explore(
    value: Value | Callable[[Any, Any], Any],
    *,
    data: tuple[Any, Any] | None = None,
    f: Callable[[Any], Any] | None = None,
    model: Any = None,
    parameters: Iterable[Value] | None = None,
    history: Sequence[tuple[str, Mapping[Value, float]]] = (),
    title: str = "",
) -> Page:
    """A page on which the graph of a value can be stepped through, changed and questioned.

    The page computes the graph anew from the data its leaves have now; `value` itself, and every
    gradient, stay as they are. In a notebook with anywidget (``pip install 'scalar-autograd[jupyter]'``) it is a
    `Widget`: a number that is changed on the page is changed in Python, too, and what Python changes is shown.

    Args:
        value: the root, the loss as a rule; gradients are ∂value/∂node. With `data`, the function that compares
            what `f` gives with a target, as ``nn.squared_error``.
        data: samples (X, Y) to pick from: rows of numbers, or single ones, for the inputs and the targets. The page
            then trains on all of them, and for two inputs shows the output over the plane.
        f: what is trained, a model of `nn` or any function of the inputs.
        model: an object with `parameters` (a module of `nn` or one of your own), or a mapping of names
            to parameters: it gives the page its modules and names. Without it layers and neurons are found
            in the graph (`levels.py`).
        parameters: the leaves that a step of gradient descent in the page changes; the model's if not
            given, or those of the neurons that were found, or else all leaves.
        history: snapshots of a training, each a label and the data of some leaves, as
            ``("epoch 1", {w: w.data for w in model.parameters()})``; the page then shows the training as a
            film, with the same controls. Leaves that a snapshot does not name keep the data they have.
        title: of the page; the name of the value if not given.

    Raises:
        TypeError: if `value` is not a `Value` (or with `data` no function), for one of `data` and `f` without the
            other, for a `model` without parameters, or for a primitive whose formula cannot be read as JavaScript.
        ValueError: if a parameter or a snapshot names a node that is not a leaf of this graph, or for samples of
            unequal length, none, or more than 2 000.

    >>> from autograd import Value, explore, sin
    >>> x = Value(0.5, label="x")
    >>> page = explore(sin(x**2 + 1))
    >>> page
    <page: 4 nodes, value 0.949>

    On samples, here of the plane:

    >>> w = [Value(0.5, label="w1"), Value(-0.5, label="w2")]
    >>> data = [[0.0, 1.0], [1.0, 0.0]], [-1.0, 1.0]
    >>> explore(lambda ŷ, y: (ŷ - y) ** 2, data=data, f=lambda x: w[0] * x[0] + w[1] * x[1])
    <page: 10 nodes, value 0.25>
    """
    samples = None
    if data is not None or f is not None:
        if data is None or f is None:
            raise TypeError("data= and f= go together: explore(loss, data=(X, Y), f=model)")
        samples = sampled(value, data, f)  # type: ignore[arg-type]  # a Value is refused there
        value = samples.root
    made = tape(
        value,  # type: ignore[arg-type]  # a function is refused there
        model=model,
        parameters=parameters,
        history=history,
        title=title,
        samples=samples,
    )
    return _kind_of_page()(made, value)  # type: ignore[arg-type]


def _kind_of_page() -> type[Page]:
    """`Page`, and in a notebook where there is anywidget `Widget`, which is one."""
    if shell() is None and not getattr(sys.modules.get("marimo"), "running_in_notebook", lambda: False)():
        return Page
    try:
        return import_module("autograd.viz.page.widget").Widget  # type: ignore[no-any-return]
    except ModuleNotFoundError:
        return Page


class Page:
    """A self-contained page. In a notebook it shows itself; elsewhere `save` it and open it.

    Attributes:
        tape: what the page is made from (see `tape`).
        html: the page, one HTML document without a reference to any other.
    """

    def __init__(self, tape: dict[str, Any], value: Value) -> None:
        self.tape = tape
        self._value = value

    @cached_property
    def html(self) -> str:
        tape = self.tape
        script = bundle(_modules(tape["code"]), "page.js")
        # The policy lets this script run and no other, whatever a label may smuggle in.
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        return _filled(
            _template("page.html"),
            {
                "digest": digest,
                "title": html.escape(tape["title"]),
                "style": _compact(_template("page.css")),
                "drawing": _image(_drawing(self._value, "svg", tape["name"]).decode(), self._sentence()),
                "table": table(tape),
                # "<" cannot occur in the JSON, so no label can end the element it stands in
                "data": json.dumps(self._data(), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
                "script": script,
            },
        )

    def _data(self) -> dict[str, Any]:
        """The tape as the page reads it: the primitives are in its script, and the gradients it computes itself."""
        return {key: part for key, part in self.tape.items() if key not in ("code", "gradient")}

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file, whole or not at all, and return its path.

        >>> from autograd import Value, explore
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     explore(Value(2.0) * 3).save(f"{folder}/product.html").name
        'product.html'
        """
        path = Path(path)
        write(path, self.html.encode())
        return path

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        name = hashlib.sha256(self.html.encode()).hexdigest()[:8]
        return {"text/html": f"{self._still()}\n{self._frame(name)}", "text/plain": listing(self.tape)}

    def _still(self) -> str:
        """What it is in a sentence, and a picture of it for a notebook that is not trusted."""
        picture = still(_drawing(self._value, "png", self.tape["name"]), self._sentence())
        return f"<p>{html.escape(self._sentence())}</p>\n{picture}"

    def _frame(self, name: str, *, waiting: bool = False) -> str:
        """The page in a frame, which is as light or dark as the notebook; if waiting, for where no widget comes."""
        about = self._framed()
        if waiting:
            frame = f'<div data-page="{name}" data-frame="{html.escape(json.dumps(about))}" hidden></div>'
        else:
            attributes = " ".join(f'{key}="{html.escape(value)}"' for key, value in about.items())
            frame = f'<iframe {attributes} data-page="{name}"></iframe>'
        script = f'{_template("notebook.mjs")}\nrevive("{name}");'
        return f'{frame}<script type="module">\n{script}\n</script>'

    def _framed(self) -> dict[str, str]:
        """The attributes of a frame with the page in it."""
        return {
            "srcdoc": self.html,
            "sandbox": "allow-scripts allow-downloads allow-modals",
            "title": self._sentence(),
            "style": "box-sizing:border-box;width:100%;height:640px;border:1px solid #8888;border-radius:8px",
        }

    def _sentence(self) -> str:
        tape = self.tape
        leaves = sum(op < 0 for op in tape["op"])
        return (
            f"The graph of {tape['title']} = {short(tape['data'][-1])}: {len(tape['op'])} nodes, {leaves} of them "
            "leaves; a page to step through the forward and the backward pass."
        )

    def __repr__(self) -> str:
        return f"<page: {len(self.tape['op'])} nodes, value {float(self.tape['data'][-1]):.3g}>"


def _drawing(value: Value, form: str, names: Sequence[str]) -> bytes:
    """What `draw` makes of the graph as the page has it, for readers without JavaScript; nothing without Graphviz.

    Leaves are called by these names, those of the page.
    """
    order = topological_order(value)
    try:
        copies = evaluate(order, {node: Value(node.data) for node in order if node.op is None})
        for node, name in zip(order, names, strict=True):
            copies[node].label = node.label or (name if node.op is None else "")
        copies[value].backward()
        value = copies[value]
    except (ArithmeticError, ValueError, RuntimeError):
        pass  # then it is drawn as it is
    try:
        depth = 1 if len(order) > MAX_NODES else None
        return draw(value, depth=depth, legend=form == "png").pipe(form)  # type: ignore[no-any-return]
    except (GraphvizError, ModuleNotFoundError):
        return b""


def _modules(code: Sequence[str]) -> dict[str, str]:
    """The modules of the page by their paths, and the one that is written for each graph: its primitives."""
    primitives = ",\n".join(code)
    return {
        **_scripts(),
        "model/primitives.js": (
            'import { erf, erfc, power, quotient, remainder } from "./numeric.js";\n\n'
            f"export const PRIMITIVES = [\n{primitives}\n];\n"
        ),
    }


@cache
def _scripts() -> dict[str, str]:
    return {
        file.relative_to(_TEMPLATES).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted(_TEMPLATES.rglob("*.js"))
    }


def _template(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _compact(style: str) -> str:
    """A style sheet without its comments and needless space."""
    return re.sub(r"(?<=[:;,{}]) +", "", re.sub(r"^ +|/\*.*?\*/\n?", "", style, flags=re.MULTILINE))


def _image(svg: str, sentence: str) -> str:
    """A drawing as an image of its own, so that nothing of the page's style gets at it; "" where there is none."""
    if not svg:
        return ""
    address = svg.replace("%", "%25").replace("#", "%23").replace("&", "&amp;").replace("'", "&#39;")
    return f"<img alt=\"{html.escape(sentence)}\" src='data:image/svg+xml;charset=utf-8,{address}'>"


def _filled(template: str, parts: Mapping[str, str]) -> str:
    """The template with each ``{{name}}`` replaced, once: what is put in is not looked at again."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], template)
