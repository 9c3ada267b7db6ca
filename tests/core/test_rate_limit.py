"""Slots of rates: never above a limit, nearly all of it, first come first served, corrected by replies."""

from __future__ import annotations

import heapq

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.exchange_world import NOW

from connector.core import rate_feedback, rate_limit
from connector.core.rate_feedback import RateFeedback
from connector.core.rate_limit import DAY_SECONDS, SAFETY_FACTOR, RateLimit, RateState, RequestedRate
from connector.definition.manifest import RateLimits
from connector.errors import RateLimited

LONG = NOW + 1e6
arrivals = st.lists(st.floats(0, 40).map(lambda gap: gap**3 / 640), min_size=1, max_size=400)  # many small, some large


def requested(text, name="light", **how):
    return RequestedRate(name, RateLimit.parse(text, **how), RateState())


def arrival_times(gaps):
    now, found = NOW, []
    for gap in gaps:
        now += gap
        found.append(now)
    return found


def max_within(slots, seconds):
    """The largest number of slots in any stretch of `seconds`."""
    first, most = 0, 0
    for last, slot in enumerate(slots):
        while slot - slots[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.parametrize(
    ("text", "most", "seconds"),
    [("30/s", 30, 1), ("1/s", 1, 1), ("10/min", 10, 60), ("7/10s", 7, 10), ("1000/2min", 1000, 120), ("250/s", 250, 1), ("350/min", 350, 60)],
)  # fmt: skip
@given(gaps=arrivals)
def test_no_stretch_of_time_holds_more_slots_than_the_limit(text, most, seconds, gaps):
    one = requested(text)
    slots = [rate_limit.acquire_slots([one], now, LONG) for now in arrival_times(gaps)]
    assert max_within(slots, seconds) <= most
    assert slots == sorted(slots)
    assert all(slot >= now for slot, now in zip(slots, arrival_times(gaps), strict=True))


@pytest.mark.parametrize(("text", "most", "seconds"), [("30/s", 30, 1), ("10/min", 10, 60), ("1000/2min", 1000, 120)])
def test_who_asks_for_more_than_there_is_uses_nearly_all_of_it(text, most, seconds):
    one = requested(text)
    slots = [rate_limit.acquire_slots([one], NOW, LONG) for _ in range(most * 20 + 1)]
    assert most * 20 * 0.97 <= most * 20 * seconds * 20 / (slots[-1] - NOW) <= most * 20


def test_a_limit_by_the_minute_may_be_used_at_once_and_one_by_the_second_evenly():
    one = requested("10/min")
    assert [rate_limit.acquire_slots([one], NOW, LONG) for _ in range(10)] == [NOW] * 10
    assert rate_limit.acquire_slots([one], NOW, LONG) == pytest.approx(NOW + 60 * SAFETY_FACTOR)
    two = requested("10/s")
    slots = [rate_limit.acquire_slots([two], NOW, LONG) for _ in range(10)]
    assert [round(slot - NOW, 4) for slot in slots] == [round(0.1 * SAFETY_FACTOR * number, 4) for number in range(10)]


@given(
    gaps=st.lists(st.floats(0, 9000), min_size=1, max_size=100), reset=st.sampled_from(["00:00Z", "07:30Z", "23:59Z"])
)
def test_no_day_holds_more_than_its_limit_and_a_used_up_day_says_when_the_next_begins(gaps, reset):
    one = requested("5/day", "cap", reset=reset)
    day = one.rate.daily_limits[0]
    taken = []
    for now in arrival_times(gaps):
        got = rate_limit.acquire_slots([one], now, now + DAY_SECONDS * 3)
        if isinstance(got, RateLimited):
            assert got.retry_at.timestamp() == day.end_of_day(day.day_number(now))
            assert f"{got.retry_at:%H:%MZ}" == reset
            assert (got.outcome, got.retryable) == ("not_sent", True)
        else:
            assert got == now
            taken.append(day.day_number(now))
    assert max((taken.count(number) for number in taken), default=0) <= 5
    assert all(taken.count(day.day_number(now)) for now in arrival_times(gaps))


@given(gaps=arrivals, until=st.floats(0, 3))
def test_no_slot_lies_behind_the_deadline_and_a_refusal_takes_none(gaps, until):
    one, free = requested("4/s"), requested("4/s")
    for now in arrival_times(gaps):
        got = rate_limit.acquire_slots([one], now, now + until)
        if isinstance(got, RateLimited):
            assert got.retry_at.timestamp() >= now + until - 1e-3
        else:
            assert got == rate_limit.acquire_slots([free], now, LONG)  # as if the refused had never asked
            assert got == now or got < now + until


def test_a_refusal_names_no_value():
    one = requested("1/day", "per-host:ada@example.com")
    rate_limit.acquire_slots([one], NOW, LONG)
    error = rate_limit.acquire_slots([one], NOW, LONG)
    assert "per-host" in str(error)
    assert "ada" not in repr(vars(error)) + str(error)


def test_who_is_refused_by_a_cap_takes_no_slot_of_the_tier():
    tier, cap = requested("1/s"), requested("1/day", "cap:a")
    assert rate_limit.acquire_slots([tier, cap], NOW, LONG) == NOW
    assert isinstance(rate_limit.acquire_slots([tier, cap], NOW, LONG), RateLimited)
    assert rate_limit.acquire_slots([tier, requested("1/day", "cap:b")], NOW, LONG) == pytest.approx(
        NOW + SAFETY_FACTOR
    )


def test_a_rate_that_is_far_behind_holds_nobody_else_up():
    tier, cap = requested("1/s"), requested("1/min", "cap:a")
    rate_limit.acquire_slots([tier, cap], NOW, LONG)
    assert rate_limit.acquire_slots([tier, cap], NOW, LONG) == pytest.approx(NOW + 60 * SAFETY_FACTOR)
    assert rate_limit.acquire_slots([tier], NOW, LONG) < NOW + 3


def test_a_closed_rate_has_its_next_slots_when_it_opens_one_after_the_other():
    one = requested("2/s")
    rate_feedback.apply_feedback([one], RateFeedback(NOW + 7), NOW)
    assert rate_limit.acquire_slots([one], NOW, LONG) == NOW + 7
    assert rate_limit.acquire_slots([one], NOW, LONG) == pytest.approx(NOW + 7 + SAFETY_FACTOR / 2)
    error = rate_limit.acquire_slots([one], NOW, NOW + 5)
    assert "closed light" in str(error)
    assert error.retry_at.timestamp() == pytest.approx(NOW + 7 + SAFETY_FACTOR)


def test_who_waits_for_a_slot_of_a_rate_that_is_closed_meanwhile_takes_another_in_the_same_order():
    one = requested("1/s")
    mine = [rate_limit.acquire_slots([one], NOW, LONG) for _ in range(5)]
    rate_feedback.apply_feedback([one], RateFeedback(NOW + 30), NOW + 0.5)
    anew = [rate_limit.revalidate_slots([one], NOW, slot, LONG) for slot in mine[1:]]
    assert anew == pytest.approx([NOW + 30 + SAFETY_FACTOR * number for number in range(4)])
    assert (
        rate_limit.revalidate_slots([one], NOW + 3, anew[0], LONG) == anew[0]
    )  # taken after it was closed, so it is good


def test_a_slot_that_was_lost_to_a_closing_does_not_count_for_the_day():
    one = requested("1/s 5/day")
    mine = [rate_limit.acquire_slots([one], NOW, LONG) for _ in range(4)]
    rate_feedback.apply_feedback([one], RateFeedback(NOW + 10), NOW + 0.5)
    for slot in mine[1:]:
        rate_limit.revalidate_slots([one], NOW, slot, LONG)
    assert one.state.daily_counts[0][1] == 4


def test_many_replies_to_what_was_under_way_close_a_rate_once():
    one = requested("10/s")
    rate_feedback.apply_feedback([one], RateFeedback(NOW + 7), NOW)
    first = rate_limit.acquire_slots([one], NOW, LONG)
    rate_feedback.apply_feedback([one], RateFeedback(NOW + 7.2), NOW + 0.2)
    assert rate_limit.revalidate_slots([one], NOW + 0.1, first, LONG) == first


def test_a_smaller_limit_slows_a_tier_for_a_day_and_a_larger_one_changes_nothing():
    one = requested("80/s")
    rate_feedback.apply_feedback([one], RateFeedback(gap=SAFETY_FACTOR / 30), NOW)
    slots = [rate_limit.acquire_slots([one], NOW, LONG) for _ in range(31)]
    assert slots[-1] - NOW == pytest.approx(SAFETY_FACTOR, abs=1e-4)
    later = NOW + DAY_SECONDS + 2
    slots = [rate_limit.acquire_slots([one], later, LONG + DAY_SECONDS) for _ in range(81)]
    assert slots[-1] - later == pytest.approx(SAFETY_FACTOR, abs=1e-4)
    rate_feedback.apply_feedback([one], RateFeedback(gap=SAFETY_FACTOR / 500), later)
    assert one.state.reduced_gap == pytest.approx(SAFETY_FACTOR / 30)


def test_a_long_wait_is_that_of_the_cap_and_a_short_one_of_the_tier():
    tier, cap, other = requested("30/s"), requested("100/day", "per-host:a"), requested("100/day", "per-host:b")
    rate_feedback.apply_feedback([tier, cap], RateFeedback(NOW + 3600), NOW)
    assert isinstance(rate_limit.acquire_slots([tier, cap], NOW, NOW + 60), RateLimited)
    assert rate_limit.acquire_slots([tier, other], NOW, NOW + 60) == NOW
    rate_feedback.apply_feedback([tier, cap], RateFeedback(NOW + 7), NOW)
    assert rate_limit.acquire_slots([tier, other], NOW, NOW + 60) == NOW + 7


def test_a_clock_that_was_set_back_makes_nobody_wait_for_it():
    one = requested("10/s 10/min")
    for _ in range(5):
        rate_limit.acquire_slots([one], NOW, LONG)
    assert rate_limit.acquire_slots([one], NOW - 3600, NOW) < NOW - 3590


def test_a_plan_holds_in_full_and_no_plan_means_the_most_generous_pace_without_days(zoom):
    declared = zoom.manifest.rates
    pro, unknown = rate_limit.build_rate_table(declared, "pro"), rate_limit.build_rate_table(declared, None)
    assert pro["heavy"] == RateLimit(SAFETY_FACTOR / 10, (), (rate_limit.DailyLimit(30000, 0.0),))
    assert unknown["heavy"] == RateLimit(SAFETY_FACTOR / 40)
    assert unknown["resource-intensive"].windows[0].max_requests == 20
    assert (
        pro["meetings-per-host"]
        == unknown["meetings-per-host"]
        == RateLimit(daily_limits=(rate_limit.DailyLimit(100, 0.0),))
    )
    assert "phone-light" not in rate_limit.build_rate_table(declared, "free")


def test_a_line_ends_when_it_says_nothing_more():
    one = requested("2/s 10/min 5/day", reset="06:00Z")
    rate_limit.acquire_slots([one], NOW, LONG)
    assert one.state.expires_at(one.rate) == one.rate.daily_limits[0].end_of_day(
        one.rate.daily_limits[0].day_number(NOW)
    )
    two = requested("2/s 10/min")
    rate_limit.acquire_slots([two], NOW, LONG)
    assert two.state.expires_at(two.rate) == pytest.approx(NOW + 60 * SAFETY_FACTOR)


def test_a_closing_forgets_no_slot_that_was_used_and_none_that_is_free_for_long():
    one = requested("2/min")
    mine = [rate_limit.acquire_slots([one], NOW, LONG) for _ in range(8)]
    rate_feedback.apply_feedback([one], RateFeedback(NOW + 30), NOW + 0.5)
    anew = [rate_limit.revalidate_slots([one], NOW, NOW + 30, LONG) for _ in mine[2:]]
    assert NOW + 60 * SAFETY_FACTOR <= anew[0] == anew[1] <= NOW + 60 * SAFETY_FACTOR + 0.5  # the first two were used
    assert anew[-1] <= NOW + 3 * 60 * SAFETY_FACTOR + 0.6


@pytest.mark.parametrize(("text", "most", "seconds"), [("4/s", 4, 1), ("6/min", 6, 60), ("350/min", 350, 60)])
@given(moves=st.lists(st.tuples(st.floats(0, 25), st.integers(0, 9), st.none() | st.floats(1, 80)), max_size=40))
def test_whatever_is_closed_when_no_stretch_of_time_sees_more_than_the_limit(text, most, seconds, moves):
    one, now, waiting, used = requested(text), NOW, [], []

    def wake(until):
        while waiting and waiting[0][0] <= until:
            slot, since = heapq.heappop(waiting)
            got = rate_limit.revalidate_slots([one], since, slot, LONG)
            if got == slot:
                used.append(slot)
            else:
                heapq.heappush(waiting, (got, slot))

    for gap, callers, closed in moves:
        now += gap
        wake(now)
        for _ in range(callers):
            heapq.heappush(waiting, (rate_limit.acquire_slots([one], now, LONG), now))
        wake(now)  # whose slot is now has gone before the service says anything
        if closed is not None:
            rate_feedback.apply_feedback([one], RateFeedback(now + closed), now)
    wake(LONG)
    assert len(used) == sum(callers for _, callers, _ in moves)
    assert max_within(sorted(used), seconds) <= most


weighted_arrivals = st.lists(st.tuples(st.floats(0, 5), st.integers(1, 9)), min_size=1, max_size=150)


@pytest.mark.parametrize(("text", "most", "seconds"), [("9/10s", 9, 10), ("350/2m", 350, 120), ("1500/h", 1500, 3600)])
@given(arrivals=weighted_arrivals)
def test_no_stretch_of_time_holds_more_weight_than_the_limit(text, most, seconds, arrivals):
    one, taken = requested(text), []
    now = NOW
    for gap, weight in arrivals:
        now += gap
        slot = rate_limit.acquire_slots([one], now, LONG, weight)
        taken += [slot] * weight
    assert max_within(taken, seconds) <= most


def test_a_request_that_counts_as_several_takes_as_many_slots_of_a_second_and_a_day():
    one = requested("10/s 10/day")
    assert rate_limit.acquire_slots([one], NOW, LONG, 8) == NOW
    assert rate_limit.acquire_slots([one], NOW, LONG, 1) == pytest.approx(NOW + 0.8 * SAFETY_FACTOR)
    error = rate_limit.acquire_slots([one], NOW, LONG, 2)
    assert isinstance(error, RateLimited)
    assert rate_limit.acquire_slots([one], NOW, LONG, 1) == pytest.approx(NOW + 0.9 * SAFETY_FACTOR)


def test_a_slot_that_a_closed_rate_took_back_gives_all_its_weight_back():
    one = requested("10/day")
    rate_limit.acquire_slots([one], NOW, LONG, 6)
    one.state.close_until(NOW + 5, NOW + 1)
    assert rate_limit.revalidate_slots([one], NOW, NOW + 1, LONG, 6) == NOW + 5
    assert rate_limit.acquire_slots([one], NOW + 6, LONG, 4) == NOW + 6


@pytest.mark.parametrize(
    ("text", "at_once", "per_second"),
    [("5 at once", 5, float("inf")), ("2/s 5 at once", 5, 2 / SAFETY_FACTOR), ("9 at once 5 at once", 5, float("inf"))],
)
def test_how_many_are_on_their_way_stands_beside_how_many_leave(text, at_once, per_second):
    rate = RateLimit.parse(text)
    assert (rate.at_once, rate.per_second) == (at_once, pytest.approx(per_second))
    assert RateLimit.parse("2/s").at_once is None


def test_of_two_plans_the_one_with_more_at_once_is_the_more_generous():
    settings = RateLimits(plans={"small": {"calls": "5 at once"}, "large": {"calls": "9 at once"}})
    assert rate_limit.build_rate_table(settings, None)["calls"].at_once == 9
    assert rate_limit.build_rate_table(settings, "small")["calls"].at_once == 5
