"""A real client over stdio and over HTTP reads, writes, is asked, and sees no secret."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys

import pytest
from support.servers import reply

pytest.importorskip("mcp", reason="the extra mcp is not installed")

CANARY = "canary-of-a-token-0123456789"
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}
NORA = {"userType": 1, "email": "nora@example.com", "firstName": "Nora", "lastName": "Lind"}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_an_agent_works_over_either_transport(over_the_wire, person, mode):
    one = person(agrees=True)

    async def act():
        async with over_the_wire("--sandbox", person=one, mode=mode) as client:
            assert client.protocol_version == ("2026-07-28" if mode == "auto" else "2025-11-25")
            assert len((await client.list_tools()).tools) == 22
            made = await client.call_tool("create_user", NORA)
            user = made.structured_content["id"]
            read = await client.call_tool("get_user", {"userId": user, "_fields": "email"})
            assert read.structured_content == {"result": "nora@example.com"}
            wrong = await client.call_tool("create_meeting", {"topik": "x", "duration": "an hour"})
            assert wrong.content[0].text.count("\n") == 3
            assert not (await client.call_tool("delete_user", {"userId": user})).is_error
            assert (await client.call_tool("get_user", {"userId": user})).is_error
            assert (await client.read_resource("connector://zoom/actions/get_user")).contents

    asyncio.run(act())
    assert len(one.asked) == 1


def test_a_server_that_only_reads_offers_nothing_else(over_the_wire):
    async def act():
        async with over_the_wire("--sandbox", "--read-only", "--only", "webinars") as client:
            assert [tool.name for tool in (await client.list_tools()).tools] == ["get_webinar", "list_webinars"]
            assert (await client.call_tool("create_user", NORA)).is_error

    asyncio.run(act())


def test_no_secret_of_the_connection_reaches_the_agent(over_the_wire, server, tmp_path):
    """The service answers with the token itself, in data of an error and in its headers."""
    echo = {"code": 300, "message": f"Bearer {CANARY} is odd", "errors": [{"field": "x", "message": CANARY}]}
    server.always(reply(400, json_=echo, headers=[("X-Echo", CANARY), ("x-zm-trackingid", CANARY)]))
    seen = []

    async def act():
        variables = {"ZOOM_ACCESS_TOKEN": CANARY, "ZOOM_BASE_URL": server.url}
        async with over_the_wire(**variables) as client:
            seen.append(client.instructions)
            seen.extend([await client.list_tools(), await client.list_resources(), await client.list_prompts()])
            for name, given in (
                ("get_user", {"userId": "me"}),
                ("create_meeting", {"userId": "me", "password": CANARY}),
                ("list_users", {}),
                ("raw_request", {"method": "GET", "url": "/users/me"}),
                ("create_meeting", {"accessToken": CANARY, "topik": 1}),
            ):
                answer = await client.call_tool(name, given)
                assert answer.is_error
                seen.append(answer)

    asyncio.run(act())
    assert server.count == 3
    shown = "".join(map(repr, seen)) + "".join(path.read_text() for path in tmp_path.glob("*.log"))
    assert CANARY not in shown
    assert CANARY[:20] not in shown


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, "closed"])
def test_a_server_over_stdio_ends_well(surroundings, how):
    process = subprocess.Popen(
        [sys.executable, "-m", "connector", "mcp", "--sandbox"], env=surroundings,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr.readline() == b"Sandbox: a simulated Zoom. Nothing leaves this machine.\n"
    process.stdin.write(json.dumps(HELLO).encode() + b"\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["result"]["serverInfo"]["name"] == "zoom"
    if how == "closed":
        process.stdin.close()
        process.stdin = None
    else:
        os.kill(process.pid, how)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, b"", b"")
