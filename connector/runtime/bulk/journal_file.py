"""Open, lock, check and rotate the file of a journal."""

from __future__ import annotations

import errno
import itertools
import os
from typing import TYPE_CHECKING

import filelock

from connector.core.bulk.journal_state import is_journal_header
from connector.errors import StoreError, UsageError
from connector.runtime.files import private_files

if TYPE_CHECKING:
    from pathlib import Path

RESTART_HINT = "--restart starts over and sends every row again, including those that are done."
_DISK_FULL_HINT = (
    "Free some space there, or move the journal and name it with --journal FILE; then the same command resumes."
)
_NO_ACCESS_HINT = "Allow this user to read and write there; rows that have not started can use another --journal FILE."
_OTHER_ERROR_HINT = "Check that location; rows that have not started can use another --journal FILE."
_HINTS_BY_ERRNO = {
    **dict.fromkeys((errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG), _DISK_FULL_HINT),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), _NO_ACCESS_HINT),
}


def rotate_journal(path: Path) -> Path | None:
    """Rename a journal to the first unused of PATH.1, PATH.2 ...; return that path, or None without a journal.

    Raises StoreError, also if it is locked, and UsageError for a file that is not a journal.
    """
    if not os.path.lexists(path):
        return None
    handle = open_journal(path)
    try:
        lock_journal(handle, path)
        check_header(handle, path, allow_empty=False)
        free_path = next(
            candidate
            for candidate in (path.with_name(f"{path.name}.{number}") for number in itertools.count(1))
            if not candidate.exists()
        )
        path.rename(free_path)
    except OSError as error:
        raise build_journal_error(path, error) from error
    finally:
        os.close(handle)
    return free_path


def open_journal(path: Path) -> int:
    """Open or create the file of a journal; return its descriptor. Raises StoreError."""
    try:
        return private_files.open_private(path)
    except OSError as error:
        raise build_journal_error(path, error) from error


def check_header(handle: int, path: Path, *, allow_empty: bool) -> None:
    """Reject a file that is not a journal. Raises OSError, UsageError."""
    raw = os.read(handle, 64)
    os.lseek(handle, 0, os.SEEK_SET)
    if not (is_journal_header(raw) or (allow_empty and not raw)):
        hint = "Choose another file with --journal FILE." if raw else "Remove --restart."
        raise UsageError(f"{path} is {'not a journal' if raw else 'empty'}, and was left unchanged.", hint=hint)


def lock_journal(handle: int, path: Path) -> None:
    """Lock a file; the system unlocks it when this process ends. Raises StoreError."""
    try:
        if filelock.lock_descriptor(handle, blocking=False):
            return
    except OSError as error:
        raise build_journal_error(path, error) from error
    hint = "Wait until it ends, or stop it."
    raise StoreError(f"{path}: another run of these rows is in progress.", hint=hint, path=str(path))


def build_journal_error(path: Path, error: OSError) -> StoreError:
    """Return the error of a journal that cannot be read or written."""
    reason = error.strerror or str(error)
    consequence = "A row that cannot be recorded is not sent."
    hint = _HINTS_BY_ERRNO.get(error.errno or 0, _OTHER_ERROR_HINT)
    return StoreError(f"{path}: {reason}. {consequence}", hint=hint, path=str(path))
