"""Webhooks of a description become descriptions of events, with a type for each value."""

from __future__ import annotations

from typing import Any

import pytest

from connector.authoring.importing.document import ApiDocument
from connector.authoring.importing.events import infer_events
from connector.definition.events import parse_event_file


def describe(
    schema: dict[str, Any], example: Any = None, description: str = "", section: str = "webhooks"
) -> ApiDocument:
    media = {"schema": schema} | ({"example": example} if example is not None else {})
    body = {"description": description, "content": {"application/json": media}}
    webhook = {"post": {"tags": ["Book Club"], "requestBody": body}}
    return ApiDocument({"openapi": "3.1.0", "info": {"title": "Library"}, section: {"book.added": webhook}})


def infer(schema: dict[str, Any], example: Any = None) -> Any:
    groups = infer_events([describe({"type": "object", "properties": schema}, example)])
    words = groups["book-club"]["book.added"].words
    parse_event_file({"book.added": words}, "book-club")
    return words["body"]


@pytest.mark.parametrize(
    ("name", "schema", "example", "expected"),
    [
        ("event_ts", {"type": "integer", "format": "int64"}, 1725264900000, "milliseconds"),
        ("meeting_id", {"type": "integer"}, 98273645123, "integer id"),
        ("duration", {"type": "integer"}, 60, "integer"),
        ("at", {"type": "string", "format": "date-time"}, None, "datetime"),
        ("owner", {"type": "string"}, "ada@example.com", "email"),
        ("id", {"type": "string"}, "98273645123", "digits"),
        ("id", {"type": "string"}, "12R7kT7bTIKSNUFEuH_Qlg", "id"),
        ("uuid", {"type": "string"}, "cXYlohsHRtCd4ii1uC2+hA==", "base64"),
        ("uuid", {"type": "string"}, "123e4567-e89b-42d3-a456-426614174000", "uuid"),
        ("download_token", {"type": "string"}, "abc", "secret"),
        ("userJid", {"type": "string"}, "ada@xmpp.example.com", "id"),
        ("timezone", {"type": "string"}, None, "timezone"),
        ("kind", {"type": "string", "enum": ["a"]}, "a", "string"),
        ("tags", {"type": "array", "items": {"type": "string"}}, None, ["string"]),
        ("meta", {"type": "object"}, None, {}),
        ("price", {"type": ["number", "null"]}, None, "number"),
    ],
)
def test_a_type_comes_from_format_example_and_name(name: str, schema: Any, example: Any, expected: Any) -> None:
    assert infer({name: schema}, {name: example}) == {name: expected}


def test_the_events_own_name_is_left_to_the_trigger() -> None:
    assert infer({"event": {"type": "string"}, "id": {"type": "string"}}, '{"event": "book.added"}') == {"id": "id"}


def test_a_field_that_holds_the_name_of_most_events_holds_it_in_all() -> None:
    document = describe({"type": "object", "properties": {"event": {"type": "string"}, "id": {"type": "string"}}})
    (webhook,) = document.data["webhooks"].values()
    media = webhook["post"]["requestBody"]["content"]["application/json"]
    named = {
        "post": {
            **webhook["post"],
            "requestBody": {"content": {"application/json": {**media, "example": {"event": "book.sold"}}}},
        }
    }
    document.data["webhooks"]["book.sold"] = named
    (events,) = infer_events([document]).values()
    assert [event.words["body"] for event in events.values()] == [{"id": "id"}, {"id": "id"}]


def test_scopes_are_read_off_the_description() -> None:
    text = (
        "**[Scopes](https://x.example):** `book:read`,`book:admin`\n\n**[Granular Scopes](https://x.example):** `b:r`"
    )
    (group,) = infer_events([describe({"type": "object", "properties": {"a": {}}}, None, text)]).values()
    assert group["book.added"].words["scopes"] == {"classic": ["book:read", "book:admin"], "granular": ["b:r"]}


def test_several_documents_are_a_file_each_and_a_name_counts_once() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    groups = infer_events([describe(schema), describe(schema, section="x-webhooks")])
    assert {name: [*events] for name, events in groups.items()} == {"library": ["book.added"]}


def test_a_schema_that_refers_to_itself_ends() -> None:
    document = describe({"$ref": "#/components/schemas/Node"})
    document.data["components"] = {
        "schemas": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}}
    }
    assert infer_events([document])["book-club"]["book.added"].words["body"].keys() == {"next"}
