"""Results on stdout: json, yaml, table or lines; one result, or one after another."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from connector.cli.output import errors as failure
from connector.errors import UsageError

if TYPE_CHECKING:
    from connector.cli.output.query import Query
    from connector.core.response.parser import Result
    from connector.errors import ConnectorError

RULER = "---"


def write_json(data: Any) -> None:
    """Write data to stdout as JSON on several lines."""
    _write(json.dumps(data, indent=2, ensure_ascii=not _unicode(), default=str) + "\n")


def write_line(data: Any) -> None:
    """Write data to stdout as JSON on one line, at once."""
    _write(json.dumps(data, ensure_ascii=not _unicode(), default=str) + "\n")
    sys.stdout.flush()


def write_yaml(data: Any) -> None:
    """Write data to stdout as a YAML document."""
    import yaml

    plain = json.loads(json.dumps(data, default=str))
    _write(yaml.safe_dump(plain, sort_keys=False, allow_unicode=_unicode(), width=110))


def write_text(text: str) -> None:
    """Write a text to stdout, on lines of its own."""
    _write(f"{text}\n")


def flush() -> None:
    """Hand over what was written, at once."""
    sys.stdout.flush()


def _write(text: str) -> None:
    sys.stdout.write(text)


def _unicode() -> bool:
    """Whether stdout takes every character; else JSON escapes what is not ASCII, so that it stays JSON."""
    return (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")


class Form(Protocol):
    """How results are printed, one after another."""

    def result(self, shown: Any) -> None:
        """Take what is to be shown of a result."""

    def error(self, error: dict[str, Any]) -> None:
        """Take the error of a call, as data."""

    def end(self) -> None:
        """Print what was kept back."""


@dataclass(slots=True)
class Json:
    """One object, or the array of several calls; an error stands where its result would."""

    several: bool
    errors: bool
    kept: list[Any] = field(default_factory=list)

    def result(self, shown: Any) -> None:
        """Keep a result."""
        self.kept.append(shown)

    def error(self, error: dict[str, Any]) -> None:
        """Keep an error, where a program reads."""
        if self.errors:
            self.kept.append(error)

    def end(self) -> None:
        """Print all."""
        if self.several:
            write_json(self.kept)
        elif self.kept:
            write_json(self.kept[0])
        self.kept.clear()


@dataclass(slots=True)
class Yaml:
    """A document for each result."""

    several: bool

    def result(self, shown: Any) -> None:
        """Print a result."""
        if self.several:
            write_text(RULER)
        write_yaml(shown)

    def error(self, error: dict[str, Any]) -> None:
        """Print an error in its place among several."""
        if self.several:
            self.result(error)

    def end(self) -> None:
        """Nothing was kept."""


@dataclass(slots=True)
class Lines:
    """A line for each result; where there are several calls, for each error too."""

    several: bool

    def result(self, shown: Any) -> None:
        """Print a result on a line, at once."""
        write_line(shown)

    def error(self, error: dict[str, Any]) -> None:
        """Print an error in its place among several."""
        if self.several:
            write_line(error)

    def end(self) -> None:
        """Nothing was kept."""


@dataclass(slots=True)
class Table:
    """A table for each result."""

    quiet: bool

    def result(self, shown: Any) -> None:
        """Print a result as a table."""
        from connector.cli.output import table

        note = table.show(shown)
        if note and not self.quiet:
            failure.say(note)

    def error(self, error: dict[str, Any]) -> None:
        """An error is told on stderr alone."""

    def end(self) -> None:
        """Nothing was kept."""


@dataclass(slots=True)
class Printer:
    """Prints the results and errors of a command's calls, and knows what they come to."""

    form: Form
    shape: str
    query: Query | None = None
    codes: list[int] = field(default_factory=list)

    def result(self, result: Result, items: list[Any] | None = None, *, each: bool = False) -> None:
        """Print a result: all of it, its data through the query, or as a table its items or data.

        `each` says that as lines its items are printed, each on its own.
        """
        self.codes.append(failure.DONE)
        if self.query is not None:
            self._queried(result, self.query)
        elif self.shape == "table":
            self.form.result(result.data if items is None else items)
        elif each and items is not None and self.shape == "lines":
            for item in items:
                self.form.result(item)
        else:
            self.form.result(result.to_dict())

    def _queried(self, result: Result, query: Query) -> None:
        """Print what a query finds; where it does not suit the data, all of it: the call is done, once."""
        try:
            found = query.read(result.data)
        except UsageError as error:
            self.codes.append(failure.exit_code(error))
            failure.say(failure.told(error))
            write_json({**failure.as_data(error), "result": result.to_dict()})
            return
        one_by_one = self.shape == "lines" and isinstance(found, list)
        for shown in found if one_by_one else [found]:
            self.form.result(shown)

    def error(self, error: ConnectorError) -> None:
        """Tell an error, on stderr and in its place among the results."""
        self.codes.append(failure.exit_code(error))
        self.form.error(failure.as_data(error))
        failure.say(failure.told(error))


def form(shape: str, *, several: bool, errors: bool, quiet: bool) -> Form:
    """Return the form of a name; `errors` says whether JSON on stdout tells errors too."""
    if shape == "yaml":
        return Yaml(several)
    if shape == "lines":
        return Lines(several)
    return Table(quiet) if shape == "table" else Json(several, errors)
