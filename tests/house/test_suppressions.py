"""Exceptions from the rules are few, each where it is needed; warnings are errors, and nothing is left behind."""

from __future__ import annotations

import ast
import tomllib

import pytest
from support.package_source import HOME, TESTS, comments, forbid, modules, sources

MAX_NOQA = 80
MAX_MAGIC_NUMBERS = 9
MAX_TYPE_IGNORES = 13
MAX_PYRIGHT_IGNORES = 3
# Files of tests that sleep, each with the reason; a clock is given everywhere else.
SLEEPING = {
    "integrations/test_contract.py": "shows that nothing more is sent",
    "runtime/calls/test_storms.py": "waits until the kernel says that another process sleeps",
    "runtime/webhooks/test_server.py": "plays a sender that keeps a rate for minutes",
    "support/pace.py": "waits for a condition of another thread",
}
# The same for `await asyncio.sleep(...)` of more than nothing.
SLEEPING_TASKS = {
    "runtime/client/test_items.py": "shows that nothing more comes",
    "runtime/http/conformance/test_processes.py": "waits for the server, a thread",
    "runtime/http/test_connection_pool.py": "waits for the server, a thread",
    "support/pace.py": "waits for a condition of another thread",
    "support/transports.py": "waits for a condition of another thread",
}
# Seconds may be asserted to be less than these alone: what hangs takes longer, and what is slow or has neighbours does not.
GUARDS = {"WIDE", "PATIENCE"}
CLOCKS = {"monotonic", "perf_counter", "process_time", "thread_time"}
# Files of tests that have bounds of their own, each with the reason; work is counted everywhere else.
COMPARING = {
    "runtime/client/test_long_texts.py": "compares what a processor works on patterns, which have no calls to count",
}


@pytest.mark.parametrize(
    ("limit", "pattern"),
    [
        (MAX_NOQA, r"#\s*noqa"),
        (MAX_MAGIC_NUMBERS, r"#\s*noqa.*\bPLR2004\b"),
        (0, r"#\s*noqa.*\bSLF001\b"),
        (MAX_TYPE_IGNORES, r"#\s*type:\s*ignore"),
        (MAX_PYRIGHT_IGNORES, r"#\s*pyright:"),
    ],
    ids=["noqa", "magic-numbers", "private-members", "type-ignores", "pyright-ignores"],
)
def test_exceptions_from_the_rules_are_few(limit, pattern):
    places = comments(pattern)
    forbid(f"At most {limit} comments match {pattern}", places if len(places) > limit else [])


def test_every_module_says_in_a_sentence_what_it_is():
    wrong = []
    for name, tree in modules().items():
        first = (ast.get_docstring(tree) or "").split("\n\n")[0].rstrip()
        if not first.endswith((".", "?", ":")):
            wrong.append(f"{name}: {first.splitlines()[0] if first else 'no docstring'}")
    forbid("Module docstrings begin with a sentence", wrong)


def test_nothing_is_left_behind():
    wrong = [
        f"{name}:{number} {line.strip()}"
        for name, text in sources().items()
        for number, line in enumerate(text.splitlines(), 1)
        if any(word in line for word in ("TODO", "FIXME", "XXX", "HACK", "x-zm"))
        or line.strip().startswith(("# ---", "# ===", "####"))
    ]
    forbid("Lines are finished", wrong)


def test_warnings_are_errors():
    project = HOME.parent / "pyproject.toml"
    assert tomllib.loads(project.read_text("utf-8"))["tool"]["pytest"]["ini_options"]["filterwarnings"] == ["error"]


@pytest.mark.parametrize(("module", "allowed"), [("time", SLEEPING), ("asyncio", SLEEPING_TASKS)])
def test_tests_do_not_sleep(module, allowed):
    sleeps: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("*.py")):
        name, text = path.relative_to(TESTS).as_posix(), path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)) if "sleep" in text else ():
            if _is_sleep(node, module):
                sleeps.setdefault(name, []).append(f"{name}:{node.lineno}")
    forbid(
        "Tests are given a clock", [place for name, places in sleeps.items() if name not in allowed for place in places]
    )
    forbid("Files that may sleep do", [name for name in allowed if name not in sleeps])


def _is_sleep(node, module):
    """Whether a node calls a module's `sleep`, or takes it out of the module; `sleep(0)` only gives others their turn."""
    if isinstance(node, ast.ImportFrom):
        return node.module == module and any(alias.name == "sleep" for alias in node.names)
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "sleep"):
        return False
    nothing = bool(node.args) and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0
    return getattr(node.func.value, "id", "") == module and not nothing


def test_no_outcome_depends_on_how_fast_the_machine_is():
    wrong: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("*.py")):
        name, tree = path.relative_to(TESTS).as_posix(), ast.parse(path.read_text("utf-8"))
        spans = {target.id for node in ast.walk(tree) for target in _targets(node) if _tells_seconds(node.value, set())}
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare) and any(_is_bound(*pair, spans) for pair in _pairs(node)):
                wrong.setdefault(name, []).append(f"{name}:{node.lineno}")
    places = [place for name, found in wrong.items() if name not in COMPARING for place in found]
    forbid("Tests count work, or compare seconds with a guard against hanging", places)
    forbid("Files that may compare seconds do", [name for name in COMPARING if name not in wrong])


def _targets(node):
    """The names that are assigned one value."""
    return [one for one in node.targets if isinstance(one, ast.Name)] if isinstance(node, ast.Assign) else []


def _tells_seconds(node, spans):
    """Whether a value is the time that passed: a clock less something, or a name for it."""
    if isinstance(node, ast.Name):
        return node.id in spans
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and _reads_clock(node.left)


def _reads_clock(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS


def _pairs(compare):
    """What is compared with what: of each pair, the one that must be less comes first."""
    sides = [compare.left, *compare.comparators]
    for left, right, how in zip(sides, sides[1:], compare.ops, strict=False):
        if isinstance(how, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
            yield (left, right) if isinstance(how, ast.Lt | ast.LtE) else (right, left)


def _is_bound(less, more, spans):
    """Whether seconds must be less than what is no guard."""
    guards = {getattr(one, "id", getattr(one, "attr", "")) for one in ast.walk(more)} & GUARDS
    return _tells_seconds(less, spans) and not guards
