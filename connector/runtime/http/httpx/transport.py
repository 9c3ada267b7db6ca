"""The transport over httpx or httpx2: their network (httpcore's), parser (h11) and bodies, without their clients.

No redirects, no cookies, no netrc. `connection_pool` replaces the libraries' own pools, whose cost grows with every
caller.
"""

from __future__ import annotations

import asyncio
import os
import time
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.errors import UsageError
from connector.runtime.http import network_guard
from connector.runtime.http.body_reader import BodyReader
from connector.runtime.http.connection_pool import Pool
from connector.runtime.http.failures import build_stopped_failure, classify_failure
from connector.runtime.http.httpx import async_network, sync_network
from connector.runtime.http.httpx.http11 import AsyncHttp11Connection, Http11Connection
from connector.runtime.http.httpx.proxied import AsyncProxiedConnection, ProxiedConnection
from connector.runtime.http.httpx.request import (
    CORE_LIBRARIES,
    HttpOrigin,
    build_wire_request,
    decode_headers,
    load_library,
)
from connector.runtime.http.httpx.sync_network import PooledConnection
from connector.runtime.http.idle_connections import MAX_IDLE_SECONDS, get_idle_connections
from connector.runtime.http.proxies import NetworkSettingError
from connector.runtime.http.request_state import RequestState

if TYPE_CHECKING:
    from connector.core.exchange.body_sink import BodySink
    from connector.core.request.builder import Request
    from connector.core.request.credential import ClientCertificate, Credential
    from connector.core.response.reply import Failure, Reply


class _BaseTransport:
    """Shared by threads and tasks: the connection pool and the parsed origins of this process."""

    def __init__(self, name: str) -> None:
        self._library = load_library(name)
        self._reset()

    def _reset(self) -> None:
        self._pool = Pool()
        self._origins: dict[tuple[str, ClientCertificate | None], HttpOrigin] = {}
        self._pid = os.getpid()

    def _resolve_origin(self, request: Request, credential: Credential, state: RequestState) -> HttpOrigin:
        """Return the origin of a request.

        Raises NetworkSettingError, also for a host that a test refuses, and the library's errors for an invalid URL.
        """
        network_guard.check_base_url(request.base_url)
        key = request.base_url, credential.certificate
        origin = self._origins.get(key)
        if origin is None:
            origin = self._origins[key] = HttpOrigin.parse(self._library, *key)
        state.proxy = origin.proxy
        if (
            origin.proxy is not None
            and not origin.uses_tls
            and (credential.headers or credential.query or credential.body)
        ):
            raise NetworkSettingError("proxy", "credentials are never sent unencrypted to a proxy")
        return origin

    def _discard(self, connection: PooledConnection) -> None:
        connection.close()
        self._pool.discard(connection.origin, connection)


def _build_connection(origin: HttpOrigin, state: RequestState) -> PooledConnection:
    return PooledConnection(origin.name, origin.library_origin.host.decode("ascii") if origin.uses_tls else None, state)


def _is_alive(connection: PooledConnection, state: RequestState) -> bool:
    """Whether an idle connection is recent, and the server has not closed it."""
    connection.request_state = state
    return time.monotonic() - connection.idle_since < MAX_IDLE_SECONDS and not connection.stream.is_readable()


class HttpcoreTransport(_BaseTransport):
    """The transport for threads; a forked child opens its own connections."""

    def send(
        self, request: Request, credential: Credential, deadline: float, sink: BodySink | None, cancel: Any
    ) -> Reply | Failure:
        """Send one request; `cancel` is checked between the chunks of a body."""
        state = RequestState(deadline, sink.stall_timeout if sink is not None else None)
        library, connection, reusable = self._library, None, False
        try:
            origin = self._resolve_origin(request, credential, state)
            wire_request = build_wire_request(library, origin, (request, credential, sink), state)
            connection = self._acquire(origin, state)
            http = connection.http
            status, headers = http.start(wire_request)
            body_reader = state.body_reader = BodyReader(request, status, decode_headers(headers), sink)
            while (chunk := http.read_chunk()) is not None:
                if not body_reader.feed(chunk):
                    return body_reader.finish()
                if cancel is not None and cancel.is_set():
                    return build_stopped_failure(body_reader)
            reusable = http.end_reply()
            return body_reader.finish()
        except library.select_exceptions(state) as error:
            return classify_failure(library.core, error, state)
        finally:
            if connection is not None:
                self._pool.release(connection) if reusable else self._discard(connection)
            state.close_files()

    def _acquire(self, origin: HttpOrigin, state: RequestState) -> PooledConnection:
        """Return a connection to an origin. Raises TimeoutError, PoolClosed, and the network's errors."""
        if self._pid != os.getpid():  # a forked child must not use its parent's sockets
            self._pool.abandon()
            self._reset()
        idle: PooledConnection | None
        idle, waiter = self._pool.acquire(origin.name, Future)
        if waiter is not None:
            state.phase = "pool"
            try:
                idle = waiter.result(state.require_time_left())
            except BaseException:
                self._pool.cancel_wait(origin.name, waiter)
                raise
        if idle is not None:
            if _is_alive(idle, state):
                return idle
            idle.close()
        connection = _build_connection(origin, state)
        try:
            self._open_connection(origin, connection)
        except BaseException:
            connection.close()
            self._pool.discard(origin.name, idle)
            raise
        self._pool.register(connection, idle)
        return connection

    def _open_connection(self, origin: HttpOrigin, connection: PooledConnection) -> None:
        core = self._library.core
        backend = sync_network.SyncBackend(core, connection)
        if origin.proxy is not None:
            connection.http = ProxiedConnection(self._library, origin, backend, asynchronous=False)
            return
        stream = backend.connect_tcp(origin.library_origin.host.decode("ascii"), origin.library_origin.port)
        if origin.uses_tls:
            stream = stream.start_tls(origin.load_tls_context(self._library), connection.tls_host)
        connection.http = Http11Connection(core, stream)

    def close(self) -> None:
        """Close every connection; waiting calls end at once. A forked child leaves its parent's alone."""
        if self._pid == os.getpid():
            self._pool.close()
        else:
            self._pool.abandon()
        self._reset()


