"""A list is answered from the copy only where that has each item which the service gave, and no other."""

from __future__ import annotations

import pytest
from support import private_postgres
from support.servers import reply

from connector import Client, Connection, Connector, errors
from connector.runtime.records.records import Records
from connector.runtime.records.tables import ReadList
from connector.runtime.sync.sync import Sync

ZOOM = Connector.open()
ADA, BOB = {"id": "ada", "status": "active"}, {"id": "bob", "status": "inactive"}


@pytest.fixture(params=["sqlite", "postgres"])
def records(request, tmp_path):
    url = f"sqlite:///{tmp_path / 'records.sqlite'}" if request.param == "sqlite" else private_postgres.fresh()
    with Records(url) as opened:
        yield opened


@pytest.fixture
def client(records, server):
    work = Connection(ZOOM, "accessToken", name="work", accessToken="token-of-a-test")
    with Client(ZOOM, work, base_url=server.url, rate_limit=False, records=records) as opened:
        yield opened


def give(*users):
    return reply(json_={"users": list(users), "next_page_token": ""})


def read_users(client, **inputs):
    return client.run("listUsers", inputs, max_age="5m")


@pytest.mark.parametrize("other", [{"email": "p"}, {"id": None}, {"id": ""}, {"id": "ada", "status": "pending"}])
def test_a_list_with_an_item_that_is_not_kept_is_read_again(client, server, other):
    server.always(give(ADA, other))
    for _ in range(2):
        read = read_users(client)
        assert (read.from_records, read.data["users"]) == (False, [ADA, other])
    server.always(reply(500))
    with pytest.raises(errors.ConnectorError):
        client.run("listUsers", {}, stale_if_error=True, retry={"maxRetries": 0})
    server.always(give(ADA, BOB))
    assert [read_users(client).from_records for _ in range(2)] == [False, True], "all of it is kept now"


def test_a_list_whose_record_was_seen_in_another_list_since_is_read_again(client, server):
    server.then(give(ADA, BOB), give(BOB), give(ADA, BOB))
    read_users(client)
    read_users(client, status="inactive")
    assert read_users(client, status="inactive").from_records
    read = read_users(client)
    assert (read.from_records, read.data["users"]) == (False, [ADA, BOB])


def test_a_list_in_pages_that_may_have_lost_an_item_is_read_again(client, server):
    def page(*users, then=""):
        return reply(json_={"users": list(users), "next_page_token": then})

    server.then(page(ADA, then="2"), page(BOB), page(ADA, then="2"), page(), page(ADA, then="2"), page())
    read_users(client)
    for is_kept in (False, False, True):  # what two readings lack is gone
        read = client.run("listUsers", {}, max_age=None if server.count == 2 else "5m")
        assert (read.from_records, read.data["users"]) == (is_kept, [ADA])


def test_an_item_that_is_not_kept_is_news_that_makes_a_list_to_be_read_again(records):
    def finish(ids, item_count, **facts):
        read = ReadList("zoom", "work", "users", "/users", ids, 1.0, 1.0, item_count=item_count, **facts)
        records.finish_list(read).result(30)
        return records.find_exact_at("zoom", "work", "/users")

    assert finish([], 0) == 1.0
    assert finish(["ada"], 1, is_whole=False) == 1.0
    assert finish(["ada"], 2, is_whole=False) is None
    assert records.find_complete_at("zoom", "work", "/users") == 1.0


def test_a_sync_counts_what_is_kept_and_what_has_no_id(client, server, records):
    server.always(give(ADA, BOB, {**ADA}, {"email": "p"}, {"id": None}, "text"))
    [report] = Sync(ZOOM, records, ("users",)).run(client, "work", lambda _: None)
    assert (report.records, report.without_id) == (2, 3)
    assert report.to_dict()["without_id"] == 3
    assert records.count("zoom") == {"users": 2}


def test_a_list_that_an_older_program_read_is_read_again(tmp_path):
    url = f"sqlite:///{tmp_path / 'records.sqlite'}"
    with Records(url) as records:
        records.finish_list(ReadList("zoom", "work", "users", "/users", [], 1.0, 1.0)).result(30)
        for statement in (
            "ALTER TABLE connector_records_lists DROP COLUMN is_exact",
            "UPDATE connector_versions SET version = 2",
        ):
            records._database.run_in_transaction(lambda one, statement=statement: one.exec_driver_sql(statement))
    with Records(url) as records:
        assert records.find_exact_at("zoom", "work", "/users") is None
        assert records.find_complete_at("zoom", "work", "/users") == 1.0


@pytest.mark.parametrize("is_streamed", [False, True])
def test_a_list_in_pages_is_answered_however_it_was_read(client, server, is_streamed):
    server.then(reply(json_={"users": [ADA], "next_page_token": "2"}), give(BOB))
    assert len(list(client.items("listUsers")) if is_streamed else client.run("listUsers").data["users"]) == 2
    kept = read_users(client)
    assert (kept.from_records, kept.data["users"]) == (True, [ADA, BOB])
