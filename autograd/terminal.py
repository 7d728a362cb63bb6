"""What a command prints, on whatever stands at the other end: a terminal of any kind, or a reader who leaves."""

from __future__ import annotations

import argparse
import io
import os
import sys

__all__ = ["show"]


def show(text: str, parser: argparse.ArgumentParser) -> None:
    """Print all of a text; a parser says what is wrong if it cannot be written."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without ∂ still shows the numbers
    try:
        print(text, flush=True)
    except OSError as error:
        # or the interpreter flushes once more, and says so
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # | head has read enough
            sys.exit(128 + 13)  # as if by SIGPIPE
        parser.error(f"what is printed cannot be written: {error.strerror}")
