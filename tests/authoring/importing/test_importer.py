"""A description becomes a folder that lint accepts and that runs in its sandbox, whatever is wrong with it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.pages.descriptions import describe, import_files

from connector.authoring.importing.description import Description
from connector.authoring.importing.document import ApiDocument
from connector.authoring.importing.importer import ImportOptions, import_description, render_file
from connector.authoring.importing.merge.folder_merge import plan_merge
from connector.authoring.lint import lint
from connector.definition.loader import Connector
from connector.errors import UsageError
from connector.sandbox.sandbox import Sandbox

BOOK = {"type": "object", "properties": {"id": {"type": "string"}, "title": {"type": "string"}}}
JSON = {
    "200": {
        "description": "A book.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Book"}}},
    }
}
PATHS = {
    "/books": {
        "post": {
            "operationId": "createBook",
            "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Book"}}}},
            "responses": JSON,
        }
    },
    "/books/{bookId}": {"get": {"operationId": "getBook", "tags": ["read"], "responses": JSON}},
}
WORDS = st.sampled_from(
    [
        "type",
        "items",
        "properties",
        "enum",
        "format",
        "required",
        "default",
        "example",
        "oneOf",
        "allOf",
        "const",
        "discriminator",
        "propertyName",
        "pattern",
        "minimum",
        "additionalProperties",
        "description",
        "readOnly",
        "nullable",
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.sampled_from(["string", "object", "array", "integer", "{{x}}", "^(", "token", "date-time", "binary", ""])
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda part: (
        st.lists(part, max_size=3) | st.dictionaries(WORDS | st.sampled_from(["a", "b.c", "0", "id"]), part, max_size=5)
    ),
    max_leaves=25,
)


def write(folder, files):
    for path, words in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(render_file(path, words))
    return [finding for finding in lint(folder) if finding.voice == "error"]


def test_the_folder_passes_lint_and_keeps_what_it_creates(tmp_path):
    assert write(tmp_path, import_files(describe(PATHS, components={"schemas": {"Book": BOOK}}))) == []
    connector = Connector.open(tmp_path)
    assert set(connector.manifest.resources) == {"books"}
    with Sandbox(connector).open_client() as client:
        book = client.run("createBook", {"title": "Bread in Ten Steps"}).data
        assert client.run("getBook", {"book_id": book["id"]}).data["title"] == "Bread in Ten Steps"


@settings(max_examples=150, deadline=None)
@given(SCHEMAS)
def test_whatever_a_schema_says_the_folder_passes_lint(tmp_path_factory, schema):
    body = {
        "requestBody": {"content": {"application/json": {"schema": schema}}},
        "responses": {"200": {"content": {"application/json": {"schema": schema}}}},
    }
    parameter = {"parameters": [{"in": "query", "name": "q", "schema": schema}]}
    files = import_files(describe({"/a": {"post": body}, "/b": {"get": parameter}, "/c": {"get": {}}}))
    assert write(tmp_path_factory.mktemp("imported"), files) == []


def test_only_and_except_choose_by_tag_and_path():
    description = describe(PATHS, components={"schemas": {"Book": BOOK}})
    assert [path for path in import_files(description, only=["read"]) if path.startswith("actions/")] == [
        "actions/get-book.yaml"
    ]
    assert [path for path in import_files(description, excluded=["/books/*"]) if path.startswith("actions/")] == [
        "actions/create-book.yaml"
    ]
    with pytest.raises(UsageError, match="no operation has the tag 'raed'"):
        import_files(description, only=["raed"])


def test_actions_of_one_path_that_a_fragment_tells_apart_all_get_their_file(tmp_path):
    paths = {"/books/{id}": {"put": {"responses": JSON}}, "/books/{id}#restore": {"put": {"responses": JSON}}}
    imported = import_description(describe(paths, components={"schemas": {"Book": BOOK}}), ImportOptions())
    for count in (2, 0):  # the second import has nothing to change
        plan = plan_merge(tmp_path, imported.files, imported.build_record([], ImportOptions()), render_file)
        assert sum(path.startswith("actions/") for path in plan.changes) == count
        plan.apply()


def test_swagger_2_is_read_as_the_same():
    data = {
        "swagger": "2.0",
        "info": {"title": "Books"},
        "host": "api.example.com",
        "basePath": "/v1",
        "schemes": ["https"],
        "paths": {
            "/books": {
                "post": {
                    "operationId": "createBook",
                    "parameters": [
                        {"in": "body", "name": "b", "required": True, "schema": {"$ref": "#/definitions/Book"}},
                        {
                            "in": "query",
                            "name": "tags",
                            "type": "array",
                            "items": {"type": "string"},
                            "collectionFormat": "csv",
                        },
                    ],
                }
            }
        },
        "definitions": {"Book": BOOK},
    }
    files = import_files(Description([ApiDocument.parse(json.dumps(data).encode())]))
    action = files["actions/create-book.yaml"]
    assert files["manifest.yaml"]["base_url"] == "https://api.example.com/v1"
    assert action["lists"] == "comma"
    assert action["inputs"]["title"]["to"] == "body.title"


def test_what_is_no_description_is_refused():
    with pytest.raises(UsageError, match="neither `openapi` nor `swagger`"):
        ApiDocument.parse(b"{}")


def test_dates_numbers_and_keys_of_yaml_stay_as_they_are_written():
    raw = b"openapi: 3.0.0\npaths: {}\nx: {a: 2026-01-01, b: 012, 200: =, c: 1e5, d: no}"
    assert ApiDocument.parse(raw).data["x"] == {"a": "2026-01-01", "b": "012", "200": "=", "c": 1e5, "d": "no"}


def test_references_lead_to_files_beside_the_description_alone(tmp_path):
    (tmp_path / "spec").mkdir()
    (tmp_path / "secret.yaml").write_text("type: string")
    (tmp_path / "spec" / "book.yaml").write_text("properties: {title: {$ref: '#/x'}}\nx: {type: string}")
    path = tmp_path / "spec" / "openapi.yaml"
    path.write_text("openapi: 3.0.0\npaths: {}")
    document = ApiDocument.read(path)
    assert document.resolve(document.resolve({"$ref": "book.yaml"})["properties"]["title"]) == {"type": "string"}
    assert document.resolve({"$ref": "../secret.yaml"}) == {}
    assert document.resolve({"$ref": "https://example.com/x.yaml"}) == {}


def test_a_name_that_no_connector_may_have_is_refused():
    with pytest.raises(UsageError, match="'my-books' is no name of a connector"):
        import_description(describe(PATHS, components={"schemas": {"Book": BOOK}}), ImportOptions(name="my-books"))


def test_an_import_of_nothing_is_refused():
    with pytest.raises(UsageError, match="no operation"):
        import_description(describe({}), ImportOptions())


def test_webhooks_become_events_whose_secrets_are_redacted(tmp_path):
    body = {
        "type": "object",
        "properties": {
            "event": {"type": "string"},
            "payload": {"type": "object", "properties": {"door_pin": {"type": "string"}, "title": {"type": "string"}}},
        },
    }
    hook = {"post": {"requestBody": {"content": {"application/json": {"schema": body}}}}}
    files = import_files(describe(PATHS, components={"schemas": {"Book": BOOK}}, webhooks={"book.added": hook}))
    events = [words for path, words in files.items() if path.startswith("schemas/events/")]
    assert "book.added" in events[0]
    assert write(tmp_path, files) == []
