"""The local copy of records, in SQLite or PostgreSQL."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
from collections import deque
from concurrent.futures import wait
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar

from connector.errors import StoreError
from connector.runtime.clock import SystemClock
from connector.runtime.database.connect import open_database
from connector.runtime.database.group_commit import GroupCommitWriter
from connector.runtime.records.accounts import ACCOUNT_HINT, UNKNOWN_ACCOUNT
from connector.runtime.records.owner_register import OwnerRegister
from connector.runtime.records.purges import PURGE_BATCH, purge_changes
from connector.runtime.records.queries import run_query
from connector.runtime.records.reader import RecordReader
from connector.runtime.records.recorder import RecordObserver
from connector.runtime.records.tables import (
    SCHEMA,
    ReadList,
    Sighting,
    delete_account,
    lock_changes,
    write_end_of_list,
    write_feed,
    write_sighting,
)
from connector.runtime.records.thread_connections import ThreadConnections
from connector.runtime.records.views import create_views

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from sqlalchemy import Connection

    from connector.core.records.record import Sight
    from connector.definition.loader import Connector
    from connector.runtime.clock import Clock
    from connector.runtime.records.accounts import Owner

DEFAULT_KEEP_DAYS = 30.0
_PURGE_INTERVAL = 3600.0  # seconds
_HOLD_TIMEOUT = 0.05  # seconds
_MAX_BATCH = 50  # replies in one transaction
_MAX_WAITING = 20  # replies that may wait to be written while more is read
_ITEM_SIZE = 2048  # bytes that a sight is reckoned to take while it waits
_NOT_WRITTEN = "Records are not written into their copy: %s"
_log = logging.getLogger("connector.records")
T = TypeVar("T")


class Records(RecordReader):
    """Records in SQLite or PostgreSQL; safe to share among threads, clients and processes, and across a fork.

    `account` says whose records these are, where connections do not; `keep_days` is how long changes are kept. What
    calls tell is written by a thread of its own; `flush` waits for it. Methods raise StoreError. Raises UsageError for
    another URL, or a missing package.
    """

    def __init__(
        self,
        url: str,
        *,
        account: str | None = None,
        keep_days: float = DEFAULT_KEEP_DAYS,
        clock: Clock | None = None,
    ) -> None:
        self.account = account
        self._keep_seconds, self._purge_at = keep_days * 86_400.0, 0.0
        self._clock: Clock = clock or SystemClock()
        self._database = open_database(url, SCHEMA, self._clock)
        self._writers: dict[int, GroupCommitWriter] = {}
        self._readers = ThreadConnections(self._database)
        self._waiting: dict[int, deque[Future[None]]] = {}
        self._is_failing = False
        self._has_told_unknown = False
        self._connectors: dict[str, Connector] = {}  # of which records are written, by name
        self._without_views: set[str] = set()
        self._owners = OwnerRegister(self._database, self._clock)
        self._error: BaseException | None = None  # of a write since the last flush
        atexit.register(self.close)

    def __repr__(self) -> str:
        return f"Records({self._database.display_url!r})"

    def observe(self) -> RecordObserver:
        """Return an observer that keeps what the calls of a client tell."""
        return RecordObserver(self)

    def keep(
        self, connector: str, account: str, sights: Sequence[Sight], at: float, owner: Owner | None = None
    ) -> Future[None]:
        """Keep sights of records; the future is done when they are durable, or has the StoreError.

        With an owner who has not claimed them, they are kept if the copy has no records of another one's.
        """
        return self._put(Sighting(connector, account, at, tuple(sights), owner), _ITEM_SIZE * len(sights))

    def finish_list(self, read: ReadList) -> Future[None]:
        """Note that a list was read to its end: what was in it before and was not among its ids is gone."""
        return self._put(read, _ITEM_SIZE)

    def flush(self) -> None:
        """Wait until all that was told is written. Raises the StoreError of what was not, once."""
        self._wait()
        error, self._error = self._error, None
        if error is not None:
            raise error

    def tell_unknown_account(self) -> None:
        """Tell once that nothing is kept of calls of which nobody says whose they are."""
        if not self._has_told_unknown:
            self._has_told_unknown = True
            _log.warning("%s, so its records are not kept. %s", UNKNOWN_ACCOUNT, ACCOUNT_HINT)

    def now(self) -> float:
        """Return the epoch seconds of the copy's clock."""
        return self._clock.time()

    def find_backlog(self) -> Future[None] | None:
        """Return the write to wait for before more is read, as a service may be faster than the copy; or None."""
        waiting = self._waiting.get(os.getpid())
        return waiting[0] if waiting and len(waiting) == _MAX_WAITING and not waiting[0].done() else None

    def _wait(self) -> None:
        """Wait until all that was told is written, or has failed."""
        waiting = self._waiting.get(os.getpid())
        if waiting:
            wait([waiting[-1]])

    def save_feed(self, name: str, seq: int) -> None:
        """Note the last change that a follower of this name has seen."""
        self._database.run_in_transaction(partial(write_feed, name=name, seq=seq))

    @contextlib.contextmanager
    def hold(self, name: str) -> Iterator[bool]:
        """Do what one process at a time does; tell whether it is this one, as it ends with a process that dies."""
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(self._database.hold(f"records {name}", _HOLD_TIMEOUT))
            except StoreError as error:
                if not error.retryable:
                    raise
                yield False
                return
            yield True

    def claim(self, connector: Connector, owner: Owner) -> None:
        """Note whose records are about to be kept or read.

        Raises StoreError where the copy has those of another account, or connector, of the same name.
        """
        self._owners.claim(owner)
        self._expect(connector)

    def may_keep(self, connector: Connector, owner: Owner) -> bool:
        """Whether the records that a call tells of may be kept, as far as this process knows without asking."""
        if self._owners.find_refusal(owner) is not None:
            return False
        self._expect(connector)
        return True

    def _expect(self, connector: Connector) -> None:
        """Let the first write of this process create the views of a connector, for who reads the database with SQL."""
        if connector.name not in self._connectors:
            self._connectors[connector.name] = connector
            self._without_views.add(connector.name)

    def forget(self, connector: str, account: str) -> int:
        """Delete the records of an account and of its sub-accounts, and whose they were; return how many they were."""
        self._wait()
        counts: list[int] = []
        self._database.run_in_transaction(
            lambda connection: counts.append(delete_account(connection, connector, account))
        )
        self._owners.clear()
        return counts[-1]

    def create_views(self, connector: Connector) -> None:
        """Create the view of each resource, such as shop_orders, for who reads the database with SQL.

        Where the copy can only be read, the views are those that are there.
        """

        def create(connection: Connection) -> None:
            lock_changes(connection)  # several processes may begin at once
            create_views(connection, connector)

        if not self._database.is_read_only():
            self._database.run_in_transaction(create)

    def query(self, statement: str, views: Sequence[str] = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run a query that may only read; return the names of its columns, and its rows.

        Raises UsageError, which names the `views` that a query may read.
        """
        self._wait()
        return self._run(partial(run_query, statement=statement, views=views))

    def close(self) -> None:
        """Write what waits, and accept no more."""
        self._readers.close()
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
        self._waiting.setdefault(pid, deque(maxlen=_MAX_WAITING)).append(future)
        future.add_done_callback(self._note_end)
        return future

    def _note_end(self, future: Future[None]) -> None:
        self._tell(future.exception())

    def _tell(self, error: BaseException | None) -> None:
        """Log why nothing is kept: once, until something is."""
        self._error = error or self._error
        if error is not None and not self._is_failing:
            _log.warning(_NOT_WRITTEN, error)
        self._is_failing = error is not None

    def _admit(self, connection: Connection, owner: Owner) -> bool:
        """Whether the records of an owner may be written; why not is logged once, until it is looked at again."""
        known = self._owners.find_refusal(owner)
        refusal = known or self._owners.admit(connection, owner)
        if refusal is not None and known is None:
            _log.warning(_NOT_WRITTEN, refusal)
            self._error = refusal
        return refusal is None

    def _write(self, items: Sequence[Sighting | ReadList], connection: Connection) -> None:
        lock_changes(connection)
        now = self.now()
        owners = dict.fromkeys(item.owner for item in items if item.owner is not None)
        admitted = {owner: self._admit(connection, owner) for owner in owners}
        for item in items:
            if item.connector in self._without_views:
                create_views(connection, self._connectors[item.connector])
                self._without_views.discard(item.connector)
            if item.owner is not None and not admitted[item.owner]:
                continue
            if isinstance(item, Sighting):
                write_sighting(connection, item, now)
            elif item.is_kept:
                write_end_of_list(connection, item, now)
        if (
            self._clock.monotonic() >= self._purge_at
            and purge_changes(connection, now, self._keep_seconds) < PURGE_BATCH
        ):
            self._purge_at = self._clock.monotonic() + _PURGE_INTERVAL

    def _run(self, work: Callable[[Connection], T]) -> T:
        return self._database.run(work)

    def _read(self, work: Callable[[Connection], T]) -> T:
        self._wait()
        return self._readers.run(work)


def open_records(records: Any) -> Records:
    """Return records that a program gave: itself, or those of a URL."""
    return records if isinstance(records, Records) else Records(str(records))
