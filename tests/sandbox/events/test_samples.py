"""Sample events: one of every kind, correctly typed, without real addresses."""

from __future__ import annotations

import json
import re

from support.servers import GivenClock

from connector.definition.events import VALUE_TYPES, iter_leaf_fields
from connector.runtime.webhooks.verify import verify_webhook
from connector.sandbox.events.sender import EventSender, get_samples

URL = "http://127.0.0.1:9/events"


def test_every_kind_of_event_can_be_made_and_is_signed_as_the_services(zoom):
    samples = get_samples(zoom)
    sender = EventSender(zoom, URL, "a-secret-token", http=object(), clock=GivenClock())
    now = sender.clock.time()
    for name, kind in zoom.events.items():
        body = samples.build_body(kind, now)
        raw = json.dumps(body).encode()
        got = verify_webhook(zoom, "a-secret-token", sender.build_headers(name, raw), raw, now=now)
        assert got.name == name
        assert got.at is None or abs(got.at.timestamp() - now) < 0.001
        for path, word in iter_leaf_fields(kind.body):
            for value in _all(body, path):
                assert FITS[word](value), (name, path, word, value)


def _all(data, path):
    if isinstance(data, list):
        return [one for item in data for one in _all(item, path)]
    return _all(data[path[0]], path[1:]) if path else [data]


def _text(pattern):
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


FITS = {
    "string": _text(r"(?s).+"), "id": _text(r"\S+"), "digits": _text(r"[0-9]+"), "secret": _text(r"\S+"),
    "uuid": _text(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "base64": _text(r"[A-Za-z0-9+/]{22}=="),
    "email": _text(r"\S+@\S+\.\w+"), "url": _text(r"https?://\S+"), "phone": _text(r"\+[0-9]{8,15}"), "timezone": _text(r"[A-Z]\S+"),
    "datetime": _text(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "date": _text(r"\d{4}-\d\d-\d\d"),
    "integer": lambda value: type(value) is int, "integer id": lambda value: type(value) is int and value > 9_999_999,
    "milliseconds": lambda value: type(value) is int and value > 10**12, "number": lambda value: type(value) is float,
    "boolean": lambda value: type(value) is bool,
}  # fmt: skip


def test_the_types_are_all_judged_above():
    assert set(FITS) == set(VALUE_TYPES)


def test_two_events_tell_two_things_of_one_account(zoom):
    samples, kind = get_samples(zoom), zoom.events["meeting.participant_joined"]
    one, other = (samples.build_body(kind, 1.8e9, count)["payload"] for count in (1, 2))
    assert one["account_id"] == other["account_id"]
    for name in ("id", "uuid"):
        assert one["object"][name] != other["object"][name]
    assert one["object"]["participant"]["user_id"] != other["object"]["participant"]["user_id"]
    assert samples.build_body(kind, 1.8e9, 1)["payload"] == one, "the same count is the same event"


def test_nothing_of_a_sample_is_a_real_address_or_number(zoom):
    for kind in zoom.events.values():
        text = json.dumps(get_samples(zoom).build_body(kind, 1.8e9))
        assert {host.rpartition("@")[2] for host in re.findall(r"[\w.]+@[\w.]+", text)} <= {"example.com"}
        assert set(re.findall(r"https?://([^/\"]+)", text)) <= {"example.com"}
