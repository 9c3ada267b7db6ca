"""A service changes while its lists are read: what moved is not told as gone, and what belonged to the gone is."""

from __future__ import annotations

import pytest
from support.servers import Counting, reply

from connector import Client, Connection, Connector
from connector.runtime.records.records import Records
from connector.runtime.sync.sync import Sync

ZOOM = Connector.open()


@pytest.fixture
def records(tmp_path):
    with Records(f"sqlite:///{tmp_path / 'records.sqlite'}") as opened:
        yield opened


def page(*ids, then=""):
    return reply(json_={"users": [{"id": one, "email": f"{one}@example.com"} for one in ids], "next_page_token": then})


def sync(server, records, *names, **words):
    work = Connection(ZOOM, "accessToken", name="work", accessToken="token-of-a-test")
    with Client(ZOOM, work, base_url=server.url, rate_limit=False, records=records) as client:
        return Sync(ZOOM, records, names, **words).run(client, "work", lambda _: None)


def list_changes(records):
    return [(change.change, change.id) for change in records.read_changes("zoom")]


def test_an_item_that_moves_to_a_page_that_was_read_is_not_told_as_gone(records):
    with Counting() as server:
        server.then(page("ada", "bob", then="2"), page("cyd"))
        sync(server, records, "users")
        server.then(page("ada", "bob", then="2"), page(), page("bob", "cyd", then="2"), page())  # ada was deleted
        [report] = sync(server, records, "users")
        assert server.count == 6, "what is missing is looked for once more"
    assert [change for change, _ in list_changes(records)] == ["added"] * 3, "of ada, the next sync tells"
    assert report.records == 2


def test_what_two_readings_of_a_list_in_pages_lack_is_gone(records):
    with Counting() as server:
        server.then(page("ada", then="2"), page("bob"))
        sync(server, records, "users")
        server.then(page("ada", then="2"), page(), page("ada", then="2"), page())
        sync(server, records, "users")
    assert list_changes(records) == [("added", "ada"), ("added", "bob"), ("gone", "bob")]


def test_an_item_that_is_on_two_pages_is_one_record_and_one_change(records):
    with Counting() as server:
        server.then(page("ada", "bob", then="2"), page("bob", "cyd"))
        sync(server, records, "users")
    assert list_changes(records) == [("added", "ada"), ("added", "bob"), ("added", "cyd")]


def test_what_belonged_to_a_record_that_is_gone_is_gone(records):
    def answer(request):
        if request.path.endswith("/meetings"):
            return reply(json_={"meetings": [{"id": 7, "topic": "t"}], "next_page_token": ""})
        return page("ada") if is_there else page()

    is_there = True
    with Counting(answer) as server:
        sync(server, records, "meetings")
        is_there = False
        sync(server, records, "meetings")
    assert list_changes(records)[2:] == [("gone", "ada"), ("gone", "7")]
    assert records.find("zoom", "meetings") == []
