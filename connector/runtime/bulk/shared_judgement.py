"""Judge the rows that a worker was sending when it died, and lock a run whose rows are sent or judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

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

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from connector.runtime.bulk.shared_journal import SharedJournal
    from connector.runtime.bulk.shared_tables import SharedRun


def judge_run(journal: SharedJournal, run: SharedRun) -> SharedRun:
    """Judge all rows of a run whose worker has died; return the run as it is then. Raises StoreError."""
    query = select(ROWS).where((ROWS.c.run == run.id) & (ROWS.c.state == ROW_RUNNING))
    started = journal.run(lambda connection: list(connection.execute(query)))
    return journal.read_run(run.id) if judge_rows(journal, run, started) else run


def judge_rows(journal: SharedJournal, run: SharedRun, started: Sequence[Any], *, own: str | None = None) -> bool:
    """Judge started rows whose worker has died: they wait again if that is safe, and else are uncertain.

    Return whether there are any. `own` is the worker that asks, which lives. Raises StoreError.
    """
    is_alive = {worker: worker == own or journal.is_alive(worker) for worker in {row.worker for row in started}}
    interrupted = [row for row in started if not is_alive[row.worker]]
    if interrupted:
        journal.run_in_transaction(lambda connection: _judge(journal, run, interrupted, connection))
    return bool(interrupted)


def _judge(journal: SharedJournal, run: SharedRun, interrupted: Sequence[Any], connection: Connection) -> None:
    lock_run(run.id, connection, read=run.keep_going)
    codec, now = journal.codec_of(run.id), now_of(connection.dialect.name)
    is_lost = False
    for row in interrupted:
        is_row = (ROWS.c.run == run.id) & (ROWS.c.number == row.number)
        is_so = is_row & (ROWS.c.state == ROW_RUNNING) & (ROWS.c.worker == row.worker)
        judged: dict[str, Any] = {"state": ROW_WAITING, "worker": None}
        if not row.may_resend:
            result = codec.encode(row.number, interrupted_result(row.number, row.line, row.attempts))
            judged = {"state": "uncertain", "result": result, "finished_at": now}
        is_judged = connection.execute(update(ROWS).where(is_so).values(judged)).rowcount == 1
        is_lost = is_lost or (is_judged and not row.may_resend)
    if is_lost and not run.keep_going:
        stop_run(run.id, connection)


def lock_run(run_id: str, connection: Connection, *, read: bool) -> None:
    """Keep others from changing a run until this transaction ends; with `read` others may lock it so too.

    So who cancels a run waits for the starts that are being recorded, and counts their rows among those in progress.
    Whoever locks a run does so before its rows, so that no two transactions wait for each other.
    """
    connection.execute(select(RUNS.c.id).where(RUNS.c.id == run_id).with_for_update(read=read))


def stop_run(run_id: str, connection: Connection) -> None:
    """Stop a run that is running, because of one of its rows."""
    is_running = (RUNS.c.id == run_id) & (RUNS.c.state == RUN_RUNNING)
    connection.execute(update(RUNS).where(is_running).values(state=RUN_STOPPED))
