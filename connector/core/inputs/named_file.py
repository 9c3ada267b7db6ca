"""Files to upload, with the names that the service is told."""

from __future__ import annotations

import re
from typing import Any, NamedTuple


class NamedFile(NamedTuple):
    """The data of a file, and its name; an empty name where nothing is known of it."""

    name: str
    data: Any


def unwrap_file(value: Any) -> NamedFile:
    """Return the name and the data of a file: its own name, where it has one, without folders."""
    if isinstance(value, NamedFile):
        return NamedFile(_strip_folders(value.name), value.data)
    name = getattr(value, "name", None)
    return NamedFile(_strip_folders(name) if isinstance(name, str) else "", value)


def _strip_folders(name: str) -> str:
    return re.split(r"[/\\]", name)[-1]
