"""A given value -> the value that is sent, without loss, or what is wrong with it.

One table of what is accepted: text for numbers and booleans as engines and spreadsheets send them, whole numbers
for text, JSON text for JSON; never `true` for 1, never `1_000`, never a number that would be cut.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from io import TextIOBase
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Convert = Callable[[Any], Any]

_WHOLE = re.compile(r"-?[0-9]{1,19}\Z", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,17}(\.[0-9]{1,17})?([eE][+-]?[0-9]{1,3})?\Z", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?\Z", re.ASCII)
_AS_TEXT = "a text and a whole number are taken, nothing else"
_EXACT = 1 << 53  # a float holds every whole number up to here
DEEPEST = 60


class Bad(Exception):
    """A value that does not fit: what was expected, and how to mend it. It becomes a Problem."""

    def __init__(self, expected: str, fix: str = "", field: str = "") -> None:
        super().__init__(expected)
        self.expected, self.fix, self.field = expected, fix, field


def text(value: Any) -> str:
    """Accept text, and whole numbers as their digits."""
    if type(value) is not str:
        if type(value) is int:
            return str(value)
        if isinstance(value, float | Decimal):
            raise Bad("a text", "a number with a fraction or exponent loses digits; put the value in quotes")
        if not isinstance(value, str):
            raise Bad("a text", "put the value in quotes" if isinstance(value, bool) else _AS_TEXT)
    if not value.isascii() or "\0" in value:
        _sound(value)
    return value


def _sound(value: str) -> None:
    for place, char in enumerate(value):
        if char == "\0" or "\ud800" <= char <= "\udfff":
            raise Bad("a text without NUL or half characters", f"take out U+{ord(char):04X} at position {place + 1}")


def integer(value: Any) -> int:
    """Accept whole numbers, also as text of digits or a float without a fraction."""
    if type(value) is int:
        return value
    if isinstance(value, int) and not isinstance(value, bool):  # a member of an enumeration
        return int(value)
    if isinstance(value, str) and _WHOLE.match(value):
        return int(value)
    if isinstance(value, float | Decimal) and _finite(value) and -_EXACT < value < _EXACT and value == int(value):
        return int(value)
    raise Bad("a whole number", "write digits only")


def _finite(value: float | Decimal) -> bool:
    return value.is_finite() if isinstance(value, Decimal) else isfinite(value)


def number(value: Any) -> int | float:
    """Accept finite numbers, also as text."""
    if type(value) is int:
        return value
    if isinstance(value, str) and _WHOLE.match(value):
        return int(value)
    if isinstance(value, str) and _DECIMAL.match(value):
        written, value = Decimal(value), float(value)
        if isfinite(value) and Decimal(repr(value)) != written:
            raise Bad("a number of at most 15 digits", "this one would be cut")
    if isinstance(value, float | int) and not isinstance(value, bool) and abs(value) < float("inf"):
        return value
    raise Bad("a number", "write it with digits and a point, such as 1.5")


def boolean(value: Any) -> bool:
    """Accept true and false, also as text in any case; nothing else."""
    if type(value) is bool:
        return value
    known = {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None
    if known is None:
        raise Bad("true or false", "write true or false")
    return known


def moment(value: Any) -> str:
    """Accept an ISO-8601 date and time: UTC with Z, or local without; datetime objects too."""
    if isinstance(value, datetime):
        aware = value.tzinfo is not None
        plain = (value.astimezone(UTC) if aware else value).replace(tzinfo=None, microsecond=0)
        return plain.isoformat() + ("Z" if aware else "")
    if isinstance(value, str) and _DATETIME.match(value):
        try:
            datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            return value
    raise Bad("a date and time, yyyy-MM-ddTHH:mm:ssZ in UTC, or without Z in local time", _moment_fix(value))


def _moment_fix(value: Any) -> str:
    if isinstance(value, str) and _DATE.match(value):
        return f"add the time, such as {value}T09:00:00Z"
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d \d\d:", value):
        return "put a T between date and time"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "write the date out; seconds since 1970 are not taken"
    return "such as 2030-01-31T09:00:00Z"


def day(value: Any) -> str:
    """Accept an ISO-8601 date; a date and time too, for services that take both."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and _DATE.match(value):
        try:
            date.fromisoformat(value)
        except ValueError:
            raise Bad("a date that exists, yyyy-MM-dd", "such as 2030-01-31") from None
        return value
    try:
        return moment(value)
    except Bad:
        raise Bad("a date, yyyy-MM-dd", "such as 2030-01-31") from None


