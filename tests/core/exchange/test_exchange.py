"""The exchange, driven by hand: its asks in order, and the result or error of the call."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from support.exchange_world import NOW, TYPED, World, bad, maybe_sent, nothing_sent, ok, ready

from connector import errors
from connector.core.exchange import exchange
from connector.core.exchange.asks import AcquireSlot, GetToken, SendRequest, Sleep, YieldPage
from connector.core.response.reply import Reply


def call(zoom, world, action="getUser", given=None, **options):
    plan, request, how = ready(zoom, action, given or {"userId": "me"}, **options)
    return world.drive(exchange.run_call(plan, request, how, NOW + how.timeout, NOW))


def fail_call(zoom, world, *args, **options):
    with pytest.raises(errors.ConnectorError) as caught:
        call(zoom, world, *args, **options)
    return caught.value


def test_a_call_asks_for_a_token_a_slot_and_one_sending(zoom):
    world = World(ok({"id": "u1"}))
    result = call(zoom, world)
    assert [type(ask) for ask in world.asks] == [GetToken, AcquireSlot, SendRequest]
    assert world.asks[0] == GetToken(None, NOW + 60)
    assert world.asks[1].rates == ("light",)
    assert (result.data, result.attempts, result.outcome) == ({"id": "u1"}, 1, "done")


def test_a_stale_token_is_refreshed_once_and_the_replay_is_no_attempt(zoom):
    world = World(bad(401, 124), ok({"id": "u1"}), tokens=["old", "new"])
    result = call(zoom, world)
    assert [ask.rejected_token for ask in world.of(GetToken)] == [None, "old"]
    assert [ask.credential.secret for ask in world.sends] == ["old", "new"]
    assert result.attempts == 1
    assert not world.waits


def test_a_401_on_a_write_is_replayed_since_it_was_not_processed(zoom):
    world = World(bad(401, 124), ok({"id": 1}, 201), tokens=["old", "new"])
    call(zoom, world, "createMeeting", {"userId": "me"})
    assert len(world.sends) == 2


def test_a_second_401_is_an_error_of_this_call_only(zoom):
    world = World(bad(401, 124, "Access token is expired."), tokens=["old", "new"])
    error = fail_call(zoom, world)
    assert type(error) is errors.SignInError
    assert (len(world.sends), len(world.of(GetToken))) == (2, 2)
    assert (error.status, error.code, error.outcome, error.retryable) == (401, 124, "rejected", False)
    assert "connect again" in error.hint


def test_a_refreshed_token_may_still_meet_other_errors_and_retries(zoom):
    world = World(bad(401, 124), bad(503), bad(401, 124), tokens=["a", "b", "c"])
    error = fail_call(zoom, world)
    assert type(error) is errors.SignInError
    assert [ask.credential.secret for ask in world.sends] == ["a", "b", "c"]


def test_the_token_code_with_another_status_is_a_stale_token_too(zoom):
    world = World(bad(400, 124, "Invalid access token."), ok({}), tokens=["a", "b"])
    call(zoom, world)
    assert len(world.sends) == 2
    error = fail_call(zoom, World(bad(400, 124, "Invalid access token.")))
    assert type(error) is errors.SignInError


def test_a_token_that_cannot_be_renewed_is_not_asked_for_again(zoom):
    world = World(bad(401, 124), renewable=False)
    assert type(fail_call(zoom, world)) is errors.SignInError
    assert len(world.sends) == 1


def test_a_missing_scope_is_told_by_name_and_never_retried(zoom):
    world = World(bad(400, 4711, "Invalid access token, does not contain scopes:[user:read:user, user:read:admin]."))
    error = fail_call(zoom, world)
    assert type(error) is errors.SignInError
    assert error.scopes == ("user:read:user", "user:read:admin")
    assert "user:read:user" in error.hint
    assert len(world.sends) == 1


@pytest.mark.parametrize("refused", [errors.SignInError("Sign in."), errors.DeadlineError("Too late.")])
def test_no_token_no_sending(zoom, refused):
    world = World(ok({}), tokens=[refused])
    assert fail_call(zoom, world) is refused
    assert not world.sends


def test_a_rate_slot_in_the_future_is_waited_for_before_sending(zoom):
    world = World(ok({}), gaps=[2.5])
    call(zoom, world)
    assert [type(ask) for ask in world.asks] == [GetToken, AcquireSlot, Sleep, AcquireSlot, SendRequest]
    assert world.waits == [Sleep(2.5, 0.0, "rate budget")]
    assert [ask.reserved_at for ask in world.of(AcquireSlot)] == [None, NOW]


def test_a_refused_rate_slot_ends_the_call_unsent(zoom):
    refused = errors.RateLimited("The budget is used up.")
    world = World(ok({}), gaps=[refused])
    assert fail_call(zoom, world) is refused
    assert not world.sends


def test_retry_after_in_seconds_is_a_least_wait(zoom):
    world = World(bad(429, retry_after="7"), ok({"id": 1}))
    result = call(zoom, world)
    (wait,) = world.waits
    assert wait.min_delay == 7.0
    assert wait.jitter > 0
    assert result.attempts == 2


@pytest.mark.parametrize(
    "text",
    [
        datetime.fromtimestamp(NOW + 30, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"),
        datetime.fromtimestamp(NOW + 30, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        datetime.fromtimestamp(NOW + 30, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        datetime.fromtimestamp(NOW + 30, UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        datetime.fromtimestamp(NOW + 30 + 7200, UTC).strftime("%Y-%m-%dT%H:%M:%S+02:00"),
        "30",
    ],
)
def test_every_form_of_retry_after_is_understood(zoom, text):
    world = World(bad(429, retry_after=text), ok({}))
    call(zoom, world)
    assert world.waits[0].min_delay == pytest.approx(30.0)


def test_a_wait_of_ten_hours_is_one_request_and_a_time_to_come_back(zoom):
    world = World(bad(429, retry_after="36000", message="slow down"))
    error = fail_call(zoom, world)
    assert type(error) is errors.RateLimited
    assert len(world.sends) == 1
    assert not world.waits
    assert error.retry_at == datetime.fromtimestamp(NOW + 36_000, UTC)
    assert (error.retryable, error.outcome, error.attempts) == (True, "rejected", 1)


def test_a_wait_of_more_than_a_minute_is_the_callers_to_make(zoom):
    world = World(bad(429, retry_after="60"), bad(429, retry_after="61"))
    error = fail_call(zoom, world, timeout=600.0)
    assert [wait.min_delay for wait in world.waits] == [60.0]
    assert len(world.sends) == 2
    assert error.retry_at == datetime.fromtimestamp(world.now + 61, UTC)


def test_a_daily_limit_says_midnight_when_the_service_says_nothing(zoom):
    error = fail_call(zoom, World(bad(429, message="You have exceeded the daily rate limit (100)")))
    assert error.retry_at == datetime(2027, 1, 16, tzinfo=UTC)
    assert datetime(2027, 1, 15, 8, tzinfo=UTC).timestamp() == NOW


@pytest.mark.parametrize("text", ["-1", "1e9", "abc", "٣", "", "7, 9", "99999999999", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_retry_after_that_makes_no_sense_is_a_backoff_never_an_instant_loop(zoom, text):
    world = World(bad(429, retry_after=text), ok({}))
    call(zoom, world)
    (wait,) = world.waits
    assert 0 < wait.min_delay < 1
    assert wait.min_delay + wait.jitter <= 0.5


def test_a_reset_header_in_epoch_seconds_is_waited_for(zoom):
    world = World(bad(429, x_ratelimit_reset=str(int(NOW) + 4)), ok({}))
    call(zoom, world)
    assert world.waits[0].min_delay == pytest.approx(4.0)


def test_backoff_doubles_with_full_jitter_and_attempts_are_few(zoom):
    world = World(bad(500))
    error = fail_call(zoom, world)
    assert type(error) is errors.ServiceDown
    assert len(world.sends) == 3
    ceilings = [wait.min_delay + wait.jitter for wait in world.waits]
    assert ceilings == pytest.approx([0.5, 1.0])
    assert all(0 < wait.min_delay <= 0.05 for wait in world.waits)
    assert error.attempts == 3


def test_maxretries_is_the_number_of_repeats_and_zero_is_one_request(zoom):
    for most in (0, 1, 5):
        world = World(bad(500))
        fail_call(zoom, world, max_retries=most)
        assert len(world.sends) == most + 1


def test_the_next_attempt_never_begins_after_the_deadline(zoom):
    world = World(bad(503, retry_after="20"), takes=1.0)
    error = fail_call(zoom, world, timeout=30.0, max_retries=10)
    assert type(error) is errors.DeadlineError
    assert (error.limit, len(world.sends), error.attempts) == (30.0, 2, 2)
    assert error.elapsed == pytest.approx(world.now - NOW)
    assert "30 s" in str(error)
    assert error.retry_at is not None
    assert world.now < NOW + 30


def test_a_sending_that_outlives_the_deadline_is_a_deadline_error(zoom):
    error = fail_call(zoom, World(maybe_sent("read_timeout"), takes=60.0))
    assert type(error) is errors.DeadlineError
    assert (error.kind, error.outcome, error.limit, error.elapsed) == ("deadline", "rejected", 60.0, 60.0)
    error = fail_call(zoom, World(maybe_sent("read_timeout"), takes=60.0), "createMeeting")
    assert (type(error), error.outcome, error.retryable) == (errors.DeadlineError, "uncertain", False)


def test_a_rate_limit_beyond_the_deadline_says_when_to_come_back(zoom):
    error = fail_call(zoom, World(bad(429, retry_after="20")), timeout=5.0)
    assert type(error) is errors.RateLimited
    assert error.retry_at == datetime.fromtimestamp(NOW + 20, UTC)


@pytest.mark.parametrize("reply", [bad(429), bad(503), bad(500), nothing_sent(), maybe_sent()])
def test_for_an_engine_nothing_is_waited_for_and_the_time_is_told(zoom, reply):
    world = World(reply)
    error = fail_call(zoom, world, max_retries=0, engine_retries=True)
    assert len(world.sends) == 1
    assert not world.waits
    assert error.retryable
    assert error.retry_at > datetime.fromtimestamp(NOW, UTC)


def test_for_an_engine_a_lost_write_is_not_retryable(zoom):
    for reply in (maybe_sent(), bad(500), bad(502)):
        error = fail_call(zoom, World(reply), "createMeeting", max_retries=0, engine_retries=True)
        assert (error.outcome, error.retryable, error.retry_at) == ("uncertain", False, None)


def test_a_lost_delete_that_is_gone_on_the_second_try_is_done(zoom):
    for lost in (maybe_sent(), bad(500), bad(504)):
        world = World(lost, bad(404, 1001, "User does not exist"))
        result = call(zoom, world, "deleteUser")
        assert (result.outcome, result.attempts, result.data) == ("done", 2, {})


def test_a_delete_that_was_never_processed_and_is_not_there_is_not_found(zoom):
    for first in (nothing_sent(), bad(429, retry_after="1"), bad(503, retry_after="1")):
        error = fail_call(zoom, World(first, bad(404, 1001)), "deleteUser")
        assert type(error) is errors.NotFound
        assert error.outcome == "rejected"


def test_what_an_earlier_attempt_left_open_stays_open(zoom):
    given = {"userId": "me"}
    for last in (nothing_sent(), bad(400), bad(429, retry_after="36000"), bad(401, 124)):
        error = fail_call(zoom, World(maybe_sent(), last, renewable=False), "deleteUser", given)
        assert error.outcome == "uncertain"
        assert "may have succeeded" in error.hint
    refused = errors.SignInError("Sign in again.")
    error = fail_call(zoom, World(maybe_sent(), ok({}), tokens=["a", refused]), "deleteUser", given)
    assert (error, error.outcome) == (refused, "uncertain")


def test_an_idempotency_key_lets_a_write_be_repeated(zoom):
    world = World(maybe_sent(), bad(500), ok({"id": 1}, 201))
    result = call(zoom, world, "createMeeting", idempotency_key="k-1")
    assert (result.outcome, result.attempts, result.warnings) == ("done", 3, ())


def test_a_write_is_not_repeated_for_more_retries_alone(zoom):
    for lost in (maybe_sent(), bad(500), bad(502), bad(503), bad(504), bad(408)):
        world = World(lost)
        fail_call(zoom, world, "createMeeting", max_retries=10)
        assert len(world.sends) == 1


def test_only_a_raw_caller_can_have_a_write_repeated_after_any_error(zoom):
    world = World(maybe_sent())
    fail_call(zoom, world, "createMeeting", all_errors=True)
    assert len(world.sends) == 1
    world = World(maybe_sent(), bad(400), ok({}))
    result = call(zoom, world, None, {"method": "POST", "path": "/x"}, all_errors=True)
    assert len(world.sends) == 3
    assert any("more than once" in warning for warning in result.warnings)


def test_a_shared_retry_quota_that_is_used_up_gives_the_errors_own(zoom):
    world = World(bad(503), quota_error=errors.RateLimited("no quota"))
    error = fail_call(zoom, world)
    assert (type(error), error.status) == (errors.ServiceDown, 503)
    assert len(world.sends) == 1


def test_a_wait_that_is_ended_tells_what_is_known(zoom):
    for first, outcome in ((nothing_sent(), "not_sent"), (bad(429), "rejected"), (maybe_sent(), "uncertain")):
        world = World(first)
        world.stop_waiting = errors.UsageError("The client is closed.")
        error = fail_call(zoom, world, "deleteUser")
        assert (type(error), error.outcome, error.attempts) == (errors.UsageError, outcome, 1)
        assert len(world.sends) == 1


def test_an_attempt_of_its_own_time_limit_ends_before_the_deadline(zoom):
    plan, request, how = ready(zoom, "rawRequest", {"method": "GET", "url": "/users/me", "timeout": "1500"})
    world = World(maybe_sent("read_timeout"), ok({}), takes=1.5)
    world.drive(exchange.run_call(plan, request, how, NOW + 60, NOW))
    assert world.sends[0].deadline == NOW + 1.5
    assert world.sends[1].deadline == world.waits[0].min_delay + world.waits[0].jitter + NOW + 1.5 + 1.5


@pytest.mark.parametrize("stop", [GetToken, AcquireSlot, SendRequest, Sleep])
def test_cancelling_ends_a_run_at_any_ask_and_asks_nothing_more(zoom, stop):
    plan, request, how = ready(zoom, "getUser", {"userId": "me"})
    run = exchange.run_call(plan, request, how, NOW + 60, NOW)
    world = World(bad(503))
    ask = next(run)
    while not isinstance(ask, stop):
        ask = run.send((NOW, world._answer(ask)))
    run.close()
    with pytest.raises(StopIteration):
        run.send((NOW, None))


def test_a_lost_token_never_shows_in_what_the_service_sends_back(zoom):
    token = "tok-canary-9f8e7d"
    world = World(bad(400, 300, f"the header Bearer {token} is odd, {token}"), tokens=[token])
    error = fail_call(zoom, world)
    assert token not in str(error) + repr(error) + repr(vars(error)) + error.message
    assert "***" in str(error)


# Pages


def listing(zoom, world, given=None, action="listUsers", run=exchange.collect_pages, **options):
    plan, request, how = ready(zoom, action, given or {}, **options)
    return world.drive(run(plan, request, how, NOW))


def page(users, token, **more):
    return ok({"page_size": 300, "next_page_token": token, "users": users, **more})


def _sent_values(world):
    return [dict(ask.request.query) for ask in world.sends]


def test_pages_are_merged_into_the_first_ones_shape(zoom):
    world = World(page([1, 2], "A", total_records=5), page([3], "B"), page([], "C"), page([4, 5], ""))
    result = listing(zoom, world, {"status": "inactive"})
    assert result.data == {"page_size": 300, "next_page_token": "", "users": [1, 2, 3, 4, 5], "total_records": 5}
    assert (result.complete, result.pages, result.attempts) == (True, 4, 4)
    assert [sent.get("next_page_token") for sent in _sent_values(world)] == [None, "A", "B", "C"]
    assert all(sent["status"] == "inactive" and sent["page_size"] == "2000" for sent in _sent_values(world))


@pytest.mark.parametrize("ending", [{"next_page_token": ""}, {"next_page_token": None}, {}])
def test_no_cursor_is_the_end(zoom, ending):
    result = listing(zoom, World(ok({"users": [1], **ending})))
    assert result.complete
    assert result.data["users"] == [1]


def test_a_cursor_may_be_a_number_and_a_missing_list_is_an_empty_page(zoom):
    world = World(ok({"users": [1], "next_page_token": 17}), ok({"next_page_token": "B", "users": None}), page([2], ""))
    assert listing(zoom, world).data["users"] == [1, 2]
    assert _sent_values(world)[1]["next_page_token"] == "17"


@pytest.mark.parametrize(("cursors", "requests"), [("AA", 2), ("ABAB", 3), ("ABCB", 4)])
def test_a_cursor_that_comes_back_is_an_error_with_all_that_was_read(zoom, cursors, requests):
    world = World(*(page([place], cursor) for place, cursor in enumerate(cursors)))
    with pytest.raises(errors.PageError) as caught:
        listing(zoom, world)
    error = caught.value
    assert len(world.sends) == requests
    assert error.result.data["users"] == list(range(requests))
    assert not error.result.complete
    assert error.pages == requests
    assert error.hint


def test_a_cursor_that_expires_midway_keeps_what_was_read(zoom):
    world = World(page([1], "A"), page([2], "B"), bad(400, 300, "The next page token is invalid or expired."))
    with pytest.raises(errors.PageError) as caught:
        listing(zoom, world)
    error = caught.value
    assert error.result.data["users"] == [1, 2]
    assert error.result.data["next_page_token"] == "B"
    assert (error.cursor, error.pages, error.result.complete) == ("B", 2, False)
    assert len(world.sends) == 3


@pytest.mark.parametrize("trouble", [bad(429, retry_after="1"), bad(503), maybe_sent(), nothing_sent(), bad(401, 124)])
def test_trouble_on_a_page_resumes_at_that_page(zoom, trouble):
    world = World(page([1], "A"), trouble, page([2], ""), tokens=["a", "b", "c"])
    assert listing(zoom, world).data["users"] == [1, 2]
    assert [sent.get("next_page_token") for sent in _sent_values(world)] == [None, "A", "A"]


def test_a_limit_counts_items_and_asks_for_no_more_than_it_takes(zoom):
    world = World(page([1, 2], "A"))
    result = listing(zoom, world, limit=2)
    assert result.data == {"page_size": 300, "next_page_token": "A", "users": [1, 2]}
    assert not result.complete
    assert _sent_values(world) == [{"status": "active", "page_size": "2"}]


def test_a_limit_at_the_very_end_is_complete(zoom):
    result = listing(zoom, World(page([1, 2], "A"), page([3], "")), limit=3)
    assert (result.complete, result.data["next_page_token"], result.data["users"]) == (True, "", [1, 2, 3])


def test_a_limit_inside_a_page_keeps_the_cursor_that_brings_back_the_rest(zoom):
    world = World(page([1, 2], "A"), page([3, 4], "B"))
    result = listing(zoom, world, limit=3)
    assert result.data["users"] == [1, 2, 3]
    assert (result.complete, result.data["next_page_token"]) == (False, "A")


def test_pages_that_never_end_stop_with_all_that_was_read(zoom):
    class Endless(World):
        def _answer(self, ask):
            return page([0], f"c{len(self.sends)}") if isinstance(ask, SendRequest) else super()._answer(ask)

    world = Endless(None)
    with pytest.raises(errors.PageError, match="more than 1,000 pages") as caught:
        listing(zoom, world)
    assert len(world.sends) == 1000
    assert len(caught.value.result.data["users"]) == 1000
    assert "items()" in caught.value.hint


@pytest.mark.parametrize(
    "body", [b"null", b"[]", b"[1]", b'"text"', b"5", b'{"users": "none"}', b'{"users": {"a": 1}}']
)
def test_a_reply_that_is_no_list_is_an_error_not_an_empty_list(zoom, body):
    with pytest.raises(errors.PageError) as caught:
        listing(zoom, World(page([1], "A"), Reply(200, TYPED, body)))
    assert caught.value.result.data["users"] == [1]


@pytest.mark.parametrize("run", [exchange.collect_pages, exchange.stream_pages])
def test_a_reply_that_is_no_list_tells_its_request_and_what_may_have_sent_it(zoom, run):
    headers = (*TYPED, ("x-zm-trackingid", "v=2.0;t=1"))
    with pytest.raises(errors.PageError) as caught:
        listing(zoom, World(Reply(200, headers, b"null")), run=run)
    error = caught.value
    assert (error.attempts, error.status, error.request_id) == (1, 200, "v=2.0;t=1")
    assert "a wrong base URL, or a proxy" in error.hint


def test_an_error_on_a_later_page_counts_the_requests_of_all_pages(zoom):
    with pytest.raises(errors.NotFound) as caught:
        listing(zoom, World(page([1], "A"), page([2], "B"), bad(404)))
    assert caught.value.attempts == 3


def test_a_cursor_that_comes_back_in_a_stream_tells_the_reply_that_brought_it(zoom):
    with pytest.raises(errors.PageError) as caught:
        listing(zoom, World(page([1], "A"), page([2], "A")), run=exchange.stream_pages)
    assert (caught.value.attempts, caught.value.status) == (1, 200)


def test_an_error_instead_of_another_token_tells_the_refusal_before_it(zoom):
    refusal = errors.SignInError("No other token.")
    error = fail_call(zoom, World(bad(401, 124), tokens=["old", refusal]))
    assert error is refusal
    assert (error.attempts, error.status, error.code, error.outcome) == (1, 401, 124, "rejected")


def test_what_the_token_endpoint_answered_stays_in_its_error(zoom):
    refusal = errors.SignInError("The grant is gone.", status=400, code="invalid_grant")
    error = fail_call(zoom, World(bad(401, 124), tokens=["old", refusal]))
    assert (error.attempts, error.status, error.code, error.request_id) == (1, 400, "invalid_grant", None)


def test_a_stream_hands_out_pages_each_with_time_of_its_own(zoom):
    world = World(page([1], "A"), page([2], "B"), page([3], ""), takes=40.0)
    last = listing(zoom, world, run=exchange.stream_pages)
    assert [ask.result.data["users"] for ask in world.of(YieldPage)] == [[1], [2]]
    assert (last.data["users"], last.complete, last.pages) == ([3], True, 3)
    assert [send.deadline for send in world.sends] == [NOW + 60, NOW + 40 + 60, NOW + 80 + 60]


def test_a_merged_listing_has_one_deadline(zoom):
    world = World(page([1], "A"), page([2], "B"), maybe_sent(), takes=30.0)
    with pytest.raises(errors.DeadlineError) as caught:
        listing(zoom, world, timeout=80.0)
    assert {send.deadline for send in world.sends} == {NOW + 80}
    assert caught.value.elapsed == pytest.approx(90.0)


def test_a_stream_hands_out_the_page_that_brought_a_cursor_back(zoom):
    world = World(page([1], "A"), page([2], "A"))
    with pytest.raises(errors.PageError):
        listing(zoom, world, run=exchange.stream_pages)
    assert [ask.result.data["users"] for ask in world.of(YieldPage)] == [[1], [2]]
