"""What importing loads and how long it takes; which package may import which; the names that were promised."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median

import pytest

import autograd
import nn

ROOT = Path(autograd.__file__).parents[1]

# Floors: each package, or module that stands above its package, and which of the others it may import.
BELOW: dict[str, set[str]] = {
    "autograd": set(),
    "autograd.formulas": {"autograd"},
    "autograd.structure": {"autograd", "autograd.formulas"},
    "autograd.viz.picture": {"autograd", "autograd.formulas", "autograd.structure"},
    "autograd.viz.explanation": {"autograd", "autograd.formulas", "autograd.structure"},
    "autograd.viz": {  # the page
        "autograd",
        "autograd.formulas",
        "autograd.structure",
        "autograd.viz.picture",
        "autograd.viz.explanation",
    },
    "autograd.compiler": {"autograd", "autograd.formulas"},
    "autograd.course": {"autograd"},
    "autograd.__main__": {"autograd", "autograd.formulas", "autograd.viz.explanation"},
    "nn": {"autograd", "autograd.viz", "autograd.compiler"},
    "benchmarks": {"autograd", "autograd.viz", "autograd.compiler", "nn"},
}

# The names of the design. Names may be added, and none of these may go.
PROMISED = {
    autograd: "Value grad value_and_grad jacobian hessian hvp jvp gradcheck exp log sqrt sin cos tan tanh sigmoid relu "
    "softplus maximum minimum where dot total draw explain explore compile no_grad topological_order",
    nn: "Module Neuron Layer MLP SGD Adam AdamW squared_error half_squared_error mse_loss l1_loss "
    "binary_cross_entropy binary_cross_entropy_with_logits cross_entropy hinge_loss",
}


def interpreter(program: str, *options: str) -> str:
    """What a fresh interpreter prints, run on this repository."""
    command = [sys.executable, "-I", *options, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{program}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def name_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def floor(module: str) -> str | None:
    """The floor that a module is on; None for the modules of others."""
    floors = sorted(BELOW, key=len, reverse=True)
    return next((name for name in floors if f"{module}.".startswith(f"{name}.")), None)


def imports(file: Path) -> list[str]:
    """The modules that a file imports, anywhere in it, by their full names."""
    package = list(file.relative_to(ROOT).parent.parts)
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            found += [module, *(f"{module}.{alias.name}" for alias in node.names)]
    return found


@pytest.mark.parametrize("package", ["autograd", "nn"])
def test_every_public_name_is_there_without_any_other_package_installed(package: str) -> None:
    names = [name for name in sys.modules[package].__all__ if package != "nn" or name not in nn._ON_FIRST_USE]
    program = f"import {package}; print(*[type(getattr({package}, name)).__name__ for name in {names}])"
    shown = interpreter(program, "-S")  # without site-packages
    assert len(shown.split()) == len(names)


@pytest.mark.parametrize("name", nn._ON_FIRST_USE)
def test_what_needs_another_package_says_which_and_how_to_install_it(name: str) -> None:
    program = f"import nn\ntry: nn.{name}\nexcept ModuleNotFoundError as error: print(error)"
    said = interpreter(program, "-S")
    assert re.fullmatch(rf"nn\.{name} needs \w+: pip install 'scalar-autograd\[digits\]'\n", said)


def test_importing_autograd_takes_no_longer_than_starting_the_interpreter_and_no_50_ms() -> None:
    resource = pytest.importorskip("resource", reason="the time that processes take is known on Unix only")

    def seconds(statement: str) -> float:
        """Of the processor, so that a busy machine does not count."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        interpreter(statement)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    pairs = [(seconds("pass"), seconds("import autograd")) for _ in range(9)]
    bare, loaded = (median(times) for times in zip(*pairs, strict=True))
    assert loaded < 2 * bare
    assert loaded - bare < 0.050


def test_imports_only_point_down() -> None:
    files = [file for package in ("autograd", "nn", "benchmarks") for file in (ROOT / package).rglob("*.py")]
    assert {floor(name_of(file)) for file in files} == set(BELOW)
    upwards = []
    for file in files:
        here = floor(name_of(file))
        allowed = {None, here, *BELOW[here]}
        upwards += [(name_of(file), module) for module in imports(file) if floor(module) not in allowed]
    assert not upwards


def test_imports_form_no_circle() -> None:
    """From file to file, wherever an import stands: at the top, for types alone, in a function that runs later."""
    files = {name_of(file): file for package in ("autograd", "nn") for file in (ROOT / package).rglob("*.py")}
    imported = {name: {module for module in imports(file) if module in files} for name, file in files.items()}
    try:
        TopologicalSorter(imported).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(error.args[1][::-1]))


@pytest.mark.parametrize(("package", "names"), PROMISED.items(), ids=["autograd", "nn"])
def test_the_promised_names_are_public(package: object, names: str) -> None:
    assert not set(names.split()) - set(package.__all__)
