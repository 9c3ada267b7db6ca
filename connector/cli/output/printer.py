"""Results on stdout: json, yaml, table or lines; one result, or one after another."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from connector.cli.output.error_output import error_to_dict, print_error
from connector.cli.output.exit_codes import EXIT_DONE
from connector.cli.output.stdio import print_stderr
from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.cli.output.query import Query
    from connector.core.response.parser import Result
    from connector.errors import ConnectorError


def write_json(data: Any) -> None:
    """Write data to stdout as JSON on several lines."""
    _write(json.dumps(data, indent=2, ensure_ascii=not _is_unicode(), default=str) + "\n")


def write_line(data: Any) -> None:
    """Write data to stdout as JSON on one line, at once."""
    _write(json.dumps(data, ensure_ascii=not _is_unicode(), default=str) + "\n")
    sys.stdout.flush()


def write_yaml(data: Any) -> None:
    """Write data to stdout as a YAML document."""
    import yaml

    plain = json.loads(json.dumps(data, default=str))
    _write(yaml.safe_dump(plain, sort_keys=False, allow_unicode=_is_unicode(), width=110))


def write_yaml_document(data: Any) -> None:
    """Write data to stdout as one of several YAML documents."""
    write_text("---")
    write_yaml(data)


def write_text(text: str) -> None:
    """Write a text to stdout, on lines of its own."""
    _write(f"{text}\n")


def flush() -> None:
    """Hand over what was written, at once."""
    sys.stdout.flush()


def _write(text: str) -> None:
    sys.stdout.write(text)


def _is_unicode() -> bool:
    """Whether stdout takes every character; else JSON escapes what is not ASCII, so that it stays JSON."""
    return (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")


class ResultPrinter(Protocol):
    """How results are printed, one after another."""

    def print_result(self, data: Any) -> None:
        """Take what is to be shown of a result."""

    def print_error(self, error: dict[str, Any]) -> None:
        """Take the error of a call, as data."""

    def finish(self) -> None:
        """Print what was kept back."""


@dataclass(slots=True)
class JsonPrinter:
    """One object, or the array of several calls; an error stands where its result would."""

    several: bool
    include_errors: bool
    buffered: list[Any] = field(default_factory=list)

    def print_result(self, data: Any) -> None:
        """Keep a result."""
        self.buffered.append(data)

    def print_error(self, error: dict[str, Any]) -> None:
        """Keep an error, where a program reads."""
        if self.include_errors:
            self.buffered.append(error)

    def finish(self) -> None:
        """Print all."""
        if self.several:
            write_json(self.buffered)
        elif self.buffered:
            write_json(self.buffered[0])
        self.buffered.clear()


@dataclass(slots=True)
class StreamPrinter:
    """Writes each result at once; where there are several calls, each error in its place too."""

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
    """A table for each result."""

    quiet: bool

    def print_result(self, data: Any) -> None:
        """Print a result as a table."""
        from connector.cli.output import table

        note = table.print_data(data)
        if note and not self.quiet:
            print_stderr(note)

    def print_error(self, error: dict[str, Any]) -> None:
        """An error is told on stderr alone."""

    def finish(self) -> None:
        """Nothing was kept."""


@dataclass(slots=True)
class ResultWriter:
    """Prints the results and errors of a command's calls, and knows what they come to."""

    printer: ResultPrinter
    output_format: str
    query: Query | None = None
    exit_codes: list[int] = field(default_factory=list)

    def write_result(self, result: Result, items: list[Any] | None = None, *, one_item_a_line: bool = False) -> None:
        """Print a result: all of it, its data through the query, or as a table its items or data.

        `each` says that as lines its items are printed, each on its own.
        """
        self.exit_codes.append(EXIT_DONE)
        if self.query is not None:
            self._write_query_result(result, self.query)
        elif self.output_format == "table":
            self.printer.print_result(result.data if items is None else items)
        elif one_item_a_line and items is not None and self.output_format == "lines":
            for item in items:
                self.printer.print_result(item)
        else:
            self.printer.print_result(result.to_dict())

    def _write_query_result(self, result: Result, query: Query) -> None:
        """Print what a query finds; where it does not suit the data, all of it: the call is done, once."""
        try:
            selected = query.apply(result.data)
        except UsageError as error:
            self.exit_codes.append(print_error(error))
            write_json({**error_to_dict(error), "result": result.to_dict()})
            return
        one_by_one = self.output_format == "lines" and isinstance(selected, list)
        for data in selected if one_by_one else [selected]:
            self.printer.print_result(data)

    def write_error(self, error: ConnectorError) -> None:
        """Tell an error, on stderr and in its place among the results."""
        self.exit_codes.append(print_error(error))
        self.printer.print_error(error_to_dict(error))


def make_printer(output_format: str, *, several: bool, include_errors: bool, quiet: bool) -> ResultPrinter:
    """Return the form of a name; `errors` says whether JSON on stdout tells errors too."""
    if output_format == "yaml":
        return StreamPrinter(write_yaml_document if several else write_yaml, several)
    if output_format == "lines":
        return StreamPrinter(write_line, several)
    return TablePrinter(quiet) if output_format == "table" else JsonPrinter(several, include_errors)
