"""httpx's network: every read, write, connect and look-up gets what is left of the call's time, and no more.

httpx's own timeouts begin anew with each read, so a server that trickles bytes outlives them.
"""

from __future__ import annotations

import contextlib
import ipaddress
import queue
import socket
import threading
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import httpcore

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable


_WRITTEN_AT_ONCE = 65_536  # a large body is written in pieces, each with what is left of the time


class Call:
    """What one call knows on the wire: its deadline, whether a byte of it was written, files opened for its body."""

    __slots__ = ("_begun", "files", "head", "received", "until", "wrote")

    def __init__(self, until: float) -> None:
        self.until = until
        self.wrote = False
        self.files: list[Any] = []
        self.received = 0
        self.head: int | None = None  # how long the reply's headers are, once they came
        self._begun = b""

    def got(self, data: bytes) -> None:
        """Count what came in."""
        self.received += len(data)
        if self.head is None:
            self._begun += data
            end = self._begun.find(b"\r\n\r\n")
            if end >= 0:
                self.head, self._begun = end + 4, b""

    def more_than(self, length: int) -> bool:
        """Whether more came than headers and a body of that length: it would be taken for the next reply."""
        return self.head is None or self.received > self.head + length

    def over(self) -> None:
        """Close what was opened for it."""
        for file in self.files:
            file.close()

    def left(self, timeout: float | None, over: type[httpcore.TimeoutException]) -> float:
        """Return the seconds an operation may take. Raises `over` when the call's time has run out."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise over("the call's time is over")
        return left if timeout is None else min(timeout, left)


calls: ContextVar[Call | None] = ContextVar("connector_call", default=None)


def _left(timeout: float | None, over: type[httpcore.TimeoutException]) -> float | None:
    call = calls.get()
    return call.left(timeout, over) if call else timeout


def _writing() -> None:
    call = calls.get()
    if call:
        call.wrote = True


def _counted(data: bytes) -> bytes:
    call = calls.get()
    if call:
        call.got(data)
    return data


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return _counted(self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout)))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        _writing()
        for start in range(0, len(buffer), _WRITTEN_AT_ONCE):
            self._inner.write(buffer[start : start + _WRITTEN_AT_ONCE], _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        with contextlib.suppress(OSError, AttributeError):  # wakes a thread that waits for a reply on it
            self._inner.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class Backend(httpcore.NetworkBackend):
    """The network of threads."""

    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        """Connect to the first address of a host that answers."""
        options = list(socket_options or ())
        error: Exception = httpcore.ConnectError(f"no address of {host}")
        for address in _addresses(host, port, _left(timeout, httpcore.ConnectTimeout)):
            try:
                left = _left(timeout, httpcore.ConnectTimeout)
                return _Stream(self._inner.connect_tcp(address, port, left, local_address, options))
            except httpcore.ConnectError as failed:
                error = failed
        raise error


class _AsyncStream(httpcore.AsyncNetworkStream):
    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  httpcore's name
        return _counted(await self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout)))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        _writing()
        await self._inner.write(buffer, _left(timeout, httpcore.WriteTimeout))

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _AsyncStream(await self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class AsyncBackend(httpcore.AsyncNetworkBackend):
    """The network of tasks."""

    def __init__(self) -> None:
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,  # noqa: ASYNC109
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:  # fmt: skip
        """Connect to the first address of a host that answers."""
        left, options = _left(timeout, httpcore.ConnectTimeout), list(socket_options or ())
        return _AsyncStream(await self._inner.connect_tcp(host, port, left, local_address, options))


def _addresses(host: str, port: int, timeout: float | None) -> list[str]:
    """Look a name up on a helper thread, since the system's look-up knows no deadline."""
    with contextlib.suppress(ValueError):
        return [str(ipaddress.ip_address(host))]
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=look_up, name="connector-dns", daemon=True).start()
    try:
        found = answers.get(timeout=timeout)
    except queue.Empty:
        raise httpcore.ConnectTimeout(f"looking up {host} took too long") from None
    if isinstance(found, Exception):
        raise httpcore.ConnectError(found) from found
    return list(dict.fromkeys(str(one[4][0]) for one in found))
