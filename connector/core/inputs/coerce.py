"""Lossless coercion of given values to the values that are sent.

Numbers and booleans are accepted as text, as engines and spreadsheets send them; whole numbers as text; JSON text as
JSON. Never `true` for 1, never `1_000`, never a number that would lose digits. Each converter raises InvalidValue.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from io import TextIOBase
from math import isfinite
from typing import TYPE_CHECKING, Any

from connector.core.inputs.iso_times import to_iso_date, to_iso_datetime
from connector.core.inputs.json_mistakes import suggest_json
from connector.core.inputs.named_file import NamedFile
from connector.core.invalid_value import InvalidValue
from connector.definition.fields import OBJECT_TYPES
from connector.definition.parsers import strict_json
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Converter = Callable[[Any], Any]

Values = dict[str, Any]  # checked values, by input key
_WHOLE_NUMBER_PATTERN = prepare_pattern(r"-?[0-9]{1,19}\Z", re.ASCII)
_DECIMAL_PATTERN = prepare_pattern(r"-?[0-9]{1,17}(\.[0-9]{1,17})?([eE][+-]?[0-9]{1,3})?\Z", re.ASCII)
_REFUSED_CHARACTER = prepare_pattern("[\0\ud800-\udfff]")
_TEXT_FIX = "pass text or a whole number"
_MAX_EXACT_INTEGER = 1 << 53  # a float represents every whole number up to here
MAX_JSON_DEPTH = 60


def to_text(value: Any) -> str:
    """Accept text, and whole numbers as their digits."""
    if type(value) is not str:
        if type(value) is int:
            return str(value)
        if isinstance(value, float | Decimal):
            raise InvalidValue("a text", "a number with a fraction or exponent loses digits; put the value in quotes")
        if not isinstance(value, str):
            raise InvalidValue("a text", "put the value in quotes" if isinstance(value, bool) else _TEXT_FIX)
    if not value.isascii() or "\0" in value:
        _check_characters(value)
    return value


def _check_characters(value: str) -> None:
    match = _REFUSED_CHARACTER.search(value)
    if match is not None:
        fix = f"remove U+{ord(match[0]):04X} at position {match.start() + 1}"
        raise InvalidValue("a text without NUL or lone surrogates", fix)


def to_integer(value: Any) -> int:
    """Accept whole numbers, also as text of digits or as a float without a fraction."""
    if type(value) is int:
        return value
    if isinstance(value, int) and not isinstance(value, bool):  # a member of an enumeration
        return int(value)
    if isinstance(value, str) and _WHOLE_NUMBER_PATTERN.match(value):
        return int(value)
    if (
        isinstance(value, float | Decimal)
        and _is_finite(value)
        and -_MAX_EXACT_INTEGER < value < _MAX_EXACT_INTEGER
        and value == int(value)
    ):
        return int(value)
    raise InvalidValue("a whole number", "write digits only")


def _is_finite(value: float | Decimal) -> bool:
    return value.is_finite() if isinstance(value, Decimal) else isfinite(value)


def to_number(value: Any) -> int | float:
    """Accept finite numbers, also as text."""
    if type(value) is int:
        return value
    if isinstance(value, str) and _WHOLE_NUMBER_PATTERN.match(value):
        return int(value)
    if isinstance(value, str) and _DECIMAL_PATTERN.match(value):
        exact, value = Decimal(value), float(value)
        if isfinite(value) and Decimal(repr(value)) != exact:
            raise InvalidValue("a number of at most 15 digits", "this one would lose digits")
    if isinstance(value, float | int) and not isinstance(value, bool) and abs(value) < float("inf"):
        return value
    raise InvalidValue("a number", "write it with digits and a point, such as 1.5")


def to_boolean(value: Any) -> bool:
    """Accept true and false, also as text in any case; nothing else."""
    if type(value) is bool:
        return value
    parsed = {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None
    if parsed is None:
        raise InvalidValue("true or false", "write true or false")
    return parsed


def to_json_value(value: Any) -> Any:
    """Accept JSON data, or a text that is JSON."""
    if isinstance(value, str):
        try:
            value = strict_json.loads(value)
        except json.JSONDecodeError as error:
            position = f"line {error.lineno} column {error.colno}"
            advice = suggest_json(value) or 'quote names and texts with "'
            raise InvalidValue("JSON", f"{error.msg.lower()} at {position}; {advice}") from None
        except ValueError:
            raise InvalidValue("JSON without NaN or Infinity, not nested too deeply") from None
    check_json(value)
    return value


def check_json(value: Any, depth: int = 0) -> None:
    """Raise InvalidValue for data that JSON cannot represent."""
    if depth > MAX_JSON_DEPTH:
        raise InvalidValue(f"data nested at most {MAX_JSON_DEPTH} levels deep")
    items: Iterable[Any] = ()
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise InvalidValue("data whose keys are text", f"put the key {key!r} in quotes")
            if not key.isascii() or "\0" in key:
                _check_characters(key)
        items = value.values()
    elif isinstance(value, list | tuple):
        items = value
    elif isinstance(value, str):
        to_text(value)
    elif isinstance(value, float):
        to_number(value)
    elif value is not None and not isinstance(value, bool | int):
        raise InvalidValue("JSON data: texts, numbers, true, false, null, lists and mappings")
    for item in items:
        kind = type(item)
        if kind is bool or kind is int or (kind is str and item.isascii() and "\0" not in item):
            continue  # most are, and a call for each takes ten times as long
        check_json(item, depth + 1)


def check_depth(value: Any) -> None:
    """Raise InvalidValue for lists and mappings within each other that are too deep to be followed."""
    level = [value]
    for _ in range(MAX_JSON_DEPTH + 1):
        level = [
            item
            for holder in level
            if isinstance(holder, dict | list | tuple)
            for item in (holder.values() if isinstance(holder, dict) else holder)
        ]
        if not level:
            return
    raise InvalidValue(f"data nested at most {MAX_JSON_DEPTH} levels deep")


def to_raw_body(value: Any) -> Any:
    """Accept the body of a raw request: text, bytes, or JSON data."""
    if isinstance(value, str):
        return to_text(value)
    if not isinstance(value, bytes):
        check_json(value)
    return value


def to_file(value: Any) -> Any:
    """Accept bytes or an open binary file, or a pair of a name and either; only the command line opens a path."""
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):  # noqa: PLR2004  a pair
        return NamedFile(to_text(value[0]), to_file(value[1]))
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if _is_binary_file(value):
        return value
    fix = "on the command line write @path after its flag; rows, call files and agents can give none"
    raise InvalidValue("bytes or a file open in binary mode", fix)


def _is_binary_file(value: Any) -> bool:
    """Whether a value is an open binary file, or an upload that reopens."""
    if hasattr(value, "open_again"):
        return True
    return hasattr(value, "read") and not isinstance(value, TextIOBase) and not getattr(value, "closed", False)


def to_scalar(value: Any) -> Any:
    """Accept a text, a number or a boolean, and keep it what it is."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str | int):
        return to_text(value) if isinstance(value, str) else to_integer(value)
    if isinstance(value, float):
        return to_number(value)
    raise InvalidValue("a text, a number, true or false", "write one of these")


