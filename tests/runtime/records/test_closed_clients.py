"""What a client told is in its copy when it is closed, as tables for who reads them with SQL."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3

import pytest

from connector.sandbox.sandbox import Sandbox

MEETING = ("createMeeting", {"userId": "me", "topic": "Standup"})


@pytest.mark.parametrize("kind", ["threads", "tasks"])
def test_a_closed_client_leaves_rows_that_sql_finds(zoom, tmp_path, kind):
    box, url = Sandbox(zoom), f"sqlite:///{tmp_path}/zoom.db"

    async def call():
        async with box.open_async_client(records=url) as client:
            await client.run(*MEETING)

    if kind == "tasks":
        asyncio.run(call())
    else:
        with box.open_client(records=url) as client:
            client.run(*MEETING)
    with contextlib.closing(sqlite3.connect(tmp_path / "zoom.db")) as database:
        assert database.execute("SELECT topic FROM zoom_meetings").fetchall() == [("Standup",)]
