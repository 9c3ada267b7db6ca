"""Data as a table: drawn on a terminal, columns between tabs elsewhere."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LEAST, _MOST = 6, 40  # how narrow a column may get, and how wide it asks to be
_FRAME = 3  # what the frame takes of a line, for each column


def show(data: Any) -> str:
    """Write items as rows, one mapping as its names and values, anything else as it is.

    Returns a note about what was left out, or nothing.
    """
    if isinstance(data, list):
        return _listing(data)
    if isinstance(data, dict):
        _plain_rows([(_cell(name), _cell(value)) for name, value in data.items()])
    else:
        sys.stdout.write(_cell(data) + "\n")
    return ""


def _listing(items: Sequence[Any]) -> str:
    if not all(isinstance(item, dict) for item in items):
        _plain_rows([(_cell(item),) for item in items])
        return ""
    names = _names(items)
    rows = [tuple(_cell(item.get(name)) for name in names) for item in items]
    nested = sorted({name for item in items for name in item} - set(names))
    count = rows_under(names, rows)
    return _left_out([*names[count:], *nested])


def _names(items: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the names of plain values, in the order in which they come up."""
    found = {name: True for item in items for name, value in item.items() if not isinstance(value, dict | list)}
    return tuple(found)


def _cell(value: Any) -> str:
    """Return a value as text on one line."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if text.isprintable() else "".join(_visible(char) for char in text)


def _visible(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode()


def _plain_rows(rows: Sequence[tuple[str, ...]]) -> None:
    """Write rows without a head."""
    if not sys.stdout.isatty():
        _tabbed(rows)
    elif rows:
        _draw([""] * len(rows[0]), rows, wrap=True, head=False)


def rows_under(names: Sequence[str], rows: Sequence[tuple[str, ...]], *, wrap: bool = False) -> int:
    """Write rows under the names of their columns; return how many of them the line held.

    With `wrap`, every column stays and its texts are broken; else a text that is too long is cut.
    """
    if not sys.stdout.isatty():
        _tabbed([tuple(names), *rows])
        return len(names)
    return _draw(names, rows, wrap=wrap)


def _tabbed(rows: Sequence[tuple[str, ...]]) -> None:
    for row in rows:
        sys.stdout.write("\t".join(row) + "\n")


def _draw(names: Sequence[str], rows: Sequence[tuple[str, ...]], *, wrap: bool, head: bool = True) -> int:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False)
    count = len(names) if wrap else _fitting(names, rows, console.width)
    drawn = Table(show_header=head)
    for name in names[:count]:
        drawn.add_column(Text(name), overflow="fold" if wrap else "ellipsis", no_wrap=not wrap)
    for row in rows:
        drawn.add_row(*map(Text, row[:count]))
    console.print(drawn)
    return count


def _fitting(names: Sequence[str], rows: Sequence[tuple[str, ...]], width: int) -> int:
    """Return how many columns a line holds; at least one."""
    left, count = width - 1, 0
    for place, name in enumerate(names):
        widest = max([len(name), *(len(row[place]) for row in rows)], default=0)
        left -= max(_LEAST, min(widest, _MOST)) + _FRAME
        if left < 0:
            break
        count += 1
    return max(count, 1)


def _left_out(names: Sequence[str]) -> str:
    return f"Left out of the table: {', '.join(names)}. --output json has everything." if names else ""
