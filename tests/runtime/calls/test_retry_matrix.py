"""The fault matrix over real sockets, by both clients: what is sent again after a reply, and what is said when not.

The names begin with the row.
"""

from __future__ import annotations

import asyncio
import json
import threading

import pytest
from support import servers
from support.pace import WIDE

from connector import AsyncClient, Client, Connection, errors

READS = {
    "GET": ("run", "getUser", {"userId": "u1"}),
    "PUT": ("request", "PUT", "/users/u1/presence_status"),
    "DELETE": ("run", "deleteUser", {"userId": "u1"}),
}
WRITES = {
    "POST": ("run", "createMeeting", {"userId": "u1", "topic": "Standup"}),
    "PATCH": ("run", "updateMeeting", {"meetingId": 1, "topic": "Standup"}),
    "raw POST": ("request", "POST", "/users/u1/meetings"),
    "raw PATCH": ("request", "PATCH", "/meetings/1"),
}
EVERY = {**READS, **WRITES}
DOWN = (500, 502, 503, 504)
FINE = servers.reply(200, {"id": "m1"})


def play(one, call, **options):
    kind, *words = call
    return getattr(one, kind)(*words, **options)


@pytest.mark.parametrize("status", DOWN)
@pytest.mark.parametrize("name", EVERY)
def test_f26_a_service_that_is_down_sees_a_write_once_and_all_else_three_times(runner, server, clock, name, status):
    server.always(servers.reply(status, {"code": status, "message": "down"}))
    with pytest.raises(errors.ServiceDown) as caught:
        play(runner(server.url, clock=clock), EVERY[name])
    error = caught.value
    assert server.count == error.attempts == (3 if name in READS else 1)
    assert {one.method for one in server.requests} == {name.removeprefix("raw ")}
    assert error.outcome == ("rejected" if name == "GET" else "uncertain")
    assert error.retryable == (name in READS)
    assert (error.status, error.code, error.message) == (status, status, "down")


@pytest.mark.parametrize("status", DOWN)
@pytest.mark.parametrize("name", READS)
def test_f26_what_may_be_repeated_comes_through(runner, server, clock, name, status):
    server.then(servers.reply(status, {}), servers.reply(status, {})).always(FINE)
    result = play(runner(server.url, clock=clock), EVERY[name])
    assert (server.count, result.attempts, result.outcome) == (3, 3, "done")


@pytest.mark.parametrize("name", EVERY)
def test_f26_a_503_that_names_a_time_was_not_processed_and_is_repeated_for_every_method(runner, server, clock, name):
    server.then(servers.reply(503, {}, headers=[("Retry-After", "4")])).always(FINE)
    assert play(runner(server.url, clock=clock), EVERY[name]).attempts == 2
    assert server.count == 2
    assert clock.passed >= 4


@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.999])
def test_f27_500_500_200_are_three_requests_within_their_backoff(zoom, token_connection, server, jitter):
    clock = servers.GivenClock(jitter=jitter)
    server.then(servers.reply(500, {}), servers.reply(500, {})).always(FINE)
    with Client(zoom, token_connection, base_url=server.url, clock=clock) as client:
        assert client.run(*READS["GET"][1:]).attempts == 3
    assert server.count == 3
    assert len(clock.waits) == 2
    for turn, wait in enumerate(clock.waits):
        assert 0 < wait <= 0.5 * 2**turn
    if jitter:
        assert clock.waits[0] < clock.waits[1]


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 300, errors.Rejected),
        (400, 1001, errors.NotFound),
        (403, 200, errors.Denied),
        (404, 1001, errors.NotFound),
        (404, 3001, errors.NotFound),
        (400, 3001, errors.NotFound),
        (409, 1005, errors.Rejected),
        (422, 300, errors.Rejected),
    ],
)
@pytest.mark.parametrize("name", ["GET", "DELETE", "POST", "PATCH"])
def test_f28_a_refusal_is_one_request_and_says_all_that_the_service_said(
    runner, server, clock, name, status, code, kind
):
    said = {"code": code, "message": "That will not do.", "errors": [{"field": "topic", "message": "Too long."}]}
    server.always(servers.reply(status, said, headers=[("x-zm-trackingid", "v=2.0;clid=aw1;rid=WEB_1")]))
    with pytest.raises(kind) as caught:
        play(runner(server.url, clock=clock), EVERY[name], retry={"maxRetries": 5})
    error = caught.value
    assert type(error) is kind
    assert server.count == error.attempts == 1
    assert (error.status, error.code, error.request_id) == (status, code, "v=2.0;clid=aw1;rid=WEB_1")
    assert "That will not do." in error.message
    assert "topic" in error.message
    assert (error.outcome, error.retryable) == ("rejected", False)
    told = json.loads(json.dumps(error.to_dict()))
    assert (told["status"], told["code"], told["request_id"]) == (status, code, error.request_id)
    assert str(code) in str(error)
    assert error.hint


