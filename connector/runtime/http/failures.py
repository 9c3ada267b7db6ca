"""What went wrong with a request, as a Failure: the table of the libraries' errors, and of the system's behind them."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

from connector.core.response.parser import Failure
from connector.runtime.http.body_reader import DecodingError, SinkError
from connector.runtime.http.connection_pool import Closed
from connector.runtime.http.proxies import SettingError
from connector.runtime.http.transport import SourceError

if TYPE_CHECKING:
    from types import ModuleType

    from connector.runtime.http.request_state import Call

OWN = (OSError, RuntimeError, UnicodeError, SourceError, SinkError, DecodingError, SettingError, Closed)
_MOST_CAUSES = 50
_KINDS = (  # httpcore's names, the narrower before the wider
    ("ConnectTimeout", "connect_timeout"), ("PoolTimeout", "pool_timeout"), ("ReadTimeout", "read_timeout"),
    ("WriteTimeout", "write_timeout"), ("ConnectError", "connect"), ("ReadError", "read"), ("WriteError", "write"),
    ("LocalProtocolError", "unsayable"), ("RemoteProtocolError", "protocol"), ("ProxyError", "proxy"),
)  # fmt: skip
_MESSAGES = {
    "connect_timeout": "no connection in time",
    "pool_timeout": "no free connection in time",
    "read_timeout": "no reply in time",
    "write_timeout": "the request could not be sent in time",
    "connect": "no connection",
    "read": "the connection broke while the reply was awaited",
    "write": "the connection broke while the request was sent",
    "unsayable": "the request is not valid HTTP",
    "protocol": "the reply is not valid HTTP, or was cut",
    "decoding": "the reply's compression is broken, or not one that was asked for",
}
_TLS = {  # reasons of OpenSSL's that say little to who reads them
    "TLSV1_ALERT_PROTOCOL_VERSION": "the server has no TLS protocol of version 1.2 or later",
    "UNSUPPORTED_PROTOCOL": "the server has no TLS protocol of version 1.2 or later",
    "WRONG_VERSION_NUMBER": "what answers does not speak TLS",
}


def known(*libraries: ModuleType) -> tuple[type[Exception], ...]:
    """Return every exception that may come out of these libraries, and our own."""
    found = [one for library in libraries for one in vars(library).values() if isinstance(one, type)]
    return (*(one for one in found if issubclass(one, Exception)), *OWN)


def failure(core: ModuleType, error: BaseException, call: Call) -> Failure:
    """Return what an error of a call means; `core` is the library whose errors it may be."""
    kind, message, final = _read(core, error, call)
    doubtful = False
    cause = _cause(error)
    if isinstance(cause, socket.gaierror):
        kind, message = "dns", f"the host's name cannot be looked up ({cause.strerror})"
        doubtful, final = cause.errno == socket.EAI_NONAME, cause.errno not in (socket.EAI_AGAIN, socket.EAI_NONAME)
    elif isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        kind, final = "tls", call.phase == "connect"
        why = getattr(cause, "verify_message", "") or _TLS.get(cause.reason) or cause.reason or "no reason given"
        message = f"the TLS handshake failed: {why}" if final else f"the TLS connection broke: {why}"
    elif isinstance(cause, ConnectionRefusedError):
        kind, message = "refused", "the connection was refused"
    elif isinstance(cause, ConnectionResetError) and kind in ("read", "write"):
        message = "the connection was reset"
    if call.proxy is not None and not call.wrote:
        message = f"{message}, through the proxy {call.proxy.url}"
    came = call.arriving
    return Failure(
        kind, message, sent="maybe" if call.wrote else "nothing", received=came.received if came else 0,
        etag=came.etag if came else None, final=final, doubtful=doubtful,
    )  # fmt: skip


def _read(core: ModuleType, error: BaseException, call: Call) -> tuple[str, str, bool]:
    """Return the kind, the message, and whether it is final."""
    if isinstance(error, SourceError | SinkError):
        return "file", str(error), True
    if isinstance(error, SettingError):
        return error.kind, str(error), True
    if isinstance(error, Closed):
        return "stopped", "the client was closed", True
    named = next((kind for name, kind in _KINDS if isinstance(error, getattr(core, name))), None)
    if named == "proxy":
        status = str(error)[:3]
        said = f" ({status})" if status.isdigit() else ""
        return "proxy", f"the proxy refused{said}", said[:3] == " (4"
    if named is None and isinstance(error, DecodingError):
        named = "decoding"
    if named is None and isinstance(error, OSError):
        named = f"{call.phase}_timeout" if isinstance(error, TimeoutError) else call.phase
    if named is None and call.proxy is not None and call.proxy.socks and not call.wrote:
        return "proxy", "the proxy does not speak SOCKS 5 as it should", False
    if named is None:
        return "transport", type(error).__name__, False
    return "protocol" if named == "unsayable" else named, _MESSAGES[named], False


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
