"""Changes of what comes back: schemas of replies, and bodies of events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.authoring.changes.change import WordChange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.definition.parsers.strict_yaml import NodePath


def compare_schemas(path: NodePath, old: Any, new: Any) -> Iterator[WordChange]:
    """Yield the changes of a JSON Schema that a reader of replies meets: fields that are gone or of another type."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return
    before, after = _list_types(old), _list_types(new)
    if before and after and not after <= before:
        message = f"{_name(path)} was {_join(before)} and is {_join(after)}."
        yield WordChange((*path, "type"), is_breaking=True, message=message)
    old_fields, new_fields = old.get("properties", {}), new.get("properties", {})
    for name in old_fields:
        if name not in new_fields and (new_fields or new.get("additionalProperties") is False):
            field_path = (*path, "properties", name)
            yield WordChange(field_path, is_breaking=True, message=f"{_name(field_path)} is gone.", in_old=True)
    for name, schema in new_fields.items():
        field_path = (*path, "properties", name)
        if name in old_fields:
            yield from compare_schemas(field_path, old_fields[name], schema)
        elif old_fields:
            yield WordChange(field_path, is_breaking=False, message=f"{_name(field_path)} is new.")
    yield from compare_schemas((*path, "items"), old.get("items"), new.get("items"))


def _list_types(schema: dict[str, Any]) -> set[str]:
    types = schema.get("type", ())
    return {types} if isinstance(types, str) else set(types)


def _join(types: set[str]) -> str:
    return " or ".join(sorted(types))


def _name(path: NodePath) -> str:
    """Return the name of a place of a schema as a reader of replies would write it: items.0.id."""
    names = ["0" if name == "items" else str(name) for name in path if name != "properties"]
    return ".".join(names) or "the reply"


def compare_event_bodies(path: NodePath, old: Any, new: Any) -> Iterator[WordChange]:
    """Yield the changes of an event's body, which has a type in place of each value."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in old:
            if name not in new:
                yield WordChange((*path, name), is_breaking=True, message=f"field {name!r} is gone.", in_old=True)
        for name, item in new.items():
            if name in old:
                yield from compare_event_bodies((*path, name), old[name], item)
            else:
                yield WordChange((*path, name), is_breaking=False, message=f"field {name!r} is new.")
    elif isinstance(old, list) and isinstance(new, list):
        if old and new:
            yield from compare_event_bodies((*path, 0), old[0], new[0])
    elif old != new:
        message = f"field {path[-1]!r} was {_kind(old)} and is {_kind(new)}."
        yield WordChange(path, is_breaking=True, message=message)


def _kind(body: Any) -> str:
    return "an object" if isinstance(body, dict) else "a list" if isinstance(body, list) else str(body)
