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

from connector.core.bulk.journal_state import BEGUN, DONE, FAILED, UNCERTAIN, Damaged, Story, begins
from connector.errors import StoreError, TransportError, UsageError
from connector.runtime.files import private_files as private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

VERSION = 1
LOOK = "Look at the service whether it was done before you repeat it."
AGAIN = "--restart begins anew and sends every row again, also those that are done."
_GO_ON = "Free some space there, or move the journal and name it with --journal FILE; then the same command goes on."
_CLOSED = "Give this user the right to read and write there; rows that were not begun may have another --journal FILE."
_PLACE = "Look at that place; rows that were not begun may have another --journal FILE."
_HINTS = {
    **dict.fromkeys((errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG), _GO_ON),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), _CLOSED),
}


class Journal:
    """One journal, held alone by this process; its `of` says what rows it is of. Safe to share among threads."""

    def __init__(self, path: Path, of: Mapping[str, Any], count: Callable[[], int]) -> None:
        """Open a journal, or begin it: then `count` is called, which may raise, for the number of rows.

        Raises StoreError: not to be read or written, held by another, damaged. Raises UsageError: of others, or none.
        """
        self.path = path
        self.story = Story()
        self._gate = threading.Lock()  # one line at a time
        self._syncing = threading.Lock()  # one fsync at a time, for all that wait
        self._written = self._synced = 0  # lines
        self._size = 0  # bytes
        self._broken: OSError | None = None
        self._handle = _opened(path)
        try:
            _hold(self._handle, path)
            self._read()
            self.rows = self._compared(dict(of)) if self.story.of is not None else self._began(of, count)
        except BaseException:
            self.close()
            raise

    def _read(self) -> None:
        """Read what is there. Bytes of a line that a cut left half are taken off."""
        try:
            _judge(self._handle, self.path, empty=True)
            with open(self._handle, "rb", closefd=False) as file:  # what is read is what is held
                self.story.read(file)
            os.ftruncate(self._handle, self.story.size)
            self._size = os.lseek(self._handle, self.story.size, os.SEEK_SET)
        except Damaged as error:
            hint = f"Look at the file and at the service. {AGAIN}"
            raise StoreError(f"{self.path} is damaged: {error}.", hint=hint, path=str(self.path)) from None
        except OSError as error:
            raise _failure(self.path, error) from error

    def _began(self, of: Mapping[str, Any], count: Callable[[], int]) -> int:
        """Write the first line, and return the number of rows; where they cannot be counted no file stays."""
        try:
            rows = count()
        except BaseException:
            with contextlib.suppress(OSError):
                self.path.unlink()
            raise
        self._durable({"journal": VERSION, "count": rows, **of})
        private.sync_folder(self.path.parent)
        return rows

    def _compared(self, of: dict[str, Any]) -> int:
        """Return the number of rows. Raises StoreError for another version's journal, UsageError for one of others."""
        there = dict(self.story.of or {})
        version, rows = there.pop("journal", None), there.pop("count", None)
        if version != VERSION or not isinstance(rows, int):
            hint = f"Use the version that made it. {AGAIN}"
            raise StoreError(f"{self.path} is no journal that this version reads.", hint=hint, path=str(self.path))
        other = [name for name in {**there, **of} if there.get(name) != of.get(name)]
        if other:
            raise _of_others(self.path, other)
        return rows

    @property
    def begun(self) -> bool:
        """Whether an earlier run has left something here."""
        return self.story.rows > 0

    def begin(self, number: int, line: int, key: str | None, *, again: bool) -> None:
        """Note that a row is about to be sent, down to the disk; `again` where it may be sent twice.

        Raises StoreError, and then nothing may be sent.
        """
        noted: dict[str, Any] = {"begin": number, "line": line}
        if key is not None:
            noted["key"] = key
        if again:
            noted["again"] = True
        self._durable(noted)

    def end(self, result: Mapping[str, Any]) -> None:
        """Note what came of a row; it is on the disk with the next row that begins, at the latest with the last."""
        self._write(result)

    def undo(self, number: int) -> None:
        """Note that a row was not sent after all."""
        self._write({"undo": number})

    def settle(self, number: int, how: str) -> None:
        """Say of an uncertain row that it is "done", or is to be sent "again". Raises UsageError for any other row."""
        if self.story.state(number) not in (BEGUN, UNCERTAIN):
            raise UsageError(f"Row {number} is not uncertain.", hint="--settle is for rows whose outcome is uncertain.")
        with self.path.open("rb") as file:
            line = self._line(file, number)["line"]
        settled = {"row": number, "line": line, "outcome": "done", "settled": True}
        noted = settled if how == "done" else {"undo": number}
        self.story.take(noted, self._size)
        self._durable(noted)

    def uncertain(self) -> Iterator[int]:
        """Yield the numbers of the rows of which nobody knows whether they were done."""
        return (number for number in self.story.numbers() if self.story.state(number) in (BEGUN, UNCERTAIN))

    def results(self, *, failed: bool = True) -> Iterator[dict[str, Any]]:
        """Yield what earlier runs came to, in the order of rows: one result each; of rows that failed if wanted."""
        ended = (DONE, UNCERTAIN, FAILED) if failed else (DONE, UNCERTAIN)
        with self.path.open("rb") as file:
            for number in self.story.numbers():
                state = self.story.state(number)
                if state == BEGUN:
                    yield cut_off(number, self._line(file, number)["line"])
                elif state in ended:
                    yield self._line(file, number)

    def _line(self, file: IO[bytes], number: int) -> dict[str, Any]:
        """Read the last line of a row."""
        file.seek(self.story.place(number))
        line: dict[str, Any] = json.loads(file.readline())
        return line

    def _durable(self, data: Mapping[str, Any]) -> None:
        """Write a line down to the disk; those who come meanwhile share the next fsync. Raises StoreError."""
        ticket = self._write(data)
        with self._syncing:
            if self._synced >= ticket:
                return
            upto = self._written
            try:
                os.fsync(self._handle)
            except OSError as error:
                self._broken = error
                raise _failure(self.path, error) from error
            self._synced = upto

    def _write(self, data: Mapping[str, Any]) -> int:
        """Write a line and return its number. Raises StoreError, from then on for every line."""
        line = _line(data)
        with self._gate:
            if self._broken is not None:
                raise _failure(self.path, self._broken) from self._broken
            try:
                rest = memoryview(line)
                while rest:
                    rest = rest[os.write(self._handle, rest) :]
            except OSError as error:
                self._broken = error
                raise _failure(self.path, error) from error
            self._size += len(line)
            self._written += 1
            return self._written

    def close(self) -> None:
        """Bring everything to the disk and let go; what threads still want to note is refused."""
        with self._syncing, self._gate:
            handle, self._handle = self._handle, -1
            if handle < 0:
                return
            self._broken = self._broken or OSError("the journal is closed")
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


