"""Serve over stdin and stdout: one client, which starts the process and ends it by closing stdin."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from mcp.server.stdio import stdio_server

if TYPE_CHECKING:
    from mcp.server import Server

    from connector.runtime.client.async_client import AsyncClient

_POLL_INTERVAL = 0.5  # seconds; where a wait cannot be interrupted, Ctrl-C is noticed after it


def serve_stdio(server: Server[Any], client: AsyncClient) -> None:
    """Serve until stdin is closed. Raises KeyboardInterrupt at once, even while a line is awaited."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(_serve(server, client))
        except BaseException as error:  # noqa: BLE001  raised again in the main thread
            failures.append(error)

    # A thread that waits for a line cannot be cancelled; the main thread is left free to end the process.
    thread = threading.Thread(target=run, name="connector-mcp", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_POLL_INTERVAL)
    if failures:
        raise failures[0]


async def _serve(server: Server[Any], client: AsyncClient) -> None:
    async with client, stdio_server() as (read_stream, write_stream):
        await server.run(read_stream, write_stream, server.create_initialization_options())
