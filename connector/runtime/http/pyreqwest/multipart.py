"""Multipart forms for pyreqwest, which reads each file while it sends."""

from __future__ import annotations

import mimetypes
import os
from typing import TYPE_CHECKING, Any

from pyreqwest.multipart import FormBuilder, PartBuilder

from connector.core.request.body import reopen
from connector.runtime.http.transport import UploadFile, UploadReadError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.core.request.body import MultipartPart

_CHUNK_BYTES = 65_536
_NAME_ESCAPES = {**{number: f"%{number:02X}" for number in range(32)}, ord('"'): "%22"}  # as browsers escape names


def build_form(parts: list[MultipartPart], files: list[Any]) -> FormBuilder:
    """Return the parts as a form; add the files that it opens to `files`. Raises UploadReadError."""
    builder = FormBuilder().percent_encode_noop()  # few services read its own escapes
    for part in parts:
        builder.part(part.name.translate(_NAME_ESCAPES), _build_part(part, files))
    return builder


def _build_part(part: MultipartPart, files: list[Any]) -> PartBuilder:
    content = part.content
    try:
        data = reopen(content)
    except Exception as error:
        raise UploadReadError(f"the file to send could not be opened ({type(error).__name__})") from error
    if data is not content:
        files.append(data)
    if not hasattr(data, "read"):
        builder = PartBuilder.from_bytes(data.encode() if isinstance(data, str) else bytes(data))
    elif (length := _measure_remaining(data)) is None:
        builder = PartBuilder.from_stream(_read_chunks(data))
    else:
        builder = PartBuilder.from_stream_with_length(_read_measured(data, length), length)
    if part.file_name is None:
        return builder.mime(part.content_type) if part.content_type else builder
    media_type = mimetypes.guess_type(part.file_name)[0] or "application/octet-stream"
    return builder.file_name(part.file_name.translate(_NAME_ESCAPES)).mime(media_type)


def _measure_remaining(file: Any) -> int | None:
    """Return the bytes left in a file; None for a stream. Raises UploadReadError."""
    try:
        if not file.seekable():
            return None
        position = int(file.tell())
        end = int(file.seek(0, os.SEEK_END))
        file.seek(position)
    except AttributeError:
        return None
    except Exception as error:
        raise UploadReadError(f"the file to send could not be read ({type(error).__name__})") from error
    return end - position


def _read_chunks(file: Any) -> Iterator[bytes]:
    upload = UploadFile(file)
    while chunk := upload.read(_CHUNK_BYTES):
        yield chunk


def _read_measured(file: Any, length: int) -> Iterator[bytes]:
    """Yield what is in a file of so many bytes. Raises UploadReadError, also where there are more.

    The library sends as many as were announced and asks for no more, so each chunk waits for the read after it.
    """
    chunks, sent = _read_chunks(file), 0
    chunk = next(chunks, b"")
    while chunk:
        following = next(chunks, b"")
        sent += len(chunk)
        if sent + len(following) > length:
            raise UploadReadError("the file to send has grown since it was opened")
        yield chunk
        chunk = following
