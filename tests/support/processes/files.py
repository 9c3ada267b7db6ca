"""What is in files that other processes keep."""

from __future__ import annotations

import contextlib
import fnmatch
import os
from pathlib import Path


def read_files(folder: Path, pattern: str = "*") -> bytes:
    """Return what is in all files below a folder whose names match.

    A process that still runs may take files and folders of its own away meanwhile, as SQLite does with its journal.
    """
    found = []
    for place, _, names in os.walk(folder):
        for path in (Path(place, name) for name in fnmatch.filter(names, pattern)):
            with contextlib.suppress(FileNotFoundError):
                found += [path.read_bytes()] if path.is_file() else []
    return b"\n".join(found)
