"""A sync reads whole lists, parents first, keeps nothing twice, and marks what is gone."""

from __future__ import annotations

import pytest

from connector import Client, Connector, errors
from connector.runtime.records.records import Records
from connector.runtime.sync.sync import Sync
from connector.sandbox.sandbox import Sandbox


@pytest.fixture
def records(tmp_path):
    with Records(f"sqlite:///{tmp_path / 'records.sqlite'}") as opened:
        yield opened


@pytest.fixture
def sandbox():
    return Sandbox(Connector.open())


def open_client(sandbox, records):
    return Client(sandbox.connector, sandbox.connection, http=sandbox.http, records=records)


def create_meeting(client, topic="Standup"):
    return client.run("createMeeting", {"userId": "me", "topic": topic}).data


def list_changes(records):
    return [(change.change, change.resource, change.id) for change in records.read_changes("zoom")]


def test_a_sync_reads_parents_first_and_marks_what_is_gone(sandbox, records):
    client = open_client(sandbox, records)
    meeting = create_meeting(open_client(sandbox, None))
    reports = Sync(sandbox.connector, records, ("meetings",), None).run(client, "sandbox", lambda _: None)
    assert [(report.resource, report.records) for report in reports] == [("users", 1), ("meetings", 1)]
    open_client(sandbox, None).request("DELETE", f"/meetings/{meeting['id']}")
    Sync(sandbox.connector, records, ("meetings",), None).run(client, "sandbox", lambda _: None)
    assert records.find("zoom", "meetings") == []
    assert list_changes(records)[-1] == ("gone", "meetings", str(meeting["id"]))


def test_a_sync_of_the_same_changes_nothing(sandbox, records):
    client = open_client(sandbox, records)
    create_meeting(open_client(sandbox, None))
    for _ in range(2):
        Sync(sandbox.connector, records, ("meetings",), None).run(client, "sandbox", lambda _: None)
    assert len(list_changes(records)) == 2


def test_what_would_be_read_is_told_with_when_it_last_was(sandbox, records):
    client = open_client(sandbox, records)
    sync = Sync(sandbox.connector, records, ("users",), None)
    [(read, request)] = sync.list_requests(client, "sandbox")
    assert (read.action, request.path, read.read_at) == ("listUsers", "/users", None)
    sync.run(client, "sandbox", lambda _: None)
    [(read, _)] = sync.list_requests(client, "sandbox")
    assert read.read_at is not None


def test_a_sync_that_fails_keeps_what_it_read_and_marks_nothing(sandbox, records):
    client = open_client(sandbox, records)
    for number in range(3):
        create_meeting(open_client(sandbox, None), f"n {number}")
    Sync(sandbox.connector, records, ("meetings",), None).run(client, "sandbox", lambda _: None)
    before = list_changes(records)
    sandbox.add_fault("500:40")
    with pytest.raises(errors.ConnectorError):
        Sync(sandbox.connector, records, ("meetings",), 1).run(client, "sandbox", lambda _: None)
    assert list_changes(records) == before


def test_a_resource_that_cannot_be_listed_is_told_with_all_others(records):
    with pytest.raises(errors.InputError) as caught:
        Sync(Connector.open(), records, ("meting", "webinar"), None)
    assert len(caught.value.problems) == 2


def test_what_earlier_calls_could_not_write_does_not_end_a_sync(sandbox, records, monkeypatch):
    client = open_client(sandbox, records)
    monkeypatch.setattr(records._database, "run_in_transaction", fail)
    create_meeting(client)
    with pytest.raises(errors.StoreError):
        Sync(sandbox.connector, records, ("users",), None).run(client, "sandbox", lambda _: None)
    create_meeting(client)
    records._wait()
    monkeypatch.undo()
    [report] = Sync(sandbox.connector, records, ("users",), None).run(client, "sandbox", lambda _: None)
    assert report.records == len(records.find("zoom", "users")) == 1


def fail(*_):
    raise errors.StoreError("The disk is full.")
