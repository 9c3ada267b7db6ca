"""A file that a user names for what is written: the name may be that of a link, a device or a pipe."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path

from connector.runtime.files.atomic import replace_file


def write_output(path: Path, content: bytes) -> None:
    """Replace the file that a name leads to, as `replace_file` does; write into a device or a pipe. Raises OSError."""
    target = follow_links(path)
    if target.exists() and not target.is_file():
        with target.open("wb") as file:
            file.write(content)
    else:
        replace_file(target, content)


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
