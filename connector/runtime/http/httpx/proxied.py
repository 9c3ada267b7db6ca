"""Connections through a proxy: httpcore's own, which connect and open a tunnel with their first request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.runtime.http.httpx.http11 import HeaderPairs, WireRequest
    from connector.runtime.http.httpx.request import HttpLibrary, HttpOrigin


class _Proxied:
    """A library's connection to an origin; see `http11` for what it does."""

    def __init__(self, library: HttpLibrary, origin: HttpOrigin, backend: Any, *, asynchronous: bool) -> None:
        self._core, self._explicit_port = library.core, origin.explicit_port
        pool = origin.build_proxy_pool(library, backend, asynchronous=asynchronous)
        self._scheme, self._host = origin.scheme.encode(), origin.host.encode()
        self._connection = pool.create_connection(self._core.Origin(self._scheme, self._host, origin.port))

    def _convert(self, request: WireRequest) -> Any:
        url = self._core.URL(scheme=self._scheme, host=self._host, port=self._explicit_port, target=request.target)
        return self._core.Request(request.method, url, headers=request.headers, content=request.content)


class ProxiedConnection(_Proxied):
    """The connection of a thread."""

    def start(self, request: WireRequest) -> tuple[int, HeaderPairs]:
        """Send a request; return status and headers of the reply."""
        self._response = self._connection.handle_request(self._convert(request))
        self._chunks = iter(self._response.stream)
        return self._response.status, self._response.headers

    def read_chunk(self) -> bytes | None:
        """Return the next piece of the body, or None at its end."""
        return next(self._chunks, None)

    def end_reply(self) -> bool:
        """Return whether another request may follow."""
        self._response.close()
        return _is_reusable(self._connection)


class AsyncProxiedConnection(_Proxied):
    """The connection of a task."""

    async def start(self, request: WireRequest) -> tuple[int, HeaderPairs]:
        """As ProxiedConnection.start."""
        self._response = await self._connection.handle_async_request(self._convert(request))
        self._chunks = aiter(self._response.stream)
        return self._response.status, self._response.headers

    async def read_chunk(self) -> bytes | None:
        """As ProxiedConnection.read_chunk."""
        return await anext(self._chunks, None)

    async def end_reply(self) -> bool:
        """As ProxiedConnection.end_reply."""
        await self._chunks.aclose()
        await self._response.aclose()
        return _is_reusable(self._connection)


def _is_reusable(connection: Any) -> bool:
    """Whether a connection may be reused: the reply is complete and no byte follows it.

    Further bytes would be read as the next reply. Only h11, inside the library's connection, knows of them; where it is
    not found, nothing is reused (see docs/decisions/0020-private-names-of-httpcore.md).
    """
    if not connection.is_available():
        return False
    while (inner := getattr(connection, "_connection", None)) is not None:  # of a tunnel or a proxy
        connection = inner
    parser = getattr(connection, "_h11_state", None)
    return parser is not None and not parser.trailing_data[0]
