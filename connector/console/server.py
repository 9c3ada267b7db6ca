"""Serve the console on this machine until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from connector.console.app import create_app
from connector.console.security import KEY_FIELD, Keys
from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.console.desk import Desk
    from connector.console.security import App

DEFAULT_PORT = 8095
_HOST = "127.0.0.1"
_SHUTDOWN_SECONDS = 1
_REQUEST_SECONDS = 20.0  # from the first byte of a request, or the connection, to the last of its headers
_MAX_CONNECTIONS = 200


class HastyProtocol(H11Protocol):
    """Closes connections whose requests do not arrive: any user of this machine can open some."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Read on; what is whole by then is at work."""
        super().data_received(data)
        cycle: Any = self.cycle  # None before the first request
        is_at_work = cycle is not None and not cycle.response_complete
        self._stop_waiting() if is_at_work else self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = asyncio.get_running_loop().call_later(_REQUEST_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class ConsoleServer(uvicorn.Server):
    """Calls `on_ready` when it accepts requests, and `on_end` when it is to end, so that open streams end too."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None], on_end: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready, self._on_end = on_ready, on_end

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then call `on_ready`."""
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Call `on_end`, then end."""
        self._on_end()
        await super().shutdown(sockets)


def serve_console(desk: Desk, port: int | None, on_ready: Callable[[Callable[..., str]], None]) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Calls `on_ready` with a function that makes addresses with keys; `once=True` for one that opens once. Without a
    port, it is the usual one, or a free one where that is taken. Raises UsageError when the port is taken.
    """
    keys = Keys()
    with _listen(port) as listening:
        bound = listening.getsockname()[1]

        def make_address(*, once: bool = False) -> str:
            return f"http://{_HOST}:{bound}/?{KEY_FIELD}={keys.make_token(once=once)}"

        config = build_config(create_app(desk, keys, bound))
        server = ConsoleServer(config, lambda: on_ready(make_address), desk.end_waits)
        with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises its signal again when it has stopped
            asyncio.run(server.serve([listening]))


def build_config(app: App) -> uvicorn.Config:
    """Return how the application is served: nothing is logged, since addresses may hold a key."""
    return uvicorn.Config(
        app, log_config=None, log_level="critical", access_log=False, server_header=False, proxy_headers=False,
        http=HastyProtocol, limit_concurrency=_MAX_CONNECTIONS, ws="none", lifespan="off",
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )  # fmt: skip


def _listen(port: int | None) -> socket.socket:
    try:
        return socket.create_server((_HOST, DEFAULT_PORT if port is None else port))
    except OSError as error:
        if port is None:
            return socket.create_server((_HOST, 0))
        reason = error.strerror or type(error).__name__
        raise UsageError(f"The console cannot listen on {_HOST}:{port}: {reason}.", hint="Use another port.") from None
