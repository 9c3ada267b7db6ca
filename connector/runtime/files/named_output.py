"""A file that a user names for what is written: the name may be that of a link, a device or a pipe."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path


def write_output(path: Path, content: bytes) -> None:
    """Write a file in place: links are followed, devices and pipes written into, and a file keeps its mode.

    A new file is readable by its owner alone. Raises OSError.
    """
    with open(path, "wb", opener=_open_private) as file:
        file.write(content)


def check_output(path: Path) -> None:
    """Check that a file could be written, which changes nothing and opens no pipe. Raises OSError."""
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except FileNotFoundError:
        with tempfile.NamedTemporaryFile(dir=follow_links(path).parent, prefix=f".{path.name}."):
            return
    if is_folder or not os.access(path, os.W_OK):
        number = errno.EISDIR if is_folder else errno.EACCES
        raise OSError(number, os.strerror(number), str(path))


def follow_links(path: Path) -> Path:
    """Return the path that a name leads to, which need not exist: what replaces it leaves the link."""
    return Path(os.path.realpath(path))


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
