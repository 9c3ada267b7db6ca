"""A multipart body for pyreqwest: the library puts it together, and reads each file while it sends."""

from __future__ import annotations

import mimetypes
import os
from typing import TYPE_CHECKING, Any

from pyreqwest.multipart import FormBuilder, PartBuilder

from connector.core.request.body import opened
from connector.runtime.http.transport import Source, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.core.request.body import Part

_PIECE = 65_536
_ESCAPED = {**{number: f"%{number:02X}" for number in range(32)}, ord('"'): "%22"}  # as web browsers write names


def form(parts: list[Part], files: list[Any]) -> FormBuilder:
    """Return the parts as a form; files that are opened for it are added to `files`. Raises SourceError."""
    made = FormBuilder().percent_encode_noop()  # its own ways to write a name are read by few services
    for part in parts:
        made.part(part.name.translate(_ESCAPED), _part(part, files))
    return made


def _part(part: Part, files: list[Any]) -> PartBuilder:
    try:
        data = opened(part.data)
    except Exception as error:
        raise SourceError(f"the file to send could not be opened ({type(error).__name__})") from error
    if data is not part.data:
        files.append(data)
    if not hasattr(data, "read"):
        made = PartBuilder.from_bytes(data.encode() if isinstance(data, str) else bytes(data))
    elif (length := _length(data)) is None:
        made = PartBuilder.from_stream(_pieces(data))
    else:
        made = PartBuilder.from_stream_with_length(_pieces(data), length)
    if part.file_name is None:
        return made
    kind = mimetypes.guess_type(part.file_name)[0] or "application/octet-stream"
    return made.file_name(part.file_name.translate(_ESCAPED)).mime(kind)


def _length(file: Any) -> int | None:
    """Return how many bytes a file has from where it stands; None for a stream. Raises SourceError."""
    try:
        if not file.seekable():
            return None
        here = int(file.tell())
        end = int(file.seek(0, os.SEEK_END))
        file.seek(here)
    except AttributeError:
        return None
    except Exception as error:
        raise SourceError(f"the file to send could not be read ({type(error).__name__})") from error
    return end - here


def _pieces(file: Any) -> Iterator[bytes]:
    source = Source(file)
    while piece := source.read(_PIECE):
        yield piece
