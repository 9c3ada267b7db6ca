"""Run an action over rows that are kept in a database, so that workers on several hosts share them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from connector.cli.bulk import check
from connector.cli.bulk.job import resolve_place
from connector.cli.bulk.shared_run import SharedBulkRun
from connector.cli.calls.confirmation import confirm_rows
from connector.cli.calls.trace import print_debug_lines
from connector.cli.context.context import load_keyring
from connector.errors import UsageError
from connector.runtime.bulk.shared_journal import SharedJournal
from connector.runtime.bulk.shared_judgement import judge_run
from connector.runtime.bulk.shared_loading import check_key, load_rows
from connector.runtime.bulk.shared_tables import queue_name
from connector.runtime.process.extras import require
from connector.runtime.storage.encryption import KEY_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.cli.bulk.job import BulkJob
    from connector.cli.bulk.options import BulkArguments
    from connector.cli.bulk.report import BulkReporter
    from connector.cli.calls.session import Session
    from connector.cli.context.settings import Settings
    from connector.runtime.bulk.row_reader import RowReader
    from connector.runtime.bulk.shared_tables import SharedRun
    from connector.runtime.client.client import Client

LOAD_TIMEOUT = 10.0  # seconds to wait for another command that loads the same run
_RETRY_NAMES = ("maxRetries",)  # the queue waits as the service says


def open_shared_journal(settings: Settings, *, create: bool = False, may_work: bool = True) -> SharedJournal:
    """Open the journal that the settings name, an existing one unless `create`; `may_work` is for more than to look.

    Raises UsageError without one, or without the extra; StoreError.
    """
    url = settings.get("bulk").value
    if url is None:
        raise UsageError("No database is named.", hint="Name it with --on URL, or set CONNECTOR_BULK.")
    require("dbos", *(("dbos",) if may_work else ()), "sqlalchemy")
    return SharedJournal(url, keys=load_keyring(settings), create=create)


def run_shared(job: BulkJob, source: RowReader, session: Session, reporter: BulkReporter) -> int:
    """Store the rows, work on them with all other workers, report every result; return the exit code."""
    options = _build_options(job)
    name = str(job.run_name)
    with contextlib.ExitStack() as stack:
        journal = stack.enter_context(open_shared_journal(job.settings, create=True))
        stack.enter_context(print_debug_lines(enabled=job.options.debug))
        run_lock = stack.enter_context(contextlib.ExitStack())
        run_lock.enter_context(journal.hold_run(name, LOAD_TIMEOUT))
        earlier = _find_run(job, source, journal, session)
        count = reporter.total = check.check_all_rows(job, source) if earlier is None else earlier.count
        if earlier is None or earlier.loaded < count:
            _check_secrets(job, source, journal)
        confirm_rows(job.connector, job.options, job.action, count)
        session.get_client(job.task.options.connection)  # one that cannot be opened is told before rows are kept
        if earlier is None:
            _set_aside(job, journal, session)
            run = _create_run(job, source, journal, count, options)
        else:
            run = _prepare_again(job, journal, earlier, options)
        started_at = journal.read_time()
        worker = stack.enter_context(_open_worker(journal, run, client_opener(session), job))
        _load(journal, run, source)
        run_lock.close()
        return reporter.report(SharedBulkRun(journal, run, worker, started_at), has_journal=True)


def _open_worker(
    journal: SharedJournal, run: SharedRun, open_client: Callable[[SharedRun], Client], job: BulkJob
) -> Any:
    from connector.integrations.dbos_bulk import BulkWorker

    concurrency = job.arguments.max_in_flight
    return BulkWorker(journal, run.queue, open_client, concurrency=concurrency, debug=job.options.debug)


def client_opener(session: Session) -> Callable[[SharedRun], Client]:
    """Return what opens the client of a run: that of the connection which the run names."""
    return lambda run: session.get_client(run.header["connection"])


def _build_options(job: BulkJob) -> dict[str, Any]:
    """Return how each row is called, as JSON. Raises UsageError for a setting that the queue has no use for."""
    retry = job.call_options.retry.values if job.call_options.retry is not None else {}
    unused = next((name for name in retry if name not in _RETRY_NAMES), None)
    if unused:
        hint = "Remove it: a row waits for as long as the service asks, in the database."
        raise UsageError(f"--retry {unused} cannot be combined with --on.", hint=hint)
    names = ("timeout", "limit", "page_size", "account")
    call = {name: value for name in names if (value := getattr(job.call_options, name)) is not None}
    options: dict[str, Any] = {"call": call}
    if retry:
        options["attempts"] = retry["maxRetries"] + 1
    return options


def _find_run(job: BulkJob, source: RowReader, journal: SharedJournal, session: Session) -> SharedRun | None:
    """Return the earlier run of these rows, or None, also to start over. Raises UsageError if it is another one."""
    run = None if job.arguments.restart else journal.find_run(str(job.run_name))
    if run is None:
        if job.arguments.resolutions:
            where = f"no run {job.run_name} in {journal.display_url}"
            raise UsageError("--resolve needs an earlier run.", hint=f"There is {where}.")
        return None
    check.check_common_inputs(job, source)  # wrong arguments are reported before other differences
    journal.check_header(run, job.describe_run(source))
    check_key(journal, run)
    session.note(f"Continuing an earlier run of these rows: {run.name} in {journal.display_url}")
    return run


def _check_secrets(job: BulkJob, source: RowReader, journal: SharedJournal) -> None:
    """Raise UsageError for rows that give a secret, which would be stored as it is without a key."""
    inputs = job.connector.action(job.action).inputs
    secrets = {key for key, field in inputs.items() if field.secret}
    if not secrets or journal.keyring is not None:
        return
    given = {key for row in source.read_rows() for key in secrets & row.given.keys()}
    if given:
        what = f"{', '.join(sorted(given))} is a secret, and {journal.display_url} would keep it as it is"
        hint = f"Set {KEY_NAMES} here and for every worker; 'connector connections key' creates a key."
        raise UsageError(f"{what}. Nothing was stored or sent.", hint=hint)


def _set_aside(job: BulkJob, journal: SharedJournal, session: Session) -> None:
    """Rename the earlier run, if there is one: with --restart, once nothing keeps the new one from starting."""
    earlier = journal.find_run(str(job.run_name))
    if earlier is not None:
        session.note(f"The earlier run is named {journal.rename_run(earlier)} now.")


def _create_run(
    job: BulkJob, source: RowReader, journal: SharedJournal, count: int, options: dict[str, Any]
) -> SharedRun:
    place = resolve_place(job.connector, job.settings, sandbox=job.options.sandbox)
    return journal.create_run(
        str(job.run_name), job.describe_run(source), options=options, queue=queue_name(job.connector.name, place),
        count=count, keep_going=job.arguments.keep_going,
    )  # fmt: skip


def _prepare_again(job: BulkJob, journal: SharedJournal, run: SharedRun, options: dict[str, Any]) -> SharedRun:
    """Apply what the command says about rows of an earlier run, and begin another turn of it with its options."""
    resolve_rows(journal, run, job.arguments)
    if job.arguments.retry_failed:
        journal.reset_failed(run)
    return journal.start_again(run, options=options, keep_going=job.arguments.keep_going)


def resolve_rows(journal: SharedJournal, run: SharedRun, arguments: BulkArguments) -> dict[int, str]:
    """Record the resolutions of uncertain rows, also of those whose worker has just died, and return them.

    Raises UsageError before any is recorded.
    """
    judge_run(journal, run)
    resolutions = arguments.choose_resolutions(journal.list_uncertain(run), run.count)
    for row, resolution in resolutions.items():
        journal.resolve_row(run, row, resolution)
    return resolutions


def _load(journal: SharedJournal, run: SharedRun, source: RowReader) -> None:
    """Store the rows that are not stored yet, and enqueue each batch as soon as it is complete."""
    from connector.integrations.dbos_bulk import enqueue_batches

    enqueued = 0
    if run.loaded:  # an earlier command stored some
        enqueue_batches(journal, run, journal.list_open_batches(run))
        enqueued = run.loaded if run.loaded == run.count else run.loaded // run.batch_size * run.batch_size
    for loaded in load_rows(journal, run, source.read_rows()):
        complete = loaded if loaded == run.count else loaded // run.batch_size * run.batch_size
        enqueue_batches(journal, run, range(enqueued + 1, complete + 1, run.batch_size))
        enqueued = complete
