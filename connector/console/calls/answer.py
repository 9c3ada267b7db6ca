"""A reply as a page shows it: as a table, as JSON, or what a query selects; without secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.cli.calls.call import CallTask
from connector.cli.output.table import pick_columns
from connector.core import redaction
from connector.core.invalid_value import InvalidValue
from connector.core.query import DataQuery, UnfitQuery
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.core.response.result import Result
    from connector.definition.loader import Connector

MAX_ROWS = 200  # of a table
_MAX_COLUMNS = 8
MAX_TEXT = 60_000  # characters of JSON


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows; `more` rows are left out."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class AnswerView:
    """What is shown of a reply: its data, a table of it where it has one, or why a query selects nothing."""

    data: Any
    table: Table | None
    why: str = ""


def build_answer(connector: Connector, action: str | None, result: Result, query: str = "") -> AnswerView:
    """Return what is shown of a result."""
    data = redaction.redactor_for(connector).redact_data(result.to_dict()["data"])
    task = CallTask(action, {})
    if query:
        try:
            selected = DataQuery(query).select(data)
        except InvalidValue as error:
            return AnswerView(data, None, f"The query is not {error.expected}. {error.fix}")
        except UnfitQuery as error:
            return AnswerView(data, None, f"The query does not fit the data: {error}.")
        return AnswerView(selected, build_table(selected))
    items = task.select_items(connector, data)
    wanted = task.find_columns(connector)
    return AnswerView(data, build_table(pick_columns(data if items is None else items, wanted)))


def build_table(data: Any) -> Table | None:
    """Return the table of a list of mappings, or of one mapping as names and values; None for anything else."""
    if isinstance(data, dict):
        rows = tuple((name, value) for name, value in data.items() if value is not None)
        return Table(("Name", "Value"), rows) if rows else None
    if not isinstance(data, list) or not data or not all(isinstance(item, dict) for item in data):
        return None
    columns = tuple(_find_columns(data))[:_MAX_COLUMNS]
    rows = tuple(tuple(item.get(name) for name in columns) for item in data[:MAX_ROWS])
    return Table(columns, rows, max(0, len(data) - MAX_ROWS))


def _find_columns(items: Iterable[dict[str, Any]]) -> Iterable[str]:
    """Return the names that hold one value, in order of appearance; any names where none does."""
    single = {name: True for item in items for name, value in item.items() if not isinstance(value, dict | list)}
    return single or {name: True for item in items for name in item}
