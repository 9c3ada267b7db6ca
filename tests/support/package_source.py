"""The package's own source, parsed once, and the figures that the rules of the house are about."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import connector

if TYPE_CHECKING:
    from collections.abc import Iterator


def words(text: str) -> set[str]:
    """Return the words of a text."""
    return set(text.split())


HOME = Path(connector.__file__).parent
MADE = {HOME / "typed" / "zoom.py"}  # by `connector stubs`
TESTS = Path(__file__).parents[1]
# A room imports only from itself and from those named here; `errors` is open to all.
ROOMS: dict[str, tuple[str, ...]] = {
    "errors": (),
    "definition": (),
    "core": ("definition",),
    "runtime": ("definition", "core"),
    "sandbox": ("definition", "core", "runtime"),
    "authoring": ("definition", "core"),
    "integrations": ("definition", "core", "runtime", "sandbox"),
    "testing": ("definition", "core", "runtime", "sandbox"),
    "cli": ("definition", "core", "runtime", "sandbox", "authoring", "integrations"),
    "console": ("definition", "core", "runtime", "sandbox", "authoring", "cli"),
    "typed": (),  # the module that it holds stands outside, as a user's does
}
OPEN_TO_ALL = ("connector._version", "connector.first_use")  # they import nothing of the package
FRONT_DOOR = ("connector", "connector.__main__")
# Plain verbs and nouns of the field that look like a past participle.
VERBS = {"feed", "need", "speed", "embed", "exceed", "proceed", "succeed", "seed", "read", "spread", "send", "shed"}
IRREGULAR = words(
    "begun bound brought built came caught chosen done drawn found given gone got had heard held hidden kept known laid left "
    "lost made meant met paid said seen sent shown sold spent spoken stood sworn taken thought told took torn understood went "
    "withdrawn won worn written"
)
ADJECTIVES = words(
    "BIG BIGGEST ENOUGH FAR FARTHEST FEW FEWEST HIGHEST LARGE LARGEST LATE LATEST LEAST LITTLE LONG LONGEST LOWEST MANY MOST SHORT "
    "SHORTEST SMALL SMALLEST AT_ONCE AHEAD PATIENCE REST LOOK MOST_TOLD"
)


@cache
def sources() -> dict[str, str]:
    """Return the text of every module of the package by its dotted name, without those that a command makes."""
    texts = {}
    for path in sorted(set(HOME.rglob("*.py")) - MADE):
        name = ".".join(("connector", *path.relative_to(HOME).with_suffix("").parts)).removesuffix(".__init__")
        texts[name] = path.read_text("utf-8")
    return texts


@cache
def modules() -> dict[str, ast.Module]:
    """Return every module of the package, parsed, by its dotted name."""
    return {name: ast.parse(text) for name, text in sources().items()}


def room(module: str) -> str:
    """Return the room a module stands in; empty for the package's front door."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ROOMS else ""


