"""List the active users of an account while its pages are still being read; in the sandbox without credentials."""

from __future__ import annotations

import asyncio
import sys

from connector import AsyncClient, Connection, Connector, errors
from connector.testing import Sandbox


def open_client(zoom: Connector) -> AsyncClient:
    """Return a client of the account that the environment names, or of the stand-in."""
    try:
        return AsyncClient(zoom, Connection.from_env(zoom))
    except errors.SignInError as error:
        print(f"{error}\nMeanwhile, this is the sandbox.", file=sys.stderr)
        box = Sandbox(zoom)
        return AsyncClient(zoom, box.connection, http=box.http)


async def main() -> None:
    """Print one user a line, then how many pages there were."""
    async with open_client(Connector.open()) as client:
        users = client.items("listUsers", {"status": "active"})
        async for user in users:
            print(user["email"])
        print(f"{users.pages} page(s), complete: {users.complete}", file=sys.stderr)


if __name__ == "__main__":
    asyncio.run(main())
