"""A result as HTML, for notebooks: short, escaped, and without what is named as a secret."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

from connector.core.redaction import default_redactor

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_ROWS = 20
_MAX_COLUMNS = 10
_MAX_CELL = 200  # characters


def build_html(data: Any, facts: Iterable[str]) -> str:
    """Return a line of facts about a result, and a table of its items, or of its fields."""
    name, items = _find_items(data)
    counts = [f"{len(items)} {name or 'items'}"] if items else []
    body = _build_item_table(items) if items else _build_field_table(data)
    return f"<p>{escape(' · '.join([*facts, *counts]))}</p>{body}"


def _find_items(data: Any) -> tuple[str, list[dict[str, Any]]]:
    """Return the only list of records in data, with its name; an empty list if there is none, or several."""
    candidates = [("", data)] if isinstance(data, list) else list(data.items()) if isinstance(data, dict) else []
    lists = [
        (str(name), value)
        for name, value in candidates
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value[:_MAX_ROWS])
    ]
    return lists[0] if len(lists) == 1 else ("", [])


def _build_item_table(items: list[dict[str, Any]]) -> str:
    shown: list[dict[str, Any]] = _redact(items[:_MAX_ROWS])
    names = list(dict.fromkeys(name for item in shown for name in item))
    columns = names[:_MAX_COLUMNS]
    rows = ([item.get(name, "") for name in columns] for item in shown)
    notes = []
    if len(items) > _MAX_ROWS:
        notes.append(f"{len(items) - _MAX_ROWS} more rows")
    if len(names) > _MAX_COLUMNS:
        notes.append(f"more columns: {', '.join(map(str, names[_MAX_COLUMNS:]))}"[:_MAX_CELL])
    return _build_table(columns, rows) + "".join(f"<p>{escape(note)}</p>" for note in notes)


def _build_field_table(data: Any) -> str:
    if isinstance(data, bytes):
        return f"<p>{len(data)} bytes</p>"
    if not isinstance(data, dict):
        return f"<pre>{_format_cell(_redact(data))}</pre>"
    fields = list(data.items())
    note = f"<p>{len(fields) - _MAX_ROWS} more fields</p>" if len(fields) > _MAX_ROWS else ""
    return _build_table(("field", "value"), _redact(dict(fields[:_MAX_ROWS])).items()) + note


def _build_table(columns: Iterable[Any], rows: Iterable[Iterable[Any]]) -> str:
    head = "".join(f"<th>{_format_cell(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(f'<td>{_format_cell(value)}</td>' for value in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _redact(data: Any) -> Any:
    return default_redactor().redact_data(data, _MAX_CELL)


def _format_cell(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return escape(text if len(text) <= _MAX_CELL else f"{text[:_MAX_CELL]}…")
