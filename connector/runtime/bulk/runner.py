"""Run an action over many rows concurrently, recording each in a journal before it is sent."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from connector.core.bulk.journal_state import ROW_FAILED, ROW_NEW, ROW_REPEATABLE
from connector.core.exchange.asks import SendRequest
from connector.core.response.api_errors import CHECK_BEFORE_RETRY
from connector.core.response.outcomes import is_write, may_change_state
from connector.errors import ConnectorError, NotFound, SignInError, StoreError, UsageError
from connector.runtime.bulk.row_result import RowResult, build_deleted_row, build_result_row, interrupted_result
from connector.runtime.calls.call_options import CallOptions
from connector.runtime.calls.observer import Observer
from connector.runtime.fork_safety import ForkSafeEvent, ForkSafeLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.core.exchange.asks import Ask
    from connector.core.response.result import Result
    from connector.errors import Outcome
    from connector.runtime.bulk.journal import Journal
    from connector.runtime.bulk.row_reader import Row
    from connector.runtime.calls.observer import ObservedCall
    from connector.runtime.client.client import Client

DEFAULT_CONCURRENCY = 8
MAX_CONCURRENCY = 100
_POLL_INTERVAL = 0.1  # seconds; a signal just before a wait does not end that wait
_BUFFERED_RESULTS_PER_THREAD = 4  # results that may wait, per thread
_FATAL_ERRORS = (SignInError, StoreError, UsageError)  # every later row would meet these too


@dataclass(frozen=True, slots=True)
class BulkOptions:
    """How rows run: concurrency, whether to continue after a failure, whether to retry failed rows."""

    concurrency: int = DEFAULT_CONCURRENCY
    keep_going: bool = False
    retry_failed: bool = False
    call_options: CallOptions = field(default_factory=CallOptions)


def run_rows(
    client: Client,
    action: str,
    rows: Iterator[Row],
    *,
    journal: Journal | None = None,
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
        self, client: Client, action: str, rows: Iterator[Row], journal: Journal | None, options: BulkOptions
    ) -> None:
        self._client, self._action = client, client.connector.action(action)
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
        self._in_flight: dict[int, Row] = {}  # in progress, and not safe to send twice
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
        in_flight = sorted(self._in_flight.copy().items())
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
        hook = _JournalHook(self._journal, row, self._in_flight)
        try:
            result = self._run_action(row, hook)
        except ConnectorError as error:
            if hook.is_resend and self._action.method == "DELETE" and isinstance(error, NotFound):
                row_result = RowResult(build_deleted_row(row, error))
            else:
                row_result = self._handle_error(row, error)
        except Exception as error:  # noqa: BLE001  a row that was sent has an outcome, whatever breaks
            row_error = hook.to_row_error(error)
            self._stop_with(row_error)
            row_result = self._handle_error(row, row_error)
        else:
            row_result = RowResult(build_result_row(row, result))
        self._record_result(row_result, hook)
        self._in_flight.pop(row.number, None)
        return row_result

    def _run_action(self, row: Row, hook: _JournalHook) -> Result:
        if row.error is not None:
            raise row.error
        key = self._journal.state.key_of(row.number) if self._journal else None
        options = replace(self._options.call_options, observers=(hook,))
        if key:
            options = replace(options, idempotency_key=key)
        return self._client.execute(self._action.action, row.given, options)

    def _handle_error(self, row: Row, error: ConnectorError) -> RowResult:
        if isinstance(error, _FATAL_ERRORS):
            self._stop_with(error)
        elif not self._options.keep_going:
            self._stop_event.set()
        data = {"row": row.number, "line": row.line, "outcome": error.outcome, "attempts": error.attempts}
        return RowResult({**data, "error": error.to_dict()}, error)

    def _record_result(self, row_result: RowResult, hook: _JournalHook) -> None:
        """Record the result of a row; one stopped by a fatal error stays pending."""
        if self._journal is None:
            return
        is_still_pending = isinstance(row_result.error, _FATAL_ERRORS) and row_result.outcome != "uncertain"
        try:
            if not is_still_pending:
                self._journal.record_result(row_result.data)
            elif hook.is_recorded:
                self._journal.record_revert(row_result.number)
        except StoreError as error:
            self._stop_with(error)


class _JournalHook(Observer):
    """Records the start of a row in the journal, just before its first request that may change something."""

    def __init__(self, journal: Journal | None, row: Row, in_flight: dict[int, Row]) -> None:
        self._journal, self._row, self._in_flight = journal, row, in_flight
        self.is_recorded = self._is_sent = False
        self.is_resend = journal is not None and journal.state.state_of(row.number) == ROW_REPEATABLE

    def to_row_error(self, error: Exception) -> ConnectorError:
        """Return the error of a row that something unexpected ended, such as a mistake in a program's own transport."""
        outcome: Outcome = "uncertain" if self.is_recorded else "rejected" if self._is_sent else "not_sent"
        hint = CHECK_BEFORE_RETRY if self.is_recorded else ""
        message = f"The row was ended by an unexpected {type(error).__name__}."
        return ConnectorError(message, outcome=outcome, hint=hint)

    def before(self, call: ObservedCall, ask: Ask) -> None:
        """Record the start. Raises StoreError; then the request is not sent."""
        self._is_sent = self._is_sent or type(ask) is SendRequest
        if type(ask) is not SendRequest or self.is_recorded or not may_change_state(ask.request):
            return
        key = call.retry_policy.idempotency_key
        may_resend = key is not None or not is_write(call.compiled.action, ask.request)
        if self._journal is not None:
            self._journal.record_start(self._row.number, self._row.line, key, may_resend=may_resend)
        if not may_resend:
            self._in_flight[self._row.number] = self._row
        self.is_recorded = True
