"""The seam to an HTTP library: one `send`, and what every library's file shares.

A seam object has `send(request, token, until, sink, stop) -> Reply | Failure` (or an awaitable of one) and `close()`
(or `aclose()`); `until` is a `time.monotonic()` deadline. It follows no redirect, keeps no cookie and reads no netrc.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

from connector._version import __version__
from connector.core.response import Failure, Reply
from connector.errors import UsageError

if TYPE_CHECKING:
    from connector.core.exchange import Signed
    from connector.core.request import Request

LARGEST_BODY = 50 * 1024 * 1024
LARGEST_ERROR = 64 * 1024
USER_AGENT = f"connector/{__version__} (+https://pypi.org/project/connector)"


class Http(Protocol):
    """What a client needs of an HTTP library."""

    def send(self, request: Request, token: Signed, until: float, sink: Any, stop: Any) -> Any:
        """Send one request and return its Reply or Failure, or an awaitable of it; never raise."""


@dataclass(frozen=True, slots=True, repr=False)
class Wire:
    """A request as it goes to a library: URL, headers, and the body's bytes (None: multipart or no body)."""

    url: str
    headers: list[tuple[str, str]]
    content: bytes | None


class SourceError(Exception):
    """A file of the caller's could not be read while its body was sent."""


class Source:
    """A file of the caller's as a library reads it: its own trouble is told apart from the network's."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """Read bytes. Raises SourceError."""
        try:
            return bytes(self._file.read(size))
        except Exception as error:
            raise SourceError(f"the file to send could not be read ({type(error).__name__})") from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def wire(request: Request, token: Signed) -> Wire:
    """Put a request and its token together."""
    query = (*request.query, *token.query)
    url = request.base + request.path + (f"?{urlencode(query)}" if query else "")
    own = {name.lower() for name, _ in request.headers}
    headers = [*token.headers, *request.headers]
    if "user-agent" not in own:
        headers.append(("User-Agent", USER_AGENT))
    if "accept" not in own:
        headers.append(("Accept", "application/json" if request.reply == "json" else "*/*"))
    if "accept-encoding" not in own:
        headers.append(("Accept-Encoding", "gzip, deflate"))
    if request.body is None or request.body.kind == "multipart":
        return Wire(url, headers, None)
    if request.body.content_type:
        headers.append(("Content-Type", request.body.content_type))
    return Wire(url, headers, request.body.content())


class Gathered:
    """A body that is being read, up to a cap."""

    def __init__(self, status: int, cap: int | None) -> None:
        self.cap = LARGEST_ERROR if status >= 400 else cap or LARGEST_BODY  # noqa: PLR2004  an error's text is short
        self.cut_short = status >= 400  # noqa: PLR2004
        self.parts: list[bytes] = []
        self.size = 0

    def add(self, part: bytes) -> bool:
        """Take a part; return False when no more is wanted."""
        self.parts.append(part)
        self.size += len(part)
        return self.size <= self.cap

    def reply(self, status: int, headers: tuple[tuple[str, str], ...]) -> Reply | Failure:
        """Return the reply, or a failure when the body was larger than its cap (an error's is cut)."""
        if self.size > self.cap and not self.cut_short:
            message = f"the reply is larger than {self.cap:,} bytes"
            return Failure("too_large", message, received=self.size, final=True)
        return Reply(status, headers, b"".join(self.parts)[: self.cap])


def choose(http: object, *, asynchronous: bool) -> Any:
    """Return the seam object of a choice: a library's name, an object with `send`, or None for the setting.

    The environment's CONNECTOR_HTTP names the library when the program does not; httpx is the default.
    Raises UsageError for a name that is not known.
    """
    if http is not None and not isinstance(http, str):
        return http
    name = http or os.environ.get("CONNECTOR_HTTP") or "httpx"
    if name != "httpx":
        raise UsageError(f"The HTTP library {name!r} is not known.", hint='Use "httpx", or an object with send().')
    from connector.edge import http_httpx  # noqa: PLC0415  loaded when something is sent

    return http_httpx.AsyncHttpx() if asynchronous else http_httpx.Httpx()
