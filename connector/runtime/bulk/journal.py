"""The journal of a bulk run: what is about to be sent is on the disk before it is, what came of it stands behind.

A file of JSON lines: first what the journal is of, then for each row that it is begun, before a change is sent, and its
result after. Whatever cuts a run off, the lines tell how far it was; what they come to is judged in core/story.py.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from typing import IO, TYPE_CHECKING, Any, Self

from pydantic_core import to_json

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
    RESTART_HINT,
    build_journal_error,
    check_header,
    lock_journal,
    open_journal,
)
from connector.runtime.bulk.row_result import interrupted_result
from connector.runtime.files import private_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

JOURNAL_VERSION = 1


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
        self._handle = open_journal(path)
        try:
            lock_journal(self._handle, path)
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
            check_header(self._handle, self.path, allow_empty=True)
            with open(self._handle, "rb", closefd=False) as file:  # what is read is what is held
                self.state.replay(file)
            os.ftruncate(self._handle, self.state.valid_bytes)
            self._size = os.lseek(self._handle, self.state.valid_bytes, os.SEEK_SET)
        except CorruptJournal as error:
            hint = f"Look at the file and at the service. {RESTART_HINT}"
            raise StoreError(f"{self.path} is damaged: {error}.", hint=hint, path=str(self.path)) from None
        except OSError as error:
            raise build_journal_error(self.path, error) from error

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
                raise build_journal_error(self.path, error) from error
            self._synced_lines = written_lines

    def _write_line(self, data: Mapping[str, Any]) -> int:
        """Write a line and return its number. Raises StoreError, from then on for every line."""
        line = _encode_line(data)
        with self._write_lock:
            if self._write_error is not None:
                raise build_journal_error(self.path, self._write_error) from self._write_error
            try:
                remaining = memoryview(line)
                while remaining:
                    remaining = remaining[os.write(self._handle, remaining) :]
            except OSError as error:
                self._write_error = error
                raise build_journal_error(self.path, error) from error
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


def _encode_line(data: Mapping[str, Any]) -> bytes:
    try:
        return to_json(data) + b"\n"
    except ValueError:  # half a character in a text, which only escapes can hold
        return json.dumps(data).encode() + b"\n"
