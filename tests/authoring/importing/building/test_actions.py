"""An operation becomes an action that says all of it, and nothing that it does not say."""

from __future__ import annotations

import pytest
from support.pages.descriptions import describe, import_files, import_one, take

from connector.authoring.importing.importer import ImportOptions, import_description

RECURSIVE = {
    "schemas": {
        "node": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "next": {"$ref": "#/components/schemas/node"}},
        }
    }
}


def test_parameters_become_inputs_with_place_type_limits_and_choices():
    action = import_one(
        "get",
        "/books/{book-id}",
        {
            "parameters": [
                {"in": "path", "name": "book-id", "schema": {"type": "string"}},
                {
                    "in": "query",
                    "name": "size",
                    "schema": {"type": "integer", "minimum": 1, "maximum": 9},
                    "description": "How many. Or so.",
                },
                {"in": "query", "name": "sort.by", "schema": {"enum": ["title", "year"]}},
                {"in": "header", "name": "X-Trace", "schema": {"type": "string"}},
            ]
        },
    )
    assert action["request"] == "GET /books/{bookId}"
    places = {key: field["to"] for key, field in action["inputs"].items()}
    assert places == {
        "bookId": "path.bookId",
        "size": "query.size",
        "sortBy": 'query."sort.by"',
        "xTrace": "header.X-Trace",
    }
    assert action["inputs"]["bookId"]["required"] is True
    assert action["inputs"]["size"].items() >= {"help": "How many.", "min": 1, "max": 9}.items()
    assert action["inputs"]["sortBy"]["choices"] == {"title": "Title", "year": "Year"}


def test_objects_within_bodies_keep_their_members():
    author = {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string"}, "born": {"type": "string", "format": "date"}},
    }
    schema = {
        "type": "object",
        "required": ["title"],
        "properties": {"title": {"type": "string"}, "authors": {"type": "array", "items": author}},
    }
    inputs = import_one("post", "/books", take(schema))["inputs"]
    assert inputs["title"].items() >= {"type": "string", "required": True, "to": "body.title"}.items()
    assert inputs["authors"]["type"] == "list of object"
    assert inputs["authors"]["fields"]["name"]["required"] is True
    assert inputs["authors"]["fields"]["born"]["type"] == "date"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("application/x-www-form-urlencoded", {"body": "form"}),
        ("multipart/form-data", {"body": "multipart"}),
        ("application/merge-patch+json", {"content_type": "application/merge-patch+json"}),
    ],
)
def test_each_kind_of_body_is_sent_as_the_description_says(kind, words):
    content = {kind: {"schema": {"type": "object", "properties": {"title": {"type": "string"}}}}}
    action = import_one("patch", "/books", {"requestBody": {"content": content}})
    assert {word: action.get(word) for word in ("body", "content_type") if word in action} == words


def test_a_delete_with_a_body_says_so():
    assert (
        import_one("delete", "/books", take({"type": "object", "properties": {"why": {"type": "string"}}}))["body"]
        == "json"
    )


def test_one_operation_that_cannot_be_sent_stops_no_other():
    cookie = {"parameters": [{"in": "cookie", "name": "sid", "required": True, "schema": {"type": "string"}}]}
    description = describe(
        {"/a": {"get": {"operationId": "getBook"}}, "/b": {"get": cookie}, "/c": {"get": {"$ref": "#/nowhere"}}}
    )
    imported = import_description(description, ImportOptions())
    assert [file.request for file in imported.files.values() if file.request] == ["GET /a"]
    reasons = {one.request: one.notes[0].reason for one in imported.grades.operations if one.action is None}
    assert "cookie" in reasons["GET /b"]
    assert "/nowhere" in reasons["GET /c"]


