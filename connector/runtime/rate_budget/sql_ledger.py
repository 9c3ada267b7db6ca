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
from connector.runtime.rate_budget.budget import FEW, Gate, memory_of
from connector.runtime.rate_budget.sql_table import TABLE, Rows, Work

if TYPE_CHECKING:
    from connector.core.exchange.exchange import Acquire
    from connector.core.rate_limit import Heard
    from connector.errors import RateLimited
    from connector.runtime.clock import Clock
    from connector.runtime.rate_budget.budget import Wanted
    from connector.runtime.rate_budget.sql_table import Done

PATIENCE = 10.0  # seconds that a call waits for the database: a busy machine takes some
REST = 10.0  # seconds until a database that failed is asked again
IDLE = 2.0  # seconds that the thread and its connection outlive the last ask
SWEEP = 600.0  # seconds between two looks for rows that say nothing any more
MOST_TOGETHER = 500
_log = logging.getLogger("connector")


class Job(NamedTuple):
    """A work and who waits for it, asked at a moment of the clock that only moves forward."""

    work: Work
    asked: float
    future: Future[tuple[Done, float]]


class Worker:
    """The thread of a process that talks to the database, while there is something to ask."""

    def __init__(self, rows: Rows, clock: Clock) -> None:
        self.pid = os.getpid()
        self._rows = rows
        self._clock = clock
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._doing: list[Job] = []
        self._swept: float | None = None

    def put(self, job: Job | None) -> None:
        """Have a job done; None ends the thread."""
        with Gate.lock:
            self._jobs.put(job)
            if self._thread is None and job is not None:
                self._thread = threading.Thread(target=self._run, name="connector budget", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the thread, if it ends soon."""
        thread = self._thread
        if thread is not None and self.pid == os.getpid():
            self.put(None)
            thread.join(1.0)

    def _run(self) -> None:
        try:
            with self._rows.database.session():
                self._sweep()
                while self._next():
                    pass
        except Exception as error:  # noqa: BLE001  whatever it is, those who wait must hear of it
            self._failed(error)

    def _sweep(self) -> None:
        now = self._clock.monotonic()
        if self._swept is None or now > self._swept + SWEEP:
            self._swept = now
            self._rows.forget()

    def _next(self) -> bool:
        """Do all that is asked now; False when nothing was for long."""
        jobs: list[Job | None] = []
        with contextlib.suppress(queue.Empty):
            jobs.append(self._jobs.get(timeout=IDLE))
        with Gate.lock:
            while len(jobs) < MOST_TOGETHER and not self._jobs.empty():
                jobs.append(self._jobs.get())
            if not jobs or None in jobs:
                self._thread = None
        self._do([job for job in jobs if job is not None and job.future.set_running_or_notify_cancel()])
        return bool(jobs) and None not in jobs

    def _do(self, jobs: list[Job]) -> None:
        if not jobs:
            return
        self._doing = jobs
        now = self._clock.monotonic()
        done = self._rows.do([job.work._replace(left=job.work.left - (now - job.asked)) for job in jobs])
        at = self._clock.monotonic()
        self._doing = []
        for job, one in zip(jobs, done, strict=True):
            job.future.set_result((one, at))

    def _failed(self, error: Exception) -> None:
        """Tell all who wait; whoever asks after that begins anew."""
        told = error if isinstance(error, StoreError) else StoreError(f"It failed: {type(error).__name__}.")
        doing, self._doing = self._doing, []
        with Gate.lock:
            self._thread = None
            waiting = []
            while not self._jobs.empty():
                waiting.append(self._jobs.get())
        jobs = [job for job in waiting if job is not None and job.future.set_running_or_notify_cancel()]
        for job in (*doing, *jobs):
            job.future.set_exception(told)


class SqlLedger:
    """The slots in a database; safe to share among threads, tasks, processes and over a fork."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.rows = Rows(open_database(url, TABLE, clock), clock)
        self._clock = clock
        self._memory = memory_of(clock)
        self._worker = Worker(self.rows, clock)
        self._shut: dict[tuple[str, str], float] = {}
        self._rests_until: float | None = None
        atexit.register(self.close)

    def __repr__(self) -> str:
        return f"SqlLedger({self.rows.database.shown!r})"

    def acquire(self, account: str, wanted: Wanted, ask: Acquire, now: float) -> float | RateLimited:
        """Return the seconds until a slot of all the wanted rates, or RateLimited."""
        if self._is_good(account, wanted, ask):
            return 0.0
        if not self._rests():
            job, patience = self._asked(account, wanted, ask, now)
            try:
                return self._answer(account, wanted, job.future.result(patience))
            except (TimeoutError, StoreError) as error:
                self._lost(error, patience)
            finally:
                job.future.cancel()  # what nobody waits for any more takes no slot
        return self._memory.acquire(account, wanted, ask, now)

    async def acquire_async(self, account: str, wanted: Wanted, ask: Acquire, now: float) -> float | RateLimited:
        """As `acquire`, without holding up the event loop."""
        if self._is_good(account, wanted, ask):
            return 0.0
        if not self._rests():
            job, patience = self._asked(account, wanted, ask, now)
            try:
                done = await asyncio.wait_for(asyncio.wrap_future(job.future), patience)
                return self._answer(account, wanted, done)
            except (TimeoutError, StoreError) as error:
                self._lost(error, patience)
        return self._memory.acquire(account, wanted, ask, now)

    def correct(self, account: str, wanted: Wanted, heard: Heard, now: float) -> None:
        """Apply what a reply said: soon in the database, at once where calls go on in memory."""
        if self._rests():
            self._memory.correct(account, wanted, heard, now)
        else:
            self._put(Work(account, wanted, heard=heard))

    def close(self) -> None:
        """End the thread that talks to the database; the next ask begins another."""
        self._worker.close()

    def _asked(self, account: str, wanted: Wanted, ask: Acquire, now: float) -> tuple[Job, float]:
        """Return what is being asked, and the seconds to wait for its answer."""
        left = max(0.0, ask.until - now)
        held = None if ask.since is None else now - ask.since
        return self._put(Work(account, wanted, left, held)), min(PATIENCE, left)

    def _put(self, work: Work) -> Job:
        if self._worker.pid != os.getpid():
            self._worker = Worker(self.rows, self._clock)
        job = Job(work, self._clock.monotonic(), Future())
        self._worker.put(job)
        return job

    def _answer(self, account: str, wanted: Wanted, answer: tuple[Done, float]) -> float | RateLimited:
        done, at = answer
        if self._rests_until is not None:
            self._rests_until = None
            _log.info("%s: the rate budget is shared again.", self.rows.database.shown)
        if len(self._shut) > FEW:
            self._shut.clear()
        for (name, _), ago in zip(wanted, done.shut, strict=True):
            if ago is not None:
                self._shut[account, name] = self._clock.time() - ago
        return max(0.0, done.gap - (self._clock.monotonic() - at)) if isinstance(done.gap, float) else done.gap

    def _is_good(self, account: str, wanted: Wanted, ask: Acquire) -> bool:
        """Whether a slot that was waited for is good, as far as this process has heard."""
        since = ask.since
        return since is not None and all(self._shut.get((account, name), 0.0) < since for name, _ in wanted)

    def _rests(self) -> bool:
        return self._rests_until is not None and self._clock.monotonic() < self._rests_until

    def _lost(self, error: Exception, patience: float) -> None:
        """Let a database that failed rest, and say so once; a call that had little time says nothing about it."""
        if isinstance(error, TimeoutError) and patience < PATIENCE:
            return
        if self._rests_until is None:
            why = str(error) if isinstance(error, StoreError) else f"no answer within {PATIENCE:g} s."
            where = self.rows.database.shown
            _log.warning("%s: the rate budget cannot be shared, each process keeps its own: %s", where, why)
        self._rests_until = self._clock.monotonic() + REST


_SHARED: dict[str, SqlLedger] = {}


def shared(url: str, clock: Clock) -> SqlLedger:
    """Return the ledger of a URL, the same for all clients of a process. Raises UsageError for another URL."""
    if not isinstance(clock, SystemClock):
        return SqlLedger(url, clock)
    found = _SHARED.get(url)
    return found or _SHARED.setdefault(url, SqlLedger(url, clock))
