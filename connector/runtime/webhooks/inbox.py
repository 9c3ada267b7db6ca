"""The inbox of a receiver: events are durable when `put` is done, and stay until they were delivered and longer.

One process at a time delivers the events of a source; the lock for it is freed when its holder dies, and the next one
goes on with what was not settled.
"""

from __future__ import annotations

import contextlib
import functools
import os
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg

from connector.errors import UsageError
from connector.runtime.clock import SystemClock
from connector.runtime.database.connect import open_database
from connector.runtime.database.database import UNKNOWN
from connector.runtime.webhooks.batch_writer import Writer

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Collection, Iterator, Sequence
    from concurrent.futures import Future

    from sqlalchemy import ColumnElement, Connection

    from connector.core.webhook.signature import Event
    from connector.runtime.clock import Clock

MOST_TOGETHER = 500  # events in one commit
WINDOW = 7 * 86_400.0  # seconds that a delivered event is remembered, so that a copy of it is known
SHORTEST_WINDOW = 86_400.0
FORGOTTEN_AT_ONCE = 1000  # so that a writer need not wait long
TABLE = Table(
    "connector_inbox",
    MetaData(),
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("came", Float, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due", Float, nullable=False),
    Column("error", Text, nullable=False),
    UniqueConstraint("source", "key", name="connector_inbox_key"),
    Index("connector_inbox_due", "source", "state", "due"),
)
_C = TABLE.c
_STATE_NEW: Any = literal_column("'new'")  # no parameter, so that SQLite knows its index
_NEW = _C.state == _STATE_NEW
Index("connector_inbox_order", _C.subject, _C.id, sqlite_where=_NEW, postgresql_where=_NEW)
_ADDED = ("key", "source", "trigger", "name", "subject", "came", "body", "due")
_CHANGED = ("state", "attempts", "due", "error")


@dataclass(frozen=True, slots=True, repr=False)
class Kept:
    """An event in the inbox: `state` is new, done or dead, `came` epoch seconds, `attempts` a count.

    `source` is the connector and its trigger; `due` when a new event is to be delivered, and when a done or dead one
    was settled; `subject` what events are kept in order for; `error` why the last attempt failed.
    """

    key: str
    source: str
    trigger: str
    name: str
    subject: str
    came: float
    body: bytes
    state: str = "new"
    attempts: int = 0
    due: float = 0.0
    error: str = ""
    id: int = 0

    def __repr__(self) -> str:
        return f"<Kept {self.id} {self.name!r} {self.state}>"


_KEPT = [_C[one.name] for one in fields(Kept)]


class Inbox:
    """Events in a database, SQLite or PostgreSQL; safe to share among threads, processes and over a fork.

    `window` is how many seconds a delivered event is remembered, a day at least. Its methods raise StoreError.
    Raises UsageError for a URL that names no such database, and where the packages of the extra are missing.
    """

    def __init__(self, url: str, *, window: float = WINDOW, clock: Clock | None = None) -> None:
        if not window >= SHORTEST_WINDOW:
            hint = "A service may send an event again hours later."
            raise UsageError(f"The window is {window:g} s; at least {SHORTEST_WINDOW:g} are needed.", hint=hint)
        self.clock: Clock = clock or SystemClock()
        self._window = window
        self._database = open_database(url, TABLE, self.clock)
        self._writers: dict[int, Writer] = {}

    def __repr__(self) -> str:
        return f"Inbox({self._database.shown!r})"

    def open(self) -> None:
        """Make the database's table where it is missing, so that what is wrong with it shows now."""
        self.find(_C.id < 0, 1)

    def put(self, event: Event, source: str = "") -> Future[None]:
        """Keep an event unless it is there; the future is done when a crash cannot undo it, or has the StoreError."""
        return self._writer().put(self._row(event, source), len(event.raw))

    def put_here(self, event: Event, source: str = "") -> asyncio.Future[None]:
        """Do as `put`, with a future of the running loop."""
        return self._writer().put_here(self._row(event, source), len(event.raw))

    def settle(self, one: Kept) -> Future[None]:
        """Write state, attempts, due and error of an event that was new; the future as that of `put`."""
        return self._writer().put(one, len(one.error))

    def settle_here(self, one: Kept) -> asyncio.Future[None]:
        """Do as `settle`, with a future of the running loop."""
        return self._writer().put_here(one, len(one.error))

    def due(self, source: str, most: int, beyond: Collection[int] = (), *, ordered: bool = False) -> list[Kept]:
        """Return events of a source that are to be delivered now, the longest due first, but not these ids.

        With `ordered` an event waits while an older one of its subject is new, whenever that is due.
        """
        wanted = (_C.source == source) & _NEW & (_C.due <= self.clock.time())
        if beyond:
            wanted &= _C.id.not_in(list(beyond))
        if ordered:
            older = TABLE.alias()
            same = (
                (older.c.source == _C.source)
                & (older.c.subject == _C.subject)
                & (older.c.state == literal_column("'new'"))
            )
            wanted &= ~select(older.c.id).where(same & (older.c.id < _C.id)).exists()
        return self._found(wanted, most, (_C.due, _C.id))

    def find(self, wanted: ColumnElement[bool], most: int, *, newest: bool = False) -> list[Kept]:
        """Return events for which a condition on the columns of TABLE holds, oldest first; or the newest so many."""
        found = self._found(wanted, most, (_C.id.desc() if newest else _C.id,))
        return found[::-1] if newest else found

    def replay(self, wanted: ColumnElement[bool]) -> int:
        """Let events for which a condition holds be delivered again; return how many."""
        again = update(TABLE).where(wanted).values(state="new", attempts=0, due=self.clock.time(), error="")
        return int(self._database.run(lambda connection: connection.execute(again).rowcount, UNKNOWN))

    def forget(self, source: str) -> int:
        """Forget some of what was delivered longer ago than the window; return how many. Dead events stay."""
        old = (_C.source == source) & (_C.state == "done") & (_C.due < self.clock.time() - self._window)
        some = select(_C.id).where(old).order_by(_C.due).limit(FORGOTTEN_AT_ONCE)
        gone = delete(TABLE).where(_C.id.in_(some))
        return int(self._database.run(lambda connection: connection.execute(gone).rowcount, UNKNOWN))

    def counts(self) -> dict[str, int]:
        """Return how many events there are in each state."""
        query = select(_C.state, func.count()).group_by(_C.state)
        rows = self._database.run(lambda connection: connection.execute(query).all())
        return {str(state): int(count) for state, count in rows}

    @contextlib.contextmanager
    def delivering(self, source: str, timeout: float) -> Iterator[None]:
        """Be the one that delivers a source for the time of a with block, over one connection of this thread.

        Raises StoreError, retryable when another one is delivering.
        """
        with self._database.hold(f"inbox delivery {source}", timeout), self._database.session():
            yield

    def close(self) -> None:
        """Write what waits, and take no more."""
        self._writer().close()

    def _row(self, event: Event, source: str) -> tuple[Any, ...]:
        """Return the columns that an event is added with."""
        now = self.clock.time()
        return event.key, source or event.trigger, event.trigger, event.name, event.subject, now, event.raw, now

    def _writer(self) -> Writer:
        """Return this process's writer: a forked child has no thread of its parent's."""
        pid = os.getpid()
        return self._writers.get(pid) or self._writers.setdefault(pid, Writer(self._database, _write, MOST_TOGETHER))

    def _found(self, wanted: ColumnElement[bool], most: int, order: Sequence[Any]) -> list[Kept]:
        query = select(*_KEPT).where(wanted).order_by(*order).limit(most)
        rows = self._database.run(lambda connection: connection.execute(query).all())
        return [Kept(*row) for row in rows]


def _write(things: Sequence[Any], connection: Connection) -> None:
    """Add the rows of new events, and change those of begun and settled ones."""
    add, settle = _texts(connection.dialect.name)
    added = [one for one in things if isinstance(one, tuple)]
    settled = [(one.state, one.attempts, one.due, one.error, one.id) for one in things if isinstance(one, Kept)]
    if added:
        connection.exec_driver_sql(add, added)
    if settled:
        connection.exec_driver_sql(settle, settled)


@functools.cache
def _texts(dialect: str) -> tuple[str, str]:
    """Return the statements that add and settle, as a driver takes them: with rows of values in their order."""
    same = {"state": _STATE_NEW, "attempts": literal_column("0"), "error": literal_column("''")}
    of: Any = {"sqlite": sqlite, "postgresql": psycopg}[dialect]
    known = of.dialect(paramstyle="qmark" if of is sqlite else "format")
    insert = sqlite.insert if of is sqlite else postgresql.insert
    added: Any = insert(TABLE).inline().values({**{name: bindparam(name) for name in _ADDED}, **same})
    changed: Any = {name: bindparam(f"its_{name}") for name in _CHANGED}
    settled = update(TABLE).where((_C.id == bindparam("which")) & _NEW).values(changed)  # what was settled stays so
    kept = added.on_conflict_do_nothing(index_elements=["source", "key"])
    return str(kept.compile(dialect=known)), str(settled.compile(dialect=known))
