"""pyreqwest: reqwest and tokio of Rust, in threads of their own. The fastest of the libraries where much runs at once.

Its clients follow no redirect, keep no cookie and decompress nothing. A request that nobody waits for any more is ended
once its reply has begun; before that the library lets it go on, to its reply or its deadline.
"""

from __future__ import annotations

import asyncio
import os
import time
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.core.response.parser import Failure, Reply
from connector.runtime.http.body_reader import Arriving
from connector.runtime.http.proxies import SettingError
from connector.runtime.http.pyreqwest.clients import MAPPED, failure, library, unasked
from connector.runtime.http.pyreqwest.multipart import form
from connector.runtime.http.pyreqwest.worker_threads import Errands
from connector.runtime.http.transport import wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.core.exchange.exchange import Signed
    from connector.core.request.builder import Request
    from connector.runtime.http.body_reader import Headers
    from connector.runtime.http.pyreqwest.clients import Library
    from connector.runtime.http.pyreqwest.worker_threads import Errand
    from connector.runtime.http.sink import Sink

_PIECE = 65_536
_EMPTY = ("POST", "PUT", "PATCH")  # methods that say how long a body is also when there is none
_MOST_KNOWN = 32


class _Call:
    """One request as the library takes it, and the reply as it comes."""

    __slots__ = ("_files", "arriving", "request", "sink")

    def __init__(self, request: Request, sink: Sink | None) -> None:
        self.request, self.sink = request, sink
        self.arriving: Arriving | None = None
        self._files: list[Any] = []

    def asked(self, chosen: Library, token: Signed, until: float) -> Any:
        """Return the library's request. Raises ValueError for what HTTP cannot say, the errors of `unasked`."""
        request = self.request
        if chosen.proxy is not None and request.base.startswith("http:") and (token.headers or token.query):
            raise SettingError("proxy", "credentials do not go in clear to a proxy")
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        made = wire(request, token, self.sink)
        headers = [("Host", request.base.split("/", 3)[2]), *made.headers]
        parts = request.body.value if request.body is not None and request.body.kind == "multipart" else None
        if parts is None and not made.content and request.method in _EMPTY:
            headers.append(("Content-Length", "0"))
        asked = chosen.client.request(request.method, made.url).headers(headers).timeout(timedelta(seconds=left))
        if parts is not None:
            asked.multipart(form(parts, self._files))
        elif made.content:
            asked.body_bytes(made.content)
        return asked.streamed_read_buffer_limit(0).build_streamed()  # nothing is read ahead, so that it can be ended

    def began(self, response: Any) -> tuple[Arriving, Callable[[], Any]]:
        """Take the head of a reply; return its body to be, and what reads a part. Raises DecodingError, SinkError."""
        self.arriving = Arriving(self.request, response.status, _headers(response.headers), self.sink)
        reader = response.body_reader
        return self.arriving, reader.read_chunk if self.sink is not None else partial(reader.read, _PIECE)

    def added(self, part: Any) -> bool:
        """Add a part; return whether more is to come. Where no sink is, only the last piece is not a full one."""
        assert self.arriving is not None
        return self.arriving.add(bytes(part)) and (self.sink is not None or len(part) == _PIECE)

    def over(self) -> None:
        """Close what was opened for it."""
        for file in self._files:
            file.close()


class Pyreqwest:
    """The seam for threads. Each call is made on a thread of its own: the library itself hears no Ctrl-C."""

    def __init__(self) -> None:
        self._libraries = _Libraries(asynchronous=False)
        self._errands: Errands[Reply | Failure] = Errands()

    def send(self, request: Request, token: Signed, until: float, sink: Sink | None, stop: Any) -> Reply | Failure:
        """Send one request; `stop` is asked between the parts of a download."""
        call = _Call(request, sink)
        return self._errands.run(lambda errand: self._send(call, token, until, stop, errand))

    def _send(self, call: _Call, token: Signed, until: float, stop: Any, errand: Errand[Any]) -> Reply | Failure:
        try:
            chosen = self._libraries.of(call)
            asked = call.asked(chosen, token, until)
        except MAPPED as error:
            return unasked(error)
        try:
            with asked as response:
                arriving, take = call.began(response)
                while (part := take()) is not None:
                    if errand.over or (stop is not None and stop.is_set()):
                        return _stopped(call)
                    if not call.added(part):
                        break
                return arriving.reply()
        except MAPPED as error:
            return failure(error, call.arriving, chosen.proxy)
        finally:
            call.over()

    def close(self) -> None:
        """End every call that waits, at once; connections end when they were idle for a while."""
        self._errands.end(_stopped())


class AsyncPyreqwest:
    """The seam for tasks, of any event loop: the library's own threads do the work."""

    def __init__(self) -> None:
        self._libraries = _Libraries(asynchronous=True)
        self._waiting: set[asyncio.Task[Any]] = set()
        self._ended: set[asyncio.Task[Any]] = set()

    async def send(
        self, request: Request, token: Signed, until: float, sink: Sink | None, stop: Any
    ) -> Reply | Failure:
        """Send one request; `stop` is asked between the parts of a download."""
        call, task = _Call(request, sink), asyncio.current_task()
        assert task is not None
        self._waiting.add(task)
        try:
            return await self._send(call, token, until, stop)
        except asyncio.CancelledError:
            if task in self._ended and not task.uncancel():
                return _stopped(call)
            raise
        finally:
            self._waiting.discard(task)
            self._ended.discard(task)

    async def _send(self, call: _Call, token: Signed, until: float, stop: Any) -> Reply | Failure:
        try:
            chosen = self._libraries.of(call)
            asked = call.asked(chosen, token, until)
        except MAPPED as error:
            return unasked(error)
        try:
            async with asked as response:
                arriving, take = call.began(response)
                while (part := await take()) is not None:
                    if stop is not None and stop.is_set():
                        return _stopped(call)
                    if not call.added(part):
                        break
                return arriving.reply()
        except MAPPED as error:
            return failure(error, call.arriving, chosen.proxy)
        finally:
            call.over()

    async def aclose(self) -> None:
        """End every call that waits in this event loop, at once; connections end when they were idle for a while."""
        loop = asyncio.get_running_loop()
        for task in [one for one in self._waiting if one.get_loop() is loop]:
            self._ended.add(task)
            task.cancel()


class _Libraries:
    """The library's clients that one of ours has used: what they are made of is read when they are first used."""

    def __init__(self, *, asynchronous: bool) -> None:
        self._asynchronous = asynchronous
        self._pid = os.getpid()
        self._known: dict[tuple[str, float | None], Library] = {}

    def of(self, call: _Call) -> Library:
        """Return the client for a call. Raises SettingError, UsageError."""
        if self._pid != os.getpid() or len(self._known) > _MOST_KNOWN:
            self._known, self._pid = {}, os.getpid()
        key = (call.request.base, None if call.sink is None else call.sink.stall)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = library(*key, asynchronous=self._asynchronous)
        return known


def _stopped(call: _Call | None = None) -> Failure:
    came = call.arriving if call is not None else None
    received, etag = (came.received, came.etag) if came is not None else (0, None)
    return Failure("stopped", "the client was closed", received=received, etag=etag, final=True)


def _headers(headers: Any) -> Headers:
    """Return the headers of a reply; of a value that is no text, its name alone."""
    try:
        return tuple(headers.items())
    except ValueError:
        pass
    found: list[tuple[str, str]] = []
    for name in dict.fromkeys(headers.keys()):
        try:
            found += [(name, value) for value in headers.getall(name)]
        except ValueError:
            found.append((name, ""))
    return tuple(found)
