"""Read the body of a reply: decompress it up to a size limit, or hand it to a sink."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from connector.core.response.reply import Failure, Reply
from connector.core.response.value_count import has_more_values
from connector.runtime.http.decompression import CODINGS, DecodingError, Decompressor

if TYPE_CHECKING:
    from connector.core.exchange.body_sink import BodySink
    from connector.core.request.builder import Request

MAX_REPLY_BYTES = 50 * 1024 * 1024
MAX_ERROR_BYTES = 64 * 1024
_FIRST_ERROR_STATUS = 400
_MAX_COMPRESSION_BYTES = 65_536  # that a compressed body may be longer than its content
_MIN_VALUES = 100_000  # that every reply may hold
# Of the size limit: about what an empty list or object of JSON takes in memory; a cell or an element is a text.
_BYTES_PER_VALUE = {"json": 100, "ndjson": 100, "csv": 20, "xml": 100}
_VALUE_NAMES = {"json": "JSON values", "ndjson": "JSON values", "csv": "cells", "xml": "elements"}
Headers = tuple[tuple[str, str], ...]


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
        self._reply_type = request.reply_type if status < _FIRST_ERROR_STATUS else "text"
        self._body = io.BytesIO()
        self._wire_bytes = 0
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
        if self._decompressor is None:
            self._body.write(chunk)
            self.received += len(chunk)
            return self.received <= self._max_bytes
        self._wire_bytes += len(chunk)
        for data in self._decompressor.decompress(chunk):
            self._body.write(data)
            self.received += len(data)
            if self._is_too_large:
                return False
        return not self._is_too_large

    @property
    def _is_too_large(self) -> bool:
        """Whether the content exceeds the limit, or the compressed body does, whose content may be nothing at all."""
        return self.received > self._max_bytes or self._wire_bytes > self._max_bytes + _MAX_COMPRESSION_BYTES

    @property
    def etag(self) -> str | None:
        """The ETag of the reply, if it has one."""
        return next((value for name, value in self._headers if name == "etag"), None)

    def finish(self) -> Reply | Failure:
        """Return the reply, or a failure when its body exceeds the limit. The body of an error reply is cut there.

        Raises DecodingError when the compressed body is incomplete.
        """
        if self._sink is not None:
            return Reply(self._status, self._headers, b"", is_stored=True)
        is_too_large = self._is_too_large
        if is_too_large and self._status < _FIRST_ERROR_STATUS:
            return self._build_too_large_failure(f"is larger than {self._max_bytes:,} bytes")
        if self._decompressor is not None and not is_too_large:
            self._decompressor.check_complete()
        body = self._body.getvalue()[: self._max_bytes]
        max_values = max(self._max_bytes // _BYTES_PER_VALUE.get(self._reply_type, 1), _MIN_VALUES)
        if has_more_values(body, max_values, self._reply_type):
            return self._build_too_large_failure(f"holds more than {max_values:,} {_VALUE_NAMES[self._reply_type]}")
        return Reply(self._status, self._headers, body)

    def _build_too_large_failure(self, reason: str) -> Failure:
        return Failure("too_large", f"the reply {reason}", received=self.received, final=True)


def _build_decompressor(headers: Headers) -> Decompressor | None:
    """Return a decompressor, or None for a plain body. Only one layer is accepted, because layers multiply."""
    codings = [value for name, value in headers if name == "content-encoding"]
    if not codings:
        return None
    coding = ",".join(codings).strip().lower()
    if coding in ("", "identity"):
        return None
    if coding not in CODINGS:
        raise DecodingError("a compression that was not requested")
    return Decompressor(coding)


def _is_for_sink(sink: BodySink, status: int, headers: Headers) -> bool:
    try:
        return sink.accepts(status, headers)
    except OSError as error:
        raise BodySinkError(_describe_sink_error(error)) from error


def _describe_sink_error(error: OSError) -> str:
    return f"the received data could not be written ({error.strerror or type(error).__name__})"
