"""Print data as a table on a terminal, as tab-separated columns elsewhere."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from connector.core.json_path import get_at_path
from connector.core.redaction import escape_control_characters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MIN_COLUMN_WIDTH, _MAX_COLUMN_WIDTH = 6, 40  # characters
_FRAME_WIDTH = 3  # characters per column


def print_data(data: Any) -> str:
    """Print a list as rows, a mapping as names and values, any other value as it is.

    Returns a note about omitted columns, or an empty text.
    """
    if isinstance(data, list):
        return _print_items(data)
    if isinstance(data, dict):
        _print_plain_rows([(_format_cell(name), _format_cell(value)) for name, value in data.items()])
    else:
        sys.stdout.write(_format_cell(data) + "\n")
    return ""


def pick_columns(data: Any, columns: Sequence[str]) -> Any:
    """Return a list of mappings, or a mapping, with these fields alone, each named by its path; else the data."""
    if not columns:
        return data
    if isinstance(data, list):
        return [pick_columns(item, columns) for item in data]
    return {column: get_at_path(data, column) for column in columns} if isinstance(data, dict) else data


def _print_items(items: Sequence[Any]) -> str:
    if not all(isinstance(item, dict) for item in items):
        _print_plain_rows([(_format_cell(item),) for item in items])
        return ""
    names = _find_columns(items)
    rows = [tuple(_format_cell(item.get(name)) for name in names) for item in items]
    nested = sorted({name for item in items for name in item} - set(names))
    shown_count = print_table([_format_cell(name) for name in names], rows)
    return _format_omitted([*names[shown_count:], *nested])


def _find_columns(items: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the names of the scalar fields, in order of appearance."""
    names = {name: True for item in items for name, value in item.items() if not isinstance(value, dict | list)}
    return tuple(names)


def _format_cell(value: Any) -> str:
    """Return a value as text on one line."""
    if value is None:
        return ""
    return escape_control_characters(
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    )


def _print_plain_rows(rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows without a header."""
    if not sys.stdout.isatty():
        _print_tabbed(rows)
    elif rows:
        _draw_table([""] * len(rows[0]), rows, wrap=True, show_header=False)


def print_table(names: Sequence[str], rows: Sequence[tuple[str, ...]], *, wrap: bool = False) -> int:
    """Print rows under a header, and return the number of columns that fit.

    With `wrap`, all columns fit because texts are wrapped; otherwise long texts are truncated.
    """
    if not sys.stdout.isatty():
        _print_tabbed([tuple(names), *rows])
        return len(names)
    return _draw_table(names, rows, wrap=wrap)


def _print_tabbed(rows: Sequence[tuple[str, ...]]) -> None:
    for row in rows:
        sys.stdout.write("\t".join(row) + "\n")


def _draw_table(names: Sequence[str], rows: Sequence[tuple[str, ...]], *, wrap: bool, show_header: bool = True) -> int:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False)
    count = len(names) if wrap else _count_fitting_columns(names, rows, console.width)
    table = Table(show_header=show_header)
    for name in names[:count]:
        table.add_column(Text(name), overflow="fold" if wrap else "ellipsis", no_wrap=not wrap)
    for row in rows:
        table.add_row(*map(Text, row[:count]))
    console.print(table)
    return count


def _count_fitting_columns(names: Sequence[str], rows: Sequence[tuple[str, ...]], width: int) -> int:
    """Return the number of columns that fit a line, at least one."""
    remaining, count = width - 1, 0
    for index, name in enumerate(names):
        widest = max([len(name), *(len(row[index]) for row in rows)], default=0)
        remaining -= max(_MIN_COLUMN_WIDTH, min(widest, _MAX_COLUMN_WIDTH)) + _FRAME_WIDTH
        if remaining < 0:
            break
        count += 1
    return max(count, 1)


def _format_omitted(names: Sequence[str]) -> str:
    return f"Not in the table: {', '.join(names)}. Use --output json to see everything." if names else ""
