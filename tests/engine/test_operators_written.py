"""The operators are the rows of the table and the lines of `node`, written out by a program and not by hand."""

from __future__ import annotations

import ast

from inlined import AUTOGRAD, inlined, operators


def test_the_operators_are_what_the_table_and_node_make_them() -> None:
    written = (AUTOGRAD / "operators.py").read_text(encoding="utf-8")
    assert ast.dump(ast.parse(written)) == ast.dump(ast.parse(operators())), "run python tests/engine/inlined.py"


def test_a_call_of_node_becomes_its_lines_and_a_name_that_is_used_once_what_it_stands_for() -> None:
    made = inlined("def f(x):\n    y = x + 1\n    b = 3\n    return node(OP, y, x, b, b, None)\n")
    lines = [line.strip() for line in made.splitlines()]
    assert {"made.op = OP", "made._data = x + 1", "made._da = b", "made._b = b", "b = 3"} <= set(lines)
    assert "y = x + 1" not in lines
    assert "node(" not in made


def test_no_other_module_of_the_package_fills_a_node_by_hand() -> None:
    """Copies keep what their originals have, and a trace makes nodes without numbers."""
    by_hand = {path.name for path in AUTOGRAD.rglob("*.py") if "._n = " in path.read_text(encoding="utf-8")}
    assert by_hand == {"value.py", "operators.py", "copies.py", "trace.py"}
