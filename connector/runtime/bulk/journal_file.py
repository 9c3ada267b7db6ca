"""Open, lock, check and rotate the file of a journal."""

from __future__ import annotations

import errno
import itertools
import os
from typing import TYPE_CHECKING

import filelock

from connector.core.bulk.journal_state import is_journal_header
from connector.errors import StoreError, UsageError
from connector.first_use import dataclass
from connector.runtime.files import private_files

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class JournalWords:
    """What a journal calls the things that it has the results of, and how their run goes on, here or elsewhere."""

    unit: str
    whole: str
    going_on: str
    elsewhere: str

    @property
    def restart_hint(self) -> str:
        """What --restart does."""
        return f"--restart starts over and sends every {self.unit} again, including those that are done."

    def build_error(self, path: Path, error: OSError) -> StoreError:
        """Return the error of a journal that cannot be read or written."""
        reason = error.strerror or str(error)
        consequence = f"A {self.unit} that cannot be recorded is not sent."
        return StoreError(f"{path}: {reason}. {consequence}", hint=self._find_hint(error.errno), path=str(path))

    def _find_hint(self, number: int | None) -> str:
        if number in _DISK_FULL:
            return f"Free some space there, or move the journal and name it with --journal FILE; then {self.going_on}."
        what = "Allow this user to read and write there" if number in _NO_ACCESS else "Check that location"
        return f"{what}; {self.elsewhere}."


def _is_at(handle: int, path: Path) -> bool:
    """Whether an open file is the one of this path."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


ROWS = JournalWords(
    "row",
    "these rows",
    "the same command resumes",
    "rows that have not started can use another --journal FILE",
)
STEPS = JournalWords(
    "step",
    "this chain",
    "the same command with --resume goes on",
    "a chain that has not started can use another --journal FILE",
)
_DISK_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG)
_NO_ACCESS = (errno.EACCES, errno.EPERM, errno.EROFS)


def rotate_journal(path: Path, words: JournalWords = ROWS) -> Path | None:
    """Rename a journal to the first unused of PATH.1, PATH.2 ...; return that path, or None without a journal.

    Raises StoreError, also if it is locked, and UsageError for a file that is not a journal.
    """
    if not os.path.lexists(path):
        return None
    handle = open_journal(path, words)
    try:
        lock_journal(handle, path, words)
        check_header(handle, path, allow_empty=False)
        free_path = next(
            candidate
            for candidate in (path.with_name(f"{path.name}.{number}") for number in itertools.count(1))
            if not candidate.exists()
        )
        path.rename(free_path)
    except OSError as error:
        raise words.build_error(path, error) from error
    finally:
        os.close(handle)
    return free_path


def open_journal(path: Path, words: JournalWords = ROWS) -> int:
    """Open or create the file of a journal; return its descriptor. Raises StoreError."""
    try:
        return private_files.open_private(path)
    except OSError as error:
        raise words.build_error(path, error) from error


def check_header(handle: int, path: Path, *, allow_empty: bool) -> None:
    """Reject a file that is not a journal. Raises OSError, UsageError."""
    raw = os.read(handle, 64)
    os.lseek(handle, 0, os.SEEK_SET)
    if not (is_journal_header(raw) or (allow_empty and not raw)):
        hint = "Choose another file with --journal FILE." if raw else "Remove --restart."
        raise UsageError(f"{path} is {'not a journal' if raw else 'empty'}, and was left unchanged.", hint=hint)


def lock_journal(handle: int, path: Path, words: JournalWords = ROWS) -> None:
    """Lock a file; the system unlocks it when this process ends. Raises StoreError.

    One that another run moved away before it was locked is not the journal any more.
    """
    try:
        if filelock.lock_descriptor(handle, blocking=False) and _is_at(handle, path):
            return
    except OSError as error:
        raise words.build_error(path, error) from error
    hint = "Wait until it ends, or stop it."
    raise StoreError(f"{path}: another run of {words.whole} is in progress.", hint=hint, path=str(path))
