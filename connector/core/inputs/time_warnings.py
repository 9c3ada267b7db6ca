"""Warn about timestamps in the past or more than ten years ahead; none is rejected."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.core.inputs.coerce import Values

FAR_FUTURE_SECONDS = 10 * 365.25 * 86_400  # seconds; ten years
_MAX_SECONDS_BEHIND_UTC, _MAX_SECONDS_AHEAD_OF_UTC = 12 * 3600, 14 * 3600  # the extremes of local time


def find_time_warnings(values: Values, keys: Iterable[str], now: float) -> tuple[str, ...]:
    """Return a warning for each of these inputs whose time is past or too far ahead; `now` is epoch seconds.

    A time without a zone passes when it is valid in any zone.
    """
    entries = ((key, values[key], _describe_problem(values[key], now)) for key in keys if values.get(key) is not None)
    return tuple(f"{key}: {value} {problem}. It was sent unchanged." for key, value, problem in entries if problem)


def _describe_problem(value: str, now: float) -> str:
    timestamp = datetime.fromisoformat(value)
    is_local = timestamp.tzinfo is None
    seconds_ahead = (timestamp.replace(tzinfo=UTC) if is_local else timestamp).timestamp() - now
    if seconds_ahead + (_MAX_SECONDS_BEHIND_UTC if is_local else 0) < 0:
        return "is in the past"
    is_far = seconds_ahead - (_MAX_SECONDS_AHEAD_OF_UTC if is_local else 0) > FAR_FUTURE_SECONDS
    return "is more than ten years ahead" if is_far else ""
