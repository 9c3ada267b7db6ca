"""The example of an action sends a body that fits the description; what does not fit is told."""

from __future__ import annotations

import pytest
from support.pages.descriptions import describe, take

from connector.authoring.importing.importer import ImportOptions, import_description

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
DIGITS = {"type": "string", "pattern": "^[0-9]+$"}


def make(required=(), **properties):
    return {"type": "object", "required": list(required), "properties": properties}


def import_body(schema, example=None):
    """Return the example of an action with this body, its inputs, and what is asked about examples."""
    operation = {"operationId": "createThing", **take(schema)}
    if example is not None:
        operation["requestBody"]["content"]["application/json"]["example"] = example
    imported = import_description(describe({"/things": {"post": operation}}), ImportOptions())
    words = imported.files["actions/create-thing.yaml"].words
    questions = [guess.question for guess in imported.grades.operations[0].guesses if guess.place == "examples"]
    return next(iter(words["examples"].values())), words["inputs"], questions


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        (make(["ids"], ids={"type": "array", "items": DIGITS}), {"ids": ["1"]}),
        ({**make(a={**TEXT, "example": "x"}, b=TEXT), "oneOf": [{"required": ["b"]}]}, {"a": "x", "b": "example"}),
        (make(["to"], to={"oneOf": [TEXT, {"type": "array", "items": NUMBER}]}), {"to": "example"}),
        (make(["first_name", "team_id"], first_name=TEXT), {"first_name": "Ada", "team_id": "abc123"}),
        (
            make(["line"], line=make(["unit_id"], unit_id=DIGITS, notes={"type": "array", "items": DIGITS})),
            {"line": {"unit_id": "1"}},
        ),
    ],
)
def test_an_example_sends_a_body_that_fits(schema, body):
    example, _, questions = import_body(schema)
    assert example["request"]["body"] == body
    assert questions == []


def test_a_vendors_example_that_its_own_schema_refuses_is_not_used_and_told():
    schema = make(["ids"], ids={"type": "array", "items": DIGITS})
    example, _, questions = import_body(schema, {"ids": ["a", "2"]})
    assert example["request"]["body"] == {"ids": ["1", "2"]}
    assert questions == ["The example of the description does not fit its own schema."]


def test_a_schema_that_nothing_fits_is_told():
    example, _, questions = import_body({"oneOf": [make(a={**TEXT, "example": "x"}), make(b=TEXT)]})
    assert example["request"]["body"].keys() <= {"a", "b"}
    assert questions == ["Its objects do not exclude one another. What is right?"]


def test_a_required_member_that_nothing_describes_can_be_given_and_need_not():
    _, inputs, _ = import_body(make(["name", "team_id"], name=TEXT))
    assert inputs["teamId"]["type"] == "scalar"
    assert "required" not in inputs["teamId"]


def test_a_value_of_several_shapes_is_not_held_to_the_shape_of_an_example():
    _, inputs, _ = import_body(make(["to"], to={"oneOf": [TEXT, {"type": "array", "items": NUMBER}]}))
    assert inputs["to"]["type"] == "json"
    assert "example" not in inputs["to"]
