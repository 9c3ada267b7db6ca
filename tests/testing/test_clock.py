"""Waits take no time, and a test lets time pass."""

from __future__ import annotations

import asyncio
import threading
import time

from support.pace import WIDE

from connector import Client, Connection
from connector.testing import ManualClock, Sandbox


def test_a_wait_moves_the_clock_and_nothing_else():
    clock, started = ManualClock(), time.monotonic()
    before = clock.time(), clock.monotonic()
    clock.wait_or_stop(3_600, threading.Event())
    asyncio.run(clock.sleep(60))
    assert (clock.time() - before[0], clock.monotonic() - before[1], clock.waits) == (3_660, 3_660, [3_600, 60])
    assert time.monotonic() - started < WIDE


def test_time_that_passes_ends_a_token(zoom):
    sandbox = Sandbox(zoom, clock=ManualClock())
    connection = Connection(zoom, "serverToServer", http=sandbox.http, **sandbox.build_oauth_inputs("serverToServer"))
    with sandbox.open_client(connection=connection) as client:
        for _ in range(2):
            client.run("getUser", {"userId": "me"})
        sandbox.clock.advance(7_200)
        client.run("getUser", {"userId": "me"})
    assert [request.path for request in sandbox.requests].count("/oauth/token") == 2
    assert sandbox.clock.waits == []


def test_a_client_and_its_sandbox_share_the_clock(zoom):
    sandbox = Sandbox(zoom, faults=["429:2"], clock=ManualClock(start=1_900_000_000))
    with sandbox.open_client() as client:
        made = client.run("createMeeting", {"userId": "me", "topic": "Standup"})
    assert (made.attempts, made.data["created_at"][:4]) == (3, "2030")
    assert isinstance(client, Client)
    assert len(sandbox.clock.waits) == 2
