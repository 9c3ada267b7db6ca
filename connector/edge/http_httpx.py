"""httpx, through its own connection pool (httpcore), without what its client adds: redirects, cookies, netrc."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
import ssl
from functools import cache
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

from connector.core.body import opened
from connector.core.response import Failure, Reply
from connector.edge.http import Gathered, Source, SourceError, wire
from connector.edge.http_httpx_network import AsyncBackend, Backend, Call, calls
from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from connector.core.body import Part
    from connector.core.exchange import Signed
    from connector.core.request import Request

_MOST_CAUSES = 50
_PIECE = 8192  # compressed bytes that are decoded at once: a bomb grows a thousandfold at most
_LIMITS = {"max_connections": 100, "max_keepalive_connections": 20, "keepalive_expiry": 5.0}


class Httpx:
    """The seam for threads: one pool, made when something is sent, and made anew after a fork."""

    def __init__(self) -> None:
        self._pools: dict[str, httpcore.ConnectionPool] = {}
        self._pid = os.getpid()

    def send(self, request: Request, token: Signed, until: float, sink: Any, stop: Any) -> Reply | Failure:  # noqa: ARG002
        """Send one request; `stop` is asked between the parts of a body."""
        call = Call(until)
        held = calls.set(call)
        try:
            with self._pool(request.base).stream(*_line(request), **_parts(request, token, call)) as response:
                headers = _headers(response.headers)
                gathered = Gathered(response.status, request.cap)
                for part in _decoded(response.status, headers, response.iter_stream()):
                    if not gathered.add(part):
                        break
                    if stop is not None and stop.is_set():
                        return Failure("stopped", "the client was closed", received=gathered.size, final=True)
                if _untidy(request, response.status, headers, call):
                    response.extensions["network_stream"].close()
                return gathered.reply(response.status, headers)
        except _ERRORS as error:
            return _failure(error, call)
        finally:
            calls.reset(held)
            call.over()

    def _pool(self, base: str) -> httpcore.ConnectionPool:
        if self._pid != os.getpid():  # a fork shares sockets; the child must not use them
            self._pools, self._pid = {}, os.getpid()
        scheme = base.partition(":")[0]
        if scheme not in self._pools:
            context = _context() if scheme == "https" else None
            self._pools[scheme] = httpcore.ConnectionPool(context, network_backend=Backend(), **_LIMITS)  # type: ignore[arg-type]
        return self._pools[scheme]

    def close(self) -> None:
        """Close every connection; calls that wait on one end at once. A child of a fork leaves its parent's alone."""
        for pool in self._pools.values() if self._pid == os.getpid() else ():
            pool.close()
        self._pools = {}


