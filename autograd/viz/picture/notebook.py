"""The notebook around a picture: whether there is one, and its colours.

JupyterLab shows an SVG as an image, which is light or dark as the system is, whatever the theme of JupyterLab, and as
wide as it was drawn. A style says to such images what the theme is, and how wide their column; it takes no room itself,
and a notebook that is not trusted drops it.
"""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["DRESS", "shell"]

DRESS = (
    "<style data-dress>"
    ".jp-RenderedSVG img{max-width:100%;height:auto}"
    '[data-jp-theme-light="false"] .jp-RenderedSVG img{color-scheme:dark}'
    '[data-jp-theme-light="true"] .jp-RenderedSVG img{color-scheme:light}'
    ".jp-OutputArea-child:has(style[data-dress]){display:none}"
    "</style>"
)
"""HTML beside an SVG."""


def shell() -> Any:
    """The shell of IPython that runs this in a notebook; None in a terminal, and elsewhere."""
    found = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return None if "TerminalInteractiveShell" in {kind.__name__ for kind in type(found).__mro__} else found
