"""Convert requests and replies for httpx or httpx2; parse origins and load TLS contexts.

httpcore has the connections. httpx itself is loaded for what few requests need: the parts of a form, and hosts that are
no plain names.
"""

from __future__ import annotations

import importlib
import logging
import os
import re
import ssl
import sys
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from connector.core.http_semantics import DEFAULT_PORTS, LENGTH_METHODS
from connector.core.request.body import reopen
from connector.core.url_policy import Origin
from connector.errors import UsageError
from connector.first_use import dataclass, prepare_pattern
from connector.runtime.http.certificate_file import as_file
from connector.runtime.http.failures import OPEN_FILE_LIMIT_ERRNOS, collect_exceptions
from connector.runtime.http.httpx.http11 import WireRequest
from connector.runtime.http.proxies import NetworkSettingError, Proxy, find_proxy, read_certificate_paths
from connector.runtime.http.transport import UploadFile, prepare_request
from connector.runtime.process.extras import require

if TYPE_CHECKING:
    from types import ModuleType

    from connector.core.exchange.body_sink import BodySink
    from connector.core.request.body import MultipartPart
    from connector.core.request.builder import Request
    from connector.core.request.credential import ClientCertificate, Credential
    from connector.runtime.http.httpx.http11 import HeaderPairs
    from connector.runtime.http.request_state import RequestState

CORE_LIBRARIES = {"httpx": "httpcore", "httpx2": "httpcore2"}  # the library of its connections
_MAX_TLS_CONTEXTS = 64  # of certificates in use
_MULTIPART_HEADERS = (b"content-type", b"content-length", b"transfer-encoding")


def import_without_cli(name: str) -> ModuleType:
    """Import a library without its command line, which would load rich."""
    cli_module = f"{name}._main"
    if name in sys.modules or cli_module in sys.modules:
        return importlib.import_module(name)
    sys.modules[cli_module] = None  # type: ignore[assignment]  # as if rich were missing
    try:
        return importlib.import_module(name)
    finally:
        sys.modules.pop(cli_module, None)  # another thread may have been here, too


@dataclass(frozen=True, slots=True)
class HttpLibrary:
    """httpx or httpx2 by its name, and httpcore or httpcore2."""

    name: str
    core: ModuleType

    @property
    def client(self) -> ModuleType:
        """The library httpx or httpx2 itself, loaded when it is first asked for."""
        return import_without_cli(self.name)

    @property
    def exceptions(self) -> tuple[type[Exception], ...]:
        """Every exception class of both, as far as they are loaded, and our own."""
        client = sys.modules.get(self.name)
        return collect_exceptions(self.core) if client is None else collect_exceptions(self.core, client)

    def select_exceptions(self, state: RequestState) -> tuple[type[Exception], ...]:
        """Return the exceptions to catch: any during a SOCKS handshake, whose errors the library leaves as they are."""
        is_socks_handshake = state.proxy is not None and state.proxy.is_socks and not state.has_sent_bytes
        return (Exception,) if is_socks_handshake else self.exceptions


@cache
def load_library(name: str) -> HttpLibrary:
    """Import a library's connections, and keep reply data out of their debug logs."""
    core = importlib.import_module(CORE_LIBRARIES[name])
    for logger_name in ("http11", "http2", "connection", "proxy", "socks"):
        logging.getLogger(f"{core.__name__}.{logger_name}").addFilter(_redact_log)
    return HttpLibrary(name, core)


_QUOTED_REPLY = prepare_pattern(r"(exception=\w+)\(.*", re.DOTALL)  # an exception quotes what could not be parsed


def _redact_log(record: logging.LogRecord) -> bool:
    """Remove reply data from a log record: it may hold cookies and tokens."""
    text = record.getMessage().partition("return_value=")[0].rstrip()
    record.msg, record.args = _QUOTED_REPLY.sub(r"\1", text), None
    return True


@dataclass(frozen=True, slots=True)
class HttpOrigin:
    """The origin of a base URL, and its proxy; the host is ASCII, and without brackets."""

    name: str
    scheme: str
    host: str
    port: int
    explicit_port: int | None  # if the URL has one
    host_header: bytes
    path_start: int  # index of the path in a URL
    proxy: Proxy | None
    certificate: ClientCertificate | None = None

    @classmethod
    def parse(cls, library: HttpLibrary, base: str, certificate: ClientCertificate | None = None) -> HttpOrigin:
        """Parse a base URL; connections with a certificate are kept apart from others.

        Raises NetworkSettingError, and the library's errors for an invalid URL.
        """
        start = base.index("//") + 2
        path_start = next((position for position in range(start, len(base)) if base[position] in "/?#"), len(base))
        scheme, host, explicit_port = _split_origin(library, base[:path_start])
        port = DEFAULT_PORTS[scheme] if explicit_port is None else explicit_port
        name = f"{scheme}://{host}:{port}"
        name = f"{name} {certificate.fingerprint}" if certificate is not None else name
        netloc = f"[{host}]" if ":" in host else host
        netloc = netloc if explicit_port is None else f"{netloc}:{explicit_port}"
        proxy = find_proxy(scheme, host, port)
        return cls(name, scheme, host, port, explicit_port, netloc.encode(), path_start, proxy, certificate)

    @property
    def uses_tls(self) -> bool:
        """Whether it is https."""
        return self.scheme == "https"

    def load_tls_context(self, library: HttpLibrary) -> ssl.SSLContext:
        """Return the TLS context of connections to it. Raises NetworkSettingError."""
        return load_tls_context(library, read_certificate_paths(), self.certificate)

    def build_proxy_pool(self, library: HttpLibrary, backend: Any, *, asynchronous: bool) -> Any:
        """Return the library's pool for this origin's proxy. Raises NetworkSettingError."""
        assert self.proxy is not None
        if self.proxy.is_socks:
            try:
                require("socks", "socksio")
            except UsageError as error:
                raise NetworkSettingError("proxy", f"a SOCKS proxy needs an extra. {error}") from None
        proxy_uses_tls = self.proxy.scheme == "https"
        class_name = ("Async" if asynchronous else "") + ("SOCKSProxy" if self.proxy.is_socks else "HTTPProxy")
        options = {"proxy_ssl_context": load_tls_context(library, read_certificate_paths())} if proxy_uses_tls else {}
        proxy_auth = tuple(value.encode() for value in self.proxy.credentials) if self.proxy.credentials else None
        tls_context = self.load_tls_context(library) if self.uses_tls else None
        return getattr(library.core, class_name)(
            self.proxy.url, proxy_auth=proxy_auth, ssl_context=tls_context, network_backend=backend, **options
        )


