"""The store in a database, SQLite or PostgreSQL: several processes and hosts share one connection through it."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

from connector.errors import StoreError
from connector.runtime.clock import SystemClock
from connector.runtime.database.connect import open_database, require
from connector.runtime.storage import record_codec as record
from connector.runtime.storage.store import conflict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from connector.runtime.clock import Clock
    from connector.runtime.storage.store import Kept

TRIES = 100  # of a write without version, against writers that were faster
_OWN = "~"  # a name that begins so is no record: a trial write, or a damaged record that is kept
_TRIAL = f"{_OWN}trial{_OWN}"


class SqlStore:
    """Keeps each record in a row of the table `connector_store`, which it makes when it is missing.

    `url` is `sqlite:///PATH` (a file of this user, 0600) or `postgresql://...`; its password is never shown.
    A write compares and swaps the version in one statement. A lock is a session's advisory lock (PostgreSQL; connect
    to the server itself or to a pooler in session mode) or a file beside the database (SQLite). Raises UsageError
    for another URL, and where the packages of the extra `sql` are missing.
    """

    def __init__(self, url: str, *, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        require("sqlalchemy")
        from connector.runtime.storage.sql_table import TABLE, Records  # noqa: PLC0415  an extra

        self._database = open_database(url, TABLE, self._clock)
        self._records = Records(self._database)

    def __repr__(self) -> str:
        return f"SqlStore({self._database.shown!r})"

    def read(self, key: str) -> Kept | None:
        """Return the record, or None. Raises StoreError for a damaged one, which is then kept in a row beside."""
        row = self._records.select(record.name(key))
        if row is None:
            return None
        try:
            return _parsed(row, key)
        except record.Unreadable as error:
            raise self._unreadable(key, error, "It stays where it is.") from None
        except record.Broken as error:
            raise self._unreadable(key, error, self._set_aside(key, row[1])) from None

    def write(self, key: str, data: Mapping[str, Any], *, version: int | None = None) -> int:
        """Keep data; when it returns the database has committed. With `version` only over that one (0: none yet)."""
        if version is not None:
            if not self._swap(key, version, data):
                raise conflict(self._database.shown, key, version)
            return version + 1
        have = 0
        with self._database.session():
            for _ in range(TRIES):
                found = self.read(key)
                have = found.version if found else 0
                if self._swap(key, have, data):
                    return have + 1
        raise conflict(self._database.shown, key, have)

    def remove(self, key: str) -> bool:
        """Forget a record; return whether there was one."""
        return self._records.delete(record.name(key))

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that begin with a text, sorted."""
        names = [name for name in self._records.names() if not name.startswith(_OWN)]
        found = (self._key(name) for name in names)
        return sorted(key for key in found if key is not None and key.startswith(prefix))

    def lock(self, key: str, timeout: float) -> AbstractContextManager[None]:
        """Hold a key alone among all who share the database. StoreError names the holder after `timeout` seconds.

        What this thread reads and writes meanwhile goes over the connection that holds the lock.
        """
        return self._database.hold(key, timeout)

    def prepare(self, key: str, size: int = 16_384) -> None:
        """Commit and remove a row of `size` bytes, so that a full disk shows before it matters."""
        with self._database.session():
            self._records.sweep(_TRIAL)  # of dead processes; a living one does not miss it
            self._records.insert(f"{_TRIAL}{record.name(key)}", secrets.token_hex(size // 2))
            self._records.sweep(_TRIAL)

    def _swap(self, key: str, have: int, data: Mapping[str, Any]) -> bool:
        name, text = record.name(key), record.render(key, have + 1, data)
        if have == 0:
            return self._records.insert(name, text)
        return self._records.update(name, have, text)

    def _key(self, name: str) -> str | None:
        """Return the key of a row's name; a shortened one is in the record. None when that is gone or damaged."""
        key = record.key_of(name)
        if key is not None:
            return key
        row = self._records.select(name)
        try:
            return record.held_key(row[1]) if row else None
        except record.Broken:  # reading it by its key tells what is wrong
            return None

    def _set_aside(self, key: str, text: str) -> str:
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._clock.time()))
        name = record.name(key)
        aside = f"{_OWN}corrupt-{moment}-{secrets.token_hex(4)}{_OWN}{name}"
        try:
            moved = self._records.rename(name, aside, text)
        except StoreError as error:
            return f"It could not be moved aside and stays where it is: {error}"
        return f"It is kept in the row {aside!r}." if moved else "Somebody else has dealt with it."

    def _unreadable(self, key: str, error: record.Broken, kept: str) -> StoreError:
        shown = self._database.shown
        hint = "Put a good copy in its place, or sign in again."
        return StoreError(f"{key!r} in {shown} cannot be read: {error}. {kept}", hint=hint, path=shown)


def _parsed(row: tuple[int, str], key: str) -> Kept:
    found = record.parse(row[1], key)
    if found.version != row[0]:
        raise record.Broken("its version is not that of its row")
    return found
