"""The pyreqwest clients that a process shares, and the mapping of pyreqwest's errors."""

from __future__ import annotations

import ctypes
import os
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import pyreqwest.exceptions as errors  # now: else the library loads it during a failure, perhaps of a Ctrl-C
from pyreqwest.client import ClientBuilder, SyncClientBuilder
from pyreqwest.proxy import ProxyBuilder

from connector.core.http_semantics import DEFAULT_PORTS
from connector.core.response.reply import Failure
from connector.errors import UsageError
from connector.first_use import prepare_pattern
from connector.runtime.http.body_reader import BodySinkError
from connector.runtime.http.decompression import DecodingError
from connector.runtime.http.failures import OWN_EXCEPTIONS
from connector.runtime.http.proxies import NetworkSettingError, Proxy, find_proxy, read_certificate_paths
from connector.runtime.http.transport import USER_AGENT, UploadReadError
from connector.runtime.process.fork_safety import ForkSafeLock

if TYPE_CHECKING:
    from pyreqwest.client import Client, SyncClient

    from connector.core.request.credential import ClientCertificate
    from connector.runtime.http.body_reader import BodyReader

CONNECT_SECONDS = 10.0  # including TLS; a call with less time left cannot tell whether it connected
MAX_CONNECTIONS = 100  # concurrent requests to one base URL; others wait
MAX_IDLE_SECONDS = 5.0  # less than most services allow, so that a request seldom meets a closing connection
_MAX_CLIENTS = 32  # base URLs with open connections

_shared_clients: dict[tuple[Any, ...], PyreqwestClient] = {}
_lock = ForkSafeLock()


class PyreqwestClient(NamedTuple):
    """A client of the library, and its proxy."""

    library_client: Any
    proxy: Proxy | None


def get_shared_client(
    base: str, stall_timeout: float | None, certificate: ClientCertificate | None = None, *, asynchronous: bool
) -> PyreqwestClient:
    """Return the process's client for a base URL; `stall_timeout` is seconds between two chunks of a body.

    It is shared, because each new client reads the certificates, which takes 10 ms. Raises NetworkSettingError, and
    UsageError in a fork of a fork.
    """
    parts = urlsplit(base)
    origin = (parts.scheme, parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme])
    proxy = find_proxy(*origin)
    key = (asynchronous, origin, proxy, read_certificate_paths(), stall_timeout, certificate)
    with _lock:
        if key not in _shared_clients:
            if len(_shared_clients) >= _MAX_CLIENTS:
                del _shared_clients[next(iter(_shared_clients))]  # its calls continue; its idle connections close
            library_client = _build_client(proxy, stall_timeout, certificate, asynchronous=asynchronous)
            _shared_clients[key] = PyreqwestClient(library_client, proxy)
        return _shared_clients[key]


def _build_client(
    proxy: Proxy | None, stall_timeout: float | None, certificate: ClientCertificate | None, *, asynchronous: bool
) -> Client | SyncClient:
    refusal = ""
    for multithreaded in (False, True):  # the library has two runtimes, and neither survives a fork
        builder: Any = ClientBuilder() if asynchronous else SyncClientBuilder()
        for codec in (builder.gzip, builder.deflate, builder.brotli, builder.zstd):
            codec(False)  # noqa: FBT003  bodies are decompressed here, up to the limit
        builder.follow_redirects(False).referer(False).http1_only().user_agent(USER_AGENT)  # noqa: FBT003
        builder.connect_timeout(timedelta(seconds=CONNECT_SECONDS)).max_connections(MAX_CONNECTIONS)
        builder.pool_idle_timeout(timedelta(seconds=MAX_IDLE_SECONDS)).pool_max_idle_per_host(
            MAX_CONNECTIONS
        ).no_proxy()
        if proxy is not None:
            builder.proxy(_build_proxy(proxy))
        if certificate is not None:
            builder.identity_pem(certificate.pem)
        if stall_timeout is not None:
            builder.read_timeout(timedelta(seconds=stall_timeout))
        try:
            return builder.runtime_multithreaded(multithreaded).build()  # type: ignore[no-any-return]
        except RuntimeError as error:
            refusal = str(error)
    if "fork" in refusal:
        hint = 'Use "httpx" there, or fork before the first call.'
        raise UsageError("pyreqwest cannot be used in a fork of a fork that used it.", hint=hint)
    raise RuntimeError(refusal)


def _build_proxy(proxy: Proxy) -> ProxyBuilder:
    builder = ProxyBuilder.all(proxy.url.replace("socks5:", "socks5h:"))  # so that the proxy resolves names
    return builder.basic_auth(*proxy.credentials) if proxy.credentials else builder


def _detach_after_fork() -> None:
    """Keep the parent's clients alive in a forked child: destroying one would use its sockets and runtime."""
    for client in _shared_clients.values():
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(client.library_client))  # never destroyed
    _shared_clients.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_detach_after_fork)

