"""pyreqwest itself: its clients, which all clients of a process share, and what its errors mean."""

from __future__ import annotations

import ctypes
import os
import re
import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import pyreqwest.exceptions as errors  # at once: the library loads it when something fails, maybe during a Ctrl-C
from pyreqwest.client import ClientBuilder, SyncClientBuilder
from pyreqwest.proxy import ProxyBuilder

from connector.core.response.parser import Failure
from connector.errors import UsageError
from connector.runtime.http.body_reader import DecodingError, SinkError
from connector.runtime.http.proxies import Proxy, SettingError, certificates, proxy_of
from connector.runtime.http.transport import USER_AGENT, SourceError

if TYPE_CHECKING:
    from pyreqwest.client import Client, SyncClient

    from connector.runtime.http.body_reader import Arriving

CONNECT_SECONDS = 10.0  # to connect in, with TLS; a call that has less time cannot tell whether it was connected
MOST = 100  # requests at once to one base URL; others wait in turn
IDLE_SECONDS = 5.0  # services close theirs later than that, so that a request seldom meets a closing one
_PORTS = {"http": 80, "https": 443}
_MOST_LIBRARIES = 32  # base URLs whose connections are kept

_shared: dict[tuple[Any, ...], Library] = {}
_lock = threading.Lock()


class Library(NamedTuple):
    """A client of the library, and the proxy that it goes through."""

    client: Any
    proxy: Proxy | None


def library(base: str, stall: float | None, *, asynchronous: bool) -> Library:
    """Return the library's client for a base URL; `stall` is the most seconds between two parts of a body.

    One client of the library serves all of ours in a process: each reads the certificates anew, which takes 10 ms.
    Raises SettingError, and UsageError in a fork of a fork.
    """
    parts = urlsplit(base)
    origin = (parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme])
    proxy = proxy_of(*origin)
    key = (asynchronous, origin, proxy, certificates(), stall)
    with _lock:
        if key not in _shared:
            if len(_shared) >= _MOST_LIBRARIES:
                del _shared[next(iter(_shared))]  # its calls go on; its idle connections end
            _shared[key] = Library(_built(proxy, stall, asynchronous=asynchronous), proxy)
        return _shared[key]


def _built(proxy: Proxy | None, stall: float | None, *, asynchronous: bool) -> Client | SyncClient:
    refused = ""
    for multithreaded in (False, True):  # the library has two engines, and neither outlives a fork
        builder: Any = ClientBuilder() if asynchronous else SyncClientBuilder()
        for codec in (builder.gzip, builder.deflate, builder.brotli, builder.zstd):
            codec(False)  # noqa: FBT003  what comes is decompressed here, up to the cap
        builder.follow_redirects(False).referer(False).http1_only().user_agent(USER_AGENT)  # noqa: FBT003
        builder.connect_timeout(timedelta(seconds=CONNECT_SECONDS)).max_connections(MOST)
        builder.pool_idle_timeout(timedelta(seconds=IDLE_SECONDS)).pool_max_idle_per_host(MOST).no_proxy()
        if proxy is not None:
            builder.proxy(_proxied(proxy))
        if stall is not None:
            builder.read_timeout(timedelta(seconds=stall))
        try:
            return builder.runtime_multithreaded(multithreaded).build()  # type: ignore[no-any-return]
        except RuntimeError as error:
            refused = str(error)
    if "fork" in refused:
        hint = 'Use "httpx" there, or fork before the first call.'
        raise UsageError("pyreqwest cannot be used in a fork of a fork that used it.", hint=hint)
    raise RuntimeError(refused)


def _proxied(proxy: Proxy) -> ProxyBuilder:
    built = ProxyBuilder.all(proxy.url.replace("socks5:", "socks5h:"))  # which is to look names up itself
    return built.basic_auth(*proxy.user) if proxy.user else built


