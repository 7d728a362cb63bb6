"""Functions that were handed in are called here: on copies, with an end, and what they raise becomes a hint.

An endless loop is stopped after so many *steps*, instructions of Python's machine, counted by `sys.settrace`: on a
slow machine no answer is stopped that would not be on a fast one, and it works where there are no signals and no
threads, as in a browser. (Lines are not enough: to Python 3.11, ``while True: pass`` on one line is one line, once.)
Only the learner's own code is counted: a function may import SymPy, which is twenty million steps.
Under a debugger nobody counts, as its breakpoints need that place; one call of C code that does not end (a sum over
`itertools.count`) has no steps; and a bare ``except:`` around the loop swallows the stop.
"""

from __future__ import annotations

import copy
import os
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import iscoroutine
from types import FrameType
from typing import Any

from autograd.course.wrong import NOT_YET, Wrong, shown

__all__ = ["called", "described", "steps_counted"]

STEPS = 2_000_000
"""The most steps of a call; the solutions take some thousands."""

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep

_LIBRARIES = (
    _PACKAGE,
    "<frozen ",
    os.path.dirname(os.__file__) + os.sep,  # a zip file in a browser
    *(sysconfig.get_path(kind) + os.sep for kind in ("stdlib", "platstdlib", "purelib", "platlib")),
)
"""How the names of files begin whose code is nobody's answer."""

_DEBUGGERS = ("bdb", "pdb", "pydev", "_pydev")
"""Where their functions of `sys.settrace` come from: pdb's, and that of VS Code, JupyterLab and PyCharm."""


class _TooManySteps(BaseException):  # no Exception, so that no `except Exception` of the learner's keeps it
    pass


@contextmanager
def steps_counted(most: int = STEPS) -> Iterator[None]:
    """Within the block, stop after so many steps of code that is no library's."""
    before = sys.gettrace()
    if (getattr(before, "__module__", None) or type(before).__module__).startswith(_DEBUGGERS):
        yield
        return
    left = most

    def count(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal left
        if event == "call" and frame.f_code.co_filename.startswith(_LIBRARIES):
            return None
        left -= 1
        if left < 0:
            raise _TooManySteps
        frame.f_trace_opcodes = True
        return count

    sys.settrace(count)
    try:
        yield
    finally:
        sys.settrace(before)


def called(function: Any, case: dict[str, Any]) -> Any:
    """What a function gives for the operands of a case, in their order; it gets copies of them.

    Raises:
        Wrong: if it is no function, raises, does not end, gives nothing, or changes what it is given.
    """
    if function is ...:
        raise Wrong(NOT_YET)
    if not callable(function):
        raise Wrong(f"A function is expected, and {shown(function)} was given, of type {type(function).__name__}.")
    given = copy.deepcopy(case)
    operands = ", ".join(f"{name} = {shown(x)}" for name, x in case.items() if not callable(x))
    where = f"(That was with {operands}.)"
    try:
        with steps_counted():
            result = function(*given.values())
    except _TooManySteps:
        raise Wrong(f"Your function does not come to an end: it was stopped after {STEPS} steps. {where}") from None
    except (Exception, SystemExit, GeneratorExit) as error:
        raise Wrong(f"Your function raises {described(error)}. {where}") from None
    if iscoroutine(result):
        result.close()
        raise Wrong("Your function is async: a plain def is meant.")
    if result is ...:
        raise Wrong(NOT_YET)
    if result is None:
        raise Wrong(f"Your function gives nothing (None): has it a return? {where}")
    for name, x in case.items():
        if not callable(x) and not _same(given[name], x):
            raise Wrong(f"Your function changes what it is given: {name} is not what it was.")
    return result


def _same(a: Any, b: Any) -> bool:
    try:
        return bool(a == b)
    except Exception:
        return False


def described(error: BaseException) -> str:
    """Type, message and line of what the learner's code has raised."""
    try:
        message = " ".join(str(error).split())[:200]
    except Exception:
        message = ""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(_LIBRARIES)]
    return f"{type(error).__name__}{': ' if message else ''}{message}" + (f" (line {lines[-1]})" if lines else "")
