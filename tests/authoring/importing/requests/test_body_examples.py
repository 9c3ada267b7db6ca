"""Bodies are made that fit, and keep of what is offered as much as fits."""

from __future__ import annotations

import pytest

from connector.authoring.importing.document import ApiDocument
from connector.authoring.importing.requests.body_examples import ABSENT, BodyFitter
from connector.authoring.importing.requests.body_judge import BodyJudge

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
DIGITS = {"type": "string", "pattern": "^[0-9]+$"}
NODE = {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/components/schemas/Node"}}}


def fit(schema, offered=ABSENT):
    document = ApiDocument({"openapi": "3.0.3", "components": {"schemas": {"Node": NODE}}})
    judge = BodyJudge(document)
    made = BodyFitter(document, judge).fit(schema, offered)
    assert made is ABSENT or judge.accepts(schema, made)
    return made


def make(required=(), **properties):
    return {"type": "object", "required": list(required), "properties": properties}


@pytest.mark.parametrize(
    ("schema", "offered", "made"),
    [
        (make(["id"], id=NUMBER, note=TEXT), {"note": "kept"}, {"note": "kept", "id": 1}),
        (make(["id"], id=NUMBER, note=TEXT), {"id": 7, "note": 5}, {"id": 7, "note": "example"}),
        ({**make(id=NUMBER), "additionalProperties": False}, {"id": 7, "other": 1}, {"id": 7}),
        (make(["ids"], ids={"type": "array", "items": DIGITS}), {"ids": ["a", "12"]}, {"ids": ["1", "12"]}),
        (make(["kind"], kind={"type": "string", "enum": ["b"]}), {"kind": "a"}, {"kind": "b"}),
        ({"type": "array", "items": DIGITS, "minItems": 2, "uniqueItems": True}, ["a"], ["1", "2"]),
        ({"oneOf": [TEXT, {"type": "array", "items": DIGITS}]}, ["a"], ["1"]),
    ],
)
def test_what_fits_is_kept_and_the_rest_is_made(schema, offered, made):
    assert fit(schema, offered) == made


def test_a_body_is_one_object_of_a_choice():
    choice = {**make(name=TEXT, id=NUMBER), "oneOf": [{"required": ["name"]}, {"required": ["id"]}]}
    assert fit(choice, {"name": "Ada", "id": 1}) == {"name": "Ada"}


def test_the_tag_of_a_discriminator_is_that_of_the_object():
    mapping = {"node": "#/components/schemas/Node"}
    leaf = make(["kind", "size"], kind=TEXT, size=NUMBER)
    choice = {
        "oneOf": [{"$ref": "#/components/schemas/Leaf"}, {"$ref": "#/components/schemas/Twig"}],
        "discriminator": {"propertyName": "kind", "mapping": {"leaf": "#/components/schemas/Leaf", **mapping}},
    }
    document = ApiDocument(
        {"openapi": "3.0.3", "components": {"schemas": {"Leaf": leaf, "Twig": make(["length"], length=NUMBER)}}}
    )
    assert BodyFitter(document, BodyJudge(document)).fit(choice) == {"kind": "leaf", "size": 1}


@pytest.mark.parametrize(
    "schema",
    [
        {"oneOf": [make(a=TEXT), make(b=TEXT)]},  # each takes any object
        {"$ref": "#/components/schemas/Node"},  # it never ends
        {**make(["a"]), "additionalProperties": False},
    ],
)
def test_nothing_is_made_of_a_schema_that_nothing_fits(schema):
    assert fit(schema) is ABSENT
