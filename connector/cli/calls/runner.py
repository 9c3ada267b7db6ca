"""Run the calls of a command in order, and print their results."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from connector.cli.calls.call import CallTask
from connector.cli.calls.call_checks import check_calls
from connector.cli.calls.confirmation import confirm_calls
from connector.cli.calls.session import Session
from connector.cli.calls.trace import TraceCollector, print_debug_lines
from connector.cli.calls.watch import PageProgress
from connector.cli.output import stdio
from connector.cli.output.error_output import error_to_dict, print_error
from connector.cli.output.exit_codes import EXIT_DONE, EXIT_UNCERTAIN, combine_exit_codes
from connector.cli.output.printer import STREAMED_FORMATS, ResultWriter, choose_format, make_printer
from connector.cli.output.progress import ProgressBar, count_columns
from connector.cli.output.times import format_duration
from connector.core.exchange.job import describe_start
from connector.errors import ConnectorError, StoreError
from connector.first_use import dataclass
from connector.runtime.calls.call_options import CallOptions

if TYPE_CHECKING:
    from connector.cli.calls.call_list import CallList
    from connector.cli.calls.download_task import DownloadTask
    from connector.cli.context.run_options import RunOptions
    from connector.cli.context.settings import Setting, Settings
    from connector.cli.output.query import Query
    from connector.core.request.builder import Request
    from connector.core.response.result import Result
    from connector.definition.loader import Connector


def send_calls(
    connector: Connector, settings: Settings, options: RunOptions, tasks: CallList, query: Query | None
) -> int:
    """Run the calls and return the exit code. Raises KeyboardInterrupt, and ConnectorError before the first call."""
    output_setting, timeout = settings.get("output"), settings.get("timeout")
    several = tasks.several or (tasks.from_file and output_setting.value == "lines")
    include_errors = output_setting.is_set or not stdio.is_stdout_terminal()
    output_format = choose_format(output_setting.value, is_set=output_setting.is_set, has_query=query is not None)
    printer = make_printer(
        output_format,
        several=several,
        include_errors=include_errors,
        quiet=options.quiet,
        columns=options.columns,
    )
    trace = TraceCollector(options.har, options.curl)
    with Session(connector, settings, options) as session:
        writer = ResultWriter(printer, output_format, query, options.columns)
        return _CallRunner(session, tasks, writer, trace, timeout).run()


@dataclass(frozen=True, slots=True)
class _CallRunner:
    """Runs the calls of one command."""

    session: Session
    tasks: CallList
    writer: ResultWriter
    trace: TraceCollector
    timeout: Setting

    def run(self) -> int:
        """Run every call and return the exit code, which an error of stdout keeps.

        The calls of a file are all checked first. Raises ConnectorError, with the problems of all.
        """
        if self.tasks.from_file:
            check_calls(self.tasks, self._build_request, lambda task: self.session.get_client(task.options.connection))
        confirm_calls(self.session.connector, self.session.options, self.tasks.calls)
        with stdio.keeping_code(lambda: combine_exit_codes(self.writer.exit_codes)):
            self._run_all()
        return combine_exit_codes(self.writer.exit_codes)

    def _build_request(self, task: CallTask | DownloadTask) -> Request:
        """Return the first request of a call, unsent. Raises InputError."""
        options = self._resolve_options(task, is_listing=task.is_listing(self.session.connector))
        return task.build_request(self.session.connector, None, options)

    def _run_all(self) -> None:
        """Run every call and finish the output, also after Ctrl-C."""
        options = self.session.options
        has_debugged_call = any(task.is_debugged for task in self.tasks.calls) and not self.trace.is_enabled
        try:
            with (
                print_debug_lines(enabled=options.debug or has_debugged_call),
                self._make_progress_bar() as progress_bar,
            ):
                self._run_in_order(progress_bar)
        except KeyboardInterrupt:
            error = self.session.build_interruption()
            if error.outcome == "uncertain" or error.job is not None:
                self.writer.write_error(error)
            else:  # the end of the command says it on stderr
                self.writer.printer.print_error(error_to_dict(error))
            if EXIT_UNCERTAIN not in self.writer.exit_codes:
                self._finish()
                raise
        self._finish()

    def _run_in_order(self, progress_bar: ProgressBar) -> None:
        for task in self.tasks.calls:
            self.session.begin_call()
            try:
                self._run_call(task, progress_bar)
            except ConnectorError as error:
                if not self._handle_error(error):
                    return
            except Exception as error:
                if stdio.is_stdout_error(error):
                    raise
                if not self._handle_error(self.session.to_call_error(error)):
                    return
            if self.tasks.several:
                progress_bar.advance()

    def _handle_error(self, error: ConnectorError) -> bool:
        """Print the error of a call; return whether the next call runs."""
        self.trace.add(error.debug)
        self.writer.write_error(error)
        return self.tasks.keep_going

    def _run_call(self, task: CallTask | DownloadTask, progress_bar: ProgressBar) -> None:
        """Make one call and print its result. Raises ConnectorError."""
        is_listing = task.is_listing(self.session.connector)
        options = self._resolve_options(task, is_listing=is_listing)
        if is_listing and task.streams_items and progress_bar.enabled and not self.tasks.several:
            options = replace(options, observers=(PageProgress(progress_bar),))
        try:
            client = (
                self.session.get_client(task.options.connection)
                if task.needs_connection
                else self.session.open_anonymous_client()
            )
        except ConnectorError:
            self._build_request(task)  # wrong inputs are reported before a missing connection
            raise
        may_be_kept = options.max_age is not None or options.stale_if_error
        if isinstance(task, CallTask) and self._is_streaming(is_listing=is_listing) and not may_be_kept:
            stream = client.stream(task.action, task.given, options)
            self.writer.write_items(stream, task.find_columns(self.session.connector))
            self._note_warnings(stream.result)
            self.writer.exit_codes.append(EXIT_DONE)
            return
        result = task.send(client, options)
        try:
            self._write_result(task, result)
        except ConnectorError as error:
            raise self.session.to_call_error(error) from None

    def _write_result(self, task: CallTask | DownloadTask, result: Result) -> None:
        """Print the result of a call that is done. Raises ConnectorError."""
        options = self.session.options
        self.trace.add(result.debug)
        self._note_warnings(result)
        if result.job is not None and (options.no_wait or task.options.no_wait):
            self.session.note(describe_start(result.job))
        if self.trace.is_enabled and not (options.debug or task.is_debugged):
            result = replace(result, debug=None)
        connector = self.session.connector
        self.writer.write_result(
            result,
            task.select_items(connector, result.data),
            one_item_a_line=not task.streams_items or (options.needs_records and not self.tasks.from_file),
            columns=task.find_columns(connector) if isinstance(task, CallTask) else (),
            find_fields=partial(task.find_plain_fields, connector) if isinstance(task, CallTask) else tuple,
        )

    def _note_warnings(self, result: Result | None) -> None:
        """Print on stderr that a result is from the copy, and its warnings."""
        if result is not None and result.age is not None:
            self.session.note(f"From the copy of records, read {format_duration(result.age)} ago.")
        for warning in result.warnings if result is not None else ():
            self.session.note(f"Warning: {warning}")

    def _is_streaming(self, *, is_listing: bool) -> bool:
        """Whether items are printed as they arrive: one listing, as lines or CSV, without --query."""
        is_by_item = self.writer.output_format in STREAMED_FORMATS and self.writer.query is None
        return is_by_item and is_listing and not self.trace.is_enabled and not self.tasks.from_file

    def _resolve_options(self, task: CallTask | DownloadTask, *, is_listing: bool) -> CallOptions:
        """Return the options of a call: flags, then the call file's keys, then settings."""
        flags = self.session.options.call_options(self.timeout)
        if not is_listing:
            flags = replace(flags, limit=None, page_size=None)
        if task.action is None or not self.session.connector.action(task.action).is_read:
            flags = replace(flags, max_age=None, stale_if_error=False)
        if self.trace.is_enabled:
            flags = replace(flags, debug=True)
        options = task.options.override(flags)
        if options.timeout is None:
            options = CallOptions.parse(timeout=self.timeout.value).override(options)
        return replace(options, connection=None)  # it has chosen the session's client

    def _make_progress_bar(self) -> ProgressBar:
        """Return the progress bar of the calls; for a single listing it counts pages."""
        options = self.session.options
        enabled = not options.quiet and not options.debug
        if self.tasks.several:
            return ProgressBar(count_columns("calls"), total=len(self.tasks.calls), enabled=enabled)
        task = self.tasks.calls[0]
        is_listing = task.streams_items and task.is_listing(self.session.connector)
        shares_terminal = self._is_streaming(is_listing=is_listing) and stdio.is_stdout_terminal()
        columns = count_columns("items", "pages")
        return ProgressBar(columns, total=options.limit, enabled=enabled and not shares_terminal)

    def _finish(self) -> None:
        """Finish the output, and write the HAR file."""
        self.writer.printer.finish()
        try:
            self.trace.write_har()
        except StoreError as error:
            self.writer.exit_codes.append(print_error(self.session.to_call_error(error)))
