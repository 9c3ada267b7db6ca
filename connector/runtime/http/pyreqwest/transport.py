"""The transport over pyreqwest (Rust's reqwest and tokio), the fastest with many concurrent calls.

Its clients follow no redirect, store no cookie and decompress nothing. An abandoned request ends once its reply has
begun; before that the library continues until the reply or the deadline.
"""

from __future__ import annotations

import asyncio
import os
import time
from concurrent.futures import CancelledError
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.core.http_semantics import LENGTH_METHODS
from connector.core.response.reply import Failure
from connector.runtime.http import network_guard
from connector.runtime.http.body_reader import BodyReader
from connector.runtime.http.failures import build_stopped_failure
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

    from connector.core.exchange.body_sink import BodySink
    from connector.core.request.builder import Request
    from connector.core.request.credential import ClientCertificate, Credential
    from connector.core.response.reply import Reply
    from connector.runtime.http.body_reader import Headers
    from connector.runtime.http.pyreqwest.clients import PyreqwestClient
    from connector.runtime.http.pyreqwest.worker_threads import WorkerTask

_CHUNK_BYTES = 65_536
_GRACE_SECONDS = 1.0  # after the deadline, at which the library ends by itself
_MAX_CACHED_CLIENTS = 32


class _PyreqwestCall:
    """One request, its open files, and the body of its reply."""

    __slots__ = ("_open_files", "body_reader", "request", "sink")

    def __init__(self, request: Request, sink: BodySink | None) -> None:
        self.request, self.sink = request, sink
        self.body_reader: BodyReader | None = None
        self._open_files: list[Any] = []

    def build_request(self, client: PyreqwestClient, credential: Credential, deadline: float) -> Any:
        """Return the library's request. Raises MAPPED_EXCEPTIONS, for `classify_unsent_failure`."""
        request = self.request
        network_guard.check_base_url(request.base_url)
        if (
            client.proxy is not None
            and request.base_url.startswith("http:")
            and (credential.headers or credential.query or credential.body)
        ):
            raise NetworkSettingError("proxy", "credentials are never sent unencrypted to a proxy")
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
        return builder.streamed_read_buffer_limit(0).build_streamed()  # no read-ahead, so that it can be cancelled

    def start_body(self, response: Any) -> tuple[BodyReader, Callable[[], Any]]:
        """Return a body reader and the function that reads a chunk. Raises DecodingError, BodySinkError."""
        self.body_reader = BodyReader(self.request, response.status, _decode_headers(response.headers), self.sink)
        reader = response.body_reader
        return self.body_reader, reader.read_chunk if self.sink is not None else partial(reader.read, _CHUNK_BYTES)

    def feed(self, chunk: Any) -> bool:
        """Add a chunk; return whether to read on. Without a sink, only the last chunk is not full."""
        assert self.body_reader is not None
        return self.body_reader.feed(bytes(chunk)) and (self.sink is not None or len(chunk) == _CHUNK_BYTES)

    def close_files(self) -> None:
        """Close the files of the request body."""
        for file in self._open_files:
            file.close()


class PyreqwestTransport:
    """The transport for threads. Each call runs on a worker thread, because the library ignores Ctrl-C."""

    def __init__(self) -> None:
        self._clients = _ClientCache(asynchronous=False)
        self._threads: InterruptibleThreads[Reply | Failure] = InterruptibleThreads()

    def send(
        self, request: Request, credential: Credential, deadline: float, sink: BodySink | None, cancel: Any
    ) -> Reply | Failure:
        """Send one request; `cancel` is checked between the chunks of a body."""
        call = _PyreqwestCall(request, sink)
        try:
            timeout = max(deadline - time.monotonic(), 0.0) + _GRACE_SECONDS
            return self._threads.run(lambda task: self._send(call, credential, deadline, cancel, task), timeout)
        except TimeoutError:  # the library hangs, as it may in a forked child
            received = call.body_reader.received if call.body_reader else 0
            return Failure("read_timeout", "no reply in time", received=received)
        except CancelledError:
            return build_stopped_failure(call.body_reader)

    def _send(
        self, call: _PyreqwestCall, credential: Credential, deadline: float, cancel: Any, task: WorkerTask[Any]
    ) -> Reply | Failure:
        try:
            client = self._clients.get_client(call, credential)
            library_request = call.build_request(client, credential, deadline)
        except MAPPED_EXCEPTIONS as error:
            return classify_unsent_failure(error)
        try:
            with library_request as response:
                body_reader, read_chunk = call.start_body(response)
                while (chunk := read_chunk()) is not None:
                    if task.done() or (cancel is not None and cancel.is_set()):
                        return build_stopped_failure(call.body_reader)
                    if not call.feed(chunk):
                        break
                return body_reader.finish()
        except MAPPED_EXCEPTIONS as error:
            return classify_failure(error, call.body_reader, client.proxy)
        finally:
            call.close_files()

    def close(self) -> None:
        """End every waiting call at once; idle connections close by themselves."""
        self._threads.cancel_all()


