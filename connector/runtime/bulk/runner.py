"""Run an action over many rows concurrently, recording each in a journal before it is sent."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import field
from typing import TYPE_CHECKING, Any, Protocol, Self

from connector.core.bulk.journal_state import ROW_FAILED, ROW_NEW, ROW_REPEATABLE
from connector.errors import StoreError
from connector.first_use import dataclass
from connector.runtime.bulk.row_result import RowResult, interrupted_result
from connector.runtime.bulk.row_runner import RowRunner
from connector.runtime.calls.call_options import CallOptions
from connector.runtime.process.fork_safety import ForkSafeEvent, ForkSafeLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connector.core.bulk.journal_state import JournalState
    from connector.runtime.bulk.row_reader import Row
    from connector.runtime.calls.caller import Caller

DEFAULT_CONCURRENCY = 8
MAX_CONCURRENCY = 100
_POLL_INTERVAL = 0.1  # seconds; a signal just before a wait does not end that wait
_BUFFERED_RESULTS_PER_THREAD = 4  # results that may wait, per thread


class RowJournal(Protocol):
    """What rows are recorded in: a journal, or the part of one that belongs to them. Each method raises StoreError."""

    state: JournalState

    def iter_results(self, *, include_failed: bool = True) -> Iterator[dict[str, Any]]:
        """Yield the results of earlier runs."""
        ...

    def record_start(self, number: int, line: int, key: str | None, *, may_resend: bool) -> None:
        """Record durably that a row is about to be sent."""
        ...

    def record_result(self, result: Mapping[str, Any]) -> None:
        """Record the result of a row."""
        ...

    def record_revert(self, number: int) -> None:
        """Record that a row was not sent after all."""
        ...


@dataclass(frozen=True, slots=True)
class BulkOptions:
    """How rows run: concurrency, whether to continue after a failure, whether to retry failed rows."""

    concurrency: int = DEFAULT_CONCURRENCY
    keep_going: bool = False
    retry_failed: bool = False
    call_options: CallOptions = field(default_factory=CallOptions)


def run_rows(
    client: Caller,
    action: str,
    rows: Iterator[Row],
    *,
    journal: RowJournal | None = None,
    options: BulkOptions | None = None,
) -> BulkRun:
    """Run an action for each row; yield a RowResult each, as they finish, those of earlier runs first.

    Its `data` is `{"row", "line", "outcome", "attempts"}`, with `status` and `data` for a row that is done, with
    `error` for another. A failed row stops the run unless `keep_going`: no further row starts, those in progress
    finish. An error that every row would meet (SignInError, StoreError, UsageError) always stops it, and is raised at
    the end. With a journal each row has one result, however often the run is interrupted and repeated.
    """
    return BulkRun(client, action, rows, journal, options or BulkOptions())


class BulkRun:
    """A bulk run: an iterator of RowResult, and a context manager that waits for the rows in progress."""

    def __init__(
        self, client: Caller, action: str, rows: Iterator[Row], journal: RowJournal | None, options: BulkOptions
    ) -> None:
        record_start = journal.record_start if journal else None
        self._row_runner = RowRunner(client, action, options.call_options, record_start)
        self._rows, self._journal, self._options = rows, journal, options
        self._earlier_results = journal.iter_results(include_failed=not options.retry_failed) if journal else iter(())
        self._states_to_run = (ROW_NEW, ROW_REPEATABLE, *((ROW_FAILED,) if options.retry_failed else ()))
        self._read_lock = ForkSafeLock()  # rows are read one at a time
        self._backpressure = threading.Semaphore(options.concurrency * (1 + _BUFFERED_RESULTS_PER_THREAD))
        self._results: queue.SimpleQueue[RowResult | None] = queue.SimpleQueue()
        self._stop_event = ForkSafeEvent()
        self._threads: list[threading.Thread] = []
        self._active_threads = 0
        self._is_draining = False
        self._fatal_error: BaseException | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> RowResult:
        earlier_result = next(self._earlier_results, None)
        if earlier_result is not None:
            return RowResult(earlier_result, from_earlier_run=True)
        if not self._threads:
            self._start_threads()
        result = self._next_result(lambda: False)
        if result is None:
            raise self._fatal_error or StopIteration
        return result

    def _start_threads(self) -> None:
        # Daemon threads, so that the process can exit at once: the journal knows which rows were in progress.
        self._threads = [
            threading.Thread(target=self._run_worker, name=f"row-{index}", daemon=True)
            for index in range(self._options.concurrency)
        ]
        self._active_threads = len(self._threads)
        for thread in self._threads:
            thread.start()

    def _next_result(self, should_stop: Callable[[], bool]) -> RowResult | None:
        """Return the next result; None when all threads have ended or `should_stop` is true."""
        while self._active_threads:
            try:
                result = self._results.get(timeout=_POLL_INTERVAL)
            except queue.Empty:
                if should_stop():
                    return None
                continue
            if result is not None:
                self._backpressure.release()
                return result
            self._active_threads -= 1
        return None

    def drain(self, timeout: float, should_stop: Callable[[], bool] = lambda: False) -> Iterator[RowResult]:
        """Start no further rows; yield the results of those in progress for up to `timeout` seconds.

        Rows that take longer are abandoned; the journal has them as in progress.
        """
        self._stop_event.set()
        self._is_draining = True
        deadline = time.monotonic() + timeout
        return iter(lambda: self._next_result(lambda: should_stop() or time.monotonic() >= deadline), None)

    def list_interrupted(self) -> list[RowResult]:
        """Return the abandoned rows, whose outcome is uncertain."""
        in_flight = sorted(self._row_runner.in_flight.copy().items())
        return [RowResult(interrupted_result(number, row.line)) for number, row in in_flight]

    def close(self) -> None:
        """Start no further rows, and wait for those in progress unless `drain` abandoned them."""
        self._stop_event.set()
        if self._is_draining:
            return
        for _ in self._threads:
            self._backpressure.release()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run_worker(self) -> None:
        """Run rows in one thread until there are none."""
        try:
            while True:
                self._backpressure.acquire()
                row = self._next_row()
                if row is None:
                    return
                self._results.put(self._run_row(row))
        except BaseException as error:  # noqa: BLE001  raised to the consumer of the results
            self._stop_with(error)
        finally:
            self._results.put(None)

    def _next_row(self) -> Row | None:
        """Return the next row to run: a new one, or one that may be sent again."""
        with self._read_lock:
            while not self._stop_event.is_set():
                row = next(self._rows, None)
                if (
                    row is None
                    or self._journal is None
                    or self._journal.state.state_of(row.number) in self._states_to_run
                ):
                    return row
        return None

    def _stop_with(self, error: BaseException) -> None:
        self._fatal_error = self._fatal_error or error
        self._stop_event.set()

    def _run_row(self, row: Row) -> RowResult:
        is_resend = self._journal is not None and self._journal.state.state_of(row.number) == ROW_REPEATABLE
        key = self._journal.state.key_of(row.number) if self._journal else None
        sent_at = self._journal.state.sent_at(row.number) if self._journal else None
        row_result = self._row_runner.run(row, key, is_resend=is_resend, sent_at=sent_at)
        if row_result.error is not None and row_result.is_fatal:
            self._stop_with(row_result.error)
        elif row_result.error is not None and not self._options.keep_going:
            self._stop_event.set()
        self._record_result(row_result)
        self._row_runner.in_flight.pop(row.number, None)
        return row_result

    def _record_result(self, row_result: RowResult) -> None:
        """Record the result of a row; one stopped by a fatal error stays pending."""
        if self._journal is None:
            return
        try:
            if not row_result.is_pending:
                self._journal.record_result(row_result.data)
            elif row_result.is_recorded:
                self._journal.record_revert(row_result.number)
        except StoreError as error:
            self._stop_with(error)
