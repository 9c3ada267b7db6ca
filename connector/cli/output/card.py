"""Results as a person sees them who asks for no format: the few fields that matter, and how to see the rest."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.cli.output import table
from connector.cli.output.stdio import escape_controls, write_stderr
from connector.cli.terminal.page import TextPage
from connector.cli.terminal.screen import Screen
from connector.core.json_path import get_at_path
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from connector.core.response.result import Result

_MAX_FIELDS = 6  # of a card, where the definition does not say which
_MAX_ROWS = 20  # of a listing


class Fields(NamedTuple):
    """The fields that a definition names for a person, and how to find those to choose from where it names none."""

    columns: Sequence[str]
    find_others: Callable[[], Sequence[str]]


@dataclass(slots=True)
class CardPrinter:
    """Prints a card for each result: of one thing its fields, of a listing its first rows."""

    quiet: bool
    _count: int = 0

    def print_card(self, result: Result, items: list[Any] | None, fields: Fields) -> None:
        """Print a result: its data, or the items of a listing; then what was done, and how to see the whole."""
        sys.stdout.write("\n" if self._count else "")
        self._count += 1
        note = _print_data(result.data if items is None else items, fields)
        if not self.quiet:
            _print_ending(result, items, note)

    def print_parts(self, parts: Iterable[tuple[str, Any, Fields]]) -> None:
        """Print the parts of one result, such as the steps of a chain, each below its heading; then that it is done."""
        for place, (heading, data, fields) in enumerate(parts):
            page = TextPage(Screen.of(sys.stdout))
            page.add_heading(heading)
            sys.stdout.write("\n" if place else "")
            sys.stdout.write(f"{page}\n" if heading else "")
            _print_data(data, fields)
        if not self.quiet:
            sys.stdout.flush()
            page = TextPage(Screen.of(sys.stderr))
            page.add_text("Done.", role="done")
            page.add_text("--output json shows everything.", role="hint")
            write_stderr(str(page))

    def print_result(self, data: Any) -> None:
        """Print data that is no result of a call."""
        table.print_data(data)

    def print_error(self, error: dict[str, Any]) -> None:
        """Do nothing: errors go to stderr only."""

    def finish(self) -> None:
        """Do nothing: everything is written."""


def _print_data(data: Any, fields: Fields) -> str:
    """Print the first rows of a list, the fields of one thing, or a value; return a note about what is left out."""
    if isinstance(data, list):
        return _print_rows(data[:_MAX_ROWS], fields)
    if isinstance(data, dict):
        _print_fields(data, fields)
    elif data is not None:
        sys.stdout.write(f"{_format_value(data)}\n")
    return ""


def _print_rows(rows: list[Any], fields: Fields) -> str:
    """Print rows; return a note about columns of the definition that are left out, or an empty text."""
    if rows and (fields.columns or not all(isinstance(row, dict) for row in rows)):
        return table.print_data(rows, fields.columns)
    if rows:
        known = {name: True for row in rows for name in row}
        others = [name for name in fields.find_others() if name in known]
        table.print_data([{name: row.get(name) for name in others} for row in rows] if others else rows)
    return ""


def _print_fields(data: dict[str, Any], fields: Fields) -> None:
    values = {path: get_at_path(data, path) for path in fields.columns or fields.find_others()}
    shown = [(path, value) for path, value in values.items() if value is not None]
    if not fields.columns:
        plain = [(name, value) for name, value in data.items() if not isinstance(value, dict | list | None)]
        shown = (shown or plain or list(data.items()))[:_MAX_FIELDS]
    page = TextPage(Screen.of(sys.stdout))
    page.add_terms([(name, _format_value(value)) for name, value in shown], 0)
    sys.stdout.write(f"{page}\n" if shown else "")


def _format_value(value: Any) -> str:
    """Return a value as text; a text keeps its lines."""
    if isinstance(value, str):
        return escape_controls("\n".join(value.rstrip().splitlines()))
    return table.format_cell(value)


def _print_ending(result: Result, items: list[Any] | None, note: str) -> None:
    sys.stdout.flush()
    page = TextPage(Screen.of(sys.stderr))
    page.add_text(f"Done ({result.status}).", role="done")
    hint = "--output json shows everything."
    if note:
        page.add_text(note, role="hint")
    if items is not None:
        rest = "--output table shows every row, " if len(items) > _MAX_ROWS else ""
        hint = f"{min(len(items), _MAX_ROWS)} of {len(items)} shown. {rest}{hint}"
    page.add_text(hint, role="hint")
    write_stderr(str(page))
