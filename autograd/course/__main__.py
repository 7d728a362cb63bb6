"""The command line: ``python -m autograd.course`` lists the exercises, ``python -m autograd.course 2.3`` shows one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from autograd.course.texts import exercise, exercises
from autograd.terminal import show

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """List the exercises, or show one.

    >>> main(["1.1"])
    1.1 Predict two gradients
    ...
    """
    parser = argparse.ArgumentParser(prog="python -m autograd.course", description="The exercises of the notebooks.")
    parser.add_argument("number", nargs="?", help="of one exercise, to be shown, such as 2.3")
    number = parser.parse_args(arguments).number
    try:
        if number:
            e = exercise(number)
            said = f"{e.number} {e.title}\n\n{e.text}\n\nfrom autograd.course import check\n\n{e.start}"
        else:
            said = "\n".join(f"{e.number:5}{e.title}" for e in exercises())
    except ValueError as error:
        parser.error(str(error))
    show(said, parser)


if __name__ == "__main__":
    main()
