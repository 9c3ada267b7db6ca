"""Parse times, and format times and durations."""

from __future__ import annotations

from datetime import UTC, datetime

from connector.core.redaction import preview
from connector.errors import InputError, Problem
from connector.first_use import prepare_pattern

_AGO_PATTERN = prepare_pattern(r"([0-9]+(?:\.[0-9]+)?)(s|m|h|d)\Z")
_UNIT_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_EPOCH_PATTERN = prepare_pattern(r"[0-9]{1,11}\Z")


def parse_time(text: str, now: float, option: str) -> float:
    """Return epoch seconds of 2030-01-31T09:00:00Z, of 1896080400, or of 90m, which means 90 minutes before `now`.

    Raises InputError that names `option`.
    """
    stripped = text.strip()
    ago_match = _AGO_PATTERN.match(stripped)
    if ago_match:
        return now - float(ago_match[1]) * _UNIT_SECONDS[ago_match[2]]
    if _EPOCH_PATTERN.match(stripped):
        return float(stripped)
    try:
        parsed = datetime.fromisoformat(stripped)
    except ValueError:
        expected = "a time such as 2030-01-31T09:00:00Z, or how long ago: 30s, 90m, 2h, 3d"
        problem = Problem(option, preview(text), expected, "1d is a day ago, 7d a week")
        raise InputError.from_problems("options", [problem], undone="done") from None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def format_time(timestamp: float) -> str:
    """Return epoch seconds as an ISO 8601 time in UTC."""
    return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%dT%H:%M:%SZ}"


def format_duration(seconds: float) -> str:
    """Return a duration in the two largest units that it has, such as 3 h 5 min."""
    remaining = round(abs(seconds))
    parts = []
    for unit, unit_seconds in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        count, remaining = divmod(remaining, unit_seconds)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"
