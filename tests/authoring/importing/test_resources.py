"""Resources are read off paths and replies, so that a sandbox gives back what was created."""

from __future__ import annotations

from typing import Any

import pytest

from connector.authoring.importing.events import infer_resource_events
from connector.authoring.importing.evidence.seeds import find_path_values
from connector.authoring.importing.resources import infer_resources
from connector.definition.resource import ResourceDefinition
from tests.support.pages.api_descriptions import read_operations


def reply(schema: dict[str, Any], **words: Any) -> dict[str, Any]:
    return {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}, **words}


def record(*names: str, **schemas: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "string"} for name in names} | schemas}


def listed(noun: str, entry: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {noun: {"type": "array", "items": entry}}}


USER = record("id", "email", "name")
MEETING = record("topic", id={"type": "integer", "example": 8123})
ME = {"name": "userId", "in": "path", "required": True, "description": "The id or email, or `me`."}
PATHS = {
    "/users": {"get": reply(listed("users", USER)), "post": reply(USER)},
    "/users/{userId}": {"get": reply(USER, parameters=[ME]), "delete": reply({})},
    "/users/{userId}/meetings": {"get": reply(listed("meetings", MEETING)), "post": reply(MEETING)},
    "/meetings/{meetingId}": {"get": reply(MEETING), "patch": reply({})},
    "/users/{userId}/settings": {"get": reply(record("language")), "patch": reply({})},
    "/users/{userId}/verify": {"post": reply(record("id"))},
}


def infer(paths: dict[str, Any]) -> dict[str, Any]:
    return {name: inferred.words for name, inferred in infer_resources(read_operations(paths)).items()}


def test_lists_and_items_are_paired_with_their_parents_and_a_first_record() -> None:
    resources = infer(PATHS)
    assert resources == {
        "users": {
            "list": "/users", "item": "/users/{userId}", "id": "id", "new_id": "text", "lookup_fields": ["email"],
            "aliases": {"me": "abc123"}, "seed": [{"id": "abc123", "name": "example"}],
        },
        "meetings": {
            "list": "/users/{userId}/meetings", "item": "/meetings/{meetingId}", "id": "id", "new_id": "integer",
            "parent": "users", "seed": [{"id": 8123, "topic": "example", "parent": "abc123"}],
        },
    }  # fmt: skip
    for words in resources.values():
        ResourceDefinition.model_validate(words)


def test_paths_have_the_ids_of_the_first_records_as_examples() -> None:
    resources = infer(PATHS)
    assert find_path_values(resources, "/users/{id}/meetings") == {"id": "abc123"}
    assert find_path_values(resources, "/meetings/{meetingId}/report") == {"meetingId": 8123}
    assert find_path_values(resources, "/elsewhere/{id}") == {}


@pytest.mark.parametrize(
    ("parameter", "item", "name", "kind"),
    [
        ("bookId", record("book_id", "title"), "book_id", "text"),
        ("isbn", record("isbn", "id"), "isbn", "text"),
        ("book_gid", record("gid"), "gid", "text"),
        ("id", {"type": "object", "properties": {"book": record("title", id={"type": "integer"})}}, "id", "integer"),
        ("id", record("name", id={"type": "string", "format": "uuid"}), "id", "uuid"),
    ],
)
def test_the_id_is_found_by_the_placeholder_and_the_reply(parameter: str, item: Any, name: str, kind: str) -> None:
    words = infer({"/books": {"post": reply(item)}, f"/books/{{{parameter}}}": {"get": reply(item)}})["books"]
    assert (words["id"], words["new_id"]) == (name, kind)


def test_what_has_no_id_in_its_replies_is_no_resource() -> None:
    assert infer({"/books": {"post": reply(record("title"))}, "/books/{id}": {"get": reply(record("title"))}}) == {}


def test_a_list_whose_creation_tells_no_id_is_left_out() -> None:
    paths = {"/books": {"get": reply(listed("books", USER)), "post": reply({})}, "/books/{id}": {"get": reply(USER)}}
    assert infer(paths)["books"].keys() == {"item", "id", "new_id", "seed"}


def test_resources_of_one_noun_have_names_of_their_own() -> None:
    paths = {
        path: {"get": reply(listed("notes", USER)), "post": reply(USER)} for path in ("/notes", "/books/{id}/notes")
    }
    assert [*infer(paths)] == ["notes", "bookNotes"]


def test_events_are_matched_to_the_changes_that_they_name() -> None:
    names = ["user.created", "user.deleted", "meeting.started", "meeting.updated", "users.created"]
    assert infer_resource_events(infer(PATHS), names) == {
        "users": {"created": "user.created", "deleted": "user.deleted"},
        "meetings": {"updated": "meeting.updated"},
    }


def test_one_of_a_few_words_of_the_vendor_is_no_record() -> None:
    kind = {"name": "kind", "in": "path", "required": True, "schema": {"type": "string", "enum": ["hours", "holidays"]}}
    settings = reply(record("kind"), parameters=[kind])
    assert infer({"/settings": {"post": reply(record("kind"))}, "/settings/{kind}": {"get": settings}}) == {}


def test_the_first_record_has_an_id_that_its_path_takes() -> None:
    schema = {"type": "string", "minLength": 3, "pattern": "^[A-Z]+$"}
    order = reply(record("id"), parameters=[{"name": "id", "in": "path", "required": True, "schema": schema}])
    (seed,) = infer({"/orders": {"post": reply(record("id"))}, "/orders/{id}": {"get": order}})["orders"]["seed"]
    assert seed["id"] == "AAAA"


def test_a_record_below_several_names_is_below_the_first_record_of_those_that_are_known() -> None:
    paths = {
        "/sites": {"post": reply(record("id"))},
        "/sites/{site}": {"get": reply(record("id"))},
        "/sites/{site}/{kind}/parts": {"post": reply(record("id"))},
        "/sites/{site}/{kind}/parts/{part}": {"get": reply(record("id"))},
    }
    assert infer(paths)["parts"]["seed"] == [{"id": "abc123", "parent": "abc123/kind"}]


def test_a_record_is_below_one_of_a_name_that_its_path_takes() -> None:
    site = {"name": "site", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[A-Z]{4}$"}}
    one = reply(record("id"), parameters=[site])
    (seed,) = infer({"/sites/{site}/parts": {"post": one}, "/sites/{site}/parts/{part}": {"get": one}})["parts"]["seed"]
    assert seed["parent"] == "AAAA"
