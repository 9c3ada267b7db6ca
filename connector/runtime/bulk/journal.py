"""The append-only journal of a bulk run.

A file of JSON lines: a header, then for each row its start, durable before a change is sent, and its result. However
a run is interrupted, the lines show its progress; core/bulk/journal_state.py replays them.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from typing import IO, TYPE_CHECKING, Any, Self

from pydantic_core import to_json

from connector._version import __version__
from connector.core.bulk.journal_state import (
    ROW_DONE,
    ROW_FAILED,
    ROW_STARTED,
    ROW_UNCERTAIN,
    CorruptJournal,
    JournalState,
)
from connector.errors import StoreError, UsageError
from connector.runtime.bulk.journal_file import (
    ROWS,
    JournalWords,
    check_header,
    lock_journal,
    open_journal,
)
from connector.runtime.bulk.row_result import interrupted_result
from connector.runtime.database.schema import build_version_error
from connector.runtime.files import private_files
from connector.runtime.process.fork_safety import ForkSafeLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

JOURNAL_VERSION = 1


class Journal:
    """One journal, locked by this process; its header identifies the run. Safe to share among threads."""

    def __init__(
        self, path: Path, header: Mapping[str, Any], count_rows: Callable[[], int], words: JournalWords = ROWS
    ) -> None:
        """Open a journal, or create it with the number that `count_rows` returns.

        Raises StoreError if it cannot be read or written, is locked or damaged, UsageError if it is of another run.
        """
        self.path, self.words = path, words
        self.state = JournalState()
        self._write_lock = ForkSafeLock()  # one line at a time
        self._sync_lock = ForkSafeLock()  # one fsync at a time, for all waiters
        self._written_lines = self._synced_lines = 0  # lines
        self._size = 0  # bytes
        self._write_error: OSError | None = None
        self._handle = open_journal(path, words)
        try:
            lock_journal(self._handle, path, words)
            self._load()
            self.row_count = (
                self._match_header(dict(header)) if self.state.header is not None else self._create(header, count_rows)
            )
        except BaseException:
            self.close()
            raise

    def _load(self) -> None:
        """Replay the journal; remove an incomplete last line."""
        try:
            check_header(self._handle, self.path, allow_empty=True)
            with open(self._handle, "rb", closefd=False) as file:  # reads the locked file
                self.state.replay(file)
            os.ftruncate(self._handle, self.state.valid_bytes)
            self._size = os.lseek(self._handle, self.state.valid_bytes, os.SEEK_SET)
        except CorruptJournal as error:
            hint = f"Check the file and the service. {self.words.restart_hint}"
            raise StoreError(f"{self.path} is damaged: {error}.", hint=hint, path=str(self.path)) from None
        except OSError as error:
            raise self.words.build_error(self.path, error) from error

    def _create(self, header: Mapping[str, Any], count_rows: Callable[[], int]) -> int:
        """Write the header and return the number of rows; remove the file if they cannot be counted."""
        try:
            row_count = count_rows()
        except BaseException:
            with contextlib.suppress(OSError):
                self.path.unlink()
            raise
        self._write_durably({"journal": JOURNAL_VERSION, "count": row_count, "program": __version__, **header})
        private_files.sync_folder(self.path.parent)
        return row_count

    def _match_header(self, header: dict[str, Any]) -> int:
        """Return the number of rows. Raises StoreError for another version, UsageError for another run."""
        stored_header = dict(self.state.header or {})
        version, row_count = stored_header.pop("journal", None), stored_header.pop("count", None)
        program = stored_header.pop("program", None)  # which may be another one of this version
        if isinstance(version, int) and version > JOURNAL_VERSION:
            raise build_version_error(str(self.path), "the journal", (version, program), JOURNAL_VERSION)
        if version != JOURNAL_VERSION or not isinstance(row_count, int):
            hint = f"Use the version that wrote it. {self.words.restart_hint}"
            raise StoreError(
                f"{self.path} is not a journal that this version can read.", hint=hint, path=str(self.path)
            )
        differing = [name for name in {**stored_header, **header} if stored_header.get(name) != header.get(name)]
        if differing:
            raise _mismatch_error(self.path, differing, self.words)
        return row_count

    @property
    def has_history(self) -> bool:
        """Whether an earlier run recorded rows."""
        return self.state.highest_row > 0

    def record_start(self, number: int, line: int, key: str | None, *, may_resend: bool) -> None:
        """Record durably that a row is about to be sent; `may_resend` if sending it twice is safe.

        Raises StoreError; then the row must not be sent.
        """
        entry: dict[str, Any] = {"begin": number, "line": line}
        if key is not None:
            entry |= {"key": key, "at": round(time.time(), 3)}
        if may_resend:
            entry["again"] = True
        self._write_durably(entry)

    def record_result(self, result: Mapping[str, Any]) -> None:
        """Record the result of a row; durable with the next start, or on closing."""
        self._write_line(result)

    def record_revert(self, number: int) -> None:
        """Record that a row was not sent after all."""
        self._write_line({"undo": number})

    def record_end(self) -> None:
        """Record durably that nothing is left to do."""
        self._write_durably({"end": True})

    def resolve_row(self, number: int, resolution: str) -> None:
        """Resolve an uncertain row as "done" or "retry". Raises UsageError for any other row."""
        if self.state.state_of(number) not in (ROW_STARTED, ROW_UNCERTAIN):
            raise UsageError(
                f"Row {number} is not uncertain.", hint="--resolve is for rows whose outcome is uncertain."
            )
        with self.path.open("rb") as file:
            line = self._read_line(file, number)["line"]
        resolved_entry = {"row": number, "line": line, "outcome": "done", "settled": True}
        entry = resolved_entry if resolution == "done" else {"undo": number}
        self.state.apply(entry, self._size)
        self._write_durably(entry)

    def iter_uncertain(self) -> Iterator[int]:
        """Yield the numbers of the rows whose outcome is uncertain."""
        return (
            number for number in self.state.row_numbers() if self.state.state_of(number) in (ROW_STARTED, ROW_UNCERTAIN)
        )

    def iter_results(self, *, include_failed: bool = True) -> Iterator[dict[str, Any]]:
        """Yield one result for each row of earlier runs, in row order; failed rows on request."""
        final_states = (ROW_DONE, ROW_UNCERTAIN, ROW_FAILED) if include_failed else (ROW_DONE, ROW_UNCERTAIN)
        with self.path.open("rb") as file:
            for number in self.state.row_numbers():
                state = self.state.state_of(number)
                if state == ROW_STARTED:
                    yield interrupted_result(number, self._read_line(file, number)["line"], unit=self.words.unit)
                elif state in final_states:
                    yield self._read_line(file, number)

    def _read_line(self, file: IO[bytes], number: int) -> dict[str, Any]:
        """Return the last line of a row."""
        file.seek(self.state.offset_of(number))
        line: dict[str, Any] = json.loads(file.readline())
        return line

    def _write_durably(self, data: Mapping[str, Any]) -> None:
        """Write a line durably; concurrent writers share the next fsync. Raises StoreError."""
        line_number = self._write_line(data)
        with self._sync_lock:
            if self._synced_lines >= line_number:
                return
            written_lines = self._written_lines
            try:
                os.fsync(self._handle)
            except OSError as error:
                self._write_error = error
                raise self.words.build_error(self.path, error) from error
            self._synced_lines = written_lines

    def _write_line(self, data: Mapping[str, Any]) -> int:
        """Write a line and return its number. Raises StoreError, then for every later line."""
        line = _encode_line(data)
        with self._write_lock:
            if self._write_error is not None:
                raise self.words.build_error(self.path, self._write_error) from self._write_error
            try:
                remaining = memoryview(line)
                while remaining:
                    remaining = remaining[os.write(self._handle, remaining) :]
            except OSError as error:
                self._write_error = error
                raise self.words.build_error(self.path, error) from error
            self._size += len(line)
            self._written_lines += 1
            return self._written_lines

    def discard(self) -> None:
        """Remove the file, if the system can while it is locked, so that no other run takes it meanwhile; and close."""
        with contextlib.suppress(PermissionError):
            self.path.unlink()
            self.close()
            return
        self.close()
        self.path.unlink()

    def close(self) -> None:
        """Flush to the disk and close; later writes are rejected."""
        with self._sync_lock, self._write_lock:
            handle, self._handle = self._handle, -1
            if handle < 0:
                return
            self._write_error = self._write_error or OSError("the journal is closed")
            try:
                os.fsync(handle)
            except OSError:
                pass  # a lost line makes its row uncertain; no row is sent twice
            finally:
                os.close(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _mismatch_error(path: Path, differing: list[str], words: JournalWords) -> UsageError:
    """Return the error of a journal of another run, with the names of the differences."""
    hint = f"Use the arguments that it was started with. {words.restart_hint} So does another --journal."
    if "rows" in differing:
        differing = [name for name in differing if name != "values"]  # they follow from the rows
        hint = "Put corrected or new rows into a file of their own, and leave this one unchanged. "
        hint += words.restart_hint
    return UsageError(f"{path} is the journal of another run: different {', '.join(differing)}.", hint=hint)


def _encode_line(data: Mapping[str, Any]) -> bytes:
    try:
        return to_json(data) + b"\n"
    except ValueError:  # a lone surrogate, which only an escape can express
        return json.dumps(data).encode() + b"\n"
