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
from connector.runtime.files.private_files import OLD_OR_NEW
from connector.runtime.webhooks.batch_writer import GroupCommitWriter

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Collection, Iterator, Sequence
    from concurrent.futures import Future

    from sqlalchemy import ColumnElement, Connection

    from connector.core.webhook.signature import Event
    from connector.runtime.clock import Clock

MAX_COMMIT_EVENTS = 500  # events in one commit
DEDUPE_WINDOW = 7 * 86_400.0  # seconds that a delivered event is remembered, so that a copy of it is known
MIN_DEDUPE_WINDOW = 86_400.0
PURGE_BATCH = 1000  # so that a writer need not wait long
TABLE = Table(
    "connector_inbox",
    MetaData(),
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("received_at", Float, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("error", Text, nullable=False),
    UniqueConstraint("source", "key", name="connector_inbox_key"),
    Index("connector_inbox_due", "source", "state", "due_at"),
)
_C = TABLE.c
_PENDING_STATE: Any = literal_column("'new'")  # no parameter, so that SQLite knows its index
_IS_PENDING = _C.state == _PENDING_STATE
Index("connector_inbox_order", _C.subject, _C.id, sqlite_where=_IS_PENDING, postgresql_where=_IS_PENDING)
_INSERT_COLUMNS = ("key", "source", "trigger", "name", "subject", "received_at", "body", "due_at")
_UPDATE_COLUMNS = ("state", "attempts", "due_at", "error")


@dataclass(frozen=True, slots=True, repr=False)
class StoredEvent:
    """An event in the inbox: `state` is new, done or dead, `received_at` epoch seconds, `attempts` a count.

    `source` is the connector and its trigger; `due_at` when a new event is to be delivered, and when a done or dead one
    was settled; `subject` what events are kept in order for; `error` why the last attempt failed.
    """

    key: str
    source: str
    trigger: str
    name: str
    subject: str
    received_at: float
    body: bytes
    state: str = "new"
    attempts: int = 0
    due_at: float = 0.0
    error: str = ""
    id: int = 0

    def __repr__(self) -> str:
        return f"<Kept {self.id} {self.name!r} {self.state}>"


_EVENT_COLUMNS = [_C[one.name] for one in fields(StoredEvent)]


class Inbox:
    """Events in a database, SQLite or PostgreSQL; safe to share among threads, processes and over a fork.

    `window` is how many seconds a delivered event is remembered, a day at least. Its methods raise StoreError.
    Raises UsageError for a URL that names no such database, and where the packages of the extra are missing.
    """

    def __init__(self, url: str, *, window: float = DEDUPE_WINDOW, clock: Clock | None = None) -> None:
        if not window >= MIN_DEDUPE_WINDOW:
            hint = "A service may send an event again hours later."
            raise UsageError(f"The window is {window:g} s; at least {MIN_DEDUPE_WINDOW:g} are needed.", hint=hint)
        self.clock: Clock = clock or SystemClock()
        self._window = window
        self._database = open_database(url, TABLE, self.clock)
        self._writers: dict[int, GroupCommitWriter] = {}

    def __repr__(self) -> str:
        return f"Inbox({self._database.display_url!r})"

    def open(self) -> None:
        """Make the database's table where it is missing, so that what is wrong with it shows now."""
        self.find(_C.id < 0, 1)

    def put(self, event: Event, source: str = "") -> Future[None]:
        """Keep an event unless it is there; the future is done when a crash cannot undo it, or has the StoreError."""
        return self._get_writer().put(self._insert_values(event, source), len(event.raw))

    def put_async(self, event: Event, source: str = "") -> asyncio.Future[None]:
        """Do as `put`, with a future of the running loop."""
        return self._get_writer().put_async(self._insert_values(event, source), len(event.raw))

    def update_state(self, stored: StoredEvent) -> Future[None]:
        """Write state, attempts, due_at and error of an event that was new; the future as that of `put`."""
        return self._get_writer().put(stored, len(stored.error))

    def update_state_async(self, stored: StoredEvent) -> asyncio.Future[None]:
        """Do as `settle`, with a future of the running loop."""
        return self._get_writer().put_async(stored, len(stored.error))

    def read_due(
        self, source: str, limit: int, excluded_ids: Collection[int] = (), *, ordered: bool = False
    ) -> list[StoredEvent]:
        """Return events of a source that are to be delivered now, the longest due first, but not these ids.

        With `ordered` an event waits while an older one of its subject is new, whenever that is due.
        """
        condition = (_C.source == source) & _IS_PENDING & (_C.due_at <= self.clock.time())
        if excluded_ids:
            condition &= _C.id.not_in(list(excluded_ids))
        if ordered:
            older = TABLE.alias()
            is_same_subject = (
                (older.c.source == _C.source)
                & (older.c.subject == _C.subject)
                & (older.c.state == literal_column("'new'"))
            )
            condition &= ~select(older.c.id).where(is_same_subject & (older.c.id < _C.id)).exists()
        return self._select_events(condition, limit, (_C.due_at, _C.id))

    def find(self, condition: ColumnElement[bool], limit: int, *, newest: bool = False) -> list[StoredEvent]:
        """Return events for which a condition on the columns of TABLE holds, oldest first; or the newest so many."""
        events = self._select_events(condition, limit, (_C.id.desc() if newest else _C.id,))
        return events[::-1] if newest else events

    def replay(self, condition: ColumnElement[bool]) -> int:
        """Let events for which a condition holds be delivered again; return how many."""
        statement = update(TABLE).where(condition).values(state="new", attempts=0, due_at=self.clock.time(), error="")
        return int(self._database.run(lambda connection: connection.execute(statement).rowcount, OLD_OR_NEW))

    def purge(self, source: str) -> int:
        """Forget some of what was delivered longer ago than the window; return how many. Dead events stay."""
        is_old = (_C.source == source) & (_C.state == "done") & (_C.due_at < self.clock.time() - self._window)
        ids = select(_C.id).where(is_old).order_by(_C.due_at).limit(PURGE_BATCH)
        statement = delete(TABLE).where(_C.id.in_(ids))
        return int(self._database.run(lambda connection: connection.execute(statement).rowcount, OLD_OR_NEW))

    def counts(self) -> dict[str, int]:
        """Return how many events there are in each state."""
        query = select(_C.state, func.count()).group_by(_C.state)
        rows = self._database.run(lambda connection: connection.execute(query).all())
        return {str(state): int(count) for state, count in rows}

    @contextlib.contextmanager
    def delivery_lock(self, source: str, timeout: float) -> Iterator[None]:
        """Be the one that delivers a source for the time of a with block, over one connection of this thread.

        Raises StoreError, retryable when another one is delivering.
        """
        with self._database.hold(f"inbox delivery {source}", timeout), self._database.session():
            yield

    def close(self) -> None:
        """Write what waits, and take no more."""
        self._get_writer().close()

    def _insert_values(self, event: Event, source: str) -> tuple[Any, ...]:
        """Return the columns that an event is added with."""
        now = self.clock.time()
        return event.key, source or event.trigger, event.trigger, event.name, event.subject, now, event.raw, now

    def _get_writer(self) -> GroupCommitWriter:
        """Return this process's writer: a forked child has no thread of its parent's."""
        pid = os.getpid()
        return self._writers.get(pid) or self._writers.setdefault(
            pid, GroupCommitWriter(self._database, _write, MAX_COMMIT_EVENTS)
        )

    def _select_events(self, condition: ColumnElement[bool], limit: int, order: Sequence[Any]) -> list[StoredEvent]:
        query = select(*_EVENT_COLUMNS).where(condition).order_by(*order).limit(limit)
        rows = self._database.run(lambda connection: connection.execute(query).all())
        return [StoredEvent(*row) for row in rows]


def _write(items: Sequence[Any], connection: Connection) -> None:
    """Add the rows of new events, and change those of begun and settled ones."""
    add, change = _compile_statements(connection.dialect.name)
    new_rows = [item for item in items if isinstance(item, tuple)]
    changed_rows = [
        (item.state, item.attempts, item.due_at, item.error, item.id) for item in items if isinstance(item, StoredEvent)
    ]
    if new_rows:
        connection.exec_driver_sql(add, new_rows)
    if changed_rows:
        connection.exec_driver_sql(change, changed_rows)


@functools.cache
def _compile_statements(dialect: str) -> tuple[str, str]:
    """Return the statements that add and settle, as a driver takes them: with rows of values in their order."""
    initial_values = {"state": _PENDING_STATE, "attempts": literal_column("0"), "error": literal_column("''")}
    dialect_module: Any = {"sqlite": sqlite, "postgresql": psycopg}[dialect]
    compiler_dialect = dialect_module.dialect(paramstyle="qmark" if dialect_module is sqlite else "format")
    insert = sqlite.insert if dialect_module is sqlite else postgresql.insert
    insert_statement: Any = (
        insert(TABLE).inline().values({**{name: bindparam(name) for name in _INSERT_COLUMNS}, **initial_values})
    )
    new_values: Any = {name: bindparam(f"its_{name}") for name in _UPDATE_COLUMNS}
    update_statement = (
        update(TABLE).where((_C.id == bindparam("which")) & _IS_PENDING).values(new_values)
    )  # what was settled stays so
    insert_if_new = insert_statement.on_conflict_do_nothing(index_elements=["source", "key"])
    return str(insert_if_new.compile(dialect=compiler_dialect)), str(update_statement.compile(dialect=compiler_dialect))
