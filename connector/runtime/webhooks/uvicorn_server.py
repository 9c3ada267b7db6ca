"""A uvicorn server with header and idle timeouts and an orderly shutdown; the only import of uvicorn.

uvicorn limits neither the time nor the size of a request's head, and its connection limit rejects honest clients.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from typing import TYPE_CHECKING, Any, ClassVar

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from connector.runtime.webhooks.timeouts import TimeoutGroup

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Callable, Iterator

    from connector.runtime.webhooks.asgi import ConnectionLimits

MAX_HEAD_BYTES = 65_536  # bytes of a request without its body
BODY_GRACE = 0.5  # seconds to complete a body when the server stops
RESPONSE_GRACE = 1.0  # seconds to answer requests then
_log = logging.getLogger("connector.webhook.server")
_log.setLevel(logging.ERROR)


class LimitedProtocol(HttpToolsProtocol):
    """A connection that is closed when the head of a request is late or too large.

    Above `max_connections`, the connection that has been idle longest is closed.
    """

    limits: ClassVar[ConnectionLimits]
    idle_connections: ClassVar[dict[LimitedProtocol, None]]  # without a request, the longest idle first
    header_timeouts: ClassVar[TimeoutGroup[LimitedProtocol]]

    _in_head = False
    _head_bytes = 0  # bytes of this request without its body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timeout of the first head."""
        super().connection_made(transport)
        self.logger = _log  # a log line per invalid request would let anyone fill the disk
        self.idle_connections[self] = None
        self._start_head_timeout()
        if len(self.connections) > self.limits.max_connections:
            next(iter(self.idle_connections)).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Drop the connection's timeouts."""
        self.idle_connections.pop(self, None)
        self._stop_head_timeout()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse data within the limits."""
        if not self._in_head and getattr(self.cycle, "response_complete", True):  # there may be no cycle yet
            self._start_head_timeout()
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.transport.abort()

    def on_headers_complete(self) -> None:
        """Start a request: its head is complete."""
        self.idle_connections.pop(self, None)
        self._stop_head_timeout()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Add a chunk of the body."""
        self._head_bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request; its response may have been sent before."""
        self._head_bytes = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Mark the connection as idle."""
        if not self.pipeline:
            self.idle_connections.pop(self, None)
            self.idle_connections[self] = None
        super().on_response_complete()

    def shutdown(self) -> None:
        """Answer current requests, then close; abort incomplete bodies."""
        super().shutdown()
        self.loop.call_later(BODY_GRACE, self._abort_incomplete_body)

    def _start_head_timeout(self) -> None:
        self._in_head = True
        self.header_timeouts.begin(self)

    def _stop_head_timeout(self) -> None:
        self._in_head = False
        self.header_timeouts.end(self)

    def abort_late_head(self) -> None:
        """Close a connection whose head is late."""
        self.transport.abort()

    def _abort_incomplete_body(self) -> None:
        if getattr(self.cycle, "more_body", False):
            self.transport.abort()


class GracefulServer(uvicorn.Server):
    """Runs until SIGTERM, Ctrl-C or `should_exit`, then returns without raising the signal again.

    Calls `on_ready` when it accepts requests.
    """

    on_ready: Callable[[], None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then call `on_ready`."""
        await super().startup(sockets)
        if self.on_ready is not None:
            self.on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals in the main thread, the only one that can."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        previous_handlers = {
            signal_number: signal.signal(signal_number, self.handle_exit)
            for signal_number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            yield
        finally:
            for signal_number, handler in previous_handlers.items():
                signal.signal(signal_number, handler)


def build_server(app: Any, limits: ConnectionLimits) -> GracefulServer:
    """Return a server of an ASGI application that logs no path and no header of a request."""
    header_timeouts = TimeoutGroup[LimitedProtocol](limits.head_timeout, LimitedProtocol.abort_late_head)
    members = {"limits": limits, "idle_connections": {}, "header_timeouts": header_timeouts}
    protocol = type("Connection", (LimitedProtocol,), members)
    timeouts: dict[str, Any] = {"timeout_keep_alive": limits.idle_timeout, "timeout_graceful_shutdown": RESPONSE_GRACE}
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        **timeouts,
    )
    return GracefulServer(config)
