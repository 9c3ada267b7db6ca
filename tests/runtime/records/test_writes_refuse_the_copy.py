"""A write is not answered from the copy of records: who allows that of one is told, and nothing is sent."""

from __future__ import annotations

import asyncio

import pytest

from connector import AsyncClient, Client, Connector, errors
from connector.sandbox.sandbox import Sandbox

MEETING = {"userId": "me", "topic": "Standup"}
OPTIONS = {"max_age": "5m", "stale_if_error": True}


@pytest.fixture
def sandbox():
    return Sandbox(Connector.open())


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("is_async", [False, True])
def test_a_write_with_an_option_of_the_copy_is_refused(sandbox, tmp_path, name, is_async):
    words = {"http": sandbox.http, "records": f"sqlite:///{tmp_path / 'records.sqlite'}"}

    async def write():
        async with AsyncClient(sandbox.connector, sandbox.connection, **words) as client:
            await client.run("createMeeting", MEETING, **{name: OPTIONS[name]})

    with Client(sandbox.connector, sandbox.connection, **words) as client:
        with pytest.raises(errors.InputError, match=f"{name}: got .*; expected none: createMeeting is not a read"):
            asyncio.run(write()) if is_async else client.run("createMeeting", MEETING, **{name: OPTIONS[name]})
        assert client.run("listMeetings", {"userId": "me"}).data["meetings"] == []
        assert client.run("createMeeting", MEETING).status == 201
