"""Asyncio network backend for httpcore: streams directly on the event loop's sockets.

Its operations have no timeouts; the transport bounds the whole call.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING, Any

from connector.runtime.http.dns import resolve_host
from connector.runtime.http.httpx.sync_network import build_readable_check

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from connector.runtime.http.httpx.sync_network import PooledConnection

_MAX_UNREAD_BYTES = 262_144  # then reading from the socket pauses
_MAX_BUFFERED_BYTES = 65_536
_MAX_READ_BYTES = 16_384  # at a time; may be thousands of chunks, or of informational replies
_MAX_TURN_SECONDS = 0.01  # then other tasks have their turn


class LoopTurn:
    """Lets other tasks run while one works on what has arrived, for which it never waits."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ends_at = loop.time() + _MAX_TURN_SECONDS

    async def end_if_long(self) -> None:
        """Let the others run if this task did so for long."""
        if self._loop.time() >= self._ends_at:
            await asyncio.sleep(0)
            self._ends_at = self._loop.time() + _MAX_TURN_SECONDS


class AsyncStream(asyncio.Protocol):
    """A network stream of httpcore. Writes are buffered until a read, so that a request is one packet."""

    def __init__(self, core: Any, connection: PooledConnection) -> None:
        self._core, self._connection = core, connection
        self._loop = asyncio.get_running_loop()
        self._turn = LoopTurn(self._loop)
        self._transport: Any = None
        self._tls_hosts: tuple[str, ...] = ()
        self._carries_request = connection.tls_host is None
        self._received: deque[bytes] = deque()
        self._unread_bytes = 0
        self._at_eof = False
        self._connection_error: Exception | None = None
        self._read_waiter: asyncio.Future[None] | None = None
        self._write_waiter: asyncio.Future[None] | None = None
        self._is_write_paused = False
        self._write_buffer: list[bytes] = []
        self._buffered_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport."""
        self._transport = transport
        self._is_readable: Callable[[], bool] = build_readable_check(transport.get_extra_info("socket").fileno())

    def data_received(self, data: bytes) -> None:
        """Buffer the data."""
        self._received.extend(data[start : start + _MAX_READ_BYTES] for start in range(0, len(data), _MAX_READ_BYTES))
        self._unread_bytes += len(data)
        if self._unread_bytes > _MAX_UNREAD_BYTES:
            self._transport.pause_reading()
        _wake_waiter(self._read_waiter)

    def eof_received(self) -> None:
        """Record the end of the stream."""
        self._at_eof = True
        _wake_waiter(self._read_waiter)

    def connection_lost(self, exc: Exception | None) -> None:
        """Record the end and its reason."""
        self._at_eof, self._connection_error = True, exc
        _wake_waiter(self._read_waiter)
        _wake_waiter(self._write_waiter)

    def pause_writing(self) -> None:
        """Pause writing."""
        self._is_write_paused = True

    def resume_writing(self) -> None:
        """Resume writing."""
        self._is_write_paused = False
        _wake_waiter(self._write_waiter)

    async def read(self, *_: Any, **__: Any) -> bytes:
        """Flush, then return some of the received bytes; b"" at the end."""
        if self._write_buffer:
            with contextlib.suppress(self._core.WriteError):  # the service may have replied before it closed
                await self._flush()
        state = self._connection.request_state
        state.phase = "read"
        if state.timer is not None:
            state.timer.reschedule(self._loop.time() + state.require_time_left())
        while not self._received:
            if self._at_eof:
                if self._connection_error is not None:
                    raise self._connection_error
                return b""
            self._read_waiter = self._loop.create_future()
            await self._read_waiter
        await self._turn.end_if_long()
        data = self._received.popleft()
        was_paused, self._unread_bytes = self._unread_bytes > _MAX_UNREAD_BYTES, self._unread_bytes - len(data)
        if was_paused and self._unread_bytes <= _MAX_UNREAD_BYTES:
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, *_: Any, **__: Any) -> None:
        """Buffer data; flush when there is much of it."""
        if buffer:
            self._write_buffer.append(buffer)
            self._buffered_bytes += len(buffer)
        if self._buffered_bytes >= _MAX_BUFFERED_BYTES:
            await self._flush()

    async def _flush(self) -> None:
        data, self._write_buffer, self._buffered_bytes = b"".join(self._write_buffer), [], 0
        self._connection.request_state.phase = "write"
        if self._transport.is_closing():
            raise self._core.WriteError("the connection was closed")
        if self._carries_request:
            self._connection.request_state.has_sent_bytes = True
        self._transport.write(data)
        if self._is_write_paused:
            self._write_waiter = self._loop.create_future()
            await self._write_waiter
            if self._at_eof and self._connection_error is not None:
                raise self._core.WriteError(self._connection_error) from self._connection_error

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, *_: Any, **__: Any
    ) -> AsyncStream:
        """Start TLS on this stream."""
        self._connection.request_state.phase = "connect"
        self._transport = await self._loop.start_tls(
            self._transport, self, ssl_context, server_hostname=server_hostname
        )
        self._carries_request = self._connection.tls_host in (None, server_hostname)
        return self

    def close(self) -> None:
        """Close it at once; a task that waits on it wakes up."""
        if not self._loop.is_closed():
            self._transport.abort()

    async def aclose(self) -> None:
        """Close it."""
        self.close()

    def abandon(self) -> None:
        """Leave the socket alone, because the parent process shares it.

        If the loop is closed, the transport closes the socket when it is deleted.
        """
        if not self._loop.is_closed():
            _INHERITED_TRANSPORTS.append(self._transport)

    def is_readable(self) -> bool:
        """Whether there is something to read, which ends an idle connection."""
        return self._at_eof or bool(self._received) or self._is_readable()

    def get_extra_info(self, info: str) -> Any:
        """Return what httpcore asks for."""
        return self._transport.get_extra_info(info)


_INHERITED_TRANSPORTS: list[Any] = []  # of the parent process; never closed here


class AsyncBackend:
    """An httpcore network backend for one connection."""

    def __init__(self, core: Any, connection: PooledConnection) -> None:
        self._core, self._connection = core, connection

    async def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> AsyncStream:
        """Connect to the first address that answers; each gets its share of the remaining time."""
        state = self._connection.request_state
        state.phase = "connect"
        lookup = resolve_host(host, port)
        addresses = lookup.result() if lookup.done() else await asyncio.wrap_future(lookup)
        loop = asyncio.get_running_loop()
        error: Exception = OSError(f"no address for {host}")
        for position, address in enumerate(addresses):
            try:
                async with asyncio.timeout(state.require_time_left() / (len(addresses) - position)):
                    transport_and_stream = await loop.create_connection(
                        lambda: AsyncStream(self._core, self._connection), address, port
                    )
            except OSError as attempt_error:
                error = attempt_error
            else:
                self._connection.stream = transport_and_stream[1]
                return transport_and_stream[1]
        raise error


def _wake_waiter(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
