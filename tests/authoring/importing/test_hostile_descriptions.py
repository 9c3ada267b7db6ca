"""Whatever a description asks for, an import ends soon, and says what it did not read."""

from __future__ import annotations

import time

import pytest
from support.pages.descriptions import import_one, take

from connector.authoring.importing.document import ApiDocument
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
    assert time.process_time() - began < 20


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
    assert time.process_time() - began < 10
