"""The libraries that the digits need and the engine does not."""

from __future__ import annotations

from importlib.util import find_spec

__all__ = ["MissingLibraryError", "require"]


class MissingLibraryError(ImportError):
    """A library that is needed here is not installed; the message says how to install it."""


def require(*modules: str, extra: str = "digits") -> None:
    """Look that all of these modules can be imported, before any work is done that would be lost.

    Args:
        modules: their names.
        extra: of this package, which brings them along.

    Raises:
        MissingLibraryError: naming all that are missing, and the command that installs them.

    >>> require("json")
    >>> require("no_such_module")
    Traceback (most recent call last):
    nn.extras.MissingLibraryError: no_such_module is not installed: pip install 'scalar-autograd[digits]'
    """
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise MissingLibraryError(f"{', '.join(missing)} {verb} not installed: pip install 'scalar-autograd[{extra}]'")
