"""The log of runs: a thread writes what calls report, and anybody reads it."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import socket
import threading
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Self

from connector.errors import ConnectorError
from connector.runtime.clock import SystemClock
from connector.runtime.process.fork_safety import register_for_renewal
from connector.runtime.run_log.recorder import RunRecorder
from connector.runtime.run_log.run import RUNNING, Run, RunQuery
from connector.runtime.run_log.tables import PURGE, SAVE, SELECT, open_table

if TYPE_CHECKING:
    from connector.runtime.clock import Clock

DEFAULT_KEEP_DAYS = 30.0
LONGEST_RUN = 86_400.0  # seconds; a write on another host that has not ended by then is lost
_MAX_BATCH = 200  # runs in one commit
_LINGER = 0.05  # seconds that runs wait for others, where nobody waits for them: a commit costs more than a call
_MAX_PENDING = 10_000  # runs that wait to be written; beyond that, new ones are dropped and it is told
_PURGE_INTERVAL = 3600.0  # seconds
_PURGE_BATCH = 1000  # runs; a small number keeps writers from waiting
_WAIT_SECONDS = 2.0  # that a write waits to be in the log; a broken disk must not stop calls
_LOST_MESSAGE = "The process ended before the reply came: the write may have been done."
_log = logging.getLogger("connector.runs")


class RunLog:
    """Runs in SQLite or PostgreSQL; safe to share among threads, clients and processes, and across a fork.

    `keep_days` is how long runs are kept. Reading raises StoreError; writing never does: a failure is logged once.
    Raises UsageError for another URL.
    """

    def __init__(self, url: str, *, keep_days: float = DEFAULT_KEEP_DAYS, clock: Clock | None = None) -> None:
        self._url = url
        self._keep_seconds = keep_days * 86_400.0
        self._clock: Clock = clock or SystemClock()
        self._reading, self._writing = open_table(url), open_table(url)
        self._purged_at = 0.0
        self._is_failing = False
        self._begin_process()
        register_for_renewal(self)
        atexit.register(self.close)

    def __repr__(self) -> str:
        return f"RunLog({self._reading.display_url!r})"

    def _begin_process(self) -> None:
        self._pending: deque[Run | Future[None]] = deque()  # a future is done when all before it is written
        self._condition = threading.Condition()
        self._read_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_idle = self._is_urgent = self._is_closed = False

    def renew_after_fork(self) -> None:
        """Use connections and a thread of its own in a forked child; what waited there is the parent's to write."""
        self._reading, self._writing = open_table(self._url), open_table(self._url)
        self._begin_process()

    def observe(self, door: str = "python", *, is_durable: bool = False, has_trace: bool = False) -> RunRecorder:
        """Return the observer of one client: `Client(..., observe=log.observe())`; see RunRecorder."""
        return RunRecorder(self.write, door, is_durable=is_durable, has_trace=has_trace)

    def write(self, run: Run, *, wait: bool = False) -> None:
        """Write a run, or what has become of it; with `wait`, return when that is done, or has failed."""
        with self._condition:
            if self._is_closed:
                return
            if len(self._pending) >= _MAX_PENDING:
                self._tell(f"{_MAX_PENDING:,} of them wait to be written")
                return
            self._pending.append(run)
            if self._is_idle or len(self._pending) >= _MAX_BATCH:
                self._condition.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="connector-runs", daemon=True)
                self._thread.start()
        if wait:
            self.flush()

    def flush(self) -> None:
        """Return when what waits is written, or has failed, or after two seconds."""
        with self._condition:
            if self._thread is None or self._is_closed:
                return
            written: Future[None] = Future()
            self._pending.append(written)
            self._is_urgent = True
            self._condition.notify()
        with contextlib.suppress(TimeoutError):
            written.result(_WAIT_SECONDS)

    def find(self, query: RunQuery | None = None) -> list[Run]:
        """Return the runs that a query asks for: those of uncertain outcome first, then the newest."""
        self.settle_lost()
        query = query or RunQuery()
        conditions, parameters = _build_conditions(query)
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        order = " ORDER BY CASE outcome WHEN 'uncertain' THEN 0 ELSE 1 END, started_at DESC, id DESC LIMIT ?"
        return [Run.from_row(row) for row in self._read(f"{SELECT}{where}{order}", (*parameters, query.limit))]

    def get(self, run_id: str) -> Run | None:
        """Return a run by its id, or by the end of it where that is unambiguous; else None."""
        self.settle_lost()
        rows = self._read(f"{SELECT} WHERE id = ?", (run_id,))
        rows = rows or self._read(f"{SELECT} WHERE id LIKE ? LIMIT 2", (f"%{run_id}",))
        return Run.from_row(rows[0]) if len(rows) == 1 else None

    def settle_lost(self) -> None:
        """Call uncertain the writes whose process ended before they did."""
        self.flush()
        rows = self._read(f"{SELECT} WHERE outcome = ?", (RUNNING,))
        lost = [run for run in map(Run.from_row, rows) if self._is_lost(run)]
        statement = "UPDATE connector_runs SET outcome = ?, error = ? WHERE id = ? AND outcome = ?"
        if lost:
            with self._read_lock:
                self._reading.write([(statement, ("uncertain", _LOST_MESSAGE, run.id, RUNNING)) for run in lost])

    def _is_lost(self, run: Run) -> bool:
        host, _, pid = run.process.rpartition(" ")
        if host != socket.gethostname():
            return run.started_at < self._clock.time() - LONGEST_RUN
        try:
            os.kill(int(pid), 0)
        except (ProcessLookupError, ValueError):
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """Write what waits, and accept no more."""
        with self._condition:
            self._is_closed = True
            self._condition.notify()
        if self._thread is not None:
            self._thread.join(_WAIT_SECONDS * 5)
        with self._read_lock:
            self._reading.close()
        atexit.unregister(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self, statement: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with self._read_lock:
            return self._reading.read(statement, parameters)

    def _run(self) -> None:
        while batch := self._take_batch():
            reason = None
            try:
                rows = [entry.to_row() for entry in batch if isinstance(entry, Run)]
                if rows:
                    self._writing.write_many(SAVE, rows)
                    self._purge()
            except Exception as failure:  # noqa: BLE001  a log that fails, fails no call
                reason = str(failure) if isinstance(failure, ConnectorError) else type(failure).__name__
            self._tell(reason)
            for entry in batch:
                if isinstance(entry, Future):
                    entry.set_result(None)
        self._writing.close()

    def _take_batch(self) -> list[Run | Future[None]]:
        """Wait for runs and return them, of each what it has become last; none when the log is closed."""
        with self._condition:
            self._is_idle = True
            self._condition.wait_for(lambda: self._pending or self._is_closed)
            self._is_idle = False
            self._condition.wait_for(self._must_write, _LINGER)
            entries = [self._pending.popleft() for _ in range(min(len(self._pending), _MAX_BATCH))]
            self._is_urgent = any(isinstance(entry, Future) for entry in self._pending)
        runs = {entry.id: entry for entry in entries if isinstance(entry, Run)}
        return [*runs.values(), *(entry for entry in entries if isinstance(entry, Future))]

    def _must_write(self) -> bool:
        return self._is_urgent or self._is_closed or len(self._pending) >= _MAX_BATCH

    def _purge(self) -> None:
        """Delete some of the runs that are too old, now and then."""
        now = self._clock.time()
        if now - self._purged_at < _PURGE_INTERVAL:
            return
        deleted = self._writing.write([(PURGE, (now - self._keep_seconds, _PURGE_BATCH))])
        if deleted < _PURGE_BATCH:
            self._purged_at = now

    def _tell(self, reason: str | None) -> None:
        """Log why runs are not written: once, until they are again."""
        if reason is not None and not self._is_failing:
            _log.warning("Runs are not written into their log: %s", reason)
        self._is_failing = reason is not None


def _build_conditions(query: RunQuery) -> tuple[list[str], list[Any]]:
    named = {name: getattr(query, name) for name in ("connector", "action", "connection", "outcome", "door")}
    conditions = [(f"{name} = ?", value) for name, value in named.items() if value is not None]
    if query.since is not None:
        conditions.append(("started_at >= ?", query.since))
    texts, parameters = [text for text, _ in conditions], [value for _, value in conditions]
    if query.failed:
        texts.append("outcome NOT IN ('done', 'running')")
    return texts, parameters
