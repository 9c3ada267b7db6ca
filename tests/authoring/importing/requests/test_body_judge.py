"""Bodies are held to schemas as OpenAPI means them, not only as JSON Schema reads them."""

from __future__ import annotations

import pytest

from connector.authoring.importing.document import ApiDocument
from connector.authoring.importing.requests.body_judge import SEVERAL, BodyJudge

TEXT = {"type": "string"}
CAT = {"type": "object", "required": ["meow"], "properties": {"kind": TEXT, "meow": TEXT}}
DOG = {"type": "object", "properties": {"kind": TEXT, "bark": TEXT}}
REFERENCES = [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]


def judge(version="3.0.3", **schemas):
    return BodyJudge(ApiDocument({"openapi": version, "components": {"schemas": {"Cat": CAT, "Dog": DOG, **schemas}}}))


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        ({"properties": {"id": {**TEXT, "readOnly": True}}, "required": ["id"]}, {}),
        ({"allOf": [{"properties": {"id": {**TEXT, "readOnly": True}}}, {"required": ["id"]}]}, {}),
        ({"type": "string", "nullable": True, "enum": ["a"]}, None),
        ({"$ref": "#/components/schemas/Nowhere"}, 1),
        ({"type": "string", "pattern": "(?<"}, "a"),
        ({"type": "string", "pattern": "(?!a)"}, "a"),
        ({"type": "no such type"}, 1),
        ({"properties": {"note": "a text where a schema should be"}}, {"note": 1}),
        ({"properties": {"$ref": "#/components/schemas/Cat/properties"}}, {"meow": "loud"}),
        ({"oneOf": REFERENCES, "discriminator": {"propertyName": "kind"}}, {"kind": "Dog", "meow": "no"}),
    ],
)
def test_a_body_fits_what_openapi_means(schema, body):
    assert judge().find_misfit(schema, body) is None


@pytest.mark.parametrize(
    ("schema", "body", "told"),
    [
        ({"properties": {"id": TEXT}, "required": ["id"]}, {}, "$: id is required"),
        ({"type": "string"}, None, "None is not of type"),
        ({"properties": {"$ref": "#/components/schemas/Cat/properties"}}, {"meow": 1}, "$.meow"),
        ({"oneOf": REFERENCES, "discriminator": {"propertyName": "kind"}}, {"kind": "Cat"}, "meow is required"),
        ({"oneOf": [DOG, {**DOG, "title": "Wolf"}]}, {"bark": "loud"}, SEVERAL),
    ],
)
def test_a_misfit_is_told_with_its_place(schema, body, told):
    assert told in judge().find_misfit(schema, body)


def test_a_discriminator_names_by_its_mapping():
    choice = {"oneOf": REFERENCES, "discriminator": {"propertyName": "kind", "mapping": {"c": "Cat", "d": "Dog"}}}
    assert judge().find_misfit(choice, {"kind": "d"}) is None
    assert judge().find_misfit(choice, {"kind": "c"}) == "$: meow is required"
    assert judge().find_named(choice, {"kind": "c"}) == REFERENCES[0]


def test_what_cannot_be_read_is_no_misfit_and_accepts_nothing():
    broken = {"minimum": "one"}
    with pytest.raises(ValueError, match="cannot be read"):
        judge("3.1.0").find_misfit(broken, 1)
    assert not judge("3.1.0").accepts(broken, 1)