def set_aside(path: Path) -> Path | None:
    """Rename a journal that nobody holds to the first free one of PATH.1, PATH.2 ...; None where there is none.

    Raises StoreError, and for a file that does not begin as a journal UsageError.
    """
    if not os.path.lexists(path):
        return None
    handle = _opened(path)
    try:
        _hold(handle, path)
        _judge(handle, path, empty=False)
        other = next(
            one for one in (path.with_name(f"{path.name}.{count}") for count in itertools.count(1)) if not one.exists()
        )
        path.rename(other)
    except OSError as error:
        raise _failure(path, error) from error
    finally:
        os.close(handle)
    return other


def _opened(path: Path) -> int:
    try:
        return private.open_own(path)
    except OSError as error:
        raise _failure(path, error) from error


def _judge(handle: int, path: Path, *, empty: bool) -> None:
    """Refuse a file that does not begin as a journal; an empty one may become one. Raises OSError, UsageError."""
    raw = os.read(handle, 64)
    os.lseek(handle, 0, os.SEEK_SET)
    if not (begins(raw) or (empty and not raw)):
        hint = "Name another place with --journal FILE." if raw else "Leave --restart out."
        raise UsageError(f"{path} is {'no journal' if raw else 'empty'}, and was left as it is.", hint=hint)


def _of_others(path: Path, other: list[str]) -> UsageError:
    """Return the error about a journal of another run, by the names of what differs."""
    hint = f"Give what it was begun with. {AGAIN} So does another --journal."
    if "rows" in other:
        other = [name for name in other if name != "values"]  # they are kept with the rows, and tell nothing alone
        hint = "Rows that were mended or are new: put them into a file of their own, and leave this one as it was. "
        hint += AGAIN
    return UsageError(f"{path} is the journal of another run: other {', '.join(other)}.", hint=hint)


def _hold(handle: int, path: Path) -> None:
    """Have a file alone; the system frees it when this process ends, however that happens. Raises StoreError."""
    try:
        if filelock.lock_descriptor(handle, blocking=False):
            return
    except OSError as error:
        raise _failure(path, error) from error
    hint = "Wait until it ends, or stop it."
    raise StoreError(f"{path}: another run of these rows is under way.", hint=hint, path=str(path))


def _line(data: Mapping[str, Any]) -> bytes:
    try:
        return to_json(data) + b"\n"
    except ValueError:  # half a character in a text, which only escapes can hold
        return json.dumps(data).encode() + b"\n"


def cut_off(number: int, line: int | None) -> dict[str, Any]:
    """Return the result of a row that was sent and not waited for."""
    message = "The row was under way when the run was cut off."
    error = TransportError(message, kind="interrupted", hint=LOOK, outcome="uncertain")
    return {"row": number, "line": line, "outcome": "uncertain", "error": error.to_dict()}


def _failure(path: Path, error: OSError) -> StoreError:
    reason = error.strerror or str(error)
    safe = "What is not noted is not sent."
    hint = _HINTS.get(error.errno or 0, _PLACE)
    return StoreError(f"{path}: {reason}. {safe}", hint=hint, path=str(path))
