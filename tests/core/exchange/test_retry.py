"""The retry policy: options of a caller, meanings of a service, and delays."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from support.exchange_world import (
    ERROR_RULES,
    NOW,
    World,
    bad,
    fail_raw,
    maybe_sent,
    nothing_sent,
    ok,
    run_raw,
)

from connector import errors
from connector.core.exchange import retry
from connector.core.exchange.retry import RetryPolicy
from connector.core.response.reply import Failure

DEFAULT = RetryPolicy(max_retries=4, delay=3.0)
CREATE = """\
action: create
label: Lamp
summary: Make a lamp.
request: POST /lamps
inputs: {}
"""


@pytest.fixture
def lamp(folder):
    return folder(ERROR_RULES, {"create": CREATE})


# Options of a caller


def test_a_call_without_a_wish_has_the_clients_policy():
    assert retry.RetryOverrides().apply(DEFAULT) is DEFAULT
    assert retry.parse_retry({}).apply(DEFAULT) == DEFAULT


def test_an_engine_waits_itself_and_the_rest_of_the_policy_stays():
    assert retry.parse_retry("engine").apply(DEFAULT) == RetryPolicy(max_retries=0, delay=3.0, engine_retries=True)


@pytest.mark.parametrize(
    ("given", "policy"),
    [
        ({"maxRetries": 0}, RetryPolicy(0, 3.0)),
        ({"maxRetries": "10"}, RetryPolicy(10, 3.0)),
        ({"retryDelayMS": 2000}, RetryPolicy(4, 2.0)),
        ({"retryDelayMS": "600000"}, RetryPolicy(4, 600.0)),
        ({"retryDelayMS": 0}, RetryPolicy(4, retry.MIN_DELAY)),
        ({"useExponentialBackoff": True}, RetryPolicy(4, None)),
        ({"useExponentialBackoff": True, "retryDelayMS": 2000}, RetryPolicy(4, None)),
        ({"useExponentialBackoff": "false"}, RetryPolicy(4, 3.0)),
        ({"retryAllErrors": "true"}, RetryPolicy(4, 3.0, all_errors=True)),
        ({"retryAllErrors": False}, RetryPolicy(4, 3.0)),
    ],
)
def test_each_of_the_four_names_changes_what_it_says_and_nothing_else(given, policy):
    assert retry.parse_retry(given).apply(DEFAULT) == policy


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        ("maxRetries", "max_retries"), ("retryDelayMS", "retry_delay_ms"),
        ("useExponentialBackoff", "use_exponential_backoff"), ("retryAllErrors", "retry_all_errors"),
    ],
)  # fmt: skip
def test_each_name_may_be_written_in_snake_case_and_once(name, spelling):
    value = 1 if name in retry.RETRY_INPUTS[:2] else True
    assert retry.parse_retry({spelling: value}) == retry.parse_retry({name: value})
    with pytest.raises(errors.InputError) as caught:
        retry.parse_retry({name: value, spelling: value})
    [problem] = caught.value.problems
    assert (problem.field, problem.got) == (f"retry.{name}", f"two values: as {name} and as {spelling}")


def test_what_is_not_given_stays_with_every_other_part_of_the_policy():
    default = RetryPolicy(3, None, all_errors=True, idempotency_key="k-1")
    assert retry.parse_retry({"maxRetries": 1}).apply(default) == RetryPolicy(
        1, None, all_errors=True, idempotency_key="k-1"
    )
    assert retry.parse_retry({"retryAllErrors": False}).apply(default).all_errors is False
    assert retry.policy_from_inputs(default, {"maxRetries": 99}).max_retries == 10, (
        "an action's own inputs have no more"
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"maxRetries": -1}, "0 to 10"),
        ({"maxRetries": 11}, "0 to 10"),
        ({"retryDelayMS": -1}, "0 to 600000 milliseconds"),
        ({"retryDelayMS": 600_001}, "0 to 600000 milliseconds"),
        ({"tries": 3}, "one of maxRetries, retryDelayMS, useExponentialBackoff, retryAllErrors"),
    ],
)
def test_what_no_policy_can_be_is_told_by_its_name_with_what_can_be(given, expected):
    with pytest.raises(errors.InputError) as caught:
        retry.parse_retry(given)
    (problem,) = caught.value.problems
    assert (problem.field, problem.expected) == (f"retry.{next(iter(given))}", expected)


def test_every_problem_of_a_policy_is_told_with_what_was_given():
    given = {"maxRetries": "often", "retryDelayMS": 1.5, "useExponentialBackoff": "so", "retryAllErrors": 2}
    with pytest.raises(errors.InputError) as caught:
        retry.parse_retry(given)
    assert {one.field: one.got for one in caught.value.problems} == {
        f"retry.{name}": json.dumps(value) for name, value in given.items()
    }
    assert all(one.expected and one.fix for one in caught.value.problems)
    assert str(caught.value).startswith("retry: 4 problems, nothing was sent.")


@pytest.mark.parametrize("given", ["engines", "", 3, ["engine"], True])
def test_what_is_no_policy_at_all_is_a_wrong_argument(given):
    with pytest.raises(errors.UsageError, match="is not valid"):
        retry.parse_retry(given)


# Meanings of a service


@pytest.mark.parametrize("reply", [bad(400, "B"), bad(400, "R"), bad(429), bad(425), bad(503, retry_after="1")])
def test_what_was_not_processed_is_sent_again_whatever_its_method(lamp, reply):
    for method in ("POST", "GET"):
        world = World(reply, ok({}))
        run_raw(lamp, world, method)
        assert len(world.sends) == 2


@pytest.mark.parametrize("reply", [bad(400, "S"), bad(429, "S"), bad(503, "S", retry_after="1"), bad(400, "D")])
def test_what_only_a_person_or_the_next_day_can_help_is_never_sent_again(lamp, reply):
    world = World(reply)
    fail_raw(lamp, world, "GET", all_errors=True, max_retries=5)
    assert len(world.sends) == 1


def test_a_reply_with_a_meaning_is_repeated_for_what_it_means_not_for_its_status(lamp):
    for reply in (bad(500, "N"), bad(500, "C"), bad(408, "N")):
        world = World(reply)
        fail_raw(lamp, world, "GET")
        assert len(world.sends) == 1


def test_a_401_without_a_meaning_is_a_stale_token_and_other_refusals_are_not(lamp):
    world = World(bad(401), ok({}), tokens=["old", "new"])
    run_raw(lamp, world)
    assert [ask.credential.secret for ask in world.sends] == ["old", "new"]
    for reply in (bad(401, "N"), bad(402), bad(403)):
        world = World(reply, ok({}), tokens=["old", "new"])
        fail_raw(lamp, world)
        assert len(world.sends) == 1


def test_what_may_help_once_is_tried_twice(zoom):
    world = World(Failure("dns", "no such name", sent="nothing", retry_once=True))
    error = fail_raw(zoom, world, "GET", max_retries=5)
    assert (len(world.sends), error.attempts) == (2, 2)


def test_a_lost_delete_that_is_gone_has_the_status_and_headers_of_the_last_reply(zoom):
    world = World(maybe_sent(), bad(404, 1001, x_zm_trackingid="t-1"))
    result = run_raw(zoom, world, "DELETE")
    assert (result.status, result.request_id, result.data) == (404, "t-1", {})
    error = fail_raw(zoom, World(maybe_sent(), bad(404, 1001)), "PUT")
    assert type(error) is errors.NotFound


# Delays


@pytest.mark.parametrize(("asked", "spread"), [("1", 0.2), ("4", 0.5), ("9", 1.0), ("40", 1.0)])
def test_a_service_that_says_when_is_waited_for_and_callers_are_spread_a_little(zoom, asked, spread):
    world = World(bad(429, retry_after=asked), ok({}))
    run_raw(zoom, world)
    (wait,) = world.waits
    assert (wait.min_delay, wait.jitter) == (float(asked), pytest.approx(spread))


def test_a_backoff_doubles_up_to_twenty_seconds(zoom):
    world = World(bad(500))
    fail_raw(zoom, world, "GET", max_retries=9)
    ceilings = [wait.min_delay + wait.jitter for wait in world.waits]
    assert ceilings == pytest.approx([0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0, 20.0])
    assert {wait.min_delay for wait in world.waits} == {0.05}


def test_a_delay_that_was_asked_for_is_the_same_each_time_unless_the_service_says_when(zoom):
    world = World(bad(500), bad(503, retry_after="7"), nothing_sent(), ok({}))
    run_raw(zoom, world, "GET", max_retries=5, delay=2.5)
    assert [wait.min_delay for wait in world.waits] == [2.5, 7.0, 2.5]
    assert [wait.jitter for wait in world.waits][::2] == [0.0, 0.0]


def test_an_engine_is_told_the_delay_and_the_errors_that_the_caller_asks_for(zoom):
    error = fail_raw(zoom, World(bad(500)), "GET", max_retries=0, delay=7.0, engine_retries=True)
    assert error.retry_at == datetime.fromtimestamp(NOW + 7, UTC)
    plain = fail_raw(zoom, World(bad(409)), "POST", max_retries=0, engine_retries=True)
    asked = fail_raw(zoom, World(bad(409)), "POST", max_retries=0, all_errors=True, engine_retries=True)
    assert (plain.retryable, asked.retryable) == (False, True)
    assert (plain.retry_at is None, asked.retry_at is None) == (True, False)


def test_an_engine_is_told_a_second_from_now_or_what_the_service_says(zoom):
    error = fail_raw(zoom, World(bad(500)), "GET", max_retries=0, engine_retries=True)
    assert error.retry_at == datetime.fromtimestamp(NOW + 1, UTC)
    error = fail_raw(zoom, World(bad(503, retry_after="7")), "GET", max_retries=0, engine_retries=True)
    assert error.retry_at == datetime.fromtimestamp(NOW + 7, UTC)
    error = fail_raw(zoom, World(bad(400)), "GET", max_retries=0, engine_retries=True)
    assert (error.retryable, error.retry_at) == (False, None)


def test_who_waits_himself_is_told_no_time_that_nobody_said(zoom):
    error = fail_raw(zoom, World(bad(500)), "GET", max_retries=1)
    assert (error.retryable, error.retry_at) == (True, None)


def test_an_engine_never_has_a_call_wait_however_many_repeats_it_allows(zoom):
    world = World(bad(503, retry_after="7"))
    fail_raw(zoom, world, "GET", max_retries=5, engine_retries=True)
    assert len(world.sends) == 1


def test_without_a_word_a_policy_is_two_repeats_with_backoff_and_no_more_than_is_safe():
    assert RetryPolicy() == RetryPolicy(
        max_retries=2, delay=None, all_errors=False, engine_retries=False, idempotency_key=None
    )
    assert retry.Attempt(RetryPolicy(), 1).reply_lost is False
