"""Serve receivers over HTTP; closes slow and endless senders, and loses no event when it stops."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
from dataclasses import field
from typing import TYPE_CHECKING

from connector.core.http_semantics import MAX_PORT
from connector.errors import UsageError
from connector.first_use import dataclass
from connector.runtime.webhooks import asgi
from connector.runtime.webhooks.admin.health import Health, ReadinessLimits
from connector.runtime.webhooks.asgi import ConnectionLimits
from connector.runtime.webhooks.receiver import Receiver, require_packages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

    from connector.runtime.webhooks.asgi import App

BACKLOG = 1024  # connections
ACCEPTS_PER_TURN = 16  # connections; uvloop accepts one of each socket when it looks at all that are ready
MAX_ADMIN_CONNECTIONS = 50
RECEIVE_BUFFER = 32_768  # bytes of a connection that the system keeps, and hands over at once

_REQUIRED_PACKAGES = ("uvicorn", "httptools")


@dataclass(frozen=True, slots=True)
class Admin:
    """Where a receiver's health and metrics are served, `HOST:PORT` or a socket that listens, and when it is ready."""

    address: str | socket.socket
    limits: ReadinessLimits = field(default_factory=ReadinessLimits)


def serve(
    receiver: Receiver | Mapping[str, Receiver],
    host: str = "127.0.0.1",
    port: int = 8080,
    *,
    path: str = "/",
    limits: ConnectionLimits | None = None,
    sockets: Sequence[socket.socket] = (),
    admin: Admin | None = None,
    on_ready: Callable[..., None] | None = None,
) -> None:
    """Serve a receiver at a path, or several by path, until SIGTERM or Ctrl-C; then return within ten seconds.

    `sockets` that listen already take the place of `host` and `port`. Port 0 is any free port. `admin` serves health
    and metrics beside. Calls `on_ready` with the URL, without a path, when it accepts requests; with `admin`, also with
    the URL of that. Client addresses are ignored; the signature authenticates the sender. Raises UsageError for a port
    in use or an invalid path, StoreError when an inbox cannot be opened.
    """
    receivers = {path: receiver} if isinstance(receiver, Receiver) else receiver
    app = route_by_path(receivers)
    with contextlib.ExitStack() as stack:
        server = ReceiverServer(app, host, port, limits, sockets=sockets)
        stack.callback(server.close)
        urls = [server.url]
        on_start: list[Callable[[], None]] = []
        if admin is not None:
            health = Health(receivers.values(), admin.limits, server.is_stopping)
            urls.append(stack.enter_context(_serve_admin(admin, health)))
            on_start.append(health.start)
        if on_ready is not None:
            on_start.append(lambda: on_ready(*urls))
        server.run(lambda: [start() for start in on_start])


@contextlib.contextmanager
def _serve_admin(admin: Admin, health: Health) -> Iterator[str]:
    """Serve health and metrics in a thread, which answers while the receivers' event loop is stuck; yield the URL."""
    require_packages("prometheus_client")
    from connector.runtime.webhooks.admin.admin_app import build_admin_app

    app, limits = build_admin_app(health), ConnectionLimits(max_connections=MAX_ADMIN_CONNECTIONS)
    if isinstance(admin.address, str):
        server = ReceiverServer(app, *parse_address(admin.address), limits)
    else:
        server = ReceiverServer(app, "", 0, limits, sockets=[admin.address])
    thread = threading.Thread(target=server.run, name="connector-admin", daemon=True)
    thread.start()
    try:
        yield server.url
    finally:
        server.stop()
        thread.join()


class ReceiverServer:
    """An ASGI application on sockets that listen at once; `url` is its URL, without a path.

    `sockets` take the place of a new one for `host` and `port`; they belong to the server, which closes them.
    """

    def __init__(
        self,
        app: App,
        host: str,
        port: int,
        limits: ConnectionLimits | None = None,
        *,
        sockets: Sequence[socket.socket] = (),
    ) -> None:
        require_packages(*_REQUIRED_PACKAGES)
        from connector.runtime.webhooks.uvicorn_server import build_server

        self._sockets = list(sockets) or [_listen(host, port)]
        self.url = format_url(self._sockets[0])
        self._server = build_server(app, limits or ConnectionLimits())

    def run(self, on_ready: Callable[[], object] | None = None) -> None:
        """Serve until a signal or `stop`. Raises UsageError when the server cannot start."""
        self._server.on_ready = on_ready
        try:
            with contextlib.ExitStack() as stack:
                stack.callback(self.close)
                copies = [one.dup() for one in self._sockets for _ in range(ACCEPTS_PER_TURN)]
                self._server.run([stack.enter_context(copy) for copy in copies])
        except SystemExit:
            raise UsageError("The server could not start.", hint="See its log.") from None

    def stop(self) -> None:
        """Stop as a signal would, from any thread."""
        self._server.should_exit = True

    def is_stopping(self) -> bool:
        """Whether it was told to stop."""
        return bool(self._server.should_exit)

    def close(self) -> None:
        """Close the sockets; connections that wait are refused, unless another process has the socket too."""
        for listening in self._sockets:
            listening.close()


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


def parse_address(text: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT` or `PORT`, which is on this machine. Raises UsageError."""
    host, _, port = text.rpartition(":")
    if not (port.isdecimal() and port.isascii()) or (":" in host and not host.startswith("[")):
        raise UsageError(f"{text!r} is not an address.", hint="Use HOST:PORT, such as 127.0.0.1:9090.")
    return host.removeprefix("[").removesuffix("]") or "127.0.0.1", int(port)


def format_url(listening: socket.socket) -> str:
    """Return the URL of a socket that listens, without a path."""
    address = listening.getsockname()
    if not isinstance(address, tuple):
        return f"unix:{os.fsdecode(address)}"
    return f"http://[{address[0]}]:{address[1]}" if ":" in address[0] else f"http://{address[0]}:{address[1]}"


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
