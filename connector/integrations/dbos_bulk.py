"""DBOS: the rows of a bulk run as batches in a queue, which any number of workers on any number of hosts take.

DBOS owns the queue and the waits, and starts the batch of a dead worker again; the shared journal knows what became of
each row.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Self

from dbos import DBOS, DBOSClient, SetEnqueueOptions, SetWorkflowID
from dbos import error as dbos_errors
from sqlalchemy.exc import SQLAlchemyError

from connector.errors import ConnectorError, StoreError
from connector.integrations.work import LONGEST_WAIT, MAX_ATTEMPTS, seconds_until_retry
from connector.runtime.bulk.row_runner import RowRunner
from connector.runtime.bulk.runner import DEFAULT_CONCURRENCY
from connector.runtime.bulk.shared_rows import RowTaken, WorkerRows
from connector.runtime.bulk.shared_tables import RUN_STOPPED
from connector.runtime.calls.call_options import CallOptions
from connector.runtime.process.fork_safety import ForkSafeLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from connector.runtime.bulk.row_result import RowResult
    from connector.runtime.bulk.shared_journal import SharedJournal
    from connector.runtime.bulk.shared_rows import SharedRow
    from connector.runtime.bulk.shared_tables import SharedRun
    from connector.runtime.client.client import Client

_APPLICATION, _SCHEMA = "connector-bulk", "connector_bulk"  # apart from what else a database is used for
_VERSION = "1"  # of the batches; workers of another version leave them alone
_BATCHES_AT_ONCE = 4  # of a worker: while one waits for its last rows, its threads work on another
_POLL_SECONDS = 0.1  # between two looks at the queue
_RECOVERY_SECONDS = 1.0  # between two looks for workers that died
_LOOK_SECONDS = 1.0  # for which a worker trusts what it knows of a run
_LAUNCH_TIMEOUT = 60.0  # seconds for the database to answer
_MAX_RECOVERIES = 10_000  # a batch is safe to start again, however often its workers die
_log = logging.getLogger("connector")
_workers: list[BulkWorker] = []  # of this process: one, since DBOS is launched once


class WorkerStopped(BaseException):
    """Ends a batch with its worker; DBOS records nothing of it, and another worker goes on."""


@DBOS.step(name="connector.bulk.attempt")
def _attempt_batch(run_id: str, turn: int, first: int) -> float | None:
    """Attempt each row of a batch once; return the seconds until some may be attempted again, None for never."""
    return _workers[0].attempt_batch(run_id, turn, first)


@DBOS.workflow(name="connector.bulk.batch", max_recovery_attempts=_MAX_RECOVERIES)
def _run_batch(queue: str, run_id: str, turn: int, first: int, number: int) -> None:
    """Attempt a batch for the `number`th time; what has to wait is enqueued again, so that it takes nobody's place."""
    again = _attempt_batch(run_id, turn, first)
    if again is not None:
        next_id = _batch_id(run_id, turn, first, number + 1)
        with SetWorkflowID(next_id), SetEnqueueOptions(delay_seconds=again):
            DBOS.enqueue_workflow(queue, _run_batch, queue, run_id, turn, first, number + 1)


def _batch_id(run_id: str, turn: int, first: int, number: int) -> str:
    return f"bulk/{run_id}/{turn}/{first}/{number}"


def enqueue_batches(journal: SharedJournal, run: SharedRun, firsts: Iterable[int]) -> None:
    """Enqueue batches of a run by the numbers of their first rows; one that was enqueued before is not again."""
    with _store_errors(journal), contextlib.ExitStack() as stack:
        client = DBOSClient(
            system_database_url=_database_url(journal), dbos_system_schema=_SCHEMA, application_name=_APPLICATION,
            system_database_pool_size=1,
        )  # fmt: skip
        stack.callback(client.destroy)
        for first in firsts:
            client.enqueue(
                {
                    "queue_name": run.queue, "workflow_name": "connector.bulk.batch", "app_version": _VERSION,
                    "workflow_id": _batch_id(run.id, run.turn, first, 1),
                },
                run.queue, run.id, run.turn, first, 1,
            )  # fmt: skip


@contextlib.contextmanager
def _store_errors(journal: SharedJournal) -> Iterator[None]:
    """Turn errors of the database into StoreError."""
    try:
        yield
    except (SQLAlchemyError, dbos_errors.DBOSException) as error:
        store_error = journal.database.build_error(error)
    else:
        return
    raise store_error


