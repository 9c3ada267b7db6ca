"""The network of httpx and httpx2, for tasks: a socket of the event loop itself, without the layers between.

Its operations have no timeouts: the whole call has one, which its seam keeps.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from connector.runtime.http.httpx.sync_network import readable
from connector.runtime.http.request_state import look_up

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from connector.runtime.http.httpx.sync_network import Line

_MOST_UNREAD = 262_144  # bytes that may wait to be read before the other side must wait
_HELD = 65_536


class Stream(asyncio.Protocol):
    """A library's network stream. What is written is held until something is awaited: a request is one packet."""

    def __init__(self, core: Any, line: Line) -> None:
        self._core, self._line = core, line
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._layers: tuple[str, ...] = ()
        self._counts = line.target is None
        self._came: list[bytes] = []
        self._unread = 0
        self._ended = False
        self._lost: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._full = False
        self._held: list[bytes] = []
        self._size = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = transport
        self._readable: Callable[[], bool] = readable(transport.get_extra_info("socket").fileno())

    def data_received(self, data: bytes) -> None:
        """Keep what came."""
        self._came.append(data)
        self._unread += len(data)
        if self._unread > _MOST_UNREAD:
            self._transport.pause_reading()
        _wake(self._reader)

    def eof_received(self) -> None:
        """Note the end."""
        self._ended = True
        _wake(self._reader)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end, and why."""
        self._ended, self._lost = True, exc
        _wake(self._reader)
        _wake(self._writer)

    def pause_writing(self) -> None:
        """Write no more for now."""
        self._full = True

    def resume_writing(self) -> None:
        """Go on."""
        self._full = False
        _wake(self._writer)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109
        """Send what is held, then return what came; b"" at the end."""
        if self._held:
            with contextlib.suppress(self._core.WriteError):  # the service may have answered before it hung up
                await self._flush()
        call = self._line.call
        call.phase = "read"
        if call.timer is not None:
            call.timer.reschedule(self._loop.time() + call.left())
        while not self._came:
            if self._ended:
                if self._lost is not None:
                    raise self._lost
                return b""
            self._reader = self._loop.create_future()
            await self._reader
        data = self._came[0] if len(self._came) == 1 else b"".join(self._came)
        self._came.clear()
        if self._unread > _MOST_UNREAD:
            self._transport.resume_reading()
        self._unread = 0
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109
        """Hold a small part of a request; send what has become much."""
        if buffer:
            self._held.append(buffer)
            self._size += len(buffer)
        if self._size >= _HELD:
            await self._flush()

    async def _flush(self) -> None:
        data, self._held, self._size = b"".join(self._held), [], 0
        self._line.call.phase = "write"
        if self._transport.is_closing():
            raise self._core.WriteError("the connection was closed")
        if self._counts:
            self._line.call.wrote = True
        self._transport.write(data)
        if self._full:
            self._writer = self._loop.create_future()
            await self._writer
            if self._ended and self._lost is not None:
                raise self._core.WriteError(self._lost) from self._lost

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None  # noqa: ARG002, ASYNC109
    ) -> Stream:  # fmt: skip
        """Speak TLS from here on."""
        self._line.call.phase = "connect"
        self._transport = await self._loop.start_tls(
            self._transport, self, ssl_context, server_hostname=server_hostname
        )
        self._counts = self._line.target in (None, server_hostname)
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
            _OTHERS.append(self._transport)

    def get_extra_info(self, info: str) -> Any:
        """Answer the library's questions."""
        if info == "is_readable":
            return self._ended or bool(self._came) or self._readable()
        return self._transport.get_extra_info(info)


_OTHERS: list[Any] = []  # of the process that this one is a fork of


class Backend:
    """A library's network, for one connection."""

    def __init__(self, core: Any, line: Line) -> None:
        self._core, self._line = core, line

    async def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> Stream:
        """Connect to the first address that answers; a dead one does not take the time of the others."""
        call = self._line.call
        call.phase = "connect"
        found = look_up(host, port)
        addresses = found.result() if found.done() else await asyncio.wrap_future(found)
        loop = asyncio.get_running_loop()
        error: Exception = OSError(f"no address of {host}")
        for position, address in enumerate(addresses):
            try:
                async with asyncio.timeout(call.left() / (len(addresses) - position)):
                    made = await loop.create_connection(lambda: Stream(self._core, self._line), address, port)
            except OSError as failed:
                error = failed
            else:
                self._line.stream = made[1]
                return made[1]
        raise error


def _wake(waiting: asyncio.Future[None] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)
