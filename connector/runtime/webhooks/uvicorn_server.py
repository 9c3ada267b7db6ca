"""A uvicorn server whose connections have deadlines, and which ends in order; the only import of uvicorn.

uvicorn has no limit for the time and the size of a request's head, and its limit of connections turns the honest away.
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

MAX_HEAD_BYTES = 65_536  # bytes of a request besides its body
BODY_GRACE = 0.5  # seconds that a body has to be whole when the server ends
RESPONSE_GRACE = 1.0  # seconds that requests have to be answered then
_log = logging.getLogger("connector.webhook.server")
_log.setLevel(logging.ERROR)


class LimitedProtocol(HttpToolsProtocol):
    """One connection: the head of a request is whole in time and small, or the connection is closed.

    Where there are too many connections, the one that has waited longest for a head makes room.
    """

    limits: ClassVar[ConnectionLimits]
    idle_connections: ClassVar[dict[LimitedProtocol, None]]  # connections without a request, the longest idle first
    header_timeouts: ClassVar[TimeoutGroup[LimitedProtocol]]

    _in_head = False
    _head_bytes = 0  # bytes of this request that are not its body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head."""
        super().connection_made(transport)
        self.logger = _log  # anybody can send what is no HTTP, so that a line for each would fill the disk
        self.idle_connections[self] = None
        self._start_head_timeout()
        if len(self.connections) > self.limits.max_connections:
            next(iter(self.idle_connections)).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self.idle_connections.pop(self, None)
        self._stop_head_timeout()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, within the limits."""
        if not self._in_head and getattr(self.cycle, "response_complete", True):  # there may be no cycle yet
            self._start_head_timeout()
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.transport.abort()

    def on_headers_complete(self) -> None:
        """Begin the request."""
        self.idle_connections.pop(self, None)
        self._stop_head_timeout()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self._head_bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request; its answer may have gone out before."""
        self._head_bytes = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next head."""
        if not self.pipeline:
            self.idle_connections.pop(self, None)
            self.idle_connections[self] = None
        super().on_response_complete()

    def shutdown(self) -> None:
        """Answer what is asked, and close."""
        super().shutdown()
        self.loop.call_later(BODY_GRACE, self._abort_incomplete_body)

    def _start_head_timeout(self) -> None:
        self._in_head = True
        self.header_timeouts.begin(self)

    def _stop_head_timeout(self) -> None:
        self._in_head = False
        self.header_timeouts.end(self)

    def abort_late_head(self) -> None:
        """End the connection: its head took too long."""
        self.transport.abort()

    def _abort_incomplete_body(self) -> None:
        if getattr(self.cycle, "more_body", False):
            self.transport.abort()


class GracefulServer(uvicorn.Server):
    """Runs until SIGTERM, Ctrl-C or `should_exit`, and then returns: the signal is not raised again.

    `ready` is called when it answers, and a signal ends it in order.
    """

    on_ready: Callable[[], None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        if self.on_ready is not None:
            self.on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle the signals where that is possible: in the main thread."""
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
    """Return a server of an ASGI application; no line of a log has a path or a header of a request."""
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
