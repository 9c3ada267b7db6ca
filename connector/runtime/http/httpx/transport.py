"""The seam through httpx or httpx2: their connections (httpcore's) and bodies, without what their clients add.

No redirects, no cookies, no netrc. Who gets which connection is ours (`http_pool`): the libraries' own pools cost more
with every caller.
"""

from __future__ import annotations

import asyncio
import os
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from connector.core.response.parser import Failure, Reply
from connector.errors import UsageError
from connector.runtime.http.body_reader import Arriving
from connector.runtime.http.connection_pool import IDLE_SECONDS, Pool
from connector.runtime.http.failures import failure
from connector.runtime.http.httpx import async_network as tasks
from connector.runtime.http.httpx import sync_network as threads
from connector.runtime.http.httpx.request import Place, context, headers_of, outgoing, tidy
from connector.runtime.http.httpx.sync_network import Line
from connector.runtime.http.proxies import SettingError, certificates
from connector.runtime.http.request_state import Call

if TYPE_CHECKING:
    from connector.core.exchange.exchange import Signed
    from connector.core.request.builder import Request
    from connector.runtime.http.httpx.request import Library
    from connector.runtime.http.sink import Sink


class _Seam:
    """What threads and tasks share: the pool of this process, and what is known of each base URL."""

    _library: Library

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._pool = Pool()
        self._places: dict[str, Place] = {}
        self._pid = os.getpid()

    def _place(self, request: Request, token: Signed, call: Call) -> Place:
        """Return where a request goes. Raises SettingError, and the library's errors for what is no URL."""
        place = self._places.get(request.base)
        if place is None:
            place = self._places[request.base] = Place.of(self._library, request.base)
        call.proxy = place.proxy
        if place.proxy is not None and not place.secure and (token.headers or token.query):
            raise SettingError("proxy", "credentials do not go in clear to a proxy")
        return place

    def _gone(self, line: Line) -> None:
        line.close()
        self._pool.drop(line.place, line)


def _line_to(place: Place, call: Call) -> Line:
    return Line(place.name, place.origin.host.decode("ascii") if place.secure else None, call)


def _fresh(line: Line, call: Call) -> bool:
    """Whether an idle connection is still good: young, and with nothing to read, which would be its end."""
    line.call = call
    return time.monotonic() - line.since < IDLE_SECONDS and not line.connection.has_expired()


def _stopped(stop: Any, came: Arriving) -> Failure | None:
    if stop is None or not stop.is_set():
        return None
    return Failure("stopped", "the client was closed", received=came.received, etag=came.etag, final=True)


class Seam(_Seam):
    """The seam for threads: connections are made when something is sent, and made anew after a fork."""

    def send(self, request: Request, token: Signed, until: float, sink: Sink | None, stop: Any) -> Reply | Failure:
        """Send one request; `stop` is asked between the parts of a body."""
        call = Call(until, sink.stall if sink is not None else None)
        library, line, good = self._library, None, False
        try:
            place = self._place(request, token, call)
            sent = outgoing(library, place, (request, token, sink), call)
            line = self._line(place, call)
            response = line.connection.handle_request(sent)
            came = call.arriving = Arriving(request, response.status, headers_of(response), sink)
            for part in response.stream:
                if not came.add(part):
                    return came.reply()
                if stopped := _stopped(stop, came):
                    return stopped
            response.close()
            good = tidy(line.connection)
            return came.reply()
        except library.expected(call) as error:
            return failure(library.core, error, call)
        finally:
            if line is not None:
                self._pool.give(line) if good else self._gone(line)
            call.over()

    def _line(self, place: Place, call: Call) -> Line:
        """Return a connection to a place. Raises TimeoutError, Closed, and the network's errors."""
        if self._pid != os.getpid():  # a fork shares sockets; the child must not use them
            self._pool.abandon()
            self._begin()
        idle: Line | None
        idle, waiting = self._pool.take(place.name, Future)
        if waiting is not None:
            call.phase = "pool"
            try:
                idle = waiting.result(call.left())
            except BaseException:
                self._pool.leave(place.name, waiting)
                raise
        if idle is not None:
            if _fresh(idle, call):
                return idle
            idle.close()
        line = _line_to(place, call)
        try:
            self._open(place, line)
        except BaseException:
            line.close()
            self._pool.drop(place.name, idle)
            raise
        self._pool.opened(line, idle)
        return line

    def _open(self, place: Place, line: Line) -> None:
        core = self._library.core
        backend = threads.Backend(core, line)
        if place.proxy is not None:
            factory = place.factory(self._library, backend, asynchronous=False)
            line.connection = factory.create_connection(place.origin)
            return
        stream = backend.connect_tcp(place.origin.host.decode("ascii"), place.origin.port)
        if place.secure:
            stream = stream.start_tls(context(self._library, certificates()), line.target)
        line.connection = core.HTTP11Connection(place.origin, stream)

    def close(self) -> None:
        """Close every connection; calls that wait on one end at once. A child of a fork leaves its parent's alone."""
        if self._pid == os.getpid():
            self._pool.close()
        else:
            self._pool.abandon()
        self._begin()


