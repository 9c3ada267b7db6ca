"""A moment is sent as its service takes it, and read back by the sandbox as the same moment."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector import Client, errors
from connector.core.exchange.plan import compile_action
from connector.core.inputs.coerce import to_iso_datetime
from connector.core.inputs.time_forms import from_time_form, to_time_form
from connector.sandbox.sandbox import Sandbox

ALARM = """
action: alarm
label: Alarm
summary: Set an alarm.
request: POST /alarms
inputs:
  at: {label: At, help: When., type: datetime, future: true, wire: milliseconds, to: body.at, adds: {body.kind: once, query.v: 2}}
  day: {label: Day, help: Which day., type: datetime, future: true, wire: date, to: body.day, default: 2030-01-01T00:00:00Z}
  from: {label: From, help: From when., type: datetime, wire: seconds, to: query.from}
  tones:
    label: Tones
    help: What is heard.
    type: list of object
    to: body.tones
    fields:
      until: {label: Until, help: Until when., type: datetime, wire: seconds, adds: {fade.on: true}}
      pitch: {label: Pitch, help: How high., type: integer}
"""


@pytest.fixture
def lamp(folder):
    return folder("", {"alarm": ALARM})


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)))
def test_a_moment_comes_back_from_what_was_sent(moment):
    text = to_iso_datetime(moment)
    assert from_time_form("seconds", to_time_form("seconds", text)) == text
    assert to_time_form("milliseconds", text) == 1000 * to_time_form("seconds", text)
    assert to_time_form("date", text) == text[:10]


def test_fractions_are_kept_as_far_as_the_form_goes():
    assert to_time_form("milliseconds", "2030-01-01T00:00:00.1239Z") == 1893456000123
    assert to_time_form("seconds", "1969-12-31T23:59:58Z") == -2


def test_each_time_goes_out_in_its_form_with_what_it_adds(lamp):
    action = compile_action(lamp, "alarm")
    inputs = {
        "at": "2030-01-01T01:00:00+01:00", "from": "2029-12-31T00:00:00Z",
        "tones": [{"until": "2030-01-01T00:00:10Z"}, {"pitch": 3}],
    }  # fmt: skip
    request = action.build_request(action.validate(inputs))
    assert request.body.value == {
        "at": 1893456000000, "day": "2030-01-01", "kind": "once",
        "tones": [{"until": 1893456010, "fade": {"on": True}}, {"pitch": 3}],
    }  # fmt: skip
    assert dict(request.query) == {"from": "1893369600", "v": "2"}


def test_what_an_input_adds_goes_only_with_it(lamp):
    action = compile_action(lamp, "alarm")
    for inputs in ({}, {"at": None}):
        request = action.build_request(action.validate(inputs))
        assert "kind" not in request.body.value
        assert dict(request.query) == {}


def test_a_local_time_is_no_moment(lamp):
    with pytest.raises(errors.InputError) as caught:
        compile_action(lamp, "alarm").validate({"at": "2030-01-01T00:00:00"})
    (problem,) = caught.value.problems
    assert (problem.field, problem.expected) == ("at", "a date and time with Z or an offset")


def test_a_time_in_the_past_is_warned_of_in_any_form(lamp):
    action = compile_action(lamp, "alarm")
    values = action.validate({"at": "2001-01-01T00:00:00Z"})
    assert list(action.find_warnings(values, 1_890_000_000.0)) == [
        "at: 2001-01-01T00:00:00Z is in the past. It is sent all the same."
    ]


def test_a_date_is_past_when_its_day_is(lamp):
    action = compile_action(lamp, "alarm")
    noon = datetime(2030, 1, 1, 12, tzinfo=UTC).timestamp()
    values = action.validate({"day": "2030-01-01T09:00:00Z"})
    assert list(action.find_warnings(values, noon)) == []
    assert len(list(action.find_warnings(values, noon + 86_400))) == 1


def test_a_datetime_object_keeps_its_milliseconds(lamp):
    action = compile_action(lamp, "alarm")
    assert action.validate({"at": datetime(2030, 1, 1, 0, 0, 0, 500_000, UTC)})["at"] == 1893456000500


def test_the_sandbox_takes_the_form_and_no_other(lamp):
    sandbox = Sandbox(lamp)
    with Client(lamp, sandbox.connection, http=sandbox.http) as client:
        assert client.run("alarm", {"at": "2030-01-01T00:00:00Z", "from": "2030-01-01T00:00:00Z"}).status == 201
        assert sandbox.requests[-1].inputs["at"] == "2030-01-01T00:00:00Z"
        for wrong in ("tomorrow", "1893456000000", True, 1.5):
            with pytest.raises(errors.ConnectorError) as caught:
                client.request("POST", "/alarms", data={"at": wrong})
            assert "a JSON number" in str(caught.value.to_dict())
