"""Serving receivers over HTTP: slow and endless senders are closed, and a stop loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.core.http_semantics import MAX_PORT
from connector.errors import UsageError
from connector.runtime.webhooks import asgi
from connector.runtime.webhooks.receiver import Receiver, require_packages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from connector.runtime.webhooks.asgi import App

BACKLOG = 512
_REQUIRED_PACKAGES = ("uvicorn", "httptools")


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What a connection may take: seconds for a request's head, seconds between two requests; how many there may be.

    A body has ten seconds besides. Each connection may hold a body of up to 1 MiB in memory.
    """

    head_timeout: float = 10.0
    idle_timeout: float = 10.0
    max_connections: int = 500


def serve(
    receiver: Receiver | Mapping[str, Receiver],
    host: str = "127.0.0.1",
    port: int = 8080,
    *,
    path: str = "/",
    limits: ConnectionLimits | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve a receiver at a path, or several by path, until SIGTERM or Ctrl-C; then return within ten seconds.

    `ready` is called with the URL, without a path, when senders may come. Port 0 takes a free one. Who sent a request
    is not looked at: neither an address nor a header of a proxy says it, but the signature. Raises UsageError for a
    port that is taken or a path that cannot be one, StoreError when an inbox cannot be opened.
    """
    server = ReceiverServer(
        route_by_path({path: receiver} if isinstance(receiver, Receiver) else receiver), host, port, limits
    )
    server.run(None if on_ready is None else lambda: on_ready(server.url))


class ReceiverServer:
    """An ASGI application behind a socket that listens from the start; `url` is its URL, without a path."""

    def __init__(self, app: App, host: str, port: int, limits: ConnectionLimits | None = None) -> None:
        require_packages(*_REQUIRED_PACKAGES)
        from connector.runtime.webhooks.uvicorn_server import build_server  # noqa: PLC0415  an extra

        self._socket = _listen(host, port)
        url_host = f"[{host}]" if ":" in host else host
        self.url = f"http://{url_host}:{self._socket.getsockname()[1]}"
        self._server = build_server(app, limits or ConnectionLimits())

    def run(self, on_ready: Callable[[], None] | None = None) -> None:
        """Serve until a signal or `stop`; receivers deliver meanwhile. Raises UsageError when that cannot begin."""
        self._server.on_ready = on_ready
        try:
            with self._socket:
                self._server.run([self._socket])
        except SystemExit:
            raise UsageError("The server could not start.", hint="Its log says why.") from None

    def stop(self) -> None:
        """End as a signal would, from any thread."""
        self._server.should_exit = True


def route_by_path(receivers: Mapping[str, Receiver]) -> App:
    """Return the application that has receivers at paths, which run while it does, with their inboxes opened.

    Raises UsageError for a path that cannot be one, StoreError.
    """
    for path, receiver in receivers.items():
        if not path.startswith("/") or not path.isprintable() or set(path) & set(" {}?#"):
            raise UsageError(f"{path!r} is no path.", hint="Write it as /webhooks or /webhooks/one.")
        receiver.inbox.open()

    @contextlib.asynccontextmanager
    async def run_receivers() -> AsyncIterator[None]:
        stop_event = asyncio.Event()

        async def run_receiver(receiver: Receiver) -> None:
            async with receiver.running():
                await stop_event.wait()

        async with asyncio.TaskGroup() as group:  # so that all of them end at the same time
            for receiver in set(receivers.values()):
                group.create_task(run_receiver(receiver))
            await asyncio.sleep(0)
            yield
            stop_event.set()

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        if scope["type"] == "lifespan":
            await asgi.run_lifespan(run_receivers, receive, send)
        elif (receiver := receivers.get(scope["path"])) is not None:
            await receiver(scope, receive, send)
        else:
            await asgi.send_error(scope, send, 404)

    return app


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= MAX_PORT:
        raise UsageError(f"There is no port {port}.", hint=f"Take one from 0 (any free one) to {MAX_PORT}.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"The receiver cannot listen on {host}:{port}: {reason}.", hint="Take another port.") from None
