"""A database through SQLAlchemy Core, one code path for every dialect; its errors become the store's."""

from __future__ import annotations

import contextlib
import os
import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateIndex, CreateTable

from connector.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import URL, Connection, Engine, Table, TextClause

    from connector.runtime.clock import Clock

PATIENCE = 10.0  # seconds to wait for a free connection, or for another process that is writing
UNTOUCHED = "What was kept before is untouched."
UNKNOWN = "The old record or the new one is there, whole."
_DEFAULT = "Look at the database, and try again."
T = TypeVar("T")


class Database(ABC):
    """A database with one table, made when it is missing; every method raises StoreError.

    `shown` is its URL without secrets.
    """

    shown: str
    hints: ClassVar[dict[str, str]]
    begin: ClassVar[str] = "BEGIN"  # a transaction of several statements
    durable: ClassVar[TextClause | None] = None  # makes the commits of a connection wait for the disk

    def __init__(self, url: URL, table: Table, clock: Clock) -> None:
        self._url = url
        self.table = table
        self.clock = clock
        self._ready: set[int] = set()
        self._engines: dict[int, Engine] = {}
        self._pinned = threading.local()

    @abstractmethod
    def hold(self, key: str, timeout: float) -> AbstractContextManager[None]:
        """Hold a key alone among all who share the database."""

    @abstractmethod
    def code(self, error: BaseException) -> str:
        """Return the driver's own code of an error, by which `hints` knows what to do."""

    @abstractmethod
    def connect(self) -> Connection:
        """Return a new connection that commits each statement. Raises the library's errors, or StoreError."""

    def options(self) -> dict[str, Any]:
        """Return what the engine is made with, besides what all have in common."""
        return {}

    def engine(self) -> Engine:
        """Return this process's engine: it keeps no connection, so nothing is shared over a fork."""
        made = self._engines.get(os.getpid())
        return made or self._engines.setdefault(os.getpid(), self.engine_of(self._url))

    def engine_of(self, url: URL) -> Engine:
        """Return a new engine of a URL."""
        common: dict[str, Any] = {
            "poolclass": NullPool,
            "pool_reset_on_return": None,
            "isolation_level": "AUTOCOMMIT",
            "hide_parameters": True,  # what is kept must not stand in the library's errors and logs
        }
        return create_engine(url, **common, **self.options())

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        """Do all that this thread asks in a with block over one connection."""
        if self._mine_now() is not None:
            yield
            return
        with self._opened() as connection, self.pin(connection):
            yield

    @contextlib.contextmanager
    def pin(self, connection: Connection) -> Iterator[None]:
        """Use a connection for all that this thread asks in a with block."""
        before = getattr(self._pinned, "now", None)
        self._pinned.now = (os.getpid(), connection)
        try:
            yield
        finally:
            self._pinned.now = before

    def failure(self, error: BaseException, safe: str = UNTOUCHED) -> StoreError:
        """Return an error of the library or the driver as one of the store, without a value or a password."""
        origin = getattr(error, "orig", None) or error
        said = str(origin).strip() if isinstance(error, DBAPIError | OSError) else ""
        reason = self.cleaned(said.splitlines()[0] if said else type(origin).__name__)
        lost = isinstance(error, DBAPIError) and error.connection_invalidated
        hint = self.hints.get(self.code(origin), _DEFAULT)
        message = f"{self.shown}: {reason}. {safe if lost else UNTOUCHED}"
        return StoreError(message, hint=hint, path=self.shown)

    def cleaned(self, text: str) -> str:
        """Return a driver's message without the passwords of the URL, should they be there."""
        secret = [str(self._url.password or "")]
        secret += [str(value) for name, value in self._url.query.items() if "pass" in name]
        for one in filter(None, secret):
            text = text.replace(one, "***")
        return text.rstrip(".")

    def run(self, work: Callable[[Connection], T], safe: str = UNTOUCHED) -> T:
        """Return what work does with a connection to a database that has the table; `safe` says what failing leaves."""
        pinned = self._mine_now()
        with self._opened() if pinned is None else contextlib.nullcontext(pinned) as connection:
            try:
                if os.getpid() not in self._ready:
                    make_table(connection, self.table)
                    self._ready.add(os.getpid())
                return work(connection)
            except (SQLAlchemyError, OSError) as error:
                failed = self.failure(error, safe)
        raise failed  # outside, so that the library's error with its parameters is not its context

    def together(self, work: Callable[[Connection], Any]) -> None:
        """Do work in one transaction, which waits for the disk; when it fails, nothing of it was done or all."""

        def all_of_it(connection: Connection) -> None:
            self.make_durable(connection)
            connection.exec_driver_sql(self.begin)
            try:
                work(connection)
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                with contextlib.suppress(SQLAlchemyError):  # the database may have done so itself
                    connection.exec_driver_sql("ROLLBACK")
                raise

        self.run(all_of_it, UNKNOWN)

    def _opened(self) -> Connection:
        try:
            return self.connect()
        except (SQLAlchemyError, OSError) as error:
            failed = self.failure(error)
        raise failed

    def _mine_now(self) -> Connection | None:
        """Return the connection that is pinned to this thread of this process, unless it was lost."""
        pid, connection = getattr(self._pinned, "now", None) or (0, None)
        return connection if connection is not None and pid == os.getpid() and not connection.invalidated else None

    def make_durable(self, connection: Connection) -> None:
        """Have the commits of a connection wait for the disk."""
        if self.durable is not None and "durable" not in connection.info:
            connection.execute(self.durable)
            connection.info["durable"] = True


def make_table(connection: Connection, table: Table) -> None:
    """Make the table where it is missing; another process may be making it at the same time."""
    if connection.dialect.has_table(connection, table.name):
        return
    try:
        connection.execute(CreateTable(table, if_not_exists=True))
        for index in table.indexes:
            connection.execute(CreateIndex(index, if_not_exists=True))
    except (IntegrityError, ProgrammingError):
        if not connection.dialect.has_table(connection, table.name):
            raise
