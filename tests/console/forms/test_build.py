"""A form is made of the schema of its inputs: a control for each, which says what happens when it stays empty."""

from __future__ import annotations

import pytest

from connector.console.forms.build import build_fields

NAMED = {"oneOf": [{"const": 1, "title": "Instant"}, {"const": 2, "title": "Scheduled"}]}


def only(schema, **group):
    """Return the one field of a schema."""
    [field] = build_fields({"properties": {"one": schema}, **group})
    return field


@pytest.mark.parametrize(
    ("schema", "control"),
    [
        ({"type": "string"}, "text"),
        ({"type": "string", "x-multiline": True}, "area"),
        ({"type": "string", "format": "password", "writeOnly": True}, "password"),
        ({"type": "string", "format": "binary"}, "file"),
        ({"type": "integer"}, "number"),
        ({"type": "boolean"}, "select"),
        ({"type": "integer", **NAMED}, "select"),
        ({"type": "string", "anyOf": [{"const": "a"}, {"type": "string"}]}, "text"),
        ({"type": "array", "items": {"type": "string"}}, "lines"),
        ({"type": ["array", "string"], "items": {"type": "string"}}, "lines"),
        ({"type": "array", "items": {"type": "string", "oneOf": [{"const": "a"}]}}, "checks"),
        ({"type": "array", "items": {"type": "string", "oneOf": [{"const": str(n)} for n in range(13)]}}, "many"),
        ({"type": "array", "items": {"type": "object"}}, "json"),
        ({"type": "object"}, "json"),
        ({"type": "object", "properties": {"two": {"type": "string"}}}, "group"),
        ({}, "json"),
        ({"type": ["string", "number", "boolean"]}, "text"),
    ],
)
def test_each_kind_of_value_has_its_control(schema, control):
    assert only(schema).control == control


@pytest.mark.parametrize(
    ("schema", "empty"),
    [
        ({"type": "integer", "default": 60}, "Default: 60"),
        ({"type": "boolean", "default": False}, "Default: No"),
        ({"type": "integer", "default": 2, **NAMED}, "Default: Scheduled"),
        ({"type": "boolean", "x-suggest": True}, "Not sent (suggested: Yes)"),
        ({"type": "string", "examples": ["Daily"]}, "Such as Daily"),
        ({"type": "integer", "examples": [2], **NAMED}, ""),
        ({"type": "string"}, ""),
    ],
)
def test_a_field_says_what_happens_when_it_stays_empty(schema, empty):
    assert only(schema).empty == empty


def test_what_must_be_filled_in_stands_first():
    fields = build_fields({"properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["b"]})
    assert [(field.name, field.required) for field in fields] == [("b", True), ("a", False)]


def test_members_of_an_object_have_fields_of_their_own():
    field = only({"type": "object", "properties": {"two": {"type": "string", "title": "Two"}}, "required": ["two"]})
    assert [(one.name, one.id, one.label, one.required) for one in field.members] == [
        ("one.two", "one-two", "Two", True)
    ]


def test_a_type_that_names_itself_ends_as_json():
    tree = {"type": "object", "properties": {"left": {"$ref": "#/$defs/tree"}}}
    field = only({"$ref": "#/$defs/tree"}, **{"$defs": {"tree": tree}})
    depth = 0
    while field.members:
        field, depth = field.members[0], depth + 1
    assert (field.control, depth) == ("json", 2)


def test_every_action_of_the_bundled_connector_has_a_form(zoom):
    for action in zoom.actions():
        schema = zoom.form_schema(action.action)
        names = {field.name for field in build_fields(schema)}
        assert names == set(schema["properties"]) - {"connection", "debugRequest"}


@pytest.mark.parametrize(
    ("schema", "is_write_only"),
    [
        ({"type": "array", "items": {"type": "object", "properties": {"pin": {"format": "password"}}}}, True),
        ({"type": "array", "items": {"$ref": "#/$defs/node"}}, True),
        ({"type": "object", "additionalProperties": {"oneOf": [{"type": "string"}, {"format": "password"}]}}, True),
        ({"type": "array", "items": {"$ref": "#/$defs/plain"}}, False),
        ({"type": "object", "description": "Of a format: password"}, False),
    ],
)
def test_json_that_may_have_a_secret_in_it_is_not_shown_again(schema, is_write_only):
    below = {"type": "array", "items": {"$ref": "#/$defs/node"}}
    node = {"type": "object", "properties": {"below": below, "key": {"type": "string", "format": "password"}}}
    plain = {"type": "object", "properties": {"below": {"$ref": "#/$defs/plain"}, "name": {"type": "string"}}}
    field = only(schema, **{"$defs": {"node": node, "plain": plain}})
    assert field.control == "json"
    assert field.is_write_only is is_write_only
