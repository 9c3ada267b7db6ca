"""References between schemas: files of a folder, and components of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_COMPONENTS = "#/components/schemas/"


def to_component(name: str, schema: Any) -> Any:
    """Return the schema of a file with references to components in place of those to files."""

    def rewrite(reference: str) -> str:
        file, _, pointer = reference.partition("#")
        if "://" in file:
            return reference
        return f"{_COMPONENTS}{file.removesuffix('.json') or name}{pointer}"

    return _rewrite(schema, rewrite)


def to_file(name: str, schema: Any) -> Any:
    """Return a component as the schema of a file: what `to_component` was given."""

    def rewrite(reference: str) -> str:
        if not reference.startswith(_COMPONENTS):
            return reference
        other, slash, pointer = reference.removeprefix(_COMPONENTS).partition("/")
        place = f"#{slash}{pointer}" if slash else ""
        return (place or "#") if other == name else f"{other}.json{place}"

    return _rewrite(schema, rewrite)


def _rewrite(node: Any, change: Callable[[str], str]) -> Any:
    if isinstance(node, list):
        return [_rewrite(item, change) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: change(item) if key == "$ref" and isinstance(item, str) else _rewrite(item, change)
        for key, item in node.items()
    }
