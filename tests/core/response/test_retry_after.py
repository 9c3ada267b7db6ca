"""Retry-After and rate-limit headers in every form."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.exchange_world import NOW

from connector.core.response import retry_after
from connector.core.response.reply import Reply


def at(**headers):
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return retry_after.parse_retry_at(Reply(429, named, b""), NOW)


def test_seconds_dates_and_moments():
    assert at(retry_after="7") == NOW + 7
    assert at(retry_after=" 7 ") == NOW + 7
    assert at(retry_after="2.0") == NOW + 2, "as Shopify writes it"
    assert at(retry_after="0.65") == NOW + 0.65, "as Discord writes it"
    assert at(x_ratelimit_reset=f"{int(NOW) + 5}.25") == NOW + 5.25
    assert at(retry_after="Fri, 15 Jan 2027 08:01:00 GMT") == NOW + 60
    assert at(retry_after="2027-01-15T08:01:00Z") == NOW + 60
    assert at(retry_after="2027-01-15T08:01:00.500Z") == NOW + 60.5
    assert at(retry_after="2027-01-15T10:01:00+02:00") == NOW + 60
    assert at(retry_after="2027-01-15T08:01:00") == NOW + 60, "without a zone it is UTC"
    assert at(x_ratelimit_reset=str(int(NOW) + 5)) == NOW + 5
    assert at(x_ratelimit_reset="5") == NOW + 5
    assert at(x_ratelimit_reset="2027-01-15T08:01:00Z") == NOW + 60
    assert at(retry_after="2592000") == NOW + 2_592_000, "thirty days are not too far"
    assert at(ratelimit_reset="5") == NOW + 5


def test_the_clearest_word_counts():
    assert at(retry_after="7", x_ratelimit_reset="99") == NOW + 7
    assert at(retry_after="soon", x_ratelimit_reset="99") == NOW + 99


@pytest.mark.parametrize("text", ["", "0", "-1", "abc", "1e9", "٣", "1.", ".5", "1,5", "0.0", "7, 8", "9" * 30, "2020-05-31T00:00:00Z", "9999-12-31T00:00:00Z",
                                  "0001-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT", "2592001", "\x00", "2027-13-01T00:00:00Z"])  # fmt: skip
def test_what_makes_no_sense_has_passed_or_is_far_away_is_no_answer(text):
    assert at(retry_after=text) is None
    assert at() is None


@given(st.text(max_size=40) | st.text("0123456789-+:TZ. ,GMTadeinoruv", max_size=30))
def test_whatever_a_service_says_the_answer_is_a_moment_within_thirty_days_or_none(text):
    for name in ("retry-after", "x-ratelimit-reset", "ratelimit-reset"):
        when = retry_after.parse_retry_at(Reply(429, ((name, text),), b""), NOW)
        assert when is None or NOW < when <= NOW + retry_after.MAX_RETRY_AFTER


def test_midnight_is_the_next_one_in_utc():
    noon = datetime(2026, 12, 31, 12, tzinfo=UTC).timestamp()
    assert retry_after.to_utc_datetime(retry_after.next_midnight(noon)) == datetime(2027, 1, 1, tzinfo=UTC)
    odd = datetime(2026, 12, 31, 12, 34, 56, 789, tzinfo=UTC).timestamp()
    assert retry_after.to_utc_datetime(retry_after.next_midnight(odd)) == datetime(2027, 1, 1, tzinfo=UTC)
    midnight = datetime(2027, 1, 1, tzinfo=UTC).timestamp()
    assert retry_after.next_midnight(midnight) > midnight


@pytest.fixture(params=["Asia/Tokyo", "America/Los_Angeles"])
def _elsewhere(request, monkeypatch):
    """Set a local time zone other than UTC."""
    with monkeypatch.context() as there:
        there.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_elsewhere")
@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of a running process cannot be changed here")
def test_times_are_utc_wherever_the_machine_stands():
    assert at(retry_after="2027-01-15T08:01:00") == NOW + 60
    assert at(retry_after="Fri, 15 Jan 2027 08:01:00") == NOW + 60
    assert retry_after.to_utc_datetime(NOW) == datetime(2027, 1, 15, 8, tzinfo=UTC)
    assert retry_after.to_utc_datetime(retry_after.next_midnight(NOW)) == datetime(2027, 1, 16, tzinfo=UTC)
