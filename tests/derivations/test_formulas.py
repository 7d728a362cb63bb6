"""Each row of `formulas.py` has a test, and each test of a formula says which."""

import ast
from pathlib import Path

import pytest
from derivations.formulas import FORMULAS

FILES = sorted(Path(__file__).parent.glob("test_seed_*.py"))


def marks(function: ast.FunctionDef) -> set[tuple[str, str]]:
    calls = [d for d in function.decorator_list if isinstance(d, ast.Call) and getattr(d.func, "attr", "") == "formula"]
    return {(call.args[0].value, number.value) for call in calls for number in call.args[1:]}


def formula_tests(file: Path) -> list[ast.FunctionDef]:
    tree = ast.parse(file.read_text())
    return [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


def test_every_formula_has_a_test_and_every_test_a_formula() -> None:
    marked = set().union(*(marks(test) for file in FILES for test in formula_tests(file)))
    assert marked == set(FORMULAS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_test_of_a_seed_is_marked_with_its_formulas_and_writes_them_down(file: Path) -> None:
    for test in formula_tests(file):
        assert marks(test), f"{test.name} is marked with no formula"
        assert {seed for seed, _ in marks(test)} == {file.stem[-3:]}, f"{test.name} is marked with another seed"
        assert ast.get_docstring(test), f"{test.name} does not write its formula down"
