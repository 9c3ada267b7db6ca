"""Print data as CSV (RFC 4180): a header, one row for each item, values that have parts as JSON."""

from __future__ import annotations

import csv
import io
import json
import shlex
import sys
from typing import TYPE_CHECKING, Any, TextIO

from connector.cli.output.stdio import escape_controls, print_stderr
from connector.cli.output.table import describe_missing_column
from connector.core.json_path import get_at_path, has_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PLAIN_COLUMN = "value"  # of items that are no mappings
_MAX_TOLD = 10  # fields that are no columns
_MAX_KEPT = 100  # rows that are waited for where nothing says which columns there are


class CsvPrinter:
    """Prints items as rows under one header, at once where somebody has named the columns.

    Else the first rows are waited for: the columns are the fields that these have. What only a later one has is told.
    """

    def __init__(self, columns: Sequence[str] = (), *, quiet: bool = False) -> None:
        self._paths, self._quiet = tuple(columns), quiet
        self._learned: tuple[str, ...] = ()  # the columns, where nobody has named them
        self._kept: list[dict[str, Any]] = []
        self._has_header = False
        self._unseen = dict.fromkeys(self._paths)
        self._names: dict[str, None] = {}  # of the fields of the first items, for a column that none of them has
        self._late: dict[str, None] = {}  # fields that are no column
        self._parted: dict[str, None] = {}  # fields that are no column since they have parts
        self._list_name: str | None = None  # of those, the one that holds the items of a single mapping

    def print_items(self, items: Iterable[Any], columns: Sequence[str] = ()) -> None:
        """Print the items of a listing as they come, in these columns unless the command has named others."""
        self._paths = self._paths or tuple(columns)
        for item in items:
            self.print_result([item if self._paths else self._pick_plain(item)])

    def print_picked(self, data: Any, columns: Sequence[str] = ()) -> None:
        """Print of each item of data these columns, else its plain values, unless the command has named others."""
        if self._paths:
            self.print_result(data)
            return
        if columns:
            self.print_result(pick_rows(data, columns))
            return
        if isinstance(data, dict):
            self._list_name = next((name for name, value in data.items() if _is_list_of_mappings(value)), None)
        self.print_result([self._pick_plain(item) for item in (data if isinstance(data, list) else [data])])

    def print_result(self, data: Any) -> None:
        """Print or keep the rows of a result."""
        for item in data if isinstance(data, list) else [data]:
            if self._paths:
                self._note_names(item)
                self._write_header(self._paths)
                _write_row(_open_stdout(), [get_at_path(item, path) for path in self._paths])
            elif self._learned:
                self._write_learned(item)
            else:
                self._kept.append(item)
        if len(self._kept) >= _MAX_KEPT:
            self._write_kept()
        sys.stdout.flush()

    def print_error(self, error: dict[str, Any]) -> None:
        """Do nothing: errors go to stderr only."""

    def finish(self) -> None:
        """Print what was kept; tell of columns that no item has, and of fields that no column has."""
        if self._paths:
            self._write_header(self._paths)
        self._write_kept()
        if self._quiet:
            return
        for name in self._unseen if self._names else ():
            print_stderr(describe_missing_column(name, self._names))
        if self._late:
            print_stderr(_describe_late([*self._late], self._learned))
        if self._parted:
            print_stderr(_describe_parted([*self._parted], self._learned, self._list_name))

    def _pick_plain(self, item: Any) -> dict[str, Any]:
        row = _pick(item, ())
        if isinstance(item, dict) and len(row) < len(item):
            self._parted.update((name, None) for name in item if name not in row)
        return row

    def _write_kept(self) -> None:
        if not self._kept:
            return
        self._learned = tuple(dict.fromkeys(name for row in self._kept for name in row))
        self._write_header(self._learned)
        for row in self._kept:
            self._write_learned(row)
        self._kept.clear()

    def _write_learned(self, row: dict[str, Any]) -> None:
        self._late.update((name, None) for name in row if name not in self._learned)
        _write_row(_open_stdout(), [row.get(name) for name in self._learned])

    def _note_names(self, item: Any) -> None:
        if isinstance(item, dict) and self._unseen:
            self._names.update(dict.fromkeys(item))
            self._unseen = {name: None for name in self._unseen if not has_path(item, name)}

    def _write_header(self, columns: Sequence[str]) -> None:
        if not self._has_header:
            _write_row(_open_stdout(), columns)
            self._has_header = True


def _describe_late(late: Sequence[str], learned: Sequence[str]) -> str:
    """Return the note about fields that no column has, with the option that prints them beside the columns."""
    return f"Later items have fields that are no columns: {_list_names(late)}. {_advise_columns(late, learned)}"


def _describe_parted(parted: Sequence[str], learned: Sequence[str], list_name: str | None) -> str:
    """Return the note about fields with parts, which no column has, with the option that prints them."""
    text = f"Fields that have parts are no columns: {_list_names(parted)}."
    if list_name is None:
        return f"{text} {_advise_columns(parted, learned)}"
    query = list_name if list_name.isidentifier() else json.dumps(list_name)  # as JMESPath writes a name
    return f"{text} To have a row for each of {list_name}: --query {shlex.quote(query)}"


def _list_names(names: Sequence[str]) -> str:
    rest = len(names) - _MAX_TOLD
    return ", ".join(names[:_MAX_TOLD]) + (f" and {rest:,} more" if rest > 0 else "")


def _advise_columns(names: Sequence[str], learned: Sequence[str]) -> str:
    return f"To have them too, name all: --columns {shlex.quote(','.join([*learned, *names[:_MAX_TOLD]]))}"


def _is_list_of_mappings(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]], file: TextIO | None = None) -> None:
    """Write a header and rows into a file that translates no line ends (default: stdout)."""
    file = _open_stdout() if file is None else file
    for row in (columns, *rows):
        _write_row(file, row)


def _open_stdout() -> TextIO:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(newline="")  # a line ends with CR and LF on every system
    return sys.stdout


def _write_row(file: TextIO, values: Sequence[Any]) -> None:
    """Write a row; a terminal is not given what it would obey."""
    cells = map(_format_cell, values)
    csv.writer(file).writerow(map(escape_controls, cells) if file.isatty() else cells)


def pick_rows(data: Any, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Return the rows of data: of each item these columns, else its plain values, else all of it."""
    return [_pick(item, columns) for item in (data if isinstance(data, list) else [data])]


def _pick(item: Any, columns: Sequence[str]) -> dict[str, Any]:
    if not isinstance(item, dict):
        return {_PLAIN_COLUMN: item}
    if columns:
        return {column: get_at_path(item, column) for column in columns}
    return {name: value for name, value in item.items() if not isinstance(value, dict | list)} or item


def _format_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | int | float | dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
