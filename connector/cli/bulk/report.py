"""Report rows: results on stdout as they finish; progress, failures and uncertain rows on stderr."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from connector import errors
from connector.cli.output import printer, stdio
from connector.cli.output.counts import format_count
from connector.cli.output.error_output import format_error, print_error
from connector.cli.output.exit_codes import EXIT_DONE, EXIT_UNCERTAIN, EXIT_USAGE, exit_code_for_type
from connector.cli.output.progress import ProgressBar, count_columns
from connector.cli.output.query import Query
from connector.cli.output.stdio import print_stderr
from connector.errors import ConnectorError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from connector.cli.context.settings import Setting
    from connector.runtime.bulk.row_result import RowResult

STOP_GRACE_SECONDS = 5.0  # seconds for pending rows after Ctrl-C
MAX_REPORTED_ROWS = 20  # failures, and uncertain rows, that are listed


class RowResults(Protocol):
    """The results of rows as they finish, of a run in this process or of one that workers share."""

    def __iter__(self) -> Iterator[RowResult]:
        """Yield the results. Raises the error that every row would meet, if there is one."""
        ...

    def drain(self, timeout: float, should_stop: Callable[[], bool] = lambda: False) -> Iterator[RowResult]:
        """Start no further row; yield the results of those in progress for up to `timeout` seconds."""
        ...

    def list_interrupted(self) -> list[RowResult]:
        """Return the rows that are abandoned, whose outcome is uncertain."""
        ...


class JsonArrayPrinter:
    """Prints one JSON array, item by item."""

    def __init__(self) -> None:
        self._is_empty = True

    def print_result(self, data: Any) -> None:
        """Print an item, and flush."""
        sys.stdout.write(("[\n" if self._is_empty else ",\n") + json.dumps(data, default=str))
        sys.stdout.flush()
        self._is_empty = False

    def print_error(self, error: dict[str, Any]) -> None:
        """Print an error as an item."""
        self.print_result(error)

    def finish(self) -> None:
        """Print the end of the array."""
        sys.stdout.write("[]\n" if self._is_empty else "\n]\n")


class BulkReporter:
    """Prints the results of rows and counts them; `total` is the number of rows, if known.

    `columns` are those of CSV; `describe_line` says where a row stands by its line.
    """

    def __init__(self, output_setting: Setting, query: str | None, *, quiet: bool, columns: Sequence[str] = ()) -> None:
        self.describe_line: Callable[[int], str] = "line {}".format
        self.printer = _make_printer(output_setting, columns)
        self.total: int | None = None
        self.exit_codes: set[int] = set()
        self.counts = {"done": 0, "started": 0, "failed": 0, "uncertain": 0}
        self._query = Query(query) if query is not None else None
        self._quiet = quiet
        self._earlier_count = self._unsendable_count = 0
        self._reported_count = 0
        self._uncertain_rows: list[dict[str, Any]] = []

    def report(self, rows: RowResults, *, has_journal: bool) -> int:
        """Print every result and a summary, and return the exit code. Raises KeyboardInterrupt, OSError."""
        started_at, was_interrupted = time.monotonic(), False
        columns = count_columns("rows", format_note=self._format_unsuccessful)
        enabled = not self._quiet and not stdio.is_stdout_terminal()
        with (
            stdio.keeping_code(self._find_code),
            ProgressBar(columns, total=self.total, enabled=enabled) as progress_bar,
        ):
            try:
                self._print_results(rows, progress_bar)
            except KeyboardInterrupt:
                was_interrupted = True
                self._drain_after_interrupt(rows, progress_bar)
            except OSError:  # the reader of stdout is gone; the journal has the results
                if not self._drain_quietly(rows):
                    raise
                return EXIT_UNCERTAIN
            except ConnectorError as error:
                self.exit_codes.add(print_error(error))
        with stdio.keeping_code(self._find_code):
            self.printer.finish()
        self._print_summary(time.monotonic() - started_at, has_journal=has_journal)
        if was_interrupted and EXIT_UNCERTAIN not in self.exit_codes:
            raise KeyboardInterrupt
        return self._find_code()

    def _find_code(self) -> int:
        return max(self.exit_codes, default=EXIT_DONE)

    def _format_unsuccessful(self) -> str:
        names = [name for name, count in self.counts.items() if count and name != "done"]
        return "".join(f", {self.counts[name]:,} {name}" for name in names)

    def _print_results(self, results: Iterable[RowResult], progress_bar: ProgressBar) -> None:
        for result in results:
            self._count_result(result)
            self.printer.print_result(self._apply_query(result.data))
            self._report_failure(result)
            progress_bar.advance()

    def _drain_after_interrupt(self, rows: RowResults, progress_bar: ProgressBar) -> None:
        """After Ctrl-C, wait for pending rows; a second Ctrl-C stops waiting."""
        previous_handler, interrupted_again = signal.getsignal(signal.SIGINT), threading.Event()

        def on_second_interrupt(*_: object) -> None:
            signal.signal(signal.SIGINT, previous_handler)
            interrupted_again.set()

        signal.signal(signal.SIGINT, on_second_interrupt)
        remaining = rows.drain(STOP_GRACE_SECONDS, interrupted_again.is_set)
        print_stderr(
            f"Stopping: waiting up to {STOP_GRACE_SECONDS:g} s for pending rows. Press Ctrl-C again to stop now."
        )
        try:
            self._print_results(remaining, progress_bar)
            self._print_results(rows.list_interrupted(), progress_bar)
        finally:
            signal.signal(signal.SIGINT, previous_handler)

    def _drain_quietly(self, rows: RowResults) -> bool:
        """Wait for pending rows without printing; return whether one is uncertain."""
        for result in rows.drain(STOP_GRACE_SECONDS):
            self._count_result(result)
        for result in rows.list_interrupted():
            self._count_result(result)
        if EXIT_UNCERTAIN in self.exit_codes:
            stdio.discard_output()
        return EXIT_UNCERTAIN in self.exit_codes

    def _count_result(self, result: RowResult) -> None:
        data = result.data
        self._earlier_count += result.from_earlier_run
        if result.outcome == "done" and "error" not in data:
            self.counts["done"] += 1
            return
        error_type: type[ConnectorError] = getattr(errors, data["error"]["type"])
        self.exit_codes.add(exit_code_for_type(error_type, result.outcome))
        if result.outcome == "done":  # a job was started, and then something failed
            self.counts["started"] += 1
            return
        if result.outcome != "uncertain":
            self.counts["failed"] += 1
            self._unsendable_count += error_type is errors.InputError
            return
        self.counts["uncertain"] += 1
        if len(self._uncertain_rows) < MAX_REPORTED_ROWS:
            self._uncertain_rows.append(data)

    def _apply_query(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return a row's result with what the query selects; if it fails, the whole."""
        if self._query is None or data["outcome"] != "done" or "data" not in data:
            return data
        try:
            return {**data, "data": self._query.apply(data["data"])}
        except UsageError as error:
            if EXIT_USAGE not in self.exit_codes:
                print_stderr(format_error(error))
            self.exit_codes.add(EXIT_USAGE)
            return data

    def _report_failure(self, result: RowResult) -> None:
        """Print the first failures as sentences; the results have all of them."""
        if result.error is None or result.outcome == "uncertain":
            return
        self._reported_count += 1
        if self._reported_count <= MAX_REPORTED_ROWS:
            print_stderr(f"{self._format_position(result.data)}: {format_error(result.error)}")
        elif self._reported_count == MAX_REPORTED_ROWS + 1:
            print_stderr("More rows failed; see the results.")

    def _format_position(self, data: dict[str, Any]) -> str:
        return f"Row {data['row']} ({self.describe_line(data['line'])})"

    def _print_summary(self, seconds: float, *, has_journal: bool) -> None:
        """Print the counts, and what to do next."""
        finished_count = sum(self.counts.values())
        remaining = (self.total or finished_count) - finished_count
        if not self._quiet:
            row_counts = {**self.counts, "left": remaining}
            summary = ", ".join(f"{count:,} {name}" for name, count in row_counts.items() if count or name == "done")
            earlier_note = f", {self._earlier_count:,} of them by an earlier run" if self._earlier_count else ""
            row_count = format_count(finished_count + remaining, "row")
            print_stderr(f"{row_count}: {summary}{earlier_note}; {seconds:.1f} s.")
            if has_journal:
                self._print_next_steps(remaining)
        if self._uncertain_rows:
            print_stderr(self._format_uncertain(has_journal=has_journal))

    def _print_next_steps(self, remaining: int) -> None:
        """Print what to do about rows that are left, that failed, and that have wrong input."""
        hints = (
            (remaining, "Run the same command again to continue."),
            (
                self.counts["started"],
                "Rows that were started are not sent again: their results say how to ask for their jobs.",
            ),
            (
                self.counts["failed"] - self._unsendable_count,
                "Use --retry-failed to run the failed rows again.",
            ),
            (
                self._unsendable_count,
                "Rows with wrong input cannot be sent: fix them, and put them into another file.",
            ),
        )
        message = " ".join(hint for count, hint in hints if count > 0)
        if message:
            print_stderr(message)

    def _format_uncertain(self, *, has_journal: bool) -> str:
        lines = ["Uncertain - check at the service whether these were done:"]
        lines += [f"  {self._format_position(data)}: {data['error']['message']}" for data in self._uncertain_rows]
        omitted_count = self.counts["uncertain"] - len(self._uncertain_rows)
        if omitted_count:
            lines.append(f"  and {omitted_count:,} more, with the outcome uncertain in the results")
        if has_journal:
            first_row = self._uncertain_rows[0]["row"]
            lines.append(
                f"Then run the same command with --resolve {first_row}=done, or with --resolve {first_row}=retry "
                "to send it again; all=... resolves every one."
            )
        return "\n".join(lines)


def _make_printer(output_setting: Setting, columns: Sequence[str]) -> printer.ResultPrinter:
    """Return the printer of the results, lines by default. Raises UsageError for a table, and for bare texts."""
    if not output_setting.is_set or output_setting.value == "lines":
        return printer.StreamPrinter(printer.write_line, several=True)
    if output_setting.value in ("table", "text"):
        form, hint = {"table": "a table"}.get(output_setting.value, "text"), "Use --output lines, csv, json or yaml."
        raise UsageError(f"The results of rows cannot be printed as {form} ({output_setting.source}).", hint=hint)
    if output_setting.value == "csv":
        from connector.cli.output.csv_output import CsvPrinter

        return CsvPrinter(columns, quiet=True)
    if output_setting.value == "yaml":
        return printer.StreamPrinter(printer.write_yaml_document, several=True)
    return JsonArrayPrinter()
