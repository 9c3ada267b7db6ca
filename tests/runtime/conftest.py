"""One body of tests for both clients: a runner that looks the same whether it awaits or not."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
from support.oauth_server import Authority
from support.receivers import DATABASE_KINDS, new_inbox_url
from support.transports import Rerouting

from connector import AsyncClient, Client, Connection, Connector
from connector.runtime.storage.memory_store import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.servers import Counting, GivenClock


class Runner:
    """A client and how to run it; `kind` is "sync" or "async"."""

    def __init__(self, kind: str, connector: Connector, connection: Connection | None, **options: Any) -> None:
        self.kind = kind
        self._loop = asyncio.Runner() if kind == "async" else None
        self.client: Any = (AsyncClient if self._loop else Client)(connector, connection, **options)

    def run(self, *args: Any, **options: Any) -> Any:
        """Run an action."""
        return self._done(self.client.run, *args, **options)

    def request(self, *args: Any, **options: Any) -> Any:
        """Send a raw request."""
        return self._done(self.client.request, *args, **options)

    def download(self, *args: Any, **options: Any) -> Any:
        """Download a file."""
        return self._done(self.client.download, *args, **options)

    def download_all(self, *args: Any, **options: Any) -> Any:
        """Download the files that an action lists."""
        return self._done(self.client.download_all, *args, **options)

    def run_file(self, *args: Any) -> Any:
        """Run a call file."""
        result = self._done(self.client.run_file, *args)
        return self._iterate(result) if isinstance(result, AsyncIterator) else result

    def _iterate(self, results: AsyncIterator[Any]) -> Iterator[Any]:
        assert self._loop is not None
        with contextlib.suppress(StopAsyncIteration):
            while True:
                yield self._loop.run(_awaited(anext, [results], {}))

    def choices(self, *args: Any, **options: Any) -> Any:
        """List the choices of an input."""
        return self._done(self.client.choices, *args, **options)

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
def kind(request: pytest.FixtureRequest) -> str:
    """Which of both clients."""
    return str(request.param)


@pytest.fixture
def library() -> str | None:
    """The HTTP library of the clients: the default, here; the conformance tests have every one."""
    return None


@pytest.fixture
def runner(
    kind: str, library: str | None, zoom: Connector, token_connection: Connection
) -> Iterator[Callable[..., Runner]]:
    """Make runners of both kinds; they are closed at the end."""
    with contextlib.ExitStack() as stack:

        def make(url: str | None = None, connection: Connection | None = token_connection, **options: Any) -> Runner:
            options = {"http": library, **options}
            one = Runner(kind, options.pop("connector", zoom), connection, base_url=url, **options)
            stack.callback(one.end)
            return one

        yield make


@pytest.fixture
def authority() -> Iterator[Authority]:
    """An OAuth server and the API behind it, strict about rotation."""
    with Authority() as one:
        yield one


@pytest.fixture
def store() -> MemoryStore:
    """A store of this process."""
    return MemoryStore()


@pytest.fixture
def connection(zoom: Connector, authority: Authority, store: MemoryStore) -> Connection:
    """A kept connection whose token has ended."""
    return authority.connection(zoom, store=store, name="work")


@pytest.fixture
def get(zoom: Connector, authority: Authority, clock: GivenClock) -> Callable[[Connection], int]:
    """Call with a connection; the status."""

    def once(connection: Connection) -> int:
        with Client(zoom, connection, base_url=authority.url, clock=clock) as client:
            return client.run("getUser", {"userId": "me"}).status

    return once


@pytest.fixture(params=DATABASE_KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new database for an inbox, of each kind in turn."""
    return new_inbox_url(request.param, tmp_path)


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    """The URL of a new SQLite database for an inbox."""
    return new_inbox_url("sqlite", tmp_path)


@pytest.fixture
def rerouted(server: Counting) -> Iterator[Rerouting]:
    """A transport that takes every host to the counting server."""
    with contextlib.closing(Rerouting(server)) as transport:
        yield transport
