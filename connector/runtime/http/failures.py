"""Map exceptions of the libraries and the system to a Failure."""

from __future__ import annotations

import errno
import socket
import ssl
from typing import TYPE_CHECKING

from connector.core.response.reply import Failure
from connector.runtime.http.body_reader import BodySinkError
from connector.runtime.http.connection_pool import PoolClosed
from connector.runtime.http.decompression import DecodingError
from connector.runtime.http.proxies import NetworkSettingError
from connector.runtime.http.transport import UploadReadError

if TYPE_CHECKING:
    from types import ModuleType

    from connector.runtime.http.body_reader import BodyReader
    from connector.runtime.http.request_state import RequestState

OWN_EXCEPTIONS = (
    OSError,
    RuntimeError,
    UnicodeError,
    UploadReadError,
    BodySinkError,
    DecodingError,
    NetworkSettingError,
    PoolClosed,
)
_MAX_CAUSES = 50
OPEN_FILE_LIMIT_ERRNOS = (errno.EMFILE, errno.ENFILE)
_KIND_BY_EXCEPTION = {  # httpcore's names, the narrower before the wider
    "ConnectTimeout": "connect_timeout",
    "PoolTimeout": "pool_timeout",
    "ReadTimeout": "read_timeout",
    "WriteTimeout": "write_timeout",
    "ConnectError": "connect",
    "ReadError": "read",
    "WriteError": "write",
    "LocalProtocolError": "invalid_request",
    "RemoteProtocolError": "protocol",
    "ProxyError": "proxy",
}
_MESSAGE_BY_KIND = {
    "connect_timeout": "no connection in time",
    "pool_timeout": "no free connection in time",
    "read_timeout": "no reply in time",
    "write_timeout": "the request could not be sent in time",
    "connect": "no connection",
    "read": "the connection broke while the reply was awaited",
    "write": "the connection broke while the request was sent",
    "invalid_request": "the request is not valid HTTP",
    "protocol": "the reply is not valid HTTP, or was cut off",
    "decoding": "the reply's compression is broken or was not requested",
}
_TLS_REASONS = {  # OpenSSL's own words say little
    "TLSV1_ALERT_PROTOCOL_VERSION": "the server has no TLS protocol of version 1.2 or later",
    "UNSUPPORTED_PROTOCOL": "the server has no TLS protocol of version 1.2 or later",
    "WRONG_VERSION_NUMBER": "the server does not speak TLS",
}


def collect_exceptions(*libraries: ModuleType) -> tuple[type[Exception], ...]:
    """Return every exception class of these libraries, and our own."""
    members = [member for library in libraries for member in tuple(vars(library).values())]  # one may be being loaded
    classes = [member for member in members if isinstance(member, type)]
    return (*(member for member in classes if issubclass(member, Exception)), *OWN_EXCEPTIONS)


def classify_failure(core: ModuleType, error: BaseException, state: RequestState) -> Failure:
    """Return the Failure for an exception; `core` is httpcore or httpcore2."""
    kind, message, final = _classify_error(core, error, state)
    retry_once = False
    cause = _find_os_error(error)
    if isinstance(cause, socket.gaierror):
        kind, message = "dns", f"the host name cannot be resolved ({cause.strerror})"
        retry_once, final = cause.errno == socket.EAI_NONAME, cause.errno not in (socket.EAI_AGAIN, socket.EAI_NONAME)
    elif isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        kind, final = "tls", state.phase == "connect"
        reason = (
            getattr(cause, "verify_message", "") or _TLS_REASONS.get(cause.reason) or cause.reason or "no reason given"
        )
        message = f"the TLS handshake failed: {reason}" if final else f"the TLS connection broke: {reason}"
    elif isinstance(cause, OSError) and cause.errno in OPEN_FILE_LIMIT_ERRNOS:
        message = f"{message}: too many files are open ({cause.strerror})"
    elif isinstance(cause, ConnectionRefusedError):
        kind, message = "refused", "the connection was refused"
    elif isinstance(cause, ConnectionResetError) and kind in ("read", "write"):
        message = "the connection was reset"
    if state.proxy is not None and not state.has_sent_bytes:
        message = f"{message}, through the proxy {state.proxy.url}"
    message = message.rstrip(".")  # it becomes part of a sentence
    sent = "maybe" if state.has_sent_bytes else "nothing"
    received, etag = (state.body_reader.received, state.body_reader.etag) if state.body_reader else (0, None)
    return Failure(kind, message, sent=sent, received=received, etag=etag, final=final, retry_once=retry_once)


def build_stopped_failure(body_reader: BodyReader | None) -> Failure:
    """Return the failure of a call that was ended by closing the client."""
    received, etag = (body_reader.received, body_reader.etag) if body_reader else (0, None)
    return Failure("stopped", "the client was closed", received=received, etag=etag, final=True)


def _classify_error(core: ModuleType, error: BaseException, state: RequestState) -> tuple[str, str, bool]:
    """Return the kind, the message, and whether a retry is pointless."""
    if isinstance(error, UploadReadError | BodySinkError):
        return "file", str(error), True
    if isinstance(error, NetworkSettingError):
        return error.kind, str(error), True
    if isinstance(error, PoolClosed):
        return "stopped", "the client was closed", True
    kinds = (kind for name, kind in _KIND_BY_EXCEPTION.items() if isinstance(error, getattr(core, name)))
    failure_kind = next(kinds, None)
    if failure_kind == "proxy":
        status = str(error)[:3]
        suffix = f" ({status})" if status.isdigit() else ""
        return "proxy", f"the proxy refused{suffix}", suffix[:3] == " (4"
    if failure_kind is None and isinstance(error, DecodingError):
        failure_kind = "decoding"
    if failure_kind is None and isinstance(error, OSError):
        failure_kind = f"{state.phase}_timeout" if isinstance(error, TimeoutError) else state.phase
    if failure_kind is None and state.proxy is not None and state.proxy.is_socks and not state.has_sent_bytes:
        return "proxy", "the proxy does not speak valid SOCKS 5", False
    if failure_kind is None:
        return "transport", type(error).__name__, False
    return "protocol" if failure_kind == "invalid_request" else failure_kind, _MESSAGE_BY_KIND[failure_kind], False


def _find_os_error(error: BaseException) -> BaseException:
    """Return the OSError that caused a library's exception, or the exception itself."""
    chain: list[BaseException | None] = [error]
    for cause in chain:  # grows while it is walked
        if isinstance(cause, OSError) and cause.errno is not None:
            return cause
        if cause is not None and len(chain) < _MAX_CAUSES:
            chain += [*getattr(cause, "exceptions", ()), *(arg for arg in cause.args if isinstance(arg, BaseException))]
            chain += [cause.__cause__, cause.__context__]
    return error
