"""HTTP/1.1 over a network stream: h11 reads and writes it, without httpcore's connections around it.

Those have locks, states and traces for callers that share a connection. Here the pool gives it to one request at a
time.
"""

from __future__ import annotations

import contextlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

import h11

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_READ_BYTES = 65_536
_MAX_HEAD_BYTES = 102_400  # of a reply: its status and headers, or the head of a chunk
_END = h11.EndOfMessage()
HeaderPairs = list[tuple[bytes, bytes]]


class WireRequest(NamedTuple):
    """A request as it is sent; the content of a multipart body comes in chunks."""

    method: str
    target: bytes
    headers: HeaderPairs
    content: bytes | Iterable[bytes] | None


class _Http11:
    """One connection's HTTP/1.1, without I/O. Raises httpcore's exceptions."""

    def __init__(self, core: Any, stream: Any) -> None:
        self._core, self._stream = core, stream
        self._parser = h11.Connection(h11.CLIENT, _MAX_HEAD_BYTES)

    def _encode(self, request: WireRequest) -> Iterator[bytes]:
        """Yield the bytes of a request. Raises LocalProtocolError when it is not valid HTTP."""
        send, content = self._parser.send, request.content
        try:
            yield send(h11.Request(method=request.method, target=request.target, headers=request.headers))
            for chunk in (content,) if isinstance(content, bytes) else content or ():
                yield send(h11.Data(data=chunk))
            yield send(_END)
        except h11.LocalProtocolError as error:
            raise self._core.LocalProtocolError(str(error)) from error

    def _next_event(self) -> Any:
        """Return the next part of a reply, or h11.NEED_DATA. Raises RemoteProtocolError."""
        try:
            return self._parser.next_event()
        except h11.RemoteProtocolError as error:
            raise self._core.RemoteProtocolError(str(error)) from error

    def _feed(self, data: bytes) -> None:
        if not data and self._parser.their_state is h11.SEND_RESPONSE:
            raise self._core.RemoteProtocolError("Server disconnected without sending a response.")
        self._parser.receive_data(data)

    def _end_reply(self) -> bool:
        """Return whether another request may follow: the reply is complete, and no byte of another one came."""
        parser = self._parser
        if parser.our_state is not h11.DONE or parser.their_state is not h11.DONE:
            return False
        parser.start_next_cycle()
        return not parser.trailing_data[0]


def _is_interim(event: Any) -> bool:
    """Whether a head announces another one; 101 is the last."""
    return type(event) is h11.InformationalResponse and event.status_code != HTTPStatus.SWITCHING_PROTOCOLS


class Http11Connection(_Http11):
    """The connection of a thread."""

    def start(self, request: WireRequest) -> tuple[int, HeaderPairs]:
        """Send a request; return status and headers of the reply."""
        with contextlib.suppress(self._core.WriteError):  # the service may have replied before it closed
            for data in self._encode(request):
                self._stream.write(data)
        self._feed(self._stream.read(_READ_BYTES))
        while _is_interim(event := self._receive()):
            pass
        return event.status_code, event.headers.raw_items()

    def read_chunk(self) -> bytes | None:
        """Return the next piece of the body, or None at its end."""
        event = self._receive()
        return bytes(event.data) if type(event) is h11.Data else None

    def end_reply(self) -> bool:
        """Return whether another request may follow."""
        return self._end_reply()

    def _receive(self) -> Any:
        while (event := self._next_event()) is h11.NEED_DATA:
            self._feed(self._stream.read(_READ_BYTES))
        return event


class AsyncHttp11Connection(_Http11):
    """The connection of a task."""

    async def start(self, request: WireRequest) -> tuple[int, HeaderPairs]:
        """As Http11Connection.start."""
        with contextlib.suppress(self._core.WriteError):
            for data in self._encode(request):
                await self._stream.write(data)
        self._feed(await self._stream.read())
        while _is_interim(event := await self._receive()):
            pass
        return event.status_code, event.headers.raw_items()

    async def read_chunk(self) -> bytes | None:
        """As Http11Connection.read_chunk."""
        event = await self._receive()
        return bytes(event.data) if type(event) is h11.Data else None

    async def end_reply(self) -> bool:
        """As Http11Connection.end_reply."""
        return self._end_reply()

    async def _receive(self) -> Any:
        while (event := self._next_event()) is h11.NEED_DATA:
            self._feed(await self._stream.read())
        return event
