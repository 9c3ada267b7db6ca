"""The journal of a bulk run: what is about to be sent is on the disk before it is, what came of it stands behind.

A file of JSON lines: first what the journal is of, then for each row that it is begun, before a change is sent, and its
result after. Whatever cuts a run off, the lines tell how far it was; what they come to is judged in core/story.py.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
import threading
from typing import IO, TYPE_CHECKING, Any, Self

import filelock
from pydantic_core import to_json

from connector.core.bulk.journal_state import (
    ROW_DONE,
    ROW_FAILED,
    ROW_STARTED,
    ROW_UNCERTAIN,
    CorruptJournal,
    JournalState,
    is_journal_header,
)
from connector.errors import StoreError, TransportError, UsageError
from connector.runtime.files import private_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

JOURNAL_VERSION = 1
CHECK_BEFORE_RETRY = "Look at the service whether it was done before you repeat it."
RESTART_HINT = "--restart begins anew and sends every row again, also those that are done."
_DISK_FULL_HINT = (
    "Free some space there, or move the journal and name it with --journal FILE; then the same command goes on."
)
_NO_ACCESS_HINT = (
    "Give this user the right to read and write there; rows that were not begun may have another --journal FILE."
)
_OTHER_ERROR_HINT = "Look at that place; rows that were not begun may have another --journal FILE."
_HINTS_BY_ERRNO = {
    **dict.fromkeys((errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG), _DISK_FULL_HINT),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), _NO_ACCESS_HINT),
}


class Journal:
    """One journal, held alone by this process; its `of` says what rows it is of. Safe to share among threads."""

    def __init__(self, path: Path, header: Mapping[str, Any], count_rows: Callable[[], int]) -> None:
        """Open a journal, or begin it: then `count` is called, which may raise, for the number of rows.

        Raises StoreError: not to be read or written, held by another, damaged. Raises UsageError: of others, or none.
        """
        self.path = path
        self.state = JournalState()
        self._write_lock = threading.Lock()  # one line at a time
        self._sync_lock = threading.Lock()  # one fsync at a time, for all that wait
        self._written_lines = self._synced_lines = 0  # lines
        self._size = 0  # bytes
        self._write_error: OSError | None = None
        self._handle = _open_journal(path)
        try:
            _lock_journal(self._handle, path)
            self._load()
            self.row_count = (
                self._match_header(dict(header)) if self.state.header is not None else self._create(header, count_rows)
            )
        except BaseException:
            self.close()
            raise

    def _load(self) -> None:
        """Read what is there. Bytes of a line that a cut left half are taken off."""
        try:
            _check_header(self._handle, self.path, allow_empty=True)
            with open(self._handle, "rb", closefd=False) as file:  # what is read is what is held
                self.state.replay(file)
            os.ftruncate(self._handle, self.state.valid_bytes)
            self._size = os.lseek(self._handle, self.state.valid_bytes, os.SEEK_SET)
        except CorruptJournal as error:
            hint = f"Look at the file and at the service. {RESTART_HINT}"
            raise StoreError(f"{self.path} is damaged: {error}.", hint=hint, path=str(self.path)) from None
        except OSError as error:
            raise _store_error(self.path, error) from error

    def _create(self, header: Mapping[str, Any], count_rows: Callable[[], int]) -> int:
        """Write the first line, and return the number of rows; where they cannot be counted no file stays."""
        try:
            row_count = count_rows()
        except BaseException:
            with contextlib.suppress(OSError):
                self.path.unlink()
            raise
        self._write_durably({"journal": JOURNAL_VERSION, "count": row_count, **header})
        private_files.sync_folder(self.path.parent)
        return row_count

    def _match_header(self, header: dict[str, Any]) -> int:
        """Return the number of rows. Raises StoreError for another version's journal, UsageError for one of others."""
        stored_header = dict(self.state.header or {})
        version, row_count = stored_header.pop("journal", None), stored_header.pop("count", None)
        if version != JOURNAL_VERSION or not isinstance(row_count, int):
            hint = f"Use the version that made it. {RESTART_HINT}"
            raise StoreError(f"{self.path} is no journal that this version reads.", hint=hint, path=str(self.path))
        differing = [name for name in {**stored_header, **header} if stored_header.get(name) != header.get(name)]
        if differing:
            raise _mismatch_error(self.path, differing)
        return row_count

    @property
    def has_history(self) -> bool:
        """Whether an earlier run has left something here."""
        return self.state.highest_row > 0

    def record_start(self, number: int, line: int, key: str | None, *, may_resend: bool) -> None:
        """Note that a row is about to be sent, down to the disk; `may_resend` where it may be sent twice.

        Raises StoreError, and then nothing may be sent.
        """
        entry: dict[str, Any] = {"begin": number, "line": line}
        if key is not None:
            entry["key"] = key
        if may_resend:
            entry["again"] = True
        self._write_durably(entry)

    def record_result(self, result: Mapping[str, Any]) -> None:
        """Note what came of a row; it is on the disk with the next row that begins, at the latest with the last."""
        self._write_line(result)

    def record_revert(self, number: int) -> None:
        """Note that a row was not sent after all."""
        self._write_line({"undo": number})

    def resolve_row(self, number: int, resolution: str) -> None:
        """Say of an uncertain row that it is "done", or is to be sent "again". Raises UsageError for any other row."""
        if self.state.state_of(number) not in (ROW_STARTED, ROW_UNCERTAIN):
            raise UsageError(f"Row {number} is not uncertain.", hint="--resolve is for rows whose outcome is uncertain.")
        with self.path.open("rb") as file:
            line = self._read_line(file, number)["line"]
        resolved_entry = {"row": number, "line": line, "outcome": "done", "settled": True}
        entry = resolved_entry if resolution == "done" else {"undo": number}
        self.state.apply(entry, self._size)
        self._write_durably(entry)

    def iter_uncertain(self) -> Iterator[int]:
        """Yield the numbers of the rows of which nobody knows whether they were done."""
        return (
            number for number in self.state.row_numbers() if self.state.state_of(number) in (ROW_STARTED, ROW_UNCERTAIN)
        )

    def iter_results(self, *, include_failed: bool = True) -> Iterator[dict[str, Any]]:
        """Yield what earlier runs came to, in the order of rows: one result each; of rows that failed if wanted."""
        final_states = (ROW_DONE, ROW_UNCERTAIN, ROW_FAILED) if include_failed else (ROW_DONE, ROW_UNCERTAIN)
        with self.path.open("rb") as file:
            for number in self.state.row_numbers():
                state = self.state.state_of(number)
                if state == ROW_STARTED:
                    yield interrupted_result(number, self._read_line(file, number)["line"])
                elif state in final_states:
                    yield self._read_line(file, number)

    def _read_line(self, file: IO[bytes], number: int) -> dict[str, Any]:
        """Read the last line of a row."""
        file.seek(self.state.offset_of(number))
        line: dict[str, Any] = json.loads(file.readline())
        return line

    def _write_durably(self, data: Mapping[str, Any]) -> None:
        """Write a line down to the disk; those who come meanwhile share the next fsync. Raises StoreError."""
        line_number = self._write_line(data)
        with self._sync_lock:
            if self._synced_lines >= line_number:
                return
            written_lines = self._written_lines
            try:
                os.fsync(self._handle)
            except OSError as error:
                self._write_error = error
                raise _store_error(self.path, error) from error
            self._synced_lines = written_lines

    def _write_line(self, data: Mapping[str, Any]) -> int:
        """Write a line and return its number. Raises StoreError, from then on for every line."""
        line = _encode_line(data)
        with self._write_lock:
            if self._write_error is not None:
                raise _store_error(self.path, self._write_error) from self._write_error
            try:
                remaining = memoryview(line)
                while remaining:
                    remaining = remaining[os.write(self._handle, remaining) :]
            except OSError as error:
                self._write_error = error
                raise _store_error(self.path, error) from error
            self._size += len(line)
            self._written_lines += 1
            return self._written_lines

    def close(self) -> None:
        """Bring everything to the disk and let go; what threads still want to note is refused."""
        with self._sync_lock, self._write_lock:
            handle, self._handle = self._handle, -1
            if handle < 0:
                return
            self._write_error = self._write_error or OSError("the journal is closed")
            try:
                os.fsync(handle)
            except OSError:
                pass  # a line that is lost makes its row uncertain, and no row is sent twice
            finally:
                os.close(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def rotate_journal(path: Path) -> Path | None:
    """Rename a journal that nobody holds to the first free one of PATH.1, PATH.2 ...; None where there is none.

    Raises StoreError, and for a file that does not begin as a journal UsageError.
    """
    if not os.path.lexists(path):
        return None
    handle = _open_journal(path)
    try:
        _lock_journal(handle, path)
        _check_header(handle, path, allow_empty=False)
        free_path = next(
            candidate
            for candidate in (path.with_name(f"{path.name}.{number}") for number in itertools.count(1))
            if not candidate.exists()
        )
        path.rename(free_path)
    except OSError as error:
        raise _store_error(path, error) from error
    finally:
        os.close(handle)
    return free_path


def _open_journal(path: Path) -> int:
    try:
        return private_files.open_private(path)
    except OSError as error:
        raise _store_error(path, error) from error


def _check_header(handle: int, path: Path, *, allow_empty: bool) -> None:
    """Refuse a file that does not begin as a journal; an empty one may become one. Raises OSError, UsageError."""
    raw = os.read(handle, 64)
    os.lseek(handle, 0, os.SEEK_SET)
    if not (is_journal_header(raw) or (allow_empty and not raw)):
        hint = "Name another place with --journal FILE." if raw else "Leave --restart out."
        raise UsageError(f"{path} is {'no journal' if raw else 'empty'}, and was left as it is.", hint=hint)


def _mismatch_error(path: Path, differing: list[str]) -> UsageError:
    """Return the error about a journal of another run, by the names of what differs."""
    hint = f"Give what it was begun with. {RESTART_HINT} So does another --journal."
    if "rows" in differing:
        differing = [
            name for name in differing if name != "values"
        ]  # they are kept with the rows, and tell nothing alone
        hint = "Rows that were mended or are new: put them into a file of their own, and leave this one as it was. "
        hint += RESTART_HINT
    return UsageError(f"{path} is the journal of another run: other {', '.join(differing)}.", hint=hint)


def _lock_journal(handle: int, path: Path) -> None:
    """Have a file alone; the system frees it when this process ends, however that happens. Raises StoreError."""
    try:
        if filelock.lock_descriptor(handle, blocking=False):
            return
    except OSError as error:
        raise _store_error(path, error) from error
    hint = "Wait until it ends, or stop it."
    raise StoreError(f"{path}: another run of these rows is under way.", hint=hint, path=str(path))


def _encode_line(data: Mapping[str, Any]) -> bytes:
    try:
        return to_json(data) + b"\n"
    except ValueError:  # half a character in a text, which only escapes can hold
        return json.dumps(data).encode() + b"\n"


def interrupted_result(number: int, line: int | None) -> dict[str, Any]:
    """Return the result of a row that was sent and not waited for."""
    message = "The row was under way when the run was cut off."
    error = TransportError(message, kind="interrupted", hint=CHECK_BEFORE_RETRY, outcome="uncertain")
    return {"row": number, "line": line, "outcome": "uncertain", "error": error.to_dict()}


def _store_error(path: Path, error: OSError) -> StoreError:
    reason = error.strerror or str(error)
    consequence = "What is not noted is not sent."
    hint = _HINTS_BY_ERRNO.get(error.errno or 0, _OTHER_ERROR_HINT)
    return StoreError(f"{path}: {reason}. {consequence}", hint=hint, path=str(path))
