"""Functions are short, files are short, and arguments are few."""

from __future__ import annotations

import ast
import statistics

import pytest
from support.package_source import HOME, modules

LONGEST_FILE = 300
LONGEST_FUNCTION = 50
LONG_FUNCTION = 30  # lines of code that 95 of 100 functions stay under
MOST_ARGUMENTS = 5


def functions():
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name}.{node.name}", node


def code_lines(node) -> int:
    """Count the lines of a function that hold code: without its docstring and what is nested in it."""
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    inner = {line for one in body for sub in ast.walk(one) if isinstance(sub, ast.FunctionDef | ast.ClassDef)
             for line in range(sub.lineno, sub.end_lineno + 1)}  # fmt: skip
    lines = {line for one in body for line in range(one.lineno, one.end_lineno + 1)} - inner
    return len(lines) + node.body[0].lineno - node.lineno


@pytest.mark.parametrize("path", sorted(HOME.rglob("*.py")), ids=lambda path: str(path.relative_to(HOME)))
def test_a_file_can_be_read_at_one_sitting(path):
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST_FILE


def test_functions_are_short():
    lengths = {name: code_lines(node) for name, node in functions()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}
    assert statistics.quantiles(lengths.values(), n=20)[-1] <= LONG_FUNCTION


def test_arguments_are_few():
    many = {}
    for name, node in functions():
        count = len([one for one in (*node.args.posonlyargs, *node.args.args) if one.arg not in ("self", "cls")])
        overrides = name.endswith(".connect_tcp")  # the HTTP library's own signature
        if count > MOST_ARGUMENTS and not overrides:
            many[name] = count
    assert many == {}