def _forget() -> None:
    """Leave a parent's clients alone in a child of its: to end one would speak to its sockets and its engine."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()
    for one in _shared.values():
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(one.client))  # so that it is never ended
    _shared.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)

MAPPED = (
    errors.PyreqwestError, SourceError, DecodingError, SinkError, SettingError, OSError, RuntimeError, ValueError,
)  # fmt: skip
_NUMBER = re.compile(r"\(os error (\d+)\)")
_KINDS: tuple[tuple[type[Exception], str, str], ...] = (
    (errors.ClientClosedError, "stopped", "the client was closed"),
    (errors.WriteTimeoutError, "write_timeout", "the request could not be sent in time"),
    (errors.RequestTimeoutError, "read_timeout", "no reply in time"),
    (errors.RequestPanicError, "transport", "the library failed"),
    (errors.RequestError, "protocol", "the reply is not valid HTTP, or was cut"),
    (DecodingError, "decoding", "the reply's compression is broken"),
)


def failure(error: BaseException, arriving: Arriving | None = None, proxy: Proxy | None = None) -> Failure:
    """Map what the library raised; the one place that knows its errors. Of their texts only the last cause is shown."""
    causes = [cause["message"] for cause in (getattr(error, "details", None) or {}).get("causes") or ()]
    if isinstance(error, errors.PoolTimeoutError):
        return Failure("pool_timeout", "no free connection in time", sent="nothing")
    if isinstance(error, errors.BuilderError):
        return _unbuilt(causes)
    if isinstance(error, SettingError):
        return Failure(error.kind, str(error), sent="nothing", final=True)
    if "client error (Connect)" in causes:
        got = _unconnected(causes)
        return got if proxy is None else replace(got, message=f"{got.message}, through the proxy {proxy.url}")
    received, etag = (arriving.received, arriving.etag) if arriving is not None else (0, None)
    if isinstance(error, SourceError | SinkError):
        return Failure("file", str(error), received=received, etag=etag, final=True)
    known = ((kind, text) for one, kind, text in _KINDS if isinstance(error, one))
    kind, message = next(known, ("transport", type(error).__name__))
    if kind == "protocol" and (number := _number(causes)):
        kind = "write" if isinstance(error, errors.WriteError) else "read"
        message = "the connection was reset" if number == _RESET else "the connection broke"
    return Failure(kind, message, received=received, etag=etag, final=kind == "stopped")


def unasked(error: BaseException) -> Failure:
    """Map what was raised before the library was asked: nothing was sent."""
    if isinstance(error, TimeoutError):
        return Failure("connect_timeout", "the call's time is over", sent="nothing")
    if isinstance(error, ValueError) and not isinstance(error, errors.PyreqwestError):
        return _unbuilt([])
    return replace(failure(error), sent="nothing")


_RESET, _REFUSED = 104, 111


def _unconnected(causes: list[str]) -> Failure:
    """Say why there is no connection, or none that is trusted: not a byte of the request was sent."""
    last, number = causes[-1], _number(causes)
    if "timed out" in last:
        return Failure("connect_timeout", "no connection in time", sent="nothing")
    if any("DNS" in cause for cause in causes):
        temporary, absent = "Temporary failure" in last, "not known" in last
        message = f"the host's name cannot be looked up ({last.rpartition(': ')[2]})"
        return Failure("dns", message, sent="nothing", final=not (temporary or absent), doubtful=absent)
    if any("tunnel" in cause or "SOCKS" in cause or "socks" in cause for cause in causes) and number is None:
        refusal = last.rpartition("error: ")[2]
        return Failure("proxy", f"the proxy refused ({refusal})", sent="nothing", final="authorization" in refusal)
    if number == _REFUSED:
        return Failure("refused", "the connection was refused", sent="nothing")
    if number is not None or "tcp connect error" in causes or last.endswith("eof"):
        return Failure("connect", f"no connection{f' ({os.strerror(number)})' if number else ''}", sent="nothing")
    return Failure("tls", f"the TLS handshake failed: {last.partition(';')[0]}", sent="nothing", final=True)


def _unbuilt(causes: list[str]) -> Failure:
    """Say why the library did not even begin."""
    if any("certificates" in cause for cause in causes):
        message = "no certificate to trust could be read (SSL_CERT_FILE, SSL_CERT_DIR)"
        return Failure("tls", message, sent="nothing", final=True)
    return Failure("protocol", "the request is not valid HTTP", sent="nothing", final=True)


def _number(causes: list[str]) -> int | None:
    """Return the system's number of an error, where it is one of the system's."""
    found = [match for cause in causes if (match := _NUMBER.search(cause))]
    return int(found[-1][1]) if found else None
