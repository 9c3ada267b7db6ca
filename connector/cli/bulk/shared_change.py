"""Change a run that workers share: resume or cancel it, or settle its uncertain rows; each says what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.cli.bulk.shared import LOAD_TIMEOUT, resolve_rows
from connector.cli.output.counts import format_count
from connector.runtime.bulk.shared_judgement import judge_run
from connector.runtime.bulk.shared_results import count_rows
from connector.runtime.bulk.shared_tables import ROW_RUNNING, ROW_WAITING, RUN_CANCELLED
from connector.runtime.process.extras import require

if TYPE_CHECKING:
    from connector.cli.bulk.options import BulkArguments
    from connector.runtime.bulk.shared_journal import SharedJournal
    from connector.runtime.bulk.shared_tables import SharedRun


def resume_run(journal: SharedJournal, run: SharedRun, arguments: BulkArguments) -> str:
    """Let workers send the waiting rows again, after uncertain ones were settled. Raises UsageError, StoreError."""
    _require_queue()
    with journal.hold_run(run.name, LOAD_TIMEOUT):  # a command that still stores its rows enqueues them for one turn
        resolve_rows(journal, run, arguments)
        if arguments.retry_failed:
            journal.reset_failed(run)
        run = _start_again(journal, run)
    return f"{run.name}: {format_count(count_rows(journal, run).open, 'row')} may be sent."


def settle_rows(journal: SharedJournal, run: SharedRun, arguments: BulkArguments) -> str:
    """Settle uncertain rows; what is to be sent again waits for the run. Raises UsageError, StoreError."""
    is_sent_again = "retry" in arguments.parse_resolutions().values()
    if run.is_running and is_sent_again:
        _require_queue()
    with journal.hold_run(run.name, LOAD_TIMEOUT):
        settled = resolve_rows(journal, run, arguments)
        run = journal.read_run(run.id)
        if run.is_running and is_sent_again:  # its batch may have ended
            run = _start_again(journal, run)
    return describe_settled(run.name, settled)


def describe_settled(name: str, settled: dict[int, str]) -> str:
    """Return what was settled."""
    done = sum(resolution == "done" for resolution in settled.values())
    return f"{name}: {format_count(done, 'row')} settled as done, {len(settled) - done:,} to be sent again."


def cancel_run(journal: SharedJournal, run: SharedRun) -> str:
    """Send no further row of a run. Raises StoreError."""
    journal.stop_run(run.id, RUN_CANCELLED)
    judge_run(journal, run)
    states = count_rows(journal, run).by_state
    waiting, running = format_count(states[ROW_WAITING], "row"), format_count(states[ROW_RUNNING], "row")
    return f"{run.name}: {waiting} will not be sent; {running} in progress will finish."


def _require_queue() -> None:
    """Raise UsageError without the package that has the queue."""
    require("dbos", "dbos")


def _start_again(journal: SharedJournal, run: SharedRun) -> SharedRun:
    from connector.integrations.dbos_bulk import enqueue_batches

    run = journal.start_again(run)
    enqueue_batches(journal, run, journal.list_open_batches(run))
    return run
