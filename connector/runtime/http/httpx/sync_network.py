"""The network of httpx and httpx2, for threads: every operation gets what is left of the call's time, and no more.

The libraries' own timeouts begin anew with each read, so a server that trickles bytes outlives them. `core` is httpcore
or httpcore2, which the two libraries send through.
"""

from __future__ import annotations

import contextlib
import select
import socket
from typing import TYPE_CHECKING, Any

from connector.runtime.http.request_state import look_up

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from connector.runtime.http.request_state import Call

AT_ONCE = 65_536  # a large body is written in pieces, each with what is left of the time
_LARGE = 16_384


class Line:
    """A connection to a place: the library's, and the call that it serves now."""

    __slots__ = ("call", "connection", "place", "since", "stream", "target")

    def __init__(self, place: str, target: str | None, call: Call) -> None:
        self.place = place
        self.target = target  # the host whose TLS must stand before a byte is the request's; None without TLS
        self.call = call
        self.since = 0.0
        self.connection: Any = None
        self.stream: Any = None

    def close(self) -> None:
        """End it, and whoever waits on it."""
        if self.stream is not None:
            self.stream.close()

    def abandon(self) -> None:
        """Close this process's end of a socket that another process uses."""
        if self.stream is not None:
            self.stream.abandon()


class Stream:
    """A library's network stream. What is written is held until something is awaited: a request is one packet."""

    def __init__(self, core: Any, line: Line, inner: Any, layers: tuple[str, ...] = ()) -> None:
        self._core, self._line, self._inner = core, line, inner
        self._layers = layers  # the hosts whose TLS it speaks, outermost first
        self._counts = line.target is None or line.target in layers[-1:]  # else it greets a proxy
        self._held: list[bytes] = []
        self._socket: socket.socket = inner.get_extra_info("socket")
        self._readable = readable(self._socket.fileno())
        line.stream = self

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002  the call's own counts
        """Send what is held, then read."""
        if self._held:
            with contextlib.suppress(self._core.WriteError):  # the service may have answered before it hung up
                self._flush()
        self._line.call.phase = "read"
        data: bytes = self._inner.read(max_bytes, self._line.call.left())
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        """Hold a small part of a request; send a large one."""
        if buffer:
            self._held.append(buffer)
        if len(buffer) >= _LARGE:
            self._flush()

    def _flush(self) -> None:
        call, (first, *rest), self._held = self._line.call, self._held, []
        call.phase = "write"
        try:
            for data in (b"".join((first, *rest)),) if len(first) < _LARGE else (first, *rest):
                view = memoryview(data)
                while view:
                    view = view[self._send(call, view[:AT_ONCE]) :]
        except TimeoutError:
            raise
        except OSError as error:
            raise self._core.WriteError(error) from error

    def _send(self, call: Call, data: memoryview) -> int:
        left = call.left()
        if self._counts and self._layers:
            call.wrote = True  # what TLS made of it may be under way, whatever it says
        if len(self._layers) > 1:
            self._inner.write(bytes(data), left)
            return len(data)
        self._socket.settimeout(left)
        sent = self._socket.send(data)
        if self._counts:
            call.wrote = True
        return sent

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None  # noqa: ARG002
    ) -> Stream:  # fmt: skip
        """Speak TLS from here on."""
        self._line.call.phase = "connect"
        inner = self._inner.start_tls(ssl_context, server_hostname, self._line.call.left())
        return Stream(self._core, self._line, inner, (*self._layers, server_hostname or ""))

    def close(self) -> None:
        """Close it; a thread that waits on it wakes up."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._inner.close()

    def abandon(self) -> None:
        """Close this process's end alone."""
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        """Answer the library's questions."""
        if info == "is_readable":
            held_by_tls = getattr(self._socket, "pending", None)
            return self._readable() or bool(held_by_tls and held_by_tls())
        return self._inner.get_extra_info(info)


class Backend:
    """A library's network, for one connection."""

    def __init__(self, core: Any, line: Line) -> None:
        self._core, self._line = core, line
        self._inner = core.SyncBackend()

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> Stream:
        """Connect to the first address that answers; a dead one does not take the time of the others."""
        call = self._line.call
        call.phase = "connect"
        addresses = look_up(host, port).result(call.left())
        error: Exception = OSError(f"no address of {host}")
        for position, address in enumerate(addresses):
            try:
                inner = self._inner.connect_tcp(address, port, call.left() / (len(addresses) - position))
                return Stream(self._core, self._line, inner)
            except (self._core.ConnectError, self._core.ConnectTimeout) as failed:
                error = failed
        raise error


def readable(handle: int) -> Callable[[], bool]:
    """Return what tells whether a socket has something to read: on an idle one, that is its end."""
    if not hasattr(select, "poll"):
        return lambda: bool(select.select([handle], [], [], 0)[0])
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return lambda: bool(poll.poll(0))
