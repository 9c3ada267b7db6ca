"""What a moment is sent as where a service takes no ISO text: seconds or milliseconds since 1970, or a date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from connector.core.invalid_value import InvalidValue

if TYPE_CHECKING:
    from connector.definition.fields import TimeForm

_UNITS = {"seconds": 1, "milliseconds": 1000}  # of a second


def to_time_form(form: TimeForm, value: str) -> int | str:
    """Return a checked date and time in the form that is sent. Raises InvalidValue for a local one: it is no moment."""
    moment = datetime.fromisoformat(value)
    if form == "date":
        return moment.date().isoformat()
    if moment.tzinfo is None:
        raise InvalidValue("a date and time with Z or an offset", f"such as {value}Z for UTC")
    # Whole units: a float has no room for milliseconds of today and their fractions.
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * _UNITS[form] + delta.microseconds * _UNITS[form] // 1_000_000


def from_time_form(form: TimeForm, sent: Any) -> Any:
    """Return the date and time that was sent in a form; anything that is none unchanged, to be told as a problem."""
    if form == "date":
        return f"{sent}T00:00:00Z" if isinstance(sent, str) and len(sent) == len("2030-01-31") else sent
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(**{form: int(sent)})
    except (ValueError, TypeError, OverflowError):
        return sent
    return moment.isoformat().replace("+00:00", "Z")
