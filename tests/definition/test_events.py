"""The events of a service are data: all of them are there, each with a shape that is known word by word."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from connector import Connector, errors
from connector.definition.events import VALUE_TYPES, iter_leaf_fields


def put(connector, name, data):
    """Write a file of events into a connector's folder, and open the folder anew."""
    folder = connector.folder / "schemas" / "events"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return Connector.open(connector.folder)


def test_every_event_of_the_bundled_service_is_there_once(zoom):
    groups = Counter(kind.group for kind in zoom.events.values())
    assert groups == {
        "contact-center": 108, "meetings": 105, "phone": 70, "team-chat": 54, "video-sdk": 35, "rooms": 32,
        "events": 21, "users": 21, "qss": 14, "calendar": 11, "accounts": 10, "chatbot": 8, "tasks": 8,
        "whiteboard": 8, "revenue-accelerator": 7, "cobrowse-sdk": 4, "commerce": 4, "video-management": 4,
        "marketplace": 2, "number-management": 2, "quality-management": 2, "scheduler": 2, "healthcare": 1, "mail": 1,
    }  # fmt: skip
    assert all(kind.name == name for name, kind in zoom.events.items())


def test_an_event_tells_scopes_and_shape(zoom):
    kind = zoom.events["user.activated"]
    assert "user:read:user:admin" in kind.scopes.granular
    assert "user:read:admin" in kind.scopes.classic
    assert kind.body["event_ts"] == "milliseconds"
    assert kind.body["payload"]["object"]["email"] == "email"


@pytest.mark.parametrize(
    ("name", "path", "kind"),
    [
        ("meeting.started", ("payload", "object", "id"), "digits"),
        ("meeting.updated", ("payload", "object", "id"), "integer id"),
        ("meeting.updated", ("payload", "old_object", "id"), "integer id"),
        ("recording.completed", ("download_token",), "secret"),
        ("user.settings_updated", ("operator",), "email"),
        ("app_deauthorized", ("payload", "event_ts"), "datetime"),
        ("meeting.participant_joined", ("payload", "object", "participant", "user_id"), "digits"),
        ("cobrowse.session_ended", ("payload", "object", "session_pin"), "secret"),
        ("bot_notification", ("payload", "robotJid"), "id"),
    ],
)
def test_the_odd_places_are_as_the_service_has_them(zoom, name, path, kind):
    assert dict(iter_leaf_fields(zoom.events[name].body))[path] == kind


def test_an_event_that_has_no_object_or_no_time_has_none(zoom):
    assert "object" not in zoom.events["app_deauthorized"].body["payload"]
    assert "event_ts" not in zoom.events["app_deauthorized"].body


def test_every_value_has_a_word_for_its_type(zoom):
    assert {kind for event in zoom.events.values() for _, kind in iter_leaf_fields(event.body)} == set(VALUE_TYPES)


def test_nothing_is_read_before_an_event_is_asked_for(folder):
    connector = put(folder(), "things", "{ this is no JSON")
    assert connector.name == "lamp"
    with pytest.raises(errors.DefinitionError):
        _ = connector.events


def test_a_folder_without_events_has_none(folder):
    assert dict(folder().events) == {}


def test_what_is_read_cannot_be_changed(zoom):
    with pytest.raises(TypeError):
        zoom.events["meeting.started"] = None


BROKEN = """\
{
  "lamp.on": {"body": {"id": "id"}},
  "lamp.off": {
    "scope": {},
    "body": {
      "id": "txt",
      "parts": ["string", "string"],
      "count": 3
    }
  }
}
"""


def test_a_mistake_is_told_with_its_line(folder):
    connector = put(folder(), "things", BROKEN)
    with pytest.raises(errors.DefinitionError) as caught:
        _ = connector.events
    messages = {(finding.line, finding.rule): finding.message for finding in caught.value.findings}
    assert messages[4, "unknown-word"].startswith("unknown key 'scope'. Did you mean 'scopes'?")
    assert {line for line, rule in messages if rule == "event"} == {6, 7, 8}
    assert "'txt' is not a type" in messages[6, "event"]
    assert "one item" in messages[7, "event"]


def test_an_event_in_two_files_is_refused(folder):
    events = {"lamp.on": {"body": {}}}
    put(folder(), "first", events)
    connector = put(folder(), "second", events)
    with pytest.raises(errors.DefinitionError, match=r"second\.json.*'lamp\.on' is in first\.json too"):
        _ = connector.events
