"""The settings of clients that the page shows start a server that lists its tools."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys

import pytest
from support.pages.markdown_blocks import ROOT, blocks

pytest.importorskip("mcp", reason="the extra mcp is not installed")

PAGE = list(blocks(ROOT / "docs" / "mcp.md"))
SETTINGS = [json.loads(block.text) for block in PAGE if block.kind == "json"]
SERVERS = [entry for one in SETTINGS for servers in one.values() for entry in servers.values()]
COMMANDS = [shlex.split(line.partition(" -- ")[2]) for block in PAGE if block.kind == "text" for line in block.text.splitlines() if " -- " in line]  # fmt: skip


@pytest.mark.parametrize(
    "words", [*([one["command"], *one["args"]] for one in SERVERS if "command" in one), *COMMANDS], ids=" ".join
)
def test_the_command_of_a_client_starts_a_server(words, surroundings):
    from mcp import Client
    from mcp.client.stdio import StdioServerParameters

    assert words == ["connector", "mcp", "--connection", "work"]
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "connector", "mcp", "--sandbox"], env=surroundings
    )

    async def act():
        async with Client(command) as client:
            return (await client.list_tools()).tools

    assert len(asyncio.run(act())) == 22


def test_the_settings_for_http_have_the_address_and_the_token(serve):
    import httpx2

    (shown,) = (one for one in SERVERS if "url" in one)
    url, token = serve("--sandbox")
    headers = {name: value.replace("TOKEN", token) for name, value in shown["headers"].items()}
    assert shown["url"].rpartition("/")[2] == url.rpartition("/")[2]
    assert httpx2.get(url, headers={**headers, "Accept": "application/json"}, timeout=20).status_code != 401