def structure(value: Any) -> Any:
    """Accept JSON data, or a text that is JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value, parse_constant=_no_constant)
        except json.JSONDecodeError as error:
            where = f"line {error.lineno} column {error.colno}"
            raise Bad("JSON", f'{error.msg.lower()} at {where}; quote names and texts with "') from None
        except (ValueError, RecursionError):
            raise Bad("JSON without NaN or Infinity, not nested without end") from None
    plain(value)
    return value


def _no_constant(name: str) -> None:
    raise ValueError(name)


def plain(value: Any, depth: int = 0) -> None:
    """Refuse what JSON cannot hold."""
    if depth > DEEPEST:
        raise Bad(f"data nested at most {DEEPEST} levels deep")
    if isinstance(value, str):
        text(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise Bad("data whose keys are text", f"put the key {key!r} in quotes")
            text(key)
            plain(item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            plain(item, depth + 1)
    elif isinstance(value, float):
        number(value)
    elif value is not None and not isinstance(value, bool | int):
        raise Bad("JSON data: texts, numbers, true, false, null, lists and mappings")


def body(value: Any) -> Any:
    """Accept the body of a raw request: text, bytes, or JSON data."""
    if isinstance(value, str):
        return text(value)
    if not isinstance(value, bytes):
        plain(value)
    return value


def file(value: Any) -> Any:
    """Accept bytes or an open binary file; a path only from the command line, which opens it."""
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if _readable(value):
        return value
    raise Bad("bytes or a file open in binary mode", "on the command line write @path")


def _readable(value: Any) -> bool:
    """Whether it is a file to send: open, and of bytes."""
    if hasattr(value, "open_again"):
        return True
    return hasattr(value, "read") and not isinstance(value, TextIOBase) and not getattr(value, "closed", False)


def mapping(value: Any) -> dict[str, str]:
    """Accept a mapping of texts."""
    if not isinstance(value, dict):
        raise Bad("a mapping of names to texts")
    return {text(key): text(item) for key, item in value.items()}


def pairs(value: Any) -> list[tuple[str, Any]]:
    """Accept a list of {key, value}, of `Name: value` texts, or a mapping; keys may repeat in a list.

    A pair whose value is null is left out.
    """
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        value = structure(value)
    if isinstance(value, dict):
        return [(text(key), item) for key, value_ in value.items() for item in _each(value_) if item is not None]
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list | tuple):
        raise Bad("a list of {key, value}, of `Name: value` texts, or a mapping")
    return [pair for pair in (_pair(item, place) for place, item in enumerate(value, 1)) if pair[1] is not None]


def _each(value: Any) -> list[Any]:
    items = value if isinstance(value, list | tuple) else [value]
    if any(isinstance(item, dict | list | tuple) for item in items):
        raise Bad("plain values; a key repeats by a list of them", "give {key: [a, b]} or two pairs")
    return [_scalar(item) for item in items]


def _pair(item: Any, place: int) -> tuple[str, Any]:
    if isinstance(item, dict) and set(item) == {"key", "value"}:
        return text(item["key"]), _scalar(item["value"])
    if isinstance(item, list | tuple) and len(item) == 2:  # noqa: PLR2004  a pair
        return text(item[0]), _scalar(item[1])
    if isinstance(item, str) and ":" in item:
        name, value = item.split(":", 1)
        return text(name.strip()), text(value.strip())
    raise Bad("a list of {key, value}, of `Name: value` texts, or a mapping", f"look at item {place}")


def _scalar(value: Any) -> Any:
    """Keep bytes, files and null as they are; the rest becomes the text that is sent."""
    if value is None or isinstance(value, bytes) or _readable(value):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(number(value))
    return text(value)


TYPES: dict[str, Convert] = {
    "string": text, "text": text, "password": text, "integer": integer, "number": number, "boolean": boolean,
    "datetime": moment, "date": day, "json": structure, "file": file, "map of string": mapping, "pairs": pairs,
    "list of string": text, "list of integer": integer,
}  # fmt: skip
