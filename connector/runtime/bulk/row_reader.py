"""Read rows from CSV, JSON lines, YAML or a sheet of Excel, each with its number and line."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
from dataclasses import field
from typing import IO, TYPE_CHECKING, Any

from connector.definition.lazy import cached_property
from connector.definition.parsers import strict_yaml
from connector.errors import InputError, Problem
from connector.first_use import dataclass, prepare_pattern
from connector.runtime.bulk.csv_text import detect_encoding, read_delimiter_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connector.core.bulk.columns import ColumnKeys, ColumnMapping

MAX_LINE_BYTES = 16 << 20
MAX_YAML_BYTES = 64 << 20
_DELIMITERS = ",;\t"
_CR_LINE_END = prepare_pattern(r"(?<=\r)(?!\n)")  # a lone CR, which some spreadsheets write as a line end


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """One row: number and line, both from 1; its inputs, or the error of an invalid row."""

    number: int
    line: int
    given: Mapping[str, Any] = field(default_factory=dict)
    error: InputError | None = None


class RowReader:
    """Reads the rows of an open binary file; `name` is shown in errors, `sheet` is one of a workbook, or the first."""

    def __init__(
        self, name: str, file: IO[bytes], row_format: str, columns: ColumnMapping, *, sheet: str | None = None
    ) -> None:
        self.name, self.row_format, self.columns, self.sheet = name, row_format, columns, sheet
        self._file = file
        self._sheet_title = ""
        self._column_by_key: dict[str, str] = {}  # of a sheet: letter and name

    @property
    def is_seekable(self) -> bool:
        """Whether the rows can be read more than once."""
        return self._file.seekable()

    def compute_digest(self) -> str:
        """Return the SHA-256 of a file's bytes, as hexadecimal digits."""
        self._file.seek(0)
        return hashlib.file_digest(self._file, "sha256").hexdigest()  # type: ignore[arg-type]  # any binary file will do

    def read_rows(self) -> Iterator[Row]:
        """Yield the rows, from the beginning of a seekable file.

        Raises InputError, or for YAML DefinitionError, if the file is invalid or has no rows.
        """
        if self.is_seekable:
            self._file.seek(0)
        readers = {
            "csv": self._read_csv,
            "jsonl": self._read_json_lines,
            "yaml": self._read_yaml,
            "xlsx": self._read_sheet,
        }
        row = None
        for row in readers[self.row_format]():
            yield row
        if row is None:
            raise InputError(f"{self.name} has no rows.", problems=(Problem("the rows", "none", "at least one"),))

    @cached_property
    def encoding(self) -> str:
        """The encoding of the text: of CSV as it is found, of a pipe UTF-8, as of the other formats."""
        return detect_encoding(self._file) if self.is_seekable and self.row_format == "csv" else "utf-8"

    def describe_row(self, row: Row) -> str:
        """Return the number of a row, and where it stands."""
        return f"row {row.number} ({self.describe_line(row.line)})"

    def describe_line(self, line: int) -> str:
        """Return where a row stands: in a line of the file, or in a row of the sheet that is read."""
        return f"row {line} of the sheet {self._sheet_title}" if self._sheet_title else f"line {line}"

    def name_column(self, key: str) -> str:
        """Return where a sheet has the values of an input, such as `column C (Topic)`; empty where it has none."""
        return self._column_by_key.get(key, "")

    def _read_sheet(self) -> Iterator[Row]:
        from connector.runtime.bulk.sheet_reader import read_sheet

        keys, number = None, 0
        for title, line, cells in read_sheet(self._file, self.name, self.sheet):
            if keys is None:
                self._sheet_title = title
                names = ["" if cell is None else str(cell) for cell in cells]
                keys = self.columns.resolve_header(names)
                self._column_by_key = {
                    key: f"column {to_letters(index)} ({name})"
                    for index, (key, name) in enumerate(zip(keys, names, strict=True))
                    if key is not None
                }
                continue
            number += 1
            if len(cells) < len(keys):
                cells.extend([None] * (len(keys) - len(cells)))
            yield self._row_from_cells(number, line, keys, cells)

    def _read_csv(self) -> Iterator[Row]:
        lines = self._read_csv_lines()
        header_line, start = next(lines, None), 1
        delimiter = read_delimiter_line(header_line or "")
        if delimiter is not None:  # Excel's own first line, for those that write CSV for it
            header_line, start = next(lines, None), 2
        if header_line is None:
            raise self._read_error(start, "nothing", "a header line", "name the inputs there, one per column")
        keys, number, line = None, 0, start
        try:
            delimiter = delimiter or _detect_delimiter(header_line)
            reader = csv.reader(itertools.chain([header_line], lines), delimiter=delimiter, strict=True)
            for cells in reader:
                start_line, line = line, reader.line_num + start
                if keys is None:
                    keys = self.columns.resolve_header(cells)
                elif cells:
                    number += 1
                    yield self._row_from_cells(number, start_line, keys, cells)
        except csv.Error as error:
            if "field limit" in str(error):
                limit = f"at most {csv.field_size_limit():,} characters per cell"
                fix = "look for an unclosed quote; use JSON lines for longer values"
                raise self._read_error(line, "a longer cell", limit, fix) from None
            fix = "put a cell with a quote, a delimiter or a line end in double quotes, and double the quotes in it"
            raise self._read_error(line, str(error), "CSV (RFC 4180)", fix) from None

    def _read_csv_lines(self) -> Iterator[str]:
        """Yield the lines; if the first line contains a lone CR, that ends a line too."""
        lines = self._read_lines()
        first_line = next(lines, "")
        all_lines = itertools.chain([first_line], lines) if first_line else lines
        if _CR_LINE_END.search(first_line) is None:
            return all_lines
        return (line for chunk in all_lines for line in _CR_LINE_END.split(chunk) if line)

    def _row_from_cells(self, number: int, line: int, keys: ColumnKeys, cells: list[Any]) -> Row:
        if len(cells) != len(keys):
            expected = f"{len(keys)}, as in the header"
            fix = "look for an extra or missing delimiter or quote"
            problem = Problem("the row", f"{len(cells)} cells", expected, fix)
            return Row(number, line, error=InputError.from_problems(self.columns.action.action, [problem]))
        try:
            return Row(number, line, self.columns.from_cells(keys, cells))
        except InputError as error:
            return Row(number, line, error=error)

    def _read_json_lines(self) -> Iterator[Row]:
        number = 0
        for line, text in enumerate(self._read_lines(), 1):
            if not text.isspace():
                number += 1
                yield self._row_from_data(number, line, text, _parse_json)

    def _row_from_data(self, number: int, line: int, data: Any, parse: Callable[[Any], Any] | None = None) -> Row:
        """Return the row of a mapping, or of data that `parse` turns into one."""
        try:
            data = data if parse is None else parse(data)
            if not isinstance(data, dict):
                got = "a list" if isinstance(data, list) else "a single value"
                raise _row_error(got, "a mapping of columns to values")
            return Row(number, line, self.columns.from_mapping(data))
        except InputError as error:
            return Row(number, line, error=error)

    def _read_yaml(self) -> Iterator[Row]:
        number = 0
        for document in strict_yaml.read_all(self._file.read(), self.name, max_bytes=MAX_YAML_BYTES):
            is_list = isinstance(document.data, list)
            for index, data in enumerate(document.data if is_list else [document.data]):
                if data is None and not is_list:  # an empty document
                    continue
                number += 1
                position = document.find_position((index,) if is_list else ())
                yield self._row_from_data(number, position.line, data)

    def _read_lines(self) -> Iterator[str]:
        """Yield the lines as text. Raises InputError for a line that is not UTF-8 or is too long."""
        if self.encoding == "utf-16":
            yield from self._read_wide_lines()
            return
        encoding = "utf-8-sig" if self.encoding == "utf-8" else self.encoding  # a mark stands at the beginning alone
        for number in itertools.count(1):
            raw = self._file.readline(MAX_LINE_BYTES + 1)
            if not raw:
                return
            if len(raw) > MAX_LINE_BYTES:
                raise self._read_error(
                    number, "a line without an end", f"at most {MAX_LINE_BYTES:,} bytes per line", ""
                )
            try:
                yield raw.decode(encoding)
            except UnicodeDecodeError as error:
                got = f"byte {error.start + 1} of the line is not UTF-8"
                raise self._read_error(number, got, "UTF-8", "save the file as UTF-8") from None
            encoding = self.encoding

    def _read_wide_lines(self) -> Iterator[str]:
        """Yield the lines of UTF-16. Raises InputError for one that is none, or is too long."""
        text, number = io.TextIOWrapper(self._file, "utf-16", newline=""), 0
        try:
            while line := text.readline(MAX_LINE_BYTES):
                number += 1
                if len(line) == MAX_LINE_BYTES:
                    limit = f"at most {MAX_LINE_BYTES:,} characters per line"
                    raise self._read_error(number, "a line without an end", limit, "")
                yield line
        except UnicodeDecodeError:
            raise self._read_error(number + 1, "what is not UTF-16", "UTF-8", "save the file as UTF-8") from None
        finally:
            text.detach()

    def _read_error(self, line: int, got: str, expected: str, fix: str) -> InputError:
        problem = Problem(f"line {line}", got, expected, fix)
        return InputError(f"{self.name} cannot be read further.\n  {problem}", problems=(problem,))


def to_letters(index: int) -> str:
    """Return the letters of a column of a sheet, counted from 0: A, B, ... Z, AA."""
    quotient, rest = divmod(index, 26)
    return (to_letters(quotient - 1) if quotient else "") + chr(ord("A") + rest)


def _detect_delimiter(header: str) -> str:
    """Return the delimiter of a header line: the comma, semicolon or tab that yields the most columns."""
    return max(_DELIMITERS, key=lambda delimiter: len(next(csv.reader([header], delimiter=delimiter))))


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_reject_constant, object_pairs_hook=_reject_duplicate_keys)
    except json.JSONDecodeError as error:
        raise _row_error(f"{error.msg} at column {error.colno}", "JSON: a mapping on one line") from None
    except (ValueError, RecursionError):
        raise _row_error(
            "a value that JSON cannot express", "JSON without NaN or Infinity, not nested without end"
        ) from None


def _reject_constant(name: str) -> None:
    raise ValueError(name)


def _reject_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        raise _row_error("a key twice in one mapping", "each key once")
    return mapping


def _row_error(got: str, expected: str) -> InputError:
    return InputError.from_problems("the row", [Problem("the row", got, expected)])