def _split_origin(library: HttpLibrary, url: str) -> tuple[str, str, int | None]:
    """Return the scheme, the host and the port of a URL, None for the usual one. Raises as the library does."""
    origin = Origin.parse(url) if url.isascii() else None
    if origin is not None and origin.is_name:
        return origin.scheme, origin.host, None if origin.port == DEFAULT_PORTS[origin.scheme] else origin.port
    parsed = library.client.URL(url)
    return parsed.scheme, parsed.raw_host.decode("ascii"), parsed.port


@lru_cache(_MAX_TLS_CONTEXTS)
def _load_tls_context(
    library: HttpLibrary, certificate_paths: tuple[str, str], _pid: int, certificate: ClientCertificate | None
) -> ssl.SSLContext:
    try:
        tls_context = _create_tls_context(library, certificate_paths)
    except OSError as error:
        if error.errno in OPEN_FILE_LIMIT_ERRNOS:
            raise  # as any other failure to connect; the setting is right
        variable = "SSL_CERT_FILE" if certificate_paths[0] else "SSL_CERT_DIR"
        raise NetworkSettingError("tls", f"{variable} cannot be used: {error.strerror or error}") from None
    tls_context.set_alpn_protocols(["http/1.1"])
    if certificate is not None:
        with as_file(certificate.pem) as path:
            tls_context.load_cert_chain(path)
    return tls_context


def _create_tls_context(library: HttpLibrary, certificate_paths: tuple[str, str]) -> ssl.SSLContext:
    """Return a context that trusts what the library would trust: the given file or folder, else its own roots."""
    if library.name == "httpx2":
        context: ssl.SSLContext = library.core.default_ssl_context()
        return context
    file, folder = certificate_paths
    if not (file or folder):
        import certifi  # where it is used: a setting may take its place

        file = certifi.where()
    return ssl.create_default_context(cafile=file or None, capath=None if file else folder)


def load_tls_context(
    library: HttpLibrary, certificate_paths: tuple[str, str], certificate: ClientCertificate | None = None
) -> ssl.SSLContext:
    """Return the TLS context that this process shares; without certificate paths it trusts the library's own roots.

    A forked child has its own, because a thread of its parent may have held a lock inside OpenSSL's. Raises
    NetworkSettingError when the file or folder cannot be used.
    """
    return _load_tls_context(library, certificate_paths, os.getpid(), certificate)


def build_wire_request(
    library: HttpLibrary,
    origin: HttpOrigin,
    send_args: tuple[Request, Credential, BodySink | None],
    state: RequestState,
) -> WireRequest:
    """Return the request to send of (request, credential, sink)."""
    request, credential, sink = send_args
    prepared = prepare_request(request, credential, sink)
    headers = [(b"Host", origin.host_header)]
    headers += [(name.encode(), value.encode("latin-1")) for name, value in prepared.headers]
    content: Any = prepared.content
    if request.body is not None and request.body.kind == "multipart":
        encoded = _encode_multipart(library, request.body.value, prepared.url, state)
        headers += [(key, value) for key, value in encoded.headers.raw if key.lower() in _MULTIPART_HEADERS]
        content = encoded.stream
    elif content is not None:
        headers.append((b"Content-Length", b"%d" % len(content)))
    elif request.method in LENGTH_METHODS:
        headers.append((b"Content-Length", b"0"))
    path = prepared.url[origin.path_start :]
    target = (path if path.startswith("/") else f"/{path}").encode("ascii")
    return WireRequest(request.method, target, headers, content)


def _encode_multipart(library: HttpLibrary, parts: list[MultipartPart], url: str, state: RequestState) -> Any:
    """Let the library encode a multipart body."""
    fields: list[Any] = []
    for part in parts:
        content = part.content
        data = reopen(content)
        if data is not content:
            state.open_files.append(data)
        content_type = (part.content_type,) if part.content_type else ()
        fields.append((part.name, (part.file_name, UploadFile(data) if hasattr(data, "read") else data, *content_type)))
    return library.client.Request("POST", url, files=fields)


def decode_headers(headers: HeaderPairs) -> tuple[tuple[str, str], ...]:
    """Return the headers of a reply, names in lower case."""
    return tuple((name.decode("ascii", "replace").lower(), value.decode("latin-1")) for name, value in headers)
