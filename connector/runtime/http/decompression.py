"""Decompress a body a piece at a time, so that neither a bomb nor an endless one can grow."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 15}  # coding: window bits, with a gzip header or with zlib's own
_RAW_DEFLATE = -15  # deflate without a header, as some servers send it
_ZLIB_METHOD_BITS = 0x08  # the low four bits of a zlib header
_GZIP_START = 0x1F
_OUTPUT_BYTES = 262_144  # decompressed at a time
_INPUT_BYTES = 4_096  # taken at a time, as the end of each gzip member copies the rest


class DecodingError(Exception):
    """The compression of a body is broken or was not requested."""


class Decompressor:
    """Decompresses one body; of gzip, every member (RFC 1952, 2.2). Nothing else may follow the end."""

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._decoder = zlib.decompressobj(CODINGS[coding])
        self._started = False

    def decompress(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the decompressed pieces of a chunk. Raises DecodingError."""
        for start in range(0, len(chunk), _INPUT_BYTES):
            yield from self._decompress_input(chunk[start : start + _INPUT_BYTES])

    def _decompress_input(self, data: bytes) -> Iterator[bytes]:
        output = b""
        while data or len(output) == _OUTPUT_BYTES:
            if data and (not self._started or self._decoder.eof):
                self._start_member(data)
            try:
                output = self._decoder.decompress(data, _OUTPUT_BYTES)
            except zlib.error as error:
                raise DecodingError(str(error)) from error
            data = self._decoder.unused_data or self._decoder.unconsumed_tail
            if output:
                yield output

    def _start_member(self, data: bytes) -> None:
        is_first, self._started = not self._started, True
        if not is_first and (self._coding == "deflate" or data[0] != _GZIP_START):
            raise DecodingError("bytes follow the end of the compressed body")
        is_raw = self._coding == "deflate" and data[0] & 0x0F != _ZLIB_METHOD_BITS
        if is_raw or not is_first:
            self._decoder = zlib.decompressobj(_RAW_DEFLATE if is_raw else CODINGS[self._coding])

    def check_complete(self) -> None:
        """Raise DecodingError when the body is incomplete; one that never began is empty."""
        if self._started and not self._decoder.eof:
            raise DecodingError("the compressed body is incomplete")
