"""The network of httpx and httpx2, for tasks: a socket of the event loop itself, without the layers between.

Its operations have no timeouts: the whole call has one, which its seam keeps.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from connector.runtime.http.dns import resolve_host
from connector.runtime.http.httpx.sync_network import build_readable_check

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from connector.runtime.http.httpx.sync_network import PooledConnection

_MAX_UNREAD_BYTES = 262_144  # bytes that may wait to be read before the other side must wait
_MAX_BUFFERED_BYTES = 65_536


class AsyncStream(asyncio.Protocol):
    """A library's network stream. What is written is held until something is awaited: a request is one packet."""

    def __init__(self, core: Any, connection: PooledConnection) -> None:
        self._core, self._connection = core, connection
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._tls_hosts: tuple[str, ...] = ()
        self._carries_request = connection.tls_host is None
        self._received: list[bytes] = []
        self._unread_bytes = 0
        self._at_eof = False
        self._connection_error: Exception | None = None
        self._read_waiter: asyncio.Future[None] | None = None
        self._write_waiter: asyncio.Future[None] | None = None
        self._is_write_paused = False
        self._write_buffer: list[bytes] = []
        self._buffered_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = transport
        self._is_readable: Callable[[], bool] = build_readable_check(transport.get_extra_info("socket").fileno())

    def data_received(self, data: bytes) -> None:
        """Keep what came."""
        self._received.append(data)
        self._unread_bytes += len(data)
        if self._unread_bytes > _MAX_UNREAD_BYTES:
            self._transport.pause_reading()
        _wake_waiter(self._read_waiter)

    def eof_received(self) -> None:
        """Note the end."""
        self._at_eof = True
        _wake_waiter(self._read_waiter)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end, and why."""
        self._at_eof, self._connection_error = True, exc
        _wake_waiter(self._read_waiter)
        _wake_waiter(self._write_waiter)

    def pause_writing(self) -> None:
        """Write no more for now."""
        self._is_write_paused = True

    def resume_writing(self) -> None:
        """Go on."""
        self._is_write_paused = False
        _wake_waiter(self._write_waiter)

    async def read(self, *_: Any, **__: Any) -> bytes:
        """Send what is held, then return what came; b"" at the end."""
        if self._write_buffer:
            with contextlib.suppress(self._core.WriteError):  # the service may have answered before it hung up
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
        data = self._received[0] if len(self._received) == 1 else b"".join(self._received)
        self._received.clear()
        if self._unread_bytes > _MAX_UNREAD_BYTES:
            self._transport.resume_reading()
        self._unread_bytes = 0
        return data

    async def write(self, buffer: bytes, *_: Any, **__: Any) -> None:
        """Hold a small part of a request; send what has become much."""
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
        """Speak TLS from here on."""
        self._connection.request_state.phase = "connect"
        self._transport = await self._loop.start_tls(
            self._transport, self, ssl_context, server_hostname=server_hostname
        )
        self._carries_request = self._connection.tls_host in (None, server_hostname)
        return self

    def close(self) -> None:
        """End it at once; a task that waits on it wakes up."""
        if not self._loop.is_closed():
            self._transport.abort()

    async def aclose(self) -> None:
        """End it."""
        self.close()

    def abandon(self) -> None:
        """Touch nothing: what the loop of another process waits with is shared with this one.

        Of a loop that has ended nothing is kept: the transport closes its socket when it goes.
        """
        if not self._loop.is_closed():
            _INHERITED_TRANSPORTS.append(self._transport)

    def get_extra_info(self, info: str) -> Any:
        """Answer the library's questions."""
        if info == "is_readable":
            return self._at_eof or bool(self._received) or self._is_readable()
        return self._transport.get_extra_info(info)


_INHERITED_TRANSPORTS: list[Any] = []  # of the process that this one is a fork of


class AsyncBackend:
    """A library's network, for one connection."""

    def __init__(self, core: Any, connection: PooledConnection) -> None:
        self._core, self._connection = core, connection

    async def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> AsyncStream:
        """Connect to the first address that answers; a dead one does not take the time of the others."""
        state = self._connection.request_state
        state.phase = "connect"
        lookup = resolve_host(host, port)
        addresses = lookup.result() if lookup.done() else await asyncio.wrap_future(lookup)
        loop = asyncio.get_running_loop()
        error: Exception = OSError(f"no address of {host}")
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
