"""Replace a private file atomically, and set a damaged one aside."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from connector.runtime.files.private_files import create_private, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def build_temp_path(path: Path) -> Path:
    """Return the path beside a file where this process prepares its replacement."""
    return path.with_name(f"{path.name}.{os.getpid()}.tmp")


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path to write to, and move it over `path` at the end; after an error it is removed.

    The caller is the only writer of `path` in this process. Raises OSError; `path` is then the old file or the new one,
    whole.
    """
    temp_path = build_temp_path(path)
    temp_path.unlink(missing_ok=True)  # left by a dead process that had this pid
    try:
        yield temp_path
        temp_path.replace(path)
        sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            temp_path.unlink()
        raise


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file, or create it, readable by its owner alone; durable on return. Raises OSError as `replacing`."""
    with replacing(path) as temp_path:
        create_private(temp_path, content)


def rename_to_new(source: Path, target: Path) -> None:
    """Rename a complete file to a name that nobody uses, in the same folder; it never replaces another.

    Raises FileExistsError, OSError.
    """
    if os.name == "nt":
        source.rename(target)  # it refuses an existing name there
        return
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:  # a file system without a second name for a file: take the name first
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        source.replace(target)
    else:
        source.unlink()


def set_aside(path: Path, suffixes: Iterable[str]) -> Path:
    """Rename a file to its name plus the first suffix that is free; return the new path. Raises OSError.

    The caller holds a lock, so that no other process takes the same name.
    """
    candidates = (path.with_name(f"{path.name}{suffix}") for suffix in suffixes)
    new_path = next(candidate for candidate in candidates if not os.path.lexists(candidate))
    path.rename(new_path)
    sync_folder(path.parent)
    return new_path
