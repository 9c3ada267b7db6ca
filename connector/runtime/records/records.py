"""The local copy of records, in SQLite or PostgreSQL."""

from __future__ import annotations

import atexit
import logging
import os
from concurrent.futures import wait
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar

from sqlalchemy import column, func, literal_column, select, table
from sqlalchemy.exc import SQLAlchemyError

from connector.errors import UsageError
from connector.runtime.clock import SystemClock
from connector.runtime.database.connect import open_database
from connector.runtime.database.group_commit import GroupCommitWriter
from connector.runtime.records.recorder import RecordObserver
from connector.runtime.records.tables import (
    CHANGES,
    LISTS,
    RECORDS,
    SCHEMA,
    ReadList,
    Sighting,
    lock_changes,
    read_record,
    write_end_of_list,
    write_sighting,
)
from connector.runtime.records.views import create_views

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from sqlalchemy import Connection

    from connector.core.records.record import Record, Sight
    from connector.definition.loader import Connector
    from connector.runtime.clock import Clock

_MAX_BATCH = 50  # replies in one transaction
_ITEM_SIZE = 2048  # bytes that a sight is reckoned to take while it waits
_READ_ONLY = {"sqlite": "PRAGMA query_only = ON", "postgresql": "SET default_transaction_read_only = on"}
_log = logging.getLogger("connector.records")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """A change of a record: `seq` grows with each, `change` is added, changed or gone."""

    seq: int
    account: str
    resource: str
    id: str
    change: str
    at: float
    data: str


