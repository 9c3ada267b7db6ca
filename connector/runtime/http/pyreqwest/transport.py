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

from connector.core.http_semantics import LENGTH_METHODS
from connector.core.response.parser import Failure, Reply
from connector.runtime.http.body_reader import BodyReader
from connector.runtime.http.proxies import NetworkSettingError
from connector.runtime.http.pyreqwest.clients import (
    MAPPED_EXCEPTIONS,
    classify_failure,
    classify_unsent_failure,
    get_shared_client,
)
from connector.runtime.http.pyreqwest.multipart import build_form
from connector.runtime.http.pyreqwest.worker_threads import InterruptibleThreads
from connector.runtime.http.transport import prepare_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.core.request.builder import Request
    from connector.core.request.credential import Credential
    from connector.runtime.http.body_reader import Headers
    from connector.runtime.http.pyreqwest.clients import PyreqwestClient
    from connector.runtime.http.pyreqwest.worker_threads import ThreadTask
    from connector.runtime.http.sink import BodySink

_CHUNK_BYTES = 65_536
_MAX_CACHED_CLIENTS = 32


class _PyreqwestCall:
    """One request as the library takes it, and the reply as it comes."""

    __slots__ = ("_open_files", "body_reader", "request", "sink")

    def __init__(self, request: Request, sink: BodySink | None) -> None:
        self.request, self.sink = request, sink
        self.body_reader: BodyReader | None = None
        self._open_files: list[Any] = []

    def build_request(self, client: PyreqwestClient, credential: Credential, deadline: float) -> Any:
        """Return the library's request. Raises ValueError for what HTTP cannot say, the errors of `unasked`."""
        request = self.request
        if (
            client.proxy is not None
            and request.base_url.startswith("http:")
            and (credential.headers or credential.query)
        ):
            raise NetworkSettingError("proxy", "credentials do not go in clear to a proxy")
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        prepared = prepare_request(request, credential, self.sink)
        headers = [("Host", request.base_url.split("/", 3)[2]), *prepared.headers]
        parts = request.body.value if request.body is not None and request.body.kind == "multipart" else None
        if parts is None and not prepared.content and request.method in LENGTH_METHODS:
            headers.append(("Content-Length", "0"))
        builder = (
            client.library_client.request(request.method, prepared.url)
            .headers(headers)
            .timeout(timedelta(seconds=remaining))
        )
        if parts is not None:
            builder.multipart(build_form(parts, self._open_files))
        elif prepared.content:
            builder.body_bytes(prepared.content)
        return builder.streamed_read_buffer_limit(0).build_streamed()  # nothing is read ahead, so that it can be ended

    def start_body(self, response: Any) -> tuple[BodyReader, Callable[[], Any]]:
        """Take the head of a reply; return its body to be, and what reads a part. Raises DecodingError, SinkError."""
        self.body_reader = BodyReader(self.request, response.status, _decode_headers(response.headers), self.sink)
        reader = response.body_reader
        return self.body_reader, reader.read_chunk if self.sink is not None else partial(reader.read, _CHUNK_BYTES)

    def feed(self, chunk: Any) -> bool:
        """Add a part; return whether more is to come. Where no sink is, only the last piece is not a full one."""
        assert self.body_reader is not None
        return self.body_reader.feed(bytes(chunk)) and (self.sink is not None or len(chunk) == _CHUNK_BYTES)

    def close_files(self) -> None:
        """Close what was opened for it."""
        for file in self._open_files:
            file.close()


class PyreqwestTransport:
    """The seam for threads. Each call is made on a thread of its own: the library itself hears no Ctrl-C."""

    def __init__(self) -> None:
        self._clients = _ClientCache(asynchronous=False)
        self._threads: InterruptibleThreads[Reply | Failure] = InterruptibleThreads()

    def send(
        self, request: Request, credential: Credential, deadline: float, sink: BodySink | None, cancel: Any
    ) -> Reply | Failure:
        """Send one request; `stop` is asked between the parts of a download."""
        call = _PyreqwestCall(request, sink)
        return self._threads.run(lambda task: self._send(call, credential, deadline, cancel, task))

    def _send(
        self, call: _PyreqwestCall, credential: Credential, deadline: float, cancel: Any, task: ThreadTask[Any]
    ) -> Reply | Failure:
        try:
            client = self._clients.get_client(call)
            library_request = call.build_request(client, credential, deadline)
        except MAPPED_EXCEPTIONS as error:
            return classify_unsent_failure(error)
        try:
            with library_request as response:
                body_reader, read_chunk = call.start_body(response)
                while (chunk := read_chunk()) is not None:
                    if task.abandoned or (cancel is not None and cancel.is_set()):
                        return _build_stopped_failure(call)
                    if not call.feed(chunk):
                        break
                return body_reader.finish()
        except MAPPED_EXCEPTIONS as error:
            return classify_failure(error, call.body_reader, client.proxy)
        finally:
            call.close_files()

    def close(self) -> None:
        """End every call that waits, at once; connections end when they were idle for a while."""
        self._threads.cancel_all(_build_stopped_failure())


