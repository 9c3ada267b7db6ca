"""The body of a reply as it comes in: decompressed and gathered up to a cap, or handed to the sink that takes it."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from connector.core.response.parser import Failure, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.core.request.builder import Request
    from connector.runtime.http.sink import Sink

LARGEST_BODY = 50 * 1024 * 1024
LARGEST_ERROR = 64 * 1024
_ERROR = 400
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}  # of zlib: with a gzip header, with zlib's own
_BARE = -15  # deflate without its header, as some servers mean it
_ZLIB = 0x08  # a zlib header's first four bits
_PIECE = 262_144  # bytes that are decompressed at once
Headers = tuple[tuple[str, str], ...]


class DecodingError(Exception):
    """A body's compression is broken, or none that was asked for."""


class SinkError(Exception):
    """A sink could not take what came."""


class Arriving:
    """A body on its way: `add` every part that comes, then ask for the `reply`."""

    def __init__(self, request: Request, status: int, headers: Headers, sink: Sink | None = None) -> None:
        """Begin. Raises DecodingError, SinkError."""
        self.received = 0  # bytes that were kept, decompressed
        self._status, self._headers = status, headers
        self._sink = sink if sink is not None and _taken(sink, status, headers) else None
        self._cap = LARGEST_ERROR if status >= _ERROR else request.cap or LARGEST_BODY
        self._parts: list[bytes] = []
        self._inflating = None if self._sink is not None else _inflating(headers)

    def add(self, part: bytes) -> bool:
        """Take a part; return False when no more is wanted. Raises DecodingError, SinkError."""
        if self._sink is not None:
            try:
                self._sink.write(part)
            except OSError as error:
                raise SinkError(_reason(error)) from error
            self.received += len(part)
            return True
        for piece in (part,) if self._inflating is None else self._inflating.more(part):
            self._parts.append(piece)
            self.received += len(piece)
            if self.received > self._cap:
                return False
        return True

    @property
    def etag(self) -> str | None:
        """The version of what comes, where the service names it."""
        return next((value for name, value in self._headers if name == "etag"), None)

    def reply(self) -> Reply | Failure:
        """Return the reply; or a failure when its body is larger than its cap. The text of an error is cut there.

        Raises DecodingError when the compressed body has no end.
        """
        if self._sink is not None:
            return Reply(self._status, self._headers, b"")
        if self.received > self._cap and self._status < _ERROR:
            message = f"the reply is larger than {self._cap:,} bytes"
            return Failure("too_large", message, received=self.received, final=True)
        if self._inflating is not None and self.received <= self._cap:
            self._inflating.must_be_whole()
        return Reply(self._status, self._headers, b"".join(self._parts)[: self._cap])


class _Inflating:
    """A compressed body, decompressed a piece at a time and no further than is asked for: a bomb never grows."""

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._zlib = zlib.decompressobj(_WINDOWS[coding])
        self._begun = False

    def more(self, part: bytes) -> Iterator[bytes]:
        """Decompress a part. Raises DecodingError."""
        if part and not self._begun:
            self._begun = True
            if self._coding == "deflate" and part[0] & 0x0F != _ZLIB:
                self._zlib = zlib.decompressobj(_BARE)
        piece = b""
        while part or len(piece) == _PIECE:
            try:
                piece = self._zlib.decompress(part, _PIECE)
            except zlib.error as error:
                raise DecodingError(str(error)) from error
            part = self._zlib.unconsumed_tail
            yield piece

    def must_be_whole(self) -> None:
        """Raise DecodingError when the end did not come; a body that never began is an empty one."""
        if self._begun and not self._zlib.eof:
            raise DecodingError("the compressed body has no end")


def _inflating(headers: Headers) -> _Inflating | None:
    """Return what decompresses a body; None for a plain one. Layers of compression multiply, so one is taken."""
    found = [value for name, value in headers if name == "content-encoding"]
    if not found:
        return None
    coding = ",".join(found).strip().lower()
    if coding in ("", "identity"):
        return None
    if coding not in _WINDOWS:
        raise DecodingError("a compression that was not asked for")
    return _Inflating(coding)


def _taken(sink: Sink, status: int, headers: Headers) -> bool:
    try:
        return sink.takes(status, headers)
    except OSError as error:
        raise SinkError(_reason(error)) from error


def _reason(error: OSError) -> str:
    return f"what came could not be kept ({error.strerror or type(error).__name__})"
