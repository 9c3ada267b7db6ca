"""A process that can open no more files gets typed errors with their outcome, whatever it wanted to do."""

from __future__ import annotations

import subprocess
import sys

import pytest

AT_THE_LIMIT = """
import asyncio, os, resource, sys
from connector import AsyncClient, Client, Connection, Connector, errors

kind, library = sys.argv[1:]
zoom = Connector.open()
for action in ("createMeeting", "listUsers", "getMeetingRecordings"):
    zoom.action(action)
client = (AsyncClient if kind == "async" else Client)(
    zoom, Connection(zoom, "accessToken", accessToken="canary-token"), base_url="https://127.0.0.1:1", http=library
)
client.dry_run("createMeeting", {"userId": "me", "topic": "x"})

def use_up():
    resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80))
    try:
        while True:
            os.open(os.devnull, os.O_RDONLY)
    except OSError:
        pass

async def collect(items):
    return [item async for item in items]

CALLS = (
    lambda: client.run("createMeeting", {"userId": "me", "topic": "canary-topic"}, timeout=3),
    lambda: collect(client.items("listUsers", timeout=3)) if kind == "async" else list(client.items("listUsers", timeout=3)),
    lambda: client.download("https://zoom.us/rec/x", "nowhere.mp4", timeout=3),
    lambda: client.download_all("getMeetingRecordings", {"meetingId": "1"}, "nowhere", timeout=3),
    lambda: client.request("POST", "/users", data={"a": "b"}, timeout=3),
)

async def call_all():
    use_up()
    for call in CALLS:
        try:
            done = call()
            print("done", await done if kind == "async" else done)
        except errors.ConnectorError as error:
            print(error.outcome, "canary" in str(error))

asyncio.run(call_all())
"""


@pytest.mark.parametrize("library", ["httpx", "httpx2", "pyreqwest"])
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_every_call_without_a_file_to_spare_is_a_typed_error(kind, library, tmp_path):
    command = [sys.executable, "-c", AT_THE_LIMIT, kind, library]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False, cwd=tmp_path)
    assert (done.stdout.splitlines(), done.stderr) == (["not_sent False"] * 5, "")
