"""Tell error replies from successes, and read their details, as the manifest describes them."""

from __future__ import annotations

import re
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connector.core.json_path import get_from_reply, has_path
from connector.core.linear_regex import LinearRegex
from connector.core.response import broken_json
from connector.core.response.decoding import UnreadableBody, decode_text
from connector.core.response.error_texts import FieldMessage, find_reason, read_code, read_field_messages, read_text
from connector.core.response.formats.reading import parse_error_body
from connector.core.response.reply import Reply
from connector.definition.json_path import parse_path
from connector.definition.replies.error_format import to_json_text
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.core.response.failed_parts import FailedParts
    from connector.definition.replies.error_format import ErrorFormat, ErrorRule

MAX_MESSAGE_LENGTH = 500
_MAX_PARTS_LENGTH = 5_000  # of a message that tells several failures
_DATA = "data"  # where a reply of GraphQL's shape has what it tells of
_MAX_NAMES_LENGTH = 2_000  # characters of a message that are searched for names


@dataclass(frozen=True, slots=True, repr=False)
class ErrorDetails:
    """Details of an error reply: code, message, all data, category by the error rules, and missing scopes.

    `retry_after` is what the reply's own field says about the next try. `is_partial` when the reply has data beside
    its errors, so that a part of the request may have been done.
    """

    code: str | int | None
    message: str
    data: Any
    category: str | None
    scopes: tuple[str, ...] = ()
    retry_after: Any = None
    is_partial: bool = False
    message_length: int = MAX_MESSAGE_LENGTH  # characters of the message that an error shows


def is_failure(error_format: ErrorFormat, reply: Reply, data: Any) -> bool:
    """Whether a reply with a status of success is an error by the definition."""
    if error_format.failure_paths and _list_failed_paths(error_format, reply, data):
        return True
    if _list_failure_values(error_format, reply, data):
        return True
    code = _find_code(error_format, reply, data) if error_format.success_codes else None
    return code is not None and to_json_text(code) not in error_format.success_texts


def _list_failed_paths(error_format: ErrorFormat, reply: Reply, data: Any) -> list[str]:
    """Return the paths of `failed` where something is."""
    return [path for path in error_format.failure_paths if get_from_reply(data, reply.header, path)]


def _list_failure_values(error_format: ErrorFormat, reply: Reply, data: Any) -> list[str]:
    """Return the paths of `failed` that have one of the values that show a failure."""
    shown = []
    for path, texts in error_format.failure_texts:
        value = get_from_reply(data, reply.header, path)
        if value is None:
            is_listed = "null" in texts and has_path(data, path)
        else:
            is_listed = isinstance(value, str | int | float) and to_json_text(value) in texts
        if is_listed:
            shown.append(path)
    return shown


def may_be_partly_done(error_format: ErrorFormat, reply: Reply, data: Any) -> bool:
    """Whether a reply that is an error may have done something: its errors stand beside data, not in its place."""
    if not error_format.failure_paths or _list_failure_values(error_format, reply, data):
        return False
    has_data_member = isinstance(data, dict) and _DATA in data
    return not has_data_member or _has_data_beside_errors(error_format, reply, data)


def _has_data_beside_errors(error_format: ErrorFormat, reply: Reply, data: Any) -> bool:
    """Whether a reply of GraphQL's shape has, beside its errors, fields in `data` that did not fail.

    A field that has errors within itself, such as `data.create.userErrors`, failed.
    """
    shown_by_paths = [parse_path(path) for path in _list_failed_paths(error_format, reply, data)]
    shown_by_values = [parse_path(path) for path in _list_failure_values(error_format, reply, data)]
    failed_fields = {path[1] for path in (*shown_by_paths, *shown_by_values) if path[:1] == (_DATA,) and len(path) > 1}
    if not failed_fields and not shown_by_paths:
        return False
    found = data.get(_DATA) if isinstance(data, dict) else None
    fields = found if isinstance(found, dict) else {"": found}
    return any(value is not None for name, value in fields.items() if name not in failed_fields)


