"""Call once, and say what came of it: from a thread, from a task, from many tasks of a loop of their own."""

from __future__ import annotations

import asyncio
from typing import Any

from connector import AsyncClient, Client, Connection, errors

ME = {"userId": "me"}


def attempt(client: Client, **options: Any) -> Any:
    """The status of a call, or its error."""
    try:
        return client.run("getUser", ME, **options).status
    except errors.ConnectorError as error:
        return error


async def awaited(client: AsyncClient, **options: Any) -> Any:
    """As `attempt`, in a task."""
    try:
        return (await client.run("getUser", ME, **options)).status
    except errors.ConnectorError as error:
        return error


async def together(connection: Connection, url: str, clock: Any, tasks: int) -> list[Any]:
    """What so many tasks get that call at once; their time is not what is tested."""
    async with AsyncClient(connection.connector, connection, base_url=url, clock=clock) as client:
        return await asyncio.gather(*(awaited(client, timeout=600) for _ in range(tasks)))
