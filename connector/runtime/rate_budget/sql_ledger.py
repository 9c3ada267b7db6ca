"""The rate budget in a database, SQLite or PostgreSQL: one for all processes and hosts that call with an account.

One short-lived thread a process talks to the database, for all callers at once, so that nobody waits longer for it
than his own deadline allows. While it cannot be used, calls go on with the memory of their process.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import os
import queue
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, NamedTuple

from connector.errors import StoreError
from connector.runtime.clock import SystemClock
from connector.runtime.database.connect import open_database
from connector.runtime.rate_budget.budget import SWEEP_AT, LedgerLock, memory_ledger_for
from connector.runtime.rate_budget.sql_table import TABLE, LedgerOp, LedgerTable

if TYPE_CHECKING:
    from connector.core.exchange.asks import AcquireSlot
    from connector.core.rate_limit import RateFeedback
    from connector.errors import RateLimited
    from connector.runtime.clock import Clock
    from connector.runtime.rate_budget.budget import NamedRates
    from connector.runtime.rate_budget.sql_table import LedgerResult

MAX_WAIT = 10.0  # seconds that a call waits for the database: a busy machine takes some
RETRY_DELAY = 10.0  # seconds until a database that failed is asked again
IDLE_TIMEOUT = 2.0  # seconds that the thread and its connection outlive the last ask
SWEEP_INTERVAL = 600.0  # seconds between two looks for rows that say nothing any more
MAX_BATCH_OPS = 500
_log = logging.getLogger("connector")


class PendingOp(NamedTuple):
    """A work and who waits for it, asked at a moment of the clock that only moves forward."""

    op: LedgerOp
    submitted_at: float
    future: Future[tuple[LedgerResult, float]]


class Worker:
    """The thread of a process that talks to the database, while there is something to ask."""

    def __init__(self, table: LedgerTable, clock: Clock) -> None:
        self.pid = os.getpid()
        self._table = table
        self._clock = clock
        self._queue: queue.SimpleQueue[PendingOp | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._executing: list[PendingOp] = []
        self._swept_at: float | None = None

    def submit(self, pending: PendingOp | None) -> None:
        """Have a job done; None ends the thread."""
        with LedgerLock.lock:
            self._queue.put(pending)
            if self._thread is None and pending is not None:
                self._thread = threading.Thread(target=self._run, name="connector budget", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the thread, if it ends soon."""
        thread = self._thread
        if thread is not None and self.pid == os.getpid():
            self.submit(None)
            thread.join(1.0)

    def _run(self) -> None:
        try:
            with self._table.database.session():
                self._sweep()
                while self._run_batch():
                    pass
        except Exception as error:  # noqa: BLE001  whatever it is, those who wait must hear of it
            self._fail_all(error)

    def _sweep(self) -> None:
        now = self._clock.monotonic()
        if self._swept_at is None or now > self._swept_at + SWEEP_INTERVAL:
            self._swept_at = now
            self._table.delete_expired()

    def _run_batch(self) -> bool:
        """Do all that is asked now; False when nothing was for long."""
        batch: list[PendingOp | None] = []
        with contextlib.suppress(queue.Empty):
            batch.append(self._queue.get(timeout=IDLE_TIMEOUT))
        with LedgerLock.lock:
            while len(batch) < MAX_BATCH_OPS and not self._queue.empty():
                batch.append(self._queue.get())
            if not batch or None in batch:
                self._thread = None
        self._execute(
            [pending for pending in batch if pending is not None and pending.future.set_running_or_notify_cancel()]
        )
        return bool(batch) and None not in batch

    def _execute(self, batch: list[PendingOp]) -> None:
        if not batch:
            return
        self._executing = batch
        now = self._clock.monotonic()
        results = self._table.execute(
            [
                pending.op._replace(seconds_left=pending.op.seconds_left - (now - pending.submitted_at))
                for pending in batch
            ]
        )
        finished_at = self._clock.monotonic()
        self._executing = []
        for pending, result in zip(batch, results, strict=True):
            pending.future.set_result((result, finished_at))

    def _fail_all(self, error: Exception) -> None:
        """Tell all who wait; whoever asks after that begins anew."""
        failure = error if isinstance(error, StoreError) else StoreError(f"It failed: {type(error).__name__}.")
        executing, self._executing = self._executing, []
        with LedgerLock.lock:
            self._thread = None
            queued = []
            while not self._queue.empty():
                queued.append(self._queue.get())
        cancellable = [
            pending for pending in queued if pending is not None and pending.future.set_running_or_notify_cancel()
        ]
        for pending in (*executing, *cancellable):
            pending.future.set_exception(failure)