def to_entries(value: Any) -> dict[str, Any]:
    """Accept a mapping whose names are texts, or a text that is one as JSON."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = to_json_value(value)
    if not isinstance(value, dict):
        raise InvalidValue("a mapping of names to values", "write {name: value}")
    return {to_text(key): item for key, item in value.items()}


def to_pairs(value: Any) -> list[tuple[str, Any]]:
    """Accept a list of {key, value} or of `Name: value` text, or a mapping; keys may repeat in a list.

    A pair whose value is null is dropped.
    """
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        value = to_json_value(value)
    if isinstance(value, dict):
        return [
            (to_text(key), item) for key, values in value.items() for item in _to_scalars(values) if item is not None
        ]
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list | tuple):
        raise InvalidValue("a list of {key, value}, of `Name: value` texts, or a mapping")
    return [
        pair for pair in (_to_pair(item, position) for position, item in enumerate(value, 1)) if pair[1] is not None
    ]


def _to_scalars(value: Any) -> list[Any]:
    items = value if isinstance(value, list | tuple) else [value]
    if any(isinstance(item, dict | list | tuple) for item in items):
        raise InvalidValue("plain values; a key repeats by a list of them", "give {key: [a, b]} or two pairs")
    return [_to_scalar(item) for item in items]


def _to_pair(item: Any, position: int) -> tuple[str, Any]:
    if isinstance(item, dict) and set(item) == {"key", "value"}:
        return to_text(item["key"]), _to_scalar(item["value"])
    if isinstance(item, list | tuple) and len(item) == 2:  # noqa: PLR2004  a pair
        return to_text(item[0]), _to_scalar(item[1])
    if isinstance(item, str) and ":" in item:
        name, value = item.split(":", 1)
        return to_text(name.strip()), to_text(value.strip())
    raise InvalidValue("a list of {key, value}, of `Name: value` texts, or a mapping", f"check item {position}")


def _to_scalar(value: Any) -> Any:
    """Return bytes, files and null unchanged and any other value as the text that is sent."""
    if value is None or isinstance(value, bytes) or _is_binary_file(value):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(to_number(value))
    return to_text(value)


CONVERTERS: dict[str, Converter] = {
    **dict.fromkeys(("string", "text", "password", "list of string"), to_text),
    **dict.fromkeys(("integer", "list of integer"), to_integer),
    **dict.fromkeys(("number", "list of number"), to_number),
    **dict.fromkeys(("boolean", "list of boolean"), to_boolean),
    "scalar": to_scalar,
    "datetime": to_iso_datetime,
    "date": to_iso_date,
    **dict.fromkeys(("json", *OBJECT_TYPES), to_json_value),  # objects without declared members
    "file": to_file,
    "pairs": to_pairs,
}
