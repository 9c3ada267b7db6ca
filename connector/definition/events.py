"""The events of a service as data: what each is called, which scopes see it, what its body holds.

A connector's folder tells them in schemas/events/*.json, a file for each part of the service. A body has the shape of
what is delivered, with a word for its type in the place of each value; a list holds the shape of one item, or nothing
where that is not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field, JsonValue, RootModel

from connector.definition.action import Scopes
from connector.definition.fields import StrictModel
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.definition.strict_yaml import Document, NodePath
    from connector.errors import Finding

VALUE_TYPES = {
    "string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "id": "the service's own text for a thing", "integer id": "its number for a thing", "digits": "digits as a text",
    "uuid": "32 hexadecimal digits with hyphens", "base64": "16 bytes in Base64", "email": "an email address",
    "url": "an absolute URL", "phone": "a phone number with + before it", "timezone": "the name of a time zone",
    "datetime": "a time, ISO 8601", "date": "a day, ISO 8601", "milliseconds": "milliseconds since 1970",
    "secret": "a text that is never shown",
}  # fmt: skip


class EventEntry(StrictModel):
    """What a file says of an event."""

    scopes: Scopes = Field(default=Scopes(), description="The OAuth scopes that see it; any one of a list is enough.")
    body: dict[str, JsonValue] = Field(description="Its shape: a type's word in the place of each value.")


class EventType(EventEntry):
    """One kind of event: its name, the part of the service that it belongs to, scopes and body."""

    name: str
    group: str


class EventFile(RootModel[dict[str, EventEntry]]):
    """One file of events, by name."""


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
    """Return all that is wrong with a file of events, in the order of its lines."""
    from connector.definition import schema_validation

    if not isinstance(document.data, dict):
        return [document.build_finding((), "event", "expected a mapping of events by name.")]
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
    """Yield the places of a body that hold no word for a type, and what is wrong there."""
    if isinstance(body, str) and body in VALUE_TYPES:
        return
    if isinstance(body, dict):
        for name, item in body.items():
            yield from find_invalid_types(item, (*path, name))
    elif isinstance(body, list) and len(body) <= 1:
        for item in body:
            yield from find_invalid_types(item, (*path, 0))
    elif isinstance(body, list):
        yield path, "a list holds the shape of one item, or nothing."
    else:
        suggestion = did_you_mean(body, VALUE_TYPES) if isinstance(body, str) else ""
        yield path, f"{body!r} is no type.{suggestion} Known: {', '.join(VALUE_TYPES)}."


def iter_leaf_fields(body: Any, path: tuple[str, ...] = ()) -> Iterable[tuple[tuple[str, ...], str]]:
    """Yield the path and the type of each plain value of a body; an item of a list has the list's path."""
    if isinstance(body, dict):
        for name, item in body.items():
            yield from iter_leaf_fields(item, (*path, name))
    elif isinstance(body, list):
        for item in body:
            yield from iter_leaf_fields(item, path)
    else:
        yield path, body
