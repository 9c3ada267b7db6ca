"""Dates and times: ISO-8601 texts and objects of the language, as the text that is sent."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

from connector.core.invalid_value import InvalidValue
from connector.first_use import prepare_pattern

_DATE_PATTERN = prepare_pattern(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_DATETIME_PATTERN = prepare_pattern(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?\Z", re.ASCII)
_DATETIME_FORMS = (
    "a date and time, yyyy-MM-ddTHH:mm:ssZ in UTC, without Z in local time, or with an offset such as +01:00"
)


def to_iso_datetime(value: Any, *, keeps_fraction: bool = False) -> str:
    """Accept an ISO-8601 date and time: UTC with Z, or local without; datetime objects too.

    One with an offset is converted to UTC, as text and as an object: both mean the same moment. A text keeps its
    fraction of a second, an object only with `keeps_fraction`.
    """
    if isinstance(value, datetime):
        is_aware = value.tzinfo is not None
        naive = (_to_utc(value) if is_aware else value).replace(tzinfo=None)
        naive = naive if keeps_fraction else naive.replace(microsecond=0)
        return naive.isoformat() + ("Z" if is_aware else "")
    match = _DATETIME_PATTERN.match(value) if isinstance(value, str) else None
    if match:
        offset = match[2]
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            if offset in (None, "Z"):
                return str(value)
            return _to_utc(moment).replace(tzinfo=None, microsecond=0).isoformat() + (match[1] or "") + "Z"
    raise InvalidValue(
        _DATETIME_FORMS,
        _suggest_datetime_fix(value),
    )


def _to_utc(moment: datetime) -> datetime:
    """Return a moment in UTC: a service that does not read offsets would take its clock time for UTC."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise InvalidValue("a date and time between the years 1 and 9999", "such as 2030-01-31T09:00:00Z") from None


def _suggest_datetime_fix(value: Any) -> str:
    if isinstance(value, str) and _DATE_PATTERN.match(value):
        return f"add the time, such as {value}T09:00:00Z"
    if isinstance(value, str) and (written := re.match(r"\d{4}-\d\d-\d\d(?=[T ]\d\d:)", value)):
        try:
            date.fromisoformat(written[0])
        except ValueError:
            return f"there is no day {written[0]}; such as 2030-01-31T09:00:00Z"
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d \d\d:", value):
        return "put a T between date and time"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "write the date out; seconds since 1970 are not accepted"
    return "such as 2030-01-31T09:00:00Z"


def to_iso_date(value: Any) -> str:
    """Accept an ISO-8601 date; a date and time too, for services that take both."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and _DATE_PATTERN.match(value):
        try:
            date.fromisoformat(value)
        except ValueError:
            raise InvalidValue("a date that exists, yyyy-MM-dd", "such as 2030-01-31") from None
        return value
    try:
        return to_iso_datetime(value)
    except InvalidValue:
        raise InvalidValue("a date, yyyy-MM-dd", "such as 2030-01-31") from None
