"""Retry storms over real sockets: the server counts the promised number of requests."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from support import servers
from support.pace import WIDE
from support.servers import Counting, GivenClock

from connector import AsyncClient, Client, errors

CREATE = ("createMeeting", {"userId": "me", "topic": "Standup"})
READ = ("getUser", {"userId": "me"})


def making(made, losing):
    """Make a meeting for every create that arrives, and lose some of the replies."""
    faults = itertools.cycle(losing)
    gate = threading.Lock()

    def answer(request):
        with gate:
            made.append(request.json()["topic"])
            return next(faults) or servers.reply(201, {"id": len(made)})

    return answer


LOST = [
    servers.hang_up(), servers.reset(), None, servers.cut_length(b'{"id": 84512370966}', keep=9), servers.hang_up(),
    servers.cut_close(b'{"id": 84512370966}', keep=9), servers.reply(500, {"code": 500}), servers.reset(),
    servers.reply(502, body=b"<html>", headers=[("Content-Type", "text/html")]), servers.html(),
]  # fmt: skip


@pytest.mark.parametrize("calls", [100, pytest.param(1000, marks=pytest.mark.long)])
def test_creates_whose_replies_are_lost_are_each_made_once_and_reported(zoom, token_connection, calls):
    made = []
    with (
        Counting(making(made, LOST)) as server,
        Client(zoom, token_connection, base_url=server.url, clock=GivenClock()) as client,
    ):

        def create(number):
            try:
                return client.run("createMeeting", {"userId": "me", "topic": f"Talk {number}"}).outcome
            except errors.ConnectorError as error:
                return error.outcome

        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(create, range(calls)))
    assert len(made) == len(set(made)) == calls
    assert set(outcomes) == {"done", "uncertain"}
    assert outcomes.count("done") == calls // len(LOST)


@pytest.mark.parametrize("write", ["2030-05-31T00:00:00Z", "2030-05-31T00:00:00+00:00", "2030-05-31T00:00:00.000Z"])
def test_an_iso_moment_ten_hours_ahead_is_one_request_and_says_when(runner, server, write):
    when = datetime(2030, 5, 31, tzinfo=UTC)
    clock = GivenClock((when - timedelta(hours=10)).timestamp())
    server.always(servers.reply(429, {"code": 429, "message": "no"}, headers=[("Retry-After", write)]))
    for action in (READ, CREATE):
        with pytest.raises(errors.RateLimited) as caught:
            runner(server.url, clock=clock).run(*action, retry={"maxRetries": 10})
        assert caught.value.retry_at == when
        assert (caught.value.retryable, caught.value.outcome) == (True, "rejected")
    assert server.count == 2
    assert clock.waits == []


def test_a_storm_of_1000_callers_is_met_with_at_most_a_fifth_more_requests(zoom, token_connection):
    with Counting(servers.reply(503, {"code": 503})) as server:

        async def storm():
            async with AsyncClient(zoom, token_connection, base_url=server.url, clock=GivenClock()) as client:
                turns = asyncio.Semaphore(50)

                async def one():
                    async with turns:
                        return await client.run(*READ, timeout=600)

                return await asyncio.gather(*(one() for _ in range(1000)), return_exceptions=True)

        found = asyncio.run(storm())
        assert all(isinstance(one, errors.ServiceDown) for one in found)
        assert max(one.attempts for one in found) == 3
        assert 1000 < server.count <= 1200
        assert any("too many calls" in one.hint for one in found)


def test_a_quota_that_was_used_up_comes_back_with_success(zoom, token_connection, server):
    with Client(zoom, token_connection, base_url=server.url, clock=GivenClock()) as client:
        server.always(servers.reply(503, {"code": 503}))
        for _ in range(60):
            with pytest.raises(errors.ServiceDown):
                client.run(*READ)
        before = server.count
        with pytest.raises(errors.ServiceDown):
            client.run(*READ)
        assert server.count == before + 1
        server.always(servers.reply(json_={"id": "u1"}))
        for _ in range(5):
            client.run(*READ)
        server.then(servers.reply(503, {"code": 503}))
        assert client.run(*READ).attempts == 2


WAITING = """
import os, sys, threading, time
from connector import Client, Connection, Connector
zoom = Connector.open()
connection = Connection(zoom, "accessToken", accessToken="a-token-of-no-service")
threading.Thread(target=lambda: None).start()
with Client(zoom, connection, base_url=sys.argv[1]) as client:
    try:
        client.run("getUser", {"userId": "me"}, timeout=600, retry={"retryDelayMS": 60000, "maxRetries": 5})
    except KeyboardInterrupt:
        print("stopped", flush=True)
"""


def test_a_program_that_is_interrupted_in_a_backoff_stops_and_sends_no_more(server):
    server.always(servers.reply(503, {"code": 503}))
    program = subprocess.Popen([sys.executable, "-c", WAITING, server.url], stdout=subprocess.PIPE, text=True)
    try:
        interrupted_at = interrupt_while_it_waits(program, server)
        assert program.stdout.read().strip() == "stopped"
        assert program.wait(30) == 0
        assert time.monotonic() - interrupted_at < WIDE, "the backoff of a minute was waited for"
    finally:
        program.kill()
        program.wait()
        program.stdout.close()
    assert server.count == 1


def interrupt_while_it_waits(program, server):
    """Send Ctrl-C once the first reply was read: the main thread then sleeps in the kernel."""
    until = time.monotonic() + 3 * WIDE
    while time.monotonic() < until and not (server.count and asleep(program.pid)):
        time.sleep(0.01)
    os.kill(program.pid, signal.SIGINT)
    return time.monotonic()


def asleep(pid):
    """Whether the main thread of a process waits for a lock, and no more for a socket."""
    with open(f"/proc/{pid}/wchan") as file:
        return "futex" in file.read()


def test_the_command_line_interrupted_in_a_backoff_ends_with_130(server, tmp_path):
    server.always(servers.reply(503, {"code": 503}))
    call = tmp_path / "call.yaml"
    call.write_text(
        "action: getUser\ninputs: {userId: me}\ntimeout: 600s\nretry: {retryDelayMS: 60000, maxRetries: 5}\n"
    )
    words = ["run", "-f", str(call)]
    env = {**os.environ, "ZOOM_ACCESS_TOKEN": servers.TOKEN, "ZOOM_BASE_URL": server.url, "HOME": str(tmp_path)}
    program = subprocess.Popen(
        [sys.executable, "-m", "connector", *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        interrupt_while_it_waits(program, server)
        out, said = program.communicate(timeout=30)
    finally:
        program.kill()
        program.wait()
    assert program.returncode == 130
    assert "Traceback" not in out + said
    assert servers.TOKEN not in out + said
    assert server.count == 1


def test_every_error_of_a_call_says_to_an_engine_what_it_needs(zoom, token_connection, server):
    server.always(servers.reply(503, {"code": 503}))
    client = Client(zoom, token_connection, base_url=server.url, clock=GivenClock())
    with client, pytest.raises(errors.ServiceDown) as caught:
        client.run(*READ, retry="engine")
    told = json.loads(json.dumps(caught.value.to_dict()))
    assert (told["retryable"], told["outcome"], told["status"], told["attempts"]) == (True, "rejected", 503, 1)
    assert told["retry_at"]
    assert server.count == 1
