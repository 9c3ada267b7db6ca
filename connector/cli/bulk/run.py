"""Run an action over rows, with a journal."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from connector.cli.bulk import check
from connector.cli.bulk.report import BulkReporter
from connector.cli.calls.confirmation import confirm_rows
from connector.cli.calls.execution import check_columns, check_copy_flags
from connector.cli.calls.named_file import check_named_file
from connector.cli.calls.session import Session
from connector.cli.calls.trace import print_debug_lines
from connector.cli.output.exit_codes import EXIT_DONE, exit_code
from connector.cli.output.stdio import print_stderr
from connector.core.bulk.columns import ColumnMapping
from connector.core.bulk.row_formats import EXPECTED_ROWS, detect_format, is_text_file
from connector.errors import InputError, UsageError
from connector.runtime.bulk.csv_text import WINDOWS
from connector.runtime.bulk.journal import Journal
from connector.runtime.bulk.journal_file import rotate_journal
from connector.runtime.bulk.row_reader import RowReader
from connector.runtime.bulk.runner import BulkOptions, run_rows
from connector.runtime.calls.first_request import build_first_request
from connector.runtime.process.extras import require

if TYPE_CHECKING:
    from connector.cli.bulk.job import BulkJob

_STDIN_NAME = "standard input"


def run(job: BulkJob) -> int:
    """Run the rows and return the exit code. Raises ConnectorError before the first row, KeyboardInterrupt."""
    _check_options(job)
    check_columns(job.settings, job.options)
    reporter = BulkReporter(
        job.settings.get("output"), job.options.query, quiet=job.options.quiet, columns=_list_csv_columns(job)
    )
    mapping = job.arguments.parse_column_mapping()
    columns = ColumnMapping(job.connector.action(job.action), mapping, job.task.given, job.connector.choices)
    with contextlib.ExitStack() as stack:
        path = job.arguments.rows_path
        rows_format = _check_rows_file(job, path)
        name = _STDIN_NAME if path == "-" else path
        source = RowReader(name, _open_rows(job, stack), rows_format, columns, sheet=job.arguments.sheet)
        reporter.describe_line = source.describe_line
        if source.encoding == WINDOWS and not job.options.quiet:
            print_stderr(f"{name} is not UTF-8: it is read as Windows-1252, as Excel saves CSV.")
        if job.options.dry_run:
            return _dry_run(job, source, reporter)
        session = stack.enter_context(Session(job.connector, job.settings, job.options, has_trace=False))
        if job.shared_url is not None:
            require("dbos", "dbos", "sqlalchemy")
            from connector.cli.bulk.shared import run_shared

            return run_shared(job, source, session, reporter)
        journal = None
        if job.journal_path is not None and not job.arguments.restart:
            journal = stack.enter_context(_open_journal(job, job.journal_path, source, session))
            _resolve_uncertain(job, journal)
            reporter.total = journal.row_count
        elif source.is_seekable:
            reporter.total = check.check_all_rows(job, source)
        confirm_rows(job.connector, job.options, job.action, reporter.total)
        client = session.get_client(job.task.options.connection)
        if job.journal_path is not None and journal is None:
            assert reporter.total is not None  # rows with a journal are read to their end first
            header = job.describe_run(source)
            journal = stack.enter_context(_start_over(job.journal_path, header, reporter.total, session))
        bulk_options = BulkOptions(
            job.arguments.max_in_flight, job.arguments.keep_going, job.arguments.retry_failed, job.call_options
        )
        stack.enter_context(print_debug_lines(enabled=job.options.debug))
        results = run_rows(client, job.action, source.read_rows(), journal=journal, options=bulk_options)
        return reporter.report(results, has_journal=journal is not None)


def _list_csv_columns(job: BulkJob) -> list[str]:
    """Return the columns of the results: what became of each row, and of its data those that the command names."""
    if job.options.dry_run:
        return ["row", "line", "method", "url", "body", "error.message"]
    of_data = job.options.columns
    if not of_data and job.options.query is None:
        of_data = tuple(job.connector.result_action(job.action).returns.columns)
    return ["row", "line", "outcome", *([f"data.{column}" for column in of_data] or ["data"]), "error.message"]


def _check_options(job: BulkJob) -> None:
    """Check that the options fit rows. Raises UsageError, InputError."""
    for flag, given in (("--har", job.options.har), ("--curl", job.options.curl)):
        if given:
            raise UsageError(f"{flag} is for a single call.", hint="Run the call of one row without -f, or remove it.")
    if job.options.limit is not None and not job.task.is_listing(job.connector):
        hint = "To try a few rows, put them into another file: head -n 4 copies the header and three rows."
        raise UsageError("--limit is for listings.", hint=hint)
    check_copy_flags(job.connector, job.options, [job.action])
    if job.call_options.problems:
        raise InputError.from_problems("options", list(job.call_options.problems))
    resolutions = job.arguments.parse_resolutions()
    journal_flags = {
        "--resolve": resolutions,
        "--restart": job.arguments.restart,
        "--retry-failed": job.arguments.retry_failed,
    }
    used_flag = next((flag for flag, given in journal_flags.items() if given), None)
    if used_flag and job.journal_path is None:
        raise UsageError(f"{used_flag} needs a journal.", hint="Name it with --journal FILE.")
    if job.shared_url is not None and job.run_name is None:
        raise UsageError("Rows from a pipe need a name in the database.", hint="Name the run with --journal NAME.")
    if job.shared_url is not None and not job.run_name:
        raise UsageError(f"--journal {job.arguments.journal} names no run.", hint="Name the run with --journal NAME.")
    if resolutions and job.arguments.restart:
        raise UsageError(
            "--resolve and --restart cannot be combined.", hint="Remove one of them: --restart starts over."
        )
    if job.shared_url is not None:
        return
    if resolutions and not (job.journal_path and job.journal_path.exists()):
        raise UsageError("--resolve needs the journal of an earlier run.", hint=f"There is none at {job.journal_path}.")
    rows_path = Path(job.arguments.rows_path)
    if job.journal_path and job.journal_path.exists() and rows_path.exists() and job.journal_path.samefile(rows_path):
        raise UsageError(f"--journal {job.journal_path} is the file of the rows.", hint="Name another file.")


def _check_rows_file(job: BulkJob, path: str) -> str:
    """Return the format of the rows. Raises UsageError for what can hold none."""
    inputs = job.connector.action(job.action).inputs
    key = next((key for key, field in inputs.items() if field.type == "file"), None)
    hint = "With ACTION, -f names rows; without it, a call file."
    if key is not None:
        hint = f"{hint} To send a file: -i {key}=@FILE"
    rows_format = job.arguments.rows_format
    is_text = is_text_file(path, rows_format)
    check_named_file(path, f"rows for {job.action}: {EXPECTED_ROWS}", hint, is_text=is_text)
    return detect_format(path, rows_format)


def _open_rows(job: BulkJob, stack: contextlib.ExitStack) -> IO[bytes]:
    """Return the file of the rows; with a journal, a pipe is read to its end first. Raises UsageError."""
    path = job.arguments.rows_path
    try:
        file = _open_stdin() if path == "-" else stack.enter_context(Path(path).open("rb"))  # noqa: SIM115
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}.", hint="-f names the file of the rows.") from None
    is_workbook = detect_format(path, job.arguments.rows_format) == "xlsx"
    has_journal = job.journal_path is not None and not job.options.dry_run
    if file.seekable() or not (has_journal or is_workbook):  # the end of a workbook says what is in it
        return file
    buffer = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
    shutil.copyfileobj(file, buffer)  # a journal belongs to exactly these rows
    return buffer


def _open_stdin() -> IO[bytes]:
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("-f - reads standard input, but it is a terminal.", hint="Pipe the rows into the command.")
    return sys.stdin.buffer


def _open_journal(job: BulkJob, path: Path, source: RowReader, session: Session) -> Journal:
    """Open the journal; a new one starts with a check of all rows. Raises ConnectorError."""
    if path.exists():  # wrong arguments are reported before other differences from the earlier run
        check.check_common_inputs(job, source)
    journal = Journal(path, job.describe_run(source), lambda: check.check_all_rows(job, source))
    if journal.has_history:
        session.note(f"Continuing an earlier run of these rows: {path}")
    return journal


def _start_over(path: Path, header: dict[str, Any], count: int, session: Session) -> Journal:
    """Set an earlier journal aside and open a new one, once nothing keeps the rows from running. Raises StoreError."""
    if rotated_path := rotate_journal(path):
        session.note(f"The earlier journal was moved to {rotated_path}.")
    return Journal(path, header, lambda: count)


def _resolve_uncertain(job: BulkJob, journal: Journal) -> None:
    """Record the resolutions of uncertain rows. Raises UsageError."""
    resolutions = job.arguments.choose_resolutions(list(journal.iter_uncertain()), journal.row_count)
    for row, resolution in resolutions.items():
        journal.resolve_row(row, resolution)


def _dry_run(job: BulkJob, source: RowReader, reporter: BulkReporter) -> int:
    """Print each row's request without sending it. Raises InputError."""
    if source.is_seekable:
        check.check_all_rows(job, source)
    for row in source.read_rows():
        position = {"row": row.number, "line": row.line}
        try:
            if row.error is not None:
                raise row.error
            call = job.call_factory.prepare(job.action, row.given, job.call_options, is_shown_only=True)
            request = build_first_request(call)
        except InputError as error:
            reporter.exit_codes.add(exit_code(error))
            reporter.printer.print_result({**position, "outcome": "not_sent", "error": error.to_dict()})
            if not job.arguments.keep_going:
                break
        else:
            reporter.printer.print_result({**position, **request.to_dict()})
    reporter.printer.finish()
    return max(reporter.exit_codes, default=EXIT_DONE)
