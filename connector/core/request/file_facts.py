"""What a request says of a file that is sent later: its name, its size and its type."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING, Any

from connector.core.inputs.named_file import unwrap_file
from connector.core.request.body import reopen
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from mimetypes import MimeTypes

    from connector.definition.action import Action

_UNKNOWN_TYPE = "application/octet-stream"


def find_upload_input(action: Action) -> str | None:
    """Return the key of the input whose bytes are sent to a URL of the reply; None where no file is."""
    return next((key for key, field in action.inputs.items() if field.location.part == "upload"), None)


def guess_type(name: str) -> str:
    """Return the media type of a file by its name."""
    return _load_types().guess_type(name)[0] or _UNKNOWN_TYPE


@cache
def _load_types() -> MimeTypes:
    """Return the types that Python knows; what a system adds differs between machines."""
    from mimetypes import MimeTypes  # here, as it reads the system's files all the same

    return MimeTypes()


def describe_file(action: Action, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the request of an action says of its file, by word. Raises InputError for a size unknown."""
    key = find_upload_input(action)
    if action.upload is None or key is None or values.get(key) is None:
        return {}
    file = unwrap_file(values[key])
    name = file.name or key
    facts: dict[str, Any] = {"file_name": name, "file_type": guess_type(name)}
    if action.upload.file_size is not None:
        facts["file_size"] = _measure(action, key, file.data)
    return {word: facts[word] for word in action.upload.facts}


def _measure(action: Action, key: str, data: Any) -> int:
    if isinstance(data, bytes):
        return len(data)
    if not hasattr(data, "open_again") and not (hasattr(data, "seekable") and data.seekable()):
        problem = Problem(key, "a stream", "a file whose size is known", "pass bytes or a seekable file")
        raise InputError.from_problems(action.action, [problem])
    file = reopen(data)
    size = int(file.seek(0, io.SEEK_END))
    if file is data:
        file.seek(0)
    else:
        file.close()
    return size
