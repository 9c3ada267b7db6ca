"""The rows of shared bulk runs as a worker sees them: it takes a batch, and records starts and results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from connector.errors import ConnectorError
from connector.runtime.bulk.row_reader import Row
from connector.runtime.bulk.row_result import interrupted_result
from connector.runtime.bulk.shared_tables import (
    ROW_RUNNING,
    ROW_WAITING,
    ROWS,
    RUN_RUNNING,
    RUN_STOPPED,
    RUNS,
    now_of,
)
from connector.runtime.database.group_commit import GroupCommitWriter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, Update

    from connector.runtime.bulk.shared_journal import SharedJournal, SharedRun
    from connector.runtime.bulk.shared_tables import RowCodec

_MAX_COMMIT_CHANGES = 200
_UNSENT_SECONDS = 1.0  # before a batch looks again at rows that another worker has


class RowTaken(ConnectorError):
    """A row may not be sent: its run has stopped, or another worker has it."""


@dataclass(frozen=True, slots=True, repr=False)
class SharedRow:
    """A row to run: `key` and `may_resend` say how it was sent before, `attempts` how often."""

    row: Row
    key: str | None
    may_resend: bool
    attempts: int


@dataclass(slots=True)
class _Change:
    """A change of a row that is to be written; `is_applied` once it is, unless the row's state forbids it."""

    statement: Update
    stops: str | None = None  # the id of the run that stops with it
    is_applied: bool = field(default=False)


class WorkerRows:
    """The rows that one worker has in hand. Methods raise StoreError."""

    def __init__(self, journal: SharedJournal, worker: str) -> None:
        self._journal, self._worker = journal, worker
        self._writer = GroupCommitWriter(journal.rows, _write_changes, _MAX_COMMIT_CHANGES, name="bulk run")

    def take_batch(self, run: SharedRun, first: int) -> tuple[list[SharedRow], float | None]:
        """Return the rows of a batch that are due, and the seconds until others are, None without others."""
        in_batch = (ROWS.c.run == run.id) & (ROWS.c.batch == first)
        self._judge_interrupted(run, in_batch)

        def read(connection: Connection) -> tuple[list[Any], float]:
            open_rows = select(ROWS).where(in_batch & ROWS.c.state.in_((ROW_WAITING, ROW_RUNNING)))
            now = float(connection.scalar(select(now_of(connection.dialect.name))) or 0.0)
            return list(connection.execute(open_rows.order_by(ROWS.c.number))), now

        found, now = self._journal.rows.run(read)
        codec = self._journal.codec_of(run.id)
        due = [_to_row(row, codec) for row in found if row.state == ROW_WAITING and row.due_at <= now]
        waits = [row.due_at - now for row in found if row.state == ROW_WAITING and row.due_at > now]
        waits += [_UNSENT_SECONDS for row in found if row.state == ROW_RUNNING]
        return due, min(waits, default=None)

    def _judge_interrupted(self, run: SharedRun, in_batch: ColumnElement[bool]) -> None:
        """Judge the rows whose worker has died: they wait again if that is safe, and else are uncertain."""
        started = select(ROWS.c.number, ROWS.c.line, ROWS.c.worker, ROWS.c.may_resend).where(
            in_batch & (ROWS.c.state == ROW_RUNNING)
        )
        found = self._journal.rows.run(lambda connection: list(connection.execute(started)))
        alive = {worker: self._is_alive(worker) for worker in {row.worker for row in found}}
        codec = self._journal.codec_of(run.id)
        for row in found:
            if alive[row.worker]:
                continue
            still_so = _is_row(run.id, row.number) & (ROWS.c.state == ROW_RUNNING) & (ROWS.c.worker == row.worker)
            if row.may_resend:
                statement = update(ROWS).where(still_so).values(state=ROW_WAITING, worker=None)
            else:
                result = codec.encode(row.number, interrupted_result(row.number, row.line))
                now = now_of(self._journal.rows.get_engine().dialect.name)
                statement = update(ROWS).where(still_so).values(state="uncertain", result=result, finished_at=now)
            stops = None if row.may_resend or run.keep_going else run.id
            self._write(_Change(statement, stops))

    def _is_alive(self, worker: str) -> bool:
        return worker == self._worker or self._journal.is_alive(worker)

    def record_start(self, run: SharedRun, number: int, key: str | None, *, may_resend: bool) -> None:
        """Record durably that a row is about to be sent. Raises RowTaken if it must not be."""
        is_running = (RUNS.c.id == run.id) & (RUNS.c.state == RUN_RUNNING)
        is_free = (ROWS.c.state == ROW_WAITING) & select(RUNS.c.id).where(is_running).exists()
        values = {"state": ROW_RUNNING, "worker": self._worker, "key": key, "may_resend": int(may_resend)}
        change = _Change(update(ROWS).where(_is_row(run.id, number) & is_free).values(values))
        self._write(change)
        if not change.is_applied:
            raise RowTaken("The row is not sent: its run has stopped, or another worker has the row.")

    def record_result(self, run: SharedRun, result: dict[str, Any], *, stops: bool) -> None:
        """Record the result of a row; `stops` ends the run with it."""
        number, outcome = result["row"], result["outcome"]
        encoded = self._journal.codec_of(run.id).encode(number, result)
        now = now_of(self._journal.rows.get_engine().dialect.name)
        values: dict[str, Any] = {
            "state": outcome,
            "result": encoded,
            "attempts": result["attempts"],
            "finished_at": now,
        }
        if outcome == "done":
            values["inputs"] = None
        self._write(_Change(update(ROWS).where(self._is_mine(run, number)).values(values), run.id if stops else None))

    def record_wait(self, run: SharedRun, shared: SharedRow, *, attempts: int, seconds: float) -> None:
        """Record that a row, which the service has not processed, is to run again after some seconds."""
        due_at = now_of(self._journal.rows.get_engine().dialect.name) + seconds
        values = {"state": ROW_WAITING, "worker": None, "attempts": attempts, "due_at": due_at}
        values["may_resend"] = int(shared.may_resend)
        self._write(_Change(update(ROWS).where(self._is_mine(run, shared.row.number)).values(values)))

    def _is_mine(self, run: SharedRun, number: int) -> ColumnElement[bool]:
        """Whether a row is this worker's: the one that sent it knows best, also if it was taken for dead."""
        is_open = ROWS.c.state == ROW_WAITING
        was_sent = ROWS.c.state.in_((ROW_RUNNING, "uncertain")) & (ROWS.c.worker == self._worker)
        return _is_row(run.id, number) & (is_open | was_sent)

    def _write(self, change: _Change) -> None:
        """Write a change durably; changes that come together share a commit."""
        self._writer.put(change, 0).result()

    def close(self) -> None:
        """Write what is pending, and accept no more."""
        self._writer.close()


def _write_changes(changes: Sequence[_Change], connection: Connection) -> None:
    for change in changes:
        change.is_applied = connection.execute(change.statement).rowcount > 0
        if change.stops is not None and change.is_applied:
            is_running = (RUNS.c.id == change.stops) & (RUNS.c.state == RUN_RUNNING)
            connection.execute(update(RUNS).where(is_running).values(state=RUN_STOPPED))


def _is_row(run_id: str, number: int) -> ColumnElement[bool]:
    return (ROWS.c.run == run_id) & (ROWS.c.number == number)


def _to_row(row: Any, codec: RowCodec) -> SharedRow:
    given = codec.decode(row.number, row.inputs)
    return SharedRow(Row(row.number, row.line, given), row.key, bool(row.may_resend), row.attempts)
