"""The few words of ASGI that a receiver speaks: a body read, an answer sent, a lifespan.

A framework's request and response objects cost more than all that a receiver does with one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_MAX_LENGTH_DIGITS = 12  # digits of a body's length


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What a connection may take: seconds for a request's head, seconds between two requests; how many there may be.

    A body has ten seconds besides. Each connection may hold a body of up to 1 MiB in memory.
    """

    head_timeout: float = 10.0
    idle_timeout: float = 10.0
    max_connections: int = 500


class HttpError(Exception):
    """A request that is answered with a status and nothing else, and whose connection is closed."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class ClientDisconnected(Exception):
    """Nobody waits for an answer any more."""


def check_content_length(scope: Scope, max_bytes: int) -> None:
    """Raise RefusedError for a request that says of its body that it has more bytes."""
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if len(length) > _MAX_LENGTH_DIGITS or not length.isdigit() or int(length) > max_bytes:
        raise HttpError(413, "too large")


async def read_body(receive: Receive, max_bytes: int) -> bytes:
    """Return a request's body. Raises RefusedError when more than so many bytes come, and GoneError."""
    buffer = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnected
        chunk: bytes = message.get("body", b"")
        if len(buffer) + len(chunk) > max_bytes:
            raise HttpError(413, "too large")
        if not message.get("more_body"):
            return bytes(buffer + chunk) if buffer else chunk
        buffer += chunk


async def send_response(send: Send, status: int, content: bytes, *headers: tuple[bytes, bytes]) -> None:
    """Answer a request; content is JSON, or nothing."""
    response_headers = [(b"content-length", b"%d" % len(content)), *headers]
    if content:
        response_headers.append((b"content-type", b"application/json"))
    await send({"type": "http.response.start", "status": status, "headers": response_headers})
    await send({"type": "http.response.body", "body": content})


async def send_error(scope: Scope, send: Send, status: int) -> None:
    """Answer with a status, and have the connection closed: the body may not have been read to its end."""
    response_headers: list[tuple[bytes, bytes]] = []
    if scope["http_version"].startswith("1"):  # later versions have no such header
        response_headers.append((b"connection", b"close"))
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        response_headers.append((b"allow", b"POST"))
    await send_response(send, status, b"", *response_headers)


async def run_lifespan(
    open_context: Callable[[], AbstractAsyncContextManager[Any]], receive: Receive, send: Send
) -> None:
    """Be within a context from the server's start to its end."""
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