@pytest.mark.parametrize("most", [0, 1, 3])
@pytest.mark.parametrize("fault", [servers.hang_up, lambda: servers.reply(500, {}), lambda: servers.reply(400, {})])
def test_f29_every_error_is_retried_only_where_a_raw_caller_asks_and_never_more_often(
    runner, server, clock, fault, most
):
    server.always(fault())
    one, knobs = runner(server.url, clock=clock), {"maxRetries": most, "retryAllErrors": True}
    with pytest.raises(errors.ConnectorError) as caught:
        one.request("POST", "/users/u1/meetings", data={"topic": "a"}, retry=knobs)
    assert server.count == most + 1 == caught.value.attempts
    with pytest.raises(errors.ConnectorError):
        one.run("rawRequest", {"method": "POST", "url": "/users/u1/meetings", "data": "{}", **knobs})
    assert server.count == 2 * (most + 1)
    with pytest.raises(errors.ConnectorError):
        one.run(*WRITES["POST"][1:], retry=knobs)
    assert server.count == 2 * (most + 1) + 1, "an action's write is never repeated for it"


def test_f29_a_raw_write_whose_reply_was_lost_and_that_came_through_warns(runner, server, clock):
    server.then(servers.hang_up(), servers.hang_up()).always(FINE)
    one = runner(server.url, clock=clock)
    result = one.request("POST", "/x", data={"a": 1}, retry={"maxRetries": 3, "retryAllErrors": True})
    assert (server.count, result.attempts) == (3, 3)
    assert "may have happened more than once" in " ".join(result.warnings)


@pytest.mark.parametrize(("most", "requests"), [(0, 1), ("3", 4), (10, 11), (2, 3)])
def test_f30_retries_are_as_many_as_are_asked_for(runner, server, clock, most, requests):
    server.always(servers.reply(500, {}))
    with pytest.raises(errors.ServiceDown):
        runner(server.url, clock=clock).run(*READS["GET"][1:], retry={"maxRetries": most})
    assert server.count == requests


@pytest.mark.parametrize("most", [-1, 10**9, 11, "three", 1.5, True])
def test_f30_a_number_of_retries_that_makes_no_sense_is_refused_before_anything_is_sent(runner, server, most):
    with pytest.raises(errors.InputError) as caught:
        runner(server.url).run(*READS["GET"][1:], retry={"maxRetries": most})
    assert caught.value.problems[0].field == "retry.maxRetries"
    assert server.count == 0


