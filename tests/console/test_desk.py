"""The desk has one client for each connection, and what its calls tell is kept where the settings say."""

from __future__ import annotations

import pytest
from support.pages.browsing.consoles import make_desk

from connector.errors import ConnectorError
from connector.runtime.records.records import Records


def test_a_connection_has_one_client_until_it_is_changed():
    desk = make_desk()
    first = desk.get_client()
    assert desk.get_client() is first
    desk.forget_client("work")
    assert desk.get_client() is not first, "the default may be the one that was changed"
    desk.close()


def test_an_unknown_connection_is_told():
    desk = make_desk()
    with pytest.raises(ConnectorError, match="Unknown connection 'nope'"):
        desk.get_client("nope")
    desk.close()


def test_what_calls_tell_of_records_is_kept_where_the_settings_name_a_copy(visit, monkeypatch, tmp_path):
    monkeypatch.setenv("CONNECTOR_RECORDS", f"sqlite:///{tmp_path / 'records.db'}")
    visitor = visit()
    assert "Done" in visitor.post("/actions/createMeeting/run", {"in.userId": "me", "in.topic": "Standup"}).text
    records = visitor.desk.records
    assert isinstance(records, Records)
    records.flush()
    _, rows = records.query("SELECT resource, data FROM connector_records")
    assert [(resource, "Standup" in str(data)) for resource, data in rows] == [("meetings", True)]
