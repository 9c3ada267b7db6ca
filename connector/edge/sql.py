"""The table of a store through SQLAlchemy Core, one code path for every dialect; its errors become the store's."""

from __future__ import annotations

import contextlib
import os
import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    MetaData,
    Table,
    Text,
    create_engine,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateTable

from connector.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import URL, Connection, Engine, TextClause

    from connector.edge.clock import Clock

PATIENCE = 10.0  # seconds to wait for a free connection, or for another process that is writing
TABLE = Table(
    "connector_store",
    MetaData(),
    Column("key", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("data", Text, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)
_UNTOUCHED = "What was kept before is untouched."
_UNKNOWN = "The old record or the new one is there, whole."
_DEFAULT = "Look at the database, and try again."
T = TypeVar("T")


class Database(ABC):
    """A database with the table of a store; every method raises StoreError. `shown` is its URL without secrets."""

    shown: str
    hints: ClassVar[dict[str, str]]
    durable: ClassVar[TextClause | None] = None  # makes the commits of a connection wait for the disk

    def __init__(self, url: URL, clock: Clock) -> None:
        self._url = url
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

    def select(self, name: str) -> tuple[int, str] | None:
        """Return version and text of a row, or None."""
        wanted = select(TABLE.c.version, TABLE.c.data).where(TABLE.c.key == name)
        row = self._run(lambda connection: connection.execute(wanted).first())
        return None if row is None else (int(row[0]), str(row[1]))

    def names(self) -> list[str]:
        """Return the name of every row."""
        return self._run(lambda connection: [str(name) for name in connection.scalars(select(TABLE.c.key))])

    def insert(self, name: str, text: str) -> bool:
        """Add a row of version 1; return whether there was none."""
        row = {"key": name, "version": 1, "data": text, "updated_at": func.now()}

        def work(connection: Connection) -> bool:
            self._make_durable(connection)
            try:
                connection.execute(insert(TABLE).values(row))
            except IntegrityError:
                return False
            return True

        return self._run(work, _UNKNOWN)

    def update(self, name: str, have: int, text: str) -> bool:
        """Replace the text of a row that has this version, in one statement; return whether it had."""
        which = (TABLE.c.key == name) & (TABLE.c.version == have)
        fresh = update(TABLE).where(which).values(version=have + 1, data=text, updated_at=func.now())

        def work(connection: Connection) -> bool:
            self._make_durable(connection)
            return connection.execute(fresh).rowcount == 1

        return self._run(work, _UNKNOWN)

    def rename(self, name: str, to: str, text: str) -> bool:
        """Move a row that still holds this text; return whether it did."""
        moved = update(TABLE).where((TABLE.c.key == name) & (TABLE.c.data == text)).values(key=to)
        return self._run(lambda connection: connection.execute(moved).rowcount == 1, _UNKNOWN)

    def delete(self, name: str) -> bool:
        """Remove a row; return whether there was one."""
        gone = delete(TABLE).where(TABLE.c.key == name)
        return self._run(lambda connection: connection.execute(gone).rowcount == 1, "It may be there still.")

    def sweep(self, prefix: str) -> None:
        """Remove the rows whose name begins with a text."""
        gone = delete(TABLE).where(TABLE.c.key.startswith(prefix, autoescape=True))
        self._run(lambda connection: connection.execute(gone), "They may be there still.")

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

    def failure(self, error: BaseException, safe: str = _UNTOUCHED) -> StoreError:
        """Return an error of the library or the driver as one of the store, without a value or a password."""
        origin = getattr(error, "orig", None) or error
        said = str(origin).strip() if isinstance(error, DBAPIError | OSError) else ""
        reason = self.cleaned(said.splitlines()[0] if said else type(origin).__name__)
        lost = isinstance(error, DBAPIError) and error.connection_invalidated
        hint = self.hints.get(self.code(origin), _DEFAULT)
        message = f"{self.shown}: {reason}. {safe if lost else _UNTOUCHED}"
        return StoreError(message, hint=hint, path=self.shown)

    def cleaned(self, text: str) -> str:
        """Return a driver's message without the passwords of the URL, should they be there."""
        secret = [str(self._url.password or "")]
        secret += [str(value) for name, value in self._url.query.items() if "pass" in name]
        for one in filter(None, secret):
            text = text.replace(one, "***")
        return text.rstrip(".")

    def _run(self, work: Callable[[Connection], T], safe: str = _UNTOUCHED) -> T:
        pinned = self._mine_now()
        with self._opened() if pinned is None else contextlib.nullcontext(pinned) as connection:
            try:
                if os.getpid() not in self._ready:
                    _make_table(connection)
                    self._ready.add(os.getpid())
                return work(connection)
            except (SQLAlchemyError, OSError) as error:
                failed = self.failure(error, safe)
        raise failed  # outside, so that the library's error with its parameters is not its context

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

    def _make_durable(self, connection: Connection) -> None:
        if self.durable is not None:
            connection.execute(self.durable)


def _make_table(connection: Connection) -> None:
    """Make the table where it is missing; another process may be making it at the same time."""
    if connection.dialect.has_table(connection, TABLE.name):
        return
    try:
        connection.execute(CreateTable(TABLE, if_not_exists=True))
    except (IntegrityError, ProgrammingError):
        if not connection.dialect.has_table(connection, TABLE.name):
            raise
