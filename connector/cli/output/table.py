"""Print data as a table on a terminal, as tab-separated columns elsewhere."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from connector.cli.terminal import grid
from connector.cli.terminal.page import TextPage
from connector.cli.terminal.screen import Screen
from connector.core.json_path import get_at_path, has_path
from connector.core.redaction import escape_control_characters
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


SEE_EVERYTHING = "Use --output json to see everything."
_MIN_COLUMNS = 3  # side by side; where fewer fit, each row is a card of all its columns


def print_data(data: Any, columns: Sequence[str] = (), *, keep_all: bool = False) -> str:
    """Print a list as rows, a mapping as names and values, any other value as it is; of `columns` alone, if named.

    Where not all columns fit, the last ones are left out; with `keep_all` none is. Returns a note about those that
    are, or an empty text.
    """
    data = pick_columns(data, columns)
    if isinstance(data, list):
        return _print_items(data, has_columns=bool(columns), keep_all=keep_all)
    if isinstance(data, dict):
        _print_plain_rows([(format_cell(name), format_cell(value)) for name, value in data.items()])
    else:
        sys.stdout.write(format_cell(data) + "\n")
    return ""


def pick_columns(data: Any, columns: Sequence[str]) -> Any:
    """Return a list of mappings, or a mapping, with these fields alone, each named by its path; else the data."""
    if not columns:
        return data
    if isinstance(data, list):
        return [pick_columns(item, columns) for item in data]
    return {column: get_at_path(data, column) for column in columns} if isinstance(data, dict) else data


def describe_missing(data: Any, columns: Sequence[str]) -> list[str]:
    """Return a sentence for each column that no item of the data has, with the name that is meant, if one is near."""
    items = [item for item in (data if isinstance(data, list) else [data]) if isinstance(item, dict)]
    missing = [column for column in columns if items and not any(has_path(item, column) for item in items)]
    return [describe_missing_column(column, {name: None for item in items for name in item}) for column in missing]


def describe_missing_column(column: str, names: Iterable[str]) -> str:
    """Return the sentence for a column that no item has; `names` are the fields that they have."""
    return f"No item has a field {column!r}.{did_you_mean(column, names)}"


def _print_items(items: Sequence[Any], *, has_columns: bool, keep_all: bool) -> str:
    if not all(isinstance(item, dict) for item in items):
        _print_plain_rows([(format_cell(item),) for item in items])
        return ""
    names = _find_columns(items, has_columns=has_columns)
    rows = [tuple(format_cell(item.get(name)) for name in names) for item in items]
    nested = sorted({name for item in items for name in item} - set(names))
    heads = [format_cell(name) for name in names]
    shown_count = print_table(heads, rows, keep_all=keep_all, keep_links=has_columns)
    return _format_omitted([*names[shown_count:], *nested])


def _find_columns(items: Sequence[Mapping[str, Any]], *, has_columns: bool) -> tuple[str, ...]:
    """Return the names of the scalar fields, in order of appearance; of every field where columns were named."""
    return tuple(
        {
            name: True
            for item in items
            for name, value in item.items()
            if has_columns or not isinstance(value, dict | list)
        }
    )


def format_cell(value: Any) -> str:
    """Return a value as text on one line."""
    if value is None:
        return ""
    return escape_control_characters(
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    )


def _print_plain_rows(rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows without a header: a value each, or a name and its value."""
    screen = Screen.of(sys.stdout)
    if not screen.is_terminal:
        _print_tabbed(rows)
    elif rows:
        page = TextPage(screen)
        page.add_terms([(name, "".join(values)) for name, *values in rows], 0)
        sys.stdout.write(f"{page}\n")


def print_table(
    names: Sequence[str], rows: Sequence[tuple[str, ...]], *, keep_all: bool = False, keep_links: bool = False
) -> int:
    """Print rows under a header, and return the number of columns that are shown.

    On a terminal where not all fit, the first ones are shown; each row is a card of all of them where only one or two
    would be, with `keep_links` where a link would be left out, and with `keep_all`.
    """
    screen = Screen.of(sys.stdout)
    if not screen.is_terminal:
        _print_tabbed([tuple(names), *rows])
        return len(names)
    count = len(names) if keep_all else grid.count_fitting_columns(names, rows, screen.width)
    if keep_links and any("://" in cell for row in rows for cell in row[count:]):
        count = len(names)
    shown = [row[:count] for row in rows]
    text = grid.format_grid(names[:count], shown, screen) if count >= min(_MIN_COLUMNS, len(names)) else None
    if text is None:
        count = len(names)
        text = grid.format_cards(names, rows, screen)
    sys.stdout.write(f"{text}\n")
    return count


def _print_tabbed(rows: Sequence[tuple[str, ...]]) -> None:
    for row in rows:
        sys.stdout.write("\t".join(row) + "\n")


def _format_omitted(names: Sequence[str]) -> str:
    return f"Not in the table: {', '.join(names)}." if names else ""
