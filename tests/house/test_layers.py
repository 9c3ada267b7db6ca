"""The rooms keep their direction, and what is pure stays pure."""

from __future__ import annotations

import ast
import importlib
import re

import pytest
from support.package_source import HOME, ROOMS, imports, modules, room

WORLD = {"httpx", "httpcore", "asyncio", "threading", "time", "random", "os", "socket", "logging"}
FILES_ONLY = {"connector.definition.loader"}  # the one module of a pure room that opens files


@pytest.mark.parametrize("name", [name for name in modules() if room(name)])
def test_a_room_imports_only_from_rooms_to_its_left(name):
    mine = ROOMS.index(room(name))
    for imported in imports(modules()[name], typing_too=False):
        other = room(imported)
        if imported.startswith("connector") and other:
            assert ROOMS.index(other) <= mine, f"{name} imports {imported}"


@pytest.mark.parametrize("name", [name for name in modules() if room(name) in ("definition", "core", "errors")])
def test_the_pure_rooms_import_nothing_that_touches_the_world(name):
    allowed = {"os"} if name in FILES_ONLY else set()
    touched = {one.split(".")[0] for one in imports(modules()[name])} & (WORLD - allowed)
    assert not touched, f"{name} imports {', '.join(sorted(touched))}"


def test_no_module_needs_one_that_needs_it():
    tops = {name: _top_imports(tree) & modules().keys() - {"connector"} for name, tree in modules().items()}
    done: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path[path.index(name) :], name))
        if name not in done:
            for other in tops[name]:
                walk(other, (*path, name))
            done.add(name)

    for name in tops:
        walk(name, ())


def _top_imports(tree: ast.Module) -> set[str]:
    plain = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return imports(ast.Module(body=plain, type_ignores=[]))


def test_no_room_is_named_for_odds_and_ends():
    odd = {"utils", "util", "helpers", "helper", "common", "misc", "base"}
    assert not [name for name in modules() if odd & set(name.split("."))]


def test_python_knows_no_vendor_beyond_the_bundled_folder():
    bundled = importlib.import_module("connector").BUNDLED_FOLDER
    named = {}
    for path in sorted(HOME.rglob("*.py")):
        lines = [line for line in path.read_text("utf-8").splitlines() if re.search(bundled, line, re.IGNORECASE)]
        named[str(path.relative_to(HOME))] = lines
    own = named.pop("__init__.py")
    assert len(own) == 1
    assert own[0].startswith("BUNDLED_FOLDER = ")
    assert not {name: lines for name, lines in named.items() if lines}
