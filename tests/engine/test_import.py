"""`import autograd` loads the standard library only, and what needs more is loaded on first use."""

import subprocess
import sys

import pytest

import autograd


def test_loads_nothing_but_the_standard_library() -> None:
    program = (
        "import sys; before = set(sys.modules); import autograd\n"
        "print(*sorted({m.partition('.')[0] for m in set(sys.modules) - before}))"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "autograd" in loaded
    assert not set(loaded) - set(sys.stdlib_module_names) - {"autograd"}


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'autograd' has no attribute 'gradient'"):
        autograd.gradient  # noqa: B018


def test_names_that_are_public_are_all_listed() -> None:
    assert len(autograd.__all__) == len(set(autograd.__all__))
    assert dir(autograd) == sorted(autograd.__all__)
