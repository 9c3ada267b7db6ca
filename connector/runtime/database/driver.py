"""A database through its driver alone: SQLAlchemy would take longer to import than most commands take."""

from __future__ import annotations

import contextlib
import sqlite3
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from connector.errors import StoreError, UsageError
from connector.runtime.files import private_files
from connector.runtime.process.extras import require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from connector.runtime.database.schema import Schema

T = TypeVar("T")
BUSY_TIMEOUT = 10.0  # seconds to wait for another writer


class DriverSession:
    """A connection of a driver in autocommit mode, as a `SqlSession`."""

    def __init__(self, connection: Any, dialect: str) -> None:
        self.connection, self.dialect = connection, dialect
        self._mark = "%s" if dialect == "postgresql" else "?"

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement, whose parameters are marked `?`, and return its rows."""
        cursor = self._execute(statement, parameters)
        return list(cursor.fetchall()) if cursor.description else []

    def change(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        """Run a statement, and return how many rows it changed."""
        return int(self._execute(statement, parameters).rowcount)

    def execute_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement for each row of parameters."""
        self.connection.cursor().executemany(statement.replace("?", self._mark), rows)

    def iterate(self, statement: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query within a transaction, however many there are."""
        if self.dialect == "sqlite":
            yield from self.connection.execute(statement)
            return
        with self.connection.cursor(name="connector_rows") as cursor:  # of the server, which keeps them
            cursor.execute(statement)
            yield from cursor

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Do what a with block does as a whole or not at all; another writer is waited for now."""
        self.execute("BEGIN IMMEDIATE" if self.dialect == "sqlite" else "BEGIN")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(Exception):  # the database may have rolled back itself
                self.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def _execute(self, statement: str, parameters: Sequence[Any]) -> Any:
        if not parameters:
            return self.connection.execute(statement)
        return self.connection.execute(statement.replace("?", self._mark), tuple(parameters))


class DriverDatabase(ABC):
    """A database with the tables of a schema, over one connection that one thread at a time uses.

    Methods raise StoreError.
    """

    display_url: str
    hint: ClassVar[str]

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._session: DriverSession | None = None

    @abstractmethod
    def connect(self) -> DriverSession:
        """Return a new connection. Raises the driver's errors, OSError or StoreError."""

    @abstractmethod
    def find_reason(self, error: Exception) -> str | None:
        """Return what a driver's error says, without a secret; None for another error."""

    def exists(self) -> bool:
        """Whether connecting would create nothing; a server says by itself if it lacks the database."""
        return True

    def write(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> int:
        """Run statements in one transaction; return how many rows the last one changed."""

        def run_all(session: DriverSession) -> int:
            changed = 0
            with session.transaction():
                for statement, parameters in statements:
                    changed = session.change(statement, parameters)
            return changed

        return self.run(run_all)

    def write_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement for each row of parameters, in one transaction."""

        def run_all(session: DriverSession) -> None:
            with session.transaction():
                session.execute_many(statement, rows)

        self.run(run_all)

    def read(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query; none where the database does not exist yet."""
        if self._session is None and not self.exists():
            return []
        return self.run(lambda session: session.execute(statement, parameters))

    def read_version(self) -> int | None:
        """Return the version of the tables as they are, None where there are none; nothing is brought up to date."""
        if not self.exists():
            return None
        with self._telling(), contextlib.closing(self.connect()) as session:
            return self.schema.read_version(session, self.display_url)

    def run(self, work: Callable[[DriverSession], T]) -> T:
        """Run work with the connection and return its result; after an error the next work opens another."""
        with self.using() as session:
            return work(session)

    @contextlib.contextmanager
    def using(self) -> Iterator[DriverSession]:
        """Use the connection in a with block; after an error the next one opens another."""
        with self._telling():
            try:
                yield self._open()
            except BaseException:
                with contextlib.suppress(Exception):
                    self.close()
                raise

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """Raise the driver's errors of a with block as StoreError."""
        try:
            yield
        except Exception as error:
            reason = self.find_reason(error)
            if reason is None:
                raise
        else:
            return
        # here, so that the driver's error, with its parameters, is not the context
        raise StoreError(f"{self.display_url}: {reason}.", hint=self.hint, path=self.display_url, retryable=True)

    def close(self) -> None:
        """Close the connection."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _open(self) -> DriverSession:
        if self._session is None:
            self._session = self.connect()
            self.schema.prepare(self._session, self.display_url)
        return self._session


def open_driver(url: str, schema: Schema) -> DriverDatabase:
    """Return the database of a URL. Raises UsageError for an unsupported one, or where a package is missing."""
    scheme, _, location = url.partition("://")
    if scheme in ("sqlite", "sqlite+pysqlite") and location.startswith("/") and location[1:] and "?" not in location:
        return SqliteFile(Path(location[1:]).expanduser().absolute(), schema)
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        require("sql", "psycopg")
        return PostgresServer(f"postgresql://{location}", schema)
    hint = "Use sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
    raise UsageError(f"The URL of {schema.title} does not name a supported database.", hint=hint)


class SqliteFile(DriverDatabase):
    """A private file of this user; what was committed survives the death of the process."""

    hint: ClassVar = "Check the disk and the file, or use another location."

    def __init__(self, path: Path, schema: Schema) -> None:
        super().__init__(schema)
        self._path = path
        self.display_url = f"sqlite:///{path}"

    def exists(self) -> bool:
        """Whether the file exists."""
        return self._path.exists()

    def connect(self) -> DriverSession:
        """Return a new connection; a missing file is created, private."""
        if not self._path.parent.exists():
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
            connection.execute("PRAGMA synchronous=NORMAL")
        except BaseException:
            connection.close()
            raise
        return DriverSession(connection, "sqlite")

    def find_reason(self, error: Exception) -> str | None:
        """Return what SQLite says."""
        return (str(error) or type(error).__name__) if isinstance(error, sqlite3.Error) else None


class PostgresServer(DriverDatabase):
    """A PostgreSQL database."""

    hint: ClassVar = (
        "Check that the server can be reached, that the database is there, and the user and password in the URL."
    )

    def __init__(self, url: str, schema: Schema) -> None:
        super().__init__(schema)
        self._url = url
        try:
            parts = urlsplit(url)
            place = f"{parts.hostname or 'localhost'}{f':{parts.port}' if parts.port else ''}"
        except ValueError:
            hint = "In its user and password, write / as %2F, ? as %3F, # as %23 and @ as %40."
            raise UsageError(f"The URL of {schema.title} cannot be read.", hint=hint) from None
        self.display_url = f"postgresql://{place}{parts.path}"
        passwords = [parts.password or "", *(value for name, value in parse_qsl(parts.query) if "pass" in name)]
        texts = {text for one in passwords for text in (one, unquote(one)) if text}
        self._passwords = sorted(texts, key=len, reverse=True)  # one may begin another

    def connect(self) -> DriverSession:
        """Return a new connection."""
        import psycopg

        connection = psycopg.connect(
            self._url, autocommit=True, connect_timeout=int(BUSY_TIMEOUT), prepare_threshold=None
        )
        return DriverSession(connection, "postgresql")

    def find_reason(self, error: Exception) -> str | None:
        """Return what the server or the driver says, in a line and without the password."""
        import psycopg

        if not isinstance(error, psycopg.Error | OSError):
            return None
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        for password in self._passwords:
            reason = reason.replace(password, "***")
        return reason
