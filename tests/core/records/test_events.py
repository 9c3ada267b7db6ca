"""Events tell of records as the manifest's resources say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector import Connector
from connector.core.records.events import find_time, read_event
from connector.core.webhook.event import Event


def event_of(name, told, at=None):
    return Event("webhook", name, at, "acme", told, {}, b"", "key", "subject")


def read(name, told):
    return list(read_event(Connector.open(), event_of(name, told)))


def test_an_update_tells_the_fields_that_changed():
    [sight] = read("meeting.updated", {"id": 7, "host_id": "ada", "topic": "New", "start_url": "https://z/s?zak=1"})
    assert (sight.resource, sight.id, sight.parent, sight.data["topic"]) == ("meetings", "7", "ada", "New")
    assert "zak=1" not in str(sight.data)
    assert not sight.is_whole


def test_a_delete_tells_that_it_is_gone():
    [sight] = read("user.deleted", {"id": "ada"})
    assert (sight.resource, sight.id, sight.is_gone) == ("users", "ada", True)


def test_a_record_within_its_parent_is_found():
    [sight] = read("meeting.registration_created", {"id": 7, "registrant": {"id": "r1", "email": "b@example.com"}})
    assert (sight.resource, sight.id, sight.parent) == ("registrants", "r1", "7")


@pytest.mark.parametrize("told", [None, "text", {}, {"id": None}, {"registrant": 5}])
def test_an_event_without_a_record_tells_nothing(told):
    assert read("meeting.updated", told) == []
    assert read("meeting.registration_created", told) == []
    assert read("meeting.started", {"id": 7}) == []


def test_an_event_is_not_older_than_its_second_nor_of_the_future():
    whole = datetime(2030, 1, 1, 9, 0, 0, tzinfo=UTC)
    exact = datetime(2030, 1, 1, 9, 0, 0, 500_000, tzinfo=UTC)
    now = whole.timestamp() + 60
    assert find_time(event_of("x", {}, whole), now) == whole.timestamp() + 0.999
    assert find_time(event_of("x", {}, exact), now) == exact.timestamp()
    assert find_time(event_of("x", {}, whole), whole.timestamp() - 5) == whole.timestamp() - 5
    assert find_time(event_of("x", {}), 3.0) == 3.0
