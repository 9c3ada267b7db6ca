"""Examples are the vendor's where they fit, and made to fit the schema where not; each time the same."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import jsonschema
import pytest

from connector.authoring.importing.action_examples import choose_input_example, choose_inputs, iter_action_examples
from connector.authoring.importing.document import ApiDocument
from connector.authoring.importing.examples import make_example, make_reply_example
from connector.authoring.importing.pagination import infer_pagination
from connector.authoring.importing.written_examples import find_example
from connector.authoring.rules.examples import check_example
from connector.core.json_path import has_path
from connector.definition.action import Action, Example
from connector.definition.fields import Input, Member
from connector.definition.inputs.named_types import NamedType, link_fields, link_types
from connector.definition.loader import Connector
from tests.support.pages.api_descriptions import read_operation

TREE = {"type": "object", "properties": {"name": {"type": "string"}, "parts": {"$ref": "#/components/schemas/Parts"}}}
DOCUMENT = ApiDocument(
    {
        "openapi": "3.0.3",
        "components": {
            "schemas": {"Tree": TREE, "Parts": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}
        },
    }
)
EXAMPLES = Path("examples")
PLANT = {"action": "plantTree", "label": "Plant Tree", "summary": "Plant a tree.", "request": "POST /trees"}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "minimum": 10, "maximum": 12, "multipleOf": 4},
        {"type": "number", "exclusiveMinimum": 0},
        {"type": "string", "minLength": 20, "maxLength": 22},
        {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"},
        {"type": "string", "enum": ["b", "a"]},
        {"type": "array", "items": {"type": "boolean"}},
        {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "at": {"type": "integer"}}},
        {"anyOf": [{"type": "integer"}, {"type": "object", "properties": {"id": {"type": "string"}}}]},
    ],
)
def test_a_made_example_fits_its_schema(schema: dict[str, Any]) -> None:
    made = make_example(DOCUMENT, schema)
    jsonschema.validate(made, schema)
    assert made == make_example(DOCUMENT, schema)


def test_what_the_vendor_wrote_is_kept_but_for_the_values_that_do_not_fit() -> None:
    schema = {"type": "object", "properties": {"id": {"type": "integer"}, "topic": {"type": "string"}}}
    offered = {"id": "12", "topic": "Standup", "extra": [1]}
    assert make_example(DOCUMENT, schema, offered) == {"id": 1, "topic": "Standup", "extra": [1]}
    assert make_example(DOCUMENT, schema, '{"id": 7}') == {"id": 7}


def test_an_example_of_another_schema_is_left_aside() -> None:
    schema = {"type": "object", "properties": {"id": {"type": "integer"}}}
    assert make_example(DOCUMENT, schema, {"connection": [{"id": 7}]}) == {"id": 1}
    assert make_example(DOCUMENT, {**schema, "additionalProperties": True}, {"a": 1}) == {"a": 1}


def test_an_example_is_found_where_a_value_refers_to_it() -> None:
    document = ApiDocument({"openapi": "3.0.3", "components": {"examples": {"Book": {"value": {"id": 7}}}}})
    ref = {"$ref": "#/components/examples/Book"}
    assert find_example(document, {"example": ref}) == {"id": 7}
    assert find_example(document, {"examples": {"one": ref}}) == {"id": 7}
    assert find_example(document, {"examples": {"one": {"value": ref}}}) == {"id": 7}
    assert find_example(document, {"example": {"$ref": "elsewhere"}}) == {"$ref": "elsewhere"}


def test_a_schema_that_refers_to_itself_ends() -> None:
    made = make_example(DOCUMENT, {"$ref": "#/components/schemas/Tree"})
    assert made["parts"][0]["name"] == "example"


def test_the_example_of_a_list_is_a_page_that_is_not_the_last() -> None:
    book = {"type": "object", "properties": {"id": {"type": "string"}}}
    members = {"books": {"type": "array", "items": book}, "has_more": {"type": "boolean"}, "next": {"type": "string"}}
    query = {"cursor": {"type": "string"}, "limit": {"type": "integer"}}
    operation = read_operation({"type": "object", "properties": members, "example": {"books": []}}, query=query)
    operation.replies["200"].schema["properties"]["next"]["description"] = "A token."
    inferred = infer_pagination(operation)
    assert inferred is not None
    example = make_reply_example(operation, inferred.words)
    assert example["books"][0]["id"]
    assert example["has_more"] is True
    assert example["next"]
    assert all(has_path(example, inferred.words[word]) for word in ("items", "next", "has_more"))


@pytest.mark.parametrize(
    ("words", "offered", "chosen"),
    [
        ({"type": "integer", "min": 5}, [3, 7], 7),
        ({"type": "integer", "choices": {"2": "Two"}}, ["two"], 2),
        ({"type": "string", "format": "email"}, ["nobody"], "ada@example.com"),
        ({"type": "list of integer", "min": 2}, [], [1, 1]),
        ({"type": "list of boolean", "required": True}, [[]], [True]),
        ({"type": "list of boolean"}, [[]], []),
        ({"type": "datetime"}, ["yesterday"], "2026-03-02T09:00:00Z"),
        ({"type": "file"}, [], "example.txt"),
        ({"type": "json"}, [], {"name": "value"}),
        ({"type": "unknown"}, [], None),
    ],
)
def test_the_first_example_that_an_input_accepts_is_chosen(words: Any, offered: list[Any], chosen: Any) -> None:
    field = {"label": "A", "help": "A.", "to": "body.a", **words}
    assert choose_input_example(field, offered) == chosen


def test_an_object_has_an_example_of_its_members() -> None:
    member = {"label": "Email", "help": "An address.", "type": "string", "format": "email", "required": True}
    field = {"label": "A", "help": "A.", "to": "body.a", "type": "list of object", "fields": {"email": member}}
    assert choose_input_example(field) == [{"email": "ada@example.com"}]


def test_an_object_that_requires_its_own_kind_has_its_own_example_or_none() -> None:
    part = {"label": "Part", "help": "One.", "type": "list of object", "required": True, "fields": "@tree"}
    words = {**part, "to": "body.tree"}
    field, types = (
        Input.model_validate(words),
        {"tree": NamedType(fields={"part": Member.model_validate(part)}, variants=None)},
    )
    link_types(types)
    link_fields(types, [field])
    action = Action.model_validate({**PLANT, "inputs": {"tree": words}})
    assert choose_inputs(action.model_copy(update={"inputs": {"tree": field}})) == {}
    given = field.model_copy(update={"example": [{"part": []}]})
    link_fields(types, [given])
    assert choose_inputs(action.model_copy(update={"inputs": {"tree": given}})) == {"tree": [{"part": []}]}


@pytest.mark.parametrize("folder", sorted(path.parent for path in EXAMPLES.glob("*/manifest.yaml")), ids=str)
def test_the_example_that_is_made_for_an_action_is_one_that_lint_accepts(folder: Path) -> None:
    connector = Connector.open(folder)
    for action in connector.actions():
        made = next(iter_action_examples(connector.manifest, action.model_copy(update={"examples": {}})), None)
        shown = action.model_copy(update={"examples": {"Made": Example.model_validate(made)}})
        remade = Connector(folder, connector.manifest, actions=[shown])
        checked = SimpleNamespace(connector=remade, manifest_or_blank=connector.manifest)
        assert not list(check_example(remade.action(action.action), cast("Any", checked), "Made"))


def test_the_example_of_a_read_leaves_out_filters() -> None:
    connector = Connector.open(EXAMPLES / "stripe")
    lists = [action for action in connector.actions() if action.pagination is not None and action.method == "GET"]
    assert lists
    for action in lists:
        made = next(iter_action_examples(connector.manifest, action), None)
        assert made["inputs"].keys() == {key for key, field in action.inputs.items() if field.required}
