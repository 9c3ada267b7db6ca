"""Serve over stdin and stdout: one client, which starts the process and ends it by closing stdin."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from mcp.server.stdio import stdio_server

from connector.runtime.auth import shared_work
from connector.runtime.auth.shared_work import SharedWork

if TYPE_CHECKING:
    from mcp.server import Server

    from connector.runtime.client.async_client import AsyncClient


def serve_stdio(server: Server[Any], client: AsyncClient) -> None:
    """Serve until stdin is closed. Raises KeyboardInterrupt at once, even while a line is awaited."""
    # A thread that waits for a line cannot be cancelled; the main thread is left free to end the process.
    work: SharedWork[None] = SharedWork("connector-mcp", purpose="serve an agent", is_daemon=True)
    serving = work.start_or_join(None, lambda: asyncio.run(_serve(server, client)))
    while not serving.done():
        shared_work.wait(serving, shared_work.POLL_INTERVAL)
    serving.result()


async def _serve(server: Server[Any], client: AsyncClient) -> None:
    async with client, stdio_server() as (read_stream, write_stream):
        await server.run(read_stream, write_stream, server.create_initialization_options())