class AsyncHttpx:
    """The seam for tasks of one event loop."""

    def __init__(self) -> None:
        self._pools: dict[str, httpcore.AsyncConnectionPool] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    async def send(self, request: Request, token: Signed, until: float, sink: Any, stop: Any) -> Reply | Failure:  # noqa: ARG002
        """Send one request."""
        call = Call(until)
        held = calls.set(call)
        try:
            async with self._pool(request.base).stream(*_line(request), **_parts(request, token, call)) as response:
                headers = _headers(response.headers)
                gathered = Gathered(response.status, request.cap)
                async for part in _decoded_async(response.status, headers, response.aiter_stream()):
                    if not gathered.add(part):
                        break
                if _untidy(request, response.status, headers, call):
                    await response.extensions["network_stream"].aclose()
                return gathered.reply(response.status, headers)
        except _ERRORS as error:
            return _failure(error, call)
        finally:
            calls.reset(held)
            call.over()

    def _pool(self, base: str) -> httpcore.AsyncConnectionPool:
        """Return the pool of a scheme. Raises UsageError in another loop than the first: its connections live there."""
        loop = asyncio.get_running_loop()
        if self._loop not in (None, loop):
            raise UsageError("The client is used in two event loops.", hint="Make one AsyncClient in each.")
        self._loop = loop
        scheme = base.partition(":")[0]
        if scheme not in self._pools:
            context = _context() if scheme == "https" else None
            self._pools[scheme] = httpcore.AsyncConnectionPool(context, network_backend=AsyncBackend(), **_LIMITS)  # type: ignore[arg-type]
        return self._pools[scheme]

    async def aclose(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            await pool.aclose()
        self._pools = {}


_SAID = re.compile(r"(exception=\w+)\(.*", re.DOTALL)  # a library's error quotes what it could not read


class _Quiet(logging.Filter):
    """Takes what a reply said out of the library's own debug records: it may hold cookies and tokens."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage().partition("return_value=")[0].rstrip()
        record.msg, record.args = _SAID.sub(r"\1", text), None
        return True


for _name in ("http11", "http2", "connection", "proxy"):
    logging.getLogger(f"httpcore.{_name}").addFilter(_Quiet())


@cache
def _context() -> ssl.SSLContext:
    """One TLS context for all clients; it honours SSL_CERT_FILE and SSL_CERT_DIR."""
    return httpx.create_ssl_context()


def _line(request: Request) -> tuple[str, str]:
    return request.method, request.base + request.path


def _parts(request: Request, token: Signed, call: Call) -> dict[str, Any]:
    made = wire(request, token)
    target = made.url[made.url.index("/", made.url.index("//") + 2) :]
    headers = [(name.encode(), value.encode("latin-1")) for name, value in made.headers]
    content: Any = made.content
    if request.body is not None and request.body.kind == "multipart":
        encoded = _multipart(request.body.value, made.url, call)
        headers += [(key, value) for key, value in encoded.headers.raw if key.lower() in _MULTIPART]
        content = encoded.stream
    elif content is not None:
        headers.append((b"Content-Length", str(len(content)).encode()))
    elif request.method in ("POST", "PUT", "PATCH"):
        headers.append((b"Content-Length", b"0"))
    headers.insert(0, (b"Host", httpx.URL(made.url).netloc))
    timeout = dict.fromkeys(("connect", "read", "write", "pool"), call.left(None, httpcore.ConnectTimeout))
    extensions = {"timeout": timeout, "target": target.encode("ascii")}
    return {"headers": headers, "content": content, "extensions": extensions}


_MULTIPART = (b"content-type", b"content-length", b"transfer-encoding")


def _multipart(parts: list[Part], url: str, call: Call) -> httpx.Request:
    """Let httpx put a multipart body together."""
    fields: list[Any] = []
    for part in parts:
        data = opened(part.data)
        if data is not part.data:
            call.files.append(data)
        fields.append((part.name, (part.file_name, Source(data) if hasattr(data, "read") else data)))
    return httpx.Request("POST", url, files=fields)


def _headers(raw: list[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("ascii", "replace").lower(), value.decode("latin-1")) for name, value in raw)


def _untidy(request: Request, status: int, headers: tuple[tuple[str, str], ...], call: Call) -> bool:
    """Whether a connection must not be used again: more came than the reply, and would be taken for the next one."""
    if request.method == "HEAD" or status in (204, 304):
        return call.more_than(0)
    declared = dict(headers)
    return "transfer-encoding" not in declared and call.more_than(int(declared.get("content-length", call.received)))


class _Pieces(httpx.SyncByteStream):
    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        for part in self._stream:
            for start in range(0, len(part), _PIECE):
                yield part[start : start + _PIECE]


class _AsyncPieces(httpx.AsyncByteStream):
    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            for start in range(0, len(part), _PIECE):
                yield part[start : start + _PIECE]


def _encoding(headers: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """Return the header that says how a body is compressed; layers of compression multiply, so one is taken."""
    found = [pair for pair in headers if pair[0] == "content-encoding"]
    if len(",".join(value for _, value in found).split(",")) > 1:
        raise httpx.DecodingError("compressed more than once")
    return found


def _decoded(status: int, headers: tuple[tuple[str, str], ...], stream: Iterable[bytes]) -> Iterable[bytes]:
    encoding = _encoding(headers)
    if not encoding:
        return stream
    return httpx.Response(status, headers=encoding, stream=_Pieces(stream)).iter_bytes()


def _decoded_async(
    status: int, headers: tuple[tuple[str, str], ...], stream: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    encoding = _encoding(headers)
    if not encoding:
        return stream
    return httpx.Response(status, headers=encoding, stream=_AsyncPieces(stream)).aiter_bytes()


_ERRORS = (
    httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError,
    httpcore.UnsupportedProtocol, httpcore.ConnectionNotAvailable, httpx.HTTPError, httpx.StreamError,
    httpx.InvalidURL, httpx.CookieConflict,
    OSError, RuntimeError, UnicodeError, SourceError,
)  # fmt: skip
_KINDS: tuple[tuple[type[Exception], str, str], ...] = (
    (httpcore.ConnectTimeout, "connect_timeout", "no connection in time"),
    (httpcore.PoolTimeout, "pool_timeout", "no free connection in time"),
    (httpcore.ReadTimeout, "read_timeout", "no reply in time"),
    (httpcore.WriteTimeout, "write_timeout", "the request could not be sent in time"),
    (httpcore.ConnectError, "connect", "no connection"),
    (httpcore.ReadError, "read", "the connection broke while the reply was awaited"),
    (httpcore.WriteError, "write", "the connection broke while the request was sent"),
    (httpcore.LocalProtocolError, "protocol", "the request is not valid HTTP"),
    (httpcore.RemoteProtocolError, "protocol", "the reply is not valid HTTP, or was cut"),
    (httpcore.ProxyError, "proxy", "the proxy refused"),
    (httpx.DecodingError, "decoding", "the reply's compression is broken"),
)


def _failure(error: BaseException, call: Call) -> Failure:
    """Map what the library raised; the one place that knows its errors."""
    kind, message = next(
        ((k, m) for one, k, m in _KINDS if isinstance(error, one)), ("transport", type(error).__name__)
    )
    cause = _cause(error)
    final = False
    if isinstance(error, SourceError):
        kind, message, final = "file", str(error), True
    elif isinstance(cause, ssl.SSLError):
        kind, final = "tls", True
        message = (
            f"the TLS handshake failed: {getattr(cause, 'verify_message', '') or cause.reason or 'no reason given'}"
        )
    elif isinstance(cause, socket.gaierror):
        kind, message = "dns", f"the host's name cannot be looked up ({cause.strerror})"
        final = cause.errno not in (socket.EAI_AGAIN, socket.EAI_NONAME)
    elif isinstance(cause, ConnectionRefusedError):
        kind, message = "refused", "the connection was refused"
    elif isinstance(cause, ConnectionResetError) and kind != "connect":
        message = "the connection was reset"
    return Failure(kind, message, sent="maybe" if call.wrote else "nothing", final=final)


def _cause(error: BaseException) -> BaseException:
    """Return the system's error behind a library's."""
    behind: list[BaseException | None] = [error]
    for one in behind:  # grows while it is walked
        if isinstance(one, OSError) and one.errno is not None:
            return one
        if one is not None and len(behind) < _MOST_CAUSES:
            behind += [*getattr(one, "exceptions", ()), *(arg for arg in one.args if isinstance(arg, BaseException))]
            behind += [one.__cause__, one.__context__]
    return error
