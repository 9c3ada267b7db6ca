"""The table of runs, through the drivers of SQLite and PostgreSQL alone.

Every command writes a run, and SQLAlchemy would take longer to import than the call.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from connector.errors import StoreError, UsageError
from connector.runtime.extras import require
from connector.runtime.files import private_files
from connector.runtime.run_log.run import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BUSY_TIMEOUT = 10.0  # seconds to wait for another writer
_TYPES = {
    "is_write": "INTEGER", "status": "INTEGER", "attempts": "INTEGER",
    "started_at": "DOUBLE PRECISION", "elapsed": "DOUBLE PRECISION",
}  # fmt: skip
_OPTIONAL = ("elapsed", "status", "code", "request_id", "error")
_NAMES = ", ".join(COLUMNS)
_DEFINITIONS = ", ".join(
    f"{name} {_TYPES.get(name, 'TEXT')}{'' if name in _OPTIONAL else ' NOT NULL'}" for name in COLUMNS
)
CREATE = (
    f"CREATE TABLE IF NOT EXISTS connector_runs ({_DEFINITIONS}, PRIMARY KEY (id))",
    "CREATE INDEX IF NOT EXISTS connector_runs_started ON connector_runs (started_at)",
    "CREATE INDEX IF NOT EXISTS connector_runs_outcome ON connector_runs (outcome, started_at)",
)
_MARKS = ", ".join("?" for _ in COLUMNS)
_CHANGES = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name != "id")
SAVE = (
    f"INSERT INTO connector_runs ({_NAMES}) VALUES ({_MARKS}) "  # noqa: S608  names of our own columns
    f"ON CONFLICT (id) DO UPDATE SET {_CHANGES}"
)
SELECT = f"SELECT {_NAMES} FROM connector_runs"  # noqa: S608  names of our own columns
PURGE = (
    "DELETE FROM connector_runs WHERE id IN "
    "(SELECT id FROM connector_runs WHERE started_at < ? ORDER BY started_at LIMIT ?)"
)


class RunTable(Protocol):
    """The table of one database. Statements mark each parameter with `?`. Methods raise StoreError."""

    display_url: str

    def write(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> int:
        """Run statements in one transaction; return how many rows the last one changed."""
        ...

    def read(self, statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return the rows of a query; none where the database does not exist yet."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


def open_table(url: str) -> RunTable:
    """Return the table of a URL. Raises UsageError for an unsupported one, or where a package is missing."""
    scheme, _, location = url.partition("://")
    if scheme == "sqlite" and location.startswith("/") and location[1:] and "?" not in location:
        return SqliteRuns(Path(location[1:]).expanduser().absolute())
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        require("sql", "psycopg")
        return PostgresRuns(f"postgresql://{location}")
    hint = "Use sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
    raise UsageError("The URL of the log of runs does not name a supported database.", hint=hint)


class SqliteRuns:
    """A private file of this user. One thread at a time uses it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.display_url = f"sqlite:///{path}"
        self._connection: sqlite3.Connection | None = None

    def write(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> int:
        """Run statements in one transaction; return how many rows the last one changed."""
        with self._errors():
            connection = self._connect()
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                changed = [connection.execute(statement, parameters).rowcount for statement, parameters in statements]
            return changed[-1]

    def read(self, statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return the rows of a query; none where the file does not exist yet."""
        if self._connection is None and not self._path.exists():
            return []
        with self._errors():
            return self._connect().execute(statement, parameters).fetchall()

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            private_files.make_folder(self._path.parent)
            private_files.check_file(self._path)
            with contextlib.suppress(FileExistsError):
                private_files.create_private(self._path, b"")
            connection = sqlite3.connect(
                self._path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
            )
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=NORMAL")  # survives the death of the process, as promised
                for statement in CREATE:
                    connection.execute(statement)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        reason = ""
        try:
            yield
        except sqlite3.Error as error:
            self.close()
            reason = str(error) or type(error).__name__
        except OSError as error:
            raise private_files.build_store_error(error, self._path) from None
        if reason:  # here, so that the driver's error is not the context
            hint = "Check the disk and the file, or use another location."
            raise StoreError(f"{self.display_url}: {reason}.", hint=hint, path=self.display_url, retryable=True)


class PostgresRuns:
    """A PostgreSQL database. One thread at a time uses it."""

    def __init__(self, url: str) -> None:
        self._url = url
        parts = urlsplit(url)
        place = f"{parts.hostname or 'localhost'}{f':{parts.port}' if parts.port else ''}"
        self.display_url = f"postgresql://{place}{parts.path}"
        self._connection: Any = None

    def write(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> int:
        """Run statements in one transaction; return how many rows the last one changed."""
        with self._errors():
            connection = self._connect()
            with connection.transaction():
                changed = [
                    connection.execute(statement.replace("?", "%s"), parameters).rowcount
                    for statement, parameters in statements
                ]
            return int(changed[-1])

    def read(self, statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self._errors():
            rows: list[tuple[Any, ...]] = self._connect().execute(statement.replace("?", "%s"), parameters).fetchall()
            return rows

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> Any:
        if self._connection is None or self._connection.closed:
            import psycopg

            connection = psycopg.connect(self._url, autocommit=True, connect_timeout=int(BUSY_TIMEOUT))
            try:
                for statement in CREATE:
                    connection.execute(statement.encode())
            except psycopg.errors.UniqueViolation:  # another process created it at the same moment
                pass
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        import psycopg

        reason = ""
        try:
            yield
        except (psycopg.Error, OSError) as error:
            with contextlib.suppress(Exception):
                self.close()
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        if reason:
            password = urlsplit(self._url).password
            reason = reason.replace(password, "***") if password else reason
            hint = "Check the database, and try again."
            raise StoreError(f"{self.display_url}: {reason}.", hint=hint, path=self.display_url, retryable=True)
