"""Functions are short, files are short, and arguments are few."""

from __future__ import annotations

import statistics

from support.package_source import forbid, function_length, functions, sources

MAX_FILE = 300  # lines
MAX_FUNCTION = 50  # lines of code
MAX_FUNCTION_P95 = 30  # lines of code that 95 of 100 functions stay under
MAX_PARAMETERS = 5
FOREIGN_SIGNATURES = {"connect_tcp"}  # a method that an HTTP library defines


def test_a_file_can_be_read_at_one_sitting():
    lengths = {name: len(text.splitlines()) for name, text in sources().items()}
    long = [f"{name}: {length}" for name, length in lengths.items() if length > MAX_FILE]
    forbid(f"Files have at most {MAX_FILE} lines", long)


def test_functions_are_short():
    lengths = {f"{name}:{node.lineno}": function_length(node) for name, node in functions()}
    long = [f"{name}: {length}" for name, length in lengths.items() if length > MAX_FUNCTION]
    forbid(f"Functions have at most {MAX_FUNCTION} lines of code", long)
    assert statistics.quantiles(lengths.values(), n=20)[-1] <= MAX_FUNCTION_P95


def test_parameters_are_few_and_those_of_private_functions_also_by_name():
    many = []
    for name, node in functions():
        private = node.name.startswith("_") and not node.name.startswith("__")
        named = node.args.kwonlyargs if private else []
        parameters = [one.arg for one in (*node.args.posonlyargs, *node.args.args, *named)]
        count = len([parameter for parameter in parameters if parameter not in ("self", "cls")])
        if count > MAX_PARAMETERS and node.name not in FOREIGN_SIGNATURES:
            many.append(f"{name}:{node.lineno}: {count}")
    forbid(f"Functions take at most {MAX_PARAMETERS} parameters", many)
