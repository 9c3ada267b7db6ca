"""The store in a database, SQLite or PostgreSQL, which several processes and hosts share."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from connector.errors import StoreError
from connector.runtime.clock import SystemClock
from connector.runtime.database.connect import open_database
from connector.runtime.files.key_names import encode_key
from connector.runtime.process.extras import require
from connector.runtime.storage.record_store import RecordStore

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from connector.runtime.clock import Clock

_RESERVED_PREFIX = "~"  # no record's name begins so, but a trial write's or a quarantined record's
_PROBE_PREFIX = f"{_RESERVED_PREFIX}trial{_RESERVED_PREFIX}"


class SqlStore(RecordStore):
    """Stores each record in a row of the table `connector_store`, which it creates when it is missing.

    `url` is `sqlite:///PATH` (a file of this user, 0600) or `postgresql://...`; its password is never shown.
    A write compares and swaps the version in one statement. A lock is a session's advisory lock (PostgreSQL; connect
    to the server itself or to a pooler in session mode) or a file beside the database (SQLite). Raises UsageError
    for another URL, and where the packages of the extra `sql` are missing.
    """

    def __init__(self, url: str, *, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        require("sql", "sqlalchemy")
        from connector.runtime.storage.sql_table import SCHEMA, StoreTable

        self._database = open_database(url, SCHEMA, self._clock)
        self._table = StoreTable(self._database)
        self.location = self._database.display_url

    def lock(self, key: str, timeout: float) -> AbstractContextManager[None]:
        """Hold a key exclusively among all processes that share the database.

        Meanwhile this thread reads and writes over the connection that holds the lock.
        """
        return self._database.hold(key, timeout)

    def prepare(self, key: str, size: int = 16_384) -> None:
        """Commit and remove a row of `size` bytes, so that a full disk shows before it matters."""
        with self._database.session():
            self._table.delete_by_prefix(_PROBE_PREFIX)  # of dead processes; a living one does not need it
            self._table.insert(f"{_PROBE_PREFIX}{encode_key(key)}", secrets.token_hex(size // 2))
            self._table.delete_by_prefix(_PROBE_PREFIX)

    def session(self) -> AbstractContextManager[None]:
        """Use one connection to the database for all work of this thread in a with block."""
        return self._database.session()

    def _list_first_names(self, prefix: str, limit: int) -> list[str]:
        return self._table.list_first_names(prefix, limit)

    def _hold_writers(self, key: str) -> AbstractContextManager[None]:  # noqa: ARG002
        return self._database.session()

    def _get_text(self, name: str) -> tuple[str | None, int | None]:
        return self._table.select(name)

    def _put_text(self, name: str, version: int, text: str) -> bool:
        return self._table.insert(name, text) if version == 1 else self._table.update(name, version, text)

    def _delete_text(self, name: str) -> bool:
        return self._table.delete(name)

    def _list_names(self) -> list[str]:
        return [name for name in self._table.list_names() if not name.startswith(_RESERVED_PREFIX)]

    def _quarantine(self, name: str, text: str | bytes) -> str:
        timestamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._clock.time()))
        quarantine_name = f"{_RESERVED_PREFIX}corrupt-{timestamp}-{secrets.token_hex(4)}{_RESERVED_PREFIX}{name}"
        try:
            is_renamed = self._table.rename(name, quarantine_name, str(text))
        except StoreError as error:
            return f"It could not be moved aside and stays where it is: {error}"
        return f"It is kept in the row {quarantine_name!r}." if is_renamed else "Another process already moved it."