def test_a_secret_is_a_password_and_a_default_is_only_suggested():
    schema = {
        "type": "object",
        "properties": {"api_token": {"type": "string", "default": "x"}, "copies": {"type": "integer", "default": 1}},
    }
    inputs = import_one("post", "/books", take(schema))["inputs"]
    assert inputs["apiToken"]["type"] == "password"
    assert "suggest" not in inputs["apiToken"]
    assert inputs["copies"]["suggest"] == 1
    assert "default" not in inputs["copies"]


def test_a_header_of_all_operations_is_said_once():
    version = {"in": "header", "name": "X-Version", "required": True, "schema": {"enum": ["2026-01-01"]}}
    files = import_files(describe({f"/r{n}": {"get": {"parameters": [version]}} for n in range(6)}))
    assert files["manifest.yaml"]["constants"] == {"header.X-Version": "2026-01-01"}
    assert all("inputs" not in words for path, words in files.items() if path.startswith("actions/"))


def test_what_is_given_as_json_has_an_example_of_its_own_schema():
    page = {
        "oneOf": [
            {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
            {"type": "array"},
        ]
    }
    field = import_one(
        "post", "/books", take({"type": "object", "properties": {"pages": {"type": "array", "items": page}}})
    )["inputs"]["pages"]
    assert field["type"] == "json"
    assert field["example"] == [{"text": "example"}]


def test_a_cursor_is_no_input_though_the_description_requires_it():
    books = {"books": {"type": "array", "items": {"type": "object"}}, "next_page_token": {"type": "string"}}
    reply = {"200": {"content": {"application/json": {"schema": {"type": "object", "properties": books}}}}}
    token = {"name": "next_page_token", "in": "query", "required": True, "schema": {"type": "string"}}
    words = import_one("get", "/books", {"parameters": [token], "responses": reply})
    assert words["pagination"]["cursor_param"] == "query.next_page_token"
    assert "inputs" not in words


def test_a_body_is_found_where_the_content_is_a_component():
    media = {"application/json": {"schema": {"type": "object", "properties": {"name": {"type": "string"}}}}}
    content = {"$ref": "#/components/mediaTypes/Lamp"}
    words = import_one(
        "post", "/lamps", {"requestBody": {"content": content}}, components={"mediaTypes": {"Lamp": media}}
    )
    assert words["inputs"]["name"]["to"] == "body.name"


def test_an_object_that_a_form_needs_has_a_member_in_the_example_and_one_deep_down_is_shown():
    flag = {"type": "object", "required": ["enabled"], "properties": {"enabled": {"type": "boolean"}}}
    features = {"type": "object", "properties": {"history": flag, "update": flag}}
    schema = {"type": "object", "required": ["features"], "properties": {"features": features}}
    form = {"content": {"application/x-www-form-urlencoded": {"schema": schema}}}
    words = import_one("post", "/portals", {"requestBody": form})
    (example,) = words["examples"].values()
    assert example["inputs"] == {"features": {"history": {"enabled": True}}}
    rules = {"type": "array", "items": {"type": "object", "properties": {"targets": {"type": "array", "items": flag}}}}
    policy = {"type": "object", "required": ["rules"], "properties": {"rules": {**rules, "minItems": 1}}}
    deep = take({"type": "object", "required": ["policy"], "properties": {"policy": policy}})
    (example,) = import_one("post", "/policies", deep)["examples"].values()
    assert example["request"]["body"] == {"policy": {"rules": [{"targets": [{"enabled": True}]}]}}


def test_a_name_in_a_path_that_no_parameter_describes_is_shown_by_the_first_record():
    lamp = {"type": "object", "properties": {"id": {"type": "string", "example": "lamp_7"}}}
    reply = {"responses": {"200": {"content": {"application/json": {"schema": lamp}}}}}
    files = import_files(describe({"/lamps": {"post": {**reply}}, "/lamps/{lamp_id}": {"get": {**reply}}}))
    (words,) = [words for words in files.values() if words.get("request") == "GET /lamps/{lamp_id}"]
    assert words["inputs"]["lampId"]["example"] == "lamp_7"
