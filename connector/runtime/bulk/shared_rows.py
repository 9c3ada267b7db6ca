"""The rows of shared bulk runs as a worker sees them: it takes a batch, and records starts and results."""

from __future__ import annotations

import functools
from dataclasses import field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, bindparam, case, func, null, select, update

from connector.errors import ConnectorError
from connector.first_use import dataclass
from connector.runtime.bulk.row_reader import Row
from connector.runtime.bulk.shared_judgement import judge_rows, lock_run, stop_run
from connector.runtime.bulk.shared_tables import ROW_RUNNING, ROW_WAITING, ROWS, RUN_RUNNING, RUNS, now_of
from connector.runtime.database.group_commit import GroupCommitWriter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from sqlalchemy import BindParameter, Connection, Update
    from sqlalchemy.sql.dml import ReturningUpdate

    from connector.runtime.bulk.shared_journal import SharedJournal
    from connector.runtime.bulk.shared_tables import RowCodec, SharedRun

_MAX_COMMIT_CHANGES = 200
_UNSENT_SECONDS = 1.0  # before a batch looks again at rows that another worker has


class RowTaken(ConnectorError):
    """A row may not be sent: its run has stopped, or another worker has it."""


@dataclass(frozen=True, slots=True, repr=False)
class SharedRow:
    """A row to run: `key`, `sent_at` and `may_resend` say how it was sent before, `attempts` how often."""

    row: Row
    key: str | None
    sent_at: float | None
    may_resend: bool
    attempts: int