def parse_error_details(error_format: ErrorFormat, reply: Reply) -> ErrorDetails:
    """Return the details of an error reply, secrets included. Never raises; a broken body is searched as text."""
    try:
        data = parse_error_body(reply).value
    except UnreadableBody:
        text = decode_text(reply).value
        code = _find_code(error_format, reply, None)  # a header may have it
        code = _normalize_code(broken_json.find_code(text)) if code is None else code
        message = (
            _compose_message(error_format, reply, None) or broken_json.find_message(text) or " ".join(text.split())
        )
        data = text or None
    else:
        code = _find_code(error_format, reply, data)
        message = _compose_message(error_format, reply, data)
    rule = _find_matching_rule(error_format, reply, code, message)
    return ErrorDetails(
        code,
        message,
        data,
        rule.category if rule else None,
        _parse_scopes(rule, message) if rule else (),
        get_from_reply(data, reply.header, error_format.retry_after),
        reply.is_success and _has_data_beside_errors(error_format, reply, data),
    )


def describe_failed_parts(
    error_format: ErrorFormat, reply: Reply, data: Any, parts: FailedParts, message: str
) -> ErrorDetails:
    """Return the details of a reply of success that tells that all of several things failed.

    What their code means counts where it is the same for all of them.
    """
    rule = _find_matching_rule(error_format, reply, parts.code, message) if parts.is_of_one_kind else None
    category = rule.category if rule else None
    retry_after = get_from_reply(data, reply.header, error_format.retry_after)
    return ErrorDetails(parts.code, message, data, category, retry_after=retry_after, message_length=_MAX_PARTS_LENGTH)


def find_message(error_format: ErrorFormat, data: Any) -> str:
    """Return the message in data that no error reply has, such as that of a failed job."""
    return _compose_message(error_format, Reply(HTTPStatus.OK, (), b""), data)


def _find_code(error_format: ErrorFormat, reply: Reply, data: Any) -> str | int | None:
    codes = (read_code(get_from_reply(data, reply.header, path)) for path in error_format.code_paths)
    return _normalize_code(next((code for code in codes if code is not None), None))


def _compose_message(error_format: ErrorFormat, reply: Reply, data: Any) -> str:
    """Return the message with those of single fields; where the definition finds none, the likely reason."""

    def read(paths: tuple[str, ...], read_value: Callable[[Any], Any]) -> Iterator[Any]:
        return filter(None, (read_value(get_from_reply(data, reply.header, path)) for path in paths))

    message = next(read(error_format.message_paths, read_text), "")
    messages: list[FieldMessage] = next(read(error_format.field_paths, read_field_messages), [])
    parts = [str(item) for item in messages if not item.is_within(message)]
    return " ".join(filter(None, (message, *parts))) or find_reason(data)


def _normalize_code(code: str | int | None) -> str | int | None:
    """Return a code as a number if it is written like one; with leading zeros it is the service's own text."""
    if not isinstance(code, str):
        return code
    return int(code) if re.fullmatch(r"0|-?[1-9][0-9]{0,8}", code, re.ASCII) else code  # shortened where it is shown


def _find_matching_rule(error_format: ErrorFormat, reply: Reply, code: Any, message: str) -> ErrorRule | None:
    return next((rule for rule in error_format.rules if _rule_matches(rule, reply, code, message)), None)


def _rule_matches(rule: ErrorRule, reply: Reply, code: Any, message: str) -> bool:
    if rule.status is not None and reply.status not in _as_list(rule.status):
        return False
    if rule.code is not None and (code is None or to_json_text(code) not in map(to_json_text, _as_list(rule.code))):
        return False
    if rule.message is not None and rule.message.lower() not in message.lower():
        return False
    if rule.header is not None:
        name, _, expected = rule.header.partition("=")
        value = reply.header(name)
        return value is not None and (not expected or value == expected)
    return True


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _parse_scopes(rule: ErrorRule, message: str) -> tuple[str, ...]:
    match = _compile_names(rule.names).search(message[:_MAX_NAMES_LENGTH]) if rule.names else None
    return tuple(re.findall(r"[\w:.-]+", match[1])) if match and match[1] else ()


@lru_cache(maxsize=128)
def _compile_names(pattern: str) -> LinearRegex:
    return LinearRegex(pattern)
