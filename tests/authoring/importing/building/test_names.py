"""Actions have names that a person would give them."""

from __future__ import annotations

import pytest
from support.pages.descriptions import describe

from connector.authoring.importing.building.names import name_actions, name_inputs
from connector.authoring.importing.building.texts import to_title


def name(*operations: tuple[str, str, dict]) -> list[str]:
    paths: dict = {}
    for method, path, words in operations:
        paths.setdefault(path, {})[method] = words
    description = describe(paths)
    keys = name_actions(description.operations)
    return [keys[f"{method.upper()} {path}"] for method, path, _ in operations]


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("getUserById", "getUser"),
        ("findPetsByStatus", "findPetsByStatus"),
        ("meetingRegistrantCreate", "createMeetingRegistrant"),
        ("repos/list-for-user", "listReposForUser"),
        ("Users_delete", "deleteUsers"),
    ],
)
def test_an_operation_id_gives_a_verb_and_a_noun(written, key):
    assert name(("get", "/x", {"operationId": written})) == [key]


def test_ids_that_repeat_the_path_count_as_none():
    assert name(
        ("get", "/v1/customers/{customer}", {"operationId": "GetCustomersCustomer"}),
        ("post", "/v1/customers", {"operationId": "PostCustomers"}),
        ("get", "/v1/customers", {"operationId": "GetCustomers"}),
        ("post", "/v1/charges/{charge}/capture", {"operationId": "PostChargesChargeCapture"}),
    ) == ["getCustomer", "createCustomer", "listCustomers", "captureCharge"]


def test_an_id_without_a_verb_gives_way_to_the_summary():
    assert name(
        ("get", "/users", {"operationId": "users", "summary": "List users"}),
        ("get", "/users/{id}", {"operationId": "getUser", "summary": "Get a user"}),
        ("post", "/users", {"operationId": "createUser", "summary": "Create a user"}),
        ("patch", "/users/{id}", {"operationId": "updateUser", "summary": "A user is changed"}),
        ("delete", "/users/{id}", {"operationId": "deleteUser", "summary": "A user goes"}),
    ) == ["listUsers", "getUser", "createUser", "updateUser", "deleteUser"]


def test_summaries_name_all_where_ids_say_less_often_what_is_done():
    assert name(
        ("get", "/users", {"operationId": "users", "summary": "List users"}),
        ("get", "/users/{id}", {"operationId": "user", "summary": "Get a user"}),
        ("post", "/users", {"operationId": "userCreate", "summary": "Add a user"}),
        ("patch", "/users/{id}", {"operationId": "userUpdate", "summary": "Change a user"}),
        ("delete", "/users/{id}", {"operationId": "userDelete", "summary": "Remove a user"}),
    ) == ["listUsers", "getUser", "addUser", "changeUser", "removeUser"]


def test_the_shorter_path_keeps_the_name_that_two_want():
    keys = name(
        ("get", "/scim2/Users/{id}", {"operationId": "getUser"}), ("get", "/users/{id}", {"operationId": "getUser"})
    )
    assert keys[1] == "getUser"
    assert keys[0] != "getUser"


def test_inputs_of_one_name_are_told_apart_by_their_place():
    keys = name_inputs({"path.id": ("path", "id"), "body.id": ("body", "id"), "body.user_name": ("body", "user_name")})
    assert keys["body.user_name"] == "userName"
    assert len(set(keys.values())) == 3


@pytest.mark.parametrize(("name", "key", "label"), [("größe", "grosse", "Größe"), ("prénom", "prenom", "Prénom")])
def test_letters_with_marks_become_plain_in_keys_and_stay_in_labels(name, key, label):
    assert name_inputs({f"query.{name}": ["query", name]}) == {f"query.{name}": key}
    assert to_title(name) == label
