"""CSV as spreadsheets save it: in UTF-8, UTF-16 or Windows-1252, perhaps with a line that names the delimiter."""

from __future__ import annotations

import codecs
import re
from typing import IO

from connector.first_use import prepare_pattern

_CHUNK_BYTES = 1 << 16
_DELIMITER_LINE = prepare_pattern(r'"?sep=(.)"?\s*\Z', re.IGNORECASE)
_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
WINDOWS = "cp1252"


def detect_encoding(file: IO[bytes]) -> str:
    """Return the encoding of a seekable file: what its mark says, UTF-8 where all of it is, else Windows-1252.

    The file is at its beginning then. Excel on Windows saves CSV in Windows-1252, unless it is asked for UTF-8. Bytes
    that mean nothing there leave it UTF-8, and the line that is wrong is told.
    """
    file.seek(0)
    mark = file.read(2)
    encoding = next((one for one in ("utf-8", WINDOWS) if _decodes(file, one)), "utf-8")
    file.seek(0)
    return "utf-16" if mark in _UTF_16_MARKS else encoding


def _decodes(file: IO[bytes], encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while chunk := file.read(_CHUNK_BYTES):
            if encoding == WINDOWS and b"\0" in chunk:
                return False
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def read_delimiter_line(line: str) -> str | None:
    """Return the delimiter that a first line such as `sep=;` names; None for any other line."""
    match = _DELIMITER_LINE.match(line)
    return match[1] if match else None
