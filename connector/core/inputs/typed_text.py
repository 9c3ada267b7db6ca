"""What people type for a value, where it means one thing: Monday for 2, yes for true, 45m for 45, a time with a blank.

A text that its input takes stays as it is; one that it refuses is read in these ways, and is that value only where
they agree on one. It is for what a person types: flags, `-i KEY=TEXT`, cells of a table, fields of a form. Programs,
call files and agents have one spelling for each value.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from connector.core.inputs.coerce import CONVERTERS
from connector.core.inputs.field_checks import compile_field_check
from connector.core.inputs.iso_times import to_iso_date, to_iso_datetime
from connector.core.invalid_value import InvalidValue
from connector.definition.fields import OBJECT_TYPES
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connector.core.inputs.field_checks import ChoicesLoader, ValueCheck
    from connector.definition.fields import InputField

    TextReader = Callable[[str], Any]

_BOOLEANS = {"yes": True, "on": True, "no": False, "off": False}
_UNREAD_TYPES = ("password", "json", "file", "pairs", *OBJECT_TYPES)
_MAX_LENGTH = 200  # characters; a longer text is no label, word or time
_OTHER_SEPARATORS = ("|", ";", ",")
_DURATION_SAMPLES = {"milliseconds": "500ms or 2s", "seconds": "90s or 2m", "minutes": "45m or 1h30m"}
_MILLISECONDS = {"milliseconds": 1, "seconds": 1000, "minutes": 60_000}
_MILLISECONDS_BY_SUFFIX = {
    "ms": 1,
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1000),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60_000),
    **dict.fromkeys(("h", "hour", "hours"), 3_600_000),
    **dict.fromkeys(("d", "day", "days"), 86_400_000),
}
_DURATION_PART = prepare_pattern(rf"\s*(\d{{1,9}}(?:\.\d{{1,6}})?)\s*({'|'.join(_MILLISECONDS_BY_SUFFIX)})(?![a-z])")
_TIME = prepare_pattern(
    r"(\d{4}-\d\d-\d\d)[ T](\d\d?):(\d\d)(:\d\d(?:\.\d{1,9})?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?\Z", re.ASCII | re.IGNORECASE
)


def compile_text_reader(field: InputField, load_choices: ChoicesLoader) -> TextReader:
    """Return the function from what is typed to the value of an input, or of one item of it; it raises InvalidValue."""
    if field.type in _UNREAD_TYPES or field.is_map:
        return lambda text: text
    labels = {**field.typed_choices, **(load_choices(field.choices_file) if field.choices_file else {})}
    check = compile_field_check(field, load_choices)

    def is_item(text: str) -> bool:
        return _is_accepted(check, [text] if field.is_list and not field.join else text)

    def read(text: str) -> Any:
        if len(text) > _MAX_LENGTH or is_item(text):
            return text
        if field.join and field.join in text:
            items = [_read_one(field, labels, item.strip()) for item in text.split(field.join)]
            return text if all(isinstance(item, str) for item in items) else items
        meant = _read_one(field, labels, text)
        if meant is text:
            _check_separator(field, text, lambda item: is_item(item) or _read_one(field, labels, item) is not item)
            _check_kind(field, labels, text)
        return meant

    return read


def _check_separator(field: InputField, text: str, is_item: Callable[[str], bool]) -> None:
    """Raise InvalidValue for the items of a list with something between them that separates none here."""
    for separator in _OTHER_SEPARATORS if field.is_list else ():
        items = text.split(separator)
        if len(items) > 1 and all(is_item(item.strip()) for item in items):
            way = f"with {field.join} between them" if field.join else 'as a list in JSON: ["...", "..."]'
            raise InvalidValue(f"items without {separator} between them", f"write the items {way}")


def _check_kind(field: InputField, labels: Mapping[Any, str], text: str) -> None:
    """Raise InvalidValue for a text that is no value of its type, with every way to type one."""
    kind = field.item_type
    if field.is_list or labels or _is_accepted(CONVERTERS[kind], text):
        return
    if kind == "boolean":
        raise InvalidValue("true or false", "write true or false, or yes or no")
    if field.unit and kind in ("integer", "number"):
        number = "a whole number" if kind == "integer" else "a number"
        raise InvalidValue(
            f"{number} of {field.unit}", f"write digits, or a time such as {_DURATION_SAMPLES[field.unit]}"
        )


def _is_accepted(check: ValueCheck, value: Any) -> bool:
    try:
        check(value)
    except InvalidValue:
        return False
    return True


def _read_one(field: InputField, labels: Mapping[Any, str], text: str) -> Any:
    """Return what a text means for one value; the text where it means nothing or several things."""
    readings: list[Any] = []
    for reading in _iterate_readings(field, labels, text):
        if reading not in readings:
            readings.append(reading)
    return readings[0] if len(readings) == 1 else text


def _iterate_readings(field: InputField, labels: Mapping[Any, str], text: str) -> Iterator[Any]:
    folded = _fold(text)
    yield from (value for value, label in labels.items() if folded in (_fold(label), _fold(str(value))) and folded)
    kind = field.item_type
    if kind == "boolean" and folded in _BOOLEANS:
        yield _BOOLEANS[folded]
    elif kind in ("datetime", "date"):
        yield from _read_time(kind, text.strip())
    elif field.unit and kind in ("integer", "number"):
        yield from _read_duration(field.unit, kind, folded)


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())


def _read_time(kind: str, text: str) -> Iterator[str]:
    """Yield the ISO text of a date and time with a blank, or without seconds; one without a zone stays without."""
    match = _TIME.match(text)
    if match is None:
        return
    day, hour, minute, seconds, zone = match.groups()
    zone = (zone or "").upper().replace("UTC", "Z")
    if len(zone) == len("+0100"):
        zone = f"{zone[:3]}:{zone[3:]}"
    written = f"{day}T{int(hour):02}:{minute}{seconds or ':00'}{zone}"
    if _is_accepted(to_iso_date if kind == "date" else to_iso_datetime, written):
        yield written


def _read_duration(unit: str, kind: str, text: str) -> Iterator[int | float]:
    """Yield how many of its unit a text such as 1h30m is. Raises InvalidValue for a part of one that must be whole."""
    milliseconds, end = Fraction(0), 0
    while match := _DURATION_PART.match(text, end):
        milliseconds += Fraction(match[1]) * _MILLISECONDS_BY_SUFFIX[match[2]]
        end = match.end()
    if not end or end < len(text):
        return
    count = milliseconds / _MILLISECONDS[unit]
    if count.denominator == 1:
        yield int(count)
    elif kind == "number":
        yield float(count)
    else:
        raise InvalidValue(f"a whole number of {unit}", f"{text} is {float(count):g} {unit}")
