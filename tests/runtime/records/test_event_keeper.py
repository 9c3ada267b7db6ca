"""Events keep the copy fresh, in the account that they are of."""

from __future__ import annotations

import time

import pytest

from connector import Connector, errors
from connector.core.records.record import Sight
from connector.core.webhook.event import Event
from connector.runtime.records.event_keeper import EventKeeper
from connector.runtime.records.records import Records
from connector.testing.clock import ManualClock


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'records.sqlite'}"


def event_of(name, told, account="acme"):
    return Event("webhook", name, None, account, told, {}, b"", "key", "subject")


def test_a_record_is_updated_when_an_event_was_handled(url):
    with Records(url) as records:
        known = {"id": 7, "topic": "Old", "agenda": "a"}
        sight = Sight(resource="meetings", id="7", source="get", data=known, is_whole=True)
        records.keep("zoom", "acme", [sight], time.time()).result()
        keeper = EventKeeper(records, Connector.open())
        keeper(event_of("meeting.updated", {"id": 7, "topic": "New"}))
        record = records.get("zoom", "acme", "meetings", "7")
        assert (record.data, record.source) == ({"id": 7, "topic": "New", "agenda": "a"}, "event")
        keeper(event_of("meeting.deleted", {"id": 7}))
        assert records.find("zoom", "meetings") == []


def test_an_event_of_another_account_leaves_the_record_alone(url):
    with Records(url) as records:
        sight = Sight(resource="meetings", id="7", source="get", data={"id": 7, "topic": "Old"})
        records.keep("zoom", "acme", [sight], time.time()).result()
        EventKeeper(records, Connector.open())(event_of("meeting.updated", {"id": 7, "topic": "New"}, "globex"))
        assert records.get("zoom", "acme", "meetings", "7").data["topic"] == "Old"


def test_the_program_says_whose_records_events_tell_of(url):
    with Records(url, account="work") as records:
        EventKeeper(records, Connector.open())(event_of("meeting.created", {"id": 7}, None))
        assert records.get("zoom", "work", "meetings", "7") is not None
    with Records(url) as records, pytest.raises(errors.UsageError, match="no account"):
        EventKeeper(records, Connector.open())(event_of("meeting.created", {"id": 7}, None))


def test_events_that_tell_of_no_record_need_no_account(url):
    with Records(url) as records:
        EventKeeper(records, Connector.open())(event_of("meeting.started", {"id": 7}, None))
        assert records.count("zoom") == {}


def test_an_event_is_not_kept_once_another_connector_of_the_name_has_the_copy(tmp_path, url):
    old, both, new = (make_shop(tmp_path, hosts) for hosts in (["old"], ["old", "new"], ["new"]))
    with Records(url, clock=ManualClock()) as records, Records(url) as other:  # of two processes
        keeper = EventKeeper(records, old)
        keeper(event_of("order.updated", {"id": 1}))
        for moved in (both, new):
            EventKeeper(other, moved)(event_of("order.updated", {"id": 2}))
        for _ in range(2):
            with pytest.raises(errors.StoreError, match="another connector named shop"):
                keeper(event_of("order.updated", {"id": 3}))
        assert [other.get("shop", "acme", "orders", one) is not None for one in "123"] == [True, True, False]


def make_shop(tmp_path, hosts):
    folder = tmp_path / "-".join(hosts)
    (folder / "actions").mkdir(parents=True)
    (folder / "manifest.yaml").write_text(
        "format: 1\nversion: 1.0.0\nconnector: shop\nlabel: Shop\nsummary: Sell.\ndocs: https://shop.example/docs\n"
        f"base_url: https://{hosts[0]}.example\nallowed_hosts: [{', '.join(f'{host}.example' for host in hosts[1:])}]\n"
        "resources:\n  orders: {list: /orders, id: id, events: {updated: order.updated}}\n"
    )
    return Connector.open(folder)
