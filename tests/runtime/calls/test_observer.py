"""What an observer raises about an answer changes nothing about the call; before it, the call ends with its outcome."""

from __future__ import annotations

import asyncio

import pytest
from support.servers import hang_up, reply

from connector import AsyncClient, Client, errors
from connector.core.exchange.asks import SendRequest
from connector.runtime.calls.observer import Observer


class FailingAfter(Observer):
    """Fails with every answer."""

    def after(self, call, ask, answer, times):
        raise ValueError("canary")


class FailingBefore(Observer):
    """Fails before the request of this number."""

    def __init__(self, number, error):
        self.number, self.error = number, error

    def before(self, call, ask):
        if isinstance(ask, SendRequest):
            self.number -= 1
            if self.number == 0:
                raise self.error


CREATE = ("createMeeting", {"userId": "me", "topic": "Standup"})


def test_a_done_write_stays_done_when_an_observer_fails_with_its_reply(zoom, token_connection, server):
    server.always(reply(201, {"id": 1}))
    with Client(zoom, token_connection, base_url=server.url, observe=FailingAfter()) as client:
        result = client.run(*CREATE)
    assert (result.outcome, result.data) == ("done", {"id": 1})
    assert "FailingAfter.after failed after the reply: ValueError." in result.warnings
    assert "canary" not in str(result.warnings)


def test_the_same_holds_for_tasks(zoom, token_connection, server):
    server.always(reply(201, {"id": 1}))

    async def run():
        async with AsyncClient(zoom, token_connection, base_url=server.url, observe=FailingAfter()) as client:
            return await client.run(*CREATE)

    assert asyncio.run(run()).outcome == "done"


def test_an_observer_that_stops_a_repeat_tells_what_became_of_the_first_attempt(zoom, token_connection, server):
    server.then(hang_up(), reply(204))
    observer = FailingBefore(2, errors.StoreError("The journal is full."))
    with (
        Client(zoom, token_connection, base_url=server.url, observe=observer) as client,
        pytest.raises(errors.StoreError) as caught,
    ):
        client.run("deleteUser", {"userId": "me"})
    assert (caught.value.outcome, server.count) == ("uncertain", 1)


def test_an_observer_that_stops_the_first_request_sends_nothing(zoom, token_connection, server):
    observer = FailingBefore(1, errors.StoreError("The journal is full."))
    with (
        Client(zoom, token_connection, base_url=server.url, observe=observer) as client,
        pytest.raises(errors.StoreError) as caught,
    ):
        client.run(*CREATE)
    assert (caught.value.outcome, server.count) == ("not_sent", 0)


def test_a_programs_own_error_while_a_write_is_sent_is_noted(zoom, token_connection):
    class Transport:
        def send(self, *_):
            raise ZeroDivisionError

    with Client(zoom, token_connection, http=Transport()) as client:
        with pytest.raises(ZeroDivisionError) as caught:
            client.run(*CREATE)
        assert "check before retrying" in caught.value.__notes__[0]
        with pytest.raises(ZeroDivisionError) as caught:
            client.run("getUser", {"userId": "me"})
        assert not hasattr(caught.value, "__notes__")
