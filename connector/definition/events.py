"""Event types: names, scopes and bodies, as schemas/events/*.json describe them.

Each file is one group of events. A body has the structure of a delivery, with a type in place of each value; a list has
one item, which describes all, or none where that is not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.definition.action import Scopes
from connector.definition.suggest import did_you_mean
from connector.definition.validation.strict_model import StrictModel
from connector.definition.validation.words import JsonValue, word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.definition.parsers.strict_yaml import Document, NodePath
    from connector.errors import Finding

VALUE_TYPES = (
    "string", "integer", "number", "boolean", "id", "integer id", "digits", "uuid", "base64", "email", "url", "phone",
    "timezone", "datetime", "date", "milliseconds", "secret",
)  # fmt: skip


class EventEntry(StrictModel):
    """One event of a file."""

    scopes: Scopes = word(default=Scopes(), description="OAuth scopes that receive it; any one of a list is enough.")
    body: dict[str, JsonValue] = word(description="Its structure, with a type in place of each value.")


class EventType(EventEntry):
    """An event with its name, and its group: the name of its file."""

    name: str
    group: str


class EventFile(StrictModel):
    """One file of events, by name."""

    root: dict[str, EventEntry]


def parse_event_file(data: Any, group: str) -> dict[str, EventType]:
    """Return the events of a file by name. Raises ValueError when something in it is wrong."""
    entries = EventFile.model_validate(data).root
    for entry in entries.values():
        for _, message in find_invalid_types(entry.body):
            raise ValueError(message)
    return {
        name: EventType(name=name, group=group, scopes=entry.scopes, body=entry.body) for name, entry in entries.items()
    }


def validate_event_file(document: Document) -> list[Finding]:
    """Return every mistake of an event file, in the order of its lines."""
    from connector.definition.validation import schema_validation

    if not isinstance(document.data, dict):
        return [document.build_finding((), "event", "expected a mapping of event names to events.")]
    violations = schema_validation.validate_document(document, EventFile)
    for name, entry in document.data.items():
        body = entry.get("body") if isinstance(entry, dict) else None
        if isinstance(body, dict):
            violations += [
                document.build_finding((name, "body", *path), "event", message)
                for path, message in find_invalid_types(body)
            ]
    return sorted(violations)


def find_invalid_types(body: Any, path: NodePath = ()) -> Iterator[tuple[NodePath, str]]:
    """Yield the path and a message for each value of a body that is not a type."""
    if isinstance(body, str) and body in VALUE_TYPES:
        return
    if isinstance(body, dict):
        for name, item in body.items():
            yield from find_invalid_types(item, (*path, name))
    elif isinstance(body, list) and len(body) <= 1:
        for item in body:
            yield from find_invalid_types(item, (*path, 0))
    elif isinstance(body, list):
        yield path, "a list must have one item, which describes all, or none."
    else:
        suggestion = did_you_mean(body, VALUE_TYPES) if isinstance(body, str) else ""
        yield path, f"{body!r} is not a type.{suggestion} Known: {', '.join(VALUE_TYPES)}."


def iter_leaf_fields(body: Any, path: tuple[str, ...] = ()) -> Iterable[tuple[tuple[str, ...], str]]:
    """Yield path and type of each scalar of a body; the items of a list have the list's path."""
    if isinstance(body, dict):
        for name, item in body.items():
            yield from iter_leaf_fields(item, (*path, name))
    elif isinstance(body, list):
        for item in body:
            yield from iter_leaf_fields(item, path)
    else:
        yield path, body
