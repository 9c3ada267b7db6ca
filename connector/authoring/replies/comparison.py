"""Comparison of what the client makes of a reply with what a definition expects of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connector.authoring.replies.reading import NOW
from connector.core.json_path import get_at_path
from connector.core.redaction import preview
from connector.core.request.body import to_wire_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector import errors
    from connector.authoring.replies.reading import ReplyReading
    from connector.core.exchange.plan import CompiledAction
    from connector.core.request.builder import Request
    from connector.definition.replies.reply_example import ExpectedReading

NOTHING = object()  # what a reading does not have
_PAGE_WORDS = ("items", "complete", "next")
_RESULT_WORDS = ("data", "warnings", *_PAGE_WORDS)


def compare_reading(
    plan: CompiledAction, expected: ExpectedReading, reading: ReplyReading
) -> Iterator[tuple[str, str]]:
    """Yield each word of `expect` that differs from what the client makes of the reply, with a message."""
    for word in sorted(expected.model_fields_set, key=list(type(expected).model_fields).index):
        value = getattr(expected, word)
        if word in _RESULT_WORDS and reading.error is not None:
            yield word, f"the reply is an error: {_describe_error(reading.error)}"
        elif word in _PAGE_WORDS and plan.pagination is None:
            yield word, "the action has no `pagination`, so its reply is no page."
        elif message := _COMPARISONS[word](plan, value, reading):
            yield word, message


def _describe_error(error: errors.ConnectorError) -> str:
    return f"{type(error).__name__}: {error.args[0]}"


def _quote(message: str) -> str:
    """Return a message whole: what is expected of it may stand at its end."""
    return json.dumps(message, ensure_ascii=False)


def _expect_equal(expected: Any, actual: Any) -> str:
    return "" if expected == actual else f"got {preview(actual)}."


def _describe_success(reading: ReplyReading) -> str:
    return "got none: the reply is a success." if reading.error is None else ""


def _compare_category(_plan: CompiledAction, expected: Any, reading: ReplyReading) -> str:
    if expected is None:
        return "" if reading.category is None else f"got {reading.category}."
    if reading.error is None or expected == reading.category:
        return _describe_success(reading)
    return f"got {reading.category or 'none'}; the error is {_describe_error(reading.error)}"


def _compare_outcome(_plan: CompiledAction, expected: Any, reading: ReplyReading) -> str:
    return _expect_equal(expected, reading.error.outcome if reading.error else "done")


def _compare_code(_plan: CompiledAction, expected: Any, reading: ReplyReading) -> str:
    return _describe_success(reading) or _expect_equal(str(expected), str(getattr(reading.error, "code", None)))


def _compare_message(_plan: CompiledAction, expected: Any, reading: ReplyReading) -> str:
    if reading.error is None:
        return _describe_success(reading)
    message = str(reading.error.args[0])
    return "" if expected in message else f"the message is {_quote(message)}."


def _compare_fields(_plan: CompiledAction, expected: Any, reading: ReplyReading) -> str:
    if reading.error is None:
        return _describe_success(reading)
    message = str(reading.error.args[0])
    parts = expected.items() if isinstance(expected, dict) else ((name, "") for name in expected)
    missing = [name for name, text in parts if f"[{name}: {text}" not in message]
    return f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not in {_quote(message)}." if missing else ""


def _compare_retry_after(_plan: CompiledAction, expected: Any, reading: ReplyReading) -> str:
    if reading.error is None:
        return _describe_success(reading)
    retry_at = reading.error.retry_at
    return _expect_equal(expected, None if retry_at is None else round(retry_at.timestamp() - NOW, 3))


def _compare_data(_plan: CompiledAction, expected: Any, reading: ReplyReading) -> str:
    difference = find_difference(expected, reading.result.data if reading.result else None)
    return "" if difference is None else difference


def find_difference(expected: Any, actual: Any, path: str = "") -> str | None:
    """Return how data differs from a part of it; None where it holds that part. Lists are compared whole."""
    where = f" at {path}" if path else ""
    if isinstance(expected, dict):
        if not isinstance(actual, dict):
            return f"got {preview(actual)}{where}; expected a mapping."
        for name, value in expected.items():
            inner = f"{path}.{name}" if path else name
            if name not in actual:
                return f"nothing at {inner}."
            difference = find_difference(value, actual[name], inner)
            if difference is not None:
                return difference
        return None
    if isinstance(expected, list):
        if not isinstance(actual, list) or len(actual) != len(expected):
            return f"got {preview(actual)}{where}; expected a list of {len(expected)}."
        pairs = enumerate(zip(expected, actual, strict=True))
        inner_path = f"{path}." if path else ""
        differences = (find_difference(left, right, f"{inner_path}{index}") for index, (left, right) in pairs)
        return next((difference for difference in differences if difference is not None), None)
    return None if expected == actual and type(expected) is type(actual) else f"got {preview(actual)}{where}."


def _compare_items(plan: CompiledAction, expected: Any, reading: ReplyReading) -> str:
    assert plan.pagination is not None
    items = get_at_path(reading.result.data if reading.result else None, plan.pagination.items)
    return _expect_equal(expected, len(items) if isinstance(items, list) else 0)


def _compare_complete(_plan: CompiledAction, expected: Any, reading: ReplyReading) -> str:
    complete = reading.next_request is None and reading.result is not None and reading.result.complete
    return _expect_equal(expected, complete)


def _compare_next(_plan: CompiledAction, expected: Any, reading: ReplyReading) -> str:
    request = reading.next_request
    if expected is None:
        return "" if request is None else f"the next page is asked for: {request.request_target}"
    if request is None:
        return "the list ends with this page."
    for place, value in expected.items():
        actual = _get_at_place(request, place)
        wanted = value if value is None or place.startswith("body.") else to_wire_text(value)
        if actual != wanted:
            return f"{place} is {'not sent' if actual is None else preview(actual)}."
    return ""


def _get_at_place(request: Request, place: str) -> Any:
    part, _, name = place.partition(".")
    if part == "path":
        return request.path
    if part == "body":
        return get_at_path(request.body.value if request.body else None, name)
    pairs = request.query if part == "query" else request.headers
    return next((value for key, value in pairs if (key if part == "query" else key.lower()) == name), None)


def _compare_warnings(_plan: CompiledAction, expected: Any, reading: ReplyReading) -> str:
    warnings = reading.result.warnings if reading.result else ()
    is_same = len(warnings) == len(expected) and all(
        part in text for part, text in zip(expected, warnings, strict=True)
    )
    return "" if is_same else f"got {preview(json.dumps(list(warnings), ensure_ascii=False))}."


_COMPARISONS: dict[str, Callable[[CompiledAction, Any, ReplyReading], str]] = {
    "category": _compare_category,
    "outcome": _compare_outcome,
    "code": _compare_code,
    "message": _compare_message,
    "fields": _compare_fields,
    "retry_after": _compare_retry_after,
    "data": _compare_data,
    "items": _compare_items,
    "complete": _compare_complete,
    "next": _compare_next,
    "warnings": _compare_warnings,
}
