"""What decides never reads a clock or a file, each HTTP library stays in its own files, and nothing is left behind."""

from __future__ import annotations

import ast

import pytest
from support.package_source import HOME, ROOMS, imports, modules, room

WORLD = {"httpcore", "h11", "anyio", "concurrent", "multiprocessing", "secrets", "ssl", "select", "subprocess", "sys", "shutil", "tempfile", "http.client", "http.server", "http.cookiejar",
         "sqlite3", "signal", "getpass", "click", "rich", "queue", "inspect", "contextvars"}  # fmt: skip
TOUCHING = {
    "now",
    "utcnow",
    "today",
    "monotonic",
    "perf_counter",
    "open",
    "print",
    "input",
    "eval",
    "exec",
    "uuid4",
    "uuid1",
    "urandom",
}
LIBRARIES = {"httpx", "httpcore", "h11", "anyio", "httpx2", "pyreqwest"}
PURE = [name for name in modules() if room(name) in ("errors", "definition", "core")]


@pytest.mark.parametrize("name", PURE)
def test_what_decides_asks_nothing_of_the_machine(name):
    tree = modules()[name]
    touched = {part for one in imports(tree) for part in (one, one.split(".")[0])} & WORLD
    assert not touched, f"{name} imports {touched}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            ours = (
                isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "cls"
            )
            assert called not in TOUCHING or ours, f"{name}:{node.lineno} calls {called}"


@pytest.mark.parametrize("name", [name for name in modules() if room(name)])
def test_types_keep_the_direction_too(name):
    mine = ROOMS.index(room(name))
    for other in imports(modules()[name], typing_too=True):
        if other.startswith("connector.") and room(other):
            assert ROOMS.index(room(other)) <= mine, f"{name} needs {other} for its types"


@pytest.mark.parametrize("name", list(modules()))
def test_each_http_library_stays_in_its_own_files(name):
    used = {one.split(".")[0] for one in imports(modules()[name])} & LIBRARIES
    assert not used or name.startswith("connector.runtime.http."), f"{name} imports {used}"


@pytest.mark.parametrize("name", list(modules()))
def test_every_module_says_in_a_sentence_what_it_is(name):
    said = ast.get_docstring(modules()[name])
    assert said, name
    assert said.split("\n\n")[0].rstrip().endswith((".", "?", ":")), f"{name}: {said.splitlines()[0]}"


@pytest.mark.parametrize("path", sorted(HOME.rglob("*.py")), ids=lambda path: str(path.relative_to(HOME)))
def test_nothing_is_left_behind(path):
    for place, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        for word in ("TODO", "FIXME", "XXX", "HACK", "x-zm"):
            assert word not in line, f"{path.name}:{place}"
        assert not line.strip().startswith(("# ---", "# ===", "####")), f"{path.name}:{place}"


def test_private_functions_take_few_arguments_named_ones_included():
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
                and node.name.startswith("_")
                and not node.name.startswith("__")
            ):
                taken = [one.arg for one in (*node.args.args, *node.args.kwonlyargs) if one.arg not in ("self", "cls")]
                assert len(taken) <= 5, f"{name}:{node.lineno} {node.name} takes {taken}"
