"""A sync goes on beside the pages, which show how far it is and what came of it."""

from __future__ import annotations

import threading
from concurrent.futures import wait

import pytest

from connector.console.background.syncing import Syncs
from connector.console.pages import records
from connector.errors import StoreError, UsageError
from connector.runtime.sync.sync import SyncReport


@pytest.fixture
def slow():
    """Lists that are read until they may end."""
    go_on, is_read = threading.Event(), threading.Event()

    def read_lists(on_list, on_item):
        on_item()
        on_item()
        on_list(SyncReport("users"))
        is_read.set()
        assert go_on.wait(10)
        on_item()
        return [SyncReport("users", records=3, lists=1)]

    read_lists.go_on, read_lists.is_read = go_on, is_read
    yield read_lists
    go_on.set()


def test_how_far_it_is_and_what_it_read_is_told(slow):
    syncs = Syncs()
    assert syncs.describe() == ""
    one = syncs.begin(slow)
    assert slow.is_read.wait(10)
    assert one.describe() == "2 records so far, 1 list read."
    before = syncs.describe()
    slow.go_on.set()
    wait([one.reports], 10)
    assert one.is_ended
    assert one.describe() == "users: 3 records in 1 list."
    assert not one.is_failed
    assert syncs.describe() != before


def test_one_is_at_work_at_a_time(slow):
    syncs = Syncs()
    one = syncs.begin(slow)
    with pytest.raises(UsageError, match="at work already"):
        syncs.begin(slow)
    slow.go_on.set()
    wait([one.reports], 10)
    assert one.is_ended
    assert syncs.begin(lambda _list, _item: []).reports.result(10) == []


def test_an_error_is_kept_for_the_page(slow):
    def fail(_list, _item):
        raise StoreError("Too many requests.", hint="Wait.")

    one = Syncs().begin(fail)
    wait([one.reports], 10)
    assert one.is_ended
    assert one.is_failed
    assert "Too many requests." in one.describe()


def test_it_ends_with_the_console(slow):
    syncs = Syncs()
    one = syncs.begin(slow)
    assert slow.is_read.wait(10)
    syncs.close()
    slow.go_on.set()
    wait([one.reports], 10)
    assert one.is_ended
    assert "The sync ended with the console." in one.describe()


def test_pages_show_a_sync_that_is_at_work(visitor, slow, monkeypatch):
    monkeypatch.setattr(records, "_MAX_WAIT_SECONDS", 0.0)
    monkeypatch.setattr(records.Sync, "run", lambda _self, _client, _account, on_list, on_item: slow(on_list, on_item))
    visitor.post("/records/sync", {"resource": "users"})
    assert slow.is_read.wait(10)
    for path in ("/records", "/records/users"):
        assert "A sync is at work: 2 records so far, 1 list read." in visitor.get(path).text
    assert "A sync is at work already." in visitor.post("/records/sync").text
    slow.go_on.set()
    wait([visitor.desk.syncs.last.reports], 10)
    assert "Last sync: users: 3 records in 1 list." in visitor.get("/records").text
