"""The few words of ASGI that a receiver speaks: a body read, an answer sent, a lifespan.

A framework's request and response objects cost more than all that a receiver does with one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_LONGEST_NUMBER = 12  # digits of a body's length


class RefusedError(Exception):
    """A request that is answered with a status and nothing else, and whose connection is closed."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class GoneError(Exception):
    """Nobody waits for an answer any more."""


def judge_length(scope: Scope, most: int) -> None:
    """Raise RefusedError for a request that says of its body that it has more bytes."""
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if len(length) > _LONGEST_NUMBER or not length.isdigit() or int(length) > most:
        raise RefusedError(413, "too large")


async def body(receive: Receive, most: int) -> bytes:
    """Return a request's body. Raises RefusedError when more than so many bytes come, and GoneError."""
    whole = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise GoneError
        piece: bytes = message.get("body", b"")
        if len(whole) + len(piece) > most:
            raise RefusedError(413, "too large")
        if not message.get("more_body"):
            return bytes(whole + piece) if whole else piece
        whole += piece


async def answer(send: Send, status: int, content: bytes, *headers: tuple[bytes, bytes]) -> None:
    """Answer a request; content is JSON, or nothing."""
    about = [(b"content-length", b"%d" % len(content)), *headers]
    if content:
        about.append((b"content-type", b"application/json"))
    await send({"type": "http.response.start", "status": status, "headers": about})
    await send({"type": "http.response.body", "body": content})


async def refuse(scope: Scope, send: Send, status: int) -> None:
    """Answer with a status, and have the connection closed: the body may not have been read to its end."""
    about: list[tuple[bytes, bytes]] = []
    if scope["http_version"].startswith("1"):  # later versions have no such header
        about.append((b"connection", b"close"))
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        about.append((b"allow", b"POST"))
    await answer(send, status, b"", *about)


async def lifespan(running: Callable[[], AbstractAsyncContextManager[Any]], receive: Receive, send: Send) -> None:
    """Be within a context from the server's start to its end."""
    word = "startup"
    await receive()
    try:
        async with running():
            await send({"type": "lifespan.startup.complete"})
            word = "shutdown"
            await receive()
    except BaseException as error:
        await send({"type": f"lifespan.{word}.failed", "message": str(error)})
        raise
    await send({"type": "lifespan.shutdown.complete"})
