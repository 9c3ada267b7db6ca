"""Blocking network backend for httpcore: no operation outlasts the call's deadline.

The libraries' own timeouts restart with each read, so a server that trickles bytes outlives them. `core` is httpcore
or httpcore2.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
from typing import TYPE_CHECKING, Any

from connector.runtime.http.dns import resolve_host

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from connector.runtime.http.request_state import RequestState

MAX_WRITE_BYTES = 65_536  # each piece gets the remaining time
_LARGE_WRITE_BYTES = 16_384


class PooledConnection:
    """A pooled connection, and the request that it serves."""

    __slots__ = ("http", "idle_since", "origin", "request_state", "stream", "tls_host")

    def __init__(self, origin: str, tls_host: str | None, request_state: RequestState) -> None:
        self.origin = origin
        self.tls_host = tls_host  # bytes before TLS with this host are not the request's; None without TLS
        self.request_state = request_state
        self.idle_since = 0.0
        self.http: Any = None  # what speaks HTTP over it: of `http11` or `proxied`
        self.stream: Any = None

    def close(self) -> None:
        """Close it; a waiting thread or task wakes up."""
        if self.stream is not None:
            self.stream.close()

    def abandon(self) -> None:
        """Drop a socket that another process uses."""
        if self.stream is not None:
            self.stream.abandon()


class SyncStream:
    """A network stream of httpcore. Writes are buffered until a read, so that a request is one packet."""

    def __init__(self, core: Any, connection: PooledConnection, inner: Any, tls_hosts: tuple[str, ...] = ()) -> None:
        self._core, self._connection, self._inner = core, connection, inner
        self._tls_hosts = tls_hosts  # TLS layers, outermost first
        self._carries_request = connection.tls_host is None or connection.tls_host in tls_hosts[-1:]  # else to a proxy
        self._write_buffer: list[bytes] = []
        self._socket: socket.socket = inner.get_extra_info("socket")
        self._is_readable = build_readable_check(self._socket.fileno())
        connection.stream = self

    def read(self, max_bytes: int, *_: Any, **__: Any) -> bytes:
        """Flush, then read."""
        if self._write_buffer:
            with contextlib.suppress(self._core.WriteError):  # the service may have replied before it closed
                self._flush()
        state = self._connection.request_state
        state.phase, remaining = "read", state.require_time_left()
        if len(self._tls_hosts) > 1:
            data: bytes = self._inner.read(max_bytes, remaining)
            return data
        self._socket.settimeout(remaining)
        return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, *_: Any, **__: Any) -> None:
        """Buffer a small chunk; flush with a large one."""
        if buffer:
            self._write_buffer.append(buffer)
        if len(buffer) >= _LARGE_WRITE_BYTES:
            self._flush()

    def _flush(self) -> None:
        state, (first, *rest), self._write_buffer = self._connection.request_state, self._write_buffer, []
        state.phase = "write"
        try:
            for data in (b"".join((first, *rest)),) if len(first) < _LARGE_WRITE_BYTES else (first, *rest):
                view = memoryview(data)
                while view:
                    view = view[self._send(state, view[:MAX_WRITE_BYTES]) :]
        except TimeoutError:
            raise
        except OSError as error:
            raise self._core.WriteError(error) from error

    def _send(self, state: RequestState, data: memoryview) -> int:
        remaining = state.require_time_left()
        if self._carries_request and self._tls_hosts:
            state.has_sent_bytes = True  # TLS may have sent some of it before it fails
        if len(self._tls_hosts) > 1:
            self._inner.write(bytes(data), remaining)
            return len(data)
        self._socket.settimeout(remaining)
        sent = self._socket.send(data)
        if self._carries_request:
            state.has_sent_bytes = True
        return sent

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, *_: Any, **__: Any
    ) -> SyncStream:
        """Return a stream that speaks TLS."""
        self._connection.request_state.phase = "connect"
        inner = self._inner.start_tls(ssl_context, server_hostname, self._connection.request_state.require_time_left())
        return SyncStream(self._core, self._connection, inner, (*self._tls_hosts, server_hostname or ""))

    def close(self) -> None:
        """Close it; a waiting thread wakes up."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._inner.close()

    def abandon(self) -> None:
        """Close only this process's descriptor. The TLS state stays: to free it may take a lock inside OpenSSL."""
        descriptor = self._socket.detach()
        if descriptor >= 0:
            os.close(descriptor)
        _INHERITED_STREAMS.append(self._inner)

    def is_readable(self) -> bool:
        """Whether there is something to read, which ends an idle connection."""
        read_pending = getattr(self._socket, "pending", None)
        return self._is_readable() or bool(read_pending and read_pending())

    def get_extra_info(self, info: str) -> Any:
        """Return what httpcore asks for."""
        return self._inner.get_extra_info(info)


_INHERITED_STREAMS: list[Any] = []  # of the parent process; never freed here


class SyncBackend:
    """An httpcore network backend for one connection."""

    def __init__(self, core: Any, connection: PooledConnection) -> None:
        self._core, self._connection = core, connection
        self._inner = core.SyncBackend()

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> SyncStream:
        """Connect to the first address that answers; each gets its share of the remaining time."""
        state = self._connection.request_state
        state.phase = "connect"
        addresses = resolve_host(host, port).result(state.require_time_left())
        error: Exception = OSError(f"no address for {host}")
        for position, address in enumerate(addresses):
            try:
                inner = self._inner.connect_tcp(address, port, state.require_time_left() / (len(addresses) - position))
                return SyncStream(self._core, self._connection, inner)
            except (self._core.ConnectError, self._core.ConnectTimeout) as attempt_error:
                error = attempt_error
        raise error


def build_readable_check(descriptor: int) -> Callable[[], bool]:
    """Return a function that tells whether a socket is readable; an idle one then has ended."""
    if not hasattr(select, "poll"):
        return lambda: bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return lambda: bool(poll.poll(0))
