"""Tests of `meetings`, without an account and without a network: run `pytest` in this folder."""

from __future__ import annotations

import asyncio

import pytest
from meetings import cancel, count_meetings, plan_welcome, read_profile

from connector import Client, Connection, Connector, errors


def test_a_new_colleague_gets_a_meeting(connector_sandbox, connector_client):
    assert plan_welcome(connector_client, "Ada").startswith("https://")
    connector_sandbox.assert_called("createMeeting", topic="Welcome, Ada", duration=30)


def test_a_meeting_that_is_there_is_found(connector_sandbox, connector_client):
    connector_sandbox.seed("meetings", [{"topic": "Welcome, Ada", "parent": "me"}])
    plan_welcome(connector_client, "Ada")
    connector_sandbox.assert_not_called("createMeeting")


def test_a_busy_service_is_asked_again(connector_sandbox, connector_client):
    connector_sandbox.reply("listMeetings", status=429, headers={"Retry-After": "20"})
    plan_welcome(connector_client, "Ada")
    assert connector_sandbox.clock.waits == [pytest.approx(20, abs=5)]
    assert [request.status for request in connector_sandbox.requests] == [429, 200, 201]


def test_a_lost_reply_creates_one_meeting_and_is_told(connector_sandbox, connector_client):
    connector_sandbox.drop_reply("createMeeting")
    assert "may have been created" in plan_welcome(connector_client, "Ada")
    assert len(connector_sandbox.find_requests("createMeeting")) == 1


def test_an_expired_token_is_told(connector_sandbox, connector_client):
    connector_sandbox.reply("/users/{userId}/meetings", status=401, times=None)
    with pytest.raises(errors.SignInError):
        plan_welcome(connector_client, "Ada")


def test_what_the_service_refuses_is_passed_on(connector_sandbox, connector_client):
    connector_sandbox.reply("createMeeting", status=400, body={"code": 300, "message": "Too many meetings today."})
    with pytest.raises(errors.Rejected, match="Too many meetings today"):
        plan_welcome(connector_client, "Ada")


def test_cancelling_twice_does_no_harm(connector_sandbox, connector_client):
    (meeting,) = connector_sandbox.seed("meetings", [{"topic": "Standup", "parent": "me"}])
    assert cancel(connector_client, meeting["id"]) is True
    assert cancel(connector_client, meeting["id"]) is False


def test_a_client_of_asyncio_uses_the_same_sandbox(connector_sandbox):
    async def count() -> int:
        async with connector_sandbox.open_async_client() as client:
            return await count_meetings(client)

    connector_sandbox.seed("meetings", [{"topic": "Standup", "parent": "me"}] * 65)
    assert asyncio.run(count()) == 65


def test_a_profile_is_read_as_it_was_recorded(connector_recording):
    zoom = Connector.open()
    with connector_recording.open_client(zoom, lambda: Connection.from_env(zoom)) as client:
        assert read_profile(client) == {"name": "Ada Byron", "email": "ada@example.com"}


def test_a_forgotten_client_of_the_real_service_is_stopped(connector_sandbox):
    zoom = Connector.open()
    connection = Connection(zoom, "accessToken", access_token="a-real-token")
    client = Client(zoom, connection, base_url="https://api.zoom.us/v2")
    with client, pytest.raises(errors.TransportError, match="connector_sandbox"):
        plan_welcome(client, "Ada")
    assert connector_sandbox.requests == []
