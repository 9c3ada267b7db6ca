"""SQLite as a store: a private file that is there whole or not at all, and lock files beside it."""

from __future__ import annotations

import glob
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import URL, event

from connector.errors import StoreError, UsageError
from connector.runtime.database.database import PATIENCE, Database, make_table
from connector.runtime.files import private_files as private
from connector.runtime.files.lock_files import FileLocks

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Engine, Table

    from connector.runtime.clock import Clock

_WHOLE = "Keep a copy of it, and mend it with: sqlite3 OLD .recover | sqlite3 NEW"


class Sqlite(Database):
    """A database file of this user, made 0600 in WAL mode when missing; a commit waits for the disk."""

    hints: ClassVar = {
        "SQLITE_FULL": "Free some space, or give the store another place; then try again.",
        "SQLITE_IOERR": "Look at the disk: it may be full, over its quota, or failing.",
        "SQLITE_READONLY": "Give this user the right to write there, or give the store another place.",
        "SQLITE_CANTOPEN": "Give this user the right to read and write there, or give the store another place.",
        "SQLITE_BUSY": "Another process has been writing for long: try again, or look what it does.",
        "SQLITE_CORRUPT": _WHOLE,
        "SQLITE_NOTADB": _WHOLE,
    }

    begin: ClassVar = "BEGIN IMMEDIATE"  # wait for other writers now, and not between two statements

    def __init__(self, url: URL, table: Table, clock: Clock) -> None:
        if not url.database or url.database == ":memory:" or url.query or url.database.startswith("file:"):
            raise UsageError("A store in SQLite is named by the path of a file.", hint="sqlite:///PATH, or memory:")
        self._path = Path(url.database).expanduser().absolute()
        self.shown = f"sqlite:///{self._path}"
        super().__init__(URL.create("sqlite", database=str(self._path)), table, clock)
        self._locks = FileLocks(self._path.with_name(f"{self._path.name}.locks"), self.shown, clock)

    def hold(self, key: str, timeout: float) -> AbstractContextManager[None]:
        """Hold a key alone among the processes of this machine."""
        self._see_folder()
        return self._locks.hold(key, timeout)

    def code(self, error: BaseException) -> str:
        """Return the primary result code's name, such as SQLITE_FULL."""
        return "_".join(str(getattr(error, "sqlite_errorname", "")).split("_")[:2])

    def options(self) -> dict[str, Any]:
        """Wait for other writers this long."""
        return {"connect_args": {"timeout": PATIENCE}}

    def engine_of(self, url: URL) -> Engine:
        """Return an engine whose commits wait for the disk."""
        made = super().engine_of(url)
        event.listen(made, "connect", _full)
        return made

    def connect(self) -> Connection:
        """Return a new connection. Raises StoreError when the file is cut to nothing or not private."""
        if not private.check_file(self._path):
            self._see_folder()
            with self._locks.hold("open", PATIENCE, "write"):
                if not private.check_file(self._path):  # nobody was faster
                    self._make()
        if self._path.stat().st_size == 0:
            raise StoreError(
                f"{self._path} cannot be read: it is empty, so it was cut. It stays where it is.",
                hint=f"Put a good copy in its place, or begin anew: rm {shlex.quote(str(self._path))}",
                path=str(self._path),
            )
        return self.engine().connect()

    def _see_folder(self) -> None:
        if not self._path.parent.exists():
            private.make_folder(self._path.parent)

    def _make(self) -> None:
        """Make the file beside, with its table, and put it into place: what is there is never half a database."""
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}.tmp")
        try:
            for left in self._path.parent.glob(f"{glob.escape(self._path.name)}.*.tmp*"):
                left.unlink()
            private.write_new(fresh, b"")
            with self.engine_of(URL.create("sqlite", database=str(fresh))).connect() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                make_table(connection, self.table)
            fresh.replace(self._path)
            private.sync_folder(self._path.parent)
        except OSError as error:
            raise private.failure(error, self._path) from error


def _full(connection: Any, _record: Any) -> None:
    """Have each commit wait for the disk, in WAL mode too (https://www.sqlite.org/pragma.html#pragma_synchronous)."""
    try:
        connection.execute("PRAGMA synchronous=FULL")
    except BaseException:  # it is no database: nobody else closes it
        connection.close()
        raise
