"""A record is found in the copy by the name that a read gave it, such as me, and a write under the name is one to it."""

from __future__ import annotations

import pytest
from support import private_postgres

from connector import Client, Connector, errors
from connector.runtime.records.records import Records
from connector.sandbox.http.faults import Fault
from connector.sandbox.sandbox import Sandbox

NAMES = ("me", "ada@example.com")


@pytest.fixture(params=["sqlite", "postgres"])
def records(request, tmp_path):
    url = f"sqlite:///{tmp_path / 'records.sqlite'}" if request.param == "sqlite" else private_postgres.fresh()
    with Records(url) as opened:
        yield opened


@pytest.fixture
def sandbox():
    return Sandbox(Connector.open())


@pytest.fixture
def client(sandbox, records):
    return Client(sandbox.connector, sandbox.connection, http=sandbox.http, records=records)


def read(client, name, **options):
    return client.run("getUser", {"userId": name}, **options)


@pytest.mark.parametrize("name", NAMES)
def test_a_read_by_a_name_is_answered_from_the_copy(client, sandbox, name):
    assert [read(client, name, max_age="5m").from_records for _ in range(2)] == [False, True]
    user = read(client, name, max_age="5m").data
    assert read(client, user["id"], max_age="5m").from_records, "it is the same record"
    sandbox.add_fault("500:20")
    assert read(client, name, stale_if_error=True, retry="engine").data == user


@pytest.mark.parametrize("name", NAMES)
def test_a_write_by_a_name_is_one_to_the_record(client, name):
    user_id = read(client, name).data["id"]
    client.run("listUsers")
    client.run("updateUser", {"userId": name, "firstName": "Grace"})
    assert not client.run("listUsers", max_age="5m").from_records
    for one in (name, user_id):
        asked = read(client, one, max_age="5m")
        assert (asked.from_records, asked.data["first_name"]) == (one == user_id, "Grace")


def test_a_name_is_as_old_as_when_it_was_last_asked_for(sandbox, records):
    client = Client(sandbox.connector, sandbox.connection, http=sandbox.http, records=records)
    user_id = read(client, "me").data["id"]
    records.flush()
    [(asked_at,)] = records.query("SELECT asked_at FROM connector_records_names")[1]
    read(client, user_id)
    record, named_at = records.get_named("zoom", "sandbox", "users", "me")
    assert (record.id, named_at, record.whole_at > asked_at) == (user_id, asked_at, True)


def test_a_name_that_the_service_no_longer_knows_is_forgotten_and_the_record_stays(client, sandbox, records):
    client.run("createUser", {"action": "create", "userType": 1, "firstName": "B", "lastName": "B", "email": "b@x.org"})
    user_id = read(client, "b@x.org").data["id"]
    records.flush()
    assert records.get_named("zoom", "sandbox", "users", "b@x.org")[0] is not None
    sandbox.add_fault(Fault("status", 1, status=404))
    with pytest.raises(errors.NotFound):
        read(client, "b@x.org")
    assert records.get_named("zoom", "sandbox", "users", "b@x.org") == (None, 0.0)
    assert read(client, user_id, max_age="5m").from_records


def test_a_delete_by_a_name_is_one_of_the_record(client, records):
    client.run("createUser", {"action": "create", "userType": 1, "firstName": "B", "lastName": "B", "email": "b@x.org"})
    user_id = read(client, "b@x.org").data["id"]
    client.run("deleteUser", {"userId": "b@x.org"})
    assert records.get("zoom", "sandbox", "users", user_id).gone_at is not None


def test_who_forgets_an_account_forgets_its_names(client, records):
    read(client, "me")
    records.forget("zoom", "sandbox")
    assert records.query("SELECT name FROM connector_records_names")[1] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_write_by_a_name_that_the_copy_does_not_know_may_be_one_to_each(client, records, name):
    [user] = client.run("listUsers").data["users"]
    read(client, user["id"])
    client.run("updateUser", {"userId": name, "firstName": "Grace"})
    records.flush()
    assert not client.run("listUsers", max_age="5m").from_records
    asked = read(client, user["id"], max_age="5m")
    assert (asked.from_records, asked.data["first_name"]) == (False, "Grace")
    assert read(client, user["id"], max_age="5m").from_records, "it was read since"


def test_a_write_to_an_id_is_one_to_that_record_alone(client):
    user_id = read(client, "me").data["id"]
    given = {"action": "create", "userType": 1, "firstName": "B", "lastName": "B", "email": "b@x.org"}
    other = client.run("createUser", given).data["id"]
    client.run("updateUser", {"userId": other, "firstName": "C"})
    assert read(client, user_id, max_age="5m").from_records
