"""Print data as a table on a terminal, as tab-separated columns elsewhere."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from connector.cli.terminal import grid
from connector.cli.terminal.page import TextPage
from connector.cli.terminal.screen import Screen
from connector.core.json_path import get_at_path
from connector.core.redaction import escape_control_characters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def print_data(data: Any, columns: Sequence[str] = ()) -> str:
    """Print a list as rows, a mapping as names and values, any other value as it is; of `columns` alone, if named.

    Returns a note about omitted columns, or an empty text.
    """
    data = pick_columns(data, columns)
    if isinstance(data, list):
        return _print_items(data, keep_all=bool(columns))
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


def _print_items(items: Sequence[Any], *, keep_all: bool) -> str:
    if not all(isinstance(item, dict) for item in items):
        _print_plain_rows([(format_cell(item),) for item in items])
        return ""
    names = _find_columns(items, keep_all=keep_all)
    rows = [tuple(format_cell(item.get(name)) for name in names) for item in items]
    nested = sorted({name for item in items for name in item} - set(names))
    shown_count = print_table([format_cell(name) for name in names], rows, keep_all=keep_all)
    return _format_omitted([*names[shown_count:], *nested])


def _find_columns(items: Sequence[Mapping[str, Any]], *, keep_all: bool = False) -> tuple[str, ...]:
    """Return the names of the scalar fields, in order of appearance; with `keep_all`, of every field."""
    names = {
        name: True for item in items for name, value in item.items() if keep_all or not isinstance(value, dict | list)
    }
    return tuple(names)


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


def print_table(names: Sequence[str], rows: Sequence[tuple[str, ...]], *, keep_all: bool = False) -> int:
    """Print rows under a header, and return the number of columns that are shown.

    On a terminal where not all fit, the first ones are shown; with `keep_all`, each row is a card of all of them.
    """
    screen = Screen.of(sys.stdout)
    if not screen.is_terminal:
        _print_tabbed([tuple(names), *rows])
        return len(names)
    count = len(names) if keep_all else grid.count_fitting_columns(names, rows, screen.width)
    shown = [row[:count] for row in rows]
    text = grid.format_grid(names[:count], shown, screen) if count else None
    if text is None:
        count = len(names)
        text = grid.format_cards(names, rows, screen)
    sys.stdout.write(f"{text}\n")
    return count


def _print_tabbed(rows: Sequence[tuple[str, ...]]) -> None:
    for row in rows:
        sys.stdout.write("\t".join(row) + "\n")


def _format_omitted(names: Sequence[str]) -> str:
    return f"Not in the table: {', '.join(names)}. Use --output json to see everything." if names else ""
