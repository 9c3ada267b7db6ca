"""What the replies of a call tell of records."""

from __future__ import annotations

import pytest

from connector import Connector
from connector.core import redaction
from connector.core.exchange.plan import compile_action
from connector.core.records import sights
from connector.core.request.builder import Request

ZOOM = Connector.open()
REDACTOR = redaction.redactor_for(ZOOM)


def read(action, path, data, query=()):
    definition = ZOOM.action(action)
    kind = sights.find_kind(ZOOM, definition)
    return list(sights.read_reply(kind, definition, Request(definition.method, path, tuple(query)), data, REDACTOR))


def read_list(action, path, items, query=()):
    plan = compile_action(ZOOM, action)
    kind = sights.find_kind(ZOOM, plan.action)
    return list(sights.read_items(kind, plan, Request("GET", path, tuple(query)), items, REDACTOR))


def test_items_of_a_list_know_their_list_and_parent():
    query = [("type", "live"), ("page_size", "300"), ("next_page_token", "t")]
    [first, second] = read_list("listMeetings", "/users/ada/meetings", [{"id": 7}, {"id": 8, "host_id": "bob"}], query)
    assert (first.id, first.parent, first.listing) == ("7", "ada", "/users/ada/meetings?type=live")
    assert second.parent == "bob"


def test_items_without_an_id_are_no_records():
    assert read_list("listUsers", "/users", [{}, "text", {"id": None}, {"id": True}]) == []
    assert read_list("listMeetingRegistrants", "/meetings/7/registrants", [{"id": "r"}])[0].parent == "7"


def test_a_read_is_whole_and_knows_its_query():
    [sight] = read("getMeeting", "/meetings/7", {"id": 7, "start_url": "https://z/s"}, [("b", 2), ("a", 1)])
    assert (sight.id, sight.is_whole, sight.variant, sight.data["start_url"]) == ("7", True, "a=1&b=2", "***")


def test_a_create_tells_its_reply():
    [sight] = read("createMeeting", "/users/me/meetings", {"id": 7})
    assert (sight.id, sight.parent, sight.source, sight.is_whole) == ("7", "me", "write", False)


def test_an_update_tells_its_reply_or_that_there_was_one():
    assert read("updateMeeting", "/meetings/7", {})[0].data is None
    assert read("updateMeeting", "/meetings/7", {"id": 7, "topic": "t"})[0].data == {"id": 7, "topic": "t"}


def test_a_delete_tells_that_it_is_gone():
    assert read("deleteUser", "/users/ada", {})[0].is_gone


@pytest.mark.parametrize("action", ["getMeeting", "createMeeting"])
def test_a_reply_without_an_id_tells_nothing(action):
    assert read(action, "/meetings/7", {}) == []


def test_a_refusal_tells_what_is_missing_or_may_have_been_written():
    def refuse(action, path, *, is_missing):
        definition = ZOOM.action(action)
        kind = sights.find_kind(ZOOM, definition)
        return list(sights.read_refusal(kind, definition, Request(definition.method, path), is_missing=is_missing))

    assert refuse("getMeeting", "/meetings/7", is_missing=True)[0].is_gone
    [written] = refuse("updateMeeting", "/meetings/7", is_missing=False)
    assert (written.source, written.is_gone, written.data) == ("write", False, None)
    assert refuse("getMeeting", "/meetings/7", is_missing=False) == []
    assert refuse("listUsers", "/users", is_missing=True) == []


def test_a_call_on_one_record_tells_by_which_name_it_was_asked():
    assert read("getUser", "/users/me", {"id": "ada"})[0].asked_as == "me"
    assert read("updateUser", "/users/me", {})[0].asked_as == "me"
    assert read("updateUser", "/users/me", {"id": "ada"})[0].asked_as == "", "its reply names it"
    assert read("deleteUser", "/users/me", {})[0].asked_as == "me"
    assert read("getUser", "/users/" + "x" * 601, {"id": "ada"})[0].asked_as == "", "no database holds it as a key"


def test_a_write_may_be_to_any_record_where_these_have_other_names():
    assert read("updateUser", "/users/me", {})[0].may_be_any
    assert read("deleteUser", "/users/me", {})[0].may_be_any
    assert not read("updateUser", "/users/me", {"id": "ada"})[0].may_be_any, "its reply names it"
