"""The store in a database, SQLite or PostgreSQL: several processes and hosts share one connection through it."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

from connector.errors import StoreError
from connector.runtime.clock import SystemClock
from connector.runtime.database.connect import open_database, require_package
from connector.runtime.storage import record_codec
from connector.runtime.storage.store import build_conflict_error

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from connector.runtime.clock import Clock
    from connector.runtime.storage.store import StoredRecord

MAX_WRITE_ATTEMPTS = 100  # of a write without version, against writers that were faster
_RESERVED_PREFIX = "~"  # a name that begins so is no record: a trial write, or a damaged record that is kept
_PROBE_PREFIX = f"{_RESERVED_PREFIX}trial{_RESERVED_PREFIX}"


class SqlStore:
    """Keeps each record in a row of the table `connector_store`, which it makes when it is missing.

    `url` is `sqlite:///PATH` (a file of this user, 0600) or `postgresql://...`; its password is never shown.
    A write compares and swaps the version in one statement. A lock is a session's advisory lock (PostgreSQL; connect
    to the server itself or to a pooler in session mode) or a file beside the database (SQLite). Raises UsageError
    for another URL, and where the packages of the extra `sql` are missing.
    """

    def __init__(self, url: str, *, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        require_package("sqlalchemy")
        from connector.runtime.storage.sql_table import TABLE, StoreTable  # noqa: PLC0415  an extra

        self._database = open_database(url, TABLE, self._clock)
        self._table = StoreTable(self._database)

    def __repr__(self) -> str:
        return f"SqlStore({self._database.display_url!r})"

    def read(self, key: str) -> StoredRecord | None:
        """Return the record, or None. Raises StoreError for a damaged one, which is then kept in a row beside."""
        row = self._table.select(record_codec.encode_key(key))
        if row is None:
            return None
        try:
            return _decode_row(row, key)
        except record_codec.UnsupportedRecord as error:
            raise self._build_read_error(key, error, "It stays where it is.") from None
        except record_codec.CorruptRecord as error:
            raise self._build_read_error(key, error, self._quarantine(key, row[1])) from None

    def write(self, key: str, data: Mapping[str, Any], *, version: int | None = None) -> int:
        """Keep data; when it returns the database has committed. With `version` only over that one (0: none yet)."""
        if version is not None:
            if not self._compare_and_swap(key, version, data):
                raise build_conflict_error(self._database.display_url, key, version)
            return version + 1
        current_version = 0
        with self._database.session():
            for _ in range(MAX_WRITE_ATTEMPTS):
                current = self.read(key)
                current_version = current.version if current else 0
                if self._compare_and_swap(key, current_version, data):
                    return current_version + 1
        raise build_conflict_error(self._database.display_url, key, current_version)

    def remove(self, key: str) -> bool:
        """Forget a record; return whether there was one."""
        return self._table.delete(record_codec.encode_key(key))

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that begin with a text, sorted."""
        names = [name for name in self._table.list_names() if not name.startswith(_RESERVED_PREFIX)]
        stored_keys = (self._read_key(name) for name in names)
        return sorted(key for key in stored_keys if key is not None and key.startswith(prefix))

    def lock(self, key: str, timeout: float) -> AbstractContextManager[None]:
        """Hold a key alone among all who share the database. StoreError names the holder after `timeout` seconds.

        What this thread reads and writes meanwhile goes over the connection that holds the lock.
        """
        return self._database.hold(key, timeout)

    def prepare(self, key: str, size: int = 16_384) -> None:
        """Commit and remove a row of `size` bytes, so that a full disk shows before it matters."""
        with self._database.session():
            self._table.delete_by_prefix(_PROBE_PREFIX)  # of dead processes; a living one does not miss it
            self._table.insert(f"{_PROBE_PREFIX}{record_codec.encode_key(key)}", secrets.token_hex(size // 2))
            self._table.delete_by_prefix(_PROBE_PREFIX)

    def _compare_and_swap(self, key: str, expected_version: int, data: Mapping[str, Any]) -> bool:
        name, text = record_codec.encode_key(key), record_codec.encode_record(key, expected_version + 1, data)
        if expected_version == 0:
            return self._table.insert(name, text)
        return self._table.update(name, expected_version, text)

    def _read_key(self, name: str) -> str | None:
        """Return the key of a row's name; a shortened one is in the record. None when that is gone or damaged."""
        key = record_codec.decode_key(name)
        if key is not None:
            return key
        row = self._table.select(name)
        try:
            return record_codec.read_key(row[1]) if row else None
        except record_codec.CorruptRecord:  # reading it by its key tells what is wrong
            return None

    def _quarantine(self, key: str, text: str) -> str:
        timestamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._clock.time()))
        name = record_codec.encode_key(key)
        quarantine_name = f"{_RESERVED_PREFIX}corrupt-{timestamp}-{secrets.token_hex(4)}{_RESERVED_PREFIX}{name}"
        try:
            is_renamed = self._table.rename(name, quarantine_name, text)
        except StoreError as error:
            return f"It could not be moved aside and stays where it is: {error}"
        return f"It is kept in the row {quarantine_name!r}." if is_renamed else "Somebody else has dealt with it."

    def _build_read_error(self, key: str, error: record_codec.CorruptRecord, location_note: str) -> StoreError:
        display_url = self._database.display_url
        hint = "Put a good copy in its place, or sign in again."
        return StoreError(
            f"{key!r} in {display_url} cannot be read: {error}. {location_note}", hint=hint, path=display_url
        )


def _decode_row(row: tuple[int, str], key: str) -> StoredRecord:
    stored = record_codec.decode_record(row[1], key)
    if stored.version != row[0]:
        raise record_codec.CorruptRecord("its version is not that of its row")
    return stored
