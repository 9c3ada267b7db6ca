"""A uvicorn server with limits for whoever sends, and an orderly shutdown; the only import of uvicorn.

uvicorn limits neither the time nor the size of a request's head, nor how many requests are queued on a connection, nor
the time to read an answer; and its connection limit rejects honest clients.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from typing import TYPE_CHECKING, Any, ClassVar

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from connector.runtime.webhooks.connection_registry import ConnectionRegistry
from connector.runtime.webhooks.timeouts import TimeoutGroup

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Callable, Iterator

    from connector.runtime.webhooks.asgi import ConnectionLimits

MAX_HEAD_BYTES = 65_536  # bytes of a request without its body
MAX_HEADERS = 100
MAX_SMALL_CHUNKS = 200  # of a body, beside one for each KiB
MAX_PIPELINED = 4  # requests that wait for the one before them; no sender of events has any
MAX_UNREAD_BYTES = 4096  # bytes of answers; beyond that, the client has to read some
READ_TIMEOUT = 5.0  # seconds to read them, or the last answer of a connection
BODY_GRACE = 0.5  # seconds for what is on its way when the server stops: a request, or the rest of a body
RESPONSE_GRACE = 1.0  # seconds to answer requests then
_PIECE_BYTES = 16_384  # bytes that are parsed before the limits are looked at
_HEADER_COST = 200  # bytes of memory that a header takes beside its own
_log = logging.getLogger("connector.webhook.server")
_log.setLevel(logging.ERROR)


class LimitedProtocol(HttpToolsProtocol):
    """A connection that is closed when a head is late or too large, or when requests or answers pile up.

    While it waits for its client, the registry may give it up.
    """

    registry: ClassVar[ConnectionRegistry]
    header_timeouts: ClassVar[TimeoutGroup[LimitedProtocol]]
    read_timeouts: ClassVar[TimeoutGroup[LimitedProtocol]]

    cycle: Any  # None before the first request, and for both: when the connection is closed
    parser: Any
    peer = ""
    _running_cycle: RequestResponseCycle | None = None
    _in_head = False
    _has_unread = False
    _is_ending = False
    _piece_bytes = 0
    _head_bytes = 0  # bytes of this request without its body, at most
    _chunk_count = 0
    _body_bytes = 0  # bytes of the bodies that are incomplete or queued

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timeout of the first head."""
        super().connection_made(transport)
        self.logger = _log  # a log line per invalid request would let anyone fill the disk
        transport.set_write_buffer_limits(MAX_UNREAD_BYTES)
        self.peer = self.client[0] if self.client else ""
        self.registry.start_waiting(self, "head")
        self._start_head_timeout()
        self.registry.make_room(len(self.connections))

    def connection_lost(self, exc: Exception | None) -> None:
        """Drop all that refers to the connection, so that its memory is free without the garbage collector."""
        self.registry.forget(self)
        self._stop_head_timeout()
        self.read_timeouts.end(self)
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        for cycle in self._list_cycles():
            cycle.disconnected, cycle.on_response = True, _do_nothing
        self.pipeline.clear()
        self._running_cycle = None
        self.cycle = None

    def data_received(self, data: bytes) -> None:
        """Parse data within the limits."""
        for start in range(0, len(data), _PIECE_BYTES):
            if self.transport.is_closing():
                return
            self._parse_piece(data[start : start + _PIECE_BYTES])

    def _parse_piece(self, piece: bytes) -> None:
        if not self._in_head and getattr(self.cycle, "response_complete", True):  # there may be no cycle yet
            self._start_head_timeout()
        self._piece_bytes = len(piece)
        self._head_bytes += self._piece_bytes
        super().data_received(piece)
        if self._head_bytes > MAX_HEAD_BYTES:
            self.abort()
        if self._is_incomplete() and not self.transport.is_closing():
            header_cost = len(self.headers or ()) * _HEADER_COST
            self.registry.hold(self, self._head_bytes + header_cost + self._body_bytes)

    def _is_incomplete(self) -> bool:
        """Whether a request has begun and is not complete, or waits for another."""
        return self._in_head or bool(self.pipeline) or getattr(self.cycle, "more_body", False)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header. Raises OverflowError for too many."""
        super().on_header(name, value)
        if len(self.headers) > MAX_HEADERS:
            self._abort_parsing()

    def on_headers_complete(self) -> None:
        """Start a request: its head is complete. Raises OverflowError for too many that wait."""
        if len(self.pipeline) >= MAX_PIPELINED:
            self._abort_parsing()
        self._stop_head_timeout()
        if not self._has_unread:
            self.registry.start_waiting(self, "body")
        super().on_headers_complete()
        if self._is_ending:
            self.cycle.keep_alive = False

    def on_chunk_header(self) -> None:
        """Begin a chunk. Raises OverflowError for too many, which cost more than what is in them."""
        self._chunk_count += 1
        if self._chunk_count > MAX_SMALL_CHUNKS + self._body_bytes // 1024:
            self._abort_parsing()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running_cycle = cycle
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        """Add a chunk of the body."""
        self._head_bytes -= len(body)
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request; its response may have been sent before."""
        self._head_bytes, self._chunk_count = self._piece_bytes, 0  # the next one may begin in the same piece
        super().on_message_complete()
        if not self._has_unread:
            self.registry.stop_waiting(self)

    def on_response_complete(self) -> None:
        """Wait for the client again."""
        if not self.pipeline:
            self.registry.start_waiting(self, "head")
            if not self._is_incomplete():
                self._head_bytes = self._body_bytes = 0
                self.registry.hold(self, 0)
        super().on_response_complete()
        if self.transport.is_closing():
            self._start_read_timeout()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request, and close."""
        if self.transport.is_closing():
            return
        super().send_400_response(msg)
        self._start_read_timeout()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that was idle for too long."""
        super().timeout_keep_alive_handler()
        self._start_read_timeout()

    def pause_writing(self) -> None:
        """Wait for a client that does not read its answers."""
        super().pause_writing()
        self.registry.start_waiting(self, "answer")
        self._start_read_timeout()

    def resume_writing(self) -> None:
        """Go on: the client has read its answers."""
        super().resume_writing()
        if not self.transport.is_closing():
            self._has_unread = False
            self.read_timeouts.end(self)

    def shutdown(self) -> None:
        """Answer the current request, or the one that is on its way, then close; abort what stays incomplete.

        A connection that was just accepted, or is idle, may have a request in the network: it is not closed at once.
        """
        self._is_ending = True
        if self.cycle is not None:
            self.cycle.keep_alive = False
        self.loop.call_later(BODY_GRACE, self._end)

    def abort(self) -> None:
        """Close the connection and free what it holds at once; its tasks end only later."""
        self.transport.abort()
        self.headers = []
        self.parser = None
        for cycle in self._list_cycles():
            cycle.disconnected = True
            cycle.body.clear()

    def _list_cycles(self) -> list[RequestResponseCycle]:
        """Return the requests that are answered, read or queued."""
        cycles = [self._running_cycle, self.cycle, *(cycle for cycle, _ in self.pipeline)]
        return [cycle for cycle in cycles if cycle is not None]

    def _abort_parsing(self) -> None:
        self.abort()
        raise OverflowError  # ends the parser, which would go on with what it has

    def _start_head_timeout(self) -> None:
        self._in_head = True
        self.header_timeouts.begin(self)

    def _stop_head_timeout(self) -> None:
        self._in_head = False
        self.header_timeouts.end(self)

    def _start_read_timeout(self) -> None:
        if not self._has_unread:
            self._has_unread = True
            self.read_timeouts.begin(self)

    def _end(self) -> None:
        if getattr(self.cycle, "more_body", False) or self.transport.is_closing() or self._has_unread:
            self.abort()
        elif self.cycle is None or self.cycle.response_complete:
            self.transport.close()


def _do_nothing() -> None:
    """Stand for the callback of a response that nobody waits for."""


class GracefulServer(uvicorn.Server):
    """Runs until SIGTERM, Ctrl-C or `should_exit`, then returns without raising the signal again.

    Calls `on_ready` when it accepts requests.
    """

    on_ready: Callable[[], object] | None = None

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
    members = {
        "registry": ConnectionRegistry(limits.max_connections),
        "header_timeouts": TimeoutGroup[LimitedProtocol](limits.head_timeout, LimitedProtocol.abort),
        "read_timeouts": TimeoutGroup[LimitedProtocol](READ_TIMEOUT, LimitedProtocol.abort),
    }
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
