"""The Transport protocol, and code shared by every HTTP library.

A transport has `send(request, credential, deadline, sink, cancel) -> Reply | Failure` (or an awaitable of one) and
`close()` (or `aclose()`). It follows no redirect, stores no cookie and reads no netrc.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from connector._version import __version__
from connector.core.redaction import describe_type
from connector.core.request.builder import add_query
from connector.core.request.fixed import fixed
from connector.errors import UsageError
from connector.runtime.process.extras import require

if TYPE_CHECKING:
    from connector.core.exchange.body_sink import BodySink
    from connector.core.request.builder import Request
    from connector.core.request.credential import Credential

USER_AGENT = f"connector/{__version__}"


class Transport(Protocol):
    """Sends requests for a client."""

    def send(
        self, request: Request, credential: Credential, deadline: float, sink: BodySink | None, cancel: Any
    ) -> Any:
        """Return a Reply or Failure, or an awaitable of it; never raise.

        `deadline` is seconds of `time.monotonic()`; `cancel`, an Event or None, ends the reading of a body.
        """


@fixed
class PreparedRequest:
    """A request for a library: URL, headers, and the body (None: multipart or no body)."""

    url: str
    headers: list[tuple[str, str]]
    content: bytes | None


class UploadReadError(Exception):
    """A file could not be read while it was uploaded."""


class UploadFile:
    """A file to upload, whose read errors become UploadReadError, unlike the network's."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """Read bytes. Raises UploadReadError."""
        try:
            return bytes(self._file.read(size))
        except Exception as error:
            raise UploadReadError(f"the file to send could not be read ({type(error).__name__})") from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def prepare_request(request: Request, credential: Credential, sink: BodySink | None = None) -> PreparedRequest:
    """Combine a request and its credential; a body for a sink is requested uncompressed."""
    url = add_query(request.base_url + request.path, (*request.query, *credential.query))
    header_names = {name.lower() for name, _ in request.headers} if request.headers else ()
    headers = [*credential.headers, *request.headers]
    if "user-agent" not in header_names:
        headers.append(("User-Agent", USER_AGENT))
    if "accept" not in header_names:
        headers.append(("Accept", "application/json" if request.reply_type == "json" else "*/*"))
    if "accept-encoding" not in header_names:
        headers.append(("Accept-Encoding", "gzip, deflate" if sink is None else "identity"))
    if request.body is None or request.body.kind == "multipart":
        return PreparedRequest(url, headers, None)
    if request.body.content_type:
        headers.append(("Content-Type", request.body.content_type))
    return PreparedRequest(url, headers, request.body.to_bytes())


_LIBRARIES = {  # name: package here, extra
    "httpx": ("httpx", ""),
    "httpx2": ("httpx", "httpx2"),
    "pyreqwest": ("pyreqwest", "fast"),
}
_LIBRARY_HINT = "Use " + ", ".join(f'"{library}"' for library in _LIBRARIES) + ", or an object with send()."


def load_transport(http: object, *, asynchronous: bool) -> Any:
    """Return the transport of a library's name, of an object with `send`, or of None for the setting.

    The setting is the environment variable CONNECTOR_HTTP_LIBRARY; httpx is the default. Raises UsageError for an
    unknown name, or a library that is not installed.
    """
    if http is not None and not isinstance(http, str):
        if not callable(getattr(http, "send", None)):
            raise UsageError(f"http is {describe_type(http)}, which has no send().", hint=_LIBRARY_HINT)
        return http
    name = http or os.environ.get("CONNECTOR_HTTP_LIBRARY") or "httpx"
    if name not in _LIBRARIES:
        raise UsageError(f"Unknown HTTP library {name!r}.", hint=_LIBRARY_HINT)
    package, extra = _LIBRARIES[name]
    if extra:
        require(extra, name)
    module = import_module(f"connector.runtime.http.{package}.transport")  # loaded when something is sent
    return module.TRANSPORTS[name][asynchronous]()
