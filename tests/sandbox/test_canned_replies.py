"""A test says what the service answers: to an action or a path, once or often, also nothing."""

from __future__ import annotations

import asyncio

import pytest

from connector import Client, Connection, errors
from connector.sandbox.http_server import serve
from connector.sandbox.sandbox import Sandbox
from connector.testing import ManualClock

ME = {"userId": "me"}


@pytest.fixture
def sandbox(zoom):
    return Sandbox(zoom, clock=ManualClock())


@pytest.fixture
def client(sandbox):
    with sandbox.open_client() as one:
        yield one


def test_a_reply_is_for_one_request_and_changes_nothing(sandbox, client):
    sandbox.reply("createMeeting", status=201, body={"id": 7, "topic": "Canned"})
    assert client.run("createMeeting", {**ME, "topic": "A"}).data == {"id": 7, "topic": "Canned"}
    assert client.run("listMeetings", ME).data["meetings"] == []
    assert client.run("createMeeting", {**ME, "topic": "B"}).data["topic"] == "B"


def test_replies_come_in_their_order_and_as_often_as_told(sandbox, client):
    sandbox.reply("getUser", body={"n": 1}, times=2)
    sandbox.reply("getUser", body={"n": 2})
    sandbox.reply("getUser", body={"n": 3}, times=None)
    assert [client.run("getUser", ME).data["n"] for _ in range(6)] == [1, 1, 2, 3, 3, 3]


@pytest.mark.parametrize(
    "target",
    ["getUser", "get-user", "/users/{userId}", "/users/me", "GET /users/{id}", "get /users/me", "/v2/users/me"],
)
def test_a_reply_is_for_an_action_or_a_path(sandbox, client, target):
    sandbox.reply(target, body={"canned": True})
    client.run("listMeetings", ME)
    assert client.run("getUser", ME).data == {"canned": True}


@pytest.mark.parametrize("target", ["DELETE /users/{userId}", "/users", "/users/{userId}/x", "createMeeting"])
def test_a_reply_is_for_no_other_request(sandbox, client, target):
    sandbox.reply(target, body={"canned": True})
    assert "canned" not in client.run("getUser", ME).data


def test_a_path_that_no_action_has_can_be_answered(sandbox, client):
    sandbox.reply("/rooms/{roomId}", body={"name": "Harbour"})
    assert client.request("GET", "/rooms/12").data == {"name": "Harbour"}


def test_an_error_without_a_body_is_the_services_own(sandbox, client):
    for status, kind in ((400, errors.Rejected), (403, errors.Denied), (404, errors.NotFound), (409, errors.Rejected)):
        sandbox.reply("getMeeting", status=status)
        with pytest.raises(kind) as caught:
            client.run("getMeeting", {"meetingId": 81234567890})
        assert (caught.value.status, bool(caught.value.message)) == (status, True)


def test_a_success_without_a_body_is_the_example(sandbox, client):
    sandbox.reply("getMeeting")
    assert client.run("getMeeting", {"meetingId": 81234567890}).data["topic"]
    sandbox.reply("DELETE /meetings/{meetingId}", status=204)
    assert client.request("DELETE", "/meetings/81234567890").status == 204


def test_a_busy_service_is_asked_again_when_it_says(sandbox, client):
    sandbox.reply("getUser", status=429, headers={"Retry-After": "30"})
    assert client.run("getUser", ME).attempts == 2
    assert sum(sandbox.clock.waits) >= 30


def test_an_expired_token_that_cannot_be_renewed_is_told(sandbox, client):
    sandbox.reply("getUser", status=401, times=None)
    with pytest.raises(errors.SignInError):
        client.run("getUser", ME)


def test_an_expired_token_is_renewed_once(zoom, sandbox):
    connection = Connection(zoom, "serverToServer", http=sandbox.http, **sandbox.build_oauth_inputs("serverToServer"))
    with sandbox.open_client(connection=connection) as client:
        client.run("getUser", ME)
        sandbox.reply("getUser", status=401)
        sandbox.clock.advance(120)
        assert client.run("getUser", ME).data["email"] == "ada@example.com"
    assert [request.path for request in sandbox.requests] == [
        "/oauth/token", "/users/me", "/users/me", "/oauth/token", "/users/me",
    ]  # fmt: skip


def test_a_dropped_reply_leaves_what_was_done(sandbox, client):
    sandbox.drop_reply("createMeeting")
    with pytest.raises(errors.TransportError) as caught:
        client.run("createMeeting", {**ME, "topic": "Standup"})
    assert caught.value.outcome == "uncertain"
    assert [meeting["topic"] for meeting in client.items("listMeetings", ME)] == ["Standup"]
    sandbox.drop_reply("listMeetings")
    assert client.run("listMeetings", ME).attempts == 2


def test_texts_and_bytes_are_sent_as_they_are(sandbox, client):
    sandbox.reply("/report", body="a,b\r\n", headers={"Content-Type": "text/csv"})
    assert client.request("GET", "/report", response_type="text").data == "a,b\r\n"
    sandbox.reply("/report", body=b"\x00\xff")
    assert client.request("GET", "/report", response_type="binary").data == b"\x00\xff"


def test_replies_and_drops_work_over_http_and_for_tasks(zoom, sandbox):
    sandbox.reply("getUser", body={"n": 1}, times=2)
    sandbox.drop_reply("createMeeting")

    async def run():
        async with sandbox.open_async_client() as one:
            return (await one.run("getUser", ME)).data

    assert asyncio.run(run()) == {"n": 1}
    connection = Connection(zoom, "accessToken", accessToken="any-token")
    with serve(sandbox.service) as server, Client(zoom, connection, base_url=server.url) as one:
        assert one.run("getUser", ME).data == {"n": 1}
        with pytest.raises(errors.TransportError) as caught:
            one.run("createMeeting", {**ME, "topic": "Standup"})
    assert caught.value.outcome == "uncertain"


def test_a_fault_can_be_added_between_calls(sandbox, client):
    client.run("getUser", ME)
    sandbox.add_fault("503:2")
    assert client.run("getUser", ME).attempts == 3
    sandbox.add_fault("cursor-loop")
    for number in range(3):
        client.run("createMeeting", {**ME, "topic": f"{number}"})
    with pytest.raises(errors.PageError):
        client.run("listMeetings", ME, page_size=1)


@pytest.mark.parametrize(
    ("target", "options", "error", "message"),
    [
        ("getUsr", {}, errors.InputError, "getUser"),
        ("users/me", {}, errors.UsageError, "is no path"),
        ("/users?x=1", {}, errors.UsageError, "is no path"),
        ("getUser", {"status": 99}, errors.UsageError, "Invalid status 99"),
        ("getUser", {"status": "200"}, errors.UsageError, "Invalid status '200'"),
        ("getUser", {"times": 0}, errors.UsageError, "Invalid times 0"),
        ("getUser", {"times": True}, errors.UsageError, "Invalid times True"),
        ("getUser", {"body": object()}, errors.UsageError, "which is no JSON"),
    ],
)
def test_a_reply_that_cannot_be_given_is_refused_at_once(sandbox, target, options, error, message):
    with pytest.raises(error, match=message):
        sandbox.reply(target, **options)
    with pytest.raises(errors.UsageError):
        sandbox.drop_reply("getUser", times=-1)
    assert sandbox.requests == []
