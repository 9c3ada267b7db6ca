"""`connector run ACTION -f ROWS`: rows are checked, noted, run and printed; what is uncertain is left to a person."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sys
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING

from connector.cli.bulk import check as bulk_check
from connector.cli.bulk.report import Shown
from connector.cli.calls.session import Session
from connector.cli.calls.trace import debug_lines
from connector.cli.context.connection_context import base_url
from connector.cli.output import errors as failure
from connector.core.bulk.columns import Columns
from connector.core.exchange.retry import Policy, policy
from connector.errors import InputError, UsageError
from connector.runtime.auth.connection_resolver import Connections
from connector.runtime.bulk.journal import Journal, set_aside
from connector.runtime.bulk.row_reader import Source, form_of
from connector.runtime.bulk.runner import How, run_rows
from connector.runtime.calls.factory import Caller, Choices

if TYPE_CHECKING:
    from connector.cli.bulk.options import Asked
    from connector.cli.calls.call import Task
    from connector.cli.context.run_options import Options
    from connector.cli.context.settings import Settings
    from connector.definition.loader import Connector

_STDIN = "standard input"


@dataclass(frozen=True)
class Job:
    """One command over rows: what every row is given stands in `task`."""

    connector: Connector
    settings: Settings
    options: Options
    asked: Asked
    task: Task

    @property
    def action(self) -> str:
        """The action's key."""
        return str(self.task.action)

    @cached_property
    def how(self) -> Choices:
        """How each row's call runs."""
        timeout, options = self.settings.get("timeout").value, self.options
        return Choices(timeout, options.knobs, options.debug, options.limit, options.account)

    @cached_property
    def caller(self) -> Caller:
        """What checks a row without a connection."""
        place = base_url(self.connector, self.settings)
        return Caller(self.connector, Connections(self.connector, None, None, None), place, None)

    @cached_property
    def journal(self) -> Path | None:
        """Where the journal of a run is; None for rows that come through a pipe, unless it is named."""
        if self.asked.journal:
            return Path(self.asked.journal)
        if self.asked.piped:
            return None
        kind = "sandbox.journal" if self.options.sandbox else "journal"
        return Path(f"{self.asked.file}.{self.action}.{kind}")


def run(job: Job) -> int:
    """Run the rows and return the exit code. Raises ConnectorError before the first row, KeyboardInterrupt."""
    _refuse(job)
    shown = Shown(job.settings.get("output"), job.options.query, quiet=job.options.quiet)
    columns = Columns(job.connector.action(job.action), job.asked.columns(), job.task.given)
    with contextlib.ExitStack() as stack:
        name = str(job.asked.file)
        form = form_of(name, job.asked.form)
        source = Source(_STDIN if name == "-" else name, _opened(job, stack), form, columns)
        if job.options.dry_run:
            return _dry(job, source, shown)
        session = stack.enter_context(Session(job.connector, job.settings, job.options))
        journal = _journal(job, source, session) if job.journal else None
        if journal is not None:
            stack.enter_context(journal)
            _settle(job, journal)
            shown.total = journal.rows
        elif source.again:
            shown.total = bulk_check.every(job, source)
        client = session.client(job.task.connection)
        how = How(job.asked.most, job.asked.keep_going, job.asked.retry_failed, job.how)
        stack.enter_context(debug_lines(wanted=job.options.debug))
        return shown.all(run_rows(client, job.action, source.rows(), journal=journal, how=how), journal)


