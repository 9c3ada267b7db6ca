"""The quick way to a slot of an even rate: what it takes is what the whole way would have taken, or it takes nothing."""

from __future__ import annotations

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.exchange_world import NOW

from connector.core.rate_limit import MAX_CLOCK_SKEW, RateLimit, RateState

LONG = NOW + 1e6
RATE = RateLimit.parse("10/s")


def test_a_free_rate_gives_its_slot_at_once_and_the_next_one_after_the_gap():
    state = RateState()
    assert state.take_fast(RATE.gap, NOW, LONG) == NOW
    assert state.take_fast(RATE.gap, NOW, LONG) == NOW + RATE.gap
    assert (state.last_now, state.next_free) == (NOW, NOW + RATE.gap + RATE.gap)


@given(st.lists(st.floats(0, 0.5), min_size=1, max_size=50))
def test_the_quick_way_gives_the_slots_of_the_whole_way(gaps):
    quick, whole, now = RateState(), RateState(), NOW
    for gap in gaps:
        now += gap
        slot = whole.next_slot(RATE, now)
        whole.take_slot(RATE, slot, now)
        assert quick.take_fast(RATE.gap, now, LONG) == slot
        assert astuple(quick) == astuple(whole)


@pytest.mark.parametrize(
    ("held", "now", "deadline"),
    [
        ({"next_free": NOW + 5, "last_now": NOW}, NOW, NOW + 5),
        ({"next_free": NOW + 5, "last_now": NOW + MAX_CLOCK_SKEW + 1}, NOW, LONG),
        ({"next_free": NOW + 5, "last_now": NOW, "reduced_gap": 2.0, "reduced_until": NOW + 60}, NOW, LONG),
        ({"next_free": NOW - 5, "last_now": NOW, "reduced_gap": 2.0, "reduced_until": NOW + 60}, NOW, LONG),
    ],
    ids=["at the deadline", "a clock set back", "a reduced rate that is busy", "a reduced rate that is free"],
)
def test_what_needs_the_whole_way_takes_nothing(held, now, deadline):
    state = RateState(**held)
    assert state.take_fast(RATE.gap, now, deadline) is None
    assert state == RateState(**held)


def test_a_clock_that_is_a_little_apart_still_takes_the_quick_way():
    state = RateState(next_free=NOW + 5, last_now=NOW + MAX_CLOCK_SKEW)
    assert state.take_fast(RATE.gap, NOW, LONG) == NOW + 5
    assert state.last_now == NOW


@pytest.mark.parametrize(
    ("text", "even"), [("10/s", True), ("", True), ("10/min", False), ("10/s 9/day", False), ("10/s 5/h", False)]
)
def test_only_a_rate_without_windows_and_days_may_take_it(text, even):
    assert RateLimit.parse(text).is_gap_only is even
