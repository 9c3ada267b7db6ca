"""SQLite: a private file that is created atomically, with lock files beside it."""

from __future__ import annotations

import glob
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from sqlalchemy import URL, event, make_url

from connector.errors import StoreError, UsageError
from connector.runtime.database.database import BUSY_TIMEOUT, Database
from connector.runtime.database.table_schema import LibrarySession
from connector.runtime.files import atomic, private_files
from connector.runtime.files.locks import FileLocks

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Engine

    from connector.runtime.clock import Clock
    from connector.runtime.database.schema import Schema

_RECOVER_HINT = "Keep a copy of it, and repair it with: sqlite3 OLD .recover | sqlite3 NEW"


class Sqlite(Database):
    """A database file of this user, created 0600 in WAL mode if missing; a commit waits for the disk."""

    hints: ClassVar = {
        "SQLITE_FULL": "Free some space, or use another location; then try again.",
        "SQLITE_IOERR": "Check the disk: it may be full, over its quota, or failing.",
        "SQLITE_READONLY": "Give this user the right to write there, or use another location.",
        "SQLITE_CANTOPEN": "Give this user the right to read and write there, or use another location.",
        "SQLITE_BUSY": "Another process has been writing for a long time: try again, or check that process.",
        "SQLITE_CORRUPT": _RECOVER_HINT,
        "SQLITE_NOTADB": _RECOVER_HINT,
    }

    begin_statement: ClassVar = "BEGIN IMMEDIATE"  # wait for other writers now, not between two statements

    def __init__(self, url: URL, schema: Schema, clock: Clock) -> None:
        if not url.database or url.database == ":memory:" or url.query or url.database.startswith("file:"):
            raise UsageError("An SQLite URL must name a file.", hint="Use sqlite:///PATH, or memory:.")
        self._path = Path(url.database).expanduser().absolute()
        self.display_url = f"sqlite:///{self._path}"
        super().__init__(URL.create("sqlite", database=str(self._path)), schema, clock)
        self._locks = FileLocks(self._path.with_name(f"{self._path.name}.locks"), self.display_url, clock)

    def hold(self, key: str, timeout: float) -> AbstractContextManager[None]:
        """Hold a key exclusively among the processes of this machine."""
        self._ensure_folder()
        return self._locks.hold(key, timeout)

    def read_error_code(self, error: BaseException) -> str:
        """Return the primary result code's name, such as SQLITE_FULL."""
        return "_".join(str(getattr(error, "sqlite_errorname", "")).split("_")[:2])

    def exists(self) -> bool:
        """Whether the file exists."""
        return self._path.exists()

    def is_read_only(self) -> bool:
        """Whether the file is there, and neither it nor its folder may be written to."""
        return self.exists() and not (os.access(self._path, os.W_OK) and os.access(self._path.parent, os.W_OK))

    def identify_file(self) -> object:
        """Return the file's device and number, if it is only read also its state; None where it is not there."""
        try:
            status = self._path.stat()
        except OSError:
            return None
        file_id = status.st_dev, status.st_ino
        return (*file_id, status.st_mtime_ns, self._has_log()) if self.is_read_only() else file_id

    def build_engine_options(self) -> dict[str, Any]:
        """Set how long a statement waits for other writers."""
        return {"connect_args": {"timeout": BUSY_TIMEOUT}}

    def build_engine(self, url: URL) -> Engine:
        """Return an engine whose commits wait for the disk."""
        engine = super().build_engine(url)
        event.listen(engine, "connect", _enable_full_sync)
        return engine

    def connect(self) -> Connection:
        """Return a new connection. Raises StoreError when the file is empty or not private."""
        if not private_files.check_file(self._path):
            self._ensure_folder()
            with self._locks.hold("open", BUSY_TIMEOUT, "write"):
                if not private_files.check_file(self._path):  # not created meanwhile
                    self._create_file()
        if self._path.stat().st_size == 0:
            raise StoreError(
                f"{self._path} cannot be read: it is empty, so it was truncated. It stays where it is.",
                hint=f"Restore a good copy, or start over: rm {shlex.quote(str(self._path))}",
                path=str(self._path),
            )
        return self.get_engine(self._build_reading_url() if self.is_read_only() else None).connect()

    def _build_reading_url(self) -> URL:
        """Return a URL that needs no file beside the database, unless it has a log that must be read with it.

        Whoever writes on another machine changes the state that `identify_file` tells.
        """
        mode = "mode=ro" if self._has_log() else "mode=ro&immutable=1"
        return make_url(f"sqlite:///file:{quote(str(self._path))}?{mode}&uri=true")

    def _has_log(self) -> bool:
        log_path = self._path.with_name(f"{self._path.name}-wal")
        return log_path.exists() and log_path.stat().st_size > 0

    def _ensure_folder(self) -> None:
        if not self._path.parent.exists():
            private_files.make_folder(self._path.parent)

    def _create_file(self) -> None:
        """Create the file and its tables under another name, and move it into place when complete."""
        try:
            for stale_path in self._path.parent.glob(f"{glob.escape(self._path.name)}.*.tmp*"):
                stale_path.unlink()
            with atomic.replacing(self._path) as temp_path:
                private_files.create_private(temp_path, b"")
                with self.build_engine(URL.create("sqlite", database=str(temp_path))).connect() as connection:
                    connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                    self.schema.prepare(LibrarySession(connection), self.display_url)
        except OSError as error:
            raise private_files.build_store_error(error, self._path) from error


def _enable_full_sync(connection: Any, _record: Any) -> None:
    """Make each commit wait for the disk, in WAL mode too (https://www.sqlite.org/pragma.html#pragma_synchronous)."""
    try:
        connection.execute("PRAGMA synchronous=FULL")
    except BaseException:  # not a database; nothing else closes the connection
        connection.close()
        raise
