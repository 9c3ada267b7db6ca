"""The rows of a file: CSV and JSON lines as they are read, YAML as a whole; each with its number and its line."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import re
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from connector.definition import strict_yaml
from connector.errors import InputError, Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connector.core.bulk.columns import Columns, Keys

FORMS = ("csv", "jsonl", "yaml")
LONGEST_LINE = 16 << 20
LARGEST_YAML = 64 << 20
_SUFFIXES = {
    ".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".yaml": "yaml", ".yml": "yaml", ".json": "yaml",
}  # fmt: skip
_SHEETS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")
_DELIMITERS = ",;\t"
_OLD_END = re.compile(r"(?<=\r)(?!\n)")  # a line end of CR alone, as some spreadsheets write it


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """One row: its number and its line, both from 1; what it gives, or the error that says why it gives nothing."""

    number: int
    line: int
    given: Mapping[str, Any] = field(default_factory=dict)
    error: InputError | None = None


class Source:
    """The rows of an open binary file; `name` is how it is told, `form` csv, jsonl or yaml."""

    def __init__(self, name: str, file: IO[bytes], form: str, columns: Columns) -> None:
        self.name, self.form, self.columns = name, form, columns
        self._file = file

    @property
    def again(self) -> bool:
        """Whether the rows can be read more than once."""
        return self._file.seekable()

    def digest(self) -> str:
        """Return the SHA-256 of a file's bytes, as hexadecimal digits."""
        self._file.seek(0)
        return hashlib.file_digest(self._file, "sha256").hexdigest()  # type: ignore[arg-type]  # any binary file will do

    def rows(self) -> Iterator[Row]:
        """Yield the rows, a file's from its beginning.

        Raises InputError, or for YAML DefinitionError, where the file cannot be read on or has none.
        """
        if self.again:
            self._file.seek(0)
        row = None
        for row in {"csv": self._csv, "jsonl": self._json_lines, "yaml": self._yaml}[self.form]():
            yield row
        if row is None:
            raise InputError(f"{self.name} has no rows.", problems=(Problem("the rows", "none", "at least one"),))

    def _csv(self) -> Iterator[Row]:
        lines = self._csv_lines()
        first = next(lines, None)
        if first is None:
            raise self._refused(1, "nothing", "a header line", "name the inputs there, one a column")
        keys, number, line = None, 0, 1
        try:
            reader = csv.reader(itertools.chain([first], lines), delimiter=_delimiter(first), strict=True)
            for cells in reader:
                began, line = line, reader.line_num + 1
                if keys is None:
                    keys = self.columns.header(cells)
                elif cells:
                    number += 1
                    yield self._of_cells(number, began, keys, cells)
        except csv.Error as error:
            if "field limit" in str(error):
                most = f"at most {csv.field_size_limit():,} characters a cell"
                fix = "look for a quote that is not closed; rows with longer values can be JSON lines"
                raise self._refused(line, "a longer cell", most, fix) from None
            fix = "put a cell with a quote, a delimiter or a line end in double quotes, and double the quotes in it"
            raise self._refused(line, str(error), "CSV (RFC 4180)", fix) from None

    def _csv_lines(self) -> Iterator[str]:
        """Yield the lines; where the first one holds a CR alone, that ends a line too."""
        lines = self._lines()
        first = next(lines, "")
        whole = itertools.chain([first], lines) if first else lines
        if _OLD_END.search(first) is None:
            return whole
        return (line for several in whole for line in _OLD_END.split(several) if line)

    def _of_cells(self, number: int, line: int, keys: Keys, cells: list[str]) -> Row:
        if len(cells) != len(keys):
            expected = f"{len(keys)}, as in the header"
            fix = "look for a delimiter or a quote too many or too few"
            problem = Problem("the row", f"{len(cells)} cells", expected, fix)
            return Row(number, line, error=InputError.of(self.columns.action.action, [problem]))
        try:
            return Row(number, line, self.columns.of_cells(keys, cells))
        except InputError as error:
            return Row(number, line, error=error)

    def _json_lines(self) -> Iterator[Row]:
        number = 0
        for line, text in enumerate(self._lines(), 1):
            if not text.isspace():
                number += 1
                yield self._of_data(number, line, text, _parsed)

    def _of_data(self, number: int, line: int, data: Any, read: Callable[[Any], Any] | None = None) -> Row:
        """Return the row of a mapping, or of what `read` makes one of."""
        try:
            data = data if read is None else read(data)
            if not isinstance(data, dict):
                got = "a list" if isinstance(data, list) else "a single value"
                raise _bad_row(got, "a mapping of columns to values")
            return Row(number, line, self.columns.of_mapping(data))
        except InputError as error:
            return Row(number, line, error=error)

    def _yaml(self) -> Iterator[Row]:
        number = 0
        for document in strict_yaml.read_all(self._file.read(), self.name, largest=LARGEST_YAML):
            listed = isinstance(document.data, list)
            for place, data in enumerate(document.data if listed else [document.data]):
                if data is None and not listed:  # an empty document
                    continue
                number += 1
                mark = document.mark((place,) if listed else ())
                yield self._of_data(number, mark.line, data)

    def _lines(self) -> Iterator[str]:
        """Yield the file's lines as text. Raises InputError for one that is not UTF-8, or without an end."""
        coding = "utf-8-sig"  # only at the beginning may a byte order mark stand
        for number in itertools.count(1):
            raw = self._file.readline(LONGEST_LINE + 1)
            if not raw:
                return
            if len(raw) > LONGEST_LINE:
                raise self._refused(number, "a line without an end", f"at most {LONGEST_LINE:,} bytes a line", "")
            try:
                yield raw.decode(coding)
            except UnicodeDecodeError as error:
                got = f"byte {error.start + 1} of the line is not UTF-8"
                raise self._refused(number, got, "UTF-8", "save the file as UTF-8") from None
            coding = "utf-8"

    def _refused(self, line: int, got: str, expected: str, fix: str) -> InputError:
        problem = Problem(f"line {line}", got, expected, fix)
        return InputError(f"{self.name} cannot be read on. {problem}", problems=(problem,))


def form_of(name: str, asked: str | None) -> str:
    """Return the form of a file: the one that is asked for, else by the end of its name. Raises UsageError."""
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    form = asked or _SUFFIXES.get(suffix)
    if form is None and suffix in _SHEETS:
        raise UsageError(f"{name} is a spreadsheet.", hint="Export it as CSV in UTF-8, and give that file.")
    if form is None:
        hint = f"Say it with --rows {'|'.join(FORMS)}."
        what = "standard input" if name == "-" else name
        raise UsageError(f"What form the rows of {what} have cannot be told from a name.", hint=hint)
    return form


def _delimiter(header: str) -> str:
    """Return what parts the names of a header line: comma, semicolon or tab, whichever makes most of it."""
    return max(_DELIMITERS, key=lambda one: len(next(csv.reader([header], delimiter=one))))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise _bad_row(f"{error.msg} at column {error.colno}", "JSON: a mapping on one line") from None
    except (ValueError, RecursionError):
        raise _bad_row("what JSON has no word for", "JSON without NaN or Infinity, not nested without end") from None


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise _bad_row("a name twice in one mapping", "each name once")
    return made


def _bad_row(got: str, expected: str) -> InputError:
    return InputError.of("the row", [Problem("the row", got, expected)])
