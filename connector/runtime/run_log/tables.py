"""The table of runs, through the drivers of SQLite and PostgreSQL alone.

Every command writes a run, and SQLAlchemy would take longer to import than the call.
"""

from __future__ import annotations

import contextlib
import sqlite3
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from urllib.parse import unquote, urlsplit

from connector.errors import StoreError, UsageError
from connector.runtime.extras import require
from connector.runtime.files import private_files
from connector.runtime.run_log.run import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

T = TypeVar("T")
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


class RunTable(ABC):
    """The table of one database; one thread at a time uses it. Methods raise StoreError.

    Statements mark each parameter with `?`, whatever the driver does.
    """

    display_url: str
    mark: ClassVar[str] = "?"
    hint: ClassVar[str]

    def __init__(self) -> None:
        self._connection: Any = None

    @abstractmethod
    def open(self) -> Any:
        """Return a new connection, with the table. Raises the driver's errors, OSError or StoreError."""

    @abstractmethod
    def find_reason(self, error: Exception) -> str | None:
        """Return what a driver's error says, without a secret; None for another error."""

    @abstractmethod
    def begin(self, connection: Any) -> AbstractContextManager[Any]:
        """Return a transaction, which ends with its with block."""

    def exists(self) -> bool:
        """Whether connecting would create nothing; a server says by itself if it lacks the database."""
        return True

    def write(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> int:
        """Run statements in one transaction; return how many rows the last one changed."""

        def run_all(connection: Any) -> int:
            changed = 0
            with self.begin(connection):
                for statement, parameters in statements:
                    changed = connection.execute(statement.replace("?", self.mark), parameters).rowcount
            return changed

        return self._use(run_all)

    def read(self, statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return the rows of a query; none where the database does not exist yet."""
        if self._connection is None and not self.exists():
            return []
        query = statement.replace("?", self.mark)
        return self._use(lambda connection: list(connection.execute(query, parameters).fetchall()))

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _use(self, work: Callable[[Any], T]) -> T:
        try:
            if self._connection is None:
                self._connection = self.open()
            return work(self._connection)
        except Exception as error:
            reason = self.find_reason(error)
            if reason is None:
                raise
            with contextlib.suppress(Exception):
                self.close()
        # here, so that the driver's error, with its parameters, is not the context
        raise StoreError(f"{self.display_url}: {reason}.", hint=self.hint, path=self.display_url, retryable=True)


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


class SqliteRuns(RunTable):
    """A private file of this user."""

    hint: ClassVar = "Check the disk and the file, or use another location."

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self.display_url = f"sqlite:///{path}"

    def exists(self) -> bool:
        """Whether the file exists."""
        return self._path.exists()

    def open(self) -> sqlite3.Connection:
        """Return a new connection; a missing file is created, private."""
        private_files.make_folder(self._path.parent)
        try:
            if not private_files.check_file(self._path):
                with contextlib.suppress(FileExistsError):  # another process created it at the same moment
                    private_files.create_private(self._path, b"")
        except OSError as error:
            raise private_files.build_store_error(error, self._path) from None
        connection = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")  # survives the death of the process, as promised
            for statement in CREATE:
                connection.execute(statement)
        except BaseException:
            connection.close()
            raise
        return connection

    def find_reason(self, error: Exception) -> str | None:
        """Return what SQLite says."""
        return (str(error) or type(error).__name__) if isinstance(error, sqlite3.Error) else None

    @contextlib.contextmanager
    def begin(self, connection: sqlite3.Connection) -> Iterator[None]:
        """Begin a transaction that waits for other writers now, not between two statements."""
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            yield


class PostgresRuns(RunTable):
    """A PostgreSQL database."""

    mark: ClassVar = "%s"
    hint: ClassVar = "Check the database, and try again."

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        parts = urlsplit(url)
        place = f"{parts.hostname or 'localhost'}{f':{parts.port}' if parts.port else ''}"
        self.display_url = f"postgresql://{place}{parts.path}"
        self._passwords = {text for text in (parts.password, unquote(parts.password or "")) if text}

    def open(self) -> Any:
        """Return a new connection."""
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
        return connection

    def find_reason(self, error: Exception) -> str | None:
        """Return what the server or the driver says, in a line and without the password."""
        import psycopg

        if not isinstance(error, psycopg.Error | OSError):
            return None
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        for password in self._passwords:
            reason = reason.replace(password, "***")
        return reason

    def begin(self, connection: Any) -> AbstractContextManager[Any]:
        """Begin a transaction."""
        transaction: AbstractContextManager[Any] = connection.transaction()
        return transaction
