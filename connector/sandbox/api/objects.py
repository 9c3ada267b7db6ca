"""Objects of a request, read back into what a caller gave for them: their members by key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.definition.fields import InputField

    ValueReader = Callable[[InputField, Any, str], Any]  # a member, what was sent for it, and the name of its place

MISSING: Any = object()


def find_at_path(tree: Any, path: tuple[str, ...]) -> Any:
    """Return the value at a path of JSON data, or MISSING."""
    for name in path:
        if isinstance(tree, list) and name.isdigit() and int(name) < len(tree):
            tree = tree[int(name)]
        elif isinstance(tree, dict) and name in tree:
            tree = tree[name]
        else:
            return MISSING
    return tree


def read_objects(field: InputField, sent: Any, read: ValueReader, name: str) -> Any:
    """Return the objects that were sent for an input, with their members by key; anything else unchanged."""
    if field.type == "object":
        return _read_object(field, sent, read, name)
    if field.is_list and isinstance(sent, list):
        return [_read_object(field, item, read, f"{name}.{position}") for position, item in enumerate(sent)]
    if field.type == "map of object" and isinstance(sent, dict):
        return {key: _read_object(field, item, read, f"{name}.{key}") for key, item in sent.items()}
    return sent


def _read_object(field: InputField, sent: Any, read: ValueReader, name: str) -> Any:
    if not isinstance(sent, dict):
        return sent
    given = {}
    for key, member in field.members.items():
        value = find_at_path(sent, member.location.path)
        if value is not MISSING:
            given[key] = read(member, value, f"{name}.{member.to}")
    return given
