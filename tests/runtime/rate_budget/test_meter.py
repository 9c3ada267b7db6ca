"""A meter tells how much of a rate is used, and changes nothing of it."""

from __future__ import annotations

import pytest

from connector.core.rate_limit import DAY_SECONDS, RateLimit, RateState, RequestedRate, acquire_slots
from connector.runtime.rate_budget.meters import read_meter

NOW = 20_000 * DAY_SECONDS + 3600.0


@pytest.fixture
def taken():
    """Take slots of a rate, and return its state."""

    def take(rate, count, at=NOW):
        state = RateState()
        for number in range(count):
            acquire_slots([RequestedRate("light", rate, state)], at + number / 10, at + 3600.0)
        return state

    return take


def test_a_rate_that_nobody_used_is_whole():
    meter = read_meter("light", RateLimit.parse("30/s 100/min 1000/day 5 at once"), RateState(), NOW)
    assert (meter.kind, meter.value, meter.at_once, meter.wait, meter.closed_for) == ("light", "", 5, 0.0, 0.0)
    assert meter.per_second == pytest.approx(30)
    assert [(use.used, use.limit) for use in meter.uses] == [(0, 100), (0, 1000)]


def test_used_slots_count_in_their_window_and_day(taken):
    rate = RateLimit.parse("3/min 10/day")
    state = taken(rate, 3)
    minute, day = read_meter("heavy", rate, state, NOW + 1).uses
    assert (minute.used, minute.limit, minute.seconds, minute.ends_at) == (3, 3, pytest.approx(60), None)
    assert (day.used, day.limit, day.ends_at) == (3, 10, 20_001 * DAY_SECONDS)
    assert read_meter("heavy", rate, state, NOW + 1).wait == pytest.approx(60, abs=2)
    later = read_meter("heavy", rate, state, NOW + 120)
    assert ([use.used for use in later.uses], later.wait) == ([0, 3], 0.0)
    assert [use.used for use in read_meter("heavy", rate, state, NOW + DAY_SECONDS).uses] == [0, 0]


def test_a_meter_takes_no_slot_and_moves_no_clock(taken):
    rate = RateLimit.parse("3/min")
    state = taken(rate, 2)
    before = (state.last_now, state.next_free, [list(log) for log in state.window_logs])
    read_meter("heavy", rate, state, NOW - DAY_SECONDS)
    assert (state.last_now, state.next_free, [list(log) for log in state.window_logs]) == before


def test_what_the_service_closed_is_told(taken):
    rate = RateLimit.parse("10/s")
    state = taken(rate, 1)
    state.close_until(NOW + 30, NOW)
    meter = read_meter("heavy", rate, state, NOW + 10)
    assert (meter.closed_for, meter.wait) == (pytest.approx(20), pytest.approx(20))


def test_a_quota_has_a_meter_for_each_value():
    meter = read_meter("perUser:ada", RateLimit.parse("100/day"), RateState(), NOW)
    assert (meter.kind, meter.value, meter.per_second) == ("perUser", "ada", None)
