"""The plain fields of a reply are those that its schema lists, wherever the schema has them."""

from __future__ import annotations

import pytest

from connector.definition.action import Action
from connector.definition.replies.plain_fields import list_plain_fields

TEXT = {"type": "string"}


class Schemas:
    """Schemas of replies by name."""

    def __init__(self, **schemas):
        self.schemas = schemas

    def object_schema(self, name):
        return self.schemas[name]


def make_action(**words):
    return Action.model_validate({
        "action": "getLamp", "label": "L", "summary": "S.", "request": "GET /lamps", "returns": {"schema": "lamp"}, **words,
    })  # fmt: skip


def test_fields_that_hold_others_are_left_out():
    properties = {"b": TEXT, "holder": {"type": "object"}, "list": {"type": ["array", "null"]}, "a": {"type": "integer"},
                  "unknown": {}, "maybe": {"type": ["string", "null"]}, "c.d": TEXT}  # fmt: skip
    schemas = Schemas(lamp={"properties": properties})
    assert list_plain_fields(schemas, make_action()) == ["b", "a", "maybe", '"c.d"']


def test_of_a_listing_they_are_those_of_an_item():
    schemas = Schemas(
        lamp={"properties": {"data": {"$ref": "#/$defs/data"}, "total": TEXT},
              "$defs": {"data": {"properties": {"lamps": {"type": "array", "items": {"$ref": "one.json"}}}}}},
        one={"allOf": [{"$ref": "#/$defs/base"}, {"properties": {"node": {"$ref": "#/$defs/base"}, "name": TEXT}}],
             "$defs": {"base": {"properties": {"id": {"$ref": "#/$defs/id"}}}, "id": TEXT}},
    )  # fmt: skip
    plain = make_action(pagination={"style": "none", "items": "data.lamps"})
    assert list_plain_fields(schemas, plain) == ["id", "name"]
    nested = make_action(pagination={"style": "none", "items": "data.lamps", "item": "node"})
    assert list_plain_fields(schemas, nested) == ["id"]


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        {"$ref": "#/nowhere"},
        {"$ref": "lamp.json"},
        {"properties": []},
        {"allOf": {}},
        {"$ref": "#/a/b", "a": 1},
    ],
)
def test_a_schema_that_says_nothing_has_none(schema):
    assert list_plain_fields(Schemas(lamp=schema), make_action()) == []


def test_without_a_schema_there_are_none():
    assert list_plain_fields(Schemas(), make_action(returns={"type": "none"})) == []
