"""Names in docstrings lead to what they name, whichever package they stand in: `Value` in `nn` is `autograd.Value`."""

from __future__ import annotations

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

_PACKAGES = ("autograd", "nn")


def _elsewhere(app: Sphinx, env: BuildEnvironment, node: pending_xref, text: nodes.Element) -> nodes.Node | None:
    if node.get("refdomain") != "py":
        return None
    python = env.domains.python_domain
    name = node["reftarget"]
    ends = [full for full in python.objects if full.endswith(f".{name}") and full.startswith(_PACKAGES)]
    if len(ends) != 1:
        ends = [f"{package}.{name}" for package in _PACKAGES if f"{package}.{name}" in python.objects]
    if len(ends) != 1:
        return None
    return python.resolve_xref(env, node["refdoc"], app.builder, "obj", ends[0], node, text)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("missing-reference", _elsewhere)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
