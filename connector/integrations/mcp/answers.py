"""The answers of tools: data within the size that an agent takes, and errors that say what to do next."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jmespath
from jmespath.exceptions import JMESPathError
from mcp import types

from connector.first_use import dataclass
from connector.integrations.mcp.arguments import FIELDS, LIMIT

if TYPE_CHECKING:
    from connector.core.response.result import Result
    from connector.errors import ConnectorError
    from connector.integrations.mcp.arguments import ToolArguments

MAX_CHARACTERS = 24_000  # of the data in an answer
_UNUSABLE = (JMESPathError, RecursionError, TypeError, ValueError, AttributeError, LookupError, ArithmeticError)
_MAX_VALUES = 1_000_000  # of what an expression selects
_MAX_REASON = 200  # characters of why an expression failed; it may quote the data
_MAX_SHOWN_FIELDS = 3  # of the example of a narrower answer
_SCALARS = (str, int, float, bool)


@dataclass(frozen=True, slots=True)
class _FittedData:
    """Data that fits into an answer: its text, the data itself unless its text was cut, and what was left out."""

    text: str
    data: Any
    note: str = ""


def build_answer(
    result: Result, arguments: ToolArguments, limit: int | None, job_note: str = ""
) -> types.CallToolResult:
    """Return the answer of a call that is done; `limit` is that of a listing, `job_note` tells of a started job."""
    notes = [*filter(None, [job_note]), *result.warnings]
    if isinstance(result.data, bytes):
        return _answer(
            f"{len(result.data):,} bytes of {result.headers.get('content-type', 'binary data')}.", None, notes
        )
    data = result.to_dict()["data"]
    if limit is None and arguments.limit is not None:
        data = _limit_lists(data, arguments.limit)
    elif not result.complete:
        notes.append(f"There is more than these {limit} items: ask with a larger {LIMIT}, or narrow the question.")
    if arguments.fields is not None:
        try:
            data = _select(arguments.fields, data)
        except _UNUSABLE as error:  # the call itself is done, and must not look as if it had failed
            notes.append(f"{FIELDS} was not applied: {type(error).__name__}: {str(error)[:_MAX_REASON]}")
    fitted = _fit(data)
    return _answer(fitted.text, fitted.data, [*filter(None, [fitted.note]), *notes])


def build_error(error: ConnectorError, check: str = "") -> types.CallToolResult:
    """Return the answer of a call that failed; `check` says how to find out whether it was done."""
    text = str(error)
    if error.outcome == "uncertain":
        text += f"\nIt may have been done: {check or 'check before you repeat it.'}"
    elif error.retry_at is not None:
        text += f"\nTry again at {error.retry_at.isoformat(timespec='seconds')}."
    if len(text) > MAX_CHARACTERS:  # such as thousands of unknown inputs
        return _answer(f"{text[:MAX_CHARACTERS]}...", None, [], is_error=True)
    return _answer(text, {"error": error.to_dict()}, [], is_error=True)


def build_refusal(text: str) -> types.CallToolResult:
    """Return the answer of a call that was not made."""
    return _answer(text, None, [], is_error=True)


def build_text_answer(text: str, data: Any) -> types.CallToolResult:
    """Return an answer of the server itself, such as the actions that a search found."""
    return _answer(text, data, [])


def _answer(text: str, data: Any, notes: list[str], *, is_error: bool = False) -> types.CallToolResult:
    content: list[types.ContentBlock] = [types.TextContent(type="text", text=part) for part in (text, *notes)]
    structured = data if isinstance(data, dict) or data is None else {"result": data}
    return types.CallToolResult(content=content, structured_content=structured, is_error=is_error)


def _select(expression: str, data: Any) -> Any:
    """Return what an expression selects. Raises ValueError for more than any answer could hold.

    A few repetitions of a short expression make more data than a machine has memory for.
    """
    selected = jmespath.search(expression, data)
    pending, count = [selected], 0
    while pending:
        value = pending.pop()
        members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        count += 1 + len(members)
        if count > _MAX_VALUES:
            raise ValueError(f"it makes more than {_MAX_VALUES:,} values")
        pending.extend(members)
    return selected


def _to_text(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False)


def _limit_lists(data: Any, limit: int) -> Any:
    """Return data with at most `limit` items in its list, or in each list directly within it."""
    if isinstance(data, list):
        return data[:limit]
    if isinstance(data, dict):
        return {key: value[:limit] if isinstance(value, list) else value for key, value in data.items()}
    return data


def _fit(data: Any) -> _FittedData:
    """Return data that fits: the first items of a list that is too long, else the beginning of the text."""
    text = _to_text(data)
    if len(text) <= MAX_CHARACTERS:
        return _FittedData(text, data)
    key, items = _find_longest_list(data)
    kept = _count_fitting(items, MAX_CHARACTERS - (len(text) - len(_to_text(items))))
    advice = f"Ask for less: a narrower {FIELDS}{_format_example(key, items)}"
    if not kept:
        note = (
            f"This is the beginning of {len(text):,} characters, of which {MAX_CHARACTERS:,} are passed on. {advice}."
        )
        return _FittedData(text[:MAX_CHARACTERS], None, note)
    shortened = items[:kept] if key is None else {**data, key: items[:kept]}
    note = (
        f"These are the first {kept} of {len(items)} items: an answer of {len(text):,} characters is more than the "
        f"{MAX_CHARACTERS:,} that are passed on. {advice}, or {LIMIT} of {kept} or less."
    )
    return _FittedData(_to_text(shortened), shortened, note)


def _find_longest_list(data: Any) -> tuple[str | None, list[Any]]:
    """Return the list in data that has the longest text, with its key; an empty one where there is none."""
    if isinstance(data, list):
        return None, data
    lists = data.items() if isinstance(data, dict) else ()
    return max(
        ((key, value) for key, value in lists if isinstance(value, list)),
        key=lambda entry: len(_to_text(entry[1])),
        default=(None, []),
    )


def _count_fitting(items: list[Any], space: int) -> int:
    """Return how many items, from the first, fit into so many characters."""
    used = len("[]")
    for count, item in enumerate(items):
        used += len(_to_text(item)) + len(", ")
        if used > space:
            return count
    return len(items)


def _format_example(key: str | None, items: list[Any]) -> str:
    """Return an expression for a narrower answer, made from the first item."""
    first = items[0] if items and isinstance(items[0], dict) else {}
    names = [name for name, value in first.items() if isinstance(value, _SCALARS) and name.isidentifier()]
    if not names:
        return ""
    chosen = ", ".join(f"{name}: {name}" for name in names[:_MAX_SHOWN_FIELDS])
    return f" such as {key or ''}[].{{{chosen}}}"
