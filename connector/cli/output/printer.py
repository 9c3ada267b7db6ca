"""Print results to stdout as json, yaml, table or lines."""

from __future__ import annotations

import json
import sys
from dataclasses import field
from typing import TYPE_CHECKING, Any, Protocol

from connector.cli.output import stdio
from connector.cli.output.error_output import error_to_dict, print_error
from connector.cli.output.exit_codes import EXIT_DONE
from connector.cli.output.stdio import print_stderr
from connector.errors import UsageError
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from connector.cli.output.query import Query
    from connector.core.response.result import Result
    from connector.errors import ConnectorError


STREAMED_FORMATS = ("lines", "csv")  # of which a listing is printed item by item
CARD = "card"  # what a person sees who asks for no format


def choose_format(output_format: str, *, is_set: bool, has_query: bool) -> str:
    """Return the format of results: the one that was asked for; else a card on a terminal, and JSON elsewhere."""
    is_card = not is_set and not has_query and stdio.is_stdout_terminal()
    return CARD if is_card else output_format


def write_json(data: Any) -> None:
    """Write data to stdout as indented JSON."""
    text = json.dumps(data, indent=2, ensure_ascii=not _is_unicode(), default=str)
    _write(stdio.escape_json_controls(text) + "\n")


def write_line(data: Any) -> None:
    """Write data to stdout as a line of JSON, and flush."""
    text = json.dumps(data, ensure_ascii=not _is_unicode(), default=str)
    _write(stdio.escape_json_controls(text) + "\n")
    sys.stdout.flush()


def write_yaml(data: Any) -> None:
    """Write data to stdout as a YAML document."""
    import yaml

    plain = json.loads(json.dumps(data, default=str))
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=_is_unicode(), width=110)
    if stdio.escape_controls(text) != text:  # YAML escapes all but ASCII, or nothing of it
        text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=False, width=110)
    _write(text)


def write_yaml_document(data: Any) -> None:
    """Write data to stdout as one of several YAML documents."""
    write_text("---")
    write_yaml(data)


def write_text(text: str) -> None:
    """Write a text and a line end to stdout; on a terminal with control characters escaped."""
    _write(f"{stdio.escape_controls(text) if stdio.is_stdout_terminal() else text}\n")


def write_value(value: Any) -> None:
    """Write a value to stdout as scripts take it: a text bare, nothing for null, any other as JSON on one line."""
    text = (
        value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=not _is_unicode())
    )
    write_text(text)


def flush() -> None:
    """Flush stdout."""
    sys.stdout.flush()


def _write(text: str) -> None:
    sys.stdout.write(text)


