"""An Airflow connection becomes a connection of the connector that it is for, and of no other."""

from __future__ import annotations

import json

import pytest
from support.servers import TOKEN

from connector import errors
from connector.integrations.airflow.connection import read_connection


def make_connection(conn_type="zoom", password=None, **extra):
    from airflow.sdk import Connection

    return Connection(conn_id="acme", conn_type=conn_type, password=password, extra=json.dumps(extra))


def read(conn_type="zoom", password=None, **extra):
    return read_connection(make_connection(conn_type, password, **extra), None)


@pytest.mark.parametrize(
    "fields",
    [
        {"accessToken": TOKEN},
        {"inputs": {"accessToken": TOKEN}},
        {"inputs": json.dumps({"access_token": TOKEN})},
        {"password": TOKEN},
        {"accessToken": TOKEN, "clientId": "of another kind", "stored": "", "folder": None},
    ],
    ids=["extra", "inputs", "inputs as text", "password", "what a form leaves"],
)
def test_the_inputs_come_from_the_extra_or_the_password(fields):
    found = read(kind="accessToken", **fields)
    assert found.connection.inputs()["accessToken"] == TOKEN
    assert (found.connection.name, found.connection.kind, found.connector.name) == ("acme", "accessToken", "zoom")
    assert found.list_secrets() == (TOKEN,)
    assert TOKEN not in repr(found)


def test_a_connection_may_be_the_name_of_a_stored_one():
    found = read(stored="work")
    assert found.connection == "work"
    assert found.list_secrets() == ()


def test_a_connection_of_any_folder_names_it(folder):
    lamp = str(folder("", {}).folder)
    kept = make_connection("connector", "k", folder=lamp)
    for asked in (None, lamp):
        found = read_connection(kept, asked)
        assert found.connector.name == "lamp"
        assert found.list_secrets() == ("k",)
    with pytest.raises(errors.UsageError, match="must not reach another service"):
        read_connection(kept, "another/folder")
    with pytest.raises(errors.UsageError, match="is for the bundled connector"):
        read_connection(make_connection("zoom", "k", kind="accessToken"), lamp)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"conn_type": "http"}, "is a http; expected zoom or connector"),
        ({}, "has no kind; zoom has oauth2, serverToServer, apiJwt, accessToken"),
        ({"kind": "magic"}, "has the kind 'magic'"),
        ({"kind": "accessToken", "inputs": "{"}, "cannot be read"),
        ({"kind": "accessToken", "inputs": ["x"]}, "cannot be read"),
        ({"conn_type": "connector", "kind": "accessToken"}, "names no folder"),
    ],
)
def test_a_connection_that_cannot_be_used_says_why(fields, told):
    with pytest.raises(errors.UsageError) as caught:
        read(**fields)
    assert told in str(caught.value)


def test_every_problem_of_the_inputs_is_told_at_once():
    with pytest.raises(errors.InputError) as caught:
        read(kind="serverToServer", accountId="a", clintId="b")
    assert [problem.field for problem in caught.value.problems] == ["clintId", "clientId", "clientSecret"]
