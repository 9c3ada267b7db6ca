"""The sandbox's state: in memory, or in one JSON file that several processes may share.

The file is replaced as a whole, under a lock file beside it; a process that dies leaves the old state or the new one.
Only sent fields and generated ids are stored; the rest of a record comes from the definitions.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from dataclasses import field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic_core import ValidationError, to_json

from connector.errors import StoreError
from connector.first_use import dataclass, prepare_pattern
from connector.runtime.files.stored_data import build_validator
from connector.runtime.process.fork_safety import ForkSafeLock
from connector.sandbox.data.issued_tokens import TokenRegistry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic_core import SchemaValidator

VERSION = 1
_LOCK_TIMEOUT = 10.0  # seconds
_LOCK_POLL_INTERVAL = 0.005  # seconds
_HEAD_PATTERN = prepare_pattern(rb'\{"version":1,"stamp":"([0-9a-f]{32})"')
_HEAD_BYTES = 80
_RESET_HINT = "`connector sandbox reset` deletes all sandbox data."


@dataclass
class SandboxRecord:
    """One record: id, creation order, parent id, creating action, sent fields, and its times (epoch seconds)."""

    id: str | int
    position: int
    parent: str | int | None = None
    created_by: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    created_at: float = 0.0
    updated_at: float = 0.0


@dataclass
class SandboxData:
    """The whole state: records by collection and id, number ever created, tokens."""

    version: int = VERSION
    stamp: str = ""
    count: int = 0
    records: dict[str, dict[str, SandboxRecord]] = field(default_factory=dict)
    token_registry: TokenRegistry = field(default_factory=TokenRegistry)


class _Snapshot(NamedTuple):
    stamp: bytes
    data: SandboxData


class SandboxState:
    """The state of one sandbox: `SandboxState(None)` in memory, `SandboxState(path)` in a file.

    Safe to share between threads and processes. `create_initial` builds the initial state. Raises StoreError for a
    file that cannot be read or written.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.create_initial: Callable[[], SandboxData] = SandboxData
        self._lock = ForkSafeLock(reentrant=True)
        self._is_file_locked = False  # whether this process holds the lock file
        self._snapshot: _Snapshot | None = None

    @contextlib.contextmanager
    def read(self) -> Iterator[SandboxData]:
        """Lock the state for reading; do not change it."""
        with self._lock:
            yield self._load()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[SandboxData]:
        """Lock the state for a change; save it when the block succeeds."""
        with self._lock, self._file_lock():
            data = self._load()
            try:
                yield data
            except BaseException:
                if self.path is not None:
                    self._snapshot = None
                raise
            self._save(data)

    def reset(self) -> None:
        """Delete all data, even a corrupt file."""
        with self._lock, self._file_lock():
            self._snapshot = None
            if self.path is not None:
                with self._wrap_os_errors("removed"):
                    self.path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _file_lock(self) -> Iterator[None]:
        if self.path is None:
            yield
            return
        from filelock import FileLock, Timeout

        with self._wrap_os_errors("locked"):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = FileLock(f"{self.path}.lock", timeout=_LOCK_TIMEOUT, mode=0o600)
            try:
                lock.acquire(poll_interval=_LOCK_POLL_INTERVAL)
            except Timeout:
                message = f"The sandbox state {self.path} is locked by another process."
                hint = "Nothing was changed. Stop the other sandbox, or use another state file."
                raise StoreError(message, path=str(self.path), hint=hint, retryable=True) from None
        self._is_file_locked = True
        try:
            yield
        finally:
            self._is_file_locked = False
            lock.release()

    def _load(self) -> SandboxData:
        """Return the state; reload it only when another process has replaced the file."""
        if self.path is None:
            self._snapshot = self._snapshot or _Snapshot(b"", self.create_initial())
            return self._snapshot.data
        with self._wrap_os_errors("read"):
            try:
                with self.path.open("rb") as file:
                    match = _HEAD_PATTERN.match(head := file.read(_HEAD_BYTES))
                    stamp = match[1] if match else b""
                    if self._snapshot is not None and stamp and stamp == self._snapshot.stamp:
                        return self._snapshot.data
                    raw = head + file.read()
            except FileNotFoundError:
                self._snapshot = None
                return self.create_initial()
        self._snapshot = _Snapshot(stamp, self._parse(raw))
        return self._snapshot.data

    def _parse(self, raw: bytes) -> SandboxData:
        assert self.path is not None
        try:
            data: SandboxData = _get_validator().validate_json(raw)
        except ValidationError as error:
            if not self._is_file_locked:  # another process may have repaired it: read again under the lock
                with self._file_lock():
                    return self._load()
            first = error.errors(include_input=False, include_url=False)[0]
            raise self._quarantine(f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}") from None
        if data.version != VERSION:
            message = f"The sandbox state {self.path} has version {data.version}; expected {VERSION}."
            hint = f"Nothing was changed. Use the newer connector, or start over: {_RESET_HINT}"
            raise StoreError(message, path=str(self.path), hint=hint)
        return data

    def _quarantine(self, reason: str) -> StoreError:
        """Move a corrupt file aside, and build the error that names it."""
        assert self.path is not None
        with self._wrap_os_errors("moved aside"):
            quarantine_path = _quarantine_file(self.path)
        message = f"The sandbox state {self.path} is corrupt ({reason}). It was moved to {quarantine_path}."
        hint = f"The next call starts from the initial state. {_RESET_HINT}"
        return StoreError(message, path=str(self.path), hint=hint)

    def _save(self, data: SandboxData) -> None:
        if self.path is None:
            return
        data.stamp = uuid.uuid4().hex
        with self._wrap_os_errors("written"):
            _replace_file(self.path, to_json(data))
        self._snapshot = _Snapshot(data.stamp.encode(), data)

    @contextlib.contextmanager
    def _wrap_os_errors(self, operation: str) -> Iterator[None]:
        """Convert OSError to a StoreError that names the file and the fix."""
        try:
            yield
        except OSError as error:
            self._snapshot = None
            reason = error.strerror or type(error).__name__
            message = f"The sandbox state {self.path} cannot be {operation}: {reason}."
            hint = "The file is unchanged. Make the folder writable, or use another state file."
            raise StoreError(message, path=str(self.path), hint=hint) from error


@cache
def _get_validator() -> SchemaValidator:
    return build_validator(SandboxData, strict=True)


def get_record(data: SandboxData, collection: str, record_id: Any) -> SandboxRecord | None:
    """Return a record by collection and id, or None."""
    return data.records.get(collection, {}).get(str(record_id))


def _replace_file(path: Path, content: bytes) -> None:
    """Replace a file atomically. The caller holds the lock, so one temporary name is enough."""
    temp_path = Path(f"{path}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(temp_path, flags, 0o600), "wb") as file:
        file.write(content)
    temp_path.replace(path)


def _quarantine_file(path: Path) -> Path:
    """Move a file aside under a free name, and return that path."""
    numbered = (Path(f"{path}.corrupt-{number}") for number in range(1, 1_000_000))
    return path.replace(next(path for path in numbered if not path.exists()))
