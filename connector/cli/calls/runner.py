"""Runs the calls of a command in order, prints what comes of them, and says how it ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connector.cli.calls import dry_run as dry
from connector.cli.calls import watch
from connector.cli.calls.session import Session
from connector.cli.calls.trace import Trace, debug_lines
from connector.cli.output import errors as failure
from connector.cli.output import printer as output
from connector.cli.output import stdio as streams
from connector.cli.output.progress import Progress
from connector.cli.output.query import Query
from connector.core.json_path import dig
from connector.errors import ConnectorError, StoreError, UsageError

if TYPE_CHECKING:
    from connector.cli.calls.call import Task, Tasks
    from connector.cli.context.run_options import Options
    from connector.cli.context.settings import Setting, Settings
    from connector.core.response.parser import Reply
    from connector.definition.loader import Connector
    from connector.runtime.calls.factory import Choices


def play(connector: Connector, settings: Settings, options: Options, tasks: Tasks) -> int:
    """Run the calls and return the exit code. Raises KeyboardInterrupt, and ConnectorError before the first call."""
    shape, timeout = settings.get("output"), settings.get("timeout")
    query = Query(options.query) if options.query is not None else None
    _listing(connector, options, tasks)
    if options.dry_run:
        return dry.show(connector, settings, options, tasks)
    several = tasks.several or (tasks.from_file and shape.value == "lines")
    told = shape.chosen or not streams.on_terminal()
    form = output.form(shape.value, several=several, errors=told, quiet=options.quiet)
    trace = Trace(options.file, options.curl)
    with Session(connector, settings, options) as session:
        printer = output.Printer(form, shape.value, query)
        return _Player(session, tasks, printer, trace, timeout).all()


def _listing(connector: Connector, options: Options, tasks: Tasks) -> None:
    """Refuse --limit where no call is a listing. Raises UsageError, and InputError for an action that is not known."""
    if options.limit is None or any(task.items(connector) for task in tasks.calls):
        return
    actions = (connector.action(task.action).action if task.action else "raw" for task in tasks.calls)
    message = f"--limit is for a listing; {', '.join(dict.fromkeys(actions))} brings one result."
    raise UsageError(message, hint="Leave it out.")


@dataclass(frozen=True, slots=True)
class _Player:
    """One command's calls as they run."""

    session: Session
    tasks: Tasks
    printer: output.Printer
    trace: Trace
    timeout: Setting

    def all(self) -> int:
        """Run every call and return the exit code; a write that may have happened counts more than a lost reader."""
        try:
            self._all()
        except BrokenPipeError:
            if failure.UNCERTAIN not in self.printer.codes:
                raise
            streams.give_up()
        return failure.worst(self.printer.codes)

    def _all(self) -> None:
        """Run every call and print what was kept back, also after Ctrl-C."""
        options = self.session.options
        asked = any(task.debugged for task in self.tasks.calls) and not self.trace.wanted
        try:
            with debug_lines(wanted=options.debug or asked), self._progress() as progress:
                self._in_order(progress)
        except KeyboardInterrupt:
            error = self.session.interrupted()
            if error is not None:
                self.printer.error(error)
            elif failure.UNCERTAIN not in self.printer.codes:
                self._end()
                raise
        self._end()

    def _in_order(self, progress: Progress) -> None:
        for task in self.tasks.calls:
            try:
                self._one(task)
            except ConnectorError as error:
                self.trace.add(error.debug)
                self.printer.error(error)
                if not self.tasks.keep_going:
                    return
            if self.tasks.several:
                progress.advance()

    def _one(self, task: Task) -> None:
        """Make one call and print what comes of it. Raises ConnectorError."""
        items = task.items(self.session.connector)
        how = self._how(task, items)
        try:
            client = self.session.client(task.connection) if task.signs else self.session.unsigned()
        except ConnectorError:
            task.check(self.session.connector, how)  # what was typed wrong is told before what is missing
            raise
        if task.paged and self._streams(items):
            for item in task.stream(client, how):
                output.write_line(item)
            self.printer.codes.append(failure.DONE)
            return
        result = task.send(client, how)
        self.trace.add(result.debug)
        for warning in result.warnings:
            self.session.note(f"Warning: {warning}")
        if self.trace.wanted and not (self.session.options.debug or task.debugged):
            result = replace(result, debug=None)
        self.printer.result(result, dig(result.data, items) if items else None, each=not task.paged)

    def _streams(self, items: str | None) -> bool:
        """Whether items are printed as they come: one listing, as lines, whole."""
        plain = self.printer.shape == "lines" and self.printer.query is None and not self.trace.wanted
        return plain and items is not None and not self.tasks.from_file

    def _how(self, task: Task, items: str | None) -> Choices:
        """Return how a call runs: flags first, then the call file's words, then settings."""
        options, how = self.session.options, task.how
        weaker = how.timeout is not None and not self.timeout.source.startswith("flag")
        return replace(
            how,
            timeout=how.timeout if weaker else self.timeout.value,
            retry=options.knobs or how.retry,
            limit=how.limit if options.limit is None or items is None else options.limit,
            account=options.account or how.account,
            debug=options.debug or self.trace.wanted or how.debug,
        )

    def _progress(self) -> Progress:
        """Return the progress of the calls; a single listing's moves with each page that comes."""
        options = self.session.options
        wanted = not options.quiet and not options.debug
        if self.tasks.several:
            return Progress("calls", total=len(self.tasks.calls), wanted=wanted)
        task = self.tasks.calls[0]
        items = task.items(self.session.connector) if task.paged else None
        mixed = self._streams(items) and streams.on_terminal()
        progress = Progress("items", total=options.limit, step="pages", wanted=wanted and not mixed)

        def told(reply: Reply) -> None:
            progress.advance(watch.count(reply, items))

        if progress.wanted and items is not None:
            self.session.told = told
        return progress

    def _end(self) -> None:
        """Print what was kept back, and write the HAR file."""
        self.printer.form.end()
        try:
            self.trace.end()
        except StoreError as error:
            self.printer.codes.append(failure.exit_code(error))
            failure.say(failure.told(error))
