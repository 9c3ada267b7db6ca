"""Schemas are read as shapes: references, unions and nulls are looked through."""

from __future__ import annotations

from typing import Any

import pytest

from connector.authoring.importing.document import ApiDocument
from connector.authoring.importing.evidence.shapes import is_json, iter_members, read_shape

BOOK = {"type": "object", "properties": {"id": {"type": "string"}, "author": {"$ref": "#/components/schemas/Author"}}}
AUTHOR = {
    "type": "object",
    "properties": {"name": {"type": ["string", "null"]}, "books": {"type": "array", "items": BOOK}},
}
DOCUMENT = ApiDocument({"openapi": "3.1.0", "components": {"schemas": {"Book": BOOK, "Author": AUTHOR}}})


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"$ref": "#/components/schemas/Book"}, "object"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer"),
        ({"type": ["string", "null"]}, "string"),
        ({"type": ["string", "integer"]}, "union"),
        ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, "number"),
        ({"oneOf": [BOOK, AUTHOR]}, "object"),
        ({"oneOf": [BOOK, {"type": "string"}]}, "union"),
        ({"properties": {"a": {}}}, "object"),
        ({"items": {}}, "array"),
        ({"enum": ["a", "b"]}, "string"),
        ({"const": 3}, "integer"),
        ({"$ref": "#/nowhere"}, "any"),
        (True, "any"),
        (None, "any"),
    ],
)
def test_a_schema_has_the_kind_of_its_values(schema: Any, kind: str) -> None:
    assert read_shape(DOCUMENT, schema).kind == kind


def test_members_are_walked_from_the_outside_without_entering_lists() -> None:
    shape = read_shape(DOCUMENT, {"$ref": "#/components/schemas/Book"})
    paths = [".".join(member.path) for member in iter_members(DOCUMENT, shape)]
    assert paths == ["id", "author", "author.name", "author.books"]


@pytest.mark.parametrize(
    ("content_type", "answer"),
    [
        ("application/json; charset=utf-8", True),
        ("application/hal+json", True),
        ("", True),
        ("application/json-patch", False),
    ],
)
def test_json_is_known_by_its_media_type(content_type: str, answer: bool) -> None:
    assert is_json(content_type) is answer
