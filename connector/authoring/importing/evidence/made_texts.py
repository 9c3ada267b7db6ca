"""Values made to fit where a description has no example: the same each time, and recognisable as made."""

from __future__ import annotations

import math
import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_parser: Any = import_module("re._parser")
_ops: Any = import_module("re._constants")
_CATEGORY_CHARACTERS = {
    _ops.CATEGORY_DIGIT: "1", _ops.CATEGORY_NOT_DIGIT: "a", _ops.CATEGORY_SPACE: " ", _ops.CATEGORY_NOT_SPACE: "a",
    _ops.CATEGORY_WORD: "a", _ops.CATEGORY_NOT_WORD: "-",
}  # fmt: skip
_NEGATED_CANDIDATES = "a1-_A b."
_MOST_CHARACTERS = 200
TEXTS_BY_FORMAT = {
    "date-time": "2026-03-02T09:00:00Z", "datetime": "2026-03-02T09:00:00Z", "date": "2026-03-02", "time": "09:00:00",
    "email": "ada@example.com", "uri": "https://example.com", "url": "https://example.com",
    "uri-reference": "https://example.com", "uuid": "123e4567-e89b-42d3-a456-426614174000", "hostname": "example.com",
    "host": "example.com", "ipv4": "192.0.2.1", "ip": "192.0.2.1", "ipv6": "2001:db8::1", "byte": "ZXhhbXBsZQ==",
    "base64": "ZXhhbXBsZQ==", "digits": "12345678901", "timezone": "Europe/Berlin", "duration": "PT1H",
    "int64": "1", "int32": "1", "decimal": "1.00", "regex": "example",
}  # fmt: skip
_TEXTS_BY_NAME = (
    (r"e_?mail", "ada@example.com"), (r"(^|_)(url|uri|href|link)$", "https://example.com"),
    (r"uuid|guid", TEXTS_BY_FORMAT["uuid"]), (r"time_?zone|(^|_)tz$", "Europe/Berlin"),
    (r"(^|_)(first|given)_?name", "Ada"), (r"(^|_)(last|family)_?name|surname", "Byron"),
    (r"(date_?time|_at|_time|timestamp)$", TEXTS_BY_FORMAT["date-time"]), (r"(^|_)date$", "2026-03-02"),
    (r"(^|_)(phone|mobile|fax)(_?number)?$", "+15550100"), (r"(^|_)country(_?code)?$", "DE"),
    (r"(^|_)currency(_?code)?$", "EUR"), (r"(^|_)(language|locale)$", "en-US"), (r"(^|_)colou?r$", "#336699"),
    (r"(^|_)(id|ids|sid|gid|key)$", "abc123"), (r"token|cursor|marker", "abc123"),
)  # fmt: skip


def make_text(name: str, words: Mapping[str, Any]) -> str | None:
    """Return a text that fits a name, a format, a pattern and lengths; None where none is found."""
    shortest, longest = _read_limit(words, "minLength", 0), _read_limit(words, "maxLength", _MOST_CHARACTERS)
    pattern = words.get("pattern")
    texts = [TEXTS_BY_FORMAT.get(str(words.get("format")), ""), _guess_by_name(name), "example", "abc123", "1"]
    texts += [write_match(pattern) or ""] if isinstance(pattern, str) else []
    for text in filter(None, texts):
        fitted = text if shortest <= len(text) <= longest else (text * (shortest // len(text) + 1))[:longest]
        if fits_text(words, fitted):
            return fitted
    return None


def fits_text(words: Mapping[str, Any], text: str) -> bool:
    """Whether a text is within the lengths and the pattern of a schema."""
    pattern = words.get("pattern")
    shortest, longest = _read_limit(words, "minLength", 0), _read_limit(words, "maxLength", _MOST_CHARACTERS)
    return shortest <= len(text) <= longest and (not isinstance(pattern, str) or _matches(pattern, text))


def make_number(words: Mapping[str, Any], *, is_integer: bool) -> int | float:
    """Return a number within limits: the smallest that is at least one, where that is allowed."""
    lowest, highest = _read_bound(words, "minimum", 1), _read_bound(words, "maximum", -1)
    step = words.get("multipleOf")
    number: int | float = 1 if lowest is None else max(lowest, 1)
    if highest is not None and number > highest:
        number = highest if lowest is None else lowest
    if isinstance(step, int | float) and step > 0:
        number = math.ceil(number / step) * step
    return math.ceil(number) if is_integer else number


def _read_bound(words: Mapping[str, Any], word: str, direction: int) -> Any:
    bound, exclusive = words.get(word), words.get(f"exclusive{word.capitalize()}")
    if isinstance(exclusive, int | float) and not isinstance(exclusive, bool):
        return exclusive + direction
    if not isinstance(bound, int | float):
        return None
    return bound + direction if exclusive is True else bound


def _read_limit(words: Mapping[str, Any], word: str, default: int) -> int:
    limit = words.get(word)
    return limit if isinstance(limit, int) and 0 <= limit <= 10 * _MOST_CHARACTERS else default


def _guess_by_name(name: str) -> str:
    folded = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().replace("-", "_")
    return next((text for pattern, text in _TEXTS_BY_NAME if re.search(pattern, folded)), "")


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return True  # a dialect that Python does not speak: nothing is known


def write_match(pattern: str) -> str | None:
    """Return a short text that a regular expression matches; None for what is beyond this: look-around, references."""
    try:
        text = "".join(_write(_parser.parse(pattern)))
    except (re.error, KeyError, LookupError, ValueError, OverflowError, RecursionError):
        return None
    return text if len(text) <= 10 * _MOST_CHARACTERS else None


def _write(parts: Any) -> Any:
    for operation, argument in parts:
        if operation is _ops.LITERAL:
            yield chr(argument)
        elif operation is _ops.NOT_LITERAL:
            yield next(sign for sign in _NEGATED_CANDIDATES if ord(sign) != argument)
        elif operation is _ops.ANY:
            yield "a"
        elif operation is _ops.IN:
            yield _write_set(argument)
        elif operation in (_ops.MAX_REPEAT, _ops.MIN_REPEAT):
            least, most, repeated = argument
            yield "".join(_write(repeated)) * (least or min(int(most), 1))
        elif operation is _ops.SUBPATTERN:
            yield from _write(argument[-1])
        elif operation is _ops.BRANCH:
            yield from _write(argument[1][0])
        elif operation is not _ops.AT:
            raise ValueError(str(operation))


def _write_set(members: list[Any]) -> str:
    if members[0][0] is _ops.NEGATE:
        pattern = [(_ops.IN, members)]
        return next(sign for sign in _NEGATED_CANDIDATES if _is_outside(sign, pattern[0][1][1:]))
    operation, argument = members[0]
    if operation is _ops.LITERAL:
        return chr(argument)
    return chr(argument[0]) if operation is _ops.RANGE else _CATEGORY_CHARACTERS[argument]


def _is_outside(sign: str, members: list[Any]) -> bool:
    for operation, argument in members:
        is_in = (
            (operation is _ops.LITERAL and ord(sign) == argument)
            or (operation is _ops.RANGE and argument[0] <= ord(sign) <= argument[1])
            or (operation is _ops.CATEGORY and argument is _ops.CATEGORY_SPACE and sign.isspace())
            or (operation is _ops.CATEGORY and argument is _ops.CATEGORY_WORD and (sign.isalnum() or sign == "_"))
            or (operation is _ops.CATEGORY and argument is _ops.CATEGORY_DIGIT and sign.isdigit())
        )
        if is_in:
            return False
    return True