class AsyncPyreqwestTransport:
    """The transport for tasks of any event loop; the library uses its own threads."""

    def __init__(self) -> None:
        self._clients = _ClientCache(asynchronous=True)
        self._pending_tasks: set[asyncio.Task[Any]] = set()
        self._cancelled_tasks: set[asyncio.Task[Any]] = set()

    async def send(
        self, request: Request, credential: Credential, deadline: float, sink: BodySink | None, cancel: Any
    ) -> Reply | Failure:
        """Send one request; `cancel` is checked between the chunks of a body."""
        call, task = _PyreqwestCall(request, sink), asyncio.current_task()
        assert task is not None
        check_cancellation = _CancellationCheck(task)
        self._pending_tasks.add(task)
        try:
            outcome = await self._send(call, credential, deadline, cancel, check_cancellation)
            check_cancellation()
        except asyncio.CancelledError:
            if task in self._cancelled_tasks and not task.uncancel():
                return build_stopped_failure(call.body_reader)
            raise
        finally:
            self._pending_tasks.discard(task)
            self._cancelled_tasks.discard(task)
        return outcome

    async def _send(
        self,
        call: _PyreqwestCall,
        credential: Credential,
        deadline: float,
        cancel: Any,
        check_cancellation: _CancellationCheck,
    ) -> Reply | Failure:
        try:
            client = self._clients.get_client(call, credential)
            library_request = call.build_request(client, credential, deadline)
        except MAPPED_EXCEPTIONS as error:
            return classify_unsent_failure(error)
        try:
            async with library_request as response:
                check_cancellation()
                body_reader, read_chunk = call.start_body(response)
                while (chunk := await read_chunk()) is not None:
                    check_cancellation()
                    if cancel is not None and cancel.is_set():
                        return build_stopped_failure(call.body_reader)
                    if not call.feed(chunk):
                        break
                return body_reader.finish()
        except MAPPED_EXCEPTIONS as error:
            return classify_failure(error, call.body_reader, client.proxy)
        finally:
            call.close_files()

    async def aclose(self) -> None:
        """End every waiting call of this event loop at once; idle connections close by themselves."""
        loop = asyncio.get_running_loop()
        for task in [pending for pending in self._pending_tasks if pending.get_loop() is loop]:
            self._cancelled_tasks.add(task)
            task.cancel()


class _CancellationCheck:
    """Raises CancelledError where a task was cancelled, and the library gave what it had just got in place of that."""

    __slots__ = ("_count", "_task")

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self._task = task
        self._count = task.cancelling()  # it may clean up after an earlier one

    def __call__(self) -> None:
        if self._task.cancelling() > self._count:
            raise asyncio.CancelledError


class _ClientCache:
    """The shared clients that one transport has used, so that the environment is read once."""

    def __init__(self, *, asynchronous: bool) -> None:
        self._asynchronous = asynchronous
        self._pid = os.getpid()
        self._clients: dict[tuple[str, float | None, ClientCertificate | None], PyreqwestClient] = {}

    def get_client(self, call: _PyreqwestCall, credential: Credential) -> PyreqwestClient:
        """Return the client for a call. Raises NetworkSettingError, UsageError."""
        if self._pid != os.getpid() or len(self._clients) > _MAX_CACHED_CLIENTS:
            self._clients, self._pid = {}, os.getpid()
        stall_timeout = None if call.sink is None else call.sink.stall_timeout
        key = (call.request.base_url, stall_timeout, credential.certificate)
        client = self._clients.get(key)
        if client is None:
            client = self._clients[key] = get_shared_client(*key, asynchronous=self._asynchronous)
        return client


def _decode_headers(headers: Any) -> Headers:
    """Return the headers of a reply; a value that is not text becomes empty."""
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


TRANSPORTS = {"pyreqwest": (PyreqwestTransport, AsyncPyreqwestTransport)}  # for threads, for tasks