class Records:
    """Records in SQLite or PostgreSQL; safe to share among threads, clients and processes, and across a fork.

    `account` says whose records these are, where connections do not. What calls tell is written by a thread of its own;
    `flush` waits for it. Methods raise StoreError. Raises UsageError for another URL, or a missing package.
    """

    def __init__(self, url: str, *, account: str | None = None, clock: Clock | None = None) -> None:
        self.account = account
        self._clock: Clock = clock or SystemClock()
        self._database = open_database(url, SCHEMA, self._clock)
        self._writers: dict[int, GroupCommitWriter] = {}
        self._last_write: dict[int, Future[None]] = {}
        self._is_failing = False
        self._error: BaseException | None = None  # of a write since the last flush
        atexit.register(self.close)

    def __repr__(self) -> str:
        return f"Records({self._database.display_url!r})"

    def observe(self) -> RecordObserver:
        """Return an observer that keeps what the calls of a client tell."""
        return RecordObserver(self)

    def keep(self, connector: str, account: str, sights: Sequence[Sight], at: float) -> Future[None]:
        """Keep sights of records; the future is done when they are durable, or has the StoreError."""
        return self._put(Sighting(connector, account, at, tuple(sights)), _ITEM_SIZE * len(sights))

    def finish_list(self, read: ReadList) -> Future[None]:
        """Note that a list was read to its end: what was in it before and was not among its ids is gone."""
        return self._put(read, _ITEM_SIZE)

    def flush(self) -> None:
        """Wait until all that was told is written. Raises the StoreError of what was not, once."""
        self._wait()
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _wait(self) -> None:
        """Wait until all that was told is written, or has failed."""
        last = self._last_write.get(os.getpid())
        if last is not None:
            wait([last])

    def get(self, connector: str, account: str | None, resource: str, record_id: str) -> Record | None:
        """Return a record, also one that is gone; None where it was never seen, or several accounts have one."""
        condition = (RECORDS.c.connector == connector) & (RECORDS.c.resource == resource) & (RECORDS.c.id == record_id)
        if account is not None:
            condition &= RECORDS.c.account == account
        self._wait()
        rows = self._run(lambda connection: connection.execute(select(RECORDS).where(condition)).mappings().all())
        return read_record(rows[0]) if len(rows) == 1 else None

    def find(
        self,
        connector: str,
        resource: str | None = None,
        *,
        account: str | None = None,
        parent: str | None = None,
        listing: str | None = None,
        gone: bool = False,
        limit: int | None = None,
    ) -> list[Record]:
        """Return records by resource and id; with `gone`, also those that are no longer there."""
        condition = RECORDS.c.connector == connector
        for name, value in (("resource", resource), ("account", account), ("parent", parent), ("listing", listing)):
            if value is not None:
                condition &= RECORDS.c[name] == value
        if not gone:
            condition &= RECORDS.c.gone_at.is_(None)
        query = select(RECORDS).where(condition).order_by(RECORDS.c.resource, RECORDS.c.id).limit(limit)
        self._wait()
        rows = self._run(lambda connection: connection.execute(query).mappings().all())
        return [read_record(row) for row in rows]

    def count(self, connector: str) -> dict[str, int]:
        """Return the number of records by resource, without those that are gone."""
        condition = (RECORDS.c.connector == connector) & RECORDS.c.gone_at.is_(None)
        query = select(RECORDS.c.resource, func.count()).where(condition).group_by(RECORDS.c.resource)
        self._wait()
        return {str(name): int(count) for name, count in self._run(lambda connection: connection.execute(query).all())}

    def read_changes(self, connector: str, after: int = 0, limit: int = 1000) -> list[RecordChange]:
        """Return the changes after a number, oldest first."""
        names = [CHANGES.c[name] for name in RecordChange.__dataclass_fields__]
        condition = (CHANGES.c.connector == connector) & (CHANGES.c.seq > after)
        query = select(*names).where(condition).order_by(CHANGES.c.seq).limit(limit)
        self._wait()
        rows = self._run(lambda connection: connection.execute(query).mappings().all())
        return [RecordChange(**row) for row in rows]

    def find_complete_at(self, connector: str, account: str, listing: str) -> float | None:
        """Return when the last complete reading of a list began, or None."""
        condition = (LISTS.c.connector == connector) & (LISTS.c.account == account) & (LISTS.c.listing == listing)
        query = select(LISTS.c.complete_at).where(condition)
        self._wait()
        value = self._run(lambda connection: connection.scalar(query))
        return None if value is None else float(value)

    def has_write(self, connector: str, account: str, resource: str, since: float) -> bool:
        """Whether a call wrote to a resource after this time."""
        condition = (RECORDS.c.connector == connector) & (RECORDS.c.account == account)
        condition &= (RECORDS.c.resource == resource) & (RECORDS.c.written_at > since)
        query = select(RECORDS.c.id).where(condition).limit(1)
        self._wait()
        return self._run(lambda connection: connection.scalar(query)) is not None

    def create_views(self, connector: Connector) -> None:
        """Create the view of each resource, such as shop_orders, for who reads the database with SQL."""
        self._database.run_in_transaction(partial(create_views, connector=connector))

    def query(self, statement: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run a query that may only read; return the names of its columns, and its rows. Raises UsageError."""

        def read(connection: Connection) -> tuple[list[str], list[tuple[Any, ...]]]:
            connection.exec_driver_sql(_READ_ONLY[connection.dialect.name])
            reason = ""
            try:
                result = connection.exec_driver_sql(statement)
                return list(result.keys()), [tuple(row) for row in result]
            except SQLAlchemyError as error:
                reason = (str(getattr(error, "orig", None) or error).splitlines() or [""])[0]
            hint = "A query reads the views, such as shop_orders, and cannot write."
            raise UsageError(f"The query failed: {reason}.", hint=hint)

        self._wait()
        return self._run(read)

    def read_view(self, view: str, *, gone: bool = False) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Return the columns and rows of a view; with `gone`, also those of records that are no longer there."""
        query: Any = select(literal_column("*")).select_from(table(view)).order_by(column("account"), column("id"))
        if not gone:
            query = query.where(column("gone_at").is_(None))

        def read(connection: Connection) -> tuple[list[str], list[tuple[Any, ...]]]:
            result = connection.execute(query)
            return list(result.keys()), [tuple(row) for row in result]

        self._wait()
        return self._run(read)

    def close(self) -> None:
        """Write what waits, and accept no more."""
        writer = self._writers.get(os.getpid())
        if writer is not None:
            writer.close()
        atexit.unregister(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _put(self, item: Sighting | ReadList, size: int) -> Future[None]:
        pid = os.getpid()
        writer = self._writers.get(pid) or self._writers.setdefault(
            pid, GroupCommitWriter(self._database, self._write, _MAX_BATCH, name="records")
        )
        future = writer.put(item, size)
        self._last_write[pid] = future
        future.add_done_callback(self._tell)
        return future

    def _tell(self, future: Future[None]) -> None:
        """Log that the copy cannot be written: once, until it can be again."""
        error = future.exception()
        self._error = error or self._error
        if error is not None and not self._is_failing:
            _log.warning("Records are not written into their copy: %s", error)
        self._is_failing = error is not None

    def _write(self, items: Sequence[Sighting | ReadList], connection: Connection) -> None:
        lock_changes(connection)
        for item in items:
            if isinstance(item, Sighting):
                write_sighting(connection, item)
            elif item.is_kept:
                write_end_of_list(connection, item)

    def _run(self, work: Callable[[Connection], T]) -> T:
        return self._database.run(work)


def open_records(records: Any) -> Records:
    """Return records that a program gave: itself, or those of a URL."""
    return records if isinstance(records, Records) else Records(str(records))