def _refuse(job: Job) -> None:
    """Refuse words that do not go together with rows, or cannot be meant. Raises UsageError, InputError."""
    for flag, given in (("--har", job.options.har), ("--curl", job.options.curl)):
        if given:
            raise UsageError(f"{flag} is for a single call.", hint="Run one row's call alone, or leave it out.")
    if job.options.limit is not None and not job.task.items(job.connector):
        hint = "To try a few rows, put them into a file of their own: head -n 4 has the header and three."
        raise UsageError("--limit is for a listing.", hint=hint)
    policy(Policy(), job.how.retry)
    decided = job.asked.decisions()
    needs = {"--settle": decided, "--restart": job.asked.restart, "--retry-failed": job.asked.retry_failed}
    asked = next((flag for flag, given in needs.items() if given), None)
    if asked and job.journal is None:
        raise UsageError(f"{asked} needs a journal.", hint="Name it with --journal FILE.")
    if decided and job.asked.restart:
        raise UsageError("--settle and --restart do not go together.", hint="Leave one out: --restart begins anew.")
    if decided and not (job.journal and job.journal.exists()):
        raise UsageError("--settle needs the journal of an earlier run.", hint=f"There is none at {job.journal}.")
    rows = Path(str(job.asked.file))
    if job.journal and job.journal.exists() and rows.exists() and job.journal.samefile(rows):
        raise UsageError(f"--journal {job.journal} is the file of the rows.", hint="Name another place.")


def _opened(job: Job, stack: contextlib.ExitStack) -> IO[bytes]:
    """Return the file of the rows; a pipe with a journal is read to its end first. Raises UsageError."""
    path = str(job.asked.file)
    try:
        file = _stdin() if path == "-" else stack.enter_context(Path(path).open("rb"))  # noqa: SIM115
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}.", hint="-f names the file of the rows.") from None
    if job.journal is None or job.options.dry_run or file.seekable():
        return file
    kept = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
    shutil.copyfileobj(file, kept)  # a journal is of all of these rows, and of no others
    return kept


def _stdin() -> IO[bytes]:
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("-f - reads standard input, and that is a terminal.", hint="Pipe the rows into the command.")
    return sys.stdin.buffer


def _journal(job: Job, source: Source, session: Session) -> Journal:
    """Open the journal; a new one begins with a check of every row. Raises ConnectorError."""
    path = job.journal
    assert path is not None
    if path.exists():  # what was typed wrong is told before what else differs from an earlier run
        bulk_check.shared(job, source)
    digest = source.digest()
    if job.asked.restart and (aside := set_aside(path)):
        session.note(f"The earlier journal is {aside} now.")
    given = json.dumps(job.task.given, sort_keys=True, default=str)
    of = {
        "connector": job.connector.name,
        "action": job.action,
        "rows": digest,
        "form": source.form,
        "columns": source.columns.mapped,
        "values": hashlib.sha256(f"{digest}{given}".encode()).hexdigest(),
        "connection": job.options.connection or job.task.connection or job.settings.get("connection").value,
        "account": job.options.account,
        "place": "sandbox" if job.options.sandbox else base_url(job.connector, job.settings),
    }
    journal = Journal(path, of, lambda: bulk_check.every(job, source))
    if journal.begun:
        session.note(f"An earlier run of these rows goes on: {path}")
    return journal


def _settle(job: Job, journal: Journal) -> None:
    """Note what a person found out about uncertain rows. Raises UsageError."""
    decisions = job.asked.decisions()
    everyone = decisions.pop(None, None)
    if everyone:
        decisions = dict.fromkeys(journal.uncertain(), everyone)
    known = set(journal.uncertain())
    wrong = next((row for row in decisions if row not in known), None)
    if wrong is not None and wrong > journal.rows:
        raise UsageError(f"There is no row {wrong}.", hint=f"The last one is {journal.rows}.")
    if wrong is not None:
        raise UsageError(f"Row {wrong} is not uncertain.", hint="Leave its --settle out; nothing was sent.")
    for row, how in decisions.items():
        assert row is not None
        journal.settle(row, how)


def _dry(job: Job, source: Source, shown: Shown) -> int:
    """Print each row's request, without secrets; nothing is sent. Raises InputError."""
    if source.again:
        bulk_check.every(job, source)
    for row in source.rows():
        place = {"row": row.number, "line": row.line}
        try:
            if row.error is not None:
                raise row.error
            request = job.caller.prepare(job.action, row.given, job.how, find=False).dry()
        except InputError as error:
            shown.codes.add(failure.exit_code(error))
            shown.form.result({**place, "outcome": "not_sent", "error": error.to_dict()})
            if not job.asked.keep_going:
                break
        else:
            shown.form.result({**place, **request.to_dict()})
    shown.form.end()
    return max(shown.codes, default=failure.DONE)
