"""What the conformance tests share: the seam of one library, asked directly, and what a failed call told."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from connector import errors
from connector.core.request.builder import Request
from connector.core.request.credential import Credential
from connector.runtime.http.transport import load_transport

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.core.response.parser import Failure, Reply

CREATE = ("createMeeting", {"userId": "me", "topic": "Standup"})
READ = ("getUser", {"userId": "me"})
WIDE = 10.0  # what should take half a second ends within this on the slowest machine
NOBODY = Credential("")

# What a library cannot do. Nothing else differs, and docs/http-libraries.md tells each of these.
CANNOT_TELL_WRITING = {"pyreqwest"}  # a deadline that ends the sending is told as one that ends the waiting
CANNOT_TELL_CONNECTING = {"pyreqwest"}  # nor one that ends the connecting, in less than its own limit for that
LETS_THE_UNANSWERED_GO_ON = {"pyreqwest"}  # to their deadline, when nobody waits for them any more
HAS_SECOND_ENGINE_ONLY = {"pyreqwest"}  # works in a fork, and not in a fork of a fork
LEAVES_CLOSED_ONES_LATER = {"pyreqwest"}  # notices by itself, a moment later, that an idle connection was closed
WRITES_NAMES_ITS_WAY = {"pyreqwest"}  # X-ID for X-Id: every word of a header's name begins with a capital
READS_TEXT_ONLY = {"pyreqwest"}  # a reply header's value that is not ASCII is lost, its name stays


def failed(run: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Return the error that a call ends with."""
    with pytest.raises(errors.ConnectorError) as caught:
        run(*args, **options)
    return caught.value


def asked(url: str, method: str = "GET", path: str = "/x", **rest: Any) -> Request:
    """Return a request."""
    return Request(method, path, base_url=url, **rest)


def until(condition: Callable[[], Any], seconds: float = WIDE) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.002)


def resident() -> int:
    """Return the memory that this process holds, in bytes."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors() -> int:
    """Count this process's open files and sockets."""
    return len(os.listdir("/proc/self/fd"))


def half_closed(port: int) -> bool:
    """Whether this machine holds connections to a port whose other side has closed them."""
    lines = Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]
    states = {(fields[2].rpartition(":")[2], fields[3]) for fields in (line.split() for line in lines)}
    return (f"{port:04X}", "08") in states


class Seam:
    """The seam of a library, for threads or for tasks, asked as a client would; the same to look at for both."""

    def __init__(self, library: str, kind: str) -> None:
        self.library, self.kind = library, kind
        self.http: Any = load_transport(library, asynchronous=kind == "async")
        self.loop = asyncio.Runner() if kind == "async" else None

    def send(self, request: Request, *, seconds: float = WIDE, sink: Any = None, stop: Any = None) -> Reply | Failure:
        """Send one request."""
        return self.run(self.http.send, request, NOBODY, time.monotonic() + seconds, sink, stop)

    def run(self, method: Callable[..., Any], *args: Any) -> Any:
        """Call a method, or await it."""
        return method(*args) if self.loop is None else self.loop.run(_awaited(method, args))

    def at_once(self, requests: list[Request], *, seconds: float = WIDE) -> list[Reply | Failure]:
        """Send requests at the same time."""
        if self.loop is not None:

            async def all_of_them() -> list[Any]:
                end = time.monotonic() + seconds
                return await asyncio.gather(*(self.http.send(one, NOBODY, end, None, None) for one in requests))

            return self.loop.run(all_of_them())
        got: list[Any] = [None] * len(requests)

        def one(number: int) -> None:
            got[number] = self.send(requests[number], seconds=seconds)

        threads = [threading.Thread(target=one, args=(number,)) for number in range(len(requests))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return got

    def besides(
        self, others: list[Request], condition: Callable[[], Any], request: Request, *, seconds: float
    ) -> Reply | Failure:
        """Send a request once others are under way; these are ended then."""
        if self.loop is None:
            threads = [threading.Thread(target=self.send, args=(one,)) for one in others]
            for thread in threads:
                thread.start()
            until(condition)
            got = self.send(request, seconds=seconds)
            self.http.close()
            for thread in threads:
                thread.join()
            return got

        async def both() -> Any:
            end = time.monotonic() + WIDE
            tasks = [asyncio.ensure_future(self.http.send(one, NOBODY, end, None, None)) for one in others]
            while not condition():  # noqa: ASYNC110  what is waited for happens in another thread
                await asyncio.sleep(0.002)
            got = await self.http.send(request, NOBODY, time.monotonic() + seconds, None, None)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            return got

        return self.loop.run(both())

    def close_when(self, condition: Callable[[], Any], request: Request, **options: Any) -> tuple[Any, float]:
        """Send, and close as soon as the condition holds; return what came of it, and how long after the close."""
        closed: list[float] = []

        def close() -> None:
            until(condition)
            closed.append(time.monotonic())
            self.http.close()

        if self.loop is None:
            thread = threading.Thread(target=close)
            thread.start()
            got: Any = self.send(request, **options)
            thread.join()
            return got, time.monotonic() - closed[0]

        async def both() -> Any:
            end = time.monotonic() + options.get("seconds", WIDE)
            task = asyncio.ensure_future(self.http.send(request, NOBODY, end, options.get("sink"), None))
            while not condition():  # noqa: ASYNC110  what is waited for happens in another thread
                await asyncio.sleep(0.002)
            closed.append(time.monotonic())
            await self.http.aclose()
            return await task

        got = self.loop.run(both())
        return got, time.monotonic() - closed[0]

    def end(self) -> None:
        """Close it, and its loop."""
        self.run(self.http.close if self.loop is None else self.http.aclose)
        if self.loop is not None:
            self.loop.close()


async def _awaited(method: Callable[..., Any], args: Any) -> Any:
    return await method(*args)


class Draining:
    """A server that reads one large request after the other, keeps nothing of it, and answers 200."""

    def __init__(self) -> None:
        self.received = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            with line:
                self._drain(line)

    def _drain(self, line: socket.socket) -> None:
        head = line.recv(65_536)
        length = int(re.search(rb"content-length: (\d+)", head.lower())[1])
        body = len(head) - head.index(b"\r\n\r\n") - 4
        while body < length:
            body += len(line.recv(1 << 20))
        self.received += body
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()