class AsyncPyreqwestTransport:
    """The seam for tasks, of any event loop: the library's own threads do the work."""

    def __init__(self) -> None:
        self._clients = _ClientCache(asynchronous=True)
        self._pending_tasks: set[asyncio.Task[Any]] = set()
        self._cancelled_tasks: set[asyncio.Task[Any]] = set()

    async def send(
        self, request: Request, credential: Credential, deadline: float, sink: BodySink | None, cancel: Any
    ) -> Reply | Failure:
        """Send one request; `stop` is asked between the parts of a download."""
        call, task = _PyreqwestCall(request, sink), asyncio.current_task()
        assert task is not None
        self._pending_tasks.add(task)
        try:
            return await self._send(call, credential, deadline, cancel)
        except asyncio.CancelledError:
            if task in self._cancelled_tasks and not task.uncancel():
                return _build_stopped_failure(call)
            raise
        finally:
            self._pending_tasks.discard(task)
            self._cancelled_tasks.discard(task)

    async def _send(
        self, call: _PyreqwestCall, credential: Credential, deadline: float, cancel: Any
    ) -> Reply | Failure:
        try:
            client = self._clients.get_client(call)
            library_request = call.build_request(client, credential, deadline)
        except MAPPED_EXCEPTIONS as error:
            return classify_unsent_failure(error)
        try:
            async with library_request as response:
                body_reader, read_chunk = call.start_body(response)
                while (chunk := await read_chunk()) is not None:
                    if cancel is not None and cancel.is_set():
                        return _build_stopped_failure(call)
                    if not call.feed(chunk):
                        break
                return body_reader.finish()
        except MAPPED_EXCEPTIONS as error:
            return classify_failure(error, call.body_reader, client.proxy)
        finally:
            call.close_files()

    async def aclose(self) -> None:
        """End every call that waits in this event loop, at once; connections end when they were idle for a while."""
        loop = asyncio.get_running_loop()
        for task in [pending for pending in self._pending_tasks if pending.get_loop() is loop]:
            self._cancelled_tasks.add(task)
            task.cancel()


class _ClientCache:
    """The library's clients that one of ours has used: what they are made of is read when they are first used."""

    def __init__(self, *, asynchronous: bool) -> None:
        self._asynchronous = asynchronous
        self._pid = os.getpid()
        self._clients: dict[tuple[str, float | None], PyreqwestClient] = {}

    def get_client(self, call: _PyreqwestCall) -> PyreqwestClient:
        """Return the client for a call. Raises SettingError, UsageError."""
        if self._pid != os.getpid() or len(self._clients) > _MAX_CACHED_CLIENTS:
            self._clients, self._pid = {}, os.getpid()
        key = (call.request.base_url, None if call.sink is None else call.sink.stall_timeout)
        client = self._clients.get(key)
        if client is None:
            client = self._clients[key] = get_shared_client(*key, asynchronous=self._asynchronous)
        return client


def _build_stopped_failure(call: _PyreqwestCall | None = None) -> Failure:
    body_reader = call.body_reader if call is not None else None
    received, etag = (body_reader.received, body_reader.etag) if body_reader is not None else (0, None)
    return Failure("stopped", "the client was closed", received=received, etag=etag, final=True)


def _decode_headers(headers: Any) -> Headers:
    """Return the headers of a reply; of a value that is no text, its name alone."""
    try:
        return tuple(headers.items())
    except ValueError:
        pass
    pairs: list[tuple[str, str]] = []
    for name in dict.fromkeys(headers.keys()):
        try:
            pairs += [(name, value) for value in headers.getall(name)]
        except ValueError:
            pairs.append((name, ""))
    return tuple(pairs)
