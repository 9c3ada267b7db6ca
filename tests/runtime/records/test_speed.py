"""A read that the copy answers costs little, and a slow copy holds up no event loop."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future

import pytest
from support import private_postgres
from support.pace import WIDE, counted

from connector import AsyncClient, Client, Connector
from connector.runtime.records.records import Records
from connector.sandbox.sandbox import Sandbox


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_the_copy_answers_with_little_work_however_much_it_keeps(kind, tmp_path):
    url = f"sqlite:///{tmp_path / 'records.sqlite'}" if kind == "sqlite" else private_postgres.fresh()
    sandbox = Sandbox(Connector.open())
    with Records(url) as records:
        client = Client(sandbox.connector, sandbox.connection, http=sandbox.http, records=records)
        costs = []
        for _ in range(20):
            given = {"meetingId": client.run("createMeeting", {"userId": "me", "topic": "Standup"}).data["id"]}
            client.run("getMeeting", given)
            assert client.run("getMeeting", given, max_age="1h").from_records  # all that was told is written now
            with counted(threads=True) as work:
                assert client.run("getMeeting", given, max_age="1h").from_records
            costs.append(work.calls)
        assert costs[-1] < 1000, costs
        assert costs[-1] < costs[1] * 1.2, costs


def test_a_copy_that_is_behind_holds_up_no_event_loop(tmp_path):
    sandbox = Sandbox(Connector.open())
    behind: Future[None] = Future()

    async def read(records):
        async with AsyncClient(sandbox.connector, sandbox.connection, http=sandbox.http, records=records) as client:
            for number in range(3):
                await client.run("createMeeting", {"userId": "me", "topic": f"n {number}"})
            records.find_backlog = lambda: None if behind.done() else behind
            listing = asyncio.create_task(client.run("listMeetings", {"userId": "me"}, page_size=1))
            await asyncio.wait([listing], timeout=0.05)  # the loop goes on meanwhile
            assert not listing.done()
            behind.set_result(None)
            return await asyncio.wait_for(listing, WIDE)

    with Records(f"sqlite:///{tmp_path / 'records.sqlite'}") as records:
        assert len(asyncio.run(read(records)).data["meetings"]) == 3


def test_a_read_sees_the_file_that_is_there_now(tmp_path):
    path = tmp_path / "records.sqlite"
    with Records(f"sqlite:///{path}") as records:
        assert records.count("zoom") == {}
        for one in tmp_path.glob("records.sqlite*"):
            if one.is_file():
                one.unlink()
        assert records.count("zoom") == {}
        assert path.exists()
