"""The package's own source, parsed once for the rules of the house."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import connector

HOME = Path(connector.__file__).parent
ROOMS = ("errors", "definition", "core", "runtime", "sandbox", "authoring", "cli")  # a room imports only to its left


@cache
def modules() -> dict[str, ast.Module]:
    """Return every module of the package by its dotted name."""
    found = {}
    for path in sorted(HOME.rglob("*.py")):
        name = ".".join(("connector", *path.relative_to(HOME).with_suffix("").parts)).removesuffix(".__init__")
        found[name] = ast.parse(path.read_text("utf-8"))
    return found


def room(module: str) -> str:
    """Return the room a module stands in; empty for the package's own front door."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ROOMS else ""


def imports(tree: ast.AST, *, typing_too: bool = False) -> set[str]:
    """Return what a module imports, at its top and inside functions; what only types need on request."""
    found: set[str] = set()
    for node in ast.walk(tree) if typing_too else _without_typing(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return found


def _without_typing(tree: ast.AST):
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield node
        yield from _without_typing(node)
