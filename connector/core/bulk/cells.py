"""The cell of a spreadsheet as its input takes it: numbers, yes and no, dates and times of day are values there."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.core.invalid_value import InvalidValue

if TYPE_CHECKING:
    from connector.definition.fields import InputField


class UnreadableCell(NamedTuple):
    """A cell that holds nothing to send: an error of a formula, or a formula that was never calculated."""

    reason: str

    def __str__(self) -> str:
        return self.reason


_MAX_EXACT_NUMBER = 10**15  # a spreadsheet keeps 15 digits of a number
_MILLISECONDS = {"milliseconds": 1, "seconds": 1000, "minutes": 60_000}


def convert_cell(field: InputField, value: Any) -> Any:
    """Return a cell that is no text as its input takes it. Raises InvalidValue for one that the sheet has changed."""
    if isinstance(value, UnreadableCell):
        raise InvalidValue("a value", "correct the formula, or put its value there; open and save the file in Excel")
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return _convert_number(field, value)
    if isinstance(value, datetime):
        is_day = field.item_type == "date" and value.time() == time()
        return value.date().isoformat() if is_day else value.replace(microsecond=0).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return _convert_duration(field, value)


def _convert_number(field: InputField, value: Any) -> Any:
    if abs(value) >= _MAX_EXACT_NUMBER:
        fix = "format the column as text in the spreadsheet, and type it again"
        raise InvalidValue("a number of at most 15 digits: a spreadsheet loses the others", fix)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return repr(value) if isinstance(value, float) and field.item_type in ("string", "text") else value


def _convert_duration(field: InputField, value: time | timedelta) -> Any:
    """Return a time of day, which is how a sheet shows 1:30 hours, in the unit of a number; else as text."""
    if field.unit is None:
        return value.isoformat() if isinstance(value, time) else str(value)
    span = value
    if isinstance(span, time):
        span = timedelta(hours=span.hour, minutes=span.minute, seconds=span.second)
    count, rest = divmod(round(span / timedelta(milliseconds=1)), _MILLISECONDS[field.unit])
    if rest:
        raise InvalidValue(f"a whole number of {field.unit}", f"{span} is not one")
    return count