MAPPED_EXCEPTIONS = (errors.PyreqwestError, ValueError, *OWN_EXCEPTIONS)
_OS_ERROR_PATTERN = prepare_pattern(r"\(os error (\d+)\)")
_KIND_BY_EXCEPTION: tuple[tuple[type[Exception], str, str], ...] = (
    (errors.ClientClosedError, "stopped", "the client was closed"),
    (errors.WriteTimeoutError, "write_timeout", "the request could not be sent in time"),
    (errors.RequestTimeoutError, "read_timeout", "no reply in time"),
    (errors.RequestPanicError, "transport", "the library failed"),
    (errors.RequestError, "protocol", "the reply is not valid HTTP, or was cut off"),
    (DecodingError, "decoding", "the reply's compression is broken"),
)


def classify_failure(
    error: BaseException, body_reader: BodyReader | None = None, proxy: Proxy | None = None
) -> Failure:
    """Map an exception of the library to a Failure; only its last cause may be shown."""
    causes = [cause["message"] for cause in (getattr(error, "details", None) or {}).get("causes") or ()]
    if isinstance(error, errors.PoolTimeoutError):
        return Failure("pool_timeout", "no free connection in time", sent="nothing")
    if isinstance(error, errors.BuilderError):
        return _classify_build_failure(causes)
    if isinstance(error, NetworkSettingError):
        return Failure(error.kind, str(error), sent="nothing", final=True)
    if "client error (Connect)" in causes:
        connect_failure = _classify_connect_failure(causes)
        return (
            connect_failure
            if proxy is None
            else replace(connect_failure, message=f"{connect_failure.message}, through the proxy {proxy.url}")
        )
    received, etag = (body_reader.received, body_reader.etag) if body_reader is not None else (0, None)
    if isinstance(error, UploadReadError | BodySinkError):
        return Failure("file", str(error), received=received, etag=etag, final=True)
    matches = ((kind, text) for exception_class, kind, text in _KIND_BY_EXCEPTION if isinstance(error, exception_class))
    kind, message = next(matches, ("transport", type(error).__name__))
    if kind == "protocol" and (number := _find_os_error_number(causes)):
        kind = "write" if isinstance(error, errors.WriteError) else "read"
        message = "the connection was reset" if number == _ECONNRESET else "the connection broke"
    return Failure(kind, message, received=received, etag=etag, final=kind == "stopped")


def classify_unsent_failure(error: BaseException) -> Failure:
    """Map an exception raised before the library was called: nothing was sent."""
    if isinstance(error, TimeoutError):
        return Failure("connect_timeout", "the call's deadline has passed", sent="nothing")
    if isinstance(error, ValueError) and not isinstance(error, errors.PyreqwestError):
        return _classify_build_failure([])
    return replace(classify_failure(error), sent="nothing")


_ECONNRESET, _ECONNREFUSED = 104, 111


def _classify_connect_failure(causes: list[str]) -> Failure:
    """Map a failure to connect or to trust the server: nothing was sent."""
    last_cause, number = causes[-1], _find_os_error_number(causes)
    if "timed out" in last_cause:
        return Failure("connect_timeout", "no connection in time", sent="nothing")
    if any("DNS" in cause for cause in causes):
        is_temporary, is_unknown_host = "Temporary failure" in last_cause, "not known" in last_cause
        message = f"the host name cannot be resolved ({last_cause.rpartition(': ')[2]})"
        return Failure(
            "dns", message, sent="nothing", final=not (is_temporary or is_unknown_host), retry_once=is_unknown_host
        )
    if any("tunnel" in cause or "SOCKS" in cause or "socks" in cause for cause in causes) and number is None:
        refusal = last_cause.rpartition("error: ")[2]
        return Failure("proxy", f"the proxy refused ({refusal})", sent="nothing", final="authorization" in refusal)
    if number == _ECONNREFUSED:
        return Failure("refused", "the connection was refused", sent="nothing")
    if number is not None or "tcp connect error" in causes or last_cause.endswith("eof"):
        return Failure("connect", f"no connection{f' ({os.strerror(number)})' if number else ''}", sent="nothing")
    return Failure(
        "tls", f"the TLS handshake failed: {last_cause.partition(';')[0].rstrip('.')}", sent="nothing", final=True
    )


def _classify_build_failure(causes: list[str]) -> Failure:
    """Map a failure to build the client or the request."""
    if any("certificates" in cause for cause in causes):
        message = "no trusted certificate could be read (SSL_CERT_FILE, SSL_CERT_DIR)"
        return Failure("tls", message, sent="nothing", final=True)
    return Failure("protocol", "the request is not valid HTTP", sent="nothing", final=True)


def _find_os_error_number(causes: list[str]) -> int | None:
    """Return the errno in an error's causes, or None."""
    matches = [match for cause in causes if (match := _OS_ERROR_PATTERN.search(cause))]
    return int(matches[-1][1]) if matches else None
