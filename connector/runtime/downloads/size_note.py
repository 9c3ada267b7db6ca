"""A note beside a file whose size is not the one in the listing, so that a later run knows it again.

The service's reply decides when a file is complete. Listings are wrong about sizes, for example of text files.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from connector.errors import StoreError
from connector.runtime.files import private_files
from connector.runtime.files.atomic import replace_file

if TYPE_CHECKING:
    from pathlib import Path


def is_complete(path: Path, listed_size: int | None) -> bool:
    """Whether an existing file has the listed size, or the one that came when this size was listed."""
    size = path.stat().st_size
    return listed_size in (None, size) or _read_note(path) == {"listed": listed_size, "size": size}


def note_size(path: Path, listed_size: int | None, size: int) -> None:
    """Note the size of a file that was downloaded, if another one was listed; else remove an older note."""
    note_path = _note_path(path)
    with contextlib.suppress(OSError, StoreError):  # without a note, a later run says that the name is in use
        if listed_size in (None, size):
            note_path.unlink(missing_ok=True)
        else:
            replace_file(note_path, json.dumps({"listed": listed_size, "size": size}).encode())


def _read_note(path: Path) -> object:
    try:
        return json.loads(private_files.read_file(_note_path(path)) or b"null")
    except (OSError, ValueError, StoreError):
        return None


def _note_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.size.json")
