"""Read the body of a reply: decompress it up to a size limit, or hand it to a sink."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from connector.core.response.reply import Failure, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.core.exchange.body_sink import BodySink
    from connector.core.request.builder import Request

MAX_REPLY_BYTES = 50 * 1024 * 1024
MAX_ERROR_BYTES = 64 * 1024
_FIRST_ERROR_STATUS = 400
_ZLIB_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}  # with a gzip header, with zlib's own
_RAW_DEFLATE = -15  # deflate without a header, as some servers send it
_ZLIB_METHOD_BITS = 0x08  # the low four bits of a zlib header
_CHUNK_BYTES = 262_144  # decompressed at a time
Headers = tuple[tuple[str, str], ...]


class DecodingError(Exception):
    """The compression of a body is broken or was not requested."""


class BodySinkError(Exception):
    """A sink could not take the received data."""


class BodyReader:
    """Collects a body: `feed` each chunk, then `finish`."""

    def __init__(self, request: Request, status: int, headers: Headers, sink: BodySink | None = None) -> None:
        """Choose between memory and the sink. Raises DecodingError, BodySinkError."""
        self.received = 0  # bytes, after decompression
        self._status, self._headers = status, headers
        self._sink = sink if sink is not None and _is_for_sink(sink, status, headers) else None
        self._max_bytes = MAX_ERROR_BYTES if status >= _FIRST_ERROR_STATUS else request.max_bytes or MAX_REPLY_BYTES
        self._chunks: list[bytes] = []
        self._decompressor = None if self._sink is not None else _build_decompressor(headers)

    def feed(self, chunk: bytes) -> bool:
        """Take a chunk; return False when the size limit is reached. Raises DecodingError, BodySinkError."""
        if self._sink is not None:
            try:
                self._sink.write(chunk)
            except OSError as error:
                raise BodySinkError(_describe_sink_error(error)) from error
            self.received += len(chunk)
            return True
        for data in (chunk,) if self._decompressor is None else self._decompressor.decompress(chunk):
            self._chunks.append(data)
            self.received += len(data)
            if self.received > self._max_bytes:
                return False
        return True

    @property
    def etag(self) -> str | None:
        """The ETag of the reply, if it has one."""
        return next((value for name, value in self._headers if name == "etag"), None)

    def finish(self) -> Reply | Failure:
        """Return the reply, or a failure when its body exceeds the limit. The body of an error reply is cut there.

        Raises DecodingError when the compressed body is incomplete.
        """
        if self._sink is not None:
            return Reply(self._status, self._headers, b"")
        if self.received > self._max_bytes and self._status < _FIRST_ERROR_STATUS:
            message = f"the reply is larger than {self._max_bytes:,} bytes"
            return Failure("too_large", message, received=self.received, final=True)
        if self._decompressor is not None and self.received <= self._max_bytes:
            self._decompressor.check_complete()
        return Reply(self._status, self._headers, b"".join(self._chunks)[: self._max_bytes])


class _BoundedDecompressor:
    """Decompresses a piece at a time, so that a decompression bomb cannot grow."""

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._decoder = zlib.decompressobj(_ZLIB_WINDOW_BITS[coding])
        self._started = False

    def decompress(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the decompressed pieces of a chunk. Raises DecodingError."""
        if chunk and not self._started:
            self._started = True
            if self._coding == "deflate" and chunk[0] & 0x0F != _ZLIB_METHOD_BITS:
                self._decoder = zlib.decompressobj(_RAW_DEFLATE)
        output = b""
        while chunk or len(output) == _CHUNK_BYTES:
            try:
                output = self._decoder.decompress(chunk, _CHUNK_BYTES)
            except zlib.error as error:
                raise DecodingError(str(error)) from error
            chunk = self._decoder.unconsumed_tail
            yield output

    def check_complete(self) -> None:
        """Raise DecodingError when the body is incomplete; one that never began is empty."""
        if self._started and not self._decoder.eof:
            raise DecodingError("the compressed body is incomplete")


def _build_decompressor(headers: Headers) -> _BoundedDecompressor | None:
    """Return a decompressor, or None for a plain body. Only one layer is accepted, because layers multiply."""
    codings = [value for name, value in headers if name == "content-encoding"]
    if not codings:
        return None
    coding = ",".join(codings).strip().lower()
    if coding in ("", "identity"):
        return None
    if coding not in _ZLIB_WINDOW_BITS:
        raise DecodingError("a compression that was not requested")
    return _BoundedDecompressor(coding)


def _is_for_sink(sink: BodySink, status: int, headers: Headers) -> bool:
    try:
        return sink.accepts(status, headers)
    except OSError as error:
        raise BodySinkError(_describe_sink_error(error)) from error


def _describe_sink_error(error: OSError) -> str:
    return f"the received data could not be written ({error.strerror or type(error).__name__})"