class AsyncHttpcoreTransport(_BaseTransport):
    """The transport for tasks of one event loop."""

    def _reset(self) -> None:
        super()._reset()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def send(
        self, request: Request, credential: Credential, deadline: float, sink: BodySink | None, cancel: Any
    ) -> Reply | Failure:
        """Send one request; `cancel` is checked between the chunks of a body. Raises UsageError in another loop."""
        state = RequestState(deadline, sink.stall_timeout if sink is not None else None)
        library, connection, reusable = self._library, None, False
        self._check_loop()
        try:
            async with asyncio.timeout(state.require_time_left()) as timer:
                state.timer = timer if sink is not None else None
                origin = self._resolve_origin(request, credential, state)
                wire_request = build_wire_request(library, origin, (request, credential, sink), state)
                connection = await self._acquire(origin, state)
                http = connection.http
                status, headers = await http.start(wire_request)
                body_reader = state.body_reader = BodyReader(request, status, decode_headers(headers), sink)
                turn = async_network.LoopTurn(asyncio.get_running_loop())
                try:
                    while (chunk := await http.read_chunk()) is not None:
                        if not body_reader.feed(chunk):
                            return body_reader.finish()
                        if cancel is not None and cancel.is_set():
                            return build_stopped_failure(body_reader)
                        await turn.end_if_long()
                finally:
                    reusable = await http.end_reply()
                return body_reader.finish()
        except library.select_exceptions(state) as error:
            return classify_failure(library.core, error, state)
        finally:
            if connection is not None:
                self._pool.release(connection) if reusable else self._discard(connection)
            state.close_files()

    def _check_loop(self) -> None:
        """Raise UsageError in a second event loop while the first one is open; connections belong to one loop."""
        loop = asyncio.get_running_loop()
        if self._loop is loop and self._pid == os.getpid():
            return
        if self._loop is not None and self._pid == os.getpid() and not self._loop.is_closed():
            raise UsageError("The client is used in two event loops.", hint="Create one AsyncClient in each.")
        if self._loop is not None:
            self._pool.abandon()  # of the parent process, or of a closed loop
            self._reset()
        self._loop = loop
        self._pool.idle_connections = get_idle_connections(loop)

    async def _acquire(self, origin: HttpOrigin, state: RequestState) -> PooledConnection:
        """Return a connection to an origin. Raises PoolClosed, and the network's errors."""
        idle: PooledConnection | None
        idle, waiter = self._pool.acquire(origin.name, asyncio.get_running_loop().create_future)
        if waiter is not None:
            state.phase = "pool"
            try:
                idle = await waiter
            except BaseException:
                self._pool.cancel_wait(origin.name, waiter)
                raise
        if idle is not None:
            if _is_alive(idle, state):
                return idle
            idle.close()
        connection = _build_connection(origin, state)
        try:
            await self._open_connection(origin, connection)
        except BaseException:
            connection.close()
            self._pool.discard(origin.name, idle)
            raise
        self._pool.register(connection, idle)
        return connection

    async def _open_connection(self, origin: HttpOrigin, connection: PooledConnection) -> None:
        core = self._library.core
        backend = async_network.AsyncBackend(core, connection)
        if origin.proxy is not None:
            connection.http = AsyncProxiedConnection(self._library, origin, backend, asynchronous=True)
            return
        stream = await backend.connect_tcp(origin.library_origin.host.decode("ascii"), origin.library_origin.port)
        if origin.uses_tls:
            stream = await stream.start_tls(origin.load_tls_context(self._library), connection.tls_host)
        connection.http = AsyncHttp11Connection(core, stream)

    async def aclose(self) -> None:
        """Close every connection; waiting calls end at once."""
        if self._pid == os.getpid():
            self._pool.close()
            await asyncio.sleep(0)  # the loop releases its sockets
        self._reset()


TRANSPORTS = {  # for threads, for tasks
    name: (partial(HttpcoreTransport, name), partial(AsyncHttpcoreTransport, name)) for name in CORE_LIBRARIES
}
