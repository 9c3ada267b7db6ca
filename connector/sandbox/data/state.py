"""What the sandbox remembers: in memory, or in one JSON file that several processes may share.

The file is replaced as a whole, under a lock beside it; a process that dies leaves the old state or the new one.
Only what was sent is kept, with the ids that were given; the rest of a thing comes from the definitions.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import to_json

from connector.errors import StoreError
from connector.sandbox.data.issued_tokens import Grants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VERSION = 1
_LOCK_TIMEOUT = 10.0  # seconds
_LOCK_POLL = 0.005
_HEAD = re.compile(rb'\{"version":1,"stamp":"([0-9a-f]{32})"')
_HEAD_SIZE = 80
_RESET = "`connector sandbox reset` forgets everything that it holds."


class Record(BaseModel):
    """One thing: its id, what it stands under, the action that made it, and what was sent; `place` in its list."""

    model_config = ConfigDict(extra="forbid")

    id: str | int
    place: int
    parent: str | int | None = None
    by: str | None = None
    sent: dict[str, JsonValue] = {}


class Data(BaseModel):
    """Everything that is remembered: things by collection and id, how many there ever were, and grants."""

    model_config = ConfigDict(extra="forbid")

    version: int = VERSION
    stamp: str = ""
    count: int = 0
    things: dict[str, dict[str, Record]] = {}
    grants: Grants = Field(default_factory=Grants)


class _Read(NamedTuple):
    stamp: bytes
    data: Data


class State:
    """The state of one sandbox: `State(None)` in memory, `State(path)` in a file. Safe among threads and processes.

    `fresh` makes the state that a sandbox begins with. Raises StoreError for a file that cannot be read or written.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.fresh: Callable[[], Data] = Data
        self._lock = threading.RLock()
        self._locked = False  # whether the lock beside the file is held too
        self._held: _Read | None = None

    @contextlib.contextmanager
    def reading(self) -> Iterator[Data]:
        """Hold the state still while it is looked at; it must not be changed."""
        with self._lock:
            yield self._current()

    @contextlib.contextmanager
    def writing(self) -> Iterator[Data]:
        """Hold the state while it is changed; it is kept when the block ends well."""
        with self._lock, self._file_lock():
            data = self._current()
            try:
                yield data
            except BaseException:
                if self.path is not None:
                    self._held = None
                raise
            self._keep(data)

    def reset(self) -> None:
        """Forget everything, a file that cannot be read included."""
        with self._lock, self._file_lock():
            self._held = None
            if self.path is not None:
                with self._told("removed"):
                    self.path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _file_lock(self) -> Iterator[None]:
        if self.path is None:
            yield
            return
        with self._told("locked"):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = FileLock(f"{self.path}.lock", timeout=_LOCK_TIMEOUT, mode=0o600)
            try:
                lock.acquire(poll_interval=_LOCK_POLL)
            except Timeout:
                message = f"The sandbox's state at {self.path} is locked by another process."
                hint = "Nothing was changed. End the other sandbox, or give this one a file of its own."
                raise StoreError(message, path=str(self.path), hint=hint, retryable=True) from None
        self._locked = True
        try:
            yield
        finally:
            self._locked = False
            lock.release()

    def _current(self) -> Data:
        """Return the state, read again only when another process has replaced the file."""
        if self.path is None:
            self._held = self._held or _Read(b"", self.fresh())
            return self._held.data
        with self._told("read"):
            try:
                with self.path.open("rb") as file:
                    match = _HEAD.match(head := file.read(_HEAD_SIZE))
                    stamp = match[1] if match else b""
                    if self._held is not None and stamp and stamp == self._held.stamp:
                        return self._held.data
                    raw = head + file.read()
            except FileNotFoundError:
                self._held = None
                return self.fresh()
        self._held = _Read(stamp, self._parsed(raw))
        return self._held.data

    def _parsed(self, raw: bytes) -> Data:
        assert self.path is not None
        try:
            data = Data.model_validate_json(raw)
        except ValidationError as error:
            if not self._locked:  # another process may have mended it meanwhile: look again, and move it under the lock
                with self._file_lock():
                    return self._current()
            first = error.errors(include_input=False, include_url=False)[0]
            raise self._broken(f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}") from None
        if data.version != VERSION:
            message = f"The sandbox's state at {self.path} has version {data.version}; this one knows {VERSION}."
            hint = f"Nothing was changed. Use the newer connector, or forget it: {_RESET}"
            raise StoreError(message, path=str(self.path), hint=hint)
        return data

    def _broken(self, why: str) -> StoreError:
        """Keep a broken file aside, and tell where."""
        assert self.path is not None
        aside = next(path for n in range(1, 1_000_000) if not (path := Path(f"{self.path}.corrupt-{n}")).exists())
        with self._told("kept aside"):
            self.path.replace(aside)
        message = f"The sandbox's state at {self.path} cannot be read ({why}). It is kept as {aside}, as it was."
        hint = f"The next call begins anew; to be sure of it, {_RESET}"
        return StoreError(message, path=str(self.path), hint=hint)

    def _keep(self, data: Data) -> None:
        if self.path is None:
            return
        data.stamp = uuid.uuid4().hex
        fresh = Path(f"{self.path}.new")  # one name, since the lock is held: what a killed process left is overwritten
        with self._told("written"):
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
            with os.fdopen(os.open(fresh, flags, 0o600), "wb") as file:
                file.write(to_json(data))
            fresh.replace(self.path)
        self._held = _Read(data.stamp.encode(), data)

    @contextlib.contextmanager
    def _told(self, done: str) -> Iterator[None]:
        """Turn the system's errors into one that names the file and what to do."""
        try:
            yield
        except OSError as error:
            self._held = None
            reason = error.strerror or type(error).__name__
            message = f"The sandbox's state at {self.path} cannot be {done}: {reason}."
            hint = "What was there is unchanged. Make the folder writable, or give the sandbox another file."
            raise StoreError(message, path=str(self.path), hint=hint) from error


def entry(data: Data, collection: str, key: Any) -> Record | None:
    """Return a thing by its collection and id, or None."""
    return data.things.get(collection, {}).get(str(key))


__all__ = ["VERSION", "Data", "Record", "State", "entry"]