def _is_unicode() -> bool:
    """Whether stdout encodes every character; otherwise JSON escapes all but ASCII."""
    return (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")


class ResultPrinter(Protocol):
    """Prints results in one format."""

    def print_result(self, data: Any) -> None:
        """Print or keep the data of a result."""

    def print_error(self, error: dict[str, Any]) -> None:
        """Print or keep the error of a call."""

    def finish(self) -> None:
        """Print what was kept."""


@dataclass(slots=True)
class JsonPrinter:
    """Prints one object, or an array for several calls; an error takes the place of its result."""

    several: bool
    include_errors: bool
    buffered: list[Any] = field(default_factory=list)

    def print_result(self, data: Any) -> None:
        """Keep a result."""
        self.buffered.append(data)

    def print_error(self, error: dict[str, Any]) -> None:
        """Keep an error, if errors are included."""
        if self.include_errors:
            self.buffered.append(error)

    def finish(self) -> None:
        """Print the object or the array."""
        if self.several:
            write_json(self.buffered)
        elif self.buffered:
            write_json(self.buffered[0])
        self.buffered.clear()


@dataclass(slots=True)
class StreamPrinter:
    """Writes each result immediately, and among several calls each error."""

    write: Callable[[Any], None]
    several: bool

    def print_result(self, data: Any) -> None:
        """Write a result."""
        self.write(data)

    def print_error(self, error: dict[str, Any]) -> None:
        """Write an error among several results."""
        if self.several:
            self.write(error)

    def finish(self) -> None:
        """Do nothing: everything is written."""


@dataclass(slots=True)
class TablePrinter:
    """Prints a table for each result."""

    quiet: bool

    def print_result(self, data: Any) -> None:
        """Print a result as a table."""
        self.print_fields(data, ())

    def print_fields(self, data: Any, columns: Sequence[str], *, is_chosen: bool = False) -> None:
        """Print a result as a table, of these columns if any are named; all of them where the command names them."""
        from connector.cli.output import table

        note = table.print_data(data, columns, keep_all=is_chosen)
        missing = table.describe_missing(data, columns) if is_chosen else []
        for sentence in () if self.quiet else filter(None, (*missing, note and f"{note} {table.SEE_EVERYTHING}")):
            print_stderr(sentence)

    def print_error(self, error: dict[str, Any]) -> None:
        """Do nothing: errors go to stderr only."""

    def finish(self) -> None:
        """Do nothing: nothing was kept."""


@dataclass(slots=True)
class ResultWriter:
    """Prints the results and errors of a command's calls, and collects their exit codes."""

    printer: ResultPrinter
    output_format: str
    query: Query | None = None
    columns: Sequence[str] = ()  # that the command names
    exit_codes: list[int] = field(default_factory=list)

    def write_result(
        self,
        result: Result,
        items: list[Any] | None = None,
        *,
        one_item_a_line: bool = False,
        columns: Sequence[str] = (),
        find_fields: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """Print a result: the whole, what the query selects, or a table or card of its items or data.

        Tables and cards have these `columns`, if any are named; a card, else the first of the fields that are found.
        With `one_item_a_line`, the format `lines` prints each item on its own.
        """
        self.exit_codes.append(EXIT_DONE)
        if self.query is not None:
            self._write_query_result(result, self.query)
        elif self.output_format in ("text", "csv"):
            self._write_values(result.data if items is None else items, columns)
        elif isinstance(self.printer, TablePrinter):
            shown = result.data if items is None else items
            self.printer.print_fields(shown, self.columns or columns, is_chosen=bool(self.columns))
        elif self.output_format == CARD:
            self._write_card(result, items, columns, find_fields)
        elif one_item_a_line and items is not None and self.output_format == "lines":
            for item in items:
                self.printer.print_result(item)
        else:
            self.printer.print_result(result.to_dict())

    def write_items(self, items: Iterable[Any], columns: Sequence[str]) -> None:
        """Print the items of a listing as they come: as CSV, in these columns unless the command names others."""
        if self.output_format == "csv":
            from connector.cli.output.csv_output import CsvPrinter

            assert isinstance(self.printer, CsvPrinter)
            self.printer.print_items(items, columns)
        else:
            for item in items:
                write_line(item)

    def _write_card(
        self, result: Result, items: list[Any] | None, columns: Sequence[str], find_fields: Callable[[], Sequence[str]]
    ) -> None:
        from connector.cli.output.card import CardPrinter, Fields

        assert isinstance(self.printer, CardPrinter)
        self.printer.print_card(result, items, Fields(columns, find_fields))

    def _write_query_result(self, result: Result, query: Query) -> None:
        """Print what the query selects; if it fails, the whole result, because the call was made."""
        try:
            selected = query.apply(result.data)
        except UsageError as error:
            error.attempts = result.attempts
            self.exit_codes.append(print_error(error))
            write_json({**error_to_dict(error), "result": result.to_dict()})
            return
        if self.output_format in ("text", "csv"):
            self._write_values(selected)
            return
        one_by_one = self.output_format == "lines" and isinstance(selected, list)
        for data in selected if one_by_one else [selected]:
            self.printer.print_result(data)

    def _write_values(self, data: Any, columns: Sequence[str] = ()) -> None:
        """Print data without what stands around it: rows of CSV, or one value a line."""
        if self.output_format == "csv":
            from connector.cli.output.csv_output import CsvPrinter

            assert isinstance(self.printer, CsvPrinter)
            self.printer.print_picked(data, columns)
            return
        for value in data if isinstance(data, list) else [data]:
            self.printer.print_result(value)

    def write_error(self, error: ConnectorError) -> None:
        """Print an error on stderr and among the results."""
        self.exit_codes.append(print_error(error))
        self.printer.print_error(error_to_dict(error))


def make_printer(
    output_format: str, *, several: bool, include_errors: bool, quiet: bool, columns: Sequence[str] = ()
) -> ResultPrinter:
    """Return the printer of a format; with `include_errors`, JSON on stdout has errors too."""
    if output_format == "csv":
        from connector.cli.output.csv_output import CsvPrinter

        return CsvPrinter(columns, quiet=quiet)
    if output_format == "text":
        return StreamPrinter(write_value, several=False)
    if output_format == "yaml":
        return StreamPrinter(write_yaml_document if several else write_yaml, several)
    if output_format == "lines":
        return StreamPrinter(write_line, several)
    if output_format == CARD:
        from connector.cli.output.card import CardPrinter  # its parts need the models, which help does not

        return CardPrinter(quiet)
    return TablePrinter(quiet) if output_format == "table" else JsonPrinter(several, include_errors)
