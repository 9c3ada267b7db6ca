"""The transport of tasks over httpx or httpx2, which loads asyncio."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from connector.errors import UsageError
from connector.runtime.http.body_reader import BodyReader
from connector.runtime.http.failures import build_stopped_failure, classify_failure
from connector.runtime.http.httpx import async_network
from connector.runtime.http.httpx.http11 import AsyncHttp11Connection
from connector.runtime.http.httpx.pooled_transport import PooledTransport
from connector.runtime.http.httpx.proxied import AsyncProxiedConnection
from connector.runtime.http.httpx.request import build_wire_request, decode_headers
from connector.runtime.http.idle_connections import get_idle_connections
from connector.runtime.http.request_state import RequestState

if TYPE_CHECKING:
    from connector.core.exchange.body_sink import BodySink
    from connector.core.request.builder import Request
    from connector.core.request.credential import Credential
    from connector.core.response.reply import Failure, Reply
    from connector.runtime.http.httpx.request import HttpOrigin
    from connector.runtime.http.httpx.sync_network import PooledConnection


class AsyncHttpcoreTransport(PooledTransport):
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
            self._release(connection, state, reusable=reusable)

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
        connection = self._take_connection(idle, origin, state)
        if connection is idle:
            return connection
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
        stream = await backend.connect_tcp(origin.host, origin.port)
        if origin.uses_tls:
            stream = await stream.start_tls(origin.load_tls_context(self._library), connection.tls_host)
        connection.http = AsyncHttp11Connection(core, stream)

    async def aclose(self) -> None:
        """Close every connection; waiting calls end at once."""
        if self._pid == os.getpid():
            self._pool.close()
            await asyncio.sleep(0)  # the loop releases its sockets
        self._reset()
