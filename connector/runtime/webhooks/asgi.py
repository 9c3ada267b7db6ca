"""Minimal ASGI helpers: read a body, send a response, run a lifespan.

The request and response objects of a framework cost more than all the work of a receiver.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection
    from contextlib import AbstractAsyncContextManager

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_MAX_LENGTH_DIGITS = 12  # digits of a body's length


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Limits of a server: seconds for a request's head, seconds between two requests, number of connections.

    A body has ten more seconds. Each connection may hold a body of up to 1 MiB in memory.
    """

    head_timeout: float = 10.0
    idle_timeout: float = 10.0
    max_connections: int = 500


class HttpError(Exception):
    """A request to answer with an empty response of this status, closing its connection."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class ClientDisconnected(Exception):
    """The client closed the connection before its request was complete."""


def check_content_length(scope: Scope, max_bytes: int) -> None:
    """Raise HttpError for a Content-Length that is invalid or above `max_bytes`."""
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if len(length) > _MAX_LENGTH_DIGITS or not length.isdigit() or int(length) > max_bytes:
        raise HttpError(413, "too large")


async def read_body(receive: Receive, max_bytes: int) -> bytes:
    """Return the body of a request. Raises HttpError above `max_bytes`, and ClientDisconnected."""
    chunks, size = list[bytes](), 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnected
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > max_bytes:
            raise HttpError(413, "too large")
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


async def send_response(send: Send, status: int, content: bytes, *headers: tuple[bytes, bytes]) -> None:
    """Send a response; `content` is JSON or empty."""
    response_headers = [(b"content-length", b"%d" % len(content)), *headers]
    if content:
        response_headers.append((b"content-type", b"application/json"))
    await send({"type": "http.response.start", "status": status, "headers": response_headers})
    await send({"type": "http.response.body", "body": content})


async def send_text(send: Send, status: int, text: str, *more: tuple[bytes, bytes]) -> None:
    """Send a response that is a text, which no browser takes for anything else."""
    content = text.encode()
    headers = [
        (b"content-length", b"%d" % len(content)),
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"x-content-type-options", b"nosniff"),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def send_error(scope: Scope, send: Send, status: int, methods: Collection[str] = ("POST",)) -> None:
    """Send an empty response and close the connection, as the body may be unread; `methods` are those allowed."""
    response_headers: list[tuple[bytes, bytes]] = []
    if scope["http_version"].startswith("1"):  # later versions have no such header
        response_headers.append((b"connection", b"close"))
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        response_headers.append((b"allow", ", ".join(sorted(methods)).encode()))
    await send_response(send, status, b"", *response_headers)


async def run_lifespan(
    open_context: Callable[[], AbstractAsyncContextManager[Any]], receive: Receive, send: Send
) -> None:
    """Enter a context when the server starts, and leave it when the server stops."""
    phase = "startup"
    await receive()
    try:
        async with open_context():
            await send({"type": "lifespan.startup.complete"})
            phase = "shutdown"
            await receive()
    except BaseException as error:
        await send({"type": f"lifespan.{phase}.failed", "message": str(error)})
        raise
    await send({"type": "lifespan.shutdown.complete"})
