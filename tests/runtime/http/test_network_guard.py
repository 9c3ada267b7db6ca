"""While a test keeps requests on this machine, no HTTP library sends one beyond it."""

from __future__ import annotations

import asyncio

import pytest

from connector import AsyncClient, Client, Connection, errors
from connector.runtime.http.network_guard import refusing_other_machines

LIBRARIES = ("httpx", "httpx2", "pyreqwest")


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_client_of_threads_is_stopped_before_anything_is_sent(zoom, token_connection, library):
    client, refused = Client(zoom, token_connection, http=library), refusing_other_machines("the fixture x is in use")
    with client, refused, pytest.raises(errors.TransportError, match="the fixture x is in use") as caught:
        client.run("createMeeting", {"userId": "me", "topic": "Standup"})
    error = caught.value
    assert (error.kind, error.outcome, error.attempts, "http=" in error.hint) == ("guard", "not_sent", 1, True)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_client_of_tasks_is_stopped_too(zoom, token_connection, library):
    async def run():
        async with AsyncClient(zoom, token_connection, http=library) as client:
            with refusing_other_machines("the fixture x is in use"):
                await client.run("getUser", {"userId": "me"})

    with pytest.raises(errors.TransportError, match="the fixture x is in use"):
        asyncio.run(run())


def test_a_request_for_a_token_is_stopped_too(zoom):
    connection = Connection(zoom, "serverToServer", accountId="a", clientId="b", clientSecret="c-secret-of-a-test")
    client, refused = Client(zoom, connection), refusing_other_machines("the fixture x is in use")
    with client, refused, pytest.raises(errors.TransportError, match="the fixture x is in use"):
        client.run("getUser", {"userId": "me"})


def test_this_machine_is_reached_and_every_other_one_afterwards(client, server):
    with refusing_other_machines("outer"), refusing_other_machines("inner"):
        assert client.run("getUser", {"userId": "me"}).status == 200
    assert len(server.requests) == 1


def test_the_last_reason_that_is_in_force_is_told(zoom, token_connection):
    with Client(zoom, token_connection) as client, refusing_other_machines("outer"):
        with refusing_other_machines("inner"), pytest.raises(errors.TransportError, match="inner"):
            client.run("getUser", {"userId": "me"})
        with pytest.raises(errors.TransportError, match="outer"):
            client.run("getUser", {"userId": "me"})
