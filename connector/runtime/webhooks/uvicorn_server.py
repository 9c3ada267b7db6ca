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

from connector.runtime.webhooks.timeouts import Deadlines

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Callable, Iterator

    from connector.runtime.webhooks.server import Limits

LARGEST_HEAD = 65_536  # bytes of a request besides its body
CUT = 0.5  # seconds that a body has to be whole when the server ends
LEAVE = 1.0  # seconds that requests have to be answered then
_log = logging.getLogger("connector.webhook.server")
_log.setLevel(logging.ERROR)


class Protocol(HttpToolsProtocol):
    """One connection: the head of a request is whole in time and small, or the connection is closed.

    Where there are too many connections, the one that has waited longest for a head makes room.
    """

    limits: ClassVar[Limits]
    idle: ClassVar[dict[Protocol, None]]  # connections without a request, the longest idle first
    heads: ClassVar[Deadlines[Protocol]]

    _in_head = False
    _beside = 0  # bytes of this request that are not its body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head."""
        super().connection_made(transport)
        self.logger = _log  # anybody can send what is no HTTP, so that a line for each would fill the disk
        self.idle[self] = None
        self._begin_head()
        if len(self.connections) > self.limits.connections:
            next(iter(self.idle)).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self.idle.pop(self, None)
        self._end_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, within the limits."""
        if not self._in_head and getattr(self.cycle, "response_complete", True):  # there may be no cycle yet
            self._begin_head()
        self._beside += len(data)
        super().data_received(data)
        if self._beside > LARGEST_HEAD and not self.transport.is_closing():
            self.transport.abort()

    def on_headers_complete(self) -> None:
        """Begin the request."""
        self.idle.pop(self, None)
        self._end_head()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self._beside -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request; its answer may have gone out before."""
        self._beside = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next head."""
        if not self.pipeline:
            self.idle.pop(self, None)
            self.idle[self] = None
        super().on_response_complete()

    def shutdown(self) -> None:
        """Answer what is asked, and close."""
        super().shutdown()
        self.loop.call_later(CUT, self._cut)

    def _begin_head(self) -> None:
        self._in_head = True
        self.heads.begin(self)

    def _end_head(self) -> None:
        self._in_head = False
        self.heads.end(self)

    def close(self) -> None:
        """End the connection: its head took too long."""
        self.transport.abort()

    def _cut(self) -> None:
        if getattr(self.cycle, "more_body", False):
            self.transport.abort()


class Server(uvicorn.Server):
    """Runs until SIGTERM, Ctrl-C or `should_exit`, and then returns: the signal is not raised again.

    `ready` is called when it answers, and a signal ends it in order.
    """

    ready: Callable[[], None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        if self.ready is not None:
            self.ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle the signals where that is possible: in the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def server_of(app: Any, limits: Limits) -> Server:
    """Return a server of an ASGI application; no line of a log has a path or a header of a request."""
    heads = Deadlines[Protocol](limits.head, Protocol.close)
    protocol = type("Connection", (Protocol,), {"limits": limits, "idle": {}, "heads": heads})
    seconds: dict[str, Any] = {"timeout_keep_alive": limits.idle, "timeout_graceful_shutdown": LEAVE}
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        **seconds,
    )
    return Server(config)
