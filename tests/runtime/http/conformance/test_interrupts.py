"""Ctrl-C ends a waiting call at once, with every library."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from support import servers
from support.pace import WIDE, wait_until

CALL = """
import asyncio, sys
from connector import AsyncClient, Client, Connection, Connector

url, library, kind = sys.argv[1:]
zoom = Connector.open()
connection = Connection(zoom, "accessToken", accessToken="t")

async def in_a_task():
    async with AsyncClient(zoom, connection, base_url=url, http=library) as client:
        await client.run("createMeeting", {"userId": "me", "topic": "x"}, timeout=600)

try:
    if kind == "async":
        asyncio.run(in_a_task())
    else:
        with Client(zoom, connection, base_url=url, http=library) as client:
            client.run("createMeeting", {"userId": "me", "topic": "x"}, timeout=600)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_a_call_that_waits_is_interrupted(library, kind, server):
    server.always(servers.silence())
    root = Path(__file__).parents[4]
    command = [sys.executable, "-c", CALL, server.url, library, kind]
    with subprocess.Popen(
        command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    ) as process:
        wait_until(lambda: server.count == 1)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert time.monotonic() - began < WIDE
    assert (out, err, process.returncode) == ("interrupted\n", "", 0)
    assert server.count == 1
