"""Serve receivers over HTTP; closes slow and endless senders, and loses no event when it stops."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

from connector.core.http_semantics import MAX_PORT
from connector.errors import UsageError
from connector.runtime.webhooks import asgi
from connector.runtime.webhooks.asgi import ConnectionLimits
from connector.runtime.webhooks.receiver import Receiver, require_packages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from connector.runtime.webhooks.asgi import App

BACKLOG = 1024  # connections
ACCEPTS_PER_TURN = 16  # connections; uvloop accepts one of each socket when it looks at all that are ready
RECEIVE_BUFFER = 32_768  # bytes of a connection that the system keeps, and hands over at once

_REQUIRED_PACKAGES = ("uvicorn", "httptools")


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

    Calls `on_ready` with the URL, without a path, when it accepts requests. Port 0 is any free port. Client addresses
    are ignored; the signature authenticates the sender. Raises UsageError for a port in use or an invalid path,
    StoreError when an inbox cannot be opened.
    """
    server = ReceiverServer(
        route_by_path({path: receiver} if isinstance(receiver, Receiver) else receiver), host, port, limits
    )
    server.run(None if on_ready is None else lambda: on_ready(server.url))


class ReceiverServer:
    """An ASGI application on a socket that listens at once; `url` is its URL, without a path."""

    def __init__(self, app: App, host: str, port: int, limits: ConnectionLimits | None = None) -> None:
        require_packages(*_REQUIRED_PACKAGES)
        from connector.runtime.webhooks.uvicorn_server import build_server

        self._socket = _listen(host, port)
        url_host = f"[{host}]" if ":" in host else host
        self.url = f"http://{url_host}:{self._socket.getsockname()[1]}"
        self._server = build_server(app, limits or ConnectionLimits())

    def run(self, on_ready: Callable[[], None] | None = None) -> None:
        """Serve until a signal or `stop`. Raises UsageError when the server cannot start."""
        self._server.on_ready = on_ready
        try:
            with contextlib.ExitStack() as stack:
                stack.enter_context(self._socket)
                self._server.run([stack.enter_context(self._socket.dup()) for _ in range(ACCEPTS_PER_TURN)])
        except SystemExit:
            raise UsageError("The server could not start.", hint="See its log.") from None

    def stop(self) -> None:
        """Stop as a signal would, from any thread."""
        self._server.should_exit = True


def route_by_path(receivers: Mapping[str, Receiver]) -> App:
    """Return an ASGI application of receivers by path; opens their inboxes and runs them in its lifespan.

    Raises UsageError for an invalid path, StoreError.
    """
    for path, receiver in receivers.items():
        if not path.startswith("/") or not path.isprintable() or set(path) & set(" {}?#"):
            raise UsageError(f"{path!r} is not a path.", hint="Use /webhooks or /webhooks/one, for example.")
        receiver.open_inbox()

    @contextlib.asynccontextmanager
    async def run_receivers() -> AsyncIterator[None]:
        stop_event = asyncio.Event()

        async def run_receiver(receiver: Receiver) -> None:
            async with receiver.lifespan():
                await stop_event.wait()

        async with asyncio.TaskGroup() as group:  # so that all of them stop at the same time
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
        raise UsageError(f"There is no port {port}.", hint=f"Use 0 (any free port) to {MAX_PORT}.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"The receiver cannot listen on {host}:{port}: {reason}.", hint="Use another port.") from None
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)  # inherited by its connections
    return listening