FAULTS = {
    "down": servers.reply(500, {}),
    "busy": servers.reply(503, {}, headers=[("Retry-After", "9")]),
    "rate": servers.reply(429, {}, headers=[("Retry-After", "9")]),
    "hours": servers.reply(429, {}, headers=[("Retry-After", "36000")]),
    "lost": servers.hang_up(),
    "refused": servers.reply(400, {"code": 300}),
    "page": servers.html(),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", ["GET", "POST"])
def test_f31_an_engine_owns_every_retry_and_is_told_what_it_needs(runner, server, clock, name, fault):
    server.always(FAULTS[fault])
    one, engine_attempts = runner(server.url, clock=clock), 3
    for _ in range(engine_attempts):
        with pytest.raises(errors.ConnectorError) as caught:
            play(one, EVERY[name], retry="engine")
        error = caught.value
        assert error.outcome in ("rejected", "uncertain")
        if fault in ("refused", "page"):
            assert not error.retryable
        elif fault in ("busy", "rate", "hours"):
            assert error.retryable
            assert error.retry_at.timestamp() >= clock.time() + 9
        else:
            assert error.retryable == (name == "GET")
            assert error.outcome == ("rejected" if name == "GET" else "uncertain")
    assert server.count == engine_attempts
    assert clock.waits == [], "nothing is waited for"


def test_f32_a_task_that_is_cancelled_in_a_backoff_sends_no_more_and_its_client_goes_on(zoom, token_connection, server):
    waiting = threading.Event()

    class Held(servers.GivenClock):
        async def sleep(self, seconds):
            waiting.set()
            await asyncio.Event().wait()

    async def main():
        async with AsyncClient(zoom, token_connection, base_url=server.url, clock=Held()) as client:
            server.then(servers.reply(500, {})).always(FINE)
            task = asyncio.create_task(client.run(*READS["GET"][1:]))
            await asyncio.to_thread(waiting.wait, WIDE)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(task, WIDE)
            assert server.count == 1
            assert (await client.run(*READS["GET"][1:])).status == 200
            assert server.count == 2

    asyncio.run(main())


@pytest.fixture
def program(zoom):
    """A connection without a person, with a cached token."""
    token = {"access_token": "token-of-a-program", "expires_at": 4e9}
    return Connection(zoom, "serverToServer", accountId="a", clientId="c", clientSecret="sssss", token=token)


class TestNobody:
    """C08: "me" is nobody where no person signed in, and the service is who says no."""

    @pytest.mark.parametrize("action", ["getUser", "listMeetings", "createMeeting", "raw"])
    def test_a_refusal_says_so(self, runner, program, server, action):
        server.always(servers.reply(404, {"code": 1001, "message": "User does not exist: me."}))
        one = runner(server.url, connection=program)
        with pytest.raises(errors.NotFound) as caught:
            one.request("GET", "/users/me") if action == "raw" else one.run(action, {"userId": "me"})
        assert '"me" is not available with a serverToServer connection' in caught.value.hint
        assert "a connection of kind oauth2" in str(caught.value)

    @pytest.mark.parametrize("user", ["u1", "me@example.com", "some-me"])
    def test_anybody_else_is_not_meant(self, runner, program, server, user):
        server.always(servers.reply(404, {"code": 1001}))
        with pytest.raises(errors.NotFound) as caught:
            runner(server.url, connection=program).run("getUser", {"userId": user})
        assert "nobody" not in caught.value.hint

    def test_where_a_person_signed_in_it_is_that_person(self, runner, server):
        server.always(servers.reply(404, {"code": 1001}))
        with pytest.raises(errors.NotFound) as caught:
            runner(server.url).run("getUser", {"userId": "me"})
        assert "nobody" not in caught.value.hint

    def test_a_service_that_knows_better_is_believed(self, runner, program, server):
        assert runner(server.url, connection=program).run("getUser", {"userId": "me"}).status == 200


class TestTimesAhead:
    """C15: a time in the past or far away is sent, and the result warns of it."""

    NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z, where the given clock begins

    @pytest.mark.parametrize(
        ("time", "said"),
        [
            ("2001-01-01T00:00:00Z", "is in the past"),
            ("2027-01-15T07:59:59Z", "is in the past"),
            ("2027-01-15T08:00:01Z", ""),
            ("2027-01-14T20:00:01", ""),  # without a zone: it may be that of a place 12 hours behind
            ("2027-01-14T19:59:59", "is in the past"),
            ("2036-12-31T00:00:00Z", ""),
            ("2037-02-01T00:00:00Z", "is more than ten years ahead"),
            ("2037-01-15T09:00:00", ""),
            ("9999-12-31T23:59:59", "is more than ten years ahead"),
            ("0001-01-01T00:00:00Z", "is in the past"),
        ],
    )
    @pytest.mark.parametrize("action", ["createMeeting", "updateMeeting"])
    def test_the_result_warns_and_nothing_is_refused(self, runner, server, clock, action, time, said):
        who = {"userId": "u1"} if action == "createMeeting" else {"meetingId": 1}
        result = runner(server.url, clock=clock).run(action, {**who, "startTime": time}, debug=True)
        assert server.last.json()["start_time"] == time
        assert [one for one in result.warnings if "startTime" in one] == list(result.warnings)
        assert len(result.warnings) == bool(said)
        assert all(time in one and said in one for one in result.warnings)
        assert result.to_dict()["warnings"] == list(result.warnings)
        assert result.debug is not None

    def test_each_time_has_its_own_warning_beside_what_else_is_said(self, runner, server, clock):
        server.then(servers.reply(429, {}, headers=[("Retry-After", "1")])).always(servers.reply(201, {"id": 1}))
        series = {"userId": "u1", "meetingType": 8, "recurrence": 1}
        times = {"startTime": "2001-01-01T00:00:00Z", "endDateTime": "2050-01-01T00:00:00Z"}
        result = runner(server.url, clock=clock).run("createMeeting", {**series, **times})
        assert [one.partition(":")[0] for one in result.warnings] == list(times)
        assert (result.attempts, result.status, result.data) == (2, 201, {"id": 1})
