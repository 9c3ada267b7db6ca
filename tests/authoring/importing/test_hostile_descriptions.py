"""Whatever a description asks for, an import ends soon, and says what it did not read."""

from __future__ import annotations

import time

import pytest
from support.pace import PATIENCE
from support.pages.descriptions import describe, import_files, import_one, take

from connector.authoring.importing.document import ApiDocument
from connector.authoring.importing.importer import ImportOptions, import_description
from connector.errors import UsageError

HEAD = "openapi: 3.0.0\ninfo: {title: Books}\n"


def test_aliases_of_aliases_are_refused_before_anything_follows_them():
    levels = (f"x{level}: &x{level} [{', '.join([f'*x{level - 1}'] * 9)}]\n" for level in range(1, 30))
    with pytest.raises(UsageError, match="its aliases stand for more than 10,000,000 values"):
        ApiDocument.parse(f"{HEAD}x0: &x0 [book]\n{''.join(levels)}".encode(), source="books.yaml")


def test_aliases_of_a_description_that_reuses_parts_are_read():
    text = f"{HEAD}x: &book {{type: object}}\ncomponents: {{schemas: {{Book: *book, Volume: *book}}}}\n"
    assert ApiDocument.parse(text.encode()).resolve({"$ref": "#/components/schemas/Volume"}) == {"type": "object"}


def test_schemas_that_need_one_another_have_an_example_that_ends():
    names = [f"S{number}" for number in range(30)]
    schemas = {
        name: {
            "type": "object",
            "required": list("abcdefgh"),
            "properties": {
                key: {"$ref": f"#/components/schemas/{names[(number + step) % 30]}"}
                for step, key in enumerate("abcdefgh", 1)
            },
        }
        for number, name in enumerate(names)
    }
    reply = {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S0"}}}}}
    began = time.process_time()
    assert import_one("get", "/books", {"responses": reply}, components={"schemas": schemas})["action"] == "listBooks"
    assert time.process_time() - began < PATIENCE


def test_no_list_is_made_that_must_have_a_thousand_million_entries():
    schema = {
        "type": "object",
        "properties": {"tags": {"type": "array", "minItems": 10**9, "items": {"type": "string"}}},
    }
    assert "example" not in import_one("post", "/books", take(schema))["inputs"]["tags"]


def test_the_meanings_of_thousands_of_values_are_looked_for_in_no_time():
    values = [f"v{number}" for number in range(20_000)]
    schema = {"type": "object", "properties": {"kind": {"type": "string", "enum": values, "description": "The kind."}}}
    began = time.process_time()
    import_one("post", "/books", take(schema))
    assert time.process_time() - began < PATIENCE


def import_paths(paths, **words):
    return import_description(describe(paths, **words), ImportOptions())


def tell(imported):
    """Return what is told of each operation that has no action, by its request."""
    return {one.request: one.notes[0].reason for one in imported.grades.operations if one.action is None}


GOOD = {"get": {"operationId": "getBook", "responses": {}}}


def test_a_path_that_leads_nowhere_stops_no_other():
    imported = import_paths({"/lost": {"$ref": "paths/lost.yaml"}, "/book": GOOD})
    assert "actions/get-book.yaml" in imported.files
    assert tell(imported) == {"* /lost": "paths/lost.yaml leads nowhere: Unresolvable"}


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ({"query": {}}, {"QUERY /a": "requests have no method QUERY"}),
        ({"additionalOperations": {"LINK": {}}}, {"LINK /a": "requests have no method LINK"}),
        ({"x-notes": {}, "servers": [], "summary": "A"}, {}),
        (
            {"get": {"parameters": [{"in": "querystring", "name": "all", "required": True}]}},
            {"GET /a": "it needs the querystring all"},
        ),
        ({"get": {"parameters": [{"name": "all", "required": True}]}}, {"GET /a": "it needs the placeless all"}),
    ],
    ids=["a method", "a method among others", "no methods", "a place", "no place"],
)
def test_methods_and_places_that_no_request_has_are_told(item, told):
    assert tell(import_paths({"/a": item, "/book": GOOD})) == told


def test_a_parameter_without_a_place_that_is_optional_is_lost():
    imported = import_paths({"/book": {"get": {"parameters": [{"in": "body", "name": "title"}]}}})
    assert [note.place for note in imported.grades.operations[0].notes] == ["body.title"]


def test_a_reply_or_an_example_that_leads_nowhere_keeps_nobody_from_sending_the_request():
    nowhere = {"$ref": "#/components/responses/Nowhere"}
    text = {"schema": {"type": "string"}}
    parameter = {"in": "query", "name": "title", **text, "examples": {"one": {"$ref": "#/nowhere"}}}
    files = import_files(describe({"/book": {"get": {"parameters": [parameter], "responses": {"404": nowhere}}}}))
    assert files["actions/get-book.yaml"]["inputs"].keys() == {"title"}


def test_webhooks_that_say_nothing_of_an_event_are_told():
    webhooks = {"added": {"post": {}}, "gone": {"$ref": "#/nowhere"}, "none": None}
    body = {"content": {"application/json": {"schema": {"type": "object", "properties": {"id": {"type": "string"}}}}}}
    imported = import_paths({"/book": GOOD}, webhooks={**webhooks, "moved": {"post": {"requestBody": body}}})
    assert [remark for remark in imported.remarks if "added, gone, none" in remark]


@pytest.mark.parametrize(
    ("parameter", "told"),
    [
        ({"$ref": "#/components/parameters/Nowhere"}, "GET /book: #/components/parameters/Nowhere leads nowhere"),
        ({"in": "cookie", "name": "session", "required": True}, "GET /book: it needs the cookie session"),
    ],
    ids=["nothing is read", "nothing can be run"],
)
def test_an_import_of_nothing_says_why(parameter, told):
    with pytest.raises(UsageError, match=told):
        import_paths({"/book": {"get": {"parameters": [parameter]}}})


def test_members_that_are_no_mapping_stop_nothing():
    broken = {"in": "query", "name": "filter", "schema": {"type": "object", "properties": ["title"]}}
    good = {"in": "query", "name": "title", "schema": {"type": "string"}}
    assert import_one("get", "/books", {"parameters": [broken, good]})["inputs"]["title"]["type"] == "string"


def test_nothing_is_fetched_whatever_a_schema_calls_itself(monkeypatch):
    fetched = []
    monkeypatch.setattr("urllib.request.urlopen", lambda request, **_: fetched.append(request) or 1 / 0)
    schema = {
        "$id": "https://schemas.example.com/book",
        "$dynamicAnchor": "book",
        "type": "object",
        "properties": {"title": {"type": "string"}, "parts": {"type": "array", "items": {"$dynamicRef": "#book"}}},
        "allOf": [{"$ref": "https://schemas.example.com/thing"}],
        "unevaluatedProperties": False,
    }
    assert import_one("post", "/books", take(schema))["inputs"].keys() == {"title", "parts"}
    assert fetched == []


def test_a_type_that_needs_itself_has_no_example_and_ends():
    folder = {"type": "object", "required": ["parent"], "properties": {"parent": {"$ref": "#/components/schemas/F"}}}
    action = import_one("post", "/folders", take(folder, required=False), components={"schemas": {"F": folder}})
    assert action["inputs"].keys() == {"parent"}
