"""The journal of bulk runs in a database, for workers on several hosts; the runs, and what is done to them.

It keeps the promises of a journal in a file: a row's start is durable before its change is sent, and then its result.
Only one worker can record the start of a row, so no row is sent by two.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import secrets
import threading
from typing import TYPE_CHECKING, Any, Self, TypeVar

from sqlalchemy import insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from connector.errors import StoreError, UsageError
from connector.runtime.bulk.shared_tables import (
    FAILED_OUTCOMES,
    ROW_RUNNING,
    ROW_WAITING,
    ROWS,
    RUN_CANCELLED,
    RUN_RUNNING,
    RUNS,
    SCHEMA,
    RowCodec,
    SharedRun,
    now_of,
)
from connector.runtime.clock import SystemClock
from connector.runtime.database.connect import open_database
from connector.runtime.process.fork_safety import ForkSafeLock
from connector.runtime.storage.encryption import Keyring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from sqlalchemy import ColumnElement, Connection

    from connector.runtime.clock import Clock

_MIN_BATCH_SIZE, _MAX_BATCH_SIZE = 5, 50  # rows
_LOCK_POLL_SECONDS = 0.1
T = TypeVar("T")
_BATCHES_WANTED = 64  # so that several workers have something to do until the end


class SharedJournal:
    """The runs in a database, `sqlite:///PATH` or `postgresql://...`. Methods raise StoreError.

    Inputs and results are encrypted with `keys`, or those of the environment, if there are any. Without `create`, a
    file that does not exist is a UsageError.
    """

    def __init__(
        self, url: str, *, keys: Keyring | None = None, clock: Clock | None = None, create: bool = True
    ) -> None:
        self.url, self.keyring = url, keys if keys is not None else Keyring.from_env(os.environ)
        self._clock = clock or SystemClock()
        self.database = open_database(url, SCHEMA, self._clock)
        self.display_url = self.database.display_url
        if not create and not self.database.exists():
            hint = "Check the path; 'connector run ACTION -f ROWS --on URL' creates it."
            raise UsageError(f"There is no database {self.display_url}.", hint=hint)
        self._lock = ForkSafeLock()
        self._connection: Connection | None = None
        self.database.run(lambda _: None)  # creates what is missing

    def __repr__(self) -> str:
        return f"SharedJournal({self.display_url!r})"

    def run(self, work: Callable[[Connection], T]) -> T:
        """Run work with the connection that the threads of this process share: each opened one costs a server much."""
        with self._share_connection():
            return self.database.run(work)

    def run_in_transaction(self, work: Callable[[Connection], Any]) -> None:
        """Run work in one durable transaction, with the same connection."""
        with self._share_connection():
            self.database.run_in_transaction(work)

    @contextlib.contextmanager
    def _share_connection(self) -> Iterator[None]:
        with self._lock:
            if self._connection is None or self._connection.invalidated:
                self._connection = self._connect()
            with self.database.use_connection(self._connection):
                yield

    def _connect(self) -> Connection:
        """Open a connection. Raises StoreError."""
        try:
            return self.database.connect()
        except (SQLAlchemyError, OSError) as error:
            store_error = self.database.build_error(error)
        raise store_error

    def close(self) -> None:
        """Close the connection; later work opens another."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def codec_of(self, run_id: str) -> RowCodec:
        """Return what encodes and decodes the rows of a run."""
        return RowCodec(run_id, self.keyring, self.display_url)

    def list_runs(self) -> list[SharedRun]:
        """Return all runs, the oldest first."""
        return self._select_runs()

    def find_run(self, name: str) -> SharedRun | None:
        """Return the run of a name, or None."""
        return next(iter(self._select_runs(RUNS.c.name == name)), None)

    def read_run(self, run_id: str) -> SharedRun:
        """Return a run by its id. Raises UsageError if it was removed."""
        found = self._select_runs(RUNS.c.id == run_id)
        if not found:
            raise UsageError(f"{self.display_url} has no run {run_id} any more.", hint="It was removed meanwhile.")
        return found[0]

    def choose_run(self, name: str | None) -> SharedRun:
        """Return the run of a name, or the only one. Raises UsageError that lists the names."""
        runs = self.list_runs()
        chosen = [run for run in runs if name in (None, run.name)]
        if len(chosen) == 1:
            return chosen[0]
        names = ", ".join(run.name for run in runs) or "none"
        problem = "There is no run" if not runs else "Name a run" if not name else f"There is no run {name}"
        raise UsageError(f"{problem} in {self.display_url}.", hint=f"The runs are: {names}.")

    def create_run(self, name: str, header: Mapping[str, Any], **facts: Any) -> SharedRun:
        """Create a run without rows; `facts` are its options, queue, count and keep_going."""
        run_id = secrets.token_hex(8)
        size = max(_MIN_BATCH_SIZE, min(_MAX_BATCH_SIZE, facts["count"] // _BATCHES_WANTED))

        def create(connection: Connection) -> None:
            now = connection.scalar(select(now_of(connection.dialect.name)))
            connection.execute(
                insert(RUNS).values(
                    id=run_id, name=name, header=json.dumps(header), options=json.dumps(facts["options"]),
                    queue=facts["queue"], count=facts["count"], batch_size=size, loaded=0, state=RUN_RUNNING,
                    reason=None, turn=1, keep_going=int(facts["keep_going"]), created_at=now,
                )
            )  # fmt: skip

        self.run(create)
        return self.read_run(run_id)

    def check_header(self, run: SharedRun, header: Mapping[str, Any]) -> None:
        """Raise UsageError if a run belongs to something else, with the names of the differences."""
        differing = [key for key in {**run.header, **header} if run.header.get(key) != header.get(key)]
        if not differing:
            return
        hint = "Use the arguments that it was started with, or name another run with --journal NAME."
        if "rows" in differing:
            differing = [key for key in differing if key != "values"]  # they follow from the rows
            hint = "Put corrected or new rows into a file of their own, and leave this one unchanged."
        hint += " --restart sets it aside, and sends every row again, including those that are done."
        where = f"The run {run.name} in {self.display_url}"
        raise UsageError(f"{where} is another one: different {', '.join(differing)}.", hint=hint)

    def rename_run(self, run: SharedRun) -> str:
        """Cancel a run and rename it to the first unused of NAME.1, NAME.2 ...; return that name."""
        names = {other.name for other in self.list_runs()}
        free = next(name for name in (f"{run.name}.{number}" for number in itertools.count(1)) if name not in names)
        self._update_run(run, name=free, state=RUN_CANCELLED)
        return free

    def start_again(
        self, run: SharedRun, *, options: Mapping[str, Any] | None = None, keep_going: bool | None = None
    ) -> SharedRun:
        """Begin another turn of a run: it is running, and its open rows are to be enqueued again.

        What is given replaces how each row is called, and whether a failed row stops the run.
        """
        kept_options = run.options if options is None else options
        kept_going = run.keep_going if keep_going is None else keep_going
        self._update_run(
            run, state=RUN_RUNNING, reason=None, turn=RUNS.c.turn + 1, options=json.dumps(kept_options),
            keep_going=int(kept_going),
        )  # fmt: skip
        return self.read_run(run.id)

    def stop_run(self, run_id: str, state: str, reason: Mapping[str, Any] | None = None) -> None:
        """Send no further row of a running run; `state` is stopped or cancelled, `reason` an error as a dict."""
        changed = {"state": state, "reason": json.dumps(reason) if reason else None}
        self.run(
            lambda connection: connection.execute(
                update(RUNS).where((RUNS.c.id == run_id) & (RUNS.c.state == RUN_RUNNING)).values(changed)
            )
        )

    def reset_failed(self, run: SharedRun) -> int:
        """Let failed rows run again as they are, with new idempotency keys; return how many."""
        is_failed = ROWS.c.state.in_(FAILED_OUTCOMES) & ROWS.c.inputs.is_not(None)
        return self._update_rows(run, is_failed, **_AGAIN, may_resend=0, key=None, sent_at=None)

    def list_uncertain(self, run: SharedRun) -> list[int]:
        """Return the numbers of the rows whose outcome is uncertain."""
        condition = (ROWS.c.run == run.id) & (ROWS.c.state == "uncertain")
        query = select(ROWS.c.number).where(condition).order_by(ROWS.c.number)
        return self.run(lambda connection: list(connection.scalars(query)))

    def resolve_row(self, run: SharedRun, number: int, resolution: str) -> None:
        """Resolve an uncertain row as "done", or as "retry" to send it again. Raises UsageError for any other row."""
        query = select(ROWS.c.line).where((ROWS.c.run == run.id) & (ROWS.c.number == number))
        line = self.run(lambda connection: connection.scalar(query))
        result = {"row": number, "line": line, "outcome": "done", "settled": True}
        settled = {"state": "done", "inputs": None, "result": self.codec_of(run.id).encode(number, result)}
        changed = settled if resolution == "done" else {**_AGAIN, "may_resend": 0}
        if not self._update_rows(run, (ROWS.c.number == number) & (ROWS.c.state == "uncertain"), **changed):
            raise UsageError(f"Row {number} is not uncertain.", hint="Remove its --resolve; nothing was sent.")

    def list_open_batches(self, run: SharedRun) -> list[int]:
        """Return the first row of each batch that has a row without a result."""
        condition = (ROWS.c.run == run.id) & ROWS.c.state.in_((ROW_WAITING, ROW_RUNNING))
        query = select(ROWS.c.batch).where(condition).distinct().order_by(ROWS.c.batch)
        return self.run(lambda connection: list(connection.scalars(query)))

    def read_time(self) -> float:
        """Return the database's time in epoch seconds."""
        return self.run(lambda connection: float(connection.scalar(select(now_of(connection.dialect.name))) or 0))

    @contextlib.contextmanager
    def hold_run(self, name: str, timeout: float) -> Iterator[None]:
        """Hold the name of a run alone, so that one command at a time stores its rows.

        It asks again and again: a session that waits for a lock would keep PostgreSQL from building indexes meanwhile.
        """
        deadline = self._clock.monotonic() + timeout
        with contextlib.ExitStack() as stack:
            while True:
                try:
                    stack.enter_context(self.database.hold(f"bulk run {name}", 0.0))
                    break
                except StoreError:
                    if self._clock.monotonic() > deadline:
                        raise
                self._clock.wait_or_stop(_LOCK_POLL_SECONDS, threading.Event())
            yield

    def hold_worker(self, worker: str, timeout: float) -> AbstractContextManager[None]:
        """Hold the lock of a worker; the database releases it when the worker dies."""
        return self.database.hold(f"bulk worker {worker}", timeout)

    def is_alive(self, worker: str) -> bool:
        """Whether a worker still runs."""
        try:
            with self.hold_worker(worker, 0.0):
                return False
        except StoreError:
            return True

    def _select_runs(self, *conditions: ColumnElement[bool]) -> list[SharedRun]:
        query = select(RUNS).where(*conditions).order_by(RUNS.c.created_at, RUNS.c.id)
        found = self.run(lambda connection: list(connection.execute(query).mappings()))
        return [SharedRun.from_row(row) for row in found]

    def _update_run(self, run: SharedRun, **values: Any) -> None:
        self.run(lambda connection: connection.execute(update(RUNS).where(RUNS.c.id == run.id).values(values)))

    def _update_rows(self, run: SharedRun, condition: ColumnElement[bool], **values: Any) -> int:
        statement = update(ROWS).where((ROWS.c.run == run.id) & condition).values(values)
        return self.run(lambda connection: connection.execute(statement).rowcount)


_AGAIN = {"state": ROW_WAITING, "result": None, "worker": None, "attempts": 0, "due_at": 0.0, "finished_at": None}