@dataclass(slots=True)
class _Start:
    """A row that is about to be sent; `is_applied` once that is recorded, unless it must not be sent."""

    group: tuple[str, str | None, bool]  # its run, its idempotency key, and whether sending it twice is safe
    number: int
    is_applied: bool = field(default=False)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a row: the columns that change; `stops` ends its run with it."""

    columns: dict[str, Any]
    stops: bool = False


class WorkerRows:
    """The rows that one worker has in hand. Methods raise StoreError."""

    def __init__(self, journal: SharedJournal, worker: str) -> None:
        self._journal, self._worker = journal, worker
        write = functools.partial(_write_changes, worker)
        self._writer = GroupCommitWriter(journal.database, write, _MAX_COMMIT_CHANGES, name="bulk run")
        self._error: BaseException | None = None  # of a result that was not written

    def take_batch(self, run: SharedRun, first: int) -> tuple[list[SharedRow], float | None]:
        """Return the rows of a batch that are due, and the seconds until others are, None without others."""
        in_batch = (ROWS.c.run == run.id) & (ROWS.c.batch == first)

        def read(connection: Connection) -> tuple[list[Any], float]:
            is_open = ROWS.c.state.in_((ROW_WAITING, ROW_RUNNING))
            now = float(connection.scalar(select(now_of(connection.dialect.name))) or 0.0)
            return list(connection.execute(select(ROWS).where(in_batch & is_open).order_by(ROWS.c.number))), now

        found, now = self._journal.run(read)
        started = [row for row in found if row.state == ROW_RUNNING]
        if judge_rows(self._journal, run, started, own=self._worker):
            found, now = self._journal.run(read)
        codec = self._journal.codec_of(run.id)
        due = [_to_row(row, codec) for row in found if row.state == ROW_WAITING and row.due_at <= now]
        waits = [row.due_at - now for row in found if row.state == ROW_WAITING and row.due_at > now]
        waits += [_UNSENT_SECONDS for row in found if row.state == ROW_RUNNING]
        return due, min(waits, default=None)

    def record_start(self, run: SharedRun, number: int, key: str | None, *, may_resend: bool) -> None:
        """Record durably that a row is about to be sent, and all that was recorded before.

        Raises RowTaken if it must not be sent.
        """
        start = _Start((run.id, key, may_resend), number)
        self._write(start)
        if not start.is_applied:
            raise RowTaken("The row is not sent: its run has stopped, or another worker has the row.")

    def record_result(self, run: SharedRun, result: dict[str, Any], *, stops: bool) -> None:
        """Record the result of a row, durable with the next start or `flush`; `stops` ends the run with it."""
        number = result["row"]
        columns = {"state": result["outcome"], "attempts": result["attempts"], "may_resend": 0, "seconds": 0.0}
        columns["result"] = self._journal.codec_of(run.id).encode(number, result)
        self._write_later(_Outcome({**columns, "of_run": run.id, "of_number": number}, stops))

    def record_wait(self, run: SharedRun, shared: SharedRow, *, attempts: int, seconds: float) -> None:
        """Record that a row, which the service has not processed, is to run again after some seconds."""
        columns = {"state": ROW_WAITING, "attempts": attempts, "may_resend": int(shared.may_resend)}
        columns |= {"seconds": seconds, "result": None}
        self._write_later(_Outcome({**columns, "of_run": run.id, "of_number": shared.row.number}))

    def flush(self) -> None:
        """Wait until all that was recorded is durable."""
        self._write(None)

    def _write(self, change: _Start | None) -> None:
        """Write a change with all before it, durably. Raises StoreError, also for one before it."""
        self._writer.put(change, 0).result()
        if self._error is not None:
            raise self._error

    def _write_later(self, change: _Outcome) -> None:
        def note_error(future: Future[None]) -> None:
            self._error = self._error or future.exception()

        self._writer.put(change, 0).add_done_callback(note_error)

    def close(self) -> None:
        """Write what is pending, and accept no more."""
        self._writer.close()


def _write_changes(worker: str, changes: Sequence[_Start | _Outcome | None], connection: Connection) -> None:
    """Write results and waits, then starts: none of the starts is of a row whose result comes with it."""
    outcomes = [change for change in changes if isinstance(change, _Outcome)]
    starts = [change for change in changes if isinstance(change, _Start)]
    stopped = {outcome.columns["of_run"] for outcome in outcomes if outcome.stops}
    for run_id in sorted(stopped | {start.group[0] for start in starts}):
        lock_run(run_id, connection, read=run_id not in stopped)
    if outcomes:
        statement = _outcome_statement(connection.dialect.name)
        connection.execute(statement, [{**outcome.columns, "of_worker": worker} for outcome in outcomes])
    for run_id in stopped:
        stop_run(run_id, connection)
    for group, same in groupby(starts, key=lambda start: start.group):
        together = list(same)
        run_id, key, may_resend = group
        values = {"worker": worker, "key": key, "may_resend": int(may_resend)}
        numbers = [start.number for start in together]
        statement = _start_statement(connection.dialect.name)
        started = set(connection.scalars(statement, {**values, "of_run": run_id, "of_numbers": numbers}))
        for start in together:
            start.is_applied = start.number in started


_IS_RUNNING = (RUNS.c.id == bindparam("of_run")) & (RUNS.c.state == RUN_RUNNING)


@functools.cache
def _start_statement(dialect: str) -> ReturningUpdate[Any]:
    """Return the statement that records the start of rows which wait in a running run."""
    return (
        update(ROWS)
        .where((ROWS.c.run == bindparam("of_run")) & ROWS.c.number.in_(bindparam("of_numbers", expanding=True)))
        .where((ROWS.c.state == ROW_WAITING) & select(RUNS.c.id).where(_IS_RUNNING).exists())
        .values(
            state=ROW_RUNNING, worker=bindparam("worker"), key=bindparam("key"), may_resend=bindparam("may_resend"),
            sent_at=func.coalesce(ROWS.c.sent_at, now_of(dialect)),
        )
        .returning(ROWS.c.number)
    )  # fmt: skip


@functools.cache
def _outcome_statement(dialect: str) -> Update:
    """Return the statement that records what became of a row, if the row is this worker's.

    The worker that sent a row knows best, also if it was taken for dead meanwhile. A row that is done needs its inputs
    no more.
    """
    is_open = ROWS.c.state == ROW_WAITING
    was_sent = (ROWS.c.state == ROW_RUNNING) | (ROWS.c.state == "uncertain")
    is_mine = is_open | (was_sent & (ROWS.c.worker == bindparam("of_worker")))
    now = now_of(dialect)
    state: BindParameter[str] = bindparam("state", type_=Text)
    return (
        update(ROWS)
        .where((ROWS.c.run == bindparam("of_run")) & (ROWS.c.number == bindparam("of_number")) & is_mine)
        .values(
            state=state, result=bindparam("result"), attempts=bindparam("attempts"), may_resend=bindparam("may_resend"),
            inputs=case((state == "done", null()), else_=ROWS.c.inputs), due_at=now + bindparam("seconds"),
            finished_at=case((state == ROW_WAITING, null()), else_=now),
        )
    )  # fmt: skip


def _to_row(row: Any, codec: RowCodec) -> SharedRow:
    given = codec.decode(row.number, row.inputs)
    return SharedRow(Row(row.number, row.line, given), row.key, row.sent_at, bool(row.may_resend), row.attempts)
