"""One body of tests for both clients: a runner that looks the same whether it awaits or not."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from connector import AsyncClient, Client, Connection, Connector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Runner:
    """A client and how to run it; `kind` is "sync" or "async"."""

    def __init__(self, kind: str, connector: Connector, connection: Connection | None, **options: Any) -> None:
        self.kind = kind
        self._loop = asyncio.Runner() if kind == "async" else None
        self.client: Any = (AsyncClient if self._loop else Client)(connector, connection, **options)

    def run(self, *args: Any, **options: Any) -> Any:
        """Run an action."""
        return self._done(self.client.run, *args, **options)

    def raw(self, *args: Any, **options: Any) -> Any:
        """Send a raw request."""
        return self._done(self.client.raw, *args, **options)

    def call(self, *args: Any) -> Any:
        """Run a call file."""
        return self._done(self.client.call, *args)

    def items(self, *args: Any, **options: Any) -> list[Any]:
        """Take every item of a listing."""
        if self._loop is None:
            return list(self.client.items(*args, **options))

        async def every() -> list[Any]:
            return [item async for item in self.client.items(*args, **options)]

        return self._loop.run(every())

    def _done(self, method: Callable[..., Any], *args: Any, **options: Any) -> Any:
        return method(*args, **options) if self._loop is None else self._loop.run(_awaited(method, args, options))

    def close(self) -> None:
        """Close the client."""
        self._done(self.client.close)

    def end(self) -> None:
        """Close the client, and its loop."""
        self.close()
        if self._loop is not None:
            self._loop.close()


async def _awaited(method: Callable[..., Any], args: Any, options: Any) -> Any:
    return await method(*args, **options)


@pytest.fixture(params=["sync", "async"])
def runner(
    request: pytest.FixtureRequest, zoom: Connector, token_connection: Connection
) -> Iterator[Callable[..., Runner]]:
    """Make runners of both kinds; they are closed at the end."""
    with contextlib.ExitStack() as stack:

        def make(url: str | None = None, connection: Connection | None = token_connection, **options: Any) -> Runner:
            one = Runner(request.param, options.pop("connector", zoom), connection, base_url=url, **options)
            stack.callback(one.end)
            return one

        yield make
