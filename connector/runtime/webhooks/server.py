"""Serving receivers over HTTP: slow and endless senders are closed, and a stop loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.errors import UsageError
from connector.runtime.webhooks import asgi
from connector.runtime.webhooks.receiver import Receiver, require

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from connector.runtime.webhooks.asgi import App

BACKLOG = 512
_HIGHEST_PORT = 65_535
_EXTRA = ("uvicorn", "httptools")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connection may take: seconds for a request's head, seconds between two requests; how many there may be.

    A body has ten seconds besides. Each connection may hold a body of up to 1 MiB in memory.
    """

    head: float = 10.0
    idle: float = 10.0
    connections: int = 500


def serve(
    receiver: Receiver | Mapping[str, Receiver],
    host: str = "127.0.0.1",
    port: int = 8080,
    *,
    path: str = "/",
    limits: Limits | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve a receiver at a path, or several by path, until SIGTERM or Ctrl-C; then return within ten seconds.

    `ready` is called with the URL, without a path, when senders may come. Port 0 takes a free one. Who sent a request
    is not looked at: neither an address nor a header of a proxy says it, but the signature. Raises UsageError for a
    port that is taken or a path that cannot be one, StoreError when an inbox cannot be opened.
    """
    served = Served(routed({path: receiver} if isinstance(receiver, Receiver) else receiver), host, port, limits)
    served.run(None if ready is None else lambda: ready(served.url))


class Served:
    """An ASGI application behind a socket that listens from the start; `url` is its URL, without a path."""

    def __init__(self, app: App, host: str, port: int, limits: Limits | None = None) -> None:
        require(*_EXTRA)
        from connector.runtime.webhooks.uvicorn_server import server_of  # noqa: PLC0415  an extra

        self._socket = _listening(host, port)
        place = f"[{host}]" if ":" in host else host
        self.url = f"http://{place}:{self._socket.getsockname()[1]}"
        self._server = server_of(app, limits or Limits())

    def run(self, ready: Callable[[], None] | None = None) -> None:
        """Serve until a signal or `stop`; receivers deliver meanwhile. Raises UsageError when that cannot begin."""
        self._server.ready = ready
        try:
            with self._socket:
                self._server.run([self._socket])
        except SystemExit:
            raise UsageError("The server could not start.", hint="Its log says why.") from None

    def stop(self) -> None:
        """End as a signal would, from any thread."""
        self._server.should_exit = True


def routed(receivers: Mapping[str, Receiver]) -> App:
    """Return the application that has receivers at paths, which run while it does, with their inboxes opened.

    Raises UsageError for a path that cannot be one, StoreError.
    """
    for path, one in receivers.items():
        if not path.startswith("/") or not path.isprintable() or set(path) & set(" {}?#"):
            raise UsageError(f"{path!r} is no path.", hint="Write it as /webhooks or /webhooks/one.")
        one.inbox.open()

    @contextlib.asynccontextmanager
    async def running() -> AsyncIterator[None]:
        ending = asyncio.Event()

        async def run(one: Receiver) -> None:
            async with one.running():
                await ending.wait()

        async with asyncio.TaskGroup() as group:  # so that all of them end at the same time
            for one in set(receivers.values()):
                group.create_task(run(one))
            await asyncio.sleep(0)
            yield
            ending.set()

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        if scope["type"] == "lifespan":
            await asgi.lifespan(running, receive, send)
        elif (one := receivers.get(scope["path"])) is not None:
            await one(scope, receive, send)
        else:
            await asgi.refuse(scope, send, 404)

    return app


def _listening(host: str, port: int) -> socket.socket:
    if not 0 <= port <= _HIGHEST_PORT:
        raise UsageError(f"There is no port {port}.", hint=f"Take one from 0 (any free one) to {_HIGHEST_PORT}.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"The receiver cannot listen on {host}:{port}: {reason}.", hint="Take another port.") from None
