"""A database through SQLAlchemy Core; its errors become StoreError."""

from __future__ import annotations

import contextlib
import os
import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from connector.errors import StoreError
from connector.runtime.database.table_schema import LibrarySession
from connector.runtime.files.private_files import NOT_WRITTEN, OLD_OR_NEW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import URL, Connection, Engine, TextClause

    from connector.runtime.clock import Clock
    from connector.runtime.database.schema import Schema

BUSY_TIMEOUT = 10.0  # seconds to wait for a free connection, or for another writer
_DEFAULT_HINT = "Check the database, and try again."
T = TypeVar("T")


class Database(ABC):
    """A database with the tables of a schema, which are created or migrated at the first use in a process.

    Its methods raise StoreError.

    `display_url` is its URL without secrets.
    """

    display_url: str
    hints: ClassVar[dict[str, str]]
    begin_statement: ClassVar[str] = "BEGIN"  # starts a transaction of several statements
    sync_commit_statement: ClassVar[TextClause | None] = None  # makes commits wait for the disk

    def __init__(self, url: URL, schema: Schema, clock: Clock) -> None:
        self._url = url
        self.schema = schema
        self.clock = clock
        self._ready_in: set[tuple[int, object]] = set()  # a process, and the file that it saw
        self._engines: dict[tuple[int, URL], Engine] = {}  # by process
        self._thread_state = threading.local()

    @abstractmethod
    def hold(self, key: str, timeout: float) -> AbstractContextManager[None]:
        """Hold a key exclusively among all processes that share the database."""

    @abstractmethod
    def read_error_code(self, error: BaseException) -> str:
        """Return the driver's error code, the key of `hints`."""

    @abstractmethod
    def connect(self) -> Connection:
        """Return a new connection in autocommit mode. Raises the library's errors, or StoreError."""

    def exists(self) -> bool:
        """Whether connecting would create nothing; a server says by itself if it lacks the database."""
        return True

    def is_read_only(self) -> bool:
        """Whether nothing can be written; a server says so by itself."""
        return False

    def identify_file(self) -> object:
        """Return what tells the database's file from another one in its place; a server has none."""
        return None

    def build_engine_options(self) -> dict[str, Any]:
        """Return further options of the engine."""
        return {}

    def get_engine(self, url: URL | None = None) -> Engine:
        """Return this process's engine (of another URL too), which pools no connection, so that a fork shares none."""
        key = os.getpid(), self._url if url is None else url
        return self._engines.get(key) or self._engines.setdefault(key, self.build_engine(key[1]))

    def build_engine(self, url: URL) -> Engine:
        """Return a new engine for a URL."""
        shared_options: dict[str, Any] = {
            "poolclass": NullPool,
            "pool_reset_on_return": None,
            "isolation_level": "AUTOCOMMIT",
            "hide_parameters": True,  # stored data must not appear in errors and logs
        }
        return create_engine(url, **shared_options, **self.build_engine_options())

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        """Use one connection for all work of this thread in a with block."""
        if self._find_thread_connection() is not None:
            yield
            return
        with self.open_connection() as connection, self.use_connection(connection):
            yield

    @contextlib.contextmanager
    def use_connection(self, connection: Connection) -> Iterator[None]:
        """Use this connection for all work of this thread in a with block."""
        previous = getattr(self._thread_state, "now", None)
        self._thread_state.now = (os.getpid(), connection)
        try:
            yield
        finally:
            self._thread_state.now = previous

    def build_error(self, error: BaseException, data_state: str = NOT_WRITTEN) -> StoreError:
        """Return an error of the library or driver as StoreError, without values or passwords."""
        origin = getattr(error, "orig", None) or error
        details = str(origin).strip() if isinstance(error, DBAPIError | OSError) else ""
        reason = self.strip_passwords(details.splitlines()[0] if details else type(origin).__name__)
        connection_lost = isinstance(error, DBAPIError) and error.connection_invalidated
        hint = self.hints.get(self.read_error_code(origin), _DEFAULT_HINT)
        message = f"{self.display_url}: {reason}. {data_state if connection_lost else NOT_WRITTEN}"
        return StoreError(message, hint=hint, path=self.display_url)

    def strip_passwords(self, text: str) -> str:
        """Return a driver's message with the URL's passwords masked."""
        passwords = [str(self._url.password or "")]
        passwords += [str(value) for name, value in self._url.query.items() if "pass" in name]
        for password in filter(None, passwords):
            text = text.replace(password, "***")
        return text.rstrip(".")

    def run(self, work: Callable[[Connection], T], data_state: str = NOT_WRITTEN) -> T:
        """Run work with a connection and return its result; `data_state` says what a lost connection leaves."""
        own_connection = self._find_thread_connection()
        with self.open_connection() if own_connection is None else contextlib.nullcontext(own_connection) as connection:
            try:
                seen = os.getpid(), self.identify_file()
                if seen not in self._ready_in:
                    self.schema.prepare(LibrarySession(connection), self.display_url)
                    self._ready_in.add(seen)
                return work(connection)
            except (SQLAlchemyError, OSError) as error:
                store_error = self.build_error(error, data_state)
        raise store_error  # here, so that the library's error, with its parameters, is not the context

    def run_in_transaction(self, work: Callable[[Connection], Any]) -> None:
        """Run work in one durable transaction: all of it is done, or nothing."""

        def run_all(connection: Connection) -> None:
            self.enable_sync_commit(connection)
            connection.exec_driver_sql(self.begin_statement)
            try:
                work(connection)
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                with contextlib.suppress(SQLAlchemyError):  # the database may have rolled back itself
                    connection.exec_driver_sql("ROLLBACK")
                raise

        self.run(run_all, OLD_OR_NEW)

    def open_connection(self) -> Connection:
        """Return a new connection in autocommit mode."""
        try:
            return self.connect()
        except (SQLAlchemyError, OSError) as error:
            store_error = self.build_error(error)
        raise store_error

    def _find_thread_connection(self) -> Connection | None:
        """Return the connection that this thread uses, unless it was lost."""
        pid, connection = getattr(self._thread_state, "now", None) or (0, None)
        return connection if connection is not None and pid == os.getpid() and not connection.invalidated else None

    def enable_sync_commit(self, connection: Connection) -> None:
        """Make the commits of a connection durable."""
        if self.sync_commit_statement is not None and "durable" not in connection.info:
            connection.execute(self.sync_commit_statement)
            connection.info["durable"] = True
