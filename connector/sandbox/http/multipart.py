"""Writer of multipart forms, for what comes to the sandbox without a socket."""

from __future__ import annotations

import contextlib
from email.encoders import encode_base64
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from typing import TYPE_CHECKING, Any

from connector.core.request.body import reopen
from connector.runtime.http.transport import UploadFile

if TYPE_CHECKING:
    from connector.core.request.body import MultipartPart


def encode_multipart(parts: list[MultipartPart]) -> tuple[str, bytes]:
    """Encode a multipart form; return its content type and its bytes. Raises UploadReadError."""
    form = MIMEMultipart("form-data")
    for part in parts:
        mime_part = MIMEBase(*(part.content_type or "application/octet-stream").split("/"))
        mime_part.set_payload(_read_part(part.content))
        encode_base64(mime_part)  # keeps the bytes, whatever line ends they hold
        parameters = {"name": part.name} if part.file_name is None else {"name": part.name, "filename": part.file_name}
        mime_part.add_header("Content-Disposition", "form-data", **parameters)
        form.attach(mime_part)
    body = form.as_bytes().partition(b"\n\n")[2]
    return f'multipart/form-data; boundary="{form.get_boundary()}"', body


def _read_part(data: Any) -> bytes:
    """Read the data of a part, from its start. Raises UploadReadError."""
    if isinstance(data, str):
        return data.encode()
    file = reopen(data)
    if not hasattr(file, "read"):
        return bytes(file)
    with contextlib.closing(file) if file is not data else contextlib.nullcontext():
        return UploadFile(file).read()
