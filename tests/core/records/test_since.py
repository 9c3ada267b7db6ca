"""A list is asked for what is new in the form of its input, a lag before it was read; the text is read back alike."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from connector.core.records.since import build_since, find_since_name, read_since
from connector.definition.resource import ChangedSince

READ_AT = 1_800_000_000.5  # 2027-01-15T08:00:00Z


def make(kind, wire=None, to="query.since", **words):
    part, _, name = to.partition(".")
    field = SimpleNamespace(type=kind, wire=wire, location=SimpleNamespace(part=part, path=(name,)))
    since = ChangedSince(input="since", **words)
    return SimpleNamespace(changed_since=since), SimpleNamespace(inputs={"since": field})


@pytest.mark.parametrize(
    ("kind", "value"), [("datetime", "2027-01-15T07:55:00Z"), ("date", "2027-01-15"), ("integer", 1_799_999_700)]
)
def test_the_time_is_written_as_its_input_is(kind, value):
    assert build_since(*make(kind), READ_AT) == {"since": value}


def test_the_lag_is_the_resources_own():
    assert build_since(*make("integer", lag="1h"), READ_AT) == {"since": 1_799_996_400}


def test_nothing_is_asked_before_the_first_reading_or_without_the_words():
    assert build_since(*make("datetime"), None) == {}
    resource, action = make("datetime")
    assert build_since(SimpleNamespace(changed_since=None), action, READ_AT) == {}
    assert build_since(resource, SimpleNamespace(inputs={}), READ_AT) == {}


def test_what_is_sent_is_read_back():
    for kind, wire, text in (
        ("datetime", None, "2027-01-15T08:00:00Z"),
        ("datetime", None, "2027-01-15T08:00:00"),
        ("datetime", "seconds", "1800000000"),
        ("datetime", "milliseconds", "1800000000000"),
        ("integer", None, "1800000000"),
    ):
        assert read_since(*make(kind, wire), text) == 1_800_000_000
    assert read_since(*make("date"), "soon") is None
    assert read_since(SimpleNamespace(changed_since=None), SimpleNamespace(inputs={}), "1") is None


def test_its_name_is_that_of_the_query():
    assert find_since_name(*make("datetime")) == "since"
    assert find_since_name(*make("datetime", to="body.since")) is None
    assert find_since_name(SimpleNamespace(changed_since=None), SimpleNamespace(inputs={})) is None
