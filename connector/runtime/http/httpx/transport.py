"""The transport over httpx or httpx2: their network (httpcore's), parser (h11) and bodies, without their clients.

No redirects, no cookies, no netrc. `connection_pool` replaces the libraries' own pools, whose cost grows with every
caller.
"""

from __future__ import annotations

import os
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.runtime.http.body_reader import BodyReader
from connector.runtime.http.failures import build_stopped_failure, classify_failure
from connector.runtime.http.httpx import sync_network
from connector.runtime.http.httpx.http11 import Http11Connection
from connector.runtime.http.httpx.pooled_transport import PooledTransport
from connector.runtime.http.httpx.proxied import ProxiedConnection
from connector.runtime.http.httpx.request import CORE_LIBRARIES, build_wire_request, decode_headers
from connector.runtime.http.request_state import RequestState

if TYPE_CHECKING:
    from connector.core.exchange.body_sink import BodySink
    from connector.core.request.builder import Request
    from connector.core.request.credential import Credential
    from connector.core.response.reply import Failure, Reply
    from connector.runtime.http.httpx.async_transport import AsyncHttpcoreTransport
    from connector.runtime.http.httpx.request import HttpOrigin
    from connector.runtime.http.httpx.sync_network import PooledConnection


class HttpcoreTransport(PooledTransport):
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
            self._release(connection, state, reusable=reusable)

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
        connection = self._take_connection(idle, origin, state)
        if connection is idle:
            return connection
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
        stream = backend.connect_tcp(origin.host, origin.port)
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


def _load_async(name: str) -> AsyncHttpcoreTransport:
    """Return the transport of tasks; its import loads asyncio, which a client of threads does without."""
    from connector.runtime.http.httpx.async_transport import AsyncHttpcoreTransport

    return AsyncHttpcoreTransport(name)


TRANSPORTS = {  # for threads, for tasks
    name: (partial(HttpcoreTransport, name), partial(_load_async, name)) for name in CORE_LIBRARIES
}