class SqlLedger:
    """The slots in a database; safe to share among threads, tasks, processes and over a fork."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.table = LedgerTable(open_database(url, TABLE, clock), clock)
        self._clock = clock
        self._memory = memory_ledger_for(clock)
        self._worker = Worker(self.table, clock)
        self._closed_at: dict[tuple[str, str], float] = {}
        self._suspended_until: float | None = None
        atexit.register(self.close)

    def __repr__(self) -> str:
        return f"SqlLedger({self.table.database.display_url!r})"

    def acquire(self, account: str, named_rates: NamedRates, ask: AcquireSlot, now: float) -> float | RateLimited:
        """Return the seconds until a slot of all the wanted rates, or RateLimited."""
        if self._is_slot_valid(account, named_rates, ask):
            return 0.0
        if not self._is_suspended():
            pending, timeout = self._submit_acquire(account, named_rates, ask, now)
            try:
                return self._read_result(account, named_rates, pending.future.result(timeout))
            except (TimeoutError, StoreError) as error:
                self._suspend(error, timeout)
            finally:
                pending.future.cancel()  # what nobody waits for any more takes no slot
        return self._memory.acquire(account, named_rates, ask, now)

    async def acquire_async(
        self, account: str, named_rates: NamedRates, ask: AcquireSlot, now: float
    ) -> float | RateLimited:
        """As `acquire`, without holding up the event loop."""
        if self._is_slot_valid(account, named_rates, ask):
            return 0.0
        if not self._is_suspended():
            pending, timeout = self._submit_acquire(account, named_rates, ask, now)
            try:
                result = await asyncio.wait_for(asyncio.wrap_future(pending.future), timeout)
                return self._read_result(account, named_rates, result)
            except (TimeoutError, StoreError) as error:
                self._suspend(error, timeout)
        return self._memory.acquire(account, named_rates, ask, now)

    def apply_feedback(self, account: str, named_rates: NamedRates, feedback: RateFeedback, now: float) -> None:
        """Apply what a reply said: soon in the database, at once where calls go on in memory."""
        if self._is_suspended():
            self._memory.apply_feedback(account, named_rates, feedback, now)
        else:
            self._submit(LedgerOp(account, named_rates, feedback=feedback))

    def close(self) -> None:
        """End the thread that talks to the database; the next ask begins another."""
        self._worker.close()

    def _submit_acquire(
        self, account: str, named_rates: NamedRates, ask: AcquireSlot, now: float
    ) -> tuple[PendingOp, float]:
        """Return what is being asked, and the seconds to wait for its answer."""
        seconds_left = max(0.0, ask.deadline - now)
        reserved_ago = None if ask.reserved_at is None else now - ask.reserved_at
        return self._submit(LedgerOp(account, named_rates, seconds_left, reserved_ago)), min(MAX_WAIT, seconds_left)

    def _submit(self, op: LedgerOp) -> PendingOp:
        if self._worker.pid != os.getpid():
            self._worker = Worker(self.table, self._clock)
        pending = PendingOp(op, self._clock.monotonic(), Future())
        self._worker.submit(pending)
        return pending

    def _read_result(
        self, account: str, named_rates: NamedRates, timed_result: tuple[LedgerResult, float]
    ) -> float | RateLimited:
        result, finished_at = timed_result
        if self._suspended_until is not None:
            self._suspended_until = None
            _log.info("%s: the rate budget is shared again.", self.table.database.display_url)
        if len(self._closed_at) > SWEEP_AT:
            self._closed_at.clear()
        for (name, _), closed_ago in zip(named_rates, result.closed_ago, strict=True):
            if closed_ago is not None:
                self._closed_at[account, name] = self._clock.time() - closed_ago
        return (
            max(0.0, result.delay - (self._clock.monotonic() - finished_at))
            if isinstance(result.delay, float)
            else result.delay
        )

    def _is_slot_valid(self, account: str, named_rates: NamedRates, ask: AcquireSlot) -> bool:
        """Whether a slot that was waited for is good, as far as this process has heard."""
        since = ask.reserved_at
        return since is not None and all(self._closed_at.get((account, name), 0.0) < since for name, _ in named_rates)

    def _is_suspended(self) -> bool:
        return self._suspended_until is not None and self._clock.monotonic() < self._suspended_until

    def _suspend(self, error: Exception, timeout: float) -> None:
        """Let a database that failed rest, and say so once; a call that had little time says nothing about it."""
        if isinstance(error, TimeoutError) and timeout < MAX_WAIT:
            return
        if self._suspended_until is None:
            reason = str(error) if isinstance(error, StoreError) else f"no answer within {MAX_WAIT:g} s."
            display_url = self.table.database.display_url
            _log.warning("%s: the rate budget cannot be shared, each process keeps its own: %s", display_url, reason)
        self._suspended_until = self._clock.monotonic() + RETRY_DELAY


_LEDGERS: dict[str, SqlLedger] = {}


def ledger_for(url: str, clock: Clock) -> SqlLedger:
    """Return the ledger of a URL, the same for all clients of a process. Raises UsageError for another URL."""
    if not isinstance(clock, SystemClock):
        return SqlLedger(url, clock)
    ledger = _LEDGERS.get(url)
    return ledger or _LEDGERS.setdefault(url, SqlLedger(url, clock))
