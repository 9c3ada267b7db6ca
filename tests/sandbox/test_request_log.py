"""A test sees what was sent: in order, in the words of the actions, without credentials, and told plainly."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from connector import Client, Connection, errors
from connector.sandbox.http_server import serve
from connector.sandbox.sandbox import Sandbox

SECRET = "a-canary-of-a-token-71034"


@pytest.fixture
def client(sandbox):
    with sandbox.open_client() as one:
        yield one


def test_each_request_has_what_was_sent_and_what_came_of_it(sandbox, client):
    client.run("getUser", {"userId": "me"})
    made = client.run("createMeeting", {"userId": "me", "topic": "Standup", "duration": 15}).data
    with pytest.raises(errors.NotFound):
        client.run("getMeeting", {"meetingId": 1234567890})
    first, second, third = sandbox.requests
    assert (first.method, first.path, first.action, first.status) == ("GET", "/users/me", "getUser", 200)
    assert first.query == {"encrypted_email": "false", "search_by_unique_id": "false"}
    assert (first.body, first.inputs["userId"]) == (None, "me")
    assert (second.method, second.path, second.status) == ("POST", "/users/me/meetings", 201)
    assert (second.body["topic"], second.inputs["topic"], second.inputs["duration"]) == ("Standup", "Standup", 15)
    assert (third.path, third.status) == ("/meetings/1234567890", 404)
    assert made["topic"] == "Standup"


@pytest.mark.parametrize("way", ["threads", "tasks", "http"])
def test_requests_are_seen_in_process_and_over_http(zoom, sandbox, way):
    if way == "threads":
        with sandbox.open_client() as one:
            one.run("getUser", {"userId": "me"})
    elif way == "tasks":

        async def run():
            async with sandbox.open_async_client() as one:
                await one.run("getUser", {"userId": "me"})

        asyncio.run(run())
    else:
        connection = Connection(zoom, "accessToken", accessToken=SECRET)
        with serve(sandbox.service) as server, Client(zoom, connection, base_url=server.url) as one:
            one.run("getUser", {"userId": "me"})
    assert [request.action for request in sandbox.requests] == ["getUser"]
    assert SECRET not in f"{sandbox.requests} {sandbox.requests[0].headers}"
    assert sandbox.requests[0].headers["authorization"] == "***"


def test_a_request_for_a_token_is_seen_without_its_secrets(zoom):
    sandbox = Sandbox(zoom)
    inputs = {**sandbox.build_oauth_inputs("serverToServer"), "clientSecret": SECRET}
    connection = Connection(zoom, "serverToServer", http=sandbox.http, **inputs)
    with Client(zoom, connection, http=sandbox.http) as client:
        client.run("getUser", {"userId": "me"})
    token, user = sandbox.requests
    assert (token.path, token.action, user.action) == ("/oauth/token", None, "getUser")
    assert token.body["grant_type"] == "account_credentials"
    assert SECRET not in f"{token.body} {token.headers} {token.query} {token}"


def test_a_lost_reply_has_no_status(sandbox, client):
    sandbox.drop_reply("createMeeting")
    with pytest.raises(errors.TransportError):
        client.run("createMeeting", {"userId": "me", "topic": "Standup"})
    assert [request.status for request in sandbox.requests] == [None]


def test_bodies_are_read_as_they_were_sent(zoom, sandbox, client):
    sandbox.reply("/x", times=None)
    client.request("POST", "/x", form={"a": "1", "b": "2"})
    client.request("POST", "/x", data={"n": [1]})
    client.request("POST", "/x", files={"file": ("a.txt", b"bytes")})
    client.request("GET", "/x", query={"access_token": SECRET, "tag": ["1", "2"]})
    bodies = [request.body for request in sandbox.requests]
    assert bodies == [{"a": "1", "b": "2"}, {"n": [1]}, {"file": b"bytes"}, None]
    assert sandbox.requests[3].query == {"access_token": "***", "tag": ["1", "2"]}


def test_a_call_is_found_by_its_inputs_as_a_program_gives_them(sandbox, client):
    moment = datetime(2030, 1, 7, 9, tzinfo=UTC)
    client.run("createMeeting", {"userId": "me", "topic": "Standup", "start_time": moment, "duration": "15"})
    sandbox.assert_called("createMeeting")
    sandbox.assert_called("create-meeting", topic="Standup", startTime=moment)
    sandbox.assert_called("createMeeting", startTime="2030-01-07T09:00:00Z", duration=15)
    sandbox.assert_called("createMeeting", duration="15", userId="me")
    sandbox.assert_not_called("createMeeting", topic="Retro")
    sandbox.assert_not_called("getMeeting")
    assert len(sandbox.find_requests("createMeeting", topic="Standup")) == 1


def test_a_call_that_is_missing_is_told_with_what_came_instead(sandbox, client):
    with pytest.raises(AssertionError, match=r"getUser was not called\.\nThe sandbox received no request\."):
        sandbox.assert_called("getUser")
    client.run("getUser", {"userId": "me"})
    with pytest.raises(AssertionError, match=r"received 1 request:\n  1\. GET /users/me: getUser"):
        sandbox.assert_called("createMeeting", topic="Standup")
    client.run("createMeeting", {"userId": "me", "topic": "Standup"})
    with pytest.raises(AssertionError) as caught:
        sandbox.assert_called("createMeeting", topic="Retro", startTime="2030-01-07T09:00:00Z")
    assert str(caught.value).splitlines() == [
        'createMeeting was not called with topic="Retro", startTime="2030-01-07T09:00:00Z".',
        "It was called 1 time, with:",
        '  1. POST /users/me/meetings: topic="Standup" (expected "Retro"), no startTime (expected "2030-01-07T09:00:00Z")',
    ]
    with pytest.raises(AssertionError, match=r'was called 1 time:\n  1\. POST .*topic="Standup"'):
        sandbox.assert_not_called("createMeeting", topic="Standup")


def test_a_failure_text_shows_no_secret_input(sandbox, client):
    client.run("createMeeting", {"userId": "me", "topic": "Standup", "password": "s3cret7"})
    with pytest.raises(AssertionError) as caught:
        sandbox.assert_called("createMeeting", password="an0ther")
    assert "s3cret7" not in str(caught.value)
    assert "an0ther" not in str(caught.value)
    sandbox.assert_called("createMeeting", password="s3cret7")


def test_a_misspelt_action_or_input_is_no_call_that_was_not_made(sandbox):
    with pytest.raises(errors.InputError, match="createMeeting"):
        sandbox.assert_not_called("createMeting")
    with pytest.raises(errors.UsageError, match="Did you mean 'topic'"):
        sandbox.assert_not_called("createMeeting", topik="Standup")


def test_a_reset_forgets_requests_replies_and_faults(sandbox, client):
    client.run("createMeeting", {"userId": "me", "topic": "Standup"})
    sandbox.reply("getUser", status=500, times=None)
    sandbox.add_fault("500:99")
    sandbox.reset()
    assert sandbox.requests == []
    assert client.run("getUser", {"userId": "me"}).attempts == 1
    assert client.run("listMeetings", {"userId": "me"}).data["meetings"] == []


def test_a_server_that_runs_for_days_forgets_the_oldest(sandbox, client, monkeypatch):
    for number in range(5):
        client.run("createMeeting", {"userId": "me", "topic": "Standup", "agenda": f"{number}" * 400})
        two_bodies = 2 * sandbox.requests[0].body_size
        monkeypatch.setattr("connector.sandbox.request_log.MAX_BODY_BYTES", two_bodies)
    assert [request.body["agenda"][0] for request in sandbox.requests] == ["3", "4"]
    monkeypatch.setattr("connector.sandbox.request_log.MAX_REQUESTS", 3)
    for _ in range(5):
        client.run("getUser", {"userId": "me"})
    assert len(sandbox.requests) == 3
