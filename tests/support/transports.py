"""Helpers of the conformance tests: one library's transport, requests, and expected differences."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import pytest

from connector import errors
from connector.core.request.builder import Request
from connector.core.request.credential import Credential
from connector.runtime.http.transport import load_transport
from support.pace import WIDE, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.core.response.reply import Failure, Reply
    from support.servers import Counting

CREATE = ("createMeeting", {"userId": "me", "topic": "Standup"})
READ = ("getUser", {"userId": "me"})
NO_CREDENTIAL = Credential("")

# The limits of single libraries; docs/http-libraries.md describes each of them.
CANNOT_TELL_WRITING = {"pyreqwest"}  # a deadline during sending is reported as one during waiting
CANNOT_TELL_CONNECTING = {"pyreqwest"}  # as is one during connecting, within its own limit for that
LETS_THE_UNANSWERED_GO_ON = {"pyreqwest"}  # abandoned requests run until their deadline
HAS_SECOND_ENGINE_ONLY = {"pyreqwest"}  # works in a fork, but not in a fork of a fork
LEAVES_CLOSED_ONES_LATER = {"pyreqwest"}  # notices a closed idle connection a moment later
WRITES_NAMES_ITS_WAY = {"pyreqwest"}  # X-Id instead of X-ID: capitalizes header names
READS_TEXT_ONLY = {"pyreqwest"}  # drops a header value that is not ASCII


def catch_error(run: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Return the error that a call raises."""
    with pytest.raises(errors.ConnectorError) as caught:
        run(*args, **options)
    return caught.value


def build_request(url: str, method: str = "GET", path: str = "/x", **rest: Any) -> Request:
    """Return a request."""
    return Request(method, path, base_url=url, **rest)


def resident_bytes() -> int:
    """Return the resident memory of this process in bytes."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def count_descriptors() -> int:
    """Count this process's open files and sockets."""
    return len(os.listdir("/proc/self/fd"))


def has_half_closed(port: int) -> bool:
    """Return whether there are connections to a port that the other side has closed."""
    lines = Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]
    states = {(fields[2].rpartition(":")[2], fields[3]) for fields in (line.split() for line in lines)}
    return (f"{port:04X}", "08") in states


class LibraryTransport:
    """A library's transport, for threads or for tasks, with one blocking interface for both."""

    def __init__(self, library: str, kind: str) -> None:
        self.library, self.kind = library, kind
        self.http: Any = load_transport(library, asynchronous=kind == "async")
        self.loop = asyncio.Runner() if kind == "async" else None

    def send(self, request: Request, *, seconds: float = WIDE, sink: Any = None, stop: Any = None) -> Reply | Failure:
        """Send one request."""
        return self.run(self.http.send, request, NO_CREDENTIAL, time.monotonic() + seconds, sink, stop)

    def run(self, method: Callable[..., Any], *args: Any) -> Any:
        """Call a method, and await it if it is asynchronous."""
        return method(*args) if self.loop is None else self.loop.run(_awaited(method, args))

    def send_all(self, requests: list[Request], *, seconds: float = WIDE) -> list[Reply | Failure]:
        """Send requests concurrently."""
        if self.loop is not None:

            async def all_of_them() -> list[Any]:
                end = time.monotonic() + seconds
                return await asyncio.gather(*(self.http.send(one, NO_CREDENTIAL, end, None, None) for one in requests))

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

    def send_while(
        self, others: list[Request], condition: Callable[[], Any], request: Request, *, seconds: float
    ) -> Reply | Failure:
        """Send a request while others are running, then cancel these."""
        if self.loop is None:
            threads = [threading.Thread(target=self.send, args=(one,)) for one in others]
            for thread in threads:
                thread.start()
            wait_until(condition)
            got = self.send(request, seconds=seconds)
            self.http.close()
            for thread in threads:
                thread.join()
            return got

        async def both() -> Any:
            end = time.monotonic() + WIDE
            tasks = [asyncio.ensure_future(self.http.send(one, NO_CREDENTIAL, end, None, None)) for one in others]
            while not condition():  # noqa: ASYNC110  it changes in another thread
                await asyncio.sleep(0.002)
            got = await self.http.send(request, NO_CREDENTIAL, time.monotonic() + seconds, None, None)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            return got

        return self.loop.run(both())

    def close_when(self, condition: Callable[[], Any], request: Request, **options: Any) -> tuple[Any, float]:
        """Send, and close when the condition holds; return the result, and the seconds since the close."""
        closed: list[float] = []

        def close() -> None:
            wait_until(condition)
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
            task = asyncio.ensure_future(self.http.send(request, NO_CREDENTIAL, end, options.get("sink"), None))
            while not condition():  # noqa: ASYNC110  it changes in another thread
                await asyncio.sleep(0.002)
            closed.append(time.monotonic())
            await self.http.aclose()
            return await task

        got = self.loop.run(both())
        return got, time.monotonic() - closed[0]

    def end(self) -> None:
        """Close the transport and its event loop."""
        self.run(self.http.close if self.loop is None else self.http.aclose)
        if self.loop is not None:
            self.loop.close()


async def _awaited(method: Callable[..., Any], args: Any) -> Any:
    return await method(*args)


class DrainingServer:
    """A server that reads and discards large requests, and replies 200."""

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


class Rerouting:
    """A transport that sends every request to a loopback server: real bytes for hosts that a test cannot have; `urls` are those that were asked for, without queries."""

    def __init__(self, server: Counting) -> None:
        self.urls: list[str] = []
        self._server, self._transport = server, load_transport(None, asynchronous=False)

    def send(self, request: Request, credential: Credential, *more: Any) -> Any:
        self.urls.append(request.base_url + request.path.partition("?")[0])
        local_url = f"http://127.0.0.1:{self._server.port}{urlsplit(request.base_url).path}"
        return self._transport.send(replace(request, base_url=local_url), credential, *more)

    def close(self) -> None:
        self._transport.close()


class IdleLine:
    """A connection of a pool that records its end."""

    def __init__(self, place):
        self.origin, self.idle_since, self.ended = place, 0.0, ""

    def close(self):
        """Record it."""
        self.ended = "closed"

    def abandon(self):
        """Record it."""
        self.ended = "abandoned"