class AsyncSeam(_Seam):
    """The seam for tasks of one event loop."""

    def _begin(self) -> None:
        super()._begin()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def send(
        self, request: Request, token: Signed, until: float, sink: Sink | None, stop: Any
    ) -> Reply | Failure:
        """Send one request; `stop` is asked between the parts of a body. Raises UsageError in another loop."""
        call = Call(until, sink.stall if sink is not None else None)
        library, line, good = self._library, None, False
        self._here()
        try:
            async with asyncio.timeout(call.left()) as timer:
                call.timer = timer if sink is not None else None
                place = self._place(request, token, call)
                sent = outgoing(library, place, (request, token, sink), call)
                line = await self._line(place, call)
                response = await line.connection.handle_async_request(sent)
                came = call.arriving = Arriving(request, response.status, headers_of(response), sink)
                parts = aiter(response.stream)
                try:
                    async for part in parts:
                        if not came.add(part):
                            return came.reply()
                        if stopped := _stopped(stop, came):
                            return stopped
                finally:
                    await parts.aclose()
                await response.aclose()
                good = tidy(line.connection)
                return came.reply()
        except library.expected(call) as error:
            return failure(library.core, error, call)
        finally:
            if line is not None:
                self._pool.give(line) if good else self._gone(line)
            call.over()

    def _here(self) -> None:
        """Raise UsageError in another loop than the first, while that lives: connections belong to one."""
        loop = asyncio.get_running_loop()
        if self._loop is loop and self._pid == os.getpid():
            return
        if self._loop is not None and self._pid == os.getpid() and not self._loop.is_closed():
            raise UsageError("The client is used in two event loops.", hint="Make one AsyncClient in each.")
        if self._loop is not None:
            self._pool.abandon()  # of a fork's parent, or of a loop that has ended
            self._begin()
        self._loop = loop

    async def _line(self, place: Place, call: Call) -> Line:
        """Return a connection to a place. Raises Closed, and the network's errors."""
        idle: Line | None
        idle, waiting = self._pool.take(place.name, asyncio.get_running_loop().create_future)
        if waiting is not None:
            call.phase = "pool"
            try:
                idle = await waiting
            except BaseException:
                self._pool.leave(place.name, waiting)
                raise
        if idle is not None:
            if _fresh(idle, call):
                return idle
            idle.close()
        line = _line_to(place, call)
        try:
            await self._open(place, line)
        except BaseException:
            line.close()
            self._pool.drop(place.name, idle)
            raise
        self._pool.opened(line, idle)
        return line

    async def _open(self, place: Place, line: Line) -> None:
        core = self._library.core
        backend = tasks.Backend(core, line)
        if place.proxy is not None:
            factory = place.factory(self._library, backend, asynchronous=True)
            line.connection = factory.create_connection(place.origin)
            return
        stream = await backend.connect_tcp(place.origin.host.decode("ascii"), place.origin.port)
        if place.secure:
            stream = await stream.start_tls(context(self._library, certificates()), line.target)
        line.connection = core.AsyncHTTP11Connection(place.origin, stream)

    async def aclose(self) -> None:
        """Close every connection; calls that wait on one end at once."""
        if self._pid == os.getpid():
            self._pool.close()
            await asyncio.sleep(0)  # the loop lets go of its sockets
        self._begin()