def imports(tree: ast.AST, *, typing_too: bool = False) -> set[str]:
    """Return what a module imports, at its top and inside functions; what only types need on request."""
    names: set[str] = set()
    for node in ast.walk(tree) if typing_too else _without_typing(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names


def _without_typing(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield node
        yield from _without_typing(node)


@cache
def arrows() -> dict[str, set[str]]:
    """Return which modules of the package each one imports: at its top, inside functions, and for types alone."""
    found: dict[str, set[str]] = {}
    for name, tree in modules().items():
        targets = imports(tree, typing_too=True) & modules().keys()
        # `from a.b import c` gives both a.b and a.b.c: where c is a module, the package a.b is not what is needed
        packages = {target for target in targets if any(other.startswith(f"{target}.") for other in targets)}
        found[name] = targets - {package for package in packages if _is_package(package)} - {name}
    return found


def _is_package(name: str) -> bool:
    return (HOME.parent / name.replace(".", "/") / "__init__.py").is_file()


def cycles() -> list[list[str]]:
    """Return the shortest import cycle of each knot of modules that need each other, without the front door."""
    graph = {name: targets - set(FRONT_DOOR) for name, targets in arrows().items() if name not in FRONT_DOOR}
    shortest, knotted = [], set()
    for name in graph:
        path = _path_back(graph, name)
        if path and not knotted & set(path):
            shortest.append(path)
            knotted |= set(path)
    return shortest


def _path_back(graph: dict[str, set[str]], start: str) -> list[str]:
    """Return the shortest way from a module back to itself; empty if there is none."""
    paths = [[start]]
    seen: set[str] = set()
    while paths:
        path = paths.pop(0)
        for target in sorted(graph.get(path[-1], ())):
            if target == start:
                return [*path, start]
            if target not in seen:
                seen.add(target)
                paths.append([*path, target])
    return []


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield every function and method of the package with its module and name."""
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name}.{node.name}", node


def function_length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function: without its docstring and what is nested in it."""
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    nested = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    inner = {
        line
        for statement in body
        for sub in ast.walk(statement)
        if isinstance(sub, nested)
        for line in range(sub.lineno, (sub.end_lineno or sub.lineno) + 1)
    }
    own = {line for statement in body for line in range(statement.lineno, (statement.end_lineno or 0) + 1)} - inner
    return len(own) + node.body[0].lineno - node.lineno


def participles() -> list[str]:
    """Return the functions, properties left out, whose whole name is a past participle."""
    return [name for name, node in functions() if is_participle(node.name) and not _is_property(node)]


def is_participle(name: str) -> bool:
    """Tell whether a function's name is nothing but a past participle."""
    word = name.strip("_")
    if "_" in word or word in VERBS:
        return False
    return word in IRREGULAR or (word.endswith("ed") and len(word) > len("need"))


def _is_property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    names = [getattr(decorator, "id", getattr(decorator, "attr", "")) for decorator in node.decorator_list]
    return any(name.endswith("property") for name in names)


def repeated_classes() -> dict[str, list[str]]:
    """Return the class names that stand more than once in the package, with their modules."""
    places = defaultdict(list)
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(name)
    return {name: where for name, where in places.items() if len(where) > 1}


def adjective_constants() -> list[str]:
    """Return the constants that are named by an adjective and so do not say what they limit."""
    bare = []
    for name, tree in modules().items():
        for node in ast.walk(tree):
            targets = node.targets if isinstance(node, ast.Assign) else []
            targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
            bare += [f"{name}.{t.id}" for t in targets if isinstance(t, ast.Name) and t.id.strip("_") in ADJECTIVES]
    return bare


def folders(top: Path) -> list[Path]:
    """Return a folder and every folder below it that holds Python, at any depth."""
    holding = {path.parent for path in top.rglob("*.py")}
    return sorted({parent for path in holding for parent in (path, *path.parents) if parent.is_relative_to(top)})


def entries(folder: Path) -> list[str]:
    """Return what a reader sees in a folder: files and folders, without the package marker."""
    return sorted(path.name for path in folder.iterdir() if path.name not in ("__init__.py", "__pycache__"))


@cache
def _all_comments() -> list[tuple[str, str]]:
    """Return the place of every comment in the package, `module:line`, with its text."""
    return [
        (f"{name}:{token.start[0]}", token.string)
        for name, text in sources().items()
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    ]


def comments(pattern: str) -> list[str]:
    """Return the places in the package whose comment matches a pattern."""
    return [place for place, text in _all_comments() if re.search(pattern, text)]


def code_lines() -> int:
    """Count the lines of the package that hold code: no blank line, comment or docstring."""
    layout = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    total = 0
    for name, text in sources().items():
        lines: set[int] = set()
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type not in layout:
                lines |= set(range(token.start[0], token.end[0] + 1))
        total += len(lines - _docstring_lines(modules()[name]))
    return total


def _docstring_lines(tree: ast.Module) -> set[int]:
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


def forbid(rule: str, violations: list[str]) -> None:
    """Fail with every violation of a rule, a line each."""
    __tracebackhide__ = True
    if violations:
        raise AssertionError(f"{rule}, but {len(violations)} do not:\n  " + "\n  ".join(violations))