def _database_url(journal: SharedJournal) -> str:
    return journal.display_url if journal.display_url.startswith("sqlite:") else journal.url


class BulkWorker:
    """Takes batches of a queue in this process until it is closed; `open_client` opens the client of a run.

    `concurrency` is how many rows run at the same time, `debug` whether their calls are logged. `error` is what ended
    the worker, if something did.
    """

    def __init__(
        self, journal: SharedJournal, queue: str, open_client: Callable[[SharedRun], Client],
        *, concurrency: int = DEFAULT_CONCURRENCY, debug: bool = False,
    ) -> None:  # fmt: skip
        self.id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self.error: ConnectorError | None = None
        self.finished = 0  # rows with a result
        self._journal, self._queue, self._open_client, self._debug = journal, queue, open_client, debug
        self._rows = WorkerRows(journal, self.id)
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="row")
        self._lock = ForkSafeLock()
        self._running: set[tuple[str, int]] = set()  # runs and rows in progress
        self._runners: dict[tuple[str, int], RowRunner] = {}  # by run and turn, which may change its options
        self._current: dict[str, tuple[float, SharedRun]] = {}
        self._stopping, self._closed = threading.Event(), threading.Event()

    def __enter__(self) -> Self:
        """Start. Raises StoreError."""
        alive = threading.Event()
        threading.Thread(target=self._show_life, args=(alive,), name="connector bulk worker", daemon=True).start()
        if not alive.wait(_LAUNCH_TIMEOUT) or self.error is not None:
            place = self._journal.display_url
            raise self.error or StoreError(f"{place} does not answer.", hint="Check the database.", path=place)
        _workers.append(self)
        with _store_errors(self._journal):
            self._launch()
        threading.Thread(target=self._recover, name="connector bulk recovery", daemon=True).start()
        return self

    def _launch(self) -> None:
        DBOS(
            config={
                "name": _APPLICATION, "system_database_url": _database_url(self._journal), "executor_id": self.id,
                "dbos_system_schema": _SCHEMA, "application_version": _VERSION, "log_level": "ERROR",
                "sys_db_pool_size": 2, "use_listen_notify": False,
            }
        )  # fmt: skip
        DBOS.listen_queues([self._queue])
        DBOS.launch()
        DBOS.register_queue(self._queue, worker_concurrency=_BATCHES_AT_ONCE, polling_interval_sec=_POLL_SECONDS)

    def stop(self) -> None:
        """Start no further row; those in progress finish."""
        self._stopping.set()

    @property
    def is_idle(self) -> bool:
        """Whether no row is in progress."""
        return not self._running

    def list_in_flight(self) -> list[tuple[int, int]]:
        """Return number and line of the rows in progress that are not safe to send twice."""
        in_flight = [row for runner in self._runners.values() for row in runner.in_flight.copy().values()]
        return sorted((row.number, row.line) for row in in_flight)

    def flush(self) -> None:
        """Wait until every result so far is in the database. Raises StoreError."""
        self._rows.flush()

    def close(self) -> None:
        """Start no further row, wait for those in progress, and leave the rest to others."""
        self.stop()
        self._threads.shutdown()
        self.abandon()
        self._rows.close()

    def abandon(self) -> None:
        """Leave without waiting for rows in progress; they are uncertain unless they record their result yet."""
        self.stop()
        with contextlib.suppress(StoreError):
            self.flush()
        DBOS.destroy()
        self._closed.set()
        _workers.remove(self)

    def __exit__(self, *_: object) -> None:
        if self in _workers:
            self.close()

    def attempt_batch(self, run_id: str, turn: int, first: int) -> float | None:
        """Attempt each row of a batch that is due; return the seconds until others may be. Raises WorkerStopped."""
        try:
            run = self._read_run(run_id, max_age=0.0)
            if run.turn != turn:
                return None
            rows, wait = self._rows.take_batch(run, first)
            runner = self._find_runner(run)
            waits = list(self._threads.map(partial(self._run_row, run, runner), rows))
            self._rows.flush()
            run = self._read_run(run_id, max_age=0.0)
        except Exception as error:  # noqa: BLE001  told by the worker, which leaves the batch to others
            self._fail(error)
            raise WorkerStopped from None
        return min((wait for wait in (wait, *waits) if wait is not None), default=None) if run.is_running else None

    def _fail(self, error: Exception) -> None:
        """End the worker with an error, unless it was to end anyway."""
        if self.error is None and not self._stopping.is_set():
            unknown = ConnectorError(f"The worker met an unexpected {type(error).__name__}.")
            self.error = error if isinstance(error, ConnectorError) else unknown
        self.stop()

    def _find_runner(self, run: SharedRun) -> RowRunner:
        """Return the runner of a run. Raises ConnectorError if this host cannot open its connection."""
        with self._lock:
            if (run.id, run.turn) not in self._runners:
                options = CallOptions.parse(**run.options["call"], retry={"maxRetries": 0}, debug=self._debug)
                self._runners[run.id, run.turn] = RowRunner(
                    self._open_client(run), run.header["action"], options, partial(self._record_start, run.id)
                )
            return self._runners[run.id, run.turn]

    def _record_start(self, run_id: str, number: int, _line: int, key: str | None, *, may_resend: bool) -> None:
        self._rows.record_start(self._read_run(run_id), number, key, may_resend=may_resend)

    def _read_run(self, run_id: str, *, max_age: float = _LOOK_SECONDS) -> SharedRun:
        """Return a run as it was at most `max_age` seconds ago."""
        read_at, run = self._current.get(run_id, (float("-inf"), None))
        if run is None or time.monotonic() - read_at > max_age:
            run = self._journal.read_run(run_id)
            self._current[run_id] = time.monotonic(), run
        return run

    def _run_row(self, run: SharedRun, runner: RowRunner, shared: SharedRow) -> float | None:
        """Run a row; return the seconds until it may run again, None if it has its result or its run has stopped."""
        number = shared.row.number
        current = self._read_run(run.id)
        if self._stopping.is_set():
            raise WorkerStopped
        if not current.is_running or current.turn != run.turn:
            return None
        self._running.add((run.id, number))
        try:
            result = runner.run(shared.row, shared.key, is_resend=shared.may_resend, sent_at=shared.sent_at)
            return self._record(run, shared, result)
        finally:
            runner.in_flight.pop(number, None)
            self._running.discard((run.id, number))

    def _record(self, run: SharedRun, shared: SharedRow, result: RowResult) -> float | None:
        """Record what became of a row; return the seconds until it may run again."""
        error = result.error
        attempts = shared.attempts + result.data["attempts"]
        if isinstance(error, RowTaken):
            return _LOOK_SECONDS
        if error is not None and result.is_pending:  # every row would meet it: the run stops until it is mended
            self._rows.record_wait(run, shared, attempts=shared.attempts, seconds=0.0)
            self._journal.stop_run(run.id, RUN_STOPPED, error.to_dict())
            return None
        again = None if error is None else seconds_until_retry(error)
        if again is not None and again <= LONGEST_WAIT and attempts < run.options.get("attempts", MAX_ATTEMPTS):
            self._rows.record_wait(run, shared, attempts=attempts, seconds=again)
            return again
        stops = error is not None and (result.is_fatal or not run.keep_going)
        self._rows.record_result(run, {**result.data, "attempts": attempts}, stops=stops)
        self.finished += 1
        return None

    def _show_life(self, alive: threading.Event) -> None:
        """Hold the lock that tells other workers that this one lives."""
        try:
            with self._journal.hold_worker(self.id, _LAUNCH_TIMEOUT):
                alive.set()
                self._closed.wait()
        except ConnectorError as error:
            self._fail(error)
            alive.set()

    def _recover(self) -> None:
        """Give the batches of workers that died to the queue again."""
        while not self._stopping.wait(_RECOVERY_SECONDS):
            try:
                pending = DBOS.list_workflows(
                    status="PENDING", queue_name=self._queue, load_input=False, load_output=False
                )
                for worker in {one.executor_id for one in pending if one.executor_id} - {self.id}:
                    # Who holds the lock of a dead worker gives its batches back; a living one holds it itself.
                    with contextlib.suppress(StoreError), self._journal.hold_worker(worker, 0.0):
                        for batch in (one.workflow_id for one in pending if one.executor_id == worker):
                            DBOS.resume_workflow(batch, queue_name=self._queue)
            except (SQLAlchemyError, dbos_errors.DBOSException) as error:  # it looks again in a second
                _log.debug("Looking for workers that died: %s", type(error).__name__)
