"""Times of deliveries and events, as services write them: seconds or milliseconds since 1970, or ISO 8601."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from connector.first_use import prepare_pattern

UNITS_PER_SECOND = {"s": 1, "ms": 1000}
_MAX_TIMESTAMP = 253_402_300_799  # the last second of the year 9999
_MAX_TIME_LENGTH = 40  # characters of a time in ISO 8601
_DIGITS = prepare_pattern(r"[0-9]{1,18}")
_SIGNED_TIMES = {"s": prepare_pattern(r"[0-9]{1,11}"), "ms": prepare_pattern(r"[0-9]{1,14}")}


def to_datetime(value: Any, unit: str) -> datetime | None:
    """Convert a time to a UTC datetime; None for what is no time up to the year 9999."""
    if unit == "iso":
        return _parse_iso_time(value) if isinstance(value, str) and len(value) <= _MAX_TIME_LENGTH else None
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)  # of a header, or of a service that sends numbers as text
    units_per_second = UNITS_PER_SECOND[unit]
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not 0 <= value <= _MAX_TIMESTAMP * units_per_second
    ):
        return None
    return datetime.fromtimestamp(value / units_per_second, UTC)


def to_epoch_seconds(value: Any, unit: str) -> float | None:
    """Convert the time of a signature, as it is written, to epoch seconds; None for what is no time."""
    if unit == "iso":
        moment = to_datetime(value, unit)
        return None if moment is None else moment.timestamp()
    text = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    return int(text) / UNITS_PER_SECOND[unit] if _SIGNED_TIMES[unit].fullmatch(text) else None


def format_time(unit: str, seconds: float) -> int | str:
    """Return a time (epoch seconds) as a service writes it."""
    if unit == "iso":
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    return int(seconds * 1000) if unit == "ms" else int(seconds)


def _parse_iso_time(text: str) -> datetime | None:
    """Parse an ISO 8601 time; one without an offset is UTC."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
