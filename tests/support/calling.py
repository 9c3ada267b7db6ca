"""Call once and return the outcome: from a thread, a task, or many tasks."""

from __future__ import annotations

import asyncio
from typing import Any

from connector import AsyncClient, Client, Connection, errors

ME = {"userId": "me"}


def attempt(client: Client, action: str = "getUser", given: Any = ME, **options: Any) -> Any:
    """The status of a call, or its error."""
    try:
        return client.run(action, given, **options).status
    except errors.ConnectorError as error:
        return error


async def awaited(client: AsyncClient, **options: Any) -> Any:
    """As `attempt`, in a task."""
    try:
        return (await client.run("getUser", ME, **options)).status
    except errors.ConnectorError as error:
        return error


async def together(connection: Connection, url: str, clock: Any, tasks: int) -> list[Any]:
    """The outcomes of so many concurrent tasks; with a long timeout."""
    async with AsyncClient(connection.connector, connection, base_url=url, clock=clock) as client:
        return await asyncio.gather(*(awaited(client, timeout=600) for _ in range(tasks)))
