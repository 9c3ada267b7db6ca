"""What goes to httpx or httpx2 and what comes back: the place a base URL leads to, a request, a reply's headers."""

from __future__ import annotations

import importlib.util
import logging
import re
import sys
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from connector.core.request.body import opened
from connector.runtime.http.failures import known
from connector.runtime.http.proxies import Proxy, SettingError, certificates, proxy_of
from connector.runtime.http.transport import Source, wire

if TYPE_CHECKING:
    import ssl
    from types import ModuleType

    from connector.core.exchange.exchange import Signed
    from connector.core.request.body import Part
    from connector.core.request.builder import Request
    from connector.runtime.http.request_state import Call
    from connector.runtime.http.sink import Sink

_PORTS = {"http": 80, "https": 443}
_BODIES = ("POST", "PUT", "PATCH")  # of these, one without a body says so
_MULTIPART = (b"content-type", b"content-length", b"transfer-encoding")


def bare(name: str) -> ModuleType:
    """Import a library without its command line, which loads rich with it where that is installed."""
    part = f"{name}._main"
    if part in sys.modules:
        return importlib.import_module(name)
    sys.modules[part] = None  # type: ignore[assignment]  # then it is for the library as if rich were missing
    try:
        return importlib.import_module(name)
    finally:
        del sys.modules[part]


@dataclass(frozen=True, slots=True)
class Library:
    """A library: its connections (httpcore or httpcore2), its client, and every exception of both."""

    core: ModuleType
    client: ModuleType
    errors: tuple[type[Exception], ...]

    @classmethod
    def of(cls, core: ModuleType, client: ModuleType) -> Library:
        """Return a library, whose own debug records hold nothing that a reply said from now on."""
        for name in ("http11", "http2", "connection", "proxy", "socks"):
            logging.getLogger(f"{core.__name__}.{name}").addFilter(_quiet)
        return cls(core, client, known(core, client))

    def expected(self, call: Call) -> tuple[type[Exception], ...]:
        """Return what a call may meet; what a library makes of a strange SOCKS proxy is not foreseen there."""
        greets = call.proxy is not None and call.proxy.socks and not call.wrote
        return (Exception,) if greets else self.errors


_SAID = re.compile(r"(exception=\w+)\(.*", re.DOTALL)  # a library's error quotes what it could not read


def _quiet(record: logging.LogRecord) -> bool:
    """Take what a reply said out of a record: it may hold cookies and tokens."""
    text = record.getMessage().partition("return_value=")[0].rstrip()
    record.msg, record.args = _SAID.sub(r"\1", text), None
    return True


@dataclass(frozen=True, slots=True)
class Place:
    """Where a base URL leads, worked out once: its parts as the library takes them, and the proxy on the way."""

    name: str
    origin: Any  # the library's
    host: bytes  # the header
    secure: bool
    port: int | None  # where the URL names one
    cut: int  # how much of a URL stands before its path
    proxy: Proxy | None

    @classmethod
    def of(cls, library: Library, base: str) -> Place:
        """Read a base URL. Raises SettingError, and the library's errors for what is no URL."""
        start = base.index("//") + 2
        cut = next((place for place in range(start, len(base)) if base[place] in "/?#"), len(base))
        url = library.client.URL(base[:cut])
        port = url.port or _PORTS[url.scheme]
        host = url.raw_host.decode("ascii")
        origin = library.core.Origin(url.raw_scheme, url.raw_host, port)
        proxy = proxy_of(url.scheme, host, port)
        name, secure = f"{url.scheme}://{host}:{port}", url.scheme == "https"
        return cls(name, origin, url.netloc, secure, url.port, cut, proxy)

    def factory(self, library: Library, backend: Any, *, asynchronous: bool) -> Any:
        """Return what makes the library's connections to this place through its proxy. Raises SettingError."""
        assert self.proxy is not None
        if self.proxy.socks and importlib.util.find_spec("socksio") is None:
            raise SettingError("proxy", "a SOCKS proxy needs an extra: pip install 'connector[socks]'")
        secure = self.proxy.scheme == "https"
        kind = ("Async" if asynchronous else "") + ("SOCKSProxy" if self.proxy.socks else "HTTPProxy")
        options = {"proxy_ssl_context": context(library, certificates())} if secure else {}
        user = tuple(part.encode() for part in self.proxy.user) if self.proxy.user else None
        tls = context(library, certificates()) if self.secure else None
        return getattr(library.core, kind)(
            self.proxy.url, proxy_auth=user, ssl_context=tls, network_backend=backend, **options
        )


@cache
def context(library: Library, certificates_: tuple[str, str]) -> ssl.SSLContext:
    """Return the one TLS context of a library and a setting; without a setting it has the library's own roots.

    Raises SettingError when the file or the folder cannot be used.
    """
    try:
        made: ssl.SSLContext = library.client.create_ssl_context()
    except OSError as error:
        name = "SSL_CERT_FILE" if certificates_[0] else "SSL_CERT_DIR"
        raise SettingError("tls", f"{name} cannot be used: {error.strerror or error}") from None
    made.set_alpn_protocols(["http/1.1"])
    return made


def outgoing(library: Library, place: Place, sent: tuple[Request, Signed, Sink | None], call: Call) -> Any:
    """Return the library's request."""
    request, token, sink = sent
    made = wire(request, token, sink)
    headers = [(b"Host", place.host)]
    headers += [(name.encode(), value.encode("latin-1")) for name, value in made.headers]
    content: Any = made.content
    if request.body is not None and request.body.kind == "multipart":
        encoded = _multipart(library, request.body.value, made.url, call)
        headers += [(key, value) for key, value in encoded.headers.raw if key.lower() in _MULTIPART]
        content = encoded.stream
    elif content is not None:
        headers.append((b"Content-Length", b"%d" % len(content)))
    elif request.method in _BODIES:
        headers.append((b"Content-Length", b"0"))
    target = made.url[place.cut :]
    url = library.core.URL(
        scheme=place.origin.scheme, host=place.origin.host, port=place.port,
        target=(target if target.startswith("/") else f"/{target}").encode("ascii"),
    )  # fmt: skip
    return library.core.Request(request.method, url, headers=headers, content=content)


def _multipart(library: Library, parts: list[Part], url: str, call: Call) -> Any:
    """Let the library put a multipart body together."""
    fields: list[Any] = []
    for part in parts:
        data = opened(part.data)
        if data is not part.data:
            call.files.append(data)
        fields.append((part.name, (part.file_name, Source(data) if hasattr(data, "read") else data)))
    return library.client.Request("POST", url, files=fields)


def headers_of(response: Any) -> tuple[tuple[str, str], ...]:
    """Return the headers of a library's response, names in small letters."""
    return tuple((name.decode("ascii", "replace").lower(), value.decode("latin-1")) for name, value in response.headers)


def tidy(connection: Any) -> bool:
    """Whether a connection may be used again: the reply is over, and not a byte more came with it.

    What came besides would be taken for the next reply. Only h11 knows it, which sits inside the library's connection;
    where it is not found, nothing is used again.
    """
    if not connection.is_available():
        return False
    while (inner := getattr(connection, "_connection", None)) is not None:  # a tunnel's, a proxy's
        connection = inner
    parser = getattr(connection, "_h11_state", None)
    return parser is not None and not parser.trailing_data[0]
