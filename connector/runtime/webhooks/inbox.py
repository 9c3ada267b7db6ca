"""A durable event inbox; delivered events are kept for days to recognize copies.

One process at a time delivers the events of a source. Its lock is released when it dies, and the next process continues
with the pending events.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
from dataclasses import fields
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
    case,
    delete,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg

from connector.errors import UsageError
from connector.first_use import dataclass
from connector.runtime.clock import SystemClock
from connector.runtime.database.connect import open_database
from connector.runtime.database.group_commit import GroupCommitWriter
from connector.runtime.database.table_schema import define_schema
from connector.runtime.files.private_files import OLD_OR_NEW
from connector.runtime.webhooks.inbox_owners import OWNERS, InboxOwners

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Collection, Iterator, Sequence
    from concurrent.futures import Future

    from sqlalchemy import ColumnElement, Connection

    from connector.core.webhook.event import Event
    from connector.runtime.clock import Clock

MAX_COMMIT_EVENTS = 500  # events in one commit
DEDUPE_WINDOW = 7 * 86_400.0  # seconds that a delivered event is kept to recognize copies
MIN_DEDUPE_WINDOW = 86_400.0
PURGE_BATCH = 1000  # events; a small number keeps writers from waiting
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
    Column("headers", Text, nullable=False, server_default="{}"),
    UniqueConstraint("source", "key", name="connector_inbox_key"),
    Index("connector_inbox_due", "source", "state", "due_at"),
)
_C = TABLE.c
_PENDING_STATE: Any = literal_column("'pending'")  # a literal, so that SQLite uses its partial index
_IS_PENDING = _C.state == _PENDING_STATE
Index("connector_inbox_order", _C.subject, _C.id, sqlite_where=_IS_PENDING, postgresql_where=_IS_PENDING)
SCHEMA = define_schema("inbox", "the inbox", [TABLE, OWNERS])
_INSERT_COLUMNS = (  # in the order of the table, as the parameters are positional
    "key", "source", "trigger", "name", "subject", "received_at", "body", "state", "due_at", "error", "headers",
)  # fmt: skip
_UPDATE_COLUMNS = ("state", "attempts", "due_at", "error")


@dataclass(frozen=True, slots=True, repr=False)
class StoredEvent:
    """An event in the inbox: `state` is pending, delivered or dead, `received_at` epoch seconds, `attempts` a count.

    `source` is the connector and its trigger. `due_at` (epoch seconds) is when a pending event is due, and when another
    one became delivered or dead. Events of one `subject` can be delivered in order. `error` is the last failure,
    `headers` a JSON object of the headers that the trigger reads.
    """

    key: str
    source: str
    trigger: str
    name: str
    subject: str
    received_at: float
    body: bytes
    state: str = "pending"
    attempts: int = 0
    due_at: float = 0.0
    error: str = ""
    id: int = 0
    headers: str = "{}"

    def __repr__(self) -> str:
        return f"<StoredEvent {self.id} {self.name!r} {self.state}>"


@dataclass(frozen=True, slots=True)
class Backlog:
    """What an inbox holds of a source: events to deliver (`due` now; the others wait after a failure), and dead ones.

    `oldest_at` is when the oldest event to deliver came, `due_since` when the first due one should have been delivered.
    """

    pending: int
    due: int
    dead: int
    oldest_at: float | None
    due_since: float | None


_EVENT_COLUMNS = [_C[field.name] for field in fields(StoredEvent)]


class Inbox:
    """Events in SQLite or PostgreSQL; safe to share among threads and processes, and across a fork.

    `window` is how many seconds a delivered event is kept, at least a day. Methods raise StoreError. Raises UsageError
    for another URL, and when a package of the extra is missing.
    """

    def __init__(self, url: str, *, window: float = DEDUPE_WINDOW, clock: Clock | None = None) -> None:
        if not window >= MIN_DEDUPE_WINDOW:
            hint = "A service may send an event again after hours."
            raise UsageError(f"The window is {window:g} s; it must be at least {MIN_DEDUPE_WINDOW:g} s.", hint=hint)
        self.clock: Clock = clock or SystemClock()
        self._window = window
        self._database = open_database(url, SCHEMA, self.clock)
        self._owners = InboxOwners(self._database)
        self._writers: dict[int, GroupCommitWriter] = {}

    def __repr__(self) -> str:
        return f"Inbox({self._database.display_url!r})"

    def open(self) -> None:
        """Create a missing table, and raise now if the database is unusable."""
        self.find(_C.id < 0, 1)

    def claim(self, source: str, hosts: Collection[str]) -> None:
        """Note that a connector of these hosts owns a source. Raises UsageError if another one does, StoreError."""
        self._owners.claim(source, hosts)

    def put(self, event: Event, source: str = "") -> Future[None]:
        """Store an event unless it is there; the future is done when it is durable, or has the StoreError."""
        return self._get_writer().put([self._insert_values(event, source)], len(event.raw))

    def put_all_async(self, events: Sequence[Event], source: str = "") -> asyncio.Future[None]:
        """Store the events of a delivery, all or none of them; the future is of the running loop."""
        rows = [self._insert_values(event, source) for event in events]
        return self._get_writer().put_async(rows, sum(len(event.raw) for event in events))

    def update_state(self, stored: StoredEvent) -> Future[None]:
        """Store state, attempts, due_at and error of a pending event; the future is that of `put`."""
        return self._get_writer().put(stored, len(stored.error))

    def update_state_async(self, stored: StoredEvent) -> asyncio.Future[None]:
        """Do as `update_state`, with a future of the running loop."""
        return self._get_writer().put_async(stored, len(stored.error))

    def read_due(
        self, source: str, limit: int, excluded_ids: Collection[int] = (), *, ordered: bool = False
    ) -> list[StoredEvent]:
        """Return up to `limit` due events of a source, the longest due first, without `excluded_ids`.

        With `ordered`, an event waits while an older one of its subject is pending, even if that is not due.
        """
        condition = (_C.source == source) & _IS_PENDING & (_C.due_at <= self.clock.time())
        if excluded_ids:
            condition &= _C.id.not_in(list(excluded_ids))
        if ordered:
            older = TABLE.alias()
            is_same_subject = (
                (older.c.source == _C.source) & (older.c.subject == _C.subject) & (older.c.state == _PENDING_STATE)
            )
            condition &= ~select(older.c.id).where(is_same_subject & (older.c.id < _C.id)).exists()
        return self._select_events(condition, limit, (_C.due_at, _C.id))

    def find(self, condition: ColumnElement[bool], limit: int, *, newest: bool = False) -> list[StoredEvent]:
        """Return up to `limit` events that match a condition on TABLE's columns, oldest first; or the newest ones."""
        events = self._select_events(condition, limit, (_C.id.desc() if newest else _C.id,))
        return events[::-1] if newest else events

    def replay(self, condition: ColumnElement[bool]) -> int:
        """Make the events that match a condition pending again; return how many."""
        values = {"state": "pending", "attempts": 0, "due_at": self.clock.time(), "error": ""}
        statement = update(TABLE).where(condition).values(values)
        return int(self._database.run(lambda connection: connection.execute(statement).rowcount, OLD_OR_NEW))

    def purge(self, source: str) -> int:
        """Delete some events that were delivered before the window; return how many. Dead events stay."""
        is_old = (_C.source == source) & (_C.state == "delivered") & (_C.due_at < self.clock.time() - self._window)
        ids = select(_C.id).where(is_old).order_by(_C.due_at).limit(PURGE_BATCH)
        statement = delete(TABLE).where(_C.id.in_(ids))
        return int(self._database.run(lambda connection: connection.execute(statement).rowcount, OLD_OR_NEW))

    def counts(self) -> dict[str, int]:
        """Return the number of events by state."""
        query = select(_C.state, func.count()).group_by(_C.state)
        rows = self._database.run(lambda connection: connection.execute(query).all())
        return {str(state): int(count) for state, count in rows}

    def read_backlog(self, source: str) -> Backlog:
        """Return what is left to do for a source."""
        due_at = case((_C.due_at <= self.clock.time(), _C.due_at))
        is_left = (_C.source == source) & _C.state.in_(("pending", "dead"))
        numbers = func.count(), func.count(due_at), func.min(_C.received_at), func.min(due_at)
        query = select(_C.state, *numbers).where(is_left).group_by(_C.state)
        rows = self._database.run(lambda connection: connection.execute(query).all())
        by_state = {str(state): numbers for state, *numbers in rows}
        pending, due, oldest_at, due_since = by_state.get("pending", (0, 0, None, None))
        return Backlog(pending, due, by_state.get("dead", (0,))[0], oldest_at, due_since)

    @contextlib.contextmanager
    def delivery_lock(self, source: str, timeout: float) -> Iterator[None]:
        """Hold the right to deliver a source, over one connection of this thread.

        Raises StoreError, retryable when another process delivers.
        """
        with self._database.hold(f"inbox delivery {source}", timeout), self._database.session():
            yield

    def close(self) -> None:
        """Write all pending items and accept no more."""
        self._get_writer().close()

    def _insert_values(self, event: Event, source: str) -> tuple[Any, ...]:
        """Return the values of _INSERT_COLUMNS for an event."""
        now, headers = self.clock.time(), json.dumps(event.headers) if event.headers else "{}"
        names = source or event.trigger, event.trigger, event.name, event.subject
        state = "dead" if event.error else "pending"  # what cannot be read is kept as it came, until it is replayed
        return event.key, *names, now, event.raw, state, now, str(event.error or ""), headers

    def _get_writer(self) -> GroupCommitWriter:
        """Return the writer of this process; a forked child does not have its parent's thread."""
        pid = os.getpid()
        return self._writers.get(pid) or self._writers.setdefault(
            pid, GroupCommitWriter(self._database, _write, MAX_COMMIT_EVENTS, name="inbox")
        )

    def _select_events(self, condition: ColumnElement[bool], limit: int, order: Sequence[Any]) -> list[StoredEvent]:
        query = select(*_EVENT_COLUMNS).where(condition).order_by(*order).limit(limit)
        rows = self._database.run(lambda connection: connection.execute(query).all())
        return [StoredEvent(*row) for row in rows]


def _write(items: Sequence[Any], connection: Connection) -> None:
    """Insert new events, a list for each delivery, and update stored ones."""
    add, change = _compile_statements(connection.dialect.name)
    new_rows = [row for item in items if isinstance(item, list) for row in item]
    changed_rows = [
        (item.state, item.attempts, item.due_at, item.error, item.id) for item in items if isinstance(item, StoredEvent)
    ]
    if new_rows:
        connection.exec_driver_sql(add, new_rows)
    if changed_rows:
        connection.exec_driver_sql(change, changed_rows)


@functools.cache
def _compile_statements(dialect: str) -> tuple[str, str]:
    """Return the INSERT and UPDATE statements for a driver, with positional parameters."""
    initial_values: dict[str, Any] = {"attempts": literal_column("0")}
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
