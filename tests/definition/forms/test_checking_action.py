"""The action that tells whether a write was done is the one that reads the same thing."""

from __future__ import annotations

import pytest

from connector import Connector
from connector.definition.forms.action_heads import ActionHead
from connector.definition.forms.checking_action import find_check
from connector.integrations.mcp.action_index import ActionIndex

ZOOM = Connector.open()
ENTRIES = ActionIndex(ZOOM).entries


@pytest.mark.parametrize(
    ("action", "check"),
    [
        ("createMeeting", "list_meetings"),
        ("updateMeeting", "get_meeting"),
        ("createUser", "list_users"),
        ("updateUser", "get_user"),
        ("deleteUser", "get_user"),
        ("addMeetingRegistrant", "list_meeting_registrants"),
        ("addWebinarRegistrant", "list_webinar_registrants"),
    ],
)
def test_every_write_of_the_bundled_connector_has_its_check(action, check):
    assert find_check(ENTRIES.values(), ZOOM.action(action).path).name == check


@pytest.mark.parametrize(
    ("path", "check"),
    [
        ("/lamps/{lampId}/state", "GET /lamps/{id}"),
        ("/lamps/7?all=1", "GET /lamps/{id}"),
        ("/lamps", "GET /lamps"),
        ("/lamps/", "GET /lamps"),
        ("/doors/{id}", None),
        ("/", None),
        ("/{anything}", None),
    ],
)
def test_the_nearest_reader_is_the_check(path, check):
    requests = ("POST /doors/{id}", "raw", "GET /lamps", "GET /lamps/{id}")
    found = find_check([ActionHead(request, "", "", request) for request in requests], path)
    assert (found and found.request) == check
