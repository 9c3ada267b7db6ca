"""Rate slots in SQLite or PostgreSQL, shared by all processes and hosts that use an account.

One short-lived thread per process talks to the database for all callers, so that no call waits longer than its own
deadline. While the database is unavailable, calls use the memory of their process.
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
from connector.runtime.rate_budget.memory_ledger import LEDGER_LOCK, SWEEP_AT, memory_ledger_for
from connector.runtime.rate_budget.sql_table import SCHEMA, LedgerOp, LedgerTable

if TYPE_CHECKING:
    from connector.core.exchange.asks import AcquireSlot
    from connector.core.rate_feedback import RateFeedback
    from connector.core.rate_limit import RateState
    from connector.errors import RateLimited
    from connector.runtime.clock import Clock
    from connector.runtime.rate_budget.memory_ledger import NamedRates
    from connector.runtime.rate_budget.sql_table import LedgerResult
    from connector.runtime.rate_budget.turns import TurnQueues

MAX_WAIT = 10.0  # seconds that a call waits for the database; a busy machine needs some
RETRY_DELAY = 10.0  # seconds before a failed database is used again
IDLE_TIMEOUT = 2.0  # seconds that the thread and its connection outlive the last operation
SWEEP_INTERVAL = 600.0  # seconds between two deletions of expired rows
MAX_BATCH_OPS = 500
_log = logging.getLogger("connector")


class PendingOp(NamedTuple):
    """An operation, when it was submitted (monotonic seconds), and the future of its result and finish time."""

    op: LedgerOp
    submitted_at: float
    future: Future[tuple[LedgerResult, float]]


class Worker:
    """The thread of a process that runs operations in the database; it ends when idle."""

    def __init__(self, table: LedgerTable, clock: Clock) -> None:
        self.pid = os.getpid()
        self._table = table
        self._clock = clock
        self._queue: queue.SimpleQueue[PendingOp | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._executing: list[PendingOp] = []
        self._swept_at: float | None = None

    def submit(self, pending: PendingOp | None) -> None:
        """Queue an operation; None ends the thread."""
        with LEDGER_LOCK:
            self._queue.put(pending)
            if self._thread is None and pending is not None:
                self._thread = threading.Thread(target=self._run, name="connector budget", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the thread; wait for a second at most."""
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
        except Exception as error:  # noqa: BLE001  raised again by the caller
            self._fail_all(error)

    def _sweep(self) -> None:
        now = self._clock.monotonic()
        if self._swept_at is None or now > self._swept_at + SWEEP_INTERVAL:
            self._swept_at = now
            self._table.delete_expired()

    def _run_batch(self) -> bool:
        """Run all queued operations; return False to end the thread: it was idle or closed."""
        batch: list[PendingOp | None] = []
        with contextlib.suppress(queue.Empty):
            batch.append(self._queue.get(timeout=IDLE_TIMEOUT))
        with LEDGER_LOCK:
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
        ops = [op._replace(seconds_left=op.seconds_left - (now - submitted_at)) for op, submitted_at, _ in batch]
        results = self._table.execute(ops)
        finished_at = self._clock.monotonic()
        self._executing = []
        for pending, result in zip(batch, results, strict=True):
            pending.future.set_result((result, finished_at))

    def _fail_all(self, error: Exception) -> None:
        """Fail all pending operations; the next one starts a new thread."""
        message = f"The database failed: {type(error).__name__}."
        failure = error if isinstance(error, StoreError) else StoreError(message)
        executing, self._executing = self._executing, []
        with LEDGER_LOCK:
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
    """The slots taken in a database; safe to share among threads, tasks and processes, and across a fork."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.table = LedgerTable(open_database(url, SCHEMA, clock), clock)
        self._clock = clock
        self._memory = memory_ledger_for(clock)
        self._worker = Worker(self.table, clock)
        self._closed_at: dict[tuple[str, str], float] = {}
        self._suspended_until: float | None = None
        atexit.register(self.close)

    @property
    def turns(self) -> TurnQueues:
        """The turns of this process: how many requests others have on their way is not stored."""
        return self._memory.turns

    def __repr__(self) -> str:
        return f"SqlLedger({self.table.database.display_url!r})"

    def acquire(self, account: str, named_rates: NamedRates, ask: AcquireSlot, now: float) -> float | RateLimited:
        """Return the seconds until a slot of all the rates, or RateLimited."""
        if self._is_slot_valid(account, named_rates, ask):
            return 0.0
        if not self._is_suspended():
            pending, timeout = self._submit_acquire(account, named_rates, ask, now)
            try:
                return self._read_result(account, named_rates, pending.future.result(timeout))
            except (TimeoutError, StoreError) as error:
                self._suspend(error, timeout)
            finally:
                pending.future.cancel()  # an abandoned operation must take no slot
        return self._memory.acquire(account, named_rates, ask, now)

    async def acquire_async(
        self, account: str, named_rates: NamedRates, ask: AcquireSlot, now: float
    ) -> float | RateLimited:
        """Do as `acquire` without blocking the event loop."""
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
        """Apply the feedback of a reply: soon in the database, at once in memory while that is used."""
        if self._is_suspended():
            self._memory.apply_feedback(account, named_rates, feedback, now)
        else:
            self._submit(LedgerOp(account, named_rates, feedback=feedback))

    def read_states(self, account: str) -> dict[str, RateState]:
        """Return the states of an account's rates by name, of a quota with a hash of its value. Raises StoreError."""
        return self.table.read_states(account)

    def close(self) -> None:
        """End the database thread; the next operation starts another."""
        self._worker.close()

    def _submit_acquire(
        self, account: str, named_rates: NamedRates, ask: AcquireSlot, now: float
    ) -> tuple[PendingOp, float]:
        """Return the pending operation, and the seconds to wait for its result."""
        seconds_left = max(0.0, ask.deadline - now)
        reserved_ago = None if ask.reserved_at is None else now - ask.reserved_at
        op = LedgerOp(account, named_rates, seconds_left, reserved_ago, weight=ask.weight)
        return self._submit(op), min(MAX_WAIT, seconds_left)

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
        if not isinstance(result.delay, float):
            return result.delay
        return max(0.0, result.delay - (self._clock.monotonic() - finished_at))

    def _is_slot_valid(self, account: str, named_rates: NamedRates, ask: AcquireSlot) -> bool:
        """Whether a reserved slot is still valid, as far as this process knows."""
        since = ask.reserved_at
        return since is not None and all(self._closed_at.get((account, name), 0.0) < since for name, _ in named_rates)

    def _is_suspended(self) -> bool:
        return self._suspended_until is not None and self._clock.monotonic() < self._suspended_until

    def _suspend(self, error: Exception, timeout: float) -> None:
        """Use memory for a while after the database failed, and log it once; a short deadline proves no failure."""
        if isinstance(error, TimeoutError) and timeout < MAX_WAIT:
            return
        if self._suspended_until is None:
            reason = str(error) if isinstance(error, StoreError) else f"no answer within {MAX_WAIT:g} s."
            display_url = self.table.database.display_url
            _log.warning("%s: the rate budget cannot be shared; each process uses its own: %s", display_url, reason)
        self._suspended_until = self._clock.monotonic() + RETRY_DELAY


_LEDGERS: dict[str, SqlLedger] = {}


def ledger_for(url: str, clock: Clock) -> SqlLedger:
    """Return the ledger of a URL, shared by all clients of a process. Raises UsageError for an unsupported URL."""
    if not isinstance(clock, SystemClock):
        return SqlLedger(url, clock)
    ledger = _LEDGERS.get(url)
    return ledger or _LEDGERS.setdefault(url, SqlLedger(url, clock))
